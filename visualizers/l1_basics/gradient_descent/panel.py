"""Gradient descent: six optimisers, one start, one learning rate, and where each of them gets to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Float64, Int32
from widgets.controls.parameters import choice, hidden, integer, number
from widgets.controls.speeds import Speed

OPTIMISERS = ("SGD", "momentum", "Nesterov", "RMSProp", "Adam", "AdamW")
NAMES = tuple(one.lower() for one in OPTIMISERS)  # of their losses in the history
SIDES = {"narrow valley": (3.0, 2.0), "saddle": (3.0, 2.5), "sharp and wide valley": (3.0, 2.0),
         "curved valley": (2.0, 2.0)}  # a landscape reaches from minus these to plus these
STARTS = {"narrow valley": (-1.7, 1.2), "saddle": (-2.1, 0.0625), "sharp and wide valley": (-1.875, 1.0),
          "curved valley": (-1.5, 1.5)}
MINIMUM = (1.5, 0.4)  # of the narrow valley: not at 0, where weight decay pulls
LOWEST = {"narrow valley": MINIMUM, "saddle": (0.0, 2.0), "sharp and wide valley": (1.114, 0.0),
          "curved valley": (1.0, 1.0)}  # places
LENGTH = 300  # steps of a race
POINTS = 64  # that the network learns from
ALL = tuple(SIDES)


@dataclass(frozen=True)
class Params:
    landscape: Literal["narrow valley", "saddle", "sharp and wide valley", "curved valley",
                       "small network"] = choice(
        "narrow valley", help="What is gone down. The network has 33 weights, so its loss is drawn in the "
                              "plane in which the paths spread most.")
    learning_rate: float = number(
        0.105, 0.001, 1.0, log=True, help="The size of a step, η: the same for all six.")
    steepness: float = number(
        20.0, 1.0, 100.0, log=True, restart=True, when={"landscape": ("narrow valley",)},
        help="Curvature λ across the valley; along it the curvature is 1.")
    angle: float = number(
        0.0, 0.0, 45.0, unit="degree", label="Turned by", restart=True,
        when={"landscape": ("narrow valley",)},
        help="How far the valley, and the start with it, is turned away from the axes of the two weights.")
    noise: float = number(
        0.0, 0.0, 5.0, when={"landscape": ALL}, label="Batch noise",
        help="How far a batch misses each slope: standard deviation of what is added to it. All six get "
             "the same batches.")
    batch: int = integer(
        POINTS, 1, POINTS, log=True, restart=False, unit="point", label="Batch size",
        when={"landscape": ("small network",)},
        help="Of 64 points, how many give the gradient of a step. All six get the same batches.")
    momentum: float = number(
        0.9, 0.0, 0.99, help="How much of the last step's movement is kept, β; also by Adam, as β₁.")
    weight_decay: float = number(
        0.1, 0.0, 1.0, help="How strongly AdamW pulls each weight to 0 beside the gradient.")
    follow: Literal["SGD", "momentum", "Nesterov", "RMSProp", "Adam", "AdamW"] = choice(
        "SGD", restart=False, help="Whose path is drawn thick and whose curvature is measured. The "
                                   "network's plane goes through its place.")
    seed: int = integer(0, 0, 999, help="Draws other batches, and another network and its points.")
    start: tuple[float, ...] = hidden((), stays=True, restart=True)  # where a click has put it
    beside: str = hidden("", stays=True)  # "edge" or "curvature"; empty chooses


@dataclass(frozen=True)
class Frame:
    """The race so far."""

    surface: Annotated[Float32, "G G", "any"]  # the loss over the plane that is drawn, upwards first
    across: Annotated[Float32, "G", "rising"]
    up: Annotated[Float32, "G", "rising"]
    paths: Annotated[Float32, "6 T 2", "T ≥ 1", "any"]  # of each optimiser, from the start to now
    losses: Annotated[Float64, "6", "any"]  # of all data, now
    first: Annotated[float, "any"]  # the loss at the start
    left: Annotated[Int32, "6", "0 … LENGTH"]  # the step at which each was lost for ever; 0: it is not
    followed: Annotated[int, "0 … 5"]  # which of the six is followed
    curvature: Annotated[float, "any"]  # largest eigenvalue of the Hessian where that one is
    held: Annotated[float, "0 … 1"]  # how much of the paths' spread lies in the plane drawn
    rates: Annotated[Float32, "E", "rising"]  # learning rates, in the narrow valley only
    factors: Annotated[Float32, "3 E", "≥ 0"]  # by which SGD, momentum, Nesterov multiply what is left
    edges: Annotated[Float32, "K", "> 0"]  # where each of the three factors passes 1 for good
    measured: Annotated[Float32, "K", "≥ 0"]  # the factors of the last steps; 0 where they tell none


PANEL = Panel(
    id="gradient_descent",
    title="Gradient descent",
    claim="From one start at one learning rate six optimisers go six ways; on a quadratic SGD runs "
          "away exactly when η is above 2/λ.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.gradient_descent.experiment:GradientDescent",
    view="visualizers.l1_basics.gradient_descent.view:GradientDescentView",
    scalars=("loss", *NAMES, "curvature"),
    headline="loss",
    headline_label="lowest loss",
    concepts=("1.8",),
    speed=Speed.FRAME,
    rests_on=("playground",),
    keywords=("SGD", "momentum", "Nesterov", "RMSProp", "Adam", "AdamW", "optimiser", "learning rate",
              "loss landscape", "Hessian", "curvature", "PCA", "batch noise", "梯度下降", "优化器", "动量",
              "学习率", "损失曲面", "曲率", "批量噪声"),
)
