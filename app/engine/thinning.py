"""A list of moments of a run within a byte budget: keyframes in the worker, the film in the window."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Moment(Generic[T]):
    step: int
    item: T
    size: int


class Thinned(Generic[T]):
    """Moments in the order of their steps; when full, every other one goes and the gap doubles.

    The first is always kept. ``gap`` is the least number of steps that a new moment should be away
    from the last one, so that a run of any length ends up covered evenly.
    """

    def __init__(self, budget: int, most: int) -> None:
        self.budget, self.most, self.gap = budget, most, 1
        self.size = 0
        self._moments: list[Moment[T]] = []

    def __len__(self) -> int:
        return len(self._moments)

    def __iter__(self) -> Iterator[Moment[T]]:
        return iter(self._moments)

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(moment.step for moment in self._moments)

    def last(self) -> Moment[T] | None:
        return self._moments[-1] if self._moments else None

    def add(self, step: int, item: T, size: int) -> None:
        """Append, or replace the moment of the same step. Steps must not go backwards."""
        if self._moments and self._moments[-1].step == step:
            self.size -= self._moments.pop().size
        self._moments.append(Moment(step, item, size))
        self.size += size
        while len(self) > 2 and (self.size > self.budget or len(self) > self.most):
            self._thin()

    def before(self, step: int) -> Moment[T] | None:
        """The last moment at or before ``step``."""
        index = bisect_right(self._moments, step, key=lambda moment: moment.step)
        return self._moments[index - 1] if index else None

    def nearest(self, step: int) -> Moment[T] | None:
        return min(self._moments, key=lambda moment: abs(moment.step - step), default=None)

    def truncate(self, step: int) -> None:
        """Forget everything after ``step``."""
        self._moments = [moment for moment in self._moments if moment.step <= step]
        self.size = sum(moment.size for moment in self._moments)

    def _thin(self) -> None:
        # Counted from the front, so that the first stays and the pattern stays regular; the newest
        # may go, which costs nothing: the run itself stands there.
        self._moments = self._moments[::2]
        self.size = sum(moment.size for moment in self._moments)
        first, last = self._moments[0], self._moments[-1]
        self.gap = max(self.gap, (last.step - first.step) // max(1, len(self) - 1))
