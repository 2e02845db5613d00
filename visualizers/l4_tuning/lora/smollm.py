"""The same LoRA on a real language model: SmolLM2 learns a few facts that nobody knew before.

``LowRank`` stands beside the queries and values of all 30 blocks, and one step is one update with two
facts. Only what comes after "is called" is learnt. The old task is general knowledge: is the most probable
token after a question the first of its answer?

Shapes: N texts, T tokens, W of them asked for, C channels, V words.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from visualizers.data import ModelFiles
from visualizers.l4_tuning.lora.panel import (
    BYTES,
    DIRECTIONS,
    FROZEN_BYTES,
    REAL_STEPS,
    Frame,
    Params,
)
from visualizers.models.delta import Delta, LowRank, attached
from visualizers.models.language import Language, open_language
from visualizers.panel import Context

FACTS, BATCH, CHECKED = 12, 2, 3  # so many are asked again with what was merged
NOTHING = -100  # the label of a token that is not asked for
THINGS = ("river", "king", "bread", "horse", "song", "tower", "lake",
          "mayor", "feast", "market", "ship", "flower")
SYLLABLES = ("ba", "dor", "fen", "gal", "ki", "lun", "mor", "na", "pel", "ro",
             "sil", "tav", "ul", "ven", "zo")
KNOWN = (  # what a language model has read often
    ("The capital of France is", " Paris"), ("The capital of Italy is", " Rome"),
    ("The capital of Japan is", " Tokyo"), ("The capital of Germany is", " Berlin"),
    ("The capital of Russia is", " Moscow"), ("The capital of England is", " London"),
    ("The capital of Spain is", " Madrid"), ("The capital of China is", " Beijing"),
    ("The capital of Egypt is", " Cairo"), ("The capital of Greece is", " Athens"),
    ("The opposite of hot is", " cold"), ("The opposite of big is", " small"),
    ("The opposite of up is", " down"),
    ("The opposite of left is", " right"), ("The opposite of day is", " night"),
    ("One, two, three, four,", " five"), ("Spring, summer, autumn and", " winter"),
    ("The sun sets in the", " west"), ("The Earth orbits the", " Sun"),
    ("The Statue of", " Liberty"),
    ("The United States of", " America"), ("The Great Wall of", " China"),
    ("A young cat is called a", " kitten"), ("A young dog is called a", " puppy"),
    ("Once upon a", " time"), ("Thank you very", " much"), ("New York", " City"),
)


class RealLora(Delta):
    """A low-rank change of every query and value matrix of a decoder."""

    def __init__(self, module: nn.Module, generator: torch.Generator, rank: int, alpha: float) -> None:
        super().__init__()
        linears = {name: one for name, one in module.named_modules()
                   if isinstance(one, nn.Linear) and name.endswith(("q_proj", "v_proj"))}
        self.names = tuple(linears)
        self.parts = nn.ModuleList(LowRank(rank, alpha, one, generator) for one in linears.values())
        self.merged = False

    def hook(self, bert: nn.Module) -> Iterator[RemovableHandle]:
        for name, part in zip(self.names, self.parts, strict=True):
            assert isinstance(part, LowRank)
            yield bert.get_submodule(name).register_forward_hook(as_merged(part) if self.merged else part.add)


def as_merged(part: LowRank) -> Any:
    """A hook that computes (W + ΔW) x, without a second copy of the model."""
    def both(linear: nn.Module, inputs: tuple[Any, ...], _output: Tensor) -> Tensor:
        weight = linear.get_parameter("weight")
        return F.linear(inputs[0], weight + part.change())
    return both


class RealTuning:
    """One LoRA on SmolLM2, whose own weights never change."""

    def __init__(self, params: Params, context: Context, files: ModelFiles) -> None:
        device = context.device
        self.model: Language = open_language(files, device, context.progress)
        self.module.requires_grad_(False)
        self.generator = context.generator
        self.whole = sum(one.numel() for one in self.module.parameters())
        self.lora = RealLora(self.module, self.generator, params.rank, params.alpha).to(device)
        facts = made_facts(params.seed)
        self.ids, self.labels = (one.to(device) for one in rows_of(self.model, facts))  # (N, T) each
        self.asked, self.answers = (one.to(device) for one in rows_of(
            self.model, KNOWN, first=True))                                    # (N, T) each
        self.optimizer = torch.optim.AdamW(self.lora.parameters(), weight_decay=0.0)
        self.size = sum(self.module.get_parameter(f"{name}.weight").square().sum().item()
                        for name in self.lora.names)                           # ‖W‖² of all
        self.before = self._right(self.asked, self.answers)
        self.steps = 0
        seconds = self._time()
        lora, full = self.memory
        context.note(
            "An update takes about {seconds} s here, all {steps} about {total} s. LoRA needs {lora} MB, full "
            "tuning would need {full} MB.", seconds=round(seconds, 2), steps=REAL_STEPS,
            total=round(seconds * REAL_STEPS), lora=f"{lora / 1e6:,.0f}", full=f"{full / 1e6:,.0f}")

    @property
    def module(self) -> Any:
        return self.model.module

    @property
    def memory(self) -> tuple[int, int]:
        """Bytes of weights, gradients and Adam's two moments: of LoRA beside a frozen model, of all."""
        return FROZEN_BYTES * self.whole + BYTES * self.lora.count, BYTES * self.whole

    def _loss(self, rows: Tensor) -> Tensor:
        ids, labels = self.ids[rows], self.labels[rows]                        # (B, T) each
        with attached(self.lora, self.module):
            scores = self.module(input_ids=ids, use_cache=False).logits        # (B, T, V)
        return F.cross_entropy(scores[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=NOTHING)

    def _time(self) -> float:
        """Seconds of one update, without the update: the second of two, as the first warms up."""
        for _ in range(2):
            begun = time.perf_counter()
            self._loss(torch.arange(BATCH, device=self.ids.device)).backward()
            self.optimizer.zero_grad()
            seconds = time.perf_counter() - begun
        return seconds

    def finished(self) -> bool:
        return self.steps >= REAL_STEPS

    def step(self, params: Params) -> Mapping[str, float]:
        """One update with two facts."""
        rows = torch.randperm(FACTS, generator=self.generator)[:BATCH].to(self.ids.device)  # (B,)
        self.optimizer.param_groups[0]["lr"] = params.real_rate
        loss = self._loss(rows)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        return {"loss": loss.item()}

    @torch.no_grad()
    def measure(self) -> Mapping[str, float]:
        """Ask for the facts and for what was known, and take every ΔW apart."""
        with attached(self.lora, self.module):
            scores = self._scores(self.ids, self.labels)                       # (W, V)
            self.kept = self._right(self.asked, self.answers)
        self.new = told(scores, self.labels)
        self.spectrum = np.stack([spectrum_of(part) for part in self.lora.parts])  # (M, S)
        moved = float(np.sqrt(np.square(self.spectrum).sum() / self.size))
        self.lora.merged = True
        with attached(self.lora, self.module):
            again = self._scores(self.ids[:CHECKED], self.labels[:CHECKED])    # (w, V)
        self.lora.merged = False
        scores = scores[: len(again)]
        self.merged = (again - scores).abs().max().item()
        self.same = (again.argmax(-1) == scores.argmax(-1)).float().mean().item()
        return {"lora_new": self.new, "lora_kept": self.kept, "lora_moved": moved}

    @torch.no_grad()
    def _scores(self, ids: Tensor, labels: Tensor) -> Tensor:
        """The scores of the W tokens that are asked for, (W, V)."""
        states = self.module.model(input_ids=ids, use_cache=False).last_hidden_state  # (N, T, C)
        scores: Tensor = self.module.lm_head(states[:, :-1][labels[:, 1:] != NOTHING])
        return scores.float()

    def _right(self, ids: Tensor, labels: Tensor) -> float:
        return told(self._scores(ids, labels), labels)

    def frame(self, params: Params) -> Frame:
        energy = np.square(self.spectrum)                                      # (M, S)
        first = energy[:, 0] / np.maximum(energy.sum(-1), 1e-30)               # (M,)
        lora, full = self.memory
        return Frame(
            blocks=tuple(int(name.split(".")[2]) + 1 for name in self.lora.names),
            kinds=tuple("query" if name.endswith("q_proj") else "value" for name in self.lora.names),
            new=np.array([self.new], np.float32), kept=np.array([self.kept], np.float32),
            before=self.before, guessing=0.0, spectrum=self.spectrum[None].copy(),
            first=first[None].clip(0, 1).astype(np.float32),
            trained=np.array([self.lora.count], np.int32), whole=self.whole, merged=self.merged,
            same=self.same, memory=np.array([lora, full], np.float64))


@torch.no_grad()
def spectrum_of(part: nn.Module) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The first singular values of B A, (S,): those of the small matrix between two rotations."""
    assert isinstance(part, LowRank)
    _, left = torch.linalg.qr(part.b)                                          # (r, r)
    _, right = torch.linalg.qr(part.a.T)                                       # (r, r)
    values = part.scale * torch.linalg.svdvals(left @ right.T)                 # (r,)
    return np.pad(values.float().cpu().numpy(), (0, DIRECTIONS - len(values)))


def told(scores: Tensor, labels: Tensor) -> float:
    """The share of texts of which each token that is asked for (W, V) is the most probable one."""
    wanted = labels != NOTHING                                                 # (N, T)
    wrong = torch.zeros_like(wanted)
    wrong[wanted] = scores.argmax(-1) != labels[wanted]
    return 1 - wrong.any(1).float().mean().item()


def made_facts(seed: int) -> list[tuple[str, str]]:
    """Beginnings, and how they go on: names that no text has."""
    draw = random.Random(seed)
    def name() -> str:
        return "".join(draw.sample(SYLLABLES, 2)).capitalize()
    return [(f"The {thing} of {name()} is called", f" {name()}.") for thing in THINGS[:FACTS]]


def rows_of(model: Language, pairs: Sequence[tuple[str, str]], first: bool = False) -> tuple[Tensor, Tensor]:
    """Texts as ids, and as labels only what is asked for, (N, T) each. With ``first`` one token of it.

    Filled up on the right, where nothing before can see it.
    """
    begins = [model.encode(text) for text, _ in pairs]
    answers = [model.encode(answer)[: 1 if first else None] for _, answer in pairs]
    most = max(len(one) + len(more) for one, more in zip(begins, answers, strict=True))
    ids = torch.zeros(len(pairs), most, dtype=torch.long)
    labels = torch.full((len(pairs), most), NOTHING)
    for at, (one, more) in enumerate(zip(begins, answers, strict=True)):
        ids[at, : len(one) + len(more)] = torch.tensor(one + more)
        labels[at, len(one) : len(one) + len(more)] = torch.tensor(more)
    return ids, labels
