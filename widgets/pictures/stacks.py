"""Sums and what they are made of: stacked bars with their figures below, and stacked areas over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import polygon
from widgets.theme.look import Look
from widgets.theme.numbers import NOTHING, Write, count, size

# What tells neighbours apart beside their colours.
PATTERNS = (Qt.BrushStyle.NoBrush, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.HorPattern,
            Qt.BrushStyle.NoBrush, Qt.BrushStyle.DiagCrossPattern)


def _brushes(look: Look, part: int, ghost: bool = False) -> tuple[QBrush, QBrush]:
    """The fill of a part and the pattern upon it. What comes after the fourth part is grey."""
    color = look.color("ghost") if ghost or part > 3 else look.color(part)
    return QBrush(color), QBrush(look.color("card", 150), PATTERNS[part % len(PATTERNS)])


@dataclass(frozen=True)
class Stack:
    """One sum: (P,) values of its parts, NaN where nothing is known of one."""

    label: str
    values: NDArray[Any]
    ghost: bool = False

    @property
    def known(self) -> NDArray[np.float64]:
        """The values with 0 where nothing is known."""
        return np.nan_to_num(np.asarray(self.values, np.float64))


class Stacks(Canvas[int]):
    """Stacked bars from top to bottom, and below them a table: a line a part, a column a bar.

    Args:
        write: how values are written.

    Signals:
        hovered(part): −1 when the pointer leaves.
    """

    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, write: Write = size, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, parent)
        self._write = write
        self.parts: tuple[str, ...] = ()
        self.stacks: tuple[Stack, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.heads = ("", "")
        self.rule: tuple[float, str] | None = None
        self._drawn: object = None  # what was last given to be drawn
        self.setMinimumSize(look.px(280), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, parts: Sequence[str], stacks: Sequence[Stack], *, heads: tuple[str, str],
        notes: Sequence[str] = (), rule: tuple[float, str] | None = None, title: str | None = None,
    ) -> None:
        """Show these sums of ``parts``.

        Args:
            heads: what the last line of the table is called, and the column of the notes.
            notes: beside each part in the table.
            rule: a value that is marked across all bars, and its name.
        """
        self.retitle(title)
        self.parts, self.notes, self.rule, self.heads = tuple(parts), tuple(notes), rule, heads
        self.stacks = tuple(sorted(stacks, key=lambda one: one.ghost))
        if self.current is not None and self.current >= len(self.parts):
            self.current = None
        now = (self.parts, self.notes, self.rule, self.heads, self.title,
               [(one.label, one.ghost, np.asarray(one.values, np.float64).tobytes()) for one in self.stacks])
        if now != self._drawn:  # a control of one picture leaves those beside it as they are
            self._drawn = now
            self.update()

    @property
    def _live(self) -> list[Stack]:
        return [one for one in self.stacks if not one.ghost]

    # Where things are

    @property
    def _line(self) -> int:
        return self.text_height(12) + self.look.px(2)

    @property
    def _bars(self) -> QRectF:
        """The rectangle of all bars, with their names at the left."""
        above = self.head + (self.text_height(11) + self.look.px(2) if self.rule else 0)
        below = self._line * (len(self.parts) + (2 if len(self.parts) > 1 else 1)) + self.look.px(8)
        return QRectF(0, above, self.width(), max(10.0, self.height() - above - below))

    def _span(self) -> tuple[float, float]:
        """The left end of the bars and the pixels of a unit."""
        names = max((self.text_width(one.label, 12) for one in self.stacks), default=0)
        left = min(names + self.look.px(8), round(self.width() * 0.4))
        most = max([float(one.known.sum()) for one in self.stacks]
                   + ([self.rule[0]] if self.rule else []) + [1e-300])
        return left, (self.width() - left - self.look.px(4)) / most

    def _bar(self, index: int) -> QRectF:
        bars = self._bars
        pitch = bars.height() / max(len(self.stacks), 1)
        thick = min(pitch * 0.66, self.look.px(64))
        left, unit = self._span()
        return QRectF(left, bars.top() + pitch * (index + 0.5) - thick / 2,
                      unit * float(self.stacks[index].known.sum()), thick)

    def place(self, part: int) -> QRectF:
        top = self._bars.bottom() + self.look.px(8) + self._line * (part + 1)
        return QRectF(0, top, self.width(), self._line)

    def part_at(self, x: float, y: float) -> int | None:
        for index, one in enumerate(self.stacks):
            bar = self._bar(index)
            if bar.contains(x, y):
                ends = np.cumsum(one.known) * self._span()[1]
                return min(int(np.searchsorted(ends, x - bar.left(), "right")), len(self.parts) - 1)
        return next((part for part in range(len(self.parts)) if self.place(part).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.parts:
            return None
        return 0 if part is None else min(max(part + (dy or dx), 0), len(self.parts) - 1)

    def say(self, part: int) -> str:
        values = ", ".join(f"{one.label} {self._said(float(one.values[part]))}" for one in self._live)
        note = self.notes[part] if part < len(self.notes) else ""
        return f"{self.parts[part]}: {values}" + (f" ({note})" if note else "")

    def readout(self, part: int) -> str:
        return ""  # the table says it already

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.stacks:
            return
        for index, one in enumerate(self.stacks):
            self._paint_stack(painter, index, one)
        self._paint_rule(painter)
        self._paint_table(painter)

    def _fill(self, painter: QPainter, box: QRectF, part: int, ghost: bool = False) -> None:
        for brush in _brushes(self.look, part, ghost):
            painter.fillRect(box, brush)

    def _paint_stack(self, painter: QPainter, index: int, one: Stack) -> None:
        bar, unit = self._bar(index), self._span()[1]
        self.put(painter, self.label(one.label, "muted" if one.ghost else "text", 12,
                                     longest=round(bar.left())), 0, bar.center().y(), 0.0, 0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        x = bar.left()
        for part, value in enumerate(one.known.tolist()):
            box = QRectF(x, bar.top(), unit * value, bar.height())
            self._fill(painter, box, part, one.ghost)
            if part == self.current:
                painter.setPen(self.look.pen("text", self.look.px(2)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(box.adjusted(1, 1, -1, -1))
            x += unit * value
            painter.fillRect(QRectF(x - 1, bar.top(), 1, bar.height()), self.look.color("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_rule(self, painter: QPainter) -> None:
        if self.rule is None:
            return
        value, name = self.rule
        (left, unit), bars = self._span(), self._bars
        x = left + unit * value
        pen = self.look.pen("text", self.look.scale * 1.5)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QLineF(x, bars.top() - self.look.px(1), x, bars.bottom()))
        picture = self.label(name, "text", 11, longest=self.width())
        half = picture.deviceIndependentSize().width() / 2
        self.put(painter, picture, min(max(x, half), self.width() - half), self.head, 0.5)

    def _columns(self) -> list[float]:
        """The right ends of the table's columns of figures."""
        live, px = self._live, self.look.px
        figures = [*(max(self.text_width(text, 12) for text in self._figures(one)) for one in live)]
        if any(self.notes):
            figures.append(max(self.text_width(one, 12) for one in (*self.notes, self.heads[1])))
        free = self.width() - px(4) - sum(figures)
        gap = min(px(28), max(px(8), (free - self._named()) // max(len(figures), 1)))
        ends, x = [], float(self.width() - px(2))
        for wide in reversed(figures):
            ends.append(x)
            x -= wide + gap
        return ends[::-1]

    def _named(self) -> int:
        return max((self.text_width(one, 12) for one in (*self.parts, self.heads[0])), default=0) \
            + self.look.px(20)

    def _figures(self, one: Stack) -> list[str]:
        """Head, values and sum of a column."""
        return [one.label, *map(self._said, one.values.tolist()), self._said(float(one.known.sum()))]

    def _said(self, value: float) -> str:
        return NOTHING if math.isnan(value) else self._write(value)

    def _paint_table(self, painter: QPainter) -> None:
        px, columns, line = self.look.px, self._columns(), self._line
        top = self._bars.bottom() + px(8)
        summed = len(self.parts) > 1
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(QLineF(0, top + line - 1, self.width(), top + line - 1))
        if summed:
            y = top + line * (len(self.parts) + 1)
            painter.drawLine(QLineF(0, y - 1, self.width(), y - 1))
            self.put(painter, self.label(self.heads[0], "text", 12), px(20), y)
        for end, one in zip(columns, self._live, strict=False):
            for at, text in enumerate(self._figures(one)[: len(self.parts) + 1 + summed]):
                self.put(painter, self.label(text, "text" if at else "muted", 12), end, top + line * at, 1.0)
        if any(self.notes):
            for at, text in enumerate((self.heads[1], *self.notes)):
                self.put(painter, self.label(text, "muted", 12), columns[-1], top + line * at, 1.0)
        for part, name in enumerate(self.parts):
            slot = self.place(part)
            box = QRectF(px(1), slot.center().y() - px(5), px(13), px(10))
            self._fill(painter, box, part)
            self.put(painter, self.label(name, "text", 12), px(20), slot.top())


@dataclass(frozen=True)
class Stretch:
    """A part of the time axis with a name, from one column to another."""

    begin: int
    end: int
    name: str


class StackedAreas(Canvas[int]):
    """Parts that add up to a whole, from moment to moment. ←/→ walk from moment to moment.

    Args:
        x: what the moments are.
        write: how values are written.
    """

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", write: Write = size,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._x_title, self._write = x, write
        self.parts: tuple[str, ...] = ()
        self.values: NDArray[np.float64] = np.zeros((0, 0))
        self.stretches: tuple[Stretch, ...] = ()
        self.ghosts: tuple[NDArray[np.float64], ...] = ()
        self.rule: tuple[float, str] | None = None
        self._top: scales.Range | None = None
        self._last = 0
        self._layout: tuple[object, QRectF] = (None, QRectF())
        self._drawn: object = None  # what was last given to be drawn
        self.setMinimumSize(look.px(260), look.px(160))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, parts: Sequence[str], values: NDArray[Any], stretches: Sequence[Stretch], *, last: int,
        ghosts: Sequence[NDArray[Any]] = (), rule: tuple[float, str] | None = None,
        title: str | None = None,
    ) -> None:
        """Show (P, n) values.

        Args:
            last: the number of the last moment, at the right end of the axis.
            ghosts: (m,) wholes of other runs, over the same axis.
            rule: a value that is marked across, and its name.
        """
        self.retitle(title)
        self.parts, self.values = tuple(parts), np.asarray(values, np.float64)
        self.stretches, self.rule, self._last = tuple(stretches), rule, last
        self.ghosts = tuple(np.asarray(one, np.float64) for one in ghosts)
        self._tops = np.cumsum(self.values, 0)  # (P, n)
        most = max([float(self._tops.max(initial=0.0)), *(float(one.max()) for one in self.ghosts)])
        self._top = scales.grown(None, 0.0, most or 1.0)
        if self.current is not None and self.current >= self.values.shape[1]:
            self.current = None
        now = (self.parts, self.stretches, self.rule, self._last, self.title,
               [one.tobytes() for one in (self.values, *self.ghosts)])
        if now != self._drawn:
            self._drawn = now
            self.update()

    # Where things are

    def _ticks(self) -> list[float]:
        return scales.ticks(*(self._top or (0.0, 1.0)), max(2, int(self.height() / self.look.px(60))))

    @property
    def _inside(self) -> QRectF:
        key = (self.size(), self.title, self._top)
        if self._layout[0] != key:  # measuring texts is dear
            self._layout = key, self._arranged()
        return self._layout[1]

    def _arranged(self) -> QRectF:
        px, line = self.look.px, self.text_height(11)
        left = max(self.text_width(self._write(one), 11) for one in self._ticks()) + px(6)
        top = self.head + line + px(3)
        return QRectF(left, top, max(10.0, self.width() - left - px(8)),
                      max(10.0, self.height() - top - 2 * line - px(4)))

    def _spots(self, heights: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) pixels of (n,) heights."""
        inside = self._inside
        x = inside.left() + inside.width() * (np.arange(len(heights)) + 0.5) / max(len(heights), 1)
        return np.stack([x, inside.bottom() - inside.height() * heights / (self._top or (0.0, 1.0))[1]], 1)

    def place(self, part: int) -> QRectF:
        inside, n = self._inside, max(self.values.shape[1], 1)
        wide = max(2.0, inside.width() / n)
        return QRectF(inside.left() + inside.width() * part / n, inside.top(), wide, inside.height())

    def part_at(self, x: float, y: float) -> int | None:
        inside, n = self._inside, int(self.values.shape[1])
        if not n or not inside.contains(x, y):
            return None
        return min(int((x - inside.left()) / inside.width() * n), n - 1)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        n = int(self.values.shape[1])
        if not n:
            return None
        if part is None:
            return int(self._tops[-1].argmax())
        return min(max(part + (dx or -dy) * max(1, n // 40), 0), n - 1)

    def say(self, part: int) -> str:
        where = next((one.name for one in self.stretches if one.begin <= part <= one.end), "")
        values = ", ".join(f"{name} {self._write(float(value))}"
                           for name, value in zip(self.parts, self.values[:, part], strict=True))
        return f"{where}: {values}"

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.values.size:
            return
        inside = self._inside
        below = np.zeros(self.values.shape[1])
        for part in range(len(self.parts)):
            self._paint_area(painter, part, below, self._tops[part])
            below = self._tops[part]
        for ghost in self.ghosts:
            painter.setPen(self.look.pen("muted", 1.5 * self.look.scale))
            painter.drawPolyline(polygon(self._spots(ghost)))
        self._paint_axes(painter, inside)
        self._paint_names(painter)

    def _paint_area(
        self, painter: QPainter, part: int, low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> None:
        outline: QPolygonF = polygon(np.concatenate([self._spots(high), self._spots(low)[::-1]]))
        painter.setPen(Qt.PenStyle.NoPen)
        for brush in _brushes(self.look, part):
            painter.setBrush(brush)
            painter.drawPolygon(outline)

    def _paint_axes(self, painter: QPainter, inside: QRectF) -> None:
        px, line = self.look.px, self.text_height(11)
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        for value in self._ticks():
            y = inside.bottom() - inside.height() * value / (self._top or (0.0, 1.0))[1]
            self.put(painter, self.label(self._write(value), "muted", 11), inside.left() - px(5), y, 1.0, 0.5)
        self.put(painter, self.label("1", "muted", 11), inside.left(), inside.bottom() + px(2))
        self.put(painter, self.label(count(self._last), "muted", 11), inside.right(),
                 inside.bottom() + px(2), 1.0)
        self.put(painter, self.label(self._x_title, "muted", 11, longest=self.width()),
                 inside.center().x(), inside.bottom() + line + px(2), 0.5)
        end = -1.0
        for one in self.stretches:
            left, right = self.place(one.begin).left(), self.place(one.end).right()
            painter.setPen(self.look.pen("ghost"))
            painter.drawLine(QLineF(left, inside.top() - line, left, inside.bottom()))
            picture = self.label(one.name, "muted", 11)
            if right - left > picture.deviceIndependentSize().width() + px(6) and left >= end:
                end = self.put(painter, picture, left + px(4), inside.top() - line).right()
        if self.rule is not None:
            value, name = self.rule
            y = inside.bottom() - inside.height() * value / (self._top or (0.0, 1.0))[1]
            pen = self.look.pen("text", self.look.scale * 1.5)
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.drawLine(QLineF(inside.left(), y, inside.right(), y))
            self.put(painter, self.label(name, "text", 11, halo=True), inside.right(), y - px(2), 1.0, 1.0)

    def _paint_names(self, painter: QPainter) -> None:
        """Each part's name where it is thickest, if it fits in there."""
        inside, n, px = self._inside, self.values.shape[1], self.look.px
        for part, name in enumerate(self.parts):
            picture = self.label(name, "text", 11)
            need = picture.deviceIndependentSize()
            columns = max(1, int((need.width() + px(8)) / inside.width() * n) + 1)
            if columns >= n:
                continue
            unit = inside.height() / (self._top or (0.0, 1.0))[1]
            low = self._tops[part] - self.values[part]
            # The band in which a text of this width finds room: the highest floor to the lowest ceiling.
            floor = np.lib.stride_tricks.sliding_window_view(low, columns).max(1)
            ceiling = np.lib.stride_tricks.sliding_window_view(self._tops[part], columns).min(1)
            best = int((ceiling - floor).argmax())
            if (ceiling[best] - floor[best]) * unit >= self.text_height(11) + 2:
                x = inside.left() + inside.width() * (best + columns / 2) / n
                y = inside.bottom() - unit * (ceiling[best] + floor[best]) / 2
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color("card", 215))
                painter.drawRoundedRect(QRectF(x - need.width() / 2 - px(3), y - need.height() / 2,
                                               need.width() + px(6), need.height()), px(4), px(4))
                self.put(painter, picture, x, y, 0.5, 0.5)
