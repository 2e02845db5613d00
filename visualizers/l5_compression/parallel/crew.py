"""Real workers: processes of their own that compute what the run tells them, and end with it.

torchrun starts its workers with ``torch.distributed.elastic``, and so does this, on this machine alone:
they find one another by a file and talk over the loopback interface, which nothing leaves. They come
from a fork server where the system has one, since four interpreters that import torch would take six
seconds. Each holds its own part of the training; what it is told and answers goes through a pipe.

None is left behind: a worker ends when its pipe does, or with the process that started it, and the death
of one ends them all.
"""

from __future__ import annotations

import contextlib
import copy
import multiprocessing
import multiprocessing.connection
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from typing import Any
from weakref import WeakValueDictionary

import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor
from torch.distributed.elastic.multiprocessing import LogsDest, LogsSpecs, start_processes

from visualizers.l5_compression.parallel.by_hand import WAYS, Orders, Way, Wire
from visualizers.refusal import Refusal

PATIENCE = 30.0  # seconds that an answer may take
TO_START = 120.0  # seconds until all have met: new interpreters on a busy machine are slow
SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")

# --- what a worker does ---------------------------------------------------------------------------


@dataclass
class State:
    """The training as a whole: what a worker cuts its part from."""

    way: str
    width: int
    weights: NDArray[Any]  # (Ψ,)
    moments: NDArray[Any]  # (2, Ψ)


@dataclass
class Report:
    """What one worker tells after a step."""

    loss: float  # its share
    where: NDArray[Any]  # (k,) the numbers it answers for …
    weights: NDArray[Any]  # (k,) … with their new values
    moments: NDArray[Any]  # (2, k)
    has: tuple[NDArray[Any], ...]  # where its weights, gradient and moments lie; told when that is new
    bytes: tuple[int, int, int, int]  # of weights, gradient, moments and activations
    moment: int  # bytes that were there for a moment
    sent: dict[str, int]  # bytes
    calls: int  # messages
    order: list[tuple[str, int]]


