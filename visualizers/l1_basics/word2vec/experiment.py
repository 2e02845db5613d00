"""word2vec by hand: two ways to read a window, three ways to predict a word.

Mikolov, Chen, Corrado, Dean 2013, "Efficient estimation of word representations in vector space"
(skip-gram, CBOW, hierarchical softmax); Mikolov, Sutskever, Chen, Corrado, Dean 2013, "Distributed
representations of words and phrases and their compositionality" (negative sampling, subsampling).

Each word has two vectors: its row of ``inputs`` for when it predicts, its row of ``outputs`` for
when it is predicted. A minibatch is N consecutive positions of the text in B blocks of T. All
windows of a block lie within E = T + 2·reach words, so that its work is a few small matrix
products, and a mask of T × E weights says which pairs lie inside a window. That is what makes it
fast; the equations are those of the papers, with their gradients written out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from visualizers.l1_basics.word2vec.panel import BATCHES, GRID, RATES, Frame, Params
from visualizers.l1_basics.word2vec.reading import Moment, Reading
from visualizers.models.word2vec import (
    draw,
    keep_probability,
    noise_distribution,
    principal_plane,
)
from visualizers.panel import Context

BLOCK = 16   # T: positions in a block
POOL = 64    # K: negatives that a minibatch draws and all its positions share
Changes = tuple[Tensor | None, Tensor]  # rows of a matrix (None: all of them) and their gradients


class Vectors:
    """One model that learns: two vectors a word, Adagrad's memory of them, and where it reads.

    Attributes:
        batch: N, the positions of the text from which an update is computed.
        rate: of learning; 0 where it is the one that the user sets.
        loss: of the last minibatch.
        moment: one position of it: a word, those around it, negatives.
        plane: (d, 2) the axes of its map.
    """

    def __init__(self, start: Tensor, reading: Reading, batch: int, rate: float = 0.0) -> None:
        (size, d), device = start.shape, start.device
        self.inputs = start.clone()                                # (V, d)
        self.outputs = torch.zeros(size, d, device=device)         # (V, d), or V - 1 tree nodes
        self.input_sums = torch.full((size,), 1e-6, device=device)   # (V,)
        self.output_sums = torch.full((size,), 1e-6, device=device)  # (V,)
        self.stream, self.batch, self.rate = reading.stream(), batch, rate
        self.loss = float("nan")
        first = self.stream.text[:3].tolist()
        self.moment: Moment = first[1], (first[0], first[2]), tuple(range(20))
        self.plane = principal_plane(F.normalize(self.inputs))     # (d, 2)

    def fit(self) -> None:
        """Turn the map's axes to the two directions of greatest variance."""
        self.plane = principal_plane(F.normalize(self.inputs), self.plane)


