"""Tool tips that stand beside what they explain, never over it.

Qt shows a tip at the pointer, which is on the widget in question. A widget that is given its tip by
``explain`` shows it below itself, or above, or beside, wherever there is room.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QToolTip, QWidget

from widgets.base.guard import Guarded

GAP = 6


def explain(
    widget: QWidget, text: str, of: QWidget | Callable[[], QRect] | None = None
) -> None:
    """Give a widget a tip that leaves it free, or the larger thing ``of`` that it is a part of, or the
    rectangle of it that the tip is about."""
    widget.setToolTip(text)
    if widget.findChild(_Beside, options=Qt.FindChildOption.FindDirectChildrenOnly) is None:
        widget.installEventFilter(_Beside(widget, of or widget))


def explain_rows(view: QAbstractItemView) -> None:
    """Let the tips of a list's rows leave the row free."""
    view.viewport().installEventFilter(_BesideRow(view))


class _Beside(Guarded, QObject):
    def __init__(self, widget: QWidget, of: QWidget | Callable[[], QRect]) -> None:
        super().__init__(widget)
        self._widget, self._of = widget, of

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or watched is not self._widget \
                or not self._widget.toolTip():
            return False
        of, rect = (self._of, self._of.rect()) if isinstance(self._of, QWidget) \
            else (self._widget, self._of())
        show(self._widget.toolTip(), self._widget, QRect(of.mapToGlobal(rect.topLeft()), rect.size()))
        return True


class _BesideRow(Guarded, QObject):
    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        view = self._view
        index = view.indexAt(event.pos())
        text, row = index.data(Qt.ItemDataRole.ToolTipRole), view.visualRect(index)
        if text:
            show(text, view.viewport(),
                 QRect(view.viewport().mapToGlobal(row.topLeft()), row.size()), row)
        else:
            QToolTip.hideText()
        return True


def show(text: str, widget: QWidget, around: QRect, part: QRect | None = None) -> None:
    """Show a tip beside a rectangle of the screen; it goes when the pointer leaves the widget, or the
    ``part`` of it."""
    QToolTip.showText(around.bottomLeft(), text, widget, part or QRect())
    label = next((one for one in QApplication.topLevelWidgets()
                  if one.objectName() == "qtooltip_label" and one.isVisible()), None)
    if label is not None:
        label.move(beside(around, label.size(), widget.screen().availableGeometry()))


def beside(around: QRect, size: QSize, screen: QRect) -> QPoint:
    """Where a tip of this size stands: below, above, left or right of a rectangle, within the screen."""
    x = max(screen.left(), min(around.left(), screen.right() + 1 - size.width()))
    y = max(screen.top(), min(around.top(), screen.bottom() + 1 - size.height()))
    below = QPoint(x, around.bottom() + 1 + GAP)
    for place in (below, QPoint(x, around.top() - GAP - size.height()),
                  QPoint(around.left() - GAP - size.width(), y), QPoint(around.right() + 1 + GAP, y)):
        if screen.contains(QRect(place, size)):
            return place
    return below
