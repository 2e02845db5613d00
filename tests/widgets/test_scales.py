"""Ranges and ticks are plain arithmetic."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from widgets.pictures import scales
from widgets.pictures.canvas import places, row_height
from widgets.theme import numbers


def is_round(step: float) -> bool:
    return f"{step:.6e}"[0] in "125" and float(f"{step:.6e}"[1:8]) == 0


def test_that_an_axis_has_two_to_seven_round_ticks_inside_whatever_its_range() -> None:
    rng = np.random.default_rng(0)
    for _ in range(3000):
        span = 10 ** rng.uniform(-9, 9)
        low = rng.choice([0.0, rng.uniform(-2, 2) * span, rng.uniform(-1e3, 1e3) * span])
        high, count = low + span, int(rng.integers(0, 14))
        found = scales.ticks(low, high, count)
        assert 2 <= len(found) <= 7, (low, high, count)
        assert len(found) <= max(count, 3)
        steps = np.diff(found)
        assert np.allclose(steps, steps[0]) and (len(found) == 2 or is_round(steps[0]))
        assert all(low - 1e-5 * span <= at <= high + 1e-5 * span for at in found)
        texts = numbers.ticks(found)
        for text, value in zip(texts, found, strict=True):
            assert numbers.read(text) == pytest.approx(value, rel=1e-9, abs=1e-6 * span)


def test_that_a_narrow_axis_says_its_numbers_and_not_zero() -> None:
    """A plot so low that one tick had room: it stood at 0.05 and read "0"."""
    found = scales.ticks(0.02, 0.08, 1)
    assert len(found) >= 2 and "0" not in numbers.ticks(found)


def test_that_a_log_axis_has_two_to_seven_true_ticks_whatever_its_range() -> None:
    rng = np.random.default_rng(1)
    for _ in range(3000):
        low = rng.uniform(-40, 30)
        high, count = low + 10 ** rng.uniform(-1.5, 2), int(rng.integers(0, 14))
        found = scales.log_ticks(low, high, count)
        assert 2 <= len(found) <= 7, (low, high, count)
        assert all(low - 1e-4 <= at <= high + 1e-4 for at in found)
        assert found == sorted(found)
        for text, at in zip(numbers.decades(found), found, strict=True):
            assert np.log10(numbers.read(text)) == pytest.approx(at, abs=1e-3)


def test_that_a_short_logarithmic_axis_has_as_many_round_ticks_as_have_room() -> None:
    found = {count: [round(10**at) for at in scales.log_ticks(0, np.log10(50), count)] for count in (7, 4, 3)}
    assert found == {7: [1, 2, 5, 10, 20, 50], 4: [1, 5, 10, 50], 3: [1, 10]}


def test_that_an_axis_of_counts_has_whole_ticks_only() -> None:
    assert scales.ticks(0, 2, 10, integer=True) == [0, 1, 2]
    assert scales.ticks(0, 1, 5, integer=True) == [0, 1]


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


@pytest.mark.parametrize("count", [1, 2, 7, 8, 12, 30, 64, 512])
def test_that_numbered_rows_have_at_most_seven_numbers_and_named_ones_as_many_as_have_room(
    count: int
) -> None:
    numbered = places(count, 10_000.0, 10.0)
    assert numbered[0] == 0 and len(numbered) <= scales.MOST_TICKS
    assert len({b - a for a, b in itertools.pairwise(numbered)}) <= 1, "in even steps"
    assert places(count, 10_000.0, 10.0, count) == list(range(count))


@pytest.mark.parametrize(("count", "height"), [(5, 24), (10, 24), (12, 20), (14, 17), (15, 24), (400, 24)])
def test_that_rows_are_a_little_lower_where_all_have_room_then(count: int, height: int) -> None:
    assert row_height(count, 243.0, 17, 24) == height
