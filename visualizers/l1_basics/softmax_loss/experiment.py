"""The same logits descend two losses, cross-entropy and the squared error, side by side.

Nothing but the logits is learnt: no network stands before them, so what is seen is the loss alone.
Both gradients are written out by hand. Bridle 1990, "Training stochastic model recognition algorithms as
networks can lead to maximum mutual information estimation of parameters": softmax and cross-entropy
belong together, because the slope of the one cancels in the gradient of the other.

Shapes: C classes, N starts, 2 losses; y is 1 for the right class and 0 for the others. Start 0 is the
one that is dragged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from visualizers.l1_basics.softmax_loss.panel import (
    CLASSES,
    FIELD,
    PLACES,
    REACH,
    STARTS,
    Frame,
    Params,
    dragged,
    rival,
)
from visualizers.models.arrays import array
from visualizers.panel import Context

SPREAD = 4.0  # standard deviation of the logits that chance draws


def probabilities(z: Tensor, output: str, T: float) -> Tensor:
    """(…, C) logits to outputs between 0 and 1; those of softmax sum to 1."""
    s = z / T
    if output == "sigmoid":
        return 1 / (1 + (-s).exp())
    e = (s - s.amax(-1, keepdim=True)).exp()  # a common shift changes nothing, and e stays finite
    return e / e.sum(-1, keepdim=True)


def surprise(z: Tensor, output: str, T: float) -> Tensor:
    """−ln p of each class (…, C), from the logits: the logarithm of a p that is rounded to 0 is lost."""
    s = z / T
    if output == "sigmoid":  # ln (1 + e⁻ˢ)
        return (-s).clamp(min=0) + torch.log1p((-s.abs()).exp())
    highest = s.amax(-1, keepdim=True)
    return (highest - s + (s - highest).exp().sum(-1, keepdim=True).log()).clamp(min=0)


def cross_entropy(z: Tensor, y: Tensor, output: str, T: float) -> Tensor:
    """In nats, (…,). With sigmoid, each class that is not there costs −ln (1 − p) as well."""
    loss = (y * surprise(z, output, T)).sum(-1)
    if output == "sigmoid":
        loss = loss + ((1 - y) * surprise(-z, output, T)).sum(-1)  # 1 − σ(s) = σ(−s)
    return loss


def squared_error(p: Tensor, y: Tensor) -> Tensor:
    return ((p - y) ** 2).sum(-1)


def pull_of_cross_entropy(p: Tensor, y: Tensor, T: float) -> Tensor:
    """−∂L/∂z (…, C). The slope of the output has cancelled: what is left is how wrong it is."""
    return (y - p) / T


def pull_of_squared_error(p: Tensor, y: Tensor, output: str, T: float) -> Tensor:
    """−∂L/∂z (…, C). The slope of the output stays in it: p (1 − p) is 0 at both ends."""
    along = 2 * (y - p)                                                         # −∂L/∂p
    if output == "sigmoid":
        return along * p * (1 - p) / T
    return p * (along - (p * along).sum(-1, keepdim=True)) / T


def unit(base: str) -> float:
    """How many nats are one of the unit that is set."""
    return math.log(2) if base == "2: bits" else 1.0


class SoftmaxLoss:
    """Two descents from each start, which differ in nothing but their loss."""

    shared: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Params, context: Context) -> None:
        self.start = dragged(params)
        drawn = SPREAD * torch.randn(STARTS, len(CLASSES), generator=context.generator)
        drawn[0] = torch.tensor(self.start)
        self.z = drawn.to(context.device).repeat(2, 1, 1)                       # (2, N, C)

    def logits(self, params: Params) -> Tensor:
        """(2, N, C) now. Where the bars have been dragged since, both descents are put there."""
        z = self.z.clone()
        if dragged(params) != self.start:
            z[:, 0] = z.new_tensor(dragged(params))
        return z

    def target(self, params: Params) -> Tensor:
        return torch.eye(len(CLASSES), device=self.z.device)[CLASSES.index(params.target)]  # (C,)

    def pulls(self, z: Tensor, params: Params) -> Tensor:
        """−∂L/∂z (2, …, C): of the cross-entropy at z[0], of the squared error at z[1]."""
        p, y, T = probabilities(z, params.output, params.temperature), self.target(params), \
            params.temperature
        return torch.stack([pull_of_cross_entropy(p[0], y, T) / unit(params.base),
                            pull_of_squared_error(p[1], y, params.output, T)])

    def losses(self, z: Tensor, params: Params) -> tuple[float, float]:
        """Of the start that is dragged."""
        y, T = self.target(params), params.temperature
        squared = squared_error(probabilities(z[1, 0], params.output, T), y)
        return (float(cross_entropy(z[0, 0], y, params.output, T)) / unit(params.base), float(squared))

    def step(self, params: Params) -> Mapping[str, float]:
        """One step of gradient descent of all logits, and where it has led."""
        z = self.logits(params)
        self.z = z + params.learning_rate * self.pulls(z, params)
        self.start = dragged(params)
        loss, squared = self.losses(self.z, params)
        right, share = self.scores(self.z, params)
        return {"loss": loss, "squared": squared, "right": right[0], "squared_right": right[1],
                "share": share[0], "squared_share": share[1]}

    def scores(self, z: Tensor, params: Params) -> tuple[list[float], list[float]]:
        """For both losses p of the right class, and the share of the starts that answer right."""
        at = CLASSES.index(params.target)
        p = probabilities(z[:, 0], params.output, params.temperature)[:, at]    # (2,)
        return p.tolist(), (z.argmax(2) == at).float().mean(1).tolist()

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        z, T, at = self.logits(params), params.temperature, CLASSES.index(params.target)
        now = z[:, 0]                                                           # (2, C)
        p = probabilities(now, params.output, T)

        # The right class's logit goes from end to end, the others stay as they are.
        places = torch.linspace(-REACH, REACH, PLACES, device=z.device)
        swept = now[:, None].repeat(1, PLACES, 1)                               # (2, PLACES, C)
        swept[:, :, at] = places
        # The right class and its strongest rival go over the plane, the third stays where it began.
        side = torch.linspace(-REACH + 1, REACH - 1, math.isqrt(FIELD), device=z.device)
        two = torch.cartesian_prod(side, side)                                  # (FIELD, 2)
        over = two.new_tensor(dragged(params)).repeat(2, FIELD, 1)              # (2, FIELD, C)
        over[:, :, [at, rival(params)]] = two
        outputs = torch.stack([probabilities(swept[0], one, T) for one in ("softmax", "sigmoid")])

        nats = surprise(now[0], params.output, T)                               # (C,)
        entropy = float((p[0] * nats).sum())
        if params.output == "sigmoid":  # three answers yes or no
            entropy += float(((1 - p[0]) * surprise(-now[0], "sigmoid", T)).sum())
        right, share = self.scores(z, params)
        return Frame(
            logits=array(now), outputs=array(p), pulls=array(self.pulls(z, params)[:, 0]),
            losses=array(torch.tensor(self.losses(z, params))), places=array(places),
            pulls_at=array(self.pulls(swept, params)[:, :, at]),
            right_at=array(outputs[:, :, at]), rival_at=array(outputs[:, :, rival(params)]),
            field_places=array(two), field=array(self.pulls(over, params)[:, :, [at, rival(params)]]),
            nats=array(nats), bits=array(nats / math.log(2)),
            entropy=array(torch.tensor([entropy, entropy / math.log(2)])),
            right=right[0], squared_right=right[1], share=share[0], squared_share=share[1])
