"""Matrices made smaller: pruned, rounded, or written as a product of two thin ones.

A ``Layer`` keeps what is really stored of a weight matrix: one matrix, or two factors; a mask for each that
says which numbers are left; how the rest is rounded. Each function takes a layer and gives a new one.

Magnitude pruning: Han et al. 2015. Two of four: Mishra et al. 2021. Heads: Michel, Levy and Neubig 2019.
Low rank: Eckart and Young 1936.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from visualizers.models.quantizer import Scheme, blocks, fake_quantize


@dataclass(frozen=True)
class Layer:
    """A weight matrix (rows, columns) as it is stored, and its bias (rows,).

    Attributes:
        factors: one matrix (rows, columns), or two, (rows, r) and (r, columns).
        masks: 1 where a number is left, of the same shapes.
        scheme: how the numbers are rounded; None: not at all, they are float32.
        gain: (rows, 1) what each row is stored too large by. Reading divides by it.
    """

    factors: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]
    bias: Tensor
    gain: Tensor
    scheme: Scheme | None = None

    def stored(self) -> Tensor:
        """The matrix, (rows, columns), with its gain: factors masked, rounded and multiplied."""
        parts = [factor * mask for factor, mask in zip(self.factors, self.masks, strict=True)]
        if self.scheme is not None:
            parts = [fake_quantize(one, self.scheme) for one in parts]
        return parts[0] if len(parts) == 1 else parts[0] @ parts[1]

    def weight(self) -> Tensor:
        """The matrix that the network computes with, (rows, columns)."""
        return self.stored() / self.gain

    # Training changes the numbers that are left, never which they are: so these are found once.

    @cached_property
    def rows(self) -> Tensor:
        """Which rows are left, (rows,)."""
        return self.masks[0].any(1)

    @cached_property
    def columns(self) -> Tensor:
        """Which columns are left, (columns,)."""
        return self.masks[-1].any(0)

    @cached_property
    def bytes(self) -> int:
        """What is stored: the matrices, their scales if they are rounded, and the bias."""
        total = 4 * int(self.rows.sum())
        for factor, mask in zip(self.factors, self.masks, strict=True):
            total += math.ceil(stored_bits(mask, self.scheme.bits if self.scheme else 32) / 8)
            if self.scheme is not None:
                total += 4 * min(len(blocks(factor, self.scheme)), int(mask.any(1).sum()))
        return total

    def read_bias(self) -> Tensor:
        """The bias; a row that is gone has none."""
        return self.bias * self.rows


def layer(weight: Tensor, bias: Tensor, gain: Tensor) -> Layer:
    """An untouched layer."""
    return Layer((weight * gain,), (torch.ones_like(weight),), bias.clone(), gain)


# --- the cards -----------------------------------------------------------------------------------


def smallest(w: Tensor, share: float) -> Tensor:
    """1 for all but the share of numbers that are smallest in magnitude."""
    mask = torch.ones_like(w).flatten()
    mask[w.abs().flatten().topk(round(share * w.numel()), largest=False, sorted=False).indices] = 0
    return mask.view_as(w)


def at_random(w: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """1 for all but a share of numbers that is drawn."""
    mask = torch.ones(w.numel())
    mask[torch.randperm(w.numel(), generator=generator)[: round(share * w.numel())]] = 0
    return mask.view_as(w).to(w)


def _masked(one: Layer, rule: Callable[[Tensor], Tensor]) -> Layer:
    """What ``rule`` gives 0 of what is left of each factor is gone too."""
    return replace(one, masks=tuple(mask * rule(factor * mask) for factor, mask in
                                    zip(one.factors, one.masks, strict=True)))


def prune(one: Layer, share: float, generator: torch.Generator | None = None) -> Layer:
    """So large a share of each factor is set to zero: the smallest, or drawn from ``generator``."""
    return _masked(one, lambda w: smallest(w, share) if generator is None
                   else at_random(w, share, generator))


def two_of_four(w: Tensor) -> Tensor:
    """1 for the two largest of every four neighbours in a row; what is left at its end stays."""
    whole = w.shape[1] // 4 * 4
    groups = w[:, :whole].abs().reshape(-1, 4)                                  # (n, 4)
    mask = torch.zeros_like(groups).scatter(1, groups.topk(2, 1).indices, 1.0)
    return torch.cat([mask.view(len(w), whole), torch.ones_like(w[:, whole:])], 1)


def prune_two_of_four(one: Layer) -> Layer:
    return _masked(one, two_of_four)


def without_rows(one: Layer, gone: Tensor) -> Layer:
    """The rows ``gone`` (rows,) are taken out."""
    return replace(one, masks=(one.masks[0] * ~gone[:, None], *one.masks[1:]))


def without_columns(one: Layer, gone: Tensor) -> Layer:
    """The columns ``gone`` (columns,) are taken out."""
    return replace(one, masks=(*one.masks[:-1], one.masks[-1] * ~gone))


def neuron_worth(first: Layer, second: Layer) -> Tensor:
    """How much goes through each neuron between two layers: ‖what comes in‖ · ‖what goes out‖, (n,)."""
    worth: Tensor = first.weight().norm(dim=1) * second.weight().norm(dim=0)
    return worth


def low_rank(one: Layer, rank: int) -> Layer:
    """The best product of an (rows, r) and an (r, columns) matrix: U √S and √S Vᵀ of the r largest.

    A layer that would not get smaller stays. What was pruned singly or rounded before is dense float32
    again; rows and columns that are gone stay gone.
    """
    w = one.stored()
    if rank * (w.shape[0] + w.shape[1]) >= w.numel():
        return one
    u, s, v = torch.linalg.svd(w, full_matrices=False)
    root = s[:rank].sqrt()
    factors = u[:, :rank] * root, root[:, None] * v[:rank]                      # (rows, r), (r, columns)
    masks = (one.rows[:, None].expand_as(factors[0]).to(w),
             one.columns.expand_as(factors[1]).to(w))
    return replace(one, factors=factors, masks=masks, scheme=None)


def quantise(one: Layer, scheme: Scheme) -> Layer:
    return replace(one, scheme=scheme)


# --- what is left --------------------------------------------------------------------------------


def stored_bits(mask: Tensor, bits: int) -> int:
    """Of one matrix: rows and columns that are all gone are left out. Of what remains either all numbers
    are stored, or those that are left and one bit a place that says where they are."""
    places, left = int(mask.any(1).sum()) * int(mask.any(0).sum()), int(mask.sum())
    return min(places * bits, left * bits + places)
