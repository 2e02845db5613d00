"""Ratios against the plain way, measured in one run; absolute times are printed, never asserted."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from widgets.pictures.cloud import PointCloud
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.network import TrajectoryField
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

pytestmark = pytest.mark.benchmark


def look() -> Look:
    return Look(theme("light"), Words())


def ready(qtbot: QtBot, widget: QWidget) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(760, 620)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def cost(work: Callable[[int], None], rounds: int = 8) -> float:
    """CPU milliseconds of the best round: what else the machine does only ever adds."""
    work(0)
    best = float("inf")
    for one in range(1, rounds + 1):
        start = time.process_time()
        work(one)
        best = min(best, time.process_time() - start)
    assert best > 1e-4, "nothing was painted"
    return 1000 * best


def test_that_a_moving_cloud_costs_a_fraction_of_a_scatter_plot(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(50_000, 2)).astype(np.float32) for _ in range(3)]
    values = rng.random(50_000)
    cloud = PointCloud(look(), "Words")
    ready(qtbot, cloud)

    def ours(one: int) -> None:
        cloud.draw(frames[one % 3], values=values)
        cloud.repaint()

    plot = pyqtgraph.PlotWidget()
    ready(qtbot, plot)
    item = pyqtgraph.ScatterPlotItem(size=3, pen=None)
    plot.addItem(item)
    plot.setRange(xRange=(-4, 4), yRange=(-4, 4))

    def plain(one: int) -> None:
        item.setData(pos=frames[one % 3])
        plot.viewport().repaint()

    mine, theirs = cost(ours), cost(plain, 4)
    print(f"\n50,000 points moved: {mine:.1f} ms, ScatterPlotItem {theirs:.1f} ms")
    assert mine < theirs / 5


def test_that_a_heat_map_costs_little_more_than_an_image_item(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.random((512, 512)).astype(np.float32) for _ in range(3)]
    heat = Heatmap(look(), "Attention")
    ready(qtbot, heat)

    def ours(one: int) -> None:
        heat.draw(frames[one % 3])
        heat.repaint()

    plot = pyqtgraph.PlotWidget()
    ready(qtbot, plot)
    item = pyqtgraph.ImageItem(colorMap="viridis")
    plot.addItem(item)

    def plain(one: int) -> None:
        item.setImage(frames[one % 3], levels=(0, 1))
        plot.viewport().repaint()

    mine, theirs = cost(ours), cost(plain)
    print(f"\n512 x 512 heat map: {mine:.1f} ms, ImageItem {theirs:.1f} ms")
    assert mine < 2 * theirs


def test_that_a_head_grid_costs_a_few_passes_over_its_data(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    stack = rng.random((12, 12, 512, 512), np.float32)
    grid = HeadGrid(look(), "Heads")
    ready(qtbot, grid)

    def ours(one: int) -> None:
        grid.draw(stack[:] if one else stack)  # another array object: no picture is kept
        grid.repaint()

    mine, one_pass = cost(ours, 4), cost(lambda one: stack.sum(), 4)
    print(f"\n144 heads of 512 tokens: {mine:.1f} ms, one sum over them {one_pass:.1f} ms")
    assert mine < 6 * one_pass


def test_that_an_added_time_costs_a_fraction_of_all_times(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(300, 5000)).astype(np.float32) * 0.003
    paths = np.clip(rng.random(5000, np.float32) + steps.cumsum(axis=0), 0, 1)
    field = TrajectoryField(look(), "Opinions", y_range=(0.0, 1.0))
    ready(qtbot, field)

    def added(one: int) -> None:
        field.draw(paths[: 280 + one], x_range=(0, 300))
        field.repaint()

    def whole(one: int) -> None:
        field.draw(paths if one % 2 else paths[::-1], x_range=(0, 300))
        field.repaint()

    few, all_of_them = cost(added), cost(whole, 3)
    print(f"\n5,000 paths: {few:.1f} ms for a time more, {all_of_them:.1f} ms for all 300")
    assert few < all_of_them / 4
