"""Curves: what is painted where, and how rarely an axis changes."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from widgets.curves import Curve, CurvePlot, Rule, _label_spot, loss_curves, thinned


def plot(qtbot: QtBot, **options: object) -> CurvePlot:
    made = CurvePlot(look(), "Loss", **options)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    return made


def at(made: CurvePlot, x: float, y: float) -> QPointF:
    """The canvas pixel of a point in plot coordinates."""
    a, b, c, d, _ = made._to_pixels()
    return QPointF(a * x + b, c * y + d)


def test_that_a_curve_is_painted_where_its_values_are(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 10), y_range=(0, 1))
    made.draw([Curve(np.full(11, 0.5), series=1, width=3)])
    shot = pixels_of(picture(made._canvas), look().color(1))
    rows = np.flatnonzero(shot.sum(1) > 100)
    assert abs(rows.mean() - at(made, 0, 0.5).y()) <= 1.5


def test_that_a_long_curve_is_painted_nearly_as_wide_as_a_short_one(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 1), y_range=(0, 1))
    made.draw([])
    empty = picture(made._canvas).astype(int)
    for rise in (0.05, 0.8):  # flat, and about as steep as wide
        inked = []
        for count in (20, 500, 2000):
            y = np.linspace(0.5 - rise / 2, 0.5 + rise / 2, count)
            made.draw([Curve(y, np.linspace(0, 1, count), width=2)])
            inked.append(np.abs(picture(made._canvas).astype(int) - empty).sum())
        assert 0.8 <= inked[1] / inked[0] <= 1.05
        assert 0.65 <= inked[2] / inked[0] <= 1.05


def test_that_zeros_and_negatives_are_gaps_of_a_log_axis(qtbot: QtBot) -> None:
    made = plot(qtbot, log_y=True, x_range=(0, 2))
    made.draw([Curve(np.array([1e-3, 1e-3, 0.0, -1.0, np.inf, 1e-3, 1e-3]),
                     np.array([0, 0.5, 0.8, 1.0, 1.2, 1.5, 2]))])
    mask = pixels_of(picture(made._canvas), look().color(0), 60)
    y = round(at(made, 0, -3).y())
    inked = [bool(mask[y - 2 : y + 3, round(at(made, x, -3).x())].any()) for x in (0.25, 1.0, 1.75)]
    assert inked == [True, False, True]


def test_that_nothing_to_draw_leaves_an_empty_plot(qtbot: QtBot) -> None:
    made = plot(qtbot, log_y=True)
    for y in ([], [np.nan, np.nan], [0.0, -1.0]):
        made.draw([Curve(np.array(y), label="nothing")], [Rule(-1.0, "none"), Rule(np.nan)])
        assert not pixels_of(picture(made._canvas), look().color(0)).any()


def test_that_what_was_drawn_before_is_gone(qtbot: QtBot) -> None:
    made = plot(qtbot, y_range=(0, 1))
    made.draw([Curve(np.full(5, 0.2), series=3), Curve(np.full(5, 0.8), series=1)])
    made.draw([Curve(np.full(5, 0.8), series=1)])
    shot = picture(made._canvas)
    assert not pixels_of(shot, look().color(3)).any() and pixels_of(shot, look().color(1)).any()


@pytest.mark.parametrize("style", ["solid", "dashed", "ghost", "dots", "steps", "area"])
def test_that_every_style_paints_in_its_colour(qtbot: QtBot, style: str) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.sin(np.arange(40) / 6), style=style, series=2)])  # type: ignore[arg-type]
    color = look().color("ghost" if style == "ghost" else 2)
    assert pixels_of(picture(made._canvas), color).sum() > 40


def test_that_a_single_value_is_a_dot(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.array([0.7]), np.array([1.0]))])
    assert 10 < pixels_of(picture(made._canvas), look().color(0)).sum() < 100


def test_that_a_growing_history_changes_its_ranges_seldom(qtbot: QtBot) -> None:
    made = plot(qtbot)
    rng, seen = np.random.default_rng(1), []
    y = 2 * np.exp(-np.arange(1, 2001) / 400) + rng.normal(0, 0.05, 2000)
    for count in range(2, 2000, 8):
        made.draw([Curve(y[:count], np.arange(1.0, count + 1))])
        (x_low, x_high), (y_low, y_high) = made.ranges()
        assert x_low <= 1 and x_high >= count and y_low <= y[:count].min() <= y[:count].max() <= y_high
        seen.append(made.ranges())
    assert len(set(seen)) <= 24


def test_that_a_fixed_domain_fills_the_width(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.zeros(9), np.linspace(-2, 2, 9))])
    (low, high), _ = made.ranges()
    assert -2.1 < low <= -2 and 2 <= high < 2.1


def test_that_a_click_gives_the_plots_own_numbers(qtbot: QtBot) -> None:
    made = plot(qtbot, log_y=True, x_range=(0, 10), y_range=(1e-4, 1))
    made.draw([Curve(np.full(11, 0.01))])
    where = at(made, 5, -2).toPoint()
    with qtbot.waitSignal(made.clicked) as clicked:
        qtbot.mouseClick(made._canvas.viewport(), Qt.MouseButton.LeftButton, pos=where)
    x, y = clicked.args
    assert x == pytest.approx(5, abs=0.05) and y == pytest.approx(0.01, rel=0.05)


def test_that_hovering_reads_the_values_out_and_leaving_stops(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 10), y_range=(0, 1))
    made.draw([Curve(np.full(11, 0.5), label="train")])
    plain = picture(made._canvas)
    with qtbot.waitSignal(made.hovered):
        made.mouse_at(at(made, 4, 0.6))
    assert (picture(made._canvas) != plain).any()
    made.mouse_at(None)
    assert (picture(made._canvas) == plain).all()


def test_that_the_mouse_moves_nothing(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.arange(10.0))])
    before, view = made.ranges(), made._canvas.viewport()
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        qtbot.mousePress(view, button, pos=QPointF(150, 100).toPoint())
        qtbot.mouseMove(view, QPointF(250, 160).toPoint())
        qtbot.mouseRelease(view, button, pos=QPointF(250, 160).toPoint())
    assert made.ranges() == before


def test_that_thinning_keeps_the_extremes_and_the_order() -> None:
    rng = np.random.default_rng(2)
    x, y = np.arange(50_003.0), rng.normal(size=50_003)
    y[31_234], y[7], y[100:5000] = 40.0, -40.0, np.nan
    few_x, few_y = thinned(x, y, 700)
    assert len(few_y) <= 4 * 700 and (np.diff(few_x) >= 0).all()
    assert np.nanmax(few_y) == 40 and np.nanmin(few_y) == -40
    assert np.isnan(few_y[(few_x > 300) & (few_x < 4700)]).all()


def test_that_a_thinned_curve_does_not_shimmer_as_it_grows() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=9000)
    first = thinned(np.arange(8000.0), y[:8000], 700)[1]
    later = thinned(np.arange(8100.0), y[:8100], 700)[1]
    assert (first[:900] == later[:900]).all()


def test_that_labels_do_not_lie_on_one_another() -> None:
    inside = QRectF(40, 0, 400, 200)
    x = np.linspace(40, 440, 200)
    taken: list[QRectF] = []
    lines = [np.stack([x, np.full(200, y)], 1) for y in (96.0, 100.0, 104.0)]
    for line in lines:
        spot, _ = _label_spot(line, (90.0, 14.0), inside, np.concatenate(lines), taken, None)
        assert not any(spot.intersects(other) for other in taken)
        assert inside.adjusted(0, -4, 4, 4).contains(spot)
        taken.append(spot)


def test_that_a_label_stands_still_while_its_place_is_free() -> None:
    inside = QRectF(0, 0, 400, 200)
    places = set()
    before = None
    for shift in range(20):
        x = np.linspace(0, 300 + shift, 200)
        line = np.stack([x, 100 + 20 * np.sin(x / 60 + shift / 5)], 1)
        _, before = _label_spot(line, (60.0, 14.0), inside, line, [], before)
        places.add(before[0])
    assert len(places) == 1


def test_that_loss_curves_put_pinned_runs_first_as_ghosts() -> None:
    class History(dict):  # type: ignore[type-arg]
        steps = np.arange(1.0, 4.0)

    class Pinned:
        label, history = "LSTM", History(loss=np.ones(3))

    now = History(loss=np.zeros(3), held_out=np.zeros(3))
    made = loss_curves(now, ["loss", "held_out", "absent"], ["train", "held out", "-"], [Pinned()])
    assert [(one.label, one.style) for one in made] == [
        ("LSTM", "ghost"), ("train", "solid"), ("held out", "solid")]


def test_that_a_legend_replaces_the_labels(qtbot: QtBot) -> None:
    made = plot(qtbot, legend=True)
    made.draw([Curve(np.arange(9.0), label="first"), Curve(np.arange(9.0)[::-1], label="second")])
    picture(made)
    assert made._legend is not None and made._legend.width() > 80 and not made._choices


def test_that_a_resized_plot_still_shows_its_curves(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.sin(np.arange(5000) / 300))])
    made.resize(1600, 900)
    assert pixels_of(picture(made._canvas), look().color(0), 60).sum() > 1500
