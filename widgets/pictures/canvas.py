"""The base of widgets that paint themselves with QPainter.

Painting is cheap and text is not, so text is laid out once and kept as pictures: single labels in a
small cache, whole axes as layers with a key that says when they must be drawn anew.

All of them answer alike (see ``widgets.pictures.picture``): the pointer previews what is under it in a small
readout, a click chooses it; with the keyboard, Tab comes here, arrows move, Enter chooses, Esc lets go.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from widgets.pictures import raster
from widgets.pictures.picture import Picture, Written
from widgets.pictures.scales import MOST_TICKS
from widgets.theme.look import Look
from widgets.theme.numbers import count as count_of
from widgets.theme.words import Words

T = TypeVar("T")

KEPT_LABELS = 2000
MOST_WIDTHS = 4000
# Signs with which no line begins, and with which none ends.
CLOSING, OPENING = "，。、；：？！）”’》」』】…", "（“‘《「『【"


class Canvas(Picture[T]):
    """A widget that is painted by hand; its parts (cells, tokens, points) are named by a ``T``."""

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self._pointer = QPointF()
        self._pressed: QPointF | None = None
        self._ratio = 1.0  # device pixels in a pixel, while painting
        self._labels: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._layers: dict[str, tuple[Hashable, QPixmap, list[Written]]] = {}
        self._texts: dict[int, tuple[str, bool]] = {}  # of labels, while recording
        self._fonts: dict[tuple[int, bool], tuple[QFont, QFontMetrics]] = {}
        self._heights: dict[int, int] = {}
        self._title_lines: tuple[object, list[str]] = (None, [])
        self._head_height: tuple[object, int] = (None, 0)
        self._text_widths: dict[tuple[str, int, bool], int] = {}
        self.setMouseTracking(True)
        # The card below would be painted again with each picture of a widget that lets it through.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # What a subclass says about itself

    def paint(self, painter: QPainter) -> None:
        """Draw all but the title and the readout."""
        raise NotImplementedError

    def part_at(self, x: float, y: float) -> T | None:
        """What lies under a point of the widget."""
        raise NotImplementedError

    def place(self, part: T) -> QRectF:
        """Where a part is, for the focus outline and the readout of the keyboard."""
        raise NotImplementedError

    def readout(self, part: T) -> str:
        """What the small box beside a part shows; empty where the picture says it already."""
        return self.say(part)

    def repeats(self, part: T) -> bool:
        """Whether each of two quick clicks on a part is one, as on a sign that adds something."""
        return False

    # Text

    def fonts(self, size: int = 13, bold: bool = False) -> tuple[QFont, QFontMetrics]:
        """A font of the look and its measures."""
        key = (size, bold)
        if key not in self._fonts:
            font = QFont(self.font())
            font.setPixelSize(self.look.text(size))
            font.setBold(bold)
            self._fonts[key] = font, QFontMetrics(font)
        return self._fonts[key]

    def text_width(self, text: str, size: int = 13, bold: bool = False) -> int:
        """In pixels. The same few texts are asked about again and again while a picture is painted."""
        key = (text, size, bold)
        if (found := self._text_widths.get(key)) is None:
            if len(self._text_widths) >= MOST_WIDTHS:
                self._text_widths.clear()
            found = self._text_widths[key] = self.fonts(size, bold)[1].horizontalAdvance(text)
        return found

    def text_height(self, size: int = 13) -> int:
        if size not in self._heights:
            self._heights[size] = self.fonts(size)[1].height()
        return self._heights[size]

    def label(
        self, text: str, color: str | int | QColor = "text", size: int = 13, bold: bool = False,
        upwards: bool = False, longest: int = 0, halo: bool = False, end: bool = False,
        plate: bool = False,
    ) -> QPixmap:
        """The text as a picture, kept for the next time.

        Args:
            color: a token, a series number or a colour.
            upwards: turned to read from bottom to top.
            longest: in pixels; what does not fit is elided in the middle, or at the ``end``.
            halo: with a rim in the card's colour, to be read on top of points and lines.
            plate: on the card's colour, whatever lies behind.
        """
        ratio = self._ratio
        known = color.rgba() if isinstance(color, QColor) else color
        key = (text, known, size, bold, upwards, longest, halo, end, plate, ratio)
        found = self._labels.get(key)
        if found is not None:
            self._labels.move_to_end(key)
            return found
        ink = color if isinstance(color, QColor) else self.look.ink(color)
        font, metrics = self.fonts(size, bold)
        mode = Qt.TextElideMode.ElideRight if end else Qt.TextElideMode.ElideMiddle
        # Qt rounds differently when it elides: a text that just fits would lose its middle.
        shown = metrics.elidedText(text, mode, longest) \
            if longest and metrics.horizontalAdvance(text) > longest else text
        rim = self.look.px(2) if halo else 0
        room = QSize(max(1, metrics.horizontalAdvance(shown) + 2 + 2 * rim),
                     metrics.height() + 2 * rim)
        size_now = room.transposed() if upwards else room
        made = QPixmap(size_now * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(self.look.color("card") if plate else Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setFont(font)
        if upwards:
            painter.translate(0, size_now.height())
            painter.rotate(-90)
        spot = QPointF(rim + 1, rim + metrics.ascent())
        if halo:
            painter.setPen(self.look.color("card", 200))
            for dx in (-1.3, 0.0, 1.3):
                for dy in (-1.3, 0.0, 1.3):
                    painter.drawText(spot + QPointF(dx, dy) * self.look.scale, shown)
        painter.setPen(ink)
        painter.drawText(spot, shown)
        painter.end()
        self._labels[key] = made
        if Picture.recording:
            self._texts[made.cacheKey()] = text, shown == text
        if len(self._labels) > KEPT_LABELS:
            self._labels.popitem(last=False)
        return made

    def figure(self, text: str, way: int, size: int = 11, longest: int = 0) -> QPixmap:
        """A label on a colour, written in the ``way`` that ``raster.figures_on`` gives for it."""
        if way == raster.PLATE:
            return self.label(text, "text", size, longest=longest, plate=True)
        return self.label(text, QColor("#ffffff" if way == raster.WHITE else "#000000"), size,
                          longest=longest)

    def put(
        self, painter: QPainter, picture: QPixmap, x: float, y: float, ax: float = 0.0,
        ay: float = 0.0,
    ) -> QRectF:
        """Draw a label with its point (ax, ay), 0 … 1 each, at (x, y); returns where it is."""
        wide, tall = picture.width() / self._ratio, picture.height() / self._ratio
        left, top = round(x - ax * wide), round(y - ay * tall)
        painter.drawPixmap(left, top, picture)
        box = QRectF(left, top, wide, tall)
        if Picture.recording and picture.cacheKey() in self._texts:
            text, whole = self._texts[picture.cacheKey()]
            room = painter.clipBoundingRect() if painter.hasClipping() else box
            if room.adjusted(-2, -2, 2, 2).contains(box):
                self.wrote(text, box, whole)
            elif self.look.hall and min((seen := box & room).height(), seen.width()) > self.look.px(4):
                self.wrote(text, seen, whole=False)  # it would have to be scrolled to
        return box

    def paragraph(
        self, painter: QPainter, text: str, area: QRectF, color: str = "muted", size: int = 12
    ) -> None:
        """Draw a text in the middle of an area, in as many lines as it needs."""
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.setFont(self.fonts(size)[0])
        painter.setPen(self.look.ink(color))
        box = painter.boundingRect(area, flags, text)
        painter.drawText(area, flags, text)
        self.wrote(text, box, area.adjusted(-1, -1, 1, 1).contains(box))

    def layer(
        self, painter: QPainter, name: str, key: Hashable, draw: Callable[[QPainter], None]
    ) -> None:
        """Draw something that seldom changes: kept as a picture while size and ``key`` stay."""
        ratio = self.devicePixelRatioF()
        whole = (key, self.width(), self.height(), ratio)
        kept = self._layers.get(name)
        if kept is None or kept[0] != whole:
            before = len(self.written)
            made = QPixmap(self.size() * ratio)
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            inner = QPainter(made)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            try:
                draw(inner)
            finally:
                inner.end()  # an error must stay an error: Qt crashes on a painter left open
            kept = (whole, made, self.written[before:])
            self._layers[name] = kept
        elif Picture.recording:
            self.written += kept[2]
        painter.drawPixmap(0, 0, kept[1])

    @property
    def head(self) -> int:
        """Height of the title."""
        return self.head_for(self.width())

    def head_for(self, width: int) -> int:
        """Height of the title in a picture that is so wide. Pictures ask for each of their parts."""
        if self._head_height[0] != (key := (self.title, width)):
            lines = len(self._head_lines(width))
            self._head_height = key, lines * self.text_height() + self.look.px(6) if lines else 0
        return self._head_height[1]

    def _head_lines(self, width: int) -> list[str]:
        """The title in one line, or in two where it is too long for one."""
        if self._title_lines[0] != (key := (self.title, width)):
            self._title_lines = key, wrapped(self.title, width, self.fonts(13, True)[1]) \
                if self.title else []
        return self._title_lines[1]

    def retitle(self, title: str | None) -> None:
        """Another title; ``None`` keeps the one there is."""
        if title is not None and title != self.title:
            self.title = title
            self.setAccessibleName(title)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._ratio = self.devicePixelRatioF()
        self.written.clear()
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.look.color("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            for line, text in enumerate(self._head_lines(self.width())):
                title = self.label(text, "text", 13, True, longest=self.width())
                self.put(painter, title, 0, line * self.text_height())
            self.paint(painter)
            if self.hasFocus() and self.current is None:
                self._outline_all(painter)
            if self.current is not None:
                self._paint_readout(painter, self.current)
        finally:
            painter.end()

    def _outline_all(self, painter: QPainter) -> None:
        """A frame round the whole picture: the keyboard is here, and at no part yet."""
        painter.setPen(self.look.pen("accent", self.look.scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.look.within(self.rect()), 4, 4)

    def _paint_readout(self, painter: QPainter, part: T) -> None:
        text = self.readout(part)
        if self._by_keys and self.hasFocus():
            painter.setPen(self.look.pen("accent", self.look.px(2)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.place(part).adjusted(-1, -1, 1, 1), 3, 3)
        if not text:
            return
        near = self.place(part).bottomRight() if self._by_keys else self._pointer
        picture = self.label(text, "text", 12, longest=max(40, self.width() - self.look.px(24)))
        size = picture.deviceIndependentSize()
        px, gap = self.look.px, self.look.px(12)
        box = QRectF(near.x() + gap, near.y() + gap, size.width() + px(14), size.height() + px(8))
        if box.right() > self.width() - 1:
            box.moveRight(max(box.width(), near.x() - px(6)))
        if box.bottom() > self.height() - 1:
            box.moveBottom(max(box.height(), near.y() - px(6)))
        painter.setPen(self.look.pen("ghost"))
        painter.setBrush(self.look.color("card", 242))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(5), px(5))
        self.put(painter, picture, box.center().x(), box.center().y(), 0.5, 0.5)

    # Pointer and keys

    def preview(self, part: T | None, by_keys: bool = False) -> None:
        super().preview(part, by_keys)
        self.setCursor(Qt.CursorShape.ArrowCursor if part is None
                       else Qt.CursorShape.PointingHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self.preview(self.part_at(self._pointer.x(), self._pointer.y()))

    def leaveEvent(self, _event: QEvent) -> None:
        self.preview(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() <= self.look.px(4):
            self.tell_click(self.part_at(event.position().x(), event.position().y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        part = self.part_at(event.position().x(), event.position().y())
        if part is not None and self.repeats(part):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)


class Scroll:
    """How far a canvas is scrolled, and the thin handle that says so.

    Its content consists of pieces: rows, lines or columns. In hall text it need not be scrolled to be
    understood, for nobody in the last row can: what has no room is left out by whole pieces, round what was
    revealed last, and a line where the content ends says how much that is. Whoever has the keys or the wheel
    goes on to it, piece by piece.

    Attributes:
        ends: where each piece ends, in pixels of the content.
        offset: where the part that is seen begins.
        length, room: how long the content is, and how much of it is seen at once.
        before, after: how many things are left out in hall text.
    """

    def __init__(self, canvas: Canvas[Any]) -> None:
        self._canvas, self.look = canvas, canvas.look
        self.offset = self.room = self.length = 0.0
        self.before = self.after = 0
        self.ends: NDArray[np.float64] = np.zeros(0)
        self._things: Sequence[int] = ()
        self._cuts = False  # something has no room
        self._whole = 0.0  # pixels that whole pieces may have then
        self._held: object = None

    def fit(self, ends: Sequence[float] | NDArray[Any], room: float, *, things: Sequence[int] = (),
            across: bool = False) -> None:
        """Tell where each piece of the content ends, and how much room there is.

        Args:
            things: how many rows, tokens … each piece is; one each if none are given.
            across: the pieces stand beside one another, so that the line about what is left out takes
                nothing from ``room``.
        """
        self.ends, self._things = np.asarray(ends, float), things
        self.length, self.room = self._end, room
        self._cuts = self.look.hall and self._end > room + 1
        self._whole = room - (0 if across else self.foot)
        self._settle(self.offset)

    @property
    def _end(self) -> float:
        return float(self.ends[-1]) if len(self.ends) else 0.0

    @property
    def cut(self) -> bool:
        """Whether something is left out."""
        return self.before + self.after > 0

    @property
    def foot(self) -> int:
        """The height of the line that says what is left out."""
        return self._canvas.text_height(12) + self.look.px(2)

    @property
    def at_end(self) -> bool:
        return not self.after if self.cut else self.offset >= self.length - self.room

    def _start(self, piece: int) -> float:
        return float(self.ends[piece - 1]) if piece > 0 else 0.0

    def _first_for(self, end: float) -> int:
        """The first piece of those that are seen together when the last one of them ends there."""
        if end <= self._whole + 0.5:
            return 0
        return 1 + int(np.searchsorted(self.ends, end - self._whole - 0.5))  # the end of the one before it

    def _settle(self, offset: float) -> None:
        """Begin there, or where a piece does."""
        if not self._cuts:
            self.before = self.after = 0
            self.offset = min(max(offset, 0.0), max(0.0, self.length - self.room))
            return
        count = len(self.ends)
        first = min(int(np.searchsorted(self.ends, offset + 0.5, side="right")),
                    self._first_for(self._end), count - 1)
        self.offset = self._start(first)
        last = max(first + 1, int(np.searchsorted(self.ends, self.offset + self._whole + 0.5, side="right")))
        things = self._things or (1,) * count
        self.before, self.after = sum(things[:first]), sum(things[last:])
        self.room = self.length = float(self.ends[last - 1]) - self.offset

    def move(self, by: float) -> None:
        """Scroll by so many pixels; in hall text by a piece at least."""
        if not self._cuts:
            self._settle(self.offset + by)
            return
        here = int(np.searchsorted(self.ends, self.offset + 0.5, side="right"))
        there = int(np.searchsorted(self.ends, max(0.0, self.offset + by) + 0.5, side="right"))
        self._settle(self._start(there if there != here else here + (by > 0) - (by < 0)))

    def to_end(self) -> None:
        self._settle(self._end)

    def wheel(self, event: QWheelEvent, notch: float) -> None:
        """Move by ``notch`` for each notch of the wheel; at an end a page around may scroll instead."""
        before = self.offset
        self.move(-event.angleDelta().y() / 120 * notch)
        event.setAccepted(self.offset != before)

    def reveal(self, top: float, bottom: float) -> None:
        """Scroll as little as shows the content from top to bottom."""
        if top < self.offset:
            self._settle(top)
        elif bottom > self.offset + self.room + 0.5:
            self._settle(bottom - self.room if not self._cuts else self._start(self._first_for(float(
                self.ends[min(int(np.searchsorted(self.ends, bottom - 0.5)), len(self.ends) - 1)]))))

    def hold(self, what: object, top: float, bottom: float) -> None:
        """In hall text, show the content from top to bottom whenever ``what`` it is has changed."""
        if self.look.hall and self._held != (now := (what, self._whole, self._end)):
            self._held = now
            self.reveal(top, bottom)

    def view(self, area: QRect, across: bool = False) -> QRect:
        """The part of an area in which pieces are seen, and no part of one that is left out."""
        if not self.cut:
            return area
        size = math.ceil(self.room)
        return QRect(area.left(), area.top(), size if across else area.width(),
                     area.height() - self.foot if across else size)

    def paint(self, painter: QPainter, area: QRect, across: bool = False) -> None:
        """The handle at the right edge of the area, or at its lower one, only where there is something
        to scroll; or the line at the lower edge that says what is left out."""
        if self.cut:
            said = self._canvas.label(left_out(self.look.words, self.before, self.after), "muted", 12,
                                      longest=area.width())
            self._canvas.put(painter, said, area.left(), area.top() + area.height(), 0.0, 1.0)
            return
        if self.length <= self.room or self.room <= 0:
            return
        whole = area.width() if across else area.height()
        size = max(self.look.px(16), whole * self.room / self.length)
        way = (whole - size) * self.offset / (self.length - self.room)
        thick = self.look.px(4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("ghost"))
        painter.drawRoundedRect(
            QRectF(area.left() + way, area.bottom() - thick, size, thick) if across
            else QRectF(area.right() - thick, area.top() + way, thick, size), thick / 2, thick / 2)


def rows_of(count: int, pitch: float) -> NDArray[Any]:
    """Where each of so many equally high rows ends."""
    return pitch * np.arange(1.0, count + 1.0)


def left_out(words: Words, before: int, after: int) -> str:
    """What is said of things that have no room."""
    if not before:
        return words("… {count} more", count=count_of(after))
    if not after:
        return words("… {count} before", count=count_of(before))
    return words("… {before} before, {after} more", before=count_of(before), after=count_of(after))


def wrapped(text: str, width: int, metrics: QFontMetrics) -> list[str]:
    """A text in one line or, where that is too wide, in two, broken between words if it has some."""
    if metrics.horizontalAdvance(text) <= width:
        return [text]
    breaks = [at for at in range(1, len(text))  # between Chinese characters too
              if text[at] == " " or (ord(text[at]) > 0x2E7F and text[at] not in CLOSING
              and text[at - 1] not in OPENING)]
    fitting = [at for at in breaks if metrics.horizontalAdvance(text[:at]) <= width]
    if not fitting:
        return [text]
    return [text[: fitting[-1]], text[fitting[-1] :].lstrip()]


def row_height(count: int, room: float, least: int, usual: int) -> int:
    """Of a row among ``count``, in pixels: less than is usual where all of them then have room."""
    fair = int(room / max(count, 1))
    return fair if least <= fair < usual else usual


def places(count: int, room: float, least: float, most: int = MOST_TICKS) -> list[int]:
    """At most so many of the whole numbers 0 … count-1, in round steps, at least ``least`` pixels apart."""
    for step in (factor * 10**power for power in range(7) for factor in (1, 2, 5)):
        if room / max(count, 1) * step >= least and count <= step * most:
            return list(range(0, count, step))
    return [0]


def cell_beside(
    part: tuple[int, int], dx: int, dy: int, shape: tuple[int, ...]
) -> tuple[int, int]:
    """The cell that an arrow key leads to from one, in a grid of so many rows and columns, within it."""
    return min(max(part[0] + dy, 0), shape[0] - 1), min(max(part[1] + dx, 0), shape[1] - 1)
