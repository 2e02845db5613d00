"""A GPT, written out: the left-to-right Transformer that GPT-2 made known.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; the block is that of
Vaswani et al. 2017, with layer normalisation moved to the front of each part (pre-LayerNorm).

Shapes: B texts at a time, T tokens each, C channels (the width), H heads of D = C / H channels,
V different tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class GPTConfig:
    """The size of a GPT.

    Attributes:
        vocabulary: V, how many different tokens there are.
        context: the longest text it can read, in tokens.
        layers, heads: how many blocks, and how many heads in each.
        width: C, channels of the residual stream; a multiple of ``heads``.
        dropout: share of activations that training sets to zero.
        tied: whether one table both reads tokens and scores them, as in GPT-2.
        gelu: ``"tanh"`` is GPT-2's approximation, once the fast way; ``"none"`` the exact function,
            three times as fast as it on today's CPUs.
    """

    vocabulary: int
    context: int = 64
    layers: int = 4
    heads: int = 4
    width: int = 128
    dropout: float = 0.0
    tied: bool = True
    gelu: Literal["none", "tanh"] = "tanh"


@dataclass
class Kept:
    """What a forward pass leaves to look at.

    Attributes:
        attention: for each layer, the weights of every head, (B, H, T, T): row t says how much
            token t takes from each token up to itself, and sums to 1.
        residual: the residual stream after the embedding and after each layer, each (B, T, C).
    """

    attention: list[Tensor] = field(default_factory=list)
    residual: list[Tensor] = field(default_factory=list)


def drop_out(x: Tensor, rate: float, drop: torch.Generator | None) -> Tensor:
    """Zero a share ``rate`` of ``x`` and scale up the rest (Srivastava et al. 2014).

    The mask is drawn from ``drop``, on the CPU, so that a run can be repeated on any device.
    Without a generator nothing is dropped: that is how a model is used.
    """
    if drop is None or rate == 0:
        return x
    mask = torch.empty(x.shape).bernoulli_(1 - rate, generator=drop)
    return x * mask.to(x.device, x.dtype) / (1 - rate)


def table(rows: int, width: int) -> nn.Embedding:
    """An embedding with nothing drawn yet. Drawing it without memory (``meta``) would import a second's
    worth of torch first."""
    made: nn.Embedding = nn.Embedding.from_pretrained(torch.empty(rows, width), freeze=False)
    return made


def give_memory(module: nn.Module) -> None:
    """Give room to weights that have a shape only; what ``to_empty`` does, without such an import."""
    for part in module.modules():
        for name, weight in part.named_parameters(recurse=False):
            setattr(part, name, nn.Parameter(torch.empty(weight.shape)))


class Attention(nn.Module):
    """Causal multi-head self-attention: softmax(Q Kᵀ / √D) V, where token t sees tokens 0 … t."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, drop: torch.Generator | None, keep: Kept | None) -> Tensor:
        B, T, C = x.shape
        H, rate = self.config.heads, self.config.dropout
        q, k, v = (part.view(B, T, H, C // H).transpose(1, 2)                  # each (B, H, T, D)
                   for part in self.qkv(x).split(C, dim=-1))
        if keep is None and drop is not None and rate == 0:
            # To train, the same in one call, which is faster: it never writes the T × T weights down.
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)        # (B, H, T, D)
            found: Tensor = self.out(y.transpose(1, 2).reshape(B, T, C))       # (B, T, C)
            return found

        future = torch.full((T, T), -math.inf, device=x.device).triu(1)        # -∞ where s > t
        score = (q / math.sqrt(C // H)) @ k.transpose(-2, -1) + future         # (B, H, T, T)
        weight = score.softmax(-1)                                             # rows sum to 1
        if keep is not None:
            keep.attention.append(weight)
        y = drop_out(weight, rate, drop) @ v                                   # (B, H, T, D)
        y = y.transpose(1, 2).reshape(B, T, C)                                 # heads side by side
        return drop_out(self.out(y), rate, drop)


class MLP(nn.Module):
    """Each token by itself: four times as wide, GELU, and back (Hendrycks and Gimpel 2016)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.up = nn.Linear(config.width, 4 * config.width)
        self.down = nn.Linear(4 * config.width, config.width)

    def forward(self, x: Tensor, drop: torch.Generator | None) -> Tensor:
        y = F.gelu(self.up(x), approximate=self.config.gelu)                   # (B, T, 4 C)
        return drop_out(self.down(y), self.config.dropout, drop)                       # (B, T, C)


class Block(nn.Module):
    """One layer. Both parts read a normalised copy of the stream and add to the stream itself."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.norm_2 = nn.LayerNorm(config.width)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, drop: torch.Generator | None, keep: Kept | None) -> Tensor:
        x = x + self.attention(self.norm_1(x), drop, keep)                     # (B, T, C)
        x = x + self.mlp(self.norm_2(x), drop)                                 # (B, T, C)
        return x


class GPT(nn.Module):
    """Scores every token as the next one, at every place of a text.

    Args:
        config: the size.
        generator: where the first weights are drawn from.

    Raises:
        ValueError: the width is not a multiple of the number of heads.
    """

    def __init__(self, config: GPTConfig, generator: torch.Generator) -> None:
        super().__init__()
        if config.width % config.heads:
            raise ValueError(f"width {config.width} is not a multiple of {config.heads} heads")
        self.config = config
        with torch.device("meta"):  # shapes only: torch would draw from a generator of its own
            self.token_embedding = table(config.vocabulary, config.width)
            self.position_embedding = table(config.context, config.width)
            self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
            self.norm = nn.LayerNorm(config.width)
            self.head = None if config.tied else nn.Linear(
                config.width, config.vocabulary, bias=False)
        give_memory(self)
        self._start(generator)

    @torch.no_grad()
    def _start(self, generator: torch.Generator) -> None:
        """GPT-2's start: weights from N(0, 0.02²), biases 0, LayerNorm 1.

        What a layer adds to the stream is made smaller the more layers there are, so that the
        stream keeps its size.
        """
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                adds_to_stream = name.endswith(("out.weight", "down.weight"))
                scale = 0.02 / math.sqrt(2 * self.config.layers) if adds_to_stream else 0.02
                weight.normal_(0.0, scale, generator=generator)
            else:
                weight.fill_(0.0 if name.endswith("bias") else 1.0)

    def forward(
        self, ids: Tensor, drop: torch.Generator | None = None, keep: Kept | None = None
    ) -> Tensor:
        """The scores (logits) of the next token, (B, T, V).

        Args:
            ids: tokens, (B, T) with T up to the context.
            drop: give the run's generator to train with dropout.
            keep: give a ``Kept`` to look inside: it is filled with attention and residuals.
        """
        place = torch.arange(ids.shape[1], device=ids.device)                  # (T,)
        x = self.token_embedding(ids) + self.position_embedding(place)         # (B, T, C)
        x = drop_out(x, self.config.dropout, drop)
        if keep is not None:
            keep.residual.append(x)
        for block in self.blocks:
            x = block(x, drop, keep)                                           # (B, T, C)
            if keep is not None:
                keep.residual.append(x)
        return self.read_out(x)

    def read_out(self, x: Tensor) -> Tensor:
        """Scores of every token from a residual stream (…, C), which may be that of any layer.

        Reading an early layer with the last layer's eyes is the *logit lens* (nostalgebraist 2020).
        """
        table = self.token_embedding.weight if self.head is None else self.head.weight  # (V, C)
        return F.linear(self.norm(x), table)                                   # (…, V)


def next_token_odds(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    """Probabilities (…, V) to draw the next token from: softmax(logits / temperature) of the best k.

    Args:
        logits: scores (…, V).
        temperature: above 1 flattens, below 1 sharpens; 0 leaves the best token alone.
        top_k: how many tokens stay in the draw; 0 keeps all.
    """
    vocabulary = logits.shape[-1]
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), vocabulary).to(logits.dtype)
    if 0 < top_k < vocabulary:
        least = logits.topk(top_k).values[..., -1:]                            # (…, 1)
        logits = logits.masked_fill(logits < least, -math.inf)
    # The best score is taken off first: a score divided by a tiny temperature overflows.
    return ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)
