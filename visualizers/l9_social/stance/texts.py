"""The two sources of the panel in one form: texts, and what each says on every target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from vader import SentimentIntensityAnalyzer

from visualizers.data import Data
from visualizers.data.opinions import STANCES, TARGETS, opinions
from visualizers.data.sources.presidents import Message

MADE_TEXTS = 2000
PARTIES = ("Democratic", "Republican")
TIMES = ((1854, 1899), (1900, 1944), (1945, 1980), (1981, 2030))  # of two parties in Congress
SHORTEST, LONGEST = 8, 30  # words of a sentence that is taken from a message
MOST = 900  # sentences of one party at one time
NEUTRAL = 0.05  # a compound score nearer to zero is no feeling (Hutto and Gilbert 2014)


@dataclass(frozen=True)
class Stances:
    """N texts with a feeling, and their C stances on T targets.

    Attributes:
        answers: (N, T) the stance of each text on each target; -1 where it cannot be asked.
        feelings: (N,) VADER's compound score, never near zero.
        groups: (N,) what must not be parted when some is held out for the test.
    """

    texts: tuple[str, ...]
    answers: NDArray[np.int8]
    names: tuple[str, ...]
    targets: tuple[str, ...]
    feelings: NDArray[np.float32]
    groups: NDArray[np.int32]


@cache
def lexicon() -> SentimentIntensityAnalyzer:
    """VADER: 7,500 words with a valence from −4 to 4, and rules for "not", "very" and "but"."""
    return SentimentIntensityAnalyzer()


def feeling(text: str) -> float:
    """From −1 to 1."""
    return float(lexicon().polarity_scores(text)["compound"])


def valence(word: str) -> float:
    """Of one word in the lexicon; 0 where it has none."""
    return float(lexicon().lexicon.get(word, 0.0))


@cache
def made() -> Stances:
    """Opinions of the generator."""
    texts, answers = opinions(MADE_TEXTS)
    return Stances(tuple(texts), np.array(answers, np.int8), STANCES, TARGETS,
                   np.array([feeling(text) for text in texts], np.float32),
                   np.arange(len(texts), dtype=np.int32))


_SPOKEN: dict[str, Stances] = {}  # by the folder of the pack: they never change


def spoken(data: Data) -> Stances | None:
    """Sentences of presidents of two parties, where the messages have been fetched."""
    folder = str(data.pack.folder)
    if folder not in _SPOKEN:
        messages = data.read("table", "presidents")
        if not messages:
            return None
        _SPOKEN[folder] = of_parties(messages)
    return _SPOKEN[folder]


def of_parties(messages: Sequence[Message]) -> Stances:
    """Sentences with a feeling: at most so many of a party and a time, drawn evenly."""
    draw = np.random.default_rng(0)
    found: list[tuple[str, int, int, int]] = []  # sentence, time, party, message
    for at, (first, last) in enumerate(TIMES):
        for party, name in enumerate(PARTIES):
            lines = [(line, at, party, number) for number, one in enumerate(messages)
                     if one.party == name and first <= one.year <= last
                     for line in re.split(r"(?<=[.!?])\s+", one.text)
                     if SHORTEST <= len(line.split()) <= LONGEST]
            found += [lines[one] for one in draw.permutation(len(lines))[:MOST]]
    feelings = np.array([feeling(one[0]) for one in found], np.float32)
    kept = np.flatnonzero(np.abs(feelings) >= NEUTRAL)
    answers = np.full((len(kept), len(TIMES)), -1, np.int8)
    for row, one in enumerate(kept):
        answers[row, found[one][1]] = found[one][2]
    return Stances(tuple(found[one][0] for one in kept), answers, PARTIES,
                   tuple(f"{first}–{last}" for first, last in TIMES[:-1]) + (f"{TIMES[-1][0]}–",),
                   feelings[kept], np.array([found[one][3] for one in kept], np.int32))
