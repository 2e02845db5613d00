"""Graphs of people and paths of opinions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.pictures.network import NetworkGraph, TrajectoryField
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def graph(qtbot: QtBot, width: int = 500, height: int = 400, scale: float = 1.0) -> NetworkGraph:
    widget = NetworkGraph(Look(theme("dark"), Words(), scale), "Network")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def field(qtbot: QtBot, width: int = 500, height: int = 400, scale: float = 1.0) -> TrajectoryField:
    widget = TrajectoryField(Look(theme("light"), Words(), scale), "Opinions", x="step",
                             y="opinion", y_range=(0.0, 1.0))
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


POSITIONS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
EDGES = np.array([[0, 1], [1, 2], [2, 3]])


@pytest.mark.parametrize(("width", "height", "scale"),
                         [(300, 260, 1.0), (740, 500, 1.0), (900, 700, 1.5)])
def test_that_a_node_is_where_it_is_drawn_and_has_its_colour(
    qtbot: QtBot, width: int, height: int, scale: float
) -> None:
    widget = graph(qtbot, width, height, scale)
    widget.draw(POSITIONS, EDGES, np.array([0.0, 1.0, 0.5, 0.2]))
    image = widget.grab().toImage()
    table = raster.for_points(theme("dark"))
    for index, color in ((1, table[255]), (0, table[0])):
        spot = widget.place(index).center().toPoint()
        assert image.pixelColor(spot) == QColor(*color.tolist())
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=spot)
        assert got.args == [index]


def test_that_edges_are_drawn_again_only_when_they_change(qtbot: QtBot) -> None:
    widget = graph(qtbot)
    widget.draw(POSITIONS, EDGES, np.zeros(4))
    before = widget._wiring
    widget.draw(POSITIONS.copy(), EDGES.copy(), np.ones(4))
    assert widget._wiring == before
    image = widget.grab().toImage()
    widget.draw(POSITIONS, EDGES[:1], np.ones(4))
    assert widget._wiring == before + 1
    assert widget.grab().toImage() != image


def test_that_arrows_walk_the_graph(qtbot: QtBot) -> None:
    widget = graph(qtbot)
    widget.draw(POSITIONS, EDGES, np.zeros(4))
    with qtbot.waitSignal(widget.clicked) as got:
        for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
            qtbot.keyClick(widget, key)
    assert got.args == [3]


def walks(length: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(length, count)) * 0.01
    return np.clip(rng.random(count) + steps.cumsum(axis=0), 0, 1).astype(np.float32)


@pytest.mark.parametrize("count", [5, 400])
def test_that_the_order_of_frames_does_not_matter(qtbot: QtBot, count: int) -> None:
    paths = walks(80, count)
    other = paths.copy()
    other[30:, ::2] = 0.5
    paths[10:20, 1] = np.nan
    straight, detour = field(qtbot), field(qtbot)
    straight.draw(paths[:60], x_range=(0, 100))
    for shown in (paths[:20], paths[:59], paths, other[:70], paths[:1], paths[:75], paths[:60]):
        detour.draw(shown, x_range=(0, 100))
        detour.grab()
    assert straight.grab().toImage() == detour.grab().toImage()


def test_that_an_added_time_gives_the_picture_of_all_times(qtbot: QtBot) -> None:
    paths = walks(90, 300)
    whole, grown = field(qtbot), field(qtbot)
    for length in range(1, 91):
        grown.draw(paths[:length], x_range=(0, 90), values=paths[length - 1], low=0, high=1)
        grown.grab()
    whole.draw(paths, x_range=(0, 90), values=paths[-1], low=0, high=1)
    assert whole.grab().toImage() == grown.grab().toImage()


@pytest.mark.parametrize("count", [3, 200])
def test_that_a_path_has_the_colour_of_its_value(qtbot: QtBot, count: int) -> None:
    widget = field(qtbot)
    paths = np.full((50, count), 0.2, np.float32)
    paths[:, -1] = 0.8
    values = np.zeros(count)
    values[-1] = 1.0
    widget.draw(paths, values=values)
    image = widget.grab().toImage()
    x = widget.area.left() + widget.area.width() // 3
    y = widget.area.top() + round(float(widget._down(np.array([0.8]))[0]))
    last = raster.for_points(theme("light"))[255]
    near = [image.pixelColor(x, y + dy).getRgb()[:3] for dy in (-1, 0, 1)]
    assert min(np.abs(np.array(one) - last[:3]).max() for one in near) <= 12


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_that_the_path_under_the_pointer_is_named(qtbot: QtBot, scale: float) -> None:
    widget = field(qtbot, 700, 500, scale)
    paths = np.linspace(0.1, 0.9, 5, dtype=np.float32)[None].repeat(40, axis=0)
    widget.draw(paths)
    x = widget.area.left() + widget.area.width() // 3
    for index in (0, 2, 4):
        y = widget.area.top() + round(float(widget._down(paths[0, index : index + 1])[0]))
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
        assert got.args == [index]
    with qtbot.waitSignal(widget.clicked) as got:
        for key in (Qt.Key.Key_Up, Qt.Key.Key_Return):
            qtbot.keyClick(widget, key)


def test_that_nothing_harms(qtbot: QtBot) -> None:
    nodes, paths = graph(qtbot), field(qtbot)
    nodes.draw(np.zeros((0, 2)), np.zeros((0, 2), int), np.zeros(0))
    nodes.grab()
    nodes.draw(np.zeros((3, 2)), np.zeros((0, 2), int), np.full(3, np.nan))
    nodes.grab()
    for shape in ((0, 0), (1, 1), (1, 500), (3, 100)):
        paths.draw(np.full(shape, np.nan, np.float32))
        paths.grab()
        paths.draw(np.zeros(shape, np.float32))
        paths.grab()


def test_that_a_few_paths_of_another_run_are_dashed_over_the_many(qtbot: QtBot) -> None:
    widget = field(qtbot)
    many = np.tile(np.linspace(0.6, 0.9, 200, dtype=np.float32), (30, 1))
    widget.draw(many)
    before = widget.grab().toImage()
    widget.draw(many, ghosts=np.full((30, 1), 0.25, np.float32))
    after = widget.grab().toImage()
    area, ink = widget.area, widget.look.color("text")
    row = area.top() + round(float(widget._down(np.array([0.25]))[0]))
    dark = sum(after.pixelColor(x, row).lightness() < 120 for x in range(area.left(), area.right()))
    assert ink.lightness() < 120 and 0.2 < dark / area.width() < 0.95  # dashes, and gaps
    above = area.top() + round(float(widget._down(np.array([0.75]))[0]))
    assert all(before.pixel(x, above) == after.pixel(x, above) for x in range(area.left(), area.right()))
