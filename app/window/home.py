"""The start page: three doors, what was seen last, the way through the course, and all of it at a glance."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.files.lastseen import LastPictures
from app.files.learned import Learned
from app.files.link import read
from app.files.settings import Settings
from app.session.tours import load_tour, said
from app.window.downloads import Downloads, SetCard
from visualizers.catalog import LECTURES, Said
from visualizers.data import Data
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from visualizers.uses import LECTURES_SET, pack_set
from widgets.base.guard import Guarded
from widgets.base.tips import explain
from widgets.theme.look import Look
from widgets.theme.numbers import count
from widgets.theme.style import font
from widgets.views.cards import Card
from widgets.views.links import Links

MOST_WIDE = 1000
FIRST = "playground"  # where nobody needs to know anything yet
SEEN = 5  # pictures of panels
MOST_UNSAVED = 3  # lectures that are offered


class Home(QScrollArea):
    """Says where to start. ``chosen`` gives a panel's id; ``asked`` a command's id."""

    chosen = Signal(str)
    resumed = Signal()  # the last panel, where it was left
    asked = Signal(str)
    brought = Signal(QPoint)  # where the menu of one's own things may open
    script_wanted = Signal(int)  # the number of a lecture that ships
    unsaved_wanted = Signal(object)  # the file of a lecture that was never saved
    unsaved_discarded = Signal(object)

    def __init__(
        self, look: Look, panels: Sequence[Panel], settings: Settings,
        pictures: LastPictures | None = None, scripts: Collection[int] = (),
        unsaved: Mapping[Path, str] | None = None, parent: QWidget | None = None,
        *, learned: Learned | None = None,
    ) -> None:
        super().__init__(parent)
        self._learned = learned or Learned()
        self.look, self.panels, self._scripts = look, tuple(panels), scripts
        self._pictures = pictures or LastPictures(None)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setObjectName("home")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("homeInner")
        self.setStyleSheet("#home, #homeInner { background: transparent; border: none; }")
        self.setWidget(inner)
        words, px = look.words, look.px

        head = _text(look, words("Understand big models by touching them"), 26, bold=True)
        said = _text(look, words(
            "Every idea of the course is a small model that trains in front of you. "
            "Open one, press Space, and drag something."), 15, muted=True)

        doors = QHBoxLayout()
        doors.setSpacing(px(12))
        for door in self._doors(settings):
            doors.addWidget(door, 1)

        course = QGridLayout()
        course.setHorizontalSpacing(px(28))
        course.setVerticalSpacing(px(18))
        for index in range(3):
            course.setColumnStretch(index, 1)
        for index, lecture in enumerate(LECTURES):
            course.addLayout(self._lecture(lecture.folder, settings), index // 3, index % 3)

        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(head)
        column.addSpacing(px(6))
        column.addWidget(said)
        column.addSpacing(px(24))
        column.addLayout(doors)
        for file, title in list((unsaved or {}).items())[:MOST_UNSAVED]:
            column.addSpacing(px(12))
            column.addLayout(self._not_saved(file, title))
        if (seen := self._seen(settings)) is not None:
            column.addSpacing(px(12))
            column.addLayout(seen)
        data, lectures = Data(), pack_set(LECTURES_SET)
        self.lacking: SetCard | None = None  # one click for all that the lectures want
        if lectures.absent(data.pack):
            self.lacking = SetCard(
                look, lectures, words("Everything for the lectures"),
                words("Real texts and trained models. Every panel works without them, and on real "
                      "data with them."), data, Downloads.shared())
            column.addSpacing(px(12))
            column.addWidget(self.lacking)
        column.addSpacing(px(30))
        heading = QHBoxLayout()
        heading.addWidget(_text(look, words("The course"), 15, bold=True))
        heading.addStretch(1)
        heading.addWidget(_Link(look, words("As a map, with what rests on what"), "",
                                partial(self.asked.emit, "map")))
        column.addLayout(heading)
        column.addSpacing(px(10))
        column.addLayout(self._way(settings))
        column.addSpacing(px(16))
        column.addLayout(course)
        column.addStretch(3)
        held = QWidget()
        held.setLayout(column)
        held.setMaximumWidth(px(MOST_WIDE))
        column.setContentsMargins(px(10), px(28), px(10), px(16))
        outer = QHBoxLayout(inner)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        outer.addWidget(held, 1000)
        outer.addStretch(1)

    def _doors(self, settings: Settings) -> list[Door]:
        look, words, px = self.look, self.look.words, self.look.px
        known = {one.id: one for one in self.panels}
        last = known.get(settings.last)
        doors = []
        if self.panels:
            first = self._next(self.panels, settings) or self.panels[0]
            begun = bool(settings.visited)
            doors.append(Door(
                look, words("Something new") if begun else words("Start here"),
                Said(first, words.language).title, Said(first, words.language).claim,
                lambda: self.chosen.emit(first.id), primary=last is None))
        if last is not None:
            doors.insert(0, Door(
                look, words("Go on where you stopped"), Said(last, words.language).title,
                self._where(last) or Said(last, words.language).claim, self.resumed.emit, primary=True))
        else:
            doors.append(Door(
                look, words("Look around"), words("Find a panel"),
                words("All panels and all commands in one list: type a few letters of either."),
                lambda: self.asked.emit("palette")))
        own = Door(
            look, words("Bring your own"), words("Open a run or get data"),
            words("Open a recorded run, or fetch texts and models for the panels. "
                  "Files can be dropped anywhere."),
            lambda: self.brought.emit(own.mapToGlobal(QPoint(px(18), own.height() - px(8)))))
        return [*doors, own]

    def _where(self, last: Panel) -> str:
        """How far the last panel was; empty where nothing is known."""
        words, told = self.look.words, []
        done, steps = self._learned.of(last.id), load_tour(last)
        with contextlib.suppress(Refusal):
            state = read(self._learned.stopped) if self._learned.stopped else None
            if state is not None and state.panel == last.id and state.step:
                told.append(words("At step {step}.", step=count(state.step)))
        todo = [index for index in range(len(steps)) if index not in done.seen]
        if done.seen:
            told.append(words("{seen} of {all} steps of its tour are seen.", seen=count(len(done.seen)),
                              all=count(len(steps))))
        if done.seen and todo:
            told.append(words("Next: {name}", name=said(steps[todo[0]].say, words.language)))
        return (" " if words.language == "en" else "").join(told)

    def _next(self, among: Sequence[Panel], settings: Settings) -> Panel | None:
        """The first panel on the way that was not opened yet."""
        order = sorted(among, key=lambda one: one.id != FIRST)
        return next((one for one in order if one.id not in settings.visited), None)

    def _not_saved(self, file: Path, title: str) -> QHBoxLayout:
        """A lecture of before that was never saved, and what can be done with it."""
        words, line = self.look.words, QHBoxLayout()
        line.setSpacing(self.look.px(16))
        line.addWidget(_text(self.look, words("A lecture was not saved: “{title}”", title=title), 13))
        for text, wanted in ((words("Go on with it"), self.unsaved_wanted),
                             (words("Discard it"), self.unsaved_discarded)):
            line.addWidget(_Link(self.look, text, "", partial(wanted.emit, file)))
        line.addStretch(1)
        return line

    def _seen(self, settings: Settings) -> QHBoxLayout | None:
        """Small pictures of the panels that were open last, as they were left."""
        known = {one.id: one for one in self.panels}
        line = QHBoxLayout()
        line.setSpacing(self.look.px(12))
        for id in self._pictures.recent(self.look, SEEN):
            image = self._pictures.find(id, self.look)
            if id in known and image is not None:
                line.addWidget(Seen(self.look, Said(known[id], self.look.words.language).title, image,
                                    partial(self.chosen.emit, id)), 1)
        if not line.count():
            return None
        if line.count() < SEEN:
            line.addStretch(SEEN - line.count())
        return line

    def _way(self, settings: Settings) -> QHBoxLayout:
        """The lectures in their order, each with how much of it was opened; a click goes on there."""
        line = QHBoxLayout()
        line.setSpacing(self.look.px(8))
        for lecture in LECTURES:
            here = [one for one in self.panels if one.lecture == lecture.folder]
            if not here:
                continue
            opened = sum(one.id in settings.visited for one in here)
            aim = self._next(here, settings) or here[0]
            line.addWidget(Stretch(self.look, lecture.number, self.look.words(lecture.title), opened,
                                   len(here), Said(aim, self.look.words.language).title,
                                   partial(self.chosen.emit, aim.id)))
        return line

    def _lecture(self, folder: str, settings: Settings) -> QVBoxLayout:
        look, words, px = self.look, self.look.words, self.look.px
        lecture = next(one for one in LECTURES if one.folder == folder)
        here = [one for one in self.panels if one.lecture == folder]
        box = QVBoxLayout()
        box.setSpacing(px(2))
        title = f"{lecture.number}  {words(lecture.title)}"
        box.addWidget(_text(look, title, 13, bold=bool(here), muted=not here))
        box.addWidget(_text(look, words(lecture.does), 11, muted=True))
        if lecture.number in self._scripts:
            link = _Link(look, words("Give this lecture"), "",
                         partial(self.script_wanted.emit, lecture.number))
            link.setAccessibleName(words("Give lecture {number}: {title}", number=lecture.number,
                                         title=words(lecture.title)))
            explain(link, words("Moments, notes and questions, ready for a sitting of 30 to 45 minutes"))
            box.addWidget(link)
            box.addSpacing(px(3))
        for one in here:
            said = Said(one, words.language)
            mark = "✓" if one.id in settings.finished else "•" if one.id in settings.visited else ""
            box.addWidget(_Link(look, said.title, mark, partial(self.chosen.emit, one.id)))
            if said.rests_on:
                box.addLayout(self._rests_on(said))
        if not here:
            box.addWidget(_text(look, words("Will come: {what}.", what=words(lecture.about)), 11,
                                muted=True))
        box.addStretch(1)
        return box

    def _rests_on(self, said: Said) -> QHBoxLayout:
        """Under a panel's name, those of other lectures that it rests on."""
        links = Links(self.look, self.look.words("rests on {names}", names="{names}"), said.rests_on)
        links.chosen.connect(self.chosen)
        line = QHBoxLayout()
        line.setContentsMargins(self.look.px(12), 0, 0, self.look.px(3))
        line.addWidget(links)
        return line


