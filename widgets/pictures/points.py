"""Pictures of points: which point is meant, and where keys go from it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look


class PointsCanvas(Canvas[int]):
    """Points somewhere on the canvas, each with a name; a subclass says where each is on the screen."""

    REACH: ClassVar[int]  # how far from a point, in scaled pixels, the pointer still means it
    OUTLINE: ClassVar[int]  # how far the outline of a point is from it

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.points: NDArray[np.float64] = np.zeros((0, 2))
        self.names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def on_screen(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m, 2) pixels of the widget."""
        raise NotImplementedError

    def first(self) -> int:
        """Where keys begin."""
        raise NotImplementedError

    def fellows(self, part: int) -> NDArray[np.intp]:
        """The points among which keys go on from one."""
        return np.arange(len(self.points))

    def forget_lost(self) -> None:
        """Look at no point that is not there any more."""
        if self.current is not None and self.current >= len(self.points):
            self.current = None

    def place(self, part: int) -> QRectF:
        (x, y), reach = self.on_screen(self.points[part : part + 1])[0], self.look.px(self.OUTLINE)
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def part_at(self, x: float, y: float) -> int | None:
        if not len(self.points):
            return None
        far = np.hypot(*(self.on_screen(self.points) - [x, y]).T)
        best = int(far.argmin())
        return best if far[best] <= self.look.px(self.REACH) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """← and → walk along x, ↑ and ↓ along y, among fellows."""
        if not len(self.points):
            return None
        if part is None:
            return self.first()
        along = self.points[:, 0] if dx else -self.points[:, 1]
        same = self.fellows(part)
        order = same[np.lexsort((same, along[same]))].tolist()
        return int(order[min(max(order.index(part) + dx + dy, 0), len(order) - 1)])


def point_beside(spots: NDArray[Any], part: int, dx: int, dy: int) -> int:
    """The nearest point in the direction of an arrow key, or the same where there is none that way.

    Args:
        spots: (n, 2) pixels; one that is not finite is led to by no arrow.
    """
    away = spots - spots[part]
    away[~np.isfinite(away).all(axis=1)] = 0.0
    along = away[:, 0] * dx + away[:, 1] * dy
    across = np.abs(away[:, 0] * dy) + np.abs(away[:, 1] * dx)
    fits = (along > 0.5) & (across <= along)
    if not fits.any():
        return part
    return int(np.argmin(np.where(fits, along + 2 * across, np.inf)))
