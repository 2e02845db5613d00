"""What every test stands on: no display, no network, no settings or data of the person who runs it.

A test of what the data pack really holds is marked with the archives that it reads,
``@pytest.mark.pack("gensim")``. It sees the pack of the person who runs it, and is left out where an
archive has not been fetched.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["BIGMODELS_CONFIG"] = tempfile.mkdtemp(prefix="lab-config-")
# The person's own pack is hidden, and kept where the processes that share the tests find it.
os.environ.setdefault("BIGMODELS_TESTS_PACK", os.environ.get("BIGMODELS_DATAPACK", ""))
os.environ["BIGMODELS_DATAPACK"] = tempfile.mkdtemp(prefix="lab-datapack-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# Two test processes on two cores: torch's own threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).parent))  # ``budget`` and what else tests share

import pytest
from budget import cpu_seconds, kind_and_panel, over, table, totals, yardstick

from visualizers.data import Pack, pins
from visualizers.data.pack import user_folder


@pytest.fixture(scope="session")
def fetched_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives of the real pack in a folder of the tests' own, so that nothing is written there."""
    folder = tmp_path_factory.mktemp("datapack")
    named = os.environ["BIGMODELS_TESTS_PACK"]
    real = Pack(Path(named).expanduser() if named else user_folder())
    for one in pins():
        if real.has(one.name):
            try:
                (folder / one.file).symlink_to(real.path(one.name).resolve())
            except OSError:  # Windows has no links for everybody
                shutil.copy(real.path(one.name), folder)
    return folder


@pytest.fixture(autouse=True)
def real_pack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test that is marked with ``pack`` reads."""
    marker = request.node.get_closest_marker("pack")
    if marker is not None:
        folder = request.getfixturevalue("fetched_pack")
        if absent := [name for name in marker.args if not Pack(folder).has(name)]:
            pytest.skip(f"not fetched: {', '.join(absent)} (bigmodels-lab data fetch lectures)")
        monkeypatch.setenv("BIGMODELS_DATAPACK", str(folder))


@pytest.fixture(autouse=True)
def fresh_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts with the program's defaults."""
    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that leaves this machine fails the test that opened it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        local = self.family == getattr(socket, "AF_UNIX", None) or (
            isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1", "localhost")
        )
        if not local:
            raise AssertionError(f"a socket was opened to {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A log record at WARNING or above fails the test, unless the test asked for it by caplog."""
    yield
    loud = [
        record for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and not getattr(record, "expected", False)
    ]
    if loud and not getattr(caplog, "expected", False):
        pytest.fail("logged: " + "; ".join(record.getMessage() for record in loud), pytrace=False)


@pytest.fixture(autouse=True)
def no_widget_left() -> Iterator[None]:
    """What a test has closed is gone before the next one.

    Qt deletes later, and outside of ``exec`` never: the thousand widgets that each panel's tests would
    leave make a style sheet slower for all windows after them.
    """
    yield
    if (core := sys.modules.get("PySide6.QtCore")) and core.QCoreApplication.instance():
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def no_child_left() -> Iterator[None]:
    """No test leaves a process behind."""
    before = set(multiprocessing.active_children())
    yield
    # The nursery ends by itself, and so do workers of a run that is kept for other tests (test_parallel).
    left = [child for child in multiprocessing.active_children() if child not in before
            and "nursery" not in child.name and "of a run" not in child.name]
    for child in left:
        child.join(3)
    still = [child for child in left if child.is_alive()]
    for child in still:
        child.kill()
    assert not still, f"{len(still)} worker processes were left running: close the pool or session"


# --- the suite as a whole ------------------------------------------------------------------------

PANEL_FOLDERS = sorted(Path(__file__).parents[1].glob("visualizers/l*/*/panel.py"))
PANELS = frozenset(one.parent.name for one in PANEL_FOLDERS)
# One of each lecture, the first by name: the quick suite proves what all have in common on these.
FEW = frozenset(next(group).parent.name
                for _, group in groupby(PANEL_FOLDERS, lambda one: one.parent.parent))
WINDOWS = {"lab", "hall"}  # fixtures that open the whole program
GROUP = re.compile(r"\[([a-z0-9_]+)[-\]]")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group tests by panel, so that one process pays for its data and models; find the quick ones.

    Quick are the tests of the parts, and of the contract for one panel a lecture. What trains for long,
    opens the whole program or is true of one panel alone is not.
    """
    for item in items:
        nodeid = item.nodeid
        known = kind_and_panel(nodeid, PANELS)
        found = GROUP.search(nodeid)
        name = known[1] if known else found[1] if found and found[1] in PANELS \
            else nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(name))
        if not (any(item.get_closest_marker(one) for one in ("slow", "alone", "benchmark"))
                or nodeid.startswith("tests/visualizers/") or (known and known[1] not in FEW)
                or WINDOWS & set(getattr(item, "fixturenames", ()))):
            item.add_marker(pytest.mark.quick)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What panels import of libraries is nobody's cost: the first one's test would pay for all."""
    if any(kind_and_panel(item.nodeid, PANELS) for item in session.items):
        import pyqtgraph  # noqa: F401
        import sklearn.linear_model  # noqa: F401
        import torch._dynamo  # noqa: F401  (by the first optimizer)
        import transformers  # noqa: F401


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    """Count the CPU seconds of each test of a panel, its children's too."""
    began = cpu_seconds()
    item.stash[_BEGAN] = began
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    report = yield
    known = kind_and_panel(item.nodeid, PANELS)
    if known and report.when == "teardown":
        report.user_properties.append(("cpu", (*known, cpu_seconds() - item.stash[_BEGAN])))
    return report


_BEGAN = pytest.StashKey[float]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What each panel's proof cost. One that took more than it may fails the run."""
    spent = totals(
        value for reports in terminalreporter.stats.values() for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties if name == "cpu")
    if len(spent) < 2 * len(PANELS):  # a part of the suite
        return
    from budget import REFERENCE

    stretch = max(1.0, yardstick() / REFERENCE)
    terminalreporter.section("CPU seconds a panel")
    terminalreporter.write_line(f"this machine is slower than the reference by {stretch:.2f}")
    for line in table(spent):
        terminalreporter.write_line(line)
    dear = over(spent, stretch)
    for line in dear:
        terminalreporter.write_line(line, red=True)
    if dear:
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
