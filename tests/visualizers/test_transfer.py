"""Transfer: the stack of networks is what one network would be, and only what was read carries over."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.data.made_language import TOPICS
from visualizers.l1_basics.transfer.experiment import (
    BATCH,
    DRAWS,
    NUMBER,
    SCALE,
    WORDS,
    D,
    H,
    Transfer,
    classes,
    unlabelled,
)
from visualizers.l1_basics.transfer.panel import AMOUNTS, UPDATES, WAYS, Params
from visualizers.panel import Context, History, Shown

PANEL = panel("transfer")
EACH = len(AMOUNTS) * DRAWS


def begin(steps: int = 0, **values: Any) -> tuple[Transfer, Params]:
    params = Params(**values)
    one = Transfer(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module", params=[3, 4])
def trained(request: pytest.FixtureRequest) -> Transfer:
    return begin(150 + UPDATES, seed=request.param)[0]


class Alone(nn.Module):
    """One network, as one would write it with torch's own parts."""

    def __init__(self, of: Transfer, at: int) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(len(WORDS), D, mode="mean")
        self.layer, self.head = nn.Linear(D, H), nn.Linear(H, of.heads.bias.shape[-1])
        with torch.no_grad():
            for mine, theirs in ((self.words.weight, of.networks.words[at]),
                                 (self.layer.weight, of.networks.weight[at].T),
                                 (self.layer.bias, of.networks.bias[at, 0]),
                                 (self.head.weight, of.heads.weight[at].T),
                                 (self.head.bias, of.heads.bias[at, 0])):
                mine.copy_(theirs)

    def forward(self, bags: torch.Tensor) -> torch.Tensor:
        texts = [[word for word, n in enumerate(bag.int().tolist()) for _ in range(n)] for bag in bags]
        starts = torch.tensor(np.cumsum([0, *map(len, texts)])[:-1])
        mean = self.words(torch.tensor([word for text in texts for word in text]), starts)
        scores: torch.Tensor = self.head(torch.tanh(self.layer(SCALE * mean)))
        return scores


