"""A tree of yes/no questions with one path lit: no to the left, yes to the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import paint_marks

RADIUS = 5.0  # unscaled pixels of a node on the path


class DecisionTree(Canvas[int]):
    """Nodes in levels from top to bottom. Those on the path are named; of the others, as many as have
    room.

    Signals:
        clicked(node).
    """

    clicked = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.parents: NDArray[Any] = np.zeros(0, np.int32)
        self.names: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.series: tuple[int, ...] = ()
        self.path: tuple[int, ...] = ()
        self.answers: tuple[str, ...] = ()
        self.levels, self.unnamed = 1, ""
        self._x: NDArray[np.float64] = np.zeros(0)
        self._depth: NDArray[np.int64] = np.zeros(0, np.int64)
        self.setMinimumSize(look.px(240), look.px(160))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, parents: NDArray[Any], sides: NDArray[Any], names: Sequence[str], *,
        series: Sequence[int], notes: Sequence[str] = (), path: Sequence[int] = (),
        answers: Sequence[str] = (), levels: int = 1, unnamed: str = "",
        title: str | None = None,
    ) -> None:
        """Show the tree.

        Args:
            parents: (n,) the node above each, −1 above the first; parents come before their children.
            sides: (n,) 0 where a node is reached by no, 1 by yes.
            names, notes: of each node; the note is what its readout adds.
            series: of each node, its mark and colour; −1 is a question.
            path: the nodes that are lit, and ``answers`` what stands at the lines between them.
            unnamed: a name that only the path and the readouts say, as the mark says it too.
            levels: there is room for so many below the first, though they may not be there yet.
        """
        self.retitle(title)
        if len(parents) != len(self.parents) or names != self.names:
            self.current = None
        self.parents, self.names, self.notes = parents, tuple(names), tuple(notes)
        self.series, self.path, self.answers = tuple(series), tuple(path), tuple(answers)
        self.unnamed = unnamed
        self._depth = np.zeros(len(parents), np.int64)
        for node in range(1, len(parents)):
            self._depth[node] = self._depth[parents[node]] + 1
        self.levels = max(levels, int(self._depth.max(initial=0)), 1)
        self._x = self._columns(sides)
        self.update()

    def _columns(self, sides: NDArray[Any]) -> NDArray[np.float64]:
        """Where each node stands across, 0 … 1: leaves side by side, questions above their answers'
        middle."""
        n = len(self.parents)
        children: list[list[int]] = [[] for _ in range(n)]
        for node in range(1, n):
            children[self.parents[node]].append(node)
        x = np.zeros(n)
        leaves = 0
        stack = [(0, False)] if n else []
        while stack:
            node, done = stack.pop()
            if not children[node]:
                x[node], leaves = leaves + 0.5, leaves + 1
            elif done:
                x[node] = np.mean([x[one] for one in children[node]])
            else:
                stack.append((node, True))
                # Of a stack the last comes first: yes goes in before no.
                stack += [(one, False) for one in sorted(children[node], key=lambda one: -int(sides[one]))]
        return x / max(leaves, 1)

    # --- where things are

    def _spot(self, node: int) -> QPointF:
        px = self.look.px
        top = self.head + self.text_height(13) + px(10)
        tall = max(1.0, self.height() - top - self.text_height(13) - px(6))
        wide = self.width() - px(16)
        return QPointF(px(8) + wide * float(self._x[node]),
                       top + tall * float(self._depth[node]) / self.levels)

    def place(self, part: int) -> QRectF:
        spot, r = self._spot(part), self.look.px(RADIUS + 2)
        return QRectF(spot.x() - r, spot.y() - r, 2 * r, 2 * r)

    def part_at(self, x: float, y: float) -> int | None:
        found, best = None, float(self.look.px(12) ** 2)
        for node in range(len(self.parents)):
            spot = self._spot(node)
            far = (spot.x() - x) ** 2 + (spot.y() - y) ** 2
            if far < best:
                found, best = node, far
        return found

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.parents):
            return None
        if part is None:
            return self.path[0] if self.path else 0
        if dy < 0:
            return max(int(self.parents[part]), 0)
        if dy > 0:
            below = np.flatnonzero(self.parents == part).tolist()
            lit = [one for one in below if one in self.path]
            return int((lit or below or [part])[0])
        level = sorted(np.flatnonzero(self._depth == self._depth[part]).tolist(),
                       key=lambda one: self._x[one])
        return int(level[min(max(level.index(part) + dx, 0), len(level) - 1)])

    def say(self, part: int) -> str:
        note = self.notes[part] if part < len(self.notes) else ""
        return f"{self.names[part]}   {note}".strip()

    # --- painting

    def paint(self, painter: QPainter) -> None:
        key = (self.names, self.series, self.path, self.answers, self.levels, self.parents.tobytes(),
               self._x.tobytes())
        self.layer(painter, "tree", key, self._paint_tree)

    def _paint_tree(self, painter: QPainter) -> None:
        px, spots = self.look.px, [self._spot(node) for node in range(len(self.parents))]
        lit = set(self.path)
        for on_path in (False, True):
            painter.setPen(self.look.pen("accent" if on_path else "ghost",
                                px(2.5) if on_path else 1))
            for node in range(1, len(spots)):
                if (node in lit) == on_path:
                    painter.drawLine(spots[self.parents[node]], spots[node])
        for node, spot in enumerate(spots):
            self._paint_node(painter, node, spot, node in lit)
        self._paint_names(painter, spots)

    def _paint_node(self, painter: QPainter, node: int, spot: QPointF, lit: bool) -> None:
        px, series = self.look.px, self.series[node]
        radius = px(RADIUS if lit else RADIUS - 1.5)
        painter.setPen(self.look.pen("accent", px(2)) if lit
                       else self.look.pen("ghost"))
        if series < 0:
            painter.setBrush(self.look.color("accent" if lit else "card"))
            painter.drawEllipse(spot, radius, radius)
        else:
            painter.setBrush(self.look.color(series))
            if not lit:
                painter.setPen(Qt.PenStyle.NoPen)
            paint_marks(painter, series, [(spot.x(), spot.y())], radius)

    def _paint_names(self, painter: QPainter, spots: list[QPointF]) -> None:
        """The path's names and answers first, then the others' from the top, where there is room."""
        px = self.look.px
        taken = [QRectF(spot.x() - px(4), spot.y() - px(4), px(8), px(8)) for spot in spots]

        def put(
            text: str, size: int, ink: str, bold: bool, boxes: Sequence[QRectF], must: bool
        ) -> None:
            inside = QRectF(0, self.head, self.width(), self.height() - self.head)
            fitting = [one for one in boxes if inside.contains(one)
                       and not any(one.intersects(other) for other in taken)]
            if fitting or (must and (fitting := [one for one in boxes if inside.contains(one)])):
                box = fitting[0]
                taken.append(box)
                picture = self.label(text, ink, size, bold, halo=True)
                self.put(painter, picture, box.center().x(), box.center().y(), 0.5, 0.5)

        def around(spot: QPointF, text: str, size: int, bold: bool = False, left: bool = False,
                   above: bool = False) -> list[QRectF]:
            """Boxes beside, below and above a spot, the best first."""
            wide, tall = self.text_width(text, size, bold) + px(6), self.text_height(size)
            gap, ups = px(RADIUS + 3), (0, px(7), -px(7))
            sides = [[QRectF(spot.x() + gap, spot.y() - tall / 2 - up, wide, tall) for up in ups],
                     [QRectF(spot.x() - gap - wide, spot.y() - tall / 2 - up, wide, tall) for up in ups]]
            across = min(max(spot.x() - wide / 2, 0), self.width() - wide)
            ends = [QRectF(across, y, wide, tall) for y in (spot.y() + gap, spot.y() - gap - tall)]
            return [*(ends[1:] if above else ()), *sides[left], *sides[not left], *ends]

        for at, node in enumerate(self.path):
            last = at == len(self.path) - 1
            right = not last and spots[self.path[at + 1]].x() > spots[node].x()
            put(self.names[node], 13, "text", last,
                around(spots[node], self.names[node], 13, last, left=right, above=at == 0), True)
        for answer, node in zip(self.answers, self.path[1:], strict=False):
            middle = (spots[node] + spots[self.parents[node]]) / 2
            put(answer, 12, "accent", False, around(middle, answer, 12), False)
        order = np.argsort(self._depth, kind="stable").tolist()
        for node in (one for one in order if one not in self.path and self.names[one] != self.unnamed):
            put(self.names[node], 11, "muted", False, around(spots[node], self.names[node], 11), False)
