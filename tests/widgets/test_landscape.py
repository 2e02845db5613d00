"""The landscape: heights are where they are, tracks end at their marks, a click names a place."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.widgets.looking import look, picture, pixels_of
from widgets.pictures.landscape import Landscape, Track, between


@pytest.fixture
def landscape(qtbot) -> Landscape:
    made = Landscape(look(), "Where", height="loss")
    qtbot.addWidget(made)
    made.resize(420, 300)
    x, y = np.meshgrid(np.linspace(-2, 2, 21), np.linspace(-1, 1, 11))
    made.draw((x**2 + y**2).astype(np.float32), x[0], y[:, 0], [
        Track(np.array([[-1.5, 0.5], [0.0, 0.5], [1.0, -0.5]]), "one", 0, bold=True),
        Track(np.array([[-1.5, 0.5], [50.0, 50.0], [-900.0, 0.0]]), "two", 1, hollow=True),
    ], lowest=(0.0, 0.0), axes=("a", "b"))
    made.show()
    return made


def test_that_a_place_is_where_it_is_drawn(landscape) -> None:
    for part in ((0, 0), (20, 10), (3, 8)):
        x, y = landscape.place(part).center().toTuple()
        assert landscape.part_at(min(max(x, landscape.area.left()), landscape.area.right() - 1),
                                 min(max(y, landscape.area.top()), landscape.area.bottom() - 1)) == part
    assert landscape.say((10, 5)).endswith("loss 0") and "loss 5" in landscape.say((0, 0))


def test_that_higher_is_darker(landscape) -> None:
    landscape.tracks, landscape.lowest = (), None
    shot = picture(landscape).astype(int).sum(2)

    def light(x: float, y: float) -> float:
        u, v = landscape.on_screen(np.array([[x, y]]))[0].round().astype(int)
        return float(np.median(shot[v - 4 : v + 5, u - 4 : u + 5]))

    assert light(0.0, 0.0) > light(0.8, 0.0) > light(1.9, 0.9)


def test_that_a_track_ends_at_its_mark_and_one_that_has_left_at_the_rim(landscape) -> None:
    shot, area = picture(landscape), landscape.area
    blue = pixels_of(shot, landscape.look.color(0))
    u, v = landscape.on_screen(np.array([[1.0, -0.5]]))[0].round().astype(int)
    assert blue[v - 2 : v + 3, u - 2 : u + 3].all()
    orange = np.argwhere(pixels_of(shot, landscape.look.color(1)))
    orange = orange[orange[:, 0] > area.top() - 9]
    assert len(orange) and orange[:, 1].max() <= area.right() + 9  # and nothing is drawn beyond it


def test_that_a_click_and_the_keys_name_the_same_place(landscape, qtbot) -> None:
    told: list[tuple[float, float]] = []
    landscape.clicked.connect(lambda x, y: told.append((x, y)))
    qtbot.mouseClick(landscape, Qt.MouseButton.LeftButton, pos=landscape.place((12, 5)).center().toPoint())
    landscape.preview(None)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(landscape, key)
    assert told[0] == pytest.approx((0.4, 0.0)) and told[1] == pytest.approx((0.4, 0.0))  # from the middle


def test_that_between_is_linear_and_exact_at_the_nodes() -> None:
    nodes = np.array([1.0, 3.0, -2.0, 0.5])
    assert between(4, 4) @ nodes == pytest.approx(nodes)
    straight = np.interp(np.linspace(0, 3, 31), range(4), nodes)
    assert between(31, 4) @ nodes == pytest.approx(straight, abs=1e-5)
