"""One step of attention, written out.

Vaswani et al. 2017, "Attention Is All You Need", eq. 1 and 3.5 (sinusoids); Su et al. 2021 (rotary);
Press et al. 2022 (ALiBi). Shapes: n words, d numbers in each query and key.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.l3_transformers.dot_product.panel import (
    KEYS,
    PLACES,
    WIDTHS,
    WORDS,
    Frame,
    Params,
    vectors,
)
from visualizers.models import checkpoint
from visualizers.panel import Context

DRAWN = 400  # random queries, each with eight random keys
SLOPE = 0.5  # of ALiBi: by how much a score is lowered for each place between two words


def attention(q: Tensor, k: Tensor, v: Tensor, scale: float, bias: Tensor) -> tuple[Tensor, Tensor]:
    """softmax(scale · q kᵀ + bias) v.

    Args:
        q, k, v: (n, d).
        bias: (n, n), 0 where a word may be seen, −∞ where it may not.

    Returns:
        (weights (n, n), output (n, d)).
    """
    score = q @ k.T                                                            # (n, n)
    weight = (score * scale + bias).softmax(-1)                                # (n, n) rows sum to 1
    return weight, weight @ v                                                  # (n, d)


def factor(scaling: str, d: int) -> float:
    """What the scores are multiplied by. q·k is a sum of d products of variance 1, so its standard
    deviation is √d."""
    return {"1/√d": 1 / math.sqrt(d), "1/d": 1 / d}.get(scaling, 1.0)


def sharpness(scores: Tensor) -> tuple[float, float]:
    """Of the softmax of scores (m, n): the mean of the largest weight, and of Σ p (1 − p), the trace
    of its Jacobian diag(p) − p pᵀ: how much of a gradient passes back through it."""
    p = scores.softmax(-1)                                                     # (m, n)
    return p.amax(-1).mean().item(), (p * (1 - p)).sum(-1).mean().item()


# --- Positions -----------------------------------------------------------------------------------


def angles(places: Tensor, d: int) -> Tensor:
    """place / 10000^(2i/d) for each pair of numbers i: from fast to slow; (n, ⌈d/2⌉)."""
    i = torch.arange((d + 1) // 2, device=places.device)
    return places[:, None] / 10_000 ** (2 * i / d)


def sinusoids(places: Tensor, d: int) -> Tensor:
    """PE(place, 2i) = sin(angle), PE(place, 2i + 1) = cos(angle); (n, d)."""
    angle = angles(places, d)                                                  # (n, d/2)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :d]


def rotate(x: Tensor, places: Tensor) -> Tensor:
    """Turn each pair of numbers of x (n, d) by its place's angle: then q·k depends on the distance
    alone. A number that has no partner stays."""
    half = x.shape[1] // 2
    angle = angles(places, 2 * half)                                           # (n, d/2)
    a, b, rest = x[:, :half], x[:, half : 2 * half], x[:, 2 * half :]
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin(), rest], 1)


def alibi(places: Tensor) -> Tensor:
    """−m · distance, added to the scaled scores; (n, n)."""
    return -SLOPE * (places[:, None] - places[None, :]).abs()


def causal(n: int, device: torch.device) -> Tensor:
    """−∞ for what comes later; (n, n)."""
    return torch.full((n, n), -math.inf, device=device).triu(1)


# --- The experiment ------------------------------------------------------------------------------


class DotProduct:
    """Random words and weights; nothing is trained."""

    shared = ("x", "query", "key", "value", "sums", "other", "learnt")

    def __init__(self, params: Params, context: Context) -> None:
        n, most, device = len(WORDS), WIDTHS[-1], context.device

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=context.generator).to(device)

        self.x = normal(n, most)                                               # (n, 1024) the words
        self.query, self.key, self.value = normal(3, most, most)               # (1024, 1024) each
        self.other = torch.randperm(n, generator=context.generator).to(device)  # the other order
        if torch.equal(self.other, torch.arange(n, device=device)):
            self.other = self.other.flip(0)
        # q·k of random vectors, of their first 1, 2, … 1024 numbers: (DRAWN, n, 1024)
        self.sums = (normal(DRAWN, 1, most) * normal(DRAWN, n, most)).cumsum(-1)
        table = checkpoint.load_small_bert()[0].position_embedding.weight.detach()  # (128, 128)
        self.learnt = ((table - table.mean()) / table.std()).to(device)

    def added(self, positions: str, places: Tensor, d: int) -> Tensor | float:
        """What is added to the words for their places: (n, d), or nothing."""
        if positions == "sinusoidal":
            return sinusoids(places, d)
        if positions == "learnt":  # 128 numbers each; wider ones repeat them
            return self.learnt.repeat(1, -(-d // self.learnt.shape[1]))[places, :d]
        return 0.0

    def read(self, params: Params, order: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The words in an order: their scores, weights without and with scaling, and output."""
        n, d = len(order), params.width
        places = torch.arange(n, device=order.device)
        x = self.x[order, :d] + self.added(params.positions, places, d)        # (n, d)
        q, k, v = (x @ each[:d, :d] / math.sqrt(d) for each in (self.query, self.key, self.value))
        q, k = q * params.spread, k * params.spread                            # (n, d)
        if params.positions == "rotary":
            q, k = rotate(q, places), rotate(k, places)
        bias = torch.zeros(n, n, device=order.device)
        if params.positions == "ALiBi":
            bias = bias + alibi(places)
        if params.mask == "causal":
            bias = bias + causal(n, order.device)
        plain, _ = attention(q, k, v, 1.0, bias)                               # (n, n)
        weight, output = attention(q, k, v, factor(params.scaling, d), bias)   # (n, n), (n, d)
        return q @ k.T, plain, weight, output

    def alone(self, params: Params) -> Tensor:
        """What positions alone add to the scaled score of two equal words; (PLACES, PLACES)."""
        d, places = params.width, torch.arange(PLACES, device=self.x.device)
        if params.positions == "ALiBi":
            return alibi(places)
        if params.positions == "rotary":
            turned = rotate(torch.ones(PLACES, d, device=places.device), places)
        else:
            turned = torch.zeros(PLACES, d, device=places.device) \
                + self.added(params.positions, places, d)
        return turned @ turned.T * factor(params.scaling, d)

    def over_widths(self, params: Params, widths: tuple[int, ...]) -> NDArray[np.float32]:
        """(5, W): variance of q·k, the largest weight unscaled and scaled, Σ p (1 − p) likewise."""
        found = []
        for d in widths:
            scores = self.sums[:, :, d - 1] * params.spread**2                 # (DRAWN, n)
            plain, scaled = sharpness(scores), sharpness(scores * factor(params.scaling, d))
            found.append((scores.var().item(), plain[0], scaled[0], plain[1], scaled[1]))
        return np.array(found, np.float32).T

    def by_hand(self, params: Params) -> dict[str, NDArray[np.float32]]:
        """The same with one query and four keys in the plane."""
        hand = torch.tensor(vectors(params)).view(-1, 2)                       # (9, 2)
        q, k, v = hand[:1], hand[1 : 1 + KEYS], hand[1 + KEYS :]
        bias = torch.zeros(1, KEYS)
        hidden = [one for one in params.masked if 0 <= one < KEYS]
        if len(set(hidden)) < KEYS:  # something must be seen
            bias[:, hidden] = -math.inf
        scale = factor(params.scaling, 2)
        weight, output = attention(q, k, v, scale, bias)                       # (1, KEYS), (1, 2)
        scores = (q @ k.T)[0]                                                  # (KEYS,)
        return {"hand": hand.numpy(), "hand_scores": scores.numpy(),
                "hand_scaled": (scores * scale).numpy(), "hand_weights": weight[0].numpy(),
                "output": output[0].numpy()}

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        written = torch.arange(len(WORDS), device=self.x.device)
        first, second = self.read(params, written), self.read(params, self.other)
        order, shown = (self.other, second) if params.shuffled else (written, first)
        apart = (second[3] - first[3][self.other]).norm(dim=1)                 # (n,) in the other order
        size = first[3].norm(dim=1).mean()
        moved = torch.empty_like(apart)
        moved[self.other] = (apart / size).round(decimals=5)                   # float32 knows no more
        widths = self.over_widths(params, WIDTHS)
        here = self.over_widths(params, (params.width,))[:, 0]
        scores, plain, weights = (one.cpu().numpy() for one in shown[:3])
        return Frame(
            words=tuple(WORDS[one] for one in order.tolist()), scores=scores, plain=plain,
            weights=weights, variance=widths[0], largest_plain=widths[1], largest=widths[2],
            slope_plain=widths[3], slope=widths[4], here=here, sharpest=float(here[2]),
            moved=moved[order].cpu().numpy(), alone=self.alone(params).cpu().numpy(),
            masked=tuple(sorted({one for one in params.masked if 0 <= one < KEYS})),
            **self.by_hand(params))
