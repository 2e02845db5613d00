"""106 articles of the English Wikipedia, from the tests of the package gensim."""

from __future__ import annotations

import bz2
import html
import re

from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = ("gensim/test/test_data/"
          "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")


def read(pack: Pack) -> str:
    return wikipedia(pack.read("gensim", MEMBER))


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


SOURCE = Source(
    kind="text", id="wikipedia", title="Wikipedia", language="en",
    about="106 articles, from Anarchism to Algorithm",
    licence="Text by the editors of Wikipedia, CC BY-SA 3.0", archive="gensim", read=read)
