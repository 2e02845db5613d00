"""A table of bars: what is drawn where, and that a cell can be clicked and reached by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from widgets.pictures.bargrid import BarGrid
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


def shown(qtbot: Any) -> BarGrid:
    grid = BarGrid(Look(theme("light"), window_words("en")), "Right answers")
    qtbot.addWidget(grid)
    grid.resize(640, 260)
    values = np.array([[[1.0, 0.5], [0.25, 0.0]], [[np.nan, np.nan], [0.999, 0.1]]], np.float32)
    grid.draw(values, names=("one", "other"), rows=("low", "high"), columns=("left", "right"),
              notes=("4 texts", "8 texts", "none", "9 texts"), lit=[(0, 1)])
    grid.show()
    return grid


def test_that_a_cell_says_its_figures_and_an_empty_one_has_none(qtbot: Any) -> None:
    grid = shown(qtbot)
    assert grid.say((0, 0)) == "low, left   4 texts   one 100\u00a0%   other 50\u00a0%"
    assert grid.say((1, 0)) == "high, left   none"


def test_that_bars_are_as_long_as_their_values(qtbot: Any) -> None:
    grid = shown(qtbot)
    image = grid.grab().toImage()
    ink = grid.look.color(0)

    def inked(part: tuple[int, int]) -> int:
        box = grid.place(part).toRect()
        rows = [sum(image.pixelColor(x, y) == ink for x in range(box.left() + 20, box.right()))
                for y in range(box.top(), box.bottom())]
        return max(rows)

    assert inked((0, 0)) > 50
    assert abs(inked((0, 1)) / inked((0, 0)) - 0.25) < 0.03
    assert inked((1, 0)) == 0


def test_that_a_click_and_enter_choose_a_cell(qtbot: Any) -> None:
    grid = shown(qtbot)
    chosen: list[tuple[int, int]] = []
    grid.clicked.connect(lambda row, column: chosen.append((row, column)))
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.place((1, 1)).center().toPoint())
    grid.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(grid, key)
    assert chosen == [(1, 1), (0, 1)]
    assert grid.part_at(1, 1) is None
