"""A Chinese window opens Chinese data; what somebody has begun stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.headless.commands import run
from app.session.tours import load_tour, walk
from visualizers.catalog import Said, panel, panels
from widgets.controls.controls import ControlPanel
from widgets.controls.parameters import changed


def text_of(window: Any) -> str:
    return str(window.session.params.text)


def test_that_a_panel_begins_with_the_language_s_own_data(lab: Any) -> None:
    assert text_of(lab(language="en")) == "python-reference"
    assert text_of(lab(language="zh")) == "chinese-sentences"


def test_that_a_run_nobody_has_touched_follows_the_language(lab: Any, qtbot: Any) -> None:
    window = lab(language="en")
    window.set_language("zh")
    qtbot.waitUntil(lambda: window.session.current() is not None
                    and window.session.current().params.text == "chinese-sentences")
    window.set_language("en")
    assert text_of(window) == "python-reference"


@pytest.mark.parametrize("touch", [
    lambda session: session.step(), lambda session: session.set_params(learning_rate=0.5)])
def test_that_a_run_somebody_has_touched_keeps_its_data(lab: Any, qtbot: Any, touch: Any) -> None:
    window = lab(language="en")
    touch(window.session)
    qtbot.waitUntil(lambda: window.session.last_step > 0 or window.session.params.learning_rate == 0.5)
    window.set_language("zh")
    assert text_of(window) == "python-reference"


def test_that_back_to_the_default_is_the_language_s_default(lab: Any) -> None:
    window = lab(language="zh")
    window.session.set_params(text="python-docstrings")
    controls = window.side.page(0)
    assert isinstance(controls, ControlPanel)
    assert controls.control("text").one.default == "chinese-sentences"


def test_that_render_begins_with_the_language_s_data_unless_it_is_told(tmp_path: Path) -> None:
    read = lambda: json.loads((tmp_path / "a.json").read_text("utf-8"))["params"]  # noqa: E731
    for arguments, data in (((), "made-reviews"), (("--lang", "zh"), "made-reviews-zh"),
                            (("--lang", "zh", "--set", "data=made-reviews"), "made-reviews")):
        assert run(["render", "text_cnn", *arguments, "--json", str(tmp_path / "a.json")]) == 0
        assert read()["data"] == data


def test_that_a_tour_begins_alike_in_every_language() -> None:
    one = panel("text_cnn")

    class Enough(Exception):
        pass

    def first(params: Any, _steps: int, _before: Any) -> Any:
        raise Enough(params)

    with pytest.raises(Enough) as begun:
        next(walk(one, first))
    assert begun.value.args == (changed(one.params(), **load_tour(one)[0].set),)


def test_that_all_but_the_data_is_alike() -> None:
    """What a language changes is what is read, never how it is learnt."""
    for one in panels():
        ours, theirs = one.params(), Said(one, "zh").params()
        for each in one.parameters:
            if each.kind in ("number", "integer", "flag"):
                assert getattr(ours, each.name) == getattr(theirs, each.name)
