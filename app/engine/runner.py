"""What a worker does: build an experiment, train it while there are credits, send frames.

``Runner`` knows neither processes nor pipes: it is given ``send`` and ``poll``. The worker process
and the inline worker of tests and headless commands both run it. No torch at import, no Qt.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from app.engine import machine
from app.engine.measuring import Measuring, has_finished, idle_controls
from app.engine.protocol import (
    Began,
    Begin,
    Change,
    Diverged,
    End,
    Failed,
    Framed,
    Grant,
    Held,
    Hold,
    Look,
    Note,
    Progress,
    Quit,
    Recall,
    SetPace,
    Values,
    Warm,
)
from app.engine.run import Beat, Keyframe, Keyframes, Present, Run, Way
from visualizers.panel import Context, load
from visualizers.refusal import Refusal
from widgets.theme.words import tr_mark

# Looking into the pipe costs some 10 µs: once in this many seconds it stays under half a per cent.
PEEK = 0.005
# After new parameters the picture is wanted at once, yet not more often than this.
LEAST_GAP = 0.012
# At full speed a frame that is costly to make comes less often, so that training keeps its time: frames
# take this share of it, and up to the other one where they would come too seldom to look alive.
FRAME_SHARE, MOST_SHARE = 0.04, 0.1
ALIVE = 0.12
# Keyframes may take one part in so many of the time.
KEYFRAME_COST = 200
# Scalars are gathered from dicts into arrays at the latest after so many steps.
MOST_ROWS = 4096


class Abandoned(BaseException):
    """A set-up that nobody waits for any more. Not an ``Exception``: experiments must let it pass."""


class Runner:
    """The worker's side of the protocol.

    Args:
        send: takes a message to the window.
        poll: gives the window's next message, waiting at most so many seconds (``None``: for ever);
            ``None`` when there is none.
    """

    def __init__(
        self, send: Callable[[Any], None], poll: Callable[[float | None], Any | None]
    ) -> None:
        self._send, self._poll = send, poll
        self._inbox: list[Any] = []
        self._run: Run | None = None
        self._silent = False

    # --- the loop --------------------------------------------------------------------------

    def serve(self) -> None:
        """Work until ``Quit``."""
        while self.turn(None):
            pass

    def turn(self, longest: float | None) -> bool:
        """Handle what has arrived, then work for some milliseconds; False after ``Quit``.

        When there is nothing to do, wait for a message, at most ``longest`` seconds.
        """
        idle = self.idle()
        wait = longest if idle is None else idle if longest is None else min(idle, longest)
        while True:
            message = self._inbox.pop(0) if self._inbox else self._poll(wait)
            if message is None:
                break
            if isinstance(message, Quit):
                self._drop()
                return False
            self._guarded(self._handle, message)
            wait = 0.0
        self._guarded(self._advance)
        return True

    def idle(self) -> float | None:
        """Seconds until there is work to do; ``None`` when only a message can bring some."""
        run = self._run
        if self._inbox or (run is not None and run.way is not None):
            return 0.0
        if run is None or not self._may_train(run):
            return None
        if run.beat.pace.steps is None or run.beat.left:
            return 0.0
        return max(0.0, run.beat.due - perf_counter())

    def _guarded(self, act: Callable[..., None], *args: Any) -> None:
        failed = None
        try:
            act(*args)
            return
        except Abandoned:
            pass
        except Exception as error:
            token = self._run.token if self._run else getattr(args[0], "run", -1) if args else -1
            failed = Failed(token, *_said(error), "".join(traceback.format_exception(error)))
            if isinstance(error, Refusal) and self._run is not None and self._run.last.step >= 0:
                # A parameter that can be mended must not cost the run.
                self._give_up_credits(self._run)
                failed = dataclasses.replace(failed, over=False)
        # Here the traceback is gone, and with it the tensors that its frames held.
        if failed is None or failed.over:
            self._drop()
        if failed is not None:
            self._send(failed)

    def _drop(self) -> None:
        if self._run is not None:
            device = self._run.device
            self._run = None
            machine.tidy(device)

    # --- messages --------------------------------------------------------------------------

    def _handle(self, message: Any) -> None:
        match message:
            case Begin():
                self._drop()
                self._begin(message)
                return
            case Warm(modules=modules):
                for name in modules:
                    if (message := self._poll(0.0)) is not None:
                        self._inbox.append(message)  # a run goes first, and imports what it needs
                        return
                    with contextlib.suppress(ImportError):
                        import_module(name)
                return
        run = self._run
        if run is None or message.run != run.token:
            return
        if run.way is not None and isinstance(message, (Grant, Look)):
            run.later.append(message)
            return
        match message:
            case End():
                self._drop()
            case SetPace(pace=pace):
                run.beat.change(pace)
            case Hold():
                self._give_up_credits(run)
                seen = (run.last.step, run.last.version) == (run.step, run.version) \
                    and run.last.fresh
                try:
                    if run.way is None and not seen:
                        self._frame(run, paid=False)
                finally:
                    self._send(Held(run.token))
            case Grant():
                if message.params is not None:
                    run.params, run.version = message.params, message.version
                    if run.beat.pace.steps is None:
                        run.beat.due = min(run.beat.due, run.last.at + LEAST_GAP)
                run.granted += message.credits
                run.credits += message.credits
            case Look():
                run.params, run.version = message.params, message.version
                if run.ended:
                    run.credits = run.beat.left = 0  # they were meant for what has ended
                self._frame(run, paid=False)
            case Recall():
                self._recall(run, message)

    @staticmethod
    def _give_up_credits(run: Run) -> None:
        """Also those that wait for the end of a way; the parameters beside them stay."""
        run.granted += sum(one.credits for one in run.later if isinstance(one, Grant))
        run.later = [dataclasses.replace(one, credits=0) if isinstance(one, Grant) else one
                     for one in run.later]
        run.credits = run.beat.left = 0

    # --- beginning -------------------------------------------------------------------------

    def _begin(self, begin: Begin) -> None:
        self._send(Progress(begin.run, 0, 0, ""))
        device = machine.choose_device(begin.device)
        machine.set_threads(begin.threads or 1, device)
        context, experiment = self._build(begin, device)
        run = self._run = Run(
            begin, begin.run, device, begin.threads or 1, experiment, context,
            params=begin.params, trained=begin.params, beat=Beat(begin.pace),
            keyframes=Keyframes.within(begin.keyframe_bytes), measuring=Measuring(experiment),
            changes=[change for change in begin.changes if change.step < begin.until],
            calibrated=bool(begin.threads) or not begin.trains or device != "cpu"
            or machine.cores() <= 2,
        )
        self._send(Began(run.token, device, run.threads))
        run.measuring.refresh(experiment, run.params, 0, at_rest=True)
        if begin.until and begin.trains:
            # The steps that follow must be those of the recording, threads and all.
            self._keyframe(run, perf_counter())
            self._calibrate(run)
            run.way = Way(begin.until, recalled=False)
            return
        for change in begin.changes:
            run.params = dataclasses.replace(run.params, **change.values)
        self._frame(run, paid=False)
        self._keyframe(run, perf_counter())
        self._calibrate(run)

    def _build(self, begin: Begin, device: str) -> tuple[Context, Any]:
        from visualizers.data import Data

        machine.seed_all(begin.seed)
        token, told = begin.run, 0.0

        def on_progress(done: int, total: int, what: str) -> None:
            nonlocal told
            now = perf_counter()
            if now - told < 0.05 and done < total:
                return
            told = now
            self._send(Progress(token, done, total, what))
            while (message := self._poll(0.0)) is not None:
                self._inbox.append(message)
            if any(isinstance(message, (Begin, End, Quit)) for message in self._inbox):
                raise Abandoned

        def on_note(text: str, values: dict[str, object]) -> None:
            if not self._silent:
                self._send(Note(self._run.token if self._run else token, text, values))

        data = Data(Path(begin.datapack) if begin.datapack else None, on_note)
        context = Context(device, begin.seed, data, on_progress, on_note)
        return context, load(begin.experiment)(begin.params, context)

    def _calibrate(self, run: Run) -> None:
        """Choose torch's threads by trying some steps, on a copy, with one and with many."""
        if run.calibrated:
            return
        run.calibrated = True
        random = machine.random_state(run.device)
        many = machine.cores() - 1
        try:
            trial = self._copy(run)
        except Exception:
            return  # an experiment that cannot be copied trains on one thread
        times = {}
        self._silent = True
        for threads in (1, many):
            machine.set_threads(threads, run.device)
            trial.step(run.params)
            times[threads], started, steps = math.inf, perf_counter(), 0
            while (spent := perf_counter() - started) < 0.05 and steps < 100:
                before = perf_counter()
                trial.step(run.params)
                times[threads] = min(times[threads], perf_counter() - before)
                steps += 1
                if spent > 0.5:
                    break
        self._silent = False
        # More threads take cores from the window and from others: they must be worth it.
        run.threads = many if times[many] < 0.9 * times[1] else 1
        machine.set_threads(run.threads, run.device)
        machine.set_random_state(random)
        self._send(Began(run.token, run.device, run.threads))

    # --- training --------------------------------------------------------------------------

    def _may_train(self, run: Run) -> bool:
        return run.credits > 0 and not run.ended and run.begin.trains

    def _advance(self) -> None:
        run = self._run
        if run is None:
            return
        if run.way is not None:
            self._approach(run, run.way)
        elif self._may_train(run):
            self._play(run)

    def _play(self, run: Run) -> None:
        """Some milliseconds of training, and a frame when one is due."""
        now = perf_counter()
        if run.present is not None:
            self._fork(run, run.step)
        beat = run.beat
        if has_finished(run.experiment, run.params):
            run.ended, beat.left = True, 0  # the parameters that have come since leave it nothing to do
            self._paid_frame(run, now)
            return
        if beat.pace.steps is None:
            self._train(run, min(now + PEEK, beat.due), None)
            if (now := perf_counter()) >= beat.due or run.ended:
                self._paid_frame(run, now)
            return
        if beat.left == 0:
            if now < beat.due:
                return
            beat.left = beat.pace.steps
            beat.due = beat.after(now)
        beat.left -= self._train(run, now + PEEK, beat.left)
        if beat.left == 0 or run.ended:
            beat.left = 0
            self._paid_frame(run, now)

    def _paid_frame(self, run: Run, now: float) -> None:
        if self._run is not run or run.credits == 0:
            return  # it has diverged
        self._frame(run, paid=True)
        if run.beat.pace.steps is None:
            run.beat.due = max(run.beat.after(now), perf_counter() + rest_after(run.last.cost))
        self._keyframe_if_due(run)

    def _keyframe_if_due(self, run: Run) -> None:
        now = perf_counter()
        frames = run.keyframes
        last = frames.kept.last()
        if (
            frames.able and last is not None and run.step - last.step >= frames.kept.gap
            and now - frames.at >= KEYFRAME_COST * frames.cost
        ):
            self._keyframe(run, now)

    def _train(self, run: Run, until: float, most: int | None) -> int:
        """Train till the clock passes ``until``, at least one step, at most ``most``; how many.

        Nothing but this loop runs at every step: keep it bare.
        """
        if run.params is not run.trained:
            self._note_change(run)
        step_once, params, rows = run.experiment.step, run.params, run.news.rows
        experiment, finite, clock = run.experiment, math.isfinite, perf_counter
        over = getattr(experiment, "finished", None)
        every = run.measuring.every
        if run.way is not None and run.way.recalled:
            every = 0  # on the way back to a step nobody looks at those before it
        unmeasured = every - run.step % every if every else -1
        most = MOST_ROWS if most is None else min(most, MOST_ROWS)
        count, good, started = 0, True, clock()
        now = started
        while count < most:
            scalars = step_once(params)
            rows.append({**scalars})
            count += 1
            if not finite(scalars.get("loss", 0.0)):
                good = False
                break
            if over is not None and over(params):
                run.ended = True
                break
            unmeasured -= 1
            if not unmeasured:
                rows[-1].update(run.measuring.take(experiment, params, run.step + count))
                unmeasured = every
            now = clock()
            if now >= until:
                break
        run.step += count
        run.speed.trained(count, clock() - started)
        if len(rows) >= MOST_ROWS:
            run.news.gather(run.measuring.scalars)
        if not good:
            self._diverge(run)
        return count

    def _note_change(self, run: Run) -> None:
        """Record in what the next step's parameters differ from the last one's."""
        values = {
            one.name: new for one in dataclasses.fields(run.params)
            if (new := getattr(run.params, one.name)) != getattr(run.trained, one.name)
        }
        run.trained = run.params
        if values:
            change = Change(run.step, values)
            run.changes.append(change)
            run.news.changes.append(change)

    def _diverge(self, run: Run) -> None:
        run.ended = run.diverged = True
        run.credits, run.beat.left, run.way = 0, 0, None
        # The weights after step s are known to be good only when step s + 1 had a finite loss.
        good = run.keyframes.kept.before(max(0, run.step - 2))
        scalars, first, changes = run.news.take(run.step, run.measuring.scalars)
        self._send(Diverged(run.token, run.step, good.step if good else 0, scalars, first, changes))

    # --- what is sent ----------------------------------------------------------------------

    def _frame(self, run: Run, *, paid: bool) -> None:
        if run.diverged:
            return  # weights that are no numbers are not drawn
        started = perf_counter()
        measuring = run.measuring
        # A run that counts the steps between its frames is looked at frame by frame; it is measured
        # for each while that keeps pace, and always for the last one before it stands still.
        at_rest = not paid or run.ended or (run.beat.pace.steps is not None and (
            run.credits == 1 or measuring.cost <= run.beat.pace.interval))
        measuring.refresh(run.experiment, run.params, run.step, at_rest=at_rest)
        run.last.fresh = not measuring.able or measuring.step == run.step
        frame = run.experiment.frame(run.params)
        # Other parameters may end a run, and wake one that has ended: what the window is told holds here.
        run.ended = has_finished(run.experiment, run.params)
        scalars, first, changes = run.news.take(run.step, run.measuring.scalars)
        run.last.step, run.last.version = run.step, run.version
        run.credits -= paid
        if started - run.memory_at > 0.25 or run.memory_at < 0:
            run.memory, run.memory_at = machine.memory(run.device), started
        self._send(Framed(
            run.token, run.step, frame, run.params, scalars, first, run.version, changes,
            run.speed.read(), run.memory, run.granted - run.credits, run.recalls, run.present is not None,
            run.ended, measuring.scalars,
            measuring.step if measuring.able else run.step, idle_controls(run.experiment, run.params),
            run.last.cost,
        ))
        run.last.at = perf_counter()
        run.last.cost = run.last.at - started

    # --- going back ------------------------------------------------------------------------

    def _copy(self, run: Run, experiment: Any = None) -> Any:
        return self._copy_sized(run, experiment)[0]

    def _copy_sized(self, run: Run, experiment: Any = None) -> tuple[Any, int]:
        """A deep copy that shares what the experiment declares as shared, and its bytes."""
        experiment = run.experiment if experiment is None else experiment
        shared = [run.context.data, *(
            getattr(experiment, name) for name in getattr(experiment, "shared", ())
            if hasattr(experiment, name)
        )]
        memo: dict[int, Any] = {id(one): one for one in shared}
        twin = copy.deepcopy(experiment, memo)
        kept = {id(one) for one in shared}
        # deepcopy keeps the originals alive in a list under the memo's own id: not a copy.
        return twin, machine.bytes_of(
            one for key, one in memo.items() if key not in kept and key != id(memo)
        )

    def _keyframe(self, run: Run, now: float) -> None:
        """Keep a copy of the present state, if it fits the budget."""
        frames = run.keyframes
        if not frames.able or not run.begin.trains:
            return
        try:
            twin, size = self._copy_sized(run)
        except Exception:
            # Such an experiment is built again and trained from the start instead.
            frames.able = False
            return
        frames.at = perf_counter()
        frames.cost = frames.at - now
        if not frames.fits(size, run.step):
            frames.able = False
            return
        frames.kept.add(run.step, Keyframe(twin, machine.random_state(run.device)), size)

    def _recall(self, run: Run, message: Recall) -> None:
        """Set the newest state aside, start from the best state before the step, go up to it."""
        if run.way is not None and not run.way.recalled:
            return  # a replay is on its way, and nothing else can be seen before its end
        self._give_up_credits(run)
        run.way = None
        present = run.present
        newest = present.step if present else run.step
        step = max(0, min(message.step, newest))
        if step == newest and (present.diverged if present else run.diverged):
            step = max(0, newest - 2)  # the last weights that are known to be numbers
        if present is None and step < newest and run.news.scalars:
            self._frame(run, paid=False)  # scalars that the window has not seen yet
        run.recalls += 1
        if message.rename is not None:
            run.token, run.granted, run.recalls = message.rename, 0, 0
            run.later.clear()  # what was for the run of the old token
        if step == newest:
            if present is not None:
                self._restore(run, present.experiment, present.random, present.step)
                run.params, run.trained = present.params, present.trained
                run.ended, run.diverged = present.ended, present.diverged
                run.present, run.news.first = None, step
            self._take_up(run)
            self._frame(run, paid=False)
            return
        if present is None:
            run.present = Present(run.experiment, machine.random_state(run.device), run.step,
                                  run.params, run.trained, run.ended, run.diverged)
        base = run.keyframes.kept.before(step)
        reached = base.step if base else 0
        if present is None or not reached <= run.step <= step:
            self._go_back(run, base.item if base else None, reached)
        run.ended = run.diverged = False
        run.way = Way(step, recalled=True)
        if message.rename is not None:
            # What follows belongs to the branch: it starts with all that led here.
            self._fork(run, step)
        self._approach(run, run.way)

    def _go_back(self, run: Run, keyframe: Keyframe | None, step: int) -> None:
        if keyframe is None:
            run.context, experiment = self._build(run.begin, run.device)
            self._restore(run, experiment, machine.random_state(run.device), 0)
        else:
            self._restore(run, self._copy(run, keyframe.experiment), keyframe.random, step)

    def _restore(self, run: Run, experiment: Any, random: Any, step: int) -> None:
        run.experiment, run.step = experiment, step
        run.measuring.forget()
        machine.set_random_state(random)

    def _approach(self, run: Run, way: Way) -> None:
        """Some milliseconds of training again towards the goal, with each step's own parameters."""
        goal = way.goal
        until = perf_counter() + 5 * PEEK
        self._silent = way.recalled  # what it notes has been said before
        while run.step < goal and perf_counter() < until:
            run.params = run.trained = run.params_at(run.step + 1)
            if run.ended and has_finished(run.experiment, run.params):
                break
            run.ended = False  # other parameters had woken it here
            ahead = [change.step for change in run.changes if run.step < change.step < goal]
            self._train(run, until, min([goal, *ahead]) - run.step)
            if way.recalled:
                run.news.forget_scalars()  # the window has them already
        self._silent = False
        if run.way is None:
            return  # it has diverged
        if run.present is None:
            self._keyframe_if_due(run)
        if run.step < goal and not (
            run.ended and has_finished(run.experiment, run.params_at(run.step + 1))
        ):
            now = perf_counter()
            if now - run.told_at > 0.1:
                run.told_at = now
                self._send(Progress(run.token, run.step, goal,
                                    tr_mark("Repeating the recorded steps")))
            return
        run.way = None
        run.params = run.trained = run.params_at(run.step)
        if way.recalled:
            run.news.first = run.step
        else:
            for change in run.begin.changes:
                if change.step == run.step:
                    run.params = dataclasses.replace(run.params, **change.values)
        self._take_up(run)
        self._frame(run, paid=False)
        if run.present is None and run.keyframes.able:
            self._keyframe(run, perf_counter())

    def _take_up(self, run: Run) -> None:
        """The way has ended: what arrived meanwhile comes next, before all that arrived since."""
        self._inbox[:0] = run.later
        run.later = []

    def _fork(self, run: Run, step: int) -> None:
        """Make the earlier state the run's own: what came after it is forgotten."""
        run.present = None
        run.keyframes.kept.truncate(step)
        run.changes = [change for change in run.changes if change.step < step]
        run.news.begin_at(step)


def rest_after(cost: float) -> float:
    """Seconds without a frame after one that took ``cost`` seconds."""
    return max(cost * (1 / MOST_SHARE - 1), min(cost * (1 / FRAME_SHARE - 1), ALIVE))


def _said(error: BaseException) -> tuple[str, Values]:
    """One plain sentence for what went wrong."""
    if isinstance(error, Refusal):
        return error.message, error.values
    if machine.out_of_memory(error):
        return tr_mark("There is not enough memory for this; choose smaller values."), {}
    said = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return tr_mark("The experiment stopped with an error: {error}."), {"error": what.rstrip(".")}
