"""Finds the panels by scanning the lecture folders. There is no list to edit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module, resources
from typing import Any

from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Parameter, changed, written
from widgets.theme.glossary import terms
from widgets.theme.words import LANGUAGES, Words, glossary_words, read_table, window_words


@dataclass(frozen=True)
class Lecture:
    """One of the nine lectures.

    Attributes:
        about: what it teaches, as a list of concepts.
        does: one line, what big models do in its field.
        warning: what the page of each of its panels says for good.
    """

    folder: str
    number: int
    title: str
    about: str
    does: str
    warning: str = ""


LECTURES = (
    Lecture("l1_basics", 1, "Basics",
            "n-grams, activations, losses, gradient descent, Jacobians, word2vec, the GPU server",
            "Words become vectors, and errors teach them."),
    Lecture("l2_networks", 2, "Neural networks",
            "recurrent networks, vanishing gradients, GRU, LSTM, both directions, CNNs for text",
            "Networks read word by word, and remember."),
    Lecture("l3_transformers", 3, "Transformers",
            "attention, the Transformer, language models that were trained before",
            "Every word looks at every other one."),
    Lecture("l4_tuning", 4, "Tuning",
            "templates and verbalizers, soft prompts, adapters, prefix, BitFit, LoRA",
            "A trained model learns a task with few weights."),
    Lecture("l5_compression", 5, "Compression",
            "memory, parallel training, mixed precision, distillation, pruning, quantisation",
            "Large models fit into less memory and time."),
    Lecture("l6_text", 6, "Text",
            "retrieval, question answering, decoding, controlled generation, evaluation",
            "Models search, answer and write."),
    Lecture("l7_biomedical", 7, "Biomedicine",
            "coding, entities, DNA and protein models, molecules",
            "Models read genes, proteins, molecules, records.",
            "For teaching, not medical advice."),
    Lecture("l8_legal", 8, "Law",
            "charges, statutes, similar cases, events, explanations, fairness",
            "Models find charges, statutes and similar cases.",
            "Not legal advice."),
    Lecture("l9_social", 9, "Society",
            "opinions, stance, bias in embeddings, surveys, the spread of rumours",
            "Models measure opinions and imitate people."),
)


@cache
def panels() -> tuple[Panel, ...]:
    """Every panel, lecture by lecture, in the order of the course's concept numbers."""
    found = []
    for lecture in LECTURES:
        try:
            folder = resources.files(f"visualizers.{lecture.folder}")
        except ModuleNotFoundError:
            continue
        names = sorted(one.name for one in folder.iterdir()
                       if one.is_dir() and one.joinpath("panel.py").is_file())
        group: list[Panel] = [
            import_module(f"visualizers.{lecture.folder}.{name}.panel").PANEL for name in names
        ]
        found += sorted(group, key=lambda one: (_number(one), one.id))
    return tuple(found)


def _number(panel: Panel) -> tuple[int, ...]:
    first = panel.concepts[0] if panel.concepts else "99"
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in first.split("."))


def panel(id: str) -> Panel:
    """The panel called ``id``; ``Refusal`` names the nearest match if there is none."""
    known = {one.id: one for one in panels()}
    if id not in known:
        near = difflib.get_close_matches(id, known, n=1, cutoff=0.0)
        raise Refusal("There is no panel {name}; the nearest is {near}.",
                      name=repr(id), near=near[0] if near else "-")
    return known[id]


def lecture_of(panel: Panel) -> Lecture:
    """The lecture that a panel belongs to."""
    return next(one for one in LECTURES if one.folder == panel.lecture)


@cache
def texts(package: str, language: str) -> dict[str, Any]:
    """A panel's translation table, ``zh.toml`` of its folder; empty for English."""
    return {} if language == "en" else read_table(package, f"{language}.toml")


def supports(course: Iterable[Panel]) -> dict[str, tuple[str, ...]]:
    """Id of each panel to those of other lectures that rest on it, in the course's order."""
    there = tuple(course)
    return {one.id: tuple(other.id for other in there if one.id in other.rests_on) for one in there}


