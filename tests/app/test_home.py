"""The start page: where to begin, what was seen last, and how far one is on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.files.lastseen import LastPictures
from app.files.settings import Settings
from app.window.home import Door, Home, Seen, Stretch
from visualizers.catalog import LECTURES, panels
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words

LOOK = Look(theme("light"), window_words("en"), 1.0)


def home(qtbot: Any, settings: Settings, pictures: LastPictures | None = None) -> Home:
    made = Home(LOOK, panels(), settings, pictures)
    qtbot.addWidget(made)
    made.resize(1050, 700)
    made.show()
    return made


def test_that_a_beginner_is_sent_to_the_playground_and_then_along_the_course(qtbot: Any) -> None:
    doors = home(qtbot, Settings()).findChildren(Door)
    assert doors[0].accessibleName() == "Start here: Playground"
    later = home(qtbot, Settings(visited=["playground", "ngram"], last="ngram")).findChildren(Door)
    assert later[0].accessibleName() == "Go on where you stopped: N-grams"
    assert "Something new" in later[1].accessibleName()
    assert "Playground" not in later[1].accessibleName() and "N-grams" not in later[1].accessibleName()


def test_that_the_way_says_how_much_was_opened_and_leads_on(qtbot: Any) -> None:
    made = home(qtbot, Settings(visited=["ngram", "playground"]))
    way = made.findChildren(Stretch)
    assert len(way) == len(LECTURES)
    here = [one for one in panels() if one.lecture == LECTURES[0].folder]
    assert way[0].text() == f"1 of {len(here)} opened" and way[2].text().startswith("0 of ")
    assert all(one.fontMetrics().horizontalAdvance(one.text()) <= one.width() for one in way)
    with qtbot.waitSignal(made.chosen) as chosen:
        qtbot.mouseClick(way[0], Qt.MouseButton.LeftButton)
    assert chosen.args == [next(one.id for one in here if one.id != "ngram")]


@pytest.mark.parametrize("known", [True, False])
def test_that_panels_are_shown_as_they_were_left(qtbot: Any, tmp_path: Path, known: bool) -> None:
    pictures, seen = LastPictures(tmp_path / "pictures"), QLabel("as it was left")
    qtbot.addWidget(seen)
    seen.resize(400, 300)
    for id in ("tiny_gpt", "word2vec"):
        pictures.keep(id, seen, LOOK)
    pictures.write()
    if not known:  # of a panel that there is no more, and damaged
        for file in (tmp_path / "pictures").iterdir():
            file.write_bytes(b"\xff\xd8\xff damaged")
    made = home(qtbot, Settings(), pictures)
    shown = made.findChildren(Seen)
    assert {one.text() for one in shown} == ({"A tiny GPT learns to write", "Embeddings in motion"}
                                             if known else set())
    if known:
        made.grab()
        with qtbot.waitSignal(made.chosen):
            qtbot.keyClick(shown[0], Qt.Key.Key_Space)
