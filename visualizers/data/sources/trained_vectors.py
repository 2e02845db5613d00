"""No vectors at all: a panel that is asked for these trains its own, live, on a corpus that it makes."""

from __future__ import annotations

import numpy as np

from visualizers.data.kinds.vectors import Table
from visualizers.data.registry import Source


def read() -> Table:
    return Table((), np.zeros((0, 0), np.float32))


SOURCE = Source(
    kind="vectors", id="trained-vectors", title="A made corpus, learnt here", language="en",
    about="Vectors that learn before your eyes what a slider puts into the text",
    licence="Made by this program", read=read)
