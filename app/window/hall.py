"""The hall: finds a second screen, offers it, and keeps the desk and the stage together.

The desk is the program's own window with a column more; the stage is a window that only looks. So the stage
can go at any time, by a key or because its cable was pulled, and the window is what it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QScreen, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QWidget,
)
from shiboken6 import isValid

from app.session.poll import Poll, poll_of
from app.session.tours import Ask, BadExpression, right_answers, said
from app.window.commands import Command, bind
from app.window.lastrow import screen_id
from visualizers.catalog import Said
from visualizers.catalog import panel as find_panel
from visualizers.panel import load
from widgets.base.guard import attempt
from widgets.theme.look import Look
from widgets.theme.style import font, stylesheet
from widgets.theme.words import Words
from widgets.views.cards import Card

if TYPE_CHECKING:
    from app.files.lecture import Moment
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.comparing import Comparing
    from app.window.desk import Desk
    from app.window.errors import Toast
    from app.window.guide import Tour
    from app.window.page import Page
    from app.window.polling import Shown
    from app.window.stage import Scene, Stage
    from widgets.controls.controls import ControlPanel
    from widgets.pictures.curves import CurvePlot
    from widgets.views.view import PanelView

TICK = 250  # ms between two looks at the clock, the cards and the small copy
COPY_SHARE = 10  # the small copy takes at most a tenth of the window's time
REPLAY, REPLAY_FRAME = 4000, 60  # ms that a moment's run is replayed for, and of a frame at least
PICTURE_AFTER = 900  # ms after a moment was turned to, until the next one is drawn small
NEXT_SIZE = (640, 400)
DRAGGED = 40  # ms between two looks whether a control is still dragged


class Main(Protocol):
    """What the hall needs of the program's window, which knows the hall: the arrow points one way."""

    settings: Settings
    look: Look
    toast: Toast
    comparing: Comparing
    page: Page | None
    session: Session | None
    place: str
    commands: dict[str, Command]

    def window(self) -> QWidget: ...

    @property
    def presenting(self) -> bool: ...

    def toggle_presenter(self) -> None: ...

    def leave_tour(self) -> None: ...

    def stage_look(self, screen: QScreen) -> Look: ...

    def take_commands(self) -> None: ...

    def do(self, id: str) -> None: ...

    def fold(self) -> None: ...

    def fold_left(self) -> None: ...

    def put_left(self, column: QWidget) -> None: ...

    def put_above(self, row: QWidget) -> None: ...

    def remember(self) -> None: ...


class Script(Protocol):
    """What the hall needs of the lecture that is given."""

    index: int
    turned: Any  # a signal: another moment is shown
    changed: Any  # a signal: something is said otherwise of a moment

    @property
    def moments(self) -> tuple[Moment, ...]: ...

    @property
    def moment(self) -> Moment | None: ...

    def edit(self, index: int, **values: Any) -> None: ...


@dataclass
class Put:
    """A question that the hall is asked.

    Attributes:
        open: whether it can still be answered.
        guess: the hall's answer, once it has been given; None where nobody guessed.
        right: what happened, once it has been seen.
        moment, panel: of a moment's question, the number of the moment and its panel.
        sketch: whether the answer can be drawn on the plot.
    """

    ask: Ask
    poll: Poll
    open: bool = True
    guess: int | None = None
    right: int | None = None
    moment: int = 0
    panel: str = ""
    sketch: bool = False


@dataclass
class Lost:
    """A stage whose cable was pulled.

    Attributes:
        screen: the name of what it was on.
        black: whether the hall saw nothing.
        scene: what was frozen on it.
    """

    screen: str
    black: bool
    scene: Scene | None


class Offer(Card):
    """Says that a second screen is there, until it is used or not wanted."""

    def __init__(self, hall: Hall, screen: QScreen) -> None:
        look = hall.main.look
        super().__init__(look)
        words, px = look.words, look.px
        self.label = QLabel(words("A second screen is here: {name}. Show the picture on it?",
                                  name=screen_id(screen).strip()))
        self.label.setFont(font(look, 13))
        self.yes = QPushButton(words("Show it there (F6)"))
        self.yes.setProperty("role", "accent")
        self.no = QPushButton(words("Not now"))
        self.yes.clicked.connect(hall.open)
        self.no.clicked.connect(hall.decline)
        self.label.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(px(10))
        line.addWidget(self.label, 1)
        for one in (self.yes, self.no):
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(one)
        self.body.addLayout(line)


