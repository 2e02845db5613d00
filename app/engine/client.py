"""The window's side of a worker process. No Qt, no torch, and no call here ever waits long."""

from __future__ import annotations

import contextlib
import traceback
from typing import Any, Protocol

from app.engine import machine
from app.engine.nursery import nursery
from app.engine.protocol import Failed, Ready
from app.engine.worker import serve
from widgets.theme.words import tr_mark


class Worker(Protocol):
    """What a session needs of a worker, be it a process or not."""

    @property
    def alive(self) -> bool: ...

    @property
    def ready(self) -> bool: ...

    @property
    def pid(self) -> int: ...

    def send(self, message: Any) -> None: ...

    def receive(self) -> list[Any]: ...

    def kill(self) -> None: ...


class WorkerProcess:
    """A process that runs ``app.engine.worker.serve``: forked where a fork server is ready."""

    def __init__(self) -> None:
        context = nursery.context
        self._connection, childs_end = context.Pipe()
        self._process = context.Process(
            target=serve, args=(childs_end,), name="bigmodels-lab worker", daemon=True
        )
        with machine.training_environment():
            self._process.start()
        childs_end.close()  # so that the pipe ends when the child does
        self._ready = self._over = False

    @property
    def alive(self) -> bool:
        return not self._over and self._process.is_alive()

    @property
    def ready(self) -> bool:
        """Whether torch has been imported there; known after ``receive``."""
        return self._ready

    @property
    def pid(self) -> int:
        return 0 if self._over else self._process.pid or 0

    def send(self, message: Any) -> None:
        """To the worker. One that has died is reported by ``receive``, not here."""
        if not self._over:
            with contextlib.suppress(OSError):
                self._connection.send(message)

    def receive(self) -> list[Any]:
        """All messages that have arrived. The worker's death is one of them, once."""
        messages: list[Any] = []
        while not self._over:
            try:
                if not self._connection.poll(0):
                    break
                message = self._connection.recv()
            except (EOFError, OSError):
                self._process.join(1)
                messages.append(_death(self._process.exitcode))
                self.kill()
            except Exception:  # a frame that cannot be read here
                messages.append(Failed(
                    -1, tr_mark("The worker sent something that cannot be read."), {},
                    traceback.format_exc(), fatal=True,
                ))
                self.kill()
            else:
                if isinstance(message, Ready):
                    self._ready = True
                else:
                    messages.append(message)
        return messages

    def kill(self) -> None:
        """End the process at once. May be called again."""
        if self._over:
            return
        self._over = True
        with contextlib.suppress(OSError):
            self._connection.close()
        self._process.kill()
        self._process.join(2)
        with contextlib.suppress(ValueError):  # still dying, then: the system will reap it
            self._process.close()


def _death(code: int | None) -> Failed:
    if code == -9:
        # What the system does to a process that takes all memory.
        return Failed(-1, tr_mark("The worker process was ended from outside, perhaps because "
                                  "memory ran out. Try again, or choose smaller values."),
                      {}, "exit code -9 (SIGKILL)", fatal=True)
    return Failed(-1, tr_mark("The worker process ended unexpectedly. Try again."),
                  {}, f"exit code {code}", fatal=True)
