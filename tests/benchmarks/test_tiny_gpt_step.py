"""One step of the panel against the plain eager loop that everyone writes, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.trial import Trial
from visualizers.catalog import panel
from widgets.parameters import changed

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
TURNS, TURN = 40, 3


class PlainAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        q, k, v = (part.view(B, T, HEADS, C // HEADS).transpose(1, 2)
                   for part in self.qkv(x).split(WIDTH, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).contiguous().view(B, T, C))


class PlainBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = PlainAttention()
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(),
                                 nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm_1(x))
        return x + self.mlp(self.norm_2(x))


class PlainGPT(nn.Module):
    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(PlainBlock() for _ in range(LAYERS)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def plain_loop(data: Tensor, vocabulary: int) -> Callable[[], float]:
    model = PlainGPT(vocabulary)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> float:
        starts = torch.randint(len(data) - CONTEXT, (BATCH,))
        x = torch.stack([data[one : one + CONTEXT] for one in starts])
        y = torch.stack([data[one + 1 : one + 1 + CONTEXT] for one in starts])
        loss = F.cross_entropy(model(x).view(-1, vocabulary), y.view(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


@pytest.mark.benchmark
def test_that_a_step_costs_no_more_than_that_of_the_plain_loop() -> None:
    """Held-out loss and writing included; in short turns, so that what else runs hits both alike."""
    tiny = panel("tiny_gpt")
    trial = Trial(tiny, changed(
        tiny.params(), layers=LAYERS, heads=HEADS, width=WIDTH, context=CONTEXT, batch=BATCH))
    experiment, params = trial.experiment, trial.params
    plain = plain_loop(experiment.train, experiment.tokens.size)

    def seconds(step: Callable[[], object]) -> float:
        began = time.perf_counter()
        for _ in range(TURN):
            step()
        return time.perf_counter() - began

    def ours() -> float:
        return experiment.step(params)["loss"]

    seconds(plain), seconds(ours)  # caches, and the optimisers' first states
    mine, theirs = 0.0, 0.0
    for turn in range(TURNS):
        if turn % 2:
            mine, theirs = mine + seconds(ours), theirs + seconds(plain)
        else:
            theirs, mine = theirs + seconds(plain), mine + seconds(ours)
    print(f"\ntiny_gpt: a step costs {mine / theirs:.3f} of the plain loop's "
          f"{1000 * theirs / TURN / TURNS:.1f} ms")
    assert mine <= theirs
