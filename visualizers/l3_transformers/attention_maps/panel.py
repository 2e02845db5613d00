"""Attention of a trained model: what is asked for and what is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from visualizers.shapes import Float16, Float32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, source, text

LONGEST = 512  # tokens; a matrix of more does not fit into a frame or onto a screen


@dataclass(frozen=True)
class Params:
    model: str = source("model", "minilm", needs="encode", help=(
        "A trained model: MiniLM or SmolLM2 from the data pack, this program's small BERT or small "
        "GPT, or any encoder or decoder from a folder, a GGUF file or the local cache."))
    example: Literal[
        "the closed file", "the tired animal", "two banks", "sentence pair", "repeated words",
        "Python manual", "Chinese", "Chinese pair", "long text", "own text",
    ] = choice("the closed file", restart=False, help="What the model reads.")
    words: str = text("Type a sentence here, and look who looks at whom.", label="Text",
                      help="Any text; the model reads as much of it as it was built for.",
                      when={"example": ("own text",)})
    second: str = text("", label="Second sentence",
                       help="Leave it empty, or type what is to be compared with the first.",
                       when={"example": ("own text",)})
    show: Literal["one head", "average of a layer", "rollout"] = choice(
        "one head", restart=False,
        help="One head; the mean of a layer's heads; or the flow through all layers up to it.")
    between: Literal["all tokens", "first to second", "second to first", "within each"] = choice(
        "all tokens", restart=False, label="Sentences",
        help="Which sentence looks at which.",
        when={"example": ("sentence pair", "Chinese pair", "own text")})
    sinks: bool = flag(True, label="Show sinks", help=(
        "Whether to show [CLS], [SEP] and the first token, where heads rest that find nothing."))
    weights: Literal["trained", "random"] = choice(
        "trained", help="The same model as it was before training, to compare.")
    seed: int = integer(0, 0, 999, help="Where the random weights are drawn from.",
                        when={"weights": ("random",)})
    layer: int = hidden(-1)    # the chosen head; -1 is the one that looks most at the token before
    head: int = hidden(-1)
    preview: tuple[int, ...] = hidden(())   # (layer, head) under the pointer
    token: int = hidden(-1)                 # the locked token
    masked: tuple[int, ...] = hidden(())    # tokens that nobody may look at
    clicking: str = hidden("lock", stays=True)          # what a click on a token does: "lock" or "mask"


@dataclass(frozen=True)
class Frame:
    """T tokens, L layers of H heads. Layers and heads are counted from 0."""

    tokens: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # as they are shown
    segments: Annotated[UInt8, "T", "0 … 1"]  # the sentence each belongs to
    sinks: Annotated[UInt8, "T", "0 … 1"]  # 1 for [CLS], [SEP] and the first token
    matrix: Annotated[Float32 | Float16, "T T", "0 … 1"]  # what is shown; row i says how much token i
    #                            takes from each token
    layer: Annotated[int, "0 … L-1"]  # of the matrix
    head: Annotated[int, "-1 … H-1"]  # −1 where it joins all heads of the layer
    grid: Annotated[UInt8, "L H t t", "t ≥ 1", "any"]  # every head, averaged to t × t cells and scaled
    #                            to its own peak
    peaks: Annotated[Float32, "L H", "0 … 1"]  # the largest of these averages
    before: Annotated[Float32, "L H", "0 … 1"]  # the share that goes to the token before, on average
    itself: Annotated[Float32, "L H", "0 … 1"]  # … to the token itself
    resting: Annotated[Float32, "L H", "0 … 1"]  # … to sinks
    evenness: Annotated[float, "0 … 1"]  # mean entropy of all rows against that of looking everywhere
    moved: Annotated[Float32, "T", "0 … 2"]  # how far masking turned each token's last vector,
    #                            1 − cosine; 0 without masks
    ahead: Annotated[float, "≥ 0"]  # weight that goes to later tokens, at most; 0 for a decoder
    leak: Annotated[float, "≥ 0"]  # weight that goes to masked tokens from others, at most
    total: Annotated[int, "≥ T"]  # tokens of the whole text; more than T where it was too long
    model: str  # what it is called


def chosen(params: Params, before: NDArray[np.float32]) -> tuple[int, int]:
    """The layer and the head that are looked at.

    Those that were clicked; else the head that looks most at the token before, which shows a clear
    pattern in almost every model, or the last layer where all heads are joined.
    """
    layers, heads = before.shape
    if 0 <= params.layer < layers and (0 <= params.head < heads or params.show != "one head"):
        return params.layer, params.head
    layer, head = divmod(int(before.argmax()), heads)
    return (layer, head) if params.show == "one head" else (layers - 1, 0)


PANEL = Panel(
    id="attention_maps",
    title="Attention maps",
    claim="Each head of each layer has learnt a way of its own to look at the other tokens.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.attention_maps.experiment:AttentionMaps",
    view="visualizers.l3_transformers.attention_maps.view:AttentionMapsView",
    headline="evenness",
    headline_label="evenness",
    concepts=("3.7", "3.8", "3.14"),
    keywords=("attention", "self-attention", "head", "rollout", "BERT", "MiniLM", "GPT", "mask",
              "注意力", "自注意力", "多头", "掩码", "编码器", "解码器"),
    sources=("python-reference",),
    trains=False,
)
