"""What is said of two names: four CNNs on the same questions, told more or less of where the names are.

Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network": each word enters as
its own vector beside two *position features*, vectors that stand for its distances to the two names,

    x_t = [ word(t) ; place_1(t - e_1) ; place_2(t - e_2) ].

The other way is to write *markers* into the sentence, <1> … </1> and <2> … </2> (Zhang and Wang 2015).
Convolution, max-pooling and the way back are those of ``visualizers/models/text_cnn.py``. The paper's
lexical features, the vectors of the names themselves, are left out: so nothing but markers and places
says which names are meant.

Shapes: B questions, T places, h words in a window, M filters, C relations, V words, W numbers a place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.data.relations import NAMES, RELATIONS, Sentence, questions
from visualizers.l2_networks.relation_cnn.panel import SCALARS, VARIANTS, Frame, Params
from visualizers.models.dropout import dropout_mask
from visualizers.models.text_cnn import (
    Pooled,
    Tensors,
    convolve,
    convolve_back,
    normal,
    places_of,
    scattered,
    softmax_error,
)
from visualizers.panel import Context

LEARNT, TESTED, BATCH = 3000, 500, 32
WIDTH = 20  # numbers of a word's vector
MARKERS = ("<1>", "</1>", "<2>", "</2>")

Pair = tuple[int, int]


@dataclass(frozen=True)
class Read:
    """Questions as numbers: ids (B, T), each place's distances (2, B, T) to the names, lengths (B,)."""

    ids: Tensor
    places: Tensor
    lengths: Tensor

    def __getitem__(self, rows: Tensor) -> Read:
        return Read(self.ids[rows], self.places[:, rows], self.lengths[rows])


# Every restart with another network asks the same.
asked_again = lru_cache(maxsize=2)(questions)


def marked(one: Sentence, pair: Pair, markers: bool) -> tuple[list[str], list[int]]:
    """The tokens of a question, with or without markers, and where the two names are in them."""
    words = one.words
    a, b = (one.names[which] for which in pair)
    if not markers:
        return list(words), [a, b]
    begin_1, end_1, begin_2, end_2 = MARKERS
    return [*words[:a], begin_1, words[a], end_1, *words[a + 1 : b],
            begin_2, words[b], end_2, *words[b + 1 :]], [a + 1, b + 3]


def numbers_of_words(asked: list[tuple[Sentence, Pair]]) -> dict[str, int]:
    """The number of each word and marker; 0 is empty space."""
    words = sorted({word for one, _ in asked for word in one.words})
    return {word: at for at, word in enumerate(("·", *MARKERS, *words))}


def numbered(
    asked: list[tuple[Sentence, Pair]], vocabulary: dict[str, int], markers: bool, shortest: int
) -> tuple[Tensor, Tensor]:
    """Questions as ids (B, T), T at least ``shortest``, and the places of their names (2, B, 1)."""
    rows = [marked(one, pair, markers) for one, pair in asked]
    T = max(shortest, *(len(tokens) for tokens, _ in rows))
    ids = np.zeros((len(rows), T), np.int64)
    for row, (tokens, _) in zip(ids, rows, strict=True):
        row[: len(tokens)] = [vocabulary[one] for one in tokens]
    return torch.from_numpy(ids), torch.tensor([at for _, at in rows]).T[..., None]


@lru_cache(maxsize=8)
def numbered_again(
    facts: int, remark: int, seed: int, markers: bool, shortest: int
) -> tuple[Tensor, Tensor]:
    """What ``asked_again`` asks, in numbers: networks with the same markers read the same."""
    asked = asked_again(LEARNT + TESTED, facts, remark, seed)
    return numbered(asked, numbers_of_words(asked), markers, shortest)


