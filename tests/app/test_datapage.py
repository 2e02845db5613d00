"""The Data page: clicks fetch, cancel and remove; a download outlives the page."""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from app.files.settings import Settings
from app.window import datapage
from app.window import downloads as downloading
from app.window.datapage import DataPage
from app.window.downloads import Downloads, SetCard
from app.window.home import Home
from visualizers import uses
from visualizers.data import Data, Fetch, Offline, Pin, pack, pins
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


@pytest.fixture(autouse=True)
def own_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two small archives, declared as the whole pack, from which pip fetches."""
    folder = tmp_path / "index"
    folder.mkdir()
    made = []
    for number, name in enumerate(("toy_one", "toy_two"), 1):
        file = folder / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{name}/text.txt", os.urandom(3000))
            archive.writestr(f"{info}/METADATA",
                             f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.append(Pin(name.replace("_", "-"), "1.0", hashlib.sha256(file.read_bytes()).hexdigest(),
                        file.name, file.stat().st_size, f"Toy {name}", "a story", "MIT", (number,)))
    monkeypatch.setattr(pack, "pins", lambda: tuple(made))
    for module in (datapage, uses):
        monkeypatch.setattr(module, "pins", lambda: tuple(made))
    monkeypatch.setattr(downloading, "Fetch", lambda name, to: Fetch(
        name, to, options=["--no-index", "--find-links", str(folder)]))
    return folder


@pytest.fixture
def downloads(qapp: object) -> Iterator[Downloads]:
    made = Downloads()
    yield made
    made.cancel_all()


def page_of(qtbot, tmp_path: Path, downloads: Downloads, language: str = "en") -> DataPage:
    page = DataPage(Look(theme("light"), window_words(language)), Data(tmp_path / "pack"), downloads)
    qtbot.addWidget(page)
    page.show()
    return page


def click(qtbot, button: QPushButton) -> None:
    assert button.isVisible() and button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def left(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def test_that_a_click_fetches_and_another_removes(qtbot, tmp_path: Path, index: Path,
                                                  downloads: Downloads) -> None:
    page = page_of(qtbot, tmp_path, downloads)
    row = page.rows[0]
    with qtbot.waitSignal(page.changed, timeout=20_000):
        click(qtbot, row.fetch)
        assert row.stop.isVisible() and not row.fetch.isVisible()
    assert left(tmp_path / "pack") == ["toy_one-1.0-py3-none-any.whl"]
    assert row.drop.isVisible() and not row.stop.isVisible() and "here" in row.state.text()
    with qtbot.waitSignal(page.changed):
        click(qtbot, row.drop)
    assert left(tmp_path / "pack") == [] and row.fetch.isVisible()


def test_that_all_are_fetched_one_after_the_other(qtbot, tmp_path: Path, index: Path,
                                                  downloads: Downloads) -> None:
    page = page_of(qtbot, tmp_path, downloads)
    click(qtbot, page.lectures.fetch)
    assert [row.state.text() for row in page.rows][1] == "waits"
    assert page.lectures.stop.isVisible() and not page.lectures.fetch.isVisible()
    assert not page.sets.buttons["all"].isEnabled()
    qtbot.waitUntil(lambda: len(left(tmp_path / "pack")) == 2 and not downloads.has("toy-two"),
                    timeout=30_000)
    assert "here" in page.lectures.state.text() and not page.lectures.stop.isVisible()


def test_that_a_lecture_brings_what_it_uses_and_nothing_else(qtbot, tmp_path: Path, index: Path,
                                                             downloads: Downloads) -> None:
    page = page_of(qtbot, tmp_path, downloads)
    button = page.sets.buttons["lecture-2"]
    with qtbot.waitSignal(page.changed, timeout=20_000):
        click(qtbot, button)
        assert not button.isEnabled() and page.sets.buttons["lecture-1"].isEnabled()
    assert left(tmp_path / "pack") == ["toy_two-1.0-py3-none-any.whl"]
    assert "here" in button.text() and not button.isEnabled()
    assert "kB" in page.sets.buttons["lecture-1"].text(), "the toys weigh a few kilobytes"


def test_that_one_that_cannot_be_had_does_not_keep_the_others_away(
    qtbot, tmp_path: Path, index: Path, downloads: Downloads
) -> None:
    next(index.glob("toy_one*")).unlink()
    page = page_of(qtbot, tmp_path, downloads)
    click(qtbot, page.lectures.fetch)
    qtbot.waitUntil(lambda: downloads.overall is None, timeout=30_000)
    assert left(tmp_path / "pack") == ["toy_two-1.0-py3-none-any.whl"]
    assert page.lectures.error.text().startswith("Not fetched: Toy toy_one. The package index")
    assert page.rows[0].error.isVisible() and not page.rows[1].error.isVisible()
    assert page.lectures.fetch.isVisible(), "it can be tried again"


def test_that_nobody_is_asked_again_where_nobody_answers(
    qtbot, tmp_path: Path, index: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def unanswered(name: str, folder: Path) -> Fetch:
        asked.append(name)
        raise Offline("The package index does not answer; check the network and try again.")

    monkeypatch.setattr(downloading, "Fetch", unanswered)
    page = page_of(qtbot, tmp_path, downloads)
    click(qtbot, page.lectures.fetch)
    assert asked == ["toy-one"] and set(downloads.failed) == {"toy-one", "toy-two"}
    assert page.lectures.error.text().count("does not answer") == 1


def test_that_the_start_page_offers_what_lacks_in_one_click_and_only_then(
    qtbot, tmp_path: Path, index: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    monkeypatch.setattr(Downloads, "shared", classmethod(lambda cls: downloads))

    def start_page() -> Home:
        home = Home(Look(theme("light"), window_words("en")), (), Settings())
        qtbot.addWidget(home)
        home.show()
        return home

    card = start_page().lacking
    assert isinstance(card, SetCard)
    click(qtbot, card.fetch)
    assert card.bar.isVisible() and " of " in card.state.text()
    qtbot.waitUntil(lambda: downloads.overall is None, timeout=30_000)
    assert len(left(tmp_path / "pack")) == 2 and "here" in card.state.text()
    assert start_page().lacking is None


def test_that_cancel_leaves_nothing_behind(qtbot, tmp_path: Path, index: Path,
                                           downloads: Downloads) -> None:
    page = page_of(qtbot, tmp_path, downloads)
    click(qtbot, page.lectures.fetch)
    for row in page.rows:
        click(qtbot, row.stop)
    assert left(tmp_path / "pack") == []
    assert all(row.fetch.isVisible() for row in page.rows) and page.lectures.fetch.isVisible()
    click(qtbot, page.lectures.fetch)
    click(qtbot, page.lectures.stop)
    assert left(tmp_path / "pack") == [] and downloads.overall is None


def test_that_a_failure_is_one_sentence_in_the_users_language(
    qtbot, tmp_path: Path, index: Path, downloads: Downloads
) -> None:
    for file in index.iterdir():
        file.unlink()
    page = page_of(qtbot, tmp_path, downloads, "zh")
    row = page.rows[0]
    click(qtbot, row.fetch)
    qtbot.waitUntil(lambda: row.error.isVisible(), timeout=20_000)
    assert row.error.text() == "软件包索引没有此数据包或无法连接；请检查网络后重试。"
    assert row.fetch.isVisible() and left(tmp_path / "pack") == []


def test_that_a_download_goes_on_without_the_page(qtbot, tmp_path: Path, index: Path,
                                                  downloads: Downloads) -> None:
    page = DataPage(Look(theme("light"), window_words("en")), Data(tmp_path / "pack"), downloads)
    page.show()
    click(qtbot, page.rows[0].fetch)
    with qtbot.waitSignal(page.destroyed):
        page.deleteLater()
    other = page_of(qtbot, tmp_path, downloads)
    assert other.rows[0].stop.isVisible()
    qtbot.waitUntil(lambda: bool(other.rows[0].drop.isVisible()), timeout=20_000)


def test_that_what_is_no_name_of_a_model_is_said(qtbot, tmp_path: Path, index: Path,
                                                 downloads: Downloads) -> None:
    page = page_of(qtbot, tmp_path, downloads)
    assert not page.by_name.fetch.isEnabled()
    qtbot.keyClicks(page.by_name.name, "no name")
    click(qtbot, page.by_name.fetch)
    assert "is not the name of a model" in page.by_name.error.text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_the_real_list_fits_the_page(qtbot, tmp_path: Path, downloads: Downloads,
                                          language: str) -> None:
    page = page_of(qtbot, tmp_path, downloads, language)
    page.resize(780, 640)
    assert page.widget().minimumSizeHint().width() <= 780
    assert [row.pin for row in page.rows] == list(pins())
    texts = [label.text() for label in page.findChildren(QLabel)]
    assert any("CC BY-SA" in text for text in texts)
    assert all(row.fetch.accessibleName() for row in page.rows)
