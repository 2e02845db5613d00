"""The compression kitchen: cards in any order, each really run on a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number, text

ONCE = ("prune", "2:4", "neurons", "heads", "quantise", "low rank")  # cards that act at once …
LONG = ("tune", "distil")  # … and those that train
CARDS = (*ONCE, *LONG)
LONGEST = 8  # cards in a recipe
PICTURES = 450  # held out


@dataclass(frozen=True)
class Params:
    sparsity: float = number(0.8, 0.0, 0.98, label="Pruned share",
                             help="The card *prune* sets so large a share of each layer's weights to zero.")
    criterion: Literal["magnitude", "random"] = choice(
        "magnitude", restart=False, label="Prune",
        help="Which weights go: the smallest in magnitude, or ones that are drawn.")
    removed: float = number(0.5, 0.0, 0.95, label="Neurons or heads out", help=(
        "The cards *neurons* and *heads* take out so many of them whole, those first that matter least."))
    bits: int = integer(4, 2, 8, unit="bit", restart=False,
                        help="The card *quantise* stores each weight in so many bits.")
    granularity: Literal["per tensor", "per channel"] = choice(
        "per tensor", restart=False, label="One scale",
        help="Which weights share a scale: a whole matrix, or one output channel.")
    outlier: float = number(1.0, 1.0, 100.0, log=True, off=1.0, unit="×", label="Outlier channel", help=(
        "One channel of each layer is stored so many times too large, and the network divides by it: without "
        "compression nothing changes."))
    rank: int = integer(16, 1, 64, log=True, restart=False, help=(
        "The card *low rank* writes a matrix as a product of two thin ones, of so many columns and rows."))
    tuning: int = integer(150, 20, 600, log=True, unit="step", restart=False, label="Steps of tuning",
                          help="So long train the cards *tune*, by labels, and *distil*, by the odds of "
                               "the uncompressed network.")
    learning_rate: float = number(0.001, 1e-5, 0.03, log=True, help=(
        "Size of one update in tuning (Adam); half of it for the GPT."))
    model: Literal["digits network", "tiny GPT"] = choice(
        "digits network", help="A trained network that reads digits, or this project's own small GPT.")
    picture: int = integer(
        -1, -1, PICTURES - 1, off=-1, restart=False, when={"model": ("digits network",)},
        help="The held-out picture that is looked at; off: the one whose answer has changed most.")
    prompt: str = text("The return value of the", when={"model": ("tiny GPT",)},
                       help="What the GPT goes on from.")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and other batches.")
    recipe: tuple[str, ...] = hidden(("prune", "tune", "quantise"), stays=True)  # cards, first to last
    card: str = hidden("prune", stays=True)  # the one whose layers are looked at
    beside: str = hidden("layers", stays=True)


@dataclass(frozen=True)
class Frame:
    """The network as it is now, and what the cards would do. L layers, K cards that act at once."""

    layers: Annotated[tuple[str, ...], "L"]
    cards: Annotated[tuple[str, ...], "K", "in ONCE"]  # that this network allows
    alone_right: Annotated[Float32, "K", "0 … 1"]  # accuracy after each card alone, not tuned …
    alone_bytes: Annotated[Int32, "K", "≥ 1"]  # … and what is then stored
    recipe: Annotated[tuple[str, ...], "R", "in CARDS"]
    done: Annotated[int, "0 … R"]  # so many of its cards are through
    path_right: Annotated[Float32, "P", "P ≥ 1", "0 … 1"]  # before the first card and after each
    path_bytes: Annotated[Int32, "P", "≥ 1"]
    now_right: Annotated[float, "0 … 1"]
    now_bytes: Annotated[int, "≥ 1"]
    plan_right: Annotated[float, "0 … 1"]  # after the whole recipe without its training
    plan_bytes: Annotated[int, "≥ 1"]
    try_right: Annotated[Float32, "N", "0 … 1"]  # where earlier recipes ended
    try_bytes: Annotated[Int32, "N", "≥ 1"]
    try_names: Annotated[tuple[str, ...], "N"]
    layer_right: Annotated[Float32, "L", "0 … 1"]  # accuracy after the looked-at card on one layer alone
    options: Annotated[tuple[str, ...], "M"]  # what the answer can be, of the GPT the likeliest tokens …
    before: Annotated[Float32, "M", "0 … 1"]  # … with the odds of the network as it was trained
    after: Annotated[Float32, "M", "0 … 1"]  # … and as it is now
    answer: Annotated[int, "-1 … M-1"]  # the right one; −1: there is none
    picture: Annotated[int, "≥ -1"]
    image: Annotated[Float32, "8 8", "0 … 1"]
    to_go: Annotated[int, "≥ 0"]  # training steps that are left


PANEL = Panel(
    id="compression",
    title="Compression kitchen",
    claim="Each step costs little: pruned, tuned and rounded, a network keeps its accuracy in a tenth of the "
          "bytes. The order of the steps and a few outliers decide.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.compression.experiment:Compression",
    view="visualizers.l5_compression.compression.view:CompressionView",
    scalars=("loss", "accuracy", "kilobytes", "dense_ms", "stored_ms"),
    headline="accuracy",
    headline_label="the compressed network's accuracy",
    concepts=("5.14", "5.15", "5.16", "5.19", "5.22"),
    keywords=("pruning", "sparsity", "2:4", "structured pruning", "attention heads", "low rank", "SVD",
              "quantization", "distillation", "BMCook", "compression", "剪枝", "稀疏", "结构化剪枝", "低秩",
              "量化", "知识蒸馏", "模型压缩"),
    sources=("digits", "python-reference"),
    rests_on=("tiny_gpt", "playground"),
)
