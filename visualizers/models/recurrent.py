"""Recurrent cells with the way back written out: no autograd, one Jacobian a step.

A cell makes s_t from s_{t-1} and a_t = U x_t + b. Its ``back`` makes ∂L/∂s_{t-1} = J_tᵀ ∂L/∂s_t with
J_t = ∂s_t/∂s_{t-1}, and is one or two lines, because everything in J_t that does not depend on the
error is computed beforehand for all t at once (``slopes``).

Shapes: B sequences, T steps, H units, G blocks of weights (GRU 3, LSTM 4). ``w`` stacks the recurrent
matrices, (G·H, H); a is (T, B, G·H). A state has S numbers: h alone, S = H; for the LSTM h and c side
by side, S = 2H.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

Parts = tuple[Tensor, ...]


class Cell(Protocol):
    """One kind of recurrence: a way forward, and the Jacobian's way back."""

    blocks: int  # G
    states: int  # S / H
    gates: tuple[str, ...]

    def forward(self, a: Tensor, w: Tensor) -> tuple[Tensor, Parts]:
        """All states (T+1, B, S), the first one zero, and the gates (T, B, H each), then more."""
        ...

    def slopes(self, s: Tensor, parts: Parts) -> Parts:
        """All that J_t needs beside w, for every t at once, (T, B, …) each."""
        ...

    def back(self, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        """J_tᵀ δ for one t, (B, S)."""
        ...

    def errors(self, d: Tensor, slopes: Parts) -> tuple[Tensor, Tensor]:
        """∂L/∂a and ∂L/∂(W h) for all t from all δ_1 … δ_T, (T, B, G·H) each."""
        ...


class Linear:
    """h_t = W h_{t-1} + a_t. The Jacobian is W, at every step."""

    blocks, states = 1, 1
    gates: tuple[str, ...] = ()

    def forward(self, a: Tensor, w: Tensor) -> tuple[Tensor, Parts]:
        h = [torch.zeros_like(a[0])]
        for a_t in a.unbind():
            h.append(torch.addmm(a_t, h[-1], w.T))
        return torch.stack(h), ()

    def slopes(self, s: Tensor, parts: Parts) -> Parts:
        return (torch.ones(len(s) - 1),)  # of a straight line

    def back(self, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        return d @ w

    def errors(self, d: Tensor, slopes: Parts) -> tuple[Tensor, Tensor]:
        return d, d


class Tanh:
    """h_t = tanh(W h_{t-1} + a_t). J_t = diag(1 − h_t²) W, and 1 − h² is never above 1."""

    blocks, states = 1, 1
    gates: tuple[str, ...] = ("1 − h²",)

    def forward(self, a: Tensor, w: Tensor) -> tuple[Tensor, Parts]:
        h = [torch.zeros_like(a[0])]
        for a_t in a.unbind():
            h.append(torch.addmm(a_t, h[-1], w.T).tanh())
        s = torch.stack(h)
        return s, (1 - s[1:] ** 2,)

    def slopes(self, s: Tensor, parts: Parts) -> Parts:
        return parts

    def back(self, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        return (d * slopes[0]) @ w

    def errors(self, d: Tensor, slopes: Parts) -> tuple[Tensor, Tensor]:
        return d * slopes[0], d * slopes[0]


class GRU:
    """h_t = z h_{t-1} + (1 − z) n, n = tanh(a_n + r W_n h_{t-1}); z keeps (Cho et al. 2014)."""

    blocks, states = 3, 1
    gates: tuple[str, ...] = ("z", "r")

    def forward(self, a: Tensor, w: Tensor) -> tuple[Tensor, Parts]:
        size = w.shape[1]
        w_gates, w_n = w[: 2 * size].T.contiguous(), w[2 * size :].T.contiguous()
        h, kept = [torch.zeros_like(a[0, :, :size])], []
        for a_gates, a_n in zip(a[..., : 2 * size].unbind(), a[..., 2 * size :].unbind(),
                             strict=True):
            z, r = torch.addmm(a_gates, h[-1], w_gates).sigmoid().chunk(2, 1)
            m = h[-1] @ w_n
            n = torch.addcmul(a_n, r, m).tanh()
            h.append(torch.lerp(n, h[-1], z))
            kept.append((z, r, m, n))
        return torch.stack(h), tuple(torch.stack(part) for part in zip(*kept, strict=True))

    def slopes(self, s: Tensor, parts: Parts) -> Parts:
        z, r, m, n = parts
        to_n = (1 - z) * (1 - n * n)
        to_z, to_r = (s[:-1] - n) * z * (1 - z), to_n * m * r * (1 - r)
        return z, torch.cat((to_z, to_r, to_n * r), 2), torch.cat((to_z, to_r, to_n), 2)

    def back(self, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        return torch.addcmul((torch.cat((d, d, d), 1) * slopes[1]) @ w, d, slopes[0])

    def errors(self, d: Tensor, slopes: Parts) -> tuple[Tensor, Tensor]:
        three = torch.cat((d, d, d), 2)
        return three * slopes[2], three * slopes[1]


class LSTM:
    """c_t = f c_{t-1} + i g, h_t = o tanh c_t (Hochreiter and Schmidhuber 1997, Gers et al. 2000)."""

    blocks, states = 4, 2
    gates: tuple[str, ...] = ("f", "i", "o")

    def forward(self, a: Tensor, w: Tensor) -> tuple[Tensor, Parts]:
        size = w.shape[1]
        w_t = w.T.contiguous()
        h, c, kept = [torch.zeros_like(a[0, :, :size])], [torch.zeros_like(a[0, :, :size])], []
        for a_t in a.unbind():
            u = torch.addmm(a_t, h[-1], w_t)  # (B, 4H)
            f, i, o = u[:, : 3 * size].sigmoid().chunk(3, 1)
            g = u[:, 3 * size :].tanh()
            c.append(torch.addcmul(i * g, f, c[-1]))
            y = c[-1].tanh()
            h.append(o * y)
            kept.append((f, i, o, g, y))
        s = torch.cat((torch.stack(h), torch.stack(c)), 2)
        return s, tuple(torch.stack(part) for part in zip(*kept, strict=True))

    def slopes(self, s: Tensor, parts: Parts) -> Parts:
        f, i, o, g, y = parts
        c = s[:-1, :, s.shape[2] // 2 :]  # c_{t-1}
        a = (c * f * (1 - f), g * i * (1 - i), y * o * (1 - o), i * (1 - g * g))
        return f, o * (1 - y * y), torch.cat(a, 2)

    def back(self, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        dh, dc = d.chunk(2, 1)
        dc = torch.addcmul(dc, dh, slopes[1])  # h_t = o tanh c_t hands its error to c_t
        return torch.cat(((torch.cat((dc, dc, dh, dc), 1) * slopes[2]) @ w, dc * slopes[0]), 1)

    def errors(self, d: Tensor, slopes: Parts) -> tuple[Tensor, Tensor]:
        dh, dc = d.chunk(2, 2)
        dc = torch.addcmul(dc, dh, slopes[1])
        a = torch.cat((dc, dc, dh, dc), 2) * slopes[2]
        return a, a


CELLS: dict[str, Cell] = {"linear": Linear(), "tanh": Tanh(), "GRU": GRU(), "LSTM": LSTM()}


def back_through_time(cell: Cell, d: Tensor, slopes: Parts, w: Tensor) -> Tensor:
    """δ_T, δ_{T-1}, …, δ_0 from δ_T: one Jacobian after another. (T+1, B, S)"""
    errors = [d]
    for at_t in reversed(list(zip(*(one.unbind() for one in slopes), strict=True))):
        errors.append(cell.back(errors[-1], at_t, w))
    return torch.stack(errors)


def chrono(size: int, length: int, generator: torch.Generator) -> Tensor:
    """log d for each unit, d ~ U(1, T−1): biases that keep states for d steps. (H,)

    A gate of 1 − 1/(d+1) keeps a state for about d steps, and its bias is log d (Tallec and Ollivier
    2018, section 2).
    """
    return (1 + (length - 2) * torch.rand(size, generator=generator, dtype=torch.float64)).log()


def log_norms(d: Tensor) -> Tensor:
    """log10 of the norm of each d[k], safe from overflow of the squares. (T, B, S) → (T,)"""
    peak = d.abs().amax((1, 2)).clamp_min(torch.finfo(d.dtype).tiny)
    norms: Tensor = (d / peak[:, None, None]).norm(dim=(1, 2)) * peak
    return norms.log10()
