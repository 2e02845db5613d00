"""The mark of each series: a shape beside its colour, so that no colour carries a meaning alone.

``mark_of(1)`` is the sign for texts and names ("■ wife"); ``paint_marks`` draws the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

MARKS = "●■▲◆"
MARK_REACH = 1.3  # how much farther than its disc a shape reaches, at most

# Corners of each shape round (0, 0), of about the same area; a disc has none.
_CORNERS: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)),
    ((0.0, -1.25), (1.2, 0.85), (-1.2, 0.85)),
    ((0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)),
)


def mark_of(series: int) -> str:
    """The sign of a series: ● ■ ▲ ◆."""
    return MARKS[series % len(MARKS)]


def named(series: int, name: str) -> str:
    """A series or a class by its sign and its name."""
    return f"{mark_of(series)}\u00a0{name}"


def extent(series: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """How large the shape of a series round (0, 0) must be to reach each point: 1 at its own rim."""
    corners = _CORNERS[series % len(_CORNERS)]
    if not corners:
        return np.hypot(x, y)
    ends = np.array(corners)
    sides = np.roll(ends, -1, axis=0) - ends
    outward = np.stack([sides[:, 1], -sides[:, 0]], 1)  # the corners run clockwise on the screen
    reach = np.sum(outward * ends, axis=1)
    found: NDArray[np.float64] = np.max(
        [(nx * x + ny * y) / far for (nx, ny), far in zip(outward, reach, strict=True)], axis=0)
    return found


def paint_marks(
    painter: QPainter, series: int, points: NDArray[np.float64] | Sequence[Sequence[float]],
    radius: float,
) -> None:
    """Fill the shape of a series at each of the points (n, 2), with the painter's brush and pen."""
    corners = _CORNERS[series % len(_CORNERS)]
    for x, y in points:
        if corners:
            painter.drawPolygon(QPolygonF([QPointF(x + radius * dx, y + radius * dy)
                                           for dx, dy in corners]))
        else:
            painter.drawEllipse(QPointF(x, y), radius, radius)
