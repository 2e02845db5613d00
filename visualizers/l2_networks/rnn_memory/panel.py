"""Remembering: four recurrent networks race on tasks that need what was read long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, integer, number

NETWORKS = ("RNN", "orthogonal", "GRU", "LSTM")  # also the names of the scalars
SYMBOLS = 4
BASELINE = 1 / 6  # mean squared error of always answering 1 to the sum of two numbers from 0 to 1


@dataclass(frozen=True)
class Params:
    task: Literal["copy the first symbol", "add two marked numbers"] = choice(
        "copy the first symbol",
        help="Copying: name the first symbol at the end. Adding: of many numbers between 0 and 1 two "
             "are marked, and the answer is their sum. Adding also needs choosing.")
    length: int = integer(
        40, 5, 80, unit="step",
        help="How long the sequences are. The longer, the further the answer is from what it needs.")
    gate_bias: bool = flag(
        True, restart=True, label="Gates start open",
        help="Draw the biases of GRU and LSTM so that their gates keep a state for 1 to T steps "
             "(chrono initialisation). Off: biases start at zero, and half is lost each step.")
    input_strength: float = number(
        1.0, 0.1, 2.0, log=True, restart=True,
        help="Size of the weights that let inputs in. Without a gate, each strong input overwrites "
             "a part of what was there; weak ones leave it.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    hidden_size: int = integer(32, 8, 64, log=True, unit="unit",
                               help="Numbers in one state, the same for all four.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other sequences.")


@dataclass(frozen=True)
class Frame:
    """Four networks, in the order of ``NETWORKS``, on the same data. T time steps."""

    log_reach: Annotated[Float32, "NETWORKS T", "T ≥ 1", "-300 … 300"]  # log10 |∂L/∂s_t| / |∂L/∂s_T|,
    #                            t = 1 … T, in this batch
    positions: Annotated[Int32, "P", "1 … T"]  # in the sequence, that memory was tested at
    memory: Annotated[Float32, "NETWORKS P", "any"]  # what is kept of the input there
    weights: Annotated[Int32, "NETWORKS", "≥ 0"]  # how many numbers each network learns


PANEL = Panel(
    id="rnn_memory",
    title="Remembering",
    claim="On the same data, networks with gates learn to recall what they read long ago; "
          "plain ones guess.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_memory.experiment:RnnMemory",
    view="visualizers.l2_networks.rnn_memory.view:RnnMemoryView",
    scalars=("loss", *NETWORKS),
    headline="LSTM",
    headline_label="the LSTM's score",
    concepts=("2.9", "2.8", "2.7"),
    keywords=("RNN", "orthogonal", "LSTM", "GRU", "copy task", "adding problem", "long-term memory",
              "chrono initialisation", "forget gate bias", "probe", "长短期记忆", "门控循环单元", "复制任务",
              "加法任务", "长程依赖", "初始化", "探针"),
    proved_with={"hidden_size": 8, "length": 10},
)
