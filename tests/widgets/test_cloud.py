"""Clouds of points: the way to the screen, hits, labels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.pictures.cloud import PointCloud
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def shown(qtbot: QtBot, width: int = 500, height: int = 400, scale: float = 1.0) -> PointCloud:
    widget = PointCloud(Look(theme("light"), Words(), scale), "Words")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def at(widget: PointCloud, index: int) -> QPoint:
    return widget.place(index).center().toPoint()


def cross() -> np.ndarray:
    return np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]], np.float32)


@pytest.mark.parametrize(("width", "height", "scale"),
                         [(300, 260, 1.0), (740, 500, 1.0), (900, 700, 1.5)])
def test_that_a_click_names_the_point_under_it(
    qtbot: QtBot, width: int, height: int, scale: float
) -> None:
    widget = shown(qtbot, width, height, scale)
    widget.draw(cross())
    for index in range(5):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at(widget, index))
        assert got.args == [index]
    with qtbot.waitSignal(widget.clicked) as got:
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(3, height - 3))
    assert got.args == [-1]


def test_that_one_unit_is_as_long_across_as_upwards(qtbot: QtBot) -> None:
    widget = shown(qtbot, 900, 300)
    widget.draw(cross())
    spots = widget.on_screen()
    assert spots[1, 0] - spots[0, 0] == pytest.approx(spots[0, 1] - spots[2, 1], abs=1e-3)
    assert spots[2, 1] < spots[4, 1]


def test_that_the_wheel_keeps_the_point_under_the_pointer(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(cross())
    spot, before = at(widget, 1), widget.on_screen()
    event = QWheelEvent(QPointF(spot), QPointF(spot), QPoint(), QPoint(0, 240),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)
    after = widget.on_screen()
    assert np.abs(after[1] - before[1]).max() < 1.5
    assert after[1, 0] - after[0, 0] > 1.2 * (before[1, 0] - before[0, 0])
    widget.mouseDoubleClickEvent(None)  # type: ignore[arg-type]
    assert np.allclose(widget.on_screen(), before)


def test_that_a_drag_pans_and_is_no_click(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(cross())
    before = widget.on_screen()
    clicks: list[int] = []
    widget.clicked.connect(clicks.append)
    start = at(widget, 0)
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(widget, start + QPoint(8 * step, 4 * step))
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 20))
    moved = widget.on_screen() - before
    assert np.abs(moved - [40, 20]).max() < 1e-2
    assert clicks == []


def test_that_the_view_grows_in_steps_and_depends_on_the_points_alone(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    views = set()
    for size in np.linspace(1.0, 1.5, 200):
        widget.draw(cross() * size)
        views.add(widget._view())
    assert 2 <= len(views) <= 10
    again = shown(qtbot)
    again.draw(cross() * 1.5)
    assert again._view() == widget._view()


@pytest.mark.parametrize("count", [20, 3000, 20_000])
def test_that_the_highest_value_has_the_last_colour(qtbot: QtBot, count: int) -> None:
    widget = shown(qtbot)
    points = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    points[-1] = (6, 6)
    values = np.zeros(count)
    values[-1] = 1.0
    widget.draw(points, values=values)
    image, spot = widget.grab().toImage(), at(widget, count - 1)
    near = [image.pixelColor(spot + QPoint(dx, dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert QColor(*raster.for_points(theme("light"))[255].tolist()) in near


def test_that_labels_do_not_overlap_and_follow_the_order(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    points = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    names = [f"word {i}" for i in range(400)]
    widget.draw(points, labels=names, label_order=[7, *range(100, 400)], selected=[3])
    spots = widget.on_screen()
    placed = widget._labels_now(spots)
    indices = [one[0] for one in placed]
    assert indices[0] == 3  # what is selected comes first and always has its label
    assert indices[1] == 7
    assert len(placed) > 10
    assert not set(indices) & set(range(8, 100))
    boxes = []
    for index, dx, dy, _ in placed:
        x, y = spots[index] + [dx, dy]
        boxes.append((x, y, x + widget.text_width(names[index], 12), y + widget.text_height(12)))
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_that_moving_points_keep_their_labels_for_a_moment(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    rng = np.random.default_rng(0)
    names = [f"word {i}" for i in range(200)]
    chosen = []
    for _ in range(5):
        widget.draw(rng.normal(size=(200, 2)), labels=names)
        chosen.append(tuple(one[0] for one in widget._labels_now(widget.on_screen())))
    assert len(set(chosen)) <= 2
    widget._placed_at -= 1.0
    later = tuple(one[0] for one in widget._labels_now(widget.on_screen()))
    assert later != chosen[0]


def test_that_arrows_lead_to_the_neighbour(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(cross(), labels=["middle", "east", "north", "west", "south"])
    with qtbot.waitSignal(widget.clicked) as got:
        for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return):
            qtbot.keyClick(widget, key)
    assert got.args == [2]
    assert widget.accessibleDescription() == "north"


def test_that_points_that_are_nowhere_harm_nothing(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    for points in (np.zeros((0, 2)), np.full((3, 2), np.nan), np.zeros((1, 2)),
                   np.array([[0, 0], [np.inf, 1], [1, 1]])):
        widget.draw(points, labels=["a"] * len(points), values=np.zeros(len(points)),
                    selected=[0], linked=[(0, 2, 1)])
        widget.grab()
        qtbot.mouseMove(widget, QPoint(200, 200))
        qtbot.keyClick(widget, Qt.Key.Key_Left)


def test_that_the_cloud_is_zoomed_by_keys_and_what_the_arrows_lead_to_comes_into_view(
    qtbot: QtBot
) -> None:
    widget = shown(qtbot)
    widget.draw(cross())
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    middle, far = widget.current, widget.place(1).right()
    for _ in range(8):
        qtbot.keyClicks(widget, "+")
    assert widget.current == middle == 0
    assert widget.place(1).right() > widget.width() > far  # zoomed in, it is outside
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == 1 and widget.place(1).right() <= widget.width() + 1
    qtbot.keyClicks(widget, "0")
    assert widget.place(1).right() == pytest.approx(far)
