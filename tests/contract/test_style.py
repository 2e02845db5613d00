"""The checks that pre-commit runs, run here too, so that a clean clone cannot be without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "ruff": [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "import contracts": [sys.executable, "-c",
                         "import sys; from importlinter.cli import lint_imports_command; "
                         "sys.argv = ['lint-imports', '--no-cache']; lint_imports_command()"],
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CHECKS)
def test_that_the_sources_pass(name: str) -> None:
    done = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_that_nothing_is_left_to_do_later() -> None:
    """What is unfinished is said in an issue, not in a comment."""
    marks = tuple("".join(parts) for parts in (("TO", "DO"), ("FIX", "ME"), ("XX", "X")))
    for folder in ("app", "widgets", "visualizers", "resources", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text("utf-8")
            assert not [mark for mark in marks if mark in text], file
