"""The scalars of a run: some of every step, some measured seldom."""

from __future__ import annotations

import numpy as np

from visualizers.panel import History, Shown


def history() -> History:
    made = History()
    made.fill(0, {"accuracy": 0.5})
    made.extend({"loss": np.array([3.0, 2.0, 1.0]), "accuracy": np.array([np.nan, 0.7, np.nan])})
    return made


def test_that_a_curve_has_points_where_something_was_measured() -> None:
    values, steps = history().points("accuracy")
    assert (values.tolist(), steps.tolist()) == ([0.5, 0.7], [0, 2])
    values, steps = history().points("loss")
    assert (values.tolist(), steps.tolist()) == ([3, 2, 1], [1, 2, 3])
    assert [len(one) for one in history().points("unknown")] == [0, 0]


def test_that_the_newest_value_names_its_step() -> None:
    made = history()
    assert made.newest("accuracy") == (2, 0.7) and made.newest("loss") == (3, 1.0)
    assert made.last() == {"loss": 1.0, "accuracy": 0.7}
    made.extend({"loss": np.ones(1000)})
    assert made.newest("accuracy") == (2, 0.7) and len(made["accuracy"]) == 1003
    assert History().last() == {} and np.isnan(History().newest("loss")[1])


def test_that_what_is_measured_at_rest_is_filled_in() -> None:
    made = history()
    made.fill(3, {"accuracy": 0.9})
    assert made.newest("accuracy") == (3, 0.9)
    made.fill(2, {"accuracy": 0.1, "late": 4.0}, keep=True)
    assert made["accuracy"].tolist()[1:] == [0.7, 0.9]
    assert made["late"][1] == 4.0 and np.isnan(made["late"][2])


def test_that_parts_and_copies_keep_what_was_measured_first() -> None:
    made = history()
    copied = made.copy()
    copied.fill(1, {"accuracy": 0.6})
    copied.fill(0, {"accuracy": 0.4})
    assert np.isnan(made["accuracy"][0]) and made.start == {"accuracy": 0.5}
    assert made.until(1).points("accuracy")[1].tolist() == [0]


def test_that_what_measures_nothing_is_of_the_step_shown() -> None:
    assert Shown(None, None, history(), 3).measured == 3
    assert Shown(None, None, history(), 3, measured=0).measured == 0
