"""Two to four runs of one panel at once, in step: the same seed and data, some controls apart.

The first of them is the session that the window has; the others are there only for as long as they are
compared. All are taken from picture to picture together: each is asked for the same step, and the next
one is asked for when all have come to it, so that none is ever more than a picture ahead. Where there
are fewer cores than runs, no more of them train at a time than there are cores: they take turns.

A run that diverges, settles or loses its worker stays behind, and the others go on without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.session.pins import Pinned, as_pinned
from app.session.rate import Rate
from app.session.record import Record
from app.session.session import PACES, Failure, Session, State
from app.session.trying import Compared, Measured, headline, written
from app.session.undo import Undo
from visualizers.catalog import Said
from visualizers.panel import Ghost, Shown
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed, differences, needs_restart
from widgets.controls.speeds import Speed
from widgets.theme.numbers import quantity

MOST = 4
FRAMES = 15  # pictures a second at full speed, where a step takes less
SLOWEST = 1.0  # s of training between two pictures at most, where more than a step is possible
PAUSES = {speed: PACES[speed].interval for speed in (Speed.FIVE, Speed.ONE)}  # s from picture to picture
OVER = (State.FINISHED, State.DIVERGED, State.FAILED)


@dataclass(eq=False)
class Run:
    """One of the runs.

    Attributes:
        begin: the values with which it is about to begin; ``None`` once it has.
        asked: the step that it has been asked for.
        trouble: what went wrong with it.
    """

    session: Session
    begin: Any = None
    asked: int = 0
    trouble: Failure | None = None

    @property
    def over(self) -> bool:
        """Whether it trains no further as it is."""
        return self.begin is None and (self.session.state in OVER or self.trouble is not None)

    @property
    def busy(self) -> bool:
        """Whether it is on its way to the step that it was asked for, or to other values."""
        session = self.session
        if session.state is State.STARTING or self.begin is not None or self.over:
            return session.state is State.STARTING
        shown = session.current() if session.looking_at == "present" else None
        return session.last_step < self.asked or (
            shown is not None and shown.params != session.params)

    def due(self, goal: int) -> bool:
        """Whether it has to be asked for something, so that it comes to the step ``goal``."""
        return self.begin is not None or (
            not self.over and not self.busy and self.session.last_step < goal)


class Together(QObject):
    """Drives the runs. It has what a session has for whoever plays, steps, looks back and sets values.

    Args:
        undo: of the first session; it remembers what is there now, for ``back``.
        make: another session of the panel.
        values: of each run, the controls that are its own.
        device, threads: of the first session; the threads are shared out among the runs.
        cores: how many runs may train at a time.

    Raises:
        Refusal: there are not two to four different ones.
        Unfit: a value does not belong to its control.
    """

    shown = Signal()  # all have come to a step, or something else is looked at: draw them
    changed = Signal()  # who plays, who is over
    ended = Signal()

    def __init__(
        self, undo: Undo, make: Callable[[], Session], values: Sequence[Mapping[str, Any]], *,
        device: str = "auto", threads: int = 0, cores: int = 0,
    ) -> None:
        first = undo.session
        starts = [changed(first.params, **one) for one in values]
        if not 2 <= len(starts) <= MOST:
            raise Refusal("Two to four runs can stand beside one another: name as many values.")
        if any(one in starts[:at] for at, one in enumerate(starts)):
            raise Refusal("A value is there twice: each run needs one of its own.")
        super().__init__(first)
        self.panel, self.undo = first.panel, undo
        self.own = {name for one in values for name in one}  # the controls in which they differ
        self.slots = min(len(starts), cores or os.cpu_count() or 1)
        self._machine = device, threads
        self.playing = self.over = False
        self._goal = 0  # the step to which all are being brought
        self._sought: int | None = None  # the earlier step that is looked at
        self._exact = True
        self._seeking: tuple[int, bool] | None = None  # where to look as soon as all stand
        self._held: dict[str, Any] = {}  # values that act when all have come to the same step
        self._painted, self._visible = True, True
        self._fresh = False  # something has not been drawn yet
        self._mine = False  # the first session changes because of this
        self._asked_at = 0.0  # when the last steps were asked for
        self._steps = 0  # how many
        self._took = 0.0  # s until all had come to them; 0 while they are on the way
        self._rate = Rate()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._go_on)
        first.pause()
        self._before = undo.remember()
        share = max(1, (os.cpu_count() or 1) // len(starts))
        self.runs = [Run(session, begin) for session, begin in zip(
            [first, *(make() for _ in starts[1:])], starts, strict=True)]
        self._links: list[tuple[Any, Callable[..., object]]] = []
        for run in self.runs:
            run.session.set_machine(device, min(threads, share) if threads else share)
            self._link(run.session.shown, lambda _shown: self._look_again())
            self._link(run.session.state_changed, lambda state, run=run: self._state_changed(run, state))
            self._link(run.session.failed, lambda failure, run=run: self._failed(run, failure))
        self._link(first.params_changed, self._moved_outside)
        self._go_on()

    def _link(self, signal: Any, slot: Callable[..., object]) -> None:
        signal.connect(slot)
        self._links.append((signal, slot))

    # --- what can be read ------------------------------------------------------------------------

    @property
    def first(self) -> Session:
        """The window's own session."""
        return self.runs[0].session

    @property
    def in_turns(self) -> bool:
        """Whether there are fewer cores than runs."""
        return self.slots < len(self.runs)

    @property
    def starting(self) -> bool:
        """Whether a run has nothing to show yet."""
        return any(run.begin is not None or (run.session.current() is None and not run.over)
                   for run in self.runs)

    @property
    def step_shown(self) -> int:
        return max(run.session.step_shown for run in self.runs)

    @property
    def last_step(self) -> int:
        """The step to which all have come that could."""
        return max(run.session.last_step for run in self.runs)

    @property
    def rate(self) -> float:
        """Steps a second that all go on by."""
        return self._rate.per_second

    @property
    def speed(self) -> Speed:
        return self.first.speed

    def pictures(self) -> list[Shown[Any, Any] | None]:
        """What each shows now, without ghosts; the first keeps those that are pinned."""
        return [shown if run is self.runs[0] or shown is None else replace(shown, ghosts=())
                for run in self.runs for shown in [run.session.current()]]

    def one_picture(self, said: Said) -> Shown[Any, Any] | None:
        """The first run with the others as ghosts that live."""
        shown, *others = self.pictures()
        if shown is None:
            return None
        live = [Ghost(name, one.params, one.frame, one.history)
                for name, one in zip(self.names(said)[1:], others, strict=True) if one is not None]
        return replace(shown, ghosts=(*live, *shown.ghosts))

    def names(self, said: Said) -> list[str]:
        """The runs by the values of the controls in which they differ."""
        params = [run.begin or run.session.params for run in self.runs]
        apart = differences(params)
        names = [", ".join(f"{said.label(name)} {said.value(name, values[at])[:24]}"
                           for name, values in list(apart.items())[:3]) for at in range(len(params))]
        words = said.words()
        return [name if name and names.count(name) == 1 else
                ", ".join(filter(None, [name, words("run {number}", number=at + 1)]))
                for at, name in enumerate(names)]

    def headlines(self) -> list[Measured | None]:
        """The headline of each at the step that is shown."""
        return [None if shown is None else headline(self.panel, shown.history, shown.frame, shown.step)
                for run in self.runs for shown in [run.session.current()]]

    def sentence(self, said: Said) -> str:
        """By how much the runs differ, and what became of those that stayed behind."""
        words, values = said.words(), self.headlines()
        told = [words("{name}: {what}", name=name, what=words.tell(run.trouble.message, run.trouble.values))
                for run, name in zip(self.runs, self.names(said), strict=True) if run.trouble is not None]
        return " ".join([*told, self._difference(said, values)])

    def _difference(self, said: Said, values: Sequence[Measured | None]) -> str:
        words, first = said.words(), values[0]
        names, step = self.names(said), self.step_shown
        if len(self.runs) == 2:
            old, new = (run.begin or run.session.params for run in self.runs)
            apart = differences([old, new])
            if not apart:
                return ""
            return Compared(
                {name: pair[1] for name, pair in apart.items()},
                {name: [(0, pair[0])] for name, pair in apart.items()},
                values[1], first, step, step).sentence(self.panel, said)
        measured = [one for one in values if one is not None]
        if first is None or len(measured) < len(names):
            return words("Not all runs have measured {headline} yet.", headline=said.headline)
        near = min((one.value for one in measured if one.value != first.value),
                   key=lambda one: abs(one - first.value), default=first.value)
        parts = [words("{value} with {name}", value=written(first.value, near)["now"], name=names[0])]
        for name, one in zip(names[1:], measured[1:], strict=True):
            told = written(one.value, near if one.value == first.value else first.value)
            if one.value == first.value:
                told["change"] = "±0"
            parts.append(words("{value} ({change}) with {name}", value=told["now"],
                               change=told["change"], name=name))
        listed = words("; ").join(parts)
        if not self.panel.trains:
            return words("Here {headline} is {listed}.", headline=said.headline, listed=listed)
        if len({one.step for one in measured}) == 1:
            return words("After {steps}, {headline} is {listed}.", headline=said.headline, listed=listed,
                         steps=quantity(first.step, "step", words))
        return words("Where each was measured last, {headline} is {listed}.", headline=said.headline,
                     listed=listed)

    # --- what a learner does ---------------------------------------------------------------------

    def play(self) -> None:
        """All train on, from the last step."""
        if not self.panel.trains or self.over:
            return
        self._to_present()
        self.playing = True
        self._tell()

    def pause(self) -> None:
        """All stop at the step that the first of them is on its way to."""
        self.playing = False
        self._rate.rest()
        self._tell()

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def step(self, count: int = 1) -> None:
        """So many steps on: of the past if that is being looked at, else of training."""
        if not self.panel.trains or self.over:
            return
        if self._sought is not None and self._sought < self.last_step:
            self.seek(self._sought + count, exact=True)
            return
        self.pause()
        if self.standing:
            self._to_present()
            self._goal += count
            self._tell()

    def step_back(self) -> None:
        self.seek((self._goal if self._sought is None else self._sought) - 1, exact=True)

    def seek(self, step: int, *, exact: bool = False) -> None:
        """Look at an earlier step in all of them."""
        if self.starting or self.over:
            return
        self.pause()
        if self._sought is None and not self.standing:
            self._seeking = step, exact
            return
        last = self.last_step
        step = max(0, step)
        if step >= last:
            self._to_present()
            self._tell()
            return
        self._sought, self._exact = step, exact
        for run in self.runs:
            run.session.seek(min(step, run.session.last_step), exact=exact)
            if not exact and run.session is self.first:
                step = run.session.step_shown  # the others show the same, where they have it
        self._tell()

    def reset(self) -> None:
        """All from the beginning, paused."""
        self.pause()
        self._restart({})

    def branch(self) -> None:
        """All from the step that is looked at, which waits; what the first has done stays as a ghost."""
        if not self.panel.trains or self.starting or self.over:
            return
        self.pause()
        self._goal = min(self.step_shown, self.last_step)
        self._sought = None
        with self._by_itself():
            for run in self.runs:
                run.asked, run.trouble = 0, None
                run.session.branch()
        self._tell()

    def set_params(self, **values: object) -> None:
        """Other values. A control in which the runs differ is moved in the first of them; all others
        act in all runs, from the same step on.

        Raises:
            Unfit: a value does not belong to its parameter.
        """
        old = changed(self.runs[0].begin or self.first.params, **self._held)
        new = changed(old, **values)
        if new == old or self.over:
            return
        if not self._mine:
            self.first.moving.emit(changed(self.first.params, **values))
        if needs_restart(old, new):
            self._restart(values)
            return
        self._held |= values
        self._soon.start()

    def _restart(self, values: Mapping[str, Any]) -> None:
        """Begin anew with other values: all of them, or the first alone where only that has moved."""
        moved = self.runs[:1] if values and set(values) <= self.own else self.runs
        self._sought = self._seeking = None
        for run in moved:
            params = run.begin or run.session.params
            run.begin = changed(params, **{name: value for name, value in values.items()
                                           if run is self.runs[0] or name not in self.own})
            run.asked, run.trouble = 0, None
        if moved is self.runs:
            self._goal = 0
        self._tell()

    def set_speed(self, speed: Speed) -> None:
        self.first.set_speed(speed)
        self._rate.rest()
        self._soon.start()

    def set_visible(self, visible: bool) -> None:
        """What nobody sees trains nothing."""
        self._visible = visible
        self._rate.rest()
        if visible:
            self._painted = True
            self._soon.start()

    def painted(self) -> None:
        """What was last ``shown`` has been painted."""
        self._painted = True
        self._soon.start()

    def retry(self, index: int) -> None:
        """Repeat a run that was lost, up to the step of the others."""
        run = self.runs[index]
        if run.session.state is not State.FAILED:
            return
        with self._by_itself():
            run.asked, run.trouble = 0, None
            if run.session.last_step:
                run.session.open_record(run.session.record())
            else:
                run.begin = run.session.params
        self._tell()

    def others(self) -> list[Pinned]:
        """All but the first as they are now, as ghosts of it."""
        return [as_pinned(record) for run in self.runs[1:] if (record := _record(run.session)) is not None]

    def pin(self, index: int) -> None:
        """Keep one of them as it is now as a ghost of the first."""
        if (record := _record(self.runs[index].session)) is not None:
            self.first.pin_run(as_pinned(record))

    # --- the end ---------------------------------------------------------------------------------

    def end(self, keep: int = 0) -> None:
        """One of them is the present run from now on; the others stay as ghosts."""
        if self.over:
            return
        records = [_record(run.session) for run in self.runs]
        kept = records[keep]
        self.close()
        with self._by_itself():
            for at, record in enumerate(records):
                if at != keep and record is not None:
                    self.first.pin_run(as_pinned(record))
            if keep and kept is not None:
                self.first.open_record(kept)
        self.ended.emit()

    def back(self) -> Mapping[str, Any] | None:
        """Take back the control that was moved last, and give its old values; where none was, end it
        all and bring back the run of before."""
        last = self.undo.last
        if last is not None and last is not self._before and last.moved:
            self.undo.drop()
            with self._by_itself():
                self.set_params(**last.moved)
            return last.moved
        self.close()
        if self.undo.last is not None:
            self.undo.restore(self._before)
        self.ended.emit()
        return None

    def close(self) -> None:
        """Stop; the others give their workers back."""
        if self.over:
            return
        self.over, self.playing = True, False
        self._soon.stop()
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()
        self.first.set_machine(*self._machine)
        for run in self.runs[1:]:
            run.session.close()
            run.session.deleteLater()

    # --- in step ---------------------------------------------------------------------------------

    @property
    def standing(self) -> bool:
        """Whether all have come to the step that they were asked for."""
        return not any(run.busy or run.due(self._goal) for run in self.runs)

    @contextmanager
    def _by_itself(self) -> Iterator[None]:
        before, self._mine = self._mine, True
        try:
            yield
        finally:
            self._mine = before

    def _tell(self) -> None:
        self._fresh = True
        self.changed.emit()
        self._soon.start()

    def _look_again(self) -> None:
        self._fresh = True
        self._soon.start()

    def _state_changed(self, run: Run, state: State) -> None:
        lost = state is State.RUNNING or (state is State.STARTING and self.first.last_step < self._goal)
        if run is self.runs[0] and not self._mine and lost:
            self.close()  # a tour, a suggestion or a file has taken the session over
            self.ended.emit()
            return
        if state in (State.STARTING, State.PAUSED) and run.trouble is not None and run.trouble.over:
            run.trouble = None
        self._tell()

    def _failed(self, run: Run, failure: Failure) -> None:
        run.trouble = failure
        self._tell()

    def _moved_outside(self, params: Any) -> None:
        """Something else has set values of the first run: what is not its own acts in all."""
        if self._mine or self.over:
            return
        for run in self.runs[1:]:
            if run.begin is None:
                run.session.set_params(**{one.name: getattr(params, one.name)
                                          for one in self.panel.parameters if one.name not in self.own})

    def _to_present(self) -> None:
        self._sought = self._seeking = None
        for run in self.runs:
            if run.session.looking_at == "past":
                run.session.seek(run.session.last_step)
            if run.trouble is not None and not run.trouble.over and run.trouble.good is None:
                run.trouble, run.asked = None, run.session.last_step  # a frame was refused; try again

    def _go_on(self) -> None:
        """Whatever can be done now."""
        if self.over:
            return
        if self.runs[0].begin is None and self.first.last_step > max(self._goal, self.runs[0].asked):
            self.close()  # somebody else trains it
            self.ended.emit()
            return
        if self.standing and self._seeking is not None:
            (step, exact), self._seeking = self._seeking, None
            self.seek(step, exact=exact)
        if self.standing and self._held:
            self._set_held()
        if self._sought is None and self._visible:
            if self.standing:
                self._took = self._took or monotonic() - self._asked_at
                self._next()
            self._ask()
        self._draw()

    def _set_held(self) -> None:
        values, self._held = self._held, {}
        with self._by_itself(), self.first.by_itself():
            for run in self.runs:
                run.session.set_params(**{name: value for name, value in values.items()
                                          if run is self.runs[0] or name not in self.own})
                if run.trouble is not None and not run.trouble.over:
                    run.trouble, run.asked = None, run.session.last_step

    def _next(self) -> None:
        """All stand at one step: the next one, if they play and what they have shown is painted."""
        if not self.playing or not self._painted:
            return
        able = [run for run in self.runs if not run.over]
        if not able:
            self.playing = False
            self._rate.rest()
            self.changed.emit()
            return
        wait = self._asked_at + PAUSES.get(self.speed, 0.0) - monotonic()
        if wait > 0:
            self._pause.start(int(1000 * wait) + 1)
            return
        self._steps = self._stride(able)
        self._goal += self._steps
        self._asked_at, self._took = monotonic(), 0.0
        self._painted = False

    def _stride(self, able: Sequence[Run]) -> int:
        """Steps until the next picture."""
        if self.speed is not Speed.MAX:
            return 1
        # Where pictures and measurements take long, there are fewer: half of the time is training's.
        speed = min(run.session.steps_per_second for run in able)
        turns = -(-len(able) // self.slots)
        beside = self._took - self._steps * turns / speed if speed else 0.0
        return max(1, round(speed / turns * min(max(1 / FRAMES, beside), SLOWEST)))

    def _ask(self) -> None:
        """Ask as many for their steps as there are cores for."""
        free = self.slots - sum(run.busy for run in self.runs)
        for run in [one for one in self.runs if one.due(self._goal)][:max(0, free)]:
            session = run.session
            with self._by_itself():
                if run.begin is not None:
                    params, run.begin, run.asked = run.begin, None, 0
                    with session.by_itself():
                        session.open(params)
                else:
                    each = max(1, round(session.steps_per_second / FRAMES))
                    far = self._goal - session.last_step
                    # One that has to catch up does so in pieces, which can be given up.
                    run.asked = self._goal if far <= 2 * each or run.session.speed is not Speed.MAX \
                        else session.last_step + each
                    session.step(run.asked - session.last_step)

    def _draw(self) -> None:
        """Show them when all are at the step that is looked at."""
        if not self._fresh or self.starting:
            return
        steps = {run.session.step_shown for run in self.runs if not run.over}
        if len(steps) < 2 or (self._sought is not None and not self._exact):
            self._fresh = False
            if self.playing:
                self._rate.saw(self.last_step, monotonic())
            self.shown.emit()


def _record(session: Session) -> Record | None:
    return session.record() if session.current() is not None else None
