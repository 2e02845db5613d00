"""ICD-10-CM, the codes by which diagnoses are recorded, from the package simple-icd-10-cm.

Its XML file is read where the package lies; the package itself, slow to import, is not.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple
from xml.etree import ElementTree

from visualizers.data.registry import Source
from visualizers.refusal import Refusal


class Category(NamedTuple):
    """A code of three characters: ``J18``, *Pneumonia, unspecified organism*.

    Attributes:
        chapter, block: its numbers in ``Icd.chapters`` and ``Icd.blocks``.
        names: the titles of all finer codes below it.
        synonyms: other names of it and of the codes below it, as people say and write them.
    """

    code: str
    title: str
    chapter: int
    block: int
    names: tuple[str, ...]
    synonyms: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Icd:
    """The tree: 22 chapters, blocks of codes in them, and the categories in code order."""

    chapters: tuple[str, ...]
    blocks: tuple[str, ...]
    categories: tuple[Category, ...]


def read() -> Icd:
    """All chapters, blocks and categories of the tabular list."""
    found = importlib.util.find_spec("simple_icd_10_cm")
    folders = list(found.submodule_search_locations or ()) if found else []
    files = [file for folder in folders for file in Path(folder).glob("data/icd10c-tabular*.xml")]
    if not files:
        raise Refusal("This Python was installed without {title}; choose something else.",
                      title="simple-icd-10-cm")
    with files[0].open("rb") as opened:
        return tree_of(opened)


def tree_of(xml: BinaryIO) -> Icd:
    """The tree of a tabular list; one chapter at a time is read and held."""
    chapters: list[str] = []
    blocks: list[str] = []
    categories: list[Category] = []
    for part in re.finditer(rb"<chapter>.*?</chapter>", xml.read(), re.DOTALL):
        chapter = ElementTree.fromstring(part[0])
        chapters.append(_text(chapter, "desc"))
        for section in chapter.iter("section"):
            if section.find("diag") is not None:
                blocks.append(_text(section, "desc"))
            for diag in section.findall("diag"):
                below = [_text(one, "desc") for one in diag.iter("diag") if one is not diag]
                synonyms = [" ".join((note.text or "").split())
                            for term in diag.iter("inclusionTerm") for note in term.findall("note")]
                categories.append(Category(
                    _text(diag, "name"), _text(diag, "desc"), len(chapters) - 1, len(blocks) - 1,
                    tuple(dict.fromkeys(below)), tuple(dict.fromkeys(synonyms))))
    return Icd(tuple(map(short, chapters)), tuple(blocks), tuple(categories))


def short(title: str) -> str:
    """A chapter's title without the codes in brackets behind it."""
    return re.sub(r"\s*\([A-Z0-9]+-[A-Z0-9]+\)$", "", title)


def _text(element: ElementTree.Element, name: str) -> str:
    return " ".join((element.findtext(name) or "").split())


SOURCE = Source(
    kind="table", id="icd-10-cm", title="ICD-10-CM", language="en",
    about="The tree of diagnoses: 22 chapters, 1,918 categories, 12,557 other names for them",
    licence="codes by NCHS and CMS, public domain, after the WHO's ICD-10; package simple-icd-10-cm, MIT",
    read=read)
