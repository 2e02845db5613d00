"""Pairs of shares: every end is where it is drawn, every pair is told, and a row can be chosen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from widgets.pictures.dumbbells import Dumbbells, Pairs
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@pytest.fixture
def pairs(qtbot) -> Dumbbells:
    made = Dumbbells(Look(theme("light"), Words()), "Pairs", x="accuracy", heads=("before", "after"))
    qtbot.addWidget(made)
    made.resize(460, 340)
    made.draw(["left", "middle", "right"], [
        Pairs("one", np.array([1.0, 0.9, 0.8]), np.array([0.95, 0.5, 0.3]), 0),
        Pairs("other", np.array([0.6, 0.7, 0.8]), np.array([0.2, 0.1, 0.0]), 1),
        Pairs("earlier", np.array([0.5, 0.5, 0.5]), np.array([0.4, 0.4, 0.4]), 0, ghost=True)],
        notes=["a", "b", "c"], selected=1, rule=(0.5, "guessing"))
    made.show()
    return made


def test_that_every_pair_ends_where_its_share_lies(pairs) -> None:
    image = pairs.grab().toImage()
    for row, lane, value in ((0, 0, 0.95), (1, 0, 0.5), (1, 1, 0.1), (2, 1, 0.0)):
        x, y = pairs._x_of(value), pairs._y(row, lane)
        assert image.pixelColor(round(x), round(y)) == pairs.look.color(lane)
    ring = image.pixelColor(round(pairs._x_of(0.9)), round(pairs._y(1, 0)))
    assert ring == pairs.look.color("card"), "a ring is empty"


def test_that_pairs_are_read_by_keys_and_rows_chosen(pairs, qtbot) -> None:
    qtbot.keyClick(pairs, Qt.Key.Key_Down)
    assert pairs.current == (1, 0), "it begins with the chosen row"
    qtbot.keyClick(pairs, Qt.Key.Key_Down)
    assert pairs.current == (1, 1) and pairs.say((1, 1)) == "middle, other: before 70\u00a0%, after 10\u00a0%"
    with qtbot.waitSignal(pairs.clicked) as clicked:
        qtbot.keyClick(pairs, Qt.Key.Key_Return)
    assert clicked.args == [1]
    assert pairs.part_at(*pairs.place((2, 0)).center().toTuple()) == (2, 0)


def test_that_the_axis_begins_higher_where_nothing_is_low(pairs) -> None:
    assert pairs._low == 0.0
    pairs.draw(["one"], [Pairs("a", np.array([1.0]), np.array([0.4]))])
    assert pairs._low == 0.25 and pairs._x_of(0.25) == pairs._inside.left()
