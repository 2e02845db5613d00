"""The grammars of tagged sentences: what one side can tell, against counting what is drawn."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from visualizers.data.tagging import BOTH, GRAMMARS, LEFT, NEEDS, NOTHING, RIGHT, grammar


@pytest.mark.parametrize("reach", [0, 1, 4])
@pytest.mark.parametrize("language", GRAMMARS)
def test_that_a_drawn_sentence_is_read_back_with_its_tags(language: str, reach: int) -> None:
    made = GRAMMARS[language](reach)
    listed = [word for words in made.classes.values() for word in words]
    assert len(listed) == len(set(listed)), "no word is in two classes"
    drawn = np.random.default_rng(0).random((300, 1 + made.longest))
    for words, tags, needs in zip(*made.fill(drawn), strict=True):
        sentence = [made.words[one] for one in words if one]
        read = made.read(sentence)
        assert read is not None
        assert read[0].tolist() == tags[: len(sentence)].tolist() and (tags[len(sentence):] < 0).all()
        assert read[1].tolist() == needs[: len(sentence)].tolist()
        assert (needs[len(sentence):] == NOTHING).all()
        text = ("" if made.joined else " ").join(sentence)
        assert made.cut(text) == tuple(sentence)


@pytest.mark.parametrize("language", GRAMMARS)
def test_that_patterns_are_drawn_as_often_as_their_weights_say(language: str) -> None:
    made = GRAMMARS[language](0)
    words, _, _ = made.fill(np.random.default_rng(1).random((20_000, 1 + made.longest)))
    kind_of = {word: kind for kind, listed in made.classes.items() for word in listed}
    seen = Counter(tuple(kind_of[made.words[one]] for one in row if one) for row in words)
    for pattern, weight in zip(made.patterns, made.weights, strict=True):
        share = seen[tuple(slot.kind for slot in pattern)] / len(words)
        assert share == pytest.approx(weight, abs=4 * np.sqrt(weight / len(words)))


@pytest.mark.parametrize("language", GRAMMARS)
@pytest.mark.parametrize("reach", [0, 2])
def test_that_every_example_has_a_word_of_its_kind(language: str, reach: int) -> None:
    made = GRAMMARS[language](reach)
    for need, examples in enumerate(made.examples):
        for text in examples:
            read = made.read(made.cut(text))
            assert read is not None and need in read[1], (NEEDS[need], text)


def test_that_what_decides_is_found_on_the_right_side() -> None:
    made = GRAMMARS["English"](1)

    def needs(text: str) -> dict[str, int]:
        words = made.cut(text)
        read = made.read(words)
        assert read is not None
        return {word: need for word, need in zip(words, read[1].tolist(), strict=True)
                if need != NOTHING}

    assert needs("the old man the boats .") == {"old": RIGHT, "man": RIGHT}
    assert needs("they had often cut the bread .") == {"cut": LEFT}
    assert needs("we like the calm animals .") == {"calm": BOTH}
    assert needs("we like to calm animals .") == {"calm": LEFT}
    assert needs("visiting relatives near the river is tiring .") == {"visiting": RIGHT}
    assert made.read(made.cut("the boats man the old .")) is None


SMALL = """
1  a/A x/P ./E
2  a/A x/Q y/A ./E
3  b/B x/P y/A ./E
3  b/B x/Q ./E
2  e/A y/P
3  f/A y/Q
2  a/B …( z/A ) c/A ./E
1  a/A …( z/A ) d/B ./E
"""


def test_that_the_ceilings_are_those_of_the_best_guess_counted_on_drawn_words() -> None:
    """The best guess for each prefix, and each suffix, of words that was ever drawn."""
    made = grammar("x: x1 x2\ny: y1 y2", SMALL, ("", "", ""), reach=2)
    words, tags, needs = made.fill(np.random.default_rng(2).random((30_000, 1 + made.longest)))
    for side in (LEFT, RIGHT):
        counted: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        places = []
        for row, tag, need in zip(words.tolist(), tags.tolist(), needs.tolist(), strict=True):
            end = row.index(0) if 0 in row else len(row)
            for t in range(end):
                seen = tuple(row[: t + 1] if side == LEFT else row[t:end])
                counted[seen][tag[t]] += 1
                places.append((seen, tag[t], need[t]))
        for need in range(3):
            hits = [counted[seen].most_common(1)[0][0] == tag for seen, tag, one in places
                    if one == need]
            assert hits
            assert np.mean(hits) == pytest.approx(made.ceiling[side, need], abs=0.015), (side, need)


def test_that_a_tie_is_guessed_half_the_time() -> None:
    made = grammar("", "1  a/P b/A\n1  a/Q c/A", ("", "", ""), reach=0)
    assert made.hits[LEFT].tolist() == [[0.5, 1.0], [0.5, 1.0]]
    assert made.ceiling[LEFT, RIGHT] == 0.5 and made.ceiling[RIGHT, RIGHT] == 1.0


@pytest.mark.parametrize("language", GRAMMARS)
@pytest.mark.parametrize("reach", [0, 1, 4])
def test_that_one_side_is_at_best_about_the_prior(language: str, reach: int) -> None:
    ceiling = GRAMMARS[language](reach).ceiling
    assert ceiling[LEFT, RIGHT] == pytest.approx(0.5) and ceiling[RIGHT, LEFT] < 0.58
    assert ceiling[LEFT, BOTH] == pytest.approx(0.5) and ceiling[RIGHT, BOTH] == pytest.approx(0.5)
    assert ceiling[LEFT, LEFT] == ceiling[RIGHT, RIGHT] == 1.0
