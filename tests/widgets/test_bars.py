"""Bars are as long as their values, and rules cost pixels rather than numbers."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.bars import BarChart, Histogram
from widgets.pictures.curves import Rule
from widgets.pictures.picture import Picture


def chart(qtbot: QtBot, **options: object) -> BarChart:
    made = BarChart(look(), "Next token", **options)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(400, 240)
    made.show()
    return made


def test_that_bars_are_as_long_as_their_values(qtbot: QtBot) -> None:
    made = chart(qtbot, high=1.0)
    made.draw([0.25, 0.5, 1.0], ["a", "b", "c"], series=[1, 2, 3])
    shot = picture(made)
    wide = [pixels_of(shot, look().color(s)).any(0).sum() for s in (1, 2, 3)]
    assert wide[1] / wide[0] == pytest.approx(2, rel=0.05)
    assert wide[2] / wide[0] == pytest.approx(4, rel=0.05)


def test_that_values_below_zero_go_the_other_way(qtbot: QtBot) -> None:
    made = chart(qtbot, low=-1.0, high=1.0)
    made.draw([0.5, -0.5], ["right", "left"], series=[1, 2])
    shot = picture(made)
    right = np.flatnonzero(pixels_of(shot, look().color(1)).any(0))
    left = np.flatnonzero(pixels_of(shot, look().color(2)).any(0))
    assert left.max() <= right.min() + 1 and len(left) == pytest.approx(len(right), abs=2)


@pytest.mark.parametrize("names", [["␣n + ame", "k"], ["the longest name that a bar of this chart has", "k"]])
def test_that_names_are_not_cut_at_the_edge(qtbot: QtBot, names: list[str]) -> None:
    Picture.recording = True
    try:
        made = chart(qtbot)
        made.draw([2, 1], names)
        made.grab()
        boxes = [one.box for one in made.written if one.text in names]
        assert len(boxes) == 2 and min(box.left() for box in boxes) >= 0
    finally:
        Picture.recording = False


def test_that_a_click_on_a_bar_tells_which(qtbot: QtBot) -> None:
    made = chart(qtbot)
    made.draw([3, 2, 1], ["a", "b", "c"])
    where = made.place(1).center().toPoint()
    told: list[int] = []
    made.hovered.connect(told.append)
    made.clicked.connect(told.append)
    qtbot.mouseMove(made, where)
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton, pos=where)
    assert told == [1, 1]
    assert made.say(made.current) == "b  2.00"


def test_that_bars_become_fewer_and_never_thinner(qtbot: QtBot) -> None:
    made = chart(qtbot)
    names = [f"name {one}" for one in range(30)]
    made.draw(np.arange(30, 0, -1), names)
    least = made.text_height(12)
    assert made.place(0).height() >= least and made.place(29).top() > made.height()
    made.setFocus()
    for _ in range(40):  # the arrows bring the others
        qtbot.keyClick(made, Qt.Key.Key_Down)
    assert made.current == 29 and made.place(29).bottom() <= made.height() + 1


def test_that_muted_bars_are_grey_and_a_highlight_fades_the_others(qtbot: QtBot) -> None:
    made = chart(qtbot, high=1.0)
    made.draw([0.9, 0.8, 0.7], ["a", "b", "c"], highlight=0, muted=(2,))
    shot = picture(made)
    heights = {i: pixels_of(shot, made.color_of(i), 3).any() for i in (0, 2)}
    assert heights == {0: True, 2: True}
    assert made.color_of(1).alpha() < 255


@pytest.mark.parametrize("values", [[], [np.nan, np.inf, -np.inf], [0.0], list(range(300))])
def test_that_any_values_can_be_shown(qtbot: QtBot, values: list[float]) -> None:
    made = chart(qtbot)
    made.draw(values, [f"name {i}" for i in range(len(values))])
    picture(made)
    assert all(made.say(one) for one in range(len(values)))


def histogram(qtbot: QtBot) -> Histogram:
    made = Histogram(look(), "Weights", x="weight", y="count")
    qtbot.addWidget(made)
    made.resize(420, 260)
    made.show()
    return made


def test_that_counts_are_drawn_as_areas(qtbot: QtBot) -> None:
    made = histogram(qtbot)
    made.draw([10, 40, 20], [0, 1, 2, 3])
    shot = picture(made)
    ink = look().color(0, 170)
    mixed = ink.toRgb()
    for channel in ("Red", "Green", "Blue"):
        value = getattr(ink, channel.lower())() * 170 / 255
        ground = getattr(made.palette().window().color(), channel.lower())() * 85 / 255
        getattr(mixed, f"set{channel}")(round(value + ground))
    mixed.setAlpha(255)
    columns = pixels_of(shot, mixed, 6).sum(0)
    heights = columns[columns > 3]
    third = len(heights) // 3
    low, high, middle = (float(np.median(heights[k * third : (k + 1) * third])) for k in range(3))
    assert high / low == pytest.approx(4, rel=0.1) and middle / low == pytest.approx(2, rel=0.1)


def test_that_thousands_of_rules_are_one_line_a_pixel(qtbot: QtBot) -> None:
    made = histogram(qtbot)
    rules = [Rule(v, axis="x", series=1) for v in np.linspace(0, 3, 5000)]
    made.draw([1, 2, 3], [0, 1, 2, 3], rules=rules)
    many = picture(made)
    made.draw([1, 2, 3], [0, 1, 2, 3])
    assert (many != picture(made)).any()


def test_that_wrong_edges_are_refused(qtbot: QtBot) -> None:
    with pytest.raises(ValueError, match="3 counts need 4 edges"):
        histogram(qtbot).draw([1, 2, 3], [0, 1, 2])


def test_that_an_overlay_and_a_level_are_drawn(qtbot: QtBot) -> None:
    made = histogram(qtbot)
    made.draw([1, 2, 3], [0, 1, 2, 3], overlay_counts=[3, 2, 1], rules=[Rule(1.5, "mean")])
    assert pixels_of(picture(made), look().color(1)).sum() > 50


def test_that_empty_counts_are_an_empty_picture(qtbot: QtBot) -> None:
    made = histogram(qtbot)
    made.draw([0, 0], [0, 1, 2])
    made.draw([], [0])
    picture(made)
    assert made.accessibleName() == "Weights"
