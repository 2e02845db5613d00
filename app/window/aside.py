"""One line under the picture about what was just tried: what it gave, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from app.session.trying import Trying
from visualizers.catalog import Said
from widgets.theme.look import Look
from widgets.theme.numbers import count
from widgets.theme.style import font


class Aside(QWidget):
    """Says what a ``Trying`` is at, with buttons that take it back."""

    shown = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.label = QLabel()
        self.label.setFont(font(look, 13))
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(look.px(180))
        self.buttons: list[QPushButton] = []
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(look.px(2), 0, 0, 0)
        self._line.setSpacing(look.px(12))
        self._line.addWidget(self.label, 1)
        self._line.addWidget(self.bar)
        self.hide()

    def follow(self, trying: Trying, said: Said) -> None:
        """Show how far it is."""
        words = self.look.words
        undo = (words("Undo (Ctrl+Z)"), trying.back)
        if trying.phase == "running":
            step, goal = trying.progress
            self.bar.setRange(0, max(1, goal))
            self.bar.setValue(step)
            self._say(words("Running again: step {step} of {goal}", step=count(step),
                            goal=count(goal)) if trying.panel.trains else words("Running again"),
                      [(words("Cancel (Esc)"), trying.back)])
        elif trying.phase == "tried":
            self._say(trying.said_tried(said), [undo])
        elif trying.phase == "compared" and trying.compared is not None:
            self._say(trying.compared.sentence(trying.panel, said),
                      [undo, (words("Close"), trying.leave)])
        else:
            self._say("", [])
        self.bar.setVisible(trying.phase == "running")

    def _say(self, text: str, actions: Sequence[tuple[str, Callable[[], object]]]) -> None:
        if self.label.text() != text:
            self.label.setText(text)
            self.setAccessibleName(text)
        if [one.text() for one in self.buttons] != [name for name, _ in actions]:
            for old in self.buttons:
                old.hide()
                old.deleteLater()
            self.buttons = []
            for name, action in actions:
                button = QPushButton(name)
                button.setProperty("role", "link")
                button.setFont(font(self.look, 13))
                button.setAccessibleName(name)
                button.setCursor(Qt.CursorShape.PointingHandCursor)
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.clicked.connect(lambda _on, do=action: do())
                self._line.addWidget(button)
                self.buttons.append(button)
        if bool(text) == self.isHidden():
            self.setVisible(bool(text))
            self.shown.emit(bool(text))