class Door(Guarded, QAbstractButton):
    """A card that can be opened: a quiet heading, a name, a sentence."""

    def __init__(
        self, look: Look, heading: str, name: str, about: str, action: Callable[[], object], *,
        primary: bool = False,
    ) -> None:
        super().__init__()
        self.look, self.primary = look, primary
        px = look.px
        self.setAccessibleName(f"{heading}: {name}")
        self.setAccessibleDescription(about)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.clicked.connect(action)
        box = self._box = QVBoxLayout(self)
        box.setContentsMargins(px(18), px(16), px(18), px(18))
        box.setSpacing(px(4))
        quiet = _text(look, heading, 11, muted=not primary)
        if primary:
            quiet.setStyleSheet(f"color: {look.theme.accent};")
        box.addWidget(quiet)
        box.addWidget(_text(look, name, 17, bold=True))
        box.addSpacing(px(2))
        box.addWidget(_text(look, about, 13, muted=True))
        box.addStretch(1)
        for label in self.findChildren(QLabel):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(240), max(self.look.px(150), self._box.sizeHint().height()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self.look.px(150), self._box.heightForWidth(width))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.underMouse() or self.hasFocus()
        edge = "accent" if lit or self.primary else "hairline"
        painter.setPen(look.pen(edge, 1.5 * look.scale if lit else 1))
        painter.setBrush(look.color("accent_wash" if self.isDown() else "card"))
        radius = look.px(Card.RADIUS)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)