class Reader:
    """One CNN: words, perhaps with markers among them, perhaps with two distances at each place.

    ``tensors``: words (V, D), places (2 · F, P), filters (M, h·W), bias (M,), out (C, M), out_bias.
    Row 0 of words and of places is empty space.
    """

    def __init__(
        self, params: Params, V: int, markers: bool, positions: bool, generator: torch.Generator
    ) -> None:
        self.markers, self.positions, self.h = markers, positions, params.window
        P, M, C = params.place_width, params.filters, len(RELATIONS)
        self.farthest = params.farthest
        W = WIDTH + 2 * P * positions
        self.tensors: Tensors = {
            "words": normal(generator, 0.5, V, WIDTH),
            "filters": normal(generator, math.sqrt(2 / (self.h * W)), M, self.h * W),
            "bias": torch.zeros(M),
            "out": normal(generator, 1 / math.sqrt(M), C, M),
            "out_bias": torch.zeros(C),
        }
        self.tensors["words"][0] = 0
        if positions:
            # Distances -F … F to the first name, then to the second; row 0 belongs to empty space.
            self.tensors["places"] = normal(generator, 0.5, 1 + 2 * (2 * params.farthest + 1), P)
            self.tensors["places"][0] = 0

    def rows_of(self, distances: Tensor) -> Tensor:
        """Which rows of ``places`` stand for distances (2, B, T) to the first and second name."""
        F = self.farthest
        return distances.clamp(-F, F) + F + 1 + torch.tensor([0, 2 * F + 1]).view(2, 1, 1)

    def pool(self, read: Read) -> Pooled:
        """The feature maps of some questions, and the largest of each."""
        x = self.tensors["words"][read.ids]                                     # (B, T, D)
        if self.positions:
            first, second = self.tensors["places"][read.places]                 # (B, T, P) each
            x = torch.cat([x, first, second], 2)                                # (B, T, W)
        return convolve(x, read.lengths, self.tensors["filters"], self.tensors["bias"])

    def answer(self, z: Tensor) -> Tensor:
        """The logits (B, C) for pooled values (B, M)."""
        return z @ self.tensors["out"].T + self.tensors["out_bias"]

    def loss(self, read: Read, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensors]:
        """Cross-entropy and the gradient of every tensor; ``mask`` (B, M) is dropout."""
        t = self.tensors
        pooled = self.pool(read)
        z = pooled.best * mask                                                  # (B, M)
        logits = self.answer(z)                                                 # (B, C)
        d_logits = softmax_error(logits, labels)
        d_w, d_b, d_rows = convolve_back(pooled, (d_logits @ t["out"]) * mask, t["filters"])
        chosen = places_of(pooled.where, self.h).flatten(1)                     # (B, M·h)
        d_x = d_rows.reshape(*chosen.shape, -1)                                 # (B, M·h, W)
        gradients = {"words": scattered(read.ids.gather(1, chosen), d_x[..., :WIDTH], t["words"]),
                     "filters": d_w, "bias": d_b, "out": d_logits.T @ z,
                     "out_bias": d_logits.sum(0)}
        if self.positions:
            first, second = d_x[..., WIDTH:].chunk(2, 2)                        # (B, M·h, P) each
            gradients["places"] = scattered(
                torch.cat([one.gather(1, chosen) for one in read.places], 1),
                torch.cat([first, second], 1), t["places"])
        return cross_entropy(logits, labels), gradients


