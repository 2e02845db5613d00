"""n-grams counted, and four ways to give a probability to those that were not read.

Jelinek and Mercer 1980 (interpolation); Katz 1987 (back-off), here with an absolute discount; Kneser and
Ney 1995; Chen and Goodman 1999 compare them. With c a count, h the words before w, h′ those without the
first one, V the size of the vocabulary and N₁₊(h•) how many different words stood after h:

    add-k           (c(hw) + k) / (c(h) + k V)
    interpolation   λ c(hw) / c(h) + (1 − λ) P(w | h′)
    back-off        (c(hw) − D) / c(h) where hw was read, else α(h) P(w | h′)
    Kneser-Ney      max(c(hw) − D, 0) / c(h) + D N₁₊(h•) / c(h) · P(w | h′)

where Kneser-Ney counts, in all shorter contexts, after how many *different* words something stood. Each
ends at 1 / V, and hands on to the shorter context where h itself was never read.

An n-gram is one whole number: its words are the digits, the last word the lowest digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Counts:
    """How often each n-gram of one length was read.

    Attributes:
        keys: the different ones, in order; those with the same words before stand together.
        counts: of each.
    """

    def __init__(self, keys: Ints, counts: Ints, base: int) -> None:
        self.keys, self.counts, self.base = keys, counts, base
        self.contexts, self.first = np.unique(keys // base, return_index=True)
        self.totals = np.add.reduceat(counts, self.first)                      # c(h)
        self.kinds = np.diff(np.append(self.first, len(keys)))                 # N₁₊(h•)

    def of(self, keys: Ints) -> Ints:
        """The count of each of these n-grams."""
        at, there = _found(self.keys, keys)
        return np.where(there, self.counts[at], 0)

    def after(self, contexts: Ints) -> tuple[Ints, Ints, NDArray[np.intp]]:
        """How often anything stood after each of these contexts, how many different words, and where
        the context is among those that were read."""
        at, there = _found(self.contexts, contexts)
        return np.where(there, self.totals[at], 0), np.where(there, self.kinds[at], 0), at

    def row(self, context: int) -> Ints:
        """The counts of all words after one context, by their numbers."""
        made = np.zeros(self.base, np.int64)
        here = slice(*np.searchsorted(self.keys, [context * self.base, (context + 1) * self.base]))
        made[self.keys[here] % self.base] = self.counts[here]
        return made


def _found(known: Ints, wanted: Ints) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each of these numbers is among those in order, and whether it is there."""
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


@dataclass(frozen=True)
class Smoothing:
    """The numbers that the methods are given."""

    k: float
    share: float
    discount: float


class Model:
    """All n-grams of a text.

    Args:
        grams: for n = 1, 2, … the n-gram that ends at each place, (T,).
        base: more than any word's number.
        vocabulary: V, words that can come next.
    """

    def __init__(self, grams: Sequence[Ints], base: int, vocabulary: int) -> None:
        self.base, self.vocabulary = base, vocabulary
        self.plain = [Counts(*np.unique(one, return_counts=True), base) for one in grams]
        self._weights: dict[tuple[int, float], Floats] = {}

    @cached_property
    def continued(self) -> list[Counts]:
        """For each n but the last: after how many different words an n-gram stood."""
        return [Counts(*np.unique(longer.keys % self.base ** (n + 1), return_counts=True), self.base)
                for n, longer in enumerate(self.plain[1:])]

    def every(self, method: str, n: int, keys: Ints, by: Smoothing) -> list[Floats]:
        """P(w | h) of n-grams hw (…,), where their last 1, 2, … n words are looked at."""
        found, shorter = [], np.full(keys.shape, 1 / self.vocabulary)
        for m in range(1, n + 1):
            key = keys % self.base**m
            counts = self.plain[m - 1]
            after, kinds, at = counts.after(key // self.base)
            left = self._given(m, by)[at] if method == "back-off" else None
            found.append(self.mixed(method, counts.of(key), after, kinds, shorter, by, left))
            if method != "Kneser-Ney":
                shorter = found[-1]
            elif m < n:  # whoever looks at more words asks the shorter context how many it follows
                counts = self.continued[m - 1]
                after, kinds, _ = counts.after(key // self.base)
                shorter = self.mixed(method, counts.of(key), after, kinds, shorter, by, None)
        return found

    def next_odds(
        self, method: str, words: Sequence[int], by: Smoothing, within: bool = False
    ) -> Floats:
        """P(w | h) of every word that can come next, (V,), after these n − 1 words; ``within`` a longer
        context, for which Kneser-Ney counts otherwise."""
        n, shorter = len(words) + 1, np.full(self.vocabulary, 1 / self.vocabulary)
        for m in range(1, n + 1):
            context = 0
            for one in words[n - m:]:
                context = context * self.base + one
            last = self.plain if (m == n and not within) or method != "Kneser-Ney" else self.continued
            count = last[m - 1].row(context)[1:]                               # (V,)
            after, kinds = count.sum(), (count > 0).sum()
            unread = 1 - shorter[count > 0].sum()
            left = by.discount * kinds / max(after, 1) / max(unread, 1e-12)
            shorter = self.mixed(method, count, after, kinds, shorter, by, left)
        return shorter

    def mixed(
        self, method: str, count: Ints, after: Ints, kinds: Ints, shorter: Floats, by: Smoothing,
        left: Floats | float | None,
    ) -> Floats:
        """One line of the table above: c(hw), c(h), N₁₊(h•), P(w | h′) and α(h) are given."""
        once = np.maximum(after, 1)
        match method:
            case "add-k":
                return np.asarray((count + by.k) / (after + by.k * self.vocabulary), float)
            case "interpolation":
                mixed = by.share * count / once + (1 - by.share) * shorter
            case "back-off":
                assert left is not None
                taken = np.where(kinds < self.vocabulary, by.discount, 0.0)  # nobody else could have it
                mixed = np.where(count > 0, (count - taken) / once, left * shorter)
            case _:
                mixed = (np.maximum(count - by.discount, 0) + by.discount * kinds * shorter) / once
        return np.where(after > 0, mixed, shorter)

    def left(self, n: int, contexts: Ints, by: Smoothing) -> Floats:
        """α(h): what was taken from the words read after h, spread over those that were not."""
        return self._given(n, by)[self.plain[n - 1].after(contexts)[2]]

    def _given(self, n: int, by: Smoothing) -> Floats:
        """α of every context that was read; kept, as all lengths ask for it."""
        if (n, by.discount) not in self._weights:
            counts = self.plain[n - 1]
            shorter = self.every("back-off", n - 1, counts.keys % self.base ** (n - 1), by)[-1] if n > 1 \
                else np.full(len(counts.keys), 1 / self.vocabulary)
            seen = np.add.reduceat(shorter, counts.first)  # Σ P(w | h′) of the words read after h
            self._weights[n, by.discount] = \
                by.discount * counts.kinds / counts.totals / np.maximum(1 - seen, 1e-12)
        return self._weights[n, by.discount]
