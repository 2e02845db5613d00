"""A lecture rehearsed: every moment is made on this machine by the plain loop, and what it says is tried.

No Qt. What was made is kept where the program looks for it, so that no jump of the lecture trains.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.errand import Interrupted
from app.files import moments
from app.files.lecture import Lecture, Moment
from app.files.rehearsed import LIMIT, Rehearsed
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from app.session.tours import BadExpression, failing, is_clock, observed, right_answers
from visualizers.catalog import panel as find_panel
from visualizers.data import Data, Source, all_sources
from visualizers.files import Told, nobody
from visualizers.panel import Shown
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed

FILMED = 12  # frames of each run, evenly, so that it can be leafed through


class _Watched(Data):
    """Real data, and what was asked for and had to be replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.lacking: dict[str, Source] = {}

    def read(self, kind: str, id: str) -> Any:
        asked = all_sources().get(id)
        if asked is not None and not self.has(asked):
            self.lacking[id] = asked
        return super().read(kind, id)


def rehearse(
    lecture: Lecture, *, limit: float = LIMIT, where: Path | None = None, told: Told = nobody,
) -> Iterator[tuple[Rehearsed, Record | None]]:
    """Make and try every moment, in order; each with the run that was made, if it could be.

    Args:
        limit: seconds in which a moment should be made.
        where: the folder in which the runs are kept; the user's own if None.
        told: how far it is, and by an exception that nobody waits any more.
    """
    folder = moments.folder() if where is None else where
    total = len(lecture.moments)
    for index, moment in enumerate(lecture.moments):

        def at(done: int, of: int, index: int = index) -> None:
            told(index * 100 + 100 * done // max(1, of), total * 100)

        at(0, 1)
        yield _tried(index + 1, moment, limit, folder, at)
    told(total * 100, total * 100)


def rehearsal(
    lecture: Lecture, limit: float, where: Path, told: Told = nobody
) -> tuple[Rehearsed, ...]:
    """``rehearse`` as a piece of work for a process of its own; the runs stay in the folder."""
    return tuple(one for one, _ in rehearse(lecture, limit=limit, where=where, told=told))


def with_runs(lecture: Lecture, runs: Sequence[Record | None]) -> Lecture:
    """The lecture with the runs that were made; a moment that could not be made keeps what it has."""
    return replace(lecture, moments=tuple(
        one if run is None else replace(one, run=run)
        for one, run in zip(lecture.moments, runs, strict=True)))


def _tried(
    number: int, moment: Moment, limit: float, folder: Path, told: Told
) -> tuple[Rehearsed, Record | None]:
    data = _Watched()
    found = Rehearsed(number, replace(moment, run=None, ghosts=()), limit=limit)
    started = time.perf_counter()
    try:
        shown, before, record = _made(moment, data, told)
    except Interrupted:
        raise
    except Refusal as refusal:
        return replace(found, seconds=time.perf_counter() - started, lacking=tuple(data.lacking.values()),
                       error=refusal), None
    except Exception as error:  # an experiment's own mistake, or memory: the other moments go on
        return replace(found, seconds=time.perf_counter() - started, lacking=tuple(data.lacking.values()),
                       error=Refusal("It stopped: {reason}", reason=f"{type(error).__name__}: {error}")), None
    found = replace(found, seconds=time.perf_counter() - started, lacking=tuple(data.lacking.values()))
    found = _judged(found, shown, before)
    if moment.run is not None:
        unlike, apart = greatest_difference(moment.run, shown)
        found = replace(found, unlike=unlike, apart=apart)
    if not found.lacking and moments.keep(moment, record, folder):  # a stand-in's run is not the moment's
        started = time.perf_counter()
        if moments.find(moment, folder) is not None:
            found = replace(found, opens=time.perf_counter() - started)
    return found, record


def _judged(found: Rehearsed, shown: Shown[Any, Any], before: Mapping[str, Any]) -> Rehearsed:
    moment = found.moment
    try:
        expected = tuple(failing(moment.expectation, shown, before)) if moment.expectation else ()
        begun = moment.changes[-1].step if moment.changes else 0
        right = right_answers(moment.question, shown, before, begun=0 if begun == shown.step else begun) \
            if moment.question is not None else ()
    except (BadExpression, IndexError, TypeError, ValueError) as trouble:
        return replace(found, error=Refusal("It cannot be judged: {reason}", reason=str(trouble)))
    return replace(found, expected=expected, right=right)


def _made(
    moment: Moment, data: Data, told: Told
) -> tuple[Shown[Any, Any], Mapping[str, Any], Record]:
    """The moment, what was observed when its last control moved, and its run.

    Raises:
        Refusal: something that it needs cannot be read.
    """
    panel = find_panel(moment.panel)

    def building(*_: object) -> None:
        told(0, 1)  # nothing of the way is done, but nobody may wait for it any more

    trial = Trial(panel, moment.params, data=data, on_progress=building)
    steps = moment.steps if panel.trains else 0
    stops = sorted({round(steps * part / FILMED) for part in range(FILMED + 1)}
                   | {one.step for one in moment.changes if one.step <= steps})
    changes = {one.step: one.values for one in moment.changes}
    film: list[Seen] = []
    before: Mapping[str, Any] = {}
    for stop in stops:
        told(stop, steps)
        trial.train(stop - trial.step)
        if trial.step < stop:  # it has settled
            break
        if stop in changes:
            before = observed(trial.shown())
            trial.params = changed(trial.params, **changes[stop])
        if stop < steps:
            film.append(_seen(trial, at_rest=False))
    shown = trial.shown()
    film = [one for one in film if one.step < shown.step] + [_seen(trial, at_rest=True)]
    record = Record(
        panel=panel.id, params=moment.params, seed=int(getattr(moment.params, "seed", 0)),
        changes=tuple(one for one in moment.changes if one.step <= shown.step), device=trial.device,
        threads=1, versions=versions(), history=shown.history, film=film, step=shown.step)
    return shown, before, record


def _seen(trial: Trial, *, at_rest: bool) -> Seen:
    frame = trial.frame(at_rest=at_rest)
    return Seen(trial.step, trial.params, frame, trial.measuring.step if trial.measuring.able else trial.step)


def greatest_difference(record: Record, shown: Shown[Any, Any]) -> tuple[str, float]:
    """The field in which a kept run is least like what is shown now, and by how much of its greatest
    value; ``("", 0.0)`` where they are the same bit for bit, and infinite for what is no number."""
    kept = record.film[-1]
    if kept.step != shown.step:
        return "step", math.inf
    worst, most = "", 0.0
    for one in fields(kept.frame):
        if not is_clock(one.name):
            apart = _apart(getattr(kept.frame, one.name), getattr(shown.frame, one.name))
            if apart > most:
                worst, most = one.name, apart
    return worst, most


def _apart(a: Any, b: Any) -> float:
    one, other = np.asarray(a), np.asarray(b)
    if one.shape != other.shape:
        return math.inf
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return 0.0 if np.array_equal(one, other) else math.inf
    first, second = one.astype(np.float64), other.astype(np.float64)
    if np.array_equal(first, second, equal_nan=True):
        return 0.0
    if not np.array_equal(np.isfinite(first), np.isfinite(second)):
        return math.inf
    there = np.isfinite(first)
    size = max(np.abs(first[there]).max(), np.abs(second[there]).max())
    return float(np.abs(first[there] - second[there]).max() / size) if size else 0.0
