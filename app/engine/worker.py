"""The child process: torch is imported here, and a ``Runner`` works until the window lets go."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from app.engine import machine
from app.engine.protocol import Quit, Ready
from app.engine.runner import Runner


def serve(connection: Connection) -> None:
    """The worker's whole life. Ends with ``Quit``, a closed pipe, or the window's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the window's to handle
    leave_with_parent()
    machine.prepare()
    sender = Sender(connection)
    sender(Ready(os.getpid()))

    def poll(seconds: float | None) -> Any | None:
        try:
            return connection.recv() if connection.poll(seconds) else None
        except (EOFError, OSError):
            return Quit()

    Runner(sender, poll).serve()
    sender.close()


class Sender:
    """Writes messages: small ones at once, large ones from a thread of their own.

    A pipe takes some 200 kB and then makes the writer wait for the reader; training must not. Yet a
    thread takes part in the interpreter's lock, and handing that over twice costs a frame up to
    milliseconds on a busy machine: so what surely fits is written directly. The messages are pickled
    by the caller, so that what is sent is the state of that moment.
    """

    DIRECT = 32 << 10  # bytes; credits keep the messages on their way to a few

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued = self._written = 0  # each is counted by one thread only
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def __call__(self, message: Any) -> None:
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        if len(data) <= self.DIRECT and self._queued == self._written:
            with contextlib.suppress(OSError):  # the window has gone; the runner notices, too
                self._connection.send_bytes(data)
            return
        self._queued += 1
        self._waiting.put(data)

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(1)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (data := self._waiting.get()) is not None:
                self._connection.send_bytes(data)
                self._written += 1


def leave_with_parent() -> None:
    """End this process when the window's process ends in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
