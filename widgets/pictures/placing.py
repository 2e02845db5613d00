"""Places for labels in a plot: beside what they name, touching no line, no rule and no other label.

The plot is looked at as a grid of small cells. What is drawn fills cells; sums over the grid then say
of hundreds of places at once whether they are free. A label for which none is free is not squeezed in:
the plot names its curve in a legend instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

CELL = 2.0  # pixels
STEP = 2  # cells between two places that are tried
AT_ONCE = 32  # places that are looked at before all others

Points = NDArray[np.float64]  # (n, 2)
Boxes = NDArray[np.float64]  # (k, 4): left, top, right, bottom

NOWHERE: Boxes = np.zeros((0, 4))

# The columns of cells that a line crosses, and its highest and lowest pixel in each of them.
Spans = tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]


class Ground:
    """Which places of a rectangle are free.

    Args:
        inside: where labels may be, in pixels.
        clear: how far they keep from what is drawn.
    """

    def __init__(self, inside: QRectF, clear: float) -> None:
        self.left, self.top = inside.left(), inside.top()
        self.right, self.bottom = inside.right(), inside.bottom()
        self.clear = clear
        self.columns = max(1, int(np.ceil(inside.width() / CELL)))
        self.rows = max(1, int(np.ceil(inside.height() / CELL)))
        self._filled: list[Spans] = []
        self._sums: NDArray[np.int32] | None = None

    def add_line(self, points: Points, *, dots: bool = False) -> Spans:
        """A line through points; not finite ones are gaps. ``dots``: the points alone."""
        spans = self._spans(points, dots)
        self._filled.append(spans)
        self._sums = None
        return spans

    def add_box(self, box: QRectF) -> None:
        """A label, a mark or whatever else lies there."""
        first = int(max(0, (box.left() - self.left) // CELL))
        last = int(min(self.columns - 1, (box.right() - self.left) // CELL))
        column = np.arange(first, last + 1)
        self._filled.append((column, np.full(len(column), box.top()),
                             np.full(len(column), box.bottom())))
        self._sums = None

    def _spans(self, points: Points, dots: bool) -> Spans:
        good = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
        if dots:
            start = stop = points[good]
        else:
            ends = good[:-1] & good[1:]
            alone = good.copy()
            alone[:-1] &= ~ends
            alone[1:] &= ~ends
            start = np.concatenate([points[:-1][ends], points[alone]])
            stop = np.concatenate([points[1:][ends], points[alone]])
        back = start[:, :1] > stop[:, :1]
        if back.any():
            start, stop = np.where(back, stop, start), np.where(back, start, stop)
        seen = (stop[:, 0] >= self.left) & (start[:, 0] <= self.right)
        start, stop = start[seen], stop[seen]
        first = np.clip((start[:, 0] - self.left) // CELL, 0, self.columns - 1).astype(np.intp)
        last = np.clip((stop[:, 0] - self.left) // CELL, 0, self.columns - 1).astype(np.intp)
        count = last - first + 1
        which = np.repeat(np.arange(len(count)), count)
        column = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + first[which]
        x0, y0, x1, y1 = start[which, 0], start[which, 1], stop[which, 0], stop[which, 1]
        across = np.where(x1 > x0, x1 - x0, 1.0)
        edge = self.left + column * CELL
        near = np.where(x1 > x0, (np.maximum(x0, edge) - x0) / across, 0.0)
        far = np.where(x1 > x0, (np.minimum(x1, edge + CELL) - x0) / across, 1.0)
        a, b = y0 + (y1 - y0) * near, y0 + (y1 - y0) * far
        return column, np.minimum(a, b), np.maximum(a, b)

    def _summed(self) -> NDArray[np.int32]:
        """(columns + 1, rows + 1): how many cells left of and above each corner are filled."""
        sums = np.zeros((self.columns + 1, self.rows + 1), np.int32)
        if self._filled:
            column, low, high = (np.concatenate(parts) for parts in zip(*self._filled, strict=True))
            seen = (high >= self.top) & (low <= self.bottom)
            column, low, high = column[seen], low[seen], high[seen]
            tall = self.rows + 1
            first = np.clip((low - self.top) // CELL, 0, self.rows - 1).astype(np.intp)
            last = np.clip((high - self.top) // CELL, 0, self.rows - 1).astype(np.intp)
            # A run of filled cells in a column begins with +1 and ends with −1.
            size = self.columns * tall
            edges = np.bincount(column * tall + first, minlength=size) \
                - np.bincount(column * tall + last + 1, minlength=size)
            filled = edges.astype(np.int32).reshape(self.columns, tall).cumsum(1)[:, :-1] > 0
            sums[1:, 1:] = filled.cumsum(0, np.int32).cumsum(1, np.int32)
        return sums

    def free(self, boxes: Boxes) -> NDArray[np.bool_]:
        """(k,) whether nothing lies in or near each box, and it lies inside."""
        if self._sums is None:
            self._sums = self._summed()
        left, top, right, bottom = boxes.T
        inside = (left >= self.left) & (right <= self.right) & (top >= self.top) & (bottom <= self.bottom)
        first = np.clip((left - self.clear - self.left) // CELL, 0, self.columns - 1).astype(np.intp)
        last = np.clip((right + self.clear - self.left) // CELL + 1, 1, self.columns).astype(np.intp)
        over = np.clip((top - self.clear - self.top) // CELL, 0, self.rows - 1).astype(np.intp)
        under = np.clip((bottom + self.clear - self.top) // CELL + 1, 1, self.rows).astype(np.intp)
        sums = self._sums
        here = sums[last, under] - sums[first, under] - sums[last, over] + sums[first, over]
        found: NDArray[np.bool_] = inside & (here == 0)
        return found


def contained(boxes: Boxes, room: QRectF) -> NDArray[np.bool_]:
    """(k,) which boxes lie in the room."""
    left, top, right, bottom = boxes.T
    found: NDArray[np.bool_] = (left >= room.left()) & (right <= room.right()) \
        & (top >= room.top()) & (bottom <= room.bottom())
    return found


def overlapping(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """(k,) which boxes have a part in common with one of the others."""
    left, top, right, bottom = boxes.T[..., None]
    both = (left < others[:, 2]) & (right > others[:, 0]) & (top < others[:, 3]) & (bottom > others[:, 1])
    found: NDArray[np.bool_] = both.any(1)
    return found


def covered(boxes: Boxes, points: Points) -> NDArray[np.intp]:
    """(k,) how many points each box lies on."""
    (left, top, right, bottom), (x, y) = boxes.T[..., None], points.T
    found: NDArray[np.intp] = ((x > left) & (x < right) & (y > top) & (y < bottom)).sum(1)
    return found


def beside_line(
    ground: Ground, spans: Spans, end: tuple[float, float], size: tuple[float, float], gap: float
) -> Boxes:
    """Places for a line's name, best first: above or below it, from its end back; after its end, where a
    line that grows would soon run into it; above or below it with another label in between."""
    wide, tall = size
    x, y = end
    after = np.array([[x + gap, y - tall / 2, x + gap + wide, y + tall / 2]])
    column, low, high = spans
    width = int(np.ceil(wide / CELL)) + 1
    if width > ground.columns or not len(column):
        return after
    top, bottom = np.full(ground.columns, np.inf), np.full(ground.columns, -np.inf)
    np.minimum.at(top, column, low)
    np.maximum.at(bottom, column, high)
    view = np.lib.stride_tricks.sliding_window_view
    # Along most of its width there is a line; a short one stands above or below the label whole.
    covered = np.isfinite(view(top, width)[::-STEP]).sum(1)
    along = covered >= min(0.6 * width, np.isfinite(top).sum())
    left = ground.left + np.arange(ground.columns - width + 1)[::-STEP][along] * CELL
    above = view(top, width)[::-STEP].min(1)[along] - gap - tall
    below = view(bottom, width)[::-STEP].max(1)[along] + gap
    both = np.empty((2 * len(left), 4))  # above and below in turn: the end of the line comes first
    for side, edge in enumerate((above, below)):
        both[side::2] = np.stack([left, edge, left + wide, edge + tall], 1)
    # A line farther away its colour still tells whose name it is.
    away = np.tile([-tall - 1, tall + 1], len(left))
    return np.concatenate([both, after, both + np.stack([0 * away, away, 0 * away, away], 1)])


def beside_rule(
    ground: Ground, at: float, size: tuple[float, float], gap: float, *, upright: bool
) -> Boxes:
    """Places along a rule, best first: at the top of an upright one, at the right end of a level one."""
    wide, tall = size
    if upright:
        tops = np.arange(ground.top, ground.bottom - tall, 4.0)
        sides = [(at + gap, tops), (at - gap - wide, tops)]
        pairs = [np.stack([np.full(len(tops), left), tops], 1) for left, tops in sides]
    else:
        lefts = np.arange(ground.right - wide, ground.left, -4.0)
        pairs = [np.stack([lefts, np.full(len(lefts), top)], 1)
                 for top in (at - gap - tall, at + gap)]
    spots = np.empty((2 * len(pairs[0]), 2))
    spots[0::2], spots[1::2] = pairs
    return np.concatenate([spots, spots + (wide, tall)], 1)


def place(
    ground: Ground, wanted: Sequence[Boxes], before: Sequence[QRectF | None] = (),
    taken: Sequence[QRectF] = (),
) -> list[QRectF | None]:
    """A free place for each label beside those that are ``taken``, or None where there is none.

    Those with the fewest free places choose first. A label stays where it was (``before``) while that
    is free and still among the places it may have: labels stand still.
    """
    lasting = [*before, *[None] * (len(wanted) - len(before))]
    olds = [NOWHERE if last is None else np.array([[last.left(), last.top(), last.right(), last.bottom()]])
            for last in lasting]
    # All are looked at together: each look costs more than the places that it looks at.
    ends = np.cumsum([len(boxes) for boxes in (*olds, *wanted)])
    free = np.split(ground.free(np.concatenate([NOWHERE, *olds, *wanted])), ends[:-1])
    usable: list[Boxes] = []
    for boxes, old, there, still in zip(wanted, olds, free[len(olds):], free, strict=False):
        choice = boxes[there]
        if still.any() and len(boxes):
            near = (np.abs(boxes[:, :2] - old[:, :2]) <= (2.0 * STEP * CELL, 10.0)).all(1).any()
            if near and np.allclose(old[0, 2:] - old[0, :2], boxes[0, 2:] - boxes[0, :2]):
                choice = np.concatenate([old, choice])
        usable.append(choice)
    found: list[QRectF | None] = [None] * len(wanted)
    others = np.array([[one.left(), one.top(), one.right(), one.bottom()] for one in taken]).reshape(-1, 4)
    for index in sorted(range(len(wanted)), key=lambda one: (len(usable[one]), one)):
        box = _first_apart(usable[index], others)
        if len(box):
            left, top, right, bottom = (float(one) for one in box[0])
            found[index] = QRectF(left, top, right - left, bottom - top)
            others = np.concatenate([others, box])
    return found


def _first_apart(boxes: Boxes, taken: Boxes) -> Boxes:
    """(1, 4): the first box that keeps its distance from those that are taken; (0, 4) where none does.

    The best places come first and are seldom taken, so few are looked at beforehand.
    """
    for some in (boxes[:AT_ONCE], boxes[AT_ONCE:]):
        left, top, right, bottom = some.T[..., None]
        apart = (left >= taken[:, 2] + 4) | (right <= taken[:, 0] - 4) | (top >= taken[:, 3]) \
            | (bottom <= taken[:, 1])
        good = np.flatnonzero(apart.all(1))
        if len(good):
            return some[good[:1]]
    return NOWHERE


def touched(points: Points, boxes: Sequence[QRectF], *, rising: bool) -> bool:
    """Whether a line may have come into one of the boxes; never wrong where it says no."""
    x, y = points.T
    for box in boxes:
        first, last = 0, len(x)
        if rising:
            first = max(0, int(np.searchsorted(x, box.left())) - 1)
            last = int(np.searchsorted(x, box.right())) + 1
        across, up = x[first:last], y[first:last]
        before, after = slice(0, max(1, len(up) - 1)), slice(min(1, len(up) - 1), None)
        if len(up) and np.any(
                (np.minimum(up[before], up[after]) <= box.bottom())
                & (np.maximum(up[before], up[after]) >= box.top())
                & (np.minimum(across[before], across[after]) <= box.right())
                & (np.maximum(across[before], across[after]) >= box.left())):
            return True
    return False
