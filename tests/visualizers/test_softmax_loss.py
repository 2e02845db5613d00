"""Softmax, sigmoid and both losses against torch's own, autograd and scipy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from torch import Tensor
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    log_softmax,
    logsigmoid,
    mse_loss,
)

from visualizers.data import Data
from visualizers.l1_basics.softmax_loss import experiment as ours
from visualizers.l1_basics.softmax_loss.experiment import SoftmaxLoss
from visualizers.l1_basics.softmax_loss.panel import CLASSES, START, Params, dragged, rival
from visualizers.panel import Context

TEMPERATURES = [0.25, 1.0, 3.0]


def begin(steps: int = 0, **values: Any) -> tuple[SoftmaxLoss, Params]:
    params = Params(**values)
    one = SoftmaxLoss(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    return one, params


def logits() -> tuple[Tensor, Tensor]:
    """(40, 5) logits, some far out, and 1 for a class of each."""
    made = torch.Generator().manual_seed(5)
    z = 6 * torch.randn(40, 5, generator=made, dtype=torch.float64)
    return z, torch.eye(5, dtype=torch.float64)[torch.randint(5, (40,), generator=made)]


@pytest.mark.parametrize("T", TEMPERATURES)
def test_that_the_outputs_are_scipys_and_softmax_sums_to_one(T: float) -> None:
    z, _ = logits()
    softmax, sigmoid = (ours.probabilities(z, one, T) for one in ("softmax", "sigmoid"))
    assert np.allclose(softmax, scipy.special.softmax(z.numpy() / T, axis=1), atol=1e-12)
    assert np.allclose(sigmoid, scipy.special.expit(z.numpy() / T), atol=1e-12)
    assert torch.allclose(softmax.sum(1), torch.ones(40, dtype=torch.float64))
    assert torch.allclose(ours.probabilities(z + 3, "softmax", T), softmax), "a shift changes nothing"


@pytest.mark.parametrize("T", TEMPERATURES)
def test_that_both_losses_are_torchs(T: float) -> None:
    z, y = logits()
    assert torch.allclose(ours.cross_entropy(z, y, "softmax", T),
                          cross_entropy(z / T, y.argmax(1), reduction="none"))
    assert torch.allclose(ours.cross_entropy(z, y, "sigmoid", T),
                          binary_cross_entropy_with_logits(z / T, y, reduction="none").sum(1))
    p = torch.softmax(z / T, 1)
    assert torch.allclose(ours.squared_error(p, y), mse_loss(p, y, reduction="none").sum(1))


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_that_each_pull_is_minus_autograds_gradient(output: str, T: float) -> None:
    z, y = logits()
    z.requires_grad_()
    p = torch.softmax(z / T, 1) if output == "softmax" else torch.sigmoid(z / T)
    entropy = cross_entropy(z / T, y.argmax(1), reduction="sum") if output == "softmax" \
        else binary_cross_entropy_with_logits(z / T, y, reduction="sum")
    for loss, pull in ((entropy, ours.pull_of_cross_entropy(p, y, T)),
                       (mse_loss(p, y, reduction="sum"), ours.pull_of_squared_error(p, y, output, T))):
        (gradient,) = torch.autograd.grad(loss, z, retain_graph=True)
        assert torch.allclose(-gradient, pull, atol=1e-10)


def test_that_the_logarithm_of_a_probability_that_rounds_to_zero_is_kept() -> None:
    z = torch.tensor([-90.0, 90.0, 0.0])
    assert torch.allclose(ours.surprise(z, "softmax", 0.25), -log_softmax(z / 0.25, -1))
    assert torch.allclose(ours.surprise(z, "sigmoid", 0.25), -logsigmoid(z / 0.25))
    assert ours.surprise(z, "softmax", 0.25)[0] == pytest.approx(720)


def test_the_slides_numbers_in_bits_and_in_nats() -> None:
    one, params = begin(logits=tuple(math.log(p) for p in (0.6, 0.3, 0.1)))
    frame = one.frame(params)
    assert frame.outputs[0] == pytest.approx([0.6, 0.3, 0.1], abs=1e-6)
    assert frame.bits == pytest.approx([0.74, 1.74, 3.32], abs=0.005)
    assert frame.nats == pytest.approx([0.51, 1.20, 2.30], abs=0.005)


@pytest.mark.parametrize("start", [START, (0.5, -1.0, 2.0), (8.0, -8.0, 0.0)])
def test_that_the_entropies_are_scipys(start: tuple[float, ...]) -> None:
    one, params = begin(logits=start)
    frame = one.frame(params)
    p = scipy.special.softmax(start)
    assert frame.entropy == pytest.approx(
        [scipy.stats.entropy(p), scipy.stats.entropy(p, base=2)], abs=1e-5)
    frame = one.frame(Params(logits=start, output="sigmoid"))
    p = scipy.special.expit(start)
    each = scipy.stats.entropy(np.stack([p, 1 - p]))
    assert frame.entropy[0] == pytest.approx(each.sum(), abs=1e-5)


@pytest.mark.parametrize("base", ["e: nats", "2: bits"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_that_the_descents_are_those_of_torchs_sgd(output: str, base: str) -> None:
    one, _ = begin(40, seed=7, output=output, base=base, target="fox", temperature=0.7,
                   learning_rate=0.3)
    start, _ = begin(seed=7)
    y = torch.eye(3)[2].expand(64, 3)
    for at, kind in enumerate(("cross-entropy", "squared error")):
        z = start.z[at].clone().requires_grad_()
        optimizer = torch.optim.SGD([z], lr=0.3)
        for _ in range(40):
            optimizer.zero_grad()
            p = torch.softmax(z / 0.7, 1) if output == "softmax" else torch.sigmoid(z / 0.7)
            if kind == "squared error":
                loss = mse_loss(p, y, reduction="sum")
            elif output == "softmax":
                loss = cross_entropy(z / 0.7, y, reduction="sum")
            else:
                loss = binary_cross_entropy_with_logits(z / 0.7, y, reduction="sum")
            if kind == "cross-entropy" and base == "2: bits":
                loss = loss / math.log(2)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert torch.allclose(one.z[at], z.detach(), atol=1e-4)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_that_the_squared_error_stands_still_where_cross_entropy_moves(seed: int) -> None:
    one, params = begin(120, seed=seed)
    frame = one.frame(params)
    assert frame.right > 0.85 and frame.squared_right < 0.01
    assert frame.share > 0.95 and frame.squared_share < 0.8
    mild, params = begin(120, seed=seed, logits=(-1.0, 1.0, 0.0))
    assert mild.frame(params).squared_right > 0.75, "not from a mild mistake"


def test_that_dragging_puts_both_descents_there_and_looking_changes_nothing() -> None:
    one, params = begin(30)
    there = Params(logits=(1.0, 2.0, -3.0))
    before = one.z.clone()
    frame = one.frame(there)
    assert frame.logits.tolist() == [[1.0, 2.0, -3.0]] * 2
    assert torch.equal(one.z, before)
    assert np.allclose(one.frame(params).logits, before[:, 0]), "taken back, nothing has happened"
    others = before[:, 1:].clone()
    one.step(there)
    assert torch.allclose(one.z[0, 0], torch.tensor(there.logits) + 0.1 * torch.from_numpy(
        frame.pulls[0])), "the next step begins there"
    assert not torch.equal(one.z[:, 1:], others), "and the other starts go on"


def test_that_the_curves_pass_through_the_points_and_the_field_agrees() -> None:
    one, params = begin(25, target="dog", logits=(3.0, -3.0, 1.0))
    frame = one.frame(params)
    assert rival(params) == 0
    for at in range(2):
        assert np.interp(frame.logits[at, 1], frame.places, frame.pulls_at[at]) \
            == pytest.approx(frame.pulls[at, 1], abs=0.01)
    assert np.interp(frame.logits[0, 1], frame.places, frame.right_at[0]) \
        == pytest.approx(frame.right, abs=0.01)
    for place, pull in zip(frame.field_places, np.moveaxis(frame.field, 1, 0), strict=True):
        x, y = (float(one) for one in place)
        there, values = begin(target="dog", logits=(y, x, 1.0))
        assert there.frame(values).pulls[:, [1, 0]] == pytest.approx(pull, abs=1e-5)


@pytest.mark.parametrize("broken", [(), (1.0,), (math.nan, math.inf, -99.0)])
def test_that_logits_that_nothing_can_draw_are_made_fit(broken: tuple[float, ...]) -> None:
    fit = dragged(Params(logits=broken))
    assert len(fit) == len(CLASSES) and all(abs(one) <= 8 for one in fit)
