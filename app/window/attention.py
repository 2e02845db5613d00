"""How long a panel is really worked with: while the window is in front and somebody does something."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

EVERY = 1000  # ms between two looks
STILL = 30.0  # s after the last key or movement until nobody is there any more


class Attention(QObject):
    """Counts the seconds of a window's open panel.

    Args:
        spent: gets the panel and the seconds.
        panel: the id of the panel that is open; empty for none.
    """

    def __init__(
        self, window: QWidget, panel: Callable[[], str], spent: Callable[[str, float], object]
    ) -> None:
        super().__init__(window)
        self._window, self._panel, self._spent = window, panel, spent
        self._looked = self._acted = monotonic()
        self._pointer = QCursor.pos()
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def acted(self) -> None:
        """A key was pressed, or a control moved."""
        self._acted = monotonic()

    def look(self) -> None:
        """Count the time since the last look, if somebody was there."""
        now, pointer = monotonic(), QCursor.pos()
        if pointer != self._pointer and self._window.isActiveWindow():
            self._acted = now
        passed, self._looked, self._pointer = now - self._looked, now, pointer
        panel = self._panel()
        # A suspended machine is not worked with, however long it slept.
        if panel and self._window.isActiveWindow() and now - self._acted <= STILL \
                and passed <= 5 * EVERY / 1000:
            self._spent(panel, passed)
