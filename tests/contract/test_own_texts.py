"""Any text that a user brings gives a picture or one sentence, whatever it is made of."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.headless.trial import Trial
from visualizers.catalog import panels
from visualizers.panel import Panel, load
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words

READERS = [(panel, one) for panel in panels() for one in panel.parameters
           if one.kind == "source" and one.source == "text" and one.own]


def drawn(signs: str, count: int) -> str:
    return "".join(random.Random(0).choices(signs, k=count))


WORDS = ["a", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog.", "It", "is", "so"]
PROSE = " ".join(random.Random(1).choices(WORDS, k=3000))
TEXTS = {
    "digits": drawn("01", 13_000),
    "emoji": drawn("😀😁😂🤣😃😄😅😆 \n", 13_000),
    "signs": drawn("!?.,;:-_()[] \n", 13_000),
    "joined": "👩\u200d👩\u200d👧\u200d👦 " * 2_000,
    "blank end": PROSE + "\n" * 4_000,
    "blanks": ("a" + " " * 50) * 300,
    "short": "hello world",
}


@pytest.mark.parametrize(("panel", "one"), READERS, ids=[panel.id for panel, _ in READERS])
@pytest.mark.parametrize("kind", TEXTS)
def test_that_a_strange_text_is_drawn_or_refused(
    qtbot: QtBot, tmp_path: Path, panel: Panel, one: Any, kind: str
) -> None:
    file = tmp_path / "own.txt"
    file.write_text(TEXTS[kind], "utf-8")
    asked = {name: values[0] for name, values in (one.when or {}).items()}
    params = dataclasses.replace(panel.params(), **{**panel.proved_with, **asked, one.name: f"file:{file}"})
    try:
        trial = Trial(panel, params, device="cpu", threads=1)
        if panel.trains:
            trial.train(2)
    except Refusal as refusal:
        said = str(refusal)
        assert said.count("\n") == 0 and len(said) < 300
        if "too short" in said:
            assert "enough" in said or "at least" in said
        return
    view = load(panel.view)(Look(theme("light"), window_words("en"), 1.0))
    qtbot.addWidget(view)
    view.resize(1000, 600)
    view.show_frame(trial.shown())
    view.grab()
    assert view.describe(trial.shown())
