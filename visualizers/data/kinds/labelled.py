"""Labelled texts: what a classifier of texts learns from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.own import OwnFile, read_labelled
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


class Examples(NamedTuple):
    """What a source of this kind reads: texts, the class number of each, the classes' names."""

    texts: Sequence[str]
    labels: Sequence[int]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """Which examples are learnt from, chosen by and tested on: indices that never overlap."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Texts and the class of each.

    Attributes:
        texts: N texts; no two are the same.
        labels: N class numbers, 0 … C - 1.
        names: what the C classes are called (English; the window translates those of this program).
        language: ``"en"`` or ``"zh"``.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    language: str
    title: str
    missing: str = ""

    def split(self, seed: int = 0, valid: float = 0.15, test: float = 0.15) -> Split:
        """The same shares of every class for validation and test; the same for the same seed."""
        draw, labels = np.random.default_rng(seed), np.array(self.labels)
        parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
        for label in range(len(self.names)):
            members = draw.permutation(np.flatnonzero(labels == label))
            cuts = np.maximum(np.cumsum([round(valid * len(members)), round(test * len(members))]),
                              [1, 2])  # every class is met in every part
            for part, chosen in zip(parts, np.split(members, cuts), strict=True):
                part.append(chosen)
        first, second, rest = (draw.permutation(np.concatenate(part)) for part in parts)
        return Split(train=rest, valid=first, test=second)


def balanced(classes: dict[str, set[str]], seed: int = 0) -> Examples:
    """As many texts of each class, in an order that follows the seed alone; what is in two classes
    is in none."""
    apart = [texts.difference(*(other for other in classes.values() if other is not texts))
             for texts in classes.values()]
    draw, count = random.Random(seed), min(map(len, apart))
    pairs = [(text, label) for label, texts in enumerate(apart)
             for text in draw.sample(sorted(texts), count)]
    draw.shuffle(pairs)
    return Examples([text for text, _ in pairs], [label for _, label in pairs], tuple(classes))


def _value(source: Source, read: Examples, missing: str) -> Labelled:
    return Labelled(source.id, tuple(read.texts), tuple(read.labels), read.names, source.language,
                    source.title, missing)


def _own_table(file: OwnFile) -> Labelled:
    return Labelled(file.id, *read_labelled(file), file.name)


KIND = Kind(
    id="labelled", value=_value, own={"file": _own_table},
    lacks=lambda read: not read.texts,
    unknown=lambda name, near: Refusal(
        "There are no labelled texts {name}; the nearest are {near}.", name=name, near=near),
    stand_ins={"en": ("made-reviews",), "zh": ("made-reviews-zh",)})
