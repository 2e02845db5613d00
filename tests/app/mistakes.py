"""A window with a view that makes a mistake in each kind of handler, one after the other.

A program of its own, because what it proves is that a process lives. It prints what was seen of each
kind as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel
from shiboken6 import delete

from widgets.controls.speeds import Speed
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import Curve, CurvePlot
from widgets.views.cards import Card, row
from widgets.views.view import PanelView

PATIENCE = 5000  # turns of the event loop


class Picture(Canvas[int]):
    """Does what it is told to do wrong."""

    wrong = ""

    def __init__(self, look: Any) -> None:
        super().__init__(look, "Picture")
        self.painted = 0
        self.gone = QLabel()
        delete(self.gone)

    def fail(self, kind: str) -> None:
        if kind == Picture.wrong:
            if kind in ("paint", "move"):
                self.gone.text()  # "Internal C++ object already deleted"
            raise IndexError(kind)

    def paint(self, painter: Any) -> None:
        painter.save()  # a painter in the middle of something
        self.fail("paint")
        self.picture_aside()
        painter.restore()
        self.painted += 1

    def picture_aside(self) -> None:
        """A picture of its own, which goes when its frame does."""
        aside = QPixmap(20, 20)
        brush = QPainter(aside)
        self.fail("paint aside")
        brush.end()

    def part_at(self, x: float, y: float) -> None:
        return None

    def draw(self) -> None:
        self.fail("frame")
        self.update()

    def sizeHint(self) -> Any:
        self.fail("size hint")
        return super().sizeHint()

    def timerEvent(self, event: Any) -> None:
        self.killTimer(event.timerId())
        self.fail("timer")


def failing(kind: str, base: str) -> Callable[..., None]:
    def handler(self: Picture, event: Any) -> None:
        self.fail(kind)
        getattr(super(Picture, self), base)(event)

    return handler


HANDLERS = {
    "press": "mousePressEvent", "release": "mouseReleaseEvent", "move": "mouseMoveEvent",
    "double click": "mouseDoubleClickEvent", "wheel": "wheelEvent", "key": "keyPressEvent",
    "key release": "keyReleaseEvent", "show": "showEvent", "hide": "hideEvent",
    "resize": "resizeEvent", "moved": "moveEvent", "focus in": "focusInEvent",
    "focus out": "focusOutEvent", "enter": "enterEvent", "leave": "leaveEvent",
    "change": "changeEvent",
}
Faulty = type("Faulty", (Picture,), {base: failing(kind, base) for kind, base in HANDLERS.items()})
KINDS = ("paint", "paint aside", "frame", "timer", "size hint", "slot", "ticks", *HANDLERS)


class FaultyView(PanelView):
    """A card that may be broken, one with a plot, and one that never is."""

    def __init__(self, look: Any) -> None:
        super().__init__(look)
        self.faulty, self.good = Faulty(look), Picture(look)
        self.good.fail = lambda kind: None
        self.plot, self.far = CurvePlot(look, "Plot"), 10.0
        self.cards = [Card(look) for _ in range(3)]
        for card, one in zip(self.cards, (self.faulty, self.plot, self.good), strict=True):
            card.body.addWidget(one)
        self.setLayout(row(*self.cards, stretch=(1, 1, 1)))

    def show_frame(self, shown: Any) -> None:
        self.good.draw()
        self.faulty.draw()
        if Picture.wrong == "ticks":
            self.far += 1.0
        self.plot.draw([Curve(shown.frame.path)], x_range=(0.0, self.far))

    def describe(self, shown: Any) -> str:
        return "Three cards."


def broken_ticks(*_: Any, **__: Any) -> Any:
    if Picture.wrong == "ticks":
        raise IndexError("ticks")
    return ticks(*_, **__)


ticks, scales.ticks = scales.ticks, broken_ticks


def mouse(kind: QEvent.Type, at: QPointF, button: Any, buttons: Any) -> QMouseEvent:
    return QMouseEvent(kind, at, at, button, buttons, Qt.KeyboardModifier.NoModifier)


def provoke(kind: str, view: FaultyView) -> None:
    """What makes Qt call the handler; by the event loop where a user would."""
    one, at, no, left = view.faulty, QPointF(9, 90), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    types, none = QEvent.Type, Qt.KeyboardModifier.NoModifier
    posted: list[QEvent] = []
    match kind:
        case "press" | "release":
            posted = [mouse(types.MouseButtonPress, at, left, left),
                      mouse(types.MouseButtonRelease, at, left, no)]
        case "move":
            posted = [mouse(types.MouseMove, at, no, no)]
        case "double click":
            posted = [mouse(types.MouseButtonDblClick, at, left, left)]
        case "wheel":
            posted = [QWheelEvent(at, at, QPoint(), QPoint(0, 120), no, none,
                                  Qt.ScrollPhase.NoScrollPhase, False)]
        case "key" | "key release":
            posted = [QKeyEvent(types.KeyPress if kind == "key" else types.KeyRelease,
                                Qt.Key.Key_A, none)]
        case "enter" | "leave":
            from PySide6.QtGui import QEnterEvent

            posted = [QEnterEvent(at, at, at) if kind == "enter" else QEvent(types.Leave)]
        case "show" | "hide":
            one.setVisible(kind != "show")
            one.setVisible(kind == "show")
        case "resize" | "moved":
            one.setGeometry(one.geometry().adjusted(3, 3, 0, 0))
        case "focus in" | "focus out":
            Picture.wrong = ""
            (one.clearFocus if kind == "focus in" else one.setFocus)()
            Picture.wrong = kind
            (one.setFocus if kind == "focus in" else one.clearFocus)()
        case "change":
            one.setEnabled(not one.isEnabled())
        case "timer":
            one.startTimer(0)
        case "slot":
            QTimer.singleShot(0, one, lambda self=one: self.fail("slot"))
        case "size hint":
            one.updateGeometry()
    for event in posted:
        QCoreApplication.postEvent(one, event)


def main() -> None:
    """Run all kinds and print what was seen."""
    import dataclasses

    sys.path.insert(0, str(Path(__file__).parent))
    from small.l2_networks.tiny.panel import PANEL

    from app.engine.inline import InlinePool
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.page import Page
    from app.window.window import MainWindow

    application = QApplication([])
    panel = dataclasses.replace(PANEL, view="__main__:FaultyView")
    pool = InlinePool()
    window = MainWindow(Settings(language="en", theme="light"), [panel],
                        lambda panel, _: Session(panel, pool, threads=1))
    Page.READING = 600.0
    window.resize(1280, 720)
    window.show()
    window.activateWindow()
    window.open_panel("tiny")

    def until(true: Callable[[], object]) -> Iterator[None]:
        for _ in range(PATIENCE):
            if true():
                return
            yield

    def told_and_healed(kind: str) -> Iterator[None]:
        page, session, view = window.page, window.session, window.page.view
        card = view.cards[kind == "ticks"]
        Picture.wrong = kind
        provoke(kind, view)
        yield from until(lambda: card in page._broken)
        told = page._broken.get(card)
        seen = {"kind": kind, "told": told is not None and told.isVisible(),
                "details": told.details if told is not None else "",
                "buttons": [one.text() for one in told.buttons] if told is not None else []}
        step, painted = session.last_step, view.good.painted
        yield from until(lambda: session.last_step > step + 3 and view.good.painted > painted + 3)
        seen |= {"went on": session.last_step > step + 3,
                 "painted on": view.good.painted > painted + 3,
                 "others": [index for index, one in enumerate(view.cards)
                            if one in page._broken and one is not card]}
        Picture.wrong = ""
        page._readable = 0.0  # it was there long enough
        view.faulty.show()
        before = view.faulty.painted
        yield from until(lambda: not page._broken and view.faulty.painted > before + 3)
        print(json.dumps(seen | {"healed": not page._broken,
                                 "seen again": view.faulty.painted > before + 3}), flush=True)

    def story() -> Iterator[None]:
        yield from until(lambda: window.page.shown is not None and window._painted_once)
        window.session.set_speed(Speed.FRAME)
        window.session.play()
        for kind in KINDS:
            yield from told_and_healed(kind)
        window.close()
        application.quit()

    acts = story()
    timer = QTimer(interval=2)

    def on() -> None:
        try:
            next(acts, None)
        except Exception:
            application.exit(1)
            raise

    timer.timeout.connect(on)
    timer.start()
    sys.exit(application.exec())


if __name__ == "__main__":
    main()
