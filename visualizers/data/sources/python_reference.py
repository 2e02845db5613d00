"""The Python language reference as English prose, from ``pydoc_data.topics``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from visualizers.data.registry import Source
from visualizers.data.stdlib import prose_paragraphs


def read() -> str:
    """Each paragraph once, on one line; grammar, tables and code examples are left out. Empty where
    a distribution ships Python without its reference."""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return ""
    return reference_prose(topics)


def reference_prose(topics: Mapping[str, object]) -> str:
    """``topics`` maps a name to its plain-text page (or, in some releases, to the page's parts)."""
    seen: set[str] = set()
    pages = []
    for name in sorted(topics):
        page = topics[name]
        text = page if isinstance(page, str) else "\n\n".join(_strings(page))
        fresh = [one for one in prose_paragraphs(text) if one not in seen]
        seen.update(fresh)
        pages += fresh
    return "\n".join(pages) + "\n"


def _strings(parts: object) -> Iterator[str]:
    if isinstance(parts, str):
        yield parts
    elif isinstance(parts, Mapping):
        yield from _strings(list(parts.values()))
    elif isinstance(parts, Iterable):
        for one in parts:
            yield from _strings(one)


SOURCE = Source(
    kind="text", id="python-reference", title="Python reference", language="en",
    about="The reference manual of the Python language, as prose",
    licence="Python Software Foundation License", read=read)
