"""A playground for small networks: what layers, neurons and bends make of points in the plane."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import Unfit, choice, flag, hidden, integer, number, text
from widgets.controls.speeds import Speed

MOST_LAYERS, MOST_NEURONS = 8, 16
MOST_DRAWN = 400  # points
SIDE = 56  # cells of the large map, each way
SMALL = 28  # of a neuron's own map
RANGES = 6  # of values, in the table of what is confused with what
BENDS = ("tanh", "ReLU", "leaky ReLU", "sigmoid", "linear")
SHOWN = {"more": (True,)}
CLASSES = ("circle", "exclusive or", "two clusters", "spiral", "two moons", "three rings",
           "three clusters", "three spirals")
MADE = (*CLASSES, "plane", "hills")  # all but what is drawn by hand


def sizes(typed: str) -> tuple[int, ...]:
    """The neurons of each hidden layer in what was typed, such as ``4 2``.

    Raises:
        Unfit: something in it is no number of neurons, or there are too many layers.
    """
    found = [one for one in re.split(r"[\s,;，；、×x]+", typed.strip()) if one]
    for one in found:
        if not one.isdecimal() or not 1 <= int(one) <= MOST_NEURONS:
            raise Unfit("A layer has 1 to {most} neurons, not {value}: type numbers with blanks between "
                        "them, such as 4 2.", most=MOST_NEURONS, value=one[:20])
    if len(found) > MOST_LAYERS:
        raise Unfit("There are at most {most} hidden layers, not {count}.", most=MOST_LAYERS,
                    count=len(found))
    return tuple(map(int, found))


@dataclass(frozen=True)
class Params:
    data: Literal["circle", "exclusive or", "two clusters", "spiral", "two moons", "three rings",
                  "three clusters", "three spirals", "plane", "hills", "drawn by hand"] = choice(
        "circle", help="The points to be learnt: two or three classes, or, for the plane and the "
                       "hills, a value. Draw your own points with the pointer in the large map.")
    noise: float = number(
        0.0, 0.0, 0.5, when={"data": MADE},
        help="How far points are moved at random. The same points move with the slider.")
    layers: str = text(
        "4 2", restart=True, label="Hidden layers", check=sizes,
        help="Neurons in each hidden layer, such as 4 2. Up to 8 layers of 16; empty for none. "
             "The signs + and − above the network do the same.")
    activation: Literal["tanh", "ReLU", "leaky ReLU", "sigmoid", "linear"] = choice(
        "tanh", restart=False,
        help="How each neuron bends its sum. A click on a layer's own name above the network gives "
             "that layer another one.")
    learning_rate: float = number(0.03, 1e-5, 10.0, log=True, help="Size of one update.")
    optimizer: Literal["SGD", "momentum", "RMSProp", "Adam"] = choice(
        "SGD", label="Optimiser",
        help="How a gradient becomes an update. RMSProp and Adam want smaller rates.")
    regularization: Literal["none", "L1", "L2"] = choice(
        "none", restart=False, label="Regularisation",
        help="Pulls weights towards zero: L1 by the same amount each time, so that many become "
             "exactly zero; L2 in proportion to their size.")
    strength: float = number(
        0.01, 1e-4, 1.0, log=True, label="Strength of the pull",
        when={"regularization": ("L1", "L2")}, help="How much a weight costs beside the loss.")
    dropout: float = number(
        0.0, 0.0, 0.8, help="Share of the hidden neurons that are silent at each update, drawn anew "
                            "each time.")
    more: bool = flag(False, label="More settings",
                      help="Shows batches, loss, first weights, stop rule and the rest, and some more "
                           "figures under the network.")
    batch_size: int = integer(
        10, 1, 200, log=True, restart=False, unit="point", when=SHOWN,
        help="Points whose gradients are averaged for one update.")
    initialization: Literal["Xavier", "He", "orthogonal", "too large", "zeros"] = choice(
        "Xavier", label="First weights", when=SHOWN,
        help="How weights are drawn: Xavier suits tanh, He suits ReLU, orthogonal turns without "
             "stretching. Too large starts saturated; zeros keeps all neurons of a layer alike.")
    loss: Literal["cross-entropy", "squared error"] = choice(
        "cross-entropy", when={**SHOWN, "data": (*CLASSES, "drawn by hand")},
        help="What is made smaller for classes. Values are always learnt with the squared error.")
    points: int = integer(500, 50, 1000, unit="point", when={**SHOWN, "data": MADE},
                          help="Training and test together.")
    train_share: float = number(
        0.5, 0.1, 0.9, when=SHOWN, label="Share for training",
        help="The rest is kept for the test and never trained on.")
    stop: Literal["never", "no better test loss", "after some epochs"] = choice(
        "never", restart=False, label="Stop by itself", when=SHOWN,
        help="Ends the run when the test loss has not improved for so many epochs, or after them.")
    patience: int = integer(
        100, 1, 5000, log=True, unit="epoch", restart=False, label="Epochs until then",
        when={**SHOWN, "stop": ("after some epochs", "no better test loss")},
        help="How many epochs the stop rule waits.")
    show_test: bool = flag(False, when=SHOWN, label="Show test points",
                           help="Draws them as rings in the large map.")
    discrete: bool = flag(False, when=SHOWN, label="Show decisions only",
                          help="Paints the output as what it decides, without its shades.")
    seed: int = integer(0, 0, 999, when=SHOWN, help="Draws other points and other first weights.")
    features: tuple[str, ...] = hidden(
        ("x₁", "x₂"), stays=True, restart=True, help="What the network is told of a point.")
    bends: tuple[str, ...] = hidden(
        (), stays=True,
        help="The activation of each layer that has its own; empty names follow the control.")
    edits: tuple[tuple[int, int, int, int, float], ...] = hidden(
        (), stays=True,
        help="Weights set by hand: (number, layer, from, to, value). Numbers rise; each edit is "
             "made once. From the row after the last input comes the bias.")
    drawn: tuple[tuple[float, float, int], ...] = hidden(
        (), stays=True, help="Points drawn by hand: (x₁, x₂, class).")
    looked_at: int = hidden(-1, help="The hidden neuron in the large map; -1 for the output.")
    beside: str = hidden("confusion", stays=True, help="What the small plot shows: confusion, errors.")


@dataclass(frozen=True)
class Frame:
    """The network of this moment, with all its maps, and what it makes of the points.

    H hidden neurons, K outputs, C classes. Maps are bytes: 128 stands for zero, 1 for −scale and 255
    for +scale; rows from the top.
    """

    widths: Annotated[Int32, "L", "L ≥ 2", "≥ 0", "widths[0] == len(params.features)",
                      "widths[-1] == K", "sum(widths[1:-1]) == H"]  # features, hidden layers, outputs
    weights: Annotated[Float32, "P", "P == sum((widths[:-1] + 1) * widths[1:])", "any"]  # layer by
    #                            layer, (n_in + 1, n_out) each, biases last
    bends: Annotated[tuple[str, ...], "L-2", "in BENDS"]  # the activation of each hidden layer
    maps: Annotated[UInt8, "H SMALL SMALL", "any"]  # what each hidden neuron says of every place
    scales: Annotated[Float32, "H", "≥ 1"]  # of the maps
    output: Annotated[UInt8, "K SIDE SIDE", "any"]  # the answer: −1 … 1 for two classes and for
    #                            values; for three classes each one's probability, as 2p − 1
    points: Annotated[Float32, "N 2", "any"]  # first those trained on, then the test's, if shown
    targets: Annotated[Float32, "N", "-1 … 2"]  # class or value
    trained_on: Annotated[int, "≥ 0"]  # how many of the points
    classes: Annotated[int, "in (0, 2, 3)"]  # 0 where a value is predicted
    train_loss: Annotated[float, "≥ 0"]
    test_loss: Annotated[float, "≥ 0"]  # 0 where there are no test points
    train_score: Annotated[float, "any"]  # accuracy, or R² where a value is predicted
    test_score: Annotated[float, "any"]
    confusion: Annotated[Int32, "C C", "C == (classes or RANGES)", "≥ 0"]  # test points: true class
    #                            down, answer across; values in six ranges from −1 to 1
    errors: Annotated[Float32, "E", "E in (0, L-2)", "≥ 0"]  # mean |∂loss/∂z| of a hidden layer's
    #                            neurons; if looked at
    spread: Annotated[float, "≥ 0"]  # how much a layer's neurons differ in weights, at most; 0: all alike
    mean_weight: Annotated[float, "≥ 0"]  # mean |w|, biases apart
    zeros: Annotated[float, "0 … 1"]  # share of weights that are exactly zero
    single: Annotated[Float32, "S", "S in (0, (widths[0] + 1) * K)", "any"]  # the one matrix a
    #                            network without bends amounts to
    single_gap: Annotated[float, "≥ 0"]  # how far its scores are from the network's, at most
    updates: Annotated[Int32, "U", "U in (0, 2)", "≥ 0"]  # an epoch's updates and numbers to learn,
    #                            if asked for
    left: Annotated[int, "≥ -1"]  # epochs until the stop rule acts; -1 for never
    applied: Annotated[int, "≥ 0"]  # the highest number of an edit that has been made


PANEL = Panel(
    id="playground",
    title="Playground",
    claim="Layers of simple neurons learn any border between points, but only because each neuron "
          "bends its sum.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.playground.experiment:Playground",
    view="visualizers.l2_networks.playground.view:PlaygroundView",
    scalars=("loss", "test_loss", "score", "test_score"),
    headline="test_score",
    headline_label="test score",
    concepts=("2.2", "2.1", "2.3", "2.4"),
    speed=Speed.FRAME,  # a step is an epoch, and a circle is learnt in some hundred
    keywords=("multi-layer perceptron", "MLP", "neuron", "activation function", "ReLU", "sigmoid",
              "XOR", "decision boundary", "back-propagation", "regularisation", "dropout",
              "overfitting", "initialisation", "optimiser", "Adam", "confusion matrix",
              "TensorFlow Playground", "多层感知机", "神经元", "激活函数", "非线性", "异或", "决策边界",
              "反向传播", "正则化", "过拟合", "初始化", "优化器", "混淆矩阵"),
)
