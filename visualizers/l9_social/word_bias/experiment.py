"""An association test of word vectors, and the null that it needs.

Caliskan, Bryson and Narayanan 2017, "Semantics derived automatically from language corpora contain
human-like biases". Sets of words X and Y, attributes A and B; how much nearer a word w is to A:

    s(w) = mean_a cos(w, a) − mean_b cos(w, b)
    d    = (mean_X s − mean_Y s) / std_{X ∪ Y} s

Its null: the same words, divided otherwise into sets of the same sizes. p is the share of divisions
with as large a d. Where there are at most 20,000 divisions all are taken; p is then exact.

s is a projection: cosines are products of unit vectors, so s(w) = ŵ · (mean â − mean b̂). Along the
direction g of that difference Bolukbasi et al. (2016) take a bias out: w ← w − λ (w · g) g. Gonen and
Goldberg (2019) ask who is still near whom afterwards.

Vectors are read, or learnt here by skip-gram with negative sampling (Mikolov et al. 2013) from the counts
of each batch (``visualizers/models/cooccurrence.py``).

Shapes: V words, d numbers in a vector, n words compared, P divisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.associations import TESTS, WordTest
from visualizers.data.kinds.vectors import WordVectors
from visualizers.l9_social.word_bias.panel import (
    EDGES,
    NEAR,
    OUT,
    SHARES,
    SLIDER,
    Frame,
    Params,
    moved_key,
)
from visualizers.models.associations import MadeCorpus, made_corpus, pair_counts
from visualizers.models.cooccurrence import SkipGram, ppmi_svd
from visualizers.panel import Context
from visualizers.refusal import Refusal
from widgets.theme.words import tr_mark

Array = NDArray[Any]

MOST = 20_000  # divisions that are all taken
SAMPLED = 10_000  # divisions that are drawn where there are more
A_STEP = 100  # of them that one step adds to the picture, where nothing is trained
SENTENCES = 64  # in a step
COUNTED = 2000  # sentences of a corpus that is counted for the curve over the slider
LISTED = 20_000  # most frequent words among which neighbours are looked for
ENOUGH = 2000  # divisions for a bound that is drawn but not tested by
NOTHING = 1e-6  # cosines differ by rounding


class WordBias:
    """The test on vectors that are read, or on vectors that learn while it is made."""

    shared: ClassVar[tuple[str, ...]] = (
        "test", "corpus", "words", "places", "table", "slider_effect", "slider_bound")
    measure_every = 6
    measure_reads: ClassVar[tuple[str, ...]] = ("moved", "projected", "tail", "word")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.test = TESTS[params.test]
        self.corpus: MadeCorpus | None = None
        self.table: NDArray[np.float32] | None = None  # (V, d) of length 1, where they are read
        self.seed, self.steps = context.seed, 0
        context.progress(0, 1, "reading the word vectors")
        found = context.data.read("vectors", params.vectors)
        if self.test.language == "en":
            context.stands_in(found.missing, found.title)
        if self.test.language == "zh" or not len(found.words):
            found = context.data.read("vectors", "trained-vectors")
            self._begin_training(params)
        else:
            self._take(found, context)
        self.title = found.title

    def _begin_training(self, params: Params) -> None:
        """First vectors for the words of a made corpus, and what counting alone would give."""
        self.corpus = made_corpus(params.test)
        self.words = self.corpus.words
        self.places: tuple[Tensor, ...] = (self.corpus.x, self.corpus.y, self.corpus.a, self.corpus.b)
        self.asked = len(self.test.x + self.test.y)
        V, d = len(self.words), params.dimension
        self.learning = SkipGram(V, d, self.generator, self.device)
        counted = torch.Generator().manual_seed(self.seed)
        found = []
        for association in SLIDER:
            counts = pair_counts(self.corpus.sentences(association, COUNTED, counted), V)
            lean = leans(ppmi_svd(counts, d).numpy(), self.places)
            null = effect(lean, divisions(len(self.test.x), len(self.test.y), self.seed))
            found.append((null[0], np.quantile(null, 0.95)))
        self.slider_effect, self.slider_bound = np.array(found, np.float32).T

    def _take(self, found: WordVectors, context: Context) -> None:
        """The words of the test, and the most frequent ones beside them."""
        sets = of_test(self.test, context.data.read("table", "weat-sets") or {})
        where = {word: row for row, word in enumerate(found.words)}
        rows = [[row for word in part if (row := where.get(word, where.get(word.lower(), -1))) >= 0]
                for part in sets]
        self.asked = len(sets[0]) + len(sets[1])
        if not all(rows):
            raise Refusal("{title} has no word of one of these sets: choose other sets or vectors.",
                          title=found.title)
        kept = list(dict.fromkeys([*(row for part in rows for row in part),
                                   *range(min(LISTED, len(found.words)))]))
        at = {row: place for place, row in enumerate(kept)}
        self.words = tuple(found.words[row] for row in kept)
        self.places = tuple(torch.tensor([at[row] for row in part], dtype=torch.long) for part in rows)
        self.table = normalised(found.vectors[kept])
        self.slider_effect = self.slider_bound = np.zeros(0, np.float32)

    # --- learning

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """Learn from a few sentences; or, where vectors are read, draw more divisions."""
        self.steps += 1
        if self.corpus is None:
            return {"drawn": float(self._drawn)}
        V = len(self.words)
        counts = pair_counts(self.corpus.sentences(params.association, SENTENCES, self.generator), V)
        return {"loss": self.learning.step(counts.to(self.device), params.learning_rate)}

    @property
    def _drawn(self) -> int:
        """How many divisions are in the picture, where it grows by them."""
        return (self.steps + 1) * A_STEP

    def finished(self, params: Params) -> bool:
        """Whether all divisions have been drawn, where that is all there is to do."""
        return self.corpus is None and self._drawn >= len(divisions(*self.sizes(params), self.seed))

    def idle(self, params: Params) -> Mapping[str, str]:
        if self.corpus is not None:
            return {}
        why = tr_mark("These vectors are read, not trained: only those that are trained here can change.")
        return dict.fromkeys(("association", "learning_rate", "dimension"), why)

    # --- measuring

    def rows(self, params: Params) -> NDArray[np.uint8]:
        """(n,) the set that each word is in: X, Y or out."""
        sizes = [len(part) for part in self.places[:2]]
        rows = np.repeat(np.array([0, 1], np.uint8), sizes)
        if params.moved[:1] == (moved_key(params),):
            for word, row in zip(params.moved[1::2], params.moved[2::2], strict=False):
                if isinstance(word, int) and isinstance(row, int) and 0 <= word < len(rows):
                    rows[word] = min(max(row, 0), OUT)
        return rows

    def sizes(self, params: Params) -> tuple[int, int]:
        rows = self.rows(params)
        return int((rows == 0).sum()), int((rows == 1).sum())

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The test, its null, and the same with more and more of the axis taken out."""
        unit = normalised(self.learning.inputs.cpu().numpy()) if self.table is None else self.table  # (V, d)
        rows, (x, y) = self.rows(params), self.sizes(params)
        inside = np.concatenate([np.flatnonzero(rows == 0), np.flatnonzero(rows == 1)])
        targets = unit[torch.cat(self.places[:2]).numpy()].astype(np.float64)   # (n, d)
        towards = difference(unit, self.places)                                 # (d,)
        g = towards / np.linalg.norm(towards)                                   # (d,) the axis
        shares = np.array([*SHARES, params.projected])
        left = without(targets, g, shares[:, None])                             # (shares, n, d)
        lean = left @ towards                                                   # (shares, n)
        near = nearest(left[:, inside])                                         # (shares, x + y, x + y)
        gaps = gap(lean[:, inside], x)                                          # (shares,)
        spread = lean[:, inside].std(1, ddof=1) if x + y > 1 else np.zeros(len(shares))
        effects = np.divide(gaps, spread, where=spread > NOTHING, out=np.full(len(shares), np.nan))
        given = np.r_[np.ones(x), np.zeros(y)][None]                            # (1, x + y)
        same = np.array([together(one, given)[0] for one in near])              # (shares,)
        self.gap_at, self.together_at, self.effect_at = (
            one[:-1].astype(np.float32) for one in (gaps, same, effects))
        self.effect_at = self.effect_at[: int(np.isfinite(self.effect_at).cumprod().sum())]
        observed, self.gap, self.together = effects[-1], float(gaps[-1]), float(same[-1])
        self.lean = lean[-1]
        masks = divisions(x, y, self.seed)                                      # (P, x + y)
        null = effect(self.lean[inside], masks)                                 # (P,)
        if self.corpus is None:
            null = null[: self._drawn]
        self.measurable = bool(np.isfinite(observed)) and min(x, y) > 0
        self.effect, self.null = (float(observed), null) if self.measurable else (0.0, null[:0])
        self.divisions, self.exact = len(masks), comb(x + y, x) <= MOST
        self.beyond, self.p = p_value(self.effect, self.null, params.tail)
        self.bound = float(np.quantile(self.null, 0.95)) if self.measurable else 0.0
        self.together_bound = float(np.quantile(together(near[-1], masks[:ENOUGH]), 0.95))
        self._look_round(unit, g, params.word)
        return {"effect": self.effect, "p": self.p, "gap": self.gap, "together": self.together}

    def _look_round(self, unit: NDArray[np.float32], g: Array, word: int) -> None:
        """The words nearest to one, and those nearest to it without the axis."""
        self.chosen = word if 0 <= word < len(self.lean) else 0
        place = int(torch.cat(self.places[:2])[self.chosen])
        cosines = unit @ unit[place]                                            # (V,)
        along = unit @ g.astype(np.float32)                                     # (V,) w · g
        kept = np.sqrt(np.maximum(1 - along**2, 1e-9))                          # what else there is
        after = (cosines - along * along[place]) / (kept * kept[place])
        attributes = torch.cat(self.places[2:]).numpy()                         # they keep the axis
        after[attributes] = ((cosines - along * along[place]) / kept[place])[attributes]
        self.near = []
        for one in (cosines, after):
            one[place] = -np.inf
            best = np.argsort(-one, kind="stable")[:NEAR]
            self.near.append((tuple(self.words[at] for at in best), one[best].clip(-1, 1)))

    # --- looking

    def frame(self, params: Params) -> Frame:
        """The test as it was measured."""
        targets = torch.cat(self.places[:2]).tolist()
        n = sum(self.sizes(params))
        (near, cosines), (after, after_cosines) = self.near
        return Frame(
            words=tuple(self.words[one] for one in targets),
            home=np.repeat(np.array([0, 1], np.uint8), [len(part) for part in self.places[:2]]),
            row=self.rows(params), lean=self.lean.astype(np.float32), names=self.test.names,
            asked=self.asked, counts=np.histogram(self.null, EDGES)[0].astype(np.int32),
            drawn=len(self.null), divisions=self.divisions, exact=self.exact,
            measurable=self.measurable, effect=self.effect,
            effect_n=self.effect * (n / max(1, n - 1)) ** 0.5, beyond=self.beyond, p=self.p,
            bound=self.bound, gap=self.gap, gap_at=self.gap_at.copy(), effect_at=self.effect_at.copy(),
            together_at=self.together_at.copy(), together=self.together,
            together_bound=self.together_bound, slider_effect=self.slider_effect.copy(),
            slider_bound=self.slider_bound.copy(), chosen=self.chosen, near=near,
            near_cosine=cosines.copy(), near_after=after, near_after_cosine=after_cosines.copy(),
            trained=self.corpus is not None, title=self.title, language=self.test.language)


