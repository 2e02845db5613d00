"""A calm widget draws less often, and never ends with a picture that is out of date."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.files.export import picture
from widgets.base import calm
from widgets.base.calm import Unhurried, may_wait
from widgets.pictures.bars import BarChart
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Time that stands still unless a test moves it, for calm widgets only: what else runs in this
    process waits by the real clock."""
    now = [1000.0]
    monkeypatch.setattr(calm, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


class Counter(Unhurried):
    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[int] = []

    @may_wait
    def draw(self, number: int) -> None:
        self.drawn.append(number)
        self.update()


@pytest.fixture
def counter(qtbot) -> Counter:
    made = Counter()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_that_a_widget_follows_every_frame_until_it_is_told_to_be_calm(counter) -> None:
    for number in range(5):
        counter.draw(number)
    assert counter.drawn == [0, 1, 2, 3, 4]


def test_that_a_calm_widget_draws_ten_times_a_second(counter, clock) -> None:
    counter.calm()
    for number in range(60):  # two seconds of 30 frames
        counter.draw(number)
        clock[0] += 1 / 30
    assert counter.drawn[0] == 0
    assert 19 <= len(counter.drawn) <= 22


def test_that_the_first_picture_after_a_rest_is_drawn_at_once(counter, clock) -> None:
    counter.calm()
    counter.draw(1)
    clock[0] += 0.5
    counter.draw(2)
    assert counter.drawn == [1, 2]


def test_that_the_last_picture_is_drawn_though_no_frame_follows(counter, qtbot) -> None:
    counter.calm()
    for number in range(20):
        counter.draw(number)
    assert counter.drawn[-1] < 19
    qtbot.waitUntil(lambda: counter.drawn[-1] == 19, timeout=1000)
    assert len(counter.drawn) <= 3  # those between were never drawn


def test_that_a_picture_that_is_saved_shows_what_was_given_last(counter, clock) -> None:
    counter.calm()
    counter.draw(1)
    counter.draw(2)
    counter.grab()
    assert counter.drawn == [1, 2]


def test_that_the_back_of_a_stack_is_drawn_when_it_comes_to_the_front(qtbot, clock) -> None:
    stack, back = QStackedWidget(), Counter().calm()
    stack.addWidget(QWidget())
    stack.addWidget(back)
    qtbot.addWidget(stack)
    stack.show()
    qtbot.waitExposed(stack)
    for number in range(3):
        back.draw(number)
        clock[0] += 1.0
    assert back.drawn == []
    stack.setCurrentIndex(1)
    assert back.drawn == [2]


def test_that_a_calm_chart_that_is_grabbed_equals_one_that_follows(qtbot, clock) -> None:
    look = Look(theme("light"), Words())
    quick, slow = BarChart(look, "Odds"), BarChart(look, "Odds").calm()
    images = []
    for chart in (quick, slow):
        qtbot.addWidget(chart)
        chart.resize(300, 200)
        chart.show()
        qtbot.waitExposed(chart)
        chart.draw([0.1, 0.9], ["a", "b"])
        chart.draw(np.array([0.8, 0.2]), ["a", "b"])
        images.append(chart.grab().toImage())
    assert images[0] == images[1]


def test_that_a_picture_gives_a_calm_widget_the_height_it_has_come_to_need(qtbot, clock) -> None:
    """What waited may need a second line, and once painting has begun it is too late for one."""
    look = Look(theme("light"), Words())
    images = []
    for readouts in (Readouts(look), Readouts(look).calm()):
        page = QWidget()
        lines = QVBoxLayout(page)
        lines.addWidget(readouts)
        lines.addStretch(1)
        qtbot.addWidget(page)
        page.resize(200, 120)
        page.show()
        qtbot.waitExposed(page)
        readouts.draw([("loss", "0.25")])
        readouts.draw([("loss", "0.25"), ("accuracy on what is held out", "75 %"), ("steps", "120")])
        images.append(picture(page))
    assert images[0] == images[1]
