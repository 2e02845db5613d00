"""Runs beside one another in the window: by keys and clicks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.session.session import State
from app.window.palette import Overlay, Palette
from app.window.whatif import WhatIfField, pieces
from widgets.controls.speeds import Speed

LEFT, CTRL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, \
    Qt.KeyboardModifier.ShiftModifier


def field(window: Any) -> WhatIfField:
    (found,) = window.findChildren(WhatIfField)
    return found


def beside(lab: Any, qtbot: Any, typed: str = "0.1, 0.2, 0.05", **settings: Any) -> Any:
    """A window in which W and some values were typed."""
    window = lab(**settings)
    window.session.set_speed(Speed.FRAME)
    window.side.controls.control("learning_rate")._slider.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_W)
    field(window).edit.setText(typed)
    qtbot.keyClick(field(window).edit, Qt.Key.Key_Return)
    assert not window.findChildren(Overlay) and window.comparing.together is not None
    qtbot.waitUntil(lambda: window.comparing.together.last_step > 3, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    stands(qtbot, window)
    return window


def stands(qtbot: Any, window: Any) -> None:
    qtbot.waitUntil(lambda: window.comparing.together.standing
                    and not window.comparing.together._soon.isActive(), timeout=10_000)
    qtbot.wait(20)


def test_that_several_values_after_w_run_beside_one_another(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot)
    together, page = window.comparing.together, window.page
    rates = [run.session.params.learning_rate for run in together.runs]
    assert rates == [0.1, 0.2, 0.05] and window.session is together.first
    assert len({run.session.last_step for run in together.runs}) == 1
    assert page.beside.in_grid and page.picture is page.stack.currentWidget()
    seen = [view.shown.frame.position for view in page.beside.grid.views]
    assert seen == [run.session.current().frame.position for run in together.runs]
    assert [one.name.text() for one in page.beside.heads] \
        == ["Learning rate 0.1", "Learning rate 0.2", "Learning rate 0.05"]
    step = together.last_step
    page._describe()
    said = page.description.text
    assert said.startswith(f"After {step}\u00a0steps, distance from the valley is ")
    assert "with Learning rate 0.1; " in said and said.endswith("with Learning rate 0.05.")
    assert not window.tryings["tiny"].compared


def test_that_the_transport_and_the_keys_drive_all(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot)
    together, bar = window.comparing.together, window.page.transport
    step = together.last_step
    qtbot.mouseClick(bar._step, LEFT)
    qtbot.waitUntil(lambda: [run.session.last_step for run in together.runs] == [step + 1] * 3)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: [run.session.step_shown for run in together.runs] == [step] * 3)
    qtbot.waitUntil(lambda: (bar._scrubber.value(), bar._scrubber.maximum()) == (step, step + 1))
    qtbot.mouseClick(bar._play, LEFT)
    assert together.playing and bar._play.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: together.last_step > step + 5, timeout=10_000)
    assert window.session.state is State.PAUSED and not bar._step.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: together.standing and together.last_step == 0, timeout=10_000)
    assert not together.playing


def test_that_a_control_at_the_side_and_a_click_in_a_picture_act_in_all(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot)
    together = window.comparing.together
    qtbot.mouseClick(window.page.beside.grid.views[2], LEFT)
    qtbot.waitUntil(lambda: [run.session.params.locked for run in together.runs] == [7] * 3)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: [run.session.params.locked for run in together.runs] == [-1] * 3)
    assert window.comparing.together is together
    window.side.controls.changed.emit("start", "left")
    qtbot.waitUntil(lambda: together.standing and [run.session.params.start for run in together.runs]
                    == ["left"] * 3, timeout=10_000)


def test_that_the_grid_and_one_picture_with_live_ghosts_take_turns_and_are_remembered(
    lab: Any, qtbot: Any
) -> None:
    window = beside(lab, qtbot)
    together, page = window.comparing.together, window.page
    qtbot.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert not window.settings.grid and page.stack.currentWidget() is page.view
    ghosts = page.view.shown.ghosts
    assert [one.label for one in ghosts] == ["Learning rate 0.2", "Learning rate 0.05"]
    step = together.last_step
    together.step(2)
    qtbot.waitUntil(lambda: len(page.view.shown.ghosts[1].history) == step + 2)  # they live
    qtbot.mouseClick(page.beside.switch.buttons()[0], LEFT)
    assert window.settings.grid and page.stack.currentWidget() is page.beside.grid
    window.set_language("zh")
    assert window.page is not page and window.page.beside.in_grid
    assert [one.name.text() for one in window.page.beside.heads][1] == "学习率 0.2"


def test_that_a_grid_without_room_is_one_picture_and_says_so(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot)
    page = window.page
    window.page.beside.grid.least = lambda: page.size()  # type: ignore[method-assign]
    window.resize(1270, 720)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.view)
    assert "A grid needs more room." in page.beside.about.text()
    del window.page.beside.grid.least
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.beside.grid)


@pytest.mark.parametrize("at", [0, 1])
def test_that_any_of_them_can_be_kept(lab: Any, qtbot: Any, at: int) -> None:
    window = beside(lab, qtbot)
    together = window.comparing.together
    rate, step = together.runs[at].session.params.learning_rate, together.last_step
    losses = together.runs[at].session.history["loss"].copy()
    qtbot.mouseClick(window.page.beside.heads[2].pin, LEFT)
    assert [one.start.learning_rate for one in window.session.pinned] == [0.05]
    qtbot.mouseClick(window.page.beside.heads[at].keep, LEFT)
    session = window.session
    assert window.comparing.together is None and window.page.beside is None
    assert (session.params.learning_rate, session.last_step) == (rate, step)
    assert np.array_equal(session.history["loss"], losses)
    assert sorted(one.start.learning_rate for one in session.pinned) \
        == sorted({0.1, 0.2, 0.05} - {rate})
    assert window.page.stack.currentWidget() is window.page.view
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.last_step == step + 1, timeout=10_000)


def test_that_one_key_is_the_way_back_to_the_run_of_before(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.step(8)
    qtbot.waitUntil(lambda: window.session.last_step == 8, timeout=10_000)
    before = window.session.history["loss"].copy()
    window.comparing.ask_what_if("learning_rate")
    field(window).edit.setText("0.3")
    qtbot.mouseClick(field(window).beside, LEFT)  # one value stands beside the present one
    together = window.comparing.together
    assert [run.begin or run.session.params for run in together.runs][1].learning_rate == 0.3
    qtbot.waitUntil(lambda: together.last_step > 2, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.comparing.together is None and "the values and the run" in window.toast.text()
    assert np.array_equal(window.session.history["loss"], before)
    assert window.session.pinned == () and window.session.params.learning_rate == 0.1


def test_that_esc_the_button_and_another_panel_end_it(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot, "0.1; 0.2", count=2)
    page = window.page
    page._describe()
    assert page.description.text.startswith("With Learning rate 0.2 instead of 0.1, distance from")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.comparing.together is None and [
        one.label for one in window.session.ghosts] == ["Learning rate 0.2"]
    window.comparing.begin("learning_rate", [0.2, 0.3])
    qtbot.mouseClick(page.beside.close_button, LEFT)
    assert window.comparing.together is None
    window.comparing.begin("learning_rate", [0.2, 0.3])
    others = [run.session for run in window.comparing.together.runs[1:]]
    window.open_panel("second")
    assert window.comparing.together is None and all(one.state is State.IDLE for one in others)


def test_that_a_choice_is_ticked_in_a_list_and_a_palette_asks_for_the_control(
    lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = lab()
    monkeypatch.setattr(type(window.comparing), "pointed_control", lambda self: None)
    qtbot.keyClick(window, Qt.Key.Key_W, SHIFT)
    (palette,) = window.findChildren(Palette)
    qtbot.keyClicks(palette.field, "start")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.mouseClick(field(window).beside, LEFT)  # of two choices both
    together = window.comparing.together
    qtbot.waitUntil(lambda: not together.starting, timeout=10_000)
    assert [run.session.params.start for run in together.runs] == ["right", "left"]
    window.comparing.end()
    window.comparing.ask_what_if("text")
    sheet = field(window)
    sheet._values, titles = ["a", "b", "c", "python-reference"], "abcd"
    sheet.combo.clear()
    sheet.combo.addItems(list(titles))
    qtbot.mouseClick(sheet.beside, LEFT)
    assert [sheet.list.item(at).checkState() is Qt.CheckState.Checked for at in range(4)] \
        == [True, False, False, True]
    sheet.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    qtbot.mouseClick(sheet.beside, LEFT)
    assert "Two to four" in sheet._problem.text() and sheet._problem.isVisible()


def test_that_a_run_that_diverges_is_told_of_it_alone(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot, "0.1, 2.0")
    together, page = window.comparing.together, window.page
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: together.runs[1].session.state is State.DIVERGED, timeout=20_000)
    there = together.last_step
    qtbot.waitUntil(lambda: together.last_step > there, timeout=10_000)
    assert page.card is None and page.beside.heads[1].fact.text().startswith("diverged at step ")
    page._describe()
    assert page.description.text.startswith("Learning rate 2: At step ")


@pytest.mark.parametrize("how", [State.FAILED, State.DIVERGED])
def test_that_what_became_of_the_first_run_is_said_when_it_is_alone_again(
    lab: Any, qtbot: Any, how: State
) -> None:
    from app.engine.protocol import Failed

    window = beside(lab, qtbot, "2.0, 0.1" if how is State.DIVERGED else "0.1, 0.2")
    session, page = window.session, window.page
    if how is State.FAILED:
        session._on_message(Failed(session._talk.token, "The worker ended.", {}, "", fatal=True))
    else:
        qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: session.state is how, timeout=20_000)
    assert page.card is None
    steps = len(session.history)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.comparing.together is None and len(session.history) == steps > 3
    told = "The worker ended." if how is State.FAILED else "the loss stopped being a finite number"
    assert page.card is not None and told in page.card.label.text()


def test_that_it_says_when_they_take_turns(lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.together.os.cpu_count", lambda: 1)
    window = beside(lab, qtbot, "0.1, 0.2")
    assert window.page.beside.about.text() == (
        "2 runs in step, with the same seed and data. They take turns on one core.")


def test_that_a_suggestion_or_another_what_if_ends_it_first(lab: Any, qtbot: Any) -> None:
    window = beside(lab, qtbot, "0.1, 0.2")
    step = window.session.last_step
    window.comparing.ask_what_if("learning_rate")
    field(window).edit.setText("0.3")
    qtbot.keyClick(field(window).edit, Qt.Key.Key_Return)
    trying = window.tryings["tiny"]
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert window.comparing.together is None and window.session.last_step == step
    assert len(window.session.ghosts) == 2


@pytest.mark.parametrize(("typed", "whole", "found"), [
    ("0.8, 1.0, 1.5", False, ["0.8", "1.0", "1.5"]), ("0.8,1", False, ["0.8", "1"]),
    ("1,2,3", False, ["1", "2", "3"]), ("1, 2", False, ["1", "2"]), ("1，2、3", True, ["1", "2", "3"]),
    ("0,8", False, ["0.8"]), ("0,8; 1,5", False, ["0.8", "1.5"]), ("1,2", True, ["1", "2"]),
    ("0.5 −1", False, ["0.5", "-1"]), ("", False, [""]),
])
def test_that_values_are_read_as_they_are_written(typed: str, whole: bool, found: list[str]) -> None:
    assert pieces(typed, whole) == found
