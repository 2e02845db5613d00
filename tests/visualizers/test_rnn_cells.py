"""The opened cell against torch's own cells, the slide's numbers, and what is learnt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from visualizers.l2_networks.rnn_cells.experiment import (
    ALPHABET,
    BATCH,
    CHARACTERS,
    RnnCells,
    again,
    numbered,
    others,
    shown,
)
from visualizers.l2_networks.rnn_cells.panel import (
    LONGEST,
    SLIDE_BEFORE,
    SLIDE_KEEP,
    SLIDE_NEW,
    Params,
)
from visualizers.l2_networks.rnn_cells.view import RnnCellsView
from visualizers.panel import Context, History, Shown
from widgets.controls.parameters import changed
from widgets.theme.look import Look, theme
from widgets.theme.words import Words

CELLS = ("RNN", "GRU", "LSTM")
H = -1  # the state is the last kind of values


def begin(**values: Any) -> tuple[RnnCells, Params]:
    params = Params(**values)
    one = RnnCells(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    one.measure(params)
    return one, params


def torchs_own(kind: str, one: RnnCells) -> torch.nn.RNNBase:
    """torch.nn.RNN, GRU or LSTM with these weights; torch orders r z n and i f g o."""
    size = one.w.shape[1]
    order = {"GRU": (1, 0, 2), "LSTM": (1, 0, 3, 2)}.get(kind, (0,))
    rows = torch.cat([torch.arange(block * size, (block + 1) * size) for block in order])
    net: torch.nn.RNNBase = getattr(torch.nn, kind)(CHARACTERS, size)
    with torch.no_grad():
        net.weight_hh_l0.copy_(one.w[rows])
        net.weight_ih_l0.copy_(one.u.T[rows])
        net.bias_ih_l0.copy_(one.b[rows])
        net.bias_hh_l0.zero_()
    return net


@pytest.mark.parametrize("cell", CELLS)
@torch.no_grad()
def test_that_the_opened_cell_equals_torchs_own(cell: str) -> None:
    one, params = begin(cell=cell, hidden_size=9)
    with torch.enable_grad():
        for _ in range(20):
            one.step(params)
    frame = one.frame(params)
    numbers = torch.tensor(numbered(frame.text))
    x = torch.nn.functional.one_hot(numbers, CHARACTERS).float()
    h = torchs_own(cell, one)(x)[0]  # (T, H)
    assert np.allclose(frame.values[H], h.T, atol=1e-5)
    odds = (h @ one.v.T + one.c).softmax(1)
    assert np.allclose(frame.odds, odds[:, : len(frame.letters)], atol=1e-5)
    came = odds[torch.arange(len(numbers) - 1), numbers[1:]]
    assert np.allclose(frame.surprise[:-1], -came.log(), atol=1e-4) and frame.surprise[-1] == 0


@pytest.mark.parametrize("cell", CELLS)
def test_that_what_is_trained_is_torchs_own_network(cell: str) -> None:
    one, params = begin(cell=cell, lesson="the alphabet with turns")
    x = one.exercise(params)
    net = torchs_own(cell, one)
    h = net(torch.nn.functional.one_hot(x, CHARACTERS).float())[0]
    assert torch.allclose(one.said_next(x), h @ one.v.T + one.c, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_that_values_follow_from_what_stands_before_them(cell: str) -> None:
    one, params = begin(cell=cell)
    frame = one.frame(params)
    now = dict(zip(frame.names, frame.values, strict=True))
    raw = dict(zip(frame.names, frame.before, strict=True))
    past = {name: np.concatenate((np.zeros_like(one[:, :1]), one[:, :-1]), 1)
            for name, one in now.items()}
    for name in set(now) & set("zrfio"):
        assert np.allclose(now[name], 1 / (1 + np.exp(-raw[name])), atol=1e-6)
    match cell:
        case "RNN":
            assert np.allclose(now["h"], np.tanh(now["a"]), atol=1e-6)
        case "GRU":
            assert np.allclose(now["n"], np.tanh(raw["n"]), atol=1e-6)
            assert np.allclose(now["h"], now["z"] * past["h"] + (1 - now["z"]) * now["n"], atol=1e-6)
        case _:
            assert np.allclose(now["g"], np.tanh(raw["g"]), atol=1e-6)
            assert np.allclose(now["c"], now["f"] * past["c"] + now["i"] * now["g"], atol=1e-6)
            assert np.allclose(now["h"], now["o"] * np.tanh(now["c"]), atol=1e-6)


def test_that_the_slides_cell_gives_the_slides_numbers() -> None:
    states = again((SLIDE_BEFORE, SLIDE_KEEP, SLIDE_NEW))
    assert np.allclose(states[1], [-0.1, -0.47, 0.4], atol=1e-6)
    h, z, new = map(np.array, (SLIDE_BEFORE, SLIDE_KEEP, SLIDE_NEW))
    for k in (0, 5, 20):  # the closed form of equal steps
        assert np.allclose(states[k], new + z**k * (h - new), atol=1e-6)
    assert np.array_equal(again((SLIDE_BEFORE, (1, 1, 1), SLIDE_NEW))[20],
                          np.array(SLIDE_BEFORE, np.float32))
    assert np.allclose(again((SLIDE_BEFORE, (0, 0, 0), SLIDE_NEW))[1], SLIDE_NEW)


@pytest.mark.parametrize("cell", CELLS)
def test_that_a_longer_text_needs_no_more_weights(cell: str) -> None:
    one, params = begin(cell=cell)
    size, blocks = params.hidden_size, {"RNN": 1, "GRU": 3, "LSTM": 4}[cell]
    expected = blocks * size * (size + CHARACTERS + 1) + CHARACTERS * (size + 1)
    for text in ("a", "abc", "abc" * 13):
        frame = one.frame(changed(params, text=text))
        assert frame.weights == expected and frame.values.shape[1:] == (size, len(text))


def test_that_an_update_gate_held_at_one_copies_the_state() -> None:
    one, params = begin(held=(("z", 1.0),), position=5)
    free = one.frame(changed(params, held=()))
    h = one.frame(params).values[H]
    assert np.array_equal(h[:, :5], free.values[H][:, :5]), "what was before is left alone"
    assert np.abs(h[:, 5:] - h[:, 4:5]).max() < 1e-6
    assert np.abs(free.values[H][:, 5:] - h[:, 4:5]).max() > 0.05
    short = one.frame(changed(params, text="abc")).values[H]
    assert np.abs(short[:, 2] - short[:, 1]).max() < 1e-6, "a place beyond the end is the end"


def test_that_closed_gates_forget_all_that_was_read() -> None:
    one, params = begin(text="abcxyzqa", held=(("z", 0.0), ("r", 0.0)), position=0)
    h = one.frame(params).values[H]
    assert np.abs(h[:, 0] - h[:, 7]).max() < 1e-6
    only_z = one.frame(changed(params, held=(("z", 0.0),))).values[H]
    assert np.abs(only_z[:, 0] - only_z[:, 7]).max() > 1e-3, "r lets the past into the new state"


def test_that_an_lstm_that_keeps_all_and_lets_nothing_in_holds_its_cell_state() -> None:
    one, params = begin(cell="LSTM", held=(("f", 1.0), ("i", 0.0)), position=6)
    frame = one.frame(params)
    c = frame.values[frame.names.index("c")]
    assert np.abs(c[:, 6:] - c[:, 5:6]).max() < 1e-6 < np.abs(c[:, 5] - c[:, 4]).max()


def test_that_exercises_are_what_they_say() -> None:
    one, params = begin()
    x = one.exercise(params)
    assert x.shape == (21, BATCH) and bool(((x[1:] - x[:-1]) % len(ALPHABET) == 1).all())
    assert set(x.flatten().tolist()) == set(range(len(ALPHABET)))

    turning = changed(params, lesson="the alphabet with turns")
    ways = []
    for _ in range(100):
        x = one.exercise(turning)
        ways.append((x[1:] - x[:-1]) % len(ALPHABET))
    way = torch.stack(ways)
    assert set(way.flatten().tolist()) == {1, len(ALPHABET) - 1}
    assert float((way[:, 0] == 1).float().mean()) == pytest.approx(0.5, abs=0.05)
    assert float((way[:, 1:] != way[:, :-1]).float().mean()) == pytest.approx(0.1, abs=0.01)

    typed = changed(params, lesson="the typed text", text="你好 Bob")
    said = numbered("你好 bob ")
    for sequence in one.exercise(typed).T.tolist():
        start = next(k for k in range(len(said)) if sequence == [
            said[(k + t) % len(said)] for t in range(21)])
        assert 0 <= start < len(said)


def test_that_reciting_is_measured_letter_by_letter() -> None:
    one, params = begin()
    with torch.no_grad():
        each = []
        for letters in ("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"):
            x = torch.tensor(numbered(letters))[:, None]
            each.append(float(torch.nn.functional.cross_entropy(one.said_next(x[:-1])[:, 0], x[1:, 0])))
    assert tuple(one.measure(params).values()) == pytest.approx(tuple(each), rel=1e-5)


def test_that_forward_is_learnt_and_backward_is_not() -> None:
    one, params = begin(cell="RNN")
    for _ in range(150):
        one.step(params)
    last = one.measure(params)
    assert last["forward"] < 0.3 and last["backward"] > math.log(len(ALPHABET))


def test_that_with_turns_no_more_can_be_learnt_than_the_turns_leave() -> None:
    one, params = begin(cell="GRU", lesson="the alphabet with turns")
    losses = [one.step(params)["loss"] for _ in range(500)]
    entropy = -0.1 * math.log(0.1) - 0.9 * math.log(0.9)
    assert entropy - 0.03 < np.mean(losses[-100:]) < entropy + 0.12


def test_that_any_text_can_be_read() -> None:
    assert shown("") == " " and shown(" a \n\t b ") == "a b" and len(shown("x" * 99)) == LONGEST
    assert numbered("aAz ") == [1, 1, 26, 0]
    assert others("b你A好你 1") == ["你", "好", "1"]
    assert numbered("你1你") == [27, 28, 27]
    many = "".join(chr(0x4E00 + k) for k in range(LONGEST))
    assert max(numbered(many)) == CHARACTERS - 1 and len(numbered(many)) == LONGEST
    one, params = begin(text=many)
    frame = one.frame(params)
    assert len(frame.letters) == frame.odds.shape[1] == CHARACTERS


def view_of(qtbot: QtBot, **values: Any) -> tuple[RnnCellsView, list[tuple[str, object]]]:
    """The view of a fresh cell, and what a learner does to it."""
    one, params = begin(**values)
    view = RnnCellsView(Look(theme("light"), Words()))
    qtbot.addWidget(view)
    view.resize(740, 550)
    view.show()
    view.show_frame(Shown(one.frame(params), params, History()))
    view.grab()
    done: list[tuple[str, object]] = []
    view.changed.connect(lambda name, value: done.append((name, value)))
    return view, done


def test_that_a_click_on_the_chain_chooses_the_character_and_the_unit(qtbot: QtBot) -> None:
    view, done = view_of(qtbot)
    for line, column in ((3, 5), (12 + 4, 7), (-1, 9)):  # the state, the new state, the letters
        qtbot.mouseClick(view.chain, Qt.MouseButton.LeftButton,
                         pos=view.chain.place((line, column)).center().toPoint())
    assert done == [("position", 5), ("unit", 3), ("position", 7), ("unit", 4), ("position", 9)]


def test_that_a_dragged_gate_is_held_and_let_go_again(qtbot: QtBot) -> None:
    view, done = view_of(qtbot, held=(("z", 0.5), ("r", 1.0)))
    names = [row.label for row in view.unit.rows]
    end = view.unit.place((names.index("z"), 0)).center().toPoint()
    end.setX(view.unit.width())
    qtbot.mousePress(view.unit, Qt.MouseButton.LeftButton,
                     pos=view.unit.place((names.index("z"), 0)).center().toPoint())
    qtbot.mouseMove(view.unit, end)
    assert done[-1] == ("held", (("r", 1.0), ("z", 1.0)))
    qtbot.mouseClick(view.release, Qt.MouseButton.LeftButton)
    assert done[-1] == ("held", ())


def test_that_a_dragged_number_of_the_slides_cell_is_set(qtbot: QtBot) -> None:
    view, done = view_of(qtbot, inside="slide")
    end = view.small.place((1, 2)).center().toPoint()
    qtbot.mousePress(view.small, Qt.MouseButton.LeftButton, pos=end)
    qtbot.mouseMove(view.small, view.small.rect().bottomRight())
    assert done[-1] == ("slide", (SLIDE_BEFORE, (0.7, 0.3, 1.0), SLIDE_NEW))


@pytest.mark.parametrize("cell", CELLS)
def test_that_the_sums_of_a_unit_are_those_of_the_frame(qtbot: QtBot, cell: str) -> None:
    one, params = begin(cell=cell, unit=2, position=4)
    frame = one.frame(params)
    view, _ = view_of(qtbot, cell=cell, unit=2, position=4)
    shown_rows = {row.label: float(row.values[0]) for row in view.unit.rows}
    for name, values in zip(frame.names, frame.values, strict=True):
        assert shown_rows["h̃" if name == "n" else name] == pytest.approx(float(values[2, 4]))
    before = "c₋₁" if cell == "LSTM" else "h₋₁"
    carried = frame.values[frame.names.index("c" if cell == "LSTM" else "h")]
    assert shown_rows[before] == pytest.approx(float(carried[2, 3]))
