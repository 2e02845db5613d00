"""What was there before a control was moved, a suggestion tried, a what-if asked or a tour taken, and
the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.session.pins import Pinned
from app.session.record import Record
from app.session.session import Session, State
from widgets.controls.parameters import needs_restart, parameter

MOST = 30
MOST_RUNS = 5  # each keeps the film of a run
TOGETHER = 1.0  # s between two moves of one slider that are taken back as one


@dataclass(eq=False)
class Before:
    """What was there.

    Attributes:
        record: the run, where what came next ended it; of a panel without training what was shown.
        pinned: the ghosts, where they changed, too.
        moved: old values of the controls, where no more than these were moved.
    """

    params: Any
    record: Record | None = None
    pinned: tuple[Pinned, ...] | None = None
    moved: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0


class Undo(QObject):
    """Remembers a session's values, runs and ghosts, and brings them back.

    What a learner moves is remembered by itself, whichever way it is moved.
    """

    restored = Signal(object)  # what was there Before

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self._before: list[Before] = []
        session.moving.connect(self._moving)

    @property
    def possible(self) -> bool:
        return bool(self._before)

    @property
    def last(self) -> Before | None:
        return self._before[-1] if self._before else None

    def remember(self) -> Before:
        """What is there now, just before it is changed."""
        return self._add(Before(self.session.params, self._record(), self.session.pinned))

    def undo(self) -> Before | None:
        """Back to what was remembered last: the values, and the run and its ghosts if they went."""
        before = self.last
        if before is not None:
            self.restore(before)
        return before

    def drop(self) -> None:
        """Forget what was remembered last: somebody else brings it back."""
        del self._before[-1:]

    def is_of_values(self, before: Before) -> bool:
        """Whether nothing but controls was moved: the run went on, or there is none."""
        return bool(before.moved) and (before.record is None or not self.session.panel.trains)

    def restore(self, before: Before) -> None:
        """Back to what was there at one time, whatever came after it."""
        if before in self._before:
            del self._before[self._before.index(before):]
        session = self.session
        with session.by_itself():
            if self.is_of_values(before):
                session.set_params(**before.moved)
            else:
                session.pause()
                if before.record is not None:
                    session.open_record(before.record)
                else:
                    session.open(before.params)
        if before.pinned is not None:
            session.set_pinned(before.pinned)
        self.restored.emit(before)

    def _moving(self, params: Any) -> None:
        """A learner moves controls; what they were set to is still there."""
        session, old = self.session, self.session.params
        moved = {one.name: getattr(old, one.name) for one in session.panel.parameters
                 if getattr(old, one.name) != getattr(params, one.name)}
        now, last = monotonic(), self.last
        if last is not None and last.moved.keys() == moved.keys() and now - last.at < TOGETHER \
                and all(parameter(session.panel.params, name).kind not in ("flag", "choice", "source")
                        for name in moved):
            last.at = now
            return
        ends = needs_restart(old, params) and session.last_step
        self._add(Before(old, self._record() if ends or not session.panel.trains else None,
                         None, moved, now))

    def _record(self) -> Record | None:
        seen = self.session.current() is not None and self.session.state is not State.STARTING
        return self.session.record() if seen else None

    def _add(self, before: Before) -> Before:
        self._before.append(before)
        del self._before[:-MOST]
        if self.session.panel.trains:
            runs = [index for index, one in enumerate(self._before) if one.record is not None]
            if len(runs) > MOST_RUNS:
                del self._before[:runs[-MOST_RUNS - 1] + 1]
        return before
