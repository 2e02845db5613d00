"""A plane full of small arrows, and points in it that can be dragged: which way, and how hard, each is
pulled from wherever it may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from widgets.base.calm import may_wait
from widgets.pictures.arrows import Arrows
from widgets.theme.look import Look
from widgets.theme.marks import paint_marks
from widgets.theme.numbers import fixed

FAINT = 0.06  # of the longest arrow: what is shorter is a dot


class PullField(Arrows):
    """One field of arrows a series, all drawn from the same places, and a point of each series.

    Points are dragged, or taken with Enter and moved with the arrow keys, as the tips of ``Arrows``.
    """

    def __init__(self, look: Look, title: str = "", *, reach: float = 1.0) -> None:
        super().__init__(look, title, reach=reach)
        self.places: NDArray[np.float64] = np.zeros((0, 2))
        self.vectors: NDArray[np.float64] = np.zeros((0, 0, 2))
        self.axes: tuple[str, str] = ("", "")

    @may_wait
    def draw_field(
        self, places: NDArray[Any], vectors: NDArray[Any], points: NDArray[Any],
        names: Sequence[str], *, axes: tuple[str, str], title: str | None = None,
    ) -> None:
        """Show (m, n, 2) ``vectors`` at (n, 2) ``places``, and (m, 2) ``points`` with their names."""
        self.retitle(title)
        self.places, self.vectors = np.array(places, float), np.array(vectors, float)
        self.tips = np.clip(np.array(points, float), -self.reach, self.reach)
        self.names, self.series, self.axes = tuple(names), tuple(range(len(names))), axes
        if self.current is not None and self.current >= len(self.tips):
            self.current = None
        self.update()

    def say(self, part: int) -> str:
        x, y = self.tips[part]
        return f"{self.names[part]}   {self.axes[0]} {fixed(x)}, {self.axes[1]} {fixed(y)}"

    @property
    def _area(self) -> QRectF:
        """All the room below the title, but for the names of the axes."""
        line, margin = self.text_height(11), self.look.px(4)
        return QRectF(margin, self.head + line, self.width() - 2 * margin,
                      max(10.0, self.height() - self.head - 2 * line))

    def _at(self, x: float, y: float) -> QPointF:
        area = self._area
        return QPointF(area.center().x() + x * area.width() / 2 / self.reach,
                       area.center().y() - y * area.height() / 2 / self.reach)

    def _under(self, at: QPointF) -> tuple[float, float]:
        area = self._area
        return (2 * self.reach * (at.x() - area.center().x()) / area.width(),
                2 * self.reach * (area.center().y() - at.y()) / area.height())

    def paint(self, painter: QPainter) -> None:
        key = (self.head, self.axes, self.places.tobytes(), self.vectors.tobytes())
        self.layer(painter, "field", key, self._paint_field)
        px = self.look.px
        for index, tip in enumerate(self.tips):
            at = self._at(*tip)
            painter.setPen(self.look.pen("card", px(2)))
            painter.setBrush(self.look.color(self.series[index]))
            paint_marks(painter, self.series[index], [(at.x(), at.y())], px(6))
            name = self.label(self.names[index], "text", 12, bold=True, halo=True)
            half = name.deviceIndependentSize() / 2
            # The first below its point, the second above: where both begin at one place, both are read.
            y = at.y() + (px(8) + half.height()) * (1 if index == 0 else -1)
            x = min(max(at.x(), half.width()), self.width() - half.width())
            y = min(max(y, self.head + half.height()), self.height() - half.height())
            self.put(painter, name, x, y, 0.5, 0.5)

    def _paint_field(self, painter: QPainter) -> None:
        area = self._area
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
        painter.drawLine(QPointF(area.center().x(), area.top()), QPointF(area.center().x(), area.bottom()))
        self.put(painter, self.label(f"{self.axes[1]} ↑", "muted", 11, longest=self.width() // 2),
                 area.left(), self.head, 0.0, 0.0)
        self.put(painter, self.label(f"{self.axes[0]} →", "muted", 11, longest=self.width() // 2),
                 area.right(), self.height(), 1.0, 1.0)
        longest = float(np.hypot(*np.moveaxis(self.vectors, -1, 0)).max(initial=1e-9))
        side = max(1, round(len(self.places) ** 0.5))
        room = 0.92 * min(area.width(), area.height()) / side  # the longest arrow
        for series, vectors in enumerate(self.vectors):
            color = self.look.color(series)
            for place, vector in zip(self.places, vectors, strict=True):
                self._paint_small(painter, self._at(*place), vector / longest, room, color)

    def _paint_small(self, painter: QPainter, at: QPointF, vector: NDArray[np.float64], room: float,
                     color: QColor) -> None:
        size = float(np.hypot(*vector))
        px = self.look.px
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        if size < FAINT:
            painter.drawEllipse(at, px(1), px(1))
            return
        along = QPointF(vector[0], -vector[1]) / size
        across, tip = QPointF(-along.y(), along.x()), at + along * size * room
        head = min(px(5), 0.6 * size * room)
        back = tip - along * head
        painter.drawPolygon(QPolygonF([tip, back + across * head * 0.5, back - across * head * 0.5]))
        painter.setPen(self.look.pen(color, px(3) / 2))
        painter.drawLine(at, back)
