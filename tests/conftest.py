"""What every test stands on: no display, no network, no settings or data of the person who runs it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["BIGMODELS_CONFIG"] = tempfile.mkdtemp(prefix="lab-config-")
os.environ.setdefault("BIGMODELS_DATAPACK", tempfile.mkdtemp(prefix="lab-datapack-"))
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import pytest


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
def no_child_left() -> Iterator[None]:
    """No test leaves a process behind."""
    before = set(multiprocessing.active_children())
    yield
    left = [child for child in multiprocessing.active_children() if child not in before]
    for child in left:
        child.join(3)
    still = [child for child in left if child.is_alive()]
    for child in still:
        child.kill()
    assert not still, f"{len(still)} worker processes were left running: close the pool or session"
