"""Strips of tokens and links between them."""

from __future__ import annotations

import numpy as np
import pytest
from looking import picture
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.pictures.tokens import NotedStrip, TokenLinks, TokenStrip, on_one_line, visible
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

WORDS = ["The", "animal", "was", "too", "tired", "动物", "太", "累"]


def look(scale: float = 1.0) -> Look:
    return Look(theme("light"), Words(), scale)


def wheel(widget: TokenStrip | TokenLinks, down: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(middle, middle, QPoint(), QPoint(0, -120 * down),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize(("width", "scale"), [(140, 1.0), (400, 1.0), (700, 1.5)])
def test_that_a_click_names_the_token_under_it(qtbot: QtBot, width: int, scale: float) -> None:
    widget = TokenStrip(look(scale), "Tokens")
    qtbot.addWidget(widget)
    widget.resize(width, 400)
    widget.show()
    widget.draw(WORDS * 2, weights=np.linspace(0, 1, 16))
    for index in (0, 5, 15):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                             pos=widget.place(index).center().toPoint())
        assert got.args == [index]


def test_that_tokens_wrap_and_ask_for_the_height_they_need(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "Tokens", lines=20)
    qtbot.addWidget(widget)
    widget.draw(WORDS * 10)
    assert widget.heightForWidth(200) > widget.heightForWidth(800)
    widget.resize(300, widget.heightForWidth(300))
    assert all(widget.place(one).right() <= 300 for one in range(80))
    assert widget.place(79).bottom() <= widget.height()


def test_that_a_long_text_asks_for_few_lines_and_scrolls(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "Tokens", lines=2)
    qtbot.addWidget(widget)
    widget.draw(WORDS * 10)
    assert widget.heightForWidth(200) == widget.heightForWidth(400)
    widget.resize(200, widget.heightForWidth(200))
    assert widget.place(79).top() > widget.height()


def test_that_a_heavier_token_is_shaded_more(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "")
    qtbot.addWidget(widget)
    widget.resize(400, 60)
    widget.draw(["aa"] * 3, weights=[0.0, 0.5, 1.0])
    image = widget.grab().toImage()
    shades = [image.pixelColor(widget.place(one).center().toPoint() + QPoint(0, -8)).red()
              for one in range(3)]
    assert shades[0] > shades[1] > shades[2]


def test_that_what_does_not_fit_can_be_scrolled_to(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "Tokens")
    qtbot.addWidget(widget)
    widget.resize(200, 100)
    widget.show()
    widget.draw(WORDS * 20)
    assert widget.place(159).top() > 100
    wheel(widget, 200)
    assert widget.place(159).bottom() <= 100
    links = TokenLinks(look(), "Links")
    qtbot.addWidget(links)
    links.resize(300, 200)
    links.show()
    links.draw(WORDS * 8, WORDS * 8, np.eye(64))
    wheel(links, 200)
    assert links.place((0, 63)).bottom() <= 200


def test_that_keys_scroll_the_token_into_view(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "Tokens")
    qtbot.addWidget(widget)
    widget.resize(200, 100)
    widget.show()
    widget.draw(WORDS * 20)
    for _ in range(30):
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert widget.current is not None
    assert widget.current > 30
    assert widget.place(widget.current).bottom() <= 101
    with qtbot.waitSignal(widget.clicked) as got:
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert got.args == [widget.current]


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_that_links_tell_side_and_index(qtbot: QtBot, scale: float) -> None:
    widget = TokenLinks(look(scale), "Links")
    qtbot.addWidget(widget)
    widget.resize(500, 500)
    widget.show()
    widget.draw(WORDS, WORDS[:5], np.ones((8, 5)) / 5)
    for part in ((0, 7), (1, 0), (1, 4)):
        with qtbot.waitSignal(widget.clicked) as got:
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton,
                             pos=widget.place(part).center().toPoint())
        assert tuple(got.args) == part


def test_that_only_the_links_of_the_focused_token_are_drawn(qtbot: QtBot) -> None:
    weights = np.full((8, 8), 0.125, np.float32)
    widget = TokenLinks(look(), "Links")
    qtbot.addWidget(widget)
    widget.resize(400, 400)
    widget.draw(WORDS, WORDS, weights, focus=2)
    assert sum(map(len, widget._make_lines())) == 8
    widget.draw(WORDS, WORDS, weights)
    assert sum(map(len, widget._make_lines())) == 64
    weights[2, 5] = 0.9
    widget.draw(WORDS, WORDS, weights)
    assert "动物" in widget.say((0, 2))


def test_that_white_space_can_be_seen() -> None:
    assert visible("\n") == "⏎"
    assert visible("  ") == "␣␣"
    assert visible(" the") == " the"
    assert visible("") == "␣"


