"""A run of ten million steps: what a picture of it costs, what the window holds, what its files take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

STEPS = 10_000_000

# The window alone, without a worker and without torch.
MEASURE = """
import json, sys, time
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtWidgets import QApplication

from app.engine.inline import InlinePool
from app.files.runfile import read
from app.session.session import Session
from app.files.settings import Settings
from app.window.window import MainWindow
from visualizers.catalog import panels


def clock(action):
    begun = time.perf_counter()
    result = action()
    return result, time.perf_counter() - begun


if __name__ == "__main__":
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    application = QApplication(["lab"])
    pool = InlinePool()
    window = MainWindow(Settings(), panels(), lambda one, _: Session(one, pool))
    window.resize(1280, 720)
    window.show()

    def until(what, slowest=0.0):
        while not what():
            _, seconds = clock(lambda: application.processEvents())
            slowest = max(slowest, seconds)
            time.sleep(0.002)
        return slowest

    record = read(folder / "short.bml")
    window.show_record(record)
    history, generator = window.session.history, np.random.default_rng(0)
    values = {name: np.abs(generator.normal(1.0, 0.3, 1_000)) for name in history.names}
    values["clipped"] = (values["clipped"] > 1.0) * 1.0
    figures = {"steps": steps}
    spent = []
    for begin in range(len(history), steps, 1_000):
        count = min(1_000, steps - begin)
        spent.append(clock(lambda: history.extend({name: one[:count] for name, one in values.items()}))[1])
    figures["rows"], figures["longest_append_ms"] = len(history.steps), 1e3 * max(spent)

    costs = []
    for _ in range(100):
        begun = time.thread_time()
        window.session._show()
        application.processEvents()
        costs.append(time.thread_time() - begun)
    # A machine that is busy with something else makes it worse, never better.
    figures["picture_ms"] = 1e3 * min(float(np.median(costs[at : at + 20])) for at in range(0, 100, 20))
    figures["window_mb"] = psutil.Process().memory_info().rss / 2**20
    said = []
    window.toast.say = lambda text, warning=False: said.append(text)
    for kind, save in (("bml", window.files.save), ("csv", window.files.save_csv)):
        begun = time.perf_counter()
        _, blocked = clock(lambda: save(folder / f"long.{kind}"))
        slowest = until(lambda: (folder / f"long.{kind}").exists() and bool(said))
        figures[f"save_{kind}_s"] = time.perf_counter() - begun
        figures[f"save_{kind}_longest_wait_ms"] = 1e3 * max(blocked, slowest)
        figures[f"{kind}_mb"] = (folder / f"long.{kind}").stat().st_size / 2**20
        said.clear()
    begun = time.perf_counter()
    before = window.session.history
    window.files.open(str(folder / "long.bml"))
    slowest = until(lambda: window.session.history is not before)
    figures["open_s"], figures["open_longest_wait_ms"] = time.perf_counter() - begun, 1e3 * slowest
    assert len(window.session.history) == steps
    figures["window_after_mb"] = psutil.Process().memory_info().rss / 2**20
    window.close()
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))
"""


def test_that_a_run_of_ten_million_steps_is_drawn_held_and_saved(tmp_path: Path, capsys) -> None:
    from app.files.runfile import write
    from app.headless.trial import Trial
    from app.session.record import Record, Seen, versions
    from visualizers.catalog import panel

    trial = Trial(panel("rnn_gradients"))
    trial.train(2)
    write(tmp_path / "short.bml", Record(
        panel="rnn_gradients", params=trial.params, changes=(), seed=0, device="cpu", threads=1,
        versions=versions(), history=trial.history, step=2, film=[Seen(2, trial.params, trial.frame(), 2)]))
    script = tmp_path / "measure.py"
    script.write_text(MEASURE)
    done = subprocess.run([sys.executable, str(script), str(tmp_path), str(STEPS)], capture_output=True,
                          text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        print("\n" + json.dumps(figures, indent=1))
    assert figures["picture_ms"] <= 10 and figures["window_mb"] <= 300
