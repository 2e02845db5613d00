"""A text in words, its n-grams counted, and four ways to give a probability to those that were not read.

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

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from visualizers.models.chinese import words_in

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N = 5  # the longest n-gram
BEGIN, END, UNKNOWN = 0, 1, 2
SIGNS = ("", "⏎", "‹?›")  # how these are shown
MOST = 6000        # words of a vocabulary: five of them make one whole number below 2⁶³
LONGEST = {"words": 160_000, "characters": 100_000}  # characters that are read; Chinese words 60,000


class Reading:
    """A text made ready: its lines as numbers, and every tenth one held out, from the ``first`` on."""

    def __init__(self, text: str, language: str, unit: str, rare: int, first: int,
                 progress: Callable[[int, int, str], None]) -> None:
        self.unit, self.chinese = unit, language == "zh"
        text = text[: 60_000 if self.chinese and unit == "words" else LONGEST[unit]]
        lines = [one.strip() for one in text.splitlines() if one.strip()] or ["?"]
        words = []
        for at, line in enumerate(lines):
            if at % 100 == 0:
                progress(at, len(lines), "Cutting the text into words")
            words.append(self.cut(line))
        held = range(first, len(lines), 10) if len(lines) > 9 else range(len(lines) - 1, len(lines))
        kept = [one for at, one in enumerate(words) if at not in held] or words
        counted = Counter(word for line in kept for word in line)
        known = [word for word, times in counted.most_common(MOST) if times > rare]
        self.names = (*SIGNS, *known)
        self.ids = {word: at for at, word in enumerate(self.names) if at > UNKNOWN}
        self.lines = [self.numbers(line) for line in kept]
        self.held = [self.numbers(words[at]) for at in held]
        self.base, self.vocabulary = len(self.names), len(self.names) - 1      # nothing predicts BEGIN
        self.grams, self.ends = self.grams_of(self.lines)
        self.held_grams, _ = self.grams_of(self.held)
        self.text = " ".join(self.names[one] for line in self.lines for one in (*line, END)) + " "

    def cut(self, line: str) -> list[str]:
        """A line in words or characters, lower-case."""
        line = line.lower()
        if self.unit == "characters":
            return list(line)
        if self.chinese:
            return [one for one in words_in(line) if one.strip()]
        return re.findall(r"\w+|[^\w\s]", line)

    def numbers(self, words: Sequence[str]) -> list[int]:
        return [self.ids.get(word, UNKNOWN) for word in words]

    def grams_of(self, lines: Sequence[Sequence[int]]) -> tuple[list[Ints], Ints]:
        """For n = 1 … N the n-gram that ends at each word of these lines, each (T,); and where each
        line ends."""
        stream = np.array([one for line in lines for one in (*[BEGIN] * (N - 1), *line, END)], np.int64)
        predicted: NDArray[np.intp] = np.flatnonzero(stream != BEGIN)          # (T,)
        grams, so_far = [], np.zeros(len(predicted), np.int64)
        for n in range(N):
            so_far = so_far + stream[predicted - n] * self.base**n
            grams.append(so_far)
        return grams, np.cumsum([len(line) + 1 for line in lines])

    def key(self, words: Sequence[int]) -> int:
        """Some words as one whole number."""
        found = 0
        for one in words:
            found = found * self.base + one
        return found


_made_ready: dict[tuple[str, str, str, int, int], Reading] = {}  # they never change; the last few are kept


def made_ready(text: str, language: str, unit: str, rare: int, first: int,
               progress: Callable[[int, int, str], None]) -> Reading:
    """The ``Reading`` of these; the one of before, where they were asked for lately."""
    asked = (text, language, unit, rare, first)
    if asked not in _made_ready:
        while len(_made_ready) > 3:
            del _made_ready[next(iter(_made_ready))]
        _made_ready[asked] = Reading(*asked, progress)
    return _made_ready[asked]


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


def perplexity(odds: NDArray[np.float64]) -> float:
    """Among how many words, all alike, it would hesitate as much: e to the mean −ln p."""
    return float(np.exp(-np.log(np.maximum(odds, 1e-300)).mean()))
