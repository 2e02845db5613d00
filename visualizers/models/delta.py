"""Delta tuning, written out: what is trained is small, and the backbone stays as it is.

Ding et al. 2022, "Delta Tuning". Each method is a module with its own few weights. ``attach`` puts it in
its places in a BERT, ``detach`` takes it out again; between the two the BERT answers with it. The BERT's
own weights are never written to, so that what is detached leaves it as it was, bit for bit, and one
backbone serves as many tasks as there are deltas:

    delta = Lora(bert, generator, rank=4)
    with attached(delta, bert):
        x = bert(ids)                        # (B, T, C) with ΔW = B A α/r
    x = bert(ids)                            # (B, T, C) as before

Added: ``Adapter`` (Houlsby et al. 2019), ``Prefix`` (Li and Liang 2021), ``SoftPrompt`` (Lester et al.
2021). Chosen among the weights there are: ``BitFit`` (Ben Zaken et al. 2022). Reparameterised: ``Lora``
(Hu et al. 2022).

Shapes: B texts, T tokens, C channels, P vectors put in front, r the rank, M the width of a bottleneck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from visualizers.models.bert import Bert

Inputs = tuple[Any, ...]


class Delta(nn.Module):
    """What all methods share: they come, change what some parts of a BERT give, and go."""

    def __init__(self) -> None:
        super().__init__()
        self._hooks: list[RemovableHandle] = []

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        """Put every change in its place in ``bert``."""
        raise NotImplementedError

    def attach(self, bert: Bert) -> None:
        """From now on ``bert`` answers with this delta."""
        assert not self._hooks, "it is attached already"
        self._hooks = list(self.hook(bert))

    def detach(self) -> None:
        """The backbone is again what it was."""
        for one in self._hooks:
            one.remove()
        self._hooks = []

    @property
    def count(self) -> int:
        """How many numbers it trains."""
        return sum(one.numel() for one in self.parameters())


@contextmanager
def attached(delta: Delta | None, bert: Bert) -> Iterator[None]:
    """``bert`` with a delta for a while; with none it stays as it is."""
    if delta is None:
        yield
        return
    delta.attach(bert)
    try:
        yield
    finally:
        delta.detach()


# --- reparameterised ---------------------------------------------------------------------------


class LowRank(nn.Module):
    """ΔW = (α/r) B A beside one weight matrix W: y = x Wᵀ + (α/r) x Aᵀ Bᵀ. B begins at zero."""

    def __init__(self, rank: int, alpha: float, linear: nn.Linear, generator: torch.Generator) -> None:
        super().__init__()
        reach = linear.in_features ** -0.5
        start = torch.rand(rank, linear.in_features, generator=generator) * 2 * reach - reach
        self.a = nn.Parameter(start)                                           # (r, C)
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))          # (C', r)
        self.scale = alpha / rank

    def change(self) -> Tensor:
        """ΔW, (C', C)."""
        return self.scale * self.b @ self.a

    def add(self, _linear: nn.Module, inputs: Inputs, output: Tensor) -> Tensor:
        x: Tensor = inputs[0]                                                  # (B, T, C)
        return output + self.scale * (x @ self.a.T @ self.b.T)                 # (B, T, C')


class Lora(Delta):
    """Low-rank changes of some matrices of every block; they can be merged into the weights.

    Args:
        on: the matrices' names inside a block.
    """

    def __init__(self, bert: Bert, generator: torch.Generator, rank: int = 4, alpha: float | None = None,
                 on: Sequence[str] = ("attention.query", "attention.value")) -> None:
        super().__init__()
        self.names = [f"blocks.{at}.{name}" for at in range(len(bert.blocks)) for name in on]
        alpha = rank if alpha is None else alpha
        self.parts = nn.ModuleList(
            LowRank(rank, alpha, _linear(bert, name), generator) for name in self.names)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        for name, part in zip(self.names, self.parts, strict=True):
            assert isinstance(part, LowRank)
            yield bert.get_submodule(name).register_forward_hook(part.add)

    def merged(self, bert: Bert) -> dict[str, Tensor]:
        """The weights W + ΔW by name, for the places of W in ``bert``, where they cost nothing more."""
        changes = (part.change() for part in self.parts if isinstance(part, LowRank))
        return {f"{name}.weight": _linear(bert, name).weight + change
                for name, change in zip(self.names, changes, strict=True)}


# --- added -------------------------------------------------------------------------------------


class Bottleneck(nn.Module):
    """h ← h + W_up f(W_down h): down to a few numbers, GELU, and back. W_up begins at zero."""

    def __init__(self, width: int, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(size, width, generator=generator) * width ** -0.5)  # (M, C)
        self.down_bias = nn.Parameter(torch.zeros(size))                       # (M,)
        self.up = nn.Parameter(torch.zeros(width, size))                       # (C, M)
        self.up_bias = nn.Parameter(torch.zeros(width))                        # (C,)

    def add(self, _module: nn.Module, _inputs: Inputs, h: Tensor) -> Tensor:
        inside = F.gelu(F.linear(h, self.down, self.down_bias))                # (B, T, M)
        return h + F.linear(inside, self.up, self.up_bias)                     # (B, T, C)


class Adapter(Delta):
    """A bottleneck behind the attention and behind the MLP of every block."""

    PLACES = ("attention.out", "down")

    def __init__(self, bert: Bert, generator: torch.Generator, size: int = 8) -> None:
        super().__init__()
        self.names = [f"blocks.{at}.{name}" for at in range(len(bert.blocks)) for name in self.PLACES]
        self.parts = nn.ModuleList(Bottleneck(bert.config.width, size, generator) for _ in self.names)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        for name, part in zip(self.names, self.parts, strict=True):
            assert isinstance(part, Bottleneck)
            yield bert.get_submodule(name).register_forward_hook(part.add)


class KeysAndValues(nn.Module):
    """P pairs of key and value that every token of one block can look at besides its text."""

    def __init__(self, width: int, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.keys = nn.Parameter(0.3 * torch.randn(size, width, generator=generator))    # (P, C)
        self.values = nn.Parameter(0.3 * torch.randn(size, width, generator=generator))  # (P, C)

    def more_keys(self, _linear: nn.Module, _inputs: Inputs, k: Tensor) -> Tensor:
        return _in_front(self.keys, k)                                         # (B, P+T, C)

    def more_values(self, _linear: nn.Module, _inputs: Inputs, v: Tensor) -> Tensor:
        return _in_front(self.values, v)                                       # (B, P+T, C)

    def more_room(self, _attention: nn.Module, inputs: Inputs) -> Inputs:
        x, bias, keep = inputs
        return x, F.pad(bias, (len(self.keys), 0)), keep                       # (B, 1, 1, P+T)


class Prefix(Delta):
    """Keys and values in front of those of the text, in every block. It has no neutral beginning."""

    def __init__(self, bert: Bert, generator: torch.Generator, size: int = 4) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            KeysAndValues(bert.config.width, size, generator) for _ in bert.blocks)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        for at, part in enumerate(self.parts):
            assert isinstance(part, KeysAndValues)
            attention = bert.get_submodule(f"blocks.{at}.attention")
            yield attention.register_forward_pre_hook(part.more_room)
            yield attention.get_submodule("key").register_forward_hook(part.more_keys)
            yield attention.get_submodule("value").register_forward_hook(part.more_values)


class SoftPrompt(Delta):
    """P trained vectors in front of the text, where words' embeddings would stand.

    The vectors are read like words, with the places 0 … P-1, and the text moves on by P. What comes out
    at them is cut off, so that ``bert(ids)`` is (B, T, C) as ever.

    Args:
        words: ids whose embeddings it begins with, as Lester et al. do; else it begins at random.
    """

    def __init__(self, bert: Bert, generator: torch.Generator, size: int = 4,
                 words: Sequence[int] = ()) -> None:
        super().__init__()
        if words:
            start = bert.token_embedding.weight.detach()[list(words)].clone()
        else:
            spread = float(bert.token_embedding.weight.detach().std())
            start = spread * torch.randn(size, bert.config.width, generator=generator)
        self.vectors = nn.Parameter(start)                                     # (P, C)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        yield bert.token_embedding.register_forward_hook(self.more_words)
        yield bert.position_embedding.register_forward_pre_hook(self.more_places)
        yield bert.segment_embedding.register_forward_pre_hook(self.more_segments)
        for block in bert.blocks:
            yield block.register_forward_pre_hook(self.more_room)
        yield bert.register_forward_hook(self.cut)

    def more_words(self, _embedding: nn.Module, _inputs: Inputs, x: Tensor) -> Tensor:
        return _in_front(self.vectors, x)                                      # (B, P+T, C)

    def more_places(self, _embedding: nn.Module, inputs: Inputs) -> Inputs:
        (place,) = inputs                                                      # (T,)
        return (torch.arange(len(place) + len(self.vectors), device=place.device),)

    def more_segments(self, _embedding: nn.Module, inputs: Inputs) -> Inputs:
        (segments,) = inputs                                                   # (B, T)
        return (F.pad(segments, (len(self.vectors), 0)),)                      # (B, P+T)

    def more_room(self, _block: nn.Module, inputs: Inputs) -> Inputs:
        x, bias, keep = inputs
        return x, F.pad(bias, (len(self.vectors), 0)), keep                    # (B, 1, 1, P+T)

    def cut(self, _bert: nn.Module, _inputs: Inputs, x: Tensor) -> Tensor:
        return x[:, len(self.vectors):]                                        # (B, T, C)


class SoftWords(Delta):
    """Trained vectors at chosen places of the texts, where words' embeddings would stand.

    Args:
        words: the word that each begins with; −1 for one that begins at random.

    Attributes:
        slots: (B, T) which of the vectors stands at each place of the next texts, −1 for none.
    """

    def __init__(self, bert: Bert, generator: torch.Generator, words: Sequence[int]) -> None:
        super().__init__()
        known = bert.token_embedding.weight.detach()                           # (V, C)
        start = float(known.std()) * torch.randn(len(words), known.shape[1], generator=generator)
        begins = torch.tensor(words)                                           # (P,)
        chosen = known.cpu()[begins.clamp(min=0)]                              # (P, C)
        self.vectors = nn.Parameter(torch.where(begins[:, None] >= 0, chosen, start).to(known.device))
        self.slots = torch.zeros(0, 0, dtype=torch.long)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        yield bert.token_embedding.register_forward_hook(self.put)

    def put(self, _embedding: nn.Module, _inputs: Inputs, x: Tensor) -> Tensor:
        there = self.slots >= 0                                                # (B, T)
        return torch.where(there[..., None], self.vectors[self.slots.clamp(min=0)], x)  # (B, T, C)


# --- chosen ------------------------------------------------------------------------------------


class Shift(nn.Module):
    """What is added to one bias: b + Δb, from Δb = 0."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.zeros(size))                              # (C,)

    def add(self, _module: nn.Module, _inputs: Inputs, output: Tensor) -> Tensor:
        return output + self.by                                                # (…, C)


class BitFit(Delta):
    """Only the biases: of every linear map and every layer normalisation in the blocks, and the first."""

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.names = ["norm", *(name for name, one in bert.named_modules()
                                if name.startswith("blocks.") and isinstance(one, nn.Linear | nn.LayerNorm))]
        self.parts = nn.ModuleList(
            Shift(len(bert.get_parameter(f"{name}.bias"))) for name in self.names)

    def hook(self, bert: Bert) -> Iterator[RemovableHandle]:
        for name, part in zip(self.names, self.parts, strict=True):
            assert isinstance(part, Shift)
            yield bert.get_submodule(name).register_forward_hook(part.add)


def _linear(bert: Bert, name: str) -> nn.Linear:
    found = bert.get_submodule(name)
    assert isinstance(found, nn.Linear)
    return found


def _in_front(vectors: Tensor, x: Tensor) -> Tensor:
    """(P, C) before each of (B, T, C): (B, P+T, C)."""
    return torch.cat([vectors.expand(len(x), -1, -1), x], 1)
