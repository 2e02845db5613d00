"""Similar cases and statutes: ranked by shared words, by sentence vectors and by elements.

Ma et al. 2021, "LeCaRD: A Legal Case Retrieval Dataset for Chinese Law System": thirty or a hundred
candidates, graded by how their key elements agree with the query's. A ranking is judged by its
normalised discounted cumulative gain (Järvelin and Kekäläinen 2002),

    DCG = Σ_place relevance / log2(place + 1),      NDCG = DCG / (DCG of the best order),

over the first places. All cases are made, so their elements are known; what ranks by elements sees
them through a detector that errs.

Shapes: N candidates, E elements, C charges, T tokens, D numbers of a vector.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.cases import CHARGES, ELEMENTS, Case, Style, make_case, make_cases
from visualizers.l8_legal.similar_cases.panel import (
    CANDIDATES,
    LIKE,
    OTHER,
    QUERIES,
    SIMILAR,
    TRAP,
    Frame,
    Params,
    graded_for,
)
from visualizers.models.bm25 import BM25
from visualizers.models.pretrained import open_reader, sentence_vector
from visualizers.models.retrieval import gains
from visualizers.models.tokenizers import cut
from visualizers.panel import Context

C, E = len(CHARGES), len(ELEMENTS)
STATUTE_CASES = 180  # over which the ranking of statutes is measured
STYLES: tuple[Style, ...] = ("lay", "legal")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


# --- what is looked for, and in what -------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """A query, its candidates, what they were made as, and how relevant they are, 0 … 3."""

    query: Case
    candidates: list[Case]
    kinds: list[int]

    @classmethod
    def make(cls, number: int, seed: int, wording: Style, traps: int) -> Search:
        """A query, six cases of its charge told in legal words, its own story told of other crimes
        (the traps), and cases that are only there as well."""
        draw = random.Random(1000 * seed + number)
        query = make_case(CHARGES[number % C].id, draw, style=wording)
        others = [one.id for one in CHARGES if one.id != query.charge]
        made = [(make_case(query.charge, draw, style="legal"), LIKE) for _ in range(SIMILAR)]
        made += [(make_case(draw.choice(others), draw, style="legal"), OTHER)
                 for _ in range(CANDIDATES - SIMILAR - traps)]
        made += [(replace(query, elements=make_case(draw.choice(others), draw).elements), TRAP)
                 for _ in range(traps)]
        draw.shuffle(made)
        return cls(query, [case for case, _ in made], [kind for _, kind in made])

    def relevance(self) -> list[int]:
        """3: the same charge by the same elements; 2: the same charge; 1: half of the elements."""
        return [3 if case.elements == self.query.elements else
                2 if case.charge == self.query.charge else
                int(2 * len(case.elements & self.query.elements)
                    >= len(case.elements | self.query.elements)) for case in self.candidates]


    def terms(self, language: str) -> list[list[str]]:
        """What is counted of the query, and of each candidate."""
        return [terms_of(case.facts(language), language) for case in (self.query, *self.candidates)]


@lru_cache(maxsize=4)
def background(
    seed: int, wording: Style, traps: int, language: str
) -> tuple[list[Search], list[list[list[str]]], list[list[list[str]]]]:
    """What the means are taken over: other queries with their candidates, the terms of these, and the
    terms of cases told in lay and in legal words. Every restart with another query asks for the same."""
    searches = [Search.make(number, seed + 5000, wording, traps) for number in range(QUERIES)]
    told = [[terms_of(case.facts(language), language)
             for case in make_cases(STATUTE_CASES, seed + 1, style=style)] for style in STYLES]
    return searches, [one.terms(language) for one in searches], told


def terms(tokens: Sequence[str], language: str) -> list[tuple[str, tuple[int, ...]]]:
    """What is counted, and the tokens it consists of: words in English, pairs of characters in
    Chinese, which has no spaces."""
    words = [at for at, token in enumerate(tokens) if token[0].isalnum()]
    if language == "en":
        return [(tokens[at], (at,)) for at in words]
    return [(tokens[at] + tokens[at + 1], (at, at + 1)) for at in words if at + 1 in set(words)]


def terms_of(text: str, language: str) -> list[str]:
    return [term for term, _ in terms(cut(text, language), language)]


# --- three ways to compare, and how good an order is ---------------------------------------------


def element_scores(query: Tensor, candidates: Tensor) -> Tensor:
    """The cosine of the detected elements, 0 or 1 each: (E,) and (N, E) → (N,)."""
    lengths = candidates.square().sum(1).sqrt() * query.square().sum().sqrt()   # (N,)
    return candidates @ query / lengths.clamp(min=1e-9)


def order_of(scores: Floats) -> Ints:
    """From the best to the worst; what ties stays as it came."""
    return np.argsort(-scores, kind="stable")


def chances_of(scores: Floats, right: int) -> tuple[float, float]:
    """How likely the right one is first, and the mean of 1 / its place, if ties are drawn by lot."""
    above, tied = int((scores > scores[right]).sum()), int((scores == scores[right]).sum())
    places = np.arange(above + 1, above + tied + 1)
    return float((places == 1).mean()), float((1 / places).mean())


# --- the panel -----------------------------------------------------------------------------------


class SimilarCases:
    """Two orders of thirty candidates, and two of nine statutes."""

    shared: ClassVar[tuple[str, ...]] = (
        "search", "searches", "texts", "many_texts", "told", "statutes", "luck", "vectors")

    def __init__(self, params: Params, context: Context) -> None:
        self.language = language = "zh" if params.language == "Chinese" else "en"
        self.search = Search.make(params.query, params.seed, params.wording, params.traps)
        self.searches, self.many_texts, self.told = background(
            params.seed, params.wording, params.traps, language)
        generator = context.generator
        # Where luck < noise the detector is wrong, of the query (row 0) and of the candidates.
        self.luck = [torch.rand(1 + CANDIDATES, E, generator=generator) for _ in range(1 + QUERIES)]
        self.texts = self.search.terms(language)
        self.statutes = [terms_of(self._statute(at), language) for at in range(C)]
        self.means: dict[tuple[float, float], tuple[Floats, Floats, Floats]] = {}
        self.vectors, self.model = torch.zeros(0), ""
        if params.left == "sentence vectors":
            self._encode(params, context)

    def _statute(self, at: int) -> str:
        one = CHARGES[at]
        return one.statute_zh if self.language == "zh" else one.statute_en

    def _encode(self, params: Params, context: Context) -> None:
        """The sentence vectors of the query and its candidates, (1 + N, D)."""
        files = context.data.model(params.model)
        if files.missing:
            context.note("{wanted} is not fetched, so this is {model}, which comes with this program; "
                         "the Data page has {wanted}.", wanted=context.data.title(files.missing),
                         model=files.title)
        if self.language == "zh":
            context.note("{model} is given the same cases in English.", model=files.title)
        reader = open_reader(files, context.device, context.progress)
        self.model, vectors = reader.title, []
        for at, case in enumerate((self.search.query, *self.search.candidates)):
            context.progress(at, 1 + CANDIDATES, "Reading the cases")
            vectors.append(sentence_vector(reader, case.facts_en, context.device))
        self.vectors = torch.stack(vectors)

    # --- scores

    def detected(self, at: int, noise: float) -> tuple[Tensor, Tensor]:
        """The true elements of a query and its candidates, and those that are reported: (1 + N, E)."""
        one = (self.search, *self.searches)[at]
        true = torch.tensor([[float(name in case.elements) for name in ELEMENTS]
                             for case in (one.query, *one.candidates)])
        return true, (true - (self.luck[at] < noise).float()).abs()

    def by_elements(self, at: int, noise: float) -> Floats:
        _, found = self.detected(at, noise)
        return element_scores(found[0], found[1:]).double().numpy()

    def by_words(self, params: Params) -> Floats:
        if params.left == "sentence vectors":
            return (self.vectors[1:] @ self.vectors[0]).double().numpy()
        query, *candidates = self.texts
        return BM25(candidates, params.k1, params.b).scores(query)

    def _mean_words(self, params: Params) -> tuple[Floats, Floats, Floats]:
        """BM25 over all queries: the scores (Q, N); of the statutes, how often the right one is first
        and 1 / its place, for lay and for legal words. Kept while k₁ and b stay."""
        key = params.k1, params.b
        if key not in self.means:
            scores = np.stack([BM25(candidates, *key).scores(query)
                               for query, *candidates in self.many_texts])
            ranker = BM25(self.statutes, *key)
            chances = np.array([[chances_of(ranker.scores(text), at % C) for at, text in enumerate(texts)]
                                for texts in self.told])                        # (2, cases, 2)
            self.means = {key: (scores, chances[..., 0].mean(1), chances[..., 1].mean(1))}
        return self.means[key]

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """Both orders, and the pair of texts that is looked at."""
        one, language = self.search, self.language
        relevance = np.array(one.relevance())
        if params.graded[:1] == (graded_for(params),):
            for case, grade in zip(params.graded[1::2], params.graded[2::2], strict=False):
                if isinstance(case, int) and isinstance(grade, int) and 0 <= case < CANDIDATES:
                    relevance[case] = min(max(grade, 0), 3)
        scores = np.stack([self.by_words(params), self.by_elements(0, params.noise)])  # (2, N)
        orders = np.stack([order_of(row) for row in scores])
        adds = np.stack([gains(order, relevance, params.depth) for order in orders])
        places = orders.argsort(1) + 1                                          # (2, N), by candidate
        kinds = np.array(one.kinds)
        true, found = self.detected(0, params.noise)

        bm25_scores, first, mrr = self._mean_words(params)
        means = []
        for at, other in enumerate(self.searches):
            graded = np.array(other.relevance())
            means.append([gains(order_of(row), graded, params.depth).sum() for row in
                          (bm25_scores[at], self.by_elements(at + 1, params.noise))])
        mean = np.mean(means, 0)
        if self.model:
            mean[0] = np.nan

        ranker = BM25(self.statutes, params.k1, params.b)
        statute_scores = np.stack([ranker.scores(terms_of(
            replace(one.query, style=style).facts(language), language)) for style in STYLES])
        truth = [charge.id for charge in CHARGES].index(one.query.charge)
        statute = params.statute if 0 <= params.statute < C else truth
        chosen = params.chosen if 0 <= params.chosen < CANDIDATES else int(orders[0, 0])

        tokens = cut(one.query.facts(language), language)
        if params.page == "statutes":
            other_tokens = cut(self._statute(statute), language)
            documents, index = self.statutes, statute
        else:
            other_tokens = cut(one.candidates[chosen].facts(language), language)
            documents, index = self.texts[1:], chosen
        parts, shared = self._matched(params, tokens, other_tokens, documents, index)
        return Frame(
            charge=truth, charges=np.array([[charge.id for charge in CHARGES].index(case.charge)
                                            for case in one.candidates], np.int32),
            kinds=kinds.astype(np.int32), scores=scores.astype(np.float32),
            orders=orders.astype(np.int32), relevance=relevance.astype(np.int32),
            adds=adds.astype(np.float32), ndcg=adds.sum(1).astype(np.float32),
            mean_ndcg=mean.astype(np.float32),
            trap_place=(places[:, kinds == TRAP].mean(1) if (kinds == TRAP).any()
                        else np.zeros(2)).astype(np.float32),
            like_place=places[:, kinds == LIKE].mean(1).astype(np.float32),
            ndcg_elements=float(adds[1].sum()), chosen=chosen, tokens=tokens, parts=parts,
            other=other_tokens, shared=shared,
            query_true=_bits(true[0]), query_found=_bits(found[0]), true=_bits(true[1 + chosen]),
            found=_bits(found[1 + chosen]), statute=statute,
            statute_scores=statute_scores.astype(np.float32),
            statute_orders=np.stack([order_of(row) for row in statute_scores]).astype(np.int32),
            statute_first=first.astype(np.float32), statute_mrr=mrr.astype(np.float32),
            model=self.model, language=language)

    def _matched(
        self, params: Params, tokens: Sequence[str], other: Sequence[str],
        documents: Sequence[Sequence[str]], index: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """What each word of the query adds to the BM25 score of a document, and which words of the
        document the query has."""
        mine = terms(tokens, self.language)
        added = BM25(documents, params.k1, params.b).parts([term for term, _ in mine], index)
        parts, shared = np.zeros(len(tokens), np.float32), np.zeros(len(other), np.uint8)
        for (_, at), part in zip(mine, added, strict=True):
            parts[list(at)] += part / len(at)
        known = {term for term, _ in mine}
        for term, at in terms(other, self.language):
            shared[list(at)] |= term in known
        return parts, shared


def _bits(elements: Tensor) -> NDArray[np.uint8]:
    return elements.numpy().astype(np.uint8)
