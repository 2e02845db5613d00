"""Two models that are asked the same: which of two words stands in the blank of a prompt's last line.

Shapes: Q questions, T tokens, V words of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from visualizers.data.made_language import BEGIN, END, MASK, NUMBER, PAD, UNKNOWN, cut
from visualizers.models.bert import Bert
from visualizers.models.checkpoint import frozen_made_bert
from visualizers.models.language import Language
from visualizers.refusal import Refusal

BLANK = "\0"  # where the label word is to stand


class Reader(Protocol):
    """A model that scores two words at a blank.

    Attributes:
        template: how a sentence * and its label word _ are best written down for it.
        between: what parts one example from the next.
        free: sentences without content.
        fits: how many examples it has room for.
    """

    title: str
    template: str
    between: str
    free: tuple[str, ...]
    fits: int

    def words(self, pair: tuple[str, str], template: str) -> tuple[int, int]:
        """The tokens of two label words. Raises ``Refusal``."""
        ...

    def over(self, head: str, question: str) -> int:
        """How many of a prompt's first tokens there is no room for."""
        ...

    def scores(self, head: str, questions: Sequence[str], words: tuple[int, int]) -> Tensor:
        """log p of the two words at the blank of each question, (Q, 2), behind the same ``head``."""
        ...


class Masked:
    """The masked model of the made language: 40 words, read from both sides."""

    title = "the small BERT"
    template, between, fits = "* _ day", " ", 4
    free: tuple[str, ...] = ("the [MASK] was [MASK]",)

    def __init__(self, device: str) -> None:
        self.bert: Bert = frozen_made_bert(device)
        self.device = device

    def words(self, pair: tuple[str, str], template: str) -> tuple[int, int]:
        for word in pair:
            if word not in NUMBER:
                raise Refusal("“{word}” is not a word of the made language; try good, great, bad or dull.",
                              word=word)
        return NUMBER[pair[0]], NUMBER[pair[1]]

    def _ids(self, head: str, question: str) -> tuple[list[int], int, int]:
        """The tokens, the place of the mask, and how many were cut off in front."""
        before, _, behind = question.partition(BLANK)
        left, right = ([NUMBER.get(word, UNKNOWN) for word in cut(one)]
                       for one in (f"{head}{self.between}{before}", behind))
        over = max(0, len(left) + len(right) + 3 - self.bert.config.context)
        left = left[over:]
        return [BEGIN, *left, MASK, *right, END], len(left) + 1, over

    def over(self, head: str, question: str) -> int:
        return self._ids(head, question)[2]

    @torch.no_grad()
    def scores(self, head: str, questions: Sequence[str], words: tuple[int, int]) -> Tensor:
        rows = [self._ids(head, one) for one in questions]
        longest = max(len(row) for row, _, _ in rows)
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row, _, _ in rows],
                           device=self.device)                                 # (Q, T)
        place = torch.tensor([at for _, at, _ in rows], device=self.device)    # (Q,)
        x = self.bert(ids, real=ids != PAD)                                    # (Q, T, C)
        at_blank = self.bert.read_out(x[torch.arange(len(rows)), place])       # (Q, V)
        return at_blank.log_softmax(-1)[:, list(words)].cpu()                  # (Q, 2)


class Causal:
    """A language model: it reads up to the blank and scores what comes next."""

    template, between, fits = "Review: *\nSentiment: _", "\n\n", 8
    free: tuple[str, ...] = ("N/A", "[MASK]", "")

    def __init__(self, language: Language) -> None:
        self.language, self.title = language, language.title

    def words(self, pair: tuple[str, str], template: str) -> tuple[int, int]:
        space = " " if template.partition("_")[0].endswith((" ", "\t")) else ""
        first, second = (self.language.encode(space + word)[0] for word in pair)
        if first == second:
            raise Refusal("“{one}” and “{other}” begin with the same token; choose other label words.",
                          one=pair[0], other=pair[1])
        return first, second

    def over(self, head: str, question: str) -> int:
        return 0  # it reads thousands of tokens

    @torch.no_grad()
    def scores(self, head: str, questions: Sequence[str], words: tuple[int, int]) -> Tensor:
        module: Any = self.language.module
        before = f"{head}{self.between}" if head else ""
        rows = [self.language.encode(f"{before}{one.partition(BLANK)[0]}".rstrip() or "\n")
                for one in questions]
        # What all have in common is read once; its keys and values serve every question.
        shared = common(rows)
        cache = None
        if shared:
            first = torch.tensor([rows[0][:shared]], device=module.device)     # (1, T)
            cache = module(input_ids=first, use_cache=True, logits_to_keep=1).past_key_values
            cache.batch_repeat_interleave(len(rows))
        rows = [row[shared:] for row in rows]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=module.device)
        found = module(input_ids=ids, past_key_values=cache, use_cache=True).logits   # (Q, T, V)
        last = torch.tensor([len(row) - 1 for row in rows])
        at_blank = found[torch.arange(len(rows)), last].float()                # (Q, V)
        picked: Tensor = at_blank.log_softmax(-1)[:, list(words)].cpu()        # (Q, 2)
        return picked


def common(rows: Sequence[Sequence[int]]) -> int:
    """How many first tokens all rows share, so that each has one of its own left."""
    most = min(map(len, rows)) - 1
    return next((at for at in range(most) if len({row[at] for row in rows}) > 1), most)
