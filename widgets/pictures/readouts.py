"""Figures and text: a quiet row of numbers, and a text that flows and can be marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QResizeEvent, QTextBlockFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from widgets.base.calm import Unhurried, may_wait
from widgets.base.labels import Heading
from widgets.pictures.canvas import Canvas, left_out
from widgets.theme.look import Look
from widgets.theme.style import font


class Readouts(Canvas[int]):
    """A row of figures, each a muted name and its value; goes on below where the row is full."""

    flat = True

    GAP, NAME_GAP, LINE = 18, 5, 22

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "", parent)
        self._items: tuple[tuple[str, str], ...] = ()
        self._widest: list[int] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(look.px(self.LINE))

    @may_wait
    def draw(self, items: Sequence[tuple[str, str]]) -> None:
        """Show these (name, value) pairs."""
        if (new := tuple(items)) == self._items:
            return
        if [name for name, _ in new] != [name for name, _ in self._items]:
            self._widest = [0] * len(new)
            self.current = None
        self._items = new
        self.setAccessibleName(", ".join(f"{name} {value}" for name, value in new))
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(200), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        lines = 1 + round(max((at.y() for at in self._places()), default=0.0)
                          / self.look.px(self.LINE))
        if (height := lines * self.look.px(self.LINE)) != self.height():
            self.setFixedHeight(height)

    def _places(self) -> list[QPointF]:
        """The top left corner of each item. A value keeps the widest room it ever needed, so that
        its neighbours stand still while its digits run."""
        px, x, y, found = self.look.px, 0.0, 0.0, []
        for index, (name, value) in enumerate(self._items):
            self._widest[index] = max(self._widest[index], self.text_width(value))
            width = self.text_width(name, 11) + px(self.NAME_GAP) + self._widest[index]
            if x and x + width > self.width():
                x, y = 0.0, y + px(self.LINE)
            found.append(QPointF(x, y))
            x += width + px(self.GAP)
        return found

    def place(self, part: int) -> QRectF:
        name, value = self._items[part]
        wide = self.text_width(name, 11) + self.look.px(self.NAME_GAP) + self.text_width(value)
        return QRectF(self._places()[part], QSizeF(wide, self.look.px(self.LINE) - 1))

    def part_at(self, x: float, y: float) -> int | None:
        return None  # the pointer has nothing to ask: all that is known is written

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self._items:
            return None
        return 0 if part is None else min(max(part + (dx or dy), 0), len(self._items) - 1)

    def say(self, part: int) -> str:
        return " ".join(self._items[part])

    def readout(self, part: int) -> str:
        return ""

    def paint(self, painter: QPainter) -> None:
        base = (self.look.px(self.LINE) + self.fonts()[1].capHeight()) / 2
        for at, (name, value) in zip(self._places(), self._items, strict=True):
            shift = self.text_width(name, 11) + self.look.px(self.NAME_GAP)
            for text, color, size, x in ((name, "muted", 11, 0), (value, "text", 13, shift)):
                self.put(painter, self.label(text, color, size), at.x() + x,
                         at.y() + base - self.fonts(size)[1].ascent())


class TextFlow(Unhurried):
    """A text that wraps and grows. The end stays in sight unless the reader has scrolled away; hall text
    shows the last lines that have room and how many are left out before them."""

    def __init__(
        self, look: Look, title: str, *, mono: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._heading = Heading(look, title)
        self._edit = QTextEdit()
        self._edit.setAcceptRichText(False)
        self._edit.setReadOnly(True)
        self._edit.setFrameShape(QFrame.Shape.NoFrame)
        self._edit.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # it wraps
        self._edit.setFont(font(look, 13, mono=mono))
        self._edit.setProperty("role", "flow")
        self._edit.setTabChangesFocus(True)
        self._edit.setAccessibleName(title)
        self._edit.document().setDocumentMargin(0)
        self._text = ""
        self._labels: list[tuple[int, int]] = []  # from and to, in characters of the text
        self._column = self._hung = 0  # pixels that labels take at the left
        self._marks: Sequence[tuple[int, int, int]] = ()
        self._aside = ""  # of hall text, what stands in the place of its beginning
        self._cut = 0  # how many characters that has
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(6))
        lines.addWidget(self._heading)
        lines.addWidget(self._edit, 1)

    def hasHeightForWidth(self) -> bool:
        return False  # a long title takes from the text; the card is not asked for more

    @property
    def text(self) -> str:
        return self._text

    def draw_lines(self, lines: Sequence[tuple[str, str, int]], series: int = 0) -> None:
        """Show lines as they are written, each with a label in a column of its own.

        Args:
            lines: (label, text without breaks, how many characters of it were given and not written).
            series: the colour behind what was given.
        """
        text, marks, labels = "", [], []
        for label, written, given in lines:
            labels.append((len(text), len(text) + len(label)))
            text += f"{label}\t"
            marks.append((len(text), len(text) + given, series))
            text += written + "\n"
        metrics = self._edit.fontMetrics()
        room = max((metrics.horizontalAdvance(label) for label, *_ in lines), default=0)
        self._labels, self._column = labels, room + self.look.px(10) if lines else 0
        self.draw(text.removesuffix("\n"), marks=marks)

    @may_wait
    def draw(
        self,
        text: str,
        *,
        marks: Sequence[tuple[int, int, int]] = (),
        title: str | None = None,
    ) -> None:
        """Show ``text`` with ``marks``: (start, end, series) in characters of ``text``."""
        if title is not None:
            self._heading.say(title)
            self._edit.setAccessibleName(title)
        self._marks = marks
        if self.look.hall:
            self._text = text
            self._fit()
            return
        bar = self._edit.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        if text != self._text:
            if self._text and text.startswith(self._text):  # only what is new is laid out
                cursor = QTextCursor(self._edit.document())
                cursor.movePosition(QTextCursor.MoveOperation.End)
                cursor.insertText(text[len(self._text):])
            else:
                self._edit.setPlainText(text)
                self._hung = 0  # which forgets how its lines were set
            self._text = text
            self._hang()
        self._mark(marks)
        if at_end:
            bar.setValue(bar.maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.look.hall:
            self._fit()

    def _fit(self) -> None:
        """Leave out the lines at the beginning that have no room."""
        self._set("", 0)
        document, room = self._edit.document(), self._edit.viewport().height()
        if document.size().height() > room + 1:
            lines: list[tuple[float, int]] = []  # where each begins, in pixels and in the text
            block = document.begin()
            while block.isValid():
                layout = block.layout()
                for at in range(1 if self._labels else layout.lineCount()):
                    line = layout.lineAt(at)
                    lines.append((layout.position().y() + line.y(), block.position() + line.textStart()))
                block = block.next()
            least = document.size().height() - room + self._edit.fontMetrics().lineSpacing() * 1.2
            first = next((at for at, (y, _) in enumerate(lines) if y >= least), len(lines) - 1)
            units = self._text.encode("utf-16-le")[: 2 * lines[first][1]]
            self._set(left_out(self.look.words, first, 0) + "\n", len(units.decode("utf-16-le", "ignore")))
        self._mark(self._marks)

    def _set(self, aside: str, cut: int) -> None:
        """Show the text without its first characters, and something in their place."""
        self._aside, self._cut = aside, cut
        self._edit.setPlainText(aside + self._text[cut:])
        self._hung = 0  # which forgets how its lines were set
        self._hang()

    def _hang(self) -> None:
        """Where lines have labels, what wraps goes on under the text and not under the label."""
        if self._column == self._hung:
            return
        self._hung = self._column
        form = QTextBlockFormat()
        form.setLeftMargin(self._column)
        form.setTextIndent(-self._column)
        form.setTabPositions([QTextOption.Tab(self._column, QTextOption.TabType.LeftTab)])
        cursor = QTextCursor(self._edit.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(form)

    def _mark(self, marks: Sequence[tuple[int, int, int]]) -> None:
        selections = []
        for start, end, series in marks:
            one = self._selected(start, end)
            one.format.setBackground(self.look.color(series, 60))
            selections.append(one)
        for start, end in self._labels:
            one = self._selected(start, end)
            one.format.setForeground(self.look.color("muted"))
            selections.append(one)
        if self._aside:
            one = self._selected(self._cut - len(self._aside), self._cut)
            one.format.setForeground(self.look.color("muted"))
            selections.append(one)
        self._edit.setExtraSelections(selections)

    def _selected(self, start: int, end: int) -> QTextEdit.ExtraSelection:
        one = QTextEdit.ExtraSelection()
        one.cursor = QTextCursor(self._edit.document())
        one.cursor.setPosition(self._units(start))
        one.cursor.setPosition(self._units(end), QTextCursor.MoveMode.KeepAnchor)
        return one

    def _units(self, index: int) -> int:
        """The position in Qt's UTF-16 text of character ``index``, kept inside the text."""
        start = len(self._aside) if self._aside and index >= self._cut else 0
        before = (self._aside + self._text[self._cut:])[: max(start, index - self._cut + len(self._aside), 0)]
        return len(before) if before.isascii() else len(before.encode("utf-16-le")) // 2
