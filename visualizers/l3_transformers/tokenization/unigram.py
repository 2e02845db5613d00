"""Unigram (Kudo 2018, "Subword Regularization"): begin with too many pieces, drop what can be spared.

Each piece x has a probability p(x), and a word is as probable as all ways to cut it together:
P(word) = Σ over cuts Π p(piece). EM finds the p that make the text most probable; then the pieces
whose loss costs the text least are dropped, and so on. A word is cut in its most probable way.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping

from visualizers.l3_transformers.tokenization.panel import NEXT

LONGEST = 8  # signs of a piece
WORDS = 500  # the most frequent ones are learnt from
SEEDS = 1500  # pieces to begin with
KEPT = 0.85  # of the pieces, at most, are kept at a step
UNSEEN = -10.0  # by how much an unknown sign is less probable than the least probable piece (log)


class Unigram:
    """Step by step the vocabulary shrinks."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self.words = dict(Counter(words).most_common(WORDS))
        self.total = sum(words.values())
        self.log: list[tuple[str, str, str, float]] = []
        seen: Counter[str] = Counter()
        for word, times in self.words.items():
            for start in range(len(word)):
                for end in range(start + 1, min(len(word), start + LONGEST) + 1):
                    seen[word[start:end]] += times
        self.signs = {piece for piece in seen if len(piece) == 1}  # never dropped
        many = sorted((piece for piece, times in seen.items() if len(piece) > 1 and times > 1),
                      key=lambda piece: (-seen[piece] * len(piece), piece))[:SEEDS]
        kept = {piece: float(seen[piece]) for piece in (*sorted(self.signs), *many)}
        whole = sum(kept.values())
        self.p = {piece: times / whole for piece, times in kept.items()}
        self.used: dict[str, float] = {}
        self.likelihood = 0.0
        self.expect()
        self.losses = self.costs()

    def expect(self) -> None:
        """One round of EM: how often each piece is expected in the text, and p from it."""
        counts: defaultdict[str, float] = defaultdict(float)
        self.likelihood = 0.0
        for word, times in self.words.items():
            counted, probability = expected(word, self.p)
            self.likelihood += times * math.log(probability)
            for piece, share in counted.items():
                counts[piece] += times * share
        whole = sum(counts.values())
        # A sign must stay possible, however seldom it stands alone.
        self.p = {piece: max(counts[piece] / whole, 1e-9 if piece in self.signs else 0.0)
                  for piece in self.p if counts[piece] > 0 or piece in self.signs}
        self.used = {piece: counts[piece] for piece in self.p}

    def costs(self) -> dict[str, float]:
        """For each piece of two signs or more: how much log-likelihood goes with it, about."""
        return {piece: self.used[piece] * (math.log(p) - sum(
                    math.log(self.p[part]) for part in best(piece, self.p, without=piece)))
                for piece, p in self.p.items() if len(piece) > 1}

    def step(self, most: int) -> float:
        """Drop the cheapest pieces and fit the rest; the cost of the dearest one dropped."""
        if self.over(most):
            return 0.0
        cheap = sorted(self.losses, key=lambda piece: (self.losses[piece], piece))
        keep = max(most, min(len(cheap) - 1, int(KEPT * len(cheap))))
        dropped = cheap[: len(cheap) - keep]
        for piece in dropped:
            self.log.append(("", "", piece, self.losses[piece]))
            del self.p[piece]
        whole = sum(self.p.values())
        self.p = {piece: p / whole for piece, p in self.p.items()}
        self.expect()
        self.losses = self.costs()
        return self.log[-1][3]

    def over(self, most: int) -> bool:
        return len(self.losses) <= most

    def vocabulary(self) -> dict[str, float]:
        return self.used

    def tokens(self) -> float:
        """Of the whole text; the words that are not learnt from are taken to be like the others."""
        mine = sum(times * len(best(word, self.p)) for word, times in self.words.items())
        return mine * self.total / sum(self.words.values())

    def candidates(self) -> list[tuple[str, str, float]]:
        """The pieces that are dropped next."""
        cheap = sorted(self.losses.items(), key=lambda one: (one[1], one[0]))
        return [(piece, "", cost) for piece, cost in cheap[:NEXT]]

    def cut(self, word: str) -> list[tuple[str, bool]]:
        return [(piece, piece in self.p) for piece in best(word, self.p)]


def expected(word: str, p: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """How often each piece is expected in a word, over all ways to cut it; and the word's probability.

    Forward: a[i] is the probability of the first i signs. Backward: b[i] that of those from i on.
    """
    n = len(word)
    edges = [(i, j, word[i:j], q) for i in range(n) for j in range(i + 1, min(n, i + LONGEST) + 1)
             if (q := p.get(word[i:j], 0.0)) > 0]
    a, b = [1.0] + [0.0] * n, [0.0] * n + [1.0]
    for i, j, _, q in edges:
        a[j] += a[i] * q
    for i, j, _, q in reversed(edges):
        b[i] += q * b[j]
    counts: dict[str, float] = {}
    for i, j, piece, q in edges:
        counts[piece] = counts.get(piece, 0.0) + a[i] * q * b[j] / a[n]
    return counts, a[n]


def best(word: str, p: Mapping[str, float], without: str = "") -> list[str]:
    """The most probable way to cut a word (Viterbi); an unknown sign is a piece of its own."""
    n, unseen = len(word), math.log(min(p.values())) + UNSEEN
    score, back = [0.0] + [-math.inf] * n, [0] * (n + 1)
    for i in range(n):
        for j in range(i + 1, min(n, i + LONGEST) + 1):
            piece = word[i:j]
            q = 0.0 if piece == without else p.get(piece, 0.0)
            if q <= 0 and j > i + 1:
                continue
            reached = score[i] + (math.log(q) if q > 0 else unseen)
            if reached > score[j]:
                score[j], back[j] = reached, i
    cut, end = [], n
    while end:
        cut.append(word[back[end] : end])
        end = back[end]
    return cut[::-1]
