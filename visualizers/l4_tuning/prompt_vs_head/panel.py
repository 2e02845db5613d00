"""A prompt against a new head: how many examples each of them needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, text

SHOTS = (1, 2, 4, 8, 16, 32)  # labelled examples of each class
DRAWS = 5  # times that examples are drawn anew
NOT_YET = -1.0  # an accuracy that nothing has been trained for
CLASSES = ("negative", "positive")
KINDS = ("text", "template", "mask", "soft")
LISTED = 6  # words that are likeliest at the mask


def wording(words: str) -> str:
    """A plain wording, with ``*`` for the text and ``_`` for the mask, in OpenPrompt's language."""
    return words.replace("_", '{"mask"}').replace("*", '{"placeholder": "text_a"}')


WORDINGS = tuple(wording(one) for one in (
    "* . overall it was _ .", "* . we thought it was _ .", "* . a _ day .", "a _ day . *", "* _ day",
    "* . it was _ .", "* it was _", "it was _ . *"))


@dataclass(frozen=True)
class Params:
    template: str = text(WORDINGS[4], restart=True, help=(
        "What is put round the text, in OpenPrompt's language: {\"placeholder\": \"text_a\"} is the text, "
        "{\"mask\"} the place that is scored, {\"soft\"} a trained vector."))
    label_words: str = text("bad ; good", label="Label words", restart=True, help=(
        "Which words at the mask stand for which class: those of “negative”, a semicolon, those of "
        "“positive”."))
    join: Literal["mean", "sum of odds"] = choice("mean", label="Several label words", help=(
        "A class's score is the mean of its words' scores, or the logarithm of the sum of their odds."))
    tuned: Literal["all weights", "only what is new"] = choice("all weights", help=(
        "What an update changes: the whole model, or only the new head and the soft vectors."))
    updates: int = integer(16, 4, 60, unit="update", help="Training steps for each draw of examples.")
    learning_rate: float = number(6e-4, 1e-4, 0.03, log=True, help="Size of one update (AdamW).")
    sentence: str = text("the soup was good and the waiter was kind", help=(
        "A text of the made language of your own, to see what the model says at its mask."))
    seed: int = integer(0, 0, 999, help="Draws other examples and other heads.")
    beside: str = hidden("wordings", stays=True)  # what the lower card shows


@dataclass(frozen=True)
class Frame:
    """K numbers of examples, R draws of them. A row of two is prompt, head."""

    accuracy: Annotated[Float32, "2 DRAWS SHOTS", "-1 … 1"]  # −1: not trained yet
    prompt: Annotated[Float32, "SHOTS", "-1 … 1"]  # the mean over the draws that are done …
    head: Annotated[Float32, "SHOTS", "-1 … 1"]
    zero_shot: Annotated[float, "0 … 1"]  # of the prompt, without any example
    new_head: Annotated[float, "0 … 1"]  # of the heads as they begin, on average
    runs: Annotated[int, "0 … DRAWS*len(SHOTS)"]  # that are done
    tokens: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the sentence in its template
    kinds: Annotated[UInt8, "T", "0 … len(KINDS)-1"]
    likely: Annotated[tuple[str, ...], "LISTED"]  # what stands at the mask, says the model untrained
    likely_odds: Annotated[Float32, "LISTED", "0 … 1"]
    words: Annotated[tuple[str, ...], "W", "W ≥ 2"]  # the label words …
    word_class: Annotated[Int32, "W", "0 … 1"]
    word_odds: Annotated[Float32, "2 W", "0 … 1"]  # … at the mask: before tuning, and with the last run
    odds: Annotated[Float32, "3 2", "0 … 1"]  # of the classes: prompt untrained, prompt and head of the
    #                                           run of the moment
    wording_accuracy: Annotated[Float32, "WORDINGS", "0 … 1"]  # zero-shot, by these label words
    trained: Annotated[tuple[int, ...], "2", "≥ 0"]  # numbers that an update changes


PANEL = Panel(
    id="prompt_vs_head",
    title="Prompt or new head",
    claim="A prompt asks for what pre-training already knows; a new head begins at chance and needs many "
          "examples to come as far.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l4_tuning.prompt_vs_head.experiment:PromptVsHead",
    view="visualizers.l4_tuning.prompt_vs_head.view:PromptVsHeadView",
    scalars=("loss", "head_loss", "prompt_accuracy", "head_accuracy"),
    headline="prompt_accuracy",
    headline_label="the prompt's accuracy over all runs",
    concepts=("4.1", "4.2", "4.3", "4.4", "4.8", "4.20"),
    keywords=("prompt", "template", "verbalizer", "label words", "few-shot", "zero-shot", "OpenPrompt",
              "soft prompt", "BERT", "masked language model", "fine-tuning", "提示学习", "模板", "标签词映射",
              "少样本", "零样本", "软提示", "微调"),
    rests_on=("attention_maps", "pipeline"),
)
