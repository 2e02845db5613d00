"""A file takes the place of a regular file and of nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from app.files.settings import Settings
from visualizers.files import NotAFile, replacing, rewriting
from visualizers.refusal import Refusal

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """What stands in for /dev/null: a path that is no regular file."""
    path = tmp_path / "null"
    os.mkfifo(path)
    return path


@needs_pipes
def test_that_a_device_is_never_replaced(device: Path) -> None:
    with pytest.raises(NotAFile), rewriting(device) as file:
        file.write_text("new")
    assert stat.S_ISFIFO(device.stat().st_mode)
    assert os.listdir(device.parent) == ["null"]


@needs_pipes
def test_that_a_link_to_a_device_does_not_lead_to_it(device: Path) -> None:
    link = device.with_name("link")
    link.symlink_to(device)
    with pytest.raises(Refusal, match="not a file that can be replaced"), replacing(link) as file:
        file.write_text("new")
    assert link.is_symlink() and stat.S_ISFIFO(device.stat().st_mode)


@needs_pipes
def test_that_settings_told_to_go_to_a_device_leave_it_alone(device: Path) -> None:
    assert not Settings(path=device).save()
    assert stat.S_ISFIFO(device.stat().st_mode)


def test_that_a_folder_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Refusal, match="not a file that can be replaced"), replacing(folder):
        pass
    assert folder.is_dir()


def test_that_a_rewritten_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with rewriting(path) as file:
        file.write_text("new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_that_a_linked_file_is_rewritten_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    with rewriting(link) as file:
        file.write_text("new")
    assert link.is_symlink() and (tmp_path / "real.txt").read_text() == "new"


def test_that_a_name_as_long_as_names_may_be_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".txt")
    with rewriting(path) as file:
        file.write_text("new")
    assert path.read_text() == "new"


def test_that_a_block_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), rewriting(path) as file:
        file.write_text(f"half {1 / 0}")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_that_settings_without_a_path_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGMODELS_CONFIG", str(tmp_path / "config"))
    assert Settings(theme="dark").save()
    assert not (tmp_path / "config").exists()
