"""Signs in a row and tiles below them, each as wide as the signs that it covers: the words that a text can
be cut into, layers of what is said about it, or the states of a trellis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.theme.look import Look

State = Literal["taken", "best", "open", "ahead"]
NARROWEST, WIDEST, HIGHEST = 26, 150, 70  # pixels of a sign and of a row, before scaling


@dataclass(frozen=True)
class Span:
    """One tile.

    Attributes:
        row: below the signs, counted from 0.
        begin, end: the signs that it covers, ``end`` not among them.
        texts: what is written in it, the fullest first; the first that has room is taken.
        notes: the same for a second line.
        state: taken (filled), best (framed), open (with a rim) or ahead (with a dashed rim).
        ringed: with a second rim and a ◆, the one that controls act on.
        said: all there is to say of it, for the readout.
    """

    row: int
    begin: int
    end: int
    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()
    state: State = "open"
    ringed: bool = False
    said: str = ""


@dataclass(frozen=True)
class Link:
    """A line from one tile to the next, by their numbers; a strong one is thick and in the accent."""

    start: int
    end: int
    strong: bool = True


def rows_for(spans: Sequence[tuple[int, int]]) -> list[int]:
    """A row for each pair of begin and end, the shortest first, so that none in a row overlap."""
    rows = [0] * len(spans)
    taken: list[list[tuple[int, int]]] = []
    for at in sorted(range(len(spans)), key=lambda one: (spans[one][1] - spans[one][0], spans[one][0])):
        begin, end = spans[at]
        free = next((row for row, others in enumerate(taken)
                     if all(end <= b or e <= begin for b, e in others)), len(taken))
        if free == len(taken):
            taken.append([])
        taken[free].append((begin, end))
        rows[at] = free
    return rows


class SpanRows(Canvas[int]):
    """Tiles in rows below the signs that they cover. What is too wide is scrolled; in hall text the signs
    that have room are seen, and of a tile as much as lies below them.

    Signals:
        clicked(index), hovered(index): of a tile; hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, look: Look, title: str = "", *, apart: float = 0.0,
                 parent: QWidget | None = None) -> None:
        """Tiles leave free ``apart`` of a sign's width at either side."""
        super().__init__(look, title, parent)
        self.apart = apart
        self.signs: tuple[str, ...] = ()
        self.spans: tuple[Span, ...] = ()
        self.links: tuple[Link, ...] = ()
        self.names: tuple[str, ...] = ()
        self.gaps: tuple[str, ...] = ()
        self.gaps_name = self.empty = ""
        self.since = 0
        self._depth = 1
        self._drawn = 0  # how often there was something else to show
        self._measures: tuple[object, tuple[float, float, float, float]] = (None, (0.0, 1.0, 0.0, 1.0))
        self.reel = Scroll(self)
        self._seen: object = None  # the signs, the width and the place that was brought into sight
        self.setMinimumSize(look.px(220), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, signs: Sequence[str], spans: Sequence[Span], *, links: Sequence[Link] = (),
        names: Sequence[str] = (), gaps: Sequence[str] = (), gaps_name: str = "", since: int = 0,
        empty: str = "", title: str | None = None,
    ) -> None:
        """Show n signs and the tiles below them.

        Args:
            names: of the rows, at the left.
            gaps: n + 1 texts that stand at the bottom, before, between and behind the signs.
            since: the signs before it are quiet, and a rule stands at it.
            empty: what is said where there are no signs.
        """
        self.retitle(title)
        last = len(signs)
        self.signs = tuple(signs)
        self.spans = tuple(one for one in spans if 0 <= one.begin < one.end <= last)
        known = len(self.spans) == len(spans)
        self.links = tuple(one for one in links if max(one.start, one.end) < len(spans)) if known else ()
        self.names, self.gaps, self.gaps_name = tuple(names), tuple(gaps[: last + 1]), gaps_name
        self.since, self.empty = since, empty
        self._drawn += 1
        self._depth = max([len(self.names), *(one.row + 1 for one in self.spans), 1])
        if self.current is not None and self.current >= len(self.spans):
            self.current = None
        self.update()

    # Where things are

    def _measured(self) -> tuple[float, float, float, float]:
        """Where the signs begin, how wide each is, how far a figure reaches beyond its gap, and how high a
        row is."""
        key = (self._drawn, self.width(), self.height())
        if self._measures[0] != key:
            names = [self.text_width(one, 11) for one in (*self.names, self.gaps_name) if one]
            half = max((self.text_width(one, 11) for one in self.gaps), default=0) / 2
            left = min(max(names, default=0), 0.3 * self.width()) + half + self.look.px(8)
            room = self.width() - left - self.look.px(10) - half
            wide = min(max(room / max(len(self.signs), 1), self.look.px(NARROWEST)), self.look.px(WIDEST))
            cut = self.look.hall and wide * len(self.signs) + half > self.width() - left - self.look.px(4)
            rows = self.height() - self.head - self._sign - self._foot - self.look.px(2) \
                - (self.reel.foot if cut else 0)
            high = max(1.0, min(rows / self._depth, self.look.px(HIGHEST)))
            self._measures = key, (left, wide, half, high)
        return self._measures[1]

    @property
    def _left(self) -> float:
        return self._measured()[0]

    @property
    def _wide(self) -> float:
        """Of a sign."""
        return self._measured()[1]

    @property
    def _half_gap(self) -> float:
        return self._measured()[2]

    @property
    def _sign(self) -> int:
        """Height of the row of signs."""
        return self.text_height(15) + self.look.px(8)

    @property
    def _foot(self) -> int:
        return self.text_height(11) + self.look.px(6) if self.gaps else 0

    @property
    def _line(self) -> float:
        """Height of a row."""
        return self._measured()[3]

    def _fit(self) -> None:
        ends = rows_of(len(self.signs), self._wide)
        ends[-1:] += self._half_gap
        self.reel.fit(ends, self.width() - self._left - self.look.px(4), across=True)
        if self._seen != (now := (self.signs, self.since, self.width())):
            self._seen = now
            self.reel.reveal(self._wide * (self.since - 2), self._wide * (self.since + 2))

    def _seen_signs(self) -> range:
        """The signs of which a part is in sight; in hall text the whole of them is."""
        first = int(self.reel.offset / self._wide + 0.01)
        last = ceil((self.reel.offset + self.reel.room) / self._wide - 0.01)
        return range(first, min(last, len(self.signs)))

    def _edge(self, at: int) -> float:
        return self._left + self._wide * at - self.reel.offset

    def place(self, part: int) -> QRectF:
        one, px = self.spans[part], self.look.px
        aside = max(px(1.5), self.apart * self._wide)
        begin, end = one.begin, one.end
        if self.reel.cut:
            seen = self._seen_signs()
            begin, end = max(begin, seen.start), min(end, seen.stop)
            if begin >= end:
                return QRectF()
        left, right = self._edge(begin) + aside, self._edge(end) - aside
        top = self.head + self._sign + one.row * self._line
        upper = min(px(4), 0.1 * self._line)
        return QRectF(left, top + upper, right - left, self._line - 2 * upper)

    def part_at(self, x: float, y: float) -> int | None:
        self._fit()
        if x < self._left - self.look.px(2):
            return None
        return next((at for at in range(len(self.spans)) if self.place(at).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.spans:
            return None
        self._fit()
        if part is None:
            found = next((at for at, one in enumerate(self.spans) if one.ringed), 0)
        elif dx:
            row = sorted((one.begin, at) for at, one in enumerate(self.spans)
                         if one.row == self.spans[part].row)
            at = [one for _, one in row].index(part)
            found = row[min(max(at + dx, 0), len(row) - 1)][1]
        else:
            here = self.spans[part]
            row = [(abs(one.begin + one.end - here.begin - here.end), at)
                   for at, one in enumerate(self.spans) if one.row == here.row + dy]
            found = min(row, default=(0, part))[1]
        self.reel.reveal(self._wide * self.spans[found].begin, self._wide * self.spans[found].end)
        return found

    def say(self, part: int) -> str:
        one = self.spans[part]
        return one.said or "   ".join((*one.texts[:1], *one.notes[:1]))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit()
        self.reel.wheel(event, 2 * self._wide)
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        body = QRectF(0, self.head, self.width(), self.height() - self.head)
        if not self.signs:
            self.paragraph(painter, self.empty, body)
            return
        self._fit()
        left, longest = self._left, round(0.3 * self.width())
        for row, name in enumerate(self.names):
            middle = self.head + self._sign + (row + 0.5) * self._line
            self.put(painter, self.label(name, "muted", 11, longest=longest), 0, middle, 0.0, 0.5)
        if self.gaps:
            self.put(painter, self.label(self.gaps_name, "muted", 11, longest=longest), 0,
                     self._bottom + self._foot, 0.0, 1.0)
        over = self._half_gap
        seen = self._seen_signs()
        body.setLeft(left - over - 1)
        if self.reel.cut:
            body.setRight(self._edge(seen.stop) + over + 1)
        painter.setClipRect(body)
        for at in seen:
            middle = (self._edge(at) + self._edge(at + 1)) / 2
            ink = "muted" if at < self.since else "text"
            self.put(painter, self.label(self.signs[at], ink, 15), middle,
                     self.head + self._sign / 2, 0.5, 0.5)
        if 0 < self.since <= len(self.signs) and seen.start <= self.since <= seen.stop:
            x = self._edge(self.since)
            painter.setPen(self.look.pen("accent", 1.5 * self.look.scale, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, self.head + self.look.px(2)), QPointF(x, self._bottom))
        for link in sorted(self.links, key=lambda one: one.strong):
            self._paint_link(painter, link)
        for part in range(len(self.spans)):
            self._paint_span(painter, part)
        self._paint_gaps(painter)
        painter.setClipping(False)
        self.reel.paint(painter, QRect(self.rect()), across=True)

    @property
    def _bottom(self) -> float:
        return self.head + self._sign + self._depth * self._line

    def _paint_gaps(self, painter: QPainter) -> None:
        """The figures, as many of them as have room."""
        if not self.gaps:
            return
        widest = 2 * self._half_gap + self.look.px(6)
        seen = self._seen_signs()
        for at in range(min(len(self.gaps) - 1, seen.stop), seen.start - 1, -ceil(widest / self._wide)):
            if self.gaps[at]:
                self.put(painter, self.label(self.gaps[at], "text" if at == self.since else "muted", 11),
                         self._edge(at), self._bottom + self._foot, 0.5, 1.0)

    def _paint_link(self, painter: QPainter, link: Link) -> None:
        start, end = self.place(link.start), self.place(link.end)
        if start.isNull() or end.isNull():
            return
        pen = self.look.pen("accent", 2.5 * self.look.scale) if link.strong else \
            self.look.pen("ghost", self.look.scale)
        painter.setPen(pen)
        painter.drawLine(QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y()))

    def _paint_span(self, painter: QPainter, part: int) -> None:
        one, box, look = self.spans[part], self.place(part), self.look
        if box.isNull() or box.right() < 0 or box.left() > self.width():
            return
        corner, ahead = look.px(4), one.state == "ahead"
        if one.state in ("taken", "best"):
            painter.setPen(look.pen("accent", (1.5 if one.state == "best" else 1.0) * look.scale))
        else:
            painter.setPen(look.pen("ghost", 1,
                                Qt.PenStyle.DashLine if ahead else Qt.PenStyle.SolidLine))
        painter.setBrush(look.color("accent") if one.state == "taken" else
                         look.color("accent_wash") if one.state == "best" else look.color("card"))
        painter.drawRoundedRect(box, corner, corner)
        if one.ringed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(1, 2.5 * look.scale))
            painter.drawRoundedRect(box, corner, corner)
        ink = "on_accent" if one.state == "taken" else "muted" if ahead else "text"
        sign = "◆ " if one.ringed else ""
        large, small = (16, 13) if box.height() >= look.px(52) else (13, 11)
        text = self._fitting([f"{sign}{each}" for each in one.texts] + list(one.texts), large, box.width())
        note = self._fitting(one.notes, small, box.width()) \
            if box.height() >= self.text_height(large) + self.text_height(small) + look.px(1) else ""
        middle = box.center()
        shift = self.text_height(small) / 2 if note else 0.0
        if text and box.height() >= self.text_height(large) - look.px(2):
            self.put(painter, self.label(text, ink, large), middle.x(), middle.y() - shift, 0.5, 0.5)
        if note:
            quiet = "on_accent" if one.state == "taken" else "muted"
            self.put(painter, self.label(note, quiet, small), middle.x(),
                     middle.y() + self.text_height(large) / 2, 0.5, 0.5)

    def _fitting(self, texts: Sequence[str], size: int, room: float) -> str:
        """The fullest text that has room, or none."""
        return next((one for one in texts if self.text_width(one, size) <= room - self.look.px(3)), "")
