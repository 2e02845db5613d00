"""A classifier of texts, from the texts to its test, with torch's own layers.

Each step is a function that can be read alone. What keeps the result honest is who may look at what:
the vocabulary and the weights see the training part only; when to stop, and which epoch to keep, is
decided on the validation part; the test part is looked at once, when all is decided.

Shapes: N texts in all, B in a batch, L places in a text, V words, D numbers for a word and for what
has been read, C classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from textwrap import dedent
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from visualizers.data import Labelled, Split
from visualizers.l2_networks.pipeline.panel import Frame, Params
from visualizers.models.dropout import dropout_mask
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.panel import Context

LENGTH = 32  # L at most: longer texts are cut off
WINDOW = 3  # words that a filter of the CNN reads at once
MOST_EPOCHS = 20
LEAST_GAIN = 0.001  # a validation loss that falls by less has not fallen
SHOWN_WRONG = 12  # texts with a wrong answer to look at


# --- Prepare: texts become batches of numbers ---


@dataclass(frozen=True)
class Prepared:
    """All texts as numbers, and which of them are for what."""

    vocabulary: Vocabulary
    x: Tensor  # (N, L), a word's number at each place, 0 where the text has ended
    y: Tensor  # (N,), the class of each text
    split: Split


def prepare(found: Labelled, params: Params, device: str) -> Prepared:
    """text → words → numbers"""
    split = found.split(params.seed)
    learnt = [found.texts[i] for i in split.train]  # nothing else is seen
    vocabulary = Vocabulary.learn(
        learnt, found.language, most=params.vocabulary)
    ids = vocabulary.encode_all(found.texts, LENGTH)  # (N, L)
    x = torch.from_numpy(ids).to(device)
    y = torch.tensor(found.labels, device=device)  # (N,)
    return Prepared(vocabulary, x, y, split)


def batch(prepared: Prepared, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Some texts, (B, L), cut to the longest of them."""
    x, y = prepared.x[rows], prepared.y[rows]
    longest = int((x != Vocabulary.PAD).sum(1).max())
    return x[:, : max(longest, 1)], y


# --- Build: layers lead from words to classes ---


