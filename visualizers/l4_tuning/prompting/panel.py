"""A prompt with examples in it: how much hangs on their order, and what calibration gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, text
from widgets.controls.speeds import Speed

ORDERS = 24    # of the same examples that are tried at most: all there are of four
MOST = 8  # examples in a prompt
QUESTIONS = 40  # sentences that each prompt is asked about
NOT_YET = -1.0  # an accuracy that nothing has been asked for
CLASSES = ("negative", "positive")
EXAMPLES = """+ the soup was lovely
- the plot was dull
+ the room was great
- the song was awful
+ the porter was kind
- the bread was poor
+ the script was brilliant
- the pool was nasty"""


@dataclass(frozen=True)
class Params:
    model: Literal["SmolLM2", "small BERT"] = choice(
        "SmolLM2", help="A real language model once it is fetched, or this program's own masked model of a "
                        "made language, which stands in for it until then.")
    instruction: str = text("", restart=True, help="What stands before the examples.")
    examples: str = text(EXAMPLES, restart=True, help=(
        "One a line, + before what is positive and − before what is negative. The prompt has as many of the "
        "first lines as there are shots; their order is where the tried orders begin."))
    shots: int = integer(4, 0, MOST, unit="shot", help="How many of these examples stand in the prompt.")
    labels: Literal["true", "flipped", "random"] = choice("true", label="Labels of the examples", help=(
        "What stands behind the examples: the truth, its opposite, or a coin's. Answers are always held "
        "against the truth."))
    template: str = text("", restart=True, help=(
        "How a sentence * and its label word _ are written down. Empty is what the model reads best: "
        "“* _ day” for the small BERT, “Review: * Sentiment: _” in two lines for SmolLM2."))
    label_words: str = text("bad ; good", label="Label words", restart=True,
                            help="The words for negative and positive. Any two will do; try A ; B.")
    sentences: Literal["easy", "hard"] = choice("easy", label="Sentences asked about", help=(
        "Easy: “the soup was good”. Hard: each one says it with “not”."))
    content_free: str = text("", label="Content-free input", restart=True, help=(
        "What calibration asks about instead of a sentence, several parted by semicolons. Empty is what "
        "is usual: “the [MASK] was [MASK]” for the small BERT; “N/A”, “[MASK]” and nothing for SmolLM2."))
    seed: int = integer(0, 0, 999, help="Draws other sentences to ask about, and other orders.")
    order: int = hidden(-1, help="The order whose prompt is shown; −1: the one that was asked last.")
    beside: str = hidden("table", stays=True,
                         help="What the lower card shows: table, last, shots or answers.")


@dataclass(frozen=True)
class Frame:
    """O orders of S examples, Q sentences, K numbers of examples. A row of two is as asked, calibrated."""

    orders: Annotated[Int32, "O S", "0 … S-1", "O ≥ 1"]  # which example comes when
    given: Annotated[UInt8, "S", "0 … 1"]  # what each example says of itself: 0 negative, 1 positive
    examples: Annotated[tuple[str, ...], "S"]
    label_words: Annotated[tuple[str, ...], "2"]
    asked: Annotated[int, "1 … O"]  # orders that have been asked
    accuracy: Annotated[Float32, "2 O", "-1 … 1"]  # −1: not asked yet
    leaning: Annotated[Float32, "2 O", "any"]  # mean over the sentences of ln P(positive) / P(negative)
    free: Annotated[Float32, "O", "0 … 1"]  # P(positive) of what has no content; 0 while not asked
    worst: Annotated[Float32, "2", "0 … 1"]  # of the orders asked …
    middle: Annotated[Float32, "2", "0 … 1"]  # … and on average
    best: Annotated[Float32, "2", "0 … 1"]
    after: Annotated[Float32, "2", "any"]  # leaning as asked, after a negative and a positive last example
    chosen: Annotated[int, "0 … O-1"]
    template: str
    sentences: Annotated[tuple[str, ...], "Q", "Q ≥ 1"]
    truth: Annotated[UInt8, "Q", "0 … 1"]
    odds: Annotated[Float32, "2 Q", "0 … 1"]  # P(positive) with the chosen order
    shots: Annotated[Int32, "K", "≥ 0", "rising"]  # numbers of examples that have been tried
    shots_raw: Annotated[Float32, "3 K", "0 … 1"]  # worst, mean and best over their orders, as asked …
    shots_calibrated: Annotated[Float32, "3 K", "0 … 1"]  # … and calibrated
    title: str  # the model's


def example_lines(typed: str) -> list[str]:
    """The lines that are examples: a + or a − and a sentence."""
    lines = (one.strip() for one in typed.splitlines())
    return [one for one in lines if one[:1] in ("+", "-", "−") and one[1:].strip()][:MOST]


PANEL = Panel(
    id="prompting",
    title="Fragile prompts",
    claim="The order of the very same examples in a prompt can decide between guessing and knowing; much "
          "of it is a lean that calibration can measure and take away.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l4_tuning.prompting.experiment:Prompting",
    view="visualizers.l4_tuning.prompting.view:PromptingView",
    scalars=("accuracy", "calibrated", "mean_accuracy", "mean_calibrated"),
    headline="mean_accuracy",
    headline_label="accuracy, the mean of the orders",
    concepts=("4.2", "4.6"),
    keywords=("prompt", "in-context learning", "few-shot", "calibration", "order", "recency",
              "instruction", "SmolLM2", "GPT-3", "提示", "上下文学习", "少样本", "校准", "顺序", "指令"),
    sources=("smollm2",),
    rests_on=("language_model", "masked_lm"),
    speed=Speed.FIVE,
)
