"""Both directions: the reading both ways against torch's own networks, and the trace back."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from visualizers.l2_networks.bidirectional.experiment import Bidirectional
from visualizers.l2_networks.bidirectional.panel import Params
from visualizers.models.tagger import Tagger, reversal, turned
from visualizers.panel import Context
from widgets.controls.parameters import changed

CELLS = ("tanh", "GRU", "LSTM")
WAYS = {"forward": ("forward",), "backward": ("backward",), "both": ("forward", "backward")}


def begin(**values: Any) -> tuple[Bidirectional, Params]:
    params = Params(**values)
    return Bidirectional(params, Context("cpu", params.seed, data=None)), params  # type: ignore[arg-type]


def tagger(cell: str, ways: tuple[str, ...], size: int = 10) -> Tagger:
    made = Tagger(cell, ways, size, V=30, C=5, generator=torch.Generator().manual_seed(3))
    made.to("cpu")
    return made


def torchs(made: Tagger, cell: str) -> torch.nn.RNNBase:
    """torch's bidirectional network with the same weights; its blocks are r, z, n and i, f, g, o."""
    kind = {"tanh": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}[cell]
    size = made.w[0].shape[1]
    network = kind(made.u[0].shape[1], size, bidirectional=len(made.w) == 2)
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2)}.get(cell, (0,))
    rows = torch.cat([torch.arange(one * size, (one + 1) * size) for one in order])
    with torch.no_grad():
        for u, w, b, end in zip(made.u, made.w, made.b, ("", "_reverse"), strict=False):
            getattr(network, f"weight_ih_l0{end}").copy_(u[rows])
            getattr(network, f"weight_hh_l0{end}").copy_(w[rows])
            getattr(network, f"bias_ih_l0{end}").copy_(b[rows])
            getattr(network, f"bias_hh_l0{end}").zero_()
    return network


