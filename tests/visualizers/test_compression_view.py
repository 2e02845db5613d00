"""What a learner does in the kitchen's picture: cards are added, taken out and looked at."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot

from app.headless.trial import Trial
from visualizers.catalog import Said, panel
from visualizers.l5_compression.compression.view import CompressionView
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme

PANEL = panel("compression")


def test_that_clicks_add_cards_take_them_out_and_turn_pictures(qtbot: QtBot) -> None:
    trial = Trial(PANEL, PANEL.params())
    view = CompressionView(Look(theme("light"), Said(PANEL, "en").words()))
    qtbot.addWidget(view)
    view.resize(QSize(1100, 760))
    view.show()
    asked: list[tuple[str, Any]] = []
    view.changed.connect(lambda name, value: asked.append((name, value)))
    view.show_frame(trial.shown())

    def click(widget: Any, part: Any) -> tuple[str, Any]:
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
        name, value = asked[-1]
        trial.params = changed(trial.params, **{name: value})
        view.show_frame(trial.shown())
        return name, value

    assert click(view.shelf, view.shelf.tokens.index("2:4")) == (
        "recipe", ("prune", "tune", "quantise", "2:4"))
    assert click(view.recipe, 1) == ("recipe", ("prune", "quantise", "2:4"))
    assert [one.split("\u00a0")[0] for one in view.recipe.tokens] == ["prune", "quantise", "2:4"]
    name, first = click(view.image, (3, 3))
    assert (name, click(view.image, (3, 3))[1]) == ("picture", (first + 1) % 450)
    for _ in range(3):
        click(view.recipe, 0)
    assert trial.params.recipe == () and view.recipe.tokens == ("no card yet",)
    assert click(view.recipe, 0) == ("recipe", ()), "there is nothing to take out"
