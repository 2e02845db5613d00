"""Lines of text in their places: headings, quiet notes, and whether a long one goes on below."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from widgets.theme.look import Look
from widgets.theme.style import font

LONG_WORD, PIECE = 20, 10  # characters of a word that may be broken, and of its pieces


class Heading(QLabel):
    """The bold title at the top left of a plot; takes no room while it is empty."""

    def __init__(self, look: Look, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(font(look, 13, bold=True))
        self.setTextFormat(Qt.TextFormat.PlainText)
        # A long title goes on in another line rather than widening the whole page.
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if not text:
            self.hide()  # to show it before it has a place would open a window of its own

    def say(self, text: str) -> None:
        """Show ``text``; cheap when it is what is shown already."""
        if text != self.text():
            self.setText(text)
            self.setVisible(bool(text))


class Quiet(QLabel):
    """A small muted fact."""

    def __init__(self, look: Look, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(font(look, 11))
        self.setTextFormat(Qt.TextFormat.PlainText)
        palette = self.palette()
        palette.setColor(self.foregroundRole(), look.color("muted"))
        self.setPalette(palette)

    def say(self, text: str) -> None:
        """Show ``text``; cheap when it is what is shown already."""
        if text != self.text():
            self.setText(text)


def run_on(label: QLabel, text: str) -> None:
    """Show a text that changes at every frame. The label keeps the widest room it ever needed until
    it is emptied: Qt lays out the whole page for a new text, but not round a label of fixed size."""
    if text != label.text():
        label.setText(text)
        hint = label.sizeHint()
        if not text:
            label.setFixedSize(0, hint.height())
        elif hint.width() > label.maximumWidth() or label.minimumWidth() != label.maximumWidth() \
                or hint.height() != label.maximumHeight():
            label.setFixedSize(hint)


def breakable(text: str) -> str:
    """A text whose long words, such as formulas of molecules, may be broken where a column ends."""
    return re.sub(rf"[!-~]{{{LONG_WORD},}}",
                  lambda word: re.sub(rf"(.{{{PIECE}}})(?=.)", "\\1\u200b", word.group()), text)
