"""BERT beside GPT: the loss against the library's own, masking, counted limits, and what is seen."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from visualizers.catalog import Said, panel
from visualizers.data import Data
from visualizers.data.sentences import sentences
from visualizers.l3_transformers.masked_lm.experiment import (
    IGNORED,
    MaskedLM,
    least_losses,
    mask,
    sentences_of,
)
from visualizers.l3_transformers.masked_lm.panel import GUESSES, Params
from visualizers.models.bert import name_in_transformers
from visualizers.panel import Context
from visualizers.refusal import Refusal

SMALL: dict[str, Any] = {"width": 16, "batch": 4}
OLD, YOUNG = (f"_ {one} cook slices a carrot in the kitchen" for one in ("old", "young"))


def begin(steps: int = 0, **values: Any) -> tuple[MaskedLM, Params]:
    params = Params(**values)
    one = MaskedLM(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> tuple[MaskedLM, Params]:
    return begin(360, seed=3)


# --- the models and the loss -------------------------------------------------------------------


def test_that_the_loss_is_that_of_the_librarys_masked_bert() -> None:
    transformers = pytest.importorskip("transformers")
    one, params = begin(layers=2, **SMALL)
    for weight in one.bert.parameters():  # far from their beginning, where all would be alike
        weight.data += 0.2 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(4))
    theirs = transformers.BertForMaskedLM(transformers.BertConfig.from_dict(
        one.bert.config.as_transformers())).eval()
    weights = {name_in_transformers(name): value for name, value in one.bert.state_dict().items()}
    missing = theirs.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys
    assert all("decoder" in name or "position_ids" in name for name in missing.missing_keys)
    theirs.tie_weights()
    generator = copy.deepcopy(one.generator)
    ids = one.train[torch.randint(len(one.train), (params.batch,), generator=generator)]
    given, wanted = mask(ids, params.mask_rate, params.masking, one.words, one.MASK, generator)
    with torch.no_grad():
        expected = theirs(input_ids=given, attention_mask=(given > 0).long(), labels=wanted).loss
    assert one.step(params)["loss"] == pytest.approx(float(expected), rel=1e-5)


def test_that_each_model_learns_from_its_own_loss_alone() -> None:
    one, params = begin(**SMALL)
    twin, generator = copy.deepcopy(one.gpt), copy.deepcopy(one.generator)
    ids = one.train[torch.randint(len(one.train), (params.batch,), generator=generator)]
    loss = F.cross_entropy(twin(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    optimizer = torch.optim.AdamW(twin.parameters(), lr=params.learning_rate)
    loss.backward()
    optimizer.step()
    assert one.step(params)["gpt_loss"] == pytest.approx(loss.item(), rel=1e-5)
    for mine, plain in zip(one.gpt.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-6)


def test_that_gpt_never_sees_what_follows_and_bert_does() -> None:
    one, params = begin(10, **SMALL)
    old, young = (one.frame(replace(params, sentence=text)) for text in (OLD, YOUNG))
    np.testing.assert_array_equal(old.gpt_odds, young.gpt_odds)
    assert not np.array_equal(old.bert_odds, young.bert_odds)


@pytest.mark.parametrize("rate", [0.05, 0.15, 0.8])
def test_that_masks_are_drawn_80_10_10(rate: float) -> None:
    words, MASK, BEGIN = 50, 52, 53
    made = torch.Generator().manual_seed(7)
    ids = torch.randint(2, 2 + words, (3000, 12), generator=made)
    ids[:, 0], ids[:, 10:] = BEGIN, 0
    given, wanted = mask(ids, rate, "80/10/10", words, MASK, made)
    asked = wanted != IGNORED
    assert not asked[:, 0].any() and not asked[:, 10:].any() and asked.any(1).all()
    assert (wanted[asked] == ids[asked]).all() and (given[~asked] == ids[~asked]).all()
    # At least one word of each sentence is asked for, so a little more than the rate.
    assert asked.sum().item() / (3000 * 9) == pytest.approx(rate + (1 - rate) ** 9 / 9, abs=0.01)
    masked, same = given[asked] == MASK, given[asked] == ids[asked]
    assert masked.float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert same.float().mean().item() == pytest.approx(0.1 + 0.1 / words, abs=0.02)
    given, wanted = mask(ids, rate, "always [MASK]", words, MASK, made)
    assert ((given == MASK) == (wanted != IGNORED)).all()


# --- what can be known -------------------------------------------------------------------------


def test_that_the_least_losses_are_those_of_the_grammar() -> None:
    found = least_losses(tuple(sentences_of("\n".join(sentences()), "en")))
    ln = math.log
    # a, an, two: a quarter, a quarter, a half; 18 who act, three of each topic; an in one of three
    left = [1.5 * ln(2), 1.25 * ln(4) - 0 + 0.5 * ln(2) - 0.25 * ln(4), ln(18), ln(2)]
    np.testing.assert_allclose(found[1][[0, 2, 3]], [left[0], left[2], left[3]], atol=1e-9)
    assert found[1][1] == pytest.approx(0.5 * ln(4) + 0.5 * ln(8))
    np.testing.assert_allclose(found[0], [0, found[1][1], ln(3), ln(2), 0, found[1][5], 0, 0, 0],
                               atol=1e-9)
    assert found[1][4] == pytest.approx(ln(3) - 2 / 3 * ln(2))
    assert (found[0] <= found[1] + 1e-9).all(), "more context never costs"
    # The chain rule: what the left leaves open at all places together is the whole language.
    assert found[1].sum() == pytest.approx(ln(len(sentences())))


def test_that_the_chinese_language_is_counted_alike() -> None:
    text = sentences("zh")
    found = least_losses(tuple(sentences_of("\n".join(text), "zh")))
    assert found.shape == (2, 14) and len(set(text)) == len(text)
    assert found[1].sum() == pytest.approx(math.log(len(text)))
    assert found[0][11] < 0.01 < found[1][11], "the measure word follows from the noun behind it"


def test_that_held_out_sentences_are_never_learnt_from() -> None:
    one, _ = begin(**SMALL)
    learnt = {tuple(row) for row in one.train.tolist()}
    assert len(learnt) == len(one.train) > 1000
    assert all(tuple(row) not in learnt for row in one.checked.tolist())


# --- what is seen ------------------------------------------------------------------------------


def test_that_both_come_near_what_they_can_know(trained: tuple[MaskedLM, Params]) -> None:
    one, params = trained
    frame, scalars = one.frame(params), one.measure(params)
    bert, gpt = frame.loss_at
    assert bert[0] < 0.4 and gpt[0] > 0.85, "a, an or two is decided behind"
    assert gpt[2] - bert[2] > 0.9, "who acts is told by what is done where"
    assert abs(bert[1] - gpt[1]) < 0.5, "nobody knows this one"
    assert scalars["held_out"] < scalars["gpt_held_out"]
    assert scalars["gpt_held_out"] == pytest.approx(float(frame.best_at[1].mean()), abs=0.12)
    assert scalars["held_out"] == pytest.approx(float(bert.mean()), rel=1e-4)


def test_that_the_word_behind_turns_berts_guess(trained: tuple[MaskedLM, Params]) -> None:
    one, params = trained
    old, young = (one.frame(replace(params, sentence=text)) for text in (OLD, YOUNG))
    assert old.bert_words[0] == "an" and young.bert_words[0] == "a"
    assert min(old.bert_odds[0, 0], young.bert_odds[0, 0]) > 0.7 > old.gpt_odds.max()


def test_that_guesses_are_the_models_own(trained: tuple[MaskedLM, Params]) -> None:
    one, params = trained
    sentence = "an old cook slices a carrot in the kitchen"
    frame = one.frame(replace(params, sentence=sentence, blanks=(sentence, 2, 5)))
    assert frame.blanks == (2, 5) and frame.truth == ("cook", "carrot")
    ids = one._ids([sentence.split()])
    given = ids.clone()
    given[0, [3, 6]] = one.MASK
    with torch.no_grad():
        odds = one._odds(one.bert.read_out(one.bert(given)))[0, [3, 6]]
        gpt = one._odds(one.gpt(ids[:, :3])[0, -1])
    np.testing.assert_allclose(frame.bert_odds, odds.topk(GUESSES).values, rtol=1e-4)
    np.testing.assert_allclose(frame.gpt_odds[0], gpt.topk(GUESSES).values, rtol=1e-4)
    assert frame.truth_odds[0, 0] == pytest.approx(float(odds[0, ids[0, 3]]), rel=1e-4)
    assert one.frame(replace(params, blanks=(sentence, 2))).blanks != (2,), "of another sentence"


def test_that_other_rates_are_trained_beside() -> None:
    one, params = begin(3, rates=True, beside="rates", **SMALL)
    frame = one.frame(params)
    assert frame.rates.tolist() == pytest.approx([0.15, 0.05, 0.4, 0.8])
    assert len(frame.accuracy_at) == len(frame.probe_at) == 4


def test_that_the_probe_is_a_linear_classifier_of_mean_vectors() -> None:
    """Against scikit-learn's ridge classifier on the same vectors; and it is fitted only to be looked at."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    one, params = begin(8, **SMALL)
    assert one.probe_at == [] and not len(one.frame(params).probe_at)
    vectors: list[np.ndarray] = []
    read = one.bert.forward

    def listen(ids: torch.Tensor, **given: Any) -> torch.Tensor:
        x = read(ids, **given)
        live = (ids > 0)[..., None]
        vectors.append(((x * live).sum(1) / live.sum(1)).double().numpy())
        return x

    one.bert.forward = listen  # type: ignore[method-assign]
    with torch.no_grad():
        found = one._probe(one.bert)
    mean, labels = vectors[-1], np.tile([1, -1], len(vectors[-1]) // 2)
    half = len(mean) // 2
    with_one = np.hstack([mean, np.ones((len(mean), 1))])
    ridge = linear_model.RidgeClassifier(alpha=0.1, fit_intercept=False)
    ridge.fit(with_one[:half], labels[:half])
    assert found == pytest.approx(ridge.score(with_one[half:], labels[half:]), abs=0.003)


@pytest.mark.parametrize("words", [("a", "drummer", "two"), ("w" * 40, "x" * 40, "y" * 40), ("a",)])
def test_that_bars_are_of_one_length_and_all_columns_have_room(qtbot: Any, words: tuple[str, ...]) -> None:
    from visualizers.l3_transformers.masked_lm.view import Guesses
    from widgets.theme.look import Look, theme

    one, params = begin(**SMALL)
    count = len(words)
    frame = replace(
        one.frame(params), shown=np.arange(count, dtype=np.int32), truth=words,
        bert_words=tuple(word for word in words for _ in range(GUESSES)),
        gpt_words=tuple("an" for _ in range(count * GUESSES)),
        bert_odds=np.full((count, GUESSES), 0.3, np.float32),
        gpt_odds=np.full((count, GUESSES), 0.0004, np.float32),
        truth_odds=np.full((2, count), 0.0004, np.float32))
    guesses = Guesses(Look(theme("light"), Said(panel("masked_lm"), "en").words()))
    qtbot.addWidget(guesses)
    guesses.resize(600, 220)
    guesses.draw(frame)
    columns = guesses._columns()
    assert len({column.bar for column in columns}) == 1 and columns[0].bar >= guesses.look.px(11)
    assert columns[-1].left + columns[-1].wide <= guesses.width() + 1
    assert all(a.left + a.wide == pytest.approx(b.left, abs=1.5)
               for a, b in pairwise(columns))
    guesses.grab()
    assert guesses.part_at(columns[-1].left + 2, guesses.place((0, count - 1, 1)).center().y()) \
        == (0, count - 1, 1)


def test_that_any_text_and_any_sentence_make_a_frame(tmp_path: Path) -> None:
    for text in ("python-reference", "made-sentences-zh", "chinese-sentences"):
        one, params = begin(2, text=text, **SMALL)
        for sentence in ("", "_", "机器 学习 _", "zyxw " * 40, "...", "_ _ _ _ _"):
            frame = one.frame(replace(params, sentence=sentence))
            assert 1 <= len(frame.tokens) <= 16 and len(frame.shown) <= 3
        assert frame.counted == text.startswith("made")
    path = tmp_path / "short.txt"
    path.write_text("One short text is here. " * 30, "utf-8")
    with pytest.raises(Refusal, match="at least 40 are needed"):
        begin(text=f"file:{path}", **SMALL)
