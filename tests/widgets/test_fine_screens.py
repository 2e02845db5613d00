"""On a screen with two pixels where others have one, the same picture appears, only finer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

DRAW = """
import sys
import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication
from widgets.pictures.bars import BarChart, Histogram
from widgets.pictures.cloud import PointCloud
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

application = QApplication([])
look = Look(theme("light"), Words())
x = np.linspace(0, 6, 200)
curves = CurvePlot(look, "Waves", x="time", y="height")
curves.draw([Curve(np.sin(x), x, "sine"), Curve(np.cos(x), x, "cosine", series=1)], [Rule(0.5, "half")])
heat = Heatmap(look, "Heat", x="column", y="row")
heat.draw(np.outer(np.arange(8), np.arange(12)).astype(np.float32))
bars = BarChart(look, "Bars", x="share")
bars.draw(np.array([0.2, 0.5, 0.9]), ["one", "two", "three"])
counts = Histogram(look, "Counts", x="value", y="how many")
counts.draw(np.array([1, 5, 9, 4]), np.arange(5.0))
cloud = PointCloud(look, "Cloud")
cloud.draw(np.stack([np.sin(x), np.cos(x)], 1).astype(np.float32))
for name, widget in {"curves": curves, "heat": heat, "bars": bars, "counts": counts,
                     "cloud": cloud}.items():
    widget.resize(420, 300)
    widget.show()
    application.processEvents()
    widget.grab()
    widget.grab().save(f"{sys.argv[1]}/{name}.png")
"""


def drawn(folder: Path, factor: str) -> dict[str, QImage]:
    folder.mkdir()
    subprocess.run([sys.executable, "-c", DRAW, str(folder)], check=True, capture_output=True,
                   env=os.environ | {"QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"})
    return {file.stem: QImage(str(file)) for file in folder.glob("*.png")}


def grey(image: QImage) -> np.ndarray:
    image = image.scaled(105, 75, mode=Qt.TransformationMode.SmoothTransformation)
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(75, -1)
    return rows[:, :105].astype(np.float64)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, QImage], ...]:
    folder = tmp_path_factory.mktemp("screens")
    return tuple(drawn(folder / name, name) for name in ("1", "2"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["curves", "heat", "bars", "counts", "cloud"])
def test_that_a_fine_screen_shows_the_same_picture(
    pictures: tuple[dict[str, QImage], ...], name: str
) -> None:
    plain, fine = (each[name] for each in pictures)
    assert fine.width() == 2 * plain.width()
    difference = np.abs(grey(plain) - grey(fine))
    # Letters fall on other pixels; axes in another place would differ over whole strips.
    assert difference.mean() < 1
