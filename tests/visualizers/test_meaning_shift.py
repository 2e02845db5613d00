"""Words that move: alignment, control and made shifts against scipy and counts by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes
from scipy.stats import spearmanr

from visualizers.data import Data
from visualizers.data.eras import FIRST, LAST, MATTERS, MOVES, SMALL, chronicle
from visualizers.data.kinds.dated import numbered
from visualizers.l9_social.meaning_shift.experiment import (
    BLOCK,
    MOST,
    REACH,
    MeaningShift,
    drift,
    like_frequency,
    pairs,
    turn,
)
from visualizers.l9_social.meaning_shift.panel import Frame, Params
from visualizers.panel import Context
from visualizers.refusal import Refusal


def begin(
    steps: int = 0, catalogue: Data | None = None, **values: Any
) -> tuple[MeaningShift, Params]:
    params = Params(**values)
    one = MeaningShift(params, Context("cpu", params.seed, catalogue or Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


def looked(one: MeaningShift, params: Params) -> Frame:
    one.measure(params)
    return one.frame(params)


@pytest.fixture(scope="module")
def shifted() -> MeaningShift:
    return begin(8, dimension=50, seed=4)[0]


# --- alignment ----------------------------------------------------------------------------------


def test_that_the_turn_is_scipys() -> None:
    made = torch.Generator().manual_seed(1)
    a, b = (torch.randn(40, 7, generator=made, dtype=torch.float64) for _ in range(2))
    theirs, _ = orthogonal_procrustes(a.numpy(), b.numpy())
    assert np.allclose(turn(a, b).numpy(), theirs)


def test_that_a_turned_copy_has_no_drift_and_a_moved_word_has() -> None:
    made = torch.Generator().manual_seed(2)
    a = torch.nn.functional.normalize(torch.randn(60, 8, generator=made, dtype=torch.float64), dim=1)
    q, _ = torch.linalg.qr(torch.randn(8, 8, generator=made, dtype=torch.float64))
    assert drift(a, a @ q) == pytest.approx(np.zeros(60), abs=1e-12)
    moved = a @ q
    moved[5] = -moved[5]
    found = drift(a, moved)
    assert found.argmax() == 5 and found[5] > 1.9 and np.delete(found, 5).max() < 0.05


# --- counts -------------------------------------------------------------------------------------


def test_that_pairs_are_those_within_reach_and_one_block() -> None:
    draw = np.random.default_rng(0)
    texts = [draw.integers(-1, 6, length).astype(np.int32) for length in (2 * BLOCK + 7, 3, BLOCK)]
    by_hand: Counter[tuple[int, int, int]] = Counter()
    begins = 0
    for text in texts:
        for i in range(len(text)):
            for j in range(i + 1, min(i + REACH + 1, len(text))):
                if text[i] >= 0 and text[j] >= 0 and i // BLOCK == j // BLOCK:
                    by_hand[int(text[i]), int(text[j]), begins + i // BLOCK] += 1
        begins += -(-len(text) // BLOCK)
    first, second, block = pairs(texts)
    assert Counter(zip(first.tolist(), second.tolist(), block.tolist(), strict=True)) == by_hand


def test_that_a_division_deals_every_block_of_both_times_once(shifted: MeaningShift) -> None:
    one, other = shifted._deal(3)
    assert not (one & other).any() and np.array_equal(one | other, shifted.time > 0)
    assert one.sum() == pytest.approx((shifted.time == 1).sum(), rel=0.05), "as many as the first time has"
    again = shifted._deal(3)[0]
    assert np.array_equal(one, again) and not np.array_equal(one, shifted._deal(4)[0])
    real = sum(shifted.real)
    assert torch.equal(real, sum(shifted._pair(one, other))), "the same pairs, dealt out otherwise"


@pytest.mark.parametrize(("control", "time"), [("first time, halved", 1), ("second time, halved", 2)])
def test_that_halves_are_of_one_time_alone(control: str, time: int) -> None:
    one, _ = begin(control=control, dimension=20)
    half, rest = one._deal(0)
    assert (one.time[half] == time).all() and np.array_equal(half | rest, one.time == time)
    assert half.mean() / (half | rest).mean() == pytest.approx(0.5, abs=0.05)


def test_that_the_times_follow_the_dates(shifted: MeaningShift) -> None:
    frame = looked(shifted, Params(until=1850, since=1990, dimension=50, seed=4))
    assert frame.years == (1790, 1850, 1990, 2026)
    texts, years = chronicle(1.0, 4)
    counted: Counter[str] = Counter()
    for text, year in zip(texts, years, strict=True):
        if year <= 1850 or year >= 1990:
            counted.update(text)
    assert [counted[word] for word in frame.words] == frame.times.tolist()
    assert (np.diff(frame.times) <= 0).all(), "the most frequent first"
    overlapping = looked(shifted, Params(until=2000, since=1820, dimension=50, seed=4))
    assert overlapping.years == (1790, 2000, 2001, 2026), "no year is in both"


# --- what is known of the made chronicle --------------------------------------------------------


def test_that_moved_words_go_as_often_as_they_came() -> None:
    texts, years = chronicle(1.0, 7)
    assert years == list(range(FIRST, LAST + 1))
    home = {word: matter for matter in MATTERS for word in matter}
    assert len(home) == sum(map(len, MATTERS)) and not set(home) & set(SMALL)
    for word, (to, since) in MOVES.items():
        per_year = [[text.count(word) for text, year in zip(texts, years, strict=True)
                     if (year >= since) == later] for later in (False, True)]
        before, after = map(np.mean, per_year)
        noise = sum(np.var(one) / len(one) for one in per_year) ** 0.5
        assert abs(after - before) < 4 * noise, word
        assert word not in MATTERS[to]


def test_that_what_exceeds_the_control_is_what_was_moved(shifted: MeaningShift) -> None:
    frame = looked(shifted, Params(dimension=50, seed=4))
    planted = frame.planted.astype(bool)
    assert {word for word, one in zip(frame.words, planted, strict=True) if one} <= set(MOVES)
    assert planted.sum() >= 7 and frame.found[1] > 0.8
    assert (frame.drift - frame.control)[planted].min() > 0.15
    assert abs(np.median((frame.drift - frame.control)[~planted])) < 0.02
    assert np.allclose(frame.score, frame.drift - frame.control, atol=1e-6)
    assert frame.score[frame.top].tolist() == sorted(frame.score.tolist())[::-1][: len(frame.top)]


@pytest.mark.parametrize("seed", [5, 6])
def test_that_nothing_changes_and_rare_words_drift_all_the_same(seed: int) -> None:
    one, params = begin(5, strength=0.0, dimension=50, seed=seed)
    frame = one.frame(params)
    assert frame.rho == pytest.approx(spearmanr(frame.drift, frame.times).statistic, abs=0.01)
    assert frame.rho < -0.35 and frame.rho_control < -0.35
    assert frame.drift.mean() == pytest.approx(frame.control.mean(), abs=0.01)
    assert frame.found.max() < 0.5


def test_that_the_control_is_the_mean_of_its_divisions() -> None:
    one, params = begin(2, dimension=20, seed=1)
    by_hand = np.mean([drift(*(one._counted(each, params) for each in one._pair(*one._deal(number))))
                       for number in range(3)], axis=0)
    frame = one.frame(params)
    assert frame.divisions == 3 and frame.control == pytest.approx(by_hand, abs=1e-6)
    for _ in range(MOST):
        one.step(params)
    assert one.finished(params) and one.step(params) == {"divisions": float(MOST)}
    assert not one.finished(Params(dimension=20, seed=1, until=1850)), "other dates wake it"


def test_that_words_as_frequent_are_a_running_median() -> None:
    control = np.random.default_rng(1).random(100)
    assert like_frequency(control)[50] == np.median(control[35:66])
    assert len(like_frequency(control[:9])) == 9


def test_that_word2vec_finds_them_too() -> None:
    one, params = begin(100, vectors="word2vec", dimension=50, seed=2)
    frame = one.frame(params)
    assert frame.found[0] > 0.7
    losses = [one.step(params)["loss"] for _ in range(3)]
    early = begin(0, vectors="word2vec", dimension=50, seed=2)[0]
    assert early.step(params)["loss"] > losses[-1] + 0.2


def test_that_the_neighbours_are_those_of_the_word_then_and_now(shifted: MeaningShift) -> None:
    frame = looked(shifted, Params(dimension=50, seed=4, word="sail"))
    ship, bank = MATTERS[1], MATTERS[6]
    assert frame.words[frame.chosen] == "sail"
    assert len(set(frame.then) & set(ship)) >= 5 and len(set(frame.now) & set(bank)) >= 5
    assert looked(shifted, Params(dimension=50, seed=4, word="no such word")).chosen == frame.top[0]


# --- own and real texts -------------------------------------------------------------------------


def test_that_own_texts_are_read_with_their_years(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    rows = [f'{year},"the {word} of the town, said {name}."' for year in range(1850, 1990, 2)
            for word, name in (("mayor", "Ann"), ("baker", "Bob"), ("clock", "Cid"))]
    file.write_text("year,text\n" + "\n".join(rows))
    found = Data(tmp_path).read("dated", f"file:{file}")
    assert len(found.texts) == 210 and found.years[0] == 1850 and "mayor" in found.words
    one, params = begin(1, Data(tmp_path), data=f"file:{file}", dimension=10)
    frame = one.frame(params)
    assert len(frame.words) == 10 and not frame.planted.any() and not frame.found.any()
    file.write_text("no,years\n")
    with pytest.raises(Refusal):
        Data(tmp_path).read("dated", f"file:{file}")


def test_that_texts_are_numbered_in_the_order_of_their_years() -> None:
    found = numbered([["b", "a"], ["c", "a"]], [1900, 1800])
    assert found.years.tolist() == [1800, 1900] and found.words == ("c", "a", "b")
    assert [one.tolist() for one in found.texts] == [[0, 1], [2, 1]]


@pytest.mark.pack("sotu")
def test_that_the_law_of_the_messages_needs_no_change() -> None:
    one, params = begin(2, Data(), control="first time, halved", word="value")
    frame = one.frame(params)
    assert 700 < len(frame.words) < 800 and frame.sizes == (970_624, 634_033)
    assert -0.5 < frame.rho < -0.35 and frame.rho_control < frame.rho - 0.03
    assert {"exports", "amount"} <= set(frame.then) and "freedom" in frame.now
    shuffled = looked(one, Params(word="race"))
    assert "arms" in shuffled.now and "arms" not in shuffled.then
    assert shuffled.rho_control < -0.55 and shuffled.drift.mean() > shuffled.control.mean() + 0.05
