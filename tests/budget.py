"""What each panel's proof costs in CPU seconds, and what it may cost.

Eighty panels must be proved in 25 minutes on two cores, so each has a budget. Seconds of CPU, not of
the clock: a busy machine makes a test late, not dear. They still depend on the processor, so the
budget is stretched by how much slower than the reference this one does a fixed piece of work.
"""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

# CPU seconds a panel, on the reference machine: what no panel may exceed …
BUDGET = {"contract": 6.0, "tour": 6.0, "truths": 12.0}
# … but for these, which may take so much, as measured in November 2026 beside other work: only ever
# lowered or struck out.
DEARER: dict[tuple[str, str], float] = {
    ("contract", "unseen_words"): 8.0, ("contract", "delta_lab"): 8.0, ("contract", "lora"): 7.5,
    ("contract", "retrieval"): 8.0, ("contract", "knowledge_extraction"): 10.0,
    ("contract", "compression"): 8.0, ("contract", "citations"): 6.4, ("contract", "protein_lm"): 7.5,
    ("contract", "splice_sites"): 7.5, ("tour", "rnn_lm"): 9.0, ("tour", "tiny_gpt"): 10.0,
    ("tour", "rnn_memory"): 6.7, ("tour", "splice_sites"): 8.0, ("tour", "text_cnn"): 6.6,
    ("tour", "masked_lm"): 8.7, ("tour", "cnn_vs_rnn"): 6.3,
}
# Beside other work the same proof takes up to so many times as long, whatever the yardstick says.
TOLERANCE = 1.6
# CPU seconds of ``yardstick`` there: one core of a two-core server of 2024.
REFERENCE = 0.30
PANEL = re.compile(r"\[([^\]]+)\]$")


def kind_and_panel(nodeid: str, panels: Iterable[str]) -> tuple[str, str] | None:
    """Which budget a test draws on, and of which panel; ``None`` for a test of something else."""
    known = set(panels)
    path, _, _ = nodeid.partition("::")
    if path.startswith("tests/visualizers/"):
        name = path.rpartition("/")[2].removeprefix("test_").removesuffix(".py")
        for id in (name, name.removesuffix("_view")):
            if id in known:
                return "truths", id
        return None
    found = PANEL.search(nodeid)
    # The README's pictures belong to no panel's proof.
    if not path.startswith("tests/contract/") or path.endswith("test_pictures.py"):
        return None
    for name in found[1].split("-") if found else ():
        if name in known:
            return ("tour" if path.endswith("test_tours.py") else "contract"), name
    return None


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def yardstick() -> float:
    """CPU seconds of a fixed piece of work, half arithmetic of Python's and half of numpy's."""
    import numpy as np

    began = time.process_time()
    total = 0
    for number in range(6_000_000):
        total += number % 7
    values = np.linspace(0.0, 1.0, 200_000)
    for _ in range(240):
        values = np.sqrt(values * values + 1e-9)
    return time.process_time() - began


def totals(spent: Iterable[tuple[str, str, float]]) -> dict[tuple[str, str], float]:
    """Seconds by (kind, panel)."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for kind, panel, seconds in spent:
        found[kind, panel] += seconds
    return dict(found)


def over(spent: Mapping[tuple[str, str], float], stretch: float) -> list[str]:
    """One sentence for each panel that took more than it may."""
    allowed = {one: stretch * TOLERANCE * DEARER.get(one, BUDGET[one[0]]) for one in spent}
    return [f"{panel}: {kind} took {seconds:.1f} s of CPU, {allowed[kind, panel]:.1f} s are allowed"
            for (kind, panel), seconds in sorted(spent.items()) if seconds > allowed[kind, panel]]


def table(spent: Mapping[tuple[str, str], float]) -> list[str]:
    """The costs as lines of text, the dearest panel first."""
    panels = sorted({panel for _, panel in spent},
                    key=lambda one: -sum(spent.get((kind, one), 0.0) for kind in BUDGET))
    head = f"{'panel':20}" + "".join(f"{kind:>10}" for kind in BUDGET)
    return [head, *(f"{one:20}" + "".join(f"{spent.get((kind, one), 0.0):10.1f}" for kind in BUDGET)
                    for one in panels)]
