"""What the window does with a panel's tour and with what is tried on its controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject

from app.session.tours import load_tries
from visualizers.catalog import Said

if TYPE_CHECKING:
    from app.files.learned import Learned
    from app.files.settings import Settings
    from app.session.session import Session
    from app.session.trying import Trying
    from app.window.asking import Asking
    from app.window.comparing import Comparing
    from app.window.errors import Toast
    from app.window.filing import Filing
    from app.window.guide import Tour
    from app.window.hall import Hall
    from app.window.page import Page
    from app.window.side import Side
    from app.window.way import Way
    from widgets.theme.look import Look


class Desk(Protocol):
    """What of the window is needed here."""

    settings: Settings
    look: Look
    toast: Toast
    files: Filing
    hall: Hall
    comparing: Comparing
    learned: Learned
    way: Way
    page: Page | None
    side: Side | None
    place: str
    tours: dict[str, Tour]
    tryings: dict[str, Trying]

    @property
    def presenting(self) -> bool: ...

    def session_of(self, id: str) -> Session: ...

    def mark(self) -> None: ...

    def remember(self) -> None: ...


class Guiding(QObject):
    """The tours and trials of the panels that were opened.

    Args:
        guide_shown: whether the column that holds the guide is in sight.

    Attributes:
        asking: shows the questions of the open panel's tour outside the guide; None before the first.
    """

    def __init__(self, desk: Desk, parent: QObject, guide_shown: Callable[[], bool]) -> None:
        super().__init__(parent)
        self.desk, self._guide_shown = desk, guide_shown
        self.asking: Asking | None = None

    # --- of a panel ------------------------------------------------------------------------------

    def tour(self, id: str) -> Tour:
        """The tour of a panel; made when its guide is first opened."""
        from app.window.guide import Tour

        desk = self.desk
        if id not in desk.tours:
            tour = desk.tours[id] = Tour(desk.session_of(id), self.trying(id).undo)
            tour.changed.connect(partial(self._seen, id))
            tour.judged.connect(partial(self._judged, id))
            if id == desk.place:
                self.ask_on()
        return desk.tours[id]

    def _judged(self, id: str, step: int, outcome: str) -> None:
        self.desk.learned.tried(id, step, outcome)
        self.desk.way.keep()

    def _seen(self, id: str) -> None:
        desk = self.desk
        tour = desk.tours[id]
        new = [desk.learned.saw(id, index, len(tour.steps)) for index in range(len(tour.steps))
               if tour.state(index) == "done"]
        if any(new):
            desk.way.keep()
        if tour.finished and desk.settings.finish(id):
            desk.mark()
            desk.remember()

    def trying(self, id: str) -> Trying:
        """What is tried in a panel."""
        from app.session.trying import Trying

        if id not in self.desk.tryings:
            self.desk.tryings[id] = Trying(self.desk.session_of(id))
        return self.desk.tryings[id]

    # --- of the open page ------------------------------------------------------------------------

    def ask_on(self) -> None:
        """Show the tour's questions on the page too, where the guide cannot."""
        from app.window.asking import Asking

        desk = self.desk
        if self.asking is None:
            assert desk.page is not None and desk.side is not None
            self.asking = Asking(desk.look, self.tour(desk.place), desk.page, self._guide_in_sight)
            desk.hall.join(self.tour(desk.place))

    def release(self) -> None:
        """The page goes, and with it what was asked on it."""
        if self.asking is not None:
            self.asking.release()
            self.asking = None
            self.desk.hall.join(None)

    def leave(self, id: str) -> None:
        """A panel is left: the settings from before its tour come back."""
        if id in self.desk.tours and self.desk.tours[id].give_back():
            self.given_back()

    def given_back(self) -> None:
        """Say that a tour has given back what it found."""
        self.desk.toast.say(self.desk.look.words("The settings from before the tour are back."))

    def _guide_in_sight(self) -> bool:
        """Whether the guide shows the question itself, large enough for who looks."""
        return not self.desk.presenting and self.desk.side is not None and self._guide_shown()

    # --- what can be done ------------------------------------------------------------------------

    def asked(self) -> bool:
        """Whether a question of the tour is open."""
        desk = self.desk
        return desk.page is not None and desk.place in desk.tours and desk.tours[desk.place].open is not None

    def answer(self, number: int) -> None:
        """Answer the open question by its number; 0 only shows."""
        tour = self.desk.tours[self.desk.place]
        if number:
            tour.answer(number - 1)
        else:
            tour.skip()

    def answer_sketch(self) -> None:
        """Answer the open question by the curve that is sketched on the page."""
        self.ask_on()
        assert self.asking is not None
        self.asking.answer_sketch()

    def next(self) -> None:
        """Do or ask the next step of the tour, in the guide or on the page."""
        desk = self.desk
        if desk.side is None:
            return
        desk.comparing.end()
        tour = self.tour(desk.place)
        if self._guide_in_sight():
            desk.side.show_tour()
        self.ask_on()
        if tour.finished and tour.give_back():
            self.given_back()
        else:
            tour.ask_next()

    def suggest(self, index: int) -> None:
        """Try a suggestion of the guide."""
        self.desk.comparing.end()
        trying = self.desk.tryings[self.desk.place]
        trying.suggest(load_tries(trying.panel)[index])

    def compare(self) -> None:
        """Run again as the controls are now, beside the run of before."""
        self.desk.comparing.end()
        if self.desk.place in self.desk.tryings:
            self.desk.files.guarded(self.desk.tryings[self.desk.place].compare)

    def escape(self) -> bool:
        """End what is tried, or else what is asked outside the guide; False if there is neither."""
        trying = self.desk.tryings.get(self.desk.place)
        if trying is not None and trying.phase == "running":
            trying.back()
        elif self.asking is not None and self.asking.showing:
            self.end()
        else:
            return False
        return True

    def end(self) -> None:
        """What the open panel's tour asks or tells goes from the page and from the stage."""
        if (tour := self.desk.tours.get(self.desk.place)) is not None:
            tour.stop()
            tour.leave()

    def undo(self) -> None:
        """Take back what was tried last."""
        desk = self.desk
        trying, words = desk.tryings.get(desk.place), desk.look.words
        compared, values = desk.comparing.back()
        if compared:
            desk.toast.say(self._said_again(trying, values) if values is not None else
                           words("Back as it was: the values and the run."))
            return
        if trying is None or not trying.undo.possible:
            desk.toast.say(words("Nothing was moved or tried that could be undone."))
            return
        before = trying.back()
        assert before is not None
        desk.toast.say(self._said_again(trying, before.moved) if trying.undo.is_of_values(before)
                       else words("Back as it was: the values and the run."))

    def _said_again(self, trying: Trying | None, values: Mapping[str, Any]) -> str:
        """What controls are set to again."""
        assert trying is not None
        words, panel = self.desk.look.words, trying.panel
        said = Said(panel, words.language)
        told = words(", ").join(f"{said.label(one.name)} {said.value(one.name, values[one.name])}"
                                for one in panel.parameters
                                if one.name in values and one.kind != "hidden")
        return words("Again: {values}.", values=told) if told \
            else words("Back as it was in the picture.")
