"""Words on an axis: each stands where its value is, and goes to another row by hand or by keys."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.wordaxis import WordAxis

WORDS = ("violin", "flute", "gun", "sword", "spare")
VALUES = np.array([0.3, 0.31, -0.4, -0.1, 0.0])


def shown(qtbot: QtBot, scale: float = 1.0, width: int = 420) -> WordAxis:
    widget = WordAxis(look(scale=scale), "Words")
    qtbot.addWidget(widget)
    widget.resize(round(width * scale), round(260 * scale))
    widget.show()
    widget.draw(WORDS, VALUES, (0, 0, 1, 1, 2), row_names=("instruments", "weapons", "left out"),
                ends=("unpleasant", "pleasant"))
    return widget


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_marks_stand_where_their_values_are(qtbot: QtBot, scale: float) -> None:
    widget = shown(qtbot, scale)
    spots, sides = widget._places()
    x = np.array([spot.x() for spot in spots])
    assert np.allclose(np.polyval(np.polyfit(VALUES, x, 1), VALUES), x), "one scale for all"
    assert x[4] == pytest.approx(widget.width() / 2), "zero is in the middle"
    assert all(sides), "there is room for five"
    boxes = [widget.place(one) for one in range(5)]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_that_words_without_room_leave_their_marks(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    many = [f"instrument{one}" for one in range(40)]
    widget.draw(many, np.linspace(0.1, 0.12, 40), [0] * 40, row_names=("X", "Y", "out"))
    spots, sides = widget._places()
    hidden = [one for one, side in enumerate(sides) if not side]
    assert 0 < len(hidden) < 40
    written = [widget.place(one) for one, side in enumerate(sides) if side]
    assert not any(box.contains(spots[one]) for one in hidden for box in written)
    assert widget.part_at(spots[hidden[0]].x(), spots[hidden[0]].y()) in hidden


def test_that_a_word_is_dragged_to_another_row(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    at = widget.place(2).center().toPoint()
    with qtbot.waitSignal(widget.moved) as got, qtbot.assertNotEmitted(widget.clicked):
        qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseMove(widget, QPoint(30, 30))
        target = widget._slot(0).center().toPoint()
        qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=target)
    assert got.args == [2, 0] and widget.rows[2] == 0, "shown before anyone answers"


def test_that_a_click_chooses_and_moves_nothing(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    with qtbot.waitSignal(widget.clicked) as got, qtbot.assertNotEmitted(widget.moved):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(3).center().toPoint())
    assert got.args == [3]


def test_that_keys_walk_from_word_to_word_and_move_one(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.setFocus()
    for _ in range(2):
        qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == 1
    with qtbot.waitSignal(widget.moved) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert got.args == [1, 1]
    with qtbot.waitSignal(widget.moved) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert got.args == [1, 2]
    with qtbot.assertNotEmitted(widget.moved):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert "left out" in widget.say(1) and "+0.310" in widget.say(1)
