"""Logits, what softmax and sigmoid make of them, and how each loss pulls at them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32
from widgets.controls.parameters import choice, hidden, integer, number
from widgets.controls.speeds import Speed

CLASSES = ("cat", "dog", "fox")
REACH = 8.0  # logits are dragged from −8 to 8
START = (-4.0, 4.0, 0.0)  # sure of the dog, and it is a cat
PLACES = 65  # of a curve over one logit
FIELD = 64  # arrows of the field, eight by eight
STARTS = 64  # descents of each loss: the one that is dragged, and 63 that chance began


@dataclass(frozen=True)
class Params:
    output: Literal["softmax", "sigmoid"] = choice("softmax", restart=False, help=(
        "Softmax makes one distribution of all logits; sigmoid answers yes or no for each class by "
        "itself."))
    target: Literal["cat", "dog", "fox"] = choice(
        "cat", restart=False, label="Right class", help="What the picture shows: its target is 1.")
    temperature: float = number(1.0, 0.25, 4.0, log=True, label="Temperature T", help=(
        "Logits are divided by T before softmax or sigmoid."))
    base: Literal["e: nats", "2: bits"] = choice(
        "e: nats", restart=False, label="Logarithm", help=(
            "Base of the logarithm in cross-entropy. One nat is 1.44 bits, in the loss and in its "
            "gradient."))
    learning_rate: float = number(
        0.1, 0.01, 2.0, log=True, help="How far the logits move along their pull at each step.")
    seed: int = integer(0, 0, 999, help="Draws the other 63 starts, logits of standard deviation 4.")
    logits: tuple[float, ...] = hidden(START, help="Where both descents are put.")
    curve: str = hidden("right", stays=True, help="What the left plot shows: right, loss, starts.")
    page: str = hidden("pull", stays=True, help="What the right card shows: pull, outputs, bits.")


def dragged(params: Params) -> tuple[float, ...]:
    """The logits that were set by hand, made fit to be drawn."""
    given = params.logits if len(params.logits) == len(CLASSES) else START
    return tuple(min(max(one, -REACH), REACH) if isfinite(one) else 0.0 for one in given)


def rival(params: Params) -> int:
    """The wrong class that began with the largest logit."""
    logits, right = dragged(params), CLASSES.index(params.target)
    return max((one for one in range(len(CLASSES)) if one != right), key=lambda one: logits[one])


@dataclass(frozen=True)
class Frame:
    """Row 0 descends the cross-entropy, row 1 the squared error."""

    logits: Annotated[Float32, "2 CLASSES", "any"]
    outputs: Annotated[Float32, "2 CLASSES", "0 … 1"]
    pulls: Annotated[Float32, "2 CLASSES", "any"]  # −∂L/∂z
    losses: Annotated[Float32, "2", "≥ 0"]  # of cross-entropy in the unit that is set
    places: Annotated[Float32, "PLACES", "rising"]  # of the right class's logit, the others as they are
    pulls_at: Annotated[Float32, "2 PLACES", "any"]  # on that logit
    right_at: Annotated[Float32, "2 PLACES", "0 … 1"]  # softmax, sigmoid: of the right class …
    rival_at: Annotated[Float32, "2 PLACES", "0 … 1"]  # … and of the strongest wrong one
    field_places: Annotated[Float32, "FIELD 2", "-REACH … REACH"]  # logits of the right class, its rival
    field: Annotated[Float32, "2 FIELD 2", "any"]  # what pulls at these two there
    nats: Annotated[Float32, "CLASSES", "≥ 0"]  # −ln p under the descent of the cross-entropy
    bits: Annotated[Float32, "CLASSES", "≥ 0"]  # −log₂ p
    entropy: Annotated[Float32, "2", "≥ 0"]  # of those outputs, in nats and in bits
    right: Annotated[float, "0 … 1"]  # p of the right class: cross-entropy …
    squared_right: Annotated[float, "0 … 1"]  # … and squared error
    share: Annotated[float, "0 … 1"]  # of all 64 starts that now answer right
    squared_share: Annotated[float, "0 … 1"]


PANEL = Panel(
    id="softmax_loss",
    title="Softmax and its loss",
    claim="From a confident mistake the squared error hardly pulls, cross-entropy pulls with y − p: one "
          "descent stands still, the other moves.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.softmax_loss.experiment:SoftmaxLoss",
    view="visualizers.l1_basics.softmax_loss.view:SoftmaxLossView",
    scalars=("loss", "squared", "right", "squared_right", "share", "squared_share"),
    headline="right",
    headline_label="p of the right class",
    concepts=("1.7",),
    keywords=("softmax", "sigmoid", "logits", "temperature", "loss", "cross-entropy", "squared error",
              "MSE", "gradient", "bits", "nats", "entropy", "logarithm", "温度", "损失函数", "交叉熵",
              "平方误差", "均方误差", "梯度", "比特", "奈特", "熵"),
    speed=Speed.FRAME,
)
