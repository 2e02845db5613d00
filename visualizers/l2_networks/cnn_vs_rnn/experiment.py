"""A convolutional and a recurrent network learn the same task from the same texts.

The CNN (Kim 2014) lays one window of h words at every place of the text at once, multiplies what it
sees by its filters, and keeps for each filter only its largest answer. The RNN reads one word after
another and answers from its last state. A CNN needs one round of multiplications whatever the length
T, an RNN needs T, one waiting for the other; but two words further apart than h − 1 are never in one
window. Both backward passes are written out: the convolution's in ``visualizers/models/text_cnn.py``,
the cells' in ``recurrent.py``. A test compares every gradient with autograd.

The clock is read here and nowhere decides anything: times leave as scalars, and no weight, frame or
random number depends on them.

Shapes: B texts, T words, V symbols; CNN: E numbers a word, windows of h words at P = T − h + 1 places,
F filters; RNN: H units, G blocks of weights (GRU 3, LSTM 4).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from visualizers.data.cues import FILLERS, WORDS, cue_texts, shuffled, spelled
from visualizers.l2_networks.cnn_vs_rnn.panel import LENGTHS, Frame, Params
from visualizers.models.recurrent import CELLS, back_through_time
from visualizers.models.text_cnn import Pooled, convolve, convolve_back, places_of, softmax_error
from visualizers.panel import Context

SYMBOLS, ANSWERS, EMBEDDING = WORDS + FILLERS, 2, 16
EVERY = 16  # steps from one reading of the clock, at one length, to the next
TESTED = 128  # texts whose words are shuffled
REMEMBERED = 100  # about how many texts of each distance the accuracy over distance counts
CLIP = 1.0  # a longer gradient of the RNN is shortened to this norm


class Cnn:
    """Embedding, one convolution, the maximum over time, a linear readout (Kim 2014)."""

    def __init__(self, params: Params, normal: Normal) -> None:
        self.h = params.window
        seen = self.h * EMBEDDING
        self.e = normal(SYMBOLS, EMBEDDING)  # (V, E)
        self.k = normal(params.filters, seen) / math.sqrt(seen)  # (F, h·E)
        self.b = torch.zeros_like(self.k[:, 0])  # (F,)
        self.v = normal(ANSWERS, params.filters) / math.sqrt(params.filters)  # (2, F)
        self.weights = [self.e, self.k, self.b, self.v]

    def forward(self, x: Tensor) -> tuple[Tensor, Pooled]:
        """Logits (B, 2), and what the way back needs: the windows, the largest answer, its place."""
        lengths = torch.full((len(x),), x.shape[1], device=x.device)
        pooled = convolve(self.e[x], lengths, self.k, self.b)
        return pooled.best @ self.v.T, pooled

    def gradients(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the gradients of all weights. Only the windows that won get any error."""
        logits, pooled = self.forward(x)
        wrong = softmax_error(logits, y)  # ∂L/∂logits (B, 2)
        gk, gb, rows = convolve_back(pooled, wrong @ self.v, self.k)  # rows: (B, F, h·E)
        read = x.gather(1, places_of(pooled.where, self.h).flatten(1))  # (B, F·h), their words
        ge = torch.zeros_like(self.e).index_add_(0, read.flatten(), rows.reshape(-1, EMBEDDING))
        return logits, [ge, gk, gb, wrong.T @ pooled.best]


