"""Moments beside tours, links and what was never saved: with real clicks and keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from test_lecturing import RECURRENT, hall, kept, opened, prepared, press, trained  # noqa: F401

from app.window.home import _Link
from app.window.palette import Palette

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def link(window: Any, text: str) -> Any:
    """The one link of the start page that says this."""
    (found,) = [one for one in window.middle.currentWidget().findChildren(_Link) if one.text() == text]
    return found


# --- a tour that is open beside a moment -----------------------------------------------------------


@pytest.fixture
def asked(qtbot: Any, prepared: Any) -> Any:  # noqa: F811
    """At the first moment of a panel, with the stage, a question of its tour has been answered."""
    prepared.lecturing.edit(1, tour=2)
    prepared.lecturing.go(0)
    press(qtbot, prepared, Qt.Key.Key_F6)
    tour = prepared.guiding.tour("rnn_gradients")
    at = next(index for index, step in enumerate(tour.steps) if step.ask is not None)
    tour.ask(at)
    qtbot.waitUntil(lambda: tour.open == at, timeout=8_000)
    assert prepared.hall.stage.ballot.whole
    prepared.tour, prepared.at = tour, at
    return prepared


def test_that_the_next_moment_ends_the_question_of_a_tour(qtbot: Any, asked: Any) -> None:
    press(qtbot, asked, Qt.Key.Key_PageDown)
    assert asked.tour.open is None and asked.tour.told is None
    moment = asked.lecturing.moment
    assert asked.session.last_step == moment.steps == 2 and asked.session.params == moment.params
    ballot = asked.hall.stage.ballot  # the moment's own question is what the hall sees
    assert ballot.whole and ballot.shown.question == moment.question.say["en"]
    qtbot.waitUntil(lambda: asked.session.ready, timeout=8_000)
    assert asked.session.last_step == 2


def test_that_home_ends_what_a_tour_told_and_trained(qtbot: Any, asked: Any) -> None:
    qtbot.keyClick(asked, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: asked.tour.told == asked.at, timeout=20_000)
    assert not asked.hall.stage.ballot.isHidden()
    press(qtbot, asked, Qt.Key.Key_Home)
    assert asked.tour.told is None and not asked.tour.running and asked.hall.stage.ballot.isHidden()
    assert asked.session.last_step == 6
    qtbot.waitUntil(lambda: asked.session.ready, timeout=8_000)
    assert asked.session.last_step == 6  # the tour trains no further
    assert asked.page.shown.step == 6
    press(qtbot, asked, Qt.Key.Key_PageDown)
    press(qtbot, asked, Qt.Key.Key_PageUp)
    assert asked.session.last_step == 6 and asked.hall.stage.ballot.isHidden()


# --- what was never saved ----------------------------------------------------------------------------


def test_that_an_unsaved_lecture_is_gone_on_with_or_discarded_by_a_click(
    qtbot: Any, prepared: Any, hall: Any, tmp_path: Path, monkeypatch: Any  # noqa: F811
) -> None:
    prepared.lecturing.entitle("en", "Tomorrow's")
    prepared.close()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr("app.window.lecturing.psutil.pid_exists", lambda pid: False)
    window = hall()
    qtbot.mouseClick(link(window, "Go on with it"), LEFT)
    assert window.lecturing.title == "Tomorrow's" and window.place == "rnn_gradients"
    assert window.page.shown.step == 6 and window.moments.state.text() == "not saved"
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.lecturing.index == 1 and window.session.last_step == 2
    window.do("lecture-close")
    window.show_home()
    (folder,) = {one.parent for one in (tmp_path / "lectures").glob("*.toml")}
    qtbot.mouseClick(link(window, "Discard it"), LEFT)
    assert not list(folder.glob("*.toml")) and not window.lecturing.unsaved()
    assert not [one for one in window.middle.currentWidget().findChildren(_Link)
                if one.text() == "Discard it"]


# --- links -------------------------------------------------------------------------------------------


def test_that_a_state_is_copied_and_opened_by_keys_beside_a_lecture(qtbot: Any, prepared: Any) -> None:  # noqa: F811
    prepared.lecturing.go(0)
    run = prepared.lecturing.moment.run
    press(qtbot, prepared, Qt.Key.Key_C, CTRL | SHIFT)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("bml:") and len(text) < 2000
    press(qtbot, prepared, Qt.Key.Key_PageDown)
    press(qtbot, prepared, Qt.Key.Key_V, CTRL)
    session = prepared.session
    qtbot.waitUntil(lambda: session.resting and session.last_step == 6, timeout=8_000)
    assert session.params == run.film[-1].params
    assert (session.history["loss"] == run.history["loss"]).all()
    assert prepared.lecturing.index == 1  # the lecture stands where it stood
    press(qtbot, prepared, Qt.Key.Key_Home)
    assert session.last_step == 2 and session.params.cell == "LSTM"


def test_that_a_link_in_the_palette_is_opened_by_a_click_and_a_broken_one_says_what_to_do(
    qtbot: Any, prepared: Any  # noqa: F811
) -> None:
    prepared.lecturing.go(1)
    press(qtbot, prepared, Qt.Key.Key_C, CTRL | SHIFT)
    text = QGuiApplication.clipboard().text()
    prepared.lecturing.go(2)
    for typed, place in ((text[:-4], "dot_product"), (text, "rnn_gradients")):
        press(qtbot, prepared, Qt.Key.Key_K, CTRL)
        (palette,) = prepared.findChildren(Palette)
        palette.field.setText(typed)
        row = palette.list.visualItemRect(palette.list.item(0)).center()
        assert palette.list.count() == 1 and palette.list.item(0).text() == "Open this state"
        qtbot.mouseClick(palette.list.viewport(), LEFT, pos=row)
        assert prepared.place == place and not prepared.findChildren(Palette)
        if typed != text:
            assert prepared.toast.isVisible() and "not whole" in prepared.toast.text()
    session = prepared.session
    qtbot.waitUntil(lambda: session.resting and session.last_step == 2, timeout=8_000)
    assert session.params.cell == "LSTM" and session.params.seed == 4
