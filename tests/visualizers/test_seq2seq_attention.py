"""Sequence to sequence: cell by cell and pair by pair, autograd against differences, and the truths."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.l3_transformers.seq2seq_attention import dates
from visualizers.l3_transformers.seq2seq_attention.experiment import (
    LETTERS,
    TRIED,
    Network,
    SequenceToSequence,
)
from visualizers.l3_transformers.seq2seq_attention.panel import Params
from visualizers.panel import Context
from widgets.controls.parameters import changed

SCORES = ("dot", "multiplicative", "additive")


def begin(steps: int = 0, **values: Any) -> tuple[SequenceToSequence, Params]:
    params = Params(**values)
    one = SequenceToSequence(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def learnt() -> tuple[SequenceToSequence, Params]:
    return begin(220, seed=8)


def cell(gru: nn.GRU, ending: str) -> nn.GRUCell:
    """One step of a GRU, with its weights."""
    made = nn.GRUCell(gru.input_size, gru.hidden_size)
    made.load_state_dict({name: getattr(gru, f"{name}_l0{ending}") for name in made.state_dict()})
    return made


def by_hand(network: Network, x: list[int], steps: int, given: list[int] | None = None
            ) -> tuple[list[int], list[Tensor], list[list[float]]]:
    """What is written, the logits and the weights: one cell, one pair of states at a time."""
    seen = [network.embedding.weight[one] for one in x]
    ahead, back = cell(network.encoder, ""), cell(network.encoder, "_reverse")
    forth: list[Tensor] = []
    state = torch.zeros(1, ahead.hidden_size)
    for one in seen:
        state = ahead(one[None], state)
        forth.append(state[0])
    rest: list[Tensor] = []
    state = torch.zeros(1, back.hidden_size)
    for one in seen[::-1]:
        state = back(one[None], state)
        rest.insert(0, state[0])
    h = [torch.cat(pair) for pair in zip(forth, rest, strict=True)]
    d = torch.cat((forth[-1], rest[0]))[None]
    decoder, symbol = cell(network.decoder, ""), network.begin
    wrote, logits, weights = [], [], []
    for t in range(steps):
        d = decoder(network.embedding.weight[symbol][None], d)
        read = d[0]
        if network.score:
            w = network.scorer
            score = [float(d[0] @ one) if network.score == "dot" else float(d[0] @ (w["W"] @ one))
                     if network.score == "multiplicative" else
                     float(w["v"][0] @ torch.tanh(w["U"] @ d[0] + w["W"] @ one)) for one in h]
            total = sum(np.exp(np.array(score) - max(score)))
            weights.append([float(np.exp(one - max(score)) / total) for one in score])
            read = torch.cat((sum((a * one for a, one in zip(weights[-1], h, strict=True)),
                                  torch.zeros_like(h[0])), d[0]))
        logits.append(network.out(read))
        wrote.append(int(logits[-1].argmax()))
        symbol = wrote[-1] if given is None else given[t]
    return wrote, logits, weights


@pytest.mark.parametrize("score", [*SCORES, ""])
@torch.no_grad()
def test_that_reading_comparing_and_writing_equal_one_cell_and_one_pair_at_a_time(score: str) -> None:
    network = Network(score, 16, 12, torch.Generator().manual_seed(3))
    x = torch.randint(16, (2, 7), generator=torch.Generator().manual_seed(4))
    free = network.run(*network.read(x), 7)
    forced = network(x, x.flip(1))
    for row, read in enumerate(x.tolist()):
        wrote, _, weights = by_hand(network, read, 7)
        assert free.symbols[row].tolist() == wrote
        if score:
            assert np.allclose(free.weights[row], weights, atol=1e-5)
        _, logits, _ = by_hand(network, read, 7, read[::-1])
        assert torch.allclose(forced[row], torch.stack(logits), atol=1e-4)


@pytest.mark.parametrize("score", SCORES)
def test_that_the_gradient_through_attention_equals_finite_differences(score: str) -> None:
    network = Network(score, 5, 6, torch.Generator().manual_seed(1)).double()
    x = torch.tensor([[0, 3, 1, 4]])

    def loss() -> Tensor:
        return F.cross_entropy(network(x, x.flip(1)).flatten(0, 1), x.flip(1).flatten())

    loss().backward()
    for name, weight in network.named_parameters():
        at = tuple(size // 2 for size in weight.shape)
        found = []
        for change in (1e-5, -1e-5):
            with torch.no_grad():
                weight[at] += change
                found.append(loss().item())
                weight[at] -= change
        assert weight.grad is not None
        assert (found[0] - found[1]) / 2e-5 == pytest.approx(float(weight.grad[at]), abs=1e-7), name


def test_that_rows_of_the_alignment_sum_to_one_also_where_something_is_hidden(
    learnt: tuple[SequenceToSequence, Params]
) -> None:
    one, params = learnt
    for covered in ((), (0, 5, 11), tuple(range(12))):  # hiding all hides nothing
        frame = one.frame(changed(params, covered=covered))
        assert np.allclose(frame.weights.sum(1), 1, atol=1e-5)
        assert not frame.weights[:, list(frame.covered)].any()
    assert frame.covered == ()


@torch.no_grad()
def test_that_accuracies_are_counted_symbol_by_symbol(learnt: tuple[SequenceToSequence, Params]) -> None:
    one, params = learnt
    frame = one.frame(params)
    for index in (1, len(frame.lengths) - 1):
        x, y = (part[:TRIED].tolist() for part in one.tests[int(frame.lengths[index])])
        for network, at in zip(one.networks, (frame.right_at, frame.plain_at), strict=True):
            wrote = [by_hand(network, read, len(read))[0] for read in x]
            right = np.mean(np.array(wrote) == np.array(y))
            assert at[index] == pytest.approx(right, abs=0.01)


def test_that_attention_is_the_way_round_the_bottleneck(learnt: tuple[SequenceToSequence, Params]) -> None:
    one, params = learnt
    frame = one.frame(params)
    at = {int(n): index for index, n in enumerate(frame.lengths)}
    assert frame.right_at[at[12]] > 0.65 and frame.plain_at[at[12]] < 0.5 < frame.plain_at[at[2]]
    assert frame.right_at[at[24]] < frame.right_at[at[12]] - 0.1
    assert frame.mirrored > 0.4 and frame.sizes[2] == 0
    assert all(pair in LETTERS for pair in frame.source) and frame.wanted == frame.source[::-1]


@pytest.mark.slow
@pytest.mark.parametrize("score", ["multiplicative", "additive"])
def test_that_the_other_scores_learn_it_too_with_weights_of_their_own(score: str) -> None:
    one, params = begin(160, score=score, longest=8, seed=2)
    frame = one.frame(params)
    assert frame.right_at[3] > frame.plain_at[3] + 0.15  # of 8 letters
    size = params.width
    assert frame.sizes[2] == (size**2 if score == "multiplicative" else 2 * size**2 + size)


def test_that_dates_are_written_as_they_are_understood_and_as_iso_says() -> None:
    for day in range(0, dates.DAYS, 997):
        wanted = datetime.date(1900, 1, 1) + datetime.timedelta(days=day)
        assert dates.iso(day) == wanted.strftime("%Y-%m-%d")
        for manner in range(5):
            text = dates.written(day, manner)
            assert dates.understood(text) == dates.iso(day) and set(text) <= set(dates.SIGNS)
            assert str(wanted.year) in text and wanted.strftime("%b").lower() in text
    assert dates.written(0, 2) == "1st of january 1900" and dates.written(11, 2).startswith("12th")
    assert dates.understood("31 feb 1999") == dates.understood("may 1999") == ""


@pytest.mark.slow
def test_that_dates_are_learnt_with_attention_and_none_is_in_both_parts() -> None:
    one, params = begin(120, task="dates to ISO", seed=6)
    frame = one.frame(params)
    assert frame.right_at.mean() > 0.8 > frame.plain_at.mean() + 0.1
    parts = [{tuple(row) for _, y in part.values() for row in y.tolist()} for part in (one.pool, one.tests)]
    assert not parts[0] & parts[1]
