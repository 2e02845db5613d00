"""Three ways of being fair to two groups, of which no score keeps all.

A score says how likely a person is to be charged again. Whoever reaches the threshold of their group is
called high risk. In a group in which the share p is charged again,

    FPR = P(high | not again),   FNR = P(low | again),   PPV = P(again | high)

Chouldechova (2017), eq. 2.6: from these definitions alone

    FPR = p / (1 − p) · (1 − PPV) / PPV · (1 − FNR)

If two groups differ in p, no two of the three can be equal without the third being unequal. A threshold
moves a group along its own curve (FPR, 1 − FNR) and no farther. A lot reaches below the curve: where it
decides for the share c of a group, calling as many high risk as the threshold does, the share r,

    FPR' = (1 − c) FPR + c r,   1 − FNR' = (1 − c) (1 − FNR) + c r.

Beside the score a logistic regression on two features is trained (Dressel and Farid 2018).

Shapes: N persons, G thresholds tried for each group, n persons trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.defendants import Defendants
from visualizers.l8_legal.fairness.panel import (
    GRID,
    HIGHEST,
    LEAST,
    LOWEST,
    SETS,
    Frame,
    Params,
)
from visualizers.panel import Context

Rates = NDArray[np.float64]

TRAINED = 0.7  # share of the persons that the model is trained on
LOTS = np.arange(10) / 10  # shares of lots that are tried
CALLED = 5  # deciles from here on were called medium or high risk in Broward County
TRIED = np.linspace(LOWEST, HIGHEST, GRID)  # (G,)


class Standing(NamedTuple):
    """Where a score puts everybody, and what thresholds can make of that."""

    place: Rates  # (N,) from 1 to 11: decile d lies between d and d + 1
    grid: tuple[Rates, Rates]  # of each group the (4, G) table below, at all thresholds
    worst: Rates  # (lots, SETS) how far apart the worst measure of a set must be, at each share of lots


class Fairness:
    """The persons, the score they were given, and a model of two features."""

    shared: ClassVar[tuple[str, ...]] = ("people", "real", "x", "y", "train", "test", "spread", "lots",
                                    "sold")
    measure_every = 4

    def __init__(self, params: Params, context: Context) -> None:
        self.people, self.real = read(params, context)
        generator, N = context.generator, len(self.people.group)
        features = np.stack([self.people.age, self.people.priors], 1)           # (N, 2)
        scaled = (features - features.mean(0)) / features.std(0)
        ones = np.ones((N, 1), np.float32)
        self.x = torch.tensor(np.hstack([scaled, ones]), dtype=torch.float32, device=context.device)
        self.y = torch.tensor(self.people.outcome, dtype=torch.float32, device=context.device)  # (N,)
        order = torch.randperm(N, generator=generator)
        self.train, self.test = (part.to(context.device)
                                 for part in order.split([int(TRAINED * N), N - int(TRAINED * N)]))
        self.w = torch.randn(3, generator=generator).to(context.device)         # (3,)
        chance = torch.rand(3, N, generator=generator, dtype=torch.float64).numpy()
        self.spread, self.lots = within_decile(self.people, chance[0]), chance[1:]
        self.sold = standing(self.people.decile + self.spread, self.people)

    def step(self, params: Params) -> Mapping[str, float]:
        """One step of gradient descent on the cross-entropy, over all persons of the training part."""
        x, y = self.x[self.train], self.y[self.train]                           # (n, 3), (n,)
        p = torch.sigmoid(x @ self.w)                                           # (n,)
        loss = -(y * p.clamp_min(1e-7).log() + (1 - y) * (1 - p).clamp_min(1e-7).log()).mean()
        gradient = x.T @ (p - y) / len(y)                                       # (3,)
        self.w = self.w - params.learning_rate * gradient
        return {"loss": float(loss)}

    def measure(self, params: Params) -> Mapping[str, float]:
        """How often model and score are right about persons that the model has not learnt from."""
        again = self.y[self.test] > 0.5                                         # (N − n,)
        model = self.x[self.test] @ self.w > 0
        score = torch.from_numpy(self.people.decile >= CALLED).to(again.device)[self.test]
        return {"accuracy": share(model == again), "score_accuracy": share(score == again)}

    def of_model(self) -> Standing:
        """Where the model puts everybody: tenths of all persons, as the deciles are."""
        z = (self.x @ self.w).cpu().numpy()                                     # (N,)
        rank = np.empty(len(z))
        rank[np.lexsort((self.spread, z))] = np.arange(len(z))
        return standing(1 + 10 * (rank + 0.5) / len(z), self.people)

    def frame(self, params: Params) -> Frame:
        """Everything about these thresholds, and about all that could be chosen instead."""
        people = self.people
        place, grid, worst = self.sold if params.score == "COMPAS score" else self.of_model()
        now = [table(place, people, group, np.array([threshold])) for group, threshold in
               enumerate((params.threshold_a, params.threshold_b))]             # 2 × (4, 1)
        rates = np.stack([measures(by_lot(now[0], params.lot))[:, 0], measures(now[1])[:, 0]])  # (2, 3)
        base = np.array([one[3, 0] for one in now])                             # (2,)
        right = base * (1 - rates[:, 1]) + (1 - base) * (1 - rates[:, 0])       # (2,)

        equal = differences(by_lot(grid[0], params.lot), grid[1]) <= params.tolerance  # (3, G, G)
        wanted = [one for one, on in enumerate(
            (params.equal_fpr, params.equal_fnr, params.equal_ppv)) if on]
        target = nearest(np.logical_and.reduce(equal[wanted]), params) if wanted else np.empty(0)
        possible = worst <= params.tolerance                                    # (lots, SETS)
        flagged = self.decide(place, params.threshold_a, params.threshold_b, params.lot)
        moved = np.zeros_like(flagged)
        if len(target):
            moved = flagged != self.decide(place, float(target[0]), float(target[1]), params.lot)
        return Frame(
            place=place.astype(np.float32), group=people.group.copy(), outcome=people.outcome.copy(),
            flagged=flagged.astype(np.uint8), moved=moved.astype(np.uint8), names=people.names,
            real=self.real, base=base.astype(np.float32),
            rates=np.nan_to_num(rates, nan=-1.0).astype(np.float32),
            right=right.astype(np.float32), tried=TRIED.astype(np.float32),
            roc=np.stack([one[:2].T for one in grid]).astype(np.float32), equal=equal.astype(np.uint8),
            pairs=np.array([equal[list(one)].all(0).sum() for one in SETS], np.int32),
            least_lot=np.where(possible.any(0), LOTS[possible.argmax(0)], -1).astype(np.float32),
            closest=float(worst[:, -1].min()), target=target.astype(np.float32),
            weights=self.w.cpu().numpy().copy(), tested=len(self.test))

    def decide(self, place: Rates, a: float, b: float, lot: float) -> NDArray[np.bool_]:
        """(N,) who is called high risk; in group A a lot decides for some."""
        group = self.people.group
        high: NDArray[np.bool_] = place >= np.where(group == 0, a, b)
        if lot > 0:
            drawn = (group == 0) & (self.lots[0] < lot)
            high = np.where(drawn, self.lots[1] < high[group == 0].mean(), high)
        return high


def read(params: Params, context: Context) -> tuple[Defendants, bool]:
    """The persons, and whether they are those of COMPAS."""
    if params.people == "COMPAS":
        if found := context.data.read("table", "compas"):
            return found, True
        context.stands_in("compas", context.data.title("compas-made"))
    return context.data.read("table", "compas-made"), False


def within_decile(people: Defendants, chance: Rates) -> Rates:
    """(N,) 0 … 1: the persons of a group, decile and outcome, evenly spread over it in a random order,
    so that a threshold within a decile divides them all in the same proportion."""
    kind = (people.group * 11 + people.decile) * 2 + people.outcome             # (N,)
    order = np.lexsort((chance, kind))
    _, start, count = np.unique(kind[order], return_index=True, return_counts=True)
    place = np.empty(len(kind))
    place[order] = (np.arange(len(kind)) - np.repeat(start, count) + 0.5) / np.repeat(count, count)
    return place


def standing(place: Rates, people: Defendants) -> Standing:
    """Everything that thresholds and lots can make of a score."""
    a, b = (table(place, people, group, TRIED) for group in (0, 1))
    far = [differences(by_lot(a, lot), b) for lot in LOTS]                      # lots × (3, G, G)
    worst = np.array([[one[list(chosen)].max(0).min() for chosen in SETS] for one in far])
    return Standing(place, (a, b), worst)


def table(place: Rates, people: Defendants, group: int, thresholds: Rates) -> Rates:
    """(4, G) of a group at each threshold: FPR, 1 − FNR, share called high risk, share charged again."""
    own = people.group == group
    reached = []
    for outcome in (0, 1):
        scores = np.sort(place[own & (people.outcome == outcome)])
        reached.append(1 - np.searchsorted(scores, thresholds) / len(scores))   # (G,)
    p = people.outcome[own].mean()
    return np.stack([*reached, (1 - p) * reached[0] + p * reached[1], np.full(len(thresholds), p)])


def by_lot(of_group: Rates, lot: float) -> Rates:
    """(4, G) the same group when a lot decides for the share ``lot`` of it."""
    fpr, tpr, high, p = of_group
    return np.stack([(1 - lot) * fpr + lot * high, (1 - lot) * tpr + lot * high, high, p])


def measures(of_group: Rates) -> Rates:
    """(3, G) FPR, FNR and PPV; no PPV where nobody is called high risk."""
    fpr, tpr, high, p = of_group
    with np.errstate(invalid="ignore"):
        return np.stack([fpr, 1 - tpr, np.where(high > 0, p * tpr / high, np.nan)])


def differences(a: Rates, b: Rates) -> Rates:
    """(3, G, G) how far the groups are apart in each measure, at A's threshold (down) and B's (across);
    1 where too few are called high risk, or too few low."""
    far = np.abs(measures(a)[:, :, None] - measures(b)[:, None, :])             # (3, G, G)
    decides = [(one[2] >= LEAST) & (one[2] <= 1 - LEAST) for one in (a, b)]
    return np.where(decides[0][:, None] & decides[1], far, 1.0)


def nearest(fits: NDArray[np.bool_], params: Params) -> Rates:
    """(2,) the thresholds that fit and are nearest to those that are set; (0,) if none do."""
    a, b = np.nonzero(fits)
    if not len(a):
        return np.empty(0)
    way = np.hypot(TRIED[a] - params.threshold_a, TRIED[b] - params.threshold_b)
    return np.array([TRIED[a[way.argmin()]], TRIED[b[way.argmin()]]])


def share(right: Tensor) -> float:
    return float(right.float().mean())
