"""Statute books: articles of law with their citations."""

from __future__ import annotations

from visualizers.data.own import OwnFile, read_own
from visualizers.data.registry import Kind, Source
from visualizers.data.statutes import Article, Statutes, read_lines
from visualizers.refusal import Refusal

FEWEST = 20  # articles that can be learnt from and asked about


def _value(source: Source, read: tuple[Article, ...], missing: str) -> Statutes:
    return Statutes(source.id, tuple(read), source.language, source.title, missing)


def _own_text(file: OwnFile) -> Statutes:
    text, language = read_own(file)
    name = file.name
    found = read_lines(text, language if language == "zh" else "en")
    if len(found) < FEWEST or sum(one.status == "in force" for one in found) < FEWEST // 2:
        raise Refusal("The text {name} has {count} lines that begin with a citation, such as “Harbour "
                      "Act, Article 12: …”; at least {least} are needed.",
                      name=name, count=len(found), least=FEWEST)
    return Statutes(file.id, found, language if language == "zh" else "en", name)


KIND = Kind(
    id="statutes", value=_value, own={"file": _own_text}, lacks=lambda read: not read,
    unknown=lambda name, near: Refusal("There are no statutes {name}; the nearest are {near}.",
                                       name=name, near=near),
    stand_ins={"en": ("made-statutes",), "zh": ("made-statutes-zh",)})
