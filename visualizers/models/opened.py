"""A decoder opened up: read with or without a cache, its layers' own guesses, and its attention.

Two kinds can be opened: this program's small GPT, read here by hand, and the decoders of the library
transformers. Shapes: n tokens that are read now, T tokens altogether, B texts side by side, C channels,
L layers of H heads of D numbers, V different tokens.

Nothing here opens a socket or runs code that comes with a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.data import ModelFiles
from visualizers.models import checkpoint
from visualizers.models.gpt import GPT, Block, Kept
from visualizers.models.language import Progress, open_language
from visualizers.models.pretrained import has_sinks, must_be_weights
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class Size:
    """What reading a token costs.

    Attributes:
        weights: of all matrices in all layers; each is multiplied once for each token.
        channels: of the queries of all heads in all layers.
        head: of the matrix that scores the vocabulary.
        kept: numbers of keys and values that a token leaves in the cache.
        bytes: of one such number.
    """

    weights: int
    channels: int
    head: int
    kept: int
    bytes: int

    def operations(self, new: int, total: int, scored: int = 1) -> float:
        """Multiplications for reading ``new`` tokens, so that ``total`` have been read, and scoring the
        token after ``scored`` of them: every matrix, then Q Kᵀ and the weighted sum of V."""
        return float(new * self.weights + 2 * new * total * self.channels + scored * self.head)


class Opened(Protocol):
    """A model that writes, ready to be looked into. ``limit`` is the longest text it reads, ``depth`` its
    number of layers L."""

    title: str
    limit: int
    depth: int
    ends: frozenset[int]
    size: Size

    def encode(self, text: str) -> list[int]: ...

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]: ...

    def decode(self, ids: Sequence[int]) -> str: ...

    def read(self, ids: Sequence[int], cache: Any = None, every: bool = False) -> tuple[Tensor, Any]:
        """The scores of the token after the last one, (1, V), or after ``every`` one, (n, V); and the
        keys and values of all that has been read, to be given with what comes next."""
        ...

    def read_rows(self, ids: Tensor, cache: Any = None) -> tuple[Tensor, Tensor, Any]:
        """Read B texts side by side, n tokens (B, n) of each: the scores of the token after each text,
        (B, V), the state of each token after the last layer, (B, n, C), and the keys and values."""
        ...

    def pick_rows(self, cache: Any, rows: Tensor) -> Any:
        """The keys and values of these rows (R,) of a batch; a row may be taken more than once. The
        cache that is given is used up."""
        ...

    def guesses(self, ids: Sequence[int], layers: Sequence[int], places: int) -> Tensor:
        """What some layers would say next at the last places, scores (layers, places, V)."""
        ...

    def attention(self, ids: Sequence[int]) -> Tensor:
        """The weights of all heads, (L, H, T, T). Raises ``Refusal`` for a model that has none."""
        ...


def open_model(files: ModelFiles, device: str, progress: Progress) -> Opened:
    """The model of these files. Raises ``Refusal``."""
    files.must("write")
    return SmallGPT(device) if files.id == "tiny-gpt" else Decoder(files, device, progress)


class SmallGPT:
    """This program's own GPT, read by hand."""

    title = "Tiny GPT"
    ends: frozenset[int] = frozenset()

    def __init__(self, device: str) -> None:
        gpt, self.tokens, _ = checkpoint.load_tiny_gpt()
        self.gpt, self.device = gpt.to(device).eval(), device
        config = gpt.config
        self.limit, self.depth = config.context, config.layers
        matrices = sum(one.numel() for one in gpt.blocks.parameters() if one.dim() == 2)
        self.size = Size(matrices, config.layers * config.width, config.vocabulary * config.width,
                         2 * config.layers * config.width, 4)

    def encode(self, text: str) -> list[int]:
        found: list[int] = self.tokens.encode(text).tolist()
        return found

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        return self.tokens.pieces(ids)

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokens.decode(ids)

    @torch.no_grad()
    def read(self, ids: Sequence[int], cache: Any = None, every: bool = False) -> tuple[Tensor, Any]:
        x, cache = states(self.gpt, torch.tensor([list(ids)]), cache)           # (1, n, C)
        return self.gpt.read_out(x[0] if every else x[0, -1:]), cache

    @torch.no_grad()
    def read_rows(self, ids: Tensor, cache: Any = None) -> tuple[Tensor, Tensor, Any]:
        x, cache = states(self.gpt, ids, cache)                                 # (B, n, C)
        return self.gpt.read_out(x[:, -1]), self.gpt.norm(x), cache

    def pick_rows(self, cache: Any, rows: Tensor) -> Any:
        return tuple((k[rows], v[rows]) for k, v in cache)

    def _look(self, ids: Sequence[int]) -> Kept:
        kept = Kept()
        self.gpt(torch.tensor([list(ids)], device=self.device), keep=kept)
        return kept

    @torch.no_grad()
    def guesses(self, ids: Sequence[int], layers: Sequence[int], places: int) -> Tensor:
        found = self._look(ids).residual
        return self.gpt.read_out(torch.cat([found[one][:, -places:] for one in layers]))

    @torch.no_grad()
    def attention(self, ids: Sequence[int]) -> Tensor:
        return torch.cat(self._look(ids).attention)


