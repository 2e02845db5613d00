"""Scaled dot-product attention: torch's own, transformers' rotation, and what chance must do."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l3_transformers.dot_product import experiment
from visualizers.l3_transformers.dot_product.experiment import DotProduct
from visualizers.l3_transformers.dot_product.panel import HAND, KEYS, PLACES, REACH, WIDTHS, Params
from visualizers.panel import Context

PANEL = panel("dot_product")
POSITIONS = ("none", "sinusoidal", "learnt", "rotary", "ALiBi")


def made(seed: int = 3, **values: object) -> tuple[DotProduct, Params]:
    params = Params(seed=seed, **values)  # type: ignore[arg-type]
    return DotProduct(params, Context("cpu", seed, Data())), params


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_that_it_is_torch_s_own_attention(positions: str, mask: str, monkeypatch) -> None:
    seen = []
    by_hand = experiment.attention

    def kept(q, k, v, scale, bias):
        seen.append((q, k, v, scale, bias, *by_hand(q, k, v, scale, bias)))
        return seen[-1][5:]

    monkeypatch.setattr(experiment, "attention", kept)
    model, params = made(positions=positions, mask=mask, width=48, masked=(1,))
    frame = model.frame(params)
    assert len(seen) == 5  # two orders, each unscaled and scaled, and by hand
    for q, k, v, scale, bias, weight, output in seen:
        theirs = F.scaled_dot_product_attention(q[None], k[None], v[None], bias, scale=scale)[0]
        torch.testing.assert_close(output, theirs, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(weight.sum(-1), torch.ones(len(q)))
    assert seen[1][3] == 1 / math.sqrt(48) and seen[0][3] == 1.0
    if mask == "causal":
        assert not np.triu(frame.weights, 1).any() and not np.triu(frame.plain, 1).any()


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_that_the_variance_is_d_and_only_scaled_scores_keep_the_softmax_soft(seed: int) -> None:
    """The course's figures: .52 → .97 unscaled and .36 scaled; Σ p (1 − p) .61 → .05 and .77."""
    model, params = made(seed)
    frame = model.frame(params)
    # 3,200 products share 400 queries: the variance is known to about 5 %
    assert np.allclose(frame.variance, WIDTHS, rtol=0.2)
    assert abs(frame.largest_plain[1] - 0.52) < 0.04 and abs(frame.largest_plain[-1] - 0.97) < 0.02
    assert np.allclose(frame.largest[2:], 0.36, atol=0.03)
    assert abs(frame.slope_plain[1] - 0.61) < 0.05 and abs(frame.slope_plain[-1] - 0.05) < 0.02
    assert np.allclose(frame.slope[2:], 0.77, atol=0.03)
    assert np.allclose(frame.here[[0, 2]], [frame.variance[5], frame.largest[5]])  # d = 64
    drawn = np.random.default_rng(seed).standard_normal((4000, 8))
    odds = np.exp(drawn) / np.exp(drawn).sum(1, keepdims=True)  # what √d aims at: scores of variance 1
    assert abs(frame.largest[-1] - odds.max(1).mean()) < 0.03


def test_that_sharpness_is_the_trace_of_the_softmax_s_jacobian() -> None:
    scores = torch.randn(5, 8, generator=torch.Generator().manual_seed(1)) * 2
    jacobians = [torch.autograd.functional.jacobian(lambda one: one.softmax(-1), row) for row in scores]
    largest, slope = experiment.sharpness(scores)
    assert math.isclose(slope, float(np.mean([one.trace() for one in jacobians])), rel_tol=1e-5)
    assert math.isclose(largest, scores.softmax(-1).max(-1).values.mean().item(), rel_tol=1e-6)


@pytest.mark.parametrize("seed", [3, 4])
def test_that_only_positions_or_a_mask_tell_one_order_from_another(seed: int) -> None:
    model, params = made(seed)
    for positions in POSITIONS:
        for mask in ("none", "causal"):
            frame = model.frame(Params(seed=seed, positions=positions, mask=mask))  # type: ignore[arg-type]
            assert (frame.moved.max() == 0) == (positions == "none" and mask == "none")
    written = model.frame(params)
    other = model.frame(Params(seed=seed, shuffled=True))
    order = [written.words.index(one) for one in other.words]
    assert order != list(range(8))
    np.testing.assert_allclose(other.weights, written.weights[np.ix_(order, order)], atol=1e-6)


