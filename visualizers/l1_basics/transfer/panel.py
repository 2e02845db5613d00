"""Transfer learning: pre-train on texts, then fine-tune, freeze or start from scratch on few labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number
from widgets.controls.speeds import Speed

WAYS = ("fine-tuned", "frozen", "from scratch")
NAMES = ("fine_tuned", "frozen", "from_scratch")  # of the ways among the scalars
AMOUNTS = (4, 8, 16, 32, 64, 128, 256)  # labelled texts
UPDATES = 100  # of tuning


@dataclass(frozen=True)
class Params:
    task: Literal["topic", "for or against"] = choice("topic", help=(
        "What the labels say: one of four topics, or for and against, where “not” turns what is said."))
    pretraining: int = integer(150, 0, 400, unit="step", label="Pre-training", help=(
        "Steps of guessing missing words in texts without a label, before the first label."))
    shown: int = integer(3, 1, 5, unit="word", label="Words in the labels", help=(
        "How many words of each class the labelled texts use. The others are only asked about."))
    learning_rate: float = number(0.01, 0.001, 0.1, log=True, help=(
        "Size of one update of tuning (Adam). Pre-training has its own."))
    seed: int = integer(0, 0, 999, help="Draws the texts, the words that the labels show, and all weights.")
    amount: int = hidden(2, stays=True)  # whose word vectors are looked at
    vectors: str = hidden("", stays=True)  # one of WAYS; empty chooses

    @property
    def looked_at(self) -> int:
        """Which of AMOUNTS is looked at."""
        return max(0, min(self.amount, len(AMOUNTS) - 1))


@dataclass(frozen=True)
class Frame:
    """Accuracies are means over the draws of labelled texts."""

    seen: Annotated[Float32, "WAYS AMOUNTS", "0 … 1"]  # on texts of words that the labels show …
    unseen: Annotated[Float32, "WAYS AMOUNTS", "0 … 1"]  # … and on texts of words that they never show
    classes: Annotated[int, "2 … 4"]
    words: Annotated[tuple[str, ...], "W"]  # class after class, the words shown first
    shown: Annotated[UInt8, "W", "0 … 1"]
    alike: Annotated[Float32, "WAYS W W", "-1 … 1"]  # cosines of the word vectors


PANEL = Panel(
    id="transfer",
    title="Transfer learning",
    claim="Pre-trained on texts without a label, a network needs far fewer labelled ones, and knows words "
          "that no label ever showed.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.transfer.experiment:Transfer",
    view="visualizers.l1_basics.transfer.view:TransferView",
    scalars=("loss", *(f"{name}_loss" for name in NAMES), *NAMES, *(f"{name}_unseen" for name in NAMES)),
    headline="fine_tuned_unseen",
    headline_label="the fine-tuned accuracy on words never shown",
    concepts=("1.17", "3.12"),
    keywords=("pre-training", "fine-tuning", "transfer learning", "frozen features", "few labels", "CBOW",
              "feature-based", "parameter transfer", "预训练", "微调", "迁移学习", "冻结", "少样本",
              "特征迁移", "参数迁移"),
    rests_on=("unseen_words", "prompt_vs_head"),
    speed=Speed.FRAME,
    proved_with={"pretraining": 2},
)
