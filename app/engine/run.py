"""What a worker knows of the run it is at, in parts that each keep what belongs together. No clock is read
here: whoever tells them something says when."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.measuring import Measuring
from app.engine.protocol import Begin, Change, Grant, Look, Pace
from app.engine.thinning import Thinned
from visualizers.panel import Context

MOST_KEYFRAMES = 64

NOTHING: Mapping[str, NDArray[np.float64]] = {}


@dataclass
class Keyframe:
    """A copy of the experiment, and torch's global random state beside it."""

    experiment: Any
    random: Any


@dataclass
class Keyframes:
    """The copies that are kept.

    Attributes:
        kept: by their steps.
        able: whether the experiment can be copied, and a copy fits.
        cost: seconds that the last one took.
        at: when it was made.
    """

    kept: Thinned[Keyframe]
    able: bool = True
    cost: float = 0.0
    at: float = 0.0

    @classmethod
    def within(cls, budget: int) -> Keyframes:
        """None yet; they may take so many bytes."""
        return cls(Thinned(budget, MOST_KEYFRAMES))

    def fits(self, size: int, step: int) -> bool:
        """Whether a copy of so many bytes has room beside the first one, which stays."""
        first = 0 if step == 0 else next((moment.size for moment in self.kept), 0)
        return size <= self.kept.budget - first


@dataclass
class News:
    """Scalars and changes that the window has not been told.

    Attributes:
        first: the step before the first of the scalars.
        rows: those of single steps, after those in ``chunks``.
    """

    first: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    chunks: list[dict[str, NDArray[np.float64]]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def scalars(self) -> bool:
        """Whether there are any."""
        return bool(self.rows or self.chunks)

    def forget_scalars(self) -> None:
        self.rows, self.chunks = [], []

    def begin_at(self, step: int) -> None:
        """There is nothing to tell of the steps up to this one."""
        self.forget_scalars()
        self.changes, self.first = [], step

    def gather(self, measured: Mapping[str, float]) -> None:
        """Turn the rows into arrays; what was not ``measured`` at a step is NaN there."""
        rows, self.rows = self.rows, []
        if rows:
            self.chunks.append({
                name: np.fromiter((row.get(name, math.nan) for row in rows), np.float64, len(rows))
                for name in {**rows[0], **measured}
            })

    def take(
        self, step: int, measured: Mapping[str, float]
    ) -> tuple[Mapping[str, NDArray[np.float64]], int, tuple[Change, ...]]:
        """All of it up to ``step``, about to be told: the scalars, the step before the first of
        them, and the changes."""
        self.gather(measured)
        chunks, first, changes = self.chunks, self.first, tuple(self.changes)
        self.begin_at(step)
        if not chunks:
            return NOTHING, first, changes
        if len(chunks) == 1:
            return chunks[0], first, changes
        joined = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
        return joined, first, changes


@dataclass
class LastFrame:
    """What the window has last been shown.

    Attributes:
        fresh: whether all that it showed was of its step.
        at: when it was sent.
        cost: seconds that it took, measured, made and sent.
    """

    step: int = -1
    version: int = 0
    fresh: bool = True
    at: float = 0.0
    cost: float = 0.0


@dataclass
class Beat:
    """When the next frame comes.

    Attributes:
        left: steps until it, at a pace that counts them.
        due: when it is due.
    """

    pace: Pace = field(default_factory=Pace)
    left: int = 0
    due: float = 0.0

    def change(self, pace: Pace) -> None:
        """Another pace from now on; at the same one a stretch that has begun goes on."""
        if pace != self.pace:
            self.pace, self.left, self.due = pace, 0, 0.0

    def after(self, now: float) -> float:
        """When the next frame is due: in step with those before, unless this one is far too late."""
        late = now - self.due
        return (self.due if 0 <= late < self.pace.interval / 2 else now) + self.pace.interval


@dataclass
class Speedometer:
    """Steps a second of training alone."""

    per_second: float = 0.0
    _seconds: float = 0.0
    _steps: int = 0

    def trained(self, steps: int, seconds: float) -> None:
        self._seconds += seconds
        self._steps += steps
        if self._seconds > 0.25:
            self.per_second = self._steps / self._seconds
            self._seconds, self._steps = 0.0, 0

    def read(self) -> float:
        """0 where it is not known yet."""
        if not self.per_second and self._seconds:
            self.per_second = self._steps / self._seconds
        return self.per_second


@dataclass
class Present:
    """The newest state of a run, set aside while an earlier one is looked at."""

    experiment: Any
    random: Any
    step: int
    params: Any
    trained: Any
    ended: bool
    diverged: bool


@dataclass(frozen=True)
class Way:
    """A step is being trained up to: one that was recalled, or else the end of a replay."""

    goal: int
    recalled: bool


@dataclass
class Run:
    """One run of one experiment, and where it stands."""

    begin: Begin
    token: int
    device: str
    threads: int
    experiment: Any
    context: Context
    params: Any  # for the next step and the next frame
    trained: Any  # those that the last step was trained with
    keyframes: Keyframes
    measuring: Measuring
    calibrated: bool
    step: int = 0
    version: int = 0
    changes: list[Change] = field(default_factory=list)
    granted: int = 0  # credits, in all
    credits: int = 0  # of them that are left
    recalls: int = 0
    ended: bool = False
    diverged: bool = False
    way: Way | None = None
    later: list[Grant | Look] = field(default_factory=list)  # what arrived on the way
    told_at: float = 0.0  # when progress on the way was told
    present: Present | None = None
    beat: Beat = field(default_factory=Beat)
    last: LastFrame = field(default_factory=LastFrame)
    news: News = field(default_factory=News)
    speed: Speedometer = field(default_factory=Speedometer)
    memory: int = 0
    memory_at: float = -1.0

    def params_at(self, step: int) -> Any:
        """The parameters that step ``step`` was trained with, the first ones for step 0."""
        params = self.begin.params
        for change in self.changes:
            if change.step < step:
                params = dataclasses.replace(params, **change.values)
        return params