def test_that_nothing_and_very_long_tokens_can_be_drawn(qtbot: QtBot) -> None:
    strip, links = TokenStrip(look(), "T"), TokenLinks(look(), "T")
    for widget in (strip, links):
        qtbot.addWidget(widget)
        widget.resize(222, 130)
    strip.draw([])
    links.draw([], [], np.zeros((0, 0)))
    strip.grab()
    links.grab()
    strip.draw(["x" * 500, "y"], weights=[np.nan, 2.0], muted=[0])
    links.draw(["x" * 500], ["y" * 500], np.array([[np.nan]]), selected=0)
    strip.grab()
    links.grab()
    assert strip.place(0).right() <= strip.width()


def test_that_notes_stand_below_their_tokens_in_the_colour_of_their_row(qtbot: QtBot) -> None:
    widget = NotedStrip(look(), "Tokens")
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    widget.draw(WORDS)
    plain = widget.place(7).bottom()
    shares = np.linspace(0, 1, 8, dtype=np.float32)
    widget.draw(WORDS, notes=[["−1"] * 8, ["+2"] * 8], shares=shares)
    assert widget.place(7).bottom() > plain, "there is room for them"
    assert widget.say(1) == "animal   −1   +2   14\u00a0%"
    image = widget.grab().toImage()
    box = widget.place(1)

    def found(color: QColor, top: float) -> int:
        rgb = color.rgb()
        return sum(image.pixel(x, y) == rgb for x in range(int(box.left()), int(box.right()))
                   for y in range(int(top), int(box.bottom())))

    below = box.top() + widget._token
    assert found(widget.look.ink(0), below) and found(widget.look.ink(1), below)
    widget.draw(WORDS)
    assert widget.place(7).bottom() == plain


def test_that_a_page_is_laid_out_anew_only_where_a_text_needs_other_room(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = TokenStrip(look(), "Tokens")
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.draw(["ab"] * 3)
    asked: list[bool] = []
    monkeypatch.setattr(TokenStrip, "updateGeometry", lambda _: asked.append(True))
    widget.draw(["cd"] * 3)
    widget.draw(["cd"] * 4)
    assert not asked, "still one line"
    widget.draw(["cd"] * 40)
    assert len(asked) == 1, "now two"
    widget.draw(["cd"] * 40, title="A title that is so long that it needs a second line in this width")
    assert len(asked) == 2


def test_that_each_token_may_have_a_colour_of_its_own(qtbot: QtBot) -> None:
    widget = TokenStrip(look(), "")
    qtbot.addWidget(widget)
    widget.resize(400, 60)
    widget.draw(["aa", "aa"], weights=[1.0, 1.0], series=[0, 1])
    image = widget.grab().toImage()
    blue, orange = (image.pixelColor(int(widget.place(one).left()) + 3,
                                     int(widget.place(one).center().y())) for one in (0, 1))
    assert blue.blue() > blue.red() and orange.red() > orange.blue()


def test_that_an_unknown_token_has_a_dotted_rim_and_says_so(qtbot: QtBot) -> None:
    strip = TokenStrip(look())
    qtbot.addWidget(strip)
    strip.resize(300, 80)
    strip.show()
    strip.draw(["one", "two"])
    plain = picture(strip)
    strip.draw(["one", "two"], unknown=[1])
    changed = (picture(strip) != plain).any(2)
    rim, inside = strip.place(1).toRect(), strip.place(1).toRect().adjusted(4, 4, -4, -4)
    assert changed[rim.top() : rim.bottom() + 1, rim.left() : rim.right() + 1].sum() > 30
    assert not changed[inside.top() : inside.bottom(), inside.left() : inside.right()].any()
    assert not changed[:, : rim.left() - 2].any()
    assert "not in the vocabulary" in strip.say(1) and "vocabulary" not in strip.say(0)


def test_that_a_text_on_one_line_says_where_its_lines_ended() -> None:
    assert on_one_line("a\r\n\tb c\n") == "a⏎⇥b c⏎"


def test_that_a_text_that_fills_its_room_keeps_its_size_while_tokens_grow_together(
    qtbot: QtBot,
) -> None:
    strip = TokenStrip(look(), fills=True)
    qtbot.addWidget(strip)
    strip.resize(500, 200)
    strip.draw(list("newest widest"))
    large = strip.place(0).height()
    strip.draw(["newest", " widest"])
    assert strip.place(0).height() == large > TokenStrip(look())._line
    assert strip.place(1).bottom() <= 200
    strip.draw(list("newest widest " * 40))
    assert strip.place(0).height() < large  # a long text has small letters


def test_that_a_strip_that_grows_shows_its_end_until_one_scrolls(qtbot: QtBot) -> None:
    strip = TokenStrip(look(), "Written", lines=2, grows=True)
    qtbot.addWidget(strip)
    strip.resize(200, 60)
    strip.show()
    for count in (40, 80):
        strip.draw([f"word{one}" for one in range(count)])
        strip.grab()
        assert strip.place(count - 1).bottom() <= strip.height() + 1
    strip.reel.move(-strip.reel.length)
    strip.draw(strip.tokens)
    strip.grab()
    assert strip.reel.offset == 0, "the same text stays where one has scrolled it to"
