"""Heat maps: the right cell under the pointer, the right colour in the right place."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.picture import Picture
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

SIZES = [(300, 260, 1.0), (740, 500, 1.0), (700, 600, 1.5), (900, 700, 2.0)]


def shown(qtbot: QtBot, width: int = 400, height: int = 300, scale: float = 1.0,
          **options: object) -> Heatmap:
    widget = Heatmap(Look(theme("light"), Words(), scale), "Attention", **options)  # type: ignore[arg-type]
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def centre(widget: Heatmap, cell: tuple[int, int]) -> QPoint:
    return widget.place(cell).center().toPoint()


@pytest.mark.parametrize("origin", ["top", "bottom"])
@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize(("width", "height", "scale"), SIZES)
def test_that_a_click_names_the_cell_under_it(
    qtbot: QtBot, width: int, height: int, scale: float, square: bool, origin: str
) -> None:
    widget = shown(qtbot, width, height, scale, square=square, origin=origin, x="key", y="query")
    labels = [f"token{i}" for i in range(9)]
    widget.draw(np.random.default_rng(0).random((9, 9)), x_labels=labels, y_labels=labels)
    for cell in ((0, 0), (8, 8), (2, 7), (5, 1)):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=centre(widget, cell))
        assert tuple(got.args) == cell


@pytest.mark.parametrize("origin", ["top", "bottom"])
@pytest.mark.parametrize(("width", "height", "scale"), SIZES)
def test_that_the_highest_value_has_the_last_colour_where_it_is(
    qtbot: QtBot, width: int, height: int, scale: float, origin: str
) -> None:
    widget = shown(qtbot, width, height, scale, origin=origin)
    values = np.zeros((6, 8))
    values[1, 6] = 3.0
    widget.draw(values)
    image = widget.grab().toImage()
    table = raster.sequential()
    assert image.pixelColor(centre(widget, (1, 6))) == QColor(*table[255].tolist())
    assert image.pixelColor(centre(widget, (4, 6))) == QColor(*table[0].tolist())


def test_that_long_row_labels_lose_their_end_and_say_it_all_under_the_pointer(qtbot: QtBot) -> None:
    widget = shown(qtbot, 300, 200)
    assert widget.label("begin middle end", longest=80, end=True).cacheKey() \
        != widget.label("begin middle end", longest=80).cacheKey()
    long = "what the layer would say after this word, had it been asked for it"
    widget.draw(np.zeros((6, 3)), y_labels=[long, *"abcde"])
    widget.grab()
    area = widget.area
    assert widget.label_at(area.left() - 20, area.top() + 3) == long
    assert widget.label_at(area.left() - 20, area.bottom() - 3) == "", "a short one stands there whole"
    assert widget.label_at(area.left() + 5, area.top() + 3) == ""
    qtbot.mouseMove(widget, QPoint(area.left() - 20, area.top() + 3))
    assert widget.toolTip() == long


def test_that_a_long_row_label_takes_two_lines_where_its_row_has_room(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        widget = shown(qtbot, 300, 300)
        widget.draw(np.zeros((2, 3)), y_labels=["a name of some length, in two lines", "b"])
        widget.grab()
        found = [one for one in widget.written if one.text.startswith(("a name", "two", "in two", "length"))]
        assert len(found) == 2 and all(one.whole for one in found)
    finally:
        Picture.recording = False


def test_that_origin_bottom_puts_the_first_row_below(qtbot: QtBot) -> None:
    below, above = shown(qtbot, origin="bottom"), shown(qtbot)
    for widget in (below, above):
        widget.draw(np.zeros((4, 4)))
    assert below.place((0, 0)).top() > below.place((3, 0)).top()
    assert above.place((0, 0)).top() < above.place((3, 0)).top()


def test_that_a_matrix_larger_than_the_screen_is_averaged(qtbot: QtBot) -> None:
    widget = shown(qtbot, 300, 260)
    checkered = np.indices((1024, 1024)).sum(axis=0) % 2
    widget.draw(checkered.astype(np.float32), low=0.0, high=1.0)
    image = widget.grab().toImage()
    seen = image.pixelColor(widget.area.center())
    near = raster.colour(np.array([0.35, 0.65]), 0, 1, raster.sequential())[:, 1]
    assert near.min() <= seen.green() <= near.max()


def test_that_hover_tells_the_cell_and_leaving_tells_none(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(np.arange(12.0).reshape(3, 4))
    with qtbot.waitSignal(widget.hovered) as got:
        qtbot.mouseMove(widget, centre(widget, (2, 3)))
    assert tuple(got.args) == (2, 3)
    assert "11.00" in widget.say((2, 3))
    with qtbot.waitSignal(widget.hovered) as got:
        qtbot.mouseMove(widget, QPoint(1, 1))
    assert tuple(got.args) == (-1, -1)


def test_that_the_readout_does_not_call_a_small_value_zero(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(np.full((2, 2), 0.0004))
    assert widget.say((0, 0)).endswith("0.0004")


def test_that_arrows_move_and_enter_chooses(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(np.zeros((3, 3)))
    clicks: list[tuple[int, int]] = []
    widget.clicked.connect(lambda row, column: clicks.append((row, column)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(widget, key)
    assert clicks == [(1, 1)]
    for _ in range(9):
        qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == (1, 2)


def test_that_a_click_does_not_take_the_keyboard(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(np.zeros((3, 3)))
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=centre(widget, (1, 1)))
    assert not widget.focusPolicy() & Qt.FocusPolicy.ClickFocus
    assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert widget.accessibleName() == "Attention"


def test_that_order_of_drawing_does_not_matter(qtbot: QtBot) -> None:
    one, other = np.random.default_rng(0).random((5, 5)), np.random.default_rng(1).random((9, 30))
    straight, detour = shown(qtbot), shown(qtbot)
    straight.draw(one, row=2)
    detour.draw(other, marks=[(1, 1)], x_labels=["a"] * 30)
    detour.grab()
    detour.draw(one, row=2)
    assert straight.grab().toImage() == detour.grab().toImage()


@pytest.mark.parametrize("data", [
    np.zeros((0, 0)), np.zeros((1, 1)), np.full((3, 3), np.nan), np.full((2, 2), np.inf),
    np.ones((1, 2000)), np.eye(3, dtype=bool), np.arange(6, dtype=np.int64).reshape(2, 3),
])
def test_that_any_matrix_can_be_drawn(qtbot: QtBot, data: np.ndarray) -> None:
    for size in ((400, 300), (121, 91)):
        widget = shown(qtbot, *size, values=True, palette="diverging", x="x", y="y")
        widget.draw(data)
        widget.grab()


@pytest.mark.parametrize("dense", [False, True])
def test_that_short_labels_may_stand_as_close_as_they_are_wide(
    qtbot: QtBot, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    widget = shown(qtbot, dense=dense)
    widget.draw(np.eye(12), x_labels=list("abcdefghijkl"), y_labels=[" "] * 12)
    widget.grab()
    said = {one.text for one in widget.written}
    assert (set("abcdefghijkl") <= said) is dense


def test_that_labels_said_but_not_written_leave_the_cells_their_room(qtbot: QtBot) -> None:
    written, said = shown(qtbot, dense=True), shown(qtbot, dense=True, across=False)
    names = ["elephant", "lion"]
    for widget in (written, said):
        widget.draw(np.eye(2), x_labels=names, y_labels=names)
    assert said.area.height() > written.area.height()
    assert said.say((0, 1)) == written.say((0, 1)) and "lion" in said.say((0, 1))


def test_that_blocks_have_an_outline_on_the_diagonal(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.draw(np.zeros((4, 4)), low=0.0, high=1.0, blocks=[(1, 3)])
    picture = widget.grab().toImage()
    corner, middle = widget.place((1, 1)).topLeft(), widget.place((0, 0)).center()
    at = [picture.pixelColor(round(x), round(y)).name() for x, y in (
        (corner.x(), corner.y() + 8), (middle.x(), middle.y()))]
    assert at[0] != at[1]
