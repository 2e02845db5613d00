"""What is done with a file while the window goes on: how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.busy import Busy
from app.engine.errand import Errand, Limits
from visualizers.refusal import Refusal
from widgets.look import Look

LOOK_EVERY = 20  # ms


class Errands(QObject):
    """One piece of work at a time in a process of its own; a second one stops the first.

    Attributes:
        start: begins one; tests do it in this process.
    """

    def __init__(self, guarded: Callable[[Callable[[], object]], object]) -> None:
        super().__init__()
        self.start: Callable[..., Errand] = Errand
        self._guarded = guarded
        self._errand: Errand | None = None
        self._card: Waiting | None = None
        self._timer = QTimer(self, interval=LOOK_EVERY)
        self._timer.timeout.connect(self._look)

    def send(
        self, look: Look, window: QWidget, what: str, refusal: Refusal,
        done: Callable[[Any], object], work: Callable[..., object], *args: Any,
        limits: Limits | None = None,
    ) -> None:
        """Have ``work(*args, told)`` done, and ``done`` called with what it returns.

        Args:
            what: a few words about it, in the window's language.
            refusal: what is said where it takes more than ``limits``, or is ended from outside.
        """
        self.stop()
        self._what, self._refusal, self._done = what, refusal, done
        self._errand = self.start(work, *args, limits=limits)
        self._card = Waiting(look, window, what, self.stop)
        self._timer.start()
        self._look()

    def stop(self) -> None:
        """Nobody waits for it any more."""
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.stop()
        self._leave()

    def finish(self, seconds: float) -> None:
        """The window closes: what is being written may come to its end for some time."""
        if self._errand is not None:
            self._errand.wait(seconds)
        self.stop()

    def _look(self) -> None:
        errand = self._errand
        if errand is None or self._card is None:
            return
        if errand.look():
            self._errand = None
            self._leave()
            self._guarded(lambda: self._came(errand))
        else:
            self._card.progress(errand.done, errand.total)

    def _leave(self) -> None:
        self._timer.stop()
        if self._card is not None:
            self._card.busy.end()
            self._card.hide()
            self._card.deleteLater()
            self._card = None

    def _came(self, errand: Errand) -> None:
        if errand.refusal is not None:
            raise errand.refusal
        if errand.ended:
            raise self._refusal
        if errand.details:
            raise RuntimeError(errand.details)
        self._done(errand.result)


class Waiting(QFrame):
    """A line at the bottom of the window that appears where something takes a while."""

    def __init__(self, look: Look, window: QWidget, what: str, stop: Callable[[], object]) -> None:
        super().__init__(window)
        self.look, px = look, look.px
        self.setObjectName("waiting")
        self.setStyleSheet(
            f"#waiting {{ background: {look.theme.card}; border: 1px solid {look.theme.hairline};"
            f" border-radius: {px(8)}px; }}")
        self.busy = Busy(look)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(14), px(8), px(14), px(8))
        box.addWidget(self.busy)
        self.busy.hide()
        self.hide()
        self.busy.cancelled.connect(stop)
        self.busy.shown.connect(self._place)
        self._what = what
        self.busy.begin(what)

    def progress(self, done: int, total: int) -> None:
        """How far it is; a total of 0 means that nobody knows."""
        self.busy.progress(done, total, self._what)
        if self.isVisible() and self.busy.sizeHint().width() > self.busy.width():
            self._fit()

    def _place(self, shown: bool) -> None:
        if shown:
            self.busy.show()
            self.show()
            self._fit()
            self.raise_()

    def _fit(self) -> None:
        """As wide as what it says, with room for a longer number."""
        window, wide = self.parentWidget(), self.look.px(40)
        assert window is not None
        self.setFixedSize(self.sizeHint().width() + wide, self.sizeHint().height())
        self.move((window.width() - self.width()) // 2,
                  window.height() - self.height() - self.look.px(24))
