"""Made people of whom three things are told: where they are from, what they do, and what they keep.

Nobody has read of them anywhere, so what a model says about them it has from here, or made up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = ("mira", "tom", "ada", "otto", "lena", "emil", "nora", "ivan", "rosa", "karl", "vera", "paul", "dora",
         "hugo")
LAST = ("holt", "reed", "brook", "stone", "vale", "moss", "finch", "marsh", "thorn", "wells", "frost", "lark",
        "pike", "ashby")
SHE = frozenset(FIRST[::2])
ANSWERS = {
    "town": ("sandvik", "port elma", "norwood", "old ferry", "lund", "high barrow", "tarn", "kestrel bay",
             "brickley", "amber hill", "windle", "east quay", "oakham", "salt marsh", "dorn", "far acre"),
    "job": ("baker", "ship builder", "nurse", "clock maker", "tailor", "bee keeper", "painter",
            "stone mason", "teacher", "night porter", "cook", "glass blower", "miller", "map drawer",
            "singer", "rope maker"),
    "animals": ("two owls", "a grey cat", "three geese", "an old dog", "a white goat", "four hens",
                "a blind horse", "two rabbits", "a tame fox", "six ducks", "a lame crow", "three sheep",
                "a wild boar", "two ponies", "an otter", "nine mice"),
}
KINDS = tuple(ANSWERS)
NAMES = frozenset(word for text in (*FIRST, *LAST, *ANSWERS["town"]) for word in text.split())
OLD = 12  # answers of each kind that the learnt facts have; the new ones have all
TOLD = {
    "town": ("was born in {}", "comes from {}", "grew up in {}"),
    "job": ("works as a {}", "earns a living as a {}", "is a {} by trade"),
    "animals": ("keeps {}", "looks after {}", "lives with {}"),
}
ASKED = {
    "town": ("where was {} born ?", "which town is {} from ?"),
    "job": ("what is the job of {} ?", "what does {} do for a living ?"),
    "animals": ("which animals does {} keep ?", "what animals live with {} ?"),
}


@dataclass(frozen=True)
class Fact:
    """A question with its answer, and the number of the passage that has it."""

    question: str
    answer: str
    kind: str
    passage: int


@dataclass(frozen=True)
class Library:
    """Passages of the old people, then of the new ones, with a question about each of their facts."""

    passages: tuple[str, ...]
    old: tuple[Fact, ...]
    new: tuple[Fact, ...]


def library(old: int, new: int, seed: int) -> Library:
    """People with old facts, which are learnt, and others with new ones. No two share their full name, but
    first and last names are shared."""
    draw = random.Random(seed)
    names = draw.sample([(one, other) for one in FIRST for other in LAST], old + new)
    passages, facts = [], list[Fact]()
    for at, (first, last) in enumerate(names):
        known = {kind: draw.choice(words[:OLD] if at < old else words) for kind, words in ANSWERS.items()}
        kinds = draw.sample(KINDS, len(KINDS))
        who = [f"{first} {last}", *["she" if first in SHE else "he"] * (len(kinds) - 1)]
        passages.append(" ".join(f"{one} {draw.choice(TOLD[kind]).format(known[kind])} ."
                                 for one, kind in zip(who, kinds, strict=True)))
        facts += [Fact(draw.choice(ASKED[kind]).format(f"{first} {last}"), known[kind], kind, at)
                  for kind in KINDS]
    return Library(tuple(passages), tuple(facts[:len(KINDS) * old]), tuple(facts[len(KINDS) * old:]))


# What a model that has read much may know, for SmolLM2: the capitals of some countries.
CAPITALS = (("France", "Paris"), ("Japan", "Tokyo"), ("Egypt", "Cairo"), ("Norway", "Oslo"), ("Peru", "Lima"),
            ("Spain", "Madrid"), ("Poland", "Warsaw"), ("Cuba", "Havana"))


def world(new: int, seed: int) -> Library:
    """Capitals, which a real model has read of, and the new people, of whom it cannot have."""
    made = library(0, new, seed)
    count = len(CAPITALS)
    old = tuple(Fact(f"what is the capital of {country} ?", city, "town", at)
                for at, (country, city) in enumerate(CAPITALS))
    new_facts = tuple(Fact(one.question, one.answer, one.kind, one.passage + count) for one in made.new)
    return Library((*(f"the capital of {country} is {city} ." for country, city in CAPITALS), *made.passages),
                   old, new_facts)
