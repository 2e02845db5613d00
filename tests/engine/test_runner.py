"""What a run does, whatever process it is in: credits, parameters, keyframes, failures."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import numpy as np
import pytest
import toys

from app.engine import runner
from app.engine.protocol import (
    Change,
    Diverged,
    Failed,
    Framed,
    Grant,
    Held,
    Hold,
    Look,
    Pace,
    Progress,
    Quit,
    Recall,
    SetPace,
    Warm,
)

EVERY = Pace(1, 0.0)


def keyframes(talk: Any) -> tuple[int, ...]:
    """The steps that an inline worker keeps copies of."""
    return talk.worker._runner._run.keyframes.kept.steps


def train(talk: Any, steps: int) -> Any:
    """So many single steps, each with its frame; the last frame."""
    talk.first_frame()
    before = len(talk.all(Framed))
    talk.send(SetPace(talk.token, EVERY), Grant(talk.token, steps))
    return talk.wait(Framed, before + steps)


def plain(steps: int, changes: dict[int, Any] | None = None, **values: Any) -> Any:
    """The same run by the plain loop: the oracle."""
    import torch

    from visualizers.data import Data
    from visualizers.panel import Context

    torch.manual_seed(1)
    params = toys.Params(**values)
    experiment = toys.Rnn(params, Context("cpu", 1, Data()))
    for step in range(steps):
        params = dataclasses.replace(params, **(changes or {}).get(step, {}))
        experiment.step(params)
    return experiment.frame(params).weights


def test_that_the_first_frame_comes_without_a_credit(inline: Any) -> None:
    inline.begin()
    frame = inline.first_frame()
    assert (frame.step, frame.spent, frame.version, frame.recalled) == (0, 0, 0, False)
    inline.listen(0.1)
    assert len(inline.all(Framed)) == 1


def test_that_a_run_equals_the_plain_loop_however_often_it_is_drawn(inline: Any) -> None:
    inline.begin()
    drawn = train(inline, 30).frame.weights
    inline.begin(pace=Pace(30, 0.0))
    inline.first_frame()
    inline.send(Grant(inline.token, 1))
    seldom = inline.wait(Framed, 2)
    assert seldom.step == 30
    assert np.array_equal(drawn, plain(30)) and np.array_equal(seldom.frame.weights, plain(30))


def test_that_training_stops_without_credits_and_each_frame_costs_one(inline: Any) -> None:
    inline.begin(pace=Pace(None, 0.01))
    inline.first_frame()
    inline.send(Grant(inline.token, 3))
    inline.wait(Framed, 4)
    inline.listen(0.1)
    frames = inline.all(Framed)[1:]
    assert [frame.spent for frame in frames] == [1, 2, 3]
    assert frames[0].step >= 1 and frames[2].step > frames[1].step


def test_that_scalars_of_every_step_arrive(inline: Any) -> None:
    inline.begin(pace=Pace(None, 0.02))
    inline.first_frame()
    inline.send(Grant(inline.token, 4))
    inline.wait(Framed, 5)
    done: list[float] = []
    for frame in inline.all(Framed)[1:]:
        assert frame.first == len(done)
        assert set(frame.scalars) == {"loss", "done"}
        done += frame.scalars["done"].tolist()
        assert frame.step == len(done)
    assert done == list(range(1, len(done) + 1))


def test_that_very_long_stretches_between_frames_lose_nothing(
    inline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MOST_ROWS", 7)
    inline.begin(pace=Pace(50, 0.0))
    inline.first_frame()
    inline.send(Grant(inline.token, 1))
    assert inline.wait(Framed, 2).scalars["done"].tolist() == list(range(1, 51))


def test_that_hold_gives_up_credits_after_showing_all_that_was_trained(inline: Any) -> None:
    inline.begin(pace=Pace(None, 10.0))
    inline.first_frame()
    inline.send(Grant(inline.token, 5))
    inline.wait(Framed, 2)
    inline.listen(0.03)
    inline.send(Hold(inline.token))
    inline.wait(Held)
    last = inline.all(Framed)[-1]
    assert last.spent == 5 and last.step > 1
    inline.listen(0.05)
    assert inline.all(Framed)[-1] is last


def test_that_new_parameters_are_shown_and_recorded_where_they_took_effect(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 4)
    params = toys.Params(learning_rate=0.3)
    inline.send(Grant(inline.token, 1, params, 1))
    frame = inline.wait(Framed, 6)
    assert frame.version == 1 and frame.frame.learning_rate == 0.3 and frame.params == params
    assert frame.changes == (Change(4, {"learning_rate": 0.3}),)
    assert np.array_equal(train(inline, 5).frame.weights, plain(10, {4: {"learning_rate": 0.3}}))


def test_that_a_look_draws_without_training_and_costs_nothing(inline: Any) -> None:
    inline.begin()
    train(inline, 3)
    inline.send(Look(inline.token, toys.Params(selected=4), 1))
    frame = inline.wait(Framed, 5)
    assert (frame.step, frame.frame.selected, frame.version) == (3, 4, 1)
    assert frame.spent == inline.all(Framed)[-2].spent
    assert frame.changes == ()  # nothing has been trained with it yet
    assert train(inline, 1).changes == (Change(3, {"selected": 4}),)


def test_that_hold_answers_parameters_that_no_frame_has_shown(inline: Any) -> None:
    inline.begin()
    train(inline, 2)
    inline.send(Grant(inline.token, 0, toys.Params(selected=2), 1), Hold(inline.token))
    inline.wait(Held)
    assert inline.all(Framed)[-1].version == 1


def test_that_messages_of_another_run_are_ignored(inline: Any) -> None:
    inline.begin()
    inline.first_frame()
    inline.send(Grant(inline.token + 7, 3), Look(inline.token + 7, toys.Params(), 9))
    inline.listen(0.05)
    assert len(inline.all(Framed)) == 1


def test_that_repeating_the_changes_gives_the_same_weights_bit_for_bit(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 10)
    for index, values in enumerate(({"learning_rate": 0.2}, {"learning_rate": 0.01, "selected": 1})):
        inline.send(Grant(inline.token, 1, toys.Params(**values), index + 1))
        inline.wait(Framed, 12 + 8 * index)
        train(inline, 7)
    frames = inline.all(Framed)
    changes = tuple(change for frame in frames for change in frame.changes)
    last, loss = frames[-1], [frame.scalars["loss"][0] for frame in frames[1:]]
    assert [change.step for change in changes] == [10, 18]

    inline.begin(changes=changes, until=last.step)
    again = inline.first_frame()
    assert again.step == last.step and again.params == last.params and again.first == 0
    assert np.array_equal(again.frame.weights, last.frame.weights)
    assert again.scalars["loss"].tolist() == loss


def test_that_a_change_waiting_at_the_last_step_is_obeyed_after_a_repetition(inline: Any) -> None:
    inline.begin(changes=(Change(5, {"learning_rate": 0.4}),), until=5)
    frame = inline.first_frame()
    assert frame.step == 5 and frame.frame.learning_rate == 0.4
    after = train(inline, 3)
    assert np.array_equal(after.frame.weights, plain(8, {5: {"learning_rate": 0.4}}))


@pytest.mark.parametrize("trouble", ["none", "uncopyable"])
def test_that_every_earlier_step_is_recalled_exactly(inline: Any, trouble: str) -> None:
    inline.begin(params=toys.Params(trouble=trouble, at=10**6), pace=EVERY)
    train(inline, 20)
    inline.send(Grant(inline.token, 1, toys.Params(trouble=trouble, at=10**6, learning_rate=0.3), 1))
    inline.wait(Framed, 22)
    train(inline, 19)
    first = {frame.step: frame for frame in inline.all(Framed)}
    for count, step in enumerate((33, 7, 8, 21, 0, 39)):
        inline.send(Recall(inline.token, step))
        frame = inline.wait(Framed, 42 + count)
        assert (frame.step, frame.recalled, dict(frame.scalars)) == (step, True, {})
        assert frame.params == first[step].params
        assert np.array_equal(frame.frame.weights, first[step].frame.weights)
    inline.send(Recall(inline.token, 1 << 62))
    newest = inline.wait(Framed, 48)
    assert newest.step == 40 and not newest.recalled
    assert np.array_equal(newest.frame.weights, first[40].frame.weights)
    changes = {20: {"learning_rate": 0.3}}
    after = train(inline, 5)
    assert after.step == 45 and after.scalars["done"].tolist() == [45]
    if trouble == "none":
        assert np.array_equal(after.frame.weights, plain(45, changes))


def test_that_training_on_after_a_recall_forgets_what_came_later(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 20)
    inline.send(Recall(inline.token, 12))
    inline.wait(Framed, 22)
    inline.send(Grant(inline.token, 1, toys.Params(learning_rate=0.2), 1))
    frame = inline.wait(Framed, 23)
    assert (frame.step, frame.first, frame.recalled) == (13, 12, False)
    assert frame.changes == (Change(12, {"learning_rate": 0.2}),)
    assert np.array_equal(train(inline, 7).frame.weights, plain(20, {12: {"learning_rate": 0.2}}))
    assert all(step <= 20 for step in keyframes(inline))


def test_that_a_branch_answers_under_its_new_token(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 20)
    inline.send(Recall(inline.token, 11, rename=inline.token + 1))
    inline.token += 1
    frame = inline.wait(Framed)
    assert (frame.step, frame.first, frame.recalled) == (11, 11, False)
    assert np.array_equal(train(inline, 9).frame.weights, plain(20))


def test_that_credits_granted_on_the_way_to_an_earlier_step_count_from_there(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 9)
    inline.send(Recall(inline.token, 4), Grant(inline.token, 2))
    frame = inline.wait(Framed, 13)
    assert frame.step == 6 and np.array_equal(frame.frame.weights, plain(6))


def test_that_a_credit_given_up_on_the_way_back_is_told(inline: Any) -> None:
    inline.begin(pace=EVERY)
    train(inline, 9)
    inline.send(Grant(inline.token, 1), Recall(inline.token, 4))
    frame = inline.wait(Framed, 11)
    assert (frame.step, frame.spent, frame.recalls, frame.recalled) == (4, 10, 1, True)
    inline.listen(0.02)
    assert inline.all(Framed)[-1] is frame


def test_that_values_told_on_the_way_back_survive_a_pause(inline: Any) -> None:
    inline.begin(pace=EVERY, keyframe_bytes=100)
    train(inline, 9)
    inline.send(Recall(inline.token, 8), Grant(inline.token, 2, toys.Params(selected=3), 1),
                Hold(inline.token), Look(inline.token, toys.Params(selected=4), 2))
    inline.until(lambda: inline.all(Framed)[-1].version == 2)
    frame = inline.all(Framed)[-1]
    assert (frame.step, frame.frame.selected, frame.spent) == (8, 4, 11)


def test_that_weights_that_are_no_numbers_are_not_drawn(inline: Any) -> None:
    params = toys.Params(trouble="nan", at=6)
    inline.begin(params=params, pace=EVERY)
    inline.send(Grant(inline.token, 9), Hold(inline.token), Look(inline.token, params, 1))
    inline.wait(Held)
    inline.send(Grant(inline.token, 9))
    inline.wait(Diverged)
    inline.send(Hold(inline.token), Look(inline.token, params, 2))
    inline.wait(Held, 2)
    inline.listen(0.02)
    assert max(frame.step for frame in inline.all(Framed)) == 5
    inline.send(Recall(inline.token, 1 << 62))
    frame = inline.until(lambda: inline.all(Framed)[-1].recalled and inline.all(Framed)[-1])
    assert frame.step == 4  # a finite loss at step 5 vouches for these


def test_that_keyframes_stay_within_their_bytes_and_keep_the_first(
    inline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.runner.KEYFRAME_COST", 0)  # on a busy machine copies are rare
    size = 4 * 32 * (4 + 32 + 2 + 1) * 3  # weights and two moments, float32
    inline.begin(params=toys.Params(size=32), pace=EVERY, keyframe_bytes=6 * size)
    for _ in range(60):
        train(inline, 1)
        assert len(keyframes(inline)) <= 6
    assert keyframes(inline)[0] == 0 and len(keyframes(inline)) >= 2


def test_that_no_keyframe_is_kept_where_none_fits_and_recalls_still_work(inline: Any) -> None:
    inline.begin(pace=EVERY, keyframe_bytes=100)
    train(inline, 10)
    assert keyframes(inline) == ()
    inline.send(Recall(inline.token, 6))
    assert np.array_equal(inline.wait(Framed, 12).frame.weights, plain(6))


def test_that_a_loss_that_is_not_finite_ends_the_run_with_a_step_to_go_back_to(inline: Any) -> None:
    inline.begin(params=toys.Params(trouble="nan", at=9), pace=EVERY)
    inline.first_frame()
    inline.send(Grant(inline.token, 50))
    end = inline.wait(Diverged)
    assert end.step == 9 and end.good <= 7 and np.isnan(end.scalars["loss"][-1])
    inline.send(Grant(inline.token, 5))
    inline.listen(0.05)
    assert inline.all(Framed)[-1].step == 8
    inline.send(Recall(inline.token, end.good))
    inline.until(lambda: inline.all(Framed)[-1].step == end.good)
    assert inline.all(Framed)[-1].recalled


def test_that_an_experiment_that_is_done_ends_the_run(inline: Any) -> None:
    inline.begin(params=toys.Params(trouble="finish", at=6), pace=Pace(4, 0.0))
    inline.first_frame()
    inline.send(Grant(inline.token, 9))
    frame = inline.wait(Framed, 3)
    assert (frame.step, frame.finished) == (6, True)
    inline.listen(0.05)
    assert len(inline.all(Framed)) == 3


@pytest.mark.parametrize(("trouble", "sentence"), [
    ("set-up", "The experiment stopped with an error: ValueError: the set-up broke."),
    ("set-up refused", "The text nothing.txt is empty."),
    ("step", "The experiment stopped with an error: ZeroDivisionError: one over nought."),
    ("frame", "The experiment stopped with an error: KeyError: 'no frame'."),
    ("memory", "There is not enough memory for this; choose smaller values."),
    ("torch memory", "There is not enough memory for this; choose smaller values."),
])
def test_that_failures_are_one_plain_sentence_and_leave_a_usable_worker(
    inline: Any, trouble: str, sentence: str
) -> None:
    inline.begin(params=toys.Params(trouble=trouble, at=3), pace=EVERY)
    inline.send(Grant(inline.token, 10))
    failed = inline.wait(Failed)
    assert failed.message.format(**failed.values) == sentence
    assert failed.over and not failed.fatal and "toys.py" in failed.details
    inline.begin()
    assert inline.first_frame().step == 0


def test_that_a_refused_frame_keeps_the_run(inline: Any) -> None:
    inline.begin()
    train(inline, 5)
    inline.send(Look(inline.token, toys.Params(refuse=1), 1))
    assert not inline.wait(Failed).over
    inline.send(Look(inline.token, toys.Params(), 2))
    assert inline.wait(Framed, 7).step == 5
    assert np.array_equal(train(inline, 1).frame.weights, plain(6))


def test_that_a_missing_device_is_refused_in_one_sentence(inline: Any) -> None:
    inline.begin(device="abacus")
    failed = inline.wait(Failed)
    assert failed.message.format(**failed.values).startswith("This machine has no device abacus;")


def test_that_calibrating_threads_changes_nothing_that_is_trained(
    inline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(runner.machine, "cores", lambda: 3)
    before = torch.get_num_threads()
    try:
        inline.begin(threads=0, pace=EVERY)
        inline.first_frame()
        inline.until(lambda: len(inline.all(runner.Began)) == 2)
        assert inline.all(runner.Began)[1].threads in (1, 2)
        weights = train(inline, 10).frame.weights
    finally:
        runner.machine.set_threads(before, "cpu")
    assert np.allclose(weights, plain(10), atol=1e-6)


def test_that_a_long_repetition_tells_how_far_it_is(inline: Any) -> None:
    inline.begin(params=toys.Params(wait=0.01), until=40)
    assert inline.first_frame().step == 40
    told = [one for one in inline.all(Progress) if one.total]
    assert told and all(one.total == 40 and 0 < one.done < 40 for one in told)


def test_that_a_spare_leaves_its_imports_for_a_message(tmp_path, monkeypatch) -> None:
    """A run must not wait until the modules of all other panels have been imported."""
    for name in ("warm_first", "warm_second"):
        (tmp_path / f"{name}.py").write_text("", "utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    # Told to warm up; nothing waits before the first module, then somebody wants to quit.
    messages = [Warm(("warm_first", "warm_second")), None, Quit()]
    spare = runner.Runner(lambda _message: None, lambda _seconds: messages.pop(0))
    spare.serve()
    assert "warm_first" in sys.modules
    assert "warm_second" not in sys.modules


# --- measuring ---------------------------------------------------------------------------------


def test_that_the_schedule_of_measurements_counts_steps_and_no_frames(inline: Any) -> None:
    found = []
    for pace in (Pace(1, 0.0), Pace(None, 0.002)):
        inline.begin(experiment="Measured", pace=pace)
        inline.first_frame()
        sizes: list[float] = []
        while len(sizes) < 20:
            inline.send(Grant(inline.token, 1))
            before = len(inline.all(Framed))
            sizes += inline.wait(Framed, before + 1).scalars["size"].tolist()
        found.append(sizes[:20])
    one, other = np.array(found)
    scheduled = np.arange(1, 21) % 4 == 0
    assert np.array_equal(one[scheduled], other[scheduled]) and np.isfinite(one[scheduled]).all()


def test_that_a_frame_at_rest_is_measured_at_its_step(inline: Any) -> None:
    inline.begin(experiment="Measured", pace=Pace(None, 0.01))
    first = inline.first_frame()
    assert first.measured_at == 0 and first.measured["size"] == first.frame.ballast[0]
    inline.send(Grant(inline.token, 2))
    inline.wait(Framed, 3)
    for frame in inline.all(Framed)[1:]:
        assert frame.measured_at == frame.step // 4 * 4, "a run that plays keeps to its schedule"
    inline.send(Hold(inline.token))
    inline.wait(Held, 1)
    at_rest = inline.all(Framed)[-1]
    assert at_rest.measured_at == at_rest.step
    inline.send(Recall(inline.token, at_rest.step - 1))
    inline.until(lambda: inline.all(Framed)[-1].recalled)
    earlier = inline.all(Framed)[-1]
    assert earlier.measured_at == earlier.step == at_rest.step - 1
    assert earlier.measured["size"] == earlier.frame.ballast[0] != at_rest.measured["size"]


def test_that_a_single_step_and_one_step_a_frame_are_measured(inline: Any) -> None:
    inline.begin(experiment="Measured", pace=Pace(1, 0.03))
    inline.first_frame()
    inline.send(Grant(inline.token, 5))
    inline.wait(Framed, 6)
    inline.send(SetPace(inline.token, Pace(3, 0.0)), Grant(inline.token, 1))
    inline.wait(Framed, 7)
    assert [frame.measured_at for frame in inline.all(Framed)] == [0, 1, 2, 3, 4, 5, 8]


def test_that_what_a_measurement_reads_is_never_shown_as_it_was_before(inline: Any) -> None:
    inline.begin(experiment="Measured", pace=Pace(None, 0.01))
    inline.first_frame()
    inline.send(Grant(inline.token, 1, toys.Params(selected=7), 1))
    frame = inline.wait(Framed, 2)
    assert frame.measured["seen"] == 7 and frame.measured_at == frame.step
    inline.send(Look(inline.token, toys.Params(selected=9), 2))
    again = inline.wait(Framed, 3)
    assert again.measured["seen"] == 9 and again.measured_at == again.step == frame.step


def test_that_measuring_does_not_change_what_is_learnt(inline: Any) -> None:
    inline.begin(experiment="Measured", pace=Pace(1, 0.0))
    assert np.array_equal(train(inline, 20).frame.weights, plain(20))


def test_that_a_run_that_has_settled_is_woken_by_other_parameters_and_by_no_credit(
    inline: Any,
) -> None:
    params = toys.Params(at=5)
    inline.begin(experiment="Sleeper", params=params, pace=Pace(2, 0.0))
    inline.first_frame()
    inline.send(Grant(inline.token, 9))
    slept = inline.wait(Framed, 4)
    assert (slept.step, slept.finished, slept.idle) == (5, True, {"wait": "It sleeps."})
    inline.send(Grant(inline.token, 2))
    inline.listen(0.05)
    awake = dataclasses.replace(params, learning_rate=2.0)
    inline.send(Look(inline.token, awake, 1))
    woken = inline.wait(Framed, 5)
    assert (woken.step, woken.finished, woken.idle) == (5, False, {})
    inline.listen(0.05)
    assert inline.all(Framed)[-1].step == 5, "credits that were meant for the run that ended are void"
    inline.send(Grant(inline.token, 9))
    assert inline.wait(Framed, 8).step == 10 and inline.all(Framed)[-1].finished
    inline.send(Recall(inline.token, 7))
    inline.until(lambda: inline.all(Framed)[-1].recalled)
    assert inline.all(Framed)[-1].step == 7, "going back passes the step at which it slept"


def test_that_cheap_frames_leave_training_its_time_and_costly_ones_stay_alive() -> None:
    from app.engine.runner import ALIVE, FRAME_SHARE, MOST_SHARE, rest_after

    for milliseconds in range(1, 100):
        cost = milliseconds / 1000
        share = cost / (cost + rest_after(cost))
        assert share <= MOST_SHARE + 1e-9
        assert share <= FRAME_SHARE + 1e-9 or rest_after(cost) >= ALIVE
    assert rest_after(0.01) == ALIVE  # eight pictures a second


def test_that_no_step_is_trained_under_values_that_leave_nothing_to_do(inline: Any) -> None:
    """A repetition would not train it either."""
    awake = toys.Params(trouble="finish", at=2, selected=1)
    inline.begin(experiment="Counter", params=awake)
    assert not train(inline, 3).finished
    inline.send(Grant(inline.token, 2, dataclasses.replace(awake, selected=2), 1))
    ended = inline.wait(Framed, 5)
    assert (ended.step, ended.finished, ended.spent, ended.version) == (3, True, 4, 1)


def test_that_a_run_said_to_be_awake_trains_when_asked(inline: Any) -> None:
    """The values that woke it came with credits, and a hold was answered under them."""
    settled = toys.Params(trouble="finish", at=2)
    inline.begin(experiment="Counter", params=settled)
    assert train(inline, 2).finished
    inline.send(Grant(inline.token, 1, dataclasses.replace(settled, selected=1), 1), Hold(inline.token))
    inline.wait(Held)
    assert (inline.all(Framed)[-1].step, inline.all(Framed)[-1].finished) == (2, False)
    inline.send(Grant(inline.token, 1))
    assert inline.wait(Framed, 5, seconds=5).step == 3