class RelationCNN:
    """The four networks, trained on the same questions in the same steps."""

    shared: ClassVar[tuple[str, ...]] = ("asked", "vocabulary", "labels", "read")
    measure_every = 24

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.asked = asked_again(LEARNT + TESTED, params.facts, params.remark, params.seed)
        self.vocabulary = numbers_of_words(self.asked)
        self.labels = torch.tensor([one.relation(*pair) for one, pair in self.asked]).to(self.device)
        self.best_alone = float(np.mean([max(one.odds()) for one, _ in self.asked[LEARNT:]]))

        self.readers = [Reader(params, len(self.vocabulary), "markers" in name or name == "both",
                               "positions" in name or name == "both", self.generator)
                        for name in VARIANTS]
        for reader in self.readers:
            reader.tensors = {name: one.to(self.device) for name, one in reader.tensors.items()}
        self.read = [
            self._as_read(reader, *numbered_again(params.facts, params.remark, params.seed, reader.markers,
                                               reader.h)) for reader in self.readers]
        self.learnt = [one for reader in self.readers for one in reader.tensors.values()]
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)

    def _as_read(self, reader: Reader, ids: Tensor, names: Tensor) -> Read:
        """Questions as one of the networks reads them, from ids (B, T) and names (2, B, 1)."""
        places = reader.rows_of(torch.arange(ids.shape[1]) - names)             # (2, B, T)
        places = places.masked_fill(ids == 0, 0)
        lengths = (ids > 0).sum(1)                                              # (B,)
        return Read(ids.to(self.device), places.to(self.device), lengths.to(self.device))

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of all four on the same questions."""
        rows = torch.randint(LEARNT, (BATCH,), generator=self.generator).to(self.device)
        losses, gradients = [], []
        for reader, read in zip(self.readers, self.read, strict=True):
            like = torch.empty(BATCH, params.filters, device=self.device)
            loss, found = reader.loss(read[rows], self.labels[rows],
                                      dropout_mask(self.generator, params.dropout, like))
            losses.append(float(loss))
            gradients += [found[name] for name in reader.tensors]
        for tensor, gradient in zip(self.learnt, gradients, strict=True):
            tensor.grad = gradient
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()

        return {"loss": sum(losses) / len(losses)} | {
            f"loss_{name}": value for name, value in zip(SCALARS, losses, strict=True)}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The answers of each network to the test questions, (4, N)."""
        rows = torch.arange(LEARNT, LEARNT + TESTED)
        self.answers = torch.stack([
            reader.answer(reader.pool(read[rows]).best).argmax(1).cpu()
            for reader, read in zip(self.readers, self.read, strict=True)])
        return {f"accuracy_{name}": value
                for name, value in zip(SCALARS, self._accuracy(), strict=True)}

    def _accuracy(self) -> list[float]:
        right = self.answers == self.labels[LEARNT:].cpu()                      # (4, N)
        found: list[float] = right.float().mean(1).tolist()
        return found

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One question, as the networks are now."""
        one, asked = self.asked[LEARNT + params.example]
        pair = asked
        if len(params.pair) == 3 and params.pair[0] == params.example:
            first, second = sorted(int(name) for name in params.pair[1:])
            if 0 <= first < second < len(one.names):
                pair = first, second
        variant = VARIANTS.index(params.variant) if params.variant in VARIANTS else 0
        at = torch.tensor([LEARNT + params.example])
        seen = [reader.pool(read[at] if pair == asked else self._as_read(
                    reader, *numbered([(one, pair)], self.vocabulary, reader.markers, reader.h)))
                for reader, read in zip(self.readers, self.read, strict=True)]
        logits = torch.cat([reader.answer(pooled.best)
                            for reader, pooled in zip(self.readers, seen, strict=True)])  # (4, C)

        reader, pooled = self.readers[variant], seen[variant]
        tokens, places = marked(one, pair, reader.markers)
        names = [at for at, token in enumerate(tokens) if token in NAMES]
        out = reader.tensors["out"]                                             # (C, M)
        answer = int(logits[variant].argmax())
        says = ((out[answer] - out.mean(0)) * pooled.best[0]).cpu().numpy()     # (M,)
        where = pooled.where[0].cpu().numpy()                                   # (M,)
        fires = pooled.best[0].cpu().numpy() > 0
        spans = where[fires, None] + np.arange(params.window)                   # (M', h)
        covered = np.bincount(spans.flatten(), minlength=len(tokens) + params.window)[: len(tokens)]
        chosen, number = np.unique(where[fires], return_inverse=True)           # (K,)
        total = np.bincount(number, says[fires], len(chosen))
        order = np.argsort(-np.abs(total))
        truth, given = self.labels[LEARNT:].cpu().numpy(), self.answers[variant].numpy()
        counted = np.zeros((len(RELATIONS),) * 2, np.float32)
        np.add.at(counted, (truth, given), 1)
        return Frame(
            variant=variant, tokens=tuple(tokens), names=tuple(names), pair=pair,
            truth=one.relation(*pair),
            distances=(np.arange(len(tokens)) - np.array(places)[:, None]).astype(np.int32),
            covered=(covered / len(where)).astype(np.float32),
            windows=tuple(" ".join(tokens[at : at + params.window]) for at in chosen[order]),
            window_filters=np.bincount(number, minlength=len(chosen))[order].astype(np.int32),
            window_says=total[order].astype(np.float32),
            odds=logits.softmax(1).cpu().numpy(),
            confusion=counted / np.maximum(counted.sum(1, keepdims=True), 1),
            accuracy=np.array(self._accuracy(), np.float32), best_alone=self.best_alone,
            sizes=tuple(sum(tensor.numel() for tensor in reader.tensors.values())
                        for reader in self.readers))
