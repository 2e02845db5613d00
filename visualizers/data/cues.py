"""Texts of symbols in which only one or two matter: how far apart decides who can read them.

Order is asked for, and not which pair of words there is, because max-pooling can tell pairs apart
without seeing them together: with a, x ∈ {0, 1} for "the word occurs", a xor x = 2 max(a, x) − a − x.
Which of two words comes first leaves the bag of all narrow windows the same: their fillers are drawn
alike, and a margin keeps both words so far from the ends that every window which can hold one does.
No position can then betray the answer, and a pooled window must hold both words or guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["which word comes first", "which word occurs"]

WORDS = 2  # the words that matter, symbols 0 and 1; all others are fillers
FILLERS = 20
WIDEST = 8  # no window that reads these texts is wider
MARGIN = WIDEST - 1  # fillers on both sides, so that each window that may hold a word exists


@dataclass(frozen=True)
class Cues:
    """A batch of B texts of T symbols."""

    x: NDArray[np.int64]  # (B, T)
    y: NDArray[np.int64]  # (B,), 0 or 1: which of the two words comes first, or occurs
    distance: NDArray[np.int64]  # (B,), in 1 … longest: between the words, or from the word to the end


def text_length(longest: int) -> int:
    """T, the same for both tasks, so that they cost the same."""
    return longest + 1 + 2 * MARGIN


def cue_texts(
    task: Task, count: int, longest: int, seed: int, distance: NDArray[np.int64] | None = None
) -> Cues:
    """``count`` new texts; the distances (B,) are drawn evenly from 1 … ``longest`` if not given."""
    draw = np.random.default_rng(seed)
    length, rows = text_length(longest), np.arange(count)
    x = draw.integers(WORDS, WORDS + FILLERS, (count, length))  # (B, T)
    y = draw.integers(0, 2, count)
    if distance is None:
        distance = draw.integers(1, longest + 1, count)
    if task == "which word comes first":
        start = draw.integers(MARGIN, length - MARGIN - distance)
        x[rows, start], x[rows, start + distance] = y, 1 - y
    else:
        x[rows, length - 1 - distance] = y
    return Cues(x, y, distance)


def shuffled(x: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The same words in another order, drawn anew for each text."""
    mixed: NDArray[np.int64] = np.random.default_rng(seed).permuted(x, axis=1)
    return mixed


def spelled(x: NDArray[np.int64]) -> tuple[str, ...]:
    """One text (T,) to look at: A and B for the words that matter, small letters for the fillers."""
    return tuple("AB"[one] if one < WORDS else chr(ord("c") + one - WORDS) for one in x.tolist())
