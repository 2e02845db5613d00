"""Labelled sentences: what a classifier of texts learns from, from three sources.

What every installation carries (the standard library's own comments and docstrings, and the names in
jieba's dictionary), what the data pack brings (reviews of films), and what a small grammar makes.
``Data.labelled(id)`` gives any of them, or the user's own table.
"""

from __future__ import annotations

import ast
import bz2
import csv
import importlib.util
import io
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizers.data.readers import prose_paragraphs, standard_library

Pairs = tuple[list[str], list[int]]


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
        note: whom to thank for it and under which licence, or empty.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    language: str
    title: str
    note: str = ""
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


# --- what every installation carries -----------------------------------------------------------


def comments_and_docstrings(seed: int = 0) -> Pairs:
    """Sentences of the standard library: comments (0) and docstrings (1), as many of each.

    A comment speaks to who changes the code, a docstring to who calls it. Empty where Python comes
    without its source.
    """
    comments: set[str] = set()
    docstrings: set[str] = set()
    for _, source in standard_library():
        comments.update(_sentences(_comments(source)))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node,
                          ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                docstrings.update(_sentences([ast.get_docstring(node) or ""]))
    return _balanced([comments - docstrings, docstrings - comments], seed)


def _comments(source: str) -> Iterator[str]:
    """Each run of lines that are comments and nothing else."""
    run: list[str] = []
    for line in [*source.splitlines(), ""]:
        if (stripped := line.strip()).startswith("#"):
            run.append(stripped.lstrip("#"))
        elif run:
            yield "\n".join(run)
            run = []


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for paragraph in prose_paragraphs(text):
            for sentence in re.split(r"(?<=[.!?]) +(?=[A-Z])", paragraph):
                if 5 <= len(sentence.split()) <= 30:
                    yield sentence


def names_in_chinese(seed: int = 0, at_least: int = 10) -> Pairs:
    """Names of two to four characters: persons (0) and places (1), as many of each.

    The tags nr and ns of jieba's dictionary, of words that it counted ``at_least`` that often. Some
    of the tags are wrong.
    """
    found = importlib.util.find_spec("jieba")
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        return [], []
    kinds: dict[str, set[str]] = {"nr": set(), "ns": set()}
    for line in (Path(folders[0]) / "dict.txt").read_text("utf-8").splitlines():
        word, count, tag = line.split(" ")
        if tag in kinds and 2 <= len(word) <= 4 and int(count) >= at_least:
            kinds[tag].add(word)
    return _balanced([kinds["nr"] - kinds["ns"], kinds["ns"] - kinds["nr"]], seed)


# --- what the data pack brings -----------------------------------------------------------------


def movie_reviews(packed: bytes) -> Pairs:
    """Rotten Tomatoes: one or two sentences of critics each, rotten (0) and fresh (1)."""
    rows = csv.DictReader(io.StringIO(bz2.decompress(packed).decode("utf-8")))
    kinds: dict[str, set[str]] = {"rotten": set(), "fresh": set()}
    for row in rows:
        text = " ".join(row["text"].split())
        if row["category"] in kinds and len(text.split()) >= 4:
            kinds[row["category"]].add(text)
    return _balanced([kinds["rotten"] - kinds["fresh"], kinds["fresh"] - kinds["rotten"]])


def _balanced(classes: list[set[str]], seed: int = 0) -> Pairs:
    """As many texts of each class, in an order that follows the seed alone."""
    draw, count = random.Random(seed), min(map(len, classes))
    pairs = [(text, label) for label, texts in enumerate(classes)
             for text in draw.sample(sorted(texts), count)]
    draw.shuffle(pairs)
    return [text for text, _ in pairs], [label for _, label in pairs]
