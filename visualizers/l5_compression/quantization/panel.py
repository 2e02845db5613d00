"""Quantisation: how few bits a weight needs, and why one scale for all is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number

GRANULARITIES = ("per tensor", "per channel", "per group")
BITS = (2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True)
class Params:
    bits: int = integer(4, BITS[0], BITS[-1], unit="bit", restart=False, help="Width of a stored weight.")
    granularity: Literal["per tensor", "per channel", "per group"] = choice(
        "per tensor", restart=False, label="One scale",
        help="Which weights share a scale: a whole matrix, one output channel, or a small group.")
    group_size: int = integer(
        16, 4, 64, log=True, unit="weight", restart=False, when={"granularity": ("per group",)},
        help="Neighbouring weights of a channel that share a scale.")
    grid: Literal["symmetric", "asymmetric"] = choice(
        "symmetric", restart=False, label="Levels",
        help="Symmetric levels lie evenly round zero. Asymmetric ones span the least to the "
             "greatest weight, and store a zero point besides.")
    outliers: int = integer(
        1, 0, 8, unit="channel", restart=False, label="Outlier channels",
        help="Output channels of each layer whose weights are large. A gain after the layer undoes "
             "it, as a layer norm does in a language model: without rounding nothing changes.")
    outlier_size: float = number(
        10.0, 1.0, 100.0, log=True, unit="×", help="How much larger the outlier channels' weights are.")
    when: Literal["after training", "in training"] = choice(
        "after training", restart=False, label="Round",
        help="After training: the network never learns of it. In training: each step computes with "
             "rounded weights, and the error passes straight through the rounding.")
    learning_rate: float = number(0.003, 1e-5, 0.03, log=True, help=
                                  "Size of one update (Adam); a thirtieth of it for the trained GPT.")
    model: Literal["digits network", "tiny GPT"] = choice(
        "digits network", help="A small network that learns to read digits, or this project's own "
                               "trained GPT, which is trained on.")
    seed: int = integer(0, 0, 999, help="Draws other weights and another split of the data.")
    layer: int = hidden(1, help="The layer whose weights are shown.")
    beside: str = hidden("errors", stays=True, help="What the small card shows: errors or layers.")


@dataclass(frozen=True)
class Frame:
    """The present weights, rounded as the parameters say. L layers, N tries so far."""

    layers: Annotated[tuple[str, ...], "L"]
    layer: Annotated[int, "0 … L-1"]  # the one that is looked at
    counts: Annotated[Int32, "bins", "≥ 0"]  # of its weights as they are stored
    edges: Annotated[Float32, "bins+1", "any"]
    levels: Annotated[Float32, "K", "any"]  # values that can be stored, evenly thinned out
    error: Annotated[Float32, "rows columns", "≥ 0"]  # |rounded − true| / rms of the weights, averaged
    layer_error: Annotated[Float32, "L", "≥ 0"]  # ‖rounded − true‖ / ‖true‖
    float_accuracy: Annotated[float, "0 … 1"]  # on held-out data
    accuracy: Annotated[float, "0 … 1"]  # the same, with rounded weights
    float_perplexity: Annotated[float, "≥ 0"]
    perplexity: Annotated[float, "≥ 0"]
    float_bytes: Annotated[int, "≥ 1"]
    bytes: Annotated[int, "≥ 1"]  # with scales and zero points
    sweep_bytes: Annotated[Int32, "len(BITS)", "≥ 1"]  # these settings with 2, 3, … 8 bits
    sweep_accuracy: Annotated[Float32, "len(BITS)", "0 … 1"]
    sweep_perplexity: Annotated[Float32, "len(BITS)", "≥ 0"]
    try_bytes: Annotated[Int32, "N", "N ≥ 1", "≥ 1"]
    try_bits: Annotated[Int32, "N", "1 … 32"]
    try_granularity: Annotated[Int32, "N", "0 … len(GRANULARITIES)-1"]
    try_accuracy: Annotated[Float32, "N", "0 … 1"]
    try_perplexity: Annotated[Float32, "N", "≥ 0"]


PANEL = Panel(
    id="quantization",
    title="Quantisation",
    claim="Four bits are enough for most weights, until a few large channels spoil the scale that "
          "all of them share.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.quantization.experiment:Quantization",
    view="visualizers.l5_compression.quantization.view:QuantizationView",
    scalars=("loss", "float_accuracy", "accuracy", "float_perplexity", "perplexity"),
    headline="accuracy",
    headline_label="accuracy after rounding",
    concepts=("5.16",),
    keywords=("quantization", "int8", "int4", "bits", "outlier", "QAT", "PTQ", "straight-through",
              "compression", "量化", "离群通道", "量化感知训练", "压缩", "比特"),
    sources=("digits", "python-reference"),
)
