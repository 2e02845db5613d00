"""How far words move between two times, and how far they move when nothing has changed.

Hamilton, Leskovec and Jurafsky 2016, "Diachronic word embeddings reveal statistical laws of semantic
change": vectors A (n, d) of the first time and B (n, d) of the second are brought together by the turn
that fits them best (Schönemann 1966),

    R = argmin ‖A R − B‖ = U Vᵀ   where   U Σ Vᵀ = Aᵀ B,      drift(w) = 1 − cos(A_w R, B_w).

Dubossarsky, Weinshall and Grossman 2017, "Outta control": the same between random divisions of the texts
is the control. What a word shows there is noise: of the sample, of the vectors, of its frequency.

The texts are cut into blocks of 50 words; a random division deals the blocks of both times out anew, as
many to each side as there were. Vectors are counted (PPMI–SVD) or learnt (skip-gram), see
``visualizers/models/cooccurrence.py``.

Shapes: n words, d numbers in a vector, P pairs of words that stand within 4 of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.eras import MOVES, chronicle
from visualizers.data.kinds.dated import Dated, numbered
from visualizers.l9_social.meaning_shift.panel import NEAR, TOP, WAYS, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.cooccurrence import ppmi_svd, skip_gram, unit
from visualizers.models.word2vec import rank_correlation
from visualizers.panel import Context
from widgets.theme.words import tr_mark

BLOCK, REACH = 50, 4  # words that are dealt out together; how far neighbours may be
MOST = 20  # random divisions; more change nothing that could be seen
FEWEST = 30  # words that take part at least, however seldom they are
ALIKE = 31  # words of about the same frequency

Ids: TypeAlias = NDArray[np.int32]
Blocks: TypeAlias = NDArray[np.bool_]


class MeaningShift:
    """Two times of the same texts, and random divisions of them."""

    # Pairs are replaced when the dates move, and never changed.
    shared: ClassVar[tuple[str, ...]] = (
        "years", "sizes_at", "words", "counts", "pairs", "keys", "block_of", "planted")
    # The control is the mean of the divisions that were drawn on the way.
    remembered: ClassVar[tuple[str, ...]] = (
        "control", "divisions", "rho_control", "score", "top", "found", "chosen", "then", "then_cosine",
        "now", "now_cosine")
    measure_every = 1
    measure_reads: ClassVar[tuple[str, ...]] = ("until", "since", "control", "judged", "word")

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.seed = context.device, context.seed
        context.progress(0, 2, "reading the texts")
        found: Dated = context.data.read("dated", params.data)
        context.stands_in(found.missing, found.title)
        self.title, self.made = found.title, found.id == "made-eras"
        texts, years, words, planted = found.texts, found.years, found.words, found.planted
        if self.made and (params.strength < 1 or context.seed):
            texts, years, words, planted = numbered(*chronicle(params.strength, context.seed), tuple(MOVES))
        context.progress(1, 2, "counting the words")
        self.years, self.planted = years, planted
        kept, self.words = often(texts, words, 2 * params.least)
        V = len(self.words)
        self.counts = np.stack([np.bincount(text[text >= 0], minlength=V) for text in kept])  # (N, V)
        self.sizes_at = np.array([len(text) for text in texts])                 # (N,)
        self.pairs = pairs(kept)                                                # first, second, block
        self.begins = np.cumsum([0, *(-(-len(text) // BLOCK) for text in kept)])  # blocks of the texts
        self.cut: tuple[int, int, str] = (0, 0, "")
        self._follow(params)

    # --- two times

    def _follow(self, params: Params) -> None:
        """Begin anew where the dates have moved."""
        if (params.until, params.since, params.control) == self.cut:
            return
        self.cut = (params.until, params.since, params.control)
        then = self.years <= params.until                                       # (N,)
        now = (self.years >= params.since) & ~then
        then[0], then[-1], now[0] = True, False, False
        if not now.any():
            now[-1] = True
        self.then, self.now = then, now
        often_then, often_now = self.counts[then].sum(0), self.counts[now].sum(0)  # (V,)
        fewer = np.minimum(often_then, often_now)
        least = min(params.least, max(1, int(np.sort(fewer)[-FEWEST:][0])))
        total = often_then + often_now
        chosen = np.flatnonzero(fewer >= least)
        chosen = chosen[np.argsort(-total[chosen], kind="stable")]              # (n,)
        self.chosen, self.times = chosen, total[chosen].astype(np.int32)

        place = np.full(len(self.words), -1, np.int32)
        place[chosen] = np.arange(len(chosen))
        first, second, block = self.pairs                                       # (P,) each
        self.time = np.repeat(1 * then + 2 * now, np.diff(self.begins)).astype(np.int8)  # of each block
        a, b = place[first], place[second]
        use = (a >= 0) & (b >= 0) & (self.time[block] > 0)
        self.keys = a[use].astype(np.int64) * len(chosen) + b[use]
        self.block_of = block[use]

        self.sum = np.zeros(len(chosen))
        self.rhos: list[float] = []
        self.real = self._pair(self.time == 1, self.time == 2)
        self.random = self._pair(*self._deal(0))
        if params.vectors == "word2vec":
            self._begin_learning(params)
        else:
            self.vectors = [self._counted(one, params) for one in self.real]    # (n, d) each
            self._add(params)

    def _deal(self, number: int) -> tuple[Blocks, Blocks]:
        """(blocks,) twice: which blocks a random division gives to one side, and to the other."""
        control = self.cut[2]
        among = self.time > 0 if control.startswith("both") else \
            self.time == (1 if control.startswith("first") else 2)
        share = (self.time == 1).sum() / among.sum() if control.startswith("both") else 0.5
        dealt = np.random.default_rng((self.seed, number)).random(len(among)) < share
        return among & dealt, among & ~dealt

    def _pair(self, *sides: Blocks) -> list[Tensor]:
        """(n, n) for each side: how often words stand together in its blocks."""
        n = len(self.chosen)
        found = [np.bincount(self.keys[side[self.block_of]], minlength=n * n).reshape(n, n)
                 for side in sides]
        return [torch.from_numpy(each + each.T).float().to(self.device) for each in found]

    # --- vectors by counting

    def _counted(self, counts: Tensor, params: Params) -> Tensor:
        return unit(ppmi_svd(counts.cpu(), min(params.dimension, len(counts) - 1)))

    def _add(self, params: Params) -> None:
        """One more random division, with its drift."""
        sides = self._pair(*self._deal(len(self.rhos)))
        drifted = drift(*(self._counted(each, params) for each in sides))
        self.sum = self.sum + drifted
        self.rhos = [*self.rhos, self._with_frequency(drifted)]

    def _with_frequency(self, drifted: NDArray[np.float64]) -> float:
        """Spearman's correlation of drift and frequency."""
        return rank_correlation(torch.from_numpy(drifted), torch.from_numpy(self.times).double())

    # --- vectors by learning

    def _begin_learning(self, params: Params) -> None:
        draw = torch.Generator().manual_seed(self.seed)
        n, d = len(self.chosen), params.dimension
        # Each of the four piles of text has an input and an output vector for every word.
        self.learnt = [[((torch.rand(n, d, generator=draw) - 0.5) / d).to(self.device) for _ in range(2)]
                       for _ in range(4)]
        self.sums = [[torch.full((n, 1), 1e-6, device=self.device) for _ in range(2)] for _ in range(4)]

    def _learn(self, params: Params) -> float:
        """One update of all four by skip-gram on the counts of their piles; the mean loss of a pair."""
        losses = []
        for counts, vectors, sums in zip((*self.real, *self.random), self.learnt, self.sums, strict=True):
            loss, *gradients = skip_gram(vectors[0], vectors[1], counts / counts.sum() * len(counts))
            losses.append(loss)
            for vector, memory, gradient in zip(vectors, sums, gradients, strict=True):
                memory += gradient.square().mean(1, keepdim=True)               # (n, 1)
                vector += params.learning_rate * gradient / memory.sqrt()
        return sum(losses) / len(losses)

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """Another random division; or one update of vectors that learn."""
        self._follow(params)
        if params.vectors == "word2vec":
            return {"loss": self._learn(params)}
        if len(self.rhos) < MOST:
            self._add(params)
        return {"divisions": float(len(self.rhos))}

    def finished(self, params: Params) -> bool:
        return params.vectors == "PPMI–SVD" and len(self.rhos) >= MOST \
            and (params.until, params.since, params.control) == self.cut

    def idle(self, params: Params) -> Mapping[str, str]:
        if self.made:
            return {}
        return {"strength": tr_mark("Nobody has planted anything in these texts: the slider acts on the "
                                    "made chronicle.")}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Drift and its control, word by word. The scalars are those of the real drift: they do not hang
        on how many divisions have been drawn."""
        self._follow(params)
        if params.vectors == "word2vec":
            self.vectors = [unit(inputs).cpu() for inputs, _ in self.learnt]
            self.control = drift(*self.vectors[2:])
            self.rho_control = self._with_frequency(self.control)
        else:
            self.control = self.sum / len(self.rhos)                            # (n,)
            self.rho_control = float(np.mean(self.rhos))  # of each, as the real drift is that of one
        then, now = self.vectors[:2]
        self.drift = drift(then, now)                                           # (n,)
        expected = like_frequency(self.control)
        self.ways = np.stack([self.drift, self.drift - self.control, self.drift - expected])
        self.score = self.ways[WAYS.index(params.judged)]
        self.rho = self._with_frequency(self.drift)
        names = [self.words[one] for one in self.chosen]
        self.top = np.argsort(-self.score, kind="stable")[:TOP]
        self.looked_at = names.index(params.word) if params.word in names else int(self.top[0])
        self.near = []
        for vectors in (then, now):
            cosines = (vectors @ vectors[self.looked_at]).numpy()
            cosines[self.looked_at] = -np.inf
            best = np.argsort(-cosines, kind="stable")[:NEAR]
            self.near.append((tuple(names[one] for one in best), cosines[best].clip(-1, 1)))
        return {"rho": self.rho, "drift": float(self.drift.mean())}

    # --- looking

    def frame(self, params: Params) -> Frame:
        names = tuple(self.words[one] for one in self.chosen)
        planted = np.isin(names, self.planted)                                  # (n,)
        first = np.argsort(-self.ways, 1, kind="stable")[:, : max(1, int(planted.sum()))]
        (then, then_cosine), (now, now_cosine) = self.near
        ends = [int(self.years[which][at]) for which in (self.then, self.now) for at in (0, -1)]
        return Frame(
            words=names, times=self.times.copy(), drift=self.drift.clip(0, 2).astype(np.float32),
            control=self.control.clip(0, 2).astype(np.float32), divisions=max(1, len(self.rhos)),
            rho=self.rho, rho_control=self.rho_control, score=self.score.astype(np.float32),
            top=self.top.astype(np.int32), planted=planted.astype(np.uint8),
            found=planted[first].mean(1).astype(np.float32), chosen=self.looked_at,
            then=then, then_cosine=then_cosine.astype(np.float32), now=now,
            now_cosine=now_cosine.astype(np.float32), years=(ends[0], ends[1], ends[2], ends[3]),
            sizes=(int(self.sizes_at[self.then].sum()), int(self.sizes_at[self.now].sum())),
            title=self.title)


def turn(a: Tensor, b: Tensor) -> Tensor:
    """(d, d) the orthogonal matrix that brings A (n, d) nearest to B (n, d)."""
    left, _, right = torch.linalg.svd(a.T @ b)
    return torch.as_tensor(left @ right)


def drift(a: Tensor, b: Tensor) -> NDArray[np.float64]:
    """(n,) 1 − cosine of each word's two unit vectors, once A has been turned to B."""
    return array(1.0 - ((a @ turn(a, b)) * b).sum(1)).astype(np.float64)


