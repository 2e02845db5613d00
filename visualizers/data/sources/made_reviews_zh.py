"""Chinese reviews made by the small grammar of ``visualizers.data.reviews``."""

from __future__ import annotations

from visualizers.data.kinds.labelled import Examples
from visualizers.data.registry import Source
from visualizers.data.reviews import reviews


def read() -> Examples:
    return Examples(*reviews("zh"), ("negative", "positive"))


SOURCE = Source(
    kind="labelled", id="made-reviews-zh", title="Made reviews in Chinese", language="zh",
    about="Short Chinese reviews by a small grammar of this program: half of them negate",
    licence="Made by this program", read=read)
