"""Molecules of the NCI whose logP is computed from their atoms: no measurement, but all of it is known."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.sources import nci_molecules

MOST = 2000


def read() -> str:
    """The molecules alone; whoever reads them computes the values with RDKit."""
    lines = [one for one in dict.fromkeys(nci_molecules.read().splitlines())
             if 3 <= len(one) <= 60 and "." not in one and "[H]" not in one]
    return "\n".join(["logP, computed\t", *lines[:MOST]]) if lines else ""


SOURCE = Source(
    kind="property", id="computed-logp", title="Computed logP",
    about="2,000 molecules of the NCI, and how much better each dissolves in oil than in water, "
          "computed from its atoms (Wildman and Crippen 1999)",
    licence="NCI open database, public domain; computed by RDKit, BSD-3-Clause", read=read)
