"""Numbers by their size, as powers of two, above the windows that number formats have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.numbers import count, power_of_two


@dataclass(frozen=True)
class Window:
    """What a format can hold: from 2^low, at full precision from 2^least, up to below 2^(top + 1)."""

    name: str
    low: int
    least: int
    top: int


@dataclass(frozen=True)
class Fate:
    """What became of numbers: how many of each exponent, and how that is said and drawn."""

    name: str
    counts: NDArray[Any]
    series: int
    pattern: Qt.BrushStyle = Qt.BrushStyle.SolidPattern


class Exponents(Canvas[int]):
    """Stacked bars over exponents, and below them a row for each format. A row that is clicked is chosen.

    Parts are the bars first, then the rows.

    Args:
        x, y: what the axes are.

    Signals:
        clicked(row): of the format.
    """

    clicked = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", y: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, parent)
        self._titles = (x, y)
        self.first = 0
        self.fates: tuple[Fate, ...] = ()
        self.windows: tuple[Window, ...] = ()
        self.chosen = 0
        self.ghosts: tuple[tuple[NDArray[np.float64], str], ...] = ()
        self._top: scales.Range | None = None
        self._count = 0
        self._layout: tuple[object, QRectF] = (None, QRectF())
        self.setMinimumSize(look.px(320), look.px(200))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, first: int, fates: Sequence[Fate], windows: Sequence[Window], *, chosen: int,
        ghosts: Sequence[tuple[NDArray[Any], str]] = (), title: str | None = None,
    ) -> None:
        """Show these numbers, of the exponents from ``first`` on; each fate lies upon those before it.
        ``ghosts`` are outlines with a name."""
        self.retitle(title)
        self.first, self.fates, self.windows, self.chosen = first, tuple(fates), tuple(windows), chosen
        self.ghosts = tuple((np.asarray(one, np.float64), name) for one, name in ghosts)
        self._sum = np.sum([one.counts for one in fates], 0)
        self._count = len(self._sum)
        highest = max(float(self._sum.max(initial=0)),
                      *(float(one.max(initial=0.0)) for one, _ in self.ghosts), 1.0)
        self._top = scales.grown(self._top, 0.0, highest)
        if self.current is not None and self.current >= self._count + len(self.windows):
            self.current = None
        self.update()

    # Where things are

    @property
    def _line(self) -> int:
        """The height of a format's row."""
        return self.text_height(12) + self.look.px(3)

    @property
    def _inside(self) -> QRectF:
        """The rectangle of the bars; the axis and the rows lie below it."""
        key = (self.size(), self.windows, self._top, self.title, self._entries())
        if self._layout[0] != key:  # measuring texts is dear
            self._layout = key, self._arranged()
        return self._layout[1]

    def _arranged(self) -> QRectF:
        px, line = self.look.px, self.text_height(11)
        left = max((self.text_width(one.name, 12) for one in self.windows), default=0)
        left = max(left, max(self.text_width(one, 11) for one in self._y_ticks()[1])
                   + (line + px(4) if self._titles[1] else 0)) + px(8)
        top = self.head + self._legend_lines() * (self.text_height(12) + px(3)) + line // 2
        below = 2 * line + px(8) + len(self.windows) * self._line
        return QRectF(left, top, max(10.0, self.width() - left - px(8)),
                      max(10.0, self.height() - below - top))

    def _y_ticks(self) -> tuple[list[float], list[str]]:
        found = scales.ticks(*(self._top or (0.0, 1.0)), 4)
        return found, numbers.ticks(found)

    def _x(self, exponent: float) -> float:
        """Where a power of two lies; what is beyond the axis is at its end."""
        inside = self._inside
        share = (exponent - self.first) / max(self._count, 1)
        return inside.left() + inside.width() * min(max(share, 0.0), 1.0)

    def _row(self, index: int) -> QRectF:
        inside = self._inside
        top = inside.bottom() + 2 * self.text_height(11) + self.look.px(8) + index * self._line
        return QRectF(0, top, self.width(), self._line)

    def place(self, part: int) -> QRectF:
        if part >= self._count:
            return self._row(part - self._count)
        inside = self._inside
        tall = inside.height() * float(self._sum[part]) / (self._top or (0.0, 1.0))[1]
        left, right = self._x(self.first + part), self._x(self.first + part + 1)
        return QRectF(left, inside.bottom() - tall, right - left, tall)

    def part_at(self, x: float, y: float) -> int | None:
        if not self._count:
            return None
        inside = self._inside
        if inside.contains(x, y):
            at = int((x - inside.left()) / inside.width() * self._count)
            return min(at, self._count - 1)
        return next((self._count + one for one in range(len(self.windows))
                     if self._row(one).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """←/→ walk along the bars, ↓ leads to the formats and ↑ back."""
        if not self._count:
            return None
        if part is None:
            return int(np.argmax(self._sum))
        if part >= self._count:
            row = part - self._count + dy
            return part if dx else int(np.argmax(self._sum)) if row < 0 \
                else self._count + min(row, len(self.windows) - 1)
        if dy > 0 and self.windows:
            return self._count
        return min(max(part + dx, 0), self._count - 1)

    def say(self, part: int) -> str:
        if part >= self._count:
            one = self.windows[part - self._count]
            return f"{one.name}: " + " … ".join(map(power_of_two, (one.low, one.least, one.top)))
        parts = ", ".join(f"{one.name} {count(float(one.counts[part]))}" for one in self.fates)
        return f"{power_of_two(self.first + part)}: {parts}"

    def tell_click(self, part: int | None) -> None:
        if part is not None and part >= self._count:
            self.clicked.emit(part - self._count)

    # Painting

    def _entries(self) -> tuple[str, ...]:
        return (*(one.name for one in self.fates), *(name for _, name in self.ghosts))

    def _legend_lines(self) -> int:
        x, lines = 0.0, 1
        for name in self._entries():
            wide = self.text_width(name, 12) + self.look.px(36)
            if x and x + wide > self.width():
                x, lines = 0.0, lines + 1
            x += wide
        return lines

    def paint(self, painter: QPainter) -> None:
        if not self._count:
            return
        self.layer(painter, "still", (self.windows, self.chosen, self._top, self.first, self._count,
                                      self._entries(), self.title), self._paint_still)
        self._paint_bars(painter)

    def _brush(self, one: Fate) -> QBrush:
        return QBrush(self.look.color(one.series), one.pattern)

    def _paint_bars(self, painter: QPainter) -> None:
        inside, top = self._inside, (self._top or (0.0, 1.0))[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for counts, _ in self.ghosts:
            painter.setPen(self.look.pen("ghost", self.look.px(2)))
            edges = [QPointF(self._x(self.first + at + side),
                             inside.bottom() - inside.height() * float(value) / top)
                     for at, value in enumerate(counts) for side in (0, 1)]
            painter.drawPolyline(edges)
        below = np.zeros(self._count)
        for one in self.fates:
            painter.setPen(self.look.pen(one.series))
            painter.setBrush(self._brush(one))
            for at in np.flatnonzero(one.counts).tolist():
                tall = inside.height() * float(one.counts[at]) / top
                base = inside.bottom() - inside.height() * float(below[at]) / top
                left, right = self._x(self.first + at), self._x(self.first + at + 1)
                painter.drawRect(QRectF(left, base - tall, right - left - 1, tall))
            below = below + one.counts
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_still(self, painter: QPainter) -> None:
        """All that changes seldom: the key, the axes, the windows."""
        self._paint_key(painter)
        self._paint_axes(painter)
        for index, one in enumerate(self.windows):
            self._paint_window(painter, one, self._row(index), index == self.chosen)

    def _paint_key(self, painter: QPainter) -> None:
        px, high = self.look.px, self.text_height(12)
        x, y = 0.0, float(self.head)
        for at, name in enumerate(self._entries()):
            wide = self.text_width(name, 12) + px(36)
            if x and x + wide > self.width():
                x, y = 0.0, y + high + px(3)
            box = QRectF(x + 1, y + high / 2 - px(5), px(14), px(10))
            if at < len(self.fates):
                painter.setPen(self.look.pen(self.fates[at].series))
                painter.setBrush(self._brush(self.fates[at]))
                painter.drawRect(box)
            else:
                painter.setPen(self.look.pen("ghost", px(2)))
                painter.drawLine(box.bottomLeft(), box.bottomRight())
            self.put(painter, self.label(name, "text", 12, longest=round(self.width() - x - px(20))),
                     x + px(20), y)
            x += wide

    def _paint_axes(self, painter: QPainter) -> None:
        px, inside = self.look.px, self._inside
        if 0 <= self.chosen < len(self.windows):
            one = self.windows[self.chosen]
            left, right = self._x(one.low), self._x(one.top + 1)
            painter.fillRect(QRectF(left, inside.top(), right - left, inside.height()),
                             self.look.color("accent_wash"))
            pen = self.look.pen("accent")
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            for edge in (one.low, one.least, one.top + 1):
                if self.first < edge < self.first + self._count:
                    x = self._x(edge)
                    painter.drawLine(QLineF(x, inside.top(), x, inside.bottom()))
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        for value, text in zip(*self._y_ticks(), strict=True):
            y = inside.bottom() - inside.height() * value / (self._top or (0.0, 1.0))[1]
            self.put(painter, self.label(text, "muted", 11), inside.left() - px(5), y, 1.0, 0.5)
        if self._titles[1]:
            self.put(painter, self.label(self._titles[1], "muted", 11, upwards=True), 0,
                     inside.center().y(), 0.0, 0.5)
        step = 5 if inside.width() / max(self._count, 1) * 5 > px(42) else 10
        for exponent in range(-(-self.first // step) * step, self.first + self._count + 1, step):
            picture = self.label(power_of_two(exponent), "muted", 11)
            half = picture.deviceIndependentSize().width() / 2
            self.put(painter, picture, min(self._x(exponent), self.width() - half),
                     inside.bottom() + px(4), 0.5)
        self.put(painter, self.label(self._titles[0], "muted", 11), inside.center().x(),
                 inside.bottom() + self.text_height(11) + px(3), 0.5)

    def _paint_window(self, painter: QPainter, one: Window, row: QRectF, chosen: bool) -> None:
        px, ink = self.look.px, "accent" if chosen else "muted"
        self.put(painter, self.label(one.name, "text" if chosen else "muted", 12, bold=chosen),
                 self._inside.left() - px(6), row.center().y(), 1.0, 0.5)
        low, least, top = self._x(one.low), self._x(one.least), self._x(one.top + 1)
        high, above = row.height() - px(8), row.top() + px(4)
        painter.setPen(self.look.pen(ink, self.look.scale * (2 if chosen else 1)))
        painter.setBrush(QBrush(self.look.color(ink), Qt.BrushStyle.BDiagPattern))
        painter.drawRect(QRectF(low, above, least - low, high))
        painter.setBrush(self.look.color(ink, 220 if chosen else 110))
        painter.drawRect(QRectF(least, above, top - least, high))
