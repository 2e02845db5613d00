"""The GPU server: what this machine computes and moves in a second, and what that makes of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from visualizers.panel import Panel
from visualizers.shapes import Float64, Int8, Int32
from widgets.controls.parameters import choice, hidden, integer
from widgets.controls.speeds import Speed

FAMILIES = ("product", "layer", "model", "addition", "copy", "written", "fused", "format", "host")
PRODUCT, LAYER, MODEL, ADDITION, COPY, WRITTEN, FUSED, FORMAT, HOST = range(len(FAMILIES))
FORMATS = ("float64", "float32", "bfloat16", "float16")
FLOAT32 = FORMATS.index("float32")
MODELS = ("GPT writes", "GPT reads", "BERT", "LSTM", "CNN", "word2vec")
LAYER_BATCHES = (1, 2, 4, 8, 16, 32)
ADDITIONS = 8  # sizes, each four times the one before


class Sheet(NamedTuple):
    """What the maker's data sheet promises of one GPU; nothing here was measured."""

    peak: float  # 10⁹ FLOP a second in float32
    half: float  # in 16 bits, on tensor cores
    bandwidth: float  # of its own memory, 10⁹ bytes a second
    link: float  # PCIe × 16, one way
    memory: float  # 10⁹ bytes


SHEETS = {
    "T4": Sheet(8_100, 65_000, 320, 16, 16),
    "V100": Sheet(15_700, 125_000, 900, 16, 32),
    "A100": Sheet(19_500, 312_000, 2_039, 32, 80),
    "H100": Sheet(66_900, 989_000, 3_350, 64, 80),
}


@dataclass(frozen=True)
class Params:
    batch: int = integer(
        1, 1, 32, log=True, unit="text", label="Batch",
        help="How many texts each of the course's models reads at a time. Each weight that was fetched is "
             "used for all of them.")
    largest: Literal["auto", "64", "128", "256", "512", "1024", "4096", "8192"] = choice(
        "auto", label="Largest matrix",
        help="Products of square matrices go up to so many rows. Auto is 512 on a CPU and 4096 on a GPU; "
             "more than 1024 is only for a GPU.")
    longest: int = integer(
        512, 64, 4096, log=True, unit="token", label="Longest text",
        help="Attention reads texts of 16 tokens and more, each twice as long, up to this length.")
    megabytes: int = integer(
        96, 3, 384, log=True, unit="MB", label="Largest addition",
        help="How much memory the largest addition of two vectors touches. It must be more than the caches "
             "hold, or it measures them.")
    sheet: Literal["none", "T4", "V100", "A100", "H100"] = choice(
        "A100", restart=False, label="Compare with a GPU",
        help="Dashed: what the data sheet of this GPU promises. It is not measured here.")
    repeats: int = integer(
        9, 1, 99, restart=False, unit="time", label="Measure each",
        help="So often is each measurement taken. The shortest is drawn: what else a machine does only adds.")
    seed: int = integer(0, 0, 999, help="Draws other numbers to compute with. No count depends on it.")
    beside: str = hidden("copying", stays=True, help="The lower card: copying, memory, attention, formats.")


@dataclass(frozen=True)
class Frame:
    """What there is to measure, counted; how long each took is in the history, for no clock runs alike."""

    family: Annotated[Int8, "N", "0 … 8"]  # an index of FAMILIES
    size: Annotated[Int32, "N", "≥ 0"]  # rows, batch, index of MODELS, kB or tokens
    number_format: Annotated[Int8, "N", "0 … 3"]  # an index of FORMATS
    operations: Annotated[Float64, "N", "≥ 0"]  # FLOP: additions and multiplications
    bytes: Annotated[Float64, "N", "> 0"]  # that have to travel between memory and processor
    device: Annotated[str, "D"]  # on which it is measured: cpu, cuda, mps
    processor: Annotated[str, "P"]  # the device's name
    cores: Annotated[int, "≥ 1"]
    threads: Annotated[int, "≥ 1"]  # that torch computes with
    memory: Annotated[float, "≥ 0"]  # of the machine; 0 where it is not known
    own_memory: Annotated[float, "≥ 0"]  # of the GPU; 0 without one
    others: Annotated[tuple[str, ...], "G"]  # accelerators that are here
    crossing: Annotated[float, "≥ 0"]  # rows from which the GPU of the sheet computes for longer than it
    #                                    copies, in float32; 0 without a sheet
    crossing_half: Annotated[float, "≥ 0"]  # the same in 16 bits


PANEL = Panel(
    id="compute",
    title="The GPU server",
    claim="How fast a processor runs depends on how often it uses each number that it fetches from memory.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.compute.experiment:Compute",
    view="visualizers.l1_basics.compute.view:ComputeView",
    scalars=("measurement", "took_ms", "fastest_ms"),
    headline="fastest_ms",
    headline_label="ms for a billion operations, at best",
    concepts=("1.20", "3.11"),
    rests_on=("tiny_gpt", "attention_maps", "mixed_precision"),
    speed=Speed.FRAME,
    proved_with={"largest": "64", "longest": 64, "megabytes": 3},
    keywords=("GPU", "CUDA", "roofline", "arithmetic intensity", "memory bandwidth", "FLOP", "FLOPS",
              "matrix multiplication", "PCIe", "cache", "bfloat16", "float16", "quadratic attention",
              "FlashAttention", "server", "显卡", "屋顶线", "计算强度", "内存带宽", "矩阵乘法", "服务器",
              "二次复杂度"),
)