def like_frequency(control: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) the median over the words next to each in frequency, which they are sorted by."""
    half = ALIKE // 2
    around = np.pad(control, half, mode="reflect" if len(control) > half else "edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(around, 2 * half + 1), 1))


def often(
    texts: Sequence[Ids], words: tuple[str, ...], least: int
) -> tuple[list[Ids], tuple[str, ...]]:
    """The texts with numbers of those words only that come so often in all; −1 for the others."""
    total = np.bincount(np.concatenate(texts), minlength=len(words))
    kept = np.flatnonzero(total >= min(least, np.sort(total)[-FEWEST:][0]))
    place = np.full(len(words), -1, np.int32)
    place[kept] = np.arange(len(kept))
    return [place[text] for text in texts], tuple(words[one] for one in kept)


def pairs(texts: list[Ids]) -> tuple[Ids, Ids, Ids]:
    """(P,) each: two words that stand within 4 of each other in one block, and the block."""
    block, at = [], 0
    for text in texts:
        block.append(at + np.arange(len(text), dtype=np.int32) // BLOCK)
        at += -(-len(text) // BLOCK)
    words, blocks = np.concatenate(texts), np.concatenate(block)
    found = []
    for apart in range(1, REACH + 1):
        use = (words[:-apart] >= 0) & (words[apart:] >= 0) & (blocks[:-apart] == blocks[apart:])
        found.append((words[:-apart][use], words[apart:][use], blocks[apart:][use]))
    first, second, where = (np.concatenate(part) for part in zip(*found, strict=True))
    return first, second, where
