"""What the window costs: it trains and draws in turn with the bare loop, in one call.

Everything is a comparison within one run on one machine; absolute times depend on the machine.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Parameter, parameters_of
from widgets.controls.speeds import Speed

ROUNDS = 4
SLIDER_MOVES = 40
OVER = ("FINISHED", "DIVERGED")  # what is over begins again
PATIENCE = 60.0  # seconds that a first frame may take before the bench gives up


# --- the bare loop -------------------------------------------------------------------------------


def bare_loop(connection: Any, panel: Panel, params: Any, threads: int, device: str) -> None:
    """The other side: a process that trains with ``for …: experiment.step(params)`` when told to.

    Takes seconds from the pipe and answers with steps a second; ``None`` ends it.
    """
    from app.engine import machine
    from app.engine.measuring import Measuring, has_finished
    from app.headless.trial import Trial

    machine.prepare()

    def fresh() -> Any:
        return Trial(panel, params, device=device, threads=threads).experiment

    experiment = fresh()
    every = Measuring(experiment).every
    for _ in range(3):
        if not has_finished(experiment, params):
            experiment.step(params)
    over = has_finished(experiment, params)
    connection.send("ready")
    while (seconds := connection.recv()) is not None:
        steps, spent = 0, 0.0
        while spent < seconds:
            if over:
                experiment, over = fresh(), False
            step = experiment.step
            started = time.perf_counter()
            for _ in range(32):
                scalars = step(params)
                steps += 1
                if every and steps % every == 0:
                    experiment.measure(params)
                if over := has_finished(experiment, params) or diverged(scalars):
                    break
                if time.perf_counter() - started > seconds - spent:
                    break
            spent += time.perf_counter() - started
        connection.send(steps / spent)


def diverged(scalars: Mapping[str, float]) -> bool:
    """Whether a step ended a run because its loss was no longer finite, as it does in the window."""
    return not math.isfinite(scalars.get("loss", 0.0))


class Bare:
    """The bare loop in its own process."""

    def __init__(self, panel: Panel, params: Any, threads: int, device: str) -> None:
        from app.engine import machine

        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=bare_loop, daemon=True,
                                        args=(there, panel, params, threads, device))
        with machine.training_environment():
            self._process.start()
        if not self._here.poll(PATIENCE) or self._here.recv() != "ready":
            raise Refusal("The bare loop did not start within {seconds} seconds.", seconds=PATIENCE)

    def rate(self, seconds: float) -> float:
        """Steps a second, trained for ``seconds``."""
        self._here.send(seconds)
        return float(self._here.recv())

    def close(self) -> None:
        self._here.send(None)
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()


# --- the window ----------------------------------------------------------------------------------


class Pace:
    """Steps a second while a run goes on. What settles early is begun again, and the time in which the
    next run is built does not count, as it does not in the bare loop."""

    def __init__(self) -> None:
        self._steps, self._spent = 0, 0.0
        self._last: tuple[float, int] | None = None

    def saw(self, now: float, step: int) -> None:
        """The run has come to ``step``."""
        if self._last is not None:
            self._spent += now - self._last[0]
            self._steps += step - self._last[1]
        self._last = now, step

    def pause(self) -> None:
        """Nothing counts until the next step is seen."""
        self._last = None

    @property
    def per_second(self) -> float:
        return self._steps / self._spent if self._spent else 0.0


def where(
    bare: float, window: float, alone: Sequence[float], costs: Sequence[float],
    frames_per_second: float,
) -> dict[str, float]:
    """Where the time of the window's worker goes; the ratio of the two rates is explained by it.

    Args:
        bare, window: steps a second without a window and with one.
        alone: steps a second of the worker while it trains, with a window that draws beside it.
        costs: seconds that its frames took.

    Returns:
        The shares of its time for training (and what is measured on schedule), for frames, and for
        the rest, which is messages, keyframes and waiting; and how many times as long a step takes
        while the window draws, which on two cores that share a cache is the larger part.
    """
    training = window / statistics.median(alone) if alone else 1.0
    frames = frames_per_second * statistics.fmean(costs) if costs else 0.0
    return {"training": round(training, 3), "frames": round(frames, 3),
            "rest": round(max(0.0, 1 - training - frames), 3),
            "step_beside_window": round(bare * training / window, 3) if window else 0.0}


class Stage:
    """A real window with one panel open, driven like a user drives it."""

    def __init__(self, panel: Panel, params: Any, threads: int, device: str) -> None:
        from PySide6.QtWidgets import QApplication

        from app.engine.pool import Pool, experiments
        from app.files.settings import Settings
        from app.session.session import Session
        from app.window.window import MainWindow
        from visualizers.catalog import panels

        os.environ["BIGMODELS_CONFIG"] = tempfile.mkdtemp(prefix="bench-")
        self.application = QApplication.instance() or QApplication(["bench"])
        self.panel = panel
        self.pool = Pool(experiments(panels()))
        self.pool.warm()

        def make(one: Panel, _settings: Settings) -> Session:
            return Session(one, self.pool, device=device, threads=threads)

        self.window = MainWindow(Settings.load(), panels(), make, self.pool.warm)
        self.window.resize(1280, 720)
        self.window.show()
        self._params = params
        self.alone: list[float] = []  # steps a second of the worker while it trains
        self.costs: list[float] = []  # seconds that its frames took
        self.spin(lambda: self.pool.is_warm, PATIENCE)
        self.first_frame_ms = self._open()

    def _open(self) -> float:
        """Open the panel and press Space at once, the worker being warm: ms to the first frame."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        started = time.perf_counter()
        self.window.open_panel(self.panel.id)
        self.session.set_speed(Speed.MAX)
        if self._params != self.panel.params():
            self.session.set_params(**{one.name: getattr(self._params, one.name)
                                       for one in parameters_of(self.panel.params)})
        self.window.setFocus()
        QTest.keyClick(self.window, Qt.Key.Key_Space)
        before = self.window.paint_meter.frames
        wanted = 1 if self.panel.trains else 0
        self.spin(lambda: (self.session.current() is not None
                           and self.session.current().step >= wanted
                           and self.session.params == self._params
                           and self.window.paint_meter.frames > before), PATIENCE)
        return (time.perf_counter() - started) * 1000

    @property
    def session(self) -> Any:
        return self.window.session

    def spin(self, until: Callable[[], Any], seconds: float) -> None:
        """Let the window live until something holds. Raises ``Refusal`` when it never does.

        The event loop sleeps between events as it does for a user: a loop that asked again and
        again would take a core from training.
        """
        from PySide6.QtCore import QEventLoop, Qt, QTimer

        if until():
            return
        loop, held = QEventLoop(), [False]

        def ask() -> None:
            held[0] = bool(until())
            if held[0]:
                loop.quit()

        asking = QTimer(timerType=Qt.TimerType.PreciseTimer)
        asking.timeout.connect(ask)
        asking.start(2)
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()
        asking.stop()
        if not held[0]:
            raise Refusal("The panel did not answer within {seconds} seconds.", seconds=seconds)

    def play(self, seconds: float, late: list[float]) -> tuple[float, float, float]:
        """Train for ``seconds``: steps a second, frames a second, ms of the window's CPU a frame."""
        from PySide6.QtCore import QEventLoop, Qt, QTimer

        session, meter = self.session, self.window.paint_meter
        pace = Pace()
        last = [0.0]

        def tick() -> None:
            now = time.perf_counter()
            late.append(max(0.0, (now - last[0]) * 1000 - 10))
            last[0] = now

        def seen(_shown: Any) -> None:
            if session.state.name == "RUNNING":
                pace.saw(time.perf_counter(), session.last_step)
                if session.steps_per_second:
                    self.alone.append(session.steps_per_second)
                if session.frame_cost:
                    self.costs.append(session.frame_cost)

        def ended(state: Any) -> None:
            if state.name in OVER:
                pace.saw(time.perf_counter(), session.last_step)
                pace.pause()
                self._again()

        timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        self._again()
        self.spin(lambda: session.state.name == "RUNNING", PATIENCE)
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        session.shown.connect(seen)
        session.state_changed.connect(ended)
        meter.reset()
        last[0] = started = time.perf_counter()
        timer.start(10)
        loop.exec()
        timer.stop()
        spent = time.perf_counter() - started
        frames, cpu = meter.frames, meter.cpu
        session.state_changed.disconnect(ended)
        session.shown.disconnect(seen)
        session.pause()
        self.spin(lambda: session.state.name != "RUNNING", PATIENCE)
        return pace.per_second, frames / spent, 1000 * cpu / max(1, frames)

    def _again(self) -> None:
        """Play on, from the start where a run has nothing more to do, or has diverged."""
        if self.session.state.name in OVER:
            self.session.reset()
        self.session.play()

    def slider_ms(self, one: Parameter, moves: int) -> list[float]:
        """Move a live control again and again while the run plays: ms until it is painted."""
        session, meter = self.session, self.window.paint_meter
        if self.panel.trains:
            self._again()
        times = []
        for index in range(moves):
            self.spin(_timer(0.03 + 0.01 * (index % 7)), 1)
            if session.state.name in OVER:
                self._again()
                self.spin(lambda: session.state.name == "RUNNING", PATIENCE)
            value = moved(one, getattr(session.params, one.name), index)
            frames, started = meter.frames, time.perf_counter()
            session.set_params(**{one.name: value})
            self.spin(partial(_answered, session, meter, frames, one.name, value), 10)
            if session.state.name != "DIVERGED":  # what has just diverged is not drawn
                times.append((time.perf_counter() - started) * 1000)
        session.pause()
        return times

    def close(self) -> None:
        self.window.close()
        self.pool.close()


