"""Backpropagation on a computational graph, node by node, and what each way of the chain rule costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from visualizers.panel import Panel
from visualizers.shapes import Float64, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, text
from widgets.controls.speeds import Speed

INPUT, NUMBER, OPERATION = 0, 1, 2  # kinds of nodes
VALUES, WALKING, DONE = 0, 1, 2  # phases: values forward, then derivatives, then nothing is left
ROWS, COLUMNS = 8, 64  # of the largest local Jacobian that is shown
PATHS = 4  # that are shown
SIDE = 8  # rows or columns of the largest weight matrix
EPSILONS = tuple(np.logspace(-12, 0, 25).tolist())
PROBLEMS = ("", "empty", "sign", "end", "function", "arguments", "long", "nodes", "variables", "outputs",
            "constant", "again", "values", "undefined")

_TYPED, _NETWORK = {"graph": ("typed expression",)}, {"graph": ("small network",)}


@dataclass(frozen=True)
class Params:
    graph: Literal["typed expression", "small network"] = choice(
        "typed expression", label="Derivatives of",
        help="What is differentiated: an expression of yours, or s = U f(Wx + b).")
    expression: str = text("(x + y) * max(y, z)", restart=True, when=_TYPED, help=(
        "With + − * / ^, brackets, exp, ln, sqrt, abs, sin, cos, tanh, sigmoid, relu, max, min. "
        "Semicolons separate outputs; a = x + y names a part."))
    values: str = text("x = 1, y = 2, z = 0", when=_TYPED, help=(
        "Where it is differentiated. A variable without a value is given one by the seed."))
    mode: Literal["reverse", "forward"] = choice(
        "reverse", help="Reverse walks back from each output, forward walks on from each input.")
    inputs: int = integer(3, 1, SIDE, when=_NETWORK, help="Numbers in the vector x.")
    width: int = integer(4, 1, SIDE, when=_NETWORK, help="Neurons in each hidden layer.")
    layers: int = integer(1, 1, 3, label="Hidden layers", when=_NETWORK,
                          help="How many layers stand between x and the outputs.")
    outputs: int = integer(1, 1, SIDE, when=_NETWORK, help="Numbers in the vector s. A loss is one number.")
    activation: Literal["tanh", "sigmoid", "relu"] = choice(
        "tanh", when=_NETWORK, help="f of each neuron. Its Jacobian has slopes on the diagonal only.")
    weights: bool = flag(True, restart=True, label="By the weights too", when=_NETWORK, help=(
        "Whether weights and biases count as inputs, as in training, or x alone."))
    epsilon: float = number(1e-5, 1e-12, 1.0, log=True, label="Difference ε", help=(
        "How far an input is moved to measure the slope without the chain rule."))
    seed: int = integer(0, 0, 999, help=(
        "Draws the weights, values that were not given, and the direction of the gradient check."))
    chosen: int = hidden(-1, help="The node that was clicked; −1 follows the walk.")
    page: str = hidden("cost", stays=True, help="What the right card shows: cost, jacobian, differences.")


@dataclass(frozen=True)
class Frame:
    """N nodes, E edges, K entries of outputs, P entries of inputs, F factors.

    A derivative is, in reverse mode, that of the output entry the walk began at by each entry of the node;
    in forward mode that of each entry of the node by the input entry the walk began at.
    """

    problem: Annotated[str, "L", "in PROBLEMS"]
    piece: str  # what is to blame
    names: Annotated[tuple[str, ...], "N"]
    formulas: Annotated[tuple[str, ...], "N"]
    kinds: Annotated[UInt8, "N", "0 … 2"]
    rows: Annotated[Int32, "N", "1 … ROWS"]
    columns: Annotated[Int32, "N", "1 … SIDE"]
    values: Annotated[Float64, "N ROWS SIDE", "or NaN"]  # NaN where there is none that is finite
    valued: Annotated[UInt8, "N", "0 … 1"]  # 1 once it is computed
    derivatives: Annotated[Float64, "N ROWS SIDE", "or NaN"]  # of the walk under way
    derived: Annotated[UInt8, "N", "0 … 1"]  # 1 once the walk has been there
    edges: Annotated[Int32, "E 2", "0 … N-1"]  # from, to
    slopes: Annotated[Float64, "E", "or NaN"]  # local derivatives of numbers by numbers
    sloped: Annotated[UInt8, "E", "0 … 1"]  # 1 where there is one and it is known
    phase: Annotated[int, "0 … 2"]
    now: Annotated[int, "-1 … N-1"]  # the node of this step
    chosen: Annotated[int, "-1 … N-1"]  # the node that is looked at
    walk: Annotated[int, "≥ 0"]  # walks begun
    walks: Annotated[int, "≥ 0"]  # … of so many
    begun: str  # the entry from which the walk began
    known: Annotated[int, "≥ 0"]  # derivatives of outputs by inputs
    multiplications: Annotated[int, "≥ 0"]  # spent so far, not counting those of the values
    path: Annotated[Int32, "F", "≥ 0"]  # to which path each factor belongs
    factor_edges: Annotated[Int32, "F 2", "0 … N-1"]  # a factor is ∂ second / ∂ first
    factor_rows: Annotated[Int32, "F", "1 … ROWS"]
    factor_columns: Annotated[Int32, "F", "1 … COLUMNS"]
    factors: Annotated[Float64, "F ROWS COLUMNS", "or NaN"]
    partial_rows: Annotated[Int32, "F", "1 … ROWS"]  # the product so far, in the direction of the walk
    partial_columns: Annotated[Int32, "F", "1 … COLUMNS"]
    partials: Annotated[Float64, "F ROWS COLUMNS", "or NaN"]
    paths: Annotated[int, "≥ 0"]  # how many there are in all
    input_names: Annotated[tuple[str, ...], "P"]
    output_names: Annotated[tuple[str, ...], "K"]
    jacobian: Annotated[Float64, "K P", "or NaN"]
    found: Annotated[UInt8, "K P", "0 … 1"]  # 1 where it is known
    reverse_costs: Annotated[Int32, "A 2", "≥ 0", "A ≥ 1"]  # multiplications and known, node by node
    forward_costs: Annotated[Int32, "B 2", "≥ 0", "B ≥ 1"]
    difference: Annotated[float, "or NaN"]  # largest, of all derivatives, between chain rule and ε
    errors: Annotated[Float64, "2 EPSILONS", "or NaN"]  # along one direction: two-sided, one-sided


PANEL = Panel(
    id="backprop",
    title="Backpropagation",
    claim="One walk back gives the derivatives by all inputs: each node multiplies what comes from above by "
          "its own slope. Forward, each input takes a walk.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.backprop.experiment:Backprop",
    view="visualizers.l1_basics.backprop.view:BackpropView",
    scalars=("multiplications", "known"),
    headline="multiplications",
    headline_label="multiplications",
    concepts=("1.9", "2.4"),
    keywords=("backpropagation", "backprop", "computational graph", "chain rule", "Jacobian", "gradient",
              "derivative", "autograd", "automatic differentiation", "reverse mode", "forward mode",
              "finite differences", "gradient check", "JVP", "VJP", "反向传播", "计算图", "链式法则",
              "雅可比", "梯度", "导数", "自动微分", "梯度检验", "有限差分"),
    speed=Speed.ONE,
    proved_with={"graph": "small network", "mode": "forward", "width": 3},  # a longer run than the default's
)
