"""A sentence is decided gap by gap, from the right, as the counts of the moment have it.

What is computed stands in two neighbours: ``lattice.py`` has the readings and the best of them, by dynamic
programming, and ``hidden.py`` the words that no dictionary has and the parts of speech, by Viterbi's
algorithm. Sproat, Shih, Gale and Chang 1996 put a dictionary's frequencies and a model for what it lacks
together; so does the package jieba, whose tables these are, and whose answers these are too.

Shapes: T characters, U unknown ones, 4 states.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch

from visualizers.l1_basics.segmentation.hidden import (
    CHINESE,
    NEVER,
    TAGGED_BLOCK,
    tagged,
    viterbi,
    words_of,
)
from visualizers.l1_basics.segmentation.lattice import Lattice
from visualizers.l1_basics.segmentation.panel import READINGS, SENTENCES, Frame, Params, sentence_of
from visualizers.l1_basics.segmentation.tables import (
    Counts,
    characters,
    counted,
    dictionary,
    own_words,
)
from visualizers.panel import Context


def suggested(word: str, counts: Counts) -> int:
    """The least frequency that keeps a word whole: more than that of its parts together."""
    parts = Lattice(word, counts)
    parts.solve()
    p = 1.0
    for part in (one for one, _ in parts.pieces(hmm=False)):
        p *= (counts.of(part) or 1) / counts.total
    return max(int(p * counts.total) + 1, counts.of(word))


class Segmentation:
    """A sentence, of which so many characters are decided."""

    shared: ClassVar[tuple[str, ...]] = ("context",)

    def __init__(self, params: Params, context: Context) -> None:
        self.context = context
        dictionary(context.progress)
        self.drawn = torch.randint(2**31, (1,), generator=context.generator)   # what less of the text has
        self.done = 0

    # --- counting

    def counts(self, params: Params) -> Counts:
        """The dictionary with the user's own words."""
        book = dictionary(self.context.progress)
        counts = Counts(book, counted(params.share, int(self.drawn)), {})
        for word, number in own_words(params.words).items():
            new = suggested(word, counts) if number < 0 else number
            counts = Counts(book, counts.counts, {**counts.changes, word: new})
        return counts

    def marked(self, params: Params, lattice: Lattice) -> str:
        """The word whose frequency is multiplied: the one that was clicked, else the sentence's own, else
        the longest one."""
        there = [lattice.text[at:end] for at, ends in enumerate(lattice.ends) for end in ends
                 if lattice.stop[at]]
        for one in (params.word, SENTENCES.get(params.sentence, ("", ""))[1]):
            if one in there:
                return one
        return max(there, key=len, default="")

    def lattice(self, params: Params) -> tuple[Lattice, str, int]:
        """The lattice under the user's changes, the word that is marked, and its frequency before."""
        text, counts = sentence_of(params), self.counts(params)
        plain = Lattice(text, counts)
        word = self.marked(params, plain)
        before = counts.of(word)
        if before and params.factor != 1:
            changes = {**counts.changes, word: max(1, round(before * params.factor))}
            plain = Lattice(text, Counts(counts.book, counts.counts, changes))
        return plain, word, before

    # --- deciding

    def left(self, params: Params) -> int:
        """The gap that has been come to, from the right."""
        return max(0, len(sentence_of(params)) - self.done)

    def finished(self, params: Params) -> bool:
        return self.left(params) == 0

    def step(self, params: Params) -> Mapping[str, float]:
        """One gap more: the best way from here to the end."""
        self.done = min(self.done, len(sentence_of(params))) + 1
        lattice, _, _ = self.lattice(params)
        left = self.left(params)
        lattice.solve(left)
        many, total, best = lattice.readings(left, 1)
        return {"cost": lattice.ahead[left], "share": math.exp(best[0][0] - total), "readings": many}

    def frame(self, params: Params) -> Frame:
        lattice, word, before = self.lattice(params)
        text, left = lattice.text, self.left(params)
        lattice.solve(left)
        many, total, best = lattice.readings(left, READINGS)
        edges = [(at, end) for at, ends in enumerate(lattice.ends) for end in ends]
        frequencies = [lattice.counts.of(text[at:end]) for at, end in edges]
        having, lacking, flip = lattice.over_factors(left, word, before)
        unknown = [one for part, run in lattice.pieces(params.hmm, left) if run
                   for one in CHINESE.findall(part)]
        trellis = [viterbi(one, characters()) for one in unknown]
        scores = np.concatenate([one[0] for one in trellis]) if trellis else np.zeros((0, 4))
        layers = Lattice(text[left:], lattice.counts, TAGGED_BLOCK)
        layers.solve()
        pairs = tagged(layers.pieces(params.hmm), lattice.counts.book, params.hmm)
        return Frame(
            signs=tuple(text), left=left,
            begin=np.array([at for at, _ in edges], np.int32),
            end=np.array([end for _, end in edges], np.int32),
            frequency=np.array(frequencies, np.int64),
            cost=np.array([-lattice.log_p(*edge) for edge in edges]) + 0.0,
            ahead=np.array(lattice.ahead), next=np.array(lattice.next, np.int32),
            count=many,
            readings=tuple("/".join(_cut_at(text[left:], [end - left for end in ends]))
                           for _, ends in best),
            shares=np.exp([log_p - total for log_p, _ in best]),
            word=word, before=before, having=having, lacking=lacking, flip=flip,
            unknown=tuple("".join(unknown)),
            opens=np.array([int(not at) for one in unknown for at in range(len(one))], np.uint8),
            scores=np.where(scores > NEVER / 2, scores, 1.0),
            back=np.array([row for one in trellis for row in one[1]], np.int8).reshape(-1, 4),
            path=np.array([state for one in trellis for state in one[2]], np.int8),
            words=tuple(words_of(lattice.pieces(params.hmm, left), lattice.counts)),
            tagged=tuple(one for one, _ in pairs), tags=tuple(tag for _, tag in pairs),
            known=lattice.counts.words)


def _cut_at(text: str, ends: list[int]) -> list[str]:
    return [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
