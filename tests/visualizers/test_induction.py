"""Induction heads: the model against torch's own attention, the scores against their definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.induction.experiment import BASE, Induction, turned
from visualizers.l3_transformers.induction.panel import EXAMPLES, LETTERS, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed


def begin(steps: int = 0, **values: Any) -> tuple[Induction, Params]:
    params = Params(**values)
    one = Induction(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def learnt() -> tuple[Induction, Params]:
    return begin(260, seed=11)


def torchs(one: Induction, x: Tensor, out: tuple[int, ...] = ()) -> tuple[Tensor, list[list[Tensor]]]:
    """The same scores, head by head, with torch's attention and complex numbers for the rotation."""
    model = one.model
    C, H = model.embedding.shape[1], model.heads
    D, T = C // H, x.shape[1]
    turn = torch.polar(torch.ones(T, D // 2), torch.outer(
        torch.arange(T).float(), BASE ** (-2.0 * torch.arange(D // 2) / D)))
    norm = torch.nn.LayerNorm(C, elementwise_affine=False)
    stream, maps = model.embedding[x], []
    for layer, (qkv, back) in enumerate(zip(model.qkv, model.out, strict=True)):
        read, added, found = norm(stream), torch.zeros_like(stream), []
        for head in range(H):
            q, k, v = (read @ qkv[:, part * C + head * D : part * C + (head + 1) * D]
                       for part in range(3))
            q, k = (torch.view_as_real(torch.view_as_complex(each.unflatten(-1, (-1, 2)).contiguous())
                                       * turn).flatten(-2) for each in (q, k))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            found.append(F.scaled_dot_product_attention(
                q, k, torch.eye(T).expand(len(x), T, T), is_causal=True))  # the weights themselves
            if layer * H + head not in out:
                added = added + y @ back[head * D : (head + 1) * D]
        stream = stream + added
        maps.append(found)
    return norm(stream) @ model.unembedding, maps


@pytest.mark.parametrize("out", [(), (0,), (1, 2), (0, 1, 2, 3)])
@torch.no_grad()
def test_that_the_model_equals_torchs_attention_with_and_without_heads(
    learnt: tuple[Induction, Params], out: tuple[int, ...]
) -> None:
    one, _ = learnt
    x = one.tests[:5]
    keep: list[Tensor] = []
    ours = one.model(x, out, keep)
    theirs, maps = torchs(one, x, out)
    assert torch.allclose(ours, theirs, atol=1e-4)
    for layer, found in enumerate(maps):
        assert torch.allclose(keep[layer], torch.stack(found, 1), atol=1e-5)
        assert torch.allclose(keep[layer].sum(-1), torch.ones(()), atol=1e-5)


@torch.no_grad()
def test_that_a_rotated_score_depends_on_the_distance_alone() -> None:
    q, k = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    score = turned(q.expand(20, 8)) @ turned(k.expand(20, 8)).T
    for distance in range(10):
        along = score.diagonal(-distance)
        assert torch.allclose(along, along[0].expand_as(along), atol=1e-4)


@torch.no_grad()
def test_that_scores_of_heads_are_those_of_olssons_definition(learnt: tuple[Induction, Params]) -> None:
    """Place by place and symbol by symbol, on the tests."""
    one, params = learnt
    frame = one.frame(params)
    _, maps = torchs(one, one.tests[:, :-1])
    for layer, found in enumerate(maps):
        for head, weight in enumerate(found):
            before, after = [], []
            for n, sequence in enumerate(one.tests[:, :-1].tolist()):
                before += [float(weight[n, t, t - 1]) for t in range(1, len(sequence))]
                for t in range(one.half, len(sequence)):
                    assert sequence[t] == sequence[t - one.half]  # it was there a period ago …
                    after.append(float(weight[n, t, t - one.half + 1]))  # … and this came next
            assert frame.previous[layer, head] == pytest.approx(np.mean(before), abs=1e-4)
            assert frame.induction[layer, head] == pytest.approx(np.mean(after), abs=1e-4)


@torch.no_grad()
def test_that_losses_are_those_of_the_places(learnt: tuple[Induction, Params]) -> None:
    one, params = learnt
    frame = one.frame(params)
    odds = torchs(one, one.tests)[0].softmax(-1)
    for index, place in enumerate(frame.at.tolist()):
        wanted = [-math.log(odds[n, place - 2, one.tests[n, place - 1]]) for n in range(EXAMPLES)]
        assert frame.loss_at[index] == pytest.approx(np.mean(wanted), abs=1e-3)
    again = frame.at > frame.begins  # the first letter of the repetition cannot be known
    assert frame.repeats == pytest.approx(float(frame.loss_at[again].mean()), abs=1e-5)
    assert frame.fresh == pytest.approx(float(frame.loss_at[frame.at < frame.begins].mean()), abs=1e-5)


def test_that_sequences_begin_again_where_they_should() -> None:
    one, _ = begin(seed=4)
    after = torch.tensor([6, 9, 16, one.T])
    for row, period in zip(one.sequences(4, after).tolist(), after.tolist(), strict=True):
        assert row[period:] == row[:-period][: len(row) - period]


def test_that_answers_to_pairs_can_be_known_from_the_context_alone() -> None:
    one, _ = begin(seed=5)
    known = np.zeros(len(one.shown))
    for row in one.pairs.tolist():
        said: dict[int, int] = {}
        for index, (key, value) in enumerate(zip(row[::2], row[1::2], strict=True)):
            known[index] += key in said
            assert said.setdefault(key, value) == value
    assert np.allclose(known / len(one.pairs), one.shown)


def test_that_two_layers_learn_it_suddenly() -> None:
    one, params = begin(60, seed=3)
    early = one.frame(params)
    assert early.accuracy < 0.25 and early.induction.max() < 0.2
    for _ in range(200):
        one.step(params)
    one.measure(params)
    late = one.frame(params)
    assert late.accuracy > 0.75 and late.repeats < 0.9 and late.fresh > 0.9 * late.guessing
    assert late.previous[0].max() > 0.4 and late.induction[1].max() > 0.55
    assert late.shots[-4:].mean() > late.shots[:2].mean() + 0.3


def test_that_each_of_the_two_layers_is_needed(learnt: tuple[Induction, Params]) -> None:
    one, params = learnt
    for out in ((0, 1), (2, 3)):
        gone = changed(params, knocked=out)
        one.measure(gone)
        frame = one.frame(gone)
        assert frame.accuracy < 0.3 and frame.whole_at[one.half :].mean() < 1
        assert not frame.maps[out[0] // 2].any()
    one.measure(params)


@pytest.mark.slow
def test_that_one_layer_never_learns_it_and_why_positions_and_repetition_are_needed() -> None:
    for values in ({"layers": 1, "heads": 4}, {"positions": "none"}, {"repeating": 0.0}):
        one, params = begin(220, seed=5, **values)
        frame = one.frame(params)
        assert frame.accuracy < 0.35 and frame.induction.max() < 0.3, values


def test_that_a_typed_sequence_is_read_and_what_is_no_symbol_left_out(
    learnt: tuple[Induction, Params]
) -> None:
    one, params = learnt
    frame = one.frame(changed(params, sequence="a b!cabc" + LETTERS[-1]))
    assert frame.own and "".join(frame.letters) == "abcabc"
    with torch.no_grad():
        odds = torchs(one, torch.tensor([[0, 1, 2, 0, 1, 2]]))[0][0].softmax(-1)
    assert np.allclose(frame.odds[1:], [odds[t, s] for t, s in enumerate((1, 2, 0, 1, 2))], atol=1e-4)
    assert frame.next_odds[0] == pytest.approx(float(odds[-1].max()), abs=1e-4)
    assert not one.frame(changed(params, sequence="a")).own  # nothing stands before one letter
