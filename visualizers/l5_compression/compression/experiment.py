"""A recipe of compression cards, run one after another on a trained network.

Pruning by magnitude and tuning what is left: Han et al. 2015. Two weights of every four: Mishra et al. 2021.
Heads by |∂loss/∂ξ|: Michel, Levy and Neubig 2019. Quantisation: Krishnamoorthi 2018. Distillation: Hinton,
Vinyals and Dean 2015. A kitchen of all of them in any order: BMCook (Zhang et al. 2022).

What each card does to a matrix is in ``visualizers/models/compressor.py``. A card acts on what the cards
before it have left, so their order counts: a mask stays through tuning and rounding, but a product of two
thin matrices (low rank) is dense again, and is float32 until it is rounded anew.

Shapes: B pictures or texts of a batch, L layers.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.l5_compression.compression.panel import LONG, LONGEST, ONCE, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.compressible import State, Task, digits_task, gpt_task
from visualizers.models.compressor import (
    Layer,
    low_rank,
    neuron_worth,
    prune,
    prune_two_of_four,
    quantise,
    without_columns,
    without_rows,
)
from visualizers.models.quantizer import Scheme
from visualizers.panel import Context

SOFT = 4.0  # the temperature of distillation
MOST_TRIES, SHOWN_TOKENS = 16, 6
TIMED, REPEATS = 256, 3  # rows that are multiplied, and how often

Stage = tuple[Any, ...]  # a card and the amounts that it is played with


class Compression:
    """The network that is compressed, and where the recipe has led so far."""

    shared: ClassVar[tuple[str, ...]] = ("task", "untouched")
    remembered: ClassVar[tuple[str, ...]] = (
        "path_right", "path_bytes", "try_right", "try_bytes", "try_names", "done", "to_go")
    measure_every = 20
    measure_reads = ("sparsity", "criterion", "removed", "bits", "granularity", "outlier", "rank", "recipe",
                     "card", "tuning", "prompt", "picture")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device, self.seed = context.generator, context.device, context.seed
        context.progress(0, 1, "training the network that is compressed")
        self.task: Task = digits_task(context.seed, context.device) if params.model == "digits network" \
            else gpt_task(context.device)
        self.untouched = self.odds(self.start(params))
        self.tries: dict[str, tuple[float, int]] = {}  # recipe → where it ended
        self.plan: list[Stage] = []
        self.path: list[tuple[float, int]] = []  # before the first card, and after each
        self.at, self.within = 0, 0  # cards that are through, and steps in the next one
        self.timed_for: list[Stage] | None = None  # the cards of which the times are known
        self.begin(params)

    def start(self, params: Params) -> State:
        """The network as it was trained."""
        return start(self.task, self.seed, params.outlier)

    def begin(self, params: Params) -> None:
        """Begin a recipe with the network as it was trained; what was reached before stays as a point."""
        if len(self.path) > 1:
            self.tries[" → ".join(str(one[0]) for one in self.plan[1 : 1 + self.at])] = self.path[-1]
            for one in [*self.tries][:-MOST_TRIES]:
                del self.tries[one]
        self.plan = plan_of(params, self.task)
        self.at, self.within = 0, 0
        self.state = self.start(params)
        self.path = [self.place()]
        self.optimizer = self.new_optimizer()

    def place(self) -> tuple[float, int]:
        return self.task.accuracy(self.state), self.task.bytes(self.state)

    @torch.no_grad()
    def odds(self, state: State) -> Tensor:
        """Of each held-out digit, (N, 10); of a language nothing, for it is shown one text."""
        if self.task.language is not None:
            return torch.zeros(0)
        return self.task.scores(state, self.task.held_out[0]).softmax(-1)

    def new_optimizer(self) -> torch.optim.Adam:
        """The numbers that are left, and the biases, are trained from here."""
        learnt = [one.requires_grad_() for each in self.state.values() for one in (*each.factors, each.bias)]
        return torch.optim.Adam(learnt, fused=True)

    def step(self, params: Params) -> Mapping[str, float]:
        """Play the cards whose turn it is, then one update if a card of training is next."""
        plan = plan_of(params, self.task)
        begun = 1 + self.at + int(self.within > 0)  # so much of it cannot change any more
        if plan[:begun] != self.plan[:begun]:
            self.begin(params)
        self.plan = plan
        self.play()
        x, y = self.task.draw(self.generator)
        now = self.plan[1 + self.at] if self.at < len(self.plan) - 1 else None
        with torch.set_grad_enabled(now is not None):
            z = self.task.scores(self.state, x).flatten(0, -2)                  # (B …, classes)
            if now is not None and now[0] == "distil":
                with torch.no_grad():
                    v = self.task.scores(self.start(params), x).flatten(0, -2)  # of the network as it was
                p = (v / SOFT).softmax(-1)
                loss = SOFT**2 * (p * (p.log() - (z / SOFT).log_softmax(-1))).sum(-1).mean()
            else:
                loss = cross_entropy(z, y.flatten())
        if now is not None:
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.param_groups[0]["lr"] = params.learning_rate * self.task.pace
            self.optimizer.step()
            self.within += 1
            if self.within == now[1]:
                self.through()
                self.play()
        return {"loss": float(loss.detach())}

    def play(self) -> None:
        """The cards that act at once, up to the next one that trains."""
        while self.at < len(self.plan) - 1 and (now := self.plan[1 + self.at])[0] not in LONG:
            with torch.no_grad():
                self.state = played(self.task, self.state, now, self.seed)
            self.through()

    def through(self) -> None:
        self.at, self.within = self.at + 1, 0
        self.state = {name: replace(one, factors=tuple(each.detach().clone() for each in one.factors),
                                    bias=one.bias.detach().clone()) for name, one in self.state.items()}
        self.path.append(self.place())
        self.optimizer = self.new_optimizer()

    def finished(self, params: Params) -> bool:
        return self.plan == plan_of(params, self.task) and self.at == len(self.plan) - 1

    def idle(self, params: Params) -> dict[str, str]:
        if not any(one in LONG for one in params.recipe):
            return {"learning_rate": "No card of the recipe trains."}
        return {}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Where the network is now; and, on the network as it was trained, each card alone and on each layer,
        and the whole recipe without its training."""
        self.now = right, size = self.place()
        self.odds_now = self.odds(self.state)
        alone = stages(allowed(self.task), params, self.task)
        chosen = next((one for one in alone if one[0] == params.card), alone[0])
        untrained = tuple(one for one in plan_of(params, self.task)[1:] if one[0] not in LONG)
        given = self.task, self.seed, params.outlier
        self.alone = [foretold(*given, (one,)) for one in alone]
        self.untrained = foretold(*given, untrained)
        self.layers = [foretold(*given, (chosen,), name)[0] for name in self.task.names]
        if self.timed_for != (begun := self.plan[: 1 + self.at]):
            self.timed_for, self.timed = begun, milliseconds(self.state.values())
        return {"accuracy": right, "kilobytes": size / 1000, "dense_ms": self.timed[0],
                "stored_ms": self.timed[1]}

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        names, before, after, answer, picture, image = self._answers(params)
        left = sum(int(one[1]) for one in self.plan[1 + self.at :] if one[0] in LONG) - self.within
        recipe = tuple(str(one[0]) for one in plan_of(params, self.task)[1:])
        same = self.plan == plan_of(params, self.task)
        return Frame(
            layers=tuple(self.task.names.values()), cards=allowed(self.task),
            alone_right=np.array([one[0] for one in self.alone], np.float32),
            alone_bytes=np.array([one[1] for one in self.alone], np.int32),
            recipe=recipe, done=min(self.at, len(recipe)) if same else 0,
            path_right=np.array([one[0] for one in self.path], np.float32),
            path_bytes=np.array([one[1] for one in self.path], np.int32),
            now_right=self.now[0], now_bytes=self.now[1],
            plan_right=self.untrained[0], plan_bytes=self.untrained[1],
            try_right=np.array([one[0] for one in self.tries.values()], np.float32),
            try_bytes=np.array([one[1] for one in self.tries.values()], np.int32),
            try_names=tuple(self.tries), layer_right=np.array(self.layers, np.float32),
            options=names, before=before, after=after, answer=answer, picture=picture, image=image,
            to_go=left if same else params.tuning * sum(one in LONG for one in recipe),
        )

    def _answers(
        self, params: Params
    ) -> tuple[tuple[str, ...], NDArray[Any], NDArray[Any], int, int, NDArray[Any]]:
        """Odds of one answer before and after, what it can be, which is right, and the picture."""
        if (language := self.task.language) is not None:
            ids = language.tokens.encode(params.prompt)[-language.width :].tolist() or [0]
            row = torch.tensor([ids], device=self.device)                       # (1, T)
            was, now = (self.task.scores(one, row)[0, -1].softmax(-1)
                        for one in (self.start(params), self.state))
            best = was.topk(SHOWN_TOKENS).indices                               # (M,)
            names = tuple(language.tokens.decode([int(one)]) for one in best)
            return names, array(was[best]), array(now[best]), -1, -1, np.zeros((8, 8), np.float32)
        was, now = self.untouched, self.odds_now                                # (N, 10)
        x, y = self.task.held_out
        row_ = params.picture if 0 <= params.picture < len(y) else int((was - now).abs().sum(1).argmax())
        return (tuple("0123456789"), array(was[row_]), array(now[row_]), int(y[row_]), row_,
                array(x[row_].view(8, 8)))


