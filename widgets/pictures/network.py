"""People and what they think: a graph of who listens to whom, and paths of opinions over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster, scales
from widgets.pictures.canvas import Canvas
from widgets.pictures.points import point_beside
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.numbers import decimal

REACH = 12
FEW_PATHS = 60  # so few are drawn as smooth lines
FEW_NODES = 120  # so few are painted faster one by one than rasterised


def _paint_scale(canvas: Canvas[int], painter: QPainter, low: float, high: float) -> None:
    """A colour bar with its ends at the right of the title."""
    px = canvas.look.px
    at = canvas.put(painter, canvas.label(decimal(high), "muted", 11), canvas.width() - px(2), 0, 1)
    bar = QRect(round(at.left()) - px(84), round(at.center().y()) - px(4), px(80), px(8))
    painter.drawImage(bar, raster.to_image(raster.for_points(canvas.look.theme)[None]))
    canvas.put(painter, canvas.label(decimal(low), "muted", 11), bar.left() - px(4), 0, 1)


class NetworkGraph(Canvas[int]):
    """Nodes coloured by a value, and the edges between them.

    Signals:
        clicked(index), hovered(index): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.positions: NDArray[Any] = np.zeros((0, 2), np.float32)
        self.edges: NDArray[Any] = np.zeros((0, 2), np.int64)
        self.values: NDArray[Any] = np.zeros(0, np.float32)
        self.low, self.high = 0.0, 1.0
        self.selected = -1
        self._sheet = raster.Sheet()
        self._wiring = 0  # counts changes of positions or edges
        self.setMinimumSize(look.px(160), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, positions: NDArray[Any], edges: NDArray[Any], values: NDArray[Any], *,
        low: float = 0.0, high: float = 1.0, selected: int = -1, title: str | None = None,
    ) -> None:
        """Show nodes at ``positions`` (N, 2) with ``values`` (N,) and ``edges`` (E, 2) of indices.

        Edges are drawn once and kept while they and the positions stay, which is why values can
        change at every frame.
        """
        self.retitle(title)
        positions, edges = np.asarray(positions), np.asarray(edges).reshape(-1, 2)
        if not (np.array_equal(positions, self.positions) and np.array_equal(edges, self.edges)):
            self.positions, self.edges = positions.copy(), edges.copy()
            self._wiring += 1
        self.values = np.asarray(values, np.float32)
        self.low, self.high, self.selected = low, high, selected
        if self.current is not None and self.current >= len(positions):
            self.current = None
        self.update()

    @property
    def area(self) -> QRect:
        return QRect(0, self.head, self.width(), max(1, self.height() - self.head))

    @property
    def radius(self) -> float:
        """Of a node: a part of the room that each has, within bounds."""
        room = self.area.width() * self.area.height() / max(len(self.positions), 1)
        return float(np.clip(0.18 * room**0.5, 2.5 * self.look.scale, 9.0 * self.look.scale))

    def on_screen(self) -> NDArray[np.float64]:
        """(N, 2) pixels of the widget; the graph fills the area, its shape kept."""
        spots = np.asarray(self.positions, np.float64)
        if not len(spots):
            return spots
        low, high = spots.min(axis=0), spots.max(axis=0)
        extent = np.maximum(high - low, 1e-9)
        area, margin = QRectF(self.area), self.radius + self.look.px(8)
        scale = min((area.width() - 2 * margin) / extent[0],
                    (area.height() - 2 * margin) / extent[1])
        middle = (low + high) / 2
        return np.stack([area.center().x() + (spots[:, 0] - middle[0]) * scale,
                         area.center().y() - (spots[:, 1] - middle[1]) * scale], axis=1)

    def part_at(self, x: float, y: float) -> int | None:
        if not len(self.positions) or y < self.head:
            return None
        far = ((self.on_screen() - [x, y]) ** 2).sum(axis=1)
        best = int(np.argmin(far))
        return best if far[best] <= max(self.look.px(REACH), self.radius) ** 2 else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.positions):
            return None
        if part is None:
            return max(self.selected, 0)
        return point_beside(self.on_screen(), part, dx, dy)

    def place(self, part: int) -> QRectF:
        x, y = self.on_screen()[part].tolist()
        reach = self.radius + self.look.px(2)
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def say(self, part: int) -> str:
        return f"{part}   {decimal(float(self.values[part]))}"

    def paint(self, painter: QPainter) -> None:
        if not len(self.positions):
            return
        self.layer(painter, "edges", self._wiring, self._paint_edges)
        spots = self.on_screen()
        self._paint_ties(painter, spots)
        self._paint_nodes(painter, spots)
        _paint_scale(self, painter, self.low, self.high)

    def _lines(self, edges: NDArray[Any], spots: NDArray[np.float64]) -> list[QLineF]:
        return [QLineF(*one) for one in spots[edges].reshape(-1, 4).tolist()]

    def _paint_edges(self, painter: QPainter) -> None:
        crowd = len(self.edges) / max(len(self.positions), 1)
        color = self.look.color("ghost", int(np.clip(255 * 4 / max(crowd, 1), 60, 200)))
        painter.setPen(self.look.pen(color, self.look.scale))
        painter.drawLines(self._lines(self.edges, self.on_screen()))

    def _paint_ties(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        """The edges of the node that is chosen or under the pointer stand out."""
        centre = self.current if self.current is not None else self.selected
        if not 0 <= centre < len(spots) or not len(self.edges):
            return
        own = self.edges[(self.edges == centre).any(axis=1)]
        painter.setPen(self.look.pen("accent", 1.6 * self.look.scale))
        painter.drawLines(self._lines(own, spots))

    def _paint_nodes(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        shades = raster.colour(self.values, self.low, self.high, raster.for_points(self.look.theme))
        if len(spots) <= FEW_NODES:
            painter.setPen(self.look.pen("card", 1.5 * self.look.scale))
            reach = self.radius + 0.75 * self.look.scale  # half of the rim lies inside
            for (x, y), (red, green, blue, _) in zip(spots.tolist(), shades.tolist(), strict=True):
                painter.setBrush(QColor(red, green, blue))
                painter.drawEllipse(QPointF(x, y), reach, reach)
        else:
            self._raster_nodes(painter, spots, shades)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index, token in ((self.current, "muted"), (self.selected, "text")):
            if index is not None and 0 <= index < len(spots):
                painter.setPen(self.look.pen(token, 2 * self.look.scale))
                reach = self.radius + self.look.px(3)
                painter.drawEllipse(QPointF(*spots[index].tolist()), reach, reach)

    def _raster_nodes(
        self, painter: QPainter, spots: NDArray[np.float64], shades: raster.Pixels
    ) -> None:
        ratio, area = self.devicePixelRatioF(), self.area
        pixels = self._sheet.cleared(round(area.height() * ratio), round(area.width() * ratio))
        x, y = (spots[:, 0] - area.left()) * ratio, (spots[:, 1] - area.top()) * ratio
        rim = np.array(raster.rgba(self.look.theme.card), np.uint8)
        raster.discs(pixels, x, y, (self.radius + 1.5 * self.look.scale) * ratio, rim)
        raster.discs(pixels, x, y, self.radius * ratio, shades)
        self._sheet.paint(painter, area.left(), area.top(), ratio)


class TrajectoryField(Canvas[int]):
    """Many paths over time, coloured by a value each, such as everybody's opinion.

    Paths are drawn into a picture that holds the number of the path at each pixel; it is kept, and
    when the next paths begin with the same times only the new ones are drawn. What is kept is
    compared with what is given, so the picture depends on the arguments alone.

    Signals:
        clicked(index), hovered(index): of the path under the pointer, hovered -1 for none.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", y: str = "",
        y_range: tuple[float, float] | None = None, parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self.x_title, self.y_title = x, y
        self.y_range = y_range
        self.paths: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self.steps: NDArray[np.float64] = np.zeros(0)
        self.ghosts: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self.values: NDArray[Any] | None = None
        self.selected = -1
        self.low, self.high = 0.0, 1.0
        self._x_range = (0.0, 1.0)
        self._range = (0.0, 1.0)
        self._index: NDArray[np.int32] = np.zeros((0, 0), np.int32)
        self._kept: tuple[object, NDArray[np.float32], NDArray[np.float64]] | None = None
        self.setMinimumSize(look.px(160), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, paths: NDArray[Any], *, values: NDArray[Any] | None = None,
        steps: NDArray[Any] | None = None, x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None, low: float | None = None,
        high: float | None = None, selected: int = -1, title: str | None = None,
        ghosts: NDArray[Any] | None = None,
    ) -> None:
        """Show ``paths`` (T, N).

        Args:
            values: (N,) what the colours mean, from ``low`` to ``high``; the paths' last height if
                not given.
            steps: (T,) increasing times; 0 … T-1 if not given.
            x_range: of the axis; by default from the first time to a round one beyond the last.
            y_range: by default the one of the constructor, or that of the paths.
            selected: a path drawn on top of all.
            ghosts: (T, Q) a few paths of another run, drawn dashed on top.
        """
        self.retitle(title)
        self.ghosts = np.zeros((len(paths), 0), np.float32) if ghosts is None \
            else np.asarray(ghosts, np.float32)
        self.paths = np.asarray(paths, np.float32)
        length = len(self.paths)
        self.steps = np.arange(length, dtype=float) if steps is None \
            else np.asarray(steps, np.float64)
        last = self.paths[-1] if length else np.zeros(0, np.float32)
        self.values = last if values is None else np.asarray(values, np.float32)
        self._range = y_range or self.y_range or raster.limits(self.paths, None, None)
        self._x_range = x_range or self._room()
        if low is None and high is None and values is None:
            self.low, self.high = self._range
        else:
            self.low, self.high = raster.limits(self.values, low, high)
        self.selected = selected
        if self.current is not None and self.current >= self.paths.shape[1]:
            self.current = None
        self.update()

    def _room(self) -> tuple[float, float]:
        """From the first time to the next round number: the axis grows in few steps."""
        if not len(self.steps):
            return 0.0, 1.0
        first, span = float(self.steps[0]), max(float(self.steps[-1] - self.steps[0]), 10.0)
        power = 10.0 ** np.floor(np.log10(span))
        for part in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0):
            if span <= part * power:
                return first, first + part * float(power)
        return first, first + span

    # Where things are

    @property
    def area(self) -> QRect:
        px = self.look.px
        left = px(36) + (px(20) if self.y_title else 0)
        bottom = self.text_height(11) + px(4) + (self.text_height(12) if self.x_title else 0)
        return QRect(left, self.head + px(4), max(2, self.width() - left - px(16)),
                     max(2, self.height() - self.head - px(4) - bottom))

    def _across(self, steps: NDArray[Any]) -> NDArray[np.float64]:
        """Pixels from the left of the area."""
        low, high = self._x_range
        return np.asarray((steps - low) / (high - low) * (self.area.width() - 1), np.float64)

    def _down(self, heights: NDArray[Any]) -> NDArray[Any]:
        low, high = self._range
        return (np.float32(high) - heights) * np.float32((self.area.height() - 1) / (high - low))

    def part_at(self, x: float, y: float) -> int | None:
        if not self.paths.size or not self.area.contains(int(x), int(y)):
            return None
        at = int(np.argmin(np.abs(self._across(self.steps) - (x - self.area.left()))))
        far = np.abs(self._down(self.paths[at]) - (y - self.area.top()))
        if not np.isfinite(far).any():
            return None
        best = int(np.nanargmin(far))
        beyond = x - self.area.left() - float(self._across(self.steps[-1:])[0])
        return best if max(float(far[best]), beyond) <= self.look.px(REACH) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """Up and down by the last height; left and right by number."""
        count: int = self.paths.shape[1]
        if not self.paths.size:
            return None
        if part is None:
            return max(self.selected, 0)
        if dx:
            return min(max(part + dx, 0), count - 1)
        ranks = np.argsort(self.paths[-1], kind="stable")
        at = int(np.flatnonzero(ranks == part)[0]) - dy
        return int(ranks[int(np.clip(at, 0, count - 1))])

    def place(self, part: int) -> QRectF:
        x = self.area.left() + self._across(self.steps[-1:])[0]
        y = self.area.top() + float(self._down(self.paths[-1, part : part + 1])[0])
        reach = self.look.px(4)
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def say(self, part: int) -> str:
        start, end = float(self.paths[0, part]), float(self.paths[-1, part])
        return f"{part}   {decimal(start)} → {decimal(end)}"

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._kept = None

    # Painting

    def paint(self, painter: QPainter) -> None:
        self.layer(painter, "axes", (self._x_range, self._range, self.title), self._paint_axes)
        if not self.paths.size:
            return
        if self.paths.shape[1] <= FEW_PATHS:
            self._paint_few(painter)
        else:
            self._paint_many(painter)
        for ghost in self.ghosts.T:
            line = self._line(ghost)
            painter.setPen(self.look.pen(self.look.color("card", 190), 3.5 * self.look.scale))
            painter.drawPolyline(line)
            painter.setPen(self.look.pen("text", 1.3 * self.look.scale, Qt.PenStyle.DashLine))
            painter.drawPolyline(line)
        for index, token in ((self.current, "muted"), (self.selected, "text")):
            if index is not None and 0 <= index < self.paths.shape[1]:
                painter.setPen(self.look.pen("card", 5 * self.look.scale))
                painter.drawPolyline(self._line(self.paths[:, index]))
                painter.setPen(self.look.pen(token, 2 * self.look.scale))
                painter.drawPolyline(self._line(self.paths[:, index]))

    def _line(self, heights: NDArray[np.float32]) -> QPolygonF:
        x = (self._across(self.steps) + self.area.left()).tolist()
        y = (self._down(heights) + self.area.top()).tolist()
        return QPolygonF([QPointF(a, b) for a, b in zip(x, y, strict=True) if b == b])

    def _paint_few(self, painter: QPainter) -> None:
        assert self.values is not None
        shades = raster.colour(self.values, self.low, self.high, raster.for_points(self.look.theme)).tolist()
        for index, (red, green, blue, _) in enumerate(shades):
            color = self.look.color("text")
            color.setRgb(red, green, blue)
            painter.setPen(self.look.pen(color, 1.6 * self.look.scale))
            painter.drawPolyline(self._line(self.paths[:, index]))

    def _paint_many(self, painter: QPainter) -> None:
        """The picture of all paths, as far to the right as they have come."""
        assert self.values is not None
        self._bring_up_to_date()
        table = np.zeros((self.paths.shape[1] + 1, 4), np.uint8)  # the last one is for -1
        table[:-1] = raster.colour(self.values, self.low, self.high, raster.for_points(self.look.theme))
        packed = table[:, [2, 1, 0, 3]].copy().view(np.uint32)[:, 0]  # as Qt paints with, no copy
        ratio = self.devicePixelRatioF()
        width, height = self._index.shape
        reach = min(width, round(float(self._across(self.steps[-1:])[0]) * ratio) + 2)
        shades = np.ascontiguousarray(packed[self._index[:reach]].T)
        image = QImage(shades.data, reach, height, 4 * reach,
                       QImage.Format.Format_ARGB32_Premultiplied)
        area = QRectF(self.area)
        painter.drawImage(QRectF(area.left(), area.top(), area.width() * reach / width,
                                 area.height()), image)

    def _bring_up_to_date(self) -> None:
        """Draw into the kept picture the times that it lacks."""
        ratio = self.devicePixelRatioF()
        width, height = round(self.area.width() * ratio), round(self.area.height() * ratio)
        key = (width, height, self._x_range, self._range, self.paths.shape[1])
        first = 0
        if self._kept is not None and self._kept[0] == key:
            _, paths, steps = self._kept
            both = min(len(paths), len(self.paths))
            if np.array_equal(steps[:both], self.steps[:both]) and \
                    _same(paths[:both], self.paths[:both]):
                first = both
        columns = np.round(self._across(self.steps) * ratio).astype(np.int32)
        if first == 0:
            self._index = np.full((width, height), -1, np.int32)
        elif first <= len(self.paths):
            # Scrubbed back, or a last column without a next: what is from there on is drawn anew.
            self._index[max(0, int(columns[max(0, first - 2)])) :] = -1
        start = max(0, first - 2)
        raster.paths(self._index, self._down(self.paths[start:]) * np.float32(ratio),
                     columns[start:])
        self._kept = key, self.paths, self.steps

    def _paint_axes(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(area.left() - 1, area.top(), area.left() - 1, area.bottom() + 1)
        painter.drawLine(area.left() - 1, area.bottom() + 1, area.right(), area.bottom() + 1)
        values = scales.ticks(*self._range, max(2, area.height() // px(36)))
        for value, name in zip(values, numbers.ticks(values), strict=True):
            y = area.top() + float(self._down(np.array([value]))[0])
            self.put(painter, self.label(name, "muted", 11), area.left() - px(6), y, 1, 0.5)
        steps = scales.ticks(*self._x_range, max(2, area.width() // px(80)))
        for value, name in zip(steps, numbers.ticks(steps), strict=True):
            x = area.left() + float(self._across(np.array([value]))[0])
            self.put(painter, self.label(name, "muted", 11), x, area.bottom() + px(4), 0.5)
        if self.x_title:
            self.put(painter, self.label(self.x_title, "muted", 12), area.center().x(), self.height(),
                     0.5, 1)
        if self.y_title:
            self.put(painter, self.label(self.y_title, "muted", 12, upwards=True), 0, area.center().y(),
                     0, 0.5)


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two arrays are equal bit for bit, so that holes equal holes."""
    if one is other:
        return True
    bits = [np.ascontiguousarray(each).view(np.uint32) for each in (one, other)]
    return bool(np.array_equal(bits[0], bits[1]))
