"""Fields that show a value and take another one."""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import QMimeData, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit

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


class LongLine(Guarded, QPlainTextEdit):
    """A line of text that goes on below where it is longer than the field, so that all of it is seen. It has
    no line breaks: Enter ends it, and what is pasted becomes one line.

    Signals:
        edited(text): by the user.
    """

    edited = Signal(str)
    MOST: ClassVar[int] = 5  # lines that are seen at once

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        self.textChanged.connect(self._changed)

    def text(self) -> str:
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Show another text; nothing is told of it."""
        if text != self.text():
            with QSignalBlocker(self):
                self.setPlainText(text)
            self._fit()

    def _changed(self) -> None:
        self._fit()
        self.edited.emit(self.text())

    def _fit(self) -> None:
        """As high as its lines are."""
        count = math.ceil(self.document().size().height())  # of a plain text document, in lines
        around = self.height() - self.contentsRect().height()
        line = math.ceil(QFontMetricsF(self.font()).lineSpacing())  # as its layout rounds it
        # Two pixels more, or Qt takes the last line for cut and scrolls.
        self.setFixedHeight(line * min(max(count, 1), self.MOST) + around + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        self.insertPlainText(" ".join(source.text().split()))
