"""Six optimisers go down the same loss, from the same start, with the same learning rate η.

Each is written out below, a few lines each, with g = ∂L/∂w of the batch:

    SGD        w ← w − η g                                        (Robbins and Monro 1951)
    momentum   m ← β m + g,  w ← w − η m                          (Polyak 1964)
    Nesterov   m ← β m + g,  w ← w − η (g + β m)                  (Nesterov 1983, Sutskever et al. 2013)
    RMSProp    v ← 0.9 v + 0.1 g²,  w ← w − η g / (√v + ε)        (Hinton 2012)
    Adam       m, v as means, corrected for their start at 0      (Kingma and Ba 2015)
    AdamW      w ← (1 − η d) w, then Adam                         (Loshchilov and Hutter 2019)

On a quadratic each direction goes its own way: SGD multiplies the distance left in a direction of
curvature λ by 1 − ηλ at each step, so it comes home if |1 − ηλ| < 1, which is η < 2/λ. With momentum
the last two places decide, and what is left shrinks as the larger root z of

    momentum   z² − (1 + β − ηλ) z + β = 0              |z| < 1 up to η = 2 (1 + β) / λ
    Nesterov   z² − (1 + β)(1 − ηλ) z + β (1 − ηλ) = 0      up to η = 2 (1 + β) / ((1 + 2β) λ).

A network's loss has as many directions as weights. It is drawn over the plane in which the paths
spread most, found by PCA of all places passed (Li et al. 2018, section 7), through the place of the
one that is followed, so that there the height is the true loss.

Shapes: R = 6 who race, P weights, T steps behind, N points, H hidden neurons, G places along a side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from visualizers.data.points import make
from visualizers.l1_basics.gradient_descent.panel import (
    LENGTH,
    MINIMUM,
    NAMES,
    OPTIMISERS,
    POINTS,
    SIDES,
    STARTS,
    Frame,
    Params,
)
from visualizers.models.precision import finest
from visualizers.panel import Context

HIDDEN = 8  # neurons: 2 · 8 + 8 + 8 + 1 = 33 weights
LOST = 1000.0  # whoever is so far from the start does not come back
WINDOW = 10  # steps over which a factor is measured
EPSILON = 1e-8
NONE = np.empty(0, np.float32)


# --- the optimisers ------------------------------------------------------------------------------


class Optimiser:
    """What one of them remembers: m of the gradients, v of their squares, (P,) each; t steps."""

    def __init__(self, like: Tensor) -> None:
        self.m, self.v, self.t = torch.zeros_like(like), torch.zeros_like(like), 0

    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        """The weights (P,) after one step against the gradient g (P,)."""
        raise NotImplementedError


class SGD(Optimiser):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        return w - rate * g


class Momentum(Optimiser):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        self.m = params.momentum * self.m + g
        return w - rate * self.m


class Nesterov(Optimiser):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        self.m = params.momentum * self.m + g
        return w - rate * (g + params.momentum * self.m)  # the slope a step ahead


class RMSProp(Optimiser):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        self.v = 0.9 * self.v + 0.1 * g**2
        return w - rate * g / (self.v.sqrt() + EPSILON)  # each weight has its own pace


class Adam(Optimiser):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        beta, gamma = params.momentum, 0.999
        self.t += 1
        self.m = beta * self.m + (1 - beta) * g
        self.v = gamma * self.v + (1 - gamma) * g**2
        m, v = self.m / (1 - beta**self.t), self.v / (1 - gamma**self.t)
        return w - rate * m / (v.sqrt() + EPSILON)


class AdamW(Adam):
    def step(self, w: Tensor, g: Tensor, rate: float, params: Params) -> Tensor:
        return super().step(w * (1 - rate * params.weight_decay), g, rate, params)


RACE: tuple[type[Optimiser], ...] = (SGD, Momentum, Nesterov, RMSProp, Adam, AdamW)


# --- what is gone down ---------------------------------------------------------------------------


class Surface:
    """A loss of two weights with a formula."""

    def __init__(self, params: Params) -> None:
        turn, (a, b) = math.radians(params.angle), MINIMUM
        self.kind, self.steep = params.landscape, params.steepness
        self.cos, self.sin, self.a, self.b = math.cos(turn), math.sin(turn), a, b

    def loss(self, w: Tensor, batch: Tensor | None = None) -> Tensor:
        """(R,) the heights at places (R, 2)."""
        x, y = w.unbind(1)
        match self.kind:
            case "narrow valley":  # ½ (u² + λ v²), u along the valley and v across
                u = self.cos * (x - self.a) + self.sin * (y - self.b)
                v = self.cos * (y - self.b) - self.sin * (x - self.a)
                return 0.5 * (u**2 + self.steep * v**2)
            case "saddle":  # level in the middle, down to y = ±2
                return 0.5 * x**2 + 1 - 0.5 * y**2 + y**4 / 16
            case "sharp and wide valley":  # curvature about 11 at x = −1.5, about 1 at x = 1.2
                sharp, wide = (-((x + 1.5) ** 2) / 0.18).exp(), (-((x - 1.2) ** 2) / 2).exp()
                return 1.5 + 0.05 * x**2 + 0.5 * y**2 - sharp - 1.3 * wide
            case _:  # the curved valley of Rosenbrock 1960, a tenth as steep
                return 0.1 * (1 - x) ** 2 + (y - x**2) ** 2


class SmallNetwork:
    """Two moons, H neurons with tanh and one score; all weights are one row (P,) of P = 4 H + 1."""

    def __init__(self, params: Params, generator: torch.Generator, like: Tensor) -> None:
        draw = int(torch.randint(2**31, (1,), generator=generator))
        points = make("two moons", POINTS, np.random.default_rng(draw))
        self.x = torch.from_numpy(points.at(0.1)).to(like) / 3  # (N, 2)
        self.y = torch.from_numpy(points.target).to(like)  # (N,)

    def loss(self, w: Tensor, batch: Tensor | None = None) -> Tensor:
        """(R,) the mean cross-entropy of each row of weights (R, P), over a batch or all points."""
        x, y = (self.x.to(w), self.y.to(w)) if batch is None else (self.x[batch], self.y[batch])
        w1, b1, w2, b2 = w.split([2 * HIDDEN, HIDDEN, HIDDEN, 1], dim=1)
        z = torch.einsum("nf,rhf->rnh", x, w1.unflatten(1, (HIDDEN, 2))) + b1[:, None]  # (R, N, H)
        score = torch.einsum("rnh,rh->rn", z.tanh(), w2) + b2  # (R, N)
        each: Tensor = softplus(score) - y * score  # (R, N)
        return each.mean(1)


# --- the race ------------------------------------------------------------------------------------


class GradientDescent:
    """Six rows of weights, each moved by its own optimiser, and the places passed so far."""

    shared: ClassVar[tuple[str, ...]] = ("model",)
    remembered: ClassVar[tuple[str, ...]] = (
        "surface", "across", "up", "paths", "held", "measured")  # they are of the way behind
    measure_every = 6
    measure_reads: ClassVar[tuple[str, ...]] = ("follow",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator = context.generator
        like = torch.empty(0, dtype=finest(context.device), device=context.device)
        self.model: Surface | SmallNetwork
        if params.landscape == "small network":
            self.model = SmallNetwork(params, self.generator, like)
            scale = torch.tensor([1.0] * 2 * HIDDEN + [0.0] * HIDDEN + [HIDDEN**-0.5] * HIDDEN + [0.0])
            start = scale * torch.randn(len(scale), generator=self.generator)  # (P,)
            self.toward = torch.randn(2, len(start), generator=self.generator).to(like)
        else:
            self.model = Surface(params)
            start = torch.tensor(begun(params))
            self.toward = torch.eye(2).to(like)  # (2, P), what is drawn to the right and upwards
        self.w = start.to(like).repeat(len(RACE), 1)  # (R, P)
        self.race = [kind(self.w[0]) for kind in RACE]
        self.path = self.w[:, None].repeat(1, LENGTH + 1, 1)  # (R, T+1, P)
        self.steps = 0
        self.left = [0] * len(RACE)
        self.losses = self.model.loss(self.w)  # (R,)
        self.first = float(self.losses[0])
        self.measure(params)

    def step(self, params: Params) -> Mapping[str, float]:
        """One batch, its gradient at each of the six places, and six steps."""
        g = self.gradient(params)  # (R, P)
        self.steps += 1
        for one, optimiser in enumerate(self.race):
            if not self.left[one]:
                self.w[one] = optimiser.step(self.w[one], g[one], params.learning_rate, params)
                far = float((self.w[one] - self.path[one, 0]).norm())
                if not far < LOST:
                    self.left[one] = self.steps
        if self.steps <= LENGTH:
            self.path[:, self.steps] = self.w
        self.losses = self.model.loss(self.w)
        losses = self.losses.tolist()
        return {"loss": min(losses), **dict(zip(NAMES, losses, strict=True))}

    def gradient(self, params: Params) -> Tensor:
        """(R, P) of the same batch for all, or of all data with the same error added."""
        w = self.w.clone().requires_grad_()
        if isinstance(self.model, SmallNetwork):
            batch = torch.randperm(POINTS, generator=self.generator)[: params.batch].to(w.device)
            error = torch.zeros(1)
        else:
            batch, error = None, params.noise * torch.randn(2, generator=self.generator)
        # each loss depends on its own row alone, so the gradient of their sum has them all
        (g,) = torch.autograd.grad(self.model.loss(w, batch).sum(), w)
        return g + error.to(g)

    def finished(self, params: Params) -> bool:
        return self.steps >= LENGTH

    def idle(self, params: Params) -> Mapping[str, str]:
        if params.landscape == "small network" or params.noise > 0:
            return {}
        return {"seed": "Without noise there is nothing to draw."}

    def measure(self, params: Params) -> Mapping[str, float]:
        """The curvature at the place that is followed, and the plane through it."""
        here = self.w[OPTIMISERS.index(params.follow)]  # (P,)
        self.curvature = float(torch.linalg.eigvalsh(self.hessian(here).cpu())[-1])
        if isinstance(self.model, SmallNetwork):
            self.origin, self.plane, self.held = self.widest_plane(here)
            self.across, self.up = (room(one) for one in self.on_plane().reshape(-1, 2).T)
        else:
            self.origin, self.plane, self.held = torch.zeros_like(here), self.toward, 1.0
            self.across, self.up = (np.linspace(-side, side, 81) for side in SIDES[params.landscape])
        self.heights = self.surface()
        return {"curvature": self.curvature}

    def hessian(self, here: Tensor) -> Tensor:
        """(P, P) all second derivatives: the same place in P rows, and row i asks how ∂L/∂w_i changes."""
        w = here.repeat(len(here), 1).requires_grad_()  # (P, P)
        (g,) = torch.autograd.grad(self.model.loss(w).sum(), w, create_graph=True)
        (second,) = torch.autograd.grad(g.diagonal().sum(), w)
        return second

    def widest_plane(self, here: Tensor) -> tuple[Tensor, Tensor, float]:
        """PCA of all places passed: the origin (P,), two directions (2, P) and their share of the spread."""
        kept = [one for one, left in enumerate(self.left) if not left]
        places = self.path[kept, : self.steps + 1].flatten(0, 1)  # (R·(T+1), P)
        away = places - places.mean(0)
        spread, directions = torch.linalg.eigh((away.T @ away).cpu())  # rising
        total = float(spread.sum())
        if total < 1e-12:  # nobody has moved
            return here, torch.linalg.qr(self.toward.T.cpu())[0].T.to(here), 1.0
        plane = directions[:, [-1, -2]].T.to(here)  # (2, P)
        # A direction has no sign of its own: the start is to the left, up is what it always was.
        if float(plane[0] @ (self.path[0, 0] - places[-1])) > 0:
            plane[0] *= -1
        if float(plane[1] @ self.toward[1]) < 0:
            plane[1] *= -1
        return here, plane, min(1.0, float(spread[-2:].sum()) / total)

    def on_plane(self) -> NDArray[np.float64]:
        """(R, T+1, 2) the places passed, as the plane sees them."""
        seen = (self.path[:, : min(self.steps, LENGTH) + 1] - self.origin) @ self.plane.T
        near: NDArray[np.float64] = np.clip(seen.cpu().double().numpy(), -1e4, 1e4)
        return near

    def surface(self) -> NDArray[np.float32]:
        """(G, G) the loss of all data over the plane, a row for each place upwards."""
        x, y = np.meshgrid(self.across, self.up)
        at = torch.from_numpy(np.stack([x.ravel(), y.ravel()], 1)).to(self.w)  # (G², 2)
        heights = self.model.loss((self.origin + at @ self.plane).float())  # (G²,)
        return heights.cpu().numpy().reshape(x.shape).astype(np.float32)

    def frame(self, params: Params) -> Frame:
        quadratic = params.landscape == "narrow valley"
        limits = edges(params.steepness, params.momentum)
        rates = np.linspace(0.0, 1.2 * max(limits), 301) if quadratic else np.empty(0)
        return Frame(
            surface=self.heights.copy(),
            across=self.across.astype(np.float32),
            up=self.up.astype(np.float32),
            paths=self.on_plane().astype(np.float32),
            losses=self.losses.cpu().double().numpy().copy(),
            first=self.first,
            left=np.array(self.left, np.int32),
            followed=OPTIMISERS.index(params.follow),
            curvature=self.curvature,
            held=self.held,
            rates=rates.astype(np.float32),
            factors=factors(rates, (1.0, params.steepness), params.momentum).astype(np.float32),
            edges=np.array(limits, np.float32) if quadratic else NONE,
            measured=self.factors_measured(params) if quadratic else NONE,
        )

    def factors_measured(self, params: Params) -> NDArray[np.float32]:
        """(3,) by which a step has multiplied the distance to the minimum lately. With momentum it goes up
        and down, so the largest of some steps is compared with the largest of as many before."""
        found = []
        minimum = torch.tensor(MINIMUM).to(self.w)
        for one in range(3):
            now = self.left[one] or min(self.steps, LENGTH)
            far = (self.path[one, : now + 1] - minimum).norm(dim=1).cpu()  # (T+1,)
            k = min(WINDOW, now // 2)
            known = k >= 2 and params.noise == 0 and far[-k:].max() > 1e-9
            found.append(float(far[-k:].max() / far[-2 * k : -k].max()) ** (1 / k) if known else 0.0)
        return np.array(found, np.float32)


def begun(params: Params) -> tuple[float, float]:
    """Where the race starts: where a click has put it, or where the landscape says. A valley that is turned
    takes its start with it, so that nothing but the axes of the weights has changed."""
    x, y = STARTS[params.landscape]
    if len(params.start) == 2:
        x, y = params.start
    elif params.landscape == "narrow valley":
        turn, (a, b) = math.radians(params.angle), MINIMUM
        x, y = (a + math.cos(turn) * (x - a) - math.sin(turn) * (y - b),
                b + math.sin(turn) * (x - a) + math.cos(turn) * (y - b))
    wide, tall = SIDES[params.landscape]
    return min(max(x, -wide), wide), min(max(y, -tall), tall)


def room(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """41 places along an axis with the paths well inside; the ends are round, so that they change seldom."""
    low, high = float(places.min()), float(places.max())
    margin = max(0.25 * (high - low), 0.25)
    step = 2.0 ** math.ceil(math.log2((high - low + 2 * margin) / 8))
    return np.linspace(math.floor((low - margin) / step) * step, math.ceil((high + margin) / step) * step, 41)


def edges(curvature: float, beta: float) -> tuple[float, float, float]:
    """The learning rate from which on SGD, momentum and Nesterov run away."""
    return (2 / curvature, 2 * (1 + beta) / curvature, 2 * (1 + beta) / ((1 + 2 * beta) * curvature))


def factors(rates: NDArray[np.float64], curvatures: Sequence[float], beta: float) -> NDArray[np.float64]:
    """(3, E) the largest factor by which a step multiplies what is left, over the directions."""
    x = np.outer(curvatures, rates)  # ηλ, (directions, E)
    return np.stack([
        np.abs(1 - x).max(0),
        largest_root(1 + beta - x, np.full_like(x, beta)).max(0),
        largest_root((1 + beta) * (1 - x), beta * (1 - x)).max(0),
    ])


def largest_root(b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """|z| of the larger root of z² − b z + c = 0."""
    root = np.sqrt((b * b - 4 * c).astype(complex))
    larger: NDArray[np.float64] = np.maximum(np.abs(b + root), np.abs(b - root)) / 2
    return larger
