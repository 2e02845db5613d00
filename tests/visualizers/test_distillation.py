"""Distillation: the gradient against autograd and its closed form, and what a withheld digit needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from visualizers.data import Data
from visualizers.l5_compression.distillation.experiment import (
    COLD,
    LABELS,
    YOURS,
    Distillation,
    S,
    teacher,
)
from visualizers.l5_compression.distillation.panel import LADDER, Params
from visualizers.panel import Context


def begin(steps: int = 0, **values: Any) -> tuple[Distillation, Params]:
    params = Params(**values)
    one = Distillation(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> list[Distillation]:
    """Students of three seeds that are none of the tour's."""
    return [begin(800, seed=seed)[0] for seed in (5, 6, 7)]


def test_that_a_step_moves_the_students_along_autograds_gradient_of_the_loss() -> None:
    one, params = begin(3, temperature=5.0, hard_share=0.3)
    rows = one.pool[torch.randint(len(one.pool), (64,), generator=torch.Generator().manual_seed(9))]
    one.generator.manual_seed(9)  # the next step draws the same pictures
    x, y, v = one.teacher.learn.x[rows], one.teacher.learn.y[rows], one.teacher.scores[rows]
    z = one.scores(x)
    losses = []
    manners = [(1.0, 1.0), (1.0, 0.0), (5.0, 0.3), *((T, 0.0) for T in LADDER[1:])]
    for student, (T, share) in enumerate(manners):
        soft = T**2 * kl_div(log_softmax(z[student] / T, -1), softmax(v / T, -1), reduction="batchmean")
        losses.append((1 - share) * soft + share * cross_entropy(z[student], y))
    wanted = torch.autograd.grad(torch.stack(losses).sum(), one.learnt)
    scalars = one.step(params)
    for weight, gradient in zip(one.learnt, wanted, strict=True):
        assert weight.grad is not None
        assert torch.allclose(weight.grad, gradient, atol=2e-6)
    assert scalars["loss"] == pytest.approx(losses[YOURS].item(), rel=1e-4)
    assert scalars["label_loss"] == pytest.approx(losses[LABELS].item(), rel=1e-4)


def test_that_at_a_high_temperature_scores_are_copied() -> None:
    draw = torch.Generator().manual_seed(1)
    z, v = (torch.randn(6, 10, generator=draw, dtype=torch.float64) * 4 for _ in range(2))
    centred = (z - z.mean(-1, keepdim=True)) - (v - v.mean(-1, keepdim=True))
    errors = []
    for T in (20.0, 200.0, 2000.0):
        slope = T * (softmax(z / T, -1) - softmax(v / T, -1))
        errors.append(float((slope - centred / 10).abs().max()))
    assert errors[0] > 5 * errors[1] > 25 * errors[2] and errors[2] < 0.01


def test_that_students_begin_alike_and_no_picture_of_the_digit_is_shown() -> None:
    one, _ = begin(withheld="7", seed=3)
    assert all(torch.equal(weight[0], weight[at]) for weight in one.learnt for at in range(S))
    assert 7 not in one.teacher.learn.y[one.pool].tolist()
    assert len(one.pool) == int((one.teacher.learn.y != 7).sum())
    assert len(begin(withheld="none")[0].pool) == 1347


def test_that_a_withheld_digit_is_told_at_a_high_temperature_alone(trained: list[Distillation]) -> None:
    for one in trained:
        frame = one.frame(Params())
        assert frame.by_digit[LABELS, 3] == 0 and frame.by_digit[COLD, 3] < 0.3
        assert frame.by_digit[YOURS, 3] > 0.5
        assert (np.delete(frame.by_digit[YOURS], 3) > 0.8).all()
        assert frame.ladder[0] < 0.3 and frame.ladder[-1] > 0.5, "T = 1 and T = 20"
        assert frame.ladder[3] == pytest.approx(frame.withheld_right[YOURS]), "T = 8 is T = 8"


def test_that_raising_the_bias_brings_back_what_the_odds_taught(trained: list[Distillation]) -> None:
    for one in trained:
        params = Params(bias=4.0)
        one.measure(Params())
        frame = one.frame(Params())
        best = frame.raised.max(1)
        assert best[YOURS] > 0.94 and best[LABELS] < 0.91
        raised = one.measure(params)
        at = int(np.abs(frame.raises - 4.0).argmin())
        assert raised["accuracy"] == pytest.approx(frame.raised[YOURS, at], abs=0.003)
        assert raised["label_accuracy"] == pytest.approx(frame.raised[LABELS, at], abs=0.003)


def test_that_digits_gain_nothing_where_none_is_withheld() -> None:
    one, params = begin(800, seed=5, withheld="none")
    frame = one.frame(params)
    assert abs(frame.overall[YOURS] - frame.overall[LABELS]) < 0.03
    assert frame.withheld == -1 and (frame.raised == frame.raised[:, :1]).all()


def test_that_the_odds_shown_are_the_teachers_and_the_picture_has_its_doubt() -> None:
    one, params = begin(seed=4, temperature=3.0)
    frame = one.frame(params)
    row = one.looks[frame.label]
    v = one.teacher.scores[row].numpy().astype(np.float64)
    assert frame.dark_t.tolist() == [1, 3, 4, 20]
    for T, odds in zip(frame.dark_t, frame.dark, strict=True):
        wanted = np.exp(v / T) / np.exp(v / T).sum()
        assert np.allclose(odds, wanted, atol=1e-5)
    assert frame.dark[0].argmax() == frame.label != 3
    assert frame.dark[-2, 3] > 3 * frame.dark[0, 3]
    assert np.array_equal(frame.image.ravel(), one.teacher.learn.x[row].numpy())


def test_that_the_teacher_is_one_for_all_runs_of_a_seed() -> None:
    assert teacher(300, 4, "cpu") is teacher(300, 4, "cpu")
    one = teacher(300, 4, "cpu")
    assert 0.95 < one.accuracy < 1 and float((one.scores.argmax(1) == one.learn.y).float().mean()) > 0.98
    assert one.size == 64 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10
