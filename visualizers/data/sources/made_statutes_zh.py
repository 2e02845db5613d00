"""Ten invented laws in Chinese, made by ``visualizers.data.statutes``."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.statutes import Article, made


def read() -> tuple[Article, ...]:
    return made("zh")


SOURCE = Source(
    kind="statutes", id="made-statutes-zh", title="Made statutes in Chinese", language="zh",
    about="Ten invented laws of no country, in Chinese: some articles are amended, some repealed",
    licence="Made by this program", read=read)
