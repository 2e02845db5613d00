"""A property of a molecule is predicted from pieces of its SMILES, and each atom gets its share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import hidden, integer, number, source, text

LONGEST = 5  # signs of a piece
CONTEXTS = tuple(range(LONGEST + 1))  # 0: the molar mass alone


@dataclass(frozen=True)
class Params:
    data: str = source("property", "boiling-points", label="Property", help=(
        "What is predicted, of which molecules; a file of its own has a SMILES and a number on each "
        "line."))
    context: int = integer(
        3, 1, LONGEST, unit="sign", restart=False, label="Signs in a row n",
        help="Pieces of a SMILES have at most so many neighbouring signs: an atom, a bond, a bracket or "
             "a ring mark each.")
    amount: int = integer(
        5000, 20, 5000, log=True, unit="molecule", restart=False, label="Learn from",
        help="How many are learnt from, at most four fifths of all there are; a fifth is held out.")
    ridge: float = number(
        1.0, 0.01, 1000.0, log=True, label="Ridge λ",
        help="How dear large weights are: more of it trusts each piece less.")
    smiles: str = text("", label="Your SMILES", help="A molecule of yours, such as CC(=O)OC1=CC=CC=C1C(O)=O; "
                                                     "empty shows the one that was clicked.")
    seed: int = integer(0, 0, 999, help="Draws which molecules are held out.")
    chosen: int = hidden(-1, help="The held-out molecule that is shown; −1: a typical one.")
    beside: str = hidden("context", stays=True, help="What the plot shows: context, amount or pieces.")
    painted: str = hidden("learnt", stays=True, help="What the atoms show: learnt or known.")


@dataclass(frozen=True)
class Frame:
    """N held-out molecules; one of them, or a typed one, has A atoms, B bonds and G pieces."""

    quantity: str  # what is predicted …
    unit: str  # … and its unit
    measured: Annotated[Float32, "N", "N ≥ 1", "any"]
    predicted: Annotated[Float32, "N", "any"]
    learnt: Annotated[int, "≥ 1"]  # molecules learnt from
    error: Annotated[float, "≥ 0"]  # mean |predicted − measured| of the held-out ones
    spread: Annotated[float, "≥ 0"]  # the same for who always says the mean
    r2_at: Annotated[Float32, "CONTEXTS", "≤ 1"]  # R² of held-out molecules by pieces of at most 0 … 5
    #                                               signs; 0 is the molar mass alone
    train_r2_at: Annotated[Float32, "CONTEXTS", "≤ 1"]  # … of those learnt from
    pieces_at: Annotated[Int32, "CONTEXTS", "≥ 0"]  # how many different pieces there are
    r2: Annotated[float, "≤ 1"]  # with the chosen context
    credit: Annotated[float, "-1 … 1"]  # correlation of the atoms' shares with the true ones; 0 where
    #                                     those are not known
    amounts: Annotated[Int32, "S", "≥ 1"]  # molecules learnt from; none unless its page is open
    one_at: Annotated[Float32, "S", "≤ 1"]  # R² by single signs …
    all_at: Annotated[Float32, "S", "≤ 1"]  # … and by the chosen context

    chosen: Annotated[int, "-1 … N-1"]  # the molecule that is shown; −1: a typed one
    smiles: str
    name: str
    fault: str  # why a typed text is no molecule; empty: it is one
    lit: Annotated[Int32, "2", "≥ 0"]  # from which sign to which it is to blame
    value: Annotated[float, "or NaN"]  # measured; of a typed one not known
    prediction: Annotated[float, "any"]  # the base and what the atoms add
    base: Annotated[float, "any"]
    xy: Annotated[Float32, "A 2", "any"]
    symbols: Annotated[tuple[str, ...], "A"]
    hydrogens: Annotated[Int32, "A", "≥ 0"]
    charges: Annotated[Int32, "A", "any"]
    ends: Annotated[Int32, "B 2", "0 … A-1"]
    orders: Annotated[Int32, "B", "1 … 4"]
    added: Annotated[Float32, "A", "any"]  # what each atom adds
    truth: Annotated[Float32, "K", "any"]  # what it truly adds; nothing where that is not known
    signs: Annotated[tuple[str, ...], "T"]  # of its SMILES …
    sign_adds: Annotated[Float32, "T", "any"]  # … and what each adds
    pieces: Annotated[tuple[str, ...], "G"]  # of this molecule, those that add most first
    piece_adds: Annotated[Float32, "G", "any"]  # what all of its kind in it add
    new: Annotated[tuple[str, ...], "U"]  # pieces of it that were never learnt and add nothing


PANEL = Panel(
    id="molecule_properties",
    title="Properties of molecules",
    claim="Neighbouring signs of a SMILES, read together, predict its property far better than single "
          "ones; each atom's share can be painted, and the shares sum up.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.molecule_properties.experiment:PropertyPredictor",
    view="visualizers.l7_biomedical.molecule_properties.view:MoleculePropertiesView",
    trains=False,
    headline="r2",
    headline_label="R² of held-out molecules",
    concepts=("7.14",),
    keywords=("SMILES", "molecule", "property", "boiling point", "logP", "n-gram", "ridge regression",
              "QSAR", "attribution", "explanation", "RDKit", "分子", "性质预测", "沸点", "岭回归",
              "归因", "可解释"),
    rests_on=("text_cnn", "pipeline"),
    proved_with={"amount": 300},
)