class Seen(Guarded, QAbstractButton):
    """The picture of a panel as it was left, with its name."""

    def __init__(self, look: Look, name: str, image: QImage, action: Callable[[], object]) -> None:
        super().__init__()
        self.look, self._image = look, image
        self.setText(name)
        self.setFont(font(look, 11))
        self.setAccessibleName(look.words("Go on with {name}", name=name))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action)

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(120), self.look.px(112) + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look, px = self.look, self.look.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.underMouse() or self.hasFocus()
        below = self.fontMetrics().height() + px(8)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1 - below)
        room = frame.adjusted(px(3), px(3), -px(3), -px(3))
        ratio = self.devicePixelRatio()
        small = self._image.scaled((room.size() * ratio).toSize(), Qt.AspectRatioMode.KeepAspectRatio,
                                   Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(ratio)
        shown = QRectF(QPointF(), small.deviceIndependentSize())
        shown.moveCenter(room.center())
        painter.setBrush(look.color("ground"))
        painter.setPen(look.pen("accent" if lit else "hairline", 1.5 * look.scale if lit else 1))
        painter.drawRoundedRect(frame, px(8), px(8))
        painter.drawImage(shown.topLeft(), small)
        painter.setFont(self.font())
        painter.setPen(look.ink("accent" if lit else "text"))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, self.height() - below + px(4), self.width(), below - px(4)),
                         Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)


