"""A quiet line of text whose names lead to somewhere else in the program."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLabel

from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.style import font


class Links(Guarded, QLabel):
    """``chosen`` gives the id behind the name that was clicked, or reached by Tab and entered.

    Args:
        text: says where ``{names}`` stand.
        names: id and name of each.
    """

    chosen = Signal(str)

    def __init__(self, look: Look, text: str, names: Iterable[tuple[str, str]], size: float = 11) -> None:
        super().__init__()
        names = tuple(names)
        comma, (before, _, after) = look.words(", "), text.partition("{names}")
        inked = f"color: {look.theme.accent}; text-decoration: none;"
        anchors = (f'<a href="{escape(id)}" style="{inked}">{escape(name)}</a>' for id, name in names)
        self.setText(escape(before) + escape(comma).join(anchors) + escape(after))
        self.setAccessibleName(before + comma.join(name for _, name in names) + after)
        self.setFont(font(look, size))
        self.setStyleSheet(f"color: {look.theme.muted};")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse
                                     | Qt.TextInteractionFlag.LinksAccessibleByKeyboard)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWordWrap(True)
        self.linkActivated.connect(self.chosen)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tab reaches the first name at once, and Shift+Tab the last."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.focusNextPrevChild(event.reason() == Qt.FocusReason.TabFocusReason)
