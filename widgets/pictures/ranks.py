"""Two rankings of the same things, side by side: a line leads from each thing's place to its other one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.theme.look import Look
from widgets.theme.marks import named

Row = tuple[int, int]  # 0 left, 1 right; its place from the top

GRADES = 3  # the highest grade of a thing
QUIET = -1  # the series of things that are there as well


class RankColumns(Canvas[Row]):
    """Names in two orders, best on top. A thing has a grade, drawn as that many dots of three.

    A row is dragged sideways to grade it anew, to the right for more, or moved with ←/→; Tab, ↑ and ↓
    walk from row to row, and Enter goes where a click goes.

    Signals:
        clicked(thing), hovered(thing), graded(thing, grade): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)
    graded = Signal(int, int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.names: tuple[str, ...] = ()
        self.orders: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self.heads = ("", "")
        self.series: tuple[int, ...] = ()
        self.grades: tuple[int, ...] = ()
        self.details: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self.selected = -1
        self.reel = Scroll(self)
        self._dragged: tuple[int, float, int] | None = None  # thing, where it was taken, its grade then
        self.setMinimumSize(look.px(300), look.px(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, names: Sequence[str], left: Sequence[int], right: Sequence[int], *,
        heads: tuple[str, str], series: Sequence[int] = (), grades: Sequence[int] = (),
        details: tuple[Sequence[str], Sequence[str]] = ((), ()), selected: int = -1,
        title: str | None = None,
    ) -> None:
        """Show the things ``names`` (n,) in two orders.

        Args:
            left, right: the things from the first place to the last.
            heads: what the two are ordered by.
            series: of each thing, ``QUIET`` for those that are only there as well.
            grades: of each thing, 0 … 3; none shows and takes no grades.
            details: of each thing, for the readout: what its places on either side come from.
            selected: a thing that is drawn on top.
        """
        self.retitle(title)
        self.names, self.orders = tuple(names), (tuple(left), tuple(right))
        self.heads, self.selected = heads, selected
        self.series = tuple(series) or (QUIET,) * len(self.names)
        self.grades = tuple(grades)
        self.details = (tuple(details[0]), tuple(details[1]))
        if self.current is not None and self.current[1] >= len(self.names):
            self.current = None
        self.update()

    # Where things are

    @property
    def _top(self) -> int:
        return self.head + self.text_height(11) + self.look.px(4)

    @property
    def _pitch(self) -> float:
        """The height of a row; where not all can be read, the first are seen and the wheel brings more."""
        room = self.height() - self._top
        pitch = max(self.text_height(12) + self.look.px(1),
                    min(room / max(len(self.names), 1), self.look.px(40)))
        self.reel.fit(rows_of(len(self.names), pitch), room)
        return float(pitch)

    @property
    def _wide(self) -> float:
        """The width of a column."""
        names = max((self.text_width(self._name(one), 12) for one in range(len(self.names))), default=0)
        return min(names + self._before + self.look.px(6), self.width() * 0.42)

    @property
    def _before(self) -> float:
        """What stands between a column's outer edge and its names: the place, and the grade."""
        return self.text_width("30", 11) + self.look.px(8) + (self._dots if self.grades else 0)

    @property
    def _dots(self) -> int:
        return self.look.px(8 * GRADES + 4)

    def _name(self, thing: int) -> str:
        return self.names[thing] if self.series[thing] == QUIET \
            else named(self.series[thing], self.names[thing])

    def place(self, part: Row) -> QRectF:
        side, row = part
        pitch, wide = self._pitch, self._wide
        left = self.width() - self.look.px(6) - wide if side else 0.0
        return QRectF(left, self._top + row * pitch - self.reel.offset, wide, pitch)

    def part_at(self, x: float, y: float) -> Row | None:
        if y < self._top or not self.names:
            return None
        row = int((y - self._top + self.reel.offset) // self._pitch)
        for side in (0, 1):
            box = self.place((side, row))
            if row < len(self.names) and box.left() <= x <= box.right() and y - self._top < self.reel.room:
                return side, row
        return None

    def beside(self, part: Row | None, dx: int, dy: int) -> Row | None:
        if not self.names:
            return None
        if part is None:
            return 0, 0
        side = min(max(part[0] + dx, 0), 1)
        # Beyond the last place on the left comes the first on the right: ←/→ may be needed to grade.
        at = side * len(self.names) + part[1] + dy if not dx else side * len(self.names) + part[1]
        side, row = divmod(min(max(at, 0), 2 * len(self.names) - 1), len(self.names))
        self.reel.reveal(row * self._pitch, (row + 1) * self._pitch)
        return side, row

    def thing(self, part: Row) -> int:
        return self.orders[part[0]][part[1]]

    def say(self, part: Row) -> str:
        one = self.thing(part)
        other = self.orders[1 - part[0]].index(one) + 1
        said = [f"{self._name(one)}   {self.heads[part[0]]} {part[1] + 1}"]
        if self.details[part[0]]:
            said.append(f"({self.details[part[0]][one]})")
        said.append(f"  {self.heads[1 - part[0]]} {other}")
        if self.details[1 - part[0]]:
            said.append(f"({self.details[1 - part[0]][one]})")
        if self.grades:
            said.append(f"  {'●' * self.grades[one]}{'○' * (GRADES - self.grades[one])}")
        return " ".join(said)

    def tell_hover(self, part: Row | None) -> None:
        self.hovered.emit(-1 if part is None else self.thing(part))

    def tell_click(self, part: Row | None) -> None:
        if part is not None:
            self.clicked.emit(self.thing(part))

    # Grading

    def _grade(self, thing: int, grade: int) -> None:
        """Tell of a new grade and show it at once: the next picture may take a moment to come."""
        grade = min(max(grade, 0), GRADES)
        if grade != self.grades[thing]:
            self.grades = (*self.grades[:thing], grade, *self.grades[thing + 1 :])
            self.update()
            self.graded.emit(thing, grade)

    def drag(self, part: Row, dx: int, dy: int, fine: bool) -> bool:
        if not dx or not self.grades:
            return False
        self._grade(self.thing(part), self.grades[self.thing(part)] + dx)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        part = self.part_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and part is not None and self.grades:
            one = self.thing(part)
            self._dragged = one, event.position().x(), self.grades[one]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None or self._dragged[0] >= len(self.grades):
            super().mouseMoveEvent(event)
            return
        one, start, grade = self._dragged
        self._grade(one, grade + round((event.position().x() - start) / self.look.px(14)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        super().mouseReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.reel.wheel(event, 3 * self._pitch)
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.names:
            return
        for side, head in enumerate(self.heads):
            x = self.width() - self.look.px(6) if side else 0.0
            self.put(painter, self.label(head, "muted", 11, longest=round(self.width() * 0.48)), x,
                     self.head, float(side), 0.0)
        area = QRect(0, self._top, self.width(), self.height() - self._top)
        wide, _ = self._wide, self._pitch  # which fits the rows into their room
        view = self.reel.view(area)
        painter.setClipRect(view)
        chosen = self.thing(self.current) if self.current is not None else self.selected
        places = [{thing: row for row, thing in enumerate(order)} for order in self.orders]
        gap = self.look.px(4)
        # Quiet ones first, so that those that matter lie on top.
        for one in sorted(range(len(self.names)), key=lambda one: (one == chosen, self.series[one] >= 0)):
            left, right = (self.place((side, places[side][one])).center().y() for side in (0, 1))
            series = self.series[one]
            ink = self.look.color("ghost" if series == QUIET else series)
            strong = one == chosen or series != QUIET
            pen = self.look.pen(ink, self.look.scale * (3.2 if one == chosen else 1.8 if strong else 0.8))
            if series > 0:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(wide + gap, left),
                             QPointF(self.width() - self.look.px(6) - wide - gap, right))
        for side in (0, 1):
            for row, one in enumerate(self.orders[side]):
                box = self.place((side, row))
                if box.bottom() > view.top() and box.top() < view.bottom():
                    self._paint_row(painter, side, row, one, box, one == chosen)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _paint_row(
        self, painter: QPainter, side: int, row: int, one: int, box: QRectF, chosen: bool
    ) -> None:
        px, y = self.look.px, box.center().y()
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent_wash"))
            painter.drawRoundedRect(box.adjusted(0, 0.5, 0, -0.5), px(4), px(4))
        outward = -1.0 if side else 1.0
        edge = box.right() if side else box.left()
        self.put(painter, self.label(str(row + 1), "muted", 11), edge + outward * px(2), y, float(side),
                 0.5)
        if self.grades:
            start = edge + outward * (self.text_width("30", 11) + px(9))
            for dot in range(GRADES):
                painter.setPen(self.look.pen("muted", self.look.scale))
                painter.setBrush(self.look.color("text" if dot < self.grades[one] else "card"))
                painter.drawEllipse(QPointF(start + outward * px(8) * dot, y), px(5) / 2, px(5) / 2)
        ink = "muted" if self.series[one] == QUIET and not chosen else "text"
        picture = self.label(self._name(one), ink, 12, chosen, longest=round(box.width() - self._before))
        self.put(painter, picture, edge + outward * self._before, y, float(side), 0.5)
