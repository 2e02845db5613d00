"""Lectures in the window: moments are kept, edited, and shown one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from test_runfile import equal

from app.files import lecture as files
from app.files import moments
from app.files.lecture import Lecture, Moment
from app.session.session import State
from visualizers.catalog import panel
from widgets.controls.parameters import changed

RECURRENT = {"length": 5, "hidden_size": 8}


@pytest.fixture
def hall(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, windows: Callable[..., Any]
) -> Callable[..., Any]:
    """``hall(language="zh")`` opens a window with two real panels."""
    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path))  # also while the windows are closed
    return partial(windows, [panel("rnn_gradients"), panel("dot_product")])


def opened(qtbot: Any, window: Any, id: str, **values: Any) -> Any:
    """A panel with these values, at rest; its session."""
    window.open_panel(id)
    session = window.session
    qtbot.waitUntil(lambda: window.page.shown is not None and session.resting, timeout=8_000)
    if values:
        session.open(changed(session.params, **values))
        qtbot.waitUntil(lambda: session.resting and session.current().params == session.params)
    return session


def trained(qtbot: Any, session: Any, steps: int) -> None:
    session.step(steps - session.last_step)
    qtbot.waitUntil(lambda: session.last_step == steps and session.resting, timeout=8_000)


def press(
    qtbot: Any, window: Any, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(window.focusWidget() or window, key, modifier)


def kept(qtbot: Any, window: Any) -> Moment:
    """What Ctrl+D makes of what is shown."""
    before = len(window.lecturing.moments)
    press(qtbot, window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(window.lecturing.moments) == before + 1)
    return window.lecturing.moment


@pytest.fixture
def prepared(qtbot: Any, hall: Any) -> Any:
    """A window with a lecture of two moments of one panel and one of another; the last is shown."""
    window = hall()
    session = opened(qtbot, window, "rnn_gradients", **RECURRENT)
    trained(qtbot, session, 3)
    session.set_params(learning_rate=0.02, beside="gradient norm")
    qtbot.waitUntil(lambda: session.resting and session.current().params == session.params)
    trained(qtbot, session, 6)
    kept(qtbot, window)
    opened(qtbot, window, "rnn_gradients", **RECURRENT, cell="LSTM", seed=4)
    trained(qtbot, session, 2)
    kept(qtbot, window)
    opened(qtbot, window, "dot_product")
    kept(qtbot, window)
    return window


def test_that_ctrl_d_keeps_all_that_is_shown(qtbot: Any, prepared: Any) -> None:
    first, second, third = prepared.lecturing.moments
    assert (first.panel, dict(first.set), first.steps) == ("rnn_gradients", RECURRENT, 6)
    assert [(one.step, dict(one.values)) for one in first.changes] == [
        (3, {"learning_rate": 0.02, "beside": "gradient norm"})]
    assert (second.set["cell"], second.set["seed"], second.steps) == ("LSTM", 4, 2)
    assert (third.panel, third.steps, dict(third.set)) == ("dot_product", 0, {})
    assert first.name == {"en": "Gradients through time", "zh": panel_title("rnn_gradients")}
    for one in (first, second, third):
        assert files.of(one, one.run)
    assert prepared.moments.isVisible() and prepared.roadmap.isHidden()
    assert prepared.moments.list.count() == 3 and prepared.lecturing.index == 2


def panel_title(id: str) -> str:
    from visualizers.catalog import Said

    return Said(panel(id), "zh").title


def test_that_a_run_that_plays_is_kept_where_it_came_to_rest(qtbot: Any, hall: Any) -> None:
    window = hall()
    session = opened(qtbot, window, "rnn_gradients", **RECURRENT)
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: session.last_step > 2, timeout=8_000)
    moment = kept(qtbot, window)
    assert session.state is State.PAUSED
    assert moment.steps == session.last_step == moment.run.film[-1].step == moment.run.film[-1].measured


def test_that_an_earlier_step_is_kept_as_it_is_looked_at(qtbot: Any, hall: Any) -> None:
    window = hall()
    session = opened(qtbot, window, "rnn_gradients", **RECURRENT)
    trained(qtbot, session, 3)
    session.set_params(clip=0.5)
    qtbot.waitUntil(lambda: session.resting)
    trained(qtbot, session, 5)
    session.seek(2, exact=True)
    qtbot.waitUntil(lambda: session.step_shown == 2 and session.resting)
    moment = kept(qtbot, window)
    assert (moment.steps, moment.changes, len(moment.run.history)) == (2, (), 2)
    assert equal(moment.run.film[-1].frame, session.current().frame)


def test_that_a_clicker_goes_from_moment_to_moment(qtbot: Any, prepared: Any) -> None:
    lecturing = prepared.lecturing
    for key, index in ((Qt.Key.Key_PageUp, 1), (Qt.Key.Key_PageUp, 0), (Qt.Key.Key_PageDown, 1),
                       (Qt.Key.Key_PageDown, 2)):
        press(qtbot, prepared, key)
        moment = lecturing.moments[index]
        assert lecturing.index == index and prepared.place == moment.panel
        shown = prepared.page.shown
        assert shown.step == moment.steps
        assert equal(shown.frame, moment.run.film[-1].frame)
        assert prepared.session.params == moment.run.film[-1].params
        assert prepared.moments.list.currentRow() == index
    press(qtbot, prepared, Qt.Key.Key_PageDown)
    assert lecturing.index == 2
    assert prepared.toast.text() == "This was the last moment of the lecture."


def test_that_the_run_is_repeated_behind_the_picture_bit_for_bit(qtbot: Any, prepared: Any) -> None:
    prepared.lecturing.go(0)
    session, run = prepared.session, prepared.lecturing.moment.run
    assert session.state is State.PAUSED
    assert equal(session.current().frame, run.film[-1].frame)
    qtbot.waitUntil(lambda: session.ready, timeout=8_000)
    assert session.state is State.PAUSED and session.last_step == 6
    assert equal(session.current().frame, run.film[-1].frame)
    for name in run.history.names:
        np.testing.assert_array_equal(session.history[name], run.history[name])
    session.step()
    qtbot.waitUntil(lambda: session.last_step == 7 and session.resting)


def test_that_playing_on_before_the_repetition_is_over_waits_for_it(qtbot: Any, prepared: Any) -> None:
    prepared.lecturing.go(0)
    session = prepared.session
    session.repeat()
    assert session.state is State.PAUSED and not session.ready
    session.play()
    assert session.playing and not session.ready
    qtbot.waitUntil(lambda: session.last_step > 7, timeout=8_000)
    session.pause()


def test_that_home_brings_the_moment_back_as_it_was(qtbot: Any, prepared: Any) -> None:
    prepared.lecturing.go(0)
    session, run = prepared.session, prepared.lecturing.moment.run
    qtbot.waitUntil(lambda: session.ready, timeout=8_000)
    session.set_params(cell="GRU")
    qtbot.waitUntil(lambda: session.resting and session.last_step == 0)
    press(qtbot, prepared, Qt.Key.Key_Home)
    assert session.last_step == 6 and session.params.cell == "linear"
    assert equal(prepared.page.shown.frame, run.film[-1].frame)
    press(qtbot, prepared, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.params.cell == "GRU")


def test_that_the_card_that_fills_the_view_is_kept(qtbot: Any, hall: Any) -> None:
    window = hall()
    opened(qtbot, window, "rnn_gradients", **RECURRENT)
    press(qtbot, window, Qt.Key.Key_F)
    filled = window._arrangement.filled.rank
    assert kept(qtbot, window).fill == filled
    press(qtbot, window, Qt.Key.Key_F)
    assert kept(qtbot, window).fill == 0
    window.lecturing.go(0)
    assert window._arrangement.filled.rank == filled
    window.lecturing.go(1)
    assert window._arrangement.filled is None


def test_that_the_list_is_walked_and_edited_by_keys(qtbot: Any, prepared: Any) -> None:
    lecturing, column = prepared.lecturing, prepared.moments
    names = [one.panel for one in lecturing.moments]
    press(qtbot, prepared, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)  # the roadmap
    assert prepared.roadmap.isVisible()
    press(qtbot, prepared, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    column = prepared.moments
    assert prepared.focusWidget() is column.list
    press(qtbot, prepared, Qt.Key.Key_Left)
    assert lecturing.index == 1 and prepared.focusWidget() is column.list
    press(qtbot, prepared, Qt.Key.Key_Right)
    assert lecturing.index == 2
    press(qtbot, prepared, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [one.panel for one in lecturing.moments] == [names[0], names[2], names[1]]
    assert lecturing.index == 1 and lecturing.moment.panel == "dot_product"
    press(qtbot, prepared, Qt.Key.Key_Delete)
    assert [one.panel for one in lecturing.moments] == [names[0], names[1]]
    qtbot.mouseClick(column.bring, Qt.MouseButton.LeftButton)
    assert [one.panel for one in lecturing.moments] == [names[0], names[2], names[1]]
    assert not column.bring.isVisible()
    column.list.setFocus()
    press(qtbot, prepared, Qt.Key.Key_F2)
    assert prepared.focusWidget() is column.name
    qtbot.keyClicks(column.name, "Dots")
    assert lecturing.moment.name == {"en": "Dots", "zh": panel_title("dot_product")}
    assert column.list.currentItem().text() == "Dots"


def test_that_what_is_said_of_a_moment_is_written_in_both_languages(qtbot: Any, prepared: Any) -> None:
    lecturing, column = prepared.lecturing, prepared.moments
    prepared.lecturing.go(0)
    qtbot.keyClicks(column.note, "Ask first.")
    qtbot.mouseClick(column.switch.buttons()[1], Qt.MouseButton.LeftButton)
    assert column.note.toPlainText() == "" and column.name.text() == panel_title("rnn_gradients")
    column.note.setPlainText("先提问。")
    for typed in ("4.5", "soon"):
        column.minutes.setFocus()
        column.minutes.selectAll()
        qtbot.keyClicks(column.minutes, typed)
        qtbot.keyClick(column.minutes, Qt.Key.Key_Return)
    assert column.minutes.text() == "4.5"
    assert lecturing.moment.note == {"en": "Ask first.", "zh": "先提问。"} and lecturing.moment.minutes == 4.5
    assert "4.5 min" in column.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.mouseClick(column.twice, Qt.MouseButton.LeftButton)
    assert len(lecturing.moments) == 4 and lecturing.index == 1
    assert lecturing.moments[1] == lecturing.moments[0]
    assert lecturing.moments[1].run is lecturing.moments[0].run
    qtbot.mouseClick(column.delete, Qt.MouseButton.LeftButton)
    assert len(lecturing.moments) == 3


def test_that_a_question_and_the_controls_of_the_stage_are_chosen(qtbot: Any, prepared: Any) -> None:
    lecturing, column = prepared.lecturing, prepared.moments
    lecturing.go(0)
    row = column.question.findData(2)
    column.question.setCurrentIndex(row)
    column.question.activated.emit(row)
    assert lecturing.moment.tour == 2 and lecturing.moment.question is not None
    column._show_control("clip", False)
    assert "clip" not in lecturing.moment.controls and "cell" in lecturing.moment.controls
    assert column.controls.text() == "10 of 11 controls on the stage"
    column._show_control("clip", True)
    assert lecturing.moment.controls is None


def test_that_dragging_a_moment_gives_it_another_place(qtbot: Any, prepared: Any) -> None:
    lecturing, column = prepared.lecturing, prepared.moments
    model = column.list.model()
    first = lecturing.moments[0]
    assert model.moveRow(model.index(-1, -1), 0, model.index(-1, -1), 3)  # what a drop does
    qtbot.waitUntil(lambda: lecturing.moments[2] is first)
    assert lecturing.index == 1 and column.list.currentRow() == 1


# Runs in a process of its own: the offscreen platform knows no dragging, the minimal one does.
DRAG = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication
from app.engine.inline import InlineErrand, InlinePool
from app.files.lecture import Lecture, Moment
from app.files.settings import Settings
from app.session.session import Session
from app.window.window import MainWindow
from visualizers.catalog import panel

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
application, pool = QApplication([]), InlinePool()
settings = Settings(path=Path(sys.argv[1]) / "settings.json", language="en", theme="light")
window = MainWindow(settings, [panel("dot_product")], lambda one, _: Session(one, pool, threads=1))
window.files.errands.start = InlineErrand
window.resize(1280, 720)
window.show()
window.lecturing.open(Lecture({"en": "Mine"}, tuple(
    Moment("dot_product", {"en": name}) for name in ("first", "second", "third"))))
QTest.qWait(50)
list_, screen = window.moments.list, window.windowHandle()
view = list_.viewport()

def drag(start, to):
    rows = [list_.visualItemRect(list_.item(row)) for row in range(3)]
    grip = rows[start].center()
    goal = QPoint(grip.x(), rows[to].bottom() - 2 if to > start else rows[to].top() + 2)
    carrying = QTimer(interval=20)

    def carry():  # the drag has its own loop
        if list_.state() is QAbstractItemView.State.DraggingState:
            carrying.stop()
            for place in ((grip + goal) / 2, goal):
                QTest.mouseMove(screen, view.mapTo(window, place))
            QTest.mouseRelease(screen, LEFT, NONE, view.mapTo(window, goal))

    carrying.timeout.connect(carry)
    carrying.start()
    QTest.mousePress(view, LEFT, NONE, grip)
    for far in range(2, 20, 4):  # until it is a drag
        if not carrying.isActive():
            break
        place = QPointF(grip + QPoint(0, far if to > start else -far))
        application.sendEvent(view, QMouseEvent(
            QEvent.Type.MouseMove, place, view.mapToGlobal(place), Qt.MouseButton.NoButton, LEFT, NONE))
    QTest.qWait(50)
    names = [one.name["en"] for one in window.lecturing.moments]
    assert [list_.item(row).text() for row in range(list_.count())] == names
    assert list_.currentRow() == window.lecturing.index, (list_.currentRow(), window.lecturing.index)
    print(*names, "at", window.lecturing.moment.name["en"])

drag(0, 2)
drag(2, 1)
drag(1, 0)
window.close()
"""


