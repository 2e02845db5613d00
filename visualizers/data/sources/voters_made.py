"""Made voters, whose true probabilities are known."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.voters import made

SOURCE = Source(
    kind="table", id="voters-made", title="Made voters", language="en",
    about="944 made persons with five facts each, and votes drawn from known probabilities",
    licence="Made by this program", read=made)
