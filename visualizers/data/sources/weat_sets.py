"""Word sets of association tests, from the package wefe."""

from __future__ import annotations

import json

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> dict[str, tuple[str, ...]]:
    return word_sets(pack.read("wefe", "wefe/datasets/data/WEAT.json"))


def word_sets(data: bytes) -> dict[str, tuple[str, ...]]:
    """Name → words, of a JSON file that also says where they come from."""
    return {name: tuple(words) for name, words in json.loads(data).items()
            if isinstance(words, list) and all(isinstance(one, str) for one in words)}


SOURCE = Source(
    kind="table", id="weat-sets", title="Word sets of association tests", language="en",
    about="31 sets of words that measure bias in word vectors",
    licence="Caliskan et al. 2017; package MIT", archive="wefe", read=read)
