"""Turns what Python and the data pack carry into clean prose.

Every function is pure: the same input always gives the same text, and so a seed the same run.
"""

from __future__ import annotations

import ast
import bz2
import csv
import html
import io
import re
import sqlite3
import sysconfig
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# --- what every Python carries -----------------------------------------------------------------

# Modules of the standard library that people read to learn from, the most readable ones first.
STUDIED = """
    bisect heapq textwrap random statistics collections/__init__ functools contextlib enum abc
    dataclasses string copy queue threading calendar fractions numbers operator reprlib pprint
    shutil tempfile glob fnmatch pathlib pathlib/__init__ pathlib/_local os posixpath
    genericpath stat csv json/__init__ json/decoder json/encoder json/scanner configparser
    argparse shlex getopt logging/__init__ logging/handlers logging/config traceback warnings
    weakref types typing inspect ast tokenize token keyword dis difflib doctest unittest/case
    unittest/suite unittest/loader unittest/runner unittest/mock timeit trace pdb bdb cmd code
    codeop urllib/parse urllib/request html/parser html/__init__ http/client http/server
    http/cookies email/message email/header email/utils email/_header_value_parser
    email/feedparser socket socketserver selectors ssl smtplib ftplib poplib imaplib subprocess
    multiprocessing/pool multiprocessing/queues multiprocessing/managers
    concurrent/futures/_base concurrent/futures/process concurrent/futures/thread
    asyncio/base_events asyncio/events asyncio/tasks asyncio/futures asyncio/locks
    asyncio/queues asyncio/streams asyncio/subprocess datetime _pydatetime _strptime locale
    gettext codecs encodings/idna base64 hashlib hmac secrets uuid ipaddress zipfile
    zipfile/__init__ tarfile gzip bz2 lzma pickle pickletools copyreg shelve plistlib
    xml/etree/ElementTree xml/dom/minidom xml/sax/handler sched cProfile profile pstats
    tracemalloc linecache importlib/_bootstrap importlib/util importlib/abc pkgutil runpy
    sysconfig sysconfig/__init__ site webbrowser turtle colorsys wave mailbox mimetypes optparse
    _pydecimal _pyio _collections_abc sqlite3/dbapi2 tkinter/__init__
"""
SOURCE_LIMIT = 2_000_000
DOCSTRING_LIMIT = 200_000


def python_reference() -> str:
    """The Python language reference as English prose, from ``pydoc_data.topics``.

    Each paragraph appears once, on one line; grammar, tables and code examples are left out. Empty
    where a distribution ships Python without it.
    """
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


_UNDERLINE = re.compile(r"^[*=\-~^\"]{4,}$")
_SENTENCE_END = re.compile(r"[.:!?][)”\"']*$")
_VERSION = re.compile(r"^(New|Changed|Added|Deprecated)[ \w,-]* (in|since) version")
_CODE = re.compile(
    r"^(>>>|\.\.\. |@\w|def |class \w+[(:]|import |from \w+ import |return |[+|]|#|\w+ ::?=|\$ )"
)


def prose_paragraphs(text: str) -> Iterator[str]:
    """The paragraphs that are sentences, each on one line, with the headings between them.

    The pages are rendered reStructuredText: literals in ``"…"``, emphasis in ``*…*``, headings
    underlined, grammar and examples indented.
    """
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in textwrap.dedent(block).splitlines() if line.strip()]
        if not lines:
            continue
        if len(lines) == 2 and _UNDERLINE.match(lines[1]):
            yield _plain(lines[0])
            continue
        # A term with its definition below, or a list item: keep what is said of it.
        if any(_CODE.match(line) for line in lines) or _VERSION.match(lines[0]):
            continue
        said = _plain(" ".join(lines))
        letters = sum(one.isalpha() or one == " " for one in said)
        if len(said.split()) >= 6 and letters >= 0.86 * len(said) and _SENTENCE_END.search(said):
            yield said


def _plain(text: str) -> str:
    text = re.sub(r"^(\*|\d+\.|\[\d+\]) +", "", text)
    text = re.sub(r"\*{1,2}([^*\s][^*]*)\*{1,2}", r"\1", text)
    text = re.sub(r' ?\[\d+\]|"|`', "", text)
    return re.sub(r"\s+", " ", text).strip()


def standard_library() -> Iterator[tuple[str, str]]:
    """(module, source) of the ``STUDIED`` modules that this Python has, in their order."""
    folder = Path(sysconfig.get_path("stdlib"))
    for name in STUDIED.split():
        file = folder / f"{name}.py"
        if file.is_file():
            yield name.replace("/", "."), file.read_text("utf-8", errors="replace")


def python_source(limit: int = SOURCE_LIMIT) -> str:
    """Source of the standard library's most studied modules, at most ``limit`` characters."""
    parts: list[str] = []
    size = 0
    for _, source in standard_library():
        if size + len(source) > limit:
            continue
        parts.append(source.rstrip() + "\n")
        size += len(parts[-1]) + 2
    return "\n\n".join(parts)


def python_docstrings(limit: int = DOCSTRING_LIMIT) -> str:
    """What the docstrings of the standard library say, as English prose."""
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


