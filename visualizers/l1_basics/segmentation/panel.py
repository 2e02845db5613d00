"""Chinese word segmentation: where words end in a text that has no spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float64, Int8, Int32, Int64, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, text
from widgets.controls.speeds import Speed

LONGEST = 60  # characters of a sentence
READINGS = 6  # that are listed
STATES = ("B", "M", "E", "S")  # a character begins a word, is within, ends it, is one alone
EXPONENTS = tuple(one / 10 for one in range(-30, 41))  # of ten: by which a frequency is multiplied

# Each sentence, and the word in it whose frequency is worth a try.
SENTENCES = {
    "married or not": ("结婚的和尚未结婚的", "和尚"),
    "sold out": ("乒乓球拍卖完了", "乒乓球拍"),
    "origin of life": ("研究生命起源", "研究生"),
    "growth": ("产量三年中将增长两倍", "中将"),
    "a general": ("将军任命了一名中将", "中将"),
    "a name": ("李小福在上海的复旦大学读书", "上海"),
    "a new word": ("大家都用微信支付", "支付"),
}


@dataclass(frozen=True)
class Params:
    sentence: Literal["married or not", "sold out", "origin of life", "growth", "a general", "a name",
                      "a new word", "own"] = choice("married or not", help=(
                          "What is cut into words. Each of them has a place that can be read in two "
                          "ways, or a word that no dictionary has."))
    own: str = text("下雨天留客天留我不留", label="Own sentence", when={"sentence": ("own",)}, help=(
        "Any text; its first 60 characters are cut."))
    factor: float = number(1.0, 1e-3, 1e4, log=True, label="Frequency ×", help=(
        "Multiplies the frequency of the word marked ◆. Click a word in the lattice to mark it."))
    share: float = number(1.0, 1e-4, 1.0, log=True, label="Share of the corpus", help=(
        "How much of the text behind the dictionary had been counted. With less of it, rare words are "
        "missing; the seed draws which."))
    hmm: bool = flag(True, label="HMM for unknown words", help=(
        "Runs of single characters are cut once more, by a hidden Markov model of characters."))
    words: str = text("", label="Own words", help=(
        "A word and its frequency on each line, 微信 500, as in a user dictionary. Without a number, one "
        "that keeps the word whole; 0 takes a word out."))
    seed: int = integer(0, 0, 999, help="Draws what is counted where that is not the whole corpus.")
    word: str = hidden("", help="The word marked ◆; none is the sentence's own.")
    beside: str = hidden("flip", stays=True, help="What the second card shows: flip or readings.")
    layer: str = hidden("layers", stays=True, help="What the third card shows: layers or unknown.")


def sentence_of(params: Params) -> str:
    """What is cut."""
    if params.sentence != "own":
        return SENTENCES[params.sentence][0]
    return " ".join(params.own.split())[:LONGEST] or "?"


@dataclass(frozen=True)
class Frame:
    """T characters, E words that the lattice has, R readings, U unknown characters, W words of the best
    reading, P of the one with parts of speech. What is on the left of ``left`` is not decided yet."""

    signs: Annotated[tuple[str, ...], "T", "1 ≤ T", "T ≤ LONGEST"]
    left: Annotated[int, "0 … T"]
    begin: Annotated[Int32, "E", "0 … T-1"]
    end: Annotated[Int32, "E", "1 … T"]
    frequency: Annotated[Int64, "E", "≥ 0"]
    cost: Annotated[Float64, "E", "≥ 0"]  # −ln P of the word
    ahead: Annotated[Float64, "T+1", "≥ -1"]  # −ln P of the best way to the end; −1 if not decided
    next: Annotated[Int32, "T", "-1 … T"]  # where its first word ends; −1 if not decided
    count: Annotated[float, "≥ 1"]  # readings
    readings: Annotated[tuple[str, ...], "R", "1 ≤ R", "R ≤ READINGS"]
    shares: Annotated[Float64, "R", "0 … 1"]  # of each, of the probability of all
    word: str  # marked ◆
    before: Annotated[int, "≥ 0"]  # its frequency in the dictionary
    having: Annotated[Float64, "EXPONENTS", "0 … 1"]  # share of the best reading that has it …
    lacking: Annotated[Float64, "EXPONENTS", "0 … 1"]  # … and that has it not, over its frequency
    flip: Annotated[float, "≥ 0"]  # the factor at which the better of these changes; 0 if none does
    unknown: Annotated[tuple[str, ...], "U"]
    opens: Annotated[UInt8, "U", "0 … 1"]  # 1 where a run of them begins
    scores: Annotated[Float64, "U 4", "≤ 1"]  # ln P of the best path to each of STATES; 1 if none
    back: Annotated[Int8, "U 4", "-1 … 3"]  # the state that this path comes from
    path: Annotated[Int8, "U", "0 … 3"]  # the state that is best in the end
    words: Annotated[tuple[str, ...], "W"]
    tagged: Annotated[tuple[str, ...], "P"]
    tags: Annotated[tuple[str, ...], "P"]
    known: Annotated[int, "≥ 0"]  # words of the dictionary that were counted


PANEL = Panel(
    id="segmentation",
    title="Chinese word segmentation",
    claim="Chinese writes no spaces: of all the ways to read a sentence as words the most probable one is "
          "taken, and the frequency of one word can flip it.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.segmentation.experiment:Segmentation",
    view="visualizers.l1_basics.segmentation.view:SegmentationView",
    scalars=("cost", "share", "readings"),
    headline="share",
    headline_label="share of the best reading",
    concepts=("1.2",),
    speed=Speed.FIVE,
    # A sentence of more steps, in which the hidden Markov model has something to say after the first few.
    proved_with={"sentence": "own", "own": "大家都用微信支付" * 3},
    keywords=("segmentation", "word boundary", "lattice", "trellis", "dynamic programming", "Viterbi",
              "hidden Markov model", "HMM", "part of speech", "POS", "named entity", "NER", "jieba",
              "分词", "词图", "动态规划", "维特比", "隐马尔可夫", "词性标注", "命名实体", "结巴"),
)
