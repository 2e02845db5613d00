"""A tree of tokens: every node where it is clicked, the newest column in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.picture import Picture
from widgets.pictures.tokentree import Node, TokenTree
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def shown(qtbot: QtBot, columns: int, rows: int = 5, width: int = 500) -> TokenTree:
    widget = TokenTree(Look(theme("light"), Words()), "Tree")
    qtbot.addWidget(widget)
    widget.resize(width, 240)
    widget.show()
    widget.draw("root", [[Node(f"{column}.{row}", 0, "cut" if row > 2 else "taken" if row == 0 else "open",
                               "12 %", "more") for row in range(rows)] for column in range(columns)])
    widget.grab()
    return widget


def test_that_a_click_names_the_node_under_it(qtbot: QtBot) -> None:
    widget = shown(qtbot, 9)
    for part in ((8, 0), (8, 4), (7, 2)):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
        assert tuple(got.args) == part


def test_that_the_newest_column_is_in_sight_and_the_first_ones_can_be_reached(qtbot: QtBot) -> None:
    widget = shown(qtbot, 12)
    assert widget.rect().contains(widget.place((11, 0)).toRect())
    assert widget.place((0, 0)).right() < 0
    qtbot.keyClick(widget, Qt.Key.Key_Left)
    for _ in range(12):
        qtbot.keyClick(widget, Qt.Key.Key_Left)
    assert widget.current == (0, 0) and widget.rect().contains(widget.place((0, 0)).toRect())
    assert "more" in widget.say((0, 0)) and "12 %" in widget.say((0, 0))


def test_that_nothing_is_cut(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        widget = shown(qtbot, 3, width=700)
        assert {"root", "0.0", "2.4", "12 %"} <= {one.text for one in widget.written}
        assert all(one.whole for one in widget.written)
    finally:
        Picture.recording = False
