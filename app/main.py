"""The command line and the wiring: the only place that builds the window's collaborators."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.engine.pool import Pool
    from app.session import Session
    from app.settings import Settings
    from app.window import MainWindow
    from visualizers.panel import Panel

HEADLESS = ("list", "render", "tour", "bench", "data")
USAGE = """\
Big Models Lab: every idea of a course on big models is a small model that trains in front of you.

  bigmodels-lab                 open the window
  bigmodels-lab PANEL           open the window with that panel
  bigmodels-lab FILE.bml        open a recorded run

Without a window:
  bigmodels-lab list            every panel and its parameters
  bigmodels-lab render PANEL    train and draw into a file
  bigmodels-lab tour [PANEL]    check that the guides tell the truth
  bigmodels-lab bench PANEL     measure speed
  bigmodels-lab data            fetch texts and models

Each of these has a --help of its own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit status: 1 without a display, 2 if it was called wrongly."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    match arguments[:1]:
        case [word] if word in HEADLESS:
            from app.headless import run

            return int(run(arguments))
        case ["-h" | "--help" | "help"]:
            print(USAGE)
            return 0
        case ["--version"]:
            from importlib.metadata import version

            print(f"Big Models Lab {version('bigmodels-lab')}")
            return 0
        case [word] if word.startswith("-"):
            return _refuse(f"There is no option {word}; see bigmodels-lab --help.")
    if len(arguments) > 1:
        return _refuse("Open one panel or one file at a time; see bigmodels-lab --help.")
    try:
        panel, file = _wanted(arguments[0] if arguments else "")
    except ValueError as error:
        return _refuse(str(error))
    if trouble := no_display():
        print(trouble, file=sys.stderr)
        return 1
    return open_window(panel, file)


def _refuse(sentence: str) -> int:
    """It was called wrongly."""
    print(sentence, file=sys.stderr)
    return 2


def _wanted(word: str) -> tuple[str, str]:
    """What the one argument means: a panel's id and a file's path, either may be empty.

    Raises:
        ValueError: neither a panel nor a file; the sentence names the nearest panel.
    """
    if not word:
        return "", ""
    if word.lower().endswith(".bml"):
        if not Path(word).is_file():
            raise ValueError(f"There is no file {word}.")
        return "", word
    from visualizers.catalog import panel
    from visualizers.refusal import Refusal

    try:
        return panel(word).id, ""
    except Refusal as error:
        raise ValueError(f"{error} Commands without a window: {', '.join(HEADLESS)}.") from error


def no_display() -> str:
    """Why a window cannot be opened here, in one sentence; empty if it can.

    Qt itself would end the process without a word to the user, so this asks before Qt does.
    """
    without = f"Without a window these work: bigmodels-lab {', '.join(HEADLESS)}."
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if sys.platform.startswith("linux") and platform in ("", "xcb", "wayland"):
        wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
        if not wayland and not x11:
            return f"There is no display here to open a window on. {without}"
        if not wayland and (trouble := _x11_trouble()):
            return f"{trouble} {without}"
    try:
        from PySide6 import QtWidgets  # noqa: F401
    except ImportError as error:
        missing = str(error).partition(":")[0]
        return (f"Qt needs a system library that is not here ({missing}); on Debian or Ubuntu: "
                f"sudo apt install libegl1 libgl1 libxkbcommon0 libdbus-1-3. {without}")
    return ""


def _x11_trouble() -> str:
    """What keeps Qt from the X server that ``$DISPLAY`` names; empty for nothing."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        return (f"Qt needs a system library that is not here ({str(error).partition(':')[0]}); "
                "on Debian or Ubuntu: sudo apt install libxcb-cursor0 libxkbcommon-x11-0.")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    broken = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"The display {os.environ.get('DISPLAY')} does not answer." if broken else ""


def build(application: QApplication) -> tuple[MainWindow, Pool]:
    """The window and the workers behind it, wired but not shown; the workers have not started."""
    from app.engine.pool import Pool, experiments
    from app.settings import Settings
    from app.window import MainWindow
    from visualizers.catalog import panels

    application.setApplicationName("Big Models Lab")
    application.setDesktopFileName("bigmodels-lab")
    pool = Pool(experiments(panels()))

    def make_session(panel: Panel, settings: Settings) -> Session:
        from app.session import Session

        return Session(panel, pool, device=settings.device, threads=settings.threads)

    return MainWindow(Settings.load(), panels(), make_session, pool.warm), pool


def open_window(panel: str = "", file: str = "") -> int:
    """Show the window, with a panel or a recorded run, and stay until it is closed."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    application = QApplication([sys.argv[0] or "bigmodels-lab"])
    window, pool = build(application)
    if file:
        QTimer.singleShot(0, lambda: window.files.open(file))
    elif panel:
        QTimer.singleShot(0, lambda: window.open_panel(panel))
    window.show()
    try:
        return int(application.exec())
    finally:
        pool.close()
