"""How an answer is held against the truth, as in SQuAD (Rajpurkar et al. 2016)."""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import lru_cache


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
