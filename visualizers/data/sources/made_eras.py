"""A chronicle made by ``visualizers.data.eras``; a panel may make it anew with shifts of another strength."""

from __future__ import annotations

from visualizers.data.eras import MOVES, chronicle
from visualizers.data.kinds.dated import Years, numbered
from visualizers.data.registry import Source


def read() -> Years:
    return numbered(*chronicle(1.0, 0), tuple(MOVES))


SOURCE = Source(
    kind="dated", id="made-eras", title="A made chronicle", language="en",
    about="237 years of made sentences in which eight words change what they are about",
    licence="Made by this program", read=read)
