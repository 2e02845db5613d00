"""Regions of pairs: each pair is where it is drawn, and its conditions are told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from widgets.pictures.regions import Regions
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@pytest.fixture
def regions(qtbot) -> Regions:
    made = Regions(Look(theme("light"), Words()), "Where", x="a", y="b", names=("one", "two"),
                   outside="none")
    qtbot.addWidget(made)
    made.resize(360, 240)
    masks = np.zeros((2, 11, 6), bool)
    masks[0, 3, :] = True
    masks[1, :, 2] = True
    allowed = np.ones((11, 6), bool)
    allowed[-1] = False
    made.draw(masks, np.arange(11.0), np.arange(6.0), here=(4.0, 4.0), target=(3.0, 2.0),
              found=masks.all(0), allowed=allowed)
    made.show()
    return made


def test_that_a_pair_is_where_it_is_drawn(regions) -> None:
    for part in ((0, 0), (3, 2), (10, 5), (7, 1)):
        assert regions.part_at(*regions.place(part).center().toTuple()) in (part, None)
    assert regions.say((3, 2)).endswith("one, two") and regions.say((3, 3)).endswith("one")
    assert regions.say((0, 0)).endswith("–")


def test_that_what_holds_is_hatched_and_what_is_looked_for_filled(regions) -> None:
    image = regions.grab().toImage()
    accent = regions.look.color("accent").rgb()

    def colours(part: tuple[int, int]) -> set[int]:
        spot = regions._spot((float(part[0]), float(part[1])))
        return {image.pixel(round(spot.x()) + dx, round(spot.y()) + dy) for dx in range(-6, 7)
                for dy in range(-3, 4)}

    assert regions.look.color(0).rgb() in colours((3, 4)) and regions.look.color(1).rgb() in colours((7, 2))
    assert accent in colours((3, 2)) and len(colours((7, 4))) == 1


def test_that_a_click_and_the_keys_choose_a_pair(regions, qtbot) -> None:
    told: list[tuple[int, int]] = []
    regions.clicked.connect(lambda a, b: told.append((a, b)))
    qtbot.mouseClick(regions, Qt.MouseButton.LeftButton, pos=regions.place((6, 1)).center().toPoint())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(regions, key)  # first to the square, then a pair beside it
    assert told == [(6, 1), (4, 3)]
