"""Tokens as they stand in a text, shaded by a weight, and the links between two rows of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, Scroll, left_out, row_height, rows_of
from widgets.theme.look import Look, Theme, contrast, mixed
from widgets.theme.numbers import decimal, percent

LINKS = 400  # as many lines as can still be told apart; the strongest are drawn
SMOOTH_LINKS = 150  # more are drawn without smoothing, which costs ten times as much
ROUND_TOKENS = 150  # likewise for the corners of tokens
SHADES = 24
SIZES = (26, 22, 19, 16, 13)  # of the letters where a text fills its room, the largest first


def on_one_line(text: str) -> str:
    """A text with signs for its line breaks and tabs."""
    return text.replace("\r", "").replace("\n", "⏎").replace("\t", "⇥")


def legible(token: str) -> str:
    """A token with every white space made visible."""
    return on_one_line(token).replace(" ", "␣")


def shortened(token: str, most: int = 9) -> str:
    """A legible token that fits into a cell."""
    shown = legible(token)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


@lru_cache(4096)  # the same few tokens are asked about at each frame
def visible(token: str) -> str:
    """A token with its white space made visible."""
    shown = on_one_line(token)
    return shown if shown.strip() else "␣" * max(1, len(shown)) if shown.strip(" ") == "" else shown


def _levels(weights: NDArray[Any]) -> list[int]:
    shares = np.clip(np.nan_to_num(weights), 0.0, 1.0)
    return [int(one) for one in (shares * SHADES).round()]


@cache
def _shades_and_inks(theme: Theme, series: int, legible: float) -> tuple[list[QColor], list[str]]:
    """The series' colour over a card from nearly nothing to nearly full, and for each shade the token of
    the text colour that is read best on it. Shades on which no letters have the contrast are passed over."""
    color, card = QColor(theme.series[series % len(theme.series)]), QColor(theme.card)
    inks = ("text", "on_accent")
    found = []
    for cover in np.linspace(0.06, 0.85, 200).tolist():
        best = max((contrast(QColor(getattr(theme, one)), mixed(card, color, cover)), one) for one in inks)
        if best[0] >= legible + 0.05:
            found.append((cover, best[1]))
    chosen = [found[round(one)] for one in np.linspace(0, len(found) - 1, SHADES + 1)]
    shades = []
    for cover, _ in chosen:
        shade = QColor(color)
        shade.setAlphaF(cover)
        shades.append(shade)
    return shades, [ink for _, ink in chosen]


class TokenStrip(Canvas[int]):
    """Tokens in reading order, line after line, each shaded by its weight. A text that is too long is
    scrolled; in hall text as many tokens as have room stand round the chosen one, or the newest, and it is
    said how many are left out.

    Signals:
        clicked(index), hovered(index): hovered gives -1 when the pointer leaves.
    """

    flat = True
    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, lines: int = 3, fills: bool = False,
        grows: bool = False, parent: QWidget | None = None,
    ) -> None:
        """So many ``lines`` are asked for at most; a longer text is scrolled. One that ``fills`` its
        room has the largest letters with which it would fit if each character were a token, so that
        they stay as they are when tokens grow together. One that ``grows`` shows its end whenever its
        text or its room has changed."""
        super().__init__(look, title, parent)
        self.lines = lines
        self.fills, self.grows = fills, grows
        self._seen: object = None  # the text whose end was brought into sight
        self._size = SIZES[-1]
        self._signs = ""  # the text of one that fills its room
        self._sized: object = None  # what its size was chosen for
        self.tokens: tuple[str, ...] = ()
        self.weights: NDArray[Any] | None = None
        self.series: tuple[int, ...] = (0,)
        self.selected = -1
        self.muted: frozenset[int] = frozenset()
        self.unknown: frozenset[int] = frozenset()
        self.notes: tuple[tuple[str, ...], ...] = ()
        self.shares: NDArray[Any] | None = None
        self.narrowest = 0  # pixels of a token
        self.reel = Scroll(self)
        self._flow: tuple[object, list[QRectF]] = (None, [])
        self._asides: list[tuple[str, QRectF]] = []  # in hall text, what is said of tokens without room
        # What it was found for; the first token that has room and the one after the last; all places.
        self._window: tuple[object, int, int, list[QRectF], list[tuple[str, QRectF]]] = (None, 0, 0, [], [])
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(look.px(120), self.head + self._line)

    @may_wait
    def draw(
        self, tokens: Sequence[str], *, weights: NDArray[Any] | Sequence[float] | None = None,
        series: int | Sequence[int] = 0, selected: int = -1, muted: Sequence[int] = (),
        unknown: Sequence[int] = (), notes: Sequence[Sequence[str]] = (),
        shares: NDArray[Any] | None = None, title: str | None = None,
    ) -> None:
        """Show the tokens.

        Args:
            weights: one in 0 … 1 for each token; none leaves all unshaded.
            series: whose colour the shade is, of all tokens or of each.
            muted: indices drawn with a dashed rim only, such as masked tokens.
            unknown: indices drawn with a dotted rim: what reads them does not know them.
            notes, shares: what a ``NotedStrip`` shows below each token.
        """
        tokens = tuple(tokens)
        signs = "".join(tokens) if self.fills else ""
        fits = (signs == self._signs if self.fills else tokens == self.tokens) \
            and title in (None, self.title) and len(notes) == len(self.notes) \
            and (shares is None) == (self.shares is None)
        room = 0 if fits else self.heightForWidth(self.width())
        self.retitle(title)
        if tokens != self.tokens:
            self.tokens, self._signs, self.current = tokens, signs, None
        self.weights = None if weights is None else np.asarray(weights, np.float32)
        self.series = (series,) if isinstance(series, int) else tuple(series)
        self.selected, self.muted, self.unknown = selected, frozenset(muted), frozenset(unknown)
        self.notes, self.shares = tuple(tuple(one) for one in notes), shares
        # Asking for the same room again would have the whole page laid out at each frame.
        if not fits and self.heightForWidth(self.width()) != room:
            self.updateGeometry()
        self.update()

    @property
    def _line(self) -> int:
        return self.text_height(self._size) + self.look.px(10)

    @property
    def _token(self) -> int:
        """The height of a token."""
        return self._line - self.look.px(4)

    def _boxes(self) -> list[QRectF]:
        """Where each token is, from the top of the text; nowhere for one that is left out."""
        room = self.height() - self.head
        if self.fills and self._sized != (sized := (self._signs, self.width(), room)):
            self._sized, self._size = sized, self._largest()
        boxes = self._flowing(self.tokens, self.width())
        self._asides = []
        if self.look.hall and boxes and boxes[-1].bottom() > room:
            boxes = self._around(room)
        length = boxes[-1].bottom() if boxes and not self._asides else 0.0
        self.reel.fit([length + self.look.px(2)], room)
        return boxes

    @property
    def _about(self) -> int:
        """In hall text, the token that must be seen: the one that the keys are at, or what is chosen."""
        if not self.look.hall:
            return 0
        if self._by_keys and self.current is not None:
            return self.current
        return self.selected if self.selected >= 0 else len(self.tokens) - 1 if self.grows else 0

    def _around(self, room: float) -> list[QRectF]:
        """The places of the tokens that have room, none for the others."""
        count, about = len(self.tokens), min(max(self._about, 0), len(self.tokens) - 1)
        key, first, end, boxes, asides = self._window
        if key != (now := (self.tokens, self.width(), room, self._line)) or not first <= about < end:
            first, end = 0, self._until(0, room)
            if about >= end:
                last = min(count - 1, about + (self._until(about, room) - about) // 2)
                first = bisect_left(range(about), True, key=lambda one: self._until(one, room) > last)
                end = self._until(first, room)
            before, after = self._said_of(first, end)
            found = self._arrange([*before, *self.tokens[first:end], *after], self.width())
            asides = [*zip(before, found[:1], strict=False), *zip(after, found[-1:], strict=False)]
            shown = found[len(before):len(before) + end - first]
            boxes = [QRectF()] * first + shown + [QRectF()] * (count - end)
            self._window = now, first, end, boxes, asides
        self._asides = asides
        return boxes

    def _said_of(self, first: int, end: int) -> tuple[list[str], list[str]]:
        """What is said before and after the tokens from ``first`` to ``end``."""
        words, after = self.look.words, len(self.tokens) - end
        return ([left_out(words, first, 0)] if first else [], [left_out(words, 0, after)] if after else [])

    def _until(self, first: int, room: float) -> int:
        """The token after the last that has room, were ``first`` the first one."""
        most = int(room / self._line + 1) * int(self.width() / self.look.px(13) + 1)
        before = self._said_of(first, len(self.tokens))[0]
        boxes = self._arrange([*before, *self.tokens[first:first + most]], self.width())[len(before):]
        end = first + sum(box.bottom() <= room for box in boxes)
        while end > first + 1 and end < len(self.tokens) and self._arrange(
                [*before, *self.tokens[first:end], *self._said_of(first, end)[1]],
                self.width())[-1].bottom() > room:
            end -= 1
        return max(end, first + 1)

    def _largest(self) -> int:
        """The size of the letters with which the text fits, were each character a token."""
        for self._size in SIZES:
            boxes = self._arrange(tuple(self._signs), self.width())
            if not boxes or boxes[-1].bottom() <= self.height() - self.head - self.look.px(3):
                break
        return self._size

    def _flowing(self, tokens: tuple[str, ...], width: int) -> list[QRectF]:
        """As ``_arrange``; the last answer is kept."""
        key = (tokens, width, self._line)
        if self._flow[0] != key:
            self._flow = key, self._arrange(tokens, width)
        return self._flow[1]

    def _arrange(self, tokens: Sequence[str], width: int) -> list[QRectF]:
        px = self.look.px
        boxes: list[QRectF] = []
        x, y = float(px(1)), float(px(1))
        known: dict[str, int] = {}
        for token in tokens:
            shown = visible(token)
            if shown not in known:
                known[shown] = self.text_width(shown, self._size)
            wide = min(max(known[shown] + px(10), self.narrowest), max(px(24), width - px(8)))
            if boxes and x + wide > width - px(8):
                x, y = float(px(1)), y + self._line
            boxes.append(QRectF(x, y, wide, self._line - px(4)))
            x += wide + px(3)
            if "\n" in token:
                x, y = float(px(1)), y + self._line
        return boxes

    def heightForWidth(self, width: int) -> int:
        size, self._size = self._size, SIZES[-1]
        boxes = self._arrange(tuple(self._signs), width) if self.fills \
            else self._flowing(self.tokens, width)
        length = boxes[-1].bottom() if boxes else self._line
        line, self._size = self._line, size
        return self.head_for(width) + round(min(length, self.lines * line)) + self.look.px(3)

    def sizeHint(self) -> QSize:
        width = self.look.px(320)
        return QSize(width, self.heightForWidth(width))

    def place(self, part: int) -> QRectF:
        return self._boxes()[part].translated(0, self.head - self.reel.offset)

    def part_at(self, x: float, y: float) -> int | None:
        if y < self.head:
            return None
        half = self.look.px(2)
        for index, box in enumerate(self._boxes()):
            if not box.isNull() and box.adjusted(-half, -half, half, half).contains(
                    x, y - self.head + self.reel.offset):
                return index
        return None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        boxes = self._boxes()
        if not boxes:
            return None
        if part is None:
            part = max(self.selected, 0)
        elif dx:
            part = min(max(part + dx, 0), len(boxes) - 1)
        else:  # the nearest token of the line above or below
            here = boxes[part]
            other = [one for one, box in enumerate(boxes)
                     if abs(box.top() - here.top() - dy * self._line) < 1 and not box.isNull()]
            if other:
                part = min(other, key=lambda one: abs(boxes[one].center().x() - here.center().x()))
        self.reel.reveal(boxes[part].top(), boxes[part].bottom())
        return part

    def say(self, part: int) -> str:
        name = f"{part}   {visible(self.tokens[part])}"
        if self.weights is not None:
            name += f"   {decimal(float(self.weights[part]))}"
        return f"{name}   {self.look.words('not in the vocabulary')}" if part in self.unknown else name

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._boxes()
        self.reel.wheel(event, self._line)
        self.update()

    def paint(self, painter: QPainter) -> None:
        boxes = self._boxes()
        if self.grows and self._seen != (now := (self.tokens, self.size())):
            self._seen = now
            self.reel.to_end()
        view = QRect(0, self.head, self.width(), self.height() - self.head)
        painter.setClipRect(view)
        down = self.head - self.reel.offset
        for text, box in self._asides:
            self.put(painter, self.label(text, "muted", self._size), box.center().x(),
                     box.top() + down + self._token / 2, 0.5, 0.5)
        seen = [index for index, box in enumerate(boxes) if not box.isNull()
                and box.bottom() + down > view.top() and box.top() + down < view.bottom()]
        corner = self.look.px(4) if len(seen) <= ROUND_TOKENS else 0
        levels = self._levels()
        theme, legible = self.look.theme, self.look.legible
        colors = {one: _shades_and_inks(theme, one, legible) for one in set(self.series)}
        for index in seen:
            box = boxes[index].translated(0, down)
            shades, inks = colors[self.series[index % len(self.series)]]
            self._paint_token(painter, index, box, corner, levels[index], shades, inks)
        self.reel.paint(painter, view)
        painter.setClipping(False)

    def _levels(self) -> list[int]:
        """The shade of each token, 0 … SHADES."""
        return [0] * len(self.tokens) if self.weights is None else _levels(self.weights)

    def _paint_token(
        self, painter: QPainter, index: int, box: QRectF, corner: float, level: int,
        shades: list[QColor], inks: list[str],
    ) -> None:
        if index in self.muted:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.look.pen("ghost", 1, Qt.PenStyle.DashLine))
        else:
            painter.setBrush(shades[level])
            painter.setPen(self.look.pen("muted", 1.5, Qt.PenStyle.DotLine)
                           if index in self.unknown else Qt.PenStyle.NoPen)
        if index == self.selected:
            painter.setPen(self.look.pen("accent", self.look.px(2)))
        elif index == self.current:
            painter.setPen(self.look.pen("muted"))
        if corner:
            painter.drawRoundedRect(box, corner, corner)
        else:
            painter.drawRect(box.toRect())
        ink = "muted" if index in self.muted else inks[level]
        picture = self.label(visible(self.tokens[index]), ink, self._size,
                             longest=round(box.width() - self.look.px(6)))
        self.put(painter, picture, box.center().x(), box.center().y(), 0.5, 0.5)


class NotedStrip(TokenStrip):
    """Tokens in reading order with notes below each: rows of one text a token, the first in the colour of
    series 0, and so on; and a bar for a share, (n,) 0 … 1."""

    def __init__(
        self, look: Look, title: str = "", *, lines: int = 3, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, lines=lines, parent=parent)
        self.narrowest = look.px(27)

    @property
    def _token(self) -> int:
        return super()._line - self.look.px(4)

    @property
    def _row(self) -> int:
        return self.text_height(11)

    @property
    def _line(self) -> int:
        below = len(self.notes) * self._row + (self.look.px(7) if self.shares is not None else 0)
        return super()._line + below + (self.look.px(6) if below else 0)

    def say(self, part: int) -> str:
        said = [row[part] for row in self.notes]
        if self.shares is not None:
            said.append(percent(float(self.shares[part])))
        return "   ".join([visible(self.tokens[part]), *said])

    def _paint_token(
        self, painter: QPainter, index: int, box: QRectF, corner: float, level: int,
        shades: list[QColor], inks: list[str],
    ) -> None:
        upper = QRectF(box.left(), box.top(), box.width(), self._token)
        super()._paint_token(painter, index, upper, corner, level, shades, inks)
        y = upper.bottom() + self.look.px(1)
        for series, row in enumerate(self.notes):
            if index < len(row):
                picture = self.label(row[index], series, 11)
                self.put(painter, picture, box.center().x(), y, 0.5, 0.0)
            y += self._row
        if self.shares is not None and index < len(self.shares):
            full = QRectF(box.left(), y + self.look.px(2), box.width(), self.look.px(4))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("hairline"))
            painter.drawRect(full)
            painter.setBrush(self.look.color("muted"))
            full.setWidth(full.width() * min(max(float(self.shares[index]), 0.0), 1.0))
            painter.drawRect(full)


Side = tuple[int, int]  # 0 left, 1 right; index


class TokenLinks(Canvas[Side]):
    """Two columns of tokens with a line for each weight between them, after BertViz (Vig 2019).

    Signals:
        clicked(side, index), hovered(side, index): side 0 is left, 1 right; hovered gives (-1, -1)
            when the pointer leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.left: tuple[str, ...] = ()
        self.right: tuple[str, ...] = ()
        self.weights: NDArray[Any] = np.zeros((0, 0), np.float32)
        self.focus = self.selected = -1
        self.muted: frozenset[int] = frozenset()
        self.series = 0
        self.reel = Scroll(self)
        self._widths: tuple[object, tuple[int, int]] = (None, (0, 0))
        self._lines: tuple[object, list[list[QLineF]]] = (None, [])
        self._drawn = 0
        self.setMinimumSize(look.px(200), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, left: Sequence[str], right: Sequence[str], weights: NDArray[Any], *, focus: int = -1,
        selected: int = -1, muted: Sequence[int] = (), series: int = 0, title: str | None = None,
    ) -> None:
        """Show the links.

        Args:
            weights: (L, R), 0 … 1: how much the token on the left looks at the one on the right.
            focus: the token on the left whose links alone are drawn; -1 draws all.
            selected: the token on the left that is chosen.
            muted: indices on the right that cannot be looked at.
        """
        self.retitle(title)
        self.left, self.right = tuple(left), tuple(right)
        self.weights = np.asarray(weights, np.float32)
        self.focus, self.selected, self.series = focus, selected, series
        self.muted = frozenset(muted)
        self._drawn += 1
        if self.current is not None and self.current[1] >= len(self._side(self.current[0])):
            self.current = None
        self.update()

    def _side(self, side: int) -> tuple[str, ...]:
        return self.right if side else self.left

    @property
    def _line(self) -> int:
        text, px = self.text_height(13), self.look.px
        return row_height(max(len(self.left), len(self.right)), self.height() - self.head - px(2),
                          text, text + px(5))

    def _columns(self) -> tuple[int, int]:
        """Width of the left and the right column."""
        key = (self.left, self.right, self.width())
        if self._widths[0] != key:
            most = round(self.width() * 0.32)
            wide = [min(max((self.text_width(visible(one)) for one in side), default=0)
                        + self.look.px(14), most) for side in (self.left, self.right)]
            self._widths = key, (wide[0], wide[1])
        count = max(len(self.left), len(self.right))
        self.reel.fit(rows_of(count, self._line), self.height() - self.head)
        if 0 <= self._focus < count:
            self.reel.hold(self._focus, self._focus * self._line, (self._focus + 1) * self._line)
        return self._widths[1]

    def place(self, part: Side) -> QRectF:
        side, index = part
        wide = self._columns()
        left = self.width() - self.look.px(8) - wide[1] if side else 0
        return QRectF(left, self.head + index * self._line - self.reel.offset, wide[side],
                      self._line - self.look.px(2))

    def part_at(self, x: float, y: float) -> Side | None:
        wide = self._columns()
        if not 0 <= y - self.head < self.reel.room:
            return None
        index = int((y - self.head + self.reel.offset) // self._line)
        side = 0 if x <= wide[0] else 1 if x >= self.width() - self.look.px(8) - wide[1] else -1
        return (side, index) if side >= 0 and 0 <= index < len(self._side(side)) else None

    def beside(self, part: Side | None, dx: int, dy: int) -> Side | None:
        if not self.left or not self.right:
            return None
        if part is None:
            return 0, max(self.selected, 0)
        side = min(max(part[0] + dx, 0), 1)
        index = min(max(part[1] + dy, 0), len(self._side(side)) - 1)
        self._columns()
        self.reel.reveal(index * self._line, (index + 1) * self._line)
        return side, index

    def say(self, part: Side) -> str:
        side, index = part
        name = visible(self._side(side)[index])
        if side == 1 and self._focus >= 0:
            return self._link(self._focus, index)
        if side == 0 and self.weights.shape[1]:
            return self._link(index, int(np.argmax(np.nan_to_num(self.weights[index]))))
        return name

    def _link(self, row: int, column: int) -> str:
        weight = decimal(float(self.weights[row, column]))
        return f"{visible(self.left[row])} → {visible(self.right[column])}   {weight}"

    @property
    def _focus(self) -> int:
        """The token whose links are shown: the one under the pointer before the locked one."""
        if self.current is not None and self.current[0] == 0:
            return self.current[1]
        return self.focus if self.focus >= 0 else self.selected

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._columns()
        self.reel.wheel(event, 3 * self._line)
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._drawn += 1

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.left or not self.right:
            return
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        self._columns()
        view = self.reel.view(area)
        painter.setClipRect(view)
        self._paint_links(painter)
        for side in (0, 1):
            self._paint_side(painter, side, view)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _paint_links(self, painter: QPainter) -> None:
        key = (self._drawn, self._focus, self.reel.offset, self.look)
        if self._lines[0] != key:
            self._lines = key, self._make_lines()
        color = self.look.color(self.series)
        many = sum(map(len, self._lines[1])) > SMOOTH_LINKS
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not many)
        for shade, lines in enumerate(self._lines[1]):
            if lines:
                strength = (shade + 1) / SHADES
                color.setAlphaF(0.08 + 0.85 * strength)
                width = self.look.scale * (1.0 if many else 0.6 + 3.4 * strength)
                painter.setPen(self.look.pen(color, width))
                painter.drawLines(lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _make_lines(self) -> list[list[QLineF]]:
        """The lines by shade, weak to strong; only those of which a part can be seen."""
        weights = np.nan_to_num(self.weights)
        focus = self._focus
        if 0 <= focus < len(weights):
            only = np.zeros_like(weights)
            only[focus] = weights[focus]
            weights = only
        height, step = self.height() - self.head, self._line
        first = int(self.reel.offset // step)
        last = int((self.reel.offset + height) // step) + 1
        seen = np.zeros(weights.shape, bool)
        seen[first:last, :] = True
        seen[:, first:last] = True
        found = np.flatnonzero((weights > 0.01) & seen)
        if len(found) > LINKS:
            found = found[np.argpartition(weights.ravel()[found], -LINKS)[-LINKS:]]
        rows, columns = np.divmod(found, max(weights.shape[1], 1))
        shades = np.clip(weights[rows, columns] * SHADES, 0, SHADES - 1).astype(int)
        wide = self._columns()
        x1, x2 = wide[0] + self.look.px(2), self.width() - self.look.px(10) - wide[1]
        top = self.head - self.reel.offset + (step - self.look.px(2)) / 2
        lines: list[list[QLineF]] = [[] for _ in range(SHADES)]
        for row, column, shade in zip(rows.tolist(), columns.tolist(), shades.tolist(),
                                      strict=True):
            lines[shade].append(QLineF(x1, top + row * step, x2, top + column * step))
        return lines

    def _paint_side(self, painter: QPainter, side: int, view: QRect) -> None:
        focus, corner = self._focus, self.look.px(4)
        shades, inks = _shades_and_inks(self.look.theme, self.series, self.look.legible)
        levels = _levels(self.weights[focus]) if side and 0 <= focus < len(self.weights) \
            else [0] * len(self._side(side))
        tokens = self._side(side)
        first = int(self.reel.offset // self._line)
        last = -int(-(self.reel.offset + view.height() - 1) // self._line)
        start, step = self.place((side, first)) if tokens else QRectF(), self._line
        for index in range(first, min(last, len(tokens))):
            token, box = tokens[index], start.translated(0, (index - first) * step)
            chosen = side == 0 and index in (focus, self.selected)
            painter.setPen(Qt.PenStyle.NoPen)
            if chosen:
                painter.setBrush(self.look.color("accent_wash"))
                if index == self.selected:
                    painter.setPen(self.look.pen("accent", 1.5 * self.look.scale))
                painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), corner, corner)
            elif levels[index]:
                painter.setBrush(shades[levels[index]])
                painter.drawRoundedRect(box, corner, corner)
            ink = "muted" if side and index in self.muted else inks[levels[index]]
            picture = self.label(visible(token), ink, 13,
                                 longest=round(box.width() - self.look.px(8)))
            x = box.left() + self.look.px(6) if side else box.right() - self.look.px(6)
            self.put(painter, picture, x, box.center().y(), 0.0 if side else 1.0, 0.5)
