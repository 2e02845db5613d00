"""Settings survive restarts, and nothing in their file can stop the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.files.settings import MOST_RECENT, Settings, settings_file


def test_that_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    settings = Settings(language="zh", theme="dark", scale=1.5, threads=2, path=path)
    settings.visit("a")
    settings.visit("b")
    settings.visit("a")
    settings.used_file("/x/run.bml")
    assert settings.save()
    again = Settings.load(path)
    assert again == settings
    assert (again.visited, again.last) == (["a", "b"], "a")
    assert [one.name for one in path.parent.iterdir()] == ["settings.json"]


def test_that_the_folder_can_be_chosen_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path / "mine"))
    assert settings_file() == tmp_path / "mine" / "settings.json"


@pytest.mark.parametrize("content", [
    b"", b"{", b"[1, 2]", b"null", b"\xff\xfe\x00", b'"text"', b"[" * 100_000,
])
def test_that_a_damaged_file_means_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert Settings.load(path) == Settings()


def test_that_unusable_entries_are_left_out_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({
        "version": 99, "language": "klingon", "theme": "dark", "scale": 40, "threads": True,
        "visited": ["a", 3, None, "b"], "recent": "x", "roadmap": 1, "geometry": None,
        "device": "cpu", "unknown": {"a": 1},
    }))
    assert Settings.load(path) == Settings(theme="dark", device="cpu", visited=["a", "b"])


def test_that_a_file_that_cannot_be_written_is_told_and_harmless(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert not Settings(path=blocked / "settings.json").save()


def test_that_a_failed_save_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    Settings(theme="dark", path=path).save()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visualizers.files.os.replace", full)
    assert not Settings(theme="light", path=path).save()
    assert Settings.load(path).theme == "dark"
    assert [one.name for one in tmp_path.iterdir()] == ["settings.json"]


def test_that_two_windows_do_not_overwrite_each_other(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    Settings(path=file, visited=["a"], recent=["old"]).save()
    one, other = Settings.load(file), Settings.load(file)
    one.theme = "dark"
    one.visit("b")
    one.used_file("mine")
    assert one.save()
    other.language = "zh"
    other.visit("c")
    other.recent.remove("old")
    assert other.save()
    kept = Settings.load(file)
    assert (kept.theme, kept.language, kept.last) == ("dark", "zh", "c")
    assert sorted(kept.visited) == ["a", "b", "c"]
    assert kept.recent == ["mine"]
    assert one.save()  # nothing has changed here since
    assert Settings.load(file) == kept


def test_that_a_name_that_is_not_text_can_be_remembered(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    settings = Settings(path=file)
    settings.used_file("/home/\udcff\udcfe.bml")
    assert settings.save()
    assert Settings.load(file).recent == ["/home/\udcff\udcfe.bml"]


def test_that_recent_files_are_few_and_the_newest_is_first() -> None:
    settings = Settings()
    for index in range(20):
        settings.used_file(f"{index}.bml")
    settings.used_file("15.bml")
    assert settings.recent[:2] == ["15.bml", "19.bml"]
    assert len(settings.recent) == MOST_RECENT
