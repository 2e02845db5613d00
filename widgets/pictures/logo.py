"""A sequence logo: at each position a stack of letters, as tall as what they say.

Schneider and Stephens 1990. The tallest letter stands on top. Letters below zero hang from the line and
are paler. A letter's own shape tells it from the others; its colour only helps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPainterPath, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.numbers import decimal
from widgets.theme.style import font

THINNEST = 1.5  # pixels: what is less tall is not drawn
NARROWEST = 6  # pixels, before scaling: in narrower columns a bar stands for a letter
BASES = {"A": 0, "C": 1, "G": 2, "U": 3, "T": 3}  # series of the bases


@cache
def _glyph(letter: str, families: tuple[str, ...]) -> tuple[QPainterPath, QRectF]:
    """A bold letter's outline and the box that it fills; a narrow one, I, stays one."""
    shape = QFont(list(families))
    shape.setPixelSize(100)
    shape.setBold(True)
    path = QPainterPath()
    path.addText(0, 0, shape, letter)
    box = path.boundingRect()
    spare = max(0.0, 0.6 * box.height() - box.width()) / 2
    return path, box.adjusted(-spare, 0, spare, 0)


class LogoPlot(Canvas[int]):
    """Shows (columns, letters) heights; the parts are the columns.

    Args:
        letters: what stands for each row of heights.
        y: what a height is, with its unit.
        series: letter to the number of its colour; the others are in the colour of text.
        edges: where the columns begin and end, so that they stand above those of another picture.

    Signals:
        clicked(column), hovered(column): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str, letters: str, *, y: str = "",
        series: Mapping[str, int] = BASES, edges: Callable[[], tuple[float, float]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self.letters, self.y_title, self.series = letters, y, dict(series)
        self.edges = edges
        self.heights: NDArray[Any] = np.zeros((0, len(letters)), np.float32)
        self.labels: tuple[str, ...] = ()
        self.low, self.high = 0.0, 1.0
        self.divider = self.selected = -1
        self.muted: frozenset[int] = frozenset()
        self._families = tuple(font(look).families())
        self.setMinimumSize(look.px(160), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, heights: NDArray[Any], labels: Sequence[str], *, high: float, low: float = 0.0,
        divider: int = -1, selected: int = -1, muted: Sequence[int] = (), title: str | None = None,
    ) -> None:
        """Show the heights (columns, letters), which may be negative.

        Args:
            labels: the name of each column.
            low, high: the ends of the axis.
            divider: a dashed line stands before this column.
            selected: a column with a frame.
            muted: columns on a wash, such as those that are not covered.
        """
        self.retitle(title)
        self.heights = np.nan_to_num(np.asarray(heights))
        self.labels, self.low, self.high = tuple(labels), low, high
        self.divider, self.selected, self.muted = divider, selected, frozenset(muted)
        if self.current is not None and self.current >= len(self.heights):
            self.current = None
        self.update()

    # Where things are

    def _ticks(self) -> list[float]:
        room = self.height() - self.head - self.text_height(11)
        return scales.ticks(self.low, self.high, max(2, room // self.look.px(30)))

    @property
    def _inside(self) -> QRectF:
        px, line = self.look.px, self.text_height(11)
        ticks = numbers.ticks(self._ticks())
        left: float = max((self.text_width(one, 11) for one in ticks), default=0) + px(6) \
            + (line + px(2) if self.y_title else 0)
        right: float = self.width() - px(4)
        if self.edges is not None:
            left, right = self.edges()
        return QRectF(left, self.head + px(5), max(10.0, right - left),
                      max(10.0, self.height() - self.head - px(5) - line - px(3)))

    def place(self, part: int) -> QRectF:
        inside = self._inside
        wide = inside.width() / max(len(self.heights), 1)
        return QRectF(inside.left() + part * wide, inside.top(), wide, inside.height())

    def part_at(self, x: float, y: float) -> int | None:
        inside = self._inside
        if not len(self.heights) or not inside.contains(x, y):
            return None
        return min(int((x - inside.left()) / inside.width() * len(self.heights)), len(self.heights) - 1)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.heights):
            return None
        return max(self.selected, 0) if part is None \
            else min(max(part + (dx or dy), 0), len(self.heights) - 1)

    def say(self, part: int) -> str:
        column = self.heights[part]
        tall = [one for one in np.argsort(-np.abs(column))[:3] if abs(column[one]) >= 0.005]
        name = self.labels[part] if part < len(self.labels) else str(part)
        return "   ".join([name, *(f"{self.letters[one]} {decimal(float(column[one]), 2)}" for one in tall)])

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not len(self.heights):
            return
        inside, px = self._inside, self.look.px
        self.layer(painter, "axes", (self.labels, self.low, self.high, self.divider, self.muted,
                                     inside.left(), inside.right(), inside.top()), self._paint_axes)
        self.layer(painter, "letters", (self.heights.tobytes(), self.low, self.high, inside.getRect()),
                   self._paint_letters)
        if 0 <= self.selected < len(self.heights):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.look.pen("accent", px(2)))
            painter.drawRoundedRect(self.place(self.selected).adjusted(0, -2, 0, 1), 3, 3)

    def _paint_letters(self, painter: QPainter) -> None:
        inside = self._inside
        scale = inside.height() / ((self.high - self.low) or 1.0)
        zero = inside.bottom() + self.low * scale
        painter.setClipRect(inside)
        painter.setPen(Qt.PenStyle.NoPen)
        base = painter.transform()
        each = inside.width() / len(self.heights)
        gap = min(self.look.px(3), each * 0.08)
        wide = each - gap
        for column, heights in enumerate(self.heights):
            left = inside.left() + column * each + gap / 2
            for sign in (1, -1):  # away from the line: the least first
                y = zero
                for one in np.argsort(np.abs(heights)):
                    tall = float(heights[one]) * scale
                    if tall * sign < THINNEST:
                        continue
                    y -= tall if sign > 0 else 0.0
                    self._paint_letter(painter, self.letters[one],
                                       QRectF(left, y, wide, abs(tall)), base, pale=sign < 0)
                    y -= tall if sign < 0 else 0.0

    def _paint_letter(
        self, painter: QPainter, letter: str, box: QRectF, base: QTransform, *, pale: bool
    ) -> None:
        """A letter that fills the box, however wide or tall that is."""
        path, shape = _glyph(letter, self._families)
        color = self.look.color(self.series.get(letter, "text"), 120 if pale else 255)
        if box.width() < self.look.px(NARROWEST):
            painter.fillRect(box, color)
        if shape.isEmpty() or box.width() < self.look.px(NARROWEST):
            return
        across, down = box.width() / shape.width(), box.height() / shape.height()
        painter.setBrush(color)
        painter.setTransform(QTransform(across, 0, 0, down, box.left() - shape.left() * across,
                                        box.top() - shape.top() * down) * base)
        painter.drawPath(path)
        painter.setTransform(base)

    def _paint_axes(self, painter: QPainter) -> None:
        inside, px = self._inside, self.look.px
        scale = inside.height() / ((self.high - self.low) or 1.0)
        for column in self.muted:
            painter.fillRect(self.place(column), self.look.color("ground"))
        painter.setPen(self.look.pen("hairline"))
        ticks = self._ticks()
        for value, text in zip(ticks, numbers.ticks(ticks), strict=True):
            y = inside.bottom() - (value - self.low) * scale
            painter.drawLine(QLineF(inside.left() - px(3), y, inside.left(), y))
            self.put(painter, self.label(text, "muted", 11), inside.left() - px(5), y, 1.0, 0.5)
        zero = inside.bottom() + self.low * scale
        painter.drawLine(QLineF(inside.left(), zero, inside.right(), zero))
        painter.drawLine(QLineF(inside.left(), inside.top(), inside.left(), inside.bottom()))
        if self.y_title:
            self.put(painter, self.label(self.y_title, "muted", 11, upwards=True), 0,
                     inside.center().y(), 0.0, 0.5)
        wide = inside.width() / len(self.heights)
        widest = max((self.text_width(one, 11) for one in self.labels), default=1) + px(4)
        every = max(1, int(np.ceil(widest / wide)))
        for column in range(0, min(len(self.labels), len(self.heights)), every):
            self.put(painter, self.label(self.labels[column], "muted", 11),
                     inside.left() + (column + 0.5) * wide, inside.bottom() + px(2), 0.5, 0.0)
        if 0 < self.divider < len(self.heights):
            pen = self.look.pen("muted")
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            x = inside.left() + self.divider * wide
            painter.drawLine(QLineF(x, inside.top(), x, inside.bottom()))
