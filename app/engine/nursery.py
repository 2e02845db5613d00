"""A fork server: a process that has imported torch and the experiments, and is forked for each worker.

Importing torch takes a second and 150 MB in every worker. A fork of a process that has done so takes
some 30 ms and 8 MB. The server imports and does nothing else: it is forked before torch has started
a thread or touched an accelerator. It takes seconds to get ready, and asking it earlier would make
the window wait; until then, and on systems without ``fork``, workers are spawned.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import psutil

from app.engine import machine

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext


class Nursery:
    """The fork server of this process. There is one, as Python keeps one."""

    NAME = "bigmodels-lab nursery"

    def __init__(self) -> None:
        self._pid = 0
        # macOS has fork, too, but its own libraries do not survive one.
        self._hopeless = not sys.platform.startswith("linux")
        self._begun = False

    @property
    def ready(self) -> bool:
        """Whether a worker can be forked at once."""
        if self._pid and not psutil.pid_exists(self._pid):
            self._pid, self._hopeless = 0, True  # somebody has killed it
        return self._pid > 0

    @property
    def context(self) -> ForkServerContext | SpawnContext:
        """How to start the next worker."""
        return multiprocessing.get_context("forkserver") if self.ready \
            else multiprocessing.get_context("spawn")

    def begin(self, modules: tuple[str, ...]) -> bool:
        """Start the server, which imports ``modules``, without waiting for it.

        Returns:
            Whether it will be there soon; it may have been begun before.
        """
        if self._hopeless or self._begun:
            return not self._hopeless
        self._begun = True
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["app.engine.worker", *modules, "app.engine.imported"])
        with machine.training_environment():
            forkserver.ensure_running()
        threading.Thread(target=self._wait, args=(context,), daemon=True).start()
        return True

    def _wait(self, context: ForkServerContext) -> None:
        """Ask for a child that only tells its parent's number: it comes when all is imported."""
        answers, childs_end = context.Pipe(duplex=False)
        child = context.Process(target=_tell_parent, args=(childs_end,), name=self.NAME, daemon=True)
        try:
            child.start()
            childs_end.close()
            self._pid = answers.recv()
            child.join()
        except (OSError, EOFError):
            self._hopeless = True  # the server has died, perhaps of a module that it imported
        finally:
            answers.close()


def _tell_parent(connection: Connection) -> None:
    with contextlib.suppress(OSError):  # the window is closed already
        connection.send(os.getppid())


nursery = Nursery()
