"""The made language keeps its promises, and its masked model has found out what is planted in it."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from visualizers.data import made_language as language
from visualizers.data.made_language import BLAME, PRAISE, TOPICS, WORDS, encode
from visualizers.models import checkpoint, train_made_bert
from visualizers.models.bert import Bert
from visualizers.models.made_bert import CONFIG, beginning, zero_shot
from visualizers.models.train_made_bert import TEMPLATES, measured

FILE = Path(checkpoint.__file__).parents[2] / "resources" / "weights" / "made_bert.safetensors"


# --- the language


def agreeing(before: str, after: str = "") -> float:
    """Share of the reviews with ``before … after`` in which the word between is of their label."""
    right = total = 0
    for one in language.reviews(3000, seed=5):
        words = one.text.split(" . ")
        for part in words:
            part = part.removesuffix(" .")
            word = part.removeprefix(before).removesuffix(after).strip()
            if part == f"{before} {word} {after}".strip() and word in PRAISE + BLAME:
                right += (word in PRAISE) == one.label
                total += 1
    assert total > 200
    return right / total


def test_that_each_wording_tells_as_much_of_a_review_as_is_planted() -> None:
    assert agreeing("overall it was") == 1.0
    assert agreeing("we thought it was") == pytest.approx(language.THOUGHT_AGREES, abs=0.04)
    assert agreeing("a", "day") == pytest.approx(language.DAY_AGREES, abs=0.04)
    assert agreeing("it was") == pytest.approx(0.5, abs=0.05)


def test_that_opinions_are_of_their_label_and_topic() -> None:
    for one in language.reviews(500, seed=6):
        things = [word for word in one.text.split() if any(word in topic for topic in TOPICS.values())]
        assert things and set(things) <= set(TOPICS[one.topic])
        said = next(part for part in one.text.split(" . ")
                    if part.startswith("the ") and any(f" {word} " in part for word in things))
        last = said.split(" but ")[-1].split()
        word = next(word for word in last if word in PRAISE + BLAME)
        negated = "not" in last[:last.index(word)]
        assert ((word in PRAISE) != negated) == bool(one.label)


def test_that_the_language_is_the_same_for_a_seed_and_all_its_words_are_known() -> None:
    assert language.reviews(50, 3) == language.reviews(50, 3) != language.reviews(50, 4)
    assert len(set(WORDS)) == len(WORDS)
    used = Counter(number for one in language.reviews(3000) for number in encode(one.text))
    assert language.UNKNOWN not in used
    assert set(used) == set(range(len(WORDS))) - {language.PAD, language.UNKNOWN, language.MASK}
    assert encode("The soup was GOOD, [MASK] blorp.") == [
        language.BEGIN, *map(WORDS.index, ("the", "soup", "was", "good", ",", "[MASK]", "[UNK]", ".")),
        language.END]


def test_that_the_tasks_are_balanced_and_right() -> None:
    for task, classes in ((language.sentiment, 2), (language.topics, 4), (language.agreement, 2)):
        made = task(200, 1)
        assert Counter(made.labels) == dict.fromkeys(range(classes), 200 // classes)
        assert len(made.names) == classes and "overall" not in " ".join(made.texts)
    for text, label in zip(*language.agreement(100, 2)[:2], strict=True):
        first, second = (any(word in PRAISE for word in part.split()) for part in text.split(","))
        assert (first == second) == bool(label)
    made = language.statements(60, PRAISE[:3], BLAME[:3], 4)
    assert all(text.split()[-1] in (BLAME, PRAISE)[label][:3]
               for text, label in zip(made.texts, made.labels, strict=True))


# --- the model


@pytest.fixture(scope="module")
def shipped() -> Bert:
    return checkpoint.load_made_bert()


def test_that_the_shipped_model_is_small_and_says_how_it_was_made(shipped: Bert) -> None:
    assert FILE.stat().st_size <= 500_000
    assert sum(one.numel() for one in shipped.parameters()) == pytest.approx(109_000, abs=1000)
    with safe_open(FILE, "pt") as opened:
        about = json.loads(opened.metadata()["about"])
    assert about["seed"] == 0 and about["by"].endswith("train_made_bert") and about["cpu_seconds"] < 300


def test_that_the_model_knows_what_nobody_told_it(shipped: Bert) -> None:
    found = measured(shipped)
    overall, thought, day, _, alone = (found[one] for one in TEMPLATES[:5])
    assert overall > 0.95 and thought > 0.93 and found["topics"] > 0.97
    assert overall > day > 0.85, "a day that mostly agrees is said to"
    assert alone < 0.6 and abs(found["{text} it was [MASK]"] - 0.5) < 0.05
    assert found["loss"] == pytest.approx(json.loads(_about())["held_out"]["loss"], abs=0.01)


def test_that_an_untrained_one_knows_nothing() -> None:
    asked = language.sentiment(200, 9)
    accuracy = zero_shot(beginning(torch.Generator().manual_seed(0)), asked, TEMPLATES[0], ("bad", "good"))
    assert abs(accuracy - 0.5) < 0.12


def test_that_the_script_masks_as_it_says() -> None:
    texts = [one.text for one in language.reviews(400, 7)]
    given = train_made_bert.given(texts, random.Random(0), torch.Generator().manual_seed(0))
    asked = given.wanted != train_made_bert.IGNORED
    assert given.ids.shape[1] <= CONFIG.context and (given.wanted[asked] >= len(language.SPECIAL)).all()
    assert given.ids[asked].eq(language.MASK).float().mean().item() == pytest.approx(0.8, abs=0.03)
    assert torch.equal(given.real.sum(1), torch.tensor([len(encode(one)) for one in texts]))
    places = given.real.float().argmax(1)
    assert (places == 0).float().mean() > 0.4 and places.max() > 10


def _about() -> str:
    with safe_open(FILE, "pt") as opened:
        return str(opened.metadata()["about"])
