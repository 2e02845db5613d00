"""The picture of coding: every code's score, the words that made it, the race and the margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizers.l7_biomedical.icd_coding.panel import FIFTHS, METHODS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import NotedStrip
from widgets.theme.look import Look
from widgets.theme.marks import named, paint_marks
from widgets.theme.numbers import Write, count, fixed, percent, signed
from widgets.views.cards import Card, Pane
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

Part = tuple[str, int]  # ("group", number) or ("code", number)
WRITE: tuple[Write, Write] = (fixed, lambda score: fixed(score, 1))  # a cosine, a score of BM25
ROWS = 12  # codes that are listed at most
Floats = NDArray[np.float64]


class CodeMap(Canvas[Part]):
    """All codes side by side in their order: the encoder's scores upwards, BM25's downwards, and between
    them the chapters, or the blocks of the chapter that fills the map.

    Signals:
        opened(chapter): a click on a chapter; −1 on a block leads back to all.
        clicked(code): a click on a code's score.
    """

    opened = Signal(int)
    clicked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, " ", parent)
        self.frame: Frame | None = None
        self.chapter = -1
        self.first = self.last = 0  # the codes that are shown: first … last - 1
        self.edges: list[int] = []  # where groups begin, and the last one's end
        self.setMinimumSize(look.px(220), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw(self, frame: Frame, chapter: int, title: str) -> None:
        """Show all chapters, or one of them."""
        self.retitle(title)
        self.frame = frame
        self.chapter = chapter if 0 <= chapter < len(frame.chapters) else -1
        groups = frame.chapter if self.chapter < 0 else frame.block
        inside = np.flatnonzero((frame.chapter == self.chapter) | (self.chapter < 0))
        self.first, self.last = int(inside[0]), int(inside[-1]) + 1
        turns = np.flatnonzero(np.diff(groups[self.first : self.last])) + self.first + 1
        self.edges = [self.first, *map(int, turns), self.last]
        if self.current is not None and (self.current[0] == "group" or not self.first
                                         <= self.current[1] < self.last):
            self.current = None
        self.update()

    # Where things are

    @property
    def _strip(self) -> QRectF:
        """Of the groups, between both halves."""
        tall = self.text_height(11) + self.look.px(4)
        line = self.text_height(11) + self.look.px(2)
        top = self.head + line + (self.height() - self.head - 2 * line - tall) * 0.56
        return QRectF(0, top, self.width(), tall)

    def _room(self, method: int) -> tuple[float, float]:
        """Where the scores of a method begin, and where they end at most."""
        line = self.text_height(11) + self.look.px(2)
        return (self._strip.top(), self.head + line) if method == 0 \
            else (self._strip.bottom(), self.height() - line)

    def _x(self, code: float) -> float:
        return self.width() * (code - self.first) / max(self.last - self.first, 1)

    def _most(self, method: int) -> float:
        assert self.frame is not None
        return 1.0 if method == 0 else max(1.0, float(self.frame.scores[1].max()))

    def place(self, part: Part) -> QRectF:
        kind, number = part
        if kind == "group":
            left, right = self._x(self.edges[number]), self._x(self.edges[number + 1])
            return QRectF(left, self._strip.top(), right - left, self._strip.height())
        left, right = self._x(number), self._x(number + 1)
        return QRectF(left - 1, self._room(0)[1], right - left + 2, self._room(1)[1] - self._room(0)[1])

    def part_at(self, x: float, y: float) -> Part | None:
        if self.frame is None or not 0 <= x < self.width() or y < self.head:
            return None
        code = self.first + int(x / self.width() * (self.last - self.first))
        if self._strip.top() <= y <= self._strip.bottom():
            return "group", int(np.searchsorted(self.edges, code, "right")) - 1
        # Of the codes near the pointer, the one that scores most on its side of the strip.
        near = max(1, round(4 * self.look.scale * (self.last - self.first) / self.width()))
        low, high = max(self.first, code - near), min(self.last, code + near + 1)
        scores = self.frame.scores[int(y > self._strip.bottom()), low:high]
        return "code", low + int(scores.argmax())

    def beside(self, part: Part | None, dx: int, dy: int) -> Part | None:
        """←/→ walk along the groups, or from code to code; ↑/↓ go to the best code and back."""
        if self.frame is None:
            return None
        if part is None:
            return "group", 0
        kind, number = part
        if kind == "group":
            if dx:
                return "group", min(max(number + dx, 0), len(self.edges) - 2)
            low, high = self.edges[number], self.edges[number + 1]
            return "code", low + int(self.frame.scores[int(dy > 0), low:high].argmax())
        if dx:
            return "code", min(max(number + dx, self.first), self.last - 1)
        return "group", int(np.searchsorted(self.edges, number, "right")) - 1

    def say(self, part: Part) -> str:
        assert self.frame is not None
        kind, number = part
        if kind == "group":
            first, last = self.edges[number], self.edges[number + 1] - 1
            name = self.frame.blocks[self.frame.block[first]] if self.chapter >= 0 \
                else self.frame.chapters[self.frame.chapter[first]]
            return f"{name}   {self.frame.codes[first]}–{self.frame.codes[last]}"
        scores = "   ".join(f"{method} {write(float(score))}" for method, write, score in
                            zip(_names(self.look), WRITE, self.frame.scores[:, number], strict=True))
        return f"{self.frame.codes[number]} {self.frame.titles[number]}   {scores}"

    def tell_click(self, part: Part | None) -> None:
        if part is None or self.frame is None:
            return
        kind, number = part
        if kind == "code":
            self.clicked.emit(number)
        else:
            first = self.frame.chapter[self.edges[number]]
            self.opened.emit(int(first) if self.chapter < 0 else -1)

    # Painting

    def paint(self, painter: QPainter) -> None:
        if self.frame is None:
            return
        for method in range(len(METHODS)):
            self._paint_scores(painter, method)
        self._paint_groups(painter)
        self._paint_code(painter, self.frame.truth, "text")
        if self.frame.chosen != self.frame.best[0]:
            self._paint_code(painter, self.frame.chosen, "accent")
        for method in range(len(METHODS)):
            self._paint_best(painter, method)

    def _paint_scores(self, painter: QPainter, method: int) -> None:
        """A bar for each code; where several share a pixel, that of the highest score."""
        assert self.frame is not None
        scores = np.clip(self.frame.scores[method, self.first : self.last], 0, None) / self._most(method)
        base, end = self._room(method)
        ratio = self.devicePixelRatioF()
        columns, rows = max(1, int(self.width() * ratio)), max(1, int(abs(end - base) * ratio))
        at = np.arange(columns) * len(scores) // columns
        tops = scores[at] if len(scores) <= columns else np.maximum.reduceat(scores, at)
        above = np.arange(rows)[:, None] < np.rint(tops * rows)                 # (rows, columns)
        ink, card = (self.look.color(one).rgb() for one in (method, "card"))
        pixels = np.where(above[::-1] if method == 0 else above, np.uint32(ink), np.uint32(card))
        image = QImage(np.ascontiguousarray(pixels).data, columns, rows, 4 * columns,
                       QImage.Format.Format_RGB32)
        painter.drawImage(QRectF(0, min(base, end), self.width(), rows / ratio), image)

    def _paint_groups(self, painter: QPainter) -> None:
        assert self.frame is not None
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(len(self.edges) - 1):
            box = self.place(("group", number))
            # Hairlines are dark in hall text, and this is written on.
            other = "ground" if self.look.hall else "hairline"
            painter.setBrush(self.look.color("accent_wash" if number % 2 else other))
            painter.drawRect(box)
            first = self.frame.codes[self.edges[number]]
            last = self.frame.codes[self.edges[number + 1] - 1]
            if self.chapter < 0:
                first, last = first[0], last[0]
            for text in (first if first == last else f"{first}–{last}", first):
                if self.text_width(text, 11) <= box.width() - 4:
                    self.put(painter, self.label(text, "text", 11), box.center().x(), box.center().y(),
                             0.5, 0.5)
                    break

    def _paint_code(self, painter: QPainter, code: int, ink: str) -> None:
        """A dashed line at a code."""
        if not self.first <= code < self.last:
            return
        x = self._x(code + 0.5)
        pen = self.look.pen(ink, self.look.scale)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        for method in range(len(METHODS)):
            painter.drawLine(QLineF(x, self._room(method)[0], x, self._room(method)[1]))

    def _paint_best(self, painter: QPainter, method: int) -> None:
        """The best code's name at the end of its half, and a mark above its score."""
        frame = self.frame
        assert frame is not None
        base, end = self._room(method)
        score, best = float(frame.scores[method].max()), frame.best[method]
        if score <= 0:
            text = self.look.words("{method}: no word is found, all codes tie",
                                   method=_names(self.look)[method])
            self._write(painter, text, method, self.width() / 2)
            return
        text = f"{_names(self.look)[method]}: {frame.codes[best]} {WRITE[method](score)}"
        if frame.tied[method] > 1:
            text += self.look.words(", {count} codes tie", count=count(int(frame.tied[method])))
        at = self._x(min(max(best, self.first), self.last - 1) + 0.5)
        self._write(painter, text, method, at)
        tied = np.flatnonzero(frame.scores[method] == frame.scores[method].max())
        painter.setPen(self.look.pen("card", self.look.scale))
        painter.setBrush(self.look.color(method))
        y = base + (end - base) * min(score / self._most(method), 1.0)
        for code in tied[:40]:
            if self.first <= code < self.last:
                paint_marks(painter, method, [(self._x(float(code) + 0.5), y)], 3.6 * self.look.scale)

    def _write(self, painter: QPainter, text: str, method: int, at: float) -> None:
        half = self.text_width(text, 11) / 2 + 2
        x = min(max(at, half), self.width() - half)
        y = self.head if method == 0 else self.height() - self.text_height(11)
        self.put(painter, self.label(text, "text", 11), x, y, 0.5, 0.0)


