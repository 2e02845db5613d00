"""What is being fetched, and the card that fetches a set of archives in one click.

Downloads belong to the application rather than to a page, so that they go on while the user looks at
something else. Each runs in a process of its own; a timer asks now and then how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from visualizers.data import Data, Fetch, Fetched, FetchModel, Offline, Pin, pin
from visualizers.refusal import Refusal
from visualizers.uses import PackSet
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.theme.words import Words
from widgets.views.cards import Card

POLL = 150  # milliseconds


class Downloads(QObject):
    """What is being fetched, one after the other.

    A key is an archive's name, or ``"name:org/model"`` for a model of the hub.

    Signals:
        progressed: something moved, ended or failed.
        arrived(key): it is here now.
    """

    progressed = Signal()
    arrived = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.failed: dict[str, Refusal] = {}
        self.now: Fetched | None = None
        self._waiting: list[tuple[str, Path]] = []
        self._key = ""
        self._done = self._asked = 0  # bytes since nothing was being fetched
        self._running: Fetch | FetchModel | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL)
        self._timer.timeout.connect(self._poll)

    @classmethod
    def shared(cls) -> Downloads:
        """The application's own, made when it is first asked for."""
        app = QCoreApplication.instance()
        found = app.findChild(cls) if app is not None else None
        if isinstance(found, cls):
            return found
        made = cls(app)
        if app is not None:
            app.aboutToQuit.connect(made.cancel_all)
        return made

    def has(self, key: str) -> bool:
        """Whether it is being fetched or waits for its turn."""
        return key in (*([self._key] if self._key else []), *(one for one, _ in self._waiting))

    def at(self, key: str) -> Fetched | None:
        """How far it is; ``None`` while it waits."""
        return self.now if key == self._key else None

    @property
    def overall(self) -> Fetched | None:
        """How far all is that was asked for; ``None`` where nothing is being fetched."""
        if not self._key:
            return None
        return Fetched(self._done + (self.now.done if self.now else 0), self._asked)

    def start(self, keys: Sequence[str], folder: Path) -> None:
        for key in keys:
            if not self.has(key):
                self.failed.pop(key, None)
                self._waiting.append((key, folder))
                self._asked += _size(key)
        self._next()

    def cancel(self, *keys: str) -> None:
        """Stop them and leave nothing half behind; what has arrived whole stays."""
        for key, _ in [one for one in self._waiting if one[0] in keys]:
            self._asked -= _size(key)
        self._waiting = [one for one in self._waiting if one[0] not in keys]
        if self._key and self._key in keys:
            self._asked -= _size(self._key)
            self._stop()
        self._next()

    def cancel_all(self) -> None:
        self._waiting.clear()
        self._stop()
        self._next()

    def _failed(self, key: str, refusal: Refusal) -> None:
        """One that cannot be had does not keep the others from coming, unless nobody answers."""
        without = [one for one, _ in self._waiting if not one.startswith("name:")] \
            if isinstance(refusal, Offline) else []
        self._waiting = [one for one in self._waiting if one[0] not in without]
        for one in (key, *without):
            self.failed[one] = refusal
            self._asked -= _size(one)
        self._stop()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._running, self._key, self.now = None, "", None

    def _next(self) -> None:
        while self._running is None and self._waiting:
            self._key, folder = self._waiting.pop(0)
            try:
                self._running = FetchModel(self._key.removeprefix("name:")) \
                    if self._key.startswith("name:") else Fetch(self._key, folder)
            except Refusal as refusal:
                self._failed(self._key, refusal)
        if self._running is None:
            self._timer.stop()
            self._done = self._asked = 0
        elif not self._timer.isActive():
            self._timer.start()
        self.progressed.emit()

    def _poll(self) -> None:
        if self._running is None:
            return
        key = self._key
        try:
            self.now = self._running.poll()
        except Refusal as refusal:
            self._failed(key, refusal)
        else:
            if not self.now.finished:
                self.progressed.emit()
                return
            self._done += _size(key)
            self._stop()
            self.arrived.emit(key)
        self._next()


def _size(key: str) -> int:
    """Bytes, where they are known beforehand."""
    return 0 if key.startswith("name:") else pin(key).size


class SetCard(Card):
    """A set of archives in one click: what it is for, what it weighs, how far it is."""

    def __init__(self, look: Look, one: PackSet, heading: str, about: str, data: Data,
                 downloads: Downloads, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = look.words
        self.set, self.data, self.downloads = one, data, downloads
        self.state = label(look, role="muted")
        self.state.setWordWrap(False)
        self.fetch = QPushButton(words("Fetch"))
        self.fetch.setProperty("role", "accent")
        self.fetch.setAccessibleName(words("Fetch {name}", name=heading))
        self.fetch.clicked.connect(self._start)
        self.stop = QPushButton(words("Cancel"))
        self.stop.setAccessibleName(words("Cancel {name}", name=heading))
        self.stop.clicked.connect(lambda: downloads.cancel(*(pin.name for pin in one.pins)))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.error = label(look, role="error")
        left = QVBoxLayout()
        left.setSpacing(look.px(3))
        left.addWidget(label(look, heading, role="heading"))
        left.addWidget(label(look, about, role="muted"))
        line = QHBoxLayout()
        line.setSpacing(look.px(16))
        line.addLayout(left, 1)
        for widget in (self.state, self.fetch, self.stop):
            line.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(line)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.error)
        downloads.progressed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is here and how far the rest is."""
        words = self.look.words
        absent = self.set.absent(self.data.pack)
        now = self.downloads.overall if any(self.downloads.has(one.name) for one in absent) else None
        failed = _sentences(words, [one for one in absent if one.name in self.downloads.failed],
                            self.downloads.failed)
        self.fetch.setVisible(bool(absent) and now is None)
        self.stop.setVisible(now is not None)
        self.bar.setVisible(now is not None)
        self.error.setVisible(bool(failed))
        self.error.setText(failed)
        if now is not None:
            self.bar.setValue(1000 * now.done // max(1, now.total))
            self.state.setText(words("{done} of {total}", done=numbers.size(now.done),
                                     total=numbers.size(now.total)))
        elif absent:
            self.state.setText(numbers.size(sum(one.size for one in absent)))
        else:
            self.state.setText(words("{size}, here", size=numbers.size(self.set.size)))

    def _start(self) -> None:
        self.downloads.start([one.name for one in self.set.absent(self.data.pack)],
                             self.data.pack.folder)


def _sentences(words: Words, pins: Sequence[Pin], why: dict[str, Refusal]) -> str:
    """A line for each reason, with what it kept away."""
    lines: dict[str, list[str]] = {}
    for one in pins:
        refusal = why[one.name]
        lines.setdefault(words.tell(refusal.message, refusal.values), []).append(words(one.title))
    return "\n".join(words("Not fetched: {names}. {why}", names=" · ".join(names), why=sentence)
                     for sentence, names in lines.items())


def label(look: Look, text: str = "", role: str = "") -> QLabel:
    """A line or a paragraph of plain text."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    if role == "heading":
        made.setFont(font(look, 13, bold=True))
    return made
