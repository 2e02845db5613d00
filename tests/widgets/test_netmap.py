"""Networks of small maps, and the large map beside them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from widgets.pictures.netmap import Column, FieldMap, NetMap, Part, tables

LEFT = Qt.MouseButton.LeftButton


def maps(count: int, value: int = 128, side: int = 8) -> np.ndarray:
    return np.full((count, side, side), value, np.uint8)


def network(qtbot: QtBot, counts: tuple[int, ...] = (3, 4, 2, 1), *, theme: str = "light",
            size: tuple[int, int] = (520, 320), scale: float = 1.0, values: float = 0.0,
            sources: tuple[int, ...] | None = None) -> NetMap:
    widget = NetMap(look(theme, scale=scale), "Network")
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    columns = [Column(maps(count), [f"n{index}.{one}" for one in range(count)], title=f"c{index}",
                      named=0 < index < len(counts) - 1, resizable=0 < index < len(counts) - 1,
                      labels=[f"x{one}" for one in range(count)] if index == 0 else ())
               for index, count in enumerate(counts)]
    known = len(sources) if sources is not None else counts[0]
    weights = [np.full((here, (known if not index else below) + 1), values, np.float32)
               for index, (below, here) in enumerate(pairwise(counts))]
    widget.draw(columns, weights, sources=sources)
    return widget


def every_part(widget: NetMap) -> list[Part]:
    parts: list[Part] = [("neuron", column, row, 0) for column, one in enumerate(widget.columns)
                         for row in range(len(one.maps))]
    parts += [("weight", layer, row, matrix.shape[1] - 1)
              for layer, matrix in enumerate(widget.weights) for row in range(len(matrix))]
    return parts + widget._controls()


@pytest.mark.parametrize(("size", "scale"), [((320, 220), 1.0), ((520, 320), 1.0), ((900, 640), 2.0)])
@pytest.mark.parametrize("counts", [(3, 4, 2, 1), (7, 8, 8, 8, 8, 8, 8, 3), (7, 1), (1, 16, 1)])
def test_that_a_click_names_what_is_under_it(
    qtbot: QtBot, counts: tuple[int, ...], size: tuple[int, int], scale: float
) -> None:
    widget = network(qtbot, counts, size=size, scale=scale)
    for part in every_part(widget):
        spot = widget.place(part).center()
        assert widget.part_at(spot.x(), spot.y()) == part
    with qtbot.waitSignal(widget.clicked) as got:
        qtbot.mouseClick(widget, LEFT, pos=widget.place(("neuron", 0, 0, 0)).center().toPoint())
    assert tuple(got.args) == ("neuron", 0, 0, 0)


def test_that_every_link_can_be_pointed_at_and_says_its_value(qtbot: QtBot) -> None:
    widget = network(qtbot)
    widget.weights[1][1, 2] = -1.25
    for layer, matrix in enumerate(widget.weights):
        for to in range(matrix.shape[0]):
            for source in range(matrix.shape[1] - 1):
                spot = widget.place(("weight", layer, to, source)).center()
                assert widget.part_at(spot.x(), spot.y()) == ("weight", layer, to, source)
    assert widget.say(("weight", 1, 1, 2)) == "n1.2 → n2.1: −1.250"
    assert widget.say(("weight", 1, 1, 4)) == "bias of n2.1: 0.000"


def test_that_links_start_at_the_rows_that_are_connected(qtbot: QtBot) -> None:
    widget = network(qtbot, sources=(0, 2))
    assert widget.say(("weight", 0, 3, 1)) == "n0.2 → n1.3: 0.000"
    left, _ = widget.plan.gap(0)
    box = widget.place(("neuron", 0, 2, 0))
    assert widget.part_at(left + 5, box.center().y()) in [("weight", 0, to, 1) for to in range(4)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_that_a_map_has_the_colours_of_its_bytes(qtbot: QtBot, theme: str) -> None:
    widget = network(qtbot, theme=theme)
    here = look(theme)
    columns = list(widget.columns)
    columns[1] = Column(np.stack([maps(1, value)[0] for value in (1, 128, 255, 255)]), list("abcd"),
                        series=())
    columns[-1] = Column(maps(1, 255), ["out"], series=(2,))
    widget.draw(columns, widget.weights)
    shot = picture(widget)
    seen = {"low": ("neuron", 1, 0, 0), "none": ("neuron", 1, 1, 0), "high": ("neuron", 1, 2, 0),
            "class": ("neuron", 3, 0, 0)}
    colors = {"low": here.color(1), "none": here.color("card"), "high": here.color(0),
              "class": here.color(2)}
    for name, part in seen.items():
        spot = widget.place(part).center().toPoint()
        assert tuple(shot[spot.y(), spot.x()]) == colors[name].getRgb()[:3], name
    assert tables(here.theme)[0][128] == 0xFF000000 | here.color("card").rgb() & 0xFFFFFF


def test_that_a_link_is_as_wide_and_full_as_its_weight_and_coloured_by_its_sign(
    qtbot: QtBot,
) -> None:
    widget = network(qtbot, (1, 1))
    widget.columns = (Column(maps(1), ["a"]), Column(maps(1), ["b"]))
    counts = []
    for value in (4.0, 1.6, 0.25, -4.0):
        widget.draw(widget.columns, [np.array([[value, 0.0]], np.float32)])
        shot = picture(widget)
        x = round(sum(widget.plan.gap(0)) / 2)
        column = shot[widget.plan.area.top() + 2 :, x].astype(int)
        away = np.abs(column - np.array(QColor(look().theme.card).getRgb()[:3])).sum(axis=1)
        counts.append(away.sum())
        near = pixels_of(shot[:, x : x + 1], look().color(0 if value > 0 else 1), 40)
        assert near.any() == (abs(value) >= 1)
    assert counts[0] > 1.5 * counts[1] > 3 * counts[2] > 0


def test_that_a_typed_weight_is_told(qtbot: QtBot) -> None:
    widget = network(qtbot)
    qtbot.mouseClick(widget, LEFT, pos=widget.place(("weight", 0, 1, 3)).center().toPoint())
    editor = widget.findChild(QLineEdit)
    assert editor is not None and editor.isVisible() and editor.text() == "0"
    editor.setText("−1,5")
    with qtbot.waitSignal(widget.edited) as got:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert got.args == [0, 1, 3, -1.5]
    assert not editor.isVisible()


def test_that_escape_and_nonsense_change_nothing(qtbot: QtBot) -> None:
    widget = network(qtbot)
    told: list[object] = []
    widget.edited.connect(lambda *args: told.append(args))
    editor = widget.findChild(QLineEdit)
    assert editor is not None
    for text, key in (("2", Qt.Key.Key_Escape), ("two", Qt.Key.Key_Return),
                      ("nan", Qt.Key.Key_Return), ("1e999", Qt.Key.Key_Return)):
        widget.edit(("weight", 0, 0, 0))
        editor.setText(text)
        qtbot.keyClick(editor, key)
        assert not editor.isVisible()
    assert not told


def test_that_a_weight_can_be_dragged(qtbot: QtBot) -> None:
    widget = network(qtbot)
    told: list[tuple[int, int, int, float]] = []
    widget.edited.connect(lambda *args: told.append(args))
    spot = widget.place(("weight", 1, 0, 1)).center().toPoint()
    QTest.mousePress(widget, LEFT, pos=spot)
    for step in (10, 30, 50):
        drag(widget, spot - QPoint(0, step))
    QTest.mouseRelease(widget, LEFT, pos=spot - QPoint(0, 50))
    assert [one[:3] for one in told] == [(1, 0, 1)] * 3
    assert [one[3] for one in told] == pytest.approx([0.2, 0.6, 1.0])
    editor = widget.findChild(QLineEdit)
    assert editor is not None and not editor.isVisible(), "a drag is no click"


def drag(widget: NetMap | FieldMap, at: QPoint) -> None:
    """A move with the button down, which QTest cannot send."""
    widget.mouseMoveEvent(QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(at), widget.mapToGlobal(QPointF(at)),
        Qt.MouseButton.NoButton, LEFT, Qt.KeyboardModifier.NoModifier))


def test_that_arrows_reach_every_part(qtbot: QtBot) -> None:
    widget = network(qtbot)
    seen: set[Part] = set()
    ahead: list[Part | None] = [None]
    while ahead:
        part = ahead.pop()
        for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            found = widget.beside(part, *step)
            if found is not None and found not in seen:
                seen.add(found)
                ahead.append(found)
    links = {("weight", layer, to, source) for layer, matrix in enumerate(widget.weights)
             for to in range(matrix.shape[0]) for source in range(matrix.shape[1])}
    assert seen >= {*every_part(widget), *links}
    for part in seen:
        assert widget.say(part)
    widget.setFocus()
    with qtbot.waitSignal(widget.clicked) as got:
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
            qtbot.keyClick(widget, key)
    assert tuple(got.args) == ("neuron", 0, 1, 0)
    assert widget.accessibleDescription() == "n0.1"


def test_that_a_network_may_shrink_under_the_pointer(qtbot: QtBot) -> None:
    widget = network(qtbot, (3, 4, 4, 1))
    widget.preview(("weight", 1, 3, 3))
    widget.edit(("weight", 1, 3, 3))
    small = network(qtbot, (3, 2, 1))
    widget.draw(small.columns, small.weights)
    widget.grab()
    assert widget.current is None
    editor = widget.findChild(QLineEdit)
    assert editor is not None and not editor.isVisible()
    nothing = Column(maps(0), [])
    widget.draw([Column(maps(7), list("abcdefg")), Column(maps(1), ["o"])],
                [np.zeros((1, 1), np.float32)], sources=())
    widget.grab()
    widget.draw([nothing, nothing], [np.zeros((0, 1), np.float32)])
    widget.grab()
    widget.draw([Column(maps(1), ["a"]), Column(maps(1), ["b"])],
                [np.full((1, 2), np.nan, np.float32)])
    widget.grab()


# --- the large map -------------------------------------------------------------------------------


def field(qtbot: QtBot, *, theme: str = "light", size: tuple[int, int] = (300, 320),
          scale: float = 1.0) -> FieldMap:
    widget = FieldMap(look(theme, scale=scale), "Output", reach=6.0, x="x₁", y="x₂")
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    return widget


NONE = np.zeros((0, 2), np.float32), np.zeros(0, np.float32)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_places_and_points_of_the_widget_belong_together(qtbot: QtBot, scale: float) -> None:
    widget = field(qtbot, scale=scale, size=(600, 500))
    for x, y in ((-6.0, 6.0), (0.0, 0.0), (3.5, -2.25)):
        spot = widget.spot(x, y)
        assert widget.plane(spot.x(), spot.y()) == pytest.approx((x, y))
    assert widget.spot(0, 6).y() < widget.spot(0, -6).y(), "up is up"


def test_that_the_value_under_the_pointer_is_read(qtbot: QtBot) -> None:
    widget = field(qtbot)
    values = np.full((1, 40, 40), 128, np.uint8)
    values[0, :20, 20:] = 255  # top right
    widget.draw(values, *NONE, filled=0, scale=2.0)
    part = widget.part_at(widget.spot(3.1, 3.1).x(), widget.spot(3.1, 3.1).y())
    assert part is not None
    assert widget.say(part).endswith(": 2.00")
    three = np.stack([np.full((4, 4), value, np.uint8) for value in (1, 255, 1)])
    widget.draw(three, *NONE, filled=0, classes=3, names=["orange", "blue", "green"])
    assert widget.say((0, 0)).endswith("blue 100\u00a0%")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_that_points_have_the_colour_of_their_class_and_its_shape(qtbot: QtBot, theme: str) -> None:
    widget = field(qtbot, theme=theme, size=(600, 640))
    points = np.array([[-3, 0], [0, 0], [3, 0]], np.float32)
    widget.draw(np.full((1, 4, 4), 128, np.uint8), points, np.array([0, 1, 2], np.float32),
                filled=3, classes=3)
    shot = picture(widget)
    areas = []
    for (x, y), series in zip(points.tolist(), (1, 0, 2), strict=True):
        spot = widget.spot(x, y)
        mask = pixels_of(shot, look(theme).color(series))
        assert mask[round(spot.y()), round(spot.x())]
        box = mask[round(spot.y()) - 8 : round(spot.y()) + 9, round(spot.x()) - 8 : round(spot.x()) + 9]
        rows = box.sum(axis=1)
        areas.append(tuple(rows[rows > 0]))
    assert len(set(areas)) == 3
    assert len(set(areas[0])) <= 2, "a square's rows are alike"
    assert list(areas[2]) == sorted(areas[2]), "a triangle widens"


def test_that_rings_are_hollow(qtbot: QtBot) -> None:
    widget = field(qtbot, size=(600, 640))
    widget.draw(np.full((1, 4, 4), 255, np.uint8), np.zeros((1, 2), np.float32),
                np.zeros(1, np.float32), filled=0)
    spot = widget.spot(0, 0).toPoint()
    assert widget.grab().toImage().pixelColor(spot) == look().color("card")


def test_that_points_are_drawn_with_the_pointer_and_with_keys(qtbot: QtBot) -> None:
    widget = field(qtbot)
    told: list[tuple[float, float]] = []
    widget.drawn.connect(lambda *args: told.append(args))
    widget.draw(np.full((1, 4, 4), 128, np.uint8), *NONE, filled=0)
    qtbot.mouseClick(widget, LEFT, pos=widget.spot(1, 1).toPoint())
    assert not told, "only while drawing"
    widget.draw(np.full((1, 4, 4), 128, np.uint8), *NONE, filled=0, drawing=True, note="draw here")
    QTest.mousePress(widget, LEFT, pos=widget.spot(-3, 2).toPoint())
    for x in np.linspace(-3, 3, 121):
        drag(widget, widget.spot(float(x), 2).toPoint())
    drag(widget, QPoint(-50, 10))
    QTest.mouseRelease(widget, LEFT, pos=widget.spot(3, 2).toPoint())
    assert told[0] == pytest.approx((-3, 2), abs=0.1)
    assert 10 <= len(told) <= 18, "spaced, not one for each event"
    assert all(abs(x) <= 6 and abs(y) <= 6 for x, y in told)
    told.clear()
    widget.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(widget, key)
    assert told == [pytest.approx((0.45, 0.15), abs=0.2)]


def test_that_any_map_can_be_drawn(qtbot: QtBot) -> None:
    for size in ((180, 200), (500, 220), (200, 700)):
        widget = field(qtbot, size=size)
        for count, side in ((1, 1), (3, 56), (1, 28)):
            widget.draw(np.random.default_rng(0).integers(0, 256, (count, side, side)).astype(np.uint8),
                        np.zeros((5, 2), np.float32), np.linspace(-1, 1, 5, dtype=np.float32),
                        filled=2, classes=0)
            widget.grab()
