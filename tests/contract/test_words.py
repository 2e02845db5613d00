"""Every visible text has a Chinese entry, and every entry is used."""

from __future__ import annotations

import ast
from importlib import resources
from pathlib import Path

import pytest

from app.notebook import sections
from visualizers.catalog import LECTURES, panels, texts
from visualizers.data import Data, all_sources, pins
from widgets.words import read_table

ROOT = Path(__file__).resolve().parents[2]
# What says texts, and which of its arguments is one.
SAYING = {"words": 0, "note": 0, "Refusal": 0, "Unfit": 0, "tr_mark": 0, "quantity": 1, "unit_of": 1,
          "progress": 2}


def said_in(file: Path) -> set[str]:
    """The English texts of a source file: literal arguments of words(), note(), quantity() …"""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        where = SAYING.get(name)
        for argument in node.args[where : where + 1] if where is not None else ():
            found.update(literals(argument))
    return found


def literals(node: ast.AST) -> set[str]:
    """Text literals, through conditional expressions: ``words("a" if x else "b")``."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=orelse):
            return literals(body) | literals(orelse)
        case _:
            return set()


def sources(*folders: str) -> list[Path]:
    return [file for folder in folders for file in (ROOT / folder).rglob("*.py")]


def shared_texts() -> set[str]:
    found = set()
    for file in sources("app", "widgets", "visualizers/data", "visualizers/models"):
        found |= said_in(file)
    for file in (ROOT / "visualizers").glob("*.py"):
        found |= said_in(file)
    for lecture in LECTURES:
        found |= {lecture.title, lecture.about}
    for pin in pins():
        found |= {pin.title, pin.gives, pin.licence}
    for source in all_sources().values():
        found |= {source.title, source.about, source.licence}
        if source.kind == "labelled" and Data().has(source):
            found |= set(Data().labelled(source.id).names)
    return {text for text in found if any(sign.isalpha() for sign in text)}


def test_that_the_window_misses_no_translation_and_keeps_none_unused() -> None:
    table = read_table("resources", "i18n/zh.toml")["words"]
    said = shared_texts()
    assert not said - set(table), "add these to resources/i18n/zh.toml"
    assert not set(table) - said - marked(), "nothing says these any more: remove them"


def marked() -> set[str]:
    """Texts that are looked up by a variable stand in the sources as plain literals somewhere."""
    found = set()
    for file in sources("app", "widgets", "visualizers/data", "visualizers/models"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_panel_misses_no_translation_and_keeps_none_unused(panel) -> None:
    folder = Path(str(resources.files(panel.package)))
    said: set[str] = set()
    literal: set[str] = set()
    for file in folder.glob("*.py"):
        said |= said_in(file)
        literal |= {heading for heading, _ in sections(file.read_text("utf-8"))}
        literal |= {node.value for node in ast.walk(ast.parse(file.read_text("utf-8")))
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    said |= {one.unit for one in panel.parameters}
    table = set(texts(panel.package, "zh").get("words", {}))
    shared = set(read_table("resources", "i18n/zh.toml")["words"])
    wanted = {text for text in said if any(sign.isalpha() for sign in text)}
    assert not wanted - table - shared, f"add these to {panel.id}/zh.toml"
    assert not table - wanted - literal, f"nothing says these any more in {panel.id}: remove them"


def test_that_translations_keep_the_placeholders() -> None:
    import string

    tables = [read_table("resources", "i18n/zh.toml")["words"]]
    tables += [texts(panel.package, "zh").get("words", {}) for panel in panels()]
    for table in tables:
        for english, chinese in table.items():
            wanted = {name for _, name, _, _ in string.Formatter().parse(english) if name}
            given = {name for _, name, _, _ in string.Formatter().parse(chinese) if name}
            assert wanted == given, f"{english!r} → {chinese!r}"
