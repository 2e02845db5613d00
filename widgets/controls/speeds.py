"""How fast a run plays. Panels declare it, the transport offers it and the session obeys it.

No Qt: a panel's declaration is read in the worker, too.
"""

from __future__ import annotations

from enum import Enum

from widgets.theme.words import tr_mark


class Speed(Enum):
    """Each member's value is its English name in the transport, in the order of its list."""

    MAX = tr_mark("max")
    FRAME = tr_mark("1 step a frame")
    FIVE = tr_mark("5 a second")
    ONE = tr_mark("1 a second")
