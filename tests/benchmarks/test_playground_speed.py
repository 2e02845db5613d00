"""Epochs a second of the playground, with all maps made 30 times a second, against the plain loop.

The plain loop is what everyone writes: ``nn.Sequential``, autograd and ``torch.optim``. Both go over
the same 250 points in batches of ten and then tell the losses of training and test; in short turns,
so that what else runs hits both alike. Absolute figures are printed, never asserted: TensorFlow
Playground's own step does 120 epochs a second at its default network and 11 at its largest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data.points import FEATURES
from widgets.controls.parameters import changed

pytestmark = pytest.mark.benchmark

TURNS, TURN = 30, 0.1  # turns of each, seconds
INTERVAL = 1 / 30  # between two frames
NETWORKS = {
    "default, 2-4-2-1": {},
    "largest, 7 features, six layers of eight": {
        "layers": "8 8 8 8 8 8", "features": tuple(FEATURES)},
}


def plain_loop(x: torch.Tensor, y: torch.Tensor, widths: list[int], count: int) -> Callable[[], Any]:
    """An epoch by autograd; x is (N, F), y is (N, 1)."""
    parts: list[nn.Module] = []
    for below, here in pairwise(widths):
        parts += [nn.Linear(below, here), nn.Tanh()]
    model = nn.Sequential(*parts[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    loss = nn.BCEWithLogitsLoss()

    def epoch() -> tuple[float, float]:
        for some in torch.randperm(count).split(10):
            optimizer.zero_grad()
            loss(model(x[some]), y[some]).backward()
            optimizer.step()
        with torch.no_grad():
            scores = model(x)
            return loss(scores[:count], y[:count]).item(), loss(scores[count:], y[count:]).item()

    return epoch


@pytest.mark.parametrize("name", NETWORKS)
def test_that_the_written_out_way_back_is_several_times_as_fast_as_autograd(name: str) -> None:
    playground = panel("playground")
    trial = Trial(playground, changed(playground.params(), **NETWORKS[name]))
    experiment, params = trial.experiment, trial.params
    experiment.step(params)
    table = experiment.plan.table
    plain = plain_loop(table.x[:-1].T.clone(), table.y.T.clone(), list(experiment.network.widths),
                       table.trained_on)
    due = [0.0]

    def drawn() -> None:
        experiment.step(params)
        if time.perf_counter() >= due[0]:
            experiment.frame(params)
            due[0] = time.perf_counter() + INTERVAL

    def rate(epoch: Callable[[], object]) -> float:
        started, epochs = time.perf_counter(), 0
        while time.perf_counter() - started < TURN:
            epoch()
            epochs += 1
        return epochs / (time.perf_counter() - started)

    rate(drawn), rate(plain)  # caches
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(rate(drawn))
        theirs.append(rate(plain))
    ratio = sorted(a / b for a, b in zip(ours, theirs, strict=True))[TURNS // 2]
    print(f"\n{name}: {max(ours):,.0f} epochs a second with all maps, by autograd {max(theirs):,.0f}; "
          f"median ratio {ratio:.1f}")
    assert ratio >= 3.0