@pytest.mark.parametrize("cell", CELLS)
def test_that_reading_both_ways_is_torchs_bidirectional_network(cell: str) -> None:
    made = tagger(cell, WAYS["both"])
    with torch.no_grad():
        for b in made.b:
            b.normal_(generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([7, 4, 1, 6])
    x = torch.randn(7, 4, made.u[0].shape[1], generator=torch.Generator().manual_seed(2))
    order = reversal(lengths, 7)
    ours = made.joined(made.run(x, order), order)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    theirs = pad_packed_sequence(torchs(made, cell)(packed)[0])[0]
    for sentence, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(ours[:length, sentence], theirs[:length, sentence],
                                   rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("way", WAYS)
def test_that_one_way_is_torchs_network_on_the_sentence_as_it_is_read(cell: str, way: str) -> None:
    made = tagger(cell, WAYS[way][:1])
    x = torch.randn(6, 1, made.u[0].shape[1], generator=torch.Generator().manual_seed(2))
    order = reversal(torch.tensor([6]), 6)
    ours = made.joined(made.run(x, order), order)
    backward = way == "backward"
    theirs = torchs(made, cell)(x.flip(0) if backward else x)[0]
    torch.testing.assert_close(ours, theirs.flip(0) if backward else theirs, rtol=1e-5, atol=1e-6)


def test_that_a_sentence_is_turned_round_within_its_own_length() -> None:
    x = torch.tensor([[1, 1], [2, 2], [3, 0], [4, 0]])[..., None]  # (T, B, 1)
    order = reversal(torch.tensor([4, 2]), 4)
    assert turned(x, order)[..., 0].T.tolist() == [[4, 3, 2, 1], [2, 1, 0, 0]]
    assert torch.equal(turned(turned(x, order), order), x)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [0, 3, 6])
def test_that_the_trace_back_equals_autograd(cell: str, way: str, at: int) -> None:
    made = tagger(cell, WAYS[way])
    ids = torch.tensor([3, 8, 29, 8, 14, 2, 11])[:, None]
    odds, influence = made.look(ids, at)

    order = reversal(torch.tensor([7]), 7)
    x = made.e[ids].detach().requires_grad_()
    scores: Tensor = (made.joined(made.run(x, order), order) @ made.v.T + made.c)[:, 0]
    best, second = scores[at].topk(2).values
    slope = torch.autograd.grad(best - second, x)[0][:, 0].norm(dim=1)
    torch.testing.assert_close(influence, slope / slope.sum(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(odds, scores.detach().softmax(1))
    if way == "forward":
        assert (influence[at + 1 :] == 0).all()
    if way == "backward":
        assert (influence[:at] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_that_a_step_is_adam_on_the_mean_cross_entropy_of_each_tagger(cell: str) -> None:
    one, params = begin(cell=cell, batch=6, reach=2, hidden_size=8)
    twin = copy.deepcopy(one)
    generator = torch.Generator()
    generator.set_state(one.generator.get_state())
    scalars = one.step(params)

    T = one.grammar.longest
    drawn = torch.rand(6, 1 + T, generator=generator, dtype=torch.float64)
    words, tags, _ = (torch.from_numpy(each) for each in one.grammar.fill(drawn.numpy()))
    for i, (name, each) in enumerate(zip(("forward", "backward", "both"), twin.taggers, strict=True)):
        losses = []
        for row, meant in zip(words, tags, strict=True):  # sentence by sentence, without padding
            length = int((row > 0).sum())
            order = reversal(torch.tensor([length]), length)
            losses.append(torch.nn.functional.cross_entropy(
                each.read(each.e[row[:length, None]], order)[:, 0], meant[:length], reduction="none"))
        loss = torch.cat(losses).mean()
        assert scalars[f"loss_{name}"] == pytest.approx(loss.item(), rel=1e-5)
        optimizer = torch.optim.Adam(each.learnt, lr=params.learning_rate)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for ours, theirs in zip(one.taggers[i].learnt, each.learnt, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_that_accuracies_are_means_of_what_was_answered_before_learning() -> None:
    one, params = begin(learning_rate=1e-4)
    right, asked = torch.full((3, 3), 0.5), torch.ones(3)
    for _ in range(3):
        state = one.generator.get_state()
        before = copy.deepcopy(one.taggers)
        scalars = one.step(params)
        generator = torch.Generator()
        generator.set_state(state)
        drawn = torch.rand(params.batch, 1 + one.grammar.longest, generator=generator,
                           dtype=torch.float64)
        right, asked = 0.9 * right, 0.9 * asked
        for row, meant, need in zip(*one.grammar.fill(drawn.numpy()), strict=True):
            length = int((row > 0).sum())
            order = reversal(torch.tensor([length]), length)
            ids = torch.from_numpy(row[:length, None])
            for i, each in enumerate(before):
                said = each.read(each.e[ids], order)[:, 0].argmax(1)
                for t in range(length):
                    if need[t] >= 0:
                        right[i, need[t]] += float(said[t] == meant[t])
                        asked[need[t]] += 1 if i == 0 else 0
    for i, name in enumerate(("forward", "backward", "both")):
        for need, said in enumerate(("left", "right", "both")):
            assert scalars[f"{name}_{said}"] == pytest.approx(float(right[i, need] / asked[need]),
                                                              abs=1e-5)


def test_that_both_directions_share_the_units_of_one() -> None:
    one, _ = begin(hidden_size=40)
    forward, backward, both = one.taggers
    assert forward.v.shape == backward.v.shape == both.v.shape
    assert [w.shape[1] for w in both.w] == [20, 20] and forward.w[0].shape[1] == 40
    counts = [sum(each.numel() for each in tagger.learnt) for tagger in one.taggers]
    assert counts[2] < counts[0] == counts[1]


def test_that_unknown_words_are_passed_over_and_said() -> None:
    one, params = begin()
    plain = one.frame(changed(params, sentence="the old man the boats ."))
    odd = one.frame(changed(params, sentence="The quixotic old man the submarine boats."))
    assert odd.unknown == ("quixotic", "submarine")
    assert odd.known.tolist() == [True, False, True, True, True, False, True, True]
    np.testing.assert_array_equal(odd.odds[:, odd.known], plain.odds)
    assert not odd.odds[:, ~odd.known].any() and (odd.meant == -1).all()
    nothing = one.frame(changed(params, sentence="quixotic submarine"))
    assert not nothing.odds.any() and not nothing.influence.any()


def test_that_an_unknown_word_has_nothing_to_trace_back() -> None:
    one, params = begin()
    frame = one.frame(changed(params, sentence="the quixotic man", word=1))
    assert frame.word == 1 and not frame.influence.any() and frame.odds[:, 0].any()


def test_that_chinese_is_read_without_spaces() -> None:
    one, params = begin(language="Chinese")
    frame = one.frame(changed(params, sentence="他在北京的图书馆看书。"))
    assert frame.words == ("他", "在", "北京", "的", "图书馆", "看书", "。") and not frame.unknown
    assert frame.tag_names[frame.meant[1]] == "preposition" and frame.word == 1


def test_that_the_examples_go_round() -> None:
    one, params = begin()
    for need, examples in enumerate(one.grammar.examples):
        shown = [one.frame(changed(params, need=need, example=i)).words
                 for i in range(len(examples) + 1)]
        assert shown[0] == shown[-1] and len(set(shown)) == len(examples)


def test_that_forward_cannot_tell_sentences_apart_that_begin_alike() -> None:
    one, params = begin()
    for _ in range(20):
        one.step(params)
    boats, sails = (one.frame(changed(params, sentence=text))
                    for text in ("the old man the boats .", "the old man sails the boats ."))
    np.testing.assert_allclose(boats.odds[0, :3], sails.odds[0, :3], atol=1e-6)
    assert np.abs(boats.odds[1, 2] - sails.odds[1, 2]).max() > 0.01
    assert np.abs(boats.odds[2, 2] - sails.odds[2, 2]).max() > 0.01


@pytest.mark.parametrize("cell", ["linear", "tanh", "GRU", "LSTM"])
@pytest.mark.parametrize("ways", [("forward",), ("backward",), ("forward", "backward")])
def test_that_the_way_back_that_is_written_out_is_autograds(cell: str, ways: tuple[str, ...]) -> None:
    made = tagger(cell, ways)
    made.to("cpu")
    words = torch.tensor([[3, 4, 5, 6, 7], [8, 9, 0, 0, 0]]).T
    tags = torch.tensor([[0, 1, 2, 3, 4], [1, 0, -1, -1, -1]]).T
    order = reversal((words > 0).sum(0), 5)
    x = made.e[words].detach().requires_grad_()
    wanted = torch.nn.functional.cross_entropy(made.read(x, order).flatten(0, 1), tags.flatten(),
                                               ignore_index=-1)
    wanted.backward()
    loss, log_odds, gradients, d_x = made.loss(x.detach(), order, tags)
    assert float(loss) == pytest.approx(wanted.item(), abs=1e-5)
    torch.testing.assert_close(log_odds, made.read(x, order).log_softmax(2))
    for one, gradient in zip([*made.learnt[1:], x], [*gradients, d_x], strict=True):
        assert one.grad is not None and torch.allclose(one.grad, gradient, atol=1e-5)
