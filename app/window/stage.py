"""The stage: a second window that shows a hall the open panel: its picture, its claim, and the controls that
the lecturer chose.

It looks at a session, or at several that are compared, and never drives them. No credit is given here, so
a run is as fast with a stage as without, and a stage that is closed, covered or unplugged changes nothing in
it. What the stage may cost is a share of the window's thread: after each picture it rests three times as long
as that one took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.session.session import Session
from app.window.polling import Ballot
from app.window.polling import Shown as Asked
from app.window.sources import options
from visualizers.catalog import Said
from visualizers.panel import Panel, Shown, load
from widgets.base.guard import Guarded, attempt
from widgets.controls.controls import ControlPanel
from widgets.theme.look import Look
from widgets.theme.style import font, nothing_collected, stylesheet
from widgets.views.layout import Arrangement
from widgets.views.sentence import Sentence
from widgets.views.view import PanelView

if TYPE_CHECKING:
    from app.session.together import Together
    from app.window.beside import Runs

LEAST_PAUSE = 0.033  # s between two pictures
REST = 3.0  # how many times as long as a picture took to draw the next one waits at least
CONTROL_WIDTH = 212  # unscaled pixels that a control on the stage has at least
POINTER, PEN = "pointer", "pen"
OVER_STAGE = "deskOverStage"  # the name of the desk where it lies over the stage
SAY_EVERY = 500  # ms; a sentence that changes thirty times a second cannot be read
DOT, STROKE = 0.018, 0.006  # of the stage's height: the pointer's radius, the pen's width


class Scene(Guarded, QWidget):
    """One panel on the stage: its run, or several beside one another.

    Args:
        chosen: the names of the parameters whose controls are shown, as many as leave the picture the room
            that it needs.

    Attributes:
        frozen: nothing that happens in the session is shown.
        runs: the heads and pictures of the runs that are beside one another; None while there is one.
    """

    drawn = Signal()

    def __init__(
        self, look: Look, panel: Panel, session: Session, chosen: Sequence[str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        said = Said(panel, look.words.language)
        self.look = look.saying(said.words())
        self.panel, self.session, self.chosen = panel, session, list(chosen)
        self.frozen = self._taken = False
        self.shown: Shown[Any, Any] | None = None
        self.runs: Runs | None = None
        self._held: Any = None  # while a control is dragged: the values from before
        self._next: Callable[[], object] | None = None  # draws the newest picture
        self._rested = 0.0  # when the next picture may be drawn
        px = look.px
        self.claim = QLabel(said.claim)
        self.claim.setFont(font(look, 15, bold=True))
        self.claim.setWordWrap(True)
        self.claim.setTextFormat(Qt.TextFormat.PlainText)
        self.warning = QLabel(said.warning)  # of the lecture's field; there whatever else is left out
        self.warning.setProperty("role", "quiet")
        self.warning.setWordWrap(True)
        self.view: PanelView = load(panel.view)(self.look)
        self.view.setAccessibleName(said.title)
        self.view.changed.connect(self._clicked)
        box = self._box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(12), px(16), px(12))
        box.setSpacing(px(8))
        self.pictures = QStackedWidget()
        self.pictures.addWidget(self.view)
        self.pictures.installEventFilter(self)
        self.sentence = Sentence(self.look, "text", size=13)  # by how much runs beside one another differ
        self.sentence.hide()
        self._saying = QTimer(self, singleShot=True, interval=SAY_EVERY)
        self._saying.timeout.connect(self._say)
        box.addWidget(self.claim)
        box.addWidget(self.pictures, 1)
        box.addWidget(self.sentence)
        self.below = QWidget(self)
        self.controls = self._strip(said, chosen)
        self.below.setVisible(self.controls is not None)
        box.addWidget(self.below)
        box.addWidget(self.warning)
        self.warning.setVisible(bool(said.warning))
        self._drawing = QTimer(self, singleShot=True)
        self._drawing.timeout.connect(self._draw)
        self._links: list[tuple[Any, Callable[..., object]]] = [
            (session.shown, self.offer), (session.params_changed, self._follow)]
        for signal, slot in self._links:
            signal.connect(slot)
        self._type()
        if (now := session.current()) is not None:
            self.offer(now)

    def _type(self) -> None:
        """Letters of the stage's size where a widget has no font of its own: it would have the desk's,
        for a style sheet keeps a font from being handed down."""
        letters = font(self.look)
        for one in self.findChildren(QWidget):
            if not one.testAttribute(Qt.WidgetAttribute.WA_SetFont):
                one.setFont(letters)

    def _strip(self, said: Said, chosen: Sequence[str]) -> ControlPanel | None:
        """The chosen controls, beside one another below the picture: the first of them, where there is
        too little room for all."""
        there = [one for one in said.parameters if one.name in chosen and one.kind != "hidden"]
        if not there:
            return None
        controls = ControlPanel(
            self.look, there, self.session.params, labels=said.label, helps=said.help,
            choice_label=said.choice, sources=lambda one: options(one, self.look.words), parent=self)
        controls.hide()  # the column itself; its controls stand in the grid
        controls.changed.connect(self._clicked)
        grid = QGridLayout(self.below)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self.look.px(24))
        window = self.parentWidget()
        width = window.width() if window is not None else self.width()
        across = max(1, (width - self.look.px(8)) // self.look.px(CONTROL_WIDTH + 24))
        room = (window.height() if window is not None else self.height()) - self._without_controls(width)
        for index, (_, control) in enumerate(controls.controls()):
            if index % across == 0:  # a row of its own
                room -= max(one.sizeHint().height() for _, one in controls.controls()[index:index + across])
                if room < 0:
                    break
            grid.addWidget(control, index // across, index % across, Qt.AlignmentFlag.AlignTop)
        for column in range(min(across, len(there))):
            grid.setColumnStretch(column, 1)
        return controls

    def _without_controls(self, width: int) -> int:
        """The height that all else needs in so much width."""
        px, layout = self.look.px, self.view.layout()
        least = layout.minimumSize().height() if layout is not None else 0
        told = [one for one in (self.claim, self.warning) if one.text()]
        return least + px(24) + px(8) * (len(told) + 1) + sum(
            one.heightForWidth(width - px(32)) for one in told)

    def make_room(self, taken: bool) -> None:
        """While the answer to a question stands below the picture, the controls give way to it."""
        self._taken = taken
        self._show_controls()

    def _show_controls(self) -> None:
        """They give way to an answer, and where runs beside one another leave them no room."""
        crowded = self.runs is not None and self.height() < self._without_controls(self.width()) \
            + self.runs.grid.head_height + self.sentence.height() + self.below.sizeHint().height() \
            + self.look.px(20)
        self.below.setVisible(self.controls is not None and not self._taken and not crowded)

    def release(self) -> None:
        """The scene is going away; the session stays."""
        self._part()
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()
        self._drawing.stop()
        self._saying.stop()

    # --- several runs at once --------------------------------------------------------------------

    @property
    def together(self) -> Together | None:
        """The runs that are beside one another; None while there is one."""
        return None if self.runs is None else self.runs.together

    def join(self, together: Together | None, grid: bool) -> None:
        """Show these runs beside one another as the desk does, a picture each or one for all; or the one
        run again."""
        if together is not self.together:
            self._part()
            if together is not None:
                self._put_together(together, grid)
        elif self.runs is not None:
            self.runs.want(grid)
        else:
            return  # one run, as it was
        self._fit()
        self._type()
        self.catch_up()

    def _put_together(self, together: Together, grid: bool) -> None:
        from app.window.beside import Head, Runs

        runs = self.runs = Runs(self.look, self.panel, together, self.view, grid,
                                [Head(self.look, run is together.runs[0]) for run in together.runs])
        runs.grid.changed.connect(self._clicked)
        self.pictures.addWidget(runs.grid)
        box = self._box
        box.insertWidget(box.indexOf(self.pictures), runs)
        self.sentence.show()
        together.shown.connect(self._offer_all)
        together.changed.connect(self._follow_all)
        runs.follow()

    def _part(self) -> None:
        """One run again."""
        runs, self.runs = self.runs, None
        if runs is None:
            return
        if isValid(runs.together):
            runs.together.shown.disconnect(self._offer_all)
            runs.together.changed.disconnect(self._follow_all)
        self._next = None  # it may be a picture of theirs
        self.pictures.setCurrentWidget(self.view)
        self.pictures.removeWidget(runs.grid)
        self._box.removeWidget(runs)
        for widget in (runs.grid, runs, self.sentence):
            widget.hide()
        for widget in (runs.grid, runs):
            widget.deleteLater()
        self.sentence.say("")
        self._show_controls()

    def _offer_all(self) -> None:
        runs = self.runs
        if runs is None or runs.together.starting:
            return
        shown = runs.one_picture()
        if shown is not None and self._lets(shown):
            self._soon(partial(self._draw_all, runs, shown, runs.together.pictures()))

    def _draw_all(
        self, runs: Runs, shown: Shown[Any, Any], pictures: Sequence[Shown[Any, Any] | None]
    ) -> None:
        self.shown = shown
        runs.follow()
        if runs.in_grid:
            runs.grid.draw(pictures)
        else:
            attempt(lambda: self.view.show_frame(shown))
        self.pictures.setCurrentWidget(runs.grid if runs.in_grid else self.view)
        if not self.sentence.text:
            self._say()
        elif not self._saying.isActive():
            self._saying.start()

    def _say(self) -> None:
        runs = self.runs
        if runs is not None and not self.frozen:
            attempt(lambda: self.sentence.say(runs.sentence()))
            self.drawn.emit()

    def _follow_all(self) -> None:
        if self.runs is not None and not self.frozen:
            self.runs.follow()
            self.drawn.emit()

    def _fit(self) -> None:
        """Take the room that there is for pictures."""
        if self.runs is not None and not self.frozen:
            self._show_controls()
            self._box.activate()
            if self.runs.fit(self.pictures.size()):
                self._offer_all()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The room for pictures has changed."""
        if event.type() == QEvent.Type.Resize and self.runs is not None:
            QTimer.singleShot(0, self, self._fit)  # when it has been shared out
        return False

    # --- what is shown ---------------------------------------------------------------------------

    def offer(self, shown: Shown[Any, Any]) -> None:
        """Draw a frame as soon as the stage has rested; the newest one counts."""
        if self.runs is None and self._lets(shown):  # else all are drawn together
            self._soon(partial(self._draw_one, shown))

    def _lets(self, shown: Shown[Any, Any]) -> bool:
        """Whether a frame may be seen now."""
        return not self.frozen and (self._held is None or shown.params == self._held)

    def _soon(self, draw: Callable[[], object]) -> None:
        self._next = draw
        if not self._drawing.isActive():
            self._drawing.start(max(0, round(1000 * (self._rested - time.monotonic()))))

    def _draw_one(self, shown: Shown[Any, Any]) -> None:
        attempt(lambda: self.view.show_frame(shown))
        self.shown = shown

    def _draw(self) -> None:
        draw, self._next = self._next, None
        if draw is None or self.frozen:
            return
        began = time.perf_counter()
        draw()
        self._type()  # a view may have made more
        self.rest(time.perf_counter() - began)
        self.drawn.emit()

    def rest(self, spent: float) -> None:
        """So many seconds went into a picture: the next one waits."""
        self._rested = max(self._rested, time.monotonic()) + max(LEAST_PAUSE, REST * spent)

    def catch_up(self) -> None:
        """Show what the session shows now."""
        if self.controls is not None and not self.frozen:
            self.controls.set_params(self.session.params)
        if self.runs is not None:
            self._offer_all()
        elif (now := self.session.current()) is not None:
            self.offer(now)

    def freeze(self, frozen: bool) -> None:
        """Keep the picture whatever happens, the mouse over it included, or catch up."""
        self.frozen = frozen
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, frozen)
        if not frozen:
            self.catch_up()

    def hold(self, params: Any) -> None:
        """A control is being dragged on the desk: until it is let go, only what still has the values
        ``params`` is shown."""
        if self._held is None:
            self._held = params

    def let_go(self) -> None:
        """The control was released: what it did is shown."""
        if self._held is not None:
            self._held = None
            self.catch_up()

    @property
    def holding(self) -> bool:
        return self._held is not None

    def _follow(self, params: Any) -> None:
        if self.controls is not None and not self.frozen and self._held is None:
            self.controls.set_params(params)

    def _clicked(self, name: str, value: object) -> None:
        (self.together or self.session).set_params(**{name: value})

    # --- how its cards stand ---------------------------------------------------------------------

    def fill(self, picture: QWidget) -> None:
        """The card of a picture has the whole view."""
        cards = self.view.layout()
        if isinstance(cards, Arrangement):
            place = next((one for one in cards.places if one.card.isAncestorOf(picture)), None)
            if cards.filled is not place:
                cards.fill(place)

    def arrange(self, other: PanelView) -> None:
        """Open and fill the cards that another view of the panel has open and filled."""
        mine, theirs = self.view.layout(), other.layout()
        if not isinstance(mine, Arrangement) or not isinstance(theirs, Arrangement) \
                or len(mine.places) != len(theirs.places):
            return
        stand = [(one.open and one.open.rank, one.filled and one.filled.rank) for one in (mine, theirs)]
        if stand[0] != stand[1]:
            mine.open = mine.filled = None
            mine.keep(theirs)
            mine.activate()


