"""The program itself, in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.alone

# Runs inside the program's own process: what a user does, on the real window.
DRIVE = """
import sys, time
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app.main import build

def until(what, seconds=60):
    ends = time.monotonic() + seconds
    while not what():
        application.processEvents()
        time.sleep(0.002)
        assert time.monotonic() < ends, "waited in vain"

if __name__ == "__main__":
    application = QApplication(["lab"])
    window, pool = build(application)
    window.show()
    window.activateWindow()
    until(window.isActiveWindow)
    {what}
    window.close()
    pool.close()
    print("closed")
"""

TRAIN_AND_SAVE = """
    window.open_panel("rnn_gradients")
    until(lambda: window.session.current() is not None)
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: window.session.last_step >= 20)
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: window.session.state.name == "PAUSED")
    from app.files.runfile import write
    from pathlib import Path
    write(Path({file!r}), window.session.record())
    print("step", window.session.last_step, "loss", window.session.history.last()["loss"])
"""

REOPEN = """
    window.files.open({file!r})
    until(lambda: window.session is not None and window.session.current() is not None)
    print("step", window.session.last_step, "loss", window.session.history.last()["loss"])
    assert not window.session.worker_pid, "opening a run must train nothing"
    before = window.session.last_step
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: window.session.last_step > before + 5)
    QTest.keyClick(window, Qt.Key.Key_Space)
    print("continued")
"""


def drive(what: str, tmp_path: Path) -> str:
    script = tmp_path / "drive.py"
    script.write_text(DRIVE.replace("{what}", what.strip()))
    environment = os.environ | {"BIGMODELS_CONFIG": str(tmp_path / "config")}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True,
                          text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_that_a_run_is_saved_reopened_and_continued(tmp_path: Path) -> None:
    file = str(tmp_path / "a.bml")
    saved = drive(TRAIN_AND_SAVE.format(file=file), tmp_path).splitlines()
    reopened = drive(REOPEN.format(file=file), tmp_path).splitlines()
    assert saved[0] == reopened[0]
    assert "continued" in reopened
    assert saved[-1] == reopened[-1] == "closed"


def start(*arguments: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"BIGMODELS_CONFIG": str(tmp_path / "config")}
    return subprocess.Popen([sys.executable, "-P", "-m", "app", *arguments], env=environment)


def workers(program: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The children that train; multiprocessing's own resource tracker is not one of them."""
    return [one for one in psutil.Process(program.pid).children(recursive=True)
            if "spawn_main" in " ".join(one.cmdline())]


def waited(what, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if what():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_that_no_worker_outlives_a_killed_window(tmp_path: Path, how: signal.Signals) -> None:
    program = start("rnn_gradients", tmp_path=tmp_path)
    assert waited(lambda: len(workers(program)) >= 1, 60)
    left = workers(program)
    program.send_signal(how)
    program.wait(20)  # and so no zombie stays
    assert waited(lambda: not any(one.is_running() and one.status() != "zombie" for one in left), 20)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_that_a_signal_ends_the_window_as_its_cross_does(tmp_path: Path, how: signal.Signals) -> None:
    program = start("rnn_gradients", tmp_path=tmp_path)
    assert waited(lambda: len(workers(program)) >= 1, 60)
    time.sleep(0.5)  # the window has gone quiet: nothing but the signal wakes it
    program.send_signal(how)
    assert program.wait(20) == 0
    assert '"rnn_gradients"' in (tmp_path / "config/settings.json").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="displays are Linux's affair")
def test_that_no_display_is_one_sentence_that_names_the_headless_commands() -> None:
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run([sys.executable, "-P", "-m", "app"], env=environment, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1
    assert "There is no display" in done.stderr
    assert "render" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["bigmodels-lab", "python -m app"])
def test_that_both_commands_list_the_panels(command: str) -> None:
    words = ([str(Path(sys.executable).with_name("bigmodels-lab"))] if command == "bigmodels-lab"
             else [sys.executable, "-P", "-m", "app"])
    done = subprocess.run([*words, "list"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "rnn_gradients" in done.stdout
