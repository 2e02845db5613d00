"""One backbone, and for each task a small file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number, text

METHODS = ("soft prompt", "prefix", "BitFit", "LoRA", "adapter", "full tuning")
KEYS = ("prompt", "prefix", "bitfit", "lora", "adapter", "full")  # of each method's scalar
TASKS = ("sentiment", "topic", "agreement")
CLASSES = (("negative", "positive"), ("food", "film", "hotel", "music"), ("differ", "agree"))  # of each task
SEEDS = 3
NOT_YET = -1.0
PARTS = ("activations", "gradients", "Adam's two means")  # of the memory of an update


@dataclass(frozen=True)
class Params:
    attach: Literal["nothing", "sentiment", "topic", "agreement"] = choice(
        "nothing", restart=False, label="Attach", help=(
            "The task whose delta, of the chosen method, is attached to the backbone."))
    text: str = text("the soup was good but the waiter was rude", help=(
        "Your own text: the backbone answers with what is attached. It knows the words of the made "
        "language only."))
    size: int = integer(4, 1, 12, log=True, help=(
        "The rank of LoRA, half the width of the adapters, the number of keys of the prefix and of vectors "
        "of the soft prompt."))
    rate: float = number(1.0, 0.1, 10.0, log=True, label="Learning rate", unit="×", help=(
        "Times each method's own rate."))
    each: int = integer(60, 10, 200, log=True, unit="step", label="Steps for each task", help=(
        "So many updates for each task and each of three seeds, one after the other."))
    seed: int = integer(0, 0, 999, help="The first of three seeds: of the beginnings and of the texts.")
    method: int = hidden(3, stays=True)  # whose places, file and answers are looked at
    beside: str = hidden("answers", stays=True)  # the answers, the tree of modules, or each seed
    cost: str = hidden("file", stays=True)  # the bytes of each file, or the memory of an update


@dataclass(frozen=True)
class Frame:
    """N parts of the backbone; X texts that are asked now."""

    accuracy: Annotated[Float32, "METHODS TASKS SEEDS", "-1 … 1"]  # NOT_YET: not begun
    mean: Annotated[Float32, "METHODS TASKS", "-1 … 1"]  # over the seeds that are through
    trained: Annotated[Int32, "METHODS", "≥ 1"]  # numbers of a delta, without its head
    whole: Annotated[int, "≥ 1"]  # numbers of the backbone
    file: Annotated[Int32, "METHODS", "≥ 1"]  # bytes of its file, with its head
    memory: Annotated[Float32, "METHODS PARTS", "≥ 0"]  # bytes, measured at the first update; 0 before
    peak: Annotated[Float32, "METHODS", "≥ 0"]  # the most at once, with the weights
    parts: Annotated[tuple[str, ...], "N"]  # "blocks.0.attention.query"
    own: Annotated[Int32, "N", "≥ 0"]  # numbers of each part
    added: Annotated[Int32, "METHODS N", "≥ 0"]  # numbers that a method trains there
    asked: Annotated[tuple[str, ...], "X"]
    answers: Annotated[tuple[str, ...], "X"]  # a class, or the word at the mask where nothing is attached
    odds: Annotated[Float32, "X", "0 … 1"]
    identical: bool  # the backbone with all detached equals one that never had a delta, bit for bit
    gradients: Annotated[int, "≥ 0"]  # numbers of the backbone that ever had a gradient
    round: Annotated[int, "0 … 8"]  # which of nine is being trained: task by task, seed by seed


PANEL = Panel(
    id="delta_lab",
    title="Delta tuning",
    claim="Two percent of the weights do the easy tasks as well as all of them; each task is a small file, "
          "and detached it leaves the backbone as it was, bit for bit.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l4_tuning.delta_lab.experiment:DeltaLab",
    view="visualizers.l4_tuning.delta_lab.view:DeltaLabView",
    scalars=("loss", *KEYS),
    headline="lora",
    headline_label="LoRA's accuracy, the mean over what was trained",
    concepts=("4.16", "4.20"),
    keywords=("delta tuning", "OpenDelta", "PEFT", "adapter", "LoRA", "prefix", "BitFit", "attach", "detach",
              "增量微调", "适配器", "挂载", "卸载", "多任务"),
    rests_on=("attention_maps",),
)
