"""The command line: what each word opens, and one sentence where it cannot."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from app import main as program
from app.display import no_display
from app.window.commands import fuzzy


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


def test_that_a_run_file_and_a_lecture_are_opened(opened: Any, tmp_path: Any) -> None:
    file = tmp_path / "a.bml"
    file.write_bytes(b"")
    assert program.main([str(file)]) == 0
    lecture = tmp_path / "a.lecture"
    lecture.write_bytes(b"")
    assert program.main([str(lecture)]) == 0
    assert opened == [("", str(file)), ("", str(lecture))]


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
    assert all(f"bigmodels-lab {word}" in told for word in program.COMMANDS)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux' own matter")
@pytest.mark.parametrize("asked", [
    {}, {"DISPLAY": ":987"}, {"WAYLAND_DISPLAY": "wayland-987"}, {"WAYLAND_DISPLAY": "/dev/null"},
    {"WAYLAND_DISPLAY": "wayland-987", "DISPLAY": ":987"},
    {"WAYLAND_DISPLAY": "wayland-987", "QT_QPA_PLATFORM": "xcb"},
    {"DISPLAY": ":987", "QT_QPA_PLATFORM": "wayland;xcb"},
], ids=str)
def test_that_no_display_is_one_sentence_with_the_commands_that_work(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    said = no_display()
    assert "bigmodels-lab list, render, tour, lecture, bench, data" in said and "\n" not in said
    assert ("There is no display" in said) == (("987" not in str(asked) and "null" not in str(asked))
                                               or asked.get("QT_QPA_PLATFORM") == "xcb")


def test_that_a_dead_compositor_gives_way_to_an_x_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-987")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("app.display._x11_trouble", lambda: "")
    monkeypatch.setattr(sys, "platform", "linux")
    assert not no_display() and os.environ["QT_QPA_PLATFORM"] == "xcb"


def test_that_an_unknown_platform_is_named_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "quartz")
    assert "asks for quartz" in no_display() and "offscreen" in no_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:size=800x600")
    assert not no_display()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no users without a home")
def test_that_a_machine_without_a_home_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.delenv("BIGMODELS_DATAPACK")
    assert program.main(["list"]) == 1
    said = capsys.readouterr().err
    assert "set HOME" in said and said.count("\n") == 1
    monkeypatch.setenv("BIGMODELS_DATAPACK", "/nowhere")
    assert program.main(["--version"]) == 0


def test_that_the_windows_words_are_read_from_their_file_once() -> None:
    from widgets.theme.words import window_words

    assert window_words("zh") is window_words("zh")


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
