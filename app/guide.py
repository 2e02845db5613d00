"""The guide of a panel, and its tour: steps that are done with one click and ticked when seen."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.session import Session, State
from app.tours import BadExpression, holds, load_tour, observed
from visualizers.catalog import Said
from visualizers.panel import Panel, Shown
from widgets.cards import Switch
from widgets.guidance import GuideView, TourList
from widgets.look import Look
from widgets.parameters import changed, needs_restart

LOOK_EVERY = 250  # ms between two looks at what a learner does by hand
FRAMES = 15  # a second, while a step of the tour trains


class Tour(QObject):
    """Takes the tour in a session. It outlives pages, so that ticks stay.

    ``state(i)`` is ``todo``, ``running``, ``done`` or ``failed``.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session, self.panel = session, session.panel
        self.steps = load_tour(self.panel)
        self._states = ["todo"] * len(self.steps)
        self._ends: dict[int, dict[str, Any]] = {}  # what was observed at the end of a step
        self._stands: tuple[int, Any, int] | None = None  # step, params and training step of its end
        self._queue: list[int] = []
        self._goal = self._asked = 0
        self._mine = False  # the session is changing because the tour told it to
        session.shown.connect(self._shown)
        session.state_changed.connect(self._state_changed)
        session.params_changed.connect(self._params_changed)
        self._looking = QTimer(self, singleShot=True, interval=LOOK_EVERY)
        self._looking.timeout.connect(self._look)

    def state(self, index: int) -> str:
        return self._states[index]

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

    def _first(self, index: int) -> int:
        """The step with which the run of ``index`` begins."""
        return max(i for i in range(index + 1) if self._fresh(i))

    # --- one click -------------------------------------------------------------------------------

    def run(self, index: int) -> None:
        """Do a step, and before it those that it stands on."""
        self.stop()
        if self._stands == (index - 1, self.session.params, self.session.last_step) \
                and not self._fresh(index):
            first = index
        else:
            first = self._first(index)
        while "previous" in self.steps[first].expect and first and first - 1 not in self._ends:
            first = self._first(first - 1)
        self._queue = list(range(first, index + 1))
        self._begin()

    def stop(self) -> None:
        """Give up what is running."""
        if self._queue:
            self._set(self._queue[0], "todo")
            self._queue = []

    def _begin(self) -> None:
        index = self._queue[0]
        session, step, params = self.session, self.steps[index], self._params[index]
        self._set(index, "running")
        self._mine = True
        session.pause()
        if self._fresh(index):
            session.open(params)
            self._asked = 0
            self._goal = step.steps
        else:
            session.seek(session.last_step)
            session.set_params(**{name: getattr(params, name) for name in step.set})
            self._asked = session.last_step
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
        if shown.params != self._params[index] and shown.step >= self._goal:
            return  # the frame of these values is on its way
        left = self._goal - shown.step
        if self.session.state is State.FINISHED or left <= 0:
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
        self._set(index, "done" if held else "failed")
        self._queue = self._queue[1:] if held else []
        if self._queue:
            QTimer.singleShot(0, self, lambda: self._begin() if self._queue else None)

    def _holds(self, index: int, shown: Shown[Any, Any]) -> bool:
        try:
            return holds(self.steps[index].expect, shown, self._ends.get(index - 1))
        except (BadExpression, IndexError, TypeError, ValueError):
            return False

    def _set(self, index: int, state: str) -> None:
        self._states[index] = state
        self.changed.emit()

    # --- what the learner does by hand -----------------------------------------------------------

    def _state_changed(self, state: State) -> None:
        if not self._queue or self._mine:
            return
        if state in (State.DIVERGED, State.FAILED):
            self._set(self._queue[0], "failed")
            self._queue = []
        elif state is State.RUNNING:
            self.stop()  # the learner pressed Space
        elif state is State.PAUSED and self.session.current() is not None:
            self._shown(self.session.current())  # type: ignore[arg-type]

    def _params_changed(self, _params: Any) -> None:
        if not self._mine:
            self.stop()

    def _look(self) -> None:
        """Tick what is to be seen now, whoever brought it about."""
        shown = self.session.current()
        if shown is None or self._queue:
            return
        for index, step in enumerate(self.steps):
            if self._states[index] == "done" or shown.params != self._params[index]:
                continue
            if "previous" in step.expect and index - 1 not in self._ends:
                continue
            needed = sum(self.steps[i].steps for i in range(self._first(index), index + 1))
            if (shown.step >= needed or not self.panel.trains) and self._holds(index, shown):
                self._set(index, "done")


class GuidePage(QWidget):
    """To read, or to do step by step."""

    def __init__(
        self, look: Look, panel: Panel, tour: Tour, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self.tour = look, tour
        words, px = look.words, look.px
        self.switch = Switch(look, [words("Read"), words("Tour")], self)
        self.switch.chosen.connect(self._turn)
        self.text = GuideView(look)
        self.text.set_text(Said(panel, words.language).guide())
        self.progress = QLabel()
        self.progress.setProperty("role", "muted")
        self.progress.setWordWrap(True)
        self.list = TourList(look)
        self.list.run_wanted.connect(tour.run)
        inside = QWidget()
        inside.setObjectName("tour")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, px(8), 0)
        column.setSpacing(px(14))
        column.addWidget(self.progress)
        column.addWidget(self.list)
        column.addStretch(1)
        self.todo = QScrollArea()
        self.todo.setObjectName("tourScroll")
        self.todo.setFrameShape(QFrame.Shape.NoFrame)
        self.todo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.todo.setWidgetResizable(True)
        self.todo.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.todo.setStyleSheet("#tour, #tourScroll { background: transparent; border: none; }")
        self.todo.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(12))
        if tour.steps:
            box.addWidget(self.switch)
        box.addWidget(self.text, 1)
        box.addWidget(self.todo, 1)
        tour.changed.connect(self.refresh)
        self._turn(0)
        self.refresh()

    def _turn(self, index: int) -> None:
        self.switch.set(index)
        self.text.setVisible(index == 0)
        self.todo.setVisible(index == 1)

    def refresh(self) -> None:
        """Show how far the tour is."""
        words, tour = self.look.words, self.tour
        self.progress.setText(words(
            "Each step is ticked when what it says is observed. {seen} of {all} seen.",
            seen=tour.seen, all=len(tour.steps)))
        self.list.set_steps([(step.text(words.language), tour.state(index))
                             for index, step in enumerate(tour.steps)])
