"""What was there before a suggestion was tried or a what-if was asked, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.record import Record
from app.session import Pinned, Session, State

MOST = 5  # each keeps the film of a run


@dataclass(frozen=True)
class _Before:
    params: Any
    record: Record | None
    pinned: tuple[Pinned, ...]


class Undo(QObject):
    """Remembers a session's run and pinned runs, and brings them back."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self._before: list[_Before] = []

    @property
    def possible(self) -> bool:
        return bool(self._before)

    def remember(self) -> None:
        """What is there now, just before it is changed."""
        session = self.session
        seen = session.current() is not None and session.state is not State.STARTING
        self._before.append(_Before(
            session.params, session.record() if seen else None, session.pinned))
        del self._before[:-MOST]
        self.changed.emit()

    def undo(self) -> None:
        """Back to what was remembered last: the values, the run and its ghosts."""
        if not self._before:
            return
        before, session = self._before.pop(), self.session
        session.pause()
        if before.record is not None:
            session.open_record(before.record)
        else:
            session.open(before.params)
        session.set_pinned(before.pinned)
        self.changed.emit()