def test_that_sinusoids_are_the_paper_s() -> None:
    wave = experiment.sinusoids(torch.arange(PLACES), 10).numpy()
    for place in range(PLACES):
        for i in range(5):
            angle = place / 10_000 ** (2 * i / 10)
            assert abs(wave[place, 2 * i] - math.sin(angle)) < 1e-5
            assert abs(wave[place, 2 * i + 1] - math.cos(angle)) < 1e-5
    assert experiment.sinusoids(torch.arange(3), 7).shape == (3, 7)


def test_that_the_rotation_is_that_of_llama_and_depends_on_the_distance_alone() -> None:
    transformers = pytest.importorskip("transformers")
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

    config = transformers.LlamaConfig(hidden_size=32, num_attention_heads=1, num_key_value_heads=1)
    places = torch.arange(9)
    q, k = torch.randn(2, 9, 32, generator=torch.Generator().manual_seed(2))
    cos, sin = LlamaRotaryEmbedding(config)(q[None], places[None])
    theirs = apply_rotary_pos_emb(q[None, None], k[None, None], cos, sin)
    torch.testing.assert_close(experiment.rotate(q, places), theirs[0][0, 0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(experiment.rotate(k, places), theirs[1][0, 0], atol=1e-5, rtol=1e-5)
    one, other = q[:1].expand(9, -1), k[:1].expand(9, -1)
    score = experiment.rotate(one, places) @ experiment.rotate(other, places).T
    torch.testing.assert_close(score[1:, 1:], score[:-1, :-1], atol=1e-4, rtol=1e-4)
    odd = torch.randn(9, 7)
    torch.testing.assert_close(experiment.rotate(odd, places)[:, 6], odd[:, 6])
    torch.testing.assert_close(experiment.rotate(odd, places).norm(dim=1), odd.norm(dim=1))


def test_that_positions_alone_are_the_same_along_a_diagonal_but_where_they_are_learnt() -> None:
    model, _ = made()
    for positions in POSITIONS:
        alone = model.frame(Params(seed=3, positions=positions)).alone  # type: ignore[arg-type]
        same = np.allclose(alone[1:, 1:], alone[:-1, :-1], atol=1e-4)
        assert same == (positions != "learnt")
    assert model.frame(Params(seed=3, positions="ALiBi")).alone[2, 5] == -1.5
    wide = model.frame(Params(seed=3, positions="learnt", width=1000)).alone
    assert np.isfinite(wide).all()


def test_that_the_step_by_hand_adds_up_and_masks_all_but_everything() -> None:
    model, _ = made()
    hand = np.array(HAND).reshape(-1, 2)
    q, k, v = hand[0], hand[1 : 1 + KEYS], hand[1 + KEYS :]
    for masked in ((), (0,), (0, 1, 2), (0, 1, 2, 3), (9, -1)):
        frame = model.frame(Params(seed=3, masked=masked))
        seen = [one for one in range(KEYS) if one not in masked] or list(range(KEYS))
        odds = np.array([math.exp(q @ k[one] / math.sqrt(2)) if one in seen else 0.0
                         for one in range(KEYS)])
        odds /= odds.sum()
        np.testing.assert_allclose(frame.hand_scores, k @ q, atol=1e-6)
        np.testing.assert_allclose(frame.hand_weights, odds, atol=1e-6)
        np.testing.assert_allclose(frame.output, odds @ v, atol=1e-6)
    for bad in ((), (1.0,), (99.0,) * len(HAND), (math.nan,) * len(HAND)):
        shown = model.frame(Params(seed=3, hand=bad)).hand
        assert np.isfinite(shown).all() and np.abs(shown).max() <= REACH


def test_that_a_drag_and_a_click_come_back_as_parameters(qtbot) -> None:
    from visualizers.panel import load
    from widgets.theme.look import Look, theme
    from widgets.theme.words import Words

    view = load(PANEL.view)(Look(theme("light"), Words("en")))
    qtbot.addWidget(view)
    trial = Trial(PANEL, Params(page="hand"))
    view.show_frame(trial.shown())
    sent = []
    view.changed.connect(lambda name, value: sent.append((name, value)))
    view.giving.dragged.emit(2, 1.5, -0.5)
    view.table.clicked.emit(1)
    assert sent[0][0] == "hand" and sent[0][1][2 * (1 + KEYS + 2) :][:2] == (1.5, -0.5)
    assert sent[0][1][:10] == HAND[:10] and sent[1] == ("masked", (1,))
