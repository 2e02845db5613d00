"""What the bench counts: the steps of runs that go on, not the time between two of them."""

from __future__ import annotations

import pytest

from app.headless.bench import Pace, diverged, where


def test_that_only_the_time_in_which_a_run_goes_on_counts() -> None:
    pace = Pace()
    assert pace.per_second == 0.0
    for begin in (10.0, 11.0, 12.0):  # three runs of 74 steps in 25 ms, almost a second apart
        pace.saw(begin, 0)
        pace.saw(begin + 0.010, 30)
        pace.saw(begin + 0.025, 74)
        pace.pause()
    assert pace.per_second == pytest.approx(74 / 0.025)


def test_that_a_run_that_does_not_end_counts_from_its_first_frame_to_its_last() -> None:
    pace = Pace()
    for second in range(5):
        pace.saw(float(second), 1000 + 40 * second)
    assert pace.per_second == pytest.approx(40)


def test_that_a_loss_that_is_no_number_ends_a_run_as_it_does_in_the_window() -> None:
    assert diverged({"loss": float("nan")}) and diverged({"loss": float("inf"), "accuracy": 0.1})
    assert not diverged({"loss": 2.3, "unseen": float("nan")}) and not diverged({"reward": 1.0})


def test_that_the_profile_says_what_the_ratio_is_made_of() -> None:
    # A step takes 10 ms alone and 12.5 ms beside the window; 30 frames of 2 ms leave 94 % for steps.
    found = where(100.0, 75.2, [80.0] * 9, [0.002] * 9, 30.0)
    assert found == {"training": 0.94, "frames": 0.06, "rest": 0.0, "step_beside_window": 1.25}
    assert found["training"] / found["step_beside_window"] == pytest.approx(75.2 / 100, abs=0.002)


def test_that_a_profile_of_nothing_is_no_error() -> None:
    assert where(0.0, 0.0, [], [], 0.0)["frames"] == 0.0
