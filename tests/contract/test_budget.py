"""What a panel's proof may cost is kept to, and who may take more is named with a reason to be."""

from __future__ import annotations

from budget import BUDGET, DEARER, TOLERANCE, kind_and_panel, over

from visualizers.catalog import panels


def test_that_only_panels_that_are_there_may_take_more_than_the_budget() -> None:
    known = {one.id for one in panels()}
    assert not [one for one, seconds in DEARER.items()
                if one[1] not in known or seconds <= BUDGET[one[0]]]


def test_that_a_panel_above_its_budget_is_named() -> None:
    most = BUDGET["tour"] * TOLERANCE
    assert over({("tour", "new"): most - 0.1}, 1.0) == []
    assert over({("tour", "new"): most + 0.1}, 1.1) == []
    [said] = over({("tour", "new"): most + 0.1}, 1.0)
    assert said == f"new: tour took {most + 0.1:.1f} s of CPU, {most:.1f} s are allowed"


def test_that_each_test_draws_on_the_budget_of_its_panel() -> None:
    names = {"lora", "compression"}
    assert kind_and_panel("tests/contract/test_views.py::test_a[lora]", names) == ("contract", "lora")
    assert kind_and_panel("tests/contract/test_views.py::test_a[lora-zh]", names) == ("contract", "lora")
    assert kind_and_panel("tests/contract/test_views.py::test_a[zh-lora]", names) == ("contract", "lora")
    assert kind_and_panel("tests/contract/test_tours.py::test_a[lora]", names) == ("tour", "lora")
    assert kind_and_panel("tests/visualizers/test_compression_view.py::test_a", names) == (
        "truths", "compression")
    assert kind_and_panel("tests/engine/test_runner.py::test_a[lora]", names) is None
