"""A table of bars, some of which can be dragged: numbers that are computed, and those that are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.numbers import fixed

Bar = tuple[int, int]  # row, column

STEP = 0.05  # what an arrow key moves a bar by


@dataclass(frozen=True)
class BarRow:
    """One row: a name, how its values come about, and their range."""

    label: str
    values: NDArray[Any]  # (columns,)
    detail: str = ""
    low: float = 0.0
    high: float = 1.0
    # Of the row, or of each column. None: 0 for what is not negative and 1 for what is, as in a
    # diverging map.
    series: int | tuple[int, ...] | None = None
    draggable: bool = False
    held: bool = False  # set by hand now
    step: float = STEP  # what an arrow key moves it by, a fifth of it with Shift


class DragBars(Canvas[Bar]):
    """Rows of bars with a column for each unit. A bar with a knob is dragged, or moved with ←/→.

    Signals:
        dragged(row, column, value), hovered(row, column), clicked(row, column).
    """

    dragged = Signal(int, int, float)
    hovered = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.rows: tuple[BarRow, ...] = ()
        self.names: tuple[str, ...] = ()
        self._dragging: Bar | None = None
        self._wanted: int | None = None  # room for the names and details of these rows
        self.setMinimumSize(look.px(220), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, rows: Sequence[BarRow], *, names: Sequence[str] = (),
             title: str | None = None) -> None:
        """Show these rows, all of the same number of columns; ``names`` stand above the columns."""
        self.retitle(title)
        self.names = tuple(names)
        self.rows, self._wanted = tuple(rows), None
        if self.current is not None and (
                self.current[0] >= len(self.rows) or self.current[1] >= self._columns):
            self.current = None
        self.update()

    # Where things are

    @property
    def _columns(self) -> int:
        return len(self.rows[0].values) if self.rows else 0

    @property
    def _top(self) -> int:
        """Where the rows begin, below the names of the columns."""
        return self.head + (self.text_height(12) if self.names else 0)

    @property
    def _left(self) -> int:
        """Where the bars begin: names and details stand before them."""
        if self._wanted is None:
            px = self.look.px
            names = max((self.text_width(row.label, 12) for row in self.rows), default=0) + px(8)
            details = max((self.text_width(row.detail, 11) for row in self.rows), default=0)
            self._wanted = names + (details + px(10) if details else 0)
        return min(self._wanted, round(self.width() * 0.62))

    def place(self, part: Bar) -> QRectF:
        row, column = part
        tall = min((self.height() - self._top) / max(len(self.rows), 1), self.look.px(34))
        wide = (self.width() - self._left) / max(self._columns, 1)
        return QRectF(self._left + wide * column, self._top + tall * row, wide, tall)

    def _track(self, part: Bar) -> QRectF:
        """Where the bar itself may reach: right of it stands its figure."""
        slot, px = self.place(part), self.look.px
        figure = self.text_width("−0.00", 11) + px(8)
        thick = min(slot.height() * 0.5, px(11))
        return QRectF(slot.left() + px(6), slot.center().y() - thick / 2,
                      max(px(12), slot.width() - figure - px(12)), thick)

    def _x(self, row: BarRow, track: QRectF, value: float) -> float:
        share = (value - row.low) / (row.high - row.low)
        return float(track.left() + track.width() * min(1.0, max(0.0, share)))

    def part_at(self, x: float, y: float) -> Bar | None:
        return next(((row, column) for row in range(len(self.rows)) for column in range(self._columns)
                     if self.place((row, column)).contains(x, y)), None)

    def beside(self, part: Bar | None, dx: int, dy: int) -> Bar | None:
        if not self._columns:
            return None
        if part is None:
            return 0, 0
        # ↑/↓ go from bar to bar as one reads, because ←/→ may be needed to move one.
        at = part[0] * self._columns + part[1] + dx + dy
        return divmod(min(max(at, 0), len(self.rows) * self._columns - 1), self._columns)

    def say(self, part: Bar) -> str:
        row = self.rows[part[0]]
        column = f" {self.names[part[1]]}" if self.names else ""
        return f"{row.label} {row.detail}{column}   {fixed(float(row.values[part[1]]), 3)}"

    # Dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None \
                and self.rows[part[0]].draggable:
            self._dragging = part
            self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging is None:
            super().mouseMoveEvent(event)
        elif self._dragging[0] < len(self.rows):
            self._drag_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging is None:
            super().mouseReleaseEvent(event)
        else:
            self._dragging = self._pressed = None

    def _drag_to(self, at: QPointF) -> None:
        assert self._dragging is not None
        row, track = self.rows[self._dragging[0]], self._track(self._dragging)
        share = min(1.0, max(0.0, (at.x() - track.left()) / track.width()))
        self._set(self._dragging, row.low + share * (row.high - row.low))

    def _set(self, part: Bar, value: float) -> None:
        """Tell of a new value and show it at once: the next picture may take a moment to come."""
        row = self.rows[part[0]]
        value = round(min(max(value, row.low), row.high), 2)
        values = np.array(row.values, float)
        values[part[1]] = value
        self.rows = (*self.rows[: part[0]], replace(row, values=values), *self.rows[part[0] + 1 :])
        self.update()
        self.dragged.emit(*part, value)

    def drag(self, part: Bar, dx: int, dy: int, fine: bool) -> bool:
        """←/→ move a bar that can be dragged; with others they go to the neighbour."""
        row = self.rows[part[0]]
        if not dx or not row.draggable:
            return False
        self._set(part, float(row.values[part[1]]) + dx * (row.step / 5 if fine else row.step))
        return True

    # Painting

    def paint(self, painter: QPainter) -> None:
        px = self.look.px
        for column, text in enumerate(self.names):
            room = round(self.place((0, column)).width()) - px(8)
            self.put(painter, self.label(text, "muted", 11, longest=room),
                     self._track((0, column)).left(), self.head, 0.0, 0.0)
        for index, row in enumerate(self.rows):
            middle = self.place((index, 0)).center().y()
            name = self.label(row.label, "warning" if row.held else "text", 12, bold=row.held)
            self.put(painter, name, 0, middle, 0.0, 0.5)
            if row.detail:
                room = self._left - px(10) - round(name.deviceIndependentSize().width())
                self.put(painter, self.label(row.detail, "muted", 11, longest=max(px(20), room)),
                         self._left - px(4), middle, 1.0, 0.5)
            for column in range(self._columns):
                self._paint_bar(painter, row, (index, column))

    def _paint_bar(self, painter: QPainter, row: BarRow, part: Bar) -> None:
        px, track, value = self.look.px, self._track(part), float(row.values[part[1]])
        zero, end = self._x(row, track, 0.0), self._x(row, track, value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("hairline"))
        painter.drawRoundedRect(track, px(2), px(2))
        series = int(value < 0) if row.series is None \
            else row.series if isinstance(row.series, int) else row.series[part[1]]
        painter.setBrush(self.look.color("warning" if row.held else series))
        painter.drawRoundedRect(QRectF(min(zero, end), track.top(), abs(end - zero), track.height()),
                                px(2), px(2))
        if row.draggable:
            painter.setPen(self.look.pen("warning" if row.held else "accent", px(2)))
            painter.setBrush(self.look.color("card"))
            painter.drawEllipse(QPointF(end, track.center().y()), px(6), px(6))
        elif row.low < 0:
            painter.setPen(self.look.pen("muted"))
            painter.drawLine(QPointF(zero, track.top() - 1), QPointF(zero, track.bottom() + 1))
        figure = self.label(fixed(value), "text", 11)
        self.put(painter, figure, track.right() + px(10), track.center().y(), 0.0, 0.5)


def unit_row(
    label: str, value: float, detail: str = "", *, low: float = 0.0, series: int | None = None,
    draggable: bool = False, held: bool = False,
) -> BarRow:
    """A row of one bar."""
    return BarRow(label, np.array([value]), detail, low, 1.0, series, draggable, held)
