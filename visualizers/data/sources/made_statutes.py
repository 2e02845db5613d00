"""Ten invented laws in English, made by ``visualizers.data.statutes``."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.statutes import Article, made


def read() -> tuple[Article, ...]:
    return made("en")


SOURCE = Source(
    kind="statutes", id="made-statutes", title="Made statutes", language="en",
    about="Ten invented laws of no country: some articles are amended, some repealed",
    licence="Made by this program", read=read)
