"""Profiles of groups: every share is where it is drawn, and every row is told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from widgets.pictures.profiles import Profile, Profiles
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

NAN = float("nan")


@pytest.fixture
def profiles(qtbot) -> Profiles:
    made = Profiles(Look(theme("light"), Words()), "Who", x="share")
    qtbot.addWidget(made)
    made.resize(420, 320)
    made.draw(["left", "middle", "right"], [
        Profile("truth", np.array([0.1, 0.5, 0.9]), 1, spread=np.array([0.05, 0.1, 0.05])),
        Profile("model", np.array([0.4, NAN, 0.6]), 0),
        Profile("earlier", np.array([0.2, 0.3, 0.4]), 0, ghost=True)], notes=["10", "20", "30"])
    made.show()
    return made


def test_that_every_share_is_marked_where_it_lies(profiles) -> None:
    image = profiles.grab().toImage()
    for row, value, series in ((0, 0.1, 1), (2, 0.9, 1), (0, 0.4, 0), (2, 0.6, 0)):
        spot = profiles._spot(row, value)
        assert image.pixelColor(round(spot.x()), round(spot.y())) == profiles.look.color(series)
    nothing = profiles._spot(1, 0.0)
    assert image.pixelColor(round(nothing.x()) + 6, round(nothing.y())) != profiles.look.color(0)


def test_that_rows_are_read_by_keys_and_say_their_shares(profiles, qtbot) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(profiles, key)
    assert profiles.current == 1
    assert "truth 50" in profiles.say(1) and "model –" in profiles.say(1) and "earlier" not in profiles.say(1)
    assert profiles.part_at(*profiles.place(2).center().toTuple()) == 2
