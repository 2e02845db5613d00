"""A computational graph: places without overlap, clicks, drags and keys."""

from __future__ import annotations

import itertools

import numpy as np
from looking import look
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.flowgraph import Flow, FlowGraph, FlowNode, layered
from widgets.pictures.picture import Picture

EDGES = ((0, 2), (1, 2), (1, 4), (3, 4), (2, 5), (4, 5))


def one(number: float) -> np.ndarray:
    return np.array([[number]])


def shown(qtbot: QtBot, width: int = 600, large: bool = False) -> FlowGraph:
    widget = FlowGraph(look(), "Graph")
    qtbot.addWidget(widget)
    widget.resize(width, 260)
    widget.show()
    size = np.arange(6.0).reshape(2, 3) if large else one(2)
    nodes = [FlowNode("x", "", one(1), one(2), movable=True), FlowNode("y", "", size, size),
             FlowNode("a", "x + y", one(3)), FlowNode("z", "", one(0)), FlowNode("b", "max(y, z)"),
             FlowNode("f", "a · b", one(6), one(1))]
    widget.draw(nodes, [Flow(*each, "× 2") for each in EDGES], now=4, chosen=2, lit=[3], back=True)
    widget.grab()
    return widget


def test_that_nodes_stand_right_of_what_they_use_and_never_on_one_another() -> None:
    rng = np.random.default_rng(4)
    for _ in range(30):
        count = int(rng.integers(3, 25))
        edges = [(int(rng.integers(0, b)), b) for b in range(2, count)
                 for _ in range(int(rng.integers(1, 3)))]
        spots, ways = layered([True] * count, edges)
        assert sorted(spots) == list(range(count))
        assert all(spots[a][0] < spots[b][0] for a, b in edges)
        taken = [*spots.values(), *(place for way in ways for place in way)]
        for (c1, r1), (c2, r2) in itertools.combinations(taken, 2):
            assert c1 != c2 or abs(r1 - r2) > 0.99
        for (a, b), way in zip(edges, ways, strict=True):
            assert [column for column, _ in way] == list(range(spots[a][0] + 1, spots[b][0]))


def test_that_what_is_not_drawn_has_no_place() -> None:
    spots, ways = layered([True, False, True], [(0, 2), (1, 2)])
    assert sorted(spots) == [0, 2] and ways == [[], []]


def test_that_clicks_drags_and_keys_name_the_node(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    for node in (1, 5):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(node).center().toPoint())
        assert got.args == [node]
    moved: list[tuple[int, float]] = []
    widget.moved.connect(lambda node, value: moved.append((node, value)))
    at = widget.place(0).center().toPoint()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(widget, pos=at + QPoint(40, 0))
    qtbot.mouseMove(widget, pos=at - QPoint(40, 0))
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=at - QPoint(40, 0))
    assert moved == [(0, 1.5), (0, 0.5)]
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current == 2  # the chosen one
    for _ in range(2):
        qtbot.keyClick(widget, Qt.Key.Key_Up)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    qtbot.keyClick(widget, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert moved[2:] == [(0, 0.6), (0, 0.61)] and "0.61" in widget.accessibleDescription()


def test_that_what_happens_is_in_sight_and_nothing_is_cut(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        for large, width in itertools.product((False, True), (560, 330)):
            widget = shown(qtbot, width, large)
            assert widget.rect().contains(widget.place(4).toRect())
            assert all(each.whole for each in widget.written)
            if width == 560 and not large:
                assert {"a = x + y", "b = max(y, z)", "6", "∂ 1", "?", "× 2"} <= {
                    each.text for each in widget.written}
    finally:
        Picture.recording = False


def test_that_without_a_graph_it_says_why(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        widget = shown(qtbot)
        widget.draw([], [], note="Type an expression.")
        widget.grab()
        assert [each.text for each in widget.written] == ["Graph", "Type an expression."]
    finally:
        Picture.recording = False
