"""A tour that asks before it shows: by clicks, by keys, by a drawn curve, in the guide and in a hall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from app.session.tours import Answer, Ask, BadExpression, TourStep, curve_of, right_answers
from app.window.side import GUIDE
from visualizers.panel import History, Shown
from widgets.pictures.curves import Curve, CurvePlot
from widgets.views.guidance import Question, QuestionBox, Verdict

LEFT = Qt.MouseButton.LeftButton

FALLS = Answer({"en": "it falls", "zh": "下降"}, "curve[-1] < 0.5 * curve[0]", {})
STAYS = Answer({"en": "it stays", "zh": "不变"}, "curve[-1] >= 0.5 * curve[0]",
               {"en": "The valley is steep.", "zh": "山谷很陡。"})
RESTS = Answer({"en": "at rest", "zh": "停下"}, "abs(position) < 0.01", {})
JUMPS = Answer({"en": "far out", "zh": "跳出"}, "abs(position) >= 0.01",
               {"en": "The step is short.", "zh": "步子很短。"})

STEPS = (
    TourStep({"en": "Train.", "zh": "训练。"}, {}, 30, False, "step == 30",
             {"en": "It rests.", "zh": "停了。"},
             Ask({"en": "Where will it be?", "zh": "它会在哪里？"}, (JUMPS, RESTS))),
    TourStep({"en": "Again.", "zh": "再来。"}, {"learning_rate": 0.05}, 40, True, "step == 40",
             {"en": "It fell.", "zh": "降了。"},
             Ask({"en": "How far is it?", "zh": "有多远？"}, (STAYS, FALLS), "plot", "distance",
                 (0.0, 1.2))),
)


@pytest.fixture
def asking(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A window whose small panel's tour asks; its view has a plot to draw on."""
    from small.l2_networks.tiny.view import TinyView

    monkeypatch.setattr("app.window.guide.load_tour", lambda _: STEPS)

    class Drawn(TinyView):
        def __init__(self, look: Any, parent: Any = None) -> None:
            super().__init__(look, parent)
            self.plot = CurvePlot(look, "Distance", parent=self)
            self.plot.resize(400, 300)

        def show_frame(self, shown: Any) -> None:
            super().show_frame(shown)
            self.plot.draw([Curve(shown.history["distance"], shown.history.steps)])

    monkeypatch.setattr("small.l2_networks.tiny.view.TinyView", Drawn)
    return lab()


def guide_of(window: Any) -> Any:
    window.side.show_tour()
    return window.side.page(GUIDE)


def test_that_a_step_asks_before_it_plays_and_is_judged_afterwards(asking: Any, qtbot: Any) -> None:
    guide = guide_of(asking)
    tour = guide.tour
    qtbot.mouseClick(guide.list.buttons()[0], LEFT)
    assert (tour.state(0), asking.session.last_step) == ("asked", 0)
    box = guide.list.box(0)
    assert [one.accessibleName() for one in box.buttons] == ["1. far out", "2. at rest"]
    assert "It rests." not in " ".join(box.texts())
    qtbot.mouseClick(box.buttons[0], LEFT)
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    assert box.texts() == ["You said: far out", "What happened: at rest", "The step is short."]
    asking.set_language("zh")  # answers stay for the session
    assert guide_of(asking).list.box(0).texts()[0] == "你的回答：跳出"


