"""Hall text: one key, remembered for each screen; and what a window does on another one."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.files.settings import Settings
from app.window.lastrow import LINES, SHARES, TEXTS, CheckRoom, RoomStrip, screen_id
from widgets.theme.look import GROUNDS, HALL_LINE, Look, contrast, hall_look, mixed, theme
from widgets.theme.words import window_words


def press(qtbot: Any, window: Any, key: Qt.Key) -> None:
    qtbot.keyClick(window, key)
    qtbot.wait(1)


@pytest.mark.parametrize("stage", [(1280, 720), (1024, 768), (1280, 1024), (1920, 1080), (1366, 768),
                                   (3840, 2160)])
def test_that_no_hall_text_is_lower_than_a_fortieth_and_no_line_thinner_than_three_pixels(
    stage: tuple[int, int]
) -> None:
    look = hall_look("light", window_words("en"), QSize(*stage))
    assert min(look.text(size) for size in range(1, 30)) * 40 >= stage[1]
    assert look.pen("hairline").widthF() == look.line(1) == HALL_LINE
    assert look.pen("accent", 4).widthF() == 4
    assert look.pen("card", 1).widthF() == 1, "a gap is no line"


@pytest.mark.parametrize("shade", ["light", "dark"])
@pytest.mark.parametrize("hall", [False, True])
def test_that_letters_in_any_colour_are_legible_and_faint_lines_are_seen(shade: str, hall: bool) -> None:
    words = window_words("en")
    look = hall_look(shade, words, QSize(1280, 720)) if hall else Look(theme(shade), words)
    for token in ("text", "muted", "accent", "warning", "ghost", 0, 1, 2, 3):
        for ground in GROUNDS:
            assert contrast(look.ink(token), look.color(ground)) >= (7.0 if hall else 4.5), (token, ground)
    assert look.ink("text") == look.color("text") and look.ink(2) == look.color(2), "what can be read stays"
    for one in range(4):
        middle = mixed(look.color("card"), look.color(one), 0.3)
        assert contrast(look.ink_on("warning", middle), middle) >= 4.0
        ink, card = look.pen(look.color(one, 40)).color(), look.color("card")
        seen = contrast(mixed(card, ink, ink.alphaF()), card)
        assert (seen >= 3.0) if hall else ink.alpha() == 40


def test_that_desk_text_has_the_lines_that_are_asked_for() -> None:
    look = Look(theme("light"), window_words("en"))
    assert look.pen("hairline").widthF() == 1 and look.pen(2, 1.5).color() == look.color(2)


def test_that_one_key_switches_between_desk_text_and_hall_text(lab: Any, qtbot: Any) -> None:
    window = lab()
    desk = window.look
    press(qtbot, window, Qt.Key.Key_H)
    assert window.look.hall and window.look.theme == theme("light", hall=True)
    assert window.look.text(12) * 40 >= window.height() and not window.isFullScreen()
    assert window.page.look.hall and window.side.look.hall, "a panel's own words change nothing else"
    press(qtbot, window, Qt.Key.Key_H)
    assert window.look == desk and window.settings.hall == {}


def test_that_a_stage_has_hall_text_unless_desk_text_was_chosen_on_it(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F5)
    assert window.look.hall
    press(qtbot, window, Qt.Key.Key_H)
    assert not window.look.hall and window.isFullScreen() and not window.roadmap.isVisible()
    press(qtbot, window, Qt.Key.Key_F5)
    press(qtbot, window, Qt.Key.Key_F5)
    assert not window.look.hall
    press(qtbot, window, Qt.Key.Key_H)
    assert window.look.hall and window.settings.hall == {}


def test_that_hall_text_is_remembered_for_its_screen_alone(lab: Any, qtbot: Any) -> None:
    window = lab()
    here = screen_id(window.screen())
    assert window.screen().name() in here and f"{window.screen().size().width()}×" in here
    press(qtbot, window, Qt.Key.Key_H)
    kept = Settings.load(window.settings.path)
    assert kept.hall == {here: True}
    assert kept.has_hall(here, presented=False) and not kept.has_hall("another 1024×768", False)


def test_that_the_window_takes_on_the_text_of_the_screen_that_it_comes_to(
    lab: Any, qtbot: Any, monkeypatch: Any
) -> None:
    window = lab()
    window.settings.hall["projector 1024×768"] = True
    monkeypatch.setattr("app.window.window.screen_id", lambda _screen: "projector 1024×768")
    window.windowHandle().screenChanged.emit(window.screen())
    qtbot.waitUntil(lambda: window.look.hall)


def test_that_hall_text_grows_with_its_window(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_H)
    window.resize(1600, 960)
    qtbot.waitUntil(lambda: window.look.text(12) * 40 >= 960)


def test_that_two_windows_of_the_program_keep_each_others_screens(tmp_path: Any) -> None:
    path = tmp_path / "settings.json"
    one, other = Settings.load(path), Settings.load(path)
    one.switch_hall("projector", presented=False)
    other.switch_hall("beamer", presented=True)
    assert one.save() and other.save()
    assert Settings.load(path).hall == {"projector": True, "beamer": False}
    path.write_text('{"hall": {"projector": "yes", "beamer": true}}')
    assert Settings.load(path).hall == {"beamer": True}


def test_that_the_strip_is_on_the_whole_screen_until_escape(lab: Any, qtbot: Any) -> None:
    window = lab()
    before = window.look
    qtbot.keyClick(window, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
    strip = window.findChild(RoomStrip)
    qtbot.waitUntil(lambda: strip.size() == window.size())
    assert strip.isVisible() and window.isFullScreen() and window.look == before
    qtbot.keyClick(window.findChild(CheckRoom), Qt.Key.Key_Escape)
    assert window.findChild(RoomStrip) is None and not window.isFullScreen()
    press(qtbot, window, Qt.Key.Key_F5)
    window.check_room()
    qtbot.keyClick(window.findChild(CheckRoom), Qt.Key.Key_Escape)
    assert window.isFullScreen() and window.page.isVisible(), "the stage is still the stage"


@pytest.mark.parametrize("shade", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("stage", [(1280, 720), (1024, 768), (1920, 1080)])
def test_that_the_strip_has_what_it_says(
    qtbot: Any, monkeypatch: Any, language: str, shade: str, stage: tuple[int, int]
) -> None:
    written: dict[str, int] = {}
    boxes: list[QRectF] = []

    class Watched(QPainter):
        def drawText(self, box: QRectF, flags: Any, text: str) -> None:  # type: ignore[override]
            written[text] = self.font().pixelSize()
            boxes.append(self.boundingRect(box, flags, text))
            super().drawText(box, flags, text)

    monkeypatch.setattr("app.window.lastrow.QPainter", Watched)
    words = window_words(language)
    strip = RoomStrip(Look(theme(shade), words))
    qtbot.addWidget(strip)
    strip.resize(*stage)
    strip.show()
    shown = strip.grab().toImage()
    assert [written[words(text)] for text in TEXTS] == [round(stage[1] / share) for share in SHARES]
    room = QRectF(strip.rect())
    assert all(room.contains(box) for box in boxes) and "3\u00a0px" in written
    assert not any(one.intersects(other) for one, other in combinations(boxes, 2))
    look = hall_look(shade, words, QSize(*stage))
    for series in range(4):
        assert count(shown, look.color(series)) > 300
    row = stage[1] - stage[1] // 6
    for at, pixels in enumerate(LINES):
        x = round(stage[1] / 24 + (stage[0] - stage[1] / 12) * (at + 0.3) / 5)
        for token in ("text", "hairline"):
            inked = [y for y in range(row - stage[1] // 12, stage[1] - stage[1] // 11)
                     if QColor(shown.pixel(x, y)) == look.color(token)]
            assert inked == list(range(inked[0], inked[0] + pixels)), (token, pixels)


def count(image: QImage, color: QColor) -> int:
    """How many pixels of an image have a colour."""
    pixels = np.frombuffer(image.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint32)
    return int((pixels == color.rgb()).sum())
