"""A model writes legal answers with citations, and every citation is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.statutes import STATUSES
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number, source, text

ANSWERS = 24  # answers that are checked
TEMPERATURES = (0.3, 0.6, 0.9, 1.2)
VERDICTS = (*STATUSES, "invented")
TRAINED = {"writer": ("trained here",)}


@dataclass(frozen=True)
class Params:
    book: str = source(
        "statutes", "made-statutes", label="Statutes",
        help="The articles that are learnt, each behind its citation, and that citations are looked up "
             "in.")
    writer: Literal["trained here", "SmolLM2"] = choice(
        "trained here", help="A small recurrent network that learns the statutes now, or a real language "
                             "model that has read much, once it is fetched. Ask that one in English.")
    retrieve: bool = flag(
        False, label="Retrieve first",
        help="Before it writes, BM25 looks for articles in force that fit the question; only these can "
             "be cited.")
    temperature: float = number(
        0.6, 0.0, 1.5, help="Divides the scores before the next character is drawn: 0 always takes the "
                            "best, more is bolder.")
    question: str = text(
        "", label="Your question",
        help="Is answered several times; empty asks about articles of the statutes.")
    hidden_size: int = integer(
        96, 16, 256, log=True, unit="unit", label="Hidden units", when=TRAINED,
        help="Numbers in the network's state.")
    learning_rate: float = number(
        0.01, 1e-4, 0.05, log=True, when=TRAINED, help="Size of one update (Adam).")
    batch: int = integer(16, 4, 32, log=True, unit="article", when=TRAINED,
                         help="Articles that are read in one step.")
    seed: int = integer(0, 0, 999, help="Where the random numbers begin, and which articles are asked about.")
    chosen: int = hidden(-1, help="The citation that is looked up; −1: the first that is invented.")
    beside: str = hidden("training", stays=True, help="What the small plot shows: training or temperature.")


@dataclass(frozen=True)
class Frame:
    """A answers with C citations in them, the nearest articles N to the chosen one, S temperatures."""

    questions: Annotated[tuple[str, ...], "A", "A ≥ 1"]
    answers: Annotated[tuple[str, ...], "A"]
    at: Annotated[Int32, "C", "0 … A-1"]  # the answer in which each citation stands …
    starts: Annotated[Int32, "C", "≥ 0"]  # … from this character of it …
    ends: Annotated[Int32, "C", "> 0"]  # … to the one before this
    verdicts: Annotated[tuple[str, ...], "C", "in VERDICTS"]
    real: Annotated[tuple[str, ...], "C"]  # the article itself, or the nearest one to what is invented
    chosen: Annotated[int, "-1 … C-1"]  # the citation that is looked up
    near: Annotated[tuple[str, ...], "N"]  # what it cites, or the articles that lie nearest
    near_status: Annotated[tuple[str, ...], "N", "in STATUSES"]
    near_text: Annotated[tuple[str, ...], "N"]
    asked: Annotated[tuple[str, ...], "A"]  # the article that answers; empty for an own question
    shares: Annotated[Float32, "VERDICTS", "0 … 1"]  # of all citations; none where nothing is cited
    fluent: Annotated[float, "0 … 1"]  # share of what is written that the statutes have: words, or in
    #                                    Chinese pairs of characters
    kept: Annotated[float, "0 … 1"]  # share of the words behind a citation that its article has
    right: Annotated[float, "0 … 1"]  # share of answers that cite the article that was asked about
    temperatures: Annotated[Float32, "S", "0 … 2"]
    invented_at: Annotated[Float32, "S", "0 … 1"]
    fluent_at: Annotated[Float32, "S", "0 … 1"]
    found: Annotated[float, "0 … 1"]  # how often the search has that article first; 0 without it
    articles: Annotated[int, "≥ 1"]
    laws: Annotated[int, "≥ 1"]
    weights: Annotated[int, "≥ 0"]
    language: str
    title: str
    writing: bool  # whether a real model is still at it


PANEL = Panel(
    id="citations",
    title="Citations that can be checked",
    claim="A language model writes like the law long before its citations are right; whether a cited "
          "article exists can be looked up exactly.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l8_legal.citations.experiment:Citations",
    view="visualizers.l8_legal.citations.view:CitationsView",
    scalars=("loss", "fluent", "invented", "old", "right"),
    headline="invented",
    headline_label="invented citations",
    concepts=("8.6", "8.10"),
    keywords=("hallucination", "citation", "statute", "retrieval", "RAG", "BM25", "grounding", "law",
              "幻觉", "引用", "法条", "检索增强", "法律", "条文"),
    rests_on=("rnn_lm", "retrieval", "open_book"),
    proved_with={"hidden_size": 16, "batch": 4},
)
