"""Writes TOML, which Python only reads: tables of texts, numbers, switches, lists and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def document(table: Mapping[str, Any], lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """A table whose values stand on lines of their own, and lists of such tables after it.

    Raises:
        TypeError: a value has no place in TOML.
    """
    parts = [_lines(table)]
    parts += [f"[[{_key(name)}]]\n{_lines(one)}" for name, tables in lists.items() for one in tables]
    return "\n".join(parts)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {value(one)}\n" for name, one in table.items())


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else value(name)


def value(one: Any) -> str:
    """One value, as it stands behind an equals sign."""
    if isinstance(one, str):
        # TOML's texts are JSON's, but for one control character and half characters.
        whole = one.encode("utf-8", "replace").decode()
        return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, (int, float)):
        return repr(one)
    if isinstance(one, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {value(each)}" for name, each in one.items()) + " }" \
            if one else "{}"
    if isinstance(one, Sequence):
        return "[" + ", ".join(value(each) for each in one) + "]"
    raise TypeError(f"{type(one).__name__} has no place in TOML")
