"""Arrays into pictures: colour tables, area averages, discs and paths, by numpy on whole arrays.

Qt draws shapes one by one; a cloud of 50,000 discs or a grid of 144 attention maps is far quicker
as index arithmetic into one buffer that Qt then draws as a single image. Buffers are ``uint8`` RGBA
of shape (height, width, 4), rows from the top, alpha not multiplied in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from widgets.look import Theme

Pixels = NDArray[np.uint8]
Table = NDArray[np.uint8]  # (256, 4) RGBA

# Below this many point-pixel pairs discs are placed to a fraction of a pixel; above it, to whole
# pixels: motion of so many is not seen pixel by pixel, and a frame has 6 ms.
SMOOTH_DISCS = 150_000
# Paths with more vertical pixels than this are drawn as dots at their columns.
PATH_PIXELS = 6_000_000


@cache
def sequential(name: str = "viridis") -> Table:
    """The sequential table ``viridis`` or ``cividis``, dark for low values."""
    table = pyqtgraph.colormap.get(name).getLookupTable(nPts=256, alpha=True)
    return _frozen(np.asarray(table, np.uint8))


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
    has meanwhile freed costs the program.
    """
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    view = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    image = view.copy()
    image.setDevicePixelRatio(ratio)
    return image


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
    wanted = np.linspace(0.0, edges[-1], size + 1)
    shared = np.minimum(edges[1:], wanted[1:, None]) - np.maximum(edges[:-1], wanted[:-1, None])
    shared = np.clip(shared, 0.0, None)
    shared /= shared.sum(axis=1, keepdims=True)  # (size, have): each block's part in a pixel
    first = np.argmax(shared > 0, axis=1)
    total: Any = 0.0
    for step in range(int((shared > 0).sum(axis=1).max())):  # at most four blocks a pixel
        which = np.minimum(first + step, have - 1)
        part = np.where(first + step < have, shared[np.arange(size), which], 0.0)
        part = part.astype(np.float32)
        total = total + blocks.take(which, axis=axis) * (part if axis == -1 else part[:, None])
    return np.asarray(total, np.float32)


def discs(
    pixels: Pixels, x: NDArray[Any], y: NDArray[Any], radius: float, colors: Pixels
) -> None:
    """Draw discs at (x, y), in pixels, into the buffer; ``colors`` is (4,) or (N, 4).

    All soft edges are written before all interiors, so where discs overlap an edge never eats into
    a neighbour, and of two interiors the later point is on top.
    """
    height, width = pixels.shape[:2]
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    reach = int(np.ceil(radius + 0.5))
    with np.errstate(invalid="ignore"):
        inside = (x > -reach) & (x < width + reach) & (y > -reach) & (y < height + reach)
    colors = np.broadcast_to(colors, (len(x), 4))
    if not inside.all():
        x, y, colors = x[inside], y[inside], colors[inside]
    if not len(x):
        return
    # A frame round the buffer takes what reaches over the edge, so no pixel needs a test.
    room = np.zeros((height + 4 * reach, width + 4 * reach), np.uint32)
    middle = room[2 * reach : 2 * reach + height, 2 * reach : 2 * reach + width]
    middle[...] = _packed(pixels)
    flat, stride = room.reshape(-1), room.shape[1]
    column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    base = (row + 2 * reach) * stride + (column + 2 * reach)
    ink = _packed(np.ascontiguousarray(colors))
    if len(x) * (2 * reach + 1) ** 2 <= SMOOTH_DISCS:
        _smooth(flat, stride, base, x - column, y - row, radius, reach, ink)
    else:
        _whole(flat, stride, base, radius, reach, ink)
    pixels.view(np.uint32)[..., 0] = middle


def _smooth(
    flat: NDArray[np.uint32], stride: int, base: NDArray[Any], x: NDArray[Any], y: NDArray[Any],
    radius: float, reach: int, ink: NDArray[np.uint32],
) -> None:
    """Discs placed to a fraction of a pixel: every pixel's cover from its true distance."""
    across = np.arange(-reach, reach + 1, dtype=np.float32)
    dx = (across[None, :] + 0.5 - x[:, None])[:, None, :]  # (N, 1, K)
    dy = (across[None, :] + 0.5 - y[:, None])[:, :, None]  # (N, K, 1)
    cover = np.clip(radius + 0.5 - np.sqrt(dx * dx + dy * dy), 0.0, 1.0)  # (N, K, K)
    offsets = across.astype(np.int32)
    at = base[:, None, None] + (offsets[:, None] * stride + offsets[None, :])
    color = np.broadcast_to(ink[:, None, None], cover.shape)
    edge = (cover > 0.0) & (cover < 1.0)
    there = at[edge]
    flat[there] = _over(color[edge], cover[edge], flat[there])
    full = cover >= 1.0
    flat[at[full]] = color[full]


