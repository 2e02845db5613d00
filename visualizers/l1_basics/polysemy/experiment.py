"""One word, two meanings: its static vector, and its vectors in context.

A static vector is the same wherever a word stands. Here it is CBOW's (Mikolov et al. 2013): each word is
guessed from the mean of the vectors of the other words of its sentence.

A vector in context is made anew for each place. Peters et al. 2018 (ELMo) took it from two LSTMs, one for
each direction; here it is the last vector of a small BERT of one layer (Devlin et al. 2019), which learns by
filling in words that were masked. To fill in "the [MASK] lent the clerk a loan" it must take from the other
words what is spoken of, and that is what parts the meanings. No meaning is ever told to it.

How well they are parted is measured by two scores over all occurrences of a word:

    silhouette  mean of (b − a) / max(a, b): a is the mean distance to the others of the same meaning, b to
                those of the other one (Rousseeuw 1987); 1 for two points, 0 for one cloud
    right       the share of occurrences whose nearest other one has the same meaning

Shapes: B sentences, T tokens, V tokens known, C numbers in a vector, S in a static one, N occurrences of a
word, L vectors that each occurrence has: one before the first layer, and one after each.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.data.senses import (
    ENGLISH,
    LANGUAGES,
    Language,
    Sentence,
    content_words,
    cut,
    sentence,
    sentences,
    vocabulary,
    written,
)
from visualizers.l1_basics.polysemy.panel import NEAREST, STEPS, Frame, Params
from visualizers.l1_basics.polysemy.reading import MiniLM, Occurrence
from visualizers.models.bert import Bert, BertConfig
from visualizers.models.gpt import Kept
from visualizers.panel import Context

PAD, UNKNOWN, BEGIN, END, MASK = SPECIAL = range(5)
SENTENCES = 4000  # that are learnt from
EACH = 20  # occurrences of each meaning that are looked at; their sentences are drawn anew
BATCH, MASKED = 64, 0.4
LONGEST, C, S = 24, 48, 24
STATIC_RATE = 3.0  # times the learning rate
MOST_UNKNOWN = 8  # words that are told of


# --- a model that learns as one watches ----------------------------------------------------------


class Learner:
    """A small BERT and CBOW, side by side, on the same sentences."""

    layers = 2  # vectors of each occurrence: before the one layer, and after it

    def __init__(self, name: str, context: Context) -> None:
        language = LANGUAGES[name]
        self.generator, self.device = context.generator, context.device
        self.language, self.number = language, numbered(language)
        self.ids = learnt_from(name, context.seed).to(self.device)                # (SENTENCES, T)
        draw = random.Random(1000 + context.seed)
        self.asked = [[(sentence(language, field, draw, word), sense) for sense, field in enumerate(fields)
                       for _ in range(EACH)] for word, fields in language.senses.items()]
        V = len(SPECIAL) + len(self.number)
        self.bert = start(Bert(BertConfig(V, LONGEST, 1, 2, C, 2 * C, 1), self.generator), self.generator)
        self.bert.to(self.device)
        self.static = (0.3 * torch.randn(V, S, generator=self.generator)).to(self.device).requires_grad_()
        self.guess = torch.zeros(S, V, device=self.device, requires_grad=True)
        groups: list[dict[str, Any]] = [{"params": list(self.bert.parameters())},
                                        {"params": [self.static, self.guess]}]
        self.optimizer = torch.optim.Adam(groups, fused=True)
        self.steps = 0

    def step(self, learning_rate: float) -> Mapping[str, float]:
        """Fill in masked words, and guess words from the others of their sentence."""
        drawn = torch.randint(len(self.ids), (BATCH,), generator=self.generator)
        ids = self.ids[drawn.to(self.device)]                                     # (B, T)
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.optimizer.param_groups[1]["lr"] = STATIC_RATE * learning_rate
        self.optimizer.zero_grad()
        loss, static_loss = self.fill_in(ids), self.cbow(ids)
        (loss + static_loss).backward()  # they share no weight
        self.optimizer.step()
        self.steps += 1
        return {"read": float(self.steps * BATCH), "loss": loss.item(), "static_loss": static_loss.item()}

    def fill_in(self, ids: Tensor) -> Tensor:
        """Of the words that are asked for, 8 in 10 are masked, 1 is another one and 1 stays (Devlin)."""
        asked, how = torch.rand(2, *ids.shape, generator=self.generator).to(self.device)  # (B, T)
        other = torch.randint(len(SPECIAL), len(self.static), ids.shape, generator=self.generator)
        chosen = (asked < MASKED) & (ids > END)
        seen = torch.where(chosen & (how < 0.8), MASK, ids)
        seen = torch.where(chosen & (how > 0.9), other.to(self.device), seen)     # (B, T)
        x = self.bert(seen, real=ids != PAD)                                      # (B, T, C)
        return F.cross_entropy(self.bert.read_out(x[chosen]), ids[chosen])

    def cbow(self, ids: Tensor) -> Tensor:
        """Guess each word from the mean of the others' static vectors."""
        is_word = ids > END                                                       # (B, T)
        x = self.static[ids] * is_word[..., None]                                 # (B, T, S)
        others = (x.sum(1, keepdim=True) - x) / (is_word.sum(1)[:, None, None] - 1)  # (B, T, S)
        return F.cross_entropy(others[is_word] @ self.guess, ids[is_word])

    def finished(self) -> bool:
        return self.steps >= STEPS

    # --- looking

    def occurrences(self, word: str, window: int) -> list[Occurrence]:
        """Each place where the word is looked at, with its vectors there."""
        asked = self.asked[list(self.language.senses).index(word)]
        vectors = self.vectors([one for one, _ in asked], window)                 # (L, N, C)
        return [Occurrence(written(self.language, one.words), sense, vectors[:, at])
                for at, (one, sense) in enumerate(asked)]

    def own(self, text: str, word: str, window: int) -> Tensor | None:
        """The vectors (L, C) of the word in somebody's sentence; nothing if it is not in it."""
        words = cut(self.language, text)[: LONGEST - 2]
        if word not in words:
            return None
        return self.vectors([Sentence(tuple(words), 0, words.index(word))], window)[:, 0]

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of somebody's sentence that are not of the language."""
        return tuple(dict.fromkeys(word for word in cut(self.language, text) if word not in self.number))

    @torch.no_grad()
    def vectors(self, said: Sequence[Sentence], window: int) -> Tensor:
        """The vectors of the word at each sentence's place, which sees so many words to each side."""
        ids = rows_of(said, self.number).to(self.device)                          # (N, T)
        at = torch.tensor([1 + one.place for one in said], device=self.device)    # (N,)
        place = torch.arange(ids.shape[1], device=self.device)                    # (T,)
        near = (place - at[:, None]).abs() <= window                              # (N, T)
        kept = Kept()
        self.bert(ids, real=(ids != PAD) & (near | (ids == BEGIN) | (ids == END)), keep=kept)
        return torch.stack([x[torch.arange(len(said)), at] for x in kept.residual]).cpu()  # (L, N, C)

    @torch.no_grad()
    def static_vectors(self, words: Sequence[str]) -> Tensor:
        """(len(words), S)"""
        return self.static[[self.number[word] for word in words]].cpu()


