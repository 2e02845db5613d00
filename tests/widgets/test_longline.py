"""A field for one line of any length, all of which is seen."""

from __future__ import annotations

import pytest
from looking import look
from PySide6.QtCore import QMimeData, Qt
from pytestqt.qtbot import QtBot

from widgets.controls.fields import LongLine
from widgets.theme.style import font


@pytest.fixture
def field(qtbot: QtBot) -> LongLine:
    made = LongLine()
    made.setFont(font(look(), 13))
    qtbot.addWidget(made)
    made.resize(220, 30)
    made.show()
    return made


def test_that_a_long_line_goes_on_below(field: LongLine, qtbot: QtBot) -> None:
    one = field.height()
    field.setText("A name of a moment that is far too long for a single line of the list")
    assert field.height() > 1.8 * one and field.verticalScrollBar().maximum() == 0
    field.setText("Short")
    assert field.height() == one
    qtbot.keyClicks(field, " and then typed on until it needs another line")
    assert field.height() > one and field.verticalScrollBar().maximum() == 0


def test_that_only_what_the_user_writes_is_told(field: LongLine, qtbot: QtBot) -> None:
    told: list[str] = []
    field.edited.connect(told.append)
    field.setText("set")
    assert told == [] and field.text() == "set"
    field.selectAll()
    qtbot.keyClicks(field, "ab")
    assert told[-1] == "ab" == field.text()


def test_that_it_has_no_line_breaks(field: LongLine, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setText("two\nlines\tand  blanks")
    field.insertFromMimeData(data)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "two lines and blanks" and not field.hasFocus()
