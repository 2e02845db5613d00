"""Gradients through time: the hand-written way back against autograd, and what the course says."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from visualizers.l2_networks.rnn_gradients.experiment import RnnGradients
from visualizers.l2_networks.rnn_gradients.panel import CLIP_OFF, Params
from visualizers.models.recurrent import back_through_time
from visualizers.panel import Context
from widgets.controls.parameters import changed

CELLS = ("linear", "tanh", "GRU", "LSTM")
TASKS = ("copy the first symbol", "random readout")


def begin(**values: Any) -> tuple[RnnGradients, Params]:
    params = Params(**values)
    context = Context("cpu", params.seed, data=None)  # type: ignore[arg-type]
    return RnnGradients(params, context), params


def torchs_cell(kind: str, a: Tensor, s: Tensor, w: Tensor) -> Tensor:
    """One step of torch's own cell; its blocks are r, z, n and i, f, g, o."""
    size = w.shape[1]
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2)}.get(kind, (0,))
    rows = torch.cat([torch.arange(one * size, (one + 1) * size) for one in order])
    w, a, through = w[rows], a[:, rows], torch.eye(len(w), dtype=w.dtype)
    match kind:
        case "linear":
            return torch.nn.functional.linear(s, w) + a
        case "tanh":
            return torch.rnn_tanh_cell(a, s, through, w)
        case "GRU":
            return torch.gru_cell(a, s, through, w)
        case _:
            return torch.cat(torch.lstm_cell(a, s.chunk(2, 1), through, w), 1)


def by_autograd(one: RnnGradients, kind: str) -> tuple[list[Tensor], list[Tensor]]:
    """∂L/∂s_t for t = T … 0, and the gradients of w, u, b and v."""
    w, u, b, v = (each.detach().clone().requires_grad_() for each in (one.w, one.u, one.b, one.v))
    size = w.shape[1]
    states = [torch.zeros(one.x.shape[1], one.cell.states * size, dtype=w.dtype, requires_grad=True)]
    for x_t in one.x:
        states.append(torchs_cell(kind, u[x_t] + b, states[-1], w))
    loss = torch.nn.functional.cross_entropy(states[-1][:, :size] @ v.T, one.y)
    found = torch.autograd.grad(loss, [*states, w, u, b, v])
    return list(found[: len(states)][::-1]), list(found[len(states) :])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("start", ["orthogonal", "Gaussian"])
@pytest.mark.parametrize("cell", CELLS)
def test_that_every_gradient_equals_autograd(cell: str, start: str, task: str) -> None:
    one, params = begin(cell=cell, start=start, task=task, length=25, hidden_size=12,
                        spectral_radius=1.2, seed=3)
    for _ in range(4):  # away from the initial zeros of the biases
        one.step(params)
    states, weights = by_autograd(one, cell)

    s, parts = one.cell.forward(one.u[one.x] + one.b, one.w)
    errors = back_through_time(one.cell, states[0], one.cell.slopes(s, parts), one.w)
    seen, gradients = one.look(one.w)

    for ours, theirs in zip([*errors, *gradients], [*states, *weights], strict=True):
        assert (ours - theirs).norm() <= 1e-6 * theirs.norm()
    size = params.hidden_size
    norms = [float(each[:, :size].norm().log10()) for each in states]
    assert np.allclose(seen.log_gradient, norms, rtol=1e-6, atol=1e-6)
    if cell == "LSTM":
        cells = [float(each[:, size:].norm().log10()) for each in states[1:]]
        assert np.allclose(seen.log_cell_gradient, cells, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_that_single_precision_gives_the_same_gradients(cell: str) -> None:
    one, _ = begin(cell=cell, length=30, seed=1)
    exact, _ = one.look(one.w)
    one.w, one.u, one.b, one.v = (each.float() for each in (one.w, one.u, one.b, one.v))
    rough, _ = one.look(one.w)
    assert np.allclose(rough.log_gradient, exact.log_gradient, atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_that_the_singular_values_are_those_of_autograds_jacobian(cell: str) -> None:
    one, params = begin(cell=cell, length=8, hidden_size=10, beside="singular values")
    frame = one.frame(params)
    a = (one.u[one.x[:, :1]] + one.b).detach()
    s, _ = one.cell.forward(a, one.w)
    for k, largest, smallest in zip(frame.singular_steps, frame.log_largest, frame.log_smallest,
                                    strict=True):
        def last(h: Tensor, k: int = int(k)) -> Tensor:
            state = torch.cat((h, s[len(a) - k, 0, len(h) :]))[None]
            for t in range(len(a) - k, len(a)):
                state = torchs_cell(cell, a[t], state, one.w)
            return state[0, : len(h)]

        jacobian = torch.autograd.functional.jacobian(last, s[len(a) - k, 0, :10])
        values = torch.linalg.svdvals(jacobian).log10()
        assert largest == pytest.approx(float(values[0]), abs=1e-5)
        assert smallest == pytest.approx(float(values[-1]), abs=1e-5)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.1, 1.5])
