"""Activation functions: curves and slopes against torch's, the way back against autograd, and the course."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from visualizers.l1_basics.activations.experiment import (
    BENDS,
    GREATEST,
    LONGEST,
    TRAINED_ON,
    Activations,
)
from visualizers.l1_basics.activations.panel import ACTIVATIONS, BINS, REACH, Params
from visualizers.panel import Context

TORCHS = (torch.sigmoid, torch.tanh, functional.relu, functional.leaky_relu, functional.gelu,
          functional.silu)
SIGMOID, TANH, RELU, LEAKY, GELU, SILU = range(6)


def begin(**values: Any) -> tuple[Activations, Params]:
    params = Params(**values)
    context = Context("cpu", params.seed, data=None)  # type: ignore[arg-type]
    return Activations(params, context), params


@pytest.mark.parametrize("which", range(6), ids=ACTIVATIONS)
def test_that_curve_and_slope_are_torchs(which: int) -> None:
    z = torch.linspace(-12, 12, 2000, dtype=torch.float64).requires_grad_()  # without 0, where ReLU bends
    theirs = TORCHS[which](z)
    slope, = torch.autograd.grad(theirs.sum(), z)
    with torch.no_grad():
        assert torch.allclose(BENDS[which].f(z), theirs, rtol=1e-12, atol=1e-14)
        assert torch.allclose(BENDS[which].slope(z), slope, rtol=1e-9, atol=1e-12)


def test_that_the_greatest_slopes_are_those_of_the_course() -> None:
    assert GREATEST[SIGMOID] == pytest.approx(0.25, abs=1e-12)
    assert GREATEST[TANH] == GREATEST[RELU] == GREATEST[LEAKY] == 1.0
    assert GREATEST[GELU] == pytest.approx(1.1289, abs=1e-4)
    assert GREATEST[SILU] == pytest.approx(1.0998, abs=1e-4)
    for which in range(6):
        far = torch.linspace(-50, 50, 40_001, dtype=torch.float64)
        assert float(BENDS[which].slope(far).max()) <= GREATEST[which] + 1e-6


def by_autograd(
    one: Activations, which: int, x: Tensor, y: Tensor, shortcut: bool
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """∂L/∂a of every layer, the gradients of one network's weights, and its loss."""
    first, inner, last, bias, offset = (each[which].clone().requires_grad_() for each in one.trained)
    bend = TORCHS[which]
    a = [bend(first @ x + bias[0])]
    for w, b in zip(inner, bias[1:], strict=True):
        a.append(bend(w @ a[-1] + b) + (a[-1] if shortcut else 0))
    loss = functional.binary_cross_entropy_with_logits((last @ a[-1] + offset)[0], y)
    weights = [first, inner, last, bias, offset]
    found = torch.autograd.grad(loss, [*a, *weights], allow_unused=True, materialize_grads=True)
    return list(found[: len(a)]), list(found[len(a) :]), loss.detach()


@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize("start", ["orthogonal", "Gaussian"])
@pytest.mark.parametrize("depth", [2, 6])
def test_that_every_gradient_equals_autograd(depth: int, start: str, shortcut: bool) -> None:
    one, params = begin(depth=depth, width=7, start=start, shortcut=shortcut, seed=3, data="spiral",
                        learning_rate=0.3)
    for _ in range(4):  # away from the biases' zeros
        one.step(params)
    x, y = one.x[:, TRAINED_ON:], one.y[TRAINED_ON:]
    seen, frame = one.look(x, y, shortcut), one.frame(params)
    for which in range(6):
        back, gradients, loss = by_autograd(one, which, x, y, shortcut)
        assert torch.allclose(seen.loss[which], loss, rtol=1e-10)
        for ours, theirs in zip(seen.back[:, which], back, strict=True):
            assert (ours - theirs).norm() <= 1e-10 * theirs.norm()
        for ours, theirs in zip(seen.gradients, gradients, strict=True):
            assert (ours[which] - theirs).norm() <= 1e-9 * theirs.norm() + 1e-15
        norms = np.array([float(each.norm()) for each in back])
        assert np.allclose(frame.log_gradient[which], np.log10(norms / norms[-1]), atol=1e-5)


