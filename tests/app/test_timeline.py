"""A run in time, without a session: what is looked at, what is kept, and what a branch forgets."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import toys

from app.engine.protocol import Change
from app.session.record import Record, Seen
from app.session.timeline import Past, Timeline

BYTES = 24 << 20


def seen(step: int, measured: int | None = None) -> Seen:
    frame = toys.Frame(np.array([float(step)]), 0.05, 0, np.zeros(0))
    return Seen(step, toys.Params(), frame, step if measured is None else measured)


def trained(*steps: int) -> Timeline:
    """A run that was seen at these steps."""
    timeline = Timeline(toys.Params(), BYTES)
    for step in steps:
        first = len(timeline.history)
        timeline.take({"done": np.arange(first + 1.0, step + 1)}, first, ())
        timeline.saw(seen(step))
    return timeline


def test_that_the_nearest_moment_is_shown_until_the_exact_one_comes() -> None:
    timeline = trained(0, 5, 10)
    assert timeline.target is None and timeline.seen is timeline.newest
    assert timeline.look_back(6, exact=True) and timeline.heading
    assert (timeline.seen.step, timeline.target) == (5, 6)
    assert not timeline.look_back(4, exact=True), "as near as any: what is shown stays"
    assert not timeline.recalled(seen(6)), "another step has been asked for meanwhile"
    assert timeline.recalled(seen(4))
    assert timeline.past == Past(timeline.seen) and timeline.seen.step == timeline.target == 4
    assert timeline.look_at_present() and not timeline.look_at_present()
    assert not timeline.recalled(seen(4)), "nobody looks at the past any more"


def test_that_only_a_moment_with_its_own_measurements_is_the_exact_one() -> None:
    timeline = trained(0, 5, 10)
    timeline.look_back(5, exact=True)
    assert not timeline.heading
    timeline.saw(seen(11, measured=8))
    timeline.saw(seen(20))
    timeline.look_back(11, exact=True)
    assert timeline.heading and timeline.seen.step == 11
    timeline.give_up_heading()
    assert not timeline.heading and timeline.target == 11


def test_that_steps_that_were_never_trained_are_not_looked_at() -> None:
    timeline = trained(0, 5, 10)
    timeline.look_back(8, exact=True)
    timeline.ends_at(9)
    assert timeline.target == 8
    timeline.ends_at(8)
    assert timeline.past is None


def test_that_a_branch_forgets_what_came_after_it() -> None:
    timeline = trained(0, 5, 10, 15)
    timeline.changes = [Change(4, {"learning_rate": 0.1}), Change(8, {"learning_rate": 0.2})]
    before = timeline.history
    timeline.look_back(8, exact=True)
    timeline.recalled(seen(8))
    timeline.branch(8)
    assert timeline.last_step == 8 and timeline.past is None
    assert timeline.history["done"].tolist() == list(range(1, 9)) and len(before) == 15
    assert [one.step for one in timeline.changes] == [4] and timeline.film.steps == (0, 5)
    timeline.branch(7)  # never seen: the film's moment before it
    assert timeline.last_step == 5 and len(timeline.history) == 7


def test_that_scalars_of_steps_that_are_trained_again_take_the_place_of_the_old_ones() -> None:
    timeline = trained(0, 5)
    timeline.take({"done": np.array([30.0, 40.0])}, 2, (Change(2, {"learning_rate": 0.3}),))
    assert timeline.history["done"].tolist() == [1.0, 2.0, 30.0, 40.0]
    timeline.take({}, 4, (Change(2, {"selected": 1}), Change(1, {"selected": 2})))
    assert timeline.changes == [Change(2, {"learning_rate": 0.3, "selected": 1})]


def test_that_what_a_control_is_set_to_after_the_last_step_is_kept_unless_it_starts_again() -> None:
    timeline = trained(0, 5)
    timeline.changes = [Change(2, {"learning_rate": 0.3})]
    moved = toys.Params(learning_rate=0.4)
    assert timeline.changes_until(5, moved) == (*timeline.changes, Change(5, {"learning_rate": 0.4}))
    assert timeline.changes_until(1, toys.Params()) == ()
    assert timeline.changes_until(5, toys.Params(learning_rate=0.4, size=9)) == (*timeline.changes,)
    assert len(timeline.changes) == 1


def test_that_a_record_becomes_the_timeline_it_was_made_of() -> None:
    timeline = trained(0, 5, 10)
    untrained = (Change(3, {"learning_rate": 0.3}), Change(10, {"learning_rate": 0.4}))
    record = Record("toy", toys.Params(), untrained, 0, "cpu", 1, {}, timeline.history,
                    timeline.moments(), 10)
    again = Timeline.of(record, BYTES)
    assert again.recorded is record and again.last_step == 10 and again.film.steps == (0, 5, 10)
    assert again.changes == [untrained[0]], "what no step was trained with may be taken back"
    pinned = again.pinned("mine")
    assert pinned.step == 10 and pinned.changes == untrained[:1] and len(pinned.history) == 10
    assert Timeline(toys.Params(), BYTES).pinned("nothing yet") is None
