"""Two trained networks that can be compressed: one that reads digits, and this project's own small GPT.

Both give their layers by name, the pairs of layers between which neurons stand, their attention heads,
batches to learn from, and a part that is held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from visualizers.data import Data
from visualizers.models.compressor import Layer, layer
from visualizers.models.digits import CLASSES, POINTS, digits, he
from visualizers.models.language_task import Language

HIDDEN, BATCH, STEPS, RATE = 256, 64, 300, 2e-3

State = dict[str, Layer]


@dataclass(frozen=True, eq=False)
class Head:
    """One attention head: its rows of the layer that makes q, k and v, its columns of the one behind."""

    first: str
    second: str
    rows: Tensor  # (rows,) true for its own
    columns: Tensor  # (columns,)


@dataclass(frozen=True, eq=False)
class Task:
    """A trained network. Nothing of it changes any more.

    Attributes:
        names: of the layers, as the network calls them, and in short.
        pairs: layers between which neurons stand.
        pace: of learning, beside the rate of the panel.
        rest: bytes of everything else.
    """

    model: nn.Module
    names: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    heads: tuple[Head, ...]
    learn: tuple[Tensor, Tensor]
    held_out: tuple[Tensor, Tensor]
    pace: float
    rest: int
    language: Language | None = None

    def start(self, gain: float, generator: torch.Generator) -> State:
        """All layers untouched; one row of each is stored ``gain`` times too large."""
        found = {}
        for name in self.names:
            weight = self.model.get_parameter(f"{name}.weight").detach()
            factor = torch.ones(len(weight), 1)
            factor[torch.randint(len(weight), (1,), generator=generator)] = gain
            found[name] = layer(weight, self.model.get_parameter(f"{name}.bias").detach(),
                                factor.to(weight.device))
        return found

    def scores(self, state: State, x: Tensor) -> Tensor:
        """What the network says with these layers in place of its own, (…, classes)."""
        return self._run({name: one.weight() for name, one in state.items()}, state, x)

    def _run(self, weights: Mapping[str, Tensor], state: State, x: Tensor) -> Tensor:
        used = {f"{name}.weight": weight for name, weight in weights.items()}
        used |= {f"{name}.bias": one.read_bias() for name, one in state.items()}
        found: Tensor = functional_call(self.model, used, (x,))
        return found

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch to learn from."""
        if self.language is not None:
            x, y = self.language.draw(generator)
            return x.to(self.held_out[0].device), y.to(self.held_out[0].device)
        rows = torch.randint(len(self.learn[1]), (BATCH,), generator=generator).to(self.learn[0].device)
        return self.learn[0][rows], self.learn[1][rows]

    @torch.no_grad()
    def accuracy(self, state: State) -> float:
        """The share of held-out answers that are right."""
        x, y = self.held_out
        return float((self.scores(state, x).argmax(-1) == y).float().mean())

    def bytes(self, state: State) -> int:
        return self.rest + sum(one.bytes for one in state.values())

    @torch.enable_grad()
    def head_worth(self, state: State, batches: int = 2) -> Tensor:
        """|∂loss/∂ξ| of each head, ξ = 1 being a gate behind it, (heads,); of each layer's to length 1."""
        total = torch.zeros(len(self.heads))
        seconds = sorted({one.second for one in self.heads})
        generator = torch.Generator().manual_seed(0)
        for _ in range(batches):
            x, y = self.draw(generator)
            open_ = {name: one.weight().detach().requires_grad_() for name, one in state.items()}
            loss = cross_entropy(self._run(open_, state, x).flatten(0, -2), y.flatten())
            slopes = dict(zip(seconds, torch.autograd.grad(loss, [open_[one] for one in seconds]),
                              strict=True))
            # W_out reads ξ times the head, so ∂loss/∂ξ is the sum of W ⊙ ∂loss/∂W over its columns.
            total += torch.stack([(open_[one.second] * slopes[one.second])[:, one.columns].sum().abs()
                                  for one in self.heads]).detach().cpu()
        for second in seconds:
            mine = torch.tensor([one.second == second for one in self.heads])
            total[mine] /= total[mine].norm().clamp_min(1e-12)
        return total


@lru_cache(maxsize=4)
def digits_task(seed: int, device: str) -> Task:
    """A network 64 → 256 → 256 → 10, trained for 300 steps by Adam."""
    generator = torch.Generator().manual_seed(seed)
    learn, test = digits(Data(), generator, device)  # always there
    parts: list[nn.Module] = []
    for columns, rows in pairwise((POINTS, HIDDEN, HIDDEN, CLASSES)):
        one = nn.utils.skip_init(nn.Linear, columns, rows)
        one.weight.data = he(columns, rows, generator)
        nn.init.zeros_(one.bias)
        parts += [one, nn.ReLU()]
    model = nn.Sequential(*parts[:-1]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), RATE, fused=True)
    for _ in range(STEPS):
        rows_ = torch.randint(len(learn.y), (BATCH,), generator=generator).to(device)
        optimizer.zero_grad()
        cross_entropy(model(learn.x[rows_]), learn.y[rows_]).backward()
        optimizer.step()
    model.requires_grad_(False)
    return Task(model, {"0": "layer 1", "2": "layer 2", "4": "layer 3"}, (("0", "2"), ("2", "4")), (),
                (learn.x, learn.y), (test.x, test.y), 1.0, 0)


@lru_cache(maxsize=1)
def gpt_task(device: str) -> Task:
    """The project's trained GPT: the four matrices of each block; the embeddings stay as they are."""
    language = Language(Data())  # always there
    gpt = language.model.to(device)
    gpt.requires_grad_(False)
    names = {name.removesuffix(".weight"): name.removeprefix("blocks.").removesuffix(".weight")
             for name, weight in gpt.named_parameters() if name.startswith("blocks.") and weight.dim() == 2}
    blocks = sorted({".".join(name.split(".")[:2]) for name in names})
    heads, count = [], language.heads
    for block in blocks:
        first, second = f"{block}.attention.qkv", f"{block}.attention.out"
        width = gpt.get_parameter(f"{second}.weight").shape[1]
        for head in range(count):
            columns = torch.arange(width) // (width // count) == head           # (C,)
            heads.append(Head(first, second, columns.repeat(3).to(device), columns.to(device)))
    inside = sum(gpt.get_parameter(f"{name}.{kind}").numel() for name in names for kind in ("weight", "bias"))
    rest = 4 * (sum(one.numel() for one in gpt.parameters()) - inside)
    x, y = (one.to(device) for one in language.held_out)
    return Task(gpt, names, tuple((f"{block}.mlp.up", f"{block}.mlp.down") for block in blocks), tuple(heads),
                (x[:0], y[:0]), (x, y), 0.5, rest, language)
