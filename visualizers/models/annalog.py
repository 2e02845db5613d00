"""ANNalog: an encoder and a decoder from one SMILES to the SMILES of a relative.

The Transformer of Vaswani et al. 2017 as it was first written, with layer normalisation after each part:
three layers each, 8 heads, 256 channels. It learnt from pairs of molecules of ChEMBL that chemists had
made as analogues of each other (Dai et al. 2025).

Shapes: B sentences, S signs of the source, T signs written, C channels, H heads of D = C / H channels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

LAYERS, HEADS = 3, 8
SIGN = re.compile(r"\[[^\]]*\]|%\d\d|Br|Cl|.")
UNKNOWN, PAD, BEGIN, END = range(4)
LONGEST = 100


class Relative(NamedTuple):
    """A sentence of the beam, −ln p of it, and what each of its signs took from each of the source's."""

    signs: tuple[str, ...]      # (T,), its end included
    surprise: float
    attention: Tensor           # (T, S)


class Annalog:
    """The trained model."""

    def __init__(self, signs: tuple[str, ...], weights: Mapping[str, Tensor]) -> None:
        self.signs, self.weights = signs, weights
        self.numbers = {one: at for at, one in enumerate(signs)}

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _add(self, x: Tensor, more: Tensor, name: str) -> Tensor:
        """The residual stream, normalised after the addition."""
        return F.layer_norm(x + more, x.shape[-1:], self.weights[f"{name}.weight"],
                            self.weights[f"{name}.bias"])

    def _feed(self, x: Tensor, name: str) -> Tensor:
        name = f"{name}.positionwise_feedforward"
        return self._linear(torch.relu(self._linear(x, f"{name}.fc_1")), f"{name}.fc_2")

    def _attend(
        self, x: Tensor, other: Tensor, name: str, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """What ``x`` (B, T, C) takes from ``other`` (B, S, C), and how much from where (B, H, T, S)."""
        B, _, C = x.shape
        q, k, v = (self._linear(one, f"{name}.fc_{each}").view(B, -1, HEADS, C // HEADS).transpose(1, 2)
                   for one, each in ((x, "q"), (other, "k"), (other, "v")))     # (B, H, ·, D)
        score = q @ k.transpose(-2, -1) / math.sqrt(C // HEADS)                 # (B, H, T, S)
        if mask is not None:
            score = score + mask
        weight = score.softmax(-1)
        y = (weight @ v).transpose(1, 2).reshape(B, -1, C)
        return self._linear(y, f"{name}.fc_o"), weight

    def _embed(self, ids: Tensor, side: str) -> Tensor:
        table, places = (self.weights[f"{side}.{one}_embedding.weight"] for one in ("tok", "pos"))
        return table[ids] * math.sqrt(table.shape[1]) + places[: ids.shape[1]]  # (B, ·, C)

    def encode(self, ids: Tensor) -> Tensor:
        """The source (B, S) as the encoder leaves it, (B, S, C)."""
        x = self._embed(ids, "encoder")
        for layer in range(LAYERS):
            name = f"encoder.layers.{layer}"
            x = self._add(x, self._attend(x, x, f"{name}.self_attention")[0],
                          f"{name}.self_attn_layer_norm")
            x = self._add(x, self._feed(x, name), f"{name}.ff_layer_norm")
        return x

    def decode(self, ids: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of each next sign (B, T, V), and the last layer's attention to the source (B, H, T, S)."""
        x, T = self._embed(ids, "decoder"), ids.shape[1]
        future = torch.full((T, T), -math.inf, device=x.device).triu(1)
        weight = torch.empty(0)
        for layer in range(LAYERS):
            name = f"decoder.layers.{layer}"
            x = self._add(x, self._attend(x, x, f"{name}.self_attention", future)[0],
                          f"{name}.self_attn_layer_norm")
            taken, weight = self._attend(x, source, f"{name}.encoder_attention")
            x = self._add(x, taken, f"{name}.enc_attn_layer_norm")
            x = self._add(x, self._feed(x, name), f"{name}.ff_layer_norm")
        return self._linear(x, "decoder.fc_out"), weight

    def cut(self, smiles: str) -> list[str]:
        """The signs of a SMILES as it reads them."""
        return SIGN.findall(smiles)[: LONGEST - 2]

    @torch.no_grad()
    def relatives(self, smiles: str, width: int, device: str) -> list[Relative]:
        """The ``width`` likeliest sentences that beam search finds, likeliest first.

        At each sign every sentence is continued by every sign, and the likeliest of all are kept.
        """
        source = [BEGIN, *(self.numbers.get(one, UNKNOWN) for one in self.cut(smiles)), END]
        memory = self.encode(torch.tensor([source], device=device))             # (1, S, C)
        beams = torch.full((1, 1), BEGIN, device=device)                        # (B, T)
        surprise = torch.zeros(1, device=device)                                # (B,)
        done: list[tuple[float, Tensor]] = []
        for _ in range(min(LONGEST - 1, len(source) + 20)):
            logits, _ = self.decode(beams, memory.expand(len(beams), -1, -1))
            every = surprise[:, None] - logits[:, -1].log_softmax(1)            # (B, V)
            every[:, [UNKNOWN, PAD, BEGIN]] = math.inf
            best, at = every.flatten().topk(min(2 * width, every.numel()), largest=False)
            row, sign = at // every.shape[1], at % every.shape[1]
            grown = torch.cat([beams[row], sign[:, None]], 1)
            over = sign == END
            done += [(float(one), each) for one, each in zip(best[over], grown[over], strict=True)]
            beams, surprise = grown[~over][:width], best[~over][:width]
            done = sorted(done, key=lambda one: one[0])[:width]
            if len(done) == width and float(surprise[0]) >= done[-1][0]:
                break  # what goes on only becomes less likely
        found = []
        for total, ids in done:
            _, weight = self.decode(ids[None, :-1], memory)
            found.append(Relative(tuple(self.signs[one] for one in ids[1:].tolist()), total,
                                  weight[0].mean(0)[:, 1:-1].cpu()))
        return found
