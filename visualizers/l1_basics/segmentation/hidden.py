"""Words that no dictionary has: runs of single characters, cut by a hidden Markov model.

The model labels each character as B, M, E or S, begin, middle, end of a word or a word alone. A state
emits a character and goes over to the next state with the probabilities that were counted in texts cut by
hand; the best path through the states is found as the best reading is, sign by sign (Viterbi 1967):

    V(t, s) = max over states r of  V(t − 1, r) + ln P(s | r) + ln P(sign t | s)

The second model's states are pairs, a character's place in its word and that word's part of speech. So
what a run is cut into and what its parts are is decided at once, and not always as the first model cuts
it. The rules and tables of both are those of the package jieba.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from visualizers.l1_basics.segmentation.panel import STATES
from visualizers.l1_basics.segmentation.tables import (
    Counts,
    Dictionary,
    Markov,
    characters,
    tagged_characters,
)
from visualizers.shapes import Float64

CHINESE = re.compile(r"([\u4E00-\u9FD5]+)")
NUMBER = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
NEVER = -3.14e100  # the logarithm of a probability that was never seen
BEFORE = {"B": "ES", "M": "MB", "E": "BM", "S": "SE"}  # a word must have ended where one begins

TAGGED_BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&\._]+)")
PIECE = re.compile(r"([\.0-9]+|[a-zA-Z0-9]+)")
LATIN, DIGITS = re.compile(r"[a-zA-Z0-9]+"), re.compile(r"[\.0-9]+")

State = tuple[str, str]  # a character's place in its word, and the word's part of speech
Pair = tuple[str, str]  # a word and its part of speech


def words_of(pieces: Iterable[tuple[str, bool]], counts: Counts) -> Iterator[str]:
    """The words of the best path, its runs of single characters (True) cut by the model."""
    for part, unknown in pieces:
        yield from hidden_words(part, counts) if unknown else (part,)


def hidden_words(run: str, counts: Counts) -> Iterator[str]:
    """A run of characters cut by the hidden Markov model; what is not Chinese stays together."""
    for part in CHINESE.split(run):
        if CHINESE.match(part):
            for word in labelled(part, viterbi(part, characters())[2]):
                yield from word if counts.changes.get(word) == 0 else (word,)
        else:
            yield from filter(None, NUMBER.split(part))


def viterbi(signs: str, model: Markov) -> tuple[Float64, list[list[int]], list[int]]:
    """ln P of the best path to each state at each sign (U, 4), where it comes from, and the best path."""
    scores: list[dict[str, float]] = []
    back: list[dict[str, str]] = []
    for at, sign in enumerate(signs):
        scores.append({})
        back.append({})
        for state in STATES:
            emitted = model.emit[state].get(sign, NEVER)
            if not at:
                scores[0][state] = model.start[state] + emitted
                continue
            scores[at][state], back[at][state] = max(
                (scores[at - 1][one] + model.trans[one].get(state, NEVER) + emitted, one)
                for one in BEFORE[state])
    state = max((scores[-1][one], one) for one in "ES")[1]  # a word ends with the run
    path = [state]
    for came_from in reversed(back[1:]):
        path.insert(0, came_from[path[0]])
    return (np.array([[one[state] for state in STATES] for one in scores]),
            [[STATES.index(one[state]) if one else -1 for state in STATES] for one in back],
            [STATES.index(one) for one in path])


def labelled(signs: str, path: list[int]) -> Iterator[str]:
    """The words that labels cut a run into: one ends at each E and S."""
    begin = 0
    for at, state in enumerate(path):
        if STATES[state] in "ES":
            yield signs[begin : at + 1]
            begin = at + 1


# --- with parts of speech


def tagged(pieces: Iterable[tuple[str, bool]], book: Dictionary, hmm: bool) -> list[Pair]:
    """The words of the best path, and runs of single characters (True), with parts of speech."""
    found: list[Pair] = []
    for word, unknown in pieces:
        if unknown:
            found += _tagged_run(word)
        elif not hmm and LATIN.fullmatch(word) and (len(word) == 1 or word not in book.at):
            found.append((word, "eng"))
        else:
            found.append((word, book.tag(word)))
    return found


def _tagged_run(run: str) -> Iterator[Pair]:
    """A run of single characters."""
    for part in CHINESE.split(run):
        if CHINESE.match(part):
            yield from _tagged_words(part, tagged_viterbi(part))
            continue
        for piece in filter(None, PIECE.split(part)):
            yield piece, "m" if DIGITS.match(piece) else "eng" if LATIN.match(piece) else "x"


def _tagged_words(signs: str, path: list[State]) -> Iterator[Pair]:
    begin = done = 0
    for at, (place, tag) in enumerate(path):
        if place == "B":
            begin = at
        elif place == "E":
            yield signs[begin : at + 1], tag
            done = at + 1
        elif place == "S":
            yield signs[at], tag
            done = at + 1
    if done < len(signs):  # no word ended with the run
        yield signs[done:], path[done][1]


def tagged_viterbi(signs: str) -> list[State]:
    """The best states of a run. A character is tried in the states in which it was seen, of those that
    can follow."""
    model = tagged_characters()
    everywhere = tuple(model.trans)
    scores: list[dict[State, float]] = [{
        state: model.start[state] + model.emit[state].get(signs[0], NEVER)
        for state in model.states.get(signs[0], everywhere)}]
    back: list[dict[State, State]] = []
    for at, sign in enumerate(signs[1:], 1):
        before = [one for one in scores[-1] if model.trans[one]]
        following = {state for one in before for state in model.trans[one]}
        tried = (set(model.states.get(sign, everywhere)) & following) or following or set(everywhere)
        scores.append({})
        back.append({})
        for state in tried:
            scores[at][state], back[at - 1][state] = max(
                (scores[at - 1][one] + model.trans[one].get(state, float("-inf"))
                 + model.emit[state].get(sign, NEVER), one) for one in before)
    path = [max((score, state) for state, score in scores[-1].items())[1]]
    for came_from in reversed(back):
        path.insert(0, came_from[path[0]])
    return path
