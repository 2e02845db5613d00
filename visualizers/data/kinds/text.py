"""Texts to train on."""

from __future__ import annotations

from dataclasses import dataclass

from visualizers.data.own import OwnFile, read_own
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class Text:
    """A text to train on.

    Attributes:
        language: ``"en"``, ``"zh"`` or ``"code"``.
        missing: the id that was asked for and is not here, where this stands in for it.
    """

    id: str
    text: str
    language: str
    title: str
    missing: str = ""


def _value(source: Source, read: str, missing: str) -> Text:
    return Text(source.id, read, source.language, source.title, missing)


def _own_text(file: OwnFile) -> Text:
    return Text(file.id, *read_own(file), file.name)


KIND = Kind(
    id="text", value=_value, own={"file": _own_text}, cleaned=True,
    lacks=lambda read: not read.strip(),
    unknown=lambda name, near: Refusal("There is no text {name}; the nearest is {near}.", name=name,
                                       near=near),
    stand_ins={"en": ("python-reference", "python-docstrings"), "zh": ("chinese-sentences",),
               "code": ("python-source",)})
