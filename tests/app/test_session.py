"""The session with an inline worker: what a learner does, and what is shown for it."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QTimer

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import toys

from app.engine.inline import InlinePool, InlineWorker
from app.engine.pool import Pool
from app.session.session import Session, State
from visualizers.catalog import Said
from visualizers.panel import Panel
from widgets.controls.speeds import Speed


class Bench:
    """A session, with what it said, and a page that paints everything at once."""

    def __init__(self, qtbot: Any, panel: Panel, **options: Any) -> None:
        self.qtbot = qtbot
        self.session = Session(panel, options.pop("pool", None) or InlinePool(), threads=1, **options)
        self.shown: list[Any] = []
        self.states: list[State] = []
        self.failures: list[Any] = []
        self.progress: list[tuple[int, int, str]] = []
        self.paints = True
        self.session.shown.connect(self._draw)
        self.session.state_changed.connect(self.states.append)
        self.session.failed.connect(self.failures.append)
        self.session.progress.connect(lambda *values: self.progress.append(values))

    def _draw(self, shown: Any) -> None:
        self.shown.append(shown)
        if self.paints:
            self.session.painted()

    def until(self, holds: Callable[[], bool], timeout: int = 10_000) -> None:
        self.qtbot.waitUntil(holds, timeout=timeout)

    def state(self, state: State) -> None:
        self.until(lambda: self.session.state is state)

    def open(self, **values: Any) -> Session:
        self.session.open(toys.Params(**values))
        self.until(lambda: self.session.state is not State.STARTING)
        return self.session

    def play_to(self, step: int) -> None:
        """Train at least that far, then pause and wait for the worker's last word."""
        self.session.play()
        self.until(lambda: self.session.last_step >= step)
        self.session.pause()
        self.settle()

    def settle(self) -> None:
        self.until(lambda: not self.session._due and not self.session._applying.isActive())

    @property
    def weights(self) -> np.ndarray:
        shown = self.session.current()
        assert shown is not None
        return shown.frame.weights


@pytest.fixture
def make(qtbot: Any) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def bench(panel: Panel | None = None, **options: Any) -> Bench:
        made.append(Bench(qtbot, panel or toys.panel(), **options))
        return made[-1]

    yield bench
    for one in made:
        one.session.close()


def test_that_opening_shows_the_first_frame_and_waits(make: Any) -> None:
    bench = make()
    session = bench.open()
    assert bench.states == [State.STARTING, State.PAUSED]
    assert [shown.step for shown in bench.shown] == [0]
    assert len(session.history) == 0 and session.device == "cpu" and session.threads == 1


