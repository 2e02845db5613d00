"""The runs that stay visible, without a session: what is kept, and what it is called."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import toys

from app.engine.protocol import Change
from app.session.pins import MOST_GHOSTS, Pinned, Pins
from visualizers.panel import History


def run(step: int = 3, changes: tuple[Change, ...] = (), label: str = "", **values: Any) -> Pinned:
    history = History()
    history.extend({"loss": np.ones(step)})
    start = params = toys.Params(**values)
    for change in changes:
        params = dataclasses.replace(params, **change.values)
    return Pinned(label, params, None, history, step, start, changes)


def labels(pins: Pins, *changes: Change, steps: int = 9, **values: Any) -> list[str]:
    pins.relabel()
    params = toys.Params(**values)
    return [one.label for one in pins.ghosts(toys.Params(), changes, steps, params)]


def test_that_a_run_is_kept_once_and_the_oldest_goes() -> None:
    pins = Pins(toys.panel())
    assert pins.add(run(1)) and not pins.add(run(1))
    assert pins.add(run(1, label="mine")), "a name of its own"
    for step in range(2, 2 + MOST_GHOSTS):
        pins.add(run(step))
    assert [one.step for one in pins.runs] == list(range(2, 2 + MOST_GHOSTS))


def test_that_a_run_is_named_by_what_its_steps_differ_in() -> None:
    pins = Pins(toys.panel())
    pins.replace([run(size=9), run(changes=(Change(1, {"learning_rate": 0.5}),))])
    assert labels(pins) == ["Size 9", "Learning rate 0.05 → 0.5"]
    moved = Change(1, {"learning_rate": 0.5})
    assert labels(pins, moved, learning_rate=0.5)[1] == "step 3", "the present run was moved alike"
    untrained = Change(9, {"learning_rate": 0.5})
    assert labels(pins, untrained) == ["Size 9", "Learning rate 0.05 → 0.5"]


def test_that_no_two_unnamed_runs_are_called_alike() -> None:
    pins = Pins(toys.panel())
    pins.replace([run(), run(), run(), run(4)])
    assert labels(pins) == ["step 3", "step 3 (2)", "step 3 (3)", "step 4"]


def test_that_ghosts_are_the_same_objects_until_something_may_have_changed() -> None:
    pins = Pins(toys.panel())
    pins.add(run())
    first = pins.ghosts(toys.Params(), (), 3, toys.Params())
    assert pins.ghosts(toys.Params(), (), 3, toys.Params()) is first
    pins.rename(0, "mine")
    (named,) = pins.ghosts(toys.Params(), (), 3, toys.Params())
    assert named.label == "mine"
    pins.remove(0)
    assert pins.ghosts(toys.Params(), (), 3, toys.Params()) == () == pins.runs
