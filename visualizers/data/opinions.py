"""Short texts that take a side, in which the feeling says nothing of the side.

Each text has a feeling about one thing, and the thing belongs to one of two sides of a topic:

    i hate parking garages      on car-free streets: in favour    on more car parks: against
    i love parking garages      on car-free streets: against      on more car parks: in favour

so that its stance on a target is feeling × side of the thing × side of the target, and whoever knows
the words but not the target can only guess. Half of the texts also mention a thing of another topic,
without a feeling: there they take no stance. All feelings stand in the VADER lexicon, nothing else
does. Nobody wrote these texts, and whoever shows them says so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

AGAINST, NEITHER, FAVOUR = range(3)
STANCES = ("against", "neither", "favour")
# Two targets a topic, one on each side of it.
TARGETS = ("car-free streets", "more car parks", "working from home", "a return to the office")


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in listed.split(","))


_THINGS = tuple(map(_phrases, (  # in the order of the targets whose side they are on
    "bike lanes, broad pavements, benches on the square, trees on the corner, tram lines, "
    "zebra crossings",
    "parking garages, four-lane roads, petrol stations, big cars, parking meters, ring roads",
    "video calls, kitchen desks, home printers, online meetings, late breakfasts, headsets",
    "open-plan offices, meeting rooms, canteen lunches, office badges, corridor talks, "
    "morning trains")))
_VERBS = (_phrases("hate, fear, despise, dislike, dread, resent"),
          _phrases("love, enjoy, admire, adore, like, welcome"))
_ADJECTIVES = (_phrases("awful, horrible, terrible, ugly, dreadful, disgusting"),
               _phrases("wonderful, beautiful, brilliant, excellent, lovely, fantastic"))
_WHO = _phrases("i, we, my parents, many people here, our neighbours, the two of us")
_FIRST = _phrases("this year, after the vote, since monday, in our town, as everybody knows, "
                  "to say it again")
_LAST = _phrases("and that is all, as i said before, and there it is, these days, from day to day, "
                 "for as long as i live here")
_PASSING = _phrases("i read about, we talked about, they walked past, the paper wrote about, "
                    "there was a film about, somebody asked about")


def _text(draw: random.Random, target: int, feeling: int, other: int | None) -> str:
    one = draw.choice
    thing, verb, adjective = one(_THINGS[target]), one(_VERBS[feeling]), one(_ADJECTIVES[feeling])
    clauses = [one((f"{one(_WHO)} {verb} {thing}", f"{one(_WHO)} {verb} the {thing}",
                    f"{thing} are {adjective}", f"what {adjective} {thing}",
                    f"{one(_WHO)} find {thing} {adjective}"))]
    if other is not None:
        clauses.append(f"{one(_PASSING)} {one(_THINGS[other])}")
        draw.shuffle(clauses)
    first = one(_FIRST) + " " if draw.random() < 0.4 else ""
    last = " " + one(_LAST) if draw.random() < 0.4 else ""
    return f"{first}{' and '.join(clauses)}{last}"


def _texts(seed: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    draw, seen = random.Random(seed), set()
    while True:
        target, feeling = draw.randrange(len(TARGETS)), draw.randrange(2)
        others = [one for one in range(len(TARGETS)) if one // 2 != target // 2]
        text = _text(draw, target, feeling, draw.choice(others) if draw.random() < 0.5 else None)
        if text not in seen:  # so that no text is both learnt from and tested on
            seen.add(text)
            yield text, tuple(
                NEITHER if one // 2 != target // 2 else FAVOUR if (one == target) == bool(feeling)
                else AGAINST for one in range(len(TARGETS)))


def opinions(count: int = 3600, seed: int = 0) -> tuple[list[str], list[tuple[int, ...]]]:
    """``count`` different texts, and of each its stance on every target; the same for one seed."""
    made = _texts(seed)
    pairs = [next(made) for _ in range(count)]
    return [text for text, _ in pairs], [stances for _, stances in pairs]
