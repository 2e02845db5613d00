"""A tree of tokens that grows to the right: what was taken, what could have been, and what was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.pictures.tokens import legible, shortened
from widgets.theme.look import Look

State = Literal["cut", "open", "taken"]
Part = tuple[int, int]  # a column and a node of it


@dataclass(frozen=True)
class Node:
    """One token that may come next.

    Attributes:
        parent: the node of the column before that it follows; of the first column, the root.
        value: what is written beside it.
        said: what more is known of it, for the readout.
    """

    text: str
    parent: int
    state: State
    value: str = ""
    said: str = ""


class TokenTree(Canvas[Part]):
    """Columns of nodes, the best one on top. What was taken is filled, what could have been taken has a
    rim, what was cut off a dashed one. The newest column is in sight while the tree grows.

    Signals:
        clicked(column, node), hovered(column, node): hovered gives (-1, -1) when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    WIDE, LINKS = 112, 22  # pixels of a node and of the links before it

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.root = ""
        self.columns: tuple[tuple[Node, ...], ...] = ()
        self._rows = 1  # of the fullest column
        self.reel = Scroll(self)
        self._seen: object = None  # the columns and the width whose end was brought into sight
        self.setMinimumSize(look.px(260), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, root: str, columns: Sequence[Sequence[Node]], *, title: str | None = None
    ) -> None:
        """Show what follows ``root``, a column for each token of the text."""
        self.retitle(title)
        self.root, self.columns = root, tuple(tuple(one) for one in columns)
        self._rows = max(map(len, self.columns), default=1)
        if self.current is not None and not self._there(self.current):
            self.current = None
        self.update()

    def _there(self, part: Part) -> bool:
        return part[0] < len(self.columns) and part[1] < len(self.columns[part[0]])

    # Where things are

    @property
    def _pitch(self) -> float:
        """From one column to the next; a view is filled by whole columns."""
        least = self.look.px(self.WIDE + self.LINKS)
        return max(least, self.width() / max(1, self.width() // least))

    @property
    def _room(self) -> QRectF:
        below = self.reel.foot if self.reel.cut else self.look.px(8)
        return QRectF(0, self.head, self.width(), max(1, self.height() - self.head - below))

    def _line(self) -> float:
        """The height of a row of the fullest column, so that no column jumps when it scrolls."""
        return min(float(self.look.px(30)), self._room.height() / max(self._rows, 1))

    def _fit(self) -> None:
        self.reel.fit(rows_of(len(self.columns) + 1, self._pitch), self.width(), across=True)
        if self._seen != (now := (len(self.columns), self.width(), self.root)):
            self._seen = now
            self.reel.to_end()

    def _boxes(self, column: int) -> list[QRectF]:
        """Where the nodes of a column are; column −1 has the root alone."""
        line, pitch = self._line(), self._pitch
        rows = len(self.columns[column]) if column >= 0 else 1
        left = (column + 1) * pitch - self.reel.offset + self.look.px(2)
        top = self._room.center().y() - rows / 2 * line + line * 0.09
        wide = pitch - self.look.px(self.LINKS)
        return [QRectF(left, top + node * line, wide, line * 0.82) for node in range(rows)]

    def place(self, part: Part) -> QRectF:
        return self._boxes(part[0])[part[1]]

    def part_at(self, x: float, y: float) -> Part | None:
        self._fit()
        column = int((x + self.reel.offset) // self._pitch) - 1
        if not 0 <= column < len(self.columns) or x > self.reel.room:
            return None
        return next(((column, node) for node, box in enumerate(self._boxes(column))
                     if box.contains(x, y)), None)

    def beside(self, part: Part | None, dx: int, dy: int) -> Part | None:
        if not self.columns:
            return None
        self._fit()
        column, node = part if part is not None else (len(self.columns) - 1, 0)
        if part is not None:
            node = min(max(node + dy, 0), len(self.columns[column]) - 1)
            column = min(max(column + dx, 0), len(self.columns) - 1)
            node = min(node, len(self.columns[column]) - 1)
        self.reel.reveal((column + 1) * self._pitch, (column + 2) * self._pitch)
        return column, node

    def say(self, part: Part) -> str:
        node = self.columns[part[0]][part[1]]
        return "   ".join(filter(None, (legible(node.text), node.value, node.said)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit()
        self.reel.wheel(event, self._pitch)
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        self._fit()
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        painter.setClipRect(self.reel.view(area, across=True))
        first = max(0, int(self.reel.offset // self._pitch) - 1)
        last = min(len(self.columns), int((self.reel.offset + self.width()) // self._pitch) + 1)
        boxes = {column: self._boxes(column) for column in range(first - 1, last)}
        for column in range(first, last):
            for box, one in zip(boxes[column], self.columns[column], strict=True):
                self._paint_link(painter, boxes[column - 1][one.parent if column else 0], box, one)
        if first == 0:
            self._paint_node(painter, boxes[-1][0], Node(self.root, -1, "taken"))
        for column in range(first, last):
            for box, one in zip(boxes[column], self.columns[column], strict=True):
                self._paint_node(painter, box, one)
        painter.setClipping(False)
        self.reel.paint(painter, area, across=True)

    def _paint_link(self, painter: QPainter, start: QRectF, end: QRectF, one: Node) -> None:
        a, b = QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y())
        path, middle = QPainterPath(a), (a.x() + b.x()) / 2
        path.cubicTo(QPointF(middle, a.y()), QPointF(middle, b.y()), b)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._pen(one.state, 2.4 if one.state == "taken" else 1.0))
        painter.drawPath(path)

    def _pen(self, state: State, width: float) -> QPen:
        pen = self.look.pen("ghost" if state == "cut" else 0, width * self.look.scale)
        if state == "cut":
            pen.setDashPattern([3, 3])
        return pen

    def _paint_node(self, painter: QPainter, box: QRectF, one: Node) -> None:
        px = self.look.px
        if box.right() < 0 or box.left() > self.width():
            return
        filled = one.state == "taken"
        painter.setPen(self._pen(one.state, 1.2))
        painter.setBrush(self.look.color("accent") if filled else self.look.color("card"))
        painter.drawRoundedRect(box, px(4), px(4))
        ink = "on_accent" if filled else "muted" if one.state == "cut" else "text"
        value = self.label(one.value, ink, 11) if one.value else None
        room = box.width() - px(12) - (self.text_width(one.value, 11) + px(5) if value else 0)
        name = shortened(one.text, max(2, int(room / max(1, self.text_width("n", 12)))))
        self.put(painter, self.label(name, ink, 12), box.left() + px(6), box.center().y(), 0.0, 0.5)
        if value is not None:
            self.put(painter, value, box.right() - px(5), box.center().y(), 1.0, 0.5)
