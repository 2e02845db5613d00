"""Runs beside one another with a stage: the hall sees what the desk sees, and a control acts in all."""

from __future__ import annotations

from typing import Any

import pytest
import virtual_screens
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QPushButton, QSlider
from test_comparing import stands
from test_hall import drag, press, slider_of

from app.session.session import State
from widgets.controls.speeds import Speed

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


def compared(window: Any, qtbot: Any, *values: float) -> Any:
    """Some learning rates beside one another, at rest after some steps, drawn on the stage."""
    window.session.set_speed(Speed.FRAME)
    window.comparing.begin("learning_rate", list(values or (0.1, 0.2, 0.05)))
    together = window.comparing.together
    qtbot.waitUntil(lambda: together.last_step > 3, timeout=10_000)
    together.pause()
    stands(qtbot, window)
    seen(qtbot, window)
    return together


def seen(qtbot: Any, window: Any) -> None:
    """The stage shows the step at which all stand."""
    qtbot.waitUntil(lambda: window.hall.scene.shown is not None and not window.hall.scene._drawing.isActive()
                    and window.hall.scene.shown.step == window.comparing.together.step_shown, timeout=10_000)


@pytest.fixture
def two(projector: None, lab: Any, qtbot: Any) -> Any:
    window = lab(count=2)
    press(qtbot, window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.hall.scene.shown is not None, timeout=10_000)
    return window


def positions(views: Any) -> list[tuple[float, ...]]:
    return [tuple(one.shown.frame.position) if hasattr(one.shown.frame.position, "__len__")
            else (one.shown.frame.position,) for one in views]


def test_that_the_stage_shows_a_picture_of_each_run_with_its_name_and_the_difference(
    two: Any, qtbot: Any
) -> None:
    together, scene = compared(two, qtbot), two.hall.scene
    assert scene.runs.in_grid and scene.pictures.currentWidget() is scene.runs.grid
    assert positions(scene.runs.grid.views) == positions(two.page.beside.grid.views)
    assert len(set(positions(scene.runs.grid.views))) == 3
    assert [one.name.text() for one in scene.runs.heads] \
        == ["Learning rate 0.1", "Learning rate 0.2", "Learning rate 0.05"]
    assert all(one.isVisible() and one.fact.text() for one in scene.runs.heads)
    assert not scene.findChildren(QPushButton), "what can be done with a run is for the desk"
    scene._say()
    step = together.last_step
    assert scene.sentence.isVisible()
    assert scene.sentence.text.startswith(
        f"After {step}\N{NO-BREAK SPACE}steps, distance from the valley is ")
    press(qtbot, two, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: [one.shown.step for one in scene.runs.grid.views] == [step + 1] * 3)


def test_that_one_picture_with_live_ghosts_is_the_stages_too(two: Any, qtbot: Any) -> None:
    together, scene = compared(two, qtbot), two.hall.scene
    press(qtbot, two, Qt.Key.Key_G, SHIFT)
    qtbot.waitUntil(lambda: scene.pictures.currentWidget() is scene.view
                    and bool(scene.view.shown.ghosts))
    assert [one.label for one in scene.view.shown.ghosts] == ["Learning rate 0.2", "Learning rate 0.05"]
    step = together.last_step
    together.step(2)
    qtbot.waitUntil(lambda: len(scene.view.shown.ghosts[1].history) == step + 2, timeout=10_000)
    press(qtbot, two, Qt.Key.Key_G, SHIFT)
    qtbot.waitUntil(lambda: scene.pictures.currentWidget() is scene.runs.grid)
    two.set_theme("dark")
    qtbot.waitUntil(lambda: two.hall.scene is not scene and two.hall.scene.runs.in_grid
                    and two.hall.scene.shown is not None, timeout=10_000)
    assert two.hall.scene.runs.look.theme.name == "dark"


def test_that_a_stage_without_room_for_a_grid_has_one_picture(two: Any, qtbot: Any) -> None:
    compared(two, qtbot)
    scene = two.hall.scene
    scene.runs.grid.least = lambda: scene.size()
    scene._fit()
    seen(qtbot, two)
    assert scene.pictures.currentWidget() is scene.view and len(scene.view.shown.ghosts) == 2
    assert two.page.beside.in_grid


