"""Points between two axes, with names: what one quantity has to do with another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster, scales
from widgets.pictures.curves import polygon
from widgets.pictures.placing import NOWHERE, contained, covered, overlapping
from widgets.pictures.points import PointsCanvas
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.marks import MARKS, paint_marks
from widgets.theme.numbers import decimal

LARGE = 3.2  # points of this radius are few, and lie over the trends
TRENDS = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class ScatterPlot(PointsCanvas):
    """Named points of several series, each drawn as its mark, as one image.

    Ranges follow the data in steps and remember nothing. A series may have a trend, a line through its
    points, drawn in its own dash.

    Args:
        x, y: what the axes are.
        log_x, log_y: whether that axis is logarithmic; all its values are positive then.
        from_zero: whether y always reaches down to 0; else, and on a logarithmic axis, it follows the points
            and the ghosts.
        years: x is a date in years, so its ticks are whole and written as years are.
        dot: the radius of a point, in pixels before scaling; large ones lie over the trends.
        walk: the selected points are a way: each has its name, the last one first.

    Signals:
        clicked(index), hovered(index): hovered gives -1 when the pointer leaves.
    """

    REACH, OUTLINE = 10, 6

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", y: str = "", log_x: bool = False,
        log_y: bool = False, years: bool = False, from_zero: bool = True, dot: float = 2.4,
        walk: bool = False, parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._titles, self._log, self._log_y, self._years = (x, y), log_x, log_y, years
        self._from_zero, self._dot, self._walk = from_zero and not log_y, dot, walk
        self.rule: float | None = None
        self.series: NDArray[np.intp] = np.zeros(0, np.intp)
        self.series_names: tuple[str, ...] = ()
        self.labelled: tuple[int, ...] = ()
        self.selected: tuple[int, ...] = ()
        self.trends: tuple[tuple[int, NDArray[np.float64]], ...] = ()
        self.ghosts: tuple[tuple[str, NDArray[np.float64]], ...] = ()
        self._x_range: scales.Range = (0.0, 1.0)
        self._y_range: scales.Range = (0.0, 1.0)
        self._sheet = raster.Sheet()
        self._drawn: object = None
        self.setMinimumSize(look.px(220), look.px(150))

    @may_wait
    def draw(
        self, x: NDArray[Any], y: NDArray[Any], names: Sequence[str], *,
        series: NDArray[Any] | None = None, series_names: Sequence[str] = (),
        labelled: Sequence[int] = (), selected: Sequence[int] = (),
        trends: Sequence[tuple[int, NDArray[Any], NDArray[Any]]] = (),
        ghosts: Sequence[tuple[str, NDArray[Any], NDArray[Any]]] = (),
        y_range: scales.Range | None = None, rule: float | None = None, title: str | None = None,
    ) -> None:
        """Show points (m,) over (m,), each with a name.

        Args:
            series: (m,) whose mark and colour each has; the first series is drawn on top.
            labelled: these have their names written beside them where there is room, first come first.
            selected: these have a ring and their name, and a line joins one to the next.
            trends: of a series, the line through (k,) and (k,).
            ghosts: grey lines below the trends, of pinned runs, each with the run's name.
            y_range: what y runs over; without one from 0, or what is less, to what is there.
            rule: an x at which a dashed line stands.

        What is shown already is not painted again.
        """
        points = self._plane(x, y)
        kinds = np.zeros(len(points), np.intp) if series is None else np.array(series, np.intp)
        before, self._drawn = self._drawn, (
            points.tobytes(), kinds.tobytes(), tuple(names), tuple(series_names), tuple(labelled),
            tuple(selected), y_range, rule, title,
            *((one, np.asarray(a).tobytes(), np.asarray(b).tobytes()) for one, a, b in (*trends, *ghosts)))
        if before == self._drawn:
            return
        self.retitle(title)
        self.points, self.series = points, kinds
        self.names, self.series_names = tuple(names), tuple(series_names)
        self.labelled, self.selected, self.rule = tuple(labelled), tuple(selected), rule
        self.ghosts = tuple((name, self._plane(a, b)) for name, a, b in ghosts)
        self.trends = tuple((one, self._plane(a, b)) for one, a, b in trends)
        if len(self.points):
            (left, low), (right, high) = self.points.min(0), self.points.max(0)
            self._x_range = (float(left), float(max(right, left + 1e-6 * max(1.0, abs(left)))))
            if self._from_zero:
                low = min(low, 0.0)
            else:
                every = np.concatenate([self.points[:, 1], *(ghost[:, 1] for _, ghost in self.ghosts)])
                low, high = every.min(), every.max()
            step = 1.0 if self._log_y else scales.nice_step(
                float(max(high - low, 1e-6 * max(1.0, abs(high)))), 4)
            first = float(np.floor(low / step + 1e-9))
            last = max(float(np.ceil(high / step + 1e-9)), first + 1)  # where all lie level, too
            self._y_range = y_range or (first * step, last * step)
        self.forget_lost()
        self.update()

    def _plane(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 2) as the axes have it: decades on a logarithmic one."""
        both = ((np.asarray(x, float), self._log), (np.asarray(y, float), self._log_y))
        return np.stack([np.log10(np.maximum(one, 1e-300)) if log else one for one, log in both], 1)

    # Where things are

    @property
    def _key_height(self) -> int:
        return self.text_height(11) + self.look.px(4) if self.series_names else 0

    @property
    def area(self) -> QRectF:
        """The rectangle between the axes."""
        px, line = self.look.px, self.text_height(11)
        left = self.text_width("0.00", 11) + px(6) + (line + px(4) if self._titles[1] else 0)
        below = line + px(4) + (line if self._titles[0] else 0)
        top = self.head + self._key_height + px(6)
        return QRectF(left, top, max(10.0, self.width() - left - px(10)),
                      max(10.0, self.height() - below - top))

    def on_screen(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m, 2) pixels of the widget."""
        area, margin = self.area, self.look.px(6)
        (left, right), (low, high) = self._x_range, self._y_range
        x = area.left() + margin + (area.width() - 2 * margin) * (points[:, 0] - left) / (right - left)
        y = area.bottom() - area.height() * (points[:, 1] - low) / (high - low)
        return np.stack([x, y], 1)

    def first(self) -> int:
        return self.selected[0] if self.selected else int(self.points[:, 1].argmax())

    def fellows(self, part: int) -> NDArray[np.intp]:
        """Those of the same series."""
        return np.flatnonzero(self.series == self.series[part])

    def say(self, part: int) -> str:
        x, y = self.points[part]
        of = self.series[part]
        name = self.series_names[of] if of < len(self.series_names) else ""
        across = numbers.year(np.floor(x)) if self._years else decimal(10**x if self._log else x)
        up = decimal(10**y if self._log_y else y)
        return f"{self.names[part]}   {across} · {up}   {name}".strip()

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not len(self.points):
            return
        key = (self._x_range, self._y_range, self.head, self.series_names, self.rule,
               tuple(name for name, _ in self.ghosts))
        self.layer(painter, "axes", key, self._paint_axes)
        spots = self.on_screen(self.points)
        few = self._dot >= LARGE
        if not few:
            self._paint_points(painter, spots)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(self.area)
        for _, ghost in self.ghosts:
            painter.setPen(self.look.pen("ghost", 6 * self.look.scale))
            painter.drawPolyline(polygon(self.on_screen(ghost)))
        painter.setClipping(False)
        for one, trend in self.trends:
            line = polygon(self.on_screen(trend))
            for pen in (self.look.pen("card", 5 * self.look.scale),
                        self.look.pen(one, 2 * self.look.scale, TRENDS[one % len(TRENDS)])):
                painter.setPen(pen)
                painter.drawPolyline(line)
        if few:
            self._paint_points(painter, spots)
        self._paint_selected(painter, spots)
        self._paint_names(painter, spots)

    def _paint_points(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        ratio, area = self.devicePixelRatioF(), self.area.toRect().adjusted(-6, -6, 6, 6)
        pixels = self._sheet.cleared(round(area.height() * ratio), round(area.width() * ratio))
        at = (spots - [area.left(), area.top()]) * ratio
        for one in reversed(range(int(self.series.max()) + 1)):
            here = self.series == one
            ink = np.array(raster.rgba(self.look.color(one)), np.uint8)
            raster.discs(pixels, at[here, 0], at[here, 1], self._dot * self.look.scale * ratio, ink,
                         one % len(MARKS))
        self._sheet.paint(painter, area.left(), area.top(), ratio)

    def _paint_selected(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        painter.setPen(self.look.pen("text", 1.5 * self.look.scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = [QPointF(*spots[one]) for one in self.selected]
        for start, end in pairwise(chosen):
            painter.drawLine(QLineF(start, end))
        for one in chosen:
            painter.drawEllipse(one, self.look.px(5), self.look.px(5))

    def _paint_names(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        """Names beside their points, each where it covers no other, least of the lines between the selected
        ones, then the fewest points and least of the trends. A name that is not selected is left out rather
        than struck through by those lines."""
        px, area, tall = self.look.px, self.area, self.text_height(12)
        room = area.adjusted(-px(2), -px(6), px(8), 0)
        first = self.selected[::-1] if self._walk else self.selected[:1]
        order = [*first, *(one for one in self.labelled if one not in self.selected)]
        if not order:
            return
        share = np.linspace(0, 1, 60)[:, None]
        lines = np.concatenate([spots[:0], *(spots[a] + (spots[b] - spots[a]) * share
                                             for a, b in pairwise(self.selected))])
        trends = np.concatenate([spots[:0], *(a + (b - a) * share for _, trend in self.trends
                                              for a, b in pairwise(self.on_screen(trend)))])
        wide = np.array([self.text_width(self.names[one], 12, one in self.selected) + px(4)
                         for one in order])
        x, y = spots[order].T
        left, top = np.stack([
            (x + px(6), y - tall / 2), (x - px(6) - wide, y - tall / 2),
            (x - wide / 2, y - tall - px(4)), (x - wide / 2, y + px(4)),
            (x + px(3), y - tall - px(2)), (x - px(3) - wide, y - tall - px(2)),
            (x + px(3), y + px(2)), (x - px(3) - wide, y + px(2))], 2)          # (names, places) each
        boxes = np.stack([left, top, left + wide[:, None], top + tall], 2)
        free = contained(boxes.reshape(-1, 4), room).reshape(left.shape)
        struck = np.zeros(left.shape, np.intp)  # by lines between the selected ones
        struck[free] = covered(boxes[free], lines)
        free &= np.isin(order, self.selected)[:, None] | (struck == 0)
        taken = NOWHERE
        for at, one in enumerate(order):
            if not (fits := np.flatnonzero(free[at])).size:
                continue
            fits = fits[~overlapping(boxes[at, fits], taken)]
            if len(fits) > 1:
                some = boxes[at, fits]
                fits = fits[np.lexsort((covered(some, trends), covered(some, spots), struck[at, fits]))]
            if len(fits):
                box = boxes[at, fits[0]]
                taken = np.concatenate([taken, box[None]])
                self.put(painter, self.label(self.names[one], "text", 12, one in self.selected, halo=True),
                         box[0] - px(2), box[1] - px(2))

    def _paint_axes(self, painter: QPainter) -> None:
        px, area, (left, right), (low, high) = self.look.px, self.area, self._x_range, self._y_range
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.drawLine(area.topLeft(), area.bottomLeft())
        if self.rule is not None and left <= self.rule <= right:
            x = self.on_screen(np.array([[self.rule, low]]))[0, 0]
            painter.setPen(self.look.pen("ghost", 1, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        many = max(2, int(area.width() / px(70)))
        x_ticks = scales.log_ticks(left, right, many) if self._log \
            else scales.ticks(left, right, many, integer=self._years)
        texts = numbers.decades(x_ticks) if self._log else [*map(numbers.year, x_ticks)] if self._years \
            else numbers.ticks(x_ticks)
        at = self.on_screen(np.stack([np.array(x_ticks), np.full(len(x_ticks), low)], 1))[:, 0]
        for x, text in zip(at, texts, strict=True):
            picture = self.label(text, "muted", 11)
            half = picture.deviceIndependentSize().width() / 2
            self.put(painter, picture, min(x, self.width() - half), area.bottom() + px(3), 0.5, 0.0)
        many = max(2, int(area.height() / px(34)))
        y_ticks = scales.log_ticks(low, high, many) if self._log_y else scales.ticks(low, high, many)
        at = self.on_screen(np.stack([np.full(len(y_ticks), left), np.array(y_ticks)], 1))[:, 1]
        texts = numbers.decades(y_ticks) if self._log_y else numbers.ticks(y_ticks)
        for y, text in zip(at, texts, strict=True):
            self.put(painter, self.label(text, "muted", 11), area.left() - px(5), y, 1.0, 0.5)
        if self._titles[0]:
            self.put(painter, self.label(self._titles[0], "muted", 11), area.center().x(),
                     self.height(), 0.5, 1.0)
        if self._titles[1]:
            self.put(painter, self.label(self._titles[1], "muted", 11, upwards=True), 0,
                     area.center().y(), 0.0, 0.5)
        x, y = float(px(8)), self.head + self.text_height(11) / 2
        for one, name in enumerate(self.series_names):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color(one))
            paint_marks(painter, one, [(x, y)], px(4))
            x = self.put(painter, self.label(name, "muted", 11), x + px(8), y, 0.0, 0.5).right() + px(18)
        for name, _ in self.ghosts:
            painter.setPen(self.look.pen("ghost", 4 * self.look.scale))
            painter.drawLine(QLineF(x - px(6), y, x + px(6), y))
            room = round(max(px(20), self.width() - x - px(14)))
            said = self.label(name, "muted", 11, longest=room)
            x = self.put(painter, said, x + px(10), y, 0.0, 0.5).right() + px(18)
