"""Work with files in a process of its own: how far it is, what it refuses, its limits and its end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.engine.errand import Errand, Limits
from visualizers.refusal import Refusal


def counted(most: int, told) -> int:
    for one in range(most):
        told(one, most)
        time.sleep(0.01)
    return most


def refuses(name: str, told) -> None:
    raise Refusal("{name} does not fit; choose another.", name=name)


def mistaken(told) -> None:
    raise KeyError("a mistake")


def dies(told) -> None:
    os._exit(7)


def takes(megabytes: int, told) -> int:
    return len(np.ones(megabytes << 20, dtype=np.uint8))


def spins(told) -> None:
    while True:
        pass


def writes(path: Path, told) -> None:
    from visualizers.files import replacing

    with replacing(path) as file:
        file.write_text("half")
        counted(10_000, told)


def done(errand: Errand) -> Errand:
    assert errand.wait(60)
    return errand


def test_that_work_says_how_far_it_is_and_what_came_of_it() -> None:
    errand = Errand(counted, 30)
    seen = set()
    while not errand.look():
        seen.add((errand.done, errand.total))
    assert errand.result == 30 and errand.refusal is None and not errand.ended
    assert len(seen) > 2 and max(seen)[1] == 30


def test_that_much_can_be_given_and_returned() -> None:
    given = np.arange(4_000_000.0)
    begun = time.monotonic()
    errand = Errand(passed_on, given)
    assert time.monotonic() - begun < 2
    np.testing.assert_array_equal(done(errand).result, given)


def passed_on(value: np.ndarray, told) -> np.ndarray:
    return value


def test_that_a_refusal_comes_with_its_values() -> None:
    refusal = done(Errand(refuses, "a.bml")).refusal
    assert refusal is not None and str(refusal) == "a.bml does not fit; choose another."


def test_that_a_mistake_and_a_death_are_told_apart() -> None:
    errand = done(Errand(mistaken))
    assert "KeyError: 'a mistake'" in errand.details and not errand.ended
    assert done(Errand(dies)).ended


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no limits on this system")
def test_that_work_may_take_so_much_memory_and_time() -> None:
    limits = Limits(memory=256 << 20, seconds=1)
    assert done(Errand(takes, 100, limits=limits)).result == 100 << 20
    assert "MemoryError" in done(Errand(takes, 400, limits=limits)).details
    begun = time.monotonic()
    assert done(Errand(spins, limits=limits)).ended
    assert time.monotonic() - begun < 50


def test_that_work_that_is_stopped_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    errand = Errand(writes, path)
    while not errand.done:
        errand.look()
    child = psutil.Process(errand._process.pid)
    errand.stop()
    assert errand.over and path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def leaves_slowly(told) -> str:
    from multiprocessing.util import Finalize

    Finalize(None, time.sleep, args=(60,), exitpriority=1)
    return "done"


def test_that_nobody_waits_for_a_process_that_has_said_all(monkeypatch: pytest.MonkeyPatch) -> None:
    errand = Errand(leaves_slowly)

    def join(_timeout: float | None = None) -> None:
        raise AssertionError("the window would wait")

    with monkeypatch.context() as patch:
        patch.setattr(errand._process, "join", join)
        assert errand.wait(60) and errand.result == "done"
    errand._process.join(20)
    assert errand._process.exitcode is not None
