"""A mixture of experts: a router sends each character to few of them, and a balance loss spreads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number, source
from widgets.controls.parameters import text as typed

TWINS = 3  # seeds that are trained at once, each without and with the balance loss
SENTENCE = "The statement returns 12 names; an exception is raised if none: for x in range(10): print(x)"


@dataclass(frozen=True)
class Params:
    alpha: float = number(
        0.1, 0.0, 1.0, label="Balance α", help="How much the balance loss counts beside the loss of "
                                               "prediction. Switch Transformers use 0.01.")
    experts: int = integer(4, 2, 8, help="How many networks stand side by side in the layer.")
    chosen: int = integer(1, 1, 2, label="Experts a character", help=(
        "How many of them read each character: 1 as in Switch Transformers, 2 as in GShard."))
    shown: Literal["without", "with"] = choice(
        "with", restart=False, label="Balance loss of the shown one",
        help="Whether text and bars are of a model without the balance loss or of its twin with it.")
    twin: int = integer(1, 1, TWINS, restart=False, label="Seed shown",
                        help="Which of the three seeds text and bars are of.")
    sentence: str = typed(SENTENCE, help="The text whose characters are sent to experts.")
    text: str = source("text", "python-reference",
                       help="What it learns from. The last twentieth is held out.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    width: int = integer(32, 8, 48, unit="channel", help="Channels of the residual stream.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other pieces of text.")
    knocked: tuple[int, ...] = hidden(())  # experts whose output is taken for zero
    over: str = hidden("load", stays=True)  # what is shown over training: load or loss
    bars: str = hidden("load", stays=True)  # of each expert: load or worth


@dataclass(frozen=True)
class Frame:
    """S seeds, each without (0) and with (1) the balance loss; E experts; n characters of a text.

    Losses are in nats a character, on held-out text. A load is a share of what was sent to experts.
    """

    letters: Annotated[tuple[str, ...], "n", "n ≥ 1"]
    expert: Annotated[Int32, "n", "0 … E-1"]  # the router's first choice for each
    odds: Annotated[Float32, "n", "0 … 1"]  # and how sure it is
    load: Annotated[Float32, "2 S E", "0 … 1"]
    worth: Annotated[Float32, "2 S E", "any"]  # how much the loss rises without this expert
    losses: Annotated[Float32, "2 S", "0 … 700"]  # with experts knocked out
    whole: Annotated[Float32, "2 S", "0 … 700"]  # of the whole models
    balance: Annotated[Float32, "2 S", "≥ 0"]  # the balance loss, 1 where all is even
    knocked: Annotated[tuple[int, ...], "K", "0 … E-1"]  # experts that are out
    guessing: Annotated[float, "> 0"]  # loss of guessing blindly
    weights: Annotated[int, "≥ 1"]  # of one model
    active: Annotated[int, "≥ 1"]  # that take part in one character


PANEL = Panel(
    id="mixture_of_experts",
    title="Mixture of experts",
    claim="A balance loss spreads the characters over the experts; the text is predicted no better.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.mixture_of_experts.experiment:MixtureOfExperts",
    view="visualizers.l3_transformers.mixture_of_experts.view:MixtureView",
    scalars=("loss", *(f"{kind}_{what}_{one + 1}" for kind in ("plain", "balanced")
                       for what in ("load", "loss") for one in range(TWINS)), "held_out"),
    headline="held_out",
    headline_label="held-out loss with balance",
    concepts=("3.19",),
    keywords=("mixture of experts", "MoE", "router", "gate", "load balancing", "Switch Transformer",
              "GShard", "expert", "collapse", "混合专家", "路由", "专家", "负载均衡"),
)
