"""Chinese sentences made by the small grammar of ``visualizers.data.sentences``."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.sentences import sentences


def read() -> str:
    return "\n".join(sentences("zh")) + "\n"


SOURCE = Source(
    kind="text", id="made-sentences-zh", title="Made sentences, Chinese", language="zh",
    about="All sentences of a small made language: who does what where",
    licence="Made by this program", read=read)
