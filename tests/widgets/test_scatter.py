"""Points between axes: where they are, which one is meant, what is written, by mouse and by keys."""

from __future__ import annotations

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.picture import Picture
from widgets.pictures.scatter import ScatterPlot

X = np.array([10.0, 100.0, 1000.0, 10.0, 100.0, 1000.0])
Y = np.array([0.8, 0.5, 0.2, 0.6, 0.3, 0.1])
NAMES = ["rare", "usual", "often"] * 2


def shown(qtbot: QtBot, scale: float = 1.0) -> ScatterPlot:
    widget = ScatterPlot(look(scale=scale), "Drift", x="times", y="drift", log_x=True)
    qtbot.addWidget(widget)
    widget.resize(round(420 * scale), round(260 * scale))
    widget.show()
    widget.draw(X, Y, NAMES, series=np.array([0, 0, 0, 1, 1, 1]), series_names=("real", "control"),
                labelled=(0, 1, 2), selected=(1, 4), trends=[(0, X[:3], Y[:3])])
    return widget


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_logarithmic_axis_has_equal_steps_for_equal_ratios(qtbot: QtBot, scale: float) -> None:
    widget = shown(qtbot, scale)
    at = widget.on_screen(widget.points)
    assert at[1, 0] - at[0, 0] == pytest.approx(at[2, 0] - at[1, 0])
    assert at[0, 1] < at[1, 1] < at[2, 1], "more is higher up"
    assert all(widget.area.contains(x, y) for x, y in at)


def test_that_the_point_under_the_pointer_is_clicked(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    for part in range(6):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
        assert got.args == [part]
    with qtbot.assertNotEmitted(widget.clicked):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_that_keys_walk_along_both_axes_within_a_series(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == 1, "the chosen one first"
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == 2
    qtbot.keyClick(widget, Qt.Key.Key_Up)
    assert widget.current == 1
    assert "usual" in widget.say(1) and "real" in widget.say(1) and "100" in widget.say(1)


def test_that_no_name_covers_another(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    widget = shown(qtbot)
    names = [f"word{one}" for one in range(60)]
    draw = np.random.default_rng(0)
    widget.draw(draw.uniform(10, 30, 60), draw.random(60), names, labelled=range(60), selected=(7,))
    widget.grab()
    boxes = [one.box.adjusted(3, 3, -3, -3) for one in widget.written if one.text in names]
    assert 5 < len(boxes) < 60 and "word7" in {one.text for one in widget.written}
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_that_one_point_and_none_can_be_drawn(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    for count in (1, 0):
        widget.draw(X[:count], Y[:count], NAMES[:count])
        widget.grab()


@pytest.mark.parametrize("at", [0.0, 1.0, -2.5, 1e6])
@pytest.mark.parametrize("from_zero", [True, False])
def test_that_points_that_all_lie_in_one_place_are_drawn(qtbot: QtBot, at: float, from_zero: bool) -> None:
    widget = ScatterPlot(look(), "Place", from_zero=from_zero)
    qtbot.addWidget(widget)
    widget.resize(420, 260)
    widget.show()
    widget.draw(np.full(3, at), np.full(3, at), ["a", "b", "c"])
    widget.grab()
    assert np.isfinite(widget.on_screen(widget.points)).all()


def test_that_a_given_range_is_kept_and_a_rule_stands_at_its_place(qtbot: QtBot) -> None:
    widget = ScatterPlot(look(), "Orders", dot=3.6)
    qtbot.addWidget(widget)
    widget.resize(420, 260)
    widget.show()
    pictures = []
    for rule in (None, 0.0):
        widget.draw(np.array([-1.0, 1.0]), np.array([0.5, 0.9]), ["a", "b"], y_range=(0.4, 1.0), rule=rule)
        low, high = widget.on_screen(np.array([[0.0, 0.4], [0.0, 1.0]]))
        assert low[1] == pytest.approx(widget.area.bottom()) and high[1] == pytest.approx(widget.area.top())
        pictures.append(widget.grab().toImage())
    assert pictures[0] != pictures[1]
    middle = widget.on_screen(np.array([[0.0, 0.7]]))[0]
    ground = pictures[0].pixelColor(round(middle[0]), 100)
    dashes = {pictures[1].pixelColor(round(middle[0]) + dx, y).name()
              for dx in (-1, 0, 1) for y in range(80, 200)}
    assert dashes - {ground.name()}, "the dashed line is where its value is"


def test_that_a_logarithmic_y_axis_has_decades_and_years_are_written_as_years(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    widget = ScatterPlot(look(), "Sizes", x="year", y="weights", log_y=True, years=True)
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    widget.show()
    widget.draw(np.array([2018.4, 2019.5, 2022.3]), np.array([1e8, 1e9, 5e11]), ["GPT", "GPT-2", "PaLM"],
                trends=[(1, np.array([2018.4, 2022.3]), np.array([1e8, 1e12]))])
    widget.grab()
    (_, low), (_, middle), (_, high) = widget.on_screen(np.stack([np.full(3, 2019.0), [8.0, 10.0, 12.0]], 1))
    assert low - middle == pytest.approx(middle - high) and low == pytest.approx(widget.area.bottom())
    assert np.allclose(widget.points[:, 1], [8, 9, np.log10(5e11)])
    assert np.allclose(widget.trends[0][1][:, 1], [8, 12])
    assert widget.say(1) == "GPT-2   2019 · 10⁹"
    said = {one.text for one in widget.written}
    assert {"2019", "2020", "10¹⁰"} <= said and not any("," in text for text in said)
