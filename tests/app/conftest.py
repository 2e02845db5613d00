"""A window with one small panel, an inline worker, and hands that click and type."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import virtual_screens

sys.path.insert(0, str(Path(__file__).parent))  # the small panel is a package of its own


@pytest.fixture
def windows(qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``windows(panels, language="zh")`` opens a window of these panels; each is closed at the end."""
    from app.engine.inline import InlineErrand, InlinePool
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.window import MainWindow

    opened = []

    def make(panels: Sequence[Any], rehearsing: Any = None, **settings: Any) -> MainWindow:
        remembered = Settings(path=tmp_path / "settings.json", **{
            "language": "en", "theme": "light", **settings})
        pool = InlinePool()
        window = MainWindow(remembered, panels, lambda panel, _: Session(panel, pool, threads=1),
                            rehearsing=rehearsing)
        window.files.errands.start = InlineErrand
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        opened.append(window)
        return window

    yield make
    for window in opened:
        window.close()
        window.deleteLater()
    qtbot.wait(1)


@pytest.fixture
def lab(windows: Callable[..., Any], qtbot: Any) -> Callable[..., Any]:
    """``lab(language="zh")`` opens a window of the small panel."""
    import dataclasses

    from small.l2_networks.tiny.panel import PANEL

    def make(open_panel: bool = True, count: int = 1, **settings: Any) -> Any:
        panels = [PANEL, dataclasses.replace(PANEL, id="second", title="Another valley")][:count]
        window = windows(panels, **settings)
        if open_panel:
            window.open_panel("tiny")
            qtbot.waitUntil(lambda: window.page.shown is not None, timeout=20_000)
        return window

    return make


@pytest.fixture
def projector(qtbot: Any) -> Iterator[None]:
    """A second screen, until the test is over."""
    with virtual_screens.plugged():
        yield
