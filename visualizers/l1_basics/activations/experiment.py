"""Six activation functions, and six deep networks that differ in nothing else.

A hidden layer multiplies and bends; the chain rule sends the gradient g_l = ∂L/∂a_l back through the
same layer (Rumelhart, Hinton and Williams 1986):

    z_l = W_l a_{l-1} + b_l,    a_l = f(z_l),    g_{l-1} = W_lᵀ (f′(z_l) ⊙ g_l).

So each layer multiplies the gradient by slopes f′. Sigmoid's are ¼ at most, ReLU's are 0 or 1 (Glorot,
Bordes and Bengio 2011). With |W| for the largest stretch of a matrix,

    |g_{l-1}| ≤ |W_l| · max f′ · |g_l|,

which is drawn as the bound. Leaky ReLU: Maas et al. 2013; GELU: Hendrycks and Gimpel 2016; SiLU: Elfwing
et al. 2017; gain √2 for ReLU: He et al. 2015; shortcuts: He et al. 2016.

Shapes: A networks, L layers of H units, B points. The networks lie side by side in each tensor, so one
batched product takes a layer of all six.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from visualizers.data.points import make
from visualizers.l1_basics.activations.panel import (
    ACTIVATIONS,
    BINS,
    FAINTEST,
    FLAT,
    LEARNT,
    LOSSES,
    POINTS,
    REACH,
    Frame,
    Params,
)
from visualizers.models.precision import finest
from visualizers.panel import Context

TRAINED_ON, LOOKED_AT, BATCH = 400, 120, 80  # points
SCALE = 3.0  # the plane's points go out to 6; the network is told a third of that
LONGEST = 1.0  # a gradient of a network's weights that is longer is shortened to it


# --- the six functions -------------------------------------------------------------------------------


class Bend(NamedTuple):
    f: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def sigmoid(z: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-z))


def sigmoid_slope(z: Tensor) -> Tensor:
    s = sigmoid(z)
    return s * (1 - s)  # ¼ at 0


def tanh_slope(z: Tensor) -> Tensor:
    return 1 - torch.tanh(z) ** 2  # 1 at 0


def relu(z: Tensor) -> Tensor:
    return z.clamp(min=0)


def relu_slope(z: Tensor) -> Tensor:
    return (z > 0).to(z.dtype)  # nothing at all for what is negative


def leaky_relu(z: Tensor) -> Tensor:
    return torch.where(z > 0, z, 0.01 * z)


def leaky_relu_slope(z: Tensor) -> Tensor:
    return 0.01 + 0.99 * (z > 0).to(z.dtype)


def normal_below(z: Tensor) -> Tensor:
    """Φ(z), the share of a standard normal distribution that lies below z."""
    return 0.5 * (1 + torch.erf(z / math.sqrt(2)))


def gelu(z: Tensor) -> Tensor:
    return z * normal_below(z)


def gelu_slope(z: Tensor) -> Tensor:
    return normal_below(z) + z * torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # Φ + z φ


def silu(z: Tensor) -> Tensor:
    return z * sigmoid(z)


def silu_slope(z: Tensor) -> Tensor:
    s = sigmoid(z)
    return s * (1 + z * (1 - s))


BENDS = (Bend(sigmoid, sigmoid_slope), Bend(torch.tanh, tanh_slope), Bend(relu, relu_slope),
         Bend(leaky_relu, leaky_relu_slope), Bend(gelu, gelu_slope), Bend(silu, silu_slope))
LINE = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
GREATEST = tuple(float(one.slope(torch.linspace(-3, 3, 6001, dtype=torch.float64)).max()) for one in BENDS)


def bent(z: Tensor) -> Tensor:
    """f(z) of one layer, each network's by its own activation. (A, H, B)"""
    return torch.stack([bend.f(one) for bend, one in zip(BENDS, z.unbind(), strict=True)])


