"""Several runs of one panel in step, with inline workers: who drives them is here, nothing is drawn."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import toys

from app.engine.inline import InlinePool
from app.engine.pool import Pool
from app.session.session import Session, State
from app.session.together import Together
from app.session.undo import Undo
from visualizers.catalog import Said
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Unfit
from widgets.controls.speeds import Speed

Begin = Callable[..., Together]


@pytest.fixture
def begin(qtbot: Any) -> Iterator[Begin]:
    """``begin("Counter", [{"learning_rate": 0.1}, …])`` has the runs at their first frame, and paints."""
    made: list[Together] = []

    def make(
        name: str, values: Sequence[dict[str, Any]], *, cores: int = 2, trained: int = 0,
        trains: bool = True, **first: Any,
    ) -> Together:
        panel, pool = toys.panel(name, trains=trains), InlinePool()
        session = Session(panel, pool, threads=1)
        session.open(toys.Params(**first))
        qtbot.waitUntil(lambda: session.current() is not None, timeout=10_000)
        if trained:
            session.step(trained)
            qtbot.waitUntil(lambda: session.last_step == trained, timeout=10_000)
        together = Together(Undo(session), lambda: Session(panel, pool, threads=1), values,
                            threads=1, cores=cores)
        made.append(together)
        together.shown.connect(together.painted)
        qtbot.waitUntil(lambda: not together.starting, timeout=10_000)
        return together

    yield make
    for one in made:
        one.close()
        one.first.close()


def alone(qtbot: Any, panel: Panel, steps: int, **values: Any) -> Session:
    """One run by itself."""
    session = Session(panel, InlinePool(), threads=1)
    session.open(toys.Params(**values))
    qtbot.waitUntil(lambda: session.current() is not None, timeout=10_000)
    session.step(steps)
    qtbot.waitUntil(lambda: session.last_step == steps, timeout=10_000)
    return session


def steps(together: Together) -> list[int]:
    return [run.session.last_step for run in together.runs]


def stand(qtbot: Any, together: Together, step: int) -> None:
    qtbot.waitUntil(lambda: together.standing and steps(together) == [step] * len(together.runs),
                    timeout=10_000)


RATES = [{"learning_rate": 0.1}, {"learning_rate": 0.2}, {"learning_rate": 0.4}]


@pytest.mark.parametrize("cores", [1, 2])
def test_that_each_run_is_bit_for_bit_the_one_that_a_single_session_gives(
    begin: Begin, qtbot: Any, cores: int
) -> None:
    together = begin("Rnn", RATES[:2], cores=cores, seed=5)
    assert together.in_turns is (cores == 1)
    for _ in range(3):
        together.step(7)
        qtbot.waitUntil(lambda: together.standing, timeout=10_000)
    assert steps(together) == [21, 21]
    for run, values in zip(together.runs, RATES, strict=False):
        single = alone(qtbot, toys.panel("Rnn"), 21, seed=5, **values)
        assert np.array_equal(run.session.history["loss"], single.history["loss"])
        assert np.array_equal(run.session.current().frame.weights, single.current().frame.weights)
        single.close()


@pytest.mark.parametrize("cores", [1, 4])
def test_that_they_stay_in_step_whatever_is_done(begin: Begin, qtbot: Any, cores: int) -> None:
    together = begin("Counter", RATES, cores=cores)
    drawn: list[set[int]] = []
    together.shown.connect(lambda: drawn.append({run.session.step_shown for run in together.runs}))
    training: list[int] = []
    for run in together.runs:
        run.session.shown.connect(lambda _: training.append(
            sum(one.session._talk.credits.left > 0 for one in together.runs)))
    choose = random.Random(3)
    moves: list[Callable[[], object]] = [
        together.play, together.pause, together.step, together.step_back, together.toggle,
        lambda: together.seek(choose.randrange(30), exact=True),
        lambda: together.set_params(wait=choose.choice([0.0, 0.001])),
        lambda: together.set_params(selected=choose.randrange(5)),
        lambda: together.set_speed(choose.choice([Speed.MAX, Speed.FRAME])),
    ]
    for _ in range(60):
        choose.choice(moves)()
        qtbot.wait(choose.choice([0, 1, 20]))
    together.play()
    together.pause()
    qtbot.waitUntil(lambda: together.standing, timeout=10_000)
    assert len(set(steps(together))) == 1 and steps(together)[0] > 0
    assert drawn and all(len(one) == 1 for one in drawn)
    assert max(training) <= min(cores, 3)
    changes = [[(one.step, dict(one.values)) for one in run.session.record().changes]
               for run in together.runs]
    assert changes[0] == changes[1] == changes[2]


def test_that_a_shared_control_acts_in_all_from_the_same_step_and_their_own_in_the_first(
    begin: Begin, qtbot: Any
) -> None:
    together = begin("Counter", RATES)
    together.play()
    qtbot.waitUntil(lambda: together.last_step > 3, timeout=10_000)
    together.set_params(selected=4)
    together.set_params(learning_rate=0.3)
    qtbot.waitUntil(lambda: all(run.session.params.selected == 4 for run in together.runs))
    together.pause()
    qtbot.waitUntil(lambda: together.standing)
    together.step(2)
    qtbot.waitUntil(lambda: together.standing, timeout=10_000)
    assert [run.session.params.learning_rate for run in together.runs] == [0.3, 0.2, 0.4]
    (at,), = {tuple(one.step for one in run.session.record().changes) for run in together.runs}
    assert 0 < at < together.last_step
    assert together.back() == {"learning_rate": 0.1}
    qtbot.waitUntil(lambda: together.first.params.learning_rate == 0.1)
    assert together.back() == {"selected": 0} and not together.over
    qtbot.waitUntil(lambda: all(run.session.params.selected == 0 for run in together.runs))


def test_that_a_shared_control_that_restarts_begins_all_anew_and_one_of_its_own_the_first(
    begin: Begin, qtbot: Any
) -> None:
    together = begin("Counter", [{"size": 4}, {"size": 8}])
    together.step(6)
    stand(qtbot, together, 6)
    together.set_params(size=16)
    stand(qtbot, together, 6)  # it has caught up with the other
    assert [run.session.params.size for run in together.runs] == [16, 8]
    together.set_params(seed=2)
    qtbot.waitUntil(lambda: together.standing and together.last_step == 0, timeout=10_000)
    assert [run.session.params.seed for run in together.runs] == [2, 2]
    together.step(1)
    stand(qtbot, together, 1)
    assert [run.session.current().frame.weights[1] for run in together.runs] == [1.05, 1.05]


def test_that_reset_back_and_branch_are_everybody_s(begin: Begin, qtbot: Any) -> None:
    together = begin("Counter", RATES)
    together.step(9)
    stand(qtbot, together, 9)
    together.step_back()
    qtbot.waitUntil(lambda: {run.session.step_shown for run in together.runs} == {8})
    together.seek(4, exact=True)
    qtbot.waitUntil(lambda: {run.session.step_shown for run in together.runs} == {4})
    together.branch()
    stand(qtbot, together, 4)
    together.step(2)
    stand(qtbot, together, 6)
    together.reset()
    qtbot.waitUntil(lambda: together.standing and together.last_step == 0, timeout=10_000)
    assert [run.session.state for run in together.runs] == [State.PAUSED] * 3


def test_that_what_nobody_sees_or_paints_trains_nothing(begin: Begin, qtbot: Any) -> None:
    together = begin("Counter", RATES)
    together.shown.disconnect(together.painted)
    together.play()
    qtbot.waitUntil(lambda: together.last_step > 0)
    qtbot.waitUntil(lambda: together.standing)
    there = together.last_step
    qtbot.wait(50)
    assert together.last_step == there
    together.set_visible(False)
    together.painted()
    qtbot.wait(50)
    assert together.last_step == there
    together.set_visible(True)
    qtbot.waitUntil(lambda: together.last_step > there)


def test_that_a_run_that_diverges_or_settles_stays_behind_and_the_others_go_on(
    begin: Begin, qtbot: Any
) -> None:
    together = begin("Counter", [{"trouble": "none"}, {"trouble": "nan"}, {"trouble": "finish"}], at=5)
    together.set_speed(Speed.FRAME)
    together.play()
    qtbot.waitUntil(lambda: together.first.last_step > 12, timeout=10_000)
    assert together.playing
    together.pause()
    qtbot.waitUntil(lambda: together.standing)
    states = [run.session.state for run in together.runs]
    assert states == [State.PAUSED, State.DIVERGED, State.FINISHED]
    said = Said(together.panel, "en")
    assert together.sentence(said).startswith(
        "Trouble nan: At step 5 the loss stopped being a finite number.")
    assert [run.trouble is None for run in together.runs] == [True, False, True]
    together.seek(2, exact=True)
    qtbot.waitUntil(lambda: {run.session.step_shown for run in together.runs} == {2})


def test_that_all_over_is_the_end_of_playing(begin: Begin, qtbot: Any) -> None:
    together = begin("Counter", RATES[:2], trouble="finish", at=4)
    together.play()
    qtbot.waitUntil(lambda: not together.playing, timeout=10_000)
    assert steps(together) == [4, 4]


def test_that_a_lost_run_is_told_alone_and_comes_back_bit_for_bit(begin: Begin, qtbot: Any) -> None:
    together = begin("Rnn", RATES[:2], seed=1)
    together.step(5)
    stand(qtbot, together, 5)
    lost = together.runs[1]
    from app.engine.protocol import Failed

    lost.session._on_message(Failed(lost.session._talk.token, "The worker ended.", {}, "", fatal=True))
    assert lost.trouble is not None and together.runs[0].trouble is None
    together.step(4)
    qtbot.waitUntil(lambda: together.first.last_step == 9, timeout=10_000)
    assert lost.session.last_step == 5 and lost.session.state is State.FAILED
    together.retry(1)
    stand(qtbot, together, 9)
    assert lost.trouble is None
    single = alone(qtbot, toys.panel("Rnn"), 9, seed=1, **RATES[1])
    assert np.array_equal(lost.session.history["loss"], single.history["loss"])
    single.close()


@pytest.mark.parametrize("keep", [0, 1])
def test_that_any_of_them_can_be_kept_and_one_key_is_the_way_back(
    begin: Begin, qtbot: Any, keep: int
) -> None:
    together = begin("Rnn", RATES, trained=3)
    first = together.first
    together.step(6)
    stand(qtbot, together, 6)
    losses = [run.session.history["loss"].copy() for run in together.runs]
    together.pin(2)
    assert [one.start.learning_rate for one in first.pinned] == [0.4]
    together.end(keep)
    assert together.over and first.params == toys.Params(**RATES[keep])
    assert np.array_equal(first.history["loss"], losses[keep])
    assert sorted(one.start.learning_rate for one in first.pinned) \
        == sorted(one["learning_rate"] for at, one in enumerate(RATES) if at != keep)
    first.step(1)  # it goes on from there
    qtbot.waitUntil(lambda: first.last_step == 7, timeout=10_000)
    together.undo.undo()
    assert (first.params, first.last_step, first.pinned) == (toys.Params(), 3, ())


def test_that_going_back_ends_it_and_brings_back_the_run_of_before(begin: Begin, qtbot: Any) -> None:
    together = begin("Counter", RATES, trained=4, learning_rate=0.5)
    ended: list[bool] = []
    together.ended.connect(lambda: ended.append(True))
    together.play()
    qtbot.waitUntil(lambda: together.last_step > 2, timeout=10_000)
    assert together.back() is None and ended == [True]
    assert (together.first.params.learning_rate, together.first.last_step) == (0.5, 4)
    assert together.first.pinned == ()


def test_that_it_ends_where_something_else_takes_the_session_over(begin: Begin, qtbot: Any) -> None:
    together = begin("Counter", RATES)
    together.step(3)
    stand(qtbot, together, 3)
    together.first.open(toys.Params(seed=9))
    assert together.over and together.first.params.seed == 9


def test_that_two_to_four_different_ones_are_wanted(begin: Begin) -> None:
    with pytest.raises(Refusal, match="Two to four"):
        begin("Counter", RATES[:1])
    with pytest.raises(Refusal, match="Two to four"):
        begin("Counter", [{"seed": n} for n in range(5)])
    with pytest.raises(Refusal, match="twice"):
        begin("Counter", [{"seed": 1}, {"seed": 1}])
    with pytest.raises(Unfit):
        begin("Counter", [{"seed": 1}, {"seed": 100_000}])


def test_that_a_panel_without_training_shows_them_beside_each_other(begin: Begin, qtbot: Any) -> None:
    together = begin("Still", RATES[:2], trains=False)
    said = Said(together.panel, "en")
    seen = [shown.frame.learning_rate for shown in together.pictures()]
    assert seen == [0.1, 0.2]
    together.set_params(selected=3)
    qtbot.waitUntil(lambda: [one.frame.selected for one in together.pictures()] == [3, 3])
    shown = together.one_picture(said)
    assert [one.label for one in shown.ghosts] == ["Learning rate 0.2"]


@pytest.mark.alone
def test_that_the_others_live_when_one_of_their_workers_is_killed_and_no_process_stays(qtbot: Any) -> None:
    pool, panel = Pool(), toys.panel("Counter")
    try:
        session = Session(panel, pool, threads=1)
        session.open()
        qtbot.waitUntil(lambda: session.current() is not None, timeout=60_000)
        together = Together(Undo(session), lambda: Session(panel, pool, threads=1), RATES, threads=1, cores=3)
        together.shown.connect(together.painted)
        together.play()
        pids: set[int] = set()
        for lost in (1, 0):  # the window's own session is one of them
            qtbot.waitUntil(lambda: all(run.session.worker_pid and run.session.last_step > 5
                                        for run in together.runs) and together.playing, timeout=60_000)
            run, others = together.runs[lost], [one for at, one in enumerate(together.runs) if at != lost]
            pids |= {one.session.worker_pid for one in together.runs}
            os.kill(run.session.worker_pid, signal.SIGKILL)
            qtbot.waitUntil(lambda run=run: run.session.state is State.FAILED, timeout=20_000)
            there = run.session.last_step
            assert len(run.session.history) == there > 5 and run.session.current() is not None
            assert together.sentence(Said(panel, "en")).startswith(
                f"Learning rate {RATES[lost]['learning_rate']}: The worker process was ended from outside")
            qtbot.waitUntil(lambda others=others, there=there: all(
                one.session.last_step > there + 5 for one in others), timeout=20_000)
            assert all(one.trouble is None for one in others) and not together.over
            together.retry(lost)
            qtbot.waitUntil(lambda run=run, there=there: run.trouble is None
                            and run.session.last_step > there + 5, timeout=60_000)
        together.pause()
        qtbot.waitUntil(lambda: together.standing, timeout=20_000)
        assert len({run.session.last_step for run in together.runs}) == 1
        pids |= {one.session.worker_pid for one in together.runs}
        together.close()
        session.close()
    finally:
        pool.close()
    assert not [pid for pid in pids if psutil.pid_exists(pid)
                and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