def test_that_a_moment_is_dragged_with_the_mouse(tmp_path: Path) -> None:
    environment = os.environ | {"BIGMODELS_CONFIG": str(tmp_path), "QT_QPA_PLATFORM": "minimal"}
    done = subprocess.run([sys.executable, "-c", DRAG, str(tmp_path)], env=environment, capture_output=True,
                          text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "second third first at first", "second first third at first", "first second third at first"]


def test_that_a_lecture_is_saved_and_opened_where_it_is_dropped(
    qtbot: Any, prepared: Any, hall: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mine.lecture"
    prepared.do("lecture-save")
    dialog = prepared.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    assert path.is_file() and prepared.lecturing.saved and prepared.moments.state.text() == "saved"
    assert not list((tmp_path / "lectures").glob("*"))
    other = hall(language="zh")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    other.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                               Qt.KeyboardModifier.NoModifier))
    assert other.lecturing.moments == prepared.lecturing.moments
    assert other.place == "rnn_gradients" and other.page.shown.step == 6
    assert other.moments.list.item(0).text() == panel_title("rnn_gradients")
    assert str(path) in other.settings.recent


def test_that_what_was_not_saved_is_offered_at_the_next_start(
    qtbot: Any, prepared: Any, hall: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    lecture = prepared.lecturing.lecture
    prepared.lecturing.entitle("en", "Never saved")
    prepared.close()
    found = list((tmp_path / "lectures").glob("*.toml"))
    assert len(found) == 1
    monkeypatch.setattr(os, "getpid", lambda: 1)
    window = hall()
    window.files.guarded(lambda: window.lecturing.open_unsaved(found[0]))
    assert window.lecturing.moments == lecture.moments and window.lecturing.title == "Never saved"
    assert not found[0].exists() and not window.lecturing.saved
    assert window.page.shown.step == 6  # from the run that Ctrl+D kept on this machine
    window.lecturing.new()
    assert list(window.lecturing.unsaved().values()) == ["Never saved"]


def test_that_a_moment_without_a_run_is_trained_once(qtbot: Any, hall: Any, tmp_path: Path) -> None:
    from app.engine.protocol import Change

    script = Lecture({"en": "Script"}, (
        Moment("rnn_gradients", {"en": "One"}, set=RECURRENT, steps=6,
               changes=(Change(3, {"learning_rate": 0.02}), Change(6, {"clip": 0.5}))),
        Moment("dot_product", {"en": "Two"})))
    window = hall()
    told = []
    window.lecturing.training.connect(lambda step, of: told.append((step, of)))
    window.lecturing.open(script)
    qtbot.waitUntil(lambda: window.lecturing.moments[0].run is not None, timeout=8_000)
    run = window.lecturing.moments[0].run
    assert run.step == 6 and run.film[-1].params.clip == 0.5 and told[0] == (0, 6) and told[-1] == (0, 0)
    assert moments.find(script.moments[0], window.lecturing.runs) is not None
    assert window.lecturing.saved
    press(qtbot, window, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: window.lecturing.moments[1].run is not None, timeout=8_000)
    told.clear()
    other = hall()
    other.lecturing.training.connect(lambda step, of: told.append((step, of)))
    other.lecturing.open(script)
    assert other.page.shown.step == 6 and told == []
    assert equal(other.page.shown.frame, run.film[-1].frame)


def test_that_the_keys_of_a_lecture_are_free_while_none_is_open(qtbot: Any, hall: Any) -> None:
    window = hall()

    def enabled() -> set[bool]:
        return {one.isEnabled() for one in window._shortcuts
                if one.key().toString() in ("PgDown", "PgUp", "Home")}

    assert enabled() == {False}
    window.lecturing.new()
    assert enabled() == {True}
    window.set_language("zh")
    assert enabled() == {True} and window.moments is not None and window.moments.isVisible()
    window.do("lecture-close")
    assert enabled() == {False} and window.moments is None and window.roadmap.isVisible()


def test_that_a_question_of_its_own_is_written_on_a_sheet(qtbot: Any, prepared: Any) -> None:
    from app.window.question import QuestionSheet

    lecturing = prepared.lecturing
    lecturing.go(0)
    column = prepared.moments
    row = column.question.findData(-1)
    column.question.activated.emit(row)
    sheet = prepared.findChild(QuestionSheet)
    assert sheet is not None and prepared.focusWidget() is sheet.question
    qtbot.keyClicks(sheet.question, "Does it learn?")
    written = (("Yes", "accuracy > 0.5", ""), ("No", "accuracy <", "It does."))
    for (say, right, why), texts in zip(sheet.rows, written, strict=False):
        for edit, text in zip((say, right, why), texts, strict=True):
            qtbot.keyClicks(edit, text)
    qtbot.mouseClick(sheet.accept, Qt.MouseButton.LeftButton)
    assert "accuracy <" in sheet.problem.text() and lecturing.moment.ask is None
    qtbot.keyClicks(sheet.rows[1][1], "= 0.5")
    qtbot.mouseClick(sheet.switch.buttons()[1], Qt.MouseButton.LeftButton)
    assert sheet.question.text() == "" and sheet.rows[1][1].text() == "accuracy <= 0.5"
    sheet.question.setText("学会了吗？")
    qtbot.mouseClick(sheet.accept, Qt.MouseButton.LeftButton)
    ask = lecturing.moment.question
    assert ask.say == {"en": "Does it learn?", "zh": "学会了吗？"}
    assert [one.right for one in ask.answers] == ["accuracy > 0.5", "accuracy <= 0.5"]
    assert ask.answers[1].why == {"en": "It does."}
    assert column.question.currentData() == -1
    files.parse(files.written(lecturing.lecture), "a")


def test_that_a_script_that_ships_is_given_from_the_start_page(
    qtbot: Any, hall: Any, monkeypatch: Any
) -> None:
    from app.window.home import Home, _Link

    script = Lecture({"en": "One"}, (Moment("dot_product", {"en": "Dots"}),))
    monkeypatch.setattr("app.window.window.scripts_that_ship", lambda: frozenset({3}))
    monkeypatch.setattr(files, "script", {"l3": script}.__getitem__)
    window = hall()
    home = window.middle.currentWidget()
    assert isinstance(home, Home)
    links = [one for one in home.findChildren(_Link) if one.text() == "Give this lecture"]
    assert len(links) == 1
    qtbot.mouseClick(links[0], Qt.MouseButton.LeftButton)
    assert window.lecturing.moments == script.moments and window.place == "dot_product"
    assert window.moments.list.item(0).text() == "Dots"
    window.show_home()
    window.do("script-3")
    assert window.place == "dot_product"


def test_that_a_moment_without_a_choice_shows_all_controls_that_fit_whatever_was_chosen_before(
    qtbot: Any, prepared: Any
) -> None:
    prepared.lecturing.go(2)
    prepared.settings.stage_controls = ["rnn_gradients.clip"]  # what the desk chose before, at another time
    prepared.do("stage")
    prepared.hall.stage.setGeometry(0, 0, 1024, 640)
    assert prepared.lecturing.moments[0].controls is None
    prepared.lecturing.go(0)
    qtbot.waitUntil(lambda: prepared.hall.scene.shown is not None, timeout=8_000)
    scene, stage = prepared.hall.scene, prepared.hall.stage
    seen = [name for name, one in scene.controls.controls() if one.isVisible()]
    names = [one.name for one in panel("rnn_gradients").parameters if one.kind != "hidden"]
    assert 1 < len(seen) < 10 and seen == [one for one in names if one in seen]
    assert names.index(seen[-1]) < len(names) - 1  # the last are left out
    assert scene.view.height() >= scene.view.layout().minimumSize().height()
    assert scene.below.geometry().bottom() < stage.height()
    prepared.hall.choose("clip", False)  # with the moment, not for the panel
    assert set(prepared.lecturing.moment.controls) == {*names} - {"clip"}
    prepared.hall.choose("clip", True)
    assert prepared.lecturing.moment.controls is None
    assert prepared.settings.stage_controls == ["rnn_gradients.clip"]


def test_that_presenter_mode_has_the_controls_of_the_moment_and_the_others_on_demand(
    qtbot: Any, prepared: Any
) -> None:
    prepared.lecturing.edit(0, controls=("cell", "length"))
    prepared.lecturing.edit(1, controls=())
    prepared.lecturing.go(0)

    def seen() -> list[str]:
        return [name for name, one in prepared.side.controls.controls() if not one.isHidden()]

    everything = seen()
    assert len(everything) > 5 and prepared.side.controls.all.isHidden()
    press(qtbot, prepared, Qt.Key.Key_F5)
    assert seen() == ["cell", "length"]
    prepared.session.set_params(cell="LSTM")
    assert seen() == ["cell", "length"]
    qtbot.mouseClick(prepared.side.controls.all, Qt.MouseButton.LeftButton)
    assert len(seen()) > 5 and prepared.side.controls.all.isHidden()
    press(qtbot, prepared, Qt.Key.Key_PageDown)
    assert seen() == [] and prepared.side.controls.all.isVisible()
    press(qtbot, prepared, Qt.Key.Key_PageUp)
    assert seen() == ["cell", "length"]
    prepared.lecturing.edit(0, controls=None)
    assert seen() == everything
    prepared.lecturing.edit(0, controls=("cell",))
    press(qtbot, prepared, Qt.Key.Key_F5)
    assert seen() == everything


def test_that_ctrl_d_keeps_the_controls_that_the_stage_has(qtbot: Any, hall: Any) -> None:
    window = hall()
    opened(qtbot, window, "rnn_gradients", **RECURRENT)
    window.do("stage")
    window.hall.choose("clip", True)
    assert kept(qtbot, window).controls == ("clip",)
    window.hall.choose("cell", True)
    assert window.lecturing.moment.controls == ("clip", "cell")
    assert kept(qtbot, window).controls == ("clip", "cell")


# --- moments with ghosts ---------------------------------------------------------------------------


def ghosts(window: Any) -> list[tuple[str, int]]:
    """The labels of the ghosts that are drawn, each with its steps."""
    return [(one.label, len(one.history)) for one in window.page.shown.ghosts]


@pytest.fixture
def haunted(qtbot: Any, hall: Any) -> Any:
    """A window with a lecture of a moment with two ghosts, one of them named, and one without."""
    window = hall()
    session = opened(qtbot, window, "rnn_gradients", **RECURRENT, cell="GRU")
    trained(qtbot, session, 2)
    press(qtbot, window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    session.rename_pin(0, "the gated one")
    opened(qtbot, window, "rnn_gradients", **RECURRENT)
    trained(qtbot, session, 3)
    session.set_params(learning_rate=0.02)
    qtbot.waitUntil(lambda: session.resting and session.current().params == session.params)
    trained(qtbot, session, 4)
    press(qtbot, window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    opened(qtbot, window, "rnn_gradients", **RECURRENT, cell="LSTM")
    trained(qtbot, session, 5)
    kept(qtbot, window)
    window.lecturing.edit(0, name={"en": "With ghosts"})
    session.set_pinned(())
    kept(qtbot, window)
    return window


def test_that_a_moment_keeps_its_ghosts_and_one_without_has_none(qtbot: Any, haunted: Any) -> None:
    first, second = haunted.lecturing.moments
    assert len(first.ghosts) == 2 and second.ghosts == ()
    assert ghosts(haunted) == []
    press(qtbot, haunted, Qt.Key.Key_PageUp)
    told = ghosts(haunted)
    assert [steps for _, steps in told] == [2, 4] and told[0][0] == "the gated one"
    assert told[1][0] == "Cell GRU, Learning rate 0.01 → 0.02"
    press(qtbot, haunted, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)  # one more, by hand
    assert len(haunted.session.pinned) == 3
    press(qtbot, haunted, Qt.Key.Key_Home)
    assert ghosts(haunted) == told
    press(qtbot, haunted, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(haunted.session.pinned) == 3
    press(qtbot, haunted, Qt.Key.Key_PageDown)
    assert ghosts(haunted) == []


def test_that_ghosts_travel_with_the_file_of_a_lecture(
    qtbot: Any, haunted: Any, hall: Any, tmp_path: Path
) -> None:
    haunted.lecturing.go(0)
    told, drawn = ghosts(haunted), [one.frame for one in haunted.page.shown.ghosts]
    files.write(tmp_path / "mine.lecture", haunted.lecturing.lecture)
    there = files.read(tmp_path / "mine.lecture")
    assert there == haunted.lecturing.lecture
    for file in (tmp_path / "moments").glob("*"):
        file.unlink()
    other = hall()
    other.lecturing.open(there, tmp_path / "mine.lecture")
    assert ghosts(other) == told
    assert all(equal(one.frame, frame) for one, frame in zip(other.page.shown.ghosts, drawn, strict=True))
    moment = there.moments[0]
    said = files.pinned(moment)[1]
    assert (said.start.learning_rate, said.params.learning_rate, said.step) == (0.01, 0.02, 4)


def test_that_a_lecture_that_was_never_saved_has_its_ghosts_again(
    qtbot: Any, haunted: Any, hall: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    haunted.lecturing.go(0)
    told = ghosts(haunted)
    haunted.close()
    (found,) = (tmp_path / "lectures").glob("*.toml")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    window = hall()
    window.files.guarded(lambda: window.lecturing.open_unsaved(found))
    assert ghosts(window) == told and len(window.lecturing.moment.ghosts) == 2
    for file in (tmp_path / "moments").glob("*"):
        file.unlink()
    window.lecturing.open(files.parse(files.written(window.lecturing.lecture), "mine"))
    qtbot.waitUntil(lambda: window.lecturing.moment.run is not None, timeout=8_000)  # trained again
    assert ghosts(window) == [] and window.lecturing.moment.ghosts == ()


def test_that_runs_beside_one_another_are_kept_as_a_moment_with_ghosts_and_end_at_the_next(
    qtbot: Any, prepared: Any
) -> None:
    prepared.lecturing.go(1)
    prepared.comparing.begin("learning_rate", [0.01, 0.03, 0.05])
    together = prepared.comparing.together
    qtbot.waitUntil(lambda: together.last_step > 3, timeout=8_000)
    moment = kept(qtbot, prepared)
    assert not together.over and not together.playing and together.standing
    step = together.last_step
    assert (moment.steps, [one.steps for one in moment.ghosts]) == (step, [step, step])
    assert [one.set["learning_rate"] for one in moment.ghosts] == [0.03, 0.05]
    press(qtbot, prepared, Qt.Key.Key_PageUp)
    assert together.over and prepared.comparing.together is None and prepared.page.beside is None
    assert prepared.session.last_step == 2 and ghosts(prepared) == []
    qtbot.waitUntil(lambda: prepared.session.ready, timeout=8_000)
    assert prepared.session.last_step == 2  # nobody trains it on
    press(qtbot, prepared, Qt.Key.Key_PageDown)
    assert [steps for _, steps in ghosts(prepared)] == [step, step] and prepared.session.last_step == step
    press(qtbot, prepared, Qt.Key.Key_Home)
    assert prepared.session.params.learning_rate == 0.01


@pytest.mark.parametrize("change", [
    {"run": "runs/01-2.bml"}, {"run": "../01-1.bml"}, {"panel": "dot_product"}, {"steps": -1},
    {"set": {"cell": "no such cell"}}, {"ghosts": []}])
def test_that_a_ghost_of_a_file_is_read_as_strictly_as_a_moment(
    haunted: Any, tmp_path: Path, change: dict[str, Any]
) -> None:
    import tomllib
    import zipfile

    import tomli_w

    from visualizers.refusal import Refusal

    whole, altered = tmp_path / "whole.lecture", tmp_path / "altered.lecture"
    files.write(whole, haunted.lecturing.lecture)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(altered, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == files.DOCUMENT:
                document = tomllib.loads(data.decode())
                document["moment"][0]["ghosts"][0] |= change
                data = tomli_w.dumps(document).encode()
            new.writestr(name, data)
    assert len(files.read(whole).moments[0].ghosts) == 2
    with pytest.raises(Refusal):
        files.read(altered)
