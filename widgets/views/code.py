"""Python to read, in the theme's colours."""

from __future__ import annotations

from bisect import bisect_left
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTextEdit, QWidget

from widgets.base.guard import Guarded
from widgets.pictures.canvas import left_out
from widgets.theme.look import Look
from widgets.theme.style import font


class CodeText(Guarded, QTextEdit):
    """Shows code; it can be selected and copied. Long lines go on beyond the edge.

    Hall text breaks them and shows the lines that have room, with the number of the others below, unless the
    code is ``scrolled`` there as well, as what stands beside a picture is.
    """

    def __init__(
        self, look: Look, name: str, *, size: float = 12, scrolled: bool = False,
        parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._code = ""
        self._fits = look.hall and not scrolled
        self.setObjectName("code")
        self.setReadOnly(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap)
        self.setFont(font(look, size, mono=True))
        self.setAccessibleName(name)
        self.setStyleSheet(
            f"#code {{ border: none; background: transparent; padding: 0; color: {look.theme.text}; }}"
            "QAbstractScrollArea::corner { background: transparent; border: none; }")
        self.document().setDocumentMargin(0)
        if self._fits:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setLineWrapMode(QTextEdit.LineWrapMode.WidgetWidth)

    def say(self, code: str) -> None:
        """Show this code, scrolled as before; cheap when it is what is shown already."""
        if code == self._code:
            return
        self._code = code
        if self._fits:
            self._fit()
            return
        bars = self.verticalScrollBar(), self.horizontalScrollBar()
        places = [bar.value() for bar in bars]
        self.setHtml(coloured(code, self.look))
        for bar, place in zip(bars, places, strict=True):
            bar.setValue(place)

    def _fit(self) -> None:
        """Show as many lines as have room; a line that is broken is one."""
        lines = self._code.rstrip("\n").split("\n")

        def too_long(shown: int) -> bool:
            rest = [f"# {left_out(self.look.words, 0, len(lines) - shown)}"] if shown < len(lines) else []
            self.setHtml(coloured("\n".join([*lines[:shown], *rest]), self.look))
            return self.document().size().height() > self.viewport().height() + 1

        if too_long(len(lines)):
            too_long(max(0, bisect_left(range(len(lines)), True, key=too_long) - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            self._fit()


def coloured(code: str, look: Look) -> str:
    """Python as HTML in the theme's colours."""
    from pygments import lex
    from pygments.lexers import PythonLexer
    from pygments.token import Comment, Keyword, Literal, Name, Operator, String

    theme = look.theme
    kinds = (
        (Comment, theme.muted, "font-style:italic"), (String.Doc, theme.muted, ""),
        (Operator.Word, theme.accent, ""), (Keyword, theme.accent, ""),
        (String, theme.series[2], ""), (Literal.Number, theme.series[1], ""),
        (Name.Decorator, theme.series[3], ""), (Name.Class, theme.text, "font-weight:bold"),
        (Name.Function, theme.text, "font-weight:bold"),
    )
    parts = []
    for kind, text in lex(code, PythonLexer(stripnl=False)):
        found = next((one for one in kinds if kind in one[0]), None)
        piece = escape(text)
        parts.append(piece if found is None else
                     f'<span style="color:{found[1]};{found[2]}">{piece}</span>')
    return f'<pre style="margin:0; white-space:pre-wrap">{"".join(parts)}</pre>'
