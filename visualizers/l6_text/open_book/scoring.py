"""How an answer is held against the truth, as in SQuAD (Rajpurkar et al. 2016), and how a span is chosen."""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import lru_cache

import torch
from torch import Tensor

LONGEST = 4  # tokens of an answer


@lru_cache(maxsize=4096)
def normal(answer: str) -> str:
    """Small letters, without punctuation, articles and extra spaces."""
    kept = "".join(sign for sign in answer.lower() if sign not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def exact_match(said: str, truth: str) -> float:
    """1 if they are the same once normalised."""
    return float(normal(said) == normal(truth))


def f1(said: str, truth: str) -> float:
    """The harmonic mean of precision and recall over words; nothing is like nothing only."""
    mine, wanted = normal(said).split(), normal(truth).split()
    if not mine or not wanted:
        return float(mine == wanted)
    same = sum((Counter(mine) & Counter(wanted)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(mine), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def best_spans(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest span of each text: first and last place, (B,) each, and its log probability.

    Args:
        start, end: log probabilities (B, T). Place 0 stands for "no answer"; then both are 0.
    """
    T = start.shape[1]
    both = start[:, :, None] + end[:, None, :]                                 # (B, T, T)
    first, last = torch.arange(T, device=start.device)[:, None], torch.arange(T, device=start.device)[None]
    fits = (last >= first) & (last < first + LONGEST) & ((first > 0) | (last == 0))   # (T, T)
    best, at = both.masked_fill(~fits, -torch.inf).flatten(1).max(1)           # (B,) each
    return at // T, at % T, best
