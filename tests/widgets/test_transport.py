"""The transport bar shows a state and says what was asked."""

from __future__ import annotations

import pytest
from looking import look
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QSlider
from pytestqt.qtbot import QtBot

from widgets.controls.speeds import Speed
from widgets.controls.transport import Transport


@pytest.fixture
def bar(qtbot: QtBot) -> Transport:
    made = Transport(look())
    qtbot.addWidget(made)
    made.resize(740, 76)
    made.show()
    return made


def button(bar: Transport, name: str) -> QAbstractButton:
    return next(one for one in bar.findChildren(QAbstractButton) if one.accessibleName() == name)


def test_that_play_becomes_pause_while_it_runs(bar: Transport, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.play):
        qtbot.mouseClick(button(bar, "Play"), Qt.MouseButton.LeftButton)
    wide = button(bar, "Play").width()
    bar.set_state("running")
    assert button(bar, "Pause").width() == wide
    with qtbot.waitSignal(bar.play):
        qtbot.mouseClick(button(bar, "Pause"), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(("name", "signal"), [
    ("One step", "step"), ("One step back", "back"), ("Start again", "reset"),
    ("Branch", "branch"), ("Pin", "pin"),
])
def test_that_every_button_asks_for_its_own(
    bar: Transport, qtbot: QtBot, name: str, signal: str
) -> None:
    bar.set_steps(288, 400)
    bar.set_state("paused")
    with qtbot.waitSignal(getattr(bar, signal)):
        qtbot.mouseClick(button(bar, name), Qt.MouseButton.LeftButton)


def test_that_what_makes_no_sense_is_off(bar: Transport) -> None:
    assert not button(bar, "One step back").isEnabled() and not button(bar, "Branch").isEnabled()
    bar.set_state("running")
    assert not button(bar, "One step").isEnabled()
    bar.set_state("failed")
    assert not button(bar, "Play").isEnabled()


def test_that_scrubbing_tells_each_step_and_the_end(bar: Transport, qtbot: QtBot) -> None:
    bar.set_steps(0, 400)
    bar.set_state("paused")
    slider = bar.findChild(QSlider)
    with qtbot.waitSignals([bar.seek, bar.seek_done]):
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 8))
    assert slider.value() == pytest.approx(200, abs=2)
    with qtbot.waitSignals([bar.seek, bar.seek_done]):
        qtbot.keyClick(slider, Qt.Key.Key_Home)


def test_that_showing_steps_seeks_nothing(bar: Transport, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(bar.seek):
        bar.set_steps(288, 400)
        bar.set_steps(3, 3)
    texts = [one.text() for one in bar.findChildren(QLabel)]
    assert "step 3" in texts
    bar.set_steps(1288, 4000)
    assert "step 1,288 of 4,000" in [one.text() for one in bar.findChildren(QLabel)]


def test_that_a_dragged_scrubber_is_not_pulled_away(bar: Transport, qtbot: QtBot) -> None:
    bar.set_steps(400, 400)
    slider = bar.findChild(QSlider)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 8))
    held = slider.value()
    bar.set_steps(430, 430)
    assert slider.value() == held
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 8))


def test_that_a_speed_is_chosen_by_its_name(bar: Transport, qtbot: QtBot) -> None:
    combo = bar.findChild(QComboBox)
    with qtbot.waitSignal(bar.speed) as chosen:
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert chosen.args == [Speed.FRAME]
    with qtbot.assertNotEmitted(bar.speed):
        bar.set_speed(Speed.ONE)
    assert combo.currentText() == "1 a second"


def test_that_a_panel_without_training_has_nothing_to_play(bar: Transport) -> None:
    bar.set_trains(False)
    assert button(bar, "Play").isHidden() and not button(bar, "Pin").isHidden()
    assert button(bar, "Pin").isEnabled()
    assert any("Nothing to train" in one.text() and not one.isHidden()
               for one in bar.findChildren(QLabel))


def test_that_it_fits_the_narrowest_page_in_both_languages(qtbot: QtBot) -> None:
    for language in ("en", "zh"):
        made = Transport(look(language=language))
        qtbot.addWidget(made)
        made.set_steps(123_456, 999_999)
        made.set_rate(12_345)
        assert made.minimumSizeHint().width() <= 740