class Word2Vec:
    """Skip-gram or CBOW with negative sampling, hierarchical softmax or full softmax; one model, or a grid
    of them that differ in learning rate and batch size and read the same text side by side."""

    shared = ("reading",)
    # The pair is of the last minibatch; the map's axes rest between the steps at which they are fitted.
    remembered = ("centre", "context", "rows", "row_words", "row_probability", "row_target", "path_left",
                  "path_probability", "path_off", "touched", "points", "extent", "fitted")

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator = context.device, context.generator
        self.reading = Reading(params, context)  # text, vocabulary, Huffman tree, tests
        size, d = len(self.reading.vocabulary), params.dimension
        start = (torch.rand(size, d, generator=self.generator) - 0.5).div_(d).to(self.device)  # (V, d)
        most = self._positions(params)
        self.runs = tuple(Vectors(start, self.reading, min(batch, most), rate)
                          for rate in RATES for batch in BATCHES) if params.grid \
            else (Vectors(start, self.reading, most),)
        self.main = self.runs[len(self.runs) // 2]
        self.steps, self.fitted, self.refit = 0, 0, params.refit
        self.measure_every = 10 if params.grid else self.reading.examine_every
        self._settle(params)

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """All models read as many positions: small batches in several updates, large ones now and then."""
        if (params.noise_power, params.subsampling) != self.settled:
            self._settle(params)
        self.steps += 1
        for run in self.runs:
            if self.steps % max(1, run.batch // self.main.batch) == 0:
                for _ in range(max(1, self.main.batch // run.batch)):
                    self.learn(run, params)
        # The axes are fitted at steps 1, 2, 4, 8 … and on demand, and rest in between.
        if self.steps & (self.steps - 1) == 0 or params.refit != self.refit:
            for run in self.runs:
                run.fit()
            self.fitted, self.refit = self.steps, params.refit
        return {"loss": self.main.loss}

    def learn(self, run: Vectors, params: Params) -> None:
        """Read N positions, predict, and follow the gradient of the log-likelihood."""
        count, reach, rate = run.batch, params.window, run.rate or params.learning_rate
        # Frequent words are dropped on the way: kept with probability min(1, √(t / f)).
        seen = run.stream.take(count, reach, self.keep, self.generator)
        words = seen.to(self.device)                               # (N + 2·reach,)
        middle = words[reach : reach + count]                      # (N,)
        # Soft windows: each has its own size, uniform in 1 … reach, so near words count more.
        sizes = torch.randint(1, reach + 1, (count,), generator=self.generator) if params.soft \
            else torch.full((count,), reach)
        window = windows(sizes.to(self.device), reach)             # (B, T, E), 0 or 1

        if params.model == "skip-gram":  # the middle predicts each word of its window
            hidden = run.inputs.index_select(0, middle)            # (N, d)
            predicted = window                                     # (B, T, E)
        else:  # CBOW: the mean of the window predicts the middle
            share = window / window.sum(2, keepdim=True)           # (B, T, E)
            around = blocks(run.inputs.index_select(0, words), reach)        # (B, E, d)
            hidden = torch.bmm(share, around).view(count, -1)      # (N, d)
            predicted = windows(torch.zeros_like(sizes).to(self.device), reach, middle=True)

        pool = draw(self.noise, POOL, self.generator)              # (K,)
        if params.output == "negative sampling":
            loss, pull, changes = negative_sampling(
                run.outputs, hidden, words, predicted, pool.to(self.device), params.negatives)
        elif params.output == "hierarchical softmax":
            tree = self.reading.huffman
            loss, pull, changes = hierarchical_softmax(
                run.outputs, hidden, tree.nodes[words], tree.signs[words], predicted)
        else:
            loss, pull, changes = full_softmax(run.outputs, hidden, words, predicted)

        ascend(run.outputs, run.output_sums, changes, rate)
        if params.model == "skip-gram":
            ascend(run.inputs, run.input_sums, (middle, pull), rate)
        else:  # the mean hands its gradient on to the words it was made of
            back = torch.bmm(share.mT, pull.view(-1, BLOCK, pull.shape[1]))  # (B, E, d)
            ascend(run.inputs, run.input_sums, (words, unblock(back)), rate)

        run.loss = loss
        at, size = count // 2, int(sizes[count // 2])              # one position is remembered
        at += reach
        around_it = [*range(at - size, at), *range(at + 1, at + size + 1)]
        run.moment = int(seen[at]), tuple(seen[around_it].tolist()), tuple(pool[:20].tolist())

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """How well the vectors know meaning."""
        scores = [self.reading.scores(run.inputs) for run in self.runs]
        self.twins = [one["twins"] for one in scores]
        grid = zip(GRID, self.twins, strict=True) if params.grid else ()
        return {**scores[len(scores) // 2], **dict(grid)}

    def idle(self, params: Params) -> Mapping[str, str]:
        """What can change nothing now."""
        return {"learning_rate": "The models of the grid have learning rates of their own."} \
            if params.grid else {}

    def _positions(self, params: Params) -> int:
        """N, a multiple of T: fewer where a position costs more."""
        if params.output == "full softmax":  # at most two million logits
            return max(1, min(64, 2**21 // len(self.reading.vocabulary) // BLOCK)) * BLOCK
        return 512 if params.output == "hierarchical softmax" else 1024

    def _settle(self, params: Params) -> None:
        """What follows from α and t: both are live."""
        counts = self.reading.vocabulary.counts
        self.noise = noise_distribution(counts, params.noise_power).cumsum(0)     # (V,)
        self.keep = keep_probability(counts, params.subsampling).float()          # (V,)
        self.settled = params.noise_power, params.subsampling

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        cell = min(max(params.cell, 0), len(self.runs) - 1) if params.grid else 0
        run, fitted = self.runs[cell], self.fitted
        plane = run.plane
        if params.refit != self.refit:
            plane, fitted = principal_plane(F.normalize(run.inputs), plane), self.steps
        return self.reading.frame(
            params, run.inputs, run.outputs, plane, fitted, run.moment, self.twins[cell],
            {"cell": cell, "grid": np.array(self.twins if params.grid else [], np.float32),
             "batches": np.array([run.batch for run in self.runs[: len(BATCHES)]], np.int32)})


# --- three ways to predict a word ------------------------------------------------------------
#
# Each takes the hidden vectors h (N, d), and for each of the B·T positions and E words near it
# the weight (B, T, E) with which that word is to be predicted. Each gives the loss per prediction
# in nats, the gradient of the log-likelihood with respect to h, and with respect to its own rows.


def negative_sampling(
    outputs: Tensor, hidden: Tensor, words: Tensor, weight: Tensor, pool: Tensor, k: int
) -> tuple[float, Tensor, Changes]:
    """log σ(h·v) + Σ_k log σ(−h·n): tell a true neighbour v from k negatives n.

    Each minibatch draws a pool of K negatives, and each prediction meets all of them with weight
    k/K: the same sum on average as with k negatives of its own, as one matrix product.
    """
    count, d = hidden.shape
    h = hidden.view(-1, BLOCK, d)                                  # (B, T, d)
    true = blocks(outputs.index_select(0, words), reach_of(weight))          # (B, E, d)
    noise = outputs.index_select(0, pool)                          # (K, d)
    missed = torch.bmm(h, true.mT).neg_().sigmoid_().mul_(weight)  # (B, T, E) 1 − σ(h·v)
    fooled = torch.mm(hidden, noise.T).sigmoid_()                  # (N, K) σ(h·n)
    times = weight.sum(2).view(count, 1) * (k / len(pool))         # (N, 1)
    loss = surprise(missed, weight, fooled, times)
    fooled.mul_(times)
    pull = torch.bmm(missed, true).view(count, d).addmm_(fooled, noise, alpha=-1)  # (N, d)
    push = torch.cat([unblock(torch.bmm(missed.mT, h)), -torch.mm(fooled.T, hidden)])
    return loss, pull, (torch.cat([words, pool]), push)


def hierarchical_softmax(
    nodes_outputs: Tensor, hidden: Tensor, nodes: Tensor, signs: Tensor, weight: Tensor
) -> tuple[float, Tensor, Changes]:
    """log P(w) = Σ_l log σ(s_l h·v_l): L decisions, left (s = 1) or right (s = −1), lead to w.

    Args:
        nodes: (N + 2·reach, L) the tree nodes on the path to each word.
        signs: (N + 2·reach, L) the decisions; 0 where the path has already ended.
    """
    (count, d), (length, depth), reach = hidden.shape, nodes.shape, reach_of(weight)
    h = hidden.view(-1, BLOCK, d)                                  # (B, T, d)
    path = nodes_outputs.index_select(0, nodes.flatten()).view(length, -1)   # (·, L·d)
    path = blocks(path, reach).reshape(len(h), -1, d)              # (B, E·L, d)
    sign = blocks(signs, reach).reshape(len(h), 1, -1)             # (B, 1, E·L)
    decided = weight.repeat_interleave(depth, 2) * sign.abs()      # (B, T, E·L) 0 or 1
    missed = torch.bmm(h, path.mT).mul_(-sign).sigmoid_().mul_(decided)      # 1 − σ(s h·v)
    loss = surprise(missed, weight)
    missed.mul_(sign)
    pull = torch.bmm(missed, path).view(count, d)                  # (N, d)
    push = torch.bmm(missed.mT, h)                                 # (B, E·L, d)
    push = unblock(push.view(len(h), -1, depth * d)).view(-1, d)   # ((N + 2·reach)·L, d)
    return loss, pull, (nodes.flatten(), push)


def full_softmax(
    outputs: Tensor, hidden: Tensor, words: Tensor, weight: Tensor
) -> tuple[float, Tensor, Changes]:
    """log P(w) = h·v_w − log Σ_u exp(h·v_u): every row of the vocabulary takes part."""
    count, reach = len(hidden), reach_of(weight)
    log_p = torch.log_softmax(torch.mm(hidden, outputs.T), 1)      # (N, V)
    near = blocks(words[:, None], reach).reshape(count // BLOCK, 1, -1)      # (B, 1, E)
    near = near.expand(-1, BLOCK, -1).reshape(count, -1)           # (N, E) words near a position
    weight = weight.reshape(count, -1)                             # (N, E)
    loss = float(-(log_p.gather(1, near) * weight).sum() / weight.sum())
    error = log_p.exp_().mul_(-weight.sum(1, keepdim=True))        # (N, V) seen − expected
    error.scatter_add_(1, near, weight)
    return loss, torch.mm(error, outputs), (None, torch.mm(error.T, hidden))


def ascend(matrix: Tensor, sums: Tensor, changes: Changes, rate: float) -> None:
    """Adagrad with one rate a row (Duchi, Hazan, Singer 2011): rows that move often move less.

    Args:
        matrix: (V, d), changed in place.
        sums: (V,) the mean squares of all gradients a row has had, changed in place.
    """
    rows, gradient = changes
    if rows is None:
        touched, total = torch.arange(len(matrix), device=matrix.device), gradient
    else:  # a word that occurs twice in the minibatch moves once, by the sum
        touched, place = torch.unique(rows, return_inverse=True)   # (U,)
        total = torch.zeros(len(touched), gradient.shape[1], device=matrix.device)
        total.index_add_(0, place, gradient)                       # (U, d)
    sums.index_add_(0, touched, total.square().mean(1))
    scale = rate * sums.index_select(0, touched).rsqrt_()          # (U,)
    matrix.index_add_(0, touched, total.mul_(scale[:, None]))


# --- windows as blocks -----------------------------------------------------------------------


def windows(sizes: Tensor, reach: int, middle: bool = False) -> Tensor:
    """(B, T, E) float32: 1 where word e is within ``sizes`` of position t, but not t itself.

    With ``middle`` also at t itself.
    """
    place = torch.arange(BLOCK + 2 * reach, dtype=torch.int8, device=sizes.device)  # (E,)
    away = (place - reach - place[:BLOCK, None]).abs()             # (T, E)
    if not middle:
        away = away.masked_fill(away == 0, reach + 1)
    return (away <= sizes.char().view(-1, BLOCK, 1)).float()


def reach_of(weight: Tensor) -> int:
    """The reach of a mask (B, T, E): E = T + 2·reach."""
    return (weight.shape[2] - BLOCK) // 2


def blocks(rows: Tensor, reach: int) -> Tensor:
    """(B, E, d): the rows (N + 2·reach, d) that each block needs, overlapping, without a copy."""
    number, d = (len(rows) - 2 * reach) // BLOCK, rows.shape[1]
    return rows.as_strided((number, BLOCK + 2 * reach, d), (BLOCK * d, d, 1))


def unblock(parts: Tensor) -> Tensor:
    """(N + 2·reach, d): the sums of what blocks (B, E, d) give to each row; undoes ``blocks``."""
    number, reached, d = parts.shape
    total = parts.new_zeros(number + (reached - 1) // BLOCK, BLOCK, d)
    for first in range(0, reached, BLOCK):
        part = parts[:, first : first + BLOCK]
        total[first // BLOCK : first // BLOCK + number, : part.shape[1]] += part
    return total.view(-1, d)[: number * BLOCK + reached - BLOCK]


def surprise(
    missed: Tensor, weight: Tensor, fooled: Tensor | None = None, times: Tensor | None = None
) -> float:
    """−log-likelihood per prediction, from the probabilities of being wrong, in 64 positions."""
    some = 64 // BLOCK
    total = -torch.log1p(-missed[:some].clamp(max=1 - 1e-6)).sum()
    if fooled is not None and times is not None:
        total -= (torch.log1p(-fooled[:64].clamp(max=1 - 1e-6)) * times[:64]).sum()
    return float(total / weight[:some].sum())
