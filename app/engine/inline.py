"""A worker in this very process, for tests and for commands without a window."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

from app.engine.client import Worker
from app.engine.errand import Errand, Limits
from app.engine.runner import Runner
from visualizers.files import nobody
from visualizers.refusal import Refusal


class InlineWorker:
    """The interface of ``WorkerProcess``; the work is done inside ``receive``."""

    def __init__(self) -> None:
        self._sent: deque[Any] = deque()
        self._received: list[Any] = []
        self._runner = Runner(
            self._received.append, lambda seconds: self._sent.popleft() if self._sent else None
        )
        self.alive = True

    @property
    def ready(self) -> bool:
        return True

    @property
    def pid(self) -> int:
        return os.getpid()

    def send(self, message: Any) -> None:
        self._sent.append(message)

    def receive(self) -> list[Any]:
        """Work until there is something to tell, a tenth of a second at most."""
        until = perf_counter() + 0.1
        while self.alive:
            self._runner.turn(0.0)
            if self._received or self._runner.idle() != 0.0 or perf_counter() > until:
                break
        messages = self._received[:]
        self._received.clear()
        return messages

    def kill(self) -> None:
        self.alive = False
        self._sent.clear()


class InlineErrand(Errand):
    """The interface of ``Errand``; the work is done when it is begun."""

    def __init__(self, work: Callable[..., Any], *args: Any, limits: Limits | None = None) -> None:
        self.over, self.ended, self.details = True, False, ""
        self.done = self.total = 0
        self.result = self.refusal = None
        try:
            self.result = work(*args, nobody)
        except Refusal as refusal:
            self.refusal = refusal


class InlinePool:
    """The interface of ``Pool`` with inline workers."""

    def warm(self) -> None:
        """Nothing needs warming."""

    def take(self) -> Worker:
        return InlineWorker()

    def give_back(self, worker: Worker) -> None:
        worker.kill()

    def discard(self, worker: Worker) -> None:
        worker.kill()

    def close(self) -> None:
        """Nothing to end."""
