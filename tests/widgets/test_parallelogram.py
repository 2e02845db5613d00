"""The corners of the parallelogram: dragged, clicked, and moved by keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.parallelogram import Parallelogram
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

POINTS = np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0], [3.0, 2.2], [1.5, 1.0]])


@pytest.fixture
def drawn(qtbot: QtBot) -> Parallelogram:
    widget = Parallelogram(Look(theme("light"), Words()), "king − man + woman")
    qtbot.addWidget(widget)
    widget.resize(400, 320)
    widget.show()
    widget.draw(POINTS, ["king", "man", "woman", "queen", "boy"], corners=(0, 1, 2),
                target=np.array([3.0, 2.0]), answer=3, near=[3], pairs=[(1, 4)],
                values=np.array([0.9, 0.1, 0.7, 0.95, 0.2]))
    return widget


def at(widget: Parallelogram, part: int) -> QPoint:
    return widget.place(part).center().toPoint()


def test_that_a_corner_is_dragged_to_another_word(qtbot: QtBot, drawn: Parallelogram) -> None:
    with qtbot.waitSignal(drawn.moved) as sent:
        qtbot.mousePress(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 2))
        qtbot.mouseMove(drawn, at(drawn, 4))
        drawn.grab()  # painted while it is dragged
        qtbot.mouseRelease(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 4))
    assert sent.args == [2, 4] and drawn.held == -1


def test_that_a_drag_into_the_void_changes_nothing(qtbot: QtBot, drawn: Parallelogram) -> None:
    with qtbot.assertNotEmitted(drawn.moved), qtbot.assertNotEmitted(drawn.clicked):
        qtbot.mousePress(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 0))
        qtbot.mouseMove(drawn, at(drawn, 0) + QPoint(60, 30))
        qtbot.mouseRelease(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 0) + QPoint(60, 30))
    assert drawn.held == -1


def test_that_a_click_takes_a_corner_and_the_next_one_puts_it(qtbot: QtBot, drawn: Parallelogram) -> None:
    qtbot.mouseClick(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 1))
    assert drawn.held == 1
    with qtbot.waitSignal(drawn.moved) as sent:
        qtbot.mouseClick(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 4))
    assert sent.args == [1, 4]
    with qtbot.waitSignal(drawn.clicked) as clicked:
        qtbot.mouseClick(drawn, Qt.MouseButton.LeftButton, pos=at(drawn, 3))
    assert clicked.args == [3]


def test_that_keys_do_what_the_mouse_does(qtbot: QtBot, drawn: Parallelogram) -> None:
    drawn.setFocus()
    qtbot.keyClick(drawn, Qt.Key.Key_Right)
    assert drawn.current == 0
    qtbot.keyClick(drawn, Qt.Key.Key_Return)
    assert drawn.held == 0
    qtbot.keyClick(drawn, Qt.Key.Key_Escape)
    assert drawn.held == -1
    qtbot.keyClick(drawn, Qt.Key.Key_Return)
    while drawn.current != 4:
        qtbot.keyClick(drawn, Qt.Key.Key_Right)
    with qtbot.waitSignal(drawn.moved) as sent:
        qtbot.keyClick(drawn, Qt.Key.Key_Return)
    assert sent.args == [0, 4]


def test_that_distances_on_the_screen_are_those_of_the_plane(drawn: Parallelogram) -> None:
    spots = drawn.on_screen(POINTS)
    apart = np.linalg.norm(spots[:, None] - spots, axis=2)
    true = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
    scale = apart[0, 1] / true[0, 1]
    assert np.allclose(apart, true * scale)
    assert spots[0, 1] < spots[1, 1], "upwards"
    assert drawn.say(0) == "+ king   0.90" and drawn.say(4) == "boy   0.20"
