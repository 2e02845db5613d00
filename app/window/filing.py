"""Files in and out: runs, exports, the user's own texts and models, and what is dropped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.engine.errand import Limits
from app.window.waiting import Errands
from visualizers.refusal import Refusal
from widgets.theme.numbers import count

if TYPE_CHECKING:
    from app.files.lecture import Lecture
    from app.files.settings import Settings
    from app.session.record import Record
    from app.session.session import Session
    from app.window.errors import Toast
    from app.window.page import Page
    from app.window.palette import Overlay
    from app.window.side import Side
    from visualizers.data.own import OwnFile
    from widgets.theme.look import Look


LECTURE_ENDING = ".lecture"


class Lectures(Protocol):
    """Where a lecture that was read is given."""

    def open(self, lecture: Lecture, path: Path | None) -> None: ...


class Desk(Protocol):
    """What filing needs of the window, which knows filing: the arrow points one way."""

    settings: Settings
    look: Look
    toast: Toast
    page: Page | None
    side: Side | None
    session: Session | None
    place: str

    @property
    def lecturing(self) -> Lectures: ...

    def window(self) -> QWidget: ...

    @property
    def seen(self) -> QWidget: ...

    def show_record(self, record: Record) -> None: ...

    def show_sheet(self, sheet: Overlay) -> None: ...

    def remember(self) -> None: ...


class Filing:
    """What the window does with files. Dialogs never stop the program; refusals are one sentence."""

    READING = Limits(memory=256 << 20, seconds=3)  # of what a stranger may have made
    LECTURE = Limits(memory=1 << 30, seconds=20)  # the same of many runs
    CLOSING = 10.0  # s that a file may take to be written when the window is closed

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.errands = Errands(self.guarded)

    # --- asking ----------------------------------------------------------------------------------

    def ask(
        self, title: str, filters: Sequence[str], done: Callable[[Path], object], *,
        save_as: str = "", folder: bool = False,
    ) -> None:
        """Ask for a file; ``done`` gets its path."""
        dialog = QFileDialog(self.desk.seen, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setDirectory(self._folder())
        if QGuiApplication.platformName() == "offscreen":
            dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        if filters:
            dialog.setNameFilters(list(filters))
        if save_as:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setFileMode(QFileDialog.FileMode.AnyFile)
            dialog.selectFile(save_as)
            dialog.setDefaultSuffix(Path(save_as).suffix.lstrip("."))
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory if folder
                               else QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._chosen)
        dialog.fileSelected.connect(lambda path: self.guarded(partial(done, Path(path))))
        dialog.open()

    def _folder(self) -> str:
        """Where a file was chosen last, or else the user's documents."""
        last = self.desk.settings.folder
        return last if os.path.isdir(last) else QStandardPaths.writableLocation(
            QStandardPaths.StandardLocation.DocumentsLocation)

    def _chosen(self, path: str) -> None:
        self.desk.settings.folder = os.path.dirname(os.path.abspath(path))
        self.desk.remember()

    def guarded(self, action: Callable[[], object]) -> None:
        """Do something with a file; what the user can mend is said in one sentence."""
        try:
            action()
        except Refusal as refusal:
            page = self.desk.page
            words = page.words if page else self.desk.look.words
            self.desk.toast.say(words.tell(refusal.message, refusal.values), warning=True)

    # --- runs ------------------------------------------------------------------------------------

    def ask_open(self) -> None:
        w = self.desk.look.words
        self.ask(w("Open a run or a lecture"), [w("Runs and lectures (*.bml *.lecture)")], self._open)

    def ask_save(self) -> None:
        w = self.desk.look.words
        if self.desk.session is not None and self.desk.session.current() is not None:
            self.ask(w("Save this run"), [w("Runs (*.bml)")], self.save,
                     save_as=f"{self.desk.place}.bml")

    def open(self, path: str) -> None:
        """Show a recorded run at once; nothing is trained until one goes on with it."""
        self.guarded(partial(self._open, Path(path)))

    def _open(self, path: Path) -> None:
        from app.files import runfile

        if path.suffix.lower() == LECTURE_ENDING:
            self._open_lecture(path)
            return
        self._send(self.desk.look.words("Opening {name}", name=short(path.name)), Refusal(
            "{name} takes too much time or memory to be read, so it was not opened; use a copy of it.",
            name=path.name), partial(self._opened, path), runfile.read, path, limits=self.READING)

    def _opened(self, path: Path, record: Record) -> None:
        self.desk.show_record(record)
        self._used(path)

    def _open_lecture(self, path: Path) -> None:
        from app.files import lecture

        self._send(self.desk.look.words("Opening {name}", name=short(path.name)), Refusal(
            "{name} takes too much time or memory to be read, so it was not opened; use a copy of it.",
            name=path.name), partial(self._lecture_opened, path), lecture.read, path, limits=self.LECTURE)

    def _lecture_opened(self, path: Path, opened: Lecture) -> None:
        self.desk.lecturing.open(opened, path)
        self._used(path)

    def write_lecture(self, path: Path, lecture: Lecture, done: Callable[[], object]) -> None:
        """Write a lecture with its runs; ``done`` is called when it is there."""
        from app.files import lecture as files

        def kept(_: object) -> None:
            done()
            self._used(path)
            self._saved(path)

        self._write(path, kept, files.write, path, lecture)

    def save(self, path: Path) -> None:
        """Write the run of the moment."""
        from app.files import runfile

        if self.desk.session is not None:
            record = self.desk.session.record()
            self._write(path, partial(self._kept, path, record.step, used=True), runfile.write, path, record)

    def _write(self, path: Path, done: Callable[[Any], object], work: Callable[..., object],
               *args: object) -> None:
        self._send(self.desk.look.words("Saving {name}", name=short(path.name)), Refusal(
            "Saving {name} was ended from outside; save it again.", name=path.name), done, work, *args)

    def _send(self, what: str, refusal: Refusal, done: Callable[[Any], object],
              work: Callable[..., object], *args: object, limits: Limits | None = None) -> None:
        self.errands.send(self.desk.look, self.desk.window(), what, refusal, done, work, *args,
                          limits=limits)

    def _kept(self, path: Path, steps: int, kept: int, *, used: bool = False) -> None:
        """It is saved; of a long run with the scalars of some of its steps."""
        if used:
            self._used(path)
        if kept < steps:
            self.desk.toast.say(self.desk.look.words(
                "Saved: {name}. It has {kept} of {steps} steps: the last ones, and of those before the "
                "first and all extremes.", name=path.name, kept=count(kept), steps=count(steps)))
        else:
            self._saved(path)

    def _used(self, path: Path) -> None:
        self.desk.settings.used_file(os.path.abspath(path))
        self.desk.remember()
        if self.desk.side is not None:
            self.desk.side.set_recent(self.desk.settings.recent)

    def _saved(self, path: Path) -> None:
        self.desk.toast.say(self.desk.look.words("Saved: {name}", name=path.name))

    # --- exports ---------------------------------------------------------------------------------

    def export_image(self) -> None:
        w = self.desk.look.words
        self.ask(w("Export the picture"), [w("Pictures (*.png)"), "SVG (*.svg)"],
                 self.save_image, save_as=f"{self.desk.place}.png")

    def save_image(self, path: Path) -> None:
        """The picture of the moment as PNG or SVG. Raises ``Refusal``."""
        from app.files.export import save_image

        if self.desk.page is not None:
            save_image(self.desk.page.picture, path)
            self._saved(path)

    def export_csv(self) -> None:
        w = self.desk.look.words
        self.ask(w("Export the scalars"), ["CSV (*.csv)"], self.save_csv,
                 save_as=f"{self.desk.place}.csv")

    def save_csv(self, path: Path) -> None:
        """The scalars of all steps that are kept."""
        from app.files.scalars import save_csv

        if self.desk.session is not None:
            history = self.desk.session.history.copy()
            self._write(path, partial(self._kept, path, len(history)), save_csv, history, path)

    def export_movie(self) -> None:
        w = self.desk.look.words
        self.ask(w("Export the run"), ["MP4 (*.mp4)", "GIF (*.gif)"], self.save_movie,
                 save_as=f"{self.desk.place}.mp4")

    def save_movie(self, path: Path) -> None:
        """The filmed frames, drawn one at a time, with progress and cancel."""
        if self.desk.page is not None:
            self.desk.page.film_to(path, partial(self._saved, path), self.guarded)

    def export_notebook(self) -> None:
        w = self.desk.look.words
        self.ask(w("Save as notebook"), [w("Notebooks (*.ipynb)")], self.save_notebook,
                 save_as=f"{self.desk.place}.ipynb")

    def save_notebook(self, path: Path) -> None:
        """The experiment with the values of the moment, as a notebook that runs."""
        from app.files.notebook import save_notebook

        session = self.desk.session
        if session is not None:
            self._write(path, lambda _: self._saved(path), save_notebook, session.panel, session.params,
                        path, self.desk.look.words.language, len(session.history) or 100)

    # --- the user's own --------------------------------------------------------------------------

    def ask_source(self, name: str, kind: str) -> None:
        """The user's own text or model, a ``"file"`` or a ``"folder"``, for the parameter ``name``."""
        session, w = self.desk.session, self.desk.look.words
        if session is None:
            return
        one = next(each for each in session.panel.parameters if each.name == name)
        if kind == "folder":
            self.ask(w("Open a model's folder"), [], partial(self._use, name), folder=True)
        elif one.source == "model":
            self.ask(w("Open a model"), [w("GGUF models (*.gguf)")], partial(self._use, name))
        elif one.source == "labelled":
            self.ask(w("Open a table of texts and labels"),
                     [w("Tables (*.csv *.tsv)"), w("All files (*)")], partial(self._use, name))
        else:
            self.ask(w("Open a text"), [w("Texts (*.txt *.csv *.md *.py)"), w("All files (*)")],
                     partial(self._use, name))

    def _use(self, name: str, path: Path) -> None:
        """Give the panel the user's own; a model that cannot do what it needs is refused.

        Of a file that can be read in more than one way it is asked first how it is meant.
        """
        from app.window.reading import is_open
        from visualizers.data import Data
        from visualizers.data.own import OwnFile

        session = self.desk.session
        if session is None:
            return
        one = next(each for each in session.panel.parameters if each.name == name)
        own = OwnFile(str(path), "folder" if path.is_dir() else "file")
        if one.needs:
            Data().model(own.id).must(one.needs)
        if one.source != "model" and is_open(own, str(one.source)):
            self._ask_how(name, own)
        else:
            session.set_params(**{name: own.id})

    def ask_how(self, name: str) -> None:
        """How the user's own file that the parameter ``name`` has now is to be read."""
        from visualizers.data.own import OwnFile

        if self.desk.session is not None:
            own = OwnFile.of(str(getattr(self.desk.session.params, name)))
            self.guarded(partial(self._ask_how, name, own))

    def _ask_how(self, name: str, own: OwnFile) -> None:
        from app.window.reading import HowRead

        session, page = self.desk.session, self.desk.page
        if session is None:
            return
        one = next(each for each in session.panel.parameters if each.name == name)
        look = page.look if page is not None else self.desk.look
        self.desk.show_sheet(HowRead(
            look, own, str(one.source), lambda chosen: session.set_params(**{name: chosen.id}),
            self.desk.window()))

    def take(self, path: str) -> None:
        """A file was dropped: a run or a lecture is opened, a text or a model goes to the panel."""
        if path.lower().endswith((".bml", LECTURE_ENDING)):
            self.open(path)
            return
        session = self.desk.session
        model = Path(path).is_dir() or path.lower().endswith(".gguf")
        kinds = {"model"} if model else {"text", "labelled"}
        fits = [one for one in (session.panel.parameters if session else ())
                if one.kind == "source" and one.source in kinds]
        if fits:
            self.guarded(partial(self._use, fits[0].name, Path(path)))
        else:
            self.desk.toast.say(self.desk.look.words(
                "Open a panel that takes a text or a model, then drop the file there."),
                warning=True)


def short(name: str) -> str:
    """A file's name as it fits into a line."""
    return name if len(name) <= 40 else f"{name[:30]}…{name[-8:]}"
