"""The CNN for sentences: convolution and both ways through max-pooling against torch's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from visualizers.data import Data
from visualizers.l2_networks.text_cnn.experiment import SentenceCNN
from visualizers.l2_networks.text_cnn.panel import FARTHEST, Frame, Params
from visualizers.models.text_cnn import ConcatMLP, TextCNN, convolve, windows
from visualizers.panel import Context
from visualizers.refusal import Refusal

NOT_GOOD = "the plot was not good and the evening was long"
NOT_LONG = "the plot was good and the evening was not long"


def begin(steps: int = 0, **values: Any) -> tuple[SentenceCNN, Params]:
    params = Params(**values)
    one = SentenceCNN(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> SentenceCNN:
    return begin(650)[0]


def sentences(h: int, longest: int = 9) -> tuple[Tensor, Tensor, Tensor]:
    """Ids (B, T) with empty places behind, their lengths, and labels."""
    made = torch.Generator().manual_seed(h)
    lengths = torch.tensor([longest, 1, 4, h, 7, 2])
    ids = torch.randint(1, 20, (6, longest), generator=made)
    ids[torch.arange(longest) >= lengths[:, None]] = 0
    return ids, lengths, torch.tensor([0, 1, 2, 0, 1, 2])


# --- the model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("h", [1, 2, 3, 5])
def test_that_the_feature_maps_are_those_of_torchs_convolution(h: int) -> None:
    made = torch.Generator().manual_seed(0)
    x, w, b = (torch.randn(*shape, generator=made) for shape in ((4, 11, 6), (7, h * 6), (7,)))
    pooled = convolve(x, torch.full((4,), 11), w, b)
    theirs = torch.nn.Conv1d(6, 7, h)
    with torch.no_grad():
        theirs.weight.copy_(w.view(7, h, 6).transpose(1, 2))
        theirs.bias.copy_(b)  # type: ignore[union-attr]
        maps = torch.relu(theirs(x.transpose(1, 2)))                            # (4, 7, n)
    assert pooled.maps.shape == (4, 11 - h + 1, 7), "n - h + 1 windows"
    assert torch.allclose(pooled.maps.transpose(1, 2), maps, atol=1e-5)
    assert torch.allclose(pooled.best, torch.nn.functional.max_pool1d(maps, 11 - h + 1)[..., 0],
                          atol=1e-5)


def test_that_a_window_is_its_words_side_by_side() -> None:
    x = torch.arange(24.0).view(1, 4, 6)
    assert windows(x, 2)[0].tolist() == [list(range(at * 6, at * 6 + 12)) for at in range(3)]


@pytest.mark.parametrize("h", [1, 2, 4])
def test_that_no_window_beyond_the_sentence_is_chosen(h: int) -> None:
    ids, lengths, _ = sentences(h)
    cnn = TextCNN(20, 5, h, 30, 3, torch.Generator().manual_seed(1))
    cnn.tensors["bias"] += 10  # so that empty places would answer as well
    pooled = cnn.pool(ids, lengths)
    assert (pooled.where <= (lengths - h).clamp(min=0)[:, None]).all()
    for row, length in zip(range(len(ids)), lengths.tolist(), strict=True):
        alone = cnn.pool(ids[row : row + 1, : max(length, h)], torch.tensor([length]))
        assert torch.allclose(alone.best, pooled.best[row : row + 1])


@pytest.mark.parametrize("h", [1, 2, 3, 5])
def test_that_the_cnns_gradients_equal_autograd(h: int) -> None:
    ids, lengths, labels = sentences(h)
    made = torch.Generator().manual_seed(h)
    cnn = TextCNN(20, 5, h, 8, 3, made)
    for name in cnn.tensors:
        cnn.tensors[name] = cnn.tensors[name].double()
    cnn.tensors["bias"] += 0.1
    mask = (torch.rand(6, 8, generator=made) > 0.3).double() / 0.7
    loss, _, ours = cnn.loss(ids, lengths, labels, mask)

    t = {name: one.clone().requires_grad_() for name, one in cnn.tensors.items()}
    x = t["embedding"][ids].transpose(1, 2)                                     # (B, D, T)
    w = t["filters"].view(8, h, 5).transpose(1, 2)
    maps = torch.relu(torch.nn.functional.conv1d(x, w, t["bias"]))              # (B, M, n)
    beyond = torch.arange(maps.shape[2]) > (lengths - h).clamp(min=0)[:, None]
    best = maps.masked_fill(beyond[:, None], -torch.inf).amax(2)
    theirs = torch.nn.functional.cross_entropy(best * mask @ t["out"].T + t["out_bias"], labels)
    theirs.backward()  # type: ignore[no-untyped-call]

    assert float(loss) == pytest.approx(theirs.item())
    for name, gradient in ours.items():
        wanted = t[name].grad
        assert wanted is not None
        if name == "embedding":
            assert (gradient[0] == 0).all(), "empty space learns nothing"
            wanted[0] = 0
        assert torch.allclose(gradient, wanted, atol=1e-10), name


def test_that_the_mlps_gradients_equal_autograd() -> None:
    ids, _, labels = sentences(2)
    made = torch.Generator().manual_seed(5)
    mlp = ConcatMLP(20, 5, 9, 16, 3, made)
    for name in mlp.tensors:
        mlp.tensors[name] = mlp.tensors[name].double()
    mask = (torch.rand(6, 16, generator=made) > 0.3).double() / 0.7
    loss, _, ours = mlp.loss(ids, labels, mask)

    t = {name: one.clone().requires_grad_() for name, one in mlp.tensors.items()}
    hidden = torch.nn.functional.linear(t["embedding"][ids].flatten(1), t["hidden"], t["bias"]).relu()
    theirs = torch.nn.functional.cross_entropy(hidden * mask @ t["out"].T + t["out_bias"], labels)
    theirs.backward()  # type: ignore[no-untyped-call]
    assert float(loss) == pytest.approx(theirs.item())
    for name, gradient in ours.items():
        wanted = t[name].grad
        assert wanted is not None
        if name == "embedding":
            wanted[0] = 0
        assert torch.allclose(gradient, wanted, atol=1e-10), name


# --- what the course says ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("window", "most"), [(1, 0.5), (2, 0.75), (3, 0.875)])
def test_that_shorter_windows_reach_what_they_can_and_no_more(window: int, most: float) -> None:
    one, params = begin(750, window=window, seed=1)
    frame = one.frame(params)
    assert frame.best_possible == most
    assert frame.accuracy_at.mean() == pytest.approx(most, abs=0.1)


def test_that_the_cnn_does_not_care_where_and_the_mlp_does(trained: SentenceCNN) -> None:
    frame = trained.frame(Params())
    assert frame.accuracy_at.min() > 0.95
    assert frame.mlp_accuracy_at[0] > 0.9 and frame.mlp_accuracy_at[-1] < 0.68


def test_that_a_moved_sentence_is_the_same_words_later(trained: SentenceCNN) -> None:
    rows = torch.arange(5)
    here, lengths = trained.batch(rows, torch.zeros(5, dtype=torch.long))
    there, longer = trained.batch(rows, torch.tensor([0, 1, 5, 9, FARTHEST]))
    assert here.shape == there.shape
    for row, shift in enumerate([0, 1, 5, 9, FARTHEST]):
        assert there[row, shift:].tolist() == here[row, : here.shape[1] - shift].tolist()
        assert (there[row, :shift] == 0).all() and longer[row] == lengths[row] + shift


def test_that_the_place_of_not_decides(trained: SentenceCNN) -> None:
    bad, good = (trained.frame(Params(sentence=one)) for one in (NOT_GOOD, NOT_LONG))
    assert bad.odds[0] > 0.9 and good.odds[1] > 0.9
    assert bad.label == good.label == -1 and bad.names == ("negative", "positive")
    assert 1 <= bad.where[bad.chosen] <= 3, "its window of four words holds “not good”"


def test_that_the_listed_n_grams_are_the_ones_answered_to_most(trained: SentenceCNN) -> None:
    trained._rank()
    frame = trained.frame(Params())
    for column, number in enumerate(frame.numbers):
        answers = []
        for gram in frame.top[3 * column : 3 * column + 3]:
            ids = torch.from_numpy(trained.vocabulary.encode(gram))[None]
            answers.append(float(trained.cnn.pool(ids, torch.tensor([4])).best[0, number]))
        assert np.allclose(answers, frame.top_values[column], atol=1e-4)
        assert answers == sorted(answers, reverse=True)
    assert (np.diff(frame.weights) >= 0).all()


# --- sentences of one's own --------------------------------------------------------------------


def test_that_a_word_that_is_left_out_is_empty_space(trained: SentenceCNN) -> None:
    whole = trained.frame(Params(sentence=NOT_GOOD))
    without = trained.frame(Params(sentence=NOT_GOOD, removed=(NOT_GOOD, 3)))
    assert without.removed == (3,) and without.tokens == whole.tokens
    assert not np.array_equal(without.odds, whole.odds)
    assert (without.maps != whole.maps).any(1).tolist() == [True] * 4 + [False] * 3, "its windows only"
    another = trained.frame(Params(sentence=NOT_LONG, removed=(NOT_GOOD, 3)))
    assert another.removed == (), "it belonged to another sentence"


def test_that_unknown_and_too_many_words_are_said(trained: SentenceCNN) -> None:
    frame = trained.frame(Params(sentence="the blorp was good"))
    assert frame.unknown.tolist() == [0, 1, 0, 0] and not frame.shortened
    assert trained.frame(Params(sentence="good " * 60)).shortened
    short = trained.frame(Params(sentence="good"))
    assert len(short.maps) == 1 and (short.where == 0).all()


@pytest.mark.parametrize("data", ["made-reviews-zh", "names-zh", "comments-docstrings"])
def test_that_every_set_is_learnt_from(data: str) -> None:
    one, params = begin(250, data=data, window=2)
    history = [one.step(params)["loss"] for _ in range(50)]
    assert np.mean(history) < 0.69
    assert isinstance(one.frame(params), Frame)


def test_that_an_own_table_of_three_classes_is_learnt(tmp_path: Path) -> None:
    rows = [f"{one} thing number {i},{label}" for i in range(40)
            for one, label in (("red", "colour"), ("loud", "sound"), ("sweet", "taste"))]
    file = tmp_path / "own.csv"
    file.write_text("text,label\n" + "\n".join(rows))
    one, params = begin(260, data=f"file:{file}", window=1)
    frame = one.frame(params)
    assert frame.names == ("colour", "sound", "taste") and frame.accuracy_at[0] > 0.95
    assert frame.sign == frame.odds.argmax()
    with pytest.raises(Refusal):
        begin(data=f"file:{tmp_path / 'none.csv'}")
