"""One screen for both: what is asked or said lies over the stage, which is what is seen."""

from __future__ import annotations

from typing import Any

import pytest
import virtual_screens
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from test_hall import press

from app.files import link
from app.window.handing import CodeSheet
from app.window.palette import Keys, Overlay, Palette
from app.window.whatif import WhatIfField

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link may be of the small panel, too."""
    from small.l2_networks.tiny.panel import PANEL

    monkeypatch.setattr(link, "find_panel", lambda id: PANEL)


@pytest.fixture
def one(lab: Any, qtbot: Any) -> Any:
    """A window behind its stage, with the panel's picture on it."""
    window = lab(count=2)
    press(qtbot, window, Qt.Key.Key_F6)
    stage = window.hall.stage
    stage.activateWindow()
    qtbot.waitUntil(lambda: stage.isActiveWindow() and window.hall.scene.shown is not None, timeout=10_000)
    return window


@pytest.mark.parametrize(("key", "modifier", "kind"), [
    (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier, Keys), (Qt.Key.Key_K, CTRL, Palette),
    (Qt.Key.Key_Q, CTRL | SHIFT, CodeSheet)])
def test_that_a_sheet_lies_over_what_is_seen(
    one: Any, qtbot: Any, key: Any, modifier: Any, kind: type[Overlay]
) -> None:
    stage = one.hall.stage
    press(qtbot, stage, key, modifier)
    (sheet,) = stage.findChildren(Overlay)
    assert isinstance(sheet, kind) and sheet.isVisible() and not one.findChildren(Overlay)
    assert sheet.geometry() == stage.rect() and stage.isActiveWindow()
    place = sheet.sheet.geometry()
    assert stage.rect().contains(place)
    seen = stage.childAt(place.center())
    assert seen is sheet or sheet.isAncestorOf(seen)
    qtbot.keyClick(stage.focusWidget(), Qt.Key.Key_Escape)
    assert not stage.findChildren(Overlay) and one.hall.stage is stage
    press(qtbot, stage, Qt.Key.Key_Right)  # the keys are the stage's again
    qtbot.waitUntil(lambda: one.session.last_step == 1)


def test_that_another_panel_is_found_and_opened_from_the_stage(one: Any, qtbot: Any) -> None:
    stage = one.hall.stage
    press(qtbot, stage, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(stage.focusWidget(), "another valley")
    qtbot.keyClick(stage.focusWidget(), Qt.Key.Key_Return)
    assert one.place == "second" and not stage.findChildren(Overlay)
    qtbot.waitUntil(lambda: one.hall.scene.session is one.session and one.hall.scene.shown is not None,
                    timeout=10_000)
    press(qtbot, stage, Qt.Key.Key_F1)
    press(qtbot, stage, Qt.Key.Key_F6)  # silent while the sheet is open
    assert one.hall.stage is stage
    stage.findChildren(Overlay)[0].leave()
    press(qtbot, stage, Qt.Key.Key_F6)
    qtbot.waitUntil(one.isActiveWindow)
    press(qtbot, one, Qt.Key.Key_F1)  # the window is what is seen again
    assert [type(sheet) for sheet in one.findChildren(Overlay)] == [Keys]


def test_that_what_is_said_in_passing_is_said_where_it_is_seen(one: Any, qtbot: Any) -> None:
    stage = one.hall.stage
    press(qtbot, stage, Qt.Key.Key_W)
    toast = one.toast
    assert toast.isVisible() and toast.parent() is stage and stage.rect().contains(toast.geometry())
    assert toast.text() == "Point at a control, then press W."
    press(qtbot, stage, Qt.Key.Key_F6)
    qtbot.wait(20)  # the stage is deleted, and the toast lives
    one.toast.say("Here.")
    assert one.toast.isVisible() and one.toast.window() is one


def test_that_what_if_is_asked_beside_the_control_of_the_desk_over_the_stage(one: Any, qtbot: Any) -> None:
    stage = one.hall.stage
    press(qtbot, stage, Qt.Key.Key_F8)
    control = one.hall.desk.controls.control("learning_rate")
    control._slider.setFocus()
    press(qtbot, stage, Qt.Key.Key_W)
    (field,) = stage.findChildren(WhatIfField)
    at = control.mapTo(stage, QPoint(0, 0))
    place = field.sheet.geometry()
    assert stage.rect().contains(place) and abs(place.top() - at.y() - control.height()) < 40
    field.edit.setText("0.1, 0.2")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    assert len(one.comparing.together.runs) == 2
    qtbot.waitUntil(lambda: one.hall.scene.runs is not None and one.hall.scene.runs.in_grid, timeout=10_000)


def test_that_a_file_is_asked_for_over_the_stage(one: Any, qtbot: Any) -> None:
    press(qtbot, one.hall.stage, Qt.Key.Key_S, CTRL)
    (dialog,) = one.hall.stage.findChildren(QFileDialog)
    dialog.reject()


def test_that_the_qr_code_is_on_the_stage_in_its_letters_and_either_window_ends_it(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    with virtual_screens.plugged():
        press(qtbot, window, Qt.Key.Key_F6)
        stage = window.hall.stage
        for ends in (lambda: press(qtbot, window, Qt.Key.Key_Escape),
                     lambda: qtbot.keyClick(stage.findChild(CodeSheet), Qt.Key.Key_Escape)):
            press(qtbot, window, Qt.Key.Key_Q, CTRL | SHIFT)
            (sheet,) = stage.findChildren(CodeSheet)
            assert sheet.isVisible() and sheet.look.hall and not window.findChildren(Overlay)
            ends()
            assert not stage.findChildren(CodeSheet) and window.hall.stage is stage
