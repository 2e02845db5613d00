"""Memory in training: the books against autograd's own hooks and plain tensor bytes, the formula against
the books, the course's figures, and checkpointing that changes no gradient."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from visualizers.data import Data
from visualizers.l5_compression.training_memory.experiment import (
    KEPT,
    Optimiser,
    Recipe,
    Shape,
    TrainingMemory,
    Transformer,
    activations,
    gpt3_shape,
    group,
    layer_bytes,
    recipe,
    step,
    taken,
)
from visualizers.l5_compression.training_memory.panel import ALIVE, PARTS, Frame, Params
from visualizers.models.ledger import Ledger, piece
from visualizers.panel import Context


def look(**values: Any) -> tuple[TrainingMemory, Params, Frame]:
    params = Params(**values)
    one = TrainingMemory(params, Context("cpu", params.seed, Data()))
    return one, params, one.frame(params)


def errors(frame: Frame) -> np.ndarray:
    there = frame.predicted > 0
    assert (frame.measured[:4][~there] == 0).all()
    return np.abs(frame.measured[:4][there] / frame.predicted[there] - 1)


def test_that_the_formula_is_within_five_percent_of_each_part() -> None:
    formats, kinds = ("float32", "mixed", "bf16"), ("SGD", "momentum", "Adam")
    for at, (attention, recompute) in enumerate(itertools.product(
            ("written out", "fused"), ("nothing", "√L layers", "each layer"))):
        for batch, length, layers, heads, micro in ((3, 96, 5, 2, 1), (1, 256, 1, 1, 1), (8, 33, 4, 6, 3),
                                                    (2, 16, 3, 8, 2)):
            _, params, frame = look(
                batch=batch, length=length, layers=layers, heads=heads, micro_batches=micro, seed=at,
                attention=attention, recompute=recompute, number_format=formats[(at + heads) % 3],
                optimiser=kinds[(at + layers) % 3])
            assert errors(frame).max() < 0.05, params


@pytest.mark.parametrize("attention", ["written out", "fused"])
def test_that_the_books_are_those_of_autograds_hooks_and_of_the_tensors(attention: str) -> None:
    one, params, frame = look(attention=attention, layers=3, length=48, seed=2)
    model, ids = one.model, one.ids[: params.batch, : params.length + 1]
    known = {piece(weight) for weight in model.parameters()} | {piece(ids)}
    kept: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if piece(tensor) not in known:
            kept[piece(tensor)] = tensor
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(ids[:, :-1], ids[:, 1:], attention, "nothing", None)
    whole = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    assert frame.measured[PARTS.index("activations")] == pytest.approx(whole, rel=0.002)
    loss.backward()
    assert frame.measured[PARTS.index("gradients")] == sum(
        weight.grad.nbytes for weight in model.parameters() if weight.grad is not None)
    assert frame.measured[PARTS.index("weights")] == sum(weight.nbytes for weight in model.parameters()) \
        == 4 * frame.weights
    assert frame.measured[PARTS.index("optimiser")] == 8 * frame.weights


def test_that_what_one_layer_keeps_has_a_name_each_and_sums_up_to_the_formula() -> None:
    for attention, (dtype, bytes_) in itertools.product(KEPT, (("float32", 4), ("bf16", 2))):
        one, params, frame = look(attention=attention, number_format=dtype, beside="kept", length=40)
        assert [shape.partition(":")[0] for shape in frame.kept_shapes] == list(KEPT[attention])
        assert frame.kept_bytes.sum() == pytest.approx(
            params.batch * params.length * layer_bytes(one.shape, params.length, attention, bytes_), rel=1e-9)


def test_that_every_byte_that_was_taken_is_given_back() -> None:
    for recompute in ("nothing", "√L layers"):
        _, _, frame = look(recompute=recompute, layers=4, micro_batches=2)
        work = [ALIVE.index("activations"), ALIVE.index("work space")]
        last = frame.alive[:, -1]
        assert last[work].max() < 1000 and last[PARTS.index("gradients")] == 4 * frame.weights
        assert (frame.alive >= 0).all() and frame.peak == frame.alive.sum(0).max() < frame.measured.sum()


def test_that_memory_shared_by_two_tensors_counts_once_and_goes_with_the_last() -> None:
    ledger = Ledger([], ALIVE)
    with ledger:
        a = torch.zeros(1000)
        b = a.view(10, 100).t()
        assert ledger.alive.sum() == 4000
        del a
        b.add_(1)
        assert ledger.alive.sum() == 4000
        del b
        assert ledger.alive.sum() == 0


def gradients(recompute: str, micro: int = 1) -> list[torch.Tensor]:
    one, _, _ = look(layers=5, recompute="nothing", length=32, batch=4)
    keep = Ledger([], ALIVE).keep
    for part in one.ids[:4, :33].tensor_split(micro):
        (one.model(part[:, :-1], part[:, 1:], "written out", recompute, keep) / micro).backward()
    return [weight.grad for weight in one.model.parameters() if weight.grad is not None]


def test_that_recomputing_and_micro_batches_change_no_gradient() -> None:
    plain = gradients("nothing")
    for other in (gradients("√L layers"), gradients("each layer"), gradients("nothing", micro=4)):
        assert len(other) == len(plain)
        for a, b in zip(plain, other, strict=True):
            assert torch.allclose(a, b, atol=1e-7)


@pytest.mark.parametrize("kind", ["SGD", "momentum", "Adam"])
def test_that_the_optimisers_are_torchs(kind: str) -> None:
    one, params, _ = look(layers=1, heads=1, optimiser=kind, length=16)
    ours, theirs = one.model, TrainingMemory(params, Context("cpu", 0, Data())).model
    optimiser = Optimiser(ours, "float32", kind)
    torchs = torch.optim.Adam(theirs.parameters(), lr=1e-3) if kind == "Adam" else torch.optim.SGD(
        theirs.parameters(), lr=1e-3, momentum=0.9 if kind == "momentum" else 0.0)
    for _ in range(3):
        step(ours, optimiser, one.ids[:2, :17], params)
        torchs.zero_grad()
        theirs(one.ids[:2, :16], one.ids[:2, 1:17], "written out", "nothing", None).backward()
        torchs.step()
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if not name.endswith("qkv.bias"):  # that of the keys changes no softmax: its gradient is noise
            assert torch.allclose(a, b, atol=2e-6), name


def test_that_adam_takes_sixteen_bytes_a_weight_in_float32_and_mixed() -> None:
    for number_format in ("float32", "mixed"):
        how = recipe(number_format, "Adam")
        assert how.weight + how.gradient + how.optimiser == 16
        _, _, frame = look(number_format=number_format, heads=1, layers=1)
        assert frame.measured[:3].sum() == 16 * frame.weights
    assert recipe("bf16", "Adam") == Recipe(2, 2, 2, 4)


def test_that_eleven_billion_weights_in_float32_are_41_gb() -> None:
    _, _, frame = look(billions=11.0, heads=1, layers=1)
    assert frame.real[0] / 2**30 == pytest.approx(41, abs=0.1)  # course 5.1
    assert (gpt3_shape(175e9, 2048).layers, gpt3_shape(175e9, 2048).width) == (96, 12288)  # Brown 2020
    for billions in (1.0, 11.0, 70.0, 500.0):
        assert gpt3_shape(billions * 1e9, 2048).weights == pytest.approx(billions * 1e9, rel=0.2)


def test_that_a_layer_is_that_of_korthikanti() -> None:
    """34 s b h + 5 a s² b bytes in 16 bits, with three dropouts: masks of s b h and a s² b, one byte each,
    and a s² b twice for the scores that dropout and softmax keep each; one layer norm's output is kept in
    place of its statistics. Without dropout: 32 s b h + 2 a s² b."""
    shape, length = Shape(1, 4096, 32, 50_000, 2048), 2048
    bytes_ = layer_bytes(shape, length, "written out", 2)
    assert bytes_ == pytest.approx(32 * shape.width + 2 * shape.heads * length, rel=1e-4)


def test_that_groups_grow_with_the_root_of_the_depth() -> None:
    _, _, frame = look(beside="depth")
    rooted = frame.depth_grouped / np.sqrt([1, 4, 9, 16])
    assert rooted[-1] == pytest.approx(rooted[1], rel=0.02)
    assert frame.depth_plain[3] - frame.depth_plain[2] == pytest.approx(
        7 / 5 * (frame.depth_plain[2] - frame.depth_plain[1]), rel=0.01)
    for measured, formula in ((frame.depth_plain, frame.depth_plain_predicted),
                              (frame.depth_grouped, frame.depth_grouped_predicted)):
        assert np.abs(measured / formula - 1).max() < 0.01
    # And no other size of a group is much better (Chen et al. 2016).
    shape, layers = Shape(100, 64, 4, 16, 64), 100
    layer = layer_bytes(shape, 64, "fused", 4)
    best = min(math.ceil(layers / k) * 64 * 4 + k * layer for k in range(1, layers + 1))
    ours = activations(shape, 1, 64, "fused", "√L layers", 4)
    assert group(layers, "√L layers") == 10 and best <= ours < 2.5 * best


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
def test_that_the_device_counts_no_less_than_the_books() -> None:
    params = Params(batch=32, length=256, heads=8)
    frame = TrainingMemory(params, Context("cuda", 0, Data())).frame(params)
    assert frame.device_peak > 0.98 * frame.peak and errors(frame).max() < 0.05


def test_that_a_frame_leaves_the_model_as_it_is() -> None:
    one, params, first = look(seed=3)
    before = [weight.clone() for weight in one.model.parameters()]
    taken.cache_clear()
    second = one.frame(params)
    assert all(torch.equal(a, b) for a, b in zip(before, one.model.parameters(), strict=True))
    assert np.array_equal(first.alive, second.alive) and first.operations == second.operations
    assert isinstance(one.model, Transformer)
