"""Ctrl+Z takes back what was moved, by whatever means, and a tour gives back what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

import app.session.undo
from app.session.session import State
from app.session.undo import MOST_RUNS
from app.window.side import CONTROLS, GUIDE
from visualizers.catalog import Said
from widgets.controls.controls import Slider

LEFT = Qt.MouseButton.LeftButton


def undo(qtbot: Any, window: Any) -> str:
    qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    return str(window.toast.text())


def trained(lab: Any, qtbot: Any, steps: int = 20) -> Any:
    window = lab()
    window.session.step(steps)
    qtbot.waitUntil(lambda: window.session.last_step == steps, timeout=10_000)
    return window


def test_that_a_live_control_is_taken_back_and_the_run_goes_on(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    session = window.session
    edit = window.side.controls.control("learning_rate").findChild(QLineEdit)
    qtbot.mouseClick(edit, LEFT)
    qtbot.keyClicks(edit, "0.3")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert session.params.learning_rate == 0.3
    session.step(5)
    qtbot.waitUntil(lambda: session.last_step == 25, timeout=10_000)
    assert undo(qtbot, window) == "Again: Learning rate 0.1."  # though the field has the keyboard
    assert (session.params.learning_rate, session.last_step) == (0.1, 25)
    assert edit.text() == "0.1"
    assert "Nothing was moved" in undo(qtbot, window)


def test_that_a_drag_is_one_move_and_two_drags_are_two(
    lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(app.session.undo, "monotonic", lambda: clock[0])
    window = lab()
    slider = window.side.controls.control("learning_rate").findChild(Slider)
    for position in (300, 400, 500):
        clock[0] += 0.1
        slider.setValue(position)
    middle = window.session.params.learning_rate
    clock[0] += 5
    slider.setValue(700)
    undo(qtbot, window)
    assert window.session.params.learning_rate == middle
    undo(qtbot, window)
    assert window.session.params.learning_rate == 0.1


def test_that_a_control_that_began_a_new_run_gives_the_old_one_back(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    session = window.session
    before = session.history["distance"].copy()
    session.set_params(start="left")
    qtbot.waitUntil(lambda: session.last_step == 0, timeout=10_000)
    assert undo(qtbot, window) == "Back as it was: the values and the run."
    assert session.params.start == "right"
    assert np.array_equal(session.history["distance"], before)


def test_that_a_click_in_the_picture_is_taken_back(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    window.page.view.changed.emit("locked", 4)
    assert window.session.params.locked == 4
    assert undo(qtbot, window) == "Back as it was in the picture."
    assert window.session.params.locked != 4


def test_that_few_runs_are_kept(lab: Any, qtbot: Any) -> None:
    window = lab()
    session, undoing = window.session, window.tryings["tiny"].undo
    for index in range(MOST_RUNS + 2):
        session.step(1)
        qtbot.waitUntil(lambda: session.last_step == 1, timeout=10_000)
        session.set_params(start="left" if index % 2 == 0 else "right")
        qtbot.waitUntil(lambda: session.last_step == 0 and session.state is State.PAUSED,
                        timeout=10_000)
    assert len([one for one in undoing._before if one.record is not None]) == MOST_RUNS


# --- a tour --------------------------------------------------------------------------------------


def toured(qtbot: Any, window: Any, index: int) -> Any:
    tour = window.guiding.tour("tiny")
    tour.run(index)
    qtbot.waitUntil(lambda: tour.state(index) in ("done", "failed"), timeout=20_000)
    return tour


def own(lab: Any, qtbot: Any) -> tuple[Any, Any]:
    window = trained(lab, qtbot)
    window.session.set_params(learning_rate=0.37)
    window.session.step(3)
    qtbot.waitUntil(lambda: window.session.last_step == 23, timeout=10_000)
    return window, window.session.history["distance"].copy()


def is_back(window: Any, before: Any) -> bool:
    session = window.sessions["tiny"]
    return session.params.learning_rate == 0.37 and session.params.start == "right" \
        and np.array_equal(session.history["distance"], before)


def test_that_a_tour_gives_back_what_it_found_by_a_button_and_by_ctrl_z(
    lab: Any, qtbot: Any
) -> None:
    window, before = own(lab, qtbot)
    window.side.show_tour()
    guide = window.side.page(GUIDE)
    assert guide.back.isHidden()
    toured(qtbot, window, 0)
    assert not is_back(window, before) and guide.back.isVisible()
    qtbot.mouseClick(guide.back, LEFT)
    assert is_back(window, before) and guide.back.isHidden()
    assert "before the tour are back" in window.toast.text()
    tour = toured(qtbot, window, 0)
    undo(qtbot, window)
    assert is_back(window, before) and tour.found is None


def test_that_a_tour_left_with_the_panel_gives_back_what_it_found(lab: Any, qtbot: Any) -> None:
    window, before = own(lab, qtbot)
    toured(qtbot, window, 0)
    window.show_home()
    assert is_back(window, before)
    window.open_panel("tiny")
    assert window.page.shown.step == 23


def test_that_a_finished_tour_gives_back_what_it_found_when_one_turns_away(
    lab: Any, qtbot: Any
) -> None:
    window, before = own(lab, qtbot)
    tour = window.guiding.tour("tiny")
    window.side.show_tour()
    for index in range(len(tour.steps)):
        toured(qtbot, window, index)
    assert tour.finished and not is_back(window, before)  # its last picture can be looked at
    window.side.set_tab(CONTROLS)
    assert is_back(window, before)
    edit = window.side.controls.control("learning_rate").findChild(QLineEdit)
    assert edit.text() == "0.37"


def test_that_the_key_for_the_next_step_ends_a_finished_tour(lab: Any, qtbot: Any) -> None:
    window, before = own(lab, qtbot)
    tour = window.guiding.tour("tiny")
    for index in range(len(tour.steps)):
        toured(qtbot, window, index)
    qtbot.keyClick(window, Qt.Key.Key_N)
    assert is_back(window, before) and not tour.running
    qtbot.keyClick(window, Qt.Key.Key_N)  # and begins it again
    assert tour.running or tour.open is not None or tour.told is not None


def test_that_what_a_learner_went_on_with_after_a_tour_is_left_alone(lab: Any, qtbot: Any) -> None:
    window, before = own(lab, qtbot)
    tour = toured(qtbot, window, 0)
    window.session.set_params(learning_rate=0.2)
    window.show_home()
    assert window.sessions["tiny"].params.learning_rate == 0.2
    window.open_panel("tiny")
    assert tour.give_back(asked=True) and is_back(window, before)


def test_that_a_finished_tour_is_ticked_and_an_opened_panel_has_a_dot(
    lab: Any, qtbot: Any, tmp_path: Path
) -> None:
    from app.files.settings import Settings
    from app.window.home import _Link

    window = lab()
    row = window.roadmap._rows("panel")[0]
    said = Qt.ItemDataRole.AccessibleDescriptionRole
    assert row.data(0, said) == "opened"
    mark = lambda: next(one._shown[-1] for one in window.middle.currentWidget().findChildren(_Link)  # noqa: E731
                        if one._shown.startswith(Said(window.panels[0], "en").title))
    window.show_home()
    assert mark() == "•"
    window.open_panel("tiny")
    tour = window.guiding.tour("tiny")
    for index in range(len(tour.steps)):
        toured(qtbot, window, index)
    assert row.data(0, said) == "tour finished"
    assert Settings.load(tmp_path / "settings.json").finished == ["tiny"]
    window.show_home()
    assert mark() == "✓"
