"""Bars: named values beside one another, and histograms with rules through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets import numbers, scales
from widgets.calm import Unhurried, may_wait
from widgets.cards import Heading
from widgets.curves import Rule, polygon
from widgets.look import Look
from widgets.numbers import Write, decimal, fixed
from widgets.style import font


class _Picture(QWidget):
    """The painted area below a heading: hands painting and the mouse to its owner."""

    def __init__(self, owner: BarChart | Histogram) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else its card is painted too
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._owner.look.color("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._owner.paint_on(painter, QRectF(self.rect()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._owner.mouse_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._owner.mouse_at(event.position(), click=True)

    def leaveEvent(self, _event: QEvent) -> None:
        self._owner.mouse_at(None)


class BarChart(Unhurried):
    """Named values as bars, across (``horizontal``) or upright.

    Args:
        x: what the values are, with their unit.
        low, high: the range of values; ``high=None`` follows them in steps.
        write: how the figure at a bar's end is written.
    """

    clicked = Signal(int)
    hovered = Signal(int)  # -1 when the mouse leaves

    def __init__(
        self,
        look: Look,
        title: str,
        *,
        x: str = "",
        horizontal: bool = True,
        low: float = 0.0,
        high: float | None = None,
        write: Write = fixed,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._x, self._horizontal, self._write = x, horizontal, write
        self._low, self._high = low, high
        self._shown_range: scales.Range | None = None
        self._values: NDArray[np.float64] = np.empty(0)
        self._labels: tuple[str, ...] = ()
        self._series: int | Sequence[int] = 0
        self._highlight, self._hover = -1, -1
        self._muted: frozenset[int] = frozenset()
        self._slots: list[QRectF] = []
        self._heading = Heading(look, title)
        self._picture = _Picture(self)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(6))
        lines.addWidget(self._heading)
        lines.addWidget(self._picture, 1)
        self.setMinimumSize(look.px(120), look.px(70))
        self.setAccessibleName(title)

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
        """Show these values; ``series`` colours all bars or each, ``muted`` ones are grey."""
        if title is not None:
            self._heading.say(title)
        self._values = np.asarray(values, dtype=np.float64).ravel()
        self._labels = tuple(labels)[: len(self._values)]
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
        self._picture.update()

    def bar_at(self, index: int) -> QPointF:
        """The middle of a bar's slot in this widget, once it has been painted."""
        return QPointF(self._picture.pos()) + self._slots[index].center()

    def _color(self, index: int) -> QColor:
        if index in self._muted:
            return self.look.color("ghost")
        series = self._series if isinstance(self._series, int) else self._series[index]
        faded = self._highlight >= 0 and index != self._highlight
        return self.look.color(series, 110 if faded else 255)

    def _text_color(self, index: int) -> QColor:
        return self.look.color("muted" if index in self._muted else "text")

    def paint_on(self, painter: QPainter, area: QRectF) -> None:
        count = len(self._values)
        self._slots = []
        if not count or self._shown_range is None:
            return
        if self._x:
            small = font(self.look, 11)
            height = QFontMetricsF(small).height()
            painter.setFont(small)
            painter.setPen(self.look.color("muted"))
            painter.drawText(QRectF(area.left(), area.bottom() - height, area.width(), height),
                             Qt.AlignmentFlag.AlignCenter, self._x)
            area = area.adjusted(0, 0, 0, -height - 2)
        if self._horizontal:
            self._paint_across(painter, area)
        else:
            self._paint_upright(painter, area)

    def _share(self, value: float) -> float:
        """Where a value lies in the range, 0 … 1."""
        assert self._shown_range is not None
        low, high = self._shown_range
        if not math.isfinite(value):
            return 1.0 if value == math.inf else 0.0
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def _paint_across(self, painter: QPainter, area: QRectF) -> None:
        count, px = len(self._values), self.look.px
        pitch = min(area.height() / count, px(30))
        size = min(12.0, max(8.0, pitch / self.look.scale - 3))
        face = font(self.look, size)
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        named = pitch >= metrics.height() * 0.8
        figures = [self._write(v) for v in self._values]
        name_width = min(area.width() * 0.38, max(
            (metrics.horizontalAdvance(label) for label in self._labels), default=0.0)) \
            if named else 0.0
        figure_width = max(map(metrics.horizontalAdvance, figures)) if named else 0.0
        left = area.left() + name_width + (px(8) if name_width else 0)
        width = max(10.0, area.right() - left - figure_width - (px(6) if named else 0))
        zero = left + width * self._share(0.0)
        thick = max(1.0, min(pitch * 0.66, px(16)))
        for index, value in enumerate(self._values):
            top = area.top() + index * pitch
            slot = QRectF(area.left(), top, area.width(), pitch)
            self._slots.append(slot)
            self._wash(painter, slot, index)
            end = left + width * self._share(float(value))
            if math.isnan(value):
                end = zero
            bar = QRectF(min(zero, end), top + (pitch - thick) / 2, abs(end - zero), thick)
            self._bar(painter, bar, index)
            if not named:
                continue
            painter.setPen(self._text_color(index))
            if index < len(self._labels):
                painter.drawText(
                    QRectF(area.left(), top, name_width, pitch),
                    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                    metrics.elidedText(self._labels[index], Qt.TextElideMode.ElideRight, name_width))
            painter.setPen(self.look.color("muted"))
            painter.drawText(QRectF(max(end, zero) + px(5), top, figure_width + px(2), pitch),
                             Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                             figures[index])
        self._axis(painter, QLineF(zero, area.top(), zero, area.top() + pitch * count))

    def _paint_upright(self, painter: QPainter, area: QRectF) -> None:
        count, px = len(self._values), self.look.px
        face = font(self.look, 11)
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        line = metrics.height()
        pitch = min(area.width() / count, px(64))
        figures = [self._write(v) for v in self._values]
        show_figures = max(map(metrics.horizontalAdvance, figures)) + 2 <= pitch
        wide = max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0)
        # Names that do not fit side by side are shown for every second, third … bar.
        every = max(1, math.ceil((wide + px(4)) / pitch)) if wide < px(48) else 1
        top = area.top() + (line + 2 if show_figures else 2)
        bottom = area.bottom() - (line + 3 if wide else 1)
        height = max(10.0, bottom - top)
        left = area.left() + (area.width() - pitch * count) / 2
        zero = bottom - height * self._share(0.0)
        thick = max(1.0, min(pitch * 0.7, px(36)))
        for index, value in enumerate(self._values):
            x = left + index * pitch
            slot = QRectF(x, area.top(), pitch, area.height())
            self._slots.append(slot)
            self._wash(painter, slot, index)
            end = bottom - height * self._share(float(value))
            if math.isnan(value):
                end = zero
            bar = QRectF(x + (pitch - thick) / 2, min(zero, end), thick, abs(end - zero))
            self._bar(painter, bar, index)
            painter.setPen(self.look.color("muted"))
            if show_figures:
                painter.drawText(QRectF(x, min(end, zero) - line - 1, pitch, line),
                                 Qt.AlignmentFlag.AlignCenter, figures[index])
            if index < len(self._labels) and index % every == 0:
                painter.setPen(self._text_color(index))
                room = pitch * every - px(2)
                painter.drawText(
                    QRectF(x + pitch / 2 - room / 2, bottom + 3, room, line),
                    Qt.AlignmentFlag.AlignCenter,
                    metrics.elidedText(self._labels[index], Qt.TextElideMode.ElideRight, room))
        self._axis(painter, QLineF(left, zero, left + pitch * count, zero))

    def _wash(self, painter: QPainter, slot: QRectF, index: int) -> None:
        if index in (self._hover, self._highlight):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRoundedRect(slot, 4, 4)

    def _bar(self, painter: QPainter, bar: QRectF, index: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color(index))
        radius = min(2.5 * self.look.scale, bar.width() / 2, bar.height() / 2)
        painter.drawRoundedRect(bar, radius, radius)

    def _axis(self, painter: QPainter, line: QLineF) -> None:
        painter.setPen(QPen(self.look.color("ghost"), 1))
        painter.drawLine(line)

    def mouse_at(self, position: QPointF | None, *, click: bool = False) -> None:
        at = -1 if position is None else next(
            (i for i, slot in enumerate(self._slots) if slot.contains(position)), -1)
        if click and at >= 0:
            self.clicked.emit(at)
        if at != self._hover:
            self._hover = at
            self.setToolTip(self._tip(at))
            self.hovered.emit(at)
            self._picture.update()

    def _tip(self, index: int) -> str:
        if not 0 <= index < len(self._values):
            return ""
        name = self._labels[index] if index < len(self._labels) else ""
        return f"{name}  {self._write(float(self._values[index]))}".strip()