@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_that_no_gradient_passes_its_bound(activation: str, shortcut: bool) -> None:
    for start in ("orthogonal", "Gaussian"):
        one, params = begin(activation=activation, start=start, gain=1.8, depth=6, width=10, seed=5,
                            shortcut=shortcut)
        for _ in range(3):
            frame = one.frame(params)
            mine = frame.log_gradient[ACTIVATIONS.index(activation)]
            assert (np.diff(mine[::-1]) <= np.diff(frame.log_bound[::-1]) + 1e-5).all()  # layer by layer
            for _ in range(10):
                one.step(params)


def test_that_sigmoid_loses_three_quarters_at_each_layer_at_least() -> None:
    """The course: f′ ≤ ¼, so at most ¼^L is left, where the weights stretch nothing."""
    for seed in range(5):
        one, params = begin(gain=1.0, seed=seed)
        frame = one.frame(params)
        back = np.arange(params.depth)[::-1]
        assert np.allclose(frame.log_bound, back * np.log10(0.25), atol=1e-5)
        assert (frame.log_gradient[SIGMOID] <= frame.log_bound + 1e-5).all()
        assert 0.2 < frame.factor[SIGMOID] < 0.25
        assert frame.factor[TANH] > 0.9 and 0.6 < frame.factor[RELU] < 0.75
        assert abs(frame.factor[GELU] - 0.5) < 0.05 and abs(frame.factor[SILU] - 0.5) < 0.05


def test_that_the_counts_are_those_of_the_slopes() -> None:
    one, params = begin(activation="tanh", gain=3.0, depth=3, width=9, layer=3, seed=2)
    seen, frame = one.look(one.x[:, TRAINED_ON:], one.y[TRAINED_ON:], False), one.frame(params)
    z = seen.z[2, TANH].clamp(-REACH, REACH).numpy()
    assert np.allclose(frame.counted, np.histogram(z, BINS, (-REACH, REACH))[0] / z.size)
    ends = 1 - np.tanh(seen.z[2, TANH].numpy()) ** 2 < 0.1
    assert frame.flat[TANH, 2] == pytest.approx(ends.mean())
    assert frame.slope[RELU, 1] == pytest.approx(float((seen.z[1, RELU] > 0).double().mean()))
    never = (seen.z[:, RELU] <= 0).all(2).double().mean()
    assert frame.dead[RELU] == pytest.approx(float(never))


def test_that_a_dead_network_sends_nothing_back() -> None:
    one, params = begin(depth=3, width=5)
    one.bias[RELU, 1] = -1e3  # no sum of the second layer is positive for any point
    frame = one.frame(params)
    assert frame.log_gradient[RELU, 0] == -300 and frame.factor[RELU] == 0
    assert frame.flat[RELU, 1] == 1 and np.isfinite(frame.log_gradient).all()


def test_that_a_long_gradient_is_shortened_and_its_neighbours_are_not() -> None:
    one, params = begin(gain=3.0, seed=1)
    one.step(params)
    norms = torch.stack([each.grad.flatten(1).norm(dim=1) for each in one.trained
                         if each.grad is not None]).norm(dim=0)
    assert float(norms[RELU]) == pytest.approx(LONGEST) and float(norms[SIGMOID]) < 0.5 * LONGEST


@pytest.mark.parametrize("seed", [3, 4])
def test_that_ten_layers_learn_with_all_but_sigmoid(seed: int) -> None:
    one, params = begin(seed=seed)
    for _ in range(200):
        scalars = one.step(params)
    frame = one.frame(params)
    assert frame.accuracy[SIGMOID] < 0.7 and (frame.accuracy[1:] > 0.9).all()
    assert scalars["loss_sigmoid"] > 0.6 and scalars["networks_learnt"] == 5


def test_that_a_copy_trains_on_like_the_original() -> None:
    one, params = begin(optimizer="Adam", learning_rate=0.01, depth=3)
    one.step(params)
    other = copy.deepcopy(one)
    other.generator = torch.Generator()
    other.generator.set_state(one.generator.get_state())
    for _ in range(3):
        assert one.step(params) == other.step(params)
