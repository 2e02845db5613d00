"""The runs that stay visible behind the present one, and what they are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.protocol import Change
from app.session.record import Record, Seen, versions
from visualizers.catalog import Said
from visualizers.panel import Ghost, History, Panel, Shown
from widgets.controls.parameters import differences, to_dict

MOST_GHOSTS = 8

Course = list[tuple[int, Any]]  # of one parameter: its values, each with the step it holds from


@dataclass(frozen=True, eq=False)
class Pinned:
    """A run that stays visible behind the present one; without a label it names its differences.

    Attributes:
        params: of the frame.
        start, changes: the values with which it began, and those that took effect on the way.
    """

    label: str
    params: Any
    frame: Any
    history: History
    step: int
    start: Any
    changes: tuple[Change, ...] = ()

    def same(self, other: Pinned) -> bool:
        """Whether the other one is of the same steps, looks the same and has no name of its own."""
        return other.label in ("", self.label) \
            and (self.params, self.step, self.start, self.changes) \
            == (other.params, other.step, other.start, other.changes)

    def course(self, name: str) -> Course:
        """The values that a control had in the steps of the run, each with the step after which it
        took effect; of a run without steps, that of the frame."""
        return _course(name, self.start if len(self.history) else self.params, self.changes)


class Pins:
    """The pinned runs of one panel, the oldest first.

    Args:
        panel: what its controls are called.

    Attributes:
        said: in which words runs name their differences.
    """

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.said = Said(panel, "en")
        self._runs: list[Pinned] = []
        self._ghosts: tuple[Ghost[Any, Any], ...] | None = ()

    @property
    def runs(self) -> tuple[Pinned, ...]:
        return tuple(self._runs)

    def add(self, one: Pinned) -> bool:
        """Keep a run, once; of too many, the oldest goes. Whether it was not there yet."""
        if any(each.same(one) for each in self._runs):
            return False
        self.replace([*self._runs, one][-MOST_GHOSTS:])
        return True

    def remove(self, index: int) -> None:
        del self._runs[index]
        self.relabel()

    def rename(self, index: int, label: str) -> None:
        self._runs[index] = dataclasses.replace(self._runs[index], label=label)
        self.relabel()

    def replace(self, runs: Sequence[Pinned]) -> None:
        """Keep exactly these."""
        self._runs = list(runs)
        self.relabel()

    def say(self, said: Said) -> None:
        """In which language differences are named."""
        self.said = said
        self.relabel()

    def relabel(self) -> None:
        """They may differ from the present run in something else by now."""
        self._ghosts = None

    def ghosts(
        self, start: Any, changes: Sequence[Change], steps: int, params: Any
    ) -> tuple[Ghost[Any, Any], ...]:
        """The runs as they are drawn, each labelled by what differs from the present one.

        Args:
            start, changes: of the present run, the values with which it began and what took effect.
            steps: trained by now; changes from there on were not trained with.
            params: what the controls are set to.
        """
        if self._ghosts is None:
            course = (*(one for one in changes if one.step < steps), Change(steps, to_dict(params)))
            self._ghosts = tuple(
                Ghost(label, one.params, one.frame, one.history)
                for one, label in zip(self._runs, self._labels(start, course, params), strict=True)
            )
        return self._ghosts

    def _labels(self, start: Any, changes: Sequence[Change], params: Any) -> list[str]:
        """What the runs are called: no two alike."""
        words = self.said.words()
        names = [one.label or self._differing(one, start, changes, params) for one in self._runs]
        labels: list[str] = []
        for one, name in zip(self._runs, names, strict=True):
            label = name
            if not one.label and (not name or names.count(name) > 1):
                step = words("step {step}", step=one.step)
                label = told = f"{name}, {step}" if name else step
                number = 1
                while label in labels:
                    number += 1
                    label = f"{told} ({number})"
            labels.append(label)
        return labels

    def _differing(self, one: Pinned, start: Any, changes: Sequence[Change], params: Any) -> str:
        """In what the steps of a pinned run differ from those of the present one."""
        courses = {}
        for declared in self.panel.parameters:
            name, course = declared.name, one.course(declared.name)
            if declared.kind != "hidden" and course != _course(name, start, changes):
                courses[name] = course
        if not courses:  # only what is shown of the same steps
            courses = {name: [(0, values[1])] for name, values in
                       differences([params, one.params]).items()}
        return ", ".join(f"{self.said.label(name)} {course_text(self.said, name, course)}"
                         for name, course in list(courses.items())[:3])


def course_text(said: Said, name: str, course: Course) -> str:
    """The values that a control had in a run: the first and, if it was moved, the last."""
    ends = course if len(course) < 2 else [course[0], course[-1]]
    return " → ".join(said.value(name, value)[:24] for _, value in ends)


def _course(name: str, start: Any, changes: Sequence[Change]) -> Course:
    values = [(0, getattr(start, name))]
    for one in changes:
        if name in one.values and one.values[name] != values[-1][1]:
            values[-1 if one.step == 0 else len(values):] = [(one.step, one.values[name])]
    return values


def as_pinned(record: Record) -> Pinned:
    """A recorded run as a ghost."""
    seen = record.film[-1]
    return Pinned(record.label, seen.params, seen.frame, record.history, record.step, record.params,
                  tuple(one for one in record.changes if one.step < record.step))


def as_record(panel: Panel, one: Pinned) -> Record:
    """A ghost as a recorded run of a single frame."""
    start = one.start if len(one.history) else one.params
    now = start
    for change in one.changes:
        now = dataclasses.replace(now, **change.values)
    last = {each.name: getattr(one.params, each.name) for each in panel.parameters
            if getattr(one.params, each.name) != getattr(now, each.name)}
    return Record(
        panel=panel.id, params=start, changes=(*one.changes, *([Change(one.step, last)] if last else [])),
        seed=int(getattr(start, "seed", 0)), device="cpu", threads=1, versions=versions(),
        history=one.history, film=[Seen(one.step, one.params, one.frame, one.step)], step=one.step,
        label=one.label)


def as_shown(record: Record, pinned: Sequence[Pinned], said: Said) -> Shown[Any, Any]:
    """What a recorded run showed last, with these runs as its ghosts."""
    pins, seen = Pins(said.panel), record.film[-1]
    pins.say(said)
    pins.replace(pinned)
    ghosts = pins.ghosts(record.params, record.changes, len(record.history), seen.params)
    return Shown(seen.frame, seen.params, record.history, seen.step, ghosts, seen.measured, {})
