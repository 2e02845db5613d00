"""Three taggers race on the same sentences: one reads forward, one backward, one both ways.

A recurrent network that reads from the left knows at word t only x_1 … x_t. Schuster and Paliwal
(1997) run a second one over the reversed sequence and put the two states of a word side by side:

    h_t = [ →h_t ; ←h_t ],    →h_t = f(→h_{t-1}, x_t),    ←h_t = f(←h_{t+1}, x_t)

so that what is read from h_t has seen the whole sentence. The cells f are those of
``visualizers/models/recurrent.py``, the taggers with the way back through time written out that of
``visualizers/models/tagger.py``.

Shapes: B sentences, T words, D numbers an embedding, H units, G blocks of weights (GRU 3, LSTM 4),
C tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from visualizers.data.tagging import GRAMMARS, NEEDS, NOTHING
from visualizers.l2_networks.bidirectional.panel import TAGGERS, Frame, Params
from visualizers.models.tagger import Tagger, reversal
from visualizers.models.text_cnn import scattered
from visualizers.panel import Context

LONGEST = 60      # words of a typed sentence that are read
REMEMBERED = 0.9  # accuracies are means of about the last ten batches


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

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """One update of each tagger on new sentences; they are scored before they learn from them."""
        T = self.grammar.longest
        uniform = torch.rand(params.batch, 1 + T, generator=self.generator, dtype=torch.float64)
        words, tags, needs = (torch.from_numpy(one.T).to(self.device)
                              for one in self.grammar.fill(uniform.numpy()))       # (T, B) each
        longest = int((words > 0).sum(0).max())
        words, tags, needs = words[:longest], tags[:longest], needs[:longest]
        order = reversal((words > 0).sum(0), longest)                              # (T, B)

        losses, hits = [], []
        for tagger in self.taggers:
            loss, log_odds, gradients, d_x = tagger.loss(tagger.e[words], order, tags)
            d_e = scattered(words, d_x, tagger.e)                                  # (V, D)
            for tensor, gradient in zip(tagger.learnt, [d_e, *gradients], strict=True):
                tensor.grad = gradient
            losses.append(float(loss))
            hits.append(log_odds.argmax(2) == tags)                                # (T, B)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()

        self._count(torch.stack(hits), needs)
        accuracy = (self.right / self.asked).tolist()
        return {
            "loss": sum(losses) / len(losses),
            **{f"loss_{name}": one for name, one in zip(TAGGERS, losses, strict=True)},
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
