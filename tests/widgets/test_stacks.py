"""Stacks and stacked areas: parts have the room that they are worth, figures and moments are told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.widgets.looking import look, picture, pixels_of
from widgets.pictures.stacks import Stack, StackedAreas, Stacks, Stretch


@pytest.fixture
def stacks(qtbot) -> Stacks:
    made = Stacks(look(), "Memory")
    qtbot.addWidget(made)
    made.resize(420, 260)
    made.draw(["weights", "activations"], [
        Stack("predicted", np.array([1e6, 3e6])), Stack("measured", np.array([1e6, 3.3e6])),
        Stack("earlier", np.array([2e6, 1e6]), ghost=True)],
        heads=("sum", "error"), notes=["0 %", "+10 %"], rule=(5e6, "room"))
    made.show()
    return made


def test_that_parts_are_as_wide_as_they_are_worth(stacks) -> None:
    shot = picture(stacks)
    bar = stacks._bar(0)
    row = shot[round(bar.center().y()) : round(bar.center().y()) + 1]
    blue = pixels_of(row, stacks.look.color(0), 6).sum()
    left, unit = stacks._span()
    assert blue == pytest.approx(unit * 1e6, abs=3) and bar.width() == pytest.approx(4 * blue, abs=8)
    assert left + unit * 5e6 == pytest.approx(stacks.width() - stacks.look.px(4))  # the rule fits in


def test_that_a_part_is_found_in_a_bar_and_in_the_table_and_says_its_figures(stacks, qtbot) -> None:
    bar = stacks._bar(1)
    assert stacks.part_at(bar.left() + 5, bar.center().y()) == 0
    assert stacks.part_at(bar.right() - 5, bar.center().y()) == 1
    assert stacks.part_at(*stacks.place(1).center().toTuple()) == 1
    qtbot.keyClick(stacks, Qt.Key.Key_Down)
    qtbot.keyClick(stacks, Qt.Key.Key_Down)
    assert stacks.say(stacks.current).replace("\u00a0", " ") == \
        "activations: predicted 3 MB, measured 3.3 MB (+10 %)"


@pytest.fixture
def areas(qtbot) -> StackedAreas:
    made = StackedAreas(look(), "Step", x="operation")
    qtbot.addWidget(made)
    made.resize(420, 260)
    values = np.stack([np.full(50, 1e6), np.concatenate([np.linspace(0, 4e6, 25), np.linspace(4e6, 0, 25)])])
    made.draw(["weights", "activations"], values, [Stretch(0, 24, "forward"), Stretch(25, 49, "backward")],
              last=100)
    made.show()
    return made


def test_that_areas_lie_upon_one_another(areas) -> None:
    shot, inside = picture(areas), areas._inside
    high = inside.height() / areas._top[1]
    at = 12  # of 50 moments: no name is written there
    column = shot[:, round(areas.place(at).center().x())][:, None]
    assert pixels_of(column, areas.look.color(0), 6).sum() == pytest.approx(1e6 * high, abs=4)
    bare = pixels_of(column, areas.look.color("card"), 2)[round(inside.top()) : round(inside.bottom()), 0]
    assert bare[: round(inside.height() * 0.3)].all()
    assert (~bare).sum() == pytest.approx((1e6 + 4e6 * at / 24) * high, rel=0.25)  # patterns let it through


def test_that_keys_walk_from_the_highest_moment_and_say_what_is_there(areas, qtbot) -> None:
    qtbot.keyClick(areas, Qt.Key.Key_Right)
    assert areas.current in (24, 25)
    for _ in range(3):
        qtbot.keyClick(areas, Qt.Key.Key_Right)
    said = areas.say(areas.current).replace("\u00a0", " ")
    assert said.startswith("backward: weights 1 MB, activations 3.")
    assert areas.part_at(*areas.place(10).center().toTuple()) == 10
