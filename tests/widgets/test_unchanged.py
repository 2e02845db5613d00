"""What is drawn again and is the same is not painted again: many panels measure less often than they draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from looking import look
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.dumbbells import Dumbbells, Pairs
from widgets.pictures.scatter import ScatterPlot

Draw = Callable[[Any, np.ndarray], None]
PICTURES: dict[str, tuple[Callable[[], QWidget], str, Draw]] = {
    "curves": (lambda: CurvePlot(look(), "", y_range=(0, 9)), "paint_over", lambda one, x: one.draw(
        [Curve(x, label="a"), Curve(x + 1, style="ghost")], [Rule(0.5)], note="so")),
    "scatter": (lambda: ScatterPlot(look()), "paint", lambda one, x: one.draw(
        x, x, "abc"[: len(x)], ghosts=[("earlier", x, x)])),
    "dumbbells": (lambda: Dumbbells(look()), "paint", lambda one, x: one.draw(
        "abc"[: len(x)], [Pairs("a", x / 9, x / 9)])),
    "bars": (lambda: BarChart(look(), ""), "paint", lambda one, x: one.draw(
        x, "abc"[: len(x)]))}


@pytest.mark.parametrize("name", PICTURES)
def test_that_only_what_has_changed_is_painted_again(
    name: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, paints, draw = PICTURES[name]
    made, painted = make(), []
    qtbot.addWidget(made)
    paint = getattr(made, paints)
    monkeypatch.setattr(made, paints, lambda painter: (painted.append(1), paint(painter)))
    made.resize(400, 300)
    made.show()
    values = np.array([1.0, 2.0, 4.0])

    def times(change: Callable[[], None]) -> int:
        before = len(painted)
        change()
        QApplication.processEvents()
        return len(painted) - before

    draw(made, values)
    QApplication.processEvents()
    assert painted and times(lambda: draw(made, values.copy())) == 0
    values[1] = 3.0  # the very array that was given before
    assert times(lambda: draw(made, values)) == 1
    assert times(made.update) == 1 or name == "curves", "Qt may ask for it at any time"
    made.resize(410, 310)
    QApplication.processEvents()
    assert times(lambda: draw(made, values)) == 0
    assert times(lambda: draw(made, values[:2])) == 1
