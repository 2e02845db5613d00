"""BM25: how well the words of a query fit each document, counted and not learnt.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond". A document's
score is a sum over the words of the query, so that every word can be shown with what it adds:

    score(q, d) = Σ_w  idf(w) · f (k1 + 1) / (f + k1 (1 - b + b |d| / mean |d|))
    idf(w)      = ln(1 + (N - n(w) + ½) / (n(w) + ½))

f is how often w is in d, n(w) in how many of the N documents it is. A word that is there twice is not
worth twice as much (the fraction grows to k1 + 1 and no further); a long document needs more of it (b);
a word that is nearly everywhere says nearly nothing (idf; the 1 + keeps it above 0, as Lucene does).

    ranker = BM25([["heart", "failure"], ["renal", "failure"]])
    ranker.scores(["failure", "of", "heart"])      # (2,): one number a document
    ranker.parts(["failure", "of", "heart"], 0)    # (3,): what each word adds to document 0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class BM25:
    """Documents, already cut into words, and for each word the documents that have it."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> None:
        """``k1`` is how slowly repetition saturates, ``b`` how much a document's length counts."""
        self.N = len(documents)
        lengths = np.array([len(one) for one in documents], np.float64)                # (N,)
        mean = max(float(lengths.mean()), 1.0) if self.N else 1.0
        room = k1 * (1 - b + b * lengths / mean)                                       # (N,)

        having: dict[str, list[tuple[int, int]]] = {}  # word → its documents, and how often there
        for at, document in enumerate(documents):
            for word, times in Counter(document).items():
                having.setdefault(word, []).append((at, times))

        self.idf: dict[str, float] = {}
        self.weights: dict[str, tuple[NDArray[np.intp], Floats]] = {}  # word → documents, summands
        for word, found in having.items():
            n = len(found)
            self.idf[word] = float(np.log(1 + (self.N - n + 0.5) / (n + 0.5)))
            holders = np.array([one for one, _ in found], np.intp)                     # (n,)
            f = np.array([times for _, times in found], np.float64)                    # (n,)
            self.weights[word] = holders, self.idf[word] * f * (k1 + 1) / (f + room[holders])

    def scores(self, query: Sequence[str]) -> Floats:
        """Every document's score, (N,). A word that the query has twice counts twice."""
        found: Floats = np.zeros(self.N)
        for word in query:
            if word in self.weights:
                at, summands = self.weights[word]
                found[at] += summands
        return found

    def parts(self, query: Sequence[str], document: int) -> Floats:
        """What each word of the query adds to this document's score, (words of the query,)."""
        added: Floats = np.zeros(len(query))
        for index, word in enumerate(query):
            at, summands = self.weights.get(word, (np.zeros(0, np.intp), np.zeros(0)))
            added[index] = summands[at == document].sum()
        return added
