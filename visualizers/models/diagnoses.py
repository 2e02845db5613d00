"""Names of diagnoses and the titles of their codes: pairs from which retrieval is learnt.

Each of the 12,557 other names in ICD-10-CM belongs to one of 1,918 categories, whose title is the document
that it is to find. Some of the names are kept for testing. All of it is kept while the program runs, for
every restart asks for the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from visualizers.data.sources.icd_10_cm import Icd
from visualizers.models.bm25 import BM25
from visualizers.models.retrieval import Texts, words_of

ROWS = 16_384  # of the encoder's table
TESTED = 400  # names that are tested
HELD_OUT = 0.125

Words = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Names and the number of each one's code, and which are learnt and tested: indices."""

    names: tuple[Words, ...]
    codes: NDArray[np.int64]
    train: NDArray[np.int64]
    test: NDArray[np.int64]


@lru_cache(maxsize=1)
def names_of(icd: Icd) -> tuple[tuple[Words, ...], NDArray[np.int64]]:
    """The words of every name, and the number of its code."""
    listed = [(tuple(words_of(name)), at) for at, one in enumerate(icd.categories) for name in one.synonyms]
    return tuple(words for words, _ in listed), np.array([at for _, at in listed])


@lru_cache(maxsize=4)
def pairs_of(icd: Icd, held_out: str, seed: int) -> Pairs:
    """All names, split anew by each seed: by names, or by whole codes."""
    names, codes = names_of(icd)
    draw = np.random.default_rng(seed)
    if held_out == "codes":
        apart = np.isin(codes, draw.permutation(len(icd.categories))[: int(HELD_OUT * len(icd.categories))])
    else:
        apart = draw.permutation(len(codes)) < HELD_OUT * len(codes)
    test = draw.permutation(np.flatnonzero(apart))[:TESTED]
    return Pairs(names, codes, np.flatnonzero(~apart), test)


@lru_cache(maxsize=2)
def texts_of(icd: Icd, runs: bool) -> tuple[Texts, Texts]:
    """The names and the titles as the encoder reads them."""
    return Texts.of(names_of(icd)[0], ROWS, runs), Texts.of(titles_of(icd), ROWS, runs)


@lru_cache(maxsize=1)
def titles_of(icd: Icd) -> tuple[Words, ...]:
    """The words of every code's title."""
    return tuple(tuple(words_of(one.title)) for one in icd.categories)


@lru_cache(maxsize=8)
def bm25_of(icd: Icd, k1: float = 1.5, b: float = 0.75) -> BM25:
    """BM25 over the titles."""
    return BM25(titles_of(icd), k1, b)


@lru_cache(maxsize=4)
def bm25_with_names(icd: Icd, held_out: str, seed: int) -> BM25:
    """BM25 over the titles, each with the names that the encoder learns from."""
    documents = [list(one) for one in titles_of(icd)]
    pairs = pairs_of(icd, held_out, seed)
    for at in pairs.train:
        documents[pairs.codes[at]] += pairs.names[at]
    return BM25(documents)
