"""A term in a guide leads to the panels that show it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from app.window.side import GUIDE
from visualizers.catalog import panels, showing
from widgets.theme.glossary import terms


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_a_click_on_a_term_offers_the_panels_that_show_it(
    lab: Any, qtbot: Any, language: str
) -> None:
    window = lab(language=language)
    guide = window.side.page(GUIDE)
    window.side.set_tab(GUIDE)
    guide.text.term_clicked.emit("perplexity", QPoint(0, 0))
    (menu,) = (one for one in guide.findChildren(QMenu) if one.isVisible())
    offered = [action.data() for action in menu.actions()]
    assert offered == [one.id for one in showing("perplexity", language)]
    assert {"rnn_lm", "tiny_gpt"} <= set(offered)
    with qtbot.waitSignal(window.side.panel_wanted) as wanted:
        menu.actions()[0].trigger()
    assert wanted.args == [offered[0]]
    menu.close()


def test_that_a_wanted_panel_is_opened(lab: Any, qtbot: Any) -> None:
    window = lab(count=2)
    window.side.panel_wanted.emit("second")
    assert window.place == "second"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_a_term_is_shown_where_a_guide_or_a_keyword_names_it(language: str) -> None:
    shown = {term: [one.id for one in showing(term, language)] for term in terms(language)}
    assert "word2vec" in shown["negative-sampling"] and "quantization" in shown["quantisation"]
    assert "rnn_cells" in shown["forget-gate"] + shown["update-gate"]
    assert {"rnn_cells", "tiny_gpt"} <= set(shown["nats"]) and "rnn_lm" in shown["roc"]
    assert all(len(ids) < len(panels()) for ids in shown.values())
