"""Stance: for or against what? A network with and without the target, beside sentiment alone.

Mohammad, Kiritchenko, Sobhani, Zhu and Cherry (2016), "SemEval-2016 Task 6: Detecting Stance in
Tweets": what is asked is (text, target) → against, neither or favour, and "sentiment" is another
question with another answer. Both networks are Kim's (2014): filters on windows of h words and
max-pooling over time,

    m_f = max_i relu(w_f · [x_i … x_{i+h-1}] + b_f),

and they differ in one place only. Without the target one output layer answers all questions; with
it, every target has an output layer of its own, on the same filters:

    without:  p = softmax(U m + c)          with:  p = softmax(U_t m + c_t)

So the second can turn one and the same m into opposite answers. Sentiment alone is VADER (Hutto and
Gilbert 2014): a lexicon and a few rules, nothing is learnt; a positive text counts as in favour.

Shapes: B questions, L words, D numbers a word, h words in a window, M filters, C stances, T targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.l9_social.stance.panel import (
    EXAMPLES,
    MADE,
    MODELS,
    Frame,
    Params,
    sentence_key,
)
from visualizers.l9_social.stance.texts import Stances, feeling, made, spoken, valence
from visualizers.models.arrays import array
from visualizers.models.dropout import dropout_mask
from visualizers.models.text_cnn import (
    Pooled,
    convolve,
    convolve_back,
    places_of,
    scattered,
    softmax_error,
)
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.panel import Context

BATCH, WIDTH, DROPOUT = 64, 24, 0.1
WORDS = 4000  # of the vocabulary
LONGEST = 32  # words of a text that are read
TESTED = 480  # questions on which an accuracy is measured
HELD_OUT = 0.25  # of the texts, or of the messages they are from
NEITHER = 1 / 3  # of the questions, where there are three stances


class Questions:
    """All pairs of a text and a target that may be asked, in three boxes.

    In the first the text takes no side, in the second its feeling agrees with its stance, in the
    third it does not. Where the answers are not stances, all are in the first.
    """

    def __init__(self, data: Stances, rows: NDArray[np.int64], targets: int) -> None:
        text, target = np.nonzero(data.answers[rows, :targets] >= 0)            # (Q,) each
        text = rows[text]
        answer = data.answers[text, target].astype(np.int64)                    # (Q,)
        side = (answer - 1) * np.sign(data.feelings[text]) if len(data.names) == 3 \
            else np.zeros(len(answer))
        box = np.where(side == 0, 0, np.where(side > 0, 1, 2))
        order = np.argsort(box, kind="stable")
        self.sizes = torch.from_numpy(np.bincount(box, minlength=3))            # (3,)
        self.starts = self.sizes.cumsum(0) - self.sizes                         # (3,)
        self.text, self.target, self.answer = (
            torch.from_numpy(one[order]) for one in (text, target, answer))

    def draw(self, lots: Tensor, agreement: float) -> Tensor:
        """Which questions three lots (B, 3), each 0 … 1, lead to: (B,)."""
        box = torch.where(lots[:, 0] < NEITHER, 0, torch.where(lots[:, 1] < agreement, 1, 2))
        if not self.sizes[1:].all():
            box = torch.zeros_like(box)
        return self.starts[box] + (lots[:, 2] * self.sizes[box]).long()


class Network:
    """Words, filters, max-pooling, and an output layer for each of ``heads`` targets."""

    def __init__(self, V: int, params: Params, C: int, heads: int, generator: torch.Generator,
                 device: str) -> None:
        h, M = params.window, params.filters

        def normal(scale: float, *shape: int) -> Tensor:
            return (scale * torch.randn(shape, generator=generator)).to(device)

        self.words = normal(0.5, V, WIDTH)
        self.words[Vocabulary.PAD] = 0                      # empty space, and it stays so
        self.filters = normal((2 / (h * WIDTH)) ** 0.5, M, h * WIDTH)
        self.bias = torch.zeros(M, device=device)
        self.out = normal(M**-0.5, heads, C, M)
        self.out_bias = torch.zeros(heads, C, device=device)
        self.learnt = [self.words, self.filters, self.bias, self.out, self.out_bias]

    def pool(self, ids: Tensor, lengths: Tensor) -> Pooled:
        """What each filter answers to each text: ``best`` (B, M), from the window ``where``."""
        return convolve(self.words[ids], lengths, self.filters, self.bias)

    def logits(self, m: Tensor, target: Tensor) -> Tensor:
        """U_t m + c_t: (B, C). Without targets there is one U for all."""
        t = target % len(self.out)
        return torch.einsum("bcm,bm->bc", self.out[t], m) + self.out_bias[t]

    def says(self, ids: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """The logits of texts (B, L) on targets (B,): (B, C)."""
        return self.logits(self.pool(ids, lengths).best, target)

    def learn(self, ids: Tensor, lengths: Tensor, target: Tensor, answer: Tensor, mask: Tensor) -> float:
        """Leave each tensor's gradient in its ``grad``; the loss."""
        h, t = self.filters.shape[1] // WIDTH, target % len(self.out)
        pooled = self.pool(ids, lengths)
        m = pooled.best * mask                                                  # (B, M)
        logits = self.logits(m, target)                                         # (B, C)
        d = softmax_error(logits, answer)                                       # (B, C)
        # Only the asked target's own output layer learns from a question.
        d_out = torch.zeros_like(self.out).index_add_(0, t, d[:, :, None] * m[:, None])
        d_out_bias = torch.zeros_like(self.out_bias).index_add_(0, t, d)
        d_m = torch.einsum("bc,bcm->bm", d, self.out[t]) * mask
        d_filters, d_bias, d_rows = convolve_back(pooled, d_m, self.filters)
        read = ids.gather(1, places_of(pooled.where, h).flatten(1))             # (B, M·h)
        d_words = scattered(read, d_rows.reshape(*read.shape, -1), self.words)
        for tensor, gradient in zip(self.learnt, (d_words, d_filters, d_bias, d_out, d_out_bias),
                                    strict=True):
            tensor.grad = gradient
        return float(cross_entropy(logits, answer))


