"""How well letters stand out from what is really drawn behind them, pixel by pixel.

A widget is painted twice, the second time without its letters: where the two differ letters stand, and the
second picture is what lies behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel, QWidget

from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look

Pixels = NDArray[np.uint8]  # (height, width, 3)
DIFFERENT = 24  # of a channel's 255: more is a letter, less the smoothing round it
CROSSED = 0.25  # of a word may lie on something else, as on a line that passes behind it
GAP = 3  # pixels between two words
INKS, FEWEST = 3, 12  # colours in a word at most, and pixels of each at least


def contrast(ink: Any, ground: Any) -> NDArray[np.float64]:
    """The ratio of two colours (..., 3) by WCAG 2, 1 … 21."""
    one, other = raster.luminance(np.asarray(ink)), raster.luminance(np.asarray(ground))
    return np.asarray((np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05))


def pixels(widget: QWidget) -> Pixels:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def forget(widget: QWidget) -> None:
    """Let everything be painted anew that is kept as a picture."""
    for one in [widget, *widget.findChildren(QWidget)]:
        if isinstance(one, Canvas):
            one._labels.clear()
            one._layers.clear()
        elif isinstance(one, pg.GraphicsView):
            for item in one.scene().items():
                if isinstance(item, pg.AxisItem):
                    item.picture = None
                item.update()


@contextmanager
def without_letters() -> Iterator[None]:
    """Painters write nothing but the halo round letters, which is what they stand on."""
    write: Callable[..., Any] = QPainter.drawText

    @wraps(write)
    def silent(painter: QPainter, *args: Any) -> Any:
        return write(painter, *args) if painter.pen().color().alpha() < 255 else None

    QPainter.drawText = silent  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        QPainter.drawText = write  # type: ignore[method-assign]


def _runs(filled: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where it is filled, with gaps narrower than ``GAP`` closed."""
    at = np.flatnonzero(filled)
    if len(at):
        cuts = np.flatnonzero(np.diff(at) > GAP)
        for start, stop in zip([0, *cuts + 1], [*cuts, len(at) - 1], strict=True):
            yield int(at[start]), int(at[stop]) + 1


def words(mask: NDArray[np.bool_], top: int = 0, left: int = 0) -> Iterator[tuple[slice, slice]]:
    """Pieces of a mask with nothing between them, cut into rows and columns in turn."""
    rows = list(_runs(mask.any(1)))
    for start, stop in rows:
        columns = list(_runs(mask[start:stop].any(0)))
        for first, last in columns:
            if len(rows) == 1 and len(columns) == 1:
                yield slice(top + start, top + stop), slice(left + first, left + last)
            else:
                yield from words(mask[start:stop, first:last], top + start, left + first)


def _ink_of(changed: NDArray[Any], behind: NDArray[Any], inks: NDArray[Any]
            ) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """The colour with which the most different of some pixels (n, 3) was written, which of them it explains,
    and which it need not: the smoothing at its edges. A known ink is taken where one makes such a pixel if a
    letter nearly covers it: small letters seldom have a pixel of their own."""
    fullest = int(np.abs(changed.astype(int) - behind).max(1).argmax())
    off, share = _over(changed[fullest], behind[fullest], inks)
    fitting = np.flatnonzero((off < 10) & (share > 0.6) & (share <= 1.05))
    ink = inks[fitting[share[fitting].argmax()]] if len(fitting) else changed[fullest]
    off, share = _over(changed, behind, ink)
    near = off < 30
    near[fullest] = True
    explained = near & (share > 0.2) & (share < 1.3)
    explained[fullest] = True
    return np.asarray(ink), explained, near


def _over(pixel: NDArray[Any], ground: NDArray[Any], ink: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """How far a pixel is from any mixture of an ink and the ground, and the ink's share in the nearest."""
    way, change = ink.astype(float) - ground, pixel.astype(float) - ground
    share = (way * change).sum(-1) / np.maximum((way * way).sum(-1), 1.0)
    return np.abs(way * share[..., None] - change).max(-1), share


def faint(widget: QWidget, look: Look) -> Iterator[str]:
    """Words with less contrast than they must have to what lies behind them."""
    least = look.legible
    inks = np.array([look.ink(one).getRgb()[:3] for one in (
        "text", "muted", "accent", "warning", "on_accent", 0, 1, 2, 3)])
    forget(widget)
    written = pixels(widget)
    forget(widget)
    with without_letters():
        ground = pixels(widget)
    forget(widget)
    difference = np.abs(written.astype(int) - ground).max(2)
    for piece in words(difference > DIFFERENT):
        if min(difference[piece].shape) <= GAP:
            continue  # a stop, or a dash
        letters = difference[piece] > DIFFERENT
        changed, behind = written[piece][letters], ground[piece][letters]
        for _ in range(INKS):
            ink, explained, near = _ink_of(changed, behind, inks)
            ratios = contrast(ink, behind[explained])
            if (ratios < least - 0.05).mean() > CROSSED:
                at = int(np.argsort(ratios)[len(ratios) // 2])
                y, x = piece[0].start, piece[1].start
                child = widget.childAt(x, y)
                name = type(child).__name__ if child is not None else "?"
                yield f"{name} {ratios[at]:.1f}:1, {_hex(ink)} on {_hex(behind[explained][at])} at ({x}, {y})"
            changed, behind = changed[~near], behind[~near]
            if len(changed) < FEWEST:
                break


def faint_labels(widget: QWidget, look: Look) -> Iterator[str]:
    """The same of what Qt writes itself: a label's ground is the colour that most of it has."""
    least = look.legible
    for one in widget.findChildren(QLabel):
        if one.isVisible() and one.text() and one.pixmap().isNull():
            shot = pixels(one).reshape(-1, 3)
            colors, counts = np.unique(shot, axis=0, return_counts=True)
            ground = colors[counts.argmax()]
            ratios = contrast(colors, ground)
            if ratios.max() < least - 0.05:
                yield f"label “{one.text()[:30]}” {ratios.max():.1f}:1 on {_hex(ground)}"


def _hex(color: Any) -> str:
    return "#" + "".join(f"{int(one):02x}" for one in color)
