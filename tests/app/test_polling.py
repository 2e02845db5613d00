"""A question in the hall: large on the stage, counted on the desk, and the truth over the guess."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QPointF, QSize, Qt, Signal

from app.files.lecture import Moment
from app.session.poll import Poll, poll_of
from app.session.tours import Answer, Ask, TourStep
from app.window.polling import LARGEST, Ballot, Shown

LEFT = Qt.MouseButton.LeftButton

RESTS = Answer({"en": "at rest", "zh": "停下"}, "abs(position) < 0.01", {})
JUMPS = Answer({"en": "far out", "zh": "跳出"}, "abs(position) >= 0.01",
               {"en": "The step is short.", "zh": "步子很短。"})
ASK = Ask({"en": "Where will it be?", "zh": "它会在哪里？"}, (JUMPS, RESTS))
STEPS = (TourStep({"en": "Train.", "zh": "训练。"}, {}, 30, False, "step == 30",
                  {"en": "It rests.", "zh": "停了。"}, ASK),)


def press(qtbot: Any, window: Any, key: Any) -> None:
    qtbot.keyClick(window.focusWidget() or window, key)


def said(tally: Any) -> str:
    """What stands under the answers, its spaces all alike."""
    return str(tally.said.text().replace("\N{NO-BREAK SPACE}", " "))


@pytest.fixture
def hall(lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A window with its stage on the only screen, and a question open."""
    monkeypatch.setattr("app.window.guide.load_tour", lambda _: STEPS)
    window = lab()
    press(qtbot, window, Qt.Key.Key_F6)
    press(qtbot, window, Qt.Key.Key_N)
    press(qtbot, window.hall.stage, Qt.Key.Key_F8)
    return window


def count(qtbot: Any, window: Any, *hands: int) -> None:
    """Type the hands for each answer, with Enter between them."""
    tally = window.hall.desk.tally
    tally.fields[0].setFocus()
    for field, number in zip(tally.fields, hands, strict=True):
        field.clear()
        qtbot.keyClicks(field, str(number))
        qtbot.keyClick(field, Qt.Key.Key_Return)


def test_that_a_question_has_the_whole_stage_and_the_desk_its_tally(hall: Any) -> None:
    ballot, tally = hall.hall.stage.ballot, hall.hall.desk.tally
    assert ballot.isVisible() and ballot.geometry() == hall.hall.stage.rect()
    assert ballot.accessibleName() == "Where will it be? 1. far out 2. at rest"
    assert tally.isVisible() and tally.question.text == "Where will it be?"
    assert not hall.hall.desk.notes.isVisible()
    assert tally.said.text() == "Count the hands for each answer."


def test_that_hands_are_typed_and_clicked_and_shown_as_bars_when_wanted(hall: Any, qtbot: Any) -> None:
    tally, ballot = hall.hall.desk.tally, hall.hall.stage.ballot
    count(qtbot, hall, 12, 30)
    assert hall.hall.poll.votes == [[12, 30]]
    assert said(tally) == "42 hands, 71 % right"
    qtbot.mouseClick(tally.pluses[0], LEFT)
    qtbot.mouseClick(tally.minuses[1], LEFT)
    assert hall.hall.poll.votes == [[13, 29]] and tally.fields[0].text() == "13"
    assert not ballot.shown.bars
    plain = ballot.grab().toImage()
    press(qtbot, hall.hall.stage, Qt.Key.Key_G)
    assert ballot.shown.bars and tally.bars.isChecked()
    assert ballot.grab().toImage() != plain
    qtbot.mouseClick(tally.bars, LEFT)
    assert ballot.grab().toImage() == plain


def test_that_half_right_says_let_them_discuss_and_a_second_vote_stands_beside_the_first(
    hall: Any, qtbot: Any
) -> None:
    tally = hall.hall.desk.tally
    count(qtbot, hall, 20, 22)
    assert said(tally) == "42 hands, 52 % right\nLet them discuss, then vote again."
    press(qtbot, hall.hall.stage, Qt.Key.Key_V)
    assert tally.said.text() == "Second vote: count the hands for each answer."
    count(qtbot, hall, 4, 38)
    assert hall.hall.poll.tally == ((20, 22), (4, 38))
    assert said(tally) == "42 hands, 90 % right (52 % before)"
    assert not tally.again.isEnabled()
    assert hall.hall.stage.ballot.shown.votes == ((20, 22), (4, 38))


