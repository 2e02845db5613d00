"""n-grams: what counting can know of the next word, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Float64, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, source, text
from widgets.controls.speeds import Speed

N = 5  # the longest n-gram
METHODS = ("add-k", "interpolation", "back-off", "Kneser-Ney")
NEXT = 6  # next words that are listed
PARTS = 20  # in which the text is read


@dataclass(frozen=True)
class Params:
    learn: Literal["a text", "own text"] = choice(
        "a text", label="Count in", help="A text of the catalogue, or one that you write here.")
    corpus: str = source("text", "python-reference", label="Text", when={"learn": ("a text",)}, help=(
        "What is counted, in any language, or a file of yours; every tenth line is held out."))
    own: str = text("I am Sam\nSam I am\nI do not like green eggs and ham\nI like Sam and Sam likes me",
                    label="Own text", when={"learn": ("own text",)}, help=(
                        "One sentence a line. Every tenth line is held out; the last one where there are "
                        "fewer."))
    unit: Literal["words", "characters"] = choice(
        "words", help="What an n-gram is made of. Chinese words are found with jieba.")
    n: int = integer(3, 1, N, restart=False, label="n", help=(
        "How many of them are looked at together: the last one is predicted from those before it."))
    method: Literal["add-k", "interpolation", "back-off", "Kneser-Ney"] = choice(
        "Kneser-Ney", restart=False, label="Smoothing",
        help="How n-grams that were never read get a probability.")
    k: float = number(0.01, 1e-4, 1.0, log=True, label="k", when={"method": ("add-k",)}, help=(
        "Added to every count. With none at all, one unread n-gram makes the whole text impossible."))
    share: float = number(0.7, 0.05, 0.95, label="λ", when={"method": ("interpolation",)}, help=(
        "How much the longest context counts; the rest goes to the shorter ones."))
    discount: float = number(0.75, 0.05, 0.95, label="Discount", help=(
        "Taken off every count and given to what was not read; for back-off and Kneser-Ney."),
        when={"method": ("back-off", "Kneser-Ney")})
    context: str = text("the value of", label="Context", help="After which the next word is wanted.")
    sentence: str = text("If the file is not found, an exception is raised.", label="Sentence", help=(
        "Its probability is the product of those of its words."))
    seed: int = integer(0, 0, 999, help="Which lines are held out, and where the random numbers begin.")
    pick: int = hidden(-1, help="The next word whose formula is filled in; -1 is the best one.")
    curve: str = hidden("perplexity", stays=True, help="What the first card shows.")
    beside: str = hidden("next", stays=True, help="What the second card shows: next or sentence.")
    wrote: str = hidden("text", stays=True, help="What the third card shows: text or game.")
    guesses: tuple[int, ...] = hidden((), stays=True, help="Which of two lines was taken for the "
                                                           "machine's, round after round.")


@dataclass(frozen=True)
class Frame:
    """M methods, n-grams of 1 … N, K next words, S words of the sentence, W words that were written."""

    held_out: Annotated[Float64, "M N", "> 0"]  # perplexity on lines that were not read
    training: Annotated[Float64, "M N", "> 0"]  # … and on those that were
    unread: Annotated[Float32, "N", "0 … 1"]  # share of the n-grams held out that were not read
    once: Annotated[Float32, "N", "0 … 1"]  # share of the different ones read that were read once
    different: Annotated[Int32, "N", "≥ 1"]  # n-grams
    read: Annotated[int, "≥ 1"]  # words that were read
    vocabulary: Annotated[int, "≥ 2"]  # different words, the end of a line and the unknown among them
    context: Annotated[tuple[str, ...], "H", "H ≤ N"]  # the last n − 1 words of it that count
    next: Annotated[tuple[str, ...], "K", "1 ≤ K", "K ≤ NEXT"]  # the best by the chosen method
    odds: Annotated[Float64, "M K", "0 … 1"]  # by each method
    pick: Annotated[int, "0 … K-1"]  # the one of the formula
    count: Annotated[int, "≥ 0"]  # how often it stood after the context
    after: Annotated[int, "≥ 0"]  # how often anything did
    kinds: Annotated[int, "≥ 0"]  # … how many different words
    shorter: Annotated[Float64, "M", "0 … 1"]  # what each method says with one word less to go by
    left: Annotated[float, "≥ 0"]  # the weight with which back-off passes on to the shorter context
    sentence: Annotated[tuple[str, ...], "S", "S ≥ 1"]
    chain: Annotated[Float64, "S", "0 … 1"]  # the probability of each word after those before it
    written: Annotated[tuple[str, ...], "W", "W ≥ 1"]
    copied: Annotated[UInt8, "W", "0 … 1"]  # 1 within a span that stands in the text
    span: Annotated[int, "≥ 2"]  # … of so many at least
    lines: Annotated[tuple[str, ...], "2"]  # one by a person, one by the counts
    machine: Annotated[int, "0 … 1"]  # which of them is the latter
    before: Annotated[int, "-1 … 1"]  # which it was in the round before; −1 in the first one
    right: Annotated[int, "≥ 0"]  # guesses that were right


PANEL = Panel(
    id="ngram",
    title="N-grams",
    claim="Longer n-grams fit what was read ever better, but most of those in new text were never read: "
          "what a model makes of them decides how well it does.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.ngram.experiment:NGrams",
    view="visualizers.l1_basics.ngram.view:NGramView",
    scalars=("words", "perplexity", "unread"),
    headline="perplexity",
    headline_label="perplexity",
    concepts=("1.1", "1.4", "1.5"),
    speed=Speed.FIVE,
    keywords=("n-gram", "bigram", "trigram", "Markov", "smoothing", "add-k", "Laplace", "interpolation",
              "back-off", "Katz", "Kneser-Ney", "perplexity", "language model", "Turing test",
              "n 元", "马尔可夫", "平滑", "回退", "插值", "困惑度", "语言模型", "图灵测试"),
    proved_with={"learn": "own text", "own": "I am Sam\nSam I am\nI like ham\nSam likes me and ham\n" * 5},
)
