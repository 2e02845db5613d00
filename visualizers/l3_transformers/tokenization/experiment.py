"""Pieces of words, learnt from how often they stand side by side.

Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units" (BPE), algorithm 1;
Radford et al. 2019 (the same with bytes); Schuster and Nakajima 2012 (WordPiece); unigram is in
``unigram.py``. A word is a tuple of pieces, ("n", "e", "w", "est").
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from visualizers.l3_transformers.tokenization.panel import DONE, LONGEST, NEXT, Frame, Params
from visualizers.l3_transformers.tokenization.texts import FOUR, NEW, READING
from visualizers.l3_transformers.tokenization.unigram import Unigram
from visualizers.models.pretrained import open_tokens
from visualizers.models.tokenizers import BYTE_SIGNS, byte_text
from visualizers.panel import Context

# As in GPT-2: a word takes the space before it along, so that tokens put together are the text again.
SPACED = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+")
BARE = re.compile(r"[^\W_]+|[^\w\s]|_")  # as in BERT
UNKNOWN = "[UNK]"
READ = 200_000  # characters of a text
HELD_OUT = 0.05  # of its lines
FEW = 10  # a token that is seen less often than that is hardly learnt
Word = tuple[str, ...]
Merge = tuple[str, str, str, float]  # left, right, what they became, the value by which it was chosen


class Learner(Protocol):
    """A vocabulary that grows, or shrinks, step by step."""

    log: list[Merge]  # what each step did

    def step(self, most: int) -> float: ...
    def over(self, most: int) -> bool: ...
    def vocabulary(self) -> dict[str, float]: ...  # each piece, and how often the text uses it
    def tokens(self) -> float: ...  # of the whole text
    def candidates(self) -> list[tuple[str, str, float]]: ...
    def cut(self, word: str) -> list[tuple[str, bool]]: ...  # pieces, and whether each is known


# --- Byte-pair encoding and WordPiece ------------------------------------------------------------


def join(word: Word, left: str, right: str, joined: str) -> Word:
    """The word with every ``left`` that is followed by ``right`` made one piece."""
    made, at = [], 0
    while at < len(word):
        if at + 1 < len(word) and word[at] == left and word[at + 1] == right:
            made.append(joined)
            at += 2
        else:
            made.append(word[at])
            at += 1
    return tuple(made)


class Merging:
    """Begins with single signs and joins one pair of neighbours a step.

    Args:
        words: each word of the text, in signs, and how often it is there.
        likelihood: choose the pair by what it adds to the text's likelihood (WordPiece), not by its
            count (BPE).
        alphabet: signs that are in the vocabulary from the start, beside those of the text.
    """

    def __init__(self, words: Mapping[Word, int], *, likelihood: bool = False,
                 alphabet: Iterable[str] = ()) -> None:
        self.words, self.counts = list(words), list(words.values())
        self.likelihood = likelihood
        signs = {sign for word in words for sign in word} | set(alphabet)
        self.ids = {sign: number for number, sign in enumerate(sorted(signs))}
        self.ranks: dict[tuple[str, str], int] = {}
        self.log: list[Merge] = []
        self.known: dict[str, Word] = {}                   # words that were cut, and their pieces
        self.pieces: Counter[str] = Counter()              # how often each piece is there
        self.pairs: Counter[tuple[str, str]] = Counter()   # how often two are neighbours
        self.where: dict[tuple[str, str], set[int]] = defaultdict(set)  # in which words
        for index in range(len(self.words)):
            self._tally(index, +1)

    def _tally(self, index: int, sign: int) -> None:
        """Count the pieces and pairs of a word, or take them back."""
        word, times = self.words[index], sign * self.counts[index]
        for piece in word:
            self.pieces[piece] += times
        for pair in pairwise(word):
            self.pairs[pair] += times
            if not self.pairs[pair]:
                del self.pairs[pair]
            if sign > 0:
                self.where[pair].add(index)

    def scores(self) -> Mapping[tuple[str, str], float]:
        """Every pair, and how good it would be to join it."""
        if not self.likelihood or not self.pairs:
            return self.pairs
        # log-likelihood Σ n log(n / N) of a text of N pieces, each n times: after the merge less before
        a, b, c = np.array([(self.pieces[left], self.pieces[right], count)
                            for (left, right), count in self.pairs.items()], float).T
        twice = np.array([left == right for left, right in self.pairs])
        after = np.where(twice, _xlogx(a - 2 * c), _xlogx(a - c) + _xlogx(b - c)) \
            + _xlogx(c) - _xlogx(self.tokens() - c)
        before = np.where(twice, _xlogx(a), _xlogx(a) + _xlogx(b)) - _xlogx(np.array(self.tokens()))
        return dict(zip(self.pairs, (after - before).tolist(), strict=True))

    def step(self, most: int) -> float:
        """Join the best pair everywhere; of equals, the one whose pieces are older."""
        if self.over(most):
            return 0.0
        scores = self.scores()
        best = max(scores.values())
        left, right = min((pair for pair, score in scores.items() if score == best),
                          key=lambda pair: (self.ids[pair[0]], self.ids[pair[1]]))
        joined = left + right.removeprefix("##") if self.likelihood else left + right
        for index in self.where.pop((left, right)):
            self._tally(index, -1)
            self.words[index] = join(self.words[index], left, right, joined)
            self._tally(index, +1)
        self.ranks[left, right] = len(self.ranks)
        self.ids.setdefault(joined, len(self.ids))
        self.log.append((left, right, joined, best))
        return best

    def over(self, most: int) -> bool:
        return len(self.log) >= most or not self.pairs

    def vocabulary(self) -> dict[str, float]:
        return {piece: self.pieces[piece] for piece in self.ids}

    def tokens(self) -> float:
        return float(self.pieces.total())

    def candidates(self) -> list[tuple[str, str, float]]:
        scores = self.scores()
        least = min(nlargest(NEXT, scores.values()), default=0.0)
        best = sorted(((pair, score) for pair, score in scores.items() if score >= least),
                      key=lambda one: (-one[1], self.ids[one[0][0]], self.ids[one[0][1]]))[:NEXT]
        return [(*pair, value) for pair, value in best]

    def cut(self, word: str) -> list[tuple[str, bool]]:
        """A word of any text, in pieces."""
        if self.likelihood:
            return longest_first(word, self.ids)
        pieces = self.known.get(word) or tuple(word)  # as they were when it was cut last
        while len(pieces) > 1:  # what was joined first is joined first here, too
            first = min(pairwise(pieces), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if first not in self.ranks:
                break
            pieces = join(pieces, *first, first[0] + first[1])
        self.known[word] = pieces
        return [(piece, piece in self.ids) for piece in pieces]

    def __deepcopy__(self, _memo: object) -> Merging:
        """A copy that shares the words, which are tuples, and nothing that changes."""
        new = object.__new__(Merging)
        new.__dict__ |= {name: value.copy() if hasattr(value, "copy") else value
                         for name, value in self.__dict__.items()}
        new.where = defaultdict(set, {pair: set(there) for pair, there in self.where.items()})
        return new


def _xlogx(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """n log n, and 0 for 0."""
    found: NDArray[np.float64] = n * np.log(np.maximum(n, 1.0))
    return found


def longest_first(word: str, vocabulary: Mapping[str, object]) -> list[tuple[str, bool]]:
    """WordPiece cuts off the longest piece it knows, again and again; ## stands for "goes on"."""
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        end = next((end for end in range(len(word), start, -1)
                    if mark + word[start:end] in vocabulary), start)
        if end == start:
            return [(UNKNOWN, False)]  # one unknown sign, and the whole word is unknown
        pieces.append((mark + word[start:end], True))
        start = end
    return pieces


