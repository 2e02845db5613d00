"""A small table of figures, painted: names on the left, a column of figures for each thing compared."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.calm import Unhurried, may_wait
from widgets.look import Look
from widgets.style import font


class Comparison(Unhurried):
    """Rows of a name and one figure for each column.

    Args:
        series: whose colours the columns' heads have; none leaves them muted.
        rows: how many rows there must be room for.
    """

    def __init__(
        self, look: Look, series: Sequence[int] = (), *, rows: int = 6,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look, self.series = look, tuple(series)
        self._heads: tuple[str, ...] = ()
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._fonts = font(look, 12), font(look, 12, bold=True)
        self.setMinimumSize(look.px(240), look.px((rows + 1) * 18))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @may_wait
    def draw(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show these rows, each a name and as many figures as there are ``heads``."""
        new = tuple(tuple(each) for each in rows)
        if (tuple(heads), new) == (self._heads, self._rows):
            return
        self._heads, self._rows = tuple(heads), new
        self.setAccessibleName("; ".join(
            ", ".join([name, *(f"{head} {value}" for head, value in zip(heads, values, strict=True))])
            for name, *values in new))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, px = QPainter(self), self.look.px
        painter.fillRect(event.rect(), self.look.color("card"))
        plain, bold = self._fonts
        metrics = QFontMetricsF(bold)
        texts = [*self._heads, *(value for _, *values in self._rows for value in values)]
        wide = max([px(70), *(metrics.horizontalAdvance(text) + px(16) for text in texts)])
        named = self.width() - wide * len(self._heads)
        high = min(px(28), self.height() / (len(self._rows) + 1))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(bold)
        for index, head in enumerate(self._heads):
            painter.setPen(self.look.color(self.series[index] if self.series else "muted"))
            painter.drawText(QRectF(named + index * wide, 0, wide, high), right, head)
        painter.setFont(plain)
        for line, (name, *values) in enumerate(self._rows, 1):
            top = line * high
            painter.setPen(QPen(self.look.color("hairline"), 1))
            painter.drawLine(0, round(top), self.width(), round(top))
            painter.setPen(self.look.color("muted"))
            text = QFontMetricsF(plain).elidedText(name, Qt.TextElideMode.ElideRight, named)
            painter.drawText(QRectF(0, top, named, high), left, text)
            painter.setPen(self.look.color("text"))
            for index, value in enumerate(values):
                painter.drawText(QRectF(named + index * wide, top, wide, high), right, value)
        painter.end()
