"""A panel for the tests of the window: a point slides down a parabola."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32
from widgets.controls.parameters import choice, hidden, integer, number, source


@dataclass(frozen=True)
class Params:
    learning_rate: float = number(0.1, 0.001, 2.0, log=True, help="Size of one update.")
    start: Literal["left", "right"] = choice("right", help="Where the point starts.")
    text: str = source("text", "python-reference", help="Not used.")
    seed: int = integer(0, 0, 999, help="Of the noise.")
    locked: int = hidden(-1)


@dataclass(frozen=True)
class Frame:
    path: Annotated[Float32, "n", "any"]  # the last positions
    position: Annotated[float, "any"]


PANEL = Panel(
    id="tiny", title="Down a parabola", claim="A step that is too long jumps out of the valley.",
    params=Params, frame=Frame, experiment="small.l2_networks.tiny.experiment:Tiny",
    view="small.l2_networks.tiny.view:TinyView", headline="distance",
    headline_label="distance from the valley",
    concepts=("2.1",), keywords=("valley", "山谷"),
)
