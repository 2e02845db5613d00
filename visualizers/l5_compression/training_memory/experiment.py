"""One step of training, with every byte on the books.

What a step keeps (Korthikanti et al. 2022, "Reducing activation recomputation in large Transformer
models"; Rajbhandari et al. 2020, "ZeRO"): weights, gradients, the optimiser's state, and *activations*,
which are those results of the forward pass that the backward pass needs. The formula is ``predicted``;
``visualizers/models/ledger.py`` measures the same by watching every tensor of a step that is really taken.

Shapes: B texts, T tokens, C numbers a token (the width), H heads of D = C / H, V different tokens.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

from visualizers.l5_compression.training_memory.panel import (
    ALIVE,
    COLUMNS,
    DEPTHS,
    PARTS,
    PHASES,
    Frame,
    Params,
)
from visualizers.models.ledger import Ledger, piece
from visualizers.panel import Context

HEAD, VOCABULARY, LONGEST = 16, 256, 256  # D, V, and places that have a vector
RATE = 1e-3


# --- the formula ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """The size of a Transformer."""

    layers: int
    width: int
    heads: int
    vocabulary: int
    places: int

    @property
    def weights(self) -> int:
        """12 C² in each layer: 4 C² of attention, 8 C² of the MLP; and a table of tokens and of places."""
        C = self.width
        return self.layers * (12 * C * C + 13 * C) + (self.vocabulary + self.places) * C + 2 * C


@dataclass(frozen=True)
class Recipe:
    """Bytes of one weight, one gradient, one activation, and of what the optimiser keeps for a weight."""

    weight: int
    gradient: int
    activation: int
    optimiser: int


def recipe(number_format: str, optimiser: str) -> Recipe:
    """Adam in float32 is 4 + 4 + 8 = 16 bytes a weight; mixed, 2 + 2 + (4 + 8) = 16 as well."""
    wide = 4 if number_format == "float32" else 2
    state = 2 if number_format == "bf16" else 4
    master = 4 if number_format == "mixed" else 0  # the float32 copy of the weights
    means = {"SGD": 0, "momentum": 1, "Adam": 2}[optimiser]
    return Recipe(wide, wide, wide, master + means * state)


def group(layers: int, recompute: str) -> int:
    """How many layers are computed again together; all of them where nothing is."""
    return {"nothing": layers, "each layer": 1, "√L layers": max(1, round(math.sqrt(layers)))}[recompute]


def layer_bytes(shape: Shape, length: int, attention: str, bytes_: int) -> float:
    """What one layer keeps of one token.

    C each: what goes into both layer norms, what comes out of them, q, k, v, what the heads read; and
    4 C before and after the GELU: 16 C. Written out, attention keeps H rows of T weights besides; fused,
    one float32 a head (the logarithm of its softmax's sum). And mean and spread of both layer norms.
    """
    C, H = shape.width, shape.heads
    pairs = H * length * bytes_ if attention == "written out" else H * 4
    return (16 * C + 4) * bytes_ + pairs


def activations(shape: Shape, tokens: int, length: int, attention: str, recompute: str, bytes_: int
                ) -> float:
    """The most that is kept at once.

    At the end of the forward pass: all layers, or what goes into each group of them; the last layer norm's
    input and output; and the logarithms of all odds, float32. With groups, on the way back: what goes
    into the groups, and one group that was computed again. Attention that is written out needs to know
    which pairs are allowed: one byte a pair, once for all layers.
    """
    C, layer = shape.width, layer_bytes(shape, length, attention, bytes_)
    head = (2 * C + 2) * bytes_ + 4 * shape.vocabulary
    mask = length**2 if attention == "written out" else 0
    if recompute == "nothing":
        return tokens * (shape.layers * layer + head) + mask
    each = group(shape.layers, recompute)
    inputs = math.ceil(shape.layers / each) * C * bytes_
    return tokens * inputs + max(tokens * head, tokens * (each * layer - C * bytes_) + mask)


def predicted(shape: Shape, how: Recipe, tokens: int, length: int, attention: str, recompute: str
              ) -> NDArray[np.float64]:
    """Bytes of the weights, gradients, optimiser and activations, (PARTS,)."""
    return np.array([
        shape.weights * how.weight, shape.weights * how.gradient, shape.weights * how.optimiser,
        activations(shape, tokens, length, attention, recompute, how.activation)], np.float64)


def gpt3_shape(weights: float, length: int) -> Shape:
    """Width 128 L and 12 C² weights a layer: L = (weights / (12 · 128²))^(1/3)."""
    layers = max(1, round((weights / (12 * 128**2)) ** (1 / 3)))
    width = 128 * max(1, round(math.sqrt(weights / (12 * layers)) / 128))
    return Shape(layers, width, width // 128, 50_257, length)


# --- the Transformer -----------------------------------------------------------------------------


class Block(nn.Module):
    """One layer, pre-LayerNorm, as in GPT-2 without dropout."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, future: Tensor | None) -> Tensor:
        """``future`` (T, T) is true where a token may not look; without it, attention is fused."""
        B, T, C = x.shape
        qkv = self.qkv(self.norm_1(x)).view(B, T, 3, self.heads, -1)           # (B, T, 3, H, D)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)                                   # each (B, H, T, D)
        if future is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)        # (B, H, T, D)
        else:
            score = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])           # (B, H, T, T)
            y = score.masked_fill_(future, -math.inf).softmax(-1) @ v          # (B, H, T, D)
        x = x + self.out(y.transpose(1, 2).reshape(B, T, C))
        out: Tensor = x + self.down(F.gelu(self.up(self.norm_2(x))))
        return out                                                             # (B, T, C)


