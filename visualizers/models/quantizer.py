"""Weights as small whole numbers: uniform quantisation, written out.

A weight w is stored as the whole number q = clamp(round(w / s) + z, low, high), b bits wide, and read
back as (q − z) · s. The scale s and the zero point z belong to a *block* of weights: the whole matrix,
one output channel (a row), or a group of neighbours within a row (Krishnamoorthi 2018, section 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

Granularity = Literal["per tensor", "per channel", "per group"]


@dataclass(frozen=True)
class Scheme:
    """How weights are rounded.

    Attributes:
        bits: of one stored number.
        symmetric: zero point 0 and as many levels above zero as below; otherwise the levels span
            the block's own least and greatest weight.
        granularity: what shares a scale.
        group: weights in a group.
    """

    bits: int
    symmetric: bool
    granularity: Granularity
    group: int = 16

    @property
    def levels(self) -> tuple[int, int]:
        """The least and the greatest stored number."""
        top = 2 ** (self.bits - 1) - 1
        return (-top, top) if self.symmetric else (0, 2**self.bits - 1)


def blocks(w: Tensor, scheme: Scheme) -> Tensor:
    """The weights (rows, columns) with one block a line, (K, n); short groups are filled with 0."""
    match scheme.granularity:
        case "per tensor":
            return w.reshape(1, -1)
        case "per channel":
            return w
        case "per group":
            return pad(w, (0, -w.shape[1] % scheme.group)).reshape(-1, scheme.group)


def unblocked(lines: Tensor, like: Tensor) -> Tensor:
    """``blocks`` undone: (rows, columns) again."""
    return lines.reshape(len(like), -1)[:, : like.shape[1]]


def grid(w: Tensor, scheme: Scheme) -> tuple[Tensor, Tensor]:
    """Scale and zero point of each block, (K, 1) each: the levels just cover the block and zero."""
    lines, (low, high) = blocks(w.detach(), scheme), scheme.levels
    least = lines.amin(1, keepdim=True).clamp_max(0)
    greatest = lines.amax(1, keepdim=True).clamp_min(0)
    reach = 2 * torch.maximum(-least, greatest) if scheme.symmetric else greatest - least
    scale = (reach / (high - low)).clamp_min(torch.finfo(w.dtype).tiny * 2**10)  # a block of zeros
    zero = torch.zeros_like(scale) if scheme.symmetric else (-least / scale).round()
    return scale, zero.clamp(low, high)


def fake_quantize(w: Tensor, scheme: Scheme) -> Tensor:
    """The weights as they are read back after rounding, (rows, columns).

    Rounding has slope zero almost everywhere. The *straight-through estimator* lets the error pass
    as if nothing had happened, except where a weight lies outside the levels (Bengio, Léonard and
    Courville 2013), so that a network can be trained in spite of the rounding.
    """
    (low, high), (scale, zero) = scheme.levels, grid(w, scheme)
    lines = blocks(w, scheme)  # (K, n)
    q = (lines * (1 / scale)).round() + zero
    passing = lines * ((q >= low) & (q <= high))
    rounded = (q.clamp(low, high) - zero) * scale
    return unblocked(passing + (rounded - passing).detach(), w)


def levels(w: Tensor, scheme: Scheme) -> Tensor:
    """Every value that some block can hold, sorted, (any,)."""
    scale, zero = grid(w, scheme)
    low, high = scheme.levels
    found: Tensor = ((torch.arange(low, high + 1, device=w.device) - zero) * scale).unique()
    return found


def stored_bytes(w: Tensor, scheme: Scheme) -> int:
    """Bytes of the packed numbers, a float32 scale for each block and a byte for each zero point."""
    count = len(blocks(w, scheme))
    return math.ceil(w.numel() * scheme.bits / 8) + count * (4 if scheme.symmetric else 5)
