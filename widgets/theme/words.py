"""Words in the user's language. English is written in the code; other languages are tables.

``words("Loss after {steps} steps", steps=3)`` looks the English text up and fills the values in. A
text that a table lacks stays English, so a panel without a translation is still usable; a test finds
every text that has none and every entry that nothing uses.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

_FORMAT = Formatter()
_MEETING = re.compile("[A-Za-z][\u4e00-\u9fff]|[\u4e00-\u9fff][A-Za-z]")

LANGUAGES = {"en": "English", "zh": "简体中文"}


class Words:
    """A callable table of translations."""

    def __init__(self, language: str = "en", table: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.table = dict(table or {})

    def __call__(self, text: str, /, **values: object) -> str:
        said = self.table.get(text, text)
        if not values:
            return said
        return said.format(**values) if self.language == "en" else _spaced(said, values)

    def tell(self, text: str, values: Mapping[str, object]) -> str:
        """What somebody else has to say: a refusal, a note. Texts among its values are looked up too,
        and a value that is a sentence with values of its own (another refusal) is said in full."""
        return self(text, **{name: self._value(value) for name, value in values.items()})

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.table.get(value, value)
        message, values = getattr(value, "message", None), getattr(value, "values", None)
        if isinstance(message, str) and isinstance(values, Mapping):
            return self.tell(message, values)
        return value

    def with_table(self, table: Mapping[str, str]) -> Words:
        """These words with a panel's own on top."""
        return Words(self.language, {**self.table, **table})


def _spaced(said: str, values: Mapping[str, object]) -> str:
    """A text with its values, and a space where a Latin letter would touch a Chinese one."""
    made = ""
    for literal, name, spec, turned in _FORMAT.parse(said):
        parts = [literal]
        if name is not None:
            value = _FORMAT.convert_field(_FORMAT.get_field(name, (), values)[0], turned)
            parts.append(_FORMAT.format_field(value, spec or ""))
        for part in parts:
            made += " " * (_MEETING.fullmatch(made[-1:] + part[:1]) is not None) + part
    return made


def tr_mark(text: str) -> str:
    """``text`` itself: marks a literal that is looked up later, so that tests find it."""
    return text


@cache
def window_words(language: str) -> Words:
    """The window's own words in ``language``, on top of the terms of the glossary; English for a
    language without a table."""
    return Words(language, {**glossary_words(language),
                            **read_table("resources", f"i18n/{language}.toml").get("words", {})})


@cache
def glossary_words(language: str) -> Mapping[str, str]:
    """The terms of the course in ``language``, as they are written within and at the start of a line."""
    found = {}
    for one in read_table("resources", "glossary.toml").values():
        if language != "en" and language in one:
            found[one["en"]] = one[language]
            found[one["en"][0].upper() + one["en"][1:]] = one[language]
    return found


def read_table(package: str, name: str) -> dict[str, Any]:
    """A TOML file inside a package, or an empty table where there is none."""
    file = resources.files(package).joinpath(name)
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
