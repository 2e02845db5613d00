"""Many small matrices side by side: the attention of all heads of all layers as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas, cell_beside, places
from widgets.pictures.scales import MOST_TICKS
from widgets.theme.look import Look

Cell = tuple[int, int]


class HeadGrid(Canvas[Cell]):
    """A grid of R x C matrices, each H x W, averaged to the pixels there are.

    Each matrix is coloured from 0 to its own highest average, by the square root: a head that
    spreads its attention over 512 tokens shows its pattern as clearly as one that looks at a single
    token, and one bright column does not hide the rest. ``high`` puts all on one scale instead.

    Signals:
        clicked(row, column), hovered(row, column): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", y: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self.x_title, self.y_title = x, y
        if not title:
            self.setAccessibleName(" – ".join(filter(None, (y, x))))
        self.stack: NDArray[Any] = np.zeros((0, 0, 1, 1), np.float32)
        self.high: float | None = None
        self.selected: Cell = (-1, -1)
        self.row_labels: tuple[str, ...] = ()
        self.column_labels: tuple[str, ...] = ()
        self._image: QImage | None = None
        self._layout: tuple[object, QRect] = (None, QRect())
        self.setMinimumSize(look.px(140), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, stack: NDArray[Any], *, selected: tuple[int, int] = (-1, -1),
        row_labels: Sequence[str] = (), column_labels: Sequence[str] = (),
        high: float | None = None, title: str | None = None,
    ) -> None:
        """Show ``stack`` (R, C, H, W), float or uint8, not below 0; it is kept, not copied."""
        self.retitle(title)
        if stack is not self.stack or high != self.high:
            self._image = None
        self.stack, self.high, self.selected = stack, high, selected
        self.row_labels, self.column_labels = tuple(row_labels), tuple(column_labels)
        if self.current is not None and not (
                self.current[0] < stack.shape[0] and self.current[1] < stack.shape[1]):
            self.current = None
        self.update()

    # Where things are

    @property
    def area(self) -> QRect:
        """The rectangle of the matrices."""
        key = (self.size(), self.stack.shape[:2], self.row_labels, self.head)
        if self._layout[0] != key:
            self._layout = key, self._arrange()
        return self._layout[1]

    def _arrange(self) -> QRect:
        px = self.look.px
        rows = self.stack.shape[0]
        names = self.row_labels or (str(max(rows - 1, 0)),)
        left = max(self.text_width(one, 11) for one in names) + px(6) + (px(20) if self.y_title else 0)
        top = self.head + self.text_height(11) + px(3) + (self.text_height(12) if self.x_title else 0)
        return QRect(left, top, max(1, self.width() - left - 1), max(1, self.height() - top - 1))

    @property
    def _pitch(self) -> tuple[int, int]:
        """Width and height of a matrix with its gap, in whole pixels."""
        rows, columns = self.stack.shape[:2]
        return (max(2, self.area.width() // max(columns, 1)),
                max(2, self.area.height() // max(rows, 1)))

    @property
    def _gap(self) -> int:
        return max(1, min(self.look.px(3), min(self._pitch) // 8))

    def place(self, part: Cell) -> QRectF:
        wide, tall = self._pitch
        return QRectF(self.area.left() + part[1] * wide, self.area.top() + part[0] * tall,
                      wide - self._gap, tall - self._gap)

    def part_at(self, x: float, y: float) -> Cell | None:
        wide, tall = self._pitch
        column, row = (int((x - self.area.left()) // wide), int((y - self.area.top()) // tall))
        rows, columns = self.stack.shape[:2]
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if not all(self.stack.shape[:2]):
            return None
        if part is None:
            return max(self.selected[0], 0), max(self.selected[1], 0)
        return cell_beside(part, dx, dy, self.stack.shape)

    def say(self, part: Cell) -> str:
        row, column = part
        down = self.row_labels[row] if row < len(self.row_labels) else str(row)
        across = self.column_labels[column] if column < len(self.column_labels) else str(column)
        return f"{self.y_title} {down} · {self.x_title} {across}".strip()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._image = None

    # Painting

    def paint(self, painter: QPainter) -> None:
        rows, columns = self.stack.shape[:2]
        if not rows or not columns:
            return
        painter.drawImage(self.area.topLeft(), self._picture())
        key = (self.stack.shape[:2], self.row_labels, self.column_labels)
        self.layer(painter, "labels", key, self._paint_labels)
        if 0 <= self.selected[0] < rows and 0 <= self.selected[1] < columns:
            self._outline(painter, self.selected, "accent", 2.5)
        if self.current is not None and not self._by_keys:
            self._outline(painter, self.current, "text", 1.5)

    def _outline(self, painter: QPainter, part: Cell, token: str, width: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, wide in (("card", width + 2.5), (token, width)):
            painter.setPen(self.look.pen(color, wide * self.look.scale))
            painter.drawRect(self.place(part).adjusted(-1, -1, 1, 1))

    def _picture(self) -> QImage:
        if self._image is None:
            ratio = self.devicePixelRatioF()
            rows, columns = self.stack.shape[:2]
            wide, tall = (round(one * ratio) for one in self._pitch)
            gap = round(self._gap * ratio)
            small = raster.resample(self.stack, max(1, tall - gap), max(1, wide - gap))
            top = np.float32(self.high) if self.high is not None \
                else np.maximum(small.max(axis=(2, 3), keepdims=True), np.float32(1e-12))
            small = np.sqrt(np.maximum(small, 0.0) / top)
            shades = raster.colour(small, 0.0, 1.0, raster.sequential())
            pixels = np.zeros((rows * tall, columns * wide, 4), np.uint8)
            grid = pixels.reshape(rows, tall, columns, wide, 4)
            grid[:, : tall - gap, :, : wide - gap] = shades.transpose(0, 2, 1, 3, 4)
            self._image = raster.to_image(pixels, ratio)
        return self._image

    def _paint_labels(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        rows, columns = self.stack.shape[:2]
        wide, tall = self._pitch
        across = max((self.text_width(one, 11) for one in self.column_labels), default=px(14))
        for column in places(columns, columns * wide, across + px(4),
                             len(self.column_labels) or MOST_TICKS):
            name = self.column_labels[column] if column < len(self.column_labels) else str(column)
            self.put(painter, self.label(name, "muted", 11), area.left() + column * wide
                     + (wide - self._gap) / 2, area.top() - px(2), 0.5, 1.0)
        for row in places(rows, rows * tall, self.text_height(11), len(self.row_labels) or MOST_TICKS):
            name = self.row_labels[row] if row < len(self.row_labels) else str(row)
            self.put(painter, self.label(name, "muted", 11), area.left() - px(5),
                     area.top() + row * tall + (tall - self._gap) / 2, 1.0, 0.5)
        if self.x_title:
            self.put(painter, self.label(self.x_title, "muted", 12),
                     area.left() + columns * wide / 2, self.head, 0.5, 0.0)
        if self.y_title:
            self.put(painter, self.label(self.y_title, "muted", 12, upwards=True), 0,
                     area.top() + rows * tall / 2, 0.0, 0.5)
