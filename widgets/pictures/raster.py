"""Arrays into pictures: colour tables, area averages, discs and paths, by numpy on whole arrays.

Qt draws shapes one by one; a cloud of 50,000 discs or a grid of 144 attention maps is far quicker
as index arithmetic into one buffer that Qt then draws as a single image. Buffers are ``uint8`` RGBA
of shape (height, width, 4), rows from the top, alpha not multiplied in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from widgets.theme.look import Theme
from widgets.theme.marks import MARK_REACH, MARKS, extent

Pixels = NDArray[np.uint8]
Table = NDArray[np.uint8]  # (256, 4) RGBA

# Below this many point-pixel pairs discs are placed to a fraction of a pixel; above it, to whole
# pixels: motion of so many is not seen pixel by pixel, and a frame has 6 ms.
SMOOTH_DISCS = 150_000
PHASES = 2  # positions within a pixel, each way
# Paths with more vertical pixels than this are drawn as dots at their columns.
PATH_PIXELS = 6_000_000

_8, _24 = np.uint32(8), np.uint32(24)
_RGB, _EVEN = np.uint32(0x00FFFFFF), np.uint32(0x00FF00FF)


@cache
def sequential(name: str = "viridis") -> Table:
    """The sequential table ``viridis`` or ``cividis``, dark for low values."""
    table = pyqtgraph.colormap.get(name).getLookupTable(nPts=256, alpha=True)
    return _frozen(np.asarray(table, np.uint8))


@cache
def for_points(theme: Theme) -> Table:
    """The sequential table for marks on a card: without the end that the card would swallow."""
    table = sequential().astype(float)
    first, last = (0.25, 1.0) if QColor(theme.card).lightness() < 128 else (0.0, 0.9)
    at = np.linspace(first * 255, last * 255, 256)
    shades = [np.interp(at, np.arange(256), table[:, channel]) for channel in range(4)]
    return _frozen(np.stack(shades, axis=1).round().astype(np.uint8))


@cache
def diverging(theme: Theme) -> Table:
    """Series 2 for the lowest, the card itself in the middle, series 1 for the highest."""
    stops = np.array([rgba(theme.series[1]), rgba(theme.card), rgba(theme.series[0])], float)
    at = np.linspace(0.0, 2.0, 256)
    table = np.stack([np.interp(at, [0, 1, 2], stops[:, c]) for c in range(4)], axis=1)
    return _frozen(table.round().astype(np.uint8))


def _frozen(table: Table) -> Table:
    table = np.ascontiguousarray(table)
    table.flags.writeable = False
    return table


def rgba(color: str | QColor) -> tuple[int, int, int, int]:
    """A colour as four bytes."""
    one = QColor(color)
    return one.red(), one.green(), one.blue(), one.alpha()


def luminance(colors: NDArray[Any]) -> NDArray[np.float64]:
    """Relative luminance (WCAG 2) of sRGB colours (..., 3), 0 … 1."""
    part = np.asarray(colors, np.float64) / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


BLACK, WHITE, PLATE = 0, 1, 2  # how a figure is written on a colour


def figures_on(colors: NDArray[Any], legible: float) -> NDArray[np.int64]:
    """How a figure on each of the colours (..., 3) is read best: in black, in white, or, where neither has
    the contrast that letters need, on a plate."""
    light = luminance(colors)
    black, white = (light + 0.05) / 0.05, 1.05 / (light + 0.05)
    return np.where(np.maximum(black, white) < legible, PLATE, np.where(white > black, WHITE, BLACK))


def limits(
    values: NDArray[Any], low: float | None, high: float | None, centred: bool = False
) -> tuple[float, float]:
    """The range of a colour scale: what is given, and the finite data's own where it is not.

    ``centred`` scales keep zero in the middle. A range is never empty, so constant data have a
    colour too: the lowest of a sequential table, the middle of a diverging one.
    """
    if low is None or high is None:
        flat = np.asarray(values)
        least, most = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
        if not (np.isfinite(least) and np.isfinite(most)):
            flat = flat[np.isfinite(flat)]
            least, most = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
        if centred:
            given = [abs(one) for one in (low, high) if one is not None]
            most = given[0] if given else max(abs(least), abs(most))
            least = -most
        low = least if low is None else low
        high = most if high is None else high
    if not high > low:
        low, high = (low - 1.0, low + 1.0) if centred else (low, low + 1.0)
    return float(low), float(high)


def colour(values: NDArray[Any], low: float, high: float, table: Table) -> Pixels:
    """Each value's colour, shape (..., 4); values beyond the range take the ends of the table.

    What is not a number is transparent: a hole must not look like a value.
    """
    scaled = np.asarray(values, np.float32) - np.float32(low)
    scaled *= np.float32(256.0 / max(high - low, 1e-30))
    holes = np.isnan(scaled)
    some = bool(holes.any())
    if some:
        scaled[holes] = 0.0
    np.clip(scaled, 0.0, 255.0, out=scaled)
    packed = _packed(table).take(scaled.astype(np.uint8))
    if some:
        packed[holes] = 0
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def colours(series: NDArray[Any], palette: Sequence[str | QColor]) -> Pixels:
    """The colour (N, 4) of each point's series number; the palette repeats."""
    table = np.array([rgba(one) for one in palette], np.uint8)
    return table[np.asarray(series, np.intp) % len(table)]


