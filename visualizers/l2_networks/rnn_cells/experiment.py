"""A small recurrent network learns to go on with the alphabet, and its cell is opened.

At each character x_t the same cell makes a new state from the old one, and the state says what
comes next. With W, U and b stacked for all gates (Elman 1990; Cho et al. 2014; Hochreiter and
Schmidhuber 1997, Gers et al. 2000):

    RNN     h_t = tanh(W h_{t-1} + U x_t + b)
    GRU     z = σ(…)   r = σ(…)   n = tanh(U x_t + b + r ∘ W h_{t-1})
            h_t = z ∘ h_{t-1} + (1 − z) ∘ n                 z keeps; the course writes h̃ for n
    LSTM    f = σ(…)   i = σ(…)   o = σ(…)   g = tanh(…)
            c_t = f ∘ c_{t-1} + i ∘ g   h_t = o ∘ tanh c_t

where … stands for W h_{t-1} + U x_t + b with the gate's own rows. The network is trained through
``visualizers/models/recurrent.py``; ``opened`` works the same cell step by step, to show it all and
to let a learner hold a gate.

Shapes: B sequences, T steps, H units, G blocks of weights (GRU 3, LSTM 4), V characters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.l2_networks.rnn_cells.panel import GATES, LONGEST, Frame, Params
from visualizers.models.recurrent import CELLS
from visualizers.panel import Context

Array = NDArray[np.float32]

ALPHABET = " abcdefghijklmnopqrstuvwxyz"  # recited round and round, with a breath at the end
CHARACTERS = 64  # the alphabet's, and room for others that are typed
BATCH, STEPS = 32, 20
TURNS = 0.1  # how often the direction changes
AGAIN = 20  # equal steps of the small cell


class RnnCells:
    """A network of one recurrent layer, trained to say the next character."""

    measure_every = 5

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        self.cell, size = CELLS[{"RNN": "tanh"}.get(params.cell, params.cell)], params.hidden_size
        rows, bound = self.cell.blocks * size, 1 / math.sqrt(size)

        def uniform(*shape: int) -> Tensor:
            drawn = (2 * torch.rand(*shape, generator=self.generator) - 1) * bound
            return drawn.to(self.device).requires_grad_()

        self.w = uniform(rows, size)  # (G·H, H), the same at every step, however many there are
        self.u = uniform(CHARACTERS, rows)  # (V, G·H)
        self.b = uniform(rows)  # (G·H,)
        self.v, self.c = uniform(CHARACTERS, size), uniform(CHARACTERS)  # (V, H), (V,)
        self.weights = [self.w, self.u, self.b, self.v, self.c]
        self.optimizer = torch.optim.Adam(self.weights, foreach=True)

    def exercise(self, params: Params) -> Tensor:
        """Sequences to go on with, (T+1, B) numbers of characters."""
        if params.lesson == "the typed text":
            said = numbered(shown(params.text) + " ")
            start = torch.randint(len(said), (BATCH,), generator=self.generator)
            places = (start + torch.arange(STEPS + 1)[:, None]) % len(said)
            return torch.tensor(said)[places].to(self.device)
        ways = torch.ones(STEPS + 1, BATCH, dtype=torch.long)
        if params.lesson == "the alphabet with turns":
            turn = torch.rand(STEPS + 1, BATCH, generator=self.generator) < TURNS
            turn[0] = torch.rand(BATCH, generator=self.generator) < 0.5
            ways = 1 - 2 * (turn.cumsum(0) % 2)
        start = torch.randint(len(ALPHABET), (BATCH,), generator=self.generator)
        return ((start + ways.cumsum(0)) % len(ALPHABET)).to(self.device)

    def said_next(self, x: Tensor) -> Tensor:
        """The logits of the next character after each of x (T, B): (T, B, V)."""
        states, _ = self.cell.forward(self.u[x] + self.b, self.w)  # (T+1, B, S)
        h = states[1:, :, : self.w.shape[1]]  # (T, B, H)
        return h @ self.v.T + self.c

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of Adam on a new exercise."""
        x = self.exercise(params)  # (T+1, B)
        loss = cross_entropy(self.said_next(x[:-1]).flatten(0, 1), x[1:].flatten())
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        return {"loss": loss.item()}

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The alphabet recited: nats a letter from a to z, and from z to a."""
        letters = torch.arange(1, len(ALPHABET), device=self.device)
        x = torch.stack((letters, letters.flip(0)), 1)  # (26, 2)
        logs = self.said_next(x[:-1]).log_softmax(2)  # (25, 2, V)
        each = -logs.gather(2, x[1:, :, None]).mean((0, 2))
        self.recited = float(each[0]), float(each[1])
        return {"forward": self.recited[0], "backward": self.recited[1]}

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        read = shown(params.text)
        numbers = numbered(read)
        u, w, b, v, c = (one.cpu().numpy() for one in (self.u, self.w, self.b, self.v, self.c))
        held = {gate: float(value) for gate, value in params.held if gate in GATES}
        since = min(params.position, len(numbers) - 1)
        values, before = opened(params.cell, u[numbers] + b, w, held, since)
        logits = values["h"] @ v.T + c  # (T, V)
        logits -= logits.max(1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        came = logs[np.arange(len(numbers) - 1), numbers[1:]]  # (T−1,)
        zero = np.zeros_like(values["h"])
        return Frame(
            text=read,
            names=tuple(values),
            values=np.stack([one.T for one in values.values()]),
            before=np.stack([before.get(name, zero).T for name in values]),
            letters=(*ALPHABET, *others(read)),
            odds=np.exp(logs)[:, : len(ALPHABET) + len(others(read))],
            surprise=np.append(-came, 0.0).astype(np.float32),
            weights=sum(one.numel() for one in self.weights),
            forward=self.recited[0],
            backward=self.recited[1],
            slide=again(params.slide),
        )


def opened(
    cell: str, a: Array, w: Array, held: Mapping[str, float], since: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The cell worked by hand along one sequence.

    Args:
        a: U x_t + b, (T, G·H).
        w: (G·H, H).
        held: values at which gates are held from step ``since`` on.

    Returns:
        Each kind of value, (T, H), by its name; and those before σ or tanh.
    """
    size = w.shape[1]
    h: Array = np.zeros(size, np.float32)
    c = h
    steps: list[dict[str, Array]] = []
    raws: list[dict[str, Array]] = []
    for t, a_t in enumerate(a):
        hold = held if t >= since else {}
        m = w @ h  # (G·H,)
        now: dict[str, Array] = {}
        if cell == "RNN":
            raw = {"h": a_t + m}
            now["a"], h = raw["h"], np.tanh(raw["h"])
        elif cell == "GRU":
            raw = {"z": a_t[:size] + m[:size], "r": a_t[size : 2 * size] + m[size : 2 * size]}
            r = now["r"] = gate(raw["r"], hold.get("r"))
            z = now["z"] = gate(raw["z"], hold.get("z"))
            raw["n"] = a_t[2 * size :] + r * m[2 * size :]
            n = now["n"] = np.tanh(raw["n"])
            h = z * h + (1 - z) * n
        else:
            raw = dict(zip("fiog", (a_t + m).reshape(4, size), strict=True))
            f, i, o = (gate(raw[name], hold.get(name)) for name in "fio")
            g = np.tanh(raw["g"])
            c = f * c + i * g
            h = o * np.tanh(c)
            now |= {"f": f, "i": i, "g": g, "c": c, "o": o}
        now["h"] = h
        steps.append(now)
        raws.append(raw)
    return ({name: np.stack([one[name] for one in steps]) for name in steps[0]},
            {name: np.stack([one[name] for one in raws]) for name in raws[0]})