class WholeWords:
    """Takes the most frequent words, one a step; there is nothing for the others."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self.left = sorted(words.items(), key=lambda one: (-one[1], one[0]))
        self.known: dict[str, float] = {UNKNOWN: float(sum(words.values()))}
        self.log: list[Merge] = []

    def step(self, most: int) -> float:
        if self.over(most):
            return 0.0
        word, count = self.left[len(self.log)]
        self.known[word] = count
        self.known[UNKNOWN] -= count
        self.log.append(("", "", word, count))
        return float(count)

    def over(self, most: int) -> bool:
        return len(self.log) >= min(most, len(self.left))

    def vocabulary(self) -> dict[str, float]:
        return self.known

    def tokens(self) -> float:
        return sum(self.known.values())

    def candidates(self) -> list[tuple[str, str, float]]:
        return [(word, "", float(count)) for word, count in self.left[len(self.log):][:NEXT]]

    def cut(self, word: str) -> list[tuple[str, bool]]:
        return [(word, True) if word in self.known else (UNKNOWN, False)]


# --- The experiment ------------------------------------------------------------------------------


class Tokenization:
    """Counts the words of a text and learns pieces of them, one merge a step."""

    shared = ("seen", "held", "real", "context")
    measure_every = 20

    def __init__(self, params: Params, context: Context) -> None:
        self.context = context
        bare = params.method in ("WordPiece", "whole words") or params.learn != "a text"
        self.split = BARE if bare else SPACED
        self.bytes = params.method == "byte BPE"
        if params.learn != "a text":
            self.measure_every = 1
        learnt, new, self.phrases = self._texts(params)
        self.seen, self.held = learnt, new                 # word → how often it is there
        self.length = sum(learnt.values())
        self.learner: Learner
        if params.method == "unigram":
            self.learner = Unigram(learnt)
        elif params.method == "whole words":
            self.learner = WholeWords(learnt)
        elif params.method == "WordPiece":
            self.learner = Merging({(word[0], *(f"##{sign}" for sign in word[1:])): count
                                    for word, count in learnt.items()}, likelihood=True)
        else:
            self.learner = Merging({tuple(word): count for word, count in learnt.items()},
                                   alphabet=BYTE_SIGNS.values() if self.bytes else ())
        files = context.data.model(params.real)
        if files.missing:
            context.note("{wanted} is not here yet, so the real tokenizer is that of {model}. Fetch "
                         "it on the Data page.", wanted=context.data.title(files.missing),
                         model=files.title)
        context.progress(0, 1, "Reading the tokens")
        self.real, self.real_name = open_tokens(files), files.title

    def _texts(self, params: Params) -> tuple[Counter[str], Counter[str], bool]:
        """The words that are learnt from, those that are held out, and whether they are phrases."""
        if params.learn == "four words":
            return self._signs_of(FOUR), self._signs_of(Counter(NEW)), False
        if params.learn == "own words":
            return self._signs_of(Counter(params.own.split()[:5000] or ["low"])), Counter(), False
        read = self.context.text(params.corpus)
        lines = read.text[:READ].splitlines(keepends=True)
        order = torch.randperm(len(lines), generator=self.context.generator).tolist()
        held = set(order[: round(HELD_OUT * len(lines))])
        sides = ("".join(line for at, line in enumerate(lines) if (at in held) == side)
                 for side in (False, True))
        learnt, new = (self._signs_of(Counter(self.split.findall(text))) for text in sides)
        return learnt or Counter(low=1), new, read.language == "zh"

    def _signs_of(self, words: Mapping[str, int]) -> Counter[str]:
        """The words that are no white space, as they are learnt, and how often each is there."""
        counted: Counter[str] = Counter()
        for word, times in words.items():
            if not word.isspace():
                counted[self._signs(word)] += times
        return counted

    def _signs(self, word: str) -> str:
        """A word as it is learnt: of byte BPE, one printable sign for each of its bytes."""
        return "".join(BYTE_SIGNS[one] for one in word.encode("utf-8", "replace")) if self.bytes \
            else word

    def step(self, params: Params) -> dict[str, float]:
        """One merge."""
        value = self.learner.step(params.merges)
        return {"tokens_a_word": self.learner.tokens() / self.length,
                "vocabulary": float(len(self.learner.vocabulary())), "chosen_by": value}

    def measure(self, params: Params) -> dict[str, float]:
        """What the pieces make of words that they were not learnt from."""
        cuts = [(self.learner.cut(word), times) for word, times in (self.held or self.seen).items()]
        words = sum(times for _, times in cuts)
        used = self.learner.vocabulary()
        return {
            "held_out": sum(len(cut) * times for cut, times in cuts) / words,
            "unknown_words": sum(times for cut, times in cuts if not all(known for _, known in cut)) / words,
            "rare": sum(times < FEW for times in used.values()) / len(used),
        }

    def finished(self, params: Params) -> bool:
        return self.learner.over(params.merges)

    def frame(self, params: Params) -> Frame:
        text = READING.get(params.reading, params.sentence)[:LONGEST].strip() or "?"
        tokens, words, wholes, unknown = [], [], [], []
        for index, word in enumerate(self.split.findall(text)):
            signs = self._signs(word)
            for piece, known in self.learner.cut(signs):
                tokens.append(piece)
                words.append(index)
                wholes.append(1.0 if piece == UNKNOWN else
                              len(piece.removeprefix("##").strip()) / max(1, len(signs.strip())))
                unknown.append(not known)
        if not tokens:  # nothing but signs that are no part of a word
            tokens, words, wholes, unknown = [UNKNOWN], [0], [1.0], [True]
        made = params.token if 0 <= params.token < len(tokens) else -1
        log = self.learner.log
        picked = self._making(tokens[made]) if made >= 0 else \
            list(range(len(log) - 1, max(-1, len(log) - 1 - DONE), -1))
        cut = self.real.cut(text, "", LONGEST)
        real = [name for name, added in zip(cut.names, cut.special, strict=True) if not added] or ["?"]
        following = self.learner.candidates()
        return Frame(
            tokens=self._shown(tokens), words=np.array(words, np.int32),
            wholes=np.clip(np.array(wholes, np.float32), 0, 1), unknown=np.array(unknown, np.uint8),
            real=tuple(real), real_size=self.real.size, real_name=self.real_name,
            real_unknown=np.array([one in ("[UNK]", "<unk>") for one in real], np.uint8),
            next_lefts=self._shown([left for left, _, _ in following]),
            next_rights=self._shown([right for _, right, _ in following]),
            next_values=np.array([value for _, _, value in following], np.float32),
            numbers=np.array([at + 1 for at in picked], np.int32),
            lefts=self._shown([log[at][0] for at in picked]),
            rights=self._shown([log[at][1] for at in picked]),
            joined=self._shown([log[at][2] for at in picked]),
            values=np.array([log[at][3] for at in picked], np.float32), made=made,
            vocabulary=len(self.learner.vocabulary()),
            weights=len(self.learner.vocabulary()) * params.width, phrases=self.phrases)

    def _making(self, piece: str) -> list[int]:
        """The merges that a piece is made of, the last one first."""
        first: dict[str, int] = {}
        for at, (_, _, joined, _) in enumerate(self.learner.log):
            first.setdefault(joined, at)
        found: set[int] = set()
        waiting = [piece]
        while waiting:
            at = first.get(waiting.pop(), -1)
            if at >= 0 and at not in found:
                found.add(at)
                waiting += self.learner.log[at][:2]
        return sorted(found, reverse=True)[:DONE]

    def _shown(self, pieces: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(byte_text, pieces)) if self.bytes else tuple(pieces)
