"""Relations between names: the generator, the way back against autograd, and what positions are for."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from visualizers.data import relations
from visualizers.data.relations import NAMES, RELATIONS, Sentence, questions
from visualizers.l2_networks.relation_cnn.experiment import (
    LEARNT,
    MARKERS,
    TESTED,
    RelationCNN,
    marked,
)
from visualizers.l2_networks.relation_cnn.panel import VARIANTS, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed


def begin(steps: int = 0, **values: Any) -> tuple[RelationCNN, Params]:
    params = Params(**values)
    one = RelationCNN(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


# --- the sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [1, 2, 3])
def test_that_a_sentence_holds_two_names_for_each_fact(facts: int) -> None:
    for one, (first, second) in questions(300, facts, 3):
        assert [at for at, word in enumerate(one.words) if word in NAMES] == list(one.names)
        assert len(one.names) == len(set(one.names)) == 2 * facts == 2 * len(one.facts)
        assert 0 <= first < second < 2 * facts


def test_that_what_is_said_of_a_pair_is_read_from_the_words_between_its_names() -> None:
    said = {"born": "born in", "came": "born in", "birthplace": "birthplace of",
            "saw": "birthplace of", "teacher": "taught", "student": "taught by"}
    for one, pair in questions(500, 2, 0):
        number = one.relation(*pair)
        between = one.words[one.names[pair[0]] + 1 : one.names[pair[1]]]
        if pair[0] // 2 != pair[1] // 2:
            assert number == relations.NONE
            continue
        named = next((said[word] for word in between if word in said), None)
        if named is None and ("founded" in between or "set" in between):
            named = "founded by" if "by" in between else "founded"
        if named is None and "taught" in between:
            named = "taught by" if "by" in between else "taught"
        assert RELATIONS[number] == (named or "no relation"), " ".join(one.words)


def test_that_sentences_differ_and_follow_their_seed() -> None:
    made = questions(400, 2, 2, seed=5)
    assert len({one.words for one, _ in made}) == 400
    assert made == questions(400, 2, 2, seed=5) != questions(400, 2, 2, seed=6)


@pytest.mark.parametrize("facts", [1, 2, 3])
def test_that_the_odds_without_the_pair_are_those_of_many_questions(facts: int) -> None:
    draw = random.Random(1)
    one = relations.sentence(draw, facts, 2)
    asked = [one.relation(*relations.question(draw, one)) for _ in range(4000)]
    shares = np.bincount(asked, minlength=len(RELATIONS)) / 4000
    assert np.abs(shares - one.odds()).max() < 0.03
    assert sum(one.odds()) == pytest.approx(1)


# --- the networks ------------------------------------------------------------------------------


def test_that_markers_stand_round_the_two_names() -> None:
    one = Sentence(("Tavo", "taught", "Edda", "and", "Bero", "met", "Nomi"), (0, 2, 4, 6), (5, 0))
    assert marked(one, (1, 2), False) == (list(one.words), [2, 4])
    tokens, asked = marked(one, (1, 2), True)
    assert " ".join(tokens) == "Tavo taught <1> Edda </1> and <2> Bero </2> met Nomi"
    assert [tokens[at] for at in asked] == ["Edda", "Bero"]


def test_that_each_network_is_told_what_its_name_says() -> None:
    one, params = begin(remark=4)
    markers = {one.vocabulary[each] for each in MARKERS}
    for name, reader, read in zip(VARIANTS, one.readers, one.read, strict=True):
        assert reader.markers == (name in ("markers", "both"))
        assert reader.positions == (name in ("positions", "both")) == ("places" in reader.tensors)
        assert (set(read.ids.unique().tolist()) >= markers) == reader.markers
    far, read = params.farthest, one.read[2]
    tokens, asked = marked(*one.asked[7], False)
    for which in (0, 1):
        base = far + 1 + which * (2 * far + 1)
        wanted = [base + max(-far, min(far, at - asked[which])) for at in range(len(tokens))]
        assert read.places[which, 7, : len(tokens)].tolist() == wanted
        assert (read.places[which, 7, len(tokens):] == 0).all()
    assert int(read.places.max()) == len(one.readers[2].tensors["places"]) - 1


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("which", range(4))
def test_that_every_gradient_equals_autograd(which: int, window: int) -> None:
    one, _ = begin(window=window, filters=9)
    reader, read = one.readers[which], one.read[which][torch.arange(40, 60)]
    reader.tensors = {name: each.double() for name, each in reader.tensors.items()}
    reader.tensors["bias"] += 0.1
    labels = one.labels[40:60]
    mask = (torch.rand(20, 9, generator=torch.Generator().manual_seed(1)) > 0.3).double() / 0.7
    loss, ours = reader.loss(read, labels, mask)

    t = {name: each.clone().requires_grad_() for name, each in reader.tensors.items()}
    x = t["words"][read.ids]
    if reader.positions:
        x = torch.cat([x, t["places"][read.places[0]], t["places"][read.places[1]]], 2)
    w = t["filters"].view(9, window, -1).transpose(1, 2)
    maps = torch.relu(F.conv1d(x.transpose(1, 2), w, t["bias"]))                # (B, M, n)
    beyond = torch.arange(maps.shape[2]) > (read.lengths - window).clamp(min=0)[:, None]
    best = maps.masked_fill(beyond[:, None], -torch.inf).max(2).values
    theirs = F.cross_entropy(best * mask @ t["out"].T + t["out_bias"], labels)
    theirs.backward()  # type: ignore[no-untyped-call]
    assert float(loss) == pytest.approx(theirs.item())
    assert ours.keys() == t.keys()
    for name, gradient in ours.items():
        wanted = t[name].grad
        assert wanted is not None
        if name in ("words", "places"):
            wanted[0] = 0
        assert torch.allclose(gradient, wanted, atol=1e-12), name


# --- what the course says ----------------------------------------------------------------------


@pytest.mark.slow
def test_that_position_features_lift_the_accuracy() -> None:
    for seed in (1, 2):
        alone, markers, positions, both = begin(400, seed=seed)[0]._accuracy()
        best = begin(seed=seed)[0].best_alone
        assert alone == pytest.approx(best, abs=0.08)
        assert positions > 0.97 and both > 0.97 and alone + 0.3 < markers < positions


def test_that_a_marker_outside_the_window_tells_nothing() -> None:
    one, _ = begin(400, window=1, seed=1)
    _, markers, positions, _ = one._accuracy()
    assert markers < one.best_alone + 0.07 and positions > 0.95


def test_that_positions_are_of_no_use_where_only_one_thing_is_said() -> None:
    one, _ = begin(250, facts=1)
    assert one.best_alone == 1 and min(one._accuracy()) > 0.97


# --- the frame ---------------------------------------------------------------------------------


def test_that_clicked_names_are_asked_for_in_the_order_of_the_sentence() -> None:
    one, params = begin(5)
    own = one.frame(params)
    for clicked, wanted in (((3, 0), (0, 3)), ((1, 2), (1, 2))):
        frame = one.frame(changed(params, pair=(params.example, *clicked)))
        assert frame.pair == wanted
        assert frame.truth == one.asked[LEARNT][0].relation(*wanted)
    other = one.frame(changed(params, pair=(params.example + 1, 0, 3)))
    assert other.pair == own.pair, "it belonged to another sentence"
    same = one.frame(changed(params, pair=(params.example, *own.pair)))
    assert np.allclose(same.odds, own.odds)


def test_that_a_frame_agrees_with_what_was_measured() -> None:
    one, params = begin(240)
    for which, name in enumerate(VARIANTS):
        for example in (0, 7, 30):
            frame = one.frame(changed(params, variant=name, example=example))
            assert frame.variant == which
            assert frame.odds[which].argmax() == one.answers[which, example]
            assert frame.truth == one.labels[LEARNT + example]
            assert frame.distances.shape == (2, len(frame.tokens))
            assert [frame.tokens[at] in NAMES for at in frame.names] == [True] * 4
            assert frame.window_filters.sum() <= params.filters
        assert np.trace(frame.confusion * np.bincount(
            one.labels[LEARNT:], minlength=len(RELATIONS))[:, None]) == pytest.approx(
            frame.accuracy[which] * TESTED, abs=0.01)
