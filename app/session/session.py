"""Joins one panel, one worker and one page: what is running, what is shown, what was.

All of it happens in the window's thread. The session never waits for the worker: it looks into the
pipe every few milliseconds while an answer is due, and seldom otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.engine.pool import Workers
from app.engine.protocol import (
    Began,
    Begin,
    Change,
    Diverged,
    Failed,
    Framed,
    Held,
    Note,
    Pace,
    Progress,
)
from app.session import phases
from app.session.conversation import Conversation
from app.session.phases import State, Then
from app.session.pins import Pinned, Pins
from app.session.rate import Rate
from app.session.record import Record, Seen, versions
from app.session.timeline import Timeline
from visualizers.catalog import Said
from visualizers.panel import Ghost, History, Panel, Shown
from widgets.controls.parameters import changed, needs_restart
from widgets.controls.speeds import Speed
from widgets.theme.words import tr_mark

__all__ = ["AHEAD", "PACES", "Failure", "Session", "State"]

AHEAD = 2  # credits
SOON, SELDOM = 8, 250  # ms between two looks into the pipe: an answer is due, or not
STATS_EVERY = 0.25  # s
RESTART_EVERY = 0.15  # s, while a parameter that restarts is dragged

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
        self._phase: phases.Phase = phases.Idle()
        self._params: Any = panel.params()
        self._talk = Conversation(pool, self._retime)
        self._restarted = 0.0
        self._told_stats = 0.0
        self._ticked = monotonic()
        self._fresh = False  # there are scalars to show without a new frame
        self.device, self.threads = "", 0
        self.steps_per_second, self.memory = 0.0, 0  # the first is what training could
        self.frame_cost = 0.0  # seconds of the worker's
        self._rate = Rate()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._applying = QTimer(self)
        self._applying.setSingleShot(True)
        self._applying.timeout.connect(self._apply)
        self._forget(Timeline(self._params, film_bytes))

    def _forget(self, timeline: Timeline) -> None:
        """A new run. What is shown stays until its first frame."""
        self._talk.about(timeline.start)
        self._pins.relabel()
        self._timeline = timeline
        self.notes: list[tuple[str, dict[str, object]]] = []  # what the experiment told the user
        self.lacking: tuple[str, ...] = ()  # texts and models that others stand in for
        self._idle: Mapping[str, str] = {}

    def _to_present(self) -> None:
        """Look at the present: at once, for nobody knows when the next frame of it comes."""
        if self._timeline.look_at_present():
            self._show()

    # --- what can be read ------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._phase.state

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
        return self._phase in (phases.Running(), phases.Starting("play"))

    @property
    def resting(self) -> bool:
        """Whether it stands still and the newest values are shown, so that it can be kept exactly."""
        return self.state not in (State.RUNNING, State.STARTING) and not self._applying.isActive() \
            and (self._behind or not self._due)

    @property
    def ready(self) -> bool:
        """Whether its worker has the run, so that it can go on at once."""
        return self._talk.begun

    @property
    def _behind(self) -> bool:
        """Whether a recorded run is repeated while nobody waits for it."""
        return isinstance(self._phase, phases.Paused) and self._phase.behind

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
        return self._talk.worker.pid if self._talk.worker else 0

    @property
    def worker_ready(self) -> bool:
        """Whether the worker has imported what it needs; else it is only starting."""
        return self._talk.worker is not None and self._talk.worker.ready

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
        whole = self._timeline.past is None and self.state is not State.STARTING
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
        match self._phase:
            case phases.Idle():
                self._new_run("play")
            case phases.Starting():
                self._to_present()  # a record may be repeated while an earlier step of it is looked at
                self._phase = phases.Starting("play")
                self.stats_changed.emit()
            case phases.Finished() | phases.Diverged() | phases.Paused(
                ended=phases.Finished() | phases.Diverged()
            ):
                if self._timeline.past is not None:
                    self.branch(playing=True)
            case phases.Paused() if not self._talk.begun:
                self._to_present()
                self._replay(then="play")
            case phases.Paused():
                self._to_present()
                self._go()

    def pause(self) -> None:
        match self._phase:
            case phases.Starting():
                self._phase = phases.Starting()
            case phases.Running():
                self._talk.hold()
                self._enter(phases.Paused())
            case phases.Paused() as still:
                self._phase = dataclasses.replace(still, then="wait")
        self.stats_changed.emit()

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def step(self, count: int = 1) -> None:
        """So many steps on: of the past if that is being looked at, else of training."""
        if not self.panel.trains or self.state in (State.IDLE, State.STARTING, State.FAILED):
            return
        if self._timeline.past is not None and self._aim < self._newest:
            self.seek(self._aim + count, exact=True)
            return
        self.pause()
        if self.state is not State.PAUSED or phases.ended(self._phase):
            return
        self._to_present()
        credits = self._talk.credits
        if not self._talk.begun:
            self._replay(then=count)
        elif not credits.left or (credits.left < AHEAD and count == credits.stride):
            self._some_steps(count)

    def step_back(self) -> None:
        self.seek(self._aim - 1, exact=True)

    def reset(self) -> None:
        """The same run from its beginning, paused."""
        self._new_run()

    def retry(self) -> None:
        """A new run after a failure; what the failed one had reached stays as a ghost."""
        if self.state is State.FAILED:
            self._keep_as_ghost()
            self._new_run()

    def cancel(self) -> None:
        """Give up a set-up or a repetition that takes too long."""
        if self.state is State.STARTING:
            self._talk.discard()
            self._enter(phases.Idle() if self._timeline.recorded is None else phases.Paused())

    def close(self) -> None:
        """End the run and give the worker back."""
        self._timer.stop()
        self._applying.stop()
        self._talk.close()
        self._enter(phases.Idle())

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
        if not self._applying.isActive() and self.state is not State.IDLE:
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
        if newest is None or self.state is State.STARTING:
            return
        self.pause()
        step = max(0, min(step, self._newest))
        if step == self.last_step and self.state is not State.DIVERGED and not self._talk.credits.left:
            self._to_present()
            if newest.params != self._params:
                self._talk.told.params = None  # moved while the past was looked at: the present shows it, too
                self._tell()
            return
        other = self._timeline.look_back(step, exact=exact and self._talk.begun)
        if self._timeline.heading:
            self._stand()
        if other:
            self._show()

    def branch(self, *, playing: bool = False) -> None:
        """A new run from the step being looked at; the run so far stays as a ghost.

        It waits there, so that something can be changed before it trains, unless it is ``playing``.
        """
        if not self.panel.trains or self._timeline.newest is None or self.state in (
            State.IDLE, State.STARTING
        ):
            return
        self.pause()
        step = min(self._aim, self.last_step)  # what was asked for and not seen is not branched from
        self._keep_as_ghost()
        self._pins.relabel()
        self._timeline.branch(step)
        then: Then = "play" if playing else "wait"
        if self._talk.begun:
            self._talk.branch(step)
            self._enter(phases.Starting(then))
        else:
            self._replay(step, then)
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
        if self.state is State.RUNNING:
            self._talk.set_pace(self._pace)

    def set_machine(self, device: str, threads: int) -> None:
        """Where the runs that begin from now on are trained."""
        self._device_wanted, self._threads_wanted = device, threads

    def set_visible(self, visible: bool) -> None:
        """A page that nobody sees trains nothing."""
        if visible == self._visible:
            return
        self._visible = visible
        if self.state is State.RUNNING:
            self._rate.rest()
            if visible:
                self._talk.grant(AHEAD, self._params)
            else:
                self._talk.hold()

    def painted(self) -> None:
        """The page has painted what was last ``shown``: the worker may send more."""
        left = self._talk.credits.left
        if self.state is State.RUNNING and self._visible and left < AHEAD:
            self._talk.grant(AHEAD - left, self._params)

    # --- records ---------------------------------------------------------------------------

    def open_record(self, record: Record) -> None:
        """Show a recorded run at once, with nothing trained; ``play`` repeats it and goes on."""
        self._talk.end_run()
        self._forget(Timeline.of(record, self._film_bytes))
        params = record.params
        for change in record.changes:
            params = dataclasses.replace(params, **change.values)
        self._params = self._talk.told.params = params
        self.device, self.threads = record.device, record.threads
        self._applying.stop()
        self._pins.relabel()
        self._enter(phases.Paused())
        self.params_changed.emit(params)
        self.runs_changed.emit()
        self.stats_changed.emit()
        self._show()

    def repeat(self) -> None:
        """Repeat a recorded run while it is looked at, so that going on with it needs no wait."""
        if self._timeline.recorded is not None and not self._talk.begun \
                and self._phase == phases.Paused():
            self._replay(behind=True)

    def train_as(self, params: Any, changes: Sequence[Change], step: int) -> None:
        """Train anew as somebody else did: these values, changed at these steps, to this step, paused."""
        self._restarted = monotonic()
        timeline = Timeline(params, self._film_bytes)
        timeline.changes = [change for change in changes if change.step < step]
        self._forget(timeline)
        for change in changes:
            params = dataclasses.replace(params, **change.values)
        self._params = params
        self._pins.relabel()
        self.params_changed.emit(params)
        start = timeline.start
        self._begin(Begin(
            self._talk.token, self.panel.experiment, start, int(getattr(start, "seed", 0)),
            self._device_wanted, self._threads_wanted, self._pace, self.panel.trains, tuple(changes), step,
            datapack=self._datapack,
        ), "wait")
        self.runs_changed.emit()

    def record(self, label: str = "", *, shown: bool = False) -> Record:
        """All that is known of the present run, or of it up to the step that is ``shown``."""
        timeline, steps, params = self._timeline, len(self.history), self._params
        past = timeline.past.seen if shown and timeline.past is not None else None
        if past is not None:
            steps, params = past.step, past.params
        elif self.state is State.STARTING:
            steps = min(steps, self.last_step)  # a branch that has not begun ends where it was seen
        known = timeline.recorded.versions if timeline.recorded and not self._talk.begun else versions()
        return Record(
            panel=self.panel.id, params=timeline.start,
            changes=timeline.changes_until(steps, params),
            seed=int(getattr(timeline.start, "seed", 0)), device=self.device, threads=self.threads,
            versions=known, history=self.history.until(steps).copy(), film=timeline.moments(past),
            step=steps, label=label,
        )

    # --- starting --------------------------------------------------------------------------

    def _new_run(self, then: Then = "wait") -> None:
        self._restarted = monotonic()
        self._forget(Timeline(self._params, self._film_bytes))
        self._begin(Begin(
            self._talk.token, self.panel.experiment, self._params,
            int(getattr(self._params, "seed", 0)), self._device_wanted, self._threads_wanted,
            self._pace, self.panel.trains, datapack=self._datapack,
        ), then)
        self.runs_changed.emit()

    def _replay(
        self, until: int | None = None, then: Then = "wait", *, behind: bool = False
    ) -> None:
        """Build the experiment and repeat the recorded steps, so that it can go on."""
        if self._behind and until is None:
            self._enter(phases.Starting(then))  # it is on its way, and now somebody waits for it
            return
        start, until = self._timeline.start, len(self.history) if until is None else until
        self._talk.rename()
        self._talk.quiet()
        self._talk.told.params = None
        self._begin(Begin(
            self._talk.token, self.panel.experiment, start, int(getattr(start, "seed", 0)),
            self.device if self.device == "cpu" else self._device_wanted, self.threads, self._pace,
            self.panel.trains, tuple(self._timeline.changes), until, datapack=self._datapack,
        ), then, behind=behind)

    def _begin(self, message: Begin, then: Then, *, behind: bool = False) -> None:
        self._talk.begin(message)
        self._enter(phases.Paused(behind=True) if behind else phases.Starting(then))
        self._retime()

    # --- talking to the worker -------------------------------------------------------------

    def _go(self) -> None:
        self._stand()
        self._talk.set_pace(self._pace)
        self._enter(phases.Running())
        if self._visible:
            self._talk.grant(AHEAD, self._params)

    def _some_steps(self, count: int) -> None:
        self._stand()
        self._talk.grant_steps(count, self._params)

    def _stand(self) -> bool:
        """Have the worker stand at the step that is looked at; whether it does without a wait."""
        return self._talk.stand(self._timeline.target, anew=self._timeline.heading)

    def _apply(self) -> None:
        """Act on all that ``set_params`` collected."""
        if self.state is State.IDLE:
            return
        if needs_restart(self._timeline.start, self._params):
            wait = self._restarted + RESTART_EVERY - monotonic()
            if wait > 0:
                self._applying.start(int(1000 * wait) + 1)
                return
            plays = self.playing or self._phase == phases.Paused(then="play")
            self._new_run("play" if plays else "wait")
        elif self.state is State.FAILED and self._timeline.newest is None:
            self._new_run()  # it never began; perhaps it does now
        elif isinstance(self._phase, phases.Paused) and self._phase.then != "wait":
            then = self._phase.then  # no other run takes its place after all
            self.play() if then == "play" else self.step(then)
        else:
            self._tell()

    def _tell(self) -> None:
        """Send the newest live parameters, if none are on the way."""
        talk = self._talk
        if not talk.told.news(self._params) \
                or self.state in (State.IDLE, State.STARTING, State.FAILED):
            return
        if not talk.begun:
            if self._timeline.recorded is not None:
                self._replay()
            return
        if self.state is State.DIVERGED and self._timeline.past is None:
            return  # there is nothing sound to look at; a branch takes them along
        if self.state is State.RUNNING and talk.credits.left and self._pace.interval <= 0.05:
            talk.grant(0, self._params)
        elif self._stand():
            talk.look(self._params)

    # --- listening -------------------------------------------------------------------------

    @property
    def _due(self) -> bool:
        """Whether the worker owes an answer."""
        talk = self._talk
        return talk.worker is not None and (
            self.state is State.STARTING or self._behind or talk.owes
            or (talk.told.on_the_way and self.state is not State.RUNNING)
        )

    def _retime(self) -> None:
        if self._talk.worker is None:
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
        worker = self._talk.worker
        if worker is None:
            self._timer.stop()
            return
        before, self._fresh = self._timeline.seen, False
        messages = worker.receive()
        for message in messages:
            self._on_message(message)
        self._talk.silence = 0.0 if messages or not self._due else self._talk.silence + passed
        if self._talk.worker is not None:
            self._look_for_trouble(passed)
        if self._timeline.seen is not before or self._fresh:
            self._show()
        if messages and now - self._told_stats >= STATS_EVERY:
            self._told_stats = now
            self.stats_changed.emit()
        self._retime()

    def _look_for_trouble(self, passed: float) -> None:
        unheard = self._talk.wait(passed)
        if unheard is not None:
            # The worker is busy with something that nobody wants any more.
            self._talk.discard()
            if isinstance(self._phase, phases.Starting):
                self._begin(unheard, self._phase.then)
            elif self._behind:
                self._begin(unheard, "wait", behind=True)
            return
        starting = self.state is State.STARTING or self._behind
        patience = self._starting_patience if starting else self._patience
        if self._talk.silence > patience:
            self._fail(Failed(
                self._talk.token,
                tr_mark("This run has not answered for {seconds} seconds and was stopped."),
                {"seconds": round(patience, 1) if patience < 10 else round(patience)},
                "", fatal=True,
            ))

    def _on_message(self, message: Any) -> None:
        self._talk.heard_of(message.run)
        mine = message.run == self._talk.token
        if isinstance(message, Failed) and (message.fatal or mine):
            self._fail(message)
        if not mine:
            return
        match message:
            case Framed():
                self._on_frame(message)
            case Held():
                self._talk.held()
            case Progress():
                if not self._behind:
                    self.progress.emit(message.done, message.total, message.what)
            case Note():
                self.notes.append((message.text, dict(message.values)))
                self.noted.emit(*self.notes[-1])
            case Began():
                self.device, self.threads = message.device, message.threads
            case Diverged():
                self._on_divergence(message)

    def _on_frame(self, message: Framed) -> None:
        if self._talk.framed(message):
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
        if self.state is State.RUNNING:
            self._rate.saw(seen.step, monotonic())
        if not self._talk.begun:
            self._on_first_frame(seen)
        if message.finished:
            self._on_finish(message.params)
        elif isinstance(how := phases.ended(self._phase), phases.Finished):
            self._woken(how)
        if self._timeline.heading:
            self._stand()
        self._tell()

    def _on_finish(self, params: Any) -> None:
        how = phases.ended(self._phase)
        if how is None:
            how = phases.Finished(playing=self.state is State.RUNNING)
        if self._talk.told.on_the_way:
            self._talk.told.params = params  # it ended before it saw the newest values: look again
        self._talk.ended()
        self._enter(how if isinstance(how, phases.Finished) else phases.Finished())

    def _woken(self, how: phases.Finished) -> None:
        """Other parameters have given a run that had settled something to do."""
        if how.playing and self._timeline.past is None:  # who has gone back since has paused it
            self._go()
        else:
            self._enter(phases.Paused())

    def _on_first_frame(self, seen: Seen) -> None:
        self._talk.first_frame(seen.params)
        self.pool.warm()  # only now, so that it does not take time from the start
        then = self._phase.then if isinstance(self._phase, phases.Starting) else "wait"
        if needs_restart(self._timeline.start, self._params):
            self._enter(phases.Paused(then=then))  # a newer run is about to start, and to play on
        elif then == "play":
            self._go()
        else:
            self._enter(phases.Paused())
            if then != "wait":
                self._some_steps(then)

    def _on_recalled(self, seen: Seen) -> None:
        """The worker stands at an earlier step."""
        # A recalled frame obeys the values of its time, until a control is moved.
        if not self._timeline.recalled(seen) and self._timeline.heading:
            self._stand()  # another step has been asked for meanwhile
        self._tell()

    def _leave_behind(self) -> None:
        """What nobody waits for did not go well: whoever goes on is told."""
        self._talk.discard()
        self._enter(phases.Paused())

    def _on_divergence(self, message: Diverged) -> None:
        if self._behind:
            self._leave_behind()
            return
        self._timeline.take(message.scalars, message.first, message.changes)
        self._talk.diverged()
        self._timeline.give_up_heading()
        self._fresh = True
        self._enter(phases.Diverged())
        self.failed.emit(Failure(
            tr_mark("At step {step} the loss stopped being a finite number. Go back to step {good} "
                    "and choose a smaller learning rate or a gentler start."),
            {"step": message.step, "good": message.good}, self._details(""), good=message.good,
            over=False,
        ))

    def _fail(self, message: Failed) -> None:
        if self._behind:
            self._leave_behind()
            return
        needed = self._talk.begun or self.state is State.STARTING
        if message.fatal:
            self._talk.discard()
            if not needed:
                return  # nothing that is shown depends on it
        if message.over or message.fatal:
            self._talk.quiet()
            self._enter(phases.Failed())
        else:
            self._talk.refused()
            then = self._phase.then if isinstance(self._phase, phases.Starting | phases.Paused) else "wait"
            self._enter(phases.Paused(phases.ended(self._phase), then))
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
        credits = self._talk.credits
        asked = credits.left * credits.stride if self.state is State.PAUSED else 0
        return self.last_step + asked

    @property
    def _aim(self) -> int:
        target = self._timeline.target
        return self._newest if target is None else target

    def _enter(self, phase: phases.Phase) -> None:
        before, self._phase = self.state, phase
        if phase.state is not before:
            self._rate.rest()
            self._retime()
            self.state_changed.emit(phase.state)

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