def test_that_the_keys_answer_only_while_a_question_is_open(asking: Any, qtbot: Any) -> None:
    qtbot.keyClick(asking, Qt.Key.Key_2)
    assert not asking.tours
    qtbot.keyClick(asking, Qt.Key.Key_N)
    tour = asking.tours["tiny"]
    assert tour.state(0) == "asked" and asking.side.tab == GUIDE
    qtbot.keyClick(asking, Qt.Key.Key_4)  # there are two answers
    assert tour.state(0) == "asked"
    qtbot.keyClick(asking, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    assert tour.item(0, "en").verdict == Verdict("at rest", "at rest")
    qtbot.keyClick(asking, Qt.Key.Key_1)
    assert tour.answers[0].guess == 1


def test_that_digits_typed_into_a_field_answer_nothing(asking: Any, qtbot: Any) -> None:
    qtbot.keyClick(asking, Qt.Key.Key_N)
    tour = asking.tours["tiny"]
    asking.roadmap.search.setFocus()
    qtbot.keyClick(asking.roadmap.search, Qt.Key.Key_1)
    assert tour.state(0) == "asked" and asking.roadmap.search.text() == "1"


def test_that_who_does_not_guess_is_just_shown(asking: Any, qtbot: Any) -> None:
    qtbot.keyClick(asking, Qt.Key.Key_N)
    tour = asking.tours["tiny"]
    qtbot.keyClick(asking, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    assert tour.item(0, "en").verdict == Verdict("at rest")
    tour.ask(0)  # a second time it does not ask
    assert tour.state(0) == "running"


def test_that_moving_a_control_closes_the_question(asking: Any, qtbot: Any) -> None:
    qtbot.keyClick(asking, Qt.Key.Key_N)
    tour = asking.tours["tiny"]
    asking.session.set_params(learning_rate=0.2)
    assert (tour.state(0), tour.open) == ("todo", None)


def test_that_in_a_hall_the_question_stands_large_under_the_picture(asking: Any, qtbot: Any) -> None:
    asking.toggle_presenter()
    qtbot.keyClick(asking, Qt.Key.Key_N)
    card = asking.guiding.asking.card
    assert card.isVisible() and asking.page.transport.isHidden()
    button = asking.guiding.asking.box.buttons[1]
    label = button.findChildren(type(asking.page.aside.label))[1]
    assert label.font().pixelSize() >= 1.2 * asking.look.px(13)
    qtbot.keyClick(asking, Qt.Key.Key_2)
    tour = asking.tours["tiny"]
    qtbot.waitUntil(lambda: tour.state(0) == "done", timeout=10_000)
    assert "It rests." in asking.guiding.asking.box.texts()
    qtbot.keyClick(asking, Qt.Key.Key_Escape)
    assert card.isHidden() and asking.page.transport.isVisible() and asking._stage is not None
    asking.toggle_presenter()


def test_that_a_curve_is_drawn_on_the_empty_plot_and_the_real_one_over_it(
    asking: Any, qtbot: Any
) -> None:
    tour = asking.guiding.tour("tiny")
    plot = asking.page.view.plot
    tour.ask(1)
    qtbot.waitUntil(lambda: tour.open == 1, timeout=10_000)
    assert asking.session.params.learning_rate == 0.05 and asking.session.last_step == 0
    assert plot.sketching and plot.ranges()[0][0] <= 0 and plot.ranges()[0][1] >= 40
    question = tour.item(1, "en").question
    assert question is not None and question.sketch and not question.drawn
    draw(qtbot, plot, ((0, 1.0), (20, 0.98), (40, 0.95)))
    assert tour.item(1, "en").question.drawn
    asking.guiding.asking.answer_sketch()
    assert not plot.sketching
    qtbot.waitUntil(lambda: tour.state(1) == "done", timeout=10_000)
    assert tour.item(1, "en").verdict == Verdict("it falls", "it stays", "The valley is steep.")
    kept = plot.sketch()
    assert kept is not None and abs(kept[50] - 0.98) < 0.03
    tour.run(0)
    assert plot.sketch() is None


def draw(qtbot: Any, plot: CurvePlot, places: Any) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    viewport = plot._canvas.viewport()
    a, b, c, d, _ = plot._to_pixels()
    at = [QPoint(round(a * x + b), round(c * y + d)) for x, y in places]
    qtbot.mousePress(viewport, LEFT, pos=at[0])
    for place in at[1:]:
        QApplication.sendEvent(viewport, QMouseEvent(
            QEvent.Type.MouseMove, QPointF(place), viewport.mapToGlobal(QPointF(place)),
            Qt.MouseButton.NoButton, LEFT, Qt.KeyboardModifier.NoModifier))
    qtbot.mouseRelease(viewport, LEFT, pos=at[-1])


def test_that_a_question_about_a_curve_can_be_answered_in_words(asking: Any, qtbot: Any) -> None:
    tour = asking.guiding.tour("tiny")
    tour.ask(1)
    qtbot.waitUntil(lambda: tour.open == 1, timeout=10_000)
    qtbot.keyClick(asking, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: tour.state(1) == "done", timeout=10_000)
    assert tour.item(1, "en").verdict == Verdict("it falls", "it falls")
    assert not asking.page.view.plot.sketching


# --- the parts -----------------------------------------------------------------------------------


def test_that_a_sketch_and_the_real_curve_are_judged_alike() -> None:
    history = History()
    noise = np.random.default_rng(0).normal(0, 0.02, 200)
    history.extend({"loss": np.concatenate([np.full(50, 9.0), np.linspace(4, 1, 200) + noise])})
    shown = Shown(STEPS[0], STEPS[1], history, 250)  # any two dataclasses
    ask = Ask({}, (Answer({}, "max(curve) - min(curve) > 2", {}),
                   Answer({}, "max(curve) - min(curve) <= 2", {})), "plot", "loss")
    curve = curve_of(shown, "loss", 50)
    assert len(curve) == 101 and np.max(np.abs(curve - np.linspace(4, 1, 101))) < 0.05
    assert right_answers(ask, shown, begun=50) == (0,)
    assert right_answers(ask, shown, sketch=np.ones(101)) == (1,)
    with pytest.raises(BadExpression):
        curve_of(shown, "accuracy", 0)


def test_that_a_seldom_measured_curve_is_drawn_through_its_values() -> None:
    history = History()
    values = np.full(101, np.nan)
    values[[0, 50, 100]] = 3.0, 2.0, 1.0
    history.extend({"held_out": values})
    curve = curve_of(Shown(STEPS[0], STEPS[1], history, 101), "held_out", 0)
    assert np.allclose(curve[[0, 25, 50, 100]], [3.0, 2.5, 2.0, 1.0], atol=0.03)


def test_that_a_question_box_asks_judges_and_clears(qtbot: Any) -> None:
    from widgets.theme.look import Look, theme
    from widgets.theme.words import window_words

    box = QuestionBox(Look(theme("light"), window_words("en")))
    qtbot.addWidget(box)
    box.resize(240, 300)
    box.show()
    box.show_question(Question("Which?", ("this", "that"), sketch=True))
    assert box.done is not None and not box.done.isEnabled()
    with qtbot.waitSignal(box.answered) as given:
        qtbot.mouseClick(box.buttons[1], LEFT)
    assert given.args == [1]
    with qtbot.waitSignal(box.skipped):
        qtbot.mouseClick(box.skip, LEFT)
    box.show_question(Question("Which?", ("this", "that"), sketch=True, drawn=True))
    with qtbot.waitSignal(box.drawn):
        qtbot.mouseClick(box.done, LEFT)
    box.show_question(Verdict("this", "this"))
    qtbot.waitUntil(lambda: box.texts() == ["You said “this”, and so it was."])
    assert not box.buttons
    box.show_question(None)
    assert box.isHidden()


# --- a sketch in a hall --------------------------------------------------------------------------


def sketched_on(asking: Any, qtbot: Any) -> Any:
    """The tour's question with a sketch, open on the stage."""
    asking.do("stage")
    tour = asking.guiding.tour("tiny")
    tour.ask(1)
    qtbot.waitUntil(lambda: tour.open == 1, timeout=10_000)
    return asking.hall.scene.view.plot


@pytest.mark.parametrize("where", ["desk", "stage"])
def test_that_a_hall_sees_the_plot_on_which_its_guess_is_drawn(asking: Any, qtbot: Any, where: str) -> None:
    on_stage = sketched_on(asking, qtbot)
    stage, tour, on_desk = asking.hall.stage, asking.tours["tiny"], asking.page.view.plot
    assert not stage.ballot.whole and stage.ballot.isVisible()
    assert stage.ballot.lines() == ["How far is it?", "1  it stays", "2  it falls"]
    assert stage.scene.height() + stage.ballot.height() == stage.height()
    assert on_stage.sketching and on_stage.ranges() == on_desk.ranges()
    draw(qtbot, on_desk if where == "desk" else on_stage, ((0, 1.0), (20, 0.98), (40, 0.95)))
    assert np.array_equal(on_stage.sketch(), on_desk.sketch()) and tour.drawn
    qtbot.keyClick(asking, Qt.Key.Key_T)
    assert tour.answers[1].sketch is not None and not on_stage.sketching
    qtbot.waitUntil(lambda: tour.state(1) == "done", timeout=10_000)
    assert stage.ballot.lines()[-2:] == ["What happened: it falls", "The valley is steep."] \
        or stage.ballot.lines()[0].startswith("The hall said: it stays")
    assert abs(on_stage.sketch()[50] - 0.98) < 0.03  # the truth is drawn over it
    qtbot.keyClick(asking, Qt.Key.Key_Escape)
    assert on_stage.sketch() is None and stage.ballot.isHidden()
    draw(qtbot, on_stage, ((0, 1.0), (40, 0.5)))
    assert on_stage.sketch() is None


def test_that_a_hall_may_answer_a_sketch_in_words_and_a_stage_that_goes_takes_nothing_along(
    asking: Any, qtbot: Any
) -> None:
    sketched_on(asking, qtbot)
    tour = asking.tours["tiny"]
    asking.hall.poll.set(1, 30)
    asking.do("stage")
    draw(qtbot, asking.page.view.plot, ((0, 1.0), (40, 0.5)))
    assert tour.drawn and asking.page.view.plot.sketching
    asking.do("stage")
    assert np.array_equal(asking.hall.scene.view.plot.sketch(), asking.page.view.plot.sketch())
    asking.set_theme("dark")
    assert asking.hall.scene.view.plot.sketching and asking.page.view.plot.sketching
    asking.hall.stage.activateWindow()
    qtbot.waitUntil(asking.hall.stage.isActiveWindow)
    qtbot.keyClick(asking.hall.stage, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: tour.state(1) == "done", timeout=10_000)
    assert tour.answers[1].guess == 1 and asking.hall.scene.view.plot.sketch() is None
