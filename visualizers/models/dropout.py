"""Dropout. Srivastava et al. 2014, scaled in training, so that nothing changes when a model is used."""

from __future__ import annotations

import torch
from torch import Tensor


def dropout_mask(generator: torch.Generator, rate: float, like: Tensor) -> Tensor:
    """What to multiply by: 0 for what is left out, 1 / (1 - rate) for the rest.

    It is drawn on the CPU, so that a run can be repeated on any device, in the kind, size and place
    of ``like``.
    """
    kept = torch.rand(like.shape, generator=generator) >= rate
    return kept.to(like) / (1 - rate)
