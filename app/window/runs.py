"""Pinned runs: their names, what differed between them, and run files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from visualizers.catalog import Said
from visualizers.panel import Ghost, History, Panel
from widgets.base.guard import Guarded
from widgets.base.tips import explain
from widgets.controls.fields import ValueEdit
from widgets.controls.parameters import differences
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal
from widgets.theme.style import font

SHORT = 12  # letters of a name that still heads a column; a longer one is called by its number


class RunsPage(QWidget):
    """The run of the moment beside the pinned ones."""

    removed = Signal(int)
    renamed = Signal(int, str)
    pinned = Signal()
    saved = Signal()
    opened = Signal(str)  # a recent file's path, or "" to ask for one

    def __init__(
        self, look: Look, panel: Panel, recent: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self.panel = look, panel
        self._said = Said(panel, look.words.language)
        self._labels: list[str] = []
        words, px = look.words, look.px
        self.hint = self._quiet(words(
            "Pin a run and it stays as a grey ghost behind the next one. "
            "What differed between them is listed here."))
        self.pin_button = self._button(words("Pin this run"), self.pinned.emit)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(px(4))
        self.table = QTableWidget()
        self.table.setObjectName("runs")
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.table.setFont(font(look, 12))
        self.table.setAccessibleName(words("What differed between the runs"))
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setFont(font(look, 11))
            header.setHighlightSections(False)
        self.table.verticalHeader().setDefaultSectionSize(px(24))
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setSectionResizeMode(
            QHeaderView.ResizeMode.ResizeToContents)
        theme = look.theme
        self.table.setStyleSheet(
            f"#runs {{ background: transparent; border: none; color: {theme.text}; }}"
            f"QHeaderView, QHeaderView::section, QTableCornerButton::section {{"
            f" background: transparent; border: none; color: {theme.muted};"
            f" padding: {px(2)}px {px(6)}px {px(2)}px 0; }}"
            f"QHeaderView::section:horizontal {{ border-bottom: {look.rim()}; }}")
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

        files = QHBoxLayout()
        files.setSpacing(px(8))
        files.addWidget(self._button(words("Save run…"), self.saved.emit))
        files.addWidget(self._button(words("Open run…"), lambda: self.opened.emit("")))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, px(6), 0)
        box.setSpacing(px(10))
        box.addWidget(self.hint)
        box.addWidget(self.pin_button)
        box.addLayout(self.rows)
        box.addWidget(self.table, 1000)
        box.addStretch(1)  # for as long as there is no table
        box.addLayout(files)
        here = [one for one in recent if Path(one).is_file()]
        if here:
            box.addWidget(self._quiet(words("Recent runs")))
        for path in here[:4]:
            link = self._button(Path(path).stem, partial(self.opened.emit, path))
            link.setFlat(True)
            explain(link, path)
            link.setStyleSheet(
                f"text-align: left; border: none; background: transparent; padding: 0;"
                f" color: {theme.accent};")
            box.addWidget(link)

    def show_runs(self, ghosts: Sequence[Ghost[Any, Any]], params: Any, history: History) -> None:
        """The pinned runs, and the run of the moment (its values and its scalars)."""
        self.hint.setVisible(not ghosts)
        self.table.setVisible(bool(ghosts))
        if [one.label for one in ghosts] != self._labels and not self._typing():
            self._labels = [one.label for one in ghosts]
            self._list(self._labels)
        if ghosts:
            self._compare(ghosts, params, history)

    def _typing(self) -> bool:
        """Whether a name is being typed: its field must not be taken away."""
        return any(row.name.hasFocus() for row in self.findChildren(_Row))

    def _list(self, labels: Sequence[str]) -> None:
        for old in self.findChildren(_Row):
            self.rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        for index, label in enumerate(labels):
            row = _Row(self.look, label, index + 1)
            row.removed.connect(partial(self.removed.emit, index))
            row.renamed.connect(partial(self.renamed.emit, index))
            self.rows.addWidget(row)
            row.show()

    def _compare(self, ghosts: Sequence[Ghost[Any, Any]], params: Any, history: History) -> None:
        words = self.look.words
        lines: list[tuple[str, list[str]]] = []
        differing = differences([params, *(one.params for one in ghosts)])
        for name, found in differing.items():
            lines.append((self._said.label(name), [self._said.value(name, one) for one in found]))
        histories = [history, *(one.history for one in ghosts)]
        if self.panel.trains:
            lines.append((words("step"), [count(len(one)) for one in histories]))
        for name in history.names[:3]:
            lines.append((words(name).replace("_", " "), [self._newest(one, name)
                                                          for one in histories]))
        self.table.setRowCount(len(lines))
        self.table.setColumnCount(1 + len(ghosts))
        self.table.setHorizontalHeaderLabels([words("now"), *(
            one.label if len(ghosts) == 1 and len(one.label) <= SHORT else str(index + 1)
            for index, one in enumerate(ghosts))])
        self.table.setVerticalHeaderLabels([name for name, _ in lines])
        for row, (_, cells) in enumerate(lines):
            for column, cell in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(cell))

    def _newest(self, history: History, name: str) -> str:
        """A scalar as it was last known, with its step where that is not the run's last."""
        step, value = history.newest(name)
        if step == len(history) or math.isnan(value):
            return decimal(value)
        return self.look.words("{value} at step {step}", value=decimal(value), step=count(step))

    def _quiet(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setFont(font(self.look, 11))
        label.setWordWrap(True)
        label.setStyleSheet(f"color: {self.look.theme.muted};")
        return label

    def _button(self, text: str, action: Any) -> QPushButton:
        button = QPushButton(text)
        button.setFont(font(self.look, 13))
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: action())
        return button


