"""Where the memory goes in training: predicted by a formula, and measured in a step that is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float64, Int8
from widgets.controls.parameters import choice, hidden, integer, number

PARTS = ("weights", "gradients", "optimiser", "activations")
ALIVE = (*PARTS, "work space")  # of the moment: what else has been computed and not yet let go
PHASES = ("forward", "backward", "update")
COLUMNS = 300  # moments of a step that are drawn at most
DEPTHS = (1, 4, 9, 16)


@dataclass(frozen=True)
class Params:
    batch: int = integer(8, 1, 32, unit="text", restart=False, help="Texts that one update learns from.")
    length: int = integer(64, 16, 256, log=True, unit="token", restart=False,
                          help="Tokens of each text.")
    layers: int = integer(3, 1, 12, unit="layer", help="Blocks of the Transformer.")
    heads: int = integer(4, 1, 8, unit="head", label="Heads of 16 numbers",
                         help="Of each layer. The width, the numbers that stand for a token, is 16 a head.")
    number_format: Literal["float32", "mixed", "bf16"] = choice(
        "float32", help="Mixed: compute in bf16, and keep a float32 copy of the weights for the "
                        "optimiser. bf16: everything has 16 bits.")
    optimiser: Literal["SGD", "momentum", "Adam"] = choice(
        "Adam", label="Optimiser", help="What is kept for each weight: nothing, a mean of its gradients, or "
                                        "that and a mean of their squares.")
    attention: Literal["written out", "fused"] = choice(
        "written out", restart=False,
        help="Written out: the weights of all pairs of tokens are kept for the way back. Fused: they are "
             "computed again, block by block, and never stand in memory (FlashAttention).")
    recompute: Literal["nothing", "√L layers", "each layer"] = choice(
        "nothing", restart=False, label="Recompute",
        help="Activation checkpointing: keep only what goes into a group of layers, and compute the rest "
             "again on the way back. Groups of √L layers, or of one.")
    micro_batches: int = integer(
        1, 1, 8, restart=False, label="Micro-batches",
        help="Gradient accumulation: cut the batch into so many parts, one after another, and add up "
             "their gradients.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other texts. No byte depends on it.")
    billions: float = number(
        11.0, 1.0, 500.0, log=True, unit="billion weight", label="A real model of",
        help="The same formula for a model that nobody can try at home, shaped like GPT-3: width 128 "
             "times the layers, heads of 128 numbers, 50,000 tokens.")
    real_batch: int = integer(1, 1, 64, log=True, unit="text", restart=False, label="Its batch",
                              help="Texts in one micro-batch of the real model.")
    real_length: int = integer(2048, 512, 131_072, log=True, unit="token", restart=False, label="Its length",
                               help="Tokens of each of these texts.")
    gpu: int = integer(80, 8, 288, log=True, unit="GB", restart=False, label="Memory of a GPU", help=(
        "T4 16, RTX 4090 24, RTX 5090 32, L40S 48, A100 40 or 80, H100 80, H200 141, MI300X 192, "
        "B300 288 GB."))
    beside: str = hidden("real", stays=True, help="What the lower card shows: real, depth or kept.")


@dataclass(frozen=True)
class Frame:
    """One step of a Transformer, in bytes."""

    predicted: Annotated[Float64, "PARTS", "≥ 0"]  # by the formula
    measured: Annotated[Float64, "ALIVE", "≥ 0"]  # the most that each part takes during the step
    peak: Annotated[float, "≥ 0"]  # the most that all take together
    device_peak: Annotated[float, "≥ 0"]  # as the device's own allocator counts it; 0 on a CPU
    alive: Annotated[Float64, "ALIVE N", "N in (1, COLUMNS)", "≥ 0"]  # from operation to operation
    phase: Annotated[Int8, "N", "0 … 2"]
    operations: Annotated[int, "≥ 1"]  # of the whole step
    weights: Annotated[int, "≥ 1"]
    real: Annotated[Float64, "PARTS", "≥ 0"]  # of the real model
    room: Annotated[float, "> 0"]  # of one GPU
    real_layers: Annotated[int, "≥ 1"]
    real_width: Annotated[int, "≥ 1"]
    depth_plain: Annotated[Float64, "DEPTHS", "≥ 0"]  # activations measured at some depths, keeping all
    depth_grouped: Annotated[Float64, "DEPTHS", "≥ 0"]  # and keeping one of √L layers
    depth_plain_predicted: Annotated[Float64, "DEPTHS", "≥ 0"]
    depth_grouped_predicted: Annotated[Float64, "DEPTHS", "≥ 0"]
    kept_shapes: Annotated[tuple[str, ...], "K"]  # what one layer keeps for the way back
    kept_bytes: Annotated[Float64, "K", "> 0"]


PANEL = Panel(
    id="training_memory",
    title="Memory in training",
    claim="In training the weights are the small part: gradients, optimiser and activations take the memory.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.training_memory.experiment:TrainingMemory",
    view="visualizers.l5_compression.training_memory.view:TrainingMemoryView",
    headline="peak",
    headline_label="peak memory",
    concepts=("5.1", "5.10"),
    keywords=("GPU memory", "activations", "Adam", "optimizer state", "checkpointing", "recomputation",
              "gradient accumulation", "FlashAttention", "out of memory", "OOM", "bytes", "显存", "激活值",
              "检查点", "重计算", "梯度累积", "优化器状态"),
    sources=("python-reference",),
    trains=False,
    rests_on=("tiny_gpt", "attention_maps"),
)