class Transformer(nn.Module):
    """Reads bytes and scores the next one. Vectors of tokens score them as well (tied, as in GPT-2)."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        with torch.device("meta"):  # shapes only: torch would draw from a generator of its own
            self.tokens = nn.Embedding(shape.vocabulary, shape.width)
            self.places = nn.Embedding(shape.places, shape.width)
            self.blocks = nn.ModuleList(Block(shape.width, shape.heads) for _ in range(shape.layers))
            self.norm = nn.LayerNorm(shape.width)
        self.to_empty(device="cpu")
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.dim() == 2:
                    weight.normal_(0.0, 0.02, generator=generator)
                else:
                    weight.fill_(0.0 if name.endswith("bias") else 1.0)

    def forward(self, ids: Tensor, y: Tensor, attention: str, recompute: str, keep: Keep) -> Tensor:
        """The mean loss of the next tokens ``y`` (B, T)."""
        T = ids.shape[1]
        x = self.tokens(ids) + self.places(torch.arange(T, device=ids.device))  # (B, T, C)
        future = None
        if attention == "written out":
            future = torch.ones(T, T, dtype=torch.bool, device=ids.device).triu_(1)
        blocks = list(self.blocks)
        each = group(len(blocks), recompute)
        for first in range(0, len(blocks), each):
            some = blocks[first : first + each]
            x = through(some, x, future) if recompute == "nothing" \
                else Again.apply(x, some, future, keep)  # type: ignore[no-untyped-call]
        logits = F.linear(self.norm(x), self.tokens.weight)                    # (B, T, V)
        return F.cross_entropy(logits.flatten(0, 1).float(), y.flatten())


Keep = Callable[[], Any]  # opens the books for what is kept, see Ledger.keep


def through(blocks: Iterable[nn.Module], x: Tensor, future: Tensor | None) -> Tensor:
    for block in blocks:
        x = block(x, future)
    return x


class Again(torch.autograd.Function):
    """Activation checkpointing, by hand (Chen et al. 2016): forget on the way there all but what went in,
    and compute it once more on the way back."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, blocks: Sequence[nn.Module], future: Tensor | None, keep: Keep
    ) -> Tensor:
        ctx.save_for_backward(x)
        ctx.rest = blocks, future, keep
        return through(blocks, x, future)  # no graph is built in here

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None, None]:
        (x,), (blocks, future, keep) = ctx.saved_tensors, ctx.rest
        x = x.detach().requires_grad_()
        with torch.enable_grad(), keep():
            out = through(blocks, x, future)
        out.backward(*gradients)
        return x.grad, None, None, None


