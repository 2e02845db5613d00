"""Bars that are dragged: the value under the hand, by mouse and by keys."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.dragbars import BarRow, DragBars, unit_row
from widgets.pictures.picture import Picture


def shown(qtbot: QtBot, scale: float = 1.0) -> DragBars:
    widget = DragBars(look(scale=scale), "Cell")
    qtbot.addWidget(widget)
    widget.resize(round(420 * scale), round(220 * scale))
    widget.show()
    widget.draw([
        BarRow("h₋₁", np.array([-0.5, 0.2]), "", -1.0, 1.0, (0, 1), True),
        BarRow("z", np.array([0.3, 0.5]), "", 0.0, 1.0, 2, True),
        BarRow("h", np.array([0.1, -0.8]), "sum", -1.0, 1.0, 1),
    ])
    return widget


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_dragged_bar_follows_the_hand(qtbot: QtBot, scale: float) -> None:
    widget = shown(qtbot, scale)
    got: list[tuple[int, int, float]] = []
    widget.dragged.connect(lambda *args: got.append(args))
    track = widget._track((1, 1))
    y = round(track.center().y())
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(round(track.center().x()), y))
    assert got[-1][:2] == (1, 1) and got[-1][2] == pytest.approx(0.5, abs=0.03)
    qtbot.mouseMove(widget, QPoint(widget.width() + 50, 5))
    assert widget.rows[1].values.tolist() == [0.3, 1.0], "shown before anyone answers"
    assert got[-1] == (1, 1, 1.0), "beyond the end is the end, and the hand may leave the row"
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    count = len(got)
    qtbot.mouseMove(widget, QPoint(round(track.left()), y))
    assert len(got) == count


def test_that_a_range_from_below_zero_is_dragged_over_its_whole_length(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    track = widget._track((0, 0))
    with qtbot.waitSignal(widget.dragged) as got:
        qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(
            round(track.left()), round(track.center().y())))
    assert got.args[2] == pytest.approx(-1.0, abs=0.03)


def test_that_a_computed_bar_cannot_be_dragged(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    with qtbot.assertNotEmitted(widget.dragged), qtbot.waitSignal(widget.clicked) as got:
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                         pos=widget.place((2, 0)).center().toPoint())
    assert got.args == [2, 0]


def test_that_keys_move_bars_and_walk_between_them(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (0, 0)
    with qtbot.waitSignal(widget.dragged) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert got.args == [0, 0, -0.45]
    for _ in range(3):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (1, 1)
    with qtbot.waitSignal(widget.dragged) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Left)
    assert got.args == [1, 1, 0.45]
    for _ in range(9):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (2, 1), "the last bar is the end"
    with qtbot.assertNotEmitted(widget.dragged):
        qtbot.keyClick(widget, Qt.Key.Key_Left)
    assert widget.current == (2, 0)


def test_that_a_bar_is_as_long_as_its_value(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    lengths = []
    for value in (0.25, 0.75):
        widget.draw([unit_row("h", value, "sum", series=1)])
        lengths.append(pixels_of(picture(widget), widget.look.color(1)).sum())
    assert lengths[1] == pytest.approx(3 * lengths[0], rel=0.1)


def test_that_what_is_held_by_hand_is_set_off(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw([unit_row("z", 0.5, draggable=True)])
    free = picture(widget)
    widget.draw([unit_row("z", 0.5, draggable=True, held=True)])
    assert not np.array_equal(free, picture(widget))


def test_that_names_stand_above_the_columns_and_rows_have_their_own_step(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    widget = shown(qtbot)
    first = widget.place((0, 0)).top()
    widget.draw([BarRow("z", np.array([2.0, -1.0]), "", -8.0, 8.0, draggable=True, step=0.25)],
                names=["cat", "dog"])
    assert widget.place((0, 0)).top() > first
    picture(widget)
    assert {"cat", "dog"} <= {one.text for one in widget.written}
    assert "dog" in widget.say((0, 1))
    with qtbot.waitSignal(widget.dragged) as got:
        widget.drag((0, 1), 1, 0, False)
    assert got.args == [0, 1, -0.75]
