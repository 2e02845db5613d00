"""Rows of upright bars over the same columns, one column lit: shares by class, row below row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import Write, percent

Cell = tuple[int, int]
GHOST = 2.0  # how thick the line of a pinned run is


class BarRows(Canvas[Cell]):
    """One line of bars a row, each from 0 to 1; a column can be lit through all rows.

    Signals:
        clicked(row, column), hovered(row, column): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str, *, write: Write = percent, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, parent)
        self._write = write
        self.data: NDArray[Any] = np.zeros((0, 0))
        self.rows: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.series: tuple[int, ...] = ()
        self.ghosts: tuple[tuple[str, NDArray[Any]], ...] = ()
        self.tops: NDArray[Any] = np.ones(0)
        self.lit, self.bold, self._lit_head = -1, -1, ""
        self._layout: tuple[object, QRectF] = (None, QRectF())
        self._lines = 1  # of the columns' names
        self.setMinimumSize(look.px(200), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, values: NDArray[Any], rows: Sequence[str], columns: Sequence[str], *,
        series: Sequence[int] = (), notes: Sequence[str] = (), lit: int = -1, lit_head: str = "",
        bold: int = -1, tops: NDArray[Any] | None = None,
        ghosts: Sequence[tuple[str, NDArray[Any]]] = (), title: str | None = None,
    ) -> None:
        """Show ``values`` (rows, columns), 0 … 1; what is NaN has no bar.

        Args:
            series: of each row; its mark stands before the row's name.
            notes: a quiet line below each row's name.
            lit: a column with a wash and its figures, and what is said above it.
            bold: a row whose name stands out.
            tops: (rows,) what a bar of full height stands for; 1 in all rows where not given.
            ghosts: of pinned runs, each with the run's name: grey lines where their bars end.
        """
        self.retitle(title)
        self.data = np.asarray(values, float)
        self.rows, self.columns, self.notes = tuple(rows), tuple(columns), tuple(notes)
        self.series = tuple(series) or (0,) * len(self.rows)
        self.lit, self._lit_head, self.bold = lit, lit_head if lit >= 0 else "", bold
        self.tops = np.ones(len(self.rows)) if tops is None else np.maximum(np.asarray(tops, float), 1e-12)
        self.ghosts = tuple((name, np.asarray(one, float)) for name, one in ghosts
                            if np.shape(one) == self.data.shape)
        if self.current is not None and not (
                self.current[0] < len(self.rows) and self.current[1] < len(self.columns)):
            self.current = None
        self.update()

    # Where things are

    def _name(self, row: int) -> str:
        return named(self.series[row], self.rows[row])

    @property
    def _area(self) -> QRectF:
        """The rectangle of all bars: names to the left, the columns' names below."""
        key = (self.size(), self.rows, self.columns, self.notes, self.series, bool(self._lit_head), self.head)
        if self._layout[0] != key:  # measuring texts is dear
            wide = [self.text_width(self._name(row), 12, True) for row in range(len(self.rows))]
            wide += [self.text_width(one, 12) for one in self.notes]
            left = min(max(wide, default=0) + self.look.px(12), round(self.width() * 0.45))
            top = self.head + (self.text_height(12) if self._lit_head else 0)
            width = max(10.0, self.width() - left - 1)
            widest = max((self.text_width(one, 12) for one in self.columns), default=0)
            # Names that are wider than their columns take turns in two lines.
            self._lines = 1 + int(widest > width / max(len(self.columns), 1))
            low = self.height() - self._lines * self.text_height(12) - self.look.px(4)
            self._layout = key, QRectF(left, top, width, max(10.0, low - top))
        return self._layout[1]

    def place(self, part: Cell) -> QRectF:
        area = self._area
        wide, tall = area.width() / max(len(self.columns), 1), area.height() / max(len(self.rows), 1)
        return QRectF(area.left() + part[1] * wide, area.top() + part[0] * tall, wide, tall)

    def _bar(self, part: Cell, value: float) -> QRectF:
        """The bar itself, on the ground of its row; a figure has room above the longest."""
        box, px = self.place(part), self.look.px
        most = max(4.0, box.height() - self.text_height(12) - px(3))
        tall = most * min(1.0, max(0.0, value / float(self.tops[part[0]])))
        gap = box.width() * 0.16
        return QRectF(box.left() + gap, box.bottom() - 1 - tall, box.width() - 2 * gap, tall)

    def part_at(self, x: float, y: float) -> Cell | None:
        return next(((row, column) for row in range(len(self.rows)) for column in range(len(self.columns))
                     if self.place((row, column)).contains(x, y)), None)

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if not self.data.size:
            return None
        if part is None:
            return 0, max(self.lit, 0)
        return (min(max(part[0] + dy, 0), len(self.rows) - 1),
                min(max(part[1] + dx, 0), len(self.columns) - 1))

    def say(self, part: Cell) -> str:
        row, column = part
        head = f"{self.columns[column]} {self._lit_head if column == self.lit else ''}".strip()
        said = [f"{self.rows[row]}, {head}", self._write(float(self.data[part]))]
        said += [f"{name} {self._write(float(one[part]))}" for name, one in self.ghosts]
        return "   ".join(said)

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.data.size:
            return
        look, px, area = self.look, self.look.px, self._area
        if self.lit >= 0:
            box = self.place((0, self.lit)).united(self.place((len(self.rows) - 1, self.lit)))
            painter.setPen(look.pen("accent"))
            painter.setBrush(look.color("accent_wash"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, self.text_height(12) + px(2)), px(4), px(4))
            if self._lit_head:
                picture = self.label(self._lit_head, "accent", 12, True)
                half = picture.deviceIndependentSize().width() / 2
                x = min(max(box.center().x(), half), self.width() - half)
                self.put(painter, picture, x, area.top() - px(1), 0.5, 1.0)
        longest = round(area.width() / len(self.columns) * 2 - px(6)) if self._lines > 1 else 0
        for column, name in enumerate(self.columns):
            lit = column == self.lit
            picture = self.label(name, "accent" if lit else "muted", 12, lit, longest=longest)
            half = picture.deviceIndependentSize().width() / 2
            self.put(painter, picture, min(self.place((0, column)).center().x(), self.width() - half),
                     area.bottom() + px(1) + column % self._lines * self.text_height(12), 0.5, 0.0)
        for row in range(len(self.rows)):
            self._paint_row(painter, row)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        look, px, area = self.look, self.look.px, self._area
        first, line = self.place((row, 0)), self.text_height(12)
        note = self.notes[row] if self.notes else ""
        middle = first.center().y() - (line / 2 if note else 0)
        longest = max(20, round(area.left()) - px(6))
        self.put(painter, self.label(self._name(row), self.series[row], 12, row == self.bold or bool(note),
                                     longest=longest), 0, middle, 0.0, 0.5)
        if note:
            self.put(painter, self.label(note, "muted", 12, longest=longest), 0, middle + line, 0.0, 0.5)
        painter.setPen(look.pen("hairline"))
        painter.drawLine(QLineF(area.left(), first.bottom() - 0.5, area.right(), first.bottom() - 0.5))
        written = [self._write(value) for value in self.data[row].tolist()]
        roomy = all(self.text_width(one, 12, column == self.lit) + px(6) <= first.width()
                    for column, one in enumerate(written))
        for column, value in enumerate(self.data[row].tolist()):
            if value != value:
                continue
            bar = self._bar((row, column), value)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(self.series[row]))
            painter.drawRect(bar)
            painter.setPen(look.pen("ghost", px(GHOST)))
            for _, one in self.ghosts:
                end = self._bar((row, column), float(one[row, column]))
                painter.drawLine(QLineF(end.left() - px(3), end.top(), end.right() + px(3), end.top()))
            lit = column == self.lit
            if lit or roomy:
                figure = self.label(written[column], "text", 12, lit, halo=lit)
                half = figure.deviceIndependentSize().width() / 2 + 1
                self.put(painter, figure, min(bar.center().x(), self.width() - half),
                         bar.top() + (px(2) if lit else 0), 0.5, 1.0)
