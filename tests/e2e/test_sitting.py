"""A whole lecture in one sitting: every panel in order, with the keyboard alone."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from visualizers.catalog import panels

pytestmark = pytest.mark.alone

# Runs in a process of its own, so that its memory is the window's and nothing else's.
SITTING = """
import sys, time
import psutil
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app.main import build

def until(what, seconds=90):
    ends = time.monotonic() + seconds
    while not what():
        application.processEvents()
        # Outside of exec() nothing that is to be deleted later would ever be.
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.002)
        assert time.monotonic() < ends, "waited in vain for " + here[0]

def press(key, control=False):
    target = QApplication.focusWidget() or window
    QTest.keyClick(target, key, Qt.KeyboardModifier.ControlModifier if control
                   else Qt.KeyboardModifier.NoModifier)
    application.processEvents()

def visit(id):
    here[0] = id
    press(Qt.Key.Key_K, control=True)
    until(lambda: QApplication.focusWidget() is not None)
    QTest.keyClicks(QApplication.focusWidget(), id)
    press(Qt.Key.Key_Return)
    until(lambda: window.session is not None and window.session.panel.id == id)
    session = window.session
    until(lambda: session.current() is not None)
    if not session.panel.trains:
        return
    before = session.last_step
    press(Qt.Key.Key_Space)
    until(lambda: session.last_step >= before + 12 or session.state.name == "FINISHED")
    if session.state.name != "FINISHED":
        press(Qt.Key.Key_Space)
        until(lambda: session.state.name in ("PAUSED", "FINISHED"))
    seen = [-1, 0.0]  # the last step, and since when: what was on its way still arrives
    def still():
        if seen[0] != session.last_step:
            seen[:] = session.last_step, time.monotonic()
        return time.monotonic() - seen[1] > 0.3 and session.current().step == seen[0]
    until(still)
    last = session.last_step
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_Left)
    until(lambda: session.current().step == last - 2)
    press(Qt.Key.Key_Right)
    until(lambda: session.current().step > last - 2)

def memory():
    return psutil.Process().memory_info().rss / 2**20

if __name__ == "__main__":
    here = ["the start"]
    application = QApplication(["lab"])
    window, pool = build(application)
    window.show()
    window.activateWindow()
    until(window.isActiveWindow)
    lecture = sys.argv[1:]
    visit(lecture[0])
    start = memory()
    for _ in range(2):
        for id in lecture:
            visit(id)
            print(id, round(memory()), flush=True)
    until(lambda: not window._tidying.isActive())  # what the last page but one left is given back
    end = memory()
    window.close()
    pool.close()
    print("start", round(start), "end", round(end), "ratio", end / start)
"""


LECTURES = {
    folder: [one.id for one in group]
    for folder, group in groupby(panels(), lambda one: one.lecture)
}
GIVEN = {folder: ids for folder, ids in LECTURES.items() if len(ids) > 3}  # there is a lecture to give


@pytest.mark.timeout(400)
@pytest.mark.parametrize("lecture", GIVEN.values(), ids=GIVEN)
def test_that_a_lecture_is_given_in_one_sitting_with_the_keyboard_alone(
    lecture: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "sitting.py"
    script.write_text(SITTING)
    environment = os.environ | {"BIGMODELS_CONFIG": str(tmp_path / "config")}
    done = subprocess.run([sys.executable, str(script), *lecture], env=environment,
                          capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert [line.split()[0] for line in said[:-1]] == 2 * lecture
    assert float(said[-1].split()[-1]) <= 1.3, done.stdout
