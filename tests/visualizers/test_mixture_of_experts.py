"""Mixture of experts: the layer against a loop over characters, the balance loss against transformers'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from visualizers.data import Data
from visualizers.l3_transformers.mixture_of_experts.experiment import (
    MixtureOfExperts,
    balance_loss,
    losses,
    norm,
)
from visualizers.l3_transformers.mixture_of_experts.panel import TWINS, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed


def begin(steps: int = 0, **values: Any) -> tuple[MixtureOfExperts, Params]:
    params = Params(**values)
    one = MixtureOfExperts(params, Context("cpu", params.seed, Data()))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def learnt() -> tuple[MixtureOfExperts, Params]:
    return begin(120, seed=11)


@pytest.mark.parametrize("chosen", [1, 2])
def test_that_the_balance_loss_is_that_of_transformers(chosen: int) -> None:
    """Theirs counts k choices a token, so it is k where all is even; ours is 1."""
    logits = 2 * torch.randn(3, 200, 5, generator=torch.Generator().manual_seed(chosen))
    sent = torch.zeros_like(logits).scatter(-1, logits.topk(chosen, -1).indices, 1.0)
    ours = balance_loss(logits.softmax(-1), sent)
    for model in range(3):
        theirs = load_balancing_loss_func((logits[model],), 5, chosen)
        assert isinstance(theirs, torch.Tensor)
        assert ours[model].item() == pytest.approx(theirs.item() / chosen, abs=1e-5)


@pytest.mark.parametrize(("chosen", "out"), [(1, ()), (2, ()), (1, (0,)), (2, (1, 3))])
@torch.no_grad()
def test_that_the_layer_equals_asking_only_the_chosen_experts(chosen: int, out: tuple[int, ...]) -> None:
    """One model after the other, one character after the other, with torch's own attention."""
    one, _ = begin(chosen=chosen, seed=4)
    models, x = one.models, one.held_out[:, :2, :12]
    logits, odds, sent = models(x, out)
    for m in (0, 4):
        stream = models.embedding[m][x[m]] + models.position[m, :12]            # (2, 12, C)
        q, k, v = (norm(stream) @ models.qkv[m]).chunk(3, -1)
        stream = stream + F.scaled_dot_product_attention(q, k, v, is_causal=True)
        for n, place in enumerate(stream.flatten(0, 1)):
            read = norm(place)
            p = F.softmax(read @ models.router[m], -1)
            best = p.argsort(descending=True)[:chosen].tolist()
            gates = p[best] if chosen == 1 else p[best] / p[best].sum()
            for gate, e in zip(gates, best, strict=True):
                if e not in out:
                    place = place + gate * (F.relu(read @ models.up[m, e]) @ models.down[m, e])
            assert torch.allclose(logits[m, n], norm(place) @ models.unembedding[m], atol=1e-4)
            assert torch.allclose(odds[m, n], p, atol=1e-5)
            assert sorted(best) == sent[m, n].nonzero().flatten().tolist()


def test_that_no_model_touches_another() -> None:
    """The gradient of one model's loss is that of all together; without α twins stay the same."""
    one, _ = begin(3, alpha=0.0, seed=5)
    for weight in one.models.weights:
        assert torch.allclose(weight[:TWINS], weight[TWINS:], atol=1e-5)
    one.optimizer.zero_grad()
    x = one.held_out[:, :2]
    losses(one.models(x[..., :-1])[0], x[..., 1:])[1].backward()
    for weight in one.models.weights:
        assert weight.grad is not None
        assert weight.grad[1].any() and not weight.grad[[0, 2, 3, 4, 5]].any()


def test_that_balance_spreads_characters_and_not_skill(learnt: tuple[MixtureOfExperts, Params]) -> None:
    one, params = learnt
    frame = one.frame(params)
    plain, balanced = frame.load.max(-1)
    assert plain.mean() > balanced.mean() + 0.08 and balanced.max() < 0.42
    assert np.allclose(frame.load.sum(-1), 1, atol=1e-5)
    assert (frame.balance[1] < 1.1).all() and frame.balance[0].max() > frame.balance[1].max()
    assert abs(frame.losses[0].mean() - frame.losses[1].mean()) < 0.08
    assert frame.losses.max() < 0.6 * frame.guessing


def test_that_an_expert_is_worth_what_the_loss_rises_without_it(
    learnt: tuple[MixtureOfExperts, Params]
) -> None:
    one, params = learnt
    out = changed(params, knocked=(2, 9))
    one.measure(out)
    frame = one.frame(out)
    assert frame.knocked == (2,)
    assert np.allclose(frame.losses - frame.whole, frame.worth[..., 2], atol=1e-5)
    assert frame.worth[1].mean() > 0.02
    one.measure(params)


def test_that_a_frame_shows_the_model_asked_for(learnt: tuple[MixtureOfExperts, Params]) -> None:
    one, params = learnt
    looked = changed(params, shown="without", twin=2, sentence="return")
    frame = one.frame(looked)
    ids = torch.from_numpy(one.tokens.encode("return"))
    with torch.no_grad():
        _, odds, _ = one.models(ids.expand(2 * TWINS, 1, -1))
    assert "".join(frame.letters) == "return"
    assert frame.expert.tolist() == odds[1].argmax(-1).tolist()
    assert np.allclose(frame.odds, odds[1].amax(-1), atol=1e-5)
    assert frame.active == frame.weights - 3 * 2 * params.width * 2 * params.width
