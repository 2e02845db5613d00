"""Every tour holds: what a guide says is observed on this machine."""

from __future__ import annotations

import pytest

from app.tours import load_tour
from app.trial import take_tour
from visualizers.catalog import panels

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_every_step_of_a_tour_is_observed(panel) -> None:
    failed = [
        f"step {seen.index + 1}: {seen.step.expect} {seen.error}"
        for seen in take_tour(panel) if not seen.held
    ]
    assert not failed


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_tour_speaks_both_languages_and_expects_something(panel) -> None:
    tour = load_tour(panel)
    assert len(tour) >= 2
    for step in tour:
        assert step.say.get("en") and step.say.get("zh")
        assert step.expect
