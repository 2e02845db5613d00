"""71,347 compounds with their SMILES, from the package chemicals."""

from __future__ import annotations

from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = "chemicals/Identifiers/chemical identifiers pubchem large.tsv"


def read(pack: Pack) -> str:
    """One SMILES a line, in the order of the table."""
    table = pack.read("chemicals", MEMBER).decode("utf-8")
    return "\n".join(dict.fromkeys(line.split("\t", 5)[4] for line in table.splitlines()))


SOURCE = Source(
    kind="molecules", id="pubchem-molecules", title="Molecules of PubChem",
    about="71,347 compounds of industry and research",
    licence="PubChem, public domain; package MIT", archive="chemicals", read=read)
