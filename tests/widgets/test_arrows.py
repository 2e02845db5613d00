"""Arrows: what is taken at its tip follows the pointer and the keys, and what stands fast does not."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.arrows import Arrows
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

TIPS = np.array([[1.0, 1.0], [-1.5, 0.5], [0.5, -1.0]])


@pytest.fixture
def arrows(qtbot: QtBot) -> Arrows:
    made = Arrows(Look(theme("light"), Words("en")), "Vectors", reach=2.0)
    qtbot.addWidget(made)
    made.resize(300, 280)
    made.show()
    made.draw(TIPS, ["q", "k", "o"], series=[0, 1, 2], fixed=[2])
    return made


def at(arrows: Arrows, part: int) -> QPoint:
    return arrows.place(part).center().toPoint()


def test_that_a_tip_follows_the_pointer_and_stays_in_the_plane(arrows: Arrows, qtbot: QtBot) -> None:
    told: list[tuple[int, float, float]] = []
    arrows.dragged.connect(lambda *values: told.append(values))
    qtbot.mousePress(arrows, Qt.MouseButton.LeftButton, pos=at(arrows, 0))
    qtbot.mouseMove(arrows, at(arrows, 1) + QPoint(0, 20))
    assert told[-1][0] == 0 and told[-1][1] == pytest.approx(-1.5, abs=0.03) and told[-1][2] < 0.5
    qtbot.mouseMove(arrows, QPoint(299, 5))
    assert told[-1] == (0, 2.0, 2.0)
    qtbot.mouseRelease(arrows, Qt.MouseButton.LeftButton, pos=QPoint(299, 5))
    count = len(told)
    qtbot.mouseMove(arrows, QPoint(100, 100))
    assert len(told) == count and tuple(arrows.tips[0]) == (2.0, 2.0)


def test_that_what_stands_fast_is_not_dragged(arrows: Arrows, qtbot: QtBot) -> None:
    told: list[object] = []
    arrows.dragged.connect(lambda *values: told.append(values))
    qtbot.mousePress(arrows, Qt.MouseButton.LeftButton, pos=at(arrows, 2))
    qtbot.mouseMove(arrows, QPoint(50, 60))
    qtbot.mouseRelease(arrows, Qt.MouseButton.LeftButton, pos=QPoint(50, 60))
    assert not told and not arrows.drag(2, 1, 0, False)


def test_that_keys_walk_from_tip_to_tip_and_move_the_one_that_is_taken(
    arrows: Arrows, qtbot: QtBot,
) -> None:
    def press(*keys: Qt.Key, fine: bool = False) -> None:
        for key in keys:
            qtbot.keyClick(arrows, key, Qt.KeyboardModifier.ShiftModifier if fine
                           else Qt.KeyboardModifier.NoModifier)

    press(Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert arrows.current == 1 and tuple(arrows.tips[1]) == (-1.5, 0.5)
    press(Qt.Key.Key_Return, Qt.Key.Key_Right)
    press(Qt.Key.Key_Up, fine=True)
    assert arrows.current == 1 and tuple(arrows.tips[1]) == (-1.4, 0.52)
    assert arrows.say(1) == "k   (−1.40, 0.52)"
    press(Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Left)
    assert arrows.current == 1 and tuple(arrows.tips[2]) == (0.5, -1.0)  # it stands fast


def test_that_a_vector_without_length_and_none_at_all_can_be_drawn(arrows: Arrows) -> None:
    arrows.draw(np.zeros((2, 2)), ["a", "b"], series=[0, 1], muted=[1])
    arrows.grab()
    arrows.draw(np.zeros((0, 2)), [], series=[])
    arrows.grab()
    assert arrows.part_at(10, 10) is None and arrows.beside(None, 1, 0) is None
