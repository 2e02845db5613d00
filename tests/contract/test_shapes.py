"""A run file of any panel, altered by anyone: refused in one sentence, or drawn without a mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from alterations import RunFile
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from trials import moments

from app.files.runfile import read, write
from app.session.record import Record, Seen, versions
from visualizers.catalog import Said, panels
from visualizers.panel import Panel, Shown, load
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme
from widgets.views.view import PanelView

ALTERATIONS = 40


def recorded(panel: Panel) -> Record:
    first, *_, last = moments(panel)
    film = [Seen(one.step, one.params, one.frame, one.step) for one in (first, last)]
    return Record(panel=panel.id, params=last.params, changes=(), seed=0, device="cpu", threads=1,
                  versions=versions(), history=last.history, film=film[: 1 + panel.trains], step=last.step)


# Numbers beyond all measure may overflow on their way into a picture: that is their right.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_an_altered_run_is_refused_or_drawn(panel: Panel, tmp_path: Path, qtbot) -> None:
    path = tmp_path / "run.bml"
    write(path, recorded(panel))
    whole = RunFile.read(path)
    view: PanelView = load(panel.view)(Look(theme("light"), Said(panel, "en").words()))
    qtbot.addWidget(view)
    view.resize(QSize(740, 550))
    view.show()
    generator = np.random.default_rng(0)
    refused = 0
    for number in range(ALTERATIONS):
        altered, what = whole.altered(generator)
        altered.write(path)
        try:
            record = read(path)
        except Refusal as refusal:
            refused += 1
            sentence = str(refusal)
            assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 500, sentence
            continue
        with qtbot.captureExceptions() as raised:
            for seen in record.film:
                shown = Shown(seen.frame, seen.params, record.history.until(seen.step), seen.step,
                              measured=seen.measured)
                view.show_frame(shown)
                view.describe(shown)
                QApplication.processEvents()
                view.grab()
        assert not raised, f"alteration {number}, {what}: {raised}"
    assert refused > ALTERATIONS / 2
