"""OpenPrompt's language for templates, read: what surrounds a text, where the mask is, what is trained.

Ding et al. 2022, "OpenPrompt". A template is a text with dictionaries in it, each of which may be written
short, as a key alone:

    {"placeholder": "text_a"} . overall it was {"mask"} .
    {"soft": "in my mind"} {"placeholder": "text_a", "shortenable": true} it was {"mask"}
    {"soft": null, "duplicate": 5} {"placeholder": "text_a"} {"mask"}

``placeholder`` (or ``meta``) is the text that is to be judged, ``mask`` the place that is scored, ``soft``
a trained vector, or one for each word that it begins with. ``duplicate`` says how many there are, and
``shortenable`` what is cut where the whole is too long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from visualizers.refusal import Refusal

Kind = Literal["text", "template", "mask", "soft"]
KINDS: tuple[Kind, ...] = ("text", "template", "mask", "soft")
KEYS = ("placeholder", "meta", "mask", "soft")
MORE = ("duplicate", "shortenable", "text")
MOST = 20  # soft vectors of a template


@dataclass(frozen=True)
class Piece:
    """A part of a template. ``words`` are those that stand there, or that soft vectors begin with; a soft
    vector that begins at random has the word ``""``."""

    kind: Kind
    words: tuple[str, ...] = ()
    shortenable: bool = False


def parse(template: str, cut: Callable[[str], Sequence[str]]) -> tuple[Piece, ...]:
    """The parts of a template; ``cut`` makes words of plain text.

    Raises:
        Refusal: it cannot be read, or has no place for the text or not just one mask.
    """
    pieces: list[Piece] = []
    for part in re.split(r"(\{[^{}]*\})", template):
        if part.startswith("{") and part.endswith("}"):
            pieces.append(_piece(part, cut))
        elif "{" in part or "}" in part:
            raise Refusal("The template has a bracket without its other half near “{part}”.",
                          part=part.strip()[:40])
        elif words := tuple(cut(part)):
            pieces.append(Piece("template", words))
    if sum(one.kind == "mask" for one in pieces) != 1:
        raise Refusal("A template needs one mask: the place that is scored.")
    if sum(one.kind == "text" for one in pieces) != 1:
        raise Refusal("A template needs one placeholder: the text that is judged.")
    if sum(len(one.words) for one in pieces if one.kind == "soft") > MOST:
        raise Refusal("A template has at most {most} soft vectors.", most=MOST)
    return tuple(pieces)


def _piece(part: str, cut: Callable[[str], Sequence[str]]) -> Piece:
    try:  # a key alone stands for the key with nothing: {"mask"} for {"mask": null}
        read: dict[str, Any] = json.loads(re.sub(r'([{,]\s*"\w+")(?=\s*[,}])', r"\1: null", part))
    except ValueError:
        raise Refusal("{part} cannot be read; write for example {mask}.", part=part[:60],
                      mask='{"mask"}') from None
    known = [key for key in KEYS if key in read]
    if len(known) != 1 or not set(read) <= {*KEYS, *MORE}:
        raise Refusal("{part} is not one of placeholder, mask and soft.", part=part[:60])
    shortenable = read.get("shortenable") is True
    match known[0]:
        case "mask":
            return Piece("mask", ("[MASK]",))
        case "soft":
            words = tuple(cut(str(read["soft"]))) if read["soft"] else ("",)
            times = read.get("duplicate", 1)
            if not isinstance(times, int) or not 1 <= times <= MOST:
                raise Refusal("A template has at most {most} soft vectors.", most=MOST)
            return Piece("soft", words * times)
    return Piece("text", (), shortenable)


@dataclass(frozen=True)
class Filled:
    """A template with a text in it: tokens, what each is (a number of ``KINDS``), and which of the soft
    vectors stands there (−1: none)."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    soft: tuple[int, ...]


def fill(pieces: Sequence[Piece], words: Sequence[str], longest: int) -> Filled:
    """Put the words of a text where they belong; of a text that is too long the end is left out."""
    room = longest - sum(len(one.words) for one in pieces)
    words = tuple(words)[:max(0, room)]
    tokens: list[str] = []
    kinds: list[int] = []
    soft: list[int] = []
    for one in pieces:
        new = words if one.kind == "text" else one.words
        tokens += [word or "[soft]" for word in new]
        kinds += [KINDS.index(one.kind)] * len(new)
        before = sum(at >= 0 for at in soft)
        soft += list(range(before, before + len(new))) if one.kind == "soft" else [-1] * len(new)
    return Filled(tuple(tokens), tuple(kinds), tuple(soft))
