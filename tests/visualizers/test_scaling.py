"""Scaling laws: the fit against scipy's, the gradients against autograd, the FLOPs against torch's count."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import curve_fit
from scipy.stats import linregress
from torch.nn.functional import cross_entropy, embedding
from torch.utils.flop_counter import FlopCounterMode

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l1_basics.scaling.experiment import (
    BATCHES,
    UPDATES,
    Net,
    between,
    numbered,
    valleys,
)
from visualizers.l1_basics.scaling.law import correlation_time, fit
from visualizers.l1_basics.scaling.panel import MINE, Params
from visualizers.l1_basics.scaling.published import LARGEST, MODELS, yearly_growth
from widgets.controls.parameters import changed

PANEL = panel("scaling")


def begun(steps: int = 0, **values: Any) -> Trial:
    trial = Trial(PANEL, changed(Params(), **values))
    trial.train(steps)
    return trial


# --- the law


def noisy(seed: int, floor: float, spread: float = 0.004) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    compute = np.geomspace(1e8, 1e12, 40)
    losses = floor + 1.4 * (compute / 1e10) ** -0.17
    return compute, losses * np.exp(spread * rng.normal(size=40))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("floor", [False, True])
def test_that_the_fit_and_its_covariance_are_scipys(seed: int, floor: bool) -> None:
    compute, losses = noisy(seed, 1.1 if floor else 0.0)
    law = fit(compute, losses, floor=floor)
    assert law is not None

    def logs(x: Any, scale: float, exponent: float, lowest: float = 0.0) -> Any:
        return np.log(lowest + np.exp(scale - exponent * x))

    begin = [0.0, 0.2, 1.0] if floor else [0.0, 0.2]
    found, covariance = curve_fit(logs, np.log(compute) - law.middle, np.log(losses), begin)
    ours = np.array([law.scale, law.exponent, law.floor])[: len(begin)]
    assert ours == pytest.approx(found, rel=1e-4)
    assert law.covariance[: len(begin), : len(begin)] / law.tau == pytest.approx(covariance, rel=1e-3)

    far = np.array([1e13])  # the error of a forecast: by draws from that covariance
    value, error = law.at(far)
    drawn = np.random.default_rng(0).multivariate_normal(found, covariance * law.tau, 20_000)
    spread = logs(np.log(far) - law.middle, *drawn.T[:, :, None]).std()
    assert error[0] == pytest.approx(spread, rel=0.1)
    assert np.log(value[0]) == pytest.approx(logs(np.log(far) - law.middle, *found)[0], rel=1e-3)


def test_that_a_floor_that_is_not_there_is_not_negative_and_few_points_give_no_law() -> None:
    compute, losses = noisy(4, 0.0, 0.0)
    law = fit(compute, losses * 1.02 ** -np.linspace(-1, 1, 40) ** 2, floor=True)  # it bends downwards
    plain = fit(compute, losses * 1.02 ** -np.linspace(-1, 1, 40) ** 2)
    assert law is not None and plain is not None
    assert law.floor == 0.0 and law.exponent == pytest.approx(plain.exponent)
    assert fit(compute[:7], losses[:7]) is None and fit(compute[:8], losses[:8]) is not None
    assert fit(compute[:8], losses[:8], floor=True) is None


def test_that_waves_make_the_error_larger_by_the_time_they_last() -> None:
    rng = np.random.default_rng(5)
    white = rng.normal(size=4000)
    assert correlation_time(white) == pytest.approx(1.0, abs=0.2)
    red = white.copy()
    for t in range(1, len(red)):
        red[t] += 0.8 * red[t - 1]
    assert correlation_time(red) == pytest.approx(1.8 / 0.2, rel=0.25)  # (1 + ρ) / (1 − ρ)
    assert correlation_time(np.zeros(9)) == 1.0


def test_that_published_growth_is_that_of_a_straight_line_through_the_logarithms() -> None:
    years = [one.year for one in LARGEST]
    found = linregress(years, np.log([one.weights for one in LARGEST]))
    growth, error, start = yearly_growth()
    assert growth == pytest.approx(np.exp(found.slope)) and 4 < growth < 15
    assert error >= 0.99 * found.stderr
    assert start == pytest.approx(np.exp(found.intercept + 2018 * found.slope))
    assert [one.year for one in MODELS] == sorted(one.year for one in MODELS)
    assert all(one.paper[-4:].isdigit() and one.weights > 1e8 for one in MODELS)
    assert [one.name for one in LARGEST][-1] == "PaLM" and "Chinchilla" not in {one.name for one in LARGEST}


# --- the network


def by_autograd(net: Net, windows: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    table, W1, b1, W2, b2 = net.parts(vector)
    x = embedding(windows[:, :-1], table).flatten(1)
    return cross_entropy(torch.relu(x @ W1 + b1) @ W2 + b2, windows[:, -1])


@pytest.mark.parametrize("context", [1, 5])
def test_that_gradients_are_autograds_and_the_step_is_adams(context: int) -> None:
    net = Net(24, context, 32, torch.Generator().manual_seed(7), "cpu")
    w = net.w.clone().requires_grad_()
    rate = 0.02
    adam = torch.optim.Adam([w], lr=rate * (net.weights / 1000) ** -0.25, betas=(0.9, 0.99))
    for seed in range(5):
        windows = torch.randint(32, (40, context + 1), generator=torch.Generator().manual_seed(seed))
        adam.zero_grad()
        loss = by_autograd(net, windows, w)
        loss.backward()
        assert net.learn(windows, rate) == pytest.approx(loss.item(), rel=1e-5)
        assert w.grad is not None and torch.allclose(net.g, w.grad, atol=1e-6)
        adam.step()
        assert torch.allclose(net.w, w, atol=2e-5)
    assert net.loss(windows) == pytest.approx(float(by_autograd(net, windows, net.mean)), rel=1e-5)


def test_that_a_character_costs_six_operations_a_weight_and_all_five_spend_the_same() -> None:
    net = Net(72, 8, 32, torch.Generator().manual_seed(1), "cpu")
    windows = torch.randint(32, (50, 9))
    with FlopCounterMode(display=False) as counter:
        net.learn(windows, 0.01)
    assert counter.get_total_flops() == 6 * net.weights * net.read == 6 * net.weights * 50

    one = begun(3, seed=4, batch=16)
    frame = one.frame()
    assert (6.0 * frame.weights * frame.read == frame.spent).all()
    assert (np.diff(np.log(frame.weights)) == pytest.approx(np.log(3)))
    assert all(u * b * 3**at == 81 for at, (u, b) in enumerate(zip(UPDATES, BATCHES, strict=True)))


def test_that_the_mean_weighs_later_weights_more_and_by_their_rate() -> None:
    net = Net(8, 2, 32, torch.Generator().manual_seed(2), "cpu")
    passed, shares = [], []
    for t in range(1, 31):
        net.g.normal_(generator=torch.Generator().manual_seed(t))
        net.move(0.01)
        passed.append(net.w.clone())
        shares = [share * (1 - 9 / (t + 8)) for share in shares] + [9 / (t + 8)]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares)
    wanted = sum(share * w for share, w in zip(shares, passed, strict=True))
    assert torch.allclose(net.mean, wanted, atol=1e-5)
    before = net.mean.clone()
    net.move(0.0)
    assert torch.equal(net.mean, before)


# --- the text and the five


def test_that_frequent_characters_have_numbers_and_the_last_twentieth_is_held_out() -> None:
    text = "Abracadabra, the Cat sat. " * 400
    numbers, size = numbered(text)
    order = {sign: at for at, (sign, _) in enumerate(Counter(text.lower()).most_common(), 1)}
    assert size == 32 and len(numbers) == len(text)
    counts = Counter(numbers.tolist())
    assert [counts[order[sign]] for sign in order] == [text.lower().count(sign) for sign in order]
    assert numbered("汉" + "".join(map(chr, range(0x4E00, 0x4E00 + 900))))[1] == 256
    assert len(numbered("x")[0]) > 2000

    one = begun(seed=3, characters=2000)
    experiment = one.experiment
    assert experiment.text.shape == (2000 - 8, 9) and experiment.test.shape == (1024, 9)
    numbers, _ = numbered(Data().text("python-reference").text)
    end = len(numbers) * 19 // 20
    assert torch.equal(experiment.text[5], numbers[5:14])
    assert torch.equal(experiment.test[0], numbers[end : end + 9])
    assert torch.equal(experiment.test[-1], numbers[-9:])


def test_that_the_law_is_fitted_only_where_one_in_the_middle_leads() -> None:
    best = [4, 0, 1, 0, 1, 2, 2, 3, 4, 3, 4]
    losses = np.full((MINE, len(best)), 2.0)
    losses[best, np.arange(len(best))] = 1.0
    assert between(losses) == (4, 8)
    assert between(losses[:, :4]) == (4, 4) and between(losses[:, :8]) == (4, 8)
    assert between(np.zeros((MINE, 0))) == (0, 0)


def test_that_the_bottom_of_a_valley_is_that_of_numpys_parabola() -> None:
    rng = np.random.default_rng(6)
    weights = np.array([768 * 3**at for at in range(MINE)], np.int32)
    losses = 2 + 0.05 * (np.log(weights)[:, None] - rng.uniform(7.8, 9.8, 12)) ** 2 \
        + 0.002 * rng.normal(size=(MINE, 12))
    for bottom, each in zip(valleys(weights, losses), losses.T, strict=True):
        middle = min(max(int(each.argmin()), 1), 3)
        near = slice(middle - 1, middle + 2)
        bend, slope, _ = np.polyfit(np.log(weights[near]), each[near], 2)
        assert np.log(bottom) == pytest.approx(-slope / (2 * bend), rel=1e-6)


# --- the claim


@pytest.mark.parametrize("seed", [5])
def test_that_other_sizes_take_over_and_that_the_law_foretells(seed: int) -> None:
    one = begun(50, seed=seed)
    early = one.frame()
    one.train(230)
    late = one.frame()
    assert 0 < early.now.argmin() < late.now.argmin() < MINE
    assert late.foretold == pytest.approx(late.reached, rel=0.04) and late.growth > 0.2
    fitted = slice(late.first, late.first + late.used)
    assert late.budgets[fitted].max() <= late.until * 1.0001 and late.until == late.spent / 2
    law = fit(late.budgets[fitted], late.losses.min(0)[fitted])
    assert law is not None and (law.exponent, law.errors()[1]) == pytest.approx(
        (late.exponent, late.exponent_error))
    assert late.path[-1, 0] == late.budgets[-1] and len(late.path) > 5

    one.params = changed(one.params, fitted="all", held_back=1.0)
    every = one.frame()
    assert every.used == len(every.budgets) and every.exponent != late.exponent


def test_that_with_one_character_to_go_by_no_size_helps() -> None:
    frame = begun(60, seed=6, context=1).frame()
    assert np.ptp(frame.now) < 0.25 and frame.now.min() > 2.4


# --- the view


def test_that_a_click_chooses_a_budget_and_its_valley(view: Any) -> None:
    one = begun(12, seed=1, batch=8)
    view.show_frame(one.shown())
    view.over.clicked.emit(3e7, 2.0)
    assert view.sent == [("budget", 3e7)]
    frame = one.frame()
    one.params = changed(one.params, budget=float(frame.budgets[4]))
    view.show_frame(one.shown())
    (curve, *_), rules = view.valley._curves, view.over._rules
    assert np.array_equal(curve.y, frame.losses[:, 4])
    assert any(rule.axis == "x" and rule.at == frame.budgets[4] for rule in rules)
