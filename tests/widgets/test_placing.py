"""Labels touch no curve, no rule and no other label, at any size, for any curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from looking import look, picture
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF
from pytestqt.qtbot import QtBot

from widgets.pictures import curves as curves_module
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.placing import Ground, beside_line, place, touched

INSIDE = QRectF(40, 10, 400, 200)
SIZES = ((220, 130), (330, 180), (480, 300), (900, 420))


def crosses(line: NDArray[np.float64], box: QRectF) -> bool:
    """Whether a polyline enters a box: each of its segments against the box, one by one."""
    sides = [QLineF(box.topLeft(), box.topRight()), QLineF(box.topRight(), box.bottomRight()),
             QLineF(box.bottomRight(), box.bottomLeft()), QLineF(box.bottomLeft(), box.topLeft())]
    for start, stop in itertools.pairwise(line):
        if not np.isfinite([start, stop]).all():
            continue
        if box.contains(QPointF(*start)) or box.contains(QPointF(*stop)):
            return True
        segment = QLineF(QPointF(*start), QPointF(*stop))
        if any(segment.intersects(side)[0] == QLineF.IntersectionType.BoundedIntersection
               for side in sides):
            return True
    return False


def some_curves(rng: np.random.Generator) -> list[Curve]:
    """Between one and six curves of the kinds that panels draw."""
    found = []
    for series in range(rng.integers(1, 7)):
        n = int(rng.choice([2, 8, 60, 400]))
        x = np.sort(rng.uniform(0, 100, n)) if rng.random() < 0.3 else np.linspace(0, 100, n)
        kind = rng.integers(5)
        if kind == 0:
            y = np.exp(-x / rng.uniform(5, 200)) * rng.uniform(0.5, 3)
        elif kind == 1:
            y = np.sin(x / rng.uniform(3, 60)) + rng.normal(0, 0.4, n)
        elif kind == 2:
            y = np.cumsum(rng.normal(size=n)) / 5
        elif kind == 3:
            y = np.full(n, rng.uniform(-1, 1))
        else:
            y = rng.uniform(-1, 1, n)
        if rng.random() < 0.2:
            y[rng.random(n) < 0.3] = np.nan
        style = str(rng.choice(["solid", "solid", "solid", "dashed", "ghost", "steps", "dots"]))
        label = str(rng.choice(["loss", "held out", "training loss", "accuracy of moved sentences",
                                "测试集上的准确率"]))
        found.append(Curve(y, x, label, series % 4, style, float(rng.choice([1.5, 2.0, 3.0]))))  # type: ignore[arg-type]
    return found


def some_rules(rng: np.random.Generator) -> list[Rule]:
    return [Rule(float(rng.uniform(0, 100) if axis == "x" else rng.uniform(-1, 1)),
                 str(rng.choice(["guessing", "clip", "the smallest float32"])), axis)  # type: ignore[arg-type]
            for axis in rng.choice(["x", "y"], rng.integers(0, 3))]


def steps_of(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.repeat(pixels[:, 0], 2)[1:], np.repeat(pixels[:, 1], 2)[:-1]], 1)


def check(plot: CurvePlot) -> int:
    """What is painted in a plot keeps apart; the number of its labels."""
    *_, inside = plot._to_pixels()
    boxes = [box for _, box in plot._labels]
    for index, box in enumerate(boxes):
        assert inside.adjusted(-1, -4, 4, 4).contains(box)
        assert not any(box.intersects(other) for other in boxes[index + 1 :])
        for line in plot._lines:
            assert line.pixels is not None
            if line.curve.style == "dots":
                good = line.pixels[np.isfinite(line.pixels).all(1)]
                assert not any(box.contains(QPointF(*one)) for one in good)
                continue
            drawn = steps_of(line.pixels) if line.curve.style == "steps" else line.pixels
            assert not crosses(drawn, box), line.curve.label
        for rule, at in plot._rules_in(inside, plot._to_pixels()[:4]):
            start, stop = curves_module._ends(rule, at, inside)
            assert not crosses(np.array([[start.x(), start.y()], [stop.x(), stop.y()]]), box)
    return len(boxes)


def settle(plot: CurvePlot, qtbot: QtBot) -> None:
    """The legend makes room for itself, and what finds no place in the lower plot joins it."""
    for _ in range(4):
        picture(plot)
        qtbot.wait(1)
    picture(plot)


@pytest.mark.parametrize("seed", range(8))
def test_that_painted_labels_touch_nothing_and_none_is_lost(qtbot: QtBot, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for size in SIZES:
        plot = CurvePlot(look(scale=float(rng.choice([1.0, 1.5]))), "Loss", y_range=(
            (-1.0, 1.0) if rng.random() < 0.3 else None))
        qtbot.addWidget(plot)
        plot.resize(*size)
        plot.show()
        for _ in range(3):
            curves, rules = some_curves(rng), some_rules(rng)
            plot.draw(curves, rules)
            settle(plot, qtbot)
            check(plot)
            shown = {label.named.name for label, _ in plot._labels} | {
                one.name for one in plot._legend.names}
            drawn = {line.curve.label for line in plot._lines}
            assert drawn <= shown, "a name without a free place is in the legend"
            legend = plot._legend.boxes
            assert not any(one.intersects(other) for index, one in enumerate(legend)
                           for other in legend[index + 1 :])


def test_that_two_curves_that_meet_at_their_end_do_not_share_a_place(qtbot: QtBot) -> None:
    """"test" and "training" were painted as "testtraining"."""
    plot = CurvePlot(look(), "Loss")
    qtbot.addWidget(plot)
    plot.resize(420, 260)
    plot.show()
    x = np.arange(1.0, 136.0)
    plot.draw([Curve(1 / x, x, "training"), Curve(1 / x + 0.01, x, "test", 1)],
              [Rule(0.05, "guessing")])
    settle(plot, qtbot)
    assert check(plot) + len(plot._legend.names) == 3


def test_that_where_no_place_is_free_the_legend_names_the_curves(qtbot: QtBot) -> None:
    plot = CurvePlot(look(), "Noise", y_range=(0, 1))
    qtbot.addWidget(plot)
    plot.resize(300, 170)
    plot.show()
    noise = np.random.default_rng(0).uniform(0, 1, (2, 2000))
    plot.draw([Curve(noise[0], label="held out"), Curve(noise[1], label="training loss", series=1)])
    picture(plot)
    qtbot.waitUntil(lambda: len(plot._legend.names) == 2)
    assert plot._legend.height() > 0 and not plot._labels
    plot.draw([Curve(np.full(9, 0.3), label="held out")])
    picture(plot)
    qtbot.waitUntil(lambda: not plot._legend.names)
    assert plot._legend.height() == 0 and len(plot._labels) == 1


def test_that_labels_stand_still_while_their_curves_grow(qtbot: QtBot) -> None:
    plot = CurvePlot(look(), "Loss", x_range=(0, 1000), y_range=(0, 3))
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    rng = np.random.default_rng(3)
    y = 2 * np.exp(-np.arange(1000) / 300) + rng.normal(0, 0.02, 1000)
    seen = []
    for step in range(300, 1000, 5):
        plot.draw([Curve(y[:step], label="training"), Curve(y[:step] + 0.8, label="held out", series=1)])
        picture(plot)
        check(plot)
        seen.append(tuple(tuple(box.getRect()) for _, box in plot._labels))
    moves = sum(a != b for a, b in itertools.pairwise(seen))
    assert moves <= 0.1 * len(seen)


def test_that_the_ground_finds_what_a_segment_by_segment_check_finds() -> None:
    rng = np.random.default_rng(5)
    blocked = 0
    for _ in range(60):
        line = np.stack([np.sort(rng.uniform(20, 460, 30)), rng.uniform(-50, 300, 30)], 1)
        line[rng.random(30) < 0.2, 1] = np.nan
        ground = Ground(INSIDE, 2.0)
        ground.add_line(line)
        left, top = rng.uniform(40, 380, 40), rng.uniform(10, 195, 40)
        boxes = np.stack([left, top, left + 60, top + 14], 1)
        for free, box in zip(ground.free(boxes), boxes, strict=True):
            rect = QRectF(box[0], box[1], 60, 14)
            assert touched(line, [rect], rising=True) or not crosses(line, rect)
            if free:
                assert not crosses(line, rect)
            else:
                blocked += 1
                near = rect.adjusted(-5, -5, 5, 5)
                lone = any(near.contains(QPointF(*one)) for one in line[np.isfinite(line).all(1)])
                assert lone or crosses(line, near) or not INSIDE.contains(rect)
    assert blocked > 100


def test_that_a_value_far_beyond_stops_nothing() -> None:
    ground = Ground(INSIDE, 2.0)
    ground.add_line(np.array([[50.0, 100.0], [60.0, -1e28], [70.0, 100.0]]))
    assert ground.free(np.array([[300.0, 50.0, 360.0, 64.0]]))[0]
    assert not ground.free(np.array([[52.0, 50.0, 60.0, 64.0]]))[0]


def test_that_a_label_stays_where_it_was_while_that_is_free() -> None:
    line = np.array([[40.0, 150.0], [440.0, 150.0]])
    ground = Ground(INSIDE, 2.0)
    boxes = beside_line(ground, ground.add_line(line), (440.0, 150.0), (60.0, 14.0), 5.0)
    first = place(ground, [boxes])[0]
    assert first is not None and first.right() > 420, "at the end of the curve"
    elsewhere = QRectF(100, 130, 60, 14)
    assert place(ground, [boxes], [elsewhere])[0] == elsewhere
    ground.add_box(QRectF(120, 120, 20, 20))
    assert place(ground, [boxes], [elsewhere])[0] != elsewhere