@dataclass(frozen=True)
class Row:
    """A code in the list: its texts, its two scores with how large they are, 0 … 1."""

    code: int
    order: float  # the encoder's score
    name: str
    title: str
    scores: tuple[str, str]
    shares: tuple[float, float]
    right: bool


class CodeList(Canvas[int]):
    """Codes below one another, each with both scores as bars behind the figures.

    Signals:
        clicked(code).
    """

    flat = True
    clicked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "", parent)
        self.rows: tuple[Row, ...] = ()
        self.chosen = -1
        self.setAccessibleName(look.words("Best codes"))
        self.setMinimumSize(look.px(280), self._top + 3 * self._pitch)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def _top(self) -> int:
        return self.text_height(12) + self.look.px(4)

    @property
    def _pitch(self) -> int:
        """The height of a row, whose title has two lines."""
        return 2 * self.text_height(12) + self.look.px(4)

    def draw(self, rows: Sequence[Row], chosen: int) -> None:
        """Show as many as have room, the first ones, in the order of the encoder's scores."""
        self.rows, self.chosen = tuple(rows), chosen
        if self.current is not None and self.current >= len(self.seen):
            self.current = None
        self.update()

    @property
    def seen(self) -> list[Row]:
        room = max(1, (self.height() - self._top) // self._pitch)
        return sorted(self.rows[:room], key=lambda one: -one.order)

    def _columns(self) -> tuple[float, float, float]:
        """Where the titles and both columns of scores begin."""
        wide = max(self.look.px(58), self.text_width(named(0, _names(self.look)[0]), 12) + self.look.px(6))
        return self.look.px(52), self.width() - 2 * wide - self.look.px(4), self.width() - wide

    def place(self, part: int) -> QRectF:
        return QRectF(0, self._top + part * self._pitch, self.width(), self._pitch)

    def part_at(self, x: float, y: float) -> int | None:
        part = int((y - self._top) // self._pitch)
        return part if 0 <= part < len(self.seen) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        last = len(self.seen) - 1
        return None if last < 0 else 0 if part is None else min(max(part + (dy or dx), 0), last)

    def say(self, part: int) -> str:
        row = self.seen[part]
        return "   ".join([f"{row.name} {row.title}", *row.scores])

    def tell_click(self, part: int | None) -> None:
        if part is not None:
            self.clicked.emit(self.seen[part].code)

    def paint(self, painter: QPainter) -> None:
        px = self.look.px
        titles, *columns = self._columns()
        self.put(painter, self.label(self.look.words("code and title"), "muted", 11), px(16), 0)
        for method, left in enumerate(columns):
            self.put(painter, self.label(named(method, _names(self.look)[method]), method, 12), left, 0)
        for index, row in enumerate(self.seen):
            box = self.place(index)
            if row.code == self.chosen or index == self.current:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color("accent_wash"))
                painter.drawRoundedRect(box, 4, 4)
            middle = box.center().y()
            if row.right:
                painter.setPen(self.look.pen("text", 1.6 * self.look.scale))
                painter.drawPolyline([QPointF(px(3), middle), QPointF(px(6), middle + px(3)),
                                      QPointF(px(12), middle - px(4))])
            self.put(painter, self.label(row.name, "text", 12, bold=row.right), px(16), middle, 0.0, 0.5)
            lines = self.lines_of(row.title, round(columns[0] - titles - px(8)))
            for number, text in enumerate(lines):
                self.put(painter, self.label(text, "text", 12, bold=row.right), titles,
                         middle + (number - len(lines) / 2) * self.text_height(12))
            for method, left in enumerate(columns):
                bar = QRectF(left, middle - px(9), px(54) * row.shares[method], px(18))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color(method, 90))
                painter.drawRoundedRect(bar, 2, 2)
                self.put(painter, self.label(row.scores[method], "text", 12), left + px(4), middle, 0.0, 0.5)

    def lines_of(self, text: str, width: int) -> list[str]:
        """A title in one or two lines, as many of its words as have room there."""
        lines, words = [""], text.split()
        for at, word in enumerate(words):
            longer = f"{lines[-1]} {word}".strip()
            more = " …" if len(lines) == 2 and at < len(words) - 1 else ""
            if self.text_width(longer + more, 12, True) <= width or not lines[-1]:
                lines[-1] = longer
            elif len(lines) == 1:
                lines.append(word)
            else:
                lines[-1] += " …"
                break
        return lines


