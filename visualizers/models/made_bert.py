"""The model of the made language: its size, how it begins, and what it says at a mask.

``visualizers.models.checkpoint.load_made_bert`` gives the one that comes with the program, trained;
``beginning`` one of the same size that has read nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from visualizers.data.made_language import MASK, NUMBER, PAD, WORDS, Labelled, encode
from visualizers.models.bert import Bert, BertConfig

Rows = tuple[Tensor, Tensor]  # texts as ids (N, T), and their labels (N,)

CONFIG = BertConfig(len(WORDS), context=40, layers=2, heads=4, width=64, inner=240, segments=1)


def beginning(generator: torch.Generator) -> Bert:
    """An untrained model. BERT's own start is for wide ones; so narrow a one learns sooner from maps that
    keep the size of what goes through them."""
    bert = Bert(CONFIG, generator)
    with torch.no_grad():
        for one in bert.modules():
            if isinstance(one, nn.Linear):
                one.weight.normal_(0.0, one.in_features ** -0.5, generator=generator)
    return bert


def rows_of(texts: Sequence[str]) -> Tensor:
    """Texts as ids, filled up behind: (B, T)."""
    rows = [encode(one) for one in texts]
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def labelled_rows(made: Labelled) -> Rows:
    return rows_of(made.texts), torch.tensor(made.labels)


@torch.no_grad()
def zero_shot(bert: Bert, labelled: Labelled, template: str, words: Sequence[str]) -> float:
    """Share of texts whose label's word is the likeliest of ``words`` at the [MASK] of ``template``."""
    ids = rows_of([template.format(text=one) for one in labelled.texts])       # (B, T)
    scores = bert.read_out(bert(ids, real=ids != PAD)[ids == MASK])            # (B, V)
    found = scores[:, [NUMBER[word] for word in words]].argmax(-1)             # (B,)
    return float((found == torch.tensor(labelled.labels)).float().mean())
