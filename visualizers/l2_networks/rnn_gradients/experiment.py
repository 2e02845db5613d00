"""Back-propagation through time, written out by hand.

A recurrent network reads x_1 … x_T, keeps a state s_t = f(s_{t-1}, x_t) and answers from the last
one. The chain rule sends the error δ_t = ∂L/∂s_t back through one Jacobian after another,

    δ_{t-1} = J_tᵀ δ_t,    J_t = ∂s_t/∂s_{t-1},

so |δ_t| falls or grows by about the same factor at every step (Bengio, Simard and Frasconi 1994;
Pascanu, Mikolov and Bengio 2013, eq. 5). Nothing here asks for autograd; a test compares every δ_t
and every gradient of the weights with it.

The cells are in ``visualizers/models/recurrent.py``, each one step forward and the same step back.

Shapes: B sequences, T steps, H units, G blocks of weights (GRU 3, LSTM 4), S numbers in a state (H;
2H for the LSTM, whose state is h and c side by side).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from visualizers.l2_networks.rnn_gradients.panel import CLIP_OFF, FAINTEST, Frame, Params
from visualizers.models.precision import finest
from visualizers.models.recurrent import CELLS, back_through_time, chrono, log_norms
from visualizers.panel import Context

SYMBOLS, BATCH = 4, 32
DISTANCES = 12  # at how many steps back the Jacobian is decomposed
NONE = np.empty(0, np.float32)


@dataclass(frozen=True)
class Seen:
    """What one pass forward and back measured. Arrays over time run from the last step back."""

    loss: float
    accuracy: float
    log_gradient: NDArray[np.float32]  # (T+1,)
    log_cell_gradient: NDArray[np.float32]  # (T,), from one step back on, or (0,)
    log_kept: NDArray[np.float32]  # (T+1,), what the gates keep of a state, or (0,) without gates
    gate_means: NDArray[np.float32]  # (gates, T)
    gradient_norm: float
    w: Tensor  # (G·H, H), the weights all this belongs to; the update has changed them since


class RnnGradients:
    """One recurrent network and its training by back-propagation through time.

    The spectral radius acts live: when it is changed, each recurrent matrix is multiplied so that
    its largest eigenvalue has that size now. What was learnt keeps its directions, the picture
    follows the hand, and the change is recorded and replayed like that of a learning rate.
    """

    shared: ClassVar[tuple[str, ...]] = ("cell",)
    remembered: ClassVar[tuple[str, ...]] = (
        "log_gradient", "log_cell_gradient", "log_theory", "gate_means", "singular_steps", "log_largest",
        "log_smallest", "slope", "gradient_norm", "clipped")  # they are of the last batch
    measure_every = 0  # each step looks at its batch

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.dtype = finest(context.device)  # a gradient may be 1e-60 or 1e+60
        self.cell, size = CELLS[params.cell], params.hidden_size
        blocks = [self.normal(size, size) for _ in range(self.cell.blocks)]
        if params.start == "orthogonal":
            blocks = [torch.linalg.qr(block)[0] for block in blocks]
        self.radius = params.spectral_radius
        self.w = rescaled(torch.cat(blocks), self.radius).to(self.device, self.dtype)  # (G·H, H)
        self.u = (params.input_strength * self.normal(SYMBOLS, len(self.w))).to(self.w)  # (4, G·H)
        self.b = torch.zeros_like(self.w[:, 0])  # (G·H,)
        if params.gate_bias:
            self.open_gates(params)
        self.v = (self.normal(SYMBOLS, size) / math.sqrt(size)).to(self.w)  # (4, H), the readout
        self.trained = [self.w, self.u, self.b]
        if params.task == "copy the first symbol":
            self.trained.append(self.v)
        self.optimizer = torch.optim.Adam(self.trained)
        self.draw(params)
        self.seen: Seen | None = None

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)

    def open_gates(self, params: Params) -> None:
        """Let each unit keep its state for some d ~ U(1, T−1) steps (Tallec and Ollivier 2018).

        The LSTM's input gate gets the opposite bias, so that what is kept is not overwritten.
        """
        size = params.hidden_size
        log_d = chrono(size, params.length, self.generator)
        if params.cell in ("GRU", "LSTM"):
            self.b[:size] = log_d
        if params.cell == "LSTM":
            self.b[size : 2 * size] = -log_d

    def draw(self, params: Params) -> None:
        """A new batch: sequences of random symbols, and the symbol that each has to name."""
        x = torch.randint(SYMBOLS, (params.length, BATCH), generator=self.generator)
        self.x = x.to(self.device)  # (T, B)
        self.y = self.x[0 if params.task == "copy the first symbol" else -1]  # (B,)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of Adam on a new batch, with the gradient clipped by its norm."""
        if params.spectral_radius != self.radius:
            self.w.copy_(self.recurrent(params))
            self.radius = params.spectral_radius
        self.draw(params)
        self.seen, gradients = self.look(self.w)
        norm = self.seen.gradient_norm
        clipped = clips(params, norm)
        for tensor, gradient in zip(self.trained, gradients, strict=False):
            tensor.grad = gradient * (params.clip / norm) if clipped else gradient
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": self.seen.loss, "accuracy": self.seen.accuracy, "gradient_norm": norm,
                "clipped": float(clipped)}

    def measure(self, params: Params) -> Mapping[str, float]:
        """The last batch once more, with the weights that its update has left."""
        if params.spectral_radius == self.radius:
            self.seen, _ = self.look(self.w)
        return {}

    def recurrent(self, params: Params) -> Tensor:
        """The recurrent weights under these parameters."""
        same = params.spectral_radius == self.radius
        return self.w if same else rescaled(self.w, params.spectral_radius)

    @torch.no_grad()
    def look(self, w: Tensor) -> tuple[Seen, list[Tensor]]:
        """Forward through the batch, back through time: what was seen, and the gradients."""
        size = w.shape[1]
        s, parts = self.cell.forward(self.u[self.x] + self.b, w)  # (T+1, B, S)
        h = s[-1, :, :size]  # (B, H), the last state
        logits = h @ self.v.T  # (B, 4)
        wrong = (logits.softmax(1) - one_hot(self.y, SYMBOLS)) / BATCH  # ∂L/∂logits
        last = torch.zeros_like(s[0])  # (B, S)
        last[:, :size] = wrong @ self.v  # ∂L/∂h_T
        slopes = self.cell.slopes(s, parts)
        d = back_through_time(self.cell, last, slopes, w)  # (T+1, B, S), from T back to 0

        da, du = self.cell.errors(d[:-1].flip(0), slopes)  # (T, B, G·H) each
        gw = du.flatten(0, 1).T @ s[:-1, :, :size].flatten(0, 1)  # Σ_t δ h_{t-1}ᵀ
        gu = torch.zeros_like(self.u).index_add_(0, self.x.flatten(), da.flatten(0, 1))
        gradients = [gw, gu, da.sum((0, 1)), wrong.T @ h]

        gates = [gate.mean(1).flip(0) for gate in parts[: len(self.cell.gates)]]  # (T, H) each
        seen = Seen(
            loss=float(cross_entropy(logits, self.y)),
            accuracy=float((logits.argmax(1) == self.y).double().mean()),
            log_gradient=array(log_norms(d[..., :size])),
            log_cell_gradient=array(log_norms(d[1:, :, size:])) if self.cell.states > 1 else NONE,
            log_kept=log_products(gates[0]) if self.cell.blocks > 1 else NONE,
            gate_means=np.array([array(gate.mean(1)) for gate in gates], np.float32).reshape(
                len(gates), len(d) - 1),  # (gates, T), also of no gates
            gradient_norm=float(torch.stack([one.norm() for one in gradients]).norm()),
            w=w.clone(),
        )
        return seen, gradients

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """The last step's measurement, or that of this moment if the radius was changed since."""
        w = self.recurrent(params)
        seen = self.seen if self.seen and w is self.w else self.look(w)[0]
        radius = spectral_radius(seen.w)
        theory = seen.log_kept if len(seen.log_kept) else powers(radius, params.length)
        steps = np.unique(np.linspace(0, params.length, DISTANCES).round()).astype(np.int32)
        shown = params.beside == "singular values"
        largest, smallest = self.singular_values(w, steps) if shown else (NONE, NONE)
        return Frame(
            log_gradient=seen.log_gradient,
            log_cell_gradient=seen.log_cell_gradient,
            log_theory=seen.log_gradient[0] + theory,
            gate_names=self.cell.gates,
            gate_means=seen.gate_means,
            singular_steps=steps[: len(largest)],
            log_largest=largest,
            log_smallest=smallest,
            slope=slope(seen.log_gradient),
            radius=radius,
            gradient_norm=float(np.nan_to_num(seen.gradient_norm)),
            clipped=clips(params, seen.gradient_norm),
        )

    def singular_values(
        self, w: Tensor, steps: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """log10 of the extreme singular values of ∂h_T/∂h_t for the batch's first sequence.

        The rows of the Jacobian are H errors that go back together: δ_T is the unit matrix. Double
        precision tells a singular value from rounding while it is above 1e-15 of the largest one;
        the smallest are returned as far back as that holds.
        """
        size = w.shape[1]
        s, parts = self.cell.forward(self.u[self.x[:, :1]] + self.b, w)  # (T+1, 1, S)
        unit = torch.eye(size, s.shape[2]).to(s)  # (H, S)
        jacobians = back_through_time(self.cell, unit, self.cell.slopes(s, parts), w)
        values = torch.linalg.svdvals(jacobians[steps][..., :size].cpu())  # (K, H)
        largest, smallest = values[:, 0], values[:, -1]
        resolved = int((smallest > 1e-15 * largest).cumprod(0).sum())
        return array(largest.log10()), array(smallest[:resolved].log10())


def spectral_radius(w: Tensor) -> float:
    """Largest absolute eigenvalue of any of the stacked matrices."""
    return max(float(torch.linalg.eigvals(one).abs().max()) for one in w.cpu().split(w.shape[1]))


def rescaled(w: Tensor, radius: float) -> Tensor:
    """The stacked matrices, each multiplied so that its spectral radius is ``radius``."""
    return torch.cat([one * (radius / spectral_radius(one)) for one in w.split(w.shape[1])])


def clips(params: Params, norm: float) -> bool:
    return params.clip < CLIP_OFF and norm > params.clip


def log_products(gates: Tensor) -> NDArray[np.float32]:
    """log10 of what is left of a state after 0 … T steps, each unit times its own gate. (T, H)

    Units differ, and those that keep outlive the others: the mean is over units, of the products.
    """
    left = gates.log().cumsum(0).exp().mean(1).log10()  # (T,)
    return np.concatenate(([np.float32(0)], array(left)))


def powers(radius: float, length: int) -> NDArray[np.float32]:
    """log10 of radius^k for k = 0 … T: what theory expects of a cell without gates."""
    return np.arange(length + 1, dtype=np.float32) * np.float32(math.log10(radius))


def array(x: Tensor) -> NDArray[np.float32]:
    """A float32 copy of logarithms, all finite: that of zero is ``FAINTEST``."""
    return np.nan_to_num(x.cpu().numpy().astype(np.float32), nan=FAINTEST, neginf=FAINTEST,
                         posinf=-FAINTEST)


def slope(log_gradient: NDArray[np.float32]) -> float:
    """Factor per step back, by least squares over the far half.

    Near the loss a Gaussian matrix still mixes all its eigenvectors; far from it the largest
    eigenvalue is left alone and the slope is its size.
    """
    y = log_gradient[len(log_gradient) // 2 :].astype(np.float64)
    if y.min() <= FAINTEST:
        return 0.0
    return float(10 ** np.polyfit(np.arange(len(y)), y, 1)[0])
