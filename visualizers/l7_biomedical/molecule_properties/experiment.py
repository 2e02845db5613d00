"""A property of molecules from the pieces of their SMILES, by ridge regression in closed form.

A molecule is described by how often each run of at most n neighbouring signs stands in its SMILES, its
n-grams c ∈ R^V. The prediction is linear (Hoerl and Kennard 1970):

    y = b + wᵀc,        w = (C̄ᵀC̄ + λI)⁻¹ C̄ᵀȳ

where the bar takes the means away. As it is a sum over pieces, and each piece stands on some signs, it
is also a sum over atoms: every sign gets an equal part of the weight of each piece that it is in, and a
sign that is no atom gives its part to the atom before it. So the atoms' shares and b are the prediction,
exactly. That each atom's share is what the atom *does* is another claim. Where the property is a
computed logP it can be tested, because there every atom's true share is known (Wildman and Crippen
1999).

Shapes: M molecules that are learnt from, N held out, V pieces, A atoms, T signs of a SMILES.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.l7_biomedical.molecule_properties.panel import LONGEST, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.chemistry import Fault, crippen, drawing, fault_of, weight
from visualizers.panel import Context
from visualizers.refusal import Refusal

SIGN = re.compile(r"\[[^\]]*\]|Cl|Br|%\d\d|.")  # an atom is one sign, whatever its letters
MOST = 300          # pieces of each length, the most frequent ones …
RAREST = 3          # … that so many molecules have
FEWEST = 50         # molecules that can be learnt from and tested
AMOUNTS = (20, 50, 100, 200, 500, 1000, 2000, 5000)
LONGEST_OWN = 200   # signs of a typed molecule
Piece = tuple[str, ...]


def pieces(signs: list[str], longest: int = LONGEST) -> Iterator[tuple[int, Piece]]:
    """Every run of at most ``longest`` neighbouring signs, and where it begins."""
    for n in range(1, longest + 1):
        for at in range(len(signs) - n + 1):
            yield at, tuple(signs[at : at + n])


def atoms_of(signs: list[str]) -> NDArray[np.int64]:
    """The atom that each sign belongs to, (T,): itself, or the last one before it."""
    atom = np.array([one[0] == "[" or one.isalpha() or one == "*" for one in signs])
    return np.maximum(np.cumsum(atom, dtype=np.int64) - 1, 0)


@dataclass(frozen=True)
class Fit:
    """A ridge regression: weights (V,) of the pieces and the base b. Never changed."""

    w: Tensor
    b: float


def ridge(gram: Tensor, sums: Tensor, products: Tensor, total: float, count: int, penalty: float) -> Fit:
    """The closed form, from CᵀC (V, V), the columns' sums (V,), Cᵀy (V,), the sum of y, and M."""
    mean = sums / count                                                         # (V,)
    centred = gram - count * torch.outer(mean, mean)                            # (V, V)
    wanted = products - total * mean                                            # (V,)
    eye = torch.eye(len(mean), dtype=gram.dtype, device=gram.device)
    w = torch.cholesky_solve(wanted[:, None], torch.linalg.cholesky(centred + penalty * eye))[:, 0]
    return Fit(w, float(total / count - mean @ w))


def r_squared(predicted: Tensor, y: Tensor) -> float:
    """1 − what is left of the squared spread; below 0 is worse than always saying the mean."""
    spread = float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(((predicted - y) ** 2).sum()) / max(spread, 1e-12)