@pytest.mark.parametrize("way", WAYS)
def test_that_each_network_of_the_stack_learns_as_one_alone_would(way: str) -> None:
    one, params = begin(6, pretraining=6, seed=7)
    at = EACH * WAYS.index(way) + 3 * DRAWS + 2  # 32 labelled texts, the third draw of them
    alone = Alone(one, at)
    if way == "frozen":
        alone.words.requires_grad_(False)
        alone.layer.requires_grad_(False)
    optimizer = torch.optim.Adam(alone.parameters(), lr=params.learning_rate)
    for _ in range(4):
        drawn = torch.Generator()
        drawn.set_state(one.generator.get_state())
        one.step(params)
        rows = (torch.rand(EACH, BATCH, generator=drawn)[at % EACH] * AMOUNTS[3]).long()
        loss = nn.functional.cross_entropy(alone(one.bags[2, rows]), one.labels[2, rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(one.networks.words[at], alone.words.weight, rtol=0, atol=2e-5)
    torch.testing.assert_close(one.heads.weight[at].T, alone.head.weight, rtol=0, atol=2e-5)
    with torch.no_grad():
        said = alone(one.asked).argmax(1)
    one.measure(params)
    right = (said == one.asked_labels).float().view(2, -1).mean(1)
    scores = one.heads.scores(one.networks.features(one.asked[None]))[at].argmax(1)
    assert ((scores == one.asked_labels).float().view(2, -1).mean(1) == right).all()


def test_that_frozen_bodies_stay_as_pre_training_left_them_and_others_do_not(trained: Transfer) -> None:
    for mine, pretrained in zip(trained.networks, trained.body, strict=True):
        assert all(torch.equal(one, pretrained[0]) for one in mine[EACH : 2 * EACH])
        assert not any(torch.equal(one, pretrained[0]) for one in (*mine[:EACH], *mine[2 * EACH :]))


def test_that_labels_show_their_words_only_and_each_way_learns_from_the_same_texts() -> None:
    one, _ = begin(seed=5, shown=2)
    groups = classes(Params(seed=5, shown=2))
    assert sorted(word for group in groups for word in group) == sorted(
        word for topic in TOPICS.values() for word in topic)
    used = {WORDS[word] for word in one.bags.sum((0, 1)).nonzero()[:, 0].tolist()}
    things = {word for group in groups for word in group}
    assert used & things == {word for group in groups for word in group[:2]}
    seen, unseen = (part.sum(0).nonzero()[:, 0].tolist() for part in one.asked.chunk(2))
    assert {WORDS[word] for word in seen} & {WORDS[word] for word in unseen} & things == set()
    assert one.amount.view(len(WAYS), -1).unique(dim=0).shape[0] == 1
    assert one.draw.view(len(WAYS), -1).unique(dim=0).shape[0] == 1
    for amount in AMOUNTS:  # as many of each class
        assert all(len(set(row[:amount].bincount().tolist())) == 1 for row in one.labels)
    read = {WORDS[word] for word in unlabelled(5).sum(0).nonzero()[:, 0].tolist()}
    assert things <= read, "pre-training has read all of them"


def test_that_pre_training_learns_more_than_how_often_each_word_occurs(trained: Transfer) -> None:
    often = trained.texts.sum(0)
    share = (often / often.sum()).clamp(min=1e-12)
    # the missing word is any word of a text, each text as often as another
    left_out = (trained.texts / trained.texts.sum(1, keepdim=True)).mean(0)
    counting = float(-(left_out * share.log()).sum())
    trained.optimizer.zero_grad()
    loss = np.mean([trained.guess_missing_words() for _ in range(8)])
    assert loss < counting - 0.4 and counting < math.log(len(WORDS))


def test_that_pre_training_needs_fewer_labels_and_knows_words_never_shown(trained: Transfer) -> None:
    tuned, frozen, scratch = trained.seen
    assert tuned[0] > scratch[2] and frozen[0] > scratch[2], "four texts do more than sixteen"
    assert scratch[-1] > 0.98, "with many labels all know the words that they show"
    tuned, frozen, scratch = trained.unseen
    assert tuned[-1] > 0.9 and frozen[-1] > 0.9 and scratch.max() < 0.45


def test_that_freezing_is_better_with_few_labels_and_worse_with_many() -> None:
    one, _ = begin(150 + UPDATES, seed=6, task="for or against")
    assert one.unseen[1, 1:4].mean() > one.unseen[0, 1:4].mean()
    assert one.unseen[0, -1] > one.unseen[1, -1] + 0.05 and one.seen[0, -1] > one.seen[1, -1] + 0.05


def test_that_the_map_holds_cosines_and_groups_what_was_read(trained: Transfer) -> None:
    frame = trained.frame(Params(seed=3, amount=len(AMOUNTS) - 1))
    first = EACH - DRAWS  # fine-tuned with 256 texts, the first draw
    vectors = trained.networks.words[first, [NUMBER[word] for word in frame.words]].detach().double()
    long = vectors.norm(dim=1)
    torch.testing.assert_close(torch.from_numpy(frame.alike[0]).double(),
                               vectors @ vectors.T / long[:, None] / long, rtol=0, atol=1e-5)
    group = np.arange(len(frame.words)) // 6  # six words of each topic
    same = (group[:, None] == group) & ~np.eye(len(group), dtype=bool)
    other = group[:, None] != group
    hidden = (frame.shown[:, None] == 0) & (frame.shown == 0)
    assert frame.alike[0][same].mean() > frame.alike[0][other].mean() + 0.3
    scratch = frame.alike[2]
    assert abs(scratch[same & hidden].mean() - scratch[other & hidden].mean()) < 0.15
    assert scratch[same & ~hidden].mean() > scratch[other & ~hidden].mean()


def test_that_a_click_on_a_plot_chooses_the_nearest_amount(view: Any) -> None:
    one, params = begin(12, pretraining=10)
    view.show_frame(Shown(one.frame(params), params, History(), 12))
    view.seen.clicked.emit(30.0, 0.5)
    view.unseen.clicked.emit(1e-12, 0.5)
    assert view.sent == [("amount", 3), ("amount", 0)]
