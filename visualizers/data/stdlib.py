"""What every Python carries: the source of its standard library, and the prose in its docstrings."""

from __future__ import annotations

import re
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path

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


def standard_library() -> Iterator[tuple[str, str]]:
    """(module, source) of the ``STUDIED`` modules that this Python has, in their order."""
    folder = Path(sysconfig.get_path("stdlib"))
    for name in STUDIED.split():
        file = folder / f"{name}.py"
        if file.is_file():
            yield name.replace("/", "."), file.read_text("utf-8", errors="replace")


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
