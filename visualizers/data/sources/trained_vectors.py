"""No vectors at all: a panel that is asked for these trains its own, live."""

from __future__ import annotations

import numpy as np

from visualizers.data.kinds.vectors import Table
from visualizers.data.registry import Source


def read() -> Table:
    return Table((), np.zeros((0, 0), np.float32))


SOURCE = Source(
    kind="vectors", id="trained-vectors", title="Vectors that learn here", language="en",
    about="Word vectors that learn before your eyes, from a text that is chosen or made",
    licence="Made by this program", read=read)
