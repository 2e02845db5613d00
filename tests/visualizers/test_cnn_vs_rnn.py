"""CNN against RNN: both hand-written backward passes against autograd, and the lecture's table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d, cross_entropy, embedding

from visualizers.data.cues import cue_texts
from visualizers.l2_networks.cnn_vs_rnn import experiment
from visualizers.l2_networks.cnn_vs_rnn.experiment import CLIP, EMBEDDING, SYMBOLS, CnnVsRnn
from visualizers.l2_networks.cnn_vs_rnn.panel import LENGTHS, Params
from visualizers.panel import Context


def begin(**values: Any) -> tuple[CnnVsRnn, Params]:
    params = Params(**values)
    context = Context("cpu", params.seed, data=None)  # type: ignore[arg-type]
    one = CnnVsRnn(params, context)
    one.measure(params)
    return one, params


def batch(params: Params) -> tuple[Tensor, Tensor]:
    texts = cue_texts(params.task, params.batch, params.distance, 99)
    return torch.from_numpy(texts.x), torch.from_numpy(texts.y)


def leaves(weights: list[Tensor]) -> list[Tensor]:
    return [each.detach().clone().requires_grad_() for each in weights]


@pytest.mark.parametrize("window", [1, 3, 8])
def test_that_the_cnn_and_its_gradients_equal_torch_s_convolution(window: int) -> None:
    one, params = begin(window=window, filters=6, seed=2)
    for _ in range(3):
        one.step(params)
    x, y = batch(params)
    logits, gradients = one.cnn.gradients(x, y)

    e, k, b, v = mine = leaves(one.cnn.weights)
    kernel = k.view(-1, window, EMBEDDING).transpose(1, 2)  # (F, E, h)
    theirs = conv1d(embedding(x, e).transpose(1, 2), kernel, b).relu().amax(2) @ v.T
    expected = torch.autograd.grad(cross_entropy(theirs, y), mine)

    assert torch.allclose(logits, theirs, atol=1e-5)
    for ours, wanted in zip(gradients, expected, strict=True):
        assert (ours - wanted).norm() <= 1e-5 * wanted.norm() + 1e-8


@pytest.mark.parametrize("cell", ["tanh", "GRU", "LSTM"])
def test_that_the_rnn_and_its_gradients_equal_autograd(cell: str) -> None:
    one, params = begin(cell=cell, hidden_size=6, distance=4, seed=2)
    x, y = batch(params)
    logits, gradients = one.rnn.gradients(x, y)

    w, u, b, v = mine = leaves(one.rnn.weights)
    size = params.hidden_size
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2), "tanh": (0,)}[cell]  # torch's order of blocks
    rows = torch.cat([torch.arange(each * size, (each + 1) * size) for each in order])
    step = {"GRU": torch.gru_cell, "LSTM": torch.lstm_cell, "tanh": torch.rnn_tanh_cell}[cell]
    h = torch.zeros(len(x), size)
    state: Any = (h, h) if cell == "LSTM" else h
    for symbols in x.T:
        a = (u[symbols] + b)[:, rows]
        state = step(a, state, torch.eye(len(rows)), w[rows])
    theirs = (state[0] if cell == "LSTM" else state) @ v.T
    expected = torch.autograd.grad(cross_entropy(theirs, y), mine)
    norm = float(torch.stack([each.norm() for each in expected]).norm())

    assert torch.allclose(logits, theirs, atol=1e-5)
    for ours, wanted in zip(gradients, expected, strict=True):
        wanted = wanted * min(1.0, CLIP / norm)
        assert (ours - wanted).norm() <= 1e-4 * wanted.norm() + 1e-7


def test_that_the_parameters_are_those_of_torch_s_layers() -> None:
    one, params = begin(window=4, filters=10, hidden_size=12)
    frame = one.frame(params)
    layers = [torch.nn.Embedding(SYMBOLS, EMBEDDING), torch.nn.Conv1d(EMBEDDING, 10, 4),
              torch.nn.Linear(10, 2, bias=False)]
    assert frame.cnn_parameters == sum(p.numel() for each in layers for p in each.parameters())
    gru = torch.nn.GRU(SYMBOLS, 12)
    assert frame.rnn_parameters == sum(p.numel() for p in gru.parameters()) - 36 + 2 * 12, \
        "torch keeps two biases where one is enough"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_that_the_cnn_guesses_exactly_where_its_window_ends_and_the_gru_does_not(seed: int) -> None:
    one, params = begin(window=4, distance=12, seed=seed)
    for _ in range(500):
        one.step(params)
    frame = one.frame(params)
    assert frame.cnn_by_distance[:3].min() > 0.9
    assert abs(frame.cnn_by_distance[3:].mean() - 0.5) < 0.08
    assert frame.rnn_by_distance.mean() > 0.97
    fresh = cue_texts(params.task, 4000, params.distance, 12345)  # an independent test
    sure = one.look(torch.from_numpy(fresh.x), fresh.y)
    right, near = sure > 0.5, torch.from_numpy(fresh.distance < 4)
    assert right[0, near].float().mean() > 0.95
    assert abs(float(right[0, ~near].float().mean()) - 0.5) < 0.04
    assert right[1].float().mean() > 0.98


def test_that_one_word_is_found_at_any_distance_in_any_order() -> None:
    one, params = begin(task="which word occurs", window=1)
    for _ in range(200):
        one.step(params)
    assert one.frame(params).cnn_by_distance.min() > 0.9
    assert one.measure(params)["cnn_shuffled"] > 0.9


def test_that_the_clock_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, params = begin()
    measured = [real.step(params) for _ in range(20)]
    ticks = iter(range(10**6))
    monkeypatch.setattr(experiment.time, "perf_counter", lambda: float(next(ticks) ** 2))
    false, _ = begin()
    for _ in range(20):
        false.step(params)
    for one, other in zip([*real.cnn.weights, *real.rnn.weights],
                          [*false.cnn.weights, *false.rnn.weights], strict=True):
        assert torch.equal(one, other)
    assert torch.equal(real.generator.get_state(), false.generator.get_state())
    assert {each["timed_length"] for each in measured} == {0.0, *LENGTHS[:2]}


def test_that_the_rnn_s_time_grows_faster_with_length_than_the_cnn_s() -> None:
    one, _ = begin(hidden_size=16, filters=16)
    times = {name: {length: np.median([experiment.clock(network, one.clocked[:, :length])
                                       for _ in range(9)]) for length in (8, 128)}
             for name, network in (("cnn", one.cnn), ("rnn", one.rnn))}
    growth = {name: found[128] / found[8] for name, found in times.items()}
    assert growth["rnn"] > 2 * growth["cnn"]


def test_that_accuracy_over_distance_counts_right_answers_and_forgets_old_ones() -> None:
    one, params = begin(distance=3, batch=30)
    wanted, texts = np.zeros((2, 3)), np.zeros(3)
    keep = 1 - 30 / 300
    for _ in range(5):
        probe = torch.Generator()
        probe.set_state(one.generator.get_state())
        seen = cue_texts(params.task, 30, 3, int(torch.randint(2**31, (), generator=probe)))
        right = (one.look(torch.from_numpy(seen.x), seen.y) > 0.5).numpy()
        one.step(params)
        for d in range(3):
            here = seen.distance == d + 1
            texts[d] = texts[d] * keep + here.sum()
            wanted[:, d] = wanted[:, d] * keep + right[:, here].sum(1)
    frame = one.frame(params)
    assert np.allclose(frame.texts, texts, rtol=1e-5)
    assert np.allclose([frame.cnn_by_distance, frame.rnn_by_distance], wanted / texts, atol=1e-5)


def test_that_a_clicked_distance_shows_a_text_of_that_distance() -> None:
    one, _ = begin(distance=9)
    for asked, given in ((0, 5), (1, 1), (7, 7), (50, 9)):
        frame = one.frame(Params(distance=9, example=asked))
        assert frame.example_distance == given == np.diff(frame.cues)[0]
        assert "AB"[frame.example_y] == frame.tokens[frame.cues[0]]
        assert 0 <= frame.example_cnn <= 1


@pytest.mark.parametrize("cell", ["GRU", "LSTM", "tanh"])
def test_that_only_the_rnn_takes_more_matrix_products_for_longer_texts(cell: str) -> None:
    from app.headless.trial import Trial
    from visualizers.l2_networks.cnn_vs_rnn.panel import PANEL

    frame = Trial(PANEL, Params(cell=cell)).frame()
    # Forward: the windows by the filters, the best by the readout; and once more for the way back.
    assert frame.cnn_products.tolist() == [4] * len(LENGTHS)
    each = np.diff(frame.rnn_products) / np.diff(LENGTHS)
    assert each.min() == each.max() >= 2  # at least one forward and one back for each word
