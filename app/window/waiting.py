"""What is done with a file while the window goes on: how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.engine.errand import Errand, Limits
from app.window.busy import Busy
from visualizers.refusal import Refusal
from widgets.theme.look import Look

LOOK_EVERY = 20  # ms


@dataclass
class _Sent:
    """One piece of work on its way."""

    errand: Errand
    work: Callable[..., Any]
    card: AtWork
    refusal: Refusal
    done: Callable[[Any], object]
    reading: bool
    waits: bool


class Errands(QObject):
    """Pieces of work in processes of their own. One file is read at a time; what is written is not stopped
    by what follows.

    Attributes:
        start: begins one; tests do it in this process.
    """

    def __init__(self, guarded: Callable[[Callable[[], object]], object]) -> None:
        super().__init__()
        self.start: Callable[..., Errand] = Errand
        self._guarded = guarded
        self._sent: list[_Sent] = []
        self._timer = QTimer(self, interval=LOOK_EVERY)
        self._timer.timeout.connect(self._look)

    def send(
        self, look: Look, window: QWidget, what: str, refusal: Refusal,
        done: Callable[[Any], object], work: Callable[..., object], *args: Any,
        limits: Limits | None = None, waits: bool = True,
    ) -> None:
        """Have ``work(*args, told)`` done, and ``done`` called with what it returns.

        Args:
            what: a few words about it, in the window's language.
            refusal: what is said where it takes more than ``limits``, or is ended from outside.
            limits: of what reads; another such piece of work is stopped.
            waits: whether the window waits for it when it is closed, as for what is being written.
        """
        reading = limits is not None
        for one in [each for each in self._sent if reading and each.reading]:
            self._stop(one)
        card = AtWork(look, window, what)
        sent = _Sent(self.start(work, *args, limits=limits), work, card, refusal, done, reading,
                     waits and not reading)
        card.busy.cancelled.connect(lambda: self._stop(sent))
        self._sent.append(sent)
        self._timer.start()
        self._look()

    def does(self, work: Callable[..., Any]) -> bool:
        """Whether such a piece of work is on its way."""
        return any(one.work is work for one in self._sent)

    def finish(self, seconds: float) -> None:
        """The window closes: what is being written may come to its end for some time."""
        for one in list(self._sent):
            if one.waits:
                one.errand.wait(seconds)
            self._stop(one)

    def _look(self) -> None:
        for one in list(self._sent):
            if one.errand.look():
                self._leave(one)
                self._guarded(partial(self._came, one))
            else:
                one.card.progress(one.errand.done, one.errand.total, self._sent.index(one))

    def _stop(self, one: _Sent) -> None:
        """Nobody waits for it any more."""
        one.errand.stop()
        self._leave(one)

    def _leave(self, one: _Sent) -> None:
        if one in self._sent:
            self._sent.remove(one)
        if not self._sent:
            self._timer.stop()
        one.card.busy.end()
        one.card.hide()
        one.card.deleteLater()

    def _came(self, one: _Sent) -> None:
        if one.errand.refusal is not None:
            raise one.errand.refusal
        if one.errand.ended:
            raise one.refusal
        if one.errand.details:
            raise RuntimeError(one.errand.details)
        one.done(one.errand.result)


class AtWork(QFrame):
    """A line at the bottom of the window that appears where something takes a while."""

    def __init__(self, look: Look, window: QWidget, what: str) -> None:
        super().__init__(window)
        self.look, px = look, look.px
        self.setObjectName("waiting")
        self.setStyleSheet(
            f"#waiting {{ background: {look.theme.card}; border: {look.rim()};"
            f" border-radius: {px(8)}px; }}")
        self.busy = Busy(look)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(14), px(8), px(14), px(8))
        box.addWidget(self.busy)
        self.busy.hide()
        self.hide()
        self.busy.shown.connect(self._place)
        self._what, self._line = what, 0  # the lowest
        self.busy.begin(what)

    def progress(self, done: int, total: int, line: int) -> None:
        """How far it is, a total of 0 meaning that nobody knows; and in which line it stands."""
        self.busy.progress(done, total, self._what)
        if self.isVisible() and (self.busy.sizeHint().width() > self.busy.width() or line != self._line):
            self._line = line
            self._fit()

    def _place(self, shown: bool) -> None:
        if shown:
            self.show()
            self._fit()
            self.raise_()

    def _fit(self) -> None:
        """As wide as what it says, with room for a longer number."""
        window, wide = self.parentWidget(), self.look.px(40)
        assert window is not None
        self.setFixedSize(self.sizeHint().width() + wide, self.sizeHint().height())
        self.move((window.width() - self.width()) // 2,
                  window.height() - (self._line + 1) * self.height() - self.look.px(24))
