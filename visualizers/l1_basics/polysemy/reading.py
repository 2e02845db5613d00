"""Real sentences, read by a model that has learnt before: MiniLM, or what stands in for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from visualizers.l1_basics.polysemy.texts import TEXTS
from visualizers.models.gpt import Kept
from visualizers.models.pretrained import BertReader, open_reader
from visualizers.panel import Context

LONGEST = 64  # tokens


class Occurrence(NamedTuple):
    """A place where a word stands, which of its two meanings it has there, and its vectors (L, C)."""

    text: str
    sense: int
    vectors: Tensor


class MiniLM:
    """Reads the sentences of ``texts.py``, one word after another, the meanings in turn."""

    def __init__(self, context: Context) -> None:
        files = context.data.model("minilm")
        context.stands_in(files.missing, files.title)
        reader = open_reader(files, context.device, context.progress)
        assert isinstance(reader, BertReader)
        self.reader, self.device = reader, context.device
        self.layers = 1 + reader.module.config.layers  # vectors of each occurrence
        rounds = min(len(said) for senses in TEXTS.values() for said in senses)
        self.order = [(word, sense, TEXTS[word][sense][at]) for at in range(rounds)
                      for word in TEXTS for sense in (0, 1)]
        self.count = len(self.order)
        self.known: dict[tuple[str, str, int], Tensor] = {}

    def occurrences(self, word: str, window: int, read: int) -> list[Occurrence]:
        """Those among the sentences that have been read."""
        return [Occurrence(text, sense, self.vectors(text, word, window))
                for one, sense, text in self.order[:read] if one == word]

    def own(self, text: str, word: str, window: int) -> Tensor | None:
        """The vectors (L, C) of the word in somebody's sentence; nothing if it is not in it."""
        return self.vectors(text, word, window) if found(text, word) else None

    def unknown(self, text: str) -> tuple[str, ...]:
        """What of somebody's sentence is no token."""
        return tuple(dict.fromkeys(one for one in re.findall(r"\w+", text.lower())
                                   if "[UNK]" in self.reader.cut(one, "", LONGEST).names))

    def vectors(self, text: str, word: str, window: int) -> Tensor:
        """The word's vectors (L, C): the mean of its pieces, if it has several."""
        key = (text, word, window)
        if key not in self.known:
            if len(self.known) > 1000:
                self.known.clear()
            self.known[key] = self.read(*key)
        return self.known[key]

    @torch.no_grad()
    def read(self, text: str, word: str, window: int) -> Tensor:
        at = found(text, word)
        assert at is not None
        text = text.lower()
        begin, end = (1 + self.pieces(text[:to]) for to in at.span())             # behind [CLS]
        cut = self.reader.cut(text, "", min(self.reader.limit, LONGEST))
        begin = min(begin, len(cut.ids) - 2)
        place = torch.arange(len(cut.ids))                                        # (T,)
        near = (place >= begin - window) & (place < end + window)
        near |= torch.from_numpy(cut.special)
        kept = Kept()
        self.reader.module(torch.tensor([cut.ids], device=self.device), real=near[None].to(self.device),
                           keep=kept)
        return torch.stack([x[0, begin:end].mean(0) for x in kept.residual]).cpu()  # (L, C)

    def pieces(self, text: str) -> int:
        """How many tokens a text has."""
        return int((~self.reader.cut(text, "", self.reader.limit).special).sum()) if text.strip() else 0

    @torch.no_grad()
    def static_vectors(self, words: Sequence[str]) -> Tensor:
        """The rows of the table that the model begins with, (len(words), C)."""
        table = self.reader.module.token_embedding.weight
        cuts = [self.reader.cut(word, "", LONGEST) for word in words]
        numbers = [[id for id, special in zip(cut.ids, cut.special, strict=True) if not special]
                   for cut in cuts]
        return torch.stack([table[one].mean(0) for one in numbers]).cpu()


def found(text: str, word: str) -> re.Match[str] | None:
    """Where the word stands in a text, in whatever letters."""
    return re.search(rf"\b{word}\b", text.lower())
