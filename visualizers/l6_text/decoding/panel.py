"""Decoding: eight ways to write from the same odds, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, Int64, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source, text
from widgets.controls.speeds import Speed

Method = Literal["greedy", "beam search", "sampling", "top k", "top p", "min p", "penalty", "contrastive"]
METHODS: tuple[Method, ...] = (
    "greedy", "beam search", "sampling", "top k", "top p", "min p", "penalty", "contrastive")
DRAWN: tuple[Method, ...] = ("sampling", "top k", "top p", "min p")  # where luck decides
CUT, OPEN, TAKEN = 0, 1, 2  # what became of a candidate
SPAN = 30  # characters that must be the same for a text to be called copied


@dataclass(frozen=True)
class Params:
    model: str = source("model", "tiny-gpt", needs="write", help=(
        "This program's own small GPT, SmolLM2 from the data pack, or any decoder of yours."))
    prompt: str = text("The with statement", help="What all methods go on from.")
    method: Literal["greedy", "beam search", "sampling", "top k", "top p", "min p", "penalty",
                    "contrastive"] = choice(
        "greedy", restart=False, label="Shown",
        help="Whose tree and text are shown. All eight write at the same time, so you can change at any "
             "moment.")
    beams: int = integer(4, 1, 8, unit="beam", restart=False, when={"method": ("beam search",)},
                         help="How many texts are kept; those that are less likely are dropped.")
    temperature: float = number(1.0, 0.1, 2.0, when={"method": DRAWN}, help=(
        "Divides the scores before a token is drawn; for all methods that draw."))
    top_k: int = integer(20, 1, 100, restart=False, label="Top k", when={"method": ("top k",)},
                         help="Only so many of the best tokens can be drawn.")
    top_p: float = number(0.9, 0.05, 1.0, label="Top p", when={"method": ("top p",)}, help=(
        "Only the best tokens that together have this probability can be drawn."))
    min_p: float = number(0.1, 0.0, 1.0, label="Min p", when={"method": ("min p",)}, help=(
        "Only tokens with at least this share of the best one's probability can be drawn."))
    penalty: float = number(1.2, 1.0, 2.0, when={"method": ("penalty",)}, help=(
        "The scores of tokens that stand in the text are divided by this, and multiplied if negative; "
        "then the best is taken."))
    alpha: float = number(0.6, 0.0, 1.0, when={"method": ("contrastive",)}, label="Weight of likeness",
                          help="How much a token counts that is like one which stands there already.")
    length: int = integer(60, 5, 120, unit="token", restart=False, label="To be written",
                          help="How many tokens each method writes.")
    seed: int = integer(0, 0, 999, help="Where the random numbers begin. All methods that draw have the "
                                        "same luck.")
    compare: str = hidden("table", stays=True, help="What the second card shows: table, map or branches.")
    cut: tuple[int, ...] = hidden(
        (), stays=True,
        help="The last click: its number, the step at which it was made, and the written tokens from "
             "which all methods go on.")


@dataclass(frozen=True)
class Frame:
    """T tokens of the text that is shown, N nodes of its tree in C columns, M methods.

    Logarithms are natural. What stands for a method is of all it has written since the prompt.
    """

    model: str
    pieces: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # prompt, what all share, what was written
    written: Annotated[Int64, "T-given", "≥ 0"]  # tokens after the prompt, by number
    given: Annotated[int, "1 … T"]  # tokens of the prompt
    shared: Annotated[int, "given … T"]  # tokens from which all methods went on
    again: Annotated[UInt8, "T", "0 … 1"]  # 1 for the end of four tokens that stood there before
    copied: Annotated[UInt8, "T", "0 … 1"]  # 1 within a span that stands in the training text
    column: Annotated[Int32, "N", "0 … C-1"]  # of each node, one column after the other
    parent: Annotated[Int32, "N", "≥ 0"]  # its place in the column before; 0 is the root for the first
    nodes: Annotated[tuple[str, ...], "N", "N ≥ 1"]
    node_ids: Annotated[Int64, "N", "≥ 0"]
    as_learnt: Annotated[Float32, "N", "0 … 1"]  # the odds that the model gives
    odds: Annotated[Float32, "N", "0 … 1"]  # … and those with which it is taken, after the rule
    score: Annotated[Float32, "N", "any"]  # by which the rule ranks: a sum of logarithms for beams
    fate: Annotated[UInt8, "N", "0 … 2"]  # cut, open or taken
    C: Annotated[int, "≥ 1"]  # columns; of the last one nothing is taken yet, unless the text is over
    kept: Annotated[Int32, "C", "≥ 1"]  # how many tokens, or texts, the rule left in each column
    texts: Annotated[tuple[str, ...], "M", "M = len(METHODS)"]  # what each method has written
    tokens: Annotated[Int32, "M", "≥ 0"]  # … how many tokens
    log_odds: Annotated[Float32, "M", "≤ 0"]  # mean ln p of its tokens, as learnt
    repeated: Annotated[Float32, "M", "0 … 1"]  # share of its groups of four that stood there before
    different: Annotated[Float32, "M", "0 … 1"]  # share of its tokens that are different ones
    from_training: Annotated[Float32, "M", "0 … 1", "or NaN"]  # share of its characters that are copied
    human: Annotated[Float32, "3", "any"]  # log odds, repeated, different of text that people wrote
    vocabulary: Annotated[int, "≥ 1"]  # V
    left: Annotated[int, "≥ 0"]  # tokens that are still to be written
    branches: Annotated[tuple[str, ...], "B"]  # what was written and left, the last one first
    branch_methods: Annotated[tuple[str, ...], "B", "in METHODS"]
    branch_log_odds: Annotated[Float32, "B", "≤ 0"]


PANEL = Panel(
    id="decoding",
    title="Decoding",
    claim="The most probable text is not the best: rules that seek it loop or recite, and drawing from "
          "the best few tokens, as unlikely as people write, does neither.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l6_text.decoding.experiment:Decoding",
    view="visualizers.l6_text.decoding.view:DecodingView",
    scalars=("repeated", "log_odds"),
    headline="repeated",
    headline_label="repeated",
    concepts=("6.14", "6.17"),
    speed=Speed.FIVE,
    sources=("python-reference",),
    rests_on=("language_model", "tiny_gpt"),
    keywords=("decoding", "greedy", "beam search", "temperature", "top-k", "top-p", "nucleus", "min-p",
              "repetition penalty", "contrastive search", "generation", "degeneration", "SmolLM2",
              "解码", "贪心", "束搜索", "采样", "核采样", "温度", "重复惩罚", "对比搜索", "文本生成"),
)
