"""A tree of questions: its levels, its sides, its path, and how one walks in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt

from widgets.pictures.decisions import DecisionTree
from widgets.pictures.picture import Picture
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

#      0
#    1   2
#       3 4
PARENTS = np.array([-1, 0, 0, 2, 2], np.int32)
SIDES = np.array([0, 0, 1, 0, 1], np.uint8)
NAMES = ("Took property?", "not guilty", "Violence?", "not guilty", "robbery")


@pytest.fixture
def tree(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> DecisionTree:
    monkeypatch.setattr(Picture, "recording", True)
    one = DecisionTree(Look(theme("light"), Words()), "Questions")
    qtbot.addWidget(one)
    one.resize(420, 240)
    one.draw(PARENTS, SIDES, NAMES, series=(-1, 2, -1, 2, 1), notes=("30 cases",) * 5, path=(0, 2, 4),
             answers=("yes", "yes"), levels=3)
    one.show()
    return one


def test_that_no_lies_left_and_yes_right_and_levels_below_one_another(tree: DecisionTree) -> None:
    spots = [tree._spot(node) for node in range(5)]
    assert spots[1].x() < spots[0].x() < spots[2].x()
    assert spots[1].x() < spots[3].x() < spots[2].x() < spots[4].x()
    assert spots[0].y() < spots[1].y() == spots[2].y() < spots[3].y() == spots[4].y()
    assert spots[4].y() < tree.height() * 0.8, "there is room for a third level"


def test_that_the_path_is_named(tree: DecisionTree) -> None:
    tree.grab()
    written = [one.text for one in tree.written]
    assert {"Took property?", "Violence?", "robbery"} <= set(written) and "yes" in written
    boxes = [one.box for one in tree.written]
    assert all(QRectF(tree.rect()).contains(one) for one in boxes)


def test_that_a_click_gives_the_nearest_node(tree: DecisionTree, qtbot: Any) -> None:
    spot = tree._spot(3)
    with qtbot.waitSignal(tree.clicked) as caught:
        qtbot.mouseClick(tree, Qt.MouseButton.LeftButton,
                         pos=QPoint(round(spot.x()) + 2, round(spot.y())))
    assert caught.args == [3]
    assert tree.part_at(2, 2) is None


def test_that_the_keys_walk_down_the_path(tree: DecisionTree) -> None:
    assert tree.beside(None, 0, 1) == 0
    assert tree.beside(0, 0, 1) == 2 and tree.beside(2, 0, 1) == 4 and tree.beside(4, 0, -1) == 2
    assert tree.beside(4, -1, 0) == 3 and tree.beside(1, -1, 0) == 1
    assert tree.say(2) == "Violence?   30 cases"


def test_that_a_tree_may_be_only_a_root(tree: DecisionTree) -> None:
    tree.draw(PARENTS[:1], SIDES[:1], ("not guilty",), series=(2,), path=(0,))
    tree.grab()
    assert tree.beside(0, 0, 1) == 0