class Optimiser:
    """SGD, with momentum, or Adam, one weight matrix after another, so that little is needed at once."""

    def __init__(self, model: nn.Module, number_format: str, kind: str) -> None:
        self.kind, self.weights = kind, list(model.parameters())
        mixed = number_format == "mixed"
        self.masters = [one.detach().float() for one in self.weights] if mixed else []
        means = {"SGD": 0, "momentum": 1, "Adam": 2}[kind]
        self.means = [[torch.zeros_like(one) for one in self.masters or self.weights] for _ in range(means)]
        self.t = 0

    def tensors(self) -> list[Tensor]:
        """All that is kept from step to step."""
        return [*self.masters, *(one for mean in self.means for one in mean)]

    @torch.no_grad()
    def update(self) -> None:
        self.t += 1
        for at, weight in enumerate(self.weights):
            target = self.masters[at] if self.masters else weight
            assert weight.grad is not None
            g = weight.grad.to(target.dtype)
            if self.kind == "SGD":
                target.sub_(g, alpha=RATE)
            elif self.kind == "momentum":
                target.sub_(self.means[0][at].mul_(0.9).add_(g), alpha=RATE)
            else:
                m, v = self.means[0][at], self.means[1][at]
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                usual = (v / (1 - 0.999**self.t)).sqrt_().add_(1e-8)
                target.addcdiv_(m, usual, value=-RATE / (1 - 0.9**self.t))
            if self.masters:
                weight.copy_(target)


# --- the books -----------------------------------------------------------------------------------


def size(tensors: Iterable[Tensor]) -> float:
    """Bytes of the memory behind these tensors."""
    return float(sum({piece(one): one.untyped_storage().nbytes() for one in tensors}.values()))


@dataclass(frozen=True)
class Books:
    """What a step took: bytes of each of ``ALIVE`` after each operation, and the operation's phase."""

    alive: NDArray[np.float64]  # (ALIVE, n)
    phase: NDArray[np.int8]  # (n,)


def step(model: Transformer, optimiser: Optimiser, ids: Tensor, params: Params) -> Books:
    """One step of training, watched. ids: (B, T+1)."""
    weights = list(model.parameters())
    ledger = Ledger([*weights, *optimiser.tensors(), ids], ALIVE)
    with ledger, ledger.gradients(weights):
        parts = ids.tensor_split(min(params.micro_batches, len(ids)))
        for part in parts:
            ledger.phase = PHASES.index("forward")
            with ledger.keep():
                loss = model(part[:, :-1], part[:, 1:], params.attention, params.recompute, ledger.keep)
                loss = loss * (len(part) / len(ids))
            ledger.phase = PHASES.index("backward")
            loss.backward()
            del loss
        ledger.phase = PHASES.index("update")
        optimiser.update()
    for one in weights:
        one.grad = None
    alive = np.stack(ledger.columns, 1)  # (ALIVE, n)
    alive[PARTS.index("weights")], alive[PARTS.index("optimiser")] = size(weights), size(optimiser.tensors())
    return Books(alive, np.array(ledger.phases, np.int8))


# --- the panel -----------------------------------------------------------------------------------


