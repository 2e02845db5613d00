"""Splice sites drawn from a table of shares that is known: each base by itself.

The shares are this program's own, close to those of human 5′ splice sites. As no base depends on
another, the sum of log-odds is the best that any reader can do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visualizers.data.kinds.sites import Aligned
from visualizers.data.registry import Source

#  A, C, G, U at −3 −2 −1 | +1 … +6
SHARES = ((.33, .35, .19, .13), (.61, .12, .13, .14), (.10, .03, .80, .07), (.00, .00, 1.0, .00),
          (.00, .02, .00, .98), (.57, .03, .36, .04), (.68, .08, .13, .11), (.09, .07, .76, .08),
          (.18, .16, .19, .47))
BOUNDARY, DRAWN = 3, 60_000


def drawn(shares: NDArray[np.float64], count: int, seed: int) -> NDArray[np.int64]:
    """(count, W) bases, each drawn from its column's shares (W, 4)."""
    edges = np.cumsum(shares, 1)[None, :, :3]
    found: NDArray[np.int64] = (np.random.default_rng(seed).random(
        (count, len(shares), 1)) > edges).sum(2)
    return found


def read() -> Aligned:
    truth = np.array(SHARES)
    bases, counts = np.unique(drawn(truth, DRAWN, 0), axis=0, return_counts=True)
    for one in (bases, counts, truth):
        one.flags.writeable = False  # it is made once a process and lent to all
    return Aligned(bases, counts, BOUNDARY, truth)


SOURCE = Source(
    kind="sites", id="made-sites", title="Made splice sites",
    about="60,000 stretches of nine bases drawn from a table whose shares are known",
    licence="Made by this program", read=read)
