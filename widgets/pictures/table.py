"""Rows of texts and bars that can be chosen: filters with what they answer to, classes with counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import scales
from widgets.pictures.canvas import Canvas, Scroll, row_height, rows_of
from widgets.theme.look import Look
from widgets.theme.numbers import decimal

Cell = str | float | tuple[str, ...]


class Table(Canvas[int]):
    """A head and rows below it. A text stands in its column, of several texts as many as have room; a
    number is a bar to the right of the column's middle if it is positive, to the left if negative.

    Args:
        columns: (head, share of the width) of each column.

    Signals:
        clicked(row), hovered(row): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str, columns: Sequence[tuple[str, float]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self.columns = tuple(columns)
        self.rows: tuple[tuple[Cell, ...], ...] = ()
        self.selected = -1
        self.muted: frozenset[int] = frozenset()
        self.reel = Scroll(self)
        self._brought = -1
        self._fitted: object = None
        self._spans: dict[int, scales.Range | None] = {}
        self.setMinimumSize(look.px(140), self.head + 3 * self._line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, rows: Sequence[Sequence[Cell]], *, selected: int = -1, muted: Sequence[int] = (),
        heads: Sequence[str] = (), title: str | None = None,
    ) -> None:
        """Show the rows; ``muted`` ones are written in the quiet colour. ``heads`` may say anew what
        the columns are."""
        before = self.title, self.columns, self.rows, self.selected, self.muted
        self.retitle(title)
        if heads:
            self.columns = tuple((head, share) for head, (_, share) in
                                 zip(heads, self.columns, strict=True))
        self.rows = tuple(tuple(row) for row in rows)
        self.selected, self.muted = selected, frozenset(muted)
        if before == (self.title, self.columns, self.rows, self.selected, self.muted):
            return  # as it stands there
        for index in range(len(self.columns)):
            numbers = [abs(cell) for row in self.rows
                       if isinstance(cell := row[index], (int, float))]
            if numbers:
                self._spans[index] = scales.grown(self._spans.get(index), 0.0, max(numbers))
        if self.current is not None and self.current >= len(self.rows):
            self.current = None
        self.update()

    @property
    def _line(self) -> int:
        text, px = self.text_height(12), self.look.px
        return row_height(len(self.rows), self.height() - self._top, text, text + px(6))

    @property
    def _top(self) -> int:
        """Where the rows begin, below the head."""
        return self.head + self.text_height(11) + self.look.px(5)

    def _left(self, column: int) -> float:
        shares = [share for _, share in self.columns]
        return (self.width() - self.look.px(8)) * sum(shares[:column]) / sum(shares)

    def bring(self, row: int) -> None:
        """Scroll to a row, its neighbours in sight, now and whenever rows or size change."""
        self._brought = row
        self._fitted = None

    def _fit(self) -> None:
        self.reel.fit(rows_of(len(self.rows), self._line), self.height() - self._top)
        if 0 <= self.selected < len(self.rows):
            self.reel.hold(self.selected, self.selected * self._line, (self.selected + 1) * self._line)
        if self._brought >= 0 and self._fitted != (key := (self.rows, self.height(), self._brought)):
            self._fitted = key
            self.reel.move(-self.reel.offset)
            self.reel.reveal(max(0, self._brought - 1) * self._line,
                             min(self._brought + 2, len(self.rows)) * self._line)

    def place(self, part: int) -> QRectF:
        return QRectF(1, self._top + part * self._line - self.reel.offset,
                      self.width() - self.look.px(8), self._line)

    def part_at(self, x: float, y: float) -> int | None:
        self._fit()
        row = int((y - self._top + self.reel.offset) // self._line)
        return row if 0 <= y - self._top < self.reel.room and 0 <= row < len(self.rows) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.rows:
            return None
        part = max(self.selected, 0) if part is None else min(max(part + dy, 0), len(self.rows) - 1)
        self._fit()
        self.reel.reveal(part * self._line, (part + 1) * self._line)
        return part

    def say(self, part: int) -> str:
        return "   ".join(decimal(cell) if isinstance(cell, (int, float)) else cell
                          if isinstance(cell, str) else " · ".join(cell) for cell in self.rows[part])

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit()
        self.reel.wheel(event, self._line)
        self.update()

    def paint(self, painter: QPainter) -> None:
        self._fit()
        self.layer(painter, "head", (self.head, self.columns), self._paint_head)
        area = QRect(0, self._top, self.width(), self.height() - self._top)
        view = self.reel.view(area)
        painter.setClipRect(view)
        for index in range(len(self.rows)):
            box = self.place(index)
            if box.bottom() > view.top() and box.top() < view.bottom():
                self._paint_row(painter, index, box)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _paint_head(self, painter: QPainter) -> None:
        gap = self.look.px(6)
        for column, (name, _) in enumerate(self.columns):
            left, right = self._left(column), self._left(column + 1)
            picture = self.label(name, "muted", 11, longest=round(right - left - gap))
            self.put(painter, picture, left + self.look.px(5), self.head)
        painter.setPen(self.look.pen("hairline"))
        painter.drawLine(0, self._top - 2, self.width() - self.look.px(8), self._top - 2)

    def _paint_row(self, painter: QPainter, index: int, box: QRectF) -> None:
        px = self.look.px
        if index == self.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRoundedRect(box, px(4), px(4))
        ink = "muted" if index in self.muted else "text"
        for column, cell in enumerate(self.rows[index]):
            left, right = self._left(column) + px(5), self._left(column + 1) - px(4)
            if isinstance(cell, (int, float)):
                self._paint_bar(painter, cell, self._spans.get(column), left, right, box)
                continue
            for text in (cell,) if isinstance(cell, str) else cell:
                wide = self.text_width(text, 12)
                if left > self._left(column) + px(5) and left + wide > right:
                    break
                picture = self.label(text, ink, 12, longest=max(1, round(right - left)))
                self.put(painter, picture, left, box.center().y(), 0.0, 0.5)
                left += wide + px(14)

    def _paint_bar(
        self, painter: QPainter, value: float, span: scales.Range | None, left: float, right: float,
        box: QRectF,
    ) -> None:
        middle, most = (left + right) / 2, max(span[1] if span else 1.0, 1e-9)
        length = (right - left) / 2 * min(abs(value) / most, 1.0)
        tall = self.look.px(8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(0 if value >= 0 else 1))
        painter.drawRect(QRectF(middle if value >= 0 else middle - length,
                                box.center().y() - tall / 2, length, tall))
        painter.setPen(self.look.pen("ghost"))
        painter.drawLine(round(middle), round(box.top()), round(middle), round(box.bottom()))
