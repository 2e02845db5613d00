"""Handwritten digits as tensors: a part to learn from and a part that is held out.

The 1,797 pictures of 8 × 8 points come with scikit-learn (Alpaydin and Kaynak 1998); a quarter is held out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from visualizers.data import Data

LEARN = 1347  # three quarters of them
POINTS, CLASSES = 64, 10


class Part(NamedTuple):
    """Pictures and what each shows."""

    x: Tensor  # (N, 64) ink, 0 … 1
    y: Tensor  # (N,) 0 … 9


def digits(data: Data, generator: torch.Generator, device: str) -> tuple[Part, Part]:
    """What is learnt from, and what is held out: another split for another generator."""
    images, labels = data.read("table", "digits")
    order = torch.randperm(len(images), generator=generator)
    x = torch.tensor(images / 16, dtype=torch.float32)[order].to(device)       # (1797, 64)
    y = torch.tensor(labels)[order].to(device)                                 # (1797,)
    return Part(x[:LEARN], y[:LEARN]), Part(x[LEARN:], y[LEARN:])


def he(columns: int, rows: int, generator: torch.Generator) -> Tensor:
    """First weights (rows, columns) that keep the variance through layers of ReLU (He et al. 2015)."""
    return torch.randn(rows, columns, generator=generator) * math.sqrt(2 / columns)
