"""A rehearsal in the window: begun with a click, in a process of its own, told on a sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from app.engine.errand import Errand
from app.files import moments
from app.files.lecture import Lecture, Moment
from app.files.rehearsed import Rehearsed
from app.headless.rehearsal import rehearsal
from app.window.rehearsing import RehearsalSheet
from visualizers.catalog import panel

TRUE = Moment("rnn_gradients", name={"en": "Fading", "zh": "消失"}, minutes=3.0, set={"length": 6},
              steps=3, expect="step == 3")
FALSE = replace(TRUE, name={"en": "Rising", "zh": "增长"}, steps=4, expect="step > 100")
LECTURE = Lecture({"en": "Mine", "zh": "我的"}, (TRUE, FALSE))


@pytest.fixture
def hall(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, windows: Callable[..., Any]
) -> Callable[..., Any]:
    """``hall(language="zh")`` opens a window with a lecture of two moments."""
    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path))  # also while the windows are closed

    def make(lecture: Lecture = LECTURE, **settings: Any) -> Any:
        window = windows([panel("rnn_gradients")], rehearsing=lambda: rehearsal, **settings)
        window.lecturing.open(lecture)
        return window

    return make


def told(qtbot: Any, window: Any) -> RehearsalSheet:
    """The sheet, once it is there."""
    qtbot.waitUntil(lambda: bool(window.findChildren(RehearsalSheet)), timeout=20_000)
    (sheet,) = window.findChildren(RehearsalSheet)
    return sheet  # type: ignore[no-any-return]


def texts(sheet: RehearsalSheet) -> str:
    return "\n".join(one.text() for kind in (QLabel, QPushButton) for one in sheet.findChildren(kind))


def test_that_a_click_rehearses_the_lecture_and_a_sheet_says_what_is_not_ready(
    qtbot: Any, hall: Callable[..., Any]
) -> None:
    window = hall()
    qtbot.mouseClick(window.moments.rehearse, Qt.MouseButton.LeftButton)
    sheet = told(qtbot, window)
    said = texts(sheet)
    assert "Rehearsal: Mine" in said and "Expected step > 100, but step = 4" in said
    assert "! differs" in said
    assert "of 2 moments are ready; 6 minutes are planned." in said
    qtbot.mouseClick(sheet.moments[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.findChildren(RehearsalSheet))
    assert window.lecturing.index == 1


def test_that_after_it_no_moment_is_trained_any_more(qtbot: Any, hall: Callable[..., Any]) -> None:
    window = hall()
    window.do("lecture-rehearse")
    told(qtbot, window).leave()
    assert all(moments.find(one, window.lecturing.runs) is not None for one in LECTURE.moments)
    trained: list[int] = []
    window.lecturing.training.connect(lambda step, of: trained.append(of) if of else None)
    window.lecturing.go(1)
    qtbot.waitUntil(lambda: window.session.current() is not None and window.session.current().step == 4)
    assert not trained


def test_that_the_sheet_speaks_chinese(qtbot: Any, hall: Callable[..., Any]) -> None:
    window = hall(language="zh")
    window.do("lecture-rehearse")
    said = texts(told(qtbot, window))
    assert "排练：我的" in said and "! 不符" in said and "应为 step > 100" in said and "增长" in said


def test_that_the_sheet_goes_with_escape_and_scrolls_by_keys(qtbot: Any, hall: Callable[..., Any]) -> None:
    window = hall()
    rows = [Rehearsed(number, TRUE, seconds=1.0, opens=0.1) for number in range(1, 60)]
    sheet = RehearsalSheet(window.look, "Long", rows, window)
    window.show_sheet(sheet)
    qtbot.waitUntil(lambda: sheet.area.verticalScrollBar().maximum() > 0)
    assert window.rect().contains(sheet.sheet.geometry())
    qtbot.keyClick(sheet, Qt.Key.Key_PageDown)
    assert sheet.area.verticalScrollBar().value() > 0
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not window.findChildren(RehearsalSheet)


def test_that_one_rehearsal_is_done_at_a_time_and_can_be_cancelled(
    qtbot: Any, hall: Callable[..., Any]
) -> None:
    window = hall(Lecture({}, (replace(TRUE, steps=1_000_000, expect=""),)))
    begun: list[Errand] = []

    def start(*args: Any, **options: Any) -> Errand:
        begun.append(Errand(*args, **options))
        return begun[-1]

    window.files.errands.start = start
    window.lecturing.stop_training()
    for _ in range(2):
        window.do("lecture-rehearse")
    rehearsals = [one.errand for one in window.files.errands._sent if one.work is rehearsal]
    assert len(rehearsals) == 1
    qtbot.waitUntil(lambda: rehearsals[0].total > 0, timeout=90_000)  # a process and its imports
    card = next(one.card for one in window.files.errands._sent if one.work is rehearsal)
    card.busy.cancelled.emit()
    assert rehearsals[0].over and not window.files.errands.does(rehearsal)
    assert not window.findChildren(RehearsalSheet)


def test_that_a_lecture_without_moments_has_nothing_to_rehearse(hall: Callable[..., Any]) -> None:
    window = hall(Lecture({"en": "Empty"}))
    assert not window.moments.rehearse.isVisible()
    assert not window.commands["lecture-rehearse"].enabled()
