"""A learner's way through the course: where one stopped, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from app.files.link import Handed, line, read
from visualizers.refusal import Refusal

if TYPE_CHECKING:
    from app.files.lastseen import LastPictures
    from app.files.learned import Learned
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.errors import Toast
    from app.window.filing import Filing
    from app.window.handing import Handing
    from app.window.palette import Overlay
    from visualizers.panel import Panel
    from widgets.theme.look import Look

WRITE_AFTER = 3000  # ms after something was learned last


class Desk(Protocol):
    """What of the window is needed here."""

    settings: Settings
    look: Look
    toast: Toast
    files: Filing
    handing: Handing
    learned: Learned
    pictures: LastPictures
    panels: tuple[Panel, ...]
    session: Session | None

    @property
    def sessions(self) -> Mapping[str, Session]: ...

    def window(self) -> QWidget: ...

    def open_panel(self, id: str) -> None: ...

    def show_map(self) -> None: ...

    def show_sheet(self, sheet: Overlay) -> None: ...

    def mark(self) -> None: ...

    def remember(self) -> None: ...


class Way:
    """Goes on where one stopped; keeps the record, exports it and deletes it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._writing = QTimer(desk.window(), singleShot=True, interval=WRITE_AFTER)
        self._writing.timeout.connect(desk.learned.save)

    def keep(self) -> None:
        """Something was learned: it is written when nothing more has come for a while. Each writing waits for
        the disk, and who turns a page must not."""
        self._writing.start()

    def write(self) -> None:
        """Write now what was not written yet."""
        if self._writing.isActive():
            self._writing.stop()
            self.desk.learned.save()

    # --- where one stopped -----------------------------------------------------------------------

    def stop(self) -> None:
        """Remember the state that is looked at, if one can come back to it."""
        self.desk.learned.stopped = self._line()
        self.keep()

    def _line(self) -> str:
        state, session = self.desk.handing.state(), self.desk.session
        if state is None or session is None or session.state.name in ("FAILED", "DIVERGED"):
            return ""
        try:
            return line(state)
        except Refusal:
            return ""

    def resume(self) -> None:
        """Go on with the last panel where it was left, in this window or before."""
        id = self.desk.settings.last
        if id not in self.desk.sessions and self._stopped() is not None:
            self.desk.handing.open(self.desk.learned.stopped)
        else:
            self.desk.open_panel(id)

    def _stopped(self) -> Handed | None:
        """The state in which the last panel was left, if it can be gone back to."""
        learned = self.desk.learned
        try:
            state = read(learned.stopped) if learned.stopped else None
        except Refusal:
            return None  # of another version
        return state if state is not None and state.panel == self.desk.settings.last else None

    # --- the record ------------------------------------------------------------------------------

    def ask_export(self) -> None:
        """Ask for a file and write the record into it."""
        w = self.desk.look.words
        self.desk.files.ask(w("Export the record"), [w("Tables (*.csv)"), "JSON (*.json)"], self.export,
                            save_as="big-models-lab.csv")

    def export(self, path: Path) -> None:
        """What was done on each panel, as a table. Raises ``Refusal``."""
        from app.files.learned import export
        from app.window.course import rows

        desk = self.desk
        export(rows(desk.panels, desk.settings, desk.learned, desk.look.words.language), path)
        desk.toast.say(desk.look.words("Saved: {name}", name=path.name))

    def ask_forget(self) -> None:
        """Delete the record after one more question."""
        from app.window.course import AskFirst

        w = self.desk.look.words
        self.desk.show_sheet(AskFirst(
            self.desk.look, w("Delete what is known of your way: the panels that were opened, their "
                              "pictures, tours, questions and times? It cannot be taken back."),
            w("Delete it"), w("Keep it"), self._forget, self.desk.window()))

    def _forget(self) -> None:
        desk, words = self.desk, self.desk.look.words
        self._writing.stop()
        deleted = desk.learned.forget()
        desk.pictures.forget()
        desk.settings.visited, desk.settings.finished, desk.settings.last = [], [], ""
        desk.remember()
        desk.mark()
        desk.show_map()
        if deleted:
            desk.toast.say(words("The record is deleted."))
        else:
            desk.toast.say(words("The record could not be deleted: its folder cannot be written to."),
                           warning=True)