def test_that_the_linear_cells_slope_is_the_radius(radius: float) -> None:
    for seed in range(20):
        one, params = begin(cell="linear", spectral_radius=radius, seed=seed, length=60)
        frame = one.frame(params)
        assert frame.slope == pytest.approx(radius, abs=1e-5)
        assert np.allclose(frame.log_gradient, frame.log_theory, atol=1e-4)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.1, 1.5])
def test_that_a_gaussian_start_has_that_slope_far_from_the_loss(radius: float) -> None:
    slopes = []
    for seed in range(20):
        one, params = begin(cell="linear", start="Gaussian", spectral_radius=radius, seed=seed,
                            length=200)
        slopes.append(one.frame(params).slope)
    assert np.abs(np.array(slopes) - radius).max() < 0.006, slopes


def test_that_tanh_vanishes_at_a_radius_of_one_and_a_tenth_as_the_course_measured() -> None:
    for radius, expected in ((0.9, 0.77), (1.0, 0.83), (1.1, 0.88), (1.5, 1.0)):
        slopes = []
        for seed in range(10):
            one, params = begin(cell="tanh", spectral_radius=radius, seed=seed, length=60,
                                input_strength=0.3)
            slopes.append(one.frame(params).slope)
        assert np.mean(slopes) == pytest.approx(expected, abs=0.05)
        assert radius > 1.1 or max(slopes) < 1


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("start", ["orthogonal", "Gaussian"])
def test_that_a_moved_radius_takes_effect_at_once(cell: str, start: str) -> None:
    one, params = begin(cell=cell, start=start, length=12)
    for _ in range(3):
        one.step(params)
    before = one.w.clone()
    moved = changed(params, spectral_radius=1.7)
    assert one.frame(moved).radius == pytest.approx(1.7, rel=1e-5)
    assert torch.equal(one.w, before), "a frame only looks"
    one.step(moved)  # the step's picture is that of the weights before its update
    assert one.frame(moved).radius == pytest.approx(1.7, rel=1e-5)


def test_that_clipping_shortens_the_gradient_to_the_threshold() -> None:
    one, params = begin(clip=0.05)
    scalars = one.step(params)
    assert scalars["gradient_norm"] > 0.05 and scalars["clipped"] == 1
    total = torch.stack([each.grad.norm() for each in one.trained if each.grad is not None]).norm()
    assert float(total) == pytest.approx(0.05)
    free, params = begin(clip=CLIP_OFF, cell="linear", spectral_radius=2.0)
    scalars = free.step(params)
    total = torch.stack([each.grad.norm() for each in free.trained if each.grad is not None]).norm()
    assert float(total) == pytest.approx(scalars["gradient_norm"]) and float(total) > CLIP_OFF


def test_that_the_random_readout_is_not_trained() -> None:
    one, params = begin(task="random readout")
    before = one.v.clone()
    one.step(params)
    assert torch.equal(one.v, before)


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
@pytest.mark.parametrize("seed", [0, 1])
def test_that_gates_remember_forty_steps_if_they_start_open(cell: str, seed: int) -> None:
    one, params = begin(cell=cell, seed=seed)
    accuracy: list[float] = []
    while np.mean(accuracy[-10:] or [0]) < 1 and len(accuracy) < 300:
        accuracy.append(one.step(params)["accuracy"])
    assert np.mean(accuracy[-10:]) == 1


def test_that_without_gates_the_first_of_forty_symbols_is_guessed() -> None:
    one, params = begin(cell="tanh", spectral_radius=1.0)
    accuracy = [one.step(params)["accuracy"] for _ in range(300)]
    assert np.mean(accuracy[-60:]) < 0.35


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_that_gates_forget_forty_steps_if_they_start_half_closed(cell: str) -> None:
    one, params = begin(cell=cell, gate_bias=False, seed=1)  # a GRU finds it by luck in one of four
    accuracy = [one.step(params)["accuracy"] for _ in range(300)]
    assert np.mean(accuracy[-60:]) < 0.35


def test_that_a_gradient_of_exactly_zero_is_said_to_be_none() -> None:
    one, params = begin(length=10)
    one.v *= 0  # a readout that looks at nothing sends nothing back
    frame = one.frame(params)
    assert frame.slope == 0 and np.isfinite(frame.log_gradient).all()


def test_that_a_copy_trains_on_like_the_original() -> None:
    one, params = begin(cell="LSTM", length=10)
    one.step(params)
    other = copy.deepcopy(one)
    other.generator = torch.Generator()
    other.generator.set_state(one.generator.get_state())
    for _ in range(3):
        assert one.step(params) == other.step(params)
    assert torch.equal(one.w, other.w)
