"""A dual encoder: a query and a document become vectors, and what belongs together comes close.

Karpukhin et al. 2020, "Dense Passage Retrieval for Open-Domain Question Answering". Documents are
encoded once, a query when it is asked, and the score of a pair is the cosine of their vectors. Words
that were never seen still have a vector: a word is the sum of its pieces, itself and its runs of three
to five characters (Bojanowski et al. 2017, fastText), and a text the sum of its words,

    v(text) = Σ_words Σ_pieces E[piece],        u = v / |v|.

The documents of the other queries in a batch serve as wrong answers (*in-batch negatives*): of B pairs
each query has to find its own document among B,

    S = U_q U_dᵀ / τ,      loss = mean_i -log softmax(S_i)_i.

Shapes: B texts, W words, P pieces, V rows of the table E, D numbers a vector, N documents.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

LONGEST = 5  # characters of a piece
SHORTEST = 3


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, small."""
    return re.findall(r"[a-z0-9]+", text.lower())


@lru_cache(maxsize=65_536)
def pieces_of(word: str, rows: int, runs: bool) -> tuple[int, ...]:
    """The rows of the table that a word is the sum of: ⟨word⟩ and, with ``runs``, its runs of
    characters. Rows are found by hashing, so a table of any size has one for every piece."""
    whole = f"<{word}>".encode()
    found = [whole]
    if runs:
        found += [whole[at : at + n] for n in range(SHORTEST, LONGEST + 1) if n < len(whole)
                  for at in range(len(whole) - n + 1)]
    return tuple([zlib.crc32(one) % rows for one in found])


@dataclass(frozen=True)
class Bags:
    """Bags of numbers of different sizes, one after the other: ``ids`` (n,), and the size of each."""

    ids: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, bags: Iterable[Sequence[int]]) -> Bags:
        listed = list(bags)
        return cls(torch.tensor([one for bag in listed for one in bag], dtype=torch.long),
                   torch.tensor([len(bag) for bag in listed], dtype=torch.long))

    @property
    def starts(self) -> Tensor:
        """Where each bag begins in ``ids``."""
        return self.sizes.cumsum(0) - self.sizes

    @property
    def owners(self) -> Tensor:
        """(n,) whose each of the ``ids`` is."""
        return torch.arange(len(self.sizes), device=self.ids.device).repeat_interleave(self.sizes)

    def to(self, device: str | torch.device) -> Bags:
        return Bags(self.ids.to(device), self.sizes.to(device))

    def __getitem__(self, chosen: Tensor) -> Bags:
        sizes = self.sizes[chosen]
        inside = torch.arange(int(sizes.sum()), device=self.ids.device) \
            - (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
        return Bags(self.ids[self.starts[chosen].repeat_interleave(sizes) + inside], sizes)


@dataclass(frozen=True)
class Texts:
    """Texts as bags of their words, and these words as bags of their pieces."""

    words: Bags   # text → numbers of words
    pieces: Bags  # word → rows of the table

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], rows: int, runs: bool = True) -> Texts:
        """Texts that are cut into words already."""
        numbers: dict[str, int] = {}
        bags = [[numbers.setdefault(word, len(numbers)) for word in text] for text in texts]
        return cls(Bags.of(bags), Bags.of(pieces_of(word, rows, runs) for word in numbers))

    def __getitem__(self, chosen: Tensor) -> Texts:
        words = self.words[chosen]
        known, at = words.ids.unique(return_inverse=True)
        return Texts(Bags(at, words.sizes), self.pieces[known])

    def to(self, device: str) -> Texts:
        return Texts(self.words.to(device), self.pieces.to(device))


