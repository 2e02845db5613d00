"""Molecules as SMILES, one a line: what a model that writes molecules learns from."""

from __future__ import annotations

from dataclasses import dataclass

from visualizers.data.own import OwnFile
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class Molecules:
    """Molecules, each written as a SMILES (Weininger 1988), as they stand in their source.

    Attributes:
        smiles: no two are the same text. Some are mixtures, with a point between their parts.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    smiles: tuple[str, ...]
    title: str
    missing: str = ""


def _lines(text: str) -> tuple[str, ...]:
    """The first word of each line: what stands behind it is a name."""
    return tuple(dict.fromkeys(words[0] for line in text.splitlines() if (words := line.split())))


def _value(source: Source, read: str, missing: str) -> Molecules:
    return Molecules(source.id, _lines(read), source.title, missing)


def _own_file(file: OwnFile) -> Molecules:
    return Molecules(file.id, _lines(file.plain()), file.name)


KIND = Kind(
    id="molecules", value=_value, own={"file": _own_file}, cleaned=True,
    lacks=lambda read: not read.strip(),
    unknown=lambda name, near: Refusal("There are no molecules {name}; the nearest are {near}.",
                                       name=name, near=near),
    stand_ins={"": ("nci-molecules",)})