class Stance:
    """The two networks, trained on the same questions."""

    shared: ClassVar[tuple[str, ...]] = (
        "data", "vocabulary", "ids", "lengths", "asked", "tests", "lots")
    measure_every = 40
    measure_reads: ClassVar[tuple[str, ...]] = ("agreement",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.data = self._read(params, context)
        data, T = self.data, self._targets(params)
        train, test = self._part(params.seed)
        learnt = [data.texts[one] for one in train]
        self.vocabulary = Vocabulary.learn(learnt, "en", WORDS, 1 if data is made() else 2)
        ids = torch.from_numpy(self.vocabulary.encode_all(data.texts, LONGEST))
        longest = max(params.window, int((ids > 0).sum(1).max()))
        self.ids = ids[:, :longest].to(self.device)                             # (N, L)
        self.lengths = (self.ids > 0).sum(1)                                    # (N,)
        self.asked, self.tests = Questions(data, train, T), Questions(data, test, T)
        self.lots = torch.rand(TESTED, 3, generator=self.generator)

        V, C = self.vocabulary.size, len(data.names)
        self.told = Network(V, params, C, T, self.generator, self.device)
        self.plain = Network(V, params, C, 1, self.generator, self.device)
        self.optimizer = torch.optim.Adam([*self.told.learnt, *self.plain.learnt], fused=True)
        self.by_feeling = (0, C - 1) if C == 3 else self._commonest()

    def _read(self, params: Params, context: Context) -> Stances:
        if params.data == MADE:
            return made()
        context.progress(0, 1, "reading the messages")
        found = spoken(context.data)
        if found is None:
            context.stands_in("presidents", "Made opinions")
        return found or made()

    def _targets(self, params: Params) -> int:
        """T: as many as asked for, of made opinions."""
        return params.targets if params.data == MADE else len(self.data.targets)

    def _part(self, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which texts are learnt from and which tested on; of each kind of answers the same share.

        What belongs together, such as the sentences of one message, stays together.
        """
        draw, data = np.random.default_rng(seed), self.data
        groups, first = np.unique(data.groups, return_index=True)
        kinds = np.unique(data.answers[first], axis=0, return_inverse=True)[1].ravel()
        held: list[NDArray[np.int32]] = []
        for kind in range(kinds.max() + 1):
            members = draw.permutation(groups[kinds == kind])
            held.append(members[: max(1, round(HELD_OUT * len(members)))])
        tested = np.isin(data.groups, np.concatenate(held))
        return np.flatnonzero(~tested), np.flatnonzero(tested)

    def _commonest(self) -> tuple[int, int]:
        """The answer that negative texts and that positive ones have most often in training."""
        positive = self.data.feelings[self.asked.text.numpy()] > 0
        answer = self.asked.answer.numpy()
        return tuple(int(np.bincount(answer[positive == one]).argmax())  # type: ignore[return-value]
                     for one in (False, True))

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on the same questions."""
        rows = self.asked.draw(torch.rand(BATCH, 3, generator=self.generator), params.agreement)
        text, target, answer = (one[rows].to(self.device) for one in
                                (self.asked.text, self.asked.target, self.asked.answer))
        ids, lengths = self.ids[text], self.lengths[text]                       # (B, L), (B,)
        ids = ids[:, : max(params.window, int(lengths.max()))]
        loss, plain_loss = (
            network.learn(ids, lengths, target, answer, dropout_mask(
                self.generator, DROPOUT, torch.empty(BATCH, params.filters, device=self.device)))
            for network in (self.told, self.plain))
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": loss, "plain_loss": plain_loss}

    def measure(self, params: Params) -> Mapping[str, float]:
        """The test questions, by their feeling and their stance."""
        rows = self.tests.draw(self.lots, params.agreement)                     # (Q,)
        text, target, self.answer = self.tests.text[rows], self.tests.target[rows], \
            self.tests.answer[rows].numpy()
        self.text, self.target = text.numpy(), target.numpy()
        self.positive = (self.data.feelings[self.text] > 0).astype(np.int64)    # (Q,)
        ids, lengths = self.ids[text.to(self.device)], self.lengths[text.to(self.device)]
        said = [array(network.says(ids, lengths, target.to(self.device)).argmax(1))
                for network in (self.told, self.plain)]
        said.append(np.array(self.by_feeling)[self.positive])
        right = np.stack(said, 1) == self.answer[:, None]                       # (Q, MODELS)
        C = len(self.data.names)
        self.counts = np.zeros((2, C), np.int32)
        np.add.at(self.counts, (self.positive, self.answer), 1)
        sums = np.zeros((2, C, MODELS), np.float32)
        np.add.at(sums, (self.positive, self.answer), right)
        self.right = (sums / np.maximum(self.counts, 1)[..., None]).astype(np.float32)
        accuracy = right.mean(0)
        return {"accuracy": float(accuracy[0]), "plain_accuracy": float(accuracy[1]),
                "feeling_accuracy": float(accuracy[2])}

    # --- looking

    def _question(self, params: Params) -> tuple[str, int, NDArray[np.int8]]:
        """The text that is looked at, the target it is asked about, its stance on each (T,)."""
        T = self._targets(params)
        if params.sentence.strip():
            return params.sentence.strip(), 0, np.full(T, -1, np.int8)
        rows = np.flatnonzero((self.positive == params.cell[0]) & (self.answer == params.cell[1]))
        if not len(rows):
            rows = np.arange(min(EXAMPLES, len(self.text)))
        row = rows[params.example % len(rows)]
        text = int(self.text[row])
        return self.data.texts[text], int(self.target[row]), self.data.answers[text, :T]

    def frame(self, params: Params) -> Frame:
        """One text under every target."""
        said, asked, truth = self._question(params)
        T = self._targets(params)
        if 0 <= params.target < T:
            asked = params.target
        tokens = (cut(said) or ("·",))[: self.ids.shape[1]]
        n = len(tokens)
        removed = tuple(one for one in params.removed[1:] if isinstance(one, int) and 0 <= one < n) \
            if params.removed[:1] == (sentence_key(params),) else ()
        ids = torch.zeros(1, self.ids.shape[1], dtype=torch.long)               # (1, L)
        ids[0, :n] = torch.from_numpy(self.vocabulary.encode(" ".join(tokens)))[:n]
        unknown = (ids[0, :n] == Vocabulary.OTHER).numpy().astype(np.uint8)
        ids[0, list(removed)] = Vocabulary.PAD
        ids, lengths = ids.to(self.device), torch.tensor([n], device=self.device)
        every = torch.arange(T, device=self.device)
        m = self.told.pool(ids, lengths).best                                   # (1, M)
        odds = self.told.logits(m.expand(T, -1), every).softmax(1)              # (T, C)
        plain = self.plain.says(ids, lengths, every[:1]).softmax(1)[0]          # (C,)
        left = [word for index, word in enumerate(tokens) if index not in removed]
        whole = said if not removed else " ".join(left)
        return Frame(
            names=self.data.names, targets=self.data.targets[:T], counts=self.counts.copy(),
            right=self.right.copy(), by_feeling=self.by_feeling, tokens=tokens, unknown=unknown,
            removed=removed,
            valences=np.array([0.0 if index in removed else valence(word)
                               for index, word in enumerate(tokens)], np.float32),
            feeling=feeling(whole), push=self._lost(ids, n, asked), asked=asked, odds=array(odds),
            plain=array(plain), truth=truth.copy(), texts=len(self.data.texts),
            vocabulary=self.vocabulary.size)

    def _lost(self, ids: Tensor, n: int, target: int) -> NDArray[np.float32]:
        """What is lost of (the last stance's logit − the first's) without each of n words: (n,)."""
        without = ids.repeat(n + 1, 1)                                          # (n + 1, L)
        index = torch.arange(n, device=ids.device)
        without[index, index] = Vocabulary.PAD                                  # the last row is whole
        logits = self.told.says(without, torch.full((n + 1,), n, device=ids.device),
                                torch.full((n + 1,), target, device=ids.device))  # (n + 1, C)
        lean = logits[:, -1] - logits[:, 0]                                     # (n + 1,)
        return array(lean[-1] - lean[:-1])
