"""How far something is: a line under the picture, and what stands in a view's place before it draws."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.numbers import percent, quantity
from widgets.theme.style import font
from widgets.views.cards import Card
from widgets.views.layout import Arrangement
from widgets.views.view import PanelView

SILENT = 300  # ms; what takes longer says how far it is
VEILED = 0.3  # how much of an old picture is seen


class Busy(QWidget):
    """How far something is, and a way to stop it: appears only when it takes a while."""

    cancelled = Signal()
    shown = Signal(bool)

    def __init__(self, look: Look, *, large: bool = False) -> None:
        super().__init__()
        self.look = look
        self.label = QLabel()
        self.label.setFont(font(look, 15 if large else 13, bold=large))
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(look.words("How far it is"))
        self.cancel = QPushButton(look.words("Cancel"))
        self.cancel.setAccessibleName(look.words("Cancel"))
        self.cancel.setProperty("role", "link")
        self.cancel.setFont(font(look, 13))
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(lambda: self.cancelled.emit())
        self.bar.setFixedWidth(look.px(360 if large else 220))
        box: QBoxLayout
        if large:
            box = QVBoxLayout(self)
            box.setContentsMargins(0, 0, 0, 0)
            line = QHBoxLayout()
            line.addWidget(self.label, 1)
            line.addWidget(self.cancel)
            box.addLayout(line)
            box.addWidget(self.bar)
            box.setSpacing(look.px(10))
        else:
            box = QHBoxLayout(self)
            box.setContentsMargins(look.px(2), 0, 0, 0)
            box.setSpacing(look.px(12))
            for one in (self.label, self.bar, self.cancel):
                box.addWidget(one)
            box.addStretch(1)
        self._begun = time.perf_counter()
        self._late = QTimer(self, singleShot=True, interval=SILENT)
        self._late.timeout.connect(self._appear)
        self._clock = QTimer(self, interval=100)
        self._clock.timeout.connect(self._tell)
        self._what, self._done, self._total = "", 0, 0

    def begin(self, what: str) -> None:
        """Something has begun; it is shown if it is not over soon."""
        self._begun = time.perf_counter()
        self.progress(0, 0, what)
        self._late.start()

    def progress(self, done: int, total: int, what: str) -> None:
        """How far it is; a total of 0 means that nobody knows, so the seconds are counted."""
        self._what, self._done, self._total = what, done, total
        if not self.isHidden():
            self._tell()

    def end(self) -> None:
        """It is over."""
        self._late.stop()
        self._clock.stop()
        self.hide()
        self.shown.emit(False)

    def _appear(self) -> None:
        self._tell()
        self._clock.start()
        self.show()
        self.shown.emit(True)

    def _tell(self) -> None:
        if self._total > 0:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * self._done / self._total))
            much = percent(self._done / self._total)
        else:
            self.bar.setRange(0, 0)  # it moves and says nothing
            much = quantity(time.perf_counter() - self._begun, "s", self.look.words, digits=2)
        self.label.setText(f"{self._what}  {much}" if self._what else much)


class Waiting(Guarded, QWidget):
    """Stands in a view's place until there is something to draw.

    At first it shows the empty frames of the view's cards, where the cards will be. When it takes a
    while it says what is done and how far it is, over the panel's last picture where one was kept;
    that is veiled and called old, so that nobody takes its numbers for those of this run.

    Args:
        view: whose cards are sketched; it is laid out without data and shows nothing.
        find: the panel's last picture, asked for only when it is needed.
    """

    def __init__(self, look: Look, view: PanelView, find: Callable[[], QImage | None]) -> None:
        super().__init__()
        self.look, self._view, self._find = look, view, find
        self.old: QImage | None = None
        self.busy = Busy(look, large=True)
        self.caption = QLabel(look.words("The picture behind is from last time, not of this run."))
        self.caption.setProperty("role", "muted")
        self.caption.setFont(font(look, 13))
        self.caption.setWordWrap(True)
        self.box = Card(look)
        self.box.body.setContentsMargins(*(look.px(one) for one in (20, 14, 20, 16)))
        self.box.body.addWidget(self.busy)
        self.box.body.addWidget(self.caption)
        place = QGridLayout(self)
        place.addWidget(self.box, 0, 0, Qt.AlignmentFlag.AlignCenter)
        self.box.hide()
        self.busy.hide()
        self.busy.shown.connect(self._turn)

    def _turn(self, shown: bool) -> None:
        """It takes a while, or it is over."""
        if shown:
            self.old = self._find()
            self.caption.setVisible(self.old is not None)
        else:
            self.old = None
        self.box.setVisible(shown)
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)  # the view says how much room there must be

    def sketch(self) -> list[tuple[str, QRect]]:
        """Titles and places of the view's cards at this size."""
        layout = self._view.layout()
        if isinstance(layout, Arrangement):
            return layout.sketch(self.rect())
        return [("", self.rect())]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self.look
        if self.old is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(VEILED)
            size = self.old.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            at = QRect(self.rect().topLeft(), size)
            at.moveCenter(self.rect().center())
            painter.drawImage(at, self.old)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(look, 13, bold=True))
        radius, (left, top, right, _) = look.px(Card.RADIUS), map(look.px, Card.MARGINS)
        for title, cell in self.sketch():
            painter.setPen(look.pen("hairline"))
            painter.setBrush(look.color("card"))
            painter.drawRoundedRect(look.within(cell), radius, radius)
            painter.setPen(look.ink("muted"))
            room = cell.adjusted(left, top, -right, 0)
            painter.drawText(room.topLeft() + QRect(0, 0, 0, painter.fontMetrics().ascent()).bottomLeft(),
                             painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight,
                                                              room.width()))
