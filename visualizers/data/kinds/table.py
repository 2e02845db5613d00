"""Tables of values to learn from or to measure by; an empty one where it is not fetched."""

from __future__ import annotations

from visualizers.data.registry import Kind
from visualizers.refusal import Refusal

KIND = Kind(
    id="table", absent=(),
    unknown=lambda name, near: Refusal("There is no table {name}; the nearest is {near}.", name=name,
                                       near=near))
