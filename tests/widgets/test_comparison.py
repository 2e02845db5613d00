"""A table of figures, and code in colours."""

from __future__ import annotations

import numpy as np
from looking import look, picture, pixels_of

from widgets.pictures.comparison import Comparison
from widgets.views.code import CodeText


def test_that_a_table_draws_its_heads_in_their_series_and_can_be_read_aloud(qtbot) -> None:
    table = Comparison(look(), (1, 0), rows=2)
    qtbot.addWidget(table)
    table.resize(300, 120)
    table.draw(("CNN", "RNN"), [("parameters", "10", "20"), ("right", "50%", "100%")])
    assert table.accessibleName() == "parameters, CNN 10, RNN 20; right, CNN 50%, RNN 100%"
    shot = picture(table)
    for series in (0, 1):
        assert pixels_of(shot, look().color(series), 60).any()
    table.draw(("CNN", "RNN"), [("parameters", "11", "20"), ("right", "50%", "100%")])
    assert not np.array_equal(shot, picture(table))


def test_that_code_keeps_its_text_and_its_place(qtbot) -> None:
    code = CodeText(look(), "The code")
    qtbot.addWidget(code)
    code.resize(200, 100)
    code.show()
    text = "\n".join(f"def f{i}(x): return {i} < x" for i in range(50))
    code.say(text)
    assert code.toPlainText() == text
    code.verticalScrollBar().setValue(40)
    code.say(text.replace("f3(", "g3("))
    assert "def g3(x)" in code.toPlainText() and code.verticalScrollBar().value() == 40
