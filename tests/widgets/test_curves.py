"""Curves: what is painted where, and how rarely an axis changes."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.pictures.curves import (
    Curve,
    CurvePlot,
    Rule,
    loss_curves,
    running_mean,
    sifted,
    thinned,
)
from widgets.theme.look import hall_look
from widgets.theme.words import window_words


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


def test_that_the_same_curves_given_again_need_no_new_picture(qtbot: QtBot, monkeypatch) -> None:
    made, painted = plot(qtbot), []
    qtbot.waitExposed(made)
    paint = CurvePlot.paint_over
    monkeypatch.setattr(CurvePlot, "paint_over", lambda self, painter: (painted.append(1),
                                                                         paint(self, painter)))

    def seen(*curves: Curve, rules: tuple[Rule, ...] = ()) -> int:
        painted.clear()
        made.draw(curves, rules)
        QApplication.processEvents()
        return len(painted)

    y = np.array([1.0, 0.5, np.nan, 0.25])
    assert seen(Curve(y, label="a")) == 1
    assert seen(Curve(y.copy(), label="a")) == 0
    assert made._lines[0].pixels is not None, "what is pointed at is still found"
    for other in (Curve(y, label="b"), Curve(y, label="b", series=1), Curve(y, width=4.0), Curve(y[:2])):
        assert seen(other) == 1
    assert seen(Curve(y[:2]), rules=(Rule(0.7),)) == 1
    made._outdated.stop()


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


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_that_a_curve_beyond_every_axis_is_drawn_as_nothing(qtbot: QtBot) -> None:
    made = plot(qtbot, y_range=(0, 1))
    made.draw([Curve(np.array([1e308, np.inf, np.nan]), label="lost"),
               Curve(np.linspace(0, 1, 5), label="seen")])
    with qtbot.captureExceptions() as raised:
        picture(made)
    assert not raised


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


def test_that_loss_curves_put_pinned_runs_first_as_ghosts() -> None:
    class History(dict):  # type: ignore[type-arg]
        def points(self, name: str) -> tuple[np.ndarray, np.ndarray]:
            return self[name], np.arange(1.0, 4.0)

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
    assert [one.name for one in made._legend.names] == ["first", "second"] and not made._labels


def test_that_a_resized_plot_still_shows_its_curves(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.draw([Curve(np.sin(np.arange(5000) / 300))])
    made.resize(1600, 900)
    assert pixels_of(picture(made._canvas), look().color(0), 60).sum() > 1500


def test_that_a_value_outside_the_axis_is_marked_at_its_edge_and_written(qtbot: QtBot) -> None:
    """A loss of 10³² on an axis that ended at a million went out of the plot without a word."""
    made = plot(qtbot, x_range=(0, 40), y_range=(0.0, 1e6))
    loss = np.full(41, 2e5)
    loss[20] = 1e32
    below = np.full(41, 8e5)
    below[30] = -5.0e7
    made.draw([Curve(loss), Curve(below, series=1)])
    shot = picture(made._canvas)
    assert {(label.named.name, label.named.series) for label, _ in made._labels} == {
        ("10³²", 0), ("−5·10⁷", 1)}
    *_, inside = made._to_pixels()
    for series, x, top in ((0, 20, inside.top() + 1), (1, 30, inside.bottom() - 8)):
        pixel = at(made, x, 0).x()
        part = shot[int(top) : int(top) + 7, int(pixel) - 3 : int(pixel) + 4]
        assert pixels_of(part, look().color(series)).sum() >= 12
    made.draw([Curve(np.full(41, 2e5))])
    picture(made._canvas)
    assert not made._beyond and not made._labels, "what is inside needs no mark"


def test_that_what_is_infinite_is_marked_too(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 10), log_y=True)
    made.draw([Curve(np.array([1.0, 10.0, np.inf, 10.0]), np.array([0.0, 3.0, 5.0, 9.0]))])
    picture(made._canvas)
    assert [label.named.name for label, _ in made._labels] == ["∞"]
    assert made.ranges()[1][1] < 100


def test_that_what_was_not_measured_neither_widens_the_axis_nor_is_marked(qtbot: QtBot) -> None:
    made = plot(qtbot)
    y = np.full(50, np.nan)
    y[[3, 40]] = 0.4, 0.6
    made.draw([Curve(y, label="held out"), Curve(np.full(50, np.nan), label="never", series=1)])
    picture(made._canvas)
    low, high = made.ranges()[1]
    assert 0 <= low <= 0.4 and 0.6 <= high <= 1 and not made._beyond
    assert [label.named.name for label, _ in made._labels] == ["held out"]


def test_that_an_axis_says_at_least_two_numbers_that_fit(qtbot: QtBot) -> None:
    rng = np.random.default_rng(4)
    for height, width in ((110, 160), (130, 300), (400, 900)):
        made = plot(qtbot, log_y=bool(rng.integers(2)))
        made.resize(width, height)
        for _ in range(6):
            scale = 10 ** rng.uniform(-6, 7)
            made.draw([Curve(rng.uniform(0.2, 0.8, 9) * scale, np.linspace(0, 10 ** rng.uniform(-2, 6), 9))])
            picture(made)
            for name, size in (("left", made._canvas.height()), ("bottom", made._canvas.width())):
                axis = made._canvas.getPlotItem().getAxis(name)
                found = axis.tickValues(*axis.range, size)[0][1]
                assert 2 <= len(found) <= 7
                assert len(set(axis.tickStrings(found, 1.0, 1.0))) == len(found)


def test_that_series_differ_by_their_marks(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 1), y_range=(0, 1))
    x = np.linspace(0, 1, 200)
    for series in range(4):
        made.draw([Curve(np.full(200, 0.5), x, series=series)])
        shot = pixels_of(picture(made._canvas), look().color(series))
        high = (shot.sum(1) > 2).sum()
        assert (high <= 3) if series == 0 else (high >= 5), "the first is the plain line"
        spots = made._marks_on(made._lines[0], made._to_pixels()[4])
        assert len(spots) >= 2 or series == 0


def test_that_the_marks_of_a_growing_curve_stand_still(qtbot: QtBot) -> None:
    made = plot(qtbot, x_range=(0, 100), y_range=(0, 1))
    seen = []
    for count in (60, 70, 80):
        made.draw([Curve(np.full(count, 0.5), series=1)])
        picture(made._canvas)
        seen.append(made._marks_on(made._lines[0], made._to_pixels()[4]))
    assert len(seen[0]) and all((later[: len(seen[0])] == seen[0]).all() for later in seen)


def test_that_a_note_that_does_not_fit_beside_the_title_stands_below_it(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.resize(180, 200)
    made.draw([], title="Loss and accuracy", note="loss 0.123, accuracy 99.6 %")
    assert made._legend.note == "loss 0.123, accuracy 99.6 %" and made._note.text() == ""
    made.resize(600, 200)
    assert made._legend.note == "" and made._note.text() == "loss 0.123, accuracy 99.6 %"


def test_that_a_running_mean_is_of_the_last_values_and_of_all_at_the_beginning() -> None:
    values = np.array([4.0, 0.0, 2.0, 7.0])
    assert running_mean(values, 3).tolist() == [4.0, 2.0, 2.0, 3.0]
    assert len(running_mean(np.empty(0), 3)) == 0


def test_that_a_long_run_of_which_old_steps_are_kept_seldom_is_thinned_evenly_over_the_plot() -> None:
    x = np.concatenate([np.arange(0.0, 9e6, 1000), np.arange(9e6, 10e6, 10)])
    y = np.zeros(len(x))
    y[5000] = 7.0
    thin_x, thin_y = thinned(x, y, 500)
    assert len(thin_x) <= 2100 and thin_y.max() == 7.0
    assert np.count_nonzero(thin_x < 5e6) > 500


def test_that_of_many_dots_those_are_kept_that_can_be_told_apart() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.random(200_000), generator.random(200_000)
    y[77] = np.nan
    few_x, few_y = sifted(x, y, 100, 40)
    assert len(few_x) == 4000 and np.isfinite(few_y).all()
    assert set(few_x) <= set(x)
    assert len(sifted(x[:100], y[:100], 10, 4)[0]) == 100


@pytest.mark.parametrize("stage", [QSize(1280, 720), QSize(1920, 1080)])
def test_that_in_a_hall_a_title_has_room_beside_the_ticks_before_they_are_painted(
    qtbot: QtBot, stage: QSize
) -> None:
    made = CurvePlot(hall_look("light", window_words("en"), stage), "Loss", x="length", y="perplexity",
                     log_y=True)
    qtbot.addWidget(made)
    made.resize(stage / 2)
    made.show()
    qtbot.waitExposed(made)
    made.draw([Curve(np.array([2e2, 1e3, 5e5]))])
    for side in ("left", "bottom"):
        axis = made._canvas.getPlotItem().getAxis(side)
        room = axis.minimumWidth() if side == "left" else axis.minimumHeight()
        ticks = axis._metrics.horizontalAdvance("10⁵") if side == "left" else axis._metrics.height()
        place, at = axis.label.boundingRect().height(), axis.style["tickTextOffset"][side == "bottom"]
        title = 2 * axis.label.document().documentMargin()  # its rectangle is larger than its letters
        assert room >= ticks + at + axis.style["tickLength"] + place - title
    first = picture(made._canvas)
    assert np.array_equal(first, picture(made._canvas))


def test_that_a_title_longer_than_its_axis_takes_a_second_line(qtbot: QtBot) -> None:
    made = plot(qtbot, x="step", y="nats that a letter of a new text costs")
    axis = made._canvas.getPlotItem().getAxis("left")
    for height in (200, 600, 200):
        made.resize(420, height)
        qtbot.waitUntil(lambda height=height: abs(axis.size().height() - height) < 90)  # type: ignore[misc]
        box = axis.label.boundingRect()
        assert box.width() <= axis.size().height() + 1
        assert (box.height() > 2 * axis._metrics.height()) == (height == 200)
        qtbot.waitUntil(lambda: axis.size().width() > axis.label.boundingRect().height())


def test_that_plots_of_runs_beside_one_another_have_the_same_axes(qtbot: QtBot) -> None:
    plots = [plot(qtbot) for _ in range(3)]
    for one in plots:
        one.stand_by(plots)
    for length in (5, 12, 40):
        for one, most in zip(plots, (1.0, 30.0, 4.0), strict=True):
            one.draw([Curve(np.linspace(0.5, most, length))])
        plots[0].level()
        assert len({one.ranges() for one in plots}) == 1
        (_, last), (low, high) = plots[0].ranges()
        assert last >= length - 1 and low <= 0.5 and high >= 30
    before = plots[2].ranges()
    plots[2].draw([Curve(np.linspace(0.5, 2.0, 40))])  # its own line alone would need less
    assert plots[2].ranges() == before
