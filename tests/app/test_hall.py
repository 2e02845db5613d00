"""Two windows: the desk and the stage, on two screens that come and go, and on one."""

from __future__ import annotations

from typing import Any

import pytest
import virtual_screens
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication, QSlider

from app.session.session import State
from app.window.lastrow import CheckRoom, RoomStrip

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def press(qtbot: Any, window: Any, key: Any, modifier: Any = NONE) -> None:
    qtbot.keyClick(window.focusWidget() or window, key, modifier)


@pytest.fixture
def two(projector: None, lab: Any, qtbot: Any) -> Any:
    """A window with its stage on the second screen, showing a panel's first frame."""
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.hall.scene.shown is not None, timeout=10_000)
    return window


def on_stage(window: Any) -> int:
    """The step that the hall sees."""
    shown = window.hall.scene.shown
    return -1 if shown is None else int(shown.step)


# --- screens -------------------------------------------------------------------------------------


def test_that_a_second_screen_is_offered_and_one_key_takes_it(
    projector: None, lab: Any, qtbot: Any
) -> None:
    window = lab()
    qtbot.waitUntil(lambda: window.hall.offer is not None)
    assert "hall 1920×1080" in window.hall.offer.label.text()
    press(qtbot, window, Qt.Key.Key_F6)
    stage = window.hall.stage
    assert window.hall.offer is None and not window.hall.alone
    assert stage.screen().name() == "hall" and stage.geometry() == QRect(800, 0, 1920, 1080)
    assert window.screen().name() == "" and stage.isFullScreen() and not window.isFullScreen()
    assert stage.look.hall and stage.look.scale == 1080 / 40 / 12  # to be read from the last row
    assert window.look.scale == 1
    press(qtbot, window, Qt.Key.Key_F6)
    assert window.hall.stage is None and stage.isHidden()


