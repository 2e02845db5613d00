"""The fork server: workers that are there at once, and are workers like all others."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]
# In a process of its own, for Python keeps one fork server a process and never lets it go.
PROGRAM = textwrap.dedent("""
    import json, os, signal, sys, time
    sys.path.insert(0, sys.argv[1])

    def trained(worker):
        import toys
        from app.engine.protocol import Begin, Framed, Grant, Pace
        worker.send(Begin(1, "toys:Rnn", toys.Params(), seed=1, threads=1, pace=Pace(1, 0.0)))
        worker.send(Grant(1, 25))
        frames = []
        while len(frames) < 26:
            frames += [one for one in worker.receive() if isinstance(one, Framed)]
            time.sleep(0.001)
        return frames[-1].frame.weights.tolist()

    if __name__ == "__main__":
        import psutil
        from app.engine.nursery import nursery
        from app.engine.pool import Pool
        pool = Pool()
        spawned = pool.take()
        pool.warm()
        while not nursery.ready:
            time.sleep(0.02)
        server = psutil.Process(nursery._pid)
        forked = pool.take()
        said = {
            "same": trained(spawned) == trained(forked),
            "parents": [psutil.Process(one.pid).ppid() for one in (spawned, forked)],
            "window": os.getpid(), "server": server.pid, "server_threads": server.num_threads(),
            "own": psutil.Process(forked.pid).memory_full_info().uss / 2**20,
        }
        os.kill(forked.pid, signal.SIGKILL)
        failed = []
        while not failed:
            failed += forked.receive()
            time.sleep(0.002)
        said["killed"] = failed[0].details
        server.kill()
        server.wait(10)
        orphan = pool.take()
        said["after"] = psutil.Process(orphan.pid).ppid()
        pool.close()
        print(json.dumps(said))
""")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are spawned here")
def test_that_forked_workers_train_alike_die_alike_and_are_not_needed(tmp_path: Path) -> None:
    import json

    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(script), str(here)], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{here}"}, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["same"]
    assert said["parents"] == [said["window"], said["server"]]
    assert said["server_threads"] == 1  # what is forked must have no threads
    assert said["own"] < 60  # MB, training included; one that is spawned takes 150 to begin with
    assert "-9" in said["killed"]
    assert said["after"] == said["window"]  # no server any more: spawned, and nobody has waited
