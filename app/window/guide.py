"""The guide of a panel, its suggestions, and its tour: steps that ask first, are done with one click,
and are ticked when seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.session.session import Session, State
from app.session.tours import (
    Ask,
    BadExpression,
    holds,
    load_tour,
    load_tries,
    observed,
    right_answers,
    said,
)
from app.session.undo import Before, Undo
from visualizers.catalog import Said, showing
from visualizers.panel import Panel, Shown
from widgets.controls.parameters import changed, needs_restart
from widgets.theme.look import Look
from widgets.views.cards import Switch
from widgets.views.guidance import (
    GuideView,
    Question,
    TourItem,
    TourList,
    TryList,
    Verdict,
)
from widgets.views.links import Links

LOOK_EVERY = 250  # ms between two looks at what a learner does by hand
FRAMES = 15  # a second, while a step of the tour trains


SUGGESTIONS = "{try}"  # the line of a guide's text where its suggestions are shown


@dataclass
class Asked:
    """A question that was open: what was answered, and what turned out to be right.

    Attributes:
        begun, ends: the training steps between which a curve is sketched.
        guess: the number of the answer; None where it was only shown or drawn.
        sketch: the drawn curve, (101,).
        right: the number of the answer that was right.
    """

    begun: int = 0
    ends: int = 0
    guess: int | None = None
    sketch: NDArray[np.float64] | None = None
    right: int | None = None

    @property
    def outcome(self) -> str:
        """``right``, ``wrong``, ``shown`` without a guess; empty before it is known."""
        if self.right is None:
            return ""
        if self.guess is None and self.sketch is None:
            return "shown"
        return "right" if self.guess == self.right else "wrong"


class Tour(QObject):
    """Takes the tour in a session. It outlives pages, so that ticks and answers stay.

    ``state(i)`` is ``todo``, ``asked``, ``running``, ``done`` or ``failed``.

    Attributes:
        open: the step whose question is open.
        told: the step whose answer was given last, until another one begins.
        answers: step to what was asked and answered.
        found: what there was before the tour, until it has been given back.
    """

    changed = Signal()
    judged = Signal(int, str)  # a step, and how its question was answered: right, wrong or shown

    def __init__(self, session: Session, undo: Undo) -> None:
        super().__init__(session)
        self.session, self.panel, self.undo = session, session.panel, undo
        self.found: Before | None = None  # what the tour will give back
        self._taken_over = False  # the learner has gone on by hand since
        undo.restored.connect(self._restored)
        self.steps = load_tour(self.panel)
        self._states = ["todo"] * len(self.steps)
        self._ends: dict[int, dict[str, Any]] = {}  # what was observed at the end of a step
        self._stands: tuple[int, Any, int] | None = None  # step, params and training step of its end
        self._queue: list[int] = []
        self._goal = self._asked = self._begun = 0
        self.open: int | None = None
        self.told: int | None = None
        self.answers: dict[int, Asked] = {}
        self._unjudged = -1  # the step whose answer was given and is not judged yet
        self.drawn = False  # there is a sketch to answer with
        self._holding = False  # the step is set up and waits for a sketch
        self._mine = False  # the session is changing because the tour told it to
        session.shown.connect(self._shown)
        session.state_changed.connect(self._state_changed)
        session.params_changed.connect(self._params_changed)
        self._looking = QTimer(self, singleShot=True, interval=LOOK_EVERY)
        self._looking.timeout.connect(self._look)

    def state(self, index: int) -> str:
        return self._states[index]

    @property
    def at(self) -> int | None:
        """The step whose question is open, or else whose answer was given last."""
        return self.open if self.open is not None else self.told

    @property
    def running(self) -> bool:
        return bool(self._queue)

    @property
    def seen(self) -> int:
        """How many expectations were observed."""
        return self._states.count("done")

    @cached_property
    def _params(self) -> list[Any]:
        """The values of each step: the tour names only what differs from the step before, and begins
        with the English defaults, with which it is tested."""
        found, params = [], self.panel.params()
        for step in self.steps:
            params = changed(params, **step.set)
            found.append(params)
        return found

    def _fresh(self, index: int) -> bool:
        return index == 0 or self.steps[index].fresh or needs_restart(
            self._params[index - 1], self._params[index])

    def _compares(self, index: int) -> bool:
        """Whether a step is judged by what was observed at the end of the one before."""
        step = self.steps[index]
        rights = [] if step.ask is None else [one.right for one in step.ask.answers]
        return any("previous" in one for one in (step.expect, *rights))

    def _first(self, index: int) -> int:
        """The step with which the run of ``index`` begins."""
        return max(i for i in range(index + 1) if self._fresh(i))

    # --- one click -------------------------------------------------------------------------------

    def ask(self, index: int) -> None:
        """Do a step; where it has a question, that comes first, and once more if the answer was wrong."""
        step, given = self.steps[index], self.answers.get(index)
        known = self._states[index] == "done" if given is None else given.outcome != "wrong"
        if step.ask is None or known:
            self.run(index)
            return
        self.stop()
        if step.ask.sketch:  # the learner draws on what the step begins with
            self._holding = True
            self._line_up(index)
        else:
            self._open(index)

    def ask_next(self) -> None:
        """The first step that is not done yet; the first of all when all are."""
        todo = [index for index, state in enumerate(self._states) if state != "done"]
        if self.open is None and self.steps:
            self.ask(todo[0] if todo else 0)

    def answer(self, choice: int) -> None:
        """Answer the open question; then the step plays."""
        if self.open is not None and choice < len(self._ask.answers):
            self._answered(Asked(guess=choice))

    def answer_sketch(self, sketch: NDArray[np.float64]) -> None:
        """Answer the open question with a drawn curve."""
        if self.open is not None:
            self._answered(Asked(sketch=sketch))

    def set_drawn(self, drawn: bool) -> None:
        """Whether there is a sketch that could be the answer."""
        if drawn != self.drawn:
            self.drawn = drawn
            self.changed.emit()

    def skip(self) -> None:
        """No guess: just play the step."""
        if self.open is not None:
            self._answered(Asked())

    def leave(self) -> None:
        """The verdict has been read."""
        if self.open is None and self.told is not None:
            self.told = None
            self.changed.emit()

    def _open(self, index: int) -> None:
        self.drawn = False
        self.open = self.told = index
        self._set(index, "asked")

    @property
    def _ask(self) -> Ask:
        assert self.open is not None
        found = self.steps[self.open].ask
        assert found is not None
        return found

    @property
    def range(self) -> tuple[int, int]:
        """The training steps between which the open question's curve is drawn."""
        return self._begun, self._goal

    def _answered(self, given: Asked) -> None:
        index = self.open
        assert index is not None
        self.open = None
        given.begun, given.ends = self.range
        self.answers[index], self._unjudged = given, index
        if not self._holding:
            self.run(index)
            return
        self._holding = False
        self._set(index, "running")
        shown = self.session.current()
        if shown is not None:
            self._shown(shown)

    def run(self, index: int) -> None:
        """Do a step, and before it those that it stands on."""
        self.stop()
        self._line_up(index)

    # --- what was there before -------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether every step was seen."""
        return bool(self.steps) and self.seen == len(self.steps)

    def give_back(self, *, asked: bool = False) -> bool:
        """Bring back the settings and the run that the tour found; whether it did.

        What a learner has gone on with by hand is left alone, unless it is ``asked`` for.
        """
        if self.found is None or (self._taken_over and not asked):
            return False
        self.stop()
        self.undo.restore(self.found)
        return True

    def _restored(self, before: Before) -> None:
        if before is self.found:
            self.found = self.told = self._stands = None
            self.changed.emit()

    def _line_up(self, index: int) -> None:
        if self.found is None or self._taken_over:
            self.found, self._taken_over = self.undo.remember(), False
        if self._stands == (index - 1, self.session.params, self.session.last_step) \
                and not self._fresh(index):
            first = index
        else:
            first = self._first(index)
        while self._compares(first) and first and first - 1 not in self._ends:
            first = self._first(first - 1)
        self._queue = list(range(first, index + 1))
        self._begin()

    def stop(self) -> None:
        """Give up what is running or asked."""
        given_up = self._queue[:1] + ([] if self.open is None else [self.open])
        self._queue, self.open, self._holding = [], None, False
        for index in given_up:
            self._set(index, "todo")

    def _begin(self) -> None:
        index = self._queue[0]
        session, step, params = self.session, self.steps[index], self._params[index]
        self.told = index if step.ask is not None else None
        self._set(index, "running")
        self._mine = True
        session.pause()
        if self._fresh(index):
            session.open(params)
            self._asked = self._begun = 0
            self._goal = step.steps
        else:
            session.seek(session.last_step)
            with session.by_itself():
                session.set_params(**{name: getattr(params, name) for name in step.set})
            self._asked = self._begun = session.last_step
            self._goal = session.last_step + step.steps
        self._mine = False
        if not self.panel.trains:
            self._goal = 0
        shown = session.current()
        if shown is not None and not self._fresh(index):
            self._shown(shown)

    def _shown(self, shown: Shown[Any, Any]) -> None:
        if not self._queue:
            if not self._looking.isActive():
                self._looking.start()
            return
        if self._mine:
            return  # what is shown while a step is being set up belongs to the one before
        index = self._queue[0]
        over = self.session.state is State.FINISHED
        if shown.params != self._params[index] and (over or shown.step >= self._goal):
            return  # the frame of these values is on its way
        if self._holding and len(self._queue) == 1:
            if self.open is None and self.session.state is State.PAUSED:
                self._open(index)
            return
        left = self._goal - shown.step
        if over or left <= 0:
            self._end(index, shown)
        elif shown.step >= self._asked and self.session.state is State.PAUSED:
            pace = max(1, round(self.session.steps_per_second / FRAMES))
            count = min(left, pace)
            self._asked = shown.step + count
            # The frame is still being shown; what it leads to comes after it.
            QTimer.singleShot(0, self, lambda: self._train(count))

    def _train(self, count: int) -> None:
        if self._queue:
            self.session.step(count)

    def _end(self, index: int, shown: Shown[Any, Any]) -> None:
        self._ends[index] = observed(shown)
        self._stands = (index, self.session.params, self.session.last_step)
        held = self._holds(index, shown)
        self._judge(index, shown, self._begun)
        self._queue = self._queue[1:] if held else []
        self._set(index, "done" if held else "failed")
        if self._queue:
            QTimer.singleShot(0, self, lambda: self._begin() if self._queue else None)

    def _holds(self, index: int, shown: Shown[Any, Any]) -> bool:
        try:
            return holds(self.steps[index].expect, shown, self._ends.get(index - 1))
        except (BadExpression, IndexError, TypeError, ValueError):
            return False

    def _judge(self, index: int, shown: Shown[Any, Any], begun: int) -> None:
        """Which answer was right, and which one the sketch says."""
        ask = self.steps[index].ask
        if ask is None:
            return
        given = self.answers.setdefault(index, Asked())
        previous = self._ends.get(index - 1)
        try:
            right = right_answers(ask, shown, previous, begun=begun)
            given.right = right[0] if right else None
            if given.sketch is not None:
                drawn = right_answers(ask, shown, previous, sketch=given.sketch)
                given.guess = drawn[0] if drawn else None
        except (BadExpression, IndexError, TypeError, ValueError):
            given.right = None
        if index == self._unjudged and given.outcome:
            self._unjudged = -1
            self.judged.emit(index, given.outcome)

    def _set(self, index: int, state: str) -> None:
        self._states[index] = state
        self.changed.emit()

    # --- what the learner does by hand -----------------------------------------------------------

    def _state_changed(self, state: State) -> None:
        if state is State.RUNNING:
            self._taken_over = True
        if not self._queue or self._mine:
            return
        if state in (State.DIVERGED, State.FAILED):
            self._set(self._queue[0], "failed")
            self._queue = []
        elif state is State.RUNNING:
            self.stop()  # the learner pressed Space
        elif state is State.PAUSED and self.session.current() is not None and self.open is None:
            self._shown(self.session.current())  # type: ignore[arg-type]

    def _params_changed(self, _params: Any) -> None:
        if not self._mine:
            self._taken_over = True
            self.stop()

    def _look(self) -> None:
        """Tick what is to be seen now, whoever brought it about."""
        shown = self.session.current()
        if shown is None or self._queue:
            return
        for index in range(len(self.steps)):
            if self._states[index] == "done" or shown.params != self._params[index]:
                continue
            if self._compares(index) and index - 1 not in self._ends:
                continue
            needed = sum(self.steps[i].steps for i in range(self._first(index), index + 1))
            over = shown.step >= needed or self.session.state is State.FINISHED
            if (over or not self.panel.trains) and self._holds(index, shown):
                if self.open == index:
                    self.open = None
                if self._fresh(index):
                    self._judge(index, shown, 0)
                self._set(index, "done")

    # --- how it stands ---------------------------------------------------------------------------

    def item(self, index: int, language: str) -> TourItem:
        """A step as the page shows it."""
        step, ask = self.steps[index], self.steps[index].ask
        question = verdict = None
        if ask is not None and self.open == index:
            question = Question(said(ask.say, language),
                                tuple(said(one.say, language) for one in ask.answers),
                                bool(ask.sketch), self.drawn)
        elif ask is not None and self._states[index] in ("done", "failed"):
            verdict = self._verdict(ask, self.answers.get(index), language)
        return TourItem(said(step.say, language), self._states[index], said(step.seen, language),
                        ask is not None, question, verdict)

    def _verdict(self, ask: Ask, given: Asked | None, language: str) -> Verdict | None:
        if given is None or given.right is None:
            return None
        happened = said(ask.answers[given.right].say, language)
        if given.guess is None:
            return Verdict(happened)
        guessed = ask.answers[given.guess]
        return Verdict(happened, said(guessed.say, language),
                       "" if given.guess == given.right else said(guessed.why, language))


