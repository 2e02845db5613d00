"""A real language model is asked about the law: it writes its answers token by token, learning nothing.

Without a search it has only what its weights hold. With one, the articles that were found are put before
the question (Lewis et al. 2020), and what it writes of them is still its own doing.
"""

from __future__ import annotations

from typing import Any

import torch

from visualizers.data.statutes import Article
from visualizers.l8_legal.citations.checking import Asked
from visualizers.models.gpt import next_token_odds
from visualizers.models.language import Language, Turn, conversation

ANSWERS = 6  # that are written
LONGEST = 24  # tokens of an answer
OPENING = "According to Article"  # with which every answer begins: there is something to look up


class Writing:
    """The answers so far. The model itself is given to each call: copies of this must stay small."""

    def __init__(self) -> None:
        self.key: object = None
        self.ids: list[list[int]] = []
        self.cache: Any = None
        self.next: list[int] = []  # tokens that are to be read before one is drawn
        self.found: list[list[Article] | None] = []
        self.asked: list[Asked] = []

    def begin(self, asked: list[Asked], found: list[list[Article] | None], key: object) -> None:
        """Forget the answers: something else is asked, or something else may be read."""
        self.key, self.asked, self.found = key, asked, found
        self.ids, self.cache, self.next = [], None, []

    @property
    def done(self) -> bool:
        return len(self.ids) == len(self.asked) and not self.next

    def say(self, model: Language, temperature: float, generator: torch.Generator) -> float:
        """One token more. Gives how surprising it was, −ln p."""
        if self.done:
            return 0.0
        if not self.next:
            self.next = model.encode(self._prompt(len(self.ids)))
            self.cache = None
            self.ids.append([])
        scores, self.cache = model.go_on(self.next, self.cache)                # (V,)
        scores = scores.cpu()
        odds = next_token_odds(scores, temperature, 0)                         # (V,)
        token = int(torch.multinomial(odds, 1, generator=generator))
        self.next = [token]
        if token in model.ends or len(self.ids[-1]) >= LONGEST:
            self.next = []
        else:
            self.ids[-1].append(token)
        return -float(scores.log_softmax(0)[token])

    def _prompt(self, at: int) -> str:
        ask = f"{self.asked[at].say} Cite the article and the law."
        if found := self.found[at]:
            law = "\n".join(f"Article {one.label} of the {one.law}: {one.text}" for one in found)
            ask = f"{law}\n\n{ask}"
        return conversation([Turn("user", ask)]) + OPENING

    def texts(self, model: Language) -> list[str]:
        """The answers on one line each; empty where none is begun."""
        said = [" ".join((OPENING + model.decode(one)).split()) for one in self.ids]
        return said + [""] * (len(self.asked) - len(said))
