"""Small multiples: where a curve ends, what a cell says, the keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from widgets.pictures.multiples import Multiples, Small
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words

STEPS = np.arange(5.0)


def curve(end: float) -> Small:
    return Small(np.array([0.0, end, end, end, end]), STEPS)


def shown(qtbot: Any) -> Multiples:
    plots = Multiples(Look(theme("light"), window_words("en")), "Twins", rows="rate", columns="batch")
    qtbot.addWidget(plots)
    plots.resize(420, 300)
    plots.draw([[curve(0.1), curve(0.9)], [curve(0.5), Small(np.empty(0), np.empty(0))]], ("0.1", "1"),
               ("64", "256"), selected=(1, 0), best=(0, 1), best_name="best",
               ghosts=[("pinned", [[curve(0.2)] * 2] * 2)])
    plots.show()
    return plots


def test_that_a_curve_ends_at_its_last_value_in_its_own_cell(qtbot: Any) -> None:
    plots = shown(qtbot)
    image, ink = plots.grab().toImage(), plots.look.color(0)
    for part, end in (((0, 0), 0.1), ((0, 1), 0.9), ((1, 0), 0.5)):
        box = plots.place(part)
        column = round(box.right()) - plots.look.px(6)
        rows = [y for y in range(round(box.top()) + 2, round(box.bottom()) - 1)
                if image.pixelColor(column, y) == ink]
        assert rows, part
        height = (box.bottom() - np.mean(rows)) / box.height()
        assert abs(height - end) < 0.08, (part, height)


def test_that_a_cell_says_its_settings_its_value_and_the_pinned_runs(qtbot: Any) -> None:
    plots = shown(qtbot)
    assert plots.say((0, 1)) == "rate 0.1, batch 256   90\u00a0%   pinned 20\u00a0%   best"
    assert plots.say((1, 1)) == "rate 1, batch 256   –   pinned 20\u00a0%"


def test_that_a_click_and_the_keys_choose_a_cell(qtbot: Any) -> None:
    plots = shown(qtbot)
    chosen: list[tuple[int, int]] = []
    plots.clicked.connect(lambda row, column: chosen.append((row, column)))
    qtbot.mouseClick(plots, Qt.MouseButton.LeftButton, pos=plots.place((0, 1)).center().toPoint())
    plots.setFocus()
    plots.current = None
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(plots, key)
    assert chosen == [(0, 1), (0, 1)]
    assert plots.part_at(1, 1) is None
