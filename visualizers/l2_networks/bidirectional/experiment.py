"""Three taggers race on the same sentences: one reads forward, one backward, one both ways.

A recurrent network that reads from the left knows at word t only x_1 … x_t. Schuster and Paliwal
(1997) run a second one over the reversed sequence and put the two states of a word side by side:

    h_t = [ →h_t ; ←h_t ],    →h_t = f(→h_{t-1}, x_t),    ←h_t = f(←h_{t+1}, x_t)

so that what is read from h_t has seen the whole sentence. The cells f are those of
``visualizers/models/recurrent.py``.

Shapes: B sentences, T words, D numbers an embedding, H units, G blocks of weights (GRU 3, LSTM 4),
C tags.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.data.tagging import GRAMMARS, NEEDS, NOTHING
from visualizers.l2_networks.bidirectional.panel import TAGGERS, Frame, Params
from visualizers.models.recurrent import CELLS, Parts, back_through_time
from visualizers.panel import Context

EMBEDDING = 16   # D
LONGEST = 60      # words of a typed sentence that are read
REMEMBERED = 0.9  # accuracies are means of about the last ten batches


def reversal(lengths: Tensor, T: int) -> Tensor:
    """Where each place goes when every sentence is turned round within its own length, (T, B).

    What fills up a short sentence stays behind its end, so that no reader meets it first.
    """
    t = torch.arange(T, device=lengths.device)[:, None]                            # (T, 1)
    return torch.where(t < lengths, lengths - 1 - t, t)                            # (T, B)


def turned(x: Tensor, order: Tensor) -> Tensor:
    """``x`` (T, B, ·) with each sentence turned round; twice gives ``x`` again."""
    return x.gather(0, order[..., None].expand_as(x))                              # (T, B, ·)


class Tagger:
    """Embeds the words, reads them in some directions and takes a tag from each word's states."""

    def __init__(
        self, cell: str, directions: tuple[str, ...], size: int, V: int, C: int,
        generator: torch.Generator,
    ) -> None:
        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator) / math.sqrt(shape[-1])

        self.cell, self.directions = CELLS[cell], directions
        each = max(1, size // len(directions))                                     # H of a direction
        rows = self.cell.blocks * each
        self.e = normal(V, EMBEDDING) * math.sqrt(EMBEDDING)                       # (V, D)
        self.u = [normal(rows, EMBEDDING) for _ in directions]                     # (G·H, D)
        self.w = [normal(rows, each) for _ in directions]                          # (G·H, H)
        self.b = [torch.zeros(rows) for _ in directions]                           # (G·H,)
        self.v = normal(C, each * len(directions))                                 # (C, n·H)
        self.c = torch.zeros(C)

    @property
    def learnt(self) -> list[Tensor]:
        return [self.e, *self.u, *self.w, *self.b, self.v, self.c]

    def to(self, device: str) -> None:
        self.e, self.v, self.c = (one.to(device) for one in (self.e, self.v, self.c))
        self.u, self.w, self.b = ([one.to(device) for one in each]
                                  for each in (self.u, self.w, self.b))
        for one in self.learnt:
            one.requires_grad_()

    def run(self, x: Tensor, order: Tensor) -> list[tuple[Tensor, Parts]]:
        """What each direction's network does, in its own order of reading. x (T, B, D)"""
        return [self.cell.forward((turned(x, order) if way == "backward" else x) @ u.T + b, w)
                for way, u, w, b in zip(self.directions, self.u, self.w, self.b, strict=True)]

    def joined(self, runs: list[tuple[Tensor, Parts]], order: Tensor) -> Tensor:
        """h of each word: the states of all directions side by side, (T, B, n·H)."""
        sides = []
        for way, w, (s, _) in zip(self.directions, self.w, runs, strict=True):
            h = s[1:, :, : w.shape[1]]                                             # (T, B, H)
            sides.append(turned(h, order) if way == "backward" else h)
        return torch.cat(sides, 2)

    def scores(self, words: Tensor, order: Tensor) -> Tensor:
        """Scores of the tags of each word. (T, B) → (T, B, C)"""
        return self.joined(self.run(self.e[words], order), order) @ self.v.T + self.c

    @torch.no_grad()
    def look(self, ids: Tensor, at: int) -> tuple[Tensor, Tensor]:
        """Odds of the tags of one sentence (T, C), and what the tag of word ``at`` hangs on (T,).

        The latter is |∂ (best score − second best) / ∂ x_j| for each word j, as shares of their sum:
        how much a small change of that word moves the decision. It goes back through the Jacobians
        of the cell, from the word to the first one that each direction has read.
        """
        T = len(ids)
        order = reversal(torch.tensor([T], device=ids.device), T)                  # (T, 1)
        runs = self.run(self.e[ids], order)
        scores = (self.joined(runs, order) @ self.v.T + self.c)[:, 0]              # (T, C)
        if at < 0:
            return scores.softmax(1), torch.zeros(T)
        best, second = scores[at].topk(2).indices
        errors = (self.v[best] - self.v[second]).chunk(len(self.directions))       # (H,) each
        slope = torch.zeros(T, EMBEDDING, device=ids.device)                       # (T, D)
        for way, u, w, error, (s, parts) in zip(self.directions, self.u, self.w, errors,
                                                runs, strict=True):
            read = (T - 1 - at if way == "backward" else at) + 1                   # words so far
            slopes = self.cell.slopes(s[: read + 1], tuple(one[:read] for one in parts))
            last = torch.zeros_like(s[0])                                          # (1, S)
            last[0, : w.shape[1]] = error
            d = back_through_time(self.cell, last, slopes, w)[:-1].flip(0)         # (read, 1, S)
            dx = (self.cell.errors(d, slopes)[0] @ u)[:, 0]                        # (read, D)
            slope[order[:read, 0] if way == "backward" else slice(read)] += dx
        size = slope.norm(dim=1)                                                   # (T,)
        return scores.softmax(1), size / size.sum().clamp_min(1e-30)


class Bidirectional:
    """The three taggers, trained in the same step on the same sentences."""

    shared: ClassVar[tuple[str, ...]] = ("grammar", "ceiling")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.grammar = GRAMMARS[params.language](params.reach)
        self.ceiling = self.grammar.ceiling.astype(np.float32)
        V, C = len(self.grammar.words), len(self.grammar.tags)
        self.taggers = [Tagger(params.cell, directions, params.hidden_size, V, C, self.generator)
                        for directions in (("forward",), ("backward",), ("forward", "backward"))]
        for tagger in self.taggers:
            tagger.to(self.device)
        self.optimizer = torch.optim.Adam([one for each in self.taggers for one in each.learnt],
                                          fused=True)
        self.right = torch.full((3, 3), 0.5)   # right answers: tagger × need, fading
        self.asked = torch.ones(3)             # … of so many: a coin's accuracy to begin with

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of each tagger on new sentences; they are scored before they learn from them."""
        T = self.grammar.longest
        uniform = torch.rand(params.batch, 1 + T, generator=self.generator, dtype=torch.float64)
        words, tags, needs = (torch.from_numpy(one.T).to(self.device)
                              for one in self.grammar.fill(uniform.numpy()))       # (T, B) each
        longest = int((words > 0).sum(0).max())
        words, tags, needs = words[:longest], tags[:longest], needs[:longest]
        order = reversal((words > 0).sum(0), longest)                              # (T, B)

        scores = [one.scores(words, order) for one in self.taggers]         # (T, B, C) each
        losses = torch.stack([cross_entropy(one.flatten(0, 1), tags.flatten(), ignore_index=-1)
                              for one in scores])                                  # (3,)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.zero_grad()
        losses.sum().backward()
        self.optimizer.step()

        self._count(torch.stack(scores).argmax(3) == tags, needs)
        accuracy = (self.right / self.asked).tolist()
        return {
            "loss": float(losses.detach().mean()),
            **{f"loss_{name}": one for name, one in zip(TAGGERS, losses.tolist(), strict=True)},
            **{f"{name}_{need}": accuracy[i][j] for i, name in enumerate(TAGGERS)
               for j, need in enumerate(NEEDS)},
        }

    def _count(self, hit: Tensor, needs: Tensor) -> None:
        """Add a batch to the accuracies. hit (3, T, B), needs (T, B)"""
        of_need = torch.stack([needs == need for need in range(3)]).flatten(1).float()    # (3, T·B)
        self.right = REMEMBERED * self.right + (hit.flatten(1).float() @ of_need.T).cpu()
        self.asked = REMEMBERED * self.asked + of_need.sum(1).cpu()

    # --- one sentence

    def _sentence(self, params: Params) -> tuple[str, ...]:
        """The typed sentence, or an example."""
        examples = self.grammar.examples[params.need % len(NEEDS)]
        return self.grammar.cut(params.sentence) \
            or self.grammar.cut(examples[params.example % len(examples)])

    def frame(self, params: Params) -> Frame:
        """What the taggers make of one sentence, and of which words."""
        whole = self._sentence(params)
        words = whole[:LONGEST]
        known = np.array([word in self.grammar.ids for word in words])             # (T,)
        meant, needs = self.grammar.read(words) or np.full((2, len(words)), -1)
        undecided = np.flatnonzero(needs != NOTHING)
        word = params.word if 0 <= params.word < len(words) else \
            int(undecided[-1] if len(undecided) else 0)

        odds = np.zeros((3, len(words), len(self.grammar.tags)), np.float32)
        influence = np.zeros((3, len(words)), np.float32)
        if known.any():
            ids = torch.tensor([self.grammar.ids[one] for one in words if one in self.grammar.ids],
                               device=self.device)[:, None]                        # (T', 1)
            at = int(known[:word].sum()) if known[word] else -1
            for i, tagger in enumerate(self.taggers):
                odds[i, known], influence[i, known] = (
                    one.cpu().numpy() for one in tagger.look(ids, at))
        return Frame(
            words=words, known=known, tag_names=self.grammar.tags, meant=meant.copy(),
            needs=needs.copy(), odds=odds, word=word, influence=influence,
            ceiling=self.ceiling.copy(),
            weights=tuple(sum(one.numel() for one in each.learnt) for each in self.taggers),
            unknown=tuple(dict.fromkeys(one for one in words if one not in self.grammar.ids)),
            total=len(whole))