def test_that_playing_trains_and_loses_no_scalar(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(30)
    assert session.state is State.PAUSED
    assert len(session.history) == session.last_step
    assert session.history["done"].tolist() == list(range(1, session.last_step + 1))
    step = session.last_step
    bench.qtbot.wait(60)
    assert session.last_step == step


def test_that_a_page_that_does_not_paint_holds_training_up(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.paints = False
    session.play()
    bench.until(lambda: len(bench.shown) >= 3)  # the first, and the two that were granted
    bench.qtbot.wait(200)
    assert len(bench.shown) == 3
    step = session.last_step
    session.painted()
    bench.until(lambda: session.last_step > step)


def test_that_a_hidden_page_trains_nothing_and_goes_on_when_seen(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.play()
    bench.until(lambda: session.last_step > 5)
    session.set_visible(False)
    bench.settle()
    step = session.last_step
    bench.qtbot.wait(100)
    assert session.last_step == step and session.state is State.RUNNING
    session.set_visible(True)
    bench.until(lambda: session.last_step > step)


def test_that_a_live_value_acts_at_once_when_paused(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.set_params(learning_rate=0.25)
    bench.until(lambda: bench.shown[-1].frame.learning_rate == 0.25)
    assert session.last_step == 0 and bench.states[-1] is State.PAUSED
    assert bench.shown[-1].params.learning_rate == 0.25


def test_that_thousands_of_moves_end_with_the_last_value_and_few_messages(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.play()
    bench.until(lambda: session.last_step > 3)
    sent: list[Any] = []
    send = session._talk.worker.send
    session._talk.worker.send = lambda message: (sent.append(message), send(message))
    for index in range(5000):
        session.set_params(learning_rate=index / 1e5)
        if index % 100 == 0:
            bench.qtbot.wait(1)
    bench.until(lambda: bench.shown[-1].frame.learning_rate == 4999 / 1e5)
    session.pause()
    bench.settle()
    assert len(sent) < 400
    assert session._timeline.changes[-1].values == {"learning_rate": 4999 / 1e5}


def test_that_a_restarting_value_starts_one_new_run_that_plays_on(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.play()
    bench.until(lambda: session.last_step > 5)
    runs: list[int] = []
    session.runs_changed.connect(lambda: runs.append(1))
    session.set_params(size=9)
    session.set_params(size=10, seed=3)
    session.set_params(size=11)
    bench.until(lambda: bench.states[-2:] == [State.STARTING, State.RUNNING])
    bench.until(lambda: session.last_step > 5)
    assert len(runs) == 1
    assert len(bench.weights) == 11 * (4 + 11 + 2)


@pytest.mark.alone
def test_that_a_dragged_restarting_slider_restarts_a_few_times_a_second(make: Any) -> None:
    bench = make()
    session = bench.open()
    started = time.monotonic()
    for size in range(9, 24):
        session.set_params(size=size)
        bench.qtbot.wait(10)
    bench.until(lambda: len(bench.weights) == 23 * (4 + 23 + 2))
    most = (time.monotonic() - started) / 0.15 + 2
    assert 2 <= bench.states.count(State.STARTING) <= most


def test_that_one_step_is_one_step(make: Any) -> None:
    bench = make()
    session = bench.open()
    for step in (1, 2, 3):
        session.step()
        bench.until(lambda step=step: session.last_step == step)
        bench.settle()
    assert session.state is State.PAUSED and len(session.history) == 3
    bench.play_to(10)  # the pace of single steps is not kept
    assert session.state is State.PAUSED


def test_that_slow_speeds_show_every_step(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.set_speed(Speed.FRAME)
    assert session.speed is Speed.FRAME
    bench.play_to(5)
    steps = [shown.step for shown in bench.shown]
    assert steps[:6] == [0, 1, 2, 3, 4, 5]


def test_that_the_rate_is_that_of_the_clock_at_every_speed(make: Any) -> None:
    bench = make(toys.panel("Counter"))
    session = bench.open()
    session.set_speed(Speed.FIVE)
    session.play()
    bench.until(lambda: session.last_step >= 5)
    assert 0 < session.rate < 10  # slower on a busy machine, never faster
    assert session.steps_per_second > 100  # what training could
    session.set_speed(Speed.MAX)
    assert session.rate == 0  # nothing is known of it yet
    step = session.last_step
    bench.until(lambda: session.last_step > step + 100 and session.rate > 10)
    session.pause()
    assert session.rate == 0


def test_that_seeking_shows_filmed_frames_and_then_the_exact_one(make: Any) -> None:
    bench = make()
    session = bench.open()
    every: dict[int, np.ndarray] = {}
    session.set_speed(Speed.FRAME)
    session.shown.connect(lambda shown: every.setdefault(shown.step, shown.frame.weights))
    bench.play_to(12)
    session._timeline.film.truncate(3)  # as if it had been thinned
    last = session.last_step
    session.seek(9)
    assert session.looking_at == "past" and session.step_shown == 3
    session.seek(9, exact=True)
    bench.until(lambda: session.step_shown == 9)
    assert np.array_equal(bench.weights, every[9])
    assert len(bench.shown[-1].history) == 9 and len(session.history) == last
    session.step()
    bench.until(lambda: session.step_shown == 10)
    session.step_back()
    bench.until(lambda: session.step_shown == 9)
    session.seek(last)
    assert session.looking_at == "present" and session.step_shown == last
    bench.play_to(last + 3)
    assert session.history["done"].tolist() == list(range(1, session.last_step + 1))


def test_that_a_click_in_the_past_is_drawn_there_and_changes_no_history(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(20)
    session.seek(7, exact=True)
    bench.until(lambda: session.step_shown == 7)
    session.set_params(selected=5)
    bench.until(lambda: bench.shown[-1].frame.selected == 5)
    assert session.step_shown == 7 and session._timeline.changes == []
    bench.play_to(session.last_step + 3)
    assert bench.shown[-1].frame.selected == 5  # the present obeys it as well
    assert [one.step > 7 for one in session._timeline.changes] == [True]


def test_that_a_branch_starts_from_what_is_looked_at_and_leaves_a_ghost(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(25)
    before = session.history["loss"]
    last = session.last_step
    session.seek(8, exact=True)
    bench.until(lambda: session.step_shown == 8)
    session.set_params(learning_rate=0.4)
    session.branch()
    bench.state(State.PAUSED)
    bench.play_to(15)
    assert session.history["loss"][:8].tolist() == before[:8].tolist()
    assert session.history["loss"][8:12].tolist() != before[8:12].tolist()
    assert [one.step for one in session._timeline.changes] == [8]
    (ghost,) = session.ghosts
    assert len(ghost.history) == last and ghost.history["loss"].tolist() == before.tolist()
    assert ghost.label == "Learning rate 0.05"


def test_that_pins_are_kept_named_and_removed(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(3)
    session.pin()
    session.pin("mine")
    assert [one.label for one in session.ghosts] == [f"step {session.last_step}", "mine"]
    session.set_params(size=9)
    bench.until(lambda: len(bench.weights) == 9 * 15)
    assert [one.label for one in bench.shown[-1].ghosts] == ["Size 8", "mine"]
    session.rename_pin(0, "first")
    session.unpin(1)
    assert [one.label for one in session.ghosts] == ["first"]
    session.set_pinned(())
    assert session.ghosts == ()


def test_that_a_branch_waits_so_that_a_control_can_be_moved_before_it_trains(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(12)
    session.seek(8, exact=True)
    bench.until(lambda: session.step_shown == 8)
    session.branch()
    bench.state(State.PAUSED)
    bench.settle()
    assert (session.step_shown, session.last_step, session.playing) == (8, 8, False)
    session.set_params(learning_rate=0.4)
    bench.play_to(12)
    assert [one.step for one in session._timeline.changes] == [8]
    assert session.ghosts[0].label == "Learning rate 0.05"


def test_that_space_twice_in_the_past_shows_the_present(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(12)
    session.seek(4)  # a filmed frame: the worker stands at the present still
    session.toggle()
    session.toggle()
    assert session.looking_at == "present"
    assert bench.shown[-1].step == session.step_shown == session.last_step


def test_that_a_slider_moved_in_the_past_is_obeyed_at_the_end_and_by_the_next_step(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(12)
    session.seek(5, exact=True)
    bench.until(lambda: session.step_shown == 5)
    session.set_params(learning_rate=0.4)
    bench.settle()
    last = session.last_step
    for step in range(6, last + 1):  # scrubbed to the end, and let go there
        session.seek(step)
    session.seek(last, exact=True)
    bench.settle()
    assert session.looking_at == "present"
    assert bench.shown[-1].step == last and bench.shown[-1].frame.learning_rate == 0.4
    session.step()
    bench.until(lambda: session.last_step == last + 1)
    assert [(one.step, dict(one.values)) for one in session._timeline.changes] \
        == [(last, {"learning_rate": 0.4})]


def test_that_ghosts_are_named_by_the_live_values_that_their_steps_were_trained_with(
    make: Any
) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(5)
    session.set_params(learning_rate=0.4)  # one live value, at rest: the frame shows it already
    bench.settle()
    session.pin()
    assert [one.label for one in session.ghosts] == ["Learning rate 0.05"]
    bench.play_to(session.last_step + 4)
    session.pin()
    assert session.ghosts[1].label == f"step {session.last_step}"
    session.reset()  # from the start with what it had come to
    bench.state(State.PAUSED)
    bench.play_to(9)
    assert [one.label for one in session.ghosts] == ["Learning rate 0.05", "Learning rate 0.05 → 0.4"]
    session.set_params(learning_rate=0.05)
    assert session.ghosts[0].label == "Learning rate 0.05"  # not the value of now, but of its steps


def test_that_ghosts_of_one_name_are_told_apart_by_their_steps(make: Any) -> None:
    bench = make()
    session = bench.open()
    for _ in range(2):
        bench.play_to(session.last_step + 3)
        session.pin()
    first, second = (one.step for one in session.pinned)
    assert [one.label for one in session.ghosts] == [f"step {first}", f"step {second}"]
    session.set_params(size=9)
    assert [one.label for one in session.ghosts] == [
        f"Size 8, step {first}", f"Size 8, step {second}"]


def test_that_ghosts_are_labelled_in_the_users_language(make: Any) -> None:
    bench = make()
    session = bench.open()
    session.pin()
    session.set_said(Said(session.panel, "en"))
    assert session.ghosts[0].label == "step 0"


def test_that_a_failure_is_told_once_and_can_be_retried(make: Any) -> None:
    bench = make()
    session = bench.open(trouble="step", at=10)
    session.play()
    bench.state(State.FAILED)
    (failure,) = bench.failures
    assert failure.message.format(**failure.values) == (
        "The experiment stopped with an error: ZeroDivisionError: one over nought.")
    assert "toys.py" in failure.details and "torch:" in failure.details
    reached = session.last_step
    assert len(session.history) == reached
    session.retry()
    bench.state(State.PAUSED)
    assert session.last_step == 0
    if reached:
        assert len(session.ghosts[0].history) == reached


def test_that_what_can_be_mended_does_not_cost_the_run(make: Any) -> None:
    bench = make()
    session = bench.open()
    bench.play_to(6)
    last = session.last_step
    session.set_params(refuse=1)
    bench.until(lambda: bool(bench.failures))
    assert bench.failures[0].values == {"least": 2} and not bench.failures[0].over
    assert session.state is State.PAUSED
    drawn = len(bench.shown)
    session.set_params(refuse=0)  # the value that was right: it is drawn, and the card goes with it
    bench.until(lambda: len(bench.shown) > drawn)
    session.set_params(learning_rate=0.2)
    bench.until(lambda: bench.shown[-1].frame.learning_rate == 0.2)
    assert session.last_step == last
    bench.play_to(last + 2)


def test_that_a_set_up_that_failed_starts_again_with_other_values(make: Any) -> None:
    bench = make()
    session = bench.open(trouble="set-up refused")
    assert session.state is State.FAILED
    assert bench.failures[0].message == "The text {name} is empty."
    session.set_params(trouble="none")
    bench.state(State.PAUSED)


def test_that_divergence_offers_a_step_to_go_back_to_and_to_branch_from(make: Any) -> None:
    bench = make()
    session = bench.open(trouble="nan", at=20)
    session.play()
    bench.state(State.DIVERGED)
    (failure,) = bench.failures
    assert failure.values["step"] == 20 and failure.good is not None and failure.good < 19
    assert np.isnan(session.history["loss"][-1]) and len(session.history) == 20
    session.seek(failure.good, exact=True)
    bench.until(lambda: session.step_shown == failure.good and session.looking_at == "past")
    session.set_params(learning_rate=0.01)
    bench.settle()
    session.play()
    bench.state(State.RUNNING)
    assert session.last_step < 20 and len(session.ghosts) == 1


def test_that_a_control_moved_while_a_run_ends_is_obeyed(make: Any) -> None:
    bench = make()
    session = bench.open(trouble="finish", at=4, wait=0.2)
    moves = itertools.count(1)

    def moved(_shown: object) -> None:
        """Thirty moves from the sight of step 3 on: the last ones arrive while step 4 ends the run."""
        if session.last_step == 3:
            for delay in range(10, 310, 10):
                QTimer.singleShot(delay, lambda: session.set_params(learning_rate=next(moves) / 1000)
                                  if session.state is State.RUNNING else None)

    session.shown.connect(moved)
    session.play()
    bench.state(State.FINISHED)
    bench.until(lambda: session.current().params == session.params)
    assert session.current().frame.learning_rate == session.params.learning_rate


def test_that_a_run_that_is_done_says_so(make: Any) -> None:
    bench = make()
    session = bench.open(trouble="finish", at=17)
    session.play()
    bench.state(State.FINISHED)
    assert session.last_step == 17 == len(session.history)
    session.play()
    assert session.state is State.FINISHED
    session.seek(5, exact=True)
    bench.until(lambda: session.step_shown == 5)
    session.reset()
    bench.state(State.PAUSED)
    assert session.last_step == 0


def test_that_a_panel_without_training_answers_each_change(make: Any) -> None:
    bench = make(toys.panel("Still", trains=False))
    session = bench.open()
    session.play()
    session.step()
    assert session.state is State.PAUSED
    session.set_params(learning_rate=2.0)
    bench.until(lambda: bench.shown[-1].frame.learning_rate == 2.0)
    assert session.record().changes[0].values == {"learning_rate": 2.0}


def test_that_a_record_is_shown_at_once_and_continued_bit_for_bit(make: Any) -> None:
    first = make()
    session = first.open(seed=7)
    first.play_to(10)
    session.set_params(learning_rate=0.01)
    first.settle()
    first.play_to(20)
    session.set_params(learning_rate=0.3)
    first.settle()
    record = session.record("a try")
    assert record.step == session.last_step == len(record.history)
    weights = first.weights

    second = make()
    again = second.session
    again.open_record(record)
    assert again.state is State.PAUSED and again.worker_pid == 0
    assert np.array_equal(second.weights, weights) and again.params.learning_rate == 0.3
    assert second.shown[-1].history["loss"].tolist() == record.history["loss"].tolist()
    again.seek(0)
    assert again.step_shown == 0
    again.step()  # only looks: a filmed frame, no worker
    again.seek(again.last_step)
    again.step()
    second.until(lambda: again.last_step == record.step + 1)
    session.step()
    first.until(lambda: session.last_step == record.step + 1)
    assert np.array_equal(second.weights, first.weights)
    assert again.history["loss"].tolist() == session.history["loss"].tolist()
    assert [(one.step, one.values) for one in again._timeline.changes] == (
        [(one.step, one.values) for one in session._timeline.changes])


def test_that_a_record_is_repeated_behind_the_picture_and_goes_on_without_a_wait(make: Any) -> None:
    first = make()
    session = first.open(seed=7)
    first.play_to(10)
    session.set_params(learning_rate=0.3)
    first.settle()
    first.play_to(20)
    record, weights = session.record(), first.weights
    second = make()
    again = second.session
    again.open_record(record)
    again.repeat()
    assert again.state is State.PAUSED and not again.ready
    second.until(lambda: again.ready)
    assert again.state is State.PAUSED and np.array_equal(second.weights, weights)
    assert again.history["loss"].tolist() == record.history["loss"].tolist()
    assert State.STARTING not in second.states and second.progress == []
    for one in (again, session):
        one.step()
    second.until(lambda: again.last_step == record.step + 1)
    first.until(lambda: session.last_step == record.step + 1)
    assert np.array_equal(second.weights, first.weights)


@pytest.mark.parametrize("does", ["play", "step", "moved", "reset", "branch", "record"])
def test_that_whatever_is_done_while_a_record_is_repeated_counts(make: Any, does: str) -> None:
    first = make()
    first.open(seed=7)
    first.play_to(10)
    record = first.session.record()
    second = make()
    again = second.session
    again.open_record(record)
    again.repeat()
    match does:
        case "play":
            again.play()
            second.until(lambda: again.last_step > record.step)
        case "step":
            again.step()
            second.until(lambda: again.last_step == record.step + 1)
        case "moved":
            again.set_params(learning_rate=0.2)
            second.until(lambda: again.current().params.learning_rate == 0.2)
        case "reset":
            again.reset()
            second.until(lambda: again.ready)
            assert again.last_step == 0
        case "branch":
            again.seek(0)
            again.branch()
            second.until(lambda: again.ready)
            assert again.last_step == 0 and len(again.ghosts) == 1
        case "record":
            again.open_record(record)
            again.repeat()
            second.until(lambda: again.ready)
            assert again.last_step == record.step
    again.pause()
    second.settle()


def test_that_a_repetition_that_fails_is_told_to_whoever_waits_for_it(make: Any) -> None:
    first = make()
    first.open()
    first.play_to(10)
    record = first.session.record()
    wrong = dataclasses.replace(record, params=dataclasses.replace(record.params, trouble="step", at=5))
    second = make()
    again = second.session
    again.open_record(wrong)
    again.repeat()
    second.until(lambda: again.worker_pid == 0)
    assert again.state is State.PAUSED and second.failures == []
    again.play()
    second.state(State.FAILED)
    assert len(second.failures) == 1


def test_that_a_value_that_no_step_was_trained_with_can_be_taken_back(make: Any) -> None:
    first = make()
    first.open(learning_rate=0.25)
    first.play_to(5)
    first.session.set_params(learning_rate=0.5)
    first.settle()
    record = first.session.record()
    assert [dict(change.values) for change in record.changes] == [{"learning_rate": 0.5}]
    second = make()
    second.session.open_record(record)
    assert second.session.params.learning_rate == 0.5
    second.session.set_params(learning_rate=0.25)
    second.until(lambda: second.shown[-1].frame.learning_rate == 0.25)
    second.settle()
    second.session.step()
    second.until(lambda: second.session.last_step == record.step + 1)
    assert second.session.record().changes == ()


def test_that_a_record_branches_and_clicks_without_being_played_first(make: Any) -> None:
    first = make()
    first.open()
    first.play_to(20)
    record = first.session.record()
    second = make()
    second.session.open_record(record)
    second.session.set_params(selected=3)
    second.until(lambda: second.shown[-1].frame.selected == 3)
    assert second.session.last_step == record.step

    third = make()
    third.session.open_record(record)
    third.session.seek(11)
    step = third.session.step_shown
    assert 0 < step < record.step
    third.session.branch()
    third.state(State.PAUSED)
    third.play_to(record.step)
    assert third.session.history["loss"][:step].tolist() == record.history["loss"][:step].tolist()
    assert len(third.session.ghosts) == 1


def test_that_a_record_whose_past_is_looked_at_is_played_from_its_end(make: Any) -> None:
    """A control moved at an earlier step has it repeated; Space before that is over means the present."""
    bench = make()
    session = bench.open()
    bench.play_to(6)
    record = session.record()
    session.open_record(record)
    session.seek(0)
    session.set_params(learning_rate=0.5)
    session._applying.stop()
    session._apply()
    assert (session.state, session.looking_at) == (State.STARTING, "past")
    session.play()
    bench.until(lambda: session.state is State.RUNNING and session.last_step > record.step)
    session.pause()
    bench.settle()
    assert session.looking_at == "present"
    assert [(one.step, one.values) for one in session.record().changes] == [
        (record.step, {"learning_rate": 0.5})]
    assert session.history["loss"][:record.step].tolist() == record.history["loss"].tolist()


def test_that_the_film_stays_within_its_bytes(make: Any) -> None:
    bench = make(film_bytes=40_000)
    session = bench.open(weight=500)  # some 5 kB a frame
    session.set_speed(Speed.FRAME)
    bench.play_to(40)
    film = session.record().film
    steps = [seen.step for seen in film]
    assert steps[0] == 0 and steps[-1] == session.last_step
    assert steps == sorted(set(steps)) and 3 <= len(steps) <= 9


def test_that_progress_of_a_long_set_up_is_told_and_can_be_cancelled(make: Any) -> None:
    bench = make()
    session = bench.session
    session.open(toys.Params(trouble="slow set-up", at=10))
    bench.state(State.PAUSED)
    told = [what for _, total, what in bench.progress if total]
    assert told and set(told) == {"words"}
    session.open(toys.Params(trouble="slow set-up", at=10))
    session.cancel()
    assert session.state is State.IDLE


def test_that_opening_again_at_once_drops_the_older_run(make: Any) -> None:
    bench = make()
    session = bench.session
    session.open(toys.Params(size=5))
    session.open(toys.Params(size=6))
    session.open(toys.Params(size=7))
    bench.state(State.PAUSED)
    assert len(bench.weights) == 7 * (4 + 7 + 2) and len(bench.shown) == 1


def test_that_a_run_that_is_to_be_played_is_although_a_size_was_moved_there_and_back(
    make: Any
) -> None:
    bench = make()
    session = bench.session
    session.open()
    session.play()
    session.set_params(size=9)
    session._applying.stop()  # the first frame is quicker than the window's loop
    while session.state is State.STARTING:
        session._tick()
    assert session.state is State.PAUSED and not session.playing
    session.set_params(size=8)
    bench.state(State.RUNNING)
    session.pause()
    bench.settle()
    assert session.last_step == len(session.history) and len(bench.weights) == 8 * 14


def test_that_a_run_that_is_woken_after_a_refusal_goes_on(make: Any) -> None:
    bench = make(toys.panel("Counter"))
    session = bench.open(trouble="finish", at=3)
    session.step(3)
    bench.state(State.FINISHED)
    session.set_params(refuse=1)
    bench.state(State.PAUSED)
    session.set_params(refuse=0, selected=1)  # an odd click gives it something to do
    bench.until(lambda: bench.shown[-1].frame.selected == 1)
    bench.settle()
    session.step()
    bench.until(lambda: session.last_step == 4)
    assert session.state is State.PAUSED


def test_that_a_record_opened_over_a_run_that_nobody_hears_of_stays(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.session.conversation.UNHEARD", 0.05)
    first = make()
    first.open()
    first.play_to(5)
    record = first.session.record()

    class Busy(InlineWorker):
        def receive(self) -> list[Any]:
            return []

    class Pool(InlinePool):
        def take(self) -> Busy:
            return Busy()

    second = make(pool=Pool())
    second.session.open()
    second.session.open_record(record)
    second.until(lambda: second.session.worker_pid == 0)  # the busy worker is given up
    second.qtbot.wait(60)
    assert second.session.state is State.PAUSED and second.session.last_step == record.step
    assert second.states == [State.STARTING, State.PAUSED]


# --- with real processes ---------------------------------------------------------------------------


@pytest.fixture
def pool() -> Iterator[Pool]:
    one = Pool()
    yield one
    one.close()


@pytest.mark.alone
def test_that_a_killed_worker_keeps_its_history_and_is_replaced_in_time(
    make: Any, pool: Pool
) -> None:
    bench = make(pool=pool)
    session = bench.session
    session.open()
    bench.until(lambda: session.state is State.PAUSED, timeout=60_000)
    bench.until(lambda: pool.is_warm, timeout=60_000)
    session.play()
    bench.until(lambda: session.last_step > 20)
    os.kill(session.worker_pid, signal.SIGKILL)
    bench.state(State.FAILED)
    assert len(session.history) > 20 and len(bench.failures) == 1
    session.seek(0)
    assert session.step_shown == 0
    started = time.monotonic()
    session.retry()
    bench.state(State.PAUSED)
    assert time.monotonic() - started < 3
    assert len(session.ghosts[0].history) > 20
    pid = session.worker_pid
    session.play()
    bench.state(State.RUNNING)
    session.close()
    pool.close()
    assert session.state is State.IDLE
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.alone
def test_that_a_step_that_never_returns_neither_delays_a_new_run_nor_stays(
    make: Any, pool: Pool
) -> None:
    bench = make(pool=pool)
    session = bench.session
    session.open(toys.Params(trouble="stuck", at=3))
    bench.until(lambda: session.state is State.PAUSED, timeout=60_000)
    first = session.worker_pid
    session.play()
    bench.qtbot.wait(100)
    session.set_params(at=5)  # another run is wanted while that step does not return
    bench.until(lambda: session.state is State.RUNNING and session.worker_pid != first, 60_000)
    assert not bench.failures and not psutil.pid_exists(first)
    second, session._patience = session.worker_pid, 0.5
    bench.state(State.FAILED)
    assert bench.failures[0].message.format(**bench.failures[0].values) == (
        "This run has not answered for 0.5 seconds and was stopped.")
    assert not psutil.pid_exists(second) and session.worker_pid == 0


# --- what is measured seldom ---------------------------------------------------------------------


def test_that_a_paused_run_shows_measurements_of_the_step_shown(make: Any) -> None:
    bench = make(toys.panel("Measured"))
    session = bench.open()
    assert session.current().measured == 0 and "size" in session.history.start
    bench.play_to(30)
    for _ in range(3):
        shown = session.current()
        assert shown.measured == shown.step == session.last_step
        assert session.history.newest("size") == (shown.step, shown.frame.ballast[0])
        before = session.last_step
        session.step()
        bench.until(lambda before=before: session.last_step == before + 1)
        bench.settle()
    scheduled = session.history["size"][3::4]
    assert np.isfinite(scheduled).all() and np.isnan(session.history["size"]).any()


def test_that_looking_back_shows_measurements_of_the_step_looked_at(make: Any) -> None:
    bench = make(toys.panel("Measured"))
    session = bench.open()
    bench.play_to(60)
    stale = next(one.step for one in session.record().film if one.step != one.measured)
    session.seek(stale)
    assert session.current().measured < stale, "what was filmed says of which step it is"
    session.seek(stale, exact=True)
    bench.until(lambda: session.current().measured == stale)
    bench.settle()
    assert session.history["size"][stale - 1] == session.current().frame.ballast[0]


def test_that_a_record_keeps_the_steps_of_its_measurements(make: Any) -> None:
    bench = make(toys.panel("Measured"))
    bench.open()
    bench.play_to(30)
    record = bench.session.record()
    again = make(toys.panel("Measured"))
    again.session.open_record(record)
    assert [one.measured for one in again.session.record().film] \
        == [one.measured for one in record.film]
    again.session.play()
    again.until(lambda: again.session.last_step > record.step)
    again.session.pause()
    again.settle()
    scheduled = slice(3, record.step, 4)
    assert np.array_equal(again.session.history["size"][scheduled], record.history["size"][scheduled])
    assert again.session.history.start == record.history.start


def test_that_a_run_that_has_settled_plays_on_when_a_control_wakes_it(make: Any) -> None:
    bench = make(toys.panel("Sleeper"))
    session = bench.open(at=5)
    session.play()
    bench.state(State.FINISHED)
    assert session.last_step == 5 and session.current().idle == {"wait": "It sleeps."}
    bench.qtbot.wait(60)
    session.set_params(learning_rate=0.5)
    bench.settle()
    assert session.state is State.FINISHED and session.last_step == 5
    session.set_params(learning_rate=2.0)
    bench.until(lambda: session.last_step == 10)
    bench.state(State.FINISHED)
    assert session.history["done"].tolist() == list(range(1, 11))


def test_that_a_run_that_was_stepped_until_it_settled_waits_when_it_is_woken(make: Any) -> None:
    bench = make(toys.panel("Sleeper"))
    session = bench.open(at=2)
    session.step(2)
    bench.state(State.FINISHED)
    session.set_params(learning_rate=2.0)
    bench.state(State.PAUSED)
    bench.settle()
    assert session.last_step == 2 and session.current().idle == {}
    session.step()
    bench.until(lambda: session.last_step == 3)


@pytest.mark.parametrize("exact", [False, True])
def test_that_a_run_that_is_woken_while_the_past_is_looked_at_waits(make: Any, exact: bool) -> None:
    """What woke it was on its way when the learner went back: no step may be trained from there."""
    bench = make(toys.panel("Sleeper"))
    session = bench.open(at=5)
    session.set_params(learning_rate=0.5)
    bench.settle()
    session.play()
    bench.state(State.FINISHED)
    weights = bench.weights.tolist()
    session.set_params(learning_rate=2.0)
    session._applying.stop()
    session._apply()  # the worker hears of it only when the event loop turns
    session.seek(0, exact=exact)
    bench.state(State.PAUSED)
    bench.settle()
    bench.qtbot.wait(60)
    assert (session.looking_at, session.step_shown, session.last_step) == ("past", 0, 5)
    session.seek(5)
    bench.settle()
    assert bench.weights.tolist() == weights
    session.play()
    bench.state(State.FINISHED)
    assert session.history["done"].tolist() == list(range(1, 11))
    assert [(one.step, one.values) for one in session.record().changes] == [
        (0, {"learning_rate": 0.5}), (5, {"learning_rate": 2.0})]