# --- the cards ---------------------------------------------------------------------------------------


def played(task: Task, state: State, stage: Stage, seed: int, only: str = "") -> State:
    """All layers after one card, or ``only`` one of them after its share of it."""
    found = dict(state)
    names = [only] if only else list(state)
    match stage:
        case ("prune", float(share), str(criterion)):
            draw = torch.Generator().manual_seed(seed) if criterion == "random" else None
            found |= {name: prune(state[name], share, draw) for name in names}
        case ("2:4",):
            found |= {name: prune_two_of_four(state[name]) for name in names}
        case ("quantise", int(bits), str(scale)):
            scheme = Scheme(bits, True, "per channel" if scale == "per channel" else "per tensor")
            found |= {name: quantise(state[name], scheme) for name in names}
        case ("low rank", int(rank)):
            found |= {name: low_rank(state[name], rank) for name in names}
        case ("neurons", float(share)):
            for first, second in task.pairs:  # rows of the layer before them, columns of the one behind
                if not only or only in (first, second):
                    gone = least(neuron_worth(state[first], state[second]), share)  # (n,)
                    found[first] = without_rows(found[first], gone)
                    found[second] = without_columns(found[second], gone)
        case ("heads", float(share)):
            out = least(task.head_worth(state), share)                          # (heads,)
            for head, gone_ in zip(task.heads, out.tolist(), strict=True):
                if gone_ and (not only or only in (head.first, head.second)):
                    found[head.first] = without_rows(found[head.first], head.rows)
                    found[head.second] = without_columns(found[head.second], head.columns)
    return found


