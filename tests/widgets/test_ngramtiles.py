"""n-grams as tiles: where they are, what they say, and how a hypothesis is edited by hand and by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.ngramtiles import NgramTiles
from widgets.pictures.picture import Picture

TOKENS, REFERENCE = ("the", "cat", "sat"), ("the", "dog", "cat", "sat")
NAMED: dict[str, Any] = {"names": ("reference", "hypothesis", *(f"{n}-grams" for n in range(1, 5))),
                         "said": ("in the reference", "no partner")}
PARTNER = np.array([[0, 2, 3], [-1, 2, -1], [-1, -1, -1], [-1, -1, -1]])


def shown(qtbot: QtBot, scale: float = 1.0) -> tuple[NgramTiles, list[tuple[str, ...]]]:
    widget = NgramTiles(look(scale=scale), "Tiles")
    qtbot.addWidget(widget)
    widget.resize(round(520 * scale), round(260 * scale))
    widget.show()
    widget.draw(TOKENS, REFERENCE, PARTNER, counts=["3/3", "1/2", "0/1", "0/0"], **NAMED)
    got: list[tuple[str, ...]] = []
    widget.edited.connect(got.append)
    return widget, got


def test_that_a_tile_is_found_where_it_is_drawn_and_says_whether_it_has_a_partner(qtbot: QtBot) -> None:
    widget, _ = shown(qtbot)
    for part in ((0, 2), (1, 0), (2, 1), (3, 0)):
        at = widget.place(part).center()
        assert widget.part_at(at.x(), at.y()) == part
    assert widget.part_at(widget.place((3, 0)).right() + 40, widget.place((3, 0)).center().y()) is None
    assert "“cat sat”" in widget.say((2, 1)) and "in the reference" in widget.say((2, 1))
    assert "no partner" in widget.say((2, 0))


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_dragged_word_moves_and_a_clicked_one_goes(qtbot: QtBot, scale: float) -> None:
    widget, got = shown(qtbot, scale)
    start, end = (widget.place((0, at)).center().toPoint() for at in (0, 2))
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, end)
    assert got == [("cat", "sat", "the")]
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)
    qtbot.mouseMove(widget, start)
    assert len(got) == 1, "what was dragged was not clicked, and is let go"
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place((0, 1)).center().toPoint())
    assert got[-1] == ("cat", "the")
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place((2, 1)).center().toPoint())
    assert len(got) == 2, "a tile is only looked at"


def test_that_keys_walk_move_and_take_out(qtbot: QtBot) -> None:
    widget, got = shown(qtbot)
    widget.setFocus()
    for _ in range(2):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (0, 1)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert got[-1] == ("the", "sat", "cat") and widget.current == (0, 2)
    qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert got[-1] == ("the", "sat")
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (1, 0)


def test_that_all_is_written_and_a_long_word_is_cut_within_its_box(qtbot: QtBot) -> None:
    widget, _ = shown(qtbot)
    widget.draw(("incomprehensibilities",) * 12, REFERENCE, np.full((4, 12), -1), counts=["0/12"] * 4,
                **NAMED)
    Picture.recording = True
    try:
        widget.grab()
    finally:
        Picture.recording = False
    assert {"reference", "hypothesis", "1-grams", "0/12"} <= {one.text for one in widget.written}
    boxes = [one.box for one in widget.written]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
