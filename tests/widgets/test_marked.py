"""Texts with marked pieces: they wrap, keep their stops, are clicked and walked through."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from widgets.pictures.marked import Entry, MarkedTexts, Span, _units
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@pytest.fixture
def texts(qtbot: Any) -> MarkedTexts:
    one = MarkedTexts(Look(theme("light"), Words()), "Answers")
    qtbot.addWidget(one)
    one.resize(500, 200)
    one.draw([
        Entry((Span("May I?", muted=True), Span(" See "), Span("Mill Act, Article 1", 2, 0),
               Span(" and what follows from it for everybody else in the town.")),
              (Span("in force", 2, 0),)),
        Entry((Span("依照本法第七条，处罚。" * 8), Span("第八条", 3, 1)), (Span("invented", 3, 1),))])
    one.show()
    return one


def test_that_nothing_is_lost_where_texts_wrap(texts: MarkedTexts) -> None:
    runs, ends = texts._runs()
    said = "".join(run.text for run in runs)
    for entry in texts.entries:
        for span in entry.spans:
            assert span.text.replace(" ", "") in said.replace(" ", "").replace("\u00a0", "")
    assert all(run.box.right() <= texts.width() for run in runs)
    assert len(ends) == 2 and ends[0] < ends[1]


def test_that_a_stop_never_begins_a_line() -> None:
    assert list(_units("依照，本法。a b")) == ["依", "照，", "本", "法。", "a ", "b"]


def test_that_a_click_gives_its_part(texts: MarkedTexts, qtbot: Any) -> None:
    spot = texts.place(0).center()
    with qtbot.waitSignal(texts.clicked) as caught:
        qtbot.mouseClick(texts, Qt.MouseButton.LeftButton,
                         pos=QPoint(round(spot.x()), round(spot.y())))
    assert caught.args == [0]


def test_that_the_keys_walk_from_part_to_part(texts: MarkedTexts) -> None:
    assert texts.beside(None, 1, 0) == 0
    assert texts.beside(0, 1, 0) == 1 == texts.beside(1, 0, 1)
    assert texts.say(1) == "第八条   invented"
