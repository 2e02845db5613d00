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


# --- long runs -------------------------------------------------------------------------------------


def long_run(steps: int, chunk: int = 40_000, keep: tuple[int, ...] = ()) -> tuple[History, np.ndarray]:
    """A history, and all values of its loss: noise with one spike up and one down."""
    generator = np.random.default_rng(0)
    loss = generator.normal(size=steps)
    loss[12_345], loss[54_321] = 100.0, -100.0
    seldom = np.where(np.arange(steps) % 8 == 7, loss, np.nan)
    made = History()
    for at in range(0, steps, chunk):
        made.extend({"loss": loss[at : at + chunk], "seldom": seldom[at : at + chunk]}, keep=keep)
    return made, loss


def test_that_the_last_100_000_steps_are_exact_and_any_length_takes_little() -> None:
    made, loss = long_run(2_000_000)
    assert len(made) == 2_000_000 and not made.whole
    exact = int(np.flatnonzero(made.steps == len(made) - History.EXACT + 1)[0])
    np.testing.assert_array_equal(made["loss"][exact:], loss[-History.EXACT:])
    assert exact < 1.1 * History.OLDER + History.AT_ONCE
    assert sum(made[name].nbytes for name in made.names) + made.steps.nbytes < 8e6


def test_that_a_value_belongs_to_its_step_and_each_stretch_keeps_its_extremes_and_its_last() -> None:
    made, loss = long_run(2_000_000)
    steps = made.steps.astype(int)
    assert steps[0] == 1 and steps[-1] == 2_000_000 and (np.diff(steps) > 0).all()
    np.testing.assert_array_equal(made["loss"], loss[steps - 1])
    assert {12_346, 54_322} <= set(steps)
    # the widest stretch is no wider than 1/1000 of what is old
    for begin in range(0, 1_800_000, 4096):
        here = made["loss"][(steps > begin) & (steps <= begin + 4096)]
        part = loss[begin : begin + 4096]
        assert (here.min(), here.max()) == (part.min(), part.max())
        assert begin + 4096 in steps
    values, at = made.points("seldom")
    np.testing.assert_array_equal(values, loss[at.astype(int) - 1])


def test_that_short_runs_keep_every_step() -> None:
    made, loss = long_run(100_000)
    assert made.whole
    np.testing.assert_array_equal(made["loss"], loss)


def test_that_steps_that_can_be_looked_at_are_kept() -> None:
    keep = (1, 4_711, 150_001)
    made, loss = long_run(500_000, keep=keep)
    assert set(keep) <= set(made.steps)
    assert made.until(4_711).newest("loss") == (4_711, loss[4_710])


def test_that_a_part_of_a_long_run_is_as_it_was_and_goes_on_from_there() -> None:
    made, loss = long_run(120_000)
    early = made.until(60_000)
    made.extend({"loss": np.zeros(300_000)})  # thins what the part shares
    np.testing.assert_array_equal(early["loss"], loss[:60_000])
    branch = made.until(60_000).copy()
    assert len(branch) == 60_000 and branch.newest("loss")[0] <= 60_000
    branch.extend({"loss": np.ones(3), "seldom": np.full(3, np.nan)})
    assert branch.steps[-3:].tolist() == [60_001, 60_002, 60_003] and len(branch) == 60_003


def test_that_what_is_measured_finds_its_step_however_long_the_run() -> None:
    made, _ = long_run(500_000)
    made.fill(499_999, {"late": 2.0})
    assert made.newest("late") == (499_999, 2.0)
    kept = int(made.steps[1])
    made.fill(kept, {"late": 1.0})
    assert made.points("late")[1].tolist() == [kept, 499_999]
    gone = next(one for one in range(1, 1000) if one not in made.steps)
    made.fill(gone, {"late": 3.0})
    assert made.points("late")[1].tolist() == [kept, 499_999]


def test_that_a_history_can_be_thinned_further() -> None:
    made, loss = long_run(120_000)
    few = made.thinned(1000)
    assert len(few) == 120_000 and few.steps[-1] == 120_000 and len(few.steps) < 1100
    assert (few["loss"].min(), few["loss"].max()) == (loss.min(), loss.max())
    assert made.whole
    again = History.of({name: few[name] for name in few.names}, few.steps)
    again.extend({"loss": np.zeros(1)})
    assert len(again) == 120_001


def test_that_a_run_without_an_end_of_one_value_or_none_is_thinned() -> None:
    made = History()
    made.fill(0, {"seldom": 1.0})
    made.extend({"loss": np.full(450_000, 3.0), "never": np.full(450_000, np.nan)})
    assert made.newest("loss") == (450_000, 3.0) and made.newest("seldom") == (0, 1.0)
