"""Five sizes of one network learn to predict the next character, each with the same compute.

The network is that of Bengio et al. 2003: vectors of the characters before, one hidden layer, scores.
A character that is learnt from is multiplied into its two matrices three times: forwards, for their own
gradients, and for the gradients of what came in. One multiplication and addition a weight are two
operations, so that D characters cost a network of N weights

    C = 6 N D                                                       (Kaplan et al. 2020, section 2.1)

A round gives the same C to each of the five: the smallest, with 1/81 of the weights, reads 81 times as
many characters. That is done half by more updates and half by larger batches, which saves time.

At budgets a tenth apart all five are tested. Of the lowest of the five losses is asked how it falls with
C; law.py fits it. The rate is never lowered, so what is tested is a running mean of the weights, which
does as much (Polyak and Juditsky 1992).

Shapes: B characters to predict, k before each, e numbers a character, H hidden neurons, V different
characters, S = 5 sizes, K budgets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.l1_basics.scaling.law import Law, fit, needed
from visualizers.l1_basics.scaling.panel import LAST, WIDTHS, Frame, Params
from visualizers.l1_basics.scaling.published import yearly_growth
from visualizers.panel import Context

EMBEDDING = 8  # e
UPDATES = (9, 9, 3, 3, 1)  # in a round, from the smallest to the largest
BATCHES = (9, 3, 3, 1, 1)  # times the batch of the largest
APART = 1.1  # budgets at which all are tested
HELD_OUT = 1024  # characters of the test, and of a text too short to be held out from
LETTERS = (32, 256)  # different characters; the second where the first leaves out too many
KNOWN = 0.9  # of a text
AHEAD = 3.0  # how far beyond the budget spent the law is drawn
DRAWN = 40  # points of it


# --- the text ------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def numbered(text: str) -> tuple[Tensor, int]:
    """A text in lower case as numbers, the most frequent characters first and 0 for the rare rest; V."""
    text = text.lower()
    text *= 1 + 2 * HELD_OUT // len(text)
    signs = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    found, of, counts = np.unique(signs, return_inverse=True, return_counts=True)
    rank = np.empty(len(found), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(1, len(found) + 1)
    at = rank[of]
    size = next((size for size in LETTERS if (at < size).mean() >= KNOWN), LETTERS[-1])
    return torch.from_numpy(np.where(at < size, at, 0)), size


# --- the network ---------------------------------------------------------------------------------


class Net:
    """One size. Its weights, their gradients and all that Adam remembers are long vectors, (P,) each."""

    def __init__(self, width: int, context: int, letters: int, generator: torch.Generator,
                 device: str) -> None:
        self.context, self.letters = context, letters
        self.shapes = ((letters, EMBEDDING), (context * EMBEDDING, width), (width,), (width, letters),
                       (letters,))
        inputs = (1, context * EMBEDDING, math.inf, 10 * width, math.inf)  # a weight begins at ± 1/√ of it
        self.w = torch.cat([torch.randn(math.prod(shape), generator=generator) / math.sqrt(n)
                            for shape, n in zip(self.shapes, inputs, strict=True)]).to(device)
        self.mean = self.w.clone()  # of the weights passed, later ones more
        self.g, self.m, self.v = (torch.zeros_like(self.w) for _ in range(3))
        self.steps, self.way = 0, 0.0
        self.weights = width * (context * EMBEDDING + letters)  # N, of the two matrices
        self.read = 0  # D, characters

    def parts(self, vector: Tensor) -> list[Tensor]:
        """The matrices that lie in a long vector."""
        cut = vector.split([math.prod(shape) for shape in self.shapes])
        return [part.view(shape) for part, shape in zip(cut, self.shapes, strict=True)]

    def forward(self, before: Tensor, vector: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, hidden neurons and scores for the characters before, (B, k)."""
        table, W1, b1, W2, b2 = self.parts(vector)
        x = table.index_select(0, before.flatten()).view(len(before), -1)  # (B, k e)
        a = torch.addmm(b1, x, W1).relu_()                        # (B, H)      2 operations a weight of W1
        z = torch.addmm(b2, a, W2)                                # (B, V)      2 of W2
        return x, a, z

    def learn(self, windows: Tensor, rate: float) -> float:
        """One update on (B, k + 1) characters, the last of each to be predicted; the loss before it."""
        before, wanted, B = windows[:, :-1], windows[:, -1], len(windows)
        x, a, z = self.forward(before, self.w)
        logs = z.log_softmax(1)                                   # (B, V)
        loss = -logs.gather(1, wanted[:, None]).mean()
        error = logs.exp_()                                       # (B, V)      p − y, a B-th each
        error.scatter_add_(1, wanted[:, None], error.new_full((B, 1), -1.0)).div_(B)

        _, W1, _, W2, _ = self.parts(self.w)
        g_table, g_W1, g_b1, g_W2, g_b2 = self.parts(self.g)
        torch.mm(a.T, error, out=g_W2)                            #             2 of W2
        torch.sum(error, 0, out=g_b2)
        error = (error @ W2.T).mul_(a > 0)                        # (B, H)      2 of W2
        torch.mm(x.T, error, out=g_W1)                            #             2 of W1
        torch.sum(error, 0, out=g_b1)
        error = error @ W1.T                                      # (B, k e)    2 of W1
        g_table.zero_().index_add_(0, before.flatten(), error.view(-1, EMBEDDING))

        self.move(rate * (self.weights / 1000) ** -0.25)
        self.read += B
        return float(loss)

    def move(self, rate: float) -> None:
        """Adam's step, and the mean of the weights: a step counts by its rate, and the later the more."""
        self.steps += 1
        self.m.lerp_(self.g, 0.1)
        self.v.mul_(0.99).addcmul_(self.g, self.g, value=0.01)
        whole, part = 1 - 0.9**self.steps, math.sqrt(1 - 0.99**self.steps)
        self.w.addcdiv_(self.m, (self.v.sqrt() / part).add_(1e-8), value=-rate / whole)
        self.way += rate
        if rate > 0:
            self.mean.lerp_(self.w, 9 * rate / (self.way + 8 * rate))  # Shamir and Zhang 2013

    def loss(self, windows: Tensor) -> float:
        """In nats a character, of the mean weights."""
        return float(cross_entropy(self.forward(windows[:, :-1], self.mean)[2], windows[:, -1]))


