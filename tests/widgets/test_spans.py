"""Tiles below the signs that they cover: where each is, what is written in it, what keys do."""

from __future__ import annotations

import random
from itertools import pairwise

from looking import look
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.picture import Picture
from widgets.pictures.spans import Link, Span, SpanRows, rows_for


def shown(qtbot: QtBot, signs: str, spans: list[Span], width: int = 600, **more: object) -> SpanRows:
    widget = SpanRows(look(), "Words")
    qtbot.addWidget(widget)
    widget.resize(width, 240)
    widget.show()
    widget.draw(tuple(signs), spans, **more)  # type: ignore[arg-type]
    widget.grab()
    return widget


WORDS = [Span(0, at, at + 1, (one,), ("1",)) for at, one in enumerate("abcd")] + [
    Span(1, 0, 2, ("ab long name that has no room whatever is done about it", "ab"), ("12",), "taken"),
    Span(1, 2, 4, ("cd",), (), "best", ringed=True, said="all of it")]


def test_that_spans_of_a_row_never_overlap_and_the_short_ones_come_first() -> None:
    drawn = random.Random(3)
    spans = [(begin, begin + drawn.randint(1, 5)) for begin in (drawn.randint(0, 20) for _ in range(60))]
    rows = rows_for(spans)
    for row in set(rows):
        there = sorted(span for span, at in zip(spans, rows, strict=True) if at == row)
        assert all(one[1] <= other[0] for one, other in pairwise(there))
    assert rows_for([(0, 4), (0, 1), (1, 2)]) == [1, 0, 0]


def test_that_a_click_names_the_tile_under_it(qtbot: QtBot) -> None:
    widget = shown(qtbot, "abcd", WORDS)
    for part in (0, 3, 4, 5):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
        assert got.args == [part]


def test_that_keys_walk_from_the_ringed_tile_and_hear_all_of_it(qtbot: QtBot) -> None:
    widget = shown(qtbot, "abcd", WORDS)
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right):
        qtbot.keyClick(widget, key)
        seen.append(widget.current)
    assert seen == [5, 4, 0, 1]
    assert widget.say(5) == "all of it" and widget.say(0) == "a   1"


def test_that_the_fullest_text_with_room_is_written_and_nothing_is_cut(qtbot: QtBot) -> None:
    Picture.recording = True
    try:
        widget = shown(qtbot, "abcd", WORDS, names=("one", "two"), gaps=tuple("98765"), gaps_name="left",
                       since=2, links=[Link(4, 5)])
        said = {one.text for one in widget.written}
        assert {"ab", "12", "◆ cd", "one", "left", "9", "5"} <= said
        assert not any("long" in one for one in said) and all(one.whole for one in widget.written)
    finally:
        Picture.recording = False


def test_that_the_place_that_is_decided_is_in_sight_of_a_long_text(qtbot: QtBot) -> None:
    signs = "x" * 80
    spans = [Span(0, at, at + 1, ("x",)) for at in range(80)]
    widget = shown(qtbot, signs, spans, since=70)
    assert widget.rect().contains(widget.place(70).toRect())
    widget.draw(tuple(signs), spans, since=0)
    widget.grab()
    assert widget.rect().contains(widget.place(0).toRect())


def test_that_spans_beyond_the_signs_are_left_out_and_nothing_is_said_plainly(qtbot: QtBot) -> None:
    widget = shown(qtbot, "ab", [*WORDS, Span(0, 1, 1, ("?",))], links=[Link(4, 5)])
    assert [(one.begin, one.end) for one in widget.spans] == [(0, 1), (1, 2), (0, 2)] and not widget.links
    widget.draw((), (), empty="Nothing here.")
    widget.grab()
    assert widget.part_at(300, 100) is None
