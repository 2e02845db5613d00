"""Which panels use which data: read from what the panels declare, so that no list must be kept."""

from __future__ import annotations

from visualizers.catalog import panels
from visualizers.data import Data, Source, all_sources, pins
from visualizers.panel import Panel


def sources_of(panel: Panel) -> tuple[Source, ...]:
    """All that a panel reads: what its controls offer, and what its declaration names."""
    kinds = {one.source for one in panel.parameters if one.kind == "source"}
    return tuple(one for one in all_sources().values()
                 if one.kind in kinds or one.id in panel.sources)


def used_by(archive: str) -> tuple[Panel, ...]:
    """The panels that read something of an archive."""
    return tuple(one for one in panels()
                 if any(source.archive == archive for source in sources_of(one)))


def listing(data: Data) -> list[dict[str, object]]:
    """One row for each archive, as ``bigmodels-lab data list`` shows them."""
    return [{"name": one.name, "version": one.version, "title": one.title, "gives": one.gives,
             "used_by": [panel.id for panel in used_by(one.name)], "licence": one.licence,
             "bytes": one.size, "present": data.pack.has(one.name)} for one in pins()]
