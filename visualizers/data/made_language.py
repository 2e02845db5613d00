"""A made language of reviews in which all that can be known is planted, so that it can be asked for.

A review is for or against something of one topic. All of its opinions agree with that, except before
"but", where the opposite is conceded. It may begin with the day and may end with a verdict:

    a lovely day . the soup was good and the waiter was kind . overall it was superb .
    it was cold . the plot was great but the actor was not good . overall it was dull .

What a model can learn from such texts alone, without a label:

* which of 10 words praise and which of 10 blame: those of one review go together, and "not" turns them;
* "overall it was …" always agrees with the review, "we thought it was …" in 17 of 20 and "a … day" in
  14 of 20; "it was …" alone is about nothing in particular and agrees by chance;
* which of 24 things belong to one of the 4 topics: those of one review do;
* "and" joins opinions that agree, "but" opinions that do not.

Nobody wrote these texts, and whoever shows them says so.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END, MASK = range(5)
NEGATIVE, POSITIVE = 0, 1
DAY_AGREES, THOUGHT_AGREES = 0.7, 0.85  # shares that agree with the review


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


PRAISE = _words("good great lovely kind superb charming pleasant brilliant fine wonderful")
BLAME = _words("bad awful dull rude poor boring nasty dreadful weak terrible")
TOPICS = {
    "food": _words("soup bread meal dessert waiter menu"),
    "film": _words("plot actor scene ending script dialogue"),
    "hotel": _words("room bed garden pool bathroom porter"),
    "music": _words("singer song drummer chorus violin tune"),
}
NEITHER = _words("cold warm long short early late busy quiet wet dry")  # neither praise nor blame
AROUND = _words("street bus evening weather town crowd ticket walk")     # of no topic
HOW = _words("very really quite so")
_GRAMMAR = _words(". , the a was were it this overall we thought and but not day")
WORDS = (*SPECIAL, *_GRAMMAR, *PRAISE, *BLAME, *NEITHER, *HOW, *AROUND,
         *(word for topic in TOPICS.values() for word in topic))
NUMBER = {word: number for number, word in enumerate(WORDS)}


# --- words and numbers -------------------------------------------------------------------------


def cut(text: str) -> list[str]:
    """The tokens of a text: words in small letters, points and commas, and [MASK] as it is."""
    spaced = text.replace(".", " . ").replace(",", " , ")
    return [one if one in SPECIAL else one.lower() for one in spaced.split()]


def encode(text: str) -> list[int]:
    """A text as the model reads it: [CLS], its words, [SEP]; what is not a word of the language is [UNK]."""
    return [BEGIN, *(NUMBER.get(word, UNKNOWN) for word in cut(text)), END]


# --- what is said ------------------------------------------------------------------------------


class Review(NamedTuple):
    """A review, and what it is about."""

    text: str
    label: int  # NEGATIVE or POSITIVE
    topic: str


def opinion(draw: random.Random, thing: str, label: int, *, turned: float = 0.25,
            words: tuple[Sequence[str], Sequence[str]] = (BLAME, PRAISE)) -> str:
    """ "the soup was good", by a word of ``label``; a share of ``turned`` says it with "not" instead."""
    negated = draw.random() < turned
    how = f"{draw.choice(HOW)} " if draw.random() < 0.2 else ""
    word = draw.choice(words[1 - label if negated else label])
    return f"the {thing} was {'not ' if negated else ''}{how}{word}"


def several(draw: random.Random, topic: str, label: int) -> str:
    """ "the soup , bread and menu were good , kind and fine": of some things at once, by some words."""

    def listed(words: Sequence[str], most: int) -> str:
        *first, last = draw.sample(words, draw.randint(2, most))
        return f"{' , '.join(first)} and {last}"

    return f"the {listed(TOPICS[topic], 4)} were {listed((BLAME, PRAISE)[label], 3)}"


def opinions(draw: random.Random, topic: str, label: int) -> str:
    """One opinion, or two of different things joined by "and", or by "but" where the first concedes, or one
    of several things."""
    first, second = draw.sample(TOPICS[topic], 2)
    how = draw.random()
    if how > 0.85:
        return several(draw, topic, label)
    if how < 0.3:
        return opinion(draw, first, label)
    if how < 0.65:
        return f"{opinion(draw, first, label)} and {opinion(draw, second, label)}"
    return f"{opinion(draw, first, 1 - label)} but {opinion(draw, second, label)}"


def review(draw: random.Random, label: int | None = None, topic: str | None = None) -> Review:
    """A whole review: perhaps the day, perhaps an aside, opinions, perhaps a verdict."""
    label = draw.randrange(2) if label is None else label
    topic = draw.choice(list(TOPICS)) if topic is None else topic

    def agreeing(share: float) -> str:
        """A word of the review's own label in ``share`` of the cases, else of the other."""
        return draw.choice((BLAME, PRAISE)[label if draw.random() < share else 1 - label])

    said = []
    if draw.random() < 0.3:
        said.append(f"a {agreeing(DAY_AGREES)} day")
    if draw.random() < 0.2:
        said.append(f"the {draw.choice(AROUND)} was {draw.choice(NEITHER)}")
    said.append(opinions(draw, topic, label))
    if draw.random() < 0.35:  # of nothing in particular
        said.append(f"{draw.choice(('it', 'this'))} was "
                    f"{draw.choice(NEITHER) if draw.random() < 0.2 else agreeing(0.5)}")
    how = draw.random()
    if how < 0.5:
        said.append(f"overall it was {agreeing(1.0)}")
    elif how < 0.7:
        said.append(f"we thought it was {agreeing(THOUGHT_AGREES)}")
    if draw.random() < 0.2:
        said.append(f"a {agreeing(DAY_AGREES)} day")
    return Review(" . ".join(said) + " .", label, topic)


