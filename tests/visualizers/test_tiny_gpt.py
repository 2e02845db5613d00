"""The panel that learns to write: its loss, what it compares with, its lines and its odds."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l3_transformers.tiny_gpt.experiment import LINE, TinyGPT, counted_losses
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed

SMALL: dict[str, Any] = {"layers": 1, "width": 16, "heads": 2, "context": 16, "batch": 4}


def begun(**values: Any) -> Trial:
    tiny = panel("tiny_gpt")
    return Trial(tiny, changed(tiny.params(), **{**SMALL, **values}))


def test_that_a_step_is_the_gradient_step_of_the_plain_loop() -> None:
    trial = begun()
    experiment: TinyGPT = trial.experiment
    twin, generator = copy.deepcopy(experiment.gpt), copy.deepcopy(experiment.generator)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=trial.params.learning_rate)
    for _ in range(3):
        scalars = experiment.step(trial.params)
        starts = torch.randint(len(experiment.train) - 16, (4,), generator=generator)
        x = torch.stack([experiment.train[one : one + 16] for one in starts])
        y = torch.stack([experiment.train[one + 1 : one + 17] for one in starts])
        logits = twin(x, drop=generator)  # of which nothing is dropped
        loss = F.cross_entropy(logits.view(-1, experiment.tokens.size), y.view(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        assert scalars["loss"] == pytest.approx(loss.item(), rel=1e-5)
    for mine, plain in zip(experiment.gpt.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-6)


def test_that_the_held_out_text_is_never_learnt_from() -> None:
    experiment: TinyGPT = begun().experiment
    text = Trial(panel("tiny_gpt"))._context.data.text("python-reference").text
    decoded = experiment.tokens.decode(experiment.train.tolist())
    assert text.startswith(decoded) and 0.94 < len(decoded) / len(text) < 0.96
    first, last = experiment.held_out[0][0], experiment.held_out[1][-1]
    held_out = text[len(decoded):]
    assert experiment.tokens.decode(first.tolist()) == held_out[:16]
    assert experiment.tokens.decode(last.tolist()) == held_out[-16:]


def test_that_counting_gives_the_losses_it_says() -> None:
    train, held_out = torch.tensor([0, 1, 0, 1, 0, 2]), torch.tensor([0, 1, 2])
    found = counted_losses(train, held_out, 3)
    single = {0: 4 / 9, 1: 3 / 9, 2: 2 / 9}                     # each counted once more than seen
    after_0 = (2 + 10 * single[1]) / (3 + 10)                   # 0 is followed by 1 twice in three
    after_1 = (0 + 10 * single[2]) / (2 + 10)
    assert found["uniform_loss"] == pytest.approx(math.log(3))
    assert found["frequency_loss"] == pytest.approx(
        -(math.log(single[1]) + math.log(single[2])) / 2, rel=1e-5)
    assert found["pair_loss"] == pytest.approx(-(math.log(after_0) + math.log(after_1)) / 2, rel=1e-5)


def test_that_writing_does_not_touch_what_is_learnt() -> None:
    cold, hot = begun(temperature=0.1, prompt="A"), begun(temperature=2.0, prompt="class ")
    for trial in (cold, hot):
        trial.train(12)
    for one, other in zip(cold.experiment.gpt.parameters(), hot.experiment.gpt.parameters(),
                          strict=True):
        assert torch.equal(one, other)
    assert cold.frame().sample != hot.frame().sample


def test_that_lines_grow_begin_with_the_prompt_and_the_first_of_each_stretch_stays() -> None:
    trial = begun(prompt="The ")
    first = trial.frame().sample[0]
    assert len(first) == LINE and first.startswith("The ")
    trial.train(4)
    assert trial.frame().sample[-1].startswith("The ") and len(trial.frame().sample[-1]) == 5
    trial.train(896)
    frame = trial.frame()
    assert frame.sample[0] == first
    steps = frame.sample_steps.tolist()
    assert steps == sorted(steps) and steps[0] == 0
    for low, high in ((100, 200), (200, 500), (500, 1000)):
        assert sum(low <= one < high for one in steps[:-2]) == 1  # the last two are the newest
    trial.params = replace(trial.params, prompt="A class")
    trial.train(4)
    assert trial.frame().sample[-1].startswith("A class")
    assert trial.frame().sample_given[-1] == len("A class")


@pytest.mark.parametrize("tokens", ["characters", "byte pairs"])
def test_that_odds_and_lens_are_the_model_s_own(tokens: str) -> None:
    trial = begun(tokens=tokens, prompt="The value", top_k=5, temperature=0.5, layers=2)
    trial.train(5)
    frame, experiment = trial.frame(), trial.experiment
    ids = experiment.tokens.encode("The value")
    with torch.no_grad():
        logits = experiment.gpt(torch.from_numpy(ids)[None])[0]
    odds = logits.softmax(-1).numpy()
    best = np.argsort(-odds[-1])[: len(frame.candidates)]
    np.testing.assert_allclose(frame.learnt_odds, odds[-1][best], rtol=1e-5)
    sharp = np.exp(2 * logits[-1].numpy()[best[:5]])
    np.testing.assert_allclose(frame.odds[:5], sharp / sharp.sum(), rtol=1e-4)
    assert not frame.odds[5:].any()
    assert "".join(frame.prompt) == "The value"
    T = len(frame.prompt)
    assert frame.lens[-T:] == experiment.tokens.pieces(odds.argmax(-1).tolist())
    np.testing.assert_allclose(frame.lens_odds[-1], odds.max(-1), rtol=1e-5)
    assert frame.answer_odds[-1] == pytest.approx(frame.learnt_odds[0], rel=1e-5)
    np.testing.assert_allclose(frame.attention.sum(-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(frame.heads[0, 0] / 255, frame.attention, atol=0.003)


def test_that_a_chosen_head_is_the_one_that_is_shown() -> None:
    trial = begun(layers=2, head=(1, 1))
    frame = trial.frame()
    np.testing.assert_allclose(frame.heads[1, 1] / 255, frame.attention, atol=0.003)
    assert begun(head=(7, 7)).frame().head == (0, 1)  # of a smaller model: its last one


def test_that_any_prompt_and_any_language_make_a_frame() -> None:
    for tokens in ("characters", "byte pairs"):
        for prompt in ("", "机器学习🙂", "a" * 500, "\n\t "):
            trial = begun(tokens=tokens, prompt=prompt)
            trial.train(2)
            assert 1 <= len(trial.frame().prompt) <= 16
    chinese = begun(text="chinese-sentences", tokens="byte pairs")
    assert chinese.frame().characters_per_token > 0.5


def test_that_a_text_that_is_too_short_is_refused_in_one_sentence(tmp_path: Any) -> None:
    path = tmp_path / "short.txt"
    path.write_text("A short text. " * 20, "utf-8")
    with pytest.raises(Refusal, match="too short"):
        begun(text=f"file:{path}", context=64)
    path.write_text("A short text. " * 40, "utf-8")
    assert begun(text=f"file:{path}", context=8).frame().vocabulary < 15


def test_that_the_trained_model_brings_its_own_size_and_writes_at_once() -> None:
    notes: list[str] = []
    tiny = panel("tiny_gpt")
    trial = Trial(tiny, changed(tiny.params(), start="trained model", layers=1, dropout=0.2),
                  on_note=lambda text, values: notes.append(text.format(**values)))
    assert notes and "1024 byte pairs" in notes[0]
    frame = trial.frame()
    assert frame.heads.shape[:2] == (4, 4) and frame.context == 128
    assert frame.held_out < frame.pair_loss < frame.frequency_loss < frame.uniform_loss
    words = {one.lower() for one in
             trial._context.data.text("python-reference").text.split()}
    written = frame.sample[0].split()[2:-1]
    assert sum(one.lower() in words for one in written) > 0.6 * len(written)
    assert trial.experiment.gpt.config.dropout == 0.2


@pytest.mark.slow
def test_that_the_loss_falls_below_what_counting_can_reach() -> None:
    trial = Trial(panel("tiny_gpt"))
    trial.train(350)
    frame = trial.frame()
    assert trial.history["loss"][0] == pytest.approx(frame.uniform_loss, abs=0.1)
    assert frame.held_out < frame.pair_loss


# --- the view


@pytest.fixture
def view(qtbot: Any) -> Any:
    from visualizers.l3_transformers.tiny_gpt.view import TinyGPTView
    from widgets.theme.look import Look, theme
    from widgets.theme.words import Words

    made = TinyGPTView(Look(theme("light"), Words()))
    qtbot.addWidget(made)
    made.resize(740, 550)
    made.show()
    return made


def test_that_a_clicked_token_is_added_to_the_prompt(qtbot: Any, view: Any) -> None:
    shown = begun(prompt="The ").shown()
    view.show_frame(shown)
    with qtbot.waitSignal(view.changed) as heard:
        view.bars.clicked.emit(2)
    assert heard.args == ["prompt", "The " + shown.frame.candidates[2]]


def test_that_heads_and_the_switch_are_chosen_by_clicks(qtbot: Any, view: Any) -> None:
    from PySide6.QtCore import Qt

    view.show_frame(begun(layers=2).shown())
    with qtbot.waitSignal(view.changed) as heard:
        place = view.heads.place((1, 0)).center().toPoint()
        qtbot.mouseClick(view.heads, Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == ["head", (1, 0)]
    with qtbot.waitSignal(view.changed) as heard:
        qtbot.mouseClick(view.switch.buttons()[1], Qt.MouseButton.LeftButton)
    assert heard.args == ["inside", "lens"]


def test_that_a_head_under_the_pointer_is_previewed_and_let_go(view: Any) -> None:
    shown = begun(layers=2).shown()
    view.show_frame(shown)
    view.heads.hovered.emit(1, 1)
    np.testing.assert_allclose(view.attention.data, shown.frame.heads[1, 1] / 255, atol=1e-6)
    view.heads.hovered.emit(-1, -1)
    np.testing.assert_array_equal(view.attention.data, shown.frame.attention)


def test_that_white_space_is_made_visible(view: Any) -> None:
    trial = begun(prompt="a b")
    shown = trial.shown()
    lines = replace(shown.frame, sample=("a b\nc",), sample_steps=np.array([0]),
                    sample_given=np.array([3]))
    view.show_frame(replace(shown, frame=lines))
    assert view.lines.text == "0\ta b⏎c"
    assert "␣" in view.attention.x_labels


def test_that_a_text_in_another_script_brings_its_own_prompt() -> None:
    frame = begun(text="chinese-sentences").shown().frame
    assert "�" not in frame.prompt and "".join(frame.prompt).strip()
    mixed = begun(text="chinese-sentences", prompt="a小").shown().frame
    assert mixed.prompt == ("�", "小")
