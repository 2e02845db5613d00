"""Tab: what a word that has been begun may go on with. No Qt and no parser, so that the window is quick."""

from __future__ import annotations

import os.path
import re
from collections.abc import Container, Sequence

from visualizers.l1_basics.linux.world import HOME


def completed(text: str, commands: Sequence[str], paths: Sequence[str], folders: Container[str],
              here: str, names: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The text with what is certain put in, and the choices where there are several.

    Args:
        paths: of all files, absolute; ``folders`` are those that are folders.
        here: the folder that relative paths begin from.
        names: of variables.
    """
    word = re.search(r"(?:[^\s;&|<>()\"'=\\]|\\.)*$", text)
    begun = word[0] if word else ""
    before = text[: len(text) - len(begun)]
    if begun.startswith("$"):
        choices = [f"${one}" for one in names]
        return _with(before, begun, choices, ())
    first = re.search(r"(?:^|[;&|(]|\b(?:do|then|else|sudo|nohup|time|xargs)\s)\s*$", before) is not None
    if first and "/" not in begun and not begun.startswith("~"):
        return _with(before, begun, commands, ())
    shown, _, name = begun.rpartition("/")
    slash = "/" in begun
    base = shown if slash else "."
    at = HOME + base[1:] if base == "~" or base.startswith("~/") else base
    folder = os.path.normpath(os.path.join(here, at)) if slash and shown != "" else "/" if slash else here
    folder = folder.replace("//", "/")
    choices, inside = [], []
    for path in paths:
        parent, _, entry = path.rpartition("/")
        if (parent or "/") == folder and (not entry.startswith(".") or name.startswith(".")):
            full = (f"{shown}/" if slash else "") + entry.replace(" ", "\\ ")
            choices.append(full)
            if path in folders:
                inside.append(full)
    return _with(before, begun, choices, inside)


def _shared(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    least, most = min(texts), max(texts)
    return least[: next((at for at, sign in enumerate(least) if sign != most[at]), len(least))]


def _with(before: str, begun: str, choices: Sequence[str], folders: Sequence[str]) -> tuple[
        str, tuple[str, ...]]:
    found = sorted({one for one in choices if one.startswith(begun)})
    if not found:
        return before + begun, ()
    if len(found) == 1:
        return before + found[0] + ("/" if found[0] in folders else " "), ()
    return before + _shared(found), tuple(one.rpartition("/")[2] for one in found)[:40]
