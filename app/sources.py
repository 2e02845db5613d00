"""What the data catalogue has for a panel's sources: texts and models, here or to be fetched."""

from __future__ import annotations

from typing import Any

from visualizers.data import Data
from visualizers.panel import Panel
from widgets.controls import Option
from widgets.words import Words


def options(kind: str, words: Words) -> list[Option]:
    """The catalogue's entries of a kind, ``"text"``, ``"labelled"`` or ``"model"``, as the controls
    show them."""
    data = Data()
    found = data.models() if kind == "model" else \
        data.labelled_sets() if kind == "labelled" else data.texts()
    return [Option(one.id, words(one.title), one.available, words(one.about)) for one in found]


def missing(panel: Panel, params: Any) -> tuple[str, ...]:
    """The ids of the chosen texts and models that have not been fetched yet."""
    data = Data()
    absent = {one.id for one in data.texts() + data.labelled_sets() if not one.available}
    absent |= {one.id for one in data.models() if not one.available}
    chosen = [getattr(params, one.name) for one in panel.parameters if one.kind == "source"]
    return tuple(one for one in chosen if one in absent)
