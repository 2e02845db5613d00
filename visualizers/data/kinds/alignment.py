"""Related proteins, lined up column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.own import OwnFile, read_own
from visualizers.data.registry import Kind
from visualizers.refusal import Refusal

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
GAP = len(RESIDUES)  # what stands where a protein has no residue, or one that is not known
FEWEST, SHORTEST, LONGEST = 40, 6, 60
FILLED = 0.2  # a column is kept where so many of the proteins have a residue


class Columns(NamedTuple):
    """What a source of this kind reads."""

    residues: NDArray[np.int64]  # (N, L): 0 … 19, one of RESIDUES, or GAP; no two rows are the same
    pairs: tuple[tuple[int, int], ...] = ()  # columns that were made to depend on one another
    best: float = 0.0  # share of the residues that the best reader gets right; 0 where it is not known


@dataclass(frozen=True)
class Alignment:
    """N related proteins in L columns.

    Attributes:
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    columns: Columns
    title: str
    missing: str = ""


def lined_up(lines: list[str], name: str) -> Columns:
    """The different proteins of a FASTA file whose lines are aligned. Raises ``Refusal``."""
    found: list[str] = []
    for line in lines:
        if line.startswith(">"):
            found.append("")
        elif found and not line.startswith("#"):
            found[-1] += line.strip().upper()
    found = [one for one in dict.fromkeys(found) if one]
    if len(found) < FEWEST or len(set(map(len, found))) != 1:
        raise Refusal("The file {name} holds no alignment: at least {fewest} different proteins in FASTA, "
                      "all equally long with their gaps.", name=name, fewest=FEWEST)
    codes = np.full(128, GAP)
    codes[[ord(one) for one in RESIDUES]] = range(GAP)
    table = codes[np.array([[min(ord(one), 127) for one in row] for row in found])]
    kept = np.unique(table[:, (table != GAP).mean(0) >= FILLED][:, :LONGEST], axis=0)
    if kept.shape[1] < SHORTEST or len(kept) < FEWEST:
        raise Refusal("The file {name} holds no alignment: at least {fewest} different proteins in FASTA, "
                      "all equally long with their gaps.", name=name, fewest=FEWEST)
    return Columns(kept)


def _own_file(file: OwnFile) -> Alignment:
    text, _ = read_own(file)
    return Alignment(file.id, lined_up(text.splitlines(), file.name), file.name)


KIND = Kind(
    id="alignment", own={"file": _own_file},
    value=lambda source, read, missing: Alignment(source.id, read, source.title, missing),
    unknown=lambda name, near: Refusal("There is no alignment {name}; the nearest is {near}.", name=name,
                                       near=near),
    stand_ins={"": ("made-domains",)})