def test_that_a_control_on_the_stage_acts_in_all_runs(two: Any, qtbot: Any) -> None:
    two.hall.choose("start", True)
    together = compared(two, qtbot, 0.1, 0.2)
    two.hall.scene.controls.changed.emit("start", "left")
    qtbot.waitUntil(lambda: together.standing and [run.session.params.start for run in together.runs]
                    == ["left"] * 2, timeout=10_000)
    assert two.comparing.together is together and not together.over
    seen(qtbot, two)
    qtbot.mouseClick(two.hall.scene.runs.grid.views[1], LEFT)  # and so does a click in a picture
    qtbot.waitUntil(lambda: [run.session.params.locked for run in together.runs] == [7] * 2)


def test_that_a_control_of_the_desk_over_the_stage_acts_in_all_runs(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    together = compared(window, qtbot, 0.1, 0.2)
    press(qtbot, window.hall.stage, Qt.Key.Key_F8)
    window.hall.desk.controls.changed.emit("start", "left")
    qtbot.waitUntil(lambda: together.standing and [run.session.params.start for run in together.runs]
                    == ["left"] * 2, timeout=10_000)
    assert window.comparing.together is together


def test_that_a_dragged_control_acts_on_all_pictures_of_the_stage_when_it_is_let_go(
    two: Any, qtbot: Any
) -> None:
    together, scene = compared(two, qtbot, 0.1, 0.2), two.hall.scene
    slider: QSlider = slider_of(two)
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    drag(qtbot, slider, 0.8)
    moved = two.session.params
    qtbot.waitUntil(lambda: two.page.shown.params.learning_rate != 0.1, timeout=10_000)
    qtbot.wait(120)  # longer than the stage rests
    assert scene.shown.params.learning_rate == 0.1
    qtbot.mouseRelease(slider, LEFT)
    qtbot.waitUntil(lambda: scene.shown.params == two.session.params, timeout=10_000)
    assert moved and together.runs[1].session.params.learning_rate == 0.2


def test_that_the_stage_has_one_run_again_when_they_end(two: Any, qtbot: Any) -> None:
    together, scene = compared(two, qtbot), two.hall.scene
    press(qtbot, two, Qt.Key.Key_Escape)
    assert two.comparing.together is None and together.over
    assert two.hall.scene is scene and scene.runs is None and scene.sentence.isHidden()
    qtbot.waitUntil(lambda: scene.pictures.currentWidget() is scene.view and scene.view.shown is not None
                    and len(scene.view.shown.ghosts) == 2)
    step = scene.shown.step
    press(qtbot, two, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: scene.shown.step == step + 1, timeout=10_000)


def test_that_a_stage_that_is_opened_or_closed_meanwhile_changes_nothing_in_the_runs(
    projector: None, lab: Any, qtbot: Any
) -> None:
    window = lab()
    window.session.set_speed(Speed.FRAME)
    window.comparing.begin("learning_rate", [0.1, 0.2])
    together = window.comparing.together
    press(qtbot, window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.hall.scene.shown is not None and window.hall.scene.runs.in_grid,
                    timeout=10_000)
    step = together.last_step
    press(qtbot, window, Qt.Key.Key_F6)
    assert window.comparing.together is together and together.playing
    qtbot.waitUntil(lambda: together.last_step > step + 3, timeout=10_000)


# --- screens that come and go, frozen and black ----------------------------------------------------


def test_that_pulling_the_cable_stops_none_of_the_runs(two: Any, qtbot: Any) -> None:
    together = compared(two, qtbot)
    together.play()
    virtual_screens.unplug()
    step = together.last_step
    assert two.hall.stage is None and two.comparing.together is together and together.playing
    qtbot.waitUntil(lambda: together.last_step > step + 3, timeout=10_000)
    virtual_screens.plug()
    qtbot.waitUntil(lambda: two.hall.scene.runs.in_grid and two.hall.scene.shown is not None
                    and two.hall.scene.shown.step > step + 3, timeout=10_000)
    assert together.playing and two.page.beside.in_grid


def test_that_a_projector_that_comes_takes_the_comparison_from_the_only_screen(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    together = compared(window, qtbot, 0.1, 0.2)
    with virtual_screens.plugged():
        assert window.hall.stage.screen().name() == "hall" and not window.hall.alone
        qtbot.waitUntil(lambda: window.hall.scene.runs.in_grid and window.hall.scene.shown is not None,
                        timeout=10_000)
        assert window.comparing.together is together
    assert window.hall.stage is None and window.comparing.together is together
    assert window.page.beside is not None


def test_that_a_frozen_stage_keeps_the_runs_that_ended_meanwhile(two: Any, qtbot: Any) -> None:
    together, scene = compared(two, qtbot), two.hall.scene
    press(qtbot, two, Qt.Key.Key_F)
    before = scene.grab().toImage()
    press(qtbot, two, Qt.Key.Key_Right)
    stands(qtbot, two)
    two.comparing.end()
    two.show_home()
    qtbot.wait(150)  # what is to be deleted is
    assert together.over and scene.grab().toImage() == before
    two.open_panel("second")
    qtbot.waitUntil(lambda: two.page.shown is not None, timeout=10_000)
    assert two.hall.scene is scene and scene.grab().toImage() == before
    press(qtbot, two, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: two.hall.scene.shown is not None)
    assert two.hall.scene is not scene and two.hall.scene.session is two.session
    assert two.hall.scene.runs is None


def test_that_a_frozen_stage_goes_on_with_the_runs_and_with_those_that_came_meanwhile(
    two: Any, qtbot: Any
) -> None:
    together = compared(two, qtbot, 0.1, 0.2)
    press(qtbot, two, Qt.Key.Key_F)
    step = together.last_step
    press(qtbot, two, Qt.Key.Key_Right)
    stands(qtbot, two)
    press(qtbot, two, Qt.Key.Key_G, SHIFT)
    qtbot.wait(80)
    scene = two.hall.scene
    assert scene.shown.step == step and scene.pictures.currentWidget() is scene.runs.grid
    press(qtbot, two, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: scene.shown.step == step + 1 and scene.pictures.currentWidget() is scene.view)
    press(qtbot, two, Qt.Key.Key_F)
    two.comparing.end()
    two.comparing.begin("learning_rate", [0.3, 0.4])
    qtbot.waitUntil(lambda: two.comparing.together.last_step > 2, timeout=10_000)
    two.comparing.together.pause()
    stands(qtbot, two)
    press(qtbot, two, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: two.hall.scene.together is two.comparing.together
                    and two.hall.scene.shown.params.learning_rate == 0.3, timeout=10_000)


def test_that_a_frozen_stage_takes_no_clicks(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_F)
    before = two.session.params
    stage = two.hall.stage
    assert stage.childAt(QPoint(960, 540)) is None
    press(qtbot, two, Qt.Key.Key_F)
    assert stage.childAt(QPoint(960, 540)) is not None and two.session.params == before


@pytest.mark.parametrize("switch", ["freeze", "black"])
def test_that_a_stage_comes_back_as_it_was_switched_when_its_cable_is_in_again(
    two: Any, qtbot: Any, switch: str
) -> None:
    compared(two, qtbot, 0.1, 0.2)
    two.do(switch)
    scene, step = two.hall.scene, two.hall.scene.shown.step
    virtual_screens.unplug()
    assert two.hall.stage is None and two.isVisible()
    assert two.session.state is not State.FAILED and two.comparing.together is not None
    press(qtbot, two, Qt.Key.Key_Right)
    stands(qtbot, two)
    virtual_screens.plug()
    assert (two.hall.stage.black, two.hall.frozen) == (switch == "black", switch == "freeze")
    assert (two.hall.desk.black.isChecked(), two.hall.desk.freeze.isChecked()) \
        == (switch == "black", switch == "freeze")
    qtbot.wait(80)
    if switch == "freeze":  # the hall sees what it saw
        assert two.hall.scene is scene and scene.shown.step == step and scene.isVisible()
    two.do(switch)
    qtbot.waitUntil(lambda: two.hall.scene.shown is not None and two.hall.scene.shown.step == step + 1
                    and two.hall.scene.runs.in_grid, timeout=10_000)
    two.hall.scene.hold(two.session.params)  # and follows what the desk does
    assert not two.hall.stage.black and two.hall._scene_of is two.session


def test_that_a_black_stage_stays_black_where_it_swaps_or_moves(two: Any, qtbot: Any) -> None:
    compared(two, qtbot, 0.1, 0.2)
    press(qtbot, two, Qt.Key.Key_B)
    press(qtbot, two, Qt.Key.Key_F7)
    assert two.hall.stage.black and two.hall.stage.screen().name() == ""
    middle = two.hall.stage.grab().toImage().pixelColor(400, 400)
    assert middle.name() == "#000000"
    press(qtbot, two, Qt.Key.Key_B)
    seen(qtbot, two)
    assert two.hall.scene.runs is not None
    two.hall.stage.ink.take("pen")
    two.hall.stage.ink.press(QPointF(0.5, 0.5))
    assert two.hall.stage.ink.strokes
