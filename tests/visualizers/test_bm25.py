"""BM25 against another one (bm25s), and against its own formula by hand."""

from __future__ import annotations

import math

import bm25s
import numpy as np
import pytest

from visualizers.models.bm25 import BM25

WORDS = ["heart", "renal", "failure", "acute", "chronic", "of", "the", "lung", "kidney", "with", "stone"]


def made(seed: int, count: int = 60) -> list[list[str]]:
    """Documents of 2 to 12 words, some of them often and some of them twice."""
    draw = np.random.default_rng(seed)
    often = draw.dirichlet(np.ones(len(WORDS)))
    return [[WORDS[one] for one in draw.choice(len(WORDS), draw.integers(2, 13), p=often)]
            for _ in range(count)]


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.4, 0.0), (3.0, 1.0)])
def test_that_scores_are_those_of_bm25s(k1: float, b: float) -> None:
    documents = made(3)
    theirs = bm25s.BM25(method="lucene", k1=k1, b=b, dtype="float64")  # leaves out the factor k1 + 1
    theirs.index(documents, show_progress=False)
    ours = BM25(documents, k1, b)
    for query in [*made(4, 12), ["heart", "heart", "stone"]]:
        known = [word for word in query if word in ours.idf]
        assert np.allclose(ours.scores(query), (k1 + 1) * theirs.get_scores(known), atol=1e-6)


def test_that_the_words_contributions_sum_to_the_score() -> None:
    documents = made(5)
    ours = BM25(documents)
    query = ["heart", "of", "unheard", "heart", "stone"]
    scores = ours.scores(query)
    for at in range(len(documents)):
        parts = ours.parts(query, at)
        assert parts.shape == (5,) and parts[2] == 0 and parts[0] == parts[3]
        assert parts.sum() == pytest.approx(scores[at])


def test_that_one_score_by_hand_is_right() -> None:
    ours = BM25([["acute", "failure", "acute"], ["renal", "failure"], ["stone"]], k1=1.2, b=0.75)
    idf = math.log(1 + (3 - 1 + 0.5) / 1.5)
    wanted = idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert ours.scores(["acute"]).tolist() == pytest.approx([wanted, 0, 0])
    assert ours.scores(["unheard"]).tolist() == [0, 0, 0] == ours.scores([]).tolist()


def test_that_repetition_saturates_at_k1_plus_one() -> None:
    ours = BM25([["acute"] * 10_000, ["stone"] * 10_000], k1=1.5, b=0.0)
    assert ours.scores(["acute"])[0] == pytest.approx(2.5 * ours.idf["acute"], rel=1e-3)


def test_that_nothing_to_search_is_no_mistake() -> None:
    assert BM25([]).scores(["heart"]).shape == (0,)
    assert BM25([[], ["heart"]]).scores(["heart"])[1] > 0
