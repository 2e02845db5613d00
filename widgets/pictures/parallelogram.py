"""Words on a map, and a parallelogram between them whose corners can be taken to other words.

a − b + c is where one comes from c by the way that leads from b to a. The three words are corners; drag
one to another word, or click it (Enter) and then the other word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from widgets.base.calm import may_wait
from widgets.pictures.placing import NOWHERE, contained, overlapping
from widgets.pictures.points import PointsCanvas
from widgets.theme.look import Look
from widgets.theme.marks import paint_marks
from widgets.theme.numbers import fixed

SIGNS = ("+", "−", "+")  # of the corners


class Parallelogram(PointsCanvas):
    """Named points; one unit is as long across as upwards.

    Signals:
        moved(corner, point): the corner 0, 1 or 2 is to be at this point.
        clicked(point): a point that is no corner, while none is held.
    """

    REACH, OUTLINE = 14, 8

    moved = Signal(int, int)
    clicked = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.values: NDArray[np.float64] = np.zeros(0)
        self.corners: tuple[int, ...] = ()
        self.target: NDArray[np.float64] = np.zeros(2)
        self.answer = -1
        self.near: tuple[int, ...] = ()
        self.pairs: tuple[tuple[int, int], ...] = ()
        self.held = -1  # the corner that is taken elsewhere
        self._pulled: QPointF | None = None
        self.setMinimumSize(look.px(220), look.px(180))

    @may_wait
    def draw(
        self, points: NDArray[Any], names: Sequence[str], *, corners: tuple[int, int, int],
        target: NDArray[Any], answer: int = -1, near: Sequence[int] = (),
        pairs: Sequence[tuple[int, int]] = (), values: NDArray[Any] | None = None,
        title: str | None = None,
    ) -> None:
        """Show (n, 2) points with their names.

        Args:
            corners: the points a, b and c.
            target: (2,) where a − b + c is.
            answer: the point that was found; −1 for none.
            near: points that are near the target, with a stronger dot.
            pairs: points that a quiet line joins.
            values: (n,) what is said of each point.
        """
        self.retitle(title)
        self.points, self.names = np.asarray(points, float), tuple(names)
        self.corners, self.target, self.answer = tuple(corners), np.asarray(target, float), answer
        self.near, self.pairs = tuple(near), tuple(pairs)
        self.values = np.full(len(self.points), np.nan) if values is None else np.asarray(values, float)
        self.forget_lost()
        self.update()

    # Where things are

    @property
    def _area(self) -> QRectF:
        side, line = self.look.px(34), self.text_height(12)
        return QRectF(side, self.head + line, max(10.0, self.width() - 2 * side),
                      max(10.0, self.height() - self.head - 2 * line))

    def on_screen(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m, 2) pixels of the widget."""
        every = np.concatenate([self.points, self.target[None]])
        low, high = every.min(0), every.max(0)
        area, span = self._area, np.maximum(high - low, 1e-9)
        scale = min(area.width() / span[0], area.height() / span[1])
        middle = np.array([area.center().x(), area.center().y()])
        found: NDArray[np.float64] = middle + (points - (low + high) / 2) * [scale, -scale]
        return found

    def first(self) -> int:
        return self.corners[0]

    def say(self, part: int) -> str:
        sign = SIGNS[self.corners.index(part)] if part in self.corners else ""
        value = "" if np.isnan(self.values[part]) else f"   {fixed(float(self.values[part]))}"
        return f"{sign} {self.names[part]}{value}".strip()

    # Taking a corner elsewhere

    def tell_click(self, part: int | None) -> None:
        held, self.held = self.held, -1
        if part is None:
            return
        if part in self.corners:
            self.held = -1 if held == self.corners.index(part) else self.corners.index(part)
        elif held >= 0:
            self.moved.emit(held, part)
        else:
            self.clicked.emit(part)
        self.update()

    def release(self) -> bool:
        if self.held >= 0:
            self.held = -1
            self.update()
            return True
        return super().release()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part in self.corners:
            self._pulled, self._corner = event.position(), self.corners.index(part)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._pulled is not None:
            self._pulled = event.position()
            self.held = self._corner
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pulled, self._pulled = self._pulled, None
        at = event.position()
        if pulled is not None and self._pressed is not None \
                and (at - self._pressed).manhattanLength() > self.look.px(4):
            self._pressed, self.held = None, -1
            part = self.part_at(at.x(), at.y())
            if part is not None and part != self.corners[self._corner]:
                self.moved.emit(self._corner, part)
        super().mouseReleaseEvent(event)
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not len(self.points) or len(self.corners) != 3:
            return
        px, spots = self.look.px, self.on_screen(self.points)
        goal = QPointF(*self.on_screen(self.target[None])[0])
        a, b, c = (QPointF(*spots[one]) for one in self.corners)
        if self.held >= 0 and self._pulled is not None:
            a, b, c = (self._pulled if one == self.held else at for one, at in enumerate((a, b, c)))
        painter.setPen(self.look.pen("ghost", px(1)))
        for one, other in self.pairs:
            painter.drawLine(QLineF(*spots[one], *spots[other]))
        painter.setPen(self.look.pen("ghost", px(1), Qt.PenStyle.DotLine))
        painter.drawLine(b, c)
        painter.drawLine(a, goal)
        self._arrow(painter, b, a, Qt.PenStyle.SolidLine)
        self._arrow(painter, c, goal, Qt.PenStyle.DashLine)
        painter.setPen(Qt.PenStyle.NoPen)
        for one, (x, y) in enumerate(spots):
            lit = one in self.near or one in self.corners
            painter.setBrush(self.look.color("text" if lit else "ghost"))
            painter.drawEllipse(QPointF(x, y), px(3) if lit else px(2), px(3) if lit else px(2))
        painter.setPen(self.look.pen("card", px(2)))
        painter.setBrush(self.look.color(1))
        paint_marks(painter, 1, [(goal.x(), goal.y())], px(7))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for corner, at in enumerate((a, b, c)):
            painter.setPen(self.look.pen("accent", px(4 if corner == self.held else 2)))
            painter.drawEllipse(at, px(7), px(7))
        if self.answer >= 0:
            painter.setPen(self.look.pen(1, px(2)))
            painter.drawEllipse(QPointF(*spots[self.answer]), px(7), px(7))
        self._paint_names(painter, spots, goal, (QLineF(b, a), QLineF(c, goal)))

    def _arrow(self, painter: QPainter, start: QPointF, end: QPointF, style: Qt.PenStyle) -> None:
        line = QLineF(start, end)
        if line.length() < self.look.px(16):
            return
        px = self.look.px
        unit = (end - start) / line.length()
        tip, side = end - unit * px(9), QPointF(-unit.y(), unit.x())
        painter.setPen(self.look.pen(0, px(2), style))
        painter.drawLine(start + unit * px(8), tip - unit * px(4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(0))
        painter.drawPolygon(QPolygonF([tip, tip - unit * px(9) + side * px(4),
                                       tip - unit * px(9) - side * px(4)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_names(
        self, painter: QPainter, spots: NDArray[np.float64], goal: QPointF, arrows: Sequence[QLineF]
    ) -> None:
        """Names beside their points where they cover no other name: corners and answer first."""
        px, tall = self.look.px, self.text_height(12)
        room = QRectF(px(2), self.head + px(2), self.width() - px(3), self.height() - self.head - px(5))
        first = list(dict.fromkeys([*self.corners, *([self.answer] if self.answer >= 0 else [])]))
        order = [*first, *(one for one in self.near if one not in first),
                 *(one for one in range(len(spots)) if one not in first and one not in self.near)]
        texts = [f"{SIGNS[self.corners.index(one)]} {self.names[one]}" if one in self.corners
                 else f"≈ {self.names[one]}" if one == self.answer else self.names[one] for one in order]
        bold = np.arange(len(order)) < len(first)
        wide = np.array([self.text_width(text, 12, bool(one)) + px(4)
                         for text, one in zip(texts, bold, strict=True)])
        gap, (x, y) = np.where(bold, px(10), px(5)), spots[order].T
        left, top = np.stack([
            (x + gap, y - tall / 2), (x - gap - wide, y - tall / 2), (x - wide / 2, y - tall - gap),
            (x - wide / 2, y + gap), (x + gap, y - tall), (x + gap, y), (x - gap - wide, y - tall),
            (x - gap - wide, y)], 2)                                            # (names, places) each
        boxes = np.stack([left, top, left + wide[:, None], top + tall], 2)
        inside = contained(boxes.reshape(-1, 4), room).reshape(left.shape)
        dots = np.array([*spots[list({*self.corners, *self.near})], (goal.x(), goal.y()),
                         *((at.x(), at.y()) for arrow in arrows
                           for at in map(arrow.pointAt, np.linspace(0, 1, 40)))]) - px(4)
        free = inside & ~overlapping(boxes.reshape(-1, 4), np.concatenate(
            [dots, dots + px(8)], 1)).reshape(left.shape)
        taken = NOWHERE
        for at, one in enumerate(order):
            fits = np.flatnonzero(free[at])
            fits = fits[~overlapping(boxes[at, fits], taken)]
            if not (len(fits) or bold[at]):
                continue
            box = boxes[at, fits[0] if len(fits) else inside[at].argmax()]
            if not len(fits):  # what the picture is about is named, whatever it covers
                shift = np.array([min(max(box[0], room.left()), room.right() - wide[at]),
                                  min(max(box[1], room.top()), room.bottom() - tall)])
                box = np.concatenate([shift, shift + (wide[at], tall)])
            taken = np.concatenate([taken, box[None]])
            color = "text" if bold[at] or one in self.near else "muted"
            self.put(painter, self.label(texts[at], color, 12, bool(bold[at]), halo=True),
                     box[0] - px(2), box[1] - px(2))
