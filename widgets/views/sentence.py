"""A sentence in small type that wraps within the lines it has, so that what is below never moves."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.guard import Guarded
from widgets.base.tips import explain
from widgets.theme.look import Look
from widgets.theme.style import font

JOINED = "/\u2060"  # no line ends within "steps/s"


class Sentence(Guarded, QWidget):
    """A text of at most ``lines`` lines; the whole text is its tool tip.

    Args:
        token: the colour of the text.
        size: unscaled pixels of its letters.
        lines: what there is room for. A text that needs more ends with "…" in the last one.
        steady: the room is there whatever the text is, so that a page does not jump when a sentence
            that changes grows by a word. Otherwise it takes only the lines that it needs.
    """

    def __init__(
        self, look: Look, token: str, *, size: float = 11, lines: int = 2, steady: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look, self.token, self.text = look, token, ""
        self._lines, self._steady = lines, steady
        self._layout = QTextLayout()
        self._cut = ""  # what stands in the last line where the text is too long
        self.setFont(font(look, size))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._height(lines if steady else 1))

    def say(self, text: str) -> None:
        """Show ``text``; cheap when it is what is shown already."""
        if text != self.text:
            self.text = text
            self.setAccessibleName(text)
            explain(self, text)
            self._wrap()

    def lines(self) -> list[str]:
        """The text as it stands there, line by line."""
        shown = []
        for index in range(self._layout.lineCount()):
            line = self._layout.lineAt(index)
            start, length = line.textStart(), line.textLength()
            shown.append(self._layout.text()[start : start + length].strip(" ").replace(JOINED, "/"))
        return [*shown[: self._lines - 1], self._cut] if self._cut else shown

    def _height(self, lines: int) -> int:
        return lines * self.fontMetrics().height() + self.look.px(2)

    def sizeHint(self) -> QSize:
        return QSize(0, self._height(self._lines if self._steady else 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._wrap()

    def _wrap(self) -> None:
        room = max(1, self.width() - 2 * self.look.px(2))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        text = self.text.replace("/", JOINED)
        self._layout = QTextLayout(text, self.font())
        self._layout.setTextOption(option)
        self._layout.beginLayout()
        last, self._cut = 0, ""
        for index in range(self._lines + 1):
            line = self._layout.createLine()
            if not line.isValid():
                break
            if index == self._lines:
                self._cut = self.fontMetrics().elidedText(
                    text[last:], Qt.TextElideMode.ElideRight, room)
                break
            line.setLineWidth(room)
            line.setPosition(QPointF(self.look.px(2), index * self.fontMetrics().height()))
            last = line.textStart()
        self._layout.endLayout()
        if not self._steady:
            self.setFixedHeight(self._height(max(1, min(self._layout.lineCount(), self._lines))))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.look.ink(self.token))
        painter.setFont(self.font())
        count = min(self._layout.lineCount(), self._lines)
        for index in range(count - bool(self._cut)):
            self._layout.lineAt(index).draw(painter, QPointF(0, 0))
        if self._cut:
            ascent, high = self.fontMetrics().ascent(), self.fontMetrics().height()
            painter.drawText(QPointF(self.look.px(2), (count - 1) * high + ascent), self._cut)
