"""What the parameters of the moment imply, laid out once so that an epoch is only arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from visualizers.data.points import Points, features
from visualizers.l2_networks.playground.panel import RANGES, SMALL, Params
from visualizers.models.perceptron import ACTIVATIONS, Loss, Network, Pass, Shrink, Squared

GOLDEN = 0.618033988749895


@dataclass(frozen=True)
class Batch:
    """Some columns of the shuffled table."""

    x: Tensor  # (F+1, B), the last row is one
    turned: Tensor  # (B, F+1)
    target: Tensor  # (K, B)
    masks: list[Tensor]  # (n_l, B) each, dropout's; none where nothing is dropped
    way: Pass


class Table:
    """The points of the moment: T for training, then those of the test."""

    def __init__(self, points: Points, loss: Loss, params: Params, device: str) -> None:
        xy, target = points.at(params.noise), points.target
        if params.data == "drawn by hand":
            # Multiples of the golden ratio fall evenly, so each new point goes where one is due.
            test = (np.arange(len(xy)) + 1) * GOLDEN % 1.0 >= params.train_share
            order = np.argsort(test, kind="stable")
            xy, target = xy[order], target[order]
            self.trained_on = int((~test).sum())
        else:
            self.trained_on = round(params.train_share * len(xy))
        self.xy, self.target, self.classes = xy, target, points.classes
        self.x = inputs(xy, params.features, device)  # (F+1, N)
        self.y = wanted(torch.from_numpy(target), points.classes, loss).to(device)  # (K, N)
        self.known = torch.from_numpy(target > 0 if points.classes == 2 else
                                      target.astype(np.int64)).to(device)  # (N,) the classes
        self.counts = max(1, self.trained_on), max(1, self.tested)
        part = torch.zeros(2, len(xy))
        part[0, : self.trained_on] = part[1, self.trained_on :] = 1.0
        self.part = part.T.contiguous().to(device)  # (N, 2): sums over training and over test
        self.variance = [float(one.var()) if len(one) else 0.0
                         for one in (target[: self.trained_on], target[self.trained_on :])]

    @property
    def tested(self) -> int:
        return len(self.xy) - self.trained_on

    def judge(self, scores: Tensor, loss: Loss) -> list[list[float]]:
        """Loss, and accuracy or R², of training and test, from the scores (K, N) of all points."""
        rows = [loss.each(scores, self.y)]  # (N,) each
        if self.classes:
            rows.append((self.decided(scores) == self.known).to(self.part))
        sums = (torch.stack(rows) @ self.part).tolist()  # (rows, 2)
        means = [[one / count for one, count in zip(row, self.counts, strict=True)] for row in sums]
        if not self.classes:
            means.append([1.0 - 2.0 * mean / max(variance, 1e-12)
                          for mean, variance in zip(means[0], self.variance, strict=True)])
        return [list(one) for one in zip(*means, strict=True)]

    def decided(self, scores: Tensor) -> Tensor:
        """(N,) the class that the scores name."""
        return scores.argmax(0) if len(scores) > 1 else scores[0] > 0

    def confusion(self, scores: Tensor) -> NDArray[np.int32]:
        """(C, C) how many of the test's points of each class got each answer; of values, ranges."""
        count = self.classes or RANGES
        said = self.decided(scores) if self.classes else scores[0].nan_to_num()
        both = self.target[self.trained_on :], said[self.trained_on :].cpu().numpy()
        true, answer = ((one if self.classes else np.clip((one + 1) / 2 * RANGES, 0, RANGES - 1))
                        .astype(np.int64) for one in both)
        counts = np.bincount(true * count + answer, minlength=count**2)
        return counts.reshape(count, count).astype(np.int32)


