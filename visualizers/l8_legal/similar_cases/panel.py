"""Similar cases: what words find, what sentence vectors find, and what elements find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source

CHARGE_IDS, ELEMENT_IDS = tuple(one.id for one in CHARGES), tuple(ELEMENTS)
CANDIDATES = 30
SIMILAR = 6  # candidates of the query's own charge
QUERIES = 18  # over which the means are taken
GRADES = 3  # the highest relevance
OTHER, LIKE, TRAP = range(3)  # what a candidate was made as


@dataclass(frozen=True)
class Params:
    language: Literal["English", "Chinese"] = choice(
        "English", help="In which language the made cases are told.")
    query: int = integer(
        6, 0, QUERIES - 1, label="Query", help="Which case similar ones are looked for.")
    wording: Literal["lay", "legal"] = choice(
        "lay", label="The query's words",
        help="How the query is told: in everyday words, or in those of a judgment. The similar cases are "
             "told as in judgments.")
    traps: int = integer(
        6, 0, 12, label="Lexical traps",
        help="So many of the 30 candidates tell the query's own story, the same place, things and "
             "sentences, but of another crime.")
    left: Literal["BM25", "sentence vectors"] = choice(
        "BM25", label="Left column",
        help="BM25 counts the words that two texts share; sentence vectors are compared by their angle. "
             "The right column always compares elements.")
    model: str = source(
        "model", "minilm", needs="encode", when={"left": ("sentence vectors",)}, label="Sentence vectors",
        help="The trained encoder whose vectors, averaged over a text, stand for it.")
    noise: float = number(
        0.05, 0.0, 0.5, label="Detector's errors",
        help="How often the detector of elements is wrong about one, in the query and in the candidates.")
    depth: int = integer(
        10, 1, CANDIDATES, restart=False, label="NDCG of the first", unit="place",
        help="How far down somebody reads.")
    k1: float = number(1.5, 0.0, 3.0, label="BM25: k₁", when={"left": ("BM25",)},
                       help="How slowly a repeated word saturates.")
    b: float = number(0.75, 0.0, 1.0, label="BM25: b", when={"left": ("BM25",)},
                      help="How much the length of a text counts.")
    seed: int = integer(0, 0, 999, help="Draws other cases and other errors of the detector.")
    chosen: int = hidden(-1)  # the candidate that is looked at; −1: the first of the left column
    statute: int = hidden(-1)  # the statute that is looked at; −1: the right one
    graded: tuple[object, ...] = hidden((), stays=True)  # (whose candidates, candidate, grade, …)
    page: str = hidden("cases", stays=True)  # or "statutes"
    beside: str = hidden("elements", stays=True)  # or "ndcg"


def graded_for(params: Params) -> str:
    """What grades by hand belong to: these candidates only."""
    return f"{params.seed}/{params.query}/{params.traps}/{params.wording}"


@dataclass(frozen=True)
class Frame:
    """N candidates in two orders: by words on the left, by elements on the right; and nine statutes."""

    charge: Annotated[int, "0 … len(CHARGE_IDS)-1"]  # of the query
    charges: Annotated[Int32, "N", "N = CANDIDATES", "0 … len(CHARGE_IDS)-1"]  # of the candidates
    kinds: Annotated[Int32, "N", "0 … TRAP"]
    scores: Annotated[Float32, "2 N", "any"]
    orders: Annotated[Int32, "2 N", "0 … N-1"]  # the candidates from the first place to the last
    relevance: Annotated[Int32, "N", "0 … GRADES"]  # by elements, or as graded by hand
    adds: Annotated[Float32, "2 N", "0 … 1"]  # what each place adds to the NDCG of its column
    ndcg: Annotated[Float32, "2", "0 … 1"]
    mean_ndcg: Annotated[Float32, "2", "0 … 1", "or NaN"]  # over QUERIES queries; of vectors not known
    trap_place: Annotated[Float32, "2", "≥ 0"]  # mean place of the traps; 0 without any
    like_place: Annotated[Float32, "2", "≥ 1"]  # and of the cases of the query's charge
    ndcg_elements: Annotated[float, "0 … 1"]  # the right column's

    chosen: Annotated[int, "0 … N-1"]  # the candidate that is looked at
    tokens: Annotated[tuple[str, ...], "n", "n ≥ 1"]  # the query's words …
    parts: Annotated[Float32, "n", "≥ 0"]  # … and what each adds to the score of what is looked at
    other: Annotated[tuple[str, ...], "m", "m ≥ 1"]  # the words of the candidate, or of the statute …
    shared: Annotated[UInt8, "m", "0 … 1"]  # … and which of them the query has, too
    query_true: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]
    query_found: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]  # what the detector reports of the query
    true: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]  # of the candidate
    found: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]

    statute: Annotated[int, "0 … len(CHARGE_IDS)-1"]  # the one that is looked at
    statute_scores: Annotated[Float32, "2 CHARGE_IDS", "≥ 0"]  # for the query in lay and in legal words
    statute_orders: Annotated[Int32, "2 CHARGE_IDS", "0 … len(CHARGE_IDS)-1"]
    statute_first: Annotated[Float32, "2", "0 … 1"]  # how often the right one is first, over 180 cases …
    statute_mrr: Annotated[Float32, "2", "0 … 1"]  # … and the mean of 1 / its place
    model: str  # whose sentence vectors are compared; empty for BM25
    language: str


PANEL = Panel(
    id="similar_cases",
    title="Similar cases",
    claim="The same words can tell another crime: ranked by elements, the traps fall and the similar "
          "cases rise.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l8_legal.similar_cases.experiment:SimilarCases",
    view="visualizers.l8_legal.similar_cases.view:SimilarCasesView",
    headline="ndcg_elements",
    headline_label="NDCG by elements",
    concepts=("8.7", "8.6"),
    rests_on=("attention_maps", "word2vec", "retrieval"),
    keywords=("law", "similar case retrieval", "statute retrieval", "BM25", "NDCG", "ranking",
              "sentence vectors", "elements", "LeCaRD", "lexical trap", "法律", "类案检索", "法条检索",
              "排序", "句向量", "要件"),
    trains=False,
)
