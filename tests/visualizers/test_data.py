"""The catalogue: what every installation can read, and what stands in for what is not fetched."""

import pickle
import sys
from pathlib import Path

import pytest

from visualizers.catalog import panels
from visualizers.data import Data, all_sources, catalog, pin
from visualizers.data.pack import default_folder
from visualizers.data.registry import all_kinds
from visualizers.data.sources import (
    chinese_sentences,
    grimm,
    python_reference,
    python_source,
    questions_words,
    statutes_zh,
    wikipedia,
    wordsim353,
)
from visualizers.refusal import Refusal


@pytest.fixture
def empty(tmp_path: Path) -> Data:
    return Data(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["python-reference", "python-docstrings", "python-source",
                                  "chinese-sentences"])
def test_that_what_is_always_there_is_long_enough_to_train_on(empty: Data, name: str) -> None:
    text = empty.text(name)
    assert (text.id, text.missing) == (name, "")
    assert len(text.text) > 150_000
    assert empty.text(name).text == text.text


def test_that_the_reference_is_prose(empty: Data) -> None:
    text = empty.text("python-reference").text
    lines = text.splitlines()
    assert len(text.split()) > 30_000
    assert len(lines) == len(set(lines)), "no paragraph appears twice"
    assert not any(line.startswith((">>>", "+--", "***", "===")) for line in lines)
    assert '"' not in text and "::=" not in text
    assert sum(one.isalpha() or one.isspace() for one in text) > 0.9 * len(text)


def test_that_the_reference_is_read_whatever_shape_its_pages_have() -> None:
    page = ('The "assert" statement\n**********************\n\nAssert statements are a convenient '
            'way to insert\ndebugging assertions into a program.\n\n   assert_stmt ::= "assert"\n')
    said = ("The assert statement\nAssert statements are a convenient way to insert debugging "
            "assertions into a program.\n")
    assert python_reference.reference_prose({"assert": page}) == said
    assert python_reference.reference_prose({"assert": page.split("\n\n")}) == said
    assert python_reference.reference_prose({"assert": {"a": page}, "again": page}) == said


def test_that_source_code_is_whole_modules_within_the_limit() -> None:
    source = python_source.read(200_000)
    assert 150_000 < len(source) <= 200_000
    compile(source.replace("from __future__", "#"), "all", "exec")


def test_that_chinese_sentences_follow_their_seed() -> None:
    assert chinese_sentences.read(80, 1) == chinese_sentences.read(80, 1)
    assert chinese_sentences.read(80, 1) != chinese_sentences.read(80, 2)
    assert chinese_sentences.read(80).count("\n") == 10


@pytest.mark.parametrize(("asked", "given"), [
    ("wikipedia", "python-reference"), ("grimm", "python-reference"),
    ("hamlet", "python-reference"), ("botchan", "python-reference"),
    ("statutes-zh", "chinese-sentences"),
])
def test_that_a_text_of_its_language_stands_in_for_one_not_fetched(
    empty: Data, asked: str, given: str
) -> None:
    text = empty.text(asked)
    assert (text.id, text.missing) == (given, asked)
    assert text.text == empty.text(given).text


def test_that_docstrings_stand_in_where_python_came_without_its_reference(
    empty: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    catalog._carried.cache_clear()
    text = empty.text("python-reference")
    assert (text.id, text.missing) == ("python-docstrings", "python-reference")
    monkeypatch.undo()
    catalog._carried.cache_clear()


def test_that_an_unknown_text_or_model_names_the_nearest(empty: Data) -> None:
    with pytest.raises(Refusal, match="the nearest is wikipedia"):
        empty.text("wikipedai")
    with pytest.raises(Refusal, match="the nearest is minilm"):
        empty.model("minilmm")


def test_that_an_empty_pack_lists_everything_as_absent(empty: Data) -> None:
    for one in all_sources().values():
        assert empty.has(one) == (not one.archive), one.id
    assert empty.read("table", "wordsim353") == () == empty.read("table", "questions-words")


def test_that_a_new_source_is_one_file_and_a_new_kind_another(
    empty: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visualizers.data import kinds as kinds_folder
    from visualizers.data import sources as sources_folder

    for package in (kinds_folder, sources_folder):
        folder = tmp_path / package.__name__
        folder.mkdir()
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    (tmp_path / kinds_folder.__name__ / "maze.py").write_text(
        "from visualizers.data.registry import Kind\n"
        "KIND = Kind(id='maze', value=lambda source, read, missing: (source.title, read),\n"
        "            unknown=lambda name, near: ValueError(name, near),\n"
        "            own={'drawn': lambda own: own.path[::-1]})\n")
    (tmp_path / sources_folder.__name__ / "knossos.py").write_text(
        "from visualizers.data.registry import Source\n"
        "SOURCE = Source(kind='maze', id='knossos', title='Knossos', about='A maze', licence='none',\n"
        "                read=lambda: '#.#')\n")
    all_kinds.cache_clear()
    all_sources.cache_clear()
    try:
        assert [one.id for one in empty.entries("maze")] == ["knossos"]
        assert empty.read("maze", "knossos") == ("Knossos", "#.#")
        assert empty.read("maze", "drawn:abc") == "cba"
        with pytest.raises(ValueError, match="knossos"):
            empty.read("maze", "knosos")
    finally:
        monkeypatch.undo()
        all_kinds.cache_clear()
        all_sources.cache_clear()
        sys.modules.pop("visualizers.data.kinds.maze")
        sys.modules.pop("visualizers.data.sources.knossos")


def test_that_every_source_is_of_a_kind_has_an_archive_that_is_pinned_and_names_its_licence() -> None:
    files = [one.stem for folder in (Path(catalog.__file__).parent / "sources",)
             for one in folder.glob("*.py") if one.stem != "__init__"]
    assert len(all_sources()) == len(files), "two sources have the same id"
    for one in all_sources().values():
        assert one.kind in all_kinds() and one.title and one.about and one.licence
        assert not one.archive or pin(one.archive)
    for kind in all_kinds().values():
        for language, stand_ins in kind.stand_ins.items():
            for id in stand_ins:
                assert not all_sources()[id].archive and all_sources()[id].language == language


def test_that_every_source_of_a_panel_exists() -> None:
    for panel in panels():
        assert set(panel.sources) <= set(all_sources()), panel.id
        for one in panel.parameters:
            if one.kind == "source":
                assert one.source in all_kinds()
                assert all_sources()[one.default].kind == one.source


def test_that_the_catalogue_survives_a_pipe(empty: Data) -> None:
    assert pickle.loads(pickle.dumps(empty)).pack.folder == empty.pack.folder


def test_that_the_pack_folder_can_be_named_from_outside(monkeypatch: pytest.MonkeyPatch,
                                                        tmp_path: Path) -> None:
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path))
    assert Data().pack.folder == tmp_path
    monkeypatch.delenv("BIGMODELS_DATAPACK")
    assert default_folder().name == "datapack"


