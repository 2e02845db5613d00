"""The course as a map: what rests on what, how far one has come, and the record of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.files.learned import Learned
from app.files.settings import Settings
from app.window.palette import Overlay
from visualizers.catalog import LECTURES, Said, beyond, supports
from visualizers.panel import Panel
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.theme.look import Look
from widgets.theme.numbers import count
from widgets.theme.style import font
from widgets.theme.words import Words
from widgets.views.cards import Card

PIECES = re.compile("[\u2e80-\uffff]\\s*|[^\\s\u2e80-\uffff]+\\s*")  # that a line may end with
WIDE = 118  # unscaled pixels of a column
MOST_ROWS = 10  # panels below each other; a longer lecture has two columns


def duration(seconds: float, words: Words) -> str:
    """A time that somebody spent: 40 s, 12 min, 3 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return words("{seconds} s", seconds=count(seconds))
    if minutes < 60:
        return words("{minutes} min", minutes=count(minutes))
    return words("{hours} h {minutes} min", hours=count(minutes // 60), minutes=count(minutes % 60))


def progress(panel: Panel, learned: Learned, words: Words) -> str:
    """What was done on a panel, in one line; empty for nothing."""
    done, told = learned.of(panel.id), []
    if done.seen:
        told.append(words("tour: {seen} of {all} steps seen", seen=count(len(done.seen)),
                          all=count(done.steps)))
    if done.tries:
        told.append(words("questions right: {first} at the first try, {second} at the second, of {all}",
                          first=count(done.right(1)), second=count(done.right(2)),
                          all=count(len(done.tries))))
    if done.seconds >= 1:
        told.append(duration(done.seconds, words))
    return " · ".join(told)


def rows(
    panels: Sequence[Panel], settings: Settings, learned: Learned, language: str
) -> list[dict[str, Any]]:
    """The record as a table: what was opened or done, with the columns of ``app.files.learned``."""
    numbers, found = {one.folder: one.number for one in LECTURES}, []
    for one in panels:
        done = learned.of(one.id)
        if one.id in settings.visited or one.id in learned.panels:
            found.append({
                "panel": one.id, "title": Said(one, language).title, "lecture": numbers[one.lecture],
                "opened": one.id in settings.visited, "tour_steps_seen": len(done.seen),
                "tour_steps": done.steps, "questions_right_at_first_try": done.right(1),
                "questions_right_at_second_try": done.right(2), "questions_tried": len(done.tries),
                "seconds": round(done.seconds)})
    return found


class CourseMap(Canvas[str]):
    """Every panel in the column of its lecture. What the one that is looked at rests on is joined to it
    by full lines, what rests on it by dashed ones; an arrow key walks, Enter opens.

    In hall text not all columns have room: those round the panel that is looked at, or that was opened last,
    are shown, and how many panels are left out."""

    hovered = Signal(object)
    clicked = Signal(str)

    def __init__(self, look: Look, panels: Sequence[Panel], settings: Settings, learned: Learned) -> None:
        super().__init__(look)
        words = look.words
        self.setAccessibleName(words("The course as a map"))
        self.panels = {one.id: one for one in panels}
        self._said = {one.id: Said(one, words.language) for one in panels}
        self._below = {one.id: one.rests_on for one in panels}
        self._above = supports(panels)
        self._shares = {one.id: len(learned.of(one.id).seen) / max(1, learned.of(one.id).steps)
                        for one in panels}
        self._opened, self._finished = frozenset(settings.visited), frozenset(settings.finished)
        self._progress = {one.id: progress(one, learned, words) for one in panels}
        self._last = settings.last
        self.columns: list[list[str]] = []
        self._heads: list[tuple[str, int, int]] = []  # a lecture's name, its first column, how many
        self._divide(MOST_ROWS)
        self.reel = Scroll(self)
        self._boxes: dict[str, QRectF] = {}
        self._lines: dict[str, list[str]] = {}
        self._titles: list[list[str]] = []  # of the lectures
        self._laid_out: tuple[int, int] | None = None
        self._offset = 0.0  # by how much the boxes are moved to the left

    def _divide(self, most: int) -> None:
        """Put the panels of each lecture into columns of at most so many."""
        self.columns, self._heads = [], []
        for lecture in LECTURES:
            here = [one for one, panel in self.panels.items() if panel.lecture == lecture.folder]
            parts = -(-len(here) // most)
            size = -(-len(here) // parts) if parts else 1
            if here:
                self._heads.append((f"{lecture.number} {self.look.words(lecture.title)}", len(self.columns),
                                    parts))
            self.columns += [here[at:at + size] for at in range(0, len(here), size)]

    # --- where everything is

    def _lay_out(self) -> None:
        if self._laid_out != (key := (self.width(), self.height())):
            self._laid_out, self._offset = key, 0.0
            self._place_all()
        shift = self.reel.offset - self._offset
        if shift:
            self._offset = self.reel.offset
            for box in self._boxes.values():
                box.translate(-shift, 0)

    def _place_all(self) -> None:
        px, gap = self.look.px, self.look.px(9)
        across = len(self.columns)
        if self.look.hall:
            across = max(1, (self.width() + gap) // (px(WIDE) + gap))
            for most in range(MOST_ROWS, 0, -1):  # as many below one another as have room
                self._divide(most)
                if self._fill((self.width() - gap * (across - 1)) / across, gap):
                    break
        else:
            self._fill((self.width() - gap * (across - 1)) / max(1, across), gap)
        pitch = (self.width() + gap) / max(1, across)
        self.reel.fit(rows_of(len(self.columns), pitch), self.width() + gap, across=True,
                      things=[len(one) for one in self.columns])
        about = self.current or self._last
        at = next((at for at, one in enumerate(self.columns) if about in one), 0)
        self.reel.hold(about, at * pitch, (at + 1) * pitch)

    def _fill(self, wide: float, gap: int) -> bool:
        """Give every panel its box in columns so wide; whether all of them have room."""
        px, pad = self.look.px, self.look.px(4)
        metrics = self.fonts(12)[1]
        bold = self.fonts(12, True)[1]
        # On the stage only the first of a lecture's columns may be in sight.
        self._titles = [broken(name, int(wide if self.look.hall else parts * wide + (parts - 1) * gap), bold)
                        for name, _, parts in self._heads]
        top = max(map(len, self._titles), default=0) * bold.height() + px(8)
        lines = {id: broken(self._said[id].title, int(wide) - 2 * pad, metrics)
                 for column in self.columns for id in column}
        self._lines = lines
        heights = {id: len(one) * metrics.height() + 2 * pad + px(2) for id, one in lines.items()}
        tallest = max((sum(heights[id] for id in one) for one in self.columns), default=0)
        most = max(map(len, self.columns), default=1)
        room = self.height() - top - 2 - (self.reel.foot + px(4) if self.look.hall else 0)
        between = min(px(44), max(px(5), (room - tallest) / max(1, most - 1)))
        for at, column in enumerate(self.columns):
            y = float(top)
            for id in column:
                self._boxes[id] = QRectF(at * (wide + gap) + 1, y, wide - 2, heights[id])
                y += heights[id] + between
        return max((sum(heights[id] for id in one) + px(5) * (len(one) - 1) for one in self.columns),
                   default=0) <= room

    def _seen(self, id: str) -> bool:
        """Whether a panel's column is in sight; off the stage all are."""
        return not self.reel.cut or -1 <= self._boxes[id].left() < self.reel.room - 1

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(900), self.look.px(480))

    def minimumSizeHint(self) -> QSize:
        """No word is wider than a column, and no panel has more than three lines in one so wide. Hall text
        shows what has room."""
        if self.look.hall:
            return QSize(self.look.px(WIDE), self.text_height(12) * 8)
        most = max(map(len, self.columns), default=1)
        return QSize(len(self.columns) * self.look.px(WIDE),
                     self.text_height(12) * 2 * (1 + most) + self.look.px(15 * most + 24))

    def place(self, part: str) -> QRectF:
        self._lay_out()
        return self._boxes[part]

    def part_at(self, x: float, y: float) -> str | None:
        self._lay_out()
        return next((id for id, box in self._boxes.items() if self._seen(id) and box.contains(x, y)), None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._lay_out()
        self.reel.wheel(event, 1.0)
        self.update()

    def beside(self, part: str | None, dx: int, dy: int) -> str | None:
        self._lay_out()
        if part is None or part not in self._boxes:
            self.reel.move(-self.reel.offset)
            return next((one[0] for one in self.columns), None)
        at = next(index for index, one in enumerate(self.columns) if part in one)
        if dy:
            column = self.columns[at]
            return column[max(0, min(len(column) - 1, column.index(part) + dy))]
        there = max(0, min(len(self.columns) - 1, at + dx))
        column, here = self.columns[there], self._boxes[part].center().y()
        ends = self.reel.ends
        self.reel.reveal(float(ends[there - 1]) if there else 0.0, float(ends[there]))
        return part if part in column else min(
            column, key=lambda id: abs(self._boxes[id].center().y() - here))

    # --- what it says

    def say(self, part: str) -> str:
        return " · ".join(self.told(part))

    def told(self, part: str) -> list[str]:
        """Its name and claim, what it rests on, what rests on it, and what was done on it."""
        words, said = self.look.words, self._said[part]
        told = [f"{said.title} – {said.claim}"]
        for text, ids in self.relations(part):
            told.append(words(text, names=words(", ").join(self._said[id].title for id in ids)))
        if self._progress[part]:
            told.append(self._progress[part])
        return told

    def relations(self, part: str) -> list[tuple[str, tuple[str, ...]]]:
        """Sentences with ``{names}`` and the panels that they are about."""
        found = []
        if self._below[part]:
            found.append(("Rests on: {names}", self._below[part]))
        if self._above[part]:
            found.append(("On it rest: {names}", self._above[part]))
        return found

    def readout(self, part: str) -> str:
        return ""  # the lines under the map say it

    # --- painting

    def paint(self, painter: QPainter) -> None:
        self._lay_out()
        now = self.current
        below = beyond(now, self._below) if now else ()
        above = beyond(now, self._above) if now else ()
        for (_, first, parts), lines in zip(self._heads, self._titles, strict=True):
            seen = [one[0] for one in self.columns[first:first + parts] if self._seen(one[0])]
            left, top = self._boxes[seen[0]].left() if seen else 0.0, 0
            for text in lines if seen else ():
                self.put(painter, self.label(text, "muted", 12, True), left, top)
                top += self.fonts(12, True)[1].height()
        if now is None:
            self._join(painter, self.panels, "hairline", 1.2, dashed=False)
        for id in self._boxes:
            if id != now and id not in below and id not in above and self._seen(id):
                self._panel(painter, id, "hairline", faint=now is not None)
        if now is not None:
            self._join(painter, (now, *below), "accent", 1.8, dashed=False)
            self._join(painter, [each for each in self.panels if each in above], 1, 1.8, dashed=True,
                       onto={now, *above})
            for id in filter(self._seen, below):
                self._panel(painter, id, "accent")
            for id in filter(self._seen, above):
                self._panel(painter, id, 1, dashed=True)
            if self._seen(now):
                self._panel(painter, now, "accent", wash=True)
        if self.reel.cut:
            self.reel.paint(painter, QRect(self.rect()), across=True)

    def _join(self, painter: QPainter, ids: Any, color: str | int, wide: float, *, dashed: bool,
              onto: set[str] | None = None) -> None:
        """Lines from these panels to those that they rest on."""
        pen = self.look.pen(color, wide * self.look.scale)
        if dashed:
            pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for id in ids:
            for other in self._below[id]:
                if other in self._boxes and (onto is None or other in onto) and self._seen(id) \
                        and self._seen(other):
                    painter.drawPath(self._path(self._boxes[other], self._boxes[id]))

    def _path(self, one: QRectF, other: QRectF) -> QPainterPath:
        """From the side of one box to the nearer side of the other."""
        if one.center().x() > other.center().x():
            one, other = other, one
        begin, end = QPointF(one.right(), one.center().y()), QPointF(other.left(), other.center().y())
        if end.x() < begin.x():  # both in one column
            end.setX(other.right())
        bend = max(self.look.px(14), (end.x() - begin.x()) / 2)
        path = QPainterPath(begin)
        path.cubicTo(begin + QPointF(bend, 0), end - QPointF(bend, 0), end)
        return path

    def _panel(self, painter: QPainter, id: str, edge: str | int, *, wash: bool = False,
               dashed: bool = False, faint: bool = False) -> None:
        px, box = self.look.px, self._boxes[id]
        pen = self.look.pen(edge, (1.0 if edge == "hairline" else 1.6) * self.look.scale)
        if dashed:
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(self.look.color("accent_wash" if wash else "card"))
        painter.drawRoundedRect(box, px(5), px(5))
        ink = "muted" if faint else "text"
        for at, line in enumerate(self._lines[id]):
            self.put(painter, self.label(line, ink, 12, longest=int(box.width()) - px(6)),
                     box.left() + px(4), box.top() + px(4) + at * self.fonts(12)[1].height())
        if self._shares[id]:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent"))
            painter.drawRect(QRectF(box.left() + px(5), box.bottom() - px(4),
                                    (box.width() - px(10)) * min(1.0, self._shares[id]), px(2.5)))
        if id in self._opened:
            self._badge(painter, QPointF(box.right() - px(4), box.top() + px(1)), id in self._finished)

    def _badge(self, painter: QPainter, middle: QPointF, finished: bool) -> None:
        """A dot on the corner of a panel that was opened, a tick where its tour was finished."""
        size, look = self.look.px(6 if finished else 3), self.look
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(middle, size, size)
        if finished:
            painter.setPen(look.pen("on_accent", 1.6 * look.scale))
            painter.drawPolyline([middle + QPointF(*each) * (size / 6) for each in
                                  ((-2.8, 0.2), (-0.8, 2.2), (2.8, -2.2))])


def broken(text: str, width: int, metrics: QFontMetrics) -> list[str]:
    """A text in as many lines as it needs, broken between words, or between Chinese characters."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and metrics.horizontalAdvance((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [one.rstrip() for one in lines]


class CoursePage(QWidget):
    """The map, what it says about the panel that is looked at, and what can be done with the record."""

    chosen = Signal(str)
    export_wanted = Signal()
    forget_wanted = Signal()

    def __init__(self, look: Look, panels: Sequence[Panel], settings: Settings, learned: Learned) -> None:
        super().__init__()
        self.look = look
        words, px = look.words, look.px
        title = QLabel(words("The course as a map"))
        title.setProperty("role", "title")
        self.hint = words("Within a lecture one goes from top to bottom; the lines join panels of different "
                          "lectures. Point at a panel, or come here with Tab and walk with the arrows; "
                          "Enter opens it.")
        about = QLabel(words("Full lines lead to what a panel rests on, dashed ones to what rests on it. "
                             "A bar is the part of its tour that was seen."))
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.map = CourseMap(look, panels, settings, learned)
        self.map.clicked.connect(self.chosen)
        self.map.hovered.connect(self._looked_at)
        card = Card(look)
        area = self._area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setStyleSheet("QAbstractScrollArea::corner { background: transparent; border: none; }")
        area.setWidget(self.map)
        card.body.addWidget(area)
        self.detail = QLabel()
        self.detail.setFont(font(look, 12))
        self.detail.setWordWrap(True)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.detail.setFixedHeight(4 * self.detail.fontMetrics().lineSpacing())
        where = words("This record is kept on this machine alone.") if learned.path is None else words(
            "This record is kept on this machine alone, in {file}.", file=str(learned.path))
        quiet = QLabel(where)
        quiet.setProperty("role", "quiet")
        quiet.setWordWrap(True)
        self.export = self._button(words("Export the record…"), self.export_wanted.emit)
        self.forget = self._button(words("Delete the record…"), self.forget_wanted.emit)
        line = QHBoxLayout()
        line.setSpacing(px(8))
        line.addWidget(quiet, 1)
        line.addWidget(self.export)
        line.addWidget(self.forget)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(4), px(2), px(4), 0)
        box.setSpacing(px(6))
        box.addWidget(title)
        box.addWidget(about)
        box.addWidget(card, 1)
        box.addWidget(self.detail)
        box.addLayout(line)
        self._looked_at("")

    def _button(self, text: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setFont(font(self.look, 13))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: action())
        return button

    def _looked_at(self, id: object) -> None:
        part = self.map.current
        self.detail.setText(self.hint if part is None else "\n".join(self.map.told(part)))
        if part is not None and self.map.hasFocus():
            box = self.map.place(part)
            self._area.ensureVisible(int(box.center().x()), int(box.center().y()),
                                    int(box.width()), int(box.height()))


class AskFirst(Overlay):
    """Whether something that cannot be taken back is really meant. Esc and Enter leave it as it is."""

    def __init__(self, look: Look, question: str, yes: str, no: str, action: Callable[[], object],
                 window: QWidget) -> None:
        super().__init__(look, window)
        self.setAccessibleName(question)
        px = look.px
        said = QLabel(question)
        said.setFont(font(look, 13))
        said.setWordWrap(True)
        self.no, self.yes = QPushButton(no), QPushButton(yes)
        self.no.setAutoDefault(True)
        self.no.clicked.connect(self.leave)
        self.yes.clicked.connect(partial(self._do, action))
        line = QHBoxLayout()
        line.setSpacing(px(8))
        line.addStretch(1)
        for button in (self.yes, self.no):
            button.setFont(font(look, 13))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(button)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(24), px(20), px(24), px(18))
        box.setSpacing(px(12))
        box.addWidget(said, 1)
        box.addLayout(line)

    def sheet_rect(self) -> QRect:
        px = self.look.px
        width = min(px(460), self.width() - px(32))
        height = min(max(px(130), self.sheet.heightForWidth(width)), self.height() - px(24))
        return QRect((self.width() - width) // 2, (self.height() - height) // 3, width, height)

    def open(self) -> None:
        super().open()
        self.no.setFocus(Qt.FocusReason.TabFocusReason)

    def _do(self, action: Callable[[], object]) -> None:
        self.leave()
        action()