def least(worth: Tensor, share: float) -> Tensor:
    """True for the share that is worth least."""
    gone = torch.zeros_like(worth, dtype=torch.bool)
    gone[worth.topk(round(share * len(worth)), largest=False).indices] = True
    return gone


@lru_cache(maxsize=1024)
@torch.no_grad()
def foretold(
    task: Task, seed: int, outlier: float, cards: tuple[Stage, ...], only: str = ""
) -> tuple[float, int]:
    """Accuracy and bytes of the network as it was trained after these cards, without any training."""
    state = start(task, seed, outlier)
    for one in cards:
        state = played(task, state, one, seed, only)
    return task.accuracy(state), task.bytes(state)


def start(task: Task, seed: int, outlier: float) -> State:
    """The network as it was trained, stored with its outlier channels."""
    return task.start(outlier, torch.Generator().manual_seed(seed))


# --- recipes -----------------------------------------------------------------------------------------


def allowed(task: Task) -> tuple[str, ...]:
    """The cards that act at once on this network: what has no attention has no heads."""
    return tuple(one for one in ONCE if one != "heads" or task.heads)


def stages(cards: Sequence[str], params: Params, task: Task) -> list[Stage]:
    """Cards with the amounts of the sliders."""
    amounts: dict[str, Stage] = {
        "prune": (params.sparsity, params.criterion), "2:4": (), "neurons": (params.removed,),
        "heads": (params.removed,), "quantise": (params.bits, params.granularity), "low rank": (params.rank,),
        "tune": (params.tuning,), "distil": (params.tuning,)}
    return [(one, *amounts[one]) for one in cards if one in allowed(task) or one in LONG]


def plan_of(params: Params, task: Task) -> list[Stage]:
    """What the network begins as, then the recipe's cards."""
    return [("outlier", params.outlier), *stages(params.recipe[:LONGEST], params, task)]


def milliseconds(layers: Iterable[Layer]) -> tuple[float, float]:
    """How long this machine multiplies by all matrices: as they were, and as they are stored now.

    Without the rows and columns that are gone; as two thin products; and where single weights are gone, by
    torch's sparse product. Numbers of few bits are read back as float32 first, here as on most CPUs.
    """
    dense, stored = [], []
    for one in layers:
        w = one.weight().detach()
        parts = []
        for factor, mask in zip(one.factors, one.masks, strict=True):
            small = (factor * mask).detach()[mask.any(1)][:, mask.any(0)]       # what is left of it
            sparse = bool((mask[mask.any(1)][:, mask.any(0)] == 0).any())
            if sparse:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # torch calls its sparse rows a beta
                    small = small.to_sparse_csr()
            parts.append(small)
        dense.append([w])
        stored.append(parts[::-1])
    return _timed(dense), _timed(stored)


def _timed(work: list[list[Tensor]]) -> float:
    """The median time of multiplying columns of ones through each chain of matrices, in ms."""
    columns = [torch.ones(chain[0].shape[1], TIMED, device=chain[0].device) for chain in work]
    found = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        for chain, x in zip(work, columns, strict=True):
            for matrix in chain:
                x = matrix @ x
            x[0, 0].item()  # the work is done when its result can be read
        found.append(1000 * (time.perf_counter() - begun))
    return float(np.median(found))
