"""An experiment run by the plain loop, in this process: no engine, no window.

Headless commands and tests use it, and ``bench`` compares the window with it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.engine import machine
from app.tours import Observation, walk
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

    def train(self, steps: int) -> None:
        """Train ``steps`` steps; fewer when the experiment finishes. Nothing for a still panel."""
        if not self.panel.trains:
            return
        for _ in range(steps):
            if getattr(self.experiment, "finished", False):
                return
            scalars = self.experiment.step(self.params)
            self.history.extend({name: np.array([value], dtype=np.float64)
                                 for name, value in scalars.items()})

    def frame(self) -> Any:
        """What there is to draw now."""
        return self.experiment.frame(self.params)

    def shown(self) -> Shown[Any, Any]:
        """What a view draws now."""
        return Shown(self.frame(), self.params, self.history.copy(), len(self.history))

    def copy(self) -> Trial:
        """An independent twin, as a keyframe would be."""
        twin = copy.copy(self)
        shared = [getattr(self.experiment, name) for name in getattr(self.experiment, "shared", ())]
        memo: dict[int, Any] = {id(one): one for one in (*shared, self._context.data)}
        twin.experiment = copy.deepcopy(self.experiment, memo)
        twin.history = self.history.copy()
        return twin


def take_tour(
    panel: Panel, seed: int | None = None, **options: Any
) -> Iterator[Observation]:
    """Walk the panel's tour with the plain loop, beginning with its own seed or another one."""
    trial: Trial | None = None

    def run(params: Any, steps: int, before: Shown[Any, Any] | None) -> Shown[Any, Any]:
        nonlocal trial
        if before is None or trial is None:
            trial = Trial(panel, params, **options)
        trial.params = params
        trial.train(steps)
        return trial.shown()

    return walk(panel, run, seed)
