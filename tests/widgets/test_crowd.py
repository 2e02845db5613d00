"""Two crowds over a score: every person has a place of their own, and a threshold can be dragged."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from widgets.pictures.crowd import Crowd
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@pytest.fixture
def crowd(qtbot) -> Crowd:
    made = Crowd(Look(theme("light"), Words()), "People", x="score", legend=("up", "down"),
                 sides=("low", "high"))
    qtbot.addWidget(made)
    made.resize(420, 420)
    rng = np.random.default_rng(0)
    place = rng.uniform(1, 11, 900).astype(np.float32)
    made.draw(place, rng.integers(0, 2, 900), rng.integers(0, 2, 900), (place >= 5).astype(np.uint8),
              thresholds=(5.0, 5.0), captions=("A", "B"))
    made.show()
    return made


def test_that_no_two_people_stand_in_one_place_and_all_fit(crowd) -> None:
    area = crowd._row(0)
    pitch, columns, levels, bases = crowd._stacks(area.width(), area.height(), 9)
    seats = set(zip(crowd.row_of.tolist(), crowd.outcome.tolist(), columns.tolist(), levels.tolist(),
                    strict=True))
    assert len(seats) == len(crowd.place_of)
    for row in (0, 1):
        up = levels[(crowd.row_of == row) & (crowd.outcome == 1)].max() + 1
        down = levels[(crowd.row_of == row) & (crowd.outcome == 0)].max() + 1
        assert bases[row] - up * pitch >= -1 and bases[row] + down * pitch <= area.height() + pitch
    order = np.argsort(crowd.place_of)
    assert (np.diff(columns[order]) >= 0).all()  # a higher score never stands further left


def test_that_a_line_follows_the_pointer_and_the_keys(crowd, qtbot) -> None:
    told: list[tuple[int, float]] = []
    crowd.dragged.connect(lambda row, value: told.append((row, value)))
    area = crowd._row(1)
    qtbot.mousePress(crowd, Qt.MouseButton.LeftButton,
                     pos=QPoint(round(area.left() + 0.7 * area.width()), round(area.center().y())))
    qtbot.mouseRelease(crowd, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    assert told[0][0] == 1 and told[0][1] == pytest.approx(8.0, abs=0.05)
    told.clear()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right):  # to the first line, and move it
        qtbot.keyClick(crowd, key)
    assert told == [(0, 5.5)]
    assert "5.5" in crowd.say(0)


def test_that_a_column_says_how_many_are_in_it(crowd) -> None:
    there = (crowd.row_of == 1) & (crowd.place_of >= 3) & (crowd.place_of < 4)
    again = int(crowd.outcome[there].sum())
    assert crowd.say(2 + 10 + 2) == f"3: up {again} / {int(there.sum())}"
    assert crowd.part_at(*crowd.place(14).center().toTuple()) == 14
