"""What each kind of process may import. Strings escape a static check, so processes are asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence

import pytest

from app.engine.pool import experiments
from visualizers.catalog import panels

# What takes a tenth of a second or tens of megabytes, and what nobody means to import.
HEAVY = ("accelerate", "gensim", "gguf", "huggingface_hub", "jieba", "matplotlib", "networkx", "nltk",
         "pandas", "scipy", "sklearn", "transformers")
QT = ("PySide6", "pyqtgraph", "shiboken6", "superqt")
LEARNING = ("rdkit", "safetensors", "tokenizers", "torch", *HEAVY)

LOOK = "print(*sorted({{name.partition('.')[0] for name in sys.modules}} & {forbidden!r}))"
CATALOGUE = "import visualizers.catalog as c; c.panels()"
DATA = "from visualizers.data import all_sources; all_sources()"
WINDOW = """
from PySide6.QtWidgets import QApplication
application = QApplication(["x"])
from app.main import build
window, pool = build(application)
window.show()
application.processEvents()
"""
BUDGETS = {
    "the program's entry": ("import app.__main__, app.main", (*QT, *LEARNING, "numpy")),
    "the panels' declarations": (CATALOGUE, (*QT, *LEARNING)),
    "the data": (DATA, (*QT, *LEARNING)),
    "the window": (WINDOW, ("pyqtgraph", "ziamath", "pygments", *LEARNING)),
}


def imported(code: str, forbidden: Iterable[str]) -> list[str]:
    """What a fresh interpreter has imported of ``forbidden`` after it has run ``code``."""
    look = LOOK.format(forbidden=set(forbidden))
    done = subprocess.run([sys.executable, "-c", f"import sys\n{code}\n{look}"], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def culprits(modules: Sequence[str], forbidden: Iterable[str]) -> dict[str, list[str]]:
    """Which of ``modules`` imports what of ``forbidden``.

    An interpreter is started for each only where one for all has found something.
    """
    def load(some: Iterable[str]) -> list[str]:
        return imported("\n".join(f"import {one}" for one in some), forbidden)

    together = load(modules)
    if not together:
        return {}
    alone = {one: found for one in modules if (found := load([one]))}
    return alone or {"all of them together": together}


@pytest.mark.parametrize("process", BUDGETS)
def test_that_a_process_starts_with_little(process: str) -> None:
    assert imported(*BUDGETS[process]) == []


def test_that_no_view_loads_what_learns() -> None:
    assert culprits([one.view.partition(":")[0] for one in panels()], LEARNING) == {}


def test_that_a_worker_starts_with_torch_and_little_else() -> None:
    """Its own modules and every panel's experiment, as a spare worker and the fork server import them."""
    modules = ("app.engine.worker", *experiments(panels()), "app.engine.imported")
    assert culprits(modules, (*QT, *HEAVY, "app.window.window")) == {}


def test_that_a_culprit_is_named() -> None:
    assert culprits(["json", "csv", "colorsys"], ["csv", "colorsys"]) == {
        "csv": ["csv"], "colorsys": ["colorsys"]}
    assert culprits(["json"], ["csv"]) == {}
