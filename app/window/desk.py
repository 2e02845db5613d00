"""The desk: what the lecturer sees beside the picture and the hall does not.

A small copy of the stage on which one points and draws, the switches of the stage, the clock and the time of
the moment, the notes, and what comes next. It stands in the window's left column, or over the stage where
there is only one screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTime, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QWidget,
)

from app.session.poll import Poll
from app.window.polling import Shown, Tally, asking
from app.window.stage import PEN, POINTER, Ink
from widgets.base.guard import Guarded
from widgets.base.labels import Heading, Quiet
from widgets.base.tips import explain
from widgets.controls.controls import ControlPanel, Toggle
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.views.cards import Card, Switch

WIDTH = 264
TOOLS = ("", POINTER, PEN)
NEXT_HEIGHT = 84  # unscaled pixels of the next moment's picture


@dataclass
class Talk:
    """Where the lecture stands; it outlives every desk.

    Attributes:
        began, moment_began: ``time.monotonic()`` at which the stage was first opened, and this moment.
        note: for the speaker.
        minutes: that the moment should take; 0 where nobody said.
        next_title, next_picture: the moment after this one; empty and None where there is none.
    """

    began: float = 0.0
    moment_began: float = 0.0
    note: str = ""
    minutes: float = 0.0
    next_title: str = ""
    next_picture: QPixmap | None = None


def clock(seconds: float) -> str:
    """A time as 0:05, 12:34 or 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class SmallCopy(Guarded, QWidget):
    """The stage as the hall sees it, small. What is pointed at or drawn here shows there.

    Args:
        ink: the stage's.
    """

    def __init__(self, look: Look, ink: Ink, shape: QSize) -> None:
        super().__init__()
        self.look, self.ink, self._shape = look, ink, shape
        self._picture = QPixmap()
        self.setMouseTracking(True)
        self.setFixedHeight(round(look.px(WIDTH - 24) * min(1.0, shape.height() / shape.width())))
        self.setAccessibleName(look.words("What the hall sees"))
        ink.changed.connect(self.update)

    def show_picture(self, picture: QPixmap) -> None:
        """What is on the stage now."""
        self._picture = picture
        self.update()

    def place(self) -> QRectF:
        """Where in the widget the stage lies."""
        fitted = self._shape.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - fitted.width()) / 2, (self.height() - fitted.height()) / 2,
                      fitted.width(), fitted.height())

    def _share(self, event: QMouseEvent) -> QPointF:
        at, place = self.place(), event.position()
        return QPointF(min(1.0, max(0.0, (place.x() - at.x()) / at.width())),
                       min(1.0, max(0.0, (place.y() - at.y()) / at.height())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.ink.press(self._share(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.ink.move_to(self._share(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.ink.lift()

    def leaveEvent(self, event: QEvent) -> None:
        self.ink.point(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, place = QPainter(self), self.place()
        if not self._picture.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, self._picture, QRectF(self._picture.rect()))
        painter.setClipRect(place)
        self.ink.paint_on(painter, place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("hairline"))
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))


class Desk(Card):
    """The lecturer's column.

    Args:
        ink, shape: the stage's pointer and pen, and its size in pixels.
        where: the name of the screen that shows the stage.
        controls: all controls of the panel, where the window that has them is behind the stage.
    """

    asked = Signal(str)  # a command's id
    tool_taken = Signal(str)
    at_once_set = Signal(bool)

    def __init__(
        self, look: Look, talk: Talk, ink: Ink, shape: QSize, where: str,
        controls: Callable[[], ControlPanel | None] = lambda: None,
    ) -> None:
        super().__init__(look)
        self.talk = talk
        words, px = look.words, look.px
        self.setFixedWidth(px(WIDTH))
        self.setAccessibleName(words("Desk"))
        self.head = Heading(look, "")
        self._where = where
        self.copy = SmallCopy(look, ink, shape)
        self.tools = Switch(look, [words("Mouse"), words("Pointer"), words("Pen")])
        self.tools.set(TOOLS.index(ink.tool))
        self.tools.chosen.connect(lambda index: self.tool_taken.emit(TOOLS[index]))
        explain(self.tools, words("Point and draw on the small copy, or with the mouse on the stage."))
        self.wipe = self._button(words("Wipe"), "wipe", "link")
        self.freeze = self._button(words("Freeze"), "freeze")
        self.black = self._button(words("Black"), "black")
        self.swap = self._button(words("Swap"), "swap")
        explain(self.freeze, words("The hall keeps its picture while you prepare something (F)."))
        explain(self.black, words("The hall sees nothing (B)."))
        explain(self.swap, words("The desk and the stage change places (F7)."))
        for one in (self.freeze, self.black):
            one.setCheckable(True)
        self.at_once = Toggle(look)
        self.at_once.setAccessibleName(words("Controls act at once"))
        self.at_once.clicked.connect(lambda on: self.at_once_set.emit(bool(on)))
        self.choose = self._button(words("Controls on the stage…"), "stage-controls", "link")
        self.now = QLabel()
        self.now.setFont(font(look, 20, bold=True))
        self.times = Quiet(look)
        self.note = QLabel()
        self.note.setFont(font(look, 13))
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.next_name = Quiet(look)
        self.next_name.setWordWrap(True)
        self.next_picture = QLabel()
        self.ask_it = self._button(words("Ask the hall (Q)"), "ask", "link")
        self.ask_it.hide()
        self.tally = Tally(look)
        self.tally.asked.connect(self.asked)
        self.controls = controls()
        self.swap.setEnabled(self.controls is None)  # there is nothing to swap with
        self._lay_out()
        self.refresh()
        self.tick()

    def _button(self, text: str, id: str, role: str = "") -> QPushButton:
        button = asking(self.look, text, id, self.asked, role)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button

    def _lay_out(self) -> None:
        words, px = self.look.words, self.look.px
        self.body.addWidget(self.head)
        self.body.addWidget(self.copy)
        line = QHBoxLayout()
        line.addWidget(self.tools)
        line.addStretch(1)
        line.addWidget(self.wipe)
        self.body.addLayout(line)
        grid = QGridLayout()
        grid.setSpacing(px(6))
        for index, button in enumerate((self.freeze, self.black, self.swap)):
            grid.addWidget(button, 0, index)
        self.body.addLayout(grid)
        self.acting = QWidget()
        line = QHBoxLayout(self.acting)
        line.setContentsMargins(0, 0, 0, 0)
        name = QLabel(words("Controls act at once"))
        name.setFont(font(self.look, 12))
        explain(name, words("Else a control that is dragged acts on the stage when it is let go (A)."))
        line.addWidget(name, 1)
        line.addWidget(self.at_once)
        self.body.addWidget(self.acting)
        self.body.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        line = QHBoxLayout()
        line.addWidget(self.now)
        line.addStretch(1)
        line.addWidget(self.times, 0, Qt.AlignmentFlag.AlignBottom)
        self.body.addLayout(line)
        self.body.addWidget(self.ask_it, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.tally)
        self.notes = QScrollArea()
        self.notes.setObjectName("deskNotes")
        self.notes.setFrameShape(QFrame.Shape.NoFrame)
        self.notes.setWidgetResizable(True)
        self.notes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.notes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notes.setStyleSheet("#deskNotes { background: transparent; border: none; }")
        self.notes.viewport().setAutoFillBackground(False)
        self.notes.setWidget(self.note)
        self.note.setAutoFillBackground(False)
        self.body.addWidget(self.notes, 1)
        self.spare = QWidget()  # keeps all this at the top while a question has the notes' room
        self.spare.hide()
        self.body.addWidget(self.spare, 1)
        if self.controls is not None:
            self.body.addWidget(self.controls, 3)
        self.body.addWidget(self.next_name)
        self.body.addWidget(self.next_picture, 0, Qt.AlignmentFlag.AlignLeft)

    # --- what it shows ---------------------------------------------------------------------------

    def set_moment(
        self, note: str, minutes: float = 0.0, next_title: str = "",
        next_picture: QPixmap | None = None,
    ) -> None:
        """Another moment of the lecture: its note, how long it should take, and what comes after it."""
        talk = self.talk
        talk.note, talk.minutes = note, minutes
        talk.next_title, talk.next_picture = next_title, next_picture
        talk.moment_began = time.monotonic()
        self.refresh()
        self.tick()

    def refresh(self) -> None:
        """Show the note and what comes next."""
        talk, words = self.talk, self.look.words
        self.note.setText(talk.note)
        self.next_name.say(words("Next: {title}", title=talk.next_title) if talk.next_title else "")
        self.next_name.setVisible(bool(talk.next_title))
        picture = talk.next_picture
        if picture is not None and not picture.isNull():
            room = QSize(self.look.px(WIDTH - 24), self.look.px(NEXT_HEIGHT))
            self.next_picture.setPixmap(picture.scaled(
                room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
        self.next_picture.setVisible(picture is not None)

    def tick(self) -> None:
        """The clock, the time since the beginning, and that of the moment."""
        words, talk, now = self.look.words, self.talk, time.monotonic()
        self.now.setText(QTime.currentTime().toString("HH:mm"))
        here = now - talk.moment_began
        told = words("{time} here", time=clock(here))
        if talk.minutes:
            told = words("{time} of {planned} here", time=clock(here), planned=clock(60 * talk.minutes))
        self.times.say(words("{time} in all", time=clock(now - talk.began)) + "\n" + told)
        over = bool(talk.minutes) and here > 60 * talk.minutes
        palette = self.times.palette()
        palette.setColor(self.times.foregroundRole(), self.look.color("warning" if over else "muted"))
        self.times.setPalette(palette)
        self.times.setAccessibleDescription(words("longer than planned") if over else "")

    def show_standing(self, *, frozen: bool, black: bool, at_once: bool, tool: str) -> None:
        """How the stage's switches stand."""
        words = self.look.words
        where = self._where or words("the screen")
        self.head.say(words("The stage is black") if black else words("The stage is frozen") if frozen
                      else words("On the stage: {where}", where=where))
        self.head.setStyleSheet(
            f"color: {self.look.theme.warning if black or frozen else self.look.theme.text};")
        self.freeze.setChecked(frozen)
        self.black.setChecked(black)
        self.at_once.setChecked(at_once)
        self.tools.set(TOOLS.index(tool))

    def ask(self, asked: Shown | None, poll: Poll | None, *, could: bool = False) -> None:
        """Show a question and its tally; the notes, what comes next and what is about controls give way.

        Args:
            could: whether the moment has a question that could be asked.
        """
        self.ask_it.setVisible(asked is None and could)
        self.tally.show_poll(asked, poll)
        for one in (self.acting, self.choose, self.notes, self.controls):
            if one is not None:
                one.setVisible(asked is None)
        self.spare.setVisible(asked is not None)
        self.next_name.setVisible(asked is None and bool(self.talk.next_title))
        self.next_picture.setVisible(asked is None and self.talk.next_picture is not None)