class Plan:
    """The points of the moment and the batches of an epoch, over one network."""

    def __init__(self, network: Network, table: Table, params: Params) -> None:
        self.params, self.table = params, table
        self.bends = bends(params, len(network.widths) - 2)
        self.activations = [ACTIVATIONS[one] for one in self.bends]
        self.shrink = Shrink(params.regularization, params.learning_rate * params.strength,
                             network.is_weight)
        count, self.dropout = table.trained_on, params.dropout
        self._known = torch.cat([table.x, table.y])[:, :count].contiguous()  # (F+1+K, T)
        self._shuffled = torch.zeros_like(self._known)
        self._masks = self._known.new_zeros(sum(network.widths[1:-1]), count)  # (H, T)
        self.batches = self._cut(network, params.batch_size)
        self.judged: list[list[float]] = []  # what the last epoch came to
        self._all = Pass(network, len(table.xy), self.activations, back=False)
        self.told = self._all.scores  # (K, N), as they were judged last

    def _cut(self, network: Network, size: int) -> list[Batch]:
        told = len(self.table.x)
        ways: dict[int, Pass] = {}
        batches = []
        for table, masks in zip(self._shuffled.split(size, 1), self._masks.split(size, 1), strict=True):
            if not (count := table.shape[1]):
                continue  # nothing has been drawn yet
            if count not in ways:
                ways[count] = Pass(network, count, self.activations)
            dropped = list(masks.split(network.widths[1:-1])) if self.dropout > 0 else []
            batches.append(Batch(table[:told], table[:told].t(), table[told:], dropped, ways[count]))
        return batches

    def shuffle(self, generator: torch.Generator) -> None:
        """Another order of the training points, and other silent neurons."""
        order = torch.randperm(self._known.shape[1], generator=generator)
        torch.index_select(self._known, 1, order.to(self._known.device), out=self._shuffled)
        if self.dropout > 0:
            loud = torch.rand(self._masks.shape, generator=generator) >= self.dropout
            self._masks.copy_(loud / (1.0 - self.dropout))

    def judge(self, loss: Loss) -> list[list[float]]:
        """Loss and score of training and test, with all neurons awake."""
        self.judged = self.table.judge(self.tell(), loss)
        return self.judged

    def tell(self) -> Tensor:
        """The scores (K, N) of all points as the network is now."""
        return self._all.forward(self.table.x)


def inputs(xy: NDArray[np.float32], names: Sequence[str], device: str) -> Tensor:
    """(F+1, N) the features of points (N, 2), and a one for the biases."""
    known = torch.from_numpy(features(xy, tuple(names)))
    return torch.cat([known.T, torch.ones(1, len(known))]).to(device)


def wanted(target: Tensor, classes: int, loss: Loss) -> Tensor:
    """(K, N) targets as the loss reads them: 0 and 1, −1 and 1, one-hot, or the value itself."""
    if classes == 0:
        return target[None]
    found = one_hot(target.long(), 3).float().T if classes == 3 else target[None]
    return 2.0 * found - 1.0 if isinstance(loss, Squared) else found


def bends(params: Params, layers: int) -> tuple[str, ...]:
    """The activation of each hidden layer: its own, or that of the control."""
    own = [one for one in params.bends[:layers] if one in ACTIVATIONS or not one]
    own += [""] * (layers - len(own))
    return tuple(one or params.activation for one in own)


def errors(network: Network, plan: Plan, loss: Loss) -> NDArray[np.float32]:
    """Mean |∂loss/∂z| in each hidden layer over its neurons and the training points, (L−1,)."""
    table, count = plan.table, plan.table.trained_on
    way = Pass(network, count, plan.activations)
    x = table.x[:, :count]
    way.forward(x)
    way.backward(loss, table.y[:, :count], x.t())
    hidden = way.errors[:-1]
    if not hidden or not count:
        return np.zeros(len(hidden), np.float32)
    return array(torch.stack([one.abs().mean() for one in hidden]) * count)


def small_maps(a: Sequence[Tensor], side: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(H, 28, 28) all hidden neurons' maps as bytes, and their scales, from (n_l, side²) each."""
    if not a:
        return np.zeros((0, SMALL, SMALL), np.uint8), np.zeros(0, np.float32)
    every = side // SMALL
    few = [one.view(-1, side, side)[:, ::every, ::every] for one in a]
    whole = torch.cat(few).flatten(1)  # (H, 28²)
    scales = whole.abs().amax(1, keepdim=True).clamp_(1.0, 1e30)
    return bytes_of(whole / scales).view(-1, SMALL, SMALL).cpu().numpy(), array(scales[:, 0])


def bytes_of(values: Tensor) -> Tensor:
    """Values −1 … 1 as bytes, 128 for zero."""
    return (values * 127.0 + 128.5).nan_to_num_(128.0).clamp_(1.0, 255.0).to(torch.uint8)


def array(values: Tensor) -> NDArray[np.float32]:
    """A copy that is finite whatever the network has come to."""
    finite: NDArray[np.float32] = values.nan_to_num(0.0, 1e30, -1e30).float().cpu().numpy()
    return finite  # nan_to_num has made a copy


def finite(value: float) -> float:
    """A number that a frame may carry."""
    return float(np.nan_to_num(value, nan=0.0, posinf=1e30, neginf=-1e30))
