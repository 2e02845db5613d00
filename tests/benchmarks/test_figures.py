"""The figures that `bench` prints, held against what the design asks for.

A machine that is busy with something else makes any of them worse, never better: so each is tried
up to three times, and the best run counts.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from visualizers.catalog import panels

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

TRIES = 3


def bench(*arguments: str) -> dict:
    done = subprocess.run([sys.executable, "-P", "-m", "app", "bench", *arguments, "--json"],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("panel", [one for one in panels() if one.trains], ids=lambda one: one.id)
def test_that_training_keeps_its_speed_while_the_window_draws(panel) -> None:
    best = 0.0
    for _ in range(TRIES):
        figures = bench(panel.id, "--seconds", "8")
        print(json.dumps(figures))
        best = max(best, figures["steps_per_second"]["ratio"])
        if best >= 0.95:
            break
    assert best >= 0.9  # 0.95 on a quiet machine; the rest is what else runs there
    assert figures["frames_per_second"] > 5
    assert figures["slider_to_paint_ms"]["p50"] is not None


def test_that_the_first_paint_comes_soon_after_that_of_an_empty_window() -> None:
    best = min(bench("--startup")["ratio"] for _ in range(2))
    assert best <= 1.8