def numbered(language: Language) -> dict[str, int]:
    """Word → its id."""
    return {word: at for at, word in enumerate(vocabulary(language), len(SPECIAL))}


def rows_of(said: Sequence[Sentence], number: Mapping[str, int]) -> Tensor:
    """Sentences as ids, with their beginning and end, filled up behind: (B, T)."""
    rows = [[BEGIN, *(number.get(word, UNKNOWN) for word in one.words), END] for one in said]
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


@cache
def learnt_from(name: str, seed: int) -> Tensor:
    """Sentences of a language as ids, (SENTENCES, T)."""
    language = LANGUAGES[name]
    return rows_of(sentences(language, SENTENCES, seed), numbered(language))


def start(bert: Bert, generator: torch.Generator) -> Bert:
    """BERT's own start is for wide ones; so narrow a one learns sooner from larger weights."""
    with torch.no_grad():
        for one in bert.modules():
            if isinstance(one, nn.Linear):
                one.weight.normal_(0.0, one.in_features**-0.5, generator=generator)
        bert.token_embedding.weight.normal_(0.0, 0.15, generator=generator)
    return bert


# --- what is drawn of it -------------------------------------------------------------------------


class Polysemy:
    """Learns, or reads one more sentence, at each step; and looks at words where they stand."""

    shared: ClassVar[tuple[str, ...]] = ("minilm",)
    measure_every = 5
    measure_reads: ClassVar[tuple[str, ...]] = ("window",)

    def __init__(self, params: Params, context: Context) -> None:
        made = params.texts in LANGUAGES
        self.minilm = None if made else MiniLM(context)
        self.learner = Learner(params.texts, context) if made else None
        self.read = 0  # sentences, by MiniLM
        self.language = LANGUAGES[params.texts] if made else ENGLISH
        self.names = tuple(self.language.senses)

    def step(self, params: Params) -> Mapping[str, float]:
        if self.learner is not None:
            return self.learner.step(params.learning_rate)
        assert self.minilm is not None
        self.read = min(self.read + 1, self.minilm.count)
        return {"read": float(self.read)}

    def finished(self, params: Params) -> bool:
        if self.learner is not None:
            return self.learner.finished()
        assert self.minilm is not None
        return self.read >= self.minilm.count

    @property
    def model(self) -> Learner | MiniLM:
        model = self.learner or self.minilm
        assert model is not None
        return model

    def measure(self, params: Params) -> Mapping[str, float]:
        """Read all occurrences of all words, and score how their meanings are parted."""
        if self.minilm is not None:
            self.seen = {word: self.minilm.occurrences(word, params.window, self.read) for word in self.names}
        elif self.learner is not None:
            self.seen = {word: self.learner.occurrences(word, params.window) for word in self.names}
        found = [scores(*stacked(self.seen[word], self.model.layers)) for word in self.names]
        self.silhouette, self.right = (np.stack(both) for both in zip(*found, strict=True))  # (WORDS, L)
        last = self.silhouette[:, -1]
        return {"silhouette": float(last.mean()), "right": float(self.right[:, -1].mean()),
                **{f"silhouette_{at}": float(one) for at, one in enumerate(last)}}

    def frame(self, params: Params) -> Frame:
        word = params.chinese_word if params.texts == "Chinese" else params.word
        L = self.silhouette.shape[1]
        layer = min(params.layer % L if params.layer < 0 else params.layer, L - 1) if self.minilm else L - 1
        there = self.seen[word]
        x = stacked(there, L)[0][layer]                                              # (N, C)
        sense = np.array([one.sense for one in there], np.uint8)
        middle, plane = widest_plane(x, sense)
        own = self.model.own(params.sentence, word, params.window)                # (L, C)
        mine = x[:0] if own is None else own[layer : layer + 1]                   # (0 or 1, C)
        picked = min(max(params.picked, 0), len(there) - 1)
        near = nearest(x, x[picked], picked) if there else np.empty(0, np.int32)
        unknown = self.model.unknown(params.sentence)[:MOST_UNKNOWN]
        votes = -1
        if own is not None and len(there) >= NEAREST:
            votes = int((sense[nearest(x, mine[0], -1)] == 0).sum())
        first, second = (self.language.fields[at] for at in self.language.senses[word])
        vocabulary = (*first.nouns, *second.nouns, word)
        static = F.normalize(self.model.static_vectors(vocabulary), dim=1)        # (V, S)
        group = np.repeat(np.arange(3), [len(first.nouns), len(second.nouns), 1]).astype(np.uint8)
        center, axes = widest_plane(static, group)
        return Frame(
            names=self.names, chosen=self.names.index(word), fields=(first.name, second.name),
            sentences=tuple(one.text for one in there), sense=sense,
            points=((x - middle) @ plane).numpy().astype(np.float32),
            own=((mine - middle) @ plane).numpy().astype(np.float32), unknown=unknown, votes=votes,
            picked=picked, near=near, silhouette=self.silhouette.copy(), right=self.right.copy(),
            layer=layer, vocabulary=vocabulary, group=group,
            places=((static - center) @ axes).numpy().astype(np.float32),
            static_near=self.static_near(word))

    def static_near(self, word: str) -> tuple[str, ...]:
        """The six words whose static vectors point most nearly where the word's does."""
        words = [one for one in content_words(self.language) if one != word]
        vectors = F.normalize(self.model.static_vectors([*words, word]), dim=1)   # (W+1, S)
        order = (vectors[:-1] @ vectors[-1]).argsort(descending=True)
        return tuple(words[one] for one in order[:6].tolist())


