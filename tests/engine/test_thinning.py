"""Moments within a budget."""

from __future__ import annotations

from itertools import pairwise

from app.engine.thinning import Thinned


def test_that_the_first_stays_and_the_rest_is_spread_evenly() -> None:
    film: Thinned[str] = Thinned(budget=160, most=100)
    for step in range(1000):
        last = film.last()
        if last is None or step - last.step >= film.gap:
            film.add(step, f"at {step}", 10)
        assert film.size <= 160 and film.size == 10 * len(film)
    steps = film.steps
    assert steps[0] == 0 and len(steps) >= 7
    gaps = {after - before for before, after in pairwise(steps)}
    assert len(gaps) == 1


def test_that_moments_are_found_replaced_and_forgotten() -> None:
    film: Thinned[str] = Thinned(budget=1000, most=100)
    assert film.before(3) is None and film.nearest(3) is None and film.last() is None
    for step in (0, 10, 20):
        film.add(step, "old", 1)
    film.add(20, "new", 5)
    assert film.size == 7 and film.steps == (0, 10, 20)
    before, nearest, last = film.before(19), film.nearest(16), film.last()
    assert before and nearest and last
    assert (before.step, nearest.step, last.item) == (10, 20, "new")
    film.truncate(10)
    assert film.steps == (0, 10) and film.size == 2
