"""The same model, asked in two ways: by a word that it fills in, or by a new layer on top.

Schick and Schütze 2021, "Exploiting Cloze Questions"; Gao et al. 2021, "Making Pre-trained Language Models
Better Few-shot Learners"; the template language is that of OpenPrompt (Ding et al. 2022). A template turns
"the soup was good" into "the soup was good . a [MASK] day ."; the label words say which words at the mask
stand for which class:

    prompt    s_c = mean over the label words w of class c of the score of w at [MASK]
    head      s   = W h_[CLS] + b, with W and b drawn at random

For each number of examples K and each of five draws of them, a copy of the pre-trained model is trained
either way with the same updates, then asked about the same 200 texts. The model is that of the made
language: 108 k weights, pre-trained to fill in masks, never shown a label.

Shapes: B texts, T tokens, C channels, V words, W label words, P soft vectors.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.data import made_language
from visualizers.data.made_language import (
    BEGIN,
    END,
    MASK,
    NUMBER,
    PAD,
    UNKNOWN,
    WORDS,
    Labelled,
    cut,
)
from visualizers.l4_tuning.prompt_vs_head.panel import (
    CLASSES,
    DRAWS,
    LISTED,
    NOT_YET,
    SHOTS,
    WORDINGS,
    Frame,
    Params,
)
from visualizers.models.bert import Bert
from visualizers.models.checkpoint import frozen_made_bert
from visualizers.models.delta import SoftWords, attached
from visualizers.models.made_bert import CONFIG, rows_of
from visualizers.models.prompt_template import Filled, Piece, fill, parse
from visualizers.panel import Context
from visualizers.refusal import Refusal

BATCH = 16
ASKED = 200  # texts on which an accuracy is measured
ASKED_SEED, LEARNT_SEED = 700_000, 800_000


class Prompted(nn.Module):
    """A BERT that answers by the label words at the mask of a template."""

    def __init__(self, bert: Bert, pieces: tuple[Piece, ...], words: Tensor, classes: Tensor, join: str,
                 generator: torch.Generator) -> None:
        super().__init__()
        self.bert, self.pieces, self.join = bert, pieces, join
        self.words, self.classes = words, classes                              # (W,) ids, (W,) 0 or 1
        begin = [NUMBER.get(word, UNKNOWN) if word else -1
                 for piece in pieces if piece.kind == "soft" for word in piece.words]
        self.soft = SoftWords(bert, generator, begin) if begin else None

    def at_mask(self, texts: list[Filled]) -> Tensor:
        """The score of each word of the language at the mask, (B, V)."""
        device = self.bert.head_bias.device
        longest = max(len(one.tokens) for one in texts) + 2
        ids = torch.full((len(texts), longest), PAD)                           # (B, T)
        slots = torch.full_like(ids, -1)                                       # (B, T)
        for row, one in enumerate(texts):
            inside = [BEGIN, *(NUMBER.get(token, UNKNOWN) for token in one.tokens), END]
            ids[row, :len(inside)] = torch.tensor(inside)
            slots[row, 1:1 + len(one.soft)] = torch.tensor(one.soft, dtype=torch.long)
        ids, slots = ids.to(device), slots.to(device)
        if self.soft is not None:
            self.soft.slots = slots
        with attached(self.soft, self.bert):
            x = self.bert(ids, real=ids != PAD)                                # (B, T, C)
        scores: Tensor = self.bert.read_out(x[ids == MASK])                    # (B, V)
        return scores

    def scores(self, at_mask: Tensor) -> Tensor:
        """The score of each class, (B, 2), from those of all words (B, V)."""
        found = at_mask.log_softmax(-1)[:, self.words]                         # (B, W)
        each = [found[:, self.classes == one] for one in range(len(CLASSES))]
        return torch.stack([one.mean(1) if self.join == "mean" else one.logsumexp(1) for one in each], 1)

    def forward(self, texts: list[str]) -> Tensor:
        return self.scores(self.at_mask([filled(self.pieces, one) for one in texts]))  # (B, 2)


class Headed(nn.Module):
    """A BERT with a new linear layer on the vector of [CLS]."""

    def __init__(self, bert: Bert, generator: torch.Generator) -> None:
        super().__init__()
        self.bert = bert
        self.weight = nn.Parameter(0.02 * torch.randn(2, bert.config.width, generator=generator))  # (2, C)
        self.bias = nn.Parameter(torch.zeros(2))                               # (2,)

    def forward(self, texts: list[str]) -> Tensor:
        texts = [" ".join(cut(one)[:CONFIG.context - 2]) for one in texts]     # what is too long is cut
        ids = rows_of(texts).to(self.bert.head_bias.device)                    # (B, T)
        x = self.bert(ids, real=ids != PAD)                                    # (B, T, C)
        return F.linear(x[:, 0], self.weight, self.bias)                       # (B, 2)


class PromptVsHead:
    """Thirty runs one after another: for each draw of examples, K from 1 to 32."""

    shared: ClassVar[tuple[str, ...]] = ("backbone", "asked", "pools", "pieces", "words", "classes",
                                         "wording_accuracy", "before")
    # They belong to the runs that are done, and to the examples of the run of the moment.
    remembered: ClassVar[tuple[str, ...]] = ("accuracy", "prompt", "head", "runs", "word_odds", "odds")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        try:
            self.pieces = parse(params.template, cut)
        except Refusal as wrong:
            context.note(wrong.message, **wrong.values)
            self.pieces = parse(Params().template, cut)
        typed = params.label_words
        try:
            self.words, self.classes = label_words(typed)                      # (W,), (W,)
        except Refusal as wrong:
            context.note(wrong.message, **wrong.values)
            self.words, self.classes = label_words(typed := Params().label_words)
        self.backbone, self.asked = frozen_made_bert(self.device), texts_asked()
        self.pools = [others(made_language.sentiment(6 * SHOTS[-1], LEARNT_SEED + 1000 * params.seed + draw),
                             self.asked) for draw in range(DRAWS)]
        self.accuracy = np.full((2, DRAWS, len(SHOTS)), NOT_YET, np.float32)
        self.runs, self.update = 0, 0
        self.beginnings: list[float] = []  # accuracy of each head before its first update
        self._begin(params)
        # The prompt before any run: with the backbone itself.
        self.before = Prompted(self.backbone, self.pieces, self.words.to(self.device),
                               self.classes.to(self.device), params.join, torch.Generator().manual_seed(0))
        self.zero_shot = accuracy(self.before, self.asked)
        self.wording_accuracy = np.zeros(len(WORDINGS), np.float32)
        for at, wording in enumerate(WORDINGS):
            context.progress(at, len(WORDINGS), "asking with each wording")
            self.wording_accuracy[at] = accuracy_with(wording, typed, params.join, self.device)

    def _begin(self, params: Params) -> None:
        """Fresh copies of the backbone, and the examples of the next run."""
        draw, at = divmod(min(self.runs, DRAWS * len(SHOTS) - 1), len(SHOTS))
        self.examples = first_of_each(self.pools[draw], SHOTS[at])
        frozen = params.tuned == "only what is new"
        backbones = [self.backbone if frozen else copy.deepcopy(self.backbone).requires_grad_(True)
                     for _ in range(2)]
        self.prompt = Prompted(backbones[0], self.pieces, self.words.to(self.device),
                               self.classes.to(self.device), params.join, self.generator).to(self.device)
        self.head = Headed(backbones[1], self.generator).to(self.device)
        self.optimizer = torch.optim.AdamW(
            [w for one in (self.prompt, self.head) for w in one.parameters() if w.requires_grad],
            weight_decay=0.01, fused=True)
        if at == 0 and len(self.beginnings) <= draw:
            self.beginnings.append(accuracy(self.head, self.asked))
        self.update = 0

    def finished(self, params: Params) -> bool:
        return self.runs == DRAWS * len(SHOTS)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both ways on the same examples; after a run's last one, both are asked."""
        count = len(self.examples.texts)
        rows = torch.randperm(count, generator=self.generator)[:BATCH].tolist()
        texts = [self.examples.texts[row] for row in rows]
        labels = torch.tensor([self.examples.labels[row] for row in rows], device=self.device)  # (B,)
        loss, head_loss = (F.cross_entropy(one(texts), labels) for one in (self.prompt, self.head))
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.zero_grad()
        (loss + head_loss).backward()  # they share no weight, so each learns from its own loss
        self.optimizer.step()
        self.update += 1
        if self.update >= params.updates and self.runs < DRAWS * len(SHOTS):
            draw, at = divmod(self.runs, len(SHOTS))
            self.accuracy[:, draw, at] = [accuracy(one, self.asked) for one in (self.prompt, self.head)]
            self.runs += 1
            if self.runs < DRAWS * len(SHOTS):
                self._begin(params)
        done = self.accuracy.reshape(2, -1)[:, :self.runs]                     # (2, runs)
        mean = done.mean(1) if self.runs else np.array([self.zero_shot, np.mean(self.beginnings)])
        return {"loss": loss.item(), "head_loss": head_loss.item(),
                "prompt_accuracy": float(mean[0]), "head_accuracy": float(mean[1])}

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """What has been measured so far, and what is said of the sentence now."""
        text = filled(self.pieces, params.sentence)
        now = [one.at_mask([text]) for one in (self.before, self.prompt)]      # each (1, V)
        odds = [self.before.scores(now[0]), self.prompt.scores(now[1]), self.head([params.sentence])]
        every = torch.cat(now).softmax(-1).cpu()                               # (2, V)
        best = every[0].topk(LISTED)
        trained = [sum(w.numel() for w in one.parameters() if w.requires_grad)
                   for one in (self.prompt, self.head)]
        there = self.accuracy >= 0                                             # (2, R, K)
        done = there.sum(1)                                                    # (2, K)
        mean = np.where(done, (self.accuracy * there).sum(1) / np.maximum(done, 1), NOT_YET)
        return Frame(
            accuracy=self.accuracy.copy(), prompt=mean[0].astype(np.float32), head=mean[1].astype(np.float32),
            zero_shot=self.zero_shot, new_head=float(np.mean(self.beginnings)),
            runs=self.runs, tokens=text.tokens, kinds=np.array(text.kinds, np.uint8),
            likely=tuple(WORDS[one] for one in best.indices.tolist()),
            likely_odds=best.values.numpy().copy(),
            words=tuple(WORDS[one] for one in self.words.tolist()),
            word_class=self.classes.numpy().astype(np.int32),
            word_odds=every[:, self.words].numpy().copy(),
            odds=torch.cat(odds).softmax(-1).cpu().numpy().copy(),
            wording_accuracy=self.wording_accuracy.copy(), trained=tuple(trained))


