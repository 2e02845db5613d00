"""Shows a tour's questions outside the guide: large under the picture, and as a sketch on its plot."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.window.guide import Tour
from app.window.page import Page
from widgets.pictures.curves import CurvePlot
from widgets.theme.look import Look
from widgets.views.cards import Card
from widgets.views.guidance import QuestionBox
from widgets.views.layout import Arrangement, Place


class Asking(QObject):
    """Joins a tour with a page for as long as that page lives.

    Args:
        in_guide: whether the guide is in sight and shows the questions itself.
    """

    def __init__(
        self, look: Look, tour: Tour, page: Page, in_guide: Callable[[], bool]
    ) -> None:
        super().__init__(page)
        self.look, self.tour, self.page, self._in_guide = look, tour, page, in_guide
        self.card = Card(page.look)
        self.box = QuestionBox(page.look, large=True)
        self.box.answered.connect(tour.answer)
        self.box.skipped.connect(tour.skip)
        self.box.drawn.connect(self.answer_sketch)
        self.box.left.connect(tour.leave)
        self.box.went_on.connect(tour.ask_next)
        self.card.body.addWidget(self.box)
        self.card.hide()
        page.put_below(self.card)
        self._plot: CurvePlot | None = None
        self._filled: Place | None = None  # by a sketch
        tour.changed.connect(self.refresh)
        self.refresh()

    @property
    def showing(self) -> bool:
        """Whether something is asked or told under the picture."""
        return not self.card.isHidden()

    def release(self) -> None:
        """The page is going away; the tour stays."""
        self.tour.changed.disconnect(self.refresh)

    def refresh(self) -> None:
        """Show what is asked or was answered now."""
        tour, language = self.tour, self.look.words.language
        item = None if tour.at is None else tour.item(tour.at, language)
        now = None if item is None or self._in_guide() else item.question or item.verdict
        self.box.show_question(
            now, item.seen if item is not None and item.state == "done" else "")
        self.card.setVisible(now is not None)
        self.page.make_room(now is not None)
        self._draw()

    def answer_sketch(self) -> None:
        """What was drawn is the answer."""
        drawn = None if self._plot is None else self._plot.sketch()
        if drawn is not None:
            self.tour.answer_sketch(drawn)

    def _draw(self) -> None:
        """Let the plot be drawn on while a sketch is asked for, and keep what was drawn in sight."""
        tour, at = self.tour, self.tour.at
        ask = None if at is None else tour.steps[at].ask
        plot = None if ask is None or not ask.sketch else getattr(self.page.view, ask.sketch)
        self._make_room(plot)
        if self._plot is not None and self._plot is not plot:
            self._plot.sketched.disconnect(self._sketched)
            self._plot.end_sketch()
            self._plot = None
        if plot is None or ask is None or at is None:
            return
        if self._plot is None:
            self._plot = plot
            plot.sketched.connect(self._sketched)
        given = tour.answers.get(at)
        if tour.open == at:
            if not plot.sketching:
                plot.begin_sketch(tour.range, ask.range)
        elif given is not None and given.sketch is not None:
            if plot.sketching or plot.sketch() is None:
                plot.show_sketch((given.begun, given.ends), given.sketch)
        else:
            plot.end_sketch()

    def _make_room(self, plot: CurvePlot | None) -> None:
        """In a hall, the card that is drawn on has the whole view."""
        cards = self.page.view.layout()
        if not isinstance(cards, Arrangement):
            return
        wanted = None if plot is None or not self.showing else next(
            (one for one in cards.places if one.card.isAncestorOf(plot)), None)
        if wanted is not self._filled and cards.filled in (None, self._filled):
            cards.fill(wanted)
            self._filled = wanted

    def _sketched(self) -> None:
        self.tour.set_drawn(self._plot is not None and self._plot.sketch() is not None)
