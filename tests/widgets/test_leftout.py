"""In hall text, what has no room is left out whole and counted, round what matters; on the desk it is
scrolled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from looking import look
from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot

from widgets.pictures.bars import BarChart
from widgets.pictures.flowgraph import Flow, FlowGraph, FlowNode
from widgets.pictures.marked import Entry, MarkedTexts
from widgets.pictures.marked import Span as Piece
from widgets.pictures.picture import Picture
from widgets.pictures.ranks import RankColumns
from widgets.pictures.readouts import TextFlow
from widgets.pictures.spans import Span, SpanRows
from widgets.pictures.table import Table
from widgets.pictures.terminal import OUT, Line, Screen
from widgets.pictures.tokens import NotedStrip, TokenLinks, TokenStrip
from widgets.pictures.tokentree import Node, TokenTree
from widgets.theme.look import Look, hall_look
from widgets.theme.words import window_words
from widgets.views.code import CodeText

MANY = 60
NAMES = [f"n{one:03d}" for one in range(MANY)]


@pytest.fixture(autouse=True)
def recording() -> Iterator[None]:
    Picture.recording = True
    yield
    Picture.recording = False


def hall(language: str = "en") -> Look:
    return hall_look("light", window_words(language), QSize(1280, 720))


def table(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = Table(look, "Rows", [("name", 1)])
    widget.draw([(name,) for name in NAMES[:count]], selected=chosen)
    return widget


def bars(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = BarChart(look, "Bars")
    widget.draw(np.arange(1.0, count + 1), NAMES[:count], highlight=chosen)
    return widget


def strip(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = TokenStrip(look, "Tokens")
    widget.draw(NAMES[:count], selected=chosen)
    return widget


def noted(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = NotedStrip(look, "Tokens")
    widget.draw(NAMES[:count], selected=chosen, notes=[["·"] * count], shares=np.full(count, 0.5))
    return widget


def links(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = TokenLinks(look, "Links")
    widget.draw(NAMES[:count], [f"r{one}" for one in range(count)], np.eye(count), focus=chosen)
    return widget


def ranks(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = RankColumns(look, "Ranks")
    order = range(count)
    widget.draw(NAMES[:count], order, [*order][::-1], heads=("left", "right"))
    return widget


def texts(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = MarkedTexts(look, "Texts")
    widget.draw([Entry((Piece(name, part=at), Piece(" and words that go on for a while " * 2)))
                 for at, name in enumerate(NAMES[:count])], selected=chosen)
    return widget


def terminal(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = Screen(look, "Terminal")
    widget.draw([Line(OUT, name) for name in NAMES[:count]])
    return widget


def tree(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = TokenTree(look, "Tree")
    widget.draw("root", [[Node(name, 0, "taken"), Node("x", 0, "cut")] for name in NAMES[:count]])
    return widget


def spans(look: Look, chosen: int = -1, count: int = MANY) -> Picture[Any]:
    widget = SpanRows(look, "Spans")
    widget.draw([f"{at:02d}" for at in range(count)], [Span(0, at, at + 1, ("·",)) for at in range(count)],
                since=max(0, chosen))
    return widget


WIDGETS = (table, bars, strip, noted, links, ranks, texts, terminal, tree, spans)
FIRST, NEWEST = (table, bars, strip, noted, links, ranks, texts), (terminal, tree)


def shown(qtbot: QtBot, widget: Picture[Any], size: tuple[int, int] = (620, 300)) -> Picture[Any]:
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    widget.grab()
    return widget


def names(widget: Picture[Any]) -> list[int]:
    """The numbers of the names that are written, each once."""
    number = r"^(\d\d)$" if isinstance(widget, SpanRows) else r"n(\d{3})"
    found = [re.findall(number, one.text) for one in widget.written]
    return sorted({int(one) for each in found for one in each})


def left(widget: Picture[Any]) -> tuple[int, int]:
    """How many are said to be left out before and after what is shown."""
    before = after = 0
    for one in widget.written:
        if one.text.startswith("…"):
            before += sum(map(int, re.findall(r"(\d+) before", one.text)))
            after += sum(map(int, re.findall(r"(\d+) more", one.text)))
    return before, after


@pytest.mark.parametrize("make", WIDGETS)
def test_that_hall_text_shows_whole_things_and_counts_those_that_have_no_room(
    qtbot: QtBot, make: Callable[..., Picture[Any]]
) -> None:
    widget = shown(qtbot, make(hall()))
    seen, (before, after) = names(widget), left(widget)
    if make is ranks:  # the other order shows the others
        seen = [one for one in seen if one < MANY / 2]
    assert seen == list(range(seen[0], seen[-1] + 1)) and 0 < len(seen) < MANY
    root = int(make is tree)  # a column as well
    assert (before - root, after) == (seen[0], MANY - 1 - seen[-1])
    assert all(one.whole for one in widget.written)
    room = widget.rect().adjusted(-2, -2, 2, 2)
    assert all(room.contains(one.box.toRect()) for one in widget.written)


@pytest.mark.parametrize("make", WIDGETS)
def test_that_nothing_is_said_where_all_have_room(qtbot: QtBot, make: Callable[..., Picture[Any]]) -> None:
    widget = shown(qtbot, make(hall(), count=3), (900, 500))
    assert left(widget) == (0, 0) and len(names(widget)) == 3


@pytest.mark.parametrize("make", WIDGETS)
def test_that_the_desk_says_nothing_and_scrolls(qtbot: QtBot, make: Callable[..., Picture[Any]]) -> None:
    widget = shown(qtbot, make(look()), (400, 150))
    reel = widget.reel  # type: ignore[attr-defined]
    assert left(widget) == (0, 0) and reel.length > reel.room > 0


@pytest.mark.parametrize("make", FIRST)
def test_that_the_first_are_shown_and_round_the_chosen_where_there_is_one(
    qtbot: QtBot, make: Callable[..., Picture[Any]]
) -> None:
    assert names(shown(qtbot, make(hall())))[0] == 0
    if make is not ranks:
        assert 40 in names(shown(qtbot, make(hall(), 40)))


@pytest.mark.parametrize("make", NEWEST)
def test_that_the_newest_is_shown_of_what_grows(qtbot: QtBot, make: Callable[..., Picture[Any]]) -> None:
    assert names(shown(qtbot, make(hall())))[-1] == MANY - 1


@pytest.mark.parametrize("make", WIDGETS)
def test_that_the_keys_reach_what_was_left_out(qtbot: QtBot, make: Callable[..., Picture[Any]]) -> None:
    widget = shown(qtbot, make(hall()))
    backwards = make in NEWEST
    ahead = make in (strip, noted, tree, spans)
    key = {(False, False): Qt.Key.Key_Down, (False, True): Qt.Key.Key_Right,
           (True, False): Qt.Key.Key_Up, (True, True): Qt.Key.Key_Left}[backwards, ahead]
    before = [one for one in names(widget) if make is not ranks or one < MANY / 2]
    for _ in range(len(before) + 3):
        qtbot.keyClick(widget, key)
    widget.grab()
    beyond = before[0] - 1 if backwards else before[-1] + 1
    assert beyond in names(widget)


def test_that_a_text_that_grows_shows_its_end_and_says_so_at_its_beginning(qtbot: QtBot) -> None:
    widget = TokenStrip(hall(), "Written", lines=2, grows=True)
    for count in (30, 50):
        widget.draw(NAMES[:count])
        shown(qtbot, widget, (500, 120))
        assert names(widget)[-1] == count - 1 and left(widget) == (names(widget)[0], 0)
        first = next(one for one in widget.written if "before" in one.text)
        assert first.box.left() < 30, "where the reading begins"


def test_that_an_entry_without_room_is_shown_by_whole_lines(qtbot: QtBot) -> None:
    widget = MarkedTexts(hall(), "Texts")
    widget.draw([Entry((Piece("words that go on and on " * 40),)), Entry((Piece("the second"),))])
    shown(qtbot, widget)
    assert left(widget) == (0, 2), "of the first, the end is missing too"
    assert all(one.whole for one in widget.written) and len(widget.written) > 5


def test_that_a_graph_shows_whole_nodes_round_the_present_one(qtbot: QtBot) -> None:
    widget = FlowGraph(hall(), "Graph")
    value = np.ones((1, 1))
    widget.draw([FlowNode(name, value=value) for name in NAMES[:20]],
                [Flow(at, at + 1) for at in range(19)], now=10)
    shown(qtbot, widget)
    seen = names(widget)
    assert 10 in seen and left(widget) == (0, 20 - len(seen)) and 0 < len(seen) < 20
    assert all(one.whole for one in widget.written)


def test_that_code_shows_its_first_lines_and_how_many_follow(qtbot: QtBot) -> None:
    code = "\n".join(f"line_{one} = {one}" for one in range(MANY)) + "\n"
    for scrolled in (False, True):
        widget = CodeText(hall(), "Code", scrolled=scrolled)
        qtbot.addWidget(widget)
        widget.resize(500, 300)
        widget.show()
        widget.say(code)
        lines = widget.toPlainText().strip().split("\n")
        if scrolled:
            assert len(lines) == MANY and widget.verticalScrollBar().maximum() > 0
        else:
            assert lines[0] == "line_0 = 0" and widget.verticalScrollBar().maximum() == 0
            assert lines[-1] == f"# … {MANY - len(lines) + 1} more" and len(lines) > 5
    widget = CodeText(hall("zh"), "Code")
    qtbot.addWidget(widget)
    widget.resize(500, 2000)
    widget.show()
    widget.say("a = 1\n" + "b = 'long' + " * 30 + "1\n")
    assert widget.toPlainText().strip().endswith("1") and widget.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("broken", [True, False])
def test_that_a_flowing_text_shows_its_last_lines_and_keeps_its_marks(qtbot: QtBot, broken: bool) -> None:
    words = [f"w{one:03d}" for one in range(300)]
    text = "\n".join(" ".join(words[at:at + 5]) for at in range(0, 300, 5)) if broken else " ".join(words)
    text = "😀 " + text
    widget = TextFlow(hall(), "Flow")
    qtbot.addWidget(widget)
    widget.resize(500, 250)
    widget.show()
    at = text.index("w298")
    widget.draw(text, marks=[(0, 4, 0), (at, at + 4, 1)])
    edit = widget._edit
    assert edit.verticalScrollBar().maximum() == 0 and widget.text == text
    lines = edit.toPlainText().split("\n")
    assert lines[0].startswith("… ") and lines[0].endswith(" before") and text.endswith(edit.toPlainText()[
        len(lines[0]) + 1:])
    marked = [one.cursor.selectedText() for one in edit.extraSelections()]
    assert marked[1] == "w298" and marked[2].startswith("…") and marked[0] in ("", lines[0] + "\u2029")
    if broken:
        assert int(lines[0].split()[1]) == 60 - (len(lines) - 1)
    widget.resize(900, 2000)
    assert edit.toPlainText() == text


def test_that_a_flowing_text_with_labels_leaves_out_whole_ones(qtbot: QtBot) -> None:
    widget = TextFlow(hall(), "Flow")
    qtbot.addWidget(widget)
    widget.resize(500, 250)
    widget.show()
    widget.draw_lines([(f"k{one}", "some words and more " * 3, 4) for one in range(20)])
    shown = widget._edit.toPlainText().split("\n")
    assert shown[0] == f"… {20 - len(shown) + 1} before" and all("\t" in one for one in shown[1:])
    assert widget._edit.verticalScrollBar().maximum() == 0 and len(shown) > 2
