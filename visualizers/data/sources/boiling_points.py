"""Boiling points of organic compounds, from two tables of the package chemicals."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from visualizers.data.pack import Pack
from visualizers.data.registry import Source

COMPOUNDS = "chemicals/Identifiers/chemical identifiers pubchem {}.tsv"
VALUES = "chemicals/Misc/Physical Constants of Organic Compounds.csv"
# The elements of organic chemistry; salts, metals and what has more than sixty signs are left out.
ORGANIC = re.compile(r"(Cl|Br|[BCNOPSFI]|[()=#\d%/\\@.-]|\[C@{0,2}H?\])+")
SHORTEST, LONGEST = 3, 60


def read(pack: Pack) -> str:
    table = csv.DictReader(io.StringIO(pack.read("chemicals", VALUES).decode("utf-8")), delimiter="\t")
    return joined(pack, "boiling point\tK", ((row["CAS"], row["Tb"], row["Name"]) for row in table))


def joined(pack: Pack, head: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """A line "SMILES, value, weight, name" for each (CAS number, value, name) that is organic."""
    known = _compounds(pack)
    found: dict[str, str] = {}
    for cas, value, name in rows:
        smiles, weight = known.get(cas, ("", ""))
        if value and SHORTEST <= len(smiles) <= LONGEST and "." not in smiles \
                and ORGANIC.fullmatch(smiles):
            found.setdefault(smiles, f"{smiles}\t{float(value):.6g}\t{weight}\t{name.strip()}")
    return "\n".join([head, *found.values()])


def _compounds(pack: Pack) -> dict[str, tuple[str, str]]:
    """CAS number → (SMILES, molar mass)."""
    found: dict[str, tuple[str, str]] = {}
    for size in ("small", "large"):
        for line in pack.read("chemicals", COMPOUNDS.format(size)).decode("utf-8").splitlines():
            _, cas, _, weight, smiles, _ = line.split("\t", 5)
            found.setdefault(cas, (smiles, weight))
    return found


SOURCE = Source(
    kind="property", id="boiling-points", title="Boiling points",
    about="Some 4,200 organic compounds and the temperature at which each boils",
    licence="values of the CRC Handbook, compounds from PubChem; package MIT", archive="chemicals",
    read=read)
