"""A masked language model beside a left-to-right one: what the words behind a blank give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, source
from widgets.controls.parameters import text as typed

LONGEST = 16  # words of a sentence that are read
EXAMPLES = 100  # held-out sentences that can be looked at
BLANKS = 3  # blanks whose odds are shown
GUESSES = 3  # words listed for each blank
OTHER_RATES = (0.05, 0.4, 0.8)
BLANK = "_"  # typed for a word that is to be guessed


@dataclass(frozen=True)
class Params:
    text: str = source(
        "text", "made-sentences",
        help="What both read, sentence by sentence. A tenth of it is held out.")
    sentence: str = typed(
        "", label="Your sentence",
        help="Words, with _ for a blank; empty shows a sentence that was held out.")
    example: int = integer(
        4, 0, EXAMPLES - 1, restart=False, when={"sentence": ("",)},
        help="Which of the held-out sentences is shown.")
    mask_rate: float = number(
        0.15, 0.05, 0.8, help="Share of the words that BERT is asked for in training. GPT is always "
                              "asked for every word.")
    masking: Literal["80/10/10", "always [MASK]"] = choice(
        "80/10/10", restart=False, help="What stands in place of a word that is asked for: [MASK] in "
        "80 % of the cases, a random word in 10 % and the word itself in 10 %; or always [MASK].")
    rates: bool = flag(
        False, restart=True, label="Other mask rates too",
        help="Trains three more BERTs, which mask 5, 40 and 80 %: a step takes two or three times as long.")
    learning_rate: float = number(0.003, 1e-4, 0.03, log=True, help="Size of one update of AdamW.")
    layers: int = integer(1, 1, 4, help="Layers of each model.")
    width: int = integer(64, 16, 128, unit="channel", log=True,
                         help="Channels of each model, rounded to a multiple of 4 heads.")
    batch: int = integer(64, 4, 128, log=True, unit="sentence", restart=False,
                         help="Sentences in one step, the same for both.")
    seed: int = integer(0, 0, 999, help="Draws other weights, other batches and other masks.")
    blanks: tuple[object, ...] = hidden(())  # (what the sentence is known by, index, index, …)
    beside: str = hidden("training", stays=True)  # what the small card shows


def sentence_key(params: Params) -> str:
    """What the shown sentence is known by: blanks that were clicked belong to one sentence only."""
    return params.sentence.strip() or f"#{params.example}"


@dataclass(frozen=True)
class Frame:
    """A sentence of n words with K blanks, N guesses for each of them; P places, R mask rates."""

    tokens: Annotated[tuple[str, ...], "n", "n ≥ 1"]  # the words, also those behind blanks
    unknown: Annotated[UInt8, "n", "0 … 1"]  # 1 for words that training never saw
    shortened: bool  # whether the sentence was longer than what is read
    blanks: Annotated[tuple[int, ...], "k", "0 … n-1"]  # all blanks
    shown: Annotated[Int32, "K", "0 … n-1"]  # the blanks whose odds are given
    truth: Annotated[tuple[str, ...], "K"]  # the word behind each; empty where it is not known
    bert_words: Annotated[tuple[str, ...], "K*N"]  # the likeliest words, best first
    bert_odds: Annotated[Float32, "K N", "0 … 1"]
    gpt_words: Annotated[tuple[str, ...], "K*N"]
    gpt_odds: Annotated[Float32, "K N", "0 … 1"]
    truth_odds: Annotated[Float32, "2 K", "0 … 1"]  # BERT's and GPT's odds of the word behind it
    loss_at: Annotated[Float32, "2 P", "≥ 0"]  # held out: BERT's and GPT's at each place, nats
    best_at: Annotated[Float32, "2 P", "≥ 0"]  # the least possible: from both sides, from the left
    counted: bool  # whether best_at could be counted
    rates: Annotated[Float32, "R", "0 … 1", "R ≥ 1"]  # mask rates trained side by side …
    accuracy_at: Annotated[Float32, "R", "0 … 1"]  # … and the held-out words each has right
    probe_at: Annotated[Float32, "Q", "0 … 1", "Q = 0 or Q = R"]  # sentences told from scrambled ones;
    #                                                          only where it is looked at
    mended: Annotated[float, "0 … 1"]  # wrong words that BERT would replace by the right one
    weights: Annotated[tuple[int, ...], "2", "≥ 1"]  # numbers learnt by BERT and by GPT
    asked: Annotated[tuple[int, ...], "2", "≥ 0"]  # words asked for in the last step
    vocabulary: Annotated[int, "≥ 1"]
    sentences: Annotated[int, "≥ 1"]  # learnt from
    language: str


PANEL = Panel(
    id="masked_lm",
    title="Blanks and both sides",
    claim="Whoever fills in blanks learns to use the words on both sides; whoever predicts the next "
          "word must guess what only comes later.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.masked_lm.experiment:MaskedLM",
    view="visualizers.l3_transformers.masked_lm.view:MaskedLMView",
    scalars=("loss", "gpt_loss", "held_out", "gpt_held_out", "accuracy", "gpt_accuracy"),
    headline="accuracy",
    headline_label="BERT's share of blanks filled in rightly",
    concepts=("3.14",),
    rests_on=("bidirectional", "rnn_lm"),
    keywords=("BERT", "GPT", "masked language model", "MLM", "mask rate", "80/10/10", "cloze",
              "bidirectional", "pre-training", "掩码语言模型", "完形填空", "掩码率", "双向", "预训练"),
    proved_with={"batch": 8, "width": 16},
)
