"""Bash as a tree: what tree-sitter-bash makes of a text, and whether more of it is still to come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bash.language()))
_TAG = re.compile(r"<<(-?)[ \t]*('[^'\n]*'|\"[^\"\n]*\"|\\?[^\s;&|<>()'\"]+)")  # begins a here-document


class BadSyntax(Exception):
    """The text is no bash; the message names the place."""


@lru_cache(maxsize=400)
def parsed(text: str) -> Node:
    """The tree of a text that is whole. Raises ``BadSyntax``."""
    root = _PARSER.parse(text.encode()).root_node
    wrong = _wrong(root)
    if wrong is not None:
        raise BadSyntax(_near(wrong, text))
    return root


def _wrong(node: Node) -> Node | None:
    """The first part that the grammar has no place for."""
    if node.is_error or node.is_missing or (
            node.type in (";;", ";&") and (node.parent is None or node.parent.type != "case_item")):
        return node
    if not node.has_error and ";;" not in said(node):
        return None
    return next((found for one in node.children if (found := _wrong(one)) is not None), None)


def _near(wrong: Node, text: str) -> str:
    """The sign at which bash would stop."""
    if wrong.is_missing:
        rest = text.encode()[wrong.start_byte:].decode().split()
        return rest[0] if rest else "newline"
    tokens = said(wrong).split()
    return tokens[0] if tokens else "newline"


def said(node: Node) -> str:
    """The text of a node."""
    return node.text.decode() if node.text else ""


def unfinished(text: str) -> bool:
    """Whether bash would wait for another line: an open quote, loop, bracket, here-document …"""
    if text.endswith("\\") and not text.endswith("\\\\"):
        return True
    lifted = without_heres(text, "/dev/here/")
    if lifted is None:
        return True
    rest = _without_quoted(lifted[0])
    if rest is None:
        return True
    if re.search(r"(\|\||&&|\|)\s*$", rest):
        return True
    words = re.findall(r"\$\(\(|\)\)|[(){}]|[^\s;&|(){}]+|;;|[;&|\n]", rest)
    open_, begins = 0, True  # whether the next word may be a reserved one
    brackets = 0
    for at, word in enumerate(words):
        if word in (";", "&", "|", "\n", ";;"):
            begins = True
            continue
        if word == "(" or word == "$((":
            brackets += 1 if word == "(" else 2
            begins = True
            continue
        if word in (")", "))"):
            brackets -= len(word)
            begins = True
            continue
        if begins and word in ("if", "for", "while", "until", "case", "{"):
            open_ += 1
            begins = word not in ("for", "case")
            continue
        if begins and word in ("fi", "done", "esac", "}"):
            open_ -= 1
            begins = False
            continue
        begins = (begins and word in ("then", "do", "else", "elif", "!", "time")) or (
            word == "in" and "case" in words[:at])
    return open_ > 0 or (brackets > 0 and "case" not in words)


@dataclass(frozen=True)
class Here:
    """A here-document: its text, and whether it is meant as it stands, because its end is quoted."""

    text: str
    quoted: bool


def without_heres(text: str, place: str) -> tuple[str, list[Here]] | None:
    """The text with its here-documents taken out: each is read from a file ``place`` and its number.

    The grammar knows one here-document a line; bash knows as many as one likes. Blank lines stay where
    they were, so that the lines keep their numbers. None where one has no end.
    """
    if "<<" not in text:
        return text, []
    made: list[str] = []
    heres: list[Here] = []
    waiting: list[tuple[str, bool, bool]] = []  # (end, quoted, tabs are cut off) of those begun in this line
    inside = [""]  # what is open: a quote, a bracket
    at = 0
    while at < len(text):
        sign, two = text[at], text[at : at + 2]
        begin = at
        at += 1
        if sign == "\\":
            at += 1
        elif sign == "'" and inside[-1] != '"':
            end = text.find("'", at)
            at = len(text) if end < 0 else end + 1
        elif sign == '"':
            if inside[-1] == '"':
                inside.pop()
            else:
                inside.append('"')
        elif text.startswith(("$((", "(("), begin) and (inside[-1] != '"' or sign == "$"):
            at = _past_brackets(text, begin + (sign == "$"))
        elif two == "$(" or (sign == "(" and inside[-1] != '"'):
            inside.append("(")
            at += two == "$("
        elif sign == ")" and inside[-1] == "(":
            inside.pop()
        elif sign == "#" and inside[-1] != '"' and (begin == 0 or text[begin - 1] in " \t\n;&|("):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif two == "<<" and inside[-1] != '"' and text[begin : begin + 3] != "<<<" \
                and (tag := _TAG.match(text, begin)):
            end_of = tag[2].strip("'\"").lstrip("\\")
            waiting.append((end_of, end_of != tag[2], bool(tag[1])))
            made.append(f"< {place}{len(heres) + len(waiting) - 1}")
            at = tag.end()
            continue
        elif two == "<<" and text[begin : begin + 3] == "<<<":
            at += 2
        elif sign == "\n" and waiting:
            made.append("\n")
            for end_of, quoted, tabs in waiting:
                lines = []
                while True:
                    if at >= len(text):
                        return None
                    line, newline, _ = text[at:].partition("\n")
                    at += len(line) + len(newline)
                    made.append("\n" * bool(newline))
                    line = line.lstrip("\t") if tabs else line
                    if line == end_of:
                        break
                    lines.append(line + "\n")
                heres.append(Here("".join(lines), quoted))
            waiting.clear()
            continue
        made.append(text[begin:at])
    return None if waiting else ("".join(made), heres)


def _past_brackets(text: str, begin: int) -> int:
    """The place behind the bracket that closes the one at ``begin``."""
    deep = 0
    for at in range(begin, len(text)):
        deep += (text[at] == "(") - (text[at] == ")")
        if deep == 0:
            return at + 1
    return len(text)


def continued(text: str) -> str:
    """The text with lines that end with a backslash joined to the next, as bash reads them."""
    if "\\\n" not in text:
        return text
    made: list[str] = []
    at, single = 0, False
    while at < len(text):
        if text[at] == "'" and not (made and made[-1] == "\\"):
            single = not single
        if text[at] == "\\" and not single:
            if text[at + 1 : at + 2] != "\n":
                made.append(text[at : at + 2])
            at += 2
            continue
        made.append(text[at])
        at += 1
    return "".join(made)


def _without_quoted(text: str) -> str | None:
    """The text without what is quoted, without comments and ``${…}``; None where a quote is open."""
    made: list[str] = []
    at, deep = 0, 0
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            made.append("_")
            at += 2
        elif sign in "'\"`":
            end = at + 1
            while end < len(text) and text[end] != sign:
                end += 2 if text[end] == "\\" and sign != "'" else 1
            if end >= len(text):
                return None
            made.append("_")
            at = end + 1
        elif sign == "$" and text[at + 1 : at + 2] == "{":
            deep, end = 1, at + 2
            while end < len(text) and deep:
                deep += (text[end] == "{") - (text[end] == "}")
                end += 1
            if deep:
                return None
            made.append("_")
            at = end
        elif sign == "#" and (at == 0 or text[at - 1] in " \t\n;&|("):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif sign == "$" and text[at + 1 : at + 2] == "#":
            made.append("_")
            at += 2
        else:
            made.append(sign)
            at += 1
    return "".join(made)


def spans(nodes: list[Node]) -> list[list[Node]]:
    """Neighbours without a blank between them belong to one word."""
    words: list[list[Node]] = []
    for node in nodes:
        if words and words[-1][-1].end_byte == node.start_byte:
            words[-1].append(node)
        else:
            words.append([node])
    return words
