"""Looking up and searching: what no model is asked for.

A citation is a pair, (law, article). It is in the statute book or it is not; nothing about that is
likely or unlikely, and no model has a say in it. Which article answers a question is another matter:
BM25 guesses that from the words that both share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visualizers.data.statutes import Article, Shelf, Statutes, citations
from visualizers.l8_legal.citations.panel import VERDICTS
from visualizers.models.bm25 import BM25

FOUND = 3  # articles that a search gives


@dataclass(frozen=True)
class Asked:
    """A question, the words that a search looks for, and the article that answers it, if it is known."""

    say: str
    words: str
    article: Article | None = None


@dataclass(frozen=True)
class Cited:
    """A citation: characters start … end - 1 of answer ``at``, and the article that it names, if any."""

    at: int
    start: int
    end: int
    law: str
    label: str
    article: Article | None

    @property
    def verdict(self) -> str:
        return VERDICTS[-1] if self.article is None else self.article.status


@dataclass(frozen=True)
class Checked:
    """Answers with what became of their citations. Never changed, so that copies can share it.

    Attributes:
        fluent: the share of what is written that is known: words, or in Chinese pairs of characters.
        kept: the share of what stands behind an answer's first citation that its article has.
    """

    asked: tuple[Asked, ...]
    answers: tuple[str, ...]
    cites: tuple[Cited, ...]
    fluent: float
    kept: float

    @property
    def shares(self) -> list[float]:
        """The share of each verdict among the citations; nothing where nothing is cited."""
        return [sum(one.verdict == verdict for one in self.cites) / max(1, len(self.cites))
                for verdict in VERDICTS]

    @property
    def right(self) -> float:
        """The share of answers whose first citation is the article that was asked about."""
        first: dict[int, Article | None] = {}
        for one in self.cites:
            first.setdefault(one.at, one.article)
        hits = [found is not None and wanted is not None and found[:2] == wanted[:2]
                for at, found in first.items() if (wanted := self.asked[at].article) or True]
        return sum(hits) / max(1, len(self.answers))


class Library:
    """A statute book that can be looked up and searched. Parsed once a process, never changed."""

    _known: ClassVar[dict[str, Library]] = {}

    def __init__(self, book: Statutes) -> None:
        self.book, self.language = book, book.language
        self.shelf = Shelf(book.articles)
        # Of a law of which only an amended version is here, that version is the best there is.
        ages = {law: {one.status for one in articles} for law, articles in self.shelf.laws.items()}
        self.valid = tuple(one for one in self.shelf.articles.values() if one.status == "in force" or (
            one.status == "amended" and "in force" not in ages[one.law]))
        self._rankers: dict[str, BM25] = {}

    @classmethod
    def of(cls, book: Statutes) -> Library:
        known = cls._known.get(book.id)
        if known is None or known.book.articles != book.articles:  # an own file may have changed
            known = cls._known[book.id] = cls(book)
        return known

    def check(self, asked: Sequence[Asked], answers: Sequence[str], known: set[str]) -> Checked:
        """Look up every citation of the answers."""
        cites, written = [], []
        for at, answer in enumerate(answers):
            written += spelled(answer, self.language)
            this = ""  # the law that "this Act" means: the one that the answer cites first
            for one in citations(answer, self.language):
                if answer[one.end :] == "…":
                    continue  # cut off: nobody knows which number it was to be
                this = this or one.law
                law = one.law or this
                cites.append(Cited(at, one.start, one.end, law, one.label,
                                   self.shelf.find(law, one.label)))
        fluent = sum(one in known for one in written) / max(1, len(written))
        first = {one.at: one for one in reversed(cites) if one.article}
        behind = [(word, one.article) for one in first.values()
                  for word in spelled(answers[one.at][one.end :], self.language)]
        kept = sum(word in spelled(article.text, self.language) for word, article in behind if article)
        return Checked(tuple(asked), tuple(answers), tuple(cites), fluent, kept / max(1, len(behind)))

    def search(self, words: str, law: str = "") -> list[Article]:
        """The articles in force whose words fit best, the best first; of one law, in force or not."""
        articles = self.shelf.laws.get(law, self.valid)
        if law not in self._rankers:
            self._rankers[law] = BM25([terms(one.text) for one in articles])
        scores = self._rankers[law].scores(terms(words))                       # (articles,)
        best = np.argsort(-scores, kind="stable")[:FOUND]
        return [articles[one] for one in best if scores[one] > 0]


def terms(text: str) -> list[str]:
    """What a search compares: English words, roughly cut to their stems (tow-ing, tow-s), and pairs of
    Chinese characters."""
    words = [word[:4] if len(word) > 4 else word.rstrip("s")
             for word in re.findall(r"[a-z]+", text.lower())]
    return words + [run[at : at + 2] for run in re.findall(r"[\u4e00-\u9fff]+", text)
                    for at in range(len(run) - 1)]


def spelled(text: str, language: str) -> list[str]:
    """What counts as fluent where it is known: words, or pairs of characters."""
    return terms(text) if language == "zh" else re.findall(r"[A-Za-z]+", text)