@dataclass
class Work:
    """One worker's memory between two things that it is told."""

    x: Tensor
    y: Tensor
    device: Any
    way: Way | None = None
    done: dict[str, Callable[..., Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.done = {"step": self.step, "collective": self.collective}

    def step(self, state: State | None, rows: NDArray[Any], keep: bool, by_hand: bool,
             **told: Any) -> Report:
        """One step on these rows, from ``state`` or from where it stands; not kept, it is a rehearsal."""
        if state is not None:
            self.way = WAYS[state.way](Wire(), state.width, self._here(state.weights),
                                       self._here(state.moments))
        assert self.way is not None
        way = self.way if keep else copy.copy(self.way)
        if not keep:  # the numbers that a step changes
            way.weights, way.moments = way.weights.clone(), way.moments.clone()
        way.wire.by_hand = by_hand
        way.begin()
        batch = self._here(rows)
        x = self.x[batch].to(way.weights.dtype)                                 # (B, 64)
        loss = way.step(Orders(x, self.y[batch], **told))
        where, weights, moments = (one.cpu().numpy() for one in way.result())
        new = state is not None or not keep
        return Report(
            loss, where, weights, moments,
            tuple(one.numpy() for one in (way.has, way.graded, way.adapted)) if new else (),
            (way.weights.nbytes, way.gradient.nbytes, way.moments.nbytes, way.activations),
            way.moment, dict(way.wire.sent), way.wire.calls, way.order)

    def _here(self, numbers: NDArray[Any]) -> Tensor:
        return torch.from_numpy(numbers).to(self.device)

    def collective(self, name: str) -> tuple[list[list[int]], int]:
        """A collective on N numbers, 2^rank each, so that a sum says who is in it.

        Returns:
            The numbers before the first round and after each, and how many numbers were sent.
        """
        wire = Wire()
        wire.trace = []
        N, mine = wire.count, 1 << wire.rank
        numbers = torch.full((N,), mine, device=self.device)                    # (N,)
        match name:
            case "broadcast":
                wire.broadcast(numbers if wire.rank == 0 else torch.zeros_like(numbers))
            case "reduce":
                wire.reduce(numbers)
            case "reduce-scatter":
                wire.reduce_scatter(numbers)
            case "all-gather":
                wire.all_gather(numbers[:1])
            case _:
                wire.all_reduce(numbers)
        sent = sum(wire.sent.values()) // numbers.element_size()
        return [one.flatten().tolist() for one in wire.trace], sent


def serve(rank: int, ends: list[Connection], meeting: str, x: NDArray[Any],
          y: NDArray[Any], device: str) -> None:
    """A worker's whole life, until its pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the window's to handle
    pipe = ends[rank]
    for one in ends:
        if one is not pipe:
            one.close()
    _end_with_parent(meeting)
    torch.set_num_threads(1)
    try:
        dist.init_process_group(
            "gloo" if device == "cpu" else "nccl", rank=rank, world_size=len(ends),
            store=dist.FileStore(meeting, len(ends)),  # type: ignore[attr-defined]
            timeout=timedelta(seconds=TO_START))
        here = torch.device(device if device == "cpu" else f"{device}:{rank}")
        work = Work(torch.from_numpy(x).to(here), torch.from_numpy(y).to(here), here)
        dist.barrier()
        pipe.send(None)
        while True:
            name, told = pipe.recv()
            pipe.send(work.done[name](**told))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except Exception:
        with contextlib.suppress(OSError):
            pipe.send(Broken(traceback.format_exc(limit=-3)))
            pipe.poll(5)  # the run looks who died first, and ends the others
    os._exit(0)  # nothing to save, and no collective to wait for


@dataclass
class Broken:
    """A worker could not go on: most often because another one has died."""

    why: str


def _end_with_parent(meeting: str) -> None:
    """End this process when the one that started it ends in whatever way, even amid a collective."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        def wait() -> None:
            multiprocessing.connection.wait([parent.sentinel])
            with contextlib.suppress(OSError):
                os.unlink(meeting)  # where it ended before all had met
            os._exit(0)

        threading.Thread(target=wait, daemon=True).start()


# --- how the run commands them --------------------------------------------------------------------


class Crew:
    """N workers of this process. Ended by ``end``, with the last run that uses them, or with the process.

    Attributes:
        state: a number that names the state which the workers are in; whoever changes it, changes this.
    """

    def __init__(self, count: int, x: NDArray[Any], y: NDArray[Any], device: str) -> None:
        method = "forkserver" if sys.platform.startswith("linux") else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["__main__", __name__])
        pairs = [context.Pipe() for _ in range(count)]
        self.count, self.state = count, -1
        self._pipes, ends = [one for one, _ in pairs], [one for _, one in pairs]
        # The file in which they find one another: made by the first of them, and gone when all have met.
        meeting = os.path.join(tempfile.gettempdir(), f"bigmodels-workers-{secrets.token_hex(8)}")
        told = {rank: (rank, ends, meeting, x, y, device) for rank in range(count)}
        # A worker may have workers: this one ends its own below, whatever happens.
        multiprocessing.current_process().daemon = False
        with _signals_kept():
            launched = start_processes(
                "workers", serve, told, {rank: _environment() for rank in range(count)}, Quiet(),
                start_method=method)
        self.processes = list(launched._pc.processes)  # type: ignore[attr-defined]
        for rank, one in enumerate(ends):
            one.close()
            self.processes[rank].name = f"worker {rank} of a run"
        self.end = Finalize(self, _end, (self.processes, self._pipes), exitpriority=100)
        try:
            self._answers(TO_START)  # all have met
        finally:
            del launched  # its semaphores are unlinked now, not when this process ends, perhaps by force
            with contextlib.suppress(OSError):
                os.unlink(meeting)

    @property
    def alive(self) -> bool:
        return self.end.still_active() and all(one.is_alive() for one in self.processes)

    def tell(self, what: str, **told: Any) -> list[Any]:
        """The same to all workers; what each answers. Raises ``Refusal`` if one has died or is stuck."""
        for pipe in self._pipes:
            with contextlib.suppress(OSError):  # the answers will say who has died
                pipe.send((what, told))
        return self._answers()

    def _answers(self, patience: float = PATIENCE) -> list[Any]:
        answers: dict[int, Any] = {}
        while len(answers) < self.count:
            waiting: list[Any] = [pipe for rank, pipe in enumerate(self._pipes) if rank not in answers]
            ready = multiprocessing.connection.wait(waiting, patience) if self.end.still_active() else []
            if not ready:
                self._fail(None, str(round(patience)))
            for rank, pipe in enumerate(self._pipes):
                if pipe not in ready:
                    continue
                try:
                    answers[rank] = pipe.recv()
                except (EOFError, OSError):
                    self._fail(rank, "")
                if isinstance(answers[rank], Broken):
                    self._fail(rank, answers[rank].why)
        return [answers[rank] for rank in range(self.count)]

    def _fail(self, rank: int | None, why: str) -> None:
        """End all, and say in one sentence what has happened."""
        time.sleep(0.05)  # whoever was killed is dead by now; the others only noticed
        dead = next((one for one, process in enumerate(self.processes) if not process.is_alive()), None)
        self.end()
        if dead is not None:
            raise Refusal("Worker {rank} of {count} was ended from outside, so all have been ended. "
                          "Try again.", rank=dead, count=self.count)
        if rank is None:
            raise Refusal("The workers did not answer within {seconds} seconds and have been ended. "
                          "Try again.", seconds=why)
        raise Refusal("Worker {rank} of {count} stopped with an error: {error}.", rank=rank,
                      count=self.count, error=why.strip().splitlines()[-1].rstrip("."))


def _end(processes: list[Any], pipes: list[Connection]) -> None:
    """Workers have nothing to save: closed pipes would end them, and this does not wait for it."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join(5)
    for pipe in pipes:
        pipe.close()


class Quiet(LogsSpecs):
    """Workers write no log files."""

    def __init__(self) -> None:
        super().__init__()

    def reify(self, envs: Mapping[int, Mapping[str, str]]) -> LogsDest:
        none = dict.fromkeys(envs, "")
        return LogsDest(none, none, {}, {}, none)

    @property
    def root_log_dir(self) -> str:
        return ""


def _environment() -> dict[str, str]:
    """What a worker is to read: no network interface but the loopback."""
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "")
    return {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback} if loopback else {}


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """The launcher wants to handle what ends this process; the program has ways of its own."""
    before = {one: signal.getsignal(getattr(signal, one)) for one in SIGNALS if hasattr(signal, one)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for one, handler in before.items():
                signal.signal(getattr(signal, one), handler)


_crews: WeakValueDictionary[tuple[int, str], Crew] = WeakValueDictionary()


def crew(count: int, x: NDArray[Any], y: NDArray[Any], device: str) -> Crew:
    """The living workers of this process, or new ones: started once, whatever else changes.

    Each needs a GPU of its own; where there are too few, all compute on the CPU.
    """
    if torch.cuda.is_available() and torch.cuda.device_count() < count:
        device = "cpu"
    found = _crews.get((count, device))
    if found is None or not found.alive:
        found = _crews[count, device] = Crew(count, x, y, device)
    return found
