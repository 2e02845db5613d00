"""Coding: the tree against its own counts, the dual encoder against autograd, ranks against lots."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.nn.functional import cross_entropy, normalize

from visualizers.data import Data
from visualizers.data.sources.icd_10_cm import Icd, short, tree_of
from visualizers.l7_biomedical.icd_coding.experiment import Coder, Found, kept, negated
from visualizers.l7_biomedical.icd_coding.panel import Params
from visualizers.models.diagnoses import TESTED
from visualizers.models.retrieval import Bags, DualEncoder, Standing, Texts, pieces_of, words_of
from visualizers.panel import Context

ROWS = 499
NAMES = ["renal failure", "failure of the kidney", "stone", "", "kidney kidney", "heart attack"]


def begin(steps: int = 0, **values: Any) -> tuple[Coder, Params]:
    params = Params(**{"seed": 5} | values)
    one = Coder(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> Coder:
    return begin(400)[0]


@pytest.fixture(scope="module")
def icd() -> Icd:
    found: Icd = Data(Path("nowhere")).read("table", "icd-10-cm")
    return found


# --- the codes -----------------------------------------------------------------------------------


def test_that_the_tree_is_the_tabular_list(icd: Icd) -> None:
    assert (len(icd.chapters), len(icd.blocks), len(icd.categories)) == (22, 285, 1918)
    assert sum(len(one.synonyms) for one in icd.categories) == 12_557
    by_code = {one.code: one for one in icd.categories}
    pneumonia = by_code["J18"]
    assert pneumonia.title == "Pneumonia, unspecified organism"
    assert icd.chapters[pneumonia.chapter] == "Diseases of the respiratory system"
    assert icd.blocks[pneumonia.block] == "Influenza and pneumonia (J09-J18)"
    assert by_code["I10"].title == "Essential (primary) hypertension"
    assert (np.diff([one.chapter for one in icd.categories]) >= 0).all(), "a chapter is one stretch"


def test_that_names_of_finer_codes_belong_to_their_category() -> None:
    found = tree_of(io.BytesIO(b"""<x><chapter><desc>Eye (H00-H59)</desc><section><desc>Lids</desc>
        <diag><name>H10</name><desc>Conjunctivitis</desc>
          <inclusionTerm><note>Pink  eye</note></inclusionTerm>
          <diag><name>H10.0</name><desc>Mucopurulent</desc>
            <inclusionTerm><note>Sticky eye</note><note>Pink eye</note></inclusionTerm></diag>
        </diag></section></chapter></x>"""))
    (one,) = found.categories
    assert one == ("H10", "Conjunctivitis", 0, 0, ("Mucopurulent",), ("Pink eye", "Sticky eye"))
    assert found.chapters == ("Eye",) and short("Injury (S00-T88)") == "Injury"


# --- the dual encoder ----------------------------------------------------------------------------


def texts(names: list[str]) -> Texts:
    return Texts.of([words_of(one) for one in names], ROWS)


def test_that_a_word_is_itself_and_its_runs_of_characters() -> None:
    table = 2**31 - 1  # large enough that no two pieces meet
    assert len(set(pieces_of("renal", table, True))) == 1 + 5 + 4 + 3  # <renal>, 3, 4 and 5 of 7 characters
    assert set(pieces_of("renal", table, True)) & set(pieces_of("adrenal", table, True))
    assert len(pieces_of("renal", table, False)) == 1


def test_that_texts_can_be_chosen_and_keep_their_vectors() -> None:
    encoder = DualEncoder(ROWS, 8, torch.Generator().manual_seed(0))
    every, chosen = texts(NAMES), torch.tensor([4, 0, 3, 0])
    assert torch.allclose(encoder.vectors(every[chosen]), encoder.vectors(every)[chosen], atol=1e-6)
    bags = Bags.of([[1, 2], [], [3]])
    assert bags[torch.tensor([2, 0])].ids.tolist() == [3, 1, 2] and bags.owners.tolist() == [0, 0, 2]
    for at, name in enumerate(NAMES):
        rows = [row for word in words_of(name) for row in pieces_of(word, ROWS, True)]
        wanted = normalize(encoder.table[rows].sum(0), dim=0) if rows else torch.zeros(8)
        assert torch.allclose(encoder.vectors(every)[at], wanted, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_that_the_gradient_of_the_in_batch_loss_equals_autograd(temperature: float) -> None:
    encoder = DualEncoder(ROWS, 8, torch.Generator().manual_seed(1))
    encoder.table = encoder.table.double()
    names = [one for one in NAMES if one]
    queries, documents = texts(names), texts(names[1:] + names[:1])
    same = torch.eye(len(names), dtype=torch.bool)
    same[0, 3] = same[3, 0] = True
    loss, ours = encoder.loss(queries, documents, same, temperature)

    encoder.table.requires_grad_()
    scores = encoder.vectors(queries) @ encoder.vectors(documents).T / temperature
    scores = scores.masked_fill(same & ~torch.eye(len(names), dtype=torch.bool), -torch.inf)
    theirs = cross_entropy(scores, torch.arange(len(names)))
    theirs.backward()
    assert float(loss) == pytest.approx(theirs.item())
    assert encoder.table.grad is not None and torch.allclose(ours, encoder.table.grad, atol=1e-10)


def test_that_ranks_are_the_mean_over_all_orders_of_what_ties() -> None:
    scores = np.array([3.0, 1.0, 3.0, 3.0, 2.0, 0.0])
    for right in range(len(scores)):
        found = Standing.of(scores[None], np.array([right]))
        ranks = np.array([1 + sorted(order, key=lambda one: -scores[one]).index(right)
                          for order in itertools.permutations(range(len(scores)))])
        assert found.reciprocal()[0] == pytest.approx((1 / ranks).mean())
        for k in (1, 2, 3, 5):
            assert found.hit(k)[0] == pytest.approx((ranks <= k).mean())


# --- negation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "left"), [
    ("no sign of pneumonia", ""), ("no sign of pneumonia but headache", "but headache"),
    ("fever without rash", "fever"), ("negative for malaria however cough", "however cough"),
    ("knot in the shoulder", "knot in the shoulder"), ("", "")])
def test_that_the_rule_crosses_out_what_is_negated(said: str, left: str) -> None:
    words = said.split()
    assert " ".join(kept(words, True)) == left and kept(words, False) == tuple(words)
    assert len(negated(words)) == len(words)


# --- the panel -----------------------------------------------------------------------------------


def test_that_no_test_name_is_learnt_and_no_held_out_code_is() -> None:
    for held_out in ("names", "codes"):
        pairs = begin(held_out=held_out)[0].pairs
        assert len(pairs.test) == TESTED and not set(pairs.test) & set(pairs.train)
        shared = set(pairs.codes[pairs.test]) & set(pairs.codes[pairs.train])
        assert bool(shared) == (held_out == "names")


def test_that_bm25s_share_of_hits_is_that_of_bm25s(trained: Coder, icd: Icd) -> None:
    theirs = bm25s.BM25(method="lucene", k1=1.5, b=0.75, dtype="float64")
    theirs.index([words_of(one.title) for one in icd.categories], show_progress=False)
    known, hits = set(theirs.vocab_dict), []
    for at in trained.pairs.test:
        words = [word for word in trained.pairs.names[at] if word in known]
        scores = theirs.get_scores(words).round(9) if words else np.zeros(len(icd.categories))
        best = np.flatnonzero(scores == scores.max())
        hits.append((trained.pairs.codes[at] in best) / len(best))
    assert trained.frame(Params(seed=5)).hit[1] == pytest.approx(np.mean(hits), abs=2e-3)


def test_that_the_encoder_passes_bm25_and_finds_what_shares_no_word(trained: Coder) -> None:
    frame = trained.frame(Params(seed=5))
    assert frame.hit[0] > frame.hit[1] + 0.15 and frame.mrr[0] > frame.mrr[1] + 0.15
    assert 0.25 < frame.strange < 0.45
    assert frame.hit_strange[1] < 0.01 and frame.hit_strange[0] > 0.2
    assert frame.hit_lenient[1] > frame.hit[1] + 0.03, "BM25 has ties, and they must not count as hits"
    assert (frame.hit_10 >= frame.hit).all()


def test_that_small_margins_go_with_errors(trained: Coder) -> None:
    frame = trained.frame(Params(seed=5))
    for method in range(2):
        assert frame.right_in_fifth[method, 0] < 0.45 < 0.6 < frame.right_in_fifth[method, 4]
        assert (np.diff(frame.margins[method]) >= 0).all()
        assert frame.right_in_fifth[method].mean() == pytest.approx(frame.hit[method], abs=1e-3)


def test_that_what_a_margin_tells_is_the_area_under_the_roc_curve() -> None:
    draw = np.random.default_rng(2)
    margin = draw.integers(0, 9, 200) / 8
    right = draw.random(200) < 0.2 + 0.6 * margin
    found = Found(np.zeros(200, np.int64), np.ones(200, np.int64), margin,
                  Standing(np.where(right, 0, 3), np.ones(200, np.int64)))
    assert found.by_margin()[2] == pytest.approx(roc_auc_score(right, margin))


def test_that_negation_changes_little_and_the_rule_a_lot(trained: Coder) -> None:
    trained.measure(Params(seed=5))
    assert trained.frame(Params(seed=5)).deaf.min() > 0.6
    said = trained.frame(Params(seed=5, query="no sign of pneumonia", rule=True))
    assert said.crossed.tolist() == [1, 1, 1, 1]
    assert not said.scores.any() and said.tied.tolist() == [1918, 1918]
    trained.measure(Params(seed=5, rule=True))
    assert trained.frame(Params(seed=5, rule=True)).deaf.max() < 0.1
    trained.measure(Params(seed=5))


def test_that_the_words_add_up(trained: Coder) -> None:
    params = Params(seed=5, query="Perforation of the urinary catheter, chronic", code=700)
    frame = trained.frame(params)
    assert frame.truth == -1 and frame.chosen == 700
    assert frame.words == ("perforation", "of", "the", "urinary", "catheter", "chronic")
    assert frame.adds[1].sum() == pytest.approx(frame.scores[1, 700], abs=1e-5)
    without = trained.frame(Params(seed=5, query="Perforation of the catheter, chronic"))
    assert frame.adds[0, 3] == pytest.approx(frame.scores[0, 700] - without.scores[0, 700], abs=1e-5)


def test_that_what_bm25_has_read_is_most_of_the_difference(trained: Coder) -> None:
    params = Params(seed=5, reads="titles and synonyms")
    trained.measure(params)
    frame = trained.frame(params)
    assert frame.hit[1] > 0.5 and abs(frame.hit[0] - frame.hit[1]) < 0.12
    trained.measure(Params(seed=5))


def test_that_anything_can_be_asked(trained: Coder) -> None:
    for query in ("???", "诊断", "a" * 400, "fever " * 90, "no no no"):
        frame = trained.frame(Params(seed=5, query=query))
        assert np.isfinite(frame.scores).all() and len(frame.words) <= 40
