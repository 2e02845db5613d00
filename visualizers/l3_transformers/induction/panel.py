"""Induction heads: how two layers of attention come to repeat what stood there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, text
from widgets.controls.speeds import Speed

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"  # the symbols, at most so many
EXAMPLES = 48  # sequences that test it, never learnt from
NEXT = 6  # symbols that may come next are listed


@dataclass(frozen=True)
class Params:
    layers: int = integer(2, 1, 3, help="How many layers of attention follow one another. There is "
                                        "nothing else in this model: no MLP.")
    heads: int = integer(2, 1, 4, help="How many ways to attend each layer has.")
    repeating: float = number(
        1.0, 0.0, 1.0, label="Sequences that repeat",
        help="Share of the training sequences that begin again after 6 places or more. The others "
             "are random to their end.")
    sequence: str = text(
        "", help="Type letters of your own, such as hxkqhx; empty shows a sequence of the test.")
    example: int = integer(
        0, 0, EXAMPLES - 1, restart=False, label="Test sequence", when={"sequence": ("",)},
        help="Which sequence of the test is shown. The model never learns from it.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (AdamW).")
    positions: Literal["rotary", "none"] = choice(
        "rotary", help="Rotary positions turn queries and keys by their place, so that a score can "
                       "depend on how far back a symbol stands. Without them it cannot.")
    symbols: int = integer(24, 8, len(LETTERS), help="How many different symbols there are.")
    places: int = integer(32, 24, 96, unit="place", help="Length of a sequence.")
    width: int = integer(48, 16, 96, unit="channel", help=(
        "Channels of the residual stream, rounded to an even number for each head."))
    normalised: bool = flag(
        True, restart=True, label="Layer normalisation",
        help="Whether each layer reads a normalised copy of the residual stream.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other sequences.")
    knocked: tuple[int, ...] = hidden(())  # heads that are left out of the picture, layer by layer
    beside: str = hidden("skill", stays=True)  # what is shown over training: skill or loss
    asked: str = hidden("shots", stays=True)  # shots, or what comes next


@dataclass(frozen=True)
class Frame:
    """L layers of H heads; n symbols of the sequence that is looked at, T places of the tests.

    Losses are in nats. ``at`` is the place of a symbol that is predicted, counted from 1.
    """

    own: bool  # whether the sequence was typed
    letters: Annotated[tuple[str, ...], "n", "n ≥ 2"]  # the sequence
    odds: Annotated[Float32, "n", "0 … 1"]  # given to each symbol by those before it; first: guessed
    maps: Annotated[UInt8, "L H n n", "any"]  # attention of each head, 255 = 1; 0 where it is out
    candidates: Annotated[tuple[str, ...], "N", "N ≥ 1"]  # what may come next, likeliest first
    next_odds: Annotated[Float32, "N", "0 … 1"]
    at: Annotated[Int32, "P", "rising"]  # 2 … T, the places of the test
    loss_at: Annotated[Float32, "P", "0 … 700"]  # with heads knocked out
    whole_at: Annotated[Float32, "P", "0 … 700"]  # of the whole model
    begins: Annotated[int, "≥ 2"]  # place at which the tests begin again
    repeats: Annotated[float, "0 … 700"]  # mean loss where they repeat, with heads knocked out
    accuracy: Annotated[float, "0 … 1"]  # there
    fresh: Annotated[float, "0 … 700"]  # and before they repeat
    previous: Annotated[Float32, "L H", "0 … 1"]  # previous-token score of each head
    induction: Annotated[Float32, "L H", "0 … 1"]  # induction score
    knocked: Annotated[tuple[int, ...], "K", "0 … L*H-1"]  # heads that are out
    shots: Annotated[Float32, "S", "0 … 1"]  # right answers after 0, 1 … pairs
    shown: Annotated[Float32, "S", "0 … 1"]  # share of questions whose answer is among these pairs
    guessing: Annotated[float, "> 0"]  # loss of guessing blindly, ln of the number of symbols
    weights: Annotated[int, "≥ 1"]  # how many are learnt


PANEL = Panel(
    id="induction",
    title="Induction heads",
    claim="Two layers of attention learn, all at once, to look up what came next the last time; one "
          "layer never does.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.induction.experiment:Induction",
    view="visualizers.l3_transformers.induction.view:InductionView",
    scalars=("loss", "repeats_loss", "fresh_loss", "repeats_accuracy", "previous_score",
             "induction_score"),
    speed=Speed.FRAME,  # at full speed the fall is over within a second
    headline="repeats_loss",
    headline_label="the loss where the sequence repeats",
    concepts=("3.17", "3.7"),
    rests_on=("rnn_memory",),
    keywords=("induction head", "in-context learning", "few-shot", "previous-token head",
              "attention-only", "phase change", "knock-out", "ablation", "rotary", "mechanistic "
              "interpretability", "归纳头", "上下文学习", "少样本", "前一词元头", "相变", "消融", "可解释性"),
)
