"""Scaled dot-product attention: what goes in, what is drawn of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32
from widgets.controls.parameters import choice, flag, hidden, integer, number

WORDS = ("the", "old", "dog", "bites", "a", "man", "at", "night")
WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
PLACES = 24  # of the picture of positions alone
KEYS = 4  # of the attention step by hand
REACH = 2.5  # how far its vectors go
# One query, four keys and four values in the plane: x and y of each.
HAND = (1.5, 1.0,
        2.0, 0.5, 0.5, 2.0, -1.5, 1.0, -0.5, -1.5,
        2.0, 0.0, 0.0, 2.0, -2.0, 0.5, 0.5, -2.0)


@dataclass(frozen=True)
class Params:
    width: int = integer(64, 2, 1024, log=True, restart=False, unit="number", label="Width d", help=(
        "How many numbers a query and a key have; d_k in the paper."))
    scaling: Literal["1/√d", "none", "1/d"] = choice(
        "1/√d", restart=False, help="What the scores are multiplied by before the softmax.")
    spread: float = number(1.0, 0.25, 2.0, log=True, label="Size of the entries", help=(
        "Standard deviation of each number in a query and a key. The rule of the square root is made "
        "for 1."))
    mask: Literal["none", "causal"] = choice(
        "none", restart=False, help="Causal: a word sees only itself and those before it.")
    positions: Literal["none", "sinusoidal", "learnt", "rotary", "ALiBi"] = choice(
        "none", restart=False, help=(
            "How a word's place gets in: waves or the small BERT's learnt vectors added to the words; "
            "queries and keys turned by their place; or scores lowered by the distance."))
    shuffled: bool = flag(False, label="Shuffle the words",
                          help="Read the same words in another order.")
    seed: int = integer(0, 0, 999, help="Draws the vectors, the weights and the other order.")
    page: str = hidden("widths", stays=True)  # what the large card shows: widths, hand
    curve: str = hidden("largest", stays=True)  # what the plot shows: largest, variance, slope
    order: str = hidden("moved", stays=True)  # what stands beside it: moved, alone
    hand: tuple[float, ...] = hidden(HAND, stays=True)
    masked: tuple[int, ...] = hidden(())  # keys that the query by hand may not see


def vectors(params: Params) -> tuple[float, ...]:
    """What was dragged, made fit to be drawn: 2 numbers for the query, each key and each value."""
    given = params.hand if len(params.hand) == len(HAND) else HAND
    return tuple(min(max(one, -REACH), REACH) if one == one else 0.0 for one in given)


@dataclass(frozen=True)
class Frame:
    """Eight words (n) that look at one another, what chance does over widths, and a step by hand."""

    words: Annotated[tuple[str, ...], "n", "n = 8"]  # in the order in which they are read
    scores: Annotated[Float32, "n n", "any"]  # q·k; row i is what word i asks
    plain: Annotated[Float32, "n n", "0 … 1"]  # softmax of them as they are
    weights: Annotated[Float32, "n n", "0 … 1"]  # softmax of the scaled ones
    variance: Annotated[Float32, "WIDTHS", "≥ 0"]  # of q·k, over random queries and keys
    largest_plain: Annotated[Float32, "WIDTHS", "0 … 1"]  # mean of the largest of eight weights …
    largest: Annotated[Float32, "WIDTHS", "0 … 1"]  # … with the scaling
    slope_plain: Annotated[Float32, "WIDTHS", "0 … 1"]  # Σ p (1 − p), what passes back through it …
    slope: Annotated[Float32, "WIDTHS", "0 … 1"]  # … with the scaling
    here: Annotated[Float32, "5", "≥ 0"]  # these five, in this order, at the width that is set
    sharpest: Annotated[float, "0 … 1"]  # the mean of the largest weight there, scaled
    moved: Annotated[Float32, "n", "≥ 0"]  # how far each word's output is from what it is in the other
    #                            order, against its own size
    alone: Annotated[Float32, "PLACES PLACES", "any"]  # what positions add to a score, words being equal
    hand: Annotated[Float32, "H 2", "H = 9", "-REACH … REACH"]  # query, keys, values
    hand_scores: Annotated[Float32, "KEYS", "any"]  # q·k
    hand_scaled: Annotated[Float32, "KEYS", "any"]
    hand_weights: Annotated[Float32, "KEYS", "0 … 1"]
    output: Annotated[Float32, "2", "any"]  # Σ weight · value
    masked: Annotated[tuple[int, ...], "m", "0 … KEYS-1"]


PANEL = Panel(
    id="dot_product",
    title="Why divide by √d",
    claim="Scores q·k grow with √d, so that without scaling the softmax picks one word and passes no "
          "gradient; divided by √d it is as soft at every width.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.dot_product.experiment:DotProduct",
    view="visualizers.l3_transformers.dot_product.view:DotProductView",
    headline="sharpest",
    headline_label="largest weight",
    concepts=("3.6", "3.5", "3.8"),
    keywords=("attention", "scaled dot product", "softmax", "query", "key", "value", "mask",
              "positional encoding", "rotary", "RoPE", "ALiBi", "注意力", "缩放点积", "位置编码",
              "查询", "键", "值", "掩码"),
    trains=False,
    rests_on=("rnn_gradients",),
)
