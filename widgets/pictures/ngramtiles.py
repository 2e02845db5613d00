"""A hypothesis above its n-grams as tiles, below its reference: filled where a partner was found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look

Tile = tuple[int, int]  # 0: a token of the hypothesis, n: an n-gram; where it begins

LEAST, STRETCH = 30, 2.2  # pixels of a token, before scaling; by how much it is made wider at most


class NgramTiles(Canvas[Tile]):
    """The reference on top, the hypothesis below it, and a row of tiles for each n: a tile stands between
    the first and the last of its n tokens, filled with a ✓ where the reference has a partner for it.

    A click on a token of the hypothesis takes it out, a drag moves it; ←/→ move it by keys, Enter takes it
    out, and ↑/↓ walk from tile to tile.

    Signals:
        edited(tokens): the hypothesis as it is now, a tuple of texts.
    """

    edited = Signal(object)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.tokens: tuple[str, ...] = ()
        self.reference: tuple[str, ...] = ()
        self.partner: NDArray[Any] = np.zeros((4, 0), np.int32)
        self.counts: tuple[str, ...] = ()
        self.names: tuple[str, ...] = ()
        self.said = ("", "")
        self.used = 4
        self._spans: dict[object, list[float]] = {}
        self._dragged: int | None = None
        self.setMinimumSize(look.px(320), self.head + 6 * (self.text_height(12) + look.px(6)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, tokens: Sequence[str], reference: Sequence[str], partner: NDArray[Any], *,
        counts: Sequence[str], names: Sequence[str], said: tuple[str, str], used: int = 4,
        title: str | None = None,
    ) -> None:
        """Show the tokens of both.

        Args:
            partner: (n, H) where in the reference the partner of each n-gram begins, −1 for none.
            counts: what stands beside each row of tiles.
            names: of the rows: reference, hypothesis, and one for each n.
            said: what is said of a tile with a partner, and of one without.
            used: so many rows count; the others are pale.
        """
        self.retitle(title)
        self.tokens, self.reference = tuple(tokens), tuple(reference)
        self.partner, self.counts, self.used = np.asarray(partner), tuple(counts), used
        self.names, self.said = tuple(names), said
        if self.current is not None and not self._known(self.current):
            self.current = None
        self.update()

    def _known(self, part: Tile) -> bool:
        return part[0] <= len(self.partner) and part[1] <= len(self.tokens) - max(part[0], 1)

    # Where things are

    @property
    def _left(self) -> float:
        return max((self.text_width(one, 11) for one in self.names), default=0) + self.look.px(10)

    @property
    def _line(self) -> float:
        """The height of a row: the two texts, and one for each n."""
        return float(min((self.height() - self.head) / (len(self.partner) + 2), self.look.px(58)))

    def _edges(self, tokens: tuple[str, ...]) -> list[float]:
        """Where each token begins, and where the last one ends: as wide as their texts, or as has room."""
        key = (tokens, self.width(), self.names, self.counts)
        if key not in self._spans:
            if len(self._spans) > 8:
                self._spans.clear()
            wide = [max(self.text_width(one, 11) + self.look.px(14), self.look.px(LEAST)) for one in tokens]
            counts = max((self.text_width(one, 12) for one in self.counts), default=0) + self.look.px(10)
            scale = min((self.width() - self._left - counts) / max(sum(wide), 1), STRETCH)
            self._spans[key] = [self._left, *(self._left + scale * one for one in accumulate(wide))]
        return self._spans[key]

    def _box(self, edges: Sequence[float], first: int, last: int, row: int) -> QRectF:
        """Between two tokens, or of one that is both: so tiles of a row touch and never overlap."""
        gap = self.look.px(2)
        left, right = (edges[first] + edges[last]) / 2, (edges[first + 1] + edges[last + 1]) / 2
        return QRectF(left, self.head + self._line * row, right - left, self._line).adjusted(
            gap, gap, -gap, -gap)

    def place(self, part: Tile) -> QRectF:
        n, at = part
        return self._box(self._edges(self.tokens), at, at + max(n, 1) - 1, n + 1)

    def part_at(self, x: float, y: float) -> Tile | None:
        n = int((y - self.head) // self._line) - 1
        if y < self.head or not 0 <= n <= len(self.partner):
            return None
        return next(((n, at) for at in range(len(self.tokens) - max(n, 1) + 1)
                     if self.place((n, at)).contains(x, y)), None)

    def beside(self, part: Tile | None, dx: int, dy: int) -> Tile | None:
        if not self.tokens:
            return None
        if part is None:
            return 0, 0
        # ↑/↓ go on as one reads, from the tokens to the tiles below, for ←/→ move a token.
        every = [(n, at) for n in range(len(self.partner) + 1)
                 for at in range(len(self.tokens) - max(n, 1) + 1)]
        return every[min(max(every.index(part) + dx + dy, 0), len(every) - 1)]

    def _gram(self, part: Tile) -> str:
        n, at = part
        return " ".join(self.tokens[at : at + max(n, 1)])

    def say(self, part: Tile) -> str:
        n, at = part
        row = max(n, 1) - 1
        found = self.partner[row, at] >= 0
        return f"“{self._gram(part)}”   {self.said[0 if found else 1]}"

    def tell_click(self, part: Tile | None) -> None:
        if part is not None and part[0] == 0:
            self._edit(self.tokens[: part[1]] + self.tokens[part[1] + 1 :])

    # Editing

    def _edit(self, tokens: tuple[str, ...]) -> None:
        """Tell of other tokens; the next picture shows them, for all tiles change."""
        self.edited.emit(tokens)

    def _move(self, at: int, to: int) -> int:
        to = min(max(to, 0), len(self.tokens) - 1)
        if to != at:
            tokens = list(self.tokens)
            tokens.insert(to, tokens.pop(at))
            self.tokens = tuple(tokens)
            self.update()
            self._edit(self.tokens)
        return to

    def drag(self, part: Tile, dx: int, dy: int, fine: bool) -> bool:
        if not dx or part[0]:
            return False
        self.current = 0, self._move(part[1], part[1] + dx)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None and part[0] == 0:
            self._dragged = part[1]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None or self._dragged >= len(self.tokens):
            super().mouseMoveEvent(event)
            return
        edges = self._edges(self.tokens)
        to = self._move(self._dragged, bisect_right(edges[1:-1], event.position().x()))
        if to != self._dragged:
            self._pressed = None  # what was dragged was not clicked
        self._dragged = to
        self.preview((0, to))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        super().mouseReleaseEvent(event)

    # Painting

    def paint(self, painter: QPainter) -> None:
        part = self.current
        for row, name in enumerate(self.names):
            middle = self.head + self._line * (row + 0.5)
            self.put(painter, self.label(name, "muted", 11), 0, middle, 0.0, 0.5)
        lit, edges = self._lit(part), self._edges(self.reference)
        for at, token in enumerate(self.reference):
            self._paint_word(painter, self._box(edges, at, at, 0), token, at in lit, quiet=True)
        mine = range(part[1], part[1] + max(part[0], 1)) if part is not None else range(0)
        for at, token in enumerate(self.tokens):
            self._paint_word(painter, self.place((0, at)), token, at in mine, quiet=False)
        right = max(edges[-1], self._edges(self.tokens)[-1]) + self.look.px(8)
        for row in range(len(self.partner)):
            for at in range(len(self.tokens) - row):
                self._paint_tile(painter, (row + 1, at))
            if row < len(self.counts):
                picture = self.label(self.counts[row], "text" if row < self.used else "muted", 12)
                self.put(painter, picture, right, self.head + self._line * (row + 2.5), 0.0, 0.5)

    def _lit(self, part: Tile | None) -> range:
        """The tokens of the reference that belong to what is looked at."""
        if part is None:
            return range(0)
        start = int(self.partner[max(part[0], 1) - 1, part[1]])
        return range(start, start + max(part[0], 1)) if start >= 0 else range(0)

    def _paint_word(self, painter: QPainter, box: QRectF, text: str, lit: bool, quiet: bool) -> None:
        painter.setPen(self.look.pen("accent", 1.5 * self.look.scale) if lit
                       else self.look.pen("hairline"))
        painter.setBrush(self.look.color("card" if quiet else "accent_wash"))
        painter.drawRoundedRect(box, self.look.px(4), self.look.px(4))
        shown = self._fitting(text, round(box.width() - self.look.px(4)))
        if shown:
            self.put(painter, self.label(shown, "text", 11), box.center().x(), box.center().y(), 0.5, 0.5)

    def _fitting(self, text: str, room: int) -> str:
        """So much of a word as has room; the readout has all of it."""
        if self.text_width(text, 11) <= room:
            return text
        return next((text[:many] + "…" for many in range(len(text) - 1, 0, -1)
                     if self.text_width(text[:many] + "…", 11) <= room), "")

    def _paint_tile(self, painter: QPainter, part: Tile) -> None:
        look, box, row = self.look, self.place(part), part[0] - 1
        found = self.partner[row, part[1]] >= 0
        painter.setPen(look.pen("accent" if part == self.current else 0 if found else "ghost",
                            look.scale * (2 if part == self.current else 1),
                            Qt.PenStyle.SolidLine if found else Qt.PenStyle.DashLine))
        painter.setBrush(look.color(0, 255 if row < self.used else 90) if found else look.color("card"))
        painter.drawRoundedRect(box, look.px(4), look.px(4))
        if found and box.height() > self.text_height(12):
            self.put(painter, self.label("✓", "on_accent", 12), box.center().x(), box.center().y(), 0.5, 0.5)
