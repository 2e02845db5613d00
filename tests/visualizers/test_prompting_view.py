"""The prompt in the picture: an example is put last by a click, whether that order has been asked or not."""

from __future__ import annotations

from typing import Any

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l4_tuning.prompting.panel import EXAMPLES, example_lines
from widgets.controls.parameters import changed

PANEL = panel("prompting")


def test_that_a_click_on_an_example_puts_it_last(view: Any) -> None:
    trial = Trial(PANEL, changed(PANEL.params(), model="small BERT", shots=2))
    view.show_frame(trial.shown())
    view.prompt.clicked.emit(0)
    first, second, *rest = example_lines(EXAMPLES)
    assert view.sent == [("order", 0), ("examples", "\n".join([second, first, *rest]))], "not asked yet"
    view.sent.clear()
    trial.train(1)
    trial.params = changed(trial.params, order=0)
    view.show_frame(trial.shown())
    view.prompt.clicked.emit(0)
    assert view.sent == [("order", 1)]
    assert any(one.part == 0 for entry in view.prompt.entries for one in entry.spans)
