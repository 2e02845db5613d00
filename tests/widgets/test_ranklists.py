"""Ranked lists: where each document is, and how it is moved and graded by hand and by keys."""

from __future__ import annotations

import pytest
from looking import look
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.picture import Picture
from widgets.pictures.ranklists import RankLists


def shown(qtbot: QtBot, scale: float = 1.0) -> tuple[RankLists, list[tuple[int, tuple[int, ...]]]]:
    widget = RankLists(look(scale=scale), "Lists")
    qtbot.addWidget(widget)
    widget.resize(round(360 * scale), round(180 * scale))
    widget.show()
    widget.draw([(0, 0, 1, 0), (3, 2, 0, 1)], names=["query 1", "query 2"], heads=("RR", "AP"),
                figures=[("0.33", "0.33"), ("1.00", "0.92")])
    got: list[tuple[int, tuple[int, ...]]] = []
    widget.arranged.connect(lambda *args: got.append(args))
    return widget, got


def test_that_a_document_is_found_where_it_is_drawn_and_says_its_place(qtbot: QtBot) -> None:
    widget, _ = shown(qtbot)
    for part in ((0, 0), (0, 3), (1, 2)):
        at = widget.place(part).center()
        assert widget.part_at(at.x(), at.y()) == part
    assert widget.part_at(widget.width() - 4, 60) is None
    said = widget.say((1, 1))
    assert "query 2" in said and "2" in said and "●●○" in said


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_dragged_document_takes_its_place_and_the_others_move_up(qtbot: QtBot, scale: float) -> None:
    widget, got = shown(qtbot, scale)
    start, end = (widget.place((1, at)).center().toPoint() for at in (0, 2))
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, end)
    assert got[-1] == (1, (2, 0, 3, 1)) and widget.lists[1] == (2, 0, 3, 1), "shown before anyone answers"
    qtbot.mouseMove(widget, end + QPoint(round(900 * scale), 0))
    assert got[-1] == (1, (2, 0, 1, 3))
    many = len(got)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)
    qtbot.mouseMove(widget, start)
    assert len(got) == many, "what was dragged was not clicked, and is let go"


def test_that_a_click_gives_the_next_grade(qtbot: QtBot) -> None:
    widget, got = shown(qtbot)
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place((0, 2)).center().toPoint())
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place((1, 0)).center().toPoint())
    assert got == [(0, (0, 0, 2, 0)), (1, (0, 2, 0, 1))]


def test_that_keys_walk_move_and_grade(qtbot: QtBot) -> None:
    widget, got = shown(qtbot)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (0, 0)
    for _ in range(2):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    qtbot.keyClick(widget, Qt.Key.Key_Left)
    assert got[-1] == (0, (0, 1, 0, 0)) and widget.current == (0, 1)
    qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert got[-1] == (0, (0, 2, 0, 0))
    for _ in range(9):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (1, 3)


def test_that_all_is_written_and_nothing_lies_on_something_else(qtbot: QtBot) -> None:
    widget, _ = shown(qtbot)
    Picture.recording = True
    try:
        widget.grab()
    finally:
        Picture.recording = False
    texts = [one.text for one in widget.written]
    assert {"query 1", "query 2", "RR", "AP", "0.33", "0.92"} <= set(texts)
    boxes = [one.box for one in widget.written]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
