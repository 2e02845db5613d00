"""Texts one below another with marked pieces in them, and notes beside each: what was said, and what a
check made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, Scroll
from widgets.theme.look import Look
from widgets.theme.marks import mark_of

_NEVER_FIRST = frozenset("，。：；？！、）》”’,.;:?!)")


class Span(NamedTuple):
    """A piece of a text.

    Attributes:
        series: with its mark and on its colour; None is plain.
        part: what a click on it gives; −1 cannot be clicked.
        muted: in the quiet colour.
    """

    text: str
    series: int | None = None
    part: int = -1
    muted: bool = False


@dataclass(frozen=True)
class Entry:
    """A text and its notes."""

    spans: tuple[Span, ...]
    notes: tuple[Span, ...] = ()


class _Run(NamedTuple):
    """Signs of one span on one line."""

    box: QRectF
    text: str
    span: Span


class MarkedTexts(Canvas[int]):
    """Entries that wrap, with a hairline between them; scrolled where there are more than have room. Hall
    text shows whole ones, or whole lines where not even one has room.

    Args:
        share: of the width that the notes have.
        narrow: unscaled pixels; in a narrower picture notes stand below their text.

    Signals:
        clicked(part).
    """

    clicked = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, share: float = 0.38, narrow: int = 420,
        parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, parent)
        self.entries: tuple[Entry, ...] = ()
        self.selected = -1
        self._share, self._narrow = share, look.px(narrow)
        self.reel = Scroll(self)
        self._flow: tuple[object, list[_Run], list[float]] = (None, [], [])
        self._widths: dict[str, int] = {}
        self.setMinimumSize(look.px(200), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, entries: Sequence[Entry], *, selected: int = -1, title: str | None = None
    ) -> None:
        """Show these entries; ``selected`` is a part with a frame round it."""
        self.retitle(title)
        if (new := tuple(entries)) != self.entries:
            self.entries = new
            self.current = None
        self.selected = selected
        self.update()

    # --- where things are

    @property
    def _line(self) -> int:
        return self.text_height(13) + self.look.px(3)

    def _runs(self) -> tuple[list[_Run], list[float]]:
        """Every run from the top of the first entry, and where the entries end."""
        key = (self.entries, self.width())
        if self._flow[0] != key:
            runs: list[_Run] = []
            ends: list[float] = []
            px, width, y = self.look.px, self.width() - self.look.px(9), 0.0
            beside = width >= self._narrow
            right = round(width * (1 - self._share)) if beside else 0
            for entry in self.entries:
                text = list(self._wrapped(entry.spans, 0, right - px(14) if beside else width, y))
                below = text[-1].box.bottom() if text else y
                notes = []
                at = y if beside else below
                for note in entry.notes:
                    notes += list(self._wrapped((note,), right, width, at))
                    at = notes[-1].box.bottom()
                runs += text + notes
                y = max(below, at) + px(7)
                ends.append(y - px(3))
            self._flow = key, runs, ends
        _, runs, ends = self._flow
        room = self.height() - self.head
        pieces, counts = ends, [1] * len(ends)
        highest = max((end - start for start, end in pairwise([0.0, *ends])), default=0.0)
        if self.look.hall and highest > room - self.reel.foot:
            pieces = sorted({*(one.box.bottom() for one in runs), *ends})
            counts = [int(one in ends) for one in pieces]
        self.reel.fit(pieces, room, things=counts)
        if chosen := [one.box for one in runs if one.span.part == self.selected >= 0]:
            self.reel.hold(self.selected, chosen[0].top(), chosen[0].bottom())
        return runs, ends

    def _wrapped(
        self, spans: Sequence[Span], left: float, right: float, top: float
    ) -> Iterator[_Run]:
        """The spans in lines between ``left`` and ``right``."""
        x, y, line = left, top, self._line
        for span in spans:
            text, begin = "", x
            said = span.text if span.series is None else f"{mark_of(span.series)}\u00a0{span.text}"
            pad = 0 if span.series is None else self.look.px(3)
            x += pad
            for unit in _units(said):
                wide = self._wide(unit.rstrip(" "))
                if x + wide + pad > right and x > left + pad:
                    if text.strip():
                        yield _Run(QRectF(begin, y, x - begin + pad, line), text, span)
                    text, begin, x, y = "", left, left + pad, y + line
                text += unit
                x = begin + pad + self._wide(text)  # its words one by one would be narrower
            if text.strip():
                yield _Run(QRectF(begin, y, x - begin + pad, line), text, span)
            x += pad

    def _wide(self, text: str) -> int:
        if text not in self._widths:
            if len(self._widths) > 5000:
                self._widths.clear()
            self._widths[text] = self.text_width(text, 13)
        return self._widths[text]

    def place(self, part: int) -> QRectF:
        boxes = [one.box for one in self._runs()[0] if one.span.part == part]
        return (boxes or [QRectF()])[0].translated(0, self.head - self.reel.offset)

    def part_at(self, x: float, y: float) -> int | None:
        if not 0 <= y - self.head < self.reel.room:
            return None
        return next((one.span.part for one in self._runs()[0] if one.span.part >= 0
                     and one.box.contains(x, y - self.head + self.reel.offset)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        parts = sorted({one.span.part for one in self._runs()[0]} - {-1})
        if not parts:
            return None
        at = parts.index(part) + (dx or dy) if part in parts else 0
        part = parts[min(max(at, 0), len(parts) - 1)]
        box = self.place(part).translated(0, self.reel.offset - self.head)
        self.reel.reveal(box.top(), box.bottom())
        return part

    def say(self, part: int) -> str:
        return "   ".join(dict.fromkeys(
            span.text for entry in self.entries for span in (*entry.spans, *entry.notes)
            if span.part == part))

    def readout(self, part: int) -> str:
        return ""  # all of it is written

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._runs()
        self.reel.wheel(event, 2 * self._line)
        self.update()

    # --- painting

    def paint(self, painter: QPainter) -> None:
        runs, ends = self._runs()
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        view = self.reel.view(area)
        down = self.head - self.reel.offset
        painter.setClipRect(view)
        painter.setPen(self.look.pen("hairline"))
        for end in ends[:-1]:
            painter.drawLine(0, round(end + down), self.width() - self.look.px(9), round(end + down))
        for box, text, span in runs:
            box = box.translated(0, down)
            if box.bottom() <= view.top() or box.top() >= view.bottom():
                continue
            pad = 0
            if span.series is not None:
                pad = self.look.px(3)
                self._chip(painter, box, span)
            ink = "muted" if span.muted else "text"
            self.put(painter, self.label(text.rstrip(" "), ink, 13), box.left() + pad - 1,
                     box.center().y(), 0.0, 0.5)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _chip(self, painter: QPainter, box: QRectF, span: Span) -> None:
        assert span.series is not None
        chosen = span.part >= 0 and span.part in (self.selected, self.current)
        painter.setBrush(self.look.color(span.series, 60))
        painter.setPen(self.look.pen(span.series, self.look.px(1.5)) if chosen
                       else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 4, 4)


def _units(text: str) -> Iterator[str]:
    """What is not broken: words with the space behind them, single Chinese signs with their stops."""
    unit = ""
    for sign in text:
        wide = ord(sign) > 0x2E7F
        ended = unit and (unit[-1] == " " or ord(unit[-1]) > 0x2E7F or wide)
        if ended and sign not in _NEVER_FIRST and sign != " ":
            yield unit
            unit = ""
        unit += sign
    if unit:
        yield unit
