"""One card for everything that can go wrong, and a net below the window's own mistakes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType

from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.base.guard import Guarded, place_of
from widgets.theme.look import Look
from widgets.theme.style import font

Action = tuple[str, Callable[[], object]]


class ErrorCard(Guarded, QFrame):
    """A plain sentence and what can be done about it. The first action is the suggested one."""

    def __init__(
        self, look: Look, sentence: str, actions: Sequence[Action] = (), details: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look, self.details = look, details
        px = look.px
        self.label = QLabel(sentence)
        self.label.setFont(font(look, 13))
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(sentence)
        self.buttons: list[QPushButton] = []
        line = QHBoxLayout()
        line.setSpacing(px(8))
        for text, action in actions:
            self._button(text, action, line)
        if details:
            self._button(look.words("Copy details"), self.copy, line)
        line.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(18), px(12), px(14), px(12))
        box.setSpacing(px(10))
        box.addWidget(self.label)
        if self.buttons:
            box.addLayout(line)

    def _button(self, text: str, action: Callable[[], object], line: QHBoxLayout) -> None:
        button = QPushButton(text)
        button.setFont(font(self.look, 13))
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: action())
        line.addWidget(button)
        self.buttons.append(button)

    def copy(self) -> None:
        """Put the sentence and the details on the clipboard."""
        QGuiApplication.clipboard().setText(f"{self.label.text()}\n\n{self.details}")

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.look
        painter = QPainter(self)
        if self.testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent):
            painter.fillRect(self.rect(), look.color("card"))  # it lies on a card
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.pen(look.color("warning", 120)))
        painter.setBrush(look.color("card"))
        radius = look.px(10)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(.5, .5, -.5, -.5), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("warning"))
        bar = QRectF(look.px(7), look.px(12), look.px(3), self.height() - look.px(24))
        painter.drawRoundedRect(bar, look.px(1.5), look.px(1.5))


class Toast(QLabel):
    """A line that says what was done and goes away by itself: at the bottom of the window, or just
    ``over`` a part of it that must not be covered; in the window ``seen`` where that is another one.
    What is too long for one line has more."""

    SECONDS = 5

    def __init__(
        self, look: Look, window: QWidget, over: Callable[[], QRect | None] = lambda: None,
        seen: Callable[[], QWidget] | None = None,
    ) -> None:
        super().__init__(window)
        self.look, self._window = look, window
        self._over, self._seen = over, seen or (lambda: window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # it only says something
        self.setFont(font(look, 13))
        self.setWordWrap(False)
        self.hide()
        self._timer = QTimer(self, singleShot=True, interval=self.SECONDS * 1000)
        self._timer.timeout.connect(self.hide)

    def go_to(self, window: QWidget) -> None:
        """Be said in this window."""
        if self.parent() is not window:
            self.setParent(window)

    def say(self, text: str, *, warning: bool = False) -> None:
        """Show ``text`` for some seconds."""
        look, px = self.look, self.look.px
        self.go_to(there := self._seen())
        edge = look.theme.warning if warning else look.theme.hairline
        self.setStyleSheet(
            f"background: {look.theme.card}; color: {look.theme.text};"
            f" border: {look.rim(edge)}; border-radius: {px(8)}px;"
            f" padding: {px(8)}px {px(14)}px;")
        self.setText(text)
        window = there.rect()
        most = window.width() - 2 * px(12)
        self.setWordWrap(False)
        if self.sizeHint().width() > most:
            self.setWordWrap(True)
            self.resize(most, self.heightForWidth(most))
        else:
            self.resize(self.sizeHint())
        part = self._over() if there is self._window else None
        part = part or window.adjusted(0, window.height() - px(20), 0, 0)
        left = part.center().x() - self.width() // 2
        self.move(max(0, min(left, window.width() - self.width())),
                  part.top() - self.height() - px(4))
        self.show()
        self.raise_()
        self._timer.start()


def catch(report: Callable[[str, str, QWidget | None], object]) -> Callable[[], None]:
    """Send exceptions of the window's own code to ``report(sentence, details, place)``, not to the end.

    The place is the widget in which it was made, if it was made in one. What goes wrong at every frame
    is printed once. Returns a function that takes the net away again.
    """
    before = sys.excepthook
    printed: set[str] = set()

    def hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        if details not in printed:
            printed.add(details)
            before(kind, error, trace)
        if issubclass(kind, Exception):
            report(f"{kind.__name__}: {error}", details, place_of(trace))

    sys.excepthook = hook

    def restore() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before

    return restore
