"""An encoder reads, a decoder writes: through one state alone, or looking back at every state.

Sutskever et al. 2014 pass the encoder's last state to the decoder and nothing else, so a state of
fixed size must hold the whole input. Bahdanau et al. 2015 let the decoder look at all states of the
encoder, h_1 … h_n. Before it writes symbol t it compares its state d_t with each of them,

    score    e_ts = d_t · h_s                    dot (Luong et al. 2015)
                    d_t · W h_s                  multiplicative (Luong et al. 2015)
                    v · tanh(U d_t + W h_s)      additive (Bahdanau et al. 2015)
    weight   α_ts = softmax over s of e_ts       row t of the alignment, sums to 1
    context  c_t  = Σ_s α_ts h_s

and writes from [c_t, d_t]. Two networks learn from the same batches; they differ in this alone. The
encoder reads in both directions, as Bahdanau's does. In training the decoder is given the right
symbols (teacher forcing); the test and the picture let it read what it wrote itself.

Shapes: B sequences, n symbols read, m written, H numbers in a state, V symbols.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from visualizers.l3_transformers.seq2seq_attention import dates
from visualizers.l3_transformers.seq2seq_attention.panel import EXAMPLES, LONGEST, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.gpt import give_memory, table
from visualizers.panel import Context

BATCH, EMBEDDING, CLIP = 24, 24, 1.0
LETTERS = "abcdefghijklmnop"
TRIED = 20  # inputs of each of these lengths
TESTED = (2, 4, 6, 8, 10, 12, 16, 20, 24)  # lengths of letters


class Network(nn.Module):
    """Encoder, decoder and, if ``score`` names one, attention between them."""

    def __init__(self, score: str, symbols: int, size: int, generator: torch.Generator) -> None:
        super().__init__()
        H = size
        with torch.device("meta"):  # shapes only: torch would draw from a generator of its own
            self.embedding = table(symbols + 1, EMBEDDING)  # the last one begins the writing
            self.encoder = nn.GRU(EMBEDDING, H // 2, batch_first=True, bidirectional=True)
            self.decoder = nn.GRU(EMBEDDING, H, batch_first=True)
            self.out = nn.Linear(2 * H if score else H, symbols)
            self.scorer = nn.ParameterDict()
            if score in ("multiplicative", "additive"):
                self.scorer["W"] = nn.Parameter(torch.empty(H, H))
            if score == "additive":
                self.scorer["U"] = nn.Parameter(torch.empty(H, H))
                self.scorer["v"] = nn.Parameter(torch.empty(1, H))
        give_memory(self)
        self.score, self.begin = score, symbols
        for name, one in self.named_parameters():
            wide = 1.0 if "embedding" in name else 1 / math.sqrt(H)
            # Scores that hardly differ at first would leave the alignment even for long.
            bound = {"scorer.v": 1.0, "scorer.U": 2 * wide, "scorer.W": 2 * wide}.get(name, wide)
            one.data.uniform_(-bound, bound, generator=generator)

    def read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """All states of the encoder h (B, n, H), and its last ones, where the decoder begins."""
        h, last = self.encoder(self.embedding(x))                               # (B, n, H), (2, B, H/2)
        return h, last.transpose(0, 1).reshape(1, len(x), -1).contiguous()      # (1, B, H)

    def compare(self, d: Tensor, h: Tensor) -> Tensor:
        """The score of each state of the decoder (B, m, H) with each of the encoder: (B, m, n)."""
        score: Tensor
        match self.score:
            case "dot":
                score = d @ h.transpose(1, 2)
            case "multiplicative":
                score = d @ (h @ self.scorer["W"].T).transpose(1, 2)
            case _:
                pair = (d @ self.scorer["U"].T)[:, :, None] + (h @ self.scorer["W"].T)[:, None]
                score = (pair.tanh() @ self.scorer["v"].T)[..., 0]              # of (B, m, n, H)
        return score

    def write(self, d: Tensor, h: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """What comes next after each state d (B, m, H): logits (B, m, V), scores and weights (B, m, n).

        ``hidden`` (B or 1, n) is true where attention must not look.
        """
        if not self.score:
            none = d.new_zeros(len(d), d.shape[1], h.shape[1])
            return self.out(d), none, none
        score = self.compare(d, h)                                              # (B, m, n)
        if hidden is not None:
            score = score.masked_fill(hidden[:, None], -math.inf)
        weight = score.softmax(-1)                                              # rows sum to 1
        context = weight @ h                                                    # (B, m, H)
        return self.out(torch.cat((context, d), -1)), score, weight

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Logits of every symbol of y (B, m), each after the right ones before it: (B, m, V)."""
        h, state = self.read(x)
        given = torch.cat((torch.full_like(y[:, :1], self.begin), y[:, :-1]), 1)
        d, _ = self.decoder(self.embedding(given), state)                       # (B, m, H)
        return self.write(d, h)[0]

    def run(self, h: Tensor, state: Tensor, steps: int, hidden: Tensor | None = None) -> Written:
        """Write freely: each symbol is the likeliest one, and is read as the next input."""
        symbol = torch.full((len(h),), self.begin, device=h.device)             # (B,)
        d, cell, parts = state[0], self.decoder, []
        for _ in range(steps):
            d = torch.gru_cell(self.embedding(symbol), d, *cell.all_weights[0])  # (B, H)
            parts.append(self.write(d[:, None], h, hidden))
            symbol = parts[-1][0][:, 0].argmax(-1)                              # (B,)
        logits, score, weight = (torch.cat(each, 1) for each in zip(*parts, strict=True))
        odds, symbols = logits.softmax(-1).max(-1)                              # (B, m) each
        return Written(symbols, odds, score, weight)


