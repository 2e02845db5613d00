"""Joins one panel, one worker and one page: what is running, what is shown, what was.

All of it happens in the window's thread. The session never waits for the worker: it looks into the
pipe every few milliseconds while an answer is due, and seldom otherwise.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.engine.client import Worker
from app.engine.pool import Workers
from app.engine.protocol import (
    Began,
    Begin,
    Diverged,
    End,
    Failed,
    Framed,
    Grant,
    Held,
    Hold,
    Look,
    Note,
    Pace,
    Progress,
    Recall,
    SetPace,
)
from app.session.pins import Pinned, Pins
from app.session.rate import Rate
from app.session.record import Record, Seen, versions
from app.session.timeline import Timeline
from visualizers.catalog import Said
from visualizers.panel import Ghost, History, Panel, Shown
from widgets.controls.parameters import changed, needs_restart
from widgets.controls.speeds import Speed
from widgets.theme.words import tr_mark

AHEAD = 2  # credits
SOON, SELDOM = 8, 250  # ms between two looks into the pipe: an answer is due, or not
STATS_EVERY = 0.25  # s
RESTART_EVERY = 0.15  # s, while a parameter that restarts is dragged
UNHEARD = 1.0  # s that a busy worker may ignore a new run before another one takes over
NEWEST = 1 << 62  # as a step: wherever the run has come to
NOWHERE = -1  # as a step: nobody knows, after an error, where the worker stands

# A token is never used twice in this process, whichever session or worker it was for.
_tokens = itertools.count(1)


class State(Enum):
    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"


PACES = {
    Speed.MAX: Pace(),
    Speed.FRAME: Pace(1),
    Speed.FIVE: Pace(1, 0.2),
    Speed.ONE: Pace(1, 1.0),
}


@dataclass(frozen=True)
class Failure:
    """What went wrong: an English sentence with placeholders, and details to copy.

    Attributes:
        good: for a run that diverged, a step to go back to.
        over: whether the run is gone; else it waits for other parameters.
    """

    message: str
    values: dict[str, object]
    details: str
    good: int | None = None
    over: bool = True


class Session(QObject):
    """One panel's runs.

    Args:
        panel: whose experiment is run.
        pool: where workers come from.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        threads: torch's; 0 measures what is best.
        datapack: folder of the data pack; empty for the usual one.
        film_bytes: what the filmed frames may take.
        patience: seconds without an answer after which a run counts as stuck.
        starting_patience: the same during a set-up that reports no progress.
    """

    state_changed = Signal(object)  # State
    shown = Signal(object)  # Shown: draw it now
    moving = Signal(object)  # the values that a learner is about to set
    params_changed = Signal(object)
    progress = Signal(int, int, str)
    noted = Signal(str, object)
    failed = Signal(object)  # Failure
    runs_changed = Signal()
    stats_changed = Signal()

    def __init__(
        self, panel: Panel, pool: Workers, *, device: str = "auto", threads: int = 0,
        datapack: str = "", film_bytes: int = 24 << 20, patience: float = 20.0,
        starting_patience: float = 120.0, parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.panel, self.pool = panel, pool
        self._pins = Pins(panel)
        self._device_wanted, self._threads_wanted = device, threads
        self._datapack, self._film_bytes = datapack, film_bytes
        self._patience, self._starting_patience = patience, starting_patience
        self._speed = panel.speed
        self._visible = True
        self._by_hand = True
        self._state = State.IDLE
        self._params: Any = panel.params()
        self._worker: Worker | None = None
        self._begin_message: Begin | None = None  # waits until the worker heard the one before
        self._last_begin: Begin | None = None
        self._unheard: int | None = None
        self._unheard_for = 0.0  # seconds, since it could hear
        self._restarted = 0.0
        self._told_stats = 0.0
        self._ticked = monotonic()
        self._silence = 0.0
        self._fresh = False  # there are scalars to show without a new frame
        self.device, self.threads = "", 0
        self.steps_per_second, self.memory = 0.0, 0  # the first is what training could
        self.frame_cost = 0.0  # seconds of the worker's
        self._rate = Rate()
        self._sent = 0
        self._forget(Timeline(self._params, film_bytes))

        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._applying = QTimer(self)
        self._applying.setSingleShot(True)
        self._applying.timeout.connect(self._apply)

    def _forget(self, timeline: Timeline) -> None:
        """A new run. What is shown stays until its first frame."""
        self._token = next(_tokens)
        self._pins.relabel()
        self._timeline = timeline
        self._told = timeline.start
        self.notes: list[tuple[str, dict[str, object]]] = []  # what the experiment told the user
        self.lacking: tuple[str, ...] = ()  # texts and models that others stand in for
        self._playing = False  # as soon as there is a first frame
        self._stepping = 0  # steps to train as soon as there is a first frame
        self._ended = self._ended_playing = False
        self._idle: Mapping[str, str] = {}
        self._quiet_worker()
        self._version = self._sent = self._obeyed = 0

    def _quiet_worker(self) -> None:
        """The worker has nothing of this run yet, or nothing any more."""
        self._begun = False
        self._granted = self._spent = 0  # credits since the run began
        self._stride = 1  # steps that a credit is for, while single steps are trained
        self._holding = 0
        self._recalls = 0  # sent
        self._at: int | None = None  # the earlier step at which the worker stands
        self._recalling: int | None = None  # on the way there
        self._obeyed = self._sent  # no answer will come to what has been sent

    def _to_present(self) -> None:
        """Look at the present: at once, for nobody knows when the next frame of it comes."""
        if self._timeline.look_at_present():
            self._show()

    # --- what can be read ------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._state

    @property
    def params(self) -> Any:
        """What the controls show."""
        return self._params

    @property
    def history(self) -> History:
        """Of the whole run, whatever is being looked at."""
        return self._timeline.history

    @property
    def last_step(self) -> int:
        """The newest step that has been seen."""
        return self._timeline.last_step

    @property
    def step_shown(self) -> int:
        """The step that is being looked at."""
        return self._timeline.seen.step if self._timeline.seen else 0

    @property
    def looking_at(self) -> str:
        """``"past"`` or ``"present"``."""
        return "present" if self._timeline.past is None else "past"

    @property
    def film_steps(self) -> tuple[int, ...]:
        """The steps that can be shown at once."""
        return self._timeline.film.steps

    @property
    def untouched(self) -> bool:
        """Whether nobody has trained, pinned or opened anything here yet."""
        return not self.last_step and not self._pins.runs and self._timeline.recorded is None \
            and not self.playing

    @property
    def standing_in(self) -> dict[str, str]:
        """Title of a chosen text or model that is not here → of what is shown in its place."""
        return {str(values["wanted"]): str(values.get("title", values.get("model", "")))
                for _, values in self.notes if "wanted" in values}

    @property
    def playing(self) -> bool:
        """Whether it trains, or will as soon as it has started."""
        return self._state is State.RUNNING or (self._state is State.STARTING and self._playing)

    @property
    def rate(self) -> float:
        """Steps a second that it really goes on by now, at the speed at which it is played."""
        return self._rate.per_second

    @property
    def speed(self) -> Speed:
        return self._speed

    @property
    def _pace(self) -> Pace:
        return PACES[self._speed]

    @property
    def worker_pid(self) -> int:
        return self._worker.pid if self._worker else 0

    @property
    def worker_ready(self) -> bool:
        """Whether the worker has imported what it needs; else it is only starting."""
        return self._worker is not None and self._worker.ready

    @property
    def ghosts(self) -> tuple[Ghost[Any, Any], ...]:
        """The pinned runs, each labelled by what differs from the present one."""
        return self._pins.ghosts(
            self._timeline.start, self._timeline.changes, len(self.history), self._params)

    @property
    def pinned(self) -> tuple[Pinned, ...]:
        """The pinned runs as they are kept, for ``set_pinned``."""
        return self._pins.runs

    def current(self) -> Shown[Any, Any] | None:
        """What to draw now; ``None`` before the first frame."""
        seen = self._timeline.seen
        if seen is None:
            return None
        # A branch on its way is older in its picture than in its curves.
        whole = self._timeline.past is None and self._state is not State.STARTING
        history = self.history if whole else self.history.until(seen.step)
        return Shown(seen.frame, seen.params, history, seen.step, self.ghosts, seen.measured,
                     self._idle)

    # --- what a learner does ---------------------------------------------------------------

    def open(self, params: Any = None) -> None:
        """Start a run; its first frame comes without playing."""
        if params is not None and params != self._params:
            self._params = params
            self._pins.relabel()
            self.params_changed.emit(params)
        self._new_run()

    def play(self) -> None:
        """Train on from the present; from an earlier step only where the run has ended."""
        if not self.panel.trains:
            return
        match self._state:
            case State.IDLE:
                self.open()
                self._playing = True
            case State.STARTING:
                self._playing = True
                self.stats_changed.emit()
            case State.PAUSED | State.FINISHED | State.DIVERGED if self._ended:
                if self._timeline.past is not None:
                    self.branch(playing=True)
            case State.PAUSED if not self._begun:
                self._to_present()
                self._replay()
                self._playing = True
            case State.PAUSED:
                self._to_present()
                self._go()

    def pause(self) -> None:
        if self._state is State.STARTING:
            self._stepping = 0
        elif self._state is State.RUNNING:
            self._hold()
            self._set_state(State.PAUSED)
        self._playing = False
        self.stats_changed.emit()

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def step(self, count: int = 1) -> None:
        """So many steps on: of the past if that is being looked at, else of training."""
        if not self.panel.trains or self._state in (State.IDLE, State.STARTING, State.FAILED):
            return
        if self._timeline.past is not None and self._aim < self._newest:
            self.seek(self._aim + count, exact=True)
            return
        self.pause()
        if self._state is not State.PAUSED or self._ended:
            return
        self._to_present()
        if not self._begun:
            self._replay()
            self._stepping = count
        elif not self._credits or (self._credits < AHEAD and count == self._stride):
            self._some_steps(count)

    def step_back(self) -> None:
        self.seek(self._aim - 1, exact=True)

    def reset(self) -> None:
        """The same run from its beginning, paused."""
        self._new_run()

    def retry(self) -> None:
        """A new run after a failure; what the failed one had reached stays as a ghost."""
        if self._state is State.FAILED:
            self._keep_as_ghost()
            self._new_run()

    def cancel(self) -> None:
        """Give up a set-up or a repetition that takes too long."""
        if self._state is not State.STARTING:
            return
        self._discard_worker()
        self._playing, self._stepping = False, 0
        self._set_state(State.PAUSED if self._timeline.recorded is not None else State.IDLE)

    def close(self) -> None:
        """End the run and give the worker back."""
        self._timer.stop()
        self._applying.stop()
        if self._worker is not None:
            if self._begun and self._silence < UNHEARD:
                self._send(End(self._token))
                self.pool.give_back(self._worker)
            else:
                self.pool.discard(self._worker)  # it may be deep in something
            self._worker = None
        self._begin_message = self._unheard = None
        self._token = next(_tokens)
        self._quiet_worker()
        self._set_state(State.IDLE)

    def set_params(self, **values: object) -> None:
        """Other values. Live ones reach the run, others start a new one that plays on.

        However many there are in one turn of the event loop, only their sum is acted upon.

        Raises:
            Unfit: a value does not belong to its parameter.
        """
        params = changed(self._params, **values)
        if params == self._params:
            return
        if self._by_hand:
            self.moving.emit(params)
        self._params = params
        self._pins.relabel()
        self.params_changed.emit(params)
        if not self._applying.isActive() and self._state is not State.IDLE:
            self._applying.start(0)

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """What is set within was set by the program, not moved by a learner."""
        before, self._by_hand = self._by_hand, False
        try:
            yield
        finally:
            self._by_hand = before

    def seek(self, step: int, *, exact: bool = False) -> None:
        """Look at an earlier step: the nearest filmed one at once, the very one if ``exact``."""
        newest = self._timeline.newest
        if newest is None or self._state is State.STARTING:
            return
        self.pause()
        step = max(0, min(step, self._newest))
        if step == self.last_step and self._state is not State.DIVERGED and not self._credits:
            self._to_present()
            if newest.params != self._params:
                self._told = None  # moved while the past was looked at: the present shows it, too
                self._tell()
            return
        other = self._timeline.look_back(step, exact=exact and self._begun)
        if self._timeline.heading:
            self._stand()
        if other:
            self._show()

    def branch(self, *, playing: bool = False) -> None:
        """A new run from the step being looked at; the run so far stays as a ghost.

        It waits there, so that something can be changed before it trains, unless it is ``playing``.
        """
        if not self.panel.trains or self._timeline.newest is None or self._state in (
            State.IDLE, State.STARTING
        ):
            return
        self.pause()
        step = min(self._aim, self.last_step)  # what was asked for and not seen is not branched from
        self._keep_as_ghost()
        self._pins.relabel()
        old, self._token = self._token, next(_tokens)
        self._timeline.branch(step)
        self._ended = self._ended_playing = False
        if self._begun:
            self._send(Recall(old, step, rename=self._token))
            self._quiet_worker()
            self._told = None
        else:
            self._replay(step)
        self._playing = playing
        self._set_state(State.STARTING)
        self.runs_changed.emit()

    def pin(self, label: str = "") -> None:
        """Keep the present run as a ghost."""
        one = self._timeline.pinned(label)
        if one is not None:
            self.pin_run(one)

    def pin_run(self, one: Pinned) -> None:
        """Keep any run as a ghost, once; of too many, the oldest goes."""
        if self._pins.add(one):
            self._pins_changed()

    def unpin(self, index: int) -> None:
        self._pins.remove(index)
        self._pins_changed()

    def rename_pin(self, index: int, label: str) -> None:
        self._pins.rename(index, label)
        self._pins_changed()

    def set_pinned(self, pinned: Sequence[Pinned]) -> None:
        """Keep exactly these runs as ghosts."""
        self._pins.replace(pinned)
        self._pins_changed()

    def set_said(self, said: Said) -> None:
        """In which language ghosts are labelled."""
        self._pins.say(said)

    def set_speed(self, speed: Speed) -> None:
        self._speed = speed
        self._rate.rest()
        if self._state is State.RUNNING:
            self._send(SetPace(self._token, self._pace))

    def set_machine(self, device: str, threads: int) -> None:
        """Where the runs that begin from now on are trained."""
        self._device_wanted, self._threads_wanted = device, threads

    def set_visible(self, visible: bool) -> None:
        """A page that nobody sees trains nothing."""
        if visible == self._visible:
            return
        self._visible = visible
        if self._state is State.RUNNING:
            self._rate.rest()
            if visible:
                self._grant(AHEAD)
            else:
                self._hold()

    def painted(self) -> None:
        """The page has painted what was last ``shown``: the worker may send more."""
        if self._state is State.RUNNING and self._visible and self._credits < AHEAD:
            self._grant(AHEAD - self._credits)

    # --- records ---------------------------------------------------------------------------

    def open_record(self, record: Record) -> None:
        """Show a recorded run at once, with nothing trained; ``play`` repeats it and goes on."""
        if self._begun or self._unheard is not None:
            self._send(End(self._token))
        self._begin_message = None
        self._forget(Timeline.of(record, self._film_bytes))
        params = record.params
        for change in record.changes:
            params = dataclasses.replace(params, **change.values)
        self._params = self._told = params
        self.device, self.threads = record.device, record.threads
        self._applying.stop()
        self._pins.relabel()
        self._set_state(State.PAUSED)
        self.params_changed.emit(params)
        self.runs_changed.emit()
        self.stats_changed.emit()
        self._show()

    def record(self, label: str = "") -> Record:
        """All that is known of the present run."""
        timeline, steps = self._timeline, len(self.history)
        if self._state is State.STARTING:
            steps = min(steps, self.last_step)  # a branch that has not begun ends where it was seen
        known = timeline.recorded.versions if timeline.recorded and not self._begun else versions()
        return Record(
            panel=self.panel.id, params=timeline.start,
            changes=timeline.changes_until(steps, self._params),
            seed=int(getattr(timeline.start, "seed", 0)), device=self.device, threads=self.threads,
            versions=known, history=self.history.until(steps).copy(), film=timeline.moments(),
            step=steps, label=label,
        )

    def _replay(self, until: int | None = None) -> None:
        """Build the experiment and repeat the recorded steps, so that it can go on."""
        until, start = len(self.history) if until is None else until, self._timeline.start
        threads, device = self.threads, self.device
        self._token = next(_tokens)
        self._quiet_worker()
        self._told = None
        self._begin(Begin(
            self._token, self.panel.experiment, start, int(getattr(start, "seed", 0)),
            device if device == "cpu" else self._device_wanted, threads, self._pace,
            self.panel.trains, tuple(self._timeline.changes), until, datapack=self._datapack,
        ))

    # --- starting --------------------------------------------------------------------------

    def _new_run(self, *, playing: bool = False) -> None:
        self._restarted = monotonic()
        self._forget(Timeline(self._params, self._film_bytes))
        self._playing = playing
        self._begin(Begin(
            self._token, self.panel.experiment, self._params,
            int(getattr(self._params, "seed", 0)), self._device_wanted, self._threads_wanted,
            self._pace, self.panel.trains, datapack=self._datapack,
        ))
        self.runs_changed.emit()

    def _begin(self, message: Begin) -> None:
        if self._worker is None or not self._worker.alive:
            self._discard_worker()
            self._worker = self.pool.take()
        self._begin_message = message
        if self._unheard is None:
            self._send_begin()
        self._silence = 0.0
        self._set_state(State.STARTING)
        self._retime()

    def _send_begin(self) -> None:
        """At most one unheard run is on its way, so that a stuck worker's pipe never fills."""
        message = self._begin_message
        assert message is not None
        self._begin_message = None
        self._unheard, self._unheard_for = message.run, 0.0
        self._last_begin = message
        self._send(message)

    def _discard_worker(self) -> None:
        if self._worker is not None:
            self.pool.discard(self._worker)
        self._worker = None
        self._unheard = None
        self._begin_message = None
        self._quiet_worker()

    # --- talking to the worker -------------------------------------------------------------

    def _send(self, message: Any) -> None:
        if self._worker is not None:
            self._worker.send(message)
        self._retime()

    def _go(self) -> None:
        self._stand()
        self._send(SetPace(self._token, self._pace))
        self._set_state(State.RUNNING)
        if self._visible:
            self._grant(AHEAD)

    def _some_steps(self, count: int) -> None:
        self._stand()
        self._stride = count
        self._send(SetPace(self._token, Pace(count, 0.0)))
        self._grant(1)

    @property
    def _credits(self) -> int:
        """Those that the worker holds, or that are on their way to it."""
        return self._granted - self._spent

    def _give_up_credits(self) -> None:
        """What is about to be sent, or has been heard, takes all credits from the worker."""
        self._spent = self._granted

    def _grant(self, credits: int) -> None:
        self._granted += credits
        params, version = None, 0
        if self._may_tell():
            params, version = self._next_version()
        self._send(Grant(self._token, credits, params, version))

    def _hold(self) -> None:
        self._give_up_credits()
        self._holding += 1
        self._send(Hold(self._token))

    def _may_tell(self) -> bool:
        return self._params != self._told and self._sent == self._obeyed

    def _next_version(self) -> tuple[Any, int]:
        self._version += 1
        self._sent, self._told = self._version, self._params
        return self._params, self._version

    def _stand(self) -> bool:
        """Have the worker stand at the step that is looked at; whether it does without a wait.

        One such order at a time, and none before the steps that were asked for are trained.
        """
        target = self._timeline.target
        if target == self._at and (not self._timeline.heading or self._recalling is not None):
            return self._recalling is None
        if target is not None and (self._recalling is not None or self._credits):
            return False
        self._give_up_credits()
        self._recalls += 1
        self._at = self._recalling = target
        if target is None:
            self._told = None  # the present obeys what was told there; tell it again
        self._send(Recall(self._token, NEWEST if target is None else target))
        return target is None

    def _apply(self) -> None:
        """Act on all that ``set_params`` collected."""
        if self._state is State.IDLE:
            return
        if needs_restart(self._timeline.start, self._params):
            wait = self._restarted + RESTART_EVERY - monotonic()
            if wait > 0:
                self._applying.start(int(1000 * wait) + 1)
                return
            self._new_run(playing=self._state is State.RUNNING or self._playing)
        elif self._state is State.FAILED and self._timeline.newest is None:
            self._new_run()  # it never began; perhaps it does now
        else:
            self._tell()

    def _tell(self) -> None:
        """Send the newest live parameters, if none are on the way."""
        if not self._may_tell() or self._state in (State.IDLE, State.STARTING, State.FAILED):
            return
        if not self._begun:
            if self._timeline.recorded is not None:
                self._replay()
            return
        if self._ended and self._state is State.DIVERGED and self._timeline.past is None:
            return  # there is nothing sound to look at; a branch takes them along
        if self._state is State.RUNNING and self._credits and self._pace.interval <= 0.05:
            self._grant(0)
            return
        if self._stand():
            params, version = self._next_version()
            self._send(Look(self._token, params, version))

    # --- listening -------------------------------------------------------------------------

    @property
    def _due(self) -> bool:
        """Whether the worker owes an answer."""
        return self._worker is not None and (
            self._state is State.STARTING or self._credits > 0 or self._holding > 0
            or self._recalling is not None
            or (self._sent != self._obeyed and self._state is not State.RUNNING)
        )

    def _retime(self) -> None:
        if self._worker is None:
            self._timer.stop()
            return
        interval = SOON if self._due else SELDOM
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._ticked = monotonic()
            self._timer.start(interval)

    def _tick(self) -> None:
        now = monotonic()
        # A suspended machine is not a worker's fault: no tick counts for much.
        passed, self._ticked = min(now - self._ticked, 0.5), now
        if self._worker is None:
            self._timer.stop()
            return
        before, self._fresh = self._timeline.seen, False
        messages = self._worker.receive()
        for message in messages:
            self._on_message(message)
        self._silence = 0.0 if messages or not self._due else self._silence + passed
        if self._worker is not None:
            self._look_for_trouble(passed)
        if self._timeline.seen is not before or self._fresh:
            self._show()
        if messages and now - self._told_stats >= STATS_EVERY:
            self._told_stats = now
            self.stats_changed.emit()
        self._retime()

    def _look_for_trouble(self, passed: float) -> None:
        worker = self._worker
        assert worker is not None
        if self._unheard is not None and worker.ready:
            self._unheard_for += passed
        if self._unheard is not None and self._unheard_for > UNHEARD:
            # It is busy with something that nobody wants any more.
            message = self._begin_message or self._last_begin
            playing, stepping = self._playing, self._stepping
            self._discard_worker()
            if message is not None:
                self._begin(message)
            self._playing, self._stepping = playing, stepping
            return
        starting = self._state is State.STARTING
        patience = self._starting_patience if starting else self._patience
        if self._silence > patience:
            self._fail(Failed(
                self._token,
                tr_mark("This run has not answered for {seconds} seconds and was stopped."),
                {"seconds": round(patience, 1) if patience < 10 else round(patience)},
                "", fatal=True,
            ))

    def _on_message(self, message: Any) -> None:
        if message.run == self._unheard:
            self._unheard = None
            if self._begin_message is not None:
                self._send_begin()
        if isinstance(message, Failed) and (message.fatal or message.run == self._token):
            self._fail(message)
        if message.run != self._token:
            return
        match message:
            case Framed():
                self._on_frame(message)
            case Held():
                self._holding = max(0, self._holding - 1)
            case Progress():
                self.progress.emit(message.done, message.total, message.what)
            case Note():
                self.notes.append((message.text, dict(message.values)))
                self.noted.emit(*self.notes[-1])
            case Began():
                self.device, self.threads = message.device, message.threads
            case Diverged():
                self._on_divergence(message)

    def _on_frame(self, message: Framed) -> None:
        self._obeyed = max(self._obeyed, message.version)
        self._spent = max(self._spent, message.spent)
        if message.recalls == self._recalls:
            self._recalling = None
            if self._at is not None and not message.recalled:
                self._at = None
                self._timeline.ends_at(message.step)
        self.steps_per_second = message.steps_per_second or self.steps_per_second
        self.memory, self.frame_cost = message.memory, message.cost
        self._idle = message.idle
        seen = Seen(message.step, message.params, message.frame, message.measured_at)
        if message.recalled:
            self.history.fill(seen.measured, message.measured, keep=True)
            self._on_recalled(seen)
            return
        self._timeline.take(message.scalars, message.first, message.changes)
        self.history.fill(seen.measured, message.measured)
        self._timeline.saw(seen)
        if self._state is State.RUNNING:
            self._rate.saw(seen.step, monotonic())
        if not self._begun:
            self._on_first_frame()
        if message.finished:
            if not self._ended:
                self._ended_playing = self._state is State.RUNNING
            self._ended = True
            self._give_up_credits()
            if self._obeyed < self._sent:
                self._told = message.params  # it ended before it saw the newest values: look again
            self._obeyed = self._sent
            self._set_state(State.FINISHED)
        elif self._state is State.FINISHED:
            self._woken()
        if self._timeline.heading:
            self._stand()
        self._tell()

    def _woken(self) -> None:
        """Other parameters have given a run that had settled something to do."""
        self._ended = False
        if self._ended_playing:
            self._go()
        else:
            self._set_state(State.PAUSED)

    def _on_first_frame(self) -> None:
        self._begun = True
        self._told = self._timeline.newest.params if self._timeline.newest else self._told
        self.pool.warm()  # only now, so that it does not take time from the start
        if needs_restart(self._timeline.start, self._params):
            self._set_state(State.PAUSED)
            return  # a newer run is about to start, and to play on
        playing, stepping = self._playing, self._stepping
        self._playing, self._stepping = False, 0
        if playing:
            self._go()
            return
        self._set_state(State.PAUSED)
        if stepping:
            self._some_steps(stepping)

    def _on_recalled(self, seen: Seen) -> None:
        """The worker stands at an earlier step."""
        # A recalled frame obeys the values of its time, until a control is moved.
        if not self._timeline.recalled(seen) and self._timeline.heading:
            self._stand()  # another step has been asked for meanwhile
        self._tell()

    def _on_divergence(self, message: Diverged) -> None:
        self._timeline.take(message.scalars, message.first, message.changes)
        self._ended = True
        self._begun = True
        self._give_up_credits()
        self._obeyed = self._sent
        self._timeline.give_up_heading()
        self._recalling = None
        self._playing, self._stepping = False, 0
        self._fresh = True
        self._set_state(State.DIVERGED)
        self.failed.emit(Failure(
            tr_mark("At step {step} the loss stopped being a finite number. Go back to step {good} "
                    "and choose a smaller learning rate or a gentler start."),
            {"step": message.step, "good": message.good}, self._details(""), good=message.good,
            over=False,
        ))

    def _fail(self, message: Failed) -> None:
        needed = self._begun or self._state is State.STARTING
        if message.fatal:
            self._discard_worker()
            if not needed:
                return  # nothing that is shown depends on it
        if message.over or message.fatal:
            self._quiet_worker()
            self._playing, self._stepping = False, 0
            self._set_state(State.FAILED)
        else:
            if self._credits:
                self._hold()  # some may be on their way still
            self._obeyed = self._sent
            self._at, self._recalling = NOWHERE, None
            self._set_state(State.PAUSED)
        self.failed.emit(Failure(
            message.message, dict(message.values), self._details(message.details),
            over=message.over or message.fatal,
        ))

    def _details(self, details: str) -> str:
        """What a bug report needs."""
        lines = [details.strip(), f"panel: {self.panel.id}", f"params: {self._params}",
                 f"step: {self.last_step}", f"device: {self.device}, threads: {self.threads}",
                 *(f"{name}: {value}" for name, value in versions().items())]
        return "\n".join(line for line in lines if line)

    # --- the rest --------------------------------------------------------------------------

    @property
    def _newest(self) -> int:
        """The last step that has been seen or, while it is not running, asked for."""
        asked = self._credits * self._stride if self._state is State.PAUSED else 0
        return self.last_step + asked

    @property
    def _aim(self) -> int:
        target = self._timeline.target
        return self._newest if target is None else target

    def _set_state(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self._rate.rest()
            self._retime()
            self.state_changed.emit(state)

    def _show(self) -> None:
        shown = self.current()
        if shown is not None:
            self.shown.emit(shown)

    def _keep_as_ghost(self) -> None:
        if len(self.history):
            self.pin()

    def _pins_changed(self) -> None:
        self.runs_changed.emit()
        self._show()
