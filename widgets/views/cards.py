"""What a view is put together from: cards, rows and columns, and a switch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.base.guard import Guarded, paints
from widgets.theme.look import Look
from widgets.theme.style import font

L = TypeVar("L", bound=QBoxLayout)


class Card(Guarded, QFrame):
    """A rounded surface with a hairline border. Put things into ``body``.

    A double click on it, or on what in it does nothing else with one, asks that it may fill the view.
    """

    RADIUS = 10
    MARGINS = (12, 10, 12, 10)  # round the body, in unscaled pixels

    filling = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*map(look.px, self.MARGINS))
        self.body.setSpacing(look.px(8))
        self._over: QWidget | None = None

    @property
    def headroom(self) -> int:
        """How many pixels more than usual are free above the body."""
        return self.body.contentsMargins().top() - self.look.px(self.MARGINS[1])

    def set_headroom(self, height: int) -> None:
        """Leave so many pixels above the body free: tabs stand there. 0 is as usual."""
        margins = self.body.contentsMargins()
        top = height or self.look.px(self.MARGINS[1])
        if margins.top() != top:
            margins.setTop(top)
            self.body.setContentsMargins(margins)
            self._fit_over()

    def lay_over(self, widget: QWidget) -> bool:
        """Show a widget instead of the body, which is not painted meanwhile; False if it is too large."""
        room = self._room()
        if not widget.minimumSizeHint().width() <= room.width() \
                or not widget.heightForWidth(room.width()) <= room.height():
            return False
        self.lay_bare()
        self._over = widget
        widget.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        widget.setParent(self)
        self._fit_over()
        widget.show()
        widget.raise_()
        return True

    def lay_bare(self) -> None:
        """Show the body again."""
        if self._over is not None:
            self._over.hide()
            self._over.deleteLater()
            self._over = None

    def paints(self) -> bool:
        """Whether the body can be painted, seen or not, without a mistake."""
        children = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return all(paints(one) for one in children
                   if one is not self._over and one.isVisibleTo(self))

    def _room(self) -> QRect:
        """The body and a part of its margins: what in it paints itself is covered wholly."""
        inside, some = self.body.contentsMargins(), self.look.px(6)
        return self.rect().adjusted(some, inside.top() - some + 2, -some, -some)

    def _fit_over(self) -> None:
        if self._over is not None:
            self._over.setGeometry(self._room())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_over()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.filling.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        radius = self.look.px(self.RADIUS)
        rim = math.ceil(self.look.line(1))
        if self.rect().adjusted(radius, rim, -radius, -rim).contains(event.rect()):
            painter.fillRect(event.rect(), self.look.color("card"))  # below a child: no rim is seen
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(self.look.color("card"))
        painter.drawRoundedRect(self.look.within(self.rect()), radius, radius)


class Pane(Card):
    """A card within a card, without a frame: where several pictures of one card fold among themselves."""

    MARGINS = (0, 0, 0, 0)

    def __init__(self, look: Look, *widgets: QWidget) -> None:
        """The widgets below one another; the last one gets the room that is left."""
        super().__init__(look)
        for widget in widgets:
            self.body.addWidget(widget, int(widget is widgets[-1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        pass  # the card shows through

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()  # the card may fill the view, no part of it


def stacked(*widgets: QWidget) -> QStackedWidget:
    """Widgets of which one is shown at a time. Each has a parent from the start, because a widget
    that is shown without one opens a window of its own for a moment and takes the keyboard away."""
    stack = QStackedWidget()
    for widget in widgets:
        stack.addWidget(widget)
    return stack


def column(*items: QWidget | QLayout, stretch: Sequence[int] = ()) -> QVBoxLayout:
    """The items below one another; ``stretch`` gives their shares of the height."""
    return _filled(QVBoxLayout(), items, stretch)


def row(*items: QWidget | QLayout, stretch: Sequence[int] = ()) -> QHBoxLayout:
    """The items beside one another; ``stretch`` gives their shares of the width."""
    return _filled(QHBoxLayout(), items, stretch)


def _filled(
    layout: L, items: Sequence[QWidget | QLayout], stretch: Sequence[int]
) -> L:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    for index, item in enumerate(items):
        share = stretch[index] if index < len(stretch) else 0
        if isinstance(item, QWidget):
            layout.addWidget(item, share)
        else:
            layout.addLayout(item, share)
    return layout


class Switch(QWidget):
    """A row of joined buttons of which one is down: what a card shows, or a short choice."""

    chosen = Signal(int)

    def __init__(
        self, look: Look, options: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        for index, text in enumerate(options):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(index == 0)
            button.setAccessibleName(text)
            place = "only" if len(options) == 1 else "first" if index == 0 \
                else "last" if index == len(options) - 1 else "middle"
            button.setProperty("segment", place)
            button.setFont(font(look, 12))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            self._group.addButton(button, index)
            line.addWidget(button)
        self._group.idClicked.connect(self.chosen)

    @property
    def index(self) -> int:
        return self._group.checkedId()

    def set(self, index: int) -> None:
        """Show ``index`` as chosen, without a signal."""
        if (button := self._group.button(index)) is not None:
            button.setChecked(True)

    def buttons(self) -> list[QPushButton]:
        return [b for b in self._group.buttons() if isinstance(b, QPushButton)]
