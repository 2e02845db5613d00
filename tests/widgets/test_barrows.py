"""Rows of upright bars: how tall they are, what a column's light and a pinned run say, and the keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from widgets.pictures.barrows import BarRows
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


def shown(qtbot: Any) -> BarRows:
    bars = BarRows(Look(theme("light"), window_words("en")), "Right answers")
    qtbot.addWidget(bars)
    bars.resize(420, 260)
    bars.draw(np.array([[1.0, 0.5, 0.0], [0.2, np.nan, 0.1]]), ("first", "second"), "abc", series=(0, 1),
              notes=("all 50", "all 15"), lit=1, lit_head="never shown", tops=np.array([1.0, 0.2]),
              ghosts=[("pinned", np.full((2, 3), 0.1))])
    bars.show()
    return bars


def tall(bars: BarRows, part: tuple[int, int]) -> int:
    image, box = bars.grab().toImage(), bars.place(part).toRect()
    ink = bars.look.color(bars.series[part[0]])
    return sum(image.pixelColor(box.center().x(), y) == ink for y in range(box.top(), box.bottom() + 1))


def test_that_bars_are_as_tall_as_their_values_beside_their_rows_scale(qtbot: Any) -> None:
    bars = shown(qtbot)
    whole = tall(bars, (0, 0))
    assert whole > 50 and abs(tall(bars, (0, 1)) / whole - 0.5) < 0.08
    assert abs(tall(bars, (1, 0)) - whole) <= 3, "a fifth, where a fifth is the whole"
    assert tall(bars, (0, 2)) <= 1 and tall(bars, (1, 1)) == 0


def test_that_a_bar_says_its_row_its_column_and_the_pinned_runs(qtbot: Any) -> None:
    bars = shown(qtbot)
    assert bars.say((0, 1)) == "first, b never shown   50\u00a0%   pinned 10\u00a0%"
    assert bars.say((1, 0)) == "second, a   20\u00a0%   pinned 10\u00a0%"


def test_that_a_click_and_enter_choose_a_bar(qtbot: Any) -> None:
    bars = shown(qtbot)
    chosen: list[tuple[int, int]] = []
    bars.clicked.connect(lambda row, column: chosen.append((row, column)))
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.place((1, 2)).center().toPoint())
    bars.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(bars, key)
    assert chosen == [(1, 2), (1, 2)]
    assert bars.part_at(1, 1) is None


def test_that_names_wider_than_their_columns_take_turns_in_two_lines(qtbot: Any) -> None:
    bars = shown(qtbot)
    below = bars.height() - bars.place((1, 0)).bottom()
    names = ("a rather long name of a column", "another one of the same kind", "c")
    bars.draw(bars.data, bars.rows, names)
    bars.grab()
    assert bars.height() - bars.place((1, 0)).bottom() >= below + bars.text_height(12)
