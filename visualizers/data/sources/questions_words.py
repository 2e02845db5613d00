"""Mikolov's analogies between words, from the tests of the package gensim."""

from __future__ import annotations

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> tuple[tuple[str, str, str, str, str], ...]:
    return analogies(pack.read("gensim", "gensim/test/test_data/questions-words.txt"))


def analogies(table: bytes) -> tuple[tuple[str, str, str, str, str], ...]:
    """(section, a, b, c, d) with a : b = c : d."""
    section = ""
    found = []
    for line in table.decode("utf-8").splitlines():
        if line.startswith(":"):
            section = line[1:].strip()
        elif len(parts := line.split()) == 4:
            found.append((section, parts[0], parts[1], parts[2], parts[3]))
    return tuple(found)


SOURCE = Source(
    kind="table", id="questions-words", title="Word analogies", language="en",
    about="19,544 questions: a is to b as c is to what?",
    licence="Mikolov et al. 2013, Apache-2.0", archive="gensim", read=read)
