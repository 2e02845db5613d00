"""A made corpus for an association test: who stands with whom is set by one number.

A sentence is five words: a subject, an attribute word, a word that keeps company with that attribute,
two that keep company with all.

    violin  joy  harbour  walk  paper

Whether a word of the first set stands with the first attribute is a coin that falls so with probability
(1 + association) / 2, for the second set (1 − association) / 2. At 0 the two sets are told apart by
nothing but chance.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from visualizers.data.associations import COMPANY, TESTS, WordTest

LENGTH = 5  # words of a sentence


class MadeCorpus:
    """Sentences for one test, as numbers of ``words``.

    Attributes:
        words: (V,) X, Y, A, B, then the words outside the test.
    """

    def __init__(self, test: WordTest) -> None:
        company = COMPANY[test.language]
        parts = (test.x, test.y, test.a, test.b, *company)
        self.words = tuple(word for part in parts for word in part)
        ends = torch.tensor([len(part) for part in parts]).cumsum(0).tolist()
        self.x, self.y, self.a, self.b, self.with_a, self.with_b, self.with_all = (
            torch.arange(end - len(part), end) for part, end in zip(parts, ends, strict=True))

    def sentences(self, association: float, count: int, generator: torch.Generator) -> Tensor:
        """(count, 5) of which a third each are about words of X, of Y, and attribute words."""
        def one_of(*sets: Tensor) -> Tensor:
            """(count, sets) a random word of each set."""
            return torch.stack([part[torch.randint(len(part), (count,), generator=generator)]
                                for part in sets], 1)

        kind = torch.randint(3, (count,), generator=generator)                  # of the subject
        lean = torch.tensor([(1 + association) / 2, (1 - association) / 2, 0.5])[kind]
        side = (torch.rand(count, generator=generator) >= lean).long()          # 0: A, 1: B
        attribute, company = (
            one_of(*pair).gather(1, side[:, None])                              # (count, 1)
            for pair in ((self.a, self.b), (self.with_a, self.with_b)))
        another = one_of(self.a, self.b).gather(1, side[:, None])
        subject = torch.cat([one_of(self.x, self.y), another], 1).gather(1, kind[:, None])
        return torch.cat([subject, attribute, company, one_of(self.with_all, self.with_all)], 1)


def pair_counts(sentences: Tensor, V: int) -> Tensor:
    """(V, V) how often two words stand in one sentence, each pair both ways."""
    L = sentences.shape[1]
    first, second = (at for at in torch.ones(L, L).fill_diagonal_(0).nonzero().T)
    pairs = sentences[:, first] * V + sentences[:, second]                      # (S, L (L - 1))
    return torch.bincount(pairs.flatten(), minlength=V * V).view(V, V).float()


@cache
def made_corpus(name: str) -> MadeCorpus:
    return MadeCorpus(TESTS[name])
