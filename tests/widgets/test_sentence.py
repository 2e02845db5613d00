"""The sentence under the picture wraps and keeps its height."""

from __future__ import annotations

import pytest
from looking import look, picture, pixels_of
from pytestqt.qtbot import QtBot

from widgets.theme.numbers import quantity
from widgets.views.sentence import Sentence

LONG = ("Linear cell after 60 steps of training: one step back multiplies the gradient by about 1.46, "
        "200 steps back by 2.99·10³²; accuracy 41 %.")


def made(qtbot: QtBot, width: int, language: str = "en", **options: object) -> Sentence:
    sentence = Sentence(look(language=language), "text", **options)  # type: ignore[arg-type]
    qtbot.addWidget(sentence)
    sentence.resize(width, sentence.height())
    sentence.show()
    return sentence


def test_that_a_long_sentence_takes_two_lines_and_loses_no_word(qtbot: QtBot) -> None:
    sentence = made(qtbot, 520)
    sentence.say(LONG)
    assert len(sentence.lines()) == 2 and " ".join(sentence.lines()) == LONG
    rows = pixels_of(picture(sentence), look().color("text"), 90).any(1)
    half = sentence.height() // 2
    assert rows[:half].any() and rows[half:].any()


def test_that_what_is_below_does_not_move(qtbot: QtBot) -> None:
    sentence = made(qtbot, 520)
    heights = set()
    for text in ("", "Short.", LONG, LONG * 3):
        sentence.say(text)
        heights.add((sentence.height(), sentence.sizeHint().height()))
    assert len(heights) == 1


def test_that_only_what_is_too_long_for_all_lines_is_cut_and_its_tool_tip_is_whole(
    qtbot: QtBot
) -> None:
    sentence = made(qtbot, 300)
    sentence.say(LONG * 2)
    first, last = sentence.lines()
    assert LONG.startswith(first) and last.endswith("…")
    assert sentence.toolTip() == LONG * 2


@pytest.mark.parametrize("width", range(120, 400, 7))
def test_that_a_value_and_its_unit_stay_in_one_line(qtbot: QtBot, width: int) -> None:
    said = quantity(1433, "step/s", look().words)
    sentence = made(qtbot, width, lines=9)
    sentence.say(f"The small network trains at {said}, the large one at {said} and no more.")
    assert " ".join(sentence.lines()).count(said) == 2


def test_that_a_chinese_sentence_wraps_between_characters(qtbot: QtBot) -> None:
    sentence = made(qtbot, 200, "zh")
    sentence.say("经过 60 步训练的线性单元：每往回一步，梯度约乘以 1.46")
    assert len(sentence.lines()) == 2


def test_that_a_note_takes_the_lines_it_needs(qtbot: QtBot) -> None:
    note = made(qtbot, 300, steady=False)
    note.say("Short.")
    low = note.height()
    note.say(LONG)
    assert note.height() > low
    note.say("Short.")
    assert note.height() == low
