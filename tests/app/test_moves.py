"""Whatever a learner does, in whatever order and however fast: the run comes to rest, nothing is owed,
and what is shown is what those steps make.

The worker of these tests works in this process but answers when a die says so: it hears some of what
was sent, works a little, and only a part of what it says arrives.
"""

from __future__ import annotations

import dataclasses
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import toys

from app.engine.inline import InlinePool, InlineWorker
from app.engine.protocol import Pace
from app.engine.runner import Runner
from app.session.pins import MOST_GHOSTS
from app.session.session import AHEAD, Session, State
from widgets.controls.speeds import Speed

SEEDS = int(os.environ.get("BIGMODELS_SEEDS", "40"))  # more, when the session has been changed
REST = (State.PAUSED, State.FINISHED, State.DIVERGED)


class Dice(InlineWorker):
    """A worker at the far end of a pipe of uncertain speed."""

    def __init__(self, die: random.Random) -> None:
        super().__init__()
        self._die = die
        self._runner = Runner(
            self._received.append,
            lambda _: self._sent.popleft() if self._sent and die.random() < 0.7 else None)

    def receive(self) -> list[Any]:
        for _ in range(self._die.randrange(4)):
            self._runner.turn(0.0)
        count = self._die.randint(0, len(self._received))
        heard, self._received[:count] = self._received[:count], []
        return heard


class DicePool(InlinePool):
    def __init__(self, die: random.Random) -> None:
        self.die = die

    def take(self) -> Dice:
        return Dice(self.die)


