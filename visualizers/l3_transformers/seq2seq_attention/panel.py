"""Encoder and decoder, with and without attention: the bottleneck, and the way round it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number, text
from widgets.controls.speeds import Speed

LONGEST = 24  # letters of a sequence that is tested
EXAMPLES = 50  # sequences of each kind that can be looked at


@dataclass(frozen=True)
class Params:
    task: Literal["reverse", "dates to ISO"] = choice(
        "reverse", help="Write random letters backwards, or a date as year-month-day.")
    score: Literal["dot", "multiplicative", "additive"] = choice(
        "dot", help="How a decoder's state d and an encoder's state h are compared: d·h, d·Wh, or "
                    "v·tanh(Ud + Wh).")
    sequence: str = text(
        "", help="Type your own: letters from a to p, or a date such as 5th of march 1987. Empty "
                 "shows one of the test.")
    length: int = integer(
        12, 2, LONGEST, unit="letter", restart=False, label="Length shown",
        when={"sequence": ("",), "task": ("reverse",)}, help="How long the sequence in the picture is.")
    example: int = integer(
        0, 0, EXAMPLES - 1, restart=False, label="Test sequence", when={"sequence": ("",)},
        help="Which sequence of the test is shown. Nothing is learnt from it.")
    longest: int = integer(
        12, 4, LONGEST, unit="letter", label="Longest in training", when={"task": ("reverse",)},
        help="Training has sequences of 2 letters up to so many. The test goes on to 24.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    width: int = integer(48, 16, 128, log=True, unit="number", label="State size", help=(
        "Numbers in one state of encoder and decoder: all that passes between them without attention."))
    seed: int = integer(0, 0, 999, help="Draws other weights and other sequences.")
    row: int = hidden(0)  # the written symbol whose weights are shown
    covered: tuple[int, ...] = hidden(())  # places of the input that attention must not see
    beside: str = hidden("accuracy", stays=True)  # what is shown over training


@dataclass(frozen=True)
class Frame:
    """n symbols are read, m written, freely: each is fed back whether it is right or wrong."""

    source: Annotated[tuple[str, ...], "n", "n ≥ 1"]
    wanted: Annotated[tuple[str, ...], "w", "w = 0 or w = m"]  # nothing where it is not known
    written: Annotated[tuple[str, ...], "m", "m ≥ 1"]  # with attention
    odds: Annotated[Float32, "m", "0 … 1"]  # given to what was written
    plain: Annotated[tuple[str, ...], "m"]  # without attention
    plain_odds: Annotated[Float32, "m", "0 … 1"]
    weights: Annotated[Float32, "m n", "0 … 1"]  # the alignment
    scores: Annotated[Float32, "m n", "any"]  # before the softmax; 0 where covered
    row: Annotated[int, "0 … m-1"]  # the written symbol whose weights are shown
    covered: Annotated[tuple[int, ...], "K", "0 … n-1"]  # what attention does not see
    lengths: Annotated[Int32, "S", "rising"]  # of tested inputs …
    right_at: Annotated[Float32, "S", "0 … 1"]  # … the share of symbols that are right
    plain_at: Annotated[Float32, "S", "0 … 1"]  # without attention
    mirrored: Annotated[float, "0 … 1"]  # mean weight at the mirrored place; 0 for dates
    sizes: Annotated[tuple[int, ...], "3", "≥ 0"]  # weights with, without, and of the score alone


PANEL = Panel(
    id="seq2seq_attention",
    title="Attention in sequence to sequence",
    claim="One state of fixed size must hold a whole sequence, and long ones do not fit; attention "
          "looks each symbol up where it stands.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.seq2seq_attention.experiment:SequenceToSequence",
    view="visualizers.l3_transformers.seq2seq_attention.view:SequenceToSequenceView",
    scalars=("loss", "plain_loss", "accuracy", "plain_accuracy", "sharpness"),
    headline="accuracy",
    headline_label="accuracy with attention",
    speed=Speed.FRAME,  # the alignment forms within some hundred steps
    concepts=("3.1", "3.2", "3.3"),
    rests_on=("rnn_cells", "bidirectional"),
    keywords=("seq2seq", "encoder", "decoder", "alignment", "bottleneck", "additive attention", "dot",
              "Bahdanau", "Luong", "translation", "GRU", "序列到序列", "编码器", "解码器", "对齐", "瓶颈",
              "加性注意力", "点积", "机器翻译"),
    proved_with={"width": 16, "longest": 6},
)