# --- all five ------------------------------------------------------------------------------------


class Scaling:
    """Five networks, the losses that they had at budgets passed, and the law of the lowest of them."""

    shared: ClassVar[tuple[str, ...]] = ("text", "test", "yearly")
    measure_every = 16
    remembered: ClassVar[tuple[str, ...]] = (
        "spent", "read", "budgets", "losses", "first", "last", "until", "used", "compute", "line", "error",
        "exponent", "exponent_error", "floor", "floor_error", "foretold", "foretold_error", "reached",
        "best", "growth", "growth_error", "path")  # of the budgets behind

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device, self.k = context.generator, context.device, params.context
        source = context.text(params.text).text
        numbers, self.letters = numbered(source)
        end = len(numbers) * 19 // 20
        self.text = self.windows(numbers[:end][: params.characters])
        rest = self.windows(numbers[end:])
        self.test = rest[torch.linspace(0, len(rest) - 1, min(HELD_OUT, len(rest))).long().to(self.device)]
        self.nets = [Net(width, self.k, self.letters, self.generator, self.device) for width in WIDTHS]
        self.share = 6 * self.nets[-1].weights * params.batch  # FLOPs of a round, for each
        self.steps, self.next = 0, 1
        self.budgets: list[float] = []
        self.losses: list[list[float]] = []
        self.path: list[tuple[float, float, float]] = []
        self.yearly = yearly_growth()
        self.measure(params)

    def windows(self, numbers: Tensor) -> Tensor:
        """(T, k + 1) of a text: k characters and the one that follows them, from each place on."""
        return numbers.to(self.device).unfold(0, self.k + 1, 1)

    def step(self, params: Params) -> Mapping[str, float]:
        """A round: the same compute for each of the five."""
        losses = []
        for net, updates, times in zip(self.nets, UPDATES, BATCHES, strict=True):
            total = 0.0
            for _ in range(updates):
                at = torch.randint(len(self.text), (times * params.batch,), generator=self.generator)
                total += net.learn(self.text.index_select(0, at.to(self.device)), params.learning_rate)
            losses.append(total / updates)
        self.steps += 1
        if self.steps >= self.next:
            self.next = max(self.steps + 1, math.ceil(APART * self.steps))
            self.budgets.append(float(self.steps * self.share))
            self.losses.append(self.tested())
            if (law := self.fitted(params)[3]) is not None:
                self.path.append((self.budgets[-1], law.exponent, float(law.errors()[1])))
        return {"loss": min(losses)}

    def tested(self) -> list[float]:
        return [net.loss(self.test) for net in self.nets]

    def measure(self, params: Params) -> Mapping[str, float]:
        self.now = self.tested()
        return {"held_out": min(self.now)}

    # --- the law

    def until(self, params: Params) -> float:
        """Up to which budget the law is fitted."""
        return self.steps * self.share / params.held_back

    def fitted(self, params: Params) -> tuple[int, int, int, Law | None]:
        """From which budget on and up to which it may hold, how many were used, and the law of them."""
        losses = np.array(self.losses).T.reshape(len(WIDTHS), -1)  # (S, K)
        first, last = between(losses) if params.fitted == "in between" else (0, losses.shape[1])
        budgets = np.array(self.budgets)
        known = int((budgets <= self.until(params) * (1 + 1e-9)).sum())
        used = max(0, min(last, known) - first)
        law = fit(budgets[first : first + used], losses.min(0)[first : first + used],
                  floor=params.law == "with a floor") if used else None
        return first, last, used, law

    def frame(self, params: Params) -> Frame:
        budgets = np.array(self.budgets)  # (K,)
        losses = np.array(self.losses).T.reshape(len(WIDTHS), -1)  # (S, K)
        weights = np.array([net.weights for net in self.nets], np.int32)
        first, last, used, law = self.fitted(params)
        best = valleys(weights, losses[:, first:last])
        growing = fit(budgets[first:last], best) if len(best) else None
        return Frame(
            weights=weights, letters=self.letters, spent=float(self.steps * self.share),
            read=np.array([float(net.read) for net in self.nets]), now=np.array(self.now),
            budgets=budgets, losses=losses, first=first, last=last, until=self.until(params), used=used,
            needed=needed(params.law == "with a floor"), **said_by(law, budgets, first),
            reached=float(losses[:, -1].min()) if len(budgets) else 0.0, best=best,
            growth=-growing.exponent if growing else 0.0,
            growth_error=float(growing.errors()[1]) if growing else 0.0,
            path=np.array(self.path).reshape(-1, 3), yearly=self.yearly[0], yearly_error=self.yearly[1])


