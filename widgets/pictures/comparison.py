"""A small table of figures, painted: names on the left, a column of figures for each thing compared."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look


class Comparison(Canvas[int]):
    """Rows of a name and one figure for each column.

    Args:
        series: whose colours the columns' heads have; none leaves them muted.
        rows: how many rows there must be room for.
    """

    def __init__(
        self, look: Look, series: Sequence[int] = (), *, rows: int = 6,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, "", parent)
        self.series = tuple(series)
        self._heads: tuple[str, ...] = ()
        self._rows: tuple[tuple[str, ...], ...] = ()
        self.setMinimumSize(look.px(240), (rows + 1) * (self.text_height(12) + look.px(2)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show these rows, each a name and as many figures as there are ``heads``."""
        new = tuple(tuple(each) for each in rows)
        if (tuple(heads), new) == (self._heads, self._rows):
            return
        self._heads, self._rows = tuple(heads), new
        if self.current is not None and self.current >= len(new):
            self.current = None
        self.setAccessibleName("; ".join(map(self.say, range(len(new)))))
        needed = self._column * len(self._heads) + self.look.px(8) \
            + max((self.text_width(name, 12) for name, *_ in new), default=0)
        if needed > self.minimumWidth():  # it never asks for less again, so its card stands still
            self.setMinimumWidth(needed)
        self.update()

    @property
    def _column(self) -> int:
        """The width of a column of figures."""
        texts = [*self._heads, *(value for _, *values in self._rows for value in values)]
        return max([self.look.px(70),
                    *(self.text_width(text, 12, True) + self.look.px(16) for text in texts)])

    @property
    def _high(self) -> float:
        """The height of a row."""
        return min(self.look.px(28), self.height() / (len(self._rows) + 1))

    def place(self, part: int) -> QRectF:
        return QRectF(0, (part + 1) * self._high, self.width(), self._high)

    def part_at(self, x: float, y: float) -> int | None:
        return None  # the pointer has nothing to ask: all that is known is written

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self._rows:
            return None
        return 0 if part is None else min(max(part + (dy or dx), 0), len(self._rows) - 1)

    def say(self, part: int) -> str:
        name, *values = self._rows[part]
        return ", ".join([name, *(f"{head} {value}"
                                  for head, value in zip(self._heads, values, strict=True))])

    def readout(self, part: int) -> str:
        return ""

    def paint(self, painter: QPainter) -> None:
        wide, high = self._column, self._high
        named = self.width() - wide * len(self._heads)
        for index, head in enumerate(self._heads):
            ink = self.series[index] if self.series else "muted"
            self.put(painter, self.label(head, ink, 12, True), named + (index + 1) * wide, high / 2,
                     1.0, 0.5)
        for line, (name, *values) in enumerate(self._rows, 1):
            top = line * high
            painter.setPen(self.look.pen("hairline"))
            painter.drawLine(0, round(top), self.width(), round(top))
            self.put(painter, self.label(name, "muted", 12, longest=max(1, named)), 0,
                     top + high / 2, 0.0, 0.5)
            for index, value in enumerate(values):
                self.put(painter, self.label(value, "text", 12), named + (index + 1) * wide,
                         top + high / 2, 1.0, 0.5)