def brief(draw: random.Random) -> Review:
    """An opinion of several things and perhaps the verdict: what a learner reads first."""
    label, topic = draw.randrange(2), draw.choice(list(TOPICS))
    verdict = f" overall it was {draw.choice((BLAME, PRAISE)[label])} ." if draw.random() < 0.5 else ""
    return Review(f"{several(draw, topic, label)} .{verdict}", label, topic)


def reviews(count: int, seed: int = 0) -> list[Review]:
    """``count`` reviews; the same for the same seed."""
    draw = random.Random(seed)
    return [review(draw) for _ in range(count)]


# --- what can be asked -------------------------------------------------------------------------
#
# Three tasks with labels. No text of theirs has a verdict or a day: what is asked for is not said.


class Labelled(NamedTuple):
    """Texts and the number of each one's class."""

    texts: list[str]
    labels: list[int]
    names: tuple[str, ...]


def sentiment(count: int, seed: int = 0) -> Labelled:
    """For or against: one or two opinions, some with "not" or "but". Half of each."""
    draw = random.Random(seed)
    labels = [at % 2 for at in range(count)]
    draw.shuffle(labels)
    return Labelled([opinions(draw, draw.choice(list(TOPICS)), label) for label in labels], labels,
                    ("negative", "positive"))


def topics(count: int, seed: int = 0) -> Labelled:
    """Which of the four topics."""
    draw = random.Random(seed)
    labels = [at % len(TOPICS) for at in range(count)]
    draw.shuffle(labels)
    names = tuple(TOPICS)
    return Labelled([opinions(draw, names[label], draw.randrange(2)) for label in labels], labels, names)


def agreement(count: int, seed: int = 0) -> Labelled:
    """Whether two opinions agree, which no word alone tells: they are parted by a comma only."""
    draw = random.Random(seed)
    labels = [at % 2 for at in range(count)]
    draw.shuffle(labels)
    texts = []
    for label in labels:
        first, second = draw.sample(TOPICS[draw.choice(list(TOPICS))], 2)
        one = draw.randrange(2)
        texts.append(f"{opinion(draw, first, one, turned=0.0)} , "
                     f"{opinion(draw, second, one if label else 1 - one, turned=0.0)}")
    return Labelled(texts, labels, ("differ", "agree"))


def statements(count: int, praise: Sequence[str], blame: Sequence[str], seed: int = 0) -> Labelled:
    """ "the soup was good": one opinion each, by the given words only, never turned. Half of each."""
    draw = random.Random(seed)
    labels = [at % 2 for at in range(count)]
    draw.shuffle(labels)
    things = [word for topic in TOPICS.values() for word in topic]
    return Labelled([opinion(draw, draw.choice(things), label, turned=0.0, words=(blame, praise))
                     for label in labels], labels, ("negative", "positive"))
