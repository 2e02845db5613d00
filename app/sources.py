"""What the data catalogue has for a panel's sources: texts and models, here or to be fetched."""

from __future__ import annotations

from typing import Any

from visualizers.data import Data, all_sources
from visualizers.panel import Panel
from widgets.controls import Option
from widgets.words import Words


def options(kind: str, words: Words) -> list[Option]:
    """The catalogue's entries of a kind, such as ``"text"``, as the controls show them."""
    data = Data()
    return [Option(one.id, words(one.title), data.has(one),
                   f"{words(one.about)} · {words(one.licence)}")
            for one in data.entries(kind)]


def missing(panel: Panel, params: Any) -> tuple[str, ...]:
    """The ids of the chosen texts and models that have not been fetched yet."""
    data = Data()
    chosen = [getattr(params, one.name) for one in panel.parameters if one.kind == "source"]
    return tuple(id for id in chosen if id in all_sources() and not data.has(all_sources()[id]))
