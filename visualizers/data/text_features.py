"""What a place in a text is like: inside quotes, inside brackets, far along the line …

A network that reads a text character by character is told none of this. Where one of its units
follows a feature all the same, it has found out that the feature helps to guess what comes next.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.float32]

OPENING, CLOSING = "([{（【《〈", ")]}）】》〉"
_LITERAL = re.compile(
    r"""(?P<docstring>\"{3}(?:\\.|.)*?(?:\"{3}|\Z)|'{3}(?:\\.|.)*?(?:'{3}|\Z))"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|(?P<comment>\#[^\n]*)""", re.DOTALL)
QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"'}
INDENTS = 4.0  # spaces to a level
FARTHEST = 100  # places of a line beyond this count as this


@lru_cache(maxsize=1)  # every run on the same text asks for the same; nothing changes them
def features(text: str, start: int = 0, code: bool = False) -> dict[str, Flags]:
    """Each feature's value at each character from ``start`` on, (N,): what can be said once that
    character has been read, and two that say what comes next.

    Args:
        code: whether the text is Python source, with its own quotes and comments. They are told
            apart by reading all of the text, because a docstring can be long.
    """
    of_code = strings(text) if code else {}
    text = text[start:]
    literal = {kind: flags[start:] for kind, flags in of_code.items()}
    none = np.zeros(len(text), bool)
    signs = np.array(list(text)) if text else np.empty(0, "<U1")
    line_break, space = signs == "\n", signs == " "
    letter = np.char.isalpha(signs) if len(signs) else np.zeros(0, bool)
    first = np.concatenate(([True], line_break[:-1])) if len(signs) else np.zeros(0, bool)
    lead = _runs(space, first)
    found = {
        "quotes": literal.get("string", none) if code else _quotes(text),
        "docstring": literal.get("docstring", none),
        "comment": literal.get("comment", none),
        "brackets": _brackets(text) > 0,
        "place in line": np.minimum(_since(line_break), FARTHEST),
        "indentation": _indentation(lead, line_break),
        "place in word": np.where(letter, _runs(letter, letter), 0),
        "line start": lead > 0,
        "word end": letter & ~_next(letter),
        "line end": _next(line_break),
        "capital": np.char.isupper(signs) if len(signs) else letter,
        "digit": np.char.isdigit(signs) if len(signs) else letter,
    }
    return {name: np.asarray(values, np.float32) for name, values in found.items()}


def _next(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The flag of the character after each one; none after the last."""
    return np.concatenate((flags[1:], [False]))[: len(flags)]


def _since(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many characters ago the last mark was; a mark itself is 0."""
    at = np.arange(len(marks))
    return at - np.maximum.accumulate(np.where(marks, at, 0)) if len(marks) else at


def _runs(flags: NDArray[np.bool_], begin: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Length so far of an unbroken run of ``flags`` that started at a ``begin``; 0 outside."""
    found, length = np.zeros(len(flags), np.int64), 0
    for index, (flag, first) in enumerate(zip(flags.tolist(), begin.tolist(), strict=True)):
        length = length + 1 if flag and (length or first) else 0
        found[index] = length
    return found


def _indentation(lead: NDArray[np.int64], line_break: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Levels of the line so far: of its leading spaces as far as they have been read."""
    floor = np.cumsum(line_break) * (1 + lead.max(initial=0))  # each line's is above all lines before
    deepest = np.maximum.accumulate(lead + floor) - floor
    return np.where(line_break, 0, deepest) / INDENTS


def _brackets(text: str) -> NDArray[np.int64]:
    """How many brackets are open; a blank line closes all, as one that is never closed must not
    count for ever."""
    found, depth, before = np.zeros(len(text), np.int64), 0, ""
    for index, sign in enumerate(text):
        if sign in OPENING:
            depth += 1
        elif sign in CLOSING:
            depth = max(0, depth - 1)
        elif sign == "\n" == before:
            depth = 0
        found[index], before = depth, sign
    return found


def _quotes(text: str) -> NDArray[np.bool_]:
    """Inside “…”, 「…」 or "…"; the end of a paragraph closes all. No apostrophes: they are not told
    from single quotes."""
    found, closing = np.zeros(len(text), bool), ""
    for index, sign in enumerate(text):
        ends = sign in (closing, "\n")
        closing = QUOTES.get(sign, "") if not closing else "" if ends else closing
        found[index] = bool(closing)
    return found


def strings(source: str) -> dict[str, NDArray[np.bool_]]:
    """Inside strings, docstrings (in three quotes) and comments of Python source, (N,) each. The
    opening quotes belong to their string, the last of the closing ones does not."""
    found = {kind: np.zeros(len(source), bool) for kind in ("docstring", "string", "comment")}
    for match in _LITERAL.finditer(source):
        kind = match.lastgroup
        if kind in found:
            found[kind][match.start() : match.end() - (kind != "comment")] = True
    return found
