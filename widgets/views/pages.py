"""A switch in a card, the pages that it chooses between, and the parameter that remembers which."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.views.cards import Switch, stacked
from widgets.views.view import PanelView


class Pages(QWidget):
    """Several pictures that take turns in one card.

        self.beside = Pages(self, "beside", {"time": (words("Time"), self.time),
                                             "losses": (words("Loss"), self.loss)})
        …
        match self.beside.show_page(shown.params.beside):
            case "time": self._draw_time(shown)
            case "losses": self._draw_loss(shown)

    A click on the switch sends the page's name as the hidden parameter ``parameter`` of the view, so
    that a saved run shows the same page; the page itself turns when the next frame says so.

    Attributes:
        switch, stack: the two parts, for what is particular to a panel.
        head: the line of the switch; more can be put beside it.
    """

    def __init__(
        self, view: PanelView, parameter: str, pages: Mapping[str, tuple[str, QWidget]]
    ) -> None:
        super().__init__(view)
        self.names = tuple(pages)
        self.switch = Switch(view.look, [title for title, _ in pages.values()])
        self.stack = stacked(*(page for _, page in pages.values()))
        self.switch.chosen.connect(lambda index: view.changed.emit(parameter, self.names[index]))
        for title, page in pages.values():
            if not getattr(page, "title", title):
                page.setAccessibleName(title)  # the switch says what it is; it needs no title itself
        self.head = QHBoxLayout()
        self.head.addWidget(self.switch)
        self.head.addStretch(1)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(view.look.px(8))
        lines.addLayout(self.head)
        lines.addWidget(self.stack, 1)

    def show_page(self, name: str) -> str:
        """Turn to the page ``name``, or the first if there is none of that name; which it is."""
        index = self.names.index(name) if name in self.names else 0
        self.switch.set(index)
        self.stack.setCurrentIndex(index)
        return self.names[index]