@dataclass(frozen=True)
class Written:
    """What a network wrote: symbols and their odds (B, m), scores and weights (B, m, n)."""

    symbols: Tensor
    odds: Tensor
    scores: Tensor
    weights: Tensor


class SequenceToSequence:
    """The two networks, trained on the same batches."""

    shared: ClassVar[tuple[str, ...]] = ("pool", "tests", "tried", "alphabet")
    measure_every = 25

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.reverse = params.task == "reverse"
        self.alphabet = LETTERS if self.reverse else dates.SIGNS
        # What is read and what is to be written, all inputs of one length together.
        self.pool: dict[int, tuple[Tensor, Tensor]] = {}
        self.tests: dict[int, tuple[Tensor, Tensor]] = {
            n: self.letters(EXAMPLES, n) for n in range(2, LONGEST + 1)} if self.reverse else {}
        if not self.reverse:
            self.pool, self.tests = self._dates()
        known = list(self.tests)
        self.tried = TESTED if self.reverse else tuple(known[one] for one in np.unique(
            np.linspace(0, len(known) - 1, 6).round().astype(int)).tolist())
        size = 2 * round(params.width / 2)
        self.networks = [Network(score, len(self.alphabet), size, self.generator).to(self.device)
                         for score in (params.score, "")]
        self.optimizer = torch.optim.Adam(
            [one for network in self.networks for one in network.parameters()], fused=True)

    def letters(self, count: int, n: int) -> tuple[Tensor, Tensor]:
        """Random letters (count, n), and the same backwards."""
        x = torch.randint(len(LETTERS), (count, n), generator=self.generator).to(self.device)
        return x, x.flip(1)

    def _dates(self) -> tuple[dict[int, tuple[Tensor, Tensor]], dict[int, tuple[Tensor, Tensor]]]:
        """Written dates by their length, for training and for the test. No date is in both."""
        days = torch.randperm(dates.DAYS, generator=self.generator).tolist()
        found = []
        for part in (days[:6000], days[6000:7500]):
            groups: dict[int, list[tuple[str, str]]] = {}
            for index, day in enumerate(part):
                written = dates.written(day, index)
                groups.setdefault(len(written), []).append((written, dates.iso(day)))
            found.append({n: (self.ids([one for one, _ in pairs]), self.ids([one for _, one in pairs]))
                          for n, pairs in sorted(groups.items()) if len(pairs) >= TRIED})
        return found[0], {n: pair for n, pair in found[1].items() if n in found[0]}

    def ids(self, texts: list[str]) -> Tensor:
        """Texts of one length as symbols, (count, n)."""
        return torch.tensor([[self.alphabet.index(one) for one in text] for text in texts],
                            device=self.device)

    # --- training

    def batch(self, params: Params) -> tuple[Tensor, Tensor]:
        """New inputs of one length (B, n), and what is to be written (B, m)."""
        if self.reverse:
            n = int(torch.randint(2, params.longest + 1, (), generator=self.generator))
            return self.letters(BATCH, n)
        sizes = torch.tensor([float(len(x)) for x, _ in self.pool.values()])  # as often as they occur
        x, y = list(self.pool.values())[int(torch.multinomial(sizes, 1, generator=self.generator))]
        rows = torch.randint(len(x), (BATCH,), generator=self.generator).to(self.device)
        return x[rows], y[rows]

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on one batch."""
        x, y = self.batch(params)
        losses = [F.cross_entropy(network(x, y).flatten(0, 1), y.flatten()) for network in self.networks]
        self.optimizer.zero_grad()
        sum(losses, torch.zeros((), device=self.device)).backward()
        for network in self.networks:
            clip_grad_norm_(network.parameters(), CLIP)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": losses[0].item(), "plain_loss": losses[1].item()}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Both networks on test inputs of several lengths, writing freely."""
        count = TRIED
        pairs = [(x[:count], y[:count]) for x, y in map(self.tests.__getitem__, self.tried)]
        most = max(y.shape[1] for _, y in pairs)
        wanted = torch.cat([F.pad(y, (0, most - y.shape[1]), value=-1) for _, y in pairs])  # (S·c, m)
        hidden = torch.cat([F.pad(torch.zeros_like(x, dtype=torch.bool), (0, self.tried[-1] - x.shape[1]),
                                  value=True) for x, _ in pairs])               # (S·c, n)
        self.at = []
        for network in self.networks:
            read = [network.read(x) for x, _ in pairs]
            h = torch.cat([F.pad(one, (0, 0, 0, self.tried[-1] - one.shape[1])) for one, _ in read])
            wrote = network.run(h, torch.cat([one for _, one in read], 1), most, hidden)
            right = (wrote.symbols == wanted).view(len(pairs), count, most).sum((1, 2))
            self.at.append((right / (wanted >= 0).view(len(pairs), count, most).sum((1, 2))).cpu())
            if network.score:
                weights = wrote.weights.cpu()                                   # (S·c, m, n)
        kept = wanted.cpu() >= 0
        learnt = [one for one, n in enumerate(self.tried) if n <= params.longest or not self.reverse]
        last = int(self.tried[-1])
        place = torch.tensor(self.tried).repeat_interleave(count)[:, None] - 1 - torch.arange(most)
        mirrored = weights.gather(2, place.clamp(0, last - 1)[..., None])[..., 0]
        self.mirrored = float(mirrored[kept].mean()) if self.reverse else 0.0
        accuracy, plain = (float(one[learnt].mean()) for one in self.at)
        return {"accuracy": accuracy, "plain_accuracy": plain,
                "sharpness": float(weights.max(-1).values[kept].mean())}

    # --- looking

    def _shown(self, params: Params) -> tuple[str, str]:
        """The input in the picture, and what should be written; empty where that is not known."""
        own = "".join(one for one in params.sequence.lower() if one in self.alphabet)
        if self.reverse:
            own = own[:LONGEST]
            if not own:
                x = self.tests[params.length][0][params.example % EXAMPLES]
                own = "".join(self.alphabet[one] for one in x.tolist())
            return own, own[::-1]
        if own.strip():
            return own[: dates.LONGEST], dates.understood(own)
        keys = list(self.tests)
        x, y = self.tests[keys[params.example % len(keys)]]
        which = params.example // len(keys)
        given, wanted = ("".join(self.alphabet[one] for one in each[which].tolist()) for each in (x, y))
        return given, wanted

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One sequence, read and written freely by both networks as they are now."""
        source, wanted = self._shown(params)
        n, m = len(source), len(source) if self.reverse else dates.ISO
        x = self.ids([source])                                                  # (1, n)
        covered = self._covered(params, n)
        hidden = torch.zeros(1, n, dtype=torch.bool, device=self.device)
        hidden[0, list(covered)] = True
        wrote, plain = (network.run(*network.read(x), m, hidden) for network in self.networks)
        said = [tuple(self.alphabet[one] for one in each.symbols[0].tolist()) for each in (wrote, plain)]
        attention, without = self.networks
        return Frame(
            source=tuple(source), wanted=tuple(wanted), written=said[0], odds=array(wrote.odds[0]),
            plain=said[1], plain_odds=array(plain.odds[0]), weights=array(wrote.weights[0]),
            scores=np.nan_to_num(array(wrote.scores[0]), neginf=0.0), row=min(max(0, params.row), m - 1),
            covered=covered, lengths=np.array(self.tried, np.int32), right_at=array(self.at[0]),
            plain_at=array(self.at[1]), mirrored=self.mirrored,
            sizes=tuple(sum(one.numel() for one in each.parameters())
                        for each in (attention, without, attention.scorer)))

    def _covered(self, params: Params, n: int) -> tuple[int, ...]:
        """The places that attention must not see; one at least stays open."""
        places: Collection[int] = {one for one in params.covered if 0 <= one < n}
        return tuple(sorted(places)) if len(places) < n else ()