def _whole(
    flat: NDArray[np.uint32], stride: int, base: NDArray[Any], radius: float, reach: int,
    ink: NDArray[np.uint32],
) -> None:
    """Discs at whole pixels: one write of all points for each pixel of the disc."""
    offsets = [(np.clip(radius + 0.5 - np.hypot(dx, dy), 0.0, 1.0), dy * stride + dx)
               for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]
    for cover, offset in sorted(offsets):
        if cover >= 1.0:
            flat[base + offset] = ink
        elif cover > 0.25:
            alpha = np.uint32(round(float(cover) * 255)) << np.uint32(24)
            flat[base + offset] = (ink & np.uint32(0x00FFFFFF)) | alpha


def _over(
    ink: NDArray[np.uint32], cover: NDArray[np.float32], under: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Ink of some cover on what is there: on nothing it is see-through, on colour it mixes."""
    top = np.ascontiguousarray(ink).view(np.uint8).reshape(-1, 4).astype(np.float32)
    low = np.ascontiguousarray(under).view(np.uint8).reshape(-1, 4).astype(np.float32)
    a = cover * top[:, 3] / 255.0
    b = low[:, 3] / 255.0 * (1.0 - a)
    out = np.empty_like(top)
    total = np.maximum(a + b, 1e-6)
    out[:, :3] = (top[:, :3] * a[:, None] + low[:, :3] * b[:, None]) / total[:, None]
    out[:, 3] = total * 255.0
    return out.round().astype(np.uint8).view(np.uint32)[:, 0]


def paths(
    index: NDArray[np.int32], y: NDArray[Any], columns: NDArray[np.int32], first: int = 0
) -> None:
    """Draw N paths into ``index`` (width, height), which holds the path seen at each pixel.

    Keeping numbers of paths instead of colours lets the caller colour all of them anew without
    drawing them again. The buffer lies on its side because paths are drawn column by column.

    Args:
        index: (width, height) int32, -1 where there is none; changed in place.
        y: (T, N) heights in pixels from the top.
        columns: (T,) pixel columns, increasing.
        first: the first time that is drawn; what is before it is there already.
    """
    width, height = index.shape
    if y.shape[0] == 1:
        columns = np.append(columns, columns[-1] + 1)
        y = np.repeat(y, 2, axis=0)
    names = np.arange(y.shape[1], dtype=np.int32)
    spent = 0
    with np.errstate(invalid="ignore"):
        for t in range(max(0, first - 1), y.shape[0] - 1):
            start, stop = int(columns[t]), int(columns[t + 1])
            for column in range(max(start, 0), min(max(stop, start + 1), width)):
                span = max(stop - start, 1)
                a = y[t] + (y[t + 1] - y[t]) * np.float32((column - start) / span)
                b = y[t] + (y[t + 1] - y[t]) * np.float32((column + 1 - start) / span)
                seen = np.isfinite(a) & np.isfinite(b)
                a, b, who = (a, b, names) if seen.all() else (a[seen], b[seen], names[seen])
                spent += _column(index[column], a, b, who, height, spent < PATH_PIXELS)


def _column(
    into: NDArray[np.int32], a: NDArray[Any], b: NDArray[Any], who: NDArray[np.int32], height: int,
    fill: bool,
) -> int:
    """One column of pixels: every path's run from a to b. Returns the pixels written."""
    low = np.clip(np.minimum(a, b), 0, height - 1).astype(np.int32)
    if not fill:
        into[low] = who
        return len(who)
    high = np.clip(np.maximum(a, b), 0, height - 1).astype(np.int32)
    length = high - low  # of the run beyond its first pixel
    longest = int(length.max(initial=0))
    into[low] = who
    if longest == 0:
        return len(who)
    if longest <= 3:
        for step in range(1, longest + 1):
            more = length >= step
            into[low[more] + step] = who[more]
        return len(who) * (longest + 1)
    total = int(length.sum())
    starts = np.repeat(np.cumsum(length) - length, length)
    into[np.repeat(low, length) + 1 + (np.arange(total) - starts)] = np.repeat(who, length)
    return len(who) + total
