"""Learning to retrieve: a dual encoder among the wrong answers of its batch, beside BM25.

Karpukhin et al. 2020, "Dense Passage Retrieval for Open-Domain Question Answering". Nobody wrote down
wrong answers. Of B pairs of a name and a title, each name has to find its own title among those of all,

    S = U_q U_dᵀ / τ,      loss = mean_i −log softmax(S_i)_i,

so B − 1 wrong answers cost nothing (``visualizers/models/retrieval.py`` writes out both ways). Some of
them are right: a *false negative* is another's title that is this name's as well. *Hard negatives* are
wrong titles on purpose, near to the name: the best wrong one of BM25 (Karpukhin), or of the encoder
itself (Xiong et al. 2021, ANCE).

Shapes: B pairs, M documents of a batch, N titles, Q test names, S shown, n and m words, D numbers a vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.sources.icd_10_cm import Icd
from visualizers.l6_text.retrieval.panel import GRADES, LISTS, SHOWN, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.diagnoses import ROWS, Pairs, Words, bm25_of, pairs_of, texts_of, titles_of
from visualizers.models.retrieval import (
    DualEncoder,
    Standing,
    Texts,
    average_precision,
    gains,
    length_of,
    reciprocal_rank,
    words_of,
)
from visualizers.panel import Context

TWICE = 3  # titles of the matrix that two of its names have
FIRST = 5  # titles of either method that are listed
LATE = 120  # test names for which late interaction is measured, which is dear
LONGEST = 16  # words of an own query that are read


# --- what is shown, and what never changes ---------------------------------------------------------


def shown_rows(pairs: Pairs, strange: NDArray[np.bool_], seed: int) -> list[int]:
    """Test names for the matrix: three times two of one title, and others of titles of their own. The
    first shares no word with its title."""
    by_code: dict[int, list[int]] = {}
    for at in np.flatnonzero(strange).tolist() + np.flatnonzero(~strange).tolist():
        by_code.setdefault(int(pairs.codes[pairs.test[at]]), []).append(at)
    groups = list(by_code.values())
    twice = [group[:2] for group in groups if len(group) > 1][:TWICE]
    taken = {group[0] for group in twice}
    once = [group[0] for group in groups if group[0] not in taken]
    draw = np.random.default_rng(seed)
    chosen = [at for group in twice for at in group] + draw.permutation(once)[: SHOWN - 2 * TWICE].tolist()
    order: list[int] = draw.permutation(chosen).tolist()
    return sorted(order, key=lambda at: at != next(one for one in order if strange[one]))


@lru_cache(maxsize=8)
def counted(icd: Icd, seed: int, k1: float, b: float) -> NDArray[np.float64]:
    """BM25's scores of all titles for the test names, (Q, N): they change with k₁ and b alone."""
    ranker, pairs = bm25_of(icd, k1, b), pairs_of(icd, "names", seed)
    return np.stack([ranker.scores(pairs.names[at]) for at in pairs.test])


@lru_cache(maxsize=16_384)
def best_wrong(icd: Icd, seed: int, k1: float, b: float, name: int) -> int:
    """The title that BM25 likes best for a name, of those that are not its own."""
    pairs = pairs_of(icd, "names", seed)
    scores = bm25_of(icd, k1, b).scores(pairs.names[name])
    scores[pairs.codes[name]] = -1
    return int(scores.argmax())


