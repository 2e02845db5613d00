"""What a session and its worker owe each other: runs, credits, values, answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.engine.client import Worker
from app.engine.pool import Workers
from app.engine.protocol import (
    Begin,
    End,
    Framed,
    Grant,
    Hold,
    Look,
    Pace,
    Recall,
    SetPace,
)

UNHEARD = 1.0  # s that a busy worker may ignore a new run before another one takes over
NEWEST = 1 << 62  # as a step: wherever the run has come to

# A token is never used twice in this process, whichever session or worker it was for.
_tokens = itertools.count(1)


# --- where the worker is -----------------------------------------------------------------------


@dataclass(frozen=True)
class Away:
    """It has shown nothing of the run yet, or has it no longer."""


@dataclass(frozen=True)
class Standing:
    """At an earlier step, or at the newest one."""

    step: int | None = None


@dataclass(frozen=True)
class Recalling:
    """On the way to an earlier step."""

    step: int


@dataclass(frozen=True)
class Lost:
    """Nobody knows where, after an error."""


Place = Away | Standing | Recalling | Lost


# --- what is on its way ------------------------------------------------------------------------


@dataclass
class Credits:
    """Counted up from the run's beginning, on both sides.

    Attributes:
        stride: steps that a credit is for, while single steps are trained.
    """

    granted: int = 0
    spent: int = 0
    stride: int = 1

    @property
    def left(self) -> int:
        """Those that the worker holds, or that are on their way to it."""
        return self.granted - self.spent

    def give_up(self) -> None:
        """What is about to be sent, or has been heard, takes all of them from the worker."""
        self.spent = self.granted


@dataclass
class Told:
    """Which values the worker has been told.

    Attributes:
        params: the newest; ``None`` where they must be told again.
        version: of them.
        obeyed: the newest version that an answer has come to, or will never come to.
    """

    params: Any = None
    version: int = 0
    obeyed: int = 0

    @property
    def on_the_way(self) -> bool:
        return self.version != self.obeyed

    def news(self, params: Any) -> bool:
        """Whether these can be told now: they are others, and those before have arrived."""
        return params != self.params and not self.on_the_way

    def tell(self, params: Any) -> int:
        """These are about to be sent; as which version."""
        self.params = params
        self.version += 1
        return self.version

    def settle(self) -> None:
        """No answer will come to what has been sent."""
        self.obeyed = self.version


@dataclass
class Opening:
    """A run that the worker has been sent and has not heard of yet.

    Attributes:
        waited: seconds, since it could hear.
        next: another one that is wanted by now. At most one is on its way, so that a stuck worker's
            pipe never fills.
    """

    sent: Begin
    waited: float = 0.0
    next: Begin | None = None


class Conversation:
    """With one worker after the other, about one run after the other.

    Args:
        pool: where workers come from.
        sent: called after each message.

    Attributes:
        worker: the present one.
        token: the number of the present run.
        silence: seconds for which it has owed an answer.
    """

    def __init__(self, pool: Workers, sent: Callable[[], None]) -> None:
        self.pool, self._sent = pool, sent
        self.worker: Worker | None = None
        self.token = 0
        self.silence = 0.0
        self._opening: Opening | None = None
        self.about(None)

    # --- which run -------------------------------------------------------------------------

    def about(self, params: Any) -> None:
        """Another run, which begins with these values."""
        self.rename()
        self.told = Told(params)
        self.quiet()

    def rename(self) -> int:
        """What is said from now on is about another run; the token of the one before."""
        before, self.token = self.token, next(_tokens)
        return before

    def quiet(self) -> None:
        """The worker has nothing of this run yet, or nothing any more."""
        self.place: Place = Away()
        self.credits = Credits()
        self._holding = self._recalls = 0
        self.told.settle()

    def begin(self, message: Begin) -> None:
        """Have a worker begin a run; it is sent as soon as the one before has been heard of."""
        if self.worker is None or not self.worker.alive:
            self.discard()
            self.worker = self.pool.take()
        if self._opening is None:
            self._opening = Opening(message)
            self.send(message)
        else:
            self._opening.next = message
        self.silence = 0.0

    def heard_of(self, run: int) -> None:
        """The worker has said something about a run."""
        if self._opening is None or self._opening.sent.run != run:
            return
        following = self._opening.next
        self._opening = None if following is None else Opening(following)
        if following is not None:
            self.send(following)

    def wait(self, passed: float) -> Begin | None:
        """So many seconds pass. A run that a busy worker has not heard of for too long, if any."""
        if self._opening is None:
            return None
        if self.worker is not None and self.worker.ready:
            self._opening.waited += passed
        if self._opening.waited <= UNHEARD:
            return None
        return self._opening.next or self._opening.sent

    def end_run(self) -> None:
        """Whatever the worker is at is wanted no more."""
        if self.worker is not None:
            self.send(End(self.token))
        if self._opening is not None:
            self._opening.next = None

    def discard(self) -> None:
        """End the worker at once."""
        if self.worker is not None:
            self.pool.discard(self.worker)
        self.worker = self._opening = None
        self.quiet()

    def close(self) -> None:
        """Give the worker back."""
        if self.worker is not None:
            if self.begun and self.silence < UNHEARD:
                self.send(End(self.token))
                self.pool.give_back(self.worker)
            else:
                self.pool.discard(self.worker)  # it may be deep in something
        self.worker = self._opening = None
        self.rename()
        self.quiet()

    # --- what is said ----------------------------------------------------------------------

    def send(self, message: Any) -> None:
        if self.worker is not None:
            self.worker.send(message)
        self._sent()

    def set_pace(self, pace: Pace) -> None:
        self.send(SetPace(self.token, pace))

    def grant(self, credits: int, params: Any) -> None:
        """Credits, and with them these values if they are news."""
        self.credits.granted += credits
        if self.told.news(params):
            self.send(Grant(self.token, credits, params, self.told.tell(params)))
        else:
            self.send(Grant(self.token, credits))

    def grant_steps(self, count: int, params: Any) -> None:
        """One credit for so many steps."""
        self.credits.stride = count
        self.set_pace(Pace(count, 0.0))
        self.grant(1, params)

    def hold(self) -> None:
        self.credits.give_up()
        self._holding += 1
        self.send(Hold(self.token))

    def look(self, params: Any) -> None:
        """Ask for a frame under these values."""
        self.send(Look(self.token, params, self.told.tell(params)))

    def branch(self, step: int) -> None:
        """From this step on it is another run."""
        self.send(Recall(self.rename(), step, rename=self.token))
        self.quiet()
        self.told.params = None

    def stand(self, step: int | None, *, anew: bool = False) -> bool:
        """Have the worker stand at a step, ``None`` being the newest; whether it does without a wait.

        One such order at a time, and none before the steps that were asked for are trained.

        Args:
            anew: a frame of the step is wanted, even if it stands there.
        """
        if self.place == Standing(step) and not anew:
            return True
        if step is not None and (self.recalling or self.credits.left):
            return False
        self.credits.give_up()
        self._recalls += 1
        if step is None:
            self.place = Standing()
            self.told.params = None  # the present obeys what was told there; tell it again
        else:
            self.place = Recalling(step)
        self.send(Recall(self.token, NEWEST if step is None else step))
        return step is None

    # --- what is heard ---------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether the worker has shown something of the run, and has it still."""
        return not isinstance(self.place, Away)

    @property
    def recalling(self) -> bool:
        return isinstance(self.place, Recalling)

    @property
    def owes(self) -> bool:
        """Whether frames, or the answer to a hold or a recall, are still to come."""
        return self.credits.left > 0 or self._holding > 0 or self.recalling

    def framed(self, message: Framed) -> bool:
        """A frame has come. Whether it shows that there is nothing after an earlier step to which
        the worker was sent."""
        self.told.obeyed = max(self.told.obeyed, message.version)
        self.credits.spent = max(self.credits.spent, message.spent)
        if message.recalls != self._recalls:
            return False
        if isinstance(self.place, Recalling):
            self.place = Standing(self.place.step)
        if message.recalled or self.place in (Away(), Standing()):
            return False
        self.place = Standing()
        return True

    def first_frame(self, params: Any) -> None:
        """The run stands at its newest step, and obeys these values."""
        self.place = Standing()
        self.told.params = params

    def held(self) -> None:
        self._holding = max(0, self._holding - 1)

    def ended(self) -> None:
        """The worker trains no more, and has seen all values that it will."""
        self.credits.give_up()
        self.told.settle()

    def diverged(self) -> None:
        self.ended()
        if not self.begun:
            self.place = Standing()
        elif isinstance(self.place, Recalling):
            self.place = Standing(self.place.step)

    def refused(self) -> None:
        """A value was refused: the run is there, but nobody knows at which step."""
        if self.credits.left:
            self.hold()  # some may be on their way still
        self.told.settle()
        if self.begun:
            self.place = Lost()
