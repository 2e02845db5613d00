"""How a file of the user's own is read: its letters, and which columns of a table. Asked where it is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QRect, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.window.palette import Overlay
from visualizers.data.encodings import ORDER, TITLES
from visualizers.data.own import OwnFile, columns_of
from visualizers.data.tables import LABEL_COLUMNS, TEXT_COLUMNS, Table, text_column
from visualizers.refusal import Refusal
from widgets.theme.look import Look
from widgets.theme.style import font

ROWS = 6  # of a table that are shown
LETTERS = 400  # of a text that are shown


def is_open(own: OwnFile, kind: str) -> bool:
    """Whether a file can be read in more than one way, so that only the user knows which is meant.

    Args:
        kind: of data, ``"text"``, ``"labelled"`` …

    Raises:
        Refusal: it cannot be read at all.
    """
    if len(own.readings(beginning=True)) > 1:
        return True
    if not own.is_table or kind not in ("text", "labelled"):
        return False
    rows = own.table(beginning=True)
    names = [one.lower() for one in rows.names]
    named = any(one in TEXT_COLUMNS for one in names)
    if kind == "labelled":
        return not (named and any(one in LABEL_COLUMNS for one in names)) or None in columns_of(own, rows)
    return not named and rows.width > 1


class HowRead(Overlay):
    """Asks how a file is to be read, and shows what it is then.

    Args:
        own: the file and what was chosen for it before.
        kind: of data.
        done: is given the file with what was chosen; a ``Refusal`` of it is shown here.
    """

    def __init__(self, look: Look, own: OwnFile, kind: str, done: Callable[[OwnFile], object],
                 window: QWidget) -> None:
        super().__init__(look, window)
        words, px = look.words, look.px
        self.own, self._kind, self._done = own, kind, done
        self.setAccessibleName(words("How it is read"))
        head = QLabel(words("How is {name} to be read?", name=own.name))
        head.setFont(font(look, 15, bold=True))
        head.setWordWrap(True)
        possible = own.readings(beginning=True)
        self._certain = len(possible) == 1
        self.encoding = QComboBox()
        rest = [one for one in ORDER if one not in {each.encoding for each in possible}
                and one not in ("utf_16", "utf_16_le", "utf_16_be")]
        self._encodings = [*(one.encoding for one in possible), *rest]
        for one in self._encodings:
            self.encoding.addItem(TITLES[one])
        self.encoding.setCurrentIndex(
            self._encodings.index(own.encoding) if own.encoding in self._encodings else 0)
        form = QFormLayout()
        form.setHorizontalSpacing(px(12))
        self._named(form, words("Encoding"), self.encoding)
        self.header = QCheckBox(words("The first row names the columns"))
        self.text, self.label = QComboBox(), QComboBox()
        for combo in (self.text, self.label):
            combo.setPlaceholderText(words("Choose a column"))
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setTabChangesFocus(True)
        self.preview.setAccessibleName(words("The beginning of the file"))
        self.cells = QTableWidget()
        self.cells.setAccessibleName(words("The first rows of the table"))
        self.cells.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.cells.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.cells.verticalHeader().hide()
        self.cells.setShowGrid(False)
        self.cells.setTabKeyNavigation(False)
        self._rows: Table | None = None
        self._columned = own.is_table and kind in ("text", "labelled")
        if self._columned:
            form.addRow("", self.header)
            self._named(form, words("Texts are in"), self.text)
            if kind == "labelled":
                self._named(form, words("Labels are in"), self.label)
        self._problem = QLabel()
        self._problem.setProperty("role", "error")
        self._problem.setWordWrap(True)
        go, leave = QPushButton(words("Read it so")), QPushButton(words("Cancel"))
        go.setProperty("role", "accent")
        leave.setProperty("role", "link")
        go.clicked.connect(lambda: self._accept())
        leave.clicked.connect(lambda: self.leave())
        self._go = go
        last = QHBoxLayout()
        last.setSpacing(px(12))
        last.addWidget(go)
        last.addWidget(leave)
        last.addStretch(1)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(22), px(18), px(22), px(16))
        box.setSpacing(px(12))
        box.addWidget(head)
        box.addLayout(form)
        box.addWidget(self.cells if self._columned else self.preview, 1)
        box.addWidget(self._problem)
        box.addLayout(last)
        self._columns(header=own.header)
        self.encoding.activated.connect(lambda _: self._columns(self.header.isChecked()))
        self.header.clicked.connect(lambda on: self._columns(on))
        for combo in (self.text, self.label):
            combo.activated.connect(lambda _: self._show())

    def _named(self, form: QFormLayout, name: str, field: QWidget) -> None:
        label = QLabel(name)
        label.setBuddy(field)
        field.setAccessibleName(name)
        form.addRow(label, field)

    # --- what is chosen

    def chosen(self) -> OwnFile:
        """The file as it is to be read by what stands in the fields."""
        at = self.encoding.currentIndex()
        one = replace(self.own, said=[], text=None, label=None, header=None,
                      encoding="" if at == 0 and self._certain else self._encodings[at])
        if self._columned:
            one.header, one.text = self.header.isChecked(), self.text.currentIndex()
            if self._kind == "labelled":
                one.label = self.label.currentIndex()
        return one

    def _columns(self, header: bool | None) -> None:
        """Other letters, or another head: the columns are called otherwise."""
        self._rows = None
        if self._columned:
            one = replace(self.chosen(), header=header, text=self.own.text, label=self.own.label)
            try:
                self._rows = rows = one.table(beginning=True)
            except Refusal as refusal:
                self._complain(refusal)
                return
            text, label = columns_of(one, rows) if self._kind == "labelled" else (
                text_column(rows) if one.text is None else one.text, None)
            with QSignalBlocker(self.header):
                self.header.setChecked(bool(rows.names))
            for combo, at in ((self.text, text), (self.label, label)):
                combo.clear()
                combo.addItems([rows.title(column) for column in range(rows.width)])
                combo.setCurrentIndex(-1 if at is None or at >= rows.width else at)
        self._show()

    def _show(self) -> None:
        """The first rows, those columns in bold that are read; or the first lines."""
        self._problem.hide()
        self._go.setEnabled(True)
        if not self._columned:
            try:
                self.preview.setPlainText(self.chosen().plain(beginning=True)[:LETTERS])
            except Refusal as refusal:
                self._complain(refusal)
            return
        rows, read = self._rows, (self.text.currentIndex(), self.label.currentIndex())
        if rows is None:
            return
        self.cells.clear()
        self.cells.setRowCount(min(ROWS, len(rows.rows)))
        self.cells.setColumnCount(rows.width)
        self.cells.setHorizontalHeaderLabels([rows.title(at) for at in range(rows.width)])
        for column in range(rows.width):
            for row in range(self.cells.rowCount()):
                cells = rows.rows[row]
                item = QTableWidgetItem(" ".join(cells[column].split())[:LETTERS]
                                        if column < len(cells) else "")
                item.setFont(font(self.look, 12, bold=column in read))
                item.setForeground(self.look.color("text" if column in read else "muted"))
                self.cells.setItem(row, column, item)
        self.cells.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.cells.horizontalHeader().setMaximumSectionSize(self.look.px(300))
        self.cells.horizontalHeader().setStretchLastSection(True)

    def _complain(self, refusal: Refusal) -> None:
        self._problem.setText(self.look.words.tell(refusal.message, refusal.values))
        self._problem.show()
        self._go.setEnabled(False)

    def _accept(self) -> None:
        chosen = self.chosen()
        if self._columned and (chosen.text == -1 or chosen.label == -1):
            self._complain(Refusal("Choose the column first."))
            self._go.setEnabled(True)
            return
        try:
            self._done(chosen)
        except Refusal as refusal:
            self._complain(refusal)
            return
        self.leave()

    # --- the sheet

    def sheet_rect(self) -> QRect:
        px = self.look.px
        width = min(px(640), self.width() - px(32))
        height = min(px(440), self.height() - px(24))
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def open(self) -> None:
        super().open()
        self.encoding.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._go.isEnabled():
            self._accept()
        else:
            super().keyPressEvent(event)
