"""Prompt against head: scores as transformers and scikit-learn have them, and who needs examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.data.made_language import NUMBER, cut
from visualizers.l4_tuning.prompt_vs_head.experiment import (
    Headed,
    Prompted,
    PromptVsHead,
    filled,
    first_of_each,
    label_words,
)
from visualizers.l4_tuning.prompt_vs_head.panel import (
    DRAWS,
    NOT_YET,
    SHOTS,
    WORDINGS,
    Params,
    wording,
)
from visualizers.models.bert import name_in_transformers
from visualizers.models.checkpoint import load_made_bert
from visualizers.models.made_bert import CONFIG, rows_of
from visualizers.models.prompt_template import KINDS, fill, parse
from visualizers.panel import Context
from visualizers.refusal import Refusal

TEXT = "the soup was not good"


def begin(**values: Any) -> tuple[PromptVsHead, Params]:
    params = Params(**values)
    return PromptVsHead(params, Context("cpu", params.seed, Data(Path("nowhere")))), params


@pytest.fixture(scope="module")
def trained() -> PromptVsHead:
    """Two draws, on another seed than the tour's."""
    one, params = begin(seed=4)
    while one.runs < 2 * len(SHOTS):
        one.step(params)
    return one


# --- the template language ---------------------------------------------------------------------


def test_that_openprompts_language_is_read() -> None:
    pieces = parse('{"soft": "we thought"} {"placeholder": "text_a", "shortenable": true} it was {"mask"} .',
                   cut)
    assert [one.kind for one in pieces] == ["soft", "text", "template", "mask", "template"]
    assert pieces[0].words == ("we", "thought") and pieces[1].shortenable
    one = fill(pieces, ["the", "soup"], 40)
    assert one.tokens == ("we", "thought", "the", "soup", "it", "was", "[MASK]", ".")
    assert [KINDS[kind] for kind in one.kinds] == ["soft"] * 2 + ["text"] * 2 + ["template"] * 2 + [
        "mask", "template"]
    assert one.soft == (0, 1, -1, -1, -1, -1, -1, -1)
    many = parse('{"soft": null, "duplicate": 5} {"meta": "x"} {"mask"} {"soft"}', cut)
    assert many[0].words == ("",) * 5 and fill(many, ["a"], 40).soft == (0, 1, 2, 3, 4, -1, -1, 5)
    assert len(fill(pieces, ["x"] * 99, 38).tokens) == 38, "what is too long is cut in the text"
    assert "[MASK]" in fill(pieces, ["x"] * 99, 38).tokens


@pytest.mark.parametrize("wrong", [
    "no place at all", '{"placeholder": "text_a"} was', '{"mask"} {"mask"} {"placeholder": "text_a"}',
    '{"mask"} {"placeholder" ', '{"other"} {"mask"}', '{"mask": } x', '{"soft": null, "duplicate": 99}',
    '{"mask"} {"placeholder": "text_a"} {"soft": null, "duplicate": 0}'])
def test_that_what_cannot_be_read_is_said(wrong: str) -> None:
    with pytest.raises(Refusal):
        parse(wrong, cut)


def test_that_label_words_are_read_and_unknown_ones_refused() -> None:
    words, classes = label_words("bad, dull ; good")
    assert words.tolist() == [NUMBER[one] for one in ("bad", "dull", "good")]
    assert classes.tolist() == [0, 0, 1]
    for wrong in ("bad", "bad;", "bad ; blorp", "a;b;c"):
        with pytest.raises(Refusal):
            label_words(wrong)


# --- the two ways ------------------------------------------------------------------------------


@pytest.mark.parametrize("join", ["mean", "sum of odds"])
def test_that_a_prompts_scores_are_those_of_transformers(join: str) -> None:
    transformers = pytest.importorskip("transformers")
    bert = load_made_bert()
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**{
        key: value for key, value in CONFIG.as_transformers().items() if key != "architectures"})).eval()
    theirs.load_state_dict({name_in_transformers(name): one for name, one in bert.state_dict().items()},
                           strict=False)
    words, classes = label_words("bad, awful ; good, lovely, kind")
    texts = [TEXT, "the plot was dull and the actor was kind", "the bed was fine"]
    ours = Prompted(bert, parse(WORDINGS[0], cut), words, classes, join, torch.Generator())
    with torch.no_grad():
        for text, row in zip(texts, ours(texts), strict=True):
            ids = rows_of([f"{text} . overall it was [MASK] ."])
            odds = theirs(input_ids=ids).logits[0, ids[0].tolist().index(4)].log_softmax(-1)
            for label in range(2):
                each = odds[words[classes == label]]
                wanted = each.mean() if join == "mean" else each.exp().sum().log()
                assert row[label].item() == pytest.approx(wanted.item(), abs=1e-4)


