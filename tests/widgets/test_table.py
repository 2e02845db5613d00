"""Rows of texts and bars."""

from __future__ import annotations

from looking import look, picture, pixels_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.table import Table


def table(qtbot: QtBot, height: int = 200) -> Table:
    widget = Table(look(), "Filters", [("", 0.1), ("n-grams", 0.6), ("votes", 0.3)])
    qtbot.addWidget(widget)
    widget.resize(320, height)
    widget.show()
    return widget


ROWS = [("1", ("not good", "was not"), 2.0), ("2", "none", -1.0), ("3", ("long",), 0.0)]


def test_that_a_click_names_the_row_under_it(qtbot: QtBot) -> None:
    widget = table(qtbot)
    widget.draw(ROWS)
    for index in range(3):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                             pos=widget.place(index).center().toPoint())
        assert got.args == [index]
    assert widget.part_at(10, widget.head) is None, "the head is no row"


def test_that_bars_go_right_for_what_is_positive_and_left_for_what_is_negative(qtbot: QtBot) -> None:
    widget = table(qtbot)
    widget.draw(ROWS)
    shot = picture(widget)
    blue, orange = (pixels_of(shot, widget.look.color(one)) for one in (0, 1))
    middle = (widget._left(2) + widget._left(3)) / 2
    assert blue.any() and orange.any()
    assert blue.nonzero()[1].min() >= middle - 1 >= orange.nonzero()[1].max() - 2
    assert blue.sum() > 1.5 * orange.sum(), "twice the number, twice the bar"
    assert blue.nonzero()[0].max() < orange.nonzero()[0].min()


def test_that_as_many_texts_are_written_as_have_room(qtbot: QtBot) -> None:
    widget = table(qtbot)
    widget.draw([("1", ("a" * 5, "b" * 60, "c"), 1.0)])
    with_long = picture(widget)
    widget.draw([("1", ("a" * 5,), 1.0)])
    assert (picture(widget) == with_long).all()
    widget.draw([("1", ("a" * 5, "b" * 6), 1.0)])
    assert (picture(widget) != with_long).any()
    assert widget.say(0) == "1   aaaaa · bbbbbb   1"


def test_that_the_wheel_and_the_keys_reach_rows_below_the_edge(qtbot: QtBot) -> None:
    widget = table(qtbot, 90)
    widget.draw([(str(one), "row", 1.0) for one in range(30)], selected=0)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(12):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == 11
    assert widget.place(11).bottom() <= widget.height() + 1
    with qtbot.waitSignal(widget.clicked) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert got.args == [11]


def test_that_heads_can_be_said_anew(qtbot: QtBot) -> None:
    widget = table(qtbot)
    widget.draw(ROWS)
    before = picture(widget)
    widget.draw(ROWS, heads=("", "n-grams", "bad ◂ ▸ good"))
    assert (picture(widget) != before).any() and widget.columns[2] == ("bad ◂ ▸ good", 0.3)


def test_that_a_row_is_brought_into_sight_whatever_the_size_becomes(qtbot: QtBot) -> None:
    widget = table(qtbot, 110)
    widget.draw([(str(one), ("row",), 1.0) for one in range(40)])
    widget.bring(30)
    for height in (110, 160, 90):
        widget.resize(320, height)
        picture(widget)
        assert widget._top <= widget.place(30).top() and widget.place(30).bottom() <= height