class Hall(QObject):
    """What a window has of the lecture hall.

    Attributes:
        stage: the second window; None while there is none.
        desk: the lecturer's column; None while there is no stage.
        offer: of a second screen; None where nothing is offered.
        polls: what the hall said, by the panel's id and the step of its tour.
        alone: there is one screen for both: the desk lies over the stage, on a key.
        screen: the stage's; None while there is none.
        shortcuts: the window's keys on the stage.
    """

    def __init__(self, main: Main) -> None:
        super().__init__(main.window())
        self.main, self.window = main, main.window()
        self.stage: Stage | None = None
        self.desk: Desk | None = None
        self.offer: Offer | None = None
        self.alone = False
        self.screen: QScreen | None = None
        self._lost: Lost | None = None
        self.shortcuts: list[QShortcut] = []
        self._stale = True  # the small copy
        self._next_copy = 0.0
        self._scene_of: Any = None  # the session that the scene shows
        self._talk: Any = None
        self.polls: dict[tuple[str, int], Poll] = {}
        self._bars = False  # the hall sees its votes
        self._plots: tuple[CurvePlot, CurvePlot] | None = None  # of the desk and of the stage, to be drawn on
        self._put: Put | None = None  # the moment's question
        self._script: Script | None = None
        self._film: list[int] = []  # what is still to be replayed
        self._replaying = QTimer(self)
        self._replaying.timeout.connect(self._next_film)
        self._picturing = QTimer(self, singleShot=True, interval=PICTURE_AFTER)
        self._picturing.timeout.connect(self._picture_next)
        self._tour: Tour | None = None  # whose questions are asked
        self._ticking = QTimer(self, interval=TICK)
        self._ticking.timeout.connect(self._tick)
        self._dragging = QTimer(self, interval=DRAGGED)
        self._dragging.timeout.connect(self._look_at_drag)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._screen_added)
        application.screenRemoved.connect(self._screen_removed)

    # --- screens ---------------------------------------------------------------------------------

    def other_screen(self) -> QScreen | None:
        """The largest screen on which the window is not."""
        here = self.window.screen()
        others = [one for one in QGuiApplication.screens() if one is not here]
        return max(others, key=lambda one: one.size().width() * one.size().height(), default=None)

    def look_for_screens(self) -> None:
        """Offer a second screen that is there already."""
        if (screen := self.other_screen()) is not None:
            self._offer(screen)

    def _screen_added(self, screen: QScreen) -> None:
        if self.stage is not None and self.alone:
            self._move_to(self.other_screen() or screen)  # the projector has come
        elif self.stage is None and (lost := self._lost) is not None and lost.screen == screen.name():
            self._lost = None
            self.open()  # the cable is in again
            self._bring_back(lost)
        elif self.stage is None:
            self._offer(screen)

    def _screen_removed(self, screen: QScreen) -> None:
        QTimer.singleShot(0, self, self._be_seen)
        self.decline()
        if self.stage is None or self.alone:
            return
        if screen is self.screen or len(QGuiApplication.screens()) < 2:
            lost = None if screen is not self.screen or not screen.name() else Lost(
                screen.name(), self.stage.black, self.stage.take_scene() if self.frozen else None)
            self.close()
            self._lost = lost
            self.main.toast.say(self.main.look.words(
                "The second screen is gone. Everything is in this window again; no run was stopped."))
        if self.window.isMinimized():
            self.window.showNormal()

    def _bring_back(self, lost: Lost) -> None:
        """The hall sees no more than it did before the cable was pulled."""
        assert self.stage is not None
        if lost.scene is not None:
            self._unlink()
            self.stage.show_scene(lost.scene)
            self._asked()
        self.stage.darken(lost.black)
        self._stand()

    def _forget_lost(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None and lost.scene is not None:
            lost.scene.release()
            lost.scene.deleteLater()

    def _offer(self, screen: QScreen) -> None:
        self.decline()
        if self.window.isVisible():
            self.offer = Offer(self, screen)
            self.main.put_above(self.offer)

    def decline(self) -> None:
        """The second screen is not wanted now; F6 still takes it."""
        if self.offer is not None and isValid(self.offer):
            self.offer.hide()
            self.offer.deleteLater()
        self.offer = None

    # --- the two windows -------------------------------------------------------------------------

    def toggle(self) -> None:
        """Open the stage, or merge the windows."""
        if self.stage is None:
            self.open()
        else:
            self.close()

    def open(self) -> None:
        """Show the stage: on the second screen, or on the only one."""
        from app.window.desk import Talk
        from app.window.stage import Stage

        if self.stage is not None:
            return
        self.decline()
        self._forget_lost()
        window, main = self.window, self.main
        if main.presenting:
            main.toggle_presenter()
        if self._talk is None:
            now = time.monotonic()
            self._talk = Talk(now, now)
        screen = self.other_screen()
        self.alone, self.screen = screen is None, screen or window.screen()
        self.stage = Stage(self.main.stage_look(self.screen))
        self.stage.closed.connect(self.close)
        self.stage.drawn.connect(self._seen)
        self._to_screen()
        self._ticking.start()
        main.fold_left()
        self._dress_window()
        self.show_panel()
        self.stage.setFocus()  # and no picture on it: none has a frame round it
        (self.stage if self.alone else window).activateWindow()

    def close(self) -> None:
        """Merge the windows. The session is not touched."""
        self._forget_lost()
        stage, self.stage = self.stage, None
        if stage is None:
            return
        self._ticking.stop()
        self._dragging.stop()
        self._drop_desk()
        self._unlink()
        self._part_plots()
        self._unbind()
        stage.show_scene(None)
        self.main.toast.go_to(self.window)
        stage.closed.disconnect(self.close)
        stage.hide()
        stage.deleteLater()
        self.screen = None
        self._dress_window()
        self.window.activateWindow()

    def swap(self) -> None:
        """The desk and the stage change places."""
        if self.stage is None or self.alone or self.screen is None:
            return
        window, there = self.window, self.screen
        here = window.screen()
        state = window.windowState()
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.setScreen(there)
        self._center_window(there)
        window.setWindowState(state)
        self._move_to(here)

    def _center_window(self, screen: QScreen) -> None:
        room = screen.availableGeometry()
        place = QRect(QPoint(), self.window.size().boundedTo(room.size()))
        place.moveCenter(room.center())
        self.window.setGeometry(place)  # at once: made smaller before it moves, it would be where it was

    def _be_seen(self) -> None:
        """The window was on a screen that is gone: not every system brings it back."""
        if QGuiApplication.screenAt(self.window.frameGeometry().center()) is None:
            self._center_window(self.window.screen())

    def _move_to(self, screen: QScreen) -> None:
        """Show the stage on another screen."""
        self.alone, self.screen = screen is self.window.screen(), screen
        self._to_screen()
        self.dress()
        self.main.fold()
        self.window.activateWindow()

    def _to_screen(self) -> None:
        assert self.stage is not None and self.screen is not None
        stage, screen = self.stage, self.screen
        stage.setWindowState(Qt.WindowState.WindowNoState)
        stage.setScreen(screen)
        stage.setGeometry(screen.geometry())
        stage.showFullScreen()

    def dress(self) -> None:
        """Another theme, language, scale or screen: everything anew; what is frozen stays as it is."""
        if self.offer is not None:
            self.look_for_screens()
        if self.stage is None or self.screen is None:
            return
        if not self.frozen:
            self.stage.dress(self.main.stage_look(self.screen))
            self._put_scene()
        self._tell()
        self._make_desk()
        self._stand()

    def _dress_window(self) -> None:
        """The window's commands, keys and columns, with the stage or without it."""
        self.main.take_commands()
        if self.stage is not None:
            self._make_desk()
        self.main.fold()
        if self.stage is not None:
            self._stand()

    # --- what the stage shows --------------------------------------------------------------------

    @property
    def seen(self) -> QWidget:
        """The window that the lecturer looks at: with one screen, the stage lies over the other one."""
        if self.stage is not None and self.alone and (
                self.stage.isActiveWindow() or not self.window.isActiveWindow()):
            return self.stage
        return self.window

    @property
    def controls(self) -> ControlPanel | None:
        """The panel's controls on the desk over the stage; None where the window itself is seen."""
        return self.desk.controls if self.desk is not None and not self.desk.isHidden() else None

    @property
    def frozen(self) -> bool:
        return self.stage is not None and self.stage.scene is not None and self.stage.scene.frozen

    @property
    def scene(self) -> Scene | None:
        return self.stage.scene if self.stage is not None else None

    def show_panel(self) -> None:
        """The window shows another panel, or none: so does the stage, unless it is frozen."""
        if self.stage is None or self.frozen:
            return
        if self.main.session is self._scene_of and self.stage.scene is not None:
            return
        if self._put is not None and self._put.panel != self.main.place:
            self._put = None
        self.stage.ink.wipe()
        if not self._talk.note:
            self._talk.moment_began = time.monotonic()
        self._put_scene()
        if self.alone and self.desk is not None and not self.desk.isHidden():
            self._lay_desk()

    def _put_scene(self) -> None:
        from app.window.stage import Scene

        assert self.stage is not None
        stage = self.stage
        self._unlink()
        self._scene_of = session = self.main.session
        if session is None:
            stage.show_scene(None)
            return
        stage.show_scene(Scene(stage.look, session.panel, session, self.chosen, stage))
        session.moving.connect(self._moving)
        self.compare()
        self.follow_cards()
        self._asked()

    def compare(self) -> None:
        """Runs beside one another are seen on the stage as on the desk, and so is the one that is left."""
        if (scene := self.scene) is not None and not scene.frozen and scene.session is self.main.session:
            scene.join(self.main.comparing.together, self.main.settings.grid)

    def _unlink(self) -> None:
        if self._scene_of is not None:
            self._scene_of.moving.disconnect(self._moving)
        self._scene_of = None

    @property
    def chosen(self) -> list[str]:
        """The controls that the hall sees of the open panel, if there is room for all."""
        if (moment := self._governing) is not None:
            return self._all_controls if moment.controls is None else list(moment.controls)
        start = f"{self.main.place}."
        return [one.removeprefix(start) for one in self.main.settings.stage_controls
                if one.startswith(start)]

    @property
    def choice(self) -> tuple[str, ...] | None:
        """What was chosen of the open panel's controls, with the moment or else for the panel; None where
        nobody chose."""
        moment = self._governing
        return moment.controls if moment is not None else tuple(self.chosen) or None

    @property
    def _governing(self) -> Moment | None:
        """The present moment, where it says which controls of the open panel the hall sees."""
        moment = self._script.moment if self._script is not None else None
        return moment if moment is not None and moment.panel == self.main.place else None

    @property
    def _all_controls(self) -> list[str]:
        session = self.main.session
        return [] if session is None else [
            one.name for one in session.panel.parameters if one.kind != "hidden"]

    def choose(self, name: str, shown: bool) -> None:
        """Show a control of the open panel on the stage, or no longer."""
        kept, whole = self.main.settings.stage_controls, f"{self.main.place}.{name}"
        if self._script is not None and self._governing is not None:
            chosen = [one for one in self.chosen if one != name] + [name] * shown
            every = set(chosen) == set(self._all_controls)
            self._script.edit(self._script.index, controls=None if every else tuple(chosen))
            return
        if shown and whole not in kept:
            kept.append(whole)
        elif not shown and whole in kept:
            kept.remove(whole)
        self.main.remember()
        if not self.frozen:
            self._put_scene()

    def choices(self) -> QMenu | None:
        """A menu of the open panel's controls."""
        session = self.main.session
        if session is None or self.stage is None:
            return None
        texts = Said(session.panel, self.main.look.words.language)
        menu = QMenu(self.desk)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for one in texts.parameters:
            if one.kind != "hidden":
                action = menu.addAction(texts.label(one.name))
                action.setCheckable(True)
                action.setChecked(one.name in self.chosen)
                action.toggled.connect(partial(self.choose, one.name))
        return menu

    def _choose(self) -> None:
        if (menu := self.choices()) is not None and self.desk is not None:
            anchor = self.desk.choose
            menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height())))

    def follow_cards(self) -> None:
        """The cards of the stage stand as those of the desk."""
        page, scene = self.main.page, self.scene
        if page is not None and scene is not None and not scene.frozen \
                and scene.session is self.main.session:
            if self._plots is None:
                scene.arrange(page.view)
            else:  # the hall sees what is drawn on
                scene.fill(self._plots[1])

    def _moving(self, _params: Any) -> None:
        """A learner's hand moves something: while it is down, the stage waits."""
        scene = self.scene
        if scene is not None and not self.main.settings.at_once and self._hand_down():
            scene.hold(scene.session.params)
            self._dragging.start()

    def _hand_down(self) -> bool:
        """Whether a control of the desk, or a place in its picture, is held by the mouse."""
        within = self.desk if self.alone else self.window
        if within is None:
            return False
        if any(one.isSliderDown() for one in within.findChildren(QSlider)):
            return True
        on_stage = QApplication.mouseButtons() != Qt.MouseButton.NoButton and self.stage is not None \
            and self.stage.underMouse() and not self.alone
        return QApplication.mouseButtons() != Qt.MouseButton.NoButton and not on_stage

    def _look_at_drag(self) -> None:
        if not self._hand_down():
            self._dragging.stop()
            if self.scene is not None:
                self.scene.let_go()

    # --- questions -------------------------------------------------------------------------------

    def join(self, tour: Tour | None) -> None:
        """The open panel's tour, whose questions are asked here."""
        if self._tour is not None and self._tour is not tour:
            self._tour.changed.disconnect(self._asked)
        if tour is not None and self._tour is not tour:
            tour.changed.connect(self._asked)
        self._tour = tour
        self._asked()

    def _put_now(self) -> Put | None:
        """What is asked now, or was answered last: by the tour, else by the moment."""
        tour = self._tour
        if tour is None or (at := tour.at) is None or (ask := tour.steps[at].ask) is None:
            return self._put
        given, over = tour.answers.get(at), tour.state(at) in ("done", "failed")
        poll = self.polls.setdefault((tour.panel.id, at), poll_of(ask))
        if tour.open == at or given is None:
            return Put(ask, poll, tour.open == at, sketch=tour.open == at and bool(ask.sketch))
        return Put(ask, poll, False, given.guess, given.right if over else None)

    @property
    def poll(self) -> Poll | None:
        """What the hall says to the present question."""
        put = self._put_now()
        return None if put is None else put.poll

    def _shown_question(self) -> Shown | None:
        from app.window.polling import Shown

        put, language = self._put_now(), self.main.look.words.language
        if put is None:
            return None
        ask, guess, right = put.ask, put.guess, put.right
        wrong = guess is not None and right is not None and guess != right
        return Shown(
            said(ask.say, language), tuple(said(one.say, language) for one in ask.answers),
            tuple(tuple(vote) for vote in put.poll.votes), self._bars, put.open, guess, right,
            said(ask.answers[guess].why, language) if wrong and guess is not None else "", put.sketch)

    def _asked(self) -> None:
        """Show what is asked or was answered, on the desk and, unless it is frozen, on the stage."""
        if self.stage is None or self.desk is None:
            return
        shown = self._shown_question()
        self.desk.ask(shown, self.poll, could=self._asks)
        if not self.frozen:
            self.stage.ask(shown)
            self._show_sketch()

    def _show_sketch(self) -> None:
        """The plots of the desk and of the stage have the same sketch, on whichever it is drawn."""
        tour, scene, page = self._tour, self.scene, self.main.page
        ask = None if tour is None or tour.at is None else tour.steps[tour.at].ask
        plots = None
        if ask is not None and ask.sketch and page is not None and scene is not None \
                and scene.session is self.main.session:
            plots = getattr(page.view, ask.sketch), getattr(scene.view, ask.sketch)
        if self._plots != plots:
            self._part_plots()
            if plots is not None:
                plots[0].sketched.connect(self._drawn_on_desk)
                plots[1].sketched.connect(self._drawn_on_stage)
            self._plots = plots
        if plots is not None:
            self._drawn_on_desk()
        self.follow_cards()

    def _part_plots(self) -> None:
        plots, self._plots = self._plots, None
        if plots is not None:
            for plot, drawn in zip(plots, (self._drawn_on_desk, self._drawn_on_stage), strict=True):
                if isValid(plot):
                    plot.sketched.disconnect(drawn)
            if isValid(plots[1]):
                plots[1].end_sketch()

    def _drawn_on_desk(self) -> None:
        if self._plots is not None:
            self._plots[1].sketch_as(self._plots[0])
            self._stale = True

    def _drawn_on_stage(self) -> None:
        if self._plots is not None:
            self._plots[0].sketch_as(self._plots[1])
            self._plots[0].sketched.emit()
            self._stale = True

    def show_bars(self) -> None:
        """Show the hall its votes, or no longer."""
        self._bars = not self._bars
        self._asked()

    def vote_again(self) -> None:
        """A second vote beside the first."""
        if self.poll is not None:
            self.poll.again()
            self._asked()

    def play_truth(self) -> None:
        """The hall's guess is given, and the truth plays over it: a step of the tour, or the moment's
        run as it was kept."""
        tour, put = self._tour, self._put_now()
        if put is None or not put.open:
            return
        if put is self._put:
            put.open, put.guess = False, put.poll.guess
            self._keep_tally()
            self._replay()
        elif tour is not None and tour.drawn and self._plots is not None \
                and (drawn := self._plots[0].sketch()) is not None:
            tour.answer_sketch(drawn)
        elif tour is not None and put.poll.guess is not None:
            tour.answer(put.poll.guess)
        elif tour is not None:
            tour.skip()
        self._asked()

    def close_question(self) -> None:
        """The question goes from the stage; its votes are kept."""
        self._keep_tally()
        self._put = None
        self._replaying.stop()
        self.main.leave_tour()
        self._asked()

    # --- moments of a lecture --------------------------------------------------------------------

    def follow(self, script: Script) -> None:
        """A lecture whose moments the desk speaks of."""
        self._script = script
        script.turned.connect(self._turned)
        script.changed.connect(self._edited)

    def _tell(self) -> None:
        """The note of the present moment and the name of the next, in the window's language."""
        from app.files.lecture import spoken
        from app.window.desk import Talk

        script, language = self._script, self.main.look.words.language
        if script is None or (moment := script.moment) is None:
            return
        now = time.monotonic()
        talk = self._talk = self._talk or Talk(now, now)
        after = script.moments[script.index + 1:]
        talk.note, talk.minutes = spoken(moment.note, language), moment.minutes
        talk.next_title = (spoken(after[0].name, language) or after[0].panel) if after else ""

    def _edited(self) -> None:
        """Something was changed in the list of moments."""
        self._tell()
        if self.desk is not None:
            self.desk.refresh()
            self._asked()
        scene = self.scene
        if scene is not None and not scene.frozen and scene.chosen != self.chosen:
            self._put_scene()

    def _turned(self) -> None:
        """Another moment: its note and controls, what comes after it, and what it asks."""
        script = self._script
        self._keep_tally()
        self._put = None
        self._replaying.stop()
        if script is None or (moment := script.moment) is None:
            return
        self._tell()
        self._talk.moment_began, self._talk.next_picture = time.monotonic(), None
        if self.stage is None or self.desk is None:
            return
        self.desk.refresh()
        self.desk.tick()
        self._picturing.start()
        if not self.frozen:
            self.stage.ink.wipe()
            if moment.panel == self.main.place:
                self._put_scene()  # its controls
        if not moment.tally:
            self.ask_moment()
        self._asked()

    def ask_moment(self) -> None:
        """Put the present moment's question to the hall: it covers what the picture would give away."""
        moment = self._script.moment if self._script is not None else None
        if self._script is None or moment is None or (ask := moment.question) is None:
            return
        self._put = Put(ask, poll_of(ask, moment.tally), moment=self._script.index, panel=moment.panel)
        self._asked()

    @property
    def _asks(self) -> bool:
        """Whether the present moment has a question."""
        moment = self._script.moment if self._script is not None else None
        return self.stage is not None and moment is not None and moment.question is not None

    def _keep_tally(self) -> None:
        """The votes are kept with the moment."""
        put, script = self._put, self._script
        if put is None or script is None or not put.poll.tally or put.moment >= len(script.moments):
            return
        kept = script.moments[put.moment]
        if kept.panel == put.panel and kept.tally != put.poll.tally:
            script.edit(put.moment, tally=put.poll.tally)

    def _replay(self) -> None:
        """Show the moment's run from its beginning; nothing is trained."""
        session = self.main.session
        if session is None:
            return
        self._film = [step for step in session.film_steps if step < session.last_step]
        if session.panel.trains and self._film:
            self._replaying.setInterval(max(REPLAY_FRAME, REPLAY // len(self._film)))
            self._replaying.start()
            self._next_film()
        else:
            self._judge()

    def _next_film(self) -> None:
        session = self.main.session
        if session is None or self._put is None:
            self._replaying.stop()
        elif self._film:
            session.seek(self._film.pop(0))
        else:
            self._replaying.stop()
            session.seek(session.last_step)
            self._judge()

    def _judge(self) -> None:
        """Which answer is right of what is shown; where that cannot be told, the one that is known."""
        put, session = self._put, self.main.session
        shown = session.current() if session is not None else None
        if put is None or shown is None:
            return
        try:
            right = right_answers(put.ask, shown)
        except (BadExpression, IndexError, TypeError, ValueError):
            right = ()
        put.right = right[0] if len(right) == 1 else put.poll.right
        self._asked()

    def _picture_next(self) -> None:
        """Draw the next moment small, from its run, while nothing plays."""
        from app.files.lecture import pinned
        from app.session.pins import as_shown

        script, session = self._script, self.main.session
        if self.desk is None or script is None or self._talk is None \
                or (session is not None and session.playing):
            return
        after = script.moments[script.index + 1:]
        if not after or after[0].run is None or not after[0].run.film:
            return
        record = after[0].run
        panel = find_panel(record.panel)
        said = Said(panel, self.main.look.words.language)
        look = self.main.look.saying(said.words())
        view: PanelView = load(panel.view)(look)
        view.resize(look.px(NEXT_SIZE[0]), look.px(NEXT_SIZE[1]))
        if attempt(lambda: view.show_frame(as_shown(record, pinned(after[0]), said))):
            self._talk.next_picture = view.grab()
            self.desk.refresh()
            if self._put_now() is not None:
                self._asked()
        view.deleteLater()

    # --- the switches ----------------------------------------------------------------------------

    def freeze(self) -> None:
        """Keep the hall's picture while something is prepared, or show what is there now."""
        if self.stage is None or self.stage.scene is None or self.screen is None:
            return
        scene, wanted = self.stage.scene, self.main.stage_look(self.screen)
        if not scene.frozen:
            scene.freeze(True)
        elif scene.session is self.main.session is self._scene_of \
                and scene.look.saying(wanted.words) == wanted \
                and scene.look.words.language == wanted.words.language:
            scene.freeze(False)
            self.compare()
        else:
            scene.frozen = False
            self.stage.dress(wanted)
            if scene.session is self.main.session:
                self._put_scene()
            else:
                self.show_panel()
        self.follow_cards()
        self._stand()
        self._asked()

    def black(self) -> None:
        """The hall sees nothing, or the picture again."""
        if self.stage is not None:
            self.stage.darken(not self.stage.black)
            self._stand()

    def take(self, tool: str) -> None:
        """Use the pointer or the pen, or put it away."""
        if self.stage is not None:
            self.stage.ink.take("" if tool == self.stage.ink.tool else tool)
            self._stand()

    def wipe(self) -> None:
        """What was drawn goes."""
        if self.stage is not None:
            self.stage.ink.wipe()

    def set_at_once(self, at_once: bool) -> None:
        """Whether a control that is dragged acts on the stage at once."""
        self.main.settings.at_once = at_once
        self.main.remember()
        self._stand()

    def _stand(self) -> None:
        if self.desk is not None and self.stage is not None:
            self.desk.show_standing(
                frozen=self.frozen, black=self.stage.black, tool=self.stage.ink.tool,
                at_once=self.main.settings.at_once)

    # --- the desk --------------------------------------------------------------------------------

    def _make_desk(self) -> None:
        from app.window.desk import Desk
        from app.window.stage import OVER_STAGE

        assert self.stage is not None and self.screen is not None
        self._drop_desk()
        main = self.main
        desk = self.desk = Desk(
            main.look, self._talk, self.stage.ink, self.stage.size(),
            screen_id(self.screen).strip(), self._own_controls)
        desk.asked.connect(main.do)
        desk.tool_taken.connect(self._tool_taken)
        desk.at_once_set.connect(self.set_at_once)
        if self.alone:
            desk.setObjectName(OVER_STAGE)
            desk.setStyleSheet(stylesheet(main.look))
            desk.setParent(self.stage)
            desk.hide()
        else:
            main.put_left(desk)
            desk.show()
        desk.tally.counted.connect(self._asked)
        self._stale, self._next_copy = True, 0.0
        self._asked()

    def _own_controls(self) -> ControlPanel | None:
        """Where the window lies behind the stage: all controls of the panel, for the desk."""
        from app.window.sources import options
        from widgets.controls.controls import ControlPanel

        session = self.main.session
        if not self.alone or session is None:
            return None
        texts = Said(session.panel, self.main.look.words.language)
        look = self.main.look.saying(texts.words())
        controls = ControlPanel(
            look, texts.parameters, session.params, labels=texts.label, helps=texts.help,
            choice_label=texts.choice, sources=lambda one: options(one, look.words))
        controls.changed.connect(self._moved)
        session.params_changed.connect(controls.set_params)
        return controls

    def _moved(self, name: str, value: object) -> None:
        """A control of the desk over the stage: it acts in all runs that are there."""
        if self.main.page is not None:
            self.main.page.driven.set_params(**{name: value})

    def _drop_desk(self) -> None:
        if self.desk is not None and isValid(self.desk):
            self.desk.hide()
            self.desk.setParent(None)
            self.desk.deleteLater()
        self.desk = None

    def toggle_desk(self) -> None:
        """With one screen: lay the desk over the stage, or take it away."""
        if self.stage is None or not self.alone:
            return
        if self.desk is None or self.desk.isHidden():
            self._lay_desk()
        else:
            self.desk.hide()

    def _lay_desk(self) -> None:
        """The desk of the open panel over the stage, at its right."""
        self._make_desk()
        assert self.desk is not None and self.stage is not None
        self._stand()
        self.desk.setFixedHeight(self.stage.height())
        self.desk.move(self.stage.width() - self.desk.width(), 0)
        self.desk.show()
        self.desk.raise_()

    def escape(self) -> bool:
        """Esc puts the pen away, the question and, with one screen, the desk, then the stage; whether it
        did."""
        if self.stage is None:
            return False
        if self.stage.ink.tool:
            self._tool_taken("")
            return True
        if self._put_now() is not None:
            self.close_question()
            return True
        if not self.alone or not self.stage.isActiveWindow():
            return False
        if self.desk is not None and not self.desk.isHidden():
            self.desk.hide()
        else:
            self.close()
        return True

    def _tool_taken(self, tool: str) -> None:
        if self.stage is not None:
            self.stage.ink.take(tool)
            self._stand()

    # --- keys ------------------------------------------------------------------------------------

    def commands(self, w: Words) -> list[Command]:
        """What the hall adds to the window's commands."""
        group = w("Two windows")
        made = [Command("stage", w("Show the picture on a second screen, for a hall; back to one window"),
                        ("F6",), self.toggle, lambda: True, group)]
        if self.stage is None:
            return made
        here = lambda: self.stage is not None  # noqa: E731
        asked = lambda: self.poll is not None  # noqa: E731
        return [
            *made,
            Command("swap", w("The desk and the stage change places"), ("F7",), self.swap, here, group),
            Command("desk", w("One screen: the desk over the stage, and away"), ("F8",),
                    self.toggle_desk, here, group),
            Command("freeze", w("Freeze the stage while something is prepared"), ("F",), self.freeze,
                    here, group),
            Command("black", w("Black the stage"), ("B",), self.black, here, group),
            Command("pointer", w("Pointer on the stage"), ("L",), partial(self.take, "pointer"), here,
                    group),
            Command("pen", w("Pen on the stage"), ("P",), partial(self.take, "pen"), here, group),
            Command("wipe", w("Wipe off what was drawn"), ("E",), self.wipe, here, group),
            Command("at-once", w("Controls act on the stage at once, or when they are let go"), ("A",),
                    lambda: self.set_at_once(not self.main.settings.at_once), here, group),
            Command("ask", w("Put the moment's question to the hall"), ("Q",), self.ask_moment,
                    lambda: self._asks, group),
            Command("truth", w("Play the truth over the hall's guess"), ("T",), self.play_truth, asked,
                    group),
            Command("vote-again", w("A second vote beside the first"), ("V",), self.vote_again, asked,
                    group),
            Command("bars", w("The hall's votes as bars, and away"), ("G",), self.show_bars, asked, group),
            Command("close-question", w("Close the question"), (), self.close_question, asked),
            Command("stage-controls", w("Choose the controls on the stage…"), (), self._choose, here),
        ]

    def bind(self) -> None:
        """The window's keys work on the stage too."""
        self._unbind()
        if self.stage is not None:
            self.shortcuts = bind(self.main.commands.values(), self.stage)

    def _unbind(self) -> None:
        for one in self.shortcuts:
            if isValid(one):
                one.setEnabled(False)
                one.deleteLater()
        self.shortcuts = []

    # --- again and again -------------------------------------------------------------------------

    def _seen(self) -> None:
        self._stale = True

    def _tick(self) -> None:
        self.follow_cards()
        desk, stage = self.desk, self.stage
        if desk is None or stage is None or not desk.isVisible():
            return
        desk.tick()
        if self._stale and time.monotonic() >= self._next_copy:
            self._stale = False
            began = time.monotonic()
            desk.copy.show_picture(stage.picture(round(desk.copy.width() * desk.devicePixelRatioF())))
            now = time.monotonic()
            self._next_copy = now + COPY_SHARE * (now - began)
