"""A router sends each character to few of many experts, and a second loss keeps it from favourites.

Fedus, Zoph and Shazeer 2022, "Switch Transformers"; two experts a character as in Lepikhin et al.
2021, "GShard". In place of one MLP there are E of them and a router, a matrix with E columns:

    p = softmax(x W)          the router's odds for each expert
    y = Σ over the k best of  g_e · expert_e(x)

with g = p for k = 1, and p divided by its sum over the two for k = 2. Whoever is chosen learns, and
who has learnt is chosen: nothing keeps the router from favourites. The balance loss does,

    L = E · Σ over e of  f_e · P_e

with f_e the share of what is sent that goes to expert e and P_e its mean odds. It is 1 where all is
even; only P has a gradient. What is trained on is the loss of prediction + α L.

Three seeds are trained at once, each twice: with α = 0, and with the α chosen, from the same first
weights on the same pieces of text. All their tensors have M = 2 · 3 models in front, and no model
touches another's. Every expert reads every character here, and all but k are weighted with 0: these are
the numbers of a program that skips them, without its saving.

Shapes: M models, B texts of T characters, N = B · T, C channels, F of an expert, E experts, V characters.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.mixture_of_experts.panel import SENTENCE, TWINS, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.tokenizers import Characters, split, too_short
from visualizers.panel import Context

BATCH = 6
PLACES = 32  # characters of a piece of text
HELD_OUT = 10  # pieces of held-out text
LONGEST = 8 * PLACES  # characters of the sentence that are shown


class Mixtures:
    """M character models of one layer: attention to what stands before, then a mixture of experts."""

    def __init__(self, V: int, params: Params, context: Context) -> None:
        C, E = params.width, params.experts
        self.chosen = params.chosen

        def normal(*shape: int, size: float) -> Tensor:
            """The same weights for a seed's model without and with the balance loss."""
            drawn = torch.randn(TWINS, *shape, generator=context.generator) * size
            return drawn.repeat(2, *[1] * len(shape)).to(context.device).requires_grad_()

        self.embedding = normal(V, C, size=1.0)
        self.position = normal(PLACES, C, size=0.3)
        self.qkv = normal(C, 3 * C, size=1 / math.sqrt(C))
        self.router = normal(C, E, size=1 / math.sqrt(C))
        self.up = normal(E, C, 2 * C, size=math.sqrt(2 / C))
        self.down = normal(E, 2 * C, C, size=1 / math.sqrt(2 * C))
        self.unembedding = normal(C, V, size=1 / math.sqrt(C))
        self.weights = [self.embedding, self.position, self.qkv, self.router, self.up, self.down,
                        self.unembedding]

    def __call__(self, x: Tensor, out: Collection[int] = ()) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of the next character (M, N, V), router's odds (M, N, E) and who is chosen (M, N, E).

        Args:
            x: characters, (M, B, T).
            out: experts whose output is taken for zero; the router does not know of it.
        """
        M, _, T = x.shape
        own = torch.arange(M, device=x.device)[:, None, None]                   # (M, 1, 1)
        stream = self.embedding[own, x] + self.position[:, None, :T]            # (M, B, T, C)
        stream = stream + self.attend(norm(stream))                             # (M, B, T, C)
        stream = stream.flatten(1, 2)                                           # (M, N, C)
        read = norm(stream)
        odds = (read @ self.router).softmax(-1)                                 # (M, N, E)
        best = odds.topk(self.chosen, -1).indices                               # (M, N, k)
        sent = torch.zeros_like(odds).scatter(-1, best, 1.0)                    # (M, N, E) of 0 and 1
        gate = odds * sent                                                      # (M, N, E)
        if self.chosen > 1:
            gate = gate / gate.sum(-1, keepdim=True)
        if out:
            stays = [float(one not in out) for one in range(odds.shape[-1])]
            gate = gate * torch.tensor(stays, device=x.device)
        hidden = (read[:, None] @ self.up).relu()                               # (M, E, N, F)
        said = hidden @ self.down                                               # (M, E, N, C)
        stream = stream + (gate.transpose(1, 2)[..., None] * said).sum(1)       # (M, N, C)
        return norm(stream) @ self.unembedding, odds, sent

    def attend(self, x: Tensor) -> Tensor:
        """Each character takes from those before it, with one head: (M, B, T, C)."""
        T, C = x.shape[-2:]
        q, k, v = (x @ self.qkv[:, None]).split(C, -1)                          # (M, B, T, C) each
        future = torch.full((T, T), -math.inf, device=x.device).triu(1)         # -∞ where s > t
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(C) + future   # (M, B, T, T)
        return torch.matmul(scores.softmax(-1), v)


def norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])


def balance_loss(odds: Tensor, sent: Tensor) -> Tensor:
    """E · Σ f P of each model, (M,): 1 where all is even, E where one expert has everything."""
    share = sent.mean(1) / sent.mean(1).sum(-1, keepdim=True)                   # f: (M, E)
    return odds.shape[-1] * (share * odds.mean(1)).sum(-1)                      # (M,)


class MixtureOfExperts:
    """Three seeds, each without and with the balance loss, and what their experts are worth."""

    shared: ClassVar[tuple[str, ...]] = ("tokens", "train", "held_out")
    measure_every = 25
    measure_reads: ClassVar[tuple[str, ...]] = ("knocked",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        text = context.text(params.text)
        learnt, kept = split(text.text)
        if (lacks := PLACES + 2 - len(kept)) > 0:
            raise too_short(text.title, len(text.text), lacks)
        self.tokens = Characters.learn(learnt)
        self.train = torch.from_numpy(self.tokens.encode(learnt)).to(self.device)         # (L,)
        test = torch.from_numpy(self.tokens.encode(kept)).to(self.device)
        starts = torch.linspace(0, len(test) - PLACES - 1, HELD_OUT).long()     # (B,)
        self.held_out = pieces(test, starts).expand(2 * TWINS, -1, -1)          # (M, B, T+1)
        self.models = Mixtures(self.tokens.size, params, context)
        self.optimizer = torch.optim.Adam(self.models.weights, fused=True)

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of every model; a seed's two models read the same pieces of text."""
        starts = torch.randint(len(self.train) - PLACES, (TWINS, BATCH), generator=self.generator)
        x = pieces(self.train, starts).repeat(2, 1, 1)                          # (M, B, T+1)
        logits, odds, sent = self.models(x[..., :-1])
        wrong = losses(logits, x[..., 1:])                                      # (M,)
        balance = balance_loss(odds, sent)[TWINS:]                              # (3,) of those with it
        self.optimizer.zero_grad()
        (wrong.sum() + params.alpha * balance.sum()).backward()
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": wrong.mean().item()}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Held-out loss and load of each model, and its loss without each expert."""
        x, wanted = self.held_out[..., :-1], self.held_out[..., 1:]
        logits, odds, sent = self.models(x)
        self.whole = losses(logits, wanted)                                     # (M,)
        self.balance = balance_loss(odds, sent)                                 # (M,)
        self.load = sent.mean(1) / self.models.chosen                           # (M, E)
        without = [losses(self.models(x, (one,))[0], wanted) for one in range(params.experts)]
        self.worth = torch.stack(without, -1) - self.whole[:, None]             # (M, E)
        out = self._out(params)
        self.losses = losses(self.models(x, out)[0], wanted) if out else self.whole  # (M,)

        measured: dict[str, float] = {}
        for index, kind in enumerate(("plain", "balanced")):
            for one in range(TWINS):
                model = index * TWINS + one
                measured[f"{kind}_load_{one + 1}"] = self.load[model].max().item()
                measured[f"{kind}_loss_{one + 1}"] = self.whole[model].item()
        return {**measured, "held_out": self.whole[TWINS:].mean().item()}

    def _out(self, params: Params) -> tuple[int, ...]:
        """The experts that are out, of those there are."""
        return tuple(sorted({one for one in params.knocked if 0 <= one < params.experts}))

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """Where one model's router sends the characters of a text, read in pieces of T."""
        text = (params.sentence.strip() or SENTENCE)[:LONGEST]
        ids = torch.from_numpy(self.tokens.encode(text)).to(self.device)        # (n,)
        padded = F.pad(ids, (0, -len(ids) % PLACES)).view(-1, PLACES)           # (B, T)
        _, odds, _ = self.models(padded.expand(2 * TWINS, -1, -1))              # (M, N, E)
        model = TWINS * (params.shown == "with") + params.twin - 1
        sure, first = odds[model, : len(ids)].max(-1)                           # (n,) each

        def both(x: Tensor) -> Tensor:
            return x.view(2, TWINS, *x.shape[1:])

        weights = sum(one[0].numel() for one in self.models.weights)
        expert = self.models.up[0, 0].numel() + self.models.down[0, 0].numel()
        return Frame(
            letters=tuple(text), expert=array(first.int()), odds=array(sure),
            load=array(both(self.load)), worth=array(both(self.worth)),
            losses=array(both(self.losses)), whole=array(both(self.whole)),
            balance=array(both(self.balance)), knocked=self._out(params),
            guessing=math.log(self.tokens.size), weights=weights,
            active=weights - (params.experts - params.chosen) * expert)


def pieces(ids: Tensor, starts: Tensor) -> Tensor:
    """T + 1 characters from each start: (…, T+1)."""
    at = starts[..., None] + torch.arange(PLACES + 1)
    return ids[at.to(ids.device)]


def losses(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean loss of each model, (M,), from scores (M, N, V) and characters (M, B, T)."""
    M = len(logits)
    each = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none")
    return each.view(M, -1).mean(-1)
