"""Suggestions, what-ifs, and the way back from both."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from app.session.session import State
from app.session.tours import Try
from app.session.trying import headline, written
from app.window.palette import Overlay
from app.window.whatif import WhatIfField
from visualizers.panel import History
from visualizers.refusal import Refusal


def trained(lab: Any, qtbot: Any, steps: int = 20, **settings: Any) -> Any:
    window = lab(**settings)
    window.session.step(steps)
    qtbot.waitUntil(lambda: window.session.last_step == steps, timeout=10_000)
    return window


def asked(window: Any) -> WhatIfField:
    field = window.findChildren(Overlay)[0]
    assert isinstance(field, WhatIfField)
    return field


def test_that_w_runs_the_run_again_with_one_control_at_another_value(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    session, trying = window.session, window.tryings["tiny"]
    before = session.history["distance"].copy()
    slider = window.side.controls.control("learning_rate")._slider
    slider.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_W)
    field = asked(window)
    assert field.edit.accessibleName() == "What if Learning rate were …?"
    field.edit.setText("0.2")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert (session.last_step, session.state, session.params.learning_rate) == (20, State.PAUSED, 0.2)
    assert [one.label for one in session.ghosts] == ["Learning rate 0.1"]
    assert np.array_equal(session.ghosts[0].history["distance"], before)
    said = window.page.aside.label.text()
    assert said.startswith("With Learning rate 0.2 instead of 0.1, distance from the valley after "
                           "20\u00a0steps is ")
    assert written(session.history["distance"][-1], before[-1])["change"] in said
    assert window.page.description.isHidden() and window.page.aside.isVisible()


def test_that_one_key_takes_a_what_if_back(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    session, trying = window.session, window.tryings["tiny"]
    session.pin("kept")
    before = session.history["distance"].copy()
    trying.what_if("learning_rate", 0.2)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.params.learning_rate == 0.1
    assert np.array_equal(session.history["distance"], before)
    assert [one.label for one in session.ghosts] == ["kept"]
    assert window.page.aside.isHidden()
    session.step(1)  # and it goes on from there
    qtbot.waitUntil(lambda: session.last_step == 21, timeout=10_000)
    assert session.history["distance"][-1] < before[-1]


def test_that_a_what_if_repeats_what_was_changed_on_the_way_but_for_its_control(
    lab: Any, qtbot: Any
) -> None:
    window = trained(lab, qtbot, 5)
    session, trying = window.session, window.tryings["tiny"]
    for steps, values in ((10, {"learning_rate": 0.3, "locked": 4}), (15, {"learning_rate": 0.01})):
        session.set_params(**values)
        session.step(5)
        qtbot.waitUntil(lambda steps=steps: session.last_step == steps, timeout=10_000)
    changes = session.record().changes
    assert [one.step for one in changes] == [5, 10]
    trying.what_if("start", "left")
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert session.record().changes == changes
    ghost = session.ghosts[0].history["distance"]
    assert np.array_equal(session.history["distance"], ghost)  # a valley is alike on both sides
    trying.what_if("learning_rate", 0.2)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    record = session.record()
    assert [(one.step, dict(one.values)) for one in record.changes] == [(5, {"locked": 4})]
    assert record.params.learning_rate == session.params.learning_rate == 0.2
    assert session.last_step == 15


def test_that_a_what_if_can_be_given_up_on_the_way(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot, 40)
    session, trying = window.session, window.tryings["tiny"]
    trying.what_if("learning_rate", 0.2)
    assert trying.phase == "running"
    assert "step" in window.page.aside.label.text() and window.page.aside.bar.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert trying.phase == "" and session.params.learning_rate == 0.1
    assert (session.last_step, session.ghosts) == (40, ())


def test_that_a_what_if_that_diverges_says_so(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot, 60)
    trying = window.tryings["tiny"]
    trying.what_if("learning_rate", 2.0)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert "stopped being a finite number" in window.page.aside.label.text()


def test_that_a_what_if_wants_a_run_and_another_value(lab: Any, qtbot: Any) -> None:
    window = lab()
    trying = window.tryings["tiny"]
    with pytest.raises(Refusal, match="Train some steps"):
        trying.what_if("learning_rate", 0.2)
    window.session.step(3)
    qtbot.waitUntil(lambda: window.session.last_step == 3, timeout=10_000)
    window.comparing.ask_what_if("learning_rate")
    field = asked(window)
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    assert "that value already" in field._problem.text() and field.isVisible()
    field.edit.setText("a lot")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    assert field._problem.isVisible() and "Learning rate" in field._problem.text()
    qtbot.keyClick(field.edit, Qt.Key.Key_Escape)
    assert not window.findChildren(Overlay) and window.session.ghosts == ()


def test_that_w_needs_a_control_and_takes_the_one_under_the_mouse(
    lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = trained(lab, qtbot, 3)
    window.setFocus()
    control = window.side.controls.control("start")
    monkeypatch.setattr(QApplication, "widgetAt", lambda *_: None)
    qtbot.keyClick(window, Qt.Key.Key_W)
    assert "Point at a control" in window.toast.text() and not window.findChildren(Overlay)
    monkeypatch.setattr(QCursor, "pos", lambda *_: control.mapToGlobal(QPoint(5, 5)))
    monkeypatch.setattr(QApplication, "widgetAt", lambda *_: control.childAt(QPoint(5, 5)))
    qtbot.keyClick(window, Qt.Key.Key_W)
    field = asked(window)
    assert field.combo is not None and field.combo.currentText() == "left"  # the other one
    qtbot.keyClick(field.combo, Qt.Key.Key_Return)
    trying = window.tryings["tiny"]
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert "(±0)" in window.page.aside.label.text()


def test_that_a_suggestion_sets_what_it_names_and_is_undone(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot, 10)
    session, trying = window.session, window.tryings["tiny"]
    before = session.history["distance"].copy()
    trying.suggest(Try({"en": "…"}, {"start": "left", "learning_rate": 0.2}, 6))
    qtbot.waitUntil(lambda: trying.phase == "tried", timeout=10_000)
    assert (session.params.start, session.params.learning_rate) == ("left", 0.2)
    assert session.last_step == 6  # a new run, because the start is another
    assert window.page.aside.label.text() == "Set: Start left, Learning rate 0.2."
    undo = window.page.aside.buttons[0]
    assert "Ctrl+Z" in undo.text()
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert (session.params.start, session.params.learning_rate) == ("right", 0.1)
    assert np.array_equal(session.history["distance"], before)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "Nothing was moved or tried" in window.toast.text()


def test_that_a_live_suggestion_goes_on_with_the_run(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot, 10)
    session, trying = window.session, window.tryings["tiny"]
    trying.suggest(Try({"en": "…"}, {"learning_rate": 0.2}, 6))
    qtbot.waitUntil(lambda: trying.phase == "tried", timeout=10_000)
    assert session.last_step == 16
    assert [one.step for one in session.record().changes] == [10]


def test_that_a_page_in_another_language_says_the_same(lab: Any, qtbot: Any) -> None:
    window = trained(lab, qtbot)
    trying = window.tryings["tiny"]
    trying.what_if("learning_rate", 0.2)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    window.set_language("zh")
    assert window.page.aside.label.text().startswith("学习率由 0.1 改为 0.2 后，20\u00a0步时到谷底的距离为 ")


def test_that_c_compares_a_moved_live_control_with_the_run_that_is_there(
    lab: Any, qtbot: Any
) -> None:
    window = trained(lab, qtbot)
    session, trying = window.session, window.tryings["tiny"]
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert "Train some steps and move a control" in window.toast.text() and session.ghosts == ()
    before = session.history["distance"].copy()
    session.set_params(learning_rate=0.2)
    qtbot.keyClick(window, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert (session.last_step, session.params.learning_rate) == (20, 0.2)
    assert session._timeline.changes == []  # the new value from the first step on
    assert [one.label for one in session.ghosts] == ["Learning rate 0.1"]
    assert np.array_equal(session.ghosts[0].history["distance"], before)
    assert window.page.aside.label.text().startswith(
        "With Learning rate 0.2 instead of 0.1, distance from the valley after 20\u00a0steps is ")
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.ghosts == () and np.array_equal(session.history["distance"], before)


def test_that_c_compares_a_run_that_a_control_began_with_the_one_that_it_ended(
    lab: Any, qtbot: Any
) -> None:
    window = trained(lab, qtbot)
    session, trying = window.session, window.tryings["tiny"]
    session.set_params(start="left")
    qtbot.waitUntil(lambda: session.last_step == 0, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
    assert (session.last_step, session.params.start) == (20, "left")
    assert [one.label for one in session.ghosts] == ["Start right"]
    assert len(session.ghosts[0].history) == 20
    assert window.page.aside.label.text().startswith("With Start left instead of right, ")


def test_that_a_headline_is_the_last_value_that_was_measured() -> None:
    from small.l2_networks.tiny.panel import PANEL

    history = History()
    history.extend({"distance": np.array([3.0, 2.0, math.nan, math.nan])})
    found = headline(PANEL, history, None, 4)
    assert found is not None and (found.value, found.step) == (2.0, 2)
    history = History()
    history.extend({"distance": np.array([math.nan])})
    assert headline(PANEL, history, None, 1) is None


def test_that_a_difference_is_written_with_the_decimals_that_show_it() -> None:
    assert written(0.8123, 0.9311) == {"now": "0.81", "before": "0.93", "change": "−0.12"}
    assert written(0.93, 0.93)["change"] == "±0"
    assert written(1500.0, 20.0)["change"] == "+1,480"
    assert written(0.50004, 0.5)["change"] == "+0.000040"
