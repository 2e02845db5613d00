"""Knowledge distillation with one class withheld.

Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", sections 2 and 3. A student
with scores z learns from the softened odds of a teacher with scores v,

    p = softmax(v / T),   q = softmax(z / T),   L = T² KL(p ‖ q),   ∂L/∂z = T (q − p).

For large T this becomes (z − v) / 10, the means taken off: the student copies the teacher's scores, those
of the wrong answers too. With a share α of labels y the loss is (1 − α) L + α CE(y, softmax(z)).

Seven students learn side by side from the same first weights and the same batches: one by labels alone,
one at the temperature of the slider, and five at the temperatures of a ladder.

Shapes: S students, B pictures of a batch, H hidden neurons, N held-out pictures, 10 digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from visualizers.data import Data
from visualizers.l5_compression.distillation.panel import (
    DOUBTS,
    LADDER,
    RAISES,
    STUDENTS,
    Frame,
    Params,
)
from visualizers.models.digits import CLASSES, POINTS, Part, digits, he
from visualizers.panel import Context

BATCH = 64
TEACHER_WIDTH, TEACHER_RATE = 128, 2e-3
SURE = 0.97  # of a picture that is looked at
LABELS, COLD, YOURS = range(STUDENTS)  # the first three students; the rest of the ladder follows
S = STUDENTS + len(LADDER) - 1
RUNGS = (COLD, *range(STUDENTS, S))  # the students of the ladder's temperatures


class Teacher(NamedTuple):
    """What a trained teacher says of all pictures. Nothing of it changes any more."""

    learn: Part
    test: Part
    scores: Tensor  # v of the pictures to learn from, (1347, 10)
    accuracy: float  # on the held-out pictures
    size: int  # how many numbers it has learnt


class Distillation:
    """The students of one teacher."""

    shared: ClassVar[tuple[str, ...]] = ("teacher", "pool", "looks", "loudest")
    remembered: ClassVar[tuple[str, ...]] = ("to_go",)  # it counts steps
    measure_every = 16
    measure_reads = ("bias",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 1, "training the teacher")
        self.teacher = teacher(params.teacher_steps, context.seed, context.device)
        self.withheld = -1 if params.withheld == "none" else int(params.withheld)
        # The pictures that students are shown: all but those of the withheld digit.
        self.pool = (self.teacher.learn.y != self.withheld).nonzero()[:, 0].cpu()
        self.looks, self.loudest = self._most_alike()
        H = params.width
        first = [he(POINTS, H, self.generator).T, torch.zeros(1, H),
                 he(H, CLASSES, self.generator).T, torch.zeros(1, CLASSES)]
        self.learnt = [one.repeat(S, 1, 1).to(self.device).requires_grad_() for one in first]  # (S, …, …)
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)
        self.steps = 0

    def scores(self, x: Tensor) -> Tensor:
        """z of all students for pictures (B, 64): (S, B, 10)."""
        w1, b1, w2, b2 = self.learnt
        hidden = torch.baddbmm(b1, x.expand(S, *x.shape), w1).relu()            # (S, B, H)
        return torch.baddbmm(b2, hidden, w2)                                    # (S, B, 10)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of all students on the same batch, by the gradient written above."""
        rows = self.pool[torch.randint(len(self.pool), (BATCH,), generator=self.generator)]
        rows = rows.to(self.device)
        x, y, v = self.teacher.learn.x[rows], self.teacher.learn.y[rows], self.teacher.scores[rows]
        T, share = self.manner(params)                                          # (S, 1, 1) each
        z = self.scores(x)                                                      # (S, B, 10)
        with torch.no_grad():
            p, q = (v / T).softmax(-1), (z / T).softmax(-1)                     # (S, B, 10) each
            label = one_hot(y, CLASSES).float()                                 # (B, 10)
            slope = (1 - share) * T * (q - p) + share * (z.softmax(-1) - label)
            soft = T**2 * (p * (p.clamp_min(1e-30).log() - (z / T).log_softmax(-1))).sum(-1, keepdim=True)
            hard = -(label * z.log_softmax(-1)).sum(-1, keepdim=True)           # (S, B, 1)
            loss = ((1 - share) * soft + share * hard).mean((1, 2))             # (S,)
        self.optimizer.zero_grad()
        z.backward(slope / BATCH)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.steps += 1
        return {"loss": float(loss[YOURS]), "label_loss": float(loss[LABELS])}

    def manner(self, params: Params) -> tuple[Tensor, Tensor]:
        """Each student's temperature and its share of labels, (S, 1, 1)."""
        T = torch.tensor([1.0, 1.0, params.temperature, *LADDER[1:]], device=self.device)
        share = torch.zeros(S, device=self.device)
        share[LABELS], share[YOURS] = 1.0, params.hard_share
        return T.view(S, 1, 1), share.view(S, 1, 1)

    def finished(self, params: Params) -> bool:
        return self.steps >= params.length

    def idle(self, params: Params) -> dict[str, str]:
        found = {}
        if params.withheld == "none":
            found["bias"] = "No digit is withheld, so there is no bias to raise."
        if params.hard_share == 1.0:
            found["temperature"] = "Only labels count now: the teacher's odds are not learnt from."
        return found

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The held-out pictures, with the bias as it is raised and with every other raise."""
        y, z = self.teacher.test.y, self.scores(self.teacher.test.x)            # (N,), (S, N, 10)
        if self.withheld >= 0:
            z[:, :, self.withheld] += params.bias
        right = z.argmax(-1) == y                                               # (S, N)
        shows = one_hot(y, CLASSES).float()                                     # (N, 10)
        by_digit = right.float() @ shows / shows.sum(0)                         # (S, 10)
        accuracy = right.float().mean(1)                                        # (S,)
        unseen = by_digit[:, self.withheld] if self.withheld >= 0 else accuracy
        if self.withheld >= 0:
            z[:, :, self.withheld] -= params.bias
        self.raises = torch.linspace(0, 10, RAISES)
        raised = self._raised(z[:STUDENTS], y)                                  # (3, RAISES)
        self.measured = [one.cpu().numpy() for one in (by_digit[:STUDENTS], accuracy[:STUDENTS],
                                                       unseen[:STUDENTS], unseen[list(RUNGS)], raised)]
        return {"accuracy": float(accuracy[YOURS]), "unseen": float(unseen[YOURS]),
                "label_accuracy": float(accuracy[LABELS]), "label_unseen": float(unseen[LABELS]),
                "cold_unseen": float(unseen[COLD])}

    def _raised(self, z: Tensor, y: Tensor) -> Tensor:
        """Accuracy (3, RAISES) with each number added to the score of the withheld digit."""
        if self.withheld < 0:
            return (z.argmax(-1) == y).float().mean(1, keepdim=True).expand(-1, RAISES)
        others = z.clone()
        others[:, :, self.withheld] = -torch.inf
        best, which = others.max(-1)                                            # (3, N) each
        needed = best - z[:, :, self.withheld]  # what must be added for the digit to win
        wins = needed[..., None] <= self.raises.to(z)                           # (3, N, RAISES)
        mine = (y == self.withheld)[:, None]                                    # (N, 1)
        return torch.where(mine, wins, ~wins & (which == y)[..., None]).float().mean(1)

    # --- looking

    def _most_alike(self) -> tuple[list[int], int]:
        """Of each digit that learnt picture which looks most like the withheld one to the teacher, among
        those of which it is sure; and the digit of which one does most."""
        y = self.teacher.learn.y
        odds = self.teacher.scores.softmax(-1)                                  # (1347, 10)
        own = odds.gather(1, y[:, None])[:, 0]                                  # (1347,)
        doubt = odds[:, self.withheld] if self.withheld >= 0 else 1 - own
        worth = torch.where(own > SURE, doubt, own - 2)  # where it is sure of none: what comes nearest
        of_digit = torch.stack([torch.where(y == digit, worth, -torch.inf)
                                for digit in range(CLASSES)])                   # (10, 1347)
        most, rows = of_digit.max(1)
        if self.withheld >= 0:
            most[self.withheld] = -torch.inf
        return rows.tolist(), int(most.argmax())

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        x, y = self.teacher.learn
        digit = params.looked_at if 0 <= params.looked_at < CLASSES else self.loudest
        row = self.looks[digit]
        v = self.teacher.scores[row]                                            # (10,)
        temperatures = sorted({*DOUBTS, params.temperature})
        odds = torch.stack([(v / T).softmax(-1) for T in temperatures])    # (D, 10)
        said = self.scores(x[row][None])[:STUDENTS, 0].clone()                  # (3, 10)
        if self.withheld >= 0:
            said[:, self.withheld] += params.bias
        by_digit, accuracy, unseen, ladder, raised = (one.astype(np.float32) for one in self.measured)
        return Frame(
            by_digit=by_digit, overall=accuracy, withheld_right=unseen, ladder=ladder,
            raises=self.raises.numpy().copy(), raised=raised,
            image=x[row].view(8, 8).cpu().numpy().copy(), label=int(y[row]),
            said=said.argmax(-1).cpu().numpy().astype(np.int32),
            dark_t=np.array(temperatures, np.float32), dark=odds.cpu().numpy(),
            withheld=self.withheld,
            teacher_accuracy=self.teacher.accuracy, to_go=max(0, params.length - self.steps),
            numbers=(self.teacher.size, sum(one[0].numel() for one in self.learnt)),
        )


@lru_cache(maxsize=4)
def teacher(steps: int, seed: int, device: str) -> Teacher:
    """A network 64 → 128 → 128 → 10 that has seen all digits, trained by their labels."""
    generator = torch.Generator().manual_seed(seed)
    learn, test = digits(Data(), generator, device)  # always there
    sizes = (POINTS, TEACHER_WIDTH, TEACHER_WIDTH, CLASSES)
    weights = [he(*pair, generator).to(device).requires_grad_() for pair in pairwise(sizes)]
    biases = [torch.zeros(rows, device=device, requires_grad=True) for rows in sizes[1:]]

    def scores(x: Tensor) -> Tensor:                                            # (B, 64) → (B, 10)
        for at, (w, b) in enumerate(zip(weights, biases, strict=True)):
            x = torch.addmm(b, x if at == 0 else x.relu(), w.T)
        return x

    optimizer = torch.optim.Adam([*weights, *biases], TEACHER_RATE, fused=True)
    for _ in range(steps):
        rows = torch.randint(len(learn.y), (BATCH,), generator=generator).to(device)
        optimizer.zero_grad()
        cross_entropy(scores(learn.x[rows]), learn.y[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        right = (scores(test.x).argmax(-1) == test.y).float().mean()
        return Teacher(learn, test, scores(learn.x), float(right),
                       sum(one.numel() for one in (*weights, *biases)))
