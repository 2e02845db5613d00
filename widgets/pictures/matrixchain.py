"""Products of matrices as heat maps: rows of factors with signs between them, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.numbers import decimal

Part = tuple[int, int]  # a row, and a factor of it


@dataclass(frozen=True)
class Factor:
    """A matrix (rows, columns), its name, and the sign before it."""

    name: str
    matrix: NDArray[Any]
    sign: str = ""

    @property
    def said(self) -> str:
        """The name, and the size of what is more than a number."""
        rows, columns = self.matrix.shape
        return self.name if not self.name or self.matrix.size == 1 else f"{self.name}  {rows}×{columns}"


class MatrixChain(Canvas[Part]):
    """Rows of matrices; those at the same place of their rows stand below one another. Colours have one
    scale, from series 2 below zero over the card to series 1 above; where there is room, numbers say it.

    Signals:
        clicked(row, factor).
    """

    clicked = Signal(int, int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.rows: tuple[tuple[str, tuple[Factor, ...]], ...] = ()
        self.note = ""
        self._limit = 1.0
        self.setMinimumSize(look.px(200), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, rows: Sequence[tuple[str, Sequence[Factor]]], *, note: str = "",
             title: str | None = None) -> None:
        """Show these rows, each with what it is called; ``note`` says why there are none."""
        self.retitle(title)
        self.rows = tuple((name, tuple(factors)) for name, factors in rows)
        self.note = note
        known = [float(np.nanmax(np.abs(one.matrix))) for _, factors in self.rows for one in factors
                 if np.isfinite(one.matrix).any()]
        self._limit = max([1e-12, *known])
        if self.current is not None and not (self.current[0] < len(self.rows)
                                             and self.current[1] < len(self.rows[self.current[0]][1])):
            self.current = None
        self.update()

    # Where things are

    def _names(self) -> list[list[str]]:
        """The factors' names, with their sizes where there is room for those of all."""
        most = max((sum(self.text_width(each.said, 11) + self.look.px(20) for each in factors)
                    for _, factors in self.rows), default=0)
        sized = most + self.look.px(60) <= self.width()
        return [[one.said if sized else one.name for one in factors] for _, factors in self.rows]

    def _grid(self) -> tuple[list[float], list[float], float, float]:
        """Left edges of the columns of factors, tops of the rows, and the size of a cell."""
        px, line = self.look.px, self.text_height(11)
        names = max((self.text_width(name, 11) for name, _ in self.rows), default=0)
        count = max((len(factors) for _, factors in self.rows), default=0)
        said = self._names()
        widest, least, highest = [1] * count, [0] * count, [1] * len(self.rows)
        for at, (_, factors) in enumerate(self.rows):
            for index, one in enumerate(factors):
                widest[index] = max(widest[index], one.matrix.shape[1])
                least[index] = max(least[index], self.text_width(said[at][index], 11) + px(4))
                highest[at] = max(highest[at], one.matrix.shape[0])
        left = names + px(10)
        gap = px(16)
        room = self.width() - left - gap * count
        wide = float(px(64))
        while wide > 2 and sum(max(wide * n, text) for n, text in zip(widest, least, strict=True)) > room:
            wide -= 0.5
        tall = (self.height() - self.head - len(self.rows) * (line + px(6))) / max(1, sum(highest))
        tall = max(2.0, min(tall, px(30)))
        lefts, x = [], float(left)
        for n, text in zip(widest, least, strict=True):
            lefts.append(x + gap)
            x += gap + max(wide * n, text)
        tops, y = [], float(self.head)
        for n in highest:
            tops.append(y + line)
            y += line + px(6) + tall * n
        return lefts, tops, wide, tall

    def place(self, part: Part) -> QRectF:
        return self._place(part, *self._grid())

    def _place(self, part: Part, lefts: list[float], tops: list[float], wide: float, tall: float) -> QRectF:
        rows, columns = self.rows[part[0]][1][part[1]].matrix.shape
        highest = max(one.matrix.shape[0] for one in self.rows[part[0]][1])
        top = tops[part[0]] + (highest - rows) * tall / 2
        return QRectF(lefts[part[1]], top, columns * wide, rows * tall)

    def part_at(self, x: float, y: float) -> Part | None:
        return next(((row, index) for row, (_, factors) in enumerate(self.rows)
                     for index in range(len(factors)) if self.place((row, index)).contains(x, y)), None)

    def beside(self, part: Part | None, dx: int, dy: int) -> Part | None:
        if not self.rows:
            return None
        row, index = (0, 0) if part is None else (min(max(part[0] + dy, 0), len(self.rows) - 1), part[1] + dx)
        return row, min(max(index, 0), len(self.rows[row][1]) - 1)

    def say(self, part: Part) -> str:
        name, factors = self.rows[part[0]]
        one = factors[part[1]]
        rows, columns = one.matrix.shape
        what = decimal(float(one.matrix[0, 0])) if one.matrix.size == 1 else f"{rows}×{columns}"
        return "   ".join(filter(None, (name, one.name, what)))

    def readout(self, part: Part) -> str:
        """The number under the pointer."""
        one, place = self.rows[part[0]][1][part[1]], self.place(part)
        if one.matrix.size == 1 or self._by_keys:
            return self.say(part)
        rows, columns = one.matrix.shape
        row = min(rows - 1, max(0, int((self._pointer.y() - place.top()) / place.height() * rows)))
        column = min(columns - 1, max(0, int((self._pointer.x() - place.left()) / place.width() * columns)))
        return f"{one.name} [{row + 1},{column + 1}]   {decimal(float(one.matrix[row, column]))}"

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.rows:
            area = QRectF(0, self.head, self.width(), max(1, self.height() - self.head))
            self.paragraph(painter, self.note, area)
            return
        grid = _, tops, wide, tall = self._grid()
        line, said = self.text_height(11), self._names()
        for row, (name, factors) in enumerate(self.rows):
            rows = max((one.matrix.shape[0] for one in factors), default=1)
            self.put(painter, self.label(name, "muted", 11), 0, tops[row] + rows * tall / 2, 0.0, 0.5)
            for index, one in enumerate(factors):
                place = self._place((row, index), *grid)
                self.put(painter, self.label(said[row][index], "text", 11), place.left(), place.top() - line)
                if one.sign:
                    self.put(painter, self.label(one.sign, "text", 13), place.left() - self.look.px(8),
                             place.center().y(), 0.5, 0.5)
                self._paint_matrix(painter, one.matrix, place, wide, tall)

    def _paint_matrix(
        self, painter: QPainter, matrix: NDArray[Any], place: QRectF, wide: float, tall: float
    ) -> None:
        shades = raster.colour(matrix, -self._limit, self._limit, raster.diverging(self.look.theme))
        painter.drawImage(place, raster.to_image(shades))
        painter.setPen(self.look.pen("ghost"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)
        if tall < self.text_height(11) - 2:
            return
        for digits in (3, 2, 1):
            texts = {at: decimal(float(one), digits) for at, one in np.ndenumerate(matrix)
                     if np.isfinite(one)}
            if max((self.text_width(text, 11) for text in texts.values()), default=0) + 4 <= wide:
                break
        else:
            return
        ways = raster.figures_on(shades[..., :3], self.look.legible)
        for (row, column), text in texts.items():
            self.put(painter, self.figure(text, int(ways[row, column])), place.left() + (column + 0.5) * wide,
                     place.top() + (row + 0.5) * tall, 0.5, 0.5)
