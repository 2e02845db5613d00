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
    _leave_with_parent()
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
    """Writes messages from a thread of its own.

    A pipe takes some 200 kB and then makes the writer wait for the reader; training must not. The
    messages are pickled by the caller, so that what is sent is the state of that moment.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def __call__(self, message: Any) -> None:
        self._waiting.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(1)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # a window that has gone: the runner notices, too
            while (data := self._waiting.get()) is not None:
                self._connection.send_bytes(data)


def _leave_with_parent() -> None:
    """End this process when the window's process ends in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
