"""A sequence logo: letters as tall as they are said to be, and reached by keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from widgets.pictures.logo import LogoPlot
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def made(qtbot) -> LogoPlot:
    logo = LogoPlot(Look(theme("light"), Words()), "Logo", "ACGU", y="bits")
    logo.resize(400, 200)
    qtbot.addWidget(logo)
    logo.draw(np.array([[2.0, 0, 0, 0], [0, 0, 1.0, 0.5], [0, -1.0, 0, 0]]), ("−1", "+1", "+2"),
              low=-1.0, high=2.0, divider=1)
    return logo


def ink(logo: LogoPlot, column: int, series: int) -> int:
    """How many rows of pixels in the middle of a column have the colour of a series."""
    image = logo.grab().toImage()
    box, color = logo.place(column), logo.look.color(series)
    ratio = image.width() / logo.width()
    found = 0
    for y in range(round(box.top() * ratio), round(box.bottom() * ratio)):
        row = [image.pixelColor(x, y) for x in range(round(box.left() * ratio), round(box.right() * ratio))]
        found += any(one == color for one in row)
    return found


def test_that_letters_are_as_tall_as_what_they_say(qtbot) -> None:
    logo = made(qtbot)
    whole = logo.place(0).height()
    assert abs(ink(logo, 0, 0) - whole * 2 / 3) < 4, "two of three units"
    assert abs(ink(logo, 1, 2) - whole / 3) < 4 and abs(ink(logo, 1, 3) - whole / 6) < 4


def test_that_a_column_is_named_with_its_tallest_letters(qtbot) -> None:
    logo = made(qtbot)
    assert logo.say(1).split() == ["+1", "G", "1", "U", "0.5"]
    assert logo.say(2).split() == ["+2", "C", "−1"]


def test_that_columns_are_reached_by_pointer_and_keys(qtbot) -> None:
    logo, clicked = made(qtbot), []
    logo.clicked.connect(clicked.append)
    qtbot.mouseClick(logo, Qt.MouseButton.LeftButton, pos=logo.place(2).center().toPoint())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(logo, key)
    assert clicked == [2, 1]
    logo.draw(np.zeros((1, 4)), ("1",), high=2.0)
    assert logo.current is None and logo.part_at(0, 0) is None


def test_that_letters_are_painted_again_when_they_change_and_only_then(qtbot, monkeypatch) -> None:
    painted: list[str] = []
    whole = LogoPlot._paint_letter
    monkeypatch.setattr(LogoPlot, "_paint_letter", lambda self, painter, letter, *rest, **how: (
        painted.append(letter), whole(self, painter, letter, *rest, **how)))
    logo = made(qtbot)
    for _ in range(3):
        logo.draw(logo.heights.copy(), logo.labels, low=-1.0, high=2.0, divider=1)
        logo.grab()
    assert sorted(painted) == ["A", "C", "G", "U"]
    logo.draw(np.array([[0, 2.0, 0, 0]]), ("+1",), low=-1.0, high=2.0)
    assert ink(logo, 0, 1) > 0.6 * logo.place(0).height() and ink(logo, 0, 0) == 0
