"""The pictures of the README and of docs/lecturing.md show the program of today."""

from __future__ import annotations

import importlib.util
import itertools
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]
SMALL = (160, 90)  # at this size a page is its layout, its colours and its curves, and no fonts
# Mean difference of a channel, of 255. Another machine's fonts and sums make 1 to 3.
OLD = 5.0


def drawer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw", ROOT / "docs/draw.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTED = drawer().listed()


def small(file: Path) -> np.ndarray:
    image = QImage(str(file))
    assert not image.isNull(), file
    image = image.scaled(*SMALL, Qt.AspectRatioMode.IgnoreAspectRatio,
                         Qt.TransformationMode.SmoothTransformation)
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(SMALL[1], image.bytesPerLine())
    return rows[:, : 3 * SMALL[0]].astype(float)


def difference(one: Path, other: Path) -> float:
    return float(np.abs(small(one) - small(other)).mean())


def test_that_every_picture_is_listed_and_every_listed_one_is_shown() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    lecturing = (ROOT / "docs/lecturing.md").read_text("utf-8")
    shown = set(re.findall(r"docs/(\w+)\.png", readme)) | set(re.findall(r"\]\((\w+)\.png\)", lecturing))
    assert shown == set(LISTED) == {one.stem for one in (ROOT / "docs").glob("*.png")}


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTED)
def test_that_a_picture_has_not_grown_old(name: str, tmp_path: Path, qapp: object) -> None:
    drawer().draw([name], tmp_path)
    assert difference(ROOT / f"docs/{name}.png", tmp_path / f"{name}.png") < OLD, (
        f"the program draws {name} differently now: python docs/draw.py {name}")


def test_that_another_picture_would_be_noticed() -> None:
    names = sorted(LISTED)
    for one, other in itertools.pairwise(names):
        assert difference(ROOT / f"docs/{one}.png", ROOT / f"docs/{other}.png") > OLD, (one, other)