class GuidePage(QWidget):
    """To read and to try, or to do step by step."""

    try_wanted = Signal(int)  # a suggestion's number
    sketched = Signal()  # the drawn curve is the answer
    panel_wanted = Signal(str)  # its id
    given_back = Signal()  # the settings from before the tour

    def __init__(
        self, look: Look, panel: Panel, tour: Tour, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self.panel, self.tour = look, panel, tour
        words, px = look.words, look.px
        self.switch = Switch(look, [words("Read"), words("Tour")], self)
        self.switch.chosen.connect(self._chosen)
        self.tries: TryList | None = None
        self.rests_on = Links(look, words("Rests on: {names}", names="{names}"),
                              Said(panel, words.language).rests_on)
        self.rests_on.chosen.connect(self.panel_wanted)
        self.read = self._read(panel)
        self.progress = QLabel()
        self.progress.setProperty("role", "muted")
        self.progress.setWordWrap(True)
        self.list = TourList(look)
        self.list.run_wanted.connect(tour.ask)
        self.list.answered.connect(tour.answer)
        self.list.skipped.connect(tour.skip)
        self.list.drawn.connect(self.sketched)
        self.back = QPushButton(words("Back to my settings"))
        self.back.setProperty("role", "link")
        self.back.setCursor(Qt.CursorShape.PointingHandCursor)
        self.back.setAccessibleDescription(words("The tour has set the controls."))
        self.back.clicked.connect(lambda: self._give_back(asked=True))
        self.todo = self._scrolled("tour", [self.progress, self.list, self.back], px(14))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(12))
        if tour.steps:
            box.addWidget(self.switch)
        box.addWidget(self.rests_on)
        box.addWidget(self.read, 1)
        box.addWidget(self.todo, 1)
        self._now: int | None = None  # the step that was scrolled to
        self._scrolling = QTimer(self, singleShot=True, interval=0)
        self._scrolling.timeout.connect(self._scroll)
        tour.changed.connect(self.refresh)
        self.turn(0)
        self.refresh()

    def _read(self, panel: Panel) -> QWidget:
        """The guide's text, with the suggestions as buttons where it says so."""
        language = self.look.words.language
        before, found, after = Said(panel, language).guide().partition(f"\n{SUGGESTIONS}\n")
        self.text = self._text()
        if not found:
            self.text.set_text(before)
            return self.text
        self.text.set_whole(before)
        self.tries = TryList(self.look, [said(one.say, language) for one in load_tries(panel)])
        self.tries.wanted.connect(self.try_wanted)
        rest = self._text()
        rest.set_whole(after)
        return self._scrolled("guide", [self.text, self.tries, rest], self.look.px(12))

    def _text(self) -> GuideView:
        made = GuideView(self.look, shown_in=self._titles)
        made.term_clicked.connect(self._offer)
        return made

    def _titles(self, term: str) -> list[str]:
        language = self.look.words.language
        return [Said(one, language).title for one in showing(term, language)]

    def _offer(self, term: str, place: QPoint) -> None:
        """A menu of the panels that show a term."""
        language = self.look.words.language
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for one in showing(term, language):
            action = menu.addAction(Said(one, language).title)
            action.setData(one.id)
            action.setEnabled(one.id != self.panel.id)  # it is here already
        if menu.isEmpty():
            menu.addAction(self.look.words("No panel shows it yet")).setEnabled(False)
        menu.triggered.connect(lambda action: self.panel_wanted.emit(action.data()))
        menu.popup(place)

    def _scrolled(self, name: str, widgets: list[QWidget], spacing: int) -> QScrollArea:
        """Widgets below one another, as high as they need to be."""
        inside = QWidget()
        inside.setObjectName(name)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, self.look.px(8), 0)
        column.setSpacing(spacing)
        for widget in widgets:
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName(f"{name}Scroll")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setStyleSheet(f"#{name}, #{name}Scroll {{ background: transparent; border: none; }}")
        area.setWidget(inside)
        return area

    def turn(self, index: int) -> None:
        """Show the text (0) or the tour (1)."""
        self.switch.set(index)
        self.read.setVisible(index == 0)
        self.rests_on.setVisible(index == 0 and bool(self.panel.rests_on))
        self.todo.setVisible(index == 1)

    def _chosen(self, index: int) -> None:
        if index == 0:
            self.turn_away()
        self.turn(index)

    def turn_away(self) -> None:
        """The tour is no longer looked at: when it is over, it gives back what it found."""
        if self.tour.finished:
            self._give_back()

    def _give_back(self, *, asked: bool = False) -> None:
        if self.tour.give_back(asked=asked):
            self.given_back.emit()

    def refresh(self) -> None:
        """Show how far the tour is."""
        words, tour = self.look.words, self.tour
        self.back.setVisible(tour.found is not None and not tour.running)
        self.progress.setText(words(
            "Each step is ticked when what it says is observed. {seen} of {all} seen.",
            seen=tour.seen, all=len(tour.steps)))
        self.list.set_steps([tour.item(index, words.language) for index in range(len(tour.steps))])
        if tour.at is not None and tour.at != self._now:
            self._scrolling.start()  # once the question has its size
        self._now = tour.at

    def _scroll(self) -> None:
        if self._now is not None:
            self.todo.ensureWidgetVisible(self.list.step(self._now), 0, self.look.px(16))
