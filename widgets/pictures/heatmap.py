"""A matrix as coloured cells, with labels, a colour bar, marks and a value under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.base.tips import explain
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas, cell_beside, places, wrapped
from widgets.theme.look import Look
from widgets.theme.numbers import Write, fixed, not_nothing, scale_end

Cell = tuple[int, int]


class Heatmap(Canvas[Cell]):
    """Shows a matrix (rows, columns) of any size; larger ones than the screen are averaged.

    Signals:
        clicked(row, column), hovered(row, column): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(
        self, look: Look, title: str, *, x: str = "", y: str = "",
        palette: Literal["sequential", "diverging"] = "sequential", values: bool = False,
        write: Write = fixed, square: bool = False, color_bar: bool = True,
        origin: Literal["top", "bottom"] = "top", dense: bool = False, across: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """``dense`` is for many small cells: every label that has room, and finer frames. Without ``across``
        the columns' labels are said and not written: in a symmetric matrix they are those of the rows."""
        super().__init__(look, title, parent)
        self.across = across
        self._pointed_y = 0.0
        explain(self, "", of=self._label_rect)
        self.dense = dense
        self.x_title, self.y_title = x, y
        if not title:
            self.setAccessibleName(" – ".join(filter(None, (y, x))))
        self.centred = palette == "diverging"
        self.table = raster.diverging(look.theme) if self.centred else raster.sequential()
        self.values, self.write = values, write
        self.square, self.color_bar, self.bottom = square, color_bar, origin == "bottom"
        self.data: NDArray[Any] = np.zeros((0, 0), np.float32)
        self.low, self.high = 0.0, 1.0
        self.x_labels: tuple[str, ...] = ()
        self.y_labels: tuple[str, ...] = ()
        self.texts: tuple[str, ...] = ()
        self.marks: tuple[Cell, ...] = ()
        self.blocks: tuple[tuple[int, int], ...] = ()
        self.row = self.column = -1
        self._image: QImage | None = None
        self._bar: QImage | None = None
        self._layout: tuple[object, QRect] = (None, QRect())
        self.setMinimumSize(look.px(160), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, values: NDArray[Any], *, low: float | None = None, high: float | None = None,
        x_labels: Sequence[str] = (), y_labels: Sequence[str] = (),
        marks: Sequence[tuple[int, int]] = (), row: int = -1, column: int = -1,
        texts: Sequence[str] = (), blocks: Sequence[tuple[int, int]] = (), title: str | None = None,
    ) -> None:
        """Show ``values`` (rows, columns); NaN cells stay empty.

        Args:
            low, high: the ends of the colour scale; the data's own where not given. A diverging
                scale keeps zero in the middle.
            marks: cells with an outline.
            row, column: drawn with a frame, such as the query that is looked at.
            texts: what stands in the cells instead of their values, row by row.
            blocks: squares along the diagonal with an outline, each from its first row to before its last.
        """
        self.retitle(title)
        self.blocks = tuple(blocks)
        self.texts = tuple(texts)
        self.data = np.asarray(values)
        self.low, self.high = raster.limits(self.data, low, high, self.centred)
        self.x_labels, self.y_labels = tuple(x_labels), tuple(y_labels)
        self.marks, self.row, self.column = tuple(marks), row, column
        self._image = None
        if self.current is not None and not (
                self.current[0] < self.data.shape[0] and self.current[1] < self.data.shape[1]):
            self.current = None
        self.update()

    # Where things are

    @property
    def area(self) -> QRect:
        """The rectangle of the cells."""
        key = (self.size(), self.data.shape, self.x_labels, self.y_labels, self.head)
        if self._layout[0] != key:
            self._layout = key, self._arrange()
        return self._layout[1]

    def _arrange(self) -> QRect:
        px = self.look.px
        rows, columns = self.data.shape
        left = self._label_width(self.y_labels, rows) + px(6) + (px(20) if self.y_title else 0)
        # A number below the last column is wider than the column.
        right = self.width() - px(64 if self.color_bar else 4 if self.x_labels else 14)
        top = self.head
        room = QRect(left, top, max(1, right - left), max(1, self.height() - top))
        self._upwards = self.across and bool(self.x_labels) and any(
            self.text_width(one, 11) + px(0 if self.dense else 6) > room.width() / max(columns, 1)
            for one in self.x_labels if not self.dense or len(one) > 1)  # a letter never lies down
        if self._upwards:
            below = min(max(self.text_width(one, 11) for one in self.x_labels) + px(4), px(84))
        else:
            below = self.text_height(11) if self.across else 0
        room.setBottom(self.height() - 1 - below - px(4)
                       - (self.text_height(12) + px(2) if self.x_title else 0))
        room.setHeight(max(1, room.height()))
        if self.square and rows and columns:
            side = min(room.width() / columns, room.height() / rows)
            room.setSize((QRectF(0, 0, side * columns, side * rows)).toRect().size())
        return room

    def _label_width(self, labels: Sequence[str], count: int) -> int:
        longest = max((self.text_width(one, 11) for one in labels), default=0) if labels \
            else self.text_width("0" * len(str(max(count - 1, 0))), 11)
        return min(longest, round(self.width() * 0.48))

    def _edge_x(self, column: int) -> float:
        columns: int = max(self.data.shape[1], 1)
        return self.area.left() + self.area.width() * column / columns

    def _edge_y(self, row: int) -> float:
        rows: int = max(self.data.shape[0], 1)
        down = rows - row if self.bottom else row
        return self.area.top() + self.area.height() * down / rows

    def _rect(self, row: int, column: int, rows: int = 1, columns: int = 1) -> QRectF:
        area, (of_rows, of_columns) = self.area, self.data.shape
        wide, tall = area.width() / max(of_columns, 1), area.height() / max(of_rows, 1)
        down = of_rows - row - rows if self.bottom else row
        return QRectF(area.left() + column * wide, area.top() + down * tall, columns * wide, rows * tall)

    def part_at(self, x: float, y: float) -> Cell | None:
        rows, columns = self.data.shape
        area = QRectF(self.area)
        if not rows or not columns or not area.contains(x, y):
            return None
        column = int((x - area.left()) / area.width() * columns)
        row = int((y - area.top()) / area.height() * rows)
        row, column = min(row, rows - 1), min(column, columns - 1)
        return rows - 1 - row if self.bottom else row, column

    def beside(self, part: Cell | None, dx: int, dy: int) -> Cell | None:
        if not self.data.size:
            return None
        if part is None:
            return (max(self.row, 0), max(self.column, 0))
        return cell_beside(part, dx, -dy if self.bottom else dy, self.data.shape)

    def place(self, part: Cell) -> QRectF:
        return self._rect(*part)

    def say(self, part: Cell) -> str:
        row, column = part
        down = self.y_labels[row] if row < len(self.y_labels) else str(row)
        across = self.x_labels[column] if column < len(self.x_labels) else str(column)
        names = " · ".join(f"{axis} {name}".strip()
                           for axis, name in ((self.y_title, down), (self.x_title, across)))
        text = f"   {self.texts[row * self.data.shape[1] + column]}" if self.texts else ""
        return f"{names}{text}   {not_nothing(float(self.data[row, column]), self.write)}"

    def label_at(self, x: float, y: float) -> str:
        """The whole label of a row where it does not stand there whole."""
        area, rows = self.area, len(self.y_labels)
        if not 0 <= x < area.left() or not area.top() <= y <= area.bottom() or not rows:
            return ""
        part = self.part_at(area.left() + 1, y)
        name = self.y_labels[part[0]] if part is not None and part[0] < rows else ""
        return name if self.text_width(name, 11) > self._label_width(self.y_labels, rows) else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._pointed_y = event.position().y()
        self.setToolTip(self.label_at(event.position().x(), self._pointed_y))

    def _label_rect(self) -> QRect:
        """Where the label beside the pointer stands."""
        part = self.part_at(self.area.left() + 1, self._pointed_y)
        row = self._rect(part[0], 0) if part is not None else QRectF(self.rect())
        return QRect(0, round(row.top()), round(self.area.left()), round(row.height()))

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._image = None

    # Painting

    def paint(self, painter: QPainter) -> None:
        rows, columns = self.data.shape
        if not rows or not columns:
            return
        area = self.area
        painter.drawImage(area, self._picture())
        self.layer(painter, "axes", (self.data.shape, self.x_labels, self.y_labels, area.getRect()),
                   self._paint_axes)
        if self.color_bar:
            self._paint_bar(painter)
        self._paint_values(painter)
        self._paint_frames(painter)

    def _picture(self) -> QImage:
        if self._image is None:
            ratio = self.devicePixelRatioF()
            data = self.data[::-1] if self.bottom else self.data
            height = min(data.shape[0], max(1, round(self.area.height() * ratio)))
            width = min(data.shape[1], max(1, round(self.area.width() * ratio)))
            if (height, width) != data.shape:
                data = raster.resample(data, height, width)
            self._image = raster.to_image(raster.colour(data, self.low, self.high, self.table))
        return self._image

    def _paint_axes(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        rows, columns = self.data.shape
        wide, tall = area.width() / columns, area.height() / rows
        line = self.text_height(11)
        room = area.left() - px(6) - (px(20) if self.y_title else 0)
        shown = self._every(rows, area.height(), line * 0.92, self.y_labels)
        for row in shown:
            name = self.y_labels[row] if self.y_labels else str(row)
            middle = self._edge_y(row) + (-tall if self.bottom else tall) / 2
            lines = wrapped(name, room + 1, self.fonts(11)[1]) if tall > 2 * line else [name]
            for at, part in enumerate(lines):
                picture = self.label(part, "muted", 11, end=True,
                                     longest=max(room, px(12)) + 1 if self.y_labels else 0)
                self.put(painter, picture, area.left() - px(5),
                         middle + (at - (len(lines) - 1) / 2) * line, 1.0, 0.5)
        least = line * 0.92 if self._upwards else px(34)
        if self.dense and not self._upwards:
            least = max((self.text_width(one, 11) for one in self.x_labels), default=1)
        for column in self._every(columns, area.width(), least, self.x_labels) if self.across else ():
            name = self.x_labels[column] if self.x_labels else str(column)
            middle = self._edge_x(column) + wide / 2
            if self._upwards:
                picture = self.label(name, "muted", 11, upwards=True, longest=px(84))
            else:
                picture = self.label(name, "muted", 11)
            self.put(painter, picture, middle, area.bottom() + px(4), 0.5, 0.0)
        if self.x_title:
            self.put(painter, self.label(self.x_title, "muted", 12), area.center().x(), self.height(),
                     0.5, 1.0)
        if self.y_title:
            self.put(painter, self.label(self.y_title, "muted", 12, upwards=True), 0, area.center().y(),
                     0.0, 0.5)

    def _every(self, count: int, room: float, least: float, labels: Sequence[str]) -> list[int]:
        """Which labels are shown: all, or as many in round steps as have room."""
        if labels and room / count >= least:
            return list(range(min(count, len(labels))))
        shown = places(count, room, least, count) if labels \
            else places(count, room, max(least, self.look.px(24)))
        return [one for one in shown if not labels or one < len(labels)]

    def _paint_bar(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        left, width = area.right() + px(10), px(8)
        height = min(area.height(), px(160))
        bar = QRect(left, area.top(), width, height)
        if self._bar is None:
            self._bar = raster.to_image(np.ascontiguousarray(self.table[::-1, None]))
        painter.drawImage(bar, self._bar)
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.look.within(bar))
        x, span = bar.right() + px(5), self.high - self.low
        self.put(painter, self.label(scale_end(self.high, span), "muted", 11), x, bar.top() - px(3))
        self.put(painter, self.label(scale_end(self.low, span), "muted", 11), x, bar.bottom() + px(3), 0, 1)
        if self.centred and self.low < 0 < self.high and height > 3 * self.text_height(11):
            zero = bar.top() + height * self.high / (self.high - self.low)
            self.put(painter, self.label("0", "muted", 11), x, zero, 0, 0.5)

    def _paint_values(self, painter: QPainter) -> None:
        rows, columns = self.data.shape
        wide, tall = self.area.width() / columns, self.area.height() / rows
        if not (self.values or self.texts) or tall < self.text_height(11):
            return
        # Widest as the figures 0 … 9 are: the same for all values of one format. Texts are elided.
        least = self.look.px(12) if self.texts else self.text_width(
            self.write(-1.0 if self.low < 0 else 1.0), 11)
        if wide < least:
            return
        shades = raster.colour(self.data, self.low, self.high, self.table)[..., :3]
        ways = raster.figures_on(shades, self.look.legible)
        across = [self._rect(0, column).center().x() for column in range(columns)]
        down = [self._rect(row, 0).center().y() for row in range(rows)]
        for row, y in enumerate(down):
            for column, x in enumerate(across):
                value = float(self.data[row, column])
                if value == value:
                    text = self.texts[row * columns + column] if self.texts else \
                        self.write(value)
                    picture = self.figure(text, int(ways[row, column]),
                                          longest=int(wide) if self.texts else 0)
                    self.put(painter, picture, x, y, 0.5, 0.5)

    def _paint_frames(self, painter: QPainter) -> None:
        rows, columns = self.data.shape
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("card", self.look.px(1)))
        for start, stop in self.blocks:
            if 0 <= start < stop <= min(rows, columns):
                painter.drawRect(self._rect(start, start, stop - start, stop - start))
        boxes = [self._rect(row, column) for row, column in self.marks
                 if 0 <= row < rows and 0 <= column < columns]
        if 0 <= self.row < rows:
            boxes.append(self._rect(self.row, 0, 1, columns))
        if 0 <= self.column < columns:
            boxes.append(self._rect(0, self.column, rows, 1))
        # Outlines that are seen on every colour: accent inside, card outside.
        width = 0.6 if self.dense else 1.0  # so that small cells are still seen
        for ink, thick in (("card", 4), ("accent", 2)):
            painter.setPen(self.look.pen(ink, self.look.px(thick) * width))
            painter.drawRects(boxes)
