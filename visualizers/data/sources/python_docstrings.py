"""What the docstrings of the standard library say, as English prose."""

from __future__ import annotations

import ast

from visualizers.data.registry import Source
from visualizers.data.stdlib import prose_paragraphs, standard_library

LIMIT = 200_000  # characters


def read(limit: int = LIMIT) -> str:
    """Each paragraph once, on one line, at most ``limit`` characters."""
    seen: set[str] = set()
    said: list[str] = []
    size = 0
    for _, source in standard_library():
        if size > 0.99 * limit:
            break
        for node in ast.walk(ast.parse(source)):
            if not isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ):
                continue
            for one in prose_paragraphs(ast.get_docstring(node) or ""):
                if one not in seen and size + len(one) < limit:
                    seen.add(one)
                    said.append(one)
                    size += len(one) + 1
    return "\n".join(said) + "\n"


SOURCE = Source(
    kind="text", id="python-docstrings", title="Python docstrings", language="en",
    about="What the standard library says about itself",
    licence="Python Software Foundation License", read=read)
