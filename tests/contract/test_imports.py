"""Strings escape a static check, so each experiment and view is imported in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

from visualizers.catalog import panels

PROGRAM = """
import sys
from visualizers.panel import load
load({path!r})
print(",".join(name for name in {forbidden!r} if name in sys.modules))
"""


def loaded(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True,
                          text=True).stdout.strip()


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_an_experiment_loads_no_qt(panel) -> None:
    forbidden = ("PySide6", "pyqtgraph", "superqt", "app.window")
    assert loaded(PROGRAM.format(path=panel.experiment, forbidden=forbidden)) == ""


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_view_loads_no_torch(panel) -> None:
    forbidden = ("torch", "transformers", "tokenizers", "sklearn", "jieba")
    assert loaded(PROGRAM.format(path=panel.view, forbidden=forbidden)) == ""


def test_that_the_catalogue_loads_neither_qt_nor_torch() -> None:
    code = ("import sys, visualizers.catalog as c; c.panels(); "
            "print([n for n in ('PySide6', 'torch') if n in sys.modules])")
    assert loaded(code) == "[]"


def test_that_the_program_s_entry_loads_nothing_heavy() -> None:
    code = ("import sys, app.__main__, app.main; "
            "print([n for n in ('PySide6', 'torch', 'pyqtgraph', 'numpy') if n in sys.modules])")
    assert loaded(code) == "[]"
