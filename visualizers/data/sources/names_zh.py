"""Chinese names from the dictionary of the package jieba: persons and places, as many of each."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from visualizers.data.kinds.labelled import Examples, balanced
from visualizers.data.registry import Source


def read(seed: int = 0, at_least: int = 10) -> Examples:
    """Names of two to four characters: persons (0) and places (1).

    The tags nr and ns of jieba's dictionary, of words that it counted ``at_least`` that often. Some
    of the tags are wrong.
    """
    found = importlib.util.find_spec("jieba")
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        return Examples((), (), ())
    kinds: dict[str, set[str]] = {"person": set(), "place": set()}
    tags = {"nr": "person", "ns": "place"}
    for line in (Path(folders[0]) / "dict.txt").read_text("utf-8").splitlines():
        word, count, tag = line.split(" ")
        if tag in tags and 2 <= len(word) <= 4 and int(count) >= at_least:
            kinds[tags[tag]].add(word)
    return balanced(kinds, seed)


SOURCE = Source(
    kind="labelled", id="names-zh", title="Person or place? (Chinese)", language="zh",
    about="Names of jieba's dictionary, two to four characters: is it a person or a place?",
    licence="jieba's dictionary, MIT; some of its tags are wrong", read=read)
