"""Six ways of training one network on N workers, written by hand. Every worker runs this file.

Data parallel: Li 2020 (DDP). ZeRO 1 to 3: Rajbhandari 2020. Tensor parallel: Shoeybi 2019 (Megatron).
Pipeline: Huang 2019 (GPipe), Narayanan 2019 (1F1B). It needs nothing but torch, and scikit-learn's
digits. On one machine:

    torchrun --standalone --nproc-per-node=4 by_hand.py --way "ZeRO 3"

The same on several machines, once on each of them (here on the first of two):

    torchrun --nnodes=2 --node-rank=0 --master-addr=FIRST --nproc-per-node=4 by_hand.py --way "ZeRO 3"

Shapes: B images, w width, h = 2w hidden units, Ψ numbers to learn, N workers, k numbers of a worker.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.distributed as dist
from torch import Tensor

BLOCKS = 4
UNITS = 2  # so many pieces of the network does ZeRO gather and scatter one after the other
PIXELS, CLASSES = 64, 10

# --- what is learnt -------------------------------------------------------------------------------


def shapes(width: int) -> dict[str, tuple[int, ...]]:
    """The network's tensors in the order in which they lie in one vector of Ψ numbers."""
    found: dict[str, tuple[int, ...]] = {"in": (width, PIXELS), "in bias": (width,)}
    for b in range(BLOCKS):
        found |= {f"{b} up": (2 * width, width), f"{b} up bias": (2 * width,),
                  f"{b} down": (width, 2 * width), f"{b} down bias": (width,)}
    return found | {"out": (CLASSES, width)}


def places(width: int) -> dict[str, Tensor]:
    """Where in the vector each number of each tensor lies."""
    found, start = {}, 0
    for name, shape in shapes(width).items():
        stop = start + torch.Size(shape).numel()
        found[name], start = torch.arange(start, stop).view(shape), stop
    return found


def stage(width: int, number: int, count: int) -> dict[str, Tensor]:
    """Of ``places``, what stage ``number`` of ``count`` is made of: whole blocks, next to one another."""
    first, last = number * BLOCKS // count, (number + 1) * BLOCKS // count
    def mine(name: str) -> bool:
        if not name[0].isdigit():
            return number == (count - 1 if name == "out" else 0)
        return first <= int(name.split()[0]) < last
    return {name: where for name, where in places(width).items() if mine(name)}


def views(flat: Tensor, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """A vector (k,) as tensors of these shapes, one after the other; they share its memory."""
    parts = flat.split([one.numel() for one in like.values()])
    return {name: part.view(one.shape) for (name, one), part in zip(like.items(), parts, strict=True)}


# --- there and back -------------------------------------------------------------------------------


def forward(W: dict[str, Tensor], x: Tensor, wire: Wire | None = None) -> tuple[Tensor, list[Tensor]]:
    """Through the blocks that are in ``W``: the result, and what the way back needs.

    With a ``wire`` each worker has only some of the hidden units, and what they say is added up.
    """
    kept = [x]
    if "in" in W:
        x = x @ W["in"].T + W["in bias"]                                        # (B, w)
    for b in blocks(W):
        a = torch.relu(x @ W[f"{b} up"].T + W[f"{b} up bias"])                  # (B, h)
        said = a @ W[f"{b} down"].T                                             # (B, w)
        if wire:
            said = wire.all_reduce(said)
        kept += [x, a]
        x = x + said + W[f"{b} down bias"]                                      # (B, w)
    kept.append(x)
    return (x @ W["out"].T if "out" in W else x), kept                          # (B, 10) or (B, w)


def backward(W: dict[str, Tensor], kept: list[Tensor], d: Tensor, G: dict[str, Tensor],
             wire: Wire | None = None) -> Tensor:
    """The error ``d`` back through the same blocks. Adds to the gradients ``G``."""
    x = kept.pop()                                                              # (B, w)
    if "out" in W:
        G["out"] += d.T @ x
        d = d @ W["out"]                                                        # (B, w)
    for b in reversed(blocks(W)):
        a, x = kept.pop(), kept.pop()                                           # (B, h), (B, w)
        G[f"{b} down"] += d.T @ a
        G[f"{b} down bias"] += d.sum(0)
        da = (d @ W[f"{b} down"]) * (a > 0)                                     # (B, h)
        G[f"{b} up"] += da.T @ x
        G[f"{b} up bias"] += da.sum(0)
        dx = da @ W[f"{b} up"]                                                  # (B, w)
        if wire:
            dx = wire.all_reduce(dx)
        d = d + dx                                                              # (B, w)
    if "in" in W:
        G["in"] += d.T @ kept.pop()
        G["in bias"] += d.sum(0)
    return d


def blocks(W: dict[str, Tensor]) -> list[int]:
    return [b for b in range(BLOCKS) if f"{b} up" in W]


def cross_entropy(logits: Tensor, y: Tensor, total: int) -> tuple[float, Tensor]:
    """A part's share of the mean loss over ``total`` images, and its gradient: (B, 10), (B,)."""
    logp = logits.log_softmax(1)                                                # (B, 10)
    d = logp.exp()
    d[torch.arange(len(y)), y] -= 1
    return -float(logp[torch.arange(len(y)), y].sum()) / total, d / total


def adam(w: Tensor, g: Tensor, moments: Tensor, rate: float, step: int) -> None:
    """Kingma and Ba 2015, for any part of the weights: w (k,), g (k,), moments (2, k)."""
    m, v = moments
    m += 0.1 * (g - m)
    v += 0.001 * (g * g - v)
    w -= rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)


