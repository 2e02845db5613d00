"""A masked language model learns related proteins; models that were trained before read an antibody.

Some residues of each protein are hidden, and the model is asked for them (Devlin et al. 2019; for proteins
Rives et al. 2021). Two things help it. Each column has residues of its own,

    line = Σ_columns max_b p(b in the column),

the share that is right if the commonest one is always named; for this nobody needs the other residues. And
residues go together: one that binds to another changes when its partner does, so that the partner tells it.

Shapes: N proteins, T places, 20 residues. Codes 0 … 19 are residues, 20 is a gap, 21 the mask.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from visualizers.data.kinds.alignment import GAP, Alignment
from visualizers.data.kinds.protein_model import ProteinModel
from visualizers.l7_biomedical.protein_lm.panel import (
    EXAMPLES,
    RESIDUES,
    Frame,
    Params,
    protein_key,
)
from visualizers.models.arrays import array
from visualizers.models.protein import MASK, live_reader, trained_reader
from visualizers.panel import Context

BATCH, TESTED, SHUFFLED = 32, 30, 8
HELD_OUT = 400  # proteins at most
EVERY = 7  # each test reading masks one residue in so many
# The variable part of the heavy chain of trastuzumab, an antibody whose sequence is published.
ANTIBODY = ("EVQLVESGGGLVQPGGSLRLSCAASGFNIKDTYIHWVRQAPGKGLEWVARIYPTNGYTRYADSVKGRFTISADTSKNTAYLQMNSLRAEDTAVYYC"
            "SRWGGDGFYAMDYWGQGTLVTVSS")


class ProteinLM:
    """The model, and the proteins that it learns from or reads."""

    shared: ClassVar[tuple[str, ...]] = (
        "files", "data", "residues", "test", "columns", "commonest", "mixed", "pairs")
    measure_every = 50

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 2, "reading the proteins")
        self.files: ProteinModel = self.noted(context, "protein_model", params.reader)
        self.live = self.files.form == "live"
        self.fit, self.loss, self.right = 0.05, 0.0, 0.0
        self.at: dict[tuple[object, ...], tuple[Tensor, Tensor]] = {}
        self.title, self.pairs, self.best = "An antibody", np.zeros((0, 2), np.int32), 0.0
        if self.live:
            self.read_alignment(params, context)
        else:
            context.progress(1, 2, "building the model")
            self.reader = trained_reader(self.files, self.device)
            self.test = coded(ANTIBODY)[None].to(self.device)                   # (1, T)
            self.columns = torch.zeros(0, 20)
        order = torch.rand(self.test.shape, generator=self.generator).argsort(1)
        self.mixed = self.test.gather(1, order.to(self.device))                 # the same, shuffled

    def noted(self, context: Context, kind: str, id: str) -> Any:
        """What the catalogue gives; a note where it is something else than was asked for."""
        found = context.data.read(kind, id)
        context.stands_in(found.missing, found.title)
        return found

    def read_alignment(self, params: Params, context: Context) -> None:
        """Proteins to learn from and others to test on, the columns' own shares, and a new model."""
        self.data: Alignment = self.noted(context, "alignment", params.data)
        self.title, self.best = self.data.title, self.data.columns.best
        self.pairs = np.array(self.data.columns.pairs, np.int32).reshape(-1, 2)
        every = torch.tensor(self.data.columns.residues)                        # (N, T)
        order = torch.randperm(len(every), generator=self.generator)
        held_out = min(HELD_OUT, len(every) // 4)
        self.test = every[order[:held_out]].to(self.device)
        self.residues = every[order[held_out:][: params.examples]].to(self.device)
        counts = one_hot(self.residues, MASK)[..., :GAP].sum(0).float()         # (T, 20)
        self.columns = (counts / counts.sum(1, keepdim=True).clamp(min=1)).cpu()
        self.commonest = self.columns.argmax(1).to(self.device)                 # (T,)
        self.reader = live_reader(every.shape[1], params.layers, self.generator, self.device)
        self.optimizer = torch.optim.Adam(self.reader.bert.parameters(), fused=True)

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """Hide some residues of a batch, and make what stood there likelier."""
        if not self.live:
            return {"loss": self.loss, "seen_right": self.right}
        rows = torch.randint(len(self.residues), (BATCH,), generator=self.generator)
        truth = self.residues[rows.to(self.device)]                             # (B, T)
        drawn = torch.rand(truth.shape, generator=self.generator).to(self.device)
        hidden = (drawn < params.share) & (truth < GAP)                         # (B, T)
        hidden[0] |= (drawn[0] <= drawn[0].min()) & (truth[0] < GAP)            # one at least, or nearly
        scores = self.reader.scores(truth.masked_fill(hidden, MASK))[hidden]    # (n, 20)
        loss = cross_entropy(scores, truth[hidden]) if len(scores) else scores.sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        right = (scores.argmax(1) == truth[hidden]).float().mean() if len(scores) else torch.tensor(0.0)
        self.fit = 0.95 * self.fit + 0.05 * float(right)
        return {"loss": float(loss.detach()), "seen_right": self.fit}

    def finished(self, params: Params) -> bool:
        """A model that was trained before has nothing left to learn here."""
        return not self.live

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """How many residues of test proteins are right, of shuffled ones, and by the columns alone."""
        tested, mixed = self.test[:TESTED], self.mixed[:SHUFFLED]
        right, loss = self.filled(tested)                                       # (N, T) each
        real = tested < GAP
        self.right = float(right[real].float().mean())
        self.loss = float(loss[real].mean())
        self.shuffled = float(self.filled(mixed)[0][mixed < GAP].float().mean())
        self.line = 0.0
        self.column_right = self.column_line = torch.zeros(0)
        if self.live:
            usual = (tested == self.commonest) & real
            self.line = float(usual.sum() / real.sum())
            each = real.sum(0).clamp(min=1)                                     # (T,)
            self.column_right, self.column_line = (
                ((one & real).sum(0) / each).cpu() for one in (right, usual))
        return {"right": self.right, "shuffled": self.shuffled, "line": self.line}

    def filled(self, residues: Tensor) -> tuple[Tensor, Tensor]:
        """Which residues are right while one in seven is masked, and −log of their chances: (N, T)."""
        places = torch.arange(residues.shape[1], device=self.device)
        right = torch.zeros_like(residues, dtype=torch.bool)
        loss = torch.zeros(residues.shape, device=self.device)
        for turn in range(EVERY):
            masked = (places % EVERY == turn).expand(residues.shape)            # (N, T)
            scores = self.reader.scores(residues.masked_fill(masked, MASK))[masked]
            truth = residues[masked]
            right[masked] = scores.argmax(1) == truth
            loss[masked] = cross_entropy(scores, truth.clamp(max=GAP - 1), reduction="none")
        return right, loss

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One protein, each place masked in turn."""
        residues, ignored = self.shown(params)                                  # (T,)
        T, key = len(residues), protein_key(params)
        masked = tuple(sorted({at for at in params.masked[1:] if isinstance(at, int) and 0 <= at < T})) \
            if params.masked[:1] == (key,) else ()
        also = torch.zeros(T, dtype=torch.bool, device=self.device)
        also[list(masked)] = True
        if self.live:
            expected, attention = self.reader.hidden_one_by_one(residues, also)
        else:  # the same weights expect the same: read once
            if (key, masked) not in self.at:
                self.at = {(key, masked): self.reader.hidden_one_by_one(residues, also, self.files.passes)}
            expected, attention = self.at[key, masked]
        expected, attention = expected.cpu(), attention.cpu()                   # (T, 20), (T, T)
        real = (residues < GAP).cpu()
        right = (expected.argmax(1) == residues.cpu())[real]
        shares = self.columns if self.live else expected                        # (T, 20)
        mapped = {"model": expected, "column": shares, "model less column": expected - shares}[
            params.map if self.live else "model"]
        return Frame(
            title=self.title, reader=self.files.title, live=self.live,
            residues="".join((RESIDUES + "-")[one] for one in residues.tolist()), masked=masked,
            chances=array(expected.T), mapped=array(mapped.T),
            logo=array(shares * information(shares)[:, None]), attention=array(attention),
            looked=params.looked if -1 <= params.looked < T else -1,
            pairs=self.pairs, pairs_found=found(attention, self.pairs),
            column_right=array(self.column_right), column_line=array(self.column_line),
            line=self.line, best=self.best, right=self.right, shuffled=self.shuffled,
            right_here=float(right.float().mean()) if len(right) else 0.0, known=int(real.sum()),
            ignored=ignored, weights=sum(one.numel() for one in self.reader.bert.parameters()))

    def shown(self, params: Params) -> tuple[Tensor, int]:
        """The residues of the protein that is looked at, and how many typed signs were left out."""
        typed = "".join(params.sequence.upper().split())
        own = coded(typed)[: self.test.shape[1] if self.live else self.reader.limit]
        ignored = len(typed) - len(own)
        if not len(own):
            row = params.example % min(EXAMPLES, len(self.test))
            return (self.mixed if params.shuffle else self.test)[row], ignored
        if params.shuffle:
            own = own[torch.randperm(len(own), generator=torch.Generator().manual_seed(params.seed))]
        if self.live:  # what is missing of the columns are gaps
            own = torch.nn.functional.pad(own, (0, self.test.shape[1] - len(own)), value=GAP)
        return own.to(self.device), ignored


def coded(residues: str) -> Tensor:
    """Letters as numbers; a gap is one, what is no residue is left out."""
    return torch.tensor([(RESIDUES + "-").index(one) for one in residues if one in RESIDUES + "-"],
                        dtype=torch.long)


def information(shares: Tensor) -> Tensor:
    """Bits that a column tells: log2 20 less its entropy. (T, 20) → (T,)."""
    return (math.log2(20) + (shares * shares.clamp(min=1e-12).log2()).sum(-1)).clamp(min=0)


def found(attention: Tensor, pairs: NDArray[np.int32]) -> float:
    """The share of places in pairs that look more at their partner than at any other place."""
    if not len(pairs):
        return 0.0
    others = attention.clone().fill_diagonal_(-1).argmax(1).numpy()             # (T,)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return float((others[both[:, 0]] == both[:, 1]).mean())
