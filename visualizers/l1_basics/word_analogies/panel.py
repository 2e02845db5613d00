"""Sums of word vectors: a − b + c, in vectors that were trained on billions of words, or that learn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import flag, hidden, integer, number, source
from widgets.controls.parameters import text as typed
from widgets.controls.speeds import Speed

NEAR = 6  # words nearest to the sum that are listed
PAIRS = 10  # pairs of the relation that the map shows


@dataclass(frozen=True)
class Params:
    vectors: str = source("vectors", "news-vectors", label="Word vectors", help=(
        "Vectors that were trained on billions of words, or few that learn here and now."))
    question: str = typed("king − man + woman", label="Question", help=(
        "Three words, a − b + c: what is to c as a is to b? Drag the corners of the map, or type."))
    aside: bool = flag(True, label="Set the three words aside", help=(
        "Whether a, b and c themselves are left out when the nearest word is looked for."))
    among: int = integer(400_000, 100, 400_000, log=True, unit="word", restart=False, label="Search among",
                         help="Only this many of the most frequent words can be the answer.")
    text: str = source("text", "python-reference", help="What is learnt from, where vectors learn here.")
    window: int = integer(5, 1, 10, unit="word", help="How far a neighbour may be that is learnt from.")
    vocabulary: int = integer(500, 100, 1200, log=True, unit="word", help=(
        "Only this many of the most frequent words are learnt, and those of the relations."))
    dimension: int = integer(50, 2, 100, log=True, help="Numbers in a vector that is learnt here.")
    learning_rate: float = number(0.1, 0.005, 1.0, log=True, help="Size of one update (Adagrad).")
    seed: int = integer(0, 0, 999, help="Decides the first vectors of those that are learnt.")
    beside: str = hidden("relations", stays=True, help="What the second card shows.")


@dataclass(frozen=True)
class Frame:
    """n words on the map; S relations with what became of their questions."""

    words: Annotated[tuple[str, ...], "n", "n ≥ 3"]
    points: Annotated[Float32, "n 2", "any"]  # on the map
    closeness: Annotated[Float32, "n", "-1 … 1"]  # cosine with a − b + c, in all dimensions
    corners: Annotated[Int32, "3", "0 … n-1"]  # a, b and c
    target: Annotated[Float32, "2", "any"]  # a − b + c
    pairs: Annotated[Int32, "P 2", "0 … n-1"]  # of the same relation
    held: Annotated[float, "0 … 1"]  # share of these words' spread that the map shows
    near: Annotated[Int32, "K", "0 … n-1", "K ≤ NEAR"]  # nearest to a − b + c, nearest first
    cosines: Annotated[Float32, "K", "-1 … 1"]
    itself: Annotated[int, "0 … n-1"]  # the nearest with nothing set aside
    expected: str  # the answer that the relation gives; empty where there is none
    place: Annotated[int, "≥ 0"]  # the place at which it was found; 0 where it was not looked for
    unknown: Annotated[tuple[str, ...], "U"]  # words of the question that have no vector

    relations: Annotated[tuple[str, ...], "S"]
    relation: Annotated[int, "-1 … S-1"]  # of the question; −1 for none
    answered: Annotated[Float32, "S", "0 … 1"]  # share of its questions answered, the three words set aside
    answered_itself: Annotated[Float32, "S", "0 … 1"]  # … with nothing set aside
    asked: Annotated[Int32, "S", "≥ 0"]  # questions
    starts: Annotated[tuple[str, ...], "S"]  # a question of each relation
    searched: Annotated[int, "≥ 1"]
    trained: bool  # whether the vectors learn here
    title: str


PANEL = Panel(
    id="word_analogies",
    title="Word analogies",
    claim="a − b + c ends near the wanted word; nearer still is mostly one of the three, which must be set "
          "aside.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.word_analogies.experiment:WordAnalogies",
    view="visualizers.l1_basics.word_analogies.view:WordAnalogiesView",
    scalars=("right", "right_itself", "copied"),
    headline="right",
    headline_label="questions answered",
    concepts=("1.14",),
    speed=Speed.FRAME,
    keywords=("analogy", "king", "queen", "GloVe", "word2vec", "3CosAdd", "nearest neighbour",
              "word vector", "parallelogram", "词类比", "词向量", "平行四边形", "最近邻"),
    sources=("questions-words",),
    proved_with={"vocabulary": 150, "dimension": 8},
)
