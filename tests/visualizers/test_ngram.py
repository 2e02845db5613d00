"""n-grams: every probability is that of its formula, counted by hand with dictionaries."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l1_basics.ngram.experiment import SPAN
from visualizers.l1_basics.ngram.panel import METHODS, PARTS, N, Params
from visualizers.models.ngrams import BEGIN, END, UNKNOWN, Model, Reading, Smoothing, perplexity
from widgets.controls.parameters import changed

PANEL = panel("ngram")
TEXT = ("the cat sat on the mat\nthe dog sat on the cat\na dog ate the mat\nthe cat ate\n"
        "the dog ate a cat on a mat\nsat the dog\na cat\nthe mat sat on a dog\nthe cat ate the dog")
BY = Smoothing(k=0.3, share=0.6, discount=0.7)


def begun(**values: Any) -> Trial:
    """A run that is measured where it is looked at."""
    one = Trial(PANEL, changed(Params(), **values))
    one.measuring.every = 0
    return one


def quiet(_done: int, _total: int, _what: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading(TEXT, "en", "words", 0, 9, quiet)


@pytest.fixture(scope="module")
def model(reading: Reading) -> Model:
    return Model(reading.grams, reading.base, reading.vocabulary)


class ByHand:
    """The same four rules over tuples of words, written from the papers and not from the program."""

    def __init__(self, lines: Sequence[Sequence[int]], vocabulary: int, by: Smoothing) -> None:
        self.V, self.by = vocabulary, by
        self.counts: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(N + 1)]
        for line in lines:
            padded = [BEGIN] * (N - 1) + list(line) + [END]
            for end in range(N, len(padded) + 1):
                for n in range(1, N + 1):
                    self.counts[n][tuple(padded[end - n : end])] += 1

    def followers(self, h: tuple[int, ...]) -> dict[int, int]:
        return {gram[-1]: count for gram, count in self.counts[len(h) + 1].items() if gram[:-1] == h}

    def lefts(self, gram: tuple[int, ...]) -> int:
        return sum(1 for longer in self.counts[len(gram) + 1] if longer[1:] == gram)

    def add_k(self, h: tuple[int, ...], w: int) -> float:
        after = self.followers(h)
        return (after.get(w, 0) + self.by.k) / (sum(after.values()) + self.by.k * self.V)

    def interpolation(self, h: tuple[int, ...], w: int) -> float:
        after = self.followers(h)
        shorter = self.interpolation(h[1:], w) if h else 1 / self.V
        if not after:
            return shorter
        return self.by.share * after.get(w, 0) / sum(after.values()) + (1 - self.by.share) * shorter

    def back_off(self, h: tuple[int, ...], w: int) -> float:
        def shorter(word: int) -> float:
            return self.back_off(h[1:], word) if h else 1 / self.V

        after, D = self.followers(h), self.by.discount
        if not after:
            return shorter(w)
        total = sum(after.values())
        if w in after:
            return (after[w] - D) / total
        return D * len(after) / total * shorter(w) / (1 - sum(shorter(one) for one in after))

    def kneser_ney(self, h: tuple[int, ...], w: int, longest: bool = True) -> float:
        D = self.by.discount
        shorter = self.kneser_ney(h[1:], w, longest=False) if h else 1 / self.V
        after = self.followers(h)
        if not longest:
            after = {one: self.lefts((*h, one)) for one in after}
        if not after:
            return shorter
        total = sum(after.values())
        return max(after.get(w, 0) - D, 0) / total + D * len(after) / total * shorter

    def odds(self, method: str, h: tuple[int, ...], w: int) -> float:
        return {"add-k": self.add_k, "interpolation": self.interpolation, "back-off": self.back_off,
                "Kneser-Ney": self.kneser_ney}[method](h, w)


@pytest.fixture(scope="module")
def by_hand(reading: Reading) -> ByHand:
    return ByHand(reading.lines, reading.vocabulary, BY)


CONTEXTS = ((), ("the",), ("zebra",), ("on", "the"), ("cat", "zebra"), ("sat", "on", "the"),
            ("dog", "sat", "on", "a"), ("mat", "mat", "mat", "the"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("context", CONTEXTS, ids=" ".join)
def test_that_every_probability_is_that_of_its_formula(
    reading: Reading, model: Model, by_hand: ByHand, method: str, context: tuple[str, ...]
) -> None:
    h = reading.numbers(context)
    n = len(h) + 1
    ours = model.next_odds(method, h, BY)
    theirs = [by_hand.odds(method, tuple(h), w) for w in range(1, reading.base)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert ours.sum() == pytest.approx(1)
    keys = reading.key(h) * reading.base + np.arange(1, reading.base)
    for m, found in enumerate(model.every(method, n, keys, BY), 1):
        np.testing.assert_allclose(found, model.next_odds(method, h[n - m:], BY), rtol=1e-9)


def test_that_add_k_is_nltk_s_lidstone(reading: Reading, model: Model) -> None:
    lm = pytest.importorskip("nltk.lm")
    theirs = lm.Lidstone(BY.k, 2, vocabulary=lm.Vocabulary(map(str, range(2, reading.base))))
    lines = [[str(one) for one in (BEGIN, *line, END)] for line in reading.lines]
    theirs.fit([list(itertools.pairwise(line)) for line in lines])
    assert len(theirs.vocab) == reading.vocabulary, "its unknown word stands for our END"
    h = reading.numbers(["the"])
    for w, p in enumerate(model.next_odds("add-k", h, BY), 1):
        if w != END:
            assert p == pytest.approx(theirs.score(str(w), [str(h[0])]))


def test_that_a_vocabulary_of_which_all_was_read_keeps_its_probability() -> None:
    reading = Reading("a b\nb a\na a\nb b", "en", "words", 0, 9, quiet)
    model = Model(reading.grams, reading.base, reading.vocabulary)
    for method in METHODS:
        assert model.next_odds(method, reading.numbers(["a"]), BY).sum() == pytest.approx(1)


# --- reading


def test_that_every_tenth_line_is_held_out_and_single_words_are_unknown() -> None:
    lines = [f"word{at} twice" for at in range(30)]
    reading = Reading("\n".join(lines), "en", "words", 1, 9, quiet)
    assert len(reading.held) == 3 and len(reading.lines) == 27
    assert reading.names[UNKNOWN + 1:] == ("twice",) and reading.numbers(["word3", "twice"]) == [UNKNOWN, 3]
    assert len(reading.grams[0]) == 27 * 3 == reading.ends[-1], "each line ends with a sign of its own"


def test_that_n_grams_begin_with_their_line_and_never_reach_into_another(reading: Reading) -> None:
    begin = reading.grams[2][0]
    assert begin == reading.key([BEGIN, BEGIN, *reading.numbers(["the"])])
    second = int(reading.ends[0])
    assert reading.grams[1][second] == reading.key([BEGIN, *reading.numbers(["the"])])


def test_that_characters_and_chinese_words_are_cut() -> None:
    assert Reading("ab\nba", "en", "characters", 0, 9, quiet).cut("Ab c") == ["a", "b", " ", "c"]
    found = Reading("他是老师\n她是医生", "zh", "words", 0, 9, quiet).cut("他是老师。")
    assert found == ["他", "是", "老师", "。"]


# --- what is shown


def test_that_the_figures_are_those_of_the_held_out_lines() -> None:
    one = begun(n=2, seed=5)
    one.train(7)
    frame, experiment = one.frame(), one.experiment
    reading, (model, words) = experiment.read(one.params), experiment.counted(one.params)
    by = Smoothing(one.params.k, one.params.share, one.params.discount)
    held = [w for line in reading.held[:40] for w in (*line, END)]
    odds, h = [], BEGIN
    for w in held:
        odds.append(float(model.next_odds("back-off", [h], by)[w - 1]))
        h = BEGIN if w == END else w
    few, _ = reading.grams_of(reading.held[:40])
    assert perplexity(model.every("back-off", 2, few[1], by)[-1]) == pytest.approx(
        math.exp(-np.mean(np.log(odds))))
    assert frame.read == words == round(words) and one.history["words"][-1] == words
    read = {tuple(line[at : at + 2]) for line in reading.lines for at in range(len(line) - 1)}
    pairs = [tuple(line[at : at + 2]) for line in reading.held for at in range(len(line) - 1)]
    one.train(PARTS)
    share = np.mean([pair not in read for pair in pairs])
    assert one.frame().unread[1] == pytest.approx(share, abs=0.03), "line ends aside"


def test_that_a_sentence_is_the_product_of_its_words() -> None:
    one = begun(learn="own text", n=2, method="add-k", k=0.5, sentence="I am Sam")
    one.train(PARTS)
    frame = one.frame()
    # by hand: <s> i 2/3, i am 2/3, am sam 1/2, sam </s> 1/2, each with 0.5 added, 12 words
    assert frame.vocabulary == 12 and frame.sentence == ("i", "am", "sam", "⏎")
    np.testing.assert_allclose(frame.chain, [2.5 / 9, 2.5 / 9, 1.5 / 8, 1.5 / 8])


def test_that_the_formula_has_the_counts_of_its_word() -> None:
    one = begun(method="back-off", n=3, context="the value of", seed=2)
    one.train(PARTS)
    for pick in (0, 3):
        one.params = changed(one.params, pick=pick)
        frame = one.frame()
        at = METHODS.index
        c, after, D = frame.count, frame.after, one.params.discount
        text = one.experiment.read(one.params).text
        assert c == text.count(f" value of {frame.next[pick]} ")
        assert frame.odds[at("add-k"), pick] == pytest.approx((c + 0.01) / (after + 0.01 * frame.vocabulary))
        assert frame.odds[at("interpolation"), pick] == pytest.approx(
            0.7 * c / after + 0.3 * frame.shorter[at("interpolation")])
        assert frame.odds[at("Kneser-Ney"), pick] == pytest.approx(
            (max(c - D, 0) + D * frame.kinds * frame.shorter[at("Kneser-Ney")]) / after)
        assert frame.odds[at("back-off"), pick] == pytest.approx(
            (c - D) / after if c else frame.left * frame.shorter[at("back-off")])


def test_that_copied_words_stand_in_the_text() -> None:
    one = begun(n=5, discount=0.1, seed=8, context="the value of the")
    one.train(PARTS)
    frame = one.frame()
    text, span = one.experiment.read(one.params).text, SPAN["words"]
    for at in range(len(frame.written) - span + 1):
        if f" {' '.join(frame.written[at : at + span])} " in text:
            assert frame.copied[at : at + span].all()
    assert frame.copied.mean() > 0.2
    one.params = changed(one.params, n=1)
    assert not one.frame().copied.any()


def test_that_the_game_counts_right_guesses_and_deals_anew() -> None:
    one = begun(n=2, seed=4)
    one.train(5)
    first = one.frame()
    one.params = changed(one.params, guesses=(first.machine,))
    second = one.frame()
    assert second.right == 1 and second.before == first.machine and second.lines != first.lines
    one.params = changed(one.params, guesses=(first.machine, 1 - second.machine))
    assert one.frame().right == 1
    reading = one.experiment.read(one.params)
    real = first.lines[1 - first.machine]
    held = [" ".join(reading.names[w] for w in line) for line in reading.held]
    assert any(line.startswith(real) for line in held)


def test_that_an_edited_text_is_counted_at_once() -> None:
    one = begun(learn="own text", own="a b\na b\nc d", n=2, context="a")
    one.train(PARTS)
    assert one.frame().next[0] == "b"
    one.params = changed(one.params, own="a d\na d\na d\nc d")
    assert one.frame().next[0] == "d"
    one.params = changed(one.params, own="")
    assert one.frame().read >= 1


# --- the claim


@pytest.mark.parametrize("text", ["python-docstrings", "python-reference"])
def test_that_longer_is_worse_with_add_k_and_not_with_kneser_ney(text: str) -> None:
    one = begun(corpus=text, seed=6)
    one.train(PARTS)
    held, read = one.frame().held_out, one.frame().training
    add_k, kneser_ney = METHODS.index("add-k"), METHODS.index("Kneser-Ney")
    assert held[add_k].argmin() == 1 and (np.diff(held[add_k, 1:]) > 0).all()
    assert held[kneser_ney, 4] < held[kneser_ney, 1] < held[add_k, 1]
    assert held[kneser_ney].min() < held.min(1)[: kneser_ney].min()
    assert (np.diff(read[kneser_ney]) < 0).all()


# --- the view


def test_that_clicks_choose_a_word_and_guess(qtbot: Any, view: Any) -> None:
    one = begun(wrote="game", guesses=(1,))
    view.show_frame(one.shown())
    view.grab()
    for widget, part in ((view.next, 2), (view.lines, 0)):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
    assert view.sent == [("pick", 2), ("guesses", (1, 0))]