def gate(raw: Array, held: float | None) -> Array:
    """σ of what comes in, or what a learner holds it at. σ(a) = (1 + tanh(a/2)) / 2 cannot overflow."""
    half = np.float32(0.5)
    return half + half * np.tanh(half * raw) if held is None else np.full_like(raw, held)


def again(slide: Sequence[Sequence[float]]) -> Array:
    """h ← z ∘ h + (1 − z) ∘ h̃ with the same gate and the same new state, 20 times. (21, 3)"""
    h, z, new = np.array(slide, np.float32)  # (3,) each
    states: list[Array] = [h]
    for _ in range(AGAIN):
        states.append(z * states[-1] + (1 - z) * new)
    return np.stack(states)


def shown(text: str) -> str:
    """What of a typed text is read: one line, not too long, never nothing."""
    return " ".join(text.split())[:LONGEST] or " "


def others(text: str) -> list[str]:
    """Characters beyond the alphabet in the order in which they first come, as far as there is room."""
    return [one for one in dict.fromkeys(text.lower()) if one not in ALPHABET][
        : CHARACTERS - len(ALPHABET)]


def numbered(text: str) -> list[int]:
    """The number of each character; capitals count as small letters."""
    known = {one: index for index, one in enumerate((*ALPHABET, *others(text)))}
    return [known.get(one.lower(), 0) for one in text]
