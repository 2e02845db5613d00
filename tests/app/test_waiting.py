"""Files are read and written beside the window: with progress, a way to stop, and within bounds."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from app.engine.errand import Errand
from app.engine.inline import InlinePool
from app.files.runfile import read, write
from app.files.settings import Settings
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from app.session.session import Session, State
from app.window.waiting import AtWork
from app.window.window import MainWindow
from visualizers.catalog import panel

RUNS = Path(__file__).parent / "runs"


@pytest.fixture
def record() -> Record:
    trial = Trial(panel("rnn_gradients"))
    trial.train(5)
    frame = trial.frame()
    return Record(panel="rnn_gradients", params=trial.params, changes=(), seed=0, device="cpu", threads=1,
                  versions=versions(), history=trial.history, step=5,
                  film=[Seen(5, trial.params, frame, 5)])


@pytest.fixture
def window(qtbot: Any, tmp_path: Path) -> Any:
    pool = InlinePool()
    made = MainWindow(Settings(path=tmp_path / "settings.json", language="en", theme="light"),
                      [panel("rnn_gradients"), panel("text_cnn"), panel("word2vec")],
                      lambda one, _: Session(one, pool, threads=1))
    qtbot.addWidget(made)
    made.resize(1280, 720)
    made.show()
    return made


def counted(seconds: float, told: Any) -> float:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        told(round(100 * (seconds - left)), round(100 * seconds))
        time.sleep(0.01)
    return seconds


def sent(window: Any, came: list[object], work: Any, *args: Any) -> None:
    from visualizers.refusal import Refusal

    window.files.errands.send(window.look, window, "Saving a.bml", Refusal("It was ended."), came.append,
                              work, *args)


def test_that_a_run_is_read_by_another_process(window: Any, qtbot: Any, tmp_path: Path, record) -> None:
    write(tmp_path / "a.bml", record)
    window.files.open(str(tmp_path / "a.bml"))
    assert window.session is None
    qtbot.waitUntil(lambda: window.session is not None, timeout=30_000)
    assert window.session.state is State.PAUSED and window.session.last_step == 5
    np.testing.assert_array_equal(window.session.history["loss"], record.history["loss"])


@pytest.mark.parametrize("name", ["text_cnn", "word2vec"])
def test_that_a_run_that_once_ended_the_program_is_one_sentence(window: Any, qtbot: Any, name: str) -> None:
    window.files.open(str(RUNS / f"{name}.bml"))
    qtbot.waitUntil(window.toast.isVisible, timeout=30_000)
    said = window.toast.text()
    assert name in said and said.endswith(".") and "\n" not in said and window.place == "home"


def test_that_what_takes_a_while_says_how_far_it_is(window: Any, qtbot: Any) -> None:
    came: list[object] = []
    sent(window, came, counted, 2.5)
    assert not [one for one in window.findChildren(AtWork) if one.isVisible()]
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(AtWork)), timeout=10_000)
    card = window.findChild(AtWork)
    qtbot.waitUntil(lambda: "%" in card.busy.label.text() or bool(came), timeout=10_000)
    assert card.busy.label.text().startswith("Saving a.bml")
    qtbot.waitUntil(lambda: bool(came), timeout=20_000)
    assert came == [2.5] and not [one for one in window.findChildren(AtWork) if one.isVisible()]


def test_that_it_can_be_stopped(window: Any, qtbot: Any) -> None:
    came: list[object] = []
    sent(window, came, counted, 60.0)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(AtWork)), timeout=10_000)
    button = window.findChild(AtWork).findChild(QPushButton)
    (one,) = window.files.errands._sent
    button.click()
    assert one.errand.over and not window.files.errands._sent
    qtbot.wait(50)
    assert not came and not window.findChildren(AtWork)


def test_that_a_run_is_whole_in_its_file_although_the_window_is_closed_at_once(
    window: Any, qtbot: Any, tmp_path: Path, record
) -> None:
    window.show_record(record)
    window.files.save(tmp_path / "a.bml")
    window.close()
    assert read(tmp_path / "a.bml").step == 5


def test_that_a_run_of_which_some_steps_are_saved_says_so(
    window: Any, qtbot: Any, tmp_path: Path, record
) -> None:
    history = record.history.copy()
    for _ in range(10):
        history.extend({name: np.random.default_rng(0).normal(size=100_000) for name in history.names})
    window.show_record(dataclasses.replace(record, history=history, step=len(history)))
    for save, name in ((window.files.save, "a.bml"), (window.files.save_csv, "a.csv")):
        window.toast.hide()
        save(tmp_path / name)
        qtbot.waitUntil(window.toast.isVisible, timeout=30_000)
        said = window.toast.text()
        assert said.startswith(f"Saved: {name}. It has 1") and "of 1,000,005 steps" in said
    assert len((tmp_path / "a.csv").read_text().splitlines()) == len(window.session.history.steps) + 1


def test_that_work_ended_from_outside_is_one_sentence(window: Any, qtbot: Any) -> None:
    sent(window, [], counted, 60.0)
    (one,) = window.files.errands._sent
    assert isinstance(one.errand, Errand)
    one.errand._process.kill()
    qtbot.waitUntil(window.toast.isVisible, timeout=30_000)
    assert window.toast.text() == "It was ended."


def test_that_what_is_written_goes_on_while_something_else_is_read(
    window: Any, qtbot: Any, tmp_path: Path, record
) -> None:
    write(tmp_path / "a.bml", record)
    came: list[object] = []
    sent(window, came, counted, 3.0)
    window.files.open(str(tmp_path / "a.bml"))
    window.files.open(str(tmp_path / "a.bml"))  # the first of them is not wanted any more
    assert len(window.files.errands._sent) == 2
    qtbot.waitUntil(lambda: window.session is not None and bool(came), timeout=30_000)
    assert came == [3.0] and not window.files.errands._sent
