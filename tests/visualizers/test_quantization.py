"""Quantisation: every rounding against torch's own, and what the course says of outliers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from visualizers.data import Data
from visualizers.l5_compression.quantization.experiment import Quantization
from visualizers.l5_compression.quantization.panel import Params
from visualizers.models.quantizer import (
    Granularity,
    Scheme,
    blocks,
    fake_quantize,
    grid,
    levels,
    stored_bytes,
)
from visualizers.panel import Context
from widgets.controls.parameters import changed

GRANULARITIES: tuple[Granularity, ...] = ("per tensor", "per channel", "per group")


def torchs(w: Tensor, how: Scheme) -> Tensor:
    """``w`` rounded by torch, with the same scales and zero points."""
    (low, high), (scale, zero) = how.levels, grid(w, how)
    if how.granularity == "per tensor":
        return torch.fake_quantize_per_tensor_affine(w, float(scale), int(zero), low, high)
    if how.granularity == "per channel":
        return torch.fake_quantize_per_channel_affine(w, scale[:, 0], zero[:, 0].int(), 0, low, high)
    rows = []
    for row, scales, zeros in zip(w, scale.view(len(w), -1), zero.view(len(w), -1), strict=True):
        rows.append(torch.cat([
            torch.fake_quantize_per_tensor_affine(part, float(s), int(z), low, high)
            for part, s, z in zip(row.split(how.group), scales, zeros, strict=True)]))
    return torch.stack(rows)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("bits", range(2, 9))
def test_that_rounding_and_its_gradient_equal_torchs(
    bits: int, granularity: Granularity, symmetric: bool
) -> None:
    draw = torch.Generator().manual_seed(bits)
    how = Scheme(bits, symmetric, granularity, group=16)
    for shift, columns in ((0.0, 64), (0.7, 50), (-3.0, 33)):  # also groups that are not full
        w = torch.randn(20, columns, generator=draw) + shift
        w[3] *= 20
        w[5] = 0
        ours, theirs = w.clone().requires_grad_(), w.clone().requires_grad_()
        a, b = fake_quantize(ours, how), torchs(theirs, how)
        assert torch.allclose(a, b, rtol=1e-6, atol=1e-7)
        upstream = torch.randn(a.shape, generator=draw)
        a.backward(upstream)
        b.backward(upstream)
        assert ours.grad is not None and theirs.grad is not None
        assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_that_scales_are_those_of_torchs_observers(granularity: Granularity, symmetric: bool) -> None:
    from torch.ao.quantization import MinMaxObserver, PerChannelMinMaxObserver

    w = torch.randn(12, 40, generator=torch.Generator().manual_seed(1))
    how = Scheme(8, symmetric, granularity, group=8)
    kind = MinMaxObserver if granularity == "per tensor" else PerChannelMinMaxObserver
    low, high = how.levels
    observer = kind(dtype=torch.qint8 if symmetric else torch.quint8, quant_min=low, quant_max=high,
                    qscheme={(True, True): torch.per_tensor_symmetric,
                             (True, False): torch.per_tensor_affine,
                             (False, True): torch.per_channel_symmetric,
                             (False, False): torch.per_channel_affine}[
                                 granularity == "per tensor", symmetric])
    observer(blocks(w, how))
    scale, zero = observer.calculate_qparams()
    ours = grid(w, how)
    assert torch.allclose(ours[0].flatten(), scale, rtol=1e-6)
    assert torch.equal(ours[1].flatten(), zero.float())


@pytest.mark.parametrize("symmetric", [True, False])
def test_that_every_weight_lies_on_a_level_within_half_a_step(symmetric: bool) -> None:
    w = torch.randn(8, 32, generator=torch.Generator().manual_seed(2))
    for bits in range(2, 9):
        how = Scheme(bits, symmetric, "per tensor")
        rounded, possible = fake_quantize(w, how), levels(w, how)
        assert len(possible) <= 2**bits
        assert (rounded[..., None] - possible).abs().amin(-1).max() < 1e-6
        step = float(grid(w, how)[0])
        # The zero point is rounded too, so an asymmetric grid may miss an end by half a step more.
        assert (rounded - w).abs().max() <= step * (0.5 if symmetric else 1.0) + 1e-6


def test_that_bytes_count_numbers_scales_and_zero_points() -> None:
    w = torch.zeros(10, 33)
    assert stored_bytes(w, Scheme(4, True, "per tensor")) == 165 + 4
    assert stored_bytes(w, Scheme(3, False, "per tensor")) == 124 + 5
    assert stored_bytes(w, Scheme(8, True, "per channel")) == 330 + 40
    assert stored_bytes(w, Scheme(2, False, "per group", 16)) == 83 + 30 * 5


def begin(**values: Any) -> tuple[Quantization, Params]:
    params = Params(**values)
    one = Quantization(params, Context("cpu", params.seed, Data()))
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> list[Quantization]:
    """Three networks, each trained for 250 steps."""
    found = []
    for seed in range(3):
        one, params = begin(seed=seed)
        for _ in range(250):
            one.step(params)
        found.append(one)
    return found


def accuracy(trained: list[Quantization], **values: Any) -> float:
    return float(np.mean([one.measure(Params(**values))["accuracy"] for one in trained]))


def test_that_outliers_change_nothing_before_rounding(trained: list[Quantization]) -> None:
    one = trained[0]
    params = Params(outliers=8, outlier_size=100.0, bits=8, granularity="per channel")
    plain = changed(params, outliers=0)
    how = Scheme(8, True, "per channel", 0)
    for name, weight in one.rounded(params, how).items():  # a row's scale grows with the row
        assert torch.allclose(weight, one.rounded(plain, how)[name], atol=1e-5)


def test_that_the_course_figures_appear(trained: list[Quantization]) -> None:
    exact = np.mean([one.measure(Params())["float_accuracy"] for one in trained])
    assert exact > 0.96
    no = {"outliers": 0}
    assert abs(accuracy(trained, bits=8, **no) - exact) < 0.01
    assert accuracy(trained, bits=4, **no) > exact - 0.03
    assert accuracy(trained, bits=2, **no) < 0.4
    assert accuracy(trained, bits=2, granularity="per channel", **no) > accuracy(trained, bits=2, **no)
    assert accuracy(trained, bits=4, outlier_size=10.0) < 0.45
    assert accuracy(trained, bits=4, outlier_size=10.0, granularity="per channel") > exact - 0.02
    assert accuracy(trained, bits=8, outlier_size=100.0) < exact - 0.02
    assert accuracy(trained, bits=6, outlier_size=100.0) < 0.25


def test_that_training_through_the_rounding_saves_two_bits(trained: list[Quantization]) -> None:
    one = copy.deepcopy(trained[0])
    params = Params(bits=2, granularity="per channel", outliers=0, when="in training")
    before = one.measure(params)["accuracy"]
    for _ in range(150):
        one.step(params)
    assert one.measure(params)["accuracy"] > 0.9 > before


def test_that_each_setting_tried_stays_on_the_front_and_is_measured_anew() -> None:
    one, params = begin()
    for bits in (4, 8, 6, 2):
        one.step(params)
        one.measure(changed(params, bits=bits))
    first = one.tries[Scheme(4, True, "per tensor", 0)].accuracy
    for _ in range(60):
        one.step(params)
    one.measure(changed(params, outliers=0))
    frame = one.frame(changed(params, outliers=0))
    assert sorted(frame.try_bits) == [2, 4, 6, 8]
    assert one.tries[Scheme(8, True, "per tensor", 0)].accuracy > max(0.8, first)


def test_that_the_small_gpt_suffers_alike() -> None:
    one, params = begin(model="tiny GPT", bits=4)
    one.measure(params)
    frame = one.frame(params)
    assert frame.float_perplexity < 100
    assert frame.perplexity > 4 * frame.float_perplexity
    one.measure(changed(params, granularity="per channel"))
    better = one.frame(changed(params, granularity="per channel"))
    assert better.perplexity < 1.5 * frame.float_perplexity
    assert frame.float_bytes / frame.bytes > 6
    scalars = one.step(params)
    assert np.isfinite(list(scalars.values())).all()
