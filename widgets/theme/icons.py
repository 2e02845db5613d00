"""Icons: SVG files of ``resources/icons`` in a token's colour, crisp at every scale."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from widgets.theme.look import Look

FOLDER = resources.files("resources") / "icons"


def names() -> tuple[str, ...]:
    """The names of all icons. What a style sheet shows has a theme in its name and is not one of them."""
    found = (one.name.removesuffix(".svg") for one in FOLDER.iterdir() if one.name.endswith(".svg"))
    return tuple(sorted(one for one in found if not one.endswith(("-light", "-dark"))))


@cache
def _drawing(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


def icon(look: Look, name: str, token: str | int = "text", *, size: float = 16) -> QIcon:
    """The icon in a token's colour, for screens of one, two and three device pixels a pixel.

    Raises:
        FileNotFoundError: there is no icon of that name.
    """
    made = QIcon()
    for ratio in (1, 2, 3):
        made.addPixmap(pixmap(look, name, token, size=size, ratio=ratio))
        if token != "ghost":
            made.addPixmap(pixmap(look, name, "ghost", size=size, ratio=ratio), QIcon.Mode.Disabled)
    return made


def pixmap(
    look: Look, name: str, token: str | int = "text", *, size: float = 16, ratio: float = 1.0
) -> QPixmap:
    """The icon as a picture of ``size`` unscaled pixels."""
    from PySide6.QtSvg import QSvgRenderer  # not needed before the first icon

    drawing = QSvgRenderer(QByteArray(
        _drawing(name).replace("currentColor", look.color(token).name()).encode()))
    pixels = round(look.px(size) * ratio)
    made = QPixmap(pixels, pixels)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    drawing.render(painter)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
