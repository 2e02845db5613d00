"""A pre-trained backbone that is tuned to a task: with a delta, or with its own weights, and a new head."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.data.made_language import PAD
from visualizers.models.bert import Bert
from visualizers.models.delta import Adapter, BitFit, Delta, Lora, Prefix, SoftPrompt, attached


class Tuned(nn.Module):
    """A backbone with a delta, or without one and a copy of its weights trained, and a new head.

    Shapes: B texts, T tokens, C channels.
    """

    def __init__(self, bert: Bert, delta: Delta | None, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.delta = delta
        self.bert = bert if delta is not None else copy.deepcopy(bert).requires_grad_(True)
        self.weight = nn.Parameter(0.02 * torch.randn(classes, bert.config.width, generator=generator))
        self.bias = nn.Parameter(torch.zeros(classes))

    def states(self, ids: Tensor) -> Tensor:
        """What the backbone makes of texts (B, T), (B, T, C)."""
        with attached(self.delta, self.bert):
            x: Tensor = self.bert(ids, real=ids != PAD)
        return x

    def forward(self, ids: Tensor) -> Tensor:
        """The head reads the first token: scores (B, classes)."""
        return F.linear(self.states(ids)[:, 0], self.weight, self.bias)

    @property
    def trained(self) -> int:
        """How many numbers learn, the head's too."""
        return sum(one.numel() for one in self.parameters() if one.requires_grad)


def delta_of(
    method: str, bert: Bert, size: int, generator: torch.Generator, width: int = 0
) -> Delta | None:
    """What a method adds to a backbone; nothing where the backbone itself is trained.

    Args:
        size: the rank of LoRA, the vectors of a prefix or a soft prompt.
        width: of an adapter's bottleneck; ``size`` where it is 0.
    """
    match method:
        case "BitFit":
            return BitFit(bert)
        case "LoRA":
            return Lora(bert, generator, size)
        case "adapter":
            return Adapter(bert, generator, width or size)
        case "prefix":
            return Prefix(bert, generator, size)
        case "soft prompt":
            return SoftPrompt(bert, generator, size)
    return None
