"""Molecules as RDKit sees them: whether a SMILES is one, at which sign it breaks, how it is drawn.

A SMILES (Weininger 1988) writes a molecule as a walk from atom to atom: letters are atoms, ``=`` and
``#`` double and triple bonds, brackets ``( )`` branches, and two equal digits the ends of a bond that
closes a ring. What stands in ``[ ]`` is one atom with its charge and hydrogens.

Whether a text is a molecule is RDKit's word alone. Where it breaks is looked for here, sign by sign,
because RDKit says so only in its log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdDepictor, rdFingerprintGenerator, rdMolDescriptors

# What RDKit cannot read is an ordinary answer here, not a line in a log.
rdBase.DisableLog("rdApp.*")

FAULTS = ("", "nothing", "no end", "open branch", "no branch", "open atom", "no atom", "open ring",
          "idle ring", "unknown", "idle bond", "valence", "aromatic", "other")
ATOM = re.compile(r"Cl|Br|[BCNOPSFI]|[bcnops]|\*")
INSIDE = re.compile(r"\d*([A-Z][a-z]?|b|c|n|o|p|s|se|as|te|si|\*)(@{0,2}|@[A-Z]{2}\d+)(H\d?)?"
                    r"(\++\d*|-+\d*)?(:\d+)?")
RING = re.compile(r"%\d\d|\d")
BONDS = "-=#:$/\\~"
ELEMENTS = {Chem.GetPeriodicTable().GetElementSymbol(one) for one in range(1, 119)}


class Fault(NamedTuple):
    """Why a text is no molecule, one of ``FAULTS``, and which signs are to blame. Empty: it is one."""

    kind: str = ""
    start: int = 0
    stop: int = 0


class Drawing(NamedTuple):
    """A molecule of A atoms in the plane, hydrogens left out. Never changed, so that all can share it."""

    xy: NDArray[np.float32]         # (A, 2), a bond is 1.5 long
    symbols: tuple[str, ...]        # (A,)
    hydrogens: NDArray[np.int32]    # (A,) bound to each atom
    charges: NDArray[np.int32]      # (A,)
    ends: NDArray[np.int32]         # (B, 2) the atoms that each bond joins
    orders: NDArray[np.int32]       # (B,) 1, 2 or 3; 4 where it is aromatic


def read(smiles: str) -> Any:
    """RDKit's molecule, or ``None`` where the text is none, which it says of no text too."""
    return Chem.MolFromSmiles(smiles) if smiles and smiles.isascii() and smiles.isprintable() else None


@lru_cache(4096)
def fault_of(smiles: str, ended: bool = True) -> Fault:
    """Whether a text is a molecule, and if not, where it breaks.

    Args:
        ended: whether whoever wrote it came to an end.
    """
    size = len(smiles)
    if not ended:
        return Fault("no end", max(0, size - 1), size)
    if not smiles:
        return Fault("nothing", 0, 0)
    if read(smiles) is not None:
        return Fault()
    found, atoms = _scan(smiles)
    if found.kind:
        return found
    loose = Chem.MolFromSmiles(smiles, sanitize=False)
    for problem in Chem.DetectChemistryProblems(loose) if loose is not None else ():
        kekule = problem.GetType() == "KekulizeException"
        index = problem.GetAtomIndices()[0] if kekule else problem.GetAtomIdx()
        return Fault("aromatic" if kekule else "valence", *atoms[index])
    return Fault("other", size - 1, size)


def _scan(smiles: str) -> tuple[Fault, list[tuple[int, int]]]:
    """The first sign that breaks a rule of the grammar, and where each atom stands in the text."""
    atoms: list[tuple[int, int]] = []
    joined: set[frozenset[int]] = set()         # pairs of atoms that have a bond
    branches: list[tuple[int, int]] = []        # of each open one: where it began, and from which atom
    rings: dict[str, tuple[int, int, int]] = {}  # of each open one: its atom, and where its mark stands
    last, bond, at = -1, -1, 0                  # the atom to go on from, and a bond sign that waits
    bare = False                                # whether a branch has begun and has no atom yet
    while at < len(smiles):
        sign, stop = smiles[at], at + 1
        if sign == "[" or (atom := ATOM.match(smiles, at)):
            if sign == "[":
                stop = smiles.find("]", at) + 1
                if not stop:
                    return Fault("open atom", at, at + 1), atoms
                inside = INSIDE.fullmatch(smiles, at + 1, stop - 1)
                if inside is None or (inside[1][0].isupper() and inside[1] not in ELEMENTS):
                    return Fault("unknown", at, stop), atoms
            else:
                assert atom is not None
                stop = atom.end()
            atoms.append((at, stop))
            if last >= 0:
                joined.add(frozenset((last, len(atoms) - 1)))
            last, bond, bare = len(atoms) - 1, -1, False
        elif sign in BONDS:
            if bond >= 0 or last < 0:
                return Fault("idle bond", at, stop), atoms
            bond = at
        elif bond >= 0 and sign in "().":
            return Fault("idle bond", bond, bond + 1), atoms
        elif sign == "(":
            if last < 0 or bare:
                return Fault("no atom", at, stop), atoms
            branches.append((at, last))
            bare = True
        elif sign == ")":
            if not branches or bare or last < 0:
                return Fault("no branch", at, stop), atoms
            last = branches.pop()[1]
        elif ring := RING.match(smiles, at):
            mark, stop = ring[0].lstrip("%").lstrip("0") or "0", ring.end()
            if last < 0 or bare:
                return Fault("no atom", at, stop), atoms
            if mark in rings:
                other = rings.pop(mark)[0]
                if other == last or frozenset((other, last)) in joined:
                    return Fault("idle ring", at, stop), atoms
                joined.add(frozenset((other, last)))
            else:
                rings[mark] = (last, at, stop)
            bond = -1
        elif sign == ".":
            if last < 0 or bare:
                return Fault("no atom", at, stop), atoms
            last = -1
        else:
            return Fault("no atom" if sign == "]" else "unknown", at, stop), atoms
        at = stop
    if bond >= 0:
        return Fault("idle bond", bond, bond + 1), atoms
    if last < 0:
        return Fault("idle bond", at - 1, at), atoms
    if branches:
        return Fault("open branch", branches[-1][0], branches[-1][0] + 1), atoms
    if rings:
        return Fault("open ring", *next(iter(rings.values()))[1:]), atoms
    return Fault(), atoms


