"""A small GPT that learns to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int64, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source
from widgets.controls.parameters import text as typed

_FRESH = {"start": ("random weights",)}


@dataclass(frozen=True)
class Params:
    start: Literal["random weights", "trained model"] = choice(
        "random weights", label="Start from",
        help="Random weights learn everything here. The trained model is this program's own: it has "
             "read the Python reference already and brings its own tokens and size.")
    text: str = source(
        "text", "python-reference",
        help="What it reads. The last twentieth is held out and never learnt from.")
    tokens: Literal["characters", "byte pairs"] = choice(
        "characters", when=_FRESH,
        help="What the text is cut into. Byte pairs are pieces of words, joined on the spot.")
    vocabulary: int = integer(
        800, 300, 2000, unit="token", when={**_FRESH, "tokens": ("byte pairs",)},
        help="How many different byte pairs there are.")
    prompt: str = typed(
        "The statement", help="What it goes on from, and what is looked into: up to 64 tokens of it.")
    temperature: float = number(
        0.7, 0.0, 2.0, help="Divides the scores before the next token is drawn: 0 always takes the "
                            "best, 1 is what was learnt, more is bolder.")
    top_k: int = integer(
        0, 0, 100, off=0, restart=False, label="Top k",
        help="Only so many of the best tokens can be drawn.")
    learning_rate: float = number(0.003, 1e-5, 0.1, log=True, help="Size of one update of AdamW.")
    layers: int = integer(2, 1, 8, when=_FRESH, help="How many blocks follow one another.")
    heads: int = integer(4, 1, 8, when=_FRESH, help="How many ways to attend each layer has.")
    width: int = integer(
        64, 16, 256, unit="channel", when=_FRESH,
        help="Channels of the residual stream, rounded to a multiple of the heads.")
    context: int = integer(
        64, 8, 256, unit="token", when=_FRESH, help="How far back it can look.")
    batch: int = integer(
        12, 1, 64, unit="text", restart=False, help="Pieces of text read in one step.")
    dropout: float = number(
        0.0, 0.0, 0.5, restart=True,
        help="Share of activations set to zero in training, against learning by heart.")
    seed: int = integer(0, 0, 999, help="Where the random numbers begin.")
    inside: str = hidden("attention", stays=True, help="What is shown of the inside: attention or lens.")
    head: tuple[int, int] = hidden((0, 0), help="The layer and the head whose attention is shown.")


@dataclass(frozen=True)
class Frame:
    """L layers, H heads, T tokens of the prompt, N candidates. Losses are in nats a token."""

    vocabulary: Annotated[int, "≥ 1"]  # how many tokens there are
    weights: Annotated[int, "≥ 0"]  # how many are learnt
    context: Annotated[int, "≥ 1"]  # how far back it looks, in tokens
    held_out: Annotated[float, "0 … 700"]  # the loss on held-out text when it was last measured
    uniform_loss: Annotated[float, "0 … 700"]  # of guessing blindly, ln of the vocabulary
    frequency_loss: Annotated[float, "0 … 700"]  # held out: of knowing how frequent each token is
    pair_loss: Annotated[float, "0 … 700"]  # held out: of knowing which token follows which
    characters_per_token: Annotated[float, "> 0"]  # of the held-out text
    sample: Annotated[tuple[str, ...], "lines"]  # that were written, the last one still growing
    sample_steps: Annotated[Int64, "lines", "≥ 0"]  # the step at which each was begun
    sample_given: Annotated[Int64, "lines", "≥ 0"]  # how many characters of each were the prompt
    prompt: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the tokens looked into
    prompt_tokens: Annotated[int, "≥ T"]  # in all of the prompt; more than T where it was too long
    unknown: Annotated[int, "0 … T"]  # how many of those looked into are none that it knows
    candidates: Annotated[tuple[str, ...], "N", "N ≥ 1"]  # the likeliest next tokens, best first
    odds: Annotated[Float32, "N", "0 … 1"]  # after temperature and top-k
    learnt_odds: Annotated[Float32, "N", "0 … 1"]  # as learnt
    head: Annotated[tuple[int, int], "≥ 0", "head[0] < L and head[1] < H"]  # layer and head shown
    attention: Annotated[Float32, "T T", "0 … 1"]  # of that head
    heads: Annotated[UInt8, "L H T T", "any"]  # attention of all heads for small pictures, 255 = 1
    lens: Annotated[tuple[str, ...], "(L+1)*T"]  # the token each layer would say next at each place,
    #                            row by row; row 0 is the embedding
    lens_odds: Annotated[Float32, "L+1 T", "0 … 1"]  # the probability it gives to that token
    answer_odds: Annotated[Float32, "L+1", "0 … 1"]  # … to the final answer after the whole prompt


PANEL = Panel(
    id="tiny_gpt",
    title="A tiny GPT learns to write",
    claim="Asked only for the next token, a small Transformer learns letters, then words, then "
          "phrases.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.tiny_gpt.experiment:TinyGPT",
    view="visualizers.l3_transformers.tiny_gpt.view:TinyGPTView",
    scalars=("loss", "held_out"),
    headline="held_out",
    headline_label="held-out loss",
    concepts=("3.13", "3.4", "3.6"),
    keywords=("GPT", "language model", "next token", "sampling", "temperature", "top-k", "BPE",
              "logit lens", "perplexity", "语言模型", "下一个词元", "采样", "温度", "困惑度", "生成"),
    proved_with={"width": 16, "context": 16, "batch": 4},
)
