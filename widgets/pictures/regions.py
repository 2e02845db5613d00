"""Where conditions hold: regions of a square of pairs, each with its own hatching, and where one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster, scales
from widgets.pictures.canvas import Canvas
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.numbers import fixed

Cell = tuple[int, int]
HATCH = 6  # pixels from line to line, before scaling


class Regions(Canvas[Cell]):
    """Masks over pairs (x, y), hatched so that what overlaps is seen; the pairs that are looked for are
    filled, and a ring stands where one is now, a square where one might go.

    Signals:
        clicked(column, row), hovered(column, row): hovered gives (−1, −1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", y: str = "", names: Sequence[str] = (),
        series: Sequence[int] = (0, 1, 3), outside: str = "", parent: QWidget | None = None,
    ) -> None:
        """``names`` of the conditions; ``outside`` names the cells that are not to be had."""
        super().__init__(look, title, parent)
        self._titles, self._names, self._series = (x, y), tuple(names), tuple(series)
        self._outside = outside
        self.across: NDArray[Any] = np.zeros(1)
        self.up: NDArray[Any] = np.zeros(1)
        self.masks: NDArray[Any] = np.zeros((0, 1, 1), bool)
        self.allowed: NDArray[Any] = np.ones((1, 1), bool)
        self.found: NDArray[Any] = np.zeros((1, 1), bool)
        self.here = (0.0, 0.0)
        self.target: tuple[float, float] | None = None
        self._image: QImage | None = None
        self.setMinimumSize(look.px(220), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, masks: NDArray[Any], across: NDArray[Any], up: NDArray[Any], *, here: tuple[float, float],
        target: tuple[float, float] | None = None, found: NDArray[Any] | None = None,
        allowed: NDArray[Any] | None = None, title: str | None = None,
    ) -> None:
        """Show ``masks`` (conditions, n, m) over the values ``across`` (n,) and ``up`` (m,)."""
        self.retitle(title)
        size = (len(across), len(up))
        found = np.zeros(size, bool) if found is None else np.asarray(found, bool)
        allowed = np.ones(size, bool) if allowed is None else np.asarray(allowed, bool)
        masks = np.asarray(masks, bool)
        if not (np.array_equal(masks, self.masks) and np.array_equal(found, self.found)
                and np.array_equal(allowed, self.allowed)):
            self._image = None
        self.masks, self.found, self.allowed = masks, found, allowed
        self.across, self.up, self.here, self.target = np.asarray(across), np.asarray(up), here, target
        if self.current is not None and not (self.current[0] < size[0] and self.current[1] < size[1]):
            self.current = None
        self.update()

    # Where things are

    @property
    def _key_width(self) -> int:
        names = [*self._names, self._outside]
        return max(self.text_width(one, 12) for one in names) + self.look.px(24)

    @property
    def area(self) -> QRectF:
        """The square of the cells; its key stands to the right of it."""
        px, line = self.look.px, self.text_height(12)
        left = line + self.text_width("10", 12) + px(8)
        top = self.head + px(4)
        side = max(10.0, min(self.width() - left - self._key_width - px(12),
                             self.height() - top - 2 * line - px(6)))
        return QRectF(left, top, side, side)

    def _spot(self, pair: tuple[float, float]) -> QPointF:
        area = self.area
        x, y = (min(max((value - float(axis[0])) / (float(axis[-1] - axis[0]) or 1.0), 0.0), 1.0)
                for value, axis in zip(pair, (self.across, self.up), strict=True))
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def part_at(self, x: float, y: float) -> Cell | None:
        area = self.area
        if not area.contains(x, y):
            return None
        return (round((x - area.left()) / area.width() * (len(self.across) - 1)),
                round((area.bottom() - y) / area.height() * (len(self.up) - 1)))

    def place(self, part: Cell) -> QRectF:
        spot, half = self._spot((float(self.across[part[0]]), float(self.up[part[1]]))), self.look.px(4)
        return QRectF(spot.x() - half, spot.y() - half, 2 * half, 2 * half)

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if part is None:
            x, y = self.target or self.here
            return int(np.abs(self.across - x).argmin()), int(np.abs(self.up - y).argmin())
        return (min(max(part[0] + dx, 0), len(self.across) - 1),
                min(max(part[1] - dy, 0), len(self.up) - 1))

    def say(self, part: Cell) -> str:
        held = [name for name, mask in zip(self._names, self.masks, strict=False) if mask[part]]
        where = f"{fixed(float(self.across[part[0]]), 1)}, {fixed(float(self.up[part[1]]), 1)}"
        return f"{where}: {', '.join(held) or '–'}"

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._image = None

    def paint(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        if self._image is None:
            self._image = self._picture(self._ratio)
        painter.drawImage(area.topLeft(), self._image)
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        self._paint_axes(painter, area)
        self._paint_key(painter, area)
        if self.target is not None:
            spot = self._spot(self.target)
            painter.setPen(self.look.pen("text", px(2)))
            painter.drawRect(QRectF(spot.x() - px(5), spot.y() - px(5), px(10), px(10)))
        painter.setPen(self.look.pen("accent", px(2)))
        painter.setBrush(self.look.color("card"))
        painter.drawEllipse(self._spot(self.here), px(5), px(5))

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        px = self.look.px
        for axis, upwards in ((self.across, False), (self.up, True)):
            ticks = scales.ticks(float(axis[0]), float(axis[-1]), max(2, int(area.width() / px(34))))
            for value, text in zip(ticks, numbers.ticks(ticks), strict=True):
                picture, spot = self.label(text, "muted", 12), self._spot((value, value))
                if upwards:
                    self.put(painter, picture, area.left() - px(4), spot.y(), 1.0, 0.5)
                else:
                    self.put(painter, picture, spot.x(), area.bottom() + px(2), 0.5)
        across, up = self._titles
        self.put(painter, self.label(across, "muted", 12), area.center().x(),
                 area.bottom() + self.text_height(12) + px(2), 0.5)
        self.put(painter, self.label(up, "muted", 12, upwards=True), 0, area.center().y(), 0.0, 0.5)

    def _paint_key(self, painter: QPainter, area: QRectF) -> None:
        px, line = self.look.px, self.text_height(12)
        side, x, y = px(15), area.right() + px(10), area.top()
        shown = [*zip(self._names, range(len(self._names)), strict=True)]
        if not self.allowed.all():
            shown.append((self._outside, -1))
        for name, which in shown:
            box = np.zeros((round(side * self._ratio), round(side * self._ratio), 4), np.uint8)
            everywhere = np.ones(box.shape[:2], bool)
            if which < 0:
                box[...] = raster.rgba(self.look.color("ghost", 90))
            else:
                self._hatch(box, everywhere, which, self._ratio)
            painter.drawImage(QPointF(x, y + (line - side) / 2), raster.to_image(box, self._ratio))
            self.put(painter, self.label(name, "muted" if which < 0 else self._series[which], 12),
                     x + side + px(6), y)
            y += line + px(4)

    def _picture(self, ratio: float) -> QImage:
        side = max(1, round(self.area.width() * ratio))
        pixels = np.zeros((side, side, 4), np.uint8)
        # A pixel belongs to the nearest pair; y runs upwards.
        columns, rows = (np.round(np.linspace(0, len(axis) - 1, side)).astype(int)
                         for axis in (self.across, self.up))

        def spread(mask: NDArray[Any]) -> NDArray[np.bool_]:
            wide: NDArray[np.bool_] = np.asarray(mask, bool)[columns][:, rows[::-1]].T
            return wide

        pixels[~spread(self.allowed)] = raster.rgba(self.look.color("ghost", 90))
        for which, mask in enumerate(self.masks):
            self._hatch(pixels, spread(mask), which, ratio)
        pixels[spread(self.found)] = raster.rgba(self.look.color("accent"))
        return raster.to_image(pixels, ratio)

    def _hatch(self, pixels: raster.Pixels, mask: NDArray[np.bool_], which: int, ratio: float) -> None:
        """Fill a mask with a wash and the lines of its condition: rising, falling, level."""
        y, x = np.indices(mask.shape)
        apart = max(3, round(self.look.px(HATCH) * ratio))
        along = (x + y, x - y, y)[which % 3] % apart
        thick = max(1, round(1.6 * self.look.scale * ratio))
        color = raster.rgba(self.look.color(self._series[which]))
        wash = mask & (pixels[..., 3] == 0)
        pixels[wash] = (*color[:3], 46)
        pixels[mask & (along < thick)] = color
