"""What a panel's experiment asks of its process besides computing: no socket, no heavy library.

The interpreter itself is asked, through its audit events. A path of this machine is no address: a fork
server is reached by one, and nothing beyond the machine can be. What the workers of ``parallel`` open
among themselves is asked of them in its own tests: the loopback alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from test_imports import HEAVY

from visualizers.catalog import panels

# One process for all, because starting forty interpreters costs more than what they would look at.
PROGRAM = """
import json, sys
opened = []
def hook(event, arguments):
    local = event in ("socket.connect", "socket.bind") and isinstance(arguments[1], (str, bytes))
    if not local and event in (
            "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"):
        opened.append((event, str(arguments[1:])))
sys.addaudithook(hook)
from app.headless.trial import Trial
from visualizers.catalog import panel
found = {}
for id in sys.argv[1:]:
    trial = Trial(panel(id))
    trial.train(2)
    trial.frame()
    found[id] = {"opened": list(opened),
                 "imported": sorted({name.partition(".")[0] for name in sys.modules})}
    opened.clear()
print(json.dumps(found))
"""


def worked(ids: Iterable[str]) -> dict[str, Any]:
    """What each panel has done in a process in which it works after those before it."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *ids], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def all_at_work() -> dict[str, Any]:
    return worked(one.id for one in panels())


def test_that_no_panel_opens_a_socket(all_at_work: dict[str, Any]) -> None:
    assert {id: found["opened"] for id, found in all_at_work.items() if found["opened"]} == {}


def test_that_no_panel_imports_a_heavy_library(all_at_work: dict[str, Any]) -> None:
    """As it opens. What an earlier panel has imported is seen after all later ones, so these are
    asked again, alone."""
    suspects = [id for id, found in all_at_work.items() if set(found["imported"]) & set(HEAVY)]
    assert {id: sorted(set(worked([id])[id]["imported"]) & set(HEAVY)) for id in suspects} == {}
