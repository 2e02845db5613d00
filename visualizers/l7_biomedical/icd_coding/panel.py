"""Finding the code of a diagnosis: words that are counted, vectors that are learnt, and the margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int16, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, text

METHODS = ("encoder", "BM25")
FIFTHS = 5  # groups of answers, from the smallest margins to the largest
EXAMPLES = 200  # names of the test part that can be looked at


@dataclass(frozen=True)
class Params:
    query: str = text(
        "", label="Diagnosis", help="Type a diagnosis in your own words, in English; empty shows a name "
                                    "of the test part.")
    example: int = integer(
        55, 0, EXAMPLES - 1, restart=False, when={"query": ("",)}, label="Test name",
        help="Which name of the test part is shown. The encoder did not learn from it.")
    negated: bool = flag(
        False, label="Say “no sign of” first",
        help="The words “no sign of” are put before what is asked. A patient without it has no code.")
    rule: bool = flag(
        False, label="Negation rule",
        help="Words behind “no”, “without”, “not” … up to “but” are crossed out before the search (the "
             "idea of NegEx).")
    reads: Literal["titles", "titles and synonyms"] = choice(
        "titles", restart=False, label="BM25 reads",
        help="The titles of the codes alone, or also the other names from which the encoder learns.")
    held_out: Literal["names", "codes"] = choice(
        "names", label="Held out",
        help="Names: one in eight other names is for testing, of codes that have learnt ones too. Codes: "
             "all names of one code in eight, which the encoder never meets.")
    pieces: Literal["words and pieces", "whole words"] = choice(
        "words and pieces", label="Encoder reads",
        help="Whole words alone, or also their runs of three to five characters.")
    temperature: float = number(
        0.1, 0.02, 1.0, log=True, label="Temperature τ",
        help="Divides the cosines in training: a small one makes the nearest wrong code matter most.")
    batch: int = integer(
        64, 4, 256, log=True, restart=False, label="Batch size", unit="pair",
        help="How many pairs of name and title learn together; each name is told apart from the titles "
             "of the others.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    width: int = integer(64, 8, 128, log=True, label="Embedding size", unit="number",
                         help="How many numbers stand for a name or a title.")
    seed: int = integer(0, 0, 999, help="Draws other test names, weights and batches.")
    chapter: int = hidden(-1)  # the chapter that fills the map; -1 shows all
    code: int = hidden(-1)  # the code whose words are looked at; -1 the encoder's best
    beside: str = hidden("margin", stays=True)  # or "hit", "mrr"


@dataclass(frozen=True)
class Frame:
    """A query of n words against N codes in C chapters and B blocks, by two methods (``METHODS``)."""

    words: Annotated[tuple[str, ...], "n"]  # of the query
    crossed: Annotated[UInt8, "n", "0 … 1"]  # 1 for those that the negation rule takes out
    adds: Annotated[Float32, "2 n", "any"]  # what each word adds to the score of the chosen code
    scores: Annotated[Float32, "2 N", "any"]  # cosine; BM25
    codes: Annotated[tuple[str, ...], "N", "N ≥ 2"]
    titles: Annotated[tuple[str, ...], "N"]
    chapter: Annotated[Int16, "N", "0 … C-1"]  # of each code
    block: Annotated[Int16, "N", "0 … B-1"]
    chapters: Annotated[tuple[str, ...], "C"]
    blocks: Annotated[tuple[str, ...], "B"]
    truth: Annotated[int, "-1 … N-1"]  # the right code; −1 for an own query
    chosen: Annotated[int, "0 … N-1"]
    best: Annotated[tuple[int, ...], "2", "0 … N-1"]  # the code with the highest score, of several the first
    tied: Annotated[Int32, "2", "1 … N"]  # how many have that score
    margin: Annotated[Float32, "2", "≥ 0"]  # by which it is ahead of the next
    fifth: Annotated[Int32, "2", "0 … FIFTHS-1"]  # of the test names, by margin, in which this would be
    right_in_fifth: Annotated[Float32, "2 FIFTHS", "0 … 1"]  # share of right answers there
    margins: Annotated[Float32, "2 FIFTHS", "≥ 0"]  # the mean margin there
    hit: Annotated[Float32, "2", "0 … 1"]  # share of test names whose code comes first, ties by lot
    hit_lenient: Annotated[Float32, "2", "0 … 1"]  # … and if all that tie for the first place were right
    hit_10: Annotated[Float32, "2", "0 … 1"]
    mrr: Annotated[Float32, "2", "0 … 1"]
    strange: Annotated[float, "0 … 1"]  # share of test names without a word of their code's title
    hit_strange: Annotated[Float32, "2", "0 … 1"]  # hit@1 among these
    deaf: Annotated[Float32, "2", "0 … 1"]  # test names with the same answer after “no sign of”
    tells: Annotated[Float32, "2", "0 … 1"]  # how often a right answer has a larger margin than a wrong one


PANEL = Panel(
    id="icd_coding",
    title="From diagnosis to code",
    claim="There is always a best code; how far it is ahead of the next one tells whether to trust it.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.icd_coding.experiment:Coder",
    view="visualizers.l7_biomedical.icd_coding.view:CoderView",
    scalars=("loss", "hit_encoder", "hit_bm25", "mrr_encoder", "mrr_bm25"),
    sources=("icd-10-cm",),
    rests_on=("word2vec", "retrieval"),
    headline="hit_encoder",
    headline_label="the encoder's hit@1",
    concepts=("7.3", "6.4", "6.5"),
    keywords=("ICD-10", "coding", "entity linking", "retrieval", "BM25", "dual encoder", "DPR",
              "in-batch negatives", "negation", "NegEx", "margin", "疾病编码", "实体链接", "检索", "双塔",
              "批内负例", "否定"),
    proved_with={"batch": 8, "width": 8},
)
