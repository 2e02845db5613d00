"""A sheet on which the question of a moment's own is written: its answers, and when each is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.files.lecture import LONGEST_EXPRESSION, LONGEST_NOTE, Moment
from app.session.tours import Answer, Ask, BadExpression, check
from app.window.palette import Overlay
from visualizers.catalog import panel
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.theme.words import LANGUAGES
from widgets.views.cards import Switch

ANSWERS = 4
SHORT = {"en": "EN", "zh": "中文"}


@dataclass
class _Written:
    """An answer while it is written: its texts by language, and its expression."""

    say: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    right: str = ""


class QuestionSheet(Overlay):
    """Edits the question and the expectation of a moment.

    Args:
        done: is given the question, None for none, and the expectation, empty for that of the tour.
    """

    def __init__(
        self, look: Look, moment: Moment, done: Callable[[Ask | None, str], object], window: QWidget
    ) -> None:
        super().__init__(look, window)
        words, px = look.words, look.px
        self._moment, self._done, self.language = moment, done, words.language
        ask = moment.ask
        self._say = dict(ask.say) if ask else {}
        self._answers = [_Written(dict(one.say), dict(one.why), one.right)
                         for one in (ask.answers if ask else ())]
        self._answers += [_Written() for _ in range(ANSWERS - len(self._answers))]
        self.setAccessibleName(words("Question of the moment"))
        head = QLabel(words("Question of the moment"))
        head.setFont(font(look, 17, bold=True))
        self.switch = Switch(look, list(SHORT.values()))
        self.switch.setAccessibleName(words("Language of the question"))
        self.switch.set(list(LANGUAGES).index(self.language))
        self.switch.chosen.connect(self._speak)
        top = QHBoxLayout()
        top.addWidget(head, 1)
        top.addWidget(self.switch)
        self.question = self._field(words("What is asked"), LONGEST_NOTE)
        self.expect = self._field(words("What must be true of the moment (none: that of the tour)"),
                                  LONGEST_EXPRESSION, mono=True)
        self.expect.setText(moment.expect)
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(6))
        for column, (name, wide) in enumerate(((words("Answer"), 5), (words("Right when"), 4),
                                               (words("What is mistaken about it"), 5))):
            grid.addWidget(self._quiet(name), 0, column)
            grid.setColumnStretch(column, wide)
        self.rows: list[tuple[QLineEdit, QLineEdit, QLineEdit]] = []
        for number in range(1, ANSWERS + 1):
            row = (self._field(words("Answer {number}", number=number), LONGEST_NOTE),
                   self._field(words("When answer {number} is right", number=number), LONGEST_EXPRESSION,
                               mono=True),
                   self._field(words("What is mistaken about answer {number}", number=number), LONGEST_NOTE))
            for column, edit in enumerate(row):
                grid.addWidget(edit, number, column)
            self.rows.append(row)
        names = self._quiet(words("What can be computed with: {names}. Of the answers exactly one is right: "
                                  "accuracy > 0.5, and accuracy <= 0.5.", names=_names(moment)))
        names.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().height())
        self.accept = QPushButton(words("Use it"))
        self.accept.setProperty("role", "accent")
        self.accept.clicked.connect(lambda: self._accept())
        self.none = QPushButton(words("No question of its own"))
        self.none.setProperty("role", "link")
        self.none.clicked.connect(lambda: self._finish(None))
        leave = QPushButton(words("Cancel"))
        leave.setProperty("role", "link")
        leave.clicked.connect(lambda: self.leave())
        last = QHBoxLayout()
        last.setSpacing(px(16))
        for button in (self.accept, self.none, leave):
            last.addWidget(button)
        last.addStretch(1)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(24), px(18), px(24), px(18))
        box.setSpacing(px(8))
        box.addLayout(top)
        box.addWidget(self.question)
        box.addLayout(grid)
        box.addWidget(names)
        box.addWidget(self._quiet(words("Expectation")))
        box.addWidget(self.expect)
        box.addWidget(self.problem)
        box.addLayout(last)
        self._show()

    def sheet_rect(self) -> QRect:
        px = self.look.px
        wide = min(px(860), self.width() - px(24))
        high = min(self.sheet.sizeHint().height(), self.height() - px(24))
        return QRect((self.width() - wide) // 2, (self.height() - high) // 2, wide, high)

    def open(self) -> None:
        super().open()
        self.question.setFocus()

    def _quiet(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "quiet")
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _field(self, name: str, most: int, *, mono: bool = False) -> QLineEdit:
        edit = QLineEdit()
        edit.setFont(font(self.look, 12, mono=mono))
        edit.setMaxLength(most)
        edit.setPlaceholderText(name)
        edit.setAccessibleName(name)
        return edit

    def _show(self) -> None:
        self.question.setText(self._say.get(self.language, ""))
        for (say, right, why), one in zip(self.rows, self._answers, strict=True):
            say.setText(one.say.get(self.language, ""))
            right.setText(one.right)
            why.setText(one.why.get(self.language, ""))
        for edit in (self.question, *(each for row in self.rows for each in row)):
            edit.setCursorPosition(0)

    def _take(self) -> None:
        """What the fields hold, in the language that is written."""
        _put(self._say, self.language, self.question.text())
        for (say, right, why), one in zip(self.rows, self._answers, strict=True):
            _put(one.say, self.language, say.text())
            _put(one.why, self.language, why.text())
            one.right = right.text().strip()

    def _speak(self, index: int) -> None:
        self._take()
        self.language = list(LANGUAGES)[index]
        self._show()

    def _accept(self) -> None:
        self._take()
        words, answers = self.look.words, [one for one in self._answers if one.say or one.right]
        if not self._say or len(answers) < 2 or not all(one.say and one.right for one in answers):
            self.problem.setText(words("Write the question and two to four answers, each with an expression "
                                       "that says when it is right."))
            return
        old = self._moment.ask
        self._finish(Ask(
            dict(self._say), tuple(Answer(dict(one.say), one.right, dict(one.why)) for one in answers),
            *((old.sketch, old.curve, old.range) if old is not None else ())))

    def _finish(self, ask: Ask | None) -> None:
        """Whatever is computed must be what a tour may compute."""
        expect = self.expect.text().strip()
        for one in (expect, *(each.right for each in (ask.answers if ask is not None else ()))):
            try:
                if one:
                    check(one)
            except BadExpression:
                self.problem.setText(self.look.words(
                    "{expression} is no expression that can be computed; write one such as loss < 1.",
                    expression=one[:80]))
                return
        self.leave()
        self._done(ask, expect)


def _put(texts: dict[str, str], language: str, text: str) -> None:
    if text.strip():
        texts[language] = text.strip()
    else:
        texts.pop(language, None)


def _names(moment: Moment) -> str:
    """What was observed and can be computed with: the scalars, and the numbers of the frame."""
    one: Any = panel(moment.panel)
    numbers = [each.name for each in fields(one.frame) if each.type in ("float", "int", "bool")]
    return ", ".join(dict.fromkeys([*one.scalars, *numbers, "step"]))