@lru_cache(65_536)
def canonical(smiles: str) -> str:
    """The one way in which RDKit writes this molecule, however it was written; empty for none."""
    molecule = read(smiles)
    return Chem.MolToSmiles(molecule) if molecule is not None else ""


class Known:
    """Whether a molecule is among some others, however each is written.

    Writing thousands of molecules anew takes half a second. But two ways of writing the same one have
    the same letters, so only those are compared that have them.
    """

    def __init__(self, smiles: Iterable[str]) -> None:
        self.alike: dict[str, list[str]] = {}
        for one in smiles:
            self.alike.setdefault(self._letters(one), []).append(one)

    @staticmethod
    def _letters(smiles: str) -> str:
        return "".join(sorted(one for one in smiles.upper() if one.isalpha() and one != "H"))

    def __contains__(self, smiles: str) -> bool:
        wanted = canonical(smiles)
        return any(canonical(one) == wanted for one in self.alike.get(self._letters(smiles), ()))


def diversity(smiles: Iterable[str]) -> float:
    """1 − the mean Tanimoto similarity of all pairs, by Morgan fingerprints of radius 2.

    Benhenda 2017, "ChemGAN challenge for drug discovery"; 0 for fewer than two molecules.
    """
    prints = [fingerprint(one) for one in smiles]
    alike = [one for at, each in enumerate(prints)
             for one in DataStructs.BulkTanimotoSimilarity(each, prints[:at])]
    return 1.0 - float(np.mean(alike)) if alike else 0.0


def alike(one: str, other: str) -> float:
    """The Tanimoto similarity of two molecules; 0 where one is none."""
    if read(one) is None or read(other) is None:
        return 0.0
    return float(DataStructs.TanimotoSimilarity(fingerprint(one), fingerprint(other)))


@lru_cache(4096)
def fingerprint(smiles: str) -> Any:
    """Which surroundings of an atom, up to two bonds away, a molecule has: 1,024 bits."""
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    return maker.GetFingerprint(read(smiles))


@lru_cache(512)
def drawing(smiles: str) -> Drawing:
    """How a molecule is drawn: double bonds where Kekulé puts them. Raises for what is none."""
    molecule = Chem.Mol(read(smiles))
    Chem.Kekulize(molecule, clearAromaticFlags=True)
    rdDepictor.Compute2DCoords(molecule)
    atoms, bonds = list(molecule.GetAtoms()), list(molecule.GetBonds())
    kinds = {"DOUBLE": 2, "TRIPLE": 3, "AROMATIC": 4}
    found = Drawing(
        np.array(molecule.GetConformer().GetPositions()[:, :2], np.float32).reshape(-1, 2),
        tuple(one.GetSymbol() for one in atoms),
        np.array([one.GetTotalNumHs() for one in atoms], np.int32),
        np.array([one.GetFormalCharge() for one in atoms], np.int32),
        np.array([(one.GetBeginAtomIdx(), one.GetEndAtomIdx()) for one in bonds],
                 np.int32).reshape(-1, 2),
        np.array([kinds.get(str(one.GetBondType()), 1) for one in bonds], np.int32))
    for one in (found.xy, found.hydrogens, found.charges, found.ends, found.orders):
        one.flags.writeable = False
    return found


@lru_cache(8192)
def crippen(smiles: str) -> tuple[float, ...]:
    """What each atom, with its hydrogens, adds to the computed logP; empty for no molecule.

    Wildman and Crippen 1999: each of 68 types of atom has one value, and the logP is their sum.
    """
    molecule = read(smiles)
    if molecule is None:
        return ()
    whole = Chem.AddHs(molecule)
    found = [value for value, _ in rdMolDescriptors._CalcCrippenContribs(whole)]
    for atom in range(molecule.GetNumAtoms(), whole.GetNumAtoms()):
        found[whole.GetAtomWithIdx(atom).GetNeighbors()[0].GetIdx()] += found[atom]
    return tuple(found[: molecule.GetNumAtoms()])


@lru_cache(8192)
def weight(smiles: str) -> float:
    """The molar mass in g/mol; 0 for no molecule."""
    molecule = read(smiles)
    return float(rdMolDescriptors._CalcMolWt(molecule)) if molecule is not None else 0.0
