"""Activation functions: curve, slope, saturation, and what a stack of layers makes of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32
from widgets.controls.parameters import choice, flag, hidden, integer, number
from widgets.controls.speeds import Speed

ACTIVATIONS = ("sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU", "SiLU")
LOSSES = ("loss_sigmoid", "loss_tanh", "loss_ReLU", "loss_leaky_ReLU", "loss_GELU", "loss_SiLU")  # scalars
REACH = 6.0  # curves and histogram go from −6 to 6
POINTS = 121  # of a curve
BINS = 48  # of the histogram
LEARNT = 0.9  # accuracy of a network that has learnt
FLAT = 0.1  # a unit is flat where its slope is less than this share of the greatest
FAINTEST = -300.0  # log10 of what stands for a gradient that is exactly zero


@dataclass(frozen=True)
class Params:
    activation: Literal["sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU", "SiLU"] = choice(
        "sigmoid", restart=False,
        help="Which one is looked at: its curve, and its thick line. All six are trained all the time, "
             "each in a network of its own, from the same first weights and on the same points.")
    z: float = number(
        2.0, -REACH, REACH, label="Read the curve at z",
        help="The weighted sum that goes into one unit: at which place curve and slope are read.")
    depth: int = integer(10, 2, 30, unit="layer", label="Hidden layers",
                         help="How many layers the gradient has to pass.")
    width: int = integer(16, 4, 64, log=True, unit="unit", label="Units in a layer",
                         help="How many units each hidden layer has.")
    gain: float = number(
        1.41, 0.5, 3.0, log=True, restart=True, label="Gain of the first weights",
        help="By how much a layer's first weights stretch what goes through. 1 turns only; 1.41 makes up "
             "for the half that ReLU takes away (He initialisation).")
    start: Literal["orthogonal", "Gaussian"] = choice(
        "orthogonal", label="First weights",
        help="Orthogonal ones stretch every direction alike; Gaussian ones some more and some less.")
    shortcut: bool = flag(
        False, restart=True, label="Shortcut past each layer",
        help="Each layer adds to what it was given, a + f(z), instead of replacing it: a residual "
             "connection, on which the gradient passes by the activation.")
    data: Literal["circle", "exclusive or", "two moons", "spiral"] = choice(
        "circle", help="Two classes of points in the plane, which each network learns.")
    learning_rate: float = number(0.1, 1e-3, 1.0, log=True, help="Size of one update.")
    optimizer: Literal["SGD", "Adam"] = choice(
        "SGD", label="Optimiser",
        help="SGD moves a weight in proportion to its gradient. Adam divides by the gradient's usual "
             "size, so that a small one moves as far; it wants a rate of about 0.01.")
    seed: int = integer(0, 0, 999, help="Draws other points and other first weights.")
    layer: int = hidden(0, stays=True, help="The layer whose sums z are counted; 0 chooses the first.")
    beside: str = hidden("loss", stays=True, help="What the small card shows: loss, slope, flat.")


@dataclass(frozen=True)
class Frame:
    """The six networks of this moment, looked at on the same 120 points. Layer 1 is next to the input."""

    log_gradient: Annotated[Float32, "ACTIVATIONS params.depth", "FAINTEST … -FAINTEST"]  # log10 of
    #                            |∂L/∂a_l| over that of the last layer
    log_bound: Annotated[Float32, "params.depth", "FAINTEST … -FAINTEST"]  # the most that it can be in
    #                            the network looked at: greatest slope times stretch, layer by layer
    slope: Annotated[Float32, "ACTIVATIONS params.depth", "-1 … 2"]  # mean f′(z) over units and points
    flat: Annotated[Float32, "ACTIVATIONS params.depth", "0 … 1"]  # share of f′(z) that is nearly zero
    dead: Annotated[Float32, "ACTIVATIONS", "0 … 1"]  # share of the units that are flat at every point
    factor: Annotated[Float32, "ACTIVATIONS", "≥ 0"]  # of the gradient per layer back
    loss: Annotated[Float32, "ACTIVATIONS", "≥ 0"]
    accuracy: Annotated[Float32, "ACTIVATIONS", "0 … 1"]
    layer: Annotated[int, "1 … params.depth"]  # whose z are counted
    counted: Annotated[Float32, "BINS", "0 … 1"]  # share of its z in each bin; beyond counts as the last
    curve: Annotated[Float32, "POINTS", "any"]  # f, of the activation looked at
    curve_slope: Annotated[Float32, "POINTS", "any"]  # f′
    at: Annotated[float, "any"]  # f(params.z)
    slope_at: Annotated[float, "any"]
    greatest: Annotated[float, "0 … 2"]  # its greatest slope anywhere


PANEL = Panel(
    id="activations",
    title="Activation functions",
    claim="Each layer multiplies the gradient by the activation's slope: sigmoid's, a quarter at most, "
          "starves a deep network's first layers; ReLU's, 1, feeds them.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.activations.experiment:Activations",
    view="visualizers.l1_basics.activations.view:ActivationsView",
    scalars=("loss", "networks_learnt", *LOSSES),
    headline="networks_learnt",
    headline_label="networks that have learnt",
    concepts=("2.3", "2.7"),
    rests_on=("playground", "rnn_gradients"),
    speed=Speed.FRAME,
    proved_with={"depth": 4, "width": 6},
    keywords=("activation function", "sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU", "SiLU", "Swish",
              "saturation", "vanishing gradient", "dying ReLU", "He initialisation", "residual connection",
              "激活函数", "饱和", "梯度消失", "初始化", "残差连接", "死亡 ReLU"),
)
