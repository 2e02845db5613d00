"""A surface seen from above, with contour lines, and the paths of those who go down it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster, scales
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import polygon, stroke
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.marks import paint_marks
from widgets.theme.numbers import decimal

Cell = tuple[int, int]
BANDS = 14  # between the lowest place and the highest, in equal ratios of height
DEPTH = 0.004  # of the whole height: nearer to the lowest place no more lines are drawn


@dataclass(frozen=True)
class Track:
    """One who goes: (T, 2) places, the last one now. A hollow one has a hollow mark and a dashed line."""

    places: NDArray[Any]
    name: str
    series: int
    hollow: bool = False
    bold: bool = False


class Landscape(Canvas[Cell]):
    """Heights over a rectangle, darker where higher, and tracks upon it, each with its mark at its end.

    Signals:
        clicked(x, y), hovered(column, row): hovered gives (−1, −1) when the pointer leaves.
    """

    clicked = Signal(float, float)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str = "", *, height: str = "", parent: QWidget | None = None
    ) -> None:
        """``height`` names what the surface is, for the readout."""
        super().__init__(look, title, parent)
        self._height = height
        self.surface: NDArray[np.float32] = np.zeros((2, 2), np.float32)
        self.across: NDArray[np.float64] = np.array([0.0, 1.0])
        self.up: NDArray[np.float64] = np.array([0.0, 1.0])
        self.tracks: tuple[Track, ...] = ()
        self.ghosts: tuple[NDArray[np.float64], ...] = ()
        self.lowest: tuple[float, float] | None = None
        self.axes = ("", "")
        self._image: QImage | None = None
        self.setMinimumSize(look.px(240), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, surface: NDArray[Any], across: NDArray[Any], up: NDArray[Any], tracks: Sequence[Track], *,
        ghosts: Sequence[NDArray[Any]] = (), lowest: tuple[float, float] | None = None,
        axes: tuple[str, str] = ("", ""), title: str | None = None,
    ) -> None:
        """Show heights (n, m) over ``across`` (m,) and ``up`` (n,), both rising; ``lowest`` is marked."""
        self.retitle(title)
        if surface.shape != self.surface.shape or not np.array_equal(surface, self.surface):
            self._image = None
        self.surface, self.across, self.up = surface, np.asarray(across, float), np.asarray(up, float)
        self.tracks, self.lowest, self.axes = tuple(tracks), lowest, axes
        self.ghosts = tuple(np.asarray(one, float) for one in ghosts)
        if self.current is not None and (self.current[0] >= len(across) or self.current[1] >= len(up)):
            self.current = None
        self.update()

    # Where things are

    def _key_rows(self) -> list[list[tuple[Track, float]]]:
        """The tracks' names in lines, each with the x at which it begins."""
        rows: list[list[tuple[Track, float]]] = [[]]
        x, px = 0.0, self.look.px
        for one in self.tracks:
            wide = px(26) + self.text_width(one.name, 12) + px(14)
            if x and x + wide - px(14) > self.width():
                rows.append([])
                x = 0.0
            rows[-1].append((one, x))
            x += wide
        return rows

    @property
    def area(self) -> QRectF:
        px, line = self.look.px, self.text_height(12)
        top = self.head + len(self._key_rows()) * (line + px(3)) + px(8)
        left = line + self.text_width("−0.25", 12) + px(8)
        return QRectF(left, top, max(10.0, self.width() - left - px(10)),
                      max(10.0, self.height() - top - 2 * line - px(6)))

    def on_screen(self, places: NDArray[Any]) -> NDArray[np.float64]:
        """(T, 2) pixels of the widget; far away is as far as a painter goes."""
        area = self.area
        x = (places[:, 0] - self.across[0]) / (self.across[-1] - self.across[0])
        y = (places[:, 1] - self.up[0]) / (self.up[-1] - self.up[0])
        spots = np.stack([area.left() + x * area.width(), area.bottom() - y * area.height()], 1)
        near: NDArray[np.float64] = np.clip(spots, -2e4, 2e4)
        return near

    def _node(self, part: Cell) -> tuple[float, float]:
        return float(self.across[part[0]]), float(self.up[part[1]])

    def part_at(self, x: float, y: float) -> Cell | None:
        area = self.area
        if not area.contains(x, y):
            return None
        return (round((x - area.left()) / area.width() * (len(self.across) - 1)),
                round((area.bottom() - y) / area.height() * (len(self.up) - 1)))

    def place(self, part: Cell) -> QRectF:
        (x, y), half = self.on_screen(np.array([self._node(part)]))[0], self.look.px(4)
        return QRectF(x - half, y - half, 2 * half, 2 * half)

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if part is None:
            return len(self.across) // 2, len(self.up) // 2
        return (min(max(part[0] + dx, 0), len(self.across) - 1),
                min(max(part[1] - dy, 0), len(self.up) - 1))

    def say(self, part: Cell) -> str:
        x, y = self._node(part)
        return f"{decimal(x)}, {decimal(y)}   {self._height} {decimal(float(self.surface[part[1], part[0]]))}"

    def tell_click(self, part: Cell | None) -> None:
        if part is not None:
            self.clicked.emit(*self._node(part))

    # Painting

    def paint(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        if self._image is None or self._image.devicePixelRatio() != self._ratio \
                or self._image.deviceIndependentSize().toSize() != area.size().toSize():
            self._image = self._picture(area, self._ratio)
        painter.drawImage(area.topLeft(), self._image)
        key = (tuple(self.across[[0, -1]]), tuple(self.up[[0, -1]]), self.axes, area.top(),
               tuple((one.name, one.series, one.hollow) for one in self.tracks))
        self.layer(painter, "axes", key, self._paint_axes)
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ghost in self.ghosts:
            painter.setPen(self.look.pen("ghost", 4 * self.look.scale))
            painter.drawPolyline(polygon(self.on_screen(ghost)))
        if self.lowest is not None:
            self._paint_lowest(painter)
        order = sorted(self.tracks, key=lambda one: one.bold)
        spots = [self._seen(self.on_screen(one.places)) for one in order]
        for one, at in zip(order, spots, strict=True):
            self._paint_line(painter, one, at)
        painter.setClipping(False)
        for one, at in zip(order, spots, strict=True):
            end = QPointF(min(max(at[-1, 0], area.left()), area.right()),
                          min(max(at[-1, 1], area.top()), area.bottom()))
            self._paint_mark(painter, one, end.x(), end.y(), px(6.5 if one.bold else 5))
        if self.tracks:  # where all of them began
            x, y = spots[0][0]
            painter.setPen(self.look.pen("text", px(2)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, y), px(5), px(5))

    def _seen(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """A track up to where it has left the picture for good."""
        area = self.area
        inside = (area.left() <= at[:, 0]) & (at[:, 0] <= area.right()) \
            & (area.top() <= at[:, 1]) & (at[:, 1] <= area.bottom())
        return at[: int(np.flatnonzero(inside)[-1]) + 2] if inside.any() else at[:1]

    def _paint_line(self, painter: QPainter, one: Track, at: NDArray[np.float64]) -> None:
        if len(at) < 2:
            return
        wide = (3.0 if one.bold else 1.8) * self.look.scale
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = self.look.pen(one.series, wide)
        if one.hollow:
            pen.setDashPattern([3.0, 2.0])
        stroke(painter, at, pen, few=60)
        if one.bold:  # a dot a step, where steps can be told apart
            painter.setPen(self.look.pen("card"))
            painter.setBrush(self.look.color(one.series))
            apart = np.hypot(*np.diff(at, axis=0).T) > self.look.px(9)
            for x, y in at[1:][apart][:40]:
                painter.drawEllipse(QPointF(x, y), 3.2 * self.look.scale, 3.2 * self.look.scale)

    def _paint_mark(self, painter: QPainter, one: Track, x: float, y: float, radius: float) -> None:
        color = self.look.color(one.series)
        painter.setPen(self.look.pen(color if one.hollow else "card",
                                     (2.0 if one.hollow else 1.0) * self.look.scale))
        painter.setBrush(self.look.color("card") if one.hollow else color)
        paint_marks(painter, one.series, [(x, y)], radius)

    def _paint_lowest(self, painter: QPainter) -> None:
        assert self.lowest is not None
        (x, y), far = self.on_screen(np.array([self.lowest]))[0], self.look.px(6)
        painter.setPen(self.look.pen("text", self.look.px(2)))
        painter.drawLine(QLineF(x - far, y - far, x + far, y + far))
        painter.drawLine(QLineF(x - far, y + far, x + far, y - far))

    def _paint_axes(self, painter: QPainter) -> None:
        area, px, line = self.area, self.look.px, self.text_height(12)
        for row, entries in enumerate(self._key_rows()):
            y = self.head + (row + 0.5) * (line + px(3))
            for one, x in entries:
                pen = self.look.pen(one.series, 2 * self.look.scale)
                if one.hollow:
                    pen.setDashPattern([3.0, 2.0])
                painter.setPen(pen)
                painter.drawLine(QLineF(x, y, x + px(20), y))
                self._paint_mark(painter, one, x + px(10), y, px(4.5))
                self.put(painter, self.label(one.name, "text", 12), x + px(25), y, 0.0, 0.5)
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        for values, upwards in ((self.across, False), (self.up, True)):
            room = (area.height() / px(30)) if upwards else (area.width() / px(60))
            ticks = scales.ticks(float(values[0]), float(values[-1]), max(2, int(room)))
            for value, text in zip(ticks, numbers.ticks(ticks), strict=True):
                part = (value - values[0]) / (values[-1] - values[0])
                picture = self.label(text, "muted", 12)
                if upwards:
                    y = min(area.bottom() - part * area.height(), area.bottom() - line / 2 + px(2))
                    self.put(painter, picture, area.left() - px(4), y, 1.0, 0.5)
                else:
                    half = picture.deviceIndependentSize().width() / 2
                    x = min(area.left() + part * area.width(), self.width() - half)
                    self.put(painter, picture, x, area.bottom() + px(2), 0.5)
        self.put(painter, self.label(self.axes[0], "muted", 12, longest=round(area.width())),
                 area.center().x(), area.bottom() + line + px(2), 0.5)
        self.put(painter, self.label(self.axes[1], "muted", 12, upwards=True,
                                     longest=round(area.height())), 0, area.center().y(), 0.0, 0.5)

    def _picture(self, area: QRectF, ratio: float) -> QImage:
        """Heights on a logarithmic scale from the lowest place up: shade, and lines of equal height."""
        heights = self.surface.astype(np.float64)
        span = float(heights.max() - heights.min()) or 1.0
        level = np.log((heights - heights.min()) / span + DEPTH)
        level = BANDS * (level - np.log(DEPTH)) / (np.log(1.0 + DEPTH) - np.log(DEPTH))
        wide, tall = (max(2, round(one * ratio)) for one in (area.width(), area.height()))
        fine = between(tall, level.shape[0])[::-1] @ level.astype(np.float32) \
            @ between(wide, level.shape[1]).T  # (tall, wide), upwards is up
        slope = np.hypot(*np.gradient(fine))
        line = np.clip(1.1 * ratio - np.abs(fine - np.round(fine)) / (slope + 1e-4), 0.0, 1.0)
        card, shade, ink = (np.array(raster.rgba(self.look.color(one)), np.float32)
                            for one in ("card", "ghost", "muted"))
        ground = card + (0.55 * fine / BANDS)[..., None] * (shade - card)
        return raster.to_image((ground + (0.45 * line)[..., None] * (ink - ground)).astype(np.uint8), ratio)


def between(count: int, nodes: int) -> NDArray[np.float32]:
    """(count, nodes) what each of ``count`` places from end to end takes of its two nearest nodes."""
    at = np.linspace(0.0, nodes - 1.0, count)
    left = np.minimum(at.astype(int), nodes - 2)
    weights = np.zeros((count, nodes), np.float32)
    weights[np.arange(count), left] = 1.0 - (at - left)
    weights[np.arange(count), left + 1] = at - left
    return weights