class Histogram(Unhurried):
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
        super().__init__(parent)
        self.look = look
        self._titles = (x, y)
        self._counts: NDArray[np.float64] = np.empty(0)
        self._edges: NDArray[np.float64] = np.empty(0)
        self._overlay: NDArray[np.float64] | None = None
        self._rules: tuple[Rule, ...] = ()
        self._top: scales.Range | None = None
        self._heading = Heading(look, title)
        self._picture = _Picture(self)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(6))
        lines.addWidget(self._heading)
        lines.addWidget(self._picture, 1)
        self.setMinimumSize(look.px(140), look.px(90))
        self.setAccessibleName(title)

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
        if title is not None:
            self._heading.say(title)
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
        self._picture.update()

    def paint_on(self, painter: QPainter, area: QRectF) -> None:
        if not len(self._counts) or self._top is None:
            return
        px = self.look.px
        small = font(self.look, 11)
        metrics = QFontMetricsF(small)
        line = metrics.height()
        painter.setFont(small)
        y_ticks = scales.ticks(*self._top, max(2, int(area.height() / px(36))))
        y_texts = numbers.ticks(y_ticks)
        left = area.left() + max(map(metrics.horizontalAdvance, y_texts)) + px(6) \
            + (line if self._titles[1] else 0)
        bottom = area.bottom() - line - px(4) - (line if self._titles[0] else 0)
        inside = QRectF(left, area.top() + px(4), max(10.0, area.right() - left - px(6)),
                        max(10.0, bottom - area.top() - px(4)))
        low, high = float(self._edges[0]), float(self._edges[-1])
        a = inside.width() / ((high - low) or 1.0)
        c = inside.height() / (self._top[1] - self._top[0])

        self._paint_axes(painter, area, inside, (a, c), y_ticks, y_texts)
        self._paint_rules(painter, inside, a)
        x = inside.left() + a * (self._edges - low)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(0, 170))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # steps have no slopes
        painter.drawPolygon(_outline(x, inside.bottom() - c * self._counts, inside.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._overlay is not None:
            pen = QPen(self.look.color(1), 1.6 * self.look.scale)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(_outline(x, inside.bottom() - c * self._overlay, inside.bottom()))

    def _paint_axes(
        self,
        painter: QPainter,
        area: QRectF,
        inside: QRectF,
        factors: tuple[float, float],
        y_ticks: Sequence[float],
        y_texts: Sequence[str],
    ) -> None:
        px, metrics = self.look.px, QFontMetricsF(painter.font())
        line, middle = metrics.height(), metrics.capHeight() / 2
        low, high = float(self._edges[0]), float(self._edges[-1])
        painter.setPen(QPen(self.look.color("hairline"), 1))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        painter.setPen(self.look.color("muted"))
        for value, text in zip(y_ticks, y_texts, strict=True):
            at = inside.bottom() - factors[1] * value
            painter.drawText(QPointF(inside.left() - px(5) - metrics.horizontalAdvance(text),
                                     at + middle), text)
        x_ticks = scales.ticks(low, high, max(2, int(inside.width() / px(70))))
        for value, text in zip(x_ticks, numbers.ticks(x_ticks), strict=True):
            wide = metrics.horizontalAdvance(text)
            at = inside.left() + factors[0] * (value - low) - wide / 2
            at = min(at, area.right() - wide)  # the last one would be cut
            painter.drawText(QPointF(at, inside.bottom() + px(3) + metrics.ascent()), text)
        if self._titles[0]:
            painter.drawText(QRectF(inside.left(), area.bottom() - line, inside.width(), line),
                             Qt.AlignmentFlag.AlignCenter, self._titles[0])
        if self._titles[1]:
            painter.save()
            painter.translate(area.left() + line / 2, inside.center().y())
            painter.rotate(-90)
            painter.drawText(QRectF(-inside.height() / 2, -line / 2, inside.height(), line),
                             Qt.AlignmentFlag.AlignCenter, self._titles[1])
            painter.restore()

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
        metrics = QFontMetricsF(painter.font())
        end = -math.inf
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # they are upright: as sharp
        for (at_pixel, series), rule in sorted(upright.items(), key=lambda one: one[0][0]):
            color = self.look.color("muted" if series is None else series, 90 if crowded else 200)
            pen = QPen(color, 1)
            if not crowded:
                pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.drawLine(QLineF(at_pixel, inside.top(), at_pixel, inside.bottom()))
            width = metrics.horizontalAdvance(rule.label)
            left = at_pixel + 4.0 if at_pixel + 4 + width < inside.right() else at_pixel - 4 - width
            if rule.label and left > end:
                color.setAlpha(255)
                painter.setPen(color)
                painter.drawText(QPointF(left, inside.top() + metrics.ascent()), rule.label)
                end = left + width + 6
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for rule in self._rules:
            if rule.axis == "y" and self._top and self._top[0] <= rule.at <= self._top[1]:
                y = inside.bottom() - inside.height() * rule.at / (self._top[1] - self._top[0])
                color = self.look.color("muted" if rule.series is None else rule.series)
                pen = QPen(color, 1)
                pen.setDashPattern([4, 4])
                painter.setPen(pen)
                painter.drawLine(QLineF(inside.left(), y, inside.right(), y))
                painter.drawText(QRectF(inside.left(), y - metrics.height(), inside.width(),
                                        metrics.height()), Qt.AlignmentFlag.AlignRight, rule.label)

    def mouse_at(self, position: QPointF | None, *, click: bool = False) -> None:
        """The mouse only looks: the bin under it is told in the tool tip."""
        if position is None or not len(self._counts):
            return
        share = position.x() / max(1, self._picture.width())
        index = int(np.clip(share * len(self._counts), 0, len(self._counts) - 1))
        self._picture.setToolTip(
            f"{decimal(self._edges[index])} … {decimal(self._edges[index + 1])}: "
            f"{decimal(self._counts[index])}")


def _outline(
    x: NDArray[np.float64], y: NDArray[np.float64], bottom: float
) -> QPolygonF:
    """The staircase over bins with edges x (n + 1,) and tops y (n,), closed along the bottom."""
    steps_x = np.repeat(x, 2)
    steps_y = np.concatenate([[bottom], np.repeat(y, 2), [bottom]])
    return polygon(np.stack([steps_x, steps_y], 1))
