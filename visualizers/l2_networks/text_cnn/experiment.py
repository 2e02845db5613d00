"""A sentence classifier made of filters, beside one that has weights for each place.

Kim 2014, "Convolutional Neural Networks for Sentence Classification". The convolution, max-pooling
over time and the way back through both are written out in ``visualizers/models/text_cnn.py``. The MLP
reads the same words side by side. It can learn the same task, but what it learns of a word at one
place it does not know at another.

Shapes: B sentences, T places, h words in a window, M filters, C classes, L words of the longest
sentence, S shifts. T = L + 16, so that every sentence can be moved to the right by 16 places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.data.reviews import BEST_POSSIBLE
from visualizers.l2_networks.text_cnn.panel import (
    EXAMPLES,
    FARTHEST,
    TOP,
    Frame,
    Params,
    sentence_key,
)
from visualizers.models.arrays import array
from visualizers.models.dropout import dropout_mask
from visualizers.models.text_cnn import ConcatMLP, TextCNN
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.panel import Context

BATCH, HIDDEN = 32, 64
LONGEST = 40  # words of a sentence that are read
WORDS = 5000  # of the vocabulary
CHECKED = 200  # sentences on which an accuracy is measured
LISTED = 3000  # n-grams among which each filter's best are looked for
SHIFTS = tuple(range(0, FARTHEST + 1, 2))


class SentenceCNN:
    """The two classifiers, trained on the same batches."""

    shared: ClassVar[tuple[str, ...]] = (
        "data", "split", "vocabulary", "ids", "lengths", "labels", "grams", "gram_texts")
    measure_every = 96

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 1, "reading the labelled texts")
        self.data = context.labelled(params.data)
        self.split = self.data.split(params.seed)
        learnt = [self.data.texts[one] for one in self.split.train]
        # A word that a real text has only once says more about that text than about its label.
        real = len(learnt) > 1000 and not self.data.id.startswith("made")
        self.vocabulary = Vocabulary.learn(learnt, self.data.language, WORDS, 1 + real)
        lengths = [len(cut(text, self.data.language)) for text in self.data.texts]
        self.longest = max(2, min(LONGEST, int(np.quantile(lengths, 0.98))))
        # 16 empty places before the words, so that a moved sentence is a slice that begins earlier.
        ids = torch.from_numpy(self.vocabulary.encode_all(self.data.texts, self.longest))  # (N, L)
        ids = torch.nn.functional.pad(ids, (FARTHEST, FARTHEST))
        self.ids = ids.to(self.device)                                          # (N, 16 + L + 16)
        self.lengths = (self.ids > 0).sum(1)                                    # (N,)
        self.labels = torch.tensor(self.data.labels, device=self.device)        # (N,)

        V, C, T = self.vocabulary.size, len(self.data.names), self.longest + FARTHEST
        self.cnn = TextCNN(V, params.width, params.window, params.filters, C, self.generator)
        self.mlp = ConcatMLP(V, params.width, T, HIDDEN, C, self.generator)
        for network in (self.cnn, self.mlp):
            network.tensors = {name: one.to(self.device) for name, one in network.tensors.items()}
        self.learnt = [*self.cnn.tensors.values(), *self.mlp.tensors.values()]
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)
        self.grams, self.gram_texts = self._n_grams(params.window)

        self.fit = torch.full((2,), 1 / C)  # running accuracy on the batches

    def _n_grams(self, h: int) -> tuple[Tensor, tuple[str, ...]]:
        """Different runs of h words in the training texts: their ids (G, h) and what they read."""
        found: dict[tuple[int, ...], None] = {}
        for row in self.split.train:
            count = max(h, int(self.lengths[row]))  # what is shorter than a window fills one
            words = self.ids[row, FARTHEST : FARTHEST + count].tolist()
            found.update(dict.fromkeys(zip(*(words[i:] for i in range(h)), strict=False)))
            if len(found) >= LISTED:
                break
        grams = list(found)[:LISTED]
        between = "" if self.data.language == "zh" else " "
        texts = tuple(between.join(self.vocabulary.pieces(gram)) for gram in grams)
        return torch.tensor(grams, device=self.device), texts

    def batch(self, rows: Tensor, shifts: Tensor) -> tuple[Tensor, Tensor]:
        """Sentences ``rows`` (B,), each moved to the right by its shift: ids (B, T) and lengths."""
        T = self.longest + FARTHEST
        places = (FARTHEST - shifts)[:, None] + torch.arange(T)                 # (B, T)
        rows = rows.to(self.device)
        return self.ids[rows].gather(1, places.to(self.device)), \
            self.lengths[rows] + shifts.to(self.device)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on the same batch."""
        train = torch.from_numpy(self.split.train)
        rows = train[torch.randint(len(train), (BATCH,), generator=self.generator)]
        shifts = torch.randint(params.seen, (BATCH,), generator=self.generator)
        ids, lengths = self.batch(rows, shifts)                                 # (B, T), (B,)
        labels = self.labels[rows.to(self.device)]                              # (B,)

        pooled = torch.empty(BATCH, len(self.cnn.tensors["bias"]), device=self.device)
        hidden = torch.empty(BATCH, HIDDEN, device=self.device)
        loss, logits, gradients = self.cnn.loss(
            ids, lengths, labels, dropout_mask(self.generator, params.dropout, pooled))
        mlp_loss, mlp_logits, mlp_gradients = self.mlp.loss(
            ids, labels, dropout_mask(self.generator, params.dropout, hidden))
        for tensor, gradient in zip(self.learnt, [*gradients.values(), *mlp_gradients.values()],
                                    strict=True):
            tensor.grad = gradient
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()

        right = torch.stack([logits, mlp_logits]).argmax(2) == labels           # (2, B)
        self.fit = 0.95 * self.fit + 0.05 * right.float().mean(1).cpu()
        fit, mlp_fit = self.fit.tolist()
        return {"loss": float(loss), "mlp_loss": float(mlp_loss),
                "train_accuracy": fit, "mlp_train_accuracy": mlp_fit}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The validation part where sentences began in training, the test part moved, the n-grams."""
        valid = torch.from_numpy(self.split.valid[:CHECKED])
        valid_loss, accuracy, mlp_valid_loss, mlp_accuracy = self._test(
            valid, torch.arange(len(valid)) % params.seen).tolist()
        rows = torch.from_numpy(self.split.test[:CHECKED])
        self.at = torch.stack([self._test(rows, torch.full((len(rows),), shift))[[1, 3]]
                               for shift in SHIFTS], 1)                         # (2, S)
        self._rank()
        return {"valid_loss": valid_loss, "mlp_valid_loss": mlp_valid_loss,
                "accuracy": accuracy, "mlp_accuracy": mlp_accuracy}

    def _test(self, rows: Tensor, shifts: Tensor) -> Tensor:
        """Loss and accuracy of the CNN, then of the MLP, (4,)."""
        ids, lengths = self.batch(rows, shifts)
        labels = self.labels[rows.to(self.device)]
        found = []
        for logits in (self.cnn.logits(ids, lengths), self.mlp.logits(ids)):    # (B, C)
            found += [cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean()]
        return torch.stack(found).cpu()

    def _rank(self) -> None:
        """Sort the filters by what they say, and find the n-grams that each answers to most."""
        t = self.cnn.tensors
        answers = torch.relu(t["embedding"][self.grams].flatten(1) @ t["filters"].T + t["bias"])
        values, at = answers.topk(min(TOP, len(self.grams)), 0)                 # (TOP, M)
        self.top_values, self.top = values.T.cpu().numpy(), at.T.cpu().numpy()
        self.order = self._weights(1).argsort().cpu()                           # (M,)

    def _weights(self, sign: int) -> Tensor:
        """How much each filter speaks for class ``sign``, against the mean of the others: (M,)."""
        out = self.cnn.tensors["out"]                                           # (C, M)
        return (out[sign] - out.mean(0)) * len(out) / (len(out) - 1)

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One sentence under the networks as they are now."""
        rows = self.split.test[:EXAMPLES]
        row = int(rows[params.example % len(rows)])
        own = cut(params.sentence, self.data.language)
        words = (own or cut(self.data.texts[row], self.data.language))
        tokens = words[: self.longest]
        text = params.sentence if own else self.data.texts[row]
        ids = torch.zeros(1, self.longest + FARTHEST, dtype=torch.long)         # (1, T)
        ids[0, : len(tokens)] = torch.from_numpy(self.vocabulary.encode(text))[: self.longest]
        unknown = (ids[0, : len(tokens)] == Vocabulary.OTHER).numpy().astype(np.uint8)
        removed: tuple[int, ...] = ()
        if params.removed[:1] == (sentence_key(params),):
            removed = tuple(sorted({one for one in params.removed[1:]
                                    if isinstance(one, int) and 0 <= one < len(tokens)}))
        ids[0, list(removed)] = Vocabulary.PAD
        ids, length = ids.to(self.device), torch.tensor([len(tokens)], device=self.device)

        pooled = self.cnn.pool(ids, length)
        odds = self.cnn.answer(pooled.best).softmax(1)[0]                       # (C,)
        sign = 1 if len(odds) == 2 else int(odds.argmax())
        weights = self._weights(sign)                                           # (M,)
        order = self.order if len(odds) == 2 else weights.argsort().cpu()
        said = (weights * pooled.best[0]).cpu()[order].abs()
        numbers = order.tolist()
        chosen = numbers.index(params.filter) if params.filter in numbers else int(said.argmax())
        count = max(1, len(tokens) - params.window + 1)
        top_values = self.top_values[numbers]                                   # (M, TOP)

        return Frame(
            tokens=tokens, unknown=unknown, removed=removed, shortened=len(words) > len(tokens),
            maps=array(pooled.maps[0, :count].cpu()[:, order]),
            numbers=np.array(numbers, np.int32),
            where=array(pooled.where[0].cpu()[order]).astype(np.int32),
            best=array(pooled.best[0].cpu()[order]), weights=array(weights.cpu()[order]),
            top=tuple(self.gram_texts[one] for one in self.top[numbers].flatten()),
            top_values=top_values, idle=(top_values[:, 0] == 0).astype(np.uint8), chosen=chosen,
            odds=array(odds), mlp_odds=array(self.mlp.logits(ids).softmax(1)[0]),
            label=-1 if own else self.data.labels[row], names=self.data.names, sign=sign,
            shifts=np.array(SHIFTS, np.int32),
            accuracy_at=array(self.at[0]), mlp_accuracy_at=array(self.at[1]),
            best_possible=BEST_POSSIBLE[min(params.window, 4) - 1]
            if self.data.id == "made-reviews" else 0.0,
            sizes=tuple(sum(one.numel() for name, one in network.tensors.items()
                            if name != "embedding") for network in (self.cnn, self.mlp)),
            vocabulary=self.vocabulary.size, texts=len(self.data.texts),
            language=self.data.language)
