"""Bias in word vectors: an association test beside all that chance could have given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source
from widgets.controls.speeds import Speed

EDGES = np.linspace(-2.0, 2.0, 51)  # of the histogram: no effect is larger than 2
SHARES = tuple(one / 10 for one in range(11))  # of the axis that may be taken out
SLIDER = tuple(one / 10 for one in range(11))  # associations at which a corpus is counted
NEAR = 5  # nearest neighbours
OUT = 2  # the row of words that take no part
TRAINED = "trained-vectors"


@dataclass(frozen=True)
class Params:
    vectors: str = source("vectors", "news-vectors", label="Word vectors", help=(
        "Vectors that were trained on real texts, or a few that learn here and now."))
    test: Literal[
        "instruments / weapons", "flowers / insects", "names of men / of women", "mathematics / arts",
        "science / arts", "flowers / insects, Chinese", "science / arts, Chinese"] = choice(
        "instruments / weapons", label="Word sets",
        help="Two sets of words that are compared. The Chinese ones are learnt here, as no real Chinese "
             "vectors are at hand.")
    association: float = number(
        0.5, 0.0, 1.0, help="How firmly the made corpus puts the first set with the first attribute and "
        "the second with the second: 0 by the toss of a coin, 1 always.")
    projected: float = number(
        0.0, 0.0, 1.0, label="Axis taken out", help="The share of the attribute axis that is subtracted "
        "from every compared word; at 1 nothing of it is left.")
    tail: Literal["larger", "either side"] = choice(
        "larger", restart=False, label="What counts against it", help="Divisions that count for the p "
        "value: with an effect as large, or as far from 0 to either side.")
    dimension: int = integer(16, 4, 64, log=True, help="Numbers in a vector that is trained here.")
    learning_rate: float = number(0.1, 0.01, 0.5, log=True, help="Size of one update (Adagrad).")
    seed: int = integer(0, 0, 999, help="Draws another corpus and other first vectors, and the order of "
                        "the divisions.")
    moved: tuple[object, ...] = hidden((), help="Words that were moved by hand: the test, then each "
                                       "word's number and its row.", stays=True)
    word: int = hidden(-1, help="The word whose neighbours are listed; -1 for the first.")
    beside: str = hidden("projection", stays=True, help="What the small plot shows.")


def moved_key(params: Params) -> str:
    """Which words ``moved`` speaks of."""
    return f"{params.vectors} {params.test}"


@dataclass(frozen=True)
class Frame:
    """n words of two sets X and Y, and how much nearer each is to the attributes A than to B."""

    words: Annotated[tuple[str, ...], "n", "n ≥ 2"]  # of X as they are given, then of Y
    home: Annotated[UInt8, "n", "0 … 1"]  # the set that each is given in
    row: Annotated[UInt8, "n", "0 … OUT"]  # and the one it is in now, or out
    lean: Annotated[Float32, "n", "-2 … 2"]  # s(w) = mean cosine with A less that with B
    names: Annotated[tuple[str, ...], "4"]  # of X, Y, A and B
    asked: Annotated[int, "≥ 0"]  # words of X and Y in the lists; n of them have a vector

    counts: Annotated[Int32, "len(EDGES)-1", "≥ 0"]  # of the effects of divisions drawn so far
    drawn: Annotated[int, "≥ 0"]
    divisions: Annotated[int, "≥ 0"]  # that will be drawn
    exact: bool  # whether these are all that there are
    measurable: bool  # whether any word leans; else d is 0 / 0, and stands as 0 below
    effect: Annotated[float, "-2 … 2"]  # d with n − 1
    effect_n: Annotated[float, "-2 … 2"]  # d with n
    beyond: Annotated[int, "0 … drawn"]  # divisions with as large an effect
    p: Annotated[float, "0 … 1"]
    bound: Annotated[float, "-2 … 2"]  # above it lie 5 % of the divisions
    gap: Annotated[float, "-2 … 2"]  # mean s of X less that of Y, as a cosine

    gap_at: Annotated[Float32, "len(SHARES)", "-2 … 2"]  # with a share of the axis taken out
    effect_at: Annotated[Float32, "E", "E ≤ len(SHARES)", "-2 … 2"]  # as far as it is defined
    together_at: Annotated[Float32, "len(SHARES)", "0 … 1"]
    together: Annotated[float, "0 … 1"]  # share of nearest neighbours from one's own set
    together_bound: Annotated[float, "0 … 1"]  # above it lie 5 % of the divisions

    slider_effect: Annotated[Float32, "S", "-2 … 2"]  # counted in a corpus of each association
    slider_bound: Annotated[Float32, "S", "-2 … 2"]

    chosen: Annotated[int, "0 … n-1"]
    near: Annotated[tuple[str, ...], "K"]  # words nearest to it in the whole vocabulary …
    near_cosine: Annotated[Float32, "K", "-1 … 1"]
    near_after: Annotated[tuple[str, ...], "K"]  # … and with the whole axis taken out of them and it
    near_after_cosine: Annotated[Float32, "K", "-1 … 1"]
    trained: bool  # whether the vectors learn here
    title: str  # of the vectors
    language: str


PANEL = Panel(
    id="word_bias",
    title="Bias in word vectors",
    claim="A bias number means something only beside the numbers that a random division of the same "
          "words gives.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l9_social.word_bias.experiment:WordBias",
    view="visualizers.l9_social.word_bias.view:WordBiasView",
    scalars=("effect", "p", "gap", "together"),
    headline="effect",
    headline_label="effect size d",
    concepts=("9.5",),
    speed=Speed.FRAME,
    keywords=("WEAT", "bias", "fairness", "permutation test", "effect size", "p value", "debiasing",
              "word embedding", "GloVe", "implicit association", "偏见", "词嵌入", "置换检验", "效应量",
              "去偏", "内隐联想"),
    sources=("weat-sets", "glove"),
    rests_on=("word2vec",),
)
