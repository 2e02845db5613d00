"""The command line and the wiring: the only place that builds the window's collaborators."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.display import COMMANDS, no_display

if TYPE_CHECKING:
    from PySide6.QtCore import QSocketNotifier
    from PySide6.QtWidgets import QApplication, QWidget

    from app.engine.pool import Pool
    from app.files.link import Handed
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.window import MainWindow
    from visualizers.panel import Panel

USAGE = """\
Big Models Lab: every idea of a course on big models is a small model that trains in front of you.

  bigmodels-lab                 open the window
  bigmodels-lab PANEL           open the window with that panel
  bigmodels-lab PANEL --set name=value … [--seed S] [--steps N]
                                open it with these values, trained so far
  bigmodels-lab FILE.bml        open a recorded run
  bigmodels-lab FILE.lecture    open a lecture
  bigmodels-lab bml:…           open a state that somebody has copied

Without a window:
  bigmodels-lab list            every panel and its parameters
  bigmodels-lab render PANEL    train and draw into a file
  bigmodels-lab tour [PANEL]    check that the guides tell the truth
  bigmodels-lab lecture FILE    rehearse a lecture: is every moment of it ready?
  bigmodels-lab bench PANEL     measure speed
  bigmodels-lab data            fetch texts and models

Each of these has a --help of its own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit status: 1 without a display, 2 if it was called wrongly."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if trouble := _homeless():
        return _unable(trouble)
    match arguments[:1]:
        case [word] if word in COMMANDS:
            from app.headless.commands import run

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
    if arguments[1:] and not arguments[1].startswith("-"):
        return _refuse("Open one panel or one file at a time; see bigmodels-lab --help.")
    try:
        if arguments[1:] or _is_link(arguments):
            from app.headless.commands import state

            asked = state(arguments)
        else:
            asked = None
            panel, file = _wanted(arguments[0] if arguments else "")
    except ValueError as error:
        return _refuse(str(error))
    if trouble := no_display():
        return _unable(trouble)
    return open_window(asked=asked) if asked else open_window(panel, file)


def _is_link(arguments: Sequence[str]) -> bool:
    if not arguments:
        return False
    from app.files.link import is_link

    return is_link(arguments[0])


def _refuse(sentence: str) -> int:
    """It was called wrongly."""
    print(sentence, file=sys.stderr)
    return 2


def _unable(sentence: str) -> int:
    """This machine lacks something."""
    print(sentence, file=sys.stderr)
    return 1


def _homeless() -> str:
    """What is wrong where settings and data have no place, as in some containers; empty for nothing."""
    if os.path.expanduser("~") != "~":
        return ""
    if os.environ.get("BIGMODELS_CONFIG") and os.environ.get("BIGMODELS_DATAPACK"):
        return ""
    return ("There is no home folder here to keep settings and data in: set HOME, or BIGMODELS_CONFIG "
            "and BIGMODELS_DATAPACK, to a folder that can be written to.")


def _wanted(word: str) -> tuple[str, str]:
    """What the one argument means: a panel's id and a file's path, either may be empty.

    Raises:
        ValueError: neither a panel nor a file; the sentence names the nearest panel.
    """
    if not word:
        return "", ""
    if word.lower().endswith((".bml", ".lecture")):
        if not Path(word).is_file():
            raise ValueError(f"There is no file {word}.")
        return "", word
    from visualizers.catalog import panel
    from visualizers.refusal import Refusal

    try:
        return panel(word).id, ""
    except Refusal as error:
        raise ValueError(f"{error} Commands without a window: {', '.join(COMMANDS)}.") from error


def build(application: QApplication) -> tuple[MainWindow, Pool]:
    """The window and the workers behind it, wired but not shown; the workers have not started."""
    from app.engine.pool import Pool, experiments
    from app.files.settings import Settings
    from app.window.window import MainWindow
    from visualizers.catalog import panels

    application.setApplicationName("Big Models Lab")
    application.setDesktopFileName("bigmodels-lab")
    pool = Pool(experiments(panels()))

    def make_session(panel: Panel, settings: Settings) -> Session:
        from app.session.session import Session

        return Session(panel, pool, device=settings.device, threads=settings.threads)

    def rehearsing() -> Callable[..., object]:
        from app.headless.rehearsal import rehearsal

        return rehearsal

    window = MainWindow(Settings.load(), panels(), make_session, pool.warm, rehearsing)
    gc.freeze()  # what is here now stays: whoever collects what a page left need not look at it
    return window, pool


def open_window(
    panel: str = "", file: str = "", asked: Callable[[str], Handed] | None = None
) -> int:
    """Show the window, with a panel, a recorded run or a state, and stay until it is closed.

    Args:
        asked: the window's language to the state that was asked for.
    """
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    application = QApplication([sys.argv[0] or "bigmodels-lab"])
    window, pool = build(application)
    if file:
        QTimer.singleShot(0, lambda: window.files.open(file))
    elif panel:
        QTimer.singleShot(0, lambda: window.open_panel(panel))
    elif asked is not None:
        QTimer.singleShot(0, lambda: window.show_state(asked(window.look.words.language)))
    window.show()
    ending = obey_signals(window)
    try:
        return int(application.exec())
    finally:
        ending.setEnabled(False)
        pool.close()


def obey_signals(window: QWidget) -> QSocketNotifier:
    """Ctrl+C, SIGTERM and a terminal that goes close the window as its cross does, settings saved.

    Python runs its handlers only when it has the word, and while nothing happens Qt has it. So the
    signal is written to a socket, which Qt does watch.
    """
    from PySide6.QtCore import QSocketNotifier

    heard, told = socket.socketpair()
    for one in (heard, told):
        one.setblocking(False)
    notifier = QSocketNotifier(heard.fileno(), QSocketNotifier.Type.Read, window)
    notifier.heard = heard, told  # type: ignore[attr-defined]  # open for as long as it listens

    def ended() -> None:
        heard.recv(64)
        window.close()

    notifier.activated.connect(lambda *_: ended())
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)
    return notifier
