"""The Data page: what can be fetched, what is here, how far a download is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.window.downloads import Downloads, SetCard, label
from visualizers.catalog import LECTURES, Said
from visualizers.data import Data, Pin, pins
from visualizers.refusal import Refusal, reason_of
from visualizers.uses import LECTURES_SET, PackSet, pack_set, pack_sets, used_by
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.views.cards import Card

MOST_WIDE = 860


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

        self.total = label(look, role="muted")
        where = label(look, words("They are kept in {folder}.", folder=str(self.data.pack.folder)),
                      role="quiet")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

        self.lectures = SetCard(
            look, pack_set(LECTURES_SET), words("Everything for the lectures"),
            words("What the panels of all nine lectures read, for the evening before the first one."),
            self.data, self.downloads)
        self.sets = SetButtons(look, self)
        self.rows = [ArchiveRow(look, one, self) for one in pins()]
        self.by_name = ModelRow(look, self)
        column = QWidget()
        column.setMaximumWidth(px(MOST_WIDE))
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        body = QVBoxLayout(column)
        body.setContentsMargins(px(4), px(4), px(4), px(16))
        body.setSpacing(px(10))
        body.addWidget(label(look, words("Data"), role="title"))
        body.addWidget(label(look, words(
            "Every panel works without these texts and weights; with them it works on real data. "
            "After the set-up nothing is fetched unless you ask for it."), role="muted"))
        body.addWidget(self.lectures)
        body.addWidget(self.sets)
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
        self.sets.refresh()
        here = sum(one.size for one in pins() if self.data.pack.has(one.name))
        every = sum(one.size for one in pins())
        self.total.setText(self.look.words("{here} of {every} are here.", here=numbers.size(here),
                                           every=numbers.size(every)))

    def remove(self, name: str) -> None:
        """Delete an archive."""
        try:
            self.data.pack.remove(name)
        except OSError as error:
            self.downloads.failed[name] = Refusal(
                "The folder {folder} cannot be written to: {reason}.",
                folder=str(self.data.pack.folder), reason=reason_of(error))
        self.lectures.refresh()
        self.refresh()
        self.changed.emit()

    def start(self, wanted: PackSet) -> None:
        """Fetch what is absent of a set."""
        self.downloads.start([one.name for one in wanted.absent(self.data.pack)],
                             self.data.pack.folder)

    def _arrived(self, _key: str) -> None:
        self.refresh()
        self.changed.emit()


class SetButtons(Card):
    """One button for each lecture and one for everything, with the megabytes that are not here."""

    COLUMNS = 3

    def __init__(self, look: Look, page: DataPage) -> None:
        super().__init__(look)
        words = look.words
        self.page, self.sets = page, pack_sets()[1:]  # the first one has a card of its own
        self.buttons: dict[str, QPushButton] = {}
        self.body.addWidget(label(look, words("For one lecture"), role="heading"))
        grid = QGridLayout()
        grid.setSpacing(look.px(8))
        self.body.addLayout(grid)
        for index, one in enumerate(self.sets):
            button = self.buttons[one.id] = QPushButton()
            button.clicked.connect(partial(page.start, one))
            row, column = divmod(index, self.COLUMNS)
            grid.addWidget(button, row, column, 1, 1 if one.lecture else self.COLUMNS)

    def refresh(self) -> None:
        words, downloads = self.page.look.words, self.page.downloads
        titles = {each.number: words(each.title) for each in LECTURES}
        for one in self.sets:
            button, absent = self.buttons[one.id], one.absent(self.page.data.pack)
            name = f"{one.lecture}  {titles[one.lecture]}" if one.lecture else words("Everything")
            state = numbers.size(sum(each.size for each in absent)) if absent else words("here")
            button.setText(f"{name} · {state}")
            button.setAccessibleName(words("Fetch {name}", name=f"{name}, {state}"))
            button.setEnabled(any(not downloads.has(each.name) for each in absent))


class _Row(Card):
    """Something to fetch: what it is on the left, what can be done on the right."""

    def __init__(self, look: Look, page: DataPage, name: str) -> None:
        super().__init__(look)
        words = look.words
        self.page = page
        self.left = QVBoxLayout()
        self.left.setSpacing(look.px(3))
        self.state = label(look, role="muted")
        self.state.setWordWrap(False)
        self.fetch = QPushButton(words("Fetch"))
        self.fetch.setAccessibleName(words("Fetch {name}", name=name))
        self.stop = QPushButton(words("Cancel"))
        self.stop.setAccessibleName(words("Cancel {name}", name=name))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.error = label(look, role="error")
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
            self.error.setText(words.tell(failed.message, failed.values))
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
        self.left.addWidget(label(look, words(pin.title), role="heading"))
        self.left.addWidget(label(look, words(pin.gives), role="muted"))
        if used:
            self.left.addWidget(label(look, words("For: {panels}", panels=" · ".join(used)),
                                      role="quiet"))
        elif pin.lectures:
            self.left.addWidget(label(look, words("For lecture {numbers}", numbers=", ".join(
                map(str, pin.lectures))), role="quiet"))
        self.left.addWidget(label(look, f"{words(pin.licence)} · {pin.name} {pin.version}",
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
        self.left.addWidget(label(look, words("A model by its name"), role="heading"))
        self.left.addWidget(label(look, words(
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
