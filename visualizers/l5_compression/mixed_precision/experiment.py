"""Training in few bits, with nothing hidden: each number that is stored is rounded to the format.

Micikevicius et al. 2018, "Mixed precision training": compute in 16 bits, keep *master weights* in
float32, and multiply the loss by a *scale* so that small gradients stay above the smallest number of the
format. Formats of 8 bits: Micikevicius et al. 2022, "FP8 formats for deep learning".

The network is small, 64 → 64 → 64 → 64 → 10 without biases, and its way back is written out, because
every tensor on that way is where a gradient can be lost. Beside it the same network learns the same
batches in float32.

Shapes: B images of a batch, H units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from visualizers.l5_compression.mixed_precision.panel import (
    BINS,
    FIRST,
    FORMATS,
    LAYERS,
    Format,
    Frame,
    Params,
)
from visualizers.models.digits import CLASSES, LEARN, POINTS, digits
from visualizers.panel import Context

BATCH = 64
SIZES = (POINTS, *(64,) * (LAYERS - 1), CLASSES)
EXACT = FORMATS["float32"]


def rounded(x: Tensor, to: Format) -> Tensor:
    """``x`` as it is read back when it was stored in this format.

    A number 2^e · 1.m… keeps ``to.mantissa`` bits behind the point: its neighbours are
    2^(e − mantissa) apart. Below the least exponent they come no closer, so that what is smaller than
    half a step becomes zero. What rounds beyond the largest number is lost at the other end.
    """
    if to is EXACT:
        return x
    power = (x.view(torch.int32) & 0x7F800000).view(torch.float32)  # 2^e, read off x's own bits
    step = power.clamp(2.0**to.least, 2.0**127) * 2.0**-to.mantissa
    near = (x / step).round() * step  # ties go to the even neighbour
    beyond = math.nan if to is FORMATS["fp8 E4M3"] else math.inf  # E4M3 has no infinity
    return torch.where(near.abs() > to.largest, torch.copysign(torch.full_like(x, beyond), x), near)


def forward(x: Tensor, w: list[Tensor], to: Format) -> list[Tensor]:
    """What each layer reads, and the scores at the end. (B, H) each; the last (B, 10)."""
    h = [rounded(x, to)]
    for layer, weight in enumerate(w):
        z = rounded(h[-1] @ weight, to)  # (B, H)
        h.append(z.relu() if layer < LAYERS - 1 else z)
    return h


def backward(
    h: list[Tensor], y: Tensor, w: list[Tensor], factor: float, to: Format
) -> tuple[list[Tensor], list[Tensor]]:
    """Errors δ and gradients of the weights of each layer, of the loss times ``factor`` · B.

    Args:
        factor: what the loss of one image is multiplied by, scale / N.
    """
    d = rounded((h[-1].softmax(1) - one_hot(y, CLASSES)) * factor, to)  # ∂L/∂scores, (B, 10)
    errors, gradients = [d], []
    for layer in reversed(range(LAYERS)):
        gradients.append(rounded(h[layer].T @ d, to))  # ∂L/∂W, (H, H)
        if layer:
            d = rounded(d @ w[layer].T, to) * (h[layer] > 0)  # (B, H)
            errors.append(d)
    return errors[::-1], gradients[::-1]


class Adam:
    """Kingma and Ba 2015, in float32: each weight's step is its mean gradient over its usual size."""

    def __init__(self, weights: list[Tensor]) -> None:
        self.m = [torch.zeros_like(one) for one in weights]
        self.v = [torch.zeros_like(one) for one in weights]
        self.t = 0

    def updates(self, gradients: list[Tensor], rate: float) -> list[Tensor]:
        """What to take from the weights."""
        self.t += 1
        found = []
        for m, v, g in zip(self.m, self.v, gradients, strict=True):
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            usual = (v / (1 - 0.999**self.t)).sqrt_().add_(1e-8)
            found.append(m / usual * (rate / (1 - 0.9**self.t)))
        return found


@dataclass
class LossScale:
    """PyTorch's ``GradScaler``: halve at an overflow and skip the step, double after a while without.

    Attributes:
        clean: steps in a row without an overflow.
    """

    scale: float
    clean: int = 0

    def tell(self, overflow: bool, interval: int) -> None:
        """What happened at a step."""
        if overflow:
            self.scale, self.clean = self.scale / 2, 0
        else:
            self.clean += 1
            if self.clean >= interval:
                self.scale, self.clean = self.scale * 2, 0


