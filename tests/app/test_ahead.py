"""Modules are imported in idle time, piece by piece."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.window import ahead
from app.window.ahead import Ahead


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AFTER", 0)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "imported_ahead.py").write_text("", "utf-8")
    (tmp_path / "broken_ahead.py").write_text("1 / 0", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "imported_ahead", raising=False)
    return "imported_ahead"


def test_that_modules_are_imported_and_a_broken_one_hurts_nobody(qtbot, module) -> None:
    one = Ahead(["broken_ahead", module])
    one.start()
    assert module not in sys.modules
    qtbot.waitUntil(lambda: module in sys.modules, timeout=10_000)


def test_that_nothing_is_imported_once_somebody_is_at_work(qtbot, module) -> None:
    one = Ahead([module])
    one.start()
    one.stop()
    qtbot.wait(150)
    assert module not in sys.modules
