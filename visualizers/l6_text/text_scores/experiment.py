"""Scores of a written text, and what becomes of a model that reads what it wrote itself.

BLEU, ROUGE and chrF count pieces that a hypothesis shares with a reference
(``visualizers/models/scores.py``). Two scores that do not: the cosine of sentence vectors, and the
*perplexity* exp(mean −ln p), in which a language model says how surprising the text is, whatever the
reference.

*Exposure bias* (Bengio et al. 2015; Ranzato et al. 2016): a model that learnt from right texts reads its
own when it writes. In a running sum modulo 10, which is right with probability p given a right past, and
otherwise any of the nine other digits, after t steps it is right with

    a_t = 1/10 + 9/10 · ((10 p − 1) / 9)^t.

Prose asks for no exact past; there the share of pieces that real text has does not fall (He et al. 2021).

Shapes: H and R tokens, K hypotheses, N sequences, T steps, W windows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, one_hot

from visualizers.l6_text.text_scores.panel import (
    KNOWN,
    LONGEST,
    ORDERS,
    SCORES,
    TIMES,
    WINDOWS,
    Frame,
    Params,
)
from visualizers.models.checkpoint import load_tiny_gpt
from visualizers.models.opened import open_model, write_side_by_side
from visualizers.models.pretrained import open_reader, sentence_vector
from visualizers.models.scores import bleu, chrf, is_chinese, matches, rouge_l, rouge_n, tokens_of
from visualizers.panel import Context

HIDDEN, UPDATES = 64, 150  # of the network that adds
SEQUENCES = 2000
TEXTS, WRITTEN = 32, 112  # texts that are written, and tokens of each
PIECE = 6  # characters


# --- errors that compound, or do not -----------------------------------------------------------------


@lru_cache(maxsize=8)
def sums(learnt: int, seed: int, device: str) -> NDArray[np.int64]:
    """What a small network answers to a digit and a digit, (10, 10), after learning so many of the 100
    sums modulo 10."""
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.arange(10).repeat_interleave(10), torch.arange(10).repeat(10)         # (100,)
    x = torch.cat([one_hot(a, 10), one_hot(b, 10)], 1).float().to(device)               # (100, 20)
    y = ((a + b) % 10).to(device)
    known = torch.randperm(100, generator=generator)[:learnt].to(device)
    W = torch.randn(20, HIDDEN, generator=generator).to(device).requires_grad_()
    V = (torch.randn(HIDDEN, 10, generator=generator) / HIDDEN**0.5).to(device).requires_grad_()
    optimizer = torch.optim.Adam([W, V], lr=0.02, fused=True)
    for _ in range(UPDATES):
        loss = cross_entropy((x[known] @ W).relu() @ V, y[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        answers: NDArray[np.int64] = ((x @ W).relu() @ V).argmax(1).view(10, 10).cpu().numpy()
        return answers


def running_sum(table: NDArray[np.int64], seed: int) -> tuple[float, NDArray[np.float64]]:
    """The share of right sums, given the right sum before, and on its own after 1 … T steps."""
    digits = np.random.default_rng(seed).integers(0, 10, (SEQUENCES, TIMES))            # (N, T)
    right = digits.cumsum(1) % 10                                                      # (N, T)
    before = np.concatenate([np.zeros((SEQUENCES, 1), int), right[:, :-1]], 1)         # (N, T)
    forced = float((table[before, digits] == right).mean())
    own, free = np.zeros(SEQUENCES, int), np.zeros(TIMES)
    for t in range(TIMES):
        own = table[own, digits[:, t]]  # it reads what it has written itself
        free[t] = (own == right[:, t]).mean()
    return forced, free


@lru_cache(maxsize=4)
def summed(pairs: int, seed: int, device: str) -> tuple[float, NDArray[np.float64]]:
    """The running sum of a network that has learnt so many sums; it does not change with what is typed."""
    return running_sum(sums(pairs, seed, device), seed)


def closed_form(p: float) -> NDArray[np.float64]:
    """a_t for t = 1 … T."""
    found: NDArray[np.float64] = 0.1 + 0.9 * ((10 * p - 1) / 9) ** np.arange(1.0, TIMES + 1)
    return found


@lru_cache(maxsize=4)
@torch.no_grad()
def written_prose(real: str, seed: int, device: str) -> tuple[tuple[float, ...], float]:
    """The share of pieces of six characters that real text has, by stretches of prose that the tiny GPT
    wrote on its own; and the share in the real text's last tenth, which was kept apart."""
    gpt, tokens, _ = load_tiny_gpt()
    gpt = gpt.to(device).eval()
    generator = torch.Generator().manual_seed(seed)
    ids = write_side_by_side(gpt, int(tokens.encode("\n")[0]), TEXTS, WRITTEN, generator)  # (B, T)
    texts = [tokens.decode(one) for one in ids.tolist()]
    apart = len(real) * 9 // 10
    have = {real[at : at + PIECE] for at in range(apart)}
    length = min(map(len, texts)) - PIECE
    edges = np.linspace(0, length, WINDOWS + 1).astype(int)
    found = [np.mean([text[at : at + PIECE] in have for text in texts for at in range(start, end)])
             for start, end in pairwise(edges)]
    last = np.mean([real[at : at + PIECE] in have for at in range(apart, len(real) - PIECE)])
    return tuple(map(float, found)), float(last)


