"""What the last row of a lecture hall can read: hall text, remembered for each screen."""

from __future__ import annotations

from PySide6.QtGui import QScreen


def screen_id(screen: QScreen) -> str:
    """A screen by its name and size, as the settings remember it: a projector at the same socket with
    another resolution is another room."""
    size = screen.size()
    return f"{screen.name()} {size.width()}×{size.height()}"
