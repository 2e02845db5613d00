"""Small multiples: the same curve under many settings, one small plot for each row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import polygon
from widgets.theme.look import Look
from widgets.theme.numbers import Write, percent

Cell = tuple[int, int]


@dataclass(frozen=True)
class Small:
    """One small curve: (n,) values over (n,) positions; its last value is written above it."""

    y: NDArray[Any]
    x: NDArray[Any]


class Multiples(Canvas[Cell]):
    """A table of small plots over the same axes. One cell can be chosen, one stands out as the best.

    Args:
        rows, columns: what the rows and the columns are.
        high: the top of every plot; they begin at 0.
        write: how a value is written.

    Signals:
        clicked(row, column), hovered(row, column): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str, *, rows: str = "", columns: str = "", high: float = 1.0,
        write: Write = percent, parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._heads, self._high, self._write = (rows, columns), high, write
        self.curves: tuple[tuple[Small, ...], ...] = ()
        self.ghosts: tuple[tuple[str, tuple[tuple[Small, ...], ...]], ...] = ()
        self.rows: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.selected: Cell = (-1, -1)
        self.best: Cell = (-1, -1)
        self._best_name = ""
        self._end = 1.0
        self.setMinimumSize(look.px(240), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, curves: Sequence[Sequence[Small]], rows: Sequence[str], columns: Sequence[str], *,
        selected: Cell = (-1, -1), best: Cell = (-1, -1), best_name: str = "",
        ghosts: Sequence[tuple[str, Sequence[Sequence[Small]]]] = (), title: str | None = None,
    ) -> None:
        """Show ``curves``, row by row. ``best`` is named in its cell; ``ghosts`` are pinned runs, each with
        its name."""
        self.retitle(title)
        self.curves = tuple(map(tuple, curves))
        self.ghosts = tuple((name, tuple(map(tuple, one))) for name, one in ghosts
                            if len(one) == len(curves))
        self.rows, self.columns = tuple(rows), tuple(columns)
        self.selected, self.best, self._best_name = selected, best, best_name
        tables = (self.curves, *(one for _, one in self.ghosts))
        self._end = max((float(one.x[-1]) for table in tables for line in table for one in line
                         if len(one.x)), default=1.0) or 1.0
        if self.current is not None and not self._there(self.current):
            self.current = None
        self.update()

    def _there(self, part: Cell) -> bool:
        return 0 <= part[0] < len(self.curves) and 0 <= part[1] < len(self.columns)

    # Where things are

    @property
    def _area(self) -> QRectF:
        """The rectangle of all plots: the rows' names to the left, the columns' names above."""
        px, line = self.look.px, self.text_height(12)
        names = [self.text_width(one, 12) for one in self.rows] + [self.text_width(self._heads[0], 11)]
        left = min(max(names) + px(10), round(self.width() * 0.4))
        top = self.head + line + px(4) + (self.text_height(11) if self._heads[1] else 0)
        return QRectF(left, top, max(10.0, self.width() - left - 1), max(10.0, self.height() - top - 1))

    def place(self, part: Cell) -> QRectF:
        area, gap = self._area, self.look.px(6)
        wide = (area.width() + gap) / max(len(self.columns), 1)
        tall = (area.height() + gap) / max(len(self.rows), 1)
        return QRectF(area.left() + part[1] * wide, area.top() + part[0] * tall, wide - gap, tall - gap)

    def part_at(self, x: float, y: float) -> Cell | None:
        return next(((row, column) for row in range(len(self.curves)) for column in range(len(self.columns))
                     if self.place((row, column)).contains(x, y)), None)

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if not self.curves:
            return None
        if part is None:
            return self.selected if self._there(self.selected) else (0, 0)
        return (min(max(part[0] + dy, 0), len(self.rows) - 1),
                min(max(part[1] + dx, 0), len(self.columns) - 1))

    def _last(self, table: Sequence[Sequence[Small]], part: Cell) -> str:
        y = table[part[0]][part[1]].y
        return self._write(float(y[-1])) if len(y) else "–"

    def say(self, part: Cell) -> str:
        name = f"{self._heads[0]} {self.rows[part[0]]}, {self._heads[1]} {self.columns[part[1]]}"
        said = [name, self._last(self.curves, part)]
        said += [f"{name} {self._last(table, part)}" for name, table in self.ghosts]
        return "   ".join([*said, self._best_name] if part == self.best else said)

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.curves:
            return
        area, px = self._area, self.look.px
        top = self.head
        if self._heads[1]:
            self.put(painter, self.label(self._heads[1], "muted", 11), area.center().x(), top, 0.5, 0.0)
            top += self.text_height(11)
        if self._heads[0]:
            self.put(painter, self.label(self._heads[0], "muted", 11, longest=round(area.left() - px(6))),
                     0, top, 0.0, 0.0)
        for column, name in enumerate(self.columns):
            middle = self.place((0, column)).center().x()
            self.put(painter, self.label(name, "text", 12), middle, top, 0.5, 0.0)
        for row, name in enumerate(self.rows):
            self.put(painter, self.label(name, "text", 12, longest=round(area.left() - px(6))), 0,
                     self.place((row, 0)).center().y(), 0.0, 0.5)
            for column in range(len(self.columns)):
                self._paint_cell(painter, (row, column))

    def _paint_cell(self, painter: QPainter, part: Cell) -> None:
        look, px, box = self.look, self.look.px, self.place(part)
        chosen, best = part == self.selected, part == self.best
        painter.setPen(look.pen("accent" if chosen else "hairline", px(2) if chosen else 1))
        painter.setBrush(look.color("accent_wash") if best else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(look.within(box), px(4), px(4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for _, table in self.ghosts:
            self._paint_curve(painter, table[part[0]][part[1]], box, look.pen("ghost", px(1)))
        self._paint_curve(painter, self.curves[part[0]][part[1]], box, look.pen(0, px(2)))
        figure = self._last(self.curves, part)
        if best and self._best_name:
            figure = f"{figure} {self._best_name}"
        picture = self.label(figure, "text", 12, best, halo=True)
        self.put(painter, picture, box.left() + px(5), box.top() + px(2))

    def _paint_curve(self, painter: QPainter, one: Small, box: QRectF, pen: QPen) -> None:
        if not len(one.x):
            return
        pad = self.look.px(4)
        right, up = np.asarray(one.x, float) / self._end, np.asarray(one.y, float) / self._high
        x = box.left() + pad + right * (box.width() - 2 * pad)
        y = box.bottom() - pad - np.clip(up, 0, 1) * (box.height() - 2 * pad)
        painter.setPen(pen)
        if len(x) == 1:
            painter.drawLine(QLineF(x[0] - 1, y[0], x[0] + 1, y[0]))
        else:
            painter.drawPolyline(polygon(np.stack([x, y], 1)))
