"""What the bench counts: the steps of runs that go on, not the time between two of them."""

from __future__ import annotations

import pytest

from app.bench import Pace


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
