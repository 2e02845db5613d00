"""Every picture is reached, read and operated by keys, and tells what it writes where."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from widgets.pictures.canvas import Canvas, wrapped
from widgets.pictures.curves import Curve, CurvePlot
from widgets.pictures.dragbars import DragBars, unit_row
from widgets.pictures.picture import Picture
from widgets.pictures.readouts import Readouts
from widgets.views.cards import Card


class Row(Canvas[int]):
    """Five squares."""

    clicked = Signal(int)

    def place(self, part: int) -> QRectF:
        return QRectF(part * 30, self.head, 28, 28)

    def part_at(self, x: float, y: float) -> int | None:
        return next((one for one in range(5) if self.place(one).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        return 2 if part is None else min(max(part + dx, 0), 4)

    def say(self, part: int) -> str:
        return f"square {part}"

    def tell_click(self, part: int | None) -> None:
        if part is not None:
            self.clicked.emit(part)

    def paint(self, painter: QPainter) -> None:
        self.layer(painter, "numbers", 0, lambda inner: [
            self.put(inner, self.label(str(one), longest=20), *self.place(one).center().toTuple())
            for one in range(5)])
        self.put(painter, self.label("a long name", longest=40), 0, 60)


class Ground(Card):
    """What a picture lies on; it notes the keys that come through."""

    def __init__(self) -> None:
        super().__init__(look())
        self.keys: list[int] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keys.append(event.key())


@pytest.fixture
def card(qtbot: QtBot) -> Ground:
    made = Ground()
    qtbot.addWidget(made)
    made.resize(200, 140)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.fixture
def row(card: Ground) -> Row:
    made = Row(look(), "Squares")
    card.body.addWidget(made)
    made.show()
    QApplication.processEvents()
    return made


@pytest.fixture
def recording() -> Iterator[None]:
    Picture.recording = True
    yield
    Picture.recording = False


def test_that_arrows_read_enter_clicks_and_escape_lets_go(row: Row, qtbot: QtBot) -> None:
    assert row.accessibleName() == "Squares" and row.focusPolicy() == Qt.FocusPolicy.TabFocus
    qtbot.keyClick(row, Qt.Key.Key_Right)
    qtbot.keyClick(row, Qt.Key.Key_Right)
    assert row.accessibleDescription() == "square 3"
    with qtbot.waitSignal(row.clicked) as clicked:
        qtbot.keyClick(row, Qt.Key.Key_Return)
    assert clicked.args == [3]
    qtbot.keyClick(row, Qt.Key.Key_Escape)
    assert row.current is None


def test_that_keys_which_are_not_its_own_go_on_to_the_page(
    card: Ground, row: Row, qtbot: QtBot
) -> None:
    for key in (Qt.Key.Key_Space, Qt.Key.Key_R, Qt.Key.Key_Escape):
        qtbot.keyClick(row, key)
    qtbot.keyClick(row, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    asked = [key for key in card.keys if key != Qt.Key.Key_Control]
    assert asked == [Qt.Key.Key_Space, Qt.Key.Key_R, Qt.Key.Key_Escape, Qt.Key.Key_Right]


def test_that_the_keyboards_place_is_seen(row: Row) -> None:
    def shot() -> bytes:
        return bytes(row.grab().toImage().constBits())

    row.clearFocus()
    away = shot()
    row.setFocus()
    QApplication.processEvents()
    assert row.hasFocus() and shot() != away


def test_that_a_double_click_is_the_cards_unless_each_click_counts(
    card: Ground, row: Row, qtbot: QtBot
) -> None:
    at = row.place(1).center().toPoint()
    with qtbot.waitSignal(card.filling):
        qtbot.mouseDClick(row, Qt.MouseButton.LeftButton, pos=at)
    row.repeats = lambda part: True  # type: ignore[method-assign]
    with qtbot.assertNotEmitted(card.filling):
        qtbot.mouseDClick(row, Qt.MouseButton.LeftButton, pos=at)


def test_that_a_bar_is_dragged_by_arrows_and_finely_with_shift(qtbot: QtBot) -> None:
    bars = DragBars(look())
    qtbot.addWidget(bars)
    bars.resize(300, 100)
    bars.draw([unit_row("gate", 0.5, draggable=True), unit_row("sum", 0.2)])
    moves: list[float] = []
    bars.dragged.connect(lambda _row, _column, value: moves.append(value))
    qtbot.keyClick(bars, Qt.Key.Key_Down)  # comes to the first bar
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    qtbot.keyClick(bars, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(bars, Qt.Key.Key_Left)
    assert moves == pytest.approx([0.55, 0.56, 0.51])
    assert "0.51" in bars.accessibleDescription()
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert bars.current == (1, 0)


def test_that_a_plot_is_read_along_its_curves(qtbot: QtBot) -> None:
    plot = CurvePlot(look(), "Loss", x="step")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    plot.draw([Curve(np.array([3.0, 2.0, 1.0]), label="training"),
               Curve(np.array([4.0, 3.5, 3.25]), label="test")])
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.accessibleDescription() == "test   step 2: 3.25"
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert plot.accessibleDescription() == "training   step 1: 2"
    with qtbot.waitSignal(plot.clicked) as clicked:
        qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert clicked.args == [1.0, 2.0]


def test_that_what_is_written_is_told_with_its_place(row: Row, recording: None) -> None:
    for _ in range(2):  # the second time the layer is a kept picture
        row.grab()
        told = {one.text: one for one in row.written}
        assert set(told) == {"Squares", "0", "1", "2", "3", "4", "a long name"}
        assert told["3"].whole and not told["a long name"].whole
        assert told["a long name"].box.top() == 60


def test_that_nothing_is_kept_outside_tests(row: Row) -> None:
    row.grab()
    assert row.written == []


def test_that_a_long_title_goes_on_in_a_second_line(row: Row) -> None:
    one = row.head
    row.retitle("What the squares say when there are many of them")
    assert row.head > one
    metrics = row.fonts(13, True)[1]
    first, second = wrapped("What the squares say", 100, metrics)
    assert f"{first} {second}" == "What the squares say"
    assert "".join(wrapped("不同词距下的正确率", 80, metrics)) == "不同词距下的正确率"
    for width in range(30, 200, 3):
        for text in ("引起，实际：（未提及）", "“不”之后：都划掉"):
            first, *rest = wrapped(text, width, metrics)
            assert first[-1] not in "（“" and not any(one[0] in "，：）”" for one in rest)


def test_that_figures_are_read_one_by_one(qtbot: QtBot) -> None:
    figures = Readouts(look())
    qtbot.addWidget(figures)
    figures.resize(300, 22)
    figures.draw([("loss", "0.5"), ("accuracy", "90 %")])
    qtbot.keyClick(figures, Qt.Key.Key_Right)
    qtbot.keyClick(figures, Qt.Key.Key_Right)
    assert figures.accessibleDescription() == "accuracy 90 %"


def test_that_tab_goes_on_from_a_picture(card: Ground, row: Row, qtbot: QtBot) -> None:
    button = QPushButton("next")
    card.body.addWidget(button)
    button.show()
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Tab)
    assert button.hasFocus()


@pytest.mark.parametrize("text", ["第 1 层", "第 12 层", "Layer 1", "比特"])
def test_that_a_text_that_just_fits_is_not_elided(text: str, qtbot: QtBot) -> None:
    row = Row(look())
    qtbot.addWidget(row)
    fits = row.label(text, size=12, longest=row.text_width(text, 12)).toImage()
    assert fits == row.label(text, size=12).toImage()
    assert fits != row.label(text, size=12, longest=row.text_width(text, 12) - 4).toImage()
