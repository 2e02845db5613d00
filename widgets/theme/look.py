"""How things look and in which language they speak: given to every widget when it is made.

A widget keeps the look it was made with. When the user changes theme, language or scale, pages are
built anew and shown the same frame, so no widget needs code for changing clothes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from PySide6.QtGui import QColor

from widgets.theme.words import Words

SMALLEST_TEXT = 12  # unscaled pixels


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
def theme(name: str) -> Theme:
    """The theme ``light`` or ``dark``."""
    table = tomllib.loads(resources.files("resources").joinpath("themes.toml").read_text("utf-8"))
    tokens: dict[str, Any] = table[name]
    return Theme(name=name, **(tokens | {"series": tuple(tokens["series"])}))


@cache
def _parsed(value: str, alpha: int) -> QColor:
    color = QColor(value)
    color.setAlpha(alpha)
    return color


@dataclass(frozen=True)
class Look:
    """Theme, words and scale of a page (scale 1.0; 1.5 to 2.0 on a projector)."""

    theme: Theme
    words: Words
    scale: float = 1.0

    def px(self, size: float) -> int:
        """A length in scaled pixels."""
        return round(size * self.scale)

    def text(self, size: float) -> int:
        """The height of letters in scaled pixels; no text is set smaller than can be read."""
        return self.px(max(size, SMALLEST_TEXT))

    def color(self, token: str | int, alpha: int = 255) -> QColor:
        """A token's colour, or the colour of series 0 … 3."""
        value = self.theme.series[token % len(self.theme.series)] if isinstance(token, int) \
            else getattr(self.theme, token)
        return QColor(_parsed(value, alpha))  # a colour can be changed, so each caller has its own