def test_that_a_screen_that_comes_is_offered_by_a_button_and_can_be_declined(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    assert window.hall.offer is None
    with virtual_screens.plugged():
        qtbot.waitUntil(lambda: window.hall.offer is not None)
        window.set_language("zh")
        qtbot.mouseClick(window.hall.offer.no, LEFT)
        assert window.hall.offer is None and window.hall.stage is None
        virtual_screens.unplug()
        virtual_screens.plug()
        qtbot.waitUntil(lambda: window.hall.offer is not None)
        qtbot.mouseClick(window.hall.offer.yes, LEFT)
        assert window.hall.stage.screen().name() == "hall"


def test_that_pulling_the_cable_merges_the_windows_and_stops_no_run(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: two.session.last_step > 5, timeout=10_000)
    stage, before = two.hall.stage, two.session.last_step
    virtual_screens.unplug()
    assert two.hall.stage is None and two.hall.desk is None and stage.isHidden()
    assert two.session.state is State.RUNNING
    qtbot.waitUntil(lambda: two.session.last_step > before + 5, timeout=10_000)
    assert two.toast.isVisible() and two.roadmap.isVisible()
    virtual_screens.plug()  # the cable is in again: the hall has its picture back
    assert two.hall.stage.screen().name() == "hall" and two.session.state is State.RUNNING
    qtbot.waitUntil(lambda: on_stage(two) > before, timeout=10_000)


def test_that_closing_the_stage_changes_nothing_in_the_session(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: two.session.last_step > 5, timeout=10_000)
    two.hall.stage.close()
    assert two.hall.stage is None and two.session.state is State.RUNNING
    before = two.session.last_step
    qtbot.waitUntil(lambda: two.session.last_step > before + 5, timeout=10_000)


def test_that_a_run_with_a_stage_is_the_run_without_it(two: Any, qtbot: Any) -> None:
    for step in range(1, 6):
        press(qtbot, two, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: two.page.shown.step == step)
    with_stage = two.session.history["distance"].tolist()
    press(qtbot, two, Qt.Key.Key_F6)
    press(qtbot, two, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: two.page.shown.step == 0)
    for step in range(1, 6):
        press(qtbot, two, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: two.page.shown.step == step)
    assert two.session.history["distance"].tolist() == with_stage


def test_that_one_key_swaps_the_screens(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_F7)
    stage = two.hall.stage
    assert (two.screen().name(), stage.screen().name()) == ("hall", "")
    assert stage.geometry() == QRect(0, 0, 800, 800) and stage.look.scale < 2
    assert two.hall.scene.look.scale == stage.look.scale
    press(qtbot, two, Qt.Key.Key_F7)
    assert (two.screen().name(), stage.screen().name()) == ("", "hall")


def test_that_the_desk_on_the_screen_that_goes_has_the_other_one(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_F7)  # the desk is on the projector
    virtual_screens.unplug()
    assert two.hall.stage is None and two.isVisible() and two.screen().name() == ""


def test_that_a_window_as_large_as_its_screen_is_swapped_to_a_smaller_one_and_back(
    projector: None, lab: Any, qtbot: Any
) -> None:
    virtual_screens.set_screens(virtual_screens.screen("", 0, 1366, 768),
                                virtual_screens.screen("hall", 1366, 1280, 720))
    window = lab()
    window.resize(1366, 768)
    press(qtbot, window, Qt.Key.Key_F6)
    for desk, stage in (("hall", ""), ("", "hall"), ("hall", "")):
        press(qtbot, window, Qt.Key.Key_F7)
        qtbot.wait(20)
        assert (window.screen().name(), window.hall.stage.screen().name()) == (desk, stage)
        assert not window.hall.alone and window.hall.stage.geometry() == window.hall.stage.screen().geometry()
        assert window.screen().geometry().contains(window.geometry().center())
    virtual_screens.unplug()
    qtbot.waitUntil(lambda: QGuiApplication.primaryScreen().geometry().contains(window.geometry().center()))
    assert window.hall.stage is None


def test_that_with_one_screen_the_desk_lies_over_the_stage(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    stage = window.hall.stage
    qtbot.waitUntil(lambda: window.hall.scene.shown is not None, timeout=10_000)
    assert window.hall.alone and stage.geometry() == QGuiApplication.primaryScreen().geometry()
    stage.activateWindow()
    qtbot.waitUntil(stage.isActiveWindow)
    assert window.hall.desk.isHidden()
    press(qtbot, stage, Qt.Key.Key_F8)
    assert window.hall.desk.isVisible() and window.hall.desk.parent() is stage
    names = {one.accessibleName() for one in window.hall.desk.findChildren(QSlider)}
    assert "learning rate" in {one.lower() for one in names}  # all controls, for the window is behind
    press(qtbot, stage, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.hall.scene.shown.step == 1)
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert window.hall.desk.isHidden() and window.hall.stage is stage
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert window.hall.stage is None and window.session.last_step == 1


def test_that_a_projector_that_comes_takes_the_stage_from_the_only_screen(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    with virtual_screens.plugged():
        assert not window.hall.alone and window.hall.stage.screen().name() == "hall"
        assert window.hall.desk.isVisible() and window.isAncestorOf(window.hall.desk)
    assert window.hall.stage is None


def test_that_the_desk_leaves_the_picture_room_beside_the_moments_of_a_lecture(
    two: Any, qtbot: Any
) -> None:
    press(qtbot, two, Qt.Key.Key_F6)
    two.do("lecture-list")
    assert two.moments.isVisible()
    press(qtbot, two, Qt.Key.Key_F6)
    assert two.hall.desk.isVisible() and not two.moments.isVisible() and two.side.isVisible()
    press(qtbot, two, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)  # asked for: controls fold
    assert two.moments.isVisible() and two.page.width() >= 500
    assert two.hall._script is two.lecturing


# --- what the hall sees --------------------------------------------------------------------------


def test_that_the_stage_shows_the_claim_the_picture_and_the_chosen_controls_alone(
    two: Any, qtbot: Any
) -> None:
    scene = two.hall.scene
    assert scene.claim.text() == "A step that is too long jumps out of the valley."
    assert scene.controls is None and not scene.findChildren(QSlider)
    two.do("stage-controls")
    menu = two.hall.choices()
    action = next(one for one in menu.actions() if one.text() == "learning rate"
                  or one.text() == "Learning rate")
    action.trigger()
    scene = two.hall.scene
    assert [name for name, _ in scene.controls.controls()] == ["learning_rate"]
    assert scene.controls.control("learning_rate").isVisible()
    assert two.settings.stage_controls == ["tiny.learning_rate"]
    two.session.set_params(learning_rate=0.5)
    assert scene.controls.control("learning_rate")._value == 0.5
    for one in [*two.findChildren(type(menu)), menu]:
        one.close()


def test_that_text_on_the_stage_has_its_size_and_the_desk_keeps_its_own(two: Any) -> None:
    two.hall.choose("learning_rate", True)
    labels = two.hall.scene.controls.control("learning_rate").findChildren(type(two.toast).__mro__[1])
    assert labels and all(one.font().pixelSize() >= 1080 // 40 for one in labels)
    assert two.hall.desk.now.font().pixelSize() == 20


def test_that_h_switches_the_text_of_the_stage_and_not_of_the_desk(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_H)
    assert not two.hall.stage.look.hall and two.hall.scene.look.scale == 1 and not two.look.hall
    assert two.settings.hall == {"hall 1920×1080": False}
    press(qtbot, two, Qt.Key.Key_H)
    assert two.hall.scene.look.hall and not two.look.hall


def test_that_the_stage_follows_to_another_panel_and_home(two: Any, qtbot: Any) -> None:
    two.hall.stage.ink.take("pen")
    two.hall.stage.ink.press(QPointF(0.5, 0.5))
    two.show_home()
    assert two.hall.scene is None and two.hall.stage.blank.isVisible()
    assert not two.hall.stage.ink.strokes  # what was drawn vanishes with the panel
    two.open_panel("tiny")
    qtbot.waitUntil(lambda: two.hall.scene.shown is not None)


def test_that_another_language_and_theme_reach_the_stage(two: Any, qtbot: Any) -> None:
    two.set_language("zh")
    two.set_theme("dark")
    assert two.hall.scene.look.theme.name == "dark" and two.hall.scene.look.words.language == "zh"
    assert two.hall.desk.freeze.text() == "定格"
    assert two.isAncestorOf(two.hall.desk)


def slider_of(window: Any) -> QSlider:
    return next(one for one in window.side.controls.control("learning_rate").findChildren(QSlider))


def drag(qtbot: Any, slider: QSlider, to: float) -> None:
    place = QPoint(round(to * slider.width()), slider.height() // 2)
    QApplication.sendEvent(slider, QMouseEvent(
        QEvent.Type.MouseMove, QPointF(place), slider.mapToGlobal(QPointF(place)),
        Qt.MouseButton.NoButton, LEFT, NONE))


def test_that_a_dragged_control_acts_on_the_stage_when_it_is_let_go(two: Any, qtbot: Any) -> None:
    slider, before = slider_of(two), two.session.params
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    drag(qtbot, slider, 0.8)
    moved = two.session.params
    qtbot.waitUntil(lambda: two.page.shown.params == moved, timeout=10_000)
    qtbot.wait(120)  # longer than the stage rests
    assert moved != before and two.hall.scene.shown.params == before
    qtbot.mouseRelease(slider, LEFT)
    qtbot.waitUntil(lambda: two.hall.scene.shown.params == two.session.params, timeout=10_000)


def test_that_a_switch_lets_controls_act_at_once(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_A)
    assert two.settings.at_once and two.hall.desk.at_once.isChecked()
    slider = slider_of(two)
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    drag(qtbot, slider, 0.8)
    moved = two.session.params
    qtbot.waitUntil(lambda: two.hall.scene.shown.params == moved, timeout=10_000)
    assert slider.isSliderDown()
    qtbot.mouseRelease(slider, LEFT)
    qtbot.mouseClick(two.hall.desk.at_once, LEFT)
    assert not two.settings.at_once


def test_that_f_freezes_the_stage_while_something_is_prepared(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_F)
    assert two.hall.desk.freeze.isChecked() and two.hall.desk.head.text() == "The stage is frozen"
    scene = two.hall.scene
    press(qtbot, two, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: two.page.shown.step == 1)
    two.show_home()
    two.set_theme("dark")
    qtbot.wait(120)
    assert two.hall.scene is scene and scene.shown.step == 0 and scene.look.theme.name == "light"
    two.open_panel("tiny")
    qtbot.waitUntil(lambda: two.page.shown is not None)
    press(qtbot, two, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: on_stage(two) == 1)
    assert two.hall.scene.look.theme.name == "dark" and not two.hall.frozen


def test_that_b_blacks_the_stage(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_B)
    assert two.hall.stage.black
    middle = two.hall.stage.grab().toImage().pixelColor(960, 540)
    assert middle.name() == "#000000" and two.session.state is State.PAUSED
    qtbot.mouseClick(two.hall.desk.black, LEFT)
    assert not two.hall.stage.black


def test_that_the_letters_have_their_old_meaning_where_there_is_no_stage(
    two: Any, qtbot: Any
) -> None:
    assert two.commands["branch"].keys == ("Shift+B",) and two.commands["fill"].keys == ("Shift+F",)
    press(qtbot, two, Qt.Key.Key_F6)
    assert two.commands["branch"].keys == ("B",) and "freeze" not in two.commands
    taken = [key for one in two.commands.values() for key in one.keys]
    press(qtbot, two, Qt.Key.Key_F6)
    taken_too = [key for one in two.commands.values() for key in one.keys]
    assert len(set(taken)) == len(taken) and len(set(taken_too)) == len(taken_too)


# --- pointer and pen -----------------------------------------------------------------------------


def move(widget: Any, place: QPoint, buttons: Any = Qt.MouseButton.NoButton) -> None:
    QApplication.sendEvent(widget, QMouseEvent(
        QEvent.Type.MouseMove, QPointF(place), widget.mapToGlobal(QPointF(place)),
        Qt.MouseButton.NoButton, buttons, NONE))


def test_that_the_pen_draws_on_the_stage_from_the_small_copy(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_P)
    small, ink = two.hall.desk.copy, two.hall.stage.ink
    before = two.hall.stage.grab().toImage()
    place = small.place()
    at = [QPoint(round(place.x() + share * place.width()), round(place.center().y()))
          for share in (0.25, 0.5, 0.75)]
    qtbot.mousePress(small, LEFT, pos=at[0])
    move(small, at[1], LEFT)
    move(small, at[2], LEFT)
    qtbot.mouseRelease(small, LEFT, pos=at[2])
    move(small, at[0])
    assert len(ink.strokes) == 1 and abs(ink.strokes[0][-1].x() - 0.75) < 0.01
    after = two.hall.stage.grab().toImage()
    assert after.pixelColor(1200, 540) != before.pixelColor(1200, 540)
    press(qtbot, two, Qt.Key.Key_E)
    assert not ink.strokes


def test_that_the_mouse_on_the_stage_points_and_draws_only_with_a_tool(two: Any, qtbot: Any) -> None:
    stage = two.hall.stage
    assert stage.childAt(960, 540) is not stage.ink  # the mouse is the picture's
    press(qtbot, two, Qt.Key.Key_L)
    assert stage.childAt(960, 540) is stage.ink
    move(stage.ink, QPoint(960, 540))
    assert abs(stage.ink.dot.x() - 0.5) < 0.01
    press(qtbot, two, Qt.Key.Key_P)
    qtbot.mousePress(stage.ink, LEFT, pos=QPoint(100, 100))
    move(stage.ink, QPoint(300, 100), LEFT)
    qtbot.mouseRelease(stage.ink, LEFT)
    assert len(stage.ink.strokes) == 1 and stage.ink.dot is None
    press(qtbot, two, Qt.Key.Key_Escape)
    assert stage.ink.tool == "" and two.hall.stage is stage


# --- the desk ------------------------------------------------------------------------------------


def test_that_the_desk_shows_the_note_the_clock_and_what_comes_next(
    two: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.window import desk as module

    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    desk, picture = two.hall.desk, QPixmap(160, 90)
    picture.fill("red")
    desk.talk.began = 940.0
    desk.set_moment("Ask the hall first.", 2, "Another valley", picture)
    now[0] = 1065.0
    desk.tick()
    assert desk.note.text() == "Ask the hall first." and desk.note.isVisible()
    assert desk.next_name.text() == "Next: Another valley" and desk.next_picture.isVisible()
    assert desk.times.text() == "2:05 in all\n1:05 of 2:00 here"
    assert not desk.times.accessibleDescription()
    now[0] = 1125.0
    desk.tick()
    assert desk.times.accessibleDescription() == "longer than planned"
    two.set_theme("dark")  # a new desk, the same moment
    assert two.hall.desk.note.text() == "Ask the hall first."


def test_that_the_small_copy_is_what_the_hall_sees(two: Any, qtbot: Any) -> None:
    press(qtbot, two, Qt.Key.Key_B)
    small = two.hall.desk.copy
    qtbot.waitUntil(lambda: not small._picture.isNull()
                    and small._picture.toImage().pixelColor(20, 20).name() == "#000000")


def test_that_the_strip_for_the_last_row_is_on_the_stage_and_either_window_ends_it(
    two: Any, qtbot: Any
) -> None:
    for ends in (lambda: two.do("unlock"),
                 lambda: qtbot.keyClick(two.hall.stage.findChild(CheckRoom), Qt.Key.Key_Escape)):
        two.do("room")
        strip = two.hall.stage.findChild(RoomStrip)
        qtbot.waitUntil(lambda strip=strip: strip.size() == two.hall.stage.size())
        assert strip.isVisible() and two.findChild(RoomStrip) is None
        ends()
        assert two.hall.stage.findChild(RoomStrip) is None and two.hall.stage.isFullScreen()
        qtbot.waitUntil(two.isActiveWindow)  # the desk has the keys again
