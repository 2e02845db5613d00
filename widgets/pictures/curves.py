"""Curves with axes, drawn anew from data at each frame, within a few milliseconds.

What is expensive in a live plot is text: an axis that changes its range draws all its labels again.
So a plot owns its ranges and grows them in steps, its axes are cached pictures, and there is no grid.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QGraphicsSceneResizeEvent,
    QGraphicsView,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets.base.calm import may_wait
from widgets.base.guard import Guarded
from widgets.base.labels import Heading, Quiet, run_on
from widgets.pictures import scales
from widgets.pictures.picture import Picture
from widgets.pictures.placing import CELL, Ground, Spans, beside_line, beside_rule, place, touched
from widgets.pictures.scales import Range
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.marks import MARKS, paint_marks
from widgets.theme.numbers import decimal
from widgets.theme.style import font

# pyqtgraph would otherwise tear Qt down itself when the interpreter exits, which crashes.
pg.setConfigOption("exitCleanup", False)

STRIDES = 40  # key presses that cross a long curve
RIGHT = 12  # pixels beside the plot, before scaling
NUDGE = 5  # pixels that pyqtgraph moves an upright title out of its axis
WHOLE = re.compile("（[^）]*）")  # of a Chinese title, the unit
RELABEL = 0.2  # seconds between two choices of places for labels, unless a curve comes into one
FAR = 1e5  # pixels
FEW_VALUES = 12  # each of so few values has a mark of its own
MARKS_APART = 100  # pixels, before scaling
ROUND_DOTS = 300
HALO = tuple((dx, dy) for dx in (-1.3, 0.0, 1.3) for dy in (-1.3, 0.0, 1.3))  # unscaled pixels
MOST_DOTS = 2000  # that are drawn without a look at which of them can be told apart
DOT = 3  # pixels, before scaling, that tell two of many dots apart
MARKED = ("solid", "steps")  # styles with the mark of their series

Style = Literal["solid", "dashed", "ghost", "dots", "steps", "area"]


@dataclass(frozen=True)
class Curve:
    """One curve: (n,) values over (n,) positions, or over 0 … n-1. Non-finite values are gaps."""

    y: NDArray[Any]
    x: NDArray[Any] | None = None
    label: str = ""
    series: int = 0
    style: Style = "solid"
    width: float = 2.0


@dataclass(frozen=True)
class Rule:
    """A straight dashed line across the plot at one value of an axis."""

    at: float
    label: str = ""
    axis: Literal["x", "y"] = "y"
    series: int | None = None


@dataclass
class _Line:
    """A curve as it is painted: plot coordinates (logarithms on log axes), sorted out and thinned."""

    curve: Curve
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rising: bool  # x never goes back
    low: float  # of y
    high: float
    values: int  # that were given: those that are finite
    endless: float | None = None  # the first x at which the value is infinite
    pixels: NDArray[np.float64] | None = None  # (n, 2), of the values

    @property
    def looks(self) -> tuple[object, ...]:
        """All that its picture depends on."""
        curve = self.curve
        return (curve.label, curve.series, curve.style, curve.width, self.values, self.endless,
                self.x.tobytes(), self.y.tobytes())

    @property
    def drawn(self) -> NDArray[np.float64]:
        """(n, 2) the pixels that the painted line goes through: what labels must keep clear of."""
        assert self.pixels is not None
        return _stairs(self.pixels) if self.curve.style == "steps" else self.pixels


@dataclass(frozen=True)
class _Named:
    """What a legend shows: a swatch and its name."""

    name: str
    series: int | None
    kind: Style | Literal["rule", "beyond", "sketch"]


@dataclass
class _Label:
    """A text in the plot and the places that it may take, best first."""

    named: _Named
    small: bool
    boxes: NDArray[np.float64]


SKETCHED = 101  # values of a curve drawn by hand


@dataclass
class _Sketch:
    """A curve drawn by hand over a range of x, in the data's own numbers."""

    x_range: Range
    y_range: Range
    values: NDArray[np.float64]
    open: bool = True
    at: tuple[int, float] | None = None  # where the pen is, while it is down

    @property
    def x(self) -> NDArray[np.float64]:
        return np.linspace(*self.x_range, SKETCHED)

    def to(self, x: float, y: float, *, down: bool) -> bool:
        """The pen goes to a place, down on the paper; whether it draws."""
        if not down and self.at is None:
            return False
        low, high = self.x_range
        column = round((SKETCHED - 1) * min(1.0, max(0.0, (x - low) / ((high - low) or 1.0))))
        y = min(max(self.y_range), max(min(self.y_range), y))
        before = (column, y) if down or self.at is None else self.at
        first, last = sorted((before, (column, y)))
        columns = np.arange(first[0], last[0] + 1)
        self.values[columns] = np.interp(columns, [first[0], last[0]], [first[1], last[1]]) \
            if first[0] < last[0] else y
        self.at = (column, y)
        return True

    def whole(self) -> NDArray[np.float64] | None:
        """From end to end: what was left out goes on straight. None for less than two places."""
        at = np.flatnonzero(np.isfinite(self.values))
        if len(at) < 2:
            return None
        whole: NDArray[np.float64] = np.interp(np.arange(SKETCHED), at, self.values[at])
        return whole

    def ranges(self, x_range: Range | None, y_range: Range | None) -> tuple[Range, Range | None]:
        """What the plot shows: just the empty paper, and later all that lies on it."""
        return self.x_range, (y_range or self.y_range) if self.open else y_range


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and greatest value of each of at most about ``2 · width`` equal stretches of x.

    The stretches are powers of two wide and lie where they lie, so that a growing curve does not
    shimmer. Curves that go back along x are left as they are.
    """
    if len(y) <= 4 * width or not x[-1] > x[0] or np.any(x[1:] < x[:-1]):
        return x, y
    stretch = np.floor(x / 2.0 ** np.ceil(np.log2((x[-1] - x[0]) / (2 * width))))
    starts = np.append(0, np.flatnonzero(stretch[1:] != stretch[:-1]) + 1)
    low, high = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    rising = np.append(y[starts[1:]] >= y[starts[:-1]], True)
    pairs = np.stack([low, high], 1)
    pairs[~rising] = pairs[~rising, ::-1]
    ends = np.append(starts[1:], len(x)) - 1
    new_x: NDArray[np.float64] = np.stack([x[starts], x[ends]], 1).ravel()
    new_y: NDArray[np.float64] = pairs.ravel()
    return new_x, new_y


def sifted(
    x: NDArray[np.float64], y: NDArray[np.float64], columns: int, rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of many dots one for each cell of a grid over all of them: the others would hide behind it."""
    if len(y) <= MOST_DOTS:
        return x, y
    place = np.zeros(len(y), dtype=np.intp)
    good = np.isfinite(x) & np.isfinite(y)
    for values, cells in ((x, columns), (y, rows)):
        low, high = float(values[good].min()), float(values[good].max())
        share = np.where(good, (values - low) / ((high - low) or 1.0), 0.0)
        place = place * cells + np.minimum((share * cells).astype(np.intp), cells - 1)
    first = np.full(columns * rows, -1)
    first[place[good][::-1]] = np.flatnonzero(good)[::-1]
    kept = np.sort(first[first >= 0])
    return x[kept], y[kept]


