"""What a learner tries: a suggestion of the guide, or a what-if. And the way back from it.

A what-if runs the present run again from its start, with the same seed and data and one control at
another value, beside the run of before as a ghost; then it says by how much the two differ in the
panel's headline scalar.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.protocol import Change
from app.session.drive import Drive
from app.session.pins import Course, Pinned, as_pinned, course_text
from app.session.record import Record
from app.session.session import Session, State
from app.session.tours import Try
from app.session.undo import Before, Undo
from visualizers.catalog import Said
from visualizers.panel import History, Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed, needs_restart
from widgets.theme.numbers import count, fixed, quantity, signed

SECONDS = 10  # for which a suggestion that was set offers its way back


@dataclass(frozen=True)
class Measured:
    """The headline of a run: its last finite value, and the step at which it was measured."""

    value: float
    step: int


def headline(panel: Panel, history: History, frame: Any, step: int) -> Measured | None:
    """A run's headline value at its last step or, where it is measured seldom, before that."""
    if not panel.trains:
        return Measured(float(getattr(frame, panel.headline)), step)
    values, steps = history[panel.headline], history.steps
    at = np.flatnonzero(np.isfinite(values))
    return Measured(float(values[at[-1]]), int(steps[at[-1]])) if len(at) else None


@dataclass(frozen=True)
class Compared:
    """Two runs that differ in some controls.

    Attributes:
        new, old: of each such control the value of the one run, and those of the other.
    """

    new: Mapping[str, Any]
    old: Mapping[str, Course]
    now: Measured | None
    before: Measured | None
    steps: int
    wanted: int
    diverged: bool = False

    def sentence(self, panel: Panel, said: Said) -> str:
        """By how much the runs differ, in the user's language."""
        words = said.words()
        changes = words(", ").join(
            words("{label} {new} instead of {old}", label=said.label(name), new=said.value(name, new),
                  old=course_text(said, name, self.old[name]))
            for name, new in self.new.items())
        values = {"changes": changes, "headline": said.headline}
        if self.diverged:
            return words("With {changes}, the loss stopped being a finite number at step {step}.",
                         **values, step=count(self.steps))
        if self.now is None or self.before is None:
            return words("With {changes}; {headline} has not been measured yet.", **values)
        values |= written(self.now.value, self.before.value)
        if not panel.trains:
            return words("With {changes}, {headline} is {now} instead of {before} ({change}).",
                         **values)
        if self.now.step == self.before.step == self.wanted:
            return words("With {changes}, {headline} after {steps} is {now} instead of {before} "
                         "({change}).", **values, steps=quantity(self.wanted, "step", words))
        return words("With {changes}, {headline} is {now} at step {step}, instead of {before} at step "
                     "{other} ({change}).", **values, step=count(self.now.step),
                     other=count(self.before.step))


def written(now: float, before: float) -> dict[str, str]:
    """Two values and their difference, with as many decimals as show the difference."""
    difference = now - before
    size = abs(difference) or max(abs(now), 1e-3) / 100
    places = max(0, min(6, 1 - math.floor(math.log10(size))))
    return {"now": fixed(now, places), "before": fixed(before, places),
            "change": signed(difference, places) if difference else "±0"}


