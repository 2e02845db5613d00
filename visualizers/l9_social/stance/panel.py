"""Stance: what a text is for or against depends on what it is asked about, not on its feeling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int8, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, text

MADE = "made opinions"
EXAMPLES = 200  # questions of the test part that can be looked at
MODELS = 3  # with the target, without it, sentiment alone


@dataclass(frozen=True)
class Params:
    data: Literal["made opinions", "presidents' messages"] = choice(
        MADE, label="Texts",
        help="Made opinions on four targets; or sentences of US presidents (data pack), where the "
             "stance is the speaker's party and the target the time in which it was said.")
    agreement: float = number(
        0.5, 0.0, 1.0, label="Feeling agrees with stance", when={"data": (MADE,)},
        help="Of the texts that take a side, the share whose feeling has the sign of their stance. "
             "At 1 people speak of what they are asked about, at 0 only of its opposite; at 0.5 the "
             "feeling says nothing.")
    targets: int = integer(
        4, 1, 4, unit="target", when={"data": (MADE,)},
        help="About how many targets is asked. With one, the text alone says all there is to know.")
    sentence: str = text(
        "", help="Type a sentence of your own (English); empty shows one of the test part.")
    example: int = integer(
        0, 0, EXAMPLES - 1, restart=False, when={"sentence": ("",)},
        help="Which question of the test part is shown. No network learns from it.")
    window: int = integer(5, 1, 7, unit="word", label="Window h",
                          help="How many neighbouring words a filter sees at once.")
    filters: int = integer(32, 4, 64, log=True, help="How many filters look at each window.")
    learning_rate: float = number(0.02, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and other questions.")
    cell: tuple[int, int] = hidden((-1, -1))  # of the table, whose questions are looked at
    target: int = hidden(-1)  # about which the shown text is asked; -1: as in the question
    removed: tuple[object, ...] = hidden(())  # (what the sentence is known by, index, index, …)


def sentence_key(params: Params) -> str:
    """What the shown sentence is known by: removed words belong to one sentence only."""
    return params.sentence.strip() or f"#{params.cell[0]},{params.cell[1]},{params.example}"


@dataclass(frozen=True)
class Frame:
    """Who gets which questions right, and one text of n words under T targets. C stances."""

    names: Annotated[tuple[str, ...], "C", "C ≥ 2"]  # the stances, from against to in favour
    targets: Annotated[tuple[str, ...], "T", "T ≥ 1"]
    counts: Annotated[Int32, "2 C", "≥ 0"]  # questions tested, by negative or positive feeling
    right: Annotated[Float32, "2 C MODELS", "0 … 1"]  # share of them; 0 where there are none
    by_feeling: Annotated[tuple[int, int], "0 … C-1"]  # what a negative, a positive one is taken for
    tokens: Annotated[tuple[str, ...], "n", "n ≥ 1"]  # the words
    unknown: Annotated[UInt8, "n", "0 … 1"]  # 1 for those that training never saw
    removed: Annotated[tuple[int, ...], "r", "0 … n-1"]  # the words that are left out
    valences: Annotated[Float32, "n", "any"]  # of each word in the lexicon; 0 where it has none
    feeling: Annotated[float, "-1 … 1"]  # VADER's compound score
    push: Annotated[Float32, "n", "any"]  # what the last stance's logit less the first's loses without it
    asked: Annotated[int, "0 … T-1"]  # the target about which the text is asked
    odds: Annotated[Float32, "T C", "0 … 1"]  # what is said with each target …
    plain: Annotated[Float32, "C", "0 … 1"]  # … and without any
    truth: Annotated[Int8, "T", "-1 … C-1"]  # -1: nobody knows
    texts: Annotated[int, "≥ 0"]  # learnt from and tested on
    vocabulary: Annotated[int, "≥ 0"]  # words known


PANEL = Panel(
    id="stance",
    title="Stance is not sentiment",
    claim="One sentence is for one target and against another: feeling cannot tell, the target can.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l9_social.stance.experiment:Stance",
    view="visualizers.l9_social.stance.view:StanceView",
    scalars=("loss", "plain_loss", "accuracy", "plain_accuracy", "feeling_accuracy"),
    sources=("presidents",),
    rests_on=("text_cnn", "relation_cnn"),
    headline="accuracy",
    headline_label="accuracy with the target",
    concepts=("9.3", "9.1"),
    keywords=("stance", "sentiment", "opinion mining", "target", "VADER", "lexicon", "SemEval",
              "political language", "party", "立场检测", "情感分析", "意见挖掘", "目标", "词典", "政党"),
)
