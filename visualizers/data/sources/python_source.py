"""Source of the standard library's most studied modules, for a model of code."""

from __future__ import annotations

from visualizers.data.registry import Source
from visualizers.data.stdlib import standard_library

LIMIT = 2_000_000  # characters


def read(limit: int = LIMIT) -> str:
    """Whole modules, at most ``limit`` characters."""
    parts: list[str] = []
    size = 0
    for _, source in standard_library():
        if size + len(source) > limit:
            continue
        parts.append(source.rstrip() + "\n")
        size += len(parts[-1]) + 2
    return "\n\n".join(parts)


SOURCE = Source(
    kind="text", id="python-source", title="Python source", language="code",
    about="Source code of the standard library",
    licence="Python Software Foundation License", read=read)
