"""A model learns to write molecules, and its broken sentences are those that it finds unlikely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Bool, Float32, Int32
from widgets.controls.parameters import hidden, integer, number, source, text

CELLS = 8  # molecules that are drawn at once
FAULTS = ("", "nothing", "no end", "open branch", "no branch", "open atom", "no atom", "open ring",
          "idle ring", "unknown", "idle bond", "valence", "aromatic", "other")


@dataclass(frozen=True)
class Params:
    molecules: str = source("molecules", "nci-molecules", help=(
        "What it learns to write: a file of its own has one SMILES a line. Molecules of more than 40 "
        "signs and mixtures are left out."))
    temperature: float = number(
        1.0, 0.1, 2.0, help="Divides the scores before the next sign is drawn: low takes the best, 1 is "
                            "what was learnt, more is bolder.")
    keep: float = number(
        1.0, 0.05, 1.0, label="Keep the likeliest", help="Of all that it writes, only this share is kept: "
        "the sentences that the model itself finds likeliest.")
    smiles: str = text(
        "", label="Your SMILES", help="How likely does the model find a molecule of yours, such as "
                                      "CC(=O)OC1=CC=CC=C1C(O)=O? Empty shows one that it wrote.")
    learning_rate: float = number(0.005, 1e-4, 0.05, log=True, help="Size of one update (Adam).")
    units: int = integer(
        208, 16, 256, log=True, unit="unit", label="Hidden units", help="Numbers in the state.")
    batch: int = integer(16, 4, 64, log=True, unit="molecule", label="Batch size",
                         help="How many molecules share one update.")
    seed: int = integer(0, 0, 999, help="Draws other weights, batches and sentences.")
    chosen: int = hidden(-1, help="The sentence that is read sign by sign; −1: the first broken one.")
    leaf: int = hidden(0, stays=True, help="Which eight of the sentences are drawn.")
    above: str = hidden("written", stays=True, help="What the large card shows: written, or relatives of "
                                                     "the molecule that is read, by ANNalog.")
    relative: int = hidden(0, help="The relative whose attention is shown.")
    beside: str = hidden("valid", stays=True, help="What the plot shows: valid, temperature or loss.")


@dataclass(frozen=True)
class Frame:
    """N sentences were written; K of them are drawn, with A atoms and B bonds in all; one is read."""

    surprise: Annotated[Float32, "N", "N ≥ 1", "≥ 0"]  # −ln p of each sentence, in nats, at temperature 1
    valid: Annotated[Bool, "N"]  # whether RDKit reads it as a molecule
    kept: Annotated[Bool, "N"]  # whether it is among the likeliest
    auc: Annotated[float, "0 … 1"]  # how often a broken one surprises more than a valid one
    length_auc: Annotated[float, "0 … 1"]  # how often it is merely longer
    kept_valid: Annotated[float, "0 … 1"]  # of those kept, the share that is valid
    novel: Annotated[float, "0 … 1"]  # of the valid ones kept, those that were not learnt from
    distinct: Annotated[float, "0 … 1"]  # … and those that are different molecules
    diversity: Annotated[float, "0 … 1"]  # … and how unlike they are: 1 − mean Tanimoto similarity
    length: Annotated[float, "≥ 0"]  # … and how many signs they have on average
    unfinished: Annotated[float, "0 … 1"]  # of all, those that found no end

    numbers: Annotated[Int32, "K", "K ≥ 1", "-1 … N-1"]  # which sentences are drawn; −1: a typed one
    texts: Annotated[tuple[str, ...], "K"]  # they as they were written
    faults: Annotated[tuple[str, ...], "K", "in FAULTS"]  # why each is none; empty: it is a molecule
    lit: Annotated[Int32, "K 2", "≥ 0"]  # from which sign to which it is to blame
    cells: Annotated[Int32, "A", "0 … K+R-1"]  # the sentence, or relative, that each atom belongs to
    xy: Annotated[Float32, "A 2", "any"]  # where the atom is drawn; a bond is 1.5 long
    symbols: Annotated[tuple[str, ...], "A"]
    hydrogens: Annotated[Int32, "A", "≥ 0"]
    charges: Annotated[Int32, "A", "any"]
    ends: Annotated[Int32, "B 2", "0 … A-1"]  # the two atoms of each bond
    orders: Annotated[Int32, "B", "1 … 4"]  # 4 is aromatic

    own: bool  # whether the sentence that is read was typed
    signs: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the sentence that is read, and its end
    sign_surprise: Annotated[Float32, "T", "≥ 0"]  # −ln p of each sign after those before it
    unknown: Annotated[Bool, "T"]  # signs that were never learnt
    read: Annotated[int, "0 … K-1"]  # which of those drawn it is

    temperatures: Annotated[Float32, "S", "≥ 0"]  # of the sweep; none unless its page is open
    valid_at: Annotated[Float32, "S", "0 … 1"]
    unfinished_at: Annotated[Float32, "S", "0 … 1"]
    distinct_at: Annotated[Float32, "S", "0 … 1"]  # of all, different molecules

    annalog: bool  # whether ANNalog is here; its page has R relatives of one molecule
    origin: str  # the molecule
    relatives: Annotated[tuple[str, ...], "R"]  # the likeliest that beam search finds, likeliest first
    relative_surprise: Annotated[Float32, "R", "≥ 0"]  # −ln p of each
    relative_alike: Annotated[Float32, "R", "0 … 1"]  # Tanimoto similarity; 0 for what is no molecule
    relative_faults: Annotated[tuple[str, ...], "R", "in FAULTS"]
    relative_lit: Annotated[Int32, "R 2", "≥ 0"]
    relative: Annotated[int, "≥ 0"]  # the one whose attention is shown
    attention: Annotated[Float32, "Q P", "0 … 1"]  # what each sign of it took from each of the molecule
    relative_signs: Annotated[tuple[str, ...], "Q"]
    origin_signs: Annotated[tuple[str, ...], "P"]
    learnt: Annotated[int, "≥ 1"]  # molecules learnt from
    weights: Annotated[int, "≥ 1"]  # numbers learnt


PANEL = Panel(
    id="molecules",
    title="Writing molecules",
    claim="A model that writes molecules sign by sign also writes nonsense, and it knows which: the "
          "sentences that it finds unlikely itself.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.molecules.experiment:MoleculeWriter",
    view="visualizers.l7_biomedical.molecules.view:MoleculesView",
    scalars=("loss", "valid", "kept_valid", "auc"),
    headline="valid",
    headline_label="share of valid molecules",
    concepts=("7.13",),
    keywords=("SMILES", "molecule", "chemistry", "drug", "RDKit", "generation", "GRU", "validity",
              "novelty", "diversity", "likelihood", "sampling", "temperature", "分子", "化学", "药物",
              "分子生成", "有效性", "新颖性", "多样性", "似然", "采样"),
    sources=("annalog",),
    rests_on=("rnn_lm", "rnn_cells", "attention_maps"),
    proved_with={"units": 32, "batch": 4},
)