def running_mean(values: NDArray[np.float64], last: int) -> NDArray[np.float64]:
    """At each value the mean of the ``last`` ones, and of all there are at the beginning."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(total))
    begin = np.maximum(0, end - last)
    mean: NDArray[np.float64] = (total[end] - total[begin]) / (end - begin)
    return mean


def _stairs(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value held until the next one."""
    return np.stack([np.repeat(points[:, 0], 2)[1:], np.repeat(points[:, 1], 2)[:-1]], 1)


def polygon(points: NDArray[np.float64]) -> QPolygonF:
    """(n, 2) points as Qt takes them, without a Python object for each."""
    made: QPolygonF = pg.functions.arrayToQPolygonF(points[:, 0], points[:, 1])
    return made


def stroke(painter: QPainter, points: NDArray[np.float64], pen: QPen, few: int = 150) -> None:
    """Draw a line through (n, 2) finite points, smooth, at a cost that stays small for long ones.

    Qt computes the outline of a wide line, and for a thousand noisy points that takes 13 ms. Its
    hairlines cost a fortieth. So a long line is drawn as hairlines side by side, each moved along
    the line's normals. It comes out a little lighter. Up to ``few`` points Qt draws it whole.
    """
    if len(points) <= few:
        painter.setPen(pen)
        painter.drawPolyline(polygon(points))
        return
    ahead = np.empty_like(points)
    ahead[1:-1] = points[2:] - points[:-2]
    ahead[0], ahead[-1] = points[1] - points[0], points[-1] - points[-2]
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    normal = ahead[:, ::-1] * (-1.0, 1.0)
    width = pen.widthF()
    # A smoothed hairline inks less than a pixel, so there is one more where it can be afforded.
    passes = max(1, round(width)) + (len(points) <= 600)
    hairline = QPen(pen)
    hairline.setWidthF(1.0)
    if pen.style() == Qt.PenStyle.CustomDashLine:
        hairline.setDashPattern([one * width for one in pen.dashPattern()])
    painter.setPen(hairline)
    reach = 0.6 * max(0.0, width - 1)
    for shift in np.linspace(-reach, reach, passes) if passes > 1 else (0.0,):
        painter.drawPolyline(polygon(points + shift * normal))


def _joined(found: re.Match[str]) -> str:
    """A text within which no line ends."""
    return "\u2060".join(found[0])


class _Axis(Guarded, pg.AxisItem):  # type: ignore[misc]
    """An axis with round ticks, decades where it is logarithmic."""

    _title = 0.0  # pixels that the title takes in one line; pyqtgraph asks before it has one

    def __init__(self, side: str, look: Look, title: str, *, log: bool, integer: bool) -> None:
        super().__init__(side, pen=look.pen("hairline"), textPen=look.color("muted"),
                         tickPen=look.pen("hairline"), maxTickLength=look.px(4))
        self._log, self._integer, self._look = log, integer, look
        self._metrics = QFontMetricsF(font(look, 11))
        self.enableAutoSIPrefix(False)
        self.setStyle(tickFont=font(look, 11), tickTextOffset=look.px(4),
                      autoReduceTextSpace=False, hideOverlappingLabels=False)
        self.textHeight = max(18.0, self._metrics.height())  # pyqtgraph keeps four fifths
        if title:
            self.setLabel(html.escape(WHOLE.sub(_joined, title)), color=look.theme.muted,
                          **{"font-size": f"{look.text(11)}px",
                             "font-family": ", ".join(font(look).families())})
            self._title = self.label.boundingRect().width()
            middle = self.label.document().defaultTextOption()
            middle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.label.document().setDefaultTextOption(middle)

    def _updateWidth(self) -> None:
        """Room for the whole title: pyqtgraph keeps four fifths of it, too little on a stage."""
        super()._updateWidth()
        if self.isVisible() and self.label.isVisible():
            lacking = 0.2 * self.label.boundingRect().height() - NUDGE
            if lacking > 0:
                self.setMaximumWidth(self.maximumWidth() + lacking)
                self.setMinimumWidth(self.maximumWidth())

    def resizeEvent(self, event: QGraphicsSceneResizeEvent | None = None) -> None:
        """A title that is longer than its axis takes a second line; not more, for while a page is laid
        out an axis may be a few pixels long, and the plot would grow round what stood in them."""
        if self.label is not None:
            upright = self.orientation in ("left", "right")
            room = self.size().height() if upright else self.size().width()
            lines = room if self._title / 2 < room < self._title else -1.0
            if lines != self.label.textWidth():
                self.label.setTextWidth(lines)
                self._adjustSize()
        super().resizeEvent(event)

    def setRange(self, low: float, high: float) -> None:
        """Room for the new ticks before they are painted: pyqtgraph finds out while it paints them, and
        paints the title over them once."""
        super().setRange(low, high)
        if self.orientation in ("left", "right") and self.size().height() > 0:
            [(_, values)] = self.tickValues(low, high, self.size().height())
            self._updateMaxTextSize(max(map(self._metrics.horizontalAdvance,
                                            self.tickStrings(values, 1.0, 1.0)), default=0))

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        per_tick = self._look.px(70 if self.orientation in ("bottom", "top") else 34)
        count = max(2, int(size / per_tick))
        for most in (count, count + 1, count + 2):
            found = scales.log_ticks(low, high, most) if self._log \
                else scales.ticks(low, high, most, integer=self._integer)
            if len(kept := self._uncut(found, high, size / (high - low))) > 1:
                return [(1.0, kept)]
        return [(1.0, found)]

    def _uncut(self, values: list[float], high: float, scale: float) -> list[float]:
        """Without the last tick of a level axis if its text would be cut at the right."""
        if self.orientation != "bottom" or not values:
            return values
        half = self._metrics.horizontalAdvance(self.tickStrings(values, 1.0, 1.0)[-1]) / 2
        return values[:-1] if half > (high - values[-1]) * scale + self._look.px(RIGHT) else values

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        return numbers.decades(values) if self._log else numbers.ticks(values)


