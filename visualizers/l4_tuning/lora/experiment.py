"""LoRA beside full tuning: what is learnt of a new task, and what is left of an old one.

Hu et al. 2022, "LoRA"; Biderman et al. 2024, "LoRA Learns Less and Forgets Less". A weight matrix W stays
as it is and gets a change of low rank beside it, equation (3):

    h = W x + (α / r) B A x        A: (r, C) begins at random, B: (C', r) at zero

``LowRank`` in ``visualizers/models/delta.py`` is these two matrices. Full tuning changes every number of
the backbone instead. Both begin with the same pre-trained model, and a new linear layer on [CLS].

The old task is what the model was pre-trained for: which word is under the mask? An answer counts if it is
of the right kind: a word that praises, one that blames, or a thing of the right topic. Nobody trains it
here; what is left of it is what tuning has not overwritten.

Shapes: B texts, T tokens, C channels, r the rank, S singular values of a matrix.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from visualizers.data.made_language import (
    BLAME,
    MASK,
    NUMBER,
    PAD,
    PRAISE,
    TOPICS,
    WORDS,
    Labelled,
    agreement,
    reviews,
)
from visualizers.l4_tuning.lora.panel import (
    BYTES,
    DIRECTIONS,
    FROZEN_BYTES,
    KEYS,
    LEARNERS,
    MATRICES,
    STEPS,
    Frame,
    Params,
)
from visualizers.l4_tuning.lora.smollm import RealTuning, spectrum_of
from visualizers.models.bert import Bert
from visualizers.models.checkpoint import frozen_made_bert
from visualizers.models.delta import Lora
from visualizers.models.made_bert import Rows, labelled_rows, rows_of
from visualizers.models.tuned import Tuned
from visualizers.panel import Context

MAPS = ("attention.query", "attention.key", "attention.value", "attention.out", "up", "down")
PLACES = {"queries and values": ("attention.query", "attention.value"), "every matrix": MAPS}
BATCH = 32
RULED, ASKED = 1000, 80  # texts to learn a rule from, and to ask about it
OLD, SHORT, LONG = 80, 8, 18  # so many reviews, of so many words, with one word under a mask
CHECKED = 40  # of the texts asked about are asked again when LoRA is merged
KINDS = (PRAISE, BLAME, *TOPICS.values())  # of the words that are asked for


class Learner(Tuned):
    """A backbone with a LoRA, or without one and its own weights trained, and a new head."""

    def spectra(self, before: Bert) -> dict[str, NDArray[np.float32]]:
        """The singular values (S,) of ΔW, of each matrix that has one."""
        if isinstance(self.delta, Lora):
            return {name: spectrum_of(part)
                    for name, part in zip(self.delta.names, self.delta.parts, strict=True)}
        return {name: torch.linalg.svdvals(self.bert.get_parameter(f"{name}.weight")
                                           - before.get_parameter(f"{name}.weight")).cpu().numpy()
                for name in matrices(before)}


class LoraAndFull:
    """Three learners on the same texts: full tuning, LoRA, and LoRA at full tuning's rate; or one LoRA on a
    real model, which ``smollm.py`` trains."""

    shared: tuple[str, ...] = ("backbone", "ids", "labels", "asked", "answers", "masked", "at", "true",
                               "kind")
    measure_every = 20

    def __init__(self, params: Params, context: Context) -> None:
        self.real = self._open(params, context)
        if self.real is not None:
            self.language = self.real.model
            self.shared = ("language",)
            return
        self.generator, device = context.generator, context.device
        self.backbone = frozen_made_bert(device)
        learnt, asked = new_task(params.task, params.facts, params.seed)
        self.ids, self.labels = (one.to(device) for one in learnt)             # (N, T), (N,)
        self.asked, self.answers = (one.to(device) for one in asked)           # (N, T), (N,)
        whole, at = old_texts()                                                # (N, T), (N,)
        self.at = at.to(device)                                                # (N,)
        self.true = whole.gather(1, at[:, None])[:, 0].to(device)              # (N,)
        self.masked = whole.scatter(1, at[:, None], MASK).to(device)           # (N, T)
        self.kind = torch.full((len(WORDS),), -1)                              # (V,)
        for number, words in enumerate(KINDS):
            self.kind[[NUMBER[word] for word in words]] = number
        self.kind = self.kind.to(device)

        def lora() -> Lora:  # both begin with the same A
            start = torch.Generator().manual_seed(params.seed)
            return Lora(self.backbone, start, params.rank, params.alpha, PLACES[params.places])

        self.learners = [Learner(self.backbone, one, 2, self.generator)
                         for one in (None, lora(), lora())]
        for one in self.learners:
            one.to(device)
        self.optimizer = torch.optim.AdamW(  # one group a learner, each with its own learning rate
            [{"params": [w for w in one.parameters() if w.requires_grad]} for one in self.learners],
            weight_decay=0.0, fused=True)
        self.size = sum(self.backbone.get_parameter(f"{name}.weight").square().sum().item()
                        for name in matrices(self.backbone))                   # ‖W‖² of all
        self.before = self._kept(self.backbone(self.masked, real=self.masked != PAD), self.backbone)
        self.steps = 0

    def _open(self, params: Params, context: Context) -> RealTuning | None:
        """The real model, where it is asked for and has been fetched."""
        if params.model != "SmolLM2":
            return None
        files = context.data.model("smollm2")
        context.stands_in(files.missing, "Made BERT")
        return None if files.missing else RealTuning(params, context, files)

    def finished(self, params: Params) -> bool:
        if self.real is not None:
            return self.real.finished()
        return self.steps >= STEPS

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of every learner on the same texts."""
        if self.real is not None:
            return self.real.step(params)
        rows = torch.randint(len(self.ids), (BATCH,), generator=self.generator)  # (B,)
        ids, labels = self.ids[rows], self.labels[rows]                        # (B, T), (B,)
        losses = torch.stack([F.cross_entropy(one(ids), labels) for one in self.learners])
        for group, rate in zip(self.optimizer.param_groups,
                               (params.full_rate, params.rate, params.full_rate), strict=True):
            group["lr"] = rate
        self.optimizer.zero_grad()
        losses.sum().backward()  # they share no trained weight, so each learns from its own loss
        self.optimizer.step()
        self.steps += 1
        return {"loss": losses[1].item()}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Ask each learner about the new and the old, and take its change of every matrix apart."""
        if self.real is not None:
            return self.real.measure()
        scores = [one(self.asked) for one in self.learners]                    # (N, classes)
        self.new = [(one.argmax(1) == self.answers).float().mean().item() for one in scores]
        self.kept = [self._kept(one.states(self.masked), one.bert) for one in self.learners]
        names = matrices(self.backbone)
        self.spectrum = np.zeros((len(LEARNERS), len(names), DIRECTIONS), np.float32)
        moved = []  # ‖ΔW‖ / ‖W‖ over all matrices
        for at, learner in enumerate(self.learners):
            for name, values in learner.spectra(self.backbone).items():
                self.spectrum[at, names.index(name)] = values
            moved.append(float(np.sqrt(np.square(self.spectrum[at]).sum() / self.size)))
        self._merge(self.learners[1], scores[1])
        return {f"{key}_{what}": values[at] for at, key in enumerate(KEYS)
                for what, values in (("new", self.new), ("kept", self.kept), ("moved", moved))}

    def _kept(self, x: Tensor, bert: Bert) -> float:
        """The share of masked words (N,) whose kind is told from the states x (N, T, C)."""
        found = bert.read_out(x[torch.arange(len(x)), self.at]).argmax(-1)     # (N,)
        return (self.kind[found] == self.kind[self.true]).float().mean().item()

    def _merge(self, learner: Learner, scores: Tensor) -> None:
        """Put W + (α/r) B A into the places of the backbone's W, and ask the same."""
        assert isinstance(learner.delta, Lora)
        asked, scores = self.asked[:CHECKED], scores[:CHECKED]                 # (n, T), (n, classes)
        x = functional_call(self.backbone, learner.delta.merged(self.backbone), (asked,),
                            {"real": asked != PAD})[:, 0]                      # (n, C)
        again = F.linear(x, learner.weight, learner.bias)                      # (n, classes)
        self.merged = (again - scores).abs().max().item()
        self.same = (again.argmax(1) == scores.argmax(1)).float().mean().item()

    # --- looking

    def frame(self, params: Params) -> Frame:
        """What was measured last."""
        if self.real is not None:
            return self.real.frame(params)
        energy = np.square(self.spectrum)                                      # (3, M, S)
        first = energy[..., : params.rank].sum(-1) / np.maximum(energy.sum(-1), 1e-30)
        trained = [one.trained for one in self.learners]
        whole = sum(one.numel() for one in self.backbone.parameters())
        return Frame(
            blocks=tuple(at + 1 for at in range(len(self.backbone.blocks)) for _ in MATRICES),
            kinds=MATRICES * len(self.backbone.blocks),
            new=np.array(self.new, np.float32), kept=np.array(self.kept, np.float32), before=self.before,
            guessing=float(max(torch.bincount(self.answers)) / len(self.answers)),
            spectrum=self.spectrum.copy(), first=first.clip(0, 1).astype(np.float32),
            trained=np.array(trained, np.int32), whole=whole, merged=self.merged, same=self.same,
            memory=np.array([FROZEN_BYTES * whole + BYTES * trained[1], BYTES * whole], np.float64))