def said_by(law: Law | None, budgets: NDArray[np.float64], first: int) -> dict[str, Any]:
    """The fields of the frame that the law fills, from the first budget to beyond the last."""
    if law is None:
        return {**dict.fromkeys(("compute", "line", "error"), np.zeros(0)), **dict.fromkeys(
            ("exponent", "exponent_error", "floor", "floor_error", "foretold", "foretold_error"), 0.0)}
    compute = np.geomspace(budgets[first], AHEAD * budgets[-1], DRAWN)
    line, error = law.at(compute)
    (loss,), (share,) = law.at(budgets[-1:])
    _, exponent_error, floor_error = law.errors().tolist()
    return {"compute": compute, "line": line, "error": error, "exponent": law.exponent,
            "exponent_error": exponent_error, "floor": law.floor, "floor_error": floor_error,
            "foretold": float(loss), "foretold_error": float(loss * share)}


def between(losses: NDArray[np.float64]) -> tuple[int, int]:
    """From the last budget at which the smallest of (S, K) is best on, up to the next at which the largest
    is: between them, no size beyond the five would do better."""
    best = losses.argmin(0) if losses.size else np.zeros(0, np.intp)
    small: NDArray[np.intp] = np.flatnonzero(best == 0)
    first = int(small[-1]) + 1 if len(small) else 0
    large: NDArray[np.intp] = np.flatnonzero(best[first:] == LAST)
    return first, first + int(large[0]) if len(large) else len(best)


def valleys(weights: NDArray[np.int32], losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F,) the size at which the loss (S, F) of a budget would be least: the bottom of the parabola through
    the best of the five and its neighbours, over ln N (Hoffmann et al. 2022, approach 2)."""
    x, each = np.log(weights), np.arange(losses.shape[1])
    middle = losses.argmin(0).clip(1, LAST - 1) if losses.size else each
    smaller, here, larger = (losses[middle + way, each] for way in (-1, 0, 1))
    bend = np.maximum(smaller - 2 * here + larger, 1e-12)
    at = x[middle] + (x[1] - x[0]) * (smaller - larger) / (2 * bend)  # the sizes lie equally far apart
    bottoms: NDArray[np.float64] = np.exp(at.clip(x[0], x[-1]))
    return bottoms
