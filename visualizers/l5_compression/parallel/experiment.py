"""One network trained by N processes that cut batch, optimiser, weights or layers, beside one process.

Data parallel: Li 2020. ZeRO: Rajbhandari 2020. Tensor parallel: Shoeybi 2019. Pipeline: Huang 2019,
Narayanan 2019. What a worker does stands in ``by_hand.py``, how the workers are started and ended in
``crew.py``. Here they are told what to do, and what they have learnt is compared with one process that
takes the whole batch with torch's own autograd and Adam.

Between two steps the training as a whole is kept here, as in a checkpoint: a run may go back, or go on
in another way, and the workers cut their parts anew.

Shapes: B images, N workers, Ψ numbers to learn, k of them a worker's, U Gantt slots, R rounds.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, linear, relu

from visualizers.l5_compression.parallel.by_hand import BLOCKS, fresh, places, views
from visualizers.l5_compression.parallel.crew import Report, State, crew
from visualizers.l5_compression.parallel.panel import (
    BINS,
    COLLECTIVES,
    MESSAGES,
    WAYS,
    Frame,
    Params,
)
from visualizers.panel import Context

BATCH = 96  # images of a step, which 2, 3 and 4 divide
HELD_OUT = 360  # images that are never trained on
_states = itertools.count()  # every state of any run has a number of its own


@dataclass(frozen=True)
class Counted:
    """What is the same at every step: fields of the frame by their names there."""

    way: int
    held: NDArray[np.int64]
    moment: NDArray[np.int64]
    alone: NDArray[np.int64]
    parts: NDArray[np.uint8]
    sent: NDArray[np.int64]
    calls: int
    sent_formula: float
    slots: NDArray[np.int32]
    length: int
    idle: float
    idle_formula: float


class Parallel:
    """The workers, and one process beside them."""

    shared: ClassVar[tuple[str, ...]] = ("crew", "x", "y", "train", "valid", "places", "rounds")
    measure_every = 50
    measure_reads = ("way", "micro_batches", "schedule", "collectives")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator = context.generator
        dtype = getattr(torch, params.numbers)
        images, labels = context.data.read("table", "digits")
        self.x = torch.from_numpy(images / 16).to(dtype)                        # (1797, 64)
        self.y = torch.from_numpy(labels.copy())                                # (1797,)
        rows = torch.randperm(len(self.x), generator=self.generator)
        self.valid, self.train = rows[:HELD_OUT], rows[HELD_OUT:]
        context.progress(0, 1, "starting the workers")
        self.crew = crew(params.workers, self.x.float().numpy(), self.y.numpy(), context.device)
        self.places = places(int(params.width))
        self.rounds = {name: self._rounds(name) for name in COLLECTIVES}

        self.weights = fresh(int(params.width), self.generator).to(dtype)       # (Ψ,)
        self.moments = torch.zeros(2, len(self.weights), dtype=dtype)           # (2, Ψ)
        self.one = self.weights.clone().requires_grad_()                        # (Ψ,)
        self.adam = torch.optim.Adam([self.one], fused=True)
        self.steps, self.state, self.way = 0, next(_states), ""
        self.counted: Counted | None = None
        self.of: tuple[object, ...] = ()

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One step by all workers, and the same one by a single process."""
        rows = self.train[torch.randint(len(self.train), (BATCH,), generator=self.generator)]  # (B,)
        loss, weights, moments, reports = self._ask(params, rows, keep=True)
        self.weights, self.moments, self.way = weights, moments, params.way
        self.steps += 1
        self.crew.state = self.state = next(_states)
        self._count(params, reports)
        alone = self._alone(rows, params.learning_rate)
        return {"loss": loss, "loss_alone": alone,
                "difference": float((self.one.detach() - self.weights).abs().max()),
                "held": float(max(sum(one.bytes) for one in reports)),
                "sent": float(max(sum(one.sent.values()) for one in reports))}

    def _ask(self, params: Params, rows: Tensor, keep: bool
             ) -> tuple[float, Tensor, Tensor, list[Report]]:
        """Have the workers do a step from the present state: loss, (Ψ,), (2, Ψ) and what each tells."""
        state = None
        if (self.crew.state, self.way) != (self.state, params.way):
            state = State(params.way, int(params.width), self.weights.numpy(), self.moments.numpy())
            self.crew.state, self.way = self.state, params.way
        reports: list[Report] = self.crew.tell(
            "step", state=state, rows=rows.numpy(), keep=keep, by_hand=params.collectives == "a ring by hand",
            rate=params.learning_rate, step=self.steps + 1, micro_batches=params.micro_batches,
            schedule=params.schedule)
        weights, moments = self.weights.clone(), self.moments.clone()
        for one in reports:
            where = torch.from_numpy(one.where)                                 # (k,)
            weights[where] = torch.from_numpy(one.weights)
            moments[:, where] = torch.from_numpy(one.moments)
        return sum(one.loss for one in reports), weights, moments, reports

    def logits(self, weights: Tensor, x: Tensor) -> Tensor:
        """The same network in torch's own words: (B, 64) → (B, 10)."""
        W = views(weights, self.places)
        x = linear(x, W["in"], W["in bias"])                                    # (B, w)
        for b in range(BLOCKS):
            a = relu(linear(x, W[f"{b} up"], W[f"{b} up bias"]))                # (B, 2w)
            x = x + linear(a, W[f"{b} down"], W[f"{b} down bias"])              # (B, w)
        return linear(x, W["out"])

    def _alone(self, rows: Tensor, rate: float) -> float:
        """One process takes the whole batch: autograd and ``torch.optim.Adam``."""
        loss = cross_entropy(self.logits(self.one, self.x[rows]), self.y[rows])
        self.adam.zero_grad()
        loss.backward()
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()
        return float(loss.detach())

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """A rehearsal: the next step on a fixed batch, counted by all workers and kept by none."""
        self._count(params, self._ask(params, self.train[:BATCH], keep=False)[3])
        x, y = self.x[self.valid], self.y[self.valid]
        right = (self.logits(self.weights, x).argmax(1) == y).float().mean()
        right_alone = (self.logits(self.one, x).argmax(1) == y).float().mean()
        return {"accuracy": float(right), "accuracy_alone": float(right_alone)}

    # --- looking

    def frame(self, params: Params) -> Frame:
        """What each worker holds and sends, a collective's rounds, and the formula of the large model."""
        assert self.counted is not None
        trace, sent = self.rounds[params.collective]
        now = min(params.round, len(trace) - 1)
        return Frame(
            **vars(self.counted), difference=float((self.one.detach() - self.weights).abs().max()),
            before=trace[max(0, now - 1)], after=trace[now], round=now, rounds=len(trace) - 1, pieces=sent,
            gigabytes=np.array(zero_formula(params.billions, params.gpus), np.float32),
            numbers=len(self.weights))

    def _count(self, params: Params, reports: list[Report]) -> None:
        """What the workers held and sent, which no step changes: only another way does."""
        of = tuple(getattr(params, name) for name in self.measure_reads)
        if of == self.of:
            return
        N, total, one = params.workers, len(self.weights), self.weights.element_size()
        piped = params.way == "pipeline"
        slots, length = gantt([each.order for each in reports], piped)
        self.of = of
        self.counted = Counted(
            way=WAYS.index(params.way),
            held=np.array([each.bytes for each in reports], np.int64),
            moment=np.array([each.moment for each in reports], np.int64),
            alone=np.array([total * one, total * one, 2 * total * one,
                            sum(BATCH * width for width in self._kept(params)) * one], np.int64),
            parts=np.stack([[share(where, total) for where in each.has] for each in reports])
            if self.counted is None or reports[0].has else self.counted.parts,
            sent=np.array([[each.sent.get(what, 0) for what in MESSAGES] for each in reports], np.int64),
            calls=max(each.calls for each in reports), sent_formula=traffic(params, total, one),
            slots=slots, length=length, idle=1 - len(slots) / (N * length),
            idle_formula=(N - 1) / (params.micro_batches + N - 1) if piped else 0.0)

    def _kept(self, params: Params) -> list[int]:
        """Numbers an image that one process keeps for the way back: pixels, each block's two, the last."""
        width = int(params.width)
        return [self.x.shape[1], *BLOCKS * [width, 2 * width], width]

    def _rounds(self, name: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """A collective by all workers: what each piece holds before and after each round, pieces sent."""
        told = self.crew.tell("collective", name=name)
        traces = np.array([trace for trace, _ in told], np.int32)               # (N, R, N)
        return traces.transpose(1, 0, 2), np.array([sent for _, sent in told], np.int32)


# --- counting -------------------------------------------------------------------------------------


def share(where: NDArray[Any], total: int) -> NDArray[np.uint8]:
    """Which percentage of each of ``BINS`` equal parts of the vector lies in ``where``: (BINS,)."""
    edges = np.linspace(0, total, BINS + 1)
    return np.round(100 * np.histogram(where, edges)[0] / np.diff(edges)).clip(0, 100).astype(np.uint8)


def gantt(orders: list[list[tuple[str, int]]], waits: bool) -> tuple[NDArray[np.int32], int]:
    """When each stage computed what, if a pass takes one slot: (U, 4) stage, slot, back?, micro-batch.

    The order of each stage is the one in which it really worked. It could begin when it had finished what
    it did before, and what it had to wait for had come from its neighbour.
    """
    last, free = len(orders) - 1, [0] * len(orders)
    ends: dict[tuple[int, str, int], int] = {}
    slots, left = [], [list(one) for one in orders]
    while any(left):
        for stage, todo in enumerate(left):
            if not todo:
                continue
            kind, micro = todo[0]
            needs = (stage - 1, "F", micro) if kind == "F" else (stage + 1, "B", micro)
            first = not waits or stage == (0 if kind == "F" else last)
            if not first and needs not in ends:
                continue
            begin = max(free[stage], 0 if first else ends[needs])
            ends[stage, kind, micro] = free[stage] = begin + 1
            slots.append((stage, begin, kind == "B", micro))
            todo.pop(0)
    return np.array(slots, np.int32), max(free)


def traffic(params: Params, total: int, size: int) -> float:
    """Bytes that the worker who sends most sends in a step, by the papers' formulas."""
    N, ring = params.workers, (params.workers - 1) / params.workers
    activation = BATCH * int(params.width) * size
    match params.way:
        case "tensor parallel":
            return 2 * BLOCKS * 2 * ring * activation  # two all-reduces a block
        case "pipeline":
            return (1 if N == 2 else 2) * activation  # to either side, for a stage in the middle
    return (3 if params.way == "ZeRO 3" else 2) * ring * total * size


def zero_formula(billions: float, gpus: int) -> list[float]:
    """GB a GPU without activations, in mixed precision: none, ZeRO 1, 2, 3 (Rajbhandari 2020, K = 12)."""
    weights, gradients, adam = 2 * billions, 2 * billions, 12 * billions
    return [weights + gradients + adam, weights + gradients + adam / gpus,
            weights + (gradients + adam) / gpus, (weights + gradients + adam) / gpus]
