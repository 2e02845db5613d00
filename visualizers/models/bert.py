"""A BERT, written out: the Transformer that reads in both directions and fills in masked words.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers"; the block is that of
Vaswani et al. 2017, with layer normalisation after each part (post-LayerNorm).

Shapes: B texts at a time, T tokens each, C channels (the width), H heads of D = C / H channels,
V different tokens.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.models.gpt import Kept, give_memory, table


@dataclass(frozen=True)
class BertConfig:
    """The size of a BERT.

    Attributes:
        vocabulary: V, how many different tokens there are.
        context: the longest text it can read, in tokens.
        layers, heads: how many blocks, and how many heads in each.
        width: C, channels of the residual stream; a multiple of ``heads``.
        inner: channels inside each block's MLP.
        segments: how many sentences it can tell apart.
        epsilon: keeps layer normalisation from dividing by zero.
    """

    vocabulary: int
    context: int = 128
    layers: int = 4
    heads: int = 4
    width: int = 128
    inner: int = 512
    segments: int = 2
    epsilon: float = 1e-12

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertConfig:
        """The size that the library transformers writes into a ``config.json``."""
        return cls(config["vocab_size"], config["max_position_embeddings"],
                   config["num_hidden_layers"], config["num_attention_heads"],
                   config["hidden_size"], config["intermediate_size"], config["type_vocab_size"],
                   config["layer_norm_eps"])

    def as_transformers(self) -> dict[str, Any]:
        """The ``config.json`` of the same model for the library transformers."""
        return {"architectures": ["BertForMaskedLM"], "model_type": "bert",
                "vocab_size": self.vocabulary, "max_position_embeddings": self.context,
                "num_hidden_layers": self.layers, "num_attention_heads": self.heads,
                "hidden_size": self.width, "intermediate_size": self.inner,
                "type_vocab_size": self.segments, "layer_norm_eps": self.epsilon, "hidden_dropout_prob": 0.0,
                "attention_probs_dropout_prob": 0.0,
                "hidden_act": "gelu", "pad_token_id": 0, "tie_word_embeddings": True}


class Attention(nn.Module):
    """Multi-head self-attention in both directions: softmax(Q Kᵀ / √D) V over all tokens."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.out = nn.Linear(config.width, config.width)

    def heads(self, x: Tensor) -> Tensor:
        """Channels shared out among the heads: (B, T, C) → (B, H, T, D)."""
        B, T, C = x.shape
        return x.view(B, T, self.config.heads, C // self.config.heads).transpose(1, 2)

    def forward(self, x: Tensor, bias: Tensor, keep: Kept | None) -> Tensor:
        q, k, v = (self.heads(part(x)) for part in (self.query, self.key, self.value))
        score = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1) + bias      # (B, H, T, T)
        weight = score.softmax(-1)                                             # rows sum to 1
        if keep is not None:
            keep.attention.append(weight)
        y = weight @ v                                                         # (B, H, T, D)
        mixed: Tensor = self.out(y.transpose(1, 2).flatten(-2))                # (B, T, C)
        return mixed


