"""The compression kitchen: each card against torch's own or its definition, bytes against real packing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune as torchs

from visualizers.data import Data
from visualizers.l5_compression.compression.experiment import Compression, least
from visualizers.l5_compression.compression.panel import PICTURES, Params
from visualizers.models.compressible import Task, digits_task, gpt_task
from visualizers.models.compressor import (
    Layer,
    at_random,
    layer,
    low_rank,
    neuron_worth,
    prune,
    prune_two_of_four,
    quantise,
    two_of_four,
    without_columns,
    without_rows,
)
from visualizers.models.quantizer import Scheme
from visualizers.panel import Context
from widgets.controls.parameters import changed

WHOLE = ("prune", "tune", "quantise")


def context(seed: int = 0) -> Context:
    return Context("cpu", seed, Data(Path("nowhere")))


def through(one: Compression | None = None, **values: Any) -> tuple[Compression, Params]:
    """An experiment after its whole recipe."""
    params = Params(**values)
    one = one or Compression(params, context(params.seed))
    while not one.finished(params):
        one.step(params)
    one.measure(params)
    return one, params


def made(rows: int = 12, columns: int = 16, gain: float = 1.0) -> Layer:
    draw = torch.Generator().manual_seed(rows)
    gains = torch.ones(rows, 1)
    gains[3] = gain
    return layer(torch.randn(rows, columns, generator=draw), torch.randn(rows, generator=draw), gains)


@pytest.fixture(scope="module")
def gpt() -> Task:
    return gpt_task("cpu")


# --- the cards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 0.98])
def test_that_pruning_is_torchs_by_magnitude(share: float) -> None:
    one, theirs = made(), nn.Linear(16, 12)
    with torch.no_grad():
        theirs.weight.copy_(one.weight())
    torchs.l1_unstructured(theirs, "weight", amount=share)  # type: ignore[no-untyped-call]
    assert torch.equal(prune(one, share).masks[0], theirs.weight_mask)
    assert torch.equal(prune(one, share).weight(), theirs.weight)
    drawn = at_random(one.weight(), share, torch.Generator().manual_seed(1))
    assert int((drawn == 0).sum()) == round(share * 192), "as many, but others"


def test_that_two_of_every_four_are_left_and_they_are_the_larger_ones() -> None:
    w = torch.randn(5, 18, generator=torch.Generator().manual_seed(0))
    mask = two_of_four(w)
    for row, kept in zip(w.abs().tolist(), mask.tolist(), strict=True):
        for at in range(0, 16, 4):
            wanted = sorted(range(at, at + 4), key=lambda one: -row[one])[:2]
            assert [place for place in range(at, at + 4) if kept[place]] == sorted(wanted)
        assert kept[16:] == [1, 1], "what is left at the end stays"


def test_that_low_rank_is_the_best_there_is() -> None:
    one = made(40, 60)
    values = np.linalg.svd(one.weight().numpy(), compute_uv=False)
    for rank in (1, 4, 16):
        thin = low_rank(one, rank)
        error = float((thin.weight() - one.weight()).norm())
        assert error == pytest.approx(float(np.sqrt((values[rank:] ** 2).sum())), rel=1e-4)  # Eckart-Young
        assert [tuple(each.shape) for each in thin.factors] == [(40, rank), (rank, 60)]
    assert low_rank(one, 24) is one, "24 · 100 numbers are no fewer than 40 · 60"


def test_that_quantisation_is_torchs_fake_quantise() -> None:
    one = prune(made(gain=7.0), 0.5)
    for bits in (2, 4, 8):
        top = 2 ** (bits - 1) - 1
        stored = one.factors[0] * one.masks[0]
        tensor = torch.fake_quantize_per_tensor_affine(
            stored, float(stored.abs().max()) / top, 0, -top, top)
        rows = torch.fake_quantize_per_channel_affine(
            stored, stored.abs().amax(1) / top, torch.zeros(12, dtype=torch.int32), 0, -top, top)
        for scale, wanted in (("per tensor", tensor), ("per channel", rows)):
            ours = quantise(one, Scheme(bits, True, scale))  # type: ignore[arg-type]
            assert torch.allclose(ours.weight(), wanted / one.gain, atol=1e-6)
            assert (ours.weight()[one.masks[0] == 0] == 0).all(), "what was pruned stays zero"


def test_that_an_outlier_changes_nothing_until_something_is_compressed() -> None:
    plain, large = (digits_task(3, "cpu").start(gain, torch.Generator().manual_seed(0))
                    for gain in (1.0, 50.0))
    for name, one in plain.items():
        assert torch.allclose(one.weight(), large[name].weight(), rtol=1e-5, atol=1e-7)
        assert float(large[name].factors[0].abs().max()) > 5 * float(one.factors[0].abs().max())


def test_that_a_network_without_neurons_is_the_smaller_one() -> None:
    task = digits_task(3, "cpu")
    state = task.start(1.0, torch.Generator().manual_seed(0))
    gone = least(neuron_worth(state["0"], state["2"]), 0.75)
    assert int(gone.sum()) == 192
    cut = {**state, "0": without_rows(state["0"], gone), "2": without_columns(state["2"], gone)}
    small = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    with torch.no_grad():
        for at, (rows, columns) in enumerate(((~gone, slice(None)), (slice(None), ~gone),
                                              (slice(None), slice(None)))):
            source = state[str(2 * at)]
            small[2 * at].weight.copy_(source.weight()[rows][:, columns])  # type: ignore[operator]
            small[2 * at].bias.copy_(source.bias[rows])  # type: ignore[operator]
    x, _ = task.held_out
    assert torch.allclose(task.scores(cut, x), small(x), atol=1e-4)
    assert task.bytes(cut) == 4 * sum(one.numel() for one in small.parameters())


def test_that_a_heads_worth_is_the_slope_of_a_gate_behind_it(gpt: Task) -> None:
    state = gpt.start(1.0, torch.Generator().manual_seed(0))
    x, y = gpt.draw(torch.Generator().manual_seed(0))
    gates = torch.ones(len(gpt.heads), requires_grad=True)
    gated = dict(state)
    for gate, head in zip(gates, gpt.heads, strict=True):
        one = gated[head.second]
        scaled = one.factors[0] * torch.where(head.columns, gate, 1.0)
        gated[head.second] = replace(one, factors=(scaled,))
    loss = cross_entropy(gpt.scores(gated, x).flatten(0, -2), y.flatten())
    (slope,) = torch.autograd.grad(loss, gates)
    wanted = slope.abs().view(4, 4) / slope.view(4, 4).norm(dim=1, keepdim=True)
    assert torch.allclose(gpt.head_worth(state, batches=1).view(4, 4), wanted, atol=1e-4)


# --- what is stored --------------------------------------------------------------------------------


def packed(factor: Tensor, mask: Tensor, bits: int) -> bytes:
    """What would be written to a file: of the rows and columns that are left all numbers, or those that are
    left and a bit a place, whichever is shorter. The numbers are random: only their size counts."""
    left = mask.numpy().astype(bool)
    left = left[left.any(1)][:, left.any(0)]
    every = np.random.default_rng(0).integers(0, 2, (left.size, bits), np.uint8)
    dense = np.packbits(every).tobytes()
    there = left.ravel().astype(np.uint8)
    sparse = np.packbits(np.concatenate([every[left.ravel()].ravel(), there])).tobytes()
    return min(dense, sparse, key=len)


def test_that_bytes_are_those_of_really_packed_numbers() -> None:
    gone = torch.zeros(12, dtype=torch.bool)
    gone[[1, 4, 5]] = True
    kinds = {
        "whole": made(), "pruned": prune(made(), 0.8), "hardly pruned": prune(made(), 0.01),
        "two of four": prune_two_of_four(made()), "rows": without_rows(made(), gone),
        "thin": low_rank(made(40, 60), 3), "thin and pruned": prune(low_rank(made(40, 60), 3), 0.5)}
    for name, one in kinds.items():
        for scheme in (None, Scheme(4, True, "per tensor"), Scheme(3, True, "per channel")):
            now = one if scheme is None else quantise(one, scheme)
            size = 4 * int(now.rows.sum())
            for factor, mask in zip(now.factors, now.masks, strict=True):
                size += len(packed(factor, mask, scheme.bits if scheme else 32))
                if scheme is not None:
                    size += 4 * (1 if scheme.granularity == "per tensor" else int(mask.any(1).sum()))
            assert now.bytes == size, name


# --- the recipes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kitchens() -> list[Compression]:
    """After prune, tune, quantise, of two seeds that are none of the tour's."""
    return [through(seed=seed)[0] for seed in (3, 4)]


