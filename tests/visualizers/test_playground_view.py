"""What a learner does in the playground's picture, and what it asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.headless.trial import Trial
from visualizers.catalog import Said, panel
from visualizers.l2_networks.playground.view import PlaygroundView
from visualizers.panel import Shown
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme

PANEL = panel("playground")


class Stage:
    """A view, and a run that takes what the view asks for, as a session does."""

    def __init__(self, qtbot: QtBot, **values: Any) -> None:
        self.trial = Trial(PANEL, changed(PANEL.params(), **values))
        self.view = PlaygroundView(Look(theme("light"), Said(PANEL, "en").words()))
        qtbot.addWidget(self.view)
        self.view.resize(QSize(900, 640))
        self.view.show()
        self.asked: list[tuple[str, Any]] = []
        self.view.changed.connect(lambda name, value: self.asked.append((name, value)))
        self.show()

    def show(self, steps: int = 0) -> Shown[Any, Any]:
        self.trial.train(steps)
        shown = self.trial.shown()
        self.view.show_frame(shown)
        return shown

    def obey(self) -> Shown[Any, Any]:
        """Take over what was asked for last, and show it."""
        self.trial.params = changed(self.trial.params, **dict(self.asked))
        return self.show()


@pytest.fixture
def stage(qtbot: QtBot) -> Callable[..., Stage]:
    return lambda **values: Stage(qtbot, **values)


def test_that_a_click_on_a_feature_gives_or_takes_it(stage: Callable[..., Stage]) -> None:
    one = stage()
    one.view.net.clicked.emit("neuron", 0, 4, 0)
    one.view.net.clicked.emit("neuron", 0, 0, 0)
    assert one.asked == [("features", ("x₁", "x₂", "x₁x₂")), ("features", ("x₂",))]


def test_that_the_signs_above_the_network_change_its_size(stage: Callable[..., Stage]) -> None:
    one = stage()
    for part in (("count", 1, 1), ("count", 2, -1), ("layers", 1, 0), ("layers", -1, 0)):
        one.view.net.clicked.emit(*part, 0)
    assert [value for _, value in one.asked] == ["5 2", "4 1", "4 2 2", "4"]
    alone = stage(layers="1")
    alone.view.net.clicked.emit("count", 1, -1, 0)
    assert not alone.asked, "a layer keeps a neuron"
    alone.view.net.clicked.emit("layers", -1, 0, 0)
    assert alone.asked == [("layers", "")]
    empty = stage(layers="")
    empty.view.net.clicked.emit("layers", 1, 0, 0)
    assert empty.asked == [("layers", "4")]


def test_that_a_layer_is_given_its_own_activation_by_a_menu(stage: Callable[..., Stage]) -> None:
    one = stage()
    one.view.net.clicked.emit("name", 2, 0, 0)
    menu = one.view.findChildren(QMenu)[-1]
    next(action for action in menu.actions() if action.text() == "ReLU").trigger()
    assert one.asked == [("bends", ("", "ReLU"))]
    menu.close()
    assert one.obey().frame.bends == ("tanh", "ReLU")
    assert [column.title for column in one.view.net.columns[1:3]] == ["tanh", "ReLU"]


def test_that_a_click_holds_a_neuron_s_map_and_another_lets_go(stage: Callable[..., Stage]) -> None:
    one = stage()
    one.view.net.clicked.emit("neuron", 2, 1, 0)
    assert one.asked == [("looked_at", 5)]
    one.obey()
    assert one.view.plane.title == "neuron 2 of layer 2" and one.view.net.locked == (2, 1)
    one.view.net.hovered.emit("neuron", 0, 6, 0)
    assert one.view.plane.title == "sin x₂", "the pointer previews"
    one.view.net.hovered.emit("", -1, -1, -1)
    assert one.view.plane.title == "neuron 2 of layer 2"
    one.view.net.clicked.emit("neuron", 2, 1, 0)
    assert one.asked[-1] == ("looked_at", -1)


def test_that_edits_are_numbered_kept_until_made_and_shown_at_once(
    stage: Callable[..., Stage],
) -> None:
    one = stage()
    one.view.net.edited.emit(0, 1, 0, 2.0)
    one.view.net.edited.emit(0, 1, 2, -1.0)  # before a frame has come back
    one.view.net.edited.emit(0, 1, 0, 3.0)  # instead of the first
    assert one.asked[-1] == ("edits", ((2, 0, 1, 2, -1.0), (3, 0, 1, 0, 3.0)))
    one.obey()
    assert one.view.net.weights[0][1, 0] == 3.0 and one.view.net.weights[0][1, 2] == -1.0
    assert one.show(1).frame.applied == 3
    one.view.net.edited.emit(1, 0, 0, 0.5)
    assert one.asked[-1] == ("edits", ((4, 1, 0, 0, 0.5),)), "what was made is not sent again"


def test_that_points_drawn_faster_than_frames_come_are_all_kept(
    stage: Callable[..., Stage],
) -> None:
    one = stage(data="drawn by hand")
    assert one.view.pen.isVisible() and one.view.plane.note
    for x in (0.0, 1.0, 2.0):
        one.view.plane.drawn.emit(x, 0.0)
    one.view.pen.buttons()[2].click()
    one.view.plane.drawn.emit(-3.0, 1.0)
    expected = ((0.0, 0.0, 0), (1.0, 0.0, 0), (2.0, 0.0, 0), (-3.0, 1.0, 2))
    assert one.asked[-1] == ("drawn", expected)
    shown = one.obey()
    assert len(shown.frame.points) == 4 and not one.view.plane.note
    one.view.pen.buttons()[3].click()
    one.view.plane.drawn.emit(1.2, 0.1)
    assert one.asked[-1] == ("drawn", expected[:1] + expected[2:])
    before = len(one.asked)
    one.view.plane.drawn.emit(5.0, 5.0)
    assert len(one.asked) == before, "nothing to rub out"


def test_that_a_linear_network_is_written_as_one_sum(stage: Callable[..., Stage]) -> None:
    one = stage(activation="linear", layers="3 3")
    shown = one.show(3)
    one.view.readouts.catch_up()
    value = dict(one.view.readouts._items)["all layers together"]
    weights = [float(part) for part in value.replace("− ", "-").replace("+ ", "").split()[::2]]
    assert weights == pytest.approx(shown.frame.single.tolist(), abs=0.006)


def test_that_the_network_is_copied_with_all_its_numbers(stage: Callable[..., Stage]) -> None:
    one = stage()
    one.view._copy_json()
    told = json.loads(QGuiApplication.clipboard().text())
    assert [len(layer["biases"]) for layer in told["layers"]] == [4, 2, 1]
    one.view._copy_python()
    assert "def network(x1, x2):" in QGuiApplication.clipboard().text()
    assert one.view.copy.text() == "Copied"