class Rnn:
    """One recurrent layer and a linear readout of its last state."""

    def __init__(self, params: Params, normal: Normal, length: int, context: Context) -> None:
        self.cell, size = CELLS[params.cell], params.hidden_size
        blocks = [torch.linalg.qr(normal(size, size).cpu())[0] for _ in range(self.cell.blocks)]
        self.w = torch.cat(blocks).to(context.device)  # (G·H, H), orthogonal
        self.u = normal(SYMBOLS, len(self.w)) / 2  # (V, G·H)
        self.b = torch.zeros_like(self.u[0])  # (G·H,)
        self.v = normal(ANSWERS, size) / math.sqrt(size)  # (2, H)
        if self.cell.blocks > 1:  # gates that keep for 1 … T − 1 steps (Tallec and Ollivier 2018)
            d = 1 + (length - 2) * torch.rand(size, generator=context.generator)
            self.b[:size] = d.log()
            if params.cell == "LSTM":
                self.b[size : 2 * size] = -d.log()
        self.weights = [self.w, self.u, self.b, self.v]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Logits (B, 2), all states (T+1, B, S), and what the way back needs."""
        s, parts = self.cell.forward(self.u[x.T] + self.b, self.w)
        return s[-1, :, : self.w.shape[1]] @ self.v.T, s, parts

    def gradients(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the gradients of all weights, through all T steps."""
        logits, s, parts = self.forward(x)
        size = self.w.shape[1]
        wrong = softmax_error(logits, y)  # ∂L/∂logits (B, 2)
        last = torch.zeros_like(s[0])  # (B, S)
        last[:, :size] = wrong @ self.v  # ∂L/∂h_T
        slopes = self.cell.slopes(s, parts)
        d = back_through_time(self.cell, last, slopes, self.w)  # (T+1, B, S), from T back to 0
        da, du = self.cell.errors(d[:-1].flip(0), slopes)  # (T, B, G·H) each
        gw = du.flatten(0, 1).T @ s[:-1, :, :size].flatten(0, 1)  # Σ_t δ h_{t-1}ᵀ
        gu = torch.zeros_like(self.u).index_add_(0, x.T.flatten(), da.flatten(0, 1))
        found = [gw, gu, da.sum((0, 1)), wrong.T @ s[-1, :, :size]]
        norm = torch.stack([one.norm() for one in found]).norm()
        return logits, [one * (CLIP / norm).clamp_max(1) for one in found]


class Normal:
    """Draws weights on the CPU, so that every device begins with the same ones."""

    def __init__(self, context: Context) -> None:
        self.generator, self.device = context.generator, context.device

    def __call__(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator).to(self.device)