def test_that_a_head_on_frozen_features_ends_where_scikit_learn_does() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    one, _ = begin(tuned="only what is new")
    examples = first_of_each(one.pools[0], 32)
    head = Headed(one.backbone, torch.Generator().manual_seed(0))
    with torch.no_grad():
        ids = rows_of(examples.texts)
        features = one.backbone(ids, real=ids != 0)[:, 0]                       # (64, C)
    fitted = linear_model.LogisticRegression(C=1.0, max_iter=5000, tol=1e-10).fit(
        features.numpy(), examples.labels)
    with torch.no_grad():
        head.weight.copy_(torch.stack([-torch.tensor(fitted.coef_[0]), torch.tensor(fitted.coef_[0])]) / 2)
        head.bias.copy_(torch.tensor([-fitted.intercept_[0], fitted.intercept_[0]]) / 2)
    # scikit-learn's sum of losses + |w|²/2: at its end our gradient is that of the penalty, negated
    loss = torch.nn.functional.cross_entropy(head(examples.texts), torch.tensor(examples.labels),
                                             reduction="sum")
    loss.backward()
    assert head.weight.grad is not None and head.bias.grad is not None
    wanted = -torch.tensor(fitted.coef_[0], dtype=torch.float32)
    torch.testing.assert_close(head.weight.grad[1], wanted, rtol=0, atol=1e-2)
    assert head.bias.grad.abs().max() < 1e-2


def test_that_only_what_is_new_leaves_the_model_alone() -> None:
    soft = '{"soft": null, "duplicate": 3} {"placeholder": "text_a"} . overall it was {"mask"} .'
    one, params = begin(tuned="only what is new", template=soft)
    before = {name: weight.clone() for name, weight in one.backbone.state_dict().items()}
    vectors = next(one.prompt.soft.parameters()).clone()  # type: ignore[union-attr]
    for _ in range(3):
        one.step(params)
    assert all(torch.equal(weight, before[name]) for name, weight in one.backbone.state_dict().items())
    assert not torch.equal(next(one.prompt.soft.parameters()), vectors)  # type: ignore[union-attr]
    assert one.frame(params).trained == (3 * 64, 2 * 64 + 2)
    plain, params = begin(tuned="only what is new")
    plain.step(params)
    assert plain.frame(params).trained == (0, 130), "a plain wording has nothing to train"


def test_that_a_soft_vector_that_begins_as_a_word_reads_as_that_word() -> None:
    bert = load_made_bert()
    words, classes = label_words("bad ; good")
    soft = Prompted(bert, parse('{"placeholder": "text_a"} . {"soft": "overall it was"} {"mask"} .', cut),
                    words, classes, "mean", torch.Generator().manual_seed(0))
    plain = Prompted(bert, parse(WORDINGS[0], cut), words, classes, "mean", torch.Generator())
    with torch.no_grad():
        torch.testing.assert_close(soft([TEXT]), plain([TEXT]), rtol=0, atol=1e-5)


# --- what the course says ----------------------------------------------------------------------


def test_that_wording_alone_decides_between_guessing_and_knowing() -> None:
    one, _ = begin(seed=3)
    found = dict(zip(WORDINGS, one.wording_accuracy.tolist(), strict=True))
    assert found[wording("* . overall it was _ .")] > 0.93
    assert abs(found[wording("* it was _")] - 0.5) < 0.05


@pytest.mark.slow
def test_that_a_prompt_needs_fewer_examples_than_a_head(trained: PromptVsHead) -> None:
    prompt, head = trained.accuracy[:, :2].mean(1)                       # (6,) each
    assert prompt[0] > head[0] + 0.12 and head[0] < 0.65
    assert prompt[-1] > 0.9 and head[-1] > head[0]
    assert (trained.accuracy[:, 2:] == NOT_YET).all() and trained.runs == 2 * len(SHOTS)


def test_that_examples_are_as_many_of_each_class_and_never_asked_about() -> None:
    one, _ = begin()
    for pool in one.pools:
        for k in SHOTS:
            few = first_of_each(pool, k)
            assert few.labels == [0] * k + [1] * k
    assert len(one.pools) == DRAWS
    assert not any(set(pool.texts) & set(one.asked.texts) for pool in one.pools)


def test_that_a_text_without_words_and_one_too_long_are_read() -> None:
    one, _ = begin()
    for text in ("", "blorp", "the soup was good " * 30):
        frame = one.frame(Params(sentence=text))
        assert np.isfinite(frame.odds).all() and len(frame.tokens) <= CONFIG.context - 2
    assert filled(one.pieces, "").tokens[0] == "[UNK]"
