"""Ranked lists whose documents are dragged to another place, with figures beside each list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look

Spot = tuple[int, int]  # list, place

GRADES = 3  # the highest grade of a document, drawn as so many dots


class RankLists(Canvas[Spot]):
    """Lists below one another, the best place on the left; a document is a box with its grade in dots.

    A box is dragged sideways, or moved with ←/→; a click, or Enter, gives it the next grade. ↑ and ↓ walk
    from box to box, as one reads.

    Signals:
        arranged(list, grades): a list as it is now, a tuple from the first place to the last.
    """

    arranged = Signal(int, object)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.lists: tuple[tuple[int, ...], ...] = ()
        self.names: tuple[str, ...] = ()
        self.heads: tuple[str, ...] = ()
        self.figures: tuple[tuple[str, ...], ...] = ()
        self._dragged: Spot | None = None
        self.setMinimumSize(look.px(260), look.px(110))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, lists: Sequence[Sequence[int]], *, names: Sequence[str], heads: Sequence[str] = (),
        figures: Sequence[Sequence[str]] = (), title: str | None = None,
    ) -> None:
        """Show these lists of grades, 0 … 3, all equally long.

        Args:
            names: of the lists.
            heads, figures: what stands beside each list, and above these columns.
        """
        self.retitle(title)
        self.lists = tuple(tuple(one) for one in lists)
        self.names, self.heads = tuple(names), tuple(heads)
        self.figures = tuple(tuple(one) for one in figures)
        if self.current is not None and not self._known(self.current):
            self.current = None
        self.update()

    def _known(self, part: Spot) -> bool:
        return part[0] < len(self.lists) and part[1] < len(self.lists[part[0]])

    # Where things are

    @property
    def _top(self) -> float:
        return self.head + self.text_height(11) + self.look.px(4)

    @property
    def _left(self) -> float:
        return max((self.text_width(one, 12) for one in self.names), default=0) + self.look.px(8)

    @property
    def _figure(self) -> float:
        """The width of a column of figures."""
        texts = [*self.heads, *(one for row in self.figures for one in row)]
        return max((self.text_width(one, 12) for one in texts), default=0) + self.look.px(10)

    def place(self, part: Spot) -> QRectF:
        px = self.look.px
        tall = min((self.height() - self._top) / max(len(self.lists), 1), px(46))
        room = self.width() - self._left - self._figure * len(self.heads) - px(4)
        wide = min(room / max(len(self.lists[0]) if self.lists else 1, 1), px(90))
        return QRectF(self._left + wide * part[1], self._top + tall * part[0], wide, tall).adjusted(
            px(2), px(2), -px(2), -px(2))

    def part_at(self, x: float, y: float) -> Spot | None:
        return next(((row, at) for row, one in enumerate(self.lists) for at in range(len(one))
                     if self.place((row, at)).contains(x, y)), None)

    def beside(self, part: Spot | None, dx: int, dy: int) -> Spot | None:
        if not self.lists:
            return None
        if part is None:
            return 0, 0
        long = len(self.lists[0])
        at = min(max(part[0] * long + part[1] + dx + dy, 0), len(self.lists) * long - 1)
        return divmod(at, long)

    def say(self, part: Spot) -> str:
        grade = self.lists[part[0]][part[1]]
        return f"{self.names[part[0]]}   {part[1] + 1}   {'●' * grade}{'○' * (GRADES - grade)}"

    def readout(self, part: Spot) -> str:
        return ""  # the picture says it

    def tell_click(self, part: Spot | None) -> None:
        if part is not None:
            row, at = part
            grades = list(self.lists[row])
            grades[at] = (grades[at] + 1) % (GRADES + 1)
            self._arrange(row, grades)

    # Dragging

    def _arrange(self, row: int, grades: Sequence[int]) -> None:
        """Tell of a new order and show it at once: the next picture may take a moment to come."""
        self.lists = (*self.lists[:row], tuple(grades), *self.lists[row + 1 :])
        self.update()
        self.arranged.emit(row, tuple(grades))

    def _move(self, part: Spot, to: int) -> Spot:
        """Take a document to another place of its list; those between move up."""
        row, at = part
        grades = list(self.lists[row])
        to = min(max(to, 0), len(grades) - 1)
        if to != at:
            grades.insert(to, grades.pop(at))
            self._arrange(row, grades)
        return row, to

    def drag(self, part: Spot, dx: int, dy: int, fine: bool) -> bool:
        if not dx:
            return False
        self.current = self._move(part, part[1] + dx)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self.part_at(event.position().x(), event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None or not self._known(self._dragged):
            super().mouseMoveEvent(event)
            return
        first = self.place((self._dragged[0], 0))
        pitch = first.width() + self.look.px(4)
        to = int((event.position().x() - first.left()) // pitch)
        before, self._dragged = self._dragged, self._move(self._dragged, to)
        if before != self._dragged:
            self._pressed = None  # what was dragged was not clicked
        self.preview(self._dragged)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        super().mouseReleaseEvent(event)

    # Painting

    def paint(self, painter: QPainter) -> None:
        px, look = self.look.px, self.look
        if not self.lists:
            return
        for at in range(len(self.lists[0])):
            self.put(painter, self.label(str(at + 1), "muted", 11), self.place((0, at)).center().x(),
                     self.head, 0.5, 0.0)
        for column, head in enumerate(self.heads):
            self.put(painter, self.label(head, "muted", 11), self._right(column), self.head, 1.0, 0.0)
        for row, grades in enumerate(self.lists):
            middle = self.place((row, 0)).center().y()
            self.put(painter, self.label(self.names[row], "text", 12), 0, middle, 0.0, 0.5)
            for at, grade in enumerate(grades):
                box = self.place((row, at))
                chosen = (row, at) in (self._dragged, self.current)
                painter.setPen(look.pen("accent" if chosen else "ghost", look.scale))
                painter.setBrush(look.color("accent_wash" if grade else "card"))
                painter.drawRoundedRect(box, px(4), px(4))
                for dot in range(GRADES):  # beside one another, or the first at the bottom
                    shift = px(9) * (dot - 1)
                    at_dot = box.center() + (QPointF(shift, 0) if box.width() > box.height()
                                             else QPointF(0, -shift))
                    painter.setPen(look.pen("muted", look.scale))
                    painter.setBrush(look.color("text" if dot < grade else "card"))
                    painter.drawEllipse(at_dot, px(5) / 2, px(5) / 2)
            for column, figure in enumerate(self.figures[row] if self.figures else ()):
                self.put(painter, self.label(figure, "text", 12), self._right(column), middle, 1.0, 0.5)

    def _right(self, column: int) -> float:
        """Where a column of figures ends."""
        return self.width() - self._figure * (len(self.heads) - 1 - column) - self.look.px(2)
