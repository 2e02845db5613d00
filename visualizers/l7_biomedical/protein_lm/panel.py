"""A language model of proteins: first the columns, then which residues go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number, source, text

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
LIVE = "live-protein-model"
EXAMPLES = 60  # proteins of the test part that can be looked at


@dataclass(frozen=True)
class Params:
    data: str = source(
        "alignment", "ww-domains", label="Proteins", when={"reader": (LIVE,)},
        help="Related proteins, lined up in columns; an own file is an alignment in FASTA.")
    reader: str = source(
        "protein_model", LIVE, own=False, label="Model",
        help="The model that learns here, or one that was trained on millions of antibody chains and "
             "reads one of them.")
    map: Literal["model", "column", "model less column"] = choice(
        "model", restart=False, label="Map shows", when={"reader": (LIVE,)},
        help="What the model expects, how often each residue stands in the column, or the difference: "
             "what the context adds.")
    shuffle: bool = flag(False, label="Shuffle the protein",
                         help="The same residues in another order: nothing stands in its column any more.")
    example: int = integer(0, 0, EXAMPLES - 1, restart=False, when={"reader": (LIVE,), "sequence": ("",)},
                           label="Protein shown",
                           help="Which protein of the test part is shown. The model does not learn from it.")
    sequence: str = text("", help="Residues of your own, one letter each; empty shows one that is here.")
    examples: int = integer(
        2500, 20, 3000, log=True, unit="protein", label="Proteins to learn from",
        when={"reader": (LIVE,)}, help="Columns can be learnt from some twenty, pairs of columns need more.")
    layers: int = integer(2, 1, 4, unit="layer", when={"reader": (LIVE,)},
                          help="Layers of the Transformer; each has 4 heads and 64 channels.")
    share: float = number(0.15, 0.05, 0.6, label="Masked in training", when={"reader": (LIVE,)},
                          help="The share of residues that are hidden in each training step.")
    learning_rate: float = number(0.003, 1e-4, 0.03, log=True, when={"reader": (LIVE,)},
                                  help="Size of one update (Adam).")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and another order.")
    masked: tuple[object, ...] = hidden(())  # (what the protein is known by, place, place, …)
    looked: int = hidden(-1)  # the place whose attention is drawn on top
    beside: str = hidden("columns", stays=True)  # what the lower small plot shows


def protein_key(params: Params) -> str:
    """What the shown protein is known by: masks belong to one only."""
    return f"{params.reader}{params.sequence.strip() or f'#{params.example}'}{params.shuffle}"


@dataclass(frozen=True)
class Frame:
    """One protein of T residues and what is expected at each place while that place is masked.

    A trained model has no columns: Q is T where a model learns here, else 0.
    """

    title: str  # of the proteins
    reader: str  # of the model
    live: bool  # whether it learns here
    residues: Annotated[str, "T", "T ≥ 1"]  # as they are; "-" for a gap
    masked: Annotated[tuple[int, ...], "m", "0 … T-1"]  # places that are masked for all others, too
    chances: Annotated[Float32, "20 T", "0 … 1"]  # what the model expects
    mapped: Annotated[Float32, "20 T", "-1 … 1"]  # what the map shows: that, the columns, or the difference
    logo: Annotated[Float32, "T 20", "0 … 4.4"]  # bits of the columns, or of what the model expects
    attention: Annotated[Float32, "T T", "0 … 1"]  # from each place while masked, mean of all heads
    looked: Annotated[int, "-1 … T-1"]
    pairs: Annotated[Int32, "K 2", "0 … T-1"]  # columns that were made to go together
    pairs_found: Annotated[float, "0 … 1"]  # share of them whose ends look at each other most
    column_right: Annotated[Float32, "Q", "Q in (0, T)", "0 … 1"]  # share of the test proteins, and so often
    column_line: Annotated[Float32, "Q", "0 … 1"]  # the commonest residue is right there
    line: Annotated[float, "0 … 1"]  # over all columns; 0 without
    best: Annotated[float, "0 … 1"]  # what the best reader gets right; 0 where it is not known
    right: Annotated[float, "0 … 1"]
    shuffled: Annotated[float, "0 … 1"]
    right_here: Annotated[float, "0 … 1"]  # in the protein shown
    known: Annotated[int, "0 … T"]  # residues of it that are no gaps
    ignored: Annotated[int, "≥ 0"]  # signs of an own protein that are no residues, or too many
    weights: Annotated[int, "≥ 1"]


PANEL = Panel(
    id="protein_lm",
    title="A language model of proteins",
    claim="A masked model of proteins first learns which residue is usual in each column, and only then "
          "which residues go together.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.protein_lm.experiment:ProteinLM",
    view="visualizers.l7_biomedical.protein_lm.view:ProteinLMView",
    scalars=("loss", "seen_right", "right", "shuffled", "line"),
    headline="right",
    headline_label="residues right",
    concepts=("7.9", "7.10"),
    sources=("sapiens",),
    rests_on=("attention_maps", "tiny_gpt"),
    keywords=("protein", "masked language model", "ESM", "amino acid", "residue", "alignment", "MSA",
              "conservation", "coevolution", "contact map", "WW domain", "antibody", "Sapiens", "AntiBERTy",
              "attention", "蛋白质", "掩码语言模型", "氨基酸", "残基", "多序列比对", "保守性", "共进化",
              "接触图", "抗体", "注意力"),
    proved_with={"examples": 200, "layers": 1},
)
