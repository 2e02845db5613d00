"""Ctrl+K: every panel and every command in one list, found by a few letters. F1: all the keys."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    qVersion,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.window.commands import Command, fuzzy, spelled
from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.style import font, stylesheet

ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """A row of the palette: what it is called, a quiet note at its right, what else finds it.

    Whoever types one of its ``names`` in full means it, though others have the word too. A ``panel``
    is known by its id: where a concept is typed that it shows, it comes before every command.
    """

    text: str
    note: str
    run: Callable[[], object]
    found_by: str = ""
    names: tuple[str, ...] = ()
    panel: str = ""


class Overlay(Guarded, QWidget):
    """A sheet in the middle of the window over a veil. A click beside it or Esc closes it."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self.look = look
        self._before = window.focusWidget()
        self.sheet = QFrame(self)
        self.sheet.setObjectName("sheet")
        self.sheet.setStyleSheet(
            f"#sheet {{ background: {look.theme.card}; border: {look.rim()};"
            f" border-radius: {look.px(12)}px; }}")
        window.installEventFilter(self)
        self.installEventFilter(self)

    def sheet_rect(self) -> QRect:
        """Where the sheet stands in the window."""
        raise NotImplementedError

    def go_over(self, window: QWidget) -> None:
        """Lie over another window, whose letters may have another size."""
        if (before := self.parent()) is not None:
            before.removeEventFilter(self)
        self._before = window.focusWidget()
        self.setParent(window)
        self.setStyleSheet(stylesheet(self.look))
        window.installEventFilter(self)

    def open(self) -> None:
        """Show the sheet over the whole window."""
        self._fit()
        self.show()
        self.raise_()

    def leave(self) -> None:
        """Close, and give the keyboard back to who had it."""
        window = self.parent()
        if isinstance(window, QWidget):
            window.removeEventFilter(self)
        self.hide()
        self.setParent(None)
        before = self._before
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus()
        elif isinstance(window, QWidget):
            window.setFocus()  # what had the keyboard went away meanwhile
        self.deleteLater()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes round within the sheet: what lies under the veil is not to be reached.

        Qt asks this, too, when the one that has the keyboard is hidden. Its own chain of widgets is not
        walked here: each wrapper that PySide makes on the way would keep the one after it for ever.
        """
        ring = [one for one in self.sheet.findChildren(QWidget)
                if one.isVisibleTo(self) and one.isEnabled()
                and one.focusPolicy() & Qt.FocusPolicy.TabFocus]
        if not ring:
            return True
        here = self.window().focusWidget()
        at = ring.index(here) if here is not None and here in ring else -1 if next else len(ring)
        ring[(at + (1 if next else -1)) % len(ring)].setFocus(
            Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason)
        return True

    def _fit(self) -> None:
        window = self.parent()
        assert isinstance(window, QWidget)
        self.setGeometry(window.rect())
        self.sheet.setGeometry(self.sheet_rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self:
            # While a sheet is open, the window's keys are silent.
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
        elif watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.sheet.geometry().contains(event.position().toPoint()):
            self.leave()

    def paintEvent(self, event: Any) -> None:
        veil = self.look.color("text" if self.look.theme.name == "light" else "ground")
        veil.setAlpha(70 if self.look.theme.name == "light" else 150)
        QPainter(self).fillRect(self.rect(), veil)


class Palette(Overlay):
    """The command palette.

    Args:
        showing: what was typed → ids of the panels that show a concept of that name.
        meaning: what was typed → what it means by itself, whatever the entries are called.
    """

    def __init__(
        self, look: Look, entries: Sequence[Entry], window: QWidget,
        showing: Callable[[str], Collection[str]] = lambda _: (),
        meaning: Callable[[str], Entry | None] = lambda _: None,
    ) -> None:
        super().__init__(look, window)
        self.entries, self._showing, self._meaning = tuple(entries), showing, meaning
        self._meant: Entry | None = None
        words, px = look.words, look.px
        self.setAccessibleName(words("Command palette"))
        self.field = QLineEdit()
        self.field.setObjectName("paletteField")
        self.field.setFont(font(look, 15))
        self.field.setPlaceholderText(words("A panel or a command"))
        self.field.setAccessibleName(words("A panel or a command"))
        self.field.setStyleSheet(
            "#paletteField { border: none; background: transparent;"
            f" padding: {px(4)}px {px(8)}px; color: {look.theme.text}; }}")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("paletteList")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setItemDelegate(_Rows(look, self.list))
        self.list.setAccessibleName(words("What was found"))
        self.list.setStyleSheet(
            "#paletteList { background: transparent; border: none; outline: none; }")
        self.list.itemClicked.connect(lambda _: self._run())
        self.list.itemEntered.connect(self.list.setCurrentItem)
        line = QFrame()
        line.setFixedHeight(round(look.line(1)))
        line.setStyleSheet(f"background: {look.theme.hairline}; border: none;")
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(8), px(8), px(8), px(8))
        box.setSpacing(px(6))
        box.addWidget(self.field)
        box.addWidget(line)
        box.addWidget(self.list, 1)
        self.nothing = QLabel(words("Nothing here is called that."), self.list)
        self.nothing.setProperty("role", "muted")
        self.nothing.move(px(12), px(8))
        self._filter("")

    def sheet_rect(self) -> QRect:
        px = self.look.px
        width = min(px(560), self.width() - px(32))
        height = min(px(420), self.height() - px(80))
        return QRect((self.width() - width) // 2, min(px(72), self.height() // 10), width, height)

    def open(self) -> None:
        super().open()
        self.field.setFocus()

    def _filter(self, text: str) -> None:
        ranked: list[tuple[tuple[int, int, float], int]] = []
        self._meant = self._meaning(text)
        concerned = self._showing(text) if text.strip() else ()
        for index, entry in enumerate(self.entries if self._meant is None else ()):
            rank = self._rank(text, entry, bool(entry.panel) and entry.panel in concerned)
            if rank is not None:
                ranked.append((rank, index))
        self.list.clear()
        for _, index in sorted(ranked):
            item = QListWidgetItem(self.entries[index].text, self.list)
            item.setData(ROLE, index)
            item.setData(ROLE + 1, self.entries[index].note)
        if self._meant is not None:
            QListWidgetItem(self._meant.text, self.list).setData(ROLE + 1, self._meant.note)
        self.list.setCurrentRow(0)
        self.nothing.setVisible(not self.list.count())

    @staticmethod
    def _rank(text: str, entry: Entry, concerned: bool) -> tuple[int, int, float] | None:
        """How well an entry answers what was typed, the best first; None for not at all.

        Its own name in full; a concept that it shows; its words as they were typed, in its name or
        behind it; their letters, in its name or behind it.
        """
        scores = [(way if spelled(text, words) else way + 2, score)
                  for way, words in enumerate((entry.text, entry.found_by))
                  if words and (score := fuzzy(text, words)) is not None]
        way, score = min(scores, default=(4, 0.0))
        if text.strip().casefold() in map(str.casefold, (entry.text, *entry.names)):
            return 0, way, score
        if concerned:
            return 1, way, score
        return (2 + way, 0 if entry.panel else 1, score) if scores else None

    def _run(self) -> None:
        if self.list.currentRow() < 0:
            return
        entry = self._meant or self.entries[self.list.currentItem().data(ROLE)]
        self.leave()
        entry.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and self._key(event.key()):
                return True
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        count, row = self.list.count(), self.list.currentRow()
        match key:
            case Qt.Key.Key_Down:
                self.list.setCurrentRow((row + 1) % max(1, count))
            case Qt.Key.Key_Up:
                self.list.setCurrentRow((row - 1) % max(1, count))
            case Qt.Key.Key_PageDown | Qt.Key.Key_PageUp:
                jump = 8 if key == Qt.Key.Key_PageDown else -8
                self.list.setCurrentRow(max(0, min(count - 1, row + jump)))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._run()
            case Qt.Key.Key_Escape:
                self.leave()
            case _:
                return False
        return True


class _Rows(Guarded, QStyledItemDelegate):
    def __init__(self, look: Look, parent: QListWidget) -> None:
        super().__init__(parent)
        self.look = look
        self.plain, self.small = font(look, 13), font(look, 11)

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(10, self.look.px(32))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look, px, rect = self.look, self.look.px, option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent_wash"))
            painter.drawRoundedRect(rect.adjusted(0, 1, -px(2), -1), px(6), px(6))
        note = index.data(ROLE + 1) or ""
        painter.setFont(self.small)
        painter.setPen(look.ink("muted"))
        painter.drawText(rect.adjusted(0, 0, -px(12), 0),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, note)
        room = rect.adjusted(px(10), 0, -px(28) - QFontMetrics(self.small).horizontalAdvance(note), 0)
        painter.setFont(self.plain)
        painter.setPen(look.ink("accent" if chosen else "text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, QFontMetrics(self.plain).elidedText(
            index.data(), Qt.TextElideMode.ElideRight, room.width()))
        painter.restore()


class ScrolledSheet(Overlay):
    """A sheet whose middle is walked through with ↑, ↓ and the page keys where it is too long."""

    area: QScrollArea

    def scrolled(self, inside: QWidget) -> QScrollArea:
        """The middle of the sheet."""
        inside.setObjectName("inside")
        area = self.area = QScrollArea()
        area.setObjectName("middle")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setStyleSheet("#inside, #middle { background: transparent; border: none; }")
        area.setWidget(inside)
        return area

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.area.verticalScrollBar()
        by = {Qt.Key.Key_Down: bar.singleStep(), Qt.Key.Key_Up: -bar.singleStep(),
              Qt.Key.Key_PageDown: bar.pageStep(), Qt.Key.Key_PageUp: -bar.pageStep()}
        if event.key() in by:
            bar.setValue(bar.value() + by[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


class Keys(ScrolledSheet):
    """F1: every key in groups, two columns; the arrows scroll where a projector has no room for all."""

    def __init__(self, look: Look, commands: Sequence[Command], window: QWidget) -> None:
        super().__init__(look, window)
        words, px = look.words, look.px
        self.setAccessibleName(words("Keys"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        head = QLabel(words("Keys"))
        head.setFont(font(look, 20, bold=True))
        inside = self._inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, px(12), 0)
        grid.setHorizontalSpacing(px(36))
        grid.setVerticalSpacing(px(14))
        shown = [one for one in commands if one.keys and one.group]
        groups = [(name, list(items)) for name, items in groupby(shown, key=lambda one: one.group)]
        halves = self._halves([len(items) + 2 for _, items in groups])
        for column, chosen in enumerate(halves):
            box = QVBoxLayout()
            box.setSpacing(px(5))
            for index in chosen:
                name, items = groups[index]
                title = QLabel(name)
                title.setFont(font(look, 11, bold=True))
                title.setStyleSheet(f"color: {look.theme.muted};")
                box.addWidget(title)
                for text, keys in self._merged(items):
                    box.addLayout(self._line(text, keys))
                box.addSpacing(px(8))
            box.addStretch(1)
            grid.addLayout(box, 0, column)
        hint = QLabel(words("Shift makes a slider fine. Hover previews, a click locks, Esc unlocks."))
        hint.setFont(font(look, 11))
        hint.setStyleSheet(f"color: {look.theme.muted};")
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(28), px(22), px(28), px(20))
        box.setSpacing(px(14))
        area = self.scrolled(inside)
        box.addWidget(head)
        box.addWidget(area, 1)
        box.addWidget(hint)

    def sheet_rect(self) -> QRect:
        px = self.look.px
        wanted = self.sheet.sizeHint() - self.area.sizeHint() + self._inside.sizeHint()
        wanted.setWidth(self._inside.sizeHint().width() + px(2 * 28))
        width = min(max(px(660), wanted.width()), self.width() - px(32))
        height = min(wanted.height(), self.height() - px(24))
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def open(self) -> None:
        super().open()
        self.setFocus()

    @staticmethod
    def _halves(heights: Sequence[int]) -> tuple[range, range]:
        """Where to break into two columns of nearly equal height."""
        cuts = range(1, len(heights) + 1)
        best = min(cuts, key=lambda cut: max(sum(heights[:cut]), sum(heights[cut:])))
        return range(best), range(best, len(heights))

    @staticmethod
    def _merged(items: Sequence[Command]) -> list[tuple[str, str]]:
        """Commands of one name share a line: Ctrl+1 … Ctrl+9."""
        lines = []
        for text, same in groupby(items, key=lambda one: one.text):
            every = list(same)
            keys = every[0].shown_keys
            lines.append((text, keys if len(every) == 1 else f"{keys} … {every[-1].shown_keys}"))
        return lines

    def _line(self, text: str, keys: str) -> QVBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self.look.px(12))
        name, key = QLabel(text), QLabel(keys)
        name.setFont(font(self.look, 13))
        key.setFont(font(self.look, 11))
        key.setStyleSheet(
            f"color: {self.look.theme.muted}; border: {self.look.rim()};"
            f" border-radius: {self.look.px(4)}px; padding: 0 {self.look.px(5)}px;")
        row.addWidget(name, 1)
        row.addWidget(key)
        outer = QVBoxLayout()
        outer.addLayout(row)
        return outer


class About(Overlay):
    """What the program is, its version, and what it runs on."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(look, window)
        words, px = look.words, look.px
        self.setAccessibleName(words("About"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(28), px(24), px(28), px(24))
        box.setSpacing(px(8))
        title = QLabel(words("Big Models Lab"))
        title.setFont(font(look, 20, bold=True))
        box.addWidget(title)
        for text in (
            words("Every idea of a course on big models is a small model that trains in front of "
                  "you, on your own machine."),
            words("Version {version}. Apache licence 2.0.", version=version()),
            words("Nothing is sent anywhere; the network is used only when you ask for a "
                  "download."),
            f"Qt {qVersion()} · Python {sys.version.split()[0]}",
        ):
            label = QLabel(text)
            label.setWordWrap(True)
            label.setProperty("role", "muted")
            box.addWidget(label)
        box.addStretch(1)

    def sheet_rect(self) -> QRect:
        px = self.look.px
        width, height = min(px(460), self.width() - px(32)), px(236)
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def open(self) -> None:
        super().open()
        self.setFocus()


def version() -> str:
    """The installed version, or that of the source where nothing is installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("bigmodels-lab")
    except PackageNotFoundError:
        return "0.1.0"
