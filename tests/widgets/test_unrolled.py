"""A sequence unrolled: what is clicked, what it says, and where its colours are."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.pictures.unrolled import Block, Unrolled

SIZES = [(420, 220, 1.0), (740, 340, 1.0), (900, 500, 2.0)]


def shown(qtbot: QtBot, width: int = 600, height: int = 300, scale: float = 1.0) -> Unrolled:
    widget = Unrolled(look(scale=scale), "Cell", read="reads", given="expects")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def blocks() -> list[Block]:
    state = np.linspace(-1, 1, 20).reshape(4, 5)
    return [Block("state", state, -1.0), Block("gate", np.zeros((2, 5)))]


@pytest.mark.parametrize(("width", "height", "scale"), SIZES)
def test_that_a_click_names_the_line_and_the_column(
    qtbot: QtBot, width: int, height: int, scale: float
) -> None:
    widget = shown(qtbot, width, height, scale)
    widget.draw("hello", blocks(), answers="ello!")
    for part in ((0, 0), (3, 4), (4, 2), (5, 1), (-1, 3)):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                             pos=widget.place(part).center().toPoint())
        assert tuple(got.args) == part


def test_that_colours_stand_where_their_values_are(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    gate = np.zeros((2, 5))
    gate[1, 3] = 1.0
    widget.draw("hello", [Block("state", np.zeros((4, 5)), -1.0), Block("gate", gate)])
    image = widget.grab().toImage()
    table = raster.sequential()
    assert image.pixelColor(widget.place((5, 3)).center().toPoint()) == QColor(*table[255].tolist())
    assert image.pixelColor(widget.place((5, 2)).center().toPoint()) == QColor(*table[0].tolist())
    middle = image.pixelColor(widget.place((2, 2)).center().toPoint())
    assert min(middle.red(), middle.green(), middle.blue()) > 250, "zero is the card, which is white"


def test_that_the_readout_says_symbol_kind_line_and_value(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw("hello", blocks(), answers="ello!")
    assert widget.say((0, 0)) == "h · state 1   −1.00"
    assert widget.say((4, 4)) == "o · gate 1   0.00"
    assert widget.say((-1, 1)) == "e → l"


def test_that_arrows_walk_from_the_symbols_up_into_the_lines(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw("hello", blocks(), column=2)
    assert widget.beside(None, 0, 0) == (-1, 2)
    assert widget.beside((-1, 2), 0, -1) == (5, 2) and widget.beside((5, 2), 0, 1) == (-1, 2)
    assert widget.beside((0, 0), -1, -1) == (0, 0) and widget.beside((-1, 4), 1, 1) == (-1, 4)


def test_that_a_missed_answer_looks_different(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    pictures = []
    for missed in ((), (2,)):
        widget.draw("hello", blocks(), answers="ello!", sure=np.ones(5), missed=missed)
        pictures.append(widget.grab().toImage())
    assert pictures[0] != pictures[1]


def test_that_a_preview_beyond_a_shorter_sequence_is_dropped(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw("hello", blocks())
    widget.preview((5, 4))
    widget.draw("hi", [Block("state", np.zeros((4, 2)))])
    assert widget.current is None
    widget.grab()
    widget.draw("", [])
    widget.grab()


def test_that_more_lines_than_pixels_are_averaged(qtbot: QtBot) -> None:
    widget = shown(qtbot, 420, 200)
    fine = np.tile([0.0, 1.0], 2000)[:, None].repeat(3, 1)
    widget.draw("abc", [Block("gate", fine)])
    image = widget.grab().toImage()
    middle = image.pixelColor(widget.place((2000, 1)).center().toPoint())
    near = QColor(*raster.sequential()[128].tolist())
    assert abs(middle.red() - near.red()) < 12 and abs(middle.green() - near.green()) < 12