class _Row(Guarded, QWidget):
    """One pinned run: a ghost's line, its name to be typed over, and a cross."""

    removed = Signal()
    renamed = Signal(str)

    def __init__(self, look: Look, label: str, number: int) -> None:
        super().__init__()
        self.look, self._number = look, number
        words, px = look.words, look.px
        self.name = ValueEdit(label)
        self.name.setObjectName("runName")
        self.name.setFont(font(look, 13))
        self.name.setAccessibleName(words("Name of the run"))
        self.name.setStyleSheet(
            f"#runName {{ border: 1px solid transparent; background: transparent;"
            f" border-radius: {px(6)}px; padding: {px(2)}px {px(4)}px;"
            f" color: {look.theme.text}; }}"
            f"#runName:hover, #runName:focus {{ border-color: {look.theme.hairline}; }}")
        self.name.setCursorPosition(0)
        explain(self.name, label)
        self.name.editingFinished.connect(self._done)
        self._label = label
        cross = QPushButton("×")
        cross.setObjectName("runRemove")
        cross.setFont(font(look, 15))
        cross.setFixedSize(px(24), px(24))
        cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        cross.setAccessibleName(words("Remove {name}", name=label))
        explain(cross, words("Remove {name}", name=label))
        cross.setStyleSheet(
            f"#runRemove {{ border: none; background: transparent; padding: 0;"
            f" color: {look.theme.muted}; }}"
            f"#runRemove:hover, #runRemove:focus {{ color: {look.theme.warning}; }}")
        cross.clicked.connect(lambda: self.removed.emit())
        box = QHBoxLayout(self)
        box.setContentsMargins(px(28), 0, 0, 0)
        box.setSpacing(px(4))
        box.addWidget(self.name, 1)
        box.addWidget(cross)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.look.px(28))

    def _done(self) -> None:
        text = self.name.text().strip()
        if text and text != self._label:
            self._label = text
            self.name.clearFocus()
            self.renamed.emit(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.pen("ghost", 2.5 * look.scale, cap=Qt.PenCapStyle.RoundCap))
        middle = self.height() // 2
        painter.drawLine(look.px(1), middle, look.px(11), middle)
        painter.setFont(font(look, 11))
        painter.setPen(look.ink("muted"))
        painter.drawText(look.px(16), 0, look.px(14), self.height(),
                         Qt.AlignmentFlag.AlignVCenter, str(self._number))