def beyond(id: str, near: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """All that is reached from a panel along ``near``, the near ones first; without itself."""
    found = list(near.get(id, ()))
    for each in found:  # which grows on the way
        found += [one for one in near.get(each, ()) if one not in found and one != id]
    return tuple(found)


@dataclass(frozen=True)
class Said:
    """A panel's words in one language, with English where a translation is missing."""

    panel: Panel
    language: str

    @property
    def _table(self) -> dict[str, Any]:
        return texts(self.panel.package, self.language)

    @property
    def title(self) -> str:
        return str(self._table.get("title", self.panel.title))

    @property
    def claim(self) -> str:
        return str(self._table.get("claim", self.panel.claim))

    @property
    def warning(self) -> str:
        """What the page says for good, because of its lecture's field; mostly nothing."""
        warning = lecture_of(self.panel).warning
        return window_words(self.language)(warning) if warning else ""

    @property
    def rests_on(self) -> tuple[tuple[str, str], ...]:
        """Id and title of each panel of another lecture whose ideas it uses."""
        return tuple((id, Said(panel(id), self.language).title) for id in self.panel.rests_on)

    def label(self, name: str) -> str:
        label = self._declared(name).label
        return str(self._param(name).get("label", glossary_words(self.language).get(label, label)))

    def help(self, name: str) -> str:
        return str(self._param(name).get("help", self._declared(name).help))

    def choice(self, name: str, value: str) -> str:
        """What a choice is called on the page."""
        return str(self._param(name).get("choices", {}).get(value, value))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declarations with this language's defaults: a Chinese window opens Chinese data."""
        return tuple(replace(one, default=self._param(one.name).get("default", one.default))
                     for one in self.panel.parameters)

    def params(self) -> Any:
        """The values that a page begins with in this language."""
        return changed(self.panel.params(), **{one.name: one.default for one in self.parameters})

    def value(self, name: str, value: Any) -> str:
        """A parameter's value as it is written on the page, without its unit."""
        one = self._declared(name)
        if one.off is not None and value == one.off:
            return self.words()("off")
        if isinstance(value, bool):
            return self.words()("on") if value else self.words()("off")
        if one.kind == "choice":
            return self.choice(name, value)
        return written(one, value) if one.kind in ("number", "integer") else str(value)

    @property
    def headline(self) -> str:
        """What the scalar by which runs are compared is called in a sentence."""
        return self.words()(self.panel.headline_label)

    def words(self) -> Words:
        """The window's words with the panel's own on top."""
        return window_words(self.language).with_table(self._table.get("words", {}))

    def guide(self) -> str:
        """The guide's Markdown; the English one where this language has none."""
        folder = resources.files(self.panel.package)
        for name in (f"guide.{self.language}.md", "guide.en.md"):
            if folder.joinpath(name).is_file():
                return folder.joinpath(name).read_text("utf-8")
        return ""

    def _param(self, name: str) -> dict[str, Any]:
        return dict(self._table.get("params", {}).get(name, {}))

    def _declared(self, name: str) -> Any:
        return next(one for one in self.panel.parameters if one.name == name)


def about(concept: str) -> tuple[Panel, ...]:
    """The panels that show the term of the glossary that is called so, in whatever language."""
    wanted, found = concept.strip().casefold(), dict[str, Panel]()
    for language in LANGUAGES:
        for term in terms(language).values():
            if wanted in map(str.casefold, (term.name, *term.also)):
                found |= {one.id: one for one in showing(term.id, language)}
    return tuple(one for one in panels() if one.id in found)


@cache
def showing(term: str, language: str) -> tuple[Panel, ...]:
    """The panels that show a term of the glossary: their guide, their keywords or their pictures
    mention it."""
    names = (terms("en")[term], terms(language)[term])

    def shows(one: Panel) -> bool:
        painted = texts(one.package, "zh").get("words", {})  # the keys are the English texts
        return names[1].in_text(Said(one, language).guide()) or any(
            name.in_text(text) for text in (*one.keywords, *painted) for name in names)

    return tuple(one for one in panels() if shows(one))
