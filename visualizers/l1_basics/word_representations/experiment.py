"""The ladder of word representations, each step of it from the one before.

    one-hot   x_w = (0 … 1 … 0)                                     every word is unlike every other
    counts    C_wc = how often c stands near w                      Harris 1954, Firth 1957
    PPMI      P_wc = max(0, log C_wc ΣC / (Σ_c C_wc · Σ_w C_wc))     Church and Hanks 1990
    SVD       P = U Σ Vᵀ,  x_w = row w of U_d √Σ_d                   Deerwester et al. 1990
    learnt    skip-gram with negative sampling                      Mikolov et al. 2013

The last is trained here, on the same counts: what skip-gram climbs is a sum over pairs of words, in which
a text counts for nothing but its C_wc. Levy and Goldberg 2014 show where it leads: x_w · y_c → log C_wc ΣC
/ (Σ_c C_wc · Σ_w C_wc) − log k, factors of (shifted) mutual information again.

Shapes: V words that are counted as neighbours, n ≤ V whose vectors are shown, d numbers in a vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from visualizers.l1_basics.word_representations.groups import Reading
from visualizers.l1_basics.word_representations.panel import COLUMNS, LADDER, NEAR, Frame, Params
from visualizers.models.cooccurrence import SkipGram, factors, neighbour_counts, ppmi
from visualizers.panel import Context

SAME = 1e-6  # cosines that differ by less are equal


class WordRepresentations:
    """Four representations that are computed at once, and one that learns."""

    shared: ClassVar[tuple[str, ...]] = ("reading", "counts", "fixed", "still")

    def __init__(self, params: Params, context: Context) -> None:
        self.reading = Reading(params, context)                    # text, words and their groups
        ids, V = self.reading.ids, len(self.reading.names)
        rows = self.reading.rows                                   # (n,) the words that are shown
        counts = neighbour_counts(ids, V, params.window)           # (V, V)
        context.progress(0, 1, "Factorising the table of words")
        information = ppmi(counts)                                 # (V, V)
        self.fixed = {                                             # name → (n, V), SVD: (n, d)
            "one-hot": torch.eye(V)[rows],
            "counts": counts[rows],
            "PPMI": information[rows],
            "SVD": factors(information, params.dimension)[rows],
        }
        self.still = {name: cosines(vectors) for name, vectors in self.fixed.items()}  # (n, n) each
        self.counts = counts.to(context.device)
        self.learning = SkipGram(V, params.dimension, context.generator, context.device)

    def step(self, params: Params) -> Mapping[str, float]:
        """Follow the gradient of all pairs of the text at once."""
        loss = self.learning.step(self.counts, params.learning_rate)
        like = cosines(self._learnt)                               # (n, n)
        return {"loss": loss, "own": own_group(like, self.reading.group),
                "agreement": correlation(like, self.still["SVD"])}

    @property
    def _learnt(self) -> Tensor:
        """(n, d) the vectors of the moment."""
        rows = self.reading.rows.to(self.learning.inputs.device)
        return torch.as_tensor(self.learning.inputs[rows]).cpu()

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        reading, vectors = self.reading, {**self.fixed, "learnt": self._learnt}
        like = {**self.still, "learnt": cosines(vectors["learnt"])}
        group, n = reading.group, len(reading.group)
        same = group[:, None] == group                             # (n, n)
        other = ~same
        same = same & ~torch.eye(n, dtype=torch.bool)
        chosen = params.word if 0 <= params.word < n else 0
        name = params.shown if params.shown in LADDER else "learnt"
        numbers, columns = self._drawn(name, vectors[name])
        stack = torch.stack([like[one] for one in LADDER])         # (R, n, n)
        away = stack[:, chosen].clone()                            # (R, n)
        away[:, chosen] = -2.0
        return Frame(
            words=tuple(reading.names[one] for one in reading.rows.tolist()),
            group=group.byte().numpy(), likeness=stack.clamp(-1, 1).numpy(),
            own=torch.tensor([own_group(one, group) for one in stack]).numpy(),
            within=stack[:, same].mean(1).clamp(-1, 1).numpy(),
            between=stack[:, other].mean(1).clamp(-1, 1).numpy(),
            size=torch.tensor([vectors[one].shape[1] for one in LADDER]).int().numpy(),
            filled=torch.tensor([float((vectors[one] != 0).float().sum(1).mean()) for one in LADDER]).numpy(),
            agreement=correlation(like["learnt"], like["SVD"]),
            numbers=numbers.numpy().copy(), columns=columns, chosen=chosen,
            near=away.topk(NEAR, dim=1).indices.int().numpy())

    def _drawn(self, name: str, vectors: Tensor) -> tuple[Tensor, tuple[str, ...]]:
        """(n, K) of the numbers, and what each is: where there are too many, the largest on the whole."""
        if name in ("SVD", "learnt"):
            few = vectors[:, :COLUMNS]
            return few, tuple(str(one + 1) for one in range(few.shape[1]))
        if name == "one-hot":
            best = self.reading.rows[:COLUMNS]
        else:
            best = vectors.sum(0).argsort(descending=True, stable=True)[:COLUMNS]
        return vectors[:, best], tuple(self.reading.names[one] for one in best.tolist())


def cosines(vectors: Tensor) -> Tensor:
    """(n, n) x · y / |x||y| of each two rows; 0 for a row of zeros."""
    unit = F.normalize(vectors, dim=1)                             # (n, d)
    return unit @ unit.T


def own_group(like: Tensor, group: Tensor) -> float:
    """The share of words whose nearest word is of their own group; words equally near share."""
    others = like - 3.0 * torch.eye(len(like))                     # (n, n) nobody is his own neighbour
    nearest = (others >= others.max(1, keepdim=True).values - SAME).float()
    same = (group[:, None] == group).float()                       # (n, n)
    return float(((nearest * same).sum(1) / nearest.sum(1)).mean())


def correlation(one: Tensor, other: Tensor) -> float:
    """Pearson's, of the cosines of all pairs of words."""
    a, b = torch.triu_indices(len(one), len(one), 1)
    both = torch.stack([one[a, b], other[a, b]]).double()          # (2, n (n - 1) / 2)
    return float(torch.corrcoef(both).nan_to_num()[0, 1].clamp(-1, 1))

