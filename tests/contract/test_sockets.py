"""No panel opens a socket: the interpreter itself is asked, through its audit events."""

from __future__ import annotations

import json
import subprocess
import sys

from visualizers.catalog import panels

# One process for all, because starting forty interpreters costs more than what they would look at.
PROGRAM = """
import json, sys
opened = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"):
        opened.append((event, str(arguments[1:])))
sys.addaudithook(hook)
from app.trial import Trial
from visualizers.catalog import panel
found = {}
for id in sys.argv[1:]:
    trial = Trial(panel(id))
    trial.train(2)
    trial.frame()
    found[id], opened[:] = list(opened), []
print(json.dumps(found))
"""


def test_that_no_panel_opens_a_socket() -> None:
    names = [one.id for one in panels()]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {name: [] for name in names}
