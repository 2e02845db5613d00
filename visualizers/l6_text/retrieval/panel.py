"""Retrieval: words that are counted against vectors that are learnt from other people's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, text

METHODS = ("encoder", "BM25", "late interaction")
SHOWN = 16  # queries of the matrix, and their documents
GRADES = 3  # the highest relevance
# Ranked lists to be dragged: the relevance of what stands at each place.
LISTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "one right document": ((0, 0, 1, 0, 0), (0, 1, 0, 0, 0), (1, 0, 0, 0, 0)),
    "two right documents": ((1, 0, 1, 0, 0), (0, 1, 0, 0, 1)),
    "graded": ((1, 3, 0, 2, 0), (3, 2, 1, 0, 0)),
}


@dataclass(frozen=True)
class Params:
    query: str = text(
        "", label="Query", help="Type a disease in your own words, in English; empty takes the chosen row of "
                                "the matrix.")
    batch: int = integer(
        64, 4, 512, log=True, label="Batch size", unit="pair",
        help="How many pairs of a name and its title learn together. The titles of the others are each "
             "name's wrong answers.")
    temperature: float = number(
        0.1, 0.02, 1.0, log=True, label="Temperature τ",
        help="Divides the scores in training: a small one makes the nearest wrong title matter most.")
    hard: Literal["none", "BM25's", "the encoder's own"] = choice(
        "none", label="Hard negatives",
        help="One more wrong title for each name: the best wrong one of BM25, or that of the encoder as it "
             "is now.")
    spare: bool = flag(
        False, label="Leave false negatives out",
        help="Titles of others in the batch that are right for a name as well do not count as wrong.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    k1: float = number(1.5, 0.0, 3.0, label="BM25: k₁", help="How slowly a repeated word saturates.")
    b: float = number(0.75, 0.0, 1.0, label="BM25: b", help="How much the length of a title counts.")
    lists: Literal["one right document", "two right documents", "graded"] = choice(
        "one right document", restart=False, label="Lists to drag",
        help="Which ranked lists the page Measures begins with.")
    width: int = integer(64, 8, 128, log=True, label="Embedding size", unit="number",
                         help="How many numbers stand for a name or a title.")
    seed: int = integer(0, 0, 999, help="Draws other test names, weights and batches.")
    chosen: tuple[int, int] = hidden((-1, -1))  # row of the matrix, number of a title; -1 its own
    dragged: tuple[object, ...] = hidden((), stays=True)  # (lists, relevance, relevance, …)
    race: str = hidden("steps", stays=True)  # or "pairs", "mrr", "loss"
    beside: str = hidden("words", stays=True)  # or "found", "measures"


@dataclass(frozen=True)
class Frame:
    """A query of n words and a title of m; K titles that were found; Q ranked lists of L places."""

    cosines: Annotated[Float32, "SHOWN SHOWN", "-1 … 1"]  # of names, down, and titles, across
    same: Annotated[UInt8, "SHOWN SHOWN", "0 … 1"]  # 1 where a title is right for a name
    names: Annotated[tuple[str, ...], "SHOWN"]
    titles: Annotated[tuple[str, ...], "SHOWN"]
    documents: Annotated[Int32, "SHOWN", "≥ 0"]  # the titles' numbers among all
    diagonal: Annotated[float, "0 … 1"]  # share of rows in which a right title is the largest
    false: Annotated[float, "0 … 1"]  # share of rows with a false negative, in batches of this size

    row: Annotated[int, "-1 … SHOWN-1"]  # −1: an own query
    document: Annotated[int, "≥ 0"]  # the number of the title that is looked at …
    title: str
    query: Annotated[tuple[str, ...], "n"]  # … and the words of both
    words: Annotated[tuple[str, ...], "m", "m ≥ 1"]
    grid: Annotated[Float32, "n m", "-1 … 1"]  # how alike each word is to each
    best: Annotated[Int32, "n", "0 … m-1"]  # the word of the title that is most like it
    parts: Annotated[Float32, "n", "≥ 0"]  # what BM25 gives for each word
    scores: Annotated[Float32, "3", "any"]  # of this pair, by METHODS

    candidates: Annotated[tuple[str, ...], "K"]  # what either finds; none while they are not looked at
    numbers: Annotated[Int32, "K", "≥ 0"]
    found: Annotated[Float32, "2 K", "any"]  # their scores, encoder and BM25
    places: Annotated[Int32, "2 K", "≥ 1"]  # among all titles
    right: Annotated[int, "-1 … K-1"]  # the right one; −1 for an own query

    hit: Annotated[Float32, "3", "0 … 1"]  # share of test names whose title comes first, ties by lot
    #                                        (of late interaction, over 120 of the names)
    mrr: Annotated[Float32, "3", "0 … 1"]
    hit_lenient: Annotated[float, "0 … 1"]  # of BM25, if all that tie for the first place were right
    strange: Annotated[float, "0 … 1"]  # share of test names without a word of their title
    hit_strange: Annotated[Float32, "3", "0 … 1"]  # hit@1 among these

    relevance: Annotated[Int32, "Q L", "0 … GRADES", "Q ≥ 1", "L ≥ 1"]  # of the lists that are dragged
    reciprocal: Annotated[Float32, "Q", "0 … 1"]
    precision: Annotated[Float32, "Q", "0 … 1"]
    ndcg: Annotated[Float32, "Q", "0 … 1"]


PANEL = Panel(
    id="retrieval",
    title="Retrieval",
    claim="Other queries' answers are free wrong answers: with enough of them, the scores turn diagonal.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l6_text.retrieval.experiment:Retriever",
    view="visualizers.l6_text.retrieval.view:RetrievalView",
    scalars=("loss", "pairs", "hit_encoder", "hit_bm25", "hit_late", "mrr_encoder"),
    sources=("icd-10-cm",),
    rests_on=("word2vec",),
    headline="hit_encoder",
    headline_label="the encoder's hit@1",
    concepts=("6.1", "6.2", "6.3", "6.4", "6.5", "6.7"),
    keywords=("retrieval", "information retrieval", "BM25", "dual encoder", "DPR", "in-batch negatives",
              "hard negatives", "ANCE", "false negatives", "ColBERT", "late interaction", "MaxSim", "MRR",
              "MAP", "NDCG", "hit@1", "TF-IDF", "检索", "双塔", "批内负例", "难负例", "假负例", "延迟交互",
              "排序指标"),
    proved_with={"width": 16},
)