class Retriever:
    """The encoder while it learns, and BM25 beside it."""

    shared: ClassVar[tuple[str, ...]] = ("icd", "pairs", "titles", "names", "asked", "asked_late", "strange",
                                         "rows", "shown", "frequency", "fixed")
    measure_every = 64
    measure_reads: ClassVar[tuple[str, ...]] = ("k1", "b")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 2, "reading the pairs")
        self.icd: Icd = context.data.read("table", "icd-10-cm")
        context.progress(1, 2, "reading the pairs")
        self.seed = params.seed
        self.pairs = pairs = pairs_of(self.icd, "names", params.seed)
        self.names, self.titles = (one.to(self.device) for one in texts_of(self.icd, True))
        test = torch.from_numpy(pairs.test).to(self.device)
        self.asked, self.asked_late = self.names[test], self.names[test[:LATE]]
        self.fixed = titles_of(self.icd)
        self.strange = np.array([not set(pairs.names[at]) & set(self.fixed[pairs.codes[at]])
                                 for at in pairs.test])                         # (Q,)
        self.rows = pairs.test[shown_rows(pairs, self.strange, params.seed)]    # (S,) numbers of names
        at = torch.from_numpy(self.rows).to(self.device)
        codes = torch.from_numpy(pairs.codes[self.rows]).to(self.device)
        self.shown = self.names[at], self.titles[codes]
        times = np.bincount(pairs.codes[pairs.train], minlength=len(self.fixed))
        self.frequency = times / times.sum()                                    # (N,)

        self.encoder = DualEncoder(ROWS, params.width, self.generator)
        self.encoder.table = self.encoder.table.to(self.device)
        self.optimizer = torch.optim.Adam([self.encoder.table], fused=True)
        self.learnt = 0  # pairs so far

    # --- learning

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on B pairs of a name and its title."""
        train = torch.from_numpy(self.pairs.train)
        rows = train[torch.randint(len(train), (params.batch,), generator=self.generator)]   # (B,)
        codes = torch.from_numpy(self.pairs.codes)[rows].to(self.device)        # (B,)
        names = self.names[rows.to(self.device)]
        documents = torch.cat([codes, self._hard(params, names, rows, codes)])  # (M,)
        same = codes[:, None] == documents                                      # (B, M)
        if not params.spare:  # another's title counts as wrong, even where it is right
            same = torch.eye(*same.shape, dtype=torch.bool, device=self.device)
        loss, self.encoder.table.grad = self.encoder.loss(
            names, self.titles[documents], same, params.temperature)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.learnt += params.batch
        return {"loss": float(loss), "pairs": float(self.learnt)}

    @torch.no_grad()
    def _hard(self, params: Params, names: Texts, rows: Tensor, codes: Tensor) -> Tensor:
        """A wrong title for each name, (B,), or none at all."""
        if params.hard == "none":
            return codes[:0]
        if params.hard == "BM25's":
            return torch.tensor([best_wrong(self.icd, self.seed, params.k1, params.b, row)
                                 for row in rows.tolist()], device=self.device)
        scores = self.encoder.vectors(names) @ self.encoder.vectors(self.titles).T          # (B, N)
        return scores.scatter(1, codes[:, None], -2.0).argmax(1)

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Where the right titles of the test names stand, by all three methods."""
        right = self.pairs.codes[self.pairs.test]
        scores = self.encoder.vectors(self.asked) @ self.encoder.vectors(self.titles).T     # (Q, N)
        bm25 = counted(self.icd, self.seed, params.k1, params.b)
        late = self.encoder.late(self.asked_late, self.titles)                  # (LATE, N)
        standing = [Standing.of(one, right[: len(one)]) for one in (array(scores), bm25, array(late))]
        self.seen: dict[str, Any] = {
            "hit": [one.hit().mean() for one in standing],
            "mrr": [one.reciprocal().mean() for one in standing],
            "hit_strange": [one.hit()[self.strange[: len(one.above)]].mean() for one in standing]}
        self.lenient = float((standing[1].above == 0).mean())
        hit, mrr = self.seen["hit"], self.seen["mrr"]
        return {"hit_encoder": float(hit[0]), "hit_bm25": float(hit[1]), "hit_late": float(hit[2]),
                "mrr_encoder": float(mrr[0]), "mrr_bm25": float(mrr[1])}

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """The matrix, and one query and one title of it word by word."""
        codes = self.pairs.codes[self.rows]                                     # (S,)
        names, titles = (self.encoder.vectors(one) for one in self.shown)       # (S, D) each
        cosines = names @ titles.T                                              # (S, S)
        same = codes[:, None] == codes
        own = words_of(params.query)[:LONGEST]
        row = params.chosen[0] % SHOWN if params.chosen[0] >= 0 else 0
        query = tuple(own) if params.query.strip() else self.pairs.names[self.rows[row]]
        truth = -1 if params.query.strip() else int(codes[row])
        found = self._search(params, query, truth)
        document = params.chosen[1] if 0 <= params.chosen[1] < len(self.fixed) else \
            truth if truth >= 0 else int(found["best"])
        lists = relevance_of(params)                                            # (Q, L)
        measured: dict[str, Any] = {
            name: np.array(values, np.float32) for name, values in self.seen.items()}
        return Frame(
            cosines=array(cosines), same=same.astype(np.uint8), documents=codes.astype(np.int32),
            names=tuple(" ".join(self.pairs.names[at]) for at in self.rows),
            titles=tuple(self.icd.categories[code].title for code in codes),
            diagonal=float(same[np.arange(SHOWN), array(cosines).argmax(1)].mean()),
            false=float((self.frequency * (1 - (1 - self.frequency) ** (params.batch - 1))).sum()),
            row=row if truth >= 0 else -1, document=document, title=self.icd.categories[document].title,
            **self._word_by_word(params, query, document), **found["listed"],
            **measured, hit_lenient=self.lenient, strange=float(self.strange.mean()),
            relevance=lists, **measures(lists))

    def _search(self, params: Params, query: Words, truth: int) -> dict[str, Any]:
        """The first titles of the encoder and of BM25, and the right one, by the encoder's score."""
        listed: dict[str, Any] = {
            "candidates": (), "numbers": np.zeros(0, np.int32), "found": np.zeros((2, 0), np.float32),
            "places": np.zeros((2, 0), np.int32), "right": -1}
        if truth >= 0 and params.beside != "found":
            return {"best": truth, "listed": listed}
        vectors = self.encoder.vectors(Texts.of([query], ROWS).to(self.device))
        scores = np.stack([array(self.encoder.vectors(self.titles) @ vectors[0]),
                           bm25_of(self.icd, params.k1, params.b).scores(query)])
        best = np.argsort(-scores, 1, kind="stable")[:, :FIRST]                 # (2, FIRST)
        both = best[0].tolist() + [one for one in best[1].tolist() if scores[1, one] > 0] + [truth] * (
            truth >= 0)
        numbers = np.array(sorted(set(both), key=lambda one: -scores[0, one]), np.int32)   # (K,)
        found = scores[:, numbers]                                              # (2, K)
        listed |= {
            "candidates": tuple(self.icd.categories[one].title for one in numbers), "numbers": numbers,
            "found": found.astype(np.float32),
            "places": 1 + (scores[:, None] > found[:, :, None]).sum(2).astype(np.int32),
            "right": numbers.tolist().index(truth) if truth >= 0 else -1}
        return {"best": best[0, 0], "listed": listed}

    def _word_by_word(self, params: Params, query: Words, document: int) -> dict[str, Any]:
        """Every word of the query against every word of a title, and the pair's three scores."""
        words = self.fixed[document]
        u, v = (self._vectors(one) for one in (query, words))                   # (n, D), (m, D)
        grid = array(u @ v.T)                                                   # (n, m)
        ranker = bm25_of(self.icd, params.k1, params.b)
        parts = ranker.parts(query, document)                                   # (n,)
        texts = Texts.of([query, words], ROWS).to(self.device)
        one, other = self.encoder.vectors(texts)                                # (D,) each
        return {"query": query, "words": words, "grid": grid,
                "best": grid.argmax(1).astype(np.int32), "parts": parts.astype(np.float32),
                "scores": np.array([float(one @ other), parts.sum(), grid.max(1).sum()], np.float32)}

    def _vectors(self, words: Sequence[str]) -> Tensor:
        """The vector of each word, of length 1, (n, D)."""
        v = self.encoder.sums(Texts.of([[one] for one in words], ROWS).to(self.device))
        return v / length_of(v)


# --- how good a ranking is --------------------------------------------------------------------------


def relevance_of(params: Params) -> NDArray[np.int32]:
    """The lists as they have been dragged, (Q, L), or as they begin."""
    begun = np.array(LISTS[params.lists], np.int32)
    kind, grades = params.dragged[:1], params.dragged[1:]
    if kind != (params.lists,) or len(grades) != begun.size or not all(
            isinstance(one, int) and 0 <= one <= GRADES for one in grades):
        return begun
    return np.array(grades, np.int32).reshape(begun.shape)


def measures(lists: NDArray[np.int32]) -> dict[str, Any]:
    """Of each list: 1 / the place of the first right one, average precision, NDCG. Their means over the
    lists are the MRR, the MAP and the mean NDCG."""
    order = np.arange(lists.shape[1])
    return {"reciprocal": np.array([reciprocal_rank(one > 0) for one in lists], np.float32),
            "precision": np.array([average_precision(one > 0) for one in lists], np.float32),
            "ndcg": np.array([gains(order, one, len(one)).sum() for one in lists], np.float32)}
