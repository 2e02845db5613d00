"""Quantisation after and in training.

Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference"; outlier
channels: Dettmers et al. 2022, "LLM.int8()". The arithmetic is in ``visualizers/models/quantizer.py``:
a weight is rounded to the nearest of 2^b levels, s apart.

A layer with outlier channels computes y = (G W x) / G, where G multiplies a few rows of W. That is the
same function, as when a layer norm's gain undoes large weights; but what is rounded is G W.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy

from visualizers.l5_compression.quantization.panel import BITS, GRANULARITIES, Frame, Params
from visualizers.models.digits import digits
from visualizers.models.language_task import Language
from visualizers.models.quantizer import Scheme, fake_quantize, levels, stored_bytes
from visualizers.panel import Context

HIDDEN = 64
MOST_TRIES = 32
BINS, MOST_LEVELS, SIDE = 80, 400, 96


@dataclass(frozen=True)
class Score:
    """How good predictions of held-out data are, and what the model takes."""

    accuracy: float
    perplexity: float
    bytes: int


class Digits:
    """1,797 images of digits, 8 × 8, a quarter held out; a network 64 → 64 → 64 → 10."""

    batch, pace = 64, 1.0

    def __init__(self, context: Context) -> None:
        generator = context.generator
        self.learn, self.held_out = digits(context.data, generator, "cpu")
        sizes = (64, HIDDEN, HIDDEN, 10)
        parts: list[nn.Module] = []
        for columns, rows in pairwise(sizes):
            layer = nn.utils.skip_init(nn.Linear, columns, rows)
            # He et al. 2015: the variance stays the same through layers of ReLU.
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / columns), generator=generator)
            nn.init.zeros_(layer.bias)
            parts += [layer, nn.ReLU()]
        self.model = nn.Sequential(*parts[:-1])
        self.quantized = {"0.weight": "layer 1", "2.weight": "layer 2", "4.weight": "layer 3"}

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch to learn from: images (B, 64) and labels (B,)."""
        chosen = torch.randint(len(self.learn[0]), (self.batch,), generator=generator)
        return self.learn[0][chosen], self.learn[1][chosen]