def _answered(session: Any, meter: Any, frames: int, name: str, value: Any) -> bool:
    """Whether a frame that obeys the new value has been painted since, or none will be."""
    return bool(session.state.name == "DIVERGED"
                or (meter.frames > frames and getattr(session.current().params, name) == value))


def _timer(seconds: float) -> Callable[[], bool]:
    ends = time.perf_counter() + seconds
    return lambda: time.perf_counter() > ends


def live_parameter(panel: Panel, params: Any) -> Parameter | None:
    """The control that the slider figures move: the first live number, else what a click sets."""
    shown = [one for one in parameters_of(panel.params) if not one.restart and one.shown_for(params)]
    for kind in ("number", "integer", "hidden", "flag"):
        for one in shown:
            if one.kind == kind and (kind != "hidden" or type(one.default) is int):
                return one
    return None


def moved(one: Parameter, value: Any, index: int) -> Any:
    """A value near ``value``, another one at each index."""
    if one.kind == "flag":
        return not value
    if one.kind == "hidden":
        return (index + 1) % 2
    low, high = one.low or 0.0, one.high or 1.0
    if one.kind == "integer":
        return int(value) + 1 if index % 2 == 0 and value < high else int(max(low, value - 1))
    factor = 0.98 if index % 2 == 0 else 1 / 0.98
    near = value * factor if value else low + 0.01 * (high - low)
    return min(high, max(low, near))


