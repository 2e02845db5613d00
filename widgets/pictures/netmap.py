"""A network of small maps and the links between them, and the large map beside it.

Every neuron of a layered network answers something at each place of a plane; its map shows what. All
maps and all links are one buffer of pixels that numpy fills at each frame: four hundred curves drawn
by Qt one by one would take ten milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QResizeEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look, Theme
from widgets.theme.marks import paint_marks
from widgets.theme.numbers import decimal, fixed, percent, read

Bytes = NDArray[np.uint8]
Colours = NDArray[np.uint32]  # 0xffRRGGBB, as QImage's Format_RGB32 has them

# What can be pointed at: ("neuron", column, row, 0), ("weight", layer, to, from), where the row after
# the last neuron is the bias, ("name", column, 0, 0), ("count", column, ±1, 0), ("layers", ±1, 0, 0).
Part = tuple[str, int, int, int]

CLASS_SERIES = (1, 0, 2)  # the colours of class 0, 1 and 2: class 1 is the positive one
THINNEST, WIDEST, STRONG = 0.4, 2.4, 4.0  # half widths in pixels: of no weight, of this one
MOST_LINKS = 600
FULL = 1.5  # a weight of this size has its full colour
SOFT = 0.62  # how full the colours of the large map are
LEVELS = 8  # of a pixel's cover at the rim of a link
DRAG = 0.02  # of a weight, a pixel
NUDGE = 0.1  # of a weight, an arrow key
LEAST_WAY = 0.35  # between two points drawn in one go, in units of the plane


@dataclass(frozen=True)
class Column:
    """One layer: n neurons with their maps.

    Attributes:
        maps: (n, S, S) bytes, 128 for zero.
        names: of each neuron, for readouts.
        title: above the column; a click on it is told if ``named``.
        labels: short, left of each map.
        resizable: whether the column has signs to add and take away a neuron.
        off: rows that are shown pale.
        series: the colour of each map that shows a class; empty for maps that run from − to +.
    """

    maps: Bytes
    names: Sequence[str]
    title: str = ""
    named: bool = False
    labels: Sequence[str] = ()
    resizable: bool = False
    off: Sequence[int] = ()
    series: Sequence[int] = ()


def _packed(table: NDArray[Any]) -> Colours:
    """RGB(A) bytes (n, ≥3) as numbers."""
    wide = np.asarray(table).astype(np.uint32)
    return np.asarray(0xFF000000 | wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], np.uint32)


def _rgb(color: str) -> NDArray[np.float64]:
    return np.array(raster.rgba(color)[:3], np.float64)


@cache
def tables(theme: Theme, strength: float = 1.0) -> Colours:
    """(1 + series, 256) the colour of each byte: − to + first, then each series from nothing up."""
    card = _rgb(theme.card)
    size = (np.arange(256.0) - 128.0) / 127.0
    ink = np.where(size[:, None] < 0, _rgb(theme.series[1]), _rgb(theme.series[0]))
    made = [card + (ink - card) * np.minimum(1.0, np.abs(size) * strength)[:, None]]
    part = strength * (np.arange(256.0) / 255.0)[:, None]
    made += [card + (_rgb(one) - card) * part for one in theme.series]
    return _packed(np.round(np.stack(made)))


def mixed(values: Bytes, theme: Theme) -> Colours:
    """(S, S) the picture of an answer (K, S, S): one map from − to +, or K classes' probabilities.

    Of several classes, each place has the colour of the likeliest, as strong as its lead over a guess.
    """
    soft = tables(theme, SOFT)  # points must stand out on it
    if len(values) == 1:
        return np.asarray(soft[0][values[0]], np.uint32)
    classes = len(values)
    best = values.argmax(0)
    share = values.max(0) / 255.0
    lead = np.clip((share - 1 / classes) / (1 - 1 / classes), 0, 1)
    tone = (40 + 215 * lead).astype(np.uint8)
    series = np.array(CLASS_SERIES)[best % len(CLASS_SERIES)]
    return np.asarray(soft[1 + series, tone], np.uint32)


class NetMap(Canvas[Part]):
    """A layered network: inputs on the left, outputs on the right.

    Signals:
        clicked(kind, a, b, c), hovered(kind, a, b, c): a ``Part``; hovered gives ("", -1, -1, -1)
            when the pointer leaves.
        edited(layer, to, from, value): a weight was typed or dragged to another value.
    """

    clicked = Signal(str, int, int, int)
    hovered = Signal(str, int, int, int)
    edited = Signal(int, int, int, float)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.columns: tuple[Column, ...] = ()
        self.weights: tuple[NDArray[np.float32], ...] = ()
        self.sources: tuple[NDArray[np.intp], ...] = ()
        self.locked: tuple[int, int] = (-1, -1)
        self._tables = tables(look.theme)
        self._pixels: Colours = np.zeros((0, 0), np.uint32)
        self._plan: _Geometry | None = None
        self._shape: object = None  # what the plan depends on beside the widget's size
        self._drag: tuple[Part, float, float] | None = None  # a link, its value, the pointer's height
        self._editor = QLineEdit(self)
        self._editor.hide()
        self._editor.returnPressed.connect(self._typed)
        self._editor.editingFinished.connect(self._editor.hide)
        self._editor.installEventFilter(self)
        self._editing: Part | None = None
        self.setMinimumSize(look.px(300), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, columns: Sequence[Column], weights: Sequence[NDArray[np.float32]], *,
        sources: Sequence[int] | None = None, locked: tuple[int, int] = (-1, -1),
        title: str | None = None,
    ) -> None:
        """Show a network.

        Args:
            weights: (n_to, n_from + 1) between neighbouring columns; the last column are biases.
            sources: which rows of the first column are connected; all if not said.
            locked: (column, row) of the neuron with a thick frame.
        """
        self.retitle(title)
        self.columns, self.weights = tuple(columns), tuple(weights)
        first = range(len(columns[0].maps)) if sources is None else sources
        self.sources = (np.array(first, np.intp),
                        *(np.arange(len(one.maps)) for one in self.columns[1:-1]))
        self.locked = locked
        shape = tuple((len(one.maps), one.title, tuple(one.labels)) for one in self.columns), \
            tuple(self.sources[0].tolist()), self.head
        if shape != self._shape:
            self._shape, self._plan = shape, None
        if self.current is not None and not self._there(self.current):
            self.current = None
        if self._editing is not None and not self._there(self._editing):
            self._editor.hide()
        self.update()

    def _there(self, part: Part) -> bool:
        kind, a, b, c = part
        if kind == "weight":
            return a < len(self.weights) and b < self.weights[a].shape[0] \
                and c < self.weights[a].shape[1]
        if kind == "layers":
            return True
        return a < len(self.columns) and (kind != "neuron" or b < len(self.columns[a].maps))

    def value(self, part: Part) -> float:
        """The weight or bias that a part names."""
        return float(self.weights[part[1]][part[2], part[3]])

    # Where things are

    @property
    def plan(self) -> _Geometry:
        if self._plan is None or self._plan.ratio != self.devicePixelRatioF():
            self._plan = _Geometry(self)
        return self._plan

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._plan = None
        self._editor.hide()

    def place(self, part: Part) -> QRectF:
        kind, a, b, c = part
        plan, px = self.plan, self.look.px
        match kind:
            case "neuron":
                return plan.box(a, b)
            case "weight" if c == self.weights[a].shape[1] - 1:
                left, top = plan.bias(a + 1, b)
                return QRectF(plan.area.left() + left / plan.ratio, plan.area.top() + top / plan.ratio,
                              plan.dot / plan.ratio, plan.dot / plan.ratio)
            case "weight":
                x, y = plan.middle(a, b, c)
                return QRectF(x - px(4), y - px(4), px(8), px(8))
            case "name":
                wide = self.text_width(self.columns[a].title, 12) + px(6)
                return QRectF(plan.x[a] - wide / 2, plan.head, wide, self.text_height(12))
            case "count":
                return QRectF(plan.x[a] + b * px(15) - px(8), plan.head + self.text_height(12),
                              px(16), self.text_height(12) + px(2))
            case _:
                return QRectF(self.width() - px(24 if a > 0 else 48), 0, px(20), self.text_height(13))

    def _controls(self) -> list[Part]:
        """The signs above the network, from left to right."""
        found: list[Part] = []
        for index, one in enumerate(self.columns):
            if one.named:
                found.append(("name", index, 0, 0))
            if one.resizable:
                found += [("count", index, -1, 0), ("count", index, 1, 0)]
        return [*found, ("layers", -1, 0, 0), ("layers", 1, 0, 0)]

    def part_at(self, x: float, y: float) -> Part | None:
        if not self.columns:
            return None
        for part in self._controls():
            if self.place(part).contains(x, y):
                return part
        plan = self.plan
        for layer, matrix in enumerate(self.weights):
            for row in range(len(matrix)):
                bias = ("weight", layer, row, matrix.shape[1] - 1)
                if self.place(bias).adjusted(-1, -1, 1, 1).contains(x, y):
                    return bias
        for column, one in enumerate(self.columns):
            if abs(x - plan.x[column]) <= plan.size / 2 + 2:
                row = int(np.floor((y - plan.tops[column]) / plan.pitch[column]))
                if 0 <= row < len(one.maps) and plan.box(column, row).adjusted(
                        -2, -2, 2, 2).contains(x, y):
                    return ("neuron", column, row, 0)
        return self._link_at(x, y)

    def _link_at(self, x: float, y: float) -> Part | None:
        """The link under a point; of several the nearest."""
        plan = self.plan
        for layer, matrix in enumerate(self.weights):
            left, right = plan.gap(layer)
            if not left < x < right or matrix.shape[1] < 2:
                continue
            away = np.abs(plan.heights(layer, (x - left) / (right - left)) - y)
            nearest = int(away.argmin())
            if away[nearest] > self.look.px(5):
                return None
            count = matrix.shape[1] - 1
            return ("weight", layer, nearest // count, nearest % count)
        return None

    def beside(self, part: Part | None, dx: int, dy: int) -> Part | None:
        if not self.columns:
            return None
        if part is None:
            return ("neuron", 0, 0, 0)
        kind, a, b, c = part
        if kind == "neuron":
            return self._beside_neuron(a, b, dx, dy)
        if kind == "weight":
            count = self.weights[a].shape[1]
            if dx:
                return ("neuron", a + 1, b, 0) if dx > 0 or c == count - 1 else \
                    ("neuron", a, int(self.sources[a][c]), 0)
            at = min(max(b * count + c + dy, 0), len(self.weights[a]) * count - 1)
            return ("weight", a, at // count, at % count)
        controls = self._controls()
        if dy > 0:
            return ("neuron", a if kind != "layers" else len(self.columns) - 1, 0, 0)
        return controls[min(max(controls.index(part) + dx, 0), len(controls) - 1)]

    def _beside_neuron(self, column: int, row: int, dx: int, dy: int) -> Part:
        if dy:
            if row + dy < 0:
                return next((one for one in self._controls() if one[1] == column
                             and one[0] != "layers"), self._controls()[0])
            return ("neuron", column, min(row + dy, len(self.columns[column].maps) - 1), 0)
        if dx > 0 and column < len(self.weights):
            known = self.sources[column].tolist()
            matrix = self.weights[column]
            return ("weight", column, min(row, len(matrix) - 1),
                    known.index(row) if row in known else matrix.shape[1] - 1)
        if dx < 0 and column > 0:
            return ("weight", column - 1, row, min(row, self.weights[column - 1].shape[1] - 1))
        return ("neuron", column, row, 0)

    def say(self, part: Part) -> str:
        kind, a, b, c = part
        words = self.look.words
        match kind:
            case "neuron":
                return self.columns[a].names[b]
            case "weight" if c == self.weights[a].shape[1] - 1:
                return words("bias of {neuron}: {value}", neuron=self.columns[a + 1].names[b],
                             value=fixed(self.value(part), 3))
            case "weight":
                return words("{source} → {target}: {value}", target=self.columns[a + 1].names[b],
                             source=self.columns[a].names[int(self.sources[a][c])],
                             value=fixed(self.value(part), 3))
            case "name":
                return words("{activation}: click for another", activation=self.columns[a].title)
            case "count":
                return words("one neuron more" if b > 0 else "one neuron less")
            case _:
                return words("one layer more" if a > 0 else "one layer less")

    def tell_hover(self, part: Part | None) -> None:
        self.hovered.emit(*(part or ("", -1, -1, -1)))

    def tell_click(self, part: Part | None) -> None:
        if part is None:
            return
        if part[0] == "weight":
            self.edit(part)
        self.clicked.emit(*part)

    def repeats(self, part: Part) -> bool:
        return part[0] in ("name", "count", "layers")

    # Changing a weight

    def edit(self, part: Part) -> None:
        """Open a field in which the weight can be typed."""
        px, spot = self.look.px, self.place(part).center()
        self._editing = part
        self._editor.setFont(self.fonts(12)[0])
        self._editor.setAccessibleName(self.say(part))
        self._editor.setText(decimal(self.value(part), 4))
        self._editor.selectAll()
        wide, tall = px(84), px(26)
        self._editor.setGeometry(round(min(max(0.0, spot.x() - wide / 2), self.width() - wide)),
                                 round(min(max(0.0, spot.y() - tall / 2), self.height() - tall)),
                                 wide, tall)
        self._editor.show()
        self._editor.setFocus()

    def _typed(self) -> None:
        text = self._editor.text().strip()
        part, self._editing = self._editing, None
        try:
            value = read(text)
        except ValueError:
            value = np.nan
        if part is not None and np.isfinite(value):
            self.edited.emit(*part[1:], value)
        self._editor.hide()
        self.setFocus()

    def _nudge(self, way: int, modifiers: Qt.KeyboardModifier) -> None:
        """The field's weight a step up or down, as dragging does; finely with Shift."""
        if self._editing is None:
            return
        step = NUDGE / (10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1)
        value = round(self.value(self._editing) + way * step, 4)
        self._editor.setText(decimal(value, 4))
        self.edited.emit(*self._editing[1:], value)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if watched is self._editor and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if event.key() == Qt.Key.Key_Escape:
                if pressed:
                    self._editing = None
                    self._editor.hide()
                    self.setFocus()
                event.accept()
                return True
            if pressed and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._nudge(1 if event.key() == Qt.Key.Key_Up else -1, event.modifiers())
                return True
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part and part[0] == "weight":
            self._drag = part, self.value(part), event.position().y()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            super().mouseMoveEvent(event)
            return
        part, value, start = self._drag
        self._pointer = event.position()
        way = start - event.position().y()
        if abs(way) > self.look.px(4):
            fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            self.edited.emit(*part[1:], round(value + way * fine * DRAG / self.look.scale, 4))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        super().mouseReleaseEvent(event)

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.columns:
            return
        plan = self.plan
        self._fill(plan)
        height, width = self._pixels.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(plan.ratio)
        painter.drawImage(plan.area.topLeft(), image)
        key = tuple((one.title, one.named, one.resizable, tuple(one.labels), len(one.maps),
                     tuple(one.off)) for one in self.columns)
        self.layer(painter, "labels", key, self._paint_labels)
        self._paint_frames(painter)

    def _fill(self, plan: _Geometry) -> None:
        """All links, then all maps, into the buffer."""
        shape = (round(plan.area.height() * plan.ratio), round(plan.area.width() * plan.ratio))
        if self._pixels.shape != shape:
            self._pixels = np.empty(shape, np.uint32)
        card, rim = int(self._tables[0][128]), int(_packed(_rgb(self.look.theme.ghost)))
        self._pixels.fill(card)
        if self.weights:
            plan.links(self._pixels, np.concatenate([one[:, :-1].ravel() for one in self.weights]),
                       self.look.theme, self.look.scale)
        side = plan.cells
        for index, column in enumerate(self.columns):
            if not len(column.maps):
                continue
            at = np.arange(side) * column.maps.shape[1] // side
            small = column.maps[:, at[:, None], at]
            which = [1 + one for one in column.series] or [0] * len(small)
            shades = self._tables[np.array(which)[:, None, None], small]
            pale = set(column.off)
            for row, shade in enumerate(shades):
                x, y = plan.corners[index][row]
                self._pixels[y - 1 : y + side + 1, x - 1 : x + side + 1] = rim
                self._pixels[y : y + side, x : x + side] = _paler(shade, card) if row in pale else shade
        self._fill_biases(plan, card)

    def _fill_biases(self, plan: _Geometry, card: int) -> None:
        if not self.weights:
            return
        values = np.concatenate([one[:, -1] for one in self.weights])
        shades = iter(_inks(values, 0.2 + np.minimum(0.8, np.abs(values) / FULL), self.look.theme)
                      .tolist())
        for layer, matrix in enumerate(self.weights):
            for row in range(len(matrix)):
                x, y = plan.bias(layer + 1, row)
                self._pixels[y - 1 : y + plan.dot + 1, x - 1 : x + plan.dot + 1] = card
                self._pixels[y : y + plan.dot, x : x + plan.dot] = next(shades)

    def _paint_frames(self, painter: QPainter) -> None:
        plan, px = self.plan, self.look.px
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.locked[0] >= 0 and self._there(("neuron", *self.locked, 0)):
            painter.setPen(self.look.pen("accent", 2.5 * self.look.scale))
            painter.drawRect(plan.box(*self.locked).adjusted(-2, -2, 2, 2))
        if self.current is None:
            return
        if self.current[0] == "weight" and self.current[3] < self.weights[self.current[1]].shape[1] - 1:
            painter.setPen(self.look.pen("text", 1.5 * self.look.scale))
            painter.drawPath(plan.path(*self.current[1:]))
        elif not self._by_keys:
            painter.setPen(self.look.pen("text", 1.5 * self.look.scale))
            painter.drawRoundedRect(self.place(self.current).adjusted(-1, -1, 1, 1), px(2), px(2))

    def _paint_labels(self, painter: QPainter) -> None:
        plan, px = self.plan, self.look.px
        for index, column in enumerate(self.columns):
            ink = "accent" if column.named else "muted"
            if column.title:
                last, crowded = len(self.columns) - 1, plan.between < px(64)
                title = column.title + (" ▾" if column.named and not crowded else "")
                inner = 0 < index < last
                text = self.label(title, ink, 11 if crowded else 12,
                                  longest=round(plan.between) if inner else 0)
                # Outer titles may reach outwards.
                align = 0.5 if inner or not crowded else 1.0 if index == 0 else 0.0
                self.put(painter, text, plan.x[index] + (align - 0.5) * plan.size, plan.head, align,
                         0.0)
            if column.resizable:
                middle = plan.head + self.text_height(12) + (self.text_height(12) + px(2)) / 2
                self.put(painter, self.label(str(len(column.maps)), "muted", 12), plan.x[index],
                         middle, 0.5, 0.5)
                for sign, way in (("−", -1), ("+", 1)):
                    self.put(painter, self.label(sign, "accent", 13, True),
                             plan.x[index] + way * px(15), middle, 0.5, 0.5)
            for row, name in enumerate(column.labels):
                box = plan.box(index, row)
                self.put(painter, self.label(name, "muted" if row in column.off else "text", 12),
                         box.left() - px(6), box.center().y(), 1.0, 0.5)
        words = self.look.words
        minus, plus = self.place(("layers", -1, 0, 0)), self.place(("layers", 1, 0, 0))
        text = self.label(words("hidden layers: {count}", count=len(self.columns) - 2), "muted", 12)
        self.put(painter, text, minus.left() - px(4), minus.center().y(), 1.0, 0.5)
        for sign, box in (("−", minus), ("+", plus)):
            self.put(painter, self.label(sign, "accent", 13, True), box.center().x(),
                     box.center().y(), 0.5, 0.5)


