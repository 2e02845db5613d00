"""An experiment run by the plain loop, in this process: no engine, no window.

Headless commands and tests use it, and ``bench`` compares the window with it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.engine import machine
from app.engine.measuring import Measuring, has_finished, idle_controls
from app.session.tours import Observation, load_tour, traced, walk
from visualizers.data import Data
from visualizers.panel import Context, History, Panel, Shown, load


class Trial:
    """A run of a panel's experiment that its owner steps by hand.

    Attributes:
        experiment: the experiment itself.
        params: the values that the next step and frame obey.
        history: scalars of every step so far.
    """

    def __init__(
        self, panel: Panel, params: Any = None, *, device: str = "cpu", threads: int = 1,
        data: Data | None = None, on_progress: Callable[[int, int, str], None] | None = None,
        on_note: Callable[[str, dict[str, object]], None] | None = None,
    ) -> None:
        self.panel = panel
        self.params = panel.params() if params is None else params
        self.history = History()
        seed = int(getattr(self.params, "seed", 0))
        self.device = machine.choose_device(device)
        machine.set_threads(threads, self.device)
        machine.seed_all(seed)
        self._context = Context(device=self.device, seed=seed, data=data or Data())
        if on_progress:
            self._context.on_progress = on_progress
        if on_note:
            self._context.on_note = on_note
        self.experiment = load(panel.experiment)(self.params, self._context)
        self.measuring = Measuring(self.experiment)
        self._measure(at_rest=True)

    @property
    def step(self) -> int:
        """Steps trained so far."""
        return len(self.history)

    def train(self, steps: int) -> None:
        """Train ``steps`` steps; fewer when the experiment finishes. Nothing for a still panel."""
        if not self.panel.trains:
            return
        for _ in range(steps):
            if has_finished(self.experiment, self.params):
                return
            scalars = self.experiment.step(self.params)
            self.history.extend({name: np.array([value], dtype=np.float64)
                                 for name, value in scalars.items()})
            if self.measuring.every and self.step % self.measuring.every == 0:
                self.history.fill(self.step, self.measuring.take(
                    self.experiment, self.params, self.step))

    def _measure(self, *, at_rest: bool) -> None:
        self.measuring.refresh(self.experiment, self.params, self.step, at_rest=at_rest)
        if self.measuring.able:
            self.history.fill(self.measuring.step, self.measuring.scalars)

    def frame(self, *, at_rest: bool = True) -> Any:
        """What there is to draw now: at rest, or as a run that plays on would show it."""
        self._measure(at_rest=at_rest)
        return self.experiment.frame(self.params)

    def shown(self, *, at_rest: bool = True) -> Shown[Any, Any]:
        """What a view draws now."""
        frame = self.frame(at_rest=at_rest)
        return Shown(frame, self.params, self.history.copy(), self.step,
                     measured=self.measuring.step if self.measuring.able else self.step,
                     idle=idle_controls(self.experiment, self.params))

    def copy(self) -> Trial:
        """An independent twin, as a keyframe would be."""
        twin = copy.copy(self)
        shared = [getattr(self.experiment, name) for name in getattr(self.experiment, "shared", ())]
        memo: dict[int, Any] = {id(one): one for one in (*shared, self._context.data)}
        twin.experiment = copy.deepcopy(self.experiment, memo)
        twin.history, twin.measuring = self.history.copy(), copy.copy(self.measuring)
        return twin


def take_tour(
    panel: Panel, seed: int | None = None, **options: Any
) -> Iterator[Observation]:
    """Walk the panel's tour with the plain loop, beginning with its own seed or another one.

    Nobody looks between two steps, so nothing is measured there, unless a step looks back at it.
    """
    trial: Trial | None = None
    looked_back_at = traced(load_tour(panel))

    def run(params: Any, steps: int, before: Shown[Any, Any] | None) -> Shown[Any, Any]:
        nonlocal trial
        if before is None or trial is None:
            trial = Trial(panel, params, **options)
            if not looked_back_at & trial.measuring.scalars.keys():
                trial.measuring.every = 0
        trial.params = params
        trial.train(steps)
        return trial.shown()

    return walk(panel, run, seed)
