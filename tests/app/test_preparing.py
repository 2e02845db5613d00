"""What is seen while a panel prepares: its cards, then its last picture, veiled, and how far it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from app.engine.protocol import Progress
from app.files.lastseen import LARGEST, MOST_BYTES, MOST_FILES, LastPictures
from app.files.settings import Settings
from app.session.session import Session
from app.window.busy import SILENT
from app.window.window import MainWindow
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


class Slow:
    """A worker that answers nothing until it is told to; whether torch is there is told by hand."""

    alive, pid = True, 1

    def __init__(self) -> None:
        self.ready = False
        self.told: list[Any] = []
        self.heard: list[Any] = []

    def send(self, message: Any) -> None:
        self.heard.append(message)

    def receive(self) -> list[Any]:
        told, self.told = self.told, []
        return told

    def kill(self) -> None:
        self.alive = False


class Slows:
    """A pool of one."""

    def __init__(self) -> None:
        self.worker = Slow()

    def warm(self) -> None: ...

    def take(self) -> Slow:
        return self.worker

    def give_back(self, worker: Any) -> None: ...

    discard = give_back

    def close(self) -> None: ...


@pytest.fixture
def cold(qtbot: Any, tmp_path: Path) -> Any:
    """``cold()`` opens the small panel with a worker that does not answer: the window and its worker."""
    from small.l2_networks.tiny.panel import PANEL

    opened: list[MainWindow] = []

    def make(**settings: Any) -> tuple[MainWindow, Slow]:
        pool = Slows()
        remembered = Settings(path=tmp_path / "settings.json",
                              **{"language": "en", "theme": "light", **settings})
        window = MainWindow(remembered, [PANEL], lambda panel, _: Session(panel, pool, threads=1))
        window.resize(1280, 720)
        window.show()
        opened.append(window)
        window.open_panel("tiny")
        return window, pool.worker

    yield make
    for window in opened:
        window.close()
        window.deleteLater()
    qtbot.wait(1)


def look(shade: str = "light", language: str = "en") -> Look:
    return Look(theme(shade), window_words(language))


def test_that_the_last_picture_is_seen_veiled_and_called_old_with_what_is_done_and_how_far(
    lab: Any, cold: Any, qtbot: Any,
) -> None:
    lab().close()
    window, worker = cold()
    waiting = window.page.waiting
    assert window.page.stack.currentWidget() is waiting and waiting.old is None  # it may be quick
    qtbot.waitUntil(lambda: waiting.busy.isVisible())
    assert waiting.old is not None and waiting.caption.isVisible()
    assert "not of this run" in waiting.caption.text()
    assert waiting.busy.label.text().startswith("Loading PyTorch  ")
    assert waiting.busy.label.text().endswith("s")
    assert window.page.busy.isHidden()
    worker.ready = True
    token = worker.heard[-1].run
    worker.told.append(Progress(token, 0, 0, ""))
    qtbot.waitUntil(lambda: "Preparing" in waiting.busy.label.text())
    worker.told.append(Progress(token, 1, 4, "words"))
    qtbot.waitUntil(lambda: "25" in waiting.busy.label.text())
    assert waiting.busy.bar.value() == waiting.busy.bar.maximum() / 4
    assert waiting.busy.label.fontInfo().pixelSize() >= 13
    waiting.busy.cancel.click()
    assert waiting.busy.isHidden() and waiting.old is None


def test_that_where_no_picture_was_kept_the_frames_of_the_cards_are_seen(cold: Any, qtbot: Any) -> None:
    window, _ = cold()
    waiting = window.page.waiting
    qtbot.waitUntil(lambda: waiting.busy.isVisible())
    assert waiting.old is None and waiting.caption.isHidden()
    assert [cell for _, cell in waiting.sketch()] == [waiting.rect()]


def test_that_a_view_without_data_is_sketched_as_it_will_be_laid_out(qtbot: Any) -> None:
    from app.window.busy import Waiting
    from visualizers.catalog import panel
    from visualizers.panel import load

    for size in (QSize(760, 560), QSize(420, 360)):
        view = load(panel("rnn_gradients").view)(look())
        waiting = Waiting(look(), view, lambda: None)
        for one in (view, waiting):
            qtbot.addWidget(one)
            one.resize(size)
        view.show()
        seen = {place.card.geometry().getRect() for place in view.layout().places
                if place.card.isVisible()}
        assert {cell.getRect() for _, cell in waiting.sketch()} == seen
        assert all(title for title, _ in waiting.sketch())


def test_that_what_is_quick_shows_no_old_picture(lab: Any, qtbot: Any) -> None:
    lab().show_home()
    window = lab()
    assert window.page.stack.currentWidget() is window.page.view
    qtbot.wait(SILENT + 100)
    assert window.page.waiting.busy.isHidden() and window.page.waiting.old is None


def test_that_how_far_something_is_takes_the_place_of_the_sentence_and_none_of_the_picture(
    lab: Any, qtbot: Any,
) -> None:
    page = lab().page
    qtbot.waitUntil(page.description.isVisible)
    before = page.view.size()
    page.busy.begin("Drawing the film")
    qtbot.waitUntil(page.busy.isVisible)
    qtbot.wait(1)
    assert page.description.isHidden() and page.view.size() == before
    page.busy.end()
    qtbot.wait(1)
    assert page.description.isVisible() and page.view.size() == before


def test_that_closing_the_window_keeps_the_picture_too(lab: Any, tmp_path: Path) -> None:
    lab().close()
    assert [one.name for one in (tmp_path / "pictures").iterdir()] == ["tiny.light.en.jpg"]


def drawn(qtbot: Any, colour: str = "red", size: tuple[int, int] = (1500, 900)) -> QWidget:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(*size)
    view.setStyleSheet(f"background: {colour};")
    view.show()
    return view


def test_that_pictures_are_small_few_and_of_their_own_theme_and_language(
    qtbot: Any, tmp_path: Path, monkeypatch: Any,
) -> None:
    kept, view = LastPictures(tmp_path / "pictures"), drawn(qtbot)
    kept.keep("one", view, look())
    assert not (tmp_path / "pictures").exists()  # what comes next goes first
    kept.write()
    found = kept.find("one", look())
    assert found is not None and found.size() == found.size().boundedTo(LARGEST)
    assert QColor(found.pixel(5, 5)).red() > 240
    assert kept.find("one", look("dark")) is None and kept.find("one", look(language="zh")) is None
    monkeypatch.setattr("app.files.lastseen.MOST_FILES", 3)
    for index in range(5):
        kept.keep(f"panel{index}", view, look())
        kept.write()
        os.utime(tmp_path / "pictures" / f"panel{index}.light.en.jpg", (index, index))
    assert len(list((tmp_path / "pictures").iterdir())) == 3 < MOST_FILES
    assert kept.find("panel4", look()) is not None and kept.find("panel0", look()) is None


@pytest.mark.parametrize("data", [
    b"", b"not a picture", b"\xff\xd8\xff" + bytes(1000), b"\x89PNG\r\n\x1a\n", bytes(MOST_BYTES + 1)])
def test_that_a_damaged_picture_is_none(qtbot: Any, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "tiny.light.en.jpg").write_bytes(data)
    assert LastPictures(tmp_path).find("tiny", look()) is None


def test_that_a_picture_that_is_far_too_large_is_not_read(qtbot: Any, tmp_path: Path) -> None:
    image = QImage(2000, 2000, QImage.Format.Format_RGB32)
    image.fill(0)
    path = tmp_path / "tiny.light.en.jpg"
    assert image.save(str(path), "JPG", 1) and path.stat().st_size < MOST_BYTES
    assert LastPictures(tmp_path).find("tiny", look()) is None


def test_that_nothing_is_missed_where_nothing_can_be_written(qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way")
    kept = LastPictures(tmp_path / "pictures")
    kept.keep("tiny", drawn(qtbot), look())
    kept.write()
    LastPictures(None).keep("tiny", drawn(qtbot), look())
    assert LastPictures(None).find("tiny", look()) is None
