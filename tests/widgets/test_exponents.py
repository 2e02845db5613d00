"""Numbers by their exponents: bars lie where they should, rows of formats are chosen, all is told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from tests.widgets.looking import look, picture, pixels_of
from widgets.pictures.exponents import Exponents, Fate, Window
from widgets.theme.numbers import power_of_two

WINDOWS = (Window("wide", -133, -126, 127), Window("narrow", -24, -14, 15))


@pytest.fixture
def exponents(qtbot) -> Exponents:
    made = Exponents(look(), "Gradients", x="size", y="count")
    qtbot.addWidget(made)
    made.resize(520, 300)
    kept, lost = np.zeros(60, int), np.zeros(60, int)
    kept[30:40], lost[20:30] = 50, 40
    made.draw(-40, [Fate("kept", kept, 0), Fate("lost", lost, 1, Qt.BrushStyle.DiagCrossPattern)],
              WINDOWS, chosen=1, ghosts=[(np.roll(kept, -10).astype(float), "before")])
    made.show()
    return made


def test_that_a_power_of_two_is_written_as_one() -> None:
    assert power_of_two(-14) == "2⁻¹⁴" and power_of_two(0) == "2⁰"


def test_that_bars_lie_at_their_exponents(exponents) -> None:
    blue = pixels_of(picture(exponents), exponents.look.color(0), 4)
    inside = exponents._inside
    bars = blue[int(inside.top()) : int(inside.bottom()), 5:-5]  # without the frame of the focus
    columns = 5 + np.flatnonzero(bars.sum(0) > inside.height() / 3)
    assert abs(columns.min() - exponents._x(-10)) < 3 and abs(columns.max() - exponents._x(0)) < 3


def test_that_a_row_that_is_clicked_is_chosen(exponents, qtbot) -> None:
    with qtbot.waitSignal(exponents.clicked) as told:
        qtbot.mouseClick(exponents, Qt.MouseButton.LeftButton,
                         pos=QPoint(*map(int, exponents._row(0).center().toTuple())))
    assert told.args == [0]


def test_that_keys_walk_along_the_bars_and_down_to_the_formats(exponents, qtbot) -> None:
    qtbot.keyClick(exponents, Qt.Key.Key_Right)
    assert exponents.say(exponents.current) == "2⁻¹⁰: kept 50, lost 0"
    qtbot.keyClick(exponents, Qt.Key.Key_Left)
    assert exponents.say(exponents.current).startswith("2⁻¹¹: kept 0, lost 40")
    for _ in range(2):
        qtbot.keyClick(exponents, Qt.Key.Key_Down)
    assert exponents.say(exponents.current) == "narrow: 2⁻²⁴ … 2⁻¹⁴ … 2¹⁵"
    with qtbot.waitSignal(exponents.clicked) as told:
        qtbot.keyClick(exponents, Qt.Key.Key_Return)
    assert told.args == [1]
