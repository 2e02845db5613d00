"""Regular expressions of grep and sed as Python reads them."""

from __future__ import annotations

import re
from functools import lru_cache

from visualizers.l1_basics.linux.words import Unsupported, char_class


@lru_cache(maxsize=200)
def basic(pattern: str) -> str:
    """POSIX basic: \\( \\) \\{ \\} and GNU's \\| \\+ \\? are special, the bare signs are not."""
    return _translated(pattern, extended_=False)


@lru_cache(maxsize=200)
def extended(pattern: str) -> str:
    """POSIX extended: ( ) { } | + ? are special."""
    return _translated(pattern, extended_=True)


def _translated(pattern: str, extended_: bool) -> str:
    made: list[str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "\\" and at < len(pattern):
            made.append(_escaped(pattern[at], extended_))
            at += 1
        elif sign == "[":
            end = at + (pattern[at : at + 1] == "^")
            end = pattern.find("]", end + 1)
            while end > 0 and pattern[at:end].count("[:") > pattern[at:end].count(":]"):
                end = pattern.find("]", end + 1)
            if end < 0:
                raise re.error("Unmatched [, [^, [:, [., or [=")
            inside = pattern[at:end]
            made.append(char_class("^" + inside[1:] if inside[:1] == "^" else inside.replace("!", "\\!")
                                   if inside[:1] == "!" else inside))
            at = end + 1
        elif sign == "*" and (not made or made[-1] in ("(", "^", "|")):
            made.append(r"\*")
        elif sign in "+?{}|()" and not extended_:
            made.append("\\" + sign)
        elif sign == "^" and not extended_ and made and made[-1] not in ("(", "|"):
            made.append(r"\^")
        elif sign == "$" and not extended_ and pattern[at : at + 2] not in ("", r"\)", r"\|"):
            made.append(r"\$")
        elif sign in ".*+?^$()|{}":
            made.append(sign)
        else:
            made.append(re.escape(sign))
    found = "".join(made)
    if re.search(r"\([^()]*[*+]\)[*+]|\(\([^()]*[*+]", found):
        raise Unsupported("a repeated pattern inside a repeated pattern")
    return found


def _escaped(sign: str, extended_: bool) -> str:
    if sign in "wWbBsS":
        return "\\" + sign
    if sign in "<>":
        return r"\b"
    if sign.isdigit():
        return f"(?:\\{sign})"
    if not extended_ and sign in "+?{}|()":
        return sign
    return re.escape(sign)
