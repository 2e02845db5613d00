"""Stance: the generator's truth, the boxes of questions, the two networks, and what they can know."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from vader import polarity_scores

from visualizers.data import Data, opinions
from visualizers.data.opinions import AGAINST, FAVOUR, NEITHER, TARGETS
from visualizers.data.sources.presidents import Message
from visualizers.l9_social.stance import texts
from visualizers.l9_social.stance.experiment import Questions, Stance
from visualizers.l9_social.stance.panel import Params
from visualizers.panel import Context
from widgets.controls.parameters import changed


def begin(steps: int = 0, **values: Any) -> tuple[Stance, Params]:
    params = Params(**values)
    one = Stance(params, Context("cpu", params.seed, data=Data()))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


# --- the texts -----------------------------------------------------------------------------------


def test_that_a_stance_is_the_feeling_times_the_sides_of_thing_and_target() -> None:
    said, answers = opinions.opinions(600, seed=7)
    assert len(set(said)) == 600
    for text, stances in zip(said, answers, strict=True):
        clause = next(one for one in text.split(" and ") if abs(polarity_scores(one)["compound"]) > 0.1)
        feeling = np.sign(polarity_scores(text)["compound"])
        side = next(index for index, things in enumerate(opinions._THINGS)
                    if any(re.search(rf"\b{thing}\b", clause) for thing in things))
        for target, stance in enumerate(stances):
            wanted = NEITHER if target // 2 != side // 2 \
                else FAVOUR if feeling == (1 if target == side else -1) else AGAINST
            assert stance == wanted, (text, TARGETS[target])


def test_that_only_words_of_feeling_stand_in_the_lexicon() -> None:
    feelings = {word for group in opinions._VERBS + opinions._ADJECTIVES for word in group}
    words = {word for text in opinions.opinions(2000)[0] for word in text.split()}
    known = {word for word in words if texts.valence(word)}
    assert known == feelings
    assert all((texts.valence(word) > 0) == bool(index) for group in
               (opinions._VERBS, opinions._ADJECTIVES) for index in (0, 1) for word in group[index])


def test_that_messages_give_sentences_with_a_feeling_of_two_parties_and_their_time() -> None:
    line = "This wonderful nation has achieved {} great and splendid victories for the people. "
    dull = "The report of the office is sent with this message to the two houses. "
    messages = [Message(1861, "A", "Republican", False, dull + line.format("one")),
                Message(1999, "B", "Democratic", True, line.format("two") * 2 + "Thank you!"),
                Message(1820, "C", "Democratic-Republican", False, line.format("no"))]
    found = texts.of_parties(messages)
    assert sorted(found.texts) == sorted([line.format("one").strip(), *[line.format("two").strip()] * 2])
    for text, answer, group in zip(found.texts, found.answers, found.groups, strict=True):
        first = "one" in text
        assert answer.tolist() == ([1, -1, -1, -1] if first else [-1, -1, -1, 0])
        assert group == (0 if first else 1)
    assert found.feelings == pytest.approx([polarity_scores(one)["compound"] for one in found.texts])


# --- the questions -------------------------------------------------------------------------------


@pytest.mark.parametrize("agreement", [0.0, 0.3, 1.0])
def test_that_the_feeling_agrees_with_the_stance_as_often_as_asked(agreement: float) -> None:
    data = texts.made()
    asked = Questions(data, np.arange(500), 4)
    rows = asked.draw(torch.rand(6000, 3, generator=torch.Generator().manual_seed(3)), agreement)
    text, target, answer = (one[rows].numpy() for one in (asked.text, asked.target, asked.answer))
    assert text.max() < 500
    assert (data.answers[text, target] == answer).all()
    side = answer != NEITHER
    assert side.mean() == pytest.approx(2 / 3, abs=0.02)
    agrees = (answer - 1)[side] == np.sign(data.feelings[text[side]])
    assert agrees.mean() == pytest.approx(agreement, abs=0.02)


def test_that_no_text_is_learnt_from_and_tested_on_and_what_belongs_together_stays() -> None:
    one, params = begin()
    one.data = texts.Stances(
        one.data.texts, one.data.answers, one.data.names, one.data.targets, one.data.feelings,
        (np.arange(len(one.data.texts)) // 5).astype(np.int32))
    train, test = one._part(params.seed)
    assert len(set(train) | set(test)) == len(train) + len(test) == len(one.data.texts)
    assert not set(train // 5) & set(test // 5)
    assert len(test) / len(one.data.texts) == pytest.approx(0.25, abs=0.02)


# --- the networks --------------------------------------------------------------------------------


def test_that_filters_are_a_convolution_and_each_target_has_its_own_output() -> None:
    one, params = begin(20)
    ids, lengths = one.ids[:30], one.lengths[:30]
    network = one.told
    m = network.pool(ids, lengths).best
    x = network.words[ids].transpose(1, 2)                                        # (B, D, L)
    w = network.filters.view(params.filters, params.window, -1).transpose(1, 2)  # (M, D, h)
    maps = torch.relu(torch.nn.functional.conv1d(x, w, network.bias))
    for row, length in enumerate(lengths.tolist()):
        windows = max(1, length - params.window + 1)
        assert torch.allclose(m[row], maps[row, :, :windows].amax(1), atol=1e-5)
    target = torch.arange(30) % 4
    for row in range(30):
        wanted = network.out[target[row]] @ m[row] + network.out_bias[target[row]]
        assert torch.allclose(network.logits(m, target)[row], wanted, atol=1e-5)
        assert torch.allclose(one.plain.logits(m, target)[row],
                              one.plain.out[0] @ m[row] + one.plain.out_bias[0], atol=1e-5)


@pytest.mark.parametrize("which", ["told", "plain"])
def test_that_every_gradient_equals_autograd(which: str) -> None:
    one, params = begin(15, filters=9)
    network = getattr(one, which)
    rows = torch.arange(40)
    ids, lengths, target = one.ids[rows], one.lengths[rows], rows % 4
    answer = torch.from_numpy(one.data.answers[rows, target].astype(np.int64))
    mask = (torch.rand(40, 9, generator=torch.Generator().manual_seed(1)) > 0.3).float() / 0.7
    loss = network.learn(ids, lengths, target, answer, mask)
    ours = [tensor.grad.clone() for tensor in network.learnt]

    words, filters, bias, out, out_bias = leaves = [
        tensor.detach().clone().requires_grad_() for tensor in network.learnt]
    windows = words[ids].unfold(1, params.window, 1).transpose(2, 3).flatten(2)
    maps = torch.relu(windows @ filters.T + bias)
    beyond = torch.arange(maps.shape[1]) > (lengths - params.window).clamp(min=0)[:, None]
    m = maps.masked_fill(beyond[..., None], -1.0).amax(1) * mask
    t = target if which == "told" else torch.zeros_like(target)
    logits = (out[t] @ m[..., None])[..., 0] + out_bias[t]
    wanted = torch.nn.functional.cross_entropy(logits, answer)
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), rel=1e-5)
    for name, gradient, leaf in zip(("words", "filters", "bias", "out", "out_bias"), ours, leaves,
                                    strict=True):
        there = leaf.grad.clone()
        if name == "words":
            there[0] = 0  # empty space stays empty
        assert torch.allclose(gradient, there, atol=1e-6), name


def test_that_a_word_s_colour_is_what_leaving_it_out_takes_away() -> None:
    one, params = begin(60, sentence="we hate parking garages and i read about video calls")
    whole = one.frame(params)

    def lean(frame: Any) -> float:
        odds = np.log(frame.odds[frame.asked].astype(float))
        return float(odds[-1] - odds[0])

    for word in range(len(whole.tokens)):
        without = one.frame(changed(params, removed=(params.sentence, word)))
        assert without.removed == (word,)
        assert whole.push[word] == pytest.approx(lean(whole) - lean(without), abs=2e-3)
    gone = one.frame(changed(params, removed=(params.sentence, 1)))
    assert gone.feeling == 0 and whole.feeling == pytest.approx(polarity_scores(params.sentence)["compound"])
    assert whole.valences[1] == pytest.approx(texts.lexicon().lexicon["hate"])


def test_that_the_cells_count_what_they_say() -> None:
    one, params = begin(30, seed=5)
    frame = one.frame(params)
    assert frame.counts.sum() == len(one.text)
    for row in (0, 1):
        for column in range(3):
            members = [at for at in range(len(one.text)) if one.answer[at] == column
                       and (one.data.feelings[one.text[at]] > 0) == bool(row)]
            assert frame.counts[row, column] == len(members)
            assert frame.right[row, column, 2] == (1.0 if column == (0, 2)[row] else 0.0)
            ids = one.ids[one.text[members]]
            said = one.told.says(ids, one.lengths[one.text[members]],
                                 torch.from_numpy(one.target[members])).argmax(1)
            assert frame.right[row, column, 0] == pytest.approx((said == column).float().mean().item())


# --- what can be known ---------------------------------------------------------------------------


@pytest.mark.parametrize("agreement", [0.0, 0.5, 0.75, 1.0])
def test_that_sentiment_alone_gets_two_thirds_of_the_agreement(agreement: float) -> None:
    one, params = begin(seed=4, agreement=agreement)
    assert one.measure(params)["feeling_accuracy"] == pytest.approx(2 / 3 * agreement, abs=0.07)


def test_that_only_who_is_told_the_target_beats_chance_where_feeling_says_nothing() -> None:
    one, params = begin(400, seed=6)
    found = one.measure(params)
    assert found["accuracy"] > 0.9
    assert found["plain_accuracy"] == pytest.approx(1 / 3, abs=0.09)  # four deviations of 480 guesses
    # Nor can another learner that is not told the target.
    rows = one.asked.draw(torch.rand(4000, 3, generator=torch.Generator().manual_seed(0)), 0.5)
    words = CountVectorizer(ngram_range=(1, 3), min_df=3)
    known = words.fit_transform([one.data.texts[at] for at in one.asked.text[rows]])
    other = LogisticRegression(C=0.1, max_iter=200).fit(known, one.asked.answer[rows].numpy())
    tested = words.transform([one.data.texts[at] for at in one.text])
    assert other.score(tested, one.answer) == pytest.approx(1 / 3, abs=0.09)


@pytest.mark.pack("sotu")
def test_that_the_messages_are_read_and_their_feeling_does_not_tell_the_party() -> None:
    messages = Data().read("table", "presidents")
    assert len(messages) == 249 and (messages[0].year, messages[0].party) == (1790, "Nonpartisan")
    for word, first, last, times in (("Soviet", 1980, 1999, 219), ("slavery", 1860, 1879, 61)):
        said = " ".join(one.text for one in messages if first <= one.year <= last)
        assert said.count(word) == times
    one, params = begin(data="presidents' messages")
    assert one.data.names == texts.PARTIES and len(one.frame(params).targets) == 4
    assert 0.4 < one.measure(params)["feeling_accuracy"] < 0.6
    train, test = one._part(0)
    assert not set(one.data.groups[train]) & set(one.data.groups[test])
