"""Sentences in which several names stand, and what is said of each pair of them.

    Mirela founded Ordex while Tavo was taught by Lunia

says *founded* of (Mirela, Ordex), *taught*, from the second to the first, of (Tavo, Lunia), and
nothing of (Ordex, Tavo). So the same words have several answers, and which one is asked for depends on
the pair alone. That is relation classification as in SemEval-2010 task 8 (Hendrickx et al. 2010) with
every difficulty left out but this one. All names are invented, and whoever shows them says so.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations

NONE = 0
RELATIONS = ("no relation", "born in", "birthplace of", "founded", "founded by", "taught",
             "taught by")
ASKED = 0.7  # share of the questions that are about a pair of which something is said


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_PERSONS = _words("Mirela Tavo Lunia Jorek Sanda Pelio Arvid Kesta Nomi Rulan Edda Otmar Livka Bero "
                  "Yssa Dorin Hela Matis Corva Ilian")
_FIRMS = _words("Ordex Plintex Varcom Solvia Kentric Domex Altrum Berol Nexor Tramco Ulvex Fermol "
                "Gridon Helox Lumex Parcom")
_PLACES = _words("Vessburg Garton Lindach Orsky Pelmere Quarna Rosfeld Sarby Tolmark Ulmach Wexholm Zelm "
                 "Aldby Brenn Cressing Dalum")
NAMES = frozenset(_PERSONS + _FIRMS + _PLACES)
_KINDS = {"S": _PERSONS, "F": _FIRMS, "L": _PLACES}

# Of each relation: how it is said from the first name to the second. Letters are kinds of names.
_SAID = {
    1: ("S | was born in | L", "S | came into the world in | L"),
    2: ("L | is the birthplace of | S", "L | saw the birth of | S"),
    3: ("S | founded | F", "S | set up | F"),
    4: ("F | was founded by | S", "F | was set up by | S"),
    5: ("S | taught | S", "S | was the teacher of | S"),
    6: ("S | was taught by | S", "S | was a student of | S"),
    NONE: ("S | visited | L", "S | wrote about | F", "S | met | S", "F | moved to | L",
           "L | was painted by | S", "S | heard of | S"),
}
_REMARKS = (("later",), ("once",), ("as", "reported"), ("it", "seems"), ("so", "they", "say"),
            ("in", "those", "days"), ("as", "we", "all", "know"), ("if", "the", "papers", "agree"))
_JOINTS = (("and",), ("while",), (",",), ("and", "later"), ("whereas",))


@dataclass(frozen=True)
class Sentence:
    """A sentence of n words.

    Attributes:
        words: (n,).
        names: places of the names in it, in order; two for each fact.
        facts: the relation of the first two names, of the next two, and so on.
    """

    words: tuple[str, ...]
    names: tuple[int, ...]
    facts: tuple[int, ...]

    def relation(self, first: int, second: int) -> int:
        """What is said of two names, given by their numbers 0 … 2 · facts - 1, first < second."""
        return self.facts[first // 2] if first // 2 == second // 2 else NONE

    def odds(self) -> list[float]:
        """How often each relation is the answer if one does not know which pair is asked for."""
        found = [0.0] * len(RELATIONS)
        others = len(self.facts) > 1
        for fact in self.facts:
            found[fact] += (ASKED if others else 1.0) / len(self.facts)
        found[NONE] += (1 - ASKED) * others
        return found


def sentence(draw: random.Random, facts: int, remark: int) -> Sentence:
    """A sentence of ``facts`` facts; a remark of up to ``remark`` words may keep names and verb
    apart."""
    words: list[str] = []
    names: list[int] = []
    said: list[int] = []
    unused = {kind: draw.sample(listed, 2 * facts) for kind, listed in _KINDS.items()}
    remarks = [one for one in _REMARKS if len(one) <= remark]
    for fact in range(facts):
        if fact:
            words += draw.choice(_JOINTS)
        said.append(draw.randrange(len(RELATIONS)))
        first, verb, second = draw.choice(_SAID[said[-1]]).split(" | ")
        names.append(len(words))
        words.append(unused[first].pop())
        if remarks and draw.random() < 0.5:
            words += draw.choice(remarks)
        words += verb.split()
        names.append(len(words))
        words.append(unused[second].pop())
        if remarks and draw.random() < 0.5:
            words += draw.choice(remarks)
    return Sentence(tuple(words), tuple(names), tuple(said))


def question(draw: random.Random, one: Sentence) -> tuple[int, int]:
    """A pair of names to ask for: mostly one of which something is said."""
    count = len(one.facts)
    if count == 1 or draw.random() < ASKED:
        fact = draw.randrange(count)
        return 2 * fact, 2 * fact + 1
    return draw.choice([(a, b) for a, b in combinations(range(2 * count), 2) if a // 2 != b // 2])


def questions(
    count: int, facts: int = 2, remark: int = 0, seed: int = 0
) -> list[tuple[Sentence, tuple[int, int]]]:
    """``count`` sentences, all different, each with the pair of names that is asked for."""
    draw, made = random.Random(seed), dict[tuple[str, ...], Sentence]()
    while len(made) < count:
        one = sentence(draw, facts, remark)
        made.setdefault(one.words, one)
    return [(one, question(draw, one)) for one in made.values()]
