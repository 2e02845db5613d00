"""Bars: named values beside one another, and histograms with rules through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.pictures.curves import Rule, polygon
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.numbers import Write, decimal, fixed, not_nothing

FEWEST = 3  # bars that are seen at once at least

class BarChart(Canvas[int]):
    """Named values as bars across. Where not all have room to be read, the first are seen and the wheel
    or the arrows bring the others: bars are fewer, never thinner.

    Args:
        x: what the values are, with their unit.
        low, high: the range of values; ``high=None`` follows them in steps.
        write: how the figure at a bar's end is written.

    Signals:
        clicked(index), hovered(index): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self,
        look: Look,
        title: str,
        *,
        x: str = "",
        low: float = 0.0,
        high: float | None = None,
        write: Write = fixed,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._x, self._write = x, write
        self._low, self._high = low, high
        self._shown_range: scales.Range | None = None
        self._values: NDArray[np.float64] = np.empty(0)
        self._names: tuple[str, ...] = ()
        self._series: int | Sequence[int] = 0
        self._highlight = -1
        self._muted: frozenset[int] = frozenset()
        self._drawn: object = None
        self.reel = Scroll(self)
        self.setMinimumSize(look.px(160), FEWEST * self._least + 2 * self.text_height(13))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self,
        values: NDArray[Any] | Sequence[float],
        labels: Sequence[str],
        *,
        series: int | Sequence[int] = 0,
        highlight: int = -1,
        muted: Sequence[int] = (),
        title: str | None = None,
    ) -> None:
        """Show these values; ``series`` colours all bars or each, ``muted`` ones are grey. What is shown
        already is not painted again."""
        self._values = np.array(values, dtype=np.float64).ravel()
        before, self._drawn = self._drawn, (
            self._values.tobytes(), tuple(labels), series if isinstance(series, int) else tuple(series),
            highlight, tuple(muted), title)
        if before == self._drawn:
            return
        self.retitle(title)
        self._names = tuple(labels)[: len(self._values)]
        self._series, self._highlight, self._muted = series, highlight, frozenset(muted)
        finite = self._values[np.isfinite(self._values)]
        if self._high is not None:
            low = min([self._low, *finite.tolist()]) if self._low < 0 else self._low
            self._shown_range = scales.widened(low, self._high, 0.0)
        elif not len(finite):
            self._shown_range = self._shown_range or (self._low, self._low + 1.0)
        else:
            self._shown_range = scales.grown(
                self._shown_range, min(self._low, float(finite.min())),
                max(self._low, float(finite.max())))
        if self.current is not None and self.current >= len(self._values):
            self.current = None
        self.update()

    # Where things are

    @property
    def _least(self) -> int:
        """The height of a bar's row whose name can be read."""
        return self.text_height(12) + self.look.px(3)

    @property
    def _area(self) -> QRectF:
        """The rectangle of all bars with their names and figures."""
        below = self.text_height(11) + self.look.px(2) if self._x else 0
        return QRectF(0, self.head, self.width(), max(1, self.height() - self.head - below))

    @property
    def _pitch(self) -> float:
        """The height of a row."""
        count = max(len(self._values), 1)
        fair = min(self._area.height() / count, self.look.px(30))
        pitch = fair if fair >= self.text_height(12) else max(float(self._least), fair)
        self.reel.fit(rows_of(count, pitch), self._area.height())
        if 0 <= self._highlight < count:
            self.reel.hold(self._highlight, pitch * self._highlight, pitch * (self._highlight + 1))
        return pitch

    def place(self, part: int) -> QRectF:
        area, pitch = self._area, self._pitch
        return QRectF(area.left(), area.top() + part * pitch - self.reel.offset, area.width(), pitch)

    def part_at(self, x: float, y: float) -> int | None:
        if not self._area.contains(x, y):
            return None
        index = int((y - self._area.top() + self.reel.offset) // self._pitch)
        seen = y - self._area.top() < self.reel.room
        return index if seen and index < len(self._values) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self._values):
            return None
        part = max(self._highlight, 0) if part is None \
            else min(max(part + (dy or dx), 0), len(self._values) - 1)
        pitch = self._pitch
        self.reel.reveal(part * pitch, (part + 1) * pitch)
        return part

    def say(self, part: int) -> str:
        name = self._names[part] if part < len(self._names) else ""
        return f"{name}  {not_nothing(float(self._values[part]), self._write)}".strip()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.reel.wheel(event, self._pitch)
        self.update()

    # Painting

    def color_of(self, index: int) -> QColor:
        """Of a bar: the others fade where one is highlighted."""
        if index in self._muted:
            return self.look.color("ghost")
        series = self._series if isinstance(self._series, int) else self._series[index]
        faded = self._highlight >= 0 and index != self._highlight
        return self.look.color(series, 110 if faded else 255)

    def _share(self, value: float) -> float:
        """Where a value lies in the range, 0 … 1."""
        assert self._shown_range is not None
        low, high = self._shown_range
        if not math.isfinite(value):
            return 1.0 if value == math.inf else 0.0
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def paint(self, painter: QPainter) -> None:
        if not len(self._values) or self._shown_range is None:
            return
        area, pitch, px = self._area, self._pitch, self.look.px
        if self._x:
            self.put(painter, self.label(self._x, "muted", 11), area.center().x(), self.height(),
                     0.5, 1.0)
        figures = [not_nothing(value, self._write) for value in self._values.tolist()]
        name_width = min(area.width() * 0.42, max(
            (self.text_width(label, 12) + 3 for label in self._names), default=0.0))
        figure_width = max(self.text_width(text, 12) for text in figures)
        left = area.left() + name_width + (px(8) if name_width else 0)
        scrolled = px(8) if self.reel.length > self.reel.room else 0
        width = max(10.0, area.right() - left - figure_width - px(7) - scrolled)
        zero = left + width * self._share(0.0)
        thick = max(1.0, min(pitch * 0.66, px(16)))
        view = QRectF(self.reel.view(area.toRect()))
        painter.setClipRect(view)
        for index, (value, figure) in enumerate(zip(self._values.tolist(), figures, strict=True)):
            slot = self.place(index)
            if slot.center().y() <= view.top() or slot.center().y() >= view.bottom():
                continue
            self._wash(painter, slot, index)
            end = zero if math.isnan(value) else left + width * self._share(value)
            self._bar(painter, QRectF(min(zero, end), slot.center().y() - thick / 2,
                                      abs(end - zero), thick), index)
            if index < len(self._names):
                ink = "muted" if index in self._muted else "text"
                self.put(painter, self.label(self._names[index], ink, 12, longest=int(name_width) - 2),
                         area.left() + name_width, slot.center().y(), 1.0, 0.5)
            self.put(painter, self.label(figure, "muted", 12), max(end, zero) + px(5),
                     slot.center().y(), 0.0, 0.5)
        painter.setPen(self.look.pen("ghost"))
        painter.drawLine(QLineF(zero, area.top(), zero, area.top() + pitch * len(self._values)))
        painter.setClipping(False)
        self.reel.paint(painter, area.toRect())

    def _wash(self, painter: QPainter, slot: QRectF, index: int) -> None:
        if index in (self.current, self._highlight):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRoundedRect(slot, 4, 4)

    def _bar(self, painter: QPainter, bar: QRectF, index: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color_of(index))
        radius = min(2.5 * self.look.scale, bar.width() / 2, bar.height() / 2)
        painter.drawRoundedRect(bar, radius, radius)


