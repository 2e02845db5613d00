"""A piece of work with files, done by a process of its own: the window goes on, and can stop it.

What a stranger's file does to the process that reads it, it does to that one alone. It is forked
where the fork server is ready, as workers are.
"""

from __future__ import annotations

import contextlib
import math
import pickle
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil

from app.engine import machine
from app.engine.nursery import nursery
from app.engine.worker import leave_with_parent
from visualizers.refusal import Refusal

TELL_EVERY = 0.05  # s


class Interrupted(Exception):
    """Nobody waits for this work any more."""


@dataclass(frozen=True)
class Limits:
    """What a piece of work may take beyond what its process takes anyway, where the system can tell.

    Attributes:
        memory: bytes; Python raises ``MemoryError`` beyond it.
        seconds: of the processor's time; the process is ended after them.
    """

    memory: int
    seconds: int


class Errand:
    """``work(*args, told)`` in another process, where ``told(done, total)`` says how far it is.

    Args:
        work: a function of a module; it and the arguments are pickled.
        limits: none for work on what this program made itself.

    Attributes:
        done: how far it is, of ``total``; 0 of 0 before it has said so.
        over: whether it has ended.
        result: what it returned.
        refusal: what it refused instead, for the user.
        details: what went wrong otherwise, for a report; empty where it was ended from outside.
    """

    def __init__(self, work: Callable[..., Any], *args: Any, limits: Limits | None = None) -> None:
        context = nursery.context
        self._connection, childs_end = context.Pipe()
        self._process = context.Process(target=serve, args=(childs_end, limits), daemon=True,
                                        name="bigmodels-lab files")
        with machine.training_environment():
            self._process.start()
        childs_end.close()
        data = pickle.dumps((work, args), pickle.HIGHEST_PROTOCOL)
        threading.Thread(target=_feed, args=(self._connection, data), daemon=True).start()
        self.done = self.total = 0
        self.over = self.ended = False
        self.result: Any = None
        self.refusal: Refusal | None = None
        self.details = ""

    def look(self) -> bool:
        """Whether it is over by now. Never waits."""
        while not self.over:
            try:
                if not self._connection.poll(0):
                    break
                match self._connection.recv():
                    case "at", done, total:
                        self.done, self.total = done, total
                    case "done", result:
                        self.result = result
                        self._end()
                    case "refused", refusal:
                        self.refusal = refusal
                        self._end()
                    case "failed", details:
                        self.details = details
                        self._end()
            except (EOFError, OSError):
                self.ended = True  # from outside, or beyond its limits
                self._end()
        return self.over

    def wait(self, seconds: float) -> bool:
        """Whether it is over within some time."""
        until = time.monotonic() + seconds
        while not self.look() and time.monotonic() < until:
            time.sleep(0.01)
        return self.over

    def stop(self) -> None:
        """It is not wanted any more: it may tidy up, for half a second."""
        if not self.over:
            with contextlib.suppress(OSError):
                self._connection.send("stop")
            self._process.join(0.5)
            self._end()

    def _end(self) -> None:
        self.over = True
        with contextlib.suppress(OSError):
            self._connection.close()
        # It has said all that it had to say. To leave by itself, a process that holds torch takes up to
        # a second, and the window does not wait for it; the next one that is started gathers it up.
        self._process.kill()


def _feed(connection: Connection, data: bytes) -> None:
    """A pipe takes little at once, and the window must not wait for the reader."""
    with contextlib.suppress(OSError, ValueError):  # it was stopped
        connection.send_bytes(data)


# --- in the other process ------------------------------------------------------------------------


def serve(connection: Connection, limits: Limits | None) -> None:
    """Receive the work, do it and send what came of it."""
    leave_with_parent()
    told_at = 0.0

    def told(done: int, total: int) -> None:
        nonlocal told_at
        if connection.poll(0):
            raise Interrupted
        if time.monotonic() - told_at > TELL_EVERY:
            told_at = time.monotonic()
            connection.send(("at", done, total))

    with contextlib.suppress(EOFError, OSError):  # the window has gone
        try:
            work, args = connection.recv()
            if limits is not None:
                _limit(limits)
            answer = "done", work(*args, told)
        except Interrupted:
            return
        except Refusal as refusal:
            answer = "refused", refusal
        except Exception:
            answer = "failed", traceback.format_exc()
        connection.send(answer)


def _limit(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # on Windows; what is read is measured before it is unpacked, everywhere
        return
    for kind, most in ((resource.RLIMIT_AS, psutil.Process().memory_info().vms + limits.memory),
                       (resource.RLIMIT_CPU, math.ceil(time.process_time()) + limits.seconds)):
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or most < hard:
            with contextlib.suppress(ValueError, OSError):  # not on every system
                resource.setrlimit(kind, (most, hard))
