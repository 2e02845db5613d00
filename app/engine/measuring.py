"""What an experiment may be asked besides its steps and frames: to be measured, and if it is done."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from visualizers.panel import MEASURE_EVERY

NOTHING: Mapping[str, Any] = {}


class Measuring:
    """What was last measured of an experiment, and when it has to be measured again.

    It is measured on a schedule of steps, and before anyone looks at it at rest.

    Attributes:
        every: steps between two measurements of the schedule; 0 for none.
        step: that of the last measurement; -1 before there is one.
        scalars: what it gave.
        cost: seconds that it took.
    """

    def __init__(self, experiment: Any) -> None:
        self.able = hasattr(experiment, "measure")
        self.every: int = getattr(experiment, "measure_every", MEASURE_EVERY) if self.able else 0
        self._reads: tuple[str, ...] = getattr(experiment, "measure_reads", ())
        self.step, self.cost, self.scalars = -1, 0.0, NOTHING
        self._values: tuple[Any, ...] = ()

    def forget(self) -> None:
        """The experiment stands at another step now."""
        self.step = -1

    def take(self, experiment: Any, params: Any, step: int) -> Mapping[str, float]:
        """Measure the experiment, which stands at ``step``."""
        started = perf_counter()
        self.scalars = {**experiment.measure(params)}
        self.step, self._values = step, self._read(params)
        self.cost = perf_counter() - started
        return self.scalars

    def refresh(self, experiment: Any, params: Any, step: int, *, at_rest: bool) -> None:
        """Measure it if what is known would be shown as what it is not.

        While a run plays, an earlier step's measurement may stay, for it is shown as such; that of
        other parameters may not.
        """
        if self.able and (self.step < 0 or self._values != self._read(params)
                          or (at_rest and self.step != step)):
            self.take(experiment, params, step)

    def _read(self, params: Any) -> tuple[Any, ...]:
        return tuple(getattr(params, name) for name in self._reads)


def has_finished(experiment: Any, params: Any) -> bool:
    """Whether it has nothing more to do under these parameters."""
    return hasattr(experiment, "finished") and bool(experiment.finished(params))


def idle_controls(experiment: Any, params: Any) -> Mapping[str, str]:
    """The controls that can change nothing now, each with the reason."""
    return dict(experiment.idle(params)) if hasattr(experiment, "idle") else NOTHING
