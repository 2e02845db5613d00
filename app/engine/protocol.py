"""What the window and a worker say to each other.

Messages cross a pipe between two processes of this program, so they may be any picklable Python
objects; nothing here is ever read from a file. No Qt, no torch.

The flow is governed by *credits*. A worker trains while it holds a credit and uses one up with each
frame it sends; the window grants two ahead and then one for every frame that was painted. So a
window that is slow, hidden, paused or stepping simply grants less, and nothing can pile up. Credits
can also be given up, by a pause or on the way to an earlier step; so both sides count them up from
the run's beginning, and each frame says how many are gone, in whatever way.

Parameters ride on grants, the latest wins: the window keeps at most one version on the way and sends
the newest one when a frame says that the last has arrived. Every live change is recorded with the
step at which it took effect, which is what makes a run replayable bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """Parameter values that took effect before step ``step + 1`` was trained."""

    step: int
    values: Values


@dataclass(frozen=True)
class Pace:
    """How training and frames relate.

    Attributes:
        steps: steps for each frame; ``None`` trains on until a frame is due ("max" speed).
        interval: least time between two frames in seconds.
    """

    steps: int | None = None
    interval: float = 1 / 31


# --- window → worker ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Warm:
    """Import these modules now, so that the next run starts at once."""

    modules: tuple[str, ...]


@dataclass(frozen=True)
class Begin:
    """Build an experiment, send its first frame, then wait for credits.

    Answered at once by a ``Progress`` of nothing, so that the window knows that it was heard.

    Attributes:
        run: the token of the run; everything about it carries this number.
        experiment: ``"module:Class"``.
        params: the params object.
        seed: of the run's generator.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        threads: torch's threads; 0 calibrates (one, or all but one core).
        pace: see ``Pace``.
        trains: whether the experiment has a ``step``.
        changes: of a recorded run; replayed while training up to step ``until``.
        until: train to this step before the first frame (a replay: continuing a file, or a branch).
        keyframe_bytes: what keyframes may take in all.
        datapack: folder of the data pack.
    """

    run: int
    experiment: str
    params: Any
    seed: int = 0
    device: str = "auto"
    threads: int = 0
    pace: Pace = Pace()
    trains: bool = True
    changes: tuple[Change, ...] = ()
    until: int = 0
    keyframe_bytes: int = 64 << 20
    datapack: str = ""


@dataclass(frozen=True)
class Grant:
    """Credits, and with them perhaps new parameters (``version`` counts their changes)."""

    run: int
    credits: int
    params: Any = None
    version: int = 0


@dataclass(frozen=True)
class Look:
    """Send one frame of the present state under these parameters, without training."""

    run: int
    params: Any
    version: int


@dataclass(frozen=True)
class Hold:
    """Give up all credits: pause. Answered by ``Held``, after a frame of any step not yet seen."""

    run: int


@dataclass(frozen=True)
class SetPace:
    """Another pace from now on."""

    run: int
    pace: Pace


@dataclass(frozen=True)
class Recall:
    """Go to an earlier step and send its frame: restore the keyframe before it and train up to it.

    All credits are given up. Frames count the recalls before them, so that an answer is known from
    what was on its way already. A newer recall takes the place of one that is not answered yet.

    The worker stays there; the next grant trains on from that step (this is *branch from here*:
    the window gives the branch a new token with ``rename``). The run's newest state is kept, so
    that a ``Recall`` to it comes back. Trained again, each step gets the parameters it first had.
    """

    run: int
    step: int
    rename: int | None = None


@dataclass(frozen=True)
class End:
    """Drop the run and wait for another ``Begin``."""

    run: int


@dataclass(frozen=True)
class Quit:
    """Leave the process."""


# --- worker → window ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """The process is up and torch is imported."""

    pid: int


@dataclass(frozen=True)
class Began:
    """The experiment is built. ``threads`` and ``device`` are those really used.

    Sent again when the threads have been calibrated, which is after the first frame.
    """

    run: int
    device: str
    threads: int


@dataclass(frozen=True)
class Progress:
    """A long set-up: ``done`` of ``total`` ``what`` (an English text to be translated)."""

    run: int
    done: int
    total: int
    what: str


@dataclass(frozen=True)
class Note:
    """One line for the user (an English text with placeholders)."""

    run: int
    text: str
    values: Values


@dataclass(frozen=True)
class Held:
    """All credits are given up: frames paid with older ones have all been sent before this."""

    run: int


@dataclass(frozen=True)
class Framed:
    """A frame, with the scalars of all steps since the last one.

    Attributes:
        step: steps trained so far; 0 is the initial state.
        frame: the panel's frame object.
        params: the parameters it obeys.
        scalars: name to float64 array, one value for each step after ``first``; none are lost.
        first: the step before the first of ``scalars``.
        version: the newest parameters' version that this frame obeys.
        changes: live changes that took effect since the last frame.
        steps_per_second: of training alone, 0 where it is not known yet.
        memory: resident bytes of the worker (plus the device's, where there is one).
        spent: how many of the run's credits are used up or given up.
        recalls: how many recalls of the run were heard before this frame.
        recalled: whether the worker stands at an earlier step, where a ``Recall`` took it.
        finished: the experiment has nothing more to do.
        measured: the scalars of the last measurement; empty where an experiment measures nothing.
        measured_at: the step it was made at: this one whenever the run stands still, and where
            nothing is measured.
        idle: control → why moving it can change nothing now.
        cost: seconds that the frame before this one took, measured, made and sent.
    """

    run: int
    step: int
    frame: Any
    params: Any
    scalars: Mapping[str, NDArray[np.float64]]
    first: int
    version: int
    changes: tuple[Change, ...] = ()
    steps_per_second: float = 0.0
    memory: int = 0
    spent: int = 0
    recalls: int = 0
    recalled: bool = False
    finished: bool = False
    measured: Mapping[str, float] = field(default_factory=dict)
    measured_at: int = 0
    idle: Mapping[str, str] = field(default_factory=dict)
    cost: float = 0.0


@dataclass(frozen=True)
class Diverged:
    """The loss stopped being finite. The scalars up to that step come along.

    Attributes:
        step: the step whose loss is not finite.
        good: the last keyframe before it, to go back to.
    """

    run: int
    step: int
    good: int
    scalars: Mapping[str, NDArray[np.float64]]
    first: int
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Failed:
    """Anything that went wrong, as one plain sentence and the details to copy.

    ``message`` is English with placeholders for ``values``. ``fatal``: the process is gone.
    ``over``: the run is gone; else it waits, paused, for other parameters.
    """

    run: int
    message: str
    values: Values
    details: str
    fatal: bool = False
    over: bool = True