def slopes(z: Tensor) -> Tensor:
    """f′(z) of all layers. (L, A, H, B)"""
    return torch.stack([bend.slope(one) for bend, one in zip(BENDS, z.unbind(1), strict=True)], 1)


# --- the six networks --------------------------------------------------------------------------------


class Seen(NamedTuple):
    """One way forward and back."""

    z: Tensor  # (L, A, H, B)
    slope: Tensor  # (L, A, H, B), f′(z)
    back: Tensor  # (L, A, H, B), ∂L/∂a_l
    loss: Tensor  # (A,)
    accuracy: Tensor  # (A,)
    gradients: list[Tensor]  # as ``trained``


class Activations:
    """Six networks, one for each activation, trained side by side on the same points."""

    shared: ClassVar[tuple[str, ...]] = ("x", "y")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, dtype = context.generator, finest(context.device)
        seed = int(torch.randint(2**31, (1,), generator=self.generator))
        points = make(params.data, TRAINED_ON + LOOKED_AT, np.random.default_rng(seed))
        self.x = torch.tensor(points.at(0.0).T / SCALE).to(context.device, dtype)  # (2, N)
        self.y = torch.tensor(points.target).to(self.x)  # (N,)

        size, deep = params.width, params.depth
        first = params.gain * self.normal(size, 2) / math.sqrt(2)  # (H, 2)
        inner = self.normal(deep - 1, size, size)  # (L-1, H, H)
        inner = torch.linalg.qr(inner)[0] if params.start == "orthogonal" else inner / math.sqrt(size)
        last = self.normal(1, size) / math.sqrt(size)  # (1, H)

        def six(start: Tensor) -> Tensor:
            """The same numbers for every network."""
            return start.expand(len(BENDS), *start.shape).clone().to(self.x)

        self.first, self.inner, self.last = six(first), six(params.gain * inner), six(last)
        self.bias = six(torch.zeros(deep, size, 1))  # (A, L, H, 1)
        self.offset = six(torch.zeros(1, 1))  # (A, 1, 1)
        self.trained = [self.first, self.inner, self.last, self.bias, self.offset]
        kind = torch.optim.Adam if params.optimizer == "Adam" else torch.optim.SGD
        self.optimizer = kind(self.trained, lr=params.learning_rate)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """One update of every network on the same batch."""
        batch = torch.randint(TRAINED_ON, (BATCH,), generator=self.generator).to(self.x.device)
        seen = self.look(self.x[:, batch], self.y[batch], params.shortcut)
        norms = torch.stack([one.flatten(1).norm(dim=1) for one in seen.gradients]).norm(dim=0)  # (A,)
        shorter = (LONGEST / norms.clamp(min=LONGEST)).view(-1, 1, 1)
        for tensor, gradient in zip(self.trained, seen.gradients, strict=True):
            tensor.grad = gradient * (shorter if gradient.dim() == 3 else shorter[..., None])
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        losses = {name: float(one) for name, one in zip(LOSSES, seen.loss, strict=True)}
        learnt = float((seen.accuracy > LEARNT).sum())
        return {"loss": float(seen.loss.mean()), "networks_learnt": learnt, **losses}

    def look(self, x: Tensor, y: Tensor, shortcut: bool) -> Seen:
        """Forward through the layers, and back, for points x (2, B) of the classes y (B,)."""
        deep = self.bias.shape[1]
        z = [self.first @ x + self.bias[:, 0]]  # (A, H, B)
        a = [bent(z[0])]
        for w, b in zip(self.inner.unbind(1), self.bias[:, 1:].unbind(1), strict=True):
            z.append(torch.baddbmm(b, w, a[-1]))
            a.append(bent(z[-1]) + (a[-1] if shortcut else 0))
        score = self.last @ a[-1] + self.offset  # (A, 1, B)
        loss = (softplus(score) - y * score).mean((1, 2))  # cross-entropy of two classes
        wrong = (torch.sigmoid(score) - y) / len(y)  # (A, 1, B), ∂L/∂score

        back = [self.last.mT @ wrong] * deep  # (A, H, B), ∂L/∂a_L
        slope = slopes(torch.stack(z))  # (L, A, H, B)
        errors = list(z)
        for at in reversed(range(deep)):
            errors[at] = slope[at] * back[at]  # ∂L/∂z = f′(z) ⊙ ∂L/∂a
            if at:
                back[at - 1] = self.inner[:, at - 1].mT @ errors[at] + (back[at] if shortcut else 0)

        g_inner = [d @ before.mT for d, before in zip(errors[1:], a, strict=False)]  # ∂L/∂z_l a_{l-1}ᵀ
        gradients = [
            errors[0] @ x.T, torch.stack(g_inner, 1), wrong @ a[-1].mT,
            torch.stack([d.sum(2, keepdim=True) for d in errors], 1), wrong.sum(2, keepdim=True)]
        right = ((score > 0) == (y > 0.5)).to(y).mean((1, 2))
        return Seen(torch.stack(z), slope, torch.stack(back), loss, right, gradients)

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """The networks on points that they were not trained on."""
        which = ACTIVATIONS.index(params.activation)
        seen = self.look(self.x[:, TRAINED_ON:], self.y[TRAINED_ON:], params.shortcut)
        greatest = torch.tensor(GREATEST).to(seen.slope).view(-1, 1, 1)
        flat = seen.slope.abs() < FLAT * greatest  # (L, A, H, B)
        log = relative(seen.back.flatten(2).norm(dim=2).log10().T)  # (A, L)
        layer = min(max(params.layer, 1), params.depth)
        z = seen.z[layer - 1, which].nan_to_num().clamp(-REACH, REACH).flatten().cpu()
        counted = torch.histogram(z.to(torch.float64), BINS, range=(-REACH, REACH)).hist / len(z)
        bend, place = BENDS[which], torch.tensor([params.z], dtype=torch.float64)
        return Frame(
            log_gradient=log,
            log_bound=self.bound(which, params.shortcut),
            slope=array(seen.slope.mean((2, 3)).T),
            flat=array(flat.to(seen.slope).mean((2, 3)).T),
            dead=array(flat.all(3).to(seen.slope).mean((0, 2))),
            factor=np.power(10.0, log[:, 0] / (params.depth - 1)).astype(np.float32),
            loss=array(seen.loss),
            accuracy=array(seen.accuracy),
            layer=layer,
            counted=array(counted),
            curve=array(bend.f(LINE)),
            curve_slope=array(bend.slope(LINE)),
            at=float(bend.f(place)),
            slope_at=float(bend.slope(place)),
            greatest=GREATEST[which],
        )

    def bound(self, which: int, shortcut: bool) -> NDArray[np.float32]:
        """(L,) log10 of the most that the network's |∂L/∂a_l| can be, over the last layer's.

        A shortcut adds 1 to each layer's factor: the gradient that passes by the activation.
        """
        stretch = torch.linalg.svdvals(self.inner[which].cpu().nan_to_num()).amax(1)  # (L-1,), |W|
        steps = torch.log10(GREATEST[which] * stretch + shortcut)
        steps = torch.cat([steps, steps.new_zeros(1)])  # (L,), the last layer is where it begins
        return array(steps.flip(0).cumsum(0).flip(0))


def relative(log: Tensor) -> NDArray[np.float32]:
    """(A, L) logarithms minus the last one of each row; where that is of zero, there is nothing."""
    last = log[:, -1:]
    return array(torch.where(last.isfinite(), log - last, torch.full_like(log, FAINTEST)))


def array(x: Tensor) -> NDArray[np.float32]:
    """A float32 copy, all finite: the logarithm of zero is ``FAINTEST``."""
    found: NDArray[np.float32] = np.nan_to_num(
        x.cpu().numpy().astype(np.float32), nan=FAINTEST, neginf=FAINTEST, posinf=-FAINTEST)
    return found