class Learner:
    """Makes moves at random and sees that the session stays sound."""

    def __init__(self, seed: int, **values: Any) -> None:
        self.die = random.Random(seed)
        self.session = Session(toys.panel("Counter"), DicePool(self.die), threads=1)
        self.session.shown.connect(self._seen)
        self.on_screen: Any = None
        self.failures: list[Any] = []
        self.session.failed.connect(self.failures.append)
        self.log: list[str] = []
        self.diverges = values.get("trouble") == "nan"
        self.session.open(toys.Params(**values))

    def _seen(self, shown: Any) -> None:
        self.on_screen = shown
        assert shown.frame.weights[0] == shown.step, self.log[-40:]
        if not self.diverges:  # the loss that is no number belongs to a step without a frame
            assert len(shown.history) == shown.step, self.log[-40:]
        self.session.painted()

    # --- moves -----------------------------------------------------------------------------------

    def play(self) -> None:
        self.session.play()

    def pause(self) -> None:
        self.session.pause()

    def toggle(self) -> None:
        self.session.toggle()

    def right(self) -> None:
        self.session.step()

    def left(self) -> None:
        self.session.step_back()

    def seek(self) -> None:
        self.session.seek(self.die.randint(0, self.session.last_step + 1),
                          exact=self.die.random() < 0.7)

    def branch(self) -> None:
        self.session.branch(playing=self.die.random() < 0.5)

    def twice(self) -> None:
        """Space, and again before anything can have come of it."""
        self.session.toggle()
        self.session.toggle()

    def reset(self) -> None:
        self.session.reset()

    def rate(self) -> None:
        self.session.set_params(learning_rate=self.die.randint(1, 9) / 8)

    def click(self) -> None:
        self.session.set_params(selected=self.die.randint(0, 5))

    def size(self) -> None:
        self.session.set_params(size=self.die.randint(1, 9))

    def speed(self) -> None:
        self.session.set_speed(self.die.choice(list(Speed)))

    def hide(self) -> None:
        self.session.set_visible(False)

    def show(self) -> None:
        self.session.set_visible(True)

    def pin(self) -> None:
        self.session.pin()

    def keep(self) -> None:
        """Put the run away and take it out again, as another panel's opening does."""
        if self.session.current() is not None:
            record = self.session.record()
            self.session.close()
            self.session.open_record(record)

    MOVES: tuple[tuple[str, int], ...] = (
        ("play", 6), ("pause", 4), ("toggle", 4), ("right", 14), ("left", 14), ("seek", 8),
        ("branch", 3), ("reset", 1), ("rate", 8), ("click", 5), ("size", 1), ("speed", 3),
        ("twice", 3), ("hide", 2), ("show", 3), ("pin", 1), ("keep", 1),
    )

    def move(self) -> None:
        names, weights = zip(*self.MOVES, strict=True)
        name = self.die.choices(names, weights)[0]
        self.log.append(name)
        getattr(self, name)()
        self.sound()

    def wait(self, most: int = 4) -> None:
        """Some turns of the window's loop."""
        for _ in range(self.die.randint(0, most)):
            self.turn()

    def turn(self) -> None:
        if self.session._applying.isActive() and self.die.random() < 0.7:
            self.session._applying.stop()
            self.session._apply()
        if self.session._timer.isActive():
            self.session._tick()
        self.sound()

    # --- the end ---------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        self.session.set_visible(True)
        for _ in range(3000):
            if self.session.playing:
                self.session.pause()
            self.turn()
            if not self.session._due and not self.session._applying.isActive() \
                    and self.session.state in REST:
                break
        else:
            pytest.fail(f"never at rest: {self.session.state}, {self.summary()}, {self.log}")

    def summary(self) -> dict[str, Any]:
        session = self.session
        return {**vars(session._talk), "phase": session._phase, "past": session._timeline.past}

    def sound(self) -> None:
        """What holds at every moment, whatever is still on its way."""
        session, seen, length = self.session, self.session.current(), len(self.session.history)
        if self.diverges or session.state is State.STARTING:  # or a branch that has not been seen yet
            assert length >= session.last_step, self.log[-40:]
        else:
            assert length == session.last_step, self.log[-40:]
        assert not session.playing or session.looking_at == "present", self.log[-40:]
        if seen is None:
            return
        assert seen.step == session.step_shown <= session.last_step, self.log[-40:]
        assert (seen.frame.learning_rate, seen.frame.selected) == (
            seen.params.learning_rate, seen.params.selected), self.log[-40:]
        if session.state is not State.STARTING:
            assert seen.frame is self.on_screen.frame, self.log[-40:]

    def check(self) -> None:
        """What is shown is what the recorded changes make of the steps, bit for bit."""
        session, seen = self.session, self.session.current()
        assert seen is not None and (self.diverges or self.failures == [])
        assert seen.step == session.step_shown == self.on_screen.step, self.log[-40:]
        assert seen.frame is self.on_screen.frame, self.log[-40:]
        length = len(session.history)
        assert length == session.last_step or self.diverges
        assert not length or session.history["done"].tolist() == list(range(1, length + 1))
        assert seen.frame.weights.tolist() == plain(session, seen.step), self.log[-40:]
        if session.looking_at == "present" and session._talk.begun \
                and session.state is not State.DIVERGED:  # it is drawn no more
            assert (seen.frame.learning_rate, seen.frame.selected) == (
                session.params.learning_rate, session.params.selected), self.log[-40:]


    def ask(self) -> None:
        """One move, made at rest, does what it says and nothing else."""
        session, die = self.session, self.die
        last, here, past = session.last_step, session.step_shown, session.looking_at == "past"
        over = session.state in (State.FINISHED, State.DIVERGED)
        exact, begun, film = die.random() < 0.7, session._talk.begun, session.film_steps
        params, pinned = session.params, len(session.pinned)
        step = die.randint(0, last)
        moves: dict[str, Callable[[], None]] = {
            "play": self.play, "pause": self.pause, "right": self.right, "left": self.left,
            "seek": lambda: session.seek(step, exact=exact), "branch": self.branch, "pin": self.pin,
            "reset": self.reset, "rate": self.rate, "click": self.click, "size": self.size,
            "hide": self.hide, "keep": self.keep, "twice": self.twice}
        name = die.choice(list(moves))
        self.log.append(name)
        moves[name]()
        self.come_to_rest()
        self.check()
        shown, now, after = session.step_shown, session.last_step, session.params
        moved, log = dataclasses.asdict(after) != dataclasses.asdict(params), self.log[-40:]
        match name:
            case "play" | "twice" if not over:
                assert shown == now >= last and session.looking_at == "present", log
            case "right" if past and here < last and begun:
                assert (shown, now) == (here + 1, last), log
            case "right" if not over and not past and session.state is State.PAUSED:
                assert shown == now == last + 1, log
            case "left" if begun:
                assert (shown, now) == (max(0, here - 1), last), log
            case "seek" if exact and begun:
                assert (shown, now) == (step, last), log
            case "seek" if step < last:
                assert abs(shown - step) == min(abs(one - step) for one in film) and now == last, log
            case "branch":
                assert shown == now == here and session.looking_at == "present", log
                assert len(session.pinned) > pinned or len(session.pinned) == MOST_GHOSTS \
                    or any(one.step == last for one in session.pinned) or not last, log
            case "pin":
                assert any(one.step == last and one.params == session._timeline.newest.params
                           for one in session.pinned), log
            case "reset":
                assert shown == now == 0 == len(session.history) and after == params, log
            case "size" if moved:
                assert shown == now == 0 == len(session.history), log
            case "pause" | "hide":
                assert (shown, now, moved) == (here, last, False), log
            case "keep":
                assert (shown, now, moved) == (last, last, False), log

    def repeats(self, seed: int, **values: Any) -> None:
        """Its record, opened elsewhere and trained once more, gives the same bits."""
        record, other = self.session.record(), Learner(seed, **values)
        other.come_to_rest()
        other.session.open_record(record)
        other.click()  # a worker repeats the run for it
        other.come_to_rest()
        other.check()
        mine, again = self.session.history, other.session.history
        assert again["done"].tolist() == mine["done"].tolist(), self.log[-40:]
        assert other.session._timeline.newest.frame.weights.tolist() \
            == self.session._timeline.newest.frame.weights.tolist(), self.log[-40:]
        other.session.close()


