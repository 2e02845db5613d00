"""What is typed and not known is shown as unknown; what is cut off is said to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.headless.trial import Trial
from visualizers.catalog import Said, panel
from visualizers.l2_networks.pipeline.panel import OTHER
from visualizers.models.tokenizers import Vocabulary
from visualizers.panel import load
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme
from widgets.theme.numbers import count


def shown(qtbot: Any, id: str, **values: object) -> tuple[Any, Any]:
    """The frame and the view of a panel with some parameters."""
    one = panel(id)
    seen = Trial(one, changed(one.params(), **values)).shown()
    view = load(one.view)(Look(theme("light"), Said(one, "en").words()))
    qtbot.addWidget(view)
    view.show_frame(seen)
    return seen.frame, view


def test_that_a_sentence_of_the_text_cnn_marks_its_unknown_words(qtbot: Any) -> None:
    frame, view = shown(qtbot, "text_cnn", sentence="the plot was qqq and not xyzzy")
    assert [frame.tokens[one] for one in sorted(view.strip.unknown)] == ["qqq", "xyzzy"]
    assert "dotted" in view.strip.title and "not in the vocabulary" in view.strip.say(3)
    assert "not in the vocabulary" not in view.strip.say(1)
    _, view = shown(qtbot, "text_cnn")
    assert not view.strip.unknown and "dotted" not in view.strip.title


def test_that_a_sentence_of_the_text_cnn_that_is_cut_says_so(qtbot: Any) -> None:
    frame, view = shown(qtbot, "text_cnn", sentence="good " * 300)
    assert frame.shortened and f"first {len(frame.tokens)} words" in view.strip.title


def test_that_the_pipeline_shows_unknown_words_as_they_are_typed(qtbot: Any) -> None:
    assert OTHER == Vocabulary.OTHER
    frame, view = shown(qtbot, "pipeline", data="made-reviews", open=1,
                        sentence="the film was xyzzy " + "and good " * 30)
    assert frame.tokens[3] == "xyzzy" and frame.ids[3] == OTHER
    assert 3 in view.text.unknown and view.text.unknown == view.numbers.unknown
    assert frame.words == 64 and len(frame.tokens) == 32
    assert "first 32 of 64 words" in view.text.title and "dotted" in view.text.title


def test_that_the_taggers_say_where_a_sentence_is_cut(qtbot: Any) -> None:
    frame, view = shown(qtbot, "bidirectional", sentence="the judge " * 40)
    assert len(frame.words) == 60 and frame.total == 80
    assert "first 60 of 80" in view.note.text()
    frame, view = shown(qtbot, "bidirectional", sentence="the xyzzy judge paints .")
    assert not frame.known[1] and "xyzzy" in view.note.text()


@pytest.mark.parametrize(("tokens", "unknown"), [("characters", "学"), ("words", " xyzzyx")])
def test_that_the_recurrent_model_marks_tokens_it_never_learnt(
    qtbot: Any, tokens: str, unknown: str
) -> None:
    values = {"text": "python-reference", "tokens": tokens, "hidden_size": 8}
    frame, view = shown(qtbot, "rnn_lm", prompt=f"the value{unknown}", **values)
    marked = [frame.passage[first:] for first in frame.starts[frame.unknown]]
    assert marked == [unknown]
    assert "dotted" in view.text.title
    assert "not in the vocabulary" in view.text.say(int(np.flatnonzero(frame.unknown)[0]))
    frame, view = shown(qtbot, "rnn_lm", prompt="the value " * 300, **values)
    assert not frame.unknown.any() and frame.total > len(frame.starts) == 480
    assert f"first 480 of {count(frame.total)}" in view.text.title


def test_that_the_gpt_says_what_of_a_prompt_it_does_not_read(qtbot: Any) -> None:
    frame, view = shown(qtbot, "tiny_gpt", prompt="学the value " * 10)
    assert (frame.prompt_tokens, len(frame.prompt), frame.unknown) == (110, 64, 5)
    said = dict(view._prompt(frame))
    assert said == {"of the prompt it reads": "the last 64 of 110 tokens", "not in the vocabulary": "5"}
    frame, view = shown(qtbot, "tiny_gpt")
    assert view._prompt(frame) == []


def test_that_the_cell_says_how_much_of_a_text_it_reads(qtbot: Any) -> None:
    _, view = shown(qtbot, "rnn_cells", text="abc " * 30)
    assert "first 40 of 119" in view.chain.title
    _, view = shown(qtbot, "rnn_cells", text="abc")
    assert "of" not in view.chain.title.removeprefix("One cell, used again at each")
