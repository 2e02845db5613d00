"""A multi-layer perceptron with everything written out: forward, backward, losses, optimisers.

A layer multiplies what it is given by a matrix and bends the result,

    z_l = W_l [a_{l-1}; 1],    a_l = f_l(z_l),

and the chain rule sends the error δ_l = ∂L/∂z_l the same way back (Rumelhart, Hinton and Williams
1986):

    ∂L/∂W_l = δ_l [a_{l-1}; 1]ᵀ,    δ_{l-1} = (W_lᵀ δ_l) ⊙ f′(z_{l-1}).

The bias is the last column of W, fed by a row of ones, so one product gives weights and biases their
gradients. All matrices are views of one long vector, so that an optimiser updates everything at once.
A network this small spends its time on calls, not on arithmetic: each line below is one call on
memory that was set aside before.

Shapes: a point is a column. B points, n_l neurons in layer l, n_0 features, K scores at the end, P
numbers in all.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import softplus

# --- activations ---------------------------------------------------------------------------------


class Activation(Protocol):
    """f, and the way back through it told from f's own value, so that z need not be kept."""

    def bend(self, z: Tensor) -> None:
        """Turn z into a = f(z), in place."""
        ...

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        """Turn ∂L/∂a into ∂L/∂z = ∂L/∂a ⊙ f′(z), in place; ``room`` has the same shape."""
        ...


class Linear:
    """a = z: a network of nothing else is one matrix."""

    def bend(self, z: Tensor) -> None:
        pass

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        pass  # f′ = 1


class Tanh:
    """a = tanh z, f′ = 1 − a² ≤ 1."""

    def bend(self, z: Tensor) -> None:
        z.tanh_()

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        torch.mul(error, a, out=room)
        error.addcmul_(room, a, value=-1.0)  # δ − δ a²


class Sigmoid:
    """a = 1 / (1 + e⁻ᶻ), f′ = a (1 − a) ≤ ¼: an error shrinks at least fourfold at each layer."""

    def bend(self, z: Tensor) -> None:
        z.sigmoid_()

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        torch.mul(error, a, out=room)
        torch.addcmul(room, room, a, value=-1.0, out=error)  # δ a − δ a²


class ReLU:
    """a = max(0, z), f′ = 1 where z > 0, else 0."""

    def bend(self, z: Tensor) -> None:
        z.relu_()

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        error.mul_(torch.sign(a, out=room))  # a is never below zero


class LeakyReLU:
    """a = max(z / 10, z): below zero a tenth of the error still comes through."""

    def bend(self, z: Tensor) -> None:
        torch.maximum(z, z * LEAK, out=z)

    def back(self, error: Tensor, a: Tensor, room: Tensor) -> None:
        torch.mul(error, LEAK, out=room)
        torch.where(a > 0, error, room, out=error)


LEAK = 0.1
ACTIVATIONS: dict[str, Activation] = {
    "linear": Linear(), "tanh": Tanh(), "sigmoid": Sigmoid(), "ReLU": ReLU(),
    "leaky ReLU": LeakyReLU(),
}


# --- the network ---------------------------------------------------------------------------------


