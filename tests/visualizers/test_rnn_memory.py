"""The race of four networks: its gradients against torch's own cells, and what the course measured."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from visualizers.l2_networks.rnn_memory.experiment import Network, RnnMemory, readable
from visualizers.l2_networks.rnn_memory.panel import BASELINE, NETWORKS, Params
from visualizers.models.recurrent import chrono, log_norms
from visualizers.panel import Context

TASKS = ("copy the first symbol", "add two marked numbers")
RNN, ORTHOGONAL, GRU, LSTM = range(4)


def begin(**values: Any) -> tuple[RnnMemory, Params]:
    params = Params(**values)
    one = RnnMemory(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    one.measure(params)
    return one, params


def train(steps: int, **values: Any) -> tuple[RnnMemory, dict[str, list[float]]]:
    one, params = begin(**values)
    history: dict[str, list[float]] = {name: [] for name in (*NETWORKS, "loss")}
    for _ in range(steps):
        for name, value in one.step(params).items():
            history[name].append(value)
    one.measure(params)
    return one, history


def torchs_own(name: str, one: Network, x: Tensor) -> Tensor:
    """The answers of torch.nn.RNN, GRU or LSTM with these weights; torch orders r z n and i f g o."""
    size = one.w.shape[1]
    kind = {"GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}.get(name, torch.nn.RNN)
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2)}.get(name, (0,))
    rows = torch.cat([torch.arange(block * size, (block + 1) * size) for block in order])
    net = kind(x.shape[2], size).to(x)
    with torch.no_grad():
        net.weight_hh_l0.copy_(one.w[rows])
        net.weight_ih_l0.copy_(one.u.T[rows])
        net.bias_ih_l0.copy_(one.b[rows])
        net.bias_hh_l0.zero_()
    last: Tensor = net(x)[0][-1]
    return last @ one.v.T + one.c


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("index", range(4), ids=NETWORKS)
def test_that_answers_equal_those_of_torchs_own_network(index: int, task: str) -> None:
    one, params = begin(task=task, length=30)
    for _ in range(3):
        one.step(params)
    x, _ = one.draw(30, 8)
    network = one.networks[index]
    assert torch.allclose(network.answer(x), torchs_own(NETWORKS[index], network, x), atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("index", range(4), ids=NETWORKS)
def test_that_the_gradient_of_every_weight_equals_autograd(index: int, task: str) -> None:
    one, params = begin(task=task, length=20, input_strength=0.3)
    for _ in range(3):
        one.step(params)
    network = one.networks[index]
    x, y = one.draw(20, 16)
    with torch.no_grad():
        loss, score, _ = network.learn(x, y)
    ours = [weight.grad for weight in network.weights]
    twins = [weight.detach().clone().requires_grad_() for weight in network.weights]
    network.w, network.u, network.b, network.v, network.c = twins
    said = network.answer(x)
    if task == TASKS[0]:
        true = torch.nn.functional.cross_entropy(said, y)
        assert score == pytest.approx(float((said.argmax(1) == y).float().mean()))
    else:
        true = torch.nn.functional.mse_loss(said[:, 0], y)
        assert score == pytest.approx(true.item(), rel=1e-5)
    theirs = torch.autograd.grad(true, twins)
    shorter = min(1.0, 1.0 / float(torch.stack([one.norm() for one in theirs]).norm()))
    assert loss == pytest.approx(true.item(), rel=1e-5)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine is not None
        assert (mine - shorter * other).norm() <= 2e-5 * other.norm() + 1e-7


def test_that_a_long_gradient_is_shortened_to_one() -> None:
    one, params = begin(task="add two marked numbers", input_strength=2.0, seed=2)
    x, y = one.draw(params.length, 32)
    with torch.no_grad():
        for network in one.networks:
            network.c += 5  # far off: a large error
            network.learn(x, y)
            total = torch.stack([weight.grad.norm() for weight in network.weights])  # type: ignore[union-attr]
            assert float(total.norm()) == pytest.approx(1.0, rel=1e-4)


def test_that_the_first_symbol_is_the_answer_and_sums_have_the_stated_baseline() -> None:
    one, _ = begin()
    x, y = one.draw(40, 32)
    assert x.shape == (40, 32, 4) and torch.equal(x[0].argmax(1), y)
    one, _ = begin(task="add two marked numbers")
    x, y = one.draw(41, 20_000)
    assert torch.equal(x[:, :, 1].sum(0), torch.full((20_000,), 2.0))
    assert torch.equal(x[:20, :, 1].sum(0), torch.ones(20_000)), "one mark in each half"
    assert torch.allclose(y, (x[..., 0] * x[..., 1]).sum(0))
    assert float((y - 1).square().mean()) == pytest.approx(BASELINE, abs=0.006)


def test_that_the_states_gradient_at_the_start_is_what_the_course_measured() -> None:
    """|g₁|/|g_T| over 40 steps: about 3e-10 of the RNN, .07 to .09 and more with gates."""
    reach = np.mean([begin(seed=seed, input_strength=0.2)[0].frame(Params()).log_reach
                     for seed in range(8)], axis=0)[:, 0]
    assert -11 < reach[RNN] < -8.5
    assert -1.4 < reach[LSTM] < -0.6 and -1.0 < reach[GRU] < -0.4


def test_that_a_reach_beyond_single_precision_is_still_measured() -> None:
    one, params = begin(length=80)
    reach = one.frame(params).log_reach[RNN]
    assert np.isfinite(reach).all() and -45 < reach[0] < -20
    steps = np.diff(reach[:40])
    assert (steps > 0).all() and steps.std() < 0.2, "a straight line, without a floor"


@pytest.mark.slow
def test_that_over_eighty_steps_gates_that_start_open_remember_and_a_plain_network_does_not() -> None:
    one, history = train(320, length=80, seed=1)
    assert min(np.mean(history[name][-20:]) for name in ("GRU", "LSTM")) > 0.95
    assert np.mean(history["RNN"][-40:]) < 0.6
    assert one.memory[2:, 0].min() > 0.9 and one.memory[2:, 1:72].mean() < 0.35


def test_that_a_probe_reads_what_is_there_and_nothing_else() -> None:
    generator = torch.Generator().manual_seed(0)
    symbols = torch.randint(4, (10, 256), generator=generator)
    x = torch.nn.functional.one_hot(symbols, 4).float()
    h = torch.randn(256, 32, generator=generator)
    h[:, :4] += 4 * x[3]
    found = readable(h, x)
    assert found[3] > 0.95
    assert np.delete(found, 3).max() < 0.36 and abs(np.delete(found, 3).mean() - 0.25) < 0.03


def test_that_the_probe_equals_leaving_out_each_sequence_in_turn() -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.nn.functional.one_hot(torch.randint(4, (5, 40), generator=generator), 4).float()
    h = torch.randn(40, 6, generator=generator) + x[2] @ torch.randn(4, 6, generator=generator)
    z = torch.cat(((h - h.mean(0)) / h.std(0), torch.ones(40, 1)), 1).double()
    y = x.transpose(0, 1).flatten(1).double()
    right = torch.zeros(5)
    for n in range(40):
        rest = [i for i in range(40) if i != n]
        gram = z[rest].T @ z[rest] + 0.01 * 40 * torch.eye(7, dtype=torch.float64)
        guess = (z[n] @ torch.linalg.solve(gram, z[rest].T @ y[rest])).view(5, 4)
        right += guess.argmax(1) == x[:, n].argmax(1)
    assert np.allclose(readable(h, x), right.numpy() / 40)


@pytest.mark.parametrize("length", [5, 6, 40])
def test_that_pairs_differ_in_one_marked_number_only(length: int) -> None:
    one, params = begin(task="add two marked numbers", length=length)
    x = one.pairs(params)
    low, high = x.chunk(2, 1)
    count = low.shape[1] // len(one.positions)
    at = torch.from_numpy(one.positions).long().repeat_interleave(count) - 1
    n = torch.arange(len(at))
    assert torch.equal(low[..., 1], high[..., 1])
    assert (low[at, n, 1] == 1).all() and torch.equal(low[..., 1].sum(0), torch.full((len(at),), 2.0))
    assert torch.equal(low[: length // 2, :, 1].sum(0), torch.ones(len(at)))
    assert (low[at, n, 0] == 0).all() and (high[at, n, 0] == 1).all()
    assert float((high - low).abs().sum()) == len(at)


def test_that_what_an_adder_counts_comes_to_one() -> None:
    one, history = train(300, task="add two marked numbers", length=20)
    assert np.mean(history["LSTM"][-20:]) < 0.02 and np.mean(history["orthogonal"][-50:]) > 0.12
    assert np.abs(one.memory[LSTM] - 1).max() < 0.25
    assert np.abs(one.memory[ORTHOGONAL, : len(one.positions) // 2]).max() < 0.5


def test_that_the_orthogonal_network_starts_as_a_rotation() -> None:
    w = begin()[0].networks[ORTHOGONAL].w
    assert torch.allclose(w @ w.T, torch.eye(32), atol=1e-5)


def test_that_chrono_biases_hold_a_gate_for_one_to_t_steps() -> None:
    bias = chrono(10_000, 50, torch.Generator().manual_seed(0))
    kept = 1 / (1 - bias.sigmoid()) - 1  # d, where the gate is 1 − 1/(d+1)
    assert 1 <= kept.min() < 1.1 and 48.9 < kept.max() <= 49
    assert float(kept.mean()) == pytest.approx(25, abs=0.5)


def test_that_norms_survive_squares_beyond_the_range() -> None:
    d = torch.tensor([3.0, 4.0]).view(1, 1, 2) * torch.tensor([1.0, 1e-30, 1e30]).view(3, 1, 1)
    assert torch.allclose(log_norms(d), torch.tensor([0.69897, -29.30103, 30.69897]), atol=1e-4)
    assert log_norms(torch.zeros(1, 2, 2))[0] == -torch.inf


def test_that_a_copy_races_on_like_the_original() -> None:
    one, params = begin(length=10)
    one.step(params)
    other = copy.deepcopy(one)
    other.generator = torch.Generator()
    other.generator.set_state(one.generator.get_state())
    for _ in range(3):
        assert one.step(params) == other.step(params)
    for mine, theirs in zip(one.networks, other.networks, strict=True):
        assert torch.equal(mine.w, theirs.w)