# --- what travels ---------------------------------------------------------------------------------


class Wire:
    """The collectives, round by round along a ring; what this worker sends is counted.

    Attributes:
        by_hand: made here of single messages; else torch's own, counted as a ring would send.
        sent: bytes by what they were sent for.
        calls: messages that were sent; a collective of torch's own counts as one.
        trace: where not None, the pieces before the first round and after each.
    """

    def __init__(self, by_hand: bool = True) -> None:
        self.rank, self.count, self.by_hand = dist.get_rank(), dist.get_world_size(), by_hand
        self.sent: Counter[str] = Counter()
        self.calls = 0
        self.trace: list[Tensor] | None = None
        self._under_way: list[Any] = []

    def _round(self, give: Tensor, take: Tensor, what: str) -> None:
        """One message to the next worker and one from the worker before, at the same time."""
        sending: Any = dist.isend(give, (self.rank + 1) % self.count)
        dist.recv(take, (self.rank - 1) % self.count)
        sending.wait()
        self._count(what, give.nbytes)

    def _look(self, pieces: Tensor) -> None:
        if self.trace is not None:
            self.trace.append(pieces.clone())

    def _count(self, what: str, size: int) -> None:
        self.sent[what] += size
        self.calls += 1

    def reduce_scatter(self, whole: Tensor, what: str = "reduce-scatter") -> Tensor:
        """Everyone's ``whole`` (k,) added up, of which each worker gets its own piece (k / N,)."""
        N = self.count
        if not self.by_hand:
            piece = whole.new_empty(len(whole) // N)
            dist.reduce_scatter(piece, list(whole.chunk(N)))
            self._count(what, (N - 1) * whole.nbytes // N)
            return piece
        pieces = whole.clone().view(N, -1)                                      # (N, k / N)
        self._look(pieces)
        taken = torch.empty_like(pieces[0])
        for one in range(N - 1):
            self._round(pieces[(self.rank - one - 1) % N], taken, what)
            pieces[(self.rank - one - 2) % N] += taken
            self._look(pieces)
        return pieces[self.rank].clone()

    def all_gather(self, piece: Tensor, what: str = "all-gather") -> Tensor:
        """Everyone's piece (k / N,) one after the other: (k,)."""
        N = self.count
        pieces = piece.new_zeros(N, len(piece))
        if not self.by_hand:
            dist.all_gather(list(pieces), piece)
            self._count(what, (N - 1) * pieces.nbytes // N)
            return pieces.view(-1)
        pieces[self.rank] = piece
        if what == "all-gather":  # not the second half of an all-reduce
            self._look(pieces)
        for one in range(N - 1):
            self._round(pieces[(self.rank - one) % N], pieces[(self.rank - one - 1) % N], what)
            self._look(pieces)
        return pieces.view(-1)

    def all_reduce(self, whole: Tensor, what: str = "all-reduce") -> Tensor:
        """Everyone's ``whole`` added up, for everyone: scattered, then gathered."""
        if self.by_hand:
            return self.all_gather(self.reduce_scatter(whole.view(-1), what), what).view_as(whole)
        whole = whole.contiguous()
        dist.all_reduce(whole)
        self._count(what, 2 * (self.count - 1) * whole.nbytes // self.count)
        return whole

    def broadcast(self, whole: Tensor) -> Tensor:
        """What worker 0 has, handed on from each to the next."""
        self._look(whole)
        for one in range(self.count - 1):
            if self.rank == one:
                dist.send(whole, one + 1)
                self._count("broadcast", whole.nbytes)
            elif self.rank == one + 1:
                dist.recv(whole, one)
            self._look(whole)
        return whole

    def reduce(self, whole: Tensor) -> Tensor:
        """Everyone's ``whole`` added up on its way from the last worker to worker 0."""
        taken = torch.empty_like(whole)
        self._look(whole)
        for one in reversed(range(1, self.count)):
            if self.rank == one:
                dist.send(whole, one - 1)
                self._count("reduce", whole.nbytes)
            elif self.rank == one - 1:
                dist.recv(taken, one)
                whole += taken
            self._look(whole)
        return whole

    def send(self, message: Tensor, to: int, what: str) -> None:
        """To one worker, which need not be ready for it yet."""
        self._under_way.append((dist.isend(message, to), message))
        self._count(what, message.nbytes)

    def receive(self, into: Tensor, who: int) -> Tensor:
        dist.recv(into, who)
        return into

    def wait(self) -> None:
        """Until all that was sent has arrived."""
        for sending, _ in self._under_way:
            sending.wait()
        self._under_way.clear()


# --- the six ways ---------------------------------------------------------------------------------


@dataclass
class Orders:
    """What a worker is told for one step: the batch, the rate, and how a pipeline is to be filled."""

    x: Tensor  # (B, 64)
    y: Tensor  # (B,)
    rate: float
    step: int
    micro_batches: int = 8
    schedule: str = "GPipe"


class Way:
    """One worker's share of the training.

    Attributes:
        weights, gradient, moments: the numbers that it holds: (k,), (k,), (2, k), each its own k.
        has, graded, adapted: where they lie among all Ψ.
        activations: bytes that were kept for the way back, at most.
        moment: bytes of whole units that were there for a moment only, at most.
        order: what it computed one after the other: ("F" or "B", micro-batch).
    """

    name: ClassVar[str]

    def __init__(self, wire: Wire, width: int, weights: Tensor, moments: Tensor) -> None:
        self.wire, self.width = wire, width
        self.has, self.graded, self.adapted = self.cut(places(width))
        self.weights = weights[self.has].clone()
        self.gradient = torch.zeros(len(self.graded), dtype=weights.dtype)
        self.moments = moments[:, self.adapted].clone()
        self.begin()

    def begin(self) -> None:
        self.activations = self.moment = 0
        self.order: list[tuple[str, int]] = []
        self.wire.sent.clear()
        self.wire.calls = 0
        self.gradient.zero_()

    def cut(self, all_places: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Which numbers of the weights, the gradient and Adam's moments are this worker's."""
        raise NotImplementedError

    def step(self, orders: Orders) -> float:
        """One step of training; this worker's share of the loss."""
        raise NotImplementedError

    def result(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where the numbers lie that this worker answers for, the weights and the moments there."""
        return self.adapted, self.weights, self.moments

    def keeps(self, kept: list[list[Tensor]]) -> None:
        there = {id(one): one.nbytes for each in kept for one in each}  # some stand in two lists
        self.activations = max(self.activations, sum(there.values()))

    def mine(self, orders: Orders) -> tuple[Tensor, Tensor]:
        """This worker's share of the batch."""
        rank, N = self.wire.rank, self.wire.count
        return orders.x.tensor_split(N)[rank], orders.y.tensor_split(N)[rank]


class DataParallel(Way):
    """Everyone has all; the batch is cut, and the gradients are added up."""

    name = "data parallel"

    def cut(self, all_places: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        everything = torch.cat([one.flatten() for one in all_places.values()])
        return everything, everything, everything

    def step(self, orders: Orders) -> float:
        x, y = self.mine(orders)                                                # (B / N, 64), (B / N,)
        W, G = (views(one, places(self.width)) for one in (self.weights, self.gradient))
        logits, kept = forward(W, x)
        self.keeps([kept])
        loss, d = cross_entropy(logits, y, len(orders.x))
        backward(W, kept, d, G)
        self.order = [("F", 0), ("B", 0)]
        self.gradient = self.wire.all_reduce(self.gradient)                     # (Ψ,)
        adam(self.weights, self.gradient, self.moments, orders.rate, orders.step)
        return loss

    def result(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of what everyone has alike, each worker shows one piece."""
        rank, N = self.wire.rank, self.wire.count
        return (self.adapted.chunk(N)[rank], self.weights.chunk(N)[rank],
                self.moments.chunk(N, 1)[rank])


class ZeRO(Way):
    """As data parallel, but nothing is held twice.

    Stage 1 cuts Adam's moments, stage 2 the gradients, stage 3 the weights as well: of each unit, which is
    half of the blocks, every worker has one piece.
    """

    depth: ClassVar[int]

    def cut(self, all_places: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        N, rank = self.wire.count, self.wire.rank
        self.units = [stage(self.width, one, UNITS) for one in range(UNITS)]
        flat = [torch.cat([one.flatten() for one in unit.values()]) for unit in self.units]
        self.lengths = [len(one) for one in flat]
        everything, pieces = torch.cat(flat), torch.cat([one.chunk(N)[rank] for one in flat])
        return (everything if self.depth < 3 else pieces,
                everything if self.depth < 2 else pieces, pieces)

    def split(self, numbers: Tensor) -> tuple[Tensor, ...]:
        """A vector over all units, or over a piece of each, unit by unit."""
        part = sum(self.lengths) // len(numbers)
        return tuple(numbers.split([one // part for one in self.lengths]))

    def whole(self, unit: int) -> dict[str, Tensor]:
        """All weights of a unit: in stage 3 they come from everyone, for as long as they are needed."""
        flat = self.split(self.weights)[unit]
        if self.depth == 3:
            flat = self.wire.all_gather(flat)
            self.moment = max(self.moment, flat.nbytes)
        return views(flat, self.units[unit])

    def step(self, orders: Orders) -> float:
        x, y = self.mine(orders)
        kept: list[list[Tensor]] = []
        for unit in range(UNITS):
            x, some = forward(self.whole(unit), x)
            kept.append(some)
            self.keeps(kept)
        loss, d = cross_entropy(x, y, len(orders.x))
        for unit in reversed(range(UNITS)):
            mine = self.split(self.gradient)[unit]
            flat = mine if self.depth == 1 else mine.new_zeros(self.lengths[unit])
            d = backward(self.whole(unit), kept.pop(), d, views(flat, self.units[unit]))
            if self.depth > 1:
                mine.copy_(self.wire.reduce_scatter(flat))
                self.moment = max(self.moment, flat.nbytes)
        self.order = [("F", 0), ("B", 0)]
        pieces = self.gradient if self.depth > 1 else torch.cat(
            [self.wire.reduce_scatter(one) for one in self.split(self.gradient)])
        own = self.own()
        adam(own, pieces, self.moments, orders.rate, orders.step)
        if self.depth < 3:
            self.weights = torch.cat([self.wire.all_gather(one) for one in self.split(own)])
        else:
            self.weights = own
        return loss

    def own(self) -> Tensor:
        """The weights that this worker changes."""
        if self.depth == 3:
            return self.weights
        return torch.cat([one.chunk(self.wire.count)[self.wire.rank] for one in self.split(self.weights)])

    def result(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.adapted, self.own(), self.moments


class ZeRO1(ZeRO):
    name, depth = "ZeRO 1", 1


class ZeRO2(ZeRO):
    name, depth = "ZeRO 2", 2


class ZeRO3(ZeRO):
    name, depth = "ZeRO 3", 3


class TensorParallel(Way):
    """Everyone sees the whole batch; each has some hidden units of every block."""

    name = "tensor parallel"

    def cut(self, all_places: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        N, rank = self.wire.count, self.wire.rank
        self.parts = {}
        for name, where in all_places.items():
            if name.endswith(("up", "up bias")):
                where = where.chunk(N)[rank]                                    # (h / N, w), (h / N,)
            elif name.endswith("down"):
                where = where.chunk(N, 1)[rank]                                 # (w, h / N)
            self.parts[name] = where
        mine = torch.cat([one.flatten() for one in self.parts.values()])
        return mine, mine, mine

    def step(self, orders: Orders) -> float:
        W, G = views(self.weights, self.parts), views(self.gradient, self.parts)
        logits, kept = forward(W, orders.x, self.wire)
        self.keeps([kept])
        loss, d = cross_entropy(logits, orders.y, len(orders.x))
        backward(W, kept, d, G, self.wire)
        self.order = [("F", 0), ("B", 0)]
        adam(self.weights, self.gradient, self.moments, orders.rate, orders.step)
        return loss / self.wire.count


class Pipeline(Way):
    """Each has some of the blocks; the batch goes through in small parts, one behind the other."""

    name = "pipeline"

    def cut(self, all_places: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        self.parts = stage(self.width, self.wire.rank, self.wire.count)
        mine = torch.cat([one.flatten() for one in self.parts.values()])
        return mine, mine, mine

    def plan(self, orders: Orders) -> Iterator[tuple[str, int]]:
        """Forward and back, micro-batch by micro-batch. 1F1B goes back as soon as it can."""
        m, behind = orders.micro_batches, self.wire.count - self.wire.rank
        ahead = m if orders.schedule == "GPipe" else min(m, behind)
        yield from (("F", one) for one in range(ahead))
        for one in range(m):
            yield "B", one
            if ahead + one < m:
                yield "F", ahead + one

    def step(self, orders: Orders) -> float:
        rank, last, wire = self.wire.rank, self.wire.count - 1, self.wire
        W, G = views(self.weights, self.parts), views(self.gradient, self.parts)
        x, y = orders.x.tensor_split(orders.micro_batches), orders.y.tensor_split(orders.micro_batches)
        kept: dict[int, list[Tensor]] = {}
        errors, loss = {}, 0.0
        for kind, one in self.plan(orders):
            self.order.append((kind, one))
            room = x[one].new_empty(len(x[one]), self.width)                    # (b, w)
            if kind == "F":
                out, kept[one] = forward(W, wire.receive(room, rank - 1) if rank else x[one])
                self.keeps(list(kept.values()))
                if rank < last:
                    wire.send(out, rank + 1, "to the next stage")
                else:
                    share, errors[one] = cross_entropy(out, y[one], len(orders.x))
                    loss += share
            else:
                d = errors.pop(one) if rank == last else wire.receive(room, rank + 1)
                d = backward(W, kept.pop(one), d, G)
                if rank:
                    wire.send(d, rank - 1, "to the stage before")
        wire.wait()
        adam(self.weights, self.gradient, self.moments, orders.rate, orders.step)
        return loss


WAYS: dict[str, type[Way]] = {
    one.name: one for one in (DataParallel, ZeRO1, ZeRO2, ZeRO3, TensorParallel, Pipeline)}

# --- with torchrun --------------------------------------------------------------------------------


def main() -> None:
    """Train on the digits; every worker draws the same batches from the same seed."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--way", choices=[*WAYS], default="ZeRO 3")
    ask.add_argument("--width", type=int, default=24)
    ask.add_argument("--steps", type=int, default=300)
    ask.add_argument("--rate", type=float, default=0.003)
    ask.add_argument("--micro-batches", type=int, default=8)
    ask.add_argument("--schedule", choices=["GPipe", "1F1B"], default="GPipe")
    ask.add_argument("--seed", type=int, default=0)
    told = ask.parse_args()
    gpus = torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
    if gpus:
        torch.set_default_device(f"cuda:{os.environ['LOCAL_RANK']}")
    dist.init_process_group("nccl" if gpus else "gloo")  # it finds the others by what torchrun tells it
    from sklearn.datasets import load_digits

    digits = load_digits()
    x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    draw = torch.Generator(x.device).manual_seed(told.seed)
    wire = Wire()
    weights = wire.broadcast(fresh(told.width, draw))
    way = WAYS[told.way](wire, told.width, weights, weights.new_zeros(2, len(weights)))
    for step in range(1, told.steps + 1):
        way.begin()
        rows = torch.randint(len(x), (96,), generator=draw, device=x.device)
        share = way.step(Orders(x[rows], y[rows], told.rate, step, told.micro_batches, told.schedule))
        loss = torch.tensor(share)
        dist.all_reduce(loss)
        if wire.rank == 0 and step % 50 == 0:
            print(f"{step:5}  loss {float(loss):.4f}  sent a step {sum(wire.sent.values()):,} bytes")
    dist.destroy_process_group()


def fresh(width: int, draw: torch.Generator) -> Tensor:
    """All Ψ weights before training: normal, by the number of inputs; biases are 0."""
    found = []
    for name, shape in shapes(width).items():
        size = 0.0 if "bias" in name else (1 / shape[-1])**0.5 * (0.5 if "down" in name else 1.0)
        found.append(size * torch.randn(shape, generator=draw, device=draw.device).flatten())
    return torch.cat(found)


if __name__ == "__main__":
    main()
