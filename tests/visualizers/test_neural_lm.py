"""The network of Bengio et al. 2003: its equation, what each network reads, and who wins where."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data.sentences import sentences
from visualizers.l1_basics.neural_lm.experiment import BY, SAMPLE, Network
from visualizers.l1_basics.neural_lm.panel import AMOUNTS, HELD, Params
from visualizers.models.ngrams import BEGIN, END
from widgets.controls.parameters import changed

PANEL = panel("neural_lm")
NINTH = AMOUNTS.index("1/9")


def begun(steps: int = 0, *, watched: bool = False, **values: Any) -> Trial:
    """A run that is measured where it is looked at, and on its way only where it is watched."""
    one = Trial(PANEL, changed(Params(), **values))
    if not watched:
        one.measuring.every = 0
    one.train(steps)
    return one


# --- the equation


@pytest.mark.parametrize("direct", [False, True])
def test_that_the_network_is_equation_one(direct: bool) -> None:
    """Against the same network built of torch's modules, its values and the gradients of its vectors."""
    params = changed(Params(), dimension=5, hidden_units=7, direct=direct)
    V, c, generator = 11, 3, torch.Generator().manual_seed(3)
    network = Network(V, c, params, generator, "cpu")
    with torch.no_grad():
        for one in network.weights:
            one.copy_(torch.randn(one.shape, generator=generator))
    before = torch.randint(0, V + 1, (4, 6, c), generator=generator)
    ours = network(before)
    ours.square().sum().backward()
    for at in range(4):
        vectors = nn.Embedding(V + 1, 5)
        hidden, out, short = nn.Linear(c * 5, 7), nn.Linear(7, V), nn.Linear(c * 5, V, bias=False)
        with torch.no_grad():
            vectors.weight.copy_(network.C[at])
            hidden.weight.copy_(network.H[at].T)
            hidden.bias.copy_(network.d[at, 0])
            out.weight.copy_(network.U[at].T)
            out.bias.copy_(network.b[at, 0])
            if network.W is not None:
                short.weight.copy_(network.W[at].T)
        x = vectors(before[at]).flatten(1)
        theirs = out(torch.tanh(hidden(x))) + (short(x) if direct else 0)
        torch.testing.assert_close(ours[at], theirs)
        theirs.square().sum().backward()
        assert network.C.grad is not None
        torch.testing.assert_close(network.C.grad[at], vectors.weight.grad, rtol=1e-4, atol=1e-4)


def test_that_it_begins_with_all_words_alike() -> None:
    frame = begun(seed=3).frame()
    assert frame.held_out == pytest.approx(frame.vocabulary) == frame.training
    assert frame.by_network == pytest.approx(frame.vocabulary)


# --- what is read, and what is asked


def test_that_each_network_reads_its_own_amount_only() -> None:
    """The vectors of words that stand in no context of its part are never touched."""
    one = begun(6, weight_decay=1e-3, batch=512, seed=4)
    experiment = one.experiment
    first = begun(weight_decay=1e-3, batch=512, seed=4).experiment.network.C.detach()
    moved = (experiment.network.C.detach() != first).any(2)
    for at, length in enumerate(experiment.words.tolist()):
        read = set(experiment.text[:length, :-1].flatten().tolist())
        assert set(torch.nonzero(moved[at]).flatten().tolist()) <= read
        unread = set(range(experiment.reading.base)) - read
        assert at or unread, "in the least text some words are missing"
    assert moved.sum(1).tolist() == sorted(moved.sum(1).tolist())


def test_that_lines_are_held_out_of_every_amount() -> None:
    experiment = begun(seed=7).experiment
    read = {tuple(line) for line in experiment.reading.lines}
    assert not read & {tuple(line) for line in experiment.reading.held}
    words = [w for line in experiment.reading.lines for w in (*line, END)]
    assert experiment.text[:, -1].tolist() == words
    assert experiment.text[0].tolist() == [BEGIN] * 3 + words[:1]
    assert experiment.words[-1] == len(words)
    assert experiment.words[0] == pytest.approx(len(words) / 27, rel=0.05)


def test_that_perplexities_are_those_of_the_held_out_words() -> None:
    one = begun(40, n=3, method="add-k", share=0.3, seed=2)
    experiment, frame = one.experiment, one.frame()
    lines = [[BEGIN, BEGIN, *line, END] for line in experiment.reading.held]
    grams = [tuple(line[at - 2 : at + 1]) for line in lines for at in range(2, len(line))]
    part = experiment.text[: experiment.words[NINTH]].tolist()
    V, both, ours, counted = frame.vocabulary, [], [], []
    for a, b, w in grams:
        with torch.no_grad():
            y = experiment.network(torch.tensor([[[a, b]]] * len(AMOUNTS)))[NINTH, 0]
        p = float(torch.softmax(y.double(), 0)[w - 1])
        after = [gram for gram in part if gram[:2] == [a, b]]
        q = (sum(gram[2] == w for gram in after) + BY.k) / (len(after) + BY.k * V)
        ours.append(p)
        counted.append(q)
        both.append(0.3 * p + 0.7 * q)
    for name, odds in (("held_out", ours), ("counts", counted), ("mixed", both)):
        assert getattr(frame, name)[NINTH] == pytest.approx(np.exp(-np.log(odds).mean()), rel=1e-4)
    assert one.history[HELD[NINTH]][-1] == pytest.approx(frame.held_out[NINTH])
    read = [{tuple(gram[-m:]) for gram in part} for m in (1, 2, 3)]
    longest = [max([m for m in (1, 2, 3) if gram[-m:] in read[m - 1]], default=1) for gram in grams]
    assert frame.part == pytest.approx([longest.count(m) / len(grams) for m in (1, 2, 3)])
    hard = [p for p, m in zip(ours, longest, strict=True) if m == 1]
    assert frame.by_network[0] == pytest.approx(np.exp(-np.log(hard).mean()), rel=1e-4)