# --- the test -----------------------------------------------------------------------------------


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(V, d) each of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12),
                      np.float32)


def difference(unit: NDArray[np.float32], places: Sequence[Tensor]) -> Array:
    """(d,) mean â − mean b̂: s(w) is the projection on it."""
    a, b = (unit[part.numpy()].astype(np.float64).mean(0) for part in places[2:])
    return np.asarray(a - b)


def leans(vectors: NDArray[np.float32], places: Sequence[Tensor]) -> Array:
    """(n,) s(w) of the words of X, then of Y."""
    unit = normalised(vectors)
    return np.asarray(unit[torch.cat(list(places[:2])).numpy()] @ difference(unit, places))


def effect(lean: Array, masks: Array) -> Array:
    """(P,) d of each division: the difference of means in standard deviations (with n − 1)."""
    x = float(masks[0].sum())                                                   # words in X: always as many
    y = masks.shape[1] - x
    spread = float(lean.std(ddof=1)) if len(lean) > 1 else 0.0
    if spread < NOTHING or min(x, y) < 1:
        return np.full(len(masks), np.nan)
    first = masks @ lean                                                        # (P,) sum over X
    return np.asarray((first / x - (lean.sum() - first) / y) / spread)


def gap(lean: Array, x: int) -> Array:
    """(…,) mean s (…, n) of X, the first x, less that of Y."""
    if not 0 < x < lean.shape[-1]:
        return np.zeros(lean.shape[:-1])
    return np.asarray(lean[..., :x].mean(-1) - lean[..., x:].mean(-1))


