"""Every tour holds: what a guide says is observed on this machine, whatever its clock says."""

from __future__ import annotations

import random
import time
from dataclasses import fields
from importlib import resources
from typing import Any

import numpy as np
import pytest
from trials import moments

from app.headless.trial import take_tour
from app.session.tours import (
    POINTS,
    Answer,
    Ask,
    Observation,
    TourStep,
    is_clock,
    load_tour,
    load_tries,
    observed,
    traced,
)
from visualizers.catalog import Said, panels
from visualizers.panel import History, Panel, Shown, load
from widgets.controls.parameters import changed, parameter
from widgets.pictures.curves import CurvePlot
from widgets.theme.look import Look, theme

QUESTIONS = 2  # at least, a panel

every_panel = pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)

pytestmark = pytest.mark.slow


@pytest.fixture
def wild_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that runs on, but as it likes: a busy machine, only worse."""
    jumps, now = random.Random(0), [0.0]

    def read() -> float:
        now[0] += jumps.choice((1e-7, 1e-3, 10.0))
        return now[0]

    for name in ("perf_counter", "monotonic", "process_time", "thread_time", "time"):
        monkeypatch.setattr(time, name, read)


def problems(seen: Observation) -> list[str]:
    """What is wrong with a step, as one would like to read it."""
    where, ask = f"step {seen.index + 1}", seen.step.ask
    found = [] if seen.held else [f"{where}: {seen.step.expect} {seen.error}"]
    if ask is None or not seen.held:
        return found
    if len(seen.right) != 1:
        return [*found, f"{where}: {[one + 1 for one in seen.right]} of the answers are right"]
    return found + [
        f"{where}, answer {index + 1}: why it is wrong is not said in both languages"
        for index, answer in enumerate(ask.answers)
        if index != seen.right[0] and not (answer.why.get("en") and answer.why.get("zh"))]


@every_panel
def test_that_every_step_of_a_tour_is_observed_and_one_answer_right(
    panel: Panel, wild_clock: None
) -> None:
    assert not [problem for seen in take_tour(panel) for problem in problems(seen)]


@every_panel
def test_that_a_tour_speaks_both_languages_and_expects_something(panel: Panel) -> None:
    tour = load_tour(panel)
    assert len(tour) >= 2
    for step in tour:
        assert step.say.get("en") and step.say.get("zh")
        assert step.expect
        assert set(step.seen) in (set(), {"en", "zh"})


@every_panel
def test_that_no_measured_time_can_be_observed(panel: Panel) -> None:
    assert not [name for name in observed(moments(panel)[1]) if is_clock(name)]


def test_that_a_time_is_known_by_its_name() -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Frame:
        width: int
        drawn_seconds: float

    history = History()
    history.extend({"loss": np.ones(1), "forward_ms": np.ones(1)})
    assert set(observed(Shown(Frame(1, 2.0), None, history, 1))) == {"loss", "width", "step"}


def test_that_what_a_step_looks_back_at_is_known() -> None:
    """Nothing else is measured between the steps of a tour that is checked."""
    ask = Ask({}, (Answer({}, "first(history.accuracy) > 0", {}),), sketch="plot", curve="held_out")
    step = TourStep(say={}, set={}, steps=1, fresh=False, seen={}, ask=ask,
                    expect="mean(history.loss[-9:]) < previous.score and gain > 1")
    assert traced([step]) == {"loss", "held_out", "accuracy"}


# --- asking --------------------------------------------------------------------------------------


@every_panel
def test_that_a_panel_asks_before_it_shows(panel: Panel) -> None:
    asks = [step.ask for step in load_tour(panel) if step.ask is not None]
    assert len(asks) >= QUESTIONS
    for ask in asks:
        assert 2 <= len(ask.answers) <= 4
        for texts in (ask.say, *(one.say for one in ask.answers)):
            assert texts.get("en") and texts.get("zh")
        assert len({one.say["en"] for one in ask.answers}) == len(ask.answers)
        assert all(one.right for one in ask.answers)


@every_panel
def test_that_a_step_tells_its_result_only_afterwards(panel: Panel) -> None:
    for step in load_tour(panel):
        assert step.seen.get("en") and step.seen.get("zh"), step.say["en"]
        for language in ("en", "zh"):
            assert step.seen[language] not in step.say[language]


def sketches() -> dict[str, np.ndarray]:
    """Curves as one draws them by hand, from 1 to 0 or the other way."""
    x = np.linspace(0, 1, POINTS)
    shapes = {"even": x, "early": x**0.25, "late": x**4, "there and back": 1 - np.abs(2 * x - 1),
              "flat": np.zeros(POINTS)}
    return shapes | {f"{name}, down": 1 - shape for name, shape in shapes.items()}


@every_panel
def test_that_a_sketch_is_drawn_on_a_plot_and_judged_as_one_answer_at_most(
    panel: Panel, qtbot: Any
) -> None:
    from app.session.tours import right_answers

    asks = [(step, step.ask) for step in load_tour(panel) if step.ask and step.ask.sketch]
    if not asks:
        return
    view = load(panel.view)(Look(theme("light"), Said(panel, "en").words()))
    qtbot.addWidget(view)
    shown = moments(panel)[-1]
    for step, ask in asks:
        assert step.steps >= 10, "a curve needs steps"
        assert isinstance(getattr(view, ask.sketch), CurvePlot)
        assert ask.curve in shown.history
        low, high = ask.range or (0.0, float(np.nanmax(shown.history[ask.curve])))
        reached = set()
        for name, shape in sketches().items():
            said = right_answers(ask, shown, observed(shown), sketch=low + (high - low) * shape)
            assert len(said) <= 1, f"{name}: answers {[one + 1 for one in said]}"
            reached |= set(said)
        assert len(reached) >= 2, "hardly any sketch is an answer"


# --- trying --------------------------------------------------------------------------------------


@every_panel
def test_that_a_guide_shows_its_suggestions_as_buttons(panel: Panel) -> None:
    tries = load_tries(panel)
    assert len(tries) >= 2
    for language in ("en", "zh"):
        assert Said(panel, language).guide().count("\n{try}\n") == 1
        assert all(one.say.get(language) for one in tries)
    folder = resources.files(panel.package)
    for name in ("guide.en.md", "guide.zh.md"):
        assert folder.joinpath(name).is_file()


@every_panel
def test_that_a_suggestion_sets_controls_that_are_there(panel: Panel) -> None:
    for one in load_tries(panel):
        params = changed(panel.params(), **one.set)  # raises Unfit for what does not fit
        assert one.set or (one.steps and panel.trains), "a button that does nothing"
        for name in one.set:
            assert parameter(panel.params, name).shown_for(params), f"{name} has nothing to act on"


# --- comparing -----------------------------------------------------------------------------------


@every_panel
def test_that_two_runs_are_compared_by_a_number_that_is_there(panel: Panel) -> None:
    assert panel.headline_label
    shown = moments(panel)[1]
    if panel.trains:
        assert panel.headline in shown.history  # of a step, or of a measurement
    else:
        assert panel.headline in {one.name for one in fields(panel.frame)}
        assert np.isfinite(float(getattr(shown.frame, panel.headline)))
