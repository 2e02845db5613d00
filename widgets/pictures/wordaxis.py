"""Words on an axis, in rows that they can be dragged between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.marks import named, paint_marks
from widgets.theme.numbers import signed

STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)  # ends that an axis may have, times a power of ten


class WordAxis(Canvas[int]):
    """Each word stands where its value is, in one of several rows; a row names its set.

    A word is dragged to another row, or moved there with ↑ and ↓; ← and → walk from word to word. Its
    mark stands where its value is, its text beside it. Where words would cover one another they stand
    below one another; where there is no room for that, only their marks are left, and each is read under
    the pointer.

    Signals:
        moved(index, row), clicked(index), hovered(index): hovered gives -1 when the pointer leaves.
    """

    moved = Signal(int, int)
    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.tokens: tuple[str, ...] = ()
        self.values: NDArray[np.float64] = np.zeros(0)
        self.rows: tuple[int, ...] = ()
        self.row_names: tuple[str, ...] = ()
        self.ends = ("", "")
        self.selected = -1
        self._span: scales.Range = (-1.0, 1.0)
        self._spots: tuple[object, list[QPointF], list[int]] = (None, [], [])
        self._dragged: tuple[int, QPointF] | None = None
        self.setMinimumSize(look.px(240), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, words: Sequence[str], values: NDArray[Any], rows: Sequence[int], *,
        row_names: Sequence[str], ends: tuple[str, str] = ("", ""), selected: int = -1,
        title: str | None = None,
    ) -> None:
        """Show n words.

        Args:
            values: (n,), where each stands.
            rows: the row of each, a number of ``row_names``; that of the last row is grey.
            ends: what low and high values mean.
        """
        self.retitle(title)
        self.tokens, self.rows, self.row_names = tuple(words), tuple(rows), tuple(row_names)
        self.values = np.asarray(values, np.float64)
        self.ends, self.selected = ends, selected
        self._span = _span(float(np.abs(self.values).max(initial=0.0)))
        if self.current is not None and self.current >= len(self.tokens):
            self.current = None
        self.update()

    # Where things are

    @property
    def _area(self) -> QRectF:
        """The rectangle of all rows, between the title and the axis."""
        below = self.text_height(11) * 2 + self.look.px(6)
        return QRectF(0, self.head, self.width(), max(1, self.height() - self.head - below))

    def _slot(self, row: int) -> QRectF:
        """The last row, of what takes no part, has two lines; the others share the rest."""
        area, count = self._area, max(1, len(self.row_names))
        last = min(2 * self.text_height(12) + self.look.px(4), area.height() / count)
        tall = (area.height() - last) / max(1, count - 1)
        return QRectF(area.left(), area.top() + row * tall, area.width(),
                      tall if row < count - 1 else last)

    def _x(self, value: float) -> float:
        low, high = self._span
        margin = self.look.px(12)
        return margin + (self.width() - 2 * margin) * (value - low) / (high - low)

    def _places(self) -> tuple[list[QPointF], list[int]]:
        """The mark of each word, and whether its text is left (−1) or right (1) of it, or nowhere."""
        key = (self.tokens, self.values.tobytes(), self.rows, self.size(), self._span, self.head)
        if self._spots[0] != key:
            spots, sides = [QPointF()] * len(self.tokens), [0] * len(self.tokens)
            for row in range(len(self.row_names)):
                self._fill(row, spots, sides)
            self._spots = key, spots, sides
        return self._spots[1], self._spots[2]

    def _fill(self, row: int, spots: list[QPointF], sides: list[int]) -> None:
        """Give the words of a row lanes, from left to right, each in the first that has room. Where
        some find none, the lowest lane is left to their marks."""
        slot, px = self._slot(row), self.look.px
        line, top = self.text_height(12), slot.top() + px(2)
        count = max(1, int((slot.bottom() - px(2) - top) // line))
        words = sorted((one for one, at in enumerate(self.rows) if at == row),
                       key=lambda one: (self.values[one], one))
        for kept in (count, max(1, count - 1)):
            # The name of the row stands at the left of its first lane.
            lanes = [self._name_width(row), *[-1.0] * (kept - 1)]
            for word in words:
                x, wide = self._x(self.values[word]), self._wide(word)
                lane, sides[word] = next((
                    (one, side) for one, end in enumerate(lanes) for side in (-1, 1)
                    if (x - wide if side < 0 else x - px(5)) > end
                    and (side < 0 or x + wide < self.width())), (count - 1, 0))
                if sides[word]:
                    lanes[lane] = x + (px(5) if sides[word] < 0 else wide) + px(3)
                spots[word] = QPointF(x, top + (lane + 0.5) * line)
            if all(sides[word] for word in words):
                used = max((at for at, end in enumerate(lanes) if end > -1.0), default=0) + 1
                for word in words:  # in the middle of the row
                    spots[word] += QPointF(0.0, (count - used) * line / 2)
                break

    def _name_width(self, row: int) -> float:
        return self.text_width(self._name(row), 11) + self.look.px(8)

    def _name(self, row: int) -> str:
        """What a row is called; the last one has no mark."""
        name = self.row_names[row]
        return name if row == len(self.row_names) - 1 else named(row, name)

    def _wide(self, word: int) -> float:
        """How far a word reaches from its mark."""
        return self.text_width(self.tokens[word], 12) + self.look.px(9)

    def place(self, part: int) -> QRectF:
        spots, sides = self._places()
        return self._box(part, spots[part], sides[part])

    def _box(self, word: int, at: QPointF, side: int) -> QRectF:
        near, tall = self.look.px(5), self.text_height(12)
        left = self._wide(word) if side < 0 else near
        right = self._wide(word) if side > 0 else near
        return QRectF(at.x() - left, at.y() - tall / 2, left + right, tall)

    def part_at(self, x: float, y: float) -> int | None:
        return next((one for one in range(len(self.tokens)) if self.place(one).contains(x, y)), None)

    def _row_at(self, y: float) -> int:
        return next((row for row in range(len(self.row_names)) if y < self._slot(row).bottom()),
                    len(self.row_names) - 1)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        order = sorted(range(len(self.tokens)), key=lambda one: (self.rows[one], self.values[one], one))
        if not order:
            return None
        at = 0 if part is None else order.index(part) + dx
        return order[min(max(at, 0), len(order) - 1)]

    def drag(self, part: int, dx: int, dy: int, fine: bool) -> bool:
        """↑ and ↓ take a word to the next row."""
        if not dy:
            return False
        row = min(max(self.rows[part] + dy, 0), len(self.row_names) - 1)
        if row != self.rows[part]:
            self._move(part, row)
        return True

    def _move(self, part: int, row: int) -> None:
        """Show it at once: the next picture may take a moment to come."""
        self.rows = (*self.rows[:part], row, *self.rows[part + 1 :])
        self.update()
        self.moved.emit(part, row)

    def say(self, part: int) -> str:
        row = self.row_names[self.rows[part]] if self.row_names else ""
        return f"{self.tokens[part]}   {signed(float(self.values[part]), 3)}   {row}"

    # Dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None:
            self._dragged = part, event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            super().mouseMoveEvent(event)
            return
        self._dragged = self._dragged[0], event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        taken, self._dragged = self._dragged, None
        self.unsetCursor()
        if taken is not None and taken[0] < len(self.tokens):
            row = self._row_at(event.position().y())
            if row != self.rows[taken[0]]:
                self._pressed = None
                self._move(taken[0], row)
        super().mouseReleaseEvent(event)
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        self._paint_rows(painter)
        self._paint_axis(painter)
        spots, sides = self._places()
        for word in range(len(self.tokens)):
            if self._dragged is None or word != self._dragged[0]:
                self._paint_word(painter, word, spots[word], sides[word])
        if self._dragged is not None and self._dragged[0] < len(self.tokens):
            self._paint_word(painter, self._dragged[0], self._dragged[1], 1)

    def _paint_rows(self, painter: QPainter) -> None:
        px = self.look.px
        target = self._row_at(self._dragged[1].y()) if self._dragged is not None else -1
        for row in range(len(self.row_names)):
            slot = self._slot(row)
            if row == target:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color("accent_wash"))
                painter.drawRect(slot)
            if row:
                painter.setPen(self.look.pen("hairline"))
                painter.drawLine(slot.topLeft(), slot.topRight())
            last = row == len(self.row_names) - 1
            self.put(painter, self.label(self._name(row), "muted" if last else row, 11), px(1),
                     slot.top() + px(2))
        zero = self._x(0.0)
        pen = self.look.pen("ghost")
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawLine(QLineF(zero, self._area.top(), zero, self._area.bottom()))

    def _paint_axis(self, painter: QPainter) -> None:
        bottom, px = self._area.bottom(), self.look.px
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(QLineF(0, bottom, self.width(), bottom))
        ticks = scales.ticks(*self._span, max(2, int(self.width() / px(90))))
        for value, text in zip(ticks, numbers.ticks(ticks), strict=True):
            picture = self.label(text, "muted", 11)
            half = picture.deviceIndependentSize().width() / 2
            x = min(max(self._x(value), half), self.width() - half)
            self.put(painter, picture, x, bottom + px(2), 0.5, 0.0)
        low, high = self.ends
        room = round(self.width() / 2 - px(4))
        if low:
            self.put(painter, self.label(f"◂ {low}", "muted", 11, longest=room), 0, self.height(), 0.0, 1.0)
        if high:
            self.put(painter, self.label(f"{high} ▸", "muted", 11, longest=room), self.width(),
                     self.height(), 1.0, 1.0)

    def _paint_word(self, painter: QPainter, word: int, at: QPointF, side: int) -> None:
        row, px = self.rows[word], self.look.px
        last, box = row == len(self.row_names) - 1, self._box(word, at, side)
        if side and word in (self.selected, self.current):
            painter.setPen(self.look.pen("accent") if word == self.selected
                           else Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRoundedRect(box, px(3), px(3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("ghost" if last else row))
        paint_marks(painter, row, [(at.x(), at.y())], px(3))
        if side:
            text = self.label(self.tokens[word], "muted" if last else "text", 12)
            self.put(painter, text, at.x() + side * px(6), at.y(), 0.5 - side / 2, 0.5)


def _span(reach: float) -> scales.Range:
    """The axis for values up to ``reach`` to both sides: zero is in its middle, and it follows values
    that move in few steps, whatever they were before."""
    power = 10.0 ** math.floor(math.log10(max(reach, 1e-3)))
    end = next((one for one in STEPS if one * power >= reach), STEPS[-1]) * power
    return -end, end
