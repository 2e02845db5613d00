"""Word vectors that somebody has trained, and the place of those that a panel trains itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.own import OwnFile, read_own
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


class Table(NamedTuple):
    """What a source of this kind reads: words, and a vector for each."""

    words: Sequence[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, the most frequent first.

    Attributes:
        words: V words; none where a panel is to train its own.
        vectors: (V, d), read-only.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    words: Sequence[str]
    vectors: NDArray[np.float32]
    title: str
    missing: str = ""


def _value(source: Source, read: Table, missing: str) -> WordVectors:
    return WordVectors(source.id, read.words, read.vectors, source.title, missing)


def _own_vectors(file: OwnFile) -> WordVectors:
    """A text with a word and its numbers on each line, as GloVe and word2vec write them."""
    name = file.name
    lines = [line.split() for line in read_own(file)[0].splitlines() if line.strip()]
    if lines and len(lines[0]) == 2:  # word2vec says first how many there are
        del lines[0]
    try:
        vectors = np.array([line[1:] for line in lines], np.float32)
        if vectors.ndim != 2 or vectors.size == 0 or not np.isfinite(vectors).all():
            raise ValueError
    except ValueError as error:
        raise Refusal("{name} does not hold word vectors: a word and as many numbers on each line.",
                      name=name) from error
    return WordVectors(file.id, tuple(line[0] for line in lines), vectors, name)


KIND = Kind(
    id="vectors", value=_value, own={"file": _own_vectors}, stand_ins={"en": ("trained-vectors",)},
    unknown=lambda name, near: Refusal("There are no word vectors {name}; the nearest are {near}.",
                                       name=name, near=near))