def _names(look: Look) -> tuple[str, ...]:
    return tuple(look.words(one) for one in METHODS)


class CoderView(PanelView):
    """The words and the map of all codes on top; below, the best of them, and the margin or the race."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.strip = NotedStrip(look, " ", lines=1)
        self.strip.narrowest = self.strip.text_width("+0.00", 11) + look.px(3)  # what a word adds
        self.map = CodeMap(look)
        self.map.opened.connect(lambda chapter: self.changed.emit("chapter", chapter))
        self.map.clicked.connect(lambda code: self.changed.emit("code", code))
        self.list = CodeList(look)
        self.list.clicked.connect(lambda code: self.changed.emit("code", code))
        self.readouts = Readouts(look).calm()

        self.hit, self.mrr = (CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.0),
                                        integer_x=True).calm() for _ in range(2))
        self.margin = CurvePlot(look, "", x=words("fifths of the names, small margins first"),
                                x_range=(0.8, FIFTHS + 0.2), y_range=(0.0, 1.04), integer_x=True).calm()
        self.beside = Pages(self, "beside", {
            "margin": (words("Right by margin"), Pane(look, self.readouts, self.margin)),
            "hit": (words("Right code first"), self.hit), "mrr": (words("1 / rank"), self.mrr)})

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.strip)
        top.body.addWidget(self.map, 1)
        left.body.addWidget(self.list)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Codes"), rank=1, smallest=(380, 240), share=8),
            beside(Place(left, words("Best codes"), rank=3, smallest=(330, 160), share=8),
                   Place(right, words("Margin"), rank=2, smallest=(300, 210), share=7), share=7))))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._draw_words(frame)
        self.map.draw(frame, params.chapter, self._map_title(frame, params))
        self._draw_list(frame)
        match self.beside.show_page(params.beside):
            case "margin":
                self._draw_margin(shown)
            case "hit":
                self._draw_race(shown, self.hit, "hit", frame.hit)
            case "mrr":
                self._draw_race(shown, self.mrr, "mrr", frame.mrr)

    def _draw_words(self, frame: Frame) -> None:
        """Each word of the query and what it adds, in both methods' colours."""
        title = self.words("Asked; below each word what it adds to the score of {code}",
                           code=frame.codes[frame.chosen])
        if frame.crossed.any():
            title = self.words("Asked; the words with a dashed rim are negated and left out")
        notes = [[signed(float(one)) if abs(one) >= 0.005 else "·" for one in row] for row in frame.adds]
        share = np.clip(frame.adds[0] / max(float(np.abs(frame.adds[0]).max(initial=0.0)), 1e-6), 0, 1)
        self.strip.draw(frame.words, weights=share, muted=np.flatnonzero(frame.crossed).tolist(),
                        notes=notes, title=title if frame.words
                        else self.words("Nothing is asked: type a diagnosis"))

    def _map_title(self, frame: Frame, params: Params) -> str:
        if 0 <= params.chapter < len(frame.chapters):
            return self.words("{chapter}; click a block to see all chapters",
                              chapter=frame.chapters[params.chapter])
        if frame.truth < 0:
            return self.words("The scores of all {count} codes in 22 chapters; click a chapter",
                              count=count(len(frame.codes)))
        return self.words("The scores of all {count} codes, the right one dashed; click a chapter",
                          count=count(len(frame.codes)))

    def _draw_list(self, frame: Frame) -> None:
        """First the encoder's two best, the right one, BM25's best and the chosen one; then the rest."""
        encoder, bm25 = frame.scores
        ours, theirs = ([int(one) for one in np.argsort(-scores, kind="stable")[:ROWS]]
                        for scores in (encoder, bm25))
        wanted = [*ours[:2], frame.truth, *theirs[: int(frame.scores[1].max() > 0)], frame.chosen, *ours]
        most = np.array([1.0, max(1.0, float(bm25.max()))])
        rows = []
        for code in [one for one in dict.fromkeys(wanted) if one >= 0][:ROWS]:
            first, second = np.clip(frame.scores[:, code] / most, 0, 1).tolist()
            written = [write(float(score)) for write, score in
                       zip(WRITE, frame.scores[:, code], strict=True)]
            rows.append(Row(code, float(encoder[code]), frame.codes[code], frame.titles[code],
                            (written[0], written[1]), (first, second), code == frame.truth))
        self.list.draw(rows, frame.chosen)

    def _draw_race(
        self, shown: Shown[Params, Frame], plot: CurvePlot, name: str, now: NDArray[np.float32]
    ) -> None:
        curves = ghost_curves(shown.ghosts, f"{name}_encoder")
        curves.append(Curve(*shown.history.points(f"{name}_encoder"), self.words("encoder"), width=2.5))
        plot.draw(curves, [Rule(float(now[1]), "BM25", series=1)], y_range=(0.0, 1.0),
                  note=self.of_step(shown))

    def _draw_margin(self, shown: Shown[Params, Frame]) -> None:
        frame, fifths = shown.frame, np.arange(1, FIFTHS + 1)
        curves = [Curve(ghost.frame.right_in_fifth[0], fifths, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(frame.right_in_fifth[1], fifths, "BM25", series=1),
                   Curve(frame.right_in_fifth[0], fifths, self.words("encoder"), width=2.5)]
        at = int(frame.fifth[0])
        self.margin.draw(curves, [Rule(at + 1, self.words("this one"), axis="x")],
                         note=self.of_step(shown))
        self.readouts.draw([
            (self.words("ahead by"), fixed(float(frame.margin[0]))),
            (self.words("with such a margin right"), percent(float(frame.right_in_fifth[0, at])))])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        best = frame.best[0]
        return self.words(
            "{code} is ahead of the next code by {margin} at step {step}: of such answers {right} are right. "
            "At step {measured} the encoder puts the right code first for {encoder} of the test names, BM25 "
            "for {bm25}.",
            measured=count(shown.measured), step=count(shown.step), encoder=percent(float(frame.hit[0])),
            bm25=percent(float(frame.hit[1])), code=frame.codes[best], margin=fixed(float(frame.margin[0])),
            right=percent(float(frame.right_in_fifth[0, int(frame.fifth[0])])))
