"""A field of arrows: one from each place, as long as the pull, and points that follow the pointer."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.pullfield import PullField

PLACES = np.array([[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]])


def shown(qtbot: QtBot, first: float = 1.0, second: float = 0.0) -> PullField:
    """Arrows to the right, the first series' so long and the second's so long."""
    made = PullField(look(), "Pull", reach=2.0)
    qtbot.addWidget(made)
    made.resize(400, 260)
    made.show()
    vectors = np.zeros((2, 4, 2))
    vectors[0, :, 0], vectors[1, :, 0] = first, second
    made.draw_field(PLACES, vectors, np.array([[-1.0, 1.0], [0.5, -9.0]]), ["one", "two"],
                    axes=("across", "up"))
    return made


def test_that_arrows_are_as_long_as_the_pull(qtbot: QtBot) -> None:
    inks = [pixels_of(picture(widget), widget.look.color(1)).sum()
            for widget in (shown(qtbot, 1.0, length) for length in (0.0, 0.5, 1.0))]
    assert inks[0] < inks[1] < inks[2]


def test_that_a_point_follows_the_pointer_where_the_plane_is_no_square(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    assert widget.tips[1].tolist() == [0.5, -2.0], "what lies outside is at the edge"
    told: list[tuple[int, float, float]] = []
    widget.dragged.connect(lambda *values: told.append(values))
    at = widget.place(0).center().toPoint()
    goal = widget._at(1.2, -0.4).toPoint()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(widget, goal)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=goal)
    assert told[-1] == pytest.approx((0, 1.2, -0.4), abs=0.02)
    count = len(told)
    qtbot.mouseMove(widget, QPoint(20, 60))
    assert len(told) == count


def test_that_keys_take_a_point_and_move_it(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == 0 and "across" in widget.say(0)
    qtbot.keyClick(widget, Qt.Key.Key_Return)
    with qtbot.waitSignal(widget.dragged) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Up)
    assert got.args == pytest.approx([0, -1.0, 1.1])