class Ink(Guarded, QWidget):
    """What the lecturer points at and draws, over the stage. Places are shares of its width and height.

    Attributes:
        tool: ``""``, ``POINTER`` or ``PEN``; without one the mouse goes to what lies below.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.look, self.tool = look, ""
        self.strokes: list[list[QPointF]] = []
        self.dot: QPointF | None = None
        self._drawing = False
        self.setMouseTracking(True)
        self.take("")

    def take(self, tool: str) -> None:
        """Use a tool, or none."""
        self.tool, self._drawing = tool, False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not tool)
        self.setCursor(Qt.CursorShape.CrossCursor if tool == PEN else Qt.CursorShape.BlankCursor
                       if tool else Qt.CursorShape.ArrowCursor)
        self.point(None)

    def wipe(self) -> None:
        """Nothing is drawn or pointed at any more."""
        self.strokes.clear()
        self._drawing, self.dot = False, None
        self._show()

    def point(self, place: QPointF | None) -> None:
        """Where the pointer is; None where it is not on the stage."""
        self.dot = place if self.tool == POINTER else None
        self._show()

    def press(self, place: QPointF) -> None:
        """A stroke of the pen begins."""
        if self.tool == PEN:
            self._drawing = True
            self.strokes.append([place])
            self._show()

    def move_to(self, place: QPointF) -> None:
        """The pointer goes there, or the pen draws on."""
        if self._drawing:
            self.strokes[-1].append(place)
            self._show()
        else:
            self.point(place)

    def lift(self) -> None:
        """The stroke is over."""
        self._drawing = False

    def _show(self) -> None:
        self.update()
        self.changed.emit()

    def paint_on(self, painter: QPainter, rect: QRectF) -> None:
        """Draw it all into a rectangle of any size, as the desk's small copy does too."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

        def there(one: QPointF) -> QPointF:
            return QPointF(rect.x() + one.x() * rect.width(), rect.y() + one.y() * rect.height())

        width = max(2.0, STROKE * rect.height())
        pen = self.look.pen(1, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for stroke in self.strokes:
            if len(stroke) == 1:
                painter.drawPoint(there(stroke[0]))
            else:
                painter.drawPolyline(QPolygonF([there(one) for one in stroke]))
        if self.dot is not None:
            radius = max(3.0, DOT * rect.height())
            painter.setPen(self.look.pen("card", max(1.0, radius / 6)))
            painter.setBrush(self.look.color(1, 210))
            painter.drawEllipse(there(self.dot), radius, radius)

    def _share(self, event: QMouseEvent) -> QPointF:
        place = event.position()
        return QPointF(place.x() / max(1, self.width()), place.y() / max(1, self.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.press(self._share(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.move_to(self._share(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.lift()

    def leaveEvent(self, event: QEvent) -> None:
        self.point(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_on(painter, QRectF(self.rect()))


class Stage(Guarded, QWidget):
    """The window on the projector.

    Attributes:
        scene: the panel that it shows; None while none is open.
        ballot: the question that the hall is asked.
        ink: the pointer and the pen.
        curtain: black over everything.
    """

    closed = Signal()  # by its own cross
    drawn = Signal()  # there is something new to be seen on it
    _painting = Signal()  # queued: it arrives when the painting is over

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.scene: Scene | None = None
        self._began = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("stage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.blank = QLabel("Big Models Lab", self)  # while no panel is open
        self.blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.ballot = Ballot(look, self)
        self.ink = Ink(look, self)
        self.ink.changed.connect(self.drawn)
        self.curtain = QFrame(self)
        self.curtain.setStyleSheet("background: #000000; border: none;")
        self.curtain.hide()
        self._painting.connect(self._painted, Qt.ConnectionType.QueuedConnection)
        self.installEventFilter(self)
        self.dress(look)

    def dress(self, look: Look) -> None:
        """Take a look; a scene is made anew by whoever calls this, and what was drawn stays."""
        self.look = self.ink.look = self.ballot.look = look
        with nothing_collected():
            self.setFont(font(look))
            self.setStyleSheet(f"#stage {{ background: {look.theme.ground}; }}" + stylesheet(look))
        self.blank.setFont(font(look, 32, bold=True))
        self.setWindowTitle(look.words("The stage – Big Models Lab"))

    def show_scene(self, scene: Scene | None) -> None:
        """Show a panel, or none; what was drawn on the one before goes."""
        if self.scene is not None:
            self.scene.release()
            self.scene.hide()
            self.scene.deleteLater()
        self.scene = scene
        self.blank.setVisible(scene is None)
        if scene is not None:
            scene.setParent(self)
            scene.drawn.connect(self.drawn)
            scene.show()
        self._lay()
        self.drawn.emit()

    def take_scene(self) -> Scene | None:
        """Give what is shown away, as it is."""
        scene, self.scene = self.scene, None
        if scene is not None:
            scene.drawn.disconnect(self.drawn)
            scene.hide()
            scene.setParent(None)
        return scene

    def ask(self, asked: Asked | None) -> None:
        """Show a question: over everything while it is open, below the picture once it is answered."""
        if asked != self.ballot.shown:
            self.ballot.show_question(asked)
            self._lay()
            self.drawn.emit()

    @property
    def black(self) -> bool:
        return not self.curtain.isHidden()

    def darken(self, black: bool) -> None:
        """Black, or the picture again."""
        self.curtain.setVisible(black)
        self._lay()
        self.drawn.emit()

    def picture(self, width: int) -> QPixmap:
        """What the hall sees, without the ink, so many pixels wide."""
        made = QPixmap(self.size())
        made.fill(QColor("black") if self.black else self.look.color("ground"))
        for one in () if self.black else (self.scene or self.blank, self.ballot):
            if not one.isHidden():
                one.render(made, one.pos())
        return made.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)

    def _lay(self) -> None:
        # From the lowest to the highest; the desk, where it lies here, is above all.
        desk = self.findChild(QWidget, OVER_STAGE, Qt.FindChildOption.FindDirectChildrenOnly)
        strip = 0 if self.ballot.isHidden() or self.ballot.whole else self.ballot.strip_height(self.size())
        if self.scene is not None:
            self.scene.make_room(strip > 0)
        above, below = self.rect().adjusted(0, 0, 0, -strip), self.rect()
        if strip:
            below.setTop(below.bottom() + 1 - strip)
        for one, place in ((self.blank, above), (self.scene, above), (self.ballot, below),
                           (self.ink, self.rect()), (self.curtain, self.rect())):
            if one is not None:
                one.setGeometry(place)
                one.raise_()
        if desk is not None:
            desk.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """How long its painting takes, as ``MainWindow`` measures its own."""
        if event.type() == QEvent.Type.UpdateRequest:
            self._began = time.perf_counter()
            self._painting.emit()
        return False

    def _painted(self) -> None:
        if self.scene is not None and self._began:
            self.scene.rest(time.perf_counter() - self._began)
            self._began = 0.0
