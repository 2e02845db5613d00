"""No panel opens a socket: the interpreter itself is asked, through its audit events."""

from __future__ import annotations

import subprocess
import sys

import pytest

from visualizers.catalog import panels

PROGRAM = """
import sys
opened = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"):
        opened.append((event, str(arguments[1:])))
sys.addaudithook(hook)
from app.trial import Trial
from visualizers.catalog import panel
trial = Trial(panel({id!r}))
trial.train(2)
trial.frame()
print(opened)
"""


@pytest.mark.parametrize("id", [one.id for one in panels()])
def test_that_a_panel_opens_no_socket(id: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(id=id)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