class Quantization:
    """Trains a network and keeps score of it with rounded weights."""

    shared: ClassVar[tuple[str, ...]] = ("task",)
    measure_every = 32
    measure_reads = ("bits", "grid", "granularity", "group_size", "outliers", "outlier_size")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.task = Digits(context) if params.model == "digits network" else Language(context.data)
        self.model = self.task.model.to(self.device)
        self.task.model = nn.Identity()  # what is shared between keyframes holds nothing that learns
        weights = dict(self.model.named_parameters())
        self.orders = {name: torch.randperm(len(weights[name]), generator=self.generator)
                       for name in self.task.quantized}  # which rows become outliers first
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self.steps = 0
        self.tries: dict[Scheme, Score] = {}  # of the schemes that were tried, the newest last
        self.tried: object = None  # the weights and the outliers to which the scores belong

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of Adam."""
        x, y = (one.to(self.device) for one in self.task.draw(self.generator))
        used = self.rounded(params, scheme(params)) if params.when == "in training" else {}
        logits = functional_call(self.model, used, (x,))  # (B, …, classes)
        loss = cross_entropy(logits.flatten(0, -2), y.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = params.learning_rate * self.task.pace
        self.optimizer.step()

        self.steps += 1
        return {"loss": float(loss.detach())}

    def rounded(self, params: Params, how: Scheme) -> dict[str, Tensor]:
        """The weights of all layers as they are read back: Q(G W) / G."""
        weights = dict(self.model.named_parameters())
        found = {}
        for name in self.task.quantized:
            gain = self.gain(name, params)  # (rows, 1)
            found[name] = fake_quantize(weights[name] * gain, how) / gain
        return found

    def gain(self, name: str, params: Params) -> Tensor:
        """G: how much larger than they need be the rows of a layer are stored, (rows, 1)."""
        order = self.orders[name]
        gain = torch.ones(len(order), 1)
        gain[order[: params.outliers]] = params.outlier_size
        return gain.to(self.device)

    @torch.no_grad()
    def score(self, used: dict[str, Tensor], how: Scheme | None) -> Score:
        """Accuracy, perplexity and size with these weights in place of the model's own."""
        x, y = (one.to(self.device) for one in self.task.held_out)
        logits = functional_call(self.model, used, (x,)).flatten(0, -2)
        loss = min(float(cross_entropy(logits, y.flatten())), 50.0)
        right = (logits.argmax(1) == y.flatten()).float().mean()
        return Score(float(right), math.exp(loss), self.bytes(how))

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The held-out scores with the weights as they are, and rounded in each way that was tried.

        So all points of the front belong to the same weights and the same outliers.
        """
        how, weights = scheme(params), dict(self.model.named_parameters())
        used = self.rounded(params, how)
        moved = [(one - weights[name]).norm() / weights[name].norm() for name, one in used.items()]
        self.layer_error: NDArray[np.float32] = torch.stack(moved).cpu().numpy()  # (L,)
        belongs = self.steps, params.outliers, params.outlier_size
        if self.tried != belongs:
            self.tried, self.exact = belongs, self.score({}, None)
            for one in self.tries:
                if one != how:
                    self.tries[one] = self.score(self.rounded(params, one), one)
        self.tries.pop(how, None)
        self.tries[how] = rounded = self.score(used, how)
        self.sweep = [self.tries.get(one) or self.score(self.rounded(params, one), one)
                      for one in (replace(how, bits=bits) for bits in BITS)]
        for one in [*self.tries][:-MOST_TRIES]:
            del self.tries[one]
        return {"float_accuracy": self.exact.accuracy, "accuracy": rounded.accuracy,
                "float_perplexity": self.exact.perplexity, "perplexity": rounded.perplexity}

    def bytes(self, how: Scheme | None) -> int:
        """What the model takes: rounded layers packed, everything else as float32."""
        return sum(
            stored_bytes(weight, how) if how and name in self.task.quantized else 4 * weight.numel()
            for name, weight in self.model.named_parameters()
        )

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        how, names = scheme(params), tuple(self.task.quantized)
        exact, rounded = self.exact, self.tries[how]
        chosen = min(max(params.layer, 0), len(names) - 1)
        true, gain = self.model.get_parameter(names[chosen]), self.gain(names[chosen], params)
        stored = true * gain  # (rows, columns)
        least, most = stored.aminmax()
        counts = torch.histc(stored, BINS, least.item(), most.item())  # (bins,)
        error = (fake_quantize(stored, how) / gain - true).abs() / true.square().mean().sqrt()
        rows, columns = (min(size, SIDE) for size in error.shape)
        can_be = levels(stored, how).cpu().numpy()
        tries = self.tries
        return Frame(
            layers=tuple(self.task.quantized.values()),
            layer=chosen,
            counts=counts.int().cpu().numpy(),
            edges=np.linspace(least.item(), most.item(), BINS + 1, dtype=np.float32),
            levels=can_be[:: math.ceil(len(can_be) / MOST_LEVELS)].astype(np.float32),
            error=adaptive_avg_pool2d(error[None], (rows, columns))[0].cpu().numpy().copy(),
            layer_error=self.layer_error.copy(),
            float_accuracy=exact.accuracy,
            accuracy=rounded.accuracy,
            float_perplexity=exact.perplexity,
            perplexity=rounded.perplexity,
            float_bytes=exact.bytes,
            bytes=rounded.bytes,
            sweep_bytes=np.array([one.bytes for one in self.sweep], np.int32),
            sweep_accuracy=np.array([one.accuracy for one in self.sweep], np.float32),
            sweep_perplexity=np.array([one.perplexity for one in self.sweep], np.float32),
            try_bytes=np.array([one.bytes for one in tries.values()], np.int32),
            try_bits=np.array([one.bits for one in tries], np.int32),
            try_granularity=np.array([GRANULARITIES.index(one.granularity) for one in tries], np.int32),
            try_accuracy=np.array([one.accuracy for one in tries.values()], np.float32),
            try_perplexity=np.array([one.perplexity for one in tries.values()], np.float32),
        )


def scheme(params: Params) -> Scheme:
    """How these parameters round. The group size counts only where there are groups."""
    group = params.group_size if params.granularity == "per group" else 0
    return Scheme(params.bits, params.grid == "symmetric", params.granularity, group)

