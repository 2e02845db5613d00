"""A picture never shows an old number as today's: at rest everything shown is of the step shown.

``measure`` evaluates what is too costly for every step. These tests pause a run where no schedule of
any experiment falls, and compare what is shown with other ways to the same weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from PySide6.QtCore import QSize
from trials import (
    LEFT,
    arrays_of,
    ends,
    equal,
    equal_frames,
    equal_values,
    fields_of,
    fresh,
    left_alone,
    reached,
    same,
    scalars_of,
)

from app.headless.trial import Trial
from visualizers.catalog import Said, panels
from visualizers.panel import Panel, load
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme
from widgets.views.view import PanelView

TRAINING = [panel for panel in panels() if panel.trains]
EARLY, LATE = LEFT  # pauses, before the first measurement of the schedule and beyond the second
NOTHING_LEARNT = 51  # steps without learning, more than the longest schedule that stood in a panel

every_panel = pytest.mark.parametrize("panel", TRAINING, ids=[one.id for one in TRAINING])

pytestmark = pytest.mark.slow


@pytest.fixture
def view_of(qtbot: Any) -> Callable[[Panel], PanelView]:
    def make(panel: Panel) -> PanelView:
        view: PanelView = load(panel.view)(Look(theme("light"), Said(panel, "en").words()))
        qtbot.addWidget(view)
        view.resize(QSize(740, 550))
        return view

    return make


def measured(trial: Trial) -> dict[str, float]:
    """What the present weights are evaluated to, whatever is known already."""
    trial.measuring.forget()
    trial.frame()
    return dict(trial.measuring.scalars)


@every_panel
def test_that_a_paused_run_shows_what_an_undisturbed_one_comes_to(
    panel: Panel, view_of: Callable[[Panel], PanelView]
) -> None:
    disturbed, view = fresh(panel), view_of(panel)
    for pause in (EARLY, LATE):
        disturbed.train(pause - disturbed.step - 2)
        disturbed.frame()
        disturbed.train(2)
        one, other = disturbed.shown(), left_alone(panel, pause).copy().shown()
        assert one.step == one.measured == pause
        assert {name: one.history.newest(name)[0] for name in one.history.names} \
            == dict.fromkeys(one.history.names, pause)
        assert equal_frames(one.frame, other.frame)
        assert equal_values(scalars_of(one.history), scalars_of(other.history))
        assert view.describe(one) == view.describe(other)


@every_panel
def test_that_a_picture_at_rest_is_that_of_the_weights_and_of_nothing_older(panel: Panel) -> None:
    """Steps that learn nothing leave the weights as they are and let every schedule come round.

    What changes all the same was old before, unless the experiment says that it remembers it.
    """
    trial = left_alone(panel, EARLY).copy()
    if not hasattr(trial.params, "learning_rate"):
        pytest.skip("there are no weights: each step is what it shows")
    before, scalars = fields_of(trial.frame()), measured(trial)
    trial.params = dataclasses.replace(trial.params, learning_rate=0.0)
    trial.train(NOTHING_LEARNT)
    after = fields_of(trial.frame())
    remembered = set(getattr(trial.experiment, "remembered", ()))
    assert remembered <= set(after), "what is remembered are fields of the frame"
    old = {name for name in after if not equal(before[name], after[name])}
    assert old <= remembered
    assert measured(trial) == scalars


@every_panel
def test_that_measuring_again_gives_the_same_and_changes_nothing_else(panel: Panel) -> None:
    trial = left_alone(panel, EARLY).copy()
    first, frame, state = measured(trial), trial.frame(), arrays_of(trial.experiment)
    drawn = torch.get_rng_state()
    assert measured(trial) == first
    assert equal_frames(trial.frame(), frame)
    assert same(arrays_of(trial.experiment), state)
    assert torch.equal(torch.get_rng_state(), drawn)


@every_panel
def test_that_a_run_that_is_looked_at_learns_what_one_does_that_is_not(panel: Panel) -> None:
    """Measured and drawn after each step, and drawn again."""
    watched, left = fresh(panel), fresh(panel)
    left.measuring.every = 0
    left.train(EARLY)
    watched.frame()
    for _ in range(EARLY):
        watched.train(1)
        measured(watched)
        watched.frame()
    assert equal_frames(watched.frame(), left.frame())  # which measures both, once
    assert same(arrays_of(watched.experiment), arrays_of(left.experiment))


@every_panel
def test_that_what_a_control_changes_is_measured_anew(panel: Panel) -> None:
    """``measure_reads`` names every control that the measurement depends on."""
    begun = left_alone(panel, EARLY).copy()
    begun.frame()
    for one in panel.parameters:
        if one.restart or one.kind == "source" or not ends(one):
            continue
        under = reached(panel, one)
        trial = fresh(panel, **under) if under else begun.copy()
        if under:
            trial.train(EARLY)
            trial.frame()
        for value in ends(one)[:2]:
            if value == getattr(trial.params, one.name):
                continue
            trial.params = changed(trial.params, **{one.name: value})
            frame, scalars = trial.frame(), dict(trial.measuring.scalars)
            assert measured(trial) == scalars, f"{panel.id}.measure reads {one.name}"
            assert equal_frames(frame, trial.frame()), f"{panel.id}.measure reads {one.name}"


@every_panel
def test_that_a_run_that_plays_says_of_which_step_an_older_number_is(
    panel: Panel, view_of: Callable[[Panel], PanelView]
) -> None:
    trial, view = left_alone(panel, LATE).copy(), view_of(panel)
    playing = trial.shown(at_rest=False)
    resting = trial.shown()
    # The same old frame under a step of its own that no other number in the sentence can be.
    old = dataclasses.replace(playing, measured=987_654)
    # What is remembered is of the steps behind the frame in any case.
    remembered = {name: getattr(resting.frame, name)
                  for name in getattr(trial.experiment, "remembered", ())}
    measured_only = dataclasses.replace(playing.frame, **remembered)
    if view.describe(dataclasses.replace(resting, frame=measured_only)) != view.describe(resting):
        said = view.describe(old)
        assert "987654" in said.replace(",", ""), said
    view.show_frame(playing)
