"""The same experiments on an accelerator, where there is one: no experiment names a device."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pytest

from app.headless.trial import Trial
from visualizers.catalog import panels

TRAINING = [one for one in panels() if one.trains]
ROOT = Path(__file__).resolve().parents[2]


def accelerator() -> str | None:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


@pytest.fixture
def device() -> str:
    found = accelerator()
    if found is None:
        pytest.skip("this machine has no accelerator")
    return found


def test_that_no_experiment_names_a_device() -> None:
    for file in (ROOT / "visualizers").rglob("*.py"):
        if file.name == "panel.py" and file.parent.name == "visualizers":
            continue
        code = re.sub(r'"""[\s\S]*?"""', "", file.read_text("utf-8"))
        assert not re.search(r"\.cuda\(|device=[\"'](?:cuda|mps)", code), file


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_panel_computes_there(panel, device: str) -> None:
    trial = Trial(panel, device=device)
    trial.train(5)
    for value in vars(trial.frame()).values():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert np.isfinite(value).all()


@pytest.mark.parametrize("panel", TRAINING, ids=lambda one: one.id)
def test_that_the_first_loss_is_that_of_the_cpu(panel, device: str) -> None:
    here, there = Trial(panel), Trial(panel, device=device)
    here.train(1)
    there.train(1)
    for name, value in here.history.last().items():
        assert there.history.last()[name] == pytest.approx(value, rel=1e-3, abs=1e-3), name


@pytest.mark.parametrize("panel", TRAINING, ids=lambda one: one.id)
def test_that_a_run_repeats_bit_for_bit_there(panel, device: str) -> None:
    runs = [Trial(panel, device=device) for _ in range(2)]
    for trial in runs:
        trial.train(8)
    assert runs[0].history.last() == runs[1].history.last()
    twin = copy.copy(runs[0]).copy()
    runs[0].train(4)
    twin.train(4)
    assert runs[0].history.last() == twin.history.last()
