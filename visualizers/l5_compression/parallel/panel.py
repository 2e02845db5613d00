"""Parallel training: what each of several workers holds and sends, and that all of it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, Int64, UInt8
from widgets.controls.parameters import choice, hidden, integer, number

WAYS = ("data parallel", "ZeRO 1", "ZeRO 2", "ZeRO 3", "tensor parallel", "pipeline")
HELD = ("weights", "gradients", "Adam", "activations")
MESSAGES = ("all-reduce", "reduce-scatter", "all-gather", "to the next stage", "to the stage before")
COLLECTIVES = ("all-reduce", "reduce-scatter", "all-gather", "broadcast", "reduce")
BINS = 60  # parts of all weights, of which is shown how much of each a worker holds


@dataclass(frozen=True)
class Params:
    way: Literal["data parallel", "ZeRO 1", "ZeRO 2", "ZeRO 3", "tensor parallel", "pipeline"] = choice(
        "ZeRO 3", restart=False, label="What is cut",
        help="The batch alone (data parallel), with it Adam's moments, the gradients and the weights "
             "(ZeRO 1, 2, 3), the hidden units (tensor), or the layers (pipeline). It can be changed "
             "while the run goes on.")
    workers: int = integer(4, 2, 4, unit="process", label="Workers N",
                           help="Real processes; each has one part of the training.")
    micro_batches: int = integer(
        8, 1, 32, unit="part", restart=False, label="Micro-batches m", when={"way": ("pipeline",)},
        help="Parts of the batch that go through the pipeline one behind the other.")
    schedule: Literal["GPipe", "1F1B"] = choice(
        "GPipe", restart=False, when={"way": ("pipeline",)},
        help="GPipe: all forward, then all back. 1F1B goes back as soon as it can and keeps fewer "
             "activations.")
    learning_rate: float = number(0.003, 1e-4, 0.03, log=True, help="Size of one update (Adam).")
    collective: Literal["all-reduce", "reduce-scatter", "all-gather", "broadcast", "reduce"] = choice(
        "all-reduce", restart=False, help="Which collective the ring shows round by round.")
    round: int = integer(2, 0, 6, restart=False, label="Round",
                         help="Up to which round of the collective: so many messages has each sent.")
    billions: float = number(7.5, 0.1, 500.0, log=True, unit="billion weight", label="Large model",
                             help="A model for the formula, trained in mixed precision with Adam.")
    gpus: int = integer(64, 1, 1024, log=True, unit="GPU", restart=False, label="GPUs",
                        help="So many GPUs share it in the formula.")
    collectives: Literal["a ring by hand", "torch's own"] = choice(
        "a ring by hand", restart=False, label="Collectives from",
        help="Single messages along a ring, each counted as it is sent, or those of torch.distributed.")
    numbers: Literal["float32", "float64"] = choice(
        "float32", help="How exactly all compute. Sums of four parts round otherwise than one long sum.")
    width: Literal["12", "24", "48"] = choice("24", help="Numbers between two blocks of the network.")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and other batches.")
    beside: str = hidden("ring", stays=True)  # what the second card shows
    below: str = hidden("loss", stays=True)  # what the third card shows


@dataclass(frozen=True)
class Frame:
    """What N workers held and sent in one step. U slots of the Gantt chart."""

    way: Annotated[int, "0 … len(WAYS)-1"]  # in which this was counted
    held: Annotated[Int64, "params.workers 4", "≥ 0"]  # bytes: weights, gradients, Adam, activations
    moment: Annotated[Int64, "params.workers", "≥ 0"]  # bytes that were there for a moment only
    alone: Annotated[Int64, "4", "≥ 1"]  # what one process holds
    parts: Annotated[UInt8, "params.workers 3 BINS", "0 … 100"]  # % of each part of the weights, …
    sent: Annotated[Int64, "params.workers MESSAGES", "≥ 0"]  # bytes
    calls: Annotated[int, "≥ 0"]  # messages that the busiest worker sent
    sent_formula: Annotated[float, "> 0"]  # bytes of the one who sends most
    difference: Annotated[float, "≥ 0"]  # largest, between the workers' weights and one process's
    slots: Annotated[Int32, "U 4", "U ≥ 1", "≥ 0"]  # stage, slot, forward 0 or back 1, micro-batch
    length: Annotated[int, "≥ 1"]  # slots from the first to the last
    idle: Annotated[float, "0 … 1"]  # share of the slots in which a stage waits
    idle_formula: Annotated[float, "0 … 1"]  # (N − 1) / (m + N − 1)
    before: Annotated[Int32, "params.workers params.workers", "≥ 0"]  # a collective's pieces by worker, …
    after: Annotated[Int32, "params.workers params.workers", "≥ 0"]  # … bit r: worker r's part is in it
    round: Annotated[int, "0 … rounds"]  # the one that lies between
    rounds: Annotated[int, "≥ 1"]  # in all
    pieces: Annotated[Int32, "params.workers", "≥ 0"]  # that each has sent when it is done
    gigabytes: Annotated[Float32, "4", "> 0"]  # of the large model on each GPU: none, ZeRO 1, 2, 3
    numbers: Annotated[int, "≥ 1"]  # Ψ


PANEL = Panel(
    id="parallel",
    title="Parallel training",
    claim="However the training is cut among workers, they learn what one process learns; what each "
          "holds and what travels differ.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.parallel.experiment:Parallel",
    view="visualizers.l5_compression.parallel.view:ParallelView",
    scalars=("loss", "loss_alone", "difference", "held", "sent", "accuracy", "accuracy_alone"),
    headline="accuracy",
    headline_label="accuracy",
    rests_on=("playground",),
    concepts=("5.2", "5.3", "5.4", "5.5", "5.6"),
    keywords=("data parallel", "DDP", "ZeRO", "FSDP", "tensor parallel", "pipeline", "all-reduce",
              "reduce-scatter", "all-gather", "broadcast", "ring", "torchrun", "distributed", "bubble",
              "1F1B", "GPipe", "数据并行", "张量并行", "模型并行", "流水线并行", "集合通信", "环形",
              "分布式训练"),
    sources=("digits",),
)
