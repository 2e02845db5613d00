"""What test, [ and [[ ask: of texts, of numbers and of files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from visualizers.l1_basics.linux.words import BadWord
from visualizers.l1_basics.linux.world import READ, RUN, USER, WRITE, Fault, Node


class Asking(Protocol):
    """The shell that asks."""

    options: set[str]

    def node(self, path: str) -> Node: ...
    def known(self, name: str) -> bool: ...
    def complain(self, text: str) -> None: ...


def test(sh: Asking, args: list[str], name: str) -> int:
    """test and [: 0 where it is so, 1 where not, 2 where it cannot be asked."""
    if name == "[":
        if args[-1:] != ["]"]:
            sh.complain("[: missing `]'")
            return 2
        args = args[:-1]
    try:
        value, rest = _or(sh, args)
        if rest:
            raise BadWord("too many arguments")
        return int(not value)
    except BadWord as error:
        sh.complain(f"{name}: {error}")
        return 2


_UNARY = set("abcdefghknoprstuvwxzGLNOSR")
COUNTED: dict[str, Callable[[int, int], bool]] = {  # of whole numbers
    "-eq": lambda x, y: x == y, "-ne": lambda x, y: x != y, "-lt": lambda x, y: x < y,
    "-le": lambda x, y: x <= y, "-gt": lambda x, y: x > y, "-ge": lambda x, y: x >= y}
BINARY = ("=", "==", "!=", "<", ">", *COUNTED, "-nt", "-ot", "-ef")


def _or(sh: Asking, args: list[str]) -> tuple[bool, list[str]]:
    value, rest = _and(sh, args)
    while rest[:1] == ["-o"]:
        other, rest = _and(sh, rest[1:])
        value = value or other
    return value, rest


def _and(sh: Asking, args: list[str]) -> tuple[bool, list[str]]:
    value, rest = _term(sh, args)
    while rest[:1] == ["-a"]:
        other, rest = _term(sh, rest[1:])
        value = value and other
    return value, rest


def _term(sh: Asking, args: list[str]) -> tuple[bool, list[str]]:
    if not args:
        return False, []
    if len(args) >= 3 and args[1] in BINARY:
        return compared(sh, args[0], args[1], args[2]), args[3:]
    if args[0] == "!" and len(args) > 1:
        value, rest = _term(sh, args[1:])
        return not value, rest
    if args[0] == "(" and len(args) > 2:
        value, rest = _or(sh, args[1:])
        if rest[:1] != [")"]:
            raise BadWord("`)' expected")
        return value, rest[1:]
    if len(args) >= 2 and re.fullmatch(r"-[a-zA-Z]", args[0]) and args[0][1] in _UNARY:
        return state(sh, args[0], args[1]), args[2:]
    if len(args) == 2:
        raise BadWord(f"{args[0]}: unary operator expected")
    if len(args) == 3 and args[1] not in ("-a", "-o"):
        raise BadWord(f"{args[1]}: binary operator expected")
    return args[0] != "", args[1:]


def state(sh: Asking, sign: str, word: str) -> bool:
    """What -f, -d, -z and their like ask."""
    if sign == "-n":
        return word != ""
    if sign == "-z":
        return word == ""
    if sign == "-v":
        return sh.known(word)
    if sign == "-t":
        return False
    if sign == "-o":
        return {"errexit": "e", "nounset": "u", "xtrace": "x"}.get(word, word) in sh.options
    if word == "/dev/null":
        return sign in ("-e", "-r", "-w", "-c")
    try:
        node = sh.node(word)
    except Fault:
        return False
    bit = {"-r": READ, "-w": WRITE, "-x": RUN}.get(sign)
    if bit is not None:
        return node.permits(USER, bit)
    return {"-e": True, "-a": True, "-f": not node.folder, "-d": node.folder, "-s": node.size > 0,
            "-O": node.owner == USER}.get(sign, False)


def compared(sh: Asking, a: str, sign: str, b: str) -> bool:
    if sign in ("=", "=="):
        return a == b
    if sign == "!=":
        return a != b
    if sign not in BINARY:
        raise BadWord(f"{sign}: binary operator expected")
    if sign in ("<", ">"):
        return a < b if sign == "<" else a > b
    if sign in ("-nt", "-ot", "-ef"):
        times = []
        for path in (a, b):
            try:
                times.append(sh.node(path))
            except Fault:
                return False
        if sign == "-ef":
            return times[0] is times[1]
        return (times[0].changed > times[1].changed) == (sign == "-nt") \
            and times[0].changed != times[1].changed
    numbers = []
    for text in (a, b):
        if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
            raise BadWord(f"{text}: integer expression expected")
        numbers.append(int(text))
    return COUNTED[sign](*numbers)
