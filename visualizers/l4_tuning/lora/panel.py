"""What tuning learns of the new, and what it leaves of the old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Float64, Int32
from widgets.controls.parameters import choice, hidden, integer, number

LEARNERS = ("full tuning", "LoRA", "LoRA at full tuning's rate")
MATRICES = ("query", "key", "value", "out", "up", "down")  # of a block
KEYS = ("full", "lora", "shared")  # of each learner's scalars
DIRECTIONS = 64  # of every matrix: its shorter side; of SmolLM2's as many are looked at
STEPS = 200  # until it has settled
REAL_STEPS = 100  # of SmolLM2
BYTES, FROZEN_BYTES = 16, 4  # of a trained number: itself, its gradient and two moments; of another


@dataclass(frozen=True)
class Params:
    model: Literal["made BERT", "SmolLM2"] = choice("made BERT", help=(
        "This program's own small model; or a real language model once it is fetched, which learns twelve "
        "made facts with LoRA alone."))
    rank: int = integer(4, 1, 64, log=True, help="How many directions LoRA's change of a matrix can have.")
    alpha: float = number(4.0, 0.5, 64.0, log=True, restart=True, label="α", help=(
        "LoRA's change is multiplied by α / rank."))
    rate: float = number(6e-3, 1e-4, 3e-2, log=True, label="LoRA's rate", help=(
        "LoRA's own learning rate."), when={"model": ("made BERT",)})
    real_rate: float = number(1e-3, 1e-5, 1e-2, log=True, restart=True, label="Rate on SmolLM2", help=(
        "A larger model wants a smaller one."), when={"model": ("SmolLM2",)})
    full_rate: float = number(5e-4, 1e-4, 1e-2, log=True, label="Full tuning's rate", help=(
        "The learning rate of full tuning, and of the LoRA that has to share it."),
        when={"model": ("made BERT",)})
    places: Literal["queries and values", "every matrix"] = choice("queries and values", help=(
        "Which matrices of each block LoRA changes."), when={"model": ("made BERT",)})
    task: Literal["do they agree", "facts by heart"] = choice("do they agree", label="New task", help=(
        "Statements with a label thrown by dice, each to be remembered; or the rule whether two opinions "
        "agree."), when={"model": ("made BERT",)})
    facts: int = integer(120, 20, 400, log=True, unit="fact", help=(
        "How many statements are to be remembered."),
        when={"task": ("facts by heart",), "model": ("made BERT",)})
    seed: int = integer(0, 0, 999, help="Draws the labels, the texts and the beginnings.")
    matrix: int = hidden(2, stays=True)  # whose change is looked at
    beside: str = hidden("spectrum", stays=True)  # the spectrum of one matrix, or all matrices


@dataclass(frozen=True)
class Frame:
    """L learners, the three or, on SmolLM2, LoRA alone; M matrices of the backbone's blocks, each with a
    change ΔW."""

    blocks: Annotated[tuple[int, ...], "M", "≥ 1"]  # the block of each matrix
    kinds: Annotated[tuple[str, ...], "M", "in MATRICES"]  # and which of its matrices it is
    new: Annotated[Float32, "L", "L in (1, 3)", "0 … 1"]  # accuracy on the new task …
    kept: Annotated[Float32, "L", "0 … 1"]  # … and at the old one, words under a mask
    before: Annotated[float, "0 … 1"]  # the backbone's own at the old one
    guessing: Annotated[float, "0 … 1"]  # at the new one
    spectrum: Annotated[Float32, "L M DIRECTIONS", "≥ 0"]  # singular values of ΔW, falling
    first: Annotated[Float32, "L M", "0 … 1"]  # share of ‖ΔW‖² in the first `rank`; on SmolLM2 in the first
    trained: Annotated[Int32, "L", "≥ 0"]  # numbers that an update changes, the head included
    whole: Annotated[int, "≥ 1"]  # numbers of the backbone
    merged: Annotated[float, "≥ 0"]  # the most that a score changes when B A is added to W
    same: Annotated[float, "0 … 1"]  # share of answers that merging leaves as they are
    memory: Annotated[Float64, "2", "≥ 0"]  # bytes of weights, gradients and Adam: LoRA, full tuning


PANEL = Panel(
    id="lora",
    title="LoRA: learns less, forgets less",
    claim="At a rate of its own LoRA learns the new task as full tuning does and forgets less of the old "
          "one; at full tuning's rate it learns next to nothing.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l4_tuning.lora.experiment:LoraAndFull",
    view="visualizers.l4_tuning.lora.view:LoraView",
    scalars=("loss", *(f"{key}_{what}" for key in KEYS for what in ("new", "kept", "moved"))),
    headline="lora_new",
    headline_label="LoRA's accuracy on the new task",
    concepts=("4.14", "4.16"),
    keywords=("LoRA", "low rank", "forgetting", "catastrophic forgetting", "singular values", "fine-tuning",
              "merge", "SmolLM2", "低秩", "灾难性遗忘", "遗忘", "奇异值", "微调", "合并"),
    sources=("smollm2",),
    rests_on=("masked_lm", "language_model"),
    proved_with={"task": "facts by heart", "facts": 20},
)