def matrices(bert: Bert) -> list[str]:
    """The names of all weight matrices of the blocks."""
    return [f"blocks.{at}.{name}" for at in range(len(bert.blocks)) for name in MAPS]


@lru_cache(maxsize=8)
def new_task(task: str, facts: int, seed: int) -> tuple[Rows, Rows]:
    """What is learnt from and what is asked, of two classes. Facts are asked as they were learnt, a rule on
    new texts."""
    if task == "do they agree":
        return labelled_rows(agreement(RULED, seed)), labelled_rows(agreement(ASKED, seed + 1000))
    made = labelled_rows(by_heart(facts, seed))
    return made, made


def by_heart(facts: int, seed: int) -> Labelled:
    """Statements that are true or false by the fall of a coin, half of each."""
    draw = random.Random(seed)
    pairs = [(thing, word) for topic in TOPICS.values() for thing in topic for word in (*PRAISE, *BLAME)]
    texts = [f"the {thing} was {word}" for thing, word in draw.sample(pairs, facts)]
    labels = [at % 2 for at in range(len(texts))]
    draw.shuffle(labels)
    return Labelled(texts, labels, ("false", "true"))


@cache
def old_texts() -> tuple[Tensor, Tensor]:
    """Reviews as ids (N, T), and in each the place (N,) of one word whose kind is known."""
    texts = [one.text for one in reviews(8 * OLD, 99) if SHORT < len(one.text.split()) <= LONG]
    ids, draw = rows_of(texts[:OLD]), random.Random(0)
    known = {NUMBER[word] for words in KINDS for word in words}
    at = [draw.choice([place for place, id in enumerate(row) if id in known]) for row in ids.tolist()]
    return ids, torch.tensor(at)