def test_that_the_truth_plays_over_the_guess(hall: Any, qtbot: Any) -> None:
    count(qtbot, hall, 30, 12)
    press(qtbot, hall.hall.stage, Qt.Key.Key_T)
    tour, stage = hall.tours["tiny"], hall.hall.stage
    assert tour.answers[0].guess == 0 and not stage.ballot.whole
    assert stage.ballot.lines() == ["The hall said: far out"]
    assert stage.scene.height() + stage.ballot.height() == stage.height()  # the picture is seen
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    assert stage.ballot.lines() == ["The hall said: far out", "What happened: at rest",
                                    "The step is short."]
    assert stage.scene.session.last_step == 30
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert stage.ballot.isHidden() and stage.scene.height() == stage.height()
    assert hall.hall.polls["tiny", 0].tally == ((30, 12),)  # kept


def test_that_a_hall_that_is_right_is_told_so_in_its_language(hall: Any, qtbot: Any) -> None:
    count(qtbot, hall, 1, 2)
    qtbot.mouseClick(hall.hall.desk.tally.play, LEFT)
    tour = hall.tours["tiny"]
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    hall.set_language("zh")
    assert hall.hall.stage.ballot.lines() == ["全场的回答是“停下”，结果正是如此。"]


def test_that_a_frozen_stage_does_not_show_the_question(hall: Any, qtbot: Any) -> None:
    press(qtbot, hall.hall.stage, Qt.Key.Key_Escape)
    press(qtbot, hall.hall.stage, Qt.Key.Key_F)
    press(qtbot, hall.hall.stage, Qt.Key.Key_N)
    assert hall.hall.stage.ballot.isHidden() and hall.hall.desk.tally.poll is not None
    press(qtbot, hall.hall.stage, Qt.Key.Key_F)
    assert not hall.hall.stage.ballot.isHidden()


# --- moments of a lecture ------------------------------------------------------------------------


class Script(QObject):
    """A lecture of moments, as the hall needs it."""

    turned = Signal()
    changed = Signal()

    def __init__(self, *moments: Moment) -> None:
        super().__init__()
        self.moments, self.index = moments, -1

    @property
    def moment(self) -> Moment | None:
        return self.moments[self.index] if self.index >= 0 else None

    def edit(self, index: int, **values: Any) -> None:
        self.moments = (*self.moments[:index], replace(self.moments[index], **values),
                        *self.moments[index + 1:])
        self.changed.emit()

    def go(self, index: int) -> None:
        self.index = index
        self.turned.emit()