class Block(nn.Module):
    """One layer. What each part finds is added to the stream, and the sum normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.norm_1 = nn.LayerNorm(config.width, config.epsilon)
        self.up = nn.Linear(config.width, config.inner)
        self.down = nn.Linear(config.inner, config.width)
        self.norm_2 = nn.LayerNorm(config.width, config.epsilon)

    def forward(self, x: Tensor, bias: Tensor, keep: Kept | None) -> Tensor:
        x = self.norm_1(x + self.attention(x, bias, keep))                     # (B, T, C)
        return self.think(x)

    def think(self, x: Tensor) -> Tensor:
        """The second half, each token by itself: wider, GELU, and back."""
        x = self.norm_2(x + self.down(F.gelu(self.up(x))))                     # (B, T, C)
        return x


class Bert(nn.Module):
    """Gives every token a vector that knows its whole text, and from it scores what stands there.

    Args:
        config: the size.
        generator: where the first weights are drawn from; without it there are none, and
            ``load_body`` has to bring them.

    Raises:
        ValueError: the width is not a multiple of the number of heads.
    """

    def __init__(self, config: BertConfig, generator: torch.Generator | None) -> None:
        super().__init__()
        if config.width % config.heads:
            raise ValueError(f"width {config.width} is not a multiple of {config.heads} heads")
        self.config = config
        with torch.device("meta"):  # shapes only: torch would draw from a generator of its own
            self.token_embedding = table(config.vocabulary, config.width)
            self.position_embedding = table(config.context, config.width)
            self.segment_embedding = table(config.segments, config.width)
            self.norm = nn.LayerNorm(config.width, config.epsilon)
            self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
            self.head = nn.Linear(config.width, config.width)
            self.head_norm = nn.LayerNorm(config.width, config.epsilon)
            self.head_bias = nn.Parameter(torch.empty(config.vocabulary))
        if generator is None:
            return
        give_memory(self)
        with torch.no_grad():  # BERT's start: weights from N(0, 0.02²), biases 0, LayerNorm 1
            for name, weight in self.named_parameters():
                if weight.dim() == 2:
                    weight.normal_(0.0, 0.02, generator=generator)
                else:
                    weight.fill_(0.0 if name.endswith("bias") else 1.0)

    def embed(self, ids: Tensor, segments: Tensor | None = None) -> Tensor:
        """What the blocks begin with: token + position + sentence, normalised; (B, T, C)."""
        place = torch.arange(ids.shape[-1], device=ids.device)                 # (T,)
        x = self.token_embedding(ids) + self.position_embedding(place)         # (B, T, C)
        x = x + self.segment_embedding(torch.zeros_like(ids) if segments is None else segments)
        normed: Tensor = self.norm(x)                                          # (B, T, C)
        return normed

    def forward(
        self, ids: Tensor, segments: Tensor | None = None, real: Tensor | None = None,
        keep: Kept | None = None,
    ) -> Tensor:
        """The vector of each token in its text, (B, T, C).

        Args:
            ids: tokens, (B, T) with T up to the context.
            segments: the sentence each token belongs to, 0 or 1, (B, T); all 0 if not given.
            real: (B, T), false for tokens that only fill up a text and that nobody may look at.
            keep: give a ``Kept`` to look inside: it is filled with attention and residuals.
        """
        x = self.embed(ids, segments)                                          # (B, T, C)
        bias = torch.zeros(ids.shape[0], 1, 1, ids.shape[1], device=ids.device)
        if real is not None:
            bias = bias.masked_fill(~real[:, None, None], torch.finfo(bias.dtype).min)
        if keep is not None:
            keep.residual.append(x)
        for block in self.blocks:
            x = block(x, bias, keep)                                           # (B, T, C)
            if keep is not None:
                keep.residual.append(x)
        return x

    def read_out(self, x: Tensor) -> Tensor:
        """Scores (…, V) of every token as the one that stands where the vector x (…, C) stands."""
        x = self.head_norm(F.gelu(self.head(x)))                               # (…, C)
        return F.linear(x, self.token_embedding.weight, self.head_bias)        # (…, V)


# --- the names that the library transformers gives to the same weights -------------------------

_OUTSIDE = {
    "token_embedding": "bert.embeddings.word_embeddings",
    "position_embedding": "bert.embeddings.position_embeddings",
    "segment_embedding": "bert.embeddings.token_type_embeddings",
    "norm": "bert.embeddings.LayerNorm",
    "head": "cls.predictions.transform.dense",
    "head_norm": "cls.predictions.transform.LayerNorm",
}
_INSIDE = {
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.out": "attention.output.dense",
    "norm_1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_2": "output.LayerNorm",
}


def name_in_transformers(name: str) -> str:
    """``"blocks.0.up.weight"`` → ``"bert.encoder.layer.0.intermediate.dense.weight"``."""
    if name == "head_bias":
        return "cls.predictions.bias"
    part, _, last = name.rpartition(".")
    if part.startswith("blocks."):
        _, number, inside = part.split(".", 2)
        return f"bert.encoder.layer.{number}.{_INSIDE[inside]}.{last}"
    return f"{_OUTSIDE[part]}.{last}"


def load_weights(bert: Bert, weights: Mapping[str, Tensor]) -> None:
    """Take over the weights of a ``BertForMaskedLM``, under the names they have there."""
    bert.load_state_dict({name: weights[name_in_transformers(name)] for name in bert.state_dict()})


def load_body(bert: Bert, weights: Mapping[str, Tensor]) -> None:
    """Take over the weights of a ``BertModel``, which has no head: that of ``bert`` is all zeros."""
    found = {}
    for name, empty in bert.state_dict().items():
        outside = name_in_transformers(name)
        found[name] = weights[outside.removeprefix("bert.")].float() if outside.startswith("bert.") \
            else torch.zeros(empty.shape)
    bert.load_state_dict(found, assign=True)
