"""Gradients through time: why a recurrent network forgets, and what gates change about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number

CLIP_OFF = 100.0  # the highest clipping threshold means that nothing is clipped
FAINTEST = -300.0  # log10 of what stands for a gradient that is exactly zero


@dataclass(frozen=True)
class Params:
    cell: Literal["linear", "tanh", "GRU", "LSTM"] = choice(
        "linear", help="How one state follows from the last. GRU and LSTM have gates.")
    spectral_radius: float = number(
        0.8, 0.1, 2.0,
        help="Largest eigenvalue of the recurrent weights. A change rescales them on the spot, "
             "so that the learned weights keep their directions; training then moves on.")
    length: int = integer(
        40, 5, 200, unit="step", help="How many symbols the network reads before it answers.")
    task: Literal["copy the first symbol", "random readout"] = choice(
        "copy the first symbol",
        help="Copying needs the whole past. The random readout asks for the last symbol through "
             "weights that are random and stay so: it needs no memory.")
    start: Literal["orthogonal", "Gaussian"] = choice(
        "orthogonal", help="How the recurrent weights are drawn. Orthogonal ones turn a vector "
                           "without bending it: every direction grows by the spectral radius.")
    gate_bias: bool = flag(
        True, restart=True, when={"cell": ("GRU", "LSTM")}, label="Gates start open",
        help="Start the gates' biases so that states are kept for 1 to T steps (chrono "
             "initialisation). Off: biases start at zero, and half of a state is lost each step.")
    input_strength: float = number(
        1.0, 0.1, 3.0, log=True, restart=True,
        help="Size of the weights that let symbols in. Strong symbols drive tanh to its flat ends, "
             "where it passes less of the error, and they overwrite what was there before.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    clip: float = number(
        1.0, 0.01, CLIP_OFF, log=True, off=CLIP_OFF, label="Clip gradient at",
        help="A gradient of the weights that is longer than this is shortened to it.")
    hidden_size: int = integer(32, 8, 128, log=True, unit="unit", help="Numbers in one state.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other sequences.")
    beside: str = hidden(
        "", stays=True,
        help="What the small plot shows: gradient norm, gates, singular values; empty chooses.")


@dataclass(frozen=True)
class Frame:
    """What the last training step saw; before the first step, what it would see.

    Arrays over time are ordered by *steps back* k = T − t, so entry 0 is the last state. Magnitudes
    are log10, because over 200 steps they leave the range of float32.
    """

    log_gradient: Annotated[Float32, "params.length+1", "FAINTEST … -FAINTEST"]  # log10 |∂L/∂h_t|,
    #                            the norm over batch and units
    log_cell_gradient: Annotated[Float32, "cells", "cells in (0, params.length)",
                                 "FAINTEST … -FAINTEST"]  # log10 |∂L/∂c_t|, k = 1 … T, of an LSTM
    log_theory: Annotated[Float32, "params.length+1", "≤ -FAINTEST"]  # what one factor a step predicts, from
    #                            the same start
    gate_names: Annotated[tuple[str, ...], "G"]
    gate_means: Annotated[Float32, "G params.length", "0 … 1"]  # mean over batch and units
    singular_steps: Annotated[Int32, "K", "0 … params.length"]  # steps back at which the Jacobian
    #                            was decomposed
    log_largest: Annotated[Float32, "K", "FAINTEST … -FAINTEST"]  # log10 of the largest singular
    #                            value of ∂h_T/∂h_t
    log_smallest: Annotated[Float32, "S", "S ≤ K", "FAINTEST … -FAINTEST"]  # the smallest, as far as
    #                            it can be told from rounding
    slope: Annotated[float, "≥ 0"]  # factor per step back of |∂L/∂h_t|, over the far half
    radius: Annotated[float, "≥ 0"]  # spectral radius of the recurrent weights now
    gradient_norm: Annotated[float, "≥ 0"]  # of all weights together, before clipping
    clipped: bool


PANEL = Panel(
    id="rnn_gradients",
    title="Gradients through time",
    claim="The further back an error must travel through a recurrent network, the faster it fades "
          "or blows up; gates keep a way open.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_gradients.experiment:RnnGradients",
    view="visualizers.l2_networks.rnn_gradients.view:RnnGradientsView",
    scalars=("loss", "accuracy", "gradient_norm", "clipped"),
    headline="accuracy",
    headline_label="accuracy",
    concepts=("2.7", "2.6", "2.8", "2.9"),
    keywords=("RNN", "LSTM", "GRU", "vanishing gradient", "exploding gradient", "clipping",
              "spectral radius", "Jacobian", "BPTT", "循环神经网络", "梯度消失", "梯度爆炸", "梯度裁剪"),
)
