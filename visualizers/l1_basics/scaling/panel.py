"""Scaling laws: five sizes of one network, the same compute for each, and what can be foretold from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float64, Int32
from widgets.controls.parameters import choice, hidden, integer, number, source

WIDTHS = (8, 24, 72, 216, 648)  # hidden neurons: each three times as many as the one before
MINE = len(WIDTHS)
LAST = MINE - 1


@dataclass(frozen=True)
class Params:
    text: str = source("text", "python-reference", help=(
        "What is learnt from, character by character; its last twentieth is held out."))
    characters: int = integer(500_000, 2_000, 500_000, log=True, unit="character", label="Text used", help=(
        "At most so much of the text, read again and again. Little of it is soon learnt by heart."))
    context: int = integer(8, 1, 16, unit="character", help=(
        "How many characters are read to predict the next one. What lies further back no size can know."))
    learning_rate: float = number(0.015, 0.001, 0.1, log=True, help=(
        "Size of an update in a network of 1,000 weights; in others it falls with the fourth root of the "
        "size."))
    held_back: float = number(2.0, 1.0, 16.0, log=True, off=1.0, unit="×", label="Foretell over", help=(
        "The law is fitted up to the budget spent divided by this; what came after is the test of it."))
    law: Literal["power law", "with a floor"] = choice(
        "power law", restart=False, label="Kind of law", help=(
            "A straight line on these axes, or one that bends towards a loss that no compute can go below."))
    fitted: Literal["in between", "all"] = choice(
        "in between", restart=False, label="Budgets fitted", help=(
            "Where the smallest or the largest of the five is best, a size beyond them may be better still: "
            "the lowest loss is then not the lowest to be had. In between are the budgets without these."))
    batch: int = integer(64, 8, 256, log=True, unit="character", label="Batch size", help=(
        "Characters from which the largest network takes one step; smaller ones read up to nine times as "
        "many at once."))
    seed: int = integer(0, 0, 999, help="Other weights to begin with, and other batches.")
    budget: float = hidden(0.0, help="The compute that a click chose; 0 is all that is spent.")
    beside: str = hidden("valley", stays=True, help="Which page of the second card: valley, best, exponent.")
    published: str = hidden("years", stays=True, help="Which page of the third card: years or data.")


@dataclass(frozen=True)
class Frame:
    """K budgets at which all five were tested; the law was fitted on F of them."""

    weights: Annotated[Int32, "MINE", "rising", "> 0"]  # of the two matrices
    letters: Annotated[int, "≥ 2"]  # different characters
    spent: Annotated[float, "≥ 0"]  # by each of the five, in FLOPs
    read: Annotated[Float64, "MINE", "≥ 0"]  # characters that each has learnt from
    now: Annotated[Float64, "MINE", "> 0"]  # held-out losses, in nats a character
    budgets: Annotated[Float64, "K", "rising"]  # FLOPs
    losses: Annotated[Float64, "MINE K", "> 0"]
    first: Annotated[int, "0 … K"]  # from here …
    last: Annotated[int, "first … K"]  # … to before here the law may hold
    until: Annotated[float, "≥ 0"]  # FLOPs: later budgets are held back
    used: Annotated[int, "0 … K"]  # budgets that it was fitted on, from the first on
    needed: Annotated[int, "≥ 2"]  # … and how many it takes at least
    compute: Annotated[Float64, "G", "rising"]  # where the law is drawn; nothing if it is not fitted yet
    line: Annotated[Float64, "G", "> 0"]
    error: Annotated[Float64, "G", "≥ 0"]  # one standard error of it, as a share of the loss
    exponent: Annotated[float, "any"]  # α
    exponent_error: Annotated[float, "≥ 0"]
    floor: Annotated[float, "≥ 0"]
    floor_error: Annotated[float, "≥ 0"]
    foretold: Annotated[float, "≥ 0"]  # of the last of the budgets; 0 if the law is not fitted yet
    foretold_error: Annotated[float, "≥ 0"]
    reached: Annotated[float, "≥ 0"]  # the lowest loss there
    best: Annotated[Float64, "F", "F = last-first", "> 0"]  # the size that the valley's bottom lies at
    growth: Annotated[float, "any"]  # best size ∝ compute to this power; 0 if it is not fitted yet
    growth_error: Annotated[float, "≥ 0"]
    path: Annotated[Float64, "H 3", "any"]  # the exponent as it came in: budget, α, its error
    yearly: Annotated[float, "> 0"]  # times as many weights, of published models a year
    yearly_error: Annotated[float, "≥ 0"]  # one standard error of its logarithm


PANEL = Panel(
    id="scaling",
    title="Scaling laws",
    claim="At every budget another size is best, and the lowest loss falls as a power of the compute: a law "
          "that foretells the next budgets, as far as these sizes reach.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.scaling.experiment:Scaling",
    view="visualizers.l1_basics.scaling.view:ScalingView",
    scalars=("loss", "held_out"),
    headline="held_out",
    headline_label="lowest held-out loss",
    concepts=("1.16",),
    rests_on=("playground", "tiny_gpt"),
    keywords=("scaling law", "power law", "Kaplan", "Chinchilla", "compute", "FLOPs", "IsoFLOP",
              "model size", "parameters", "GPT-3", "exponent", "extrapolation", "规模定律", "缩放定律",
              "幂律", "算力", "参数量", "计算最优"),
    proved_with={"batch": 8},
)