# --- hypotheses --------------------------------------------------------------------------------------


def hypotheses(params: Params) -> list[tuple[str, str]]:
    """(kind, text): the user's own, and others about the same reference."""
    between = "" if is_chinese(params.reference) else " "
    tokens = tokens_of(params.reference, not between)[:LONGEST]
    others = [("identical", between.join(tokens))]
    others += zip(("in other words", "the opposite"), KNOWN.get(params.reference, ()), strict=False)
    others += [("backwards", between.join(tokens[::-1])),
               ("two words", between.join(tokens[:2]))]
    return [("yours", params.hypothesis), *others]


class TextScores:
    """Scores of a hypothesis and of others beside it."""

    shared: ClassVar[tuple[str, ...]] = ("reader", "writer", "real")

    def __init__(self, params: Params, context: Context) -> None:
        self.device = context.device
        context.progress(0, 3, "opening the models")
        encoder, writer = context.data.model(params.encoder), context.data.model(params.writer)
        for one in (encoder, writer):
            context.stands_in(one.missing, one.title)
        self.reader = open_reader(encoder, context.device, context.progress)
        context.progress(1, 3, "opening the models")
        self.writer = open_model(writer, context.device, context.progress)
        context.progress(2, 3, "opening the models")
        self.real = context.data.text("python-reference").text
        self.seen: dict[str, tuple[float, float]] = {}  # texts → similarity and perplexity

    @torch.no_grad()
    def perplexity(self, text: str) -> float:
        """exp(mean −ln p) of the tokens after a line break, each given those before it."""
        before = self.writer.encode("\n")
        ids = [*before, *self.writer.encode(text)][: self.writer.limit]
        if len(ids) == len(before):
            return math.nan
        log_p = self.writer.read(ids, every=True)[0].float().log_softmax(-1)           # (T, V)
        nexts = torch.tensor(ids[len(before) :], device=log_p.device)                   # (T',)
        given = log_p[len(before) - 1 : -1]                                            # (T', V)
        return math.exp(min(700.0, -float(given.gather(1, nexts[:, None]).mean())))

    def similarity(self, text: str, reference: str) -> float:
        """The cosine of both sentence vectors; 0 of nothing."""
        if not text.strip() or not reference.strip():
            return 0.0
        one, other = (sentence_vector(self.reader, each, self.device) for each in (text, reference))
        return float(one @ other)

    def row(self, text: str, params: Params) -> list[float]:
        """All scores of a text, in the order of ``SCORES``. The models here read English only."""
        chinese = is_chinese(params.reference)
        tokens, reference = (tokens_of(one, chinese)[:LONGEST] for one in (text, params.reference))
        key = f"{text}\0{params.reference}"
        if key not in self.seen:
            if len(self.seen) > 200:
                self.seen.clear()
            self.seen[key] = (math.nan, math.nan) if chinese or is_chinese(text) else (
                self.similarity(text, params.reference), self.perplexity(text))
        return [bleu(tokens, reference, params.smoothing, params.effective, params.order).score,
                rouge_n(tokens, reference, 2).f, rouge_l(tokens, reference).f,
                chrf(text, params.reference), *self.seen[key]]

    def frame(self, params: Params) -> Frame:
        """The hypothesis in pieces, all hypotheses' scores, and errors over time."""
        chinese = is_chinese(params.reference)
        every = [tokens_of(one, chinese) for one in (params.hypothesis, params.reference)]
        tokens, reference = (one[:LONGEST] for one in every)
        found = bleu(tokens, reference, params.smoothing, params.effective, params.order)
        partner = np.full((ORDERS, len(tokens)), -1, np.int32)
        for n in range(1, ORDERS + 1):
            where = matches(tokens, reference, n)
            partner[n - 1, : len(where)] = where
        rows = hypotheses(params)
        forced, free = summed(params.pairs, params.seed, self.device)
        known, real = written_prose(self.real, params.seed, self.device) if params.exposure == "prose" \
            else ((), 0.0)
        return Frame(
            tokens=tuple(tokens), reference=tuple(reference), partner=partner,
            correct=_padded(found.correct), total=_padded(found.total), precisions=_padded(found.precisions),
            mean=found.score / found.brevity if found.brevity else 0.0, brevity=found.brevity,
            bleu=found.score, shortened=any(len(one) > LONGEST for one in every),
            joined="" if chinese else " ",
            kinds=tuple(kind for kind, _ in rows), texts=tuple(text for _, text in rows),
            scores=np.array([self.row(text, params) for _, text in rows], np.float32).reshape(
                len(rows), len(SCORES)),
            forced=forced, free=free.astype(np.float32),
            theory=np.clip(closed_form(forced), 0, 1).astype(np.float32),
            known=np.array(known, np.float32), real=real)


def _padded(values: Sequence[float]) -> NDArray[np.float32]:
    """One value for each length of n-grams; 0 for those that are not counted."""
    return np.array([*values, *[0.0] * (ORDERS - len(values))], np.float32)
