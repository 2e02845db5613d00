"""Which panels and lectures use which data: read from what the panels declare, so that no list must
be kept, and from ``resources/datapack.txt`` for the panels that are still being written."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from visualizers.catalog import LECTURES, Lecture, panels
from visualizers.data import Data, Pack, Pin, Source, all_sources, pins
from visualizers.panel import Panel
from visualizers.refusal import Refusal

LECTURES_SET = "lectures"  # what the set-up fetches
LARGEST_SET = 400_000_000  # bytes of it; small beside torch


def sources_of(panel: Panel) -> tuple[Source, ...]:
    """All that a panel reads: what its controls offer, and what its declaration names."""
    kinds = {one.source for one in panel.parameters if one.kind == "source"}
    return tuple(one for one in all_sources().values()
                 if one.kind in kinds or one.id in panel.sources)


def used_by(archive: str) -> tuple[Panel, ...]:
    """The panels that read something of an archive."""
    return tuple(one for one in panels()
                 if any(source.archive == archive for source in sources_of(one)))


@dataclass(frozen=True)
class PackSet:
    """Archives that are fetched together.

    Attributes:
        id: ``"lectures"``, ``"lecture-6"``, ``"all"``.
        lecture: its number; 0 for those that are not about one.
    """

    id: str
    pins: tuple[Pin, ...]
    lecture: int = 0

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(one.size for one in self.pins)

    def absent(self, pack: Pack) -> tuple[Pin, ...]:
        """What has not been fetched yet."""
        return tuple(one for one in self.pins if not pack.has(one.name))


def pack_sets() -> tuple[PackSet, ...]:
    """What all lectures use, what each of them uses, and everything."""
    each = [PackSet(f"lecture-{one.number}", _used_in(one), one.number) for one in LECTURES]
    used = {pin.name for one in each for pin in one.pins}
    return (PackSet(LECTURES_SET, tuple(one for one in pins()
                                        if one.name in used and not one.apart)),
            *each, PackSet("all", pins()))


def pack_set(id: str) -> PackSet:
    """The set called ``id``. Raises ``KeyError``."""
    return {one.id: one for one in pack_sets()}[id]


def _used_in(lecture: Lecture) -> tuple[Pin, ...]:
    read = {source.archive for panel in panels() if panel.lecture == lecture.folder
            for source in sources_of(panel)}
    return tuple(one for one in pins() if one.name in read or lecture.number in one.lectures)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The archives that names of archives and of sets stand for, each once.

    Raises:
        Refusal: neither an archive nor a set is called so; the nearest name is given.
    """
    known = {one.id: [pin.name for pin in one.pins] for one in pack_sets()}
    known |= {one.name: [one.name] for one in pins()}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise Refusal("There is no archive and no set {name}; the nearest is {near}.",
                          name=repr(name), near=near[0])
    return tuple(dict.fromkeys(archive for name in names for archive in known[name]))


def listing(data: Data) -> list[dict[str, object]]:
    """One row for each archive, as ``bigmodels-lab data list`` shows them."""
    sets = pack_sets()
    return [{"name": one.name, "version": one.version, "title": one.title, "gives": one.gives,
             "used_by": [panel.id for panel in used_by(one.name)], "licence": one.licence,
             "sets": [each.id for each in sets if one in each.pins],
             "bytes": one.size, "present": data.pack.has(one.name)} for one in pins()]