def measure(panel: Panel, params: Any, *, seconds: float, threads: int = 1,
            device: str = "auto") -> dict[str, Any]:
    """Bare loop and window in turn; every figure that the design limits."""
    import psutil

    stage = Stage(panel, params, threads, device)
    bare = Bare(panel, params, threads, device) if panel.trains else None
    late: list[float] = []
    try:
        bares, windows, frames, paints = [], [], [], []
        if bare is not None:
            each = seconds / (2 * ROUNDS)
            stage.play(min(1.0, each), [])  # caches fill, ranges settle
            for _ in range(ROUNDS):
                bares.append(bare.rate(each))
                rate, per_second, paint = stage.play(each, late)
                windows.append(rate)
                frames.append(per_second)
                paints.append(paint)
        control = live_parameter(panel, params)
        slider = stage.slider_ms(control, SLIDER_MOVES) if control else []
        meter = stage.window.paint_meter
        worker = psutil.Process(stage.session.worker_pid).memory_info().rss
        window = psutil.Process().memory_info().rss
        figures: dict[str, Any] = {"panel": panel.id, "threads": threads,
                                   "device": stage.session.device}
        if bare is not None:
            ratios = [one / other for one, other in zip(windows, bares, strict=True)]
            figures |= {
                "steps_per_second": {"bare": round(statistics.median(bares), 2),
                                     "window": round(statistics.median(windows), 2),
                                     "ratio": round(statistics.median(ratios), 3)},
                "frames_per_second": round(statistics.median(frames), 1),
                "worker_time": where(statistics.median(bares), statistics.median(windows),
                                     stage.alone, stage.costs, statistics.median(frames)),
                "paint_ms": round(statistics.median(paints), 2),
                "late_ms": percentiles(late, (50, 95, 99, 100)),
            }
        else:
            figures["paint_ms"] = round(1000 * meter.cpu / max(1, meter.frames), 2)
        figures |= {
            "slider_to_paint_ms": {"control": control.name if control else None,
                                   **percentiles(slider, (50, 95))},
            "first_frame_ms": round(stage.first_frame_ms, 1),
            "window_mb": round(window / 1e6, 1),
            "worker_mb": round(worker / 1e6, 1),
        }
        return figures
    finally:
        stage.close()
        if bare is not None:
            bare.close()


