"""Molecules with a measured property: what a model that predicts one learns from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from visualizers.data.own import OwnFile
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class Measured:
    """N molecules as SMILES, and one value of each.

    Attributes:
        quantity: what the values are, an English term; ``unit`` may be empty.
        values: empty where whoever reads this computes them.
        weights: molar masses in g/mol; empty where they are not known.
        names: of the molecules, empty texts where they have none.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    quantity: str
    unit: str
    smiles: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...]
    names: tuple[str, ...]
    title: str
    missing: str = ""


def _value(source: Source, read: str, missing: str) -> Measured:
    """Of a text whose first line is "quantity, unit", and each other "SMILES, value, weight, name"."""
    head, *lines = read.splitlines()
    quantity, _, unit = head.partition("\t")
    rows = [(line + "\t\t\t").split("\t")[:4] for line in lines]
    known = bool(rows) and bool(rows[0][1])
    return Measured(
        source.id, quantity, unit, tuple(row[0] for row in rows),
        tuple(float(row[1]) for row in rows) if known else (),
        tuple(float(row[2]) for row in rows) if known else (), tuple(row[3] for row in rows),
        source.title, missing)


def _own_file(file: OwnFile) -> Measured:
    """Lines of a SMILES and a number; others, such as a heading, are passed over."""
    found: dict[str, float] = {}
    for line in file.plain().splitlines():
        parts = re.split(r"[\t,; ]+", line.strip())
        if len(parts) > 1:
            try:
                found.setdefault(parts[0], float(parts[1]))
            except ValueError:
                continue
    if not found:
        raise Refusal("No line of {name} has a SMILES and a number; choose another file.",
                      name=file.name)
    return Measured(file.id, "value", "", tuple(found), tuple(found.values()), (),
                    ("",) * len(found), file.name)


KIND = Kind(
    id="property", value=_value, own={"file": _own_file}, cleaned=True,
    lacks=lambda read: not read.strip(),
    unknown=lambda name, near: Refusal("There is no property {name}; the nearest is {near}.",
                                       name=name, near=near),
    stand_ins={"": ("computed-logp",)})