class MixedPrecision:
    """The same network twice, from the same weights: one in the chosen format, one in float32."""

    shared: ClassVar[tuple[str, ...]] = ("learn", "held_out")
    measure_every = 8
    measure_reads = ("number_format", "scaling", "log_scale", "examples")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.learn, self.held_out = digits(context.data, self.generator, self.device)
        # He et al. 2015: the variance stays the same through layers of ReLU.
        self.reference = [(torch.randn(rows, columns, generator=self.generator) * math.sqrt(2 / rows)
                           ).to(self.device) for rows, columns in pairwise(SIZES)]
        self.weights = [one.clone() for one in self.reference]
        self.adam, self.reference_adam = Adam(self.weights), Adam(self.reference)
        self.loss_scale, self.asked = LossScale(scale_asked(params)), scaling_asked(params)
        self.skipped = 0

    def scale(self, params: Params) -> LossScale:
        """The loss scale under these parameters."""
        return self.loss_scale if scaling_asked(params) == self.asked else LossScale(scale_asked(params))

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on the same batch."""
        batch = torch.randint(LEARN, (BATCH,), generator=self.generator).to(self.device)
        x, y = self.learn[0][batch], self.learn[1][batch]
        to, copies = FORMATS[params.number_format], params.examples / BATCH
        self.loss_scale, self.asked = self.scale(params), scaling_asked(params)

        w = [rounded(one, to) for one in self.weights]  # what the network computes with
        h = forward(x, w, to)
        loss = cross_entropy(h[-1], y)
        _, gradients = backward(h, y, w, self.loss_scale.scale / params.examples, to)
        overflow = not all(bool(one.isfinite().all()) for one in gradients)
        unmoved = 1.0
        if overflow:
            self.skipped += 1
        else:
            # Back to size in float32. N / B batches were summed, all like this one.
            true = [one * (copies / self.loss_scale.scale) for one in gradients]
            unmoved = self.update(self.adam.updates(true, params.learning_rate), params, to)
        if params.scaling == "dynamic":
            self.loss_scale.tell(overflow, params.growth_interval)

        h = forward(x, self.reference, EXACT)
        _, gradients = backward(h, y, self.reference, 1 / BATCH, EXACT)
        for weight, one in zip(self.reference, self.reference_adam.updates(
                gradients, params.learning_rate), strict=True):
            weight -= one
        return {"loss": float(loss), "reference_loss": float(cross_entropy(h[-1], y)),
                "log_scale": math.log2(self.loss_scale.scale), "skipped": float(overflow),
                "unmoved": unmoved}

    def update(self, updates: list[Tensor], params: Params, to: Format) -> float:
        """Take the updates from the stored weights. The share of updates that changed nothing."""
        stored = EXACT if params.master_weights else to
        same = asked = 0
        for at, (weight, one) in enumerate(zip(self.weights, updates, strict=True)):
            before = rounded(weight, stored)
            self.weights[at] = rounded(before - one, stored)
            same += int(((self.weights[at] == before) & (one != 0)).sum())
            asked += int((one != 0).sum())
        return same / max(asked, 1)

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The gradients of 64 images, in the format and in float32, and both networks' accuracy."""
        to, scale = FORMATS[params.number_format], self.scale(params).scale
        x, y = self.learn[0][:BATCH], self.learn[1][:BATCH]
        w = [rounded(one, to) for one in self.weights]
        h = forward(x, w, to)
        ours = backward(h, y, w, scale / params.examples, to)
        true = backward(h, y, w, scale / params.examples, EXACT)  # only the way back differs
        self.counts: NDArray[np.int32] = np.zeros((3, BINS), np.int32)  # kept, lost, overflowed
        shares = []
        for one, exact in zip((*ours[0], *ours[1]), (*true[0], *true[1]), strict=True):
            fates = fates_by_exponent(one, exact)
            self.counts += fates
            shares.append(fates[1].sum() / max(1, fates.sum()))
        self.tensor_lost: NDArray[np.float32] = np.array(shares, np.float32)
        self.accuracy = self.score(w, to)
        self.reference_accuracy = self.score(self.reference, EXACT)
        return {"lost": share(self.counts, 1), "accuracy": self.accuracy,
                "reference_accuracy": self.reference_accuracy}

    def score(self, w: list[Tensor], to: Format) -> float:
        """Accuracy on held-out data."""
        x, y = self.held_out
        return float((forward(x, w, to)[-1].argmax(1) == y).float().mean())

    def frame(self, params: Params) -> Frame:
        kept, lost, overflowed = self.counts
        one, u = torch.tensor(1.0), torch.tensor(params.update)
        return Frame(
            kept=kept.copy(), lost=lost.copy(), overflowed=overflowed.copy(),
            scale=self.scale(params).scale,
            lost_share=share(self.counts, 1),
            overflowed_share=share(self.counts, 2),
            tensor_lost=self.tensor_lost.copy(),
            after_update=np.array([float(rounded(one - rounded(u, to), to)) for to in FORMATS.values()]),
            skipped=self.skipped,
            accuracy=self.accuracy,
            reference_accuracy=self.reference_accuracy,
        )


def fates_by_exponent(one: Tensor, exact: Tensor) -> NDArray[np.int32]:
    """How many gradients were kept, lost and overflowed, by the exponent that they should have had,
    (3, BINS). What should be zero counts nowhere."""
    there = (exact != 0) & exact.isfinite()
    got, exponents = one[there], torch.frexp(exact[there]).exponent - 1 - FIRST
    fate = torch.where(got == 0, 1, torch.where(got.isfinite(), 0, 2))
    counts = torch.bincount(fate * BINS + exponents.clamp(0, BINS - 1), minlength=3 * BINS)
    found: NDArray[np.int32] = counts.view(3, BINS).cpu().numpy().astype(np.int32)
    return found


def share(counts: NDArray[np.int32], fate: int) -> float:
    return float(counts[fate].sum() / max(1, counts.sum()))


def scaling_asked(params: Params) -> tuple[str, int]:
    """What begins the loss scale anew when it is changed."""
    return params.scaling, params.log_scale


def scale_asked(params: Params) -> float:
    return 1.0 if params.scaling == "none" else 2.0**params.log_scale