def plain(session: Session, steps: int) -> list[float]:
    """The numbers of a frame, by an ordinary loop over the recorded changes."""
    params, total = session._timeline.start, float(session._timeline.start.seed)
    changes = {change.step: change.values for change in session._timeline.changes}
    for step in range(steps):
        params = dataclasses.replace(params, **changes.get(step, {}))
        total = total / 2 + params.learning_rate
    return [steps, total]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a clock measures are left out: it is the order of things that is tested."""
    monkeypatch.setattr("app.engine.runner.PEEK", 2e-5)
    monkeypatch.setattr("app.engine.runner.LEAST_GAP", 0.0)
    monkeypatch.setattr("app.engine.machine.tidy", lambda _device: None)  # nearly all of the time
    monkeypatch.setattr("app.session.session.RESTART_EVERY", 0.0)
    monkeypatch.setattr("app.session.session.PACES", {
        Speed.MAX: Pace(None, 0.0), Speed.FRAME: Pace(1, 0.0), Speed.FIVE: Pace(1, 0.0002),
        Speed.ONE: Pace(1, 0.0005)})


def test_that_forth_and_back_in_quick_succession_owe_nothing(qapp: Any) -> None:
    """→ and ← after playing: a credit that was given up on the way back is waited for by nobody."""
    for seed in range(SEEDS):
        learner = Learner(seed)
        learner.play()
        for _ in range(12):
            learner.turn()
        learner.pause()
        learner.come_to_rest()
        here = last = learner.session.last_step
        for _ in range(learner.die.randint(2, 12)):
            move = learner.die.choice(("right", "left"))
            learner.log.append(move)
            if move == "left":
                here = max(0, here - 1)
            elif here < last:
                here += 1
            elif learner.session._talk.credits.left < AHEAD:  # a key that is held down asks for no more
                here, last = here + 1, last + 1
            getattr(learner, move)()
            learner.wait(2)
        learner.come_to_rest()
        learner.check()
        assert (learner.session.step_shown, learner.session.last_step) == (here, last), learner.log
        learner.session.close()


@pytest.mark.parametrize("values", [{}, {"trouble": "finish", "at": 9}, {"trouble": "nan", "at": 9}],
                         ids=["endless", "finishing", "diverging"])
def test_that_any_moves_in_any_order_leave_a_sound_session(
    qapp: Any, values: dict[str, Any]
) -> None:
    for seed in range(SEEDS):
        learner = Learner(seed, **values)
        for _round in range(4):
            for _ in range(learner.die.randint(1, 14)):
                learner.move()
                learner.wait()
            learner.come_to_rest()
            if learner.session.state is not State.DIVERGED:
                learner.check()
        if learner.session.state is not State.DIVERGED:
            learner.repeats(seed, **values)
        learner.session.close()


@pytest.mark.parametrize("values", [{}, {"trouble": "finish", "at": 9}], ids=["endless", "finishing"])
def test_that_each_move_does_what_it_says_and_nothing_else(
    qapp: Any, values: dict[str, Any]
) -> None:
    for seed in range(SEEDS):
        learner = Learner(seed, **values)
        learner.come_to_rest()
        for _ in range(20):
            learner.ask()
        learner.session.close()
