"""The command line: what each word opens, and one sentence where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from app import main as program
from app.commands import fuzzy


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What would have been opened."""
    calls: list[tuple[str, str]] = []
    monkeypatch.setattr(program, "open_window",
                        lambda panel="", file="": calls.append((panel, file)) or 0)
    return calls


def test_that_no_word_opens_the_start_page_and_an_id_its_panel(opened: Any) -> None:
    assert program.main([]) == 0
    assert program.main(["rnn_gradients"]) == 0
    assert opened == [("", ""), ("rnn_gradients", "")]


def test_that_a_run_file_is_opened(opened: Any, tmp_path: Any) -> None:
    file = tmp_path / "a.bml"
    file.write_bytes(b"")
    assert program.main([str(file)]) == 0
    assert opened == [("", str(file))]


@pytest.mark.parametrize(("words", "said"), [
    (["rnn_gradient"], "the nearest is rnn_gradients"), (["gone.bml"], "There is no file gone.bml"),
    (["--what"], "--help"), (["a", "b"], "one file at a time"),
])
def test_that_a_wrong_call_is_one_sentence(
    opened: Any, capsys: Any, words: list[str], said: str
) -> None:
    assert program.main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not opened


def test_that_help_names_every_command(capsys: Any) -> None:
    assert program.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"bigmodels-lab {word}" in told for word in program.HEADLESS)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux' own matter")
@pytest.mark.parametrize("display", ["", ":987"])
def test_that_no_display_is_one_sentence_with_the_commands_that_work(display: str) -> None:
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    if display:
        environment["DISPLAY"] = display
    ended = subprocess.run([sys.executable, "-m", "app"], env=environment, capture_output=True,
                           text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "bigmodels-lab list, render, tour, bench, data" in ended.stderr


def test_that_fuzzy_search_prefers_beginnings_and_refuses_strangers() -> None:
    texts = ["Save this run", "Presenter mode", "Gradients through time"]
    best = lambda query: min(  # noqa: E731
        (one for one in texts if fuzzy(query, one) is not None),
        key=lambda one: fuzzy(query, one), default=None)
    assert best("run save") == "Save this run"
    assert best("prsntr") == "Presenter mode"
    assert best("gtt") is None
    assert best("time") == "Gradients through time"
    assert fuzzy("xyz", "Save this run") is None
    assert fuzzy("", "anything") == 0
