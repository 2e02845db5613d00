"""One panel's page: its title and claim, the picture, a line of text about it, and the transport."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.session.meter import PaintMeter
from app.session.session import Failure, Session, State
from app.session.trying import Trying, headline
from app.window.aside import Aside
from app.window.busy import Busy, Waiting
from app.window.errors import Action, ErrorCard
from visualizers.catalog import Said
from visualizers.panel import Panel, Shown, load
from widgets.base.guard import Guarded, attempt, paints
from widgets.base.labels import run_on
from widgets.controls.transport import Transport
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, quantity
from widgets.theme.style import font
from widgets.theme.words import tr_mark
from widgets.views.cards import Card
from widgets.views.sentence import Sentence
from widgets.views.view import PanelView

if TYPE_CHECKING:
    from app.session.together import Together
    from app.window.beside import Beside

STATES = {
    State.IDLE: tr_mark("paused"), State.STARTING: tr_mark("starting"),
    State.RUNNING: tr_mark("playing"), State.PAUSED: tr_mark("paused"),
    State.FINISHED: tr_mark("settled"), State.DIVERGED: tr_mark("diverged"),
    State.FAILED: tr_mark("failed"),
}
DESCRIBE_EVERY = 500  # ms; a sentence that changes thirty times a second cannot be read


class Page(Guarded, QWidget):
    """Shows a session's frames. ``drawn`` says that there is something new to paint."""

    drawn = Signal()
    said = Signal(str)  # something was done or could not be; say it in passing
    fetch_wanted = Signal()  # what a note says is missing

    READING = 3.0  # s for which a mistake of the view is shown at least; a flash cannot be read

    def __init__(
        self, look: Look, panel: Panel, session: Session, trying: Trying, meter: PaintMeter,
        presenting: bool = False, parent: QWidget | None = None,
        last_picture: Callable[[], QImage | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self.presenting = presenting  # the claim is said then, and its room is the picture's
        self.panel, self.session, self.meter, self.trying = panel, session, meter, trying
        said = Said(panel, look.words.language)
        self.look = look.saying(said.words())
        self.words = self.look.words
        self.shown: Shown[Any, Any] | None = None
        self.card: ErrorCard | None = None
        self._alone = False  # the picture has the whole screen
        self._asked = False  # a question has the room of the transport
        self._soft_card = False  # goes away with the next frame
        self._mistaken = False  # goes away with the next frame that the view draws without a mistake
        self._broken: dict[Card, ErrorCard] = {}
        self._readable = 0.0  # when they have been there long enough
        self._film: Iterator[tuple[int, int]] | None = None
        self.beside: Beside | None = None  # while there are several runs at once
        px = look.px

        self.title = QLabel(said.title)
        self.title.setProperty("role", "title")
        self.claim = QLabel(said.claim)
        self.claim.setProperty("role", "muted")
        self.claim.setWordWrap(True)
        self.warning = QLabel(said.warning)  # of the lecture's field; there whatever else is hidden
        self.warning.setProperty("role", "quiet")
        self.warning.setWordWrap(True)
        self.warning.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if not said.warning:  # shown before it stands in the page, it would be a window of its own
            self.warning.hide()
        self.standing = QLabel()  # the step and the state, where the transport is not seen
        self.standing.setProperty("role", "muted")
        self.standing.hide()
        self.head = QWidget()
        head = QVBoxLayout(self.head)
        head.setContentsMargins(px(2), 0, 0, 0)
        head.setSpacing(px(3))
        line = QHBoxLayout()
        line.setSpacing(px(12))
        line.addWidget(self.title, 0 if said.warning else 1)
        line.addWidget(self.warning, 1 if said.warning else 0)
        line.addWidget(self.standing)
        head.addLayout(line)
        head.addWidget(self.claim)

        self.view: PanelView = load(panel.view)(self.look)
        self.view.setAccessibleName(said.title)
        self.view.changed.connect(self._clicked)
        self.stack = QStackedWidget()
        self.waiting = Waiting(self.look, self.view, last_picture)
        self.stack.addWidget(self.waiting)
        self.stack.addWidget(self.view)
        self.stack.installEventFilter(self)
        self.busy = Busy(self.look)
        for busy in (self.busy, self.waiting.busy):
            busy.cancelled.connect(self._cancel)
        self.notes = Sentence(self.look, "text", steady=False)
        self.remedy = QPushButton()  # fetches what is missing, then starts again with it
        self.remedy.setProperty("role", "link")
        self.remedy.setFont(font(look, 11))
        self.remedy.setCursor(Qt.CursorShape.PointingHandCursor)
        self.remedy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remedy.clicked.connect(self._mend)
        self.description = Sentence(self.look, "muted")
        self.aside = Aside(self.look)
        self.transport = Transport(self.look)
        self.transport.set_trains(panel.trains)
        self.transport.set_speed(session.speed)
        self._cards = QVBoxLayout()
        self._cards.setContentsMargins(0, 0, 0, 0)

        box = self._box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(8))
        box.addWidget(self.head)
        box.addWidget(self.stack, 1)
        box.addWidget(self.busy)
        told = QHBoxLayout()
        told.setSpacing(px(10))
        told.addWidget(self.notes, 1)
        told.addWidget(self.remedy)
        box.addLayout(told)
        box.addWidget(self.description)
        box.addWidget(self.aside)
        box.addLayout(self._cards)
        box.addWidget(self.transport)
        # Both stand in the same place, so that the picture never changes its size for them.
        self.busy.setFixedHeight(self.description.sizeHint().height())
        for instead in (self.busy, self.aside):
            instead.shown.connect(lambda _: self._give_way())
        self.busy.hide()
        self.notes.hide()
        self.remedy.hide()

        self._describing = QTimer(self, singleShot=True, interval=DESCRIBE_EVERY)
        self._describing.timeout.connect(self._describe)
        self._filming = QTimer(self, interval=0)
        self._filming.timeout.connect(self._film_on)
        session.set_said(said)
        self._links: list[tuple[Any, Callable[..., object]]] = [
            (session.state_changed, self._state_changed), (session.shown, self.show_frame),
            (session.progress, self._progress), (session.noted, self._noted),
            (session.failed, self._failed), (session.stats_changed, self._stats),
            (trying.changed, self._follow),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        bar = self.transport
        bar.play.connect(lambda: self.driven.toggle())
        bar.step.connect(lambda: self.driven.step())
        bar.back.connect(lambda: self.driven.step_back())
        bar.reset.connect(lambda: self.driven.reset())
        bar.branch.connect(self.branch)
        bar.pin.connect(self.pin)
        bar.speed.connect(lambda speed: self.driven.set_speed(speed))
        bar.seek.connect(lambda step: self.driven.seek(step))
        bar.seek_done.connect(lambda step: self.driven.seek(step, exact=True))

    def begin(self) -> None:
        """Show what the session has; a new one is started."""
        if self.session.notes:
            self._tell()
        self.data_changed()
        self._follow()
        self._state_changed(self.session.state)
        shown = self.session.current()
        if shown is not None:
            self.show_frame(shown)
        elif self.session.state is State.IDLE:
            self.session.open()

    def release(self) -> None:
        """The page is going away; the session stays."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()
        self._stop_film()
        self._describing.stop()
        self._end_preparing()

    # --- what the session says -------------------------------------------------------------------

    def show_frame(self, shown: Shown[Any, Any]) -> None:
        """Draw a frame."""
        if self.beside is None:  # else those of all runs are drawn together
            self._draw(shown, lambda: attempt(lambda: self.view.show_frame(shown)))

    def _draw(self, shown: Shown[Any, Any], draw: Callable[[], bool]) -> None:
        self.meter.begin()
        self.shown = shown
        if self._soft_card:
            self._remove_card()
        drawn = draw()
        self.stack.setCurrentWidget(self.picture)
        step = self.driven.step_shown
        self.transport.set_steps(step, max(step, self.driven.last_step))
        self._stand()
        if not self.description.text:
            attempt(self._describe)
        if not self._describing.isActive():
            self._describing.start()
        if drawn:
            self._heal()
        self.meter.end()
        self.drawn.emit()

    @property
    def sound(self) -> bool:
        """Whether the view is seen and shows a frame without a mistake."""
        return self.shown is not None and self.stack.currentWidget() is self.view \
            and not self._broken and not self._mistaken

    def _describe(self) -> None:
        if self.shown is not None:
            differing = self.beside.sentence() if self.beside is not None else ""
            self.description.say(differing or self.view.describe(self.shown))
            self.view.setAccessibleDescription(self.description.text)

    def _state_changed(self, state: State) -> None:
        playing = self.beside is not None and self.driven.playing and state is not State.STARTING
        self.transport.set_state(State.RUNNING.value if playing else state.value)
        if state is State.STARTING:
            self._remove_card()
            if not self.session.notes:
                self.notes.hide()
                self.remedy.hide()
            if self._film is None:
                self._preparing.begin(self.words("Preparing" if self.session.worker_ready
                                                 else "Loading PyTorch"))
        elif self._film is None:
            self._end_preparing()
        if state is State.RUNNING:
            self._remove_card()
        self._stats()

    @property
    def _preparing(self) -> Busy:
        """What says how far a set-up is: in the view's place, or below what it shows."""
        return self.busy if self.shown is not None else self.waiting.busy

    def _end_preparing(self) -> None:
        self.busy.end()
        self.waiting.busy.end()

    def _stats(self) -> None:
        self.transport.set_playing(self.driven.playing)
        self._stand()
        running = self.beside is not None or self.session.state is State.RUNNING
        self.transport.set_rate(self.driven.rate if running else 0.0)

    def _stand(self) -> None:
        """Say the step and whether it plays; only where nothing else says so."""
        if not self.standing.isHidden() and self.panel.trains:
            words, step = self.words, self.shown.step if self.shown is not None else 0
            state = words("playing") if self.driven.playing else words(STATES[self.session.state])
            run_on(self.standing, words("step {step}", step=count(step)) + f" · {state}")

    def _progress(self, done: int, total: int, what: str) -> None:
        if self._film is None:
            self._preparing.progress(done, total, self.words(what or "Preparing"))

    def _noted(self, _text: str, _values: dict[str, object]) -> None:
        from app.window.sources import missing

        self.session.lacking = missing(self.panel, self.session.params)
        self._tell()
        self._offer()

    def _tell(self) -> None:
        """All that was told so far."""
        told = [self.words.tell(text, values) for text, values in self.session.notes]
        self.notes.say(" ".join(dict.fromkeys(told)))
        self.notes.show()

    def data_changed(self) -> None:
        """A text or a model may have been fetched: a run that waited for it begins anew."""
        from app.window.sources import missing

        session = self.session
        if session.lacking and session.last_step == 0 \
                and not missing(self.panel, session.params):
            session.reset()
        else:
            self._offer()

    def _offer(self) -> None:
        """Beside a note about what is missing: one click to fetch it, or to begin with it."""
        from app.window.sources import missing

        lacking = self.session.lacking
        self.remedy.setVisible(bool(lacking))
        if lacking:
            absent = missing(self.panel, self.session.params)
            self.remedy.setText(self.words("Fetch it…") if absent
                                else self.words("It is here now: start again"))
            self.remedy.setAccessibleName(self.remedy.text())

    def _mend(self) -> None:
        from app.window.sources import missing

        if missing(self.panel, self.session.params):
            self.fetch_wanted.emit()
        else:
            self.session.reset()

    def _failed(self, failure: Failure) -> None:
        if self.beside is not None:
            return  # it is said of that run, and the others go on
        session, words, actions = self.session, self.words, []
        if failure.good is not None:
            good = failure.good
            actions.append((words("Back to step {step}", step=good), lambda: self._back_to(good)))
            actions.append((words("Start again"), session.reset))
        elif failure.over:
            actions.append((words("Try again"), session.retry))
        self._show_card(words.tell(failure.message, failure.values), actions, failure.details)
        self._soft_card = not failure.over and failure.good is None

    def _back_to(self, step: int) -> None:
        self._remove_card()
        self.session.seek(step, exact=True)

    def show_mistake(self, sentence: str, details: str, place: QWidget | None = None) -> None:
        """Something in the window itself went wrong; the run is not touched.

        It is said on the view's card in which it was made, and below the picture where there is none
        or too little room.
        """
        said = self.words("Something in the window went wrong; the run is not touched. {what}",
                          what=sentence)
        self._readable = time.monotonic() + self.READING
        if (card := self._card_round(place)) is not None:
            if card in self._broken:
                return  # what goes wrong thirty times a second is said once
            told = ErrorCard(self.look, said, [(self.words("Close"), partial(self._bare, card))],
                             details)
            if card.lay_over(told):
                self._broken[card] = told
                return
            told.deleteLater()
        self._show_card(said, [(self.words("Close"), self._remove_card)], details)
        self._mistaken = place is not None \
            and (place is self.view or self.view.isAncestorOf(place))

    def _card_round(self, place: QWidget | None) -> Card | None:
        """The card of the view that a widget is or lies in, if it is seen."""
        while place is not None and place is not self.view:
            if isinstance(place, Card) and place.isVisible() and self.view.isAncestorOf(place):
                return place
            place = place.parentWidget()
        return None

    def _heal(self) -> None:
        """A frame was drawn without a mistake: what can be painted again is shown again."""
        if (not self._broken and not self._mistaken) or time.monotonic() < self._readable:
            return
        for card in [one for one in self._broken if one.paints()]:
            self._bare(card)
        if self._mistaken and paints(self.view):
            self._remove_card()

    def _bare(self, card: Card) -> None:
        del self._broken[card]
        card.lay_bare()

    def put_below(self, card: QWidget) -> None:
        """A card between the picture and the transport."""
        self._cards.addWidget(card)

    def make_room(self, taken: bool) -> None:
        """While something is asked under the picture, the transport gives way to it."""
        self._asked = taken
        self._give_way()
        self.transport.setVisible(not taken and not self._alone)

    def _show_card(self, sentence: str, actions: Sequence[Action], details: str) -> None:
        if self.card is not None and self.card.label.text() == sentence:
            return  # what goes wrong thirty times a second is said once
        self._remove_card()
        self.card = ErrorCard(self.look, sentence, actions, details)
        self._cards.addWidget(self.card)
        self.card.show()

    def _remove_card(self) -> None:
        if self.card is not None:
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        self._soft_card = self._mistaken = False

    # --- what the user does ----------------------------------------------------------------------

    def pin(self) -> None:
        """Keep the run as a ghost, and say what was kept."""
        session, words = self.session, self.words
        shown = session.current()
        if shown is None:
            return
        before = session.pinned
        session.pin()
        kept = session.pinned[-1] if session.pinned else None
        if kept is None or session.pinned == before:
            self.said.emit(words("This run is pinned already."))
            return
        what = [quantity(len(kept.history), "step", words)] if self.panel.trains else []
        measured = headline(self.panel, kept.history, kept.frame, kept.step)
        if measured is not None:
            what.append(words("{headline} {value}", value=decimal(measured.value),
                              headline=Said(self.panel, words.language).headline))
        told = words("Pinned: {what}. It can be named under Runs.", what=words(", ").join(what))
        if len(session.pinned) == len(before):
            told += " " + words("The oldest ghost is gone: there are at most {most}.", most=len(before))
        self.said.emit(told)

    def branch(self) -> None:
        """A new run from the step that is looked at, which waits for what is to be changed."""
        step = self.driven.step_shown
        self.driven.branch()
        if self.session.state is State.STARTING:
            self._remove_card()
            self.said.emit(self.words(
                "A new run from step {step}: change what you like, then press Space.",
                step=count(step)))

    def _clicked(self, name: str, value: object) -> None:
        self.driven.set_params(**{name: value})

    @property
    def locked(self) -> bool:
        """Whether anything was clicked in the picture."""
        return any(getattr(self.session.params, name) != value
                   for name, value in self._untouched().items())

    def unlock(self) -> None:
        """Forget what was clicked in the picture."""
        self.driven.set_params(**self._untouched())

    def _untouched(self) -> dict[str, Any]:
        return {one.name: one.default for one in self.panel.parameters
                if one.kind == "hidden" and not one.stays}

    def _follow(self) -> None:
        """Say what is being tried."""
        self.aside.follow(self.trying, Said(self.panel, self.look.words.language))

    def _give_way(self) -> None:
        """The sentence about the picture stands where nothing else has to be said."""
        self.description.setVisible(not self._alone and not self._asked
                                    and self.busy.isHidden() and self.aside.isHidden())

    def _name(self) -> None:
        """Show the title and the claim, where the pictures of several runs leave them room."""
        large = self.look.hall and self.beside is not None
        self.title.setVisible(not large)
        self.claim.setVisible(not self._alone and not self.presenting and not large)

    def set_alone(self, alone: bool) -> None:
        """Show the picture, and of all else only the title, the step and the state of the run."""
        self._alone = alone
        self._name()
        self.standing.setVisible(alone)
        self._stand()
        self.make_room(self._asked)
        self.notes.setVisible(not alone and bool(self.session.notes))
        self.remedy.setVisible(not alone and bool(self.session.lacking))

    def _cancel(self) -> None:
        if self._film is not None:
            self._stop_film()
            self.said.emit(self.words("Nothing was written."))
        else:
            self.session.cancel()

    # --- several runs at once --------------------------------------------------------------------

    @property
    def driven(self) -> Session | Together:
        """Who is played, stepped and set: the run, or all that are compared."""
        return self.session if self.beside is None else self.beside.together

    @property
    def picture(self) -> QWidget:
        """What draws the run of the moment, or all that are compared."""
        return self.beside.grid if self.beside is not None and self.beside.in_grid else self.view

    def put_together(self, together: Together, grid: bool) -> Beside:
        """Show several runs at once, in a grid or in one picture, until ``take_apart``."""
        from app.window.beside import Beside

        beside = self.beside = Beside(self.look, self.panel, together, self.view, grid)
        beside.grid.changed.connect(self._clicked)
        self._box.insertWidget(1, beside)
        self.stack.addWidget(beside.grid)
        self._name()
        self._box.activate()
        beside.fit(self.stack.size())
        for signal, slot in ((together.shown, self._show_together), (together.changed, self._follow_all)):
            signal.connect(slot)
            self._links.append((signal, slot))
        self._remove_card()
        self._follow_all()
        if not together.starting:
            self._show_together()
        return beside

    def take_apart(self) -> None:
        """One run again."""
        beside, self.beside = self.beside, None
        if beside is None:
            return
        for link in [one for one in self._links if one[1] in (self._show_together, self._follow_all)]:
            self._links.remove(link)
            link[0].disconnect(link[1])
        self._name()
        self.stack.removeWidget(beside.grid)
        self._box.removeWidget(beside)
        for widget in (beside.grid, beside):
            widget.hide()
            widget.deleteLater()
        if (shown := self.session.current()) is not None:
            self.show_frame(shown)
        self._describe()
        self._state_changed(self.session.state)
        failure = beside.together.runs[0].trouble
        if failure is not None and self.session.state in (State.FAILED, State.DIVERGED):
            self._failed(failure)  # so far it was said at its picture

    def show_as_grid(self, grid: bool) -> None:
        """The runs that are compared in a grid, or in one picture."""
        if self.beside is not None:
            self.beside.want(grid)
            self._box.activate()
            self.beside.fit(self.stack.size())
            self._show_together()

    def _show_together(self) -> None:
        beside = self.beside
        assert beside is not None
        shown = beside.one_picture()
        if shown is None or beside.together.starting:
            return
        self._draw(shown, lambda: beside.grid.draw(beside.together.pictures()) if beside.in_grid else
                   attempt(lambda: self.view.show_frame(shown)))
        beside.follow()

    def _follow_all(self) -> None:
        assert self.beside is not None
        self.beside.follow()
        self._state_changed(self.session.state)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The room for pictures: it changes with the page, and with what stands round it."""
        if event.type() == QEvent.Type.Resize and self.beside is not None:
            QTimer.singleShot(0, self, self._refit)  # when it has been shared out
        return False

    def _refit(self) -> None:
        if self.beside is not None and self.beside.fit(self.stack.size()):
            self._show_together()

    # --- films -----------------------------------------------------------------------------------

    def film_to(
        self, path: Path, done: Callable[[], object],
        guarded: Callable[[Callable[[], object]], object],
    ) -> None:
        """Draw the filmed frames into ``path``, a frame at a time, with progress and cancel."""
        from app.files.export import save_movie

        self._stop_film()
        record = self.session.record()
        view: PanelView = load(self.panel.view)(self.look)
        view.resize(self.view.size())
        self._film = save_movie(view, record.film, record.history, path)
        self._film_done, self._film_guard = done, guarded
        self.busy.begin(self.words("Drawing the film"))
        self._filming.start()

    def _film_on(self) -> None:
        self._film_guard(self._draw_one)

    def _draw_one(self) -> None:
        film, self._film = self._film, None  # should it raise, it is over
        try:
            done, total = next(film)  # type: ignore[arg-type]
        except StopIteration:
            self._stop_film()
            self._film_done()
        except BaseException:
            self._stop_film()
            raise
        else:
            self._film = film
            self.busy.progress(done, total, self.words("Drawing the film"))

    def _stop_film(self) -> None:
        self._filming.stop()
        if isinstance(self._film, Generator):
            self._film.close()
        if self._film is not None or self.session.state is not State.STARTING:
            self._end_preparing()
        self._film = None
