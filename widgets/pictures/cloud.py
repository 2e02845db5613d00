"""A cloud of points that can move at every frame: 50,000 words, opinions or embeddings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.pictures.points import point_beside
from widgets.theme.look import Look
from widgets.theme.marks import MARKS, paint_marks
from widgets.theme.numbers import decimal, scale_end

RELABEL = 0.25  # seconds between two choices of labels while points move
MOST_LABELS = 120
TRIED_LABELS = 700
REACH = 10  # how far from a point, in scaled pixels, the pointer still means it


Label = tuple[int, float, float, QPixmap]  # of which point, its offset from it, the text


class PointCloud(Canvas[int]):
    """Points in the plane, drawn as one image, with as many labels as do not overlap.

    The widget owns the way from the data to the screen. Untouched, it shows all points and grows in
    steps as they spread; dragging pans, the wheel zooms round the pointer, a double click shows all
    points again. One unit is as long across as upwards, so distances can be compared by eye.

    Signals:
        clicked(index), hovered(index): the nearest point, or -1 for none.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.points: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self.names: Sequence[str] = ()
        self.order: NDArray[np.intp] = np.zeros(0, np.intp)
        self.values: NDArray[Any] | None = None
        self.groups: NDArray[Any] | None = None
        self.group_names: tuple[str, ...] = ()
        self.selected: tuple[int, ...] = ()
        self.linked: NDArray[np.intp] = np.zeros((0, 3), np.intp)
        self.trails: tuple[NDArray[Any], ...] = ()
        self.value_name = ""
        self.low, self.high = 0.0, 1.0
        # The user's own view: the data point in the middle, and pixels per unit. None: show all.
        self._own: tuple[float, float, float] | None = None
        self._fitted: tuple[QRect | None, tuple[float, float, float]] = (None, (0.0, 0.0, 1.0))
        self._sheet = raster.Sheet()
        self._ink: raster.Pixels | None = None
        self._dragged: QPointF | None = None
        self._placed: list[Label] = []  # as they were chosen last
        self._placed_for: object = None
        self._placed_at = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._relabel)
        self.setMinimumSize(look.px(160), look.px(140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, points: NDArray[Any], *, labels: Sequence[str] = (),
        label_order: Sequence[int] | NDArray[Any] | None = None,
        values: NDArray[Any] | None = None, groups: NDArray[Any] | Sequence[int] | None = None,
        selected: Sequence[int] = (), linked: Sequence[tuple[int, int, int]] = (),
        trails: Sequence[NDArray[Any]] | None = None, low: float | None = None,
        high: float | None = None, value_name: str = "", group_names: Sequence[str] = (),
        title: str | None = None,
    ) -> None:
        """Show ``points`` (N, 2).

        Args:
            labels: a text for each point, or none at all.
            label_order: which points get their label first; those it leaves out get none. By
                default all, from the first.
            values: (N,) shown by colour from ``low`` to ``high``, named ``value_name``.
            groups: (N,) series numbers, named ``group_names``.
            selected: these have a ring and always a label.
            linked: lines (a, b, series) between two points.
            trails: paths (T, 2) that led to points.
        """
        self.retitle(title)
        self.points = np.asarray(points, np.float32).reshape(-1, 2)
        count = len(self.points)
        self.names = labels
        order = np.arange(min(count, len(labels))) if label_order is None \
            else np.asarray(label_order, np.intp).reshape(-1)[:TRIED_LABELS]
        self.order = order[(order >= 0) & (order < min(count, len(labels)))][:TRIED_LABELS]
        self.values = None if values is None else np.asarray(values, np.float32)
        self.groups = None if groups is None else np.asarray(groups)
        self.value_name, self.group_names = value_name, tuple(group_names)
        if self.values is not None:
            self.low, self.high = raster.limits(self.values, low, high)
        self.selected = tuple(one for one in selected if self._there(one))
        lines = np.array(linked, np.intp).reshape(-1, 3)
        lines = lines[((lines[:, :2] >= 0) & (lines[:, :2] < count)).all(axis=1)]
        self.linked = lines[np.isfinite(self.points[lines[:, :2]]).all(axis=(1, 2))]
        self.trails = tuple(trails or ())
        self._fitted, self._ink = (None, (0.0, 0.0, 1.0)), None
        if self.current is not None and not self._there(self.current):
            self.current = None
        self.update()

    def _there(self, index: int) -> bool:
        """Whether there is such a point and it is somewhere."""
        return 0 <= index < len(self.points) and bool(np.isfinite(self.points[index]).all())

    def fit(self) -> None:
        """Show all points again."""
        self._own = None
        self.update()

    # The way from data to screen

    @property
    def area(self) -> QRect:
        return QRect(0, self.head, self.width(), max(1, self.height() - self.head))

    def _view(self) -> tuple[float, float, float]:
        """The data point in the middle of the area and the pixels per unit."""
        if self._own is not None:
            return self._own
        if self._fitted[0] != self.area:
            self._fitted = self.area, self._fit()
        return self._fitted[1]

    def _fit(self) -> tuple[float, float, float]:
        finite = self.points[np.isfinite(self.points).all(axis=1)] \
            if not np.isfinite(self.points.sum()) else self.points
        if not len(finite):
            return 0.0, 0.0, 1.0
        low = np.array([float(finite[:, 0].min()), float(finite[:, 1].min())])
        high = np.array([float(finite[:, 0].max()), float(finite[:, 1].max())])
        # Bounds on a lattice that follows the size of the cloud: the view moves in few steps, and
        # it depends on the points alone, not on what was shown before.
        step = 2.0 ** np.floor(np.log2(max(float((high - low).max()), 1e-9))) / 8
        low, high = np.floor(low / step) * step, np.ceil(high / step) * step
        extent = np.maximum(high - low, step)
        margin = self.look.px(16)
        scale = min((self.area.width() - 2 * margin) / extent[0],
                    (self.area.height() - 2 * margin) / extent[1])
        middle = (low + high) / 2
        return float(middle[0]), float(middle[1]), max(float(scale), 1e-12)

    def on_screen(self) -> NDArray[np.float32]:
        """(N, 2) pixels of the widget; upwards in the data is upwards here."""
        x, y, scale = self._view()
        area = QRectF(self.area)
        out = np.empty_like(self.points)
        np.multiply(self.points[:, 0], np.float32(scale), out=out[:, 0])
        out[:, 0] += np.float32(area.center().x() - x * scale)
        np.multiply(self.points[:, 1], np.float32(-scale), out=out[:, 1])
        out[:, 1] += np.float32(area.center().y() + y * scale)
        return out

    def _to_screen(self, path: NDArray[Any]) -> NDArray[np.float64]:
        x, y, scale = self._view()
        area = QRectF(self.area)
        path = np.asarray(path, np.float64)
        return np.stack([area.center().x() + (path[:, 0] - x) * scale,
                         area.center().y() - (path[:, 1] - y) * scale], axis=1)

    @property
    def radius(self) -> float:
        """Smaller the more points there are."""
        count = len(self.points)
        size = 4.0 if count <= 300 else 3.0 if count <= 2000 else 2.0 if count <= 8000 else 1.0
        return size * self.look.scale

    # Parts

    def part_at(self, x: float, y: float) -> int | None:
        if not len(self.points) or not self.area.contains(int(x), int(y)):
            return None
        away = self.on_screen() - np.array([x, y], np.float32)
        far = np.nan_to_num(np.einsum("nk,nk->n", away, away), nan=np.inf)
        best = int(np.argmin(far))
        return best if far[best] <= self.look.px(REACH) ** 2 else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """The nearest point that lies more in the arrow's direction than beside it."""
        if not len(self.points):
            return None
        spots = self.on_screen()
        if part is None:
            if self.selected:
                return self.selected[0]
            middle = np.array([self.area.center().x(), self.area.center().y()], np.float32)
            far = ((spots - middle) ** 2).sum(axis=1)
            return int(np.nanargmin(far)) if np.isfinite(far).any() else None
        return point_beside(spots, part, dx, dy)

    def place(self, part: int) -> QRectF:
        x, y = (float(one) for one in self._to_screen(self.points[part : part + 1])[0])
        reach = self.radius + self.look.px(2)
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def say(self, part: int) -> str:
        said = [self.names[part] if part < len(self.names) else str(part)]
        if self.groups is not None:
            group = int(self.groups[part])
            if 0 <= group < len(self.group_names):
                said.append(self.group_names[group])
        if self.values is not None:
            said.append(f"{self.value_name} {decimal(float(self.values[part]))}".strip())
        return "   ".join(said)

    def tell_click(self, part: int | None) -> None:
        self.clicked.emit(-1 if part is None else part)

    # Pan and zoom

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._dragged is None or self._pressed is None:
            super().mouseMoveEvent(event)
            return
        if (at - self._pressed).manhattanLength() <= self.look.px(4) and self._own is None:
            return
        x, y, scale = self._view()
        move = at - self._dragged
        self._dragged = at
        self._own = x - move.x() / scale, y + move.y() / scale, scale
        self.current = None
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._own is None:
            super().mouseDoubleClickEvent(event)
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def _zoom(self, factor: float, at: QPointF) -> None:
        """Closer to, or farther from, the data point at a pixel, which stays where it is."""
        x, y, scale = self._view()
        area = QRectF(self.area)
        dx, dy = at.x() - area.center().x(), at.y() - area.center().y()
        here = x + dx / scale, y - dy / scale
        scale = min(max(scale * factor, 1e-9), 1e9)
        self._own = here[0] - dx / scale, here[1] + dy / scale, scale
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """+ and − zoom at the point that is looked at, 0 shows all points again; the arrows bring
        the point that they lead to into view."""
        factor = {"+": 1.25, "=": 1.25, "-": 0.8}.get(event.text())
        if factor is not None:
            at = QRectF(self.area) if self.current is None else self.place(self.current)
            self._zoom(factor, at.center())
        elif event.text() == "0":
            self.fit()
        else:
            super().keyPressEvent(event)
            self._reveal()

    def _reveal(self) -> None:
        """Pan as little as shows the point that the keys look at."""
        if self.current is None or self._own is None:
            return
        area, spot = QRectF(self.area), self.place(self.current)
        right = max(0.0, spot.right() - area.right()) - max(0.0, area.left() - spot.left())
        down = max(0.0, spot.bottom() - area.bottom()) - max(0.0, area.top() - spot.top())
        x, y, scale = self._own
        self._own = x + right / scale, y - down / scale, scale
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._placed_for = None

    # Labels

    def _labels_now(self, spots: NDArray[np.float32]) -> list[Label]:
        """Which labels are shown and where beside their points.

        A choice holds for a quarter of a second while points move, so that labels travel with their
        points instead of flickering; then a timer makes a fresh one.
        """
        key = (len(self.points), len(self.names), len(self.order), self.selected)
        now = time.monotonic()
        if key != self._placed_for or now - self._placed_at >= RELABEL:
            self._placed = self._choose_labels(spots)
            self._placed_for, self._placed_at = key, now
            self._later.stop()
        elif not self._later.isActive():
            # Later than the next frame would be: a timer is for when there is none.
            self._later.start(round(1000 * (RELABEL - (now - self._placed_at))) + 60)
        return self._placed

    def _relabel(self) -> None:
        self._placed_for = None
        self.update()

    def _choose_labels(self, spots: NDArray[np.float32]) -> list[Label]:
        """Labels in order of priority, each where it covers no other: right, left, above, below."""
        area, px = QRectF(self.area), self.look.px
        cell = px(4)
        columns, rows = int(area.width() // cell) + 1, int(area.height() // cell) + 1
        taken = [0] * rows  # a bit for each cell: so short a row is looked up quicker than an array
        height, gap = self.text_height(12), self.radius + px(3)
        order = [*self.selected, *(one for one in self.order.tolist() if one not in self.selected)]
        order = [one for one in order if one < len(self.names)]
        if not order:
            return []
        at = spots[order]
        inside = np.isfinite(at).all(axis=1) & (at[:, 0] >= area.left()) & \
            (at[:, 0] <= area.right()) & (at[:, 1] >= area.top()) & (at[:, 1] <= area.bottom())
        # A label must not hide the dots of the other labelled points either.
        if len(self.points) <= 300:
            for x, y in spots[np.isfinite(spots).all(axis=1)].tolist():
                row, column = int((y - area.top()) // cell), int((x - area.left()) // cell)
                if 0 <= row < rows and 0 <= column < columns:
                    taken[row] |= 1 << column
        placed: list[Label] = []
        for index, (x, y), seen in zip(order, at.tolist(), inside.tolist(), strict=True):
            if not seen:
                continue
            always = index in self.selected
            wide = self.text_width(self.names[index], 12, always) + px(4)
            choices = ((gap, -height / 2), (-gap - wide, -height / 2),
                       (-wide / 2, -gap - height), (-wide / 2, gap))
            for dx, dy in choices:
                left, top = x + dx, y + dy - area.top()
                if not (0 <= left <= area.right() - wide and 0 <= top <= area.height() - height):
                    continue
                over, bits = _cells(left, top, wide, height, cell)
                if not any(row & bits for row in taken[over]):
                    break
            else:
                if not always:
                    continue
                dx, dy = choices[0]
                left, top = max(x + dx, 0.0), max(y + dy - area.top(), 0.0)
                over, bits = _cells(left, top, wide, height, cell)
            taken[over] = [row | bits for row in taken[over]]
            picture = self.label(self.names[index], "text", 12, always, halo=True)
            placed.append((index, dx, dy, picture))
            if len(placed) >= MOST_LABELS:
                break
        return placed

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not len(self.points):
            return
        spots = self.on_screen()
        painter.setClipRect(self.area)
        self._paint_trails(painter)
        self._paint_links(painter, spots)
        self._paint_points(painter, spots)
        self._paint_labels(painter, spots)
        painter.setClipping(False)
        self._paint_key(painter)

    def _paint_points(self, painter: QPainter, spots: NDArray[np.float32]) -> None:
        ratio, area = self.devicePixelRatioF(), self.area
        pixels = self._sheet.cleared(round(area.height() * ratio), round(area.width() * ratio))
        if self._ink is None:
            self._ink = self._colours()
        x, y = (spots[:, 0] - area.left()) * ratio, (spots[:, 1] - area.top()) * ratio
        if self.groups is None or self.values is not None:
            raster.discs(pixels, x, y, self.radius * ratio, self._ink)
        else:
            for shape in range(len(MARKS)):
                here = self.groups % len(MARKS) == shape
                raster.discs(pixels, x[here], y[here], self.radius * ratio, self._ink[here], shape)
        self._sheet.paint(painter, area.left(), area.top(), ratio)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index in self.selected:
            painter.setPen(self.look.pen("text", 2 * self.look.scale))
            reach = self.radius + self.look.px(3)
            painter.drawEllipse(QPointF(*spots[index].tolist()), reach, reach)
        if self.current is not None and self.current not in self.selected:
            painter.setPen(self.look.pen("muted", 1.5 * self.look.scale))
            reach = self.radius + self.look.px(2)
            painter.drawEllipse(QPointF(*spots[self.current].tolist()), reach, reach)

    def _colours(self) -> raster.Pixels:
        theme = self.look.theme
        if self.values is not None:
            return raster.colour(self.values, self.low, self.high, raster.for_points(theme))
        if self.groups is not None:
            return raster.colours(self.groups, theme.series)
        return np.array(raster.rgba(theme.series[0]), np.uint8)

    def _paint_trails(self, painter: QPainter) -> None:
        painter.setPen(self.look.pen("ghost", 1.5 * self.look.scale))
        for trail in self.trails:
            path = self._to_screen(trail)
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in path.tolist()]))

    def _paint_links(self, painter: QPainter, spots: NDArray[np.float32]) -> None:
        for series in dict.fromkeys(self.linked[:, 2].tolist()):
            ends = self.linked[self.linked[:, 2] == series, :2]
            painter.setPen(self.look.pen(series, 2 * self.look.scale))
            painter.drawLines([QLineF(*one) for one in spots[ends].reshape(-1, 4).tolist()])

    def _paint_labels(self, painter: QPainter, spots: NDArray[np.float32]) -> None:
        rim = self.look.px(2) + 1
        shown = self._labels_now(spots)
        at = spots[[one[0] for one in shown]].tolist()
        for (_, dx, dy, picture), (x, y) in zip(shown, at, strict=True):
            painter.drawPixmap(round(x + dx - rim) + self.look.px(2), round(y + dy - rim) + 1,
                               picture)

    def _paint_key(self, painter: QPainter) -> None:
        """The colour bar or the names of the groups, beside the title."""
        px = self.look.px
        right, top, span = float(self.width() - px(2)), 0.0, self.high - self.low
        if self.values is not None:
            wide, tall = px(80), px(8)
            high = self.label(scale_end(self.high, span), "muted", 11)
            at = self.put(painter, high, right, top, 1.0, 0.0)
            bar = QRect(round(at.left()) - px(4) - wide, round(at.center().y()) - tall // 2, wide,
                        tall)
            painter.drawImage(bar, raster.to_image(raster.for_points(self.look.theme)[None]))
            at = self.put(painter, self.label(scale_end(self.low, span), "muted", 11),
                          bar.left() - px(4), top, 1.0, 0.0)
            if self.value_name:
                self.put(painter, self.label(self.value_name, "muted", 11), at.left() - px(6), top,
                         1.0, 0.0)
        elif self.group_names:
            for number in reversed(range(len(self.group_names))):
                at = self.put(painter, self.label(self.group_names[number], "muted", 11), right,
                              top, 1.0, 0.0)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color(number))
                paint_marks(painter, number, [(at.left() - px(7), at.center().y())], px(4))
                right = at.left() - px(22)


def _cells(left: float, top: float, wide: float, height: float, cell: int) -> tuple[slice, int]:
    """The rows of a grid of cells that a rectangle touches, and the bits of its columns in a row."""
    first, last = int(left // cell), int((left + wide) // cell)
    return slice(int(top // cell), int((top + height) // cell) + 1), (2 << last) - (1 << first)
