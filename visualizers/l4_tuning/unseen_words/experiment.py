"""Six ways to tune the same two backbones, one pre-trained and one random, on six words.

Ding et al. 2022, "Delta Tuning"; the methods are written out in ``visualizers/models/delta.py``. The task
is to tell praise from blame in "the soup was good". Three words that praise and three that blame are tuned
on; the other seven and seven are asked about afterwards. The made language has shown the pre-trained model
all twenty, without a label: words of one side stand in one review. So what tuning teaches about three of
them holds for all ten, if it uses what the model has.

Every method begins with the same backbone and a new linear layer on [CLS], and makes the same number of
updates on the same texts, each at its own learning rate.

Shapes: B texts, T tokens, C channels, W words, X texts for each word.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.data.made_language import BLAME, NUMBER, PRAISE, TOPICS, statements
from visualizers.l4_tuning.unseen_words.panel import (
    BACKBONES,
    EACH,
    METHODS,
    SIDE,
    STEPS,
    Frame,
    Params,
)
from visualizers.models.bert import Bert
from visualizers.models.checkpoint import frozen_made_bert
from visualizers.models.made_bert import beginning, labelled_rows, rows_of
from visualizers.models.tuned import Tuned, delta_of
from visualizers.panel import Context

WORDS = (*PRAISE, *BLAME)
RATES = (1e-3, 1e-2, 1e-2, 1e-2, 2e-2, 2e-2)  # of each method
TEXTS = 4  # asked about each word
POOL = 512  # texts to learn from


class UnseenWords:
    """Twelve learners, side by side."""

    shared: ClassVar[tuple[str, ...]] = (
        "trained", "random", "ids", "labels", "asked", "asked_labels", "place")
    measure_every = 10

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, device = context.generator, context.device
        self.taught = taught(params)
        praise, blame = ([WORDS[one] for one in side] for side in self.sides())
        made = statements(POOL, praise, blame, params.seed)
        self.ids, self.labels = (one.to(device) for one in labelled_rows(made))  # (N, T), (N,)
        # Each word after the same things: W · X texts.
        things = random.Random(0).sample([word for topic in TOPICS.values() for word in topic], TEXTS)
        self.asked = rows_of([f"the {thing} was {word}" for word in WORDS for thing in things]).to(device)
        self.asked_labels = torch.tensor([int(word in PRAISE) for word in WORDS], device=device)  # (W,)

        self.trained = frozen_made_bert(device)
        self.random = beginning(self.generator).to(device).requires_grad_(False)
        self.learners: list[list[Tuned]] = [
            [Tuned(bert, delta_of(method, bert, params.size, self.generator), 2, self.generator)
             for bert in self.backbones] for method in METHODS]
        for row in self.learners:
            for one in row:
                one.to(device)
        self.optimizer = torch.optim.AdamW(  # one group a learner, each with its own learning rate
            [{"params": [w for w in one.parameters() if w.requires_grad]}
             for row in self.learners for one in row], weight_decay=0.01, fused=True)
        known = self.trained.token_embedding.weight[[NUMBER[word] for word in WORDS]].cpu()  # (W, C)
        known = known - known.mean(0)
        self.place = (known @ torch.linalg.svd(known)[2][:2].T).numpy()        # (W, 2)
        if self.place[:SIDE, 0].mean() < 0:
            self.place = -self.place
        self.steps = 0

    @property
    def backbones(self) -> tuple[Bert, Bert]:
        return self.trained, self.random

    def sides(self) -> tuple[list[int], list[int]]:
        """The words tuned on: those that praise, those that blame."""
        return ([one for one in self.taught if one < SIDE], [one for one in self.taught if one >= SIDE])

    def finished(self, params: Params) -> bool:
        return self.steps >= STEPS

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of every learner on the same texts."""
        rows = torch.randint(len(self.ids), (params.batch,), generator=self.generator)  # (B,)
        ids, labels = self.ids[rows], self.labels[rows]                        # (B, T), (B,)
        losses = [[F.cross_entropy(one(ids), labels) for one in row] for row in self.learners]
        for at, group in enumerate(self.optimizer.param_groups):
            group["lr"] = RATES[at // len(BACKBONES)] * params.rate
        self.optimizer.zero_grad()
        # They share no trained weight, so each learns from its own loss.
        torch.stack([one for row in losses for one in row]).sum().backward()
        self.optimizer.step()
        self.steps += 1
        mean = [sum(row[side].item() for row in losses) / len(METHODS) for side in range(len(BACKBONES))]
        return {"loss": mean[0], "random_loss": mean[1]}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Ask every learner about all twenty words."""
        right = torch.stack([torch.stack([self._right(one) for one in row]) for row in self.learners])
        self.right = right.cpu().numpy()                                       # (M, 2, W)
        chosen = np.isin(np.arange(len(WORDS)), self.taught)
        self.seen, self.unseen = (self.right[..., which].mean(-1) if which.any() else
                                  np.zeros(self.right.shape[:2], np.float32) for which in (chosen, ~chosen))
        seen, unseen = self.seen.mean(0), self.unseen.mean(0)
        return {"words_seen": float(seen[0]), "words_unseen": float(unseen[0]),
                "random_words_seen": float(seen[1]), "random_words_unseen": float(unseen[1])}

    def _right(self, learner: Tuned) -> Tensor:
        """The share of each word's texts that are rightly told, (W,)."""
        said = learner(self.asked).argmax(1).view(len(WORDS), TEXTS)           # (W, X)
        right: Tensor = (said == self.asked_labels[:, None]).float().mean(1)
        return right

    # --- looking

    def frame(self, params: Params) -> Frame:
        """What was measured last."""
        return Frame(
            words=WORDS, side=np.array([word in PRAISE for word in WORDS], np.uint8),
            taught=np.isin(np.arange(len(WORDS)), self.taught).astype(np.uint8),
            right=self.right.copy(), seen=self.seen.copy(), unseen=self.unseen.copy(),
            place=self.place.copy(), trained=np.array([row[0].trained for row in self.learners], np.int32),
            whole=sum(one.numel() for one in self.backbones[0].parameters()))


def taught(params: Params) -> tuple[int, ...]:
    """The words that are tuned on: those that were clicked, with at least one of each side."""
    draw = random.Random(params.seed)
    drawn = (draw.sample(range(SIDE), EACH), draw.sample(range(SIDE, 2 * SIDE), EACH))
    clicked = {one for one in params.taught if 0 <= one < 2 * SIDE}
    found: list[int] = []
    for side, spare in enumerate(drawn):
        own = [one for one in sorted(clicked) if (one >= SIDE) == side]
        found += own or sorted(spare)[:None if not clicked else 1]
    return tuple(found)
