"""How things look and in which language they speak: given to every widget when it is made.

A widget keeps the look it was made with. When the user changes theme, language or scale, pages are
built anew and shown the same frame, so no widget needs code for changing clothes.

There is desk text, and there is hall text, which is read from the last row of a lecture hall: no
letters lower than a fortieth of the stage, no line thinner than three pixels, colours of high contrast.
A window is given ``hall_look(...)`` for it; what paints asks ``look.text`` and ``look.pen`` and need not
know which it is.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPen

from widgets.theme.words import Words

SMALLEST_TEXT = 12  # unscaled pixels
HALL_TEXT = 40  # the stage is so many times as high as the smallest hall text
HALL_LINE = 3.0  # px, the thinnest line of hall text
LEGIBLE, HALL_LEGIBLE = 4.5, 7.0  # contrast of letters to what is behind them, at least (WCAG 2.2)
HALL_VISIBLE = 3.0  # the same of lines, in hall text
GROUNDS = ("card", "ground", "accent_wash")  # that letters stand on
NARROWEST = 600  # unscaled pixels that a stage is wide at least, or lines would hold too few words


@dataclass(frozen=True)
class Theme:
    """The tokens of ``resources/themes.toml``; colours are ``#rrggbb`` strings."""

    name: str
    ground: str
    card: str
    hairline: str
    text: str
    muted: str
    accent: str
    accent_wash: str
    on_accent: str
    ghost: str
    warning: str
    series: tuple[str, ...]


@cache
def theme(name: str, hall: bool = False) -> Theme:
    """The theme ``light`` or ``dark``, for the desk or with the high contrast of hall text."""
    table = tomllib.loads(resources.files("resources").joinpath("themes.toml").read_text("utf-8"))
    tokens: dict[str, Any] = table[f"{name}-hall" if hall else name]
    return Theme(name=name, **(tokens | {"series": tuple(tokens["series"])}))


@cache
def _parsed(value: str, alpha: int) -> QColor:
    color = QColor(value)
    color.setAlpha(alpha)
    return color


def contrast(one: QColor, other: QColor) -> float:
    """Of two opaque colours, 1 … 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: QColor) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in (color.redF(), color.greenF(), color.blueF()))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """So much of the second colour over the first one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in (
        (one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue())))
    return QColor(red, green, blue)


@cache
def _ink(theme: Theme, value: str, least: float) -> QColor:
    """A colour nearer to the text's, by as little as gives it the contrast on every ground."""
    grounds = [QColor(getattr(theme, one)) for one in GROUNDS]
    for step in range(21):
        ink = mixed(QColor(value), QColor(theme.text), step / 20)
        if min(contrast(ink, one) for one in grounds) >= least:
            break
    return ink


@dataclass(frozen=True)
class Look:
    """Theme, words and scale of a page (scale 1.0; 1.5 to 2.25 on a projector).

    Attributes:
        hall: to be read from the last row of a lecture hall.
    """

    theme: Theme
    words: Words
    scale: float = 1.0
    hall: bool = False

    def px(self, size: float) -> int:
        """A length in scaled pixels."""
        return round(size * self.scale)

    def text(self, size: float) -> int:
        """The height of letters in scaled pixels; no text is set smaller than can be read."""
        letters = self.px(max(size, SMALLEST_TEXT))
        return max(letters, math.ceil(SMALLEST_TEXT * self.scale - 1e-6)) if self.hall else letters

    def color(self, token: str | int, alpha: int = 255) -> QColor:
        """A token's colour, or the colour of series 0 … 3."""
        value = self.theme.series[token % len(self.theme.series)] if isinstance(token, int) \
            else getattr(self.theme, token)
        return QColor(_parsed(value, alpha))  # a colour can be changed, so each caller has its own

    @property
    def legible(self) -> float:
        """The contrast that letters have at least."""
        return HALL_LEGIBLE if self.hall else LEGIBLE

    def ink(self, token: str | int) -> QColor:
        """A token's colour, or that of series 0 … 3, for letters: as it is where it can be read on a card,
        on the ground and on the accent's wash, else a little nearer to that of text."""
        color = self.color(token)
        if token in ("card", "ground", "on_accent"):  # of a halo, or on something in full colour
            return color
        return QColor(_ink(self.theme, color.name(), self.legible))

    def ink_on(self, token: str | int, ground: QColor) -> QColor:
        """A token's colour for letters on a colour of their own; where it could not be read there, that of
        text, or what is written on the accent with."""
        inks = [self.ink(one) for one in (token, "text", "on_accent")]
        return next((one for one in inks if contrast(one, ground) >= self.legible),
                    max(inks, key=lambda one: contrast(one, ground)))

    def wash(self, token: str | int, most: float) -> float:
        """How much of a colour may lie over a card, at most so much, that text is read on it."""
        shares = [most * step / 40 for step in range(40, -1, -1)]
        return next(one for one in shares if contrast(self.color("text"), mixed(
            self.color("card"), self.color(token), one)) >= self.legible)

    def line(self, width: float) -> float:
        """The width in pixels of a line that would have ``width`` pixels: no line is thinner than can
        be seen."""
        return max(width, HALL_LINE) if self.hall else width

    def pen(self, ink: str | int | QColor, width: float = 1.0,
            style: Qt.PenStyle = Qt.PenStyle.SolidLine,
            cap: Qt.PenCapStyle = Qt.PenCapStyle.SquareCap) -> QPen:
        """A pen of ``width`` pixels in a token's, a series' or any other colour.

        What is drawn in the card's own colour is a gap between things: it keeps its width.
        """
        gap = ink in ("card", "ground")
        color = ink if isinstance(ink, QColor) else self.color(ink)
        if self.hall and 0 < color.alpha() < 255:
            color = self._visible(color)
        return QPen(color, width if gap else self.line(width), style, cap)

    def _visible(self, ink: QColor) -> QColor:
        """A colour that lets less through where a line of it could not be seen on a card."""
        card, opaque = self.color("card"), QColor(ink.rgb())
        alphas = (*range(ink.alpha(), 255, 16), 255)
        ink = QColor(opaque)
        ink.setAlpha(next((one for one in alphas if contrast(mixed(card, opaque, one / 255), card)
                           >= HALL_VISIBLE), 255))
        return ink

    def rim(self, color: str = "", width: float = 1.0) -> str:
        """A border, for a style sheet; in the colour of hairlines, or in another one."""
        pixels = round(self.line(width))
        return f"{pixels}px solid {color or self.theme.hairline}"

    def within(self, box: QRectF | QRect) -> QRectF:
        """Where a frame of the thinnest line is drawn so that all of it lies within a box."""
        half = self.line(1) / 2
        return QRectF(box).adjusted(half, half, -half, -half)

    def saying(self, words: Words) -> Look:
        """The same look with other words, such as a panel's own on top of the window's."""
        return replace(self, words=words)


def hall_look(shade: str, words: Words, stage: QSize) -> Look:
    """Hall text in the theme ``light`` or ``dark`` on a stage of so many pixels."""
    return Look(theme(shade, hall=True), words, hall_scale(stage), hall=True)


def hall_scale(stage: QSize) -> float:
    """How much larger hall text is than desk text: its smallest has a fortieth of the stage's height.
    A stage narrower than 5:4 gets less."""
    return min(stage.height() / (HALL_TEXT * SMALLEST_TEXT), stage.width() / NARROWEST)