def filled(pieces: tuple[Piece, ...], text: str) -> Filled:
    """A text in its template, with room for [CLS] and [SEP]."""
    words = cut(text)
    return fill(pieces, words or ["[UNK]"], CONFIG.context - 2)


def label_words(typed: str) -> tuple[Tensor, Tensor]:
    """The ids of the label words (W,) and the class of each (W,), from "bad, dull ; good"."""
    groups = [cut(part.replace(",", " ")) for part in typed.split(";")]
    if len(groups) != 2 or not all(groups):
        raise Refusal("Write the words of “negative”, a semicolon, and those of “positive”.")
    unknown = [word for group in groups for word in group if word not in NUMBER]
    if unknown:
        raise Refusal("“{word}” is not a word of the made language; try good, great, bad or dull.",
                      word=unknown[0])
    return (torch.tensor([NUMBER[word] for group in groups for word in group]),
            torch.tensor([number for number, group in enumerate(groups) for _ in group]))


def others(pool: Labelled, asked: Labelled) -> Labelled:
    """The texts that are not asked about, each once."""
    rows = [row for row, text in enumerate(pool.texts)
            if text not in asked.texts and text not in pool.texts[:row]]
    return Labelled([pool.texts[row] for row in rows], [pool.labels[row] for row in rows], pool.names)


def first_of_each(pool: Labelled, count: int) -> Labelled:
    """The first ``count`` texts of each class."""
    rows = [row for label in range(len(pool.names))
            for row in [at for at, one in enumerate(pool.labels) if one == label][:count]]
    return Labelled([pool.texts[row] for row in rows], [pool.labels[row] for row in rows], pool.names)


@cache
def texts_asked() -> Labelled:
    return made_language.sentiment(ASKED, ASKED_SEED)


@lru_cache(maxsize=64)
def accuracy_with(wording: str, typed: str, join: str, device: str) -> float:
    """Of the backbone itself, with one of the wordings: each run would find the same."""
    words, classes = (one.to(device) for one in label_words(typed))
    return accuracy(Prompted(frozen_made_bert(device), parse(wording, cut), words, classes, join,
                             torch.Generator()), texts_asked())


@torch.no_grad()
def accuracy(model: Prompted | Headed, asked: Labelled) -> float:
    """Share of texts that are rightly told."""
    return float(np.mean(model(asked.texts).argmax(1).cpu().numpy() == asked.labels))