def test_that_the_courses_figures_appear(kitchens: list[Compression]) -> None:
    for one in kitchens:
        seed = one.seed
        whole, pruned, tuned, small = (right for right, _ in one.path)
        assert whole > 0.95 and 0.5 < pruned < whole - 0.02 and tuned > whole - 0.02 and small > whole - 0.03
        assert one.path[0][1] / one.path[-1][1] > 15
        drawn, _ = through(one, seed=seed, criterion="random")
        assert drawn.path[1][0] < 0.45 and drawn.path[2][0] > 0.85
        late, _ = through(one, seed=seed, recipe=("tune", "prune", "quantise"))
        assert late.path[-1][0] < small - 0.02 and abs(late.path[-1][1] - one.path[-1][1]) < 100
        thin, _ = through(one, seed=seed, recipe=("low rank", "tune"))
        assert thin.path[2][0] > 0.92 and thin.path[2][0] > thin.path[1][0]
        again, _ = through(one, seed=seed, recipe=("prune", "low rank"))
        assert int((again.state["2"].masks[0] == 0).sum()) == 0, "the product is dense again"


def test_that_an_outlier_ruins_one_scale_for_all(kitchens: list[Compression]) -> None:
    for one in kitchens:
        given = {"seed": one.seed, "recipe": ("quantise",), "outlier": 30.0}
        assert one.measure(Params(**given, granularity="per channel")) is not None
        assert one.untrained[0] > 0.94
        one.measure(Params(**given))
        assert one.untrained[0] < 0.5


