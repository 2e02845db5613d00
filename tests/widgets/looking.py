"""What the widgets' tests share: a look, and a picture as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


def look(name: str = "light", language: str = "en", scale: float = 1.0) -> Look:
    return Look(theme(name), window_words(language), scale)


def picture(widget: QWidget) -> NDArray[np.uint8]:
    """(height, width, 3) red, green and blue of what a widget paints."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def pixels_of(shot: NDArray[np.uint8], color: QColor, within: int = 24) -> NDArray[np.bool_]:
    """(height, width): where a picture has that colour, give or take the smoothing."""
    wanted = np.array(color.getRgb()[:3])
    mask: NDArray[np.bool_] = np.abs(shot.astype(int) - wanted).max(axis=2) <= within
    return mask