class TrainingMemory:
    """Takes one step with a copy of the model each time that something is changed, and reads the books."""

    shared: ClassVar[tuple[str, ...]] = ("ids",)

    def __init__(self, params: Params, context: Context) -> None:
        self.device, generator = context.device, context.generator
        self.shape = Shape(params.layers, HEAD * params.heads, params.heads, VOCABULARY, LONGEST)
        self.model = Transformer(self.shape, generator).to(self.device)
        if params.number_format != "float32":
            self.model.to(torch.bfloat16)
        text = context.data.text("python-reference").text[:200_000].encode()
        whole = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
        starts = torch.randint(len(whole) - LONGEST - 1, (32, 1), generator=generator)
        self.ids = whole[starts + torch.arange(LONGEST + 1)].to(self.device)   # (32, LONGEST+1)

    def frame(self, params: Params) -> Frame:
        books, device_peak = taken(self, replace(params, billions=1.0, real_batch=1, real_length=512,
                                                 gpu=80, beside=""))
        chosen = highest(books.alive.sum(0), COLUMNS)
        how = recipe(params.number_format, params.optimiser)
        at_once = math.ceil(params.batch / min(params.micro_batches, params.batch)) * params.length
        weights = params.billions * 1e9
        real = gpt3_shape(weights, params.real_length)
        depth = at_depths(params.attention, self.device) if params.beside == "depth" \
            else np.zeros((4, len(DEPTHS)))
        kept = self.kept(params) if params.beside == "kept" else {}
        return Frame(
            predicted=predicted(self.shape, how, at_once, params.length, params.attention, params.recompute),
            measured=books.alive.max(1),
            peak=float(books.alive.sum(0).max()),
            device_peak=device_peak,
            alive=books.alive[:, chosen],
            phase=books.phase[chosen],
            operations=len(books.phase),
            weights=self.shape.weights,
            real=np.array([weights * how.weight, weights * how.gradient, weights * how.optimiser, activations(
                real, params.real_batch * params.real_length, params.real_length, params.attention,
                params.recompute, how.activation)], np.float64),
            room=params.gpu * 2.0**30,
            real_layers=real.layers,
            real_width=real.width,
            depth_plain=depth[0], depth_plain_predicted=depth[1],
            depth_grouped=depth[2], depth_grouped_predicted=depth[3],
            kept_shapes=tuple(kept),
            kept_bytes=np.array(list(kept.values()), np.float64),
        )

    def kept(self, params: Params) -> Mapping[str, float]:
        """What one layer keeps for the way back, as autograd's own hooks tell: name and shape, bytes."""
        block = self.model.blocks[0]
        T, B = params.length, max(1, params.batch // params.micro_batches)
        x = torch.zeros(B, T, self.shape.width, device=self.device,
                        dtype=next(block.parameters()).dtype, requires_grad=True)
        future = None
        if params.attention == "written out":
            future = torch.ones(T, T, dtype=torch.bool, device=self.device).triu_(1)
        known = {piece(one) for one in (*block.parameters(), *([] if future is None else [future]))}
        found: dict[int, Tensor] = {}

        def pack(one: Tensor) -> Tensor:
            if piece(one) not in known:
                found.setdefault(piece(one), one)
            return one

        with saved_tensors_hooks(pack, lambda one: one):
            block(x, future)
        names = KEPT[params.attention]
        return {f"{names[at] if len(found) == len(names) else at}: {' × '.join(map(str, one.shape))}":
                one.untyped_storage().nbytes() for at, one in enumerate(found.values())}


KEPT = {
    "written out": ("input", "mean", "spread", "normed", "q", "k", "weights", "v", "heads' output", "stream",
                    "second mean", "second spread", "second normed", "before GELU", "after GELU"),
    "fused": ("input", "mean", "spread", "normed", "q, k, v", "log of sums", "heads' output", "stream",
              "second mean", "second spread", "second normed", "before GELU", "after GELU"),
}


@lru_cache(maxsize=2)  # what is asked of the real model takes no other step
def taken(one: TrainingMemory, params: Params) -> tuple[Books, float]:
    """The books of a step of a copy of the model, and the peak that the device itself counts."""
    model = copy.deepcopy(one.model)
    optimiser = Optimiser(model, params.number_format, params.optimiser)
    with watched_device(one.device, size([*model.parameters(), *optimiser.tensors()])) as peak:
        books = step(model, optimiser, one.ids[: params.batch, : params.length + 1], params)
    return books, peak[0]


def highest(total: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Which of n moments to draw: of each of at most ``most`` stretches the one that takes most."""
    edges = np.linspace(0, len(total), min(most, len(total)) + 1).astype(int)
    return np.array([a + int(total[a:b].argmax()) for a, b in pairwise(edges.tolist())])


@cache
def at_depths(attention: str, device: str) -> NDArray[np.float64]:
    """Activations of a narrow model at the depths of ``DEPTHS``, of 2 texts of 32 tokens: keeping all,
    measured and predicted, and keeping one of √L layers, measured and predicted. (4, DEPTHS)"""
    found = np.zeros((4, len(DEPTHS)))
    for row, recompute in ((0, "nothing"), (2, "√L layers")):
        for at, layers in enumerate(DEPTHS):
            shape = Shape(layers, 2 * HEAD, 2, VOCABULARY, LONGEST)
            model = Transformer(shape, torch.Generator().manual_seed(0)).to(device)
            params = Params(attention=attention, recompute=recompute, optimiser="SGD")  # type: ignore[arg-type]
            ids = torch.zeros(2, 33, dtype=torch.long, device=device)
            books = step(model, Optimiser(model, "float32", "SGD"), ids, params)
            found[row, at] = books.alive[PARTS.index("activations")].max()
            found[row + 1, at] = activations(shape, 64, 32, attention, recompute, 4)
    return found


@contextmanager
def watched_device(device: str, before: float) -> Iterator[list[float]]:
    """The most that the device's own allocator gives out in this block; 0 where it does not count."""
    peak = [0.0]
    counts = torch.accelerator.is_available() and torch.device(device).type == "cuda"
    held = torch.accelerator.memory_allocated() if counts else 0
    if counts:
        torch.accelerator.reset_peak_memory_stats()
    yield peak
    if counts:
        peak[0] = float(torch.accelerator.max_memory_allocated() - held) + before
