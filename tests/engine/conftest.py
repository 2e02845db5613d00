"""Workers for the engine's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import toys

from app.engine.client import WorkerProcess
from app.engine.inline import InlineWorker
from app.engine.protocol import Begin, End, Framed


class Talk:
    """A conversation with a worker."""

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.heard: list[Any] = []
        self.token = 0

    def begin(self, experiment: str = "Rnn", params: Any = None, **options: Any) -> int:
        """Start a run; what older ones said is forgotten."""
        self.token += 1
        self.heard.clear()
        self.send(Begin(self.token, f"toys:{experiment}", params or toys.Params(),
                        **{"seed": 1, "threads": 1, **options}))
        return self.token

    def send(self, *messages: Any) -> None:
        for message in messages:
            self.worker.send(message)

    def listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.heard += self.worker.receive()
            time.sleep(0.001)

    def until(self, holds: Callable[[], Any], seconds: float = 60) -> Any:
        until = time.monotonic() + seconds
        while not (found := holds()):
            self.heard += self.worker.receive()
            if time.monotonic() > until:
                raise AssertionError(f"heard only {[type(one).__name__ for one in self.heard]}")
            time.sleep(0.0005)
        return found

    def all(self, kind: type) -> list[Any]:
        return [one for one in self.heard if isinstance(one, kind) and one.run in (self.token, -1)]

    def wait(self, kind: type, count: int = 1, seconds: float = 60) -> Any:
        """The ``count``-th message of a kind."""
        self.until(lambda: len(self.all(kind)) >= count, seconds)
        return self.all(kind)[count - 1]

    def first_frame(self) -> Any:
        return self.wait(Framed)


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    """One worker process for a module: importing torch takes seconds."""
    worker = WorkerProcess()
    yield worker
    worker.kill()


@pytest.fixture
def talk(process: WorkerProcess) -> Iterator[Talk]:
    """With a real process, whatever was there before ended."""
    one = Talk(process)
    one.token = 1000 * time.monotonic_ns() % 10**9
    yield one
    if process.alive:
        one.send(End(one.token))
        process.receive()


@pytest.fixture
def inline() -> Iterator[Talk]:
    """With a worker in this process: for what has nothing to do with processes."""
    one = Talk(InlineWorker())
    yield one
    one.worker.kill()
