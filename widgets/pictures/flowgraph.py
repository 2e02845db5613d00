"""A computational graph from left to right: each node with its value and, below, a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas, Scroll, left_out, rows_of
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, fixed

STEP = 0.1  # what an arrow key moves a number by, a tenth of it with Shift
SHOWN = 8  # numbers of a matrix that the readout tells


@dataclass(frozen=True)
class FlowNode:
    """One node, a number or a matrix.

    Attributes:
        formula: how it comes about; empty for an input.
        value, derivative: (rows, columns); None until it is known.
        drawn: constants are not, their users' formulas say them.
        movable: an input of one number, which can be dragged.
    """

    name: str
    formula: str = ""
    value: NDArray[Any] | None = None
    derivative: NDArray[Any] | None = None
    drawn: bool = True
    movable: bool = False

    @property
    def said(self) -> str:
        return f"{self.name} = {self.formula}" if self.formula else self.name


@dataclass(frozen=True)
class Flow:
    """An edge: from a node to one that uses it, and what is written at it."""

    start: int
    end: int
    label: str = ""


class FlowGraph(Canvas[int]):
    """Nodes in columns, inputs to the left of what uses them. The node of the step has a filled ground and
    its edges are lit; the one that is looked at has a rim. An input that can be moved is dragged to the side,
    or moved with ←/→; ↑/↓ go from node to node.

    Signals:
        clicked(node), moved(node, value).
    """

    clicked = Signal(int)
    moved = Signal(int, float)

    PITCH, GAP = (142, 112), (47, 24)  # unscaled pixels of a graph of numbers, and of one of matrices: from
    ROW, LOW, HIGH = 48, 46, 92  # a column to the next, between boxes; from a row to the next; of a box

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.nodes: tuple[FlowNode, ...] = ()
        self.edges: tuple[Flow, ...] = ()
        self.now = self.chosen = -1
        self.lit: frozenset[int] = frozenset()
        self.back = False
        self.note = ""
        self._shape: object = None  # nodes and edges for which the places were found
        self._spots: dict[int, tuple[int, float]] = {}  # node → column, and how far down
        self._ways: list[list[tuple[int, float]]] = []  # of each edge, the places it goes through between
        self._columns, self._rows = 1, 1.0
        self._limits = [1.0, 1.0]
        self._large = False  # whether there is a node of more than one number
        self._across, self._down = Scroll(self), Scroll(self)
        self._taken: tuple[int, float, float] | None = None  # node, where it was taken, its value then
        self._seen: object = None
        self.setMinimumSize(look.px(280), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, nodes: Sequence[FlowNode], edges: Sequence[Flow], *, now: int = -1, chosen: int = -1,
        lit: Sequence[int] = (), back: bool = False, note: str = "", title: str | None = None,
    ) -> None:
        """Show this graph.

        Args:
            lit: the edges along which something moves in this step, against their direction if ``back``.
            note: what is said instead, where there is no graph.
        """
        self.retitle(title)
        self.nodes, self.edges = tuple(nodes), tuple(edges)
        self.now, self.chosen, self.lit = now, chosen, frozenset(lit)
        self.back, self.note = back, note
        shape = tuple(one.drawn for one in nodes), tuple((one.start, one.end) for one in edges)
        if shape != self._shape:
            self._shape = shape
            self._spots, self._ways = layered(*shape)
            self._columns = 1 + max((column for column, _ in self._spots.values()), default=0)
            self._rows = 1 + max((row for _, row in self._spots.values()), default=0.0)
        for index, kind in enumerate(("value", "derivative")):
            known = [float(np.nanmax(np.abs(each))) for one in nodes
                     if (each := getattr(one, kind)) is not None and np.isfinite(each).any()]
            self._limits[index] = max([1e-12, *known])
        self._large = any(one.value is not None and one.value.size > 1 for one in nodes)
        if self.current is not None and self.current not in self._spots:
            self.current = None
        self.update()

    # Where things are

    @property
    def _room(self) -> QRectF:
        below = self.look.px(4) + (self._across.foot if self._across.cut else 0)
        return QRectF(0, self.head, self.width(), max(1, self.height() - self.head - below))

    @property
    def _pitch(self) -> float:
        """From one column to the next."""
        px = self.look.px
        return max(px(self.PITCH[self._large]), min(self.width() / self._columns, px(300)))

    @property
    def _row(self) -> float:
        """From one row to the next."""
        return max(self.look.px(self.ROW), min(self._room.height() / self._rows, self.look.px(120)))

    def _fit(self) -> None:
        self._across.fit(rows_of(self._columns, self._pitch), self._room.width(), across=True)
        rows = rows_of(int(self._rows), self._row)
        if self._rows > len(rows):  # nodes may stand between two rows
            rows = np.append(rows, self._rows * self._row)
        self._down.fit(rows, self._room.height(), across=self._across.cut)
        if self._seen != (seen := (self.now, self._shape, self.width(), self.height())):
            self._seen = seen
            if self.now in self._spots:  # what happens is in sight
                column, row = self._spots[self.now]
                self._across.reveal(column * self._pitch, (column + 1) * self._pitch)
                self._down.reveal(row * self._row, (row + 1) * self._row)

    def _spot(self, column: float, row: float) -> QPointF:
        room = self._room
        left = max(0.0, (room.width() - self._columns * self._pitch) / 2) - self._across.offset
        top = max(0.0, (room.height() - self._rows * self._row) / 2) - self._down.offset
        return QPointF(left + (column + 0.5) * self._pitch, room.top() + top + (row + 0.5) * self._row)

    def place(self, part: int) -> QRectF:
        middle, px = self._spot(*self._spots[part]), self.look.px
        gap = px(self.GAP[1]) if self._large else max(px(self.GAP[0]), self._pitch / 3)
        wide = min(self._pitch - gap, px(190))
        tall = min(self._row - px(7), px(self.HIGH if self._large else self.LOW))
        return QRectF(middle.x() - wide / 2, middle.y() - tall / 2, wide, tall)

    def part_at(self, x: float, y: float) -> int | None:
        self._fit()
        return next((one for one in self._seen_nodes() if self.place(one).contains(x, y)), None)

    @property
    def _view(self) -> QRect:
        """Where nodes are seen."""
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        return self._across.view(area, across=True) & self._down.view(area)

    def _seen_nodes(self) -> list[int]:
        """The nodes of which a part is in sight; in hall text those that are seen whole."""
        view = QRectF(self._view)
        return [one for one in self._spots if not self.look.hall or view.contains(self.place(one))]

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self._spots:
            return None
        nodes = sorted(self._spots)
        if part is None:
            found = next((one for one in (self.chosen, self.now) if one in self._spots), nodes[0])
        else:
            found = nodes[min(max(nodes.index(part) + dx + dy, 0), len(nodes) - 1)]
        column, row = self._spots[found]
        self._fit()
        self._across.reveal(column * self._pitch, (column + 1) * self._pitch)
        self._down.reveal(row * self._row, (row + 1) * self._row)
        return found

    def say(self, part: int) -> str:
        node = self.nodes[part]
        derivative = "" if node.derivative is None else f"∂ {_told(node.derivative)}"
        return "   ".join(filter(None, (node.said, _told(node.value), derivative)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit()
        self._seen = self.now, self._shape, self.width(), self.height()
        reel = self._down if self._down.length > self._down.room else self._across
        reel.wheel(event, self._row if reel is self._down else self._pitch)
        self.update()

    # Dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None \
                and (number := self._number(part)) is not None:
            self._taken = part, event.position().x(), number

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._taken is None:
            super().mouseMoveEvent(event)
            return
        part, x, number = self._taken
        steps = round((event.position().x() - x) / self.look.px(8))
        if part < len(self.nodes) and steps:
            self._pressed = None  # it is no click any more
        if part < len(self.nodes) and self._pressed is None:
            self._set(part, number + STEP * steps)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._taken = None
        super().mouseReleaseEvent(event)

    def drag(self, part: int, dx: int, dy: int, fine: bool) -> bool:
        number = self._number(part)
        if number is None or not dx:
            return False
        self._set(part, number + dx * STEP * (0.1 if fine else 1.0))
        return True

    def _number(self, part: int) -> float | None:
        """The number of an input that can be moved."""
        node = self.nodes[part]
        return float(node.value[0, 0]) if node.movable and node.value is not None else None

    def _set(self, part: int, number: float) -> None:
        """Tell of a new value and show it at once: the next picture may take a moment to come."""
        number = round(number, 2)
        if number != self._number(part):
            node = replace(self.nodes[part], value=np.array([[number]]))
            self.nodes = (*self.nodes[:part], node, *self.nodes[part + 1 :])
            self.update()
            self.moved.emit(part, number)

    # Painting

    def paint(self, painter: QPainter) -> None:
        self._fit()
        if not self._spots:
            self.paragraph(painter, self.note, self._room.adjusted(8, 0, -8, 0), "text", 13)
            return
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        painter.setClipRect(self._view)
        for index in sorted(range(len(self.edges)), key=lambda one: one in self.lit):
            if self.nodes[self.edges[index].start].drawn:
                self._paint_edge(painter, index)
        seen = self._seen_nodes()
        for one in seen:
            self._paint_node(painter, one)
        for index, edge in enumerate(self.edges):
            if edge.label and self.nodes[edge.start].drawn and (not self.look.hall or edge.end in seen):
                self._paint_label(painter, index)
        painter.setClipping(False)
        if rest := len(self._spots) - len(seen):
            self.put(painter, self.label(left_out(self.look.words, 0, rest), "muted", 12), 0, self.height(),
                     0.0, 1.0)
        elif not self._across.cut and not self._down.cut:
            self._across.paint(painter, area, across=True)
            self._down.paint(painter, area)

    def _points(self, index: int) -> list[QPointF]:
        """Where an edge begins, what it goes through and where it ends."""
        edge = self.edges[index]
        start, end = self.place(edge.start), self.place(edge.end)
        into = sorted((self._spots[one.start][1], at) for at, one in enumerate(self.edges)
                      if one.end == edge.end and self.nodes[one.start].drawn)
        at = [each for _, each in into].index(index)
        y = end.center().y() + (at - (len(into) - 1) / 2) * min(self.look.px(14), end.height() / len(into))
        return [QPointF(start.right(), start.center().y()), *(self._spot(*one) for one in self._ways[index]),
                QPointF(end.left(), y)]

    def _paint_edge(self, painter: QPainter, index: int) -> None:
        points, lit, px = self._points(index), index in self.lit, self.look.px
        path = QPainterPath(points[0])
        for a, b in pairwise(points):
            middle = (a.x() + b.x()) / 2
            path.cubicTo(QPointF(middle, a.y()), QPointF(middle, b.y()), b)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("accent" if lit else "ghost", px(2.6 if lit else 1.2)))
        painter.drawPath(path)
        # The head of an arrow at the end towards which it moves.
        at, way = (points[0], 1) if lit and self.back else (points[-1], -1)
        size = px(7 if lit else 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("accent" if lit else "ghost"))
        corners = [at + QPointF(way * size, side * size / 2) for side in (-1, 1)]
        painter.drawPolygon(QPolygonF([at, *corners]))

    def _paint_label(self, painter: QPainter, index: int) -> None:
        points = self._points(index)
        a, b = points[-2], points[-1]
        start = self.place(self.edges[index].start) if len(points) == 2 else None
        room = b.x() - (start.right() if start is not None else b.x() - self.look.px(self.GAP[0]))
        picture = self.label(self.edges[index].label, "accent" if index in self.lit else "muted", 11,
                             bold=index in self.lit)
        if picture.deviceIndependentSize().width() <= room + self.look.px(6):
            at = QPointF(b.x() - room / 2, b.y() + (a.y() - b.y()) * (0.5 if start is not None else 0))
            ground = QRectF(QPointF(), picture.deviceIndependentSize())
            ground.moveCenter(at)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("card", 225))  # the line ends before the label
            painter.drawRect(ground.adjusted(0, 2, 0, -2))
            self.put(painter, picture, at.x(), at.y(), 0.5, 0.5)

    def _paint_node(self, painter: QPainter, index: int) -> None:
        box, node, px = self.place(index), self.nodes[index], self.look.px
        marked = index in (self.now, self.chosen)
        painter.setPen(self.look.pen("accent" if marked else "ghost", px(2) if marked else 1))
        painter.setBrush(self.look.color("accent_wash" if index == self.now else "card"))
        painter.drawRoundedRect(box, px(5), px(5))
        side = px(4 if box.width() < px(110) else 7)
        inner = box.adjusted(side, px(2), -side, -px(3))
        line = self.text_height(12)
        name = node.said if self.text_width(node.said, 12, not node.formula) <= inner.width() else node.name
        self.put(painter, self.label(name, "text", 12, bold=not node.formula or name == node.name,
                                     longest=int(inner.width()) + 1), inner.left(), inner.top())
        below = QRectF(inner.left(), inner.top() + line + px(1), inner.width(), inner.height() - line - px(1))
        if node.value is None or node.value.size == 1:
            self._paint_numbers(painter, node, below)
        else:
            self._paint_cells(painter, node, below)

    def _paint_numbers(self, painter: QPainter, node: FlowNode, below: QRectF) -> None:
        """The value and the derivative in one line, in as many digits as have room."""
        y = min(below.center().y(), below.top() + self.look.px(20))
        for size, digits in ((13, 3), (12, 3), (12, 2), (12, 1)):
            value = _number(node.value, digits)
            derivative = "" if node.derivative is None else f"∂ {_number(node.derivative, digits)}"
            wide = self.text_width(value, size) + self.text_width(derivative, size, True)
            if wide + self.look.px(4) <= below.width():
                break
        ink = "muted" if node.value is None else 0
        self.put(painter, self.label(value, ink, size), below.left(), y, 0.0, 0.5)
        if derivative:
            self.put(painter, self.label(derivative, 1, size, bold=True), below.right(), y, 1.0, 0.5)

    def _paint_cells(self, painter: QPainter, node: FlowNode, below: QRectF) -> None:
        """Both matrices, a column of numbers as a row: below one another, or side by side."""
        assert node.value is not None
        line, px = self.text_width("∂ ", 12), self.look.px
        pictures = [("", node.value, 0), ("∂", node.derivative, 1)]
        flat = 1 in node.value.shape
        for index, (sign, matrix, series) in enumerate(pictures):
            if flat:
                tall = (below.height() - px(3)) / 2
                area = QRectF(below.left() + line, below.top() + index * (tall + px(3)),
                              below.width() - line, tall)
            else:
                wide = (below.width() - line - px(4)) / 2
                area = QRectF(below.left() + index * (wide + line + px(4)), below.top(), wide, below.height())
            if matrix is None:
                continue
            if sign:
                self.put(painter, self.label(sign, series, 12, bold=True), area.left() - line,
                         area.center().y(), 0.0, 0.5)
            self._paint_matrix(painter, matrix.reshape(1, -1) if flat else matrix, area, self._limits[index])

    def _paint_matrix(self, painter: QPainter, matrix: NDArray[Any], area: QRectF, limit: float) -> None:
        rows, columns = matrix.shape
        wide, tall = area.width() / columns, area.height() / rows
        shades = raster.colour(matrix, -limit, limit, raster.diverging(self.look.theme))
        painter.drawImage(area, raster.to_image(shades))
        painter.setPen(self.look.pen("ghost"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        if wide >= self.text_width("−0.00", 11) + self.look.px(6) and tall >= self.text_height(11) - 2:
            ways = raster.figures_on(shades[..., :3], self.look.legible)
            for (row, column), number in np.ndenumerate(matrix):
                if np.isfinite(number):
                    picture = self.figure(fixed(float(number)), int(ways[row, column]))
                    self.put(painter, picture, area.left() + (column + 0.5) * wide,
                             area.top() + (row + 0.5) * tall, 0.5, 0.5)


def _number(matrix: NDArray[Any] | None, digits: int) -> str:
    return "?" if matrix is None else decimal(float(matrix[0, 0]), digits)


def _told(matrix: NDArray[Any] | None) -> str:
    """A matrix in one line: a number, or its first few numbers."""
    if matrix is None:
        return "?"
    numbers = [decimal(float(one)) for one in matrix.ravel()[:SHOWN]]
    if matrix.size > SHOWN:
        numbers.append("…")
    return numbers[0] if matrix.size == 1 else f"({', '.join(numbers)})"


def layered(
    drawn: Sequence[bool], edges: Sequence[tuple[int, int]]
) -> tuple[dict[int, tuple[int, float]], list[list[tuple[int, float]]]]:
    """Where the nodes of a graph stand: a column and a row each, and the places between through which each
    edge goes that is longer than from one column to the next (Sugiyama et al. 1981, without its last step).

    Nodes come after those they use. What is not drawn has no place.
    """
    count = len(drawn)
    used = [[a for a, b in edges if b == one and drawn[a]] for one in range(count)]
    level = [0] * count
    for one in range(count):
        level[one] = 1 + max((level[each] for each in used[one]), default=-1)
    for one in reversed(range(count)):  # an input stands just before the first that uses it
        users = [level[b] for a, b in edges if a == one]
        if not used[one] and users:
            level[one] = max(0, min(users) - 1)

    columns: list[list[int]] = [[] for _ in range(1 + max(level, default=0))]
    near: dict[int, list[int]] = {}
    for one in range(count):
        if drawn[one]:
            columns[level[one]].append(one)
            near[one] = []
    between: list[list[int]] = []
    extra = count
    for a, b in edges:
        chain = []
        if drawn[a]:
            last = a
            for column in range(level[a] + 1, level[b]):
                columns[column].append(extra)
                near[extra] = [last]
                near[last].append(extra)
                chain.append(extra)
                last, extra = extra, extra + 1
            near[last].append(b)
            near[b].append(last)
        between.append(chain)

    for each in columns[1:]:  # inputs above and below what is computed, so that a chain stays level
        loose = [one for one in each if one < count and not used[one]]
        rest = [one for one in each if one not in loose]
        each[:] = loose[::2][::-1] + rest + loose[1::2]
    row = {one: float(at) - (len(column) - 1) / 2 for column in columns for at, one in enumerate(column)}
    column_of = {one: at for at, column in enumerate(columns) for one in column}
    for sweep in range(12):
        for at in range(len(columns)) if sweep % 2 == 0 else reversed(range(len(columns))):
            wish = {}
            for one in columns[at]:
                beside = [row[each] for each in near[one]
                          if sweep >= 8 or (column_of[each] < at) == (sweep % 2 == 0)]
                wish[one] = sum(beside) / len(beside) if beside else row[one]
            order = sorted(columns[at], key=lambda one: wish[one]) if sweep < 8 else \
                sorted(columns[at], key=lambda one: row[one])
            columns[at] = order
            # Each where it wishes to be, and none nearer than a row to the next.
            places: list[float] = []
            for one in order:
                places.append(max(wish[one], places[-1] + 1) if places else wish[one])
            shift = (sum(wish.values()) - sum(places)) / max(1, len(order))
            for one, place in zip(order, places, strict=True):
                row[one] = place + shift
    least = min(row.values(), default=0.0)
    spots = {one: (column_of[one], row[one] - least) for one in row if one < count}
    ways = [[(column_of[one], row[one] - least) for one in chain] for chain in between]
    return spots, ways
