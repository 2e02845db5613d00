"""Pairs of words that stand in the same relation, and the questions that two pairs make.

a : b = c : d of Mikolov et al. (2013) asks for d = b − a + c. Their 19,544 questions are read where the
data pack has them; the lists here are this program's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

ENOUGH = 3  # pairs that make a relation
MERGED = {"capital-common-countries": "capitals", "capital-world": "capitals",
          "city-in-state": "city and state", "currency": "currencies", "family": "family",
          "gram1-adjective-to-adverb": "adverbs", "gram2-opposite": "opposites",
          "gram3-comparative": "comparatives", "gram4-superlative": "superlatives",
          "gram5-present-participle": "-ing forms", "gram6-nationality-adjective": "nationalities",
          "gram7-past-tense": "past tense", "gram8-plural": "plurals",
          "gram9-plural-verbs": "third person"}

ENGLISH = {
    "family": "man woman, king queen, boy girl, father mother, brother sister, son daughter, husband wife, "
              "uncle aunt, prince princess, he she",
    "capitals": "france paris, italy rome, spain madrid, germany berlin, japan tokyo, russia moscow, "
                "china beijing, greece athens, egypt cairo, cuba havana",
    "plurals": "day days, year years, hand hands, tree trees, bird birds, door doors, king kings, "
               "child children, eye eyes, word words",
    "past tense": "go went, come came, see saw, say said, take took, give gave, find found, know knew, "
                  "think thought, eat ate",
    "comparatives": "big bigger, small smaller, great greater, old older, young younger, long longer, "
                    "high higher, fast faster, good better, bad worse",
    "opposites": "possible impossible, certain uncertain, known unknown, able unable, happy unhappy, "
                 "like unlike, aware unaware, clear unclear",
}
PYTHON = {
    "plurals": "object objects, value values, method methods, attribute attributes, function functions, "
               "argument arguments, class classes, module modules, name names, string strings, type types, "
               "expression expressions, statement statements, operator operators, parameter parameters, "
               "instance instances, exception exceptions, number numbers, character characters, "
               "element elements",
    "past tense": "raise raised, call called, define defined, return returned, use used, pass passed, "
                  "import imported, evaluate evaluated, assign assigned, specify specified",
    "third person": "return returns, raise raises, define defines, call calls, support supports, "
                    "specify specifies, contain contains, evaluate evaluates, is are, have has, do does",
    "opposites": "left right, first last, true false, before after, start end, open close, "
                 "minimum maximum, lower upper, larger smaller, mutable immutable, same different",
}
CHINESE = {
    "family": "父亲 母亲, 哥哥 姐姐, 丈夫 妻子, 儿子 女儿, 爷爷 奶奶, 国王 女王, 王子 公主, "
              "小伙子 姑娘",
    "capitals": "中国 北京, 法国 巴黎, 意大利 罗马, 俄罗斯 莫斯科, 埃及 开罗, 英国 伦敦, 日本 东京, "
                "德国 柏林",
    "opposites": "很大 不大, 很小 不小, 很多 不多, 很少 不少, 很长 不长, 很快 不快",
}
OWN = (PYTHON, ENGLISH, CHINESE)

Pairs = Mapping[str, Sequence[tuple[str, str]]]


def listed(lists: Mapping[str, str], known: Mapping[str, object]) -> dict[str, list[tuple[str, str]]]:
    """The pairs of which both words are known, of relations that keep enough of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, said in lists.items():
        pairs = [(one, other) for one, other in (pair.split() for pair in said.split(","))
                 if one in known and other in known]
        if len(pairs) >= ENOUGH:
            found[name] = pairs
    return found


def asked(questions: Iterable[tuple[str, str, str, str, str]], known: Mapping[str, object]
          ) -> dict[str, list[tuple[str, str]]]:
    """The pairs of Mikolov's questions whose words are known, in small letters where that helps."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for section, *four in questions:
        words = [word if word in known else word.lower() for word in four]
        for pair in (words[:2], words[2:]):
            if pair[0] in known and pair[1] in known:
                found.setdefault(MERGED.get(section, section), {})[pair[0], pair[1]] = None
    return {name: list(pairs) for name, pairs in found.items() if len(pairs) >= ENOUGH}


def questions_of(pairs: Sequence[tuple[str, str]], at: Mapping[str, int]) -> list[tuple[int, ...]]:
    """a : b = c : d of every two pairs that have four different words."""
    every = (tuple(at[word] for word in (*one, *other)) for one, other in permutations(pairs, 2))
    return [four for four in every if len(set(four)) == 4]
