from __future__ import annotations

from PySide6.QtGui import QMouseEvent, QPainter

from widgets.views.view import PanelView


class TinyView(PanelView):
    """A dot on a line; a click locks its column."""

    def show_frame(self, shown) -> None:
        self.shown = shown
        self.update()

    def describe(self, shown) -> str:
        return self.words("The point is at {x}.", x=f"{shown.frame.position:.3f}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.changed.emit("locked", 7)

    def paintEvent(self, event) -> None:
        if hasattr(self, "shown"):
            x = self.width() / 2 * (1 + self.shown.frame.position)
            QPainter(self).drawEllipse(int(x), self.height() // 2, 8, 8)
