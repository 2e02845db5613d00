"""A sequence unrolled: a column for each step, and below one another what there is inside a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, fixed

Place = tuple[int, int]  # line, column; line −1 is the symbol that is read


@dataclass(frozen=True)
class Block:
    """Some lines of one kind: (lines, columns) values from ``low`` to ``high``.

    A block from below zero is coloured from series 2 over the card to series 1, another one from dark
    to bright.
    """

    label: str
    values: NDArray[Any]
    low: float = 0.0
    high: float = 1.0


class Unrolled(Canvas[Place]):
    """Symbols that are read below, blocks of lines as colours above them, symbols given on top.

    The first block is the state: it is what a step hands on to the next.

    Signals:
        clicked(line, column), hovered(line, column): lines are counted through all blocks from the
        top; −1 is the row of symbols. hovered gives (−2, −1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(self, look: Look, title: str, *, read: str = "", given: str = "",
                 parent: QWidget | None = None) -> None:
        """``read`` and ``given`` name the two rows of symbols."""
        super().__init__(look, title, parent)
        self.read, self.given = read, given
        self.symbols: tuple[str, ...] = ()
        self.answers: tuple[str, ...] = ()
        self.sure: NDArray[Any] = np.zeros(0, np.float32)
        self.blocks: tuple[Block, ...] = ()
        self.line = self.column = -1
        self.missed: frozenset[int] = frozenset()
        self._layout: tuple[QRectF, list[float]] | None = None
        self._images: dict[int, QImage] = {}
        self._bars: dict[bool, QImage] = {}
        self.setMinimumSize(look.px(240), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, symbols: Sequence[str], blocks: Sequence[Block], *, answers: Sequence[str] = (),
        sure: NDArray[Any] | None = None, missed: Sequence[int] = (), line: int = -1,
        column: int = -1, title: str | None = None,
    ) -> None:
        """Show a sequence of n symbols.

        Args:
            blocks: (lines, n) values each.
            answers: a symbol above each column.
            sure: (n,) how strongly each answer is shaded, 0 … 1.
            missed: columns whose answer was wrong; they get a rim.
            line, column: those that are looked at.
        """
        self.retitle(title)
        self.symbols, self.blocks = tuple(symbols), tuple(blocks)
        self._layout = None
        self.answers = tuple(answers)
        self.sure = np.zeros(len(self.symbols)) if sure is None else np.asarray(sure)
        self.line, self.column, self.missed = line, column, frozenset(missed)
        self._images = {}
        if self.current is not None and (self.current[0] >= self._lines
                                         or self.current[1] >= len(self.symbols)):
            self.current = None
        self.update()

    # Where things are

    @property
    def _lines(self) -> int:
        return sum(len(block.values) for block in self.blocks)

    @property
    def _area(self) -> QRectF:
        """The rectangle of all columns, from the answers to the symbols."""
        return self._laid_out()[0]

    def _edge(self, column: int) -> float:
        return self._laid_out()[1][column]

    def _laid_out(self) -> tuple[QRectF, list[float]]:
        """The area, and the edges of its columns."""
        if self._layout is None:
            count = len(self.symbols)
            names = [block.label for block in self.blocks] + [self.read, self.given]
            left = min(max((self.text_width(one, 11) for one in names), default=0),
                       round(self.width() * 0.24)) + self.look.px(8)
            right = self.width() - self.look.px(44)
            area = QRectF(left, self.head, max(1, right - left), max(1, self.height() - self.head))
            wide = min(area.width() / max(count, 1), self.look.px(60))
            self._layout = area, [left + wide * column for column in range(count + 1)]
        return self._layout

    @property
    def _row(self) -> int:
        """Height of a row of symbols."""
        return self.text_height(12) + self.look.px(4)

    def _block_rect(self, index: int) -> QRectF:
        area, gap = self._area, self.look.px(6)
        top = area.top() + self._row + gap
        room = area.bottom() - self._row - gap - top - gap * (len(self.blocks) - 1)
        above = sum(len(block.values) for block in self.blocks[:index])
        each = max(0.0, room) / max(self._lines, 1)
        right = self._edge(len(self.symbols))
        return QRectF(area.left(), top + each * above + gap * index, right - area.left(),
                      each * len(self.blocks[index].values))

    def _symbol_rect(self, column: int, top: bool) -> QRectF:
        area = self._area
        y = area.top() if top else area.bottom() - self._row
        return QRectF(self._edge(column), y, self._edge(column + 1) - self._edge(column), self._row)

    def _found(self, line: int) -> tuple[int, int]:
        """The block and the line in it of a line counted through all blocks."""
        for index, block in enumerate(self.blocks):
            if line < len(block.values):
                return index, line
            line -= len(block.values)
        return -1, -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layout = None
        super().resizeEvent(event)

    def place(self, part: Place) -> QRectF:
        line, column = part
        if line < 0:
            return self._symbol_rect(column, top=False)
        index, inner = self._found(line)
        whole = self._block_rect(index)
        each = whole.height() / len(self.blocks[index].values)
        return QRectF(self._edge(column), whole.top() + each * inner,
                      self._edge(column + 1) - self._edge(column), each)

    def part_at(self, x: float, y: float) -> Place | None:
        count, area = len(self.symbols), self._area
        if not count or not area.left() <= x < self._edge(count) or y < area.top():
            return None
        column = int((x - area.left()) / (self._edge(count) - area.left()) * count)
        above = 0
        for index, block in enumerate(self.blocks):
            rect = self._block_rect(index)
            if rect.top() <= y < rect.bottom():
                inner = int((y - rect.top()) / rect.height() * len(block.values))
                return above + min(inner, len(block.values) - 1), min(column, count - 1)
            above += len(block.values)
        return -1, min(column, count - 1)

    def beside(self, part: Place | None, dx: int, dy: int) -> Place | None:
        if not self.symbols:
            return None
        if part is None:
            return -1, max(self.column, 0)
        line = self._lines if part[0] < 0 else part[0]  # the symbols lie below all lines
        line = min(max(line + dy, 0), self._lines)
        return (-1 if line == self._lines else line,
                min(max(part[1] + dx, 0), len(self.symbols) - 1))

    def say(self, part: Place) -> str:
        line, column = part
        if line < 0:
            given = f" → {self.answers[column]}" if column < len(self.answers) else ""
            return f"{self.symbols[column]}{given}"
        index, inner = self._found(line)
        block = self.blocks[index]
        value = fixed(float(block.values[inner, column]))
        return f"{self.symbols[column]} · {block.label} {inner + 1}   {value}"

    def tell_hover(self, part: Place | None) -> None:
        self.hovered.emit(*(part or (-2, -1)))

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.symbols:
            return
        for index in range(len(self.blocks)):
            self._paint_block(painter, index)
        key = (self.symbols, self.read, self.given, tuple(len(one.values) for one in self.blocks),
               tuple(one.label for one in self.blocks))
        self.layer(painter, "symbols", key, self._paint_symbols)
        self._paint_answers(painter)
        self._paint_frames(painter)

    def _paint_block(self, painter: QPainter, index: int) -> None:
        block, rect, px = self.blocks[index], self._block_rect(index), self.look.px
        centred = block.low < 0
        table = raster.diverging(self.look.theme) if centred else raster.sequential()
        image = self._images.get(index)
        if image is None:
            values, lines = block.values, max(1, round(rect.height() * self.devicePixelRatioF()))
            if len(values) > lines:
                values = raster.resample(values, lines, values.shape[1])
            image = raster.to_image(raster.colour(values, block.low, block.high, table))
            self._images[index] = image
        painter.drawImage(rect, image)
        name = self.label(block.label, "text", 11, longest=round(rect.left() - px(6)))
        self.put(painter, name, rect.left() - px(8), rect.center().y(), 1.0, 0.5)
        bar = QRect(round(rect.right()) + px(6), round(rect.top()), px(6), round(rect.height()))
        if centred not in self._bars:
            self._bars[centred] = raster.to_image(np.ascontiguousarray(table[::-1, None]))
        painter.drawImage(bar, self._bars[centred])
        if bar.height() >= 1.6 * self.text_height(10):
            for value, y, at in ((block.high, bar.top() - px(2), 0.0),
                                 (block.low, bar.bottom() + px(3), 1.0)):
                text = self.label(decimal(value), "muted", 10)
                self.put(painter, text, bar.right() + px(4), y, 0.0, at)

    def _paint_symbols(self, painter: QPainter) -> None:
        """What is read, as a chain: a link to the next step and one up into the cell."""
        px, area = self.look.px, self._area
        for name, top in ((self.given, True), (self.read, False)):
            rect = self._symbol_rect(0, top)
            self.put(painter, self.label(name, "muted", 11, longest=round(area.left() - px(6))),
                     area.left() - px(8), rect.center().y(), 1.0, 0.5)
        for column, symbol in enumerate(self.symbols):
            rect = self._symbol_rect(column, top=False)
            inside = rect.adjusted(1, 0, -1, -1)
            painter.setPen(self.look.pen("ghost"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(inside, px(4), px(4))
            self._arrow(painter, rect.center().x(), rect.top() - px(5), up=True)
            picture = self.label(symbol, "text", 12, longest=max(px(10), round(rect.width())))
            self.put(painter, picture, rect.center().x(), rect.center().y(), 0.5, 0.5)
        first = self._block_rect(0).bottom() if self.blocks else area.center().y()
        for column in range(1, len(self.symbols)):  # the state goes on to the next step
            self._arrow(painter, self._edge(column), first + px(3), up=False)

    def _arrow(self, painter: QPainter, x: float, y: float, *, up: bool) -> None:
        reach = self.look.px(2.5)
        painter.setPen(self.look.pen("muted", 1.2 * self.look.scale))
        tip = QPointF(x, y) if up else QPointF(x + reach, y)
        for side in (-1, 1):
            tail = QPointF(x + side * reach, y + reach) if up else QPointF(x, y + side * reach)
            painter.drawLine(tail, tip)

    def _paint_answers(self, painter: QPainter) -> None:
        for column, answer in enumerate(self.answers[: len(self.symbols)]):
            rect = self._symbol_rect(column, top=True).adjusted(1, 0, -1, -1)
            missed, wash = column in self.missed, round(105 * float(self.sure[column]))
            painter.setPen(self.look.pen("warning", 1, Qt.PenStyle.DotLine) if missed
                           else Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("warning" if missed else "accent", wash))
            painter.drawRoundedRect(rect, self.look.px(4), self.look.px(4))
            picture = self.label(answer, "text", 12, longest=max(self.look.px(10),
                                                                 round(rect.width())))
            self.put(painter, picture, rect.center().x(), rect.center().y(), 0.5, 0.5)

    def _paint_frames(self, painter: QPainter) -> None:
        area, px = self._area, self.look.px
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self.column < len(self.symbols):
            self._frame(painter, QRectF(self._edge(self.column), area.top(),
                                        self._edge(self.column + 1) - self._edge(self.column),
                                        area.height() - 1))
        if 0 <= self.line < self._lines:
            _, inner = self._found(self.line)
            for index, block in enumerate(self.blocks):
                if inner < len(block.values):
                    rect = self._block_rect(index)
                    y = rect.top() + rect.height() * (inner + 0.5) / len(block.values)
                    painter.setPen(self.look.pen("accent", px(2)))
                    painter.drawLine(QPointF(rect.left() - px(6), y), QPointF(rect.left() - px(1), y))

    def _frame(self, painter: QPainter, rect: QRectF) -> None:
        """An outline that is seen on every colour: accent inside, card outside."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # it is straight, and large
        painter.setPen(self.look.pen("card", self.look.px(4)))
        painter.drawRect(rect)
        painter.setPen(self.look.pen("accent", self.look.px(2)))
        painter.drawRect(rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
