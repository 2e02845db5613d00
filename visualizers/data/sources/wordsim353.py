"""WordSim-353: pairs of words and how alike people find them, from the tests of the package gensim."""

from __future__ import annotations

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> tuple[tuple[str, str, float], ...]:
    return word_pairs(pack.read("gensim", "gensim/test/test_data/wordsim353.tsv"))


def word_pairs(table: bytes) -> tuple[tuple[str, str, float], ...]:
    """(word, word, mean human judgement from 0 to 10)."""
    rows = (line.split("\t") for line in table.decode("utf-8").splitlines() if line[:1] not in "#")
    return tuple((row[0], row[1], float(row[2])) for row in rows if len(row) == 3)


SOURCE = Source(
    kind="table", id="wordsim353", title="WordSim-353", language="en",
    about="353 pairs of words and how alike people find them",
    licence="Finkelstein et al. 2002, CC BY 4.0", archive="gensim", read=read)