def percentiles(values: Sequence[float], which: Sequence[int]) -> dict[str, float | None]:
    """``{"p50": …, "max": …}`` of the values, to a tenth."""
    import numpy as np

    return {"max" if each == 100 else f"p{each}":
            round(float(np.percentile(values, each)), 1) if len(values) else None for each in which}


def table(figures: dict[str, Any], indent: str = "") -> str:
    """The figures, a line each."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            value = "  ".join(f"{key} {one}" for key, one in value.items())
        lines.append(f"{indent}{name:20} {value}")
    return "\n".join(lines)


# --- startup -------------------------------------------------------------------------------------

EMPTY = """
import sys, time
import pyqtgraph
from PySide6.QtWidgets import QApplication
from app.headless.bench import quit_at_first_paint
application = QApplication(["empty"])
window = pyqtgraph.PlotWidget()
window.resize(1280, 720)
window.show()
quit_at_first_paint(application)
"""
OURS = """
import sys, time
from app.headless.bench import quit_at_first_paint
from app.main import build
from PySide6.QtWidgets import QApplication
application = QApplication(["ours"])
window, pool = build(application)
window.show()
quit_at_first_paint(application)
pool.close()
assert "torch" not in sys.modules
"""


def quit_at_first_paint(application: Any) -> None:
    """Run the event loop until something was painted, and print the time of that moment."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from widgets.base.guard import Guarded

    class Watch(Guarded, QObject):
        def eventFilter(self, _watched: Any, event: Any) -> bool:
            if event.type() == QEvent.Type.UpdateRequest:
                application.removeEventFilter(self)
                QTimer.singleShot(0, done)
            return False

    def done() -> None:
        print(time.time(), flush=True)
        application.quit()

    watch = Watch()
    application.installEventFilter(watch)
    application.exec()


def startup(rounds: int = 5) -> dict[str, Any]:
    """Seconds from the start of a process to its first paint: an empty window and ours, in turn."""
    environment = os.environ | {"BIGMODELS_CONFIG": tempfile.mkdtemp(prefix="bench-")}

    def seconds(program: str) -> float:
        started = time.time()
        printed = subprocess.run([sys.executable, "-c", program], env=environment, check=True,
                                 capture_output=True, text=True).stdout
        return float(printed.split()[-1]) - started

    for program in (EMPTY, OURS):  # the first start of each fills the disk's cache
        seconds(program)
    empty, ours = [], []
    for _ in range(rounds):
        empty.append(seconds(EMPTY))
        ours.append(seconds(OURS))
    return {"empty_window_s": round(statistics.median(empty), 3),
            "ours_s": round(statistics.median(ours), 3),
            "ratio": round(statistics.median(ours) / statistics.median(empty), 2)}
