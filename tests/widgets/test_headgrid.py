"""Grids of small matrices."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.pictures.headgrid import HeadGrid
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def shown(qtbot: QtBot, width: int, height: int, scale: float) -> HeadGrid:
    widget = HeadGrid(Look(theme("dark"), Words(), scale), "Heads", x="head", y="layer")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


@pytest.mark.parametrize(("width", "height", "scale"),
                         [(320, 300, 1.0), (740, 520, 1.0), (900, 700, 1.5)])
def test_that_a_click_names_the_head_under_it(
    qtbot: QtBot, width: int, height: int, scale: float
) -> None:
    widget = shown(qtbot, width, height, scale)
    widget.draw(np.random.default_rng(0).random((12, 8, 40, 40)).astype(np.float32))
    for head in ((0, 0), (11, 7), (3, 5)):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                             pos=widget.place(head).center().toPoint())
        assert tuple(got.args) == head


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_that_the_brightest_cell_of_each_head_has_the_last_colour(
    qtbot: QtBot, kind: type
) -> None:
    widget = shown(qtbot, 500, 400, 1.0)
    stack = np.zeros((2, 3, 4, 4), kind)
    stack[..., 0, 3] = 200
    stack[0, 0] = 0
    stack[0, 0, 3, 0] = 7  # its own scale: as bright as the others
    widget.draw(stack)
    image = widget.grab().toImage()
    last = QColor(*raster.sequential()[255].tolist())
    for head in ((0, 1), (1, 2)):
        box = widget.place(head)
        spot = box.topRight()
        assert image.pixelColor(int(spot.x()) - 4, int(spot.y()) + 4) == last
    spot = widget.place((0, 0)).bottomLeft()
    assert image.pixelColor(int(spot.x()) + 4, int(spot.y()) - 4) == last


def test_that_one_scale_can_be_asked_for(qtbot: QtBot) -> None:
    widget = shown(qtbot, 500, 400, 1.0)
    widget.draw(np.full((1, 2, 2, 2), 0.25, np.float32), high=1.0)
    seen = widget.grab().toImage().pixelColor(widget.place((0, 0)).center().toPoint())
    half = raster.colour(np.array([0.5]), 0, 1, raster.sequential())[0]  # the root of a quarter
    assert seen == QColor(*half.tolist())


def test_that_arrows_start_at_the_selected_head(qtbot: QtBot) -> None:
    widget = shown(qtbot, 500, 400, 1.0)
    widget.draw(np.ones((3, 3, 2, 2), np.float32), selected=(1, 1), row_labels=["a", "b", "c"])
    with qtbot.waitSignal(widget.clicked) as got:
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
            qtbot.keyClick(widget, key)
    assert tuple(got.args) == (2, 1)
    assert "layer c" in widget.accessibleDescription()


@pytest.mark.parametrize("shape", [(0, 0, 1, 1), (1, 1, 1, 1), (24, 16, 3, 5), (2, 2, 300, 7)])
def test_that_any_stack_can_be_drawn(qtbot: QtBot, shape: tuple[int, ...]) -> None:
    for size in ((500, 400), (141, 121)):
        widget = shown(qtbot, *size, 1.0)
        widget.draw(np.zeros(shape, np.float32))
        widget.grab()
