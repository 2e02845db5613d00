"""A recurrent network learns to write molecules as SMILES, sign by sign, and judges what it wrote.

A SMILES is a sentence with a grammar: brackets and ring marks come in pairs, and each atom has only so
many bonds. The network (Segler et al. 2018) is told none of this, only asked for the next sign:

    p(x_1 … x_T) = ∏ softmax(V h_t + c)[x_t+1],     h_t = GRU(h_t-1, x_t)

Whatever it draws from that, RDKit says whether it is a molecule. Skinnider 2024 found that invalid
sentences are those with a small p: "Invalid SMILES are beneficial rather than detrimental to chemical
language models". So they can be left out without any chemistry, by keeping the likeliest.

Shapes: B molecules in a batch, T signs, V different signs, H units, N sentences that are written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from visualizers.data import all_sources
from visualizers.l7_biomedical.molecules.panel import CELLS, Frame, Params
from visualizers.models.annalog import Annalog, Relative
from visualizers.models.arrays import array
from visualizers.models.chemistry import (
    Drawing,
    Fault,
    Known,
    alike,
    canonical,
    diversity,
    drawing,
    fault_of,
)
from visualizers.models.tokenizers import Characters
from visualizers.panel import Context
from visualizers.refusal import Refusal

END = "\n"          # begins and ends each sentence
EMBEDDING = 32
SHORTEST, LONGEST = 2, 40  # signs of a molecule that is learnt from
MOST = 60           # signs after which a sentence is given up
RELATIVES = 6       # that ANNalog is asked for: the width of its beam
LONGEST_OWN = 90    # signs of a typed one that are read
FEWEST = 40         # molecules to learn from
WRITTEN = 128       # N
CLIP = 1.0          # the longest gradient a step may follow
SWEEP = (0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)  # temperatures
SWEPT = 40          # sentences at each of them


class Network(nn.Module):
    """Embedding, GRU, readout."""

    def __init__(self, V: int, H: int, generator: torch.Generator) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.cell = nn.GRU(EMBEDDING, H)
        self.readout = nn.Linear(H, V)
        with torch.no_grad():
            for one in (*self.cell.parameters(), *self.readout.parameters()):
                one.uniform_(-1 / math.sqrt(H), 1 / math.sqrt(H), generator=generator)
            self.embedding.weight.normal_(generator=generator)


@dataclass(frozen=True)
class Written:
    """N sentences, and how surprised the model was by each. Never changed, so that copies share it."""

    texts: tuple[str, ...]          # (N,)
    surprise: NDArray[np.float32]   # (N,) −ln p at temperature 1
    faults: tuple[Fault, ...]       # (N,)

    @property
    def valid(self) -> NDArray[np.bool_]:
        return np.array([not one.kind for one in self.faults])

    @property
    def unfinished(self) -> float:
        return float(np.mean([one.kind == "no end" for one in self.faults]))

    @property
    def distinct(self) -> set[str]:
        """The molecules among them, each once."""
        return {canonical(text) for text, fault in zip(self.texts, self.faults, strict=True)
                if not fault.kind}

    def of(self, which: NDArray[np.bool_]) -> Written:
        """Some of the sentences."""
        at = np.flatnonzero(which).tolist()
        return Written(tuple(self.texts[one] for one in at), self.surprise[which],
                       tuple(self.faults[one] for one in at))


class MoleculeWriter:
    """Trains on molecules, writes some, and compares what it thinks of them with what RDKit says."""

    shared: ClassVar[tuple[str, ...]] = ("data", "tokens", "known", "table", "lengths", "order", "written",
                                         "sweep", "annalog", "kin")
    measure_every = 32
    measure_reads: ClassVar[tuple[str, ...]] = ("temperature", "keep", "beside", "above", "smiles",
                                                "chosen", "leaf")

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator, self.seed = context.device, context.generator, params.seed
        self.data = context.data
        self.annalog: list[Annalog] = []             # read when it is asked for
        self.kin: dict[str, list[Relative]] = {}     # of a molecule, what it was asked for last
        context.progress(0, 1, "reading the molecules")
        found = context.data.read("molecules", params.molecules)
        context.stands_in(found.missing, found.title)
        smiles = [one for one in found.smiles if SHORTEST <= len(one) <= LONGEST and "." not in one]
        if len(smiles) < FEWEST:
            raise Refusal("Too few molecules of 2 to 40 signs stand in it; choose another file.")
        self.known = Known(smiles)
        self.tokens = Characters.learn(END + "".join(smiles))
        self.end = int(self.tokens.encode(END)[0])
        # Each molecule between two ends; short ones are filled with ends, which are never counted.
        ids = np.full((len(smiles), LONGEST + 2), self.end)
        for row, one in zip(ids, smiles, strict=True):
            row[1 : len(one) + 1] = self.tokens.encode(one)
        self.table = torch.from_numpy(ids.T.copy()).to(self.device)             # (42, molecules)
        self.lengths = torch.tensor([len(one) + 1 for one in smiles])
        self.order = self.lengths.argsort(stable=True)

        self.network = Network(self.tokens.size, params.units, self.generator).to(self.device)
        self.learnt = list(self.network.parameters())
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)

    def batch(self, count: int) -> Tensor:
        """Rows of ``count`` molecules of about the same length, so that little of a batch is empty."""
        near = min(4 * count, len(self.order))
        begin = int(torch.randint(len(self.order) - near + 1, (1,), generator=self.generator))
        some = torch.randperm(near, generator=self.generator)[:count]
        return self.order[begin + some]                                         # (B,)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update: each next sign is guessed from those before it."""
        rows = self.batch(params.batch)
        T = int(self.lengths[rows].max())
        ids = self.table[: T + 1, rows.to(self.device)]                         # (T+1, B)
        there = (torch.arange(T)[:, None] < self.lengths[rows]).to(self.device)  # (T, B)
        h, _ = self.network.cell(self.network.embedding(ids[:-1]))              # (T, B, H)
        logits = self.network.readout(h[there])                                 # (signs, V)
        loss = cross_entropy(logits, ids[1:][there])
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.learnt, CLIP)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": loss.item()}

    # --- writing

    @torch.no_grad()
    def write(self, temperatures: Tensor, seed: int) -> Written:
        """A sentence at each of the temperatures (N,).

        The same seed gives each sentence the same random numbers at whatever step, so that one can
        watch it become another.
        """
        draws = torch.rand(len(temperatures), MOST, generator=torch.Generator().manual_seed(seed))
        going = torch.arange(len(temperatures))  # the sentences that have found no end yet
        written = torch.full((len(going), MOST), self.end)                      # (N, 60)
        surprise = torch.zeros(len(going))                                      # (N,)
        last, state = torch.full((1, len(going)), self.end, device=self.device), None
        for t in range(MOST):
            h, state = self.network.cell(self.network.embedding(last), state)   # (1, n, H)
            logits = self.network.readout(h[0]).cpu()                           # (n, V)
            logits[:, 0] = -torch.inf  # the token of what was never seen cannot be written
            odds = (logits / temperatures[going, None]).softmax(1)              # (n, V)
            below = odds.cumsum(1) < draws[going, t, None]                      # (n, V)
            picked = below.sum(1).clamp(max=odds.shape[1] - 1)                  # (n,)
            surprise[going] -= logits.log_softmax(1).gather(1, picked[:, None])[:, 0]
            written[going, t] = picked
            on = picked != self.end
            going = going[on]
            if not len(going):
                break
            rows = on.nonzero()[:, 0].to(self.device)
            last, state = picked[on][None].to(self.device), state[:, rows]
        texts = tuple(text.partition(END)[0] for text in map(self.tokens.decode, written.tolist()))
        faults = tuple(fault_of(text, row not in going) for row, text in enumerate(texts))
        return Written(texts, surprise.numpy(), faults)

    def measure(self, params: Params) -> Mapping[str, float]:
        """Write N sentences, see which are molecules, and keep the likeliest."""
        self.written = self.write(torch.full((WRITTEN,), params.temperature), self.seed)
        self.kept = self._likeliest(params.keep)
        kept = self.written.of(self.kept)
        molecules = sorted(kept.distinct)
        count = max(1, int(kept.valid.sum()))
        self.facts = {
            "kept_valid": float(kept.valid.mean()),
            "novel": sum(one not in self.known for one in molecules) / max(1, len(molecules)),
            "distinct": len(molecules) / count,
            "diversity": diversity(molecules),
            "length": sum(map(len, kept.of(kept.valid).texts)) / count,
        }
        self.aucs = (roc_area(~self.written.valid, self.written.surprise),
                     roc_area(~self.written.valid, np.array([*map(len, self.written.texts)])))
        self.sweep = self._sweep() if params.beside == "temperature" else np.zeros((4, 0), np.float32)
        self.origin = ""
        if params.above == "relatives" and self.data.has(all_sources()["annalog"]):
            self.origin = self._find_relatives(params)
        return {"valid": float(self.written.valid.mean()), "kept_valid": self.facts["kept_valid"],
                "auc": self.aucs[0]}

    def _likeliest(self, share: float) -> NDArray[np.bool_]:
        """Which sentences are among that share of the likeliest (N,)."""
        order = self.written.surprise.argsort(kind="stable")
        kept = np.zeros(len(order), bool)
        kept[order[: max(1, round(share * len(order)))]] = True
        return kept

    def _sweep(self) -> NDArray[np.float32]:
        """Of each temperature of SWEEP: itself, and the shares valid, unfinished and distinct (4, S)."""
        every = torch.tensor(SWEEP).repeat_interleave(SWEPT)
        written, at = self.write(every, self.seed), np.arange(len(every)) // SWEPT
        parts = [written.of(at == one) for one in range(len(SWEEP))]
        return np.array([(t, one.valid.mean(), one.unfinished, len(one.distinct) / SWEPT)
                         for t, one in zip(SWEEP, parts, strict=True)], np.float32).T

    def _find_relatives(self, params: Params) -> str:
        """Let ANNalog write relatives of the molecule that is read, or of the first one drawn."""
        _, texts, faults, read = self._drawn(params)
        valid = [at for at in (read, *range(len(texts))) if not faults[at].kind]
        if not valid:
            return ""
        origin = canonical(texts[valid[0]])
        if origin not in self.kin:
            if not self.annalog:
                signs, weights = self.data.read("table", "annalog")
                self.annalog.append(Annalog(signs, {name: torch.from_numpy(one).to(self.device)
                                                    for name, one in weights.items()}))
            found = self.annalog[0].relatives(origin, RELATIVES, self.device)
            self.kin.clear()
            self.kin[origin] = found
        return origin

    # --- looking

    def _drawn(self, params: Params) -> tuple[list[int], list[str], list[Fault], int]:
        """The sentences that are drawn, an own one first: numbers, texts, faults; which one is read."""
        own = "".join(params.smiles.split())[:LONGEST_OWN]
        kept = np.flatnonzero(self.kept).tolist()
        begin = params.leaf * CELLS % len(kept)
        numbers = [-1] * bool(own) + kept[begin : begin + CELLS - bool(own)]    # (K,)
        texts = [own if one < 0 else self.written.texts[one] for one in numbers]
        faults = [fault_of(own) if one < 0 else self.written.faults[one] for one in numbers]
        read = next((at for at, fault in enumerate(faults) if fault.kind), 0)  # the first broken one
        if own or params.chosen in numbers:
            read = 0 if own else numbers.index(params.chosen)
        return numbers, texts, faults, read

    @torch.no_grad()
    def judge(self, text: str, ended: bool = True) -> NDArray[np.float32]:
        """−ln p of each sign of a text after those before it, its end included: (T,)."""
        ids = torch.from_numpy(self.tokens.encode(END + text + END * ended)).to(self.device)
        h, _ = self.network.cell(self.network.embedding(ids[:-1, None]))        # (T, 1, H)
        logits = self.network.readout(h[:, 0])                                  # (T, V)
        of_all = logits[:, 1:].logsumexp(1)  # without the token of what was never seen, as in writing
        found = of_all - logits.gather(1, ids[1:, None])[:, 0]                  # (T,)
        return array(found.clamp(min=0))

    def frame(self, params: Params) -> Frame:
        """Some sentences drawn, an own one before them, and one read sign by sign."""
        written = self.written
        numbers, texts, faults, read = self._drawn(params)
        kin = self.kin.get(self.origin, []) if self.origin else []
        names = ["".join(one.signs[:-1]) for one in kin]                        # (R,)
        kin_faults = [fault_of(one) for one in names]
        drawn = [NO_DRAWING if fault.kind else drawing(text) for text, fault
                 in zip((*texts, *names), (*faults, *kin_faults), strict=True)]
        first = np.cumsum([0, *(len(one.xy) for one in drawn)])                 # (K+R+1,)
        relative = min(max(params.relative, 0), max(0, len(kin) - 1))
        text, ended = texts[read], faults[read].kind != "no end"
        return Frame(
            surprise=written.surprise.copy(), valid=written.valid, kept=self.kept.copy(), auc=self.aucs[0],
            length_auc=self.aucs[1], **self.facts, unfinished=written.unfinished,
            numbers=np.array(numbers, np.int32), texts=tuple(texts),
            faults=tuple(one.kind for one in faults),
            lit=np.array([(one.start, one.stop) for one in faults], np.int32),
            cells=np.repeat(np.arange(len(drawn), dtype=np.int32), np.diff(first)),
            xy=np.concatenate([one.xy for one in drawn]),
            symbols=tuple(symbol for one in drawn for symbol in one.symbols),
            hydrogens=np.concatenate([one.hydrogens for one in drawn]),
            charges=np.concatenate([one.charges for one in drawn]),
            ends=np.concatenate([one.ends + at for one, at in zip(drawn, first, strict=False)]
                                ).astype(np.int32),
            orders=np.concatenate([one.orders for one in drawn]),
            own=numbers[0] < 0, signs=(*text, *["⏎"] * ended), sign_surprise=self.judge(text, ended),
            unknown=self.tokens.encode(text + END * ended) == 0, read=read,
            temperatures=self.sweep[0].copy(), valid_at=self.sweep[1].copy(),
            unfinished_at=self.sweep[2].copy(), distinct_at=self.sweep[3].copy(),
            annalog=self.data.has(all_sources()["annalog"]), origin=self.origin, relatives=tuple(names),
            relative_surprise=np.array([one.surprise for one in kin], np.float32),
            relative_alike=np.array([alike(self.origin, name) for name in names], np.float32),
            relative_faults=tuple(one.kind for one in kin_faults),
            relative_lit=np.array([one[1:] for one in kin_faults], np.int32).reshape(-1, 2),
            relative=relative,
            attention=array(kin[relative].attention) if kin else np.zeros((0, 0), np.float32),
            relative_signs=(*kin[relative].signs[:-1], "⏎") if kin else (),
            origin_signs=tuple(self.annalog[0].cut(self.origin)) if kin else (),
            learnt=len(self.order), weights=sum(one.numel() for one in self.learnt))


NO_DRAWING = Drawing(np.zeros((0, 2), np.float32), (), *(np.zeros(0, np.int32),) * 2,
                     np.zeros((0, 2), np.int32), np.zeros(0, np.int32))


def roc_area(true: NDArray[np.bool_], values: NDArray[Any]) -> float:
    """How often one that is true has the larger value of two, a tie counted half; ½ if all are alike.

    The area under the ROC curve, by ranks (Mann and Whitney 1947).
    """
    positive, negative = values[true], values[~true]
    if not len(positive) or not len(negative):
        return 0.5
    above = positive[:, None] > negative
    equal = positive[:, None] == negative
    return float(np.mean(above + 0.5 * equal))
