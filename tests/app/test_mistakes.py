"""A mistake in a view is a card that says so, and the program goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import timeit
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.window.errors import catch
from widgets.base.guard import Guarded, drawing, paints

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_that_a_mistake_in_any_handler_is_said_on_its_card_and_the_program_lives() -> None:
    done = subprocess.run([sys.executable, "tests/app/mistakes.py"], cwd=ROOT, text=True,
                          capture_output=True, timeout=170)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(seen) == 23
    for one in seen:
        kind, details = one.pop("kind"), one.pop("details")
        assert one == {"told": True, "buttons": ["Close", "Copy details"], "others": [],
                       "went on": True, "painted on": True, "healed": True, "seen again": True}, kind
        assert "mistakes.py" in details and "Traceback" in details, kind
        assert ("already deleted" if kind in ("paint", "move") else f"IndexError: {kind}") in details


class Answering(Guarded, QWidget):
    """Answers wrongly, or not at all."""

    def sizeHint(self) -> Any:
        raise IndexError("size")

    def paintEvent(self, event: Any) -> None:
        raise IndexError("paint")


class Child(Answering):
    """Guarded as its base is."""

    def keyPressEvent(self, event: Any) -> None:
        raise IndexError("key")

    def plain(self) -> None:
        raise IndexError("not Qt's")


def test_that_qt_gets_the_answer_of_its_own_class_and_the_mistake_is_reported(qtbot: Any) -> None:
    widget = Child()
    qtbot.addWidget(widget)
    with qtbot.captureExceptions() as raised:
        assert widget.sizeHint() == QWidget().sizeHint()
        assert widget.keyPressEvent(None) is None
    assert [str(error) for _, error, _ in raised] == ["size", "key"]
    with pytest.raises(IndexError):
        widget.plain()  # Python calls it, and Python is told


def test_that_a_picture_for_a_file_is_whole_or_refused(qtbot: Any) -> None:
    widget, good = Answering(), QWidget()
    for one in (widget, good):
        qtbot.addWidget(one)
        one.resize(9, 9)
    assert paints(good) and not paints(widget)
    with pytest.raises(IndexError, match="paint"), drawing():
        widget.grab()
    with drawing():
        good.grab()


@pytest.mark.alone
def test_that_a_guard_costs_next_to_nothing() -> None:
    class Plain:
        def paintEvent(self, event: Any) -> None: ...

    class Kept(Guarded, QWidget):
        def paintEvent(self, event: Any) -> None: ...

    plain, kept = Plain(), Kept.paintEvent
    seconds = [min(timeit.repeat(lambda call=call, one=one: call(one, None), number=5000, repeat=9))
               for call, one in ((Plain.paintEvent, plain), (kept, plain))]
    assert (seconds[1] - seconds[0]) / 5000 < 2e-6


def test_that_a_mistake_made_at_every_frame_is_printed_once(monkeypatch: Any) -> None:
    printed, reported = [], []
    monkeypatch.setattr(sys, "excepthook", lambda *mistake: printed.append(mistake[1]))
    restore = catch(lambda sentence, details, place: reported.append(sentence))

    def frame(kind: type[Exception]) -> None:
        try:
            raise kind("again")
        except kind as error:
            sys.excepthook(kind, error, error.__traceback__)

    for _ in range(3):
        frame(IndexError)
    frame(KeyError)
    restore()
    assert [type(one) for one in printed] == [IndexError, KeyError]
    assert reported == ["IndexError: again"] * 3 + ["KeyError: 'again'"]