def _packed(pixels: Pixels) -> NDArray[np.uint32]:
    """RGBA bytes as one number a pixel, so that a pixel is moved at once."""
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def to_image(pixels: Pixels, ratio: float = 1.0) -> QImage:
    """A QImage of (height, width, 4) RGBA pixels that owns its memory.

    The copy costs 0.1 ms for half a million pixels; an image that points into an array which numpy
    has meanwhile freed costs the program. It is in the format that Qt paints with, or Qt would
    convert it again each time it is drawn.
    """
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    view = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    image = view.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    return image


class Sheet:
    """A buffer that is cleared, drawn and shown at every frame, so that no memory is asked for."""

    def __init__(self) -> None:
        self.pixels: Pixels = np.zeros((0, 0, 4), np.uint8)

    def cleared(self, height: int, width: int) -> Pixels:
        """The empty buffer at this size, (height, width, 4)."""
        if self.pixels.shape[:2] != (height, width):
            self.pixels = np.zeros((height, width, 4), np.uint8)
        else:
            self.pixels.fill(0)
        return self.pixels

    def paint(self, painter: QPainter, x: int, y: int, ratio: float = 1.0) -> None:
        """Draw the buffer at (x, y). The image that borrows its memory lives in this call only."""
        height, width = self.pixels.shape[:2]
        if height and width:
            image = QImage(self.pixels.data, width, height, 4 * width,
                           QImage.Format.Format_RGBA8888)
            image.setDevicePixelRatio(ratio)
            painter.drawImage(x, y, image)


