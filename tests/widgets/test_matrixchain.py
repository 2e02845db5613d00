"""Products of matrices: factors below one another, numbers where there is room."""

from __future__ import annotations

import itertools

import numpy as np
from looking import look
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.matrixchain import Factor, MatrixChain
from widgets.pictures.picture import Picture


def shown(qtbot: QtBot, width: int = 400) -> MatrixChain:
    widget = MatrixChain(look(), "Chain")
    qtbot.addWidget(widget)
    widget.resize(width, 220)
    widget.show()
    widget.draw([("", [Factor("u", np.ones((1, 4))), Factor("D", -np.eye(4), "·"),
                       Factor("W", np.arange(12.0).reshape(4, 3), "·"), Factor("uDW", np.ones((1, 3)), "=")]),
                 ("sum", [Factor("f", np.array([[2.5]]))])])
    widget.grab()
    return widget


def test_that_factors_do_not_overlap_and_are_found(qtbot: QtBot) -> None:
    for width in (240, 400, 900):
        widget = shown(qtbot, width)
        places = [widget.place((0, index)) for index in range(4)]
        assert all(a.right() < b.left() for a, b in itertools.pairwise(places))
        assert all(widget.rect().contains(one.toRect()) for one in (places[-1], widget.place((1, 0))))
        for part in ((0, 1), (1, 0)):
            at = widget.place(part).center()
            assert widget.part_at(at.x(), at.y()) == part


def test_that_numbers_and_sizes_are_written(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        widget = shown(qtbot, 900)
        written = {each.text for each in widget.written}
        assert {"D  4×4", "W  4×3", "f", "2.5", "−1", "11", "·", "="} <= written
        assert all(each.whole for each in widget.written)
        widget.draw([], note="Nothing yet.")
        widget.grab()
        assert "Nothing yet." in {each.text for each in widget.written}
    finally:
        Picture.recording = False


def test_that_keys_walk_and_enter_chooses(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current == (0, 1) and "4×4" in widget.accessibleDescription()
    with qtbot.waitSignal(widget.clicked) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert got.args == [0, 1]
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == (1, 0) and "2.5" in widget.accessibleDescription()