# --- what the archives of the data pack carry --------------------------------------------------


def wikipedia(packed: bytes) -> str:
    """The articles of a bz2-packed MediaWiki dump as prose, one paragraph a line."""
    dump = bz2.decompress(packed).decode("utf-8")
    pages = []
    for page in re.findall(r"<text[^>]*>(.*?)</text>", dump, re.S):
        markup = html.unescape(page)
        if markup.lstrip()[:9].lower() != "#redirect":
            pages.append(_wiki_prose(markup))
    return "\n".join(one for one in pages if one) + "\n"


_NOT_PROSE = re.compile(
    r"<!--.*?-->|<ref[^<>]*/>|<(ref|math|gallery|timeline|nowiki|code|pre|source|score|imagemap)\b"
    r".*?</\1>", re.S)
_INNERMOST = re.compile(r"\{\{[^{}]*\}\}|\{\|(?:(?!\{\||\|\}).)*\|\}", re.S)
_FILE_LINK = re.compile(
    r"\[\[(?:file|image|category)\s*:(?:[^\[\]]|\[\[[^\[\]]*\]\]|\[[^\[\]]*\])*\]\]", re.I)
_LINK = re.compile(r"\[\[(?:[^|\[\]]*\|)?([^|\[\]]*)\]\]")
_WEB_LINK = re.compile(r"\[(?:https?:)?//\S+ ?([^\]]*)\]")
_APPENDIX = re.compile(
    r"^==+ *(see also|references|notes|footnotes|external links|further reading|bibliography|"
    r"sources|citations|notes and references|works cited)\b", re.I | re.M)


def _wiki_prose(markup: str) -> str:
    text = _NOT_PROSE.sub("", markup)
    while True:  # templates and tables nest, so they are removed from the inside out
        text, found = _INNERMOST.subn("", text)
        if not found:
            break
    if end := _APPENDIX.search(text):
        text = text[: end.start()]
    text = _FILE_LINK.sub("", text)
    text = _WEB_LINK.sub(r"\1", _LINK.sub(r"\1", _LINK.sub(r"\1", text)))
    text = re.sub(r"'{2,}|</?\w[^<>]*>|__\w+__", "", text)
    kept = []
    for line in text.splitlines():
        line = re.sub(r"\s+", " ", line.strip(" *#:;\xa0").replace("()", "")).strip()
        ends = line.rstrip("\"')”")[-1:]
        if len(line) > 40 and ends in ".!?:" and "|" not in line and "{" not in line:
            kept.append(line)
    return "\n".join(kept)


def tales(table: bytes) -> str:
    """The column ``Content`` of an Orange ``.tab`` file (three header rows)."""
    rows = list(csv.reader(io.StringIO(table.decode("utf-8")), delimiter="\t"))
    column = rows[0].index("Content")
    told = [row[column] for row in rows[3:] if len(row) > column and row[column].strip()]
    return "\n\n".join(
        "\n".join(part.strip() for part in re.split(r" {2,}", one) if part.strip()) for one in told
    ) + "\n"


def play(text: bytes) -> str:
    """A play from its first act on."""
    said = text.decode("utf-8")
    return said[max(0, said.find("ACT I")) :].strip() + "\n"


def botchan(text: bytes) -> str:
    """The novel without the licence before and after it, one paragraph a line."""
    said = text.decode("utf-8-sig").replace("\r\n", "\n")
    begin = said.find("CHAPTER I\n")
    end = said.find("*** END OF TH")
    body = said[max(0, begin) : end if end > 0 else len(said)]
    # The transcriber's notes, [A] to [R], stand in the text and are listed after it.
    body = re.split(r"\n(?:End of (?:the )?Project Gutenberg|\[Transcriber|\[A: )", body)[0]
    body = re.sub(r"\[[A-Z]\]", "", body)
    # Lines are wrapped at 72 characters and nothing marks a paragraph but a short last line.
    return re.sub(r"(?<=[^\n]{56})(?<![.!?\"])\n(?=\S)", " ", body).strip() + "\n"


def statutes(database: bytes) -> str:
    """The articles of law that are in force, one a line, from an SQLite file held in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(database)
        rows = connection.execute(
            "SELECT article_text FROM articles WHERE status = '现行有效' ORDER BY id"
        )
        return "\n".join(re.sub(r"\s+", "", text) for (text,) in rows if text) + "\n"
    finally:
        connection.close()


def word_pairs(table: bytes) -> tuple[tuple[str, str, float], ...]:
    """WordSim-353: (word, word, mean human judgement from 0 to 10)."""
    rows = (line.split("\t") for line in table.decode("utf-8").splitlines() if line[:1] not in "#")
    return tuple((row[0], row[1], float(row[2])) for row in rows if len(row) == 3)


def analogies(table: bytes) -> tuple[tuple[str, str, str, str, str], ...]:
    """questions-words: (section, a, b, c, d) with a : b = c : d."""
    section = ""
    found = []
    for line in table.decode("utf-8").splitlines():
        if line.startswith(":"):
            section = line[1:].strip()
        elif len(parts := line.split()) == 4:
            found.append((section, parts[0], parts[1], parts[2], parts[3]))
    return tuple(found)
