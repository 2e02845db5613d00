"""Short stretches of RNA that were lined up at the same place, with how often each occurs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.own import OwnFile, read_own
from visualizers.data.registry import Kind
from visualizers.refusal import Refusal

BASES = "ACGU"
SHORTEST, LONGEST, FEWEST = 5, 24, 40
NO_TRUTH: NDArray[np.float64] = np.zeros((0, 4))
NO_TRUTH.flags.writeable = False


class Aligned(NamedTuple):
    """What a source of this kind reads."""

    bases: NDArray[np.int64]  # (N, W): 0 … 3, one of BASES; no two rows are the same
    counts: NDArray[np.int64]  # (N,): how often each stretch occurs
    boundary: int  # so many bases stand before the place at which all are lined up
    truth: NDArray[np.float64] = NO_TRUTH  # (W, 4), of made sites the shares that they were drawn from


@dataclass(frozen=True)
class Sites:
    """Stretches of W bases, lined up.

    Attributes:
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    aligned: Aligned
    title: str
    missing: str = ""


def counted(lines: list[str], name: str) -> Aligned:
    """One stretch a line, and behind it how often it occurs, if more than once. Raises ``Refusal``."""
    found: Counter[str] = Counter()
    for line in lines:
        parts = line.upper().replace("T", "U").replace(",", " ").split()
        if parts and set(parts[0]) <= set(BASES):
            found[parts[0]] += int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 1
    widths = {len(one) for one in found}
    if len(widths) != 1 or not SHORTEST <= min(widths) <= LONGEST or len(found) < FEWEST:
        raise Refusal("The file {name} does not hold sites: at least {fewest} different lines of "
                      "equally many bases, {shortest} to {longest} of A, C, G and U or T.", name=name,
                      fewest=FEWEST, shortest=SHORTEST, longest=LONGEST)
    return Aligned(np.array([[BASES.index(base) for base in one] for one in found]),
                   np.array(list(found.values())), 0)


def _own_file(file: OwnFile) -> Sites:
    text, _ = read_own(file)
    return Sites(file.id, counted(text.splitlines(), file.name), file.name)


KIND = Kind(
    id="sites", own={"file": _own_file},
    value=lambda source, read, missing: Sites(source.id, read, source.title, missing),
    unknown=lambda name, near: Refusal("There are no sites {name}; the nearest are {near}.", name=name,
                                       near=near),
    stand_ins={"": ("made-sites",)})
