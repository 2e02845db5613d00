"""Splice sites: the filter against autograd, log-odds and scikit-learn; the data against their counts."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as logistic_loss
from torch.nn.functional import one_hot

from visualizers.data import Data
from visualizers.data.sources.made_sites import SHARES
from visualizers.l7_biomedical.splice_sites.experiment import (
    FPR,
    SpliceSites,
    auc,
    information,
    roc,
)
from visualizers.l7_biomedical.splice_sites.panel import BASES, Params
from visualizers.panel import Context
from visualizers.refusal import Refusal


def begin(steps: int = 0, **values: Any) -> tuple[SpliceSites, Params]:
    chosen: dict[str, Any] = {"data": "made-sites", "seed": 4, **values}
    params = Params(**chosen)
    one = SpliceSites(params, Context("cpu", params.seed, Data()))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> SpliceSites:
    return begin(200)[0]


# --- the models --------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 5])
def test_that_the_gradients_written_out_equal_autograd(room: int) -> None:
    one, params = begin(3, room=room)
    w, v = one.w.clone().requires_grad_(), one.v.clone().requires_grad_()
    w_bias, v_bias = one.w_bias.clone().requires_grad_(), one.v_bias.clone().requires_grad_()
    state = one.generator.get_state()
    rows = torch.randint(one.learnt_from.shape[1], (2, 32), generator=one.generator)
    one.generator.set_state(state)
    one.step(params)  # draws the same rows first
    x = torch.cat([one.learnt_from[0, rows[0]], one.learnt_from[1, rows[1]]])
    y = torch.tensor([1.0] * 32 + [0.0] * 32)
    signal = one_hot(x, 4).float().transpose(1, 2)  # (N, 4, L)
    convolved = torch.nn.functional.conv1d(signal, w.T[None])[:, 0]  # (N, P)
    logistic_loss(convolved.max(1).values + w_bias, y).backward()
    logistic_loss((signal.transpose(1, 2) * v).sum((1, 2)) + v_bias, y).backward()
    for ours, theirs in ((one.w, w), (one.w_bias, w_bias), (one.v, v), (one.v_bias, v_bias)):
        assert ours.grad is not None and theirs.grad is not None
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-6)


def test_that_a_filter_as_wide_as_the_stretch_is_logistic_regression() -> None:
    one, params = begin()
    one.w.zero_()
    for _ in range(30):
        one.step(params)
    assert torch.allclose(one.w, one.v, atol=1e-5) and torch.allclose(one.w_bias, one.v_bias, atol=1e-5)


def test_that_the_weights_become_the_log_odds_and_agree_with_scikit_learn(trained: SpliceSites) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    free = [0, 1, 2, 5, 6, 7, 8]  # GU is the same in sites and decoys
    truth = np.log((np.array(SHARES)[free] + 1e-3) / 0.25)
    truth -= truth.mean(1, keepdims=True)
    ours = (trained.w - trained.w.mean(1, keepdim=True)).numpy()[free]
    assert np.corrcoef(ours.ravel(), truth.ravel())[0, 1] > 0.97
    assert float((trained.w[3:5] - trained.w[3:5].mean(1, keepdim=True)).abs().max()) < 0.6

    x, tested = (one_hot(part, 4).flatten(2).numpy() for part in (trained.learnt_from, trained.test))
    y, labels = (np.repeat([1, 0], part.shape[1]) for part in (x, tested))
    theirs = LogisticRegression(max_iter=300).fit(x.reshape(-1, 36), y)
    reached = roc_auc_score(labels, theirs.decision_function(tested.reshape(-1, 36)))
    assert float(trained.aucs[1]) == pytest.approx(reached, abs=0.006)
    # Nobody does better than the log-odds that the sites were drawn with.
    assert float(trained.aucs.max()) < trained.best + 0.006


def test_that_the_auc_is_that_of_scikit_learn_with_ties() -> None:
    from sklearn.metrics import roc_auc_score

    made = torch.Generator().manual_seed(1)
    sites = torch.randint(0, 9, (70,), generator=made).float()
    decoys = torch.randint(-3, 6, (50,), generator=made).float()
    wanted = roc_auc_score([1] * 70 + [0] * 50, torch.cat([sites, decoys]))
    assert float(auc(sites, decoys)) == pytest.approx(wanted)


def test_that_the_roc_curve_is_that_of_scikit_learn_and_of_what_ties_the_diagonal() -> None:
    from sklearn.metrics import roc_curve

    made = torch.Generator().manual_seed(2)
    sites, decoys = torch.randint(0, 9, (70,), generator=made), torch.randint(-3, 6, (50,), generator=made)
    wrong, found, _ = roc_curve([1] * 70 + [0] * 50, torch.cat([sites, decoys]))
    assert np.allclose(roc(sites.float(), decoys.float()), np.interp(FPR, wrong, found), atol=1e-6)
    assert np.allclose(begin()[0].tpr[1], FPR, atol=1e-6), "without weights all scores tie"


def test_that_the_roc_curve_encloses_its_auc(trained: SpliceSites) -> None:
    frame = trained.frame(Params(data="made-sites", seed=4))
    area = np.trapezoid(frame.tpr, frame.fpr, axis=1)
    assert np.allclose(area, frame.aucs, atol=0.01) and (np.diff(frame.tpr, axis=1) >= 0).all()


# --- what both have teaches nothing ------------------------------------------------------------


def test_that_the_filter_learns_gu_only_where_the_decoys_lack_it(trained: SpliceSites) -> None:
    same = trained.frame(Params(data="made-sites", seed=4))
    assert same.filter_logo[3:5].sum() < 0.5 < 3.7 < same.data_logo[3:5].sum()
    one, params = begin(200, decoys="random")
    other = one.frame(params)
    assert other.filter_logo[3].sum() > 1.2 and other.filter_logo[4].sum() > 1.0
    assert other.false_alarms < same.false_alarms


def test_that_from_few_sites_chance_is_taken_for_a_rule(trained: SpliceSites) -> None:
    few, params = begin(200, examples=30)
    small, large = few.frame(params), trained.frame(Params(data="made-sites", seed=4))
    free = [0, 1, 2, 5, 6, 7, 8]
    assert small.filter_logo[free].sum() > 1.2 * large.filter_logo[free].sum()
    assert small.aucs[0] < large.aucs[0] - 0.005 and small.agreement < large.agreement


def test_that_shuffled_sites_keep_gu_and_their_bases() -> None:
    one, _ = begin()
    rows = torch.arange(50)
    mixed = one.shuffled(one.bases[rows])
    assert torch.equal(mixed[:, 3:5], one.bases[rows][:, 3:5])
    assert torch.equal(mixed.sort(1).values, one.bases[rows].sort(1).values)
    assert not torch.equal(mixed, one.bases[rows])


def test_that_nothing_tested_on_is_learnt_from() -> None:
    one, _ = begin()
    learnt = {tuple(row) for row in one.learnt_from[0].tolist()}
    assert not learnt & {tuple(row) for row in one.test[0].tolist()}


# --- masked k-mers -----------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_that_a_span_shorter_than_k_hides_no_base(k: int) -> None:
    one, _ = begin(k=k)
    theory = one.fill_theory(5)
    for span in range(1, 6):
        masked = range(3, 3 + span)
        seen = {at + i for at in range(20) if at not in masked for i in range(k)}
        each = [0.25 ** len({at + i for i in range(k)} - seen) for at in masked]
        assert float(theory[span - 1]) == pytest.approx(np.mean(each))
    assert (theory[: k - 1] == 1).all() and theory[k - 1] == pytest.approx(0.25)


@pytest.mark.slow
def test_that_one_masked_k_mer_is_copied_from_its_neighbours_even_in_random_bases() -> None:
    one, _ = begin(550)
    alone, contiguous = float(one.filled[1, 0]), float(one.filled[1, 2])
    assert alone > 0.4 and contiguous < 0.3, "three of three letters hide a base"


def test_that_k_mers_are_numbered_by_their_bases() -> None:
    one, _ = begin(k=3)
    words = ["".join(word) for word in itertools.product(BASES, repeat=3)]
    assert [words[at] for at in one.kmers(torch.tensor([[0, 2, 3, 3, 1]]))[0]] == ["AGU", "GUU", "UUC"]


# --- looking -----------------------------------------------------------------------------------


def test_that_the_map_holds_what_each_mutation_does(trained: SpliceSites) -> None:
    plain = trained.frame(Params(data="made-sites", seed=4, example=7))
    moved = trained.frame(Params(data="made-sites", seed=4, example=7, mutated=(7, 3, 0, 6, 1)))
    assert moved.site == plain.site[:3] + "A" + plain.site[4:6] + "C" + plain.site[7:]
    logit = [float(np.log(one / (1 - one))) for one in (plain.odds[0], moved.odds[0])]
    # The filter's window is the whole stretch, so that the effects of two mutations add.
    assert logit[1] - logit[0] == pytest.approx(float(plain.effects[0, 3] + plain.effects[1, 6]), abs=1e-3)
    assert trained.frame(Params(data="made-sites", seed=4, example=8, mutated=(7, 3, 0))).site \
        == trained.frame(Params(data="made-sites", seed=4, example=8)).original


def test_that_a_scan_is_the_filter_at_each_place(trained: SpliceSites) -> None:
    own = "ACGTTAGCAGGTAAGTACCGTA"
    frame = trained.frame(Params(data="made-sites", seed=4, sequence=own))
    assert frame.scanned == own.replace("T", "U") and len(frame.planted) == 0
    for at in range(len(own) - 8):
        wanted = sum(float(trained.w[i, BASES.index(frame.scanned[at + i])]) for i in range(9))
        assert frame.scores[at] == pytest.approx(wanted + float(trained.w_bias), abs=1e-4)
    assert frame.scores.argmax() == own.index("CAGGTAAGT")


def test_that_information_is_two_bits_less_the_entropy() -> None:
    from scipy.stats import entropy

    shares = torch.tensor(SHARES)
    assert np.allclose(information(shares), 2 - entropy(shares.numpy(), base=2, axis=1), atol=1e-5)


# --- the real sites and one's own --------------------------------------------------------------


@pytest.mark.pack("logomaker")
def test_that_the_real_sites_have_the_information_that_is_known_of_them() -> None:
    one, params = begin(200, data="splice-sites", seed=3)
    frame = one.frame(params)
    assert frame.distinct == 10_227 and int(one.counts.sum()) == 298_479
    assert frame.data_logo.sum(1)[[2, 3, 4]].tolist() == pytest.approx([0.98, 2.0, 1.81], abs=0.01)
    assert frame.aucs.min() > 0.94 and frame.accuracies.min() > 0.88


@pytest.mark.slow
@pytest.mark.pack("logomaker")
def test_that_the_bases_of_real_sites_are_not_quite_independent() -> None:
    one, _ = begin(400, data="splice-sites", seed=1)
    assert one.aucs[2] > one.aucs[0] + 0.002, "the Transformer reads them together"


def test_that_own_sites_are_read_and_others_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    made = ["".join(word) for word in itertools.product("ACGT", repeat=3)]
    file.write_text("# a remark\n" + "\n".join(f"{word}GT{word[0]} 3" for word in made))
    one, params = begin(5, data=f"file:{file}", width=12, k=4)
    frame = one.frame(params)
    assert frame.distinct == 64 and len(frame.site) == 6 and "GU" in frame.site
    file.write_text("ACGT\nACG\n" * 50)
    with pytest.raises(Refusal, match="does not hold sites"):
        begin(data=f"file:{file}")
