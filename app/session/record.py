"""What is known of a run: enough to show it again, and to repeat it bit for bit."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any

from app.engine.protocol import Change
from visualizers.panel import History


@dataclass(frozen=True)
class Seen:
    """One filmed moment.

    Attributes:
        measured: the step to which what is measured seldom belongs; ``step`` itself at rest.
    """

    step: int
    params: Any
    frame: Any
    measured: int


@dataclass(frozen=True)
class Record:
    """Everything that a run file holds.

    Attributes:
        panel: its id.
        params: at the start of the run.
        changes: of live parameters, in the order of their steps.
        seed: of the run's generator.
        device: where it was trained.
        threads: of torch; sums over many threads may round differently.
        versions: of Python, torch, numpy, this program, and the platform.
        history: the scalars of every step.
        film: some moments of the run; the last is the newest.
        step: the last one.
        label: given by the user.
    """

    panel: str
    params: Any
    changes: tuple[Change, ...]
    seed: int
    device: str
    threads: int
    versions: Mapping[str, str]
    history: History
    film: list[Seen] = field(default_factory=list)
    step: int = 0
    label: str = ""


@cache  # leaving a panel asks for them
def versions() -> dict[str, str]:
    """What a repetition should be compared with. torch is asked for its version, not imported."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name, package in {"program": "bigmodels-lab", "torch": "torch", "numpy": "numpy"}.items():
        try:
            found[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found
