"""Two crowds over one score: every person a dot, each crowd with a threshold that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import mark_of
from widgets.theme.numbers import count, fixed

TENTHS = 10
STEP = 0.5  # what an arrow key moves a threshold by; a fifth of it with Shift
PALE = 0.34  # how much of its colour a dot keeps on the low side


class Crowd(Canvas[int]):
    """Two rows of people along a score from 1 to 11, those with the outcome stacked upwards (■), those
    without downwards (●). Who reaches the threshold of the row is strong, who does not is pale; with
    lots this need not be a matter of sides. The pointer takes a threshold wherever it goes down.

    Its parts are the two thresholds, then the ten columns of each row.

    Signals:
        dragged(row, threshold), hovered(part): −1 when the pointer leaves.
    """

    dragged = Signal(int, float)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", legend: Sequence[str] = ("", ""),
        sides: Sequence[str] = ("", ""), parent: QWidget | None = None,
    ) -> None:
        """``legend`` names those above and those below, ``sides`` what is left and right of a line."""
        super().__init__(look, title, parent)
        self._x, self._legend, self._sides = x, tuple(legend), tuple(sides)
        self.place_of: NDArray[Any] = np.zeros(0, np.float32)
        self.row_of: NDArray[Any] = np.zeros(0, np.uint8)
        self.outcome: NDArray[Any] = np.zeros(0, np.uint8)
        self.high: NDArray[Any] = np.zeros(0, np.uint8)
        self.moved: NDArray[Any] = np.zeros(0, np.uint8)
        self.thresholds = [5.0, 5.0]
        self.targets: tuple[float, ...] = ()
        self.captions: tuple[str, ...] = ("", "")
        self.corners: tuple[tuple[str, str, str], ...] = ()
        self._image: QImage | None = None
        self._pitch = 1.0
        self._dragging = -1
        self.setMinimumSize(look.px(300), look.px(220))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, place: NDArray[Any], row: NDArray[Any], outcome: NDArray[Any], high: NDArray[Any], *,
        thresholds: Sequence[float], moved: NDArray[Any] | None = None, targets: Sequence[float] = (),
        captions: Sequence[str] = ("", ""), corners: Sequence[tuple[str, str, str]] = (),
        title: str | None = None,
    ) -> None:
        """Show (N,) people.

        Args:
            place: 1 … 11.
            row, outcome, high: 0 or 1.
            moved: 1 for those who are lit.
            targets: other thresholds, drawn dashed; none where empty.
            captions: above each row.
            corners: of each row what is written above on the left, below and above on the right.
        """
        self.retitle(title)
        moved = np.zeros(len(place), np.uint8) if moved is None else moved
        new = (place, row, outcome, high, moved)
        old = (self.place_of, self.row_of, self.outcome, self.high, self.moved)
        if not all(map(np.array_equal, new, old)):
            self.place_of, self.row_of, self.outcome, self.high, self.moved = new
            self._image = None
        self.thresholds, self.targets = list(thresholds), tuple(targets)
        self.captions, self.corners = tuple(captions), tuple(corners)
        self.update()

    # Where things are

    @property
    def _line(self) -> int:
        return self.text_height(12)

    @property
    def _low(self) -> bool:
        """Whether there is so little height that the axis has to do without its name."""
        return self.height() < self.look.px(300)

    def _row(self, row: int) -> QRectF:
        """The rectangle of a row's dots: its caption and the lane of its knob lie above it."""
        px = self.look.px
        top = self.head + self._line + px(6)
        bottom = self.height() - (1 if self._low else 2) * self._line - px(2)
        tall = (bottom - top) / 2
        above = 2 * self._line + px(6)
        return QRectF(px(2), top + row * tall + above, self.width() - px(4),
                      max(1.0, tall - above - px(4)))

    def _at(self, threshold: float) -> float:
        area = self._row(0)
        return area.left() + area.width() * (threshold - 1) / TENTHS

    def part_at(self, x: float, y: float) -> int | None:
        for row in (0, 1):
            area = self._row(row)
            if area.left() <= x <= area.right() and area.top() <= y <= area.bottom():
                return 2 + TENTHS * row + min(int((x - area.left()) / area.width() * TENTHS), TENTHS - 1)
            if area.top() - self._line - self.look.px(4) <= y < area.top() \
                    and abs(x - self._at(self.thresholds[row])) < self.look.px(10):
                return row
        return None

    def place(self, part: int) -> QRectF:
        if part < 2:
            area, lane = self._row(part), self._line + self.look.px(2)
            x = self._at(self.thresholds[part])
            return QRectF(x - lane / 2, area.top() - lane, lane, lane)
        row, column = divmod(part - 2, TENTHS)
        area = self._row(row)
        wide = area.width() / TENTHS
        return QRectF(area.left() + column * wide, area.top(), wide, area.height())

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if part is None:
            return 0
        if part < 2:
            return min(max(part + dy, 0), 2)
        at = part - 2
        if dy:
            return at + 2 + TENTHS * dy if 0 <= at + TENTHS * dy < 2 * TENTHS else 1 if dy < 0 else part
        return 2 + min(max(at + dx, 0), 2 * TENTHS - 1)

    def say(self, part: int) -> str:
        if part < 2:
            return f"{self.captions[part]}: {fixed(self.thresholds[part], 1)}"
        row, column = divmod(part - 2, TENTHS)
        there = (self.row_of == row) & (np.clip(self.place_of.astype(int), 1, TENTHS) == column + 1)
        again = int((self.outcome[there] == 1).sum())
        return f"{column + 1}: {self._legend[0]} {count(again)} / {count(int(there.sum()))}"

    def tell_click(self, part: int | None) -> None:
        """Enter on a column moves the row's threshold into its middle, as a click there does."""
        if part is not None:
            row, column = divmod(part - 2, TENTHS)
            self._set(*((part, self.thresholds[part]) if part < 2 else (row, column + 1.5)))

    # Dragging

    def _set(self, row: int, value: float) -> None:
        """Tell of a threshold and show it at once: the next picture may take a moment to come."""
        self.thresholds[row] = round(min(max(value, 1.0), 1.0 + TENTHS), 1)
        self.update()
        self.dragged.emit(row, self.thresholds[row])

    def drag(self, part: int, dx: int, dy: int, fine: bool) -> bool:
        """←/→ move a threshold; elsewhere they go to the neighbour."""
        if part > 1 or not dx:
            return False
        self._set(part, self.thresholds[part] + dx * (STEP / 5 if fine else STEP))
        return True

    def _row_at(self, y: float) -> int:
        tops = [self._row(row).top() - self._line - self.look.px(4) for row in (0, 1)]
        bottoms = [self._row(row).bottom() for row in (0, 1)]
        return next((row for row in (0, 1) if tops[row] <= y <= bottoms[row]), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = self._row_at(event.position().y())
            if self._dragging >= 0:
                self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging < 0:
            super().mouseMoveEvent(event)
        else:
            self._drag_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging < 0:
            super().mouseReleaseEvent(event)
        self._dragging, self._pressed = -1, None

    def _drag_to(self, at: QPointF) -> None:
        area = self._row(self._dragging)
        self._set(self._dragging, 1 + TENTHS * (at.x() - area.left()) / area.width())

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._image = None

    def paint(self, painter: QPainter) -> None:
        px, line = self.look.px, self._line
        x = 0.0
        for series, name in ((1, self._legend[0]), (0, self._legend[1])):
            for text, ink in ((mark_of(series), series), (name, "muted")):
                x = self.put(painter, self.label(text, ink, 12), x, self.head).right() + px(4)
            x += px(10)
        for row in (0, 1):
            area, at = self._row(row), self._at(self.thresholds[row])
            painter.fillRect(QRectF(at, area.top(), area.right() - at, area.height()),
                             self.look.color("accent_wash"))
            self.put(painter, self.label(self.captions[row], "text", 12, longest=self.width()),
                     area.left(), area.top() - 2 * line - px(4))
        if self._image is None:
            self._image = self._dots(self._ratio)
        painter.drawImage(0, 0, self._image)
        for row in (0, 1):
            self._paint_corners(painter, row)
            self._paint_threshold(painter, row)
        self._paint_axis(painter)

    def _paint_corners(self, painter: QPainter, row: int) -> None:
        if row >= len(self.corners):
            return
        area, gap = self._row(row), self.look.px(3)
        above, below, right = self.corners[row]
        for text, ink, x, y, ax, ay in (
                (above, 1, area.left() + gap, area.top(), 0.0, 0.0),
                (below, 0, area.right() - gap, area.bottom(), 1.0, 1.0),
                (right, 3, area.right() - gap, area.top(), 1.0, 0.0)):
            if text:
                self.put(painter, self.label(text, ink, 12, bold=True, halo=True), x, y, ax, ay)

    def _paint_threshold(self, painter: QPainter, row: int) -> None:
        px, area = self.look.px, self._row(row)
        for value, style, ink in ((self.thresholds[row], Qt.PenStyle.SolidLine, "accent"),
                                  *((one, Qt.PenStyle.DashLine, "text")
                                    for one in self.targets[row : row + 1])):
            painter.setPen(self.look.pen(ink, px(2), style))
            painter.drawLine(QLineF(self._at(value), area.top(), self._at(value), area.bottom()))
        x, middle = self._at(self.thresholds[row]), area.top() - self._line / 2 - px(2)
        painter.setPen(self.look.pen("accent", px(2)))
        painter.setBrush(self.look.color("card"))
        painter.drawEllipse(QPointF(x, middle + px(1)), px(6), px(6))
        low, high = f"◂ {self._sides[0]}", f"{self._sides[1]} ▸"
        if x - px(12) - self.text_width(low, 12) > 0:
            self.put(painter, self.label(low, "muted", 12), x - px(11), middle, 1.0, 0.5)
        if x + px(12) + self.text_width(high, 12) < self.width():
            self.put(painter, self.label(high, "accent", 12), x + px(11), middle, 0.0, 0.5)

    def _paint_axis(self, painter: QPainter) -> None:
        area, top = self._row(1), self._row(1).bottom() + self.look.px(2)
        painter.setPen(self.look.pen("hairline"))
        for tenth in range(TENTHS + 1):
            x = area.left() + area.width() * tenth / TENTHS
            painter.drawLine(QLineF(x, top - self.look.px(2), x, top + self.look.px(2)))
        for tenth in range(TENTHS):
            self.put(painter, self.label(str(tenth + 1), "muted", 12), self._at(tenth + 1.5), top, 0.5)
        if not self._low:
            self.put(painter, self.label(self._x, "muted", 12), area.center().x(), self.height(), 0.5, 1.0)

    def _dots(self, ratio: float) -> QImage:
        """All people as one picture; dots as large as lets the highest stack fit."""
        px = self.look.px
        pixels = np.zeros((max(1, round(self.height() * ratio)), max(1, round(self.width() * ratio)), 4),
                          np.uint8)
        area = self._row(0)
        pitch, columns, levels, bases = self._stacks(area.width(), area.height(), px(9))
        self._pitch = pitch
        x = area.left() + (columns + 0.5) * pitch
        tops = np.array([self._row(row).top() for row in (0, 1)])
        up = np.where(self.outcome == 1, 1, -1)
        y = (tops + bases)[self.row_of.astype(int)] - up * (levels + 0.5) * pitch
        for outcome in (0, 1):
            for strong in (0, 1):
                ink = np.array(self._ink(outcome, bool(strong)), np.uint8)
                those = (self.outcome == outcome) & (self.high == strong) & (self.moved == 0)
                raster.discs(pixels, x[those] * ratio, y[those] * ratio, pitch * 0.46 * ratio, ink, outcome)
        lit = self.moved == 1
        ink = np.array(raster.rgba(self.look.color("text")), np.uint8)
        for outcome in (0, 1):
            those = lit & (self.outcome == outcome)
            raster.discs(pixels, x[those] * ratio, y[those] * ratio, pitch * 0.5 * ratio, ink, outcome)
        return raster.to_image(pixels, ratio)

    def _ink(self, series: int, strong: bool) -> tuple[int, int, int, int]:
        full, ground = self.look.color(series), self.look.color("card")
        if strong:
            return raster.rgba(full)
        mixed = [round(PALE * a + (1 - PALE) * b) for a, b in zip(
            (full.red(), full.green(), full.blue()), (ground.red(), ground.green(), ground.blue()),
            strict=True)]
        return raster.rgba(QColor(*mixed))

    def _stacks(
        self, width: float, height: float, most: float
    ) -> tuple[float, NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """The size of a dot's place, of each person the column and the level in its stack, and how far
        below its top the ground of each row is."""
        pitch = most
        while True:
            wide = max(1, int(width / pitch))
            columns = np.clip(((self.place_of - 1) / TENTHS * wide).astype(np.intp), 0, wide - 1)
            stack = (self.row_of.astype(np.intp) * 2 + self.outcome) * wide + columns
            highest = np.bincount(stack, minlength=4 * wide).reshape(2, 2, wide).max(2)  # (row, outcome)
            if pitch <= 1.0 or highest.sum(1).max() * pitch <= height:
                break
            pitch *= 0.95
        order = np.argsort(stack, kind="stable")
        counts = np.bincount(stack, minlength=4 * wide)
        levels = np.empty(len(stack), np.intp)
        levels[order] = np.arange(len(stack)) - np.repeat(np.cumsum(counts) - counts, counts)
        free = height - highest.sum(1) * pitch
        return width / wide, columns, levels, highest[:, 1] * pitch + free / 2
