"""Takes a session to a step at full speed, a picture's worth of steps at a time, and stops there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.protocol import Change
from app.session.session import Session, State

FRAMES = 15  # pictures a second on the way


class Drive(QObject):
    """Trains to a step and says how it went. Whoever presses Space or moves a control takes over.

    ``moved(step, goal)`` is emitted with each picture; then one of ``arrived``, at the goal or where
    the run ended by itself, and ``given_up``.
    """

    moved = Signal(int, int)
    arrived = Signal()
    given_up = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.goal = 0
        self.running = False
        self._asked = 0
        self._mine = False  # the session is changing because of this drive
        self._changes: list[Change] = []
        session.shown.connect(lambda _: self._go_on())
        session.state_changed.connect(self._state_changed)
        session.params_changed.connect(lambda _: None if self._mine else self.stop())

    def again(self, params: Any, goal: int, changes: Sequence[Change] = ()) -> None:
        """A new run from ``params`` to ``goal``, whose live controls move as ``changes`` says."""
        self.stop()
        self.goal, self._asked, self._changes = goal, 0, list(changes)
        with self._by_itself():
            self.session.pause()
            self.session.open(params)
        self.running = True

    def further(self, steps: int) -> None:
        """So many steps more of the present run, or of the one that is about to begin."""
        self.stop()
        self._changes = []
        with self._by_itself():
            self.session.pause()
            self.session.seek(self.session.last_step)
            if self.session.state is State.IDLE:
                self.session.open()
        starting = self.session.state is State.STARTING
        self._asked = 0 if starting else self.session.last_step
        self.goal = self._asked + steps
        self.running = True
        self._go_on()

    def stop(self) -> None:
        """Give up: the run stays where it is."""
        if self.running:
            self.running = False
            self.given_up.emit()

    @contextmanager
    def _by_itself(self) -> Iterator[None]:
        self._mine = True
        try:
            with self.session.by_itself():
                yield
        finally:
            self._mine = False

    def _state_changed(self, state: State) -> None:
        if not self.running or self._mine:
            return
        if state is State.RUNNING or state in (State.FAILED, State.IDLE):
            self.stop()
        elif state is State.DIVERGED:
            self._arrive()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """The next steps, as soon as those before are shown."""
        session = self.session
        if not self.running or self._mine or session.looking_at == "past" \
                or session.state not in (State.PAUSED, State.FINISHED):
            return
        step = session.last_step
        if step < self._asked:
            return  # they are on the way
        while self._changes and self._changes[0].step <= step:
            with self._by_itself():
                session.set_params(**dict(self._changes.pop(0).values))
        self.moved.emit(step, self.goal)
        if step >= self.goal or session.state is State.FINISHED or not session.panel.trains:
            self._arrive()
            return
        until = min([self.goal, *(one.step for one in self._changes[:1])])
        self._asked = min(until, step + max(1, round(session.steps_per_second / FRAMES)))
        count = self._asked - step
        # The picture is still being shown; what it leads to comes after it.
        QTimer.singleShot(0, self, lambda: session.step(count) if self.running else None)

    def _arrive(self) -> None:
        self.running = False
        self.arrived.emit()
