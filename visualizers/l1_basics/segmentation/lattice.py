"""All words that stand in a sentence, all its readings, and the most probable one found from the right.

Every word of the dictionary that stands in the sentence is an edge from the gap before it to the gap
behind it, and every path from the first gap to the last is a reading w₁ w₂ … Its probability is that of
words drawn one by one, P = ∏ f(w) / N, with f the frequency of a word and N that of all. The best path
to the end needs to be found once for each gap (Bellman 1957):

    best(i) = max over words w from i to j of  ln f(w) − ln N + best(j)

Shapes: T characters, G factors.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterator

import numpy as np

from visualizers.l1_basics.segmentation.panel import EXPONENTS
from visualizers.l1_basics.segmentation.tables import Counts
from visualizers.shapes import Float64

BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&\._%\-]+)")  # what words are looked for in
LATIN = re.compile(r"[a-zA-Z0-9]")

Path = tuple[float, tuple[int, ...]]  # ln P and where each word ends


class Lattice:
    """All words in a text, and the best path from each gap that ``solve`` has come to.

    Attributes:
        ends: for each place the ends of the words that begin there.
        stop: the end of the block that a place is in, where a path begins anew; 0 outside of blocks.
        best: ln P of the best path from here to the end of its block.
        next: the end of its first word; −1 where it is not known.
        ahead: −ln P of the best path to the end of the text; −1 where it is not known.
    """

    def __init__(self, text: str, counts: Counts, block: re.Pattern[str] = BLOCK) -> None:
        self.text, self.counts = text, counts
        self.ends = [[at + 1] for at in range(len(text))]
        self.stop = [0] * len(text)
        for found in block.finditer(text):
            first, last = found.span()
            for at in range(first, last):
                farthest = min(last, at + counts.longest)
                words = [end for end in range(at + 1, farthest + 1) if counts.of(text[at:end])]
                self.ends[at] = words or [at + 1]  # a character that is no word stands alone
                self.stop[at] = last
        self.best = [0.0] * (len(text) + 1)
        self.next = [-1] * len(text)
        self.ahead = [-1.0] * len(text) + [0.0]

    def log_p(self, begin: int, end: int) -> float:
        """ln P of one word; what was never counted is taken as counted once."""
        if not self.stop[begin]:
            return 0.0  # a sign between two blocks
        return math.log(self.counts.of(self.text[begin:end]) or 1) - math.log(self.counts.total)

    def solve(self, left: int = 0) -> None:
        """Dynamic programming from the right: each gap needs only those behind it."""
        for at in range(len(self.text) - 1, left - 1, -1):
            stop = self.stop[at] or at + 1
            self.best[at], self.next[at] = max(
                (self.log_p(at, end) + (self.best[end] if end < stop else 0.0), end)
                for end in self.ends[at])
            self.ahead[at] = self.ahead[stop] - self.best[at]

    def path(self, left: int = 0) -> Iterator[tuple[int, int]]:
        """Begin and end of each word of the best path."""
        while left < len(self.text):
            yield left, self.next[left]
            left = self.next[left]

    # --- all readings

    def readings(self, left: int, most: int) -> tuple[float, float, list[Path]]:
        """How many there are, ln of the sum of their probabilities, and the best with their ends."""
        many = [1.0] * (len(self.text) + 1)
        total = [0.0] * (len(self.text) + 1)
        best: list[list[Path]] = [[] for _ in self.text] + [[(0.0, ())]]
        for at in range(len(self.text) - 1, left - 1, -1):
            steps = [(self.log_p(at, end), end) for end in self.ends[at]]
            many[at] = sum(many[end] for _, end in steps)
            total[at] = float(np.logaddexp.reduce([log_p + total[end] for log_p, end in steps]))
            best[at] = heapq.nlargest(most, (
                (log_p + rest, (end, *ends)) for log_p, end in steps for rest, ends in best[end]))
        return many[left], total[left], best[left]

    def over_factors(self, left: int, word: str, before: int) -> tuple[Float64, Float64, float]:
        """Shares of the best reading with a word and of the best without it, each (G,), while the
        frequency ``before`` of the word is multiplied; and the factor at which the better one changes."""
        factors = 10.0 ** np.array(EXPONENTS)
        frequency = np.maximum(1.0, np.round(before * factors))                # (G,)
        log_total = np.log(self.counts.total - self.counts.of(word) + frequency)
        nothing = np.full(len(factors), -np.inf)
        total = [np.zeros(len(factors))] * (len(self.text) + 1)
        having, lacking = [nothing] * (len(self.text) + 1), list(total)
        for at in range(len(self.text) - 1, left - 1, -1):
            all_ways, with_it, without = nothing, nothing, nothing
            for end in self.ends[at]:
                part = self.text[at:end]
                log_p = np.zeros(len(factors)) if not self.stop[at] else (
                    np.log(frequency) if part == word else math.log(self.counts.of(part) or 1)) - log_total
                all_ways = np.logaddexp(all_ways, log_p + total[end])
                if part == word:
                    with_it = np.maximum(with_it, log_p + np.maximum(having[end], lacking[end]))
                else:
                    with_it = np.maximum(with_it, log_p + having[end])
                    without = np.maximum(without, log_p + lacking[end])
            total[at], having[at], lacking[at] = all_ways, with_it, without
        ahead = having[left] - lacking[left] if np.isfinite(lacking[left] + having[left]).all() else nothing
        change = np.flatnonzero((ahead[1:] > 0) & (ahead[:-1] <= 0))
        flip = 0.0
        if len(change):
            low, high = ahead[change[0]], ahead[change[0] + 1]
            flip = 10 ** (EXPONENTS[change[0]] + (EXPONENTS[1] - EXPONENTS[0]) * -low / (high - low))
        return np.exp(having[left] - total[left]), np.exp(lacking[left] - total[left]), float(flip)

    # --- its words, and what may hide one

    def pieces(self, hmm: bool, left: int = 0) -> Iterator[tuple[str, bool]]:
        """The words of the best path, and runs of single characters that may hide an unknown word."""
        run = ""
        for begin, end in self.path(left):
            word = self.text[begin:end]
            if len(word) == 1 and self.stop[begin] and (hmm or LATIN.match(word)):
                run += word
            else:
                yield from self._run(run, hmm)
                yield word, False
                run = ""
        yield from self._run(run, hmm)

    def _run(self, run: str, hmm: bool) -> Iterator[tuple[str, bool]]:
        if hmm and len(run) > 1 and not self.counts.of(run):
            yield run, True
        elif hmm:
            yield from ((one, False) for one in run)
        elif run:
            yield run, False  # Latin letters and digits
