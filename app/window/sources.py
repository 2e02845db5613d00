"""What the data catalogue has for a panel's sources: texts and models, here or to be fetched."""

from __future__ import annotations

from typing import Any

from visualizers.data import Data, all_sources
from visualizers.panel import Panel
from widgets.controls.controls import Option
from widgets.controls.parameters import Parameter
from widgets.theme.words import Words


def options(one: Parameter, words: Words) -> list[Option]:
    """What the catalogue has for a parameter, as the controls show it: what can do what it needs."""
    data = Data()
    fitting = [each for each in data.entries(str(one.source))
               if not one.needs or one.needs in each.abilities]
    return [Option(each.id, words(each.title), data.has(each),
                   f"{words(each.about)} · {words(each.licence)}")
            for each in fitting]


def missing(panel: Panel, params: Any) -> tuple[str, ...]:
    """The ids of the chosen texts and models that have not been fetched yet."""
    data = Data()
    chosen = [getattr(params, one.name) for one in panel.parameters if one.kind == "source"]
    return tuple(id for id in chosen if id in all_sources() and not data.has(all_sources()[id]))
