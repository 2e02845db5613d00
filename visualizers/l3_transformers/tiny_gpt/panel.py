"""A small GPT that learns to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import choice, hidden, integer, number, source
from widgets.parameters import text as typed

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
        "The stat", help="What it goes on from, and what is looked into: up to 64 tokens of it.")
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
    """L layers, H heads, T tokens of the prompt, N candidates.

    Attributes:
        vocabulary: V, how many tokens there are.
        weights: how many weights are learnt.
        context: how far back it looks, in tokens.
        held_out: the loss on the held-out text when it was last measured, in nats a token.
        uniform_loss: of guessing blindly, ln V, in nats a token.
        frequency_loss: on the held-out text, of knowing only how frequent each token is.
        pair_loss: on the held-out text, of knowing only which token follows which.
        characters_per_token: of the held-out text.
        sample: lines that were written, the last one still growing.
        sample_steps: the step at which each was begun, (lines,).
        sample_given: how many characters of each were the prompt, (lines,).
        prompt: the tokens looked into, T.
        candidates: the most likely next tokens, N, best first.
        odds: their probabilities after temperature and top-k, (N,).
        learnt_odds: their probabilities as learnt, (N,).
        head: the layer and head that are shown.
        attention: of that head, (T, T).
        heads: attention of all heads for the small pictures, (L, H, T, T), 255 = 1.
        lens: the token each layer would say next at each place, (L + 1) * T, row by row; row 0 is
            the embedding.
        lens_odds: the probability it gives to that token, (L + 1, T).
        answer_odds: what each layer gives to the final answer after the whole prompt, (L + 1,).
    """

    vocabulary: int
    weights: int
    context: int
    held_out: float
    uniform_loss: float
    frequency_loss: float
    pair_loss: float
    characters_per_token: float
    sample: tuple[str, ...]
    sample_steps: NDArray[np.int64]
    sample_given: NDArray[np.int64]
    prompt: tuple[str, ...]
    candidates: tuple[str, ...]
    odds: NDArray[np.float32]
    learnt_odds: NDArray[np.float32]
    head: tuple[int, int]
    attention: NDArray[np.float32]
    heads: NDArray[np.uint8]
    lens: tuple[str, ...]
    lens_odds: NDArray[np.float32]
    answer_odds: NDArray[np.float32]


PANEL = Panel(
    id="tiny_gpt",
    title="A tiny GPT learns to write",
    claim="Asked only for the next token, a small Transformer learns letters, then words, then "
          "phrases.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.tiny_gpt.experiment:TinyGPT",
    view="visualizers.l3_transformers.tiny_gpt.view:TinyGPTView",
    concepts=("3.13", "3.4", "3.6"),
    keywords=("GPT", "language model", "next token", "sampling", "temperature", "top-k", "BPE",
              "logit lens", "perplexity", "语言模型", "下一个词元", "采样", "温度", "困惑度", "生成"),
)
