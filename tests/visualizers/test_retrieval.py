"""Retrieval: BM25 against bm25s, the loss against autograd, measures against scikit-learn, and the claims."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, ndcg_score
from torch.nn.functional import cross_entropy, normalize

from visualizers.data import Data
from visualizers.l6_text.retrieval.experiment import (
    Retriever,
    best_wrong,
    counted,
    measures,
    relevance_of,
)
from visualizers.l6_text.retrieval.panel import LISTS, SHOWN, Params
from visualizers.models.diagnoses import ROWS, bm25_of
from visualizers.models.retrieval import DualEncoder, Texts, words_of
from visualizers.panel import Context

BATCH = 256  # of the counted share of false negatives


def begin(steps: int = 0, **values: Any) -> tuple[Retriever, Params]:
    params = Params(**{"seed": 5} | values)
    one = Retriever(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> Retriever:
    return begin(200)[0]


def texts(names: list[str]) -> Texts:
    return Texts.of([words_of(one) for one in names], ROWS)


# --- against other programs ------------------------------------------------------------------------


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.6, 0.2)])
def test_that_bm25_is_that_of_bm25s_with_lucenes_idf(trained: Retriever, k1: float, b: float) -> None:
    theirs = bm25s.BM25(method="lucene", k1=k1, b=b, dtype="float64")
    theirs.index([list(one) for one in trained.fixed], show_progress=False)
    ours, known = counted(trained.icd, 5, k1, b), set(theirs.vocab_dict)
    for row, at in enumerate(trained.pairs.test[:60]):
        words = [word for word in trained.pairs.names[at] if word in known]
        wanted = theirs.get_scores(words) if words else np.zeros(len(trained.fixed))
        # bm25s leaves the factor k₁ + 1 out, which changes no order.
        assert np.allclose(ours[row], wanted * (k1 + 1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("spare", [False, True])
def test_that_the_gradient_with_hard_negatives_equals_autograd(spare: bool) -> None:
    encoder = DualEncoder(ROWS, 8, torch.Generator().manual_seed(1))
    encoder.table = encoder.table.double()
    queries = texts(["renal failure", "kidney stone", "heart attack"])
    documents = texts(["failure of kidney", "calculus of kidney", "myocardial infarction",
                       "renal failure acute", "heart failure"])
    same = torch.eye(3, 5, dtype=torch.bool)
    same[0, 3] = spare
    loss, ours = encoder.loss(queries, documents, same, 0.1)

    encoder.table.requires_grad_()
    scores = encoder.vectors(queries) @ encoder.vectors(documents).T / 0.1
    scores = scores.masked_fill(same & ~torch.eye(3, 5, dtype=torch.bool), -torch.inf)
    theirs = cross_entropy(scores, torch.arange(3))
    theirs.backward()
    assert float(loss) == pytest.approx(theirs.item())
    assert encoder.table.grad is not None and torch.allclose(ours, encoder.table.grad, atol=1e-10)


def test_that_late_interaction_adds_up_the_maxima() -> None:
    encoder = DualEncoder(ROWS, 8, torch.Generator().manual_seed(2))
    queries, documents = ["renal failure renal", "", "stone"], ["kidney stone", "failure", "stone of renal"]
    found = encoder.late(texts(queries), texts(documents))
    for (i, query), (j, document) in itertools.product(enumerate(queries), enumerate(documents)):
        u, v = (normalize(torch.stack([encoder.sums(texts([word]))[0] for word in words_of(one)]))
                if one else torch.zeros(0, 8) for one in (query, document))
        wanted = float((u @ v.T).max(1).values.sum()) if query else 0.0
        assert float(found[i, j]) == pytest.approx(wanted, abs=1e-5)


def test_that_the_measures_are_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    lists = draw.integers(0, 4, (40, 6)).astype(np.int32)
    lists[0] = 0
    found, score = measures(lists), -np.arange(6.0)
    assert [found[name][0] for name in ("reciprocal", "precision", "ndcg")] == [0, 0, 0]
    for at, one in enumerate(lists[1:], 1):
        assert found["ndcg"][at] == pytest.approx(ndcg_score([one], [score]), abs=1e-6)
        if (one > 0).any():
            assert found["precision"][at] == pytest.approx(average_precision_score(one > 0, score), abs=1e-6)
            assert found["reciprocal"][at] == pytest.approx(1 / (1 + np.flatnonzero(one)[0]))


def test_that_the_course_s_figures_come_out() -> None:
    one, two = (measures(np.array(LISTS[name], np.int32))
                for name in ("one right document", "two right documents"))
    assert round(float(one["reciprocal"].mean()), 2) == 0.61
    assert two["precision"].tolist() == pytest.approx([0.8333, 0.45], abs=1e-4)
    assert round(float(two["precision"].mean()), 2) == 0.64
    ideal = measures(np.array([[3, 2, 1, 0, 0]], np.int32))
    assert ideal["ndcg"].tolist() == [1.0]


def test_that_lists_stay_as_they_were_dragged_and_nonsense_is_none() -> None:
    moved = ("two right documents", *[1, 1, 0, 0, 0], *[0, 0, 0, 1, 1])
    assert relevance_of(Params(lists="two right documents", dragged=moved)).tolist() == [
        [1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]
    for dragged in (moved[:-1], ("two right documents", *[9] * 10), ("one right document", *[1] * 10),
                    (1, 2)):
        assert relevance_of(Params(lists="two right documents", dragged=dragged)).tolist() == [
            list(one) for one in LISTS["two right documents"]]


# --- the panel --------------------------------------------------------------------------------------


def test_that_no_shown_name_is_learnt_and_false_negatives_are_titles_of_two(trained: Retriever) -> None:
    frame = trained.frame(Params(seed=5))
    assert not set(trained.rows.tolist()) & set(trained.pairs.train.tolist())
    assert frame.same.diagonal().all() and frame.same.sum() == SHOWN + 6
    twice = np.argwhere(frame.same & ~np.eye(SHOWN, dtype=np.uint8))
    assert all(frame.titles[row] == frame.titles[column] for row, column in twice)
    assert trained.strange[trained.pairs.test.tolist().index(trained.rows[0])]


def test_that_the_share_of_rows_with_a_false_negative_is_counted_right(trained: Retriever) -> None:
    draw = np.random.default_rng(0)
    codes = trained.pairs.codes[trained.pairs.train]
    rows = [np.unique(batch, return_counts=True)[1]
            for batch in draw.choice(codes, (60, BATCH))]
    seen = np.mean([one[one > 1].sum() / BATCH for one in rows])
    assert trained.frame(Params(seed=5, batch=BATCH)).false == pytest.approx(seen, abs=0.02)


def test_that_the_encoder_passes_bm25_and_finds_what_shares_no_word(trained: Retriever) -> None:
    frame, new = trained.frame(Params(seed=5)), begin()[0].frame(Params(seed=5))
    assert frame.hit[0] > frame.hit[1] + 0.12 and frame.mrr[0] > frame.mrr[1] + 0.15
    assert new.hit[0] < frame.hit[1] < frame.hit_lenient - 0.05, "ties must not count as hits"
    assert frame.hit_strange[1] < 0.01 and frame.hit_strange[0] > 0.2 and 0.25 < frame.strange < 0.45
    assert frame.diagonal > new.diagonal and frame.diagonal >= 0.7
    assert frame.hit[2] < frame.hit[0] - 0.1, "word by word, without context, finds less"


def test_that_at_equal_steps_a_larger_batch_finds_more(trained: Retriever) -> None:
    small = begin(200, batch=8)[0].frame(Params(seed=5))
    assert small.hit[0] < trained.frame(Params(seed=5)).hit[0] - 0.08


def test_that_hard_negatives_are_wrong_and_the_best_wrong_ones(trained: Retriever) -> None:
    params = Params(seed=5, hard="the encoder's own")
    rows = torch.from_numpy(trained.pairs.train[:40])
    codes = torch.from_numpy(trained.pairs.codes)[rows]
    hard = trained._hard(params, trained.names[rows], rows, codes)
    scores = trained.encoder.vectors(trained.names[rows]) @ trained.encoder.vectors(trained.titles).T
    assert (hard != codes).all()
    for one in range(40):
        order = [int(title) for title in scores[one].argsort(descending=True)[:2] if title != codes[one]]
        assert int(hard[one]) == order[0]
    ranker = bm25_of(trained.icd)
    for row in rows[:20].tolist():
        found = ranker.scores(trained.pairs.names[row])
        wrong = np.delete(found, trained.pairs.codes[row])
        assert found[best_wrong(trained.icd, 5, 1.5, 0.75, row)] == wrong.max()


def test_that_a_pair_s_scores_are_those_of_the_three_methods(trained: Retriever) -> None:
    params = Params(seed=5, query="Calculus in the kidney", beside="found")
    frame = trained.frame(params)
    assert frame.row == -1 and frame.right == -1 and frame.query == ("calculus", "in", "the", "kidney")
    assert frame.document == frame.numbers[0] and (np.diff(frame.places[0]) > 0).all()
    one, other = (trained.encoder.sums(Texts.of([words], ROWS))[0]
                  for words in (frame.query, frame.words))
    assert frame.scores[0] == pytest.approx(float(normalize(one, dim=0) @ normalize(other, dim=0)), abs=1e-5)
    assert frame.scores[1] == pytest.approx(frame.parts.sum()) == pytest.approx(frame.found[1, 0], abs=1e-4)
    late = trained.encoder.late(Texts.of([frame.query], ROWS), trained.titles)[0, frame.document]
    assert frame.scores[2] == pytest.approx(float(late), abs=1e-4)


def test_that_anything_can_be_asked(trained: Retriever) -> None:
    for query in ("???", "诊断", "a" * 400, "fever " * 90):
        frame = trained.frame(Params(seed=5, query=query, beside="found", chosen=(99, 10**6)))
        assert np.isfinite(frame.cosines).all() and len(frame.query) <= 16 and frame.row == -1