class Trying(QObject):
    """Tries things in a session. It outlives pages, so that what it says stays.

    Attributes:
        phase: ``""``, ``"running"`` (to a step), ``"tried"`` or ``"compared"``.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session, self.panel = session, session.panel
        self.undo, self.drive = Undo(session), Drive(session)
        self.phase = ""
        self.progress = (0, 0)
        self.compared: Compared | None = None
        self._tried: dict[str, Any] = {}
        self._asked: tuple[Mapping[str, Any], Pinned] | None = None
        self._leaving = QTimer(self, singleShot=True, interval=1000 * SECONDS)
        self._leaving.timeout.connect(self.leave)
        self.drive.moved.connect(self._moved)
        self.drive.arrived.connect(self._arrived)
        self.drive.given_up.connect(self._given_up)
        session.params_changed.connect(lambda _: self._other_values())
        session.state_changed.connect(
            lambda state: self._other_run() if state is State.STARTING else None)

    # --- suggestions -----------------------------------------------------------------------------

    def suggest(self, one: Try) -> None:
        """Set what a suggestion names, and train its steps."""
        self._forget()
        self.undo.remember()
        self._tried, self._asked = dict(one.set), None
        session, steps = self.session, one.steps if self.panel.trains else 0
        params = changed(session.params, **one.set)
        if steps:
            self._set("running")
        if steps and needs_restart(session.params, params):
            self.drive.again(params, steps)
            return
        if steps:
            session.pause()
        with session.by_itself():
            session.set_params(**one.set)
        if steps:
            self.drive.further(steps)
        else:
            self._tell_tried()

    def _tell_tried(self) -> None:
        self._set("tried")
        self._leaving.start()

    def said_tried(self, said: Said) -> str:
        """What was set."""
        words = said.words()
        shown = {one.name for one in self.panel.parameters if one.kind != "hidden"}
        values = [f"{said.label(name)} {said.value(name, value)}"
                  for name, value in self._tried.items() if name in shown]
        return words("Set: {values}.", values=", ".join(values)) if values else words("Shown.")

    # --- what if ---------------------------------------------------------------------------------

    def what_if(self, name: str, value: Any) -> None:
        """Run the present run again with another value of one control.

        Raises:
            Refusal: there is nothing to compare with.
            Unfit: the value does not belong to the control.
        """
        session = self.session
        shown = session.current()
        if shown is None or session.state is State.STARTING \
                or (self.panel.trains and not session.last_step):
            raise Refusal("Train some steps first: a what-if compares with the run that is there.")
        record, old = self._present(), getattr(session.params, name)
        changes = [Change(one.step, kept) for one in record.changes
                   if (kept := {key: each for key, each in one.values.items() if key != name})]
        params = changed(record.params, **{name: value})
        if params == record.params and value == old:
            raise Refusal("It has that value already: type another one.")
        self._beside(as_pinned(record), {name: value}, params, changes)

    def compare(self) -> None:
        """Run what the controls are set to now, beside the run of before they were moved.

        Raises:
            Refusal: there is nothing to compare with.
        """
        session, last = self.session, self.undo.last
        records = []
        if session.current() is not None and session.state is not State.STARTING:
            present = self._present()
            records += [present] if len(present.history) else []  # moved live, on the way
        if last is not None and last.moved and last.record is not None:
            records.append(last.record)  # or moved so that a new run began
        for ghost in map(as_pinned, records):
            if moved := self._moved_since(ghost):
                self._beside(ghost, moved, session.params)
                return
        raise Refusal("Train some steps and move a control: C then compares with the run from before "
                      "it was moved.")

    def _present(self) -> Record:
        """The run of the moment, at rest."""
        session = self.session
        session.pause()
        session.seek(session.last_step)
        return session.record()

    def _moved_since(self, ghost: Pinned) -> dict[str, Any]:
        """The controls that are set otherwise than in a run."""
        params = self.session.params
        return {one.name: getattr(params, one.name) for one in self.panel.parameters
                if one.kind != "hidden"
                and [value for _, value in ghost.course(one.name)] != [getattr(params, one.name)]}

    def _beside(
        self, ghost: Pinned, new: Mapping[str, Any], params: Any, changes: Sequence[Change] = (),
    ) -> None:
        """Run ``params`` from the start, beside a run that becomes a ghost."""
        self._forget()
        self.undo.remember()
        self.session.pin_run(ghost)
        self._asked = (new, ghost)
        self._set("running")
        self.drive.again(params, ghost.step, changes)

    def _moved(self, step: int, goal: int) -> None:
        if self.phase == "running":
            self.progress = (step, goal)
            self.changed.emit()

    def _arrived(self) -> None:
        if self.phase != "running":
            return
        if self._asked is None:
            self._tell_tried()
            return
        new, ghost = self._asked
        session = self.session
        shown = session.current()
        now = None if shown is None else headline(
            self.panel, session.history, shown.frame, shown.step)
        self.compared = Compared(
            new, {name: ghost.course(name) for name in new}, now,
            headline(self.panel, ghost.history, ghost.frame, ghost.step), len(session.history),
            ghost.step, session.state is State.DIVERGED)
        self._set("compared")

    def _given_up(self) -> None:
        if self.phase == "running":
            self.leave()

    # --- the way back ----------------------------------------------------------------------------

    def back(self) -> Before | None:
        """Undo what was moved or tried last: the values, and with them the run and its ghosts."""
        self._forget()
        before = self.undo.undo()
        self._set("")
        return before

    def leave(self) -> None:
        """Say no more about it."""
        self._forget()
        self._set("")

    def _forget(self) -> None:
        self._leaving.stop()
        self.phase, self.compared, self.progress = "", None, (0, 0)
        self.drive.stop()

    def _other_run(self) -> None:
        if self.phase == "compared":
            self.leave()  # what was compared is no longer what is shown

    def _other_values(self) -> None:
        if self.phase in ("compared", "tried"):
            self.leave()  # and Ctrl+Z takes back what was moved since

    def _set(self, phase: str) -> None:
        self.phase = phase
        self.changed.emit()
