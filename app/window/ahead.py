"""What the first panel needs is imported while the user still reads the home page.

Opening a panel takes half a second longer when the plots must be imported first. Nearly half of that
is Qt: PySide makes each of its classes when it is first asked for, and pyqtgraph asks for all. So this
asks for them a few milliseconds at a time, and then imports one module at a time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer

AFTER, EVERY = 700, 15  # ms: until it begins, and between two pieces
SLICE = 0.005  # seconds for one piece; a module takes as long as it takes


class Ahead(QObject):
    """Imports ``modules`` in idle time, once started, until it is stopped."""

    def __init__(self, modules: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pieces = _pieces(modules)
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self._piece)

    def start(self) -> None:
        QTimer.singleShot(AFTER, self, self._timer.start)

    def stop(self) -> None:
        """Somebody is at work: leave the rest to whoever needs it."""
        self._pieces = iter(())

    def _piece(self) -> None:
        ends = time.perf_counter() + SLICE
        while time.perf_counter() < ends:
            if next(self._pieces, None) is None:
                self._timer.stop()
                return


def _pieces(modules: Sequence[str]) -> Iterator[str]:
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            getattr(module, name, None)
            yield name
    for name in modules:
        with suppress(Exception):  # whoever opens that panel is told
            import_module(name)
        yield name
