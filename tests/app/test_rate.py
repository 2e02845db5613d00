"""The rate that is shown is that of the clock on the wall."""

from __future__ import annotations

import pytest

from app.session.rate import WINDOW, Rate


def seen(steps_a_second: float, frames: int, per_frame: int = 1) -> Rate:
    rate = Rate()
    for index in range(frames):
        rate.saw(index * per_frame, index * per_frame / steps_a_second)
    return rate


@pytest.mark.parametrize(("speed", "per_frame"), [(1.0, 1), (5.0, 1), (31.0, 1), (1433.0, 46)])
def test_that_the_rate_is_steps_by_time(speed: float, per_frame: int) -> None:
    assert seen(speed, 100, per_frame).per_second == pytest.approx(speed)


def test_that_one_frame_says_nothing() -> None:
    assert Rate().per_second == seen(5.0, 1).per_second == 0


def test_that_only_the_last_moment_counts() -> None:
    rate = seen(1000.0, 2000)
    for index in range(20):
        rate.saw(2000 + index, 2.0 + index * WINDOW / 10)
    assert rate.per_second == pytest.approx(10 / WINDOW)


def test_that_a_step_that_takes_long_still_has_a_rate() -> None:
    assert seen(0.1, 3).per_second == pytest.approx(0.1)


def test_that_drawing_a_step_again_changes_nothing() -> None:
    rate = seen(5.0, 10)
    rate.saw(9, 60.0)
    assert rate.per_second == pytest.approx(5.0)


def test_that_rest_does_not_count() -> None:
    rate = seen(5.0, 10)
    rate.rest()
    rate.saw(10, 100.0)
    rate.saw(11, 100.2)
    assert rate.per_second == pytest.approx(5.0)
