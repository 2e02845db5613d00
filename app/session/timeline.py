"""One run in time: the values it began with, what was changed on the way, what is kept of its steps, and
which of them is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.protocol import Change
from app.engine.thinning import Thinned
from app.session.pins import Pinned
from app.session.record import Record, Seen
from visualizers.panel import History
from widgets.controls.parameters import needs_restart

MOST_FILM = 600


@dataclass(frozen=True)
class Past:
    """An earlier step is looked at.

    Attributes:
        seen: what is shown.
        to: the exact step that will be shown next; ``None`` where ``seen`` is what was asked for.
    """

    seen: Seen
    to: int | None = None

    @property
    def step(self) -> int:
        """The step that was asked for."""
        return self.seen.step if self.to is None else self.to


class Timeline:
    """What is known of a run.

    Args:
        start: the values that it begins with.
        film_bytes: what the filmed frames may take.
        recorded: the record that is shown, if it is one.

    Attributes:
        changes: of live values, in the order of their steps.
        history: of the whole run, whatever is looked at.
        film: the moments that can be shown at once.
        newest: the newest moment; ``None`` before the first frame.
        past: what is looked at instead of it.
    """

    def __init__(self, start: Any, film_bytes: int, recorded: Record | None = None) -> None:
        self.start, self.recorded = start, recorded
        self.changes: list[Change] = []
        self.history = History()
        self.film: Thinned[Seen] = Thinned(film_bytes, MOST_FILM)
        self.newest: Seen | None = None
        self.past: Past | None = None

    @classmethod
    def of(cls, record: Record, film_bytes: int) -> Timeline:
        """That of a recorded run."""
        made = cls(record.params, film_bytes, record)
        # What no step was trained with may be taken back before one is: the controls have it.
        made.changes = [change for change in record.changes if change.step < record.step]
        made.history = record.history.copy()
        for seen in record.film:
            made.saw(seen)
        return made

    # --- what is looked at -----------------------------------------------------------------

    @property
    def seen(self) -> Seen | None:
        """The moment that is looked at."""
        return self.past.seen if self.past else self.newest

    @property
    def last_step(self) -> int:
        """The newest step that has been seen."""
        return self.newest.step if self.newest else 0

    @property
    def target(self) -> int | None:
        """The step that is to be looked at; ``None`` for the newest."""
        return self.past.step if self.past else None

    @property
    def heading(self) -> bool:
        """Whether an exact step is still to come."""
        return self.past is not None and self.past.to is not None

    def look_at_present(self) -> bool:
        """Whether the past was looked at."""
        past, self.past = self.past, None
        return past is not None

    def look_back(self, step: int, *, exact: bool) -> bool:
        """Look at the nearest filmed moment, and head for the very step if ``exact``.

        Whether something else is shown now: it stays while it is as near as any that is filmed.
        """
        assert self.newest is not None
        moment = self.film.nearest(step)
        seen = moment.item if moment else self.newest
        exact = exact and not seen.step == seen.measured == step
        before = self.past.seen if self.past else None
        kept = exact and before is not None and before.step != step \
            and abs(before.step - step) <= abs(seen.step - step)
        self.past = Past(before if kept and before else seen, step if exact else None)
        return not kept

    def recalled(self, seen: Seen) -> bool:
        """A frame of an earlier step has come; whether it is what is looked at, or headed for."""
        if self.past is None or self.past.step != seen.step:
            return False
        self.past = Past(seen)
        return True

    def ends_at(self, step: int) -> None:
        """It turns out that nothing was trained after this step."""
        if self.past is not None and self.past.step >= step:
            self.past = None

    def give_up_heading(self) -> None:
        """What is shown is what stays."""
        if self.past is not None:
            self.past = Past(self.past.seen)

    # --- what happens ----------------------------------------------------------------------

    def take(
        self, scalars: Mapping[str, NDArray[np.float64]], first: int, changes: Sequence[Change]
    ) -> None:
        """The scalars of the steps after ``first``, and what was changed at them."""
        if first < len(self.history):
            self.history = self.history.until(first).copy()
        self.history.extend(scalars, keep=self.film.steps)
        for change in changes:
            merge(self.changes, change)

    def saw(self, seen: Seen) -> None:
        """The newest moment; filmed if it is far enough from the last one that is."""
        last = self.film.last()
        if last is None or seen.step == last.step or seen.step - last.step >= self.film.gap:
            if last is not None and seen.step < last.step:
                self.film.truncate(seen.step)
            self.film.add(seen.step, seen, _bytes_of(seen.frame))
        self.newest = seen

    def branch(self, step: int) -> None:
        """Forget all that came after ``step``, and look at what is known of it."""
        self.history = self.history.until(step).copy()
        self.changes = [change for change in self.changes if change.step < step]
        self.film.truncate(step)
        moment = self.film.before(step)
        filmed = moment.item if moment else None
        self.newest = self.past.seen if self.past and self.past.seen.step <= step else filmed
        self.past = None

    # --- what is kept ----------------------------------------------------------------------

    def changes_until(self, steps: int, params: Any) -> tuple[Change, ...]:
        """The changes of the first ``steps`` steps, and what the controls are set to after them."""
        later = steps < len(self.history)  # what was changed there came after what is kept
        changes = [change for change in self.changes if change.step + later <= steps]
        last = self.start
        for change in changes:
            last = dataclasses.replace(last, **change.values)
        pending = _difference(last, params)
        if pending and not needs_restart(last, params):
            merge(changes, Change(steps, pending))
        return tuple(changes)

    def moments(self, last: Seen | None = None) -> list[Seen]:
        """The film, which ends with the ``last`` moment, or else the newest."""
        film, last = [moment.item for moment in self.film], last or self.newest
        if last is not None:
            film = [*(one for one in film if one.step < last.step), last]
        return film

    def pinned(self, label: str) -> Pinned | None:
        """The run as it is kept behind others; ``None`` before its first frame."""
        if self.newest is None:
            return None
        trained_with = tuple(one for one in self.changes if one.step < len(self.history))
        return Pinned(label, self.newest.params, self.newest.frame, self.history.copy(),
                      self.newest.step, self.start, trained_with)


def _difference(old: Any, new: Any) -> dict[str, Any]:
    return {
        one.name: getattr(new, one.name) for one in dataclasses.fields(new)
        if getattr(old, one.name) != getattr(new, one.name)
    }


def merge(changes: list[Change], change: Change) -> None:
    """Append a change, or join it to another one of the same step."""
    if changes and changes[-1].step == change.step:
        change = Change(change.step, {**changes.pop().values, **change.values})
    elif changes and changes[-1].step > change.step:
        return  # known already: the run has been repeated
    changes.append(change)


def _bytes_of(frame: Any) -> int:
    values: Sequence[Any] = [getattr(frame, one.name) for one in dataclasses.fields(frame)]
    return 500 + sum(one.nbytes if isinstance(one, np.ndarray) else len(str(one)) for one in values)
