"""A page as a picture, drawn by the program's own window on Qt's offscreen platform."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from app.engine.inline import InlinePool
from app.files.export import encoded, on_ground, picture
from app.files.handout import of_moment, save
from app.files.lecture import Lecture, shipped, spoken
from app.files.settings import Settings
from app.headless.rehearsal import rehearsal, rehearse, with_runs
from app.session.record import Record, Seen, versions
from app.session.session import Session
from app.window.rehearsing import RehearsalSheet
from app.window.stage import Scene, Stage
from app.window.window import MainWindow
from visualizers.catalog import Said, panels
from visualizers.files import replacing
from visualizers.panel import Panel, Shown, load
from visualizers.refusal import Refusal
from widgets.theme import style
from widgets.theme.look import Look, hall_look, theme
from widgets.theme.words import window_words

Notes = Sequence[tuple[str, dict[str, object]]]
ROUNDS = 5  # of events at least after that, on a busy machine: paint, lay out anew, paint
SETTLED = 0.7  # s; a page describes its picture half a second after the last frame


def page_picture(
    panel: Panel, shown: Shown[Any, Any], path: Path, *, language: str = "en", shade: str = "light",
    size: tuple[int, int] = (1280, 720), pixels: float = 1.0, view_only: bool = False,
    notes: Notes = (), device: str = "cpu", present: bool = False,
) -> None:
    """Draw ``shown`` into the PNG file ``path``.

    Args:
        size: of the page; the picture has ``pixels`` times as many.
        view_only: without the window round the view.
        present: as on a projector of this size, in presenter mode and hall text.
        notes: what the experiment told the user: texts and the values in them.

    Raises:
        Refusal: the file cannot be written.
    """
    application = QApplication.instance() or QApplication(["bigmodels-lab"])
    assert isinstance(application, QApplication)
    drawn: QWidget
    if view_only:
        drawn = _view(application, panel, shown, language, shade, QSize(*size), present)
    else:
        drawn = window_with(panel, shown, language, shade, QSize(*size), notes, device)
        if present:
            drawn.present(QSize(*size))
    _settle(application)
    image = picture(drawn, pixels)
    drawn.close()
    color = QColor(theme(shade, hall=present).ground)
    with replacing(path) as file:
        file.write_bytes(encoded(on_ground(image, color)))


def stage_picture(
    panel: Panel, shown: Shown[Any, Any], path: Path, *, controls: Sequence[str] = (),
    language: str = "en", shade: str = "light", size: tuple[int, int] = (1280, 720),
) -> None:
    """Draw the stage, the window on a projector, with these controls. Raises ``Refusal``."""
    application = QApplication.instance() or QApplication(["bigmodels-lab"])
    assert isinstance(application, QApplication)
    look = hall_look(shade, window_words(language), QSize(*size))
    style.apply(application, look)
    stage = Stage(look)
    stage.resize(QSize(*size))
    stage.show_scene(Scene(look, panel, _recorded(panel, shown, InlinePool()), controls, stage))
    stage.show()
    stage.setFocus()  # else what is reached first by keys has a frame, as nothing in a hall has
    _settle(application)
    image = picture(stage, 1.0)
    stage.show_scene(None)
    stage.close()
    with replacing(path) as file:
        file.write_bytes(encoded(on_ground(image, look.color("ground"))))


def lecture_picture(
    name: str, numbers: Sequence[int], path: Path, *, sheet: bool, language: str = "en",
    shade: str = "light", size: tuple[int, int] = (1280, 720),
) -> None:
    """Draw a lecture that ships, of so many of its moments, at the last of them, or its rehearsal.

    Args:
        numbers: of its moments, from 1.
        sheet: what a rehearsal of them says.
    """
    application = QApplication.instance() or QApplication(["bigmodels-lab"])
    assert isinstance(application, QApplication)
    whole = shipped()[name]
    lecture = replace(whole, moments=tuple(whole.moments[number - 1] for number in numbers))
    with tempfile.TemporaryDirectory() as folder:
        rows, runs = zip(*rehearse(lecture, where=Path(folder)), strict=True)
    pool = InlinePool()
    window = MainWindow(Settings(language=language, theme=shade), panels(),
                        lambda one, _: Session(one, pool), rehearsing=lambda: rehearsal)
    window.resize(QSize(*size))
    window.show()
    window.lecturing.open(with_runs(lecture, runs))
    window.lecturing.go(len(numbers) - 1)
    _settle(application)
    if sheet:
        window.show_sheet(RehearsalSheet(window.look, window.lecturing.title, rows, window))
        _settle(application)
    image = picture(window, 1.0)
    window.lecturing.close()
    window.close()
    with replacing(path) as file:
        file.write_bytes(encoded(on_ground(image, QColor(theme(shade).ground))))


def handout_of(lecture: Lecture, path: Path, *, language: str = "en", notes: bool = False) -> None:
    """Write the moments of a lecture that have a run as pages, PDF or HTML. Raises ``Refusal``."""
    application = QApplication.instance() or QApplication(["bigmodels-lab"])
    assert isinstance(application, QApplication)
    look = Look(theme("light"), window_words(language))
    style.apply(application, look)
    made = [(number, one, one.run) for number, one in enumerate(lecture.moments, 1) if one.run is not None]
    if not made:
        raise Refusal("No moment of this lecture could be made, so there is nothing to print.")
    leaves = (of_moment(look, one, run, number, len(lecture.moments), notes=notes)
              for number, one, run in made)
    for _ in save(leaves, len(made), path, look.words, spoken(lecture.title, language)):
        pass


def _settle(application: QApplication) -> None:
    """Let layouts settle, and the page say its sentence about the picture."""
    ends = time.monotonic() + SETTLED
    while time.monotonic() < ends:
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)
    for _ in range(ROUNDS):
        application.processEvents()


def _view(application: QApplication, panel: Panel, shown: Shown[Any, Any], language: str, shade: str,
          size: QSize, present: bool) -> QWidget:
    words = Said(panel, language).words()
    look = hall_look(shade, words, size) if present else Look(theme(shade), words)
    style.apply(application, look)
    view: Any = load(panel.view)(look)
    view.resize(size)
    view.show()
    view.show_frame(shown)
    return view  # type: ignore[no-any-return]


def _recorded(panel: Panel, shown: Shown[Any, Any], pool: InlinePool, device: str = "cpu") -> Session:
    """A session that shows a run as a record."""
    session = Session(panel, pool)
    session.open_record(Record(
        panel=panel.id, params=shown.params, changes=(), seed=int(getattr(shown.params, "seed", 0)),
        device=device, threads=1, versions=versions(), history=shown.history,
        film=[Seen(shown.step, shown.params, shown.frame, shown.measured)], step=shown.step))
    return session


def window_with(
    panel: Panel, shown: Shown[Any, Any], language: str, shade: str, size: QSize,
    notes: Notes = (), device: str = "cpu",
) -> MainWindow:
    """The window with the run as a record on it: nothing is trained again."""
    pool = InlinePool()
    settings = Settings(language=language, theme=shade, visited=[panel.id])
    window = MainWindow(settings, panels(), lambda one, _: Session(one, pool))
    session = _recorded(panel, shown, pool, device)
    session.notes = list(notes)
    window.sessions[panel.id] = session
    window.resize(size)
    window.show()
    window.open_panel(panel.id)
    return window
