"""A closed and an open book: what a model learnt by heart, and what it can look up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, text

NEW = 24      # people of whom nothing is learnt
LISTED = 8    # questions of each set whose answers are listed
FOUND = 3     # passages that are shown
WAYS = ("closed book", "open book", "passage removed")
TRAINED = {"reader": ("trained here",)}


@dataclass(frozen=True)
class Params:
    reader: Literal["trained here", "SmolLM2"] = choice("trained here", label="Who answers", help=(
        "Two small networks that learn old facts now, or a real language model once it is fetched: its old "
        "facts are capitals, which it may have read of."))
    retriever: Literal["BM25", "dual encoder"] = choice("BM25", help=(
        "What looks for passages: words that are counted, or vectors that are trained at the same time "
        "(for SmolLM2 before it is asked, on other people)."))
    passages: int = integer(1, 1, FOUND, unit="passage", restart=False, label="Passages read", help=(
        "How many of the passages found are read; the likeliest span of all is the answer."))
    wrong: float = number(0.25, 0.0, 0.5, label="Wrong passages", restart=True, when=TRAINED, help=(
        "How often the reader is given a passage without the answer in training, and has to say so."))
    people: int = integer(48, 12, 96, log=True, label="People learnt", when=TRAINED,
                          help="Of each of them three facts are learnt.")
    learning_rate: float = number(0.01, 1e-4, 0.03, log=True, when=TRAINED,
                                  help="Size of one update (Adam).")
    question: str = text("", label="Your question", help=(
        "Is asked instead of the one that is chosen in the list; empty asks that one."))
    passage: str = text("", label="Your passage", help=(
        "Is read instead of what is found. Tell something new of somebody, and ask for it."))
    seed: int = integer(0, 0, 999, help="Draws other people, other facts and other weights.")
    chosen: int = hidden(-1, help="The question whose reading is shown; −1: the first new one.")
    beside: str = hidden("answers", stays=True,
                         help="What the lower card shows: answers, open, removed or found.")


@dataclass(frozen=True)
class Frame:
    """R questions that are listed, T and U tokens of passages, K passages found. Three rows: closed book,
    open book, passage removed; two columns: old facts, new facts."""

    exact: Annotated[Float32, "3 2", "0 … 1"]  # share of exact matches
    f1: Annotated[Float32, "3 2", "0 … 1"]
    silent: Annotated[Float32, "3 2", "0 … 1"]  # share of questions that get no answer
    right_kind: Annotated[float, "0 … 1"]  # closed answers to new questions that are at least of the kind
    hit: Annotated[Float32, "2", "0 … 1"]  # questions whose own passage is found first
    backed: Annotated[float, "0 … 1"]  # open answers that stand in the passage that they name
    asked: Annotated[int, "≥ 0"]  # questions that have been asked of old and new facts
    questions: Annotated[tuple[str, ...], "R", "R ≥ 1"]
    new: Annotated[UInt8, "R", "0 … 1"]
    truth: Annotated[tuple[str, ...], "R"]
    closed: Annotated[tuple[str, ...], "R"]  # answers; empty for none …
    open: Annotated[tuple[str, ...], "R"]
    removed: Annotated[tuple[str, ...], "R"]
    cited: Annotated[tuple[str, ...], "R"]  # the passage that an open answer names
    known: Annotated[UInt8, "R", "0 … 1"]  # whether it has been asked yet
    chosen: Annotated[int, "-1 … R-1"]  # −1: the user's own question
    question: str
    answers: Annotated[tuple[str, ...], "3"]  # to that question
    tokens: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # what is read; the first stands for "no answer"
    start: Annotated[Float32, "T", "0 … 1"]
    end: Annotated[Float32, "T", "0 … 1"]
    removed_tokens: Annotated[tuple[str, ...], "U", "U ≥ 1"]
    removed_start: Annotated[Float32, "U", "0 … 1"]
    removed_end: Annotated[Float32, "U", "0 … 1"]
    found: Annotated[tuple[str, ...], "K", "K ≥ 1"]
    found_scores: Annotated[Float32, "K", "any"]
    own: Annotated[int, "-1 … K-1"]  # which of them has the answer; −1: none, or not known
    real: bool  # whether SmolLM2 answers


PANEL = Panel(
    id="open_book",
    title="Closed and open book",
    claim="What a model has learnt by heart it knows; a new fact it can only read from a passage put before "
          "it.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l6_text.open_book.experiment:OpenBook",
    view="visualizers.l6_text.open_book.view:OpenBookView",
    scalars=("loss", "closed_loss", "closed_old", "closed_new", "open_old", "open_new", "removed_new"),
    headline="open_new",
    headline_label="exact matches on new facts with the book open",
    concepts=("6.9", "6.11"),
    keywords=("question answering", "reading comprehension", "SQuAD", "retrieval", "RAG", "REALM", "DrQA",
              "closed book", "open book", "span", "F1", "exact match", "hallucination", "问答", "阅读理解",
              "检索增强", "闭卷", "开卷", "幻觉"),
    sources=("smollm2",),
    rests_on=("text_cnn", "language_model"),
    proved_with={"people": 16},
)