class Classifier(nn.Module):
    """Words → vectors → one vector for the text → a score for each class."""

    RECURRENT: ClassVar[dict[str, Any]] = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}

    def __init__(self, kind: str, words: int, width: int, classes: int) -> None:
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        if kind in self.RECURRENT:
            layer = self.RECURRENT[kind]
            self.reader = layer(width, width, batch_first=True)
        elif kind == "CNN":
            self.reader = nn.Conv1d(width, width, WINDOW,
                                    padding=WINDOW // 2)
        self.linear = nn.Linear(width, classes)

    def read(self, x: Tensor) -> Tensor:
        """One vector for each text. (B, L) → (B, D)"""
        e: Tensor = self.embedding(x)  # (B, L, D)
        there = x != 0  # (B, L), where the text has words
        n = there.sum(1).clamp(min=1)  # (B,)
        if self.kind == "bag of vectors":
            return e.sum(1) / n[:, None]  # the mean
        if self.kind == "CNN":
            maps: Tensor = self.reader(e.transpose(1, 2)).relu()  # (B, D, L)
            return (maps * there[:, None]).amax(2)  # the largest
        h: Tensor = self.reader(e)[0]  # (B, L, D), all states
        return h[torch.arange(len(x)), n - 1]  # the last word's

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """Scores (B, C); ``keep`` (B, D) is dropout's mask."""
        read = self.read(x)  # (B, D)
        kept = read if keep is None else read * keep
        scores: Tensor = self.linear(kept)
        return scores


def build(params: Params, words: int, classes: int, seed: int) -> Classifier:
    """The layers, with weights drawn from ``seed``."""
    with torch.random.fork_rng(devices=[]):  # disturb no one else
        torch.manual_seed(seed)
        return Classifier(params.model, words, params.width, classes)


# --- Train: each batch moves the weights a little ---


def train(
    model: Classifier, optimizer: torch.optim.Optimizer,
    x: Tensor, y: Tensor, keep: Tensor,
) -> tuple[float, int]:
    """One update. The loss, and how many texts were right."""
    scores = model(x, keep)  # (B, C)
    loss = cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    right = (scores.argmax(1) == y).sum()
    return loss.item(), int(right)


# --- Evaluate: texts that were not learnt from decide when to stop ---


@torch.no_grad()
def evaluate(
    model: Classifier, prepared: Prepared, rows: NDArray[np.int64]
) -> tuple[float, float]:
    """Mean loss and accuracy on some texts; nothing is learnt."""
    loss, right = 0.0, 0
    for part in torch.from_numpy(rows).split(512):
        x, y = batch(prepared, part)
        scores = model(x)  # (512, C), without dropout
        loss += float(cross_entropy(scores, y, reduction="sum"))
        right += int((scores.argmax(1) == y).sum())
    return loss / len(rows), right / len(rows)


# --- Test: looked at once, when all is decided ---


@torch.no_grad()
def test(
    model: Classifier, prepared: Prepared, classes: int
) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
    """Who was taken for whom (C, C), and the errors.

    An error is (text, answer); the surest errors come first.
    """
    rows = torch.from_numpy(prepared.split.test)
    confusion = torch.zeros(classes, classes, dtype=torch.int32)
    errors = []
    for part in rows.split(512):
        x, y = batch(prepared, part)
        sure, given = model(x).softmax(1).cpu().max(1)  # (512,)
        true = y.cpu()
        for i in range(len(part)):
            confusion[true[i], given[i]] += 1
            if given[i] != true[i]:
                errors.append((float(sure[i]), int(part[i]), int(given[i])))
    errors.sort(reverse=True)
    return confusion.numpy(), [error[1:] for error in errors]


# --- What is there without any of it: two baselines ---


def majority(prepared: Prepared, rows: NDArray[np.int64]) -> float:
    """The accuracy on ``rows`` of always naming the class that is most frequent in training."""
    most = prepared.y[prepared.split.train].mode().values
    return float((prepared.y[rows] == most).float().mean())


def counted(x: Tensor, words: int) -> Tensor:
    """How often each word occurs in each text, sparse. (N, L) → (N, V)"""
    text, place = (x != Vocabulary.PAD).nonzero(as_tuple=True)
    where = torch.stack((text, x[text, place]))
    return torch.sparse_coo_tensor(where, torch.ones(len(text)), (len(x), words),
                                   check_invariants=False).coalesce()


def bag_of_words(prepared: Prepared, classes: int) -> tuple[Tensor, Tensor]:
    """Logistic regression on counts of words: weights (V, C) and biases (C,).

    The one minimum of Σ cross-entropy + ½ |w|², found by L-BFGS (Liu and Nocedal 1989).
    """
    rows = prepared.split.train
    counts = counted(prepared.x[rows].cpu(), prepared.vocabulary.size)  # (n, V)
    across, y = counts.t().coalesce(), prepared.y[rows].cpu()
    w, b = torch.zeros(counts.shape[1], classes), torch.zeros(classes)
    answers = one_hot(y, classes).float()  # (n, C)
    optimizer = torch.optim.LBFGS([w, b], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        scores = torch.sparse.mm(counts, w) + b  # (n, C)
        wrong = scores.softmax(1) - answers
        w.grad, b.grad = torch.sparse.mm(across, wrong) + w, wrong.sum(0)
        return float(cross_entropy(scores, y, reduction="sum") + w.square().sum() / 2)

    optimizer.step(loss)
    return w, b


def bag_accuracy(
    prepared: Prepared, bag: tuple[Tensor, Tensor], rows: NDArray[np.int64]
) -> float:
    """Of the logistic regression, on some texts."""
    counts = counted(prepared.x[rows].cpu(), prepared.vocabulary.size)  # (n, V)
    scores = torch.sparse.mm(counts, bag[0]) + bag[1]  # (n, C)
    return float((scores.argmax(1) == prepared.y[rows].cpu()).float().mean())


@lru_cache(maxsize=2)
def ready(
    found: Labelled, seed: int, vocabulary: int, device: str
) -> tuple[Prepared, tuple[Tensor, Tensor]]:
    """The texts in numbers and their bag of words. Every restart with another model has the same."""
    prepared = prepare(found, Params(seed=seed, vocabulary=vocabulary), device)
    return prepared, bag_of_words(prepared, len(found.names))


# --- The run: the five steps in order, a batch at a time ---


class Pipeline:
    """One run through the five steps. ``step`` trains on one batch, validates after the last batch of
    an epoch, and after the last epoch tests, once."""

    shared: ClassVar[tuple[str, ...]] = ("found", "prepared", "code", "bag")
    remembered: ClassVar[tuple[str, ...]] = ("batch", "train_accuracy")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.over = context.generator, False
        context.progress(0, 3, "reading, numbering, counting")
        self.found = found = context.labelled(params.data)
        context.progress(1, 3, "reading, numbering, counting")
        self.prepared, self.bag = ready(found, params.seed, params.vocabulary, context.device)
        context.progress(2, 3, "reading, numbering, counting")
        valid = self.prepared.x[self.prepared.split.valid]
        self.unknown = float((valid == Vocabulary.OTHER).sum() / (valid != Vocabulary.PAD).sum())
        self.without = self.baselines(self.prepared.split.valid)
        self.without_test = 0.0, 0.0
        seed = int(torch.randint(2**31, (), generator=self.generator))
        self.model = build(params, self.prepared.vocabulary.size, len(found.names), seed)
        self.model.to(context.device)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.code = (
            written(prepare, batch),
            written(Classifier, build),
            written(train, Pipeline.step),
            written(evaluate, Pipeline.validate),
            written(test, Pipeline.end),
        )
        self.steps, self.epoch, self.best_epoch, self.right = 0, 0, 0, 0
        self.shuffle()
        self.rows = self.order[: params.batch]
        self.measure_every = self.per_epoch(params) // params.batch  # where it is validated anyway
        self.validated = [(0, *evaluate(self.model, self.prepared, self.prepared.split.valid))]
        self.now = [*self.validated[0][1:]]  # loss and accuracy as they were last measured
        self.trained: list[float] = []  # accuracy of each epoch
        self.keep()
        self.confusion = np.zeros((len(found.names),) * 2, np.int32)
        self.errors: list[tuple[int, int]] = []

    def step(self, params: Params) -> Mapping[str, float]:
        """One batch of the epoch's order."""
        at = self.steps * params.batch % self.per_epoch(params)
        self.rows = self.order[at : at + params.batch]
        x, y = batch(self.prepared, self.rows)
        read = torch.empty(len(x), params.width, device=x.device)  # (B, D)
        keep = dropout_mask(self.generator, params.dropout, read)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        loss, right = train(self.model, self.optimizer, x, y, keep)
        self.steps, self.right = self.steps + 1, self.right + right
        if self.steps * params.batch % self.per_epoch(params) == 0:
            self.validate(params)
        return {"loss": loss, "accuracy": right / len(x), "epoch": float(self.epoch)}

    def validate(self, params: Params) -> None:
        """After an epoch: go on, or stop and keep the best."""
        loss, accuracy = evaluate(
            self.model, self.prepared, self.prepared.split.valid)
        self.epoch += 1
        self.validated.append((self.steps, loss, accuracy))
        self.trained.append(self.right / len(self.order))
        self.right = 0
        best = self.validated[self.best_epoch][1]
        if loss < best - LEAST_GAIN:
            self.best_epoch = self.epoch
            self.keep()
        waited = self.epoch - self.best_epoch
        if waited >= params.patience or self.epoch == MOST_EPOCHS:
            self.end()
        else:
            self.shuffle()

    def end(self) -> None:
        """Back to the best epoch, and the test."""
        self.model.load_state_dict(self.best)
        self.confusion, self.errors = test(
            self.model, self.prepared, len(self.found.names))
        self.without_test = self.baselines(self.prepared.split.test)
        self.over = True

    def finished(self, params: Params) -> bool:
        """Whether the test has been made."""
        return self.over

    def measure(self, params: Params) -> Mapping[str, float]:
        """How the weights of the moment do on the validation part, to be drawn: it decides nothing."""
        step, *self.now = self.validated[-1]
        if step != self.steps or self.over:  # else an epoch has just ended with this
            self.now = [*evaluate(self.model, self.prepared, self.prepared.split.valid)]
        return {"valid_loss": self.now[0], "valid_accuracy": self.now[1]}

    def baselines(self, rows: NDArray[np.int64]) -> tuple[float, float]:
        """The accuracies of the majority and of the bag of words."""
        return majority(self.prepared, rows), bag_accuracy(self.prepared, self.bag, rows)

    def keep(self) -> None:
        """Copy the weights of the best epoch so far."""
        self.best = {name: one.clone() for name, one in self.model.state_dict().items()}

    def shuffle(self) -> None:
        """Another order of the training texts for the next epoch."""
        train = torch.from_numpy(self.prepared.split.train)
        self.order = train[torch.randperm(len(train), generator=self.generator)]

    def per_epoch(self, params: Params) -> int:
        """The training texts, counted in whole batches."""
        return -(-len(self.order) // params.batch) * params.batch

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        found, split = self.found, self.prepared.split
        example = params.sentence.strip() or found.texts[split.valid[0]]
        words = cut(example, found.language)
        ids = self.prepared.vocabulary.encode(example)[:LENGTH]
        x = torch.from_numpy(ids if len(ids) else np.zeros(1, np.int64)).to(self.prepared.x.device)
        steps, losses, accuracies = zip(*self.validated, strict=True)
        layers, shapes, parameters = self.layers(params)
        shown = self.errors[:SHOWN_WRONG]
        return Frame(
            reached=5 if self.over else 4 if self.epoch else 3 if self.steps else 2,
            code=self.code,
            names=found.names,
            title=found.title,
            sizes=np.array([len(split.train), len(split.valid), len(split.test)], np.int32),
            vocabulary=self.prepared.vocabulary.size,
            unknown=self.unknown,
            example=example,
            tokens=tuple(words[:LENGTH]),
            words=len(words),
            ids=ids.astype(np.int32),
            chances=self.model(x[None]).softmax(1)[0].cpu().numpy(),
            batch=batch(self.prepared, self.rows)[0].cpu().numpy().astype(np.int32),
            layers=layers,
            shapes=shapes,
            parameters=np.array(parameters, np.int32),
            epoch=self.epoch,
            best_epoch=self.best_epoch,
            valid_steps=np.array(steps, np.int32),
            valid_loss=np.array(losses, np.float32),
            valid_accuracy=np.array(accuracies, np.float32),
            train_accuracy=np.array(self.trained, np.float32),
            now_loss=self.now[0],
            now_accuracy=self.now[1],
            valid_majority=self.without[0],
            valid_bag=self.without[1],
            test_accuracy=float(np.trace(self.confusion) / max(1, self.confusion.sum())),
            test_majority=self.without_test[0],
            test_bag=self.without_test[1],
            confusion=self.confusion.copy(),
            wrong=tuple(found.texts[index] for index, _ in shown),
            wrong_true=np.array([found.labels[index] for index, _ in shown], np.int32),
            wrong_given=np.array([given for _, given in shown], np.int32),
        )

    def layers(self, params: Params) -> tuple[tuple[str, ...], tuple[str, ...], list[int]]:
        """Each layer with the shape of what it gives and its number of parameters."""
        width, classes = params.width, len(self.found.names)
        reads = {"CNN": f"Conv1d, {WINDOW}", "bag of vectors": "mean"}.get(
            params.model, params.model)
        gives = f"(B, L, {width})" if params.model in Classifier.RECURRENT else f"(B, {width}, L)"
        rows: list[tuple[str, str, nn.Module | None]] = [
            ("ids", "(B, L)", None), ("Embedding", f"(B, L, {width})", self.model.embedding)]
        if params.model != "bag of vectors":
            rows.append((reads, gives, self.model.reader))
        last = {"CNN": "max", "bag of vectors": "mean"}.get(params.model, "last")
        rows += [(last, f"(B, {width})", None), ("Linear", f"(B, {classes})", self.model.linear)]
        names, shapes, modules = zip(*rows, strict=True)
        return names, shapes, [0 if one is None else sum(p.numel() for p in one.parameters())
                               for one in modules]


def written(*parts: Callable[..., Any]) -> str:
    """The source of some functions and classes, as it stands in this file."""
    found = []
    for one in parts:
        with suppress(OSError, TypeError):  # in a notebook classes have no file
            found.append(dedent(inspect.getsource(one)).rstrip())
    return "\n\n".join(found)
