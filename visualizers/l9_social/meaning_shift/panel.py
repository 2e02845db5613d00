"""Words whose meaning moves: drift between two times, beside the drift between no times at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source
from widgets.controls.speeds import Speed

WAYS = ("raw drift", "less its own control", "less words as frequent")
TOP = 12  # words that are listed
NEAR = 7  # neighbours


@dataclass(frozen=True)
class Params:
    data: str = source("dated", "sotu", label="Texts", help=(
        "Texts with the year of each. An own table has a year, a comma and a text on each line."))
    until: int = integer(1900, 1800, 2000, year=True, restart=False, label="First time ends", help=(
        "The last year of the earlier texts."))
    since: int = integer(1945, 1820, 2020, year=True, restart=False, label="Second time begins", help=(
        "The first year of the later texts. What lies between the two dates is left out."))
    control: Literal["both times, shuffled", "first time, halved", "second time, halved"] = choice(
        "both times, shuffled", restart=False, help="What the control compares: all the texts, dealt out "
        "anew into two piles of the same sizes, or two random halves of one time alone.")
    vectors: Literal["PPMI–SVD", "word2vec"] = choice("PPMI–SVD", help=(
        "Vectors by counting, with a new random division at each step; or skip-gram that learns both "
        "pairs, the real one and one random division, step by step."))
    judged: Literal["raw drift", "less its own control", "less words as frequent"] = choice(
        "less its own control", restart=False, label="Words ranked by", help=(
            "How far a word has moved: as measured, less what the same word moves between random "
            "divisions, or less what words of the same frequency move there."))
    strength: float = number(1.0, 0.0, 1.0, restart=True, label="Strength of the shifts", help=(
        "In the made chronicle: the share of a moving word's occurrences that go with its new matter."))
    dimension: int = integer(100, 10, 150, log=True, help="Numbers in a word's vector.")
    least: int = integer(60, 20, 200, log=True, unit="time", label="At least", help=(
        "A word takes part that occurs so often in both times."))
    learning_rate: float = number(0.1, 0.01, 0.5, log=True, when={"vectors": ("word2vec",)},
                                  help="Size of one update (Adagrad).")
    seed: int = integer(0, 0, 999, help="Draws other random divisions, and another made chronicle.")
    word: str = hidden("", help="The word whose neighbours are shown; empty for the first of the list.")
    beside: str = hidden("list", stays=True, help="What the small card shows.")


@dataclass(frozen=True)
class Frame:
    """n words that both times have often enough, and how far each has moved."""

    words: Annotated[tuple[str, ...], "n", "n ≥ 3"]  # the most frequent first
    times: Annotated[Int32, "n", "≥ 1"]  # how often each occurs, in both times
    drift: Annotated[Float32, "n", "0 … 2"]  # 1 − cosine, between the two times
    control: Annotated[Float32, "n", "0 … 2"]  # the same between random divisions, their mean
    divisions: Annotated[int, "≥ 1"]  # of which it is the mean
    rho: Annotated[float, "-1 … 1"]  # rank correlation of drift and frequency
    rho_control: Annotated[float, "-1 … 1"]
    score: Annotated[Float32, "n", "-2 … 2"]  # how far each has moved, as it is judged
    top: Annotated[Int32, "T", "1 ≤ T", "0 … n-1"]  # those that have moved most by it
    planted: Annotated[UInt8, "n", "0 … 1"]  # 1 for those that were moved on purpose
    found: Annotated[Float32, "len(WAYS)", "0 … 1"]  # share of the planted ones among as many first, by way
    chosen: Annotated[int, "0 … n-1"]
    then: Annotated[tuple[str, ...], "K"]  # its neighbours in the first time …
    then_cosine: Annotated[Float32, "K", "-1 … 1"]
    now: Annotated[tuple[str, ...], "K"]  # … and in the second
    now_cosine: Annotated[Float32, "K", "-1 … 1"]
    years: Annotated[tuple[int, ...], "4", "any"]  # of the texts compared: from, to; from, to
    sizes: Annotated[tuple[int, ...], "2", "≥ 0"]  # words in them
    title: str


PANEL = Panel(
    id="meaning_shift",
    title="Words that move",
    claim="Rare words drift most, and they do so between two random halves as well: drift without a "
          "control is noise.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l9_social.meaning_shift.experiment:MeaningShift",
    view="visualizers.l9_social.meaning_shift.view:MeaningShiftView",
    scalars=("rho", "drift"),
    headline="rho",
    headline_label="rank correlation of drift and frequency",
    concepts=("9.6",),
    speed=Speed.FRAME,
    keywords=("semantic change", "diachronic", "Procrustes", "PPMI", "SVD", "word2vec", "drift", "control",
              "State of the Union", "law of conformity", "历时", "语义变化", "词义演变", "对照", "普氏分析"),
    rests_on=("word2vec",),
)
