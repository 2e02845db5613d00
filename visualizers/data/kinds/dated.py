"""Texts with the year of each: what changes of a language are read from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.own import OwnFile
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal

LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Years(NamedTuple):
    """What a source of this kind reads: words of every text, in the order of the years.

    Attributes:
        texts: N texts as numbers of ``words``.
        years: N years, never falling.
        words: V different words.
        planted: words whose meaning was changed on purpose.
    """

    texts: Sequence[NDArray[np.int32]]
    years: NDArray[np.int32]
    words: tuple[str, ...]
    planted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dated:
    """Texts with their years.

    Attributes:
        texts, years, words, planted: as in ``Years``.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    texts: Sequence[NDArray[np.int32]]
    years: NDArray[np.int32]
    words: tuple[str, ...]
    planted: tuple[str, ...]
    title: str
    missing: str = ""


def words_of(text: str) -> list[str]:
    """The words of an English text, in small letters."""
    return LETTERS.findall(text.lower())


def numbered(texts: Sequence[Sequence[str]], years: Sequence[int],
             planted: tuple[str, ...] = ()) -> Years:
    """Texts, each a row of words, as numbers of their words, in the order of the years."""
    order = sorted(range(len(texts)), key=lambda one: years[one])
    ids: dict[str, int] = {}
    rows = [np.array([ids.setdefault(word, len(ids)) for word in texts[one]], np.int32) for one in order]
    return Years(tuple(rows), np.array([years[one] for one in order], np.int32), tuple(ids), planted)


def _value(source: Source, read: Years, missing: str) -> Dated:
    return Dated(source.id, *read, source.title, missing)


def _own(file: OwnFile) -> Dated:
    """A table with a column of years and one of texts."""
    name = file.name
    found = []
    for row in file.table().rows:
        if len(row) >= 2 and row[0].strip().isdigit():
            found.append((int(row[0]), words_of(row[1])))
    if len({year for year, _ in found}) < 2:
        raise Refusal("{name} has no texts of several years: each line is a year, a comma and a text in "
                      "quotation marks.", name=name)
    years = numbered([text for _, text in found], [year for year, _ in found])
    return Dated(file.id, *years, name)


KIND = Kind(
    id="dated", value=_value, own={"file": _own}, stand_ins={"en": ("made-eras",)},
    unknown=lambda name, near: Refusal("There are no dated texts {name}; the nearest are {near}.",
                                       name=name, near=near))