def p_value(observed: float, null: Array, tail: str) -> tuple[int, float]:
    """How many divisions have as large an effect, and their share.

    The given division is one of them, of a sample too (Phipson and Smyth 2010), so p is never 0.
    """
    if not len(null):
        return 0, 1.0
    sizes, size = (null, observed) if tail == "larger" else (np.abs(null), abs(observed))
    beyond = int((sizes >= size - 1e-9).sum())
    return beyond, beyond / len(null)


@lru_cache(8)
def divisions(x: int, y: int, seed: int) -> Array:
    """(P, x + y) all divisions of the words into x and y, or a sample: 1 for a word in X. They are in
    random order, but for the given one, which is the first."""
    n, draw = x + y, np.random.default_rng(seed)
    if not x or not y:
        return np.full((1, n), float(x > 0))
    if comb(n, x) <= MOST:
        chosen = np.array(list(combinations(range(n), x)))                      # (P, x)
        chosen[1:] = draw.permutation(chosen[1:])
    else:
        chosen = draw.random((SAMPLED, n)).argsort(1)[:, :x]
        chosen[0] = np.arange(x)
    masks: Array = np.zeros((len(chosen), n))
    np.put_along_axis(masks, chosen, 1.0, 1)
    masks.flags.writeable = False
    return masks