def test_that_training_perplexity_is_of_words_that_were_read() -> None:
    one = begun(30, seed=5)
    experiment, frame = one.experiment, one.frame()
    end = int(experiment.words[-1])
    part = experiment.text[end - SAMPLE : end]
    with torch.no_grad():
        y = experiment.network(part[:, :-1].expand(4, -1, -1))[-1]
    loss = nn.functional.cross_entropy(y, part[:, -1] - 1)
    assert frame.training[-1] == pytest.approx(float(loss.exp()), rel=1e-4)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_nobody_knows_more_than_all_sentences(language: str) -> None:
    """With n = 2: of all words that ever follow a word, each as likely as it is frequent there."""
    one = begun(corpus="made-sentences" if language == "en" else "made-sentences-zh", n=2, seed=1,
                context="old" if language == "en" else "一位")
    reading, frame = one.experiment.reading, one.frame()
    lines = [["", *reading.cut(line), ""] for line in sentences(language)]
    pairs = [pair for line in lines for pair in itertools.pairwise(line)]
    follow: dict[str, list[str]] = {}
    for a, b in pairs:
        follow.setdefault(a, []).append(b)
    asked = [pair for line in lines[::10] for pair in itertools.pairwise(line)]
    odds = [follow[a].count(b) / len(follow[a]) for a, b in asked[: len(one.experiment.held)]]
    assert frame.floor == pytest.approx(np.exp(-np.log(odds).mean()), rel=1e-6)
    after = follow[frame.context[0]]
    assert frame.odds[2] == pytest.approx([after.count(w) / len(after) for w in frame.next], abs=1e-6)


def test_that_next_words_are_those_of_the_context() -> None:
    one = begun(30, context="two tall", method="Kneser-Ney", seed=6)
    frame, experiment = one.frame(), one.experiment
    reading = experiment.reading
    assert frame.context == ("⇥", "two", "tall")
    h = [BEGIN, *reading.numbers(["two", "tall"])]
    assert frame.often == sum(gram[:3] == h for gram in experiment.text[: experiment.words[NINTH]].tolist())
    with torch.no_grad():
        p = torch.softmax(experiment.network(torch.tensor([[h]] * 4))[NINTH, 0], 0)
    assert frame.odds[1] == pytest.approx([float(p[reading.ids[w] - 1]) for w in frame.next], abs=1e-6)
    for row in frame.odds[:2]:
        assert row.max() >= 0.999 * (p.max() if row is frame.odds[1] else 0)
    one.params = changed(one.params, context="never such words")
    assert one.frame().often == 0
    one.params = changed(one.params, context="", word="zebra")
    assert one.frame().context == ("⇥",) * 3 and one.frame().asked == "zebra"


# --- the claim


@pytest.mark.parametrize("seed", [5, 11])
def test_that_the_network_wins_in_the_made_language(seed: int) -> None:
    frame = begun(100, seed=seed).frame()
    assert (frame.held_out < frame.counts * (0.85, 0.9, 1.0, 1.05)).all()
    assert (frame.held_out > frame.floor).all()
    gain = frame.by_counts / frame.by_network
    assert gain[0] > 3 and gain[1] > 1.25 and gain[3] < 1.2 and (np.diff(gain[[0, 1, 3]]) < 0).all()


def test_that_a_little_text_is_learnt_by_heart() -> None:
    one = begun(200, watched=True, seed=8)
    history, frame = one.history, one.frame()
    best = [history.points(name)[0].min() for name in HELD]
    assert (best < frame.counts).all(), "stopped in time, it wins at every amount"
    assert frame.held_out[0] > 1.2 * best[0] and frame.training[0] < frame.held_out[0] / 2
    assert frame.held_out[3] < frame.counts[3], "of the whole text nothing can be learnt by heart"


def test_that_kneser_ney_wins_on_real_prose_and_both_together_more() -> None:
    one = begun(120, corpus="python-reference", amount="all", share=0.3, seed=9)
    frame = one.frame()
    assert frame.counts[3] < 0.7 * frame.held_out[3]
    assert frame.mixed[3] < 0.98 * frame.counts[3]
    one.params = changed(one.params, method="add-k")
    assert one.frame().counts[3] > 2 * frame.held_out[3], "so it wins against add-k"


GROUPS = ("sailor captain diver", "cook baker chef", "teacher pupil student", "gardener florist farmer",
          "singer pianist drummer", "mechanic driver plumber")


@pytest.mark.parametrize("seed", [5, 12])
def test_that_words_of_a_group_drift_together(seed: int) -> None:
    one = begun(amount="all", seed=seed)
    found = []
    for _ in range(2):
        together = []
        for group in GROUPS:
            names = group.split()
            for name in names:
                one.params = changed(one.params, word=name)
                together.append(len(set(one.frame().near[:4]) & set(names)) / 2)
        found.append(np.mean(together))
        one.train(150)
    assert found[0] < 0.2 and found[1] > 0.8


def test_that_chinese_colours_drift_together() -> None:
    one = begun(150, corpus="chinese-sentences", word="红色", amount="all", seed=3)
    colours = {"蓝色", "绿色", "黄色", "白色", "黑色", "紫色"}
    assert len(colours & set(one.frame().near)) >= 5


# --- the view


def test_that_a_click_on_a_word_chooses_it(view: Any) -> None:
    one = begun(10, beside="near")
    shown = one.shown()
    view.show_frame(shown)
    view.map.clicked.emit(5)
    view.near.clicked.emit(0)
    assert view.sent == [("word", shown.frame.labels[5]), ("word", shown.frame.near[0])]
