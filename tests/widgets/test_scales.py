"""Ranges and ticks are plain arithmetic."""

from __future__ import annotations

import numpy as np

from widgets import scales


def test_that_ticks_are_round_and_inside() -> None:
    for low, high in [(0, 1), (-3.3, 17), (0.0123, 0.0177), (0, 4e7), (-1e-5, 1e-5)]:
        found = scales.ticks(low, high, 6)
        step = scales.nice_step(high - low, 6)
        assert 2 <= len(found) <= 8
        assert all(low - 1e-6 * step <= at <= high + 1e-6 * step for at in found)
        assert f"{step:e}"[0] in "125"


def test_that_an_axis_of_counts_has_whole_ticks_only() -> None:
    assert scales.ticks(0, 2, 10, integer=True) == [0, 1, 2]


def test_that_the_range_does_not_end_in_an_endless_loop_of_ticks() -> None:
    assert len(scales.ticks(0, 1e308, 5)) < 20
    assert scales.ticks(5, 5, 5) == [5]


def test_that_a_range_stays_while_data_fit_and_grows_in_few_steps() -> None:
    now, changes = None, 0
    rng = np.random.default_rng(0)
    for step in range(1, 3000):
        value = 5 * np.exp(-step / 500) + 0.1 * rng.standard_normal()
        high = max(5.2, value)
        low = min(0.0, value) if now is None else min(now[0], value)
        new = scales.grown(now, low, high)
        assert new[0] <= low and new[1] >= high
        changes += new != now
        now = new
    assert changes <= 6


def test_that_a_growing_axis_changes_with_the_logarithm_of_its_length() -> None:
    now, seen = None, []
    for step in range(2, 5000):
        now = scales.ahead(now, 1, step)
        assert now[0] == 1 and now[1] >= step
        seen.append(now)
    assert len(set(seen)) <= 25
    assert scales.ahead(now, 1, 30)[1] < 100  # the data have started again


def test_that_a_range_shrinks_when_it_is_much_too_large() -> None:
    wide = scales.grown(None, 0, 100)
    assert scales.grown(wide, 0, 60) == wide
    assert scales.grown(wide, 0, 10)[1] <= 20


def test_that_data_without_spread_still_have_a_range() -> None:
    for value in (0.0, 3.0, -2e-9):
        low, high = scales.grown(None, value, value)
        assert low < high and low <= value <= high
    low, high = scales.grown(None, 1.0, 1.001, least=0.5)
    assert high - low >= 0.5


def test_that_a_log_axis_of_less_than_a_decade_has_ticks() -> None:
    assert len(scales.log_ticks(-0.30, 0.05, 5)) >= 2
    assert len(scales.log_ticks(np.log10(0.96), np.log10(1.04), 5)) >= 2
    assert scales.log_ticks(-40, 0, 5)[0] >= -40 and len(scales.log_ticks(-40, 0, 5)) <= 6