class CnnVsRnn:
    """Both networks, one batch a step for both, and what is measured of them on the way."""

    shared: ClassVar[tuple[str, ...]] = ("examples", "mixed", "clocked", "products")
    remembered: ClassVar[tuple[str, ...]] = ("cnn_by_distance", "rnn_by_distance", "texts")
    measure_every = 32

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        # One text of each distance to look at, and words at random for the clock.
        self.examples = cue_texts(params.task, params.distance, params.distance, self.seed(),
                                  np.arange(params.distance) + 1)
        # Texts of all distances with their words shuffled.
        texts = cue_texts(params.task, TESTED, params.distance, self.seed())
        self.mixed = shuffled(texts.x, self.seed()), texts.y
        self.clocked = torch.randint(SYMBOLS, (params.batch, max(LENGTHS)), generator=self.generator)
        normal = Normal(context)
        self.cnn = Cnn(params, normal)
        self.rnn = Rnn(params, normal, self.examples.x.shape[1], context)
        self.optimizer = torch.optim.Adam([*self.cnn.weights, *self.rnn.weights])
        self.right = torch.zeros(2, params.distance)  # (2, D), CNN and RNN; older ones fade
        self.count = torch.zeros(params.distance)  # (D,)
        self.steps = 0
        self.products = np.array([[products(network, self.clocked[:1, :length].to(self.device))
                                   for length in LENGTHS] for network in (self.cnn, self.rnn)],
                                 np.int32)  # (2, lengths)

    def seed(self) -> int:
        return int(torch.randint(2**31, (), generator=self.generator))

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on one new batch."""
        texts = cue_texts(params.task, params.batch, params.distance, self.seed())
        x, y = torch.from_numpy(texts.x).to(self.device), torch.from_numpy(texts.y).to(self.device)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.fade(params, torch.from_numpy(texts.distance))
        scalars = {"loss": 0.0}
        networks: dict[str, Cnn | Rnn] = {"cnn": self.cnn, "rnn": self.rnn}
        for index, (name, network) in enumerate(networks.items()):
            started = time.perf_counter()
            logits, gradients = network.gradients(x, y)
            loss = float(cross_entropy(logits, y))  # waits for the device
            scalars[f"{name}_ms"] = 1000 * (time.perf_counter() - started)
            for tensor, gradient in zip(network.weights, gradients, strict=True):
                tensor.grad = gradient
            right = (logits.argmax(1) == y).float().cpu()  # (B,)
            self.right[index].index_add_(0, torch.from_numpy(texts.distance) - 1, right)
            scalars[f"{name}_loss"], scalars[f"{name}_accuracy"] = loss, float(right.mean())
            scalars["loss"] += loss
        self.optimizer.step()
        scalars |= self.timed()
        self.steps += 1
        return scalars

    def fade(self, params: Params, distance: Tensor) -> None:
        """Make room for this batch in what is counted over distance."""
        keep = max(0.0, 1 - params.batch / (REMEMBERED * params.distance))
        self.right *= keep
        self.count *= keep
        self.count.index_add_(0, distance - 1, torch.ones(len(distance)))

    def timed(self) -> dict[str, float]:
        """Every few steps the time of both networks at one length; a length of 0 says that not now."""
        turn, wait = divmod(self.steps, EVERY)
        if wait:
            return {"timed_length": 0.0, "timed_cnn_ms": 0.0, "timed_rnn_ms": 0.0}
        length = LENGTHS[turn % len(LENGTHS)]
        at = self.clocked[:, :length].to(self.device)
        return {"timed_length": float(length), "timed_cnn_ms": clock(self.cnn, at),
                "timed_rnn_ms": clock(self.rnn, at)}

    def measure(self, params: Params) -> Mapping[str, float]:
        """Texts whose words are shuffled, and how sure both networks are of the examples."""
        x, y = self.mixed
        both = np.concatenate((x, self.examples.x))
        sure = self.look(torch.from_numpy(both), np.concatenate((y, self.examples.y)))  # (2, N + D)
        self.sure = sure[:, len(y) :]
        cnn, rnn = (sure[:, : len(y)] > 0.5).float().mean(1).tolist()
        return {"cnn_shuffled": cnn, "rnn_shuffled": rnn}

    @torch.no_grad()
    def look(self, x: Tensor, y: np.ndarray) -> Tensor:
        """How sure both networks are of the right answers. (2, B)"""
        x, answers = x.to(self.device), torch.from_numpy(y).to(self.device)
        rows = torch.arange(len(x), device=self.device)
        return torch.stack([network.forward(x)[0].softmax(1)[rows, answers].cpu()
                            for network in (self.cnn, self.rnn)])

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        shares = torch.where(self.count > 0, self.right / self.count.clamp_min(1e-9), 0.5).numpy()
        shown = (params.example or params.window) - 1
        shown = min(max(0, shown), params.distance - 1)
        x = self.examples.x[shown]
        return Frame(
            cnn_by_distance=shares[0].copy(),
            rnn_by_distance=shares[1].copy(),
            texts=self.count.numpy().copy(),
            tokens=spelled(x),
            cues=np.flatnonzero(x < WORDS).astype(np.int32),
            example_distance=shown + 1,
            example_y=int(self.examples.y[shown]),
            example_cnn=float(self.sure[0, shown]),
            example_rnn=float(self.sure[1, shown]),
            cnn_products=self.products[0].copy(),
            rnn_products=self.products[1].copy(),
            cnn_parameters=sum(one.numel() for one in self.cnn.weights),
            rnn_parameters=sum(one.numel() for one in self.rnn.weights),
        )


class Products(TorchDispatchMode):
    """Counts the matrix products that are computed while it is entered."""

    KINDS = (torch.ops.aten.mm.default, torch.ops.aten.addmm.default, torch.ops.aten.bmm.default)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(  # type: ignore[no-untyped-def]
        self, operation, types, args=(), kwargs=None
    ) -> Any:
        self.count += operation in self.KINDS
        return operation(*args, **(kwargs or {}))


def products(network: Cnn | Rnn, x: Tensor) -> int:
    """How many matrix products one way forward and back through these texts takes."""
    with Products() as counted:
        network.gradients(x, torch.zeros_like(x[:, 0]))
    return int(counted.count)


def clock(network: Cnn | Rnn, x: Tensor) -> float:
    """Milliseconds of one way forward and back on these texts; the gradients are thrown away."""
    y = torch.zeros_like(x[:, 0])
    started = time.perf_counter()
    float(network.gradients(x, y)[1][0][0, 0])  # to read a number is to wait for the device
    return 1000 * (time.perf_counter() - started)
