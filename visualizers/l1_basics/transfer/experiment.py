"""One small network, pre-trained on texts without a label, and then tuned on few labels in three ways.

The network averages the vectors of a text's words and passes them through one layer:

    f = tanh(s · mean_t e(w_t) · W + b)               the body: word vectors e, and W, b

Pre-training puts a head over all words on it, leaves one word of a text out and asks which it was. That
is CBOW (Mikolov et al. 2013) with a layer in between. No label is needed, so there are texts in plenty.
Then the old head is thrown away, and a new one over the classes learns from labelled texts:

    fine-tuned    body and head learn, the body from where pre-training left it    (parameter transfer)
    frozen        only the head learns, the body stays as it was             (feature-representation transfer)
    from scratch  body and head learn, the body from random weights

(Pan and Yang 2010 for the two kinds of transfer.) Each way is trained with 4, 8, … 256 labelled texts,
each amount with R draws of texts: all these networks learn side by side, in one stack of weights.
Every one makes the same number of updates, with B texts in each, drawn from those that it has.

The labelled texts use only some words of each class; pre-training has read all of them.

Shapes: N networks in a stack, B texts, V words, D numbers in a word vector, H hidden, C classes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from visualizers.data.made_language import (
    AROUND,
    BLAME,
    HOW,
    NEITHER,
    PRAISE,
    TOPICS,
    cut,
    opinion,
    reviews,
)
from visualizers.l1_basics.transfer.panel import AMOUNTS, NAMES, UPDATES, WAYS, Frame, Params
from visualizers.panel import Context

THINGS = tuple(word for topic in TOPICS.values() for word in topic)
# "the", "was" and the like stand in every text and tell nothing, so they are left out, as word2vec does.
WORDS = (*PRAISE, *BLAME, *NEITHER, *HOW, *AROUND, *THINGS, "not", "but")
NUMBER = {word: at for at, word in enumerate(WORDS)}
D, H = 16, 32
SCALE = 4.0  # s: an average of words is small
REVIEWS = 1500  # texts without a label
PRETRAINING_BATCH, PRETRAINING_RATE = 256, 0.03
DRAWS = 4  # R
BATCH = 16
ASKED = 160  # texts that are asked about, of each kind


class Body(NamedTuple):
    """What is carried over: N bodies in a stack."""

    words: Tensor   # (N, V, D)
    weight: Tensor  # (N, D, H)
    bias: Tensor    # (N, 1, H)

    def features(self, bags: Tensor) -> Tensor:
        """What the body makes of bags of words (N, B, V), (N, B, H)."""
        mean = (bags / bags.sum(-1, keepdim=True).clamp(min=1)) @ self.words      # (N, B, D)
        return (SCALE * mean @ self.weight + self.bias).tanh()                    # (N, B, H)


class Head(NamedTuple):
    """What is put on a body for a task, and thrown away with it. It begins with zeros."""

    weight: Tensor  # (N, H, C)
    bias: Tensor    # (N, 1, C)

    def scores(self, features: Tensor) -> Tensor:
        """(N, B, C) of features (N, B, H)."""
        return features @ self.weight + self.bias


class Transfer:
    """A body that is pre-trained, and then len(WAYS) · len(AMOUNTS) · R networks that are tuned."""

    shared: ClassVar[tuple[str, ...]] = ("texts", "bags", "labels", "asked", "asked_labels")
    measure_every = 5

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.texts = unlabelled(params.seed).to(self.device)                      # (REVIEWS, V)
        self.groups = classes(params)
        known = [words[: params.shown] for words in self.groups]
        unknown = [words[params.shown :] for words in self.groups]
        draw = random.Random(params.seed)
        drawn = [labelled(draw, params.task, known, AMOUNTS[-1]) for _ in range(DRAWS)]
        self.bags = torch.stack([bags_of(texts) for texts, _ in drawn]).to(self.device)  # (R, 256, V)
        self.labels = torch.tensor([labels for _, labels in drawn], device=self.device)  # (R, 256)
        asked = [labelled(draw, params.task, words, ASKED) for words in (known, unknown)]
        self.asked = torch.cat([bags_of(texts) for texts, _ in asked]).to(self.device)   # (2 · ASKED, V)
        self.asked_labels = torch.tensor([one for _, labels in asked for one in labels], device=self.device)

        C, each = len(self.groups), len(AMOUNTS) * DRAWS
        self.body = self.random_body(1)
        self.word_head = empty_head(1, len(WORDS), self.device)
        # (N,) for each network: how many texts it has, and which draw of them; the ways follow one another
        self.amount = torch.tensor(AMOUNTS, device=self.device).repeat_interleave(DRAWS).repeat(len(WAYS))
        self.draw = torch.arange(DRAWS, device=self.device).repeat(len(AMOUNTS) * len(WAYS))
        self.networks = self.random_body(len(WAYS) * each)
        self.heads = empty_head(len(WAYS) * each, C, self.device)
        self.learns = torch.tensor([1.0, 0.0, 1.0], device=self.device).repeat_interleave(each)  # whose body
        self.optimizer = torch.optim.Adam([{"params": [*self.body, *self.word_head]},
                                           {"params": [*self.networks, *self.heads]}])
        self.steps = 0
        self.hand_over()

    def random_body(self, count: int) -> Body:
        """``count`` bodies that have read nothing."""
        V = len(WORDS)
        words = torch.randn(count, V, D, generator=self.generator) * D**-0.5
        weight = torch.randn(count, D, H, generator=self.generator) * D**-0.5
        return Body(*(one.to(self.device).requires_grad_() for one in (words, weight,
                                                                       torch.zeros(count, 1, H))))

    @torch.no_grad()
    def hand_over(self) -> None:
        """Transfer: two of the three ways begin with the body as pre-training has left it."""
        count = 2 * len(AMOUNTS) * DRAWS
        for mine, pretrained in zip(self.networks, self.body, strict=True):
            mine[:count] = pretrained

    # --- learning

    def step(self, params: Params) -> Mapping[str, float]:
        """One step of pre-training; when that is over, one update of every network."""
        self.optimizer.zero_grad()
        if self.steps < params.pretraining:
            self.optimizer.param_groups[0]["lr"] = PRETRAINING_RATE
            loss = self.guess_missing_words()
            tuning = [math.log(len(self.groups))] * len(WAYS)  # a head of zeros deems all classes alike
            self.optimizer.step()
            self.hand_over()
        else:
            self.optimizer.param_groups[1]["lr"] = params.learning_rate
            tuning = self.learn_labels()
            loss = tuning[0]
            self.optimizer.step()
        self.steps += 1
        return {"loss": loss, **{f"{name}_loss": one for name, one in zip(NAMES, tuning, strict=True)}}

    def guess_missing_words(self) -> float:
        """Leave one word out of each text; which was it? Fills the gradients of the body."""
        rows = torch.randint(len(self.texts), (PRETRAINING_BATCH,), generator=self.generator)
        bags = self.texts[rows.to(self.device)].clone()                           # (B, V)
        missing = torch.multinomial(bags.cpu(), 1, generator=self.generator)[:, 0].to(self.device)  # (B,)
        bags[torch.arange(len(bags), device=self.device), missing] -= 1
        scores = self.word_head.scores(self.body.features(bags[None]))            # (1, B, V)
        loss = F.cross_entropy(scores[0], missing)
        loss.backward()
        return loss.item()

    def learn_labels(self) -> list[float]:
        """Every network reads B of its own texts. Fills their gradients; the mean loss of each way."""
        N = len(self.amount) // len(WAYS)
        at = torch.rand(N, BATCH, generator=self.generator).to(self.device).repeat(len(WAYS), 1)
        row = (at * self.amount[:, None]).long()                                  # (N, B), the first so many
        bags = self.bags[self.draw[:, None], row]                                 # (N, B, V)
        labels = self.labels[self.draw[:, None], row]                             # (N, B)
        scores = self.heads.scores(self.networks.features(bags))                  # (N, B, C)
        losses = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none")
        losses = losses.view(len(self.amount), BATCH).mean(1)                     # (N,)
        losses.sum().backward()  # no weight is shared: each network learns from its own loss
        for part in self.networks:  # frozen: what the gradient says of the body is not heard
            assert part.grad is not None
            part.grad *= self.learns[:, None, None]
        return [float(one) for one in losses.detach().view(len(WAYS), -1).mean(1)]

    def finished(self, params: Params) -> bool:
        return self.steps >= params.pretraining + UPDATES

    # --- looking

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Ask every network about texts of words that the labels show, and of words that they do not."""
        scores = self.heads.scores(self.networks.features(self.asked[None]))      # (N, 2 · ASKED, C)
        right = (scores.argmax(-1) == self.asked_labels).float()                  # (N, 2 · ASKED)
        mean = right.view(len(WAYS), len(AMOUNTS), DRAWS, 2, ASKED).mean((2, 4))  # (ways, amounts, 2)
        self.seen, self.unseen = mean.cpu().numpy().transpose(2, 0, 1)
        return {**{name: float(row.mean()) for name, row in zip(NAMES, self.seen, strict=True)},
                **{f"{name}_unseen": float(row.mean()) for name, row in zip(NAMES, self.unseen, strict=True)}}

    def frame(self, params: Params) -> Frame:
        words = [word for group in self.groups for word in group]
        return Frame(
            seen=self.seen.copy(), unseen=self.unseen.copy(), classes=len(self.groups),
            words=tuple(words),
            shown=np.array([at < params.shown for one in self.groups for at in range(len(one))], np.uint8),
            alike=self.alike([NUMBER[word] for word in words], params.looked_at))

    @torch.no_grad()
    def alike(self, numbers: list[int], amount: int) -> NDArray[np.float32]:
        """(ways, W, W) cosines of the word vectors in one network of each way, the first draw's."""
        first = [DRAWS * (way * len(AMOUNTS) + amount) for way in range(len(WAYS))]
        vectors = F.normalize(self.networks.words[first][:, numbers], dim=-1)     # (ways, W, D)
        cosines: NDArray[np.float32] = (vectors @ vectors.mT).clamp(-1, 1).cpu().numpy()
        return cosines