def _paler(shade: Colours, card: int) -> Colours:
    """Three parts of the card to one of the colour: what is switched off."""
    low = np.uint32(0x3F3F3F)
    three = np.uint32(3 * ((card >> 2) & 0x3F3F3F))
    return np.asarray(0xFF000000 | (((shade >> 2) & low) + three), np.uint32)


class _Geometry:
    """Where neurons and links are, worked out once for a size."""

    def __init__(self, net: NetMap) -> None:
        px, counts = net.look.px, [max(1, len(one.maps)) for one in net.columns]
        self.ratio, self.head = net.devicePixelRatioF(), net.head
        labels = max((net.text_width(one, 12) for one in net.columns[0].labels), default=0)
        left = labels + px(10)
        top = net.head + 2 * net.text_height(12) + px(12)
        self.area = QRect(0, top, net.width(), max(8, net.height() - top - px(2)))
        columns = len(counts)
        last = net.text_width(net.columns[-1].title, 12) if columns else 0.0
        room = float(net.width() - left - px(6))
        most = max(counts)
        size = min((self.area.height() - 2) / most * 0.82, room / (2.1 * columns - 1.0), px(84))
        self.cells = max(4, int(size * self.ratio))  # device pixels of a map
        self.size = self.cells / self.ratio
        room -= max(0.0, last - self.size)  # the last title is wider than its column
        line = net.text_height(12)
        self.pitch = [min((self.area.height() - 2) / one, max(self.size * 1.32, line * 1.2))
                      for one in counts]
        self.between = (room - self.size) / max(1, columns - 1)
        self.x = [left + self.size / 2 + index * self.between for index in range(columns)]
        middle = self.area.top() + self.area.height() / 2
        self.tops = [middle - one * pitch / 2 for one, pitch in zip(counts, self.pitch, strict=True)]
        # A map's top left corner in the buffer's pixels, for each row of each column.
        self.corners = [[self._corner(column, row) for row in range(count)]
                        for column, count in enumerate(counts)]
        self.dot = max(3, min(round(px(7) * self.ratio), round(0.35 * self.cells)))
        self._links(net.sources, counts)

    def _corner(self, column: int, row: int) -> tuple[int, int]:
        x = self.x[column] - self.size / 2 - self.area.left()
        pitch = self.pitch[column]
        y = self.tops[column] + row * pitch + (pitch - self.size) / 2 - self.area.top()
        return round(x * self.ratio), max(1, round(y * self.ratio))

    def bias(self, column: int, row: int) -> tuple[int, int]:
        """The top left corner of a bias, on the lower left corner of its map, in buffer's pixels."""
        x, y = self.corners[column][row]
        return x - round(0.6 * self.dot), y + self.cells - round(0.7 * self.dot)

    def box(self, column: int, row: int) -> QRectF:
        """A map's place in the widget."""
        x, y = self.corners[column][row]
        return QRectF(self.area.left() + x / self.ratio, self.area.top() + y / self.ratio,
                      self.size, self.size)

    def gap(self, layer: int) -> tuple[float, float]:
        """Where the links of a layer begin and end."""
        half = self.size / 2
        return self.x[layer] + half, self.x[layer + 1] - half

    def _links(self, sources: Sequence[NDArray[np.intp]], counts: Sequence[int]) -> None:
        """Heights of all links at both ends, and of their pixels in between, from the area's top."""
        starts, ends, first, self.where = [], [], [], [0]
        for layer, rows in enumerate(sources):
            begin = [self.box(layer, int(row)).center().y() for row in rows]
            end = [self.box(layer + 1, row).center().y() for row in range(counts[layer + 1])]
            starts.append(np.tile(begin, len(end)))
            ends.append(np.repeat(end, len(begin)))
            first += [round(self.gap(layer)[0] * self.ratio)] * len(ends[-1])
            self.where.append(self.where[-1] + len(ends[-1]))
        self.starts, self.ends = np.concatenate(starts), np.concatenate(ends)
        self.columns = max(2, round((self.gap(0)[1] - self.gap(0)[0]) * self.ratio)) if sources else 2
        part = (np.arange(self.columns) + 0.5) / self.columns
        rise = self.starts[:, None] + (self.ends - self.starts)[:, None] * _ease(part)
        self.rise = ((rise - self.area.top()) * self.ratio).astype(np.float32)  # (links, columns)
        slope = np.abs(np.gradient(self.rise, axis=1)) if len(self.rise) else self.rise
        self.lean = np.sqrt(1.0 + slope * slope).astype(np.float32)  # how much taller a cut is
        self.across = (np.array(first, np.int32)[:, None] + np.arange(self.columns)).astype(np.int32)

    def heights(self, layer: int, part: float) -> NDArray[np.float64]:
        """How high each link of a layer runs, ``part`` of the way along."""
        mine = slice(self.where[layer], self.where[layer + 1])
        high: NDArray[np.float64] = self.starts[mine] + (self.ends - self.starts)[mine] * _ease(part)
        return high

    def middle(self, layer: int, to: int, source: int) -> tuple[float, float]:
        """A point of a link at which its neighbours are apart."""
        left, right = self.gap(layer)
        count = (self.where[layer + 1] - self.where[layer]) // max(1, self._targets(layer))
        return left + 0.75 * (right - left), float(self.heights(layer, 0.75)[to * count + source])

    def _targets(self, layer: int) -> int:
        mine = self.ends[self.where[layer] : self.where[layer + 1]]
        return len(np.unique(mine))

    def path(self, layer: int, to: int, source: int) -> QPainterPath:
        """The line of one link."""
        left, right = self.gap(layer)
        count = (self.where[layer + 1] - self.where[layer]) // max(1, self._targets(layer))
        index = to * count + source
        way = QPainterPath()
        for step in range(17):
            spot = QPointF(left + (right - left) * step / 16,
                           float(self.heights(layer, step / 16)[index]))
            if step:
                way.lineTo(spot)
            else:
                way.moveTo(spot)
        return way

    def links(self, pixels: Colours, values: NDArray[np.float32], theme: Theme, scale: float) -> None:
        """Draw the links, the strong ones last, each as wide and as full as its weight; in a thicket
        only the strongest, which would cover the others.

        A link is a run of pixels in each column that it crosses, from its lower to its upper rim; a
        pixel at a rim is covered in part, in ``LEVELS`` steps.
        """
        if not len(values) or len(values) != len(self.rise):
            return
        values = np.nan_to_num(values)
        order = np.argsort(np.abs(values), kind="stable")[-MOST_LINKS:]
        size = np.abs(values[order])
        half = (THINNEST + (WIDEST - THINNEST) * np.minimum(1.0, size / STRONG)) * self.ratio * scale
        full = np.where(size > 0, 0.18 + 0.82 * np.minimum(1.0, size / FULL), 0.12)
        level = np.arange(1, LEVELS + 1) / LEVELS
        shades = _inks(np.repeat(values[order], LEVELS), (full[:, None] * level).ravel(), theme)

        height, width = pixels.shape
        reach = half.astype(np.float32)[:, None] * self.lean[order]  # half a run
        rise = self.rise[order]
        low = np.clip(rise - reach, 0.0, height - 1).ravel()
        high = np.clip(rise + reach, 0.0, height - 1).ravel()
        first = low.astype(np.int32)
        length = high.astype(np.int32) - first + 1
        starts = np.cumsum(length, dtype=np.int32) - length
        run = np.repeat(np.arange(len(first), dtype=np.int32), length)  # which run a pixel is of
        row = np.arange(len(run), dtype=np.int32) + (first - starts)[run]
        cover = np.minimum(row + 1, high[run]) - np.maximum(row, low[run])
        step = (cover * (LEVELS - 0.01)).astype(np.int32)
        into = pixels.reshape(-1)
        into[row * width + self.across[order].ravel()[run]] = \
            shades[(run // self.columns) * LEVELS + step]


def _inks(values: NDArray[Any], strength: NDArray[Any], theme: Theme) -> Colours:
    """The colour of each value's sign, from the card (0) to full (1)."""
    card = _rgb(theme.card)
    way = np.where((values >= 0)[:, None], _rgb(theme.series[0]) - card, _rgb(theme.series[1]) - card)
    return _packed(card + 0.5 + way * np.nan_to_num(strength)[:, None])


def _ease(part: Any) -> Any:
    """From 0 to 1 with level ends."""
    return part * part * (3.0 - 2.0 * part)


class FieldMap(Canvas[tuple[int, int]]):
    """The plane itself: what is answered at each place, with points on top.

    A part is a cell (row, column) of a 40 × 40 net that the keyboard walks.

    Signals:
        drawn(x, y): a place was clicked or drawn over while ``drawing``, in units of the plane.
    """

    drawn = Signal(float, float)
    CELLS = 40

    def __init__(
        self, look: Look, title: str = "", *, reach: float = 1.0, x: str = "x", y: str = "y",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self.reach, self.x_title, self.y_title = reach, x, y
        self.values: Bytes = np.zeros((1, 1, 1), np.uint8)
        self.points: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self.kinds: NDArray[np.float32] = np.zeros(0, np.float32)
        self.filled, self.scale, self.classes, self.drawing = 0, 1.0, 2, False
        self.names: tuple[str, ...] = ()
        self.note = ""
        self._last: tuple[float, float] | None = None  # the point drawn before, while drawing
        self.setMinimumSize(look.px(150), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, values: Bytes, points: NDArray[np.float32], kinds: NDArray[np.float32], *,
        filled: int, classes: int = 2, scale: float = 1.0, names: Sequence[str] = (),
        drawing: bool = False, note: str = "", title: str | None = None,
    ) -> None:
        """Show a map (K, S, S), bytes as in ``Column``, and points (N, 2).

        Args:
            kinds: (N,) the class of each point, or its value -1 … 1 where ``classes`` is 0.
            filled: so many points are discs, the rest rings.
            scale: what byte 255 stands for.
            names: of K classes.
            drawing: whether clicks and drags are told as ``drawn``.
            note: a line in the middle, such as what to do with an empty plane.
        """
        self.retitle(title)
        self.values, self.points, self.kinds = values, points, kinds
        self.filled, self.classes, self.scale = filled, classes, scale
        self.names, self.drawing, self.note = tuple(names), drawing, note
        self.update()

    # Where things are

    @property
    def area(self) -> QRectF:
        """The square of the map."""
        px, text = self.look.px, self.text_height(11)
        left, top = text + px(4), self.head
        side = max(8, min(self.width() - left - px(2), self.height() - top - text - px(4)))
        return QRectF(left + (self.width() - left - side) // 2, top, side, side)

    def spot(self, x: float, y: float) -> QPointF:
        """Where a place of the plane is in the widget."""
        area = self.area
        return QPointF(area.left() + (x / self.reach + 1) / 2 * area.width(),
                       area.top() + (1 - y / self.reach) / 2 * area.height())

    def plane(self, x: float, y: float) -> tuple[float, float]:
        """The place of the plane at a point of the widget."""
        area = self.area
        return (self.reach * (2 * (x - area.left()) / area.width() - 1),
                self.reach * (1 - 2 * (y - area.top()) / area.height()))

    def place(self, part: tuple[int, int]) -> QRectF:
        area, step = self.area, self.area.width() / self.CELLS
        return QRectF(area.left() + part[1] * step, area.top() + part[0] * step, step, step)

    def part_at(self, x: float, y: float) -> tuple[int, int] | None:
        area = self.area
        if not area.contains(x, y):
            return None
        step = area.width() / self.CELLS
        return (min(int((y - area.top()) / step), self.CELLS - 1),
                min(int((x - area.left()) / step), self.CELLS - 1))

    def beside(self, part: tuple[int, int] | None, dx: int, dy: int) -> tuple[int, int] | None:
        if part is None:
            return self.CELLS // 2, self.CELLS // 2
        return (min(max(part[0] + dy, 0), self.CELLS - 1), min(max(part[1] + dx, 0), self.CELLS - 1))

    def say(self, part: tuple[int, int]) -> str:
        centre = self.place(part).center()
        x, y = self.plane(centre.x(), centre.y())
        side = self.values.shape[1]
        row = min(int((1 - y / self.reach) / 2 * side), side - 1)
        column = min(int((x / self.reach + 1) / 2 * side), side - 1)
        there = (self.values[:, row, column].astype(float) - 128.0) / 127.0
        if len(there) > 1:
            chance = np.clip((there + 1) / 2, 0, 1)
            best = int(chance.argmax())
            said = f"{self.names[best] if best < len(self.names) else best} {percent(float(chance[best]))}"
        else:
            said = fixed(float(there[0]) * self.scale)
        return f"{self.x_title} {fixed(x, 1)}, {self.y_title} {fixed(y, 1)}: {said}"

    def tell_hover(self, part: tuple[int, int] | None) -> None:
        pass

    def tell_click(self, part: tuple[int, int] | None) -> None:
        if part is not None and self.drawing and self._by_keys:
            centre = self.place(part).center()
            self.drawn.emit(*self.plane(centre.x(), centre.y()))

    def repeats(self, part: tuple[int, int]) -> bool:
        return self.drawing

    # Drawing points

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._last = None
        if self.drawing and event.button() == Qt.MouseButton.LeftButton:
            self._add(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.drawing and event.buttons() & Qt.MouseButton.LeftButton:
            self._add(event.position())
        if self.drawing and self.current is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def _add(self, at: QPointF) -> None:
        if not self.area.contains(at):
            return
        x, y = self.plane(at.x(), at.y())
        if self._last is None or np.hypot(x - self._last[0], y - self._last[1]) >= LEAST_WAY:
            self._last = x, y
            self.drawn.emit(x, y)

    # Painting

    def paint(self, painter: QPainter) -> None:
        area, theme = self.area, self.look.theme
        pixels = np.ascontiguousarray(mixed(self.values, theme))
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, image)
        painter.setPen(self.look.pen("ghost"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        key = (self.points.tobytes(), self.kinds.tobytes(), self.filled, self.classes, self.head)
        self.layer(painter, "points", key, self._paint_points)
        if self.note:
            text = self.label(self.note, "text", 12, halo=True, longest=round(area.width()))
            self.put(painter, text, area.center().x(), area.center().y(), 0.5, 0.5)

    def _paint_points(self, painter: QPainter) -> None:
        area, px = self.area, self.look.px
        self.put(painter, self.label(self.x_title, "muted", 11), area.center().x(), area.bottom() + 1,
                 0.5, 0.0)
        self.put(painter, self.label(self.y_title, "muted", 11, upwards=True), area.left() - px(2),
                 area.center().y(), 1.0, 0.5)
        for value in (-self.reach, self.reach):
            text = self.label(decimal(value), "muted", 11)
            side = 0.0 if value < 0 else 1.0
            self.put(painter, text, area.left() + side * area.width(), area.bottom() + 1, side, 0.0)
        radius = max(2.5 * self.look.scale, area.width() / 120)
        shades = raster.diverging(self.look.theme)
        painter.setClipRect(area)
        for index, ((x, y), kind) in enumerate(zip(self.points.tolist(), self.kinds.tolist(),
                                                   strict=True)):
            series = CLASS_SERIES[int(kind) % len(CLASS_SERIES)]
            ink = self.look.color(series)
            if not self.classes:
                value = round(min(max(kind, -1.0), 1.0) * 127 + 128)
                ink.setRgb(*shades[value, :3].tolist())
            if index < self.filled:
                rim = "card" if self.classes else "muted"  # a value near zero has the card's colour
                painter.setPen(self.look.pen(rim, self.look.scale))
                painter.setBrush(ink)
            else:
                painter.setPen(self.look.pen(ink, 1.6 * self.look.scale))
                painter.setBrush(self.look.color("card"))
            at = self.spot(x, y)
            paint_marks(painter, series if self.classes else 0, [(at.x(), at.y())], radius)
