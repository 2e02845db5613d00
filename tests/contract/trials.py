"""Runs that the tests of every panel look at, begun once for all of them, and how runs are compared.

Set-ups and first steps are what these tests cost: nothing here is made twice in a process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from app.headless.trial import Trial
from app.session.tours import is_clock, observed
from visualizers.panel import History, Panel, Shown
from widgets.controls.parameters import Parameter, Unfit, changed, fit, needs_restart

LEFT = (5, 19)  # steps that no schedule names, at which runs are left


def small(panel: Panel, **values: Any) -> Any:
    """The parameters at which the contract is proved, and ``values`` on top of them."""
    return changed(panel.params(), **{**panel.proved_with, **values})


@cache
def _pristine(panel: Panel) -> Trial:
    return Trial(panel, small(panel))


@lru_cache(maxsize=8)  # one panel's: its tests come one after the other
def _begun(panel: Panel, params: Any) -> Trial:
    return Trial(panel, params)


def fresh(panel: Panel, **under: Any) -> Trial:
    """A trial that has not trained, with ``under`` on top of what the contract is proved with."""
    if not under:
        return _pristine(panel).copy()
    params = small(panel, **under)
    if needs_restart(small(panel), params):
        return _begun(panel, params).copy()
    trial = fresh(panel)
    trial.params = params
    return trial


@cache
def left_alone(panel: Panel, steps: int) -> Trial:
    """A run of so many steps at which nobody has looked and that nothing has measured: copy it."""
    earlier = [one for one in LEFT if one < steps]
    trial = (left_alone(panel, earlier[-1]) if earlier else fresh(panel)).copy()
    trial.measuring.every = 0
    trial.train(steps - trial.step)
    return trial


@cache
def moments(panel: Panel) -> tuple[Shown[Any, Any], ...]:
    """The panel as it opens, and after one and five steps."""
    trial = Trial(panel) if panel.proved_with else fresh(panel)
    found = [trial.shown()]
    for steps in (1, 4):
        trial.train(steps)
        found.append(trial.shown())
    return tuple(found)


PLAIN = (str, int, float, bool, bytes, type(None))  # of which some experiments have a hundred thousand


def arrays_of(thing: Any, *, generators: bool = True) -> dict[str, np.ndarray]:
    """Every tensor and array that can be reached from ``thing``, as copies, by path, and the states of
    its generators."""
    import torch

    found: dict[str, np.ndarray] = {}
    seen: set[int] = set()

    def visit(path: str, value: Any) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, torch.Tensor):
            found[path] = value.detach().cpu().clone().numpy()
        elif isinstance(value, np.ndarray):
            if value.dtype != object:
                found[path] = value.copy()
        elif isinstance(value, torch.Generator):
            if generators:
                found[path] = value.get_state().numpy().copy()
        elif isinstance(value, torch.nn.Module):
            for name, part in (*value.named_parameters(), *value.named_buffers()):
                visit(f"{path}.{name}", part)
        elif isinstance(value, torch.optim.Optimizer):
            visit(f"{path}.state", list(value.state.values()))
        elif isinstance(value, dict):
            for name, part in value.items():
                if type(part) not in PLAIN:
                    visit(f"{path}.{name}", part)
        elif isinstance(value, (list, tuple)):
            for index, part in enumerate(value):
                if type(part) not in PLAIN:
                    visit(f"{path}.{index}", part)
        elif hasattr(value, "__dict__") and type(value).__module__.startswith(("visualizers", "tests")):
            visit(path, vars(value))

    visit("", thing)
    return found


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one
    )


def fields_of(frame: Any) -> dict[str, Any]:
    return {one.name: getattr(frame, one.name) for one in dataclasses.fields(frame)}


def scalars_of(history: History) -> dict[str, float]:
    """The newest of each, but for what a clock measured: that never comes again."""
    return {name: value for name, value in history.last().items() if not is_clock(name)}


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same; what is not a number is the same as what is not."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(one == other or (one != one and other != other))


def equal_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)


def equal_frames(one: Any, other: Any) -> bool:
    return equal_values(fields_of(one), fields_of(other))


def outcome(trial: Trial) -> dict[str, Any]:
    """All that can be seen of a run at rest, but for what a clock measured: its frame, its scalars,
    and how far it has come."""
    return observed(trial.shown())


def reached(panel: Panel, one: Parameter) -> dict[str, Any]:
    """Values under which the control is shown."""
    if not one.when:
        return {}
    values = {name: options[0] for name, options in one.when.items()}
    for name in list(values):  # a condition may itself be conditional
        parent = next(each for each in panel.parameters if each.name == name)
        values = {**reached(panel, parent), **values}
    return values


def fits(one: Parameter, value: object) -> bool:
    """Whether a control takes it; what it does not take is refused with a sentence."""
    try:
        fit(one, value)
    except Unfit:
        return False
    return True


def ends(one: Parameter) -> list[Any]:
    """Both ends of a range, every choice, both switches."""
    match one.kind:
        case "number":
            return [one.low, one.high]
        case "integer":
            return [int(one.low or 0), int(one.high or 0)]
        case "choice":
            return list(one.choices)
        case "flag":
            return [False, True]
        case "text":
            return [text for text in ("", "机器学习 machine learning 1+1=2 🙂", "word " * 200)
                    if fits(one, text)]
        case _:
            return []
