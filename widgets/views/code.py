"""Python to read, in the theme's colours."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QTextEdit, QWidget

from widgets.theme.look import Look
from widgets.theme.style import font


class CodeText(QTextEdit):
    """Shows code; it can be selected and copied. Long lines go on beyond the edge."""

    def __init__(
        self, look: Look, name: str, *, size: float = 12, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._code = ""
        self.setObjectName("code")
        self.setReadOnly(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap)
        self.setFont(font(look, size, mono=True))
        self.setAccessibleName(name)
        self.setStyleSheet(
            f"#code {{ border: none; background: transparent; padding: 0; color: {look.theme.text}; }}"
            "QAbstractScrollArea::corner { background: transparent; border: none; }")
        self.document().setDocumentMargin(0)

    def say(self, code: str) -> None:
        """Show this code, scrolled as before; cheap when it is what is shown already."""
        if code == self._code:
            return
        self._code = code
        bars = self.verticalScrollBar(), self.horizontalScrollBar()
        places = [bar.value() for bar in bars]
        self.setHtml(coloured(code, self.look))
        for bar, place in zip(bars, places, strict=True):
            bar.setValue(place)


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
    return f'<pre style="margin:0">{"".join(parts)}</pre>'
