"""The code of a diagnosis, found by words that are counted and by vectors that are learnt.

12,557 other names in ICD-10-CM lead to 1,918 categories. BM25 (``visualizers/models/bm25.py``) compares
the words of a name with those of each title, and learns nothing. A dual encoder (Karpukhin et al. 2020;
``visualizers/models/retrieval.py``) learns from pairs of a name and its category's title, so that it may
find what has no word in common. Both give every category a score, and the *margin* is that of the best
one less that of the next.

Negation is handled as Chapman et al. 2001 do ("A Simple Algorithm for Identifying Negated Findings"):
not by the models, but by a rule that crosses out the words behind a trigger.

Shapes: B pairs, N codes, Q test names, n words of a query, D numbers of a vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.sources.icd_10_cm import Icd
from visualizers.l7_biomedical.icd_coding.panel import EXAMPLES, FIFTHS, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.diagnoses import ROWS, bm25_of, bm25_with_names, pairs_of, texts_of
from visualizers.models.retrieval import DualEncoder, Standing, Texts, words_of
from visualizers.panel import Context

HEARD = 120  # of these, that are asked for behind “no sign of” as well
PREFIX = ("no", "sign", "of")
TRIGGERS = (("no", "sign", "of"), ("no", "signs", "of"), ("no", "evidence", "of"), ("negative", "for"),
            ("no",), ("not",), ("without",), ("denies",))
# What is measured of each method: the fields of the frame.
SEEN = ("hit", "hit_lenient", "hit_10", "mrr", "hit_strange", "right_in_fifth", "margins", "tells", "deaf")
ENDS = frozenset({"but", "however", "although"})  # what is negated ends here

Words = tuple[str, ...]
Floats = NDArray[np.float64]


def negated(words: Sequence[str]) -> list[bool]:
    """Which words are a trigger or stand behind one, up to "but" or the end."""
    found, inside, at = [False] * len(words), False, 0
    while at < len(words):
        trigger = next((one for one in TRIGGERS if tuple(words[at : at + len(one)]) == one), ())
        inside = bool(trigger) or (inside and words[at] not in ENDS)
        size = max(1, len(trigger))
        found[at : at + size] = [inside] * size
        at += size
    return found


def kept(words: Sequence[str], rule: bool) -> Words:
    """What is searched for: all words, or with the rule those that are not negated."""
    return tuple(word for word, no in zip(words, negated(words), strict=True) if not (rule and no))


@dataclass(frozen=True)
class Found:
    """What a method answers to Q queries.

    Attributes:
        best: the first of those with the highest score; −1 where that is 0.
        tied: how many have that score.
        margin: by which it is ahead of the next one.
        standing: of the right codes.
    """

    best: NDArray[np.int64]
    tied: NDArray[np.int64]
    margin: Floats
    standing: Standing

    @classmethod
    def of(cls, scores: Tensor, right: NDArray[np.int64]) -> Found:
        """``scores`` (Q, N), ``right`` (Q,) the numbers of the right codes."""
        two, _ = scores.topk(2, 1)                                              # (Q, 2)
        tied = (scores == two[:, :1]).sum(1)
        return cls(array(best_of(scores)), array(tied), array(two[:, 0] - two[:, 1]),
                   Standing.of(array(scores), right))

    def by_margin(self) -> tuple[Floats, Floats, float]:
        """Of each fifth by margin the share of right answers and the mean margin; and how often a right
        answer has a larger margin than a wrong one (the area under the ROC curve)."""
        hit, order = self.standing.hit(), np.argsort(self.margin, kind="stable")
        groups = np.array_split(order, FIFTHS)
        right, wrong = self.margin[hit > 0.5], self.margin[hit <= 0.5]
        pairs = np.sign(right[:, None] - wrong)
        return (np.array([hit[one].mean() for one in groups]),
                np.array([self.margin[one].mean() for one in groups]),
                float((pairs.mean() + 1) / 2) if pairs.size else 0.5)


def best_of(scores: Tensor) -> Tensor:
    """The first code with the highest score of each query, (Q,); −1 where that is 0."""
    most, best = scores.max(1)
    return best.masked_fill(most == 0, -1)


@lru_cache(maxsize=16)
def counted(icd: Icd, held_out: str, seed: int, synonyms: bool, rule: bool) -> tuple[Found, Tensor]:
    """What BM25 answers to the test names, and its best codes behind “no sign of”: they never change."""
    ranker = bm25_with_names(icd, held_out, seed) if synonyms else bm25_of(icd)
    pairs = pairs_of(icd, held_out, seed)
    plain, prefixed = (torch.from_numpy(np.stack(
        [ranker.scores(kept((*prefix, *pairs.names[at]), rule)) for at in pairs.test]))
        for prefix in ((), PREFIX))
    return Found.of(plain, pairs.codes[pairs.test]), best_of(prefixed[:HEARD])


class Coder:
    """The encoder while it learns, and BM25 beside it."""

    shared: ClassVar[tuple[str, ...]] = ("icd", "pairs", "titles", "names", "asked", "fixed",
                                     "strange")
    measure_every = 32
    measure_reads: ClassVar[tuple[str, ...]] = ("reads", "rule")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 2, "reading the codes")
        self.icd: Icd = context.data.read("table", "icd-10-cm")
        context.progress(1, 2, "reading the codes")
        self.split = params.held_out, params.seed
        self.pairs = pairs_of(self.icd, *self.split)
        self.runs = params.pieces != "whole words"
        self.names, self.titles = (one.to(self.device)
                                   for one in texts_of(self.icd, self.runs))
        tested = [self.pairs.names[at] for at in self.pairs.test]
        heard = [(*PREFIX, *one) for one in tested[:HEARD]]
        self.asked = {rule: self.read([kept(one, rule) for one in (*tested, *heard)])
                      for rule in (False, True)}
        self.strange = np.array([not set(self.pairs.names[at]) & set(words_of(
            self.icd.categories[self.pairs.codes[at]].title)) for at in self.pairs.test])
        categories = self.icd.categories
        self.fixed: dict[str, Any] = {
            "codes": tuple(one.code for one in categories), "titles": tuple(one.title for one in categories),
            "chapter": np.array([one.chapter for one in categories], np.int16),
            "block": np.array([one.block for one in categories], np.int16),
            "chapters": self.icd.chapters, "blocks": self.icd.blocks}
        self.encoder = DualEncoder(ROWS, params.width, self.generator)
        self.encoder.table = self.encoder.table.to(self.device)
        self.optimizer = torch.optim.Adam([self.encoder.table], fused=True)

    def read(self, texts: Sequence[Words]) -> Texts:
        return Texts.of(texts, ROWS, self.runs).to(self.device)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on B pairs of a name and its code's title."""
        train = torch.from_numpy(self.pairs.train)
        rows = train[torch.randint(len(train), (params.batch,), generator=self.generator)]   # (B,)
        codes = torch.from_numpy(self.pairs.codes)[rows].to(self.device)        # (B,)
        loss, self.encoder.table.grad = self.encoder.loss(
            self.names[rows.to(self.device)], self.titles[codes], codes[:, None] == codes,
            params.temperature)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": float(loss)}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Both methods on the test names, as they are and behind “no sign of”."""
        right, synonyms = self.pairs.codes[self.pairs.test], params.reads != "titles"
        scores = self.encoder.vectors(self.asked[params.rule]) \
            @ self.encoder.vectors(self.titles).T                               # (Q + Q', N)
        found = ((Found.of(scores[: len(right)], right), best_of(scores[len(right) :])),
                 counted(self.icd, *self.split, synonyms, params.rule))
        self.seen: dict[str, list[Any]] = {name: [] for name in SEEN}
        scalars: dict[str, float] = {}
        for name, (one, other) in zip(("encoder", "bm25"), found, strict=True):
            hit, reciprocal = one.standing.hit(), one.standing.reciprocal()
            right_in_fifth, margins, tells = one.by_margin()
            for key, value in zip(SEEN, (
                    hit.mean(), (one.standing.above == 0).mean(), one.standing.hit(10).mean(),
                    reciprocal.mean(), hit[self.strange].mean(), right_in_fifth, margins, tells,
                    _agreement(one.best[:HEARD], array(other))), strict=True):
                self.seen[key].append(value)
            scalars |= {f"hit_{name}": float(hit.mean()), f"mrr_{name}": float(reciprocal.mean())}
        self.limits = [np.quantile(one.margin, np.arange(1, FIFTHS) / FIFTHS) for one, _ in found]
        return scalars

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One query under both methods as they are now."""
        own = words_of(params.query)
        at = self.pairs.test[params.example % min(EXAMPLES, len(self.pairs.test))]
        words = (*(PREFIX if params.negated else ()), *(own or self.pairs.names[at]))[:40]
        crossed = [no and params.rule for no in negated(words)]
        asked = kept(words, params.rule)
        ranker = bm25_of(self.icd) if params.reads == "titles" \
            else bm25_with_names(self.icd, *self.split)
        titles = self.encoder.vectors(self.titles)                              # (N, D)
        # The query, and the query without each of its words in turn: (1 + n', D).
        vectors = self.encoder.vectors(self.read(
            [asked, *(asked[:one] + asked[one + 1 :] for one in range(len(asked)))]))
        scores = torch.stack([titles @ vectors[0],
                              torch.from_numpy(ranker.scores(asked)).to(titles)])   # (2, N)
        now = Found.of(scores, np.zeros(2, np.int64))

        best = array(scores.argmax(1))                                          # (2,)
        chosen = params.code if 0 <= params.code < scores.shape[1] else int(best[0])
        cosines = array(vectors @ titles[chosen])                               # (1 + n',)
        adds = np.zeros((2, len(words)), np.float32)
        adds[:, [not no for no in crossed]] = cosines[0] - cosines[1:], ranker.parts(asked, chosen)
        measured: dict[str, Any] = {
            name: np.array(values, np.float32) for name, values in self.seen.items()}
        return Frame(
            words=words, crossed=np.array(crossed, np.uint8), adds=adds, scores=array(scores), **self.fixed,
            truth=-1 if own else int(self.pairs.codes[at]), chosen=chosen,
            best=(int(best[0]), int(best[1])), tied=now.tied.astype(np.int32),
            margin=now.margin.astype(np.float32),
            fifth=np.array([np.searchsorted(limit, margin) for limit, margin in
                            zip(self.limits, now.margin, strict=True)], np.int32),
            strange=float(self.strange.mean()),
            **measured)


def _agreement(best: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """How often both found the same code."""
    return float(((best == other) & (best >= 0)).mean())
