"""What a machine can do in a second, measured one thing at a time.

A processor has to fetch numbers before it can compute with them. With π operations a second at most (the
*peak*) and β bytes a second from memory (the *bandwidth*), work of W operations on Q bytes takes at least
max(W / π, Q / β), so its speed is at most

    W / time ≤ min(π, β · I),    I = W / Q,  the arithmetic intensity.

Drawn over I that is a roof: a slope where memory decides, level where computing does (Williams, Waterman
and Patterson 2009, "Roofline"). W and Q are counted here, the time is measured.

Shapes: square matrices n × n; a layer of IN × OUT weights for a batch of B; attention with H heads of D
numbers over T tokens.
"""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.l1_basics.compute.course import course
from visualizers.l1_basics.compute.kernels import Count
from visualizers.l1_basics.compute.panel import (
    ADDITION,
    ADDITIONS,
    COPY,
    FLOAT32,
    FORMAT,
    FORMATS,
    FUSED,
    HOST,
    LAYER,
    LAYER_BATCHES,
    MODEL,
    PRODUCT,
    SHEETS,
    WRITTEN,
    Frame,
    Params,
)
from visualizers.panel import Context

SMALLEST, LARGEST_ON_CPU = 8, 1024  # rows of a square matrix
IN, OUT = 4096, 2048  # of the layer: 34 MB of weights
H, D, SHORTEST = 4, 16, 16  # heads, numbers a head, tokens
ENOUGH = 2e7  # operations and bytes that are repeated often enough to be timed


@dataclass(frozen=True)
class Case:
    """One thing to measure: which it is, what it costs by count, and how it is done."""

    family: int
    size: int
    number_format: int
    operations: float
    bytes: float
    run: Callable[[], object]

    @property
    def calls(self) -> int:
        """How often it is done within one measurement: what is over at once, more often."""
        return int(min(50, max(1, ENOUGH / (self.operations / 4 + self.bytes + 1))))


def timed(run: Callable[[], object], calls: int, wait: Callable[[], None]) -> float:
    """Milliseconds a call. A GPU is only told what to do and works on by itself, so ``wait`` for it."""
    run()  # the first time is slower: caches are cold, kernels are chosen
    wait()
    started = time.perf_counter()
    for _ in range(calls):
        run()
    wait()
    return 1000 * (time.perf_counter() - started) / calls


# --- what each costs ---------------------------------------------------------------------------------


def product_cost(n: int, bytes_: int) -> tuple[float, float]:
    """(n, n) by (n, n): each of n² results takes n multiplications and n additions; two matrices are read
    and one is written. I grows with n."""
    return 2.0 * n**3, 3.0 * n**2 * bytes_


def layer_cost(batch: int, weights: int, ends: int) -> tuple[float, float]:
    """A weight is read once and used for each of the batch: I is about batch / 2 in float32."""
    return 2.0 * batch * weights, 4.0 * (weights + batch * ends)


def written_cost(T: int) -> tuple[float, float]:
    """softmax(q kᵀ) v, each step a kernel: H tables of T² numbers are written and read again, twice."""
    return H * T * (4.0 * D * T + D + T), 4.0 * H * T * (6 * D + 4 * T)


def fused_cost(T: int) -> tuple[float, float]:
    """The same operations, but the tables never reach memory: q, k, v are read and the result written."""
    return written_cost(T)[0], 4.0 * H * T * 4 * D


def powers(first: int, last: int) -> Iterator[int]:
    while first <= last:
        yield first
        first *= 2


