"""The terms of the course: what each is called and, in a sentence, what it is.

They stand in ``resources/glossary.toml``, once for all panels and guides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from widgets.theme.words import read_table


@dataclass(frozen=True)
class Term:
    """A term in one language.

    Attributes:
        id: the same in every language.
        name: what it is called.
        also: other forms of it in running text.
        sentence: what it is.
        language: whose words these are.
    """

    id: str
    name: str
    also: tuple[str, ...]
    sentence: str
    language: str

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds the term in running text; nothing finds a Chinese one of a single character, which is
        a part of too many other words."""
        forms = sorted({self.name, *self.also}, key=len, reverse=True)
        if self.language == "en":
            words = "|".join(map(re.escape, forms))
            return re.compile(rf"(?<![\w-])(?:{words})(?:e?s)?(?![\w-])", re.IGNORECASE)
        forms = [one for one in forms if len(one) > 1]
        if not forms:
            return None
        # A name in Latin letters must not be found inside another: RNN in BiRNN.
        return re.compile("|".join(
            rf"(?<![A-Za-z]){re.escape(one)}(?![A-Za-z])" for one in forms), re.IGNORECASE)

    def in_text(self, text: str) -> bool:
        return self.pattern is not None and self.pattern.search(text) is not None


@cache
def terms(language: str) -> Mapping[str, Term]:
    """All terms by id; English where the glossary does not speak the language."""
    found = {}
    for id, one in read_table("resources", "glossary.toml").items():
        spoken = language if language in one else "en"
        suffix = "" if spoken == "en" else f"_{spoken}"
        found[id] = Term(id, str(one[spoken]), tuple(one.get(f"also{suffix}", ())),
                         str(one[f"say{suffix}"]), spoken)
    return found
