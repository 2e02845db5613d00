"""What the last row of a lecture hall can read: hall text, remembered for each screen, and a strip that
is looked at from there before the lecture begins."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.window.palette import Overlay
from widgets.base.guard import Guarded
from widgets.theme.look import HALL_LINE, HALL_TEXT, Look, hall_look
from widgets.theme.marks import named, paint_marks
from widgets.theme.style import font
from widgets.theme.words import tr_mark

SHARES = (20, 30, 40, 50, 60)  # the letters of a line have one of these parts of the height
LINES = (1, 2, 3, 4, 5)  # px
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
# One line for each of the shares; what is known by heart is no test, so each has other figures.
TEXTS = (
    tr_mark("Attention from “it” to “cat”: 0.82"),
    tr_mark("Learning rate 0.003, batch of 128"),
    tr_mark("Accuracy 97.4 %, 5 of 12 heads"),
    tr_mark("Loss 0.693 after 1,800 steps"),
    tr_mark("Perplexity 36.8 on 5,096 words"),
)


def screen_id(screen: QScreen) -> str:
    """A screen by its name and size, as the settings remember it: a projector at the same socket with
    another resolution is another room."""
    size = screen.size()
    return f"{screen.name()} {size.width()}×{size.height()}"


class RoomStrip(Guarded, QWidget):
    """Letters, series and lines in growing sizes, on the whole of a stage.

    Attributes:
        look: hall text in the theme and language of the one that was given.
    """

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        words = look.words
        self.setAccessibleName(words("Check this room"))
        self.setAccessibleDescription(self._ask())

    def _ask(self) -> str:
        return self.look.words(
            "From the last row, can all lines of text down to 1/{share} be read, the four series be told "
            "apart, and the lines from {line} px on be seen? Esc leaves.",
            share=HALL_TEXT, line=round(HALL_LINE))

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.look = hall_look(self.look.theme.name, self.look.words, self.size())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.look.color("card"))
        edge = self.height() / 24
        area = QRectF(self.rect()).adjusted(edge, edge * 0.7, -edge, -edge * 0.7)
        try:
            painter.setPen(self.look.color("muted"))
            painter.setFont(self._font(HALL_TEXT))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
            box = painter.boundingRect(area, flags, self._ask())
            painter.drawText(area, flags, self._ask())
            top = self._paint_texts(painter, area, box.bottom() + edge * 0.5)
            self._paint_series(painter, area, top + edge * 0.5)
            self._paint_lines(painter, area)
        finally:
            painter.end()

    def _font(self, share: int) -> QFont:
        made = font(self.look)
        made.setPixelSize(max(1, round(self.height() / share)))
        return made

    def _paint_texts(self, painter: QPainter, area: QRectF, top: float) -> float:
        """The lines of text from ``top`` on; returns where they end."""
        words = self.look.words
        for share, text in zip(SHARES, TEXTS, strict=True):
            high = self.height() * 1.5 / min(share, HALL_TEXT)
            row = QRectF(area.left(), top, area.width(), high)
            painter.setFont(self._font(HALL_TEXT))
            painter.setPen(self.look.color("muted"))
            tag = f"1/{share}"
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, tag)
            row.setLeft(area.left() + painter.fontMetrics().horizontalAdvance("1/00   "))
            painter.setFont(self._font(share))
            painter.setPen(self.look.color("text"))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, words(text))
            if share == HALL_TEXT:
                row.setLeft(row.left() + painter.fontMetrics().horizontalAdvance(words(text) + "    "))
                painter.setPen(self.look.color("muted"))
                painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, "← " + words("the smallest hall text"))
            top += high
        return top

    def _paint_series(self, painter: QPainter, area: QRectF, top: float) -> None:
        """A line of each series and of a pinned run, with its name, from ``top`` on."""
        high = self.height() / 17
        painter.setFont(self._font(HALL_TEXT))
        middle = area.left() + area.width() * 0.55
        for series, style in enumerate(DASHES):
            y = top + (series + 0.5) * high
            painter.setPen(self.look.pen(series, HALL_LINE, style))
            painter.drawLine(QLineF(area.left(), y, middle, y))
            painter.setPen(self.look.pen("card", self.look.scale))
            painter.setBrush(self.look.color(series))
            paint_marks(painter, series, np.array([[area.left() + (middle - area.left()) * part, y]
                                                   for part in (0.1, 0.5, 0.9)]), 5 * self.look.scale)
            self._name(painter, QRectF(middle, y - high / 2, area.right() - middle, high),
                       named(series, self.look.words("Series {number}", number=series + 1)),
                       self.look.color(series))
        y = top + 4.5 * high
        painter.setPen(self.look.pen("ghost", HALL_LINE))
        painter.drawLine(QLineF(area.left(), y, middle, y))
        self._name(painter, QRectF(middle, y - high / 2, area.right() - middle, high),
                   self.look.words("a pinned run"), self.look.color("muted"))

    def _name(self, painter: QPainter, box: QRectF, text: str, color: QColor) -> None:
        painter.setPen(color)
        painter.drawText(box.adjusted(self.height() / 40, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_lines(self, painter: QPainter, area: QRectF) -> None:
        """Lines of one to five pixels beside one another at the bottom, as thin as they are said to be."""
        wide, high = area.width() / len(LINES), self.height() / 24
        for at, pixels in enumerate(LINES):
            left, y = area.left() + at * wide, round(area.bottom() - 3.2 * high)
            for down, token in ((0.0, "text"), (high, "hairline")):
                painter.fillRect(QRectF(left, y + round(down), wide * 0.85, pixels), self.look.color(token))
            painter.setPen(self.look.color("text"))
            painter.drawText(QRectF(left, area.bottom() - 1.6 * high, wide * 0.85, 1.6 * high),
                             Qt.AlignmentFlag.AlignCenter, f"{pixels}\u00a0px")


class CheckRoom(Overlay):
    """The strip on the whole screen, whatever the window is; Esc or a click gives it back."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(look, window)
        self.strip = RoomStrip(look)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.strip)
        self.sheet.setStyleSheet("")
        self.setAccessibleName(self.strip.accessibleName())
        self._was, self._active = window.windowState(), QApplication.activeWindow()

    def sheet_rect(self) -> QRect:
        return self.rect()

    def open(self) -> None:
        super().open()
        self.setFocus()
        self.window().setWindowState(self._was | Qt.WindowState.WindowFullScreen)

    def leave(self) -> None:
        window, active = self.window(), self._active
        super().leave()
        window.setWindowState(self._was)
        if active is not None and isValid(active) and active is not window:
            active.activateWindow()  # the desk has the keys again

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.leave()
