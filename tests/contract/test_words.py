"""Every visible text has a Chinese entry, and every entry is used."""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import pytest

from app.files.notebook import sections
from visualizers.catalog import LECTURES, Said, panels, texts
from visualizers.data import Data, all_sources, pins
from visualizers.refusal import REASONS
from widgets.theme.glossary import terms
from widgets.theme.words import LANGUAGES, glossary_words, read_table

TERMS = glossary_words("zh")
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
    found |= set(REASONS.values())
    for lecture in LECTURES:
        found |= {lecture.title, lecture.about, lecture.does, lecture.warning}
    for pin in pins():
        found |= {pin.title, pin.gives, pin.licence}
    for source in all_sources().values():
        found |= {source.title, source.about, source.licence}
        if source.kind == "labelled" and Data().has(source):
            found |= set(Data().labelled(source.id).names)
    return {text for text in found if any(sign.isalpha() for sign in text)}


LATIN_AT_CHINESE = re.compile("[A-Za-z][\u4e00-\u9fff]|[\u4e00-\u9fff][A-Za-z]")


@pytest.mark.parametrize("file", sorted(
    one for folder in ("visualizers", "resources") for pattern in ("*.zh.md", "*.toml")
    for one in (ROOT / folder).rglob(pattern)), ids=lambda one: str(one.relative_to(ROOT)))
def test_that_latin_letters_keep_a_space_from_chinese(file: Path) -> None:
    """Formulas, code and the places of values aside; ``Words`` sees to those when it fills them in."""
    text = re.sub(r"\$[^$]*\$|`[^`]*`|\{\w*\}|\\n", "", file.read_text("utf-8"))
    assert not [text[max(0, one.start() - 9) : one.end() + 9] for one in LATIN_AT_CHINESE.finditer(text)]


def test_that_the_window_misses_no_translation_and_keeps_none_unused() -> None:
    table = read_table("resources", "i18n/zh.toml")["words"]
    said = shared_texts()
    assert not said - set(table) - set(TERMS), "add these to resources/i18n/zh.toml"
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
    said |= {one.unit for one in panel.parameters} | {panel.headline_label}
    table = set(texts(panel.package, "zh").get("words", {}))
    shared = {*read_table("resources", "i18n/zh.toml")["words"], *TERMS}
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


# --- one English term, one Chinese term ----------------------------------------------------------


def translated(panel) -> dict[str, str]:
    """Every English text of a panel but its guide, with its Chinese."""
    table, said = texts(panel.package, "zh"), Said(panel, "zh")
    found = {panel.title: said.title, panel.claim: said.claim, **table.get("words", {})}
    for one in panel.parameters:
        if one.kind != "hidden":
            found |= {one.label: said.label(one.name), one.help: said.help(one.name)}
            found |= {choice: said.choice(one.name, choice) for choice in one.choices}
    return {english: chinese for english, chinese in found.items() if english}


def own(panel) -> set[str]:
    """The English texts that a panel says otherwise than the rest."""
    return set(texts(panel.package, "zh").get("own", ()))


def without_terms(english: str, chinese: str) -> list[str]:
    """The terms that a text uses and its translation calls otherwise. Placeholders say nothing."""
    english = re.sub(r"\{\w*\}", "", english)
    here = terms("zh")
    return [f"{english[:60]!r} → {chinese[:60]!r} should say {here[id].name}"
            for id, term in terms("en").items() if term.in_text(english)
            and not any(form.lower() in chinese.lower() for form in (here[id].name, *here[id].also))]


def test_that_the_glossary_speaks_every_language_and_says_each_term_once() -> None:
    table = read_table("resources", "glossary.toml")
    names = [name for one in table.values() for name in (one["en"], *one.get("also", ()))]
    assert len(set(map(str.lower, names))) == len(names)
    assert len({one["zh"] for one in table.values()}) == len(table)
    for id, one in table.items():
        assert set(one) <= {"en", "zh", "also", "also_zh", "say", "say_zh"}, id
        assert one["say"].endswith((".", "?")) and one["say_zh"].endswith(("。", "？")), id
    assert set(LANGUAGES) == {"en", "zh"}


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_panel_calls_the_terms_of_the_course_by_their_names(panel) -> None:
    wrong = [fault for english, chinese in translated(panel).items() if english not in own(panel)
             for fault in without_terms(english, chinese)]
    assert not wrong


def test_that_the_window_calls_the_terms_of_the_course_by_their_names() -> None:
    table = read_table("resources", "i18n/zh.toml")["words"]
    assert not [fault for item in table.items() for fault in without_terms(*item)]


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_both_guides_use_the_same_terms(panel) -> None:
    english, chinese = (re.sub(r"`[^`]*`|\$\$.+?\$\$|\$\S(?:[^$\n]*\S)?\$", "", Said(panel, one).guide(),
                               flags=re.DOTALL) for one in ("en", "zh"))
    here = terms("zh")
    assert not [here[id].name for id, term in terms("en").items() if term.in_text(english)
                and not any(form.lower() in chinese.lower()
                            for form in (here[id].name, *here[id].also))]


def test_that_one_english_text_has_one_translation() -> None:
    """In whichever panels it is. What must be said otherwise is in a panel's list ``own``."""
    found: dict[str, dict[str, list[str]]] = {}
    for panel in panels():
        for english, chinese in translated(panel).items():
            if english not in own(panel):
                found.setdefault(english, {}).setdefault(chinese, []).append(panel.id)
    for english, chinese in read_table("resources", "i18n/zh.toml")["words"].items():
        if english in found:
            found[english].setdefault(chinese, []).append("the window")
    assert not {english: said for english, said in found.items() if len(said) > 1}


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_what_a_panel_says_otherwise_is_otherwise(panel) -> None:
    elsewhere: dict[str, set[str]] = {
        english: {chinese} for english, chinese
        in {**TERMS, **read_table("resources", "i18n/zh.toml")["words"]}.items()}
    for other in panels():
        if other is not panel:
            for english, chinese in translated(other).items():
                elsewhere.setdefault(english, set()).add(chinese)
    here = translated(panel)
    assert not [english for english in own(panel)
                if english not in here or elsewhere.get(english, set()) <= {here[english]}]


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_panel_repeats_nothing_of_the_glossary(panel) -> None:
    table = texts(panel.package, "zh")
    assert not [text for text, said in table.get("words", {}).items() if TERMS.get(text) == said]
    assert not [one.name for one in panel.parameters if TERMS.get(one.label) is not None
                and table.get("params", {}).get(one.name, {}).get("label") == TERMS[one.label]]
