"""Inside a language model: what it thinks comes next, what is drawn, and what it does to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float16, Float32, Float64, Int64, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, source, text
from widgets.controls.speeds import Speed

LONGEST = 512  # tokens: a matrix of more is neither read nor sent quickly
PROMPT, DRAWN, FORCED = 0, 1, 2  # who wrote a token
SHOTS = ("warm -> cold\nhigh -> low\nopen -> closed\nearly -> late\n"
         "hard -> soft\nfull -> empty\nlong -> short\nfirst -> last")


@dataclass(frozen=True)
class Params:
    model: str = source("model", "smollm2", needs="write", help=(
        "SmolLM2 where it has been fetched, else this program's own small GPT, or any decoder of yours."))
    form: Literal["plain text", "few shots", "chat"] = choice(
        "plain text", label="Given as", restart=False,
        help="A text to go on with; examples and a question; or a turn of a conversation, in the marks "
             "that SmolLM2 was taught.")
    prompt: str = text("The list is a", help="What the model goes on from.",
                       when={"form": ("plain text", "chat")})
    examples: str = text(SHOTS, label="Examples", when={"form": ("few shots",)},
                         help="One example a line; only as many as there are shots are shown to the "
                              "model.")
    shots: int = integer(4, 0, 8, unit="shot", restart=False, when={"form": ("few shots",)},
                         help="How many of the examples stand before the question.")
    question: str = text("big ->", help="What is asked after the examples.",
                         when={"form": ("few shots",)})
    temperature: float = number(
        0.8, 0.0, 2.0, help="Divides the scores: 0 always takes the best token, 1 is what was learnt, "
                            "more is bolder.")
    top_k: int = integer(0, 0, 100, off=0, restart=False, label="Top k",
                         help="Only so many of the best tokens can be drawn.")
    top_p: float = number(0.9, 0.05, 1.0, off=1.0, label="Top p",
                          help="Only the best tokens that together have this probability can be drawn.")
    cache: bool = flag(True, label="KV cache",
                       help="Keep the keys and values of all tokens read, or read the whole text anew "
                            "for each token.")
    length: int = integer(32, 1, 256, unit="token", restart=False, label="To be written",
                          help="How many tokens are written at most.")
    reach: int = integer(
        128, 16, LONGEST, log=True, unit="token", restart=False, label="Longest text",
        help="How much is read at most. Looking at the attention of 128 tokens takes SmolLM2 a third of "
             "a second on two cores, of 512 more than a second.")
    seed: int = integer(0, 0, 999, help="Where the random numbers begin.")
    inside: str = hidden("lens", stays=True,
                         help="What is shown of the inside: lens, attention, cache, branches or code.")
    head: tuple[int, int] = hidden((-1, -1), help="The layer and the head whose attention is shown.")
    cut: tuple[int, ...] = hidden(
        (), stays=True,
        help="The last click: its number, the step at which it was made, and the written tokens that "
             "stay, the forced one last.")


@dataclass(frozen=True)
class Frame:
    """T tokens of text, N candidates, L layers of H heads. Logarithms are natural.

    Of the inside only what is looked at is computed; the rest is empty.
    """

    model: str  # what it is called
    source: str  # what its name in the library is, for the five lines
    pieces: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the text
    kinds: Annotated[UInt8, "T", "0 … 2"]  # who wrote each: prompt, drawn, forced
    learnt: Annotated[Float32, "T", "0 … 1"]  # how likely it was, as learnt; 0 for the first
    written: Annotated[Int64, "T-given", "≥ 0"]  # the tokens after the prompt, by number
    given: Annotated[int, "1 … T"]  # tokens of the prompt
    skipped: Annotated[int, "≥ 0"]  # … and how many of its first ones were too many
    left: Annotated[int, "≥ 0"]  # tokens that may still be written
    candidates: Annotated[tuple[str, ...], "N", "N ≥ 1"]  # the likeliest next tokens, best first
    candidate_ids: Annotated[Int64, "N", "≥ 0"]
    odds: Annotated[Float32, "N", "0 … 1"]  # with which each is drawn
    as_learnt: Annotated[Float32, "N", "0 … 1"]  # before temperature and filters
    kept: Annotated[int, "≥ 1"]  # how many tokens can be drawn
    vocabulary: Annotated[int, "≥ 1"]  # … of how many
    entropy: Annotated[float, "≥ 0"]  # of the odds as learnt
    layers: Annotated[Int64, "Y", "≥ 0"]  # that the lens shows; 0 is the embedding
    places: Annotated[tuple[str, ...], "P"]  # the last tokens
    lens: Annotated[tuple[str, ...], "Y*P"]  # what each layer would say next there, row by row
    lens_odds: Annotated[Float32, "Y P", "0 … 1"]  # … and how likely it finds that
    answer: Annotated[Float32, "Y", "0 … 1"]  # what each gives, at the end, to the model's best token
    head: Annotated[tuple[int, int], "≥ 0"]  # layer and head shown
    attention: Annotated[Float32 | Float16, "S S", "0 … 1"]  # of that head
    heads: Annotated[UInt8, "L H t t", "any"]  # of all heads, averaged to t × t cells, 255 the most
    lengths: Annotated[Int64, "M", "≥ 1", "M ≥ 1"]  # of a text, for the two below
    with_cache: Annotated[Float64, "M", "≥ 0"]  # multiplications for the token after so long a text
    without_cache: Annotated[Float64, "M", "≥ 0"]
    spent: Annotated[float, "≥ 0"]  # multiplications since the run began
    cache_bytes: Annotated[int, "≥ 0"]  # what is kept of the text
    branches: Annotated[tuple[str, ...], "B"]  # what was written and left, the last one first
    branch_surprise: Annotated[Float32, "B", "≥ 0"]  # mean −ln p of their tokens


PANEL = Panel(
    id="language_model",
    title="Inside a language model",
    claim="A language model only says how likely each next token is; a rule draws one, it is appended, "
          "and the model is asked again.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.language_model.experiment:LanguageModel",
    view="visualizers.l3_transformers.language_model.view:LanguageModelView",
    scalars=("surprise", "entropy", "operations", "took_ms"),
    headline="surprise",
    headline_label="surprise",
    concepts=("3.13", "3.14", "3.17"),
    speed=Speed.FIVE,  # tokens that can be read as they come
    keywords=("language model", "GPT", "SmolLM2", "next token", "temperature", "top-k", "top-p",
              "nucleus", "logit lens", "KV cache", "chat template", "few-shot", "prompt", "generate",
              "语言模型", "下一个词元", "采样", "温度", "核采样", "对话模板", "少样本", "键值缓存", "提示"),
)
