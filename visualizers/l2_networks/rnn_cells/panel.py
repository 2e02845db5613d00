"""One recurrent cell opened: its gates and state at each character of a typed text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import choice, hidden, integer, number, text

LONGEST = 40  # characters of the typed text that are read
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

    text: str  # T characters
    names: tuple[str, ...]  # (K,)  which values: a (before tanh), z, r, f, i, o, n, g, c, h
    values: NDArray[np.float32]  # (K, H, T)
    before: NDArray[np.float32]  # (K, H, T)  the same before σ or tanh; 0 where there is neither
    letters: tuple[str, ...]  # (V,)  what may come next
    odds: NDArray[np.float32]  # (T, V)  how likely each is to come next
    surprise: NDArray[np.float32]  # (T,)  −ln of what the character that did come had; last 0
    weights: int
    forward: float  # nats a letter when the alphabet is recited to it
    backward: float  # the same from z to a
    slide: NDArray[np.float32]  # (21, 3)  state of the small cell after 0 … 20 equal steps


PANEL = Panel(
    id="rnn_cells",
    title="Inside a cell",
    claim="One small cell, used again at each character, carries what it has read in its state; "
          "gates decide what stays.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_cells.experiment:RnnCells",
    view="visualizers.l2_networks.rnn_cells.view:RnnCellsView",
    concepts=("2.5", "2.8", "2.9"),
    keywords=("RNN", "GRU", "LSTM", "cell", "gate", "hidden state", "sequential memory", "alphabet",
              "weight sharing", "unrolled", "update gate", "reset gate", "循环神经网络", "门控循环单元",
              "长短期记忆", "更新门", "重置门", "隐藏状态", "序列记忆", "权重共享", "字母表"),
    speed="1 step a frame",  # at full speed the alphabet is learnt within a second
)
