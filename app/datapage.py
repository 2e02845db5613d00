"""The Data page: what can be fetched, what is here, how far a download is.

Downloads belong to the application rather than to the page, so that they go on while the user looks
at something else. Each runs in a process of its own; a timer asks now and then how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from visualizers.catalog import Said
from visualizers.data import Data, Fetch, Fetched, FetchModel, Pin, pins
from visualizers.refusal import Refusal
from visualizers.uses import used_by
from widgets import numbers
from widgets.cards import Card
from widgets.look import Look
from widgets.style import font

POLL = 150  # milliseconds
MOST_WIDE = 860


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

    def start(self, keys: Sequence[str], folder: Path) -> None:
        for key in keys:
            if not self.has(key):
                self.failed.pop(key, None)
                self._waiting.append((key, folder))
        self._next()

    def cancel(self, key: str) -> None:
        """Stop it and leave nothing behind."""
        self._waiting = [one for one in self._waiting if one[0] != key]
        if key == self._key:
            self._stop()
        self._next()

    def cancel_all(self) -> None:
        self._waiting.clear()
        self._stop()
        self.progressed.emit()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._running, self._key, self.now = None, "", None

    def _next(self) -> None:
        while self._running is None and self._waiting:
            self._key, folder = self._waiting.pop(0)
            try:
                self._running = FetchModel(self._key.removeprefix("name:")) \
                    if self._key.startswith("name:") else Fetch([self._key], folder)
            except Refusal as refusal:
                self.failed[self._key] = refusal
                self._stop()
        if self._running is None:
            self._timer.stop()
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
            self.failed[key] = refusal
            self._stop()
        else:
            if not self.now.finished:
                self.progressed.emit()
                return
            self._stop()
            self.arrived.emit(key)
        self._next()


class DataPage(QScrollArea):
    """Lists every archive of the data pack. ``changed`` says that one has come or gone."""

    changed = Signal()

    def __init__(self, look: Look, data: Data | None = None, downloads: Downloads | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.data = look, data or Data()
        self.downloads = downloads or Downloads.shared()
        words, px = look.words, look.px
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setObjectName("data")
        inner = QWidget()
        inner.setObjectName("dataInner")
        self.setStyleSheet("#data, #dataInner { background: transparent; border: none; }")
        self.setWidget(inner)

        self.total = _text(look, role="muted")
        self.all = QPushButton(words("Fetch all"))
        self.all.setProperty("role", "accent")
        self.all.clicked.connect(self._fetch_all)
        head = QHBoxLayout()
        head.addWidget(_text(look, words("Data"), role="title"), 1)
        head.addWidget(self.all, 0, Qt.AlignmentFlag.AlignVCenter)
        where = _text(look, words("They are kept in {folder}.", folder=str(self.data.pack.folder)),
                      role="quiet")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

        self.rows = [ArchiveRow(look, one, self) for one in pins()]
        self.by_name = ModelRow(look, self)
        column = QWidget()
        column.setMaximumWidth(px(MOST_WIDE))
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        body = QVBoxLayout(column)
        body.setContentsMargins(px(4), px(4), px(4), px(16))
        body.setSpacing(px(10))
        body.addLayout(head)
        body.addWidget(_text(look, words(
            "Every panel works without these texts and weights; with them it works on real data. "
            "Nothing is fetched unless you ask for it."), role="muted"))
        body.addWidget(self.total)
        for row in (*self.rows, self.by_name):
            body.addWidget(row)
        body.addWidget(where)
        body.addStretch(1)
        line = QHBoxLayout(inner)
        line.setContentsMargins(0, 0, px(8), 0)
        line.addStretch(1)
        line.addWidget(column, 100)
        line.addStretch(1)

        self.downloads.progressed.connect(self.refresh)
        self.downloads.arrived.connect(self._arrived)
        self.refresh()

    def refresh(self) -> None:
        """Show what is here and how far the rest is."""
        for row in self.rows:
            row.refresh()
        self.by_name.refresh()
        here = sum(one.size for one in pins() if self.data.pack.has(one.name))
        every = sum(one.size for one in pins())
        self.total.setText(self.look.words("{here} of {every} are here.", here=numbers.size(here),
                                           every=numbers.size(every)))
        self.all.setEnabled(bool(self._absent()))

    def remove(self, name: str) -> None:
        """Delete an archive."""
        try:
            self.data.pack.remove(name)
        except OSError as error:
            self.downloads.failed[name] = Refusal(
                "The folder {folder} cannot be written to: {reason}.",
                folder=str(self.data.pack.folder), reason=error.strerror or str(error))
        self.refresh()
        self.changed.emit()

    def _absent(self) -> list[str]:
        return [one.name for one in pins()
                if not self.data.pack.has(one.name) and not self.downloads.has(one.name)]

    def _fetch_all(self) -> None:
        self.downloads.start(self._absent(), self.data.pack.folder)

    def _arrived(self, _key: str) -> None:
        self.refresh()
        self.changed.emit()


class _Row(Card):
    """Something to fetch: what it is on the left, what can be done on the right."""

    def __init__(self, look: Look, page: DataPage, name: str) -> None:
        super().__init__(look)
        words = look.words
        self.page = page
        self.left = QVBoxLayout()
        self.left.setSpacing(look.px(3))
        self.state = _text(look, role="muted")
        self.state.setWordWrap(False)
        self.fetch = QPushButton(words("Fetch"))
        self.fetch.setAccessibleName(words("Fetch {name}", name=name))
        self.stop = QPushButton(words("Cancel"))
        self.stop.setAccessibleName(words("Cancel {name}", name=name))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.error = _text(look, role="error")
        right = QHBoxLayout()
        right.setSpacing(look.px(8))
        for one in (self.state, self.fetch, self.stop):
            right.addWidget(one, 0, Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setSpacing(look.px(16))
        line.addLayout(self.left, 1)
        line.addLayout(right)
        self.right = right
        self.body.addLayout(line)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.error)
        self.stop.clicked.connect(lambda: page.downloads.cancel(self.key))

    @property
    def key(self) -> str:
        raise NotImplementedError

    def show_download(self) -> bool:
        """The bar, the figures and the error; whether it is being fetched."""
        downloads, words = self.page.downloads, self.look.words
        active, now = downloads.has(self.key), downloads.at(self.key)
        failed = downloads.failed.get(self.key)
        self.stop.setVisible(active)
        self.bar.setVisible(active and now is not None)
        self.error.setVisible(failed is not None)
        if failed is not None:
            self.error.setText(words(failed.message, **failed.values))
        if not active:
            return False
        if now is None:
            self.state.setText(words("waits"))
        elif now.total:
            self.bar.setRange(0, 1000)
            self.bar.setValue(1000 * now.done // now.total)
            self.state.setText(words("{done} of {total}", done=numbers.size(now.done),
                                     total=numbers.size(now.total)))
        else:
            self.bar.setRange(0, 0)
            self.state.setText(numbers.size(now.done))
        return True


class ArchiveRow(_Row):
    """One archive of the data pack."""

    def __init__(self, look: Look, pin: Pin, page: DataPage) -> None:
        super().__init__(look, page, look.words(pin.title))
        self.pin = pin
        words = look.words
        used = [Said(one, words.language).title for one in used_by(pin.name)]
        self.drop = QPushButton(words("Remove"))
        self.drop.setAccessibleName(words("Remove {name}", name=words(pin.title)))
        self.right.addWidget(self.drop, 0, Qt.AlignmentFlag.AlignVCenter)
        self.left.addWidget(_text(look, words(pin.title), role="heading"))
        self.left.addWidget(_text(look, words(pin.gives), role="muted"))
        if used:
            self.left.addWidget(_text(look, words("For: {panels}", panels=" · ".join(used)),
                                      role="quiet"))
        self.left.addWidget(_text(look, f"{words(pin.licence)} · {pin.name} {pin.version}",
                                  role="quiet"))
        self.fetch.clicked.connect(lambda: page.downloads.start([pin.name], page.data.pack.folder))
        self.drop.clicked.connect(lambda: page.remove(pin.name))

    @property
    def key(self) -> str:
        return self.pin.name

    def refresh(self) -> None:
        here, active = self.page.data.pack.has(self.pin.name), self.show_download()
        self.fetch.setVisible(not here and not active)
        self.drop.setVisible(here and not active)
        if not active:
            size = numbers.size(self.pin.size)
            self.state.setText(self.look.words("{size}, here", size=size) if here else size)


class ModelRow(_Row):
    """Any other model, fetched by its name into the local Hugging Face cache."""

    def __init__(self, look: Look, page: DataPage) -> None:
        words = look.words
        super().__init__(look, page, words("a model by its name"))
        self.asked = ""
        self.done = False
        self.name = QLineEdit()
        self.name.setPlaceholderText("prajjwal1/bert-tiny")
        self.name.setAccessibleName(words("Name of a model"))
        self.left.addWidget(_text(look, words("A model by its name"), role="heading"))
        self.left.addWidget(_text(look, words(
            "Any encoder or decoder of the Hugging Face hub with safetensors weights; its own "
            "licence holds."), role="muted"))
        self.left.addWidget(self.name)
        self.fetch.clicked.connect(self._start)
        self.name.returnPressed.connect(self._start)
        self.name.textChanged.connect(lambda text: self.fetch.setEnabled(bool(text.strip())))
        self.fetch.setEnabled(False)
        page.downloads.arrived.connect(self._arrived)

    @property
    def key(self) -> str:
        return self.asked

    def _start(self) -> None:
        if self.name.text().strip() and not self.page.downloads.has(self.key):
            self.asked, self.done = f"name:{self.name.text().strip()}", False
            self.page.downloads.start([self.asked], self.page.data.pack.folder)

    def _arrived(self, key: str) -> None:
        self.done = self.done or key == self.asked

    def refresh(self) -> None:
        active = bool(self.asked) and self.show_download()
        if not self.asked:
            for one in (self.stop, self.bar, self.error):
                one.setVisible(False)
        self.fetch.setVisible(not active)
        if not active:
            self.state.setText(self.look.words("here") if self.done else "")


def _text(look: Look, text: str = "", role: str = "") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role == "heading":
        label.setFont(font(look, 13, bold=True))
    return label
