"""What a painted frame costs the window, against the plainest way to paint the same."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.pictures.curves import Curve, CurvePlot
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

FRAMES, POINTS = 30, 1000

pytestmark = pytest.mark.alone  # it compares two costs


def cost(draw: Callable[[int], None]) -> float:
    """Milliseconds of this thread's CPU for one painted frame: the best of five runs."""
    for frame in range(10):
        draw(frame)
        QApplication.processEvents()
    best = np.inf
    for _ in range(5):
        start = time.thread_time()
        for frame in range(FRAMES):
            draw(frame)
            QApplication.processEvents()
        best = min(best, (time.thread_time() - start) / FRAMES * 1e3)
    return float(best)


def test_that_three_live_curves_cost_a_fraction_of_a_plot_that_follows_its_data(
    qtbot: QtBot, capsys
) -> None:
    x = np.arange(1.0, POINTS + 1)
    rng = np.random.default_rng(0)
    frames = (1 + np.arange(3)[:, None]) * np.exp(-x / 600) + rng.normal(
        0, 0.05, (FRAMES + 10, 3, POINTS))

    plain = pg.PlotWidget(background="w")
    qtbot.addWidget(plain)
    plain.resize(760, 620)
    plain.showGrid(True, True)
    lines = [plain.plot(pen=pg.mkPen(color, width=2)) for color in ("r", "g", "b")]
    plain.show()

    def draw_plain(frame: int) -> None:
        for line, y in zip(lines, frames[frame], strict=True):
            line.setData(x, y)

    ours = CurvePlot(Look(theme("light"), Words()), "Loss", x="step", y="loss")
    qtbot.addWidget(ours)
    ours.resize(760, 620)
    ours.show()

    def draw_ours(frame: int) -> None:
        ours.draw([Curve(y, x, label=f"run {series}", series=series)
                   for series, y in enumerate(frames[frame])])

    theirs_ms, ours_ms = cost(draw_plain), cost(draw_ours)
    with capsys.disabled():
        print(f"\n3 curves of {POINTS} points at 760 × 620: {ours_ms:.2f} ms a frame, "
              f"pyqtgraph as it comes {theirs_ms:.2f} ms")
    assert ours_ms <= 0.35 * theirs_ms


def test_that_a_long_history_costs_little_more_than_a_short_one(qtbot: QtBot) -> None:
    plot = CurvePlot(Look(theme("light"), Words()), "Loss")
    qtbot.addWidget(plot)
    plot.resize(760, 620)
    plot.show()
    y = np.random.default_rng(1).normal(size=200_000)
    x = np.arange(1.0, len(y) + 1)
    short = cost(lambda frame: plot.draw([Curve(y[: 2000 + frame], x[: 2000 + frame])]))
    long = cost(lambda frame: plot.draw([Curve(y[: 199_000 + frame], x[: 199_000 + frame])]))
    assert long <= 4 * short
