"""A terminal: lines above, a line to type into below."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.pictures.terminal import ERROR, NOTE, OUT, TYPED, Line, Terminal, broken

LINES = (Line(TYPED, "ls", "me@here:~$ "), Line(OUT, "a.txt"), Line(ERROR, "ls: no"), Line(NOTE, "a note"))


def choices(text: str) -> tuple[str, tuple[str, ...]]:
    return (text + "e", ()) if text.endswith("on") else (text, ("one", "two"))


def terminal(qtbot: QtBot) -> Terminal:
    widget = Terminal(look(), "Task", hint="Type", name="Command line")
    qtbot.addWidget(widget)
    widget.resize(420, 300)
    widget.show()
    widget.draw(LINES, "me@here:~$", ("first", "second"), choices)
    QApplication.processEvents()
    return widget


def test_that_enter_hands_the_line_on_and_empties_it(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    qtbot.keyClicks(widget.line, "echo r f w")
    assert widget.line.text() == "echo r f w", "the letters are typed, whatever they do elsewhere"
    with qtbot.waitSignal(widget.entered) as got:
        qtbot.keyClick(widget.line, Qt.Key.Key_Return)
    assert got.args == ["echo r f w"] and widget.line.text() == ""


def test_that_up_and_down_go_through_what_was_typed_and_come_back(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    line = widget.line
    qtbot.keyClicks(line, "new")
    seen = []
    for key in [Qt.Key.Key_Up] * 3 + [Qt.Key.Key_Down] * 3:
        qtbot.keyClick(line, key)
        seen.append(line.text())
    assert seen == ["second", "first", "first", "second", "new", "new"]


def test_that_tab_completes_or_shows_the_choices(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    qtbot.keyClicks(widget.line, "on")
    qtbot.keyClick(widget.line, Qt.Key.Key_Tab)
    assert widget.line.text() == "one" and widget.output.below == ""
    widget.line.setText("x")
    qtbot.keyClick(widget.line, Qt.Key.Key_Tab)
    assert widget.line.text() == "x" and widget.output.below == "one   two"
    qtbot.keyClicks(widget.line, "y")
    assert widget.output.below == "", "typing on takes the choices away"


def test_that_tab_leaves_an_empty_line_and_shift_tab_every_line(qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    column = QVBoxLayout(around)
    before, widget, after = QLineEdit(), Terminal(look(), "Task", hint="", name="line"), QLineEdit()
    for one in (before, widget, after):
        column.addWidget(one)
    around.show()
    around.activateWindow()
    qtbot.waitUntil(around.isActiveWindow)
    widget.line.setFocus()
    qtbot.keyClick(widget.line, Qt.Key.Key_Tab)
    assert after.hasFocus()
    widget.line.setFocus()
    widget.line.setText("text")
    qtbot.keyClick(widget.line, Qt.Key.Key_Tab)
    assert widget.line.hasFocus()
    qtbot.keyClick(widget.line, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert not widget.line.hasFocus()


@pytest.mark.parametrize(("key", "said"), [
    (Qt.Key.Key_C, "^C"), (Qt.Key.Key_D, "^D"), (Qt.Key.Key_L, "clear")])
def test_that_keys_of_a_terminal_are_said_as_text(qtbot: QtBot, key: Qt.Key, said: str) -> None:
    widget = terminal(qtbot)
    with qtbot.waitSignal(widget.entered) as got:
        qtbot.keyClick(widget.line, key, Qt.KeyboardModifier.ControlModifier)
    assert got.args == [said]


def test_that_a_selection_is_copied_and_no_line_is_ended(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    widget.line.setText("copy me")
    widget.line.selectAll()
    with qtbot.assertNotEmitted(widget.entered):
        qtbot.keyClick(widget.line, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "copy me"


def test_that_several_lines_are_pasted_as_several(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    QApplication.clipboard().setText("for x in a; do\necho $x\ndone\nls")
    with qtbot.waitSignal(widget.entered) as got:
        qtbot.keyClick(widget.line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert got.args == ["for x in a; do\necho $x\ndone"] and widget.line.text() == "ls"


def test_that_a_click_on_a_typed_line_brings_it_back(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    screen = widget.output
    qtbot.mouseClick(screen, Qt.MouseButton.LeftButton, pos=screen.place(0).center().toPoint())
    assert widget.line.text() == "ls"
    widget.line.clear()
    qtbot.mouseClick(screen, Qt.MouseButton.LeftButton, pos=screen.place(1).center().toPoint())
    assert widget.line.text() == "", "what a program wrote is not typed"


def test_that_the_arrows_read_the_lines(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    screen = widget.output
    screen.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(screen, Qt.Key.Key_Up)
    assert screen.accessibleDescription() == "a note"
    for _ in range(3):
        qtbot.keyClick(screen, Qt.Key.Key_Up)
    assert screen.accessibleDescription() == "me@here:~$ ls"


def test_that_errors_and_notes_are_told_apart_from_results_by_more_than_ink(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    screen = widget.output
    shot = picture(screen)
    bar = pixels_of(shot, screen.look.color("warning"))[:, : screen._gutter - 1]
    rows = np.flatnonzero(bar.any(1))
    assert len(rows) and screen.place(2).top() <= rows[0] and rows[-1] <= screen.place(2).bottom()
    wash = pixels_of(shot, screen.look.color("accent_wash"), 2)
    assert wash[round(screen.place(3).center().y()), 2] and not wash[round(screen.place(1).center().y()), 2]


def test_that_the_newest_line_is_in_sight_and_the_wheel_goes_back(qtbot: QtBot) -> None:
    widget = terminal(qtbot)
    screen = widget.output
    widget.draw([Line(OUT, f"row {at}") for at in range(100)], "$", (), choices)
    picture(screen)
    assert screen.height() - 4 * screen._row < screen.place(99).bottom() <= screen.height()
    assert screen.part_at(40, screen.height() - 4) == 99
    screen.beside(50, 0, -1)
    assert screen.head <= screen.place(49).top() < screen.height()


@pytest.mark.parametrize(("line", "most", "rows"), [
    (Line(OUT, "abcdef"), 4, ["abcd", "ef"]), (Line(OUT, ""), 4, [""]), (Line(OUT, "abcd"), 4, ["abcd"]),
    (Line(NOTE, "ab cd ef"), 6, ["ab cd ", "ef"]), (Line(OUT, "机器学习"), 4, ["机器", "学习"]),
    (Line(TYPED, "ls", "me$ "), 5, ["me$ l", "s"]), (Line(OUT, "a\tb"), 20, ["a       b"]),
])
def test_that_long_lines_go_on_in_the_next_row(line: Line, most: int, rows: list[str]) -> None:
    assert [text for text, _ in broken(line, most)] == rows
    assert sum(lead for _, lead in broken(line, most)) == len(line.prompt)
