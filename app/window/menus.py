"""The window's menus and its palette: lists of what can be done, made when they are opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.files.link import is_link
from app.window.commands import Command
from app.window.palette import Entry, Palette
from app.window.roadmap import lecture_text
from visualizers.catalog import LECTURES, Said, about, lecture_of
from widgets.theme import numbers
from widgets.theme.words import LANGUAGES, Words, tr_mark, window_words

if TYPE_CHECKING:
    from app.files.settings import Settings
    from app.window.handing import Handing
    from app.window.palette import Overlay
    from visualizers.panel import Panel
    from widgets.theme.look import Look

SCALES = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
THEMES = {"system": tr_mark("As the system"), "light": tr_mark("Light"), "dark": tr_mark("Dark")}
DEVICES = {"auto": tr_mark("Automatic"), "cpu": "CPU", "cuda": "CUDA", "mps": "Apple MPS"}


class Desk(Protocol):
    """What of the window is needed here."""

    settings: Settings
    look: Look
    panels: tuple[Panel, ...]
    commands: dict[str, Command]
    handing: Handing

    def window(self) -> QWidget: ...

    def all_commands(self, w: Words) -> list[Command]: ...

    def open_panel(self, id: str) -> None: ...

    def open_lecture(self, folder: str) -> None: ...

    def show_sheet(self, sheet: Overlay) -> None: ...

    def set_language(self, language: str) -> None: ...

    def set_theme(self, name: str) -> None: ...

    def set_scale(self, scale: float) -> None: ...

    def set_machine(self, name: str, value: Any) -> None: ...


class Menus:
    """Opens them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # --- the palette -----------------------------------------------------------------------------

    def show_palette(self) -> None:
        """Every panel and every command, found by a few letters."""
        entries = [*self._panels(), *self._lectures(), *self._commands()]
        self.desk.show_sheet(Palette(self.desk.look, entries, self.desk.window(),
                                     lambda typed: [one.id for one in about(typed)], self._typed_link))

    def _panels(self) -> Iterable[Entry]:
        words = self.desk.look.words
        for panel in self.desk.panels:
            lecture, titles = lecture_of(panel), [Said(panel, one).title for one in LANGUAGES]
            yield Entry(
                Said(panel, words.language).title, f"{lecture.number}  {words(lecture.title)}",
                partial(self.desk.open_panel, panel.id),
                " ".join([panel.id, *panel.concepts, *panel.keywords, *titles]),
                (panel.id, *titles), panel.id)

    def _lectures(self) -> Iterable[Entry]:
        words, full = self.desk.look.words, {panel.lecture for panel in self.desk.panels}
        for one in LECTURES:
            where = words("lecture {number}", number=one.number) if one.folder in full \
                else words("to come, lecture {number}", number=one.number)
            yield Entry(words(one.title), where, partial(self.desk.open_lecture, one.folder),
                        lecture_text(one))

    def _commands(self) -> Iterable[Entry]:
        named: dict[str, list[str]] = {}  # a command is found by its name in every language
        for language in LANGUAGES:
            for command in self.desk.all_commands(window_words(language)):
                named.setdefault(command.id, [command.id]).append(command.text)
        for command in self.desk.commands.values():
            # Of those that share a name, the keys say which is meant; a list cannot.
            if command.id != "palette" and command.enabled() \
                    and not command.id.startswith(("lecture", "card", "answer-")):
                yield Entry(command.text, command.shown_keys, command.action, " ".join(named[command.id]))

    def _typed_link(self, typed: str) -> Entry | None:
        """What the palette offers for a line that begins with bml:."""
        if not is_link(typed):
            return None
        return Entry(self.desk.look.words("Open this state"), "bml:…",
                     partial(self.desk.handing.open, typed))

    # --- menus -----------------------------------------------------------------------------------

    def show_settings(self, above: QWidget) -> None:
        """Language, theme, machine and what else is set once, above a button."""
        w, settings, menu = self.desk.look.words, self.desk.settings, self._menu()
        languages = {"system": w("As the system"), **LANGUAGES}
        choose(menu, w("Language"), languages, settings.language, self.desk.set_language)
        choose(menu, w("Theme"), {id: w(name) for id, name in THEMES.items()}, settings.theme,
               self.desk.set_theme)
        choose(menu, w("Scale"), {one: numbers.percent(one) for one in SCALES}, settings.scale,
               self.desk.set_scale)
        menu.addSeparator()
        choose(menu, w("Device"), {id: w(name) for id, name in DEVICES.items()}, settings.device,
               partial(self.desk.set_machine, "device"))
        cores = os.cpu_count() or 1
        counts = {0: w("Automatic")} | {
            n: str(n) for n in (1, 2, 4, 8, 16, 32, 64) if n < cores} | {cores: str(cores)}
        choose(menu, w("Threads"), counts, settings.threads, partial(self.desk.set_machine, "threads"))
        menu.addSeparator()
        self._fill(menu, ("data", "present", "hall", "room", "keys", "about"))
        menu.popup(above.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def show_export(self, corner: QPoint) -> None:
        """What the open panel can be written to, with the menu's lower right corner there."""
        menu = self._menu()
        self._fill(menu, ("export-image", "export-csv", "export-movie", "export-notebook", "export-page",
                          "export-handout"))
        menu.addSeparator()
        self._fill(menu, ("copy-link", "qr", "copy-command", "copy-render"))
        menu.popup(corner - QPoint(menu.sizeHint().width(), menu.sizeHint().height()))

    def show_bring(self, place: QPoint) -> None:
        """What can be opened or begun from the start page."""
        menu = self._menu()
        self._fill(menu, ("open", "lecture-new", "data"))
        menu.popup(place)

    def _menu(self) -> QMenu:
        menu = QMenu(self.desk.window())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _fill(self, menu: QMenu, ids: Sequence[str]) -> None:
        for command in (self.desk.commands[id] for id in ids):
            text = command.text + (f"\t{command.shown_keys}" if command.keys else "")
            action = menu.addAction(text)
            action.setEnabled(command.enabled())
            action.triggered.connect(lambda _=False, act=command.action: act())


def choose(
    menu: QMenu, title: str, names: dict[Any, str], now: Any, set: Callable[[Any], object]
) -> None:
    """A menu below ``menu`` in which one of some values is marked and another can be set."""
    sub = menu.addMenu(title)
    for value, name in names.items():
        action = sub.addAction(name)
        action.setCheckable(True)
        action.setChecked(value == now)
        action.triggered.connect(lambda _=False, value=value: set(value))
