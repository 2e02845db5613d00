"""What tests of panels share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def view(request: pytest.FixtureRequest, qtbot: Any) -> Any:
    """The view of the test module's ``PANEL``, shown; ``sent`` lists what it asks to be changed."""
    from visualizers.catalog import Said
    from visualizers.panel import load
    from widgets.theme.look import Look, theme

    panel = request.module.PANEL
    made = load(panel.view)(Look(theme("light"), Said(panel, "en").words()))
    qtbot.addWidget(made)
    made.resize(740, 550)
    made.show()
    made.sent = []
    made.changed.connect(lambda name, value: made.sent.append((name, value)))
    return made
