"""The worker processes of the window: those at work, and what the next one comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from app.engine.client import Worker, WorkerProcess
from app.engine.nursery import nursery
from app.engine.protocol import Warm
from visualizers.panel import Panel


def experiments(panels: Iterable[Panel]) -> tuple[str, ...]:
    """The modules that a spare imports, so that no panel waits for its experiment's."""
    return tuple(one.experiment.partition(":")[0] for one in panels)


class Workers(Protocol):
    """Where a session gets its worker from."""

    def warm(self) -> None: ...

    def take(self) -> Worker: ...

    def give_back(self, worker: Worker) -> None: ...

    def discard(self, worker: Worker) -> None: ...

    def close(self) -> None: ...


class Pool:
    """Workers as processes. Nothing starts before ``warm`` or ``take`` is called.

    A spare waits for the next run; from the second one on it is the fork server that waits.

    Args:
        modules: what a spare imports while it waits, beside torch.
    """

    def __init__(self, modules: tuple[str, ...] = ()) -> None:
        self._modules = modules
        self._spare: WorkerProcess | None = None
        self._taken: list[Worker] = []
        self._started = False

    def warm(self) -> None:
        """Have a spare ready for the next ``take``."""
        if self._spare is not None:
            # Reading its messages is how a spare's death is noticed.
            self._spare.receive()
            if not self._spare.alive:
                self._spare.kill()
                self._spare = None
        # The first spare is spawned, since nothing is there sooner. After it a fork server is the
        # better spare: it serves all workers to come.
        if self._spare is None and (not self._started or nursery.ready
                                    or not nursery.begin(self._modules)):
            self._spare = self._start()

    @property
    def is_warm(self) -> bool:
        """Whether the next worker is there at once: a spare that has imported torch, or a server."""
        if self._spare is None:
            return nursery.ready
        self._spare.receive()
        return self._spare.ready and self._spare.alive

    def take(self) -> Worker:
        """The spare, or a new worker where there is none."""
        self.warm()
        worker, self._spare = self._spare or self._start(), None
        self._taken.append(worker)
        return worker

    def give_back(self, worker: Worker) -> None:
        """The run has been ended: a worker that is well becomes the spare if there is none."""
        if worker in self._taken:
            self._taken.remove(worker)
        if self._spare is None and isinstance(worker, WorkerProcess) and worker.alive:
            self._spare = worker
        else:
            worker.kill()

    def discard(self, worker: Worker) -> None:
        """End a worker that is stuck or unwell."""
        if worker in self._taken:
            self._taken.remove(worker)
        worker.kill()

    def close(self) -> None:
        """Leave no process behind."""
        for worker in [*self._taken, self._spare]:
            if worker is not None:
                worker.kill()
        self._taken, self._spare = [], None

    def _start(self) -> WorkerProcess:
        self._started = True
        worker = WorkerProcess()
        if self._modules:
            worker.send(Warm(self._modules))
        return worker
