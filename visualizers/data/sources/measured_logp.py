"""Measured logP of organic compounds, from two tables of the package chemicals."""

from __future__ import annotations

import csv
import gzip
import io

from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.data.sources.boiling_points import joined

VALUES = "chemicals/Environment/Syrres logP data.csv.gz"


def read(pack: Pack) -> str:
    table = gzip.decompress(pack.read("chemicals", VALUES)).decode("utf-8")
    rows = csv.DictReader(io.StringIO(table), delimiter="\t")
    return joined(pack, "logP\t", ((row["CAS"], row["logP"], row["Chemical"]) for row in rows))


SOURCE = Source(
    kind="property", id="measured-logp", title="Measured logP",
    about="Some 4,000 organic compounds and how much better each dissolves in oil than in water",
    licence="PHYSPROP by SRC, Inc., compounds from PubChem; package MIT", archive="chemicals",
    read=read)
