"""Botchan in English (Project Gutenberg 8868), from the source archive of the package sentencepiece."""

from __future__ import annotations

import re

from visualizers.data.pack import Pack
from visualizers.data.registry import Source


def read(pack: Pack) -> str:
    return novel(pack.read("sentencepiece", "sentencepiece-0.2.3/test/botchan.txt"))


def novel(text: bytes) -> str:
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


SOURCE = Source(
    kind="text", id="botchan", title="Botchan", language="en",
    about="The novel by Natsume Soseki in English", licence="Public domain",
    archive="sentencepiece", read=read)
