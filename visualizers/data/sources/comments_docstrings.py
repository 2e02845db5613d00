"""Sentences of the standard library: comments and docstrings, as many of each.

A comment speaks to who changes the code, a docstring to who calls it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from visualizers.data.kinds.labelled import Examples, balanced
from visualizers.data.registry import Source
from visualizers.data.stdlib import prose_paragraphs, standard_library


def read(seed: int = 0) -> Examples:
    """Comments (0) and docstrings (1); empty where Python comes without its source."""
    comments: set[str] = set()
    docstrings: set[str] = set()
    for _, source in standard_library():
        comments.update(_sentences(_comments(source)))
        docstrings.update(_sentences(_docstrings(ast.parse(source))))
    return balanced({"comment": comments, "docstring": docstrings}, seed)


def _docstrings(node: ast.AST) -> Iterator[str]:
    """Of a module and all that is defined in it. No expression is looked into: none has a docstring."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield ast.get_docstring(node) or ""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _docstrings(child)


def _comments(source: str) -> Iterator[str]:
    """Each run of lines that are comments and nothing else."""
    run: list[str] = []
    for line in [*source.splitlines(), ""]:
        if (stripped := line.strip()).startswith("#"):
            run.append(stripped.lstrip("#"))
        elif run:
            yield "\n".join(run)
            run = []


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for paragraph in prose_paragraphs(text):
            for sentence in re.split(r"(?<=[.!?]) +(?=[A-Z])", paragraph):
                if 5 <= len(sentence.split()) <= 30:
                    yield sentence


SOURCE = Source(
    kind="labelled", id="comments-docstrings", title="Comment or docstring?", language="en",
    about="Sentences from Python's standard library: is one a comment, for those who change the "
          "code, or a docstring, for those who call it?",
    licence="Python Software Foundation License", read=read)