class PropertyPredictor:
    """Fits every context at once, and shares a prediction out among the atoms."""

    shared: ClassVar[tuple[str, ...]] = ("found", "signs", "train", "test", "vocabulary", "index",
                                         "upto", "counts", "test_counts", "y", "test_y", "mass", "shares",
                                         "fits", "predictions", "truths", "sums")
    measure_reads: ClassVar[tuple[str, ...]] = ("context", "amount", "ridge", "beside")

    def __init__(self, params: Params, context: Context) -> None:
        self.device = context.device
        context.progress(0, 3, "reading the molecules")
        found = context.data.read("property", params.data)
        context.stands_in(found.missing, found.title)
        self.found = found
        self.truths: dict[int, tuple[float, ...]] = {}
        rows, values = list(range(len(found.smiles))), found.values
        if not found.values:  # to be computed: each atom's share is known
            context.progress(1, 3, "computing the property of each molecule")
            self.truths = {row: share for row in rows if (share := crippen(found.smiles[row]))}
            rows = list(self.truths)
            values = [sum(self.truths.get(row, ())) for row in range(len(found.smiles))]
        if len(rows) < FEWEST:
            raise Refusal("Too few molecules stand in it; choose another file.")
        context.progress(2, 3, "counting the pieces of each molecule")
        order = torch.randperm(len(rows), generator=context.generator).tolist()
        held_out = max(10, len(rows) // 5)
        self.test = [rows[one] for one in order[:held_out]]                     # N of them
        self.train = [rows[one] for one in order[held_out:]]
        self.signs = {row: SIGN.findall(found.smiles[row]) for row in rows}

        counts = torch.from_numpy(self._count([*self.train, *self.test])).to(self.device)
        self.counts, self.test_counts = counts.split([len(self.train), held_out])   # (M, V), (N, V)
        self.index = {one: at for at, one in enumerate(self.vocabulary)}
        self.sums: dict[int, tuple[Tensor, Tensor, Tensor]] = {}  # of the last number of molecules
        self.y, self.test_y = (torch.tensor([values[row] for row in part], dtype=torch.float64,
                                            device=self.device) for part in (self.train, self.test))
        self.mass = [self._masses(part) for part in (self.train, self.test)]    # (M,), (N,)
        self.shares = self._shares() if self.truths else None

    def _count(self, rows: list[int]) -> NDArray[np.float32]:
        """How often each piece stands in each molecule, (rows, V): whole numbers, so they sum exactly.

        The pieces V are found here, those of one sign first: the most frequent of the molecules learnt
        from, which are the first rows. ``upto`` says how many have at most so many signs.
        """
        signs = [sign for row in rows for sign in self.signs[row]]              # (T,) of all rows
        owner = np.repeat(np.arange(len(rows)), [len(self.signs[row]) for row in rows])
        number = {sign: at for at, sign in enumerate(dict.fromkeys(signs))}
        alone = np.array([number[sign] for sign in signs])                      # (T,)
        run = np.zeros_like(alone)  # by the place where it begins; equal ones have equal numbers
        self.vocabulary: list[Piece] = []
        self.upto, columns = [0], []
        for n in range(1, LONGEST + 1):
            at = np.flatnonzero(owner[: len(owner) - n + 1] == owner[n - 1 :])
            _, first, run[at] = np.unique(run[at] * len(number) + alone[at + n - 1],
                                          return_index=True, return_inverse=True)
            each, times = np.unique(run[at] * len(rows) + owner[at], return_counts=True)
            which, row = np.divmod(each, len(rows))
            seen = np.bincount(which[row < len(self.train)], minlength=len(first))
            named = {one: tuple(signs[at[first[one]] : at[first[one]] + n])
                     for one in np.flatnonzero(seen >= RAREST).tolist()}
            best = sorted(named, key=lambda one: (-seen[one], named[one]))[:MOST]
            column = np.full(len(first), -1)
            column[best] = np.arange(len(best))
            kept, counts = column[which] >= 0, np.zeros((len(rows), len(best)), np.float32)
            counts[row[kept], column[which[kept]]] = times[kept]
            columns.append(counts)
            self.vocabulary += [named[one] for one in best]
            self.upto.append(len(self.vocabulary))
        return np.concatenate(columns, 1)

    def _shares(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Which atom, of all atoms held out, has a share in which piece, and how large it is."""
        found: list[tuple[int, int, int]] = []  # a sign, the piece that begins there, its length
        owners: list[NDArray[np.int64]] = []
        signs = atoms = 0
        for row in self.test:
            owners.append(atoms + atoms_of(self.signs[row]))                    # (T,)
            found += [(signs + at, self.index[piece], len(piece))
                      for at, piece in pieces(self.signs[row]) if piece in self.index]
            signs, atoms = signs + len(self.signs[row]), int(owners[-1][-1]) + 1
        begin, column, n = np.array(found, np.int64).reshape(-1, 3).T
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        return (np.concatenate(owners)[np.repeat(begin, n) + within], np.repeat(column, n),
                1 / np.repeat(n, n))

    def _masses(self, rows: list[int]) -> Tensor:
        every, smiles = self.found.weights, self.found.smiles
        return torch.tensor([every[row] if every else weight(smiles[row]) for row in rows],
                            dtype=torch.float64, device=self.device)

    # --- fitting

    def measure(self, params: Params) -> Mapping[str, float]:
        """Fit every context to the molecules of the moment, and test it on those held out."""
        M = min(params.amount, len(self.train))
        if M not in self.sums:
            self.sums = {M: self._sums(0, M)}
        gram, sums, products = self.sums[M]
        y, total = self.y[:M], float(self.y[:M].sum())
        mass, other = self.mass[0][:M], self.mass[1]
        by_mass = ridge((mass @ mass)[None, None], mass.sum()[None], (mass @ y)[None], total, M, 1e-6)
        self.fits = [by_mass, *(ridge(gram[:k, :k], sums[:k], products[:k], total, M, params.ridge)
                                for k in self.upto[1:])]
        w = torch.stack([torch.nn.functional.pad(one.w, (0, len(sums) - len(one.w)))
                         for one in self.fits[1:]], 1)                          # (V, 5)
        b = torch.tensor([one.b for one in self.fits[1:]]).to(w)                # (5,)
        self.predictions = [by_mass.b + by_mass.w * other,
                            *(self.test_counts.double() @ w + b).T]             # each (N,)
        trained = [by_mass.b + by_mass.w * mass, *(self.counts[:M].double() @ w + b).T]  # each (M,)
        self.r2_at = [r_squared(one, self.test_y) for one in self.predictions]
        self.train_r2_at = [r_squared(one, y) for one in trained]
        self.credit = self._credit(params.context) if self.truths else 0.0
        self.sweep = self._sweep(params) if params.beside == "amount" else np.zeros((3, 0))
        return {"r2": self.r2_at[params.context]}

    def _sums(self, begin: int, end: int) -> tuple[Tensor, Tensor, Tensor]:
        """CᵀC, the columns' sums and Cᵀy of some of the molecules: all that a fit needs of them."""
        counts = self.counts[begin:end]                                         # (M, V)
        return ((counts.T @ counts).double(), counts.sum(0).double(),
                counts.T.double() @ self.y[begin:end])

    def _sweep(self, params: Params) -> NDArray[np.float64]:
        """Numbers of molecules, and R² of single signs and of the chosen context (3, S)."""
        stops = sorted({min(one, len(self.train)) for one in AMOUNTS})
        (gram, sums, products), begin, found = self._sums(0, 0), 0, []
        for stop in stops:
            more = self._sums(begin, stop)
            gram, sums, products = gram + more[0], sums + more[1], products + more[2]
            begin, scores = stop, []
            for n in (1, params.context):
                k = self.upto[n]
                fit = ridge(gram[:k, :k], sums[:k], products[:k], float(self.y[:stop].sum()), stop,
                            params.ridge)
                scores.append(r_squared(self.test_counts[:, :k].double() @ fit.w + fit.b, self.test_y))
            found.append((stop, *scores))
        return np.array(found).T

    # --- sharing out

    def share(
        self, signs: list[str], context: int
    ) -> tuple[NDArray[np.float64], Counter[Piece], set[Piece]]:
        """What each sign adds (T,), what each kind of piece adds, and the pieces never learnt."""
        added, each, new = np.zeros(len(signs)), Counter[Piece](), set[Piece]()
        w = self.fits[context].w.cpu().numpy()
        for at, piece in pieces(signs, context):
            column = self.index.get(piece)
            if column is None:
                new.add(piece)
                continue
            added[at : at + len(piece)] += w[column] / len(piece)
            each[piece] += w[column]
        return added, each, new

    def atoms(self, signs: list[str], context: int) -> NDArray[np.float64]:
        """What each atom adds, (A,)."""
        owner = atoms_of(signs)                                                 # (T,)
        found = np.zeros(int(owner[-1]) + 1)
        np.add.at(found, owner, self.share(signs, context)[0])
        return found

    def _credit(self, context: int) -> float:
        """Correlation of the atoms' shares with their true ones, over all atoms held out."""
        assert self.shares is not None
        atom, column, part = self.shares
        w = np.zeros(len(self.vocabulary))
        w[: self.upto[context]] = self.fits[context].w.cpu().numpy()
        true = np.concatenate([self.truths[row] for row in self.test])          # (A,)
        ours = np.bincount(atom, w[column] * part, len(true))
        ours, true = ours - ours.mean(), true - true.mean()
        scale = float(np.linalg.norm(ours) * np.linalg.norm(true))
        return float(np.clip(ours @ true / scale, -1, 1)) if scale else 0.0

    # --- looking

    def frame(self, params: Params) -> Frame:
        """All held-out molecules as points, and one of them atom by atom."""
        predicted = self.predictions[params.context]                            # (N,)
        errors = (predicted - self.test_y).abs()
        own = "".join(params.smiles.split())[:LONGEST_OWN]
        chosen = params.chosen if 0 <= params.chosen < len(self.test) else self._typical()
        row = self.test[chosen]
        smiles = own or self.found.smiles[row]
        signs = SIGN.findall(smiles)
        fault = fault_of(smiles) if own else Fault()
        if not fault.kind and int(atoms_of(signs)[-1]) + 1 != len(drawing(smiles).xy):
            fault = Fault("other", 0, len(smiles))  # hydrogens of its own, which RDKit folds away
        base = self.fits[params.context].b
        drawn = drawing(smiles) if not fault.kind else drawing("C")
        each, new = Counter[Piece](), set[Piece]()
        added, by_sign, truth = np.zeros(1), np.zeros(len(signs)), np.zeros(0)
        if not fault.kind:
            added = self.atoms(signs, params.context)
            by_sign, each, new = self.share(signs, params.context)
            truth = np.array(crippen(smiles) if self.truths else ())
        most = sorted(each, key=lambda one: (-abs(each[one]), one))
        return Frame(
            quantity=self.found.quantity, unit=self.found.unit, measured=_floats(self.test_y),
            predicted=_floats(predicted), learnt=min(params.amount, len(self.train)),
            error=float(errors.mean()), spread=float((self.test_y - self.test_y.mean()).abs().mean()),
            r2_at=np.array(self.r2_at, np.float32), train_r2_at=np.array(self.train_r2_at, np.float32),
            pieces_at=np.array(self.upto, np.int32), r2=self.r2_at[params.context], credit=self.credit,
            amounts=self.sweep[0].astype(np.int32), one_at=self.sweep[1].astype(np.float32),
            all_at=self.sweep[2].astype(np.float32),
            chosen=-1 if own else chosen, smiles=smiles, name="" if own else self.found.names[row],
            fault=fault.kind, lit=np.array([fault.start, fault.stop], np.int32),
            value=float(self.test_y[chosen]) if not own else float(truth.sum()) if len(truth)
            else float("nan"),
            prediction=base + float(added.sum()), base=base,
            xy=drawn.xy.copy(), symbols=drawn.symbols, hydrogens=drawn.hydrogens.copy(),
            charges=drawn.charges.copy(), ends=drawn.ends.copy(), orders=drawn.orders.copy(),
            added=added.astype(np.float32), truth=truth.astype(np.float32),
            signs=tuple(signs), sign_adds=by_sign.astype(np.float32),
            pieces=tuple("".join(one) for one in most),
            piece_adds=np.array([each[one] for one in most], np.float32),
            new=tuple(sorted("".join(one) for one in new)))

    def _typical(self) -> int:
        """A held-out molecule to begin with: of some size, and of different atoms."""
        worth = [len(set(self.signs[row])) - 0.3 * abs(len(self.signs[row]) - 22) for row in self.test]
        return int(np.argmax(worth))


def _floats(x: Tensor) -> NDArray[Any]:
    return array(x.float())
