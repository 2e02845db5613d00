"""A Transformer of attention alone learns to go on with what it has seen once.

Olsson et al. 2022, "In-context Learning and Induction Heads"; the model is that of Elhage et al.
2021, "A Mathematical Framework for Transformer Circuits". Its sequences are random symbols that begin
again after some places, so nothing is to be known of a symbol but what followed it earlier in the
same sequence:

    … a b … a ?      the answer is b

Two heads together can say so. One of the first layer copies to each place what stands just before it
(*previous-token head*). One of the next then finds the place whose forerunner is the present symbol,
and copies what stands there (*induction head*). How much a head is one or the other is measured on
sequences that begin again after T/2 places:

    previous-token score   mean weight that place t gives to place t − 1
    induction score        mean weight that place t gives to place t − T/2 + 1

Shapes: B sequences, T places, C channels, L layers of H heads with D = C / H channels, V symbols.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.induction.panel import EXAMPLES, LETTERS, NEXT, Frame, Params
from visualizers.models.arrays import array
from visualizers.panel import Context

BATCH = 24
SHORTEST = 6  # places after which a sequence begins again at the earliest
PAIRED = 64  # sequences of pairs
KEYS = 6  # different questions in a sequence of pairs
BASE = 1000.0  # of the rotary embedding


class AttentionOnly:
    """Embedding, L layers of attention that add to the residual stream, and the way back to symbols."""

    def __init__(self, params: Params, context: Context) -> None:
        H, V = params.heads, params.symbols
        C = 2 * H * max(1, round(params.width / (2 * H)))  # rotary turns pairs of channels
        self.heads, self.rotary, self.normalised = H, params.positions == "rotary", params.normalised

        def normal(*shape: int, size: float = 1 / math.sqrt(C)) -> Tensor:
            drawn = torch.randn(*shape, generator=context.generator) * size
            return drawn.to(context.device).requires_grad_()

        self.embedding = normal(V, C, size=1.0)
        self.qkv = [normal(C, 3 * C) for _ in range(params.layers)]
        self.out = [normal(C, C) for _ in range(params.layers)]
        self.unembedding = normal(C, V)
        self.weights = [self.embedding, *self.qkv, *self.out, self.unembedding]

    def __call__(
        self, x: Tensor, knocked: Collection[int] = (), keep: list[Tensor] | None = None
    ) -> Tensor:
        """The scores of what follows each place of x (B, T): (B, T, V).

        Args:
            knocked: heads whose output is taken for zero, counted layer by layer.
            keep: where the attention of each layer is put, (B, H, T, T), if wanted.
        """
        B, T = x.shape
        H, C = self.heads, self.embedding.shape[1]
        stream = self.embedding[x]                                              # (B, T, C)
        future = torch.full((T, T), -math.inf, device=x.device).triu(1)         # -∞ where s > t
        for layer, (qkv, out) in enumerate(zip(self.qkv, self.out, strict=True)):
            read = self.norm(stream)
            q, k, v = (read @ qkv).view(B, T, 3, H, C // H).permute(2, 0, 3, 1, 4)  # (B, H, T, D)
            if self.rotary:
                q, k = turned(q), turned(k)
            score = q @ k.transpose(-2, -1) / math.sqrt(C // H) + future        # (B, H, T, T)
            weight = score.softmax(-1)                                          # rows sum to 1
            y = weight @ v                                                      # (B, H, T, D)
            if knocked:
                stays = [layer * H + head not in knocked for head in range(H)]
                y = y * torch.tensor(stays, device=x.device)[:, None, None]
            stream = stream + y.transpose(1, 2).reshape(B, T, C) @ out          # (B, T, C)
            if keep is not None:
                keep.append(weight)
        return self.norm(stream) @ self.unembedding                             # (B, T, V)

    def norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:]) if self.normalised else x


def turned(x: Tensor) -> Tensor:
    """Each pair of channels of x (…, T, D) turned by an angle that grows with the place.

    The product of a query at t and a key at s then depends on the distance t − s (Su et al. 2021).
    """
    T, D = x.shape[-2:]
    speed = BASE ** (-torch.arange(0, D, 2, device=x.device) / D)               # (D/2,)
    angle = torch.arange(T, device=x.device)[:, None] * speed                   # (T, D/2)
    cos, sin = angle.cos(), angle.sin()
    even, odd = x[..., 0::2], x[..., 1::2]                                      # (…, T, D/2)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Induction:
    """The model, its training, and the tests that nothing is learnt from."""

    shared: ClassVar[tuple[str, ...]] = ("tests", "pairs", "shown")
    measure_every = 15
    measure_reads: ClassVar[tuple[str, ...]] = ("knocked",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.model = AttentionOnly(params, context)
        self.optimizer = torch.optim.AdamW(self.model.weights, betas=(0.9, 0.98), fused=True)
        self.V, self.T = params.symbols, params.places
        self.half = params.places // 2
        self.tests = self.sequences(EXAMPLES, torch.full((EXAMPLES,), self.half))   # (N, T)
        self.pairs, self.shown = self._pairs()

    # --- sequences

    def sequences(self, count: int, after: Tensor) -> Tensor:
        """Random symbols that begin again ``after`` (count,) places each: (count, T)."""
        new = torch.randint(self.V, (count, self.T), generator=self.generator)
        place = torch.arange(self.T) % after[:, None]                           # (count, T)
        return new.gather(1, place).to(self.device)

    def _pairs(self) -> tuple[Tensor, NDArray[np.float32]]:
        """Question, answer, question, answer …: (N, T') and how often an answer was shown before.

        Each sequence has answers of its own to its questions, so no weight can know them.
        """
        S = self.T // 2
        order = torch.rand(PAIRED, self.V, generator=self.generator).argsort(1)   # (N, V)
        asked = torch.randint(KEYS, (PAIRED, S), generator=self.generator)    # (N, S)
        answer = torch.randint(KEYS, self.V, (PAIRED, KEYS), generator=self.generator)
        key = order.gather(1, asked)                                            # (N, S)
        value = order.gather(1, answer.gather(1, asked))                        # (N, S)
        earlier = (asked[:, None] == asked[..., None]).tril(-1).any(-1)         # (N, S)
        pairs = torch.stack((key, value), -1).flatten(1)                        # (N, 2 S)
        return pairs.to(self.device), earlier.float().mean(0).numpy()

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on a new batch: the loss of every symbol, given those before it."""
        after = torch.randint(SHORTEST, self.half + 1, (BATCH,), generator=self.generator)
        repeat = torch.rand(BATCH, generator=self.generator) < params.repeating
        x = self.sequences(BATCH, after.where(repeat, torch.tensor(self.T)))    # (B, T)
        logits = self.model(x[:, :-1])                                          # (B, T-1, V)
        loss = F.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": loss.item()}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The tests, with the whole model and with heads knocked out; scores of heads; pairs."""
        out = self._knocked(params)
        maps: list[Tensor] = []
        self.whole_at, right = self._test((), maps)                             # (T-1,) each
        self.loss_at, self.right_at = self._test(out, []) if out else (self.whole_at, right)
        weight = torch.stack(maps).mean(1)                                      # (L, H, T-1, T-1)
        self.previous = weight.diagonal(-1, 2, 3).mean(-1).cpu()                # (L, H)
        self.induction = weight.diagonal(1 - self.half, 2, 3)[..., 1:].mean(-1).cpu()

        answers = self.model(self.pairs[:, :-1], out)[:, ::2].argmax(-1)        # (N, S)
        self.shots = (answers == self.pairs[:, 1::2]).float().mean(0).cpu()     # (S,)
        again = slice(self.half, None)
        return {"repeats_loss": self.whole_at[again].mean().item(),
                "fresh_loss": self.whole_at[: self.half - 1].mean().item(),
                "repeats_accuracy": right[again].mean().item(),
                "previous_score": self.previous.max().item(),
                "induction_score": self.induction.max().item()}

    def _test(self, out: Collection[int], keep: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Loss and share of right answers at the places 2 … T of the tests, (T-1,) each."""
        logits = self.model(self.tests[:, :-1], out, keep)                      # (N, T-1, V)
        wanted = self.tests[:, 1:]                                              # (N, T-1)
        loss = F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
        return loss.mean(0).cpu(), (logits.argmax(-1) == wanted).float().mean(0).cpu()

    def _knocked(self, params: Params) -> tuple[int, ...]:
        """The heads that are out, of those there are."""
        all_heads = range(len(self.model.qkv) * self.model.heads)
        return tuple(sorted({one for one in params.knocked if one in all_heads}))

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One sequence under the model as it is now."""
        out = self._knocked(params)
        own = [LETTERS.index(one) for one in params.sequence if one in LETTERS[: self.V]]
        own = own[-self.T :]
        x = torch.tensor([own], device=self.device) if len(own) > 1 \
            else self.tests[params.example % EXAMPLES, None]                    # (1, n)
        maps: list[Tensor] = []
        odds = self.model(x, out, maps)[0].softmax(-1)                          # (n, V)
        said = odds[:-1].gather(1, x[0, 1:, None])[:, 0].cpu()                  # (n-1,)
        first = torch.full((1,), 1 / self.V)  # nothing stands before it
        best = odds[-1].topk(min(NEXT, self.V))
        weight = torch.cat(maps).flatten(0, 1)                                  # (L·H, n, n)
        weight[list(out)] = 0
        again = slice(self.half, None)
        return Frame(
            own=len(own) > 1, letters=tuple(LETTERS[one] for one in x[0].tolist()),
            odds=array(torch.cat((first, said))),
            maps=array((weight * 255).round().byte().unflatten(0, (-1, self.model.heads))),
            candidates=tuple(LETTERS[one] for one in best.indices.tolist()),
            next_odds=array(best.values),
            at=np.arange(2, self.T + 1, dtype=np.int32),
            loss_at=array(self.loss_at), whole_at=array(self.whole_at), begins=self.half + 1,
            repeats=self.loss_at[again].mean().item(), accuracy=self.right_at[again].mean().item(),
            fresh=self.loss_at[: self.half - 1].mean().item(),
            previous=array(self.previous), induction=array(self.induction), knocked=out,
            shots=array(self.shots), shown=self.shown.copy(), guessing=math.log(self.V),
            weights=sum(one.numel() for one in self.model.weights))
