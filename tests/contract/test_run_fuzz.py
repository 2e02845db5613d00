"""Run files altered in any way: opened and drawn, or refused in one sentence, in little time and memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from alterations import RunFile
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from app.files.runfile import read, write
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from visualizers.catalog import Said, panel
from visualizers.panel import Shown, load
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme
from widgets.views.view import PanelView

FEW = ("rnn_gradients", "dot_product", "gradient_descent", "text_cnn")
MORE = (*FEW, "word2vec", "playground", "softmax_loss", "backprop", "tokenization", "quantization",
        "fairness", "segmentation", "tiny_gpt", "molecules", "citations", "silicon_sample")
MEMORY = 256 << 20  # bytes
SECONDS = 3.0


def recorded(name: str) -> Record:
    one = panel(name)
    trial = Trial(one)
    film = [Seen(0, trial.params, trial.frame(), 0)]
    for _ in range(3 if one.trains else 0):
        trial.train(2)
        film.append(Seen(trial.step, trial.params, trial.frame(), trial.step))
    return Record(panel=name, params=trial.params, changes=(), seed=0, device="cpu", threads=1,
                  versions=versions(), history=trial.history, film=film, step=len(trial.history))


def fuzzed(names: tuple[str, ...], count: int, path: Path, qtbot) -> dict[str, float]:
    """Alter the panels' files ``count`` times in all, and what came of it."""
    figures = {"opened": 0.0, "refused": 0.0, "seconds": 0.0, "megabytes": 0.0}
    for at, name in enumerate(names):
        write(path, recorded(name))
        whole = RunFile.read(path)
        view: PanelView = load(panel(name).view)(Look(theme("light"), Said(panel(name), "en").words()))
        qtbot.addWidget(view)
        view.resize(QSize(740, 550))
        view.show()
        generator = np.random.default_rng(at)
        for number in range(count // len(names)):
            altered, what = whole.altered(generator)
            altered.write(path)
            try_one(path, view, f"{name} {number}: {what}", figures, qtbot)
        view.close()
    return figures


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def try_one(path: Path, view: PanelView, what: str, figures: dict[str, float], qtbot) -> None:
    before, begun = resident(), time.thread_time()
    record = None
    try:
        record = read(path)
    except Refusal as refusal:
        sentence = str(refusal)
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 500, (what, sentence)
    seconds, taken = time.thread_time() - begun, resident() - before
    assert seconds < SECONDS and taken < MEMORY, (what, seconds, taken)
    figures["seconds"] = max(figures["seconds"], seconds)
    figures["megabytes"] = max(figures["megabytes"], taken / 2**20)
    figures["refused" if record is None else "opened"] += 1
    if record is None:
        return
    with qtbot.captureExceptions() as raised:
        for seen in record.film:
            shown = Shown(seen.frame, seen.params, record.history.until(seen.step), seen.step,
                          measured=seen.measured)
            view.show_frame(shown)
            view.describe(shown)
            QApplication.processEvents()
        view.grab()
    assert not raised, f"{what}: {raised}"


# Numbers beyond all measure may overflow on their way into a picture: that is their right.
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_that_500_altered_runs_are_opened_or_refused(tmp_path: Path, qtbot) -> None:
    figures = fuzzed(FEW, 500, tmp_path / "run.bml", qtbot)
    assert figures["opened"] > 50 and figures["refused"] > 200


@pytest.mark.benchmark
@pytest.mark.timeout(3000)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_that_10_000_altered_runs_are_opened_or_refused(tmp_path: Path, qtbot, capsys) -> None:
    figures = fuzzed(MORE, 10_000, tmp_path / "run.bml", qtbot)
    with capsys.disabled():
        print("\n10,000 altered run files:", {name: round(value, 2) for name, value in figures.items()})
