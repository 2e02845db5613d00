"""Chinese word segmentation: what jieba answers, and what trying out all readings gives."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l1_basics.segmentation import tables
from visualizers.l1_basics.segmentation.experiment import suggested
from visualizers.l1_basics.segmentation.hidden import (
    TAGGED_BLOCK,
    labelled,
    tagged,
    tagged_viterbi,
    viterbi,
    words_of,
)
from visualizers.l1_basics.segmentation.lattice import Lattice
from visualizers.l1_basics.segmentation.panel import EXPONENTS, SENTENCES, STATES, Params
from widgets.controls.parameters import changed

PANEL = panel("segmentation")
OWN = {"江大桥": 50_000, "杭研": 20, "和尚": 900_000, "研究生": 3, "尚未": 0, "微信": 0}
LINES = ("结婚的和尚未结婚的", "南京市长江大桥", "他来到了网易杭研大厦", "研究生命起源", "大家都用微信支付",
         "工信处女干事每月经过下属科室都要亲口交代24口交换机等技术性器件的安装工作",
         "我有 2 个iPhone，100%真的！")


def begun(**values: Any) -> Trial:
    return Trial(PANEL, changed(Params(), **values))


@pytest.fixture(scope="module")
def book() -> tables.Dictionary:
    return tables.dictionary(lambda _done, _total, _what: None)


@pytest.fixture(scope="module")
def jieba() -> Any:
    import jieba
    import jieba.posseg

    jieba.setLogLevel(60)  # it reports its dictionary otherwise
    jieba.initialize()
    return jieba


@contextmanager
def with_changes(jieba: Any, book: tables.Dictionary, changes: Mapping[str, int]) -> Iterator[tables.Counts]:
    """The same changes in both."""
    counts = tables.Counts(book, book.counts, changes)
    kept, forced = dict(jieba.dt.FREQ), jieba.finalseg.Force_Split_Words
    total = jieba.dt.total
    for word, number in changes.items():
        jieba.dt.FREQ[word] = number
        for end in range(1, len(word)):
            jieba.dt.FREQ.setdefault(word[:end], 0)
    jieba.dt.total = counts.total
    forced.update(word for word, number in changes.items() if not number)
    try:
        yield counts
    finally:
        jieba.dt.FREQ, jieba.dt.total = kept, total
        forced.clear()


def sentences(book: tables.Dictionary) -> list[str]:
    """Sentences of a text, words one after another, and signs as chance has them."""
    drawn, words = random.Random(11), list(book.at)
    lines = [one.strip() for one in Data().text("chinese-sentences").text.splitlines() if one.strip()]
    signs = [one for one in words if len(one) == 1] + list("A1b%-.+，。！ ")
    return [*LINES, *(drawn.choice(lines)[:60] for _ in range(30)),
            *("".join(drawn.choices(words, k=7)) for _ in range(20)),
            *("".join(drawn.choices(signs, k=18)) for _ in range(10))]


@pytest.mark.parametrize("changes", [{}, OWN], ids=["the dictionary", "own words"])
def test_that_words_and_tags_are_those_of_jieba(jieba: Any, book: tables.Dictionary, changes: Any) -> None:
    with with_changes(jieba, book, changes) as counts:
        for text in sentences(book):
            lattice, layers = Lattice(text, counts), Lattice(text, counts, TAGGED_BLOCK)
            lattice.solve()
            layers.solve()
            for hmm in (False, True):
                assert list(words_of(lattice.pieces(hmm), counts)) == jieba.lcut(text, HMM=hmm), text
                assert tagged(layers.pieces(hmm), book, hmm) == [
                    (one.word, one.flag) for one in jieba.posseg.lcut(text, HMM=hmm)], text


def test_that_viterbi_is_that_of_jieba_and_best_of_all_label_sequences(jieba: Any) -> None:
    model, tag_model = tables.characters(), jieba.posseg
    for run in ("杭研", "李小福在", "的和", "用微信付了", "龘𠀀靐"):
        scores, back, path = viterbi(run, model)
        best, states = jieba.finalseg.viterbi(run, "BMES", jieba.finalseg.start_P, jieba.finalseg.trans_P,
                                              jieba.finalseg.emit_P)
        assert [STATES[one] for one in path] == states and scores[-1, path[-1]] == best
        assert all(back[at][path[at]] == path[at - 1] for at in range(1, len(run)))
        assert tagged_viterbi(run) == tag_model.viterbi(
            run, tag_model.char_state_tab_P, tag_model.start_P, tag_model.trans_P, tag_model.emit_P)[1]
    run = "李小福在"
    every = {}
    for labels in itertools.product("BMES", repeat=len(run)):
        log_p = model.start[labels[0]] + model.emit[labels[0]].get(run[0], -1e9)
        for one, after, sign in zip(labels, labels[1:], run[1:], strict=False):
            log_p += model.trans[one].get(after, -1e9) + model.emit[after].get(sign, -1e9)
        every[labels] = log_p
    scores, _, path = viterbi(run, model)
    likeliest = max((one for one in every if one[-1] in "ES"), key=lambda one: every[one])
    assert tuple(STATES[one] for one in path) == likeliest
    for state, name in enumerate(STATES):
        assert scores[-1, state] == pytest.approx(max(p for one, p in every.items() if one[-1] == name))
    assert list(labelled(run, path)) == ["李小福", "在"]


def test_that_a_word_without_a_number_gets_the_one_that_jieba_suggests(
    jieba: Any, book: tables.Dictionary
) -> None:
    counts = tables.Counts(book, book.counts, {})
    for word in ("江大桥", "微信", "台中", "和尚未", "杭研大厦"):
        number = suggested(word, counts)
        assert number == jieba.suggest_freq(word)
        whole = Lattice(word, tables.Counts(book, book.counts, {word: number}))
        whole.solve()
        assert list(whole.path()) == [(0, len(word))]


def test_that_a_user_dictionary_is_read_line_by_line() -> None:
    assert tables.own_words("江大桥 500\n微信; 尚未 0，  和尚 x 3") == {
        "江大桥": 500, "微信": -1, "尚未": 0, "和尚": -1}
    assert tables.own_words("") == {}


# --- all readings


def every_reading(text: str, book: tables.Dictionary, counts: tables.Counts) -> dict[tuple[str, ...], float]:
    """All ways to cut a text into words, with ln P: written from the definition."""
    if not text:
        return {(): 0.0}
    found = {}
    ends = [end for end in range(1, len(text) + 1) if counts.of(text[:end])] or [1]
    for end in ends:
        for rest, log_p in every_reading(text[end:], book, counts).items():
            found[text[:end], *rest] = log_p + math.log((counts.of(text[:end]) or 1) / counts.total)
    return found


@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_that_all_readings_are_counted_and_the_best_are_listed(
    sentence: str, book: tables.Dictionary
) -> None:
    one = begun(sentence=sentence, factor=3.0, seed=5)
    one.train(40)
    frame = one.frame()
    text, word = SENTENCES[sentence]
    before = tables.Counts(book, book.counts, {}).of(word)
    counts = tables.Counts(book, book.counts, {word: 3 * before})
    every = every_reading(text, book, counts)
    total = sum(math.exp(log_p) for log_p in every.values())
    best = sorted(every, key=lambda one: every[one], reverse=True)
    assert frame.count == len(every) and frame.word == word and frame.before == before
    assert len({*frame.readings}) == min(6, len(best))
    np.testing.assert_allclose([every[tuple(one.split("/"))] for one in frame.readings],
                               [every[one] for one in best[:6]])  # equal ones in any order
    np.testing.assert_allclose(frame.shares, [math.exp(every[one]) / total for one in best[:6]], rtol=1e-9)
    assert frame.ahead[0] == pytest.approx(-every[best[0]])
    for at in (0, 25, 30, 44, 70):
        counts = tables.Counts(book, book.counts, {word: max(1, round(before * 10 ** EXPONENTS[at]))})
        every = every_reading(text, book, counts)
        total = sum(math.exp(log_p) for log_p in every.values())
        for having, shares in ((True, frame.having), (False, frame.lacking)):
            expected = max(math.exp(p) / total for one, p in every.items() if (word in one) == having)
            assert shares[at] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("sentence", sorted(set(SENTENCES) - {"a new word"}))
def test_that_jieba_flips_where_the_panel_says(sentence: str, jieba: Any, book: tables.Dictionary) -> None:
    one = begun(sentence=sentence)
    one.train(40)
    frame = one.frame()
    text, word = SENTENCES[sentence]
    for factor, there in ((frame.flip / 1.25, False), (frame.flip * 1.25, True)):
        with with_changes(jieba, book, {word: max(1, round(frame.before * factor))}):
            assert (word in jieba.lcut(text, HMM=False)) == there
        one.params = changed(one.params, factor=factor)
        assert (word in one.frame().readings[0].split("/")) == there


# --- steps, and less text


def test_that_each_step_decides_one_gap_from_the_right(jieba: Any) -> None:
    one, text = begun(seed=3), SENTENCES["married or not"][0]
    for step in range(len(text) + 1):
        frame = one.frame()
        suffix = text[len(text) - step:]
        assert frame.left == len(text) - step
        assert (frame.next[: frame.left] == -1).all() and (frame.ahead[: frame.left] == -1).all()
        assert frame.readings[0] == "/".join(jieba.cut(suffix, HMM=False))
        assert frame.words == tuple(jieba.cut(suffix)) and "".join(frame.tagged) == suffix
        one.train(1)
    assert one.step == len(text) and one.history["readings"][-1] == 16
    assert one.history["share"][-1] == pytest.approx(frame.shares[0])
    assert one.history["cost"][-1] == pytest.approx(frame.ahead[0])


def test_that_less_text_has_fewer_words_and_another_seed_others(book: tables.Dictionary) -> None:
    counts = [tables.counted(0.01, seed) for seed in (4, 5)]
    expected = (1 - 0.99 ** book.counts.astype(float)).sum()
    for one in counts:
        assert np.count_nonzero(one) == pytest.approx(expected, rel=0.02)
        assert one.sum() == pytest.approx(0.01 * book.counts.sum(), rel=0.01)
        assert one[book.at["的"]] == pytest.approx(3188, abs=6 * math.sqrt(3188))
    assert (counts[0] != counts[1]).any()
    assert tables.counted(1.0, 4) is book.counts and int(book.counts.sum()) == 60_101_967
    few = begun(share=0.001, seed=8)
    few.train(9)
    assert few.frame().known < 20_000 and len(few.frame().begin) <= 14


def test_that_any_own_sentence_is_cut() -> None:
    one = begun(sentence="own", own="", words="杭研 30")
    one.train(5)
    assert one.frame().signs == ("?",) and one.frame().word == ""
    one.params = changed(one.params, own="他来到了网易杭研大厦", hmm=False)
    assert not one.experiment.finished(one.params)
    one.train(50)
    assert "杭研" in one.frame().words
    one.params = changed(one.params, own="字" * 500)
    assert len(one.frame().signs) == 60


# --- the view


def test_that_a_click_marks_a_word(qtbot: Any, view: Any) -> None:
    one = begun()
    one.train(9)
    view.show_frame(one.shown())
    view.grab()
    edges = ["".join(one.frame().signs[b:e]) for b, e in
             zip(one.frame().begin, one.frame().end, strict=True)]
    place = view.lattice.place(edges.index("尚未")).center().toPoint()
    qtbot.mouseClick(view.lattice, Qt.MouseButton.LeftButton, pos=place)
    assert view.sent == [("word", "尚未")]
    one.params = changed(one.params, word="尚未", factor=0.01)
    view.show_frame(one.shown())
    assert one.frame().word == "尚未" and "3,798 → 38" in view.facts.say(1)


def test_that_the_filled_tiles_are_the_best_reading(view: Any) -> None:
    one = begun(sentence="a name", layer="unknown")
    one.train(13)
    view.show_frame(one.shown())
    view.grab()
    filled = [each.texts[-1] for each in view.lattice.spans if each.state == "taken"]
    assert sorted(filled) == sorted(one.frame().readings[0].split("/"))
    labels = [view.trellis.names[each.row][0] for each in view.trellis.spans if each.state == "taken"]
    assert labels == ["B", "M", "E", "S"]
    assert sum(each.strong for each in view.trellis.links) == 3