def test_that_what_is_foretold_is_what_the_cards_do() -> None:
    recipe = ("neurons", "low rank", "2:4", "prune", "quantise")
    one, params = through(seed=5, recipe=recipe, rank=30, sparsity=0.6)
    frame = one.frame(params)
    assert len(one.task.held_out[1]) == PICTURES
    row = one.frame(changed(params, picture=7))
    x, y = one.task.held_out
    for odds, state in ((row.before, one.start(params)), (row.after, one.state)):
        wanted = one.task.scores(state, x[7:8])[0].softmax(-1).detach().numpy()
        assert np.allclose(odds, wanted, atol=1e-5) and row.answer == int(y[7])
    assert frame.plan_right == pytest.approx(frame.path_right[-1])
    assert frame.plan_bytes == frame.path_bytes[-1] and frame.done == 5
    assert (np.diff(frame.path_bytes) <= 0).all()


def test_that_tuning_leaves_gone_what_is_gone() -> None:
    one, _ = through(seed=5, recipe=("prune", "neurons", "tune", "quantise", "distil"), tuning=20)
    for name, layer_ in one.state.items():
        share = float((layer_.weight() == 0).float().mean())
        assert share >= (0.79 if name == "4" else 0.85), "80 %, and half of the neurons"
    dead = ~one.state["0"].rows
    assert int(dead.sum()) >= 128 and (one.state["0"].read_bias()[dead] == 0).all()


def test_that_a_recipe_that_goes_on_is_not_begun_again() -> None:
    one, params = through(seed=5, tuning=20, recipe=("prune", "tune"))
    tuned = one.path[-1]
    longer = changed(params, recipe=("prune", "tune", "quantise"))
    one.step(longer)
    assert one.path[2] == tuned and len(one.path) == 4 and not one.tries
    one.step(changed(longer, sparsity=0.5))
    assert list(one.tries) == ["prune → tune → quantise"] and one.path[1][1] > tuned[1]


@pytest.mark.slow
def test_that_the_small_gpt_bears_half_and_no_rank_of_16() -> None:
    params = Params(model="tiny GPT", recipe=("heads", "quantise"), sparsity=0.5, removed=0.25)
    one = Compression(params, context())
    one.measure(params)
    frame = one.frame(params)
    alone = dict(zip(frame.cards, frame.alone_right.tolist(), strict=True))
    whole = float(frame.path_right[0])
    assert alone["prune"] > 0.9 * whole and alone["quantise"] > 0.95 * whole
    assert alone["heads"] > 0.9 * whole and alone["low rank"] < 0.5 * whole
    scalars = one.step(params)
    assert np.isfinite(list(scalars.values())).all() and one.finished(params)
    assert len(frame.layer_right) == 16 and sum(frame.before.tolist()) <= 1.0
