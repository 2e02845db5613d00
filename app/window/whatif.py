"""The field that asks "What if this control were …?", above the control."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.window.palette import Overlay
from visualizers.catalog import Said
from visualizers.refusal import Refusal
from widgets.controls.controls import Option
from widgets.controls.parameters import Parameter, Unfit, parse
from widgets.theme.look import Look
from widgets.theme.style import font

ROWS = 6  # of a list of values that are seen without scrolling


class WhatIfField(Overlay):
    """Asks for the other value of one control; Enter runs the what-if, Esc leaves.

    Args:
        one: the control's parameter, and ``now``, its value.
        beside: the control's rectangle in the window.
        run: is given the value; a ``Refusal`` or ``Unfit`` of it is shown here.
        several: is given two to four values, which run beside one another; likewise.
        options: of a source.
    """

    def __init__(
        self, look: Look, said: Said, one: Parameter, now: Any, beside: QRect,
        run: Callable[[Any], object], several: Callable[[Sequence[Any]], object], window: QWidget,
        options: Sequence[Option] = (),
    ) -> None:
        super().__init__(look, window)
        self._said, self.one, self._beside, self._run, self._several = said, one, beside, run, several
        self._now = now
        words, px = look.words, look.px
        self.setAccessibleName(words("What if"))
        head = QLabel(words("What if {label} were …?", label=said.label(one.name)))
        head.setFont(font(look, 14, bold=True))
        head.setWordWrap(True)
        about = QLabel(words("This run again from its start, with the same seed and data; the run "
                             "that is there stays as a ghost."), self.sheet)  # else a window of its own
        if one.kind in ("number", "integer"):
            about.setText(f"{about.text()} " + words(
                "Two to four values, with commas between them, run beside one another."))
        about.setProperty("role", "quiet")
        about.setWordWrap(True)
        self.edit: QLineEdit | None = None
        self.combo: QComboBox | None = None
        self.list: QListWidget | None = None  # of the values that run beside one another
        self._values: list[Any] = []
        field: QWidget
        if one.kind in ("number", "integer", "text"):
            field = self.edit = QLineEdit(said.value(one.name, now))
            self.edit.selectAll()
        else:
            field = self.combo = QComboBox()
            self._fill(now, options)
        field.setAccessibleName(head.text())
        self._problem = QLabel(self.sheet)
        self._problem.setProperty("role", "error")
        self._problem.setWordWrap(True)
        below = self._below = QStackedLayout()  # as high as the longer: nothing moves for a problem
        below.addWidget(about)
        below.addWidget(self._problem)
        if self.edit is not None:
            self.edit.textEdited.connect(lambda _: below.setCurrentIndex(0))
        elif self.combo is not None:
            self.combo.activated.connect(lambda _: below.setCurrentIndex(0))
        go = QPushButton(words("Run it again"))
        go.setProperty("role", "accent")
        go.clicked.connect(lambda: self._accept())
        self.beside = QPushButton(words("Beside one another"))
        self.beside.setProperty("role", "link")
        self.beside.clicked.connect(lambda: self._accept_beside())
        leave = QPushButton(words("Cancel"))
        leave.setProperty("role", "link")
        leave.clicked.connect(lambda: self.leave())
        last = QHBoxLayout()
        last.setSpacing(px(12))
        last.addWidget(go)
        last.addWidget(self.beside)
        last.addWidget(leave)
        last.addStretch(1)
        box = self._box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(14), px(12), px(14), px(12))
        box.setSpacing(px(8))
        box.addWidget(head)
        box.addWidget(field)
        box.addLayout(below)
        box.addLayout(last)

    def _fill(self, now: Any, options: Sequence[Option]) -> None:
        assert self.combo is not None
        one, words = self.one, self.look.words
        found: list[tuple[str, Any]]
        if one.kind == "flag":
            found = [(words("on"), True), (words("off"), False)]
        elif one.kind == "choice":
            found = [(self._said.choice(one.name, value), value) for value in one.choices]
        else:
            found = [(option.title, option.value) for option in options if option.available]
        self.combo.addItems([title for title, _ in found])
        self._values = [value for _, value in found]
        if now in self._values:  # offer another one
            self.combo.setCurrentIndex((self._values.index(now) + 1) % len(self._values))

    def sheet_rect(self) -> QRect:
        px, beside = self.look.px, self._beside
        width = min(max(px(300), self._box.totalMinimumSize().width()), self.width() - px(16))
        height = self._box.heightForWidth(width)
        left = max(px(8), min(beside.left() - px(8), self.width() - width - px(8)))
        below = beside.bottom() + px(6)
        top = below if below + height < self.height() else max(px(8), beside.top() - height - px(6))
        return QRect(QPoint(left, top), QPoint(left + width, top + height))

    def open(self) -> None:
        super().open()
        field = self.edit or self.combo
        assert field is not None
        field.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._accept()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: Any) -> None:
        """No veil: the run that it asks about stays in sight."""

    def _accept(self) -> None:
        self._do(lambda values: self._run(values[0]) if len(values) == 1 else self._several(values))

    def _accept_beside(self) -> None:
        """Run what is chosen beside one another; one value alone beside the present one."""
        if self.combo is not None and self.list is None and len(self._values) > 2:
            self._choose_several()
            return
        self._do(lambda values: self._several(
            [self._now, *values] if len(values) == 1 and values != [self._now] else values))

    def _choose_several(self) -> None:
        """A list in the place of the field, with the present value and the chosen one ticked."""
        assert self.combo is not None
        chosen = {self.combo.currentIndex()} | {
            at for at, value in enumerate(self._values) if value == self._now}
        made = self.list = QListWidget()
        made.setAccessibleName(self.combo.accessibleName())
        for at in range(self.combo.count()):
            item = QListWidgetItem(self.combo.itemText(at))
            item.setCheckState(Qt.CheckState.Checked if at in chosen else Qt.CheckState.Unchecked)
            made.addItem(item)
        made.itemChanged.connect(lambda _: self._below.setCurrentIndex(0))
        made.setCurrentRow(0)
        rows = min(made.count(), ROWS)
        made.setFixedHeight(rows * made.sizeHintForRow(0) + 2 * made.frameWidth())
        self._box.replaceWidget(self.combo, made)
        self.combo.hide()
        self._fit()
        made.setFocus()

    def _do(self, run: Callable[[list[Any]], object]) -> None:
        words = self.look.words
        try:
            run(self._asked())
        except (Unfit, Refusal) as problem:
            values = {**problem.values, "name": self._said.label(self.one.name)}
            self._problem.setText(words.tell(problem.message, values))
            self._below.setCurrentWidget(self._problem)
            return
        self.leave()

    def _asked(self) -> list[Any]:
        """The values that were chosen or typed."""
        if self.list is not None:
            return [value for at, value in enumerate(self._values)
                    if self.list.item(at).checkState() is Qt.CheckState.Checked]
        if self.combo is not None:
            return [self._values[self.combo.currentIndex()]]
        assert self.edit is not None
        typed = self.edit.text()
        if self.one.kind == "text":
            return [parse(self.one, typed)]
        return [parse(self.one, "off" if self.one.off is not None
                      and one.lower() in ("off", self.look.words("off")) else one)
                for one in pieces(typed, whole=self.one.kind == "integer")]


def pieces(typed: str, whole: bool = False) -> list[str]:
    """The numbers of a line such as ``0.8, 1.0, 1.5``, as they are parsed.

    A comma is a decimal one, as in ``0,8``, where something else stands between the numbers or there is
    but one number; never where they are ``whole``.
    """
    typed = typed.strip().replace("−", "-")
    apart = re.search(r"[;；，、\s]", typed) is not None
    decimal = not whole and "." not in typed and ", " not in typed and (apart or typed.count(",") == 1)
    if decimal:
        typed = typed.replace(",", ".")
    return [one for one in re.split(r"[;；，、,\s]+", typed) if one] or [""]
