"""This project's trained GPT with a text to learn from and one that is held out: what is compressed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from visualizers.data import Data
from visualizers.models.checkpoint import load_tiny_gpt
from visualizers.models.tokenizers import split


class Language:
    """This project's trained GPT and the Python reference it was trained on, the end held out."""

    batch, characters = 8, 60_000
    pace = 1 / 30  # of learning: a trained model is moved gently

    def __init__(self, data: Data) -> None:
        ready = load_tiny_gpt()
        self.model: nn.Module = ready.gpt
        self.tokens, self.heads = ready.tokens, ready.gpt.config.heads
        self.width = ready.gpt.config.context // 2
        learn, rest = split(data.text("python-reference").text)
        self.ids = torch.tensor(ready.tokens.encode(learn[: self.characters]))
        rest_ids = torch.tensor(ready.tokens.encode(rest[: self.characters // 3]))
        self.held_out = self.windows(rest_ids, torch.arange(self.batch) * self.width)
        self.quantized = {name: name.removeprefix("blocks.").removesuffix(".weight")
                          for name, weight in self.model.named_parameters()
                          if weight.dim() == 2 and "position" not in name}

    def windows(self, ids: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
        """Texts from ``starts`` on, and the same one token later, (B, T) each."""
        part = ids[starts[:, None] + torch.arange(self.width + 1)]
        return part[:, :-1], part[:, 1:]

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch to learn from: tokens and the next tokens, (B, T) each."""
        last = len(self.ids) - self.width
        return self.windows(self.ids, torch.randint(last, (self.batch,), generator=generator))
