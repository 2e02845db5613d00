"""CNN against RNN on the same texts: parameters, time over length, accuracy over distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.cues import WIDEST
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number

LENGTHS = (8, 16, 32, 64, 128)  # of the texts on which the time of a step is measured


@dataclass(frozen=True)
class Params:
    window: int = integer(
        5, 1, WIDEST, unit="word", label="CNN's window",
        help="How many neighbouring words one filter of the CNN reads at once.")
    distance: int = integer(
        16, 2, 60, unit="word", label="Longest distance",
        help="Distances are drawn evenly up to this one; all texts are as long as it needs.")
    task: Literal["which word comes first", "which word occurs"] = choice(
        "which word comes first",
        help="Who comes first, A or B, is a question of order: both must be read together. Which of "
             "them occurs is a question that one word answers; its distance is that to the end.")
    cell: Literal["GRU", "LSTM", "tanh"] = choice(
        "GRU", label="RNN's cell", help="How the RNN makes a state from the last one.")
    filters: int = integer(
        32, 4, 128, log=True, label="CNN's filters",
        help="How many filters the CNN learns; the largest answer of each over the text is kept.")
    hidden_size: int = integer(
        32, 4, 128, log=True, unit="unit", label="RNN's units",
        help="Numbers in one state of the RNN.")
    batch: int = integer(32, 8, 128, log=True, unit="text", label="Batch size",
                         help="Texts in one step; both networks get the same ones.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True,
                                  help="Size of one update (Adam), the same for both networks.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other texts.")
    beside: str = hidden("", stays=True, help="What the small plot shows: time or losses; empty shows time.")
    example: int = hidden(0, help="The distance whose text is shown; 0 shows the window's width.")


@dataclass(frozen=True)
class Frame:
    """What both networks make of texts that they never saw before, over the distances 1 … D.

    Each batch is new, so its answers, given before the update, are those of a test.
    """

    cnn_by_distance: Annotated[Float32, "D", "D ≥ 1", "0 … 1"]  # right answers over the last steps
    rnn_by_distance: Annotated[Float32, "D", "0 … 1"]
    texts: Annotated[Float32, "D", "≥ 0"]  # how many texts that share counts; 0 where none was seen
    tokens: Annotated[tuple[str, ...], "T"]  # the text that is shown
    cues: Annotated[Int32, "A", "A in (1, 2)", "0 … T-1"]  # where its words that matter are
    example_distance: Annotated[int, "1 … D"]
    example_y: Annotated[int, "0 … 1"]  # 0: A is the answer, 1: B
    example_cnn: Annotated[float, "0 … 1"]  # how sure each network is of the right answer
    example_rnn: Annotated[float, "0 … 1"]
    cnn_products: Annotated[Int32, "LENGTHS", "≥ 1"]  # matrix products, one way forward and back
    rnn_products: Annotated[Int32, "LENGTHS", "≥ 1"]  # through texts of these lengths
    cnn_parameters: Annotated[int, "≥ 0"]
    rnn_parameters: Annotated[int, "≥ 0"]


PANEL = Panel(
    id="cnn_vs_rnn",
    title="CNN against RNN",
    claim="A CNN reads a whole text at once but no further than its window; an RNN reads further, "
          "but word by word.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.cnn_vs_rnn.experiment:CnnVsRnn",
    view="visualizers.l2_networks.cnn_vs_rnn.view:CnnVsRnnView",
    scalars=("loss", "cnn_ms", "cnn_loss", "cnn_accuracy", "rnn_ms", "rnn_loss", "rnn_accuracy",
             "cnn_shuffled", "rnn_shuffled", "timed_length", "timed_cnn_ms", "timed_rnn_ms"),
    headline="cnn_accuracy",
    headline_label="the CNN's accuracy",
    concepts=("2.14", "2.11", "2.12", "2.8", "2.9"),
    keywords=("CNN", "RNN", "GRU", "LSTM", "window", "distance", "word order", "speed", "parameters",
              "parallel", "max-pooling", "卷积神经网络", "循环神经网络", "对比", "词序", "距离", "速度",
              "参数量", "并行"),
)
