"""A terminal: lines that were written, and a line to type into below them.

It runs nothing. What is typed is handed on with a signal, and whoever answers draws the lines anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets.base.guard import Guarded
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.theme.look import Look
from widgets.theme.style import font

TYPED, OUT, ERROR, NOTE = 0, 1, 2, 3
CLOSING = "，。；：、！？）」』”’》"
# From a text that is typed so far: the text with what is certain put in, and what it may go on with.
Completer = Callable[[str], tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Line:
    """A line of a terminal.

    Attributes:
        kind: TYPED by the user behind a prompt, OUT or ERROR of a program, or a NOTE of this program.
        prompt: what stands before what was typed.
    """

    kind: int
    text: str
    prompt: str = ""


class Screen(Canvas[int]):
    """What was written, the newest at the end. Long lines go on in the next row.

    Signals:
        clicked(line): its number.
    """

    clicked = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.lines: tuple[Line, ...] = ()
        self.below = ""  # a quiet row at the end: what a word may go on with
        self.reel = Scroll(self)
        self._mono: dict[int, tuple[QFont, QFontMetrics]] = {}
        self._rows: list[tuple[int, str, int]] = []  # (line, text, signs of it that are a prompt)
        self._wrapped_for: object = None
        self._at_end = True
        self.setMinimumSize(look.px(260), self.text_height() * 2 + 6 * self._row)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def fonts(self, size: int = 13, bold: bool = False) -> tuple[QFont, QFontMetrics]:
        """All but the title is of one width a sign."""
        if bold:
            return super().fonts(size, bold)
        if size not in self._mono:
            made = font(self.look, size, mono=True)
            self._mono[size] = made, QFontMetrics(made)
        return self._mono[size]

    def draw(self, lines: Sequence[Line], *, title: str | None = None) -> None:
        """Show these lines, scrolled to the end."""
        self.retitle(title)
        if tuple(lines) != self.lines:
            self.lines, self.below, self._at_end = tuple(lines), "", True
            if self.current is not None and self.current >= len(self.lines):
                self.current = None
        self.update()

    def offer(self, text: str) -> None:
        """Write a quiet row below all others, until the lines change."""
        if text != self.below:
            self.below, self._at_end = text, True
            self.update()

    # --- rows

    @property
    def _row(self) -> int:
        return self.text_height(12) + self.look.px(3)

    @property
    def _gutter(self) -> int:
        return self.look.px(12)

    def _fit(self) -> None:
        """Break the lines into rows of the present width."""
        key = self.lines, self.below, self.width(), self.title
        if self._wrapped_for != key:
            self._wrapped_for = key
            sign = max(1.0, self.fonts(12)[1].horizontalAdvance("0" * 20) / 20)
            most = max(8, int((self.width() - self._gutter - self.look.px(10)) / sign))
            self._rows = [(at, row, lead) for at, line in enumerate(self.lines)
                          for row, lead in broken(line, most)]
            if self.below:
                self._rows += [(-1, row, 0) for row, _ in broken(Line(NOTE, self.below), most)]
        self.reel.fit(rows_of(len(self._rows), self._row), self.height() - self.head)
        if self._at_end:
            self.reel.to_end()

    def _rows_of(self, line: int) -> list[int]:
        return [at for at, (one, _, _) in enumerate(self._rows) if one == line]

    def place(self, part: int) -> QRectF:
        rows = self._rows_of(part) or [0]
        return QRectF(1, self.head + rows[0] * self._row - self.reel.offset,
                      self.width() - self.look.px(8), len(rows) * self._row)

    def part_at(self, x: float, y: float) -> int | None:
        self._fit()
        row = int((y - self.head + self.reel.offset) // self._row)
        if not 0 <= y - self.head < self.reel.room or not 0 <= row < len(self._rows):
            return None
        return self._rows[row][0] if self._rows[row][0] >= 0 else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.lines:
            return None
        part = len(self.lines) - 1 if part is None else min(max(part + (dx or dy), 0), len(self.lines) - 1)
        self._fit()
        rows = self._rows_of(part)
        if rows:
            self._at_end = False
            self.reel.reveal(rows[0] * self._row, (rows[-1] + 1) * self._row)
        return part

    def say(self, part: int) -> str:
        line = self.lines[part]
        return f"{line.prompt}{line.text}".strip() or "–"

    def readout(self, part: int) -> str:
        return ""  # the line itself is in sight

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit()
        self._at_end = False
        self.reel.wheel(event, 3 * self._row)
        self._at_end = self.reel.at_end
        self.update()

    # --- painting

    def paint(self, painter: QPainter) -> None:
        self._fit()
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        view = self.reel.view(area)
        painter.setClipRect(view)
        top = self.head - self.reel.offset
        for at, (line, text, lead) in enumerate(self._rows):
            y = top + at * self._row
            if y + self._row > view.top() and y < view.bottom():
                self._paint_row(painter, line, text, lead, y)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _paint_row(self, painter: QPainter, line: int, text: str, lead: int, y: float) -> None:
        px = self.look.px
        kind = self.lines[line].kind if line >= 0 else OUT
        box = QRectF(0, y, self.width() - px(8), self._row)
        painter.setPen(Qt.PenStyle.NoPen)
        if kind == NOTE:
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRect(box)
        if kind == ERROR:  # a bar beside the text, so that the colour is not all that tells it
            painter.setBrush(self.look.color("warning"))
            painter.drawRect(QRectF(px(3), y + px(2), px(3), self._row - px(4)))
        ink = "warning" if kind == ERROR else "muted" if line < 0 else "text"
        x = float(self._gutter)
        for piece, color in ((text[:lead], "muted"), (text[lead:], "accent" if kind == TYPED else ink)):
            if piece.strip():
                indent = len(piece) - len(piece.lstrip())
                left = x + self.fonts(12)[1].horizontalAdvance(piece[:indent])
                self.put(painter, self.label(piece.strip(), color, 12), left, box.center().y(), 0.0, 0.5)
            x += self.fonts(12)[1].horizontalAdvance(piece)


def wide(sign: str) -> int:
    """How many columns a sign takes."""
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def broken(line: Line, most: int) -> list[tuple[str, int]]:
    """A line in rows of at most so many columns, each with how many signs of the prompt it has.

    What a program writes is cut where the row ends, as terminals do; a note is cut between words.
    """
    text = (line.prompt + line.text).expandtabs(8)
    rows: list[tuple[str, int]] = []
    begin, columns, blank = 0, 0, -1
    lead = len(line.prompt)
    for at, sign in enumerate(text):
        if sign == " ":
            blank = at
        elif wide(sign) > 1 and sign not in CLOSING:  # Chinese breaks before any sign but these
            blank = at - 1
        if columns + wide(sign) > most:
            cut = blank + 1 if line.kind == NOTE and blank > begin else at
            rows.append((text[begin:cut], max(0, min(lead, cut) - begin)))
            begin, blank = cut, -1
            columns = sum(map(wide, text[begin:at]))
        columns += wide(sign)
    return [*rows, (text[begin:], max(0, lead - begin))]


class _Prompt(Guarded, QLineEdit):
    """The line that is typed into. Up and Down go through what was typed before, Tab completes a word;
    in an empty line Tab goes on to the next widget, and Shift+Tab always goes back."""

    entered = Signal(str)
    offered = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.history: tuple[str, ...] = ()
        self.complete: Completer = lambda text: (text, ())
        self._at = 0  # places back in the history
        self._kept = ""  # what was being typed before going back
        self.setFont(font(look, 12, mono=True))
        self.textEdited.connect(self._edited)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter(self.text())
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go(1 if key == Qt.Key.Key_Up else -1)
        elif event.matches(QKeySequence.StandardKey.Paste) and "\n" in QApplication.clipboard().text():
            *lines, rest = (self.text() + QApplication.clipboard().text()).split("\n")
            self._enter("\n".join(lines))  # all at once; what no line end follows is still to be typed on
            self.setText(rest)
        elif control and key == Qt.Key.Key_C and not self.hasSelectedText():
            self._enter("^C")
        elif control and key == Qt.Key.Key_D and not self.text():
            self._enter("^D")
        elif control and key == Qt.Key.Key_L:
            self._enter("clear")
        elif control and key == Qt.Key.Key_U:
            self.clear()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if not forward or not self.text().strip() or self.cursorPosition() < len(self.text()):
            return super().focusNextPrevChild(forward)
        text, choices = self.complete(self.text())
        self.setText(text)
        self.offered.emit("   ".join(choices))
        return True

    def _enter(self, text: str) -> None:
        self._at = 0
        self.clear()
        self.entered.emit(text)

    def _edited(self, _text: str) -> None:
        self._at = 0
        self.offered.emit("")

    def _go(self, by: int) -> None:
        """Back and forth through the history."""
        at = min(max(self._at + by, 0), len(self.history))
        if at == self._at:
            return
        if self._at == 0:
            self._kept = self.text()
        self._at = at
        self.setText(self.history[-at] if at else self._kept)


class Terminal(Guarded, QWidget):
    """A screen and a prompt below it.

    Args:
        hint: what the empty line says.
        name: of the line, for who does not see it.

    Signals:
        entered(text): a line that was typed, or several that were pasted; ^C, ^D for these keys.
    """

    entered = Signal(str)

    def __init__(self, look: Look, title: str, *, hint: str, name: str,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.output = Screen(look, title)
        self.line = _Prompt(look)
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleName(name)
        self.prompt = QLabel()
        self.prompt.setFont(font(look, 12, mono=True))
        self.prompt.setTextFormat(Qt.TextFormat.PlainText)
        self.head = QHBoxLayout()
        self.head.setSpacing(look.px(8))
        self.head.addWidget(self.prompt)
        self.head.addWidget(self.line, 1)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(8))
        lines.addWidget(self.output, 1)
        lines.addLayout(self.head)
        self.line.entered.connect(self.entered)
        self.line.offered.connect(self.output.offer)
        self.output.clicked.connect(self._again)

    def draw(self, lines: Sequence[Line], prompt: str, history: Sequence[str], complete: Completer, *,
             title: str | None = None) -> None:
        """Show the lines, the prompt, and let these be gone back to and completed with."""
        self.output.draw(lines, title=title)
        if prompt != self.prompt.text():
            self.prompt.setText(prompt)
        self.line.history, self.line.complete = tuple(history), complete

    def insert(self, text: str) -> None:
        """Put a text where the cursor is, and let the keyboard be there."""
        self.line.insert(text)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _again(self, at: int) -> None:
        """What was typed once may be typed again."""
        line = self.output.lines[at]
        if line.kind == TYPED:
            self.line.setText(line.text)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
