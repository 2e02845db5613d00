"""Two rankings side by side: where each thing is, and how it is graded by hand and by keys."""

from __future__ import annotations

import pytest
from looking import look
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.picture import Picture
from widgets.pictures.ranks import QUIET, RankColumns


def shown(qtbot: QtBot, count: int = 5, scale: float = 1.0, graded: bool = True) -> RankColumns:
    widget = RankColumns(look(scale=scale), "Cases")
    qtbot.addWidget(widget)
    widget.resize(round(420 * scale), round(220 * scale))
    widget.show()
    widget.draw([f"thing {one}" for one in range(count)], range(count), range(count)[::-1],
                heads=("words", "elements"), series=[0, 1, *[QUIET] * (count - 2)],
                grades=[3, 0, *[1] * (count - 2)] if graded else (), selected=0)
    return widget


def test_that_a_row_is_found_where_it_is_drawn_and_says_both_its_places(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    for side in (0, 1):
        for row in range(5):
            at = widget.place((side, row)).center()
            assert widget.part_at(at.x(), at.y()) == (side, row)
    assert widget.part_at(widget.width() / 2, 100) is None
    assert widget.thing((0, 1)) == widget.thing((1, 3)) == 1
    said = widget.say((0, 1))
    assert "thing 1" in said and "words 2" in said and "elements 4" in said and "○○○" in said


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_row_dragged_sideways_is_graded_anew(qtbot: QtBot, scale: float) -> None:
    widget = shown(qtbot, scale=scale)
    got: list[tuple[int, int]] = []
    widget.graded.connect(lambda *args: got.append(args))
    start = widget.place((0, 1)).center().toPoint()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, start + QPoint(round(30 * scale), 0))
    assert got[-1] == (1, 2) and widget.grades[1] == 2, "shown before anyone answers"
    qtbot.mouseMove(widget, start + QPoint(round(300 * scale), 0))
    assert got[-1] == (1, 3)
    with qtbot.assertNotEmitted(widget.clicked):
        qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start + QPoint(round(300 * scale), 0))
    count = len(got)
    qtbot.mouseMove(widget, start)
    assert len(got) == count


def test_that_a_click_names_the_thing_and_grades_nothing(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    with qtbot.waitSignal(widget.clicked) as got, qtbot.assertNotEmitted(widget.graded):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place((1, 0)).center().toPoint())
    assert got.args == [4]


def test_that_keys_walk_through_both_columns_and_grade(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.setFocus()
    rows = []
    for _ in range(10):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
        rows.append(widget.current)
    assert rows == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4)]
    with qtbot.waitSignal(widget.graded) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Left)
    assert got.args == [0, 2], "the last on the right is the first on the left"
    with qtbot.waitSignal(widget.clicked) as clicked:
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert clicked.args == [0]


def test_that_without_grades_the_arrows_change_sides(qtbot: QtBot) -> None:
    widget = shown(qtbot, graded=False)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == (1, 0)


def test_that_rows_are_fewer_and_never_thinner(qtbot: QtBot) -> None:
    widget = shown(qtbot, count=30)
    assert widget.place((0, 0)).height() >= widget.text_height(12)
    assert widget.reel.length > widget.reel.room
    Picture.recording = True
    try:
        widget.grab()
        assert all(text.whole for text in widget.written)
        boxes = [text.box for text in widget.written]
        assert not any(a.adjusted(1, 3, -1, -3).intersects(b) for a in boxes for b in boxes if a is not b)
    finally:
        Picture.recording = False
