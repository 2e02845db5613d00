"""Small experiments for the engine's tests. A worker process imports this module, so no Qt here."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from visualizers.panel import Context, Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import choice, hidden, integer, number


@dataclass(frozen=True)
class Params:
    learning_rate: float = number(0.05, 0.0, 1e30, help="Size of one update.")
    trouble: Literal[
        "none", "set-up", "set-up refused", "step", "refused", "frame", "nan", "stuck", "memory",
        "torch memory", "exit", "finish", "slow set-up", "uncopyable",
    ] = choice("none", help="What goes wrong.")
    at: int = integer(0, 0, 1_000_000, help="The step at which it does.")
    size: int = integer(8, 1, 4096, help="Hidden units.")
    wait: float = number(0.0, 0.0, 10.0, help="Seconds that a step takes at least.")
    weight: int = integer(0, 0, 1_000_000, help="Numbers in a frame beside the usual ones.")
    refuse: float = number(0.0, 0.0, 1.0, help="A frame is refused when this is one.")
    selected: int = hidden(0, help="What was clicked.")
    seed: int = integer(0, 0, 999, help="Seed.")


@dataclass(frozen=True)
class Frame:
    weights: np.ndarray
    learning_rate: float
    selected: int
    ballast: np.ndarray


class Rnn:
    """A little recurrent network with Adam and noise: everything that a keyframe must carry."""

    shared = ("data",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator = context.generator
        self.context = context
        self.done = 0
        self.data = torch.randn(64, 5, 4, generator=self.generator)  # (examples, time, input)
        self.cell = torch.nn.RNNCell(4, params.size)
        self.head = torch.nn.Linear(params.size, 1)
        with torch.no_grad():
            for weight in (*self.cell.parameters(), *self.head.parameters()):
                weight.copy_(0.3 * torch.randn(weight.shape, generator=self.generator))
        self.optimiser = torch.optim.Adam([*self.cell.parameters(), *self.head.parameters()])
        self.over = False
        if params.trouble == "set-up":
            raise ValueError("the set-up broke")
        if params.trouble == "set-up refused":
            raise Refusal("The text {name} is empty.", name="nothing.txt")
        if params.trouble == "slow set-up":
            for done in range(params.at):
                context.progress(done, params.at, "words")
                time.sleep(0.02)
        if params.trouble == "uncopyable":
            self.product = self.head.weight * 2  # not a leaf: cannot be deep-copied

    def step(self, params: Params) -> dict[str, float]:
        self.done += 1
        if params.wait:
            time.sleep(params.wait)
        if params.trouble != "none" and self.done >= max(1, params.at):
            self.fail(params.trouble)
        for group in self.optimiser.param_groups:
            group["lr"] = params.learning_rate
        rows = torch.randint(64, (8,), generator=self.generator)
        x = self.data[rows]  # (8, 5, 4)
        h = torch.zeros(8, self.head.in_features)
        for t in range(5):
            h = self.cell(x[:, t], h)  # (8, size)
        loss = ((self.head(h)[:, 0] - x[:, 0, 0]) ** 2).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        nan = params.trouble == "nan" and self.done >= max(1, params.at)
        return {"loss": float("nan") if nan else loss.item(), "done": float(self.done)}

    def fail(self, trouble: str) -> None:
        if trouble == "step":
            raise ZeroDivisionError("one over nought")
        if trouble == "refused":
            raise Refusal("Choose a text with at least {least} words.", least=3)
        if trouble == "stuck":
            time.sleep(3600)
        if trouble == "memory":
            raise MemoryError
        if trouble == "torch memory":
            torch.empty(1 << 50)
        if trouble == "exit":
            os._exit(3)
        if trouble == "finish":
            self.over = True

    def finished(self, params: Params) -> bool:
        return self.over

    def frame(self, params: Params) -> Frame:
        if params.trouble == "frame" and self.done >= params.at:
            raise KeyError("no frame")
        if params.refuse == 1:
            raise Refusal("Type at least {least} words.", least=2)
        weights = torch.cat([weight.detach().flatten() for weight in self.cell.parameters()])
        return Frame(weights.numpy().copy(), params.learning_rate, params.selected,
                     np.zeros(params.weight))


class Measured(Rnn):
    """The same, with an evaluation of its weights that reads one of the parameters."""

    measure_every = 4
    measure_reads = ("selected",)

    def measure(self, params: Params) -> dict[str, float]:
        self.size = sum(float(one.detach().norm()) for one in self.cell.parameters())
        return {"size": self.size, "seen": float(params.selected)}

    def frame(self, params: Params) -> Frame:
        frame = super().frame(params)
        return dataclasses.replace(frame, ballast=np.array([self.size]))


class Sleeper(Rnn):
    """It settles after ``at`` steps, until another learning rate wakes it for as many again."""

    def finished(self, params: Params) -> bool:
        return self.done >= params.at * (1 + (params.learning_rate > 1))

    def idle(self, params: Params) -> dict[str, str]:
        return {"wait": "It sleeps."} if self.finished(params) else {}


class Still:
    """Something to look at that does not train."""

    def __init__(self, params: Params, context: Context) -> None:
        self.weights = torch.rand(3, generator=context.generator)

    def frame(self, params: Params) -> Frame:
        return Frame((self.weights * params.learning_rate).numpy(), params.learning_rate,
                     params.selected, np.zeros(0))


class Clock:
    """A step of a set length, kept busy in Python: for measuring what the loop adds to it."""

    def __init__(self, params: Params, context: Context) -> None:
        self.total = 0.0

    def step(self, params: Params) -> dict[str, float]:
        until = time.perf_counter() + params.wait
        while time.perf_counter() < until:
            pass
        return {"loss": 1.0, "accuracy": 0.5}

    def frame(self, params: Params) -> Frame:
        return Frame(np.zeros(1000, np.float32), params.learning_rate, params.selected,
                     np.zeros(params.weight))


class Counter:
    """Counts its steps and remembers every rate in one number: quick, and exact to compare with."""

    def __init__(self, params: Params, context: Context) -> None:
        self.done, self.total = 0, float(params.seed)
        self.last, self.trouble = params.at, params.trouble

    def step(self, params: Params) -> dict[str, float]:
        self.done += 1
        self.total = self.total / 2 + params.learning_rate
        breaks = self.trouble == "nan" and self.done == self.last
        return {"loss": float("nan") if breaks else 1.0, "done": float(self.done)}

    def finished(self, params: Params) -> bool:
        """An odd click gives it something to do again."""
        return self.trouble == "finish" and self.done >= self.last and params.selected % 2 == 0

    def frame(self, params: Params) -> Frame:
        if params.refuse == 1:
            raise Refusal("Type at least {least} words.", least=2)
        return Frame(np.array([self.done, self.total]), params.learning_rate, params.selected,
                     np.zeros(0))


def panel(name: str = "Rnn", *, trains: bool = True) -> Panel:
    return Panel(id="toy", title="Toy", claim="It trains.", params=Params, frame=Frame,
                 experiment=f"toys:{name}", view="toys:none", trains=trains)
