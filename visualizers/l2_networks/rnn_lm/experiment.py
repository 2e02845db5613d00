"""A recurrent network reads a text and guesses each next token; then its units are searched.

The state h_t = f(h_{t-1}, x_t) is all it knows of the past (Mikolov et al. 2010), and

    p(x_{t+1} | x_1 … x_t) = softmax(V h_t + c)

The *perplexity* is exp of the mean of −ln p. Training reads B places of the text side by side, T
tokens at a time, and carries the state on; errors go back only within the T tokens (Williams and
Peng 1990). The units are looked at as Karpathy, Johnson and Li 2015 did by hand and LSTMVis
(Strobelt et al. 2018) by brushing: here each is compared with features of the text.

torch's own cells are used because they are the fastest; ``visualizers/models/recurrent.py`` has the
same written out, and a test compares the two.

Shapes: B streams, T tokens, H units, V tokens in the vocabulary, D numbers an embedding, P passages
of held-out text with N tokens each, F features.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from visualizers.data.text_features import features
from visualizers.l2_networks.rnn_lm.panel import Frame, Params
from visualizers.models.counting import counted_losses
from visualizers.models.tokenizers import UNKNOWN, Characters, Words, split, too_short
from visualizers.panel import Context

EMBEDDING = 32      # D
CLIP = 1.0          # the longest gradient a step may follow
PASSAGES = 6        # P; units are chosen on the first half of them and scored on the second
CHARACTERS = 480    # about the length of a passage
WARM_UP = 24        # tokens of a passage before its states are compared with anything
RAREST = 0.02       # a feature must be true, or false, in at least this share of the places
VOCABULARY = 800    # words
WRITTEN = 2         # tokens written in a step
LINE = 44           # characters of a written line, spaces not counted …
LONGEST = 200       # … and counted
CANDIDATES = 10     # bars
BACK = 80           # tokens that a guess is traced back over
MILESTONES = (0, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
State = Any         # what the cell carries on: h, or (h, c)


# Every restart with another network reads the same.
features_again = lru_cache(maxsize=4)(features)


@lru_cache(maxsize=4)
def in_tokens(learnt: str, kind: str) -> tuple[Characters | Words, Tensor]:
    """The tokens that a text is cut into, and the numbers of all of them in their order."""
    tokens = Characters.learn(learnt, 2000) if kind == "characters" else Words.learn(learnt, VOCABULARY)
    return tokens, torch.from_numpy(tokens.encode(learnt))


class Network(nn.Module):
    """Embedding, recurrent cell, readout."""

    def __init__(self, cell: str, V: int, H: int, generator: torch.Generator) -> None:
        super().__init__()
        kind: dict[str, Any] = {"tanh": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.cell = kind[cell](EMBEDDING, H)
        self.readout = nn.Linear(H, V)
        with torch.no_grad():
            for one in (*self.cell.parameters(), *self.readout.parameters()):
                one.uniform_(-1 / math.sqrt(H), 1 / math.sqrt(H), generator=generator)
            self.embedding.weight.normal_(0.0, 0.5, generator=generator)

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        """States (T, B, H) after each token of x (T, B), and what is carried on."""
        found: tuple[Tensor, State] = self.cell(self.embedding(x), state)
        return found


@dataclass(frozen=True)
class Looked:
    """What a look at the held-out passages found. Never changed, so that copies can share it."""

    h: Tensor           # (N, P, H)
    logits: Tensor      # (N, P, V)
    surprise: Tensor    # (N, P), −ln p of each token; 0 for the first
    best: NDArray[np.int32]           # (F,)
    scores: NDArray[np.float32]       # (F,)
    areas: NDArray[np.float32]        # (F,)
    correlations: NDArray[np.float32]  # (F, H)

    @property
    def loss(self) -> float:
        return float(self.surprise[1:].mean())


@dataclass
class Line:
    """A line that is being written, and what the cell carries on."""

    begun: int
    given: str
    text: str
    state: State
    last: Tensor  # logits (V,)

    @property
    def full(self) -> bool:
        written = self.text[len(self.given):]
        return len("".join(written.split())) >= LINE or len(written) >= LONGEST


class RnnLanguageModel:
    """Trains a recurrent language model on a text, and looks into it."""

    shared: ClassVar[tuple[str, ...]] = ("tokens", "pieces", "train", "passages", "held_out", "facts",
                                         "names", "wanted", "binary", "varied", "looked", "first_scores")
    remembered: ClassVar[tuple[str, ...]] = ("sample", "sample_steps", "sample_given")
    measure_every = 8

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator = context.device, context.generator
        # The pen draws from a generator of its own, so that writing cannot change what is learnt.
        self.pen = torch.Generator().manual_seed(params.seed)
        text = context.text(params.text)
        learnt, _ = split(text.text)
        self.tokens, train = in_tokens(learnt, params.tokens)                      # …, (all,)
        self.pieces = self.tokens.pieces(range(self.tokens.size))
        if (lacks := PASSAGES + math.ceil(1.25 * CHARACTERS) - len(text.text) + len(learnt)) > 0:
            raise too_short(text.title, len(text.text), lacks)
        if len(train) < 2 * params.batch + 2:
            raise too_short(text.title, len(train), 1, tokens=True)
        self._hold_out(text.text, len(learnt), text.language == "code")
        self.facts = counted_losses(train, self.held_out.T.flatten().cpu(), self.tokens.size)
        self.train = train.to(self.device)

        self.network = Network(params.cell, self.tokens.size, params.hidden_size, self.generator)
        self.network.to(self.device)
        self.learnt = list(self.network.parameters())
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)
        # Streams begin evenly spaced, all moved by the same random shift.
        shift = int(torch.randint(len(train), (1,), generator=self.generator))
        self.at = (torch.arange(params.batch) * (len(train) // params.batch) + shift) % len(train)
        self.at = self.at.to(self.device)                                          # (B,)
        self.state: State = None
        self.steps = 0
        self.looked = self._look()
        self.first_scores = self.looked.scores
        self.lines: list[Line] = []
        self._write(params, WRITTEN)

    def _hold_out(self, text: str, learnt: int, code: bool) -> None:
        """Cut passages out of the held-out end of the text; features of each token's last sign."""
        begins = np.linspace(learnt, len(text) - 1.25 * CHARACTERS, PASSAGES).astype(int)
        table = features_again(text, learnt, code)
        cuts, ends = [], []
        for begin in begins.tolist():
            begin = text.find("\n", begin, begin + CHARACTERS // 4) + 1 or begin   # a line's start
            cuts.append(self._cut(text[begin : begin + CHARACTERS]))
            ends.append(begin - learnt + np.cumsum([len(piece) for piece in cuts[-1]]) - 1)
        N = min(map(len, cuts))
        self.passages = [one[:N] for one in cuts]
        ids = np.stack([self._ids(one) for one in self.passages], 1)               # (N, P)
        self.held_out = torch.from_numpy(ids).to(self.device)
        at = np.stack([one[WARM_UP:N] for one in ends], 1)                         # (N', P)

        half = PASSAGES // 2
        wanted: list[NDArray[np.float32]] = []
        names: list[str] = []
        for name, every in table.items():
            values = every[at]
            share = [min(np.mean(part > 0), np.mean(part <= 0)) if set(np.unique(part)) <= {0, 1}
                     else np.std(part) > 0 for part in (values[:, :half], values[:, half:])]
            if min(share) >= RAREST:
                names.append(name)
                wanted.append(values)
        self.names = tuple(names)
        self.wanted = np.array(wanted, np.float32).reshape(len(names), *at.shape)  # (F, N', P)
        spread = self.wanted.std(1) / self.wanted.std((1, 2))[:, None]             # (F, P)
        self.varied = spread.sum(0).argsort()[::-1].tolist()
        self.binary = [set(np.unique(one)) <= {0.0, 1.0} for one in self.wanted]

    def _cut(self, text: str) -> list[str]:
        return self.tokens.cut(text) if isinstance(self.tokens, Words) else list(text)

    def _ids(self, pieces: list[str]) -> NDArray[np.int64]:
        return self.tokens.encode("".join(pieces))

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on the next T tokens of each stream."""
        part = self.at + torch.arange(params.length + 1, device=self.device)[:, None]  # (T+1, B)
        window = self.train[part % len(self.train)]
        h, state = self.network(window[:-1], self.state)                           # (T, B, H)
        logits = self.network.readout(h)                                           # (T, B, V)
        loss = cross_entropy(logits.flatten(0, 1), window[1:].flatten())
        self.optimizer.zero_grad()
        loss.backward()
        length = get_total_norm([one.grad for one in self.learnt if one.grad is not None]).item()
        if length > CLIP:
            clip_grads_with_norm_(self.learnt, CLIP, torch.tensor(length))
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()

        self.state = tuple(one.detach() for one in state) if isinstance(state, tuple) \
            else state.detach()
        self.at = part[-1] % len(self.train)
        self.steps += 1
        self._write(params, WRITTEN)
        return {"loss": loss.item(), "gradient_norm": length}

    # --- the search

    def measure(self, params: Params) -> Mapping[str, float]:
        """A look at the held-out passages."""
        self.looked = self._look()
        return {"held_out": self.looked.loss}

    @torch.no_grad()
    def _look(self) -> Looked:
        """Read the held-out passages, and compare every unit with every feature."""
        h, _ = self.network(self.held_out)                                         # (N, P, H)
        logits = self.network.readout(h)                                           # (N, P, V)
        surprise = torch.zeros(self.held_out.shape)                                # (N, P)
        surprise[1:] = cross_entropy(logits[:-1].flatten(0, 1), self.held_out[1:].flatten(),
                                     reduction="none").view(-1, PASSAGES).cpu()
        states, half = h[WARM_UP:].cpu().numpy(), PASSAGES // 2                    # (N', P, H)
        found = correlations(self.wanted[:, :, :half], states[:, :half])           # (F, H)
        kept = correlations(self.wanted[:, :, half:], states[:, half:])            # (F, H)
        best = np.abs(found).argmax(1)                                             # (F,)
        areas = [roc_area(wanted[:, half:] > 0, states[:, half:, unit]) if binary else 0.0
                 for wanted, unit, binary in zip(self.wanted, best, self.binary, strict=True)]
        return Looked(h.cpu(), logits.cpu(), surprise, best.astype(np.int32),
                      kept[np.arange(len(best)), best], np.array(areas, np.float32), kept)

    # --- writing

    @torch.no_grad()
    def _write(self, params: Params, count: int) -> None:
        """Draw more tokens of the growing line, or of a new one if it is full."""
        for _ in range(count):
            line = self.lines[-1] if self.lines else None
            if line is None or line.full or line.given != params.prompt:
                line = self._new_line(params.prompt)
            odds = next_odds(line.last, params.temperature)                        # (V,)
            token = torch.multinomial(odds, 1, generator=self.pen)                 # (1,)
            h, line.state = self.network(token[:, None].to(self.device), line.state)
            line.last = self.network.readout(h[-1, 0]).cpu()                       # (V,)
            line.text += self.pieces[int(token)]

    def _new_line(self, given: str) -> Line:
        """Begin a line. Of the older ones the first after each milestone stays, and the last."""
        ids = torch.from_numpy(self.tokens.encode(given or "\n")).to(self.device)
        ids = ids if len(ids) else torch.zeros(1, dtype=torch.int64, device=self.device)
        h, state = self.network(ids[:, None])
        done = self.lines[:-1] + [one for one in self.lines[-1:] if one.full]
        first = {bisect_right(MILESTONES, one.begun): one for one in reversed(done)}
        stay = [one for one in done if one in first.values() or one is done[-1]]
        line = Line(self.steps, given, given, state, self.network.readout(h[-1, 0]).cpu())
        self.lines = [*stay, line]
        return line

    # --- looking

    def frame(self, params: Params) -> Frame:
        """The passage in colours, the guess after one of its tokens, and what the search found."""
        looked = self.looked
        shown = self.varied[params.passage % PASSAGES]
        pieces, ids = self.passages[shown], self.held_out[:, shown]
        h, logits, surprise = (one[:, shown] for one in (looked.h, looked.logits, looked.surprise))
        total = len(pieces)
        if params.prompt:
            whole = self._cut(params.prompt)
            pieces, total = whole[:CHARACTERS] or [UNKNOWN], max(1, len(whole))
            ids = torch.from_numpy(self._ids(pieces)).to(self.device)
            with torch.no_grad():
                read = self.network(ids[:, None])[0][:, 0]                         # (T, H)
                h, logits = read.cpu(), self.network.readout(read).cpu()           # (T, V)
                surprise = torch.zeros(len(ids))
                surprise[1:] = cross_entropy(logits[:-1], ids[1:].cpu(), reduction="none")
        place = params.place if 0 <= params.place < len(pieces) else len(pieces) - 1
        unit = self._unit(params)
        match params.colour:
            case "surprise":
                shade = (surprise / math.log(max(2, self.tokens.size))).clamp(0, 1).numpy()
            case "connection":
                shade = self._connection(ids[: place + 1], len(pieces))
            case _:
                shade = h[:, unit].numpy()
        sizes = [len(piece) for piece in pieces]
        odds, learnt = (next_odds(logits[place], one) for one in (params.temperature, 1.0))
        top = learnt.topk(min(CANDIDATES, self.tokens.size)).indices
        lines = self.lines
        return Frame(
            vocabulary=self.tokens.size, weights=sum(one.numel() for one in self.learnt),
            held_out=looked.loss, frequency_loss=self.facts["frequency_loss"],
            pair_loss=self.facts["pair_loss"],
            passage="".join(pieces), starts=np.cumsum([0, *sizes[:-1]], dtype=np.int32),
            unknown=(ids == 0).cpu().numpy(), total=total,
            shade=np.repeat(shade, sizes).astype(np.float32), unit=unit, place=place,
            candidates=tuple(self.pieces[one] for one in top.tolist()),
            odds=odds[top].numpy(), learnt_odds=learnt[top].numpy(),
            features=self.names, best=looked.best.copy(), scores=looked.scores.copy(),
            areas=looked.areas.copy(), first_scores=self.first_scores.copy(),
            correlations=looked.correlations.copy(),
            sample=tuple(one.text for one in lines),
            sample_steps=np.array([one.begun for one in lines], np.int64),
            sample_given=np.array([len(one.given) for one in lines], np.int64))

    def _unit(self, params: Params) -> int:
        """The chosen unit, or the one that was found for the chosen feature."""
        H = self.network.cell.hidden_size
        if 0 <= params.unit < H:
            return params.unit
        if not self.names:
            return 0
        gained = np.abs(self.looked.scores) - np.abs(self.first_scores)            # (F,)
        index = self.names.index(params.feature) if params.feature in self.names \
            else int(gained.argmax())
        return int(self.looked.best[index])

    def _connection(self, ids: Tensor, N: int) -> NDArray[np.float32]:
        """|∂ ln p(likeliest next token) / ∂ x_t| for each earlier token, the largest 1 (N,).

        This is the connectivity of Madsen 2019, "Visualizing memorization in RNNs".
        """
        before, near = ids[:-BACK], ids[-BACK:]
        with torch.no_grad():
            state = self.network(before[:, None])[1] if len(before) else None
        x = self.network.embedding(near[:, None]).detach().requires_grad_()        # (T, 1, D)
        h, _ = self.network.cell(x, state)
        best = self.network.readout(h[-1, 0]).log_softmax(0)[1:].max()
        slope = torch.autograd.grad(best, x)[0][:, 0].norm(dim=1).cpu()            # (T,)
        found = np.zeros(N, np.float32)
        found[len(before) : len(ids)] = (slope / slope.max().clamp_min(1e-30)).numpy()
        return found


def next_odds(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities (V,) after division by the temperature; 0 takes the best alone.

    Token 0 stands for all that is too rare to have one of its own, so it cannot be written.
    """
    said = logits.index_fill(0, torch.zeros(1, dtype=torch.int64), -math.inf)
    if temperature < 1e-3:
        return torch.zeros_like(said).index_fill_(0, said.argmax(), 1.0)
    return (said / temperature).softmax(0)


def correlations(wanted: NDArray[np.float32], states: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson's r of every feature (F, N, P) with every unit (N, P, H): one product, (F, H).

    A feature or a unit that never changes is said to have none.
    """
    f = wanted.reshape(len(wanted), math.prod(wanted.shape[1:]))                   # (F, N·P)
    h = states.reshape(-1, states.shape[2])                                        # (N·P, H)
    f, h = f - f.mean(1, keepdims=True), h - h.mean(0)
    scale = np.linalg.norm(f, axis=1)[:, None] * np.linalg.norm(h, axis=0)         # (F, H)
    found: NDArray[np.float32] = np.divide(f @ h, scale, out=np.zeros_like(scale), where=scale > 1e-6)
    return found


def roc_area(true: NDArray[np.bool_], values: NDArray[np.float32]) -> float:
    """Area under the ROC curve: how often a place where it is true has the larger value.

    By ranks (Mann and Whitney 1947). Below one half the unit is low where it is true; what is given
    is how far from chance it is, so the larger of the area and its complement.
    """
    order = values.ravel().argsort(kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    positive = true.ravel()
    n, m = int(positive.sum()), int((~positive).sum())
    area = (ranks[positive].sum() - n * (n + 1) / 2) / max(1, n * m)
    return float(max(area, 1 - area))
