"""What only real processes show: death, silence, orphans, speed, and a full pipe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import toys

from app.engine.inline import InlineWorker
from app.engine.pool import Pool
from app.engine.protocol import Begin, Failed, Framed, Grant, Hold, Look, Pace, Progress

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]
EVERY = Pace(1, 0.0)


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether the process has ended, soon."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_that_a_worker_process_trains_as_an_inline_worker_does(talk: Any, inline: Any) -> None:
    frames = []
    for one in (talk, inline):
        one.begin(pace=EVERY)
        one.send(Grant(one.token, 25))
        frames.append(one.wait(Framed, 26))
    assert frames[0].step == 25
    assert np.array_equal(frames[0].frame.weights, frames[1].frame.weights)
    assert frames[0].memory > 50e6 and talk.worker.ready and talk.worker.pid != os.getpid()


def test_that_a_window_that_reads_nothing_does_not_hold_training_up(talk: Any) -> None:
    talk.begin("Clock", toys.Params(wait=0.001, weight=100_000), pace=Pace(None, 0.005))
    talk.first_frame()
    talk.send(Grant(talk.token, 8))  # 6 MB: much more than the pipe takes
    time.sleep(0.4)
    talk.send(Hold(talk.token))
    talk.listen(0.2)
    assert len(talk.all(Framed)) >= 9
    assert talk.all(Framed)[-1].step > 20


def test_that_a_set_up_nobody_waits_for_is_given_up(talk: Any) -> None:
    talk.begin(params=toys.Params(trouble="slow set-up", at=1000))
    talk.until(lambda: any(one.total for one in talk.all(Progress)))
    started = time.monotonic()
    talk.begin()
    talk.first_frame()
    assert time.monotonic() - started < 5  # the set-up would have taken twenty


def test_that_memory_does_not_grow_from_run_to_run(talk: Any) -> None:
    def rss() -> int:
        talk.begin(params=toys.Params(size=1500), pace=EVERY)
        talk.first_frame()
        talk.send(Grant(talk.token, 2))
        talk.wait(Framed, 3)
        return int(psutil.Process(talk.worker.pid).memory_info().rss)

    sizes = [rss() for _ in range(12)]
    # One run holds some 80 MB; where the allocator keeps a piece of it, a single size is up to 20 MB off.
    assert np.median(sizes[6:]) - np.median(sizes[:6]) < 20e6


def test_that_a_slider_is_answered_in_time(talk: Any) -> None:
    talk.begin("Clock", toys.Params(wait=0.001))
    talk.first_frame()
    talk.send(Grant(talk.token, 10_000))
    talk.wait(Framed, 3)
    late = []
    for version in range(1, 41):
        sent = time.perf_counter()
        talk.send(Grant(talk.token, 0, toys.Params(wait=0.001, selected=version), version))
        frame = talk.until(lambda version=version: next(
            (one for one in talk.all(Framed) if one.version == version), None))
        late.append(time.perf_counter() - sent)
        assert frame.frame.selected == version
    assert np.percentile(late, 95) < 0.05


def test_that_a_killed_worker_is_one_failure_and_the_spare_takes_over() -> None:
    pool = Pool()
    try:
        killed = {kill_when(moment, pool) for moment in ("importing", "starting", "running")}
        worker = pool.take()
        assert worker.alive and worker.pid not in killed
        pool.give_back(worker)
        assert pool.take() is worker
    finally:
        pool.close()


def kill_when(moment: str, pool: Pool) -> int:
    """Kill a worker at some moment, hear what is said of it, and return what its number was."""
    worker = pool.take()
    pool.warm()
    heard: list[Any] = []

    def until(kind: type) -> None:
        end = time.monotonic() + 60
        while not any(isinstance(one, kind) for one in heard) and time.monotonic() < end:
            heard.extend(worker.receive())
            time.sleep(0.002)
        assert any(isinstance(one, kind) for one in heard), moment

    if moment == "starting":
        params = toys.Params(trouble="slow set-up", at=500)
        worker.send(Begin(1, "toys:Rnn", params, threads=1))
        until(Progress)
    if moment == "running":
        worker.send(Begin(1, "toys:Rnn", toys.Params(), threads=1))
        worker.send(Grant(1, 1000))
        until(Framed)
    pid = worker.pid
    os.kill(pid, signal.SIGKILL)
    until(Failed)
    worker.send(Look(1, toys.Params(), 1))  # to the dead: nothing happens
    assert worker.receive() == [] and not worker.alive
    (failed,) = [one for one in heard if isinstance(one, Failed)]
    assert failed.fatal and "memory" in failed.message
    pool.discard(worker)
    return pid


def test_that_closing_the_pool_leaves_no_process() -> None:
    one = Pool()
    one.warm()
    pids = [one.take().pid, one.take().pid]
    assert len(set(pids)) == 2 and all(pids)
    one.close()
    assert all(gone(pid, 1) for pid in pids)


def test_that_nothing_starts_before_it_is_asked_for() -> None:
    before = len(psutil.Process().children())
    Pool().close()
    assert len(psutil.Process().children()) == before


def test_that_a_worker_ends_with_a_window_that_is_killed() -> None:
    code = textwrap.dedent("""
        import sys, time
        sys.path.insert(0, sys.argv[1])
        if __name__ == "__main__":
            import toys
            from app.engine.client import WorkerProcess
            from app.engine.protocol import Begin, Framed, Grant
            worker = WorkerProcess()
            worker.send(Begin(1, "toys:Clock", toys.Params(wait=0.001), threads=1))
            while not any(isinstance(one, Framed) for one in worker.receive()):
                time.sleep(0.01)
            worker.send(Grant(1, 1000000))
            print(worker.pid, flush=True)
            time.sleep(60)
    """)
    window = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
    )
    try:
        assert window.stdout is not None
        pid = int(window.stdout.readline())
        assert psutil.pid_exists(pid)
        window.kill()
        assert gone(pid)
    finally:
        window.kill()
        window.communicate()


def test_that_an_inline_worker_is_this_process() -> None:
    worker = InlineWorker()
    assert worker.alive and worker.ready and worker.pid == os.getpid()
    worker.kill()
    assert worker.receive() == [] and not worker.alive


def test_that_the_engine_brings_neither_torch_nor_qt_into_the_window() -> None:
    code = ("import sys, app.engine.client, app.engine.pool, app.engine.inline, app.session.record; "
            "print([name for name in ('torch', 'PySide6') if name in sys.modules])")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                          check=True)
    assert said.stdout.strip() == "[]"


def test_that_a_worker_that_exits_is_told_apart_from_one_that_was_killed(talk: Any) -> None:
    # The last test of this file, for it costs the worker that the others share.
    talk.begin(params=toys.Params(trouble="exit"), pace=EVERY)
    talk.send(Grant(talk.token, 1))
    failed = talk.wait(Failed)
    assert failed.message.startswith("The worker process ended unexpectedly")
    assert failed.details == "exit code 3" and not talk.worker.alive
