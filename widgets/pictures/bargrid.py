"""A table whose cells hold bars: shares of several series, by the row and the column they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, cell_beside
from widgets.theme.look import Look
from widgets.theme.marks import named, paint_marks
from widgets.theme.numbers import percent

Cell = tuple[int, int]


class BarGrid(Canvas[Cell]):
    """Rows by columns of cells, each with one bar a series, from 0 to 1, and a quiet line above them.

    Signals:
        clicked(row, column), hovered(row, column): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.data: NDArray[Any] = np.zeros((0, 0, 0), np.float32)
        self.notes: tuple[str, ...] = ()
        self.names: tuple[str, ...] = ()
        self.rows: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.lit: frozenset[Cell] = frozenset()
        self.selected: Cell = (-1, -1)
        self.setMinimumSize(look.px(280), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, values: NDArray[Any], *, names: Sequence[str], rows: Sequence[str],
        columns: Sequence[str], notes: Sequence[str] = (), lit: Sequence[Cell] = (),
        selected: Cell = (-1, -1), title: str | None = None,
    ) -> None:
        """Show ``values`` (rows, columns, series), 0 … 1; a cell of NaN has no bars.

        Args:
            names: of the series.
            notes: a line for each cell, row by row.
            lit: cells with a wash, the point of the picture.
        """
        self.retitle(title)
        self.data = np.asarray(values)
        self.names, self.rows, self.columns = tuple(names), tuple(rows), tuple(columns)
        self.notes, self.lit, self.selected = tuple(notes), frozenset(lit), selected
        if self.current is not None and not (
                self.current[0] < self.data.shape[0] and self.current[1] < self.data.shape[1]):
            self.current = None
        self.update()

    # Where things are

    @property
    def _legend(self) -> float:
        """The height of the line with the names of the series, where they need two lines of both."""
        line = self.text_height(12) + self.look.px(4)
        return line * (1 + int(self._legend_width() > self.width()))

    def _legend_width(self) -> float:
        return sum(self.text_width(named(index, one), 12) + self.look.px(16)
                   for index, one in enumerate(self.names))

    @property
    def _area(self) -> QRectF:
        """The rectangle of the cells."""
        px = self.look.px
        left = max((self.text_width(one, 12, True) for one in self.rows), default=0) + px(10)
        top = self.head + self._legend + self.text_height(12) + px(4)
        return QRectF(left, top, max(1.0, self.width() - left - 1), max(1.0, self.height() - top - 1))

    def place(self, part: Cell) -> QRectF:
        area, gap = self._area, self.look.px(6)
        wide = (area.width() + gap) / max(self.data.shape[1], 1)
        tall = (area.height() + gap) / max(self.data.shape[0], 1)
        return QRectF(area.left() + part[1] * wide, area.top() + part[0] * tall,
                      wide - gap, tall - gap)

    def part_at(self, x: float, y: float) -> Cell | None:
        return next(((row, column) for row in range(self.data.shape[0])
                     for column in range(self.data.shape[1])
                     if self.place((row, column)).contains(x, y)), None)

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if not all(self.data.shape[:2]):
            return None
        if part is None:
            return max(self.selected[0], 0), max(self.selected[1], 0)
        return cell_beside(part, dx, dy, self.data.shape)

    def say(self, part: Cell) -> str:
        row, column = part
        said = [f"{self.rows[row]}, {self.columns[column]}"]
        if self.notes:
            said.append(self.notes[row * self.data.shape[1] + column])
        said += [f"{name} {percent(float(value))}"
                 for name, value in zip(self.names, self.data[part], strict=True) if value == value]
        return "   ".join(said)

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.data.size:
            return
        self._paint_legend(painter)
        self._paint_heads(painter)
        for row in range(self.data.shape[0]):
            for column in range(self.data.shape[1]):
                self._paint_cell(painter, (row, column))

    def _paint_legend(self, painter: QPainter) -> None:
        x, y = 0.0, float(self.head)
        for index, name in enumerate(self.names):
            picture = self.label(named(index, name), index, 12)
            wide = picture.deviceIndependentSize().width()
            if x and x + wide > self.width():
                x, y = 0.0, y + self.text_height(12) + self.look.px(4)
            self.put(painter, picture, x, y)
            x += wide + self.look.px(14)

    def _paint_heads(self, painter: QPainter) -> None:
        area, px = self._area, self.look.px
        for column, name in enumerate(self.columns):
            at = self.place((0, column))
            self.put(painter, self.label(name, "text", 12, True), at.center().x(),
                     area.top() - px(2), 0.5, 1.0)
        for row, name in enumerate(self.rows):
            self.put(painter, self.label(name, "text", 12, True), area.left() - px(8),
                     self.place((row, 0)).center().y(), 1.0, 0.5)

    def _paint_cell(self, painter: QPainter, part: Cell) -> None:
        look, px, box = self.look, self.look.px, self.place(part)
        painter.setPen(look.pen("accent", px(2)) if part == self.selected
                       else look.pen("hairline"))
        painter.setBrush(look.color("accent_wash") if part in self.lit else look.color("card"))
        painter.drawRoundedRect(look.within(box), px(6), px(6))
        y, note = box.top() + px(4), self.text_height(11)
        if self.notes:
            text = self.notes[part[0] * self.data.shape[1] + part[1]]
            self.put(painter, self.label(text, "muted", 11), box.center().x(), y, 0.5, 0.0)
            y += note
        values = self.data[part].tolist()
        if any(value != value for value in values):
            return
        pitch = min((box.bottom() - px(4) - y) / len(values), float(px(34)))
        y += (box.bottom() - px(4) - y - pitch * len(values)) / 2
        figure = self.text_width("99.9\u00a0%", 12)
        left, thick = box.left() + px(22), min(pitch * 0.6, float(px(15)))
        width = max(1.0, box.right() - px(8) - figure - px(5) - left)
        for index, value in enumerate(values):
            middle = y + pitch * (index + 0.5)
            color = look.color(index)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("hairline"))
            painter.drawRect(QRectF(left, middle - thick / 2, width, thick))
            painter.setBrush(color)
            paint_marks(painter, index, [(box.left() + px(12), middle)], px(4))
            painter.drawRect(QRectF(left, middle - thick / 2, width * min(1.0, max(0.0, value)), thick))
            self.put(painter, self.label(percent(value), "text", 12), box.right() - px(7), middle,
                     1.0, 0.5)