# --- who is near whom ---------------------------------------------------------------------------


def without(unit: Array, axis: Array, share: float | Array) -> Array:
    """(…, d) unit vectors from which a share of the axis is taken, of length 1 again."""
    left = unit - (share * (unit @ axis))[..., None] * axis
    return np.asarray(left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-12))


def nearest(unit: Array) -> Array:
    """(…, n, n) 1 where a word is one of the five nearest of the row's word."""
    cosines = unit @ unit.swapaxes(-1, -2)
    n = cosines.shape[-1]
    cosines[..., range(n), range(n)] = -np.inf
    near = np.zeros(cosines.shape)
    if n > 1:
        np.put_along_axis(near, np.argsort(-cosines, -1, kind="stable")[..., :NEAR][..., : n - 1], 1.0, -1)
    return near


def together(near: Array, masks: Array) -> Array:
    """(P,) the share of nearest neighbours that stand in the same set, for each division."""
    if not near.sum():
        return np.zeros(len(masks))
    both_in = ((masks @ near) * masks).sum(1)                                   # (P,)
    either = masks @ (near.sum(0) + near.sum(1))
    return np.asarray((near.sum() - either + 2 * both_in) / near.sum())


# --- its words -----------------------------------------------------------------------------------


def of_test(test: WordTest, sets: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """X, Y, A and B: in full where the published sets are here, else this program's own."""
    if test.weat and all(name in sets for name in test.weat):
        return tuple(sets[name] for name in test.weat)
    return test.x, test.y, test.a, test.b