def resample(stack: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    """Matrices (..., H, W) at another size (..., height, width).

    Where there are fewer pixels than cells, a pixel is the mean over its area, so nothing is lost
    between pixels (where there are less than half as many, blocks of cells are added up whole first
    and a pixel shares the blocks at its edges with its neighbours); where there are more, a cell is
    repeated.
    """
    stack = np.asarray(stack)
    rows, columns = stack.shape[-2:]
    down = _Blocks(rows, height)
    across = _Blocks(columns, width)
    if down.size > 1 or across.size > 1:
        flat = stack.reshape(-1, rows, columns)
        means = np.empty((len(flat), down.count, across.count), np.float32)
        for one, into in zip(flat, means, strict=True):  # one by one, to stay in the CPU's cache
            into[...] = across.sums(down.sums(one, 0), 1)
        means *= down.parts[:, None] * across.parts
        stack = means.reshape(*stack.shape[:-2], down.count, across.count)
    return _fractions(_fractions(stack, down.edges, height, -2), across.edges, width, -1)


class _Blocks:
    """How ``have`` cells are cut into whole blocks, at least ``wanted`` of them if there are."""

    def __init__(self, have: int, wanted: int) -> None:
        self.size = max(1, have // max(wanted, 1))
        self.whole = have // self.size
        self.edges = np.arange(self.whole + 1) * self.size
        if self.edges[-1] < have:
            self.edges = np.append(self.edges, have)
        self.count = len(self.edges) - 1
        self.parts = (1.0 / np.diff(self.edges)).astype(np.float32)

    def sums(self, cells: NDArray[Any], axis: int) -> NDArray[Any]:
        """The sum over each block along an axis of a matrix."""
        if self.size == 1:
            return cells
        total: NDArray[Any]
        kind = np.float32 if cells.dtype.kind == "f" else np.uint32
        cut = self.whole * self.size
        if axis == 0:
            total = cells[:cut].reshape(self.whole, self.size, -1).sum(axis=1, dtype=kind)
        else:
            # Slice by slice: many sums of few values along the last axis are slow in numpy.
            total = np.add(cells[:, 0:cut:self.size], cells[:, 1:cut:self.size], dtype=kind)
            for one in range(2, self.size):
                total += cells[:, one : cut : self.size]
        if self.count > self.whole:
            rest = cells[cut:] if axis == 0 else cells[:, cut:]
            last = rest.sum(axis=axis, keepdims=True, dtype=kind)
            total = np.concatenate([total, last], axis=axis)
        return total


def _fractions(
    blocks: NDArray[Any], edges: NDArray[np.int64], size: int, axis: int
) -> NDArray[np.float32]:
    have = blocks.shape[axis]
    if have == size:
        return np.asarray(blocks, np.float32)
    if have < size:
        nearest = (np.arange(size) * have) // size
        return np.asarray(blocks.take(nearest, axis=axis), np.float32)
    total: Any = 0.0
    for which, part in _shares(tuple(edges.tolist()), size):
        total = total + blocks.take(which, axis=axis) * (part if axis == -1 else part[:, None])
    return np.asarray(total, np.float32)


@lru_cache(maxsize=32)  # a picture that moves keeps its size
def _shares(
    edges: tuple[int, ...], size: int
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Which blocks each of ``size`` pixels takes from, and how much of each; at most four."""
    have, ends = len(edges) - 1, np.array(edges)
    wanted = np.linspace(0.0, ends[-1], size + 1)
    shared = np.minimum(ends[1:], wanted[1:, None]) - np.maximum(ends[:-1], wanted[:-1, None])
    shared = np.clip(shared, 0.0, None)
    shared /= shared.sum(axis=1, keepdims=True)  # (size, have): each block's part in a pixel
    first = np.argmax(shared > 0, axis=1)
    plan = []
    for step in range(int((shared > 0).sum(axis=1).max())):
        which = np.minimum(first + step, have - 1)
        part = np.where(first + step < have, shared[np.arange(size), which], 0.0)
        plan.append((which, part.astype(np.float32)))
    return plan


def discs(
    pixels: Pixels, x: NDArray[Any], y: NDArray[Any], radius: float, colors: Pixels,
    shape: int = 0,
) -> None:
    """Draw discs at (x, y), in pixels, into the buffer; ``colors`` is (4,) or (N, 4). ``shape`` is a
    series, whose mark is drawn instead of the disc.

    All soft edges are written before all interiors, so where discs overlap an edge never eats into
    a neighbour, and of two interiors the later point is on top.
    """
    height, width = pixels.shape[:2]
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    reach = int(np.ceil((MARK_REACH if shape % len(MARKS) else 1.0) * radius + 0.5))
    with np.errstate(invalid="ignore"):
        inside = (x > -reach) & (x < width + reach) & (y > -reach) & (y < height + reach)
    colors = np.broadcast_to(colors, (len(x), 4))
    if not inside.all():
        x, y, colors = x[inside], y[inside], colors[inside]
    if not len(x):
        return
    column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    canvas = pixels.view(np.uint32)[..., 0]
    # Where discs reach over the edge, a frame round the buffer takes what is outside, so that no
    # single pixel needs a test.
    rim = 0 if column.min() >= reach and column.max() < width - reach and row.min() >= reach \
        and row.max() < height - reach else 2 * reach
    room = np.pad(canvas, rim) if rim else canvas
    flat, stride = room.reshape(-1), room.shape[1]
    base = (row + rim) * stride + (column + rim)
    ink = _packed(np.ascontiguousarray(colors))
    if len(x) * (2 * reach + 1) ** 2 <= SMOOTH_DISCS:
        _smooth(flat, stride, base, x - column, y - row, radius, reach, ink, shape)
    else:
        _whole(flat, stride, base, radius, reach, ink, shape)
    if rim:
        canvas[...] = room[rim:-rim, rim:-rim]


def _smooth(
    flat: NDArray[np.uint32], stride: int, base: NDArray[Any], x: NDArray[Any], y: NDArray[Any],
    radius: float, reach: int, ink: NDArray[np.uint32], shape: int,
) -> None:
    """Discs placed to half a pixel."""
    phase = (y * PHASES).astype(np.intp) * PHASES + (x * PHASES).astype(np.intp)
    order = np.argsort(phase, kind="stable")
    bounds = np.searchsorted(phase[order], np.arange(PHASES**2 + 1))
    groups = [(order[bounds[one] : bounds[one + 1]], _stamp(radius, reach, one, shape))
              for one in range(PHASES**2) if bounds[one] < bounds[one + 1]]
    for points, (dx, dy, cover) in groups:
        edge = cover < 1.0
        there = base[points, None] + (dy[edge] * stride + dx[edge])
        flat[there] = _over(ink[points, None], cover[edge], flat[there])
    for points, (dx, dy, cover) in groups:
        full = cover >= 1.0
        flat[base[points, None] + (dy[full] * stride + dx[full])] = ink[points, None]


@lru_cache(maxsize=256)
def _stamp(
    radius: float, reach: int, phase: int, shape: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The pixels that a disc touches, as offsets, and how much of each it covers."""
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    x, y = (phase % PHASES + 0.5) / PHASES, (phase // PHASES + 0.5) / PHASES
    cover = np.clip(radius + 0.5 - extent(shape, dx + 0.5 - x, dy + 0.5 - y), 0.0, 1.0)
    touched = cover > 0.02
    return dx[touched], dy[touched], cover[touched].astype(np.float32)


def _whole(
    flat: NDArray[np.uint32], stride: int, base: NDArray[Any], radius: float, reach: int,
    ink: NDArray[np.uint32], shape: int,
) -> None:
    """Discs at whole pixels: one write of all points for each pixel of the disc."""
    for cover, dy, dx in _whole_stamp(radius, reach, shape):
        alpha = np.uint32(round(cover * 255)) << _24
        flat[base + (dy * stride + dx)] = ink if cover >= 1.0 else (ink & _RGB) | alpha


@lru_cache(maxsize=64)
def _whole_stamp(radius: float, reach: int, shape: int) -> list[tuple[float, int, int]]:
    """The pixels of a disc (cover, row, column), softest first."""
    across = range(-reach, reach + 1)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    cover = np.clip(radius + 0.5 - extent(shape, dx, dy), 0.0, 1.0)
    stamp = [(float(cover[y + reach, x + reach]), y, x) for y in across for x in across]
    return sorted(one for one in stamp if one[0] > 0.25)


def _over(
    ink: NDArray[np.uint32], cover: NDArray[np.float32], under: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Ink of some cover on what is there: on nothing it is see-through, on colour it mixes.

    Two channels at a time, each in its half of the number, in 1/256 parts.
    """
    part = np.broadcast_to((cover * 256).astype(np.uint32), under.shape)
    clear = (ink & _RGB) | ((((ink >> _24) * part) >> _8) << _24)
    below = under >> _24
    if not below.any():
        return clear
    even, odd = ink & _EVEN, (ink >> _8) & _EVEN
    low_even, low_odd = under & _EVEN, (under >> _8) & _EVEN
    rest = np.uint32(256) - part
    mixed = (((even * part + low_even * rest) >> _8) & _EVEN) \
        | ((odd * part + low_odd * rest) & ~_EVEN)
    return np.where(below == 255, mixed, np.where(below > clear >> _24, under, clear))


def paths(index: NDArray[np.int32], y: NDArray[Any], columns: NDArray[np.int32]) -> None:
    """Draw N paths into ``index`` (width, height), which holds the path seen at each pixel.

    Keeping numbers of paths instead of colours lets the caller colour all of them anew without
    drawing them again. The buffer lies on its side because paths are drawn column by column.

    Args:
        index: (width, height) int32, -1 where there is none; changed in place.
        y: (T, N) heights in pixels from the top; a path has a gap where it is not finite.
        columns: (T,) pixel columns, increasing.
    """
    width, height = index.shape
    if y.shape[0] == 1:
        columns = np.append(columns, columns[-1] + 1)
        y = np.repeat(y, 2, axis=0)
    every = np.arange(y.shape[1], dtype=np.int32)
    spent = 0
    for t in range(y.shape[0] - 1):
        start, stop = int(columns[t]), max(int(columns[t + 1]), int(columns[t]) + 1)
        before, after, who = y[t], y[t + 1], every
        seen = np.isfinite(before) & np.isfinite(after)
        if not seen.all():
            before, after, who = before[seen], after[seen], every[seen]
        share = np.arange(stop - start + 1, dtype=np.float32)[:, None] / np.float32(stop - start)
        rows = np.clip(before + (after - before) * share, 0, height - 1).astype(np.intp)  # (c + 1, n)
        there = slice(max(0, -start), max(0, width - start))  # the columns that the picture has
        spent += _columns(index[max(0, start) : max(0, stop)], rows[:-1][there], rows[1:][there], who,
                          spent < PATH_PIXELS)


def _columns(
    into: NDArray[np.int32], start: NDArray[np.intp], stop: NDArray[np.intp],
    who: NDArray[np.int32], fill: bool,
) -> int:
    """Columns of pixels ``into`` (c, height): every path's run from ``start`` (c, n) to ``stop``, the
    later path over the earlier. Returns the pixels written."""
    pixels = into.reshape(-1)  # a view, as whole columns lie one behind the other
    low = (np.minimum(start, stop) + into.shape[1] * np.arange(len(start))[:, None]).ravel()
    who = np.tile(who, len(start))
    pixels[low] = who
    if not fill:
        return len(who)
    length = np.abs(stop - start).ravel()  # of each run beyond its first pixel
    longest = int(length.max(initial=0))
    for step in range(1, min(longest, 3) + 1):
        more = np.flatnonzero(length >= step)
        pixels[low[more] + step] = who[more]
    if longest > 3:
        long = np.flatnonzero(length > 3)
        more = length[long] - 3
        starts = np.repeat(np.cumsum(more) - more, more)
        along = np.arange(int(more.sum())) - starts + 4
        pixels[np.repeat(low[long], more) + along] = np.repeat(who[long], more)
    return len(who) + int(length.sum())