class Compute:
    """Everything that is measured, in a row; a step measures the next one."""

    shared: ClassVar[tuple[str, ...]] = ("cases", "room")

    def __init__(self, params: Params, context: Context) -> None:
        self.device = context.device
        self.wait = _waiting(self.device)
        gpu = self.device != "cpu"
        largest = (4096 if gpu else 512) if params.largest == "auto" else int(params.largest)
        if not gpu and largest > LARGEST_ON_CPU:
            context.note("A product of {wanted} rows would take seconds on a CPU: products go up to {most}.",
                         wanted=largest, most=LARGEST_ON_CPU)
            largest = LARGEST_ON_CPU
        numbers = max(params.megabytes * 10**6 // 4, 3 * largest**2)
        context.progress(0, 2, "draw numbers to compute with")
        self.room = torch.empty(numbers)
        self.room.uniform_(generator=context.generator)
        self.room = self.room.to(self.device)
        context.progress(1, 2, "load the course's models")
        self.cases = [*self._products(largest), *self._layer(), *self._models(params, context),
                      *self._additions(params), *self._copies(largest), *self._attention(params.longest),
                      *self._formats(largest)]
        if gpu:
            self.cases += self._on_host(min(largest, LARGEST_ON_CPU))
        self.at = 0
        self.fastest = math.inf

    # What is measured

    def _matrices(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        a, b, c = self.room[: 3 * n * n].view(3, n, n)
        return a, b, c

    def _products(self, largest: int) -> Iterator[Case]:
        for n in powers(SMALLEST, largest):
            a, b, c = self._matrices(n)
            yield Case(PRODUCT, n, FLOAT32, *product_cost(n, 4), _product(a, b, torch.empty_like(c)))

    def _layer(self) -> Iterator[Case]:
        wide = min(OUT, len(self.room) // IN)
        w = self.room[: wide * IN].view(wide, IN)                               # (OUT, IN)
        for batch in LAYER_BATCHES:
            x = self.room[: batch * IN].view(batch, IN)                         # (B, IN)
            yield Case(LAYER, batch, FLOAT32, *layer_cost(batch, wide * IN, wide + IN), _layer(x, w))

    def _models(self, params: Params, context: Context) -> Iterator[Case]:
        for index, run in enumerate(course(params.batch, self.device, context.generator).values()):
            with torch.no_grad(), Count() as count:
                run()
            yield Case(MODEL, index, FLOAT32, count.operations, count.bytes, run)

    def _additions(self, params: Params) -> Iterator[Case]:
        """Two vectors: one operation for each number, and twelve bytes."""
        most = params.megabytes * 10**6 // 12
        for n in sorted(max(16, most // 4**k) for k in range(ADDITIONS)):
            a, b, c = self.room[:n], self.room[n : 2 * n], torch.empty_like(self.room[:n])
            yield Case(ADDITION, 12 * n // 1000, FLOAT32, float(n), 12.0 * n, _addition(a, b, c))

    def _copies(self, largest: int) -> Iterator[Case]:
        """The way of two matrices to the processor's memory, and of the product back. Without a GPU it is
        a way within the same memory."""
        for n in powers(SMALLEST, largest):
            there = self._matrices(n)
            here = [one.to("cpu", copy=True) for one in there]
            yield Case(COPY, n, FLOAT32, 0.0, 12.0 * n**2,
                       _copy((here[0], here[1], there[2]),
                             (torch.empty_like(there[0]), torch.empty_like(there[1]), here[2])))

    def _attention(self, longest: int) -> Iterator[Case]:
        for family, cost, make in ((WRITTEN, written_cost, _written), (FUSED, fused_cost, _fused)):
            for T in powers(SHORTEST, longest):
                each = H * T * D
                some = self.room[: min(len(self.room), 3 * each)]
                some = some.repeat(math.ceil(3 * each / len(some)))[: 3 * each]
                yield Case(family, T, FLOAT32, *cost(T), make(*some.view(3, 1, H, T, D).unbind()))

    def _formats(self, largest: int) -> Iterator[Case]:
        """Products in the other formats, up to half the size: float16 is slow on most CPUs."""
        for at, name in enumerate(FORMATS):
            if at == FLOAT32 or not _knows(self.device, getattr(torch, name)):
                continue
            for n in powers(SMALLEST, largest // 2):
                a, b, c = (one.to(getattr(torch, name)) for one in self._matrices(n))
                yield Case(FORMAT, n, at, *product_cost(n, a.element_size()), _product(a, b, c.clone()))

    def _on_host(self, largest: int) -> Iterator[Case]:
        """The same products on the CPU beside the GPU."""
        for n in powers(SMALLEST, largest):
            a, b, c = (one.cpu() for one in self._matrices(n))
            yield Case(HOST, n, FLOAT32, *product_cost(n, 4), _product(a, b, c))

    # Measuring

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """Measure the next one. Nothing of it is kept here: what a clock says is never the same twice."""
        index = self.at % len(self.cases)
        case = self.cases[index]
        took = timed(case.run, case.calls, self.wait)
        if case.operations > 0:
            self.fastest = min(self.fastest, took / case.operations * 1e9)
        self.at += 1
        return {"measurement": float(index), "took_ms": took, "fastest_ms": self.fastest}

    def finished(self, params: Params) -> bool:
        return self.at >= params.repeats * len(self.cases)

    def frame(self, params: Params) -> Frame:
        sheet = SHEETS.get(params.sheet)
        cases, machine = self.cases, _machine(self.device)
        return Frame(
            family=np.array([one.family for one in cases], np.int8),
            size=np.array([one.size for one in cases], np.int32),
            number_format=np.array([one.number_format for one in cases], np.int8),
            operations=np.array([one.operations for one in cases]),
            bytes=np.array([one.bytes for one in cases]),
            device=self.device, threads=torch.get_num_threads(),
            crossing=crossing(sheet.peak, sheet.link, 4) if sheet else 0.0,
            crossing_half=crossing(sheet.half, sheet.link, 2) if sheet else 0.0,
            **machine)


def crossing(peak: float, link: float, bytes_: int) -> float:
    """The rows n of square matrices at which 2 n³ / peak is as long as their 3 n² numbers travel."""
    return 1.5 * bytes_ * peak / link


# --- how each is done --------------------------------------------------------------------------------


def _product(a: Tensor, b: Tensor, c: Tensor) -> Callable[[], object]:
    return lambda: torch.mm(a, b, out=c)


def _layer(x: Tensor, w: Tensor) -> Callable[[], object]:
    return lambda: F.linear(x, w)                                               # (B, OUT)


def _addition(a: Tensor, b: Tensor, c: Tensor) -> Callable[[], object]:
    return lambda: torch.add(a, b, out=c)


def _copy(sources: tuple[Tensor, ...], targets: tuple[Tensor, ...]) -> Callable[[], object]:
    return lambda: [target.copy_(one) for one, target in zip(sources, targets, strict=True)]


def _written(q: Tensor, k: Tensor, v: Tensor) -> Callable[[], object]:
    return lambda: ((q / math.sqrt(D)) @ k.mT).softmax(-1) @ v                  # (1, H, T, D)


def _fused(q: Tensor, k: Tensor, v: Tensor) -> Callable[[], object]:
    return lambda: F.scaled_dot_product_attention(q, k, v)                      # (1, H, T, D)


# --- the machine -------------------------------------------------------------------------------------


def _waiting(device: str) -> Callable[[], None]:
    """A CPU is done when it returns; for anything else there is something to wait for."""
    return torch.accelerator.synchronize if device != "cpu" else lambda: None


def _knows(device: str, dtype: torch.dtype) -> bool:
    try:
        one = torch.ones(8, 8, dtype=dtype, device=device)
        return bool((one @ one)[0, 0] == 8)
    except (RuntimeError, TypeError):
        return False


def _machine(device: str) -> dict[str, Any]:
    """What this machine says of itself."""
    here = [torch.cuda.get_device_name(one) for one in range(torch.cuda.device_count())] \
        if torch.cuda.is_available() else ["Apple GPU"] if torch.backends.mps.is_available() else []
    kind = torch.device(device).type
    own = float(torch.cuda.get_device_properties(device).total_memory) if kind == "cuda" else 0.0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pages = "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {})
    memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) if pages else 0.0
    return {"processor": here[0] if here and kind != "cpu" else _cpu(), "cores": cores, "memory": memory,
            "own_memory": own, "others": tuple(here)}


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