def empty_head(count: int, over: int, device: str) -> Head:
    """Heads that deem everything equally likely."""
    return Head(torch.zeros(count, H, over, device=device, requires_grad=True),
                torch.zeros(count, 1, over, device=device, requires_grad=True))


# --- texts ---------------------------------------------------------------------------------------


def bags_of(texts: Sequence[str]) -> Tensor:
    """How often each word stands in each text, (B, V)."""
    bags = torch.zeros(len(texts), len(WORDS))
    for row, text in enumerate(texts):
        for word in cut(text):
            if word in NUMBER:
                bags[row, NUMBER[word]] += 1
    return bags


@cache
def unlabelled(seed: int) -> Tensor:
    """Reviews as anybody could collect them, without a label: bags of words (REVIEWS, V)."""
    return bags_of([one.text for one in reviews(REVIEWS, seed)])


def classes(params: Params) -> list[list[str]]:
    """The words of each class; the labelled texts show the first of them."""
    draw = random.Random(params.seed)
    words = list(TOPICS.values()) if params.task == "topic" else [BLAME, PRAISE]
    return [draw.sample(group, len(group)) for group in words]


def labelled(
    draw: random.Random, task: str, words: Sequence[Sequence[str]], count: int
) -> tuple[list[str], list[int]]:
    """Texts "the soup was very good" with as many of each class, by the given words of each class only."""
    labels = [at % len(words) for at in range(count)]
    if task == "topic":
        return [opinion(draw, draw.choice(words[one]), draw.randrange(2)) for one in labels], labels
    return [opinion(draw, draw.choice(THINGS), one, turned=0.3, words=(words[0], words[1]))
            for one in labels], labels
