"""Training a small network on points in the plane: batches, a way forward, a way back, an update.

The network, its backward pass and its optimisers are written out, call by call, in
``visualizers/models/perceptron.py``; the points are in ``visualizers/data/points.py``. One step of
this experiment is one epoch: every training point is seen once, in a new order, a batch at a time.

Shapes: N points, T of them for training, F features, B points in a batch, K scores (1, or 3 for three
classes), H hidden neurons in all, G cells of the map.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from visualizers.data.points import SETS, drawn, grid, make
from visualizers.l2_networks.playground.panel import SIDE, Frame, Params, sizes
from visualizers.l2_networks.playground.plan import (
    Plan,
    Table,
    array,
    bytes_of,
    errors,
    finite,
    inputs,
    small_maps,
)
from visualizers.models.perceptron import (
    OPTIMIZERS,
    Logistic,
    Loss,
    Network,
    Pass,
    Softmax,
    Squared,
    collapsed,
)
from visualizers.panel import Context
from widgets.theme.numbers import decimal

NONE = np.empty(0, np.float32)
BETTER = 0.999  # a test loss counts as better below this times the best one


class Playground:
    """One network, its points and its training.

    What the parameters of the moment imply, such as where noise has moved the points, is a ``Plan``,
    made anew when they change; the weights, the optimiser and the stop rule belong to training.
    """

    shared: ClassVar[tuple[str, ...]] = ("made", "cells")
    measure_every = 0  # each epoch is judged by ``step``
    measure_reads = ("noise", "train_share", "activation", "bends", "edits", "drawn")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device, self.note = context.generator, context.device, context.note
        self.classes, self.made = 3, None  # what is drawn by hand has three classes
        if params.data in SETS:
            self.classes = SETS[params.data][0]
            seed = int(torch.randint(2**31, (1,), generator=self.generator))
            self.made = make(params.data, params.points, np.random.default_rng(seed))
        squared = self.classes == 0 or params.loss == "squared error"
        self.loss: Loss = Squared(bounded=self.classes > 0) if squared else \
            Logistic() if self.classes == 2 else Softmax()
        outputs = 3 if self.classes == 3 else 1
        self.network = Network([len(params.features), *sizes(params.layers), outputs], self.device)
        self.network.start(params.initialization, self.generator)
        self.optimizer = OPTIMIZERS[params.optimizer](self.network.flat)
        self.cells = inputs(grid(SIDE), params.features, self.device)  # (F+1, G)
        self.applied = latest(params)  # edits made before belong to another run
        self.epoch, self.best, self.best_epoch = 0, math.inf, 0
        self.plan: Plan | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy makes its plan itself, over its own weights."""
        return {**self.__dict__, "plan": None}

    def planned(self, params: Params, network: Network) -> Plan:
        """What these parameters imply for training ``network``."""
        points = self.made or drawn(params.drawn, self.classes)
        return Plan(network, Table(points, self.loss, params, self.device), params)

    @torch.inference_mode()  # nothing is recorded for autograd: the way back is our own
    def step(self, params: Params) -> Mapping[str, float]:
        """One epoch."""
        if self.plan is None or self.plan.params is not params:
            self.plan = self.planned(params, self.network)
            self.edit(self.network, params)
            self.applied = max(self.applied, latest(params))
        plan, w, g = self.plan, self.network.flat, self.network.gradient
        plan.shuffle(self.generator)
        for batch in plan.batches:
            batch.way.forward(batch.x, batch.masks)
            batch.way.backward(self.loss, batch.target, batch.turned, batch.masks)  # fills g
            plan.shrink.apply(w)
            self.optimizer.update(w, g, params.learning_rate)
        self.epoch += 1
        (loss, score), (test_loss, test_score) = plan.judge(self.loss)
        self.watch(params, loss, test_loss if plan.table.tested else loss)
        return {"loss": loss, "test_loss": test_loss, "score": score, "test_score": test_score}

    def edit(self, network: Network, params: Params) -> None:
        """Set the weights that were set by hand since the last time."""
        matrices = network.split(network.flat)
        for number, layer, row, column, value in sorted(params.edits):
            if number > self.applied and layer < len(matrices):
                rows, columns = matrices[layer].shape
                if row < rows and column < columns:
                    matrices[layer][row, column] = value

    def watch(self, params: Params, loss: float, test_loss: float) -> None:
        """The stop rule, and a word on a loss that is no number any more."""
        if test_loss < BETTER * self.best:
            self.best, self.best_epoch = test_loss, self.epoch
        if math.isfinite(loss):
            return
        pull = params.learning_rate * params.strength
        if params.regularization == "L2" and pull > 2:
            self.note("Learning rate times strength of the pull is {pull}: above 2 each update turns "
                      "the weights round and makes them larger.",
                      pull=decimal(pull))
        else:
            self.note("At a learning rate of {rate} each update overshoots further than the last, "
                      "until the numbers run out. Lower it.",
                      rate=decimal(params.learning_rate))

    def finished(self, params: Params) -> bool:
        """Whether the stop rule has acted."""
        return self.epoch > 0 and self.left(params) == 0

    def left(self, params: Params) -> int:
        """Epochs until the stop rule acts; -1 for never."""
        match params.stop:
            case "after some epochs":
                return max(0, params.patience - self.epoch)
            case "no better test loss":
                return max(0, params.patience - (self.epoch - self.best_epoch))
            case _:
                return -1

    def present(self, params: Params) -> tuple[Network, Plan]:
        """A copy of the network with the edits that the next step will make, and what is planned."""
        network, plan = self.network.copy(), self.plan
        if plan is None or plan.params is not params:
            self.edit(network, params)
            plan = self.planned(params, network)
            plan.judge(self.loss)
        return network, plan

    @torch.inference_mode()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The network judged on the points of the moment, which a control may have moved."""
        (loss, score), (test_loss, test_score) = self.present(params)[1].judged
        return {"loss": loss, "test_loss": test_loss, "score": score, "test_score": test_score}

    @torch.inference_mode()
    def frame(self, params: Params) -> Frame:
        """The network under these parameters."""
        network, plan = self.present(params)
        table = plan.table
        (loss, score), (test_loss, test_score) = plan.judged
        way = Pass(network, self.cells.shape[1], plan.activations, back=False)
        scores = way.forward(self.cells)  # (K, G)
        maps, scales = small_maps(way.a, SIDE)
        matrices = network.split(network.flat)
        single = collapsed(matrices) if set(plan.bends) <= {"linear"} else None  # (K, F+1)
        weights = array(network.flat)
        across = weights[network.is_weight.cpu().numpy() > 0]
        visible = len(table.xy) if params.show_test or self.made is None else table.trained_on
        return Frame(
            widths=np.array(network.widths, np.int32),
            weights=weights,
            bends=plan.bends,
            maps=maps,
            scales=scales,
            output=self.painted(scores, params.discrete),
            points=table.xy[:visible].copy(),
            targets=table.target[:visible].copy(),
            trained_on=table.trained_on,
            classes=self.classes,
            train_loss=finite(loss), test_loss=finite(test_loss),
            train_score=finite(score), test_score=finite(test_score),
            confusion=table.confusion(plan.told),
            errors=errors(network, plan, self.loss) if params.beside == "errors" else NONE,
            spread=max((float(one[:, :-1].std(0, correction=0).max()) for one in matrices[:-1]
                        if one.shape[1] > 1), default=0.0),
            mean_weight=float(np.abs(across).mean()) if len(across) else 0.0,
            zeros=float((across == 0).mean()) if len(across) else 0.0,
            single=array(single.flatten()) if single is not None else NONE,
            single_gap=finite(float((single @ self.cells - scores).abs().max()))
            if single is not None else 0.0,
            updates=np.array([len(plan.batches), len(network.flat)] if params.more else [], np.int32),
            left=self.left(params),
            applied=self.applied,
        )

    def painted(self, scores: Tensor, discrete: bool) -> Any:
        """(K, side, side) bytes of what the network says of each cell, from the scores (K, G)."""
        answer = self.loss.answer(scores)  # (K, G)
        if not isinstance(self.loss, Squared):
            answer = 2.0 * answer - 1.0  # probabilities
        if discrete and self.classes == 3:
            answer = 2.0 * one_hot(answer.argmax(0), 3).T - 1.0
        elif discrete:
            answer = answer.sign()
        return bytes_of(answer).reshape(-1, SIDE, SIDE).cpu().numpy()


def latest(params: Params) -> int:
    """The highest number of an edit by hand."""
    return max((one[0] for one in params.edits), default=0)
