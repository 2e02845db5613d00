"""The ladder of word representations: the same words as one-hot vectors, counts, PPMI, SVD, and learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import hidden, integer, number, source
from widgets.controls.parameters import text as typed
from widgets.controls.speeds import Speed

LADDER = ("one-hot", "counts", "PPMI", "SVD", "learnt")
NEAR = 3  # nearest words that are listed
COLUMNS = 30  # numbers of a vector that are drawn
WORDS = 40  # words at most


@dataclass(frozen=True)
class Params:
    text: str = source("text", "python-reference", help="What is counted, and learnt from.")
    words: str = typed("", label="Words", restart=True, help=(
        "Whose vectors are shown: groups of words, with commas between the groups. Empty: ten groups that "
        "suit the text."))
    window: int = integer(2, 1, 10, unit="word", help="How far a neighbour may be that is counted.")
    contexts: int = integer(400, 100, 1500, log=True, unit="word", help=(
        "Only neighbours among this many of the most frequent words are counted."))
    dimension: int = integer(16, 2, 100, log=True, help="Numbers in a vector of SVD and in a learnt one.")
    learning_rate: float = number(0.1, 0.005, 1.0, log=True, help="Size of one update (Adagrad).")
    seed: int = integer(0, 0, 999, help="Decides the first vectors of those that are learnt.")
    shown: str = hidden("learnt", stays=True, help="Which representation is shown.")
    word: int = hidden(-1, help="The word whose neighbours are listed; -1 for the first.")
    beside: str = hidden("five", stays=True, help="What the small card shows.")


@dataclass(frozen=True)
class Frame:
    """n words in R representations; K of the numbers that the shown one gives each word."""

    words: Annotated[tuple[str, ...], "n", "n ≥ 4"]
    group: Annotated[UInt8, "n", "0 … n-1"]  # words of a group stand together
    likeness: Annotated[Float32, "len(LADDER) n n", "-1 … 1"]  # cosines
    own: Annotated[Float32, "len(LADDER)", "0 … 1"]  # share of words whose nearest is of their own group
    within: Annotated[Float32, "len(LADDER)", "-1 … 1"]  # mean cosine of two words of one group
    between: Annotated[Float32, "len(LADDER)", "-1 … 1"]  # … and of different groups
    size: Annotated[Int32, "len(LADDER)", "≥ 1"]  # numbers in a vector
    filled: Annotated[Float32, "len(LADDER)", "≥ 0"]  # how many of them are not 0, on average
    agreement: Annotated[float, "-1 … 1"]  # correlation of the cosines of SVD and of the learnt vectors

    numbers: Annotated[Float32, "n K", "K ≤ COLUMNS", "any"]  # of the shown representation
    columns: Annotated[tuple[str, ...], "K"]  # what each of them counts; a number where it is a direction
    chosen: Annotated[int, "0 … n-1"]
    near: Annotated[Int32, "len(LADDER) NEAR", "0 … n-1"]  # nearest to the chosen word, nearest first


PANEL = Panel(
    id="word_representations",
    title="Word representations",
    claim="One-hot vectors know no likeness, raw counts find all alike; PPMI, SVD and training find the "
          "groups.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.word_representations.experiment:WordRepresentations",
    view="visualizers.l1_basics.word_representations.view:WordRepresentationsView",
    scalars=("loss", "own", "agreement"),
    headline="own",
    headline_label="nearest word of the own group",
    concepts=("1.3",),
    speed=Speed.FRAME,
    keywords=("one-hot", "co-occurrence", "PPMI", "pointwise mutual information", "SVD", "LSA",
              "word vector", "embedding", "distributional", "cosine", "独热", "共现", "点互信息",
              "奇异值分解", "词嵌入", "词向量", "分布式表示", "余弦"),
    proved_with={"contexts": 200, "dimension": 8},
)
