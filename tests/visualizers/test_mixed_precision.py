"""Mixed precision: every rounding against torch's and numpy's own types, the way back against autograd,
the scale against GradScaler, and what the panel says of a run that is lost."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.l5_compression.mixed_precision.experiment import (
    EXACT,
    Adam,
    LossScale,
    MixedPrecision,
    backward,
    fates_by_exponent,
    forward,
    rounded,
)
from visualizers.l5_compression.mixed_precision.panel import BINS, FIRST, FORMATS, LAYERS, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp8 E5M2": torch.float8_e5m2,
         "fp8 E4M3": torch.float8_e4m3fn}


def begin(**values: Any) -> tuple[MixedPrecision, Params]:
    params = Params(**values)
    one = MixedPrecision(params, Context("cpu", params.seed, Data()))
    one.measure(params)
    return one, params


def train(one: MixedPrecision, params: Params, steps: int) -> dict[str, np.ndarray]:
    told = [one.step(params) for _ in range(steps)]
    return {name: np.array([step[name] for step in told]) for name in told[0]}


@pytest.mark.parametrize("name", TYPES)
def test_that_a_number_is_rounded_as_torchs_own_type_rounds_it(name: str) -> None:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(40_000, generator=draw) * 2.0 ** (torch.rand(40_000, generator=draw) * 60 - 40)
    halves = torch.arange(-700.0, 700.0, 0.5)  # ties, and beyond the largest of E4M3
    tiny = torch.arange(-64, 65) * 2.0 ** (FORMATS[name].low - 3) if name != "bf16" else x[:1]
    for values in (x, halves, halves * 2.0**7, tiny, torch.tensor([0.0, -0.0, float("inf"), float("nan")])):
        ours, theirs = rounded(values, FORMATS[name]), values.to(TYPES[name]).float()
        if name == "fp8 E4M3":  # torch clamps to the largest; without clamping it is not a number
            beyond = (values.abs() > 464) | values.isnan()
            assert torch.equal(ours.isnan(), beyond)
            ours, theirs = ours[~beyond], theirs[~beyond]
        assert torch.equal(ours.nan_to_num(1e9, 2e9, 3e9), theirs.nan_to_num(1e9, 2e9, 3e9))


def test_that_the_windows_are_those_of_torch_and_numpy() -> None:
    for name, dtype in TYPES.items():
        one, info = FORMATS[name], torch.finfo(dtype)
        assert (one.largest, 2.0**one.least, 2.0**-one.mantissa) == (info.max, info.tiny, info.eps)
    half, single = np.finfo(np.float16), np.finfo(np.float32)
    assert 2.0 ** FORMATS["fp16"].low == half.smallest_subnormal == pytest.approx(6e-8, rel=0.01)
    assert 2.0 ** EXACT.low == single.smallest_subnormal and EXACT.largest == single.max


def test_that_a_ten_millionth_taken_from_one_is_lost_in_sixteen_bits() -> None:
    one, params = begin(update=1e-7)
    after = dict(zip(FORMATS, one.frame(params).after_update, strict=True))
    assert after["fp16"] == float(np.float16(1) - np.float16(1e-7)) == 1
    assert after["float32"] == float(np.float32(1) - np.float32(1e-7)) < 1
    assert after["bf16"] == after["fp8 E5M2"] == after["fp8 E4M3"] == 1
    for u in (2.0**-9, 3e-4, 0.05):  # just below 1, numbers are 2^(−mantissa − 1) apart
        for name, value in zip(FORMATS, one.frame(changed(params, update=u)).after_update, strict=True):
            assert (value == 1) == (float(rounded(torch.tensor(u), FORMATS[name]))
                                    <= 2.0 ** (-FORMATS[name].mantissa - 2))


def test_that_the_way_back_equals_autograd() -> None:
    one, _ = begin(seed=4)
    x, y = one.learn[0][100:180], one.learn[1][100:180]
    w = [each.clone().requires_grad_() for each in one.weights]
    h = x
    kept = []
    for layer, weight in enumerate(w):
        h = h @ weight
        h = h.relu() if layer < LAYERS - 1 else h
        h.retain_grad()
        kept.append(h)
    torch.nn.functional.cross_entropy(h, y).backward()
    ours = forward(x, one.weights, EXACT)
    errors, gradients = backward(ours, y, one.weights, 1 / len(y), EXACT)
    for mine, each in zip(gradients, w, strict=True):
        assert each.grad is not None and torch.allclose(mine, each.grad, atol=1e-7)
    for mine, each in zip(errors, kept, strict=True):
        assert each.grad is not None
        assert torch.allclose(mine, each.grad * (1 if each is kept[-1] else each > 0), atol=1e-7)


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_that_a_layer_is_what_torch_computes_in_that_type(name: str) -> None:
    one, _ = begin(seed=2)
    x, w = one.learn[0][:64], [rounded(each, FORMATS[name]) for each in one.weights]
    h = forward(x, w, FORMATS[name])
    for layer in range(LAYERS):  # sums in another order may round to the neighbour, seldom
        theirs = (h[layer].to(TYPES[name]) @ w[layer].to(TYPES[name])).float()
        theirs = theirs.relu() if layer < LAYERS - 1 else theirs
        assert ((h[layer + 1] - theirs).abs() <= 2.0 ** -FORMATS[name].mantissa * theirs.abs() + 1e-4).all()
        assert (h[layer + 1] == theirs).float().mean() > 0.97


def test_that_updates_are_adams() -> None:
    draw = torch.Generator().manual_seed(0)
    w = [torch.randn(5, 3, generator=draw)]
    theirs = w[0].clone().requires_grad_()
    adam, optimizer = Adam(w), torch.optim.Adam([theirs], lr=0.01)
    for _ in range(20):
        g = torch.randn(5, 3, generator=draw)
        w[0] = w[0] - adam.updates([g], 0.01)[0]
        theirs.grad = g
        optimizer.step()
    assert torch.allclose(w[0], theirs, atol=1e-6)


def test_that_the_scale_follows_gradscalers_rule() -> None:
    theirs = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=7)
    ours = LossScale(2.0**10)
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.0)
    draw = np.random.default_rng(3)
    for _ in range(120):
        overflow = bool(draw.random() < 0.12)
        weight.grad = None
        theirs.scale((weight * (float("inf") if overflow else 1.0)).sum()).backward()
        theirs.step(optimizer)
        theirs.update()
        ours.tell(overflow, 7)
        assert ours.scale == theirs.get_scale()


def test_that_a_step_with_an_overflow_changes_nothing_but_the_scale() -> None:
    one, params = begin(scaling="dynamic", log_scale=48)
    before = [each.clone() for each in one.weights]
    told = train(one, params, 4)
    assert told["skipped"].all() and one.skipped == 4 and one.loss_scale.scale == 2.0**44
    assert all(torch.equal(a, b) for a, b in zip(before, one.weights, strict=True)) and one.adam.t == 0


def test_that_the_fates_are_counted_by_the_exponent_that_should_have_been() -> None:
    exact = torch.tensor([1.0, 1.9, 2.0, -0.25, 2.0**-30, 0.0, 2.0**20, 2.0**-80])
    got = rounded(exact, FORMATS["fp16"])
    fates = fates_by_exponent(got, exact)
    assert fates.sum() == 7 and fates[0, -FIRST] == 2 and fates[0, 1 - FIRST] == fates[0, -2 - FIRST] == 1
    assert fates[1, -30 - FIRST] == fates[1, 0] == 1 and fates[2, 20 - FIRST] == 1
    one, params = begin()
    frame = one.frame(params)
    total = frame.kept + frame.lost + frame.overflowed
    low = FORMATS["fp16"].low
    assert total.sum() and frame.lost[low - FIRST + 2 :].sum() < 0.02 * total.sum()
    shifted = one.frame(params) if one.measure(changed(params, scaling="fixed", log_scale=10)) else frame
    moved = shifted.kept + shifted.lost + shifted.overflowed
    assert np.array_equal(moved[10:BINS], total[: BINS - 10])  # a power of two moves, and changes no digit


@pytest.mark.parametrize("seed", [3, 4])
def test_that_a_run_is_lost_without_a_scale_and_rescued_with_one(seed: int) -> None:
    one, params = begin(seed=seed)
    lost = train(one, params, 250)
    told = one.measure(params)
    assert told["lost"] > 0.2 and told["accuracy"] < told["reference_accuracy"] - 0.2
    assert lost["loss"][150:].mean() > lost["loss"][80:110].mean() > 3 * lost["reference_loss"][-30:].mean()
    broken = told["accuracy"]
    params = changed(params, scaling="fixed")
    train(one, params, 150)
    told = one.measure(params)
    assert told["lost"] < 0.05 and told["accuracy"] > broken + 0.1


def test_that_with_a_scale_or_with_bf16_the_run_is_that_of_float32() -> None:
    for values in ({"scaling": "fixed"}, {"number_format": "bf16"}, {"examples": 65_536}):
        one, params = begin(seed=5, **values)
        told = train(one, params, 150)
        assert abs(told["loss"][-30:].mean() - told["reference_loss"][-30:].mean()) < 0.04, values


def test_that_errors_sum_to_zero_until_small_ones_are_lost() -> None:
    one, params = begin(seed=1)
    x, y = one.learn[0][:64], one.learn[1][:64]
    h = forward(x, one.weights, EXACT)
    sums = []
    for scale in (1.0, 2.0**16):
        errors, _ = backward(h, y, one.weights, scale / params.examples, FORMATS["fp16"])
        sums.append(float(errors[-1].sum(1).abs().mean() / errors[-1].abs().sum(1).mean()))
    assert sums[0] > 0.05 > 0.001 > sums[1]


def test_that_weights_stored_in_few_bits_do_not_move() -> None:
    shares = {}
    for name in ("fp16", "bf16", "fp8 E5M2"):
        one, params = begin(number_format=name, scaling="fixed", master_weights=False, seed=6)
        shares[name] = train(one, params, 60)["unmoved"][-20:].mean()
        assert all(torch.equal(each, rounded(each, FORMATS[name])) for each in one.weights)
    assert shares["fp16"] < 0.35 < 0.5 < shares["bf16"] < 0.95 < shares["fp8 E5M2"]
    one, params = begin(number_format="bf16", master_weights=False, learning_rate=1e-4, seed=6)
    told = train(one, params, 250)
    assert told["loss"][-30:].mean() > 2.1 > told["reference_loss"][-30:].mean() + 0.2


def test_that_a_copy_trains_on_like_the_original() -> None:
    one, params = begin(scaling="dynamic", growth_interval=5)
    train(one, params, 7)
    other = copy.deepcopy(one)
    other.generator = torch.Generator()
    other.generator.set_state(one.generator.get_state())
    for _ in range(3):
        assert one.step(params) == other.step(params)
