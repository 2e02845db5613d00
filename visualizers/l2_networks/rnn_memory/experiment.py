"""Four recurrent networks learn to remember, on the same data and in the same steps.

Two classic tasks (Hochreiter and Schmidhuber 1997). Copying: read T random symbols, then name the
first. Adding: read T random numbers of which one in each half is marked, then give the sum of the
two. The networks have states of the same size and differ in the recurrence alone:

    RNN, orthogonal    h_t = tanh(W h_{t-1} + U x_t + b)
    GRU                h_t = z h_{t-1} + (1 − z) tanh(U x_t + b + r W h_{t-1})
    LSTM               c_t = f c_{t-1} + i g,   h_t = o tanh c_t

W of the RNN is drawn like PyTorch does; W of the orthogonal one is a rotation, which neither shrinks
nor stretches what it carries (Saxe, McClelland and Ganguli 2014). The cells, with the way back
written out, are in ``visualizers/models/recurrent.py``.

Shapes: B sequences, T steps, H units, G blocks of weights (GRU 3, LSTM 4), S numbers in a state (H;
2H for the LSTM, h and c), D inputs a step, O outputs at the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from visualizers.l2_networks.rnn_memory.panel import NETWORKS, SYMBOLS, Frame, Params
from visualizers.models.recurrent import CELLS, back_through_time, chrono, log_norms
from visualizers.panel import Context

BATCH = 32
CLIP = 1.0  # a longer gradient of a network's weights is shortened to this
PROBED = 256  # sequences that test it
RIDGE = 0.01
SCALE = 2.0**64  # of errors on their way back: small ones stay clear of single precision's end
FAINTEST = -60.0  # log10 of what stands for an error that got lost on the way


class Network:
    """One network: recurrent weights W, inputs U, biases b, readout V and c."""

    def __init__(self, name: str, inputs: int, outputs: int, params: Params, context: Context) -> None:
        size, generator = params.hidden_size, context.generator
        bound = 1 / math.sqrt(size)

        def uniform(*shape: int) -> Tensor:
            return (2 * torch.rand(*shape, generator=generator) - 1) * bound

        self.cell = CELLS.get(name, CELLS["tanh"])
        rows = self.cell.blocks * size
        w = uniform(rows, size)  # (G·H, H)
        if name == "orthogonal":
            w = torch.linalg.qr(torch.randn(size, size, generator=generator))[0].contiguous()
        u = params.input_strength * torch.randn(inputs, rows, generator=generator)  # (D, G·H)
        b = torch.zeros(rows)  # (G·H,)
        if params.gate_bias and name in ("GRU", "LSTM"):
            log_d = chrono(size, params.length, generator)
            b[:size] = log_d  # the gate that keeps: z of the GRU, f of the LSTM
            if name == "LSTM":
                b[size : 2 * size] = -log_d  # what is kept is not overwritten
        v, c = uniform(outputs, size), torch.zeros(outputs)  # (O, H), (O,)
        self.w, self.u, self.b, self.v, self.c = (
            one.to(context.device) for one in (w, u, b, v, c))
        self.weights = [self.w, self.u, self.b, self.v, self.c]

    def answer(self, x: Tensor) -> Tensor:
        """What it says after reading x (T, B, D): (B, O)."""
        return self.last_state(x) @ self.v.T + self.c

    def last_state(self, x: Tensor) -> Tensor:
        """h_T, (B, H)."""
        return self.cell.forward(x @ self.u + self.b, self.w)[0][-1, :, : self.w.shape[1]]

    def learn(self, x: Tensor, y: Tensor) -> tuple[float, float, Tensor]:
        """The gradient of each weight on this batch, clipped, by back-propagation through time.

        Args:
            x: (T, B, D).
            y: (B,) symbols, or (B,) sums.

        Returns:
            The loss, the score (accuracy, or the squared error of sums), and log10 |∂L/∂s_t| over
            the whole state, (T,).
        """
        size, batch = self.w.shape[1], len(y)
        s, parts = self.cell.forward(x @ self.u + self.b, self.w)  # (T+1, B, S)
        h = s[-1, :, :size]  # (B, H)
        said = torch.addmm(self.c, h, self.v.T)  # (B, O)
        if y.dtype == torch.long:
            logs = said.log_softmax(1)
            wrong = (logs.exp() - one_hot(y, SYMBOLS)) / batch  # ∂L/∂said of the cross-entropy
            loss = float(-logs.gather(1, y[:, None]).mean())
            score = float((said.argmax(1) == y).sum()) / batch
        else:
            error = said[:, 0] - y
            wrong = 2 * error[:, None] / batch  # ∂L/∂said of the mean squared error
            loss = score = float(error.square().mean())

        last = torch.zeros_like(s[0])  # (B, S)
        last[:, :size] = wrong @ (self.v * SCALE)  # ∂L/∂h_T
        slopes = self.cell.slopes(s, parts)
        d = back_through_time(self.cell, last, slopes, self.w)  # (T+1, B, S), from T back to 0
        da, du = self.cell.errors(d[:-1].flip(0), slopes)  # (T, B, G·H) each
        gradients = [
            du.flatten(0, 1).T @ s[:-1, :, :size].flatten(0, 1) / SCALE,  # Σ_t δ h_{t-1}ᵀ
            x.flatten(0, 1).T @ da.flatten(0, 1) / SCALE,
            da.sum((0, 1)) / SCALE,
            wrong.T @ h,
            wrong.sum(0),
        ]
        shorter = min(1.0, CLIP / (1e-12 + math.hypot(*(float(one.norm()) for one in gradients))))
        for weight, gradient in zip(self.weights, gradients, strict=True):
            weight.grad = gradient.mul_(shorter)
        return loss, score, log_norms(d[:-1]).flip(0)


class RnnMemory:
    """The race: one step trains all four on one batch."""

    shared: ClassVar[tuple[str, ...]] = ("probe", "positions")
    remembered: ClassVar[tuple[str, ...]] = ("log_reach",)
    measure_every = 50

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.copying = params.task == "copy the first symbol"
        inputs, outputs = (SYMBOLS, SYMBOLS) if self.copying else (2, 1)
        self.networks = [Network(name, inputs, outputs, params, context) for name in NETWORKS]
        self.optimizer = torch.optim.Adam(
            [weight for each in self.networks for weight in each.weights], foreach=True)
        self.positions = np.unique(np.linspace(
            1, params.length, params.length if self.copying else 20).round()).astype(np.int32)
        self.probe = self.draw(params.length, PROBED)[0] if self.copying else self.pairs(params)
        x, y = self.draw(params.length, BATCH)
        self.reach = [one.learn(x, y)[2] for one in self.networks]  # (T,) each

    def draw(self, length: int, batch: int) -> tuple[Tensor, Tensor]:
        """New sequences x (T, B, D) and their answers y (B,)."""
        if self.copying:
            symbols = torch.randint(SYMBOLS, (length, batch), generator=self.generator)
            return one_hot(symbols, SYMBOLS).float().to(self.device), symbols[0].to(self.device)
        value = torch.rand(length, batch, generator=self.generator)
        mark, half = torch.zeros(length, batch), length // 2
        for low, high in ((0, half), (half, length)):
            at = torch.randint(low, high, (1, batch), generator=self.generator)
            mark.scatter_(0, at, 1.0)
        x = torch.stack((value, mark), 2)  # (T, B, 2)
        return x.to(self.device), (value * mark).sum(0).to(self.device)

    def pairs(self, params: Params) -> Tensor:
        """Adding: pairs of sequences that differ in one marked number, 0 or 1. (T, P·k·2, 2)

        The k pairs of a position are new sequences, in each of which the mark of that half is moved
        to the position.
        """
        each = PROBED // 2 // len(self.positions)
        x, _ = self.draw(params.length, len(self.positions) * each)  # (T, P·k, 2)
        at = torch.from_numpy(self.positions).long().repeat_interleave(each) - 1  # (P·k,)
        n, half = torch.arange(len(at)), params.length // 2
        first = torch.arange(params.length)[:, None] < half
        x[:, :, 1] *= (first != (at < half)).to(self.device)  # takes away the mark of its half
        x[at, n, 1] = 1.0
        low, high = x, x.clone()
        low[at, n, 0], high[at, n, 0] = 0.0, 1.0
        return torch.cat((low, high), 1)

    @torch.no_grad()
    def step(self, params: Params) -> Mapping[str, float]:
        """One update of Adam of all four networks on one new batch."""
        x, y = self.draw(params.length, BATCH)
        seen = [one.learn(x, y) for one in self.networks]
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.reach = [reach for _, _, reach in seen]
        scores = {name: score for name, (_, score, _) in zip(NETWORKS, seen, strict=True)}
        return {"loss": sum(loss for loss, _, _ in seen) / len(seen), **scores}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """What each network keeps of each position, (4, P).

        Copying: how often the symbol at that position can be read from the last state by a linear
        probe, a regression that no network learns from. Adding: by how much the network's answer
        grows when the number marked there grows by 1; it should by 1.
        """
        if self.copying:
            kept = [readable(one.last_state(self.probe), self.probe) for one in self.networks]
        else:
            grown = [one.answer(self.probe)[:, 0].view(2, len(self.positions), -1).mean(2)
                     for one in self.networks]  # (2, P) each
            kept = [(high - low).cpu().numpy() for low, high in grown]
        self.memory: NDArray[np.float32] = np.stack(kept)
        return {}

    def frame(self, params: Params) -> Frame:
        reach = torch.stack(self.reach)  # (4, T)
        relative = (reach - reach[:, -1:]).cpu().numpy()
        return Frame(
            log_reach=np.nan_to_num(relative, nan=FAINTEST, neginf=FAINTEST).clip(FAINTEST),
            positions=self.positions.copy(),
            memory=np.nan_to_num(self.memory),
            weights=np.array([sum(weight.numel() for weight in one.weights)
                              for one in self.networks], np.int32),
        )


def readable(h: Tensor, x: Tensor) -> NDArray[np.float32]:
    """How often the symbol at each position can be told from h by ridge regression. (T,)

    Every sequence is judged by a regression that was fitted to all others. That needs one fit only:
    with the hat matrix A = H (HᵀH + λ)⁻¹ Hᵀ the prediction without sequence n is
    (ŷ_n − A_nn y_n) / (1 − A_nn).

    Args:
        h: (N, H) last states.
        x: (T, N, 4) the symbols that were read, one-hot.
    """
    n = len(h)
    h = (h - h.mean(0)) / h.std(0).clamp_min(1e-6)
    h = torch.cat((h, torch.ones_like(h[:, :1])), 1)  # (N, H+1)
    gram = h.T @ h + RIDGE * n * torch.eye(h.shape[1], device=h.device)
    hat = h @ torch.linalg.solve(gram, h.T)  # (N, N)
    y = x.transpose(0, 1).flatten(1)  # (N, T·4)
    own = hat.diagonal()[:, None]
    guess = ((hat @ y - own * y) / (1 - own)).view(n, -1, SYMBOLS)  # (N, T, 4)
    right = guess.argmax(2) == x.argmax(2).T  # (N, T)
    found: NDArray[np.float32] = right.float().mean(0).cpu().numpy()
    return found
