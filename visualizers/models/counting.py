"""Language models that only count: what a network has to do better than."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def counted_losses(train: Tensor, held_out: Tensor, V: int) -> dict[str, float]:
    """What can be reached without a network, in nats a token of the held-out text.

    Blind guessing, counting tokens, and counting pairs with the tokens' frequencies as prior
    (MacKay and Peto 1995): p(b | a) = (count(a, b) + k p(b)) / (count(a) + k).

    Args:
        train, held_out: tokens, (N,) and (M,).
        V: how many different ones there are.
    """
    k = 10.0
    single = (torch.bincount(train, minlength=V) + 1.0) / (len(train) + V)         # (V,)
    pairs = torch.bincount(train[:-1] * V + train[1:], minlength=V * V)            # (V²,)
    a, b = held_out[:-1], held_out[1:]                                             # (M - 1,)
    count_ab = pairs[a * V + b]
    count_a = torch.bincount(train[:-1], minlength=V)[a]
    pair = (count_ab + k * single[b]) / (count_a + k)
    return {"uniform_loss": math.log(V), "frequency_loss": -single[b].log().mean().item(),
            "pair_loss": -pair.log().mean().item()}