class _Canvas(Guarded, pg.PlotWidget):  # type: ignore[misc]
    """The plot itself. Its mouse only reads: nothing is dragged, no menu opens."""

    def __init__(self, owner: CurvePlot, look: Look, axes: dict[str, _Axis]) -> None:
        super().__init__(owner, background=look.color("card"), axisItems=axes, enableMenu=False)
        self._owner = owner
        self._axes, self._key = QPixmap(), object()
        item = self.getPlotItem()
        item.hideButtons()
        item.setContentsMargins(0, look.px(2), look.px(RIGHT), 0)  # half of the last tick's text
        box = item.getViewBox()
        box.setMouseEnabled(False, False)
        box.disableAutoRange()
        box.setDefaultPadding(0)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        # What moves crosses the whole plot: one repaint costs less than finding out which parts.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, _event: QPaintEvent) -> None:
        # The axes change seldom. As one picture they cost a tenth of what their items cost.
        self.scene().prepareForPaint()
        item, ratio = self.getPlotItem(), self.devicePixelRatioF()
        box = item.getViewBox()
        key = (self.viewport().size(), ratio, box.viewRange(), box.sceneBoundingRect())
        if key != self._key:
            self._axes = QPixmap(self.viewport().size() * ratio)
            self._axes.setDevicePixelRatio(ratio)
            self._axes.fill(self._owner.look.color("card"))
            inner = QPainter(self._axes)
            try:
                # Without the rectangles a fine screen's pixels would be counted twice.
                area = self.viewport().rect()
                self.render(inner, QRectF(area), area)
            finally:
                inner.end()
            self._key = key
        painter = QPainter(self.viewport())
        try:
            painter.drawPixmap(0, 0, self._axes)
            self._owner.paint_over(painter)
        finally:
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            self._owner.pen_at(event.position(), down=True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._owner.pen_up():
            self._owner.mouse_at(event.position(), click=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._owner.pen_at(event.position()):
            self._owner.mouse_at(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._owner.mouse_at(None)
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()  # its card may fill the view

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # a page around the plot may scroll

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:
            self._owner.refine()


class _Legend(Guarded, QWidget):
    """Names outside the plot, each with its swatch, and a note that found no room in the title's line.

    It takes no room while there is nothing to say.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.note = ""
        self.names: tuple[_Named, ...] = ()
        self.boxes: list[QRectF] = []  # of the texts, as they were painted last
        self._font = font(look, 11)
        self._metrics = QFontMetricsF(self._font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(0)

    def draw(self, names: Sequence[_Named], note: str = "") -> None:
        if (tuple(names), note) != (self.names, self.note):
            self.names, self.note = tuple(names), note
            self.setAccessibleName(", ".join(filter(None, (note, *(one.name for one in names)))))
            self._fit()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        lines = 1 + max((round(y) for _, _, y in self._spots()), default=-1)
        self.setFixedHeight(lines * self.look.px(18))

    def _spots(self) -> list[tuple[_Named | None, float, float]]:
        """Each entry (``None``: the note), its left end and its line."""
        x, y, found = 0.0, 0, []
        for one in (*((None,) if self.note else ()), *self.names):
            wide = self._metrics.horizontalAdvance(self.note if one is None else one.name) \
                + (0 if one is None else self.look.px(20))
            if x and x + wide > self.width():
                x, y = 0.0, y + 1
            found.append((one, x, float(y)))
            x += wide + self.look.px(14)
        return found

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, px = QPainter(self), self.look.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        self.boxes = []
        for one, x, line in self._spots():
            middle = (line + 0.5) * px(18)
            text = self.note if one is None else one.name
            if one is not None:
                self._swatch(painter, one, x, middle)
                x += px(20)
            painter.setPen(self.look.ink("muted"))
            painter.drawText(QPointF(x, middle + self._metrics.capHeight() / 2), text)
            self.boxes.append(QRectF(x, middle - self._metrics.height() / 2,
                                     self._metrics.horizontalAdvance(text), self._metrics.height()))

    def _swatch(self, painter: QPainter, one: _Named, x: float, middle: float) -> None:
        px = self.look.px
        if one.kind == "beyond":
            _paint_edge_mark(painter, self.look, one.series or 0, x + px(8), middle - px(3), above=True)
            return
        if one.kind == "rule":
            painter.setPen(_rule_pen(self.look, one.series))
        elif one.kind == "sketch":
            painter.setPen(_sketch_pen(self.look))
        else:
            painter.setPen(_pen(self.look, one.series or 0, one.kind, 2.0))
        if one.kind != "dots":
            painter.drawLine(QPointF(x, middle), QPointF(x + px(16), middle))
        if one.kind == "dots" or (one.kind in MARKED and (one.series or 0) % len(MARKS)):
            _paint_marks(painter, self.look, one.series or 0, np.array([[x + px(8), middle]]))


def _pen(look: Look, series: int, style: Style, width: float) -> QPen:
    pen = look.pen("ghost" if style == "ghost" else series, look.scale * width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if style == "dashed":
        pen.setDashPattern([4.0, 2.5])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _rule_pen(look: Look, series: int | None) -> QPen:
    pen = look.pen("muted" if series is None else series, look.scale)
    pen.setDashPattern([4, 4])
    return pen


def _sketch_pen(look: Look) -> QPen:
    pen = look.pen("text", 2.2 * look.scale)
    pen.setDashPattern([1.5, 2.0])
    return pen


def _paint_marks(
    painter: QPainter, look: Look, series: int, points: NDArray[np.float64], size: float = 4.4
) -> None:
    """The shape of a series at points of its curve, with a rim that keeps it apart from the line."""
    painter.setPen(look.pen("card", look.scale))
    painter.setBrush(look.color(series))
    paint_marks(painter, series, points, size * look.scale)


def _paint_edge_mark(
    painter: QPainter, look: Look, series: int | str, x: float, edge: float, *, above: bool
) -> None:
    """A small triangle that points out of the plot, where a curve has left it."""
    size, way = look.px(4), 1 if above else -1
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color(series))
    painter.drawPolygon(QPolygonF([QPointF(x - size, edge + way * (1 + 1.6 * size)),
                                   QPointF(x + size, edge + way * (1 + 1.6 * size)),
                                   QPointF(x, edge + way)]))


Point = tuple[int, int]  # a curve, and a point of it


class CurvePlot(Picture[Point]):
    """Curves over an axis. ``draw`` is given all there is to see; nothing accumulates. ←/→ walk along a
    curve, ↑/↓ go to another one.

    Args:
        title: bold, at the top left.
        x, y: axis titles with their units.
        log_x, log_y: logarithmic axes; values that have no logarithm are gaps.
        x_range, y_range: fixed ranges; ``None`` follows the data in steps.
        legend: name the curves above the plot; otherwise that is done only for those whose name has no
            free place beside its curve.
        y_min_span: least height of a range that follows the data.
        integer_x: the x axis counts things, so it has whole ticks only.
    """

    clicked = Signal(float, float)
    hovered = Signal(float, float)
    sketched = Signal()  # the pen was lifted

    def __init__(
        self,
        look: Look,
        title: str,
        *,
        x: str = "",
        y: str = "",
        log_x: bool = False,
        log_y: bool = False,
        x_range: Range | None = None,
        y_range: Range | None = None,
        legend: bool = False,
        y_min_span: float | None = None,
        integer_x: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, title, parent)
        self._logs = (log_x, log_y)
        self._fixed = (x_range, y_range)
        self._least, self._whole = y_min_span or 0.0, integer_x
        self._axis_titles = (x, y)
        self._ranges: list[Range | None] = [None, None]
        self._alike: tuple[CurvePlot, ...] = ()  # of other runs, beside this one
        self._drawn: object = None  # what the picture shows, rules and lines
        self._curves: tuple[Curve, ...] = ()
        self._rules: tuple[Rule, ...] = ()
        self._lines: list[_Line] = []
        self._labels: list[tuple[_Label, QRectF]] = []  # those with a place, and what they were placed for
        self._placed_for: object = None
        self._placed_on: object = None
        self._placed_at = 0.0
        self._places: dict[_Named, QRectF] = {}  # where each was last: labels stand still
        self._outside: set[_Named] = set()  # those that the legend names
        self._outside_for: object = None
        self._told: set[_Named] = set()  # what the legend was told of it
        self._beyond: list[tuple[_Line, float, bool, float]] = []
        self._mouse: QPointF | None = None
        self._sketch: _Sketch | None = None
        self._small, self._label_font = font(look, 11), font(look, 12)
        self._metrics = QFontMetricsF(self._small)
        self._label_metrics = QFontMetricsF(self._label_font)
        self._heading = Heading(look, title)
        self._note = Quiet(look)
        self._all_outside = legend
        self._legend = _Legend(look)
        axes = {
            "left": _Axis("left", look, y, log=log_y, integer=False),
            "bottom": _Axis("bottom", look, x, log=log_x, integer=integer_x),
        }
        self._canvas = _Canvas(self, look, axes)
        self._box = self._canvas.getPlotItem().getViewBox()
        self.setMinimumSize(look.px(160), look.px(120))

        head = QHBoxLayout()
        head.setSpacing(look.px(10))
        head.addWidget(self._heading, 1)
        head.addWidget(self._note, 0, Qt.AlignmentFlag.AlignLeft)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(4))
        lines.addLayout(head)
        lines.addWidget(self._legend)
        lines.addWidget(self._canvas, 1)
        self._said = ""  # the note
        self._outdated = QTimer(self)  # what lies still is labelled once more
        self._outdated.setSingleShot(True)
        self._outdated.timeout.connect(self._canvas.viewport().update)
        self._telling = QTimer(self)  # a layout must not change while it is painted
        self._telling.setSingleShot(True)
        self._telling.timeout.connect(self._tell)

    def hasHeightForWidth(self) -> bool:
        return False  # a long title takes from the plot; the card is not asked for more

    # --- drawing ---------------------------------------------------------------------------------

    @may_wait
    def draw(
        self,
        curves: Sequence[Curve],
        rules: Sequence[Rule] = (),
        *,
        x_range: Range | None = None,
        y_range: Range | None = None,
        title: str | None = None,
        note: str = "",
    ) -> None:
        """Show exactly these curves and rules. Ranges given here go before those of the plot."""
        if title is not None:
            self._heading.say(title)
            self.title = title
        self.setAccessibleName(self.title or " – ".join(filter(None, self._axis_titles)))
        self._said = note
        # Ghosts lie behind whatever order they come in.
        self._curves = tuple(sorted(curves, key=lambda curve: curve.style != "ghost"))
        self._rules = tuple(rules)
        lines = [line for line in map(self._line, self._curves) if line is not None]
        drawn = self._rules, [line.looks for line in lines]
        # What is measured seldom is given with every frame: the same curves need no new picture.
        if changed := drawn != self._drawn:
            self._drawn, self._lines = drawn, lines
        self._tell()
        x_range, y_range = x_range or self._fixed[0], y_range or self._fixed[1]
        if self._sketch is not None:
            x_range, y_range = self._sketch.ranges(x_range, y_range)
        changed |= self._set_ranges(x_range, y_range)
        if self.current is not None and not self._there(self.current):
            self.current = None
        if changed or self._sketch is not None:
            self._canvas.viewport().update()

    def _tell(self) -> None:
        """Show the note beside the title, or below it where they would not both fit; and the legend."""
        heading = QFontMetricsF(self._heading.font()).horizontalAdvance(self._heading.text())
        note = self._metrics.horizontalAdvance(self._said)
        fits = heading + note + self.look.px(14) <= self.width() or not self._heading.text()
        run_on(self._note, self._said if fits else "")
        outside = [named for named in map(_named, self._curves) if named.name and self._all_outside]
        outside += sorted(self._outside, key=lambda one: (one.kind == "rule", one.series or 0, one.name))
        self._told = set(self._outside)
        high = self._legend.height()
        self._legend.draw(outside, "" if fits else self._said)
        if self._legend.height() != high and (layout := self.layout()) is not None:
            layout.activate()  # else it would lie over the plot until the next round of events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def ranges(self) -> tuple[Range, Range]:
        """The x and y ranges that are shown, in the data's own numbers."""
        spans = self._box.viewRange()
        return self._plain(0, spans[0]), self._plain(1, spans[1])

    def stand_by(self, others: Sequence[CurvePlot]) -> None:
        """Have room for the curves of these plots, too: they show the same of other runs."""
        self._alike = tuple(one for one in others if one is not self)

    def level(self) -> None:
        """Give this plot and those that it stands by the same ranges, once all were drawn."""
        plots = (self, *self._alike)
        for axis in (0, 1):
            spans = [span for one in plots if (span := one._ranges[axis]) is not None]
            if len(spans) == len(plots) and len(set(spans)) > 1:
                low, high = min(span[0] for span in spans), max(span[1] for span in spans)
                for one in plots:
                    if one._set_range(axis, low, high):
                        one._canvas.viewport().update()

    def refine(self) -> None:
        """Thin the curves anew for another width."""
        self._lines = [line for line in map(self._line, self._curves) if line is not None]

    def _plain(self, axis: int, span: Sequence[float]) -> Range:
        low, high = float(span[0]), float(span[1])
        return (10**low, 10**high) if self._logs[axis] else (low, high)

    def _line(self, curve: Curve) -> _Line | None:
        y = np.asarray(curve.y, dtype=np.float64).ravel()
        x = np.arange(len(y), dtype=np.float64) if curve.x is None \
            else np.asarray(curve.x, dtype=np.float64).ravel()
        length = min(len(x), len(y))
        x, y = x[:length], y[:length]
        x, y = (_logarithm(v) if log else v for v, log in zip((x, y), self._logs, strict=True))
        good = np.isfinite(x) & np.isfinite(y)
        endless = np.isposinf(y) & np.isfinite(x)
        if not good.any():
            return None
        first_endless = x[endless]
        if not good.all():
            y = np.where(good, y, np.nan)
            x = np.where(np.isfinite(x), x, np.interp(
                np.arange(length), np.flatnonzero(good), x[good]))
        wide, high = max(200, self._canvas.width()), max(100, self._canvas.height())
        if curve.style == "dots":
            x, y = sifted(x, y, wide // self.look.px(DOT), high // self.look.px(DOT))
        else:
            x, y = thinned(x, y, wide)
        return _Line(curve, x, y, rising=bool(np.all(x[1:] >= x[:-1])), low=float(np.nanmin(y)),
                     high=float(np.nanmax(y)), values=int(np.count_nonzero(good)),
                     endless=float(first_endless[0]) if len(first_endless) else None)

    def _set_ranges(self, x_range: Range | None, y_range: Range | None) -> bool:
        """Show these ranges, or those that the lines need; whether they are others than before."""
        before = tuple(self._ranges)
        for axis, wanted in enumerate((x_range, y_range)):
            low, high = self._wanted(axis, wanted)
            if self._whole and axis == 0 and high - low < 1:
                high = low + 1  # two whole ticks
            self._set_range(axis, low, high)
        return tuple(self._ranges) != before

    def _set_range(self, axis: int, low: float, high: float) -> bool:
        """Show this range of one axis, in plot coordinates; whether it is another one than before."""
        if self._ranges[axis] == (low, high):
            return False
        self._ranges[axis] = (low, high)
        pad = 0.015 * (high - low)
        if axis == 0:
            self._box.setXRange(low - pad, high + pad, padding=0)
        else:
            self._box.setYRange(low - 2 * pad, high + 2 * pad, padding=0)
        return True

    def _wanted(self, axis: int, wanted: Range | None) -> Range:
        """The range in plot coordinates that one axis should show."""
        if wanted is not None:
            low, high = wanted
            if self._logs[axis]:
                low, high = np.log10(max(low, 1e-300)), np.log10(max(high, 1e-300))
            return scales.widened(float(low), float(high), 0.0)
        now = self._ranges[axis]
        low, high = np.inf, -np.inf
        for line in (one for plot in (self, *self._alike) for one in plot._lines):
            least, most = (line.low, line.high) if axis else \
                (float(np.nanmin(line.x)), float(np.nanmax(line.x)))
            low, high = min(low, least), max(high, most)
        for rule in self._rules if axis == 1 else ():
            if rule.axis == "y" and np.isfinite(rule.at) and (rule.at > 0 or not self._logs[1]):
                at = float(np.log10(rule.at)) if self._logs[1] else rule.at
                low, high = min(low, at), max(high, at)
        if axis == 1 and not self._logs[1] and any(c.style == "area" for c in self._curves):
            low = min(low, 0.0)
        if not low <= high:
            return now or (0.0, 1.0)
        if axis == 0 and not self._logs[0]:
            return scales.ahead(now, low, high) if self._follows(low, high) \
                else scales.widened(low, high, 0.0)
        if self._logs[axis]:
            return _grown_log(now, low, high)
        return scales.grown(now, low, high, least=self._least)

    def _follows(self, low: float, high: float) -> bool:
        """Whether x grows with time (a history of steps) rather than spanning a fixed domain."""
        return any(c.x is not None and len(c.x) > 0 and c.x[0] in (0, 1)
                   and float(c.x[-1]).is_integer() and c.x[-1] == high for c in self._curves) \
            and low in (0.0, 1.0)

    # --- what lies over the curves ---------------------------------------------------------------

    def _to_pixels(self) -> tuple[float, float, float, float, QRectF]:
        """x = a·X + b, y = c·Y + d from plot to viewport pixels, and the plot's rectangle."""
        inside = self._box.sceneBoundingRect()
        (x0, x1), (y0, y1) = self._box.viewRange()
        a = inside.width() / ((x1 - x0) or 1.0)
        c = -inside.height() / ((y1 - y0) or 1.0)
        return a, inside.left() - a * x0, c, inside.bottom() - c * y0, inside

    def paint_over(self, painter: QPainter) -> None:
        """Rules, curves, marks, labels and what the mouse points at."""
        to_pixels = a, b, c, d, inside = self._to_pixels()
        if inside.width() < 8 or inside.height() < 8:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self._lines:
            # Far beyond the plot a pixel has no meaning, and Qt no numbers.
            line.pixels = np.stack([a * line.x + b, np.clip(c * line.y + d, -FAR, FAR)], 1)
        self.written.clear()
        painter.save()
        painter.setClipRect(inside.adjusted(-2, -3, 4, 3))
        rules = self._rules_in(inside, to_pixels[:4])
        for rule, at in rules:
            painter.setPen(_rule_pen(self.look, rule.series))
            painter.drawLine(*_ends(rule, at, inside))
        for line in self._lines:
            self._paint_curve(painter, line, inside, d)
        for line in self._lines:
            if line.curve.style in MARKED:
                _paint_marks(painter, self.look, line.curve.series, self._marks_on(line, inside))
        sketch = self._sketched(to_pixels[:4])
        self._paint_sketch(painter, sketch)
        painter.restore()
        self._beyond = self._values_beyond(inside, to_pixels[:4])
        for line, x, above, _ in self._beyond:
            ghost = line.curve.style == "ghost"
            _paint_edge_mark(painter, self.look, "ghost" if ghost else line.curve.series, x,
                             inside.top() if above else inside.bottom(), above=above)
        self._settle(inside, rules, sketch)
        looking = None if self.sketching else self._mouse
        if self._by_keys and self.current is not None:
            looking = QPointF(*self._lines[self.current[0]].pixels[self.current[1]])  # type: ignore[index]
        if self.hasFocus() and self.current is None:
            painter.setPen(self.look.pen("accent", self.look.scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(inside, 4, 4)
        reading = looking is not None and inside.adjusted(-2, -2, 2, 2).contains(looking)
        self._paint_labels(painter, reading)
        if looking is not None and reading:
            self._paint_reading(painter, inside, (a, b), looking)
        if Picture.recording:
            self._write_axes()

    def _write_axes(self) -> None:
        """Tell of the axes' titles, which pyqtgraph draws."""
        for side, title in zip(("bottom", "left"), self._axis_titles, strict=True):
            axis = self._canvas.getPlotItem().getAxis(side)
            box = axis.label.mapRectToScene(axis.label.boundingRect())
            margin = 4 + self.look.px(2)  # a text document has an empty rim
            box.adjust(margin, margin, -margin, -margin)
            self.wrote(title, box, QRectF(self._canvas.viewport().rect()).contains(box))

    def _rules_in(
        self, inside: QRectF, to_pixels: tuple[float, float, float, float]
    ) -> list[tuple[Rule, float]]:
        """The rules that can be seen, and the pixel of each."""
        a, b, c, d = to_pixels
        found = []
        for rule in self._rules:
            log = self._logs[0 if rule.axis == "x" else 1]
            if not np.isfinite(rule.at) or (log and rule.at <= 0):
                continue
            at = float(np.log10(rule.at)) if log else rule.at
            at = a * at + b if rule.axis == "x" else c * at + d
            low, high = (inside.left(), inside.right()) if rule.axis == "x" \
                else (inside.top(), inside.bottom())
            if low - 1 <= at <= high + 1:
                found.append((rule, at))
        return found

    def _marks_on(self, line: _Line, inside: QRectF) -> NDArray[np.float64]:
        """(k, 2) pixels of a curve's marks: at each value of a few, otherwise at equal distances.

        The first series is the plain line. The places are fixed in the plot, so that marks stand still
        while a curve grows, and differ between series, so that curves that meet are still told apart.
        """
        assert line.pixels is not None
        points, order = line.pixels, line.curve.series % len(MARKS)
        if not order:
            return np.zeros((0, 2))
        if line.values > FEW_VALUES:
            apart = self.look.px(MARKS_APART)
            at = np.arange(inside.left() + (0.3 + 0.2 * order) * apart, inside.right(), apart)
            at = at[(at >= points[0, 0]) & (at <= points[-1, 0])]
            points = points[np.searchsorted(points[:, 0], at)] if line.rising and len(at) \
                else points[-1:]
        return points[(points[:, 1] > inside.top()) & (points[:, 1] < inside.bottom())]

    def _values_beyond(
        self, inside: QRectF, to_pixels: tuple[float, float, float, float]
    ) -> list[tuple[_Line, float, bool, float]]:
        """For each curve that leaves the plot upwards or downwards: the pixel of the value that is
        farthest out, whether it is above, and the value in the data's own numbers."""
        a, b, c, d = to_pixels
        found: list[tuple[_Line, float, bool, float]] = []
        left, right = inside.left() - 1, inside.right() + 1
        for line in self._lines:
            assert line.pixels is not None
            if line.endless is not None and left <= a * line.endless + b <= right:
                found.append((line, a * line.endless + b, True, np.inf))
            for above in (True, False):
                if c * line.high + d >= inside.top() - 2 if above \
                        else c * line.low + d <= inside.bottom() + 2:
                    continue
                x, y = line.pixels.T
                out = (y < inside.top() - 2) if above else (y > inside.bottom() + 2)
                out &= (x >= left) & (x <= right)
                if not out.any() or (above and line.endless is not None):
                    continue
                values = np.where(out, line.y, -np.inf if above else np.inf)
                at = int(np.argmax(values) if above else np.argmin(values))
                with np.errstate(over="ignore"):
                    value = np.float64(10.0) ** line.y[at] if self._logs[1] else line.y[at]
                found.append((line, float(x[at]), above, float(value)))
        return found

    # --- labels ----------------------------------------------------------------------------------

    def _settle(
        self, inside: QRectF, rules: Sequence[tuple[Rule, float]], sketch: NDArray[np.float64]
    ) -> None:
        """See that each label has a place where it touches nothing.

        Places are chosen anew a few times a second, and at once where a curve comes into one; but not while
        everything lies where it lay, as the choice would be the same.
        """
        now = time.monotonic()
        names = [(_named(line.curve), line.curve.width) for line in self._lines]
        key = (inside.getRect(), names, [(rule, round(at)) for rule, at in rules],
               [(line.curve.label, above, value) for line, _, above, value in self._beyond],
               len(sketch))
        view = self.size(), self._box.viewRange()
        lies = (view, [at for _, at in rules], sketch.tobytes(),
                [line.pixels.tobytes() for line in self._lines if line.pixels is not None])
        if key == self._placed_for and lies == self._placed_on:
            return
        if key == self._placed_for and now < self._placed_at + RELABEL:
            struck = {label.named for label, box in self._labels if any(
                touched(line.drawn, [box], rising=line.rising) for line in self._lines)}
            if not struck or self._move(struck, inside, rules, sketch):
                if not self._outdated.isActive():
                    self._outdated.start(round(1000 * RELABEL) + 60)
                return
        self._outdated.stop()
        self._placed_for, self._placed_on, self._placed_at = key, lies, now
        ground, spans = self._ground(inside, rules, sketch)
        labels = self._wanted_labels(ground, spans, inside, rules, sketch)
        # Once outside, a name stays there until the plot itself is another one.
        frame = (*view, names, [rule for rule, _ in rules])
        if frame != self._outside_for:
            self._outside_for, self._outside = frame, set()
        self._outside &= {label.named for label in labels}
        labels = [label for label in labels if label.named not in self._outside]
        places = place(ground, [label.boxes for label in labels],
                       [self._places.get(label.named) for label in labels])
        self._outside |= {label.named for label, box in zip(labels, places, strict=True) if box is None}
        self._labels = [(label, box) for label, box in zip(labels, places, strict=True)
                        if box is not None]
        self._places = {label.named: box for label, box in self._labels}
        if self._outside != self._told:
            self._telling.start(0)

    def _move(
        self, struck: Container[_Named], inside: QRectF, rules: Sequence[tuple[Rule, float]],
        sketch: NDArray[np.float64],
    ) -> bool:
        """Give only these labels other places, beside those that the rest keep; whether all have one."""
        ground, spans = self._ground(inside, rules, sketch)
        labels = self._wanted_labels(ground, spans, inside, rules, sketch, struck)
        rest = [(label, box) for label, box in self._labels if label.named not in struck]
        places = place(ground, [label.boxes for label in labels], taken=[box for _, box in rest])
        moved = [(label, box) for label, box in zip(labels, places, strict=True) if box is not None]
        if len(moved) + len(rest) < len(self._labels):
            return False
        self._labels = rest + moved
        self._places = {label.named: box for label, box in self._labels}
        return True

    def _ground(
        self, inside: QRectF, rules: Sequence[tuple[Rule, float]], sketch: NDArray[np.float64]
    ) -> tuple[Ground, list[Spans]]:
        """What labels must keep clear of, curves, rules and the marks of values beyond; and where each
        of the curves lies, the one drawn by hand last."""
        widest = max((line.curve.width * (2.2 if line.curve.style == "dots" else 1.0)
                      for line in self._lines), default=1.0)
        ground = Ground(inside.adjusted(0, -3, 3, -1), 1.0 + 0.5 * widest * self.look.scale)
        spans = [ground.add_line(line.drawn, dots=line.curve.style == "dots") for line in self._lines]
        spans.append(ground.add_line(sketch))
        for rule, at in rules:
            ends = _ends(rule, at, inside)
            ground.add_line(np.array([[one.x(), one.y()] for one in ends]))
        for _, x, above, _ in self._beyond:
            ground.add_box(self._edge_box(x, inside, above))
        return ground, spans

    def _edge_box(self, x: float, inside: QRectF, above: bool) -> QRectF:
        size = self.look.px(4)
        high = 1.6 * size + 1
        return QRectF(x - size, inside.top() if above else inside.bottom() - high, 2 * size, high)

    def _wanted_labels(
        self, ground: Ground, spans: Sequence[Spans], inside: QRectF,
        rules: Sequence[tuple[Rule, float]], sketch: NDArray[np.float64],
        among: Container[_Named] | None = None,
    ) -> list[_Label]:
        """The names of curves and rules, and the values beyond, each with the places it may have; only
        those ``among`` some, if given."""
        wanted: list[_Label] = []
        gap = ground.clear + CELL + 0.5
        for line, lies in zip(self._lines, spans, strict=False):
            if line.curve.label and not self._all_outside and (
                    among is None or _named(line.curve) in among):
                size = (self._label_metrics.horizontalAdvance(line.curve.label),
                        self._label_metrics.height())
                assert line.pixels is not None
                x, y = line.pixels[np.isfinite(line.y)][-1].tolist()
                wanted.append(_Label(_named(line.curve), False,
                                     beside_line(ground, lies, (x, y), size, gap)))
        name = self.look.words("your sketch")
        if len(sketch) and (among is None or _Named(name, None, "sketch") in among):
            size = (self._label_metrics.horizontalAdvance(name), self._label_metrics.height())
            x, y = sketch[-1].tolist()
            wanted.append(_Label(_Named(name, None, "sketch"), False,
                                 beside_line(ground, spans[-1], (x, y), size, gap)))
        for rule, at in rules:
            if rule.label and (among is None or _Named(rule.label, rule.series, "rule") in among):
                size = (self._metrics.horizontalAdvance(rule.label), self._metrics.height())
                wanted.append(_Label(_Named(rule.label, rule.series, "rule"), True, beside_rule(
                    ground, at, size, gap, upright=rule.axis == "x")))
        for line, x, above, value in self._beyond:
            text = decimal(value)
            series = None if line.curve.style == "ghost" else line.curve.series
            if among is not None and _Named(text, series, "beyond") not in among:
                continue
            size = (self._metrics.horizontalAdvance(text), self._metrics.height())
            mark = self._edge_box(x, inside, above)
            top = inside.top() if above else inside.bottom() - 2 - size[1]
            way = 1 if above else -1
            spots = [(left, top + way * row * size[1]) for row in range(3)
                     for away in range(0, 120, 4)
                     for left in (mark.right() + gap + 1 + away, mark.left() - gap - 1 - away - size[0])]
            wanted.append(_Label(_Named(text, series, "beyond"), True, np.array(
                [[left, high, left + size[0], high + size[1]] for left, high in spots])))
        return wanted

    def _paint_labels(self, painter: QPainter, reading: bool) -> None:
        """The labels at their places; curves' names give way to what the mouse reads."""
        for label, box in self._labels:
            if reading and label.named.kind not in ("rule", "beyond"):
                continue
            metrics = self._metrics if label.small else self._label_metrics
            painter.setFont(self._small if label.small else self._label_font)
            series = label.named.series
            spot = QPointF(box.left(), box.top() + metrics.ascent())
            if self.look.hall or any(one.curve.style == "area" for one in self._lines):
                painter.setPen(self.look.color("card", 200))  # a halo: lines are thick in a hall
                for dx, dy in HALO:
                    painter.drawText(spot + QPointF(dx, dy) * self.look.scale, label.named.name)
            painter.setPen(self.look.ink("muted" if series is None else series))
            painter.drawText(spot, label.named.name)
            self.wrote(label.named.name, box)

    def _paint_curve(
        self, painter: QPainter, line: _Line, inside: QRectF, zero: float
    ) -> None:
        curve, points = line.curve, line.pixels
        assert points is not None
        good = np.isfinite(points[:, 1])
        pen = _pen(self.look, curve.series, curve.style, curve.width)
        if curve.style == "dots" or good.sum() == 1:
            pen.setWidthF(pen.widthF() * (2.2 if curve.style == "dots" else 3.0))
            # Qt takes forty times as long to round a dot, which nobody sees in a cloud.
            pen.setCapStyle(Qt.PenCapStyle.RoundCap if good.sum() <= ROUND_DOTS
                            else Qt.PenCapStyle.SquareCap)
            painter.setPen(pen)
            painter.drawPoints(polygon(points[good]))
            return
        # The runs between gaps.
        cuts = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
        for start, stop in zip(cuts[::2].tolist(), cuts[1::2].tolist(), strict=True):
            run = points[start:stop]
            if curve.style == "steps":
                run = _stairs(run)
            if curve.style == "area":
                base = inside.bottom() if self._logs[1] else zero
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color(curve.series, 50))
                painter.drawPolygon(polygon(np.concatenate(
                    [[[run[0, 0], base]], run, [[run[-1, 0], base]]])))
            stroke(painter, run, pen)

    def _paint_reading(
        self, painter: QPainter, inside: QRectF, to_pixels: tuple[float, float], looking: QPointF
    ) -> None:
        """A hairline through a point, and what each curve says there."""
        a, b = to_pixels
        metrics = self._metrics
        painter.setFont(self._small)
        at = looking.x()
        painter.setPen(self.look.pen("ghost"))
        painter.drawLine(QPointF(at, inside.top()), QPointF(at, inside.bottom()))
        plot_x = (at - b) / a
        shown_x = 10**plot_x if self._logs[0] else plot_x
        rows: list[tuple[str, QColor]] = []
        for line in self._lines:
            near = int(np.nanargmin(np.abs(line.x - plot_x)))
            if line.pixels is None or not np.isfinite(line.y[near]):
                continue
            if abs(line.pixels[near, 0] - at) > max(12.0, 1.5 * abs(a)):
                continue
            color = self.look.ink("muted" if line.curve.style == "ghost" else line.curve.series)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(*line.pixels[near]), self.look.px(3), self.look.px(3))
            value = 10 ** line.y[near] if self._logs[1] else line.y[near]
            shown_x = float(10 ** line.x[near] if self._logs[0] else line.x[near])
            rows.append((f"{line.curve.label or self._axis_titles[1]}  {decimal(float(value))}"
                         .strip(), color))
        rows.insert(0, (f"{self._axis_titles[0]}  {decimal(shown_x)}".strip(),
                        self.look.color("muted")))
        width = max(metrics.horizontalAdvance(text) for text, _ in rows) + self.look.px(16)
        high = metrics.height() * len(rows) + self.look.px(10)
        left = at + 10 if at + 12 + width < inside.right() else at - 10 - width
        left = max(inside.left(), left)
        top = min(max(inside.top(), looking.y() - high / 2), inside.bottom() - high)
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(self.look.color("card", 235))
        painter.drawRoundedRect(QRectF(left, top, width, high), 6, 6)
        for index, (text, color) in enumerate(rows):
            painter.setPen(color)
            painter.drawText(QPointF(left + self.look.px(8), top + self.look.px(5)
                                     + metrics.ascent() + index * metrics.height()), text)

    # --- a curve drawn by hand -------------------------------------------------------------------

    @property
    def sketching(self) -> bool:
        """Whether the mouse draws."""
        return self._sketch is not None and self._sketch.open

    def begin_sketch(self, x_range: Range, y_range: Range | None = None) -> None:
        """Let the mouse draw a curve over ``x_range``, on a plot that shows these ranges."""
        plain = self.ranges()[1] if y_range is None else y_range
        self._sketch = _Sketch(x_range, plain, np.full(SKETCHED, np.nan))
        self._canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.draw(self._curves, self._rules)

    def sketch(self) -> NDArray[np.float64] | None:
        """What was drawn, (101,) values at equal distances; None where nothing was."""
        return None if self._sketch is None else self._sketch.whole()

    def show_sketch(self, x_range: Range, values: NDArray[np.float64]) -> None:
        """Keep a drawn curve in sight, dashed, under what is drawn over it."""
        self._canvas.viewport().unsetCursor()
        self._sketch = _Sketch(x_range, self.ranges()[1], values, open=False)
        self.draw(self._curves, self._rules)

    def sketch_as(self, other: CurvePlot) -> None:
        """Have what is drawn by hand on another plot, and let the mouse draw on where it does there."""
        theirs = other._sketch
        self._sketch = None if theirs is None else replace(theirs, values=theirs.values.copy(), at=None)
        if self.sketching:
            self._canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._canvas.viewport().unsetCursor()
        self.draw(self._curves, self._rules)

    def end_sketch(self) -> None:
        """Take the sketch away."""
        if self._sketch is not None:
            self._sketch = None
            self._canvas.viewport().unsetCursor()
            self.draw(self._curves, self._rules)

    def pen_at(self, position: QPointF, *, down: bool = False) -> bool:
        """The mouse went down or moved; whether it draws."""
        if self._sketch is None or not self._sketch.open:
            return False
        a, b, c, d, _ = self._to_pixels()
        x, y = (position.x() - b) / a, (position.y() - d) / c
        x, y = (10**v if log else v for v, log in zip((x, y), self._logs, strict=True))
        drawn = self._sketch.to(x, y, down=down)
        self._canvas.viewport().update()
        return drawn

    def pen_up(self) -> bool:
        """The mouse was let go; whether that ended a stroke."""
        if self._sketch is None or not self._sketch.open or self._sketch.at is None:
            return False
        self._sketch.at = None
        self.sketched.emit()
        return True

    def _sketched(self, to_pixels: tuple[float, float, float, float]) -> NDArray[np.float64]:
        """(n, 2) pixels of what was drawn by hand."""
        if self._sketch is None:
            return np.zeros((0, 2))
        a, b, c, d = to_pixels
        x, y = self._sketch.x, self._sketch.values
        x, y = (_logarithm(v) if log else v for v, log in zip((x, y), self._logs, strict=True))
        good = np.isfinite(x) & np.isfinite(y)
        return np.stack([a * x[good] + b, c * y[good] + d], 1)

    def _paint_sketch(self, painter: QPainter, points: NDArray[np.float64]) -> None:
        if len(points):
            painter.setPen(_sketch_pen(self.look))
            painter.drawPolyline(polygon(points))

    # --- the keys --------------------------------------------------------------------------------

    def _there(self, part: Point) -> bool:
        return part[0] < len(self._lines) and part[1] < len(self._lines[part[0]].x)

    def beside(self, part: Point | None, dx: int, dy: int) -> Point | None:
        if not self._lines:
            return None
        if part is None:  # the end of the curve on top
            return len(self._lines) - 1, len(self._lines[-1].x) - 1
        which = min(max(part[0] + dy, 0), len(self._lines) - 1)
        line, before = self._lines[which], self._lines[part[0]]
        if which != part[0]:
            return which, int(np.argmin(np.abs(line.x - before.x[part[1]])))
        stride = max(1, len(line.x) // STRIDES)  # a long curve is crossed in so many steps
        return which, min(max(part[1] + dx * stride, 0), len(line.x) - 1)

    def say(self, part: Point) -> str:
        line = self._lines[part[0]]
        x, y = self._data_at(part)
        name = line.curve.label or self._axis_titles[1]
        return f"{name}   {self._axis_titles[0]} {decimal(x)}: {decimal(y)}".strip()

    def tell_click(self, part: Point | None) -> None:
        if part is not None:
            self.clicked.emit(*self._data_at(part))

    def tell_hover(self, part: Point | None) -> None:
        if part is not None:
            self.hovered.emit(*self._data_at(part))

    def _data_at(self, part: Point) -> tuple[float, float]:
        line = self._lines[part[0]]
        x, y = (float(10**value if log else value) for value, log in zip(
            (line.x[part[1]], line.y[part[1]]), self._logs, strict=True))
        return x, y

    def repaint_all(self) -> None:
        self._canvas.viewport().update()

    def mouse_at(self, position: QPointF | None, *, click: bool = False) -> None:
        """The mouse moved or clicked on the canvas, or left it (``None``)."""
        self._mouse = position
        self._canvas.viewport().update()
        if position is None:
            return
        a, b, c, d, inside = self._to_pixels()
        if inside.contains(position):
            x, y = (position.x() - b) / a, (position.y() - d) / c
            x, y = (10**v if log else v for v, log in zip((x, y), self._logs, strict=True))
            (self.clicked if click else self.hovered).emit(x, y)


def _logarithm(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _grown_log(now: Range | None, low: float, high: float) -> Range:
    """As ``scales.grown``, in decades: whole ones where there are some, fifths of one otherwise."""
    low, high = scales.widened(low, high, 0.2)
    span = high - low
    if now is not None and now[0] <= low and high <= now[1] and span >= (now[1] - now[0]) / 3:
        return now
    step = 1.0 if span > 1.5 else 0.2
    return (float(np.floor(low / step + 1e-9) * step), float(np.ceil(high / step - 1e-9) * step))


def _named(curve: Curve) -> _Named:
    return _Named(curve.label, None if curve.style == "ghost" else curve.series, curve.style)


def _ends(rule: Rule, at: float, inside: QRectF) -> tuple[QPointF, QPointF]:
    """The ends of a rule's line, in pixels."""
    if rule.axis == "x":
        return QPointF(at, inside.top()), QPointF(at, inside.bottom())
    return QPointF(inside.left(), at), QPointF(inside.right(), at)


def ghost_curves(ghosts: Sequence[Any], name: str, width: float = 1.5) -> list[Curve]:
    """A grey curve of a scalar for each pinned run that has it; runs have ``label`` and ``history``."""
    points = [(ghost.label, *ghost.history.points(name)) for ghost in ghosts if name in ghost.history]
    return [Curve(y, x, label, style="ghost", width=width) for label, y, x in points]


def loss_curves(
    history: Any,
    names: Sequence[str],
    labels: Sequence[str],
    ghosts: Sequence[Any] = (),
    name: str | None = None,
) -> list[Curve]:
    """Curves of scalars over the steps of a run, with one ghost for each pinned run.

    Args:
        history: of the run; ``history.points(name)`` gives values and the steps they belong to.
        names: the scalars to draw, one series each.
        labels: what each is called at its curve.
        ghosts: pinned runs, with ``label`` and ``history``.
        name: the scalar that ghosts show; the first of ``names`` if not said.
    """
    curves = ghost_curves(ghosts, name or names[0], Curve.width)
    for series, (one, label) in enumerate(zip(names, labels, strict=True)):
        if one in history:
            y, x = history.points(one)
            curves.append(Curve(y, x, label, series))
    return curves
