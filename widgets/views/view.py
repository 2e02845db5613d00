"""The base of every panel's view."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.numbers import count


class PanelView(Guarded, QWidget):
    """Draws a panel's frames.

    ``show_frame`` draws from what it is given and keeps nothing, so that frames can be shown in any
    order. A view never changes clothes: for another theme, language or scale it is made anew.

    A click that means something becomes a hidden parameter: emit ``changed(name, value)``. A hover
    previews only and may be kept in the view.
    """

    changed = Signal(str, object)  # (parameter name, new value)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.words = look.words

    def show_frame(self, shown: Any) -> None:
        """Draw ``shown``, a ``visualizers.panel.Shown``."""
        raise NotImplementedError

    def of_step(self, shown: Any) -> str:
        """Beside what ``measure`` gave: of which step it is, while that is not the step shown."""
        if shown.measured == shown.step:
            return ""
        return self.words("measured at step {step}", step=f"{count(shown.measured)}")

    def describe(self, shown: Any) -> str:
        """What the picture shows, in one sentence with its numbers, for those who cannot see it."""
        raise NotImplementedError