# --- readers, on small pieces of what the archives hold


def test_that_wiki_markup_becomes_prose() -> None:
    import bz2

    dump = ("<text xml:space=\"preserve\">{{Infobox|a={{b|c}}}}\n'''Albedo''' is the [[light|reflecting "
            "power]] of a surface&lt;ref&gt;{{cite}}&lt;/ref&gt; in [[astronomy]].\n"
            "{| class=x\n| cell {{t}}\n|}\n[[File:a.png|thumb|A [[map]] of it.]]\n"
            "== See also ==\nAnother long sentence that nobody wants to read here at all.</text>"
            "<text xml:space=\"preserve\">#REDIRECT [[Albedo]]</text>")
    said = wikipedia.wikipedia(bz2.compress(dump.encode()))
    assert said == "Albedo is the reflecting power of a surface in astronomy.\n"


def test_that_tales_come_without_their_table() -> None:
    table = "ATU Topic\tTitle\tContent\ndiscrete\tstring\tstring\nclass\t\tx\n\nMagic\tA\tOnce.  Then.\n"
    assert grimm.tales(table.encode()) == "Once.\nThen.\n"


def test_that_statutes_are_those_in_force() -> None:
    import sqlite3

    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE articles (id INTEGER, status TEXT, article_text TEXT)")
    base.executemany("INSERT INTO articles VALUES (?, ?, ?)", [
        (2, "现行有效", "第二条　内容"), (1, "现行有效", "第一条"), (3, "已废止", "旧")])
    base.commit()
    data = base.serialize()
    base.close()
    assert statutes_zh.statutes(data) == "第一条\n第二条内容\n"


def test_that_judgements_and_analogies_are_read() -> None:
    assert wordsim353.word_pairs(b"# a comment\nlove\tsex\t6.77\n") == (("love", "sex", 6.77),)
    assert questions_words.analogies(b": capital\nAthens Greece Oslo Norway\n") == \
        (("capital", "Athens", "Greece", "Oslo", "Norway"),)
    assert wordsim353.word_pairs(b"") == () and questions_words.analogies(b"") == ()


# --- the real pack, where somebody has fetched it

@pytest.mark.parametrize(("name", "least", "phrase"), [
    pytest.param(name, least, phrase, marks=pytest.mark.pack(all_sources()[name].archive))
    for name, least, phrase in (
        ("wikipedia", 2_400_000,
         "Anarchism is a political philosophy that advocates self-governed "),
        ("grimm", 390_000, "A certain father had two sons"),
        ("hamlet", 170_000, "To be, or not to be: that is the question"),
        ("botchan", 240_000, "Because of an hereditary recklessness, I have been playing always"),
        ("statutes-zh", 2_500_000, "为了保护专利权人的合法权益"))
])
def test_that_the_real_texts_are_clean(name: str, least: int, phrase: str) -> None:
    data = Data()
    text = data.text(name)
    assert (text.id, text.missing) == (name, "")
    assert len(text.text) > least and phrase in text.text
    assert not any(sign in text.text for sign in ("{{", "[[", "<ref", "Project Gutenberg"))


@pytest.mark.pack("gensim")
def test_that_the_real_tests_of_similarity_are_complete() -> None:
    assert len(Data().read("table", "wordsim353")) == 353
    assert len(Data().read("table", "questions-words")) == 19_544


def test_that_the_digits_are_scikit_learns(empty: Data) -> None:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    digits = empty.read("table", "digits")
    assert (digits.images == images).all() and (digits.labels == labels).all()
    assert not digits.images.flags.writeable  # lent to all runs of a process