class Network:
    """The numbers of a network: W_l is (n_l, n_{l-1} + 1), its last column the biases.

    Attributes:
        widths: n_0 … n_L, features and scores included.
        flat: (P,) all matrices one after another.
        gradient: (P,) in the same order.
        is_weight: (P,) 1 for a weight, 0 for a bias.
    """

    def __init__(self, widths: Sequence[int], device: str = "cpu",
                 dtype: torch.dtype = torch.float32) -> None:
        self.widths = tuple(widths)
        self.shapes = [(here, below + 1) for below, here in pairwise(widths)]
        self.flat = torch.zeros(sum(rows * columns for rows, columns in self.shapes),
                                device=device, dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.is_weight = torch.ones_like(self.flat)
        for matrix in self.split(self.is_weight):
            matrix[:, -1] = 0.0

    def split(self, flat: Tensor) -> list[Tensor]:
        """The matrices W_1 … W_L as views of a vector like ``flat``."""
        parts = flat.split([rows * columns for rows, columns in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def copy(self) -> Network:
        """The same numbers in memory of their own."""
        other = copy.copy(self)
        other.flat, other.gradient = self.flat.clone(), torch.zeros_like(self.gradient)
        return other

    def start(self, scheme: str, generator: torch.Generator) -> None:
        """Draw the weights; biases start at zero."""
        for matrix in self.split(self.flat):
            matrix.zero_()
            matrix[:, :-1] = drawn(scheme, len(matrix), matrix.shape[1] - 1, generator).to(matrix)


def drawn(scheme: str, here: int, below: int, generator: torch.Generator) -> Tensor:
    """(here, below) first weights.

    Xavier keeps the size of signals and of errors on the way through tanh (Glorot and Bengio 2010),
    He through ReLU, which silences half of them (He et al. 2015); orthogonal weights turn a signal
    without stretching it (Saxe et al. 2014). Too large: neurons start saturated. Zeros: neurons of a
    layer start alike, get the same gradient, and stay alike for ever.
    """
    normal = torch.randn(here, below, generator=generator)
    match scheme:
        case "Xavier":
            return normal * math.sqrt(2.0 / (below + here))
        case "He":
            return normal * math.sqrt(2.0 / max(1, below))
        case "orthogonal":
            tall = normal if here >= below else normal.T
            turned = torch.linalg.qr(tall)[0] if below else tall
            return turned if here >= below else turned.T
        case "too large":
            return 5.0 * normal
        case _:
            return torch.zeros(here, below)


class Pass:
    """The way of B points through a network and back, on memory that every batch uses again.

    Without ``back`` it only goes forward, for looking.
    """

    def __init__(self, network: Network, points: int, activations: Sequence[Activation],
                 back: bool = True) -> None:
        new, hidden = network.flat.new_zeros, network.widths[1:-1]
        matrices, gradients = network.split(network.flat), network.split(network.gradient)
        self.inputs = [new(n + 1, points).fill_(1.0) for n in hidden]  # [a_l; 1], (n_l + 1, B)
        self.a = [one[:-1] for one in self.inputs]  # (n_l, B)
        self.scores = new(network.widths[-1], points)  # (K, B)
        self._last, self._first = matrices[-1], gradients[0]
        self._forward = list(zip(matrices, activations, self.a, self.inputs, strict=False))
        if not back:
            return
        self.errors = [new(n, points) for n in network.widths[1:]]  # δ_l, (n_l, B)
        self._mean = new(()).fill_(1.0 / max(1, points))
        self._bent = [torch.zeros_like(one) for one in self.a]  # f(z_l) before dropout
        self._backward = list(zip(  # from the last layer back to the second
            range(len(hidden)), [one.t() for one in self.inputs], gradients[1:],
            [one[:, :-1].t() for one in matrices[1:]], activations, self.a, self.errors,
            [torch.zeros_like(one) for one in self.a], strict=False))[::-1]

    def forward(self, x: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """The scores (K, B) of x, (n_0 + 1, B) with a last row of ones.

        ``masks`` (n_l, B) are dropout's, for training only: a neuron is silent with probability p
        and otherwise 1 / (1 − p) times as loud (Srivastava et al. 2014).
        """
        for layer, (w, f, a, inputs) in enumerate(self._forward):
            torch.mm(w, x, out=a)  # z = W [a; 1]
            f.bend(a)  # a = f(z)
            if masks:
                self._bent[layer].copy_(a)
                a.mul_(masks[layer])
            x = inputs
        return torch.mm(self._last, x, out=self.scores)

    def backward(
        self, loss: Loss, target: Tensor, turned: Tensor, masks: Sequence[Tensor] = ()
    ) -> None:
        """The gradient of the mean loss by every weight, after the way forward of the same points.

        ``turned`` is xᵀ (B, n_0 + 1), ``target`` is (K, B).
        """
        error = self.errors[-1]
        loss.error(self.scores, target, error)
        error.mul_(self._mean)
        for layer, inputs, gradient, w, f, a, below, room in self._backward:
            torch.mm(error, inputs, out=gradient)  # ∂L/∂W = δ [a; 1]ᵀ
            torch.mm(w, error, out=below)  # ∂L/∂a = Wᵀ δ
            if masks:
                below.mul_(masks[layer])
                a = self._bent[layer]
            f.back(below, a, room)  # δ of the layer below
            error = below
        torch.mm(error, turned, out=self._first)


def collapsed(matrices: Sequence[Tensor]) -> Tensor:
    """The single matrix (K, n_0 + 1) that a network without bends amounts to.

    A row that hands the one on makes each layer a plain product: [W; e] [a; 1] = [z; 1].
    """
    whole = torch.eye(matrices[0].shape[1]).to(matrices[0])
    for matrix in matrices:
        hand_on = torch.zeros_like(matrix[:1])
        hand_on[:, -1] = 1.0
        whole = torch.cat([matrix, hand_on]) @ whole
    return whole[:-1]


# --- losses --------------------------------------------------------------------------------------


class Loss(Protocol):
    """What is made smaller, a sum over outputs. Scores and targets are (K, B)."""

    def answer(self, scores: Tensor) -> Tensor:
        """What the network says, (K, B)."""
        ...

    def error(self, scores: Tensor, target: Tensor, out: Tensor) -> None:
        """Write ∂L/∂scores of every point, (K, B), to ``out``."""
        ...

    def each(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss of every point, (B,)."""
        ...


class Logistic:
    """Cross-entropy of two classes: one score, p = σ(score), target 0 or 1."""

    def answer(self, scores: Tensor) -> Tensor:
        return scores.sigmoid()

    def error(self, scores: Tensor, target: Tensor, out: Tensor) -> None:
        torch.sigmoid(scores, out=out)
        out.sub_(target)  # p − y

    def each(self, scores: Tensor, target: Tensor) -> Tensor:
        return (softplus(scores) - target * scores).sum(0)


class Softmax:
    """Cross-entropy of K classes, target one-hot."""

    def answer(self, scores: Tensor) -> Tensor:
        return scores.softmax(0)

    def error(self, scores: Tensor, target: Tensor, out: Tensor) -> None:
        torch.sub(scores.softmax(0), target, out=out)  # p − y

    def each(self, scores: Tensor, target: Tensor) -> Tensor:
        return -(scores.log_softmax(0) * target).sum(0)


class Squared:
    """½ (o − t)²; o = tanh(score) for classes ±1, else the score itself."""

    def __init__(self, bounded: bool) -> None:
        self.bounded = bounded

    def answer(self, scores: Tensor) -> Tensor:
        return scores.tanh() if self.bounded else scores

    def error(self, scores: Tensor, target: Tensor, out: Tensor) -> None:
        o = self.answer(scores)
        torch.sub(o, target, out=out)
        if self.bounded:
            out.mul_(1.0 - o * o)  # (o − t)(1 − o²)

    def each(self, scores: Tensor, target: Tensor) -> Tensor:
        return 0.5 * (self.answer(scores) - target).square().sum(0)


# --- optimisers ----------------------------------------------------------------------------------


class Optimizer:
    """How a gradient g becomes an update of w. All on the long vectors, (P,) each."""

    def __init__(self, like: Tensor) -> None:
        self.first = torch.zeros_like(like)
        self.second = torch.zeros_like(like)
        self.steps = 0

    def update(self, w: Tensor, g: Tensor, rate: float) -> None:
        """One step against the gradient, in place."""
        raise NotImplementedError


class SGD(Optimizer):
    """w ← w − η g (Robbins and Monro 1951)."""

    def update(self, w: Tensor, g: Tensor, rate: float) -> None:
        w.add_(g, alpha=-rate)


class Momentum(Optimizer):
    """v ← 0.9 v + g, w ← w − η v (Polyak 1964): a ball that rolls."""

    def update(self, w: Tensor, g: Tensor, rate: float) -> None:
        self.first.mul_(0.9).add_(g)
        w.add_(self.first, alpha=-rate)


class RMSProp(Optimizer):
    """s ← 0.9 s + 0.1 g², w ← w − η g / (√s + ε) (Hinton 2012): each weight has its own pace."""

    def update(self, w: Tensor, g: Tensor, rate: float) -> None:
        self.second.mul_(0.9).addcmul_(g, g, value=0.1)
        w.addcdiv_(g, self.second.sqrt().add_(1e-8), value=-rate)


class Adam(Optimizer):
    """Momentum and own pace together, corrected for their start at zero (Kingma and Ba 2015)."""

    def update(self, w: Tensor, g: Tensor, rate: float) -> None:
        self.steps += 1
        self.first.lerp_(g, 0.1)  # β₁ = 0.9
        self.second.mul_(0.999).addcmul_(g, g, value=0.001)  # β₂ = 0.999
        whole, part = 1.0 - 0.9**self.steps, math.sqrt(1.0 - 0.999**self.steps)
        w.addcdiv_(self.first, (self.second.sqrt() / part).add_(1e-8), value=-rate / whole)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "SGD": SGD, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam,
}


class Shrink:
    """Regularisation as a pull on the weights, none on the biases, before each update.

    L2, ½ λ w², multiplies a weight by 1 − η λ; with SGD that is the gradient of the penalty, with
    Adam it is decoupled weight decay (Loshchilov and Hutter 2019). L1, λ |w|, moves it by η λ
    towards zero and stops there (soft thresholding), so that weights become exactly zero.
    """

    def __init__(self, kind: str, pull: float, is_weight: Tensor) -> None:
        """``pull`` is η λ."""
        self.kind = kind if pull > 0 else "none"
        self._keep = 1.0 - pull * is_weight
        self._high = pull * is_weight
        self._low = -self._high

    def apply(self, w: Tensor) -> None:
        if self.kind == "L2":
            w.mul_(self._keep)
        elif self.kind == "L1":
            w.sub_(w.clamp(self._low, self._high))
