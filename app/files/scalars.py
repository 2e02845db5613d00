"""The scalars of a run as a table for other programs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from visualizers.files import Told, nobody, replacing
from visualizers.panel import History

TOLD_EVERY = 2000  # lines


def save_csv(history: History, path: Path, told: Told = nobody) -> int:
    """A line for every step that the history keeps, empty where a scalar was not measured.

    What was measured before the first step is line 0.

    Args:
        told: is told how far it is; what it raises ends the work, and an old file stays whole.

    Returns:
        How many steps it has.

    Raises:
        Refusal: it cannot be written.
    """
    steps, columns = history.steps, [history[name] for name in history.names]
    with replacing(path) as file, file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["step", *history.names])
        if history.start:
            writer.writerow([0, *(_cell(history.start.get(name, np.nan)) for name in history.names)])
        for row, step in enumerate(steps.tolist()):
            if row % TOLD_EVERY == 0:
                told(row, len(steps))
            writer.writerow([int(step), *(_cell(column[row]) for column in columns)])
    return len(steps)


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))