class DualEncoder:
    """One table for queries and documents alike: ``table`` is E, (V, D)."""

    def __init__(self, rows: int, width: int, generator: torch.Generator) -> None:
        self.table = torch.randn(rows, width, generator=generator) / width**0.5

    def words(self, texts: Texts) -> Tensor:
        """The vector of each different word, (W, D): the sum of its pieces."""
        return embedding_bag(texts.pieces.ids, self.table, texts.pieces.starts, mode="sum")

    def sums(self, texts: Texts) -> Tensor:
        """v of each text, (B, D): the sum of its words, which are the sums of their pieces."""
        return embedding_bag(texts.words.ids, self.words(texts), texts.words.starts, mode="sum")

    def vectors(self, texts: Texts) -> Tensor:
        """u of each text, (B, D), of length 1; of a text without words 0."""
        v = self.sums(texts)
        return v / length_of(v)

    def loss(
        self, queries: Texts, documents: Texts, same: Tensor, temperature: float
    ) -> tuple[Tensor, Tensor]:
        """The loss of B pairs and its gradient with respect to the table, (V, D).

        Args:
            documents: M of them, first those of the B queries in their order, then further wrong ones
                (*hard negatives*), if any.
            same: (B, M) whether a document is the query's own. Where it is, and not on the diagonal,
                it is no wrong answer and left out (a *false negative* otherwise).
        """
        B, M = same.shape
        own = torch.eye(B, M, dtype=torch.bool, device=same.device)
        v_q, v_d = self.sums(queries), self.sums(documents)                     # (B, D), (M, D)
        n_q, n_d = length_of(v_q), length_of(v_d)                               # (B, 1), (M, 1)
        u_q, u_d = v_q / n_q, v_d / n_d
        scores = (u_q @ u_d.T / temperature).masked_fill(same & ~own, -torch.inf)   # (B, M)
        log_p = scores.log_softmax(1)
        loss = -log_p.diagonal().mean()

        # Back: softmax, cosine, length, and the sums.
        d_scores = (log_p.exp() - own.to(log_p)) / (B * temperature)              # (B, M)
        d_table = torch.zeros_like(self.table)
        for texts, u, n, d_u in ((queries, u_q, n_q, d_scores @ u_d),
                                 (documents, u_d, n_d, d_scores.T @ u_q)):
            d_v = (d_u - u * (u * d_u).sum(1, keepdim=True)) / n                # (B, D)
            d_words = d_v.new_zeros(len(texts.pieces.sizes), d_v.shape[1])
            d_words.index_add_(0, texts.words.ids, d_v[texts.words.owners])     # (W, D)
            d_table.index_add_(0, texts.pieces.ids, d_words[texts.pieces.owners])
        return loss, d_table


    def late(self, queries: Texts, documents: Texts) -> Tensor:
        """Late interaction (Khattab and Zaharia 2020, ColBERT), (B, N): each word of a query looks for
        the word of the document that is most like it, and these cosines are added up,

            score(q, d) = Σ_{i in q} max_{j in d} u_i · u_j.
        """
        mine, theirs = (v / length_of(v) for v in (self.words(queries), self.words(documents)))
        best = embedding_bag(documents.words.ids, theirs @ mine.T, documents.words.starts,
                             mode="max")                                        # (N, W)
        return embedding_bag(queries.words.ids, best.T.contiguous(), queries.words.starts, mode="sum")


def length_of(v: Tensor) -> Tensor:
    """|v| of each row, (B, 1), and of nothing hardly anything."""
    return v.pow(2).sum(1, keepdim=True).sqrt().clamp(min=1e-12)


# --- how well the right one stands ---------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where the right documents of Q queries stand: how many score more, and how many as much as they
    do, themselves included. What ties stand in no order, so that each order counts alike."""

    above: NDArray[np.int64]
    tied: NDArray[np.int64]

    @classmethod
    def of(cls, scores: NDArray[np.floating], right: NDArray[np.int64]) -> Standing:
        """``scores`` is (Q, N), ``right`` (Q,) the numbers of the right documents."""
        own = np.take_along_axis(scores, right[:, None], 1)                     # (Q, 1)
        return cls((scores > own).sum(1), (scores == own).sum(1))

    def hit(self, k: int = 1) -> NDArray[np.float64]:
        """(Q,) the chance that the right one is among the first k."""
        return np.clip((k - self.above) / self.tied, 0.0, 1.0)

    def reciprocal(self) -> NDArray[np.float64]:
        """(Q,) 1 / rank, its mean over all orders of what ties: their mean is the MRR."""
        harmonic = np.concatenate([[0.0], np.cumsum(
            1 / np.arange(1, int((self.above + self.tied).max(initial=0)) + 1))])
        return cast("NDArray[np.float64]",
                    (harmonic[self.above + self.tied] - harmonic[self.above]) / self.tied)


def gains(order: NDArray[np.int64], relevance: NDArray[np.int64], depth: int) -> NDArray[np.float64]:
    """What each document adds to the NDCG of the first ``depth`` places, by place, (N,): its relevance,
    discounted by the logarithm of its place, over the DCG of the best order (Järvelin and Kekäläinen 2002).
    """
    discount = 1 / np.log2(np.arange(2, len(order) + 2))                        # (N,), by place
    discount[depth:] = 0
    best = float((np.sort(relevance)[::-1] * discount).sum())
    return relevance[order] * discount / max(best, 1e-12)


def reciprocal_rank(relevant: NDArray[np.bool_]) -> float:
    """1 / the place of the first relevant document of a list, (N,); 0 without any."""
    return float(1 / (1 + relevant.argmax())) if relevant.any() else 0.0


def average_precision(relevant: NDArray[np.bool_]) -> float:
    """The mean, over the relevant documents, of the share of relevant ones down to their place."""
    places = np.arange(1, len(relevant) + 1)
    precision = relevant.cumsum() / places                                      # (N,)
    return float(precision[relevant].mean()) if relevant.any() else 0.0
