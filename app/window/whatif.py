"""The field that asks "What if this control were …?", above the control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
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


class WhatIfField(Overlay):
    """Asks for the other value of one control; Enter runs the what-if, Esc leaves.

    Args:
        one: the control's parameter, and ``now``, its value.
        beside: the control's rectangle in the window.
        run: is given the value; a ``Refusal`` or ``Unfit`` of it is shown here.
        options: of a source.
    """

    def __init__(
        self, look: Look, said: Said, one: Parameter, now: Any, beside: QRect,
        run: Callable[[Any], object], window: QWidget, options: Sequence[Option] = (),
    ) -> None:
        super().__init__(look, window)
        self._said, self.one, self._beside, self._run = said, one, beside, run
        words, px = look.words, look.px
        self.setAccessibleName(words("What if"))
        head = QLabel(words("What if {label} were …?", label=said.label(one.name)))
        head.setFont(font(look, 14, bold=True))
        head.setWordWrap(True)
        about = QLabel(words("This run again from its start, with the same seed and data; the run "
                             "that is there stays as a ghost."))
        about.setProperty("role", "quiet")
        about.setWordWrap(True)
        self.edit: QLineEdit | None = None
        self.combo: QComboBox | None = None
        self._values: list[Any] = []
        field: QWidget
        if one.kind in ("number", "integer", "text"):
            field = self.edit = QLineEdit(said.value(one.name, now))
            self.edit.selectAll()
        else:
            field = self.combo = QComboBox()
            self._fill(now, options)
        field.setAccessibleName(head.text())
        self._problem = QLabel()
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
        leave = QPushButton(words("Cancel"))
        leave.setProperty("role", "link")
        leave.clicked.connect(lambda: self.leave())
        last = QHBoxLayout()
        last.setSpacing(px(12))
        last.addWidget(go)
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
        width = min(px(300), self.width() - px(16))
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
        words = self.look.words
        try:
            value = self._value()
            self._run(value)
        except (Unfit, Refusal) as problem:
            values = {**problem.values, "name": self._said.label(self.one.name)}
            self._problem.setText(words.tell(problem.message, values))
            self._below.setCurrentWidget(self._problem)
            return
        self.leave()

    def _value(self) -> Any:
        if self.combo is not None:
            return self._values[self.combo.currentIndex()]
        assert self.edit is not None
        typed = self.edit.text()
        if self.one.kind == "text":
            return parse(self.one, typed)
        typed = typed.strip().replace("−", "-").replace(",", ".")
        off = self.one.off is not None and typed.lower() in ("off", self.look.words("off"))
        return parse(self.one, "off" if off else typed)
