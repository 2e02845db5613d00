"""Trial by elements: entropy by hand, the tree against scikit-learn's, the law against the generator's."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier

from visualizers.data import Data
from visualizers.data.cases import charge_of
from visualizers.l8_legal.elements_trial.experiment import (
    IDS,
    NO,
    REQUIRED,
    UNKNOWN,
    YES,
    E,
    ElementsTrial,
    docket,
    entropy,
    gains,
    grow,
    next_question,
    proven_charge,
    route,
    table,
)
from visualizers.l8_legal.elements_trial.panel import ACQUITTED, VERDICTS, Params
from visualizers.panel import Context

NOTHING = np.zeros(E, bool)


def begin(steps: int = 0, **values: Any) -> tuple[ElementsTrial, Params]:
    params = Params(**values)
    one = ElementsTrial(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def tried() -> ElementsTrial:
    return begin(8, seed=4)[0]


# --- what a question tells ---------------------------------------------------------------------


def test_that_entropy_is_that_of_the_textbook() -> None:
    assert entropy(np.array([3, 3, 3])) == 0.0 == entropy(np.zeros(0, int))
    assert entropy(np.array([0, 1])) == pytest.approx(1.0)
    assert entropy(np.array([0, 1, 2, 2])) == pytest.approx(1.5)
    assert entropy(np.array([0] * 9 + [1] * 5)) == pytest.approx(0.940, abs=5e-4)  # Quinlan 1986


def test_that_the_gains_of_quinlans_weather_are_his() -> None:
    """Play tennis: humidity (high or normal) tells .151 bit, wind (strong or weak) .048."""
    humid = np.array([1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1], bool)
    windy = np.array([0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1], bool)
    play = np.array([0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0])
    X = np.zeros((14, E), bool)
    X[:, 0], X[:, 1] = humid, windy
    found = gains(X, play, np.ones(E, bool))
    assert found[:2] == pytest.approx([0.152, 0.048], abs=1e-3)
    assert (found[2:] == 0).all() and gains(X, play, NOTHING).sum() == 0


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_that_the_tree_is_scikit_learns(seed: int) -> None:
    X, y = table(docket(360, seed, 0.3))
    tree = grow(X, y, 20, NOTHING)
    theirs = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(X, y).tree_
    assert theirs.feature[0] == tree[0].question
    impure = [one for one in tree if one.unsure > 1e-9]
    assert tree[0].unsure == pytest.approx(theirs.impurity[0])
    unsure = {round(float(one), 6) for one in theirs.impurity}
    # Where two questions tell equally much the two may differ; nearly all nodes are the same.
    assert np.mean([round(one.unsure, 6) in unsure for one in impure]) > 0.75
    for depth in (1, 2, 3):
        fitted = DecisionTreeClassifier(criterion="entropy", max_depth=depth, random_state=0).fit(X, y)
        places, _ = route(tree, X.astype(int), True)
        ours = np.array([one.likely for one in tree])[places[depth]]
        assert (ours == y).mean() == pytest.approx(fitted.score(X, y), abs=0.03)


def test_that_a_tree_that_has_asked_all_knows_every_decided_case() -> None:
    X, y = table(docket(360, 7, 0.3))
    tree = grow(X, y, 20, NOTHING)
    places, proven = route(tree, X.astype(int), True)
    assert (np.array([one.likely for one in tree])[places[-1]] == y).all()
    assert (proven_charge(proven[-1]) == y).all(), "and has proven each of them"
    assert max(one.depth for one in tree) < E


def test_that_a_sure_tree_goes_on_to_prove() -> None:
    X, y = table(docket(90, 1, 0.0))
    tree = grow(X, y, 20, NOTHING)
    for one in tree:
        if one.question >= 0 and one.gains.max() <= 1e-9:
            assert one.unsure == 0 and REQUIRED[one.likely, one.question]
        if one.question < 0 and len(one.rows) and one.likely != ACQUITTED:
            asked = ~one.askable
            assert (asked | ~REQUIRED[one.likely]).all(), "nothing is left to prove"


# --- the law -----------------------------------------------------------------------------------


def test_that_what_is_proven_is_the_generators_charge() -> None:
    proven = np.array(list(product([False, True], repeat=E)))                 # (4096, E)
    ours = proven_charge(proven)
    for row, verdict in zip(proven[::7], ours[::7], strict=True):
        assert VERDICTS[verdict] == charge_of({IDS[at] for at in np.flatnonzero(row)})


@pytest.mark.parametrize("unknown", [0.0, 0.3, 0.6, 0.9])
def test_that_unknown_never_convicts_an_innocent(tried: ElementsTrial, unknown: float) -> None:
    params = Params(seed=4, unknown=unknown)
    tried.measure(params)
    assert max(tried.rates["proven_convicts"]) == 0.0
    if unknown:
        assert max(tried.rates["likely_convicts"]) > 0.05


def test_that_it_holds_for_every_innocent_and_every_gap() -> None:
    """By the law alone: what is proven of a set of elements is part of it, so no charge is new."""
    draw = np.random.default_rng(0)
    truth = draw.random((4000, E)) < 0.5
    known = draw.random((4000, E)) < 0.5
    innocent = proven_charge(truth) == ACQUITTED
    assert innocent.sum() > 500
    assert (proven_charge(truth & known)[innocent] == ACQUITTED).all()


def test_that_the_innocent_lack_one_element() -> None:
    cases = docket(450, 3, 0.4)
    X, y = table(cases)
    free = y == ACQUITTED
    assert 0.25 < free.mean() < 0.45
    assert all(case.charge == "" for case, one in zip(cases, free, strict=True) if one)
    # One more element would make a charge of it.
    almost = [(X[at] | np.eye(E, dtype=bool)) for at in np.flatnonzero(free)]
    assert all((proven_charge(one) != ACQUITTED).any() for one in almost)
    assert not (table(docket(90, 3, 0.0))[1] == ACQUITTED).any()


# --- asking ------------------------------------------------------------------------------------


def test_that_a_plateau_comes_after_half_of_the_questions(tried: ElementsTrial) -> None:
    tried.measure(Params(seed=4))
    right = tried.rates["proven_right"]
    assert right[1] == right[0] < 0.4 and right[6] > 0.97
    assert right[6:] == [right[6]] * 3, "a plateau: nothing is left to ask"
    assert tried.rates["random_right"][6] < 0.75 and tried.rates["random_right"][12] == 1.0


def test_that_routing_many_cases_is_asking_one_after_another(tried: ElementsTrial) -> None:
    params = Params(seed=4, unknown=0.2, wrong=0.1)
    tried.measure(params)
    answers = tried._answers(params)
    assert {YES, NO, UNKNOWN} == set(np.unique(answers).tolist())
    for presume in (True, False):
        places, proven = route(tried.tree, answers, presume)
        for case in range(0, 300, 17):
            frame = tried.frame(replace(params, example=case, presume=presume))
            assert frame.path[-1] == places[-1, case]
            assert frame.proven.astype(bool).tolist() == proven[-1, case].tolist()
            wanted = proven_charge(proven[-1, case]) if presume else tried.tree[places[-1, case]].likely
            assert frame.verdict == wanted


def test_that_evidence_is_the_sentence_that_tells_the_element(tried: ElementsTrial) -> None:
    tried.measure(Params(seed=4))
    for case in range(60):
        frame = tried.frame(Params(seed=4, example=case))
        for node, answer, sentence in zip(frame.path, frame.answers, frame.evidence, strict=False):
            assert bool(sentence) == (answer == "yes") and sentence in frame.facts
            assert (answer == "yes") == tried.T[case, frame.questions[node]]


def test_that_answers_are_changed_and_given_by_hand(tried: ElementsTrial) -> None:
    tried.measure(Params(seed=4))
    case = next(at for at in range(300) if VERDICTS[tried.truth[at]] == "theft")
    assert VERDICTS[tried.frame(Params(seed=4, example=case)).verdict] == "theft"
    lied = tried.frame(Params(seed=4, example=case, answers=(f"#{case}", "secret=no")))
    assert lied.verdict == ACQUITTED and "no" in lied.changed
    other = tried.frame(Params(seed=4, example=case, answers=("#299", "secret=no", "nonsense")))
    assert VERDICTS[other.verdict] == "theft", "answers belong to their case"

    params = Params(seed=4, example=case, witness="you")
    said: tuple[str, ...] = (f"#{case}",)
    for _ in range(E):
        frame = tried.frame(replace(params, answers=said))
        if not frame.answers or frame.answers[-1]:
            break
        element = frame.questions[frame.path[-1]]
        said += (f"{IDS[element]}={'yes' if tried.T[case, element] else 'no'}",)
    assert VERDICTS[frame.verdict] == "theft"


def test_that_a_forbidden_question_is_not_asked(tried: ElementsTrial) -> None:
    params = Params(seed=4, forbidden=("secret",))
    tried.measure(params)
    assert all(one.question != IDS.index("secret") for one in tried.tree)
    frame = tried.frame(params)
    assert frame.gains[IDS.index("secret")] == 0
    _places, proven = route(tried.tree, tried.T.astype(int), True)
    assert VERDICTS.index("theft") not in proven_charge(proven[-1])
    assert next_question(grow(tried.X, tried.y, 0, np.ones(E, bool))[0]) == -1


# --- the black box -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["English", "Chinese"])
def test_that_the_black_box_has_learnt_something_and_is_the_same_for_the_same_seed(language: str) -> None:
    one, params = begin(8, seed=2, language=language, cases=180)
    other, _ = begin(8, seed=2, language=language, cases=180)
    assert np.array_equal(one.box, other.box) and np.allclose(one.box.sum(1), 1, atol=1e-5)
    frame = one.frame(params)
    assert 0.45 < frame.box_right < 1.0
    assert frame.box_right == pytest.approx((one.box.argmax(1) == one.truth).mean())


def test_that_looking_draws_nothing() -> None:
    one, params = begin(seed=3)
    before = torch.random.get_rng_state()
    a, b = one.frame(params), one.frame(params)
    assert a.path == b.path and torch.equal(before, torch.random.get_rng_state())