def states(gpt: GPT, ids: Tensor, cache: Any) -> tuple[Tensor, Any]:
    """The residual stream of n new tokens (B, n) after the last layer, (B, n, C), and the keys and values of
    all T that have been read, each (B, H, T, D), for what comes next."""
    H, C, device = gpt.config.heads, gpt.config.width, gpt.token_embedding.weight.device
    (B, n), past = ids.shape, 0 if cache is None else cache[0][0].shape[2]
    T, D = past + n, C // H
    place = torch.arange(past, T, device=device)                               # (n,)
    x = gpt.token_embedding(ids.to(device)) + gpt.position_embedding(place)    # (B, n, C)
    future = torch.full((n, T), -math.inf, device=device).triu(past + 1)
    kept = []
    for layer, block in enumerate(cast(Iterable[Block], gpt.blocks)):
        qkv = block.attention.qkv(block.norm_1(x))                             # (B, n, 3 C)
        q, k, v = qkv.view(B, n, 3, H, D).permute(2, 0, 3, 1, 4)               # each (B, H, n, D)
        if cache is not None:  # what was read before need not be computed again
            k = torch.cat([cache[layer][0], k], 2)                             # (B, H, T, D)
            v = torch.cat([cache[layer][1], v], 2)                             # (B, H, T, D)
        kept.append((k, v))
        weight = ((q / math.sqrt(D)) @ k.transpose(2, 3) + future).softmax(-1)  # (B, H, n, T)
        x = x + block.attention.out((weight @ v).transpose(1, 2).reshape(B, n, C))
        x = x + block.mlp(block.norm_2(x), None)                               # (B, n, C)
    return x, tuple(kept)


@torch.no_grad()
def write_side_by_side(
    gpt: GPT, first: int, texts: int, length: int, generator: torch.Generator
) -> Tensor:
    """So many texts of ``length`` tokens, (B, T), each drawn on its own after the same first token. Keys and
    values are kept, so that each token is read once."""
    ids, cache = torch.full((texts, 1), first), None
    while ids.shape[1] < length:
        x, cache = states(gpt, ids[:, -1:], cache)                             # (B, 1, C)
        odds = gpt.read_out(x[:, -1]).softmax(-1).cpu()                        # (B, V)
        ids = torch.cat([ids, torch.multinomial(odds, 1, generator=generator)], 1)
    return ids


class Decoder:
    """A decoder of the library transformers; bfloat16, which is the faster one to write with."""

    def __init__(self, files: ModelFiles, device: str, progress: Progress,
                 dtype: torch.dtype = torch.bfloat16) -> None:
        """Raises ``Refusal`` for a model that cannot write or be looked into."""
        self.language = open_language(files, device, progress, dtype)
        self.title, self.limit, self.ends = files.title, self.language.limit, self.language.ends
        self.module = module = self.language.module
        self.encode, self.pieces = self.language.encode, self.language.pieces
        config = module.config
        heads = getattr(config, "num_attention_heads", None)
        if heads is None:
            raise Refusal("The model {name} has no attention to look at ({kind} works without it); "
                          "choose another one.", name=files.title, kind=config.model_type)
        D = config.hidden_size // heads
        D = getattr(config, "head_dim", None) or D
        self.depth = int(config.num_hidden_layers)
        self.head = module.get_output_embeddings()
        matrices = sum(one.weight.numel() for one in module.modules()
                       if type(one).__name__ in ("Linear", "Conv1D") and one is not self.head)
        shared = getattr(config, "num_key_value_heads", None) or heads  # keys that heads share
        self.size = Size(matrices, self.depth * heads * D, self.head.weight.numel(),
                         2 * self.depth * shared * D, dtype.itemsize)

    def decode(self, ids: Sequence[int]) -> str:
        return self.language.decode(ids, marks=True)

    def _ids(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([list(ids)], device=self.module.device)            # (1, n)

    @torch.no_grad()
    def read(self, ids: Sequence[int], cache: Any = None, every: bool = False) -> tuple[Tensor, Any]:
        out = self.module(input_ids=self._ids(ids), past_key_values=cache, use_cache=True,
                          logits_to_keep=0 if every else 1)
        return out.logits[0].float(), out.past_key_values                      # (n or 1, V)

    @torch.no_grad()
    def read_rows(self, ids: Tensor, cache: Any = None) -> tuple[Tensor, Tensor, Any]:
        out = self.module(input_ids=ids.to(self.module.device), past_key_values=cache, use_cache=True,
                          logits_to_keep=1, output_hidden_states=True)
        return out.logits[:, -1].float(), out.hidden_states[-1].float(), out.past_key_values

    def pick_rows(self, cache: Any, rows: Tensor) -> Any:
        cache.reorder_cache(rows.to(self.module.device))
        return cache

    @torch.no_grad()
    def guesses(self, ids: Sequence[int], layers: Sequence[int], places: int) -> Tensor:
        out = self.module(input_ids=self._ids(ids), output_hidden_states=True, use_cache=False,
                          logits_to_keep=1)
        base = self.module.base_model
        norm = next((getattr(base, one) for one in ("norm", "ln_f", "final_layer_norm")
                     if hasattr(base, one)), lambda x: x)
        found = [out.hidden_states[one][0, -places:] for one in layers]        # each (P, C)
        found = [one if layer == self.depth else norm(one)  # the last one is normalised already
                 for one, layer in zip(found, layers, strict=True)]
        return F.linear(torch.stack(found), self.head.weight).float()          # (Y, P, V)

    @torch.no_grad()
    def attention(self, ids: Sequence[int]) -> Tensor:
        before = self.module.config._attn_implementation
        self.module.set_attn_implementation("eager")  # the fast ones keep their weights to themselves
        try:
            out = self.module(input_ids=self._ids(ids), output_attentions=True, use_cache=False,
                              logits_to_keep=1)
        finally:
            self.module.set_attn_implementation(before)
        layers = [one[0] for one in out.attentions or () if one is not None]   # each (H, T, T)
        must_be_weights(self.title, self.module.config.model_type, layers, len(ids), causal=True,
                        sinks=has_sinks(self.module))
        return torch.stack(layers).float()                                     # (L, H, T, T)
