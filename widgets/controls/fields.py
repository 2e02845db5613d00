"""Fields that show a value and take another one."""

from __future__ import annotations

from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit

from widgets.base.guard import Guarded


class ValueEdit(Guarded, QLineEdit):
    """A field whose value is selected by a click, so that what is typed replaces it.

    The next click puts the cursor where it points, and dragging selects a part, as in any field.
    """

    def __init__(self, value: str = "") -> None:
        super().__init__(value)
        self._whole = True  # the next click means the whole value

    def show_value(self, value: str) -> None:
        """Show another value; a click selects it again."""
        self.setText(value)
        self._whole = True

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._whole and not self.isModified() and not self.hasSelectedText():
            self.selectAll()
        self._whole = False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._whole = True
