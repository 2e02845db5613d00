"""The recurrent language model: training, search and traces against independent computations."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l2_networks.rnn_lm.experiment import (
    BACK,
    EMBEDDING,
    PASSAGES,
    WARM_UP,
    RnnLanguageModel,
    correlations,
    next_odds,
    roc_area,
)
from visualizers.models.counting import counted_losses
from visualizers.models.recurrent import CELLS
from visualizers.models.tokenizers import Characters, Words
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed

SMALL: dict[str, Any] = {"hidden_size": 12, "length": 10, "batch": 4, "text": "python-reference"}
KINDS = ("tanh", "GRU", "LSTM")


def begun(**values: Any) -> Trial:
    one = panel("rnn_lm")
    return Trial(one, changed(one.params(), **{**SMALL, **values}))


def by_hand(cell: str, network: nn.Module, x: Tensor) -> Tensor:
    """The states (T, B, H) by the cells that are written out, on the same weights."""
    rnn: Any = network.cell
    size = rnn.hidden_size
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2)}.get(cell, (0,))  # torch: r, z, n and i, f, g, o
    rows = torch.cat([torch.arange(one * size, (one + 1) * size) for one in order])
    back = torch.empty_like(rows)
    back[rows] = torch.arange(len(rows))
    a = x @ rnn.weight_ih_l0[back].T + rnn.bias_ih_l0[back]
    w = rnn.weight_hh_l0[back]
    return CELLS[cell].forward(a, w)[0][1:, :, :size]


@pytest.mark.parametrize("cell", KINDS)
def test_that_torchs_cells_are_those_that_are_written_out(cell: str) -> None:
    network = copy.deepcopy(begun(cell=cell).experiment.network)
    with torch.no_grad():
        network.cell.bias_hh_l0.zero_()  # the ones written out have a single bias
        x = torch.randint(50, (20, 3), generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(network(x)[0], by_hand(cell, network, network.embedding(x)),
                                   rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", KINDS)
def test_that_training_reads_on_and_carries_the_state(cell: str) -> None:
    trial = begun(cell=cell)
    one: RnnLanguageModel = trial.experiment
    twin = copy.deepcopy(one.network)
    optimizer = torch.optim.Adam(twin.parameters(), lr=trial.params.learning_rate)
    at, state = one.at.tolist(), None
    text = torch.cat([one.train, one.train[:100]])
    for _ in range(3):
        scalars = one.step(trial.params)
        x = torch.stack([text[start : start + 10] for start in at], 1)
        y = torch.stack([text[start + 1 : start + 11] for start in at], 1)
        h, state = twin.cell(twin.embedding(x), state)
        state = tuple(part.detach() for part in state) if cell == "LSTM" else state.detach()
        loss = cross_entropy(twin.readout(h).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        assert scalars["loss"] == pytest.approx(loss.item(), rel=1e-4)
        at = [(start + 10) % len(one.train) for start in at]
    for ours, theirs in zip(one.network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_that_held_out_text_is_never_learnt_from() -> None:
    trial = begun()
    one: RnnLanguageModel = trial.experiment
    text = trial._context.data.text("python-reference").text
    learnt = one.tokens.decode(one.train.tolist())
    assert text.startswith(learnt) and 0.94 < len(learnt) / len(text) < 0.96
    ends = [text.index("".join(passage), len(learnt)) for passage in one.passages]
    assert ends == sorted(ends) and len(set(ends)) == PASSAGES


def test_that_the_held_out_loss_is_that_of_reading_each_passage() -> None:
    trial = begun()
    one: RnnLanguageModel = trial.experiment
    trial.train(8)
    losses = []
    for passage in one.held_out.T:
        with torch.no_grad():
            h, _ = one.network(passage[:-1, None])
            losses.append(cross_entropy(one.network.readout(h[:, 0]), passage[1:]))
    assert trial.history.last()["held_out"] == pytest.approx(float(torch.stack(losses).mean()), rel=1e-5)


def test_that_counting_gives_the_perplexities_it_says() -> None:
    train, held_out = torch.tensor([1, 2, 1, 2, 1, 3]), torch.tensor([1, 2, 3])
    found = counted_losses(train, held_out, 4)
    single = [(count + 1) / 10 for count in (0, 3, 2, 1)]
    assert found["uniform_loss"] == pytest.approx(math.log(4))
    assert found["frequency_loss"] == pytest.approx(
        -np.mean([math.log(single[one]) for one in (2, 3)]))  # of what follows something
    pair = {(1, 2): (2 + 10 * single[2]) / 13, (2, 3): (0 + 10 * single[3]) / 12}
    assert found["pair_loss"] == pytest.approx(-np.mean([math.log(one) for one in pair.values()]))


def test_that_scores_are_numpys_correlations_on_the_other_passages() -> None:
    trial = begun(text="python-source")
    trial.train(8)
    one: RnnLanguageModel = trial.experiment
    frame = trial.frame()
    h = one.looked.h[WARM_UP:].numpy()
    half = PASSAGES // 2
    for f, wanted in enumerate(one.wanted):
        def r(unit: int, part: slice, wanted: Any = wanted) -> float:
            return float(np.corrcoef(wanted[:, part].ravel(), h[:, part, unit].ravel())[0, 1])

        chosen = max(range(12), key=lambda unit, r=r: abs(r(unit, slice(0, half))))  # type: ignore[misc]
        assert frame.best[f] == chosen
        assert frame.scores[f] == pytest.approx(r(chosen, slice(half, None)), abs=1e-4)
        assert frame.correlations[f] == pytest.approx(
            [r(unit, slice(half, None)) for unit in range(12)], abs=1e-4)
        if one.binary[f]:
            area = roc_auc_score(wanted[:, half:].ravel() > 0, h[:, half:, chosen].ravel())
            assert frame.areas[f] == pytest.approx(max(area, 1 - area), abs=1e-4)
        else:
            assert frame.areas[f] == 0


def test_that_what_never_changes_follows_nothing() -> None:
    wanted, states = np.ones((1, 5, 2), np.float32), np.random.default_rng(0).random((5, 2, 3))
    assert not correlations(wanted, states.astype(np.float32)).any()
    assert roc_area(np.array([True, False, True]), np.array([1.0, 0.0, 2.0], np.float32)) == 1.0
    assert roc_area(np.array([True, False]), np.array([0.0, 1.0], np.float32)) == 1.0


@pytest.mark.parametrize("cell", KINDS)
def test_that_the_connection_is_the_gradient_of_the_guess(cell: str) -> None:
    trial = begun(cell=cell)
    trial.train(3)
    one: RnnLanguageModel = trial.experiment
    place = 40
    trial.params = changed(trial.params, colour="connection", place=place)
    frame = trial.frame()
    passage = one.held_out[: place + 1, one.varied[0]]
    x = one.network.embedding(passage[:, None]).detach().requires_grad_()
    logits = one.network.readout(last_state(one, x))
    best = logits.log_softmax(0)[int(logits[1:].argmax()) + 1]
    slope = torch.autograd.grad(best, x)[0].norm(dim=2)[:, 0]
    np.testing.assert_allclose(frame.shade[: place + 1], (slope / slope.max()).numpy(), atol=1e-4)
    assert not frame.shade[place + 1 :].any() and frame.place == place


def last_state(one: RnnLanguageModel, x: Tensor) -> Tensor:
    last: Tensor = one.network.cell(x)[0][-1, 0]
    return last


def test_that_a_long_text_is_traced_back_from_the_state_before() -> None:
    trial = begun()
    trial.train(2)
    one: RnnLanguageModel = trial.experiment
    ids = one.held_out[: BACK + 60, 0]
    found = one._connection(ids, len(ids))
    x = one.network.embedding(ids[:, None]).detach().requires_grad_()
    best = one.network.readout(one.network.cell(x)[0][-1, 0]).log_softmax(0)[1:].max()
    slope = torch.autograd.grad(best, x)[0].norm(dim=2)[:, 0][60:]
    assert not found[:60].any()
    np.testing.assert_allclose(found[60:], (slope / slope.max()).numpy(), atol=1e-4)


def test_that_the_unit_colours_the_text_with_its_activation() -> None:
    trial = begun(unit=5, passage=2)
    one: RnnLanguageModel = trial.experiment
    frame, shown = trial.frame(), one.varied[2]
    with torch.no_grad():
        h, _ = one.network(one.held_out[:, shown, None])
    assert frame.passage == "".join(one.passages[shown]) and frame.unit == 5
    np.testing.assert_allclose(frame.shade, h[:, 0, 5].numpy(), atol=1e-5)


@pytest.mark.parametrize("tokens", ["characters", "words"])
def test_that_a_typed_text_is_read_and_continued(tokens: str) -> None:
    trial = begun(tokens=tokens, prompt="the object is never")
    trial.train(2)
    one: RnnLanguageModel = trial.experiment
    frame = trial.frame()
    assert frame.passage == "the object is never" and frame.place == len(frame.starts) - 1
    with torch.no_grad():
        h, _ = one.network(torch.from_numpy(one.tokens.encode(frame.passage))[:, None])
        logits = one.network.readout(h[-1, 0])
    logits[0] = -math.inf
    wanted = (logits / trial.params.temperature).softmax(0).topk(len(frame.odds))
    np.testing.assert_allclose(frame.odds, wanted.values.numpy(), atol=1e-5)
    assert frame.candidates == one.tokens.pieces(wanted.indices.tolist())
    assert frame.sample[-1].startswith("the object is never")


def test_that_what_is_too_rare_is_never_written() -> None:
    logits = torch.tensor([9.0, 1.0, 2.0])
    assert next_odds(logits, 1.0)[0] == 0 and next_odds(logits, 0.0).tolist() == [0, 0, 1]
    assert next_odds(logits, 1e9)[1:].tolist() == pytest.approx([0.5, 0.5])


def test_that_words_put_together_are_the_text_again() -> None:
    text = "def f(x_1):\n    return 'It is never too late'  # 42\n\t机器学习\n"
    words = Words.learn(text)
    assert "".join(words.cut(text)) == text == words.decode(words.encode(text))
    assert " never" in words.cut(text) and words.encode("quixotic").tolist() == [0]
    assert Words.learn("a a b", most=1).size == 2


def test_that_a_short_own_text_is_refused_with_a_sentence(tmp_path) -> None:
    file = tmp_path / "short.txt"
    file.write_text("too short\n" * 20, encoding="utf-8")
    with pytest.raises(Refusal, match="too short"):
        begun(text=f"file:{file}")


def test_that_the_embedding_is_as_wide_as_said() -> None:
    trial = begun()
    V, H = trial.experiment.tokens.size, 12
    assert trial.frame().weights == V * EMBEDDING + 4 * H * (EMBEDDING + H + 2) + V * (H + 1)


def test_that_characters_are_encoded_one_by_one_and_unknown_ones_are_zero() -> None:
    tokens = Characters.learn("héllo 世界 🙂\n")
    text = "🙂 hello 世x界\ud800é"
    assert tokens.encode(text).tolist() == [
        tokens.alphabet.index(one) if one in tokens.alphabet else 0 for one in text]
    assert tokens.encode("").shape == (0,)
