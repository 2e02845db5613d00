"""Icons, drawn as lines on a grid of 24 × 24 in a token's colour, crisp at every scale."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from widgets.look import Look

# Each icon is a list of strokes. "x,y x,y …" is a line through points and ends in "z" to close it,
# "o x,y r" is a circle, "a x,y r from sweep" an arc in degrees; a "*" before it fills the shape.
_STROKES: dict[str, tuple[str, ...]] = {
    "play": ("* 7,4.5 19.5,12 7,19.5 z",),
    "pause": ("* 6.5,5 10,5 10,19 6.5,19 z", "* 14,5 17.5,5 17.5,19 14,19 z"),
    "step": ("* 6,5 14.5,12 6,19 z", "18,5.5 18,18.5"),
    "back": ("* 18,5 9.5,12 18,19 z", "6,5.5 6,18.5"),
    "reset": ("a 12,12.5 7.5 75 -300", "8.4,2.6 13.6,5.2 9.4,9.0"),
    "pin": ("8.5,3.5 15.5,3.5", "9.5,3.5 9.5,10 6.5,14 17.5,14 14.5,10 14.5,3.5", "12,14 12,21"),
    "branch": ("o 6.5,5.5 2.3", "o 6.5,18.5 2.3", "o 17.5,8 2.3", "6.5,7.8 6.5,16.2",
               "17.5,10.3 17.5,11.2 16.4,12.8 14.6,13.4 9.5,13.6 7.6,14.2 6.5,15.4"),
    "search": ("o 10.5,10.5 6", "15,15 20.5,20.5"),
    "folder": ("3,6 9.5,6 11.5,8.5 21,8.5 21,19 3,19 z",),
    "save": ("4,4 16.5,4 20,7.5 20,20 4,20 z", "8,4 8,9 15,9 15,4", "7.5,20 7.5,13.5 16.5,13.5 16.5,20"),
    "export": ("12,15 12,3.5", "7.5,8 12,3.5 16.5,8", "4,14.5 4,20 20,20 20,14.5"),
    "home": ("3.5,11.5 12,4 20.5,11.5", "6,9.5 6,20 18,20 18,9.5"),
    "data": ("4.5,5.5 19.5,5.5", "4.5,12 19.5,12", "4.5,18.5 19.5,18.5", "* o 8,5.5 2", "* o 15,12 2",
             "* o 10,18.5 2"),
    "settings": ("4,7 13,7", "17,7 20,7", "o 15,7 2", "4,17 7,17", "11,17 20,17", "o 9,17 2"),
    "sun": ("o 12,12 4", "12,2.5 12,5", "12,19 12,21.5", "2.5,12 5,12", "19,12 21.5,12", "5.3,5.3 7,7",
            "17,17 18.7,18.7", "5.3,18.7 7,17", "17,7 18.7,5.3"),
    "moon": ("a 12,12 8.5 40 -283", "a 17.3,6.7 7.4 150 148"),
    "full screen": ("4,9 4,4 9,4", "15,4 20,4 20,9", "20,15 20,20 15,20", "9,20 4,20 4,15"),
    "close": ("6,6 18,18", "18,6 6,18"),
    "check": ("4.5,12.5 10,18 19.5,6.5",),
    "warning": ("12,4 21,19.5 3,19.5 z", "12,10 12,14.2", "* o 12,16.9 0.5"),
    "copy": ("8.5,8.5 20,8.5 20,20 8.5,20 z", "15.5,8 15.5,4 4,4 4,15.5 8,15.5"),
    "chevron left": ("14.5,5.5 8,12 14.5,18.5",),
    "chevron right": ("9.5,5.5 16,12 9.5,18.5",),
    "chevron up": ("5.5,15 12,8.5 18.5,15",),
    "chevron down": ("5.5,9 12,15.5 18.5,9",),
    "language": ("o 12,12 8.5", "3.5,12 20.5,12", "12,3.5 9.2,7 8.2,12 9.2,17 12,20.5",
                 "12,3.5 14.8,7 15.8,12 14.8,17 12,20.5"),
    "guide": ("12,6.5 9,4.5 3.5,4.5 3.5,18.5 9,18.5 12,20.5 15,18.5 20.5,18.5 20.5,4.5 15,4.5 z",
              "12,6.5 12,20.5"),
    "code": ("8.5,6.5 3,12 8.5,17.5", "15.5,6.5 21,12 15.5,17.5"),
    "menu": ("4,6.5 20,6.5", "4,12 20,12", "4,17.5 20,17.5"),
    "download": ("12,3.5 12,15", "7.5,10.5 12,15 16.5,10.5", "4,15.5 4,20 20,20 20,15.5"),
    "stop": ("* 6,6 18,6 18,18 6,18 z",),
    "dot": ("* o 12,12 4",),
}


def names() -> tuple[str, ...]:
    """The names of all icons."""
    return tuple(_STROKES)


def icon(look: Look, name: str, token: str | int = "text", *, size: float = 16) -> QIcon:
    """The icon in a token's colour, for screens of one, two and three device pixels a pixel.

    Raises:
        KeyError: there is no icon of that name.
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
    pixels = look.px(size)
    made = QPixmap(round(pixels * ratio), round(pixels * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(pixels / 24, pixels / 24)
    pen = QPen(look.color(token), 1.9)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for stroke in _STROKES[name]:
        filled = stroke.startswith("*")
        painter.setBrush(look.color(token) if filled else Qt.BrushStyle.NoBrush)
        painter.drawPath(_path(stroke.removeprefix("*").split()))
    painter.end()
    return made


def _path(words: list[str]) -> QPainterPath:
    path = QPainterPath()
    if words[0] == "o":
        path.addEllipse(_point(words[1]), float(words[2]), float(words[2]))
    elif words[0] == "a":
        middle, radius = _point(words[1]), float(words[2])
        box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
        path.arcMoveTo(box, float(words[3]))
        path.arcTo(box, float(words[3]), float(words[4]))
    else:
        closed = words[-1] == "z"
        path.addPolygon(QPolygonF([_point(word) for word in (words[:-1] if closed else words)]))
        if closed:
            path.closeSubpath()
    return path


def _point(word: str) -> QPointF:
    x, _, y = word.partition(",")
    return QPointF(float(x), float(y))
