"""What becomes of a run. Each phase carries what must be known to go on from it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Literal

Then = Literal["wait", "play"] | int  # what comes after a start; a number of steps, then waiting


class State(Enum):
    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True)
class Idle:
    state: ClassVar[State] = State.IDLE


@dataclass(frozen=True)
class Starting:
    """On the way to a first frame: a set-up, a repetition, or a branch."""

    state: ClassVar[State] = State.STARTING
    then: Then = "wait"


@dataclass(frozen=True)
class Running:
    state: ClassVar[State] = State.RUNNING


@dataclass(frozen=True)
class Finished:
    """The experiment has nothing more to do, until other values wake it.

    Attributes:
        playing: whether it was played till then; it plays on when it is woken, except
            where the past is looked at.
    """

    state: ClassVar[State] = State.FINISHED
    playing: bool = False


@dataclass(frozen=True)
class Diverged:
    state: ClassVar[State] = State.DIVERGED


@dataclass(frozen=True)
class Paused:
    """It stands still.

    Attributes:
        ended: how it had ended before, where a value that can be mended was refused since.
        then: what was to come after its start, where another run is about to take its place.
        behind: whether the recorded run that is shown is repeated meanwhile, and nobody waits for it.
    """

    state: ClassVar[State] = State.PAUSED
    ended: Finished | Diverged | None = None
    then: Then = "wait"
    behind: bool = False


@dataclass(frozen=True)
class Failed:
    state: ClassVar[State] = State.FAILED


Phase = Idle | Starting | Running | Paused | Finished | Diverged | Failed


def ended(phase: Phase) -> Finished | Diverged | None:
    """How the run has ended, if it has."""
    match phase:
        case Finished() | Diverged():
            return phase
        case Paused(ended=how):
            return how
    return None