@pytest.fixture
def given(lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A window with a stage on the only screen, its run at step 30, and a lecture of three moments."""
    window = lab()
    window.session.step(30)
    qtbot.waitUntil(lambda: window.page.shown.step == 30, timeout=10_000)
    monkeypatch.setattr("app.window.hall.find_panel", lambda _: window.session.panel)
    script = window.script = Script(
        Moment("tiny", note={"en": "Say hello.", "zh": "打招呼。"}, minutes=2, controls=("start",)),
        Moment("tiny", name={"en": "Where it rests"}, ask=ASK, run=window.session.record()),
        Moment("tiny", controls=()))
    window.hall.follow(script)
    press(qtbot, window, Qt.Key.Key_F6)
    return window


def test_that_a_moment_brings_its_note_its_controls_and_what_comes_next(
    given: Any, qtbot: Any
) -> None:
    given.hall.stage.ink.take("pen")
    given.hall.stage.ink.press(QPointF(0.5, 0.5))
    given.script.go(0)
    desk, stage = given.hall.desk, given.hall.stage
    assert desk.note.text() == "Say hello." and desk.next_name.text() == "Next: Where it rests"
    assert desk.times.text().endswith("of 2:00 here") and not stage.ink.strokes
    assert [name for name, _ in stage.scene.controls.controls()] == ["start"]
    assert stage.ballot.isHidden()
    qtbot.waitUntil(lambda: desk.talk.next_picture is not None)
    assert not desk.next_picture.isHidden() and desk.next_picture.pixmap().height() > 40
    given.hall.choose("learning_rate", True)  # with the moment, not for the panel
    assert given.script.moments[0].controls == ("start", "learning_rate")
    assert len(given.hall.scene.controls.controls()) == 2 and not given.settings.stage_controls
    given.set_language("zh")
    assert given.hall.desk.note.text() == "打招呼。"
    given.script.go(2)
    assert given.hall.stage.scene.controls is None and not given.hall.desk.next_name.text()


def test_that_a_moment_asks_before_it_shows_and_its_run_plays_over_the_guess(
    given: Any, qtbot: Any
) -> None:
    given.script.go(1)
    stage = given.hall.stage
    assert stage.ballot.whole and stage.ballot.shown.question == "Where will it be?"
    press(qtbot, stage, Qt.Key.Key_F8)
    count(qtbot, given, 30, 12)
    given.hall._replaying.setInterval(1)
    press(qtbot, stage, Qt.Key.Key_T)
    assert stage.ballot.lines() == ["The hall said: far out"]
    qtbot.waitUntil(lambda: given.hall._put.right is not None, timeout=10_000)
    assert stage.ballot.lines()[1] == "What happened: at rest"
    assert given.session.last_step == given.session.step_shown == 30  # nothing was trained
    assert given.script.moments[1].tally == ((30, 12),)
    given.script.go(2)
    assert stage.ballot.isHidden()
    given.script.go(1)
    assert stage.ballot.isHidden()  # it was asked before; Q asks again, with the votes that were kept
    qtbot.mouseClick(given.hall.desk.ask_it, LEFT)
    assert stage.ballot.whole
    press(qtbot, stage, Qt.Key.Key_Escape)
    press(qtbot, stage, Qt.Key.Key_Q)
    assert stage.ballot.whole and given.hall.poll.tally == ((30, 12),)


# --- the parts -----------------------------------------------------------------------------------


def test_that_a_poll_knows_what_is_right_from_what_is_mistaken() -> None:
    assert poll_of(ASK).right == 1
    kept = poll_of(ASK, [(3, 4), (0, 7)])
    assert kept.tally == ((3, 4), (0, 7)) and not kept.may_vote_again
    assert poll_of(ASK, [(3, 4, 5)]).tally == ()


@pytest.mark.parametrize(("right", "of", "says"), [(39, 100, False), (40, 100, True), (60, 100, True),
                                                   (61, 100, False), (0, 0, False)])
def test_that_between_forty_and_sixty_percent_a_hall_should_discuss(
    right: int, of: int, says: bool
) -> None:
    assert Poll(2, 0, [[right, of - right]]).discuss is says


@pytest.mark.parametrize("stage", [QSize(1280, 720), QSize(1024, 768), QSize(1920, 1080)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_every_question_of_every_tour_fits_the_stage_with_its_bars(
    qtbot: Any, stage: QSize, language: str
) -> None:
    from PySide6.QtWidgets import QWidget

    from app.session.tours import load_tour
    from app.session.tours import said as in_language
    from visualizers.catalog import panels
    from widgets.theme.look import hall_look
    from widgets.theme.words import window_words

    window = QWidget()
    qtbot.addWidget(window)
    window.resize(stage)
    ballot = Ballot(hall_look("light", window_words(language), stage), window)
    ballot.resize(stage)
    small = []
    for panel in panels():
        for index, step in enumerate(load_tour(panel)):
            if step.ask is None:
                continue
            ask, votes = step.ask, ((40,) * len(step.ask.answers), (9,) * len(step.ask.answers))
            question = in_language(ask.say, language)
            answers = tuple(in_language(one.say, language) for one in ask.answers)
            ballot.shown = Shown(question, answers, votes, True)
            assert ballot._paint(None, ballot._size()) <= stage.height(), (panel.id, index)
            assert ballot._size() <= LARGEST
            whys = [in_language(one.why, language) for one in ask.answers]
            guess = max(range(len(answers)), key=lambda one: len(answers[one]) + len(whys[one]))
            right = next(one for one in range(len(answers)) if not whys[one])
            ballot.shown = Shown(question, answers, votes, True, False, guess, right, whys[guess])
            if ballot.strip_height(stage) > 0.5 * stage.height():
                small.append((panel.id, index))
    assert not small  # the picture keeps half of the stage
