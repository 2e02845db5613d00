"""Draws the pictures of the README and of docs/lecturing.md; lab.py draws nothing unasked.

    python docs/draw.py                draws all that docs/pictures.toml lists
    python docs/draw.py text_cnn …     draws these
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SEED = 0


def listed() -> dict[str, dict[str, Any]]:
    """Every picture by its name, as docs/pictures.toml describes it."""
    return tomllib.loads((HERE / "pictures.toml").read_text("utf-8"))


def command(one: dict[str, Any], file: Path) -> list[str]:
    """The ``render`` that draws a picture into ``file``."""
    words = ["render", one["panel"], "--steps", str(one["steps"]), "--seed", str(SEED),
             "--device", "cpu", "--png", str(file)]
    for value in one.get("set", ()):
        words += ["--set", value]
    for name in ("lang", "theme", "size"):
        if name in one:
            words += [f"--{name}", one[name]]
    return [*words, "--present"] if one.get("present") else words


def draw(names: list[str], folder: Path) -> None:
    """Draw these pictures into ``folder``. Raises ``KeyError`` for a name that is not listed."""
    from app.headless.commands import run

    for name in names:
        one, file = listed()[name], folder / f"{name}.png"
        if "lecture" in one:
            from app.headless.picture import lecture_picture

            lecture_picture(one["lecture"], one["moments"], file, sheet=one.get("sheet", False))
        elif "stage" in one:
            from app.headless.picture import stage_picture
            from app.headless.trial import Trial
            from visualizers.catalog import panel

            trial = Trial(panel(one["panel"]))
            trial.train(one["steps"])
            stage_picture(trial.panel, trial.shown(), file, controls=one["stage"])
        elif status := run(command(one, file)):
            raise SystemExit(status)


def main() -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # Whoever draws them may have fetched texts and models; the README shows what everybody has.
    os.environ["BIGMODELS_DATAPACK"] = tempfile.mkdtemp(prefix="lab-no-pack-")
    sys.path.insert(0, str(HERE.parent))
    draw(sys.argv[1:] or list(listed()), HERE)


if __name__ == "__main__":
    main()
