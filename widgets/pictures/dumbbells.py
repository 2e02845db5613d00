"""Pairs of shares: each row has a pair or two, and a bar leads from where each begins to where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import mark_of, paint_marks
from widgets.theme.numbers import percent

Pair = tuple[int, int]  # a row, and a pair of it
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Pairs:
    """One pair in each row: (R,) shares from 0 to 1 where they begin and where they end. Without a label,
    where it is the only one, the key above does not name it."""

    label: str
    begin: NDArray[Any]
    end: NDArray[Any]
    series: int = 0
    ghost: bool = False


class Dumbbells(Canvas[Pair]):
    """Rows of pairs: a ring where a pair begins, its filled mark where it ends.

    Args:
        x: what the shares are.
        heads: what a ring and a filled mark mean.

    Signals:
        clicked(row), hovered(row): hovered gives −1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", heads: tuple[str, str] = ("", ""),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._x, self._heads = x, heads
        self.names: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.pairs: tuple[Pairs, ...] = ()
        self.selected = -1
        self.rule: tuple[float, str] | None = None
        self._low = 0.0
        self._drawn: object = None
        self._layout: tuple[object, QRectF] = (None, QRectF())
        self.setMinimumSize(look.px(280), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, names: Sequence[str], pairs: Sequence[Pairs], *, notes: Sequence[str] = (),
        selected: int = -1, rule: tuple[float, str] | None = None, title: str | None = None,
    ) -> None:
        """Show the pairs of the rows ``names``; ``notes`` stand small below the names. A dashed ``rule``
        stands at one share, with its name. What is shown already is not painted again."""
        before, self._drawn = self._drawn, (
            tuple(names), tuple(notes), selected, rule, title,
            tuple((one.label, one.begin.tobytes(), one.end.tobytes(), one.series, one.ghost)
                  for one in pairs))
        if before == self._drawn:
            return
        self.retitle(title)
        self.names, self.notes, self.selected, self.rule = tuple(names), tuple(notes), selected, rule
        self.pairs = tuple(sorted(pairs, key=lambda one: not one.ghost))  # ghosts lie behind
        least = min((float(np.min(part)) for one in self.pairs for part in (one.begin, one.end)), default=0.0)
        self._low = 0.0 if least < 0.25 else 0.25
        if self.current is not None and self.current not in self._parts():
            self.current = None
        self.update()

    # Where things are

    @property
    def _live(self) -> list[Pairs]:
        return [one for one in self.pairs if not one.ghost]

    def _parts(self) -> list[Pair]:
        return [(row, one) for row in range(len(self.names)) for one in range(len(self._live))]

    @property
    def _inside(self) -> QRectF:
        """The rectangle of the marks: names to the left, the key above, the axis below."""
        key = (self.size(), *self._said())
        if self._layout[0] != key:  # measuring texts is dear
            self._layout = key, self._arranged()
        return self._layout[1]

    def _said(self) -> tuple[object, ...]:
        """All that is written, and what moves it."""
        return (self.title, self.names, self.notes, self.rule,
                tuple((one.label, one.series) for one in self._live))

    def _arranged(self) -> QRectF:
        px, line = self.look.px, self.text_height(12)
        names = max((self.text_width(one, 13) for one in self.names), default=0)
        notes = max((self.text_width(one, 11) for one in self.notes), default=0)
        left = min(max(names, notes) + px(18), round(self.width() * 0.45))
        top = self.head + self._key_lines() * (line + px(4)) + (line if self.rule else 0)
        return QRectF(left, top, max(10.0, self.width() - left - px(24)),
                      max(10.0, self.height() - top - 2 * line - px(6)))

    @property
    def _pitch(self) -> float:
        return self._inside.height() / max(len(self.names), 1)

    def _y(self, row: int, pair: int) -> float:
        count = max(1, len(self._live))
        lane = (pair - (count - 1) / 2) * min(self._pitch / (count + 0.6), self.look.px(20))
        return self._inside.top() + (row + 0.5) * self._pitch + lane

    def _x_of(self, value: float) -> float:
        inside = self._inside
        share = (min(max(value, self._low), 1.0) - self._low) / (1 - self._low)
        return inside.left() + inside.width() * share

    def place(self, part: Pair) -> QRectF:
        row, pair = part
        one, y, reach = self._live[pair], self._y(row, pair), self.look.px(8)
        ends = sorted((self._x_of(float(one.begin[row])), self._x_of(float(one.end[row]))))
        return QRectF(ends[0] - reach, y - reach, ends[1] - ends[0] + 2 * reach, 2 * reach)

    def part_at(self, x: float, y: float) -> Pair | None:
        inside = self._inside
        if not inside.top() <= y < inside.bottom() or not self.names or not self._live:
            return None
        row = min(int((y - inside.top()) / self._pitch), len(self.names) - 1)
        return row, min(range(len(self._live)), key=lambda one: abs(self._y(row, one) - y))

    def beside(self, part: Pair | None, dx: int, dy: int) -> Pair | None:
        parts = self._parts()
        if not parts:
            return None
        if part is None:
            return max(self.selected, 0), 0
        return parts[min(max(parts.index(part) + (dy or dx), 0), len(parts) - 1)]

    def say(self, part: Pair) -> str:
        row, pair = part
        one = self._live[pair]
        begin, end = (percent(float(part[row])) for part in (one.begin, one.end))
        what = ", ".join(filter(None, (self.names[row], one.label)))
        return f"{what}: {self._heads[0]} {begin}, {self._heads[1]} {end}"

    def tell_hover(self, part: Pair | None) -> None:
        self.hovered.emit(-1 if part is None else part[0])

    def tell_click(self, part: Pair | None) -> None:
        if part is not None:
            self.clicked.emit(part[0])

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.names:
            return
        inside = self._inside
        if 0 <= self.selected < len(self.names):
            painter.fillRect(QRectF(0, inside.top() + self.selected * self._pitch, self.width(), self._pitch),
                             self.look.color("accent_wash"))
        self.layer(painter, "words", (self._low, *self._said()), self._paint_words)
        for pair, one in enumerate(self._live):
            for ghost in (other for other in self.pairs if other.ghost and other.series == one.series):
                self._paint_pairs(painter, ghost, pair)
        for pair, one in enumerate(self._live):
            self._paint_pairs(painter, one, pair)

    def _key(self) -> list[tuple[str, int | None, str]]:
        """Sign, series and name of what is explained above the rows."""
        return [("○", None, self._heads[0]), ("●", None, self._heads[1]),
                *((mark_of(one.series), one.series, one.label) for one in self._live if one.label)]

    def _key_lines(self) -> int:
        x, lines = 0.0, 1
        for sign, _, name in self._key():
            wide = self.text_width(f"{sign} {name}", 12) + self.look.px(16)
            if x and x + wide > self.width():
                x, lines = 0.0, lines + 1
            x += wide
        return lines

    def _paint_key(self, painter: QPainter) -> None:
        px, line = self.look.px, self.text_height(12)
        x, y = 0.0, float(self.head)
        for sign, series, name in self._key():
            wide = self.text_width(f"{sign} {name}", 12) + px(16)
            if x and x + wide > self.width():
                x, y = 0.0, y + line + px(4)
            end = self.put(painter, self.label(sign, "muted" if series is None else series, 12), x, y).right()
            self.put(painter, self.label(name, "text", 12), end + px(3), y)
            x += wide

    def _paint_words(self, painter: QPainter) -> None:
        self._paint_key(painter)
        self._paint_axes(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        px, inside, line = self.look.px, self._inside, self.text_height(12)
        for value in (one for one in TICKS if one >= self._low):
            x = self._x_of(value)
            painter.setPen(self.look.pen("hairline"))
            painter.drawLine(QLineF(x, inside.top(), x, inside.bottom()))
            self.put(painter, self.label(percent(value), "muted", 12), x, inside.bottom() + px(2), 0.5)
        self.put(painter, self.label(self._x, "muted", 12, longest=self.width()),
                 inside.center().x(), inside.bottom() + line + px(3), 0.5)
        if self.rule is not None:
            x = self._x_of(self.rule[0])
            pen = self.look.pen("muted", self.look.scale)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.drawLine(QLineF(x, inside.top(), x, inside.bottom()))
            self.put(painter, self.label(self.rule[1], "muted", 11), x, inside.top() - px(1), 0.5, 1.0)
        for row, name in enumerate(self.names):
            y = inside.top() + (row + 0.5) * self._pitch
            note = self.notes[row] if row < len(self.notes) else ""
            both = note and self._pitch > 2.1 * line
            right, longest = inside.left() - px(14), round(inside.left()) - px(14)
            self.put(painter, self.label(name, "text", 13, longest=longest), right,
                     y - (line * 0.5 if both else 0), 1.0, 0.5)
            if both:
                self.put(painter, self.label(note, "muted", 11, longest=longest), right, y + line * 0.5,
                         1.0, 0.5)

    def _paint_pairs(self, painter: QPainter, one: Pairs, lane: int) -> None:
        px, scale = self.look.px, self.look.scale
        color = self.look.color("ghost" if one.ghost else one.series)
        faint = self.look.color("ghost", 90) if one.ghost else self.look.color(one.series, 90)
        for row in range(len(self.names)):
            y = self._y(row, lane)
            begin, end = (QPointF(self._x_of(float(part[row])), y) for part in (one.begin, one.end))
            painter.setPen(self.look.pen(faint, px(3 if one.ghost else 5), Qt.PenStyle.SolidLine,
                                Qt.PenCapStyle.FlatCap))
            painter.drawLine(QLineF(begin, end))
            painter.setPen(self.look.pen(color, 1.8 * scale))
            painter.setBrush(self.look.color("card"))
            paint_marks(painter, 0, [(begin.x(), begin.y())], px(4) if one.ghost else px(5.5))
            painter.setPen(self.look.pen("card", scale))
            painter.setBrush(color)
            paint_marks(painter, one.series, [(end.x(), end.y())], px(3.5) if one.ghost else px(5.5))
