"""Vectors of the plane as arrows from its middle, whose tips can be dragged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.numbers import fixed

GRASP = 14  # how far from a tip, in scaled pixels, the pointer still takes it
STEP = 0.1  # what an arrow key moves a tip by


class Arrows(Canvas[int]):
    """Arrows with names at their tips. One with a knob is dragged; with the keyboard, the arrow keys walk
    from tip to tip, Enter takes one, the arrow keys then move it, and Enter or Esc lets it go.

    Args:
        reach: the plane shows −reach … reach both ways.

    Signals:
        dragged(index, x, y).
    """

    dragged = Signal(int, float, float)

    def __init__(self, look: Look, title: str = "", *, reach: float = 1.0,
                 parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.reach = reach
        self.tips: NDArray[np.float64] = np.zeros((0, 2))
        self.names: tuple[str, ...] = ()
        self.series: tuple[int, ...] = ()
        self.fixed: frozenset[int] = frozenset()
        self.muted: frozenset[int] = frozenset()
        self._dragging: int | None = None
        self._taken: int | None = None  # with Enter
        self.setMinimumSize(look.px(130), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, tips: NDArray[Any], names: Sequence[str], *, series: Sequence[int],
        fixed: Sequence[int] = (), muted: Sequence[int] = (), title: str | None = None,
    ) -> None:
        """Show arrows to (m, 2) tips; those that are ``fixed`` have no knob, ``muted`` ones are dashed."""
        self.retitle(title)
        self.tips = np.array(tips, float)
        self.names, self.series = tuple(names), tuple(series)
        self.fixed, self.muted = frozenset(fixed), frozenset(muted)
        if self.current is not None and self.current >= len(self.tips):
            self.current = None
        self.update()

    # Where things are

    @property
    def _area(self) -> QRectF:
        """The largest square below the title."""
        margin = self.text_height(12) // 2
        side = max(10.0, min(self.width(), self.height() - self.head) - 2.0 * margin)
        left = (self.width() - side) / 2
        return QRectF(left, self.head + (self.height() - self.head - side) / 2, side, side)

    def _at(self, x: float, y: float) -> QPointF:
        area = self._area
        unit = area.width() / 2 / self.reach
        return QPointF(area.center().x() + x * unit, area.center().y() - y * unit)

    def _under(self, at: QPointF) -> tuple[float, float]:
        """The vector whose tip is at this place of the widget."""
        area = self._area
        unit = area.width() / 2 / self.reach
        return (at.x() - area.center().x()) / unit, (area.center().y() - at.y()) / unit

    def place(self, part: int) -> QRectF:
        tip, half = self._at(*self.tips[part]), self.look.px(8)
        return QRectF(tip.x() - half, tip.y() - half, 2 * half, 2 * half)

    def part_at(self, x: float, y: float) -> int | None:
        if not len(self.tips):
            return None
        far = [math.hypot(tip.x() - x, tip.y() - y) + (index in self.fixed)
               for index, tip in enumerate(self._at(*one) for one in self.tips)]
        best = int(np.argmin(far))
        return best if far[best] <= self.look.px(GRASP) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.tips):
            return None
        return 0 if part is None else min(max(part + (dx or dy), 0), len(self.tips) - 1)

    def say(self, part: int) -> str:
        x, y = self.tips[part]
        return f"{self.names[part]}   ({fixed(x)}, {fixed(y)})"

    def tell_hover(self, part: int | None) -> None:
        self._taken = None

    def tell_click(self, part: int | None) -> None:
        if self._by_keys and part is not None:
            self._taken = part if self._taken != part and part not in self.fixed else None
            self.update()

    # Dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None and part not in self.fixed:
            self._dragging = part

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging is None or self._dragging >= len(self.tips):
            super().mouseMoveEvent(event)
            return
        self._set(self._dragging, *self._under(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = None
        super().mouseReleaseEvent(event)

    def _set(self, part: int, x: float, y: float) -> None:
        """Tell of a new tip and show it at once: the next picture may take a moment to come."""
        x, y = (round(min(max(one, -self.reach), self.reach), 2) for one in (x, y))
        self.tips[part] = x, y
        self.update()
        self.dragged.emit(part, x, y)

    def drag(self, part: int, dx: int, dy: int, fine: bool) -> bool:
        """The arrow keys move a tip that has been taken with Enter."""
        if part != self._taken:
            return False
        by = STEP / 5 if fine else STEP
        self._set(part, self.tips[part][0] + dx * by, self.tips[part][1] - dy * by)
        return True

    # Painting

    def paint(self, painter: QPainter) -> None:
        self.layer(painter, "ground", (self.size(), self.head, self.reach), self._paint_ground)
        for index in sorted(range(len(self.tips)), key=lambda one: one in self.fixed):
            self._paint_arrow(painter, index)

    def _paint_ground(self, painter: QPainter) -> None:
        area = self._area
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
        painter.drawLine(QPointF(area.center().x(), area.top()), QPointF(area.center().x(), area.bottom()))
        one = area.width() / 2 / self.reach
        painter.drawEllipse(area.center(), one, one)  # all vectors of length 1
        self.put(painter, self.label("1", "muted", 11), area.center().x() + one, area.center().y(),
                 0.0, 0.0)

    def _paint_arrow(self, painter: QPainter, index: int) -> None:
        px, middle, tip = self.look.px, self._area.center(), self._at(*self.tips[index])
        color = self.look.color("ghost") if index in self.muted else self.look.color(self.series[index])
        way = tip - middle
        length = math.hypot(way.x(), way.y())
        pen = self.look.pen(color, px(3) if index in self.fixed else px(2))
        if index in self.muted:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(middle, tip)
        if length > 1:
            along, across = way / length, QPointF(-way.y(), way.x()) / length
            back = tip - along * px(9)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF([tip, back + across * px(5), back - across * px(5)]))
        if index not in self.fixed:
            painter.setPen(self.look.pen(color, px(2)))
            painter.setBrush(color if index == self._taken else self.look.color("card"))
            painter.drawEllipse(tip, px(4), px(4))
        name = self.label(self.names[index], "muted" if index in self.muted else "text", 12,
                          bold=index in self.fixed, halo=True)
        size = name.deviceIndependentSize()
        outward = way / length if length > 1 else QPointF(0, -1)
        if index in self.fixed:  # beside its tip, where no other arrow that it follows has its name
            outward = QPointF(outward.y(), -outward.x())
        spot = tip + QPointF(outward.x() * (px(6) + size.width() / 2),
                             outward.y() * (px(5) + size.height() / 2))
        x = min(max(spot.x(), size.width() / 2), self.width() - size.width() / 2)
        y = min(max(spot.y(), self.head + size.height() / 2), self.height() - size.height() / 2)
        self.put(painter, name, x, y, 0.5, 0.5)