def stacked(there: Sequence[Occurrence], layers: int = 2) -> tuple[Tensor, Tensor]:
    """Their vectors (L, N, C) and meanings (N,)."""
    if not there:
        return torch.zeros(layers, 0, 1), torch.zeros(0)
    return torch.stack([one.vectors for one in there], 1), torch.tensor([one.sense for one in there])


def scores(x: Tensor, sense: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Silhouette and share of right nearest neighbours, (L,) each, of vectors (L, N, C)."""
    same = sense[:, None] == sense                                                # (N, N)
    fellow = same & ~torch.eye(len(sense), dtype=torch.bool)
    if not (fellow.any(1).all() and (~same).any()):
        return np.zeros(len(x), np.float32), np.zeros(len(x), np.float32)
    far = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")          # (L, N, N)
    a = (far * fellow).sum(-1) / fellow.sum(-1)                                   # (L, N)
    b = (far * ~same).sum(-1) / (~same).sum(-1)                                   # (L, N)
    silhouette = ((b - a) / torch.maximum(a, b).clamp(min=1e-12)).mean(-1)        # (L,)
    others = far + torch.eye(len(sense)) * far.max().clamp(min=1) * 2             # no one is its own nearest
    tied = others <= others.min(-1, keepdim=True).values + 1e-6                   # of one point, all are near
    right = ((tied & same).sum(-1) / tied.sum(-1)).mean(-1)                       # (L,)
    return silhouette.float().numpy(), right.float().numpy()


def nearest(x: Tensor, to: Tensor, but: int) -> NDArray[np.int32]:
    """The NEAREST of x (N, C) to a vector, without one of them."""
    far = (x - to).norm(dim=1)                                                    # (N,)
    return np.array([one for one in far.argsort(stable=True).tolist() if one != but][:NEAREST], np.int32)


def widest_plane(x: Tensor, group: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """PCA: the middle (C,) of x (N, C), and the two directions in which it spreads most, (C, 2).

    A direction has no sign of its own: group 0 is to the left, the longest arm of the second goes up."""
    middle = x.mean(0) if len(x) else x.new_zeros(x.shape[1])
    if len(x) < 3:
        return middle, torch.eye(x.shape[1])[:, :2] if x.shape[1] > 1 else torch.zeros(1, 2)
    directions = torch.linalg.svd(x - middle, full_matrices=False)[2]
    plane = directions[:2].T.clone()                                              # (C, 2)
    at = (x - middle) @ plane                                                     # (N, 2)
    left = torch.from_numpy(group == 0)
    if left.any() and at[left, 0].mean() > 0:
        plane[:, 0] *= -1
    if at[at[:, 1].abs().argmax(), 1] < 0:
        plane[:, 1] *= -1
    return middle, plane
