"""Mixed precision: which gradients a narrow number format can hold, and how a run is kept alive in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Float64, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number
from widgets.controls.speeds import Speed

LAYERS = 4
FIRST, BINS = -50, 80  # exponents that are told apart: 2^-50 … 2^29; what is beyond lies at an end


@dataclass(frozen=True)
class Format:
    """How a number is written: a sign, an exponent and a mantissa.

    Attributes:
        exponent, mantissa: bits.
        least: exponent of the smallest number with a whole mantissa. Below it the exponent stays and
            the mantissa begins with zeros: such a number is *subnormal*.
        largest: the largest number.
    """

    exponent: int
    mantissa: int
    least: int
    largest: float

    @property
    def low(self) -> int:
        """Exponent of the smallest number there is."""
        return self.least - self.mantissa


FORMATS = {
    "float32": Format(8, 23, -126, 3.4028234663852886e38),
    "bf16": Format(8, 7, -126, 3.3895313892515355e38),
    "fp16": Format(5, 10, -14, 65504.0),
    "fp8 E5M2": Format(5, 2, -14, 57344.0),
    "fp8 E4M3": Format(4, 3, -6, 448.0),
}
NAMES = tuple(FORMATS)


@dataclass(frozen=True)
class Params:
    number_format: Literal["float32", "bf16", "fp16", "fp8 E5M2", "fp8 E4M3"] = choice(
        "fp16",
        help="How weights, activations and gradients are stored. Sums inside a product of matrices are "
             "kept in float32, as the units of a GPU do it.")
    scaling: Literal["none", "fixed", "dynamic"] = choice(
        "none", restart=False, label="Loss scaling",
        help="Multiply the loss by a number before the way back, and divide the gradients of the "
             "weights by it in float32. Dynamic: halve it when a gradient overflows, double it after "
             "a while without one.")
    log_scale: int = integer(
        16, 0, 48, restart=False, when={"scaling": ("fixed", "dynamic")}, label="Scale is 2 to the",
        help="The loss scale, as a power of two, so that it changes no digit of a number. Dynamic "
             "scaling begins here.")
    growth_interval: int = integer(
        100, 2, 2000, log=True, unit="step", restart=False, when={"scaling": ("dynamic",)},
        label="Double it after",
        help="So many steps in a row without an overflow; PyTorch's own value is 2,000.")
    master_weights: bool = flag(
        True, help="Keep the weights in float32 as well and update those; the network computes with a "
                   "rounded copy. Off: there is only the rounded copy.")
    examples: int = integer(
        4_194_304, 64, 16_777_216, log=True, unit="example", restart=False, label="Loss is the mean of",
        help="Large models take the mean over millions of tokens at each update, in many batches one "
             "after another. One batch of 64 is computed here, and the others are taken to be like it.")
    learning_rate: float = number(0.001, 1e-5, 0.01, log=True, help="Size of one update (Adam).")
    update: float = number(
        1e-7, 1e-9, 0.5, log=True, label="Take from a weight of 1",
        help="What the page “1 − u” takes from a weight of 1, in each format.")
    seed: int = integer(0, 0, 999, help="Draws other weights, batches and another split of the data.")
    beside: str = hidden("lost", stays=True,
                         help="What the small card shows: scale, lost, layers or formats.")


@dataclass(frozen=True)
class Frame:
    """The gradients of 64 images, always the same ones, under the weights of the moment."""

    kept: Annotated[Int32, "BINS", "≥ 0"]  # gradients that are exactly held or rounded, by the
    #                       exponent that they would have in float32, times the scale
    lost: Annotated[Int32, "BINS", "≥ 0"]  # those that became zero
    overflowed: Annotated[Int32, "BINS", "≥ 0"]  # those that became infinite or no number
    scale: Annotated[float, "> 0"]  # of the loss, now
    lost_share: Annotated[float, "0 … 1"]
    overflowed_share: Annotated[float, "0 … 1"]
    tensor_lost: Annotated[Float32, "2*LAYERS", "0 … 1"]  # share lost of each layer's errors, then of
    #                       the gradients of each layer's weights
    after_update: Annotated[Float64, "NAMES", "any"]  # 1 − u in each format
    skipped: Annotated[int, "≥ 0"]  # steps so far
    accuracy: Annotated[float, "0 … 1"]  # on held-out data
    reference_accuracy: Annotated[float, "0 … 1"]  # of the network that trains in float32


PANEL = Panel(
    id="mixed_precision",
    title="Mixed precision",
    claim="Small gradients fall out of fp16's window and become zero until a scaled loss lifts them back "
          "in; weights kept in float32 take updates too small for it.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.mixed_precision.experiment:MixedPrecision",
    view="visualizers.l5_compression.mixed_precision.view:MixedPrecisionView",
    scalars=("loss", "reference_loss", "log_scale", "skipped", "unmoved", "lost", "accuracy",
             "reference_accuracy"),
    headline="accuracy",
    headline_label="held-out accuracy",
    concepts=("5.7",),
    keywords=("fp16", "bf16", "fp8", "float16", "bfloat16", "loss scaling", "GradScaler", "autocast", "AMP",
              "master weights", "underflow", "overflow", "混合精度", "损失缩放", "主权重", "下溢", "半精度"),
    sources=("digits",),
    speed=Speed.FRAME,  # at full speed the run is lost within a second
    rests_on=("rnn_gradients", "playground"),
)
