"""Runs beside one another in the window: how they are asked for, shown, kept and ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from app.session.together import Together
from app.window.commands import Command
from app.window.palette import Entry, Palette
from visualizers.catalog import Said
from widgets.controls.parameters import parameter
from widgets.theme.words import Words

if TYPE_CHECKING:
    from app.files.settings import Settings
    from app.session.pins import Pinned
    from app.session.session import Session
    from app.session.trying import Trying
    from app.window.errors import Toast
    from app.window.page import Page
    from app.window.palette import Overlay
    from app.window.side import Side
    from visualizers.panel import Panel
    from widgets.controls.controls import ControlPanel
    from widgets.theme.look import Look


class Desk(Protocol):
    """What of the window is needed here."""

    settings: Settings
    look: Look
    toast: Toast
    session: Session | None
    page: Page | None
    side: Side | None
    tryings: dict[str, Trying]
    place: str

    @property
    def make_session(self) -> Callable[[Panel, Settings], Session]: ...

    @property
    def seen(self) -> QWidget: ...

    @property
    def seen_controls(self) -> ControlPanel | None: ...

    def show_sheet(self, sheet: Overlay) -> None: ...

    def fold(self) -> None: ...

    def remember(self) -> None: ...


class Comparing(QObject):
    """The runs that the open panel has beside one another, if it has.

    Attributes:
        together: who drives them; None while there is one run.
    """

    changed = Signal()  # several runs are there, or one again, or they are shown otherwise

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self.desk, self.window = desk, window
        self.together: Together | None = None

    def commands(self, words: Words) -> list[Command]:
        """What can be done, in these words."""
        there = lambda: self.together is not None  # noqa: E731
        return [
            Command("beside", words("Two to four values of a control, beside one another"), ("Shift+W",),
                    self.ask, lambda: self.desk.page is not None, words("Run")),
            Command("beside-grid", words("Runs beside one another: a grid, or one picture"), ("Shift+G",),
                    lambda: self.show_as(not self.desk.settings.grid), there, words("Run")),
            Command("beside-end", words("End the runs beside one another"), (), self.end, there),
        ]

    # --- asking ----------------------------------------------------------------------------------

    def pointed_control(self) -> str | None:
        """The control that has the keyboard, or else the one under the mouse."""
        if self.desk.side is None:
            return None
        controls = self.desk.side.controls
        return controls.name_at(QApplication.focusWidget()) \
            or controls.name_at(QApplication.widgetAt(QCursor.pos()))

    def what_if(self) -> None:
        """Ask what if of the control that is pointed at."""
        if (name := self.pointed_control()) is not None:
            self.ask_what_if(name)
        elif self.desk.side is not None:
            self.desk.toast.say(self.desk.look.words("Point at a control, then press W."))

    def ask_what_if(self, name: str) -> None:
        """Ask which other value of a control the run should have, or which values beside one another."""
        from app.window.sources import options
        from app.window.whatif import WhatIfField

        session, side, words = self.desk.session, self.desk.side, self.desk.look.words
        if session is None or side is None:
            return
        one = parameter(session.panel.params, name)
        seen = self.desk.seen
        control = (self.desk.seen_controls or side.controls).control(name)
        beside = QRect(control.mapTo(seen, QPoint(0, 0)), control.size()) \
            if seen.isAncestorOf(control) else QRect(seen.rect().center(), QSize())
        self.desk.show_sheet(WhatIfField(
            side.look, Said(session.panel, words.language), one, getattr(session.params, name), beside,
            partial(self._run_again, name), partial(self.begin, name), self.window,
            options(one, words) if one.source else ()))

    def _run_again(self, name: str, value: Any) -> None:
        """Run the present run from its start with another value, beside it as a ghost."""
        self.end()
        self.desk.tryings[self.desk.place].what_if(name, value)

    def ask(self) -> None:
        """Ask for values of the control that is pointed at; where none is, ask which control first."""
        desk = self.desk
        if (name := self.pointed_control()) is not None:
            self.ask_what_if(name)
            return
        session = desk.session
        if session is None:
            return
        said = Said(session.panel, desk.look.words.language)
        sheet = Palette(desk.look, [
            Entry(said.label(one.name), said.value(one.name, getattr(session.params, one.name)),
                  partial(self.ask_what_if, one.name), one.name)
            for one in session.panel.parameters if one.kind != "hidden"], self.window)
        sheet.field.setPlaceholderText(desk.look.words("Which control?"))
        sheet.field.setAccessibleName(desk.look.words("Which control?"))
        desk.show_sheet(sheet)

    def begin(self, name: str, values: Sequence[Any]) -> None:
        """Run the present run from its start with each of these values of a control at once.

        Raises:
            Refusal: there are not two to four different ones.
            Unfit: a value does not belong to the control.
        """
        desk = self.desk
        session, page, side = desk.session, desk.page, desk.side
        if session is None or page is None or side is None:
            return
        self.end()
        trying = desk.tryings[desk.place]
        trying.leave()
        settings = desk.settings
        together = self.together = Together(
            trying.undo, lambda: desk.make_session(session.panel, settings),
            [{name: value} for value in values], device=settings.device, threads=settings.threads)
        together.ended.connect(self._ended)
        self.dress()
        together.play()

    # --- while they are there --------------------------------------------------------------------

    def dress(self) -> None:
        """Show them on the page that is open by now."""
        desk, together = self.desk, self.together
        if together is None or desk.page is None or desk.side is None:
            return
        beside = desk.page.put_together(together, desk.settings.grid)
        beside.chosen.connect(self.show_as)
        desk.side.set_params = together.set_params
        desk.fold()
        self.changed.emit()

    def show_as(self, grid: bool) -> None:
        """In a grid, or in one picture; remembered."""
        desk = self.desk
        desk.settings.grid = grid
        desk.remember()
        if desk.page is not None:
            desk.page.show_as_grid(grid)
            desk.fold()
        self.changed.emit()

    @property
    def wanted_width(self) -> int:
        """The width of a page in which the grid that is wanted has room; 0 where nothing is wanted or
        no width would do."""
        page = self.desk.page
        if page is None or page.beside is None or not page.beside.wanted:
            return 0
        return page.beside.grid.width_for(page.stack.height())

    @property
    def standing(self) -> bool:
        """Whether all of them stand at one step, or there is one run."""
        return self.together is None or self.together.standing

    def others(self) -> list[Pinned]:
        """All but the first, as ghosts of it."""
        return [] if self.together is None else self.together.others()

    def painted(self) -> None:
        """What they have shown has been painted."""
        if self.together is not None:
            self.together.painted()

    def set_visible(self, visible: bool) -> None:
        """What nobody sees trains nothing."""
        if self.together is not None:
            self.together.set_visible(visible)

    # --- the end ---------------------------------------------------------------------------------

    def end(self) -> None:
        """The first run is the present one again; the others stay as ghosts."""
        if self.together is not None:
            self.together.end()

    def close(self) -> None:
        """The program ends."""
        if self.together is not None:
            self.together.close()
            self.together = None

    def back(self) -> tuple[bool, Mapping[str, Any] | None]:
        """Take back what was done last while they are there: whether they were, and the old values of
        the controls that were moved."""
        if self.together is None:
            return False, None
        return True, self.together.back()

    def _ended(self) -> None:
        together, self.together = self.together, None
        desk = self.desk
        if desk.side is not None and desk.session is not None:
            desk.side.set_params = desk.session.set_params
        if desk.page is not None:
            desk.page.take_apart()
        desk.fold()
        self.changed.emit()
        if together is not None:
            together.deleteLater()
