"""One recurrent cell opened: its gates and state at each character of a typed text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32
from widgets.controls.parameters import choice, hidden, integer, number, text
from widgets.controls.speeds import Speed

LONGEST = 40  # characters of the typed text that are read
KINDS = {"RNN": ("a", "h"), "GRU": ("r", "z", "n", "h"), "LSTM": ("f", "i", "g", "c", "o", "h")}
#                            values in a cell: a before tanh, gates z r f i o, new n and g, states c h
GATES = ("z", "r", "f", "i", "o")  # what a learner may hold at a value
SLIDE_BEFORE, SLIDE_KEEP, SLIDE_NEW = (-0.1, -0.4, 0.2), (0.7, 0.3, 0.5), (-0.1, -0.5, 0.6)


@dataclass(frozen=True)
class Params:
    text: str = text("abcdefghijklmlkjihgfedcba",
                     help="What the network reads, one character at a time; the first 40 are shown.")
    cell: Literal["RNN", "GRU", "LSTM"] = choice(
        "GRU", help="How a state follows from the last. GRU and LSTM have gates.")
    lesson: Literal["the alphabet", "the alphabet with turns", "the typed text"] = choice(
        "the alphabet",
        help="What it learns to go on with. With turns, the direction changes at random, in one "
             "step of ten, so that the next letter cannot be told from the last alone.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    hidden_size: int = integer(12, 4, 32, log=True, unit="unit", help="Numbers in the state.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other exercises.")
    position: int = hidden(11, help="The character that is looked at, from 0.")
    unit: int = hidden(0, help="The unit of the state that is looked at, from 0.")
    held: tuple[tuple[str, float], ...] = hidden(
        (), help="Gates that are held at a value from the character that is looked at on.")
    slide: tuple[tuple[float, ...], ...] = hidden(
        (SLIDE_BEFORE, SLIDE_KEEP, SLIDE_NEW),
        help="The small cell worked by hand: state before, gate z, new state.")
    inside: str = hidden("unit", stays=True, help="What the left card shows: unit or slide.")
    beside: str = hidden("learning", stays=True, help="What the right card shows: learning or next.")


@dataclass(frozen=True)
class Frame:
    """The typed text read by the present weights. T characters, H units, K kinds of values."""

    text: Annotated[str, "T", "T ≥ 1"]
    names: Annotated[tuple[str, ...], "K", "= KINDS[params.cell]"]  # which values
    values: Annotated[Float32, "K H T", "H ≥ 1", "any"]
    before: Annotated[Float32, "K H T", "any"]  # the same before σ or tanh; 0 where there is neither
    letters: Annotated[tuple[str, ...], "V"]  # what may come next
    odds: Annotated[Float32, "T V", "V ≥ 1", "0 … 1"]  # how likely each is to come next
    surprise: Annotated[Float32, "T", "≥ 0"]  # −ln of what the character that did come had; last 0
    weights: Annotated[int, "≥ 0"]
    forward: Annotated[float, "≥ 0"]  # nats a letter when the alphabet is recited to it
    backward: Annotated[float, "≥ 0"]  # the same from z to a
    slide: Annotated[Float32, "21 3", "any"]  # state of the small cell after 0 … 20 equal steps


PANEL = Panel(
    id="rnn_cells",
    title="Inside a cell",
    claim="One small cell, used again at each character, carries what it has read in its state; "
          "gates decide what stays.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_cells.experiment:RnnCells",
    view="visualizers.l2_networks.rnn_cells.view:RnnCellsView",
    scalars=("loss", "forward", "backward"),
    headline="forward",
    headline_label="surprise from a to z",
    concepts=("2.5", "2.8", "2.9"),
    keywords=("RNN", "GRU", "LSTM", "cell", "gate", "hidden state", "sequential memory", "alphabet",
              "weight sharing", "unrolled", "update gate", "reset gate", "循环神经网络", "门控循环单元",
              "长短期记忆", "更新门", "重置门", "隐藏状态", "序列记忆", "权重共享", "字母表"),
    speed=Speed.FRAME,  # at full speed the alphabet is learnt within a second
)
