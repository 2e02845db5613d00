"""How long it takes from a press of the clicker to the painted moment, with real workers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

PREPARED = (("rnn_gradients", {}, 60), ("rnn_gradients", {"cell": "LSTM"}, 60), ("dot_product", {}, 0),
            ("playground", {}, 120), ("activations", {}, 0), ("rnn_gradients", {"cell": "GRU"}, 40),
            ("bidirectional", {}, 40), ("text_cnn", {}, 20))
JUMPS = 50
TRIES = 2  # a busy machine makes it worse, never better
PAUSE = 0.4  # s at each moment: the worker repeats the run meanwhile


def test_that_a_clicker_waits_less_than_a_second_for_a_moment(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    from app.main import build
    from visualizers.catalog import panels
    from widgets.controls.parameters import changed

    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path))
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    window, pool = build(application)
    known = {one.id: one for one in panels()}
    try:
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        lecturing = window.lecturing

        def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
            ends = time.monotonic() + seconds
            while not done():
                assert time.monotonic() < ends
                application.processEvents()

        for id, values, steps in [one for one in PREPARED if one[0] in known]:
            window.open_panel(id)
            session = window.session
            assert session is not None
            until(lambda one=session: window.page.shown is not None and one.resting)
            session.open(changed(known[id].params(), **values))
            until(lambda one=session: one.resting)
            if known[id].trains and steps:
                session.step(steps)
                until(lambda one=session, steps=steps: one.last_step >= steps and one.resting)
            count = len(lecturing.moments)
            lecturing.keep()
            until(lambda count=count: len(lecturing.moments) == count + 1)
        for _ in range(TRIES):
            taken, own = walked(qtbot, window, until)
            for what, times in (("from the key to the picture", taken), ("of it the window's own work", own)):
                print(f"{JUMPS} jumps among {len(lecturing.moments)} moments, {what}: median "
                      f"{1000 * statistics.median(times):.0f} ms, worst {1000 * max(times):.0f} ms")
            if max(taken) < 1.0:
                break
        assert max(taken) < 1.0
    finally:
        window.close()
        pool.close()


def walked(qtbot: Any, window: Any, until: Callable[..., None]) -> tuple[list[float], list[float]]:
    """Seconds of each jump to and fro, and those of them that the window itself worked."""
    lecturing, taken, own, by = window.lecturing, [], [], 1
    lecturing.go(0)
    for _ in range(JUMPS):
        qtbot.wait(int(1000 * PAUSE))
        if not 0 <= lecturing.index + by < len(lecturing.moments):
            by = -by
        begun, used, frames = time.perf_counter(), time.process_time(), window.paint_meter.frames
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_PageDown if by > 0 else Qt.Key.Key_PageUp)
        until(lambda frames=frames: window.paint_meter.frames > frames)
        taken.append(time.perf_counter() - begun)
        own.append(time.process_time() - used)
        moment = lecturing.moment
        assert (window.place, window.page.shown.step) == (moment.panel, moment.steps)
    return taken, own
