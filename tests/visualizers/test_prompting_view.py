"""The prompt in the picture: an example is put last by a click, whether that order has been asked or not."""

from __future__ import annotations

from typing import Any

from pytestqt.qtbot import QtBot

from app.headless.trial import Trial
from visualizers.catalog import Said, panel
from visualizers.l4_tuning.prompting.panel import EXAMPLES, example_lines
from visualizers.panel import load
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme


def test_that_a_click_on_an_example_puts_it_last(qtbot: QtBot) -> None:
    one = panel("prompting")
    trial = Trial(one, changed(one.params(), model="small BERT", shots=2))
    view: Any = load(one.view)(Look(theme("light"), Said(one, "en").words()))
    qtbot.addWidget(view)
    said: list[tuple[str, Any]] = []
    view.changed.connect(lambda name, value: said.append((name, value)))
    view.show_frame(trial.shown())
    view.prompt.clicked.emit(0)
    first, second, *rest = example_lines(EXAMPLES)
    assert said == [("order", 0), ("examples", "\n".join([second, first, *rest]))], "not asked yet"
    said.clear()
    trial.train(1)
    trial.params = changed(trial.params, order=0)
    view.show_frame(trial.shown())
    view.prompt.clicked.emit(0)
    assert said == [("order", 1)]
    assert any(one.part == 0 for entry in view.prompt.entries for one in entry.spans)