class Stretch(Guarded, QAbstractButton):
    """A lecture on the way: its number and title over a bar of how much of it was opened."""

    def __init__(
        self, look: Look, number: int, title: str, opened: int, of: int, aim: str,
        action: Callable[[], object],
    ) -> None:
        super().__init__()
        self.look, self._number, self._title, self._share = look, number, title, opened / of
        said = look.words("{opened} of {of} opened", opened=opened, of=of)
        self.setText(said)
        self.setAccessibleName(f"{number} {title}, {said}")
        self.setAccessibleDescription(look.words("Next: {name}", name=aim))
        self.setFont(font(look, 11))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action)
        explain(self, look.words("Next: {name}", name=aim))

    def sizeHint(self) -> QSize:
        wide = QFontMetrics(font(self.look, 11, bold=True)).horizontalAdvance(f"{self._number} {self._title}")
        return QSize(max(self.look.px(72), wide + self.look.px(4)),
                     2 * self.fontMetrics().height() + self.look.px(16))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, px, metrics = self.look, self.look.px, self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit, line = self.underMouse() or self.hasFocus(), metrics.height()
        painter.setFont(font(look, 11, bold=True))
        painter.setPen(look.ink("accent" if lit else "text"))
        title = painter.fontMetrics().elidedText(f"{self._number} {self._title}", Qt.TextElideMode.ElideRight,
                                                 self.width())
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignVCenter, title)
        bar = QRectF(0, line + px(4), self.width(), px(5))
        painter.setPen(Qt.PenStyle.NoPen)
        for token, share in (("hairline", 1.0), ("accent", self._share)):
            painter.setBrush(look.color(token))
            if share:
                painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(share * bar.width(), bar.height())),
                                        px(2), px(2))
        painter.setFont(self.font())
        painter.setPen(look.ink("muted"))
        painter.drawText(QRectF(0, bar.bottom() + px(3), self.width(), line), Qt.AlignmentFlag.AlignVCenter,
                         metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width()))


class _Link(Guarded, QAbstractButton):
    """A panel's name in the course at a glance, with a dot if it was opened and a tick if its tour was
    finished."""

    def __init__(
        self, look: Look, text: str, mark: str, action: Callable[[], object]
    ) -> None:
        super().__init__()
        self.look = look
        self.setText(text)
        self.setFont(font(look, 13))
        self.setAccessibleName(text)
        if mark:
            self.setAccessibleDescription(
                look.words("tour finished") if mark == "✓" else look.words("opened"))
        self.mark = mark
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(action)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._shown) + self.look.px(4),
                     metrics.height() + self.look.px(4))

    @property
    def _shown(self) -> str:
        return f"{self.text()}  {self.mark}" if self.mark else self.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        lit = self.underMouse() or self.hasFocus()
        chosen = self.font()
        chosen.setUnderline(lit)
        painter.setFont(chosen)
        painter.setPen(self.look.color("accent"))
        text = self.fontMetrics().elidedText(
            self._shown, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)


def _text(look: Look, text: str, size: float, *, bold: bool = False, muted: bool = False) -> QLabel:
    label = QLabel(text)
    label.setFont(font(look, size, bold=bold))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setStyleSheet(f"color: {look.theme.muted if muted else look.theme.text};")
    return label