class Histogram(Canvas[int]):
    """Counts over bins, with rules through them; thousands of rules cost no more than the pixels."""

    def __init__(
        self,
        look: Look,
        title: str,
        *,
        x: str = "",
        y: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._titles = (x, y)
        self._counts: NDArray[np.float64] = np.empty(0)
        self._edges: NDArray[np.float64] = np.empty(0)
        self._overlay: NDArray[np.float64] | None = None
        self._rules: tuple[Rule, ...] = ()
        self._top: scales.Range | None = None
        self.setMinimumSize(look.px(160), look.px(110))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self,
        counts: NDArray[Any] | Sequence[float],
        edges: NDArray[Any] | Sequence[float],
        *,
        rules: Sequence[Rule] = (),
        overlay_counts: NDArray[Any] | Sequence[float] | None = None,
        title: str | None = None,
    ) -> None:
        """Show (n,) counts between (n + 1,) rising edges; ``overlay_counts`` is drawn as a line."""
        self.retitle(title)
        self._counts = np.nan_to_num(np.asarray(counts, dtype=np.float64).ravel())
        self._edges = np.asarray(edges, dtype=np.float64).ravel()
        if len(self._edges) != len(self._counts) + 1:
            raise ValueError(f"{len(self._counts)} counts need {len(self._counts) + 1} edges, "
                             f"not {len(self._edges)}")
        self._overlay = None if overlay_counts is None \
            else np.nan_to_num(np.asarray(overlay_counts, dtype=np.float64).ravel())
        self._rules = tuple(rules)
        highest = max(float(self._counts.max(initial=0.0)),
                       float(self._overlay.max(initial=0.0)) if self._overlay is not None else 0.0)
        self._top = scales.grown(self._top, 0.0, highest or 1.0)
        if self.current is not None and self.current >= len(self._counts):
            self.current = None
        self.update()

    # Where things are

    def _y_ticks(self) -> tuple[list[float], list[str]]:
        assert self._top is not None
        ticks = scales.ticks(*self._top, max(2, int((self.height() - self.head) / self.look.px(36))))
        return ticks, numbers.ticks(ticks)

    @property
    def _inside(self) -> QRectF:
        """The rectangle between the axes."""
        px, line = self.look.px, self.text_height(11)
        left = max(self.text_width(text, 11) for text in self._y_ticks()[1]) + px(6) \
            + (line + px(4) if self._titles[1] else 0)
        below = line + px(4) + (line if self._titles[0] else 0)
        top = self.head + px(4)
        return QRectF(left, top, max(10.0, self.width() - left - px(6)),
                      max(10.0, self.height() - below - top))

    def _factors(self, inside: QRectF) -> tuple[float, float]:
        """Pixels for a unit across and for a unit upwards."""
        assert self._top is not None
        low, high = float(self._edges[0]), float(self._edges[-1])
        return (inside.width() / ((high - low) or 1.0),
                inside.height() / (self._top[1] - self._top[0]))

    def part_at(self, x: float, y: float) -> int | None:
        if not len(self._counts) or self._top is None or not self._inside.contains(x, y):
            return None
        inside = self._inside
        at = float(self._edges[0]) + (x - inside.left()) / self._factors(inside)[0]
        return int(np.clip(np.searchsorted(self._edges, at, "right") - 1, 0, len(self._counts) - 1))

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """↑ leads to the highest bin."""
        if not len(self._counts):
            return None
        if part is None or dy < 0:
            return int(self._counts.argmax())
        return min(max(part + dx, 0), len(self._counts) - 1)

    def place(self, part: int) -> QRectF:
        inside = self._inside
        a, c = self._factors(inside)
        left, right = (inside.left() + a * float(self._edges[one] - self._edges[0])
                       for one in (part, part + 1))
        tall = c * float(self._counts[part])
        return QRectF(left, inside.bottom() - tall, right - left, tall)

    def say(self, part: int) -> str:
        low, high, count = (decimal(float(one)) for one in (
            self._edges[part], self._edges[part + 1], self._counts[part]))
        return f"{low} … {high}: {count}"

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not len(self._counts) or self._top is None:
            return
        inside, low = self._inside, float(self._edges[0])
        a, c = self._factors(inside)
        self._paint_axes(painter, inside, (a, c))
        self._paint_rules(painter, inside, a)
        x = inside.left() + a * (self._edges - low)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(0, 170))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # steps have no slopes
        painter.drawPolygon(_outline(x, inside.bottom() - c * self._counts, inside.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._overlay is not None:
            pen = self.look.pen(1, 1.6 * self.look.scale)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(_outline(x, inside.bottom() - c * self._overlay, inside.bottom()))

    def _paint_axes(
        self, painter: QPainter, inside: QRectF, factors: tuple[float, float]
    ) -> None:
        px = self.look.px
        low, high = float(self._edges[0]), float(self._edges[-1])
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        for value, text in zip(*self._y_ticks(), strict=True):
            self.put(painter, self.label(text, "muted", 11), inside.left() - px(5),
                     inside.bottom() - factors[1] * value, 1.0, 0.5)
        x_ticks = scales.ticks(low, high, max(2, int(inside.width() / px(70))))
        for value, text in zip(x_ticks, numbers.ticks(x_ticks), strict=True):
            picture = self.label(text, "muted", 11)
            half = picture.deviceIndependentSize().width() / 2
            at = min(inside.left() + factors[0] * (value - low), self.width() - half)  # not cut
            self.put(painter, picture, at, inside.bottom() + px(3), 0.5, 0.0)
        if self._titles[0]:
            self.put(painter, self.label(self._titles[0], "muted", 11), inside.center().x(),
                     self.height(), 0.5, 1.0)
        if self._titles[1]:
            self.put(painter, self.label(self._titles[1], "muted", 11, upwards=True), 0,
                     inside.center().y(), 0.0, 0.5)

    def _paint_rules(self, painter: QPainter, inside: QRectF, a: float) -> None:
        low = float(self._edges[0])
        upright: dict[tuple[int, int | None], Rule] = {}  # one rule a pixel column is enough
        for rule in self._rules:
            at = inside.left() + a * (rule.at - low) if math.isfinite(rule.at) else -1.0
            if rule.axis == "x" and inside.left() - 1 <= at <= inside.right() + 1:
                key = (round(at), rule.series)
                if key not in upright or rule.label:
                    upright[key] = rule
        crowded = len(upright) > inside.width() / 8
        ends = [-math.inf, -math.inf]  # of the labels in the first line, and in the second
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # they are upright: as sharp
        for (at_pixel, series), rule in sorted(upright.items(), key=lambda one: one[0][0]):
            color = self.look.color("muted" if series is None else series, 90 if crowded else 200)
            pen = self.look.pen(color, 1)
            if not crowded:
                pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.drawLine(QLineF(at_pixel, inside.top(), at_pixel, inside.bottom()))
            width = self.text_width(rule.label, 11)
            left = at_pixel + 4.0 if at_pixel + 4 + width < inside.right() else at_pixel - 4 - width
            # A label that finds no room is left out, but for that of a coloured rule: it goes below.
            line = int(left <= ends[0] and series is not None)
            if rule.label and left > ends[line]:
                ink = self.look.ink("muted" if series is None else series)
                self.put(painter, self.label(rule.label, ink, 11), left,
                         inside.top() + line * self.text_height(11))
                ends[line] = left + width + 6
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for rule in self._rules:
            if rule.axis == "y" and self._top and self._top[0] <= rule.at <= self._top[1]:
                y = inside.bottom() - inside.height() * rule.at / (self._top[1] - self._top[0])
                color = self.look.color("muted" if rule.series is None else rule.series)
                pen = self.look.pen(color, 1)
                pen.setDashPattern([4, 4])
                painter.setPen(pen)
                painter.drawLine(QLineF(inside.left(), y, inside.right(), y))
                self.put(painter, self.label(rule.label, "muted" if rule.series is None else rule.series, 11),
                         inside.right(), y, 1.0, 1.0)


def _outline(
    x: NDArray[np.float64], y: NDArray[np.float64], bottom: float
) -> QPolygonF:
    """The staircase over bins with edges x (n + 1,) and tops y (n,), closed along the bottom."""
    steps_x = np.repeat(x, 2)
    steps_y = np.concatenate([[bottom], np.repeat(y, 2), [bottom]])
    return polygon(np.stack([steps_x, steps_y], 1))
