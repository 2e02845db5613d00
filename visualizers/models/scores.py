"""Scores of a written text against a reference: BLEU, ROUGE and chrF, counted as their programs count.

Papineni et al. 2002 (BLEU), with the tokens and the smoothing of sacrebleu (Post 2018; Chen and Cherry
2014); Lin 2004 (ROUGE); Popović 2015 (chrF). H and R are the tokens of the hypothesis and the reference.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Smoothing = Literal["none", "exp", "floor", "add 1"]
Gram = tuple[str, ...]

ORDER = 4
FLOOR = 0.1
CHARACTERS = 6  # the longest run of chrF
BETA = 2  # how much more chrF counts recall than precision

_HAN = re.compile("[\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufaff]")
# What sacrebleu's tokenizer "zh" sets apart, character by character.
_APART = re.compile("([\u2001-\u2a6d\u2e80-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3300-\u4db5"
                    "\u4e00-\u9fbb\uf900-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef])")
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_RULES = tuple((re.compile(rule), by) for rule, by in (
    (r"([\{-\~\[-\` -\&\(-\+\:-\@\/])", r" \1 "), (r"([^0-9])([\.,])", r"\1 \2 "),
    (r"([\.,])([^0-9])", r" \1 \2"), (r"([0-9])(-)", r"\1 \2 ")))


def is_chinese(text: str) -> bool:
    return bool(_HAN.search(text))


def tokens_of(text: str, chinese: bool) -> list[str]:
    """The tokens by which machine translation is scored: words and signs (mteval-v13a); of a Chinese
    text also every character."""
    if chinese:
        text = _APART.sub(r" \1 ", text.strip())
    else:
        text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
        for written, meant in _ENTITIES:
            text = text.replace(written, meant)
        text = f" {text} "
    for rule, by in _RULES:
        text = rule.sub(by, text)
    return text.split()


def grams(tokens: Sequence[str], n: int) -> list[Gram]:
    """All runs of n tokens, in their order."""
    return [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]


def matches(hypothesis: Sequence[str], reference: Sequence[str], n: int) -> list[int]:
    """Of each n-gram of the hypothesis, where in the reference its partner begins, or −1. No n-gram of
    the reference is a partner twice: counts are *clipped*."""
    free: dict[Gram, list[int]] = {}
    for at, gram in enumerate(grams(reference, n)):
        free.setdefault(gram, []).append(at)
    return [free[gram].pop(0) if free.get(gram) else -1 for gram in grams(hypothesis, n)]


class Bleu(NamedTuple):
    """BLEU and what it is made of: for each order how many n-grams match, of how many, and the precision
    with its smoothing, 0 … 1; the brevity penalty; the score, 0 … 1."""

    correct: tuple[float, ...]
    total: tuple[float, ...]
    precisions: tuple[float, ...]
    brevity: float
    score: float


def bleu(
    hypothesis: Sequence[str], reference: Sequence[str], smoothing: Smoothing = "none",
    effective: bool = False, order: int = ORDER,
) -> Bleu:
    """The geometric mean of the precisions p_n, times the brevity penalty,

        BLEU = min(1, e^(1 − R/H)) · (p_1 p_2 p_3 p_4)^¼.

    Args:
        effective: leave out the orders of which the hypothesis is too short to have any.
    """
    H, R = len(hypothesis), len(reference)
    brevity = 0.0 if not H else min(1.0, math.exp(1 - R / H))
    correct = [float(sum(one >= 0 for one in matches(hypothesis, reference, n)))
               for n in range(1, order + 1)]
    total = [float(max(0, H - n + 1)) for n in range(1, order + 1)]
    precisions = [0.0] * order
    if not any(correct):
        return Bleu(tuple(correct), tuple(total), tuple(precisions), brevity, 0.0)
    halved, used = 1.0, order
    for n in range(order):
        if smoothing == "add 1" and n:
            correct[n] += 1
            total[n] += 1
        if not total[n]:
            break
        if effective:
            used = n + 1
        if correct[n]:
            precisions[n] = correct[n] / total[n]
        elif smoothing == "exp":
            halved *= 2
            precisions[n] = 1 / (halved * total[n])
        elif smoothing == "floor":
            precisions[n] = FLOOR / total[n]
    score = 0.0
    if all(precisions[:used]):
        score = brevity * math.exp(sum(map(math.log, precisions[:used])) / used)
    return Bleu(tuple(correct), tuple(total), tuple(precisions), brevity, score)


@dataclass(frozen=True)
class Found:
    """How much of one is in the other, and the mean of both."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def rouge_n(hypothesis: Sequence[str], reference: Sequence[str], n: int) -> Found:
    """The share of n-grams that both have, of the hypothesis and of the reference."""
    hit = sum(one >= 0 for one in matches(hypothesis, reference, n))
    return Found(hit / max(1, len(hypothesis) - n + 1), hit / max(1, len(reference) - n + 1))


def rouge_l(hypothesis: Sequence[str], reference: Sequence[str]) -> Found:
    """The longest common subsequence: tokens in the same order, with gaps."""
    longest = [0] * (len(reference) + 1)
    for one in hypothesis:
        before = longest[:]
        for at, other in enumerate(reference, 1):
            longest[at] = before[at - 1] + 1 if one == other else max(before[at], longest[at - 1])
    return Found(longest[-1] / max(1, len(hypothesis)), longest[-1] / max(1, len(reference)))


def chrf(hypothesis: str, reference: str) -> float:
    """The same over runs of 1 … 6 characters, spaces apart, 0 … 1: means of precision P and recall R,

        chrF = (1 + β²) P R / (β² P + R),   β = 2.
    """
    texts = ["".join(one.split()) for one in (hypothesis, reference)]
    found = []
    for n in range(1, CHARACTERS + 1):
        mine, theirs = (Counter(one[at : at + n] for at in range(len(one) - n + 1)) for one in texts)
        if mine and theirs:
            hit = (mine & theirs).total()
            found.append((hit / mine.total(), hit / theirs.total()))
    if not found:
        return 0.0
    P, R = (sum(one) / len(found) for one in zip(*found, strict=True))
    return (1 + BETA**2) * P * R / (BETA**2 * P + R) if P + R else 0.0
