"""The stage: a second window that shows a hall the open panel: its picture, its claim, and the controls that
the lecturer chose.

It looks at a session and never drives it. No credit is given here, so a run is as fast with a stage as
without, and a stage that is closed, covered or unplugged changes nothing in it. What the stage may cost is a
share of the window's thread: after each picture it rests three times as long as that one took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

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
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

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
from widgets.views.view import PanelView

LEAST_PAUSE = 0.033  # s between two pictures
REST = 3.0  # how many times as long as a picture took to draw the next one waits at least
CONTROL_WIDTH = 212  # unscaled pixels that a control on the stage has at least
POINTER, PEN = "pointer", "pen"
OVER_STAGE = "deskOverStage"  # the name of the desk where it lies over the stage
DOT, STROKE = 0.018, 0.006  # of the stage's height: the pointer's radius, the pen's width


class Scene(QWidget):
    """One panel on the stage.

    Args:
        chosen: the names of the parameters whose controls are shown.

    Attributes:
        frozen: nothing that happens in the session is shown.
    """

    drawn = Signal()

    def __init__(
        self, look: Look, panel: Panel, session: Session, chosen: Sequence[str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        said = Said(panel, look.words.language)
        self.look = look.saying(said.words())
        self.panel, self.session, self.chosen = panel, session, list(chosen)
        self.frozen = False
        self.shown: Shown[Any, Any] | None = None
        self._held: Any = None  # while a control is dragged: the values from before
        self._next: Shown[Any, Any] | None = None
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
        box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(12), px(16), px(12))
        box.setSpacing(px(8))
        box.addWidget(self.claim)
        box.addWidget(self.view, 1)
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
        """The chosen controls, beside one another below the picture."""
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
        for index, (_, control) in enumerate(controls.controls()):
            grid.addWidget(control, index // across, index % across, Qt.AlignmentFlag.AlignTop)
        for column in range(min(across, len(there))):
            grid.setColumnStretch(column, 1)
        return controls

    def make_room(self, taken: bool) -> None:
        """While the answer to a question stands below the picture, the controls give way to it."""
        self.below.setVisible(self.controls is not None and not taken)

    def release(self) -> None:
        """The scene is going away; the session stays."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()
        self._drawing.stop()

    # --- what is shown ---------------------------------------------------------------------------

    def offer(self, shown: Shown[Any, Any]) -> None:
        """Draw a frame as soon as the stage has rested; the newest one counts."""
        if self.frozen or (self._held is not None and shown.params != self._held):
            return
        self._next = shown
        if not self._drawing.isActive():
            self._drawing.start(max(0, round(1000 * (self._rested - time.monotonic()))))

    def _draw(self) -> None:
        shown, self._next = self._next, None
        if shown is None or self.frozen:
            return
        began = time.perf_counter()
        attempt(lambda: self.view.show_frame(shown))
        self.shown = shown
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
        if (now := self.session.current()) is not None:
            self.offer(now)

    def freeze(self, frozen: bool) -> None:
        """Keep the picture whatever happens, or catch up."""
        self.frozen = frozen
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
        self.session.set_params(**{name: value})

    # --- how its cards stand ---------------------------------------------------------------------

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
            scene.drawn.connect(self.drawn)
            scene.show()
        self._lay()
        self.drawn.emit()

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
