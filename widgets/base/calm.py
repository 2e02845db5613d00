"""Widgets that need not follow every frame.

Thirty frames a second are for the picture that carries a panel's claim. A loss curve or a row of
figures beside it reads as well at ten, and painting is what a frame costs. A view says so once, when
it makes such a widget: ``CurvePlot(look, …).calm()``.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from widgets.base.guard import Guarded

EVERY = 0.1  # seconds between two pictures of a calm widget
PATIENCE = 0.05  # seconds by which the next frame may be late before the timer draws without it
_turns = itertools.cycle((0.0, 1 / 3, 2 / 3))  # neighbours draw at different frames

P = ParamSpec("P")
W = TypeVar("W", bound="Unhurried")


class Unhurried(Guarded, QWidget):
    """A widget whose ``draw`` is marked ``may_wait``; it waits only after ``calm()``.

    What is drawn after a rest is drawn at once, so that a control answers. What comes too soon is
    kept as it was given and drawn when its time has come: with a later frame, by a timer if there
    is none, or as soon as the widget must be painted for another reason. So nothing that can be
    seen stays out of date. Before a picture is taken, ``catch_up(widget)``: what a widget shows
    may also change its height, and once painting has begun it is too late for that.
    """

    _turn: float | None = None  # None: every frame is drawn
    _due = 0.0
    _waiting: tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]] | None = None
    _timer: QTimer

    def calm(self) -> Self:
        """Draw at most ten times a second from now on."""
        self._turn = next(_turns)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.catch_up)
        return self

    @property
    def waits(self) -> bool:
        return self._waiting is not None

    def catch_up(self) -> None:
        """Draw now what waits to be drawn."""
        if self._waiting is not None:
            draw, args, kwargs = self._waiting
            self._waiting = None
            self._timer.stop()
            draw(self, *args, **kwargs)

    def _ask(
        self, draw: Callable[..., None], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        now = time.monotonic()
        assert self._turn is not None
        self._waiting = draw, args, kwargs
        if not self.isVisible() and self.window().isVisible():
            return  # the back of a stack: drawn when it comes to the front
        if now >= self._due:
            self._due = EVERY * (now // EVERY + self._turn)
            if self._due <= now:
                self._due += EVERY
            self.catch_up()
        elif not self._timer.isActive():
            self._timer.start(round(1000 * (self._due - now + PATIENCE)))

    def showEvent(self, event: QShowEvent) -> None:
        self.catch_up()
        super().showEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.catch_up()


def catch_up(widget: QWidget) -> None:
    """Draw now whatever waits in ``widget``, and give it the room it needs."""
    waiting = [each for each in widget.findChildren(Unhurried) if each.waits]
    for each in waiting:
        each.catch_up()
    if waiting:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def may_wait(draw: Callable[Concatenate[W, P], None]) -> Callable[Concatenate[W, P], None]:
    """Marks the ``draw`` of an ``Unhurried`` widget."""

    def ask(self: W, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self._turn is None:
            draw(self, *args, **kwargs)
        else:
            self._ask(draw, args, kwargs)

    functools.update_wrapper(ask, draw)
    return ask
