"""What holds for every panel. A new folder is found by itself; nothing here names one."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import time
from collections.abc import Iterator
from importlib import resources
from typing import Any

import numpy as np
import pytest
from trials import (
    LEFT,
    arrays_of,
    ends,
    equal_frames,
    equal_values,
    fresh,
    left_alone,
    moments,
    outcome,
    reached,
    same,
    scalars_of,
    small,
)

from app.engine.measuring import has_finished, idle_controls
from app.headless.trial import Trial
from visualizers import shapes
from visualizers.catalog import LECTURES, Said, panels, texts
from visualizers.data import Data
from visualizers.data.registry import all_kinds
from visualizers.panel import History, Panel, Shown
from widgets.controls.parameters import changed
from widgets.theme.words import glossary_words

PANELS = panels()
TRAINING = [panel for panel in PANELS if panel.trains]
ids = [panel.id for panel in PANELS]

ACTS = 3  # steps in which a live parameter has acted …
ENDS = 100  # … unless it says when a run ends
EARLY = LEFT[0]

every_panel = pytest.mark.parametrize("panel", PANELS, ids=ids)
every_training_panel = pytest.mark.parametrize("panel", TRAINING, ids=[one.id for one in TRAINING])


# --- the declaration ---------------------------------------------------------------------------


@every_panel
def test_that_a_panel_has_all_its_files(panel: Panel) -> None:
    folder = resources.files(panel.package)
    for name in ("panel.py", "experiment.py", "view.py", "guide.en.md", "guide.zh.md", "tour.toml",
                 "zh.toml"):
        assert folder.joinpath(name).is_file(), f"{panel.id} lacks {name}"
    assert panel.package.rpartition(".")[2] == panel.id
    assert panel.lecture in {lecture.folder for lecture in LECTURES}


@every_panel
def test_that_a_declaration_says_what_a_control_needs(panel: Panel) -> None:
    assert panel.claim.endswith(".") and len(panel.claim) < 160
    assert panel.concepts and panel.keywords
    names = [one.name for one in panel.parameters]
    assert "seed" in names
    for one in panel.parameters:
        if one.kind == "hidden":
            continue
        assert one.help.endswith("."), f"{panel.id}.{one.name} needs a help sentence"
        if one.kind in ("number", "integer"):
            assert one.low is not None and one.high is not None
            assert one.low <= one.default <= one.high
            assert not one.log or one.low > 0
        for name in one.when or {}:
            assert name in names


@every_panel
def test_that_what_a_panel_is_proved_with_is_a_value_of_its_controls(panel: Panel) -> None:
    small(panel)  # raises Unfit for what does not fit
    assert "seed" not in panel.proved_with
    assert all(getattr(panel.params(), name) != value for name, value in panel.proved_with.items())


@every_panel
def test_that_params_and_frames_are_frozen(panel: Panel) -> None:
    for kind in (panel.params, panel.frame):
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


# --- the experiment ----------------------------------------------------------------------------


@every_panel
def test_that_the_first_frame_is_there_within_two_seconds(panel: Panel) -> None:
    moments(panel)  # imports and caches are paid for once
    started = time.process_time()  # not the clock, which a busy machine stretches
    trial = Trial(panel)
    trial.frame()
    assert time.process_time() - started < 2.0


@every_panel
def test_that_every_field_of_a_frame_says_what_it_is_and_is_it(panel: Panel) -> None:
    """Kind, sizes and range of each field, and less than a megabyte of them: ``visualizers.shapes``."""
    assert shapes.declared(panel.frame)
    for shown in moments(panel):
        assert type(shown.frame) is panel.frame
        shapes.check(shown.frame, shown.params)
        assert len(pickle.dumps(shown.frame, protocol=5)) < 1_000_000


@every_panel
def test_that_frames_do_not_change_with_later_training(panel: Panel) -> None:
    trial = left_alone(panel, EARLY).copy()
    frame = trial.frame()
    kept = copy.deepcopy(frame)
    trial.train(3)
    trial.frame()
    assert equal_frames(frame, kept)


@every_training_panel
def test_that_the_same_seed_gives_the_same_run_and_another_seed_another(panel: Panel) -> None:
    one, same_seed, other = fresh(panel), Trial(panel, small(panel)), Trial(panel, small(panel, seed=7))
    for trial in (one, same_seed, other):
        trial.train(EARLY)
    assert same(arrays_of(one.experiment), arrays_of(same_seed.experiment))
    if "seed" in idle_controls(one.experiment, one.params):
        return  # and the reason is told
    # A generator of another state from which nothing is drawn is no other run.
    assert not same(*(arrays_of(each.experiment, generators=False) for each in (one, other))) \
        or not equal_frames(one.frame(), other.frame())


@every_training_panel
def test_that_a_copy_trains_on_exactly_like_the_original(panel: Panel) -> None:
    trial = left_alone(panel, EARLY).copy()
    twin = trial.copy()
    trial.train(3)
    twin.train(3)
    assert same(arrays_of(trial.experiment), arrays_of(twin.experiment))
    assert equal_frames(trial.frame(), twin.frame())


@every_training_panel
def test_that_every_step_gives_the_same_scalars(panel: Panel) -> None:
    trial = fresh(panel)
    names = [set(trial.experiment.step(trial.params)) for _ in range(5)]
    assert names[0] and all(each == names[0] for each in names)
    measured = set(trial.measuring.scalars)
    trial.train(1)
    trial.frame()
    assert measured == set(trial.measuring.scalars)
    assert panel.scalars and set(panel.scalars) <= names[0] | measured


@pytest.mark.slow
@every_panel
def test_that_both_ends_of_every_range_and_every_choice_make_a_frame(panel: Panel) -> None:
    for one in panel.parameters:
        under = reached(panel, one)
        for value in ends(one):
            if one.restart:
                trial = fresh(panel, **{**under, one.name: value})
            else:
                trial = fresh(panel, **under)
                trial.params = changed(trial.params, **{one.name: value})
            trial.train(1)
            try:
                shapes.check(trial.frame(), trial.params)
            except shapes.Misfit as misfit:
                pytest.fail(f"{one.name} = {value!r}: {misfit}")


@pytest.mark.slow
@every_panel
def test_that_a_live_parameter_acts_without_a_restart(panel: Panel) -> None:
    for one in panel.parameters:
        if one.restart or one.kind in ("hidden", "source") or len(ends(one)) < 2:
            continue
        low = fresh(panel, **reached(panel, one))
        low.train(1)
        high = low.copy()
        for trial, value in zip((low, high), ends(one)[:2], strict=True):
            trial.params = changed(trial.params, **{one.name: value})
        assert any(acted(low, high)), f"{panel.id}.{one.name} is live but nothing changes between its ends"


def acted(low: Trial, high: Trial) -> Iterator[bool]:
    """Whether two runs differ in what they learn, in what they show, or in when they end. What a clock
    says differs always, and says nothing."""
    for _ in range(ACTS):
        low.train(1)
        high.train(1)
        yield not equal_values(scalars_of(low.history), scalars_of(high.history))
    yield not equal_values(outcome(low), outcome(high))
    for _ in range(ENDS):
        over = [has_finished(one.experiment, one.params) for one in (low, high)]
        if over == [False, False] and hasattr(low.experiment, "finished"):
            low.train(1)
            high.train(1)
        else:
            yield over[0] != over[1]
            return


class Clocked:
    """A run like any other, but for the time that it took."""

    experiment = params = None

    def __init__(self, took: float) -> None:
        self.took, self.history = took, History()

    def train(self, steps: int) -> None:
        self.history.extend({"loss": np.full(steps, 0.5), "step_ms": np.full(steps, self.took),
                             "undefined": np.full(steps, np.nan)})

    def shown(self) -> Shown[Any, Any]:
        return Shown(Drawn(self.took), None, self.history, len(self.history))


@dataclasses.dataclass(frozen=True)
class Drawn:
    drawn_seconds: float
    nowhere: float = np.nan


def test_that_time_is_no_effect_of_a_live_parameter() -> None:
    one, other = Clocked(1.0), Clocked(2.0)
    assert not any(acted(one, other))  # type: ignore[arg-type]
    other.history.extend({"loss": np.ones(1), "step_ms": np.ones(1), "undefined": np.full(1, np.nan)})
    assert any(acted(one, other))  # type: ignore[arg-type]


# --- the words ---------------------------------------------------------------------------------


@every_panel
def test_that_a_panel_begins_in_chinese(panel: Panel) -> None:
    """With the defaults of its zh.toml: data that is always there, or for which other Chinese data
    stand in, and a frame that fits."""
    params = Said(panel, "zh").params()
    if params == panel.params():
        pytest.skip("the same as in English")
    data = Data()
    for one in panel.parameters:
        if one.kind == "source" and one.source != "model":
            entry = {each.id: each for each in data.entries(str(one.source))}[getattr(params, one.name)]
            assert not entry.archive or all_kinds()[str(one.source)].stand_ins.get(entry.language)
    trial = Trial(panel, params)
    for steps in (0, 1):
        trial.train(steps)
        shapes.check(trial.frame(), params)


@every_panel
def test_that_a_panel_speaks_chinese(panel: Panel) -> None:
    table = texts(panel.package, "zh")
    assert table.get("title") and table.get("claim")
    for one in panel.parameters:
        if one.kind == "hidden":
            continue
        entry = table.get("params", {}).get(one.name, {})
        label = entry.get("label") or glossary_words("zh").get(one.label)
        assert label and entry.get("help"), f"{panel.id}.{one.name} is not translated"
        if one.kind == "choice":
            missing = [each for each in one.choices if each not in entry.get("choices", {})]
            assert not missing, f"{panel.id}.{one.name} has untranslated choices: {missing}"
    unknown = set(table.get("params", {})) - {one.name for one in panel.parameters}
    assert not unknown, f"zh.toml of {panel.id} translates parameters that do not exist: {unknown}"
    guide = Said(panel, "zh").guide()
    assert sum("\u4e00" <= sign <= "\u9fff" for sign in guide) > 100


@every_panel
def test_that_what_a_panel_rests_on_are_other_panels_of_lectures_1_to_6(panel: Panel) -> None:
    known = {one.id: one for one in PANELS}
    numbers = {lecture.folder: lecture.number for lecture in LECTURES}
    assert len(set(panel.rests_on)) == len(panel.rests_on)
    for id in panel.rests_on:
        assert id in known, f"there is no panel {id}"
        assert known[id].lecture != panel.lecture
        assert numbers[known[id].lecture] <= 6
