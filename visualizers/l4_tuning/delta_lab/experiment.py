"""One frozen backbone, six ways to tune it, three tasks: each delta is a small file that comes and goes.

Ding et al. 2022, "Delta Tuning", section 3 and its library OpenDelta; the methods are written out in
``visualizers/models/delta.py``. For one task and one seed after the other, six learners begin with the same
pre-trained model and make the same number of updates on the same texts. What a delta changes is hung into
the backbone while it is attached and taken out again; the backbone's own weights are never written to.

Shapes: B texts, T tokens, C channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import numpy as np
import safetensors.torch
import torch
from torch.nn import functional as F

from visualizers.data.made_language import (
    MASK,
    PAD,
    WORDS,
    agreement,
    cut,
    sentiment,
    topics,
)
from visualizers.l4_tuning.delta_lab.panel import (
    CLASSES,
    KEYS,
    METHODS,
    NOT_YET,
    PARTS,
    SEEDS,
    TASKS,
    Frame,
    Params,
)
from visualizers.models.bert import Bert
from visualizers.models.checkpoint import frozen_made_bert
from visualizers.models.delta import Adapter, BitFit, Delta, Lora, Prefix, SoftPrompt
from visualizers.models.ledger import Ledger
from visualizers.models.made_bert import Rows, labelled_rows, rows_of
from visualizers.models.tuned import Tuned, delta_of
from visualizers.panel import Context
from visualizers.shapes import Float32

MADE = {"sentiment": sentiment, "topic": topics, "agreement": agreement}
RATES = (2e-2, 2e-2, 1e-2, 1e-2, 5e-3, 5e-4)  # of each method
BATCH = 16
TEXTS, ASKED = 400, 60  # to learn from, and to ask about
PROBED = 16  # texts by which the bare backbone is compared with what it was
LONGEST = 22  # words of a typed text: a soft prompt needs room before it
EXAMPLES = ("the plot was great and the actor was kind", "the bed was awful , the garden was lovely",
            "the song was not dull", "the menu was poor , the bread was weak")
FILL = "{text} . overall it was [MASK] ."  # what the bare backbone is asked


class Learner(Tuned):
    def file(self) -> bytes:
        """What has to be kept of it: its delta, or the whole backbone, and the head."""
        made: bytes = safetensors.torch.save({name: one.detach().cpu().contiguous() for name, one in
                                              self.named_parameters() if one.requires_grad})
        return made


class DeltaLab:
    """Nine rounds: three tasks for the first seed, for the second, for the third."""

    shared: ClassVar[tuple[str, ...]] = ("backbone", "data", "probe", "never", "parts", "own", "added",
                                         "trained", "files")
    measure_every = 10

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.backbone = frozen_made_bert(self.device)
        self.data = [(ids.to(self.device), labels.to(self.device)) for task in TASKS
                     for ids, labels in both(task, params.seed)]  # to learn from, to ask about, …
        self.probe = self.data[1][0][:PROBED]                                  # (X, T)
        with torch.no_grad():
            self.never = self.backbone(self.probe)                             # before any delta was attached
        self.accuracy = np.full((len(METHODS), len(TASKS), SEEDS), NOT_YET, np.float32)
        self.memory = np.zeros((len(METHODS), len(PARTS)), np.float32)
        self.peak = np.zeros(len(METHODS), np.float32)
        self.served: list[list[Learner]] = []  # of the first seed, task by task
        self.steps, self.round = 0, 0
        self._begin(params)
        # What each method adds, trains and stores depends on its size only.
        self.parts = modules(self.backbone)
        self.own = np.array([own_of(self.backbone, name) for name in self.parts], np.int32)
        self.added = np.array([[trained_at(one.delta, self.backbone, name) for name in self.parts]
                               for one in self.learners], np.int32)
        self.trained = np.array([one.delta.count if one.delta else sum(w.numel() for w in
                                 one.bert.parameters()) for one in self.learners], np.int32)
        self.files = np.array([len(one.file()) for one in self.learners], np.int32)

    def _begin(self, params: Params) -> None:
        """Six new learners for the task and the seed of this round."""
        classes = len(CLASSES[self.task])
        self.learners = [learner(method, self.device, params.size, classes, self.generator)
                         for method in METHODS]
        self.optimizer = torch.optim.AdamW(  # one group a learner, each with its own learning rate
            [{"params": [w for w in one.parameters() if w.requires_grad]} for one in self.learners],
            weight_decay=0.0, fused=True)
        if self.round < len(TASKS):
            self.served.append(self.learners)

    @property
    def task(self) -> int:
        return self.round % len(TASKS)

    def idle(self, params: Params) -> Mapping[str, str]:
        if params.attach in TASKS[len(self.served):]:
            return {"attach": "No delta for this task has been trained yet: go on."}
        return {}

    def finished(self, params: Params) -> bool:
        return self.steps >= params.each * len(TASKS) * SEEDS

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of the six learners of this round, on the same texts."""
        if self.steps and self.steps % params.each == 0 and not self.finished(params):
            self._evaluate()
            self.round = self.steps // params.each
            self._begin(params)
        ids, labels = self.data[2 * self.task]                              # (N, T), (N,)
        rows = torch.randint(len(ids), (BATCH,), generator=self.generator)     # (B,)
        for group, rate in zip(self.optimizer.param_groups, RATES, strict=True):
            group["lr"] = rate * params.rate
        self.optimizer.zero_grad()
        losses = [F.cross_entropy(one(ids[rows]), labels[rows]) for one in self.learners]
        torch.stack(losses).sum().backward()  # they share no trained weight, so each learns from its own loss
        self.optimizer.step()
        if not self.steps:
            self.memory, self.peak = weighed(params.size, self.device)
        self.steps += 1
        return {"loss": float(np.mean([one.item() for one in losses]))}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Ask the learners of this round, and the backbone whether it is still what it was."""
        self._evaluate()
        self.identical = bool(torch.equal(self.backbone(self.probe), self.never))
        self.gradients = sum(w.numel() for w in self.backbone.parameters() if w.grad is not None)
        done = self.steps // params.each                                       # rounds that are over
        # Over the seeds that are through with a task; of the first one what it has come to.
        self.mean = np.stack([self.accuracy[:, task, :max(1, (done - task + 2) // len(TASKS))].mean(1)
                              for task in range(len(TASKS))], 1)               # (M, tasks)
        return {key: float(one[one >= 0].mean()) for key, one in zip(KEYS, self.mean, strict=True)}

    @torch.no_grad()
    def _evaluate(self) -> None:
        ids, labels = self.data[2 * self.task + 1]
        for at, one in enumerate(self.learners):
            right = (one(ids).argmax(1) == labels).float().mean()
            self.accuracy[at, self.task, self.round // len(TASKS)] = right.item()

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """What was measured last, and what is answered with the delta that is attached now."""
        asked = (" ".join(cut(params.text)[:LONGEST]), *EXAMPLES)
        answers, odds = self._answers(params, asked)
        return Frame(
            accuracy=self.accuracy.copy(), mean=self.mean.copy(), trained=self.trained.copy(),
            whole=sum(w.numel() for w in self.backbone.parameters()), file=self.files.copy(),
            memory=self.memory.copy(), peak=self.peak.copy(), parts=tuple(self.parts), own=self.own.copy(),
            added=self.added.copy(), asked=asked, answers=answers, odds=odds, identical=self.identical,
            gradients=self.gradients, round=self.round)

    def _answers(self, params: Params, asked: tuple[str, ...]) -> tuple[tuple[str, ...], Float32]:
        """What is said of each text with the chosen delta attached, and how sure it is."""
        task = TASKS.index(params.attach) if params.attach in TASKS[:len(self.served)] else -1
        if task < 0:  # the bare backbone fills a mask, as it was pre-trained to
            ids = rows_of([FILL.format(text=one) for one in asked]).to(self.device)  # (X, T)
            x = self.backbone(ids, real=ids != PAD)[ids == MASK]               # (X, C)
            names: tuple[str, ...] = WORDS
            scores = self.backbone.read_out(x)                                 # (X, V)
        else:
            ids = rows_of(asked).to(self.device)
            names = CLASSES[task]
            method = min(max(params.method, 0), len(METHODS) - 1)
            scores = self.served[task][method](ids)                            # (X, classes)
        most, best = scores.softmax(-1).max(-1)                                # (X,), (X,)
        return tuple(names[one] for one in best.tolist()), most.cpu().numpy()


def learner(method: str, device: str, size: int, classes: int, generator: torch.Generator) -> Learner:
    """The backbone with what a method adds to it, at its beginning."""
    bert = frozen_made_bert(device)
    return Learner(bert, delta_of(method, bert, size, generator, 2 * size), classes, generator).to(device)


@lru_cache(maxsize=16)
def weighed(size: int, device: str) -> tuple[Float32, Float32]:
    """What the second update of each method takes, watched: bytes of activations, gradients and Adam's means,
    (METHODS, PARTS), and the most that is there at once, (METHODS,)."""
    ids, labels = (one[:BATCH].to(device) for one in both(TASKS[0], 0)[0])     # (B, T), (B,)
    generator = torch.Generator().manual_seed(0)
    memory, peak = np.zeros((len(METHODS), len(PARTS)), np.float32), np.zeros(len(METHODS), np.float32)
    for at, method in enumerate(METHODS):
        one = learner(method, device, size, len(CLASSES[0]), generator)
        tuned = [w for w in one.parameters() if w.requires_grad]
        adam = torch.optim.AdamW(tuned, fused=True)
        F.cross_entropy(one(ids), labels).backward()
        adam.step()
        adam.zero_grad()
        ledger = Ledger([*one.parameters(), ids, labels], ("activations", "work space"))
        with ledger:
            with ledger.keep():
                loss = F.cross_entropy(one(ids), labels)
            kept = ledger.alive[0]
            loss.backward()
        gradients = sum(w.grad.nbytes for w in tuned if w.grad is not None)
        means = sum(mean.nbytes for w in tuned for name, mean in adam.state[w].items() if name != "step")
        memory[at] = kept, gradients, means
        # The weights and Adam's means are there all the while.
        peak[at] = sum(w.nbytes for w in one.parameters()) + means + np.sum(ledger.columns, 1).max()
    return memory, peak


@lru_cache(maxsize=12)
def both(task: str, seed: int) -> tuple[Rows, Rows]:
    """Texts to learn from and others to ask about."""
    return labelled_rows(MADE[task](TEXTS, seed)), labelled_rows(MADE[task](ASKED, seed + 1000))


def modules(bert: Bert) -> list[str]:
    """The parts of a BERT that have weights, from the text up."""
    return [name for name, one in bert.named_modules()
            if name and next(iter(one.parameters(recurse=False)), None) is not None
            and not name.startswith("head")]


def own_of(bert: Bert, name: str) -> int:
    return sum(one.numel() for one in bert.get_submodule(name).parameters())


def trained_at(delta: Delta | None, bert: Bert, name: str) -> int:
    """How many numbers a method trains at one part of the backbone."""
    if delta is None:
        return own_of(bert, name)
    if isinstance(delta, SoftPrompt):
        return delta.count if name == "token_embedding" else 0
    if isinstance(delta, Prefix):
        block, _, inside = name.removeprefix("blocks.").partition(".attention.")
        part = delta.parts[int(block)] if inside in ("key", "value") else None
        return 0 if part is None else part.get_parameter(f"{inside}s").numel()
    assert isinstance(delta, Lora | Adapter | BitFit)
    return sum(w.numel() for at, part in zip(delta.names, delta.parts, strict=True) if at == name
               for w in part.parameters())
