"""Scores of a text: pieces that are counted, what they miss, and errors that compound or do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, source, text

ORDERS = 4  # lengths of n-grams
SCORES = ("BLEU", "ROUGE-2", "ROUGE-L", "chrF", "similarity", "perplexity")
LONGEST = 40  # tokens of a text that are read
TIMES = 30  # steps of the running sum
WINDOWS = 8  # stretches of the written prose
# Hypotheses about a reference: the same in other words, and the opposite in nearly the same words.
KNOWN = {
    "the doctor did not find any sign of the disease": (
        "no trace of the illness was seen by the physician",
        "the doctor did find any sign of the disease"),
    "医生没有发现这种疾病的任何迹象": ("大夫并未看到此病的半点征兆", "医生发现这种疾病的任何迹象"),
}


@dataclass(frozen=True)
class Params:
    hypothesis: str = text(
        "no trace of the illness was seen by the physician",
        help="The text that is scored. In the picture a click on a word takes it out, and a drag moves it.")
    reference: str = text(
        "the doctor did not find any sign of the disease",
        help="What somebody has written as the right answer; scores compare with it.")
    smoothing: Literal["none", "exp", "floor", "add 1"] = choice(
        "none", restart=False, help="What counts where no n-gram of some length matches: nothing; 1/2, 1/4, "
                                    "… of a match; a tenth; or one more of each length.")
    effective: bool = flag(
        False, label="Only lengths there are",
        help="Leave out lengths of n-grams that the hypothesis is too short to have.")
    order: int = integer(ORDERS, 1, ORDERS, restart=False, unit="token", label="Longest n-gram",
                         help="BLEU averages the precisions of n-grams up to this length.")
    encoder: str = source("model", "small-bert", needs="encode", label="Similarity by", help=(
        "Whose sentence vectors are compared; MiniLM was trained to compare sentences."))
    writer: str = source("model", "tiny-gpt", needs="write", label="Perplexity by", help=(
        "Which language model says how surprising the text is; it sees no reference."))
    pairs: int = integer(
        95, 60, 100, label="Sums that were learnt",
        help="The running sum: how many of the 100 sums of two digits a small network has learnt. The "
             "others it guesses.")
    seed: int = integer(0, 0, 999, help="Draws which sums are learnt, other digits and other prose.")
    exposure: str = hidden("sum", stays=True)  # or "prose"


@dataclass(frozen=True)
class Frame:
    """A hypothesis of H tokens, a reference of R; K rows of SCORES. Row n − 1 is for n-grams."""

    tokens: Annotated[tuple[str, ...], "H"]
    reference: Annotated[tuple[str, ...], "R"]
    partner: Annotated[Int32, "ORDERS H", "-1 … R-1"]  # where the partner of each n-gram begins; −1: none
    correct: Annotated[Float32, "ORDERS", "≥ 0"]
    total: Annotated[Float32, "ORDERS", "≥ 0"]
    precisions: Annotated[Float32, "ORDERS", "0 … 1"]  # smoothed
    mean: Annotated[float, "0 … 1"]  # geometric, of the precisions that count
    brevity: Annotated[float, "0 … 1"]
    bleu: Annotated[float, "0 … 1"]
    shortened: bool  # whether a text was longer than what is read
    joined: str  # what stands between two tokens

    kinds: Annotated[tuple[str, ...], "K", "K ≥ 1"]  # what each row is
    texts: Annotated[tuple[str, ...], "K"]
    scores: Annotated[Float32, "K SCORES", "any", "or NaN"]  # NaN: a perplexity of nothing

    forced: Annotated[float, "0 … 1"]  # share of sums that are right, given the right sum before
    free: Annotated[Float32, "TIMES", "0 … 1"]  # … and after t steps on its own
    theory: Annotated[Float32, "TIMES", "0 … 1"]  # the closed form
    known: Annotated[Float32, "W", "0 … 1"]  # share of pieces of the written prose that real text has
    real: Annotated[float, "0 … 1"]  # and of real text that was kept apart; 0 while not looked at


PANEL = Panel(
    id="text_scores",
    title="Scores of a text",
    claim="BLEU counts matching pieces, not meaning: the same in other words scores nothing, the opposite "
          "scores high.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l6_text.text_scores.experiment:TextScores",
    view="visualizers.l6_text.text_scores.view:TextScoresView",
    headline="bleu",
    headline_label="BLEU",
    concepts=("6.12", "6.16", "6.17"),
    sources=("python-reference",),
    rests_on=("tiny_gpt", "attention_maps", "rnn_memory"),
    keywords=("BLEU", "ROUGE", "chrF", "perplexity", "brevity penalty", "n-gram", "smoothing", "sacrebleu",
              "embedding similarity", "exposure bias", "teacher forcing", "evaluation", "生成评测", "困惑度",
              "暴露偏差", "教师强制", "简短惩罚"),
    trains=False,
)
